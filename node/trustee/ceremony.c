#include "node/trustee/ceremony.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/net/log.h"

#define SEED_PURPOSE "trustee.ceremony"

/* What names an attempt at this trustee, in the database and in the seal of its seed: the ceremony's id. */
static cdr_err
attempt_id(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    uint8_t id[static CDR_CEREMONY_ID_LEN])
{
	return cdr_ceremony_id(trustee->genesis, aim.kind, aim.number, attempt, id);
}

/* ---- attempts --------------------------------------------------------------------------------------------------- */

struct attempt_job {
	struct cdr_trustee_aim aim;
	uint32_t attempt;
	uint32_t *open;
	size_t open_count;
};

/* A reading job. */
static cdr_err
attempt_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct attempt_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(job->aim.kind), cdr_value_int(job->aim.number));
	uint64_t newest;
	char state[16];

	job->attempt = 1;
	CDR_TRY(cdr_query_start(tx, "SELECT attempt, state FROM key_ceremony WHERE act = 1 AND kind = $1 AND number = $2"
	    " ORDER BY attempt DESC LIMIT 1", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_count(query, 0, &newest));
	CDR_TRY(cdr_query_text(query, 1, state, sizeof(state)));
	job->attempt = (uint32_t)newest + (strcmp(state, "failed") == 0 ? 1 : 0);
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_attempt(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t *attempt,
    struct cdr_fault *fault)
{
	struct attempt_job job = { .aim = aim };
	cdr_err err = cdr_store_read(trustee->home->store, attempt_job, &job);

	*attempt = job.attempt;
	if (err == CDR_OK && job.attempt > CDR_TRUSTEE_ATTEMPT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%d attempts for one key have failed: found another exchange",
		    CDR_TRUSTEE_ATTEMPT_MAX);
	return err;
}

/* A reading job. */
static cdr_err
open_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct attempt_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(job->aim.kind), cdr_value_int(job->aim.number),
	    cdr_value_int(job->attempt));
	uint64_t attempt;

	job->open_count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT attempt FROM key_ceremony WHERE act = 1 AND kind = $1 AND number = $2 AND attempt < $3"
	    " AND certified = 1 AND state <> 'done' ORDER BY attempt", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK && job->open_count < CDR_TRUSTEE_ATTEMPT_MAX) {
		CDR_TRY(cdr_query_count(query, 0, &attempt));
		job->open[job->open_count++] = (uint32_t)attempt;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_attempt_open(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    uint32_t open[static CDR_TRUSTEE_ATTEMPT_MAX], size_t *count)
{
	struct attempt_job job = { aim, attempt, open, 0 };
	cdr_err err = cdr_store_read(trustee->home->store, open_job, &job);

	*count = job.open_count;
	return err;
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

struct start_job {
	const struct cdr_trustee *trustee;
	struct cdr_trustee_aim aim;
	uint32_t attempt;
	uint8_t id[CDR_CEREMONY_ID_LEN];
	uint8_t *seed;              /* locked memory */
	struct cdr_buffer messages;
};

static cdr_err
insert_seed(struct cdr_tx *tx, const struct start_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 };
	CDR_TRY(cdr_random(job->seed, CDR_CEREMONY_SEED_LEN));
	CDR_TRY(cdr_seal(job->trustee->home->keys->column, SEED_PURPOSE, (struct cdr_bytes){ job->id, sizeof(job->id) },
	    (struct cdr_bytes){ job->seed, CDR_CEREMONY_SEED_LEN }, &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO key_ceremony (id, act, kind, number, basis, attempt, plan, seed, messages,"
	    " certified, state, started_at) VALUES ($1, 1, $2, $3, $6, $4, $6, $5, $6, 0, 'running', $7)",
	    CDR_VALUES(cdr_value_blob(job->id, sizeof(job->id)), cdr_value_int(job->aim.kind),
		cdr_value_int(job->aim.number), cdr_value_int(job->attempt), cdr_value_bytes(cdr_buffer_bytes(&sealed)),
		cdr_value_blob(NULL, 0), cdr_value_int((int64_t)cdr_trustee_now()))));
out:
	cdr_buffer_free(&sealed);
	return err;
}

static cdr_err
open_seed(const struct start_job *job, struct cdr_bytes sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer seed = { 0 };
	CDR_TRY(cdr_seal_open(job->trustee->home->keys->column, SEED_PURPOSE, (struct cdr_bytes){ job->id, sizeof(job->id) }, sealed,
	    &seed));
	if (seed.len != CDR_CEREMONY_SEED_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	memcpy(job->seed, seed.data, CDR_CEREMONY_SEED_LEN);
out:
	cdr_buffer_free(&seed);
	return err;
}

/* A writing job: what was kept of this attempt, or a new seed for it. */
static cdr_err
start_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct start_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	const struct cdr_values values = CDR_VALUES(cdr_value_blob(job->id, sizeof(job->id)));

	CDR_TRY(cdr_query_start(tx, "SELECT seed, messages FROM key_ceremony WHERE id = $1", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = insert_seed(tx, job);
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_CEREMONY_SEED_LEN + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(open_seed(job, sealed));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_CEREMONY_SAVED_LEN_MAX, &job->messages));
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
make_ceremony(struct cdr_trustee_ceremony *run, const struct start_job *job, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_trustee *t = run->trustee;
	const struct cdr_ceremony_config config = { .roster = run->roster, .genesis = t->genesis, .kind = run->aim.kind,
		.number = run->aim.number, .attempt = run->attempt, .index = t->index, .signing_seed = t->home->keys->signing,
		.static_secret = t->home->keys->sealing, .seed = job->seed };

	CDR_TRY(cdr_ceremony_new(&config, &run->ceremony, fault));
	if (job->messages.len > 0)
		CDR_TRY(cdr_ceremony_load(run->ceremony, cdr_buffer_bytes(&job->messages)));
out:
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_ceremony_start(struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    struct cdr_trustee_ceremony **run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_ceremony *r = NULL;
	struct start_job job = { .trustee = trustee, .aim = aim, .attempt = attempt };

	*run = NULL;
	if (attempt < 1 || attempt > CDR_TRUSTEE_ATTEMPT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "attempts are numbered 1 to %d", CDR_TRUSTEE_ATTEMPT_MAX);
	CDR_TRY(cdr_trustee_confirmed(trustee, fault));
	r = calloc(1, sizeof(*r));
	job.seed = cdr_secret_alloc(CDR_CEREMONY_SEED_LEN);
	if (r == NULL || job.seed == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	r->trustee = trustee;
	r->aim = aim;
	r->attempt = attempt;
	r->roster = cdr_current_hold(trustee->current);
	CDR_TRY(attempt_id(trustee, aim, attempt, job.id));
	CDR_TRY(cdr_store_write(trustee->home->store, start_job, &job));
	CDR_TRY(make_ceremony(r, &job, fault));
	*run = r;
	r = NULL;
out:
	cdr_trustee_ceremony_end(r);
	cdr_buffer_free(&job.messages);
	cdr_secret_free(job.seed);
	return err;
}

void
cdr_trustee_ceremony_end(struct cdr_trustee_ceremony *run)
{
	if (run == NULL)
		return;
	cdr_ceremony_free(run->ceremony);
	cdr_buffer_free(&run->saved);
	cdr_current_release(run->trustee->current, run->roster);
	free(run);
}

/* ---- a turn: fetch, step, save, post ---------------------------------------------------------------------------- */

static cdr_err
ask_hub(struct cdr_trustee_ceremony *run, struct cdr_ask *ask, struct cdr_fault *fault)
{
	cdr_err err = cdr_trustee_ask(run->trustee, run->roster, ask);

	if (err != CDR_OK && fault != NULL)
		*fault = ask->fault;
	return err;
}

static cdr_err
fetch_round(struct cdr_trustee_ceremony *run, uint32_t round, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__CeremonyFetch request = CDR__WIRE__CEREMONY_FETCH__INIT;
	struct cdr_ask ask = { .path = "/v1/ceremony/fetch", .message = &request.base,
		.reply_type = &cdr__wire__ceremony_messages__descriptor, .reply_max = CDR_BODY_CEREMONY_BAG_MAX };

	request.ceremony = cdr_message_field(cdr_ceremony_id_peek(run->ceremony), CDR_CEREMONY_ID_LEN);
	request.round = round;
	CDR_TRY(ask_hub(run, &ask, fault));
	const Cdr__Wire__CeremonyMessages *reply = ask.reply;
	for (size_t i = 0; i < reply->n_message; i++)
		CDR_TRY(cdr_ceremony_take(run->ceremony, reply->message[i]));
out:
	cdr_ask_free(&ask);
	return err;
}

static const char *
state_name(enum cdr_ceremony_state state)
{
	return state == CDR_CEREMONY_DONE ? "done" : state == CDR_CEREMONY_FAILED ? "failed" : "running";
}

struct save_job {
	struct cdr_trustee_ceremony *run;
	struct cdr_buffer messages;
	uint8_t *share;                  /* locked memory; NULL: there is none to store */
	const struct cdr_roster_key *key;
};

/* A writing job: all messages seen, the state, and the share once there is one. */
static cdr_err
save_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct save_job *job = context;
	const struct cdr_trustee_ceremony *run = job->run;

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE key_ceremony SET messages = $2, certified = $3, state = $4 WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(cdr_ceremony_id_peek(run->ceremony), CDR_CEREMONY_ID_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&job->messages)),
		cdr_value_int(cdr_ceremony_has_certified(run->ceremony) ? 1 : 0),
		cdr_value_text(state_name(cdr_ceremony_state(run->ceremony))))));
	if (job->share != NULL)
		CDR_TRY(cdr_trustee_share_put(tx, run->trustee, job->share, job->key));
out:
	return err;
}

