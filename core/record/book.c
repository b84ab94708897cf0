#include "core/record/book.h"

#include <stdio.h>
#include <string.h>

#include "core/identity/country.h"

/* see core/record/book.h */
const struct cdr_field *
cdr_book_field_find(const struct cdr_book *book, const char *name)
{
	for (size_t i = 0; i < book->field_count; i++)
		if (strcmp(book->fields[i].name, name) == 0)
			return &book->fields[i];
	return NULL;
}

/* see core/record/book.h */
size_t
cdr_book_field_index(const struct cdr_book *book, const struct cdr_field *field)
{
	return (size_t)(field - book->fields);
}

/* see core/record/book.h */
const struct cdr_table_definition *
cdr_book_table_find(const struct cdr_book *book, const char *id)
{
	for (size_t i = 0; i < book->table_count; i++)
		if (strcmp(book->tables[i].id, id) == 0)
			return &book->tables[i];
	return NULL;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* see core/record/book.h */
const char *
cdr_book_text(const json_t *labels, const char *language)
{
	const char *text = json_string_value(json_object_get(labels, language));

	if (text == NULL)
		text = json_string_value(json_object_get(labels, "en"));
	return text != NULL ? text : "";
}

/* see core/record/book.h */
const char *
cdr_book_field_label(const struct cdr_book *book, const struct cdr_field *field, const char *language)
{
	if (field->labels != NULL)
		return cdr_book_text(field->labels, language);
	return field->list == NULL ? field->name : cdr_codebook_label_peek(book->codebook, field->list, NULL, language);
}

/* see core/record/book.h */
void
cdr_book_field_title(const struct cdr_book *book, const struct cdr_field *field, const char *language, char *text,
    size_t text_size)
{
	const char *label = cdr_book_field_label(book, field, language);

	if (field->group == 0)
		(void)snprintf(text, text_size, "%s", label);
	else
		(void)snprintf(text, text_size, "%s: %s", cdr_book_text(book->groups[field->group].labels, language), label);
}

/* ---- groupings --------------------------------------------------------------------------------------------------- */

/* Entry number ${at} of an object. */
static const json_t *
entry_at(const json_t *object, size_t at, const char **name)
{
	/* jansson's iterators take no const, and change nothing. */
	union { const json_t *in; json_t *out; } o = { .in = object };
	void *i = json_object_iter(o.out);

	while (i != NULL && at-- > 0)
		i = json_object_iter_next(o.out, i);
	*name = i == NULL ? NULL : json_object_iter_key(i);
	return i == NULL ? NULL : json_object_iter_value(i);
}

/* see core/record/book.h */
size_t
cdr_grouping_find(const struct cdr_grouping *grouping, const char *code)
{
	const char *name;

	for (size_t g = 0; g < grouping->group_count; g++) {
		const json_t *codes = json_object_get(entry_at(grouping->groups, g, &name), "codes");
		for (size_t i = 0; i < json_array_size(codes); i++)
			if (strcmp(json_string_value(json_array_get(codes, i)), code) == 0)
				return g;
	}
	return SIZE_MAX;
}

/* see core/record/book.h */
const char *
cdr_grouping_name_peek(const struct cdr_grouping *grouping, size_t at)
{
	const char *name;

	(void)entry_at(grouping->groups, at, &name);
	return name;
}

/* see core/record/book.h */
const char *
cdr_grouping_label_peek(const struct cdr_grouping *grouping, size_t at, const char *language)
{
	const char *name;

	return cdr_book_text(json_object_get(entry_at(grouping->groups, at, &name), "label"), language);
}

/* ---- dimensions -------------------------------------------------------------------------------------------------- */

static bool
is_countries(const struct cdr_dimension *dimension)
{
	return dimension->field->kind == CDR_FIELD_COUNTRY;
}

/* Category of a country or a code when nothing is put together; the last one if there is no such code. */
static size_t
plain_category(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *value)
{
	size_t last = dimension->category_count - 1;
	char country[CDR_COUNTRY_LEN];

	for (size_t i = 0; i < last; i++) {
		const char *code = is_countries(dimension) ? (cdr_country_at(i, country) ? country : "") :
		    cdr_codebook_code_peek(book->codebook, dimension->field->list, i);
		if (strcmp(code, value) == 0)
			return i;
	}
	return last;
}

/* see core/record/book.h */
size_t
cdr_dimension_category(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *value)
{
	size_t group;

	if (dimension->grouping == NULL)
		return plain_category(book, dimension, value);
	group = cdr_grouping_find(dimension->grouping, value);
	return group == SIZE_MAX ? dimension->category_count - 1 : group;
}

/* see core/record/book.h */
const char *
cdr_dimension_code(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t at,
    char room[static CDR_COUNTRY_LEN])
{
	if (at + 1 >= dimension->category_count)
		return "unknown";
	if (dimension->grouping != NULL)
		return cdr_grouping_name_peek(dimension->grouping, at);
	if (is_countries(dimension))
		return cdr_country_at(at, room) ? room : "unknown";
	return cdr_codebook_code_peek(book->codebook, dimension->field->list, at);
}

/* see core/record/book.h */
const char *
cdr_dimension_label(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t at, const char *language,
    char room[static CDR_COUNTRY_LEN])
{
	const char *code = cdr_dimension_code(book, dimension, at, room);

	if (at + 1 >= dimension->category_count)
		return cdr_codebook_label_peek(book->codebook, "nothing", "unknown", language);
	if (dimension->grouping != NULL)
		return cdr_grouping_label_peek(dimension->grouping, at, language);
	const char *label = cdr_codebook_label_peek(book->codebook, is_countries(dimension) ? "country" : dimension->field->list, code,
	    language);
	/* Not every country has a name in every codebook: its code is understood. */
	return label[0] != '\0' ? label : code;
}

/* see core/record/book.h */
void
cdr_dimension_title(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *language, char *text,
    size_t text_size)
{
	if (dimension->grouping != NULL && dimension->field->group != 0)
		(void)snprintf(text, text_size, "%s: %s", cdr_book_text(book->groups[dimension->field->group].labels, language),
		    cdr_book_text(dimension->grouping->labels, language));
	else if (dimension->grouping != NULL)
		(void)snprintf(text, text_size, "%s", cdr_book_text(dimension->grouping->labels, language));
	else
		cdr_book_field_title(book, dimension->field, language, text, text_size);
}

/* see core/record/book.h */
bool
cdr_dimension_is_exclusive(const struct cdr_dimension *dimension)
{
	return dimension->field->group == 0 && dimension->field->kind != CDR_FIELD_CODES;
}

/* see core/record/book.h */
void
cdr_table_definition_title(const struct cdr_book *book, const struct cdr_table_definition *table, const char *language,
    char *text, size_t text_size)
{
	size_t len = 0;

	if (table->labels != NULL || text_size == 0) {
		(void)snprintf(text, text_size, "%s", cdr_book_text(table->labels, language));
		return;
	}
	text[0] = '\0';
	for (size_t i = 0; i < table->dimension_count && len < text_size; i++) {
		char part[512];
		cdr_dimension_title(book, &table->dimensions[i], language, part, sizeof(part));
		len += (size_t)snprintf(text + len, text_size - len, "%s%s", i > 0 ? " × " : "", part);
	}
}
