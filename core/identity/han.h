#ifndef CDR_CORE_IDENTITY_HAN_H
#define CDR_CORE_IDENTITY_HAN_H

/* Readings of ideographs (Mandarin, without tones), and family names among them. For the files of this folder. */

#include "core/error.h"

#define CDR_HAN_SYLLABLES_MAX 512
#define CDR_HAN_SYLLABLE_LEN 8 /* bytes of one syllable with its NUL */
#define CDR_HAN_PAGES 0x324    /* of 256 code points */
#define CDR_HAN_PAGE_LEN 288   /* bytes of one: nine bits a code point */

/**
 * cdr_han_reading(cp):
 * The syllable of one ideograph.
 *
 * Returns  a-z with a NUL, in read-only data; NULL where no reading is known.
 */
const char *cdr_han_reading(uint32_t cp);

/**
 * cdr_han_family(cps, count, reading):
 * Whether a name begins with a family name of two ideographs, or with one that is read otherwise than the same
 * ideograph elsewhere.
 *
 * reading  out      the syllables of the one or two ideographs
 *
 * Returns  2 or 1, the number of ideographs; 0 where there is neither.
 */
size_t cdr_han_family(const uint32_t *cps, size_t count, const char *reading[static 2]);

/**
 * cdr_han_is_syllable(text):
 * Whether ${text} is a whole syllable of Mandarin.
 */
bool cdr_han_is_syllable(const char *text);

#endif
