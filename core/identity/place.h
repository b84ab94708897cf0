#ifndef CDR_CORE_IDENTITY_PLACE_H
#define CDR_CORE_IDENTITY_PLACE_H

/* Where a name code falls in a sketch (sketch.h): in one cell of each row of its kind, behind the cell that counts people. */

#include "core/error.h"

#define CDR_SKETCH_KINDS 4 /* S1, S2, first and last three letters */
#define CDR_SKETCH_ROWS 2
#define CDR_SKETCH_WIDTH_MIN 16
#define CDR_SKETCH_WIDTH_MAX 1023
#define CDR_SKETCH_CELLS(width) (1 + (size_t)CDR_SKETCH_KINDS * CDR_SKETCH_ROWS * (size_t)(width))

/* A number for each row: with another scheme version names fall together differently. */
struct cdr_places {
	uint64_t row[CDR_SKETCH_KINDS][CDR_SKETCH_ROWS];
};

/**
 * cdr_places_make(version, places):
 * The places of a scheme version, so that all members agree.
 *
 * Returns  CDR_OK; CDR_E_MEMORY or CDR_E_INTERNAL from the hash.
 */
#define CDR_PLACES_VERSION_LEN 32
CDR_MUST_CHECK cdr_err cdr_places_make(const uint8_t version[static CDR_PLACES_VERSION_LEN], struct cdr_places *places);

/**
 * cdr_places_cell(places, width, kind, row, key):
 * The cell of a code.
 *
 * width   in           CDR_SKETCH_WIDTH_MIN .. CDR_SKETCH_WIDTH_MAX
 * key     in, secret   cdr_rarity_key of the code
 *
 * Returns  1 .. CDR_SKETCH_CELLS(width) - 1.
 */
size_t cdr_places_cell(const struct cdr_places *places, size_t width, size_t kind, size_t row, uint32_t key);

/* The width of a sketch of ${cells} cells; 0 if no sketch has so many. */
size_t cdr_sketch_width(size_t cells);

#endif
