#include "node/member/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/deadline.h"
#include "node/member/email.h"
#include "node/member/hook.h"
#include "node/member/trail.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "node/store/scrub.h"

#define LIST_PATH "/v1/sample/list"
#define OPEN_PATH "/v1/sample/open"
#define ASKED_NAME "sample/asked_at"
#define TOLD_NAME "sample/overdue_told_at"
#define TELL_EVERY_S 86400
#define COLUMNS "number, sample, position, point, auditor, purpose, due_at, state, reason, changed_at, id"

/* Columns COLUMNS of a row. */
static cdr_err
read_row(struct cdr_query *query, struct cdr_drawn *d)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t auditor;

	CDR_TRY(cdr_query_count(query, 0, &d->number));
	CDR_TRY(cdr_query_count(query, 1, &d->sample));
	CDR_TRY(cdr_query_count(query, 2, &d->position));
	CDR_TRY(cdr_query_count(query, 3, &d->point));
	CDR_TRY(cdr_query_count(query, 4, &auditor));
	CDR_TRY(cdr_query_text(query, 5, d->purpose, sizeof(d->purpose)));
	CDR_TRY(cdr_query_count(query, 6, &d->due_at));
	CDR_TRY(cdr_query_text(query, 7, d->state, sizeof(d->state)));
	CDR_TRY(cdr_query_text(query, 8, d->reason, sizeof(d->reason)));
	CDR_TRY(cdr_query_count(query, 9, &d->changed_at));
	memset(d->id, 0, sizeof(d->id));
	if (!cdr_query_is_null(query, 10))
		CDR_TRY(cdr_query_blob(query, 10, d->id, sizeof(d->id)));
	d->auditor = (uint32_t)auditor;
out:
	return err;
}

/* ---- lots ---------------------------------------------------------------------------------------------------------- */

/* A lot that is taken in. */
struct taking {
	struct cdr_sample sample;
	uint32_t trustee_count;         /* when it came */
	uint64_t at, due_at;
	bool is_unread;                 /* its key is gone: nobody can tell what it draws, and nobody asks */
	bool leaves_out;                /* it does not begin where the one before ended */
	size_t count;                   /* what it drew */
};

/* The calendar of something that waits for a person. */
static struct cdr_deadline
calendar(uint64_t at, uint64_t due_at)
{
	return (struct cdr_deadline){ .asked_at = at, .due_at = due_at, .expires_at = due_at + CDR_SAMPLE_GIVE_UP_S };
}

/* One thing is drawn: whoever decides here is told of it, with whatever else waits. */
static cdr_err
note_drawn(struct cdr_tx *tx, const struct taking *t, uint64_t place, uint32_t point, const char *purpose)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_deadline deadline = calendar(t->at, t->due_at);
	uint8_t id[CDR_ID_LEN];
	uint32_t auditor;
	uint64_t number;

	CDR_TRY(cdr_sample_auditor(&t->sample, place, point, &auditor));
	CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_setting_next(tx, "drawn", &number));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO drawn (number, sample, position, point, auditor, purpose, due_at, state, reason, changed_at, id, next_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', '', $8, $9, $10)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_int((int64_t)t->sample.basis.number), cdr_value_int((int64_t)place),
		cdr_value_int(point), cdr_value_int(auditor <= t->trustee_count ? auditor : 1), cdr_value_text(purpose),
		cdr_value_int((int64_t)t->due_at), cdr_value_int((int64_t)t->at), cdr_value_blob(id, sizeof(id)),
		cdr_value_int((int64_t)cdr_deadline_next(&deadline, CDR_DEADLINE_NONE)))));
	CDR_TRY(cdr_hook_event(tx, CDR_HOOK_DRAWN, id));
	CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, NULL));
out:
	return err;
}

/* Note what is drawn of one evaluation. */
static cdr_err
draw_one(struct cdr_tx *tx, struct taking *t, uint64_t place, const struct cdr_leaf *leaf)
{
	cdr_err err = CDR_E_INTERNAL;
	bool is_import = leaf->number[2] == CDR_LEAF_PURPOSE_IMPORT;
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX];
	size_t count;

	CDR_TRY(cdr_sample_draw(&t->sample, place, is_import ? CDR_LEAF_PURPOSE_IMPORT : CDR_LEAF_PURPOSE_CHECK,
	    (uint32_t)leaf->number[3], drawn, &count));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(note_drawn(tx, t, place, drawn[i], is_import ? "import" : "check"));
	t->count += count;
	err = CDR_OK;
