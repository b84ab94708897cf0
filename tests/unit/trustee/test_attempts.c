/* Attempts at a ceremony: which is the next one, which stay open, and those that cannot be begun. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_ceremony.h"

static uint32_t
attempt_of(struct world *w, uint32_t i)
{
	uint32_t attempt;
	bool is_done;

	assert_int_equal(cdr_trustee_attempt(w->x->node[i].trustee, tags, &attempt, &is_done, NULL), CDR_OK);
	assert_int_equal(is_done, w->run[i] != NULL && state_of(w, i) == CDR_CEREMONY_DONE);
	return attempt;
}

/* Trustee 1 loses its database. A hub that shows it what it said keeps it honest; one that hides that is told. */
static void
test_database_lost(void **state)
{
	struct world *w = *state;
	struct node *node = &w->x->node[1];
	struct cdr_fault fault;
	char path[128];

	begin(w, 1);
	turn(w, 1);
	cdr_trustee_ceremony_end(w->run[1]);
	w->run[1] = NULL;
	cdr_trustee_stop(node->trustee);
	cdr_store_close(node->home.store);
	(void)snprintf(path, sizeof(path), "%s/1.db", w->x->folder);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/1.db-key", w->x->folder);
	(void)unlink(path);
	open_store(w->x, node, 1);
	start_trustee(node);
	connect_trustee(w, 1);
	assert_int_equal(cdr_trustee_confirm(node->trustee, copy_roster(w->x->genesis), 1, NULL), CDR_OK);
	w->hidden_round = CDR_CEREMONY_KEY;
	w->hidden_from = 1;
	w->hidden_to = 1;
	begin(w, 1);
	assert_int_equal(cdr_trustee_ceremony_turn(w->run[1], &fault), CDR_E_EXISTS);
	assert_non_null(strstr(fault.text, "--attempt 2"));
}

static void
test_failed_attempt_is_over(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	size_t count;
	const struct cdr_trustee *t = w->x->node[1].trustee;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turn(w, 1);
	turn(w, 2);
	/* Trustee 3 breaks its own offer before it is posted, and signs it. */
	struct cdr_ceremony_draft draft;
	cdr_ceremony_plan_make(w->x->genesis, w->x->genesis->hash, CDR_KEY_TAGS, 1, 1, &draft);
	struct cdr_ceremony_config config = { .plan = &draft.plan, .index = 3,
		.signing_seed = w->x->node[3].home.keys->signing };
	uint8_t one[CDR_CEREMONY_SEED_LEN] = { 1 }, two[CDR_CEREMONY_SEED_LEN] = { 2 };
	struct cdr_ceremony *first, *second;
	struct cdr_buffer message;
	struct cdr_arena arena[2] = { { 0 }, { 0 } };
	Cdr__Wire__CeremonyMessage *offer[2];

	config.seed = one;
	assert_int_equal(cdr_ceremony_new(&config, &first, NULL), CDR_OK);
	config.seed = two;
	assert_int_equal(cdr_ceremony_new(&config, &second, NULL), CDR_OK);
	struct cdr_ceremony *const both[2] = { first, second };
	for (size_t k = 0; k < 2; k++) {
		assert_int_equal(cdr_ceremony_step(both[k]), CDR_OK);
		assert_int_equal(cdr_ceremony_own(both[k], CDR_CEREMONY_KEY, &message), CDR_OK);
		assert_int_equal(cdr_message_decode(&arena[k], &cdr__wire__ceremony_message__descriptor,
		    cdr_buffer_bytes(&message), &offer[k]), CDR_OK);
		assert_int_equal(cdr_ceremony_take(w->run[1]->ceremony, offer[k]), CDR_OK);
		cdr_buffer_free(&message);
	}
	turn(w, 1);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_FAILED);
	assert_int_equal(attempt_of(w, 1), 2);
	/* Trustee 2 learns of it from trustee 1's evidence. */
	turn(w, 2);
	assert_int_equal(state_of(w, 2), CDR_CEREMONY_FAILED);
	assert_int_equal(attempt_of(w, 2), 2);
	size_t named;
	const struct cdr_ceremony_finding *f = cdr_ceremony_findings(w->run[2]->ceremony, &named);
	assert_int_equal(named, 1);
	assert_int_equal(f[0].trustee, 3);
	assert_int_equal(f[0].kind, CDR_CEREMONY_EQUIVOCATED);
	/* No certificate was given: nothing of attempt 1 can count on these shares. */
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 0);
	for (size_t k = 0; k < 2; k++) {
		cdr_arena_free(&arena[k]);
		cdr_ceremony_free(both[k]);
	}
	/* The second attempt goes through. */
	w->attempt = 2;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

