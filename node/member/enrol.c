#include "node/member/enrol.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check_letters.h"
#include "node/member/inbox.h"
#include "node/net/log.h"

#define GENESIS_PATH "/v1/genesis"
#define ROSTER_PATH "/v1/roster"
#define JOIN_PATH "/v1/join"

/* ---- the roster in the database --------------------------------------------------------------------------------- */

static cdr_err
read_newest(struct cdr_tx *tx, void *context)
{
	struct cdr_buffer *bytes = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT bytes FROM roster ORDER BY version DESC LIMIT 1", CDR_VALUES(), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_ROSTER_MAX, bytes));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A roster on its way into the database, and the one that it follows. */
struct newest {
	struct cdr_member *member;
	const struct cdr_roster *roster, *held;
	struct cdr_fault *fault;
};

/* ${who} enrolled anew: it has lost what it was asked, so ask again; and what it asked. Remember it for people here. */
static cdr_err
note_anew(struct cdr_tx *tx, const struct newest *n, const char *who)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value id = cdr_value_text(who);
	size_t count, lost;

	CDR_TRY(cdr_check_ask_anew(tx, n->member, n->roster, who, &count, n->fault));
	CDR_TRY(cdr_inbox_lost(tx, who, &lost));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM enrolled_anew WHERE member = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO enrolled_anew (member, at) VALUES ($1, $2)",
	    CDR_VALUES(id, cdr_value_int((int64_t)cdr_member_now()))));
	cdr_log(CDR_LOG_INFO, "member.enrolled_anew", cdr_log_text("member", who), cdr_log_int("asked_again", (int64_t)count),
	    cdr_log_int("withdrawn", (int64_t)lost));
out:
	return err;
}

/* Who has other keys than before. Returns whether somebody has. */
static cdr_err
ask_anew(struct cdr_tx *tx, const struct newest *n, bool *any)
{
	*any = false;
	for (size_t i = 0; i < n->held->body->n_member; i++) {
		const Cdr__Wire__Member *was = n->held->body->member[i], *is = cdr_roster_member(n->roster, was->id);

		if (is == NULL || memcmp(was->party->signing_key.data, is->party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0)
			continue;
		*any = true;
		cdr_err err = note_anew(tx, n, is->id);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/*
 * Keep one roster beside the genesis roster, those that brought other trustees, and those that name keys which statements here were
 * signed with and which are no more. Another process of this node may have been quicker: the newer one stays.
 */
static cdr_err
write_newest(struct cdr_tx *tx, void *context)
{
	const struct newest *n = context;
	const struct cdr_roster *roster = n->roster;
	int64_t version = (int64_t)roster->body->version, as_new;
	bool is_handover = !cdr_roster_same_trustees(roster->body, n->held->body), any;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM roster WHERE version >= $1", CDR_VALUES(cdr_value_int(version)),
	    &as_new));
	if (as_new > 0)
		return CDR_OK;
	CDR_TRY(ask_anew(tx, n, &any));
	if (any)
		CDR_TRY(cdr_query_run(tx, "UPDATE roster SET kept = 1 WHERE version = $1",
		    CDR_VALUES(cdr_value_int((int64_t)n->held->body->version))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM roster WHERE version <> 0 AND kept = 0", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO roster (version, bytes, kept) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_int(version), cdr_value_bytes(cdr_buffer_bytes(&roster->bytes)),
		cdr_value_int(is_handover ? 1 : 0))));
	err = CDR_OK;
out:
	return err;
}

struct anew_job {
	struct cdr_enrolled_anew *list;
	size_t count;
};

