#include "tests/unit/member/world.h"

#include <time.h>

#include "node/member/cases.h"
#include "node/member/check_draft.h"
#include "node/member/check_life.h"
#include "node/member/count.h"
#include "node/member/hold.h"
#include "node/member/retention.h"
#include "node/member/subject.h"
#include "tests/unit/ahead.h"

/* What candidates have a right to, the register of cases, two persons, later statements, holds and timers. */

#define DAY 86400

static struct cdr_fault fault;

static int
setup(void **state)
{
	ahead = 0;
	*state = w_new();
	return 0;
}

/* Amina left green a year ago; blue checks her under R-1, green declared, and the request waits there. */
static void
begin(struct world *w, unsigned watch_days, uint8_t request_id[static CDR_ID_LEN])
{
	struct cdr_candidate c;
	struct cdr_check_outcome outcome;

	w_import_amina(w->member[GREEN], 1);
	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_add_watched(w->member[BLUE], &c, 1, watch_days, &outcome, &fault), CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
}

static void
answer(struct world *w, const uint8_t *request_id)
{
	struct cdr_statement s;

	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(w->member[GREEN], request_id, &s, &fault), CDR_OK);
	w_carry(w);
}

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

static struct cdr_check seen;

static cdr_err
see(const struct cdr_check *check, void *context)
{
	(void)context;
	seen = *check;
	return CDR_OK;
}

static void
test_withdraw(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	bool done, worked;

	begin(w, 0, request_id);
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
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	assert_string_equal(seen.candidate.reference, "withdrawn-000001");
	assert_string_equal(seen.candidate.person.given_names, "");
	assert_string_equal(seen.employer[0].status, "withdrawn");
	assert_int_equal(cdr_retention_scrub(blue, &done), CDR_OK);
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

	begin(w, 0, request_id);
	answer(w, request_id);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	memcpy(ids[0], seen.id, CDR_ID_LEN);
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

static size_t found[CDR_SUBJECT_KIND_COUNT];
static uint8_t found_id[CDR_SUBJECT_KIND_COUNT][CDR_ID_LEN];

static cdr_err
note_found(const struct cdr_subject_record *record, void *context)
{
	(void)context;
	found[record->kind]++;
	memcpy(found_id[record->kind], record->id, CDR_ID_LEN);
	assert_string_equal(record->person->family_names, "Otieno");
	return CDR_OK;
}

static void
put_case(struct cdr_member *m, const char *status, uint8_t id[static CDR_ID_LEN])
{
	struct cdr_case c = { 0 };

	memset(id, 0, CDR_ID_LEN);
	(void)snprintf(c.employee_number, sizeof(c.employee_number), "E-1");
	(void)snprintf(c.conduct.misconduct_type[0], CDR_CODE_LEN, "sexual_abuse");
	c.conduct.misconduct_type_count = 1;
	(void)snprintf(c.conduct.involved_child, CDR_CODE_LEN, "unknown");
	(void)snprintf(c.conduct.process_status, CDR_CODE_LEN, "%s", status);
	(void)snprintf(c.conduct.sanction[0], CDR_CODE_LEN, "none");
	c.conduct.sanction_count = 1;
	(void)snprintf(c.conduct.referred_to_authorities, CDR_CODE_LEN, "unknown");
	(void)snprintf(c.country, sizeof(c.country), "KEN");
	if (strcmp(status, "ongoing") != 0) {
		c.conduct.concluded = cdr_member_day((int64_t)cdr_member_now());
	}
	assert_int_equal(cdr_cases_put(m, id, &c, &fault), CDR_OK);
	assert_string_equal(c.person.family_names, "Otieno"); /* from the register */
}

/* Everything about her at green is found, and goes when it may. */
static void
test_subject(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct cdr_candidate amina;
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN];

	begin(w, 0, request_id);
	put_case(green, "substantiated_final", case_id);
	w_amina(&amina, "");
	memset(found, 0, sizeof(found));
	assert_int_equal(cdr_subject_find(green, &amina.person, note_found, NULL), CDR_OK);
	assert_int_equal(found[CDR_SUBJECT_LEAVER], 1);
	assert_int_equal(found[CDR_SUBJECT_REQUEST], 1);
	assert_int_equal(found[CDR_SUBJECT_CASE], 1);
	assert_int_equal(found[CDR_SUBJECT_CHECK], 0);
	assert_memory_equal(found_id[CDR_SUBJECT_REQUEST], request_id, CDR_ID_LEN);
	/* A request that waits is answered first. */
	assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&found_id[CDR_SUBJECT_REQUEST], 1, &fault), CDR_E_REFUSED);
	answer(w, request_id);
	for (size_t kind = 0; kind < CDR_SUBJECT_KIND_COUNT; kind++)
		for (int again = 0; found[kind] > 0 && again < 2; again++)
			assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&found_id[kind], 1, &fault), CDR_OK);
	memset(found, 0, sizeof(found));
	assert_int_equal(cdr_subject_find(green, &amina.person, note_found, NULL), CDR_OK);
	for (size_t kind = 0; kind < CDR_SUBJECT_KIND_COUNT; kind++)
		assert_int_equal(found[kind], 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM removal"), 1);
	assert_int_equal(w_count(green, "SELECT number FROM tally WHERE counter = 'erasure'"), 3);
	memset(found_id[CDR_SUBJECT_CHECK], 7, CDR_ID_LEN);
	assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&found_id[CDR_SUBJECT_CHECK], 1, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_subject_read(green, found_id[CDR_SUBJECT_LEAVER], note_found, NULL), CDR_E_ABSENT);
}

