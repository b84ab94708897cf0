#include "node/trustee/ceremony.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/net/log.h"
#include "node/trustee/said.h"

#define SEED_PURPOSE "trustee.ceremony"

/* ---- attempts --------------------------------------------------------------------------------------------------- */

/* The transcript of the key as it is, from which a ceremony with this aim begins; empty where it makes one. */
static cdr_err
find_basis(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, struct cdr_roster_key *key)
{
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	bool is_there = held != NULL && cdr_roster_key_find(held->body, aim.kind, aim.number, key);

	if (!is_there || aim.act == CDR_CEREMONY_MAKE)
		*key = (struct cdr_roster_key){ .kind = aim.kind, .number = aim.number };
	cdr_current_release(trustee->current, held);
	return is_there || aim.act == CDR_CEREMONY_MAKE ? CDR_OK : CDR_E_ABSENT;
}

struct attempt_job {
	struct cdr_trustee_aim aim;
	uint8_t basis[CDR_ROSTER_HASH_LEN];
	size_t basis_len;
	uint32_t attempt;
	bool is_done;
	const struct cdr_roster *roster;   /* in force; NULL: none */
	struct cdr_trustee_ceremony_id *open;
	size_t open_count;
};

#define AIM(job) cdr_value_int((job)->aim.act), cdr_value_int((job)->aim.kind), cdr_value_int((job)->aim.number)

/* Whether a ceremony is of those who are trustees now. Where shares change the basis tells that; where a key is made, the plan alone. */
static cdr_err
is_ours(const struct attempt_job *job, struct cdr_bytes bytes, bool *ours)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__CeremonyPlan *plan;

	*ours = true;
	if (job->aim.act != CDR_CEREMONY_MAKE || job->roster == NULL)
		return CDR_OK;
	cdr_err err = cdr_message_decode(&arena, &cdr__wire__ceremony_plan__descriptor, bytes, &plan);
	*ours = err == CDR_OK && cdr_ceremony_plan_gives(plan, job->roster);
	cdr_arena_free(&arena);
	return err == CDR_E_INPUT ? CDR_E_STORE : err;
}

/* A reading job. */
static cdr_err
attempt_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct attempt_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(AIM(job), cdr_value_blob(job->basis, job->basis_len));
	struct cdr_bytes plan;
	uint64_t newest;
	char state[16];

	job->attempt = 1;
	CDR_TRY(cdr_query_start(tx, "SELECT attempt, state, plan FROM key_ceremony WHERE act = $1 AND kind = $2 AND number = $3"
	    " AND basis = $4 ORDER BY attempt DESC", values, &query));
	for (bool ours = false; !ours && (err = cdr_query_step(query)) == CDR_OK;) {
		CDR_TRY(cdr_query_blob_peek(query, 2, CDR_TRUSTEE_PLAN_LEN_MAX, &plan));
		CDR_TRY(is_ours(job, plan, &ours));
		if (!ours)
			continue;
		CDR_TRY(cdr_query_count(query, 0, &newest));
		CDR_TRY(cdr_query_text(query, 1, state, sizeof(state)));
		job->attempt = (uint32_t)newest + (strcmp(state, "failed") == 0 ? 1 : 0);
		job->is_done = strcmp(state, "done") == 0;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_attempt(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t *attempt, bool *is_done,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct attempt_job job = { .aim = aim, .attempt = 1 };
	struct cdr_roster_key key;

	CDR_TRY(find_basis(trustee, aim, &key));
	job.basis_len = key.transcript.len < sizeof(job.basis) ? key.transcript.len : sizeof(job.basis);
	if (job.basis_len > 0)
		memcpy(job.basis, key.transcript.data, job.basis_len);
	job.roster = cdr_current_hold(trustee->current);
	CDR_TRY(cdr_store_read(trustee->home->store, attempt_job, &job));
	if (job.attempt > CDR_TRUSTEE_ATTEMPT_MAX)
		err = cdr_fault_set(fault, CDR_E_RANGE, "%d attempts for one key have failed: found another exchange",
		    CDR_TRUSTEE_ATTEMPT_MAX);
out:
	cdr_current_release(trustee->current, job.roster);
	*attempt = job.attempt;
	*is_done = job.is_done;
	return err;
}

/* A reading job. */
static cdr_err
open_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct attempt_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(AIM(job), cdr_value_int(job->attempt));
	struct cdr_bytes plan;
	bool ours;

	job->open_count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT id, plan FROM key_ceremony WHERE act = $1 AND kind = $2 AND number = $3 AND attempt <> $4"
	    " AND certified = 1 AND state <> 'done' AND length(seed) > 0 ORDER BY attempt", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK && job->open_count < CDR_TRUSTEE_ATTEMPT_MAX) {
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_TRUSTEE_PLAN_LEN_MAX, &plan));
		CDR_TRY(is_ours(job, plan, &ours));
		if (!ours)
			continue;
		CDR_TRY(cdr_query_blob(query, 0, job->open[job->open_count].bytes, CDR_CEREMONY_ID_LEN));
		job->open_count++;
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
    struct cdr_trustee_ceremony_id open[static CDR_TRUSTEE_ATTEMPT_MAX], size_t *count)
{
	struct attempt_job job = { .aim = aim, .attempt = attempt, .open = open, .roster = cdr_current_hold(trustee->current) };
	cdr_err err = cdr_store_read(trustee->home->store, open_job, &job);

