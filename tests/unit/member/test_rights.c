#include "tests/unit/member/rights.h"

#include "node/member/check_draft.h"
#include "node/member/check_life.h"
#include "node/member/count.h"
#include "node/member/retention.h"
#include "node/store/scrub.h"

/* What candidates have a right to: to be heard, to object, to withdraw, to see, to have corrected and erased. */

static struct cdr_check_word
word(const char *employer, const char *text)
{
	return (struct cdr_check_word){ .reference = "R-1", .employer = employer, .text = text };
}

/* ---- heard, then decided ---------------------------------------------------------------------------------------------------- */

static size_t word_count;

static cdr_err
see_word(const char *kind, const char *employer, uint64_t at, const char *text, void *context)
{
	(void)context;
	assert_string_equal(kind, "hearing");
	assert_string_equal(employer, "green-valley");
	assert_true(at > 0);
	assert_string_equal(text, "I was there for a month only.");
	word_count++;
	return CDR_OK;
}

static void
test_heard_before_decided(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_candidate c;
	uint8_t id[CDR_ID_LEN];
	bool worked;

	w_import_amina(green, 1);
	w_match(w, GREEN);
	w_handle(green, w->handles[0]);
	w_amina(&c, "R-1");
	w_check(blue, &c, CDR_OK);
	assert_int_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	/* While it is only probed HR does not see it, and nobody can be heard on it. */
	struct cdr_check_word said = word("green-valley", "I was there for a month only.");
	assert_int_equal(cdr_check_hear(blue, &said, &fault), CDR_E_ABSENT);
	w_carry(w);
	assert_int_equal(cdr_check_decide(blue, "R-1", "hired", &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "green-valley"));
	assert_int_equal(cdr_check_decide(blue, "R-1", "not_hired_negative", &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_check_decide(blue, "R-1", "rejected", &fault), CDR_E_INPUT);
	assert_int_equal(cdr_check_decide(blue, "R-9", "hired", &fault), CDR_E_ABSENT);
	struct cdr_check_word bad = word("red-ridge", "x");
	assert_int_equal(cdr_check_hear(blue, &bad, &fault), CDR_E_ABSENT);
	bad = word("green-valley", "");
	assert_int_equal(cdr_check_hear(blue, &bad, &fault), CDR_E_INPUT);
	bad = word("green-valley", "a\x01");
	assert_int_equal(cdr_check_hear(blue, &bad, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_check_hear(blue, &said, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check WHERE outcome <> ''"), 0);
	assert_int_equal(cdr_check_decide(blue, "R-1", "hired", &fault), CDR_OK);
	assert_int_equal(cdr_check_decide(blue, "R-1", "hired", &fault), CDR_OK);
	assert_int_equal(cdr_check_decide(blue, "R-1", "not_hired_negative", &fault), CDR_E_EXISTS);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'decision' AND code = 'hired'"), 1);
	w_run(blue, "UPDATE setting SET name = name");
	(void)memset(id, 0, sizeof(id));
	word_count = 0;
	assert_int_equal(cdr_check_words(blue, id, see_word, NULL), CDR_OK);
	assert_int_equal(word_count, 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM word WHERE kind = 'hearing'"), 1);
}

/* An objection goes with every request that is written after it. */
static void
test_objection(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_check(blue, &c, CDR_OK);
	struct cdr_check_word said = word(NULL, "I do not want this.");
	assert_int_equal(cdr_check_object(blue, &said, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'objection'"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM word WHERE sealed LIKE '%want%'"), 0);
	said.text = NULL;
	assert_int_equal(cdr_check_object(blue, &said, &fault), CDR_E_INPUT);
}

/* ---- withdrawal and erasure --------------------------------------------------------------------------------------------------- */

static void
nobody_is_left(struct cdr_member *blue)
{
	assert_int_equal(w_count(blue, "SELECT length(sealed) FROM hiring_check"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE statement IS NOT NULL OR response IS NOT NULL"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM word"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM earlier_statement"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM setting WHERE name = 'check_rows'"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM setting WHERE name = 'scrub'"), 1);
}

static void
test_withdraw(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	bool done, worked;

	rights_begin(w, 0, request_id);
	/* The rows of the check are at the hub's door when it is withdrawn. */
	w->hub_is_down = true;
	assert_int_not_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	w->hub_is_down = false;
	assert_int_equal(w_count(blue, "SELECT count(*) FROM setting WHERE name = 'check_rows'"), 1);
	assert_int_equal(cdr_check_withdraw(blue, "R-9", &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_OK);
	nobody_is_left(blue);
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_E_ABSENT);
	w_carry(w);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "withdrawn");
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'request_withdrawn'"), 1);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'request_made'"), 1);
	assert_int_equal(w_count(green, "SELECT number FROM tally WHERE counter = 'not_answered'"), 1);
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	assert_string_equal(rights_seen.candidate.reference, "withdrawn-000001");
	assert_string_equal(rights_seen.candidate.person.given_names, "");
	assert_string_equal(rights_seen.employer[0].status, "withdrawn");
	assert_int_equal(cdr_scrub(blue->home->store, cdr_store_scrub, &done), CDR_OK);
	assert_true(done);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM setting WHERE name = 'scrub'"), 0);
	/* The reference is free, and what is matched later is not this one. */
	assert_int_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	assert_int_equal(w->open_count, 0);
	struct cdr_candidate c;
	w_amina(&c, "R-1");
	w_check(blue, &c, CDR_OK);
	/* An answer that was on its way when it was withdrawn finds nobody. */
	struct cdr_statement s;
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_ABSENT);
}

/* The request was answered: on erasure the former employer forgets it too, and both keep their figures. */
static void
test_erase_check(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], ids[2][CDR_ID_LEN];

	rights_begin(w, 0, request_id);
	rights_answer(w, request_id);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	memcpy(ids[0], rights_seen.id, CDR_ID_LEN);
	memset(ids[1], 3, CDR_ID_LEN);
	/* All of them or none. */
	assert_int_equal(cdr_subject_erase(blue, (const uint8_t (*)[CDR_ID_LEN])ids, 2, &fault), CDR_E_ABSENT);
	assert_true(w_count(blue, "SELECT length(sealed) FROM hiring_check") > 0);
	assert_int_equal(cdr_subject_erase(blue, (const uint8_t (*)[CDR_ID_LEN])ids, 1, &fault), CDR_OK);
	nobody_is_left(blue);
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "answered");
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), 0);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'erasure'"), 1);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'response_received'"), 1);
	assert_int_equal(w_count(green, "SELECT number FROM tally WHERE counter = 'response_provided'"), 1);
}

