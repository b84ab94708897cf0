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

/* ---- who lies ------------------------------------------------------------------------------------------------------ */

/* A further cosignature in the name of trustee ${i}, whoever's key ${seed} is. */
static void
cosign(struct world *w, struct cdr_checkpoint *checkpoint, uint32_t i, const uint8_t *seed)
{
	assert_int_equal(cdr_checkpoint_cosign(seed, w->x->genesis->hash, checkpoint, i, 1772323200,
	    &checkpoint->cosignature[checkpoint->cosignature_count]), CDR_OK);
	checkpoint->cosignature_count++;
}

/* The request in leaf 0 is not evaluated, whether the hub shows the checkpoint, written under ${roster}, or the member does. */
static void
assert_worthless(struct world *w, const struct cdr_checkpoint *checkpoint, const struct cdr_roster *roster, const char *code)
{
	struct request r = request_of(w, 1, 4);
	struct cdr_buffer note;

	assert_int_equal(cdr_checkpoint_write(checkpoint, w->x->genesis->hash, roster, &note), CDR_OK);
	played_tell_note(&w->log, cdr_buffer_bytes(&note));
	assert_int_equal(w->log.status[1], 200);
	assert_int_equal(w->log.turn[1], CDR_TURN_PLAIN);
	r.shows_nothing = true;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	r.shows_nothing = false;
	r.is_unlogged = true;
	cdr_buffer_free(&w->shown);
	played_prove_note(&w->log, 0, cdr_buffer_bytes(&note), &w->shown);
	send_request(w, r);
	if (strcmp(w->code, code) != 0)
		fail_msg("%s: %s", w->code, w->text);
	assert_int_equal(cdr_trustee_witnessed_size(w->x->node[1].trustee, w->x->newest), 0);
	cdr_buffer_free(&note);
}

/* Cosignatures that are not those of t trustees of the roster, whatever they are. */
static void
test_worthless_cosignatures(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 4);
	const uint8_t *second = w->x->node[2].home.keys->signing, *third = w->x->node[3].home.keys->signing;
	uint8_t seed[CDR_SIGN_SEED_LEN] = { 42 }, key[CDR_SIGN_PUBLIC_LEN];
	struct cdr_roster others = *w->x->newest;
	Cdr__Wire__Roster body = *others.body;
	Cdr__Wire__Party party[TRUSTEE_COUNT];
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];

	/* The same exchange with somebody else in the places of trustees 2 and 3. */
	assert_int_equal(cdr_sign_public(seed, key), CDR_OK);
	others.body = &body;
	body.trustee = at;
	for (size_t i = 0; i < TRUSTEE_COUNT; i++) {
		party[i] = *w->x->newest->body->trustee[i]->party;
		trustee[i] = *w->x->newest->body->trustee[i];
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
		if (i > 0)
			party[i].signing_key = cdr_message_field(key, sizeof(key));
	}
	r.shows_nothing = true;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	/* nobody; one; one who signed twice */
	struct cdr_checkpoint shown = uncosigned(w);
	assert_worthless(w, &shown, w->x->newest, "proof");
	cosign(w, &shown, 2, second);
	assert_worthless(w, &shown, w->x->newest, "proof");
	cosign(w, &shown, 2, second);
	assert_worthless(w, &shown, w->x->newest, "proof");
	/* those who are no trustees; trustees' names over somebody's signature */
	shown = uncosigned(w);
	cosign(w, &shown, 2, seed);
	cosign(w, &shown, 3, seed);
	assert_worthless(w, &shown, &others, "proof");
	assert_worthless(w, &shown, w->x->newest, "signature");
	/* both, but of a shorter log, which has not the leaf: not even with the right proof of another one */
	shown = (struct cdr_checkpoint){ .size = 0 };
	assert_int_equal(cdr_merkle_root(&(struct cdr_merkle_edge){ 0 }, shown.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &shown), CDR_OK);
	cosign(w, &shown, 2, second);
	cosign(w, &shown, 3, third);
	assert_worthless(w, &shown, w->x->newest, "proof");
	assert_int_equal(count_forks(w), 0); /* none of this shows that anybody lied */
	/* With what they cosigned it is evaluated. */
	shown = uncosigned(w);
	cosign(w, &shown, 2, second);
	cosign(w, &shown, 3, third);
	w->log.checkpoint = shown;
	played_tell(&w->log);
	assert_int_equal(w->log.turn[1], CDR_TURN_NEWS);
	send_request(w, r);
	assert_proved(w, 4);
}

