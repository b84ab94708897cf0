#include "tests/unit/member/world.h"

#include "node/member/check_letters.h"

/* ---- opening ---------------------------------------------------------------------------------------------------------- */

static void
test_add(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c, again;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_declare(&c, "red-ridge");
	w_check(m, &c, CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check WHERE state = 'waiting'"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM employer WHERE declared = 1 AND stage = 'request'"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out WHERE kind = 'request' AND state = 'waiting'"), 2);

	/* The same reference with the same content is there already. */
	struct cdr_check_outcome outcome;
	again = c;
	assert_int_equal(cdr_check_add(m, &again, 1, &outcome, NULL), CDR_OK);
	assert_int_equal(outcome.added, 0);
	assert_int_equal(outcome.unchanged, 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out"), 2);

	/* With other content it is somebody else's. */
	(void)snprintf(again.person.given_names, sizeof(again.person.given_names), "Amina");
	w_check(m, &again, CDR_E_EXISTS);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check"), 1);
}

/* A candidate without a reference gets one, and the same one when it is given again. */
static void
test_reference(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c[3];
	struct cdr_check_outcome outcome;

	w_candidate(&c[0], "C-000002", "John", "Kamau", "1979-11-03");
	w_check(m, &c[0], CDR_OK);
	w_amina(&c[0], "");
	w_candidate(&c[1], "", "Sara", "Haddad", "1990-01-20");
	w_amina(&c[2], "");
	assert_int_equal(cdr_check_add(m, c, 3, &outcome, NULL), CDR_OK);
	assert_int_equal(outcome.added, 2);
	assert_int_equal(outcome.unchanged, 1);
	/* C-000002 was somebody's own. */
	assert_string_equal(c[0].reference, "C-000003");
	assert_string_equal(c[1].reference, "C-000004");
	assert_string_equal(c[2].reference, "C-000003");
	w_amina(&c[0], "");
	w_check(m, &c[0], CDR_OK);
	assert_string_equal(c[0].reference, "C-000003");
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check"), 3);
}

/* All of them or none. */
static void
test_all_or_none(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c[2];
	struct cdr_check_outcome outcome;
	struct cdr_fault fault = { 0 };

	w_amina(&c[0], "R-1");
	w_declare(&c[0], "green-valley");
	w_candidate(&c[1], "R-1", "John", "Kamau", "1979-11-03");
	assert_int_equal(cdr_check_add(m, c, 2, &outcome, &fault), CDR_E_EXISTS);
	w_candidate(&c[1], "R-2", "John", "Kamau", "1979-11-03");
	w_declare(&c[1], "nobody-here");
	assert_int_equal(cdr_check_add(m, c, 2, &outcome, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "nobody-here"));
	w_candidate(&c[1], "R-2", "John", "Kamau", "1979-11-03");
	w_declare(&c[1], "blue-harbour");
	assert_int_equal(cdr_check_add(m, c, 2, &outcome, &fault), CDR_E_REFUSED);
	w_candidate(&c[1], "R-2", "John\xf3", "Kamau", "1979-11-03");
	assert_int_equal(cdr_check_add(m, c, 2, &outcome, &fault), CDR_E_INPUT);
	w_set_status(w, RED, "suspended");
	w_roster(w);
	w_refresh(w);
	w_candidate(&c[1], "R-2", "John", "Kamau", "1979-11-03");
	w_declare(&c[1], "red-ridge");
	assert_int_equal(cdr_check_add(m, c, 2, &outcome, &fault), CDR_E_ABSENT);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM employer"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out"), 0);
}

static void
test_before_join(void **state)
{
	struct world *w = *state;
	struct cdr_candidate c;

	w->member[BLUE]->id[0] = '\0';
	w_amina(&c, "R-1");
	w_check(w->member[BLUE], &c, CDR_E_ABSENT);
}

/* ---- matching ---------------------------------------------------------------------------------------------------------- */

static struct cdr_check seen;
static size_t seen_count;

