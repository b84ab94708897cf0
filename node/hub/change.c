#include "node/hub/change.h"

#define CHANGE_LEN_MAX (64U << 10)

/* see node/hub/change.h */
cdr_err
cdr_hub_change_read(struct cdr_tx *tx, struct cdr_arena *arena, Cdr__Wire__TrusteeChange **change)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	const struct cdr_values none = CDR_VALUES();

	*change = NULL;
	CDR_TRY(cdr_query_start(tx, "SELECT change FROM trustee_change ORDER BY attempt DESC LIMIT 1", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CHANGE_LEN_MAX, &bytes));
		CDR_TRY(cdr_message_decode(arena, &cdr__wire__trustee_change__descriptor, bytes, change));
	} else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

struct show_job {
	struct cdr_arena arena;
	struct cdr_buffer *out;
};

/* A reading job. */
static cdr_err
show_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct show_job *job = context;
	Cdr__Wire__TrusteeChangeReply reply = CDR__WIRE__TRUSTEE_CHANGE_REPLY__INIT;

	CDR_TRY(cdr_hub_change_read(tx, &job->arena, &reply.change));
	CDR_TRY(cdr_message_encode(&reply.base, job->out));
out:
	return err;
}

/* see node/hub/change.h */
cdr_err
cdr_hub_trustees_change(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct show_job job = { .out = &answer->body };
	cdr_err err;

	(void)call;
	(void)fault;
	err = cdr_store_read(hub->store, show_job, &job);
	cdr_arena_free(&job.arena);
	return err;
}

struct put_job {
	struct cdr_hub *hub;
	Cdr__Wire__TrusteeChange *change;
	uint64_t now;
	struct cdr_fault *fault;
};

/* A writing job. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct put_job *job = context;
	struct cdr_roster *roster = NULL;
	struct cdr_buffer encoded = { 0 };
	int64_t newest;

	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &roster, job->fault));
	err = cdr_query_one_int(tx, "SELECT attempt FROM trustee_change ORDER BY attempt DESC LIMIT 1", CDR_VALUES(), &newest);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		goto out;
	job->change->attempt = (uint32_t)newest + 1;
	job->change->genesis = cdr_message_field(job->hub->genesis, CDR_GENESIS_HASH_LEN);
	CDR_TRY(cdr_ceremony_change_check(job->change, roster, job->hub->genesis, job->fault));
	if (cdr_roster_key_count(roster->body) == 0) {
		err = cdr_fault_set(job->fault, CDR_E_ROSTER, "the trustees have not made a key yet, so there is none to hand on");
		goto out;
	}
	CDR_TRY(cdr_message_encode(&job->change->base, &encoded));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO trustee_change (attempt, change, made_at) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_int(job->change->attempt), cdr_value_bytes(cdr_buffer_bytes(&encoded)),
		cdr_value_int((int64_t)job->now))));
out:
	cdr_buffer_free(&encoded);
	cdr_roster_free(roster);
	return err;
}

/* see node/hub/change.h */
cdr_err
cdr_hub_change_put(struct cdr_hub *hub, Cdr__Wire__TrusteeChange *change, uint64_t now, struct cdr_fault *fault)
{
	struct put_job job = { hub, change, now, fault };

	return cdr_store_write(hub->store, put_job, &job);
}
