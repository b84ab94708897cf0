#ifndef CDR_CORE_RECORD_JSON_H
#define CDR_CORE_RECORD_JSON_H

/* JSON of personal data: jansson, made to forget. */

#include "core/error.h"

/**
 * cdr_json_start():
 * Make jansson wipe whatever it frees, in the whole process. Once, before anything else uses jansson and before threads
 * start; without it JSON works, and leaves copies of what it read in freed memory.
 */
void cdr_json_start(void);

/**
 * cdr_json_free(text):
 * Wipe and free a text that jansson made (json_dumps); NULL does nothing.
 */
void cdr_json_free(char *text);

#endif
