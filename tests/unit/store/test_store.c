#include "tests/unit/unit.h"

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
#include "node/store/store.h"

static const char *const first_migrations[] = {
	"CREATE TABLE person (id bytea NOT NULL PRIMARY KEY, name text, born bigint) /* WITHOUT ROWID */;"
	"CREATE TABLE post (person bytea NOT NULL REFERENCES person (id), number bigint NOT NULL CHECK (number > 0),"
	"  PRIMARY KEY (person, number));"
	"CREATE TABLE mark (number bigint NOT NULL PRIMARY KEY);",
};
static const struct cdr_store_schema first_schema = { 0x63640001, first_migrations, 1 };
static const struct cdr_store_schema other_schema = { 0x63640002, first_migrations, 1 };

static const uint8_t key[CDR_STORE_KEY_LEN] = "an example of a key, 32 bytes l.";
static char folder[64];
static char path[96];

static struct cdr_store_config
example(bool create)
{
	return (struct cdr_store_config){ .path = path, .key = key, .schema = &first_schema, .create = create,
		.cache_kib = 1024 };
}

static struct cdr_store *
must_open(bool create)
{
	struct cdr_store_config config = example(create);
	struct cdr_store *store = NULL;
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_store_open(&config, &store, &fault) != CDR_OK)
		fail_msg("open: %s", fault.text);
	return store;
}

/* A folder of its own for each test. */
static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/candor-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/node.db", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	static const char *const endings[] = { "", "-check", "-wal", "-shm", "-journal" };
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
	return rmdir(folder);
}

/* Job: put the number that ${context} points to. */
static cdr_err
put_mark(struct cdr_tx *tx, void *context)
{
	const int64_t *number = context;

	return cdr_query_run(tx, "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(*number)));
}

static cdr_err
count_marks(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM mark", CDR_VALUES(), context);
}

static int64_t
mark_count(struct cdr_store *store)
{
	int64_t count = -1;

	assert_int_equal(cdr_store_read(store, count_marks, &count), CDR_OK);
	return count;
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

static void
test_create_and_reopen(void **state)
{
	struct stat status;
	int64_t number = 7;

	(void)state;
	struct cdr_store *store = must_open(true);
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	cdr_store_close(store);
	store = must_open(false);
	assert_int_equal(mark_count(store), 1);
	assert_int_equal(cdr_store_check(store, NULL), CDR_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	cdr_store_close(store);
	cdr_store_close(NULL);
}

static void
test_absent(void **state)
{
	struct cdr_store_config config = example(false);
	struct cdr_store *store = NULL;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_ABSENT);
	assert_null(store);
	/* An empty file, as a crash can leave it, is as good as none. */
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_ABSENT);
	cdr_store_close(must_open(true));
}

static void
test_wrong_key(void **state)
{
	struct cdr_store_config config = example(false);
	struct cdr_store *store = NULL;
	struct cdr_fault fault;
	uint8_t other[CDR_STORE_KEY_LEN];
	char check[128];

	(void)state;
	cdr_store_close(must_open(true));
	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	config.key = other;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_PASSPHRASE);
	assert_non_null(strstr(fault.text, "wrong passphrase"));
	/* Without the check value (a restored file) it is still refused. */
	(void)snprintf(check, sizeof(check), "%s-check", path);
	assert_int_equal(unlink(check), 0);
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_PASSPHRASE);
	/* Opened with the right one, the value is written again. */
	cdr_store_close(must_open(false));
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_PASSPHRASE);
	assert_non_null(strstr(fault.text, "wrong passphrase"));
}

/* Overwrite 64 bytes of the file. */
static void
damage(off_t at)
{
	uint8_t junk[64];
	int fd = open(path, O_WRONLY);

	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	assert_int_equal(close(fd), 0);
}

static void
test_damage(void **state)
{
	struct cdr_store_config config = example(false);
	struct cdr_store *store = must_open(true);
	struct cdr_fault fault = { CDR_OK, "" };

	(void)state;
	for (int64_t number = 1; number <= 50; number++)
		assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	cdr_store_close(store);
	damage(4096 * 3 + 100);
	store = must_open(false);
	assert_int_equal(cdr_store_check(store, &fault), CDR_E_STORE);
	assert_non_null(strstr(fault.text, "damaged"));
	cdr_store_close(store);
	/* The first page: with the check value it is not taken for a wrong key. */
	damage(100);
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_STORE);
	assert_non_null(strstr(fault.text, "the key is right"));
}

static void
test_plaintext_is_refused(void **state)
{
	struct cdr_store_config config = example(true);
	struct cdr_store *store = NULL;
	struct cdr_fault fault;
	sqlite3 *plain = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(path, &plain), SQLITE_OK);
	assert_int_equal(sqlite3_exec(plain, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(plain), SQLITE_OK);
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "without encryption"));
}

