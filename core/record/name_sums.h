#ifndef CDR_CORE_RECORD_NAME_SUMS_H
#define CDR_CORE_RECORD_NAME_SUMS_H

/*
 * How common name codes are among the people of all members together, as a round opened it and as it is published: every cell
 * floored (core/identity/share.h). From this file anybody makes the rarity table of the next scheme version.
 */

#include "core/crypto/hash.h"
#include "core/identity/share.h"
#include "core/record/out.h"

#define CDR_NAME_SUMS_JSON_MAX (1U << 20)
#define CDR_NAME_SUMS_TEXT_LEN 64

struct cdr_name_sums {
	char round[CDR_NAME_SUMS_TEXT_LEN];      /* its id as people read it */
	char period[CDR_NAME_SUMS_TEXT_LEN];
	uint8_t scheme[CDR_SHA256_LEN];          /* version under which names were counted */
	uint32_t contributors;
	int32_t margin;                          /* CDR_SHARE_MARGIN_MIN or more */
	struct cdr_share_sums sums[CDR_RARITY_OWN_MAX];
	size_t count;
};

/* Start as { 0 }. The cells are the struct's own. */
void cdr_name_sums_free(struct cdr_name_sums *names);

/**
 * cdr_name_sums_put(names, country, cells, count):
 * Take in the opened sums of one table, in any order of tables.
 *
 * country  in   "" for everybody
 * cells    in   ${count} sums
 *
 * Returns  CDR_OK; CDR_E_INPUT if ${count} is that of no sketch, or the country is there already; CDR_E_RANGE for too many
 *          tables; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_name_sums_put(struct cdr_name_sums *names, const char *country, const int32_t *cells, size_t count);

/**
 * cdr_name_sums_floor(names):
 * Floor every table: what is published from then on. Once more changes nothing.
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_name_sums_floor(struct cdr_name_sums *names);

/* The JSON file. Returns CDR_OK; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_name_sums_to_json(const struct cdr_name_sums *names, struct cdr_out *out);

/**
 * cdr_name_sums_from_json(json, names, fault):
 * Read it back, floored.
 *
 * names   out   ended by cdr_name_sums_free, also on an error
 *
 * Returns  CDR_OK; CDR_E_INPUT with what is wrong; CDR_E_RANGE if it is too long; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_name_sums_from_json(struct cdr_bytes json, struct cdr_name_sums *names, struct cdr_fault *fault);

/**
 * cdr_name_sums_table(names, base, data, len, fault):
 * The bytes of the next rarity table: ${base} with what the sums tell.
 *
 * data   out   freed by the caller
 *
 * Returns  CDR_OK; CDR_E_INPUT if the first table is not everybody's, or one tells of too few people; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_name_sums_table(const struct cdr_name_sums *names, const struct cdr_rarity *base, uint8_t **data,
    size_t *len, struct cdr_fault *fault);

#endif
