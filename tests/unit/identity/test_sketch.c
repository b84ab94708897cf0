/* Names counted in cells, and what the sums of many members tell: places, floors, weights, and what is refused. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/identity/code.h"
#include "core/identity/share.h"
#include "core/identity/sketch.h"

#define WIDTH 32
#define CELLS CDR_SKETCH_CELLS(WIDTH)

static struct cdr_rarity shipped;
static struct cdr_places places;

static int
open_shipped(void **state)
{
	const uint8_t version[CDR_PLACES_VERSION_LEN] = { 7 };

	(void)state;
	return cdr_rarity_shipped(&shipped) == CDR_OK && cdr_places_make(version, &places) == CDR_OK ? 0 : -1;
}

static struct cdr_person
person_of(const char *given, const char *family)
{
	struct cdr_person person = { .gender = "" };

	(void)snprintf(person.given_names, sizeof(person.given_names), "%s", given);
	(void)snprintf(person.family_names, sizeof(person.family_names), "%s", family);
	return person;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* The same for ever: sums of one scheme version are made at many sites. */
static void
places_are_fixed(void **state)
{
	const uint8_t zeros[CDR_PLACES_VERSION_LEN] = { 0 };
	struct cdr_places p;

	(void)state;
	assert_int_equal(cdr_places_make(zeros, &p), CDR_OK);
	assert_true(p.row[0][0] == UINT64_C(0x13a75b1f2d48ce79));
	assert_true(p.row[3][1] == UINT64_C(0x21f69ab86935ba1e));
	assert_int_equal(cdr_places_cell(&p, 256, 0, 0, cdr_rarity_key("SMT")), 121);
	assert_int_equal(cdr_places_cell(&p, 256, 3, 1, cdr_rarity_key("ith")), 1966);
	assert_true(p.row[0][0] != places.row[0][0]);
}

static void
widths_are_those_of_sketches(void **state)
{
	(void)state;
	assert_int_equal(cdr_sketch_width(CDR_SKETCH_CELLS(256)), 256);
	assert_int_equal(CDR_SKETCH_CELLS(256), 2049);
	assert_int_equal(cdr_sketch_width(CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MIN)), CDR_SKETCH_WIDTH_MIN);
	assert_int_equal(cdr_sketch_width(CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MAX)), CDR_SKETCH_WIDTH_MAX);
	assert_int_equal(cdr_sketch_width(CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MIN - 1)), 0);
	assert_int_equal(cdr_sketch_width(CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MAX + 1)), 0);
	assert_int_equal(cdr_sketch_width(2048), 0);
	assert_int_equal(cdr_sketch_width(0), 0);
}

static void
a_person_counts_once_in_a_cell(void **state)
{
	uint32_t cells[CELLS] = { 0 };
	struct cdr_person person = person_of("Anna", "Example"), again = person_of("Anna", "Example");

	(void)state;
	/* other forms of a name share parts with it */
	(void)snprintf(again.other_names, sizeof(again.other_names), "Anna Fictional; Anna Maria Example");
	assert_int_equal(cdr_sketch_add(&places, WIDTH, &again, cells, NULL), CDR_OK);
	for (size_t i = 0; i < CELLS; i++)
		assert_in_range(cells[i], 0, 1);
	assert_int_equal(cells[cdr_places_cell(&places, WIDTH, 2, 0, cdr_rarity_key("fic"))], 1);
	memset(cells, 0, sizeof(cells));
	for (int i = 0; i < 3; i++)
		assert_int_equal(cdr_sketch_add(&places, WIDTH, &person, cells, NULL), CDR_OK);
	assert_int_equal(cells[0], 3);
	for (size_t row = 0; row < CDR_SKETCH_KINDS * CDR_SKETCH_ROWS; row++) {
		unsigned sum = 0;
		for (size_t i = 0; i < WIDTH; i++) {
			uint32_t count = cells[1 + row * WIDTH + i];
			assert_true(count == 0 || count == 3);
			sum += count;
		}
		assert_true(sum == 6 || sum == 3); /* two names, unless they fall together */
	}
	assert_int_equal(cells[cdr_places_cell(&places, WIDTH, 2, 0, cdr_rarity_key("ann"))], 3);
	assert_int_equal(cells[cdr_places_cell(&places, WIDTH, 3, 1, cdr_rarity_key("ple"))], 3);
}

