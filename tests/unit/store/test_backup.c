/* A backup: of one moment while jobs go on, restored whole or not at all. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/backup.h"
#include "node/store/codebook_file.h"
#include "tests/unit/files.h"

static const char *const steps[] = {
	"CREATE TABLE thing (id bigint PRIMARY KEY, twin bigint NOT NULL, name text NOT NULL);"
	"CREATE TABLE mark (at bigint NOT NULL);",
};
static const struct cdr_store_schema schema = { .application_id = 0x5448494e, .migrations = steps, .migration_count = 1 };
static const struct cdr_store_schema other_schema = { .application_id = 0x5448494f, .migrations = steps, .migration_count = 1 };
static const struct cdr_passphrase good = { .len = 28, .bytes = "correct horse battery staple" };
static const struct cdr_passphrase wrong = { .len = 28, .bytes = "correct horse battery stable" };

static char folder[] = "/tmp/candor-backup-XXXXXX";
static char home_path[64], restored_path[64], file[64], changed[64];
static struct cdr_home *home;

/* ${id} and its twin in one transaction. */
static cdr_err
put_pair(struct cdr_tx *tx, void *context)
{
	int64_t id = *(int64_t *)context;

	for (int64_t i = 0; i < 2; i++) {
		cdr_err err = cdr_query_run(tx, "INSERT INTO thing (id, twin, name) VALUES ($1, $2, 'Zebulon Findmenot')",
		    CDR_VALUES(cdr_value_int(2 * id + i), cdr_value_int(2 * id + 1 - i)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
mark_job(struct cdr_tx *tx, void *context)
{
	if (context != NULL)
		return CDR_E_QUOTA;
	return cdr_query_run(tx, "INSERT INTO mark (at) VALUES (1)", CDR_VALUES());
}

struct counting {
	const char *sql;
	int64_t count;
};

static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	struct counting *c = context;

	return cdr_query_one_int(tx, c->sql, CDR_VALUES(), &c->count);
}

static int64_t
count(struct cdr_home *h, const char *sql)
{
	struct counting c = { sql, -1 };

	assert_int_equal(cdr_store_read(h->store, count_job, &c), CDR_OK);
	return c.count;
}

static void
clear(const char *path)
{
	char aside[160];

	(void)snprintf(aside, sizeof(aside), "%s.restoring", path);
	files_remove(path);
	files_remove(aside);
}

static int
group_setup(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK || mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(home_path, sizeof(home_path), "%s/home", folder);
	(void)snprintf(restored_path, sizeof(restored_path), "%s/again", folder);
	(void)snprintf(file, sizeof(file), "%s/backup", folder);
	(void)snprintf(changed, sizeof(changed), "%s/changed", folder);
	if (cdr_home_create(home_path, &schema, &good, &home, NULL) != CDR_OK)
		return -1;
	for (int64_t id = 0; id < 200; id++)
		if (cdr_store_write(home->store, put_pair, &id) != CDR_OK)
			return -1;
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	cdr_home_close(home);
	clear(folder);
	return 0;
}

static cdr_err
back_up(void)
{
	uint64_t bytes;

	(void)unlink(file);
	return cdr_backup_write(home, &schema, file, 1700000000, &bytes, NULL);
}

static cdr_err
restore_from(const char *path, const struct cdr_passphrase *passphrase, struct cdr_home **again, struct cdr_fault *fault)
{
	uint64_t made_at;

	clear(restored_path);
	cdr_err err = cdr_backup_restore(path, restored_path, &schema, passphrase, mark_job, NULL, again, &made_at, fault);
	if (err == CDR_OK)
		assert_int_equal(made_at, 1700000000);
	else
		assert_int_equal(access(restored_path, F_OK), -1);
	return err;
}

static void
test_there_and_back(void **state)
{
	struct cdr_home *again;
	struct cdr_fault fault = { CDR_OK, "" };
	struct stat info;
	static const char book[] = "{\"not\": \"read here\"}";
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" CDR_CODEBOOK_FILE, home_path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(book, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(back_up(), CDR_OK);
	assert_int_equal(stat(file, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	if (restore_from(file, &good, &again, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(count(again, "SELECT count(*) FROM thing"), 400);
	assert_int_equal(count(again, "SELECT count(*) FROM mark"), 1);
	assert_int_equal(count(home, "SELECT count(*) FROM mark"), 0);
	assert_memory_equal(again->signing_public, home->signing_public, sizeof(home->signing_public));
	cdr_home_close(again);
	(void)snprintf(path, sizeof(path), "%s/" CDR_CODEBOOK_FILE, restored_path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, strlen(book));
	/* The old node goes on: nothing of it was moved or locked. */
	int64_t id = 1000;
	assert_int_equal(cdr_store_write(home->store, put_pair, &id), CDR_OK);
}

/* What is inside cannot be read from the file. */
static void
test_nothing_in_plain(void **state)
{
	struct stat info;

	(void)state;
	assert_int_equal(back_up(), CDR_OK);
	assert_int_equal(stat(file, &info), 0);
	uint8_t *bytes = malloc((size_t)info.st_size);
	int fd = open(file, O_RDONLY);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)info.st_size), info.st_size);
	assert_int_equal(close(fd), 0);
	assert_null(memmem(bytes, (size_t)info.st_size, "Zebulon", 7));
	assert_null(memmem(bytes, (size_t)info.st_size, "CREATE TABLE", 12));
	assert_null(memmem(bytes, (size_t)info.st_size, "SQLite format 3", 15));
	assert_null(memmem(bytes, (size_t)info.st_size, home->keys->signing, sizeof(home->keys->signing)));
	free(bytes);
	/* Nor from anything that was left beside it. */
	char path[80];
	(void)snprintf(path, sizeof(path), "%s.part", file);
	assert_int_equal(access(path, F_OK), -1);
	(void)snprintf(path, sizeof(path), "%s.database", file);
	assert_int_equal(access(path, F_OK), -1);
}

static atomic_bool stop;

static void *
write_on(void *context)
{
	(void)context;
	for (int64_t id = 2000; !atomic_load(&stop); id++)
		if (cdr_store_write(home->store, put_pair, &id) != CDR_OK)
			break;
	return NULL;
}

/* While somebody writes, each backup is of one moment: every row has its twin. */
static void
test_of_one_moment(void **state)
{
	pthread_t thread;
	struct cdr_home *again;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, write_on, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(back_up(), CDR_OK);
		assert_int_equal(restore_from(file, &good, &again, NULL), CDR_OK);
		assert_true(count(again, "SELECT count(*) FROM thing") >= 400);
		assert_int_equal(count(again, "SELECT count(*) FROM thing WHERE twin NOT IN (SELECT id FROM thing)"), 0);
		cdr_home_close(again);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void
copy_changed(off_t at, off_t cut)
{
	files_copy(file, changed);
	int fd = open(changed, O_RDWR);
	uint8_t byte;
	struct stat info;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	if (at < 0)
		at += info.st_size;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(ftruncate(fd, info.st_size - cut), 0);
	assert_int_equal(close(fd), 0);
}

static void
test_changed(void **state)
{
	struct cdr_home *again;
	struct cdr_fault fault;
	static const struct {
		off_t at, cut;
		cdr_err err;
	} cases[] = {
		{ 0, 0, CDR_E_INPUT },         /* the name of the format */
		{ 19, 0, CDR_E_INPUT },        /* the version */
		{ 23, 0, CDR_E_REFUSED },      /* whose */
		{ 31, 0, CDR_E_INPUT },        /* when */
		{ 35, 0, CDR_E_INPUT },        /* lengths */
		{ 32, 0, CDR_E_INPUT },
		{ 36, 0, CDR_E_INPUT },
		{ 40, 0, CDR_E_INPUT },
		{ 47, 0, CDR_E_INPUT },
		{ 160, 0, CDR_E_INPUT },       /* in the keystore */
		{ 2000, 0, CDR_E_INPUT },
		{ 20000, 0, CDR_E_INPUT },     /* in the database */
		{ -33, 0, CDR_E_INPUT },
		{ -1, 0, CDR_E_INPUT },        /* the code */
		{ -1, 1, CDR_E_INPUT },        /* too short */
		{ -1, 5000, CDR_E_INPUT },
	};

	(void)state;
	assert_int_equal(back_up(), CDR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		copy_changed(cases[i].at, cases[i].cut);
		fault = (struct cdr_fault){ CDR_OK, "" };
		cdr_err err = restore_from(changed, &good, &again, &fault);
		if (err != cases[i].err)
			fail_msg("case %zu: %s (%s)", i, cdr_err_name(err), fault.text);
		assert_true(strlen(fault.text) > 10);
	}
}

static void
test_refused(void **state)
{
	struct cdr_home *again;
	struct cdr_fault fault;
	uint64_t made_at, bytes;

	(void)state;
	assert_int_equal(back_up(), CDR_OK);
	assert_int_equal(cdr_backup_write(home, &schema, file, 0, &bytes, &fault), CDR_E_EXISTS);
	assert_int_equal(cdr_backup_write(home, &schema, "/tmp/no-such-folder-of-candor/b", 0, &bytes, &fault), CDR_E_IO);
	assert_int_equal(restore_from(file, &wrong, &again, &fault), CDR_E_PASSPHRASE);
	assert_non_null(strstr(fault.text, "day of the backup"));
	assert_null(strstr(fault.text, "restoring"));
	assert_int_equal(restore_from("/tmp/no-such-file-of-candor", &good, &again, &fault), CDR_E_ABSENT);
	assert_int_equal(restore_from("/dev/null", &good, &again, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_backup_restore(file, restored_path, &other_schema, &good, mark_job, NULL, &again, &made_at, &fault),
	    CDR_E_REFUSED);
	/* Into the node itself, or any folder with something in it. */
	assert_int_equal(cdr_backup_restore(file, home_path, &schema, &good, mark_job, NULL, &again, &made_at, &fault), CDR_E_EXISTS);
	assert_int_equal(count(home, "SELECT count(*) FROM thing WHERE id = 0"), 1);
	/* What cannot be noted is not restored. */
	assert_int_equal(cdr_backup_restore(file, restored_path, &schema, &good, mark_job, &made_at, &again, &made_at, &fault),
	    CDR_E_QUOTA);
	assert_int_equal(access(restored_path, F_OK), -1);
	/* What an interrupted restore left is no hindrance; nor is an empty folder. */
	char left[80];
	(void)snprintf(left, sizeof(left), "%s.restoring", restored_path);
	assert_int_equal(mkdir(left, 0700), 0);
	assert_int_equal(mkdir(restored_path, 0700), 0);
	assert_int_equal(cdr_backup_restore(file, restored_path, &schema, &good, mark_job, NULL, &again, &made_at, &fault), CDR_OK);
	cdr_home_close(again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_nothing_in_plain),
		cmocka_unit_test(test_of_one_moment),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
