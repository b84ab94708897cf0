/* What must hold before a trustee multiplies a point: the log holds the request, and enough have witnessed it. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/asking.h"

#include "node/trustee/peers.h"
#include "node/trustee/recover.h"
#include "node/trustee/seen.h"

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

/* The log as it is, signed by the hub and by nobody else. */
static struct cdr_checkpoint
uncosigned(struct world *w)
{
	struct cdr_checkpoint checkpoint = { .size = w->log.edge.size };

	assert_int_equal(cdr_merkle_root(&w->log.edge, checkpoint.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &checkpoint), CDR_OK);
	return checkpoint;
}

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

/* The hub logs what it may not, and nobody takes that in. After that it goes on as if it had not. */
static void
send_lie(struct world *w, struct request r)
{
	struct played_log *before = malloc(sizeof(*before));

	assert_non_null(before);
	*before = w->log;
	send_request(w, r);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_string_equal(w->log.code[i], "proof");
	assert_int_equal(w->log.checkpoint.cosignature_count, 0);
	w->log = *before;
	free(before);
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

/* The log tells of a roster of that version. */
static void
log_version(struct world *w, uint64_t version)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, version);
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&w->log, &l);
	played_leaf_free(&l);
}

/* What everybody may read is not hidden in a commitment: trustees would go by it, and whoever reads the log would not know. */
static void
test_nothing_open_is_sealed(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, 0);
	played_leaf_make(&l, &leaf, NULL);
	cdr_buffer_free(&l.entry);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&l.leaf), l.salt, &l.entry), CDR_OK);
	l.record.entry = cdr_message_field(l.entry.data, l.entry.len);
	l.record.has_leaf = l.record.has_salt = true;
	(void)played_append(&w->log, &l);
	assert_int_equal(w->log.status[1], 400);
	played_leaf_free(&l);
}

/* The log tells of the roster in force, where it can. */
static void
log_roster(struct world *w)
{
	while (w->log.edge.size < w->x->newest->body->version)
		log_version(w, 0);
	log_version(w, w->x->newest->body->version);
}

/* A reading job. */
static cdr_err
logged_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_roster_logged_read(tx, context);
}

/* A version that no roster can have had by then is none: what this trustee forgot is counted from it when it is put back, and would wrap. */
static void
test_impossible_versions(void **state)
{
	struct world *w = *state;
	static const uint64_t lies[] = { UINT64_MAX, INT64_MAX, 1000 };
	struct cdr_store *store = w->x->node[1].home.store;
	uint64_t before, after;

	assert_int_equal(cdr_store_read(store, logged_job, &before), CDR_OK);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		log_version(w, lies[i]);
		assert_int_equal(w->log.status[1], 200);
		assert_int_equal(cdr_store_read(store, logged_job, &after), CDR_OK);
		assert_int_equal(before, after);
	}
	log_roster(w);
	assert_int_equal(cdr_store_read(store, logged_job, &after), CDR_OK);
	assert_int_equal(after, w->x->newest->body->version);
}

/*
 * A member enrols anew: what it spent before is counted also by a trustee that takes in those leaves when it has the new key already; what a thief of the
 * old key, with the hub, logs behind the roster that took it away is counted by nobody.
 */
static void
test_spent_under_the_old_key(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 60), late = request_of(w, 2, 30);
	uint8_t old[CDR_SIGN_SEED_LEN];

	r.shows_nothing = late.shows_nothing = true;
	log_roster(w);
	memcpy(old, w->member->seed, sizeof(old));
	memset(w->member->seed, 99, sizeof(w->member->seed));
	assert_int_equal(cdr_sign_public(w->member->seed, w->member->key), CDR_OK);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	r.logged_seed = old;
	send_request(w, r);
	assert_refused(w, 503, "busy"); /* for the new key there is nothing in the log */
	assert_int_equal(ask_store(w, SPENT), 60);
	log_roster(w);
	late.logged_seed = old;
	send_lie(w, late);
	assert_refused(w, 503, "busy");
	assert_int_equal(ask_store(w, SPENT), 60);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 1);
	/* The new key goes on from there. */
	send_request(w, request_of(w, 1, 40));
	assert_proved(w, 40);
	send_request(w, request_of(w, 2, 1));
	assert_refused(w, 429, "quota");
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

