/* A trustee's part in samples: one part for one number, what lots draw, and whether they come. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_sample.h"

#include "node/trustee/sample_given.h"

/* The roster that a request is judged by; and before it is answered, the next one comes into force. */
static const struct cdr_roster *
hold_and_adopt(void *context)
{
	struct cdr_trustee *trustee = context;
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	bool newer = false;

	assert_int_equal(cdr_trustee_roster_update(trustee, &newer, NULL), CDR_OK);
	assert_true(newer);
	return held;
}

/* A refresh comes into force while a part is asked for: none is signed that says of the one shares and uses the other. */
static void
overtaken_by_a_refresh(void **state)
{
	struct world *w = *state;
	Cdr__Wire__StatisticsKey key = w->key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], commitments[THRESHOLD * CDR_POINT_LEN], point[TRUSTEE_COUNT][CDR_POINT_LEN];
	ProtobufCBinaryData share[TRUSTEE_COUNT];

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	memcpy(transcript, w->key.transcript.data, sizeof(transcript));
	transcript[5] ^= 1;
	key.transcript = cdr_message_field(transcript, sizeof(transcript));
	cdr_scalar_set(77, w->x->secret[1]); /* the same key in other shares */
	assert_int_equal(cdr_threshold_commit(w->x->secret[0], THRESHOLD, commitments), CDR_OK);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(cdr_threshold_public_share(commitments, THRESHOLD, (uint8_t)i, point[i - 1]), CDR_OK);
		share[i - 1] = cdr_message_field(point[i - 1], CDR_POINT_LEN);
	}
	key.public_share = share;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct give_key job = { .trustee = w->x->node[i].trustee, .key = cdr_roster_key_of_statistics(&key) };
		assert_int_equal(cdr_threshold_deal(w->x->secret[0], THRESHOLD, (uint8_t)i, job.share), CDR_OK);
		assert_int_equal(cdr_store_write(w->x->node[i].home.store, give_key_job, &job), CDR_OK);
	}
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&key) };
	propose(w->x, &change, 1);
	put_in_force(w->x);
	w->hold = hold_and_adopt;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "busy");
	w->hold = NULL;
	const Cdr__Wire__SampleShare *reply = ask_part(w, 1, &basis);
	assert_non_null(reply);
	assert_int_equal(cdr_sample_share_verify(&basis, w->x->genesis->hash, w->x->newest, reply), CDR_OK);
}

static void
one_part_for_one_number(void **state)
{
	struct world *w = *state;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	const Cdr__Wire__SampleShare *share = ask_part(w, 1, &basis);
	assert_non_null(share);
	assert_int_equal(cdr_sample_share_verify(&basis, w->x->genesis->hash, w->x->newest, share), CDR_OK);
	assert_non_null(ask_part(w, 1, &basis)); /* again, and again the same basis */
	restart(w->x, 1);
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
	assert_non_null(ask_part(w, 2, &later)); /* who was not asked before */
	assert_null(ask_part(w, 2, &basis));     /* whose checkpoint is another */
	assert_string_equal(w->code, "input");
}

static cdr_err
forget_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM sample_given", CDR_VALUES());
}

/* Trustee 1 gave its part, was put back from a backup made before, and knows nothing of it: it gives none for another basis, nor for any. */
static void
a_forgotten_part_is_not_given_otherwise(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[1].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(trustee->home->store, forget_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_null(ask_part(w, 1, &basis)); /* before it has caught up */
	assert_string_equal(w->code, "busy");
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(trustee, NULL), CDR_OK);
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
	/* The others make that lot; it takes part in the next. */
	assert_non_null(ask_part(w, 2, &later));
	struct cdr_sample_basis again = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &again));
}

/* What the backup has of it is remembered: the same basis gets its part again, as before. */
static void
a_remembered_part_is_given_again(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[1].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	assert_non_null(ask_part(w, 1, &basis));
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
}

/* A lot that is in the log by then, the others made: in the one after it this trustee takes part again. */
static void
the_lot_after_it_has_its_part(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[2].trustee;

	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	sample_one(w);
	evaluate(w);
	struct cdr_sample_basis next = basis_now(w, 2, w->sample.basis.size);
	assert_non_null(ask_part(w, 2, &next));
}

/* These changes come into force, and all trustees know it. */
static void
change(struct world *w, const struct cdr_roster_change *changes, size_t count)
{
	propose(w->x, changes, count);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
}

/* A second statistics key that begins at ${starts_at}; the first ends at ${ends_at}, or goes (0). The shares are the same: nobody looks. */
static void
second_key(struct world *w, uint64_t starts_at, uint64_t ends_at)
{
	Cdr__Wire__StatisticsKey second = w->key;

	second.number = 2;
	second.starts_at = starts_at;
	second.ends_at = starts_at + 100000;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct give_key job = { .trustee = w->x->node[i].trustee, .key = cdr_roster_key_of_statistics(&second) };
		assert_int_equal(cdr_threshold_deal(w->x->secret[0], THRESHOLD, (uint8_t)i, job.share), CDR_OK);
		assert_int_equal(cdr_store_write(w->x->node[i].home.store, give_key_job, &job), CDR_OK);
	}
	w->key.ends_at = ends_at != 0 ? ends_at : w->key.ends_at;
	const struct cdr_roster_change changes[] = {
		{ .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&second) },
		{ .kind = ends_at == 0 ? CDR_ROSTER_CHANGE_KEY_END : CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&w->key) },
	};
	change(w, changes, 2);
}

