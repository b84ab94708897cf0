#ifndef CDR_CORE_IDENTITY_RARITY_H
#define CDR_CORE_IDENTITY_RARITY_H

/*
 * How rare names are together. For each culture the share of people who have a name, or a code of it, as given and as
 * family name, as -log2 in eighths of a bit; two names are as rare as in the culture where they are commonest together.
 * The table is data (data/rarity.bin, made by generate/), part of the scheme version, and may be replaced at an epoch.
 */

#include "core/error.h"
#include "core/identity/place.h"

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

/* What it tells about a person to have a code as a given name, or as a family name; eighths of a bit. */
struct cdr_weight {
	uint8_t given, family;
};

/*
 * The file, numbers big-endian:
 *   8      magic with the version of the format
 *   5 * 4  number of entries of each code kind
 *   5 * 4  number of shares of each code kind
 *   5      floor of each kind, in eighths of a bit: the weight of a code that is not there
 *   1      number of covered countries; 2 zero bytes
 *   3      a country, strictly ascending
 *   for each kind:
 *     4    an entry: its key, strictly ascending
 *     1    an entry: in how many cultures it has a share, 1 or more
 *     4    a block of 32 entries: the index of the first share of its first entry
 *     3    a share: the culture, strictly ascending within an entry; the weight as given and as family name
 * and, with the other magic, shares of the exchange's own people (share.h):
 *   4 * 2 * 8  the places of its sketches, by kind and row (place.h)
 *   1      number of groups, 1 or more; 3 zero bytes
 *   for each group:
 *     3    the country whose people they are, zeros for everybody, strictly ascending; a zero byte
 *     2    width
 *     8 rows of width bytes: the weight of a cell in eighths of a bit; CDR_RARITY_OWN_NONE: it tells nothing
 */
#define CDR_RARITY_MAGIC_LEN 8
#define CDR_RARITY_MAGIC { 'C', 'D', 'R', 'R', 'A', 'R', '4', 0 }
#define CDR_RARITY_MAGIC_OWN { 'C', 'D', 'R', 'R', 'A', 'R', '5', 0 }
#define CDR_RARITY_OWN_MAX 8
#define CDR_RARITY_OWN_NONE 255
#define CDR_RARITY_OWN_HEAD_LEN ((size_t)CDR_SKETCH_KINDS * CDR_SKETCH_ROWS * 8 + 4)
#define CDR_RARITY_OWN_GROUP_LEN 6
#define CDR_RARITY_HEAD_LEN ((size_t)CDR_RARITY_MAGIC_LEN + (size_t)CDR_CODE_KIND_COUNT * 9 + 3)
#define CDR_RARITY_BLOCK 32

/*
 * A code that a culture's lists do not have, but another's do, is taken to be 32 times rarer there than where it is
 * commonest: people move, and take their names along.
 */
#define CDR_RARITY_ELSEWHERE (5 * CDR_BITS_SCALE)

/* The part of a table for one kind of code. */
struct cdr_rarity_kind {
	const uint8_t *keys, *counts, *blocks, *shares;
	uint32_t count, share_count;
	uint8_t floor;
};

/* Own shares of one group of people. */
struct cdr_rarity_own {
	const uint8_t *country; /* 3 bytes */
	const uint8_t *weights;
	uint16_t width;
};

/* A table in memory. The bytes are borrowed: they outlive the struct. */
struct cdr_rarity {
	const uint8_t *data;
	size_t len;
	size_t published_len; /* without own shares */
	struct cdr_rarity_kind kind[CDR_CODE_KIND_COUNT];
	const uint8_t *countries;
	uint32_t country_count;
	struct cdr_places places;
	struct cdr_rarity_own own[CDR_RARITY_OWN_MAX];
	size_t own_count;
};

/* What the table knows of one code. Borrows from the table. */
struct cdr_rarity_code {
	const uint8_t *shares; /* 3 bytes each, as in the file */
	uint32_t count;        /* 0: not in the table */
	struct cdr_weight elsewhere; /* in a culture that has no share of its own; the floor for an unknown code */
	uint8_t own[CDR_RARITY_OWN_MAX]; /* in each group of the exchange's own people; never above elsewhere */
	bool own_tells[CDR_RARITY_OWN_MAX];
	uint8_t own_count;
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
 * cdr_rarity_find(rarity, kind, code, found):
 * Look ${code} up. Own shares of an exact name are not counted: cdr_rarity_find_spelling takes those of its S1.
 *
 * code  in, secret   as made by cdr_codes_make
 */
void cdr_rarity_find(const struct cdr_rarity *rarity, enum cdr_code_kind kind, const char *code,
    struct cdr_rarity_code *found);

/* As cdr_rarity_find for CDR_CODE_EXACT, where ${s1} was found for the same name: a spelling is never commoner than that. */
void cdr_rarity_find_spelling(const struct cdr_rarity *rarity, const char *part, const struct cdr_rarity_code *s1,
    struct cdr_rarity_code *found);

/**
 * cdr_rarity_single(code):
 * What one name tells: its smaller weight in the culture where it is commonest. Eighths of a bit.
 */
int cdr_rarity_single(const struct cdr_rarity_code *code);

/**
 * cdr_rarity_pair(a, b, several):
 * What it tells that a stranger has both codes, in whatever order: one as given and one as family name, or both as given,
 * or both as family names; in the culture where that is commonest. Among own people, whose shares do not tell given from
 * family names, it is the product of the two shares.
 *
 * several  in       the person has three names or more, and so has most of the culture
 *
 * Returns  eighths of a bit, never negative.
 */
int cdr_rarity_pair(const struct cdr_rarity_code *a, const struct cdr_rarity_code *b, bool several);

/**
 * cdr_rarity_all(code, count):
 * What it tells that a stranger has all of these names, whatever their order.
 *
 * count  in       0 .. CDR_RARITY_NAMES_MAX
 *
 * Returns  eighths of a bit, never negative.
 */
#define CDR_RARITY_NAMES_MAX 12
int cdr_rarity_all(const struct cdr_rarity_code *const *code, size_t count);

/**
 * cdr_rarity_together(code, count):
 * Is there a culture whose lists have all of these codes?
 *
 * count  in       0 .. CDR_RARITY_NAMES_MAX
 */
bool cdr_rarity_together(const struct cdr_rarity_code *const *code, size_t count);

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
