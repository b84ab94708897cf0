#include "tests/unit/member/world.h"

/* An evaluation that found too few trustees is asked again as it was: who has counted it does not count it twice. */

static cdr_err
evaluate(struct world *w, const char *text, uint8_t *tag)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	struct cdr_bytes input = { (const uint8_t *)text, strlen(text) };

	cdr_err err = cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_CHECK, &input, 1, tag, NULL);
	cdr_current_release(m->current, roster);
	return err;
}

static int64_t
remembered(struct world *w)
{
	return w_count(w->member[BLUE], "SELECT count(*) FROM setting WHERE name LIKE 'asked/%'");
}

static void
test_same_number(void **state)
{
	struct world *w = *state;
	uint8_t tag[CDR_TAG_LEN];

	w->mode[0] = w->mode[1] = W_DOWN;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(evaluate(w, "one", tag), CDR_E_NETWORK);
		assert_int_equal(remembered(w), 1);
	}
	/* Something else has a number of its own. */
	assert_int_equal(evaluate(w, "two", tag), CDR_E_NETWORK);
	assert_int_equal(remembered(w), 2);
	w->mode[0] = w->mode[1] = W_TRUE;
	assert_int_equal(evaluate(w, "one", tag), CDR_OK);
	assert_int_equal(w->sequence, 1);
	assert_int_equal(remembered(w), 1);
	assert_int_equal(evaluate(w, "two", tag), CDR_OK);
	assert_int_equal(w->sequence, 2);
	assert_int_equal(remembered(w), 0);
	/* What is done is done: the same again is another question, with other points. */
	assert_int_equal(evaluate(w, "one", tag), CDR_OK);
	assert_int_equal(w->sequence, 3);
}

static void
test_bounded(void **state)
{
	struct world *w = *state;
	uint8_t tag[CDR_TAG_LEN];
	char text[16];

	w->mode[0] = w->mode[1] = W_DOWN;
	for (int i = 0; i < 70; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(evaluate(w, text, tag), CDR_E_NETWORK);
		assert_in_range(remembered(w), 1, 64);
	}
}

/* A damaged memory is a damaged database, and nobody is asked. */
static void
test_damaged(void **state)
{
	struct world *w = *state;
	uint8_t tag[CDR_TAG_LEN];

	w->mode[0] = w->mode[1] = W_DOWN;
	assert_int_equal(evaluate(w, "one", tag), CDR_E_NETWORK);
	w_run(w->member[BLUE], "UPDATE setting SET value = zeroblob(68) WHERE name LIKE 'asked/%'");
	size_t before = w->evaluation_count;
	assert_int_equal(evaluate(w, "one", tag), CDR_E_STORE);
	assert_int_equal(w->evaluation_count, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_number),
		TEST(test_bounded),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
