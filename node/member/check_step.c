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

/* A check on its way to the hub: one question, in one epoch. */
struct matching {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const Cdr__Wire__Epoch *epoch;
	const char *purpose, *kept_name;     /* what the points are for; where the rows are kept */
	uint8_t hub_id[CDR_ID_LEN];          /* under which the hub knows this question */
	uint8_t check_id[CDR_ID_LEN];
	struct cdr_candidate candidate;      /* personal */
	struct cdr_token_set set;            /* personal */
	uint8_t dummy[CDR_CHECK_ROWS_MAX][DUMMY_LEN];
	size_t row_count;
	uint8_t rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	struct cdr_ask ask;
	const Cdr__Wire__CheckOpenReply *reply; /* in it; NULL: none, or of no use */
	struct cdr_receipt receipt;
	size_t unproved;                     /* tags of which the answer proves less */
	struct matching *before;             /* the same question in the epoch before; NULL: not asked */
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
		err = cdr_hmac_sha256(m->member->home->keys->digest, CDR_HOME_DIGEST_KEY_LEN, parts, 3, m->dummy[i]);
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
#define KEPT_NAME "check_rows"
#define KEPT_BEFORE_NAME "check_rows_before" /* the same for the epoch before */
#define KEPT_EPOCH_AT CDR_ID_LEN
#define KEPT_COUNT_AT (KEPT_EPOCH_AT + 4)
#define KEPT_ROWS_AT (KEPT_COUNT_AT + 1)
#define KEPT_LEN (KEPT_ROWS_AT + CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN)

static void
kept_head(const struct matching *m, uint8_t kept[static KEPT_LEN])
{
	memcpy(kept, m->check_id, CDR_ID_LEN);
	cdr_number_write(m->epoch->number, kept + KEPT_EPOCH_AT, 4);
	kept[KEPT_COUNT_AT] = (uint8_t)cdr_token_padded(m->set.count);
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_rows_forget(struct cdr_tx *tx, const uint8_t id[static CDR_ID_LEN])
{
	static const char *const names[] = { KEPT_NAME, KEPT_BEFORE_NAME };
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && err == CDR_OK; i++) {
		uint8_t kept[KEPT_LEN];

		err = cdr_setting_get(tx, names[i], kept, sizeof(kept));
		if (err == CDR_OK && memcmp(kept, id, CDR_ID_LEN) == 0)
			err = cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(names[i])));
		if (err == CDR_E_ABSENT)
			err = CDR_OK;
	}
	return err;
}

/* Take them over, if they are those of this check, epoch and number of tokens; else row_count is 0. */
static cdr_err
read_kept(struct cdr_tx *tx, void *context)
{
	struct matching *m = context;
	uint8_t kept[KEPT_LEN], head[KEPT_LEN] = { 0 };

	m->row_count = 0;
	cdr_err err = cdr_setting_get(tx, m->kept_name, kept, sizeof(kept));
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
	return cdr_setting_put(tx, m->kept_name, kept, sizeof(kept));
}

/* Their tags; the candidate, as it is now, is what an auditor would be shown. */
static cdr_err
evaluate(struct matching *m, const struct cdr_bytes *inputs, uint8_t *tags)
{
	uint8_t *packed = malloc(CDR_CANDIDATE_PACK_MAX);
	size_t len = 0;

	if (packed == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_candidate_pack(&m->candidate, packed, &len);
	if (err == CDR_OK) {
		const struct cdr_evaluate_subject subject = { .record = m->check_id, .shown = m->check_id, .count = m->set.count,
			.packed = { packed, len } };
		const struct cdr_evaluate_about about = { &subject, 1 };
		err = cdr_evaluate_about(m->member, m->roster, m->epoch, m->purpose, inputs, m->row_count, &about, tags, m->fault);
	}
	cdr_wipe(packed, CDR_CANDIDATE_PACK_MAX);
	free(packed);
	return err;
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
	CDR_TRY(evaluate(m, inputs, tags));
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
probe_match(struct cdr_tx *tx, struct matching *m, const Cdr__Wire__Match *match, uint64_t people)
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
		.people = people,
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

/* Whether ${reply} names ${member}. */
static bool
names_member(const Cdr__Wire__CheckOpenReply *reply, const char *member)
{
	for (size_t i = 0; reply != NULL && i < reply->n_match; i++) {
		if (strcmp(reply->match[i]->member, member) == 0)
			return true;
	}
	return false;
}

static cdr_err
apply_match(struct cdr_tx *tx, struct matching *m, const Cdr__Wire__Match *match, uint64_t people)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_match(m, match));
	CDR_TRY(note_match(tx, m, match));
	if (cdr_query_changed_count(tx) == 0)
		err = probe_match(tx, m, match, people);
	else
		err = cdr_count_add_code(tx, CDR_COUNT_MATCH, match->tier, cdr_count_year(cdr_member_now()), 1);
out:
	return err;
}