/* What was begun under a key that ends before its lot is made is gone on with, by whoever is asked; nothing else is begun in its place. */
static void
a_key_that_ends_meanwhile_makes_its_lot(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now();

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	second_key(w, now + 4000, now + 5000);
	w->later = 10000; /* the second is in force, the first has ended */
	assert_non_null(ask_part(w, 1, &basis));
	assert_non_null(ask_part(w, 2, &basis));
	basis.key = 2;
	assert_null(ask_part(w, 3, &basis)); /* it was not the one when the checkpoint was made */
	assert_string_equal(w->code, "epoch");
}

/* As long as the first key is in the roster, what was begun under it stands; when it is gone, and nobody can make that lot, the number begins anew. */
static void
a_key_that_is_gone_lets_it_begin_anew(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now();

	evaluate(w);
	struct cdr_sample_basis first = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &first));
	second_key(w, now - 10, now + 5000);
	struct cdr_sample_basis anew = basis_now(w, 1, 0);
	anew.key = 2;
	assert_null(ask_part(w, 1, &anew));
	assert_string_equal(w->code, "exists");
	assert_null(ask_part(w, 2, &first)); /* nothing is begun under the older one any more */
	assert_string_equal(w->code, "epoch");
	second_key(w, now - 10, 0);
	assert_null(ask_part(w, 1, &first));
	assert_string_equal(w->code, "epoch");
	assert_non_null(ask_part(w, 1, &anew));
	evaluate(w);
	struct cdr_sample_basis third = basis_now(w, 1, 0);
	third.key = 2;
	assert_null(ask_part(w, 1, &third));
	assert_string_equal(w->code, "exists");
}

static cdr_err
come_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_come(tx, 0);
}

/* A trustee that comes anew is told for which basis others gave their parts: with newcomers nobody gets a second lot of one number. */
static void
a_newcomer_gives_for_no_other(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *newcomer = w->x->node[3].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(newcomer->home->store, come_job, NULL), CDR_OK);
	assert_null(ask_part(w, 3, &basis));
	assert_string_equal(w->code, "busy");
	assert_int_equal(cdr_trustee_recover_step(newcomer, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(newcomer, NULL), CDR_OK);
	struct played_log before = w->log;
	evaluate(w);
	struct cdr_sample_basis other = basis_now(w, 1, 0);
	assert_null(ask_part(w, 3, &other));
	assert_string_equal(w->code, "exists");
	w->log.checkpoint = before.checkpoint;
	assert_non_null(ask_part(w, 3, &basis));
	/* Of the sample after it nobody told anything. */
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	evaluate(w);
	other = basis_now(w, 2, 1);
	assert_non_null(ask_part(w, 3, &other));
}

struct told {
	uint32_t trustee;
	struct cdr_sample_given given;
};

static cdr_err
told_job(struct cdr_tx *tx, void *context)
{
	const struct told *told = context;

	return cdr_trustee_sample_told(tx, told->trustee, &told->given);
}

/* Whoever invents what it gave cannot stop what others gave as well; nor does what is told of a key that is gone. */
static void
what_is_told_binds_while_its_lot_can_be_made(void **state)
{
	struct world *w = *state;
	struct told told = { 1, { .number = 1, .key = 7, .input = "invented" } };

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_int_equal(cdr_store_write(w->x->node[2].home.store, told_job, &told), CDR_OK);
	assert_non_null(ask_part(w, 2, &basis));
	told.given.key = 1;
	assert_int_equal(cdr_store_write(w->x->node[3].home.store, told_job, &told), CDR_OK);
	assert_null(ask_part(w, 3, &basis));
	assert_string_equal(w->code, "exists");
	told.trustee = 2;
	cdr_sample_input(&basis, w->x->genesis->hash, told.given.input);
	assert_int_equal(cdr_store_write(w->x->node[3].home.store, told_job, &told), CDR_OK);
	assert_non_null(ask_part(w, 3, &basis));
}

static void
what_does_not_follow_is_refused(void **state)
{
	struct world *w = *state;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 2, 0);
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "sequence");
	basis = basis_now(w, 1, 0);
	basis.trustee_count = 4;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "busy");
	basis = basis_now(w, 1, 0);
	basis.key = 2;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "epoch");
	basis = basis_now(w, 1, 0);
	basis.root[0] ^= 1;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "input");
	basis = basis_now(w, 1, 0);
	w->log.checkpoint.cosignature_count = 1;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "proof");
	/* A member may not ask for parts. */
	Cdr__Wire__SampleShareRequest message = CDR__WIRE__SAMPLE_SHARE_REQUEST__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(&basis);
	message.basis = &body;
	ask(w, 1, "member/blue-harbour", w->member->seed, w->member->pin, "/v1/sample/share", &message.base, &cdr__wire__sample_share__descriptor);
	assert_int_equal(w->status, 403);
}

