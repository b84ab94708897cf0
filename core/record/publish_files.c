#include "core/record/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/words.h"
#include "core/record/xlsx.h"

/* CSV with HXL hashtags, and the workbook. See core/record/publish.h. */

/* ---- one row of the dictionary's incidents table ----------------------------------------------------------------- */

enum hxl_column {
	DATE_START = 0,
	DATE_END,
	REGION,
	COUNTRY,
	SECTOR,
	TYPE,
	CHILDREN_F,
	CHILDREN_M,
	ADULTS_F,
	ADULTS_M,
	AFFECTED_UNKNOWN,
	INCIDENTS,
	SUBSTANTIATED,
	SUPPRESSED,
	CODEBOOK,
	HXL_COUNT
};

/* The dictionary's row of hashtags, and what people read above it. */
static const char *const hxl[HXL_COUNT][2] = {
	{ "Period from", "#date+start" },
	{ "Period to", "#date+end" },
	{ "Region", "#region+name" },
	{ "Country (ISO 3166-1 alpha-3)", "#country+code+v_iso3" },
	{ "Sector", "#sector+code" },
	{ "Kind of incident", "#event+type" },
	{ "Reports with girls", "#affected+f+children" },
	{ "Reports with boys", "#affected+m+children" },
	{ "Reports with women", "#affected+f+adults" },
	{ "Reports with men", "#affected+m+adults" },
	{ "Reports with survivors not known further", "#affected+unknown" },
	{ "Reports", "#indicator+incidents+num" },
	{ "Substantiated", "#indicator+substantiated+num" },
	{ "Held back", "#meta+suppressed" },
	{ "Codebook", "#meta+codebook+version" },
};

/* A row: texts of our own, or numbers as texts; "" where nothing is said or it is held back. */
struct hxl_row {
	char text[HXL_COUNT][128];
	bool held_back;
};

static void
start_row(const struct cdr_release *release, struct hxl_row *row)
{
	bool first = release->facts.period[6] == '1';

	*row = (struct hxl_row){ .held_back = false };
	(void)snprintf(row->text[DATE_START], 128, "%.4s-%s", release->facts.period, first ? "01-01" : "07-01");
	(void)snprintf(row->text[DATE_END], 128, "%.4s-%s", release->facts.period, first ? "06-30" : "12-31");
	(void)snprintf(row->text[CODEBOOK], 128, "%s", release->codebook);
}

static void
put_number(struct hxl_row *row, enum hxl_column column, const struct cdr_release_cell *cell)
{
	if (cell->shown)
		(void)snprintf(row->text[column], 128, "%u", cell->count);
	else
		row->held_back = true;
}

static void
end_row(struct hxl_row *row, struct cdr_out *out)
{
	(void)snprintf(row->text[SUPPRESSED], 128, "%s", row->held_back ? "yes" : "no");
	for (size_t i = 0; i < HXL_COUNT; i++)
		cdr_out_csv(out, row->text[i], i == 0);
	cdr_out_text(out, "\r\n");
}

/* Category of a dimension by its code; SIZE_MAX if it has none of it. */
static size_t
category(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *code)
{
	char room[CDR_COUNTRY_LEN];

	for (size_t i = 0; i < dimension->category_count; i++)
		if (strcmp(cdr_dimension_code(book, dimension, i, room), code) == 0)
			return i;
	return SIZE_MAX;
}

/* Who was affected, from the table of gender by age whose first cell is number ${first}. */
static void
put_affected(const struct cdr_release *release, const struct cdr_release_table *table, size_t first, struct hxl_row *row)
{
	static const struct {
		enum hxl_column column;
		const char *gender, *age;
	} parts[] = {
		{ CHILDREN_F, "female", "child" }, { CHILDREN_M, "male", "child" }, { ADULTS_F, "female", "adult" },
		{ ADULTS_M, "male", "adult" }, { AFFECTED_UNKNOWN, "unknown", "unknown" },
	};
	size_t count = table->definition->dimension_count;
	const struct cdr_dimension *gender = &table->definition->dimensions[count - 2], *age = &table->definition->dimensions[count - 1];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t g = category(release->book, gender, parts[i].gender), a = category(release->book, age, parts[i].age);
		if (g != SIZE_MAX && a != SIZE_MAX)
			put_number(row, parts[i].column, &table->cells[first + g * age->category_count + a]);
	}
}

/* All reports: one row. */
static void
csv_total(const struct cdr_release *release, struct cdr_out *out)
{
	const struct cdr_release_table *total = cdr_release_table_find(release, "reports");
	const struct cdr_release_table *outcome = cdr_release_table_find(release, "outcome");
	const struct cdr_release_table *affected = cdr_release_table_find(release, "survivor_gender_age");
	struct hxl_row row;

	if (total == NULL)
		return;
	start_row(release, &row);
	put_number(&row, INCIDENTS, &total->cells[0]);
	if (outcome != NULL) {
		size_t at = category(release->book, &outcome->definition->dimensions[0], "substantiated");
		if (at != SIZE_MAX)
			put_number(&row, SUBSTANTIATED, &outcome->cells[at]);
	}
	if (affected != NULL)
		put_affected(release, affected, 0, &row);
	end_row(&row, out);
}

