#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/evaluate.h"
#include "node/member/index_trust.h"
#include "node/member/misconduct.h"
#include "node/member/receipt.h"
#include "node/net/log.h"

/* The daemon's part of node/member/check.h: from a check that waits to the employers that are asked. */

#define OPEN_PATH "/v1/check/open"
#define CLOSE_PATH "/v1/check/close"
#define DUMMY_LEN CDR_SHA256_LEN
#define DOUBT_WAIT_S UINT64_C(300)
#define DOUBT_TRIES_MAX 5 /* doublings: three hours at most */

/* A check on its way to the hub. */
struct matching {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const Cdr__Wire__Epoch *epoch;
	uint8_t check_id[CDR_ID_LEN];
	struct cdr_candidate candidate;      /* personal */
	struct cdr_token_set set;            /* personal */
	uint8_t dummy[CDR_CHECK_ROWS_MAX][DUMMY_LEN];
	size_t row_count;
	uint8_t rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	const Cdr__Wire__CheckOpenReply *reply;
	struct cdr_receipt receipt;
	struct cdr_fault *fault;
};

/* ---- tags --------------------------------------------------------------------------------------------------------------- */

/* The next check in a state, oldest first. */
struct next {
	const char *state;
	uint8_t id[CDR_ID_LEN];
	bool found;
};

static cdr_err
read_next(struct cdr_tx *tx, void *context)
{
	struct next *next = context;

	cdr_err err = cdr_query_one_blob(tx,
	    "SELECT id FROM hiring_check WHERE state = $1 AND NOT EXISTS ("
	    "SELECT 1 FROM check_doubt WHERE check_id = id AND again_at > $2) ORDER BY number LIMIT 1",
	    CDR_VALUES(cdr_value_text(next->state), cdr_value_int((int64_t)cdr_member_now())), next->id, sizeof(next->id));
	next->found = err == CDR_OK;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
find_next(struct cdr_member *member, struct next *next)
{
	return cdr_store_read(member->home->store, read_next, next);
}

static cdr_err
read_candidate(struct cdr_tx *tx, void *context)
{
	struct matching *m = context;

	return cdr_check_open_candidate(tx, m->member, m->check_id, &m->candidate);
}

/*
 * What fills the tokens up to 16, 32 or 64: strings that belong to nobody, evaluated like the rest, so that trustees see a
 * fixed number of points and the hub rows that all look alike. They follow from the check's id and this node's key: the same
 * check asks for the same rows again after a crash, and the hub gives the same reply.
 */
static cdr_err
make_dummies(struct matching *m)
{
	static const char label[] = "candor/1 dummy";
	cdr_err err = CDR_OK;

	m->row_count = cdr_token_padded(m->set.count);
	for (size_t i = m->set.count; i < m->row_count && err == CDR_OK; i++) {
		uint8_t number = (uint8_t)i;
		struct cdr_bytes parts[] = {
			{ (const uint8_t *)label, sizeof(label) }, { m->check_id, CDR_ID_LEN }, { &number, 1 }
		};
		err = cdr_hmac_sha256(m->member->home->keys->column, CDR_SEAL_KEY_LEN, parts, 3, m->dummy[i]);
	}
	return err;
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, CDR_CHECK_ROW_LEN);
}

/* tag 16, type 1, rarity 1, pair 1, in the order of the tags, which tells nothing. */
static void
write_rows(struct matching *m, const uint8_t *tags)
{
	for (size_t i = 0; i < m->row_count; i++) {
		const struct cdr_token *like = &m->set.token[i % m->set.count];
		uint8_t *row = m->rows + i * CDR_CHECK_ROW_LEN;
		memcpy(row, tags + i * CDR_TAG_LEN, CDR_TAG_LEN);
		row[CDR_TAG_LEN] = like->type;
		row[CDR_TAG_LEN + 1] = like->rarity;
		row[CDR_TAG_LEN + 2] = like->pair;
	}
	qsort(m->rows, m->row_count, CDR_CHECK_ROW_LEN, compare_rows);
}