static void
who_cannot_be_read_is_not_counted(void **state)
{
	uint32_t cells[CELLS] = { 0 };
	struct cdr_person person = person_of("Anna\xff", "Example");
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_sketch_add(&places, WIDTH, &person, cells, &fault), CDR_E_INPUT);
	person = person_of("Anna", "Example");
	assert_int_equal(cdr_sketch_add(&places, CDR_SKETCH_WIDTH_MIN - 1, &person, cells, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_sketch_add(&places, CDR_SKETCH_WIDTH_MAX + 1, &person, cells, &fault), CDR_E_RANGE);
	memset(person.given_names, 'a', sizeof(person.given_names));
	assert_int_equal(cdr_sketch_add(&places, WIDTH, &person, cells, &fault), CDR_E_RANGE);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(cells[i], 0);
}

/* ---- floors and weights ------------------------------------------------------------------------------------------- */

static void
the_margin_follows_the_noise(void **state)
{
	(void)state;
	/* 3 * sqrt(2 * 3) / 0.5 = 14.7 */
	assert_int_equal(cdr_share_margin(3, 500), 15);
	assert_int_equal(cdr_share_margin(3, 250), 30);
	assert_int_equal(cdr_share_margin(3, 100000), CDR_SHARE_MARGIN_MIN);
	assert_int_equal(cdr_share_margin(5, 500), 19);
	assert_true(cdr_share_margin(16, 0) > 10000);
}

/* Sums of ${people} where all is flat at ${base}, and one code stands out by ${above} in each row. */
static void
sums_fill(struct cdr_share_sums *sums, int32_t *cells, int32_t people, int32_t base, const char *s1, int32_t above)
{
	for (size_t i = 0; i < CELLS; i++)
		cells[i] = base;
	cells[0] = people;
	for (size_t row = 0; row < CDR_SKETCH_ROWS; row++)
		cells[cdr_places_cell(&places, WIDTH, 0, row, cdr_rarity_key(s1))] = base + above;
	*sums = (struct cdr_share_sums){ .width = WIDTH, .cells = cells };
}

static void
no_published_cell_is_below_the_floor(void **state)
{
	int32_t cells[CELLS], again[CELLS];
	struct cdr_share_sums sums = { .width = WIDTH, .cells = cells };

	(void)state;
	for (size_t i = 0; i < CELLS; i++)
		cells[i] = i == 0 ? 500 : (int32_t)((i - 1) % WIDTH) * 4 - 3; /* -3, 1, 5 ... 121 in each row */
	assert_int_equal(cdr_share_floor(&sums, 10), CDR_OK);
	assert_int_equal(cells[0], 500);
	for (size_t i = 1; i < CELLS; i++)
		assert_int_equal(cells[i], (i - 1) % WIDTH < 8 ? 29 : (int32_t)((i - 1) % WIDTH) * 4 - 3);
	memcpy(again, cells, sizeof(again));
	assert_int_equal(cdr_share_floor(&sums, 10), CDR_OK);
	assert_memory_equal(again, cells, sizeof(again));
	assert_int_equal(cdr_share_floor(&sums, 60), CDR_OK);
	for (size_t i = 1; i < CELLS; i++)
		assert_true(cells[i] >= 60);
	sums.width = CDR_SKETCH_WIDTH_MAX + 1;
	assert_int_equal(cdr_share_floor(&sums, 10), CDR_E_RANGE);
	sums.width = 0;
	assert_int_equal(cdr_share_floor(&sums, 10), CDR_E_RANGE);
}

struct made {
	uint8_t *data;
	size_t len;
	struct cdr_rarity rarity;
};

static void
make(const struct cdr_share_sums *sums, size_t count, struct made *made)
{
	assert_int_equal(cdr_share_table(&shipped, &places, sums, count, 10, &made->data, &made->len), CDR_OK);
	assert_int_equal(cdr_rarity_open(made->data, made->len, &made->rarity), CDR_OK);
}

