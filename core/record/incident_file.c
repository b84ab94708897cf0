#include "core/record/incident_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/file.h"
#include "core/record/json.h"
#include "core/record/out.h"

/* ---- rows of a file ---------------------------------------------------------------------------------------------- */

struct cdr_incident_file {
	struct cdr_csv_column columns[CDR_FIELD_MAX];
	const struct cdr_field *fields[CDR_FIELD_MAX]; /* of each column */
	struct cdr_record_file_kind kind;
	struct cdr_record_file *file;
};

/* The accepted columns: every field that is written, in the order of the codebook. */
static size_t
make_columns(const struct cdr_book *book, struct cdr_csv_column *columns, const struct cdr_field **fields)
{
	size_t count = 0;
	uint8_t group = 0;

	for (size_t i = 0; i < book->field_count; i++) {
		const struct cdr_field *field = &book->fields[i];
		if (field->kind == CDR_FIELD_DERIVED)
			continue;
		bool needed = field == book->key || (field->needed && field->group == 0);
		columns[count] = (struct cdr_csv_column){ field->name, NULL, needed ? ++group : 0 };
		fields[count++] = field;
	}
	return count;
}

static size_t
column_of(const struct cdr_book *book, const struct cdr_field *field)
{
	size_t column = 0;

	for (const struct cdr_field *f = book->fields; f != field; f++)
		column += f->kind != CDR_FIELD_DERIVED;
	return column;
}

static void
tell_row(void *context, const struct cdr_field *field, size_t row, const char *reason)
{
	struct cdr_row *at = context;
	char text[CDR_REPORT_REASON_LEN];

	if (field->group != 0)
		(void)snprintf(text, sizeof(text), "row %zu of it: %s", row + 1, reason);
	else
		(void)snprintf(text, sizeof(text), "%s", reason);
	cdr_row_fault(at, column_of(cdr_codebook_book_peek(at->rules->codebook), field), text, "correct it");
}

static void
read_incident(struct cdr_row *row, void *record)
{
	struct cdr_incident *incident = record;
	const struct cdr_book *book = cdr_codebook_book_peek(row->rules->codebook);
	struct cdr_fault fault;

	cdr_incident_start(book, incident);
	for (size_t i = 0; i < book->field_count; i++) {
		const struct cdr_field *field = &book->fields[i];
		if (field->kind == CDR_FIELD_DERIVED)
			continue;
		size_t column = column_of(book, field);
		if (cdr_incident_set_all(incident, field, cdr_out_csv_plain_peek(cdr_csv_field_peek(row->csv, column)), &fault) != CDR_OK)
			cdr_row_fault(row, column, fault.text + strlen(field->name) + 2, "");
	}
	if (cdr_incident_value_peek(incident, book->key, 0)[0] == '\0')
		cdr_row_fault(row, column_of(book, book->key), "is needed to know the row again", "give each incident a reference of your own");
	/* What it finds is told, and makes the row bad. */
	if (!row->bad && cdr_incident_validate(incident, row->rules, "en", tell_row, row) != CDR_OK)
		row->bad = true;
}

static cdr_err
identify_incident(const void *record, uint8_t key[static CDR_SHA256_LEN], uint8_t digest[static CDR_SHA256_LEN])
{
	const struct cdr_incident *incident = record;
	const char *reference = cdr_incident_value_peek(incident, incident->book->key, 0);
	uint8_t *packed = malloc(CDR_INCIDENT_PACK_MAX);
	size_t len = 0;
	cdr_err err = packed == NULL ? CDR_E_MEMORY :
	    cdr_sha256(&(struct cdr_bytes){ (const uint8_t *)reference, strlen(reference) }, 1, key);

	if (err == CDR_OK)
		err = cdr_incident_pack(incident, packed, &len);
	if (err == CDR_OK)
		err = cdr_sha256(&(struct cdr_bytes){ packed, len }, 1, digest);
	if (packed != NULL)
		cdr_wipe(packed, len);
	free(packed);
	return err;
}

static bool
is_old(struct cdr_row *row, const void *record)
{
	(void)row;
	(void)record;
	return false;
}

/* see core/record/incident_file.h */
cdr_err
cdr_incident_file_new(struct cdr_bytes bytes, const struct cdr_record_rules *rules, struct cdr_incident_file **out,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_book *book = rules->codebook == NULL ? NULL : cdr_codebook_book_peek(rules->codebook);
	struct cdr_incident_file *reader = NULL;

	*out = NULL;
	if (book == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "this codebook says nothing about incidents: load one that does");
	reader = calloc(1, sizeof(*reader));
	if (reader == NULL)
		return CDR_E_MEMORY;
	reader->kind = (struct cdr_record_file_kind){
		.columns = reader->columns,
		.column_count = make_columns(book, reader->columns, reader->fields),
		.file_max = CDR_INCIDENT_FILE_MAX,
		.record_len = sizeof(struct cdr_incident),
		.same_key = "the same reference of yours",
		.same_key_advice = "take one of them out; two incidents have two references",
		.read = read_incident,
		.identify = identify_incident,
		.is_old = is_old,
	};
	CDR_TRY(cdr_record_file_new(bytes, &reader->kind, rules, &reader->file, fault));
	*out = reader;
	reader = NULL;
	err = CDR_OK;
out:
	free(reader);
	return err;
}