/* A hub that logs one request twice: it counts once, and is evaluated as the first of them. */
static void
test_logged_twice(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 4);

	send_request(w, r);
	assert_proved(w, 4);
	r.is_logged_again = true;
	send_request(w, r);
	assert_refused(w, 400, "proof");
	assert_non_null(strstr(w->text, "another place"));
	assert_int_equal(w->log.edge.size, 2);
	assert_int_equal(ask_store(w, SPENT), 4);
	assert_int_equal(ask_store(w, "SELECT place FROM evaluation"), 0);
	send_request(w, request_of(w, 1, 4));
	assert_proved(w, 4);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM misuse"), 0);
}

/* What another member asked, or a hub put into somebody's mouth, is evaluated for nobody and costs nobody anything. */
static void
test_anothers_commitment(void **state)
{
	struct world *w = *state;
	struct enrolled *green = enrol(w->x, "green-valley", 33);
	const struct cdr_roster_change change = change_member(green);
	struct request r = request_of(w, 1, 4), theirs = request_of(w, 1, 4);
	uint8_t seed[CDR_SIGN_SEED_LEN] = { 42 };

	propose(w->x, &change, 1);
	put_in_force(w->x);
	theirs.signer = "member/green-valley";
	theirs.member = green->id;
	theirs.seed = green->seed;
	theirs.pin = green->pin;
	send_request(w, theirs);
	assert_proved(w, 4);
	/* The proof of theirs, which has the same number and the same points. */
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "proof");
	assert_non_null(strstr(w->text, "no evaluation"));
	/* A leaf that names them over what this member signed; one that has a signature of the hub's own making; one that says another number. */
	r.is_unlogged = false;
	r.logged_as = "member/green-valley";
	send_lie(w, r);
	assert_refused(w, 400, "proof");
	r.logged_as = NULL;
	r.is_logged_again = true;
	r.logged_seed = seed;
	send_lie(w, r);
	assert_refused(w, 400, "proof");
	assert_int_equal(ask_store(w, "SELECT count(*) FROM withheld WHERE place = 1"), 1);
	assert_int_equal(ask_store(w, SPENT), 0);
	assert_int_equal(ask_store(w, "SELECT sum(points) FROM spent"), 4);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 1);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM misuse"), 0);
	/* Logged as it is, it is evaluated. */
	r.logged_seed = NULL;
	send_request(w, r);
	assert_proved(w, 4);
	assert_int_equal(ask_store(w, SPENT), 4);
}

/* Numbers may jump, and come in any order: each counts, where the log has it. One that repeats is the first of its kind, for everybody. */
static void
test_numbers(void **state)
{
	static const uint64_t numbers[] = { 5, 1, INT64_MAX, 0, 1000000 };
	struct world *w = *state;
	struct request r, other = request_of(w, 5, 3);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		send_request(w, request_of(w, numbers[i], 4));
		assert_proved(w, 4);
		assert_int_equal(ask_store(w, SPENT), 4 * (i + 1));
	}
	/* A hub in league with the member logs a second request under one number, and enough cosign that: no trustee evaluates it. */
	other.shows_nothing = true;
	send_request(w, other);
	played_tell(&w->log);
	assert_int_equal(w->log.turn[1], CDR_TURN_NEWS);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct count_query kept = { "SELECT count(*) FROM misuse WHERE member = 'blue-harbour' AND sequence = 5", 0 };
		assert_int_equal(cdr_store_read(w->x->node[i].home.store, count_job, &kept), CDR_OK);
		assert_int_equal(kept.number, 1);
	}
	send_request(w, other);
	assert_refused(w, 409, "sequence");
	other.shows_nothing = false;
	other.is_logged_again = true;
	send_request(w, other);
	assert_refused(w, 409, "sequence");
	assert_int_equal(ask_store(w, SPENT), 4 * sizeof(numbers) / sizeof(numbers[0]));
	r = request_of(w, 5, 4);
	r.shows_nothing = true;
	send_request(w, r);
	assert_proved(w, 4);
}

