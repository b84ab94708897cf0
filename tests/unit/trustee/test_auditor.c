/* What a trustee finds as an auditor: of what it is shown, and of who does not answer in time. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_sample.h"

#include "node/trustee/sample_late.h"

/* ---- as an auditor ------------------------------------------------------------------------------------------------ */

static const char *
show(struct world *w, uint32_t trustee, const struct enrolled *who, const char *refusal)
{
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	struct cdr_buffer sealed = { 0 };
	char text[32], signer[64];

	(void)snprintf(signer, sizeof(signer), "member/%s", who->id);
	put.sample = 1;
	put.position = w->place;
	if (refusal != NULL) {
		(void)snprintf(text, sizeof(text), "%s", refusal);
		put.refusal = text;
	} else {
		assert_int_equal(cdr_query_opening_seal(&w->o.message, w->x->node[trustee].home.sealing_public, w->x->genesis->hash, who->id,
		    &sealed), CDR_OK);
		put.has_sealed = true;
		put.sealed = cdr_message_field(sealed.data, sealed.len);
	}
	ask(w, trustee, signer, who->seed, who->pin, "/v1/sample/open", &put.base, &cdr__wire__opening_reply__descriptor);
	cdr_buffer_free(&sealed);
	return w->status == 200 ? ((const Cdr__Wire__OpeningReply *)w->reply)->outcome : w->code;
}

static void
take_last(void *context, const struct cdr_trustee_drawn *drawn)
{
	*(struct cdr_trustee_drawn *)context = *drawn;
}

static struct cdr_trustee_drawn
last_of(struct world *w)
{
	struct cdr_trustee_drawn drawn = { 0 };

	assert_int_equal(cdr_trustee_drawn_list(w->x->node[w->auditor].trustee, take_last, &drawn), CDR_OK);
	return drawn;
}

static void
step(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_sample_step(w->x->node[w->auditor].trustee, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static void
what_is_shown_is_found_true_or_false(void **state)
{
	struct world *w = *state;
	const struct cdr_person other = s_person("Orrelia", "Testperson"), person = s_person("Candida", "Testperson");
	struct cdr_trustee_drawn drawn;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;

	sample_one(w);
	w->o.message.sample = 1;
	assert_string_equal(show(w, w->auditor % TRUSTEE_COUNT + 1, w->member, NULL), "absent");
	assert_string_equal(show(w, w->auditor, w->other, NULL), "absent");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	/* Somebody else. */
	s_name(&w->o, &other);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "false");
	assert_non_null(strstr(last_of(w).reason, "somebody else"));
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, true, NULL), CDR_E_REFUSED);
	step(w);
	assert_string_equal(w->x->verdict, "false");
	/* Put right. */
	s_name(&w->o, &person);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	assert_string_equal(show(w, w->auditor, w->member, "refused"), "opened"); /* what was shown was shown */
	step(w);
	step(w);
	assert_string_equal(w->x->verdict, "opened");
	assert_int_equal(w->x->verdict_count, 3);
	/* A person judges it, and it is gone. */
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_OK);
	assert_string_equal(opening->legal_basis, "consent");
	cdr_arena_free(&arena);
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, false, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 7, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	step(w);
	assert_string_equal(w->x->verdict, "unbacked");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "unbacked");
}

static void
another_evaluation_is_not_the_one(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	w->o.salt[0] = 8; /* a leaf with the same words, that the tree does not hold */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "false");
	assert_non_null(strstr(last_of(w).reason, "at that place"));
}

static void
refused_and_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	assert_string_equal(show(w, w->auditor, w->member, "because"), "input");
	assert_string_equal(show(w, w->auditor, w->member, "erased"), "refused");
	assert_string_equal(last_of(w).reason, "erased");
	step(w);
	assert_string_equal(w->x->verdict, "refused");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
}

static cdr_err
late_job(struct cdr_tx *tx, void *context)
{
	const struct world *w = context;
	struct cdr_current *current = w->x->node[w->auditor].trustee->current;
	const struct cdr_roster *roster = cdr_current_hold(current);
	cdr_err err = cdr_trustee_sample_late(tx, roster, w->now);

	cdr_current_release(current, roster);
	return err;
}

/* The auditor looks who is late, once. */
static void
look_late(struct world *w)
{
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, late_job, w), CDR_OK);
}

/* Days go by, while the auditor is there. */
static void
let_pass(struct world *w, uint64_t days)
{
	if (w->now == 0) {
		w->now = cdr_trustee_now();
		look_late(w);
	}
	for (uint64_t i = 0; i < 2 * days; i++) {
		w->now += 86400 / 2;
		look_late(w);
	}
}

