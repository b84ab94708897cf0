#include "node/member/mail.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check.h"
#include "node/member/enrol.h"
#include "node/member/inbox.h"
#include "node/member/receipt.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define POST_PATH "/v1/mail/post"
#define FETCH_PATH "/v1/mail/fetch"
#define TAKEN_PATH "/v1/mail/taken"
#define POST_MAX 64         /* letters posted in one step, so that others get their turn */
#define RETRY_SECONDS 60    /* a letter that the hub does not take now is tried again after this, */
#define REPOST_SECONDS 3600 /* and one that its receiver has not confirmed after this, */
#define RETRY_DOUBLINGS 6   /* doubled so many times */
#define RECONFIRM_SECONDS (REPOST_SECONDS / 2) /* a letter that comes again is confirmed again, but not more often */
#define OLD_DAYS_MORE 7     /* a letter may be older by so much than the hub keeps letters */
#define KIND_LEN 16

/* ---- writing a letter --------------------------------------------------------------------------------------------- */

/* see node/member/mail.h */
cdr_err
cdr_mail_note_attempt(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN], const char *result)
{
	uint64_t number;

	cdr_err err = cdr_setting_next(tx, "attempt", &number);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx,
	    "INSERT INTO attempt (number, request_id, at, channel, result) VALUES ($1, $2, $3, 'node', $4)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(request_id, CDR_ID_LEN),
		cdr_value_int((int64_t)cdr_member_now()), cdr_value_text(result)));
}

/* Put the message into its place in the letter. Every content is a pointer, so the union's first member stands for all. */
static void
set_content(Cdr__Wire__Letter *letter, const struct cdr_outgoing *outgoing)
{
	letter->content_case = outgoing->content;
	letter->probe = outgoing->message;
}

/* Sign and seal; the letter's id is drawn here. */
static cdr_err
seal_letter(const struct cdr_member *member, const Cdr__Wire__Member *receiver, const struct cdr_outgoing *outgoing,
    uint8_t id[static CDR_MAIL_ID_LEN], struct cdr_buffer *sealed)
{
	char from[CDR_SLUG_LEN_MAX + 1];

	cdr_err err = cdr_random(id, CDR_MAIL_ID_LEN);
	if (err != CDR_OK)
		return err;
	(void)snprintf(from, sizeof(from), "%s", member->id);
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	letter.letter_id = cdr_message_field(id, CDR_MAIL_ID_LEN);
	letter.request_id = cdr_message_field(outgoing->request_id, CDR_ID_LEN);
	letter.from = from;
	letter.to = receiver->id;
	letter.written_at = cdr_member_now();
	set_content(&letter, outgoing);
	return cdr_letter_seal(&letter, member->home->keys->signing, receiver->party->sealing_key.data, member->genesis,
	    sealed);
}

/* see node/member/mail.h */
cdr_err
cdr_mail_queue(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const struct cdr_outgoing *outgoing, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_buffer sealed = { 0 };
	uint64_t number;

	const Cdr__Wire__Member *receiver = cdr_roster_member(roster, outgoing->receiver);
	if (receiver == NULL || !cdr_roster_member_is_active(receiver))
		return cdr_fault_set(fault, CDR_E_ABSENT, "%s is no active member of the exchange", outgoing->receiver);
	CDR_TRY(seal_letter(member, receiver, outgoing, id, &sealed));
	CDR_TRY(cdr_setting_next(tx, "letter", &number));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO letter_out (id, number, request_id, receiver, kind, sealed, not_before, state, tries, made_at, posted_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, 0)",
	    CDR_VALUES(cdr_value_blob(id, sizeof(id)), cdr_value_int((int64_t)number),
		cdr_value_blob(outgoing->request_id, CDR_ID_LEN), cdr_value_text(outgoing->receiver),
		cdr_value_text(outgoing->kind), cdr_value_bytes(cdr_buffer_bytes(&sealed)),
		cdr_value_int((int64_t)outgoing->not_before), cdr_value_int((int64_t)cdr_member_now()))));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* ---- posting ---------------------------------------------------------------------------------------------------------- */

/* A letter that is due. */
struct due {
	uint64_t now;
	int64_t tries;
	uint8_t id[CDR_MAIL_ID_LEN];
	uint8_t request_id[CDR_ID_LEN];
	char receiver[CDR_SLUG_LEN_MAX + 1];
	char kind[KIND_LEN];
	struct cdr_buffer sealed;
	cdr_err outcome;
	struct cdr_receipt receipt;
};