/* see core/record/incident_file.h */
void
cdr_incident_file_free(struct cdr_incident_file *reader)
{
	if (reader != NULL)
		cdr_record_file_free(reader->file);
	free(reader);
}

/* see core/record/incident_file.h */
cdr_err
cdr_incident_file_next(struct cdr_incident_file *reader, struct cdr_incident *incident, struct cdr_fault *fault)
{
	return cdr_record_file_next(reader->file, incident, fault);
}

/* see core/record/incident_file.h */
const struct cdr_row_report *
cdr_incident_file_report_peek(const struct cdr_incident_file *reader)
{
	return cdr_record_file_report_peek(reader->file);
}

/* ---- one cell for all rows of a kind ----------------------------------------------------------------------------- */

/* see core/record/incident_file.h */
cdr_err
cdr_incident_set_all(struct cdr_incident *incident, const struct cdr_field *field, const char *text, struct cdr_fault *fault)
{
	char part[CDR_INCIDENT_VALUE_MAX + 1];
	cdr_err err = CDR_OK;

	if (field->group == 0)
		return cdr_incident_set(incident, field, 0, text, fault);
	for (size_t row = 0; err == CDR_OK && *text != '\0'; row++) {
		size_t len = strcspn(text, ";");
		if (len >= sizeof(part))
			return cdr_fault_set(fault, CDR_E_RANGE, "%s: longer than %d bytes", field->name, CDR_INCIDENT_VALUE_MAX);
		memcpy(part, text, len);
		part[len] = '\0';
		err = cdr_incident_set(incident, field, row, part, fault);
		text += len + (text[len] == ';');
	}
	cdr_wipe(part, sizeof(part));
	return err;
}

/* Rows about which nothing at all is said are written as unknown, in the first field of codes that they have. */
static bool
stands_for_rows(const struct cdr_incident *incident, const struct cdr_field *field)
{
	const struct cdr_book *book = incident->book;
	bool before = true;

	for (size_t f = 0; f < book->field_count; f++) {
		const struct cdr_field *other = &book->fields[f];
		if (other == field)
			before = false;
		else if (before && other->group == field->group && other->kind == CDR_FIELD_CODE)
			return false;
		for (size_t r = 0; other->group == field->group && r < incident->row_count[field->group]; r++)
			if (cdr_incident_value_peek(incident, other, r)[0] != '\0')
				return false;
	}
	return field->group != 0 && field->kind == CDR_FIELD_CODE &&
	    cdr_codebook_check(book->codebook, field->list, "unknown", NULL) == CDR_OK;
}

