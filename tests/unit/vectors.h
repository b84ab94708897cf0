#ifndef CDR_TESTS_VECTORS_H
#define CDR_TESTS_VECTORS_H

/* Reading vectors in JSON. Tests run from the top of the tree. Include after tests/unit/unit.h. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "core/bytes.h"

/* A file of ../shared/vectors, or of $CDR_SHARED/vectors; NULL, and a line says so, where that folder is not there. */
static inline json_t *
vectors_shared(const char *name)
{
	const char *shared = getenv("CDR_SHARED");
	char path[512];
	json_error_t error;

	(void)snprintf(path, sizeof(path), "%s/vectors/%s", shared != NULL ? shared : "../shared", name);
	if (access(path, R_OK) != 0) {
		printf("skipped: no %s\n", path);
		return NULL;
	}
	json_t *root = json_load_file(path, 0, &error);
	if (root == NULL) /* with numbers of 64 bits */
		root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
	if (root == NULL)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return root;
}

/* A file of tests/vectors. */
static inline json_t *
vectors_own(const char *name)
{
	char path[512];
	json_error_t error;

	(void)snprintf(path, sizeof(path), "tests/vectors/%s", name);
	json_t *root = json_load_file(path, 0, &error);
	if (root == NULL)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return root;
}

/* The bytes of a member that is a string of hexadecimal digits. */
static inline size_t
vectors_hex(const json_t *object, const char *key, uint8_t *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL)
		fail_msg("no \"%s\"", key);
	size_t len = strlen(text) / 2;
	assert_in_range(len, 0, size);
	assert_int_equal(cdr_hex_read(text, out, len), CDR_OK);
	return len;
}

static inline const char *
vectors_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL)
		fail_msg("no \"%s\"", key);
	return text;
}

static inline json_int_t
vectors_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Whether the array of strings ${key} has ${text}. */
static inline bool
vectors_flag(const json_t *object, const char *key, const char *text)
{
	size_t i;
	json_t *flag;

	json_array_foreach(json_object_get(object, key), i, flag)
		if (strcmp(json_string_value(flag), text) == 0)
			return true;
	return false;
}

#endif