/*
 * The rows of the check that is at work: its id, the epoch, how many, the rows. They stay until the hub has answered, so that
 * a hub that is away, or refuses, costs no points at the trustees beyond the first.
 */
#define KEPT_NAME CDR_CHECK_ROWS_SETTING
#define KEPT_EPOCH_AT CDR_ID_LEN
#define KEPT_COUNT_AT (KEPT_EPOCH_AT + 4)
#define KEPT_ROWS_AT (KEPT_COUNT_AT + 1)
#define KEPT_LEN (KEPT_ROWS_AT + CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN)

static void
kept_head(const struct matching *m, uint8_t kept[static KEPT_LEN])
{
	memcpy(kept, m->check_id, CDR_ID_LEN);
	for (size_t i = 0; i < 4; i++)
		kept[KEPT_EPOCH_AT + i] = (uint8_t)(m->epoch->number >> (24 - 8 * i));
	kept[KEPT_COUNT_AT] = (uint8_t)cdr_token_padded(m->set.count);
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_rows_owner(struct cdr_tx *tx, uint8_t id[static CDR_ID_LEN])
{
	uint8_t kept[KEPT_LEN];

	cdr_err err = cdr_setting_get(tx, KEPT_NAME, kept, sizeof(kept));
	memcpy(id, kept, CDR_ID_LEN);
	return err;
}

/* Take them over, if they are those of this check, epoch and number of tokens; else row_count is 0. */
static cdr_err
read_kept(struct cdr_tx *tx, void *context)
{
	struct matching *m = context;
	uint8_t kept[KEPT_LEN], head[KEPT_LEN] = { 0 };

	m->row_count = 0;
	cdr_err err = cdr_setting_get(tx, KEPT_NAME, kept, sizeof(kept));
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	kept_head(m, head);
	if (memcmp(kept, head, KEPT_ROWS_AT) == 0) {
		m->row_count = kept[KEPT_COUNT_AT];
		memcpy(m->rows, kept + KEPT_ROWS_AT, m->row_count * CDR_CHECK_ROW_LEN);
	}
	return CDR_OK;
}

static cdr_err
write_kept(struct cdr_tx *tx, void *context)
{
	const struct matching *m = context;
	uint8_t kept[KEPT_LEN] = { 0 };
	int64_t waits;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM hiring_check WHERE id = $1 AND state = 'waiting'",
	    CDR_VALUES(cdr_value_blob(m->check_id, CDR_ID_LEN)), &waits);
	if (err != CDR_OK || waits == 0)
		return err == CDR_OK ? CDR_E_ABSENT : err; /* withdrawn or erased meanwhile: nothing of it is kept */
	kept_head(m, kept);
	memcpy(kept + KEPT_ROWS_AT, m->rows, m->row_count * CDR_CHECK_ROW_LEN);
	return cdr_setting_put(tx, KEPT_NAME, kept, sizeof(kept));
}

/* From the candidate to the rows that the hub gets. */
static cdr_err
derive_rows(struct matching *m, const struct cdr_scheme *scheme)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes inputs[CDR_CHECK_ROWS_MAX];
	uint8_t tags[CDR_CHECK_ROWS_MAX * CDR_TAG_LEN];

	/* cdr_check_add refused what cannot be normalised; a later scheme may refuse more, and must not block the others. */
	err = cdr_token_derive(&m->candidate.person, scheme, &m->set, m->fault);
	if (err == CDR_E_INPUT || (err == CDR_OK && m->set.count == 0))
		return CDR_OK;
	CDR_TRY(err);
	CDR_TRY(cdr_store_read(m->member->home->store, read_kept, m));
	if (m->row_count > 0)
		return CDR_OK;
	CDR_TRY(make_dummies(m));
	for (size_t i = 0; i < m->row_count; i++)
		inputs[i] = i < m->set.count ? (struct cdr_bytes){ m->set.token[i].input, m->set.token[i].input_len } :
					       (struct cdr_bytes){ m->dummy[i], DUMMY_LEN };
	CDR_TRY(cdr_evaluate(m->member, m->roster, m->epoch, CDR_PURPOSE_CHECK, inputs, m->row_count, tags, m->fault));
	write_rows(m, tags);
	CDR_TRY(cdr_store_write(m->member->home->store, write_kept, m));
	err = CDR_OK;
