#ifndef CDR_CORE_IDENTITY_SCRIPT_H
#define CDR_CORE_IDENTITY_SCRIPT_H

/*
 * Which script a letter belongs to, and in which of the languages that share a script a name is written.
 * Answers come from frozen tables (Unicode 15.0), never from the Unicode library of the day.
 */

#include "core/error.h"

/* The numbers are part of the scheme: a new script goes at the end. */
enum cdr_script {
	CDR_SCRIPT_NONE = 0, /* no letter of a known script */
	CDR_SCRIPT_LATIN,
	CDR_SCRIPT_CYRILLIC,
	CDR_SCRIPT_GREEK,
	CDR_SCRIPT_ARMENIAN,
	CDR_SCRIPT_GEORGIAN,
	CDR_SCRIPT_ARABIC,
	CDR_SCRIPT_HEBREW,
	CDR_SCRIPT_SYRIAC,
	CDR_SCRIPT_THAANA,
	CDR_SCRIPT_NKO,
	CDR_SCRIPT_ADLAM,
	CDR_SCRIPT_ETHIOPIC,
	CDR_SCRIPT_TIFINAGH,
	CDR_SCRIPT_DEVANAGARI,
	CDR_SCRIPT_BENGALI,
	CDR_SCRIPT_GURMUKHI,
	CDR_SCRIPT_GUJARATI,
	CDR_SCRIPT_ORIYA,
	CDR_SCRIPT_TAMIL,
	CDR_SCRIPT_TELUGU,
	CDR_SCRIPT_KANNADA,
	CDR_SCRIPT_MALAYALAM,
	CDR_SCRIPT_SINHALA,
	CDR_SCRIPT_THAI,
	CDR_SCRIPT_MYANMAR,
	CDR_SCRIPT_HANGUL,
	CDR_SCRIPT_KANA,
	CDR_SCRIPT_HAN,
	CDR_SCRIPT_MONGOLIAN,
	CDR_SCRIPT_KHMER, /* from here on without a table: the passport's Latin form is needed */
	CDR_SCRIPT_LAO,
	CDR_SCRIPT_TIBETAN,
	CDR_SCRIPT_OTHER,
	CDR_SCRIPT_COUNT
};

/**
 * cdr_script_of(cp):
 * The script of one code point.
 *
 * Returns  CDR_SCRIPT_NONE for what is no letter or mark of any one script.
 */
enum cdr_script cdr_script_of(uint32_t cp);

/**
 * cdr_script_name(script):
 * A word for a person: "Arabic", "Khmer".
 *
 * Returns  a constant string; "unknown" outside the enumeration.
 */
const char *cdr_script_name(enum cdr_script script);

/**
 * cdr_script_has_table(script):
 * Whether names in ${script} can be transliterated. Where not, the passport's Latin form has to be asked for.
 */
bool cdr_script_has_table(enum cdr_script script);

/**
 * cdr_script_writes_vowels(script):
 * Whether the normalised form of ${script} holds the vowels that are spoken. False for Arabic, Hebrew and Syriac, where
 * the normalised parts are mostly consonants: compare their skeletons, not their letters.
 */
bool cdr_script_writes_vowels(enum cdr_script script);

/**
 * cdr_code_point_assigned(cp):
 * Whether ${cp} is an assigned character of Unicode 15.0 that may stand in text: no surrogate, no private use.
 */
bool cdr_code_point_assigned(uint32_t cp);

#endif
