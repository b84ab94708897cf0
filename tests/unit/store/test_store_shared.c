#include "tests/unit/store/marks.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/connection.h"

/* A store that threads and processes share, and that is killed. */

#define THREAD_COUNT 8
#define EACH_COUNT 50

struct writer {
	pthread_t thread;
	struct cdr_store *store;
	int64_t first;
	int refused_count;
};

/* Every fifth job fails after it wrote: nothing of it stays, and the others in its group do. */
static void *
write_many(void *context)
{
	struct writer *writer = context;

	for (int64_t i = 0; i < EACH_COUNT; i++) {
		int64_t number = writer->first + i;
		bool gives_up = i % 5 == 4;
		cdr_err err = cdr_store_write(writer->store, gives_up ? put_then_give_up : put_mark, &number);
		if (err != (gives_up ? CDR_E_QUOTA : CDR_OK))
			writer->refused_count++;
		int64_t count = 0;
		if (cdr_store_read(writer->store, count_marks, &count) != CDR_OK || count < i - i / 5)
			writer->refused_count++;
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct cdr_store *store = must_open(true);
	struct writer writers[THREAD_COUNT];

	(void)state;
	for (int i = 0; i < THREAD_COUNT; i++) {
		writers[i] = (struct writer){ .store = store, .first = i * 1000 };
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
	}
	for (int i = 0; i < THREAD_COUNT; i++) {
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
		assert_int_equal(writers[i].refused_count, 0);
	}
	assert_int_equal(mark_count(store), THREAD_COUNT * EACH_COUNT * 4 / 5);
	assert_int_equal(cdr_store_check(store, NULL), CDR_OK);
	cdr_store_close(store);
}

/* In a child: write numbers from ${first}, and tell each on ${fd} once it is durable. */
static void
write_in_child(int fd, int64_t first, int64_t count)
{
	struct cdr_store_config config = example(true);
	struct cdr_store *store = NULL;

	if (cdr_store_open(&config, &store, NULL) != CDR_OK)
		_exit(2);
	for (int64_t number = first; number < first + count; number++) {
		if (cdr_store_write(store, put_mark, &number) != CDR_OK)
			_exit(3);
		if (write(fd, &number, sizeof(number)) != (ssize_t)sizeof(number))
			_exit(4);
	}
	cdr_store_close(store);
	_exit(0);
}

static pid_t
start_child(int fd, int64_t first, int64_t count)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		write_in_child(fd, first, count);
	return pid;
}

static void
test_two_processes(void **state)
{
	int fds[2];
	int status = -1;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	/* Both may find no file and create it. */
	pid_t one = start_child(fds[1], 1000, 100);
	pid_t two = start_child(fds[1], 2000, 100);
	assert_int_equal(waitpid(one, &status, 0), one);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(two, &status, 0), two);
	assert_int_equal(status, 0);
	struct cdr_store *store = must_open(false);
	assert_int_equal(mark_count(store), 200);
	cdr_store_close(store);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* In a child, as a daemon: write one number, tell, wait until told, write another and count. Exits with the count. */
static void
stay_in_child(int told, int wait)
{
	struct cdr_store_config config = example(true);
	struct cdr_store *store = NULL;
	int64_t number = 1, count = 0;

	if (cdr_store_open(&config, &store, NULL) != CDR_OK || cdr_store_write(store, put_mark, &number) != CDR_OK)
		_exit(200);
	if (write(told, &number, sizeof(number)) != (ssize_t)sizeof(number) ||
	    read(wait, &number, sizeof(number)) != (ssize_t)sizeof(number))
		_exit(201);
	number = 2;
	if (cdr_store_write(store, put_mark, &number) != CDR_OK || cdr_store_read(store, count_marks, &count) != CDR_OK)
		_exit(202);
	cdr_store_close(store);
	_exit((int)count);
}

/*
 * The command line beside a daemon: what the one that comes and goes has written is there for the one that stays, and what
 * that one writes afterwards is there for whoever comes next. (If the one that stays had lost its lock on the file, the
 * other would throw the log away as it leaves.)
 */
static void
test_beside_a_process_that_stays(void **state)
{
	int told[2], wait[2], status = -1;
	int64_t number = 0;

	(void)state;
	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(wait), 0);
	pid_t maker = start_child(told[1], 0, 0); /* as `init` does */
	assert_int_equal(waitpid(maker, &status, 0), maker);
	assert_int_equal(status, 0);
	pid_t daemon = fork();
	assert_true(daemon >= 0);
	if (daemon == 0)
		stay_in_child(told[1], wait[0]);
	assert_int_equal(read(told[0], &number, sizeof(number)), sizeof(number));
	for (int64_t i = 0; i < 3; i++) {
		pid_t other = start_child(told[1], 1000 * (i + 1), 10);
		assert_int_equal(waitpid(other, &status, 0), other);
		assert_int_equal(status, 0);
	}
	assert_int_equal(write(wait[1], &number, sizeof(number)), sizeof(number));
	assert_int_equal(waitpid(daemon, &status, 0), daemon);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 32);
	struct cdr_store *store = must_open(false);
	assert_int_equal(mark_count(store), 32);
	cdr_store_close(store);
	for (int i = 0; i < 2; i++) {
		(void)close(told[i]);
		(void)close(wait[i]);
	}
}