/* What was kept of the last contradiction. */
static cdr_err
fork_job(struct cdr_tx *tx, void *note)
{
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	cdr_err err = cdr_query_start(tx, "SELECT note FROM fork ORDER BY number DESC LIMIT 1", none, &query);
	if (err == CDR_OK)
		err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_blob_copy(query, 0, CDR_CHECKPOINT_LEN_MAX, note);
	cdr_query_end(query);
	return err;
}

/* Two witnesses sign one log with this trustee, and another one without it: whoever shows that, what they signed is kept, and names them. */
static void
test_two_histories(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 4);
	struct cdr_checkpoint other, kept;
	struct cdr_buffer note, kept_note = { 0 };

	send_request(w, r);
	assert_proved(w, 4);
	assert_int_equal(w->log.checkpoint.cosignature_count, TRUSTEE_COUNT);
	for (int shown_by_hub = 0; shown_by_hub <= 1; shown_by_hub++) {
		other = (struct cdr_checkpoint){ .size = w->log.edge.size };
		memset(other.root, 9 + shown_by_hub, sizeof(other.root));
		assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &other), CDR_OK);
		for (uint32_t i = 2; i <= 3; i++)
			cosign(w, &other, i, w->x->node[i].home.keys->signing);
		assert_int_equal(cdr_checkpoint_write(&other, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
		if (shown_by_hub) {
			played_tell_note(&w->log, cdr_buffer_bytes(&note));
			assert_int_equal(w->log.status[1], 400);
			assert_string_equal(w->log.code[1], "proof");
		} else {
			cdr_buffer_free(&w->shown);
			played_prove_note(&w->log, 0, cdr_buffer_bytes(&note), &w->shown);
			r.is_unlogged = true;
			send_request(w, r);
			assert_refused(w, 400, "proof");
			assert_non_null(strstr(w->text, "the hub showed two logs"));
		}
		/* They signed what trustee 1 saw, too: that names them. */
		assert_int_equal(ask_store(w, "SELECT count(*) FROM fork WHERE signed_both = 'trustee/2,trustee/3' AND length(witnessed) > 0"),
		    shown_by_hub + 1);
		assert_int_equal(count_forks(w), shown_by_hub + 1);
		assert_int_equal(cdr_store_read(w->x->node[1].home.store, fork_job, &kept_note), CDR_OK);
		assert_int_equal(cdr_checkpoint_read(cdr_buffer_bytes(&kept_note), w->x->genesis->hash, w->x->newest, &kept, NULL), CDR_OK);
		assert_memory_equal(kept.root, other.root, sizeof(other.root));
		assert_int_equal(kept.cosignature_count, 2);
		assert_int_equal(kept.cosignature[0].trustee, 2);
		assert_int_equal(kept.cosignature[1].trustee, 3);
		cdr_buffer_free(&kept_note);
		cdr_buffer_free(&note);
	}
	/* What was evaluated stays so, as the log that was seen has it. */
	cdr_buffer_free(&w->shown);
	w->log.checkpoint = uncosigned(w);
	cosign(w, &w->log.checkpoint, 2, w->x->node[2].home.keys->signing);
	cosign(w, &w->log.checkpoint, 3, w->x->node[3].home.keys->signing);
	played_prove(&w->log, 0, &w->shown);
	send_request(w, r);
	assert_proved(w, 4);
}

/* The liar: the hub shows trustee 1 one log, and the other two another one, which they cosign; each was shown one. Trustee 1 accuses the hub alone. */
static void
test_honest_witnesses_are_accused_of_nothing(void **state)
{
	struct world *w = *state;
	static struct played_log other;
	struct request r = request_of(w, 1, 1);
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct played_leaf l;

	other = (struct played_log){ .x = w->x, .skip = { false, false, true, true } };
	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&other, &l);
	played_leaf_free(&l);
	w->log.skip[1] = true;
	send_request(w, r);
	assert_refused(w, 400, "proof");
	assert_non_null(strstr(w->text, "the hub showed two logs"));
	assert_int_equal(ask_store(w, "SELECT count(*) FROM fork WHERE signed_both = '' AND size = 1"), 1);
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
		cmocka_unit_test_setup_teardown(test_worthless_cosignatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_logged_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anothers_commitment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_histories, setup, teardown),
		cmocka_unit_test_setup_teardown(test_honest_witnesses_are_accused_of_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