/* A trustee that was not shown the log so far waits. */
static void
what_was_not_seen_is_not_drawn_from(void **state)
{
	struct world *w = *state;

	w->log.skip[2] = true;
	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_null(ask_part(w, 2, &basis));
	assert_string_equal(w->code, "busy");
	assert_non_null(ask_part(w, 1, &basis));
}

static void
a_lot_in_the_log_draws(void **state)
{
	struct world *w = *state;

	sample_one(w);
	assert_int_equal(drawn_for(w, 1) + drawn_for(w, 2) + drawn_for(w, 3), 1);
	assert_int_equal(drawn_for(w, w->auditor), 1);
	/* The next one begins where it ended. */
	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 2, 1);
	assert_non_null(ask_part(w, 1, &basis));
	basis.from = 0;
	assert_null(ask_part(w, 2, &basis));
	assert_string_equal(w->code, "sequence");
}

/* What is no lot counts for nothing, and holds nobody up. */
static void
a_false_lot_draws_nothing(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	w->lot.data[w->lot.len - 1] ^= 1;
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_int_equal(w->log.status[1], 200);
	log_lot(w, (struct cdr_bytes){ NULL, 0 }, cdr_trustee_now());
	w->lot.data[w->lot.len - 1] ^= 1;
	w->sample.basis.from++;
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now()); /* the leaf says another stretch */
	w->sample.basis.from--;
	assert_int_equal(drawn_for(w, 1) + drawn_for(w, 2) + drawn_for(w, 3), 0);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_int_equal(drawn_for(w, w->auditor), 1);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now()); /* once */
	assert_int_equal(drawn_for(w, w->auditor), 1);
}

static void
of_an_old_lot_nothing_is_asked(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now() - CDR_TRUSTEE_SAMPLE_OLD_S - 10);
	assert_int_equal(drawn_for(w, w->auditor), 0);
}

/* ---- whether lots come -------------------------------------------------------------------------------------------- */

struct due {
	uint64_t now;
	struct cdr_trustee_sample_due due;
};

static cdr_err
due_job(struct cdr_tx *tx, void *context)
{
	struct due *d = context;

	return cdr_trustee_sample_due(tx, d->now, &d->due);
}

static struct cdr_trustee_sample_due
due_at(struct world *w, uint64_t now)
{
	struct due d = { .now = now };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, due_job, &d), CDR_OK);
	return d.due;
}

/* Whether it is said now that none comes. */
static bool
is_told(struct world *w, uint64_t now, uint64_t *told_at)
{
	uint64_t before = *told_at;

	assert_int_equal(cdr_trustee_sample_watch(w->x->node[1].trustee, now, told_at), CDR_OK);
	return *told_at != before && *told_at != 0;
}

static void
lots_that_stop_coming_are_told(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now(), late = now + CDR_SAMPLE_OVERDUE_S + 60, told_at = 0;

	assert_false(due_at(w, late).is_overdue); /* nobody has evaluated */
	evaluate(w);
	assert_int_equal(due_at(w, now).waiting_count, 1);
	assert_false(due_at(w, now + CDR_SAMPLE_EVERY_S).is_overdue);
	assert_false(is_told(w, now + CDR_SAMPLE_EVERY_S, &told_at));
	struct cdr_trustee_sample_due due = due_at(w, late);
	assert_true(due.is_overdue);
	assert_false(due.was_asked);
	assert_int_equal(due.number, 1);
	assert_true(due.since >= now && due.since <= cdr_trustee_now());
	assert_true(is_told(w, late, &told_at));
	assert_false(is_told(w, late + 3600, &told_at));
	assert_true(is_told(w, late + 86400, &told_at));
	/* Begun, and withheld. */
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	assert_true(due_at(w, late).is_overdue && due_at(w, late).was_asked);
	/* It came. */
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_false(due_at(w, late).is_overdue);
	assert_false(is_told(w, late + 86401, &told_at));
	assert_int_equal(told_at, 0);
	assert_int_equal(due_at(w, late).number, 2);
	assert_int_equal(due_at(w, late).waiting_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(overtaken_by_a_refresh),
		TEST(one_part_for_one_number),
		TEST(a_forgotten_part_is_not_given_otherwise),
		TEST(a_remembered_part_is_given_again),
		TEST(the_lot_after_it_has_its_part),
		TEST(a_key_that_ends_meanwhile_makes_its_lot),
		TEST(a_key_that_is_gone_lets_it_begin_anew),
		TEST(a_newcomer_gives_for_no_other),
		TEST(what_is_told_binds_while_its_lot_can_be_made),
		TEST(what_does_not_follow_is_refused),
		TEST(what_was_not_seen_is_not_drawn_from),
		TEST(a_lot_in_the_log_draws),
		TEST(a_false_lot_draws_nothing),
		TEST(of_an_old_lot_nothing_is_asked),
		TEST(lots_that_stop_coming_are_told),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
