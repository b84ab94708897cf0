#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/hook.h"
#include "node/member/email.h"
#include "node/member/wire.h"

/* Statements as they come: see node/member/check.h. */

#define CLOCK_SLACK 86400 /* a statement may be dated so many seconds ahead of our clock */

/* Whether a statement may be believed: its form, its rules, its responder, its date. */
static cdr_err
judge_statement(const struct cdr_member *member, const Cdr__Wire__Letter *letter, const struct cdr_statement *statement,
    struct cdr_fault *fault)
{
	struct cdr_record_rules rules;

	if (strcmp(statement->responder, letter->from) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "statement: it speaks for another organisation than its sender");
	if (statement->signed_at <= 0 || (uint64_t)statement->signed_at > cdr_member_now() + CLOCK_SLACK)
		return cdr_fault_set(fault, CDR_E_REFUSED, "statement: the time of signing lies in the future");
	/* A statement is judged by the rules of the day on which it was signed. */
	cdr_member_rules(member, &rules);
	rules.today = cdr_member_day(statement->signed_at);
	return cdr_statement_validate(statement, &rules, fault);
}

/* see node/member/check_letters.h */
const char *
cdr_check_status_of(const struct cdr_statement *statement, const struct cdr_codebook *codebook)
{
	const char *answer[] = { statement->finding, statement->ongoing_now, statement->left_during };
	size_t unable = 0;

	if (cdr_codebook_means(codebook, "identity_match", statement->identity_match, "not_known_here"))
		return "no_such_person";
	for (size_t i = 0; i < 3; i++)
		unable += cdr_codebook_means(codebook, "answer", answer[i], "unable");
	return unable == 3 ? "declined_legal" : unable > 0 ? "partially_answered" : "answered";
}

/* The letter's bytes with their signature, so that the statement can be shown and exported as it was signed. */
static cdr_err
seal_statement(const struct cdr_member *member, const struct cdr_letter *letter, const uint8_t *used,
    struct cdr_buffer *sealed)
{
	struct cdr_buffer plain = { 0 };
	Cdr__Wire__KeptStatement message = CDR__WIRE__KEPT_STATEMENT__INIT;

	message.letter = cdr_message_field(letter->letter.data, letter->letter.len);
	message.signature = cdr_message_field(letter->signature.data, letter->signature.len);
	message.has_receiver_sealing_key = true;
	message.receiver_sealing_key = cdr_message_field(used, CDR_HPKE_PUBLIC_LEN);
	cdr_err err = cdr_message_encode(&message.base, &plain);
	if (err == CDR_OK)
		err = cdr_seal(member->home->keys->column, CDR_CHECK_STATEMENT_PURPOSE, cdr_message_bytes(letter->body->request_id),
		    cdr_buffer_bytes(&plain), sealed);
	cdr_buffer_free(&plain);
	return err;
}

static cdr_err
keep_statement(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_letter *letter, const uint8_t *used,
    const struct cdr_statement *statement)
{
	struct cdr_buffer sealed = { 0 };

	cdr_err err = seal_statement(member, letter, used, &sealed);
	if (err == CDR_OK)
		err = cdr_query_run(tx,
		    "UPDATE employer SET status = $1, result = $2, statement = $3, answered_at = $4, response = $5, next_at = 0"
		    " WHERE request_id = $6",
		    CDR_VALUES(cdr_value_text(cdr_check_status_of(statement, member->codebook)),
			cdr_value_text(cdr_statement_result(statement, member->codebook)),
			cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)cdr_member_now()),
			cdr_value_blob(statement->response_id, CDR_ID_LEN),
			cdr_value_bytes(cdr_message_bytes(letter->body->request_id))));
	cdr_buffer_free(&sealed);
	return err;
}