/* A reading job. */
static cdr_err
anew_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct anew_job *job = context;
	struct cdr_query *query = NULL;

	job->count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT member, at FROM enrolled_anew ORDER BY at DESC, member", CDR_VALUES(), &query));
	while (job->count < CDR_ENROL_ANEW_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_enrolled_anew *a = &job->list[job->count++];
		CDR_TRY(cdr_query_text(query, 0, a->member, sizeof(a->member)));
		CDR_TRY(cdr_query_count(query, 1, &a->at));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/enrol.h */
cdr_err
cdr_enrol_anew_list(struct cdr_member *member, struct cdr_enrolled_anew list[static CDR_ENROL_ANEW_MAX], size_t *count)
{
	struct anew_job job = { .list = list };
	cdr_err err = cdr_store_read(member->home->store, anew_job, &job);

	*count = job.count;
	return err;
}

/* see node/member/enrol.h */
cdr_err
cdr_enrol_load_roster(struct cdr_member *member, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster = NULL;

	if (member->id[0] == '\0')
		return CDR_OK;
	err = cdr_store_read(member->home->store, read_newest, &bytes);
	CDR_TRY(err == CDR_E_ABSENT ? CDR_E_STORE : err);
	/* Its signatures were verified before it was written, and the file is authenticated. */
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, fault));
	CDR_TRY(cdr_current_set(member->current, roster));
	roster = NULL;
	err = CDR_OK;
out:
	cdr_roster_free(roster);
	cdr_buffer_free(&bytes);
	return err;
}

/* ---- joining ------------------------------------------------------------------------------------------------------ */

/* The signer of somebody who has no place in the roster yet. */
static struct cdr_signer
new_signer(const struct cdr_member *member, const uint8_t *genesis)
{
	return (struct cdr_signer){ "new", member->home->keys->signing, genesis };
}

/* Ask for the genesis roster at an address that nobody has vouched for; tell whose certificate answered. */
static cdr_err
fetch_genesis(struct cdr_member *member, const char *url, const uint8_t *genesis, struct cdr_client_post *post,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer request = { 0 };
	struct cdr_signer signer = new_signer(member, genesis);

	CDR_TRY(cdr_envelope_request(&signer, GENESIS_PATH, (struct cdr_bytes){ NULL, 0 },
	    (struct cdr_bytes){ NULL, 0 }, &request));
	*post = (struct cdr_client_post){
		.url = url, .path = GENESIS_PATH, .body = cdr_buffer_bytes(&request), .reply_max = CDR_BODY_ROSTER_MAX
	};
	err = cdr_client_send(member->client, post, 1);
	if (err != CDR_OK && fault != NULL)
		*fault = post->fault;
	post->body = (struct cdr_bytes){ NULL, 0 };
out:
	cdr_buffer_free(&request);
	return err;
}

/* The genesis roster, believed because its hash is the invitation's and the peer holds the key that it names. */
static cdr_err
believe_genesis(struct cdr_member *member, const char *url, const uint8_t *genesis, struct cdr_roster **roster,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_client_post post = { 0 };
	struct cdr_envelope envelope = { 0 };

	*roster = NULL;
	CDR_TRY(fetch_genesis(member, url, genesis, &post, fault));
	err = cdr_envelope_open(cdr_buffer_bytes(&post.reply), &envelope);
	if (err == CDR_OK)
		err = cdr_roster_decode(envelope.body, roster, fault);
	if (err == CDR_E_INPUT)
		err = cdr_fault_set(fault, CDR_E_ROSTER, "%s does not answer as a hub does: is the address right?", url);
	CDR_TRY(err);
	CDR_TRY(cdr_roster_verify_genesis(*roster, genesis, fault));
	if (!post.has_pin_seen || memcmp(post.pin_seen, (*roster)->body->hub->tls_pin.data, CDR_PIN_LEN) != 0)
		err = cdr_fault_set(fault, CDR_E_SIGNATURE,
		    "%s shows the right genesis roster with a certificate that is not the hub's: somebody stands in between",
		    url);
out:
	if (err != CDR_OK) {
		cdr_roster_free(*roster);
		*roster = NULL;
	}
	cdr_envelope_free(&envelope);
	cdr_client_post_free(&post);
	return err;
}

/* What `join` leaves in the database. */
struct joined {
	const struct cdr_member *member;
	const struct cdr_roster *genesis;
};