out:
	return err;
}

/* ---- the hub's answer ----------------------------------------------------------------------------------------------------- */

/* Whether a match is one that the hub may name. */
static cdr_err
check_match(const struct matching *m, const Cdr__Wire__Match *match)
{
	bool tier_known = strcmp(match->tier, "strong") == 0 || strcmp(match->tier, "possible") == 0;

	if (!cdr_member_id_valid(match->member) || !tier_known || match->lambda_ppb > INT64_MAX || match->handles.len == 0 ||
	    match->handles.len % CDR_HANDLE_LEN != 0 || match->handles.len > CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN ||
	    strcmp(match->member, m->member->id) == 0)
		return cdr_fault_set(m->fault, CDR_E_INPUT, "the hub's reply names a match that cannot be");
	return CDR_OK;
}

/* A declared employer that is matched too is asked once: the match is noted beside it. */
static cdr_err
note_match(struct cdr_tx *tx, const struct matching *m, const Cdr__Wire__Match *match)
{
	return cdr_query_run(tx,
	    "UPDATE employer SET tier = $1, lambda_ppb = $2, types = $3, handles = $4 WHERE check_id = $5 AND member = $6",
	    CDR_VALUES(cdr_value_text(match->tier), cdr_value_int((int64_t)match->lambda_ppb), cdr_value_int(match->types),
		cdr_value_bytes(cdr_message_bytes(match->handles)), cdr_value_blob(m->check_id, CDR_ID_LEN),
		cdr_value_text(match->member)));
}

/* An employer that was not declared is first asked whether the match is plausible. */
static cdr_err
probe_match(struct cdr_tx *tx, struct matching *m, const Cdr__Wire__Match *match)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t request_id[CDR_ID_LEN];

	const Cdr__Wire__Member *entry = cdr_roster_member(m->roster, match->member);
	if (entry == NULL || !cdr_roster_member_is_active(entry)) {
		cdr_log(CDR_LOG_WARNING, "match.no_member", cdr_log_text("member", match->member));
		return CDR_OK;
	}
	CDR_TRY(cdr_random(request_id, sizeof(request_id)));
	struct cdr_check_asked asked = {
		.member = m->member,
		.roster = m->roster,
		.candidate = &m->candidate,
		.check_id = m->check_id,
		.employer = match->member,
		.request_id = request_id,
		.handles = cdr_message_bytes(match->handles),
		.people = m->reply->people,
	};
	CDR_TRY(cdr_check_queue_probe(tx, &asked, m->fault));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO employer (check_id, member, request_id, declared, tier, lambda_ppb, types, handles,"
	    " stage, status, result, statement, asked_at, due_at, answered_at)"
	    " VALUES ($1, $2, $3, 0, $4, $5, $6, $7, 'probe', 'queued', '', NULL, $8, $9, 0)",
	    CDR_VALUES(cdr_value_blob(m->check_id, CDR_ID_LEN), cdr_value_text(match->member),
		cdr_value_blob(request_id, sizeof(request_id)), cdr_value_text(match->tier),
		cdr_value_int((int64_t)match->lambda_ppb), cdr_value_int(match->types),
		cdr_value_bytes(cdr_message_bytes(match->handles)), cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_int((int64_t)cdr_check_due(m->roster)))));
	CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_MATCH, match->tier, cdr_count_year(cdr_member_now()), 1));
	err = CDR_OK;
