#ifndef CDR_TESTS_UNIT_IDENTITY_VECTORS_H
#define CDR_TESTS_UNIT_IDENTITY_VECTORS_H

/* Lines of tests/vectors/NAME: fields between tabs; '#' starts a comment line. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define VECTOR_FIELDS 3

typedef void vector_check(char *const field[VECTOR_FIELDS]);

/* Run ${check} on every line of a file; each has VECTOR_FIELDS fields. Returns how many there were. */
static size_t
each_vector(const char *name, vector_check *check)
{
	char path[256], line[4096];
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof path, "tests/vectors/%s", name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("cannot read %s: run the tests from the top of the tree", path);
	while (fgets(line, sizeof line, file) != NULL) {
		char *field[VECTOR_FIELDS] = { 0 }, *rest = line;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		for (size_t i = 0; i < VECTOR_FIELDS; i++)
			field[i] = strsep(&rest, "\t");
		if (field[VECTOR_FIELDS - 1] == NULL || rest != NULL)
			fail_msg("%s: not %d fields: %s", path, VECTOR_FIELDS, line);
		check(field);
		count++;
	}
	fclose(file);
	return count;
}

#endif
