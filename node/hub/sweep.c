#include "node/hub/sweep.h"

#include "audit/index_answer.h"
#include "node/hub/epoch.h"
#include "node/hub/guest.h"
#include "node/hub/index.h"
#include "node/hub/log.h"
#include "node/hub/proposal.h"

#define PEOPLE_PER_JOB 64
#define LETTERS_PER_JOB 64
#define LEAVES_PER_JOB 512

struct proposal_job {
	struct cdr_hub *hub;
	uint64_t now;
	struct cdr_fault *fault;
};

struct sweep {
	uint64_t now;
	uint32_t expiry_days;
	size_t removed_count;
};

/* The time that lies ${days} before now. */
static struct cdr_value
days_ago(const struct sweep *sweep, uint64_t days)
{
	uint64_t span = days * CDR_HUB_DAY_S;

	return cdr_value_int(sweep->now > span ? (int64_t)(sweep->now - span) : 0);
}

/* A writing job: some people of the index. */
static cdr_err
people_job(struct cdr_tx *tx, void *context)
{
	struct sweep *sweep = context;

	return cdr_hub_index_expire(tx, cdr_index_month(sweep->now), PEOPLE_PER_JOB, &sweep->removed_count);
}

/* A writing job: some letters that nobody took. Their checks are closed by now. */
static cdr_err
mail_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct sweep *sweep = context;
	struct cdr_query *query = NULL;
	char sender[CDR_SLUG_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_values values = CDR_VALUES(days_ago(sweep, sweep->expiry_days));

	for (sweep->removed_count = 0; sweep->removed_count < LETTERS_PER_JOB; sweep->removed_count++) {
		CDR_TRY(cdr_query_start(tx, "SELECT sender, id FROM mail WHERE stored_at < $1 LIMIT 1", values, &query));
		err = cdr_query_step(query);
		if (err == CDR_E_ABSENT) {
			err = CDR_OK;
			break;
		}
		if (err != CDR_OK)
			break;
		CDR_TRY(cdr_query_text(query, 0, sender, sizeof(sender)));
		CDR_TRY(cdr_query_blob(query, 1, id, sizeof(id)));
		cdr_query_end(query);
		query = NULL;
		CDR_TRY(cdr_query_run(tx, "DELETE FROM mail WHERE sender = $1 AND id = $2",
		    CDR_VALUES(cdr_value_text(sender), cdr_value_blob(id, sizeof(id)))));
	}
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: some leaves of the log. What stays in the tree says nothing. */
static cdr_err
leaves_job(struct cdr_tx *tx, void *context)
{
	struct sweep *sweep = context;

	return cdr_hub_log_expire(tx, sweep->now, LEAVES_PER_JOB, &sweep->removed_count);
}

/* A writing job: everything that one statement each can delete. */
static cdr_err
rest_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct sweep *sweep = context;
	struct cdr_values expired = CDR_VALUES(days_ago(sweep, sweep->expiry_days));
	struct cdr_values taken = CDR_VALUES(days_ago(sweep, CDR_HUB_TAKEN_DAYS));
	struct cdr_values ceremony = CDR_VALUES(days_ago(sweep, CDR_HUB_CEREMONY_DAYS));

	CDR_TRY(cdr_query_run(tx, "DELETE FROM open_check WHERE opened_at < $1", expired));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM closed_check WHERE closed_at < $1", taken));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM mail_taken WHERE taken_at < $1", taken));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch WHERE put_at < $1", taken));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM invitation WHERE used_at IS NULL AND expires_at < $1", taken));
	CDR_TRY(cdr_hub_guest_expire(tx, sweep->now, sweep->expiry_days));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM ceremony_message WHERE stored_at < $1", ceremony));
	err = CDR_OK;
out:
	return err;
}

/* A writing job: what is due without anybody's asking, such as the end of an epoch. */
static cdr_err
proposal_job(struct cdr_tx *tx, void *context)
{
	struct proposal_job *job = context;

	return cdr_hub_proposal_make(tx, job->hub->seed, job->now, job->fault);
}

/* Run ${job} until it finds less than it may remove at once. */
static cdr_err
run_until_done(struct cdr_hub *hub, cdr_store_job *job, struct sweep *sweep, size_t per_job)
{
	do {
		cdr_err err = cdr_store_write(hub->store, job, sweep);
		if (err != CDR_OK)
			return err;
	} while (sweep->removed_count == per_job);
	return CDR_OK;
}

/* see node/hub/sweep.h */
cdr_err
cdr_hub_sweep(struct cdr_hub *hub, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct sweep sweep = { .now = now };

	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);
	if (roster == NULL)
		return cdr_fault_set(fault, CDR_E_STORE, "the roster cannot be read");
	sweep.expiry_days = roster->body->scheme->expiry_days;
	cdr_hub_roster_release(hub, roster);
	CDR_TRY(run_until_done(hub, people_job, &sweep, PEOPLE_PER_JOB));
	CDR_TRY(run_until_done(hub, mail_job, &sweep, LETTERS_PER_JOB));
	do
		CDR_TRY(cdr_store_write(hub->store, leaves_job, &sweep));
	while (sweep.removed_count >= LEAVES_PER_JOB / 2);
	CDR_TRY(cdr_store_write(hub->store, rest_job, &sweep));
	struct proposal_job proposal = { hub, now, fault };
	CDR_TRY(cdr_store_write(hub->store, proposal_job, &proposal));
	CDR_TRY(cdr_hub_epoch_forget(hub, now));
	/* Where somebody reads just then, the next sweep does it. */
	err = cdr_store_scrub_soon(hub->store);
	if (err == CDR_E_BUSY)
		err = CDR_OK;
out:
	return err;
}