out:
	return err;
}

/* The evaluations for which the hub gave receipts, as far as the lot reaches. */
static cdr_err
draw_all(struct cdr_tx *tx, struct taking *t)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)t->sample.basis.from),
	    cdr_value_int((int64_t)t->sample.basis.size));
	struct cdr_bytes bytes;
	uint64_t place;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT place, bytes FROM receipt WHERE kind = 'evaluation' AND place >= $1 AND place < $2 ORDER BY place", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_arena arena = { 0 };
		const Cdr__Wire__Receipt *receipt;
		struct cdr_leaf leaf;
		CDR_TRY(cdr_query_count(query, 0, &place));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_RECEIPT_LEN_MAX, &bytes));
		err = cdr_message_decode(&arena, &cdr__wire__receipt__descriptor, bytes, &receipt);
		if (err == CDR_OK)
			err = cdr_leaf_decode(cdr_message_bytes(receipt->leaf), &leaf);
		cdr_arena_free(&arena);
		if (err == CDR_OK && leaf.number_count == 4)
			err = draw_one(tx, t, place, &leaf);
		if (err != CDR_OK)
			goto out;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: one lot, once. */
static cdr_err
take_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct taking *t = context;
	const struct cdr_sample *s = &t->sample;
	int64_t last, end;

	t->count = 0;
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(MAX(number), 0) FROM sample", CDR_VALUES(), &last));
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(MAX(size), 0) FROM sample", CDR_VALUES(), &end));
	if ((uint64_t)last >= s->basis.number)
		return CDR_OK;
	t->leaves_out = (uint64_t)last + 1 != s->basis.number || (uint64_t)end != s->basis.from;
	if (t->leaves_out)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO sample (number, from_place, size, at, trustees, trustees_now, checks, points, due_at, seed)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    CDR_VALUES(cdr_value_int((int64_t)s->basis.number), cdr_value_int((int64_t)s->basis.from), cdr_value_int((int64_t)s->basis.size),
		cdr_value_int((int64_t)t->at), cdr_value_int(s->basis.trustee_count), cdr_value_int(t->trustee_count), cdr_value_int(s->checks),
		cdr_value_int(s->points), cdr_value_int((int64_t)t->due_at),
		t->is_unread ? cdr_value_null() : cdr_value_blob(s->seed, sizeof(s->seed)))));
	/* What cannot be verified destroys nothing: it may be no lot at all. */
	if (!t->is_unread) {
		CDR_TRY(draw_all(tx, t));
		CDR_TRY(cdr_query_opening_settle(tx, s->basis.size, cdr_member_now()));
	}
out:
	return err;
}

/* The lot that reaches over ${place}, as it was taken in. CDR_E_ABSENT: none yet. */
static cdr_err
find_lot(struct cdr_tx *tx, uint64_t place, struct taking *t)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)place));
	uint64_t column[8];

	*t = (struct taking){ .at = 0 };
	CDR_TRY(cdr_query_start(tx, "SELECT number, from_place, size, trustees, trustees_now, checks, points, due_at, at, seed FROM sample"
	    " WHERE from_place <= $1 AND $1 < size AND seed IS NOT NULL", values, &query));
	CDR_TRY(cdr_query_step(query));
	for (int i = 0; i < 8; i++)
		CDR_TRY(cdr_query_count(query, i, &column[i]));
	CDR_TRY(cdr_query_count(query, 8, &t->at));
	CDR_TRY(cdr_query_blob(query, 9, t->sample.seed, sizeof(t->sample.seed)));
	t->sample.basis = (struct cdr_sample_basis){ .number = column[0], .from = column[1], .size = column[2], .trustee_count = (uint32_t)column[3] };
	t->trustee_count = (uint32_t)column[4];
	t->sample.checks = (uint32_t)column[5];
	t->sample.points = (uint32_t)column[6];
	t->due_at = column[7];
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/sample.h */
cdr_err
cdr_sample_catch_up(struct cdr_tx *tx, const struct cdr_receipt *receipt)
{
	cdr_err err = CDR_E_INTERNAL;
	struct taking t;
	int64_t known;

	err = find_lot(tx, receipt->place, &t);
	if (err != CDR_OK || receipt->leaf.number_count != 4)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM drawn WHERE position = $1", CDR_VALUES(cdr_value_int((int64_t)receipt->place)), &known));
	if (known == 0)
		CDR_TRY(draw_one(tx, &t, receipt->place, &receipt->leaf));
out:
	return err;
}

