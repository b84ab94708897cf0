#ifndef CDR_NODE_NET_REPORT_H
#define CDR_NODE_NET_REPORT_H

/*
 * What a program says to the person or script that called it: text, or with --json one JSON value on stdout.
 * Progress goes to stderr. Control characters in text, which may come from a peer or a file, never reach the terminal.
 */

#include <jansson.h>
#include <stdio.h>

#include "core/error.h"

/* Where and how to print. Filled by node/net/arguments.c; a test fills its own. */
struct cdr_report {
	bool json;
	FILE *out;
	FILE *err;
};

/* Print text for a person; does nothing with --json. Ends no line by itself. */
void cdr_report_text(struct cdr_report *report, const char *format, ...) CDR_PRINTF(2, 3);

/* Print text for a person on stderr, also with --json: warnings, hints. */
void cdr_report_note(struct cdr_report *report, const char *format, ...) CDR_PRINTF(2, 3);

/**
 * cdr_report_json(report, value):
 * Print ${value}, and take its reference; does nothing but that without --json. Once in a run.
 *
 * value   in    NULL (jansson's sign of a failure while it was made) is an error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_IO if stdout is full or closed.
 */
CDR_MUST_CHECK cdr_err cdr_report_json(struct cdr_report *report, json_t *value);

/* Print a failure on stderr in the form that was asked for. */
void cdr_report_fault(struct cdr_report *report, const struct cdr_fault *fault);

/*
 * A table for a person: cells are added from left to right, row by row, and printed in aligned columns.
 * Widths count what a terminal shows, not bytes.
 */
struct cdr_table;

/* ${titles} has ${column_count} entries, which stay. NULL if there is no memory: every call below then does nothing. */
struct cdr_table *cdr_table_new(const char *const *titles, size_t column_count);
void cdr_table_cell(struct cdr_table *table, const char *format, ...) CDR_PRINTF(2, 3);
/* Print ${table} (not with --json) and free it. */
void cdr_table_print(struct cdr_table *table, struct cdr_report *report);

/*
 * A count that runs, shown only if it takes longer than two seconds: a bar on a terminal, else a line every two
 * (none with --json, so that stderr holds nothing but JSON).
 */
struct cdr_progress {
	struct cdr_report *report;
	const char *label;
	uint64_t total;              /* 0: not known */
	uint64_t start_ms;
	uint64_t shown_ms;           /* 0: not yet */
	bool is_terminal;
};

/* ${label} stays: "Importing leavers". */
void cdr_progress_start(struct cdr_progress *progress, struct cdr_report *report, const char *label, uint64_t total);
/* ${done} of the total are done. Cheap enough to call for each of them. */
void cdr_progress_step(struct cdr_progress *progress, uint64_t done);
/* Clear the bar. */
void cdr_progress_end(struct cdr_progress *progress);

#endif
