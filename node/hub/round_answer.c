#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/hub/log.h"
#include "node/hub/round.h"
#include "node/net/log.h"

#define FIRST 1
#define SECOND 2

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* A closed round with everything that answers are judged by. */
struct closed {
	struct cdr_hub *hub;
	struct cdr_hub_round r;
	struct cdr_tally_world world;
	struct cdr_shelf rosters;
	struct cdr_arena close_arena, set_arena;
	struct cdr_close close;
	struct cdr_set set;
	bool has_set;
	struct cdr_elgamal *key;
	struct cdr_buffer request[CDR_TRUSTEE_COUNT_MAX];
	struct cdr_answer_read first[CDR_TRUSTEE_COUNT_MAX], second[CDR_TRUSTEE_COUNT_MAX];
	struct cdr_opening opening;
};

static void
closed_free(struct closed *c)
{
	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++) {
		cdr_answer_free(&c->first[i]);
		cdr_answer_free(&c->second[i]);
		cdr_buffer_free(&c->request[i]);
	}
	cdr_opening_free(&c->opening);
	cdr_elgamal_free(c->key);
	cdr_close_free(&c->close);
	cdr_set_free(&c->set);
	cdr_arena_free(&c->close_arena);
	cdr_arena_free(&c->set_arena);
	cdr_hub_round_free(&c->r);
	cdr_shelf_free(&c->rosters);
	free(c);
}

/* Everything about a round that is closed. */
static cdr_err
closed_read(struct cdr_hub *hub, const uint8_t *hash, struct closed **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closed *c = calloc(1, sizeof(*c));
	const Cdr__Wire__SignedClose *close;
	const Cdr__Wire__SignedSet *set;
	uint64_t version;

	*out = NULL;
	if (c == NULL)
		return CDR_E_MEMORY;
	c->hub = hub;
	CDR_TRY(cdr_hub_round_load(hub, hash, &c->r));
	if (c->r.close.len == 0 || strcmp(c->r.state, "given_up") == 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "this round is %s: there is nothing to open", c->r.state);
		goto out;
	}
	cdr_hub_shelf(hub, &c->rosters);
	c->world = (struct cdr_tally_world){ .round = c->r.round, .genesis = hub->genesis, .rosters = &c->rosters };
	CDR_TRY(cdr_message_decode(&c->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&c->r.close), &close));
	CDR_TRY(cdr_close_roster_version(close, &version));
	CDR_TRY(cdr_shelf_at(&c->rosters, version, &c->world.roster, fault));
	CDR_TRY(cdr_close_read(close, c->r.round, c->world.roster, hub->genesis, &c->close, fault));
	c->has_set = c->r.set.len > 0;
	if (c->has_set) {
		CDR_TRY(cdr_message_decode(&c->set_arena, &cdr__wire__signed_set__descriptor, cdr_buffer_bytes(&c->r.set), &set));
		CDR_TRY(cdr_set_read(&c->world, set, &c->close, &c->set, fault));
	}
	CDR_TRY(cdr_elgamal_new(c->r.round->body->public_key.data, &c->key));
	*out = c;
	c = NULL;
out:
	if (c != NULL)
		closed_free(c);
	return err;
}

/* ---- stored answers --------------------------------------------------------------------------------------------- */

struct answer_job {
	const uint8_t *round;
	int64_t stage;
	uint32_t trustee;
	struct cdr_value transcript;
	struct cdr_buffer *out;
};

/* By which sharing of the round's key ${roster} has it. */
static struct cdr_value
transcript_of(const struct closed *c, const struct cdr_roster *roster)
{
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(roster, c->r.round->body->statistics_key);

	return key != NULL ? cdr_value_bytes(cdr_message_bytes(key->transcript)) : cdr_value_blob(NULL, 0);
}

/* A reading job: one answer as it was received. */
static cdr_err
answer_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct answer_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->round)), cdr_value_int(job->stage),
	    cdr_value_int(job->trustee), job->transcript);

	CDR_TRY(cdr_query_start(tx, "SELECT request FROM round_reply WHERE round = $1 AND stage = $2 AND trustee = $3"
	    " AND transcript = $4", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_ROUND_MAX, job->out));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
answer_load(const struct closed *c, int64_t stage, uint32_t trustee, struct cdr_value transcript, struct cdr_buffer *out)
{
	struct answer_job job = { c->r.round->hash, stage, trustee, transcript, out };

	return cdr_store_read(c->hub->store, answer_job, &job);
}