static void
assert_state(struct world *w, const char *state)
{
	assert_string_equal(last_of(w).state, state);
}

static void
change_and_adopt(struct world *w, const struct cdr_roster_change *change)
{
	propose(w->x, change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[w->auditor].trustee, NULL, NULL), CDR_OK);
}

/* The auditor sees a lot weeks after it was made: the member has its days from when it is asked, not from then. */
static void
what_is_asked_late_is_not_late(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now() - 20 * 86400);
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	let_pass(w, 14);
	assert_state(w, "asked");
	assert_true(last_of(w).due_at > cdr_trustee_now() + 13 * 86400);
	let_pass(w, 1);
	assert_state(w, "late");
	step(w);
	assert_string_equal(w->x->verdict, "late");
}

/* As long as the log does not say that it is asked, nobody has to answer. */
static void
what_the_log_does_not_ask_is_not_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->x->is_away = true;
	assert_int_equal(cdr_trustee_sample_step(w->x->node[w->auditor].trustee, NULL), CDR_E_NETWORK);
	let_pass(w, 40);
	assert_state(w, "asked");
}

/* A writing job: something else is drawn, behind what there is. */
static cdr_err
draw_more_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "INSERT INTO drawn (sample, position, point, number, member, purpose, due_at, state, reason, changed_at, posted, opening,"
	    " evidence) SELECT sample, position + 1000, point, number + 1, member, purpose, due_at, 'refused', reason, changed_at, posted, opening, evidence"
	    " FROM drawn", CDR_VALUES());
}

/* What the hub takes no more, since it has erased the leaf, or this trustee bears another index now, keeps nothing else from the log. */
static void
what_the_hub_refuses_holds_up_nothing(void **state)
{
	struct world *w = *state;

	sample_one(w);
	struct cdr_trustee *trustee = w->x->node[w->auditor].trustee;
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, draw_more_job, NULL), CDR_OK);
	w->x->refused_position = w->place + 1;
	assert_int_equal(cdr_trustee_sample_step(trustee, NULL), CDR_E_REFUSED);
	assert_string_equal(w->x->verdict, "refused");
	assert_int_equal(w->x->verdict_count, 1);
	/* It is told again, and not all the time. */
	step(w);
	assert_int_equal(w->x->refused_count, 1);
	trustee->unwelcome.since = 1;
	assert_int_equal(cdr_trustee_sample_step(trustee, NULL), CDR_E_REFUSED);
	assert_int_equal(w->x->refused_count, 2);
	w->x->refused_position = 0;
	trustee->unwelcome.since = 1;
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	assert_int_equal(w->x->verdict_count, 2);
}

/* Who is suspended cannot answer; active again, it has its days. */
static void
who_is_suspended_is_not_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspend = change_status(w->member, "suspended"), restore = change_status(w->member, "active");

	sample_one(w);
	step(w);
	let_pass(w, 10);
	change_and_adopt(w, &suspend);
	let_pass(w, 30);
	assert_state(w, "asked");
	change_and_adopt(w, &restore);
	let_pass(w, 13);
	assert_state(w, "asked");
	let_pass(w, 2);
	assert_state(w, "late");
}

/* Who enrolled again has lost what it evaluated. */
static void
who_has_other_keys_is_never_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change revoke = change_status(w->member, "revoked");

	sample_one(w);
	step(w);
	change_and_adopt(w, &revoke);
	struct enrolled *again = enrol(w->x, "blue-harbour", 23);
	const struct cdr_roster_change change = change_member(again);
	change_and_adopt(w, &change);
	let_pass(w, 60);
	assert_state(w, "asked");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
}

/* An auditor that was away, or did not see who was suspended meanwhile, begins anew. */
static void
who_was_away_calls_nobody_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspend = change_status(w->member, "suspended"), restore = change_status(w->member, "active");

	sample_one(w);
	step(w);
	let_pass(w, 10);
	w->now += 5 * 86400;
	let_pass(w, 13);
	assert_state(w, "asked");
	propose(w->x, &suspend, 1);
	put_in_force(w->x);
	change_and_adopt(w, &restore); /* both at once */
	let_pass(w, 13);
	assert_state(w, "asked");
	let_pass(w, 2);
	assert_state(w, "late");
}

static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE drawn SET changed_at = 1000", CDR_VALUES());
}

