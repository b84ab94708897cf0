#include "core/identity/parts.h"

#include <string.h>
#include <utf8proc.h>

#include "core/crypto/secret.h"
#include "core/identity/han.h"
#include "core/identity/tables.h"
#include "core/identity/translit.h"

/* NFKC makes at most 18 code points of one of three bytes (U+FDFA); no other makes more of a byte. */
#define TEXT_CPS_MAX (6 * CDR_NAME_TEXT_LEN_MAX)

/* Small letters before a capital that show a space left out (SergeiPrimerov), and are no MacDonald or FitzGerald. */
#define RUN_TOGETHER 4
#define COPY_LEN_MAX (CDR_NAME_TEXT_LEN_MAX + CDR_NAME_TEXT_LEN_MAX / RUN_TOGETHER)

#define HANGUL_FIRST 0xac00u
#define HANGUL_LAST 0xd7a3u
#define HANGUL_LEADS 0x1100u
#define HANGUL_VOWELS 0x1161u
#define HANGUL_TAILS 0x11a7u
#define IDEOGRAPH_AGAIN 0x3005u /* repeats the ideograph before it */

/* A name that is being read. */
struct text {
	uint32_t *cps;
	size_t count;
	unsigned flags; /* enum cdr_parts_read */
	size_t word_count;
	struct cdr_translit table[CDR_SCRIPT_COUNT]; /* that of the language of the name, once it was chosen */
	struct cdr_parts *parts;
};

/* One part that is being put together from the scripts in a word. */
struct part {
	char text[CDR_PART_LEN];
	size_t len; /* may pass CDR_PART_LEN - 1: then it was cut */
};

static bool
is_ascii_letter(uint32_t cp)
{
	return cp >= 'a' && cp <= 'z';
}

/* Copy what is text, without what is dropped, and with a space where one was left out. */
static cdr_err
clean(const char *utf8, size_t len, uint8_t copy[static COPY_LEN_MAX], size_t *copy_len, struct cdr_fault *fault)
{
	size_t small = 0; /* letters in a row, of ASCII */

	*copy_len = 0;
	for (size_t at = 0; at < len;) {
		utf8proc_int32_t cp;
		utf8proc_ssize_t n = utf8proc_iterate((const uint8_t *)utf8 + at, (utf8proc_ssize_t)(len - at), &cp);
		struct cdr_char c;

		if (n <= 0)
			return cdr_fault_set(fault, CDR_E_INPUT, "The name is not valid UTF-8 at byte %zu.", at + 1);
		c = cdr_char_lookup((uint32_t)cp);
		if (c.kind == CDR_CHAR_UNASSIGNED)
			return cdr_fault_set(fault, CDR_E_INPUT,
			    "The name holds U+%04X, which Unicode 15.0 does not assign. Type the name anew.",
			    (unsigned)cp);
		if (cp >= 'A' && cp <= 'Z' && small >= RUN_TOGETHER)
			copy[(*copy_len)++] = ' ';
		small = is_ascii_letter((uint32_t)cp) ? small + 1 : 0;
		if (c.kind != CDR_CHAR_DROPPED) {
			memcpy(copy + *copy_len, utf8 + at, (size_t)n);
			*copy_len += (size_t)n;
		}
		at += (size_t)n;
	}
	return CDR_OK;
}

/* NFKC and case folding. Both are stable for code points that are assigned, whatever the version of the library. */
static cdr_err
fold_text(const uint8_t *utf8, size_t len, uint32_t cps[static TEXT_CPS_MAX], size_t *count, struct cdr_fault *fault)
{
	const utf8proc_option_t options = UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STABLE | UTF8PROC_CASEFOLD;
	utf8proc_int32_t *buffer = (utf8proc_int32_t *)cps;
	utf8proc_ssize_t n = utf8proc_decompose(utf8, (utf8proc_ssize_t)len, buffer, TEXT_CPS_MAX, options);

	if (n < 0 || n > TEXT_CPS_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "The name cannot be normalised.");
	n = utf8proc_normalize_utf32(buffer, n, options);
	if (n < 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "The name cannot be normalised.");
	*count = (size_t)n;
	return CDR_OK;
}

static void
put(struct part *part, const char *text)
{
	for (; *text != '\0'; text++, part->len++)
		if (part->len + 1 < CDR_PART_LEN)
			part->text[part->len] = *text;
}

/* Keep a part that has letters. */
static void
keep_part(struct cdr_parts *parts, const struct part *part, bool is_family)
{
	if (part->len == 0)
		return;
	if (parts->count == CDR_PARTS_MAX) {
		parts->notes |= CDR_NOTE_MANY_PARTS;
		return;
	}
	if (part->len >= CDR_PART_LEN)
		parts->notes |= CDR_NOTE_CUT;
	memset(parts->part[parts->count], 0, CDR_PART_LEN);
	memcpy(parts->part[parts->count], part->text, CDR_PART_LEN - 1);
	parts->is_family[parts->count++] = is_family;
}

