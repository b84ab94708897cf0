/* The table of tiers: what is strong, what is possible, and what caps it. */
#include "tests/unit/unit.h"

#include "core/identity/match.h"

#define PEOPLE 100000

static const struct cdr_match_rule rule = { 1e-3, 0.5, 5 };

static struct cdr_match
judge(const struct cdr_agreement *agreement, size_t count, uint64_t people)
{
	struct cdr_match match;

	assert_int_equal(cdr_match_judge(agreement, count, people, &rule, &match), CDR_OK);
	return match;
}

static void
nothing_in_common_is_no_match(void **state)
{
	struct cdr_match match = judge(NULL, 0, PEOPLE);

	(void)state;
	assert_int_equal(match.tier, CDR_TIER_NONE);
	assert_int_equal(match.types, 0);
}

static void
lambda_falls_by_four_with_each_class(void **state)
{
	const struct cdr_agreement agreement = { CDR_TOKEN_EX, 0, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE };
	struct cdr_agreement heavier = agreement;

	(void)state;
	double lambda = judge(&agreement, 1, PEOPLE).lambda;
	assert_true(lambda > 0.134 && lambda < 0.136); /* 100,000 * 2^-19.5 */
	heavier.rarity = 1;
	assert_true(judge(&heavier, 1, PEOPLE).lambda == lambda / 4);
}

static void
names_are_strong_when_rare_enough(void **state)
{
	struct cdr_agreement agreement = { CDR_TOKEN_EX, 3, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE };

	(void)state;
	/* 100,000 * 2^-25.5 = 0.0021; * 2^-27.5 = 0.0005 */
	assert_int_equal(judge(&agreement, 1, PEOPLE).tier, CDR_TIER_POSSIBLE);
	agreement.rarity = 4;
	assert_int_equal(judge(&agreement, 1, PEOPLE).tier, CDR_TIER_STRONG);
	assert_int_equal(judge(&agreement, 1, PEOPLE).types, 1U << CDR_TOKEN_EX);
	agreement.rarity = 0;
	assert_int_equal(judge(&agreement, 1, 1000000).tier, CDR_TIER_NONE);
}

static void
one_of_several_pairs_is_possible_at_most(void **state)
{
	const struct cdr_agreement one[] = {
		{ CDR_TOKEN_S1S1, 7, CDR_PAIR_SEVERAL, CDR_PAIR_SEVERAL + 1 },
		{ CDR_TOKEN_S2S2, 7, CDR_PAIR_SEVERAL, CDR_PAIR_SEVERAL + 1 },
	};
	const struct cdr_agreement two[] = {
		{ CDR_TOKEN_S1S1, 7, CDR_PAIR_SEVERAL, CDR_PAIR_SEVERAL + 1 },
		{ CDR_TOKEN_S1S1, 7, CDR_PAIR_SEVERAL + 2, CDR_PAIR_SEVERAL + 3 },
	};
	const struct cdr_agreement only = { CDR_TOKEN_S1S1, 7, CDR_PAIR_ONLY, CDR_PAIR_ONLY };
	const struct cdr_agreement only_of_one = { CDR_TOKEN_S1S1, 7, CDR_PAIR_ONLY, CDR_PAIR_SEVERAL };

	(void)state;
	assert_int_equal(judge(one, 2, PEOPLE).tier, CDR_TIER_POSSIBLE);
	assert_int_equal(judge(two, 2, PEOPLE).tier, CDR_TIER_STRONG);
	assert_int_equal(judge(&only, 1, PEOPLE).tier, CDR_TIER_STRONG);
	assert_int_equal(judge(&only_of_one, 1, PEOPLE).tier, CDR_TIER_POSSIBLE);
}

static void
uncovered_names_are_never_strong(void **state)
{
	struct cdr_agreement agreement[] = {
		{ CDR_TOKEN_EX, 7 | CDR_RARITY_UNCOVERED, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE },
		{ CDR_TOKEN_DOC, 3, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE },
	};

	(void)state;
	assert_int_equal(judge(agreement, 1, 10).tier, CDR_TIER_POSSIBLE);
	/* but with a document they are */
	assert_int_equal(judge(agreement, 2, PEOPLE).tier, CDR_TIER_STRONG);
}

