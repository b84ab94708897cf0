#include "core/record/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "core/record/publish.h"
#include "core/record/words.h"

#define SNAPSHOT_LABEL "candor/1 snapshot"

static bool
is_period(const char *period)
{
	return strnlen(period, CDR_PERIOD_LEN) == CDR_PERIOD_LEN - 1 && strspn(period, "0123456789") == 4 &&
	    (strcmp(period + 4, "-H1") == 0 || strcmp(period + 4, "-H2") == 0);
}

static bool
is_day(const char *text)
{
	struct cdr_date date;

	return cdr_date_read(text, &date, NULL) == CDR_OK && date.precision == CDR_PRECISION_DAY;
}

/* see core/record/release.h */
cdr_err
cdr_release_new(const struct cdr_book *book, const struct cdr_release_facts *facts, struct cdr_release **out)
{
	struct cdr_release *release;

	*out = NULL;
	if (!is_period(facts->period) || !is_day(facts->published) || facts->exchange[0] == '\0' || facts->version == 0)
		return CDR_E_INPUT;
	release = calloc(1, sizeof(*release));
	if (release == NULL)
		return CDR_E_MEMORY;
	release->book = book;
	release->facts = *facts;
	(void)snprintf(release->codebook, sizeof(release->codebook), "%s", cdr_codebook_version_peek(book->codebook));
	*out = release;
	return CDR_OK;
}

/* see core/record/release.h */
void
cdr_release_free(struct cdr_release *release)
{
	if (release == NULL)
		return;
	for (size_t i = 0; i < release->table_count; i++) {
		struct cdr_release_table *table = &release->tables[i];
		cdr_wipe(table->cells, table->definition->cell_count * sizeof(*table->cells));
		free(table->cells);
	}
	free(release);
}

/* see core/record/release.h */
const struct cdr_release_table *
cdr_release_table_find(const struct cdr_release *release, const char *id)
{
	for (size_t i = 0; i < release->table_count; i++)
		if (strcmp(release->tables[i].definition->id, id) == 0)
			return &release->tables[i];
	return NULL;
}

/* see core/record/release.h */
cdr_err
cdr_release_put(struct cdr_release *release, const char *id, const struct cdr_release_cell *cells, size_t cell_count)
{
	const struct cdr_table_definition *definition = cdr_book_table_find(release->book, id);
	struct cdr_release_table *table = &release->tables[release->table_count];

	if (definition == NULL)
		return CDR_E_ABSENT;
	if (cdr_release_table_find(release, id) != NULL)
		return CDR_E_EXISTS;
	if (cell_count != definition->cell_count || release->table_count == CDR_TABLE_MAX)
		return CDR_E_RANGE;
	table->cells = calloc(cell_count, sizeof(*cells));
	if (table->cells == NULL)
		return CDR_E_MEMORY;
	table->definition = definition;
	for (size_t i = 0; i < cell_count; i++) {
		table->cells[i] = cells[i];
		table->cells[i].shown = false;
	}
	release->table_count++;
	release->controlled = false;
	return CDR_OK;
}

