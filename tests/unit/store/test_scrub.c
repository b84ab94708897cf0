#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/scrub.h"

/* What was deleted is in no file once the store is scrubbed: the log is cut to nothing, and nobody who reads is disturbed. */

static const char *const migrations[] = {
	"CREATE TABLE mark (number bigint NOT NULL PRIMARY KEY, text text NOT NULL);"
	"CREATE TABLE setting (name text NOT NULL PRIMARY KEY, value bytea NOT NULL);",
};
static const struct cdr_store_schema schema = { 0x63640003, migrations, 1 };
static const uint8_t key[CDR_STORE_KEY_LEN] = "an example of a key, 32 bytes l.";
static char folder[64], path[96];
static struct cdr_store *store;

static int
open_store(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/candor-scrub-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/node.db", folder);
	struct cdr_store_config config = { .path = path, .key = key, .schema = &schema, .create = true, .busy_ms = 100 };
	return cdr_store_open(&config, &store, NULL) == CDR_OK ? 0 : -1;
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
	(void)context;
	cdr_err err = CDR_OK;
	for (int64_t i = 0; i < 100 && err == CDR_OK; i++)
		err = cdr_query_run(tx, "INSERT INTO mark (number, text) VALUES ($1, 'what will be deleted')", CDR_VALUES(cdr_value_int(i)));
	return err;
}

static cdr_err
delete_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM mark", CDR_VALUES());
}

static off_t
log_len(void)
{
	char name[128];
	struct stat status = { 0 };

	(void)snprintf(name, sizeof(name), "%s-wal", path);
	assert_int_equal(stat(name, &status), 0);
	return status.st_size;
}

static void
test_log_is_cut(void **state)
{
	(void)state;
	assert_int_equal(cdr_store_scrub(store), CDR_OK);
	assert_int_equal(cdr_store_write(store, put_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(store, delete_job, NULL), CDR_OK);
	assert_true(log_len() > 0);
	assert_int_equal(cdr_store_scrub(store), CDR_OK);
	assert_int_equal(log_len(), 0);
	assert_int_equal(cdr_store_write(store, put_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_check(store, NULL), CDR_OK);
}

/* ---- while somebody reads --------------------------------------------------------------------------------------------------- */

static sem_t reads, may_end;

static cdr_err
reading_job(struct cdr_tx *tx, void *context)
{
	int64_t *count = context;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM mark", CDR_VALUES(), count);
	(void)sem_post(&reads);
	(void)sem_wait(&may_end);
	return err;
}

static void *
reader(void *context)
{
	return cdr_store_read(store, reading_job, context) == CDR_OK ? context : NULL;
}

static void
test_somebody_reads(void **state)
{
	pthread_t thread;
	int64_t count = -1;
	void *result;

	(void)state;
	assert_int_equal(sem_init(&reads, 0, 0), 0);
	assert_int_equal(sem_init(&may_end, 0, 0), 0);
	assert_int_equal(cdr_store_write(store, put_job, NULL), CDR_OK);
	assert_int_equal(pthread_create(&thread, NULL, reader, &count), 0);
	(void)sem_wait(&reads);
	assert_int_equal(cdr_store_write(store, delete_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_scrub(store), CDR_E_BUSY);
	assert_int_equal(cdr_store_write(store, put_job, NULL), CDR_OK); /* nobody waits for it */
	(void)sem_post(&may_end);
	(void)pthread_join(thread, &result);
	assert_ptr_equal(result, &count);
	assert_int_equal(count, 100);
	assert_int_equal(cdr_store_scrub(store), CDR_OK);
	assert_int_equal(log_len(), 0);
}

static cdr_err
scrub_job(struct cdr_tx *tx, void *context)
{
	(void)tx;
	(void)context;
	return cdr_store_scrub(store);
}

static void
test_from_inside_a_job(void **state)
{
	(void)state;
	assert_int_equal(cdr_store_write(store, scrub_job, NULL), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_scrub(store), CDR_OK);
}

/* ---- where it is wanted ----------------------------------------------------------------------------------------------------- */

/* Erase, and say so: the second time there is nothing to erase. */
static cdr_err
erase_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = delete_job(tx, context);

	return err == CDR_OK ? cdr_scrub_want_changed(tx) : err;
}

static cdr_err
want_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_scrub_want(tx);
}

static unsigned cut_count;

static cdr_err
counted_scrub(struct cdr_store *which)
{
	cut_count++;
	return cdr_store_scrub(which);
}

/* Another erases before it is noted that the log is cut. */
static cdr_err
scrub_and_erase(struct cdr_store *which)
{
	cdr_err err = counted_scrub(which);

	return err == CDR_OK ? cdr_store_write(which, want_job, NULL) : err;
}

static cdr_err
busy_scrub(struct cdr_store *which)
{
	(void)which;
	return CDR_E_BUSY;
}

static cdr_err
broken_scrub(struct cdr_store *which)
{
	(void)which;
	return CDR_E_STORE;
}

static void
assert_scrubbed(cdr_err (*scrub)(struct cdr_store *), bool expected, unsigned cuts)
{
	bool done = !expected;

	cut_count = 0;
	assert_int_equal(cdr_scrub(store, scrub, &done), CDR_OK);
	assert_int_equal(done, expected);
	assert_int_equal(cut_count, cuts);
}

static void
test_wanted(void **state)
{
	bool done = true;

	(void)state;
	assert_scrubbed(counted_scrub, true, 0);
	assert_int_equal(cdr_store_write(store, put_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(store, erase_job, NULL), CDR_OK);
	assert_scrubbed(busy_scrub, false, 0);
	assert_int_equal(cdr_scrub(store, broken_scrub, &done), CDR_E_STORE);
	assert_false(done);
	/* What is erased while the log is cut is not forgotten. */
	assert_scrubbed(scrub_and_erase, true, 1);
	assert_scrubbed(counted_scrub, true, 1);
	assert_scrubbed(counted_scrub, true, 0);
	/* Nothing was erased. */
	assert_int_equal(cdr_store_write(store, erase_job, NULL), CDR_OK);
	assert_scrubbed(counted_scrub, true, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_log_is_cut, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_somebody_reads, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_from_inside_a_job, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_wanted, open_store, close_store),
	};

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
