/* Short and foreign forms of names, and the codes of a part. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/identity/code.h"

static void
short_forms_have_the_skeleton_of_the_full_name(void **state)
{
	struct cdr_codes bill, william;

	(void)state;
	cdr_codes_make("bill", &bill);
	cdr_codes_make("william", &william);
	assert_string_equal(bill.text[CDR_CODE_S1], william.text[CDR_CODE_S1]);
	assert_string_equal(bill.text[CDR_CODE_S2], "FL");
	assert_string_equal(bill.text[CDR_CODE_EXACT], "bill");
	assert_string_equal(bill.text[CDR_CODE_PREFIX], "bil");
	assert_string_equal(bill.text[CDR_CODE_SUFFIX], "ill");
}

static void
short_parts_are_their_own_prefix(void **state)
{
	struct cdr_codes codes;

	(void)state;
	cdr_codes_make("li", &codes);
	assert_string_equal(codes.text[CDR_CODE_PREFIX], "li");
	assert_string_equal(codes.text[CDR_CODE_SUFFIX], "li");
	cdr_codes_make("", &codes);
	assert_string_equal(codes.text[CDR_CODE_EXACT], "");
}

/* Every line is found, its name is no line itself, and the lines ascend. */
static void
the_table_is_in_order(void **state)
{
	struct cdr_bytes table = cdr_codes_table();
	const char *at = (const char *)table.data, *end = at + table.len;
	char last[CDR_PART_LEN] = "", part[CDR_PART_LEN], full[CDR_PART_LEN], found[CDR_PART_LEN];

	(void)state;
	assert_true(table.len > 1000);
	for (; at < end; at = strchr(at, '\n') + 1) {
		assert_int_equal(sscanf(at, "%47[a-z]\t%47[a-z]\n", part, full), 2);
		assert_true(strcmp(last, part) < 0);
		cdr_codes_full_name(part, found);
		assert_string_equal(found, full);
		cdr_codes_full_name(full, found);
		assert_string_equal(found, full);
		memcpy(last, part, sizeof(last));
	}
	cdr_codes_full_name("aaa", found);
	assert_string_equal(found, "aaa");
	cdr_codes_full_name("zzz", found);
	assert_string_equal(found, "zzz");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_forms_have_the_skeleton_of_the_full_name),
		cmocka_unit_test(short_parts_are_their_own_prefix),
		cmocka_unit_test(the_table_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
