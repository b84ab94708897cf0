/* Statements as JSON: one table says which key is which field; reading and writing walk over it. */
#include "core/record/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "core/record/text.h"

#define PATH_LEN 96
#define TIME_TEXT_LEN 21                /* "2024-05-06T07:08:09Z" with its NUL */
#define TIME_MAX INT64_C(253402300799)  /* the last second of the year 9999 */

enum kind {
	TEXT,    /* one line */
	LINES,   /* several */
	TEXTS,   /* a list of lines */
	DATE,
	TIME,
	ID,
	OBJECT,
	OBJECTS, /* a list of objects */
};

/* One key. Lists have ${max} items of ${size} bytes each, and a size_t at ${count_at} that says how many are there. */
struct field {
	const char *key;
	enum kind kind;
	size_t at, size, max, count_at;
	const struct field *fields; /* of an object, ended by an empty key */
};

#define IN(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)
#define LIST(type, member, count_member) \
	offsetof(type, member), sizeof(((type *)NULL)->member[0]),      \
	    sizeof(((type *)NULL)->member) / sizeof(((type *)NULL)->member[0]), offsetof(type, count_member)

static const struct field employment_fields[] = {
	{ "from", DATE, IN(struct cdr_statement, employment.from), 0, 0, NULL },
	{ "to", DATE, IN(struct cdr_statement, employment.to), 0, 0, NULL },
	{ "positions", TEXTS, LIST(struct cdr_statement, employment.positions, employment.position_count), NULL },
	{ "duty_countries", TEXTS, LIST(struct cdr_statement, employment.duty_countries, employment.duty_country_count), NULL },
	{ NULL, TEXT, 0, 0, 0, 0, NULL },
};

static const struct field coverage_fields[] = {
	{ "from", DATE, IN(struct cdr_statement, coverage.from), 0, 0, NULL },
	{ "to", DATE, IN(struct cdr_statement, coverage.to), 0, 0, NULL },
	{ "quality", TEXT, IN(struct cdr_statement, coverage.quality), 0, 0, NULL },
	{ NULL, TEXT, 0, 0, 0, 0, NULL },
};

static const struct field disclosure_fields[] = {
	{ "misconduct_type", TEXTS, LIST(struct cdr_disclosure, misconduct_type, misconduct_type_count), NULL },
	{ "involved_child", TEXT, IN(struct cdr_disclosure, involved_child), 0, 0, NULL },
	{ "committed", DATE, IN(struct cdr_disclosure, committed), 0, 0, NULL },
	{ "concluded", DATE, IN(struct cdr_disclosure, concluded), 0, 0, NULL },
	{ "process_status", TEXT, IN(struct cdr_disclosure, process_status), 0, 0, NULL },
	{ "sanction", TEXTS, LIST(struct cdr_disclosure, sanction, sanction_count), NULL },
	{ "referred_to_authorities", TEXT, IN(struct cdr_disclosure, referred_to_authorities), 0, 0, NULL },
	{ "referred_country", TEXT, IN(struct cdr_disclosure, referred_country), 0, 0, NULL },
	{ "factual_summary", LINES, IN(struct cdr_disclosure, factual_summary), 0, 0, NULL },
	{ NULL, TEXT, 0, 0, 0, 0, NULL },
};

