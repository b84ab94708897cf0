/* The codebook's section on incidents: what is refused, and how old records are carried forward. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/record/incident.h"

static struct cdr_fault fault;

static json_t *
root_new(void)
{
	json_t *root = json_load_file("core/record/data/codebook.json", 0, NULL);

	assert_non_null(root);
	return root;
}

/* Read ${root} as a codebook, and give it back to nobody. */
static cdr_err
read_root(json_t *root, struct cdr_codebook **codebook)
{
	char *text = json_dumps(root, 0);

	assert_non_null(text);
	cdr_err err = cdr_codebook_new((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, codebook, &fault);
	free(text);
	return err;
}

/* ${path}: keys and numbers separated by '/', below "incident". */
static json_t *
at(json_t *root, const char *path)
{
	char copy[256], *rest = NULL;
	json_t *found = json_object_get(root, "incident");

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest))
		found = json_is_array(found) ? json_array_get(found, strtoul(part, NULL, 10)) : json_object_get(found, part);
	assert_non_null(found);
	return found;
}

/* One change that makes the book wrong: where, which key, what it becomes (NULL: it goes). */
static void
must_refuse(const char *path, const char *key, const char *value, cdr_err expected, const char *said)
{
	json_t *root = root_new(), *where = at(root, path);
	struct cdr_codebook *codebook;

	if (value == NULL)
		assert_int_equal(json_object_del(where, key), 0);
	else {
		json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
		assert_non_null(new);
		if (json_is_array(where))
			assert_int_equal(json_array_append_new(where, new), 0);
		else
			assert_int_equal(json_object_set_new(where, key, new), 0);
	}
	cdr_err err = read_root(root, &codebook);
	if (err != expected || strstr(fault.text, said) == NULL)
		fail_msg("%s %s: %d, %s", path, key, err, fault.text);
	assert_null(codebook);
	json_decref(root);
}

static void
bad_books_are_refused(void **state)
{
	(void)state;
	must_refuse("", "groups", NULL, CDR_E_INPUT, "groups");
	must_refuse("groups/incident", "max", "2", CDR_E_INPUT, "incident itself");
	must_refuse("groups/ap", "max", "99", CDR_E_INPUT, "in this order");
	must_refuse("groups/ap/label", "ar", NULL, CDR_E_INPUT, "\"ar\"");
	must_refuse("fields/0", "name", "\"Bad Name\"", CDR_E_INPUT, "fields, entry 1");
	must_refuse("fields/1", "name", "\"own_reference\"", CDR_E_INPUT, "twice");
	must_refuse("fields/1", "name", "\"nobody.x\"", CDR_E_INPUT, "GROUP.NAME");
	must_refuse("fields/1", "kind", "\"number\"", CDR_E_INPUT, "kind");
	must_refuse("fields/1", "level", "\"L3\"", CDR_E_INPUT, "level");
	must_refuse("fields/1", "list", "\"no_such\"", CDR_E_INPUT, "list");
	must_refuse("fields/0", "level", "\"L1\"", CDR_E_INPUT, "never leave");
	must_refuse("fields/2", "label", NULL, CDR_E_INPUT, "words");
	must_refuse("", "period", "\"country\"", CDR_E_INPUT, "period");
	must_refuse("", "key", "\"country\"", CDR_E_INPUT, "key");
	must_refuse("consent", "code", "\"maybe\"", CDR_E_INPUT, "consent");
	must_refuse("groupings/age_child/groups/adult/codes", "", "\"0-11\"", CDR_E_INPUT, "two of its groups");
	must_refuse("groupings/age_child/groups/adult/codes", "", "\"99+\"", CDR_E_INPUT, "not in the list");
	must_refuse("thresholds/usual", "incidents", "4", CDR_E_REFUSED, "never fewer");
	must_refuse("thresholds/country", "contributors", "2", CDR_E_REFUSED, "never fewer");
	must_refuse("tables/2", "threshold", "\"none\"", CDR_E_INPUT, "threshold");
	must_refuse("tables/2", "records", "\"all\"", CDR_E_INPUT, "records");
	must_refuse("tables/2/dimensions", "", "{\"field\":\"country\",\"grouping\":\"region\"}", CDR_E_INPUT, "one field");
	must_refuse("tables/2/dimensions", "", "{\"field\":\"narrative\"}", CDR_E_INPUT, "L1");
	must_refuse("tables/2/dimensions", "", "{\"field\":\"sector\",\"grouping\":\"region\"}", CDR_E_INPUT, "grouping");
	must_refuse("tables/2/dimensions", "", "{\"field\":\"sector\"}", CDR_E_INPUT, "cells");
	must_refuse("tables/1", "dimensions", "[{\"field\":\"sector\"}]", CDR_E_INPUT, "only the number");
	must_refuse("tables/2", "coarser", "[\"nothing\"]", CDR_E_INPUT, "coarser");
	must_refuse("tables/3", "id", "\"country\"", CDR_E_INPUT, "twice");
	must_refuse("invariants/0", "name", "\"nothing\"", CDR_E_INPUT, "names a field");
	must_refuse("invariants/0/must", "in", "[\"yes\"]", CDR_E_INPUT, "one thing");
	must_refuse("invariants/0/when/0", "in", "[\"never\"]", CDR_E_INPUT, "not in the list");
	must_refuse("invariants/2/must", "not_before", "\"country\"", CDR_E_INPUT, "one of these");
	must_refuse("invariants/0/message", "es", NULL, CDR_E_INPUT, "\"es\"");
	must_refuse("forms/0", "donor", "\"nobody\"", CDR_E_INPUT, "donor");
	must_refuse("forms/0/deadline", "from", "\"country\"", CDR_E_INPUT, "deadline");
	must_refuse("forms/0/columns", "", "{\"field\":\"narrative\"}", CDR_E_INPUT, "not secret");
	must_refuse("forms/3/deadline", "month", "13", CDR_E_INPUT, "deadline");
	must_refuse("carry", "", "{\"from\":\"1\",\"field\":\"x\",\"to\":\"nothing\"}", CDR_E_INPUT, "no field");
	must_refuse("carry", "", "{\"from\":\"1\",\"field\":\"x\",\"to\":\"sector\",\"codes\":{\"a\":\"b\"}}", CDR_E_INPUT, "old codes");
	must_refuse("", "carry", "{}", CDR_E_INPUT, "array");
	must_refuse("", "tables", "[1]", CDR_E_INPUT, "tables, entry 1");
}

