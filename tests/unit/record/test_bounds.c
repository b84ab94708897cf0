/* How far equations pin numbers down. */
#include "tests/unit/unit.h"

#include "core/record/bounds.h"

static struct cdr_bounds bounds[16];

static cdr_err
find(const struct cdr_bounds_term *terms, size_t term_count, const int64_t *sums, size_t equations, size_t unknowns)
{
	static const uint32_t wanted[16] = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 };
	struct cdr_bounds_problem problem = { .unknown_count = unknowns, .equation_count = equations, .term_count = term_count,
		.terms = terms, .sums = sums, .wanted = wanted };

	return cdr_bounds_find(&problem, bounds);
}

static void
are(size_t at, int64_t least, int64_t greatest)
{
	assert_int_equal(bounds[at].least, least);
	assert_int_equal(bounds[at].greatest, greatest);
}

static void
two_by_two(void **state)
{
	(void)state;
	/* Rows 3 and 7, columns 4 and 6: one number is free. */
	static const struct cdr_bounds_term terms[] = { { 0, 0, 1 }, { 0, 1, 1 }, { 1, 2, 1 }, { 1, 3, 1 }, { 2, 0, 1 }, { 2, 2, 1 },
		{ 3, 1, 1 }, { 3, 3, 1 } };
	static const int64_t sums[] = { 3, 7, 4, 6 };

	assert_int_equal(find(terms, 8, sums, 4, 4), CDR_OK);
	are(0, 0, 3);
	are(1, 0, 3);
	are(2, 1, 4);
	are(3, 3, 6);
}

static void
what_is_determined_and_what_is_free(void **state)
{
	(void)state;
	/* x = 5; y + z = 4; u - v = 2; and -x = -5 once more. */
	static const struct cdr_bounds_term terms[] = { { 0, 0, 1 }, { 1, 1, 1 }, { 1, 2, 1 }, { 2, 3, 1 }, { 2, 4, -1 }, { 3, 0, -1 } };
	static const int64_t sums[] = { 5, 4, 2, -5 };

	assert_int_equal(find(terms, 6, sums, 4, 6), CDR_OK);
	are(0, 5, 5);
	are(1, 0, 4);
	are(3, 2, CDR_BOUNDS_INFINITE);
	are(4, 0, CDR_BOUNDS_INFINITE);
	are(5, 0, CDR_BOUNDS_INFINITE);
}

/* x + y = 1, y + z = 1, x + z = 1: each is a half, and no whole number lies between. */
static void
fractions_are_rounded_inwards(void **state)
{
	(void)state;
	static const struct cdr_bounds_term terms[] = { { 0, 0, 1 }, { 0, 1, 1 }, { 1, 1, 1 }, { 1, 2, 1 }, { 2, 0, 1 }, { 2, 2, 1 } };
	static const int64_t sums[] = { 1, 1, 1 };

	assert_int_equal(find(terms, 6, sums, 3, 3), CDR_OK);
	assert_true(bounds[0].greatest < bounds[0].least);
}

static void
contradictions_and_excess(void **state)
{
	(void)state;
	static const struct cdr_bounds_term terms[] = { { 0, 0, 1 }, { 0, 1, 1 }, { 1, 0, 1 } };
	static const int64_t sums[] = { 3, 4 };
	static const struct cdr_bounds_term outside[] = { { 0, 7, 1 } };

	assert_int_equal(find(terms, 3, sums, 2, 2), CDR_E_REFUSED);
	assert_int_equal(find(outside, 1, sums, 1, 2), CDR_E_RANGE);
	assert_int_equal(find(terms, 0, sums, CDR_BOUNDS_EQUATION_MAX + 1, 1), CDR_E_RANGE);
	assert_int_equal(find(terms, 0, sums, 0, 1), CDR_OK);
	are(0, 0, CDR_BOUNDS_INFINITE);
}

/* What grows past 64 bits is said, and never wrong. */
static void
overflow_is_an_error(void **state)
{
	(void)state;
	struct cdr_bounds_term terms[64];
	int64_t sums[8];
	size_t count = 0;

	for (uint32_t i = 0; i < 8; i++) {
		sums[i] = INT64_C(1) << 40;
		for (uint32_t j = 0; j < 8; j++)
			terms[count++] = (struct cdr_bounds_term){ i, j, 1 + (int32_t)((i * 2654435761U + j * 40503U * (i + 3)) % 1999999999U) };
	}
	cdr_err err = find(terms, count, sums, 8, 8);
	assert_true(err == CDR_E_RANGE || err == CDR_E_REFUSED);
}

static void
what_pins_it_down_is_told(void **state)
{
	(void)state;
	/* x = 9 - z, and x <= 20 - w: only z matters. Followed: z is number 2, w number 3. */
	static const struct cdr_bounds_term terms[] = { { 0, 0, 1 }, { 0, 2, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 1, 3, 1 } };
	static const int64_t sums[] = { 3, 8 };
	static const uint32_t wanted[] = { 5, 0 };
	int64_t greatest[2], least[2];
	struct cdr_bounds_narrow narrow = { .greatest = greatest, .least = least };
	struct cdr_bounds_problem problem = { .unknown_count = 2, .equation_count = 2, .term_count = 5, .terms = terms, .sums = sums,
		.wanted = wanted, .followed_count = 2 };

	assert_int_equal(cdr_bounds_narrow(&problem, bounds, &narrow), CDR_OK);
	assert_int_equal(narrow.unknown, 0);
	are(0, 3, 3);
	assert_true(greatest[0] < 0 && greatest[1] == 0);
	assert_true(least[0] < 0 && least[1] == 0);
	problem.wanted = (const uint32_t[]){ 0, 0 };
	assert_int_equal(cdr_bounds_narrow(&problem, bounds, &narrow), CDR_OK);
	assert_true(narrow.unknown == SIZE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_by_two),
		cmocka_unit_test(what_is_determined_and_what_is_free),
		cmocka_unit_test(fractions_are_rounded_inwards),
		cmocka_unit_test(contradictions_and_excess),
		cmocka_unit_test(overflow_is_an_error),
		cmocka_unit_test(what_pins_it_down_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
