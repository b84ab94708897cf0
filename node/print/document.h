#ifndef CDR_NODE_PRINT_DOCUMENT_H
#define CDR_NODE_PRINT_DOCUMENT_H

/*
 * What is printed: a JSON description, read and checked before anything is drawn.
 *
 *     { "title": TEXT, "subtitle": TEXT, "footer": TEXT, "direction": "ltr" | "rtl", "language": "en",
 *       "created": SECONDS, "page": "Page %1 of %2",
 *       "blocks": [ BLOCK, ... ] }
 *
 * and a block is one of
 *
 *     { "kind": "heading", "text": TEXT }
 *     { "kind": "text", "text": TEXT, "style": "plain" | "strong" | "small" | "boxed" }
 *     { "kind": "fields", "rows": [ [LABEL, VALUE], ... ] }
 *     { "kind": "table", "header": [TEXT, ...], "rows": [ [TEXT, ...], ... ], "numbers": [COLUMN, ...] }
 *     { "kind": "bars", "rows": [ [LABEL, NUMBER, TEXT], ... ] }
 *     { "kind": "code", "text": TEXT, "qr": TEXT, "caption": TEXT }
 *     { "kind": "space" }    { "kind": "page" }
 *
 * "numbers" are the columns (from 0) that stand at the line's end. Only title, created and blocks must be there; a member
 * that is not listed is refused.
 */

#include <jansson.h>

#include "core/bytes.h"

#define CDR_PRINT_INPUT_MAX (16U << 20)
#define CDR_PRINT_BLOCK_MAX 20000
#define CDR_PRINT_ROW_MAX 100000        /* of all tables */
#define CDR_PRINT_COLUMN_MAX 32
#define CDR_PRINT_TEXT_MAX 65536        /* bytes of one text */
#define CDR_PRINT_QR_MAX 1024
#define CDR_PRINT_PAGE_MAX 5000

/**
 * cdr_document_read(input, document, fault):
 * Read and check a description.
 *
 * document  out   a new reference; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if something is longer than it may be; CDR_E_INPUT if it is not of the form above.
 */
CDR_MUST_CHECK cdr_err cdr_document_read(struct cdr_bytes input, json_t **document, struct cdr_fault *fault);

/* The text of member ${name}; "" if it is not there. Borrowed. */
const char *cdr_document_text(const json_t *object, const char *name);

#endif
