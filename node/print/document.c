#include "node/print/document.h"

#include <string.h>

#include "core/record/json.h"
#include "core/record/text.h"

/* What a member of an object must be. */
enum form { A_TEXT, A_TIME, A_LIST, ROWS, PAIRS, BARS, COLUMNS };

struct field {
	const char *name;
	enum form form;
	bool needed;
	const char *const *words;   /* a text: one of these; NULL: any */
};

static const char *const directions[] = { "ltr", "rtl", NULL };
static const char *const text_styles[] = { "plain", "strong", "small", "boxed", NULL };

static const struct field top[] = {
	{ "title", A_TEXT, true, NULL }, { "subtitle", A_TEXT, false, NULL }, { "footer", A_TEXT, false, NULL },
	{ "direction", A_TEXT, false, directions }, { "language", A_TEXT, false, NULL }, { "created", A_TIME, true, NULL },
	{ "page", A_TEXT, false, NULL }, { "blocks", A_LIST, true, NULL }, { NULL, A_TEXT, false, NULL },
};
static const struct field heading[] = { { "text", A_TEXT, true, NULL }, { NULL, A_TEXT, false, NULL } };
static const struct field text[] = {
	{ "text", A_TEXT, true, NULL }, { "style", A_TEXT, false, text_styles }, { NULL, A_TEXT, false, NULL },
};
static const struct field fields[] = { { "rows", PAIRS, true, NULL }, { NULL, A_TEXT, false, NULL } };
static const struct field table[] = {
	{ "header", A_LIST, true, NULL }, { "rows", ROWS, true, NULL }, { "numbers", COLUMNS, false, NULL }, { NULL, A_TEXT, false, NULL },
};
static const struct field bars[] = { { "rows", BARS, true, NULL }, { NULL, A_TEXT, false, NULL } };
static const struct field code[] = {
	{ "text", A_TEXT, true, NULL }, { "qr", A_TEXT, true, NULL }, { "caption", A_TEXT, false, NULL }, { NULL, A_TEXT, false, NULL },
};
static const struct field nothing[] = { { NULL, A_TEXT, false, NULL } };

static const struct {
	const char *kind;
	const struct field *fields;
} kinds[] = {
	{ "heading", heading }, { "text", text }, { "fields", fields }, { "table", table }, { "bars", bars }, { "code", code },
	{ "space", nothing }, { "page", nothing },
};

/* What is being checked, for the words of a fault. */
struct check {
	struct cdr_fault *fault;
	size_t block;     /* from 1; 0: the document itself */
	size_t row_count;
	size_t column_count;
};

static cdr_err
refuse(const struct check *check, const char *name, const char *why)
{
	if (check->block == 0)
		return cdr_fault_set(check->fault, CDR_E_INPUT, "%s: %s", name, why);
	return cdr_fault_set(check->fault, CDR_E_INPUT, "block %zu, %s: %s", check->block, name, why);
}

/* Text is UTF-8 (jansson sees to that) without control characters but line ends. */
static cdr_err
check_text(const struct check *check, const char *name, const json_t *value, const char *const *words)
{
	const char *s = json_string_value(value);
	bool known = words == NULL;

	if (s == NULL)
		return refuse(check, name, "it is no text");
	if (json_string_length(value) > CDR_PRINT_TEXT_MAX)
		return cdr_fault_set(check->fault, CDR_E_RANGE, "block %zu, %s: it is longer than %d bytes", check->block, name, CDR_PRINT_TEXT_MAX);
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\n')
			return refuse(check, name, "it holds a control character");
	for (; !known && *words != NULL; words++)
		known = strcmp(*words, s) == 0;
	return known ? CDR_OK : refuse(check, name, "it is none of the words that may stand here");
}

/* A row of a table: as many texts as there are columns; of bars: a label, a number, a text. */
static cdr_err
check_row(struct check *check, const char *name, const json_t *row, enum form form)
{
	size_t columns = form == PAIRS ? 2 : form == BARS ? 3 : check->column_count;
	cdr_err err = CDR_OK;

	if (!json_is_array(row) || json_array_size(row) != columns)
		return refuse(check, name, "a row has not as many cells as there are columns");
	if (++check->row_count > CDR_PRINT_ROW_MAX)
		return cdr_fault_set(check->fault, CDR_E_RANGE, "there are more than %d rows", CDR_PRINT_ROW_MAX);
	for (size_t i = 0; i < columns && err == CDR_OK; i++) {
		const json_t *cell = json_array_get(row, i);
		if (form == BARS && i == 1)
			err = json_is_number(cell) && json_number_value(cell) >= 0 ? CDR_OK : refuse(check, name, "a bar is no number of 0 or more");
		else
			err = check_text(check, name, cell, NULL);
	}
	return err;
}

