#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "keys/passphrase.h"
#include "node/store/home.h"

static const char *const migrations[] = { "CREATE TABLE thing (id bigint PRIMARY KEY, what text NOT NULL);" };
static const struct cdr_store_schema schema = { .application_id = 0x43445431, .migrations = migrations, .migration_count = 1 };
static const struct cdr_store_schema other = { .application_id = 0x43445432, .migrations = migrations, .migration_count = 1 };

static char dir[64], node[80];
static struct cdr_passphrase right, wrong, shorter;
static struct cdr_fault fault;

static void
set(struct cdr_passphrase *passphrase, const char *text)
{
	*passphrase = (struct cdr_passphrase){ .len = strlen(text) };
	memcpy(passphrase->bytes, text, passphrase->len);
}

static int
setup(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	set(&right, "a passphrase of this node");
	set(&wrong, "a passphrase of some node");
	set(&shorter, "too short");
	(void)snprintf(dir, sizeof(dir), "/tmp/cdr-home-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(node, sizeof(node), "%s/node", dir);
	return 0;
}

/* "DIR/node/NAME", good until the next call. */
static const char *
path_of(const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", node, name);
	return path;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "keystore", "node.db", "node.db-check", "node.db-wal", "node.db-shm", "stray" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	if (unlink(node) != 0)
		(void)rmdir(node);
	return rmdir(dir);
}

static cdr_err
create(const struct cdr_passphrase *passphrase, struct cdr_home **home)
{
	fault = (struct cdr_fault){ 0 };
	cdr_err err = cdr_home_create(node, &schema, passphrase, home, &fault);
	assert_int_equal(err == CDR_OK, *home != NULL);
	assert_int_equal(fault.code, err);
	return err;
}

static cdr_err
reopen(const struct cdr_passphrase *passphrase, struct cdr_home **home)
{
	fault = (struct cdr_fault){ 0 };
	cdr_err err = cdr_home_open(node, &schema, passphrase, home, &fault);
	assert_int_equal(err == CDR_OK, *home != NULL);
	assert_int_equal(fault.code, err);
	return err;
}

static cdr_err
put_thing(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "INSERT INTO thing (id, what) VALUES (1, $1)", CDR_VALUES(cdr_value_text(context)));
}

static cdr_err
count_things(struct cdr_tx *tx, void *count)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM thing", CDR_VALUES(), count);
}

static void
assert_private(const char *path, mode_t mode)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, mode);
}

