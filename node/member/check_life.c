#include "node/member/check_life.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/text.h"
#include "node/member/api.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/guest.h"
#include "node/member/hold.h"
#include "node/member/query_opening.h"
#include "node/net/log.h"
#include "node/store/scrub.h"

#define WORD_PURPOSE "word"

struct act {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const struct cdr_check_word *word; /* NULL where nothing was said */
	const char *kind;                  /* of the word */
	const char *reference, *outcome;
	uint8_t check_id[CDR_ID_LEN];
	uint8_t request_id[CDR_ID_LEN];    /* of word->employer */
	struct cdr_fault *fault;
};

static unsigned
this_year(void)
{
	return cdr_count_year(cdr_member_now());
}

/* The check that a reference names. */
static cdr_err
find_check(struct cdr_tx *tx, struct act *act)
{
	uint8_t digest[CDR_SHA256_LEN];

	cdr_err err = cdr_check_reference_digest(act->member, act->reference, digest);
	if (err == CDR_OK)
		err = cdr_query_one_blob(tx, "SELECT id FROM hiring_check WHERE reference_digest = $1 AND state <> 'draft'",
		    CDR_VALUES(cdr_value_blob(digest, sizeof(digest))), act->check_id, sizeof(act->check_id));
	return err == CDR_E_ABSENT ?
	    cdr_fault_set(act->fault, err, "there is no check with the reference %s: see `candor check list` (a draft is submitted first)", act->reference) : err;
}

/* The employer that was spoken about, if HR sees it. */
static cdr_err
find_employer(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = cdr_query_one_blob(tx, "SELECT request_id FROM employer WHERE check_id = $1 AND member = $2 AND stage = 'request'",
	    CDR_VALUES(cdr_value_blob(act->check_id, CDR_ID_LEN), cdr_value_text(act->word->employer)), act->request_id,
	    sizeof(act->request_id));

	return err == CDR_E_ABSENT ?
	    cdr_fault_set(act->fault, err, "the check %s has no employer %.*s: see `candor check show`", act->reference,
		CDR_SLUG_LEN_MAX, act->word->employer) : err;
}

/* ---- what the candidate says ---------------------------------------------------------------------------------------------- */

/* What a word is sealed for: its check and its number. */
static void
word_id(const uint8_t *check_id, uint64_t number, uint8_t id[static CDR_ID_LEN + 8])
{
	memcpy(id, check_id, CDR_ID_LEN);
	cdr_number_write(number, id + CDR_ID_LEN, 8);
}

static cdr_err
keep_word(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t number;
	uint8_t id[CDR_ID_LEN + 8];
	struct cdr_buffer sealed = { 0 };
	const char *employer = act->word->employer != NULL ? act->word->employer : "";

	CDR_TRY(cdr_setting_next(tx, "word", &number));
	word_id(act->check_id, number, id);
	CDR_TRY(cdr_seal(act->member->home->keys->column, WORD_PURPOSE, (struct cdr_bytes){ id, sizeof(id) },
	    (struct cdr_bytes){ (const uint8_t *)act->word->text, strlen(act->word->text) }, &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO word (number, check_id, member, kind, at, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(act->check_id, CDR_ID_LEN), cdr_value_text(employer),
		cdr_value_text(act->kind), cdr_value_int((int64_t)cdr_member_now()), cdr_value_bytes(cdr_buffer_bytes(&sealed)))));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

static cdr_err
hear_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(find_check(tx, act));
	CDR_TRY(find_employer(tx, act));
	CDR_TRY(keep_word(tx, act));
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET heard_at = $1 WHERE request_id = $2",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()), cdr_value_blob(act->request_id, CDR_ID_LEN))));
	CDR_TRY(cdr_trail_add(tx, act->member->who, "check.hear", act->check_id));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
object_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(find_check(tx, act));
	CDR_TRY(keep_word(tx, act));
	CDR_TRY(cdr_count_add(tx, CDR_COUNT_OBJECTION, this_year(), 1));
	CDR_TRY(cdr_trail_add(tx, act->member->who, "check.object", act->check_id));
	err = CDR_OK;
out:
	return err;
}

