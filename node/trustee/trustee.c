#include "node/trustee/trustee.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "node/trustee/peers.h"
#include "node/trustee/query_opening.h"
#include "node/trustee/recover.h"
#include "node/trustee/share.h"

#define REFRESH_WAIT_S 2 /* for another thread that is looking already */

uint64_t
cdr_trustee_now(void)
{
	return cdr_clock_now();
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_setting_text(struct cdr_tx *tx, const char *name, char *text, size_t size)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes value;
	const struct cdr_values values = CDR_VALUES(cdr_value_text(name));

	text[0] = '\0';
	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, size - 1, &value));
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_setting_put(struct cdr_tx *tx, const char *name, const void *value, size_t len)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_text(name), cdr_value_blob(value, len))));
out:
	return err;
}

/* ---- rosters ---------------------------------------------------------------------------------------------------- */

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_roster_query(struct cdr_tx *tx, const char *sql, struct cdr_values values, struct cdr_roster **roster)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;

	*roster = NULL;
	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
	CDR_TRY(cdr_roster_decode(bytes, roster, NULL));
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
roster_store(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	cdr_err err = cdr_query_run(tx, "INSERT INTO roster (version, hash, signed, in_force_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)roster->body->version), cdr_value_blob(roster->hash, CDR_ROSTER_HASH_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&roster->bytes)), cdr_value_int((int64_t)cdr_trustee_now())));

	return err == CDR_OK ? cdr_trustee_roster_note(tx) : err;
}

/* An approval serves once: who comes in again later is asked about again. */
static cdr_err
use_approvals(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	const Cdr__Wire__Roster *body = roster->body;

	for (size_t i = 0; i < body->n_member; i++) {
		const Cdr__Wire__Member *m = body->member[i];
		uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
		char id[CDR_SIGNER_LEN_MAX + 1];
		cdr_err err;

		if (!cdr_roster_member_is_active(m))
			continue;
		(void)snprintf(id, sizeof(id), "member/%s", m->id);
		err = cdr_roster_party_fingerprint(id, m->party, fingerprint);
		if (err == CDR_OK)
			err = cdr_query_run(tx,
			    "UPDATE approval SET used_in = $3 WHERE member = $1 AND fingerprint = $2 AND used_in IS NULL"
			    /* A higher quota may still be on its way while other rosters come. */
			    " AND (kind <> 'quota-up' OR (check_points <= $4 AND import_points <= $5))",
			    CDR_VALUES(cdr_value_text(m->id), cdr_value_blob(fingerprint, sizeof(fingerprint)),
				cdr_value_int((int64_t)body->version), cdr_value_int((int64_t)m->check_points),
				cdr_value_int((int64_t)m->import_points)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Revoked keys stay so, also where the member comes back with others: what a later roster must not bring in again. */
static cdr_err
note_revoked(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_member; i++) {
		const Cdr__Wire__Member *m = roster->body->member[i];
		const struct cdr_value key = cdr_value_bytes(cdr_message_bytes(m->party->signing_key));
		int64_t count;

		if (strcmp(m->status, "revoked") != 0)
			continue;
		cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM revoked_key WHERE signing_key = $1", CDR_VALUES(key), &count);
		if (err == CDR_OK && count == 0)
			err = cdr_query_run(tx, "INSERT INTO revoked_key (signing_key, member, version) VALUES ($1, $2, $3)",
			    CDR_VALUES(key, cdr_value_text(m->id), cdr_value_int((int64_t)roster->body->version)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

struct start_job {
	struct cdr_trustee *trustee;
	struct cdr_roster *genesis, *newest;
	char index[8];
	int64_t unnoted_count;  /* rosters that an older program stored */
};

/* A writing job: what an older program has not noted. */
static cdr_err
note_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_roster_note(tx);
}

/* A reading job: which exchange this trustee belongs to, if to any. */
static cdr_err
start_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct start_job *job = context;

	err = cdr_trustee_setting_text(tx, "index", job->index, sizeof(job->index));
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err != CDR_OK)
		return err;
	CDR_TRY(cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version = 0", CDR_VALUES(), &job->genesis));
	CDR_TRY(cdr_trustee_roster_query(tx, "SELECT signed FROM roster ORDER BY version DESC LIMIT 1", CDR_VALUES(), &job->newest));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM roster WHERE other_trustees IS NULL", CDR_VALUES(), &job->unnoted_count));
out:
	return err;
}

/* see node/trustee/trustee.h */
uint32_t
cdr_trustee_index_in(const struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const ProtobufCBinaryData key = roster->body->trustee[i]->party->signing_key;

		if (key.len == CDR_SIGN_PUBLIC_LEN && memcmp(key.data, trustee->home->signing_public, key.len) == 0)
			return roster->body->trustee[i]->index;
	}
	return 0;
}

static void
belong(struct cdr_trustee *trustee, const struct cdr_roster *genesis, const struct cdr_roster *newest)
{
	trustee->is_confirmed = true;
	memcpy(trustee->genesis, genesis->hash, sizeof(trustee->genesis));
	trustee->index = cdr_trustee_index_in(trustee, newest);
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_start(const struct cdr_home *home, const struct cdr_trustee_hub *hub, struct cdr_trustee **trustee,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *t = calloc(1, sizeof(*t));
	struct start_job job = { .trustee = t };

	*trustee = NULL;
	if (t == NULL)
		return CDR_E_MEMORY;
	t->home = home;
	t->hub = *hub;
	(void)snprintf(t->signer_name[0], sizeof(t->signer_name[0]), "new");
	for (uint32_t i = 1; i <= CDR_TRUSTEE_COUNT_MAX; i++)
		(void)snprintf(t->signer_name[i], sizeof(t->signer_name[i]), "trustee/%" PRIu32, i);
	(void)pthread_mutex_init(&t->adopting, NULL);
	(void)pthread_rwlock_init(&t->shares_lock, NULL);
	(void)pthread_mutex_init(&t->witnessed_lock, NULL);
	CDR_TRY(cdr_current_new(&t->current));
	err = cdr_store_read(home->store, start_job, &job);
	if (err == CDR_OK && job.unnoted_count > 0)
		err = cdr_store_write(home->store, note_job, NULL);
	if (err != CDR_OK) {
		cdr_fault_set(fault, err, "the trustee's database cannot be read");
		goto out;
	}
	if (job.newest != NULL) {
		belong(t, job.genesis, job.newest);
		CDR_TRY(cdr_trustee_share_load(t, job.newest));
		CDR_TRY(cdr_current_set(t->current, job.newest));
		job.newest = NULL;
	}
	*trustee = t;
	t = NULL;
out:
	cdr_roster_free(job.genesis);
	cdr_roster_free(job.newest);
	cdr_trustee_stop(t);
	return err;
}

void
cdr_trustee_stop(struct cdr_trustee *trustee)
{
	if (trustee == NULL)
		return;
	cdr_current_free(trustee->current);
	cdr_secret_free(trustee->share);
	(void)pthread_rwlock_destroy(&trustee->shares_lock);
	(void)pthread_mutex_destroy(&trustee->witnessed_lock);
	free(trustee->witnessed);
	free(trustee->matched);
	(void)pthread_mutex_destroy(&trustee->adopting);
	free(trustee);
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_confirmed(const struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	if (trustee->is_confirmed)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_ABSENT, "this trustee belongs to no exchange yet: run "
	    "`candor-trustee ceremony --hub URL`, or, if it comes to an exchange that others have founded, `candor-trustee reshare --hub URL`");
}

struct cdr_signer
cdr_trustee_signer(const struct cdr_trustee *trustee)
{
	return (struct cdr_signer){ trustee->signer_name[trustee->index], trustee->home->keys->signing, trustee->genesis };
}

/* ---- belonging to an exchange ----------------------------------------------------------------------------------- */

struct confirm_job {
	const struct cdr_roster *genesis;
	uint32_t index;
	bool is_other;
	bool is_known;
};

/* A writing job. */
static cdr_err
confirm_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct confirm_job *job = context;
	uint8_t hash[CDR_ROSTER_HASH_LEN];
	char index[8];

	err = cdr_query_one_blob(tx, "SELECT hash FROM roster WHERE version = 0", CDR_VALUES(), hash, sizeof(hash));
	if (err == CDR_OK) {
		job->is_known = true;
		job->is_other = memcmp(hash, job->genesis->hash, sizeof(hash)) != 0;
		return CDR_OK;
	}
	if (err != CDR_E_ABSENT)
		return err;
	(void)snprintf(index, sizeof(index), "%" PRIu32, job->index);
	CDR_TRY(roster_store(tx, job->genesis));
	CDR_TRY(cdr_trustee_setting_put(tx, "index", index, strlen(index)));
out:
	return err;
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_confirm(struct cdr_trustee *trustee, struct cdr_roster *genesis, uint32_t index, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct confirm_job job = { .genesis = genesis, .index = index };

	CDR_TRY(cdr_store_write(trustee->home->store, confirm_job, &job));
	if (job.is_other)
		return cdr_fault_set(fault, CDR_E_EXISTS, "this trustee belongs to another exchange already; a trustee serves one: "
		    "make another folder with `candor-trustee init`");
	if (job.is_known && trustee->is_confirmed) {
		cdr_roster_free(genesis);
		return CDR_OK;
	}
	belong(trustee, genesis, genesis);
	CDR_TRY(cdr_current_set(trustee->current, genesis));
out:
	return err;
}

/* ---- asking the hub --------------------------------------------------------------------------------------------- */

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_ask(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_ask *ask)
{
	const struct cdr_signer signer = cdr_trustee_signer(trustee);

	ask->party = roster->body->hub;
	ask->party_signer = "hub";
	return trustee->hub.send(trustee->hub.context, &signer, ask);
}

/* What the hub has that is newer than ${have}; NULL if nothing. */
static cdr_err
fetch_roster(const struct cdr_trustee *trustee, const struct cdr_roster *have, struct cdr_roster **roster,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	struct cdr_ask ask = { .path = "/v1/roster", .message = &request.base,
		.reply_type = &cdr__wire__roster_reply__descriptor, .reply_max = CDR_BODY_ROSTER_MAX };
	struct cdr_buffer bytes = { 0 };

	*roster = NULL;
	request.have_version = have->body->version;
	err = cdr_trustee_ask(trustee, have, &ask);
	if (err != CDR_OK) {
		if (fault != NULL)
			*fault = ask.fault;
		goto out;
	}
	const Cdr__Wire__RosterReply *reply = ask.reply;
	if (reply->roster == NULL)
		goto out;
	/* The roster's own bytes are a field of this message, as they were signed; only the frame around them is made anew. */
	CDR_TRY(cdr_message_encode(&reply->roster->base, &bytes));
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&bytes), roster, fault));
out:
	cdr_buffer_free(&bytes);
	cdr_ask_free(&ask);
	return err;
}

struct adopt_job {
	const struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
	bool was_trustee;   /* in the one before */
};

/* A writing job: a roster comes into force. */
static cdr_err
adopt_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct adopt_job *job = context;
	const struct cdr_roster *roster = job->roster;
	int64_t newest;

	CDR_TRY(cdr_query_one_int(tx, "SELECT max(version) FROM roster", CDR_VALUES(), &newest));
	/* Another process of this trustee may have been faster. */
	if ((uint64_t)newest >= roster->body->version)
		return CDR_OK;
	CDR_TRY(roster_store(tx, roster));
	CDR_TRY(use_approvals(tx, roster));
	CDR_TRY(note_revoked(tx, roster));
	CDR_TRY(cdr_trustee_share_destroy(tx, job->trustee, roster));
	if (job->was_trustee && cdr_trustee_index_in(job->trustee, roster) == 0)
		CDR_TRY(cdr_trustee_openings_destroy(tx, INT64_MAX));
	if (!job->was_trustee && cdr_trustee_index_in(job->trustee, roster) != 0)
		CDR_TRY(cdr_trustee_recover_come(tx, (uint64_t)newest));
out:
	return err;
}

static cdr_err
adopt(struct cdr_trustee *trustee, struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;

	struct adopt_job job = { trustee, roster, trustee->index != 0 };

	CDR_TRY(cdr_store_write(trustee->home->store, adopt_job, &job));
	CDR_TRY(cdr_trustee_share_load(trustee, roster));
	cdr_log(CDR_LOG_INFO, "roster.in_force", cdr_log_int("version", (int64_t)roster->body->version));
	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

		if (cdr_trustee_index_in(trustee, roster) != 0 && !cdr_trustee_share_have(trustee, key.kind, key.number))
			cdr_log(CDR_LOG_WARNING, "trustee.no_share", cdr_log_text("kind", cdr_key_kind_name(key.kind)),
			    cdr_log_int("number", key.number));
	}
	trustee->index = cdr_trustee_index_in(trustee, roster); /* from now on it acts as that one */
	CDR_TRY(cdr_current_set(trustee->current, roster));
out:
	return err;
}

/* The caller has the lock. */
static cdr_err
update(struct cdr_trustee *trustee, bool *newer, bool *more, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL;
	const struct cdr_roster *have = cdr_current_hold(trustee->current);

	*newer = *more = false;
	if (have == NULL) {
		err = cdr_trustee_confirmed(trustee, fault);
		goto out;
	}
	CDR_TRY(fetch_roster(trustee, have, &roster, fault));
	if (roster == NULL)
		goto out;
	CDR_TRY(cdr_roster_verify_next(roster, have, fault));
	/* Where trustees changed, the hub gives one roster after the other. */
	*more = !cdr_roster_same_trustees(roster->body, have->body);
	CDR_TRY(adopt(trustee, roster));
	roster = NULL;
	*newer = true;
out:
	cdr_roster_free(roster);
	cdr_current_release(trustee->current, have);
	return err;
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_roster_update(struct cdr_trustee *trustee, bool *newer, struct cdr_fault *fault)
{
	bool came, more, any = false;
	cdr_err err;

	(void)pthread_mutex_lock(&trustee->adopting);
	/* One roster after the other where trustees changed on the way. */
	do {
		err = update(trustee, &came, &more, fault);
		any |= came;
	} while (err == CDR_OK && more);
	if (newer != NULL)
		*newer = any;
	(void)pthread_mutex_unlock(&trustee->adopting);
	return err;
}

/* see node/trustee/trustee.h */
cdr_err
cdr_trustee_roster_take(struct cdr_trustee *trustee, struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	(void)pthread_mutex_lock(&trustee->adopting);
	const struct cdr_roster *have = cdr_current_hold(trustee->current);
	if (roster->body->version <= have->body->version) {
		err = CDR_OK;
		goto out;
	}
	CDR_TRY(cdr_roster_verify_next(roster, have, fault));
	CDR_TRY(adopt(trustee, roster));
	roster = NULL;
out:
	cdr_roster_free(roster);
	cdr_current_release(trustee->current, have);
	(void)pthread_mutex_unlock(&trustee->adopting);
	return err;
}

/* see node/trustee/trustee.h */
bool
cdr_trustee_refresh(struct cdr_trustee *trustee)
{
	uint64_t now = cdr_clock_ms();
	struct timespec until;
	bool newer = false, more;

	/* Strangers must not be able to keep all workers waiting for the hub. */
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += REFRESH_WAIT_S;
	if (pthread_mutex_timedlock(&trustee->adopting, &until) != 0)
		return false;
	if (trustee->asked_at_ms == 0 || now >= trustee->asked_at_ms + CDR_TRUSTEE_REFRESH_MS) {
		trustee->asked_at_ms = now;
		if (update(trustee, &newer, &more, NULL) != CDR_OK)
			newer = false;
	}
	(void)pthread_mutex_unlock(&trustee->adopting);
	return newer;
}