/* What is opened again is the same node: keys, certificate, database. Daemon and command line may both hold it. */
static void
test_create_and_open(void **state)
{
	struct cdr_home *home, *again;
	char what[] = "x";
	int64_t count;

	(void)state;
	(void)umask(0);
	assert_int_equal(create(&right, &home), CDR_OK);
	(void)umask(022);
	assert_private(node, 0700);
	assert_private(path_of("keystore"), 0600);
	assert_private(path_of("node.db"), 0600);
	assert_int_equal(cdr_store_write(home->store, put_thing, what), CDR_OK);
	assert_int_equal(reopen(&right, &again), CDR_OK);
	assert_memory_equal(again->keys, home->keys, sizeof(*home->keys));
	assert_memory_equal(again->signing_public, home->signing_public, sizeof(home->signing_public));
	assert_memory_equal(again->sealing_public, home->sealing_public, sizeof(home->sealing_public));
	assert_memory_equal(again->pin, home->pin, sizeof(home->pin));
	assert_int_equal(cdr_store_read(again->store, count_things, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_string_equal(again->path, node);
	cdr_home_close(again);
	cdr_home_close(home);
	cdr_home_close(NULL);
}

/* No two keys of a node are alike, and no two nodes have a key in common. */
static void
test_keys_differ(void **state)
{
	struct cdr_home *home;
	struct cdr_home_keys first;

	(void)state;
	assert_int_equal(create(&right, &home), CDR_OK);
	memcpy(&first, home->keys, sizeof(first));
	const uint8_t *key[] = { first.database, first.column, first.digest, first.signing, first.sealing, first.tls };
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(key[i], key[k], 32);
	cdr_home_close(home);
	assert_int_equal(teardown(NULL), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(create(&right, &home), CDR_OK);
	const uint8_t *next[] = { home->keys->database, home->keys->column, home->keys->digest, home->keys->signing,
		home->keys->sealing, home->keys->tls };
	for (size_t i = 0; i < 6; i++)
		assert_memory_not_equal(key[i], next[i], 32);
	cdr_home_close(home);
}

static void
test_party(void **state)
{
	struct cdr_home *home;
	Cdr__Wire__Party party;

	(void)state;
	assert_int_equal(create(&right, &home), CDR_OK);
	cdr_home_party(home, "Blue Harbour", "https://127.0.0.1:1", &party);
	assert_string_equal(party.name, "Blue Harbour");
	assert_string_equal(party.url, "https://127.0.0.1:1");
	assert_memory_equal(party.signing_key.data, home->signing_public, party.signing_key.len);
	assert_int_equal(party.signing_key.len, CDR_SIGN_PUBLIC_LEN);
	assert_memory_equal(party.sealing_key.data, home->sealing_public, party.sealing_key.len);
	assert_int_equal(party.sealing_key.len, CDR_HPKE_PUBLIC_LEN);
	assert_memory_equal(party.tls_pin.data, home->pin, party.tls_pin.len);
	assert_int_equal(party.tls_pin.len, CDR_PIN_LEN);
	cdr_home_close(home);
}

static void
test_passphrase(void **state)
{
	struct cdr_home *home;

	(void)state;
	assert_int_equal(create(&shorter, &home), CDR_E_REFUSED);
	assert_int_equal(access(node, F_OK), -1);
	assert_int_equal(create(&right, &home), CDR_OK);
	cdr_home_close(home);
	assert_int_equal(reopen(&wrong, &home), CDR_E_PASSPHRASE);
}

/* A node is not made twice, nor in a folder with anything in it. */
static void
test_exists(void **state)
{
	struct cdr_home *home;

	(void)state;
	assert_int_equal(mkdir(node, 0755), 0);
	int fd = open(path_of("stray"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(create(&right, &home), CDR_E_EXISTS);
	assert_int_equal(unlink(path_of("stray")), 0);
	assert_int_equal(create(&right, &home), CDR_OK);
	assert_private(node, 0700);
	cdr_home_close(home);
	assert_int_equal(create(&right, &home), CDR_E_EXISTS);
	assert_int_equal(reopen(&right, &home), CDR_OK);
	cdr_home_close(home);
}

/* No folder, or an empty one: there is no node. A file in its place is something else. */
static void
test_absent(void **state)
{
	struct cdr_home *home;

	(void)state;
	assert_int_equal(reopen(&right, &home), CDR_E_ABSENT);
	assert_int_equal(mkdir(node, 0700), 0);
	assert_int_equal(reopen(&right, &home), CDR_E_ABSENT);
	assert_int_equal(rmdir(node), 0);
	int fd = open(node, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(reopen(&right, &home), CDR_E_IO);
	assert_int_equal(create(&right, &home), CDR_E_EXISTS);
}

/* A database whose keystore is gone is a node that only a backup brings back, and no folder for a new one. */
static void
test_keystore_missing(void **state)
{
	struct cdr_home *home;

	(void)state;
	assert_int_equal(create(&right, &home), CDR_OK);
	cdr_home_close(home);
	assert_int_equal(unlink(path_of("keystore")), 0);
	assert_int_equal(reopen(&right, &home), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "the keystore of this node is missing"));
	assert_int_equal(create(&right, &home), CDR_E_EXISTS);
}

/* Whoever was killed between keystore and database goes on where it was, with the same keys. */
static void
test_half_made(void **state)
{
	struct cdr_home *home;
	uint8_t signing[CDR_SIGN_PUBLIC_LEN];

	(void)state;
	assert_int_equal(create(&right, &home), CDR_OK);
	memcpy(signing, home->signing_public, sizeof(signing));
	cdr_home_close(home);
	static const char *const names[] = { "node.db", "node.db-check", "node.db-wal", "node.db-shm" };
	for (size_t i = 0; i < 4; i++)
		(void)unlink(path_of(names[i]));
	assert_int_equal(reopen(&right, &home), CDR_E_ABSENT);
	assert_int_equal(create(&wrong, &home), CDR_E_PASSPHRASE);
	assert_int_equal(create(&right, &home), CDR_OK);
	assert_memory_equal(home->signing_public, signing, sizeof(signing));
	cdr_home_close(home);

	/* A keystore that has no keys yet. */
	for (size_t i = 0; i < 4; i++)
		(void)unlink(path_of(names[i]));
	assert_int_equal(unlink(path_of("keystore")), 0);
	struct cdr_keystore *keystore;
	assert_int_equal(cdr_keystore_create(path_of("keystore"), &right, &keystore, NULL), CDR_OK);
	cdr_keystore_free(keystore);
	assert_int_equal(create(&right, &home), CDR_OK);
	assert_memory_not_equal(home->signing_public, signing, sizeof(signing));
	cdr_home_close(home);
	assert_int_equal(reopen(&right, &home), CDR_OK);
	cdr_home_close(home);
}

/* The database of a hub in a member's folder, or the database of another node. */
static void
test_other_database(void **state)
{
	struct cdr_home *home;

	(void)state;
	assert_int_equal(create(&right, &home), CDR_OK);
	cdr_home_close(home);
	assert_int_equal(cdr_home_open(node, &other, &right, &home, &fault), CDR_E_REFUSED);
	assert_null(home);
	assert_int_equal(unlink(path_of("keystore")), 0);
	assert_int_equal(create(&right, &home), CDR_E_EXISTS);
}

static void
test_paths(void **state)
{
	char path[CDR_HOME_PATH_LEN_MAX + 2], out[16];
	struct cdr_home *home;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(cdr_home_create(path, &schema, &right, &home, &fault), CDR_E_RANGE);
	assert_null(home);
	assert_int_equal(cdr_home_open(path, &schema, &right, &home, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_home_create("", &schema, &right, &home, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_home_open("", &schema, &right, &home, &fault), CDR_E_RANGE);
	assert_null(home);
	(void)snprintf(path, sizeof(path), "%s/no/such/parent", dir);
	assert_int_equal(cdr_home_create(path, &schema, &right, &home, &fault), CDR_E_IO);
	assert_null(home);
	assert_int_equal(cdr_home_file("/a", "b", out, 5), CDR_OK);
	assert_string_equal(out, "/a/b");
	assert_int_equal(cdr_home_file("/a", "b", out, 4), CDR_E_RANGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create_and_open),
		TEST(test_keys_differ),
		TEST(test_party),
		TEST(test_passphrase),
		TEST(test_exists),
		TEST(test_absent),
		TEST(test_keystore_missing),
		TEST(test_half_made),
		TEST(test_other_database),
		TEST(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
