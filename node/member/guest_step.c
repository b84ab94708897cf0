#include "node/member/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/leaf.h"
#include "core/crypto/secret.h"
#include "node/member/count.h"
#include "node/member/deadline.h"
#include "node/member/email.h"
#include "node/member/guest_parts.h"
#include "node/member/misconduct.h"
#include "node/member/receipt.h"
#include "node/net/log.h"
#include "node/net/visit.h"
#include "node/web/page.h"

/* The daemon's part of node/member/guest.h. */

#define BATCH_MAX 16            /* requests brought to the hub in one step */
#define PAGE_MIN_S 600          /* the hub's page is fetched again after a random time, from this */
#define PAGE_SPAN_S (8 * 3600)  /* up to so much more, */
#define PAGE_RETRY_S 1800       /* and after this if it could not be fetched */
#define NEXT_PAGE "guest.page_at"
#define REPLY_MAX (CDR_GUEST_BAG_COUNT_MAX * (CDR_GUEST_ANSWER_SEALED_LEN + 128) + 4096)

static const char *page_ca_file;

/* see node/member/guest.h */
void
cdr_guest_page_trust(const char *ca_file)
{
	page_ca_file = ca_file;
}

/* ---- requests and withdrawals to the hub ------------------------------------------------------------------------------------ */

/* A request that the hub is to hear of. */
struct pending {
	const char *link;         /* waiting: put it; ending: withdraw it */
	uint8_t id[CDR_ID_LEN];
	struct cdr_buffer request;
	uint64_t expires_at;
	cdr_err answer;           /* the hub's */
};

/* A reading job. */
static cdr_err
read_pending(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct pending *pending = context;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT id, request, expires_at FROM guest WHERE link = $1 ORDER BY number LIMIT 1",
	    CDR_VALUES(cdr_value_text(pending->link)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, pending->id, sizeof(pending->id)));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_GUEST_REQUEST_SEALED_LEN, &pending->request));
	CDR_TRY(cdr_query_count(query, 2, &pending->expires_at));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: the hub took it, or said that it never will. */
static cdr_err
settle_pending(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct pending *pending = context;
	bool is_put = strcmp(pending->link, "waiting") == 0;
	struct cdr_value id = cdr_value_blob(pending->id, CDR_ID_LEN);

	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET link = $1 WHERE id = $2 AND link = $3",
	    CDR_VALUES(cdr_value_text(!is_put ? "ended" : pending->answer == CDR_OK ? "open" : "none"), id,
		cdr_value_text(pending->link))));
	if (is_put && cdr_query_changed_count(tx) > 0) {
		CDR_TRY(cdr_query_run(tx, "UPDATE guest SET status = 'delivered' WHERE id = $1 AND status = 'queued'", CDR_VALUES(id)));
		CDR_TRY(cdr_guest_note(tx, pending->id, "guest_link", pending->answer == CDR_OK ? "open" : "refused"));
	}
	err = CDR_OK;
out:
	return err;
}

/* Put or withdraw one request. The hub's own refusal settles it too, unless it may say otherwise later. */
static cdr_err
bring_one(struct cdr_member *member, const struct cdr_roster *roster, struct pending *pending, struct cdr_fault *fault)
{
	Cdr__Wire__GuestPut put = CDR__WIRE__GUEST_PUT__INIT;
	Cdr__Wire__GuestWithdraw withdraw = CDR__WIRE__GUEST_WITHDRAW__INIT;
	bool is_put = strcmp(pending->link, "waiting") == 0;
	struct cdr_ask ask = { .path = is_put ? "/v1/guest/put" : "/v1/guest/withdraw",
		.message = is_put ? &put.base : &withdraw.base };

	withdraw.id = put.id = cdr_message_field(pending->id, CDR_ID_LEN);
	put.sealed = cdr_message_field(pending->request.data, pending->request.len);
	put.expires_at = pending->expires_at;
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	pending->answer = err;
	bool is_final = ask.answered && (err == CDR_E_INPUT || err == CDR_E_RANGE || err == CDR_E_EXISTS || err == CDR_E_ABSENT ||
		err == CDR_E_TIME);
	if (is_final)
		cdr_log(CDR_LOG_WARNING, "guest.refused", cdr_log_err(err), cdr_log_text("why", fault->text));
	cdr_ask_free(&ask);
	return err == CDR_OK || is_final ? cdr_store_write(member->home->store, settle_pending, pending) : err;
}

