/* When keys begin and end is not the hub's to say: not so early that nodes have no time to move, and not so late that old shares stay. */
#include "tests/unit/unit.h"

#include "tests/unit/trustee/played_proposal.h"

#define DAY UINT64_C(86400)

/* An epoch that the trustees made: their first attempt began just now. */
static cdr_err
began_job(struct cdr_tx *tx, void *context)
{
	const int64_t *number = context;
	const struct cdr_value none = cdr_value_blob(NULL, 0);

	return cdr_query_run(tx, "INSERT INTO key_ceremony (id, act, kind, number, basis, attempt, plan, seed, messages, certified, state, started_at)"
	    " VALUES ($1, 1, 1, $2, $3, 1, $3, $3, $3, 0, 'failed', $4)",
	    CDR_VALUES(cdr_value_blob(number, sizeof(*number)), cdr_value_int(*number), none, cdr_value_int((int64_t)(cdr_trustee_now() - 100))));
}

static void
make_epoch(struct world *w, uint32_t number, struct dealt *d)
{
	int64_t n = number;

	deal(w->x, number, number, d);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		give_share(w->x, i, d);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, began_job, &n), CDR_OK);
}

static void
set_times(struct dealt *d, int64_t begins_in_days, uint64_t days)
{
	d->epoch.starts_at = (uint64_t)((int64_t)cdr_trustee_now() + begins_in_days * (int64_t)DAY);
	d->epoch.ends_at = d->epoch.starts_at + days * DAY;
}

static void
in_force_now(struct world *w)
{
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	w->polled = (struct cdr_trustee_polled){ .agreed = false };
}

/* The one before would end, sixty days after that, before anybody has moved. */
static void
none_begins_long_before_it_was_made(void **state)
{
	struct world *w = *state;
	struct dealt first, second;

	make_epoch(w, 1, &first);
	propose_one(w, change_epoch(&first));
	assert_agrees(w);
	in_force_now(w);
	make_epoch(w, 2, &second);
	set_times(&second, -70, 365);
	propose_one(w, change_epoch(&second));
	assert_declines(w, CDR_E_REFUSED);
	set_times(&second, -8, 365);
	propose_one(w, change_epoch(&second));
	assert_declines(w, CDR_E_REFUSED);
	/* Clocks differ, and a proposal may wait for those who are away. */
	set_times(&second, -6, 365);
	propose_one(w, change_epoch(&second));
	assert_agrees(w);
}

/* Else the trustees would make the next key, by themselves, as soon as the hub likes. */
static void
none_ends_soon(void **state)
{
	struct world *w = *state;
	struct dealt key;

	make_epoch(w, 1, &key);
	set_times(&key, 0, 61);
	propose_one(w, change_epoch(&key));
	assert_declines(w, CDR_E_REFUSED);
	set_times(&key, 0, 299);
	propose_one(w, change_epoch(&key));
	assert_declines(w, CDR_E_REFUSED);
	set_times(&key, 0, 365);
	propose_one(w, change_epoch(&key));
	assert_agrees(w);
}

/* Two epochs in force, of which the second began so many days ago; the hub gave the first another end, or none. */
static void
two_epochs(struct world *w, struct dealt *first, struct dealt *second, int64_t days_ago, bool ends)
{
	make_epoch(w, 1, first);
	make_epoch(w, 2, second);
	set_times(first, -350, 390);
	set_times(second, -days_ago, 365);
	if (ends)
		first->epoch.ends_at = second->epoch.starts_at + CDR_EPOCH_OVERLAP_S;
	const struct cdr_roster_change changes[] = { change_epoch(first), change_epoch(second) };
	propose(w->x, changes, 2);
	in_force_now(w);
}

static struct cdr_roster_change
end_of_key(const struct dealt *d)
{
	return (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_KEY_END, .key = cdr_roster_key_of_epoch(&d->epoch) };
}

/* An honest hub ends it with the next roster; from a lying one nothing is countersigned but what stops members. */
static void
assert_has_to_end(struct world *w)
{
	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_declines(w, CDR_E_REFUSED);
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
}

static void
none_stays_when_its_time_is_up(void **state)
{
	struct world *w = *state;
	struct dealt first, second;

	two_epochs(w, &first, &second, 68, true);
	assert_has_to_end(w);
	const struct cdr_roster_change changes[] = { change_status(w->member, "suspended"), end_of_key(&first), change_member(w->other) };
	propose(w->x, changes, 3);
	assert_agrees(w);
}

/* Nor where the hub never gave it the end that the next one brings: it ends when it would have at the latest. */
static void
none_is_left_beside_the_next(void **state)
{
	struct world *w = *state;
	struct dealt first, second;

	two_epochs(w, &first, &second, 68, false);
	assert_has_to_end(w);
}

/* For a week it may: the hub was down, or its clock differs. */
static void
an_end_has_a_week(void **state)
{
	struct world *w = *state;
	struct dealt first, second;

	two_epochs(w, &first, &second, 66, true);
	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_agrees(w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(none_begins_long_before_it_was_made),
		CASE(none_ends_soon),
		CASE(none_stays_when_its_time_is_up),
		CASE(none_is_left_beside_the_next),
		CASE(an_end_has_a_week),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
