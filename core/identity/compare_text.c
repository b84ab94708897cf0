#include <stdio.h>
#include <string.h>

#include "core/embed.h"
#include "core/identity/compare.h"

/* One line for each code in the order of enum cdr_difference_code, without CDR_DIFF_NONE: its name, then its label in each language. */
CDR_EMBED(cdr_compare_labels, "core/identity/data/compare.tsv");

static int
language_column(const char *language)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	for (int i = 0; i < 4; i++)
		if (strcmp(language, languages[i]) == 0)
			return i + 1;
	return -1;
}

/* Field ${column} of line ${line} of the table, both from 0; its length is 0 where there is none. */
static struct cdr_bytes
label_find(size_t line, int column)
{
	const char *at = (const char *)cdr_compare_labels;

	for (; line > 0 && *at != '\0'; line--)
		at += strcspn(at, "\n") + 1;
	for (; column > 0 && *at != '\0' && *at != '\n'; column--)
		at += strcspn(at, "\t\n") + 1;
	return (struct cdr_bytes){ (const uint8_t *)at, strcspn(at, "\t\n") };
}

/* see core/identity/compare.h */
const char *
cdr_difference_name(unsigned code, char name[static CDR_CODE_LEN])
{
	struct cdr_bytes label = { NULL, 0 };

	if (code > CDR_DIFF_NONE && code < CDR_DIFF_COUNT)
		label = label_find(code - 1, 0);
	(void)snprintf(name, CDR_CODE_LEN, "%.*s", (int)label.len, label.len == 0 ? "" : (const char *)label.data);
	return name;
}

/* One difference: its label, and the two sides where there is something to show. */
static size_t
difference_write(const struct cdr_difference *d, int column, char *text, size_t size)
{
	struct cdr_bytes label = label_find(d->code - 1U, column);
	bool sides = d->left[0] != '\0' || d->right[0] != '\0';

	int len = snprintf(text, size, "%.*s%s%s%s%s", (int)label.len, (const char *)label.data, sides ? ": " : "",
	    d->left, d->left[0] != '\0' && d->right[0] != '\0' ? " / " : "", d->right);
	return len < 0 ? size : (size_t)len;
}

/* see core/identity/compare.h */
cdr_err
cdr_compare_explain(const struct cdr_comparison *comparison, const char *language, char *text, size_t size)
{
	int column = language_column(language);
	size_t used = 0;

	if (size > 0)
		text[0] = '\0';
	if (column < 0)
		return CDR_E_INPUT;
	for (size_t i = 0; i < comparison->difference_count; i++) {
		const struct cdr_difference *d = &comparison->difference[i];
		if (d->code == CDR_DIFF_NONE || d->code >= CDR_DIFF_COUNT)
			continue;
		if (used > 0 && used < size)
			used += (size_t)snprintf(text + used, size - used, "; ");
		if (used < size)
			used += difference_write(d, column, text + used, size - used);
		if (used >= size) {
			memset(text, 0, size);
			return CDR_E_RANGE;
		}
	}
	return CDR_OK;
}
