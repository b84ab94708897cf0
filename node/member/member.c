#include "node/member/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/member/enrol.h"
#include "node/member/schema.h"
#include "node/store/codebook_file.h"
#include "node/net/clock.h"

/* ---- settings ------------------------------------------------------------------------------------------------- */

/* see node/member/member.h */
cdr_err
cdr_setting_get(struct cdr_tx *tx, const char *name, void *value, size_t len)
{
	return cdr_query_one_blob(tx, "SELECT value FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name)),
	    value, len);
}

/* see node/member/member.h */
cdr_err
cdr_setting_get_text(struct cdr_tx *tx, const char *name, char *text, size_t size)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;

	text[0] = '\0';
	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name)),
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, size - 1, &bytes));
	if (bytes.len > 0)
		memcpy(text, bytes.data, bytes.len);
	text[bytes.len] = '\0';
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/member.h */
cdr_err
cdr_setting_put(struct cdr_tx *tx, const char *name, const void *value, size_t len)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_text(name), cdr_value_blob(value, len))));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/member.h */
cdr_err
cdr_setting_next(struct cdr_tx *tx, const char *name, uint64_t *number)
{
	uint8_t bytes[8];

	*number = 0;
	cdr_err err = cdr_setting_get(tx, name, bytes, sizeof(bytes));
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	*number = (err == CDR_OK ? cdr_number_read(bytes, sizeof(bytes)) : 0) + 1;
	cdr_number_write(*number, bytes, sizeof(bytes));
	return cdr_setting_put(tx, name, bytes, sizeof(bytes));
}

/* ---- the folder ----------------------------------------------------------------------------------------------- */

/* A writing job: the name comes last, with it the node is made. */
static cdr_err
put_name(struct cdr_tx *tx, void *context)
{
	const char *name = context;
	char present[CDR_PARTY_NAME_LEN_MAX + 1];
	cdr_err err = cdr_setting_get_text(tx, "name", present, sizeof(present));

	if (err != CDR_E_ABSENT)
		return err == CDR_OK ? CDR_E_EXISTS : err;
	return cdr_setting_put(tx, "name", name, strlen(name));
}

/* see node/member/member.h */
cdr_err
cdr_member_create(const char *path, const char *name, const struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_home *home = NULL;
	char copy[CDR_PARTY_NAME_LEN_MAX + 1];

	int len = snprintf(copy, sizeof(copy), "%s", name);
	if (len < 1 || (size_t)len >= sizeof(copy))
		return cdr_fault_set(fault, CDR_E_RANGE, "the organisation's name has 1 to %d bytes",
		    CDR_PARTY_NAME_LEN_MAX);
	err = cdr_home_create(path, &cdr_member_schema, passphrase, &home, fault);
	/* One that a killed `init` left is taken up again. */
	if (err == CDR_E_EXISTS && cdr_home_open(path, &cdr_member_schema, passphrase, &home, NULL) == CDR_OK)
		err = CDR_OK;
	CDR_TRY(err);
	err = cdr_store_write(home->store, put_name, copy);
	if (err == CDR_E_EXISTS)
		cdr_fault_set(fault, err, "%s: there is a node already", path);
out:
	cdr_home_close(home);
	return err;
}

/* What `init` and `join` left in the database. */
static cdr_err
read_settings(struct cdr_tx *tx, void *context)
{
	struct cdr_member *member = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_setting_get_text(tx, "name", member->name, sizeof(member->name)));
	err = cdr_setting_get_text(tx, "id", member->id, sizeof(member->id));
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	CDR_TRY(err);
	CDR_TRY(cdr_setting_get_text(tx, "country", member->country, sizeof(member->country)));
	CDR_TRY(cdr_setting_get(tx, "genesis", member->genesis, sizeof(member->genesis)));
	(void)snprintf(member->signer_name, sizeof(member->signer_name), "member/%s", member->id);
	err = CDR_OK;
out:
	return err;
}

