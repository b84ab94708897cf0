#ifndef CDR_CORE_RECORD_REPORT_H
#define CDR_CORE_RECORD_REPORT_H

/*
 * What was found wrong or worth saying about a file of records, row by row.
 * The lines hold no value of the file, so a report may be shown and logged;
 * only the names of unknown columns are quoted.
 */

#include "core/error.h"

#define CDR_REPORT_LISTED_MAX 1000   /* faults, and as many notes, that are listed; more are only counted */
#define CDR_REPORT_COLUMN_LEN 64
#define CDR_REPORT_REASON_LEN 256
#define CDR_REPORT_ADVICE_LEN 256

/* One line of a report. */
struct cdr_row_fault {
	size_t line;                         /* in the file, from 1: where the field, or else the row, begins */
	size_t column;                       /* from 1; 0: the row as a whole */
	char column_name[CDR_REPORT_COLUMN_LEN]; /* empty: the row as a whole */
	char reason[CDR_REPORT_REASON_LEN];  /* what is wrong */
	char advice[CDR_REPORT_ADVICE_LEN];  /* what to do about it; may be empty */
};

/* Lines of one kind: the first CDR_REPORT_LISTED_MAX of them, and how many there are. */
struct cdr_row_report_list {
	struct cdr_row_fault *lines; /* listed_count of them; owned by the report */
	size_t listed_count;
	size_t count;
};

struct cdr_row_report {
	struct cdr_row_report_list faults; /* each makes its row bad; a row may have several */
	struct cdr_row_report_list notes;  /* to be told to the user, and nothing more */
	size_t row_count;              /* rows read, empty ones not counted: the sum of the four that follow */
	size_t good_count;             /* rows handed out */
	size_t bad_count;              /* rows with at least one fault */
	size_t same_count;             /* rows that repeat an earlier one word for word: left out, noted */
	size_t old_count;              /* rows older than the look-back: left out, noted */
};

/**
 * cdr_row_report_fault(report, line), cdr_row_report_note(report, line):
 * Add a copy of ${line}. Past the limit, or without memory, it is counted and not listed.
 */
void cdr_row_report_fault(struct cdr_row_report *report, const struct cdr_row_fault *line);
void cdr_row_report_note(struct cdr_row_report *report, const struct cdr_row_fault *line);

/**
 * cdr_row_report_wipe(report):
 * Free the lines; the report is then empty.
 */
void cdr_row_report_wipe(struct cdr_row_report *report);

#endif