/* A row for each category of a table of one dimension, its code in ${column}. Countries of which nothing is shown are left out. */
static void
csv_list(const struct cdr_release *release, const char *id, enum hxl_column column, struct cdr_out *out)
{
	const struct cdr_release_table *table = cdr_release_table_find(release, id);
	const struct cdr_release_table *affected = column == TYPE ? cdr_release_table_find(release, "type_gender_age") : NULL;
	const struct cdr_release_table *outcome = column == TYPE ? cdr_release_table_find(release, "type_outcome") : NULL;
	char room[CDR_COUNTRY_LEN];

	for (size_t i = 0; table != NULL && i < table->definition->cell_count; i++) {
		const struct cdr_dimension *dimension = &table->definition->dimensions[0];
		struct hxl_row row;
		if (column == COUNTRY && (!table->cells[i].shown || i + 1 == dimension->category_count))
			continue;
		start_row(release, &row);
		(void)snprintf(row.text[column], 128, "%s", column == REGION ?
		    cdr_dimension_label(release->book, dimension, i, "en", room) : cdr_dimension_code(release->book, dimension, i, room));
		put_number(&row, INCIDENTS, &table->cells[i]);
		if (affected != NULL)
			put_affected(release, affected, i * (affected->definition->cell_count / dimension->category_count), &row);
		if (outcome != NULL) {
			size_t across = outcome->definition->cell_count / dimension->category_count;
			size_t at = category(release->book, &outcome->definition->dimensions[1], "substantiated");
			if (at < across)
				put_number(&row, SUBSTANTIATED, &outcome->cells[i * across + at]);
		}
		end_row(&row, out);
	}
}

/* see core/record/publish.h */
cdr_err
cdr_publish_csv(const struct cdr_release *release, struct cdr_out *out)
{
	if (!release->controlled)
		return CDR_E_REFUSED;
	for (size_t line = 0; line < 2; line++) {
		for (size_t i = 0; i < HXL_COUNT; i++)
			cdr_out_csv(out, hxl[i][line], i == 0);
		cdr_out_text(out, "\r\n");
	}
	csv_total(release, out);
	csv_list(release, "region", REGION, out);
	csv_list(release, "country", COUNTRY, out);
	csv_list(release, "sector", SECTOR, out);
	csv_list(release, "incident_type", TYPE, out);
	return out->err;
}

/* see core/record/publish.h */
cdr_err
cdr_publish_text(const struct cdr_release *release, struct cdr_out *out)
{
	struct cdr_words *words;
	const struct cdr_release_facts *facts = &release->facts;
	cdr_err err = release->controlled ? cdr_words_new(&words) : CDR_E_REFUSED;

	if (err != CDR_OK)
		return err;
	for (size_t l = 0; l < 4; l++) {
		const char *language = cdr_publish_languages[l];
		cdr_out_format(out, "%s%s\n%s, %s\n%s: %u\n%s: %s\n%s: %u\n%s: %u\n", l > 0 ? "\n\n" : "", cdr_words_peek(words, "title", language),
		    facts->exchange, facts->period, cdr_words_peek(words, "version", language), facts->version,
		    cdr_words_peek(words, "published", language), facts->published, cdr_words_peek(words, "contributors", language),
		    facts->contributors, cdr_words_peek(words, "members", language), facts->members);
		if (facts->epsilon[0] != '\0')
			cdr_out_format(out, "%s: %s\n", cdr_words_peek(words, "noise", language), facts->epsilon);
		for (size_t i = 0; cdr_publish_method[i] != NULL; i++)
			cdr_out_format(out, "\n%s\n", cdr_words_peek(words, cdr_publish_method[i], language));
	}
	cdr_words_free(words);
	return out->err;
}

/* ---- the workbook ------------------------------------------------------------------------------------------------ */

#define FIGURE_COLUMNS 7
#define CELL_LEN 1024

/* Cells of a sheet, each a text of its own. */
struct sheet {
	char **cells;
	size_t count, room;
};

static void
sheet_free(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->count; i++)
		free(sheet->cells[i]);
	free(sheet->cells);
}

static cdr_err
sheet_put(struct sheet *sheet, const char *text)
{
	if (sheet->count == sheet->room) {
		size_t room = sheet->room == 0 ? 1024 : 2 * sheet->room;
		char **larger = realloc(sheet->cells, room * sizeof(*larger));
		if (larger == NULL)
			return CDR_E_MEMORY;
		sheet->cells = larger;
		sheet->room = room;
	}
	sheet->cells[sheet->count] = strdup(text);
	return sheet->cells[sheet->count] == NULL ? CDR_E_MEMORY : (sheet->count++, CDR_OK);
}

