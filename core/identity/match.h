#ifndef CDR_CORE_IDENTITY_MATCH_H
#define CDR_CORE_IDENTITY_MATCH_H

/*
 * Stage 1, at the hub: from agreeing tags to a tier. The hub sees of a token
 * its type, rarity and pair, never its content.
 */

#include "core/identity/token.h"

enum cdr_tier {
	CDR_TIER_NONE = 0,
	CDR_TIER_POSSIBLE,
	CDR_TIER_STRONG,
	CDR_TIER_COUNT
};

/* One tag that a query and one (member, handle) have in common. */
struct cdr_agreement {
	uint8_t type;       /* enum cdr_token_type */
	uint8_t rarity;     /* cdr_match_rarity of the two sides */
	uint8_t pair_query; /* enum cdr_token_pair, on either side */
	uint8_t pair_index;
};

/* Parameters of the scheme, signed in the roster. */
struct cdr_match_rule {
	double strong_lambda;
	double possible_lambda;
	uint8_t possible_max; /* possible matches that one check may ask, strongest first */
};
#define CDR_MATCH_RULE_DEFAULT ((struct cdr_match_rule){ 1e-3, 0.5, 5 })

struct cdr_match {
	enum cdr_tier tier;
	double lambda;  /* how many unrelated people in the index would be expected to agree as well */
	uint32_t types; /* bit (1 << type) for each agreeing token type */
};

/**
 * cdr_match_rarity(query, index):
 * The rarity to judge by when two sides state ${query} and ${index}: the smaller class, uncovered if either says so.
 */
uint8_t cdr_match_rarity(uint8_t query, uint8_t index);

/**
 * cdr_match_judge(agreement, count, people, rule, match):
 * Judge everything that a query and one handle have in common.
 *
 * count   in       0: no match
 * people  in       number of people in the index
 *
 * Returns  CDR_OK; CDR_E_RANGE for an unknown type, rarity or pair, or a rule that is not a rule (match is then all zero).
 */
CDR_MUST_CHECK cdr_err cdr_match_judge(const struct cdr_agreement *agreement, size_t count, uint64_t people,
    const struct cdr_match_rule *rule, struct cdr_match *match);

/**
 * cdr_match_order(a, b):
 * Which of two matches is asked first: strong before possible, then the smaller lambda.
 *
 * Returns  less than, equal to or greater than 0, as for qsort.
 */
int cdr_match_order(const struct cdr_match *a, const struct cdr_match *b);

/**
 * cdr_tier_name(tier):
 * "none", "possible" or "strong"; "unknown" for another value.
 */
const char *cdr_tier_name(unsigned tier);

#endif