static cdr_err
see(const struct cdr_check *check, void *context)
{
	(void)context;
	seen = *check;
	seen_count++;
	return CDR_OK;
}

/* What HR sees of the one check. */
static void
look(struct cdr_member *m)
{
	seen_count = 0;
	assert_int_equal(cdr_check_each(m, NULL, see, NULL), CDR_OK);
	assert_int_equal(seen_count, 1);
}

static cdr_err
step(struct cdr_member *m, bool *worked)
{
	struct cdr_fault fault = { 0 };
	cdr_err err = cdr_check_step(m, worked, &fault);

	if (err != CDR_OK)
		assert_int_equal(fault.code, err);
	return err;
}

/* The hub gets 16, 32 or 64 rows in the order of their tags; the same ones when it is asked again. */
static void
test_rows(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	uint8_t first[sizeof(w->check_rows)];
	bool worked;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w->forgets_reply = true;
	assert_int_equal(step(m, &worked), CDR_E_TIME);
	assert_true(w->check_row_count == 16 || w->check_row_count == 32 || w->check_row_count == 64);
	assert_int_equal(w->point_count % w->check_row_count, 0);
	assert_string_equal(w->purpose, "check");
	memcpy(first, w->check_rows, sizeof(first));
	w->forgets_reply = false;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->open_count, 2);
	assert_memory_equal(first, w->check_rows, w->check_row_count * CDR_CHECK_ROW_LEN);
	for (size_t i = 0; i < w->check_row_count; i++) {
		const uint8_t *row = w->check_rows + i * CDR_CHECK_ROW_LEN;
		assert_in_range(row[16], CDR_TOKEN_EX, CDR_TOKEN_TYPE_COUNT - 1);
		assert_in_range(row[17], 0, CDR_RARITY_MAX);
		assert_in_range(row[18], 0, CDR_PAIR_MAX);
		assert_true(i == 0 || memcmp(row - CDR_CHECK_ROW_LEN, row, 16) < 0);
	}
	look(m);
	assert_int_equal(seen.people, 4711);
	assert_int_equal(seen.employer_count, 0);
	/* The hub may forget the check once its answer is durable here. */
	assert_int_equal(w->close_count, 0);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_true(worked);
	assert_int_equal(w->close_count, 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check WHERE state = 'open'"), 1);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_false(worked);
	assert_int_equal(w->open_count, 2);
	assert_int_equal(w->close_count, 1);
}

/* An employer that only the hub named is asked whether it is plausible, and HR sees nothing of it. */
static void
test_undeclared_is_hidden(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(m, &c, CDR_OK);
	w_match(w, GREEN);
	w_match(w, RED);
	assert_int_equal(step(m, &worked), CDR_OK);
	/* The declared one is matched too: it is asked once, and the match stands beside it. */
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out WHERE kind = 'request'"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out WHERE kind = 'probe' AND receiver = 'red-ridge'"), 1);
	look(m);
	assert_int_equal(seen.employer_count, 1);
	assert_string_equal(seen.employer[0].member, "green-valley");
	assert_string_equal(seen.employer[0].tier, "strong");
	assert_int_equal(seen.employer[0].lambda_ppb, w->match[0].lambda_ppb);
	assert_int_equal(seen.employer[0].types, w->match[0].types);
	assert_string_equal(seen.employer[0].status, "queued");
	assert_string_equal(seen.employer[0].result, "");
	assert_true(seen.employer[0].declared);
}

/* One step at which the hub lies: nothing is believed of it, HR is told, the signed answer is kept, and the hub is asked again. */
static void
doubted(struct world *w, const char *what)
{
	struct cdr_member *m = w->member[BLUE];
	int64_t reports = w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'hub'");
	size_t closed = w->close_count;
	bool worked;

	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'hub'"), reports + 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE length(request) = 0 OR length(reply) = 0"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM employer"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM letter_out"), 0);
	assert_true(w->close_count > closed);
	look(m);
	assert_string_equal(seen.state, "waiting");
	assert_false(seen.doubt_settled);
	if (strstr(seen.doubt, what) == NULL)
		fail_msg("\"%s\" does not say: %s", seen.doubt, what);
	/* Not before a while. */
	size_t opened = w->open_count;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->open_count, opened);
	w_run(m, "UPDATE check_doubt SET again_at = 0");
}