out:
	return err;
}

/* Everything that the hub's answer leads to, once. */
static cdr_err
apply_reply(struct cdr_tx *tx, void *context)
{
	struct matching *m = context;
	cdr_err err = CDR_E_INTERNAL;
	size_t match_count = m->reply != NULL ? m->reply->n_match : 0;
	int64_t people = m->reply != NULL && m->reply->people <= INT64_MAX ? (int64_t)m->reply->people : 0;

	if (match_count > CDR_MATCHES_MAX)
		return cdr_fault_set(m->fault, CDR_E_RANGE, "the hub names more members than it may");
	for (size_t i = 0; i < match_count; i++) {
		CDR_TRY(check_match(m, m->reply->match[i]));
		CDR_TRY(note_match(tx, m, m->reply->match[i]));
		if (cdr_query_changed_count(tx) == 0)
			CDR_TRY(probe_match(tx, m, m->reply->match[i]));
		else
			CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_MATCH, m->reply->match[i]->tier, cdr_count_year(cdr_member_now()), 1));
	}
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE hiring_check SET state = $1, people = $2, epoch = $3 WHERE id = $4 AND state = 'waiting'",
	    CDR_VALUES(cdr_value_text(m->reply != NULL ? "matched" : "open"), cdr_value_int(people),
		cdr_value_int(m->epoch->number), cdr_value_blob(m->check_id, CDR_ID_LEN))));
	if (cdr_query_changed_count(tx) != 1)
		return CDR_E_ABSENT; /* erased meanwhile */
	CDR_TRY(cdr_receipt_keep(tx, &m->receipt));
	if (m->reply != NULL)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_MATCH_QUERY, cdr_count_year(cdr_member_now()), 1));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(KEPT_NAME))));
	CDR_TRY(cdr_query_run(tx, "UPDATE check_doubt SET settled = 1 WHERE check_id = $1",
	    CDR_VALUES(cdr_value_blob(m->check_id, CDR_ID_LEN))));
	err = CDR_OK;
out:
	return err;
}

/* The receipt for just this check. */
static cdr_err
take_receipt(struct matching *m)
{
	const struct cdr_bytes parts[] = { { m->check_id, sizeof(m->check_id) },
		{ m->rows, m->row_count * CDR_CHECK_ROW_LEN } };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	cdr_err err = cdr_leaf_content(CDR_LEAF_CHECK_OPENED, parts, 2, content);
	return err != CDR_OK ? err :
			       cdr_receipt_take(m->member, m->roster, m->reply->receipt, CDR_LEAF_CHECK_OPENED, content,
				   &m->receipt, m->fault);
}

/* A check that the hub closes, and its receipt for that. */
struct closing {
	const uint8_t *id;
	struct cdr_receipt receipt;
};

/* The hub may forget the check. A repeat finds nothing to close any more, and so has no receipt. */
static cdr_err
forget_at_hub(struct cdr_member *member, const struct cdr_roster *roster, struct closing *closing, struct cdr_fault *fault)
{
	Cdr__Wire__CheckClose close = CDR__WIRE__CHECK_CLOSE__INIT;
	const struct cdr_bytes check = { closing->id, CDR_ID_LEN };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	close.check = cdr_message_field(closing->id, CDR_ID_LEN);
	struct cdr_ask ask = { .path = CLOSE_PATH, .message = &close.base, .reply_type = &cdr__wire__logged__descriptor };
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	const Cdr__Wire__Logged *reply = err == CDR_OK ? ask.reply : NULL;
	if (err == CDR_E_ABSENT && ask.answered)
		err = CDR_OK; /* forgotten already */
	if (reply != NULL && reply->receipt != NULL) {
		err = cdr_leaf_content(CDR_LEAF_CHECK_CLOSED, &check, 1, content);
		if (err == CDR_OK)
			err = cdr_receipt_take(member, roster, reply->receipt, CDR_LEAF_CHECK_CLOSED, content, &closing->receipt, fault);
	}
	cdr_ask_free(&ask);
	return err;
}

