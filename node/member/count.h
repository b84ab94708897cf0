#ifndef CDR_NODE_MEMBER_COUNT_H
#define CDR_NODE_MEMBER_COUNT_H

/*
 * The figures of the annual return, counted as things happen, in the same transaction as the act: so they outlive the
 * erasure of what was counted, and a repeated letter counts once. A figure belongs to the calendar year (UTC) of the act.
 * No figure names a person, a check or another organisation.
 */

#include "core/record/codebook.h"
#include "core/record/statement.h"
#include "node/store/query.h"

enum cdr_counter {
	/* What this organisation asks. */
	CDR_COUNT_DECISION = 0,            /* by outcome_for_hire: a recruitment came to its end */
	CDR_COUNT_REQUEST_MADE,            /* by asked: members, others */
	CDR_COUNT_REQUEST_WITHDRAWN,       /* before an answer */
	CDR_COUNT_REQUEST_EXPIRED,         /* without an answer */
	CDR_COUNT_RESPONSE_RECEIVED,       /* by asked; the first answer to a request, and no later one */
	CDR_COUNT_RESPONSE_AFTER_EXPIRY,   /* of these to a request that had expired in the same year: it is counted as both */
	CDR_COUNT_RESPONSE_LATE,           /* after the due date */
	CDR_COUNT_RESPONSE_DAYS,           /* by whole days from asking to the first answer */
	CDR_COUNT_ANSWER_RECEIVED,         /* by result */
	CDR_COUNT_STATEMENT_SUPERSEDED,    /* a later answer took the place of one that was received */
	CDR_COUNT_DISCLOSURE_RECEIVED,     /* by misconduct_type */
	CDR_COUNT_TRIGGER_RECEIVED,        /* by question that was answered yes */

	/* What others ask it. */
	CDR_COUNT_REQUEST_RECEIVED,        /* laid before a person */
	CDR_COUNT_RESPONSE_PROVIDED,       /* signed and sent; the first to a request */
	CDR_COUNT_NOT_ANSWERED,            /* by check_status: withdrawn, expired, ... */
	CDR_COUNT_ANSWER_PROVIDED,         /* by result */
	CDR_COUNT_LEGAL_LIMIT,             /* by legal_limit_reason of an answer that was provided */
	CDR_COUNT_DISCLOSURE_PROVIDED,     /* by misconduct_type */
	CDR_COUNT_TRIGGER_PROVIDED,        /* by question */

	/* What people did about it. */
	CDR_COUNT_COMPLAINT_RECEIVED,
	CDR_COUNT_COMPLAINT_UPHELD,
	CDR_COUNT_LAWSUIT,
	CDR_COUNT_OBJECTION,
	CDR_COUNT_ERASURE,

	/* How well the exchange matches. Each match ends as confirmed or false, or is not judged yet. */
	CDR_COUNT_MATCH_QUERY,             /* checks that the hub matched */
	CDR_COUNT_MATCH,                   /* by tier: members that it named */
	CDR_COUNT_MATCH_CONFIRMED,         /* somebody there said: confirmed or probable */
	CDR_COUNT_MATCH_FALSE,             /* by who said so: node (stage 2), person (not known here) */

	/* Entered by the head of the organisation, not counted. */
	CDR_COUNT_RECRUITMENT_UNCHECKED,   /* recruitments in which Candor had no part */

	CDR_COUNTER_COUNT
};

/* Who was asked: the codes of CDR_COUNT_REQUEST_MADE and _RESPONSE_RECEIVED. Others answer as guests or on paper. */
#define CDR_COUNT_MEMBERS "members"
#define CDR_COUNT_OTHERS "others"

#define CDR_COUNT_CODE_LEN 48     /* a code with its closing NUL */
#define CDR_COUNT_YEAR_MIN 2000
#define CDR_COUNT_YEAR_MAX 9999
#define CDR_COUNT_DAYS_MAX 3660   /* more days count as so many */

/* The calendar year (UTC) in which a second since 1970 lies. */
unsigned cdr_count_year(uint64_t seconds);

/**
 * cdr_count_add(tx, counter, year, n) and cdr_count_add_code(tx, counter, code, year, n):
 * Add ${n} to a figure; the second to its part of that code.
 *
 * code    in   1 .. CDR_COUNT_CODE_LEN - 1 printable ASCII characters, no blank
 *
 * Returns  CDR_OK; CDR_E_RANGE for the counter, the code, the year, or one of the two forms where the counter takes the
 *          other; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_count_add(struct cdr_tx *tx, enum cdr_counter counter, unsigned year, uint64_t n);
CDR_MUST_CHECK cdr_err cdr_count_add_code(struct cdr_tx *tx, enum cdr_counter counter, const char *code, unsigned year,
    uint64_t n);

/* Count one first answer that came ${days} after the question: the figures _RESPONSE_RECEIVED, _DAYS and, if so, _LATE. */
CDR_MUST_CHECK cdr_err cdr_count_response(struct cdr_tx *tx, const char *asked, uint64_t asked_at, uint64_t due_at,
    uint64_t answered_at);

/* Count what a statement says: the figures ANSWER, DISCLOSURE and TRIGGER, of those received or of those ${provided}, and LEGAL_LIMIT. */
CDR_MUST_CHECK cdr_err cdr_count_statement(struct cdr_tx *tx, const struct cdr_codebook *codebook,
    const struct cdr_statement *statement, bool provided, unsigned year);

/**
 * cdr_count_read(tx, counter, code, first, last, n):
 * The sum of a figure over the years ${first} to ${last}; ${code} NULL: over all its codes.
 *
 * Returns  CDR_OK, also if nothing was counted (${n} is 0); CDR_E_RANGE; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_count_read(struct cdr_tx *tx, enum cdr_counter counter, const char *code, unsigned first,
    unsigned last, uint64_t *n);

/**
 * cdr_count_each(tx, counter, year, callback, context):
 * Call ${callback} for each code of a figure in a year, in the order of the codes' bytes.
 *
 * Returns  CDR_OK; the callback's error; CDR_E_RANGE; CDR_E_STORE.
 */
typedef cdr_err cdr_count_callback(const char *code, uint64_t n, void *context);
CDR_MUST_CHECK cdr_err cdr_count_each(struct cdr_tx *tx, enum cdr_counter counter, unsigned year,
    cdr_count_callback *callback, void *context);

/* The name of a counter, as it stands in the table: "request_made". */
const char *cdr_count_name(enum cdr_counter counter);

#endif
