#include "core/identity/generate/generate.h"

#include <stdlib.h>
#include <string.h>

#include "core/identity/words.h"

struct word {
	char text[CDR_WORD_LEN];
	unsigned kinds;
	char target[CDR_WORD_TARGET_LEN];
};

static int
compare_words(const void *a, const void *b)
{
	return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

/* see core/identity/generate/generate.h */
void
gen_words(const char *rules, const char *data)
{
	static const char *const kinds[] = { "particle", "title", "servant", "father", "suffix", "same", "article",
		"syllable", "tail", "order", "first", "second", "glued" };
	static struct word word[4096];
	struct gen_out out = { 0 };
	struct gen_lines lines;
	size_t count = 0;
	char path[512];

	snprintf(path, sizeof path, "%s/words.tsv", rules);
	gen_lines_open(&lines, path);
	while (gen_lines_next(&lines)) {
		const char *target = lines.field_count == 3 ? lines.field[2] : "";
		size_t kind = 0, at = 0;
		char *rest = lines.field[1];

		while (kind < sizeof kinds / sizeof *kinds && strcmp(kinds[kind], lines.field[0]) != 0)
			kind++;
		if (kind == sizeof kinds / sizeof *kinds || lines.field_count < 2 ||
		    strlen(target) >= CDR_WORD_TARGET_LEN)
			gen_die("%s:%zu: not understood", path, lines.number);
		for (char *text = strsep(&rest, " "); text != NULL; text = strsep(&rest, " ")) {
			if (strlen(text) >= CDR_WORD_LEN || strspn(text, "abcdefghijklmnopqrstuvwxyz") != strlen(text))
				gen_die("%s:%zu: no word: %s", path, lines.number, text);
			for (at = 0; at < count && strcmp(word[at].text, text) != 0; at++)
				;
			if (at == 4096)
				gen_die("too many words");
			count += at == count;
			snprintf(word[at].text, CDR_WORD_LEN, "%s", text);
			if (word[at].kinds & (1u << kind))
				gen_die("%s:%zu: %s stands twice", path, lines.number, text);
			word[at].kinds |= 1u << kind;
			if (target[0] != '\0' && word[at].target[0] != '\0' && strcmp(word[at].target, target) != 0)
				gen_die("%s:%zu: %s has two meanings", path, lines.number, text);
			if (target[0] != '\0')
				snprintf(word[at].target, CDR_WORD_TARGET_LEN, "%s", target);
		}
	}
	qsort(word, count, sizeof *word, compare_words);
	gen_put32(&out, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		gen_put(&out, word[i].text, CDR_WORD_LEN);
		gen_put(&out, word[i].target, CDR_WORD_TARGET_LEN);
		gen_put16(&out, word[i].kinds);
	}
	gen_write(&out, data, "words.bin");
}