/* A writing job: the receipts of an answer that is not used, and of its closing. */
struct unused {
	const struct matching *m;
	const struct closing *closing;
};

static cdr_err
write_unused(struct cdr_tx *tx, void *context)
{
	const struct unused *unused = context;

	cdr_err err = cdr_receipt_keep(tx, &unused->m->receipt);
	return err == CDR_OK ? cdr_receipt_keep(tx, &unused->closing->receipt) : err;
}

/* Close a check whose answer is not used: it can be asked again. */
static cdr_err
drop_answer(struct matching *m, struct cdr_fault *fault)
{
	struct closing closing = { .id = m->check_id };
	struct unused unused = { m, &closing };

	cdr_err err = forget_at_hub(m->member, m->roster, &closing, fault);
	if (err == CDR_OK)
		err = cdr_store_write(m->member->home->store, write_unused, &unused);
	cdr_receipt_free(&closing.receipt);
	return err;
}

/* What is wrong with the hub's answer, and when it is asked again: after five minutes, and later each time. */
struct doubt {
	const uint8_t *check_id;
	const char *what;
};

static cdr_err
write_doubt(struct cdr_tx *tx, void *context)
{
	const struct doubt *doubt = context;
	struct cdr_value id = cdr_value_blob(doubt->check_id, CDR_ID_LEN);
	uint64_t now = cdr_member_now();
	int64_t tries;

	cdr_err err = cdr_query_one_int(tx, "SELECT tries FROM check_doubt WHERE check_id = $1", CDR_VALUES(id), &tries);
	bool known = err == CDR_OK;
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	uint64_t wait = tries < DOUBT_TRIES_MAX ? DOUBT_WAIT_S << tries : DOUBT_WAIT_S << DOUBT_TRIES_MAX;
	return cdr_query_run(tx,
	    known ? "UPDATE check_doubt SET what = $2, at = $3, tries = $4, again_at = $5, settled = 0 WHERE check_id = $1" :
		    "INSERT INTO check_doubt (check_id, what, at, tries, again_at, settled) VALUES ($1, $2, $3, $4, $5, 0)",
	    CDR_VALUES(id, cdr_value_text(doubt->what), cdr_value_int((int64_t)now), cdr_value_int(tries + 1),
		cdr_value_int((int64_t)(now + wait))));
}

/*
 * The hub's own index contradicts its answer, or it proves nothing: nothing of the answer is acted on. HR is told, the signed
 * answer is kept, the hub forgets the check, and is asked again later. The other checks go on.
 */
static cdr_err
doubt_answer(struct matching *m, const struct cdr_ask *ask, const char *what)
{
	struct doubt doubt = { m->check_id, what };
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_misconduct_note(m->member, &(struct cdr_misconduct){ .party = "hub", .what = what,
	    .request = cdr_buffer_bytes(&ask->request), .reply = cdr_buffer_bytes(&ask->post.reply) });
	cdr_err err = drop_answer(m, &fault);
	if (err != CDR_OK)
		cdr_log(CDR_LOG_WARNING, "check.not_closed", cdr_log_err(err));
	return cdr_store_write(m->member->home->store, write_doubt, &doubt);
}