/* Employment and coverage have no struct of their own in C, so their fields count from the statement: ${at} is 0. */
static const struct field statement_fields[] = {
	{ "codebook_version", TEXT, IN(struct cdr_statement, codebook_version), 0, 0, NULL },
	{ "response_id", ID, IN(struct cdr_statement, response_id), 0, 0, NULL },
	{ "request_id", ID, IN(struct cdr_statement, request_id), 0, 0, NULL },
	{ "responder", TEXT, IN(struct cdr_statement, responder), 0, 0, NULL },
	{ "signer_name", TEXT, IN(struct cdr_statement, signer_name), 0, 0, NULL },
	{ "signer_role", TEXT, IN(struct cdr_statement, signer_role), 0, 0, NULL },
	{ "signed_at", TIME, IN(struct cdr_statement, signed_at), 0, 0, NULL },
	{ "identity_match", TEXT, IN(struct cdr_statement, identity_match), 0, 0, NULL },
	{ "employment", OBJECT, 0, 0, 0, 0, employment_fields },
	{ "coverage", OBJECT, 0, 0, 0, 0, coverage_fields },
	{ "finding", TEXT, IN(struct cdr_statement, finding), 0, 0, NULL },
	{ "ongoing_now", TEXT, IN(struct cdr_statement, ongoing_now), 0, 0, NULL },
	{ "left_during", TEXT, IN(struct cdr_statement, left_during), 0, 0, NULL },
	{ "disclosures", OBJECTS, LIST(struct cdr_statement, disclosures, disclosure_count), disclosure_fields },
	{ "legal_limit_reason", TEXT, IN(struct cdr_statement, legal_limit_reason), 0, 0, NULL },
	{ "legal_limit_country", TEXT, IN(struct cdr_statement, legal_limit_country), 0, 0, NULL },
	{ "right_of_reply", TEXT, IN(struct cdr_statement, right_of_reply), 0, 0, NULL },
	{ "valid_until", DATE, IN(struct cdr_statement, valid_until), 0, 0, NULL },
	{ "supersedes", ID, IN(struct cdr_statement, supersedes), 0, 0, NULL },
	{ NULL, TEXT, 0, 0, 0, 0, NULL },
};

/* ---- times ----------------------------------------------------------------------------------------------------- */

