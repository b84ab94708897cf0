#ifndef CDR_NODE_MEMBER_GUEST_TEXT_H
#define CDR_NODE_MEMBER_GUEST_TEXT_H

/* Sentences about guests for HR, in four languages: data/guest.tsv. */

#include "core/error.h"

#define CDR_GUEST_SENTENCE_LEN 1024

/**
 * cdr_guest_sentence(key, language, values, out):
 * The sentence ${key} in "en", "fr", "es" or "ar" (else English), with {0}, {1} … replaced by ${values}, a list that ends with NULL.
 * What does not fit is cut off; an unknown key gives an empty text.
 *
 * out   out, may be personal   CDR_GUEST_SENTENCE_LEN bytes
 *
 * Returns  out.
 */
const char *cdr_guest_sentence(const char *key, const char *language, const char *const *values,
    char out[static CDR_GUEST_SENTENCE_LEN]);

#endif