/* All that one answer names, but whom ${newer} names too. */
static cdr_err
apply_matches(struct cdr_tx *tx, struct matching *m, const Cdr__Wire__CheckOpenReply *reply,
    const Cdr__Wire__CheckOpenReply *newer)
{
	cdr_err err = CDR_OK;

	if (reply->n_match > CDR_MATCHES_MAX)
		return cdr_fault_set(m->fault, CDR_E_RANGE, "the hub names more members than it may");
	for (size_t i = 0; i < reply->n_match && err == CDR_OK; i++) {
		if (!names_member(newer, reply->match[i]->member))
			err = apply_match(tx, m, reply->match[i], reply->people);
	}
	return err;
}

/* What is said of an answer that is believed, and that proves less than it should. */
static const char not_proved[] = "the hub says that MORE THAN 32 ENTRIES of its index share a document number of this candidate, or a name "
				 "that few have, and shows of these only whom it names: either somebody floods the index, or the hub hides "
				 "a match";

/* Doubts of former answers are settled; what this one does not prove is said. */
static cdr_err
settle_doubt(struct cdr_tx *tx, const struct matching *m)
{
	const struct cdr_value id = cdr_value_blob(m->check_id, CDR_ID_LEN);
	bool proved = m->unproved == 0 && (m->before == NULL || m->before->unproved == 0);

	if (proved)
		return cdr_query_run(tx, "UPDATE check_doubt SET settled = 1 WHERE check_id = $1", CDR_VALUES(id));
	cdr_err err = cdr_query_run(tx, "DELETE FROM check_doubt WHERE check_id = $1", CDR_VALUES(id));
	return err != CDR_OK ? err :
			       cdr_query_run(tx,
				   "INSERT INTO check_doubt (check_id, what, at, tries, again_at, settled) VALUES ($1, $2, $3, 0, 0, 2)",
				   CDR_VALUES(id, cdr_value_text(not_proved), cdr_value_int((int64_t)cdr_member_now())));
}

/* The receipt of an answer that is used: a lie about it may come to light later (node/member/audit.h). */
static cdr_err
keep_receipt(struct cdr_tx *tx, const struct matching *m)
{
	const struct cdr_value place = cdr_value_int((int64_t)m->receipt.place);

	cdr_err err = cdr_receipt_keep(tx, &m->receipt);
	if (err == CDR_OK)
		err = cdr_query_run(tx, "DELETE FROM check_place WHERE place = $1", CDR_VALUES(place));
	return err != CDR_OK ? err : cdr_query_run(tx, "INSERT INTO check_place (place, check_id) VALUES ($1, $2)",
	    CDR_VALUES(place, cdr_value_blob(m->check_id, CDR_ID_LEN)));
}

/* Everything that the hub's answers lead to, once. In the epoch before only those count who are not found in the newest. */
static cdr_err
apply_reply(struct cdr_tx *tx, void *context)
{
	struct matching *m = context;
	cdr_err err = CDR_E_INTERNAL;
	uint64_t searched = 0;

	if (m->reply != NULL) {
		searched = m->reply->people;
		CDR_TRY(apply_matches(tx, m, m->reply, NULL));
		CDR_TRY(keep_receipt(tx, m));
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_MATCH_QUERY, cdr_count_year(cdr_member_now()), 1));
	}
	if (m->before != NULL) {
		searched = m->before->reply->people > searched ? m->before->reply->people : searched;
		CDR_TRY(apply_matches(tx, m, m->before->reply, m->reply));
		CDR_TRY(keep_receipt(tx, m->before));
	}
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE hiring_check SET state = $1, people = $2, epoch = $3 WHERE id = $4 AND state = 'waiting'",
	    CDR_VALUES(cdr_value_text(m->reply != NULL ? "matched" : "open"),
		cdr_value_int(searched <= INT64_MAX ? (int64_t)searched : 0), cdr_value_int(m->epoch->number),
		cdr_value_blob(m->check_id, CDR_ID_LEN))));
	if (cdr_query_changed_count(tx) != 1)
		return CDR_E_ABSENT; /* erased meanwhile */
	CDR_TRY(cdr_check_rows_forget(tx, m->check_id));
	CDR_TRY(settle_doubt(tx, m));
	err = CDR_OK;
