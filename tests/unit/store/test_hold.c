#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/store.h"

/* Several jobs of one thread as one transaction: all or nothing, also where the program dies; others wait, and see all of it or none. */

static const char *const migrations[] = { "CREATE TABLE mark (number bigint NOT NULL PRIMARY KEY);" };
static const struct cdr_store_schema schema = { 0x63640004, migrations, 1 };
static const uint8_t key[CDR_STORE_KEY_LEN] = "an example of a key, 32 bytes l.";
static char folder[64], path[96];
static struct cdr_store *store;

static void
open_again(bool create)
{
	struct cdr_store_config config = { .path = path, .key = key, .schema = &schema, .create = create, .busy_ms = 100 };

	assert_int_equal(cdr_store_open(&config, &store, NULL), CDR_OK);
}

static int
open_store(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/candor-hold-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/node.db", folder);
	open_again(true);
	return 0;
}

static int
close_store(void **state)
{
	static const char *const endings[] = { "", "-check", "-wal", "-shm" };
	char name[128];

	(void)state;
	cdr_store_close(store);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
	return rmdir(folder);
}

static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(*(const int64_t *)context)));
}

static cdr_err
put_and_fail(struct cdr_tx *tx, void *context)
{
	cdr_err err = put_job(tx, context);

	return err == CDR_OK ? CDR_E_REFUSED : err;
}

static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM mark", CDR_VALUES(), context);
}

static cdr_err
nested_job(struct cdr_tx *tx, void *context)
{
	(void)tx;
	assert_int_equal(cdr_store_write(store, put_job, context), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_hold(store), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_settle(store, true), CDR_E_INTERNAL);
	return CDR_OK;
}

static int64_t
count(void)
{
	int64_t n = -1;

	assert_int_equal(cdr_store_read(store, count_job, &n), CDR_OK);
	return n;
}

static cdr_err
put(int64_t number)
{
	return cdr_store_write(store, put_job, &number);
}

static void *
count_elsewhere(void *context)
{
	assert_int_equal(cdr_store_read(store, count_job, context), CDR_OK);
	return NULL;
}

static int64_t
seen_by_others(void)
{
	pthread_t thread;
	int64_t n = -1;

	assert_int_equal(pthread_create(&thread, NULL, count_elsewhere, &n), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return n;
}

static void
test_all_or_nothing(void **state)
{
	int64_t nine = 9;

	(void)state;
	assert_int_equal(cdr_store_settle(store, true), CDR_E_INTERNAL); /* nothing is held */
	assert_int_equal(put(1), CDR_OK);
	assert_int_equal(cdr_store_hold(store), CDR_OK);
	assert_int_equal(cdr_store_hold(store), CDR_E_INTERNAL);
	assert_int_equal(put(2), CDR_OK);
	assert_int_equal(cdr_store_write(store, put_and_fail, &nine), CDR_E_REFUSED); /* takes nothing with it */
	assert_int_equal(put(3), CDR_OK);
	assert_int_equal(put(3), CDR_E_EXISTS);                                       /* a statement that failed: neither */
	assert_int_equal(cdr_store_write(store, nested_job, &nine), CDR_OK);
	assert_int_equal(cdr_store_read(store, put_job, &nine), CDR_OK);              /* what reads leaves nothing behind */
	assert_int_equal(cdr_store_scrub(store), CDR_E_BUSY);
	assert_int_equal(count(), 3);
	assert_int_equal(seen_by_others(), 1);
	assert_int_equal(cdr_store_settle(store, true), CDR_OK);
	assert_int_equal(seen_by_others(), 3);
	assert_int_equal(cdr_store_hold(store), CDR_OK);
	assert_int_equal(put(4), CDR_OK);
	assert_int_equal(cdr_store_settle(store, false), CDR_OK);
	assert_int_equal(count(), 3);
	assert_int_equal(put(4), CDR_OK);
	assert_int_equal(cdr_store_scrub(store), CDR_OK);
}

static void *
put_elsewhere(void *context)
{
	assert_int_equal(cdr_store_write(store, put_job, context), CDR_OK);
	return NULL;
}

/* Who writes meanwhile waits, and loses nothing. */
static void
test_others_wait(void **state)
{
	pthread_t thread[4];
	int64_t number[4] = { 11, 12, 13, 14 };

	(void)state;
	assert_int_equal(cdr_store_hold(store), CDR_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, put_elsewhere, &number[i]), 0);
	for (int64_t i = 0; i < 50; i++)
		assert_int_equal(put(100 + i), CDR_OK);
	assert_int_equal(count(), 50);
	assert_int_equal(cdr_store_settle(store, false), CDR_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(count(), 4);
}

/* A program that ends before it settles has done nothing. */
static void
test_death(void **state)
{
	int status;

	(void)state;
	cdr_store_close(store);
	store = NULL;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		open_again(false);
		if (put(1) != CDR_OK || cdr_store_hold(store) != CDR_OK || put(2) != CDR_OK)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	open_again(false);
	assert_int_equal(count(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_all_or_nothing), TEST(test_others_wait), TEST(test_death) };

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