/* Tell the employer which of its statements is disputed. */
static cdr_err
tell_dispute(struct cdr_tx *tx, struct act *act, const uint8_t *response)
{
	Cdr__Wire__Dispute dispute = CDR__WIRE__DISPUTE__INIT;
	const Cdr__Wire__Member *entry = cdr_roster_member(act->roster, act->word->employer);

	if (entry == NULL || !cdr_roster_member_is_active(entry))
		return CDR_OK; /* it cannot be told; here it is disputed all the same */
	dispute.response_id = cdr_message_field(response, CDR_ID_LEN);
	struct cdr_outgoing outgoing = {
		.receiver = act->word->employer,
		.request_id = act->request_id,
		.kind = "dispute",
		.content = CDR__WIRE__LETTER__CONTENT_DISPUTE,
		.message = &dispute,
	};
	return cdr_mail_queue(tx, act->member, act->roster, &outgoing, act->fault);
}

static cdr_err
dispute_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;
	uint8_t response[CDR_ID_LEN];
	int64_t answered;
	struct cdr_value id = cdr_value_blob(act->request_id, CDR_ID_LEN);

	CDR_TRY(find_check(tx, act));
	CDR_TRY(find_employer(tx, act));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM employer WHERE request_id = $1 AND statement IS NOT NULL AND response IS NOT NULL",
	    CDR_VALUES(id), &answered));
	if (answered == 0) {
		err = cdr_fault_set(act->fault, CDR_E_REFUSED, "%s has said nothing that could be disputed", act->word->employer);
		goto out;
	}
	CDR_TRY(cdr_query_one_blob(tx, "SELECT response FROM employer WHERE request_id = $1", CDR_VALUES(id), response, sizeof(response)));
	CDR_TRY(keep_word(tx, act));
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET status = 'disputed' WHERE request_id = $1 AND status <> 'disputed'", CDR_VALUES(id)));
	if (cdr_query_changed_count(tx) > 0) {
		CDR_TRY(tell_dispute(tx, act, response));
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_COMPLAINT_RECEIVED, this_year(), 1));
	}
	CDR_TRY(cdr_trail_add(tx, act->member->who, "check.dispute", act->check_id));
	err = CDR_OK;
out:
	return err;
}

/* Whether what was said can be kept: a text of some length, in lines. */
static cdr_err
check_word(const struct cdr_check_word *word, bool employer, struct cdr_fault *fault)
{
	char clean[CDR_WORD_LEN_MAX + 1];

	if (employer && word->employer == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "which employer is it about?");
	if (word->text == NULL || word->text[0] == '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "what did the candidate say? One sentence is enough");
	if (strlen(word->text) > CDR_WORD_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "it is longer than %d bytes", CDR_WORD_LEN_MAX);
	cdr_err err = cdr_text_clean(word->text, strlen(word->text), true, clean, sizeof(clean));
	cdr_wipe(clean, sizeof(clean));
	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "it is no clean text: control characters, or not UTF-8");
}

