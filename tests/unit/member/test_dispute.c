#include "tests/unit/member/rights.h"

#include "node/member/check_draft.h"
#include "node/member/check_life.h"
#include "node/member/count.h"
#include "node/member/retention.h"

/* Drafts, disputes and later statements, the register of cases, two persons for one answer. */

static struct cdr_check_word
word(const char *employer, const char *text)
{
	return (struct cdr_check_word){ .reference = "R-1", .employer = employer, .text = text };
}

/* ---- drafts -------------------------------------------------------------------------------------------------------------------- */

/* A draft asks nobody and counts nothing; it is edited, deleted, or submitted once. */
static void
test_check_draft(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_candidate c, read;
	struct cdr_check_outcome outcome;
	struct cdr_check_word objection = word(NULL, "No.");

	w_import_amina(w->member[GREEN], 1);
	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_draft(blue, &c, 60, &outcome, &fault), CDR_OK);
	assert_int_equal(outcome.added, 1);
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT state FROM hiring_check"), "draft");
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM tally"), 0);
	/* It is no check yet. */
	assert_int_equal(cdr_check_object(blue, &objection, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_decide(blue, "R-1", "hired", &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_each(blue, "R-1", rights_see, NULL), CDR_OK);
	w_amina(&read, "");
	assert_int_equal(cdr_check_rectify(blue, rights_seen.id, &read, &fault), CDR_E_ABSENT);
	/* Edited: it says the new thing under its own reference, and nothing of a hold or a wrong employer. */
	(void)snprintf(c.person.family_names, sizeof(c.person.family_names), "Atieno");
	rights_hold(blue, rights_seen.id, CDR_OK);
	assert_int_equal(cdr_check_draft_edit(blue, "R-1", &c, 0, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_check_draft_delete(blue, "R-1", &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_hold_lift(blue, rights_seen.id, &fault), CDR_OK);
	assert_int_equal(cdr_check_draft_edit(blue, "R-2", &c, 0, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_draft_edit(blue, "R-1", &c, 0, &fault), CDR_OK);
	assert_int_equal(cdr_check_draft_read(blue, "R-1", &read, &fault), CDR_OK);
	assert_string_equal(read.person.family_names, "Atieno");
	assert_string_equal(read.reference, "R-1");
	assert_int_equal(w_count(blue, "SELECT watch_until - made_at FROM hiring_check"), 60 * DAY);
	w_amina(&c, "");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_draft_edit(blue, "R-1", &c, 30, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT watch_until - made_at FROM hiring_check"), 30 * DAY);
	/* Submitted a week later: due and watched from then. Again it is open already. */
	ahead = 7 * DAY;
	assert_int_equal(cdr_check_submit(blue, "R-9", &fault), CDR_E_ABSENT);
	for (int again = 0; again < 2; again++)
		assert_int_equal(cdr_check_submit(blue, "R-1", &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer"), 1);
	assert_true(w_count(blue, "SELECT watch_until FROM hiring_check") >= time(NULL) + 30 * DAY - 60);
	assert_true(w_count(blue, "SELECT made_at FROM hiring_check") >= time(NULL) - 60);
	w_carry(w);
	assert_int_equal(w_count(w->member[GREEN], "SELECT count(*) FROM inbox WHERE state = 'waiting'"), 1);
	assert_int_equal(cdr_check_draft_edit(blue, "R-1", &c, 0, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_draft_delete(blue, "R-1", &fault), CDR_E_ABSENT);
	/* Deleted, row and all. */
	w_candidate(&c, "R-3", "Fictiona", "Nobodyson", "1990-02-11");
	assert_int_equal(cdr_check_draft(blue, &c, 0, &outcome, &fault), CDR_OK);
	assert_int_equal(cdr_check_draft_delete(blue, "R-3", &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check"), 1);
	assert_int_equal(cdr_check_draft_delete(blue, "R-3", &fault), CDR_E_ABSENT);
	ahead = 0;
}

/* ---- disputes and later statements ------------------------------------------------------------------------------------------------- */

static cdr_err
supersede(struct world *w, const uint8_t *request_id, const char *finding)
{
	struct cdr_statement s;

	w_no_record(&s);
	if (strcmp(finding, "no_record") != 0) {
		(void)snprintf(s.finding, sizeof(s.finding), "%s", finding);
		(void)snprintf(s.legal_limit_reason, sizeof(s.legal_limit_reason), "organisational_policy");
	}
	cdr_err err = cdr_inbox_supersede(w->member[GREEN], request_id, &s, &fault);
	w_carry(w);
	return err;
}

static void
test_watch(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN];

	rights_begin(w, 30, request_id);
	assert_int_equal(supersede(w, request_id, "no_record"), CDR_E_ABSENT);
	rights_answer(w, request_id);
	ahead = 29LL * DAY;
	assert_int_equal(supersede(w, request_id, "unable_policy"), CDR_OK);
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "unable_to_answer");
	assert_string_equal(w_text(blue, "SELECT result FROM earlier_statement"), "no_record_held");
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'statement_superseded'"), 1);
	assert_int_equal(w_count(blue, "SELECT sum(number) FROM tally WHERE counter = 'response_received'"), 1);
	assert_int_equal(supersede(w, request_id, "no_record"), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM earlier_statement"), 2);
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	assert_int_equal(rights_seen.employer[0].superseded_count, 2);
	ahead = 31LL * DAY;
	assert_int_equal(supersede(w, request_id, "unable_policy"), CDR_E_REFUSED);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM earlier_statement"), 2);
	ahead = 0;
}

/* Without a watch only a dispute opens the way, once; the other side is told that there is one. */
static void
test_dispute(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	struct cdr_check_word said = word("green-valley", "This is about somebody else.");

	rights_begin(w, 0, request_id);
	assert_int_equal(cdr_check_dispute(blue, &said, &fault), CDR_E_REFUSED);
	rights_answer(w, request_id);
	assert_int_equal(supersede(w, request_id, "unable_policy"), CDR_E_REFUSED);
	assert_int_equal(cdr_check_dispute(blue, &said, &fault), CDR_OK);
	assert_int_equal(cdr_check_dispute(blue, &said, &fault), CDR_OK);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "disputed");
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'dispute'"), 1);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'complaint_received'"), 1);
	w_carry(w);
	assert_true(w_count(green, "SELECT disputed_at FROM inbox") > 0);
	assert_int_equal(supersede(w, request_id, "unable_policy"), CDR_OK);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "partially_answered");
	assert_int_equal(w_count(green, "SELECT disputed_at FROM inbox"), 0);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'complaint_upheld'"), 1);
	assert_int_equal(supersede(w, request_id, "no_record"), CDR_E_REFUSED);
}

/* A dispute of another member, or about an answer that is none, marks nothing. */
static void
test_false_dispute(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], id[CDR_MAIL_ID_LEN], response[CDR_ID_LEN] = { 1 };
	Cdr__Wire__Dispute dispute = CDR__WIRE__DISPUTE__INIT;

	rights_begin(w, 0, request_id);
	rights_answer(w, request_id);
	dispute.response_id = cdr_message_field(response, sizeof(response));
	w_write(w, BLUE, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_DISPUTE, &dispute, id);
	w_write(w, RED, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_DISPUTE, &dispute, id);
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT disputed_at FROM inbox"), 0);
}

/* ---- cases and two persons ----------------------------------------------------------------------------------------------------------- */

static void
test_draft_from_cases(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN], other[CDR_ID_LEN] = { 5 };
	struct cdr_inbox_request *request;
	struct cdr_statement s;
	size_t count;
	struct cdr_case c = { 0 };

	rights_begin(w, 0, request_id);
	rights_put_case(green, "closed_no_finding", case_id);
	assert_int_equal(cdr_inbox_read(green, request_id, &request, &fault), CDR_OK);
	w_no_record(&s);
	assert_int_equal(cdr_cases_contradict(green, request, 0, &s, &fault), CDR_OK);
	rights_put_case(green, "substantiated_final", case_id);
	assert_int_equal(cdr_cases_contradict(green, request, 0, &s, &fault), CDR_E_REFUSED);
	assert_int_equal(strncmp(fault.text, "finding:", 8), 0);
	assert_int_equal(cdr_cases_draft(green, request, 0, &s, &count, &fault), CDR_OK);
	assert_int_equal(count, 2);
	assert_string_equal(s.finding, "yes");
	assert_int_equal(s.disclosure_count, 1);
	assert_int_equal(cdr_cases_contradict(green, request, 0, &s, &fault), CDR_OK);
	/* Somebody who was not found in the register has no cases. */
	assert_int_equal(cdr_cases_draft(green, request, 7, &s, &count, &fault), CDR_OK);
	assert_int_equal(count, 0);
	cdr_inbox_request_free(request);
	assert_int_equal(cdr_cases_put(green, other, &c, &fault), CDR_E_INPUT);
	/* Nobody has that number; a case that is not there. */
	assert_int_equal(cdr_cases_each(green, other, NULL, NULL), CDR_E_ABSENT);
	static const char table[] = "{\"table\":\"candor-legal-limits\",\"version\":\"7\",\"notice\":{\"en\":\"reviewed\"},\"default\":{\"retention_"
				    "months\":1,\"limits\":[{\"what\":\"finding\",\"reason\":\"%s\",\"basis\":\"a law\"}]},\"countries\":{}}";
	char json[512];
	(void)snprintf(json, sizeof(json), table, "organisational_policy");
	assert_int_equal(cdr_cases_load_limits(green, (struct cdr_bytes){ (const uint8_t *)json, strlen(json) }, &fault), CDR_OK);
	assert_int_equal(cdr_inbox_read(green, request_id, &request, &fault), CDR_OK);
	assert_int_equal(cdr_cases_draft(green, request, 0, &s, &count, &fault), CDR_OK);
	assert_string_equal(s.legal_limit_reason, "organisational_policy");
	cdr_inbox_request_free(request);
	assert_int_equal(cdr_cases_load_limits(green, (struct cdr_bytes){ (const uint8_t *)"x", 1 }, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_cases_load_limits(green, (struct cdr_bytes){ NULL, 0 }, &fault), CDR_OK);
}

static void
test_two_persons(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], draft[CDR_ID_LEN], earlier[CDR_ID_LEN];
	struct cdr_statement s;
	char author[CDR_NAME_LEN];
	unsigned persons;

	rights_begin(w, 0, request_id);
	assert_int_equal(cdr_inbox_set_approval(green, 3), CDR_E_RANGE);
	assert_int_equal(cdr_inbox_set_approval(green, 2), CDR_OK);
	assert_int_equal(cdr_inbox_approval(green, &persons), CDR_OK);
	assert_int_equal(persons, 2);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_inbox_read_draft(green, request_id, &s, draft, author, &fault), CDR_E_ABSENT);
	w_no_record(&s);
	(void)snprintf(s.finding, sizeof(s.finding), "yes");
	assert_int_not_equal(cdr_inbox_write_draft(green, request_id, &s, false, &fault), CDR_OK);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_write_draft(green, request_id, &s, false, &fault), CDR_OK);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "drafted");
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "");
	assert_int_equal(cdr_inbox_read_draft(green, request_id, &s, earlier, author, &fault), CDR_OK);
	assert_int_equal(cdr_inbox_approve(green, request_id, earlier, "grace  MWANGI", "hr", &s, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_inbox_reject(green, request_id, &fault), CDR_OK);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "waiting");
	assert_int_equal(cdr_inbox_reject(green, request_id, &fault), CDR_E_ABSENT);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_write_draft(green, request_id, &s, false, &fault), CDR_OK);
	assert_int_equal(cdr_inbox_read_draft(green, request_id, &s, draft, author, &fault), CDR_OK);
	assert_string_equal(author, "Grace Mwangi");
	/* What somebody read before is not what is signed now, though it says the same. */
	assert_int_equal(cdr_inbox_approve(green, request_id, earlier, "Otto Other", "hr", &s, &fault), CDR_E_REFUSED);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "drafted");
	assert_int_equal(cdr_inbox_approve(green, request_id, draft, "Otto Other", "boss", &s, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_inbox_approve(green, request_id, draft, "Otto Other", "hr", &s, &fault), CDR_OK);
	assert_string_equal(s.signer_name, "Otto Other");
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "no_record_held");
	assert_int_equal(w_count(green, "SELECT count(*) FROM answer_draft"), 0);
	assert_int_equal(cdr_inbox_approve(green, request_id, draft, "Otto Other", "hr", &s, &fault), CDR_E_ABSENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIGHTS_TEST(test_check_draft),
		RIGHTS_TEST(test_watch),
		RIGHTS_TEST(test_dispute),
		RIGHTS_TEST(test_false_dispute),
		RIGHTS_TEST(test_draft_from_cases),
		RIGHTS_TEST(test_two_persons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
