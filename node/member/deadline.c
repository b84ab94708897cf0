#include "node/member/deadline.h"

#include <string.h>

#include "node/member/check_letters.h"
#include "node/member/email.h"
#include "node/member/inbox.h"
#include "node/net/clock.h"

#define ROWS_MAX 32 /* of each side, in one step */

/* ---- the calendar --------------------------------------------------------------------------------------------------------- */

static const unsigned reminder_days[] = { 0, 3, 7, 12 };

/* When a stage is; 0 if this request does not have it. */
static uint64_t
time_of(const struct cdr_deadline *d, enum cdr_deadline_stage stage)
{
	if (stage == CDR_DEADLINE_EXPIRED)
		return d->expires_at;
	if (stage == CDR_DEADLINE_DUE)
		return d->due_at < d->expires_at ? d->due_at : 0;
	uint64_t at = d->asked_at + (uint64_t)reminder_days[stage] * CDR_DAY_SECONDS;
	return at < d->due_at && at < d->expires_at ? at : 0;
}

/* see node/member/deadline.h */
enum cdr_deadline_stage
cdr_deadline_past(const struct cdr_deadline *deadline, enum cdr_deadline_stage done, uint64_t now)
{
	enum cdr_deadline_stage found = CDR_DEADLINE_NONE;

	for (enum cdr_deadline_stage stage = done + 1; stage <= CDR_DEADLINE_EXPIRED; stage++) {
		uint64_t at = time_of(deadline, stage);
		if (at > 0 && at <= now)
			found = stage;
	}
	return found;
}

/* see node/member/deadline.h */
uint64_t
cdr_deadline_next(const struct cdr_deadline *deadline, enum cdr_deadline_stage done)
{
	for (enum cdr_deadline_stage stage = done + 1; stage <= CDR_DEADLINE_EXPIRED; stage++)
		if (time_of(deadline, stage) > 0)
			return time_of(deadline, stage);
	return 0;
}

/* see node/member/deadline.h */
uint64_t
cdr_deadline_expiry(const struct cdr_roster *roster, uint64_t asked_at)
{
	return asked_at + (uint64_t)roster->body->scheme->expiry_days * CDR_DAY_SECONDS;
}

/* ---- what is past ----------------------------------------------------------------------------------------------------------- */

/* A request of which a stage is past. */
struct past {
	uint8_t request_id[CDR_ID_LEN];
	char member[CDR_SLUG_LEN_MAX + 1]; /* the other side */
	struct cdr_deadline deadline;
	enum cdr_deadline_stage done;
};

struct step {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	uint64_t now;
	struct past past[ROWS_MAX];
	size_t count;
	bool worked;
	struct cdr_fault *fault;
};