/* Job: as if the disk were full, which SQLite may answer by giving up the whole transaction. */
static cdr_err
fill_the_disk(struct cdr_tx *tx, void *context)
{
	static uint8_t big[1 << 20];
	int64_t pages = 0;

	(void)context;
	assert_int_equal(cdr_connection_pragma(tx, "PRAGMA max_page_count = 1", &pages), CDR_OK);
	cdr_err err = cdr_query_run(tx, "INSERT INTO person (id) VALUES ($1)", CDR_VALUES(cdr_value_blob(big, sizeof(big))));
	assert_int_equal(cdr_connection_pragma(tx, "PRAGMA max_page_count = 1000000000", &pages), CDR_OK);
	return err;
}

static void
test_full_disk(void **state)
{
	struct cdr_store *store = must_open(true);
	int64_t number = 1;

	(void)state;
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	assert_int_equal(cdr_store_write(store, fill_the_disk, NULL), CDR_E_STORE);
	number = 2;
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	assert_int_equal(mark_count(store), 2);
	assert_int_equal(cdr_store_check(store, NULL), CDR_OK);
	cdr_store_close(store);
}

static pthread_barrier_t all_read;

/* Job: reads only once as many others do as may at a time. */
static cdr_err
read_together(struct cdr_tx *tx, void *context)
{
	(void)pthread_barrier_wait(&all_read);
	return count_marks(tx, context);
}

static void *
read_once(void *context)
{
	struct writer *reader = context;
	int64_t count = 0;

	if (cdr_store_read(reader->store, read_together, &count) != CDR_OK)
		reader->refused_count++;
	return NULL;
}

/* Twice as many readers as there may be connections: they come in two groups. */
static void
test_many_readers(void **state)
{
	struct cdr_store *store = must_open(true);
	struct writer readers[2 * CDR_STORE_READER_MAX];

	(void)state;
	assert_int_equal(pthread_barrier_init(&all_read, NULL, CDR_STORE_READER_MAX), 0);
	for (int i = 0; i < 2 * CDR_STORE_READER_MAX; i++) {
		readers[i] = (struct writer){ .store = store };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_once, &readers[i]), 0);
	}
	for (int i = 0; i < 2 * CDR_STORE_READER_MAX; i++) {
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		assert_int_equal(readers[i].refused_count, 0);
	}
	assert_int_equal(pthread_barrier_destroy(&all_read), 0);
	cdr_store_close(store);
}

/* Another process that keeps the file to itself. */
static void
test_busy(void **state)
{
	struct cdr_store_config config = example(true);
	struct cdr_connection_config other = { .path = path, .key = key, .cache_kib = 64, .busy_ms = 10 };
	struct cdr_store *store = NULL;
	struct cdr_tx *tx = NULL;
	int64_t number = 1;

	(void)state;
	config.busy_ms = 50;
	assert_int_equal(cdr_store_open(&config, &store, NULL), CDR_OK);
	assert_int_equal(cdr_connection_open(&other, &tx), CDR_OK);
	assert_int_equal(cdr_connection_script(tx, "BEGIN IMMEDIATE"), CDR_OK);
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_E_BUSY);
	assert_int_equal(mark_count(store), 0); /* readers do not wait */
	assert_int_equal(cdr_connection_script(tx, "ROLLBACK"), CDR_OK);
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	cdr_connection_close(tx);
	cdr_store_close(store);
}

static cdr_err
find_mark(struct cdr_tx *tx, void *context)
{
	int64_t found = 0;

	return cdr_query_one_int(tx, "SELECT number FROM mark WHERE number = $1",
	    CDR_VALUES(cdr_value_int(*(const int64_t *)context)), &found);
}

/* Kill the writer at an arbitrary moment, again and again: what it was told is durable is there. */
static void
test_kill(void **state)
{
	int64_t told_count = 0;

	(void)state;
	for (int round = 0; round < 12; round++) {
		const struct timespec pause = { 0, 4000000 + round * 2700000 };
		int64_t told[4096];
		int fds[2];
		assert_int_equal(pipe(fds), 0);
		pid_t pid = start_child(fds[1], round * 1000000, 100000);
		(void)close(fds[1]);
		(void)nanosleep(&pause, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		ssize_t len = read(fds[0], told, sizeof(told));
		assert_true(len >= 0);
		struct cdr_store *store = must_open(true);
		for (size_t i = 0; i < (size_t)len / sizeof(told[0]); i++, told_count++)
			assert_int_equal(cdr_store_read(store, find_mark, &told[i]), CDR_OK);
		/* At most one more than was told, in each round. */
		assert_in_range(mark_count(store), told_count, told_count + round + 1);
		cdr_store_close(store);
		(void)close(fds[0]);
	}
	assert_true(told_count > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threads),
		TEST(test_full_disk),
		TEST(test_many_readers),
		TEST(test_two_processes),
		TEST(test_beside_a_process_that_stays),
		TEST(test_busy),
		TEST(test_kill),
	};

	return cmocka_run_group_tests(tests, start_secrets, NULL);
}
