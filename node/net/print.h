#ifndef CDR_NODE_NET_PRINT_H
#define CDR_NODE_NET_PRINT_H

/* PDFs: a description goes to `candor-print`, a process of its own, and comes back as a PDF (node/print/document.h has the form). */

#include <jansson.h>

#include "proto/message.h"

#define CDR_PRINT_PDF_MAX (64U << 20)
#define CDR_PRINT_SECONDS_MAX 120

/* A document that is being put together. Each call adds a block; what cannot be added for want of memory shows in cdr_print_run. */
struct cdr_print {
	json_t *document;
};

/* ${language}: "en", "fr", "es", "ar"; the last is written from right to left. ${created}: seconds since 1970. */
void cdr_print_start(struct cdr_print *print, const char *language, const char *title, const char *subtitle, const char *footer,
    int64_t created);
void cdr_print_heading(struct cdr_print *print, const char *text);
/* ${style}: "plain", "strong", "small", "boxed". */
void cdr_print_text(struct cdr_print *print, const char *style, const char *text);
void cdr_print_code(struct cdr_print *print, const char *text, const char *qr, const char *caption);
void cdr_print_space(struct cdr_print *print);
void cdr_print_page(struct cdr_print *print);

/* A list of label and value; the rows are added until the next block begins. A row with an empty value is left out. */
void cdr_print_fields(struct cdr_print *print);
void cdr_print_field(struct cdr_print *print, const char *label, const char *value);

/* A table; ${numbers} has bit i set if column i holds numbers. Its rows have ${count} cells each. */
void cdr_print_table(struct cdr_print *print, const char *const *header, size_t count, uint32_t numbers);
void cdr_print_row(struct cdr_print *print, const char *const *cells, size_t count);

/* Bars side by side, the longest as wide as there is room. */
void cdr_print_bars(struct cdr_print *print);
void cdr_print_bar(struct cdr_print *print, const char *label, double value, const char *text);

/**
 * cdr_print_run(print, pdf, fault):
 * Have the document drawn.
 *
 * pdf     out, personal   owned by the caller; empty on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if candor-print is not beside this program; CDR_E_INPUT, CDR_E_RANGE if it refuses the
 *          document; CDR_E_TIME; CDR_E_IO; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_print_run(struct cdr_print *print, struct cdr_buffer *pdf, struct cdr_fault *fault);

/* Wipe and free what was put together. */
void cdr_print_free(struct cdr_print *print);

#endif
