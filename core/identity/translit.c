#include "core/identity/translit.h"

#include <string.h>

#include "core/identity/syllable.h"
#include "core/identity/tables.h"

#define HEADER_LEN 16
#define LETTER_LEN 12
#define CP_MASK 0xffffffu
#define ANY 0xff /* a rule that takes every context */

/* One letter of a table. */
struct letter {
	uint32_t fold;
	uint32_t rules; /* offset; 0: none */
	uint8_t class;
};

/* The place of a word that is being read. */
struct reader {
	const struct cdr_translit *table;
	struct cdr_word_letters word;
	size_t at;
	char *out;
	size_t out_size, used;
};

static const uint8_t *
file(void)
{
	return cdr_table_bytes(CDR_TABLE_TRANSLIT).data;
}

/* Find a letter. One that the table does not have is of no class, without rules, and stands for itself; a mark for
 * nothing. */
static struct letter
find(const struct cdr_translit *table, uint32_t cp)
{
	const uint8_t *letters = file() + table->letters_offset;
	size_t low = 0, high = table->letter_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t found = cdr_read32(letters, LETTER_LEN * middle);

		if (found == cp) {
			uint32_t word = cdr_read32(letters, LETTER_LEN * middle + 4);

			return (struct letter){ word & CP_MASK, cdr_read32(letters, LETTER_LEN * middle + 8),
				(uint8_t)(word >> 24) };
		}
		if (found < cp)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct letter){ cdr_char_lookup(cp).kind == CDR_CHAR_MARK ? CDR_TRANSLIT_DROP : cp, 0, 0 };
}

static bool
detects(const struct cdr_translit *table, const uint32_t *cps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < table->detect_count; j++)
			if (cdr_read32(file(), table->detect_offset + 4 * j) == cps[i])
				return true;
	return false;
}

/* see core/identity/translit.h */
bool
cdr_translit_choose(enum cdr_script script, const uint32_t *cps, size_t count, struct cdr_translit *table)
{
	for (size_t i = cdr_read32(file(), 0); i > 0; i--) {
		const uint8_t *header = file() + 4 + HEADER_LEN * (i - 1);
		uint32_t word = cdr_read32(header, 0);

		if ((word & 0xff) != (uint32_t)script)
			continue;
		*table = (struct cdr_translit){
			.script = (uint8_t)script,
			.flags = (uint8_t)(word >> 8),
			.detect_count = (uint16_t)(word >> 16),
			.detect_offset = cdr_read32(header, 4),
			.letters_offset = cdr_read32(header, 8),
			.letter_count = cdr_read32(header, 12),
		};
		if (table->detect_count == 0 || detects(table, cps, count))
			return true;
	}
	return false;
}

/* see core/identity/translit.h */
size_t
cdr_translit_fold(const struct cdr_translit *table, uint32_t *cps, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t fold = find(table, cps[i]).fold;

		if (fold != CDR_TRANSLIT_DROP)
			cps[used++] = fold;
	}
	return used;
}

static void
emit(struct reader *reader, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++, reader->used++)
		if (reader->used + 1 < reader->out_size)
			reader->out[reader->used] = text[i];
}

static bool
is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* The classes of what stands before the place. */
static unsigned
left_classes(const struct reader *reader)
{
	unsigned classes = 0;

	if (reader->at == 0)
		return CDR_CONTEXT_EDGE;
	if (reader->used > 0 && reader->used < reader->out_size)
		classes = is_vowel(reader->out[reader->used - 1]) ? CDR_CONTEXT_VOWEL : CDR_CONTEXT_CONSONANT;
	return classes | (reader->word.class[reader->at - 1] & ~(unsigned)(CDR_CONTEXT_VOWEL | CDR_CONTEXT_CONSONANT));
}

/* The class of what stands at ${place}. */
static unsigned
right_class(const struct reader *reader, size_t place)
{
	const struct cdr_word_letters *word = &reader->word;

	if (place == word->count)
		return CDR_CONTEXT_EDGE;
	if ((reader->table->flags & CDR_TRANSLIT_CLOSING) && place + 1 < word->count &&
	    word->class[place] == CDR_CONTEXT_CONSONANT && word->class[place + 1] == CDR_CONTEXT_VIRAMA)
		return CDR_CONTEXT_U;
	return word->class[place];
}

/* Whether the letters after the first of a segment are ${rest}. */
static bool
segment_fits(const uint32_t *cps, size_t count, const uint8_t *rest, size_t length)
{
	if (length > count)
		return false;
	for (size_t i = 1; i < length; i++)
		if (cdr_read32(rest, 4 * (i - 1)) != cps[i])
			return false;
	return true;
}