/* What the first answers of the set open. */
static cdr_err
opening_load(struct closed *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_bytes sums = cdr_buffer_bytes(&c->r.sums);

	for (size_t i = 0; i < c->set.body->n_answer; i++) {
		CDR_TRY(answer_load(c, FIRST, c->set.body->answer[i]->trustee, transcript_of(c, c->set.roster), &c->request[i]));
		CDR_TRY(cdr_first_read(&c->world, &c->close, sums, c->key, cdr_buffer_bytes(&c->request[i]), &c->first[i], fault));
	}
	CDR_TRY(cdr_opening_make(&c->world, &c->close, &c->set, sums, c->first, c->set.body->n_answer, &c->opening, fault));
out:
	return err;
}

/* ---- storing an answer ------------------------------------------------------------------------------------------ */

struct store_job {
	const struct closed *c;
	const struct cdr_call *call;
	const struct cdr_answer_read *answer;
	int64_t stage;
	int64_t count;       /* of answers of this stage that go with it, afterwards */
	bool known;
	struct cdr_fault *fault;
};

/* Whether this trustee has answered with this share: the same again is no error. */
static cdr_err
compare_earlier(struct cdr_tx *tx, struct store_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_SHA256_LEN];

	err = cdr_query_one_blob(tx, "SELECT hash FROM round_reply WHERE round = $1 AND stage = $2 AND trustee = $3 AND transcript = $4",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(job->c->r.round->hash)), cdr_value_int(job->stage),
		cdr_value_int(job->answer->trustee), transcript_of(job->c, job->answer->roster)), hash, sizeof(hash));
	job->known = err == CDR_OK;
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err == CDR_OK && memcmp(hash, job->answer->hash, sizeof(hash)) != 0)
		return cdr_fault_set(job->fault, CDR_E_EXISTS, "trustee %" PRIu32 " has given another answer before", job->answer->trustee);
	return err;
}

/* A writing job. */
static cdr_err
store_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct store_job *job = context;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_OPENING, .at = job->call->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_value round = cdr_value_bytes(hash_bytes(job->c->r.round->hash));
	const struct cdr_value transcript = transcript_of(job->c, job->answer->roster);
	const struct cdr_bytes parts[] = { hash_bytes(job->c->r.round->hash), { job->answer->hash, CDR_SHA256_LEN } };

	CDR_TRY(compare_earlier(tx, job));
	if (!job->known) {
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO round_reply (round, stage, trustee, transcript, hash, request, stored_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    CDR_VALUES(round, cdr_value_int(job->stage), cdr_value_int(job->answer->trustee), transcript, cdr_value_bytes(parts[1]),
			cdr_value_bytes(job->call->request), cdr_value_int((int64_t)job->call->now))));
		cdr_leaf_party_add(&leaf, job->answer->envelope.signer);
		cdr_leaf_number_add(&leaf, (uint64_t)job->stage);
		CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
		CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	}
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM round_reply WHERE round = $1 AND stage = $2 AND transcript = $3",
	    CDR_VALUES(round, cdr_value_int(job->stage), transcript), &job->count));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* ---- whose first answers count ---------------------------------------------------------------------------------- */

struct set_job {
	struct cdr_hub *hub;
	const struct closed *c;
	const struct cdr_roster *roster;    /* by which the answers were made */
	uint64_t now;
};

