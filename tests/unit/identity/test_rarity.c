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

static struct cdr_rarity_code
exact(const char *part)
{
	struct cdr_rarity_code code;

	cdr_rarity_find(&shipped, CDR_CODE_EXACT, part, &code);
	return code;
}

/* The smaller of the two weights of a name alone, in whole bits. */
static int
bits(const char *part)
{
	struct cdr_rarity_code code = exact(part);

	return cdr_rarity_single(&code) / CDR_BITS_SCALE;
}

static void
common_names_weigh_little(void **state)
{
	struct cdr_rarity_code unknown = exact("qqxqqx");

	(void)state;
	assert_true(bits("nguyen") <= 1);
	assert_true(bits("kim") <= 2);
	assert_true(bits("mohammed") <= 2);
	assert_true(bits("smith") <= 7);
	assert_int_equal(unknown.count, 0);
	assert_int_equal(cdr_rarity_single(&unknown), shipped.kind[CDR_CODE_EXACT].floor);
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

#define CODE(bytes, n) (struct cdr_rarity_code){ .shares = (bytes), .count = (n), .elsewhere = { 120, 120 } }

/* Shares of 2^-4 as given and 2^-8 as family name in culture 1, and the reverse. */
static void
pairs_add_up(void **state)
{
	static const uint8_t a_shares[] = { 1, 32, 64 }, b_shares[] = { 1, 64, 32 }, all_shares[] = { 1, 0, 0 };
	const struct cdr_rarity_code a = CODE(a_shares, 1), b = CODE(b_shares, 1), everybody = CODE(all_shares, 1);

	(void)state;
	/* 2^-8 + 2^-16 + (2^-12 + 2^-12) / 2 = 2^-7.9; where there are several names twice that, and 2^-12 counts whole */
	assert_in_range(cdr_rarity_pair(&a, &b, false), 62, 64);
	assert_in_range(cdr_rarity_pair(&a, &b, true), 53, 55);
	/* 2^-12 + 2^-12 + (2^-8 + 2^-16) / 2 = 2^-8.8 */
	assert_in_range(cdr_rarity_pair(&a, &a, false), 68, 71);
	assert_int_equal(cdr_rarity_pair(&a, &b, false), cdr_rarity_pair(&b, &a, false));
	assert_int_equal(cdr_rarity_pair(&everybody, &everybody, true), 0);
	assert_int_equal(cdr_rarity_single(&a), 32);
}

/* Common in two cultures, but in no culture common together. */
static void
pairs_are_weighed_in_one_culture(void **state)
{
	static const uint8_t here[] = { 1, 16, 16 }, there[] = { 2, 16, 16 }, both[] = { 1, 16, 16, 2, 24, 24 };
	const struct cdr_rarity_code a = CODE(here, 1), b = CODE(there, 1), c = CODE(both, 2);
	const struct cdr_rarity_code *ab[] = { &a, &b }, *ac[] = { &a, &c }, *abc[] = { &a, &b, &c };

	(void)state;
	assert_true(cdr_rarity_pair(&a, &b, false) > cdr_rarity_pair(&a, &c, false) + 80);
	assert_int_equal(cdr_rarity_pair(&b, &c, false), cdr_rarity_pair(&c, &b, false));
	assert_false(cdr_rarity_together(ab, 2));
	assert_true(cdr_rarity_together(ac, 2));
	assert_false(cdr_rarity_together(abc, 3));
	assert_int_equal(cdr_rarity_all(ac, 2), cdr_rarity_pair(&a, &c, false));
	/* 16 + 16 in culture 1 and 120 elsewhere, in one of six orders */
	assert_int_equal(cdr_rarity_all(abc, 3), 16 + 16 + 120 - 21);
	assert_int_equal(cdr_rarity_all(abc, 0), 0);
}

static void
names_of_one_country_are_known_together(void **state)
{
	struct cdr_rarity_code john, smith;

	(void)state;
	cdr_rarity_find(&shipped, CDR_CODE_S1, "JN", &john);
	cdr_rarity_find(&shipped, CDR_CODE_S1, "SMT", &smith);
	const struct cdr_rarity_code *john_smith[] = { &john, &smith };
	assert_true(cdr_rarity_together(john_smith, 2));
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
	const struct cdr_rarity_kind *s1 = &shipped.kind[CDR_CODE_S1];
	const uint8_t *const broken[] = { s1->keys, s1->counts, s1->blocks + 4 };
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		size_t at = (size_t)(broken[i] - shipped.data);
		copy[at] = 0xff;
		assert_int_equal(cdr_rarity_open(copy, shipped.len, &rarity), CDR_E_INPUT);
		copy[at] = shipped.data[at];
	}
	assert_int_equal(cdr_rarity_open(copy, shipped.len, &rarity), CDR_OK);
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
		cmocka_unit_test(pairs_are_weighed_in_one_culture),
		cmocka_unit_test(names_of_one_country_are_known_together),
		cmocka_unit_test(damaged_tables_are_refused),
	};

	return cmocka_run_group_tests(tests, open_shipped, NULL);
}