/* What is written cannot be read from the file without the key. */
static void
test_file_is_sealed(void **state)
{
	struct cdr_store *store = must_open(true);
	char content[200000];

	(void)state;
	int64_t number = 99;
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	cdr_store_close(store);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t len = fread(content, 1, sizeof(content), file);
	assert_int_equal(fclose(file), 0);
	assert_true(len >= 4096);
	assert_null(memmem(content, len, "SQLite", 6));
	assert_null(memmem(content, len, "CREATE", 6));
	assert_null(memmem(content, len, "mark", 4));
}

static void
test_migrations(void **state)
{
	const char *const second_migrations[] = { first_migrations[0],
		"ALTER TABLE person ADD COLUMN note text; CREATE INDEX person_born ON person (born);" };
	const struct cdr_store_schema second_schema = { first_schema.application_id, second_migrations, 2 };
	const char *const broken_migrations[] = { first_migrations[0], "CREATE TABLE extra (a bigint); NOT SQL;" };
	const struct cdr_store_schema broken_schema = { first_schema.application_id, broken_migrations, 2 };
	struct cdr_store_config config = example(false);
	struct cdr_store *store = NULL;
	struct cdr_fault fault;
	int64_t number = 5;

	(void)state;
	store = must_open(true);
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	cdr_store_close(store);

	config.schema = &other_schema;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "another program"));

	/* A step that fails leaves nothing of itself. */
	config.schema = &broken_schema;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_STORE);
	assert_non_null(strstr(fault.text, "schema 2"));

	config.schema = &second_schema;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_OK);
	assert_int_equal(mark_count(store), 1);
	cdr_store_close(store);

	config.schema = &first_schema;
	assert_int_equal(cdr_store_open(&config, &store, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "newer version"));
}

/* ---- statements ---------------------------------------------------------------------------------------------- */

static const uint8_t ada[4] = { 1, 0, 2, 3 };
static const uint8_t eve[4] = { 9, 9, 9, 9 };

/* Job: parameters out of order, twice, with a cast; every type out and back. */
static cdr_err
use_statements(struct cdr_tx *tx, void *context)
{
	struct cdr_query *query = NULL, *inner = NULL;
	struct cdr_bytes bytes;
	struct cdr_buffer copy;
	uint8_t id[4];
	char name[16];
	int64_t born = 0, count = 0;
	uint64_t unsigned_born = 0;
	cdr_err err = CDR_E_INTERNAL;

	(void)context;
	CDR_TRY(cdr_query_run(tx, "INSERT INTO person (born, name, id) VALUES ($3, $2, $1)",
	    CDR_VALUES(cdr_value_blob(ada, sizeof(ada)), cdr_value_text("Ada"), cdr_value_int(-1815))));
	assert_int_equal(cdr_query_changed_count(tx), 1);
	CDR_TRY(cdr_query_run(tx, "INSERT INTO person (id, name, born) SELECT $1, $2, $3 WHERE $3::bigint > 0 AND $1 <> $4",
	    CDR_VALUES(cdr_value_bytes((struct cdr_bytes){ eve, sizeof(eve) }), cdr_value_text(NULL), cdr_value_int(1900),
		cdr_value_blob(NULL, 0))));
	assert_int_equal(cdr_query_changed_count(tx), 1);

	CDR_TRY(cdr_query_start(tx, "SELECT id, name, born FROM person ORDER BY born", CDR_VALUES(), &query));
	assert_int_equal(cdr_query_int(query, 2, &born), CDR_E_INTERNAL); /* before the first row */
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	assert_memory_equal(id, ada, sizeof(ada));
	CDR_TRY(cdr_query_text(query, 1, name, sizeof(name)));
	assert_string_equal(name, "Ada");
	CDR_TRY(cdr_query_int(query, 2, &born));
	assert_int_equal(born, -1815);
	assert_int_equal(cdr_query_count(query, 2, &unsigned_born), CDR_E_STORE);
	/* Another type, another length, no such column. */
	assert_int_equal(cdr_query_int(query, 0, &born), CDR_E_STORE);
	assert_int_equal(cdr_query_blob(query, 0, id, 3), CDR_E_STORE);
	assert_int_equal(cdr_query_blob(query, 1, id, 3), CDR_E_STORE);
	assert_int_equal(cdr_query_text(query, 1, name, 3), CDR_E_STORE);
	assert_int_equal(cdr_query_text(query, 0, name, sizeof(name)), CDR_E_STORE);
	assert_int_equal(cdr_query_int(query, 3, &born), CDR_E_INTERNAL);
	assert_int_equal(cdr_query_blob_peek(query, 0, 3, &bytes), CDR_E_STORE);
	CDR_TRY(cdr_query_blob_copy(query, 0, 4, &copy));
	assert_int_equal(copy.len, 4);
	cdr_buffer_free(&copy);

	/* The same statement inside itself. */
	CDR_TRY(cdr_query_start(tx, "SELECT id, name, born FROM person ORDER BY born", CDR_VALUES(), &inner));
	CDR_TRY(cdr_query_step(inner));
	CDR_TRY(cdr_query_step(query));
	assert_true(cdr_query_is_null(query, 1));
	CDR_TRY(cdr_query_text(query, 1, name, sizeof(name)));
	assert_string_equal(name, "");
	CDR_TRY(cdr_query_count(query, 2, &unsigned_born));
	assert_int_equal(unsigned_born, 1900);
	assert_int_equal(cdr_query_step(query), CDR_E_ABSENT);
	assert_int_equal(cdr_query_int(query, 2, &born), CDR_E_INTERNAL);
	cdr_query_end(inner);

	cdr_query_end(query);
	CDR_TRY(cdr_query_start(tx, "SELECT CAST(x'610062' AS text)", CDR_VALUES(), &query));
	CDR_TRY(cdr_query_step(query));
	assert_int_equal(cdr_query_text(query, 0, name, sizeof(name)), CDR_E_STORE); /* a NUL within */
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM person WHERE born < $1", CDR_VALUES(cdr_value_int(0)), &count));
	assert_int_equal(count, 1);
	assert_int_equal(cdr_query_one_int(tx, "SELECT born FROM person WHERE born = 4", CDR_VALUES(), &count),
	    CDR_E_ABSENT);
	assert_int_equal(cdr_query_one_blob(tx, "SELECT id FROM person WHERE born = 4", CDR_VALUES(), id, 4),
	    CDR_E_ABSENT);
	err = cdr_query_one_blob(tx, "SELECT id FROM person WHERE born > 0", CDR_VALUES(), id, 4);
	assert_memory_equal(id, eve, 4);
out:
	cdr_query_end(query);
	cdr_query_end(NULL);
	return err;
}