static cdr_err
bring(struct cdr_member *member, const struct cdr_roster *roster, const char *link, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < BATCH_MAX && err == CDR_OK; i++) {
		struct pending pending = { .link = link };
		err = cdr_store_read(member->home->store, read_pending, &pending);
		if (err == CDR_OK)
			err = bring_one(member, roster, &pending, fault);
		*worked = *worked || err == CDR_OK;
		cdr_buffer_free(&pending.request);
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* ---- answers from the hub -------------------------------------------------------------------------------------------------- */

static cdr_err
take_one(struct cdr_member *member, const Cdr__Wire__GuestAnswer *answer, struct cdr_fault *fault)
{
	enum cdr_guest_outcome outcome;
	struct cdr_fault why = { 0 };
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel));

	if (parcel == NULL)
		return CDR_E_MEMORY;
	if (answer->id.len != sizeof(parcel->id) || answer->response.len != sizeof(parcel->response) ||
	    answer->sealed.len != sizeof(parcel->sealed)) {
		free(parcel);
		return cdr_fault_set(fault, CDR_E_INPUT, "the hub handed over an answer of another size than answers have");
	}
	memcpy(parcel->id, answer->id.data, sizeof(parcel->id));
	memcpy(parcel->response, answer->response.data, sizeof(parcel->response));
	memcpy(parcel->sealed, answer->sealed.data, sizeof(parcel->sealed));
	cdr_err err = cdr_guest_take(member, parcel, "guest_link", &outcome, &why);
	free(parcel);
	if (err == CDR_OK && outcome == CDR_GUEST_UNREAD)
		cdr_log(CDR_LOG_WARNING, "guest.unreadable", cdr_log_text("why", why.text));
	return err;
}

/* The hub may forget what is durable here. */
static cdr_err
confirm(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__GuestBag *bag, struct cdr_fault *fault)
{
	uint8_t responses[CDR_GUEST_BAG_COUNT_MAX * CDR_ID_LEN];
	Cdr__Wire__GuestTaken taken = CDR__WIRE__GUEST_TAKEN__INIT;
	struct cdr_ask ask = { .path = "/v1/guest/taken", .message = &taken.base };

	for (size_t i = 0; i < bag->n_answer; i++)
		memcpy(responses + i * CDR_ID_LEN, bag->answer[i]->response.data, CDR_ID_LEN);
	taken.responses = cdr_message_field(responses, bag->n_answer * CDR_ID_LEN);
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	cdr_ask_free(&ask);
	return err;
}

/* A reading job: whether the hub may hold something for us. */
static cdr_err
count_links(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM guest WHERE link IN ('open', 'answered', 'ending')", CDR_VALUES(), context);
}

static cdr_err
fetch(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__GuestFetch request = CDR__WIRE__GUEST_FETCH__INIT;
	struct cdr_ask ask = { .path = "/v1/guest/fetch", .message = &request.base,
		.reply_type = &cdr__wire__guest_bag__descriptor, .reply_max = REPLY_MAX };

	request.max = CDR_GUEST_BAG_COUNT_MAX;
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	const Cdr__Wire__GuestBag *bag = ask.reply;
	if (bag->n_answer > CDR_GUEST_BAG_COUNT_MAX) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "the hub handed over more answers than were asked for");
		goto out;
	}
	for (size_t i = 0; i < bag->n_answer; i++)
		CDR_TRY(take_one(member, bag->answer[i], fault));
	if (bag->n_answer > 0)
		CDR_TRY(confirm(member, roster, bag, fault));
	*worked = *worked || bag->n_answer > 0;
	err = CDR_OK;
out:
	cdr_ask_free(&ask);
	return err;
}

/* ---- what has expired ---------------------------------------------------------------------------------------------------------- */