/* ---- holds and timers ----------------------------------------------------------------------------------------------------------- */

static size_t hold_count;

static cdr_err
see_hold(const struct cdr_hold *hold, void *context)
{
	(void)context;
	assert_string_equal(hold->who, "Jo Doe");
	assert_string_equal(hold->reason, "A claim in court.");
	hold_count++;
	return CDR_OK;
}

static void
hold(struct cdr_member *m, const uint8_t *id, cdr_err expected)
{
	struct cdr_hold h = { .who = "Jo Doe", .reason = "A claim in court." };

	memcpy(h.id, id, CDR_ID_LEN);
	assert_int_equal(cdr_hold_set(m, &h, &fault), expected);
}

static void
retain(struct cdr_member *m)
{
	bool worked;

	assert_int_equal(cdr_retention_step(m, &worked, &fault), CDR_OK);
}

static cdr_err
copy_case(const uint8_t id[static CDR_ID_LEN], const struct cdr_case *the_case, uint64_t erase_at, void *context)
{
	struct cdr_case *copy = context;

	(void)id;
	(void)erase_at;
	*copy = *the_case;
	return CDR_OK;
}

/* Nothing that is held goes, by a person or a timer; when the hold is lifted the timers take it. */
static void
test_hold(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN], leaver[CDR_ID_LEN], check_id[CDR_ID_LEN];
	struct cdr_candidate amina;

	begin(w, 0, request_id);
	put_case(green, "closed_no_finding", case_id);
	answer(w, request_id);
	w_amina(&amina, "");
	assert_int_equal(cdr_subject_find(green, &amina.person, note_found, NULL), CDR_OK);
	memcpy(leaver, found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	memcpy(check_id, seen.id, sizeof(check_id));
	hold(green, request_id, CDR_OK);
	hold(green, case_id, CDR_OK);
	hold(green, leaver, CDR_OK);
	hold(blue, check_id, CDR_OK);
	memset(found_id[0], 9, CDR_ID_LEN);
	hold(green, found_id[0], CDR_E_ABSENT);
	struct cdr_hold empty = { .who = "Jo Doe" };
	assert_int_equal(cdr_hold_set(green, &empty, &fault), CDR_E_INPUT);
	hold_count = 0;
	assert_int_equal(cdr_hold_each(green, see_hold, NULL), CDR_OK);
	assert_int_equal(hold_count, 3);
	uint8_t ids[3][CDR_ID_LEN];
	memcpy(ids[0], request_id, CDR_ID_LEN);
	memcpy(ids[1], case_id, CDR_ID_LEN);
	memcpy(ids[2], leaver, CDR_ID_LEN);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&ids[i], 1, &fault), CDR_E_REFUSED);
		assert_non_null(strstr(fault.text, "Jo Doe"));
	}
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_E_REFUSED);
	struct cdr_case changed = { 0 };
	assert_int_equal(cdr_cases_each(green, case_id, copy_case, &changed), CDR_OK);
	assert_int_equal(cdr_cases_put(green, case_id, &changed, &fault), CDR_E_REFUSED);
	int64_t attempts = w_count(blue, "SELECT count(*) FROM attempt"), letters = w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'");
	assert_true(attempts > 0 && letters > 0);
	ahead = 7LL * 366 * DAY;
	retain(green);
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt"), attempts);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), letters);
	assert_true(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'request'") > 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM conduct_case"), 1);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_true(w_count(blue, "SELECT length(sealed) FROM hiring_check") > 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cdr_hold_lift(green, ids[i], &fault), CDR_OK);
	assert_int_equal(cdr_hold_lift(green, ids[0], &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_hold_lift(blue, check_id, &fault), CDR_OK);
	retain(green);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1); /* not twice in an hour */
	ahead += 3700;
	retain(green);
	retain(blue);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM conduct_case"), 0);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(blue, "SELECT length(sealed) FROM hiring_check"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt"), 0);
	/* They say what they did. */
	assert_int_equal(w_count(green, "SELECT sum(count) FROM retention_done WHERE what IN ('leaver', 'case', 'request')"), 3);
	assert_int_equal(w_count(blue, "SELECT sum(count) FROM retention_done WHERE what = 'check'"), 1);
	ahead = 0;
}

