#ifndef CDR_CORE_RECORD_ANNUAL_H
#define CDR_CORE_RECORD_ANNUAL_H

/*
 * The annual return of one organisation: part (d) of the data dictionary. The figures, what follows from them, what cannot be, and
 * what is worth a second look. A figure belongs to the calendar year in which the thing happened.
 */

#include "core/record/codebook.h"

#define CDR_ANNUAL_DAYS 92             /* first answers after 0, 1, ... 90 days, and after more */
#define CDR_ANNUAL_VALUE_MAX 1000000000U
#define CDR_ANNUAL_YEAR_MIN 2000
#define CDR_ANNUAL_YEAR_MAX 9999
#define CDR_ANNUAL_LABEL_LEN 256
#define CDR_ANNUAL_NOTE_MAX 8
#define CDR_ANNUAL_NOTE_LEN 256

/* In the order in which they are shown. A figure that is a sum of others follows from cdr_annual_complete. */
enum cdr_annual_field {
	CDR_ANNUAL_RECRUITMENTS = 0, CDR_ANNUAL_RECRUITMENTS_UNCHECKED, CDR_ANNUAL_HIRED,
	CDR_ANNUAL_REQUESTS_MADE, CDR_ANNUAL_REQUESTS_MEMBERS, CDR_ANNUAL_REQUESTS_OTHERS, CDR_ANNUAL_REQUESTS_WITHDRAWN,
	CDR_ANNUAL_REQUESTS_EXPIRED, CDR_ANNUAL_OUTSTANDING_BEFORE, CDR_ANNUAL_OUTSTANDING,
	CDR_ANNUAL_RESPONSES_RECEIVED, CDR_ANNUAL_RESPONSES_MEMBERS, CDR_ANNUAL_RESPONSES_OTHERS, CDR_ANNUAL_RESPONSES_LATE,
	CDR_ANNUAL_DAYS_MEDIAN, CDR_ANNUAL_DAYS_P90, CDR_ANNUAL_SUPERSEDED,
	CDR_ANNUAL_RECEIVED_DISCLOSURE, CDR_ANNUAL_RECEIVED_UNABLE, CDR_ANNUAL_RECEIVED_NO_RECORD, CDR_ANNUAL_RECEIVED_NOT_KNOWN,
	CDR_ANNUAL_RECEIVED_EXPLOITATION, CDR_ANNUAL_RECEIVED_ABUSE, CDR_ANNUAL_RECEIVED_HARASSMENT,
	CDR_ANNUAL_RECEIVED_FINDING, CDR_ANNUAL_RECEIVED_ONGOING, CDR_ANNUAL_RECEIVED_LEFT,
	CDR_ANNUAL_REQUESTS_RECEIVED, CDR_ANNUAL_RESPONSES_PROVIDED, CDR_ANNUAL_NOT_ANSWERED_WITHDRAWN, CDR_ANNUAL_NOT_ANSWERED_EXPIRED,
	CDR_ANNUAL_NOT_ANSWERED_OTHER,
	CDR_ANNUAL_PROVIDED_DISCLOSURE, CDR_ANNUAL_PROVIDED_UNABLE, CDR_ANNUAL_PROVIDED_NO_RECORD, CDR_ANNUAL_PROVIDED_NOT_KNOWN,
	CDR_ANNUAL_LIMIT_EMPLOYMENT_LAW, CDR_ANNUAL_LIMIT_DATA_PROTECTION, CDR_ANNUAL_LIMIT_SETTLEMENT, CDR_ANNUAL_LIMIT_CRIMINAL_CASE,
	CDR_ANNUAL_LIMIT_LITIGATION, CDR_ANNUAL_LIMIT_POLICY, CDR_ANNUAL_LIMIT_OTHER,
	CDR_ANNUAL_PROVIDED_EXPLOITATION, CDR_ANNUAL_PROVIDED_ABUSE, CDR_ANNUAL_PROVIDED_HARASSMENT,
	CDR_ANNUAL_PROVIDED_FINDING, CDR_ANNUAL_PROVIDED_ONGOING, CDR_ANNUAL_PROVIDED_LEFT,
	CDR_ANNUAL_REJECTED_NEGATIVE, CDR_ANNUAL_REJECTED_ABSENT,
	CDR_ANNUAL_COMPLAINTS_RECEIVED, CDR_ANNUAL_COMPLAINTS_UPHELD, CDR_ANNUAL_LAWSUITS, CDR_ANNUAL_OBJECTIONS, CDR_ANNUAL_ERASURES,
	CDR_ANNUAL_MATCH_QUERIES, CDR_ANNUAL_MATCHES, CDR_ANNUAL_MATCHES_CONFIRMED, CDR_ANNUAL_MATCHES_FALSE, CDR_ANNUAL_MATCHES_FALSE_NODE,
	CDR_ANNUAL_MATCHES_FALSE_PERSON,
	CDR_ANNUAL_FIELD_COUNT
};

struct cdr_annual {
	unsigned year;
	uint64_t value[CDR_ANNUAL_FIELD_COUNT];
	uint64_t days[CDR_ANNUAL_DAYS];
};

/* The name of a field in files and on the wire, "requests_made"; of a name the field, CDR_ANNUAL_FIELD_COUNT if there is none. */
const char *cdr_annual_name(enum cdr_annual_field field);
enum cdr_annual_field cdr_annual_of(const char *name);

/* What people read, in "en", "fr", "es" or "ar": "Answers provided: no record held". ${codebook} has the words of codes. */
void cdr_annual_label(enum cdr_annual_field field, const struct cdr_codebook *codebook, const char *language,
    char label[static CDR_ANNUAL_LABEL_LEN]);

/* The dictionary's item to which a field belongs: 1 to 6; 0: none of them. */
unsigned cdr_annual_item(enum cdr_annual_field field);

/**
 * cdr_annual_complete(annual):
 * Work out what follows from the rest: totals, median and 90th percentile of days (nearest rank: the smallest number of days
 * within which that share of the answers came; 91 stands for more than 90).
 */
void cdr_annual_complete(struct cdr_annual *annual);

/**
 * cdr_annual_check(annual, fault):
 * Can this be? The year and each figure lie in their range; totals are the sums of their parts, median and percentile those of the
 * days; rejected candidates are among the recruitments, answers among the requests that were made or outstanding, late answers among the
 * answers; answers by days are as many as the answers; what is outstanding is no more than what was asked.
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_INPUT with the figures that do not agree.
 */
CDR_MUST_CHECK cdr_err cdr_annual_check(const struct cdr_annual *annual, struct cdr_fault *fault);

/**
 * cdr_annual_notes(annual, notes):
 * What is possible, and worth a second look: more answers than requests in one year (of requests of the year before), answers by
 * result that are fewer than the answers, and so on. In English, for who signs.
 *
 * Returns  how many there are.
 */
size_t cdr_annual_notes(const struct cdr_annual *annual, char notes[static CDR_ANNUAL_NOTE_MAX][CDR_ANNUAL_NOTE_LEN]);

/* Add one organisation's figures to the sector's; the sector is completed afterwards. */
void cdr_annual_add(struct cdr_annual *sector, const struct cdr_annual *annual);

/* A share in tenths of a percent, rounded; -1 where the whole is 0. */
int cdr_annual_share(uint64_t part, uint64_t whole);

#endif