	cdr_current_release(trustee->current, job.roster);
	*count = job.open_count;
	return err;
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

struct start_job {
	const struct cdr_trustee *trustee;
	uint8_t id[CDR_CEREMONY_ID_LEN];
	const Cdr__Wire__CeremonyPlan *plan;   /* NULL: there must be one */
	uint8_t *seed;              /* locked memory */
	struct cdr_buffer stored_plan, messages;
};

static cdr_err
insert_ceremony(struct cdr_tx *tx, struct start_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__CeremonyPlan *p = job->plan;
	struct cdr_buffer sealed = { 0 };

	CDR_TRY(cdr_message_encode(&p->base, &job->stored_plan));
	CDR_TRY(cdr_random(job->seed, CDR_CEREMONY_SEED_LEN));
	CDR_TRY(cdr_seal(job->trustee->home->keys->column, SEED_PURPOSE, (struct cdr_bytes){ job->id, sizeof(job->id) },
	    (struct cdr_bytes){ job->seed, CDR_CEREMONY_SEED_LEN }, &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO key_ceremony (id, act, kind, number, basis, attempt, plan, seed, messages,"
	    " certified, state, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 'running', $10)",
	    CDR_VALUES(cdr_value_blob(job->id, sizeof(job->id)), cdr_value_int(p->act), cdr_value_int(p->kind),
		cdr_value_int(p->number), cdr_value_bytes(cdr_message_bytes(p->basis)), cdr_value_int(p->attempt),
		cdr_value_bytes(cdr_buffer_bytes(&job->stored_plan)), cdr_value_bytes(cdr_buffer_bytes(&sealed)),
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

	CDR_TRY(cdr_seal_open(job->trustee->home->keys->column, SEED_PURPOSE, (struct cdr_bytes){ job->id, sizeof(job->id) },
	    sealed, &seed));
	if (seed.len != CDR_CEREMONY_SEED_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	memcpy(job->seed, seed.data, CDR_CEREMONY_SEED_LEN);
out:
	cdr_buffer_free(&seed);
	return err;
}

/* A writing job: what was kept of this ceremony, or a new seed for it. */
static cdr_err
start_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct start_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	const struct cdr_values values = CDR_VALUES(cdr_value_blob(job->id, sizeof(job->id)));

	CDR_TRY(cdr_query_start(tx, "SELECT seed, messages, plan FROM key_ceremony WHERE id = $1", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT && job->plan != NULL) {
		err = insert_ceremony(tx, job);
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_CEREMONY_SEED_LEN + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(open_seed(job, sealed));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_CEREMONY_SAVED_LEN_MAX, &job->messages));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_TRUSTEE_PLAN_LEN_MAX, &job->stored_plan));
out:
	cdr_query_end(query);
	return err;
}

struct basis_job {
	const Cdr__Wire__CeremonyPlan *plan;
	struct cdr_roster *roster;
};

/* A reading job: the newest roster that names the key as the plan found it. */
static cdr_err
basis_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct basis_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	struct cdr_roster_key key;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT signed FROM roster ORDER BY version DESC", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
		CDR_TRY(cdr_roster_decode(bytes, &job->roster, NULL));
		if (cdr_roster_key_find(job->roster->body, (enum cdr_key_kind)job->plan->kind, job->plan->number, &key) &&
		    key.transcript.len == job->plan->basis.len &&
		    memcmp(key.transcript.data, job->plan->basis.data, key.transcript.len) == 0)
			break;
		cdr_roster_free(job->roster);
		job->roster = NULL;
	}
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_ceremony_look(struct cdr_tx *tx, const Cdr__Wire__CeremonyPlan *plan, struct cdr_bytes messages,
    struct cdr_ceremony **ceremony)
{
	cdr_err err = CDR_E_INTERNAL;
	struct basis_job basis = { .plan = plan };
	struct cdr_ceremony_config config = { .plan = plan };
	struct cdr_roster_key key;

	*ceremony = NULL;
	if (plan->act != CDR_CEREMONY_MAKE) {
		CDR_TRY(basis_job(tx, &basis));
		(void)cdr_roster_key_find(basis.roster->body, (enum cdr_key_kind)plan->kind, plan->number, &key);
		config.key = &key;
	}
	CDR_TRY(cdr_ceremony_new(&config, ceremony, NULL));
	if (messages.len > 0)
		CDR_TRY(cdr_ceremony_load(*ceremony, messages));
	CDR_TRY(cdr_ceremony_step(*ceremony));
out:
	cdr_roster_free(basis.roster);
	if (err != CDR_OK) {
		cdr_ceremony_free(*ceremony);
		*ceremony = NULL;
	}
	return err;
}

/* Whether that ceremony gave ${key}, among those who are trustees by ${before} and by ${after}. */
static cdr_err
proves_key(struct cdr_bytes plan, struct cdr_bytes messages, const struct cdr_roster *before, const struct cdr_roster *after,
    const struct cdr_roster_key *key, bool *proves)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena plan_arena = { 0 }, bag_arena = { 0 };
	Cdr__Wire__CeremonyTranscript transcript = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;
	Cdr__Wire__CeremonyMessages *bag;

	*proves = false;
	CDR_TRY(cdr_message_decode(&plan_arena, &cdr__wire__ceremony_plan__descriptor, plan, &transcript.plan));
	CDR_TRY(cdr_message_decode(&bag_arena, &cdr__wire__ceremony_messages__descriptor, messages, &bag));
	transcript.n_message = bag->n_message;
	transcript.message = bag->message;
	if (transcript.plan->genesis.len != CDR_ROSTER_HASH_LEN || !cdr_ceremony_plan_gives(transcript.plan, after))
		goto out;
	err = cdr_ceremony_verify(&transcript, before, transcript.plan->genesis.data, key, NULL);
	*proves = err == CDR_OK;
	err = err == CDR_E_MEMORY ? err : CDR_OK;
out:
	cdr_arena_free(&bag_arena);
	cdr_arena_free(&plan_arena);
	return err == CDR_E_INPUT ? CDR_E_STORE : err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_key_is_theirs(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *after,
    const struct cdr_roster_key *key, bool *theirs)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes plan, messages;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(key->kind), cdr_value_int(key->number));

