#include "node/trustee/round_store.h"

#include <inttypes.h>
#include <string.h>

#include "node/trustee/recover.h"

#define SUMS_LEN_MAX (2U * CDR_ROUND_CELLS_MAX * CDR_CIPHER_LEN)

static struct cdr_value
hash_value(const uint8_t *hash)
{
	return cdr_value_blob(hash, CDR_ROUND_HASH_LEN);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* see node/trustee/round_store.h */
void
cdr_round_known_free(struct cdr_round_known *known)
{
	cdr_buffer_free(&known->sums);
	cdr_buffer_free(&known->first);
	cdr_buffer_free(&known->second);
	*known = (struct cdr_round_known){ 0 };
}

static cdr_err
read_optional(struct cdr_query *query, int column, size_t len_max, struct cdr_buffer *out)
{
	return cdr_query_is_null(query, column) ? CDR_OK : cdr_query_blob_copy(query, column, len_max, out);
}

struct read_job {
	const uint8_t *hash;
	struct cdr_round_known *known;
};

/* A reading job. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct read_job *job = context;
	struct cdr_round_known *k = job->known;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT close_hash, sums, first_answer, second_answer, set_hash, refusal, never FROM round WHERE hash = $1",
	    CDR_VALUES(hash_value(job->hash)), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	k->is_never = !cdr_query_is_null(query, 6);
	k->is_refused = k->is_never || !cdr_query_is_null(query, 5);
	if (!cdr_query_is_null(query, 0)) {
		k->is_known = true;
		CDR_TRY(cdr_query_blob(query, 0, k->close_hash, sizeof(k->close_hash)));
	}
	CDR_TRY(read_optional(query, 1, SUMS_LEN_MAX, &k->sums));
	CDR_TRY(read_optional(query, 2, CDR_BODY_ROUND_MAX, &k->first));
	CDR_TRY(read_optional(query, 3, CDR_BODY_ROUND_MAX, &k->second));
	k->has_set = !cdr_query_is_null(query, 4);
	if (k->has_set)
		CDR_TRY(cdr_query_blob(query, 4, k->set_hash, sizeof(k->set_hash)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_known_read(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_round_known *known)
{
	struct read_job job = { hash, known };

	*known = (struct cdr_round_known){ 0 };
	return cdr_store_read(trustee->home->store, read_job, &job);
}

/* ---- remembering ------------------------------------------------------------------------------------------------ */

struct put_job {
	const struct cdr_round *round;
	const struct cdr_close *close;
	struct cdr_bytes sums;
	uint64_t now;
	struct cdr_fault *fault;
};

/* The contributors that ${close} shares with those of an opened round. */
static cdr_err
count_shared(struct cdr_tx *tx, const uint8_t *opened, const struct cdr_close *close, size_t *shared)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char member[CDR_SLUG_LEN_MAX + 1];

	*shared = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT member FROM round_member WHERE round = $1", CDR_VALUES(hash_value(opened)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
		*shared += cdr_close_find(close, member) != SIZE_MAX;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A table that an opened round has too. */
static cdr_err
compare_tables(struct cdr_tx *tx, const uint8_t *opened, const struct put_job *job)
{
	cdr_err err = CDR_OK;
	const Cdr__Wire__Round *body = job->round->body;

	for (size_t t = 0; err == CDR_OK && t < body->n_table; t++) {
		int64_t count;
		err = cdr_query_one_int(tx, "SELECT count(*) FROM round_table WHERE round = $1 AND id = $2",
		    CDR_VALUES(hash_value(opened), cdr_value_text(body->table[t]->id)), &count);
		if (err == CDR_OK && count > 0)
			err = cdr_fault_set(job->fault, CDR_E_REFUSED, "table %s was opened for this period already", body->table[t]->id);
	}
	return err;
}

/* One opened round with months in common. */
static cdr_err
compare_opened(struct cdr_tx *tx, struct cdr_query *query, const struct put_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t opened[CDR_ROUND_HASH_LEN];
	uint64_t members;
	size_t shared, own = job->close->body->members;

	CDR_TRY(cdr_query_blob(query, 0, opened, sizeof(opened)));
	CDR_TRY(cdr_query_count(query, 1, &members));
	CDR_TRY(count_shared(tx, opened, job->close, &shared));
	if (shared != own || shared != (size_t)members)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "a round of some of the same months was opened already, and the contributors are "
		    "not the same: the two sums together would show those who differ");
	err = compare_tables(tx, opened, job);
out:
	return err;
}

