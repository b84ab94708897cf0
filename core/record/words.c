#include "core/record/words.h"

#include <stdlib.h>

#include <jansson.h>

#include "core/embed.h"

CDR_EMBED(cdr_words_builtin, "core/record/data/release.json");

struct cdr_words {
	json_t *root;
};

/* see core/record/words.h */
cdr_err
cdr_words_new(struct cdr_words **out)
{
	struct cdr_words *words = calloc(1, sizeof(*words));
	size_t len = (size_t)((uintptr_t)cdr_words_builtin_end - (uintptr_t)cdr_words_builtin);

	*out = NULL;
	if (words == NULL)
		return CDR_E_MEMORY;
	words->root = json_loadb((const char *)cdr_words_builtin, len, JSON_REJECT_DUPLICATES, NULL);
	if (words->root == NULL) {
		free(words);
		return CDR_E_MEMORY;
	}
	*out = words;
	return CDR_OK;
}

/* see core/record/words.h */
void
cdr_words_free(struct cdr_words *words)
{
	if (words != NULL)
		json_decref(words->root);
	free(words);
}

/* see core/record/words.h */
const char *
cdr_words_peek(const struct cdr_words *words, const char *name, const char *language)
{
	json_t *entry = json_object_get(words->root, name);
	const char *text = json_string_value(json_object_get(entry, language));

	if (text == NULL)
		text = json_string_value(json_object_get(entry, "en"));
	return text != NULL ? text : "";
}