/* Who certified an attempt that nobody finished keeps it open while the next one runs. */
static void
test_certified_attempt_stays_open(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	size_t count;

	w->hidden_round = CDR_CEREMONY_CERTIFICATE;
	w->hidden_from = 1;
	w->hidden_to = 3;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(cdr_trustee_attempt_open(w->x->node[3].trustee, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_memory_equal(open[0].bytes, cdr_ceremony_id_peek(w->run[3]->ceremony), CDR_CEREMONY_ID_LEN);
	assert_int_equal(cdr_trustee_attempt_open(w->x->node[1].trustee, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 0);
}

/* A writing job: what trustee 1 has begun was certified; or failed. */
static cdr_err
end_job(struct cdr_tx *tx, void *state)
{
	return cdr_query_run(tx, "UPDATE key_ceremony SET certified = 1, state = $1", CDR_VALUES(cdr_value_text(state)));
}

/* Whoever comes in another's place knows no attempt of those before: all begin at the first, and nothing of theirs is gone on with. */
static void
test_attempts_of_former_trustees(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	struct cdr_trustee *t = w->x->node[1].trustee;
	static char failed[] = "failed", running[] = "running";
	size_t count;

	w->attempt = 2;
	begin(w, 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 3);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, running), CDR_OK);
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 3, open, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(cdr_current_set(t->current, others_of(w)), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, running), CDR_OK);
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 3, open, &count), CDR_OK);
	assert_int_equal(count, 0);
	/* Theirs count for them, though one of those before was further. */
	w->attempt = 1;
	begin(w, 1);
	assert_int_equal(attempt_of(w, 1), 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 2);
}

/* What former trustees were to make waits for nobody: the key is made by those of now. Nor does one that is there already. */
static void
test_what_former_trustees_began_is_over(void **state)
{
	struct world *w = *state;
	struct cdr_roster *others = others_of(w);
	struct cdr_ceremony_draft draft;

	cdr_ceremony_plan_make(w->x->genesis, w->x->genesis->hash, CDR_KEY_TAGS, 1, 1, &draft);
	assert_false(cdr_ceremony_plan_is_replaced(&draft.plan, w->x->genesis, NULL));
	assert_true(cdr_ceremony_plan_is_replaced(&draft.plan, others, NULL));
	cdr_roster_free(others);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	polls(w);
	const struct cdr_roster *roster = cdr_current_hold(w->x->node[1].trustee->current);
	assert_true(cdr_ceremony_plan_is_replaced(&draft.plan, roster, NULL));
	cdr_current_release(w->x->node[1].trustee->current, roster);
}

static void
test_start_refusals(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony *run;
	struct cdr_trustee *t = w->x->node[1].trustee;

	assert_int_equal(cdr_trustee_ceremony_start(t, tags, 0, NULL, &run, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trustee_ceremony_start(t, tags, CDR_TRUSTEE_ATTEMPT_MAX + 1, NULL, &run, NULL), CDR_E_RANGE);
	t->is_confirmed = false;
	assert_int_equal(cdr_trustee_ceremony_start(t, tags, 1, NULL, &run, NULL), CDR_E_ABSENT);
	t->is_confirmed = true;
	assert_null(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_database_lost),
		CASE(test_failed_attempt_is_over),
		CASE(test_certified_attempt_stays_open),
		CASE(test_attempts_of_former_trustees),
		CASE(test_what_former_trustees_began_is_over),
		CASE(test_start_refusals),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