static cdr_err
check_list(struct check *check, const struct field *field, const json_t *value)
{
	cdr_err err = CDR_OK;

	if (!json_is_array(value))
		return refuse(check, field->name, "it is no list");
	for (size_t i = 0; i < json_array_size(value) && err == CDR_OK; i++) {
		const json_t *item = json_array_get(value, i);
		if (field->form == COLUMNS)
			err = json_is_integer(item) && json_integer_value(item) >= 0 &&
				(size_t)json_integer_value(item) < check->column_count ? CDR_OK : refuse(check, field->name, "there is no such column");
		else if (field->form != A_LIST)
			err = check_row(check, field->name, item, field->form);
		else if (check->block != 0)
			err = check_text(check, field->name, item, NULL);
	}
	return err;
}

static cdr_err
check_value(struct check *check, const struct field *field, const json_t *value)
{
	if (field->form == A_TEXT)
		return check_text(check, field->name, value, field->words);
	if (field->form == A_TIME)
		return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) < 253402300800 ? CDR_OK :
			refuse(check, field->name, "it is no time in seconds since 1970");
	return check_list(check, field, value);
}

/* Every member is listed, every needed one is there. "kind" belongs to every block. */
static cdr_err
check_object(struct check *check, const json_t *object, const struct field *fields_of)
{
	const char *name;
	json_t *value;
	cdr_err err = CDR_OK;

	for (const struct field *f = fields_of; f->name != NULL && err == CDR_OK; f++) {
		value = json_object_get(object, f->name);
		if (value == NULL && f->needed)
			err = refuse(check, f->name, "it is missing");
		else if (value != NULL)
			err = check_value(check, f, value);
	}
	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		const struct field *f = fields_of;
		while (f->name != NULL && strcmp(f->name, name) != 0)
			f++;
		if (err == CDR_OK && f->name == NULL && !(check->block > 0 && strcmp(name, "kind") == 0))
			err = refuse(check, "a member", "its name is not known here");
	}
	return err;
}

static cdr_err
check_block(struct check *check, const json_t *block)
{
	const char *kind = json_string_value(json_object_get(block, "kind"));

	for (size_t i = 0; kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i].kind) == 0) {
			check->column_count = json_array_size(json_object_get(block, "header"));
			if (strcmp(kind, "table") == 0 && (check->column_count == 0 || check->column_count > CDR_PRINT_COLUMN_MAX))
				return cdr_fault_set(check->fault, CDR_E_RANGE, "block %zu, header: a table has 1 to %d columns", check->block,
				    CDR_PRINT_COLUMN_MAX);
			if (strcmp(kind, "code") == 0 && strlen(cdr_document_text(block, "qr")) > CDR_PRINT_QR_MAX)
				return cdr_fault_set(check->fault, CDR_E_RANGE, "block %zu, qr: it is longer than %d bytes", check->block, CDR_PRINT_QR_MAX);
			return check_object(check, block, kinds[i].fields);
		}
	return refuse(check, "kind", "there is no such block");
}

/* see node/print/document.h */
const char *
cdr_document_text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "";
}

/* see node/print/document.h */
cdr_err
cdr_document_read(struct cdr_bytes input, json_t **document, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct check check = { .fault = fault };
	int line = 0, column = 0;
	json_t *object = NULL;

	*document = NULL;
	if (input.len > CDR_PRINT_INPUT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the description is longer than %u bytes", CDR_PRINT_INPUT_MAX);
	object = cdr_json_read(input, &line, &column);
	if (!json_is_object(object)) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "line %d, column %d: this is no JSON object", line, column);
		goto out;
	}
	CDR_TRY(check_object(&check, object, top));
	const json_t *blocks = json_object_get(object, "blocks");
	if (json_array_size(blocks) > CDR_PRINT_BLOCK_MAX) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "there are more than %d blocks", CDR_PRINT_BLOCK_MAX);
		goto out;
	}
	for (size_t i = 0; i < json_array_size(blocks); i++) {
		check.block = i + 1;
		CDR_TRY(check_block(&check, json_array_get(blocks, i)));
	}
	*document = object;
	object = NULL;
	err = CDR_OK;
out:
	json_decref(object);
	return err;
}
