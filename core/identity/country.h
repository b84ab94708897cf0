#ifndef CDR_CORE_IDENTITY_COUNTRY_H
#define CDR_CORE_IDENTITY_COUNTRY_H

/* Country codes: ISO 3166-1, as data (data/countries.tsv). */

#include "core/identity/person.h"

/**
 * cdr_country_known(alpha3):
 * Whether ${alpha3} (upper case, with its NUL) is a code of ISO 3166-1, or XKX (Kosovo).
 */
bool cdr_country_known(const char *alpha3);

/**
 * cdr_country_read(text, alpha3):
 * Read an alpha-3 or alpha-2 code of either case, or a code of a machine-readable zone that stands for a
 * country ("D", "GBN", "RKS").
 *
 * alpha3  out      all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT for any other text.
 */
CDR_MUST_CHECK cdr_err cdr_country_read(const char *text, char alpha3[static CDR_COUNTRY_LEN]);

/**
 * cdr_country_at(index, alpha3):
 * The codes in alphabetical order, for lists.
 *
 * Returns  true; false past the end.
 */
bool cdr_country_at(size_t index, char alpha3[static CDR_COUNTRY_LEN]);

#endif
