/* A hub that answers a check from an old index stands in its own log as a liar; an honest one is never named. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/store.h"
#include "node/trustee/index_watch.h"
#include "node/trustee/schema.h"

static struct cdr_store *store;
static char dir[64];
static uint64_t place;

static int
setup(void **state)
{
	char path[80];
	uint8_t key[CDR_STORE_KEY_LEN] = { 1 };

	(void)state;
	place = 0;
	assert_int_equal(cdr_secret_start(NULL), CDR_OK);
	(void)snprintf(dir, sizeof(dir), "/tmp/cdr-watch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	const struct cdr_store_config config = { .path = path, .key = key, .schema = &cdr_trustee_schema, .create = true };
	assert_int_equal(cdr_store_open(&config, &store, NULL), CDR_OK);
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "db", "db-check", "db-wal", "db-shm" };
	char path[80];

	(void)state;
	cdr_store_close(store);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
	return 0;
}

struct seeing {
	struct cdr_leaf leaf;
	bool is_lie;
};

static cdr_err
begin_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_index_begin(tx, *(uint64_t *)context);
}

static cdr_err
see_job(struct cdr_tx *tx, void *context)
{
	static const uint8_t bytes[] = "leaf", salt[] = "salt";
	struct seeing *s = context;
	const struct cdr_trustee_shown shown = { place, &s->leaf, { bytes, 4 }, { salt, 4 } };

	return cdr_trustee_index_see(tx, &shown, 1772323200, &s->is_lie);
}

/* The next leaf of the log; whether it shows a lie. */
static bool
see(enum cdr_leaf_kind kind, uint64_t first, uint64_t third)
{
	struct seeing s = { .leaf = { .kind = kind } };

	cdr_leaf_number_add(&s.leaf, first);
	if (kind == CDR_LEAF_CHECK_OPENED) {
		cdr_leaf_number_add(&s.leaf, 16);
		cdr_leaf_number_add(&s.leaf, third);
	}
	assert_int_equal(cdr_store_write(store, see_job, &s), CDR_OK);
	place++;
	return s.is_lie;
}

static void
begin(uint64_t from)
{
	assert_int_equal(cdr_store_write(store, begin_job, &from), CDR_OK);
}

static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM log_lie WHERE what = 'old_index'", CDR_VALUES(), context);
}

static int64_t
lies(void)
{
	int64_t count = -1;

	assert_int_equal(cdr_store_read(store, count_job, &count), CDR_OK);
	return count;
}

static void
test_an_honest_hub(void **state)
{
	(void)state;
	begin(0);
	assert_false(see(CDR_LEAF_INDEX_BATCH, 1, 0));      /* 0 */
	assert_false(see(CDR_LEAF_INDEX_ROOT, 1, 0));       /* 1 */
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 1));
	assert_false(see(CDR_LEAF_DELIVERY, 1, 0));
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 1));     /* nothing changed: the same root */
	assert_false(see(CDR_LEAF_INDEX_BATCH, 2, 0));      /* 5 */
	assert_false(see(CDR_LEAF_INDEX_ROOT, 2, 0));       /* 6 */
	assert_false(see(CDR_LEAF_INDEX_ROOT, 1, 0));       /* 7 */
	assert_false(see(CDR_LEAF_CHECK_OPENED, 2, 6));
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 7));
	begin(place);                                       /* the next portion changes nothing */
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 7));
	assert_int_equal(lies(), 0);
}

static void
test_liars(void **state)
{
	struct seeing s = { .leaf = { .kind = CDR_LEAF_CHECK_OPENED } };

	(void)state;
	begin(0);
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 0));      /* 0: by no root at all */
	assert_false(see(CDR_LEAF_INDEX_ROOT, 1, 0));       /* 1 */
	assert_false(see(CDR_LEAF_INDEX_BATCH, 1, 0));      /* 2 */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 1));      /* by the root before the change */
	assert_false(see(CDR_LEAF_INDEX_ROOT, 1, 0));       /* 4 */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 1));      /* by the root before the newest */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 5));      /* by a leaf that is no root */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 1000));   /* by one to come */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 2, 4));      /* by the root of another epoch */
	assert_true(see(CDR_LEAF_CHECK_OPENED, 0, 4));
	assert_true(see(CDR_LEAF_CHECK_OPENED, UINT64_MAX, 4));
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 4));
	assert_int_equal(cdr_store_write(store, see_job, &s), CDR_OK); /* without a word of its root */
	assert_true(s.is_lie);
	assert_int_equal(lies(), 9);
}

/* What stood in the log before this trustee looked is not judged; what it saw itself is. */
static void
test_in_the_middle(void **state)
{
	(void)state;
	begin(100);
	place = 100;
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 40));
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 100));
	assert_false(see(CDR_LEAF_INDEX_BATCH, 1, 0));
	assert_true(see(CDR_LEAF_CHECK_OPENED, 1, 40));
	assert_false(see(CDR_LEAF_INDEX_ROOT, 1, 0));
	assert_false(see(CDR_LEAF_CHECK_OPENED, 1, 104));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_honest_hub, setup, teardown),
		cmocka_unit_test_setup_teardown(test_liars, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_the_middle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