/* One opened round with a table of names in common, half a year apart: people of a few members must not be what they differ by. */
static cdr_err
compare_people(struct cdr_tx *tx, struct cdr_query *query, const struct put_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t opened[CDR_ROUND_HASH_LEN];
	uint64_t members;
	size_t shared;

	CDR_TRY(cdr_query_blob(query, 0, opened, sizeof(opened)));
	CDR_TRY(cdr_query_count(query, 1, &members));
	CDR_TRY(count_shared(tx, opened, job->close, &shared));
	/* In one of the two, but not in both. */
	size_t apart = (size_t)members + job->close->body->members - 2 * shared;
	if (shared > 0 && apart > 0 && apart < CDR_ROUND_MINIMUM)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "names were counted half a year before or after, and the contributors differ by %zu: "
		    "fewer than %d, whose people the two sums together would show", apart, CDR_ROUND_MINIMUM);
out:
	return err;
}

/* A register is much the same half a year before and after. */
static cdr_err
compare_names(struct cdr_tx *tx, const struct put_job *job)
{
	cdr_err err = CDR_OK;
	const Cdr__Wire__Round *body = job->round->body;
	struct cdr_query *query = NULL;
	char country[CDR_COUNTRY_LEN];

	for (size_t t = 0; err == CDR_OK && t < body->n_table; t++) {
		if (!cdr_round_names(body->table[t]->id, country))
			continue;
		CDR_TRY(cdr_query_start(tx,
		    "SELECT round.hash, round.members FROM round_table, round WHERE round_table.id = $1 AND round.hash = round_table.round"
		    " AND round.never IS NULL AND round.hash <> $2 AND round.first_month <= $3 AND round.last_month >= $4",
		    CDR_VALUES(cdr_value_text(body->table[t]->id), hash_value(job->round->hash),
			cdr_value_int((int64_t)body->last_month + CDR_ROUND_NAMES_MONTHS),
			cdr_value_int((int64_t)body->first_month - CDR_ROUND_NAMES_MONTHS)), &query));
		while ((err = cdr_query_step(query)) == CDR_OK)
			CDR_TRY(compare_people(tx, query, job));
		if (err == CDR_E_ABSENT)
			err = CDR_OK;
		cdr_query_end(query);
		query = NULL;
	}
out:
	cdr_query_end(query);
	return err;
}