	*theirs = true;
	CDR_TRY(cdr_query_start(tx, "SELECT plan, messages FROM key_ceremony WHERE kind = $1 AND number = $2 AND state = 'done'"
	    " ORDER BY started_at DESC", values, &query));
	for (bool found = false; !found && (err = cdr_query_step(query)) == CDR_OK;) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_TRUSTEE_PLAN_LEN_MAX, &plan));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_CEREMONY_SAVED_LEN_MAX, &messages));
		CDR_TRY(proves_key(plan, messages, before, after, key, &found));
		*theirs = found;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Our number in the plan, found by our key; 0 if we are not in it. */
static uint32_t
own_number(const struct cdr_trustee_ceremony *run)
{
	const uint8_t *own = run->trustee->home->signing_public;

	for (size_t i = 0; i < run->plan->n_participant; i++) {
		const ProtobufCBinaryData key = run->plan->participant[i]->party->signing_key;

		if (key.len == CDR_SIGN_PUBLIC_LEN && memcmp(key.data, own, CDR_SIGN_PUBLIC_LEN) == 0)
			return (uint32_t)i + 1;
	}
	return 0;
}

static cdr_err
make_ceremony(struct cdr_trustee_ceremony *run, const struct start_job *job, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_trustee *t = run->trustee;
	struct basis_job basis = { .plan = run->plan };
	struct cdr_roster_key key;
	struct cdr_ceremony_config config = { .plan = run->plan, .index = own_number(run),
		.signing_seed = t->home->keys->signing, .seed = job->seed };
	uint8_t *share = cdr_secret_alloc(CDR_SCALAR_LEN);

	if (share == NULL)
		return CDR_E_MEMORY;
	if (config.index == 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the plan of this ceremony does not name this trustee");
		goto out;
	}
	if (run->plan->act != CDR_CEREMONY_MAKE) {
		CDR_TRY(cdr_store_read(t->home->store, basis_job, &basis));
		run->basis = basis.roster;
		(void)cdr_roster_key_find(run->basis->body, run->aim.kind, run->aim.number, &key);
		config.key = &key;
		err = cdr_trustee_share_read(t, &key, share);
		config.share = err == CDR_OK ? share : NULL;
		if (err != CDR_OK && err != CDR_E_ABSENT)
			goto out;
	}
	CDR_TRY(cdr_ceremony_new(&config, &run->ceremony, fault));
	if (job->messages.len > 0)
		CDR_TRY(cdr_ceremony_load(run->ceremony, cdr_buffer_bytes(&job->messages)));
	err = CDR_OK;
out:
	cdr_secret_free(share);
	return err;
}