/* A hub may lose what it took, or throw it away: what is not confirmed is posted again. An honest hub knows it by its id. */
static cdr_err
read_due(struct cdr_tx *tx, void *context)
{
	struct due *due = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT tries, id, request_id, receiver, sealed, kind FROM letter_out"
	    " WHERE state IN ('waiting', 'posted') AND not_before <= $1 ORDER BY number LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)due->now)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_int(query, 0, &due->tries));
	CDR_TRY(cdr_query_blob(query, 1, due->id, sizeof(due->id)));
	CDR_TRY(cdr_query_blob(query, 2, due->request_id, sizeof(due->request_id)));
	CDR_TRY(cdr_query_text(query, 3, due->receiver, sizeof(due->receiver)));
	CDR_TRY(cdr_query_blob_copy(query, 4, CDR_MAIL_SEALED_LEN, &due->sealed));
	CDR_TRY(cdr_query_text(query, 5, due->kind, sizeof(due->kind)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether a signed refusal means that the same letter will never be taken. */
static bool
is_final(cdr_err err)
{
	return err == CDR_E_INPUT || err == CDR_E_RANGE || err == CDR_E_EXISTS || err == CDR_E_ABSENT;
}

/* Whether it is about the receiver: a full mailbox, a suspended member. Other letters can go, and this one later. */
static bool
is_for_later(cdr_err err)
{
	return err == CDR_E_BUSY || err == CDR_E_REFUSED;
}

/* What needs no confirmation: nothing is lost with it. The next reminder comes, and who opens a request will answer it. */
static bool
is_unconfirmed(const char *kind)
{
	return strcmp(kind, "received") == 0 || strcmp(kind, "opened") == 0 || strcmp(kind, "reminder") == 0;
}

/* The hub holds it, or said why not. What it refuses for good is not sent again; the rest waits, longer each time. */
static cdr_err
write_posted(struct cdr_tx *tx, void *context)
{
	const struct due *due = context;
	bool posted = due->outcome == CDR_OK;
	int64_t now = (int64_t)due->now, doublings = due->tries < RETRY_DOUBLINGS ? due->tries : RETRY_DOUBLINGS;
	int64_t later = now + ((int64_t)(posted ? REPOST_SECONDS : RETRY_SECONDS) << doublings);
	const char *state = is_final(due->outcome) ? "refused" :
	    !posted                                ? "waiting" :
	    is_unconfirmed(due->kind)              ? "done" :
						     "posted";
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_receipt_keep(tx, &due->receipt));
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE letter_out SET state = $1, tries = tries + 1, posted_at = $2, not_before = $3 WHERE id = $4 AND"
	    " state IN ('waiting', 'posted')",
	    CDR_VALUES(cdr_value_text(state), cdr_value_int(posted ? now : 0), cdr_value_int(later),
		cdr_value_blob(due->id, sizeof(due->id)))));
	CDR_TRY(cdr_mail_note_attempt(tx, due->request_id, posted ? "posted" : cdr_err_name(due->outcome)));
	err = CDR_OK;
out:
	return err;
}

/* The receipt for just this letter. */
static cdr_err
take_receipt(const struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Logged *reply,
    struct due *due, struct cdr_fault *fault)
{
	const struct cdr_bytes parts[] = { { due->id, sizeof(due->id) },
		{ (const uint8_t *)member->id, strlen(member->id) }, { (const uint8_t *)due->receiver, strlen(due->receiver) },
		cdr_buffer_bytes(&due->sealed) };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	cdr_err err = cdr_leaf_content(CDR_LEAF_DELIVERY, parts, 4, content);
	return err != CDR_OK ? err :
			       cdr_receipt_take(member, roster, reply->receipt, CDR_LEAF_DELIVERY, content, &due->receipt, fault);
}

