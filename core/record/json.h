#ifndef CDR_CORE_RECORD_JSON_H
#define CDR_CORE_RECORD_JSON_H

/* JSON of personal data: jansson, made to forget. */

#include <jansson.h>

#include "core/bytes.h"

/**
 * cdr_json_start():
 * Make jansson wipe whatever it frees, in the whole process. Once, before anything else uses jansson and before threads
 * start; without it JSON works, and leaves copies of what it read in freed memory.
 */
void cdr_json_start(void);

/**
 * cdr_json_read(json, line, column):
 * Read JSON in which no key is twice in one object. What jansson leaves on the stack, among it a message that quotes the
 * text around a fault, is wiped.
 *
 * json          in, personal
 * line, column  out           where it is wrong, from 1; only set when it is
 *
 * Returns  a new reference that the caller gives to json_decref; NULL if it is not JSON or there is no memory.
 */
CDR_MUST_CHECK json_t *cdr_json_read(struct cdr_bytes json, int *line, int *column);

/**
 * cdr_json_free(text):
 * Wipe and free a text that jansson made (json_dumps); NULL does nothing.
 */
void cdr_json_free(char *text);

#endif