/* see core/record/incident_file.h */
void
cdr_incident_value_join(const struct cdr_incident *incident, const struct cdr_field *field, char *text, size_t text_size)
{
	size_t len = 0, rows = incident->row_count[field->group];
	bool some = false;

	text[0] = '\0';
	for (size_t r = 0; r < rows; r++)
		some = some || cdr_incident_value_peek(incident, field, r)[0] != '\0';
	bool unknown = !some && rows > 0 && stands_for_rows(incident, field);
	for (size_t r = 0; (some || unknown) && r < rows && len < text_size; r++)
		len += (size_t)snprintf(text + len, text_size - len, "%s%s", r > 0 ? ";" : "",
		    unknown ? "unknown" : cdr_incident_value_peek(incident, field, r));
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* A text, or an array of texts as one text with ';'. */
static cdr_err
read_value(const json_t *value, char *text, size_t text_size)
{
	size_t len = 0;

	text[0] = '\0';
	if (json_is_null(value))
		return CDR_OK;
	if (json_is_string(value)) {
		if (json_string_length(value) >= text_size || strlen(json_string_value(value)) != json_string_length(value))
			return CDR_E_INPUT;
		memcpy(text, json_string_value(value), json_string_length(value) + 1);
		return CDR_OK;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *part = json_string_value(json_array_get(value, i));
		if (part == NULL || strchr(part, ';') != NULL || len + strlen(part) + 2 > text_size)
			return CDR_E_INPUT;
		len += (size_t)snprintf(text + len, text_size - len, "%s%s", i > 0 ? ";" : "", part);
	}
	return json_is_array(value) ? CDR_OK : CDR_E_INPUT;
}

static cdr_err
set_json(struct cdr_incident *incident, const char *name, size_t row, const json_t *value, struct cdr_fault *fault)
{
	char text[CDR_INCIDENT_VALUE_MAX + 2];
	const struct cdr_field *field = cdr_book_field_find(incident->book, name);
	cdr_err err;

	if (field == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "%.60s: there is no such field in codebook %s", name,
		    cdr_codebook_version_peek(incident->book->codebook));
	/* What follows from the rest is written by cdr_incident_to_json for readers; it is read over. */
	if (field->kind == CDR_FIELD_DERIVED)
		return CDR_OK;
	err = read_value(value, text, sizeof(text));
	if (err != CDR_OK)
		err = cdr_fault_set(fault, err, "%s: a text is expected, or an array of texts, of at most %d bytes", name,
		    CDR_INCIDENT_VALUE_MAX);
	else
		err = cdr_incident_set(incident, field, row, text, fault);
	cdr_wipe(text, sizeof(text));
	return err;
}

/* Rows of one kind: an array of objects. */
static cdr_err
set_rows(struct cdr_incident *incident, size_t group, const json_t *rows, struct cdr_fault *fault)
{
	const struct cdr_group *kind = &incident->book->groups[group];
	char name[CDR_FIELD_NAME_LEN];

	if (!json_is_array(rows) || json_array_size(rows) > kind->max)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: an array of at most %u objects is expected", kind->name, kind->max);
	while (incident->row_count[group] > 0)
		cdr_incident_row_remove(incident, group, incident->row_count[group] - 1U);
	incident->row_count[group] = (uint8_t)json_array_size(rows);
	for (size_t r = 0; r < json_array_size(rows); r++) {
		json_t *row = json_array_get(rows, r), *value;
		const char *key;
		if (!json_is_object(row))
			return cdr_fault_set(fault, CDR_E_INPUT, "%s[%zu]: an object is expected", kind->name, r);
		json_object_foreach(row, key, value) {
			(void)snprintf(name, sizeof(name), "%s.%.40s", kind->name, key);
			cdr_err err = set_json(incident, name, r, value, fault);
			if (err != CDR_OK)
				return err;
		}
	}
	return CDR_OK;
}

/* see core/record/incident_file.h */
cdr_err
cdr_incident_from_json(struct cdr_bytes json, struct cdr_incident *incident, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	json_t *root, *value;
	const char *key;
	int line, column;

	if (json.len > CDR_INCIDENT_JSON_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%zu bytes of JSON, at most %u are read", json.len, CDR_INCIDENT_JSON_MAX);
	root = cdr_json_read(json, &line, &column);
	if (!json_is_object(root)) {
		json_decref(root);
		return root != NULL ? cdr_fault_set(fault, CDR_E_INPUT, "an object is expected") :
		    cdr_fault_set(fault, CDR_E_INPUT, "line %d, column %d: not JSON, or a key twice in one object", line, column);
	}
	json_object_foreach(root, key, value) {
		size_t group = 0;
		for (size_t g = 1; g < incident->book->group_count; g++)
			if (strcmp(incident->book->groups[g].name, key) == 0)
				group = g;
		err = group != 0 ? set_rows(incident, group, value, fault) : set_json(incident, key, 0, value, fault);
		if (err != CDR_OK)
			break;
	}
	json_decref(root);
	return err;
}

/* One value as JSON: an array where the field holds several codes. */
static json_t *
write_value(const struct cdr_incident *incident, const struct cdr_field *field, size_t row)
{
	char code[CDR_CODE_LEN];
	const char *value = cdr_incident_value_peek(incident, field, row);
	json_t *list;

	if (field->kind == CDR_FIELD_DERIVED) {
		cdr_incident_derive(incident, field, code);
		return code[0] == '\0' ? json_null() : json_string(code);
	}
	if (field->kind != CDR_FIELD_CODES)
		return json_string(value);
	list = json_array();
	for (size_t i = 0; cdr_incident_code_at(value, i, code); i++)
		(void)json_array_append_new(list, json_string(code));
	return list;
}

static int
write_row(const struct cdr_incident *incident, size_t group, size_t row, json_t *object)
{
	int failed = 0;

	for (size_t f = 0; f < incident->book->field_count; f++) {
		const struct cdr_field *field = &incident->book->fields[f];
		if (field->group != group || (field->kind != CDR_FIELD_DERIVED && cdr_incident_value_peek(incident, field, row)[0] == '\0'))
			continue;
		const char *name = group == 0 ? field->name : field->name + strlen(incident->book->groups[group].name) + 1;
		failed |= json_object_set_new(object, name, write_value(incident, field, row));
	}
	return failed;
}

/* see core/record/incident_file.h */
cdr_err
cdr_incident_to_json(const struct cdr_incident *incident, json_t **out)
{
	json_t *root = json_object();
	int failed = write_row(incident, 0, 0, root);

	for (size_t g = 1; g < incident->book->group_count; g++) {
		json_t *rows = json_array();
		for (size_t r = 0; r < incident->row_count[g]; r++) {
			json_t *row = json_object();
			failed |= write_row(incident, g, r, row);
			failed |= json_array_append_new(rows, row);
		}
		failed |= json_array_size(rows) == 0 ? (json_decref(rows), 0) : json_object_set_new(root, incident->book->groups[g].name, rows);
	}
	*out = failed != 0 ? NULL : root;
	if (failed != 0)
		json_decref(root);
	return failed != 0 ? CDR_E_MEMORY : CDR_OK;
}
