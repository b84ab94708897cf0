#include "node/trustee/share.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "node/store/scrub.h"

#define RESULT_LEN_MAX 2048

/* The id under which a share is sealed: number and transcript. Shares of different kinds are sealed for other purposes. */
struct share_id {
	uint8_t bytes[4 + CDR_ROSTER_HASH_LEN];
};

static const char *
purpose_of(enum cdr_key_kind kind)
{
	return kind == CDR_KEY_TAGS ? "trustee.share" : "trustee.share.statistics";
}

static cdr_err
make_share_id(const struct cdr_roster_key *key, struct share_id *id)
{
	if (key->transcript.len != CDR_ROSTER_HASH_LEN)
		return CDR_E_INPUT;
	cdr_number_write(key->number, id->bytes, 4);
	memcpy(id->bytes + 4, key->transcript.data, CDR_ROSTER_HASH_LEN);
	return CDR_OK;
}

/* ---- what a ceremony gave ---------------------------------------------------------------------------------------- */

Cdr__Wire__CeremonyKey
cdr_trustee_key_message(const struct cdr_roster_key *key, uint32_t threshold, ProtobufCBinaryData *share)
{
	Cdr__Wire__CeremonyKey r = CDR__WIRE__CEREMONY_KEY__INIT;

	r.kind = (uint32_t)key->kind;
	r.number = key->number;
	r.threshold = threshold;
	r.scheme_version = cdr_message_field(key->scheme_version.data, key->scheme_version.len);
	r.public_key = cdr_message_field(key->public_key.data, key->public_key.len);
	for (size_t i = 0; i < key->share_count && i < CDR_TRUSTEE_COUNT_MAX; i++)
		share[r.n_public_share++] = key->public_share[i];
	r.public_share = share;
	r.transcript = cdr_message_field(key->transcript.data, key->transcript.len);
	return r;
}

static cdr_err
encode_result(const struct cdr_roster_key *key, uint32_t threshold, struct cdr_buffer *out)
{
	ProtobufCBinaryData share[CDR_TRUSTEE_COUNT_MAX];
	const Cdr__Wire__CeremonyKey result = cdr_trustee_key_message(key, threshold, share);

	return cdr_message_encode(&result.base, out);
}

/* The values that name a share in the database. */
#define SHARE_KEY(key)                                                                                        \
	CDR_VALUES(cdr_value_int((key)->kind), cdr_value_int((key)->number), cdr_value_bytes((key)->transcript))

/* see node/trustee/share.h */
cdr_err
cdr_trustee_result_known(struct cdr_tx *tx, const struct cdr_roster_key *key, uint32_t threshold, bool *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer result = { 0 };
	struct cdr_query *query = NULL;
	struct cdr_bytes have;
	const struct cdr_values values = SHARE_KEY(key);

	*known = false;
	CDR_TRY(encode_result(key, threshold, &result));
	CDR_TRY(cdr_query_start(tx, "SELECT result FROM key_share WHERE kind = $1 AND number = $2 AND transcript = $3", values,
	    &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, RESULT_LEN_MAX, &have));
	*known = have.len == result.len && memcmp(have.data, result.data, have.len) == 0;
out:
	cdr_query_end(query);
	cdr_buffer_free(&result);
	return err;
}

/*
 * Whether what came of a ceremony may still be kept: the newest roster names this trustee, or has the key as the ceremony found it, so that
 * the change which makes this a trustee is still to come. Whoever has left puts nothing there any more, however late its part of a
 * ceremony ends: the shares of all who left would be the key together.
 */
static cdr_err
may_keep(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_roster_key *key, struct cdr_bytes basis, bool *may)
{
	struct cdr_roster *roster;
	struct cdr_roster_key found;

	*may = true;
	cdr_err err = cdr_trustee_roster_query(tx, "SELECT signed FROM roster ORDER BY version DESC LIMIT 1", CDR_VALUES(), &roster);
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	*may = cdr_trustee_index_in(trustee, roster) != 0 ||
	    (cdr_roster_key_find(roster->body, key->kind, key->number, &found) && found.transcript.len == basis.len &&
		memcmp(found.transcript.data, basis.data, basis.len) == 0);
	cdr_roster_free(roster);
	return CDR_OK;
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_put(struct cdr_tx *tx, const struct cdr_trustee *trustee,
    const uint8_t share[static CDR_SCALAR_LEN], const struct cdr_roster_key *key, uint32_t threshold, struct cdr_bytes basis)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 }, result = { 0 };
	static const uint8_t none[CDR_SCALAR_LEN];
	struct share_id id;
	bool known, may;

	CDR_TRY(cdr_trustee_result_known(tx, key, threshold, &known));
	if (known)
		return CDR_OK;
	CDR_TRY(may_keep(tx, trustee, key, basis, &may));
	if (!may)
		return CDR_OK;
	CDR_TRY(make_share_id(key, &id));
	if (!cdr_equal(share, none, sizeof(none)))
		CDR_TRY(cdr_seal(trustee->home->keys->column, purpose_of(key->kind),
		    (struct cdr_bytes){ id.bytes, sizeof(id.bytes) },
	    (struct cdr_bytes){ share, CDR_SCALAR_LEN }, &sealed));
	CDR_TRY(encode_result(key, threshold, &result));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO key_share (kind, number, transcript, share, result, made_at, basis)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(cdr_value_int(key->kind), cdr_value_int(key->number), cdr_value_bytes(key->transcript),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_bytes(cdr_buffer_bytes(&result)),
		cdr_value_int((int64_t)cdr_trustee_now()), cdr_value_bytes(basis))));
