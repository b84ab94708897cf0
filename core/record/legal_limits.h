#ifndef CDR_CORE_RECORD_LEGAL_LIMITS_H
#define CDR_CORE_RECORD_LEGAL_LIMITS_H

/*
 * What may not be said by country, and for how long a case is kept: a table as data (data/legal_limits.json), in versions like the
 * codebook. The one that is built in is a starting point that counsel must review; it says so itself.
 */

#include "core/bytes.h"
#include "core/identity/person.h"

#define CDR_LEGAL_LIMITS_MAX (256U << 10) /* bytes of a table at most */
#define CDR_LEGAL_RETENTION_MONTHS_MAX 480

struct cdr_legal_limits;

/**
 * cdr_legal_limits_new(json, limits, fault):
 * Read a table. "what" is one of: finding, ongoing, left (a question that cannot be answered with yes), summary, referral (a field
 * of a disclosure that is left out).
 *
 * json    in    not kept; json.data NULL: the built-in table
 *
 * Returns  CDR_OK; CDR_E_RANGE if it is too big; CDR_E_INPUT if it is not such a table, with what and where; CDR_E_MEMORY.
 * Owns     the caller owns *limits and ends it with cdr_legal_limits_free; reading is safe on several threads.
 */
CDR_MUST_CHECK cdr_err cdr_legal_limits_new(struct cdr_bytes json, struct cdr_legal_limits **limits, struct cdr_fault *fault);
void cdr_legal_limits_free(struct cdr_legal_limits *limits);

/* Its version, and its notice to people. Owned by ${limits}, as everything peeked at below. */
const char *cdr_legal_limits_version_peek(const struct cdr_legal_limits *limits);
const char *cdr_legal_limits_notice_peek(const struct cdr_legal_limits *limits, const char *language);

/* Why ${what} may not be said in ${country}: a code of "legal_limit_reason"; NULL if it may. A country without an entry of its own has
 * the default's. */
const char *cdr_legal_limits_reason_peek(const struct cdr_legal_limits *limits, const char *country, const char *what);

/* Whether ${country} has an entry of its own: without one nobody has looked at its law, and people are told so. */
bool cdr_legal_limits_knows(const struct cdr_legal_limits *limits, const char *country);

/* The law that stands behind it, for people; "" if there is no limit. */
const char *cdr_legal_limits_basis_peek(const struct cdr_legal_limits *limits, const char *country, const char *what);

/* For how many months a case is kept from its conclusion on. */
unsigned cdr_legal_limits_retention_months(const struct cdr_legal_limits *limits, const char *country);

/* Entry number ${at} of the table, from 0: its country; NULL past the last. */
const char *cdr_legal_limits_country_peek(const struct cdr_legal_limits *limits, size_t at);

#endif
