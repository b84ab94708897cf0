#include "core/identity/syllable.h"

#include <string.h>

#define THAI_O_ANG 0xe2du   /* อ: bears a vowel at the start of a syllable, and is one within it */
#define THAI_HO_HIP 0xe2bu  /* ห: silent before what hums, where it only sets the tone */
#define THAI_RO_RUEA 0xe23u /* ร: two of them are a vowel */

static uint64_t
bit(size_t i)
{
	return (uint64_t)1 << i;
}

static bool
is_consonant(const struct cdr_word_letters *word, size_t i)
{
	return i < word->count && (word->class[i] & (CDR_CONTEXT_CONSONANT | CDR_CONTEXT_O));
}

/* see core/identity/syllable.h */
void
cdr_syllable_schwa(struct cdr_word_letters *word)
{
	for (size_t i = word->count; i-- > 1;) {
		bool bare = is_consonant(word, i) && is_consonant(word, i + 1);
		bool vowel_before = !(word->class[i - 1] & (CDR_CONTEXT_VIRAMA | CDR_CONTEXT_U));
		bool vowel_after =
		    i + 2 < word->count && word->class[i + 2] != CDR_CONTEXT_VIRAMA && !(word->silent & bit(i + 1));

		if (bare && vowel_before && vowel_after)
			word->silent |= bit(i);
	}
}

static void
remove_letters(struct cdr_word_letters *word, size_t at, size_t count)
{
	word->count -= count;
	memmove(&word->cps[at], &word->cps[at + count], (word->count - at) * sizeof *word->cps);
	memmove(&word->class[at], &word -> class[at + count], word -> count - at);
}

/* A mark of silence takes the consonant before it away, and a vowel sign between them. */
static void
remove_silenced(struct cdr_word_letters *word)
{
	for (size_t i = 0; i < word->count; i++) {
		size_t first = i;

		if (word->class[i] != CDR_CONTEXT_VIRAMA)
			continue;
		if (first > 0 && word->class[first - 1] == CDR_CONTEXT_SIGN)
			first--;
		if (first > 0)
			first--;
		remove_letters(word, first, i - first + 1);
		i = first - (first > 0);
	}
}

/* Whether the letter is written before the consonant after which it is spoken. */
static bool
is_early_vowel(const struct cdr_word_letters *word, size_t i)
{
	return i < word->count && word->class[i] == CDR_CONTEXT_O;
}

static bool
is_sign(const struct cdr_word_letters *word, size_t i)
{
	return i < word->count && word->class[i] == CDR_CONTEXT_SIGN;
}

/* ง ญ ณ น ม ย ร ล ว ฬ */
static bool
hums(uint32_t cp)
{
	static const uint32_t humming[] = { 0xe07, 0xe0d, 0xe13, 0xe19, 0xe21, 0xe22, 0xe23, 0xe25, 0xe27, 0xe2c };

	for (size_t i = 0; i < sizeof humming / sizeof *humming; i++)
		if (humming[i] == cp)
			return true;
	return false;
}

static void
remove_tone_letters(struct cdr_word_letters *word)
{
	for (size_t i = 0; i + 2 < word->count; i++)
		if (word->cps[i] == THAI_HO_HIP && hums(word->cps[i + 1]) &&
		    (is_sign(word, i + 2) || (i > 0 && is_early_vowel(word, i - 1))))
			remove_letters(word, i, 1);
}

static void
move_early_vowels(struct cdr_word_letters *word)
{
	for (size_t i = 0; i + 1 < word->count; i++)
		if (is_early_vowel(word, i) && word->class[i + 1] == CDR_CONTEXT_CONSONANT) {
			uint32_t vowel = word->cps[i];

			word->cps[i] = word->cps[i + 1];
			word->cps[i + 1] = vowel;
			word->class[i] = CDR_CONTEXT_CONSONANT;
			word->class[i + 1] = CDR_CONTEXT_O;
			i++;
		}
}

/* Whether the letter is a vowel now that all stand in spoken order. */
static bool
is_vowel(const struct cdr_word_letters *word, size_t i)
{
	uint32_t cp = word->cps[i];

	if (word->class[i] != CDR_CONTEXT_CONSONANT)
		return true;
	if (cp == THAI_O_ANG)
		return i > 0 && !is_sign(word, i + 1) && !is_early_vowel(word, i + 1);
	return cp == THAI_RO_RUEA && i > 0 &&
	       (word->cps[i - 1] == cp || (i + 1 < word->count && word->cps[i + 1] == cp));
}

/* see core/identity/syllable.h */
void
cdr_syllable_thai(struct cdr_word_letters *word)
{
	bool after_vowel = false;

	remove_silenced(word);
	remove_tone_letters(word);
	move_early_vowels(word);
	for (size_t i = 0, end; i < word->count; i = end + 1) {
		size_t first = i;

		/* Consonants without a vowel of their own, from i to end. */
		for (end = i;
		     end < word->count && !is_vowel(word, end) && !(end + 1 < word->count && is_vowel(word, end + 1));
		     end++)
			;
		/* An odd one closes the syllable before, or opens one with a; the rest are pairs around an o. */
		if ((end - first) % 2 == 1) {
			word->add_a |= after_vowel ? 0 : bit(first);
			first++;
		}
		for (; first < end; first += 2)
			word->add_o |= bit(first);
		after_vowel = true;
	}
}