static cdr_err
post_one(struct cdr_member *member, const struct cdr_roster *roster, struct due *due, struct cdr_fault *fault)
{
	struct cdr_fault why = { 0 };
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;

	mail.id = cdr_message_field(due->id, sizeof(due->id));
	mail.from = member->id;
	mail.to = due->receiver;
	mail.sealed = cdr_message_field(due->sealed.data, due->sealed.len);
	struct cdr_ask ask = { .path = POST_PATH, .message = &mail.base, .reply_type = &cdr__wire__logged__descriptor };
	due->outcome = cdr_member_ask_hub(member, roster, &ask, &why);
	bool noted = due->outcome == CDR_OK || (ask.answered && (is_final(due->outcome) || is_for_later(due->outcome)));
	if (due->outcome == CDR_OK) {
		due->outcome = take_receipt(member, roster, ask.reply, due, &why);
		noted = due->outcome == CDR_OK;
	}
	cdr_ask_free(&ask);
	if (!noted && fault != NULL)
		*fault = why;
	if (!noted)
		return due->outcome;
	if (due->outcome != CDR_OK)
		cdr_log(CDR_LOG_WARNING, "letter.refused", cdr_log_text("to", due->receiver), cdr_log_err(due->outcome));
	return cdr_store_write(member->home->store, write_posted, due);
}

/* Post what is due, oldest first. */
static cdr_err
post_due(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < POST_MAX && err == CDR_OK; i++) {
		struct due due = { .now = cdr_member_now() };
		err = cdr_store_read(member->home->store, read_due, &due);
		if (err == CDR_E_ABSENT)
			return CDR_OK;
		if (err == CDR_OK)
			err = post_one(member, roster, &due, fault);
		*worked = *worked || err == CDR_OK;
		cdr_receipt_free(&due.receipt);
		cdr_buffer_free(&due.sealed);
	}
	return err;
}

/* ---- taking in ---------------------------------------------------------------------------------------------------------- */

/* One letter that came, with what was found out about it before the transaction. */
struct intake {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const struct cdr_letter *letter;
	uint8_t used[CDR_HPKE_PUBLIC_LEN];  /* the key that it was sealed to */
	struct cdr_inbox_finding finding;
	struct cdr_fault *fault;
};

/* The receiver's node has our letter. Only that of the full request means that the request is delivered. */
static cdr_err
take_received(struct cdr_tx *tx, const Cdr__Wire__Letter *letter)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t requests;
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(letter->received->letter_id));

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE letter_out SET state = 'received' WHERE id = $1 AND receiver = $2 AND request_id = $3",
	    CDR_VALUES(id, cdr_value_text(letter->from), cdr_value_bytes(cdr_message_bytes(letter->request_id)))));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_OK; /* erased here meanwhile */
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM letter_out WHERE id = $1 AND kind = 'request'", CDR_VALUES(id),
	    &requests));
	err = requests > 0 ? cdr_check_take_delivery(tx, letter) : CDR_OK;
out:
	return err;
}

/* Each kind of letter has its taker. */
static cdr_err
act_on(struct cdr_tx *tx, struct intake *intake)
{
	const Cdr__Wire__Letter *body = intake->letter->body;

	switch (body->content_case) {
	case CDR__WIRE__LETTER__CONTENT_PROBE:
	case CDR__WIRE__LETTER__CONTENT_REQUEST:
		return cdr_inbox_take(tx, intake->member, intake->roster, intake->letter, &intake->finding, intake->fault);
	case CDR__WIRE__LETTER__CONTENT_WITHDRAWAL:
		return cdr_inbox_withdraw(tx, intake->member, body, intake->fault);
	case CDR__WIRE__LETTER__CONTENT_RECEIVED:
		return take_received(tx, body);
	case CDR__WIRE__LETTER__CONTENT_PROBE_REPLY:
		return cdr_check_take_probe_reply(tx, intake->member, intake->roster, body, intake->fault);
	case CDR__WIRE__LETTER__CONTENT_STATEMENT:
		return cdr_check_take_statement(tx, intake->member, intake->letter, intake->used, intake->fault);
	case CDR__WIRE__LETTER__CONTENT_OPENED:
		return cdr_check_take_opened(tx, body);
	case CDR__WIRE__LETTER__CONTENT_DISPUTE:
		return cdr_inbox_take_dispute(tx, body, intake->fault);
	case CDR__WIRE__LETTER__CONTENT_REMINDER:
		return cdr_inbox_take_reminder(tx, intake->roster, body, intake->fault);
	default:
		return CDR_E_INPUT;
	}
}

/*
 * Tell the sender that the letter is held. A confirmation is not itself confirmed. Who was suspended after it wrote cannot be
 * told, and its letter counts all the same.
 */
