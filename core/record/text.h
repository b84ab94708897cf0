#ifndef CDR_CORE_RECORD_TEXT_H
#define CDR_CORE_RECORD_TEXT_H

/* Text as people type it: checked, brought into one form, and compared with what they may have meant. */

#include "core/bytes.h"

#define CDR_TEXT_CLEAN_MAX 4096 /* bytes that cdr_text_clean takes */
#define CDR_TEXT_WORD_MAX 64    /* bytes of a word that cdr_text_nearer compares */

/**
 * cdr_text_valid(data, len):
 * Is this UTF-8 (RFC 3629: no surrogates, no overlong forms)?
 */
bool cdr_text_valid(const uint8_t *data, size_t len);

/**
 * cdr_text_clean(in, len, lines, out, out_size):
 * NFC; blanks of any kind become one space, and none at the ends; the invisible marks that change the direction of text are
 * dropped, because they make a text look like another.
 *
 * in     in, personal   0 .. CDR_TEXT_CLEAN_MAX bytes
 * lines  in             keep line ends (as LF); false: they are blanks too
 * out    out, personal  text with a closing NUL, the rest zero; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if it does not fit; CDR_E_INPUT if it is not UTF-8, or holds a control character or a character
 *          that Unicode does not assign.
 */
CDR_MUST_CHECK cdr_err cdr_text_clean(const char *in, size_t len, bool lines, char *out, size_t out_size);

/**
 * cdr_text_fold(in, out, out_size):
 * ${in} without regard to case: NFC after the full case folding of Unicode.
 *
 * in    in, personal   text of at most CDR_TEXT_CLEAN_MAX bytes
 * out   out, personal  the rest zero; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if it does not fit; CDR_E_INPUT if it is not UTF-8.
 */
CDR_MUST_CHECK cdr_err cdr_text_fold(const char *in, char *out, size_t out_size);

/* Characters (code points) of a valid text. */
size_t cdr_text_count(const char *text);

/**
 * cdr_text_nearer(word, known, best):
 * May somebody who wrote ${word} have meant ${known}, and more likely than what was found before? Case does not matter, and
 * '-' and ' ' are like '_'.
 *
 * best   in/out   the smallest distance so far; SIZE_MAX at first
 */
bool cdr_text_nearer(const char *word, const char *known, size_t *best);

#endif