/* A name that no list has, carried by one person in four here. */
static void
own_people_make_a_name_common(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums;
	struct made made;
	struct cdr_codes codes;
	struct cdr_rarity_code before, s1, exact, s2, other;

	(void)state;
	cdr_codes_make("qadzhvaro", &codes);
	sums_fill(&sums, cells, 4010, 100, codes.text[CDR_CODE_S1], 990);
	make(&sums, 1, &made);
	assert_int_equal(made.rarity.own_count, 1);
	cdr_rarity_find(&shipped, CDR_CODE_S1, codes.text[CDR_CODE_S1], &before);
	cdr_rarity_find(&made.rarity, CDR_CODE_S1, codes.text[CDR_CODE_S1], &s1);
	assert_int_equal(before.own_count, 0);
	assert_true(cdr_rarity_single(&before) > 100);
	/* (990 + margin 10) of (4010 - margin) is a quarter */
	assert_true(s1.own_tells[0]);
	assert_int_equal(s1.own[0], 2 * CDR_BITS_SCALE);
	assert_int_equal(cdr_rarity_single(&s1), 2 * CDR_BITS_SCALE);
	/* the spelling is no rarer than its S1; S2 did not stand out */
	cdr_rarity_find_spelling(&made.rarity, "qadzhvaro", &s1, &exact);
	assert_int_equal(cdr_rarity_single(&exact), 2 * CDR_BITS_SCALE);
	cdr_rarity_find(&made.rarity, CDR_CODE_S2, codes.text[CDR_CODE_S2], &s2);
	assert_false(s2.own_tells[0]);
	cdr_rarity_find(&shipped, CDR_CODE_S2, codes.text[CDR_CODE_S2], &before);
	assert_int_equal(cdr_rarity_single(&s2), cdr_rarity_single(&before));
	/* together: the product, also of three; what is not told counts as elsewhere */
	assert_int_equal(cdr_rarity_pair(&s1, &s1, true), 4 * CDR_BITS_SCALE);
	cdr_rarity_find(&made.rarity, CDR_CODE_S1, "QQXQ", &other);
	assert_false(other.own_tells[0]);
	assert_int_equal(cdr_rarity_pair(&s1, &other, false), 2 * CDR_BITS_SCALE + other.elsewhere.given);
	const struct cdr_rarity_code *all[] = { &s1, &s1, &other };
	assert_int_equal(cdr_rarity_all(all, 3), 4 * CDR_BITS_SCALE + other.elsewhere.given);
	free(made.data);
}

/* The larger of the published and the own share counts. */
static void
published_shares_stay(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums;
	struct made made;
	struct cdr_rarity_code before, after;

	(void)state;
	sums_fill(&sums, cells, 100000, 100, "NN", 30);
	make(&sums, 1, &made);
	assert_int_equal(made.rarity.published_len, shipped.len);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++) {
		cdr_rarity_find(&shipped, (enum cdr_code_kind)kind, "SMT", &before);
		cdr_rarity_find(&made.rarity, (enum cdr_code_kind)kind, "SMT", &after);
		assert_int_equal(before.count, after.count);
		assert_int_equal(cdr_rarity_pair(&before, &before, false), cdr_rarity_pair(&after, &after, false));
	}
	cdr_rarity_find(&made.rarity, CDR_CODE_S1, "NGN", &after);
	cdr_rarity_find(&shipped, CDR_CODE_S1, "NGN", &before);
	assert_int_equal(cdr_rarity_single(&before), cdr_rarity_single(&after));
	free(made.data);
}

/* A code is as common as the rarest of its cells says: one that falls together with a common name in one row alone. */
static void
chance_in_one_row_tells_nothing(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums;
	struct made made;
	struct cdr_rarity_code found;

	(void)state;
	sums_fill(&sums, cells, 4010, 100, "QDSF", 990);
	cells[cdr_places_cell(&places, WIDTH, 0, 1, cdr_rarity_key("QDSF"))] = 110; /* the margin, not above it */
	make(&sums, 1, &made);
	cdr_rarity_find(&made.rarity, CDR_CODE_S1, "QDSF", &found);
	assert_false(found.own_tells[0]);
	free(made.data);
}

static void
weights_are_never_too_high(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums;
	struct made made;
	struct cdr_rarity_code found;

	(void)state;
	for (int32_t above = 11; above < 70000; above = above * 9 / 8 + 1) {
		sums_fill(&sums, cells, 65546, 5, "QDSF", above);
		make(&sums, 1, &made);
		cdr_rarity_find(&made.rarity, CDR_CODE_S1, "QDSF", &found);
		/* share = (above + 10) / 65536, at most 1 */
		double share = above + 10 >= 65536 ? 1 : (above + 10) / 65536.0, power = 1;
		for (int i = 0; i < found.own[0]; i++)
			power /= 1.0905077326652577; /* 2^(1/8) */
		assert_true(share <= power * 1.000001 || !found.own_tells[0]);
		assert_true(share * 1.0905077326652577 > power * 0.999999 || !found.own_tells[0]);
		free(made.data);
	}
}

