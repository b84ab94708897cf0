#include "tests/unit/member/world.h"

#include "node/member/index_own.h"

/* Asking the hub to prove one's own rows: whom is drawn, and how much is asked at once. */

#define PEOPLE 64     /* one batch */
#define ASKED_MAX 32  /* 16 people, two rows each */

/* People of one name: whoever was born on the same day of another month shares a tag with others. */
static void
import(struct cdr_member *m)
{
	static char rows[PEOPLE * 128];
	size_t at = 0;

	for (size_t i = 0; i < PEOPLE; i++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "E-%zu,Fictionella,Epochova,19%zu-0%zu-1%zu,passport,KEN,FE%07zu,Guard,KEN,2019-01-01,%s\n",
		    i, 60 + i % 40, 1 + i % 9, i % 10, i * 1237, w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
}

/* However many share tags, so that somebody gives one row alone, no more is asked than there is room for. */
static void
test_people_who_share_tags(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault;
	bool worked = true;

	import(m);
	while (worked)
		assert_int_equal(cdr_index_step(m, &worked, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), PEOPLE);
	for (size_t i = 1; i <= 300; i++) {
		assert_int_equal(cdr_index_own_step(m, &worked, &fault), CDR_E_BUSY);
		assert_int_equal(w->prove_count, i); /* it is asked again, of others */
		assert_in_range(w->prove_row_count, 2, ASKED_MAX);
	}
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_people_who_share_tags, w_setup, w_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
