#include "core/record/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER "other"

/* see core/record/merge.h */
void
cdr_merge_free(struct cdr_merge *merge)
{
	if (merge == NULL)
		return;
	for (size_t d = 0; d < CDR_DIMENSION_MAX; d++)
		free(merge->into[d]);
	free(merge);
}

/* see core/record/merge.h */
cdr_err
cdr_merge_new(const struct cdr_table_definition *table, struct cdr_merge **out)
{
	struct cdr_merge *merge = calloc(1, sizeof(*merge));

	*out = NULL;
	if (merge == NULL)
		return CDR_E_MEMORY;
	merge->definition = *table;
	for (size_t d = 0; d < table->dimension_count; d++) {
		size_t count = table->dimensions[d].category_count;
		merge->into[d] = calloc(count + 1, sizeof(*merge->into[d]));
		if (merge->into[d] == NULL) {
			cdr_merge_free(merge);
			return CDR_E_MEMORY;
		}
		for (size_t i = 0; i < count; i++)
			merge->into[d][i] = i;
		merge->definition.dimensions[d].into = merge->into[d];
	}
	*out = merge;
	return CDR_OK;
}

/* The category with this code; SIZE_MAX: there is none. */
static size_t
find_category(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *code)
{
	char room[CDR_COUNTRY_LEN];

	for (size_t i = 0; i < dimension->category_count; i++)
		if (strcmp(cdr_dimension_code(book, dimension, i, room), code) == 0)
			return i;
	return SIZE_MAX;
}

/* see core/record/merge.h */
size_t
cdr_merge_default(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t from)
{
	size_t other = find_category(book, dimension, OTHER);

	return other != SIZE_MAX && other != from ? other : dimension->category_count - 1;
}

/* The only dimension that has the category. */
static cdr_err
find_dimension(const struct cdr_book *book, const struct cdr_table_definition *table, const char *code, size_t *dimension,
    struct cdr_fault *fault)
{
	size_t found = 0;

	for (size_t d = 0; d < table->dimension_count; d++)
		if (find_category(book, &table->dimensions[d], code) != SIZE_MAX) {
			*dimension = d;
			found++;
		}
	if (found == 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "table %s has no category '%.40s'", table->id, code);
	return found == 1 ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "table %s has the category '%.40s' in several directions",
	    table->id, code);
}

/* see core/record/merge.h */
cdr_err
cdr_merge_add(const struct cdr_book *book, struct cdr_merge *merge, const char *text, struct cdr_fault *fault)
{
	char code[CDR_CODE_LEN];
	const char *sign = strchr(text, '=');
	size_t d = 0, len = sign != NULL ? (size_t)(sign - text) : strlen(text);
	cdr_err err;

	(void)snprintf(code, sizeof(code), "%.*s", (int)(len < sizeof(code) ? len : sizeof(code) - 1), text);
	err = find_dimension(book, &merge->definition, code, &d, fault);
	if (err != CDR_OK)
		return err;
	const struct cdr_dimension *dimension = &merge->definition.dimensions[d];
	size_t from = find_category(book, dimension, code);
	if (from == dimension->category_count - 1)
		return cdr_fault_set(fault, CDR_E_INPUT, "table %s: what is not known cannot be said with less", merge->definition.id);
	size_t into = sign == NULL ? cdr_merge_default(book, dimension, from) : find_category(book, dimension, sign + 1);
	if (into == SIZE_MAX)
		return cdr_fault_set(fault, CDR_E_ABSENT, "table %s has no category '%.40s' beside '%s'", merge->definition.id, sign + 1, code);
	/* what that one counts as itself, and whatever counted as this one */
	into = merge->into[d][into];
	if (into == from)
		return cdr_fault_set(fault, CDR_E_INPUT, "table %s: '%s' would count as itself", merge->definition.id, code);
	for (size_t i = 0; i < dimension->category_count; i++)
		if (merge->into[d][i] == from)
			merge->into[d][i] = into;
	return CDR_OK;
}