/* A signed OpeningSet of ${count} answers. */
static cdr_err
set_sign(const struct set_job *job, Cdr__Wire__OpeningAnswer **answer, size_t count, struct cdr_buffer *inner,
    struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__OpeningSet set = CDR__WIRE__OPENING_SET__INIT;
	Cdr__Wire__SignedSet sealed = CDR__WIRE__SIGNED_SET__INIT;
	uint8_t close[CDR_ROUND_HASH_LEN], signature[CDR_SIGNATURE_LEN];

	memcpy(close, job->c->close.hash, sizeof(close));
	set.close = cdr_message_field(close, sizeof(close));
	set.answer = answer;
	set.n_answer = count;
	set.roster_version = job->roster->body->version;
	CDR_TRY(cdr_message_encode(&set.base, inner));
	CDR_TRY(cdr_round_sign(job->hub->seed, CDR_ROUND_WORD_SET, job->hub->genesis, cdr_buffer_bytes(inner), signature));
	sealed.set = cdr_message_field(inner->data, inner->len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	CDR_TRY(cdr_message_encode(&sealed.base, out));
out:
	return err;
}

/* The set of a round, once, with its leaf. */
static cdr_err
set_store(struct cdr_tx *tx, const struct set_job *job, const struct cdr_buffer *inner, const struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROUND_SET, .at = job->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { { job->c->close.hash, CDR_ROUND_HASH_LEN }, cdr_buffer_bytes(inner) };
	const struct cdr_value round = cdr_value_bytes(hash_bytes(job->c->r.round->hash));

	CDR_TRY(cdr_query_run(tx, "UPDATE round SET opening_set = $2 WHERE hash = $1 AND opening_set IS NULL AND state = 'closed'",
	    CDR_VALUES(round, cdr_value_bytes(cdr_buffer_bytes(sealed)))));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_OK;
	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, job->c->r.close_place);
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	CDR_TRY(cdr_query_run(tx, "UPDATE round SET set_place = $2 WHERE hash = $1",
	    CDR_VALUES(round, cdr_value_int((int64_t)logged.position))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* A writing job: the first t that answered are the set, once and for all. */
static cdr_err
set_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct set_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_buffer inner = { 0 }, sealed = { 0 };
	Cdr__Wire__OpeningAnswer answer[CDR_TRUSTEE_COUNT_MAX], *at[CDR_TRUSTEE_COUNT_MAX];
	uint8_t hash[CDR_TRUSTEE_COUNT_MAX][CDR_SHA256_LEN];
	uint64_t trustee;
	size_t count = 0;
	const struct cdr_value round = cdr_value_bytes(hash_bytes(job->c->r.round->hash));

	/* Those that came first, told in the order of their indices. */
	CDR_TRY(cdr_query_start(tx,
	    "SELECT trustee, hash FROM (SELECT trustee, hash FROM round_reply WHERE round = $1 AND stage = 1 AND transcript = $3"
	    " ORDER BY stored_at, trustee LIMIT $2) AS early ORDER BY trustee",
	    CDR_VALUES(round, cdr_value_int(job->roster->body->threshold), transcript_of(job->c, job->roster)), &query));
	while (count < CDR_TRUSTEE_COUNT_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &trustee));
		CDR_TRY(cdr_query_blob(query, 1, hash[count], CDR_SHA256_LEN));
		answer[count] = (Cdr__Wire__OpeningAnswer)CDR__WIRE__OPENING_ANSWER__INIT;
		answer[count].trustee = (uint32_t)trustee;
		answer[count].hash = cdr_message_field(hash[count], CDR_SHA256_LEN);
		at[count] = &answer[count];
		count++;
	}
	if (err != CDR_OK && err != CDR_E_ABSENT)
		goto out;
	cdr_query_end(query);
	query = NULL;
	CDR_TRY(set_sign(job, at, count, &inner, &sealed));
	CDR_TRY(set_store(tx, job, &inner, &sealed));
out:
	cdr_query_end(query);
	cdr_buffer_free(&inner);
	cdr_buffer_free(&sealed);
	return err;
}

/* The round that an answer is about. */
static cdr_err
find_closed(struct cdr_hub *hub, ProtobufCBinaryData hash, struct closed **out, struct cdr_fault *fault)
{
	*out = NULL;
	if (hash.len != CDR_ROUND_HASH_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the hash of a round has %d bytes", CDR_ROUND_HASH_LEN);
	cdr_err err = closed_read(hub, hash.data, out, fault);
	return err == CDR_E_ABSENT ? cdr_fault_set(fault, err, "there is no such round here") : err;
}

/* Whoever does not hold is named, once, for the secretariat. */
static cdr_err
name_liar(struct cdr_hub *hub, const struct cdr_call *call, const struct closed *c, cdr_err err,
    const struct cdr_fault *fault)
{
	if (err == CDR_E_PROOF || err == CDR_E_POINT || err == CDR_E_INPUT || err == CDR_E_EXISTS) {
		cdr_hub_misuse_note(hub, call->envelope->signer, "round answer", hash_bytes(c->r.round->hash), call->now, "%s",
		    fault->text);
		cdr_log(CDR_LOG_WARNING, "round.answer_refused", cdr_log_text("signer", call->envelope->signer), cdr_log_err(err));
	}
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_first(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__RoundFirst *request = (const Cdr__Wire__RoundFirst *)call->message;
	struct cdr_answer_read read = { .trustee = 0 };
	struct closed *c = NULL;

	(void)answer;
	CDR_TRY(find_closed(hub, request->round, &c, fault));
	err = cdr_first_read(&c->world, &c->close, cdr_buffer_bytes(&c->r.sums), c->key, call->request, &read, fault);
	if (err != CDR_OK) {
		err = name_liar(hub, call, c, err, fault);
		goto out;
	}
	struct store_job job = { .c = c, .call = call, .answer = &read, .stage = FIRST, .fault = fault };
	CDR_TRY(cdr_store_write(hub->store, store_job, &job));
	if (!c->has_set && (uint64_t)job.count >= read.roster->body->threshold) {
		struct set_job set = { hub, c, read.roster, call->now };
		CDR_TRY(cdr_store_write(hub->store, set_job, &set));
	}
out:
	cdr_answer_free(&read);
	if (c != NULL)
		closed_free(c);
	return err;
}

/* ---- totals ----------------------------------------------------------------------------------------------------- */

struct totals_job {
	const struct closed *c;
	const struct cdr_buffer *totals;
	struct cdr_value transcript;
};

/* A writing job. */
static cdr_err
totals_job(struct cdr_tx *tx, void *context)
{
	const struct totals_job *job = context;

	return cdr_query_run(tx, "UPDATE round SET totals = $2, transcript = $3, state = 'opened' WHERE hash = $1 AND state = 'closed'",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(job->c->r.round->hash)), cdr_value_bytes(cdr_buffer_bytes(job->totals)),
		job->transcript));
}