/* The first rule that fits: they stand longest segment first, then narrowest context. NULL: there is none. */
static const uint8_t *
find_rule(const struct reader *reader)
{
	const struct cdr_word_letters *word = &reader->word;
	uint32_t offset = find(reader->table, word->cps[reader->at]).rules;
	unsigned left = left_classes(reader);

	for (const uint8_t *rule = file() + offset; offset != 0 && rule[0] != CDR_TRANSLIT_END;
	     rule += 4 + 4 * (size_t)(rule[0] - 1) + rule[3]) {
		if ((rule[1] & left) == 0 && rule[1] != ANY)
			continue;
		if (!segment_fits(word->cps + reader->at, word->count - reader->at, rule + 4, rule[0]))
			continue;
		if ((rule[2] & right_class(reader, reader->at + rule[0])) != 0 || rule[2] == ANY)
			return rule;
	}
	return NULL;
}

/* Read one segment, and put out what the syllable adds or takes. A letter without a rule is passed over. */
static void
step(struct reader *reader)
{
	const struct cdr_word_letters *word = &reader->word;
	const uint8_t *rule = find_rule(reader);
	uint64_t last;

	if (rule == NULL) {
		reader->at++;
		return;
	}
	reader->at += rule[0];
	last = (uint64_t)1 << (reader->at - 1);
	emit(reader, (const char *)rule + 4 + 4 * (size_t)(rule[0] - 1), rule[3]);
	if ((word->silent & last) && rule[3] > 0 && rule[3 + 4 * (size_t)(rule[0] - 1) + rule[3]] == 'a')
		reader->used--;
	if (word->add_a & last)
		emit(reader, "a", 1);
	if (word->add_o & last)
		emit(reader, "o", 1);
}

/* see core/identity/translit.h */
size_t
cdr_translit_word(const struct cdr_translit *table, uint32_t *cps, size_t count, char *out, size_t out_size)
{
	struct reader reader = {
		.table = table, .word = { .cps = cps, .count = count }, .out = out, .out_size = out_size
	};
	size_t used;

	for (size_t i = 0; i < count; i++)
		reader.word.class[i] = find(table, cps[i]).class;
	if (table->flags & CDR_TRANSLIT_SCHWA)
		cdr_syllable_schwa(&reader.word);
	if (table->flags & CDR_TRANSLIT_IMPLIED)
		cdr_syllable_thai(&reader.word);
	while (reader.at < reader.word.count)
		step(&reader);
	used = reader.used;
	out[used < out_size ? used : out_size - 1] = '\0';
	return used;
}

/* Whether the table knows the whole word by heart. */
static bool
knows_word(const struct cdr_translit *table, const uint32_t *cps, size_t count)
{
	uint32_t offset = count == 0 ? 0 : find(table, cps[0]).rules;

	for (const uint8_t *rule = file() + offset; offset != 0 && rule[0] != CDR_TRANSLIT_END;
	     rule += 4 + 4 * (size_t)(rule[0] - 1) + rule[3])
		if (rule[0] == count && rule[1] == CDR_CONTEXT_EDGE && rule[2] == CDR_CONTEXT_EDGE &&
		    segment_fits(cps, count, rule + 4, count))
			return true;
	return false;
}

#define ALEF 0x627u
#define LAM 0x644u
static const uint32_t servant_of[] = { 0x639, 0x628, 0x62f, ALEF, LAM }; /* عبدال */
static const uint32_t the_faith[] = { ALEF, LAM, 0x62f, 0x64a, 0x646 };  /* الدين */
static const uint32_t god[] = { ALEF, LAM, LAM, 0x647 };                 /* الله */

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool
ends_with(const uint32_t *cps, size_t count, const uint32_t *tail, size_t tail_count)
{
	return count >= tail_count && memcmp(cps + count - tail_count, tail, tail_count * sizeof *tail) == 0;
}

/* see core/identity/translit.h */
size_t
cdr_translit_compound(const struct cdr_translit *table, const uint32_t *cps, size_t count)
{
	if (knows_word(table, cps, count))
		return 0;
	if (count >= LENGTH(servant_of) + 2 && memcmp(cps, servant_of, sizeof servant_of) == 0)
		return LENGTH(servant_of) - 2;
	if (count >= LENGTH(the_faith) + 2 && ends_with(cps, count, the_faith, LENGTH(the_faith)))
		return count - LENGTH(the_faith);
	if (count >= LENGTH(god) + 2 && ends_with(cps, count, god, LENGTH(god)))
		return count - LENGTH(god);
	return 0;
}

/* see core/identity/translit.h */
size_t
cdr_translit_article(const struct cdr_translit *table, const uint32_t *cps, size_t count)
{
	return count >= 5 && cps[0] == ALEF && cps[1] == LAM && !knows_word(table, cps, count) ? 2 : 0;
}