/* Nothing that is held goes because its sender, its time or a file that is imported says so; once the hold is lifted it does. */
static void
test_hold_of_what_waits(void **state)
{
	struct world *w = *state;
	struct cdr_leavers_outcome outcome;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], leaver[CDR_ID_LEN];
	struct cdr_candidate amina;
	static const char other[] = "E-2,Fictiona,Nobodyson,1990-02-11,passport,KEN,FA0000101,Nurse,KEN,2015-02-01,\n";

	begin(w, 0, request_id);
	w_amina(&amina, "");
	assert_int_equal(cdr_subject_find(green, &amina.person, note_found, NULL), CDR_OK);
	memcpy(leaver, found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	hold(green, request_id, CDR_OK);
	hold(green, leaver, CDR_OK);
	int64_t expiry = w_count(green, "SELECT expiry FROM leaver");
	assert_int_equal(w_import(green, "E-1,Amina,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,\n", NULL, &outcome), CDR_OK);
	assert_int_equal(outcome.kept, 1);
	assert_int_equal(outcome.changed, 0);
	assert_int_equal(w_count(green, "SELECT expiry FROM leaver"), expiry);
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_OK);
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox WHERE state = 'withdrawn' AND next_at = 0"), 1);
	assert_int_equal(w_import(green, other, NULL, NULL), CDR_OK);
	retain(green);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 2);
	assert_int_equal(cdr_hold_lift(green, request_id, &fault), CDR_OK);
	assert_int_equal(cdr_hold_lift(green, leaver, &fault), CDR_OK);
	ahead = 3700;
	assert_int_equal(w_import(green, other, NULL, NULL), CDR_OK);
	retain(green);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	ahead = 0;
}

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
	assert_int_equal(cdr_subject_find(green, &amina.person, note_found, NULL), CDR_OK);
	memcpy(leaver, found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	hold(green, leaver, CDR_OK);
	assert_int_equal(w_import(green, right, &options, &outcome), CDR_E_REFUSED);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(cdr_hold_lift(green, leaver, &fault), CDR_OK);
	assert_int_equal(w_import(green, right, &options, &outcome), CDR_OK);
	assert_int_equal(outcome.added, 1);
	assert_int_equal(outcome.removed, 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(cdr_subject_read(green, leaver, note_found, NULL), CDR_E_ABSENT);
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

	begin(w, 60, request_id);
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	memcpy(check_id, seen.id, sizeof(check_id));
	uint64_t watch_until = seen.watch_until;
	w_amina(&c, "");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_EXISTS); /* it says so already */
	hold(blue, check_id, CDR_OK);
	(void)snprintf(c.person.family_names, sizeof(c.person.family_names), "Atieno");
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_REFUSED);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check"), 1);
	assert_int_equal(cdr_hold_lift(blue, check_id, &fault), CDR_OK);
	memset(c.reference, 0, sizeof(c.reference));
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check WHERE state = 'withdrawn' AND length(sealed) = 0"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM hiring_check WHERE state <> 'withdrawn'"), 1);
	assert_int_equal(cdr_check_each(blue, c.reference, see, NULL), CDR_OK);
	assert_string_equal(seen.candidate.person.family_names, "Atieno");
	assert_int_equal(seen.watch_until, watch_until);
	assert_int_equal(cdr_check_rectify(blue, check_id, &c, &fault), CDR_E_ABSENT);
}