/* The figures of a first answer; of a match, whether it was one. */
static cdr_err
count_answer(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_check_party *employer,
    const struct cdr_statement *statement)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t now = cdr_member_now();
	unsigned year = cdr_count_year(now);
	bool known = cdr_codebook_means(member->codebook, "identity_match", statement->identity_match, "answers");

	/* One to a request that was reported as expired for an earlier year is no answer of this one. */
	if (employer->expired_at == 0 || cdr_count_year(employer->expired_at) == year) {
		CDR_TRY(cdr_count_response(tx, CDR_COUNT_MEMBERS, employer->asked_at, employer->due_at, now));
		CDR_TRY(cdr_count_statement(tx, member->codebook, statement, false, year));
		if (employer->expired_at != 0)
			CDR_TRY(cdr_count_add(tx, CDR_COUNT_RESPONSE_AFTER_EXPIRY, year, 1));
	}
	if (employer->matched && known)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_MATCH_CONFIRMED, year, 1));
	else if (employer->matched && cdr_codebook_means(member->codebook, "identity_match", statement->identity_match, "not_known_here"))
		CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_MATCH_FALSE, "person", year, 1));
	err = CDR_OK;
out:
	return err;
}

/*
 * A second statement is taken if it names the one that it supersedes, and HR wants to hear of it: the check was opened to be
 * watched, and that time is not over; or the candidate disputes what was said.
 */
static cdr_err
check_supersedes(struct cdr_tx *tx, const Cdr__Wire__Letter *body, const struct cdr_statement *statement, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t wanted;

	CDR_TRY(cdr_query_one_int(tx,
	    "SELECT count(*) FROM employer JOIN hiring_check ON id = check_id WHERE request_id = $1 AND response = $2"
	    " AND (watch_until >= $3 OR status = 'disputed')",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(body->request_id)), cdr_value_blob(statement->supersedes, CDR_ID_LEN),
		cdr_value_int((int64_t)cdr_member_now())), &wanted));
	if (wanted == 0)
		err = cdr_fault_set(fault, CDR_E_EXISTS,
		    "statement: %s has answered this request already, and no later word on it is waited for", body->from);
out:
	return err;
}

/* What was said before stays readable, as superseded. HR is told that there is something to look at. */
static cdr_err
put_aside(struct cdr_tx *tx, const Cdr__Wire__Letter *body)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(body->request_id));
	int64_t now = (int64_t)cdr_member_now(), disputed;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM employer WHERE request_id = $1 AND status = 'disputed'", CDR_VALUES(id),
	    &disputed));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO earlier_statement (response_id, request_id, statement, result, answered_at, superseded_at)"
	    " SELECT response, request_id, statement, result, answered_at, $1 FROM employer WHERE request_id = $2",
	    CDR_VALUES(cdr_value_int(now), id)));
	CDR_TRY(cdr_count_add(tx, CDR_COUNT_STATEMENT_SUPERSEDED, cdr_count_year((uint64_t)now), 1));
	if (disputed > 0)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_COMPLAINT_UPHELD, cdr_count_year((uint64_t)now), 1));
	CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, body->request_id.data));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_take_statement(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_letter *letter,
    const uint8_t used[static CDR_HPKE_PUBLIC_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Letter *body = letter->body;
	struct cdr_check_party employer = { 0 };
	struct cdr_statement *statement = malloc(sizeof(*statement));

	if (statement == NULL)
		return CDR_E_MEMORY;
	err = cdr_check_party_read(tx, body, &employer);
	if (err == CDR_OK && strcmp(employer.stage, "request") != 0)
		err = CDR_E_ABSENT;
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "statement: nothing of the kind was asked of %s", body->from);
	CDR_TRY(err);
	CDR_TRY(cdr_wire_read_statement(body->statement, body->request_id.data, statement));
	if (employer.answered)
		CDR_TRY(check_supersedes(tx, body, statement, fault));
	CDR_TRY(judge_statement(member, body, statement, fault));
	if (employer.answered)
		CDR_TRY(put_aside(tx, body));
	CDR_TRY(keep_statement(tx, member, letter, used, statement));
	if (!employer.answered)
		CDR_TRY(count_answer(tx, member, &employer, statement));
	CDR_TRY(cdr_hook_event(tx, CDR_HOOK_ANSWER, body->request_id.data));
	err = CDR_OK;
out:
	cdr_buffer_free(&employer.handles);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	return err;
}