/* With an id, and a plan if the ceremony may begin now. */
static cdr_err
start_run(struct cdr_trustee *trustee, struct start_job *job, struct cdr_trustee_ceremony **run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_ceremony *r = calloc(1, sizeof(*r));

	job->seed = cdr_secret_alloc(CDR_CEREMONY_SEED_LEN);
	if (r == NULL || job->seed == NULL) {
		free(r);
		err = CDR_E_MEMORY;
		r = NULL;
		goto out;
	}
	r->trustee = trustee;
	r->roster = cdr_current_hold(trustee->current);
	CDR_TRY(cdr_store_write(trustee->home->store, start_job, job));
	CDR_TRY(cdr_message_decode(&r->plan_arena, &cdr__wire__ceremony_plan__descriptor, cdr_buffer_bytes(&job->stored_plan),
	    &r->plan));
	r->aim = (struct cdr_trustee_aim){ (enum cdr_ceremony_act)r->plan->act, (enum cdr_key_kind)r->plan->kind,
		r->plan->number };
	r->attempt = r->plan->attempt;
	CDR_TRY(make_ceremony(r, job, fault));
	*run = r;
	r = NULL;
out:
	cdr_trustee_ceremony_end(r);
	cdr_buffer_free(&job->messages);
	cdr_buffer_free(&job->stored_plan);
	cdr_secret_free(job->seed);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_ceremony_start(struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    const Cdr__Wire__TrusteeChange *change, struct cdr_trustee_ceremony **run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct start_job job = { .trustee = trustee };
	struct cdr_ceremony_draft *draft = calloc(1, sizeof(*draft));
	const struct cdr_roster *roster = NULL;
	struct cdr_roster_key key;

	*run = NULL;
	if (draft == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_trustee_confirmed(trustee, fault));
	if (attempt < 1 || (aim.act != CDR_CEREMONY_RESHARE && attempt > CDR_TRUSTEE_ATTEMPT_MAX)) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "attempts are numbered 1 to %d", CDR_TRUSTEE_ATTEMPT_MAX);
		goto out;
	}
	roster = cdr_current_hold(trustee->current);
	if (aim.act != CDR_CEREMONY_MAKE && !cdr_roster_key_find(roster->body, aim.kind, aim.number, &key)) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "the roster names no key %" PRIu32 " of that kind", aim.number);
		goto out;
	}
	if (aim.act == CDR_CEREMONY_MAKE)
		cdr_ceremony_plan_make(roster, trustee->genesis, aim.kind, aim.number, attempt, draft);
	else if (aim.act == CDR_CEREMONY_REFRESH)
		cdr_ceremony_plan_refresh(roster, trustee->genesis, &key, attempt, draft);
	else
		CDR_TRY(cdr_ceremony_plan_reshare(change, &key, draft));
	job.plan = &draft->plan;
	CDR_TRY(cdr_ceremony_id(job.plan, job.id));
	CDR_TRY(start_run(trustee, &job, run, fault));