static cdr_err
write_joined(struct cdr_tx *tx, void *context)
{
	const struct joined *joined = context;
	const struct cdr_member *member = joined->member;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_setting_put(tx, "id", member->id, strlen(member->id)));
	CDR_TRY(cdr_setting_put(tx, "country", member->country, strlen(member->country)));
	CDR_TRY(cdr_setting_put(tx, "genesis", joined->genesis->hash, CDR_ROSTER_HASH_LEN));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM roster", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO roster (version, bytes) VALUES (0, $1)",
	    CDR_VALUES(cdr_value_bytes(cdr_buffer_bytes(&joined->genesis->bytes)))));
	err = CDR_OK;
out:
	return err;
}

/* Bring the invitation and this node's keys to the hub; keep the name and country that it was invited under. */
static cdr_err
ask_to_join(struct cdr_member *member, const struct cdr_roster *genesis, const uint8_t *secret, struct cdr_fault *fault)
{
	Cdr__Wire__Party party;
	Cdr__Wire__JoinRequest request = CDR__WIRE__JOIN_REQUEST__INIT;
	struct cdr_signer signer = new_signer(member, genesis->hash);

	cdr_home_party(member->home, member->name, "", &party);
	request.code = cdr_message_field(secret, CDR_INVITATION_SECRET_LEN);
	request.party = &party;
	struct cdr_ask ask = {
		.party = genesis->body->hub,
		.party_signer = "hub",
		.path = JOIN_PATH,
		.message = &request.base,
		.reply_type = &cdr__wire__join_reply__descriptor,
	};
	cdr_err err = cdr_ask_send(member->client, &signer, &ask, 1);
	if (err == CDR_OK) {
		const Cdr__Wire__JoinReply *reply = ask.reply;
		int id_len = snprintf(member->id, sizeof(member->id), "%s", reply->member_id);
		int country_len = snprintf(member->country, sizeof(member->country), "%s", reply->country);
		if (!cdr_member_id_valid(reply->member_id) || id_len < 1 || country_len != 3)
			err = cdr_fault_set(fault, CDR_E_INPUT, "the hub gave an id or a country that is none");
	} else if (fault != NULL) {
		*fault = ask.fault;
	}
	cdr_ask_free(&ask);
	return err;
}

/* see node/member/enrol.h */
cdr_err
cdr_enrol_join(struct cdr_member *member, const char *url, const char *code, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t invitation[CDR_INVITATION_LEN] = { 0 };
	struct cdr_roster *genesis = NULL;

	if (member->id[0] != '\0')
		return cdr_fault_set(fault, CDR_E_EXISTS, "this node has joined already, as %s", member->id);
	if (cdr_base32_read(code, invitation, sizeof(invitation)) != CDR_OK) {
		err = cdr_fault_set(fault, CDR_E_INPUT,
		    "the invitation code is not complete or has a wrong character: it has 77 letters and figures, dashes aside");
		goto out;
	}
	CDR_TRY(believe_genesis(member, url, invitation + CDR_INVITATION_SECRET_LEN, &genesis, fault));
	CDR_TRY(ask_to_join(member, genesis, invitation, fault));

	struct joined joined = { member, genesis };
	CDR_TRY(cdr_store_write(member->home->store, write_joined, &joined));
	memcpy(member->genesis, genesis->hash, sizeof(member->genesis));
	(void)snprintf(member->signer_name, sizeof(member->signer_name), "member/%s", member->id);
	CDR_TRY(cdr_current_set(member->current, genesis));
	genesis = NULL;
	err = CDR_OK;
out:
	if (err != CDR_OK)
		member->id[0] = '\0';
	cdr_roster_free(genesis);
	cdr_wipe(invitation, sizeof(invitation));
	return err;
}

/* ---- keeping up ----------------------------------------------------------------------------------------------------- */