/* see core/record/release.h */
bool
cdr_release_total(const struct cdr_release *release, uint32_t *total)
{
	for (size_t i = 0; i < release->table_count; i++) {
		const struct cdr_release_table *table = &release->tables[i];
		if (table->definition->dimension_count == 0 && table->definition->records == CDR_RECORDS_SHARED) {
			*total = table->cells[0].shown ? table->cells[0].count : 0;
			return table->cells[0].shown && *total > 0;
		}
	}
	*total = 0;
	return false;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* Categories of a dimension, so that the file can be read without the codebook. */
static json_t *
dimension_json(const struct cdr_book *book, const struct cdr_dimension *dimension)
{
	char room[CDR_COUNTRY_LEN], title[512];
	json_t *categories = json_array();

	cdr_dimension_title(book, dimension, "en", title, sizeof(title));
	for (size_t i = 0; i < dimension->category_count; i++)
		(void)json_array_append_new(categories, json_string(cdr_dimension_code(book, dimension, i, room)));
	return json_pack("{s:s, s:s?, s:s, s:o}", "field", dimension->field->name, "grouping",
	    dimension->grouping == NULL ? NULL : dimension->grouping->name, "title", title, "categories", categories);
}

/* Everything of a table: what is shown, or (${all}) what was opened. */
static json_t *
table_json(const struct cdr_release *release, const struct cdr_release_table *table, bool all)
{
	const struct cdr_table_definition *definition = table->definition;
	json_t *dimensions = json_array(), *cells = json_array();
	char title[1024];
	json_t *out;

	for (size_t d = 0; d < definition->dimension_count; d++)
		(void)json_array_append_new(dimensions, dimension_json(release->book, &definition->dimensions[d]));
	for (size_t i = 0; i < definition->cell_count; i++) {
		const struct cdr_release_cell *cell = &table->cells[i];
		if (all)
			(void)json_array_append_new(cells, json_pack("[I, I, b]", (json_int_t)cell->count, (json_int_t)cell->contributors,
			    cell->opened));
		else
			(void)json_array_append_new(cells, cell->shown ? json_integer((json_int_t)cell->count) : json_null());
	}
	cdr_table_definition_title(release->book, definition, "en", title, sizeof(title));
	out = json_pack("{s:s, s:s, s:o, s:o}", "id", definition->id, "title", title, "dimensions", dimensions, "counts", cells);
	if (out != NULL && !all)
		(void)json_object_set_new(out, "threshold", json_pack("{s:I, s:I}", "incidents", (json_int_t)definition->threshold->incidents,
		    "contributors", (json_int_t)definition->threshold->contributors));
	return out;
}

/* Method, denominators and caveats, in every language. */
static json_t *
method_json(void)
{
	json_t *out = json_object();
	struct cdr_words *words;

	if (cdr_words_new(&words) != CDR_OK) {
		json_decref(out);
		return NULL;
	}
	for (size_t l = 0; l < 4; l++) {
		json_t *paragraphs = json_array();
		for (size_t i = 0; cdr_publish_method[i] != NULL; i++)
			(void)json_array_append_new(paragraphs, json_string(cdr_words_peek(words, cdr_publish_method[i], cdr_publish_languages[l])));
		(void)json_object_set_new(out, cdr_publish_languages[l], paragraphs);
	}
	cdr_words_free(words);
	return out;
}

static json_t *
release_json(const struct cdr_release *release, bool all)
{
	const struct cdr_release_facts *facts = &release->facts;
	char snapshot[2 * CDR_SHA256_LEN + 1];
	json_t *tables = json_array(), *out;

	for (size_t i = 0; i < release->table_count; i++)
		(void)json_array_append_new(tables, table_json(release, &release->tables[i], all));
	cdr_hex_write(release->snapshot, CDR_SHA256_LEN, snapshot);
	out = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:s}", "candor", "release 1", "exchange", facts->exchange, "round",
	    facts->round, "period", facts->period, "version", (json_int_t)facts->version, "published", facts->published, "codebook",
	    release->codebook, "contributors", (json_int_t)facts->contributors, "members", (json_int_t)facts->members, "epsilon",
	    facts->epsilon);
	if (out == NULL) {
		json_decref(tables);
		return NULL;
	}
	if (!all)
		(void)json_object_set_new(out, "snapshot", json_string(snapshot));
	if ((!all && json_object_set_new(out, "method", method_json()) != 0) || json_object_set(out, "tables", tables) != 0) {
		json_decref(tables);
		json_decref(out);
		return NULL;
	}
	json_decref(tables);
	return out;
}

/* see core/record/release.h */
cdr_err
cdr_release_freeze(struct cdr_release *release, const uint8_t salt[static CDR_RELEASE_SALT_LEN])
{
	json_t *json = release_json(release, true);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	cdr_err err = CDR_E_MEMORY;

	if (text != NULL)
		err = cdr_sha256((const struct cdr_bytes[]){ { (const uint8_t *)SNAPSHOT_LABEL, sizeof(SNAPSHOT_LABEL) },
		    { salt, CDR_RELEASE_SALT_LEN }, { (const uint8_t *)text, strlen(text) } }, 3, release->snapshot);
	cdr_json_free(text);
	json_decref(json);
	return err;
}

/* see core/record/release.h */
cdr_err
cdr_release_to_json(const struct cdr_release *release, struct cdr_out *out)
{
	if (!release->controlled)
		return CDR_E_REFUSED;
	json_t *json = release_json(release, false);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1));
	if (text != NULL) {
		cdr_out_text(out, text);
		cdr_out_text(out, "\n");
	}
	cdr_json_free(text);
	json_decref(json);
	return text == NULL ? CDR_E_MEMORY : out->err;
}

/* ---- reading back ------------------------------------------------------------------------------------------------ */

static cdr_err
bad(struct cdr_fault *fault, const char *what)
{
	return cdr_fault_set(fault, CDR_E_INPUT, "release: %s", what);
}

static bool
take_text(const json_t *root, const char *key, char *out, size_t out_size)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text != NULL && (size_t)snprintf(out, out_size, "%s", text) < out_size;
}