/* A lot that proves itself; one whose key is gone cannot be verified any more, and is of no use either. */
static cdr_err
take_lot(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__SampleRecord *record, struct cdr_fault *fault)
{
	struct taking t = { .at = record->at, .due_at = record->at + cdr_sample_answer_s(roster),
		.trustee_count = (uint32_t)roster->body->n_trustee };
	struct cdr_roster_key newest;

	cdr_err err = cdr_sample_read(cdr_message_bytes(record->sample), member->genesis, roster, &t.sample, fault);
	if (err == CDR_E_EPOCH && cdr_sample_basis_peek(cdr_message_bytes(record->sample), &t.sample.basis) == CDR_OK &&
	    cdr_roster_key_newest(roster->body, CDR_KEY_STATISTICS, &newest) && t.sample.basis.key >= 1 &&
	    t.sample.basis.key < newest.number) {
		t.is_unread = true;
		err = CDR_OK;
	}
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, take_job, &t);
	if (err == CDR_OK && t.leaves_out)
		err = cdr_fault_set(fault, CDR_E_PROOF, "the hub leaves a lot out: sample %" PRIu64 " does not begin where the one before ended", t.sample.basis.number);
	if (err == CDR_OK && t.count > 0)
		cdr_log(CDR_LOG_INFO, "sample.drawn", cdr_log_int("sample", (int64_t)t.sample.basis.number), cdr_log_int("count", (int64_t)t.count));
	return err;
}

/* A reading job: the last lot, and when the hub was asked. */
struct looking {
	int64_t last;
	uint64_t asked_at;
};

static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	struct looking *l = context;

	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(MAX(number), 0) FROM sample", CDR_VALUES(), &l->last);
	if (err == CDR_OK)
		err = cdr_setting_get(tx, ASKED_NAME, &l->asked_at, sizeof(l->asked_at));
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A writing job: the hub was asked; and what is too old goes. */
static cdr_err
asked_job(struct cdr_tx *tx, void *context)
{
	const uint64_t *now = context;
	cdr_err err = cdr_setting_put(tx, ASKED_NAME, now, sizeof(*now));

	if (err == CDR_OK && *now > CDR_SAMPLE_GIVE_UP_S)
		err = cdr_query_run(tx,
		    "UPDATE drawn SET state = 'late', changed_at = $1 WHERE state IN ('waiting', 'agreed', 'declined') AND due_at < $2",
		    CDR_VALUES(cdr_value_int((int64_t)*now), cdr_value_int((int64_t)(*now - CDR_SAMPLE_GIVE_UP_S))));
	return err == CDR_OK ? cdr_query_opening_settle(tx, 0, *now) : err;
}

/* ---- what nobody answered ------------------------------------------------------------------------------------------- */

#define EVALUATE_PATH "/v1/evaluate"
#define LOG_PATH "/v1/log/evaluation"

/* An evaluation whose answer was lost, and that was never asked again. */
struct asking {
	struct cdr_member *member;
	uint64_t now, sequence;
	struct cdr_buffer request;
	struct cdr_receipt receipt;
};

/* A reading job. */
static cdr_err
unanswered_job(struct cdr_tx *tx, void *context)
{
	struct asking *a = context;

	return a->now < CDR_QUERY_OPENING_ASK_S ? CDR_E_ABSENT :
	    cdr_query_opening_unanswered(tx, a->now - CDR_QUERY_OPENING_ASK_S, &a->sequence, &a->request);
}

/* A writing job: it stands in the log, and may be in a lot already. */
static cdr_err
found_job(struct cdr_tx *tx, void *context)
{
	const struct asking *a = context;
	cdr_err err = cdr_query_opening_answered(tx, a->member, &a->receipt);

	return err != CDR_OK ? err : cdr_sample_catch_up(tx, &a->receipt);
}

/* A writing job: the hub refuses it, so it never logged it. */
static cdr_err
unlogged_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_opening_unlogged(tx, ((const struct asking *)context)->sequence);
}