/* see node/member/enrol.h */
cdr_err
cdr_enrol_take_roster(struct cdr_member *member, const struct cdr_roster *held, const Cdr__Wire__SignedRoster *sent,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster = NULL;

	/* Only the frame is encoded again; the roster inside is the bytes that were signed. */
	CDR_TRY(cdr_message_encode(&sent->base, &bytes));
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, fault));
	CDR_TRY(cdr_roster_verify_next(roster, held, fault));
	struct newest newest = { member, roster, held, fault };
	CDR_TRY(cdr_store_write(member->home->store, write_newest, &newest));
	cdr_log(CDR_LOG_INFO, "roster.taken", cdr_log_int("version", (int64_t)roster->body->version));
	CDR_TRY(cdr_current_set(member->current, roster));
	roster = NULL;
	err = CDR_OK;
out:
	cdr_roster_free(roster);
	cdr_buffer_free(&bytes);
	return err;
}

/* see node/member/enrol.h */
cdr_err
cdr_enrol_refresh(struct cdr_member *member, struct cdr_fault *fault)
{
	cdr_err err = cdr_member_joined(member, fault);
	if (err != CDR_OK)
		return err;
	const struct cdr_roster *held = cdr_current_hold(member->current);
	struct cdr_signer signer = new_signer(member, member->genesis);
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	request.have_version = held->body->version;
	struct cdr_ask ask = {
		.party = held->body->hub,
		.party_signer = "hub",
		.path = ROSTER_PATH,
		.message = &request.base,
		.reply_type = &cdr__wire__roster_reply__descriptor,
		.reply_max = CDR_BODY_ROSTER_MAX,
	};

	err = cdr_ask_send(member->client, &signer, &ask, 1);
	if (err == CDR_OK) {
		const Cdr__Wire__RosterReply *reply = ask.reply;
		if (reply->roster != NULL)
			err = cdr_enrol_take_roster(member, held, reply->roster, fault);
	} else if (fault != NULL) {
		*fault = ask.fault;
	}
	cdr_ask_free(&ask);
	cdr_current_release(member->current, held);
	return err;
}

/* see node/member/enrol.h */
bool
cdr_enrol_is_active(const struct cdr_member *member)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	const Cdr__Wire__Member *entry = roster != NULL ? cdr_roster_member_by_pin(roster, member->home->pin) : NULL;
	bool active = entry != NULL && strcmp(entry->id, member->id) == 0 && cdr_roster_member_is_active(entry);

	cdr_current_release(member->current, roster);
	return active;
}

/* see node/member/enrol.h */
enum cdr_enrol_standing
cdr_enrol_standing(const struct cdr_member *member)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	const Cdr__Wire__Member *entry = roster != NULL ? cdr_roster_member(roster, member->id) : NULL;
	enum cdr_enrol_standing standing = CDR_ENROL_WAITS;

	if (entry != NULL && memcmp(entry->party->tls_pin.data, member->home->pin, CDR_PIN_LEN) == 0)
		standing = cdr_roster_member_is_active(entry) ? CDR_ENROL_ACTIVE :
		    strcmp(entry->status, "revoked") == 0 ? CDR_ENROL_REVOKED : CDR_ENROL_SUSPENDED;
	/* While its old keys are revoked, whoever comes back waits to be let in with others. */
	else if (entry != NULL && strcmp(entry->status, "revoked") != 0)
		standing = CDR_ENROL_REVOKED;
	cdr_current_release(member->current, roster);
	return standing;
}

/* see node/member/enrol.h */
cdr_err
cdr_enrol_fingerprint(const struct cdr_member *member, char text[static CDR_FINGERPRINT_TEXT_LEN])
{
	Cdr__Wire__Party party;
	uint8_t hash[CDR_ROSTER_HASH_LEN], sealing[CDR_HPKE_PUBLIC_LEN];

	text[0] = '\0';
	if (member->id[0] == '\0')
		return CDR_E_ABSENT;
	cdr_home_party(member->home, member->name, "", &party);
	cdr_keyring_public(member->keyring, sealing);
	party.sealing_key = cdr_message_field(sealing, sizeof(sealing));
	cdr_err err = cdr_roster_party_fingerprint(member->signer_name, &party, hash);
	if (err == CDR_OK)
		cdr_fingerprint_write(hash, text);
	return err;
}
