#include "core/record/name_sums.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/json.h"

#define FORMAT "names 1"
#define CELL_MAX (1 << 30)

/* see core/record/name_sums.h */
void
cdr_name_sums_free(struct cdr_name_sums *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->sums[i].cells);
	*names = (struct cdr_name_sums){ .count = 0 };
}

/* Is it empty, or three capital letters? */
static bool
is_country(const char *text)
{
	size_t len = strnlen(text, CDR_COUNTRY_LEN);

	return len == 0 || (len == CDR_COUNTRY_LEN - 1 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len);
}

/* see core/record/name_sums.h */
cdr_err
cdr_name_sums_put(struct cdr_name_sums *names, const char *country, const int32_t *cells, size_t count)
{
	size_t at = 0;

	if (names->count == CDR_RARITY_OWN_MAX)
		return CDR_E_RANGE;
	if (cdr_sketch_width(count) == 0 || !is_country(country))
		return CDR_E_INPUT;
	while (at < names->count && strcmp(names->sums[at].country, country) < 0)
		at++;
	if (at < names->count && strcmp(names->sums[at].country, country) == 0)
		return CDR_E_INPUT;
	int32_t *copy = malloc(count * sizeof(*copy));
	if (copy == NULL)
		return CDR_E_MEMORY;
	memcpy(copy, cells, count * sizeof(*copy));
	memmove(&names->sums[at + 1], &names->sums[at], (names->count - at) * sizeof(names->sums[0]));
	names->sums[at] = (struct cdr_share_sums){ .width = cdr_sketch_width(count), .cells = copy };
	(void)snprintf(names->sums[at].country, sizeof(names->sums[at].country), "%s", country);
	names->count++;
	return CDR_OK;
}

/* see core/record/name_sums.h */
cdr_err
cdr_name_sums_floor(struct cdr_name_sums *names)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; err == CDR_OK && i < names->count; i++)
		err = cdr_share_floor(&names->sums[i], names->margin);
	return err;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* see core/record/name_sums.h */
cdr_err
cdr_name_sums_to_json(const struct cdr_name_sums *names, struct cdr_out *out)
{
	char scheme[2 * CDR_SHA256_LEN + 1];

	cdr_hex_write(names->scheme, sizeof(names->scheme), scheme);
	json_t *head = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "candor", FORMAT, "round", names->round, "period", names->period,
	    "scheme", scheme, "contributors", (json_int_t)names->contributors, "margin", (json_int_t)names->margin);
	json_t *tables = json_array();
	for (size_t i = 0; i < names->count; i++) {
		const struct cdr_share_sums *sums = &names->sums[i];
		json_t *cells = json_array();
		for (size_t c = 1; c < CDR_SKETCH_CELLS(sums->width); c++)
			(void)json_array_append_new(cells, json_integer(sums->cells[c]));
		(void)json_array_append_new(tables, json_pack("{s:s, s:I, s:o}", "country", sums->country, "people",
		    (json_int_t)sums->cells[0], "cells", cells));
	}
	bool whole = head != NULL && json_object_set(head, "tables", tables) == 0;
	char *text = whole ? json_dumps(head, JSON_COMPACT) : NULL;
	if (text != NULL) {
		cdr_out_text(out, text);
		cdr_out_text(out, "\n");
	}
	cdr_json_free(text);
	json_decref(tables);
	json_decref(head);
	return text == NULL ? CDR_E_MEMORY : out->err;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static cdr_err
bad(struct cdr_fault *fault, const char *what)
{
	return cdr_fault_set(fault, CDR_E_INPUT, "names: %s", what);
}

static bool
take_number(const json_t *value, int32_t *out)
{
	json_int_t number = json_integer_value(value);

	*out = (int32_t)(number > -CELL_MAX && number < CELL_MAX ? number : 0);
	return json_is_integer(value) && number > -CELL_MAX && number < CELL_MAX;
}