/* One reply of the API as it is kept, under a number of its own. */
struct kept_reply {
	struct cdr_member *member;
	uint8_t number;
	const char *body;
};

static cdr_err
keep_reply(struct cdr_tx *tx, void *context)
{
	const struct kept_reply *kept = context;
	uint8_t digest[CDR_SHA256_LEN] = { kept->number };
	struct cdr_buffer sealed = { 0 };

	cdr_err err = cdr_seal(kept->member->home->keys->column, "api.reply", (struct cdr_bytes){ digest, sizeof(digest) },
	    (struct cdr_bytes){ (const uint8_t *)kept->body, strlen(kept->body) }, &sealed);
	if (err == CDR_OK)
		err = cdr_query_run(tx, "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES ($1, $1, 201, $2, $3)",
		    CDR_VALUES(cdr_value_blob(digest, sizeof(digest)), cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)time(NULL))));
	cdr_buffer_free(&sealed);
	return err;
}

/* What the API was to say again about somebody who is erased is gone; of others it stays, and the keys stay known. */
static void
test_forgotten_replies(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	char id[CDR_ID_TEXT_LEN], body[256];
	struct kept_reply kept[] = { { blue, 1, "{\"references\":[\"R-1\"]}" }, { blue, 2, "{\"references\":[\"R-10\"]}" }, { green, 3, body },
		{ green, 4, "{\"request_id\":\"R-1\"}" } };

	begin(w, 0, request_id);
	answer(w, request_id);
	cdr_id_write(request_id, id);
	(void)snprintf(body, sizeof(body), "{\"answer\":{\"request_id\":\"%s\",\"result\":\"disclosure\"}}", id);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(cdr_store_write(kept[i].member->home->store, keep_reply, &kept[i]), CDR_OK);
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	assert_int_equal(cdr_subject_erase(blue, (const uint8_t (*)[CDR_ID_LEN])&seen.id, 1, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply WHERE length(sealed) = 0 AND digest <> request"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply WHERE length(sealed) > 0"), 1);
	w_carry(w); /* the employer is told to forget */
	assert_int_equal(w_count(green, "SELECT count(*) FROM api_reply WHERE length(sealed) = 0"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM api_reply WHERE length(sealed) > 0"), 1);
}

/* What was answered to a program goes in time, also if no program asks any more. */
static void
test_kept_replies(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES (x'01', x'02', 201, x'03', %lld)",
	    (long long)time(NULL));
	w_run(blue, sql);
	ahead = 6 * DAY;
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply"), 1);
	ahead = 7 * DAY + 3600;
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply"), 0);
	ahead = 0;
}

/* Nothing goes a day too early. */
static void
test_timers(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	struct cdr_retention_settings settings = { 40, 50 };
	struct cdr_retention_line line[CDR_RETENTION_LINES];

	begin(w, 60, request_id);
	answer(w, request_id);
	assert_int_equal(cdr_retention_settings_write(blue, &settings, &fault), CDR_OK);
	assert_int_equal(cdr_retention_settings_write(green, &settings, &fault), CDR_OK);
	settings.check_days = CDR_RETENTION_DAYS_MIN - 1;
	assert_int_equal(cdr_retention_settings_write(blue, &settings, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_retention_settings_read(blue, &settings), CDR_OK);
	assert_int_equal(settings.check_days, 40);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM trail WHERE what = 'settings.retention'"), 1);
	ahead = 45LL * DAY; /* watched: it is kept longer */
	retain(blue);
	retain(green);
	assert_true(w_count(blue, "SELECT length(sealed) FROM hiring_check") > 0);
	assert_int_equal(cdr_retention_status(blue, line), CDR_OK);
	assert_string_equal(line[1].what, "check");
	assert_int_equal(line[1].held_count, 1);
	assert_int_equal(line[1].due_count, 1);
	ahead = 59LL * DAY;
	retain(green);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	ahead = 61LL * DAY;
	retain(blue);
	retain(green);
	assert_int_equal(w_count(blue, "SELECT length(sealed) FROM hiring_check"), 0);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	/* It was time, nobody's wish: the employer was told nothing. */
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'withdrawal'"), 0);
	ahead = 0;
}

/* What status says goes within 30 days is what the timers then take, of every kind; what is held is counted as held. */
static void
test_due_is_what_goes(void **state)
{
	struct world *w = *state;
	struct cdr_retention_line line[2][CDR_RETENTION_LINES];
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN];
	char sql[128];

	begin(w, 0, request_id);
	put_case(w->member[GREEN], "closed_no_finding", case_id);
	answer(w, request_id);
	w_run(w->member[GREEN], "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES (x'01', x'02', 201, x'03', 1)");
	w_run(w->member[GREEN], "INSERT INTO email_out (number, contact, state, made_at, not_before, tries, done_at) VALUES (9, 'first', 'sent', 1, 1, 1, 1)");
	for (size_t i = 0; i < 2; i++) {
		struct cdr_member *m = w->member[i == 0 ? BLUE : GREEN];
		ahead = 7LL * 366 * DAY - 30LL * DAY;
		assert_int_equal(cdr_retention_status(m, line[0]), CDR_OK);
		ahead += 30LL * DAY;
		retain(m);
		for (size_t k = 0; k < CDR_RETENTION_LINES; k++) {
			(void)snprintf(sql, sizeof(sql), "SELECT coalesce(sum(count), 0) FROM retention_done WHERE what = '%s'", line[0][k].what);
			/* A check that ends takes letters and attempts of its own with it; nothing else may go unannounced. */
			assert_true(w_count(m, sql) <= (int64_t)line[0][k].due_count);
		}
		assert_int_equal(cdr_retention_status(m, line[1]), CDR_OK);
		for (size_t k = 0; k < CDR_RETENTION_LINES; k++) {
			assert_int_equal(line[1][k].held_count, line[0][k].held_count - line[0][k].due_count);
			assert_int_equal(line[1][k].due_count, 0);
		}
		ahead = 0;
	}
	assert_int_equal(line[0][0].due_count, 1); /* the leaver, at green */
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
	assert_int_equal(cdr_check_each(blue, "R-1", see, NULL), CDR_OK);
	w_amina(&read, "");
	assert_int_equal(cdr_check_rectify(blue, seen.id, &read, &fault), CDR_E_ABSENT);
	/* Edited: it says the new thing under its own reference, and nothing of a hold or a wrong employer. */
	(void)snprintf(c.person.family_names, sizeof(c.person.family_names), "Atieno");
	hold(blue, seen.id, CDR_OK);
	assert_int_equal(cdr_check_draft_edit(blue, "R-1", &c, 0, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_check_draft_delete(blue, "R-1", &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_hold_lift(blue, seen.id, &fault), CDR_OK);
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

	begin(w, 30, request_id);
	assert_int_equal(supersede(w, request_id, "no_record"), CDR_E_ABSENT);
	answer(w, request_id);
	ahead = 29LL * DAY;
	assert_int_equal(supersede(w, request_id, "unable_policy"), CDR_OK);
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "unable_to_answer");
	assert_string_equal(w_text(blue, "SELECT result FROM earlier_statement"), "no_record_held");
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'statement_superseded'"), 1);
	assert_int_equal(w_count(blue, "SELECT sum(number) FROM tally WHERE counter = 'response_received'"), 1);
	assert_int_equal(supersede(w, request_id, "no_record"), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM earlier_statement"), 2);
	assert_int_equal(cdr_check_each(blue, NULL, see, NULL), CDR_OK);
	assert_int_equal(seen.employer[0].superseded_count, 2);
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

	begin(w, 0, request_id);
	assert_int_equal(cdr_check_dispute(blue, &said, &fault), CDR_E_REFUSED);
	answer(w, request_id);
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

	begin(w, 0, request_id);
	answer(w, request_id);
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

	begin(w, 0, request_id);
	put_case(green, "closed_no_finding", case_id);
	assert_int_equal(cdr_inbox_read(green, request_id, &request, &fault), CDR_OK);
	w_no_record(&s);
	assert_int_equal(cdr_cases_contradict(green, request, 0, &s, &fault), CDR_OK);
	put_case(green, "substantiated_final", case_id);
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

	begin(w, 0, request_id);
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
		cmocka_unit_test_setup_teardown(test_heard_before_decided, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_objection, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_withdraw, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_erase_check, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_subject, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_hold, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_hold_of_what_waits, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_rectify_leaver, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_rectify_check, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_replies, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_kept_replies, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_timers, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_due_is_what_goes, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_check_draft, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_dispute, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_false_dispute, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_draft_from_cases, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_two_persons, setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