/* A writing job: one request whose time is over. What came of it stays, what could open more is destroyed. */
static cdr_err
expire_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	int64_t answered;
	struct cdr_value now = cdr_value_int((int64_t)cdr_member_now());

	(void)context;
	CDR_TRY(cdr_query_one_blob(tx, "SELECT id FROM guest WHERE length(keys) > 0 AND expires_at <= $1 ORDER BY number LIMIT 1",
	    CDR_VALUES(now), id, sizeof(id)));
	struct cdr_value key = cdr_value_blob(id, sizeof(id));
	CDR_TRY(cdr_query_one_int(tx, "SELECT answered_at FROM guest WHERE id = $1", CDR_VALUES(key), &answered));
	CDR_TRY(cdr_guest_forget_keys(tx, id));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET link = 'ended' WHERE id = $1", CDR_VALUES(key)));
	if (answered == 0) {
		CDR_TRY(cdr_query_run(tx, "UPDATE guest SET status = 'expired' WHERE id = $1", CDR_VALUES(key)));
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_REQUEST_EXPIRED, cdr_count_year(cdr_member_now()), 1));
	}
	CDR_TRY(cdr_guest_note(tx, id, "guest_link", "expired"));
	CDR_TRY(cdr_trail_add(tx, CDR_TRAIL_NODE, "guest.expire", id));
	err = CDR_OK;
out:
	return err;
}

/* ---- who has not answered ----------------------------------------------------------------------------------------------------- */

/*
 * A writing job: one request of which a day of the calendar is past. Nobody but the guest can be written to, and that is for
 * people: they are told that there is something to do, and call.
 */
