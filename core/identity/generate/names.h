#ifndef CDR_CORE_IDENTITY_GENERATE_NAMES_H
#define CDR_CORE_IDENTITY_GENERATE_NAMES_H

/*
 * The published name frequencies, read from CSV, with a share for every name: measured, or imputed from a rank or from
 * mere presence. For the generator of the rarity table and for benches; never part of a program that ships.
 */

#include "core/error.h"

#define NAME_CULTURE_LEN 32
#define NAME_TEXT_LEN 160

enum name_kind {
	NAME_GIVEN = 0,
	NAME_FAMILY,
	NAME_KIND_COUNT
};

struct name_row {
	char culture[NAME_CULTURE_LEN]; /* "US", "NG-Hausa", "Arabic" */
	uint8_t kind;                   /* enum name_kind */
	bool measured;                  /* the share was counted, not imputed */
	bool ranked;                    /* the share was imputed from a rank */
	char native[NAME_TEXT_LEN];     /* spellings of one name have this in common */
	char latin[NAME_TEXT_LEN];      /* one of its Latin spellings; may be empty */
	double share;                   /* of people of both sexes, in (0, 1] */
};

struct name_rows {
	struct name_row *row;
	size_t count, room;
};

/**
 * names_read(folder, exceptions, rows):
 * Read name-frequency.csv and share-by-rank.csv from ${folder}, and the shares set by hand from the file ${exceptions}
 * (NULL: none). Prints file and line of what it cannot read.
 *
 * Returns  CDR_OK; CDR_E_IO; CDR_E_INPUT; CDR_E_MEMORY. rows is then empty.
 */
CDR_MUST_CHECK cdr_err names_read(const char *folder, const char *exceptions, struct name_rows *rows);

/* Free what names_read filled. */
void names_free(struct name_rows *rows);

#endif
