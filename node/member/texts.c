#include "node/member/texts.h"

#include <jansson.h>
#include <pthread.h>
#include <stddef.h>

#include "core/embed.h"

CDR_EMBED(cdr_texts_builtin, "node/member/data/texts.json");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static json_t *texts; /* read once, kept while the program runs */

static void
read_texts(void)
{
	size_t len = (size_t)(cdr_texts_builtin_end - cdr_texts_builtin);

	texts = json_loadb((const char *)cdr_texts_builtin, len, JSON_REJECT_DUPLICATES, NULL);
}

/* see node/member/texts.h */
const char *
cdr_texts_peek(const char *name, const char *language)
{
	(void)pthread_once(&once, read_texts);
	json_t *text = json_object_get(texts, name);
	json_t *found = json_object_get(text, language);

	if (found == NULL)
		found = json_object_get(text, "en");
	return found != NULL ? json_string_value(found) : "";
}
