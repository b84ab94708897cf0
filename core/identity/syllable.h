#ifndef CDR_CORE_IDENTITY_SYLLABLE_H
#define CDR_CORE_IDENTITY_SYLLABLE_H

/* Vowels that a script does not write where they are spoken, or writes where they are not. For translit.c. */

#include "core/identity/translit.h"

/* A word that is being read, and the class of each letter (enum cdr_translit_context). */
struct cdr_word_letters {
	uint32_t *cps;
	uint8_t class[CDR_WORD_LETTERS_MAX];
	size_t count;
	uint64_t silent; /* bit i: the vowel that letter i puts out by itself is not spoken */
	uint64_t add_a;  /* bit i: an a is spoken after letter i */
	uint64_t add_o;
};

/**
 * cdr_syllable_schwa(word):
 * Hindi and its neighbours: the vowel of a consonant is silent where a vowel stands before it and a consonant with a
 * vowel after it (manamohana: manmohan). From the right, so that of two in a row the second goes.
 *
 * Source  M. Ohala, Aspects of Hindi Phonology (1983), rule of schwa deletion.
 */
void cdr_syllable_schwa(struct cdr_word_letters *word);

/**
 * cdr_syllable_thai(word):
 * Thai: take out what is silenced, move vowels behind their consonants, and find where a vowel is spoken between
 * consonants: o in a closed syllable, a in an open one.
 */
void cdr_syllable_thai(struct cdr_word_letters *word);

#endif
