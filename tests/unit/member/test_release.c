/* The newest release: only what the hub's receipt is for, and what the witnessed log holds. */
#include "tests/unit/member/world.h"

#include "node/member/release.h"

#define JSON "{\"candor\":\"release 1\"}\n"

static void
what_the_log_holds_is_taken(void **state)
{
	struct world *w = *state;
	struct cdr_member_release release;

	assert_int_equal(cdr_member_release_fetch(w->member[BLUE], NULL, &release, NULL), CDR_E_ABSENT);
	w->release_json = w->release_logged = JSON;
	assert_int_equal(cdr_member_release_fetch(w->member[BLUE], "2025-H1", &release, NULL), CDR_OK);
	assert_int_equal(release.json.len, strlen(JSON));
	assert_memory_equal(release.json.data, JSON, strlen(JSON));
	assert_true(release.is_witnessed);
	cdr_member_release_free(&release);
	/* its receipt stays, once, to be looked for in the log from now on */
	assert_int_equal(cdr_member_release_fetch(w->member[BLUE], NULL, &release, NULL), CDR_OK);
	cdr_member_release_free(&release);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM receipt WHERE kind = 'release'"), 1);
}

static void
another_file_than_was_logged_is_refused(void **state)
{
	struct world *w = *state;
	struct cdr_member_release release;
	struct cdr_fault fault;

	w->release_json = JSON;
	w->release_logged = "{\"candor\":\"release 2\"}\n";
	assert_int_equal(cdr_member_release_fetch(w->member[BLUE], NULL, &release, &fault), CDR_E_PROOF);
	assert_int_equal(release.json.len, 0);
	cdr_member_release_free(&release);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM receipt WHERE kind = 'release'"), 0);
}

/* The hub signs a receipt for it, and shows a log that has something else there. */
static void
what_the_log_does_not_hold_is_refused(void **state)
{
	struct world *w = *state;
	struct cdr_member_release release;
	struct cdr_fault fault;
	char path[256];

	w->release_json = w->release_logged = JSON;
	w->log_lie = W_LOG_MISSING;
	w->member[BLUE]->home->path = w->dir; /* where the evidence goes */
	assert_int_equal(cdr_member_release_fetch(w->member[BLUE], NULL, &release, &fault), CDR_E_PROOF);
	assert_int_equal(release.json.len, 0);
	cdr_member_release_free(&release);
	(void)snprintf(path, sizeof(path), "%s/evidence/log-1.json", w->dir);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/evidence", w->dir);
	assert_int_equal(rmdir(path), 0);
	w->member[BLUE]->home->path = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_log_holds_is_taken, w_setup, w_teardown),
		cmocka_unit_test_setup_teardown(another_file_than_was_logged_is_refused, w_setup, w_teardown),
		cmocka_unit_test_setup_teardown(what_the_log_does_not_hold_is_refused, w_setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
