#ifndef CDR_CORE_IDENTITY_RARITY_H
#define CDR_CORE_IDENTITY_RARITY_H

/*
 * How rare a name is: the largest share that a name, or a code of it, has in any culture, as given name and as family
 * name, as -log2 in eighths of a bit. The table is data (data/rarity.bin, made by generate/), part of the scheme version,
 * and may be replaced at an epoch.
 */

#include "core/error.h"

#define CDR_BITS_SCALE 8 /* a weight of 1 bit is written as 8 */

/* What of a name part is looked up. */
enum cdr_code_kind {
	CDR_CODE_EXACT = 0, /* the part itself */
	CDR_CODE_S1,        /* its code S1 */
	CDR_CODE_S2,        /* its code S2 */
	CDR_CODE_PREFIX,    /* its first three letters */
	CDR_CODE_SUFFIX,    /* its last three letters */
	CDR_CODE_KIND_COUNT
};

/* What a code tells about a person who has it as a given name, or as a family name; eighths of a bit. */
struct cdr_weight {
	uint8_t given, family;
};

/*
 * The file, numbers big-endian:
 *   8      magic with the version of the format
 *   5 * 4  number of entries of each code kind
 *   5      floor of each kind, in eighths of a bit: the weight of a code that is not there
 *   1      number of covered countries; 2 zero bytes
 *   3      a country, strictly ascending
 *   4      an entry of each kind in turn: its key, strictly ascending
 *   2      an entry of each kind in turn: its weight as given name and as family name, in eighths of a bit
 */
#define CDR_RARITY_MAGIC_LEN 8
#define CDR_RARITY_MAGIC { 'C', 'D', 'R', 'R', 'A', 'R', '2', 0 }
#define CDR_RARITY_HEAD_LEN ((size_t)CDR_RARITY_MAGIC_LEN + (size_t)CDR_CODE_KIND_COUNT * 5 + 3)

/* A table in memory. The bytes are borrowed: they outlive the struct. */
struct cdr_rarity {
	const uint8_t *data;
	size_t len;
	const uint8_t *keys[CDR_CODE_KIND_COUNT];
	const uint8_t *weights[CDR_CODE_KIND_COUNT];
	uint32_t count[CDR_CODE_KIND_COUNT];
	uint8_t floor[CDR_CODE_KIND_COUNT];
	const uint8_t *countries;
	uint32_t country_count;
};

/**
 * cdr_rarity_open(data, len, rarity):
 * Read a table.
 *
 * data  in       borrowed by rarity; NULL only if len is 0
 *
 * Returns  CDR_OK; CDR_E_INPUT for bytes that are no such table, to the last byte (rarity is then all zero).
 */
CDR_MUST_CHECK cdr_err cdr_rarity_open(const uint8_t *data, size_t len, struct cdr_rarity *rarity);

/**
 * cdr_rarity_shipped(rarity):
 * Open the table that ships with this version.
 *
 * Returns  CDR_OK; CDR_E_INPUT if the program was built with a damaged table.
 */
CDR_MUST_CHECK cdr_err cdr_rarity_shipped(struct cdr_rarity *rarity);

/**
 * cdr_rarity_key(code):
 * The key under which a code stands in the table: FNV-1a, 32 bits. Two codes of one key have the weight of the commoner,
 * which errs on the safe side.
 */
uint32_t cdr_rarity_key(const char *code);

/**
 * cdr_rarity_weight(rarity, kind, code):
 * What it tells about a person that ${code} is one of the person's names.
 *
 * code  in, secret   as made by cdr_codes_make
 *
 * Returns  the weights; the table's floor twice for an unknown code.
 */
struct cdr_weight cdr_rarity_weight(const struct cdr_rarity *rarity, enum cdr_code_kind kind, const char *code);

/**
 * cdr_rarity_pair(a, b, several):
 * What it tells that a stranger has both codes, in whatever order: one as given and one as family name, or both as given,
 * or both as family names.
 *
 * several  in       the person has three names or more, and so has most of the culture
 *
 * Returns  eighths of a bit, never negative.
 */
int cdr_rarity_pair(struct cdr_weight a, struct cdr_weight b, bool several);

/**
 * cdr_rarity_knows(rarity, part):
 * Is the name part ${part} in the table under this very spelling?
 */
bool cdr_rarity_knows(const struct cdr_rarity *rarity, const char *part);

/**
 * cdr_rarity_covers(rarity, country):
 * Does the table cover the names of ${country} (ISO 3166-1 alpha-3) so well that a name it does not know is rare there?
 */
bool cdr_rarity_covers(const struct cdr_rarity *rarity, const char *country);

#endif