static void
sums_out_of_order_are_refused(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums[CDR_RARITY_OWN_MAX + 1];
	struct made made;

	(void)state;
	for (size_t i = 0; i <= CDR_RARITY_OWN_MAX; i++) {
		sums_fill(&sums[i], cells, 5000, 20, "QDSF", 500);
		(void)snprintf(sums[i].country, sizeof(sums[i].country), i == 0 ? "" : "A%cX", (char)('A' + i % 26));
	}
	make(sums, CDR_RARITY_OWN_MAX, &made);
	assert_int_equal(made.rarity.own_count, CDR_RARITY_OWN_MAX);
	assert_memory_equal(made.rarity.own[1].country, "ABX", 3);
	free(made.data);
#define REFUSED(count, code) \
	assert_int_equal(cdr_share_table(&shipped, &places, sums, count, 10, &made.data, &made.len), code); \
	assert_null(made.data)
	REFUSED(0, CDR_E_RANGE);
	REFUSED(CDR_RARITY_OWN_MAX + 1, CDR_E_RANGE);
	memcpy(sums[2].country, "AAA", 4);
	REFUSED(3, CDR_E_INPUT);
	memcpy(sums[2].country, "ABX", 4);
	REFUSED(3, CDR_E_INPUT);
	memcpy(sums[0].country, "AAA", 4);
	REFUSED(1, CDR_E_INPUT);
	sums[0].country[0] = '\0';
	cells[0] = 10; /* no more people than the margin */
	REFUSED(1, CDR_E_INPUT);
	cells[0] = 5000;
	sums[0].width = CDR_SKETCH_WIDTH_MAX + 1;
	REFUSED(1, CDR_E_RANGE);
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

static void
damaged_own_shares_are_refused(void **state)
{
	int32_t cells[CELLS];
	struct cdr_share_sums sums[3];
	struct made made;
	struct cdr_rarity rarity;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		sums_fill(&sums[i], cells, 5000, 20, "QDSF", 500);
	memcpy(sums[1].country, "ERI", 4);
	memcpy(sums[2].country, "SOM", 4);
	make(sums, 3, &made);
	for (size_t cut = shipped.len; cut < made.len; cut++)
		assert_int_equal(cdr_rarity_open(made.data, cut, &rarity), CDR_E_INPUT);
	size_t head = shipped.len + CDR_RARITY_OWN_HEAD_LEN;
	/* number of groups and its zeros; a group's zero, width, a country that is none */
	const size_t bad[] = { head - 4, head - 3, head - 2, head - 1, head + 3, head + 4, head + 5, head };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		made.data[bad[i]] ^= 1;
		assert_int_equal(cdr_rarity_open(made.data, made.len, &rarity), CDR_E_INPUT);
		made.data[bad[i]] ^= 1;
	}
	uint8_t *second = made.data + head + CDR_RARITY_OWN_GROUP_LEN + CELLS - 1;
	second[0] = 'Z';
	assert_int_equal(cdr_rarity_open(made.data, made.len, &rarity), CDR_E_INPUT);
	second[0] = 'E';
	made.data[6] = '4';
	assert_int_equal(cdr_rarity_open(made.data, made.len, &rarity), CDR_E_INPUT);
	made.data[6] = '5';
	assert_int_equal(cdr_rarity_open(made.data, shipped.len, &rarity), CDR_E_INPUT);
	assert_int_equal(cdr_rarity_open(made.data, made.len, &rarity), CDR_OK);
	/* own shares take the place of earlier ones */
	uint8_t *again;
	size_t again_len;
	assert_int_equal(cdr_share_table(&rarity, &places, sums, 3, 10, &again, &again_len), CDR_OK);
	assert_int_equal(again_len, made.len);
	free(again);
	free(made.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_fixed),
		cmocka_unit_test(widths_are_those_of_sketches),
		cmocka_unit_test(a_person_counts_once_in_a_cell),
		cmocka_unit_test(who_cannot_be_read_is_not_counted),
		cmocka_unit_test(the_margin_follows_the_noise),
		cmocka_unit_test(no_published_cell_is_below_the_floor),
		cmocka_unit_test(own_people_make_a_name_common),
		cmocka_unit_test(published_shares_stay),
		cmocka_unit_test(chance_in_one_row_tells_nothing),
		cmocka_unit_test(weights_are_never_too_high),
		cmocka_unit_test(sums_out_of_order_are_refused),
		cmocka_unit_test(damaged_own_shares_are_refused),
	};

	return cmocka_run_group_tests(tests, open_shipped, NULL);
}
