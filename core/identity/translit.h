#ifndef CDR_CORE_IDENTITY_TRANSLIT_H
#define CDR_CORE_IDENTITY_TRANSLIT_H

/*
 * From a word of any script to letters a to z, with the frozen tables: at each letter the longest segment that fits,
 * and among those of one length the one whose context is narrowest. For the files of this folder.
 */

#include "core/identity/script.h"

/* What stands beside a segment. A rule names the classes that it allows on its left and on its right. */
enum cdr_translit_context {
	CDR_CONTEXT_EDGE = 1 << 0,  /* the edge of the word */
	CDR_CONTEXT_VOWEL = 1 << 1, /* left: the last letter put out is a vowel; right: a vowel letter */
	CDR_CONTEXT_CONSONANT = 1 << 2,
	CDR_CONTEXT_SIGN = 1 << 3,   /* a vowel sign */
	CDR_CONTEXT_VIRAMA = 1 << 4, /* a sign that takes the vowel away */
	CDR_CONTEXT_SOFT = 1 << 5,   /* three more, of which each table makes its own use */
	CDR_CONTEXT_O = 1 << 6,
	CDR_CONTEXT_U = 1 << 7,
};

enum cdr_translit_flag {
	CDR_TRANSLIT_IMPLIED = 1 << 0, /* Thai: vowels are moved behind their consonants, unwritten ones put in */
	CDR_TRANSLIT_SCHWA = 1 << 1,   /* Hindi: some vowels of consonants are silent within a word */
	CDR_TRANSLIT_CLOSING = 1 << 3, /* Burmese: a consonant before a virama is of class U to what stands before it */
	CDR_TRANSLIT_ARTICLE = 1 << 2, /* a leading al- is taken off, and words written together are parted: Arabic */
};

#define CDR_TRANSLIT_DROP 0xffffffu /* a letter that folds to nothing */
#define CDR_TRANSLIT_END 0xffu      /* after the last rule of a letter */
#define CDR_TRANSLIT_OUT_MAX 24     /* letters that one rule puts out */
#define CDR_WORD_LETTERS_MAX 64     /* letters of one word that are read; the rest is cut */

/* One table: a script, or one of its languages. */
struct cdr_translit {
	uint8_t script;
	uint8_t flags;
	uint16_t detect_count;
	uint32_t detect_offset;
	uint32_t letters_offset;
	uint32_t letter_count;
};

/**
 * cdr_translit_choose(script, cps, count, table):
 * The table for the words of ${script} in a name: the last one in the file that has a letter of its own which occurs in
 * the name, or else the table of the script that claims no letters.
 *
 * Returns  true; false where the script has no table.
 */
bool cdr_translit_choose(enum cdr_script script, const uint32_t *cps, size_t count, struct cdr_translit *table);

/**
 * cdr_translit_fold(table, cps, count):
 * Replace each letter by the one that ${table} reads it as, in place, and take out what reads as nothing.
 *
 * Returns  the new number of code points.
 */
size_t cdr_translit_fold(const struct cdr_translit *table, uint32_t *cps, size_t count);

/**
 * cdr_translit_word(table, cps, count, out, out_size):
 * Transliterate one word, folded before, of one script.
 *
 * cps     in, personal   1 .. CDR_WORD_LETTERS_MAX letters and marks; changed where vowels are moved
 * out     out            a-z with a NUL
 *
 * Returns  the number of letters put out; more than out_size - 1 where the word was cut.
 */
size_t cdr_translit_word(const struct cdr_translit *table, uint32_t *cps, size_t count, char *out, size_t out_size);

/**
 * cdr_translit_compound(table, cps, count):
 * Where an Arabic word is two that are written together (عبدالرحمن, نورالدين, نصرالله), the letters of the first.
 *
 * Returns  0 where it is one word.
 */
size_t cdr_translit_compound(const struct cdr_translit *table, const uint32_t *cps, size_t count);

/**
 * cdr_translit_article(table, cps, count):
 * The letters of the article at the start of an Arabic word of five letters and more, unless the table knows the word
 * as a name.
 *
 * Returns  2 or 0.
 */
size_t cdr_translit_article(const struct cdr_translit *table, const uint32_t *cps, size_t count);

#endif