out:
	cdr_buffer_free(&result);
	cdr_buffer_free(&sealed);
	return err;
}

/* ---- destroying -------------------------------------------------------------------------------------------------- */

/* What led to a key whose share is there, but for what is on its way from that share to the next. */
static cdr_err
destroy_for(struct cdr_tx *tx, const struct cdr_roster_key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value kind = cdr_value_int(key->kind), number = cdr_value_int(key->number);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx,
	    "SELECT count(*) FROM key_share WHERE kind = $1 AND number = $2 AND transcript = $3", SHARE_KEY(key), &count));
	if (count == 0)
		goto out;
	CDR_TRY(cdr_query_run(tx, "UPDATE key_ceremony SET seed = $4 WHERE kind = $1 AND number <= $2 AND basis <> $3 AND length(seed) > 0",
	    CDR_VALUES(kind, number, cdr_value_bytes(key->transcript), cdr_value_blob(NULL, 0))));
	CDR_TRY(cdr_scrub_want_changed(tx));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM key_share WHERE kind = $1 AND number = $2 AND transcript <> $3"
	    " AND (basis IS NULL OR basis <> $3)",
	    SHARE_KEY(key)));
	CDR_TRY(cdr_scrub_want_changed(tx));
out:
	return err;
}

/* Whether this trustee is one in ${roster}. */
static bool
names_own(const struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	return cdr_trustee_index_in(trustee, roster) != 0;
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_destroy(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;
	enum cdr_key_kind before = 0;

	if (trustee->index != 0 && !names_own(trustee, roster)) {
		CDR_TRY(cdr_query_run(tx, "DELETE FROM key_share", CDR_VALUES()));
		CDR_TRY(cdr_scrub_want_changed(tx));
		CDR_TRY(cdr_query_run(tx, "UPDATE key_ceremony SET seed = $1 WHERE length(seed) > 0", CDR_VALUES(cdr_value_blob(NULL, 0))));
		return cdr_scrub_want_changed(tx);
	}

	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

		CDR_TRY(destroy_for(tx, &key));
		/* The first of a kind is the oldest. */
		if (key.kind != before) {
			CDR_TRY(cdr_query_run(tx, "DELETE FROM key_share WHERE kind = $1 AND number < $2",
			    CDR_VALUES(cdr_value_int(key.kind), cdr_value_int(key.number))));
			CDR_TRY(cdr_scrub_want_changed(tx));
		}
		before = key.kind;
	}
	err = CDR_OK;
out:
	return err;
}

struct destroy_job {
	const struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
};

/* A writing job. */
static cdr_err
destroy_job(struct cdr_tx *tx, void *context)
{
	const struct destroy_job *job = context;

	return cdr_trustee_share_destroy(tx, job->trustee, job->roster);
}

/* ---- at hand ------------------------------------------------------------------------------------------------------ */

