#ifndef CDR_CORE_IDENTITY_GENERATE_RARITY_BUILD_H
#define CDR_CORE_IDENTITY_GENERATE_RARITY_BUILD_H

/* From name frequencies to the bytes of a rarity table: format in core/identity/rarity.c. */

#include <stdio.h>

#include "core/identity/generate/names.h"
#include "core/identity/rarity.h"

/**
 * rarity_build(rows, without, report, data, len):
 * The table of the largest share that each code has in any culture.
 *
 * without  in   leave out every row of this culture, to see what its absence does; NULL: none
 * report   in   where names that cannot be normalised are told, NULL: nowhere; they are left out
 * data     out  freed by the caller
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err rarity_build(const struct name_rows *rows, const char *without, FILE *report,
    uint8_t **data, size_t *len);

#endif