out:
	cdr_current_release(trustee->current, roster);
	free(draft);
	return err;
}

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_ceremony_resume(struct cdr_trustee *trustee, const struct cdr_trustee_ceremony_id *id,
    struct cdr_trustee_ceremony **run, struct cdr_fault *fault)
{
	struct start_job job = { .trustee = trustee };

	*run = NULL;
	memcpy(job.id, id->bytes, sizeof(job.id));
	return start_run(trustee, &job, run, fault);
}

void
cdr_trustee_ceremony_end(struct cdr_trustee_ceremony *run)
{
	if (run == NULL)
		return;
	cdr_ceremony_free(run->ceremony);
	cdr_buffer_free(&run->saved);
	cdr_roster_free(run->basis);
	cdr_arena_free(&run->plan_arena);
	cdr_current_release(run->trustee->current, run->roster);
	free(run);
}

/* ---- what is due ------------------------------------------------------------------------------------------------- */

/* see node/trustee/ceremony.h */
cdr_err
cdr_trustee_due(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_trustee_aim aim[static 2],
    size_t *count, struct cdr_fault *fault)
{
	struct cdr_ask ask = { .path = "/v1/ceremony/due", .reply_type = &cdr__wire__ceremony_due__descriptor };
	cdr_err err = cdr_trustee_ask(trustee, roster, &ask);

	*count = 0;
	if (err != CDR_OK && fault != NULL)
		*fault = ask.fault;
	const Cdr__Wire__CeremonyDue *due = ask.reply;
	for (size_t i = 0; err == CDR_OK && i < due->n_key && *count < 2; i++) {
		struct cdr_roster_key newest;

		if (cdr_roster_key_newest(roster->body, (enum cdr_key_kind)due->key[i]->kind, &newest) &&
		    due->key[i]->number == newest.number + 1)
			aim[(*count)++] = (struct cdr_trustee_aim){ CDR_CEREMONY_MAKE, newest.kind, newest.number + 1 };
	}
	cdr_ask_free(&ask);
	return err;
}

/* ---- a turn: fetch, step, save, post ---------------------------------------------------------------------------- */

/* Whoever is in no roster yet brings the key with which it signs. */
static void
bring_key(const struct cdr_trustee_ceremony *run, protobuf_c_boolean *has, ProtobufCBinaryData *key)
{
	*has = run->trustee->index == 0;
	if (*has)
		*key = cdr_message_field(run->trustee->home->signing_public, CDR_SIGN_PUBLIC_LEN);
}

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
	bring_key(run, &request.has_key, &request.key);
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

/* What is going to be said of it. */
static cdr_err
note_said(struct cdr_tx *tx, const struct cdr_trustee_ceremony *run, const struct cdr_roster_key *key)
{
	ProtobufCBinaryData share[CDR_TRUSTEE_COUNT_MAX];
	const Cdr__Wire__CeremonyKey made = cdr_trustee_key_message(key, run->plan->threshold, share);

	return cdr_trustee_said_note(tx, run->plan->act, &made, cdr_trustee_now());
}

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
		CDR_TRY(cdr_trustee_share_put(tx, run->trustee, job->share, job->key, run->plan->threshold,
		    cdr_message_bytes(run->plan->basis)));
	if (job->share != NULL && run->trustee->index != 0)
		CDR_TRY(note_said(tx, run, job->key));
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
	bring_key(run, &message->has_key, &message->key);
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