/* A hub that says what cannot be is not followed, and what it says of others is not half kept. */
static void
test_lying_hub(void **state)
{
	static char own[] = "blue-harbour", odd[] = "Amina Otieno", weak[] = "weak", possible[] = "possible", green[] = "green-valley";
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w_match(w, GREEN);
	w_match(w, RED);
	Cdr__Wire__Match good = w->match[1], *bad = &w->match[1];
	bad->tier = weak;
	doubted(w, "MISSTATED A MATCH");
	bad->tier = possible;
	doubted(w, "MISSTATED A MATCH");
	*bad = good;
	bad->lambda_ppb = UINT64_MAX;
	doubted(w, "MISSTATED A MATCH");
	*bad = good;
	bad->types = 1;
	doubted(w, "MISSTATED A MATCH");
	*bad = good;
	bad->handles.len = 0;
	doubted(w, "names somebody whom its answer does not");
	w->index.count = 1; /* red is not in the index at all */
	*bad = good;
	doubted(w, "INVENTED A MATCH");
	bad->handles.len = CDR_HANDLE_LEN + 1;
	doubted(w, "INVENTED A MATCH");
	*bad = good;
	bad->member = own;
	doubted(w, "INVENTED A MATCH");
	bad->member = odd;
	doubted(w, "INVENTED A MATCH");
	bad->member = green;
	doubted(w, "");
	w->index.count = 2;
	*bad = good;
	w->match_count = 1; /* red is in the index, and left out */
	doubted(w, "names somebody whom its answer does not");
	w->gives_no_proof = true;
	doubted(w, "no proof");
	w->gives_no_proof = false;
	w->gives_other_receipt = true;
	doubted(w, "not the one that it logged");
	w->gives_other_receipt = false;
	/* The truth in the end. */
	w->match_count = 2;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM employer"), 2);
	look(m);
	assert_true(seen.doubt_settled);
}

/* A hub that says that a crowd shares a tag is followed as far as it proves anything, and HR is told that it proves less. */
static void
test_crowd(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w_match(w, GREEN);
	w->index.is_crowd = true;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM employer"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'hub' AND length(reply) > 0"), 1);
	look(m);
	assert_string_equal(seen.state, "matched");
	assert_true(seen.doubt_partial);
	assert_false(seen.doubt_settled);
	assert_non_null(strstr(seen.doubt, "MORE THAN 32 ENTRIES"));
}

/* An index that is older than one seen before is not believed; an answer that the hub kept is asked for anew, once. */
static void
test_old_index(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-0");
	w_check(m, &c, CDR_OK);
	w->index.position = 10;
	assert_int_equal(step(m, &worked), CDR_OK);
	w_run(m, "DELETE FROM hiring_check");
	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w->index.position = 9;
	size_t opened = w->open_count;
	doubted(w, "AN OLD INDEX");
	assert_int_equal(w->open_count, opened + 2);
	w->index.position = 10;
	assert_int_equal(step(m, &worked), CDR_OK);
	look(m);
	assert_string_equal(seen.state, "matched");
}

/* Before there is a key, or with other name tables, a check waits: it must not come out as "nobody found". */
static void
test_no_scheme(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w->scheme_version[0] ^= 1;
	w_roster(w);
	w_refresh(w);
	assert_int_equal(step(m, &worked), CDR_E_EPOCH);
	w->scheme_version[0] ^= 1;
	w->without_epoch = true;
	w_roster(w);
	w_refresh(w);
	assert_int_equal(step(m, &worked), CDR_E_EPOCH);
	assert_int_equal(w->open_count, 0);
	look(m);
	assert_string_equal(seen.state, "waiting");
}