/* Run a job with the roster held. */
static cdr_err
do_act(struct act *act, cdr_store_job *job)
{
	act->roster = cdr_current_hold(act->member->current);
	cdr_err err = act->roster != NULL ? cdr_store_write(act->member->home->store, job, act) :
					    cdr_member_joined(act->member, act->fault);
	cdr_current_release(act->member->current, act->roster);
	return err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_hear(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault)
{
	struct act act = { .member = member, .word = word, .kind = "hearing", .reference = word->reference, .fault = fault };

	cdr_err err = check_word(word, true, fault);
	return err == CDR_OK ? do_act(&act, hear_job) : err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_object(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault)
{
	struct act act = { .member = member, .word = word, .kind = "objection", .reference = word->reference, .fault = fault };

	cdr_err err = check_word(word, false, fault);
	return err == CDR_OK ? do_act(&act, object_job) : err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_dispute(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault)
{
	struct act act = { .member = member, .word = word, .kind = "dispute", .reference = word->reference, .fault = fault };

	cdr_err err = check_word(word, true, fault);
	return err == CDR_OK ? do_act(&act, dispute_job) : err;
}

/* ---- the decision ----------------------------------------------------------------------------------------------------------- */

/* The first employer that the CV leaves out and on which the candidate was not heard. */
static cdr_err
check_heard(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char employer[CDR_SLUG_LEN_MAX + 1];

	CDR_TRY(cdr_query_start(tx,
	    "SELECT member FROM employer WHERE check_id = $1 AND stage = 'request' AND declared = 0 AND heard_at = 0"
	    " AND status <> 'no_such_person' ORDER BY member",
	    CDR_VALUES(cdr_value_blob(act->check_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, employer, sizeof(employer)));
	err = cdr_fault_set(act->fault, CDR_E_REFUSED, "the candidate was not heard on %s, which the CV leaves out: tell them, and note "
	    "what they say with `candor check hear`. No decision is recorded before", employer);
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
decide_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char known[CDR_CODE_LEN];

	CDR_TRY(find_check(tx, act));
	CDR_TRY(cdr_query_start(tx, "SELECT outcome FROM hiring_check WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(act->check_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, known, sizeof(known)));
	cdr_query_end(query);
	query = NULL;
	if (strcmp(known, act->outcome) == 0)
		return CDR_OK;
	if (known[0] != '\0') {
		err = cdr_fault_set(act->fault, CDR_E_EXISTS, "it was decided already: %s", known);
		goto out;
	}
	if (strcmp(act->outcome, "candidate_withdrew") != 0)
		CDR_TRY(check_heard(tx, act));
	CDR_TRY(cdr_query_run(tx, "UPDATE hiring_check SET outcome = $1, closed_at = $2 WHERE id = $3",
	    CDR_VALUES(cdr_value_text(act->outcome), cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_blob(act->check_id, CDR_ID_LEN))));
	CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_DECISION, act->outcome, this_year(), 1));
	CDR_TRY(cdr_trail_add(tx, act->member->who, "check.decide", act->check_id));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_decide(struct cdr_member *member, const char *reference, const char *outcome, struct cdr_fault *fault)
{
	struct act act = { .member = member, .reference = reference, .outcome = outcome, .fault = fault };

	cdr_err err = cdr_codebook_check(member->codebook, "outcome_for_hire", outcome, fault);
	return err == CDR_OK ? do_act(&act, decide_job) : err;
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

/* A request whose employer is told that it ended. */
struct ending {
	uint8_t request_id[CDR_ID_LEN];
	char stage[16];
	bool answered;
};

static cdr_err
read_endings(struct cdr_tx *tx, const uint8_t *check_id, struct ending ending[static CDR_CHECK_EMPLOYERS_MAX], size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t answered_at;

	*count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT request_id, stage, answered_at FROM employer WHERE check_id = $1 AND stage IN ('request', 'probe')",
	    CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN)), &query));
	while (*count < CDR_CHECK_EMPLOYERS_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct ending *e = &ending[*count];
		CDR_TRY(cdr_query_blob(query, 0, e->request_id, sizeof(e->request_id)));
		CDR_TRY(cdr_query_text(query, 1, e->stage, sizeof(e->stage)));
		CDR_TRY(cdr_query_int(query, 2, &answered_at));
		e->answered = answered_at > 0;
		*count += 1;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* What is held of one request: its letters, statements, attempts. */
static cdr_err
erase_request(struct cdr_tx *tx, const struct ending *ending)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value id = cdr_value_blob(ending->request_id, CDR_ID_LEN);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM letter_out WHERE request_id = $1 AND kind IN ('probe', 'request', 'reminder', 'dispute')",
	    CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM earlier_statement WHERE request_id = $1", CDR_VALUES(id)));
	/* One that was not asked in full was never seen, and stays unseen. */
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE employer SET stage = $1, handles = $2, statement = NULL, response = NULL, next_at = 0 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_text(strcmp(ending->stage, "request") == 0 ? "withdrawn" : "dismissed"), cdr_value_blob("", 0), id)));
	err = CDR_OK;
out:
	return err;
}

/* What the API was to repeat about the check. */
static cdr_err
forget_replies(struct cdr_tx *tx, const struct cdr_member *member, const uint8_t *check_id)
{
	struct cdr_candidate *candidate = calloc(1, sizeof(*candidate));

	if (candidate == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_check_open_candidate(tx, member, check_id, candidate);
	if (err == CDR_OK)
		err = cdr_api_reply_forget(tx, member, check_id, candidate->reference);
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	return err;
}

/* Nobody is in the row any more; random digests, so that the reference is free and the row finds nobody. */
static cdr_err
erase_candidate(struct cdr_tx *tx, const uint8_t *check_id, const char *reason)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t digest[2][CDR_SHA256_LEN];
	struct cdr_value id = cdr_value_blob(check_id, CDR_ID_LEN);

	CDR_TRY(cdr_random(digest, sizeof(digest)));
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE hiring_check SET state = $1, reference_digest = $2, digest = $3, sealed = $4, watch_until = 0,"
	    " closed_at = CASE WHEN closed_at = 0 THEN $5 ELSE closed_at END WHERE id = $6",
	    CDR_VALUES(cdr_value_text(strcmp(reason, "withdrawn") == 0 ? "withdrawn" : "erased"),
		cdr_value_blob(digest[0], sizeof(digest[0])), cdr_value_blob(digest[1], sizeof(digest[1])), cdr_value_blob("", 0),
		cdr_value_int((int64_t)cdr_member_now()), id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM word WHERE check_id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET handles = $1 WHERE check_id = $2", CDR_VALUES(cdr_value_blob("", 0), id)));
	CDR_TRY(cdr_check_rows_forget(tx, check_id));
	if (strcmp(reason, "erased") == 0)
		CDR_TRY(cdr_query_opening_forget(tx, check_id));
out:
	return err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_end(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const uint8_t id[static CDR_ID_LEN], const char *reason, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct ending ending[CDR_CHECK_EMPLOYERS_MAX];
	size_t count;
	bool tell_all = strcmp(reason, "erased") == 0, tell = strcmp(reason, "expired") != 0;

	CDR_TRY(cdr_hold_check(tx, id, fault));
	CDR_TRY(read_endings(tx, id, ending, &count));
	for (size_t i = 0; i < count; i++) {
		if (tell && (tell_all || !ending[i].answered))
			CDR_TRY(cdr_check_end_request(tx, member, roster, ending[i].request_id, tell_all ? "erasure" : "withdrawn", fault));
		CDR_TRY(erase_request(tx, &ending[i]));
	}
	/* Links to employers that are no members stop working; what came back by them goes. */
	CDR_TRY(cdr_guest_end_check(tx, id));
	CDR_TRY(forget_replies(tx, member, id));
	CDR_TRY(erase_candidate(tx, id, reason));
	CDR_TRY(cdr_scrub_want(tx));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
withdraw_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(find_check(tx, act));
	CDR_TRY(cdr_check_end(tx, act->member, act->roster, act->check_id, "withdrawn", act->fault));
	CDR_TRY(cdr_trail_add(tx, act->member->who, "check.withdraw", act->check_id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_withdraw(struct cdr_member *member, const char *reference, struct cdr_fault *fault)
{
	struct act act = { .member = member, .reference = reference, .fault = fault };

	return do_act(&act, withdraw_job);
}

/* ---- opened anew ------------------------------------------------------------------------------------------------------------ */

struct rectifying {
	struct cdr_check_addition addition;
	const uint8_t *id;
	struct cdr_candidate *candidate;
};

/* Whether the check says something else than what shall be right, its reference apart. */
static cdr_err
check_differs(struct cdr_tx *tx, const struct rectifying *r)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t old[CDR_CANDIDATE_PACK_MAX], new[CDR_CANDIDATE_PACK_MAX];
	size_t old_len = 0, new_len = 0;
	struct cdr_candidate *known = calloc(1, sizeof(*known));

	if (known == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_check_open_candidate(tx, r->addition.member, r->id, known));
	memset(known->reference, 0, sizeof(known->reference));
	CDR_TRY(cdr_candidate_pack(known, old, &old_len));
	CDR_TRY(cdr_candidate_pack(r->candidate, new, &new_len));
	err = old_len == new_len && memcmp(old, new, old_len) == 0 ?
	    cdr_fault_set(r->addition.fault, CDR_E_EXISTS, "nothing was corrected: that is what the check says already") : CDR_OK;
out:
	cdr_wipe(old, sizeof(old));
	cdr_wipe(new, sizeof(new));
	cdr_wipe(known, sizeof(*known));
	free(known);
	return err;
}

static cdr_err
rectify_job(struct cdr_tx *tx, void *context)
{
	struct rectifying *r = context;
	cdr_err err = CDR_E_INTERNAL;
	int64_t watch_until;

	CDR_TRY(cdr_query_one_int(tx, "SELECT watch_until FROM hiring_check WHERE id = $1 AND length(sealed) > 0 AND state <> 'draft'",
	    CDR_VALUES(cdr_value_blob(r->id, CDR_ID_LEN)), &watch_until));
	r->addition.watch_until = (uint64_t)watch_until;
	CDR_TRY(check_differs(tx, r));
	CDR_TRY(cdr_check_add_one(tx, &r->addition, r->candidate));
	CDR_TRY(cdr_check_end(tx, r->addition.member, r->addition.roster, r->id, "withdrawn", r->addition.fault));
	CDR_TRY(cdr_trail_add(tx, r->addition.member->who, "subject.rectify", r->id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_rectify(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_candidate *candidate,
    struct cdr_fault *fault)
{
	struct cdr_check_outcome outcome = { 0 };
	struct rectifying rectifying = {
		.addition = { .member = member, .now = cdr_member_now(), .outcome = &outcome, .fault = fault },
		.id = id, .candidate = candidate
	};
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	rectifying.addition.roster = roster;
	cdr_err err = roster != NULL ? cdr_check_judge(&rectifying.addition, candidate) : cdr_member_joined(member, fault);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, rectify_job, &rectifying);
	cdr_current_release(member->current, roster);
	return err;
}

/* ---- reading what was said ---------------------------------------------------------------------------------------------------- */

struct words {
	struct cdr_member *member;
	const uint8_t *check_id;
	cdr_check_word_callback *callback;
	void *context;
};

static cdr_err
read_word(const struct words *words, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	char kind[16], employer[CDR_SLUG_LEN_MAX + 1], text[CDR_WORD_LEN_MAX + 1] = "";
	uint64_t number, at;
	uint8_t id[CDR_ID_LEN + 8];
	struct cdr_bytes sealed;
	struct cdr_buffer plain = { 0 };

	CDR_TRY(cdr_query_count(query, 0, &number));
	CDR_TRY(cdr_query_text(query, 1, employer, sizeof(employer)));
	CDR_TRY(cdr_query_text(query, 2, kind, sizeof(kind)));
	CDR_TRY(cdr_query_count(query, 3, &at));
	CDR_TRY(cdr_query_blob_peek(query, 4, CDR_WORD_LEN_MAX + CDR_SEAL_OVERHEAD, &sealed));
	word_id(words->check_id, number, id);
	CDR_TRY(cdr_seal_open(words->member->home->keys->column, WORD_PURPOSE, (struct cdr_bytes){ id, sizeof(id) }, sealed, &plain));
	memcpy(text, plain.data, plain.len);
	err = words->callback(kind, employer, at, text, words->context);
out:
	cdr_wipe(text, sizeof(text));
	cdr_buffer_free(&plain);
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

static cdr_err
words_job(struct cdr_tx *tx, void *context)
{
	struct words *words = context;
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx, "SELECT number, member, kind, at, sealed FROM word WHERE check_id = $1 ORDER BY number",
	    CDR_VALUES(cdr_value_blob(words->check_id, CDR_ID_LEN)), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK)
		err = read_word(words, query);
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/check_life.h */
cdr_err
cdr_check_words(struct cdr_member *member, const uint8_t check_id[static CDR_ID_LEN], cdr_check_word_callback *callback,
    void *context)
{
	struct words words = { member, check_id, callback, context };

	return cdr_store_read(member->home->store, words_job, &words);
}
