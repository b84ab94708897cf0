#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/round.h"

#define TASKS_MAX 4
#define CANDIDATES_MAX 16

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* ---- what waits for a trustee ----------------------------------------------------------------------------------- */

struct work_job {
	uint32_t trustee;
	struct cdr_bytes key;          /* its signing key */
	const Cdr__Wire__RoundWorkRequest *request;
	uint8_t hash[CANDIDATES_MAX][CDR_ROUND_HASH_LEN];
	size_t count;
};

/* A writing job: what the asker refused, and would look at again. */
static cdr_err
again_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_OK;
	const struct work_job *job = context;

	for (size_t i = 0; err == CDR_OK && i < job->request->n_again && i < CANDIDATES_MAX; i++)
		err = cdr_query_run(tx, "DELETE FROM round_refusal WHERE round = $1 AND trustee = $2",
		    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->request->again[i])), cdr_value_int(job->trustee)));
	return err;
}

/* A reading job: rounds in which the asker may have a step to take. Who refused, or never opens it, is not asked again. */
static cdr_err
work_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct work_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(job->trustee), cdr_value_bytes(job->key));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT hash FROM round WHERE close_place IS NOT NULL AND (state = 'given_up' OR (state = 'closed' AND NOT EXISTS"
	    " (SELECT 1 FROM round_refusal WHERE round_refusal.round = round.hash AND round_refusal.trustee = $1)))"
	    " AND NOT EXISTS (SELECT 1 FROM round_never WHERE round_never.round = round.hash AND round_never.signer = $2)"
	    " ORDER BY closed_at, hash",
	    values, &query));
	while (job->count < CANDIDATES_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, job->hash[job->count++], CDR_ROUND_HASH_LEN));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* What happened in the log about some of the same months before a round was closed. */
struct before {
	struct cdr_hub_round r;
	struct cdr_arena arena;
	Cdr__Wire__RoundBefore message;
	Cdr__Wire__SignedRound sealed;
	struct cdr_buffer never[CDR_ROUND_NEVER_MAX];
	ProtobufCBinaryData field[CDR_ROUND_NEVER_MAX];
};

/* One task and what it is made of. */
struct task {
	struct cdr_hub_round r;
	struct cdr_arena close_arena, set_arena;
	Cdr__Wire__RoundTask message;
	Cdr__Wire__SignedRound sealed;
	Cdr__Wire__LogView view[2];
	uint8_t extension[2][CDR_MERKLE_PROOF_MAX * CDR_MERKLE_HASH_LEN];
	struct before *before;
	Cdr__Wire__RoundBefore *before_at[CDR_ROUND_BEFORE_MAX];
	size_t before_count;
};

static void
task_free(struct task *t)
{
	for (size_t i = 0; i < t->before_count; i++) {
		for (size_t k = 0; k < CDR_ROUND_NEVER_MAX; k++)
			cdr_buffer_free(&t->before[i].never[k]);
		cdr_arena_free(&t->before[i].arena);
		cdr_hub_round_free(&t->before[i].r);
	}
	free(t->before);
	cdr_arena_free(&t->close_arena);
	cdr_arena_free(&t->set_arena);
	cdr_hub_round_free(&t->r);
}

/* ---- the log ---- */

struct extend_job {
	uint64_t a, b;
	bool is_there;
	struct cdr_merkle_proof proof;
};

/* A reading job: that the shorter of two logs is the beginning of the other. */
static cdr_err
extend_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct extend_job *job = context;
	uint64_t size, small = job->a < job->b ? job->a : job->b, large = job->a < job->b ? job->b : job->a;

	CDR_TRY(cdr_hub_log_size_read(tx, &size));
	job->is_there = small > 0 && large <= size;
	if (job->is_there)
		CDR_TRY(cdr_merkle_extend(cdr_hub_log_node, tx, small, large, &job->proof));
out:
	return err;
}

