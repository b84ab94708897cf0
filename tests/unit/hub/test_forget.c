/* What the hub deletes is in no file of its database any more, and before that it does not say so of an epoch. */
#include "tests/unit/hub/exchange.h"

#include <semaphore.h>
#include <sys/stat.h>

#include "node/hub/epoch.h"
#include "node/hub/sweep.h"

#define DAY UINT64_C(86400)

struct world {
	struct exchange *x;
	struct x_party member;
	struct x_put put;
	sem_t reads, may_end;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->member);
	x_epoch(w->x);
	x_put_start(&w->put, 1);
	for (uint8_t i = 0; i < 10; i++)
		x_put_person(&w->put, i, i, 16, X_MONTH + 60);
	assert_string_equal(x_put_send(w->x, &w->member, &w->put, NULL), "ok");
	assert_int_equal(sem_init(&w->reads, 0, 0), 0);
	assert_int_equal(sem_init(&w->may_end, 0, 0), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	x_free(w->x);
	(void)sem_destroy(&w->reads);
	(void)sem_destroy(&w->may_end);
	free(w);
	return 0;
}

/* How long the log of the database is. It is cut, or grows; nothing else makes it shorter. */
static off_t
log_len(const struct world *w)
{
	char path[128];
	struct stat status = { 0 };

	(void)snprintf(path, sizeof(path), "%s/node.db-wal", w->x->dir);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void
a_sweep_cuts_the_log(void **state)
{
	struct world *w = *state;

	assert_true(log_len(w) > 0);
	assert_int_equal(cdr_hub_sweep(w->x->hub, w->x->now, NULL), CDR_OK);
	assert_int_equal(log_len(w), 0);
}

/* Somebody reads, for as long as it likes. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM index_row", CDR_VALUES(), &count);
	(void)sem_post(&w->reads);
	(void)sem_wait(&w->may_end);
	return err;
}

static void *
reader(void *context)
{
	struct world *w = context;

	return cdr_store_read(w->x->store, read_job, w) == CDR_OK ? w : NULL;
}

static int64_t
leaf_count(struct world *w)
{
	return x_count(w->x, "SELECT count(*) FROM log_leaf");
}

static void
an_epoch_is_said_to_be_gone_once_it_is(void **state)
{
	struct world *w = *state;
	pthread_t thread;
	void *result;

	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_result(w->x, i, X_EPOCH + 1, 8), "ok");
	x_approve(w->x);
	w->x->now += 61 * DAY;
	assert_int_equal(cdr_hub_sweep(w->x->hub, w->x->now, NULL), CDR_OK);
	assert_true(x_count(w->x, "SELECT count(*) FROM index_row") > 0);
	assert_int_equal(pthread_create(&thread, NULL, reader, w), 0);
	(void)sem_wait(&w->reads);
	x_approve(w->x);
	const int64_t leaves = leaf_count(w);
	assert_int_equal(cdr_hub_epoch_forget(w->x->hub, w->x->now), CDR_E_BUSY);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 0);
	assert_int_equal(leaf_count(w), leaves);
	(void)sem_post(&w->may_end);
	(void)pthread_join(thread, &result);
	assert_ptr_equal(result, w);
	assert_int_equal(cdr_hub_sweep(w->x->hub, w->x->now, NULL), CDR_OK);
	assert_int_equal(leaf_count(w), leaves + 1);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM holding"), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM epoch_unmoved"), 1);
	assert_int_equal(log_len(w), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sweep_cuts_the_log),
		TEST(an_epoch_is_said_to_be_gone_once_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