/* see node/member/member.h */
cdr_err
cdr_member_open(const char *path, const struct cdr_passphrase *passphrase, struct cdr_member **out,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	struct cdr_member *member = calloc(1, sizeof(*member));
	if (member == NULL)
		return CDR_E_MEMORY;
	(void)snprintf(member->who, sizeof(member->who), "%s", CDR_TRAIL_OPERATOR);
	CDR_TRY(cdr_home_open(path, &cdr_member_schema, passphrase, &member->home, fault));
	CDR_TRY(cdr_keyring_new(member->home, &member->keyring));
	CDR_TRY(cdr_store_read(member->home->store, read_settings, member));
	CDR_TRY(cdr_codebook_file_open(path, &member->codebook, fault));
	struct cdr_client_config config = {
		.certificate = member->home->certificate, .key = member->home->certificate_key
	};
	CDR_TRY(cdr_client_new(&config, &member->client, fault));
	CDR_TRY(cdr_current_new(&member->current));
	CDR_TRY(cdr_enrol_load_roster(member, fault));
	*out = member;
	member = NULL;
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/member.h */
void
cdr_member_close(struct cdr_member *member)
{
	if (member == NULL || member->is_lent)
		return;
	cdr_current_free(member->current);
	cdr_client_free(member->client);
	cdr_codebook_free(member->codebook);
	cdr_keyring_free(member->keyring);
	cdr_home_close(member->home);
	free(member);
}

/* see node/member/member.h */
cdr_err
cdr_member_joined(const struct cdr_member *member, struct cdr_fault *fault)
{
	if (member->id[0] != '\0')
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_ABSENT,
	    "this node belongs to no exchange yet: ask the secretariat for an invitation, then run `candor join`");
}

/* see node/member/member.h */
struct cdr_signer
cdr_member_signer(const struct cdr_member *member)
{
	return (struct cdr_signer){ member->signer_name, member->home->keys->signing, member->genesis };
}

/* see node/member/member.h */
cdr_err
cdr_member_ask_hub(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_ask *ask,
    struct cdr_fault *fault)
{
	struct cdr_signer signer = cdr_member_signer(member);

	ask->party = roster->body->hub;
	ask->party_signer = "hub";
	cdr_err err = cdr_ask_send(member->client, &signer, ask, 1);
	if (err != CDR_OK && fault != NULL)
		*fault = ask->fault;
	return err;
}

/* see node/member/member.h */
uint64_t
cdr_member_now(void)
{
	return cdr_clock_now();
}

/* see node/member/member.h */
struct cdr_date
cdr_member_day(int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm day = { .tm_mday = 1 };

	(void)gmtime_r(&when, &day);
	return (struct cdr_date){ (int16_t)(day.tm_year + 1900), (uint8_t)(day.tm_mon + 1), (uint8_t)day.tm_mday,
		CDR_PRECISION_DAY };
}

/* see node/member/member.h */
cdr_err
cdr_member_scheme(const struct cdr_roster *roster, const Cdr__Wire__Epoch **epoch, struct cdr_scheme *scheme,
    struct cdr_fault *fault)
{
	*epoch = roster != NULL ? cdr_roster_epoch_at(roster, cdr_member_now()) : NULL;
	if (*epoch == NULL)
		return cdr_fault_set(fault, CDR_E_EPOCH, "the trustees have not made a key yet");
	cdr_err err = cdr_scheme_current((*epoch)->number, scheme);
	if (err == CDR_OK && memcmp(scheme->version, (*epoch)->scheme_version.data, CDR_SCHEME_VERSION_LEN) != 0)
		err = cdr_fault_set(fault, CDR_E_EPOCH,
		    "the exchange works with another version of the name tables than this program: install the version of Candor "
		    "that the secretariat names");
	return err;
}

/* see node/member/member.h */
cdr_err
cdr_member_digest(const struct cdr_member *member, const char *purpose, struct cdr_bytes content,
    uint8_t out[static CDR_SHA256_LEN])
{
	/* The closing NUL keeps the two apart. */
	const struct cdr_bytes parts[] = { { (const uint8_t *)purpose, strlen(purpose) + 1 }, content };

	return cdr_hmac_sha256(member->home->keys->digest, CDR_HOME_DIGEST_KEY_LEN, parts, 2, out);
}

/* see node/member/member.h */
void
cdr_member_rules(const struct cdr_member *member, struct cdr_record_rules *rules)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	*rules = (struct cdr_record_rules){
		.codebook = member->codebook,
		.today = cdr_member_day((int64_t)cdr_member_now()),
		.lookback_years = roster != NULL ? roster->body->scheme->lookback_years : CDR_LOOKBACK_YEARS,
	};
	cdr_current_release(member->current, roster);
}
