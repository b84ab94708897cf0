#include "core/record/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

/* see core/record/table.h */
cdr_err
cdr_counts_new(const struct cdr_table_definition *table, struct cdr_counts **out)
{
	struct cdr_counts *counts = calloc(1, sizeof(*counts) + table->cell_count * sizeof(counts->counts[0]));

	*out = counts;
	if (counts == NULL)
		return CDR_E_MEMORY;
	(void)snprintf(counts->id, sizeof(counts->id), "%s", table->id);
	counts->cell_count = table->cell_count;
	return CDR_OK;
}

/* see core/record/table.h */
void
cdr_counts_free(struct cdr_counts *counts)
{
	if (counts != NULL)
		cdr_wipe(counts, sizeof(*counts) + counts->cell_count * sizeof(counts->counts[0]));
	free(counts);
}

/* see core/record/table.h */
void
cdr_counts_flags(const struct cdr_counts *counts, uint32_t *flags)
{
	for (size_t i = 0; i < counts->cell_count; i++)
		flags[i] = counts->counts[i] > 0;
}

/* see core/record/table.h */
void
cdr_counts_drop(const struct cdr_table_definition *table, struct cdr_counts *counts, uint32_t report_count)
{
	memset(counts->counts, 0, counts->cell_count * sizeof(counts->counts[0]));
	/* The last category of every dimension is "not known"; so is the last cell. */
	counts->counts[table->cell_count - 1] = report_count;
}

/* see core/record/table.h */
void
cdr_table_cell_split(const struct cdr_table_definition *table, size_t cell, size_t at[static CDR_DIMENSION_MAX])
{
	for (size_t d = table->dimension_count; d-- > 0;) {
		at[d] = cell % table->dimensions[d].category_count;
		cell /= table->dimensions[d].category_count;
	}
}

/* see core/record/table.h */
size_t
cdr_table_cell_join(const struct cdr_table_definition *table, const size_t at[static CDR_DIMENSION_MAX])
{
	size_t cell = 0;

	for (size_t d = 0; d < table->dimension_count; d++)
		cell = cell * table->dimensions[d].category_count + at[d];
	return cell;
}

/* see core/record/table.h */
void
cdr_table_cell_label(const struct cdr_book *book, const struct cdr_table_definition *table, size_t cell, const char *language,
    char *text, size_t text_size)
{
	size_t at[CDR_DIMENSION_MAX] = { 0 }, len = 0;
	char room[CDR_COUNTRY_LEN];

	if (table->dimension_count == 0) {
		cdr_table_definition_title(book, table, language, text, text_size);
		return;
	}
	cdr_table_cell_split(table, cell, at);
	text[0] = '\0';
	for (size_t d = 0; d < table->dimension_count && len < text_size; d++)
		len += (size_t)snprintf(text + len, text_size - len, "%s%s", d > 0 ? " · " : "",
		    cdr_dimension_label(book, &table->dimensions[d], at[d], language, room));
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* The categories of one value: at most one for each code that a field can hold. */
struct categories {
	size_t at[CDR_FIELD_MAX];
	size_t count;
};

static void
add_category(struct categories *categories, const struct cdr_dimension *dimension, size_t at)
{
	at = dimension->into != NULL ? dimension->into[at] : at;
	for (size_t i = 0; i < categories->count; i++)
		if (categories->at[i] == at)
			return;
	if (categories->count < CDR_FIELD_MAX)
		categories->at[categories->count++] = at;
}

/* Into which categories row ${row} of ${incident} falls: one, or several where the field holds several codes. */
static void
categories_of(const struct cdr_incident *incident, const struct cdr_dimension *dimension, size_t row, struct categories *out)
{
	const struct cdr_field *field = dimension->field;
	char code[CDR_CODE_LEN];

	out->count = 0;
	if (field->kind == CDR_FIELD_DERIVED) {
		cdr_incident_derive(incident, field, code);
		add_category(out, dimension, cdr_dimension_category(incident->book, dimension, code));
	} else {
		const char *value = cdr_incident_value_peek(incident, field, row);
		for (size_t i = 0; cdr_incident_code_at(value, i, code); i++)
			add_category(out, dimension, cdr_dimension_category(incident->book, dimension, code));
	}
	if (out->count == 0)
		add_category(out, dimension, dimension->category_count - 1);
	cdr_wipe(code, sizeof(code));
}

/* Mark every cell into which the report falls with these rows: the product of what each dimension says. */
static void
mark_rows(const struct cdr_table_definition *table, const struct cdr_incident *incident, const uint8_t rows[CDR_GROUP_MAX],
    uint8_t *marks)
{
	struct categories categories[CDR_DIMENSION_MAX];
	size_t at[CDR_DIMENSION_MAX] = { 0 }, turn[CDR_DIMENSION_MAX] = { 0 }, d;

	for (d = 0; d < table->dimension_count; d++)
		categories_of(incident, &table->dimensions[d], rows[table->dimensions[d].field->group], &categories[d]);
	do {
		for (d = 0; d < table->dimension_count; d++)
			at[d] = categories[d].at[turn[d]];
		marks[cdr_table_cell_join(table, at)] = 1;
		for (d = 0; d < table->dimension_count && ++turn[d] == categories[d].count; d++)
			turn[d] = 0;
	} while (d < table->dimension_count);
}

/* Go through every choice of one row of each kind that the table speaks of. A kind with no row gives one that says nothing. */
static void
mark(const struct cdr_table_definition *table, const struct cdr_incident *incident, uint8_t *marks)
{
	uint8_t rows[CDR_GROUP_MAX] = { 0 };
	bool speaks[CDR_GROUP_MAX] = { false };
	size_t g;

	for (size_t d = 0; d < table->dimension_count; d++)
		speaks[table->dimensions[d].field->group] = true;
	do {
		mark_rows(table, incident, rows, marks);
		for (g = 1; g < CDR_GROUP_MAX; g++) {
			if (speaks[g] && rows[g] + 1 < incident->row_count[g]) {
				rows[g]++;
				break;
			}
			rows[g] = 0;
		}
	} while (g < CDR_GROUP_MAX);
}

/* see core/record/table.h */
cdr_err
cdr_counts_add(const struct cdr_book *book, const struct cdr_table_definition *table, const struct cdr_incident *incident,
    const char *period, struct cdr_counts *counts)
{
	char half[CDR_CODE_LEN];

	cdr_incident_derive(incident, book->period, half);
	if (period != NULL && strcmp(half, period) != 0)
		return CDR_OK;
	if (cdr_incident_is_shared(incident) != (table->records == CDR_RECORDS_SHARED))
		return CDR_OK;
	uint8_t *marks = calloc(table->cell_count, 1);
	if (marks == NULL)
		return CDR_E_MEMORY;
	mark(table, incident, marks);
	cdr_err err = CDR_OK;
	for (size_t i = 0; i < table->cell_count; i++) {
		if (marks[i] != 0 && counts->counts[i] == UINT32_MAX)
			err = CDR_E_RANGE;
		else
			counts->counts[i] += marks[i];
	}
	cdr_wipe(marks, table->cell_count);
	free(marks);
	return err;
}
