#include "core/identity/generate/generate.h"

#include <stdlib.h>
#include <string.h>

#include "core/identity/han.h"
#include "core/identity/script.h"

#define LAST_IDEOGRAPH 0x323af

static char syllables[CDR_HAN_SYLLABLES_MAX][CDR_HAN_SYLLABLE_LEN];
static size_t syllable_count;
static uint16_t reading[LAST_IDEOGRAPH + 1]; /* 1 + index of the syllable; 0: none */

static int
compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* 1 + the index of a syllable; 0 for an empty one or what is no syllable. */
static uint16_t
syllable_index(const char *text, bool add)
{
	if (text[0] == '\0' || strlen(text) >= CDR_HAN_SYLLABLE_LEN)
		return 0;
	for (size_t i = 0; i < syllable_count; i++)
		if (strcmp(syllables[i], text) == 0)
			return (uint16_t)(i + 1);
	if (!add)
		gen_die("syllable %s has no number", text);
	if (syllable_count == CDR_HAN_SYLLABLES_MAX)
		gen_die("too many syllables");
	snprintf(syllables[syllable_count++], CDR_HAN_SYLLABLE_LEN, "%s", text);
	return (uint16_t)syllable_count;
}

static bool
is_ideograph(uint32_t cp)
{
	uint32_t folded[4];

	return cp >= 0x2e80 && gen_script(cp) == CDR_SCRIPT_HAN && gen_fold(&cp, 1, folded, 4) == 1 && folded[0] == cp;
}

/* A page: the low eight bits of each number of a syllable, then the ninth bits, eight to a byte from the lowest. */
static void
put_page(struct gen_out *out, uint32_t page)
{
	uint8_t bytes[CDR_HAN_PAGE_LEN] = { 0 };

	for (uint32_t i = 0; i < 256 && page * 256 + i <= LAST_IDEOGRAPH; i++) {
		bytes[i] = (uint8_t)reading[page * 256 + i];
		bytes[256 + i / 8] |= (uint8_t)(reading[page * 256 + i] >> 8 << i % 8);
	}
	gen_put(out, bytes, sizeof bytes);
}

/* The syllables in alphabetical order, then for each page of 256 ideographs its place, then the pages. */
static void
put_readings(struct gen_out *out)
{
	static uint8_t has_page[CDR_HAN_PAGES];
	size_t pages = 0;

	for (uint32_t cp = 0; cp <= LAST_IDEOGRAPH; cp++)
		has_page[cp >> 8] |= reading[cp] != 0;
	gen_put16(out, (unsigned)syllable_count);
	for (size_t i = 0; i < syllable_count; i++)
		gen_put(out, syllables[i], CDR_HAN_SYLLABLE_LEN);
	for (size_t page = 0; page < CDR_HAN_PAGES; page++)
		gen_put16(out, has_page[page] ? (unsigned)++pages : 0);
	for (uint32_t page = 0; page < CDR_HAN_PAGES; page++)
		if (has_page[page])
			put_page(out, page);
}

/* Family names that are read otherwise than the same ideographs elsewhere, and all of two ideographs. */
static void
put_families(struct gen_out *out, const char *rules)
{
	static struct {
		uint32_t cp[2];
		uint16_t reading[2];
	} family[1024];
	size_t count = 0;
	struct gen_lines lines;
	char path[512], text[GEN_TEXT_MAX];

	for (uint32_t cp = 0x3400; cp <= LAST_IDEOGRAPH; cp++) {
		uint16_t index;

		if (!is_ideograph(cp))
			continue;
		gen_icu("Han-Latin/Names", &cp, 1, text);
		index = syllable_index(text, true);
		if (index == 0 || index == reading[cp])
			continue;
		family[count].cp[0] = cp;
		family[count++].reading[0] = index;
	}
	snprintf(path, sizeof path, "%s/han.tsv", rules);
	gen_lines_open(&lines, path);
	while (gen_lines_next(&lines)) {
		uint32_t cps[4];
		size_t length = gen_code_points(lines.field[0], cps, 4);

		if (length != 2 || (lines.field_count != 1 && lines.field_count != 3) || count == 1024)
			gen_die("%s:%zu: not understood", path, lines.number);
		for (size_t i = 0; i < 2; i++) {
			family[count].cp[i] = cps[i];
			family[count].reading[i] =
			    lines.field_count == 3 ? syllable_index(lines.field[1 + i], false) : reading[cps[i]];
		}
		count++;
	}
	gen_put16(out, (unsigned)count);
	for (uint32_t cp = 0; cp <= LAST_IDEOGRAPH; cp++) /* in order */
		for (size_t i = 0; i < count; i++)
			if (family[i].cp[0] == cp) {
				gen_put32(out, family[i].cp[0]);
				gen_put32(out, family[i].cp[1]);
				gen_put16(out, family[i].reading[0]);
				gen_put16(out, family[i].reading[1]);
			}
	printf("  %zu family names, %zu syllables\n", count, syllable_count);
}

/* see core/identity/generate/generate.h */
void
gen_han(const char *rules, const char *data)
{
	static char sorted[CDR_HAN_SYLLABLES_MAX][CDR_HAN_SYLLABLE_LEN];
	static uint16_t moved[CDR_HAN_SYLLABLES_MAX + 1];
	struct gen_out out = { 0 }, families = { 0 };
	char text[GEN_TEXT_MAX];
	size_t count = 0;

	for (uint32_t cp = 0x2e80; cp <= LAST_IDEOGRAPH; cp++) {
		if (!is_ideograph(cp))
			continue;
		gen_icu("Han-Latin", &cp, 1, text);
		reading[cp] = syllable_index(text, true);
		count += reading[cp] != 0;
	}
	put_families(&families, rules);
	memcpy(sorted, syllables, sizeof sorted);
	qsort(sorted, syllable_count, CDR_HAN_SYLLABLE_LEN, compare_text);
	for (size_t i = 0; i < syllable_count; i++)
		for (size_t j = 0; j < syllable_count; j++)
			if (strcmp(syllables[i], sorted[j]) == 0)
				moved[i + 1] = (uint16_t)(j + 1);
	memcpy(syllables, sorted, sizeof syllables);
	for (uint32_t cp = 0; cp <= LAST_IDEOGRAPH; cp++)
		reading[cp] = moved[reading[cp]];
	put_readings(&out);
	for (size_t at = 2; at < families.len; at += 12)
		for (size_t i = 8; i < 12; i += 2) {
			uint16_t index = moved[families.data[at + i] | families.data[at + i + 1] << 8];

			families.data[at + i] = (uint8_t)index;
			families.data[at + i + 1] = (uint8_t)(index >> 8);
		}
	gen_put(&out, families.data, families.len);
	free(families.data);
	printf("  %zu ideographs\n", count);
	gen_write(&out, data, "han.bin");
}
