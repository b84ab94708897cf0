/* Slips between two texts. */
#include "tests/unit/unit.h"

#include "core/identity/similar.h"

static void
slips_are_counted(void **state)
{
	(void)state;
	assert_int_equal(cdr_similar_edits("", ""), 0);
	assert_int_equal(cdr_similar_edits("maria", ""), 5);
	assert_int_equal(cdr_similar_edits("maria", "maria"), 0);
	assert_int_equal(cdr_similar_edits("maria", "mria"), 1);
	assert_int_equal(cdr_similar_edits("maria", "mariia"), 1);
	assert_int_equal(cdr_similar_edits("maria", "marta"), 1);
	assert_int_equal(cdr_similar_edits("maria", "maira"), 1);
	assert_int_equal(cdr_similar_edits("ca", "abc"), 3); /* no letter slips twice */
	assert_int_equal(cdr_similar_edits("kitten", "sitting"), 3);
}

static void
long_texts_are_cut(void **state)
{
	char a[2 * CDR_SIMILAR_LEN_MAX], b[2 * CDR_SIMILAR_LEN_MAX];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = '\0';
	b[sizeof(b) - 2] = 'b';
	assert_int_equal(cdr_similar_edits(a, b), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_counted),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
