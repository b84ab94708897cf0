#ifndef CDR_CORE_IDENTITY_CODE_H
#define CDR_CORE_IDENTITY_CODE_H

/* The codes of one name part: what tokens hold of it, and what the rarity table weighs. */

#include "core/bytes.h"
#include "core/identity/name.h"
#include "core/identity/rarity.h"

struct cdr_codes {
	char text[CDR_CODE_KIND_COUNT][CDR_PART_LEN]; /* by enum cdr_code_kind */
};

/**
 * cdr_codes_make(part, codes):
 * All codes of ${part}. S1 is that of the full name where the part is a short or foreign form of one (Bill, Guillermo:
 * William). S2 and the letters are those of the part itself: another script writes the form that is spoken.
 *
 * part   in, secret   letters a to z with a closing NUL, less than CDR_PART_LEN
 * codes  out, secret
 */
void cdr_codes_make(const char *part, struct cdr_codes *codes);

/**
 * cdr_codes_full_name(part):
 * The name that ${part} is a short or foreign form of, by data/diminutives.tsv.
 *
 * full  out      CDR_PART_LEN bytes; the part itself where the table does not have it
 */
void cdr_codes_full_name(const char *part, char full[static CDR_PART_LEN]);

/* The bytes of the table, for the scheme version. */
struct cdr_bytes cdr_codes_table(void);

#endif