/* The checkpoint that was kept behind a closing or a set, and how the asker's own log goes with it. */
static cdr_err
view_fill(struct cdr_hub *hub, const struct cdr_roster *roster, const struct cdr_buffer *note, uint64_t log_size,
    struct task *t, int which)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_checkpoint checkpoint;
	struct extend_job job = { .a = log_size };
	Cdr__Wire__LogView *view = &t->view[which];

	if (note->len == 0)
		return CDR_OK;
	CDR_TRY(cdr_checkpoint_read(cdr_buffer_bytes(note), hub->genesis, roster, &checkpoint, NULL));
	job.b = checkpoint.size;
	CDR_TRY(cdr_store_read(hub->store, extend_job, &job));
	if (!job.is_there)
		return CDR_OK;
	*view = (Cdr__Wire__LogView)CDR__WIRE__LOG_VIEW__INIT;
	for (size_t i = 0; i < job.proof.count; i++)
		memcpy(t->extension[which] + i * CDR_MERKLE_HASH_LEN, job.proof.hash[i], CDR_MERKLE_HASH_LEN);
	view->checkpoint = cdr_message_field(note->data, note->len);
	view->extension = cdr_message_field(t->extension[which], job.proof.count * CDR_MERKLE_HASH_LEN);
	if (which == 0)
		t->message.shown = view;
	else
		t->message.set_shown = view;
out:
	return err;
}

/* ---- earlier rounds ---- */

struct never_job {
	struct before *b;
};

/* A reading job: who has signed that the round is never opened. */
static cdr_err
never_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct never_job *job = context;
	struct before *b = job->b;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(b->r.round->hash)));

	CDR_TRY(cdr_query_start(tx, "SELECT request FROM round_never WHERE round = $1 ORDER BY stored_at DESC, signer", values, &query));
	while (b->message.n_never < CDR_ROUND_NEVER_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_buffer *request = &b->never[b->message.n_never];
		CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_SMALL_MAX, request));
		b->field[b->message.n_never++] = cdr_message_field(request->data, request->len);
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	b->message.never = b->field;
	return err;
}

/* One round that was closed before ${t}'s, if it is about some of the same months. */
static cdr_err
before_fill(struct cdr_hub *hub, struct task *t, const uint8_t *hash)
{
	cdr_err err = CDR_E_INTERNAL;
	struct before *b = &t->before[t->before_count];
	struct never_job job = { b };

	b->message = (Cdr__Wire__RoundBefore)CDR__WIRE__ROUND_BEFORE__INIT;
	t->before_at[t->before_count] = &b->message;
	t->before_count++;
	CDR_TRY(cdr_hub_round_load(hub, hash, &b->r));
	b->sealed = *b->r.round->sealed;
	b->message.round = &b->sealed;
	CDR_TRY(cdr_message_decode(&b->arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&b->r.close), &b->message.close));
	CDR_TRY(cdr_store_read(hub->store, never_job, &job));
out:
	return err;
}

struct earlier_job {
	uint64_t place;
	const Cdr__Wire__Round *body;
	uint32_t near;
	uint8_t hash[CDR_ROUND_BEFORE_MAX][CDR_ROUND_HASH_LEN];
	size_t count;
};

/* A reading job: rounds with a list that were closed before that place, about some of the same months; with names, or half a year apart. */
static cdr_err
earlier_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct earlier_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_round *other = NULL;
	struct cdr_bytes sealed;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)job->place));

	CDR_TRY(cdr_query_start(tx, "SELECT hash, sealed FROM round WHERE close_place < $1 AND close_list IS NOT NULL"
	    " ORDER BY close_place", values, &query));
	while (job->count < CDR_ROUND_BEFORE_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_BODY_SMALL_MAX * 16, &sealed));
		CDR_TRY(cdr_round_decode(sealed, &other, NULL));
		if (other->body->first_month <= job->body->last_month + job->near && other->body->last_month + job->near >= job->body->first_month)
			CDR_TRY(cdr_query_blob(query, 0, job->hash[job->count++], CDR_ROUND_HASH_LEN));
		cdr_round_free(other);
		other = NULL;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_round_free(other);
	cdr_query_end(query);
	return err;
}