static cdr_err
remind_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_deadline calendar;
	uint8_t id[CDR_ID_LEN];
	int64_t done;
	uint64_t now = cdr_member_now();

	(void)context;
	CDR_TRY(cdr_query_start(tx, "SELECT id, asked_at, due_at, expires_at, stage_done FROM guest"
	    " WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT 1", CDR_VALUES(cdr_value_int((int64_t)now)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	CDR_TRY(cdr_query_count(query, 1, &calendar.asked_at));
	CDR_TRY(cdr_query_count(query, 2, &calendar.due_at));
	CDR_TRY(cdr_query_count(query, 3, &calendar.expires_at));
	CDR_TRY(cdr_query_int(query, 4, &done));
	cdr_query_end(query);
	query = NULL;
	enum cdr_deadline_stage stage = cdr_deadline_past(&calendar, (enum cdr_deadline_stage)done, now);
	bool is_new = stage != CDR_DEADLINE_NONE;
	stage = is_new ? stage : (enum cdr_deadline_stage)done;
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET stage_done = $1, next_at = $2 WHERE id = $3",
	    CDR_VALUES(cdr_value_int(stage), cdr_value_int((int64_t)cdr_deadline_next(&calendar, stage)), cdr_value_blob(id, sizeof(id)))));
	if (!is_new || stage == CDR_DEADLINE_EXPIRED) {
		err = CDR_OK;
		goto out;
	}
	if (stage == CDR_DEADLINE_DUE)
		CDR_TRY(cdr_query_run(tx, "UPDATE guest SET status = 'no_response' WHERE id = $1 AND status IN ('queued', 'delivered')",
		    CDR_VALUES(cdr_value_blob(id, sizeof(id)))));
	CDR_TRY(cdr_guest_note(tx, id, "guest_link", stage == CDR_DEADLINE_DUE ? "escalated" : "reminded"));
	CDR_TRY(cdr_email_queue(tx, stage == CDR_DEADLINE_DUE ? CDR_EMAIL_SECOND : CDR_EMAIL_FIRST, id));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Run a job until there is nothing left for it. */
static cdr_err
run_all(struct cdr_member *member, cdr_store_job *job, bool *worked)
{
	cdr_err err;

	while ((err = cdr_store_write(member->home->store, job, NULL)) == CDR_OK)
		*worked = true;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A reading job: is anything past? The daemon asks often, and mostly there is not. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM guest WHERE (next_at > 0 AND next_at <= $1) OR (length(keys) > 0 AND expires_at <= $1)",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now())), context);
}

/* ---- the hub's page ------------------------------------------------------------------------------------------------------------- */

static bool
is_in_form(const Cdr__Wire__GuestPage *page)
{
	return page->hash.len == CDR_SHA256_LEN && strlen(page->url) <= CDR_URL_LEN_MAX && cdr_web_guest_url_is_valid(page->url);
}

/* see node/member/guest.h */
cdr_err
cdr_guest_hub_page(struct cdr_member *member, char *url, uint8_t *hash, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct cdr_ask ask = { .path = "/v1/guest/page", .reply_type = &cdr__wire__guest_page__descriptor };

	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	if (err == CDR_OK) {
		const Cdr__Wire__GuestPage *page = ask.reply;
		if (!is_in_form(page))
			err = cdr_fault_set(fault, CDR_E_INPUT, "the hub's word about its page for guests is not of its form");
		else {
			memcpy(hash, page->hash.data, CDR_SHA256_LEN);
			memcpy(url, page->url, strlen(page->url) + 1);
		}
	}
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}

/* Keep what is wrong with the page, with the hub's signed word about it. */
static void
accuse(struct cdr_member *member, const struct cdr_ask *ask, const char *what)
{
	const struct cdr_misconduct m = {
		.party = "hub",
		.what = what,
		.request = cdr_buffer_bytes(&ask->request),
		.reply = cdr_buffer_bytes(&ask->post.reply),
		.once_a_day = true,
	};

	cdr_misconduct_note(member, &m);
}

static cdr_err
keep_receipt(struct cdr_tx *tx, void *context)
{
	return cdr_receipt_keep(tx, context);
}

/* Whether the log names this page: the hub signed a receipt for a leaf that is about it. The daily check looks for that leaf in the log. */
static cdr_err
check_logged(struct cdr_member *member, const struct cdr_roster *roster, const struct cdr_ask *ask)
{
	const Cdr__Wire__GuestPage *word = ask->reply;
	const struct cdr_bytes parts[] = { cdr_message_bytes(word->hash), { (const uint8_t *)word->url, strlen(word->url) } };
	struct cdr_receipt receipt = { 0 };
	struct cdr_fault unused = { 0 };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	cdr_err err = cdr_leaf_content(CDR_LEAF_GUEST_PAGE, parts, 2, content);
	if (err == CDR_OK)
		err = cdr_receipt_take(member, roster, word->receipt, CDR_LEAF_GUEST_PAGE, content, &receipt, &unused);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, keep_receipt, &receipt);
	else if (err == CDR_E_PROOF)
		accuse(member, ask, "its log does not name the page for guests that it signs: ask the secretariat before you send links");
	cdr_receipt_free(&receipt);
	return err == CDR_E_PROOF ? CDR_OK : err;
}

/* Whether the page that came is the one that was signed, and that one the page of this program. */
static cdr_err
compare(struct cdr_member *member, const struct cdr_roster *roster, const struct cdr_ask *ask, struct cdr_bytes page)
{
	const Cdr__Wire__GuestPage *word = ask->reply;
	uint8_t seen[CDR_SHA256_LEN], own[CDR_SHA256_LEN];

	cdr_err err = cdr_web_page_hash(page, seen);
	if (err == CDR_OK)
		err = cdr_web_page_hash((struct cdr_bytes){ NULL, 0 }, own);
	if (err == CDR_OK)
		err = check_logged(member, roster, ask);
	if (err != CDR_OK)
		return err;
	if (memcmp(seen, word->hash.data, sizeof(seen)) != 0)
		accuse(member, ask, "its page for guests is not the one that it signed: whoever answers there may be overheard. Send files, "
				    "not links, until the secretariat has explained it");
	else if (memcmp(own, word->hash.data, sizeof(own)) != 0)
		accuse(member, ask, "it signs and serves another page for guests than this program's. Either one of the two is older, or the "
				    "page was changed: ask the secretariat before you send links");
	return CDR_OK;
}