/* Open the share that belongs to ${key} of the roster; CDR_E_ABSENT if there is none. */
static cdr_err
share_read(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_roster_key *key,
    struct cdr_trustee_share *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_buffer plain = { 0 };
	struct cdr_bytes sealed;
	struct share_id id;
	const struct cdr_values values = SHARE_KEY(key);

	CDR_TRY(make_share_id(key, &id));
	CDR_TRY(cdr_query_start(tx, "SELECT share FROM key_share WHERE kind = $1 AND number = $2 AND transcript = $3", values,
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_SCALAR_LEN + CDR_SEAL_OVERHEAD, &sealed));
	if (sealed.len == 0) {
		err = CDR_E_ABSENT;
		goto out;
	}
	CDR_TRY(cdr_seal_open(trustee->home->keys->column, purpose_of(key->kind),
	    (struct cdr_bytes){ id.bytes, sizeof(id.bytes) }, sealed, &plain));
	if (plain.len != CDR_SCALAR_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	out->kind = key->kind;
	out->number = key->number;
	memcpy(out->transcript, key->transcript.data, sizeof(out->transcript)); /* its length was seen to */
	memcpy(out->share, plain.data, CDR_SCALAR_LEN);
out:
	cdr_buffer_free(&plain);
	cdr_query_end(query);
	return err;
}

struct read_job {
	const struct cdr_trustee *trustee;
	const struct cdr_roster_key *key;
	struct cdr_trustee_share *share; /* locked memory */
};

/* A reading job. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	const struct read_job *job = context;

	return share_read(tx, job->trustee, job->key, job->share);
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_read(const struct cdr_trustee *trustee, const struct cdr_roster_key *key,
    uint8_t share[static CDR_SCALAR_LEN])
{
	struct read_job job = { trustee, key, cdr_secret_alloc(sizeof(*job.share)) };
	cdr_err err;

	if (job.share == NULL)
		return CDR_E_MEMORY;
	err = cdr_store_read(trustee->home->store, read_job, &job);
	if (err == CDR_OK)
		memcpy(share, job.share->share, CDR_SCALAR_LEN);
	cdr_secret_free(job.share);
	return err;
}

struct load_job {
	const struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
	struct cdr_trustee_share *share;
};

/* A reading job: the shares of all keys of the roster. */
static cdr_err
load_job(struct cdr_tx *tx, void *context)
{
	struct load_job *job = context;

	for (size_t i = 0; i < cdr_roster_key_count(job->roster->body) && i < CDR_KEY_COUNT_MAX; i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(job->roster->body, i);
		cdr_err err = share_read(tx, job->trustee, &key, &job->share[i]);

		if (err != CDR_OK && err != CDR_E_ABSENT)
			return err;
	}
	return CDR_OK;
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_load(struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;
	struct load_job job = { .trustee = trustee, .roster = roster };

	job.share = cdr_secret_alloc(CDR_KEY_COUNT_MAX * sizeof(*job.share));
	if (job.share == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_store_read(trustee->home->store, load_job, &job));
	(void)pthread_rwlock_wrlock(&trustee->shares_lock);
	struct cdr_trustee_share *old = trustee->share;
	trustee->share = job.share;
	job.share = old;
	(void)pthread_rwlock_unlock(&trustee->shares_lock);
out:
	cdr_secret_free(job.share);
	return err;
}

/* The share at hand, or NULL. The caller has the lock. */
static const struct cdr_trustee_share *
find_share(const struct cdr_trustee *trustee, enum cdr_key_kind kind, uint32_t number)
{
	for (size_t i = 0; trustee->share != NULL && i < CDR_KEY_COUNT_MAX; i++) {
		if (trustee->share[i].kind == kind && kind != 0 && trustee->share[i].number == number)
			return &trustee->share[i];
	}
	return NULL;
}

/* Whether it is the share of ${key} as a roster has it: a refresh leaves kind and number. */
static bool
is_share_of(const struct cdr_trustee_share *share, const struct cdr_roster_key *key)
{
	return key->transcript.len == sizeof(share->transcript) && memcmp(share->transcript, key->transcript.data, key->transcript.len) == 0;
}

/* Whether the share of ${key}, and of no other ceremony, is at hand. */
static bool
is_at_hand(struct cdr_trustee *trustee, const struct cdr_roster_key *key)
{
	(void)pthread_rwlock_rdlock(&trustee->shares_lock);
	const struct cdr_trustee_share *found = find_share(trustee, key->kind, key->number);
	bool is = found != NULL && is_share_of(found, key);
	(void)pthread_rwlock_unlock(&trustee->shares_lock);
	return is;
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_refresh(struct cdr_trustee *trustee)
{
	cdr_err err = CDR_OK;

	/* Else a newer roster could come into force, and its shares with it, before those of this one are put in their place. */
	(void)pthread_mutex_lock(&trustee->adopting);
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	struct destroy_job job = { trustee, held };
	bool is_missing = false;

	for (size_t i = 0; held != NULL && i < cdr_roster_key_count(held->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(held->body, i);

		is_missing |= !is_at_hand(trustee, &key);
	}
	if (!is_missing)
		goto out;
	CDR_TRY(cdr_trustee_share_load(trustee, held));
	CDR_TRY(cdr_store_write(trustee->home->store, destroy_job, &job));
out:
	cdr_current_release(trustee->current, held);
	(void)pthread_mutex_unlock(&trustee->adopting);
	return err;
}

bool
cdr_trustee_share_have(struct cdr_trustee *trustee, enum cdr_key_kind kind, uint32_t number)
{
	(void)pthread_rwlock_rdlock(&trustee->shares_lock);
	bool have = find_share(trustee, kind, number) != NULL;
	(void)pthread_rwlock_unlock(&trustee->shares_lock);
	return have;
}

/* see node/trustee/share.h */
cdr_err
cdr_trustee_share_copy(struct cdr_trustee *trustee, const struct cdr_roster *roster, enum cdr_key_kind kind, uint32_t number,
    uint8_t share[static CDR_SCALAR_LEN])
{
	struct cdr_roster_key key;
	cdr_err err = CDR_E_ABSENT;

	if (!cdr_roster_key_find(roster->body, kind, number, &key))
		return err;
	(void)pthread_rwlock_rdlock(&trustee->shares_lock);
	const struct cdr_trustee_share *found = find_share(trustee, kind, number);
	if (found != NULL)
		err = is_share_of(found, &key) ? CDR_OK : CDR_E_BUSY;
	if (err == CDR_OK)
		memcpy(share, found->share, CDR_SCALAR_LEN);
	(void)pthread_rwlock_unlock(&trustee->shares_lock);
	return err;
}
