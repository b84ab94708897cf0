#ifndef CDR_CORE_IDENTITY_WORDS_H
#define CDR_CORE_IDENTITY_WORDS_H

/* Parts of names that are no names, or that belong to the part beside them. For the files of this folder. */

#include "core/error.h"

#define CDR_WORD_LEN 18        /* bytes of one word with its NUL */
#define CDR_WORD_TARGET_LEN 12 /* bytes of what it stands for, with its NUL */

enum cdr_word_kind {
	CDR_WORD_PARTICLE = 1 << 0, /* al, bin, van, de: dropped while two parts remain */
	CDR_WORD_TITLE = 1 << 1,    /* dr, mrs: the same */
	CDR_WORD_SERVANT = 1 << 2,  /* abd, abdul: joins the part after it */
	CDR_WORD_FATHER = 1 << 3,   /* abu, mac: joins the part after it where three or more names stand */
	CDR_WORD_SUFFIX = 1 << 4,   /* uddin, allah: joins the part before it */
	CDR_WORD_SAME = 1 << 5,     /* stands for its target: mohd, mohammed */
	CDR_WORD_ARTICLE = 1 << 6,  /* what al- or el- is written together with: sayed in Elsayed */
	CDR_WORD_SYLLABLE = 1 << 7, /* a syllable of Korean as people spell it */
	CDR_WORD_TAIL = 1 << 8,     /* the end of a longer part that stands for its target: nureddin, nurdin */
	CDR_WORD_ORDER = 1 << 9,    /* a family name of East Asia that may stand first */
	CDR_WORD_FIRST = 1 << 10,   /* of an Ethiopian name of two words, gebre mariam, which is also written as one */
	CDR_WORD_SECOND = 1 << 11,
	CDR_WORD_GLUED = 1 << 12,   /* a particle that is often written together with the name: delacruz, vandenberg */
};

struct cdr_word {
	uint32_t kinds;     /* enum cdr_word_kind; 0: an ordinary name */
	const char *target; /* in read-only data; empty where there is none */
};

/* What is known about one part, a-z with a NUL. */
struct cdr_word cdr_word_find(const char *text);

#endif
