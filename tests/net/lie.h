#ifndef CDR_TESTS_NET_LIE_H
#define CDR_TESTS_NET_LIE_H

/*
 * Which lie a lying program tells now: the words of a file that the scenario rewrites while the program runs, so that one
 * exchange serves many lies. No file, or an empty one: the program is honest.
 */

#include <stdio.h>
#include <string.h>

#define LIE_WORD_LEN 40
#define LIE_WORDS_MAX 3

struct lie {
	char word[LIE_WORDS_MAX][LIE_WORD_LEN]; /* empty where there is none */
};

static inline void
lie_read(const char *path, struct lie *lie)
{
	FILE *file = fopen(path, "re");

	*lie = (struct lie){ 0 };
	if (file == NULL)
		return;
	for (size_t i = 0; i < LIE_WORDS_MAX; i++)
		if (fscanf(file, "%39s", lie->word[i]) != 1)
			break;
	(void)fclose(file);
}

static inline bool
lie_is(const struct lie *lie, const char *name)
{
	return strcmp(lie->word[0], name) == 0;
}

#endif
