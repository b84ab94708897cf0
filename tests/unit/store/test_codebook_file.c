/* The codebook of a node's folder. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/codebook_file.h"

static char home[] = "/tmp/candor-codebook-XXXXXX";
static struct cdr_fault fault;

static int
make_home(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL;
}

static int
drop_home(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" CDR_CODEBOOK_FILE, home);
	(void)unlink(path);
	return rmdir(home);
}

static void
version_is(const char *expected)
{
	struct cdr_codebook *codebook;

	assert_int_equal(cdr_codebook_file_open(home, &codebook, &fault), CDR_OK);
	assert_string_equal(cdr_codebook_version_peek(codebook), expected);
	cdr_codebook_free(codebook);
}

static void
the_built_in_one_and_a_file(void **state)
{
	(void)state;
	char path[128], version[CDR_CODEBOOK_VERSION_LEN];
	char *text;
	size_t len = 0;

	version_is("2025-1");
	FILE *file = fopen("core/record/data/codebook.json", "r");
	assert_non_null(file);
	text = calloc(1, CDR_CODEBOOK_MAX);
	assert_non_null(text);
	len = fread(text, 1, CDR_CODEBOOK_MAX, file);
	(void)fclose(file);
	memcpy(strstr(text, "2025-1"), "2031-7", 6);
	assert_int_equal(cdr_codebook_file_install(home, (struct cdr_bytes){ (const uint8_t *)text, len }, version, &fault), CDR_OK);
	assert_string_equal(version, "2031-7");
	version_is("2031-7");
	/* What is no codebook changes nothing; nor does one that is too long, or not there. */
	assert_int_equal(cdr_codebook_file_install(home, (struct cdr_bytes){ (const uint8_t *)"{}", 2 }, version, &fault), CDR_E_INPUT);
	(void)snprintf(path, sizeof(path), "%s/big", home);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), CDR_CODEBOOK_MAX + 1), 0);
	(void)fclose(file);
	assert_int_equal(cdr_codebook_file_take(home, path, version, &fault), CDR_E_RANGE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cdr_codebook_file_take(home, path, version, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "/big"));
	assert_int_equal(cdr_codebook_file_take(home, home, version, &fault), CDR_E_IO);
	version_is("2031-7");
	/* A folder in the place of the file cannot be read, and is not passed over. */
	(void)snprintf(path, sizeof(path), "%s/" CDR_CODEBOOK_FILE, home);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	struct cdr_codebook *codebook;
	assert_int_equal(cdr_codebook_file_open(home, &codebook, &fault), CDR_E_IO);
	assert_null(codebook);
	assert_int_equal(cdr_codebook_file_install(home, (struct cdr_bytes){ (const uint8_t *)text, len }, version, &fault), CDR_E_IO);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/" CDR_CODEBOOK_FILE ".new", home);
	(void)unlink(path);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_built_in_one_and_a_file) };

	return cmocka_run_group_tests(tests, make_home, drop_home);
}