/* The same request once more: if the log has it, it is the same leaf, and the hub gives its receipt. */
static cdr_err
ask_again(struct asking *a, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_signer own = cdr_member_signer(a->member);
	const struct cdr_bytes body = cdr_buffer_bytes(&a->request);
	Cdr__Wire__SignedEvaluation message = CDR__WIRE__SIGNED_EVALUATION__INIT;
	struct cdr_ask ask = { .path = LOG_PATH, .message = &message.base, .reply_type = &cdr__wire__evaluation_reply__descriptor,
		.reply_max = CDR_BODY_CHECKPOINT_MAX };
	struct cdr_buffer bytes = { 0 };
	struct cdr_envelope envelope = { 0 };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	CDR_TRY(cdr_envelope_request(&own, EVALUATE_PATH, body, (struct cdr_bytes){ NULL, 0 }, &bytes));
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope));
	message.request = cdr_message_field(envelope.body.data, envelope.body.len);
	message.signature = cdr_message_field(envelope.signature.data, envelope.signature.len);
	err = cdr_member_ask_hub(a->member, roster, &ask, fault);
	if (err == CDR_E_SEQUENCE || err == CDR_E_QUOTA || err == CDR_E_INPUT) {
		err = cdr_store_write(a->member->home->store, unlogged_job, a);
		goto out;
	}
	CDR_TRY(err);
	CDR_TRY(cdr_leaf_content(CDR_LEAF_EVALUATION, &body, 1, content));
	CDR_TRY(cdr_receipt_take(a->member, roster, ((const Cdr__Wire__EvaluationReply *)ask.reply)->receipt, CDR_LEAF_EVALUATION, content,
	    &a->receipt, fault));
	CDR_TRY(cdr_store_write(a->member->home->store, found_job, a));
	cdr_log(CDR_LOG_INFO, "sample.found_again", cdr_log_int("position", (int64_t)a->receipt.place));
out:
	cdr_ask_free(&ask);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
	return err;
}

/* The oldest one, if there is any. */
static cdr_err
ask_unanswered(struct cdr_member *member, const struct cdr_roster *roster, uint64_t now, struct cdr_fault *fault)
{
	struct asking a = { .member = member, .now = now };
	cdr_err err = cdr_store_read(member->home->store, unanswered_job, &a);

	if (err == CDR_OK)
		err = ask_again(&a, roster, fault);
	cdr_receipt_free(&a.receipt);
	cdr_buffer_free(&a.request);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
fetch_lots(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t now = cdr_member_now();
	struct looking l = { 0 };
	Cdr__Wire__SampleListRequest request = CDR__WIRE__SAMPLE_LIST_REQUEST__INIT;
	struct cdr_ask ask = { .path = LIST_PATH, .message = &request.base, .reply_type = &cdr__wire__sample_list__descriptor,
		.reply_max = CDR_BODY_SAMPLE_LIST_MAX };

	CDR_TRY(cdr_store_read(member->home->store, look_job, &l));
	if (!cdr_clock_is_due(now, l.asked_at, CDR_SAMPLE_ASK_S))
		return CDR_OK;
	request.after = (uint64_t)l.last;
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	const Cdr__Wire__SampleList *list = ask.reply;
	for (size_t i = 0; i < list->n_record; i++)
		CDR_TRY(take_lot(member, roster, list->record[i], fault));
	CDR_TRY(cdr_store_write(member->home->store, asked_job, &now));
	CDR_TRY(ask_unanswered(member, roster, now, fault));
out:
	cdr_ask_free(&ask);
	return err;
}

/* ---- reminders ----------------------------------------------------------------------------------------------------- */

/* Something that still waits for a person. */
struct waiting {
	uint64_t number, drawn_at, due_at;
	int64_t done;
};

#define REMINDED_MAX 32 /* in one step */

struct reminding {
	uint64_t now;
	uint64_t overdue_since;   /* lots do not come, and the log has not been told today; 0: it need not be */
	size_t count;
	struct waiting waiting[REMINDED_MAX];
};

static cdr_err
read_waiting(struct cdr_query *query, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reminding *r = context;
	struct waiting *w = &r->waiting[r->count++];

	CDR_TRY(cdr_query_count(query, 0, &w->number));
	CDR_TRY(cdr_query_count(query, 1, &w->drawn_at));
	CDR_TRY(cdr_query_count(query, 2, &w->due_at));
	CDR_TRY(cdr_query_int(query, 3, &w->done));
out:
	return err;
}

/* When the first evaluation was logged that should have been in a lot by now, and is in none; 0: none. */
static cdr_err
find_overdue(struct cdr_tx *tx, uint64_t now, uint64_t *since)
{
	int64_t first;

	*since = 0;
	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(MIN(kept_at), 0) FROM receipt WHERE kind = 'evaluation' AND place >="
	    " (SELECT COALESCE(MAX(size), 0) FROM sample)", CDR_VALUES(), &first);
	if (err == CDR_OK && first > 0 && (uint64_t)first + CDR_SAMPLE_OVERDUE_S < now)
		*since = (uint64_t)first;
	return err;
}