static void
test_statements(void **state)
{
	struct cdr_store *store = must_open(true);

	(void)state;
	assert_int_equal(cdr_store_write(store, use_statements, NULL), CDR_OK);
	cdr_store_close(store);
}

/* A statement that is wrong, and what it must give. */
struct wrong {
	const char *sql;
	struct cdr_values values;
	cdr_err err;
};

/* Job: the wrong statement poisons its transaction, even if the job says that all is well. */
static cdr_err
try_wrong(struct cdr_tx *tx, void *context)
{
	const struct wrong *wrong = context;
	int64_t number = 1;

	assert_int_equal(put_mark(tx, &number), CDR_OK);
	assert_string_equal(cdr_query_error_peek(tx), "");
	assert_int_equal(cdr_query_run(tx, wrong->sql, wrong->values), wrong->err);
	assert_true(strlen(cdr_query_error_peek(tx)) > 0);
	number = 2;
	assert_int_equal(put_mark(tx, &number), wrong->err);
	return CDR_OK;
}

static void
test_wrong_statements(void **state)
{
	static const uint8_t byte[1] = { 0 };
	const struct wrong wrongs[] = {
		{ "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(1)), CDR_E_EXISTS },
		{ "INSERT INTO mark (number) VALUES (NULL)", CDR_VALUES(), CDR_E_REFUSED },
		{ "INSERT INTO post (person, number) VALUES ($1, 0)", CDR_VALUES(cdr_value_blob(ada, 4)), CDR_E_REFUSED },
		{ "INSERT INTO post (person, number) VALUES ($1, 1)", CDR_VALUES(cdr_value_blob(ada, 4)), CDR_E_REFUSED },
		{ "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(), CDR_E_RANGE },
		{ "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(2), cdr_value_int(3)), CDR_E_RANGE },
		{ "INSERT INTO mark (number) VALUES ($2)", CDR_VALUES(cdr_value_int(2), cdr_value_int(3)), CDR_E_RANGE },
		{ "INSERT INTO mark (number) VALUES (?)", CDR_VALUES(cdr_value_int(2)), CDR_E_RANGE },
		{ "INSERT INTO mark (number) VALUES ($33)", CDR_VALUES(cdr_value_int(2)), CDR_E_RANGE },
		{ "INSERT INTO person (id) VALUES ($1)",
		    CDR_VALUES(cdr_value_blob(byte, (size_t)CDR_QUERY_VALUE_LEN_MAX + 1)), CDR_E_RANGE },
		{ "SELECT number FROM mark", CDR_VALUES(), CDR_E_INTERNAL },
		{ "DELETE FROM mark; DELETE FROM person", CDR_VALUES(), CDR_E_INTERNAL },
		{ "", CDR_VALUES(), CDR_E_INTERNAL },
		{ "DELETE FROM nothing", CDR_VALUES(), CDR_E_STORE },
	};
	struct cdr_store *store = must_open(true);

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct wrong wrong = wrongs[i];
		assert_int_equal(cdr_store_write(store, try_wrong, &wrong), wrong.err);
		assert_int_equal(mark_count(store), 0);
	}
	cdr_store_close(store);
}

/* Job: leaves a query running, which must not hold the connection up. */
static cdr_err
leave_running(struct cdr_tx *tx, void *context)
{
	struct cdr_query *query = NULL;

	(void)context;
	assert_int_equal(cdr_query_start(tx, "SELECT name FROM sqlite_master", CDR_VALUES(), &query), CDR_OK);
	return cdr_query_step(query);
}

static cdr_err
write_in_read(struct cdr_tx *tx, void *context)
{
	assert_int_equal(put_mark(tx, context), CDR_E_STORE);
	return CDR_OK;
}

/* Job: a write inside a write. */
static cdr_err
write_in_write(struct cdr_tx *tx, void *context)
{
	int64_t number = 3;

	(void)tx;
	return cdr_store_write(context, put_mark, &number);
}

static cdr_err
put_then_give_up(struct cdr_tx *tx, void *context)
{
	assert_int_equal(put_mark(tx, context), CDR_OK);
	return CDR_E_QUOTA;
}

static void
test_jobs_that_fail(void **state)
{
	struct cdr_store *store = must_open(true);
	int64_t number = 1;

	(void)state;
	assert_int_equal(cdr_store_write(store, leave_running, NULL), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_read(store, leave_running, NULL), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_read(store, write_in_read, &number), CDR_E_STORE);
	assert_int_equal(cdr_store_write(store, write_in_write, store), CDR_E_INTERNAL);
	assert_int_equal(cdr_store_write(store, put_then_give_up, &number), CDR_E_QUOTA);
	assert_int_equal(mark_count(store), 0);
	assert_int_equal(cdr_store_write(store, put_mark, &number), CDR_OK);
	assert_int_equal(mark_count(store), 1);
	cdr_store_close(store);
}

/* Job: more different statements than are kept prepared. */
static cdr_err
many_statements(struct cdr_tx *tx, void *context)
{
	char sql[64];
	int64_t number = 0;

	(void)context;
	for (int i = 0; i < 2 * CDR_CONNECTION_STATEMENT_MAX; i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(cdr_query_one_int(tx, sql, CDR_VALUES(), &number), CDR_OK);
		assert_int_equal(number, i);
	}
	assert_true(tx->query_count <= CDR_CONNECTION_STATEMENT_MAX);
	return CDR_OK;
}

static void
test_statement_cache(void **state)
{
	struct cdr_store *store = must_open(true);

	(void)state;
	assert_int_equal(cdr_store_read(store, many_statements, NULL), CDR_OK);
	assert_int_equal(cdr_store_read(store, many_statements, NULL), CDR_OK);
	cdr_store_close(store);
}

static cdr_err
put_for_dump(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;

	(void)context;
	CDR_TRY(cdr_query_run(tx, "INSERT INTO person (id, name, born) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_blob(ada, sizeof(ada)), cdr_value_text("Z\xc3\xa9 \"Q\""), cdr_value_null())));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(4))));
	err = cdr_query_run(tx, "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(3)));
out:
	return err;
}

