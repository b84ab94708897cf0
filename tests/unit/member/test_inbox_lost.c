#include "tests/unit/member/world.h"

/* A member has lost what it asked (it enrolled anew): what waits of it ends, all of it, and nothing else does. */

#define MANY 150 /* more than are walked through in one query */

/* ${count} requests of ${sender} in ${state}, with their drafts. */
static void
put(struct cdr_member *m, int first, int count, const char *sender, const char *stage, const char *state)
{
	char sql[640];

	(void)snprintf(sql, sizeof(sql), "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO inbox"
	    " (request_id, number, sender, stage, state, sealed, received_at, due_at, answered_at, next_at) SELECT"
	    " CAST(printf('%%016d', i) AS BLOB), i, '%s', '%s', '%s', x'01', 1, 2, 0, 3 FROM n", first, first + count - 1, sender, stage, state);
	w_run(m, sql);
	(void)snprintf(sql, sizeof(sql), "INSERT INTO answer_draft (request_id, author, who, at, sealed) SELECT request_id, 'a', 'b', 1, x'02'"
	    " FROM inbox WHERE number >= %d AND state = 'drafted'", first);
	w_run(m, sql);
}

struct losing {
	const char *sender;
	size_t count;
};

/* A writing job. */
static cdr_err
lost_job(struct cdr_tx *tx, void *context)
{
	struct losing *l = context;

	return cdr_inbox_lost(tx, l->sender, &l->count);
}

static size_t
lose(struct cdr_member *m, const char *sender)
{
	struct losing l = { .sender = sender, .count = SIZE_MAX };

	assert_int_equal(cdr_store_write(m->home->store, lost_job, &l), CDR_OK);
	return l.count;
}

static void
test_all_of_it(void **state)
{
	struct cdr_member *m = ((struct world *)*state)->member[BLUE];

	put(m, 1, MANY, "green", "request", "waiting");
	put(m, 1001, 3, "green", "request", "drafted");
	put(m, 2001, 2, "green", "probe", "waiting");
	put(m, 3001, 4, "red", "request", "waiting");
	put(m, 4001, 1, "green", "request", "answered");
	put(m, 5001, 1, "green", "request", "expired");
	assert_int_equal(lose(m, "green"), MANY + 3 + 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE sender = 'green' AND state = 'withdrawn' AND length(sealed) = 0 AND next_at = 0"),
	    MANY + 5);
	assert_int_equal(w_count(m, "SELECT count(*) FROM answer_draft"), 0);
	/* What others ask waits on; what was answered or is over stays as it was. */
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE sender = 'red' AND state = 'waiting' AND length(sealed) = 1 AND next_at = 3"), 4);
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE sender = 'green' AND state IN ('answered', 'expired') AND length(sealed) = 1"), 2);
	/* Requests that a person had before them are counted as withdrawn; probes never were. */
	assert_int_equal(w_count(m, "SELECT sum(number) FROM tally WHERE code = 'withdrawn'"), MANY + 3);
	assert_int_equal(lose(m, "green"), 0);
	assert_int_equal(w_count(m, "SELECT sum(number) FROM tally WHERE code = 'withdrawn'"), MANY + 3);
}

/* Under a legal hold it ends too, and what it says stays. */
static void
test_held(void **state)
{
	struct cdr_member *m = ((struct world *)*state)->member[BLUE];

	put(m, 1, MANY, "green", "request", "drafted");
	w_run(m, "INSERT INTO legal_hold (id, kind, who, set_at, sealed) SELECT request_id, 'request', 'counsel', 1, x'03' FROM inbox WHERE number <= 100");
	assert_int_equal(lose(m, "green"), MANY);
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE state = 'withdrawn'"), MANY);
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE length(sealed) = 1"), 100);
	assert_int_equal(w_count(m, "SELECT count(*) FROM answer_draft"), 100);
}

/* Who has nothing here loses nothing; and what cannot be read ends nothing. */
static void
test_nothing(void **state)
{
	struct cdr_member *m = ((struct world *)*state)->member[BLUE];
	struct losing l = { .sender = "green" };

	assert_int_equal(lose(m, "green"), 0);
	put(m, 1, 2, "green", "request", "waiting");
	w_run(m, "UPDATE inbox SET request_id = x'00' WHERE number = 2");
	assert_int_equal(cdr_store_write(m->home->store, lost_job, &l), CDR_E_STORE);
	assert_int_equal(w_count(m, "SELECT count(*) FROM inbox WHERE state = 'waiting'"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_all_of_it), TEST(test_held), TEST(test_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
