#include "node/member/guest_text.h"

#include <string.h>

#include "core/embed.h"

/* One line for each sentence: its key, then its words in each language. */
CDR_EMBED(cdr_guest_sentences, "node/member/data/guest.tsv");

static int
language_column(const char *language)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	for (int i = 3; i > 0; i--)
		if (strcmp(language, languages[i]) == 0)
			return i + 1;
	return 1;
}

/* The words, up to the end of their column. */
static const char *
find(const char *key, int column)
{
	const char *line = (const char *)cdr_guest_sentences;
	size_t len = strlen(key);

	while (*line != '\0' && (strncmp(line, key, len) != 0 || line[len] != '\t')) {
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	for (; column > 0 && *line != '\0' && *line != '\n'; column--) {
		line += strcspn(line, "\t\n");
		line += *line == '\t';
	}
	return line;
}

/* see node/member/guest_text.h */
const char *
cdr_guest_sentence(const char *key, const char *language, const char *const *values, char out[static CDR_GUEST_SENTENCE_LEN])
{
	const char *words = find(key, language_column(language));
	size_t count = 0, len = 0;

	while (values != NULL && values[count] != NULL)
		count++;
	while (*words != '\0' && *words != '\t' && *words != '\n' && len + 1 < CDR_GUEST_SENTENCE_LEN) {
		size_t index = words[0] == '{' && words[1] >= '0' && words[1] <= '9' && words[2] == '}' ? (size_t)(words[1] - '0') : count;
		if (index >= count) {
			out[len++] = *words++;
			continue;
		}
		size_t room = CDR_GUEST_SENTENCE_LEN - 1 - len, value_len = strlen(values[index]);
		memcpy(out + len, values[index], value_len < room ? value_len : room);
		len += value_len < room ? value_len : room;
		words += 3;
	}
	out[len] = '\0';
	return out;
}