static bool
time_write(int64_t seconds, char text[static TIME_TEXT_LEN])
{
	struct tm tm;
	time_t time = seconds;

	if (seconds < 0 || seconds > TIME_MAX || gmtime_r(&time, &tm) == NULL)
		return false;
	return strftime(text, TIME_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == TIME_TEXT_LEN - 1;
}

/* RFC 3339 in UTC with whole seconds, in its one form: what was read is written again and compared. */
static bool
time_read(const char *text, int64_t *seconds)
{
	char again[TIME_TEXT_LEN];
	struct tm tm = { .tm_year = 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		return false;
	*seconds = timegm(&tm);
	return time_write(*seconds, again) && strcmp(text, again) == 0;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static cdr_err
wrong(struct cdr_fault *fault, cdr_err err, const char *path, const char *what)
{
	return cdr_fault_set(fault, err, "%s: %s", path, what);
}

/* A text, cleaned. */
static cdr_err
read_text(json_t *value, bool lines, char *out, size_t out_size, const char *path, struct cdr_fault *fault)
{
	if (!json_is_string(value))
		return wrong(fault, CDR_E_INPUT, path, "a text in quotes is expected");
	cdr_err err = cdr_text_clean(json_string_value(value), json_string_length(value), lines, out, out_size);
	if (err == CDR_E_RANGE)
		return wrong(fault, err, path, "too long");
	return err == CDR_OK ? CDR_OK : wrong(fault, err, path, "holds a control character, or one that Unicode does not know");
}

/* A text that stands for something else. */
static cdr_err
read_meaning(json_t *value, enum kind kind, void *out, const char *path, struct cdr_fault *fault)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return wrong(fault, CDR_E_INPUT, path, "a text in quotes is expected");
	if (kind == DATE && cdr_date_read(text, out, NULL) != CDR_OK)
		return wrong(fault, CDR_E_INPUT, path, "no date; write \"2019-03-01\", or \"2019-03\", \"2019-Q1\", \"2019-H1\", \"2019\"");
	if (kind == TIME && !time_read(text, out))
		return wrong(fault, CDR_E_INPUT, path, "no time; write \"2024-05-06T07:08:09Z\"");
	if (kind == ID && cdr_id_read(text, out) != CDR_OK)
		return wrong(fault, CDR_E_INPUT, path, "no identifier");
	return CDR_OK;
}

static cdr_err read_object(json_t *object, const struct field *fields, void *base, const char *path, struct cdr_fault *fault);

static cdr_err
read_list(json_t *value, const struct field *field, unsigned char *base, const char *path, struct cdr_fault *fault)
{
	size_t count = json_array_size(value);
	char item_path[PATH_LEN];

	if (!json_is_array(value))
		return wrong(fault, CDR_E_INPUT, path, "a list in [ ] is expected");
	if (count > field->max)
		return cdr_fault_set(fault, CDR_E_RANGE, "%s: more than %zu", path, field->max);
	for (size_t i = 0; i < count; i++) {
		unsigned char *item = base + field->at + i * field->size;
		(void)snprintf(item_path, sizeof(item_path), "%.*s[%zu]", PATH_LEN / 2, path, i);
		cdr_err err = field->kind == OBJECTS ? read_object(json_array_get(value, i), field->fields, item, item_path, fault) :
		    read_text(json_array_get(value, i), false, (char *)item, field->size, item_path, fault);
		if (err != CDR_OK)
			return err;
	}
	memcpy(base + field->count_at, &count, sizeof(count));
	return CDR_OK;
}

static cdr_err
read_field(json_t *value, const struct field *field, unsigned char *base, const char *path, struct cdr_fault *fault)
{
	switch (field->kind) {
	case TEXT:
	case LINES:
		return read_text(value, field->kind == LINES, (char *)base + field->at, field->size, path, fault);
	case TEXTS:
	case OBJECTS:
		return read_list(value, field, base, path, fault);
	case DATE:
	case TIME:
	case ID:
		return read_meaning(value, field->kind, base + field->at, path, fault);
	case OBJECT:
		return read_object(value, field->fields, base + field->at, path, fault);
	}
	return CDR_E_INTERNAL;
}

/* A key that nobody knows: which one was meant? The key itself is told only if it looks like one. */
static cdr_err
unknown_key(const char *key, const struct field *fields, const char *path, struct cdr_fault *fault)
{
	const char *near = NULL;
	size_t best = SIZE_MAX;
	bool plain = strlen(key) < CDR_CODE_LEN && key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';

	for (const struct field *field = fields; field->key != NULL; field++)
		if (cdr_text_nearer(key, field->key, &best))
			near = field->key;
	return cdr_fault_set(fault, CDR_E_INPUT, "%s%sunknown key %s%s%s%s", path, path[0] == '\0' ? "" : ": ", plain ? key : "",
	    near == NULL ? "" : "; did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
}

static cdr_err
read_object(json_t *object, const struct field *fields, void *base, const char *path, struct cdr_fault *fault)
{
	char field_path[PATH_LEN];
	json_t *value;
	const char *key;

	if (!json_is_object(object))
		return wrong(fault, CDR_E_INPUT, path[0] == '\0' ? "statement" : path, "an object in { } is expected");
	json_object_foreach(object, key, value) {
		const struct field *field = fields;
		while (field->key != NULL && strcmp(field->key, key) != 0)
			field++;
		if (field->key == NULL)
			return unknown_key(key, fields, path, fault);
		(void)snprintf(field_path, sizeof(field_path), "%.*s%s%s", PATH_LEN / 2, path, path[0] == '\0' ? "" : ".", field->key);
		cdr_err err = read_field(value, field, base, field_path, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see core/record/statement.h */
cdr_err
cdr_statement_from_json(struct cdr_bytes json, struct cdr_statement *statement, struct cdr_fault *fault)
{
	int line = 1, column = 1;

	memset(statement, 0, sizeof(*statement));
	if (json.len > CDR_STATEMENT_JSON_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%zu bytes of JSON, at most %u are read", json.len, CDR_STATEMENT_JSON_MAX);
	json_t *root = cdr_json_read(json, &line, &column);
	if (root == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "line %d, column %d: not JSON, or the same key twice", line, column);
	cdr_err err = read_object(root, statement_fields, statement, "", fault);
	if (err != CDR_OK)
		cdr_wipe(statement, sizeof(*statement));
	json_decref(root);
	return err;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static cdr_err write_object(const unsigned char *base, const struct field *fields, json_t **out);

/* A text value; NULL (and CDR_OK) for an empty one. */
static cdr_err
write_text(const char *text, size_t size, json_t **out)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return CDR_E_RANGE;
	if (!cdr_text_valid((const uint8_t *)text, len))
		return CDR_E_INPUT;
	*out = len == 0 ? NULL : json_stringn(text, len);
	return len > 0 && *out == NULL ? CDR_E_MEMORY : CDR_OK;
}

static cdr_err
write_date(const struct cdr_date *date, json_t **out)
{
	char text[CDR_DATE_TEXT_LEN];

	/* A day that is only declared would come back as one that is known. */
	if (date->precision == CDR_PRECISION_DECLARED_1_JANUARY || cdr_date_write(date, text) != CDR_OK)
		return CDR_E_RANGE;
	return write_text(text, sizeof(text), out);
}

static cdr_err
write_time(const unsigned char *at, json_t **out)
{
	char text[TIME_TEXT_LEN] = "";
	int64_t seconds;

	memcpy(&seconds, at, sizeof(seconds));
	if (seconds != 0 && !time_write(seconds, text))
		return CDR_E_RANGE;
	return write_text(text, sizeof(text), out);
}

static cdr_err
write_id(const unsigned char *id, json_t **out)
{
	static const uint8_t none[CDR_ID_LEN];
	char text[CDR_ID_TEXT_LEN] = "";

	if (memcmp(id, none, CDR_ID_LEN) != 0)
		cdr_id_write(id, text);
	return write_text(text, sizeof(text), out);
}

static cdr_err
write_list(const unsigned char *base, const struct field *field, json_t **out)
{
	size_t count;

	memcpy(&count, base + field->count_at, sizeof(count));
	if (count > field->max)
		return CDR_E_RANGE;
	if (count == 0)
		return CDR_OK;
	json_t *list = json_array();
	cdr_err err = list == NULL ? CDR_E_MEMORY : CDR_OK;
	for (size_t i = 0; err == CDR_OK && i < count; i++) {
		const unsigned char *item = base + field->at + i * field->size;
		json_t *value = NULL;
		err = field->kind == OBJECTS ? write_object(item, field->fields, &value) :
		    write_text((const char *)item, field->size, &value);
		/* An empty item of a list stays in its place. */
		if (err == CDR_OK && value == NULL)
			value = field->kind == OBJECTS ? json_object() : json_string("");
		if (err == CDR_OK && json_array_append_new(list, value) != 0)
			err = CDR_E_MEMORY;
	}
	if (err == CDR_OK)
		*out = list;
	else
		json_decref(list);
	return err;
}

/* The value of one field; NULL (and CDR_OK) where there is none. */
static cdr_err
write_field(const unsigned char *base, const struct field *field, json_t **out)
{
	struct cdr_date date;

	*out = NULL;
	switch (field->kind) {
	case TEXT:
	case LINES:
		return write_text((const char *)base + field->at, field->size, out);
	case TEXTS:
	case OBJECTS:
		return write_list(base, field, out);
	case DATE:
		memcpy(&date, base + field->at, sizeof(date));
		return write_date(&date, out);
	case TIME:
		return write_time(base + field->at, out);
	case ID:
		return write_id(base + field->at, out);
	case OBJECT:
		return write_object(base + field->at, field->fields, out);
	}
	return CDR_E_INTERNAL;
}

/* An object of the fields that are there; NULL (and CDR_OK) if none is. */
static cdr_err
write_object(const unsigned char *base, const struct field *fields, json_t **out)
{
	json_t *object = json_object();
	cdr_err err = object == NULL ? CDR_E_MEMORY : CDR_OK;

	*out = NULL;
	for (const struct field *field = fields; err == CDR_OK && field->key != NULL; field++) {
		json_t *value;
		err = write_field(base, field, &value);
		if (err == CDR_OK && value != NULL && json_object_set_new(object, field->key, value) != 0)
			err = CDR_E_MEMORY;
	}
	if (err == CDR_OK && json_object_size(object) > 0)
		*out = object;
	else
		json_decref(object);
	return err;
}

/* see core/record/statement.h */
cdr_err
cdr_statement_to_json(const struct cdr_statement *statement, char **json)
{
	json_t *root;

	*json = NULL;
	cdr_err err = write_object((const unsigned char *)statement, statement_fields, &root);
	if (err != CDR_OK)
		return err;
	if (root == NULL)
		root = json_object();
	*json = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return *json == NULL ? CDR_E_MEMORY : CDR_OK;
}