/* ---- the liar: leaves that it shows to some as if they had been erased -------------------------------------------- */

/* Logs what was asked, opened to those in ${sees} alone; how many cosign. */
static size_t
append_half_shown(struct world *w, struct played_leaf *l, const bool *sees)
{
	struct played_log *log = &w->log;
	Cdr__Wire__LogRecord erased = CDR__WIRE__LOG_RECORD__INIT, *record[] = { &l->record };
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	uint64_t place = log->edge.size;
	struct cdr_buffer note;

	erased.entry = l->record.entry;
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l->entry), log->hash[place]), CDR_OK);
	assert_int_equal(cdr_merkle_append(&log->edge, log->hash[place], NULL), CDR_OK);
	log->checkpoint.size = log->edge.size;
	assert_int_equal(cdr_merkle_root(&log->edge, log->checkpoint.root), CDR_OK);
	log->checkpoint.cosignature_count = 0;
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &log->checkpoint), CDR_OK);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
	message.from = place;
	message.n_record = 1;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		record[0] = sees[i] ? &l->record : &erased;
		played_ask(log, i, &message);
	}
	cdr_buffer_free(&note);
	return log->checkpoint.cosignature_count;
}

/* Old index, behind a leaf that nobody may read: no trustee cosigns it, each keeps it; and once it is opened the log goes on. */
static void
test_a_leaf_is_opened_to_all(void **state)
{
	struct world *w = *state;
	static const char kept[] = "SELECT count(*) FROM withheld WHERE place = 0 AND what = '" CDR_TRUSTEE_WITHHELD_SEALED "'";
	const bool nobody[TRUSTEE_COUNT + 1] = { false }, two[] = { false, false, true, true }, all[] = { false, true, true, true };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CHECK_OPENED, .at = 1772323200 };
	struct cdr_merkle_edge edge = w->log.edge;
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	for (uint64_t i = 0; i < 3; i++)
		cdr_leaf_number_add(&leaf, i);
	played_leaf_make(&l, &leaf, NULL);
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_string_equal(w->log.code[1], "proof");
	assert_int_equal(ask_store(w, kept), 1);
	/* Those to whom it is opened cosign it; who was not shown it does not, whatever the others did. */
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, two), 2);
	assert_string_equal(w->log.code[1], "proof");
	assert_int_equal(ask_store(w, kept), 1);
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, all), 1); /* the third, too */
	assert_string_equal(w->log.code[1], "");
	played_leaf_free(&l);
}