/* Ask the hub once. ${is_old}: its answer is of another day; the check is closed there, and can be asked again. */
static cdr_err
ask_for_match(struct matching *m, const Cdr__Wire__CheckOpen *open, bool is_last, bool *is_old)
{
	struct cdr_fault wrong = { CDR_OK, "" };
	struct cdr_ask ask = {
		.path = OPEN_PATH,
		.message = &open->base,
		.reply_type = &cdr__wire__check_open_reply__descriptor,
		.reply_max = CDR_BODY_CHECK_REPLY_MAX,
	};

	*is_old = false;
	cdr_err err = cdr_member_ask_hub(m->member, m->roster, &ask, m->fault);
	if (err != CDR_OK)
		goto out;
	m->reply = ask.reply;
	CDR_TRY(take_receipt(m));
	err = cdr_index_trust_answer(m->member, m->roster, open, m->reply, &wrong);
	if (err == CDR_E_TIME && !is_last) {
		*is_old = true;
		err = drop_answer(m, m->fault);
	} else if (err == CDR_E_TIME || err == CDR_E_PROOF) {
		err = doubt_answer(m, &ask, wrong.text);
	} else if (err == CDR_OK) {
		err = cdr_store_write(m->member->home->store, apply_reply, m);
	}
out:
	m->reply = NULL;
	cdr_receipt_free(&m->receipt);
	cdr_ask_free(&ask);
	return err;
}

/* Ask the hub, and act on what it says. An answer that it kept for long is asked for anew, once. */
static cdr_err
match_at_hub(struct matching *m)
{
	Cdr__Wire__CheckOpen open = CDR__WIRE__CHECK_OPEN__INIT;
	bool is_old;

	open.check = cdr_message_field(m->check_id, sizeof(m->check_id));
	open.epoch = m->epoch->number;
	open.rows = cdr_message_field(m->rows, m->row_count * CDR_CHECK_ROW_LEN);
	cdr_err err = ask_for_match(m, &open, false, &is_old);
	return err == CDR_OK && is_old ? ask_for_match(m, &open, true, &is_old) : err;
}

/* Derive, ask, act: one check. */
static cdr_err
match_one(struct cdr_member *member, const struct cdr_roster *roster, const uint8_t *check_id, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme;
	struct matching *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return CDR_E_MEMORY;
	m->member = member;
	m->roster = roster;
	m->fault = fault;
	memcpy(m->check_id, check_id, CDR_ID_LEN);
	CDR_TRY(cdr_member_scheme(roster, &m->epoch, &scheme, fault));
	CDR_TRY(cdr_store_read(member->home->store, read_candidate, m));
	CDR_TRY(derive_rows(m, &scheme));
	/* Without a token there is nothing that the hub could match: only declared employers are asked. */
	CDR_TRY(m->set.count > 0 ? match_at_hub(m) : cdr_store_write(member->home->store, apply_reply, m));
	err = CDR_OK;
out:
	cdr_wipe(m, sizeof(*m));
	free(m);
	return err;
}

/* A writing job: what the hub said is durable here, and the hub has closed the check. */
static cdr_err
write_open(struct cdr_tx *tx, void *context)
{
	const struct closing *closing = context;

	cdr_err err = cdr_receipt_keep(tx, &closing->receipt);
	return err != CDR_OK ? err :
			       cdr_query_run(tx, "UPDATE hiring_check SET state = 'open' WHERE id = $1 AND state = 'matched'",
				   CDR_VALUES(cdr_value_blob(closing->id, CDR_ID_LEN)));
}

static cdr_err
close_at_hub(struct cdr_member *member, const struct cdr_roster *roster, const uint8_t *id, struct cdr_fault *fault)
{
	struct closing closing = { .id = id };

	cdr_err err = forget_at_hub(member, roster, &closing, fault);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, write_open, &closing);
	cdr_receipt_free(&closing.receipt);
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct next matched = { .state = "matched" }, waiting = { .state = "waiting" };
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	*worked = false;
	cdr_err err = cdr_check_ask_pending(member, roster, worked, fault);
	if (err == CDR_OK)
		err = find_next(member, &matched);
	if (err == CDR_OK && matched.found) {
		*worked = true;
		err = close_at_hub(member, roster, matched.id, fault);
	}
	if (err == CDR_OK)
		err = find_next(member, &waiting);
	if (err == CDR_OK && waiting.found) {
		*worked = true;
		err = match_one(member, roster, waiting.id, fault);
	}
	cdr_current_release(member->current, roster);
	return err;
}