static cdr_err
confirm(struct cdr_tx *tx, struct intake *intake)
{
	const Cdr__Wire__Letter *body = intake->letter->body;
	const Cdr__Wire__Member *sender = cdr_roster_member(intake->roster, body->from);
	Cdr__Wire__Received received = CDR__WIRE__RECEIVED__INIT;

	if (body->content_case == CDR__WIRE__LETTER__CONTENT_RECEIVED || body->content_case == CDR__WIRE__LETTER__CONTENT_OPENED ||
	    body->content_case == CDR__WIRE__LETTER__CONTENT_REMINDER || sender == NULL || !cdr_roster_member_is_active(sender))
		return CDR_OK;
	received.letter_id = body->letter_id;
	struct cdr_outgoing outgoing = {
		.receiver = body->from,
		.request_id = body->request_id.data,
		.kind = "received",
		.content = CDR__WIRE__LETTER__CONTENT_RECEIVED,
		.message = &received,
	};
	return cdr_mail_queue(tx, intake->member, intake->roster, &outgoing, intake->fault);
}

/* A letter that is here already: its sender did not get our confirmation, and gets another. */
static cdr_err
confirm_again(struct cdr_tx *tx, struct intake *intake, int64_t confirmed_at)
{
	const Cdr__Wire__Letter *body = intake->letter->body;
	int64_t now = (int64_t)cdr_member_now();

	if (confirmed_at + RECONFIRM_SECONDS > now)
		return CDR_OK;
	cdr_err err = confirm(tx, intake);
	if (err == CDR_OK)
		err = cdr_query_run(tx, "UPDATE letter_in SET confirmed_at = $1 WHERE id = $2 AND sender = $3",
		    CDR_VALUES(cdr_value_int(now), cdr_value_bytes(cdr_message_bytes(body->letter_id)), cdr_value_text(body->from)));
	return err;
}

/* What is older than the hub keeps letters is somebody's copy: by then we may have forgotten that we took it. */
static cdr_err
check_age(const struct intake *intake, uint64_t now)
{
	uint64_t days = (uint64_t)intake->roster->body->scheme->expiry_days + OLD_DAYS_MORE;

	if (intake->letter->body->written_at > INT64_MAX)
		return cdr_fault_set(intake->fault, CDR_E_INPUT, "letter: its date is none");
	if (intake->letter->body->written_at + days * CDR_DAY_SECONDS < now)
		return cdr_fault_set(intake->fault, CDR_E_REFUSED, "letter: it was written longer ago than letters are kept");
	return CDR_OK;
}

/*
 * A letter is acted on once: its id is noted in the same transaction, as its sender's. The hub knows the id before we do, and
 * with another member's help could use it up. The note stays until the letter's own date makes it too old to be taken.
 */
static cdr_err
take_letter(struct cdr_tx *tx, void *context)
{
	struct intake *intake = context;
	const Cdr__Wire__Letter *body = intake->letter->body;
	cdr_err err = CDR_E_INTERNAL;
	int64_t confirmed_at;
	uint64_t now = cdr_member_now();
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(body->letter_id)), sender = cdr_value_text(body->from);

	CDR_TRY(check_age(intake, now));
	err = cdr_query_one_int(tx, "SELECT confirmed_at FROM letter_in WHERE id = $1 AND sender = $2", CDR_VALUES(id, sender),
	    &confirmed_at);
	if (err == CDR_OK)
		return confirm_again(tx, intake, confirmed_at);
	if (err != CDR_E_ABSENT)
		goto out;
	CDR_TRY(act_on(tx, intake));
	CDR_TRY(confirm(tx, intake));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO letter_in (id, sender, at, confirmed_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(id, sender, cdr_value_int((int64_t)(body->written_at > now ? body->written_at : now)),
		cdr_value_int((int64_t)now))));
	err = CDR_OK;
out:
	return err;
}

/* Whether a failure lies in the letter, so that trying again is pointless, and not in this machine. */
static bool
is_letters_fault(cdr_err err)
{
	return err == CDR_E_INPUT || err == CDR_E_RANGE || err == CDR_E_SEALED || err == CDR_E_SIGNATURE ||
	    err == CDR_E_REFUSED || err == CDR_E_ABSENT || err == CDR_E_POINT || err == CDR_E_EXISTS;
}