static cdr_err
earlier_fill(struct cdr_hub *hub, struct task *t)
{
	cdr_err err = CDR_E_INTERNAL;
	struct earlier_job job = { .place = t->r.close_place, .body = t->r.round->body,
		.near = cdr_round_has_names(t->r.round) ? CDR_ROUND_NAMES_MONTHS : 0 };

	CDR_TRY(cdr_store_read(hub->store, earlier_job, &job));
	t->before = calloc(job.count + 1, sizeof(*t->before));
	if (t->before == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < job.count; i++)
		CDR_TRY(before_fill(hub, t, job.hash[i]));
	t->message.before = t->before_at;
	t->message.n_before = t->before_count;
out:
	return err;
}

/* ---- a task ---- */

struct answered_job {
	const struct task *t;
	uint32_t trustee;
	struct cdr_bytes transcript;
	int64_t count;
};

/* A reading job: whether the asker has taken the step, with the share that it has now. */
static cdr_err
answered_job(struct cdr_tx *tx, void *context)
{
	struct answered_job *job = context;

	return cdr_query_one_int(tx, "SELECT count(*) FROM round_reply WHERE round = $1 AND trustee = $2 AND transcript = $3 AND stage = $4",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(job->t->r.round->hash)), cdr_value_int(job->trustee), cdr_value_bytes(job->transcript),
		cdr_value_int(job->t->r.set.len > 0 ? 2 : 1)), &job->count);
}

/* Whether there is something to do for the asker: the log must have been witnessed, the step not taken. */
static cdr_err
is_due(struct cdr_hub *hub, const struct cdr_call *call, const struct task *t, bool *due)
{
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(call->roster, t->r.round->body->statistics_key);
	struct answered_job job = { .t = t, .trustee = call->trustee->index };
	cdr_err err;

	*due = strcmp(t->r.state, "given_up") == 0;
	if (*due || key == NULL || t->message.shown == NULL)
		return CDR_OK;
	/* Noise counts once: whose is told by the log as well. */
	if (t->r.set.len > 0 && t->r.round->body->has_epsilon_milli && t->message.set_shown == NULL)
		return CDR_OK;
	job.transcript = cdr_message_bytes(key->transcript);
	err = cdr_store_read(hub->store, answered_job, &job);
	*due = err == CDR_OK && job.count == 0;
	return err;
}

static cdr_err
task_fill(struct cdr_hub *hub, const struct cdr_call *call, const uint8_t *hash, struct task *t, bool *due)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__RoundWorkRequest *request = (const Cdr__Wire__RoundWorkRequest *)call->message;

	CDR_TRY(cdr_hub_round_load(hub, hash, &t->r));
	t->message = (Cdr__Wire__RoundTask)CDR__WIRE__ROUND_TASK__INIT;
	t->sealed = *t->r.round->sealed;
	t->message.round = &t->sealed;
	t->message.has_given_up = t->message.given_up = strcmp(t->r.state, "given_up") == 0;
	CDR_TRY(cdr_message_decode(&t->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&t->r.close),
	    &t->message.close));
	if (t->r.set.len > 0)
		CDR_TRY(cdr_message_decode(&t->set_arena, &cdr__wire__signed_set__descriptor, cdr_buffer_bytes(&t->r.set),
		    &t->message.set));
	CDR_TRY(view_fill(hub, call->roster, &t->r.close_note, request->log_size, t, 0));
	CDR_TRY(view_fill(hub, call->roster, &t->r.set_note, request->log_size, t, 1));
	CDR_TRY(is_due(hub, call, t, due));
	if (*due)
		CDR_TRY(earlier_fill(hub, t));
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_work(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct work_job job = { .trustee = call->trustee->index, .key = cdr_message_bytes(call->trustee->party->signing_key),
		.request = (const Cdr__Wire__RoundWorkRequest *)call->message };
	struct task *task = calloc(TASKS_MAX, sizeof(*task));
	Cdr__Wire__RoundTask *message[TASKS_MAX];
	Cdr__Wire__RoundWork work = CDR__WIRE__ROUND_WORK__INIT;
	bool due;

	(void)fault;
	if (task == NULL)
		return CDR_E_MEMORY;
	if (job.request->n_again > 0)
		CDR_TRY(cdr_store_write(hub->store, again_job, &job));
	CDR_TRY(cdr_store_read(hub->store, work_job, &job));
	for (size_t i = 0; i < job.count && work.n_task < TASKS_MAX; i++) {
		struct task *t = &task[work.n_task];
		CDR_TRY(task_fill(hub, call, job.hash[i], t, &due));
		if (due) {
			message[work.n_task++] = &t->message;
			continue;
		}
		task_free(t);
		*t = (struct task){ .before_count = 0 };
	}
	work.task = message;
	CDR_TRY(cdr_message_encode(&work.base, &answer->body));
out:
	for (size_t i = 0; i < TASKS_MAX; i++)
		task_free(&task[i]);
	free(task);
	return err;
}

