#ifndef CDR_NODE_MEMBER_TEXTS_H
#define CDR_NODE_MEMBER_TEXTS_H

/* Texts for people that are longer than a label, in English, French, Spanish and Arabic: data/texts.json. */

/* The text of that name in "en", "fr", "es", "ar" (any other language: English). "" if there is none of that name. Any thread. */
const char *cdr_texts_peek(const char *name, const char *language);

#endif
