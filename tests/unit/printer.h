#ifndef CDR_TESTS_UNIT_PRINTER_H
#define CDR_TESTS_UNIT_PRINTER_H

/* A candor-print that does as a test says: node/net/print.h looks for it beside the program, which is the test. After tests/unit/unit.h. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/record/json.h"

static char printer_path[PATH_MAX];

/* Where it is looked for, and there is none. As cmocka calls it, before the first test. */
static inline int
printer_start(void **state)
{
	static const char name[] = "candor-print";
	ssize_t len = readlink("/proc/self/exe", printer_path, sizeof(printer_path) - sizeof(name));

	(void)state;
	if (len <= 0)
		return -1;
	printer_path[len] = '\0';
	memcpy(strrchr(printer_path, '/') + 1, name, sizeof(name));
	(void)unlink(printer_path);
	cdr_json_start();
	return 0;
}

static inline int
printer_end(void **state)
{
	(void)state;
	(void)unlink(printer_path);
	return 0;
}

/* A program that does as ${script} says; "cat" gives the description back in the place of a PDF. */
static inline void
printer_pretend(const char *script)
{
	(void)unlink(printer_path);
	FILE *file = fopen(printer_path, "wx");
	assert_non_null(file);
	assert_true(fprintf(file, "#!/bin/sh\n%s\n", script) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(printer_path, 0700), 0);
}

#endif