/* ---- evidence --------------------------------------------------------------------------------------------------- */

struct evidence_job {
	const Cdr__Wire__RoundEvidenceRequest *request;
	const char *sql;
	size_t left;                        /* bytes that still fit */
	struct cdr_buffer item[CDR_MEMBER_COUNT_MAX];
	size_t count;
};

/* A reading job: as many as fit; one at least, if there is one. */
static cdr_err
evidence_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct evidence_job *job = context;
	struct cdr_query *query = NULL;
	uint64_t at = 0;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->request->round)));

	CDR_TRY(cdr_query_start(tx, job->sql, values, &query));
	while (job->count < CDR_MEMBER_COUNT_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_bytes request;
		if (at++ < job->request->from)
			continue;
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROUND_MAX, &request));
		if (job->count > 0 && request.len > job->left)
			break;
		job->left -= request.len < job->left ? request.len : job->left;
		CDR_TRY(cdr_buffer_copy(request, &job->item[job->count++]));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Which requests a kind of evidence is; NULL for no such kind. */
static const char *
evidence_sql(const char *kind)
{
	if (strcmp(kind, "contribution") == 0)
		return "SELECT request FROM round_contribution WHERE round = $1 ORDER BY member";
	if (strcmp(kind, "first") == 0)
		return "SELECT request FROM round_reply WHERE round = $1 AND stage = 1 ORDER BY trustee";
	return NULL;
}

/* The roster of version ${from}, by which something in the round was done. */
static cdr_err
roster_evidence(struct cdr_hub *hub, struct evidence_job *job, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_shelf shelf;
	const struct cdr_roster *roster;

	cdr_hub_shelf(hub, &shelf);
	CDR_TRY(cdr_shelf_at(&shelf, job->request->from, &roster, fault));
	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(&roster->bytes), &job->item[0]));
	job->count = 1;
out:
	cdr_shelf_free(&shelf);
	return err;
}

static cdr_err
evidence_answer(const struct evidence_job *job, struct cdr_answer *answer)
{
	Cdr__Wire__RoundEvidence reply = CDR__WIRE__ROUND_EVIDENCE__INIT;
	ProtobufCBinaryData *field = calloc(job->count + 1, sizeof(*field));

	if (field == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < job->count; i++)
		field[i] = cdr_message_field(job->item[i].data, job->item[i].len);
	reply.request = field;
	reply.n_request = job->count;
	cdr_err err = cdr_message_encode(&reply.base, &answer->body);
	free(field);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_evidence(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct evidence_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return CDR_E_MEMORY;
	job->request = (const Cdr__Wire__RoundEvidenceRequest *)call->message;
	job->sql = evidence_sql(job->request->kind);
	job->left = CDR_BODY_ROUND_BAG_MAX / 2;
	bool is_roster = strcmp(job->request->kind, "roster") == 0;
	if ((job->sql == NULL && !is_roster) || job->request->round.len != CDR_ROUND_HASH_LEN) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "evidence is a \"contribution\" or a \"first\" answer of a round, or a \"roster\"");
		goto out;
	}
	if (is_roster)
		CDR_TRY(roster_evidence(hub, job, fault));
	else
		CDR_TRY(cdr_store_read(hub->store, evidence_job, job));
	CDR_TRY(evidence_answer(job, answer));
out:
	for (size_t i = 0; i < job->count; i++)
		cdr_buffer_free(&job->item[i]);
	free(job);
	return err;
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

struct refuse_job {
	const struct cdr_call *call;
	const Cdr__Wire__RoundRefuse *request;
};

