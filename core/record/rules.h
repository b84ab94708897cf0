#ifndef CDR_CORE_RECORD_RULES_H
#define CDR_CORE_RECORD_RULES_H

/* What a record is judged by. Core has no clock and no files, so all of it is handed in. */

#include "core/identity/person.h"

#define CDR_LOOKBACK_YEARS 5  /* the scheme's usual look-back */
#define CDR_MEMBER_ID_LEN 33  /* a member's name in the exchange, [a-z0-9-]{2,32}, with its NUL */

struct cdr_codebook;

struct cdr_record_rules {
	const struct cdr_codebook *codebook; /* borrowed; outlives every use of the rules */
	struct cdr_date today;               /* day precision; a statement that is verified later: the day on which it was signed */
	unsigned lookback_years;             /* 0: no look-back test */
};

/**
 * cdr_member_id_valid(text):
 * Is ${text} (may be NULL) a member id: 2 to 32 of a-z, 0-9 and dashes, a dash neither first nor last nor twice in a row?
 */
bool cdr_member_id_valid(const char *text);

#endif