/* Everything about her at green is found, and goes when it may. */
static void
test_subject(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct cdr_candidate amina;
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN];

	rights_begin(w, 0, request_id);
	rights_put_case(green, "substantiated_final", case_id);
	w_amina(&amina, "");
	memset(rights_found, 0, sizeof(rights_found));
	assert_int_equal(cdr_subject_find(green, &amina.person, rights_note_found, NULL), CDR_OK);
	assert_int_equal(rights_found[CDR_SUBJECT_LEAVER], 1);
	assert_int_equal(rights_found[CDR_SUBJECT_REQUEST], 1);
	assert_int_equal(rights_found[CDR_SUBJECT_CASE], 1);
	assert_int_equal(rights_found[CDR_SUBJECT_CHECK], 0);
	assert_memory_equal(rights_found_id[CDR_SUBJECT_REQUEST], request_id, CDR_ID_LEN);
	/* A request that waits is answered first. */
	assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&rights_found_id[CDR_SUBJECT_REQUEST], 1, &fault), CDR_E_REFUSED);
	rights_answer(w, request_id);
	for (size_t kind = 0; kind < CDR_SUBJECT_KIND_COUNT; kind++)
		for (int again = 0; rights_found[kind] > 0 && again < 2; again++)
			assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&rights_found_id[kind], 1, &fault), CDR_OK);
	memset(rights_found, 0, sizeof(rights_found));
	assert_int_equal(cdr_subject_find(green, &amina.person, rights_note_found, NULL), CDR_OK);
	for (size_t kind = 0; kind < CDR_SUBJECT_KIND_COUNT; kind++)
		assert_int_equal(rights_found[kind], 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM removal"), 1);
	assert_int_equal(w_count(green, "SELECT number FROM tally WHERE counter = 'erasure'"), 3);
	memset(rights_found_id[CDR_SUBJECT_CHECK], 7, CDR_ID_LEN);
	assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&rights_found_id[CDR_SUBJECT_CHECK], 1, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_subject_read(green, rights_found_id[CDR_SUBJECT_LEAVER], rights_note_found, NULL), CDR_E_ABSENT);
}

