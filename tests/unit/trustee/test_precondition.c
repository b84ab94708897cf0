/* What must hold before a trustee multiplies a point: the log holds the request, and enough have witnessed it. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/asking.h"

/* Without the log nothing is evaluated: no proof, a proof for something else, too few witnesses. */
static void
test_not_in_the_log(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 4);

	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	assert_non_null(strstr(w->text, "not yet this one"));
	send_request(w, request_of(w, 2, 4));
	assert_proved(w, 4);
	/* The proof of another request. */
	send_request(w, r);
	assert_refused(w, 400, "proof");
	assert_int_equal(ask_store(w, SPENT), 4);
	/* Only one witness, and two must be. */
	w->log.skip[2] = w->log.skip[3] = true;
	send_request(w, request_of(w, 3, 4));
	assert_refused(w, 400, "proof");
	assert_non_null(strstr(w->text, "1 cosignatures"));
}

static int64_t
count_forks(struct world *w)
{
	return ask_store(w, "SELECT count(*) FROM fork");
}

/* Nothing is shown with the request: then the hub must have shown that enough witnesses cosigned what this trustee saw. */
static void
test_the_hub_shows_it(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 4);

	r.shows_nothing = true;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	assert_non_null(strstr(w->text, "not cosigned"));
	assert_int_equal(w->turn, CDR_TURN_EARLY);
	played_tell(&w->log);
	assert_int_equal(w->log.status[1], 200);
	assert_int_equal(w->log.turn[1], CDR_TURN_NEWS);
	send_request(w, r);
	assert_proved(w, 4);
	assert_int_equal(w->turn, CDR_TURN_PLAIN);
	played_tell(&w->log);
	assert_int_equal(w->log.turn[1], CDR_TURN_PLAIN);
	assert_int_equal(ask_store(w, SPENT), 4);
	/* The next one stands behind that, and too few have cosigned it. */
	w->log.skip[2] = w->log.skip[3] = true;
	r.sequence = 2;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	played_tell(&w->log);
	send_request(w, r);
	assert_refused(w, 503, "busy");
	/* Somebody else's cosignature counts for nothing. */
	assert_int_equal(count_forks(w), 0);
	/* Enough of them under another root: kept, and the request stays where it is. */
	w->log.checkpoint.cosignature_count = 0;
	memset(w->log.checkpoint.root, 9, sizeof(w->log.checkpoint.root));
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &w->log.checkpoint), CDR_OK);
	for (uint32_t i = 2; i <= 3; i++) {
		struct cdr_cosignature cosignature;
		assert_int_equal(cdr_checkpoint_cosign(w->x->node[i].home.keys->signing, w->x->genesis->hash, &w->log.checkpoint, i,
		    1772323200, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&w->log.checkpoint, w->x->genesis->hash, w->x->newest, &cosignature), CDR_OK);
	}
	played_tell(&w->log);
	assert_int_equal(count_forks(w), 1);
	send_request(w, r);
	assert_refused(w, 503, "busy");
}

/* The trustees change: what was witnessed before holds by those who stayed, if they are enough. */
static void
test_other_trustees(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[1].trustee;
	struct request r = request_of(w, 1, 4);
	struct cdr_roster next = *w->x->newest;
	Cdr__Wire__Roster body = *next.body;

	next.body = &body;
	body.version++;
	r.shows_nothing = true;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, w->x->newest), 0);
	send_request(w, r);
	played_tell(&w->log);
	const uint64_t size = w->log.edge.size;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, w->x->newest), size);
	body.threshold = TRUSTEE_COUNT + 1;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, &next), 0);
	body.threshold = THRESHOLD;
	body.n_trustee = 1;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, &next), 0);
	/* Shown it under the new roster, by enough of its own, this is news; once. */
	body.n_trustee = 2;
	struct cdr_checkpoint shown = *trustee->witnessed;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, &next), size);
	assert_false(cdr_trustee_witnessed_match(trustee, &next, &shown));
	body.version++;
	body.threshold = TRUSTEE_COUNT;
	body.n_trustee = TRUSTEE_COUNT;
	assert_int_equal(cdr_trustee_witnessed_size(trustee, &next), 0);
	assert_true(cdr_trustee_witnessed_match(trustee, &next, &shown));
	assert_int_equal(cdr_trustee_witnessed_size(trustee, &next), size);
	/* A request that began under the roster before is not stopped by that. */
	assert_int_equal(cdr_trustee_witnessed_size(trustee, w->x->newest), size);
	send_request(w, r);
	assert_proved(w, 4);
	assert_int_equal(count_forks(w), 0); /* and nobody is accused */
}

/* Logged, witnessed by the others, and not yet seen here: ask again. */
static void
test_behind(void **state)
{
	struct world *w = *state;

	send_request(w, request_of(w, 1, 1));
	assert_proved(w, 1);
	w->log.skip[1] = true;
	send_request(w, request_of(w, 2, 1));
	assert_refused(w, 503, "busy");
	assert_non_null(strstr(w->text, "1 leaves"));
}

/* A checkpoint that contradicts what this trustee saw is kept, whoever cosigned it. */
static void
test_fork_in_a_request(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 1);

	send_request(w, r);
	assert_proved(w, 1);
	memset(w->log.checkpoint.root, 9, sizeof(w->log.checkpoint.root));
	w->log.checkpoint.cosignature_count = 0;
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &w->log.checkpoint), CDR_OK);
	for (uint32_t i = 2; i <= TRUSTEE_COUNT; i++) {
		struct cdr_cosignature cosignature;
		assert_int_equal(cdr_checkpoint_cosign(w->x->node[i].home.keys->signing, w->x->genesis->hash, &w->log.checkpoint,
		    i, cdr_trustee_now(), &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&w->log.checkpoint, w->x->genesis->hash, w->x->newest, &cosignature), CDR_OK);
	}
	cdr_buffer_free(&w->shown);
	played_prove(&w->log, 0, &w->shown);
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "proof");
	assert_non_null(strstr(w->text, "contradicts"));
	assert_int_equal(ask_store(w, "SELECT count(*) FROM fork WHERE length(note) > 0 AND length(own) > 0"), 1);
}

/* Another place, another hash, a proof that is cut. */
static void
test_bad_proofs(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 2, 1);

	send_request(w, request_of(w, 1, 1));
	send_request(w, r);
	assert_proved(w, 1);
	r.is_unlogged = true;
	w->shown.data[w->shown.len - 1] ^= 1; /* the last hash */
	send_request(w, r);
	assert_refused(w, 400, "proof");
	w->shown.data[w->shown.len - 1] ^= 1;
	w->shown.data[1] = 0;                 /* the place */
	send_request(w, r);
	assert_refused(w, 400, "proof");
	w->shown.data[1] = 1;
	w->shown.data[100] ^= 1;              /* the checkpoint */
	send_request(w, r);
	assert_int_equal(w->status >= 400 && w->status < 500, true);
	w->shown.data[100] ^= 1;
	w->shown.len--;
	send_request(w, r);
	assert_refused(w, 400, "input");
	w->shown.len++;
	send_request(w, r);
	assert_proved(w, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_in_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_hub_shows_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_trustees, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork_in_a_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_proofs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