/* The script of a letter or mark, CDR_SCRIPT_NONE for what all scripts share. */
static enum cdr_script
script_of(uint32_t cp)
{
	return is_ascii_letter(cp) ? CDR_SCRIPT_LATIN : cdr_script_of(cp);
}

/* Hangul syllables to the letters that they are made of (Unicode 15.0, section 3.12). */
static size_t
spell_hangul(const uint32_t *cps, size_t count, uint32_t out[static CDR_WORD_LETTERS_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < count && used + 3 <= CDR_WORD_LETTERS_MAX; i++) {
		uint32_t s = cps[i] - HANGUL_FIRST;

		if (cps[i] < HANGUL_FIRST || cps[i] > HANGUL_LAST) {
			out[used++] = cps[i];
			continue;
		}
		out[used++] = HANGUL_LEADS + s / 588;
		out[used++] = HANGUL_VOWELS + s % 588 / 28;
		if (s % 28 != 0)
			out[used++] = HANGUL_TAILS + s % 28;
	}
	return used;
}

/* Read ideographs. */
static void
read_han(struct text *text, const uint32_t *cps, size_t count, struct part *part)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t cp = cps[i] == IDEOGRAPH_AGAIN && i > 0 ? cps[i - 1] : cps[i];
		const char *reading = cdr_han_reading(cp);

		if (reading == NULL)
			text->parts->notes |= CDR_NOTE_IDEOGRAPH;
		else
			put(part, reading);
	}
}

/* The table for one script in this name; NULL where there is none. */
static const struct cdr_translit *
table_for(struct text *text, enum cdr_script script)
{
	struct cdr_translit *table = &text->table[script];

	if (table->script == CDR_SCRIPT_NONE && !cdr_translit_choose(script, text->cps, text->count, table))
		return NULL;
	return table;
}

/* Read letters of one script into ${part}, with the table of the language of the name. */
static void
read_run(struct text *text, enum cdr_script script, const uint32_t *cps, size_t count, struct part *part)
{
	const struct cdr_translit *table;
	uint32_t word[CDR_WORD_LETTERS_MAX];
	char out[2 * CDR_PART_LEN];
	size_t length = count < CDR_WORD_LETTERS_MAX ? count : CDR_WORD_LETTERS_MAX;

	if (script == CDR_SCRIPT_HAN) {
		read_han(text, cps, count, part);
		return;
	}
	table = table_for(text, script);
	if (table == NULL) {
		text->parts->notes |= CDR_NOTE_NO_TABLE;
		text->parts->scripts_without_table |= (uint64_t)1 << script;
		return;
	}
	if (length < count)
		text->parts->notes |= CDR_NOTE_CUT;
	if (script == CDR_SCRIPT_HANGUL) {
		length = spell_hangul(cps, length, word);
	} else {
		memcpy(word, cps, length * sizeof *word);
		length = cdr_translit_fold(table, word, length);
	}
	if (length > 0) {
		(void)cdr_translit_word(table, word, length, out, sizeof out);
		put(part, out);
	}
	cdr_wipe(word, sizeof word);
	cdr_wipe(out, sizeof out);
}

/* Read a piece of a word that makes one part. Runs of different scripts in it are read each with its own table. */
static void
read_part(struct text *text, const uint32_t *cps, size_t count, bool is_family)
{
	struct part part = { .len = 0 };

	for (size_t start = 0, end; start < count; start = end) {
		enum cdr_script script = script_of(cps[start]);

		for (end = start + 1; end < count; end++) {
			enum cdr_script next = script_of(cps[end]);

			if (next != CDR_SCRIPT_NONE && script != CDR_SCRIPT_NONE && next != script)
				break;
			if (script == CDR_SCRIPT_NONE)
				script = next;
		}
		if (script == CDR_SCRIPT_NONE)
			continue;
		text->parts->letters[script] += end - start;
		read_run(text, script, cps + start, end - start, &part);
	}
	keep_part(text->parts, &part, is_family);
	cdr_wipe(&part, sizeof part);
}

/* Whether a word is of ${script} throughout. */
static bool
all_of(const uint32_t *cps, size_t count, enum cdr_script script)
{
	for (size_t i = 0; i < count; i++)
		if (script_of(cps[i]) != script)
			return false;
	return true;
}

/* How many characters of a word of Han or Hangul are the family name; 0: not known, or no more than one is there. */
static size_t
family_len(const uint32_t *cps, size_t count, bool is_han)
{
	const char *reading[2];

	if (count < 2 || count > 4)
		return 0;
	if (count > 2 && cdr_han_family(cps, count, reading) == 2)
		return 2;
	/* Four ideographs: two and two in Japan, and where a wife puts her husband's name before her own. */
	return is_han && count == 4 ? 2 : 1;
}

/* The part that a family name of ideographs makes: some are read otherwise than elsewhere. */
static void
read_han_family(struct text *text, const uint32_t *cps, size_t count)
{
	const char *reading[2] = { NULL, NULL };
	struct part part = { .len = 0 };
	size_t known = cdr_han_family(cps, count, reading);

	for (size_t i = 0; i < known; i++)
		put(&part, reading[i]);
	read_han(text, cps + known, count - known, &part);
	text->parts->letters[CDR_SCRIPT_HAN] += count;
	keep_part(text->parts, &part, true);
	cdr_wipe(&part, sizeof part);
}

