#include "node/member/inbox_parts.h"

#include <string.h>

#include "node/member/api.h"
#include "node/member/count.h"
#include "node/member/email.h"
#include "node/member/hold.h"
#include "node/store/scrub.h"

/* What becomes of a request while it waits: see node/member/inbox.h. */

/* see node/member/inbox_parts.h */
cdr_err
cdr_inbox_begin(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__Letter *body)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_deadline deadline = { .asked_at = cdr_member_now(), .due_at = body->request->due_at };
	int64_t watch_until = body->request->has_watch_until && body->request->watch_until <= INT64_MAX ?
	    (int64_t)body->request->watch_until : 0;

	deadline.expires_at = cdr_deadline_expiry(roster, deadline.asked_at);
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET next_at = $1, watch_until = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_deadline_next(&deadline, CDR_DEADLINE_NONE)), cdr_value_int(watch_until),
		cdr_value_bytes(cdr_message_bytes(body->request_id)))));
	CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, body->request_id.data));
	err = CDR_OK;
out:
	return err;
}

/* What is held of a request that ended without an answer. */
static cdr_err
forget_unanswered(struct cdr_tx *tx, struct cdr_value id)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET sealed = $1 WHERE request_id = $2", CDR_VALUES(cdr_value_blob("", 0), id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM answer_draft WHERE request_id = $1", CDR_VALUES(id)));
	err = cdr_scrub_want(tx);
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_end(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN], const char *state)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t waits;
	struct cdr_value id = cdr_value_blob(request_id, CDR_ID_LEN);

	CDR_TRY(cdr_query_one_int(tx,
	    "SELECT count(*) FROM inbox WHERE request_id = $1 AND stage = 'request' AND state IN ('waiting', 'drafted')",
	    CDR_VALUES(id), &waits));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = $1, next_at = 0 WHERE request_id = $2", CDR_VALUES(cdr_value_text(state), id)));
	err = cdr_hold_check(tx, request_id, NULL);
	if (err == CDR_OK)
		err = forget_unanswered(tx, id);
	CDR_TRY(err == CDR_E_REFUSED ? CDR_OK : err); /* held: the timer takes it once the hold is lifted */
	if (waits > 0)
		CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_NOT_ANSWERED, state, cdr_count_year(cdr_member_now()), 1));
	err = CDR_OK;
out:
	return err;
}

#define LOST_MAX 64 /* in one query: rows change while they are walked through */

/* The next of that sender's that wait. */
static cdr_err
read_waiting(struct cdr_tx *tx, const char *sender, uint8_t id[static LOST_MAX][CDR_ID_LEN], size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT request_id FROM inbox WHERE sender = $1 AND state IN ('waiting', 'drafted') ORDER BY request_id",
	    CDR_VALUES(cdr_value_text(sender)), &query));
	while (*count < LOST_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, id[(*count)++], CDR_ID_LEN));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_lost(struct cdr_tx *tx, const char *sender, size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[LOST_MAX][CDR_ID_LEN];
	size_t found;

	*count = 0;
	do {
		CDR_TRY(read_waiting(tx, sender, id, &found));
		for (size_t i = 0; i < found; i++)
			CDR_TRY(cdr_inbox_end(tx, id[i], "withdrawn"));
		*count += found;
	} while (found == LOST_MAX);
	err = CDR_OK;
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_withdraw(struct cdr_tx *tx, const struct cdr_member *member, const Cdr__Wire__Letter *letter, struct cdr_fault *fault)
{
	const struct cdr_buffer nothing = { 0 };
	struct cdr_inbox_known known;

	cdr_err err = cdr_inbox_known(tx, letter, &known);
	if (err == CDR_E_ABSENT) /* the hub turned the order round: the request must find that it is withdrawn */
		return cdr_inbox_put(tx, letter, "request", "withdrawn", 0, &nothing);
	if (err == CDR_OK && strcmp(known.sender, letter->from) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "withdrawal: the request is another member's");
	if (err != CDR_OK)
		return err;
	if (strcmp(known.state, "answered") == 0) {
		err = strcmp(letter->withdrawal->reason, "erasure") == 0 ? cdr_inbox_erase(tx, member, letter->request_id.data, fault) : CDR_OK;
		return err == CDR_E_REFUSED ? CDR_OK : err; /* a legal hold here is stronger than a wish there */
	}
	return cdr_inbox_end(tx, letter->request_id.data,
	    strcmp(letter->withdrawal->reason, "expired") == 0 ? "expired" : "withdrawn");
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_erase(struct cdr_tx *tx, const struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t waits;
	struct cdr_value id = cdr_value_blob(request_id, CDR_ID_LEN);

	CDR_TRY(cdr_hold_check(tx, request_id, fault));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM inbox WHERE request_id = $1 AND stage = 'request' AND state IN ('waiting', 'drafted')",
	    CDR_VALUES(id), &waits));
	if (waits > 0)
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "this request waits for an answer: answer it first, or ask the requester to withdraw it");
	CDR_TRY(cdr_api_reply_forget(tx, member, request_id, NULL));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET sealed = $1, watch_until = 0, disputed_at = 0 WHERE request_id = $2",
	    CDR_VALUES(cdr_value_blob("", 0), id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM letter_out WHERE request_id = $1 AND kind = 'statement' AND state <> 'waiting'",
	    CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM answer_draft WHERE request_id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_scrub_want(tx));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_take_dispute(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE inbox SET disputed_at = $1 WHERE request_id = $2 AND sender = $3 AND state = 'answered' AND answer = $4",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()), cdr_value_bytes(cdr_message_bytes(letter->request_id)),
		cdr_value_text(letter->from), cdr_value_bytes(cdr_message_bytes(letter->dispute->response_id)))));
	if (cdr_query_changed_count(tx) == 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "dispute: %s has no such answer of ours", letter->from);
	CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, letter->request_id.data));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_tell(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN], const struct cdr_deadline *deadline,
    enum cdr_deadline_stage done, enum cdr_deadline_stage stage)
{
	cdr_err err = CDR_E_INTERNAL;