/* ---- corrections ---- */

/* A correction takes the place of what was wrong in one step, also where the key of the row changes; what is held is not corrected. */
static void
test_rectify_leaver(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct cdr_candidate amina;
	struct cdr_leavers_outcome outcome;
	uint8_t leaver[CDR_ID_LEN];
	struct cdr_leavers_options options = { .partial = true, .replaces = leaver };
	static const char right[] = "E-9,Amina,Otieno,1990-02-11,passport,KEN,FA0000109,Nurse,KEN,2015-02-01,\n";

	w_import_amina(green, 1);
	w_amina(&amina, "");
	assert_int_equal(cdr_subject_find(green, &amina.person, rights_note_found, NULL), CDR_OK);
	memcpy(leaver, rights_found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	rights_hold(green, leaver, CDR_OK);
	assert_int_equal(w_import(green, right, &options, &outcome), CDR_E_REFUSED);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(cdr_hold_lift(green, leaver, &fault), CDR_OK);
	assert_int_equal(w_import(green, right, &options, &outcome), CDR_OK);
	assert_int_equal(outcome.added, 1);
	assert_int_equal(outcome.removed, 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(cdr_subject_read(green, leaver, rights_note_found, NULL), CDR_E_ABSENT);
	assert_int_equal(w_count(green, "SELECT count(*) FROM trail WHERE what = 'subject.rectify'"), 1);
}

/* A check is opened anew and the wrong one ended, or neither; what was watched still is. */
static void
test_rectify_check(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_candidate c;
	uint8_t request_id[CDR_ID_LEN], check_id[CDR_ID_LEN];

	rights_begin(w, 60, request_id);
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	memcpy(check_id, rights_seen.id, sizeof(check_id));
	uint64_t watch_until = rights_seen.watch_until;
	w_amina(&c, "");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_EXISTS); /* it says so already */
	rights_hold(blue, check_id, CDR_OK);
	(void)snprintf(c.person.family_names, sizeof(c.person.family_names), "Atieno");
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_REFUSED);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check"), 1);
	assert_int_equal(cdr_hold_lift(blue, check_id, &fault), CDR_OK);
	memset(c.reference, 0, sizeof(c.reference));
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check WHERE state = 'withdrawn' AND length(sealed) = 0"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check WHERE state <> 'withdrawn'"), 1);
	assert_int_equal(cdr_check_each(blue, c.reference, rights_see, NULL), CDR_OK);
	assert_string_equal(rights_seen.candidate.person.family_names, "Atieno");
	assert_int_equal(rights_seen.watch_until, watch_until);
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_ABSENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIGHTS_TEST(test_heard_before_decided),
		RIGHTS_TEST(test_objection),
		RIGHTS_TEST(test_withdraw),
		RIGHTS_TEST(test_erase_check),
		RIGHTS_TEST(test_subject),
		RIGHTS_TEST(test_rectify_leaver),
		RIGHTS_TEST(test_rectify_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
