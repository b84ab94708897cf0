/* Ceremonies to their end: honest ones, killed at every turn, with a hub that is away or alters what is said. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_ceremony.h"

static const struct cdr_trustee_aim statistics = { CDR_CEREMONY_MAKE, CDR_KEY_STATISTICS, 1 };

static void
test_through_the_hub(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(state_of(w, i), CDR_CEREMONY_DONE);
	polls(w);
	assert_in_force(w);
	/* What the shares were made from is destroyed; the messages, which prove the ceremony, are kept. */
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(ask_store(w->x->node[i].home.store, "SELECT max(length(seed)) FROM key_ceremony"), 0);
		assert_true(ask_store(w->x->node[i].home.store, "SELECT length(messages) FROM key_ceremony") > 1000);
	}
	/* And after a restart everything is as before. */
	cdr_trustee_ceremony_end(w->run[2]);
	w->run[2] = NULL;
	restart(w->x, 2);
	connect_trustee(w, 2);
	assert_in_force(w);
}

struct judging {
	const struct cdr_roster *before, *proposal;
	struct cdr_trustee_opinion opinion;
};

static cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	struct judging *j = context;

	return cdr_trustee_judge(tx, j->before, j->proposal, &j->opinion);
}

static void
judge(struct world *w, const struct cdr_roster *before, const struct cdr_roster *proposal, bool agrees)
{
	struct judging j = { .before = before, .proposal = proposal };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, judge_job, &j), CDR_OK);
	assert_int_equal(j.opinion.agrees, agrees);
	if (!agrees)
		assert_int_equal(j.opinion.reason.code, CDR_E_REFUSED);
	cdr_trustee_opinion_free(&j.opinion);
}

/*
 * A hub that keeps a key back which all trustees have made, until one of them has left: those who stayed know the key, and whoever left has a share of
 * it. It is a key of trustees that are none any more, and nobody countersigns it.
 */
static void
test_a_key_of_former_trustees(void **state)
{
	struct world *w = *state;
	struct cdr_roster *proposal, *others = others_of(w), *next;
	struct cdr_fault fault = { CDR_OK, "" };

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(cdr_trustee_proposal_fetch(w->x->node[1].trustee, w->x->genesis, &proposal, &fault), CDR_OK);
	assert_non_null(proposal);
	judge(w, w->x->genesis, proposal, true);
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY,
		.key = cdr_roster_key_of_epoch(proposal->body->epoch[0]) };
	if (cdr_roster_build_next(others, &change, 1, cdr_trustee_now(), w->x->hub_seed, &next, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	judge(w, others, next, false);
	cdr_roster_free(next);
	cdr_roster_free(others);
	cdr_roster_free(proposal);
}

static void
test_killed_at_every_turn(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, true);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(state_of(w, i), CDR_CEREMONY_DONE);
	polls(w);
	assert_in_force(w);
	/* Key, offer, echo, certificate: nobody said a fifth thing, or two different ones, which the hub would have refused. */
	assert_int_equal(ask_store(w->store, "SELECT count(*) FROM misuse"), 0);
}

/* Both keys of an exchange, at the same time: they have nothing in common, and each trustee finds its share of each. */
static void
test_two_keys(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony *other[TRUSTEE_COUNT + 1];
	uint8_t share[CDR_SCALAR_LEN], tags_share[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		begin(w, i);
		assert_int_equal(cdr_trustee_ceremony_start(w->x->node[i].trustee, statistics, 1, NULL, &other[i], NULL), CDR_OK);
		assert_memory_not_equal(cdr_ceremony_id_peek(other[i]->ceremony), cdr_ceremony_id_peek(w->run[i]->ceremony),
		    CDR_CEREMONY_ID_LEN);
	}
	for (int k = 0; k < 7; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
			turn(w, i);
			assert_int_equal(cdr_trustee_ceremony_turn(other[i], NULL), CDR_OK);
		}
	}
	polls(w);
	assert_in_force(w);
	const struct cdr_roster *roster = cdr_current_hold(w->x->node[1].trustee->current);
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key_at(roster, cdr_trustee_now());
	assert_non_null(key);
	assert_memory_not_equal(key->public_key.data, roster->body->epoch[0]->public_key.data, CDR_POINT_LEN);
	assert_memory_not_equal(key->transcript.data, roster->body->epoch[0]->transcript.data, CDR_ROSTER_HASH_LEN);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct cdr_trustee *t = w->x->node[i].trustee;

		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_STATISTICS, 1, share), CDR_OK);
		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_TAGS, 1, tags_share), CDR_OK);
		assert_memory_not_equal(share, tags_share, sizeof(share));
		assert_int_equal(cdr_group_mul_base(share, point), CDR_OK);
		assert_memory_equal(point, key->public_share[i - 1].data, sizeof(point));
		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_STATISTICS, 2, share), CDR_E_ABSENT);
		cdr_trustee_ceremony_end(other[i]);
	}
	assert_int_equal(key->ends_at - key->starts_at, 485 * UINT64_C(86400));
	cdr_current_release(w->x->node[1].trustee->current, roster);
}

/* Killed after saving, before posting: the hub goes away in between. */
static void
test_hub_away(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	for (int k = 0; k < 8; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
			w->is_away = (k + (int)i) % 2 == 0;
			if (cdr_trustee_ceremony_turn(w->run[i], NULL) != CDR_OK)
				kill_trustee(w, i);
		}
	}
	w->is_away = false;
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

/* Two of three suffice to put the key in force; the third gets its share when the hub lets it. */
static void
test_late_share(void **state)
{
	struct world *w = *state;

	w->hidden_round = CDR_CEREMONY_CERTIFICATE;
	w->hidden_from = 1;
	w->hidden_to = 3;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_DONE);
	assert_int_equal(state_of(w, 3), CDR_CEREMONY_RUNNING);
	polls(w);
	assert_true(cdr_trustee_share_have(w->x->node[1].trustee, CDR_KEY_TAGS, 1));
	assert_false(cdr_trustee_share_have(w->x->node[3].trustee, CDR_KEY_TAGS, 1));
	/* Its seed is still there. */
	kill_trustee(w, 3);
	w->hidden_to = 0;
	turn(w, 3);
	assert_int_equal(state_of(w, 3), CDR_CEREMONY_DONE);
	assert_in_force(w);
}

/* It alters a message: no signature, so it counts as missing, and its sender is not blamed for what it did not say. */
static void
test_hub_alters(void **state)
{
	struct world *w = *state;
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];

	w->altered_round = CDR_CEREMONY_KEY;
	w->altered_from = 2;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_RUNNING);
	assert_int_equal(cdr_ceremony_waiting(w->run[1]->ceremony, finding), 1);
	assert_int_equal(finding[0].kind, CDR_CEREMONY_FORGED);
	assert_int_equal(finding[0].trustee, 2);
	/* When it stops lying, the ceremony goes on. */
	w->altered_from = 0;
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_through_the_hub),
		CASE(test_two_keys),
		CASE(test_a_key_of_former_trustees),
		CASE(test_killed_at_every_turn),
		CASE(test_hub_away),
		CASE(test_late_share),
		CASE(test_hub_alters),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