static void
test_dump(void **state)
{
	struct cdr_store *store = must_open(true);
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(cdr_store_write(store, put_for_dump, NULL), CDR_OK);
	assert_int_equal(cdr_store_dump_json(store, file), CDR_OK);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, "{\n\"mark\": [\n{\"number\":3},\n{\"number\":4}],"
				  "\n\"person\": [\n{\"id\":\"01000203\",\"name\":\"Z\xc3\xa9 \\\"Q\\\"\",\"born\":null}],"
				  "\n\"post\": []\n}\n");
	free(text);
	file = fopen("/dev/full", "w");
	if (file != NULL) {
		assert_int_equal(cdr_store_dump_json(store, file), CDR_E_IO);
		(void)fclose(file);
	}
	cdr_store_close(store);
}

/* ---- threads, processes, crashes ----------------------------------------------------------------------------- */

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

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create_and_reopen),
		TEST(test_absent),
		TEST(test_wrong_key),
		TEST(test_damage),
		TEST(test_plaintext_is_refused),
		TEST(test_file_is_sealed),
		TEST(test_migrations),
		TEST(test_statements),
		TEST(test_wrong_statements),
		TEST(test_jobs_that_fail),
		TEST(test_statement_cache),
		TEST(test_dump),
		TEST(test_threads),
		TEST(test_full_disk),
		TEST(test_many_readers),
		TEST(test_two_processes),
		TEST(test_beside_a_process_that_stays),
		TEST(test_busy),
		TEST(test_kill),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