out:
	return err;
}

/* The receipt for just this check. */
static cdr_err
take_receipt(struct matching *m)
{
	const struct cdr_bytes parts[] = { { m->hub_id, sizeof(m->hub_id) },
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
	struct closing closing = { .id = m->hub_id };
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

/* What became of a question. */
enum outcome {
	ANSWERED,
	ANSWER_OLD,     /* it is of another day; the check is closed at the hub, and can be asked again */
	ANSWER_DOUBTED, /* noted, and not acted on */
};

static void
forget_answer(struct matching *m)
{
	m->reply = NULL;
	cdr_receipt_free(&m->receipt);
	cdr_ask_free(&m->ask);
}

/* Judge what the hub said; only an answer that holds stays in ${m}. */
static cdr_err
judge_answer(struct matching *m, const Cdr__Wire__CheckOpen *open, bool is_last, enum outcome *outcome)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_fault wrong = { CDR_OK, "" };

	CDR_TRY(take_receipt(m));
	err = cdr_index_trust_answer(m->member, m->roster, open, m->reply, &m->unproved, &wrong);
	if (err == CDR_OK && m->unproved > 0)
		cdr_misconduct_note(m->member, &(struct cdr_misconduct){ .party = "hub", .what = not_proved,
		    .request = cdr_buffer_bytes(&m->ask.request), .reply = cdr_buffer_bytes(&m->ask.post.reply) });
	if (err == CDR_E_TIME && !is_last) {
		*outcome = ANSWER_OLD;
		err = drop_answer(m, m->fault);
	} else if (err == CDR_E_TIME || err == CDR_E_PROOF) {
		*outcome = ANSWER_DOUBTED;
		err = doubt_answer(m, &m->ask, wrong.text);
	}
out:
	if (err != CDR_OK || *outcome != ANSWERED)
		forget_answer(m);
	return err;
}

static cdr_err
ask_once(struct matching *m, bool is_last, enum outcome *outcome)
{
	Cdr__Wire__CheckOpen open = CDR__WIRE__CHECK_OPEN__INIT;

	open.check = cdr_message_field(m->hub_id, sizeof(m->hub_id));
	open.epoch = m->epoch->number;
	open.rows = cdr_message_field(m->rows, m->row_count * CDR_CHECK_ROW_LEN);
	m->ask = (struct cdr_ask){
		.path = OPEN_PATH,
		.message = &open.base,
		.reply_type = &cdr__wire__check_open_reply__descriptor,
		.reply_max = CDR_BODY_CHECK_REPLY_MAX,
	};
	*outcome = ANSWERED;
	cdr_err err = cdr_member_ask_hub(m->member, m->roster, &m->ask, m->fault);
	m->ask.message = NULL; /* it ends here */
	if (err != CDR_OK) {
		forget_answer(m);
		return err;
	}
	m->reply = m->ask.reply;
	return judge_answer(m, &open, is_last, outcome);
}

/* An answer that the hub kept for long is asked for anew, once. */
static cdr_err
ask_hub(struct matching *m, enum outcome *outcome)
{
	cdr_err err = ask_once(m, false, outcome);

	return err == CDR_OK && *outcome == ANSWER_OLD ? ask_once(m, true, outcome) : err;
}

/* The id of the same question in the epoch before. */
static cdr_err
id_before(const uint8_t *check_id, uint8_t out[static CDR_ID_LEN])
{
	static const char label[] = "candor/1 check in the epoch before";
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { check_id, CDR_ID_LEN } };
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = cdr_sha256(parts, 2, hash);

	memcpy(out, hash, CDR_ID_LEN);
	return err;
}