/* Whether it is too close to anything that was opened. */
static cdr_err
compare_all(struct cdr_tx *tx, const struct put_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Round *body = job->round->body;
	struct cdr_query *query = NULL;

	CDR_TRY(compare_names(tx, job));
	CDR_TRY(cdr_query_start(tx,
	    "SELECT hash, members FROM round WHERE close_hash IS NOT NULL AND never IS NULL AND hash <> $1 AND first_month <= $2"
	    " AND last_month >= $3",
	    CDR_VALUES(hash_value(job->round->hash), cdr_value_int(body->last_month), cdr_value_int(body->first_month)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(compare_opened(tx, query, job));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct put_job *job = context;
	const Cdr__Wire__Round *body = job->round->body;
	const struct cdr_value hash = hash_value(job->round->hash);

	CDR_TRY(compare_all(tx, job));
	/* It was refused before, and is looked at again. */
	CDR_TRY(cdr_query_run(tx, "DELETE FROM round WHERE hash = $1 AND close_hash IS NULL AND refusal IS NULL AND never IS NULL",
	    CDR_VALUES(hash)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round (hash, period, first_month, last_month, members, tables, epsilon_milli, close_hash, sums, seen_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    CDR_VALUES(hash, cdr_value_text(body->period), cdr_value_int(body->first_month), cdr_value_int(body->last_month),
		cdr_value_int((int64_t)job->close->body->members), cdr_value_int((int64_t)body->n_table),
		cdr_value_int(body->has_epsilon_milli ? body->epsilon_milli : 0), hash_value(job->close->hash),
		cdr_value_bytes(job->sums), cdr_value_int((int64_t)job->now))));
	for (size_t i = 0; i < job->close->body->members; i++)
		CDR_TRY(cdr_query_run(tx, "INSERT INTO round_member (round, member) VALUES ($1, $2)",
		    CDR_VALUES(hash, cdr_value_text(job->close->list->contribution[i]->member))));
	for (size_t t = 0; t < body->n_table; t++)
		CDR_TRY(cdr_query_run(tx, "INSERT INTO round_table (round, id) VALUES ($1, $2)",
		    CDR_VALUES(hash, cdr_value_text(body->table[t]->id))));
	err = CDR_OK;
out:
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_known_put(struct cdr_trustee *trustee, const struct cdr_round *round, const struct cdr_close *close,
    struct cdr_bytes sums, struct cdr_fault *fault)
{
	struct put_job job = { round, close, sums, cdr_trustee_now(), fault };

	return cdr_store_write(trustee->home->store, put_job, &job);
}

struct answer_job {
	const uint8_t *hash, *set_hash;
	struct cdr_bytes request;
	bool renewed;
};

/* A writing job. */
static cdr_err
first_job(struct cdr_tx *tx, void *context)
{
	const struct answer_job *job = context;
	cdr_err err = cdr_query_run(tx, job->renewed ? "UPDATE round SET first_answer = $2 WHERE hash = $1 AND never IS NULL" :
	    "UPDATE round SET first_answer = $2 WHERE hash = $1 AND never IS NULL AND first_answer IS NULL",
	    CDR_VALUES(hash_value(job->hash), cdr_value_bytes(job->request)));

	return err == CDR_OK && cdr_query_changed_count(tx) == 0 ? CDR_E_EXISTS : err;
}

/* A writing job. */
static cdr_err
second_job(struct cdr_tx *tx, void *context)
{
	const struct answer_job *job = context;
	cdr_err err = cdr_query_run(tx, job->renewed ?
	    "UPDATE round SET second_answer = $2, set_hash = $3 WHERE hash = $1 AND never IS NULL AND set_hash = $3" :
	    "UPDATE round SET second_answer = $2, set_hash = $3 WHERE hash = $1 AND never IS NULL AND second_answer IS NULL",
	    CDR_VALUES(hash_value(job->hash), cdr_value_bytes(job->request), hash_value(job->set_hash)));

	return err == CDR_OK && cdr_query_changed_count(tx) == 0 ? CDR_E_EXISTS : err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_first_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_bytes request,
    bool renewed)
{
	struct answer_job job = { hash, NULL, request, renewed };

	return cdr_store_write(trustee->home->store, first_job, &job);
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_second_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const uint8_t set_hash[static CDR_ROUND_HASH_LEN], struct cdr_bytes request, bool renewed)
{
	struct answer_job job = { hash, set_hash, request, renewed };

	return cdr_store_write(trustee->home->store, second_job, &job);
}

struct refusal_job {
	const struct cdr_round *round;
	const char *reason;
	uint64_t now;
};

/* A writing job: a row for the round, if there is none; and the reason, the first time. */
static cdr_err
refusal_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct refusal_job *job = context;
	const struct cdr_value hash = hash_value(job->round->hash);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM round WHERE hash = $1", CDR_VALUES(hash), &count));
	if (count > 0)
		return cdr_query_run(tx, "UPDATE round SET refusal = $2 WHERE hash = $1 AND refusal IS NULL",
		    CDR_VALUES(hash, cdr_value_text(job->reason)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round (hash, period, first_month, last_month, members, tables, epsilon_milli, refusal, seen_at)"
	    " VALUES ($1, $2, $3, $4, 0, 0, 0, $5, $6)",
	    CDR_VALUES(hash, cdr_value_text(job->round->body->period), cdr_value_int(job->round->body->first_month),
		cdr_value_int(job->round->body->last_month), cdr_value_text(job->reason), cdr_value_int((int64_t)job->now))));
out:
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_refusal_put(struct cdr_trustee *trustee, const struct cdr_round *round, const char *reason)
{
	struct refusal_job job = { round, reason, cdr_trustee_now() };

	return cdr_store_write(trustee->home->store, refusal_job, &job);
}

/* ---- never, and again ------------------------------------------------------------------------------------------- */

/* A writing job. */
static cdr_err
never_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct refusal_job *job = context;
	const struct cdr_value hash = hash_value(job->round->hash);
	int64_t answered;

	CDR_TRY(refusal_job(tx, context));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM round WHERE hash = $1 AND (first_answer IS NOT NULL OR second_answer IS NOT NULL)",
	    CDR_VALUES(hash), &answered));
	if (answered > 0)
		return CDR_E_REFUSED;
	CDR_TRY(cdr_query_run(tx, "UPDATE round SET never = 1 WHERE hash = $1", CDR_VALUES(hash)));
out:
	return err;
}

/* What a backup has forgotten cannot be sworn to; what was signed away before it was made can. */
static cdr_err
check_vouched(struct cdr_trustee *trustee, const struct cdr_round *round, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round_known known = { .is_known = false };
	bool vouched;

	CDR_TRY(cdr_trustee_round_is_vouched(trustee, round->body->first_month, &vouched));
	if (!vouched)
		CDR_TRY(cdr_round_known_read(trustee, round->hash, &known));
	if (!vouched && !known.is_never)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "this trustee was put back from a backup and has forgotten whether it answered in this "
		    "round: it cannot say that nothing of it was opened");
out:
	cdr_round_known_free(&known);
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_never_put(struct cdr_trustee *trustee, const struct cdr_round *round, const char *why, struct cdr_fault *fault)
{
	struct refusal_job job = { round, why, cdr_trustee_now() };
	cdr_err err = check_vouched(trustee, round, fault);

	if (err != CDR_OK)
		return err;
	err = cdr_store_write(trustee->home->store, never_job, &job);
	return err == CDR_E_REFUSED ? cdr_fault_set(fault, err, "this trustee has answered in this round: it cannot "
	    "say any more that nothing of it was opened") : err;
}

/* A reading job. */
static cdr_err
again_read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round_again *again = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT hash FROM round WHERE again = 1 ORDER BY seen_at, hash", none, &query));
	while (again->count < CDR_ROUND_AGAIN_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, again->hash[again->count++], CDR_ROUND_HASH_LEN));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_again_read(struct cdr_trustee *trustee, struct cdr_round_again *again)
{
	again->count = 0;
	return cdr_store_read(trustee->home->store, again_read_job, again);
}

/* A writing job. */
static cdr_err
again_done_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE round SET again = NULL WHERE again = 1", CDR_VALUES());
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_again_done(struct cdr_trustee *trustee)
{
	return cdr_store_write(trustee->home->store, again_done_job, NULL);
}

struct again_job {
	const char *period;
	size_t *count;
};

/* A writing job. */
static cdr_err
again_put_job(struct cdr_tx *tx, void *context)
{
	const struct again_job *job = context;
	cdr_err err = cdr_query_run(tx, "UPDATE round SET refusal = NULL, again = 1 WHERE period = $1 AND refusal IS NOT NULL AND never IS NULL",
	    CDR_VALUES(cdr_value_text(job->period)));

	*job->count = err == CDR_OK ? (size_t)cdr_query_changed_count(tx) : 0;
	return err;
}

/* see node/trustee/round_store.h */
cdr_err
cdr_round_again_put(struct cdr_store *store, const char *period, size_t *count)
{
	struct again_job job = { period, count };

	return cdr_store_write(store, again_put_job, &job);
}
