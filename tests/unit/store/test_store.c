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
	const char *const second_migrations[] = { first_schema.migrations[0],
		"ALTER TABLE person ADD COLUMN note text; CREATE INDEX person_born ON person (born);" };
	const struct cdr_store_schema second_schema = { first_schema.application_id, second_migrations, 2 };
	const char *const broken_migrations[] = { first_schema.migrations[0], "CREATE TABLE extra (a bigint); NOT SQL;" };
	const struct cdr_store_schema broken_schema = { first_schema.application_id, broken_migrations, 2 };
	const struct cdr_store_schema other_schema = { first_schema.application_id + 1, first_schema.migrations, 1 };
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
	};

	return cmocka_run_group_tests(tests, start_secrets, NULL);
}