static void
nothing_in_time_is_late(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_drawn drawn;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;

	sample_one(w);
	w->o.message.sample = 1;
	step(w);
	let_pass(w, 15);
	step(w);
	assert_string_equal(w->x->verdict, "late");
	/* It may still come, and then is kept for a while. */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_string_equal(w->x->verdict, "opened");
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_OK);
	cdr_arena_free(&arena);
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, age_job, NULL), CDR_OK);
	step(w);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	cdr_arena_free(&arena);
	assert_string_equal(last_of(w).state, "opened");
	/* A hub that is away is asked again. */
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, true, NULL), CDR_OK);
	w->x->is_away = true;
	assert_int_equal(cdr_trustee_sample_step(w->x->node[w->auditor].trustee, NULL), CDR_E_NETWORK);
	w->x->is_away = false;
	step(w);
	assert_string_equal(w->x->verdict, "backed");
}

static cdr_err
forget_shown_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE drawn SET state = 'asked', posted = 'asked', opening = $1, changed_at = $2, runs_from = $2",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_int((int64_t)cdr_trustee_now() - 1000)));
}

/* The auditor was shown it and judged it; put back from a backup, it does not remember: nobody is called late for that. */
static void
a_forgotten_opening_is_not_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	struct cdr_trustee *auditor = w->x->node[w->auditor].trustee;
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_int_equal(cdr_trustee_drawn_judge(auditor, 1, true, NULL), CDR_OK);
	step(w);
	const size_t told = w->x->verdict_count;
	assert_string_not_equal(w->x->verdict, "late");
	assert_int_equal(cdr_store_write(auditor->home->store, forget_shown_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(auditor->home->store, mark_job, NULL), CDR_OK);
	step(w); /* while it catches up */
	assert_int_equal(w->x->verdict_count, told);
	assert_int_equal(cdr_trustee_recover_step(auditor, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(auditor, NULL), CDR_OK);
	let_pass(w, 30);
	step(w);
	assert_int_equal(w->x->verdict_count, told);
	assert_string_equal(last_of(w).state, "asked");
	/* It may be shown, and judged, once more. */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_string_equal(w->x->verdict, "opened");
}

/* The roster in force names two newer epochs, and not the one under which was evaluated. */
static void
end_epoch(struct world *w)
{
	const uint32_t number = w->dealt.epoch.number;
	struct dealt next[2];

	deal(w->x, number + 1, 5, &next[0]);
	deal(w->x, number + 2, 7, &next[1]);
	const struct cdr_roster_change changes[] = { change_epoch(&next[0]), change_epoch(&next[1]),
		{ .kind = CDR_ROSTER_CHANGE_KEY_END, .key = cdr_roster_key_of_epoch(&w->dealt.epoch) } };
	for (size_t i = 0; i < 3; i++) {
		propose(w->x, &changes[i == 0 ? 0 : 3 - i], 1);
		put_in_force(w->x);
		assert_int_equal(cdr_trustee_roster_update(w->x->node[w->auditor].trustee, NULL, NULL), CDR_OK);
	}
}

/* What was evaluated in the last weeks of an epoch is shown when it is over: it is true or false all the same. */
static void
an_epoch_that_is_over_is_judged(void **state)
{
	struct world *w = *state;
	const struct cdr_person other = s_person("Orrelia", "Testperson"), person = s_person("Candida", "Testperson");

	sample_one(w);
	w->o.message.sample = 1;
	end_epoch(w);
	s_name(&w->o, &other);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "false");
	s_name(&w->o, &person);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
}

/* No roster that is kept says which name tables that epoch had, and the period is nearly over. */
static cdr_err
forget_epoch_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	cdr_err err = cdr_query_run(tx, "DELETE FROM roster WHERE version > 0 AND version < (SELECT MAX(version) FROM roster)", CDR_VALUES());

	return err != CDR_OK ? err : cdr_query_run(tx, "UPDATE drawn SET runs_from = $1",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_trustee_now() - 14 * 86400)));
}

/* An auditor that cannot tell whether it holds calls nobody late who showed it. */
static void
what_cannot_be_judged_is_not_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	step(w);
	end_epoch(w);
	let_pass(w, 0);
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, forget_epoch_job, NULL), CDR_OK);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "refused");
	assert_string_equal(last_of(w).state, "asked");
	let_pass(w, 5);
	assert_state(w, "asked");
	let_pass(w, 10);
	assert_state(w, "late");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_shown_is_found_true_or_false),
		TEST(another_evaluation_is_not_the_one),
		TEST(an_epoch_that_is_over_is_judged),
		TEST(what_cannot_be_judged_is_not_late),
		TEST(refused_and_late),
		TEST(nothing_in_time_is_late),
		TEST(what_is_asked_late_is_not_late),
		TEST(what_the_log_does_not_ask_is_not_late),
		TEST(what_the_hub_refuses_holds_up_nothing),
		TEST(who_is_suspended_is_not_late),
		TEST(who_has_other_keys_is_never_late),
		TEST(who_was_away_calls_nobody_late),
		TEST(a_forgotten_opening_is_not_late),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
