/* A node that was put back from a backup says nothing under a number that it used, and asks anew for what it may have been told. */
#include "tests/unit/member/world.h"

#include "node/member/check_letters.h"
#include "node/member/put_back.h"

static struct cdr_fault fault;

static void
mark(struct cdr_member *m)
{
	assert_int_equal(cdr_store_write(m->home->store, cdr_put_back_mark, NULL), CDR_OK);
}

static bool
step(struct cdr_member *m)
{
	bool worked;

	if (cdr_put_back_step(m, &worked, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return worked;
}

/* A check that names these employers; their nodes have the letters. */
static void
ask(struct world *w, const char *reference, const char *first, const char *second)
{
	struct cdr_candidate c;

	w_candidate(&c, reference, "Nobodi", reference, "1984-04-24");
	w_declare(&c, first);
	if (second != NULL)
		w_declare(&c, second);
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
}

static void
answer(struct world *w, size_t at)
{
	uint8_t id[CDR_ID_LEN];
	struct cdr_statement s;

	w_request_id(w->member[at], id);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(w->member[at], id, &s, &fault), CDR_OK);
	w_carry(w);
}

static void
carry_checks(struct world *w)
{
	bool worked = true;

	for (int i = 0; worked && i < 20; i++) {
		assert_int_equal(cdr_check_step(w->member[BLUE], &worked, &fault), CDR_OK);
		w_carry(w);
	}
}

/* Who had answered when the backup was made is left alone; who had not is asked under another number, and told to forget the old one. */
static void
test_asks_anew(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN], *red = w->member[RED];

	ask(w, "R-1", "green-valley", "red-ridge");
	carry_checks(w);
	answer(w, GREEN);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at > 0"), 1);
	const int64_t at_green = w_count(green, "SELECT count(*) FROM inbox");
	char old[256];
	(void)snprintf(old, sizeof(old), "%s", w_text(red, "SELECT hex(request_id) FROM inbox"));
	assert_false(step(blue)); /* nobody was put back */
	mark(blue);
	assert_true(step(blue));
	assert_false(step(blue)); /* once */
	carry_checks(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), at_green);
	assert_int_equal(w_count(red, "SELECT count(*) FROM inbox"), 2);
	assert_int_equal(w_count(red, "SELECT count(*) FROM inbox WHERE state = 'waiting'"), 1);
	assert_string_not_equal(w_text(red, "SELECT hex(request_id) FROM inbox WHERE state = 'waiting'"), old);
	assert_string_equal(w_text(red, "SELECT hex(request_id) FROM inbox WHERE state <> 'waiting'"), old);
	answer(w, RED);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at > 0"), 2);
	/* Another loss: another restore. */
	mark(blue);
	assert_true(step(blue));
	carry_checks(w);
	assert_int_equal(w_count(red, "SELECT count(*) FROM inbox"), 2);
}

/* An answer to the old number that comes after all, because the withdrawal crossed it, changes nothing: the new one is waited for. */
static void
test_an_answer_to_the_old_number(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t id[CDR_ID_LEN];
	struct cdr_statement s;

	ask(w, "R-1", "red-ridge", NULL);
	w_request_id(w->member[RED], id);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(w->member[RED], id, &s, &fault), CDR_OK);
	while (w_mail(w->member[RED]))
		;
	mark(blue);
	assert_true(step(blue));
	carry_checks(w);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at > 0"), 0);
	answer(w, RED);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at > 0"), 1);
}

/* More than one query's worth, in checks of their own. */
static void
test_many(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	char reference[16];

	for (int i = 0; i < 70; i++) {
		struct cdr_candidate c;

		(void)snprintf(reference, sizeof(reference), "R-%d", i);
		w_candidate(&c, reference, "Nobodi", reference, "1984-04-24");
		w_declare(&c, "red-ridge");
		w_check(blue, &c, CDR_OK);
	}
	for (int i = 0; i < 200 && w_mail(blue); i++)
		;
	w_run(blue, "CREATE TABLE kept AS SELECT request_id FROM employer");
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE asked_at > 0"), 70);
	mark(blue);
	assert_true(step(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE asked_at = 0 AND status = 'queued'"), 70);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE request_id IN (SELECT request_id FROM kept)"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'withdrawal'"), 70);
}

/* What is over is not begun again. */
static void
test_what_is_over(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	ask(w, "R-1", "red-ridge", NULL);
	w_run(blue, "UPDATE employer SET status = 'withdrawn'");
	mark(blue);
	assert_true(step(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE status = 'queued'"), 0);
	w_run(blue, "UPDATE employer SET status = 'delivered'");
	w_run(blue, "UPDATE hiring_check SET closed_at = 1");
	mark(blue);
	assert_true(step(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE status = 'queued'"), 0);
}

static cdr_err
evaluate(struct world *w, const char *text)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	const struct cdr_bytes input = { (const uint8_t *)text, strlen(text) };
	uint8_t tag[CDR_TAG_LEN];

	cdr_err err = cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_CHECK, &input, 1, tag, NULL);
	cdr_current_release(m->current, roster);
	return err;
}

/* Numbers of evaluations lie far ahead; what was begun when the backup was made is asked again as it was. */
static void
test_numbers(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	assert_int_equal(evaluate(w, "one"), CDR_OK);
	assert_int_equal(w->sequence, 1);
	w->mode[0] = w->mode[1] = W_DOWN;
	assert_int_equal(evaluate(w, "two"), CDR_E_NETWORK);
	w->mode[0] = w->mode[1] = W_TRUE;
	mark(blue);
	assert_int_equal(evaluate(w, "two"), CDR_OK);
	assert_int_equal(w->sequence, 2);
	assert_int_equal(evaluate(w, "three"), CDR_OK);
	const uint64_t first = w->sequence;
	assert_true(first >> 20 >= cdr_member_now() - 60);
	assert_true(first <= INT64_MAX); /* trustees keep them in such a column */
	/* Put back twice in one second, of a copy of that time: further still. */
	mark(blue);
	assert_int_equal(evaluate(w, "four"), CDR_OK);
	assert_true(w->sequence > first);
}

struct next {
	uint64_t last, since, next;
};

static cdr_err
next_job(struct cdr_tx *tx, void *context)
{
	struct next *n = context;

	return cdr_put_back_next(tx, n->last, n->since, &n->next);
}

static uint64_t
next(struct cdr_member *m, uint64_t last, uint64_t since)
{
	struct next n = { last, since, 0 };

	assert_int_equal(cdr_store_read(m->home->store, next_job, &n), CDR_OK);
	return n.next;
}

static void
test_next(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	const uint64_t now = cdr_member_now();

	assert_int_equal(next(blue, 7, 0), 8);
	mark(blue);
	uint64_t first = next(blue, 7, 0);
	assert_in_range(first, now, cdr_member_now());
	assert_int_equal(next(blue, now + 86400, 0), now + 86401);
	assert_int_equal(next(blue, 7, now + 86400), 8); /* before it begins */
	assert_true(step(blue));
	uint64_t later = next(blue, 7, 0);
	assert_in_range(later, first, cdr_member_now()); /* for good */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asks_anew),
		TEST(test_an_answer_to_the_old_number),
		TEST(test_many),
		TEST(test_what_is_over),
		TEST(test_numbers),
		TEST(test_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
