#include "tests/unit/member/world.h"

#include "node/member/mail.h"

/* A letter that its receiver does not confirm is posted again, later each time; one that it confirms is not. */

static void
declare(struct world *w)
{
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
}

static void
step(struct cdr_member *m)
{
	bool worked;

	assert_int_equal(cdr_mail_step(m, &worked, NULL), CDR_OK);
}

/* The hub takes the letter and throws it away. */
static void
test_thrown_away(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	int64_t now = (int64_t)cdr_member_now();

	declare(w);
	step(blue);
	assert_int_equal(w->mail_count, 1);
	w_drop_mail(w, w->mail[0].id);
	assert_in_range(w_count(blue, "SELECT not_before FROM letter_out"), now + 3600, (int64_t)cdr_member_now() + 3600);
	step(blue);
	assert_int_equal(w->mail_count, 0);
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	step(blue);
	assert_int_equal(w->mail_count, 1);
	assert_in_range(w_count(blue, "SELECT not_before FROM letter_out"), now + 7200, (int64_t)cdr_member_now() + 7200);

	step(green); /* takes it in and writes the confirmation */
	step(green); /* posts that */
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received' AND state = 'done'"), 1);
	step(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'received'"), 1);
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	w_run(green, "UPDATE letter_out SET not_before = 1");
	step(blue);
	step(green);
	assert_int_equal(w->mail_count, 0);
}

/* It is there already: nothing happens but that it is tried later again; the intervals end at about three days. */
static void
test_there_already(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	int64_t now = (int64_t)cdr_member_now();

	declare(w);
	step(blue);
	w_run(blue, "UPDATE letter_out SET not_before = 1, tries = 50");
	step(blue);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w_count(blue, "SELECT tries FROM letter_out"), 51);
	assert_in_range(w_count(blue, "SELECT not_before FROM letter_out"), now + 64 * 3600,
	    (int64_t)cdr_member_now() + 64 * 3600);
}

/* Its receiver has left meanwhile. */
static void
test_refused_now(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	declare(w);
	step(blue);
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	w->refused_path = "/v1/mail/post";
	w->refused_code = CDR_E_REFUSED;
	step(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'waiting'"), 1);
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	w->refused_code = CDR_E_ABSENT;
	step(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'refused'"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_thrown_away),
		TEST(test_there_already),
		TEST(test_refused_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
