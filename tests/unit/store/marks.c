#include "tests/unit/store/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crypto/secret.h"

/* see tests/unit/store/marks.h */

static const char *const first_migrations[] = {
	"CREATE TABLE person (id bytea NOT NULL PRIMARY KEY, name text, born bigint) /* WITHOUT ROWID */;"
	"CREATE TABLE post (person bytea NOT NULL REFERENCES person (id), number bigint NOT NULL CHECK (number > 0),"
	"  PRIMARY KEY (person, number));"
	"CREATE TABLE mark (number bigint NOT NULL PRIMARY KEY);",
};
const struct cdr_store_schema first_schema = { 0x63640001, first_migrations, 1 };

const uint8_t key[CDR_STORE_KEY_LEN] = "an example of a key, 32 bytes l.";
static char folder[64];
char path[96];

struct cdr_store_config
example(bool create)
{
	return (struct cdr_store_config){ .path = path, .key = key, .schema = &first_schema, .create = create,
		.cache_kib = 1024 };
}

struct cdr_store *
must_open(bool create)
{
	struct cdr_store_config config = example(create);
	struct cdr_store *store = NULL;
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_store_open(&config, &store, &fault) != CDR_OK)
		fail_msg("open: %s", fault.text);
	return store;
}

int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/candor-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/node.db", folder);
	return 0;
}

int
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

cdr_err
put_mark(struct cdr_tx *tx, void *context)
{
	const int64_t *number = context;

	return cdr_query_run(tx, "INSERT INTO mark (number) VALUES ($1)", CDR_VALUES(cdr_value_int(*number)));
}

cdr_err
put_then_give_up(struct cdr_tx *tx, void *context)
{
	assert_int_equal(put_mark(tx, context), CDR_OK);
	return CDR_E_QUOTA;
}

cdr_err
count_marks(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM mark", CDR_VALUES(), context);
}

int64_t
mark_count(struct cdr_store *store)
{
	int64_t count = -1;

	assert_int_equal(cdr_store_read(store, count_marks, &count), CDR_OK);
	return count;
}

int
start_secrets(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}
