/* From hits to members: grouping, order, and how many a check may ask. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/match.h"

#define PEOPLE 10000 /* lambda: class 0 0.013, class 3 2.1e-4, class 7 8e-7 */

static void
hit_add(struct cdr_hub_hits *hits, const char *member, uint8_t handle, uint8_t type, uint8_t rarity, uint8_t pair)
{
	hits->hit = realloc(hits->hit, (hits->count + 1) * sizeof(*hits->hit));
	assert_non_null(hits->hit);
	struct cdr_hub_hit *hit = &hits->hit[hits->count++];
	memset(hit, 0, sizeof(*hit));
	(void)snprintf(hit->member, sizeof(hit->member), "%s", member);
	hit->handle[0] = handle;
	hit->agreement = (struct cdr_agreement){ type, rarity, pair, pair };
}

static size_t
judge(struct cdr_hub_hits *hits, struct cdr_hub_match *matches)
{
	size_t count = 99;

	assert_int_equal(cdr_hub_hits_judge(hits, PEOPLE, &CDR_MATCH_RULE_DEFAULT, matches, &count), CDR_OK);
	return count;
}

static void
nothing_in_common_is_no_match(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];

	assert_int_equal(judge(&hits, matches), 0);
	/* One of several pairs, common: nobody is asked once the index is large. */
	hit_add(&hits, "aa", 1, CDR_TOKEN_S1S1, 0, CDR_PAIR_SEVERAL);
	size_t count;
	assert_int_equal(cdr_hub_hits_judge(&hits, 10000000, &CDR_MATCH_RULE_DEFAULT, matches, &count), CDR_OK);
	assert_int_equal(count, 0);
	cdr_hub_hits_free(&hits);
}

static void
hits_are_grouped_by_member_and_handle(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];

	/* Handle 1 has a document alone, handle 2 a document and a name; in mixed order, with another member between. */
	hit_add(&hits, "bb", 2, CDR_TOKEN_DOC, 7, CDR_PAIR_WHOLE);
	hit_add(&hits, "aa", 1, CDR_TOKEN_S1S1, 1, CDR_PAIR_ONLY);
	hit_add(&hits, "bb", 1, CDR_TOKEN_DOC, 7, CDR_PAIR_WHOLE);
	hit_add(&hits, "bb", 2, CDR_TOKEN_EX, 3, CDR_PAIR_WHOLE);
	assert_int_equal(judge(&hits, matches), 2);
	assert_string_equal(matches[0].member, "bb");
	assert_int_equal(matches[0].match.tier, CDR_TIER_STRONG);
	assert_int_equal(matches[0].match.types, 1 << CDR_TOKEN_DOC | 1 << CDR_TOKEN_EX);
	assert_int_equal(matches[0].handle_count, 2);
	assert_int_equal(matches[0].handles[0][0], 2);
	assert_int_equal(matches[0].handles[1][0], 1);
	assert_string_equal(matches[1].member, "aa");
	assert_int_equal(matches[1].match.tier, CDR_TIER_POSSIBLE);
	cdr_hub_hits_free(&hits);
}

static void
the_best_handles_are_kept(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];

	for (uint8_t i = 0; i < 12; i++)
		hit_add(&hits, "aa", i, CDR_TOKEN_S1S1, i < 8 ? i : 0, CDR_PAIR_SEVERAL);
	assert_int_equal(judge(&hits, matches), 1);
	assert_int_equal(matches[0].handle_count, CDR_MATCH_HANDLES_MAX);
	assert_int_equal(matches[0].handles[0][0], 7); /* the rarest first */
	assert_int_equal(matches[0].handles[6][0], 1);
	assert_int_equal(matches[0].handles[7][0], 0); /* of equal ones the smaller handle */
	cdr_hub_hits_free(&hits);
}

/* Strong members are all named, of the possible ones the five with the smallest lambda. */
static void
possible_ones_are_capped(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];
	char member[3] = "a?";

	for (uint8_t i = 0; i < 8; i++) {
		member[1] = (char)('a' + i);
		hit_add(&hits, member, 1, CDR_TOKEN_S1S1, i, CDR_PAIR_SEVERAL); /* one of several pairs: possible at most */
	}
	for (uint8_t i = 0; i < 7; i++) {
		member[1] = (char)('p' + i);
		hit_add(&hits, member, 1, CDR_TOKEN_EX, 7, CDR_PAIR_WHOLE);
	}
	assert_int_equal(judge(&hits, matches), 7 + 5);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(matches[i].match.tier, CDR_TIER_STRONG);
	assert_string_equal(matches[0].member, "ap"); /* equal ones in the order of their ids */
	assert_string_equal(matches[7].member, "ah");
	assert_string_equal(matches[11].member, "ad");
	cdr_hub_hits_free(&hits);
}

static void
a_reply_has_room_for_so_many(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];
	char member[16];

	for (int i = 0; i < 2 * CDR_MATCHES_MAX; i++) {
		(void)snprintf(member, sizeof(member), "m%03d", i);
		hit_add(&hits, member, 1, CDR_TOKEN_EX, 7, CDR_PAIR_WHOLE);
	}
	assert_int_equal(judge(&hits, matches), CDR_MATCHES_MAX);
	cdr_hub_hits_free(&hits);
}

/* The order in which rows were read does not matter. */
static void
the_order_of_hits_does_not_matter(void **state)
{
	(void)state;
	struct cdr_hub_match first[CDR_MATCHES_MAX], other[CDR_MATCHES_MAX];
	struct cdr_hub_hits forward = { 0 }, backward = { 0 };
	char member[16];

	for (int i = 0; i < 60; i++) {
		int k = 59 - i;
		(void)snprintf(member, sizeof(member), "m%d", i % 7);
		hit_add(&forward, member, (uint8_t)(i % 4), (uint8_t)(i % 12 + 1), (uint8_t)(i % 8), CDR_PAIR_ONLY);
		(void)snprintf(member, sizeof(member), "m%d", k % 7);
		hit_add(&backward, member, (uint8_t)(k % 4), (uint8_t)(k % 12 + 1), (uint8_t)(k % 8), CDR_PAIR_ONLY);
	}
	memset(first, 0, sizeof(first));
	memset(other, 0, sizeof(other));
	size_t count = judge(&forward, first);
	assert_int_equal(judge(&backward, other), count);
	assert_memory_equal(first, other, count * sizeof(first[0]));
	cdr_hub_hits_free(&forward);
	cdr_hub_hits_free(&backward);
}

static void
what_cannot_be_is_an_error(void **state)
{
	(void)state;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];
	size_t count = 99;

	hit_add(&hits, "aa", 1, CDR_TOKEN_TYPE_COUNT, 0, CDR_PAIR_ONLY);
	assert_int_equal(cdr_hub_hits_judge(&hits, PEOPLE, &CDR_MATCH_RULE_DEFAULT, matches, &count), CDR_E_RANGE);
	assert_int_equal(count, 0);
	cdr_hub_hits_free(&hits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_common_is_no_match),
		cmocka_unit_test(hits_are_grouped_by_member_and_handle),
		cmocka_unit_test(the_best_handles_are_kept),
		cmocka_unit_test(possible_ones_are_capped),
		cmocka_unit_test(a_reply_has_room_for_so_many),
		cmocka_unit_test(the_order_of_hits_does_not_matter),
		cmocka_unit_test(what_cannot_be_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