static cdr_err
about_row(struct sheet *sheet, const char *name, const char *value)
{
	cdr_err err = sheet_put(sheet, name);

	return err == CDR_OK ? sheet_put(sheet, value) : err;
}

/* What is said about all of it. */
static cdr_err
write_about(const struct cdr_release *release, const struct cdr_words *words, const char *language, struct sheet *sheet)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_release_facts *facts = &release->facts;
	char text[2 * CDR_SHA256_LEN + 1];

	CDR_TRY(about_row(sheet, cdr_words_peek(words, "title", language), facts->period));
	(void)snprintf(text, sizeof(text), "%u", facts->version);
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "version", language), text));
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "published", language), facts->published));
	(void)snprintf(text, sizeof(text), "%u", facts->contributors);
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "contributors", language), text));
	(void)snprintf(text, sizeof(text), "%u", facts->members);
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "members", language), text));
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "codebook", language), release->codebook));
	if (facts->epsilon[0] != '\0')
		CDR_TRY(about_row(sheet, cdr_words_peek(words, "noise", language), facts->epsilon));
	cdr_hex_write(release->snapshot, CDR_SHA256_LEN, text);
	CDR_TRY(about_row(sheet, cdr_words_peek(words, "snapshot", language), text));
	for (size_t i = 0; cdr_publish_method[i] != NULL; i++)
		CDR_TRY(about_row(sheet, i == 0 ? cdr_words_peek(words, "method", language) : "",
		    cdr_words_peek(words, cdr_publish_method[i], language)));
	err = CDR_OK;
out:
	return err;
}

/* A row for each cell: table, up to three categories, count, share, whether it is held back. */
static cdr_err
write_figure(const struct cdr_release *release, const struct cdr_words *words, const char *language,
    const struct cdr_release_table *table, size_t cell, struct sheet *sheet)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_table_definition *definition = table->definition;
	char text[CELL_LEN], room[CDR_COUNTRY_LEN], share[16] = "";
	size_t at[CDR_DIMENSION_MAX] = { 0 };
	uint32_t total;

	cdr_table_definition_title(release->book, definition, language, text, sizeof(text));
	CDR_TRY(sheet_put(sheet, text));
	cdr_table_cell_split(definition, cell, at);
	for (size_t d = 0; d < CDR_DIMENSION_MAX; d++)
		CDR_TRY(sheet_put(sheet, d < definition->dimension_count ?
		    cdr_dimension_label(release->book, &definition->dimensions[d], at[d], language, room) : ""));
	(void)snprintf(text, sizeof(text), "%u", table->cells[cell].count);
	CDR_TRY(sheet_put(sheet, table->cells[cell].shown ? text : ""));
	if (table->cells[cell].shown && cdr_release_total(release, &total) && definition->records == CDR_RECORDS_SHARED)
		cdr_publish_share(table->cells[cell].count, total, share);
	CDR_TRY(sheet_put(sheet, share));
	CDR_TRY(sheet_put(sheet, table->cells[cell].shown ? "" : cdr_words_peek(words, "hidden", language)));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
write_figures(const struct cdr_release *release, const struct cdr_words *words, const char *language, struct sheet *sheet)
{
	static const char *const headings[FIGURE_COLUMNS] = { "table", "category", "category", "category", "reports", "share", "hidden" };
	cdr_err err = CDR_OK;

	for (size_t i = 0; err == CDR_OK && i < FIGURE_COLUMNS; i++)
		err = sheet_put(sheet, cdr_words_peek(words, headings[i], language));
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; err == CDR_OK && c < release->tables[t].definition->cell_count; c++)
			err = write_figure(release, words, language, &release->tables[t], c, sheet);
	return err;
}

/* see core/record/publish.h */
cdr_err
cdr_publish_xlsx(const struct cdr_release *release, const char *language, uint8_t **data, size_t *len)
{
	static const bool numbers[FIGURE_COLUMNS] = { false, false, false, false, true, false, false };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_words *words = NULL;
	struct sheet about = { 0 }, figures = { 0 };
	bool right_to_left = strcmp(language, "ar") == 0;

	*data = NULL;
	if (!release->controlled)
		return CDR_E_REFUSED;
	CDR_TRY(cdr_words_new(&words));
	CDR_TRY(write_about(release, words, language, &about));
	CDR_TRY(write_figures(release, words, language, &figures));
	const struct cdr_xlsx_table tables[] = {
		{ .name = release->facts.period, .cells = (const char *const *)about.cells, .row_count = about.count / 2, .column_count = 2,
		    .header_count = 1, .right_to_left = right_to_left },
		{ .name = "Candor", .cells = (const char *const *)figures.cells, .row_count = figures.count / FIGURE_COLUMNS,
		    .column_count = FIGURE_COLUMNS, .header_count = 1, .is_number = numbers, .right_to_left = right_to_left },
	};
	CDR_TRY(cdr_xlsx_write(tables, 2, data, len));
	err = CDR_OK;
out:
	sheet_free(&about);
	sheet_free(&figures);
	cdr_words_free(words);
	return err;
}