static void
matching_free(struct matching *m)
{
	if (m == NULL)
		return;
	matching_free(m->before);
	forget_answer(m);
	cdr_wipe(m, sizeof(*m));
	free(m);
}

/* ${newest} once more, for another epoch. */
static cdr_err
matching_again(const struct matching *newest, const Cdr__Wire__Epoch *epoch, struct matching **out)
{
	struct matching *m = calloc(1, sizeof(*m));

	*out = m;
	if (m == NULL)
		return CDR_E_MEMORY;
	m->member = newest->member;
	m->roster = newest->roster;
	m->candidate = newest->candidate;
	m->fault = newest->fault;
	m->epoch = epoch;
	m->purpose = CDR_PURPOSE_AGAIN;
	m->kept_name = KEPT_BEFORE_NAME;
	memcpy(m->check_id, newest->check_id, CDR_ID_LEN);
	return id_before(m->check_id, m->hub_id);
}

/*
 * While an epoch runs out its index is searched too: not everybody has moved. Where that cannot be done any more, because this
 * node's name tables are newer or as many trustees as matter have no share any more, the newest has to do; the hub's word alone is
 * no reason.
 */
static cdr_err
match_before(struct matching *newest, enum outcome *outcome)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme;
	struct matching *m = NULL;
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch_before(newest->roster, cdr_member_now());

	*outcome = ANSWERED;
	if (epoch == NULL)
		return CDR_OK;
	CDR_TRY(matching_again(newest, epoch, &m));
	CDR_TRY(cdr_scheme_current(epoch->number, &scheme));
	if (memcmp(scheme.version, epoch->scheme_version.data, CDR_SCHEME_VERSION_LEN) == 0)
		err = derive_rows(m, &scheme);
	else
		err = CDR_E_EPOCH;
	if (err == CDR_E_EPOCH) {
		cdr_log(CDR_LOG_WARNING, "check.not_in_epoch_before", cdr_log_int("epoch", epoch->number));
		err = CDR_OK;
		goto out;
	}
	CDR_TRY(err);
	if (m->set.count == 0)
		goto out;
	CDR_TRY(ask_hub(m, outcome));
	if (*outcome == ANSWERED) {
		newest->before = m;
		m = NULL;
	}
out:
	matching_free(m);
	return err;
}

/* Ask the hub, and act on what it says: on all or on nothing. */
static cdr_err
match_at_hub(struct matching *m)
{
	enum outcome outcome;

	cdr_err err = match_before(m, &outcome);
	if (err == CDR_OK && outcome == ANSWERED)
		err = ask_hub(m, &outcome);
	return err == CDR_OK && outcome == ANSWERED ? cdr_store_write(m->member->home->store, apply_reply, m) : err;
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
	memcpy(m->hub_id, check_id, CDR_ID_LEN);
	m->purpose = CDR_PURPOSE_CHECK;
	m->kept_name = KEPT_NAME;
	CDR_TRY(cdr_member_scheme(roster, &m->epoch, &scheme, fault));
	CDR_TRY(cdr_store_read(member->home->store, read_candidate, m));
	CDR_TRY(derive_rows(m, &scheme));
	/* Without a token there is nothing that the hub could match: only declared employers are asked. */
	CDR_TRY(m->set.count > 0 ? match_at_hub(m) : cdr_store_write(member->home->store, apply_reply, m));
	err = CDR_OK;
out:
	matching_free(m);
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

/* Let the hub forget one question. */
static cdr_err
close_question(struct cdr_member *member, const struct cdr_roster *roster, const uint8_t *id, struct cdr_fault *fault)
{
	struct closing closing = { .id = id };

	cdr_err err = forget_at_hub(member, roster, &closing, fault);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, write_open, &closing);
	cdr_receipt_free(&closing.receipt);
	return err;
}

/* What the hub said is durable here: it may forget the check. That of the epoch before it forgets with the epoch, if not now. */
static cdr_err
close_at_hub(struct cdr_member *member, const struct cdr_roster *roster, const uint8_t *id, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t before[CDR_ID_LEN];

	if (cdr_roster_epoch_before(roster, cdr_member_now()) != NULL) {
		CDR_TRY(id_before(id, before));
		CDR_TRY(close_question(member, roster, before, fault));
	}
	CDR_TRY(close_question(member, roster, id, fault));
out:
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