/* A word of Han or Hangul: where it is a whole name, its family name makes a part of its own. */
static void
read_east_asian(struct text *text, const uint32_t *cps, size_t count, size_t word, bool is_han)
{
	bool is_family = (text->flags & CDR_PARTS_FAMILY) != 0;
	bool whole = (text->flags & CDR_PARTS_WHOLE) != 0;
	size_t family = whole && text->word_count == 1 ? family_len(cps, count, is_han) : 0;

	if (whole && word == 0 && text->word_count > 1) /* with spaces, the family name comes first */
		family = count;
	else if (is_family)
		family = count;
	if (family > 0 && is_han)
		read_han_family(text, cps, family);
	else if (family > 0)
		read_part(text, cps, family, true);
	if (family < count)
		read_part(text, cps + family, count - family, false);
}

/* Arabic: part عبد from what it serves, and what ends in الدين or الله from that; take the article off. */
static void
read_arabic(struct text *text, const struct cdr_translit *table, uint32_t *cps, size_t count)
{
	bool is_family = (text->flags & CDR_PARTS_FAMILY) != 0;
	size_t cut = cdr_translit_compound(table, cps, count);

	if (cut > 0) {
		read_part(text, cps, cut, is_family);
		cps += cut;
		count -= cut;
	}
	cut = cdr_translit_article(table, cps, count);
	read_part(text, cps + cut, count - cut, is_family);
}

/* Read one word: letters and marks without a break. */
static void
read_word(struct text *text, const uint32_t *cps, size_t count, size_t word)
{
	uint32_t folded[CDR_WORD_LETTERS_MAX];
	const struct cdr_translit *table;

	if (all_of(cps, count, CDR_SCRIPT_HAN)) {
		read_east_asian(text, cps, count, word, true);
	} else if (all_of(cps, count, CDR_SCRIPT_HANGUL)) {
		read_east_asian(text, cps, count, word, false);
	} else if (count <= CDR_WORD_LETTERS_MAX && script_of(cps[0]) == CDR_SCRIPT_ARABIC &&
		   (table = table_for(text, CDR_SCRIPT_ARABIC)) != NULL && (table->flags & CDR_TRANSLIT_ARTICLE)) {
		memcpy(folded, cps, count * sizeof *folded);
		read_arabic(text, table, folded, cdr_translit_fold(table, folded, count));
		cdr_wipe(folded, sizeof folded);
	} else {
		read_part(text, cps, count, (text->flags & CDR_PARTS_FAMILY) != 0);
	}
}

/* Whether ${cp} belongs to a word. Dropped ones that NFKC brought back neither belong to it nor end it. */
static bool
in_word(uint32_t cp)
{
	uint8_t kind;

	if (is_ascii_letter(cp))
		return true;
	kind = cdr_char_lookup(cp).kind;
	return kind == CDR_CHAR_LETTER || kind == CDR_CHAR_MARK;
}

/* Take out what NFKC brought back of what is dropped. Returns the new number of code points. */
static size_t
drop_again(uint32_t *cps, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (is_ascii_letter(cps[i]) || cdr_char_lookup(cps[i]).kind != CDR_CHAR_DROPPED)
			cps[used++] = cps[i];
	return used;
}

/* Find the next word from ${at}; returns false past the last one. */
static bool
next_word(const struct text *text, size_t *at, size_t *start)
{
	while (*at < text->count && !in_word(text->cps[*at]))
		(*at)++;
	*start = *at;
	while (*at < text->count && in_word(text->cps[*at]))
		(*at)++;
	return *at > *start;
}

static void
read_words(struct text *text)
{
	size_t at = 0, start, word = 0;

	while (next_word(text, &at, &start))
		text->word_count++;
	for (at = 0; next_word(text, &at, &start); word++) {
		if (text->parts->count == CDR_PARTS_MAX) {
			text->parts->notes |= CDR_NOTE_MANY_PARTS;
			return;
		}
		read_word(text, text->cps + start, at - start, word);
	}
}

/* see core/identity/parts.h */
cdr_err
cdr_parts_read(const char *utf8, size_t len, unsigned flags, struct cdr_parts *parts, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t copy[COPY_LEN_MAX];
	uint32_t cps[TEXT_CPS_MAX];
	size_t copy_len = 0, count = 0;
	struct text text;

	if (len > CDR_NAME_TEXT_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "The name is longer than %d bytes.", CDR_NAME_TEXT_LEN_MAX);
	CDR_TRY(clean(utf8, len, copy, &copy_len, fault));
	CDR_TRY(fold_text(copy, copy_len, cps, &count, fault));
	text = (struct text){ .cps = cps, .count = drop_again(cps, count), .flags = flags, .parts = parts };
	read_words(&text);
	err = CDR_OK;
out:
	cdr_wipe(copy, copy_len);
	cdr_wipe(cps, count * sizeof *cps);
	return err;
}