/* Whether this trustee bears another index than when the ceremony began, or none then. What it says now would stand in the log as another's, who bore it then. */
static bool
has_moved(const struct cdr_trustee_ceremony *run)
{
	for (size_t i = 0; i < run->plan->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = run->plan->participant[i];

		if (p->party->signing_key.len == CDR_SIGN_PUBLIC_LEN &&
		    memcmp(p->party->signing_key.data, run->trustee->home->signing_public, CDR_SIGN_PUBLIC_LEN) == 0)
			return p->before != run->trustee->index;
	}
	return false;
}

static cdr_err
post_result(struct cdr_trustee_ceremony *run, const struct cdr_roster_key *key, struct cdr_fault *fault)
{
	ProtobufCBinaryData share[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__CeremonyKey made = cdr_trustee_key_message(key, run->plan->threshold, share);
	Cdr__Wire__CeremonyResult result = CDR__WIRE__CEREMONY_RESULT__INIT;
	struct cdr_ask ask = { .path = "/v1/ceremony/result", .message = &result.base,
		.reply_type = &cdr__wire__logged__descriptor };
	cdr_err err;

	/* What a newcomer has to say, those who are trustees now say for it. */
	if (run->trustee->index == 0 || has_moved(run))
		return CDR_OK;
	result.ceremony = cdr_message_field(cdr_ceremony_id_peek(run->ceremony), CDR_CEREMONY_ID_LEN);
	result.act = run->plan->act;
	result.basis = run->plan->basis;
	result.key = &made;
	err = ask_hub(run, &ask, fault);
	if (err == CDR_OK) {
		const Cdr__Wire__Logged *reply = ask.reply;
		err = cdr_trustee_said_receipt(run->trustee, run->roster, &made, run->plan->act, reply->receipt, fault);
	}
	cdr_ask_free(&ask);
	return err;
}

/* How many trustees the key has afterwards. */
static size_t
count_holders(const Cdr__Wire__CeremonyPlan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->n_participant; i++)
		count += plan->participant[i]->after != 0;
	return count;
}

/* The ceremony is done: store the share, and tell the hub what has to stand in the roster. */
static cdr_err
conclude(struct cdr_trustee_ceremony *run, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	ProtobufCBinaryData public_share[CDR_TRUSTEES_MAX];
	uint8_t *share = cdr_secret_alloc(CDR_SCALAR_LEN);
	struct cdr_scheme scheme;
	struct cdr_dkg_key made;
	struct cdr_roster_key before, key = { .kind = run->aim.kind, .number = run->aim.number,
		.public_share = public_share, .share_count = count_holders(run->plan) };

	if (share == NULL)
		return CDR_E_MEMORY;
	if (run->basis != NULL) {
		(void)cdr_roster_key_find(run->basis->body, key.kind, key.number, &before);
		key.scheme_version = before.scheme_version;
	} else if (key.kind == CDR_KEY_TAGS) {
		CDR_TRY(cdr_scheme_current(key.number, &scheme));
		key.scheme_version = (struct cdr_bytes){ scheme.version, sizeof(scheme.version) };
	}
	CDR_TRY(cdr_ceremony_result(run->ceremony, &made, run->transcript, share));
	key.public_key = (struct cdr_bytes){ made.public_key, sizeof(made.public_key) };
	for (size_t i = 0; i < key.share_count; i++)
		public_share[i] = cdr_message_field(made.public_share[i], CDR_POINT_LEN);
	key.transcript = (struct cdr_bytes){ run->transcript, sizeof(run->transcript) };
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
	err = cdr_ceremony_step(run->ceremony);
	if (err == CDR_E_EXISTS)
		cdr_fault_set(fault, err, "the hub holds messages of this trustee in attempt %" PRIu32 " that it said with a seed which is "
		    "lost. Was this folder restored from a backup? Then agree with the other trustees on a new attempt: --attempt %"
		    PRIu32, run->attempt, run->attempt + 1);
	if (err != CDR_OK)
		goto out;
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