static cdr_err
save(struct cdr_trustee_ceremony *run, uint8_t *share, const struct cdr_roster_key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	struct save_job job = { .run = run, .share = share, .key = key };
	struct cdr_buffer old = run->saved;

	CDR_TRY(cdr_ceremony_save(run->ceremony, &job.messages));
	/* The state follows from the messages: where no new one came, nothing is new. */
	if (share == NULL && old.len == job.messages.len && old.len > 0 && memcmp(old.data, job.messages.data, old.len) == 0)
		goto out;
	CDR_TRY(cdr_store_write(run->trustee->home->store, save_job, &job));
	run->saved = job.messages;
	job.messages = old;
out:
	cdr_buffer_free(&job.messages);
	return err;
}

static cdr_err
post_own(struct cdr_trustee_ceremony *run, uint32_t round, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer own = { 0 };
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessage *message;
	struct cdr_ask ask = { .path = "/v1/ceremony/post" };

	err = cdr_ceremony_own(run->ceremony, round, &own);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err != CDR_OK)
		return err;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor, cdr_buffer_bytes(&own), &message));
	ask.message = &message->base;
	CDR_TRY(ask_hub(run, &ask, fault));
	run->has_posted[round] = true;
out:
	if (err == CDR_E_EXISTS && ask.answered)
		cdr_fault_set(fault, err, "the hub holds another message of this trustee in round %" PRIu32 " of attempt %" PRIu32
		    ". Was this folder restored from a backup? Then agree with the other trustees on a new attempt: --attempt %"
		    PRIu32, round, run->attempt, run->attempt + 1);
	cdr_ask_free(&ask);
	cdr_arena_free(&arena);
	cdr_buffer_free(&own);
	return err;
}

