#ifndef CDR_TESTS_BENCH_MATCH_MEASURE_H
#define CDR_TESTS_BENCH_MATCH_MEASURE_H

/* Stage 1 and stage 2 over many people at once, without the oblivious function between: a hash stands for the tag. */

#include "core/identity/match.h"
#include "tests/bench/match_people.h"

struct tag {
	uint64_t hash;
	uint32_t who;
	uint16_t weight;
	uint8_t type, rarity, pair;
};

struct tags {
	struct tag *tag; /* by hash, then who */
	size_t count, people;
	unsigned most;   /* how many people share the commonest */
};

/* A candidate and a leaver who share at least one tag. */
struct hit {
	uint32_t query, index;
	uint16_t weight; /* eighths of a bit, of the heaviest */
	uint8_t tier;
	uint32_t types;
	double lambda;
};

struct hits {
	struct hit *hit; /* by query, then index */
	size_t count, room;
};

enum who { WHO_ALL, WHO_QUERY, WHO_INDEX };

/* Tags of everybody of one role. */
CDR_MUST_CHECK cdr_err tags_derive(const struct people *people, enum who who, const struct cdr_scheme *scheme,
    struct tags *tags);

/* All pairs of a query and an index record, judged as the hub would. */
CDR_MUST_CHECK cdr_err hits_find(const struct tags *query, const struct tags *index, struct hits *hits);

/* All pairs within one population, each once. */
CDR_MUST_CHECK cdr_err hits_within(const struct tags *tags, struct hits *hits);

/* Would stage 2 send this pair to a person? With ${documents} each of the two has a national document of its own. */
CDR_MUST_CHECK cdr_err hit_plausible(const struct people *people, const struct hit *hit, size_t known, bool documents,
    bool *plausible);

void tags_free(struct tags *tags);
void hits_free(struct hits *hits);

/**
 * yardsticks(people, exact, similar):
 * What two simple methods on plain text find: the same name and date; and names alike by Jaro and Winkler (0.85 or more)
 * with dates of which two parts of three agree.
 */
struct yardstick {
	size_t found, false_found;
};
CDR_MUST_CHECK cdr_err yardsticks(const struct people *people, struct yardstick *exact, struct yardstick *similar);

#endif