/* request_id, the other side, asked or received, due, stage_done: rows whose next_at is past. */
static cdr_err
read_past(struct cdr_tx *tx, struct step *step, const char *sql)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t done;

	step->count = 0;
	CDR_TRY(cdr_query_start(tx, sql, CDR_VALUES(cdr_value_int((int64_t)step->now), cdr_value_int(ROWS_MAX)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK && step->count < ROWS_MAX) {
		struct past *past = &step->past[step->count++];
		CDR_TRY(cdr_query_blob(query, 0, past->request_id, sizeof(past->request_id)));
		CDR_TRY(cdr_query_text(query, 1, past->member, sizeof(past->member)));
		CDR_TRY(cdr_query_count(query, 2, &past->deadline.asked_at));
		CDR_TRY(cdr_query_count(query, 3, &past->deadline.due_at));
		CDR_TRY(cdr_query_int(query, 4, &done));
		past->done = done >= CDR_DEADLINE_NONE && done <= CDR_DEADLINE_EXPIRED ? (enum cdr_deadline_stage)done :
										       CDR_DEADLINE_EXPIRED;
		past->deadline.expires_at = cdr_deadline_expiry(step->roster, past->deadline.asked_at);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* ---- our requests ------------------------------------------------------------------------------------------------------------ */

/* A letter that reminds, if its receiver can get one. The attempt is noted whatever becomes of it. */
static cdr_err
remind(struct cdr_tx *tx, struct step *step, const struct past *past, enum cdr_deadline_stage stage)
{
	cdr_err err = CDR_E_INTERNAL;
	bool due = stage == CDR_DEADLINE_DUE;
	const Cdr__Wire__Member *receiver = cdr_roster_member(step->roster, past->member);
	Cdr__Wire__Reminder reminder = CDR__WIRE__REMINDER__INIT;

	if (receiver == NULL || !cdr_roster_member_is_active(receiver))
		return cdr_mail_note_attempt(tx, past->request_id, "not_a_member_now");
	reminder.due = due;
	reminder.day = due ? (uint32_t)((past->deadline.due_at - past->deadline.asked_at) / CDR_DAY_SECONDS) : reminder_days[stage];
	struct cdr_outgoing outgoing = {
		.receiver = past->member,
		.request_id = past->request_id,
		.kind = "reminder",
		.content = CDR__WIRE__LETTER__CONTENT_REMINDER,
		.message = &reminder,
	};
	CDR_TRY(cdr_mail_queue(tx, step->member, step->roster, &outgoing, step->fault));
	CDR_TRY(cdr_mail_note_attempt(tx, past->request_id, due ? "escalated" : "reminded"));
	err = CDR_OK;
out:
	return err;
}

/* One request of ours. */
static cdr_err
act_on_ours(struct cdr_tx *tx, struct step *step, const struct past *past)
{
	cdr_err err = CDR_E_INTERNAL;
	enum cdr_deadline_stage stage = cdr_deadline_past(&past->deadline, past->done, step->now);
	struct cdr_value id = cdr_value_blob(past->request_id, CDR_ID_LEN);

	if (stage == CDR_DEADLINE_EXPIRED)
		return cdr_check_end_request(tx, step->member, step->roster, past->request_id, "expired", step->fault);
	if (stage != CDR_DEADLINE_NONE)
		CDR_TRY(remind(tx, step, past, stage));
	else
		stage = past->done;
	if (stage == CDR_DEADLINE_DUE) {
		CDR_TRY(cdr_query_run(tx, "UPDATE employer SET status = 'no_response' WHERE request_id = $1", CDR_VALUES(id)));
		CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, past->request_id));
	}
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET stage_done = $1, next_at = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int(stage), cdr_value_int((int64_t)cdr_deadline_next(&past->deadline, stage)), id)));
	err = CDR_OK;
out:
	return err;
}

/* ---- requests of others -------------------------------------------------------------------------------------------------------- */

static cdr_err
act_on_theirs(struct cdr_tx *tx, struct step *step, const struct past *past)
{
	enum cdr_deadline_stage stage = cdr_deadline_past(&past->deadline, past->done, step->now);

	if (stage == CDR_DEADLINE_EXPIRED)
		return cdr_inbox_end(tx, past->request_id, "expired");
	return cdr_inbox_tell(tx, past->request_id, &past->deadline, past->done, stage);
}

static cdr_err
step_job(struct cdr_tx *tx, void *context)
{
	struct step *step = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(read_past(tx, step,
	    "SELECT request_id, member, asked_at, due_at, stage_done FROM employer"
	    " WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT $2"));
	step->worked = step->count > 0;
	for (size_t i = 0; i < step->count; i++)
		CDR_TRY(act_on_ours(tx, step, &step->past[i]));
	CDR_TRY(read_past(tx, step,
	    "SELECT request_id, sender, received_at, due_at, stage_done FROM inbox"
	    " WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT $2"));
	step->worked = step->worked || step->count > 0;
	for (size_t i = 0; i < step->count; i++)
		CDR_TRY(act_on_theirs(tx, step, &step->past[i]));
	err = CDR_OK;
out:
	return err;
}

/* Whether there is anything to do: the daemon asks often, and mostly there is not. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	struct step *step = context;
	int64_t ours, theirs;
	struct cdr_values now = CDR_VALUES(cdr_value_int((int64_t)step->now));

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM employer WHERE next_at > 0 AND next_at <= $1", now, &ours);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM inbox WHERE next_at > 0 AND next_at <= $1", now, &theirs);
	step->worked = err == CDR_OK && ours + theirs > 0;
	return err;
}

/* see node/member/deadline.h */
cdr_err
cdr_deadline_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct step step = { .member = member, .now = cdr_member_now(), .fault = fault };

	*worked = false;
	cdr_err err = cdr_store_read(member->home->store, look_job, &step);
	if (err != CDR_OK || !step.worked)
		return err;
	step.roster = cdr_current_hold(member->current);
	err = step.roster != NULL ? cdr_store_write(member->home->store, step_job, &step) : CDR_OK;
	cdr_current_release(member->current, step.roster);
	*worked = err == CDR_OK && step.worked;
	return err;
}
