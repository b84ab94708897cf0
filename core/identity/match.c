#include "core/identity/match.h"

#include <math.h>
#include <string.h>

#define TYPE_BIT(type) (UINT32_C(1) << (type))
#define TYPES_DOCUMENT (TYPE_BIT(CDR_TOKEN_DOC) | TYPE_BIT(CDR_TOKEN_DOCX))

/* What agreements of names add up to. */
struct evidence {
	int best;              /* class of the heaviest token, -1: none */
	int best_named;        /* class of the heaviest token of names that the rarity table can weigh, -1: none */
	bool whole;            /* a whole name agrees, or the only pair of both sides */
	uint8_t pair_query;    /* of the first agreeing pair of several */
	uint8_t pair_index;
	bool pair_seen;
	bool pairs_differ;     /* a second pair agrees that is another one on both sides */
	size_t documents, names;
};

/* see core/identity/match.h */
const char *
cdr_tier_name(unsigned tier)
{
	static const char *const names[CDR_TIER_COUNT] = {
		[CDR_TIER_NONE] = "none", [CDR_TIER_POSSIBLE] = "possible", [CDR_TIER_STRONG] = "strong",
	};

	return tier < CDR_TIER_COUNT ? names[tier] : "unknown";
}

/* see core/identity/match.h */
uint8_t
cdr_match_rarity(uint8_t query, uint8_t index)
{
	uint8_t a = query & CDR_RARITY_CLASS_MAX, b = index & CDR_RARITY_CLASS_MAX;

	return (uint8_t)((a < b ? a : b) | ((query | index) & CDR_RARITY_UNCOVERED));
}

static bool
agreement_valid(const struct cdr_agreement *a)
{
	return a->type >= CDR_TOKEN_EX && a->type < CDR_TOKEN_TYPE_COUNT && a->rarity <= CDR_RARITY_MAX &&
	    a->pair_query <= CDR_PAIR_MAX && a->pair_index <= CDR_PAIR_MAX;
}

static bool
rule_valid(const struct cdr_match_rule *rule)
{
	return rule->strong_lambda >= 0 && rule->possible_lambda >= rule->strong_lambda && isfinite(rule->possible_lambda);
}

/* Which names an agreement of names rests on. */
static void
pair_add(struct evidence *e, const struct cdr_agreement *a)
{
	if (a->pair_query <= CDR_PAIR_ONLY && a->pair_index <= CDR_PAIR_ONLY) {
		e->whole = true;
	} else if (!e->pair_seen) {
		e->pair_seen = true;
		e->pair_query = a->pair_query;
		e->pair_index = a->pair_index;
	} else if (a->pair_query != e->pair_query && a->pair_index != e->pair_index) {
		e->pairs_differ = true;
	}
}

static void
evidence_add(struct evidence *e, const struct cdr_agreement *a)
{
	int class = a->rarity & CDR_RARITY_CLASS_MAX;
	bool document = (TYPE_BIT(a->type) & TYPES_DOCUMENT) != 0;

	if (class > e->best)
		e->best = class;
	if (document) {
		e->documents += a->type == CDR_TOKEN_DOC;
		return;
	}
	e->names++;
	if ((a->rarity & CDR_RARITY_UNCOVERED) == 0 && class > e->best_named)
		e->best_named = class;
	pair_add(e, a);
}

/* The number of unrelated people among ${people} who would agree in a token of ${class}: N * 2^(0.5 - bits). */
static double
lambda_of(uint64_t people, int class)
{
	return (double)people * exp2(0.5 - (CDR_TOKEN_BITS_MIN + CDR_TOKEN_BITS_STEP * class));
}

static enum cdr_tier
tier_of(const struct evidence *e, uint32_t types, uint64_t people, const struct cdr_match_rule *rule, double lambda)
{
	bool document = (types & TYPES_DOCUMENT) != 0;

	/* a document and a name, or two documents */
	if (document && (e->names > 0 || e->documents > 1))
		return CDR_TIER_STRONG;
	/* names alone: the whole name or two pairs of it, all weighed by the rarity table; siblings share one pair */
	if (e->best_named >= 0 && (e->whole || e->pairs_differ) &&
	    lambda_of(people, e->best_named) <= rule->strong_lambda)
		return CDR_TIER_STRONG;
	if (document || lambda <= rule->possible_lambda)
		return CDR_TIER_POSSIBLE;
	return CDR_TIER_NONE;
}

/* see core/identity/match.h */
cdr_err
cdr_match_judge(const struct cdr_agreement *agreement, size_t count, uint64_t people,
    const struct cdr_match_rule *rule, struct cdr_match *match)
{
	struct evidence e = { .best = -1, .best_named = -1 };
	uint32_t types = 0;

	memset(match, 0, sizeof(*match));
	if (!rule_valid(rule))
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		if (!agreement_valid(&agreement[i]))
			return CDR_E_RANGE;
		types |= TYPE_BIT(agreement[i].type);
		evidence_add(&e, &agreement[i]);
	}
	match->types = types;
	match->lambda = e.best < 0 ? (double)people : lambda_of(people, e.best);
	if (count > 0)
		match->tier = tier_of(&e, types, people, rule, match->lambda);
	return CDR_OK;
}

/* see core/identity/match.h */
int
cdr_match_order(const struct cdr_match *a, const struct cdr_match *b)
{
	if (a->tier != b->tier)
		return a->tier > b->tier ? -1 : 1;
	return a->lambda < b->lambda ? -1 : a->lambda > b->lambda;
}
