/* The rarity table: what ships, what is refused, how two shares add up. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/identity/rarity.h"

static struct cdr_rarity shipped;

static int
open_shipped(void **state)
{
	(void)state;
	return cdr_rarity_shipped(&shipped) == CDR_OK ? 0 : -1;
}

static void
shipped_table_is_whole(void **state)
{
	struct cdr_rarity rarity;

	(void)state;
	assert_int_equal(cdr_rarity_open(shipped.data, shipped.len, &rarity), CDR_OK);
	assert_true(shipped.len < 640 * 1024);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++)
		assert_true(rarity.kind[kind].count > 1000);
}

/* What the name of one person tells, in the culture where it is commonest. */
static int
weigh(const char *name)
{
	struct cdr_rarity_code code;

	cdr_rarity_find(&shipped, CDR_CODE_EXACT, name, &code);
	return cdr_rarity_single(&code);
}

static void
common_names_weigh_little(void **state)
{
	(void)state;
	assert_true(weigh("nguyen") <= 2 * CDR_BITS_SCALE);
	assert_true(weigh("kim") <= 3 * CDR_BITS_SCALE);
	assert_true(weigh("mohammed") <= 3 * CDR_BITS_SCALE);
	assert_true(weigh("smith") <= 8 * CDR_BITS_SCALE);
	assert_true(weigh("smith") < weigh("qqxqqx"));
}

static void
known_names_and_covered_countries(void **state)
{
	(void)state;
	assert_true(cdr_rarity_knows(&shipped, "fatima"));
	assert_false(cdr_rarity_knows(&shipped, "qqxqqx"));
	assert_true(cdr_rarity_covers(&shipped, "USA"));
	assert_false(cdr_rarity_covers(&shipped, "SOM"));
	assert_false(cdr_rarity_covers(&shipped, ""));
	assert_false(cdr_rarity_covers(&shipped, "US"));
	assert_false(cdr_rarity_covers(&shipped, "USAA"));
}

/* Shares of 2^-4 as given and 2^-8 as family name, and the reverse, in no culture of their own. */
static void
pairs_add_up(void **state)
{
	const struct cdr_rarity_code a = { .elsewhere = { 32, 64 } }, b = { .elsewhere = { 64, 32 } };
	const struct cdr_rarity_code common = { .elsewhere = { 0, 0 } };

	(void)state;
	/* 2^-8 + 2^-16 + (2^-12 + 2^-12) / 2 = 2^-7.9; doubled where there are several names */
	assert_in_range(cdr_rarity_pair(&a, &b, false), 62, 64);
	assert_in_range(cdr_rarity_pair(&a, &b, true), 54, 63);
	/* 2^-12 + 2^-12 + (2^-8 + 2^-16) / 2 = 2^-8.8 */
	assert_in_range(cdr_rarity_pair(&a, &a, false), 68, 71);
	assert_int_equal(cdr_rarity_pair(&a, &b, false), cdr_rarity_pair(&b, &a, false));
	assert_int_equal(cdr_rarity_pair(&common, &common, true), 0);
}

static void
damaged_tables_are_refused(void **state)
{
	struct cdr_rarity rarity;
	uint8_t *copy = malloc(shipped.len + 1);

	(void)state;
	assert_non_null(copy);
	memcpy(copy, shipped.data, shipped.len);
	copy[shipped.len] = 0;
	assert_int_equal(cdr_rarity_open(NULL, 0, &rarity), CDR_E_INPUT);
	assert_int_equal(cdr_rarity_open(copy, CDR_RARITY_HEAD_LEN - 1, &rarity), CDR_E_INPUT);
	assert_int_equal(cdr_rarity_open(copy, shipped.len - 1, &rarity), CDR_E_INPUT);
	assert_int_equal(cdr_rarity_open(copy, shipped.len + 1, &rarity), CDR_E_INPUT);
	assert_null(rarity.data);
	/* magic; a count that is far too high; countries, then keys out of order */
	for (size_t at = 0; at < CDR_RARITY_MAGIC_LEN + 1; at++) {
		copy[at] ^= 0x55;
		assert_int_equal(cdr_rarity_open(copy, shipped.len, &rarity), CDR_E_INPUT);
		copy[at] ^= 0x55;
	}
	copy[CDR_RARITY_HEAD_LEN] = 'Z';
	assert_int_equal(cdr_rarity_open(copy, shipped.len, &rarity), CDR_E_INPUT);
	copy[CDR_RARITY_HEAD_LEN] = shipped.data[CDR_RARITY_HEAD_LEN];
	size_t keys = CDR_RARITY_HEAD_LEN + 3 * (size_t)shipped.country_count;
	memset(copy + keys, 0xff, 4);
	assert_int_equal(cdr_rarity_open(copy, shipped.len, &rarity), CDR_E_INPUT);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_table_is_whole),
		cmocka_unit_test(common_names_weigh_little),
		cmocka_unit_test(known_names_and_covered_countries),
		cmocka_unit_test(pairs_add_up),
		cmocka_unit_test(damaged_tables_are_refused),
	};

	return cmocka_run_group_tests(tests, open_shipped, NULL);
}