/* see node/member/guest.h */
cdr_err
cdr_guest_page_check(struct cdr_member *member, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct cdr_ask ask = { .path = "/v1/guest/page", .reply_type = &cdr__wire__guest_page__descriptor };
	struct cdr_buffer page = { 0 };

	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	const Cdr__Wire__GuestPage *word = ask.reply;
	if (!is_in_form(word)) {
		accuse(member, &ask, "its word about its page for guests is not of its form");
		err = CDR_OK;
		goto out;
	}
	CDR_TRY(cdr_visit_get(word->url, page_ca_file, CDR_WEB_PAGE_MAX, &page, fault));
	CDR_TRY(compare(member, roster, &ask, cdr_buffer_bytes(&page)));
	err = CDR_OK;
out:
	cdr_buffer_free(&page);
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}

/* When the page is looked at next. */
struct turn {
	uint64_t next;
	bool is_due;
};

/* A reading job: whether the time has come, or there is none yet. */
static cdr_err
turn_read_job(struct cdr_tx *tx, void *context)
{
	struct turn *turn = context;
	uint64_t at = 0;

	cdr_err err = cdr_setting_get(tx, NEXT_PAGE, &at, sizeof(at));
	turn->is_due = err == CDR_E_ABSENT || (err == CDR_OK && at <= cdr_member_now());
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A writing job. The first time is random too: that a node was started says nothing about when it looks. */
static cdr_err
turn_job(struct cdr_tx *tx, void *context)
{
	struct turn *turn = context;
	uint64_t now = cdr_member_now(), at = 0;
	uint32_t random = 0;

	cdr_err err = cdr_setting_get(tx, NEXT_PAGE, &at, sizeof(at));
	turn->is_due = err == CDR_OK && at <= now;
	if (err == CDR_OK && !turn->is_due)
		return CDR_OK;
	if (err == CDR_OK || err == CDR_E_ABSENT)
		err = cdr_random(&random, sizeof(random));
	turn->next = now + PAGE_MIN_S + random % PAGE_SPAN_S;
	return err != CDR_OK ? err : cdr_setting_put(tx, NEXT_PAGE, &turn->next, sizeof(turn->next));
}

/* A writing job. */
static cdr_err
retry_job(struct cdr_tx *tx, void *context)
{
	uint64_t next = cdr_member_now() + PAGE_RETRY_S;

	(void)context;
	return cdr_setting_put(tx, NEXT_PAGE, &next, sizeof(next));
}

/* A page that cannot be fetched is no lie; it is tried again, and the log says so. */
static cdr_err
look_at_page(struct cdr_member *member)
{
	struct turn turn = { 0 };
	struct cdr_fault fault = { 0 };

	cdr_err err = cdr_store_read(member->home->store, turn_read_job, &turn);
	if (err == CDR_OK && turn.is_due)
		err = cdr_store_write(member->home->store, turn_job, &turn);
	if (err != CDR_OK || !turn.is_due)
		return err;
	err = cdr_guest_page_check(member, &fault);
	if (err == CDR_OK || err == CDR_E_STORE || err == CDR_E_MEMORY)
		return err;
	cdr_log(CDR_LOG_WARNING, "guest.page_unseen", cdr_log_err(err), cdr_log_text("why", fault.text));
	return cdr_store_write(member->home->store, retry_job, NULL);
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------------- */

/* see node/member/guest.h */
cdr_err
cdr_guest_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	int64_t links = 0, past = 0;

	*worked = false;
	CDR_TRY(cdr_store_read(member->home->store, look_job, &past));
	if (past > 0) {
		CDR_TRY(run_all(member, expire_job, worked));
		CDR_TRY(run_all(member, remind_job, worked));
	}
	CDR_TRY(bring(member, roster, "waiting", worked, fault));
	CDR_TRY(cdr_store_read(member->home->store, count_links, &links));
	if (links > 0) {
		CDR_TRY(fetch(member, roster, worked, fault));
		CDR_TRY(look_at_page(member));
	}
	/* Last: what was answered before a withdrawal has been taken in. */
	CDR_TRY(bring(member, roster, "ending", worked, fault));
	err = CDR_OK;
out:
	cdr_current_release(member->current, roster);
	return err;
}
