/* Rosters that a trustee gives to whoever asks. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_proposal.h"

#define MANY 70

/* The version that trustee 1 gives to who holds ${have}; 0: none. */
static uint64_t
given(struct world *w, uint64_t have)
{
	struct cdr_trustee *trustee = w->x->node[1].trustee;
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	const struct cdr_call call = { .message = &request.base, .roster = held, .now = cdr_trustee_now() };
	const Cdr__Wire__RosterReply *reply;
	struct cdr_answer answer = { 0 };
	struct cdr_arena arena = { 0 };
	struct cdr_roster *roster = NULL;
	struct cdr_buffer bytes;
	uint64_t version = 0;

	request.have_version = have;
	assert_int_equal(cdr_trustee_roster_give(trustee, &call, &answer, NULL), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__roster_reply__descriptor, cdr_buffer_bytes(&answer.body), &reply), CDR_OK);
	if (reply->roster != NULL) {
		assert_int_equal(cdr_message_encode(&reply->roster->base, &bytes), CDR_OK);
		assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, NULL), CDR_OK);
		version = roster->body->version;
		cdr_buffer_free(&bytes);
	}
	cdr_roster_free(roster);
	cdr_arena_free(&arena);
	cdr_buffer_free(&answer.body);
	cdr_current_release(trustee->current, held);
	return version;
}

/* A writing job. */
static cdr_err
run_job(struct cdr_tx *tx, void *sql)
{
	return cdr_query_run(tx, sql, CDR_VALUES());
}

static void
run(struct world *w, const char *sql)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%s", sql);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, run_job, text), CDR_OK);
}

/* However many rosters somebody says that it lacks, none of them is read for it: not even damaged ones are found. */
static void
test_a_stranger_has_few_rosters_read(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < MANY; i++) {
		propose_one(w, change_status(w->member, i % 2 == 0 ? "suspended" : "active"));
		in_force(w);
	}
	const uint64_t newest = w->x->newest->body->version;
	assert_int_equal(newest, MANY + 1);
	assert_int_equal(given(w, 0), newest);
	run(w, "UPDATE roster SET signed = x'01' WHERE version > 0 AND version < 70");
	assert_int_equal(given(w, 0), newest);
	assert_int_equal(given(w, newest - 1), newest);
	assert_int_equal(given(w, newest), 0);
	assert_int_equal(given(w, newest + 1), 0);
	assert_int_equal(given(w, UINT64_MAX), 0);
}

/* Who holds a roster from before trustees changed gets first the one that brought the others; so it is in a database that an older program wrote, too. */
static void
test_hand_overs_come_first(void **state)
{
	struct world *w = *state;
	static const uint32_t two[TRUSTEE_COUNT] = { 1, 2, 0 };

	change_trustees(w->x, two);
	const uint64_t handed = w->x->newest->body->version;
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	for (size_t i = 0; i < 3; i++) {
		const struct cdr_roster_change change = change_status(w->member, i % 2 == 0 ? "suspended" : "active");
		propose(w->x, &change, 1);
		put_in_force(w->x);
		assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	}
	const uint64_t newest = w->x->newest->body->version;
	assert_int_equal(newest, handed + 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(given(w, 0), handed);
		assert_int_equal(given(w, handed - 1), handed);
		assert_int_equal(given(w, handed), newest);
		run(w, "UPDATE roster SET other_trustees = NULL");
		restart(w->x, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_stranger_has_few_rosters_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hand_overs_come_first, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