static bool
take_number(const json_t *root, const char *key, uint32_t *out)
{
	const json_t *value = json_object_get(root, key);
	json_int_t number = json_integer_value(value);

	*out = (uint32_t)number;
	return json_is_integer(value) && number >= 0 && number <= UINT32_MAX;
}

static cdr_err
read_table(struct cdr_release *release, const json_t *table, struct cdr_fault *fault)
{
	const char *id = json_string_value(json_object_get(table, "id"));
	const json_t *counts = json_object_get(table, "counts");
	const struct cdr_table_definition *definition = id == NULL ? NULL : cdr_book_table_find(release->book, id);
	cdr_err err;

	if (id == NULL || !json_is_array(counts))
		return bad(fault, "a table has `id` and `counts`");
	/* Another version of the codebook may have other tables, or the same one cut otherwise. */
	if (definition == NULL || json_array_size(counts) != definition->cell_count)
		return CDR_OK;
	struct cdr_release_cell *cells = calloc(definition->cell_count, sizeof(*cells));
	if (cells == NULL)
		return CDR_E_MEMORY;
	err = cdr_release_put(release, id, cells, definition->cell_count);
	free(cells);
	if (err != CDR_OK)
		return err == CDR_E_MEMORY ? err : bad(fault, "a table is there twice, or there are too many");
	for (size_t i = 0; i < definition->cell_count; i++) {
		const json_t *value = json_array_get(counts, i);
		struct cdr_release_cell *cell = &release->tables[release->table_count - 1].cells[i];
		if (json_is_null(value))
			continue;
		if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX)
			return bad(fault, "a count is a number of 0 or more, or null");
		*cell = (struct cdr_release_cell){ .count = (uint32_t)json_integer_value(value), .opened = true, .shown = true };
	}
	return CDR_OK;
}

static cdr_err
read_release(const struct cdr_book *book, const json_t *root, struct cdr_release **out, struct cdr_fault *fault)
{
	struct cdr_release_facts facts = { .version = 0 };
	const char *kind = json_string_value(json_object_get(root, "candor"));
	const char *snapshot = json_string_value(json_object_get(root, "snapshot"));
	const json_t *tables = json_object_get(root, "tables");
	char codebook[CDR_CODEBOOK_VERSION_LEN];
	cdr_err err;

	if (kind == NULL || strcmp(kind, "release 1") != 0)
		return bad(fault, "this is no release: it does not begin as one does");
	if (!take_text(root, "exchange", facts.exchange, sizeof(facts.exchange)) ||
	    !take_text(root, "round", facts.round, sizeof(facts.round)) || !take_text(root, "period", facts.period, sizeof(facts.period)) ||
	    !take_text(root, "published", facts.published, sizeof(facts.published)) ||
	    !take_text(root, "epsilon", facts.epsilon, sizeof(facts.epsilon)) || !take_text(root, "codebook", codebook, sizeof(codebook)) ||
	    !take_number(root, "version", &facts.version) || !take_number(root, "contributors", &facts.contributors) ||
	    !take_number(root, "members", &facts.members) || snapshot == NULL || !json_is_array(tables))
		return bad(fault, "something that is said about the whole is missing or too long");
	err = cdr_release_new(book, &facts, out);
	if (err != CDR_OK)
		return err == CDR_E_INPUT ? bad(fault, "its period or its day is none") : err;
	(void)snprintf((*out)->codebook, sizeof((*out)->codebook), "%s", codebook);
	if (cdr_hex_read(snapshot, (*out)->snapshot, CDR_SHA256_LEN) != CDR_OK)
		return bad(fault, "`snapshot` is no hash");
	for (size_t i = 0; err == CDR_OK && i < json_array_size(tables); i++)
		err = read_table(*out, json_array_get(tables, i), fault);
	(*out)->controlled = err == CDR_OK;
	return err;
}

/* see core/record/release.h */
cdr_err
cdr_release_from_json(const struct cdr_book *book, struct cdr_bytes json, struct cdr_release **release, struct cdr_fault *fault)
{
	int line, column;

	*release = NULL;
	if (json.len > CDR_RELEASE_JSON_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "release: %zu bytes, at most %u are read", json.len, CDR_RELEASE_JSON_MAX);
	json_t *root = cdr_json_read(json, &line, &column);
	if (root == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "release: line %d, column %d: not JSON", line, column);
	cdr_err err = read_release(book, root, release, fault);
	json_decref(root);
	if (err != CDR_OK) {
		cdr_release_free(*release);
		*release = NULL;
	}
	return err;
}