static void
too_much_is_refused(void **state)
{
	(void)state;
	json_t *root = root_new();
	struct cdr_codebook *codebook;

	for (size_t i = 0; i < CDR_CARRY_MAX + 1; i++)
		assert_int_equal(json_array_append_new(at(root, "carry"), json_object()), 0);
	assert_int_equal(read_root(root, &codebook), CDR_E_RANGE);
	json_decref(root);
	/* Without the section it is a codebook still, that says nothing about incidents. */
	root = root_new();
	assert_int_equal(json_object_del(root, "incident"), 0);
	assert_int_equal(read_root(root, &codebook), CDR_OK);
	assert_null(cdr_codebook_book_peek(codebook));
	cdr_codebook_free(codebook);
	json_decref(root);
}

/* A field renamed, a code replaced, another field gone: records of the version before say what they said. */
static void
older_records_are_carried_forward(void **state)
{
	(void)state;
	static uint8_t packed[CDR_INCIDENT_PACK_MAX];
	static struct cdr_incident incident;
	struct cdr_codebook *before, *after;
	char version[CDR_CODEBOOK_VERSION_LEN];
	json_t *root = root_new();
	size_t len;

	assert_int_equal(read_root(root, &before), CDR_OK);
	const struct cdr_book *book = cdr_codebook_book_peek(before);
	cdr_incident_start(book, &incident);
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, "pattern"), 0, "repeated_same_survivor", NULL), CDR_OK);
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, "pcode"), 0, "KE047", NULL), CDR_OK);
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, "action_taken"), 0, "demotion;suspension", NULL), CDR_OK);
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, "ap.affiliation"), 1, "intern", NULL), CDR_OK);
	assert_int_equal(cdr_incident_pack(&incident, packed, &len), CDR_OK);

	/* The new version. */
	assert_int_equal(json_object_set_new(root, "version", json_string("2026-1")), 0);
	json_t *fields = at(root, "fields"), *field;
	size_t i;
	json_array_foreach(fields, i, field)
		if (strcmp(json_string_value(json_object_get(field, "name")), "pattern") == 0)
			assert_int_equal(json_object_set_new(field, "name", json_string("repetition")), 0);
	json_array_foreach(fields, i, field)
		if (strcmp(json_string_value(json_object_get(field, "name")), "pcode") == 0) {
			assert_int_equal(json_array_remove(fields, i), 0);
			break;
		}
	json_t *tables = at(root, "tables"), *table;
	json_array_foreach(tables, i, table)
		if (strcmp(json_string_value(json_object_get(table, "id")), "pattern") == 0) {
			json_t *dimension = json_array_get(json_object_get(table, "dimensions"), 0);
			assert_int_equal(json_object_set_new(dimension, "field", json_string("repetition")), 0);
		}
	json_t *carry = json_loads("[{\"from\":\"2025-1\",\"field\":\"pattern\",\"to\":\"repetition\",\"codes\":{\"repeated_same_survivor\":\"multiple_survivors\"}},"
	    "{\"from\":\"2025-1\",\"field\":\"pcode\"},"
	    "{\"from\":\"2025-1\",\"field\":\"action_taken\",\"to\":\"action_taken\",\"codes\":{\"demotion\":\"written_warning\"}}]", 0, NULL);
	assert_int_equal(json_object_set_new(json_object_get(root, "incident"), "carry", carry), 0);
	if (read_root(root, &after) != CDR_OK)
		fail_msg("%s", fault.text);
	book = cdr_codebook_book_peek(after);
	assert_int_equal(cdr_incident_unpack(book, (struct cdr_bytes){ packed, len }, &incident, version), CDR_OK);
	assert_string_equal(version, cdr_codebook_version_peek(before));
	assert_string_equal(cdr_incident_value_peek(&incident, cdr_book_field_find(book, "repetition"), 0), "multiple_survivors");
	assert_string_equal(cdr_incident_value_peek(&incident, cdr_book_field_find(book, "action_taken"), 0), "written_warning;suspension");
	assert_string_equal(cdr_incident_value_peek(&incident, cdr_book_field_find(book, "ap.affiliation"), 1), "intern");
	assert_null(cdr_book_field_find(book, "pcode"));
	assert_null(memmem(incident.text, sizeof(incident.text), "KE047", 5));
	cdr_codebook_free(before);
	cdr_codebook_free(after);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_books_are_refused),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(older_records_are_carried_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