	if (stage != CDR_DEADLINE_NONE)
		CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, request_id));
	if (stage == CDR_DEADLINE_DUE)
		CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_SECOND, request_id));
	enum cdr_deadline_stage reached = stage != CDR_DEADLINE_NONE ? stage : done;
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET stage_done = $1, next_at = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int(reached), cdr_value_int((int64_t)cdr_deadline_next(deadline, reached)),
		cdr_value_blob(request_id, CDR_ID_LEN))));
	err = CDR_OK;
out:
	return err;
}

/* The stage that a reminder is about, as far as we believe it. */
static enum cdr_deadline_stage
stage_of(const Cdr__Wire__Reminder *reminder, const struct cdr_deadline *deadline)
{
	if (reminder->due && deadline->due_at <= cdr_member_now())
		return CDR_DEADLINE_DUE;
	return reminder->due || reminder->day >= 12 ? CDR_DEADLINE_DAY_12 : reminder->day >= 7 ? CDR_DEADLINE_DAY_7 :
												 CDR_DEADLINE_DAY_3;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_take_reminder(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__Letter *letter,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_deadline deadline = { 0 };
	char sender[CDR_SLUG_LEN_MAX + 1];
	int64_t done;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT sender, received_at, due_at, stage_done FROM inbox WHERE request_id = $1 AND next_at > 0",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(letter->request_id))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, sender, sizeof(sender)));
	CDR_TRY(cdr_query_count(query, 1, &deadline.asked_at));
	CDR_TRY(cdr_query_count(query, 2, &deadline.due_at));
	CDR_TRY(cdr_query_int(query, 3, &done));
	if (strcmp(sender, letter->from) != 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "reminder: the request is another member's");
		goto out;
	}
	deadline.expires_at = cdr_deadline_expiry(roster, deadline.asked_at);
	enum cdr_deadline_stage stage = stage_of(letter->reminder, &deadline);
	if (done >= 0 && done < (int64_t)stage)
		CDR_TRY(cdr_inbox_tell(tx, letter->request_id.data, &deadline, (enum cdr_deadline_stage)done, stage));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err; /* nothing of the kind waits here any more */
}

/* ---- a person looks ----------------------------------------------------------------------------------------------------- */

struct opening {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const uint8_t *request_id;
	char sender[CDR_SLUG_LEN_MAX + 1];
	struct cdr_fault *fault;
};

/* Whose request it is, if it waits and nobody has looked; else CDR_E_ABSENT. */
static cdr_err
read_unopened(struct cdr_tx *tx, void *context)
{
	struct opening *opening = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT sender FROM inbox WHERE request_id = $1 AND state = 'waiting' AND stage = 'request' AND opened_at = 0",
	    CDR_VALUES(cdr_value_blob(opening->request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, opening->sender, sizeof(opening->sender)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
write_opened(struct cdr_tx *tx, void *context)
{
	struct opening *opening = context;
	Cdr__Wire__Opened opened = CDR__WIRE__OPENED__INIT;

	cdr_err err = read_unopened(tx, opening);
	if (err != CDR_OK)
		return err;
	err = cdr_query_run(tx, "UPDATE inbox SET opened_at = $1 WHERE request_id = $2",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()), cdr_value_blob(opening->request_id, CDR_ID_LEN)));
	const Cdr__Wire__Member *entry = cdr_roster_member(opening->roster, opening->sender);
	if (err != CDR_OK || entry == NULL || !cdr_roster_member_is_active(entry))
		return err;
	struct cdr_outgoing outgoing = {
		.receiver = opening->sender,
		.request_id = opening->request_id,
		.kind = "opened",
		.content = CDR__WIRE__LETTER__CONTENT_OPENED,
		.message = &opened,
	};
	return cdr_mail_queue(tx, opening->member, opening->roster, &outgoing, opening->fault);
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_opened(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	struct opening opening = { .member = member, .request_id = request_id, .fault = fault };

	cdr_err err = cdr_store_read(member->home->store, read_unopened, &opening);
	if (err == CDR_OK) {
		opening.roster = cdr_current_hold(member->current);
		err = cdr_store_write(member->home->store, write_opened, &opening);
		cdr_current_release(member->current, opening.roster);
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}
