/* A file that was written for others: its bounds, and what is said where it cannot be read. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "audit/file.h"

#define LEN 200000 /* more than is read at once */

static char path[] = "/tmp/cdr-file-XXXXXX";

static void
write_len(size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		(void)fputc((int)(i % 251), file);
	assert_int_equal(fclose(file), 0);
}

static void
test_whole_or_nothing(void **state)
{
	static const size_t lens[] = { 0, 1, 65535, 65536, 65537, LEN };
	struct cdr_buffer bytes;
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		write_len(lens[i]);
		assert_int_equal(cdr_file_read(path, lens[i], &bytes, &fault), CDR_OK);
		assert_int_equal(bytes.len, lens[i]);
		for (size_t k = 0; k < bytes.len; k++)
			assert_int_equal(bytes.data[k], k % 251);
		cdr_buffer_free(&bytes);
		if (lens[i] == 0)
			continue;
		assert_int_equal(cdr_file_read(path, lens[i] - 1, &bytes, &fault), CDR_E_RANGE); /* one byte past what it may have */
		assert_null(bytes.data);
		assert_non_null(strstr(fault.text, path));
	}
	assert_int_equal(cdr_file_read("/tmp", LEN, &bytes, &fault), CDR_E_IO);
	assert_null(bytes.data);
	/* Nobody ever writes into it. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(cdr_file_read(path, LEN, &bytes, &fault), CDR_E_IO);
	assert_null(bytes.data);
	assert_int_equal(cdr_file_read("/dev/zero", LEN, &bytes, &fault), CDR_E_IO);
	assert_int_equal(cdr_file_read("/tmp/cdr-no-such-file", LEN, &bytes, &fault), CDR_E_ABSENT);
	assert_null(bytes.data);
}

/* What cannot be written whole is not there; what was there stays. */
static void
test_new_or_nothing(void **state)
{
	static uint8_t much[LEN];
	const struct cdr_bytes some = { (const uint8_t *)"some", 4 }, all = { much, LEN };
	struct rlimit before, small;
	struct cdr_buffer bytes;
	struct cdr_fault fault;
	struct stat about;

	(void)state;
	(void)unlink(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = LEN / 2, .rlim_max = before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const cdr_err err = cdr_file_write_new(path, all, &fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, CDR_E_IO);
	assert_non_null(strstr(fault.text, path));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(cdr_file_write_new(path, all, NULL), CDR_OK);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(cdr_file_write_new(path, some, &fault), CDR_E_EXISTS);
	assert_int_equal(cdr_file_read(path, LEN, &bytes, NULL), CDR_OK);
	assert_int_equal(bytes.len, LEN);
	cdr_buffer_free(&bytes);
	assert_int_equal(cdr_file_write_new("/tmp/cdr-no-such-folder/file", some, &fault), CDR_E_IO);
}

static void
holds(struct cdr_bytes what)
{
	struct cdr_buffer bytes;

	assert_int_equal(cdr_file_read(path, LEN, &bytes, NULL), CDR_OK);
	assert_int_equal(bytes.len, what.len);
	assert_memory_equal(bytes.data, what.data, what.len);
	cdr_buffer_free(&bytes);
}

/* What was there is there until the new one is, whole; nothing is left beside it. */
static void
test_over_or_as_it_was(void **state)
{
	static uint8_t much[LEN];
	static char part[sizeof(path) + 5], long_path[5000];
	const struct cdr_bytes some = { (const uint8_t *)"some", 4 }, other = { (const uint8_t *)"others", 6 }, all = { much, LEN };
	struct rlimit before, small;
	struct cdr_fault fault;
	struct stat about;

	(void)state;
	(void)unlink(path);
	(void)snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(cdr_file_write_over(path, some, NULL), CDR_OK); /* also where there was none */
	holds(some);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = LEN / 2, .rlim_max = before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const cdr_err err = cdr_file_write_over(path, all, &fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, CDR_E_IO);
	assert_non_null(strstr(fault.text, path));
	holds(some);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(cdr_file_write_new(part, some, NULL), CDR_OK); /* one was stopped in the middle */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(cdr_file_write_over(path, other, NULL), CDR_OK);
	holds(other);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(access(part, F_OK), -1);
	memset(long_path, 'a', sizeof(long_path) - 1);
	assert_int_equal(cdr_file_write_over(long_path, some, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_file_write_over("/tmp", some, &fault), CDR_E_IO); /* a folder is no file */
	assert_int_equal(access("/tmp.part", F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole_or_nothing), cmocka_unit_test(test_new_or_nothing),
		cmocka_unit_test(test_over_or_as_it_was) };
	int file = mkstemp(path);

	if (file < 0 || close(file) != 0)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
