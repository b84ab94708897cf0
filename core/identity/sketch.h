#ifndef CDR_CORE_IDENTITY_SKETCH_H
#define CDR_CORE_IDENTITY_SKETCH_H

/*
 * How common name codes are among a member's own people, in a fixed number of cells that add up over members: a count-min
 * sketch. A code falls into one cell of each row; a person counts once in a cell, however many of the person's codes fall
 * into it; the first cell counts people. No cell holds a name: each gathers all codes that fall there. What the sums of all
 * members tell is in share.h.
 *
 * Source: Cormode and Muthukrishnan 2005, "An improved data stream summary: the count-min sketch and its applications".
 */

#include "core/identity/person.h"
#include "core/identity/place.h"

/**
 * cdr_sketch_add(places, width, person, cells, fault):
 * Count one person: every code of every known form of the name.
 *
 * person  in, personal
 * width   in               CDR_SKETCH_WIDTH_MIN .. CDR_SKETCH_WIDTH_MAX
 * cells   in/out, secret   CDR_SKETCH_CELLS(width) counts
 *
 * Returns  CDR_OK; CDR_E_INPUT for a name that cannot be normalised, CDR_E_RANGE for a width or a field out of bounds: nobody
 *          is counted then.
 */
CDR_MUST_CHECK cdr_err cdr_sketch_add(const struct cdr_places *places, size_t width, const struct cdr_person *person,
    uint32_t *cells, struct cdr_fault *fault);

#endif