/* A writing job: the first reason stays. */
static cdr_err
refuse_job(struct cdr_tx *tx, void *context)
{
	const struct refuse_job *job = context;

	return cdr_query_run(tx,
	    "INSERT INTO round_refusal (round, trustee, reason, refused_at) SELECT hash, $2, $3, $4 FROM round WHERE hash = $1"
	    " AND NOT EXISTS (SELECT 1 FROM round_refusal WHERE round_refusal.round = round.hash AND round_refusal.trustee = $2)",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->request->round)), cdr_value_int(job->call->trustee->index),
		cdr_value_text(job->request->text), cdr_value_int((int64_t)job->call->now)));
}

/* A writing job: that a trustee never opens a round: it was given up, or the trustee leaves. Who is trustee in another's place says so too. */
static cdr_err
never_put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct refuse_job *job = context;
	const struct cdr_value round = cdr_value_bytes(cdr_message_bytes(job->request->round));
	const struct cdr_value signer = cdr_value_bytes(cdr_message_bytes(job->call->trustee->party->signing_key));

	CDR_TRY(cdr_query_run(tx, "DELETE FROM round_never WHERE round = $1 AND signer = $2", CDR_VALUES(round, signer)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round_never (round, signer, trustee, request, stored_at) SELECT hash, $2, $3, $4, $5 FROM round WHERE hash = $1"
	    " AND state IN ('closed', 'given_up')",
	    CDR_VALUES(round, signer, cdr_value_int(job->call->trustee->index), cdr_value_bytes(job->call->request),
		cdr_value_int((int64_t)job->call->now))));
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_refuse(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct refuse_job job = { call, (const Cdr__Wire__RoundRefuse *)call->message };

	(void)answer;
	if (strlen(job.request->text) >= CDR_FAULT_LEN)
		return cdr_fault_set(fault, CDR_E_RANGE, "a reason has less than %d bytes", CDR_FAULT_LEN);
	return cdr_store_write(hub->store, job.request->has_never ? never_put_job : refuse_job, &job);
}

struct answers_job {
	const uint8_t *hash;
	const struct cdr_roster *roster;
	struct cdr_hub_round_answer *out;
};

/* Of the trustees as they are now, those who have signed that they never open it. */
static cdr_err
nevers_read(struct cdr_tx *tx, const struct answers_job *job)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < job->roster->body->n_trustee && err == CDR_OK; i++) {
		const Cdr__Wire__Trustee *trustee = job->roster->body->trustee[i];
		int64_t count = 0;

		err = cdr_query_one_int(tx, "SELECT count(*) FROM round_never WHERE round = $1 AND signer = $2",
		    CDR_VALUES(cdr_value_bytes(hash_bytes(job->hash)), cdr_value_bytes(cdr_message_bytes(trustee->party->signing_key))),
		    &count);
		job->out[trustee->index - 1].never = count > 0;
	}
	return err;
}

/* A reading job. */
static cdr_err
answers_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct answers_job *job = context;
	struct cdr_query *query = NULL;
	uint64_t trustee, stage;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->hash)));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT trustee, stage, '' FROM round_reply WHERE round = $1 UNION ALL"
	    " SELECT trustee, 0, reason FROM round_refusal WHERE round = $1", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &trustee));
		CDR_TRY(cdr_query_count(query, 1, &stage));
		if (trustee < 1 || trustee > CDR_TRUSTEE_COUNT_MAX)
			continue;
		struct cdr_hub_round_answer *a = &job->out[trustee - 1];
		a->first = a->first || stage == 1;
		a->second = a->second || stage == 2;
		if (stage == 0)
			CDR_TRY(cdr_query_text(query, 2, a->refusal, sizeof(a->refusal)));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err == CDR_OK ? nevers_read(tx, job) : err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_answers(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_hub_round_answer *out)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);
	struct answers_job job = { hash, roster, out };

	memset(out, 0, CDR_TRUSTEE_COUNT_MAX * sizeof(*out));
	for (uint32_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++)
		out[i].trustee = i + 1;
	if (roster == NULL)
		return CDR_E_STORE;
	cdr_err err = cdr_store_read(hub->store, answers_job, &job);
	cdr_hub_roster_release(hub, roster);
	return err;
}