/* A trustee that comes late is shown what was erased, and a checkpoint behind it: cosigned by enough, and as long ago as that takes. */
static void
test_what_was_erased_is_taken_in(void **state)
{
	struct world *w = *state;
	struct played_log *log = &w->log;
	const uint64_t now = cdr_trustee_now(), long_ago = now - CDR_LEAF_OPEN_DAYS * UINT64_C(86400);
	const struct {
		uint64_t at;
		uint32_t signers;
		int root;
		const char *code;
	} cases[] = { { long_ago + 3 * UINT64_C(86400), 2, 0, "proof" }, { long_ago, 1, 0, "proof" }, { long_ago, 2, 1, "proof" },
		{ long_ago, 2, 0, "" } };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	Cdr__Wire__LogRecord erased = CDR__WIRE__LOG_RECORD__INIT, *record[] = { &erased };
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	struct played_leaf l;
	struct cdr_buffer note, aged_note;

	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	played_leaf_make(&l, &leaf, NULL);
	erased.entry = l.record.entry;
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l.entry), log->hash[0]), CDR_OK);
	assert_int_equal(cdr_merkle_append(&log->edge, log->hash[0], NULL), CDR_OK);
	log->checkpoint = uncosigned(w);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
	message.n_record = 1;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	message.has_aged = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_checkpoint aged = uncosigned(w);
		aged.root[0] ^= (uint8_t)cases[i].root;
		assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &aged), CDR_OK);
		for (uint32_t k = 2; k < 2 + cases[i].signers; k++) {
			struct cdr_cosignature cosignature;
			assert_int_equal(cdr_checkpoint_cosign(w->x->node[k].home.keys->signing, w->x->genesis->hash, &aged, k, cases[i].at,
			    &cosignature), CDR_OK);
			assert_int_equal(cdr_checkpoint_add(&aged, w->x->genesis->hash, w->x->newest, &cosignature), CDR_OK);
		}
		assert_int_equal(cdr_checkpoint_write(&aged, w->x->genesis->hash, w->x->newest, &aged_note), CDR_OK);
		message.aged = cdr_message_field(aged_note.data, aged_note.len);
		played_ask(log, 1, &message);
		assert_string_equal(log->code[1], cases[i].code);
		cdr_buffer_free(&aged_note);
	}
	assert_int_equal(log->checkpoint.cosignature_count, 1);
	cdr_buffer_free(&note);
	played_leaf_free(&l);
}

/* How a trustee knows that it was away, as the command does. */
struct away_query {
	uint64_t now, since;
};

static cdr_err
away_job(struct cdr_tx *tx, void *context)
{
	struct away_query *q = context;

	return cdr_trustee_away(tx, q->now, &q->since);
}

static uint64_t
away_since(struct world *w)
{
	struct away_query q = { .now = cdr_trustee_now(), .since = 0 };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, away_job, &q), CDR_OK);
	return q.since;
}

/* A writing job: what was seen is as old as ${context} seconds. */
static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "UPDATE seen SET seen_at = $1", CDR_VALUES(cdr_value_int(*(const int64_t *)context)));
}

static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

/* One that was away for longer than leaves are kept open is told so, and what to do; one that was not is told who keeps what from it. */
static void
test_away_for_too_long(void **state)
{
	struct world *w = *state;
	const int64_t now = (int64_t)cdr_trustee_now(), day = 86400;
	int64_t then = now - (CDR_LEAF_OPEN_DAYS - 2) * day;
	const bool nobody[TRUSTEE_COUNT + 1] = { false };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct cdr_merkle_edge edge;
	struct played_leaf l;

	send_request(w, request_of(w, 1, 4));
	assert_proved(w, 4);
	assert_int_equal(away_since(w), 0);
	edge = w->log.edge;
	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	played_leaf_make(&l, &leaf, NULL);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, age_job, &then), CDR_OK);
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_non_null(strstr(w->log.text[1], "the hub has to show"));
	assert_int_equal(away_since(w), 0);
	then = now - CDR_LEAF_OPEN_DAYS * day;
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, age_job, &then), CDR_OK);
	assert_int_equal(away_since(w), then);
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_string_equal(w->log.code[1], "proof");
	assert_non_null(strstr(w->log.text[1], "taken in nothing for 120 days"));
	assert_non_null(strstr(w->log.text[1], "candor-trustee restore FILE"));
	assert_non_null(strstr(w->log.text[1], "tell the other trustees"));
	assert_non_null(strstr(w->log.text[2], "the hub has to show")); /* who saw the leaf before yesterday was not away */
	/* Once it is put back it is told to wait, and no more to be put back. */
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, put_back_job, NULL), CDR_OK);
	assert_int_equal(away_since(w), 0);
	played_leaf_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_in_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_impossible_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_open_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_hub_shows_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_trustees, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork_in_a_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_proofs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_worthless_cosignatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_logged_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anothers_commitment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spent_under_the_old_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_histories, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_leaf_is_opened_to_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_erased_is_taken_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_away_for_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_honest_witnesses_are_accused_of_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