/* A reading job: of what a stage is past, and whether lots come. */
static cdr_err
remind_look_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reminding *r = context;
	uint64_t told_at = 0;

	CDR_TRY(find_overdue(tx, r->now, &r->overdue_since));
	err = cdr_setting_get(tx, TOLD_NAME, &told_at, sizeof(told_at));
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	if (!cdr_clock_is_due(r->now, told_at, TELL_EVERY_S))
		r->overdue_since = 0;
	r->count = 0;
	err = cdr_query_each(tx, "SELECT number, changed_at, due_at, stage_done FROM drawn WHERE state = 'waiting' AND next_at > 0 AND"
	    " next_at <= $1 ORDER BY next_at LIMIT $2", CDR_VALUES(cdr_value_int((int64_t)r->now), cdr_value_int(REMINDED_MAX)), read_waiting, r);
out:
	return err;
}

/* A writing job: who decides is reminded on the days of every request; when it is due, somebody else too. */
static cdr_err
remind_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reminding *r = context;

	CDR_TRY(remind_look_job(tx, r));
	if (r->overdue_since > 0)
		CDR_TRY(cdr_setting_put(tx, TOLD_NAME, &r->now, sizeof(r->now)));
	for (size_t i = 0; i < r->count; i++) {
		const struct waiting *w = &r->waiting[i];
		const struct cdr_deadline deadline = calendar(w->drawn_at, w->due_at);
		enum cdr_deadline_stage done = w->done >= CDR_DEADLINE_NONE && w->done <= CDR_DEADLINE_EXPIRED ? (enum cdr_deadline_stage)w->done :
												     CDR_DEADLINE_EXPIRED;
		enum cdr_deadline_stage stage = cdr_deadline_past(&deadline, done, r->now);
		if (stage != CDR_DEADLINE_NONE && stage != CDR_DEADLINE_EXPIRED)
			CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, NULL));
		if (stage == CDR_DEADLINE_DUE)
			CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_SECOND, NULL));
		if (stage == CDR_DEADLINE_NONE)
			stage = done;
		CDR_TRY(cdr_query_run(tx, "UPDATE drawn SET stage_done = $1, next_at = $2 WHERE number = $3",
		    CDR_VALUES(cdr_value_int(stage), cdr_value_int((int64_t)cdr_deadline_next(&deadline, stage)),
			cdr_value_int((int64_t)w->number))));
	}
	err = CDR_OK;
out:
	return err;
}