/* The trustees that have answered twice, with shares of one sharing, the lowest indices first. */
struct second_job {
	const uint8_t *round;
	struct cdr_value transcript;
	uint32_t trustee[CDR_TRUSTEE_COUNT_MAX];
	size_t count;
};

/* A reading job. */
static cdr_err
second_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct second_job *job = context;
	struct cdr_query *query = NULL;
	uint64_t trustee;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->round)), job->transcript);

	CDR_TRY(cdr_query_start(tx, "SELECT trustee FROM round_reply WHERE round = $1 AND stage = 2 AND transcript = $2 ORDER BY trustee",
	    values, &query));
	while (job->count < CDR_TRUSTEE_COUNT_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &trustee));
		job->trustee[job->count++] = (uint32_t)trustee;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The second answers of the first t that were made by ${roster}, read and verified into c->second. */
static cdr_err
seconds_load(struct closed *c, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct second_job job = { .round = c->r.round->hash, .transcript = transcript_of(c, roster) };
	size_t threshold = roster->body->threshold;

	CDR_TRY(cdr_store_read(c->hub->store, second_job, &job));
	if (job.count < threshold)
		return CDR_E_ABSENT;
	for (size_t i = 0; i < threshold; i++) {
		struct cdr_buffer request = { 0 };
		err = answer_load(c, SECOND, job.trustee[i], job.transcript, &request);
		if (err == CDR_OK)
			err = cdr_second_read(&c->world, &c->close, &c->set, &c->opening, cdr_buffer_bytes(&request), &c->second[i], fault);
		cdr_buffer_free(&request);
		if (err != CDR_OK)
			goto out;
	}
out:
	return err;
}

/* Put the counts together, once t trustees have answered twice. */
static cdr_err
put_together(struct closed *c, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer totals = { 0 };
	int32_t *counts = calloc(c->r.round->cell_count, sizeof(*counts));

	if (counts == NULL)
		return CDR_E_MEMORY;
	err = seconds_load(c, roster, fault);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_totals_make(&c->world, &c->close, &c->opening, c->second, roster->body->threshold, counts, fault));
	CDR_TRY(cdr_totals_encode(c->r.round, &c->close, &c->opening, counts, &totals));
	struct totals_job job = { c, &totals, transcript_of(c, roster) };
	CDR_TRY(cdr_store_write(c->hub->store, totals_job, &job));
out:
	cdr_buffer_free(&totals);
	free(counts);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_second(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__RoundSecond *request = (const Cdr__Wire__RoundSecond *)call->message;
	struct cdr_answer_read read = { .trustee = 0 };
	struct closed *c = NULL;

	(void)answer;
	CDR_TRY(find_closed(hub, request->round, &c, fault));
	if (!c->has_set) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "not enough trustees have given their first answer yet");
		goto out;
	}
	CDR_TRY(opening_load(c, fault));
	err = cdr_second_read(&c->world, &c->close, &c->set, &c->opening, call->request, &read, fault);
	if (err != CDR_OK) {
		err = name_liar(hub, call, c, err, fault);
		goto out;
	}
	struct store_job job = { .c = c, .call = call, .answer = &read, .stage = SECOND, .fault = fault };
	CDR_TRY(cdr_store_write(hub->store, store_job, &job));
	if (strcmp(c->r.state, "closed") == 0 && (uint64_t)job.count >= read.roster->body->threshold)
		CDR_TRY(put_together(c, read.roster, fault));
out:
	cdr_answer_free(&read);
	if (c != NULL)
		closed_free(c);
	return err;
}
