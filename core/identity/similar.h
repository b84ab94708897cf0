#ifndef CDR_CORE_IDENTITY_SIMILAR_H
#define CDR_CORE_IDENTITY_SIMILAR_H

/* How far two short texts are from each other. */

#include "core/error.h"

#define CDR_SIMILAR_LEN_MAX 63 /* letters; what is longer is compared up to here */

/**
 * cdr_similar_edits(a, b):
 * The number of slips between two texts: letters put in, left out, replaced, or exchanged with their neighbour, where no
 * letter slips twice (optimal string alignment).
 */
unsigned cdr_similar_edits(const char *a, const char *b);

#endif