/* The daemon asks often, and mostly there is nothing. */
static cdr_err
remind(struct cdr_member *member)
{
	struct reminding *r = calloc(1, sizeof(*r));
	cdr_err err = CDR_E_MEMORY;

	if (r == NULL)
		return err;
	r->now = cdr_member_now();
	err = cdr_store_read(member->home->store, remind_look_job, r);
	if (err == CDR_OK && (r->count > 0 || r->overdue_since > 0))
		err = cdr_store_write(member->home->store, remind_job, r);
	if (err == CDR_OK && r->overdue_since > 0)
		cdr_log(CDR_LOG_WARNING, "sample.overdue", cdr_log_int("since", (int64_t)r->overdue_since));
	free(r);
	return err;
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

/* Something that a person decided, on its way to the auditor. */
struct answering {
	struct cdr_member *member;
	uint64_t after;                    /* those up to this number were tried */
	bool found;
	struct cdr_drawn drawn;
	struct cdr_query_opening_made made;      /* personal */
	const char *refusal;
	char state[16], reason[16];
};

/* A reading job: the next one, with what is to be shown. */
static cdr_err
next_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct answering *a = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)a->after));

	a->found = false;
	CDR_TRY(cdr_query_start(tx, "SELECT " COLUMNS " FROM drawn WHERE state IN ('agreed', 'declined') AND number > $1 ORDER BY number",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(read_row(query, &a->drawn));
	a->found = true;
	a->refusal = CDR_QUERY_OPENING_REFUSED;
	if (strcmp(a->drawn.state, "agreed") == 0)
		err = cdr_query_opening_make(tx, a->member, a->drawn.sample, a->drawn.position, (uint32_t)a->drawn.point, &a->made, &a->refusal);
	if (err == CDR_E_ABSENT && a->refusal != NULL)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: the auditor has it. Nothing is kept of what it saw. */
static cdr_err
answered_job(struct cdr_tx *tx, void *context)
{
	const struct answering *a = context;
	cdr_err err = cdr_query_run(tx, "UPDATE drawn SET state = $1, reason = $2, changed_at = $3 WHERE number = $4",
	    CDR_VALUES(cdr_value_text(a->state), cdr_value_text(a->reason), cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_int((int64_t)a->drawn.number)));

	if (err == CDR_OK)
		err = cdr_query_run(tx,
		    "DELETE FROM evaluated WHERE place = $1 AND NOT EXISTS (SELECT 1 FROM drawn WHERE position = $1 AND state IN"
		    " ('waiting', 'agreed', 'declined'))", CDR_VALUES(cdr_value_int((int64_t)a->drawn.position)));
	if (err == CDR_OK)
		err = cdr_scrub_want_changed(tx);
	return err == CDR_OK ? cdr_query_opening_settle(tx, 0, cdr_member_now()) : err;
}

/* Put it to the auditor; what it found is the state from then on. */
static cdr_err
send_answer(struct answering *a, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	const Cdr__Wire__Trustee *auditor = cdr_roster_trustee(roster, a->drawn.auditor);
	struct cdr_signer own = cdr_member_signer(a->member);
	struct cdr_buffer sealed = { 0 };
	char name[CDR_SIGNER_LEN_MAX + 1], refusal[16];
	struct cdr_ask ask = { .path = OPEN_PATH, .party_signer = name, .message = &put.base,
		.reply_type = &cdr__wire__opening_reply__descriptor };

	if (auditor == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the roster names no trustee %" PRIu32 " any more", a->drawn.auditor);
	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, a->drawn.auditor);
	ask.party = auditor->party;
	put.sample = a->drawn.sample;
	put.position = a->drawn.position;
	put.point = (uint32_t)a->drawn.point;
	if (a->refusal == NULL) {
		CDR_TRY(cdr_query_opening_seal(&a->made.message, auditor->party->sealing_key.data, a->member->genesis, a->member->id, &sealed));
		put.has_sealed = true;
		put.sealed = cdr_message_field(sealed.data, sealed.len);
	} else {
		(void)snprintf(refusal, sizeof(refusal), "%s", a->refusal);
		put.refusal = refusal;
	}
	err = cdr_ask_send(a->member->client, &own, &ask, 1);
	if (err != CDR_OK) {
		*fault = ask.fault;
		goto out;
	}
	(void)snprintf(a->state, sizeof(a->state), "%.15s", ((const Cdr__Wire__OpeningReply *)ask.reply)->outcome);
	(void)snprintf(a->reason, sizeof(a->reason), "%s", a->refusal != NULL ? a->refusal : "");
	CDR_TRY(cdr_store_write(a->member->home->store, answered_job, a));
	cdr_log(CDR_LOG_INFO, "sample.answered", cdr_log_text("auditor", name), cdr_log_text("outcome", a->state));
out:
	cdr_ask_free(&ask);
	cdr_buffer_free(&sealed);
	return err;
}

/* Everything that was decided; an auditor that is away does not hold up the others. */
static cdr_err
send_answers(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK, first = CDR_OK;
	struct cdr_fault local;
	struct answering *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return CDR_E_MEMORY;
	a->member = member;
	for (;;) {
		local = (struct cdr_fault){ CDR_OK, "" };
		err = cdr_store_read(member->home->store, next_job, a);
		if (err != CDR_OK || !a->found)
			break;
		cdr_err sent = send_answer(a, roster, &local);
		cdr_query_opening_made_wipe(&a->made);
		a->after = a->drawn.number;
		*worked |= sent == CDR_OK;
		if (sent != CDR_OK && first == CDR_OK) {
			first = sent;
			if (fault != NULL)
				*fault = local;
		}
	}
	cdr_query_opening_made_wipe(&a->made);
	free(a);
	return err != CDR_OK ? err : first;
}

/* see node/member/sample.h */
cdr_err
cdr_sample_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	*worked = false;
	cdr_err err = fetch_lots(member, roster, fault);
	cdr_err reminded = remind(member);
	cdr_err sent = send_answers(member, roster, worked, err == CDR_OK ? fault : NULL);
	cdr_current_release(member->current, roster);
	if (err == CDR_OK)
		err = reminded;
	return err != CDR_OK ? err : sent;
}

/* ---- people --------------------------------------------------------------------------------------------------------- */

struct listing {
	void (*each)(void *context, const struct cdr_drawn *drawn);
	void *context;
	uint64_t *overdue_since;
};

static cdr_err
list_one(struct cdr_query *query, void *context)
{
	const struct listing *l = context;
	struct cdr_drawn drawn;

	cdr_err err = read_row(query, &drawn);
	if (err == CDR_OK)
		l->each(l->context, &drawn);
	return err;
}

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	struct listing *l = context;
	cdr_err err = cdr_query_each(tx, "SELECT " COLUMNS " FROM drawn ORDER BY number", CDR_VALUES(), list_one, l);

	return err != CDR_OK ? err : find_overdue(tx, cdr_member_now(), l->overdue_since);
}

