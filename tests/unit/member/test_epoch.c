/* From one epoch to the next: more people than one transaction takes, and a shift that is interrupted. */
#include "tests/unit/member/world.h"

#include "node/member/epoch.h"

#define PEOPLE 600       /* one transaction moves 256 */
#define BEFORE 1
#define AFTER 2

static struct cdr_fault fault;

/* One leaver who is in the index, and ${PEOPLE} - 1 copies of the row under ids and handles of their own. */
static void
fill(struct cdr_member *m)
{
	bool worked = true;

	w_import_amina(m, 1);
	while (worked)
		assert_int_equal(cdr_index_step(m, &worked, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 1);
	w_run(m, "INSERT INTO leaver (id, row_key, digest, sealed, handle, expiry, state) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		 " WHERE i < 599) SELECT randomblob(16), randomblob(32), digest, sealed, randomblob(16), expiry, CASE WHEN i % 50 = 0 THEN 'sent'"
		 " WHEN i % 77 = 0 THEN 'waiting' WHEN i % 101 = 0 THEN 'kept' ELSE 'indexed' END FROM leaver, n WHERE n.i <= 599 AND leaver.row_key"
		 " IN (SELECT row_key FROM leaver LIMIT 1)");
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), PEOPLE);
	w_run(m, "CREATE TABLE before_it AS SELECT id, handle, state FROM leaver");
}

/* Whether the index of an epoch holds somebody, as the node knows it; what is looked up from within the transaction. */
struct looking {
	int64_t epoch;
	size_t has;
	uint8_t handle[PEOPLE][CDR_HANDLE_LEN];
	size_t count;
};

static cdr_err
take_handle(struct cdr_query *query, void *context)
{
	struct looking *l = context;

	assert_true(l->count < PEOPLE);
	return cdr_query_blob(query, 0, l->handle[l->count++], CDR_HANDLE_LEN);
}

/* A reading job: of how many of the handles of before the node says that they stand in that epoch. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	struct looking *l = context;
	bool has;

	l->count = l->has = 0;
	cdr_err err = cdr_query_each(tx, "SELECT handle FROM before_it", CDR_VALUES(), take_handle, l);
	for (size_t i = 0; err == CDR_OK && i < l->count; i++) {
		err = cdr_epoch_has(tx, l->epoch, l->handle[i], &has);
		l->has += has;
	}
	return err;
}

static size_t
stand(struct cdr_member *m, int64_t epoch)
{
	static struct looking l;

	l.epoch = epoch;
	assert_int_equal(cdr_store_read(m->home->store, look_job, &l), CDR_OK);
	return l.has;
}

/* Everybody who was in the index waits under another handle, once; nobody else was touched. */
static void
all_moved(struct cdr_member *m, size_t indexed)
{
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), PEOPLE);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"),
	    w_count(m, "SELECT count(*) FROM before_it WHERE state <> 'kept'"));
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver, before_it b WHERE leaver.id = b.id AND b.state IN ('sent', 'indexed') AND"
	    " leaver.handle = b.handle"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver, before_it b WHERE leaver.id = b.id AND b.state NOT IN ('sent', 'indexed') AND"
	    " leaver.handle <> b.handle"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM former_handle"), w_count(m, "SELECT count(*) FROM before_it WHERE state IN ('sent', 'indexed')"));
	assert_int_equal(w_count(m, "SELECT count(*) FROM (SELECT leaver FROM former_handle GROUP BY leaver HAVING count(*) > 1)"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM former_handle WHERE epoch = 1"), indexed);
	assert_int_equal(stand(m, BEFORE), indexed);
	assert_int_equal(stand(m, AFTER), 0);
}

static void
test_more_than_one_transaction(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	fill(m);
	const size_t indexed = stand(m, BEFORE);
	assert_in_range(indexed, 2 * 256 + 1, PEOPLE);
	assert_int_equal(cdr_epoch_shift(m, BEFORE), CDR_OK); /* nothing to do */
	assert_int_equal(stand(m, BEFORE), indexed);
	assert_int_equal(cdr_epoch_shift(m, AFTER), CDR_OK);
	all_moved(m, indexed);
	w_run(m, "CREATE TABLE after_it AS SELECT id, handle FROM leaver");
	assert_int_equal(cdr_epoch_shift(m, AFTER), CDR_OK); /* once */
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver, after_it a WHERE leaver.id = a.id AND leaver.handle = a.handle"), PEOPLE);
}

/* Killed between two transactions: in between everybody stands in the epoch before once, moved or not; then it goes on. */
static void
test_interrupted(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	fill(m);
	const size_t indexed = stand(m, BEFORE);
	/* The database fails in the second transaction. */
	w_run(m, "CREATE TRIGGER full BEFORE INSERT ON former_handle WHEN (SELECT count(*) FROM former_handle) >= 400 BEGIN SELECT RAISE(ABORT, 'full'); END");
	assert_int_not_equal(cdr_epoch_shift(m, AFTER), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM former_handle"), 256);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), PEOPLE);
	assert_int_equal(stand(m, BEFORE), indexed);
	assert_int_equal(stand(m, AFTER), 0);
	w_run(m, "DROP TRIGGER full");
	assert_int_equal(cdr_epoch_shift(m, AFTER), CDR_OK);
	all_moved(m, indexed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_more_than_one_transaction),
		TEST(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