static void
documents(void **state)
{
	const struct cdr_agreement both[] = {
		{ CDR_TOKEN_DOC, 3, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE },
		{ CDR_TOKEN_DOCX, 1, CDR_PAIR_WHOLE, CDR_PAIR_WHOLE },
		{ CDR_TOKEN_MD, 0, CDR_PAIR_SEVERAL, CDR_PAIR_SEVERAL },
	};
	const struct cdr_agreement two[] = { both[0], both[0] };

	(void)state;
	/* one document alone, whether by one token or two, whatever the index's size */
	assert_int_equal(judge(both, 1, 100000000).tier, CDR_TIER_POSSIBLE);
	assert_int_equal(judge(both, 2, PEOPLE).tier, CDR_TIER_POSSIBLE);
	assert_int_equal(judge(both, 3, PEOPLE).tier, CDR_TIER_STRONG);
	assert_int_equal(judge(&both[1], 2, PEOPLE).tier, CDR_TIER_STRONG);
	assert_int_equal(judge(two, 2, PEOPLE).tier, CDR_TIER_STRONG);
}

static void
rarity_is_the_smaller(void **state)
{
	(void)state;
	assert_int_equal(cdr_match_rarity(3, 5), 3);
	assert_int_equal(cdr_match_rarity(5, 3), 3);
	assert_int_equal(cdr_match_rarity(3, 5 | CDR_RARITY_UNCOVERED), 3 | CDR_RARITY_UNCOVERED);
	assert_int_equal(cdr_match_rarity(7 | CDR_RARITY_UNCOVERED, 0), CDR_RARITY_UNCOVERED);
}

static void
strong_comes_first_then_small_lambda(void **state)
{
	const struct cdr_match strong = { CDR_TIER_STRONG, 1e-4, 0 }, possible = { CDR_TIER_POSSIBLE, 1e-5, 0 };
	const struct cdr_match weaker = { CDR_TIER_POSSIBLE, 1e-2, 0 };

	(void)state;
	assert_true(cdr_match_order(&strong, &possible) < 0);
	assert_true(cdr_match_order(&possible, &strong) > 0);
	assert_true(cdr_match_order(&possible, &weaker) < 0);
	assert_true(cdr_match_order(&weaker, &possible) > 0);
	assert_int_equal(cdr_match_order(&weaker, &weaker), 0);
	assert_string_equal(cdr_tier_name(CDR_TIER_STRONG), "strong");
	assert_string_equal(cdr_tier_name(CDR_TIER_POSSIBLE), "possible");
	assert_string_equal(cdr_tier_name(CDR_TIER_NONE), "none");
	assert_string_equal(cdr_tier_name(9), "unknown");
}

static void
nonsense_is_refused(void **state)
{
	static const struct cdr_agreement bad[] = {
		{ 0, 0, 0, 0 },
		{ CDR_TOKEN_TYPE_COUNT, 0, 0, 0 },
		{ CDR_TOKEN_EX, CDR_RARITY_MAX + 1, 0, 0 },
		{ CDR_TOKEN_EX, 0, CDR_PAIR_MAX + 1, 0 },
		{ CDR_TOKEN_EX, 0, 0, CDR_PAIR_MAX + 1 },
	};
	const struct cdr_match_rule rules[] = { { -1, 0.5, 5 }, { 0.5, 1e-3, 5 }, { 0, 1.0 / 0.0, 5 } };
	struct cdr_match match;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		match.types = 1;
		assert_int_equal(cdr_match_judge(&bad[i], 1, PEOPLE, &rule, &match), CDR_E_RANGE);
		assert_int_equal(match.types, 0);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		assert_int_equal(cdr_match_judge(NULL, 0, PEOPLE, &rules[i], &match), CDR_E_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_common_is_no_match),
		cmocka_unit_test(lambda_falls_by_four_with_each_class),
		cmocka_unit_test(names_are_strong_when_rare_enough),
		cmocka_unit_test(one_of_several_pairs_is_possible_at_most),
		cmocka_unit_test(uncovered_names_are_never_strong),
		cmocka_unit_test(documents),
		cmocka_unit_test(rarity_is_the_smaller),
		cmocka_unit_test(strong_comes_first_then_small_lambda),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