/* Names too common or a date unknown: nothing to match; only declared employers are asked. */
static void
test_without_tokens(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_candidate(&c, "R-1", "Amina", "Otieno", "");
	w_declare(&c, "green-valley");
	w_check(m, &c, CDR_OK);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->evaluation_count, 0);
	assert_int_equal(w->open_count, 0);
	look(m);
	assert_string_equal(seen.state, "open");
	assert_int_equal(seen.employer_count, 1);
}

static void
test_hub_fails(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;
	bool worked;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w->hub_is_down = true;
	assert_int_equal(step(m, &worked), CDR_E_NETWORK);
	/* However long that lasts, the trustees are asked once: each question is counted. */
	size_t points = w->point_count;
	assert_int_equal(step(m, &worked), CDR_E_NETWORK);
	w->hub_is_down = false;
	w->refused_path = "/v1/check/open";
	w->refused_code = CDR_E_QUOTA;
	assert_int_equal(step(m, &worked), CDR_E_QUOTA);
	/* A hub that says so is not taken for a database that says so: the failure is told, and the next try waits. */
	w->refused_code = CDR_E_ABSENT;
	assert_int_equal(step(m, &worked), CDR_E_ABSENT);
	w->refused_path = "/v1/check/close";
	w->refused_code = CDR_E_STORE;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->point_count, points);
	assert_int_equal(w_count(m, "SELECT count(*) FROM setting WHERE name = 'check_rows'"), 0);
	assert_int_equal(step(m, &worked), CDR_E_STORE);
	/* Forgotten already: that is what was wanted. */
	w->refused_code = CDR_E_ABSENT;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hiring_check WHERE state = 'open'"), 1);
}

/* ---- looking ------------------------------------------------------------------------------------------------------------- */

static cdr_err
stop(const struct cdr_check *check, void *context)
{
	(void)check;
	(void)context;
	return CDR_E_IO;
}

static void
test_each(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;

	seen_count = 0;
	assert_int_equal(cdr_check_each(m, NULL, see, NULL), CDR_OK);
	assert_int_equal(seen_count, 0);
	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	w_candidate(&c, "R-2", "John", "Kamau", "1979-11-03");
	w_check(m, &c, CDR_OK);
	assert_int_equal(cdr_check_each(m, NULL, see, NULL), CDR_OK);
	assert_int_equal(seen_count, 2);
	assert_string_equal(seen.candidate.reference, "R-2");
	assert_int_equal(cdr_check_each(m, "R-1", see, NULL), CDR_OK);
	assert_string_equal(seen.candidate.reference, "R-1");
	assert_string_equal(seen.candidate.person.family_names, "Otieno");
	assert_int_equal(cdr_check_each(m, "R-3", see, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_check_each(m, NULL, stop, NULL), CDR_E_IO);
	/* A row that is not what was written. */
	w_run(m, "UPDATE hiring_check SET sealed = (SELECT sealed FROM hiring_check WHERE number = 1) WHERE number = 2");
	assert_int_equal(cdr_check_each(m, NULL, see, NULL), CDR_E_STORE);
}

/* No answer in time is a result too; until then there is none. */
static void
test_no_response(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(m, &c, CDR_OK);
	look(m);
	assert_string_equal(seen.employer[0].result, "");
	assert_in_range(seen.employer[0].due_at, cdr_member_now() + 14 * 86400 - 60, cdr_member_now() + 14 * 86400);
	w_run(m, "UPDATE employer SET due_at = asked_at");
	look(m);
	assert_string_equal(seen.employer[0].result, "no_response");
	assert_int_equal(cdr_check_statement(m, seen.employer[0].request_id, NULL, NULL, NULL), CDR_E_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add),
		TEST(test_reference),
		TEST(test_all_or_none),
		TEST(test_before_join),
		TEST(test_rows),
		TEST(test_undeclared_is_hidden),
		TEST(test_lying_hub),
		TEST(test_crowd),
		TEST(test_old_index),
		TEST(test_no_scheme),
		TEST(test_without_tokens),
		TEST(test_hub_fails),
		TEST(test_each),
		TEST(test_no_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