/* see node/member/sample.h */
cdr_err
cdr_drawn_list(struct cdr_member *member, void (*each)(void *context, const struct cdr_drawn *drawn), void *context, uint64_t *overdue_since)
{
	struct listing l = { each, context, overdue_since };

	return cdr_store_read(member->home->store, list_job, &l);
}

struct showing {
	const struct cdr_member *member;
	uint64_t number;
	struct cdr_drawn *drawn;
	struct cdr_query_opening_made *made;
	const char *reason;
};

/* A reading job. */
static cdr_err
show_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct showing *s = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(s->number <= INT64_MAX ? (int64_t)s->number : 0));

	CDR_TRY(cdr_query_start(tx, "SELECT " COLUMNS " FROM drawn WHERE number = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(read_row(query, s->drawn));
	CDR_TRY(cdr_query_opening_make(tx, s->member, s->drawn->sample, s->drawn->position, (uint32_t)s->drawn->point, s->made, &s->reason));
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/sample.h */
cdr_err
cdr_drawn_show(struct cdr_member *member, uint64_t number, struct cdr_drawn *drawn, struct cdr_query_opening_made *made,
    struct cdr_fault *fault)
{
	struct showing s = { member, number, drawn, made, NULL };

	memset(made, 0, sizeof(*made));
	cdr_err err = cdr_store_read(member->home->store, show_job, &s);
	if (err == CDR_E_ABSENT && s.reason != NULL)
		cdr_fault_set(fault, err, "there is nothing left to show (%s)", s.reason);
	else if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "nothing of number %" PRIu64 " is drawn: `candor audit list` shows what is", number);
	return err;
}

struct deciding {
	struct cdr_member *member;
	uint64_t number;
	bool agrees, is_there, is_late;
};

/* A writing job. */
static cdr_err
decide_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct deciding *d = context;
	const struct cdr_value number = cdr_value_int(d->number <= INT64_MAX ? (int64_t)d->number : 0);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM drawn WHERE number = $1", CDR_VALUES(number), &count));
	d->is_there = count > 0;
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE drawn SET state = $1, changed_at = $2 WHERE number = $3 AND state IN ('waiting', 'agreed', 'declined')",
	    CDR_VALUES(cdr_value_text(d->agrees ? "agreed" : "declined"), cdr_value_int((int64_t)cdr_member_now()), number)));
	d->is_late = cdr_query_changed_count(tx) == 0;
	if (!d->is_late)
		CDR_TRY(cdr_trail_add(tx, d->member->who, d->agrees ? "audit.open" : "audit.refuse", NULL));
out:
	return err;
}

/* see node/member/sample.h */
cdr_err
cdr_drawn_decide(struct cdr_member *member, uint64_t number, bool agrees, struct cdr_fault *fault)
{
	struct deciding d = { .member = member, .number = number, .agrees = agrees };
	cdr_err err = cdr_store_write(member->home->store, decide_job, &d);

	if (err == CDR_OK && !d.is_there)
		return cdr_fault_set(fault, CDR_E_ABSENT, "nothing of number %" PRIu64 " is drawn: `candor audit list` shows what is", number);
	if (err == CDR_OK && d.is_late)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the auditor has it already, or it is too late");
	return err;
}
