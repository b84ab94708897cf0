#ifndef CDR_CORE_IDENTITY_SKELETON_H
#define CDR_CORE_IDENTITY_SKELETON_H

/*
 * Two codes of a name part: what is left of it when the spelling is forgotten.
 *
 * S1 reads the letters the Latin way, and forgives a slip: doubled letters, silent letters, vowels.
 * S2 reads them the Semitic and Slavic way, and forgives a transliteration: which of several Latin
 * spellings a clerk chose for a consonant that the Latin alphabet does not have.
 * Both are part of the scheme version; tests/vectors/skeleton.tsv publishes what they give.
 */

#include "core/error.h"

#define CDR_SKELETON_LEN 16 /* bytes of a code with its NUL */

/**
 * cdr_skeleton_latin(part, code) and cdr_skeleton_semitic(part, code):
 * The code S1 (S2) of one name part.
 *
 * part  in, secret   letters a to z with a closing NUL; other characters are passed over
 * code  out, secret  capital letters and '0', at most CDR_SKELETON_LEN - 1 of them; never empty unless part has no letter
 */
void cdr_skeleton_latin(const char *part, char code[static CDR_SKELETON_LEN]);
void cdr_skeleton_semitic(const char *part, char code[static CDR_SKELETON_LEN]);

#endif
