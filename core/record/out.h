#ifndef CDR_CORE_RECORD_OUT_H
#define CDR_CORE_RECORD_OUT_H

/* Text that grows while it is written: files for people and spreadsheets. */

#include "core/bytes.h"

#define CDR_OUT_MAX (64U << 20)

/* Starts as { 0 }. Once something failed, ${err} says so and nothing more is written. Ended by cdr_out_free, which wipes it. */
struct cdr_out {
	char *data;    /* with a closing NUL once something was written */
	size_t len, room;
	cdr_err err;
};

void cdr_out_free(struct cdr_out *out);
void cdr_out_bytes(struct cdr_out *out, const char *data, size_t len);
void cdr_out_text(struct cdr_out *out, const char *text);
void cdr_out_format(struct cdr_out *out, const char *format, ...) CDR_PRINTF(2, 3);

/* A field of a CSV row, quoted where it must be (RFC 4180); ${first}: of its row, else a comma comes before it. */
void cdr_out_csv(struct cdr_out *out, const char *text, bool first);

/*
 * The same for text that somebody wrote: where a spreadsheet would take it for a formula (a number with its sign is none), an apostrophe comes
 * before it, which cdr_out_csv_plain_peek takes away again.
 */
void cdr_out_csv_text(struct cdr_out *out, const char *text, bool first);
const char *cdr_out_csv_plain_peek(const char *text);

/* Text inside an HTML element or a quoted attribute. */
void cdr_out_html(struct cdr_out *out, const char *text);

#endif
