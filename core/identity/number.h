#ifndef CDR_CORE_IDENTITY_NUMBER_H
#define CDR_CORE_IDENTITY_NUMBER_H

/* Numbers of documents, character by character. For the files of this folder; see document.h. */

#include "core/identity/person.h"

/* What is mistaken for a digit in print becomes that digit: O I Z S B to 0 1 2 5 8. Others stay. */
char cdr_number_fold(char c);

/**
 * cdr_number_clean(text, out, len):
 * Letters and digits alone: digits of other scripts as ASCII, letters of other scripts transliterated, all in capitals.
 *
 * text    in       at most CDR_DOCUMENT_NUMBER_LEN - 1 bytes
 * out     out      A-Z and 0-9 with a NUL, filled with zeros; all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT for invalid UTF-8, an unassigned code point, a script without a table, or a result
 *          that does not fit.
 */
CDR_MUST_CHECK cdr_err cdr_number_clean(const char *text, char out[static CDR_DOCUMENT_NUMBER_LEN], size_t *len);

#endif
