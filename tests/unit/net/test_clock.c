#include "tests/unit/unit.h"
#include "tests/unit/ahead.h"

#include "node/net/clock.h"

/* What time it is, and whether something is due. */

static void
test_now(void **state)
{
	(void)state;
	uint64_t before = cdr_clock_now();
	ahead = CDR_DAY_SECONDS;
	assert_true(cdr_clock_now() >= before + CDR_DAY_SECONDS);
	ahead = -(int64_t)before - CDR_DAY_SECONDS;
	assert_int_equal(cdr_clock_now(), 0);
	ahead = 0;
}

static void
test_due(void **state)
{
	(void)state;
	assert_true(cdr_clock_is_due(1000, 0, 1000));
	assert_false(cdr_clock_is_due(1000, 1, 1000));
	assert_false(cdr_clock_is_due(1000, 1000, 1));
	assert_true(cdr_clock_is_due(1001, 1000, 1));
	assert_true(cdr_clock_is_due(999, 1000, 1)); /* it was ahead then */
	assert_true(cdr_clock_is_due(UINT64_MAX, 0, UINT64_MAX));
	assert_false(cdr_clock_is_due(UINT64_MAX, UINT64_MAX - 1, UINT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