static cdr_err
post_result(struct cdr_trustee_ceremony *run, const struct cdr_roster_key *key, struct cdr_fault *fault)
{
	ProtobufCBinaryData share[CDR_TRUSTEE_COUNT_MAX];
	const Cdr__Wire__CeremonyResult result = cdr_trustee_result_of(key, share);
	struct cdr_ask ask = { .path = "/v1/ceremony/result", .message = &result.base };
	cdr_err err = ask_hub(run, &ask, fault);

	cdr_ask_free(&ask);
	return err;
}

/* The ceremony is done: store the share, and tell the hub what has to stand in the roster. */
static cdr_err
conclude(struct cdr_trustee_ceremony *run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	ProtobufCBinaryData public_share[CDR_TRUSTEES_MAX];
	uint8_t transcript[CDR_ROSTER_HASH_LEN], *share = cdr_secret_alloc(CDR_SCALAR_LEN);
	struct cdr_scheme scheme;
	struct cdr_dkg_key made;
	struct cdr_roster_key key = { .kind = run->aim.kind, .number = run->aim.number, .public_share = public_share,
		.share_count = run->roster->body->n_trustee };

	if (share == NULL)
		return CDR_E_MEMORY;
	if (key.kind == CDR_KEY_TAGS) {
		CDR_TRY(cdr_scheme_current(key.number, &scheme));
		key.scheme_version = (struct cdr_bytes){ scheme.version, sizeof(scheme.version) };
	}
	CDR_TRY(cdr_ceremony_result(run->ceremony, &made, transcript, share));
	key.public_key = (struct cdr_bytes){ made.public_key, sizeof(made.public_key) };
	for (size_t i = 0; i < key.share_count; i++)
		public_share[i] = cdr_message_field(made.public_share[i], CDR_POINT_LEN);
	key.transcript = (struct cdr_bytes){ transcript, sizeof(transcript) };
	if (!run->has_result)
		CDR_TRY(save(run, share, &key));
	run->has_result = true;
	CDR_TRY(cdr_trustee_share_refresh(run->trustee));
	CDR_TRY(post_result(run, &key, fault));
out:
	cdr_secret_free(share);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_ceremony_turn(struct cdr_trustee_ceremony *run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	if (cdr_ceremony_state(run->ceremony) != CDR_CEREMONY_DONE) {
		for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++)
			CDR_TRY(fetch_round(run, round, fault));
	}
	CDR_TRY(cdr_ceremony_step(run->ceremony));
	CDR_TRY(save(run, NULL, NULL));
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++) {
		if (!run->has_posted[round])
			CDR_TRY(post_own(run, round, fault));
	}
	if (cdr_ceremony_state(run->ceremony) == CDR_CEREMONY_DONE)
		CDR_TRY(conclude(run, fault));
	err = CDR_OK;
out:
	return err;
}
