#ifndef CDR_CORE_RECORD_WORDS_H
#define CDR_CORE_RECORD_WORDS_H

/* Sentences that go with figures, in English, French, Spanish and Arabic: data/release.json. */

#include "core/error.h"

struct cdr_words;

/* Returns  CDR_OK; CDR_E_MEMORY. The caller ends *words with cdr_words_free. */
CDR_MUST_CHECK cdr_err cdr_words_new(struct cdr_words **words);
void cdr_words_free(struct cdr_words *words);

/* The sentence of that name in ${language}, else in English; "" if there is none of that name. */
const char *cdr_words_peek(const struct cdr_words *words, const char *name, const char *language);

#endif
