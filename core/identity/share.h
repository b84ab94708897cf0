#ifndef CDR_CORE_IDENTITY_SHARE_H
#define CDR_CORE_IDENTITY_SHARE_H

/*
 * From the summed sketches of all members (sketch.h) to the next rarity table.
 *
 * Every cell holds what falls there by chance. Before anything is published each row is floored: no cell is lower than the
 * row's lower quartile, which therefore says nothing of any one name, nor lower than the margin. A cell tells something
 * if it stands out from that floor by the margin; then the share of its codes is taken to be all that is above the floor, and the
 * margin once more. A code is as common as the rarest of its cells says. So a share is rarely too small, and what does not
 * stand out changes nothing. Whole numbers throughout: from the same sums everybody makes the same table.
 */

#include "core/identity/place.h"
#include "core/identity/person.h"
#include "core/identity/rarity.h"

/* A margin never is less: of twenty people by chance fifteen or twenty-five are seen. */
#define CDR_SHARE_MARGIN_MIN 10

/* The sums of one table. */
struct cdr_share_sums {
	char country[CDR_COUNTRY_LEN]; /* of whose people; empty: of everybody */
	size_t width;
	int32_t *cells;                /* CDR_SKETCH_CELLS(width) */
};

/**
 * cdr_share_margin(trustees, epsilon_milli):
 * What noise of ${trustees} trustees exceeds once in several hundred cells, and chance among few people: three times
 * its standard deviation.
 *
 * Returns  CDR_SHARE_MARGIN_MIN or more.
 */
int32_t cdr_share_margin(uint32_t trustees, uint32_t epsilon_milli);

/**
 * cdr_share_floor(sums, margin):
 * Raise every cell that is below the floor of its row to that floor. The same sums again change nothing.
 *
 * Returns  CDR_OK; CDR_E_RANGE for another width; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_share_floor(struct cdr_share_sums *sums, int32_t margin);

/**
 * cdr_share_table(base, places, sums, count, margin, data, len):
 * The bytes of ${base} with the shares that the floored ${sums} tell in place of any that it has.
 *
 * sums   in    1 .. CDR_RARITY_OWN_MAX, everybody first, then countries in ascending order
 * data   out   freed by the caller
 *
 * Returns  CDR_OK; CDR_E_INPUT if the sums are not in order, or tell of no people; CDR_E_RANGE for too many; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_share_table(const struct cdr_rarity *base, const struct cdr_places *places,
    const struct cdr_share_sums *sums, size_t count, int32_t margin, uint8_t **data, size_t *len);

#endif
