#ifndef CDR_NODE_PRINT_DRAW_H
#define CDR_NODE_PRINT_DRAW_H

/* From a description to a PDF (A4). The same description with the same fonts gives the same bytes. */

#include "node/print/document.h"

/* Takes the bytes of the PDF, one piece after the other; false ends the drawing. */
typedef bool cdr_draw_write(void *context, const uint8_t *data, size_t len);

/**
 * cdr_draw(document, write, context, fault):
 * Draw ${document}, which cdr_document_read gave.
 *
 * Returns  CDR_OK; CDR_E_RANGE if it has more than CDR_PRINT_PAGE_MAX pages; CDR_E_IO if ${write} said no; CDR_E_MEMORY;
 *          CDR_E_INTERNAL if cairo fails otherwise.
 */
CDR_MUST_CHECK cdr_err cdr_draw(const json_t *document, cdr_draw_write *write, void *context, struct cdr_fault *fault);

#endif