/* Open and act. A letter at fault is logged and counts as taken: otherwise one forged letter would block all others. */
static cdr_err
take_mail(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Mail *mail)
{
	struct cdr_letter *letter = NULL;
	struct cdr_fault fault = { 0 };
	struct intake intake = { .member = member, .roster = roster, .fault = &fault };

	cdr_err err = strcmp(mail->to, member->id) != 0 ?
	    cdr_fault_set(&fault, CDR_E_REFUSED, "letter: it is for somebody else") :
	    cdr_keyring_open(member->keyring, mail, roster, member->genesis, intake.used, &letter, &fault);
	if (err == CDR_OK)
		err = cdr_inbox_examine(member, letter, &intake.finding, &fault);
	if (err == CDR_OK) {
		intake.letter = letter;
		err = cdr_store_write(member->home->store, take_letter, &intake);
	}
	cdr_letter_free(letter);
	if (err != CDR_OK && is_letters_fault(err)) {
		cdr_log(CDR_LOG_WARNING, "letter.dropped",
		    cdr_log_text("from", cdr_member_id_valid(mail->from) ? mail->from : NULL), cdr_log_err(err),
		    cdr_log_text("why", fault.text));
		return CDR_OK;
	}
	return err;
}

/* Tell the hub which letters it may forget. */
static cdr_err
tell_taken(struct cdr_member *member, const struct cdr_roster *roster, const uint8_t *ids, size_t count,
    struct cdr_fault *fault)
{
	Cdr__Wire__MailTaken taken = CDR__WIRE__MAIL_TAKEN__INIT;

	taken.ids = cdr_message_field(ids, count * CDR_MAIL_ID_LEN);
	struct cdr_ask ask = { .path = TAKEN_PATH, .message = &taken.base };
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	cdr_ask_free(&ask);
	return err;
}

/* Take in every letter of a bag; those that are durable (or worthless) may go from the hub. */
static cdr_err
take_bag(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__MailBag *bag,
    struct cdr_fault *fault)
{
	uint8_t ids[CDR_MAIL_BAG_COUNT_MAX * CDR_MAIL_ID_LEN];
	size_t count = 0;
	cdr_err failed = CDR_OK;

	for (size_t i = 0; i < bag->n_mail && i < CDR_MAIL_BAG_COUNT_MAX; i++) {
		cdr_err err = bag->mail[i]->id.len == CDR_MAIL_ID_LEN ? take_mail(member, roster, bag->mail[i]) : CDR_E_INPUT;
		if (err == CDR_OK)
			memcpy(ids + count++ * CDR_MAIL_ID_LEN, bag->mail[i]->id.data, CDR_MAIL_ID_LEN);
		else
			failed = err;
	}
	cdr_err err = count > 0 ? tell_taken(member, roster, ids, count, fault) : CDR_OK;
	return err != CDR_OK ? err : failed;
}

/* Whether some sender is not in the roster that is held: then a newer one may know it. */
static bool
has_unknown_sender(const struct cdr_roster *roster, const Cdr__Wire__MailBag *bag)
{
	for (size_t i = 0; i < bag->n_mail; i++)
		if (cdr_roster_member(roster, bag->mail[i]->from) == NULL)
			return true;
	return false;
}

static cdr_err
fetch(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	Cdr__Wire__MailFetch request = CDR__WIRE__MAIL_FETCH__INIT;
	const struct cdr_roster *newer = NULL;

	request.max = CDR_MAIL_BAG_COUNT_MAX;
	struct cdr_ask ask = {
		.path = FETCH_PATH,
		.message = &request.base,
		.reply_type = &cdr__wire__mail_bag__descriptor,
		.reply_max = CDR_BODY_MAIL_BAG_MAX,
	};
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	if (err == CDR_OK) {
		const Cdr__Wire__MailBag *bag = ask.reply;
		*worked = *worked || bag->n_mail > 0;
		if (has_unknown_sender(roster, bag) && cdr_enrol_refresh(member, NULL) == CDR_OK)
			newer = cdr_current_hold(member->current);
		err = take_bag(member, newer != NULL ? newer : roster, bag, fault);
	}
	cdr_current_release(member->current, newer);
	cdr_ask_free(&ask);
	return err;
}

/* see node/member/mail.h */
cdr_err
cdr_mail_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	*worked = false;
	cdr_err posted = post_due(member, roster, worked, fault);
	cdr_err fetched = fetch(member, roster, worked, fault);
	cdr_current_release(member->current, roster);
	return posted != CDR_OK ? posted : fetched;
}
