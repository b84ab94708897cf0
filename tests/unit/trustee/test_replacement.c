/* Two proposals of one version: what a trustee countersigned before binds what it countersigns in its place. */
#include "tests/unit/unit.h"

#include "tests/unit/trustee/played_proposal.h"

/* More is to change before enough have countersigned: the union is signed. */
static void
test_replacement_that_adds(void **state)
{
	struct world *w = *state;

	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	const struct cdr_roster_change changes[] = { change_status(w->member, "suspended"), change_member(w->other) };
	propose(w->x, changes, 2);
	approve(w, w->other);
	assert_agrees(w);
	/* stricter still */
	const struct cdr_roster_change more[] = { change_status(w->member, "revoked"), change_member(w->other) };
	propose(w->x, more, 2);
	assert_agrees(w);
}

/* A suspension that was signed is not taken back by leaving it out. */
static void
test_replacement_that_drops_a_suspension(void **state)
{
	struct world *w = *state;

	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_waits(w);
	/* Also after a restart, and also in another process. */
	restart(w->x, 1);
	assert_waits(w);
	/* With the operator's approval it is a restoration like any other. */
	approve(w, w->member);
	assert_agrees(w);
}

/* Somebody who was to come in is not to come in after all. */
static void
test_replacement_that_drops_a_newcomer(void **state)
{
	struct world *w = *state;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_agrees(w);
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
}

/* Keys that were to be exchanged stay after all. */
static void
test_replacement_that_drops_new_keys(void **state)
{
	struct world *w = *state;

	w->member->pin[0] ^= 1;
	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_agrees(w);
	w->member->pin[0] ^= 1;
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
}

/* A key comes, and whoever was to come in waits: no people are needed for it. */
static void
test_replacement_by_a_key(void **state)
{
	struct world *w = *state;
	struct dealt key;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_agrees(w);
	deal(w->x, 1, 1, &key);
	give_share(w->x, 1, &key);
	propose_one(w, change_epoch(&key));
	assert_agrees(w);
}

/* A lower quota that was signed is not taken back either. */
static void
test_replacement_that_drops_a_lower_quota(void **state)
{
	struct world *w = *state;

	w->member->check_points = 1;
	propose_one(w, change_member(w->member));
	assert_agrees(w);
	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_waits(w);
}

/* The member comes with another signing key. */
static void
change_key(struct world *w, uint8_t number)
{
	memset(w->member->seed, number, sizeof(w->member->seed));
	assert_int_equal(cdr_sign_public(w->member->seed, w->member->key), CDR_OK);
}

/* A key of the trustees, and nothing else: what waits for people is left out. */
static struct cdr_roster_change
only_a_key(struct world *w, struct dealt *key)
{
	deal(w->x, 1, 1, key);
	give_share(w->x, 1, key);
	return change_epoch(key);
}

/* The member as it is now is approved of and countersigned, and left out of the next proposal of that version, which is of a key. */
static void
assert_gives_way_to_a_key(struct world *w)
{
	struct dealt key;

	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_agrees(w);
	propose_one(w, only_a_key(w, &key));
	assert_agrees(w);
}

/* Who comes back with other keys and a lower quota waits: its quota is what it was, as its keys are. */
static void
test_replacement_that_drops_a_lower_quota_with_its_keys(void **state)
{
	struct world *w = *state;

	change_key(w, 31);
	w->member->check_points = 50;
	assert_gives_way_to_a_key(w);
}

/* The same of a member that was revoked in between. */
static void
test_replacement_that_drops_a_return(void **state)
{
	struct world *w = *state;

	propose_one(w, change_status(w->member, "revoked"));
	in_force(w);
	change_key(w, 31);
	w->member->check_points = 50;
	w->member->import_points = 1;
	assert_gives_way_to_a_key(w);
}

/* Beside other keys nothing is raised: neither under those, nor under the key in force. */
static void
test_replacement_that_raises_a_quota(void **state)
{
	struct world *w = *state;

	change_key(w, 31);
	w->member->check_points = 50;
	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_agrees(w);
	w->member->check_points = 51;
	propose_one(w, change_member(w->member));
	assert_waits(w);
	w->member->check_points = 100;
	propose_one(w, change_member(w->member));
	assert_waits(w);
	change_key(w, 21);
	w->member->check_points = 101;
	propose_one(w, change_member(w->member));
	assert_waits(w);
	w->member->check_points = 100;
	w->member->import_points = 1001;
	propose_one(w, change_member(w->member));
	assert_waits(w);
}

/* A cut under the key in force stays one, also where other keys were signed after it, and after a restart. */
static void
test_replacement_that_drops_a_cut_behind_other_keys(void **state)
{
	struct world *w = *state;
	struct dealt key;

	w->member->check_points = 50;
	propose_one(w, change_member(w->member));
	assert_agrees(w);
	change_key(w, 31);
	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_agrees(w);
	propose_one(w, only_a_key(w, &key));
	assert_waits(w);
	restart(w->x, 1);
	assert_waits(w);
}

/* One version does not get two keys; but the hub makes its proposal anew, with a later beginning. */
static void
test_replacement_of_a_key(void **state)
{
	struct world *w = *state;
	struct dealt first, second;

	deal(w->x, 1, 1, &first);
	give_share(w->x, 1, &first);
	propose_one(w, change_epoch(&first));
	assert_agrees(w);
	first.epoch.starts_at += 5;
	first.epoch.ends_at += 5;
	propose_one(w, change_epoch(&first));
	assert_agrees(w);
	deal(w->x, 1, 9, &second);
	give_share(w->x, 1, &second);
	propose_one(w, change_epoch(&second));
	assert_declines(w, CDR_E_REFUSED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_replacement_that_adds),
		CASE(test_replacement_that_drops_a_suspension),
		CASE(test_replacement_that_drops_a_newcomer),
		CASE(test_replacement_that_drops_new_keys),
		CASE(test_replacement_that_drops_a_lower_quota),
		CASE(test_replacement_that_drops_a_lower_quota_with_its_keys),
		CASE(test_replacement_that_drops_a_return),
		CASE(test_replacement_that_raises_a_quota),
		CASE(test_replacement_that_drops_a_cut_behind_other_keys),
		CASE(test_replacement_of_a_key),
		CASE(test_replacement_by_a_key),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
