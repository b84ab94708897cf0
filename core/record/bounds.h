#ifndef CDR_CORE_RECORD_BOUNDS_H
#define CDR_CORE_RECORD_BOUNDS_H

/*
 * How far linear equations pin unknown numbers down: the least and the greatest value of each unknown, exactly.
 *
 * The unknowns are 0 or more; each equation says that a sum of unknowns with whole coefficients is a number. This is what
 * somebody works out who reads every published table and knows how they hang together. The simplex method runs on whole
 * numbers alone (every pivot divides without remainder), so nothing is ever rounded; what outgrows 64 bits is an error.
 */

#include "core/error.h"

#define CDR_BOUNDS_UNKNOWN_MAX 16384
#define CDR_BOUNDS_EQUATION_MAX 4096
#define CDR_BOUNDS_INFINITE INT64_MAX

/* Equations with room for ${equation_count} rows of ${unknown_count} coefficients; row by row. */
struct cdr_bounds_term {
	uint32_t equation, unknown;
	int32_t factor;             /* not 0; no two terms of one equation with one unknown */
};

struct cdr_bounds_problem {
	size_t unknown_count, equation_count, term_count;
	const struct cdr_bounds_term *terms;
	const int64_t *sums;        /* of each equation */
	const uint32_t *wanted;     /* unknown_count: how wide an unknown must be for the search to stop; 0: it is not asked */
	size_t followed_count;      /* numbers that are known, and whose part in the bounds shall be told: in terms, their number comes
				     * after those of the unknowns. Their values are in the sums already. */
	bool zero_is_wide;          /* an unknown that can only be 0 is not narrow */
};

/* The whole numbers between which an unknown lies; greatest CDR_BOUNDS_INFINITE: without end. */
struct cdr_bounds {
	int64_t least, greatest;
};

/* What pins a narrow unknown down: by how much its bound moves, over ${over}, for each 1 that a followed number is greater. */
struct cdr_bounds_narrow {
	size_t unknown;             /* SIZE_MAX: none is narrow */
	int64_t *greatest, *least;  /* followed_count, of the caller */
	int64_t greatest_over, least_over;
};

/**
 * cdr_bounds_narrow(problem, bounds, narrow):
 * As cdr_bounds_find, but ends at the first unknown that is narrow, and tells what pins it down.
 */
CDR_MUST_CHECK cdr_err cdr_bounds_narrow(const struct cdr_bounds_problem *problem, struct cdr_bounds *bounds,
    struct cdr_bounds_narrow *narrow);

/**
 * cdr_bounds_find(problem, bounds):
 * For each unknown with a wanted width: its bounds, rounded inwards to whole numbers; or some part of the interval between them
 * that is at least as wide as wanted. What is too narrow is exact.
 *
 * bounds  out   unknown_count; {0, infinite} for unknowns that are not asked
 *
 * Returns  CDR_OK; CDR_E_REFUSED if nothing solves the equations; CDR_E_RANGE if they are too many or a number outgrew 64
 *          bits; CDR_E_MEMORY.
 * Source   J. Edmonds, Systems of distinct representatives and linear algebra (1967), on integer pivoting.
 */
CDR_MUST_CHECK cdr_err cdr_bounds_find(const struct cdr_bounds_problem *problem, struct cdr_bounds *bounds);

#endif
