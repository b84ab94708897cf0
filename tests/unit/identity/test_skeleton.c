/* The two skeletons against their published vectors, and what holds for every part. */
#include "tests/unit/identity/vectors.h"

#include "core/identity/skeleton.h"

static void
check_codes(char *const field[VECTOR_FIELDS])
{
	char code[CDR_SKELETON_LEN];

	cdr_skeleton_latin(field[0], code);
	if (strcmp(code, field[1]) != 0)
		fail_msg("S1 of %s is %s, not %s", field[0], code, field[1]);
	cdr_skeleton_semitic(field[0], code);
	if (strcmp(code, field[2]) != 0)
		fail_msg("S2 of %s is %s, not %s", field[0], code, field[2]);
}

static void
published_vectors_hold(void **state)
{
	(void)state;
	assert_true(each_vector("skeleton.tsv", check_codes) >= 80);
}

static void
codes_are_bounded(void **state)
{
	char part[48], code[CDR_SKELETON_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(part) - 1; i++)
		part[i] = "bdfglmnrst"[i % 10];
	part[sizeof(part) - 1] = '\0';
	cdr_skeleton_latin(part, code);
	assert_int_equal(strlen(code), CDR_SKELETON_LEN - 1);
	cdr_skeleton_semitic(part, code);
	assert_int_equal(strlen(code), CDR_SKELETON_LEN - 1);
}

static void
what_is_no_letter_is_passed_over(void **state)
{
	char code[CDR_SKELETON_LEN];

	(void)state;
	cdr_skeleton_latin("", code);
	assert_string_equal(code, "");
	cdr_skeleton_semitic("", code);
	assert_string_equal(code, "");
	cdr_skeleton_latin("m1r\xff", code);
	assert_string_equal(code, "MR");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_hold),
		cmocka_unit_test(codes_are_bounded),
		cmocka_unit_test(what_is_no_letter_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
