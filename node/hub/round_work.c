#include <stdlib.h>
#include <string.h>

#include "node/hub/log.h"
#include "node/hub/round.h"

#define TASKS_MAX 4

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* ---- what waits for a trustee ----------------------------------------------------------------------------------- */

struct work_job {
	uint32_t trustee;
	uint8_t hash[TASKS_MAX][CDR_ROUND_HASH_LEN];
	size_t count;
};

/*
 * A reading job: closed rounds in which the asker has a step to take: the first answer while there is no set, or the second
 * once there is one. Who refused is not asked again.
 */
static cdr_err
work_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct work_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(job->trustee));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT hash FROM round WHERE state = 'closed'"
	    " AND NOT EXISTS (SELECT 1 FROM round_refusal WHERE round_refusal.round = round.hash AND round_refusal.trustee = $1)"
	    " AND NOT EXISTS (SELECT 1 FROM round_answer WHERE round_answer.round = round.hash AND round_answer.trustee = $1"
	    " AND round_answer.stage = CASE WHEN opening_set IS NULL THEN 1 ELSE 2 END) ORDER BY closed_at, hash",
	    values, &query));
	while (job->count < TASKS_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, job->hash[job->count++], CDR_ROUND_HASH_LEN));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* One task and what it is made of. */
struct task {
	struct cdr_hub_round r;
	struct cdr_arena close_arena, set_arena;
	Cdr__Wire__RoundTask message;
	Cdr__Wire__SignedRound sealed;
};

static cdr_err
task_fill(struct cdr_hub *hub, const uint8_t *hash, struct task *t)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_hub_round_load(hub, hash, &t->r));
	t->message = (Cdr__Wire__RoundTask)CDR__WIRE__ROUND_TASK__INIT;
	t->sealed = *t->r.round->sealed;
	t->message.round = &t->sealed;
	CDR_TRY(cdr_message_decode(&t->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&t->r.close),
	    &t->message.close));
	if (t->r.set.len > 0)
		CDR_TRY(cdr_message_decode(&t->set_arena, &cdr__wire__signed_set__descriptor, cdr_buffer_bytes(&t->r.set),
		    &t->message.set));
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_work(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct work_job job = { .trustee = call->trustee->index };
	struct task *task = calloc(TASKS_MAX, sizeof(*task));
	Cdr__Wire__RoundTask *message[TASKS_MAX];
	Cdr__Wire__RoundWork work = CDR__WIRE__ROUND_WORK__INIT;

	(void)fault;
	if (task == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_store_read(hub->store, work_job, &job));
	for (size_t i = 0; i < job.count; i++) {
		CDR_TRY(task_fill(hub, job.hash[i], &task[i]));
		message[i] = &task[i].message;
	}
	work.task = message;
	work.n_task = job.count;
	CDR_TRY(cdr_message_encode(&work.base, &answer->body));
out:
	for (size_t i = 0; i < TASKS_MAX; i++) {
		cdr_arena_free(&task[i].close_arena);
		cdr_arena_free(&task[i].set_arena);
		cdr_hub_round_free(&task[i].r);
	}
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
	uint32_t at = 0;
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
		return "SELECT request FROM round_answer WHERE round = $1 AND stage = 1 ORDER BY trustee";
	return NULL;
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
	if (job->sql == NULL || job->request->round.len != CDR_ROUND_HASH_LEN) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "evidence is a \"contribution\" or a \"first\" answer of a round");
		goto out;
	}
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

/* A writing job. */
static cdr_err
refuse_job(struct cdr_tx *tx, void *context)
{
	const struct refuse_job *job = context;
	cdr_err err = cdr_query_run(tx,
	    "INSERT INTO round_refusal (round, trustee, reason, refused_at) SELECT hash, $2, $3, $4 FROM round WHERE hash = $1",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->request->round)), cdr_value_int(job->call->trustee->index),
		cdr_value_text(job->request->text), cdr_value_int((int64_t)job->call->now)));

	return err == CDR_E_EXISTS ? CDR_OK : err;
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
	return cdr_store_write(hub->store, refuse_job, &job);
}

struct answers_job {
	const uint8_t *hash;
	struct cdr_hub_round_answer *out;
};

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
	    "SELECT trustee, stage, '' FROM round_answer WHERE round = $1 UNION ALL"
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
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_answers(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_hub_round_answer *out)
{
	struct answers_job job = { hash, out };

	memset(out, 0, CDR_TRUSTEE_COUNT_MAX * sizeof(*out));
	for (uint32_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++)
		out[i].trustee = i + 1;
	return cdr_store_read(hub->store, answers_job, &job);
}