static bool
take_text(const json_t *root, const char *key, char out[static CDR_NAME_SUMS_TEXT_LEN])
{
	const char *text = json_string_value(json_object_get(root, key));

	return text != NULL && snprintf(out, CDR_NAME_SUMS_TEXT_LEN, "%s", text) < CDR_NAME_SUMS_TEXT_LEN;
}

static cdr_err
read_table(const json_t *table, struct cdr_name_sums *names, struct cdr_fault *fault)
{
	const json_t *list = json_object_get(table, "cells");
	const char *country = json_string_value(json_object_get(table, "country"));
	size_t count = json_array_size(list) + 1;

	if (country == NULL || !json_is_array(list) || cdr_sketch_width(count) == 0)
		return bad(fault, "a table has a `country`, `people`, and as many `cells` as a sketch");
	int32_t *cells = calloc(count, sizeof(*cells));
	if (cells == NULL)
		return CDR_E_MEMORY;
	bool good = take_number(json_object_get(table, "people"), &cells[0]);
	for (size_t i = 1; good && i < count; i++)
		good = take_number(json_array_get(list, i - 1), &cells[i]);
	cdr_err err = good ? cdr_name_sums_put(names, country, cells, count) : bad(fault, "a cell is a whole number");
	free(cells);
	return err == CDR_E_RANGE || err == CDR_E_INPUT ? bad(fault, good ? "a country is there twice, or is none, or there are too many" :
	    "a cell is a whole number") : err;
}

static cdr_err
read_root(const json_t *root, struct cdr_name_sums *names, struct cdr_fault *fault)
{
	const char *kind = json_string_value(json_object_get(root, "candor"));
	const char *scheme = json_string_value(json_object_get(root, "scheme"));
	const json_t *tables = json_object_get(root, "tables");
	int32_t contributors;
	cdr_err err = CDR_OK;

	if (kind == NULL || strcmp(kind, FORMAT) != 0)
		return bad(fault, "this is no file of name sums: it does not begin as one does");
	if (!take_text(root, "round", names->round) || !take_text(root, "period", names->period) || scheme == NULL ||
	    cdr_hex_read(scheme, names->scheme, sizeof(names->scheme)) != CDR_OK ||
	    !take_number(json_object_get(root, "contributors"), &contributors) || contributors < 0 ||
	    !take_number(json_object_get(root, "margin"), &names->margin) || names->margin < CDR_SHARE_MARGIN_MIN ||
	    !json_is_array(tables))
		return bad(fault, "something that is said about the whole is missing, or cannot be");
	names->contributors = (uint32_t)contributors;
	for (size_t i = 0; err == CDR_OK && i < json_array_size(tables); i++)
		err = read_table(json_array_get(tables, i), names, fault);
	return err == CDR_OK ? cdr_name_sums_floor(names) : err;
}

/* see core/record/name_sums.h */
cdr_err
cdr_name_sums_from_json(struct cdr_bytes json, struct cdr_name_sums *names, struct cdr_fault *fault)
{
	int line, column;

	*names = (struct cdr_name_sums){ .count = 0 };
	if (json.len > CDR_NAME_SUMS_JSON_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "names: %zu bytes, at most %u are read", json.len, CDR_NAME_SUMS_JSON_MAX);
	json_t *root = cdr_json_read(json, &line, &column);
	if (root == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "names: line %d, column %d: not JSON", line, column);
	cdr_err err = read_root(root, names, fault);
	json_decref(root);
	return err;
}

/* see core/record/name_sums.h */
cdr_err
cdr_name_sums_table(const struct cdr_name_sums *names, const struct cdr_rarity *base, uint8_t **data, size_t *len,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_places places;

	*data = NULL;
	CDR_TRY(cdr_places_make(names->scheme, &places));
	err = cdr_share_table(base, &places, names->sums, names->count, names->margin, data, len);
	if (err == CDR_E_INPUT || err == CDR_E_RANGE)
		err = bad(fault, "they need a table of everybody, and in each more people than the margin");
out:
	return err;
}
