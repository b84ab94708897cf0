#ifndef CDR_TESTS_TRUSTEE_PLAYED_PROPOSAL_H
#define CDR_TESTS_TRUSTEE_PLAYED_PROPOSAL_H

/* A hub that proposes a roster, and a trustee that is asked to countersign it. One for each test: setup, teardown. */

#include "tests/unit/trustee/exchange.h"

#include "node/trustee/countersign.h"
#include "node/trustee/peers.h"

struct world {
	struct exchange *x;
	struct enrolled *member, *other;
	struct cdr_trustee_polled polled;
};

/* One member is in force; the test speaks to trustee 1. */
static inline int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = exchange_new();
	w->member = enrol(w->x, "blue-harbour", 21);
	w->other = enrol(w->x, "green-valley", 22);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	exchange_free(w->x);
	free(w);
	return 0;
}

static inline void
poll_trustee(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_poll(w->x->node[1].trustee, &w->polled, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static inline bool
is_countersigned(const struct world *w)
{
	return w->x->proposal != NULL && memcmp(w->x->countersigned[1], w->x->proposal->hash, CDR_ROSTER_HASH_LEN) == 0;
}

static inline void
propose_one(struct world *w, struct cdr_roster_change change)
{
	propose(w->x, &change, 1);
}

static inline void
assert_agrees(struct world *w)
{
	poll_trustee(w);
	assert_true(w->polled.agreed);
	assert_true(is_countersigned(w));
}

static inline void
assert_waits(struct world *w)
{
	poll_trustee(w);
	assert_false(w->polled.agreed);
	assert_int_equal(w->polled.reason, CDR_E_ABSENT);
	assert_false(is_countersigned(w));
}

static inline void
assert_declines(struct world *w, cdr_err reason)
{
	poll_trustee(w);
	assert_false(w->polled.agreed);
	assert_int_equal(w->polled.reason, reason);
	assert_false(is_countersigned(w));
}

static inline uint64_t
held_version(struct world *w, uint32_t index)
{
	const struct cdr_roster *roster = cdr_current_hold(w->x->node[index].trustee->current);

	assert_non_null(roster);
	uint64_t version = roster->body->version;
	cdr_current_release(w->x->node[index].trustee->current, roster);
	return version;
}

static inline cdr_err
logged_job(struct cdr_tx *tx, void *version)
{
	return cdr_trustee_roster_logged(tx, *(uint64_t *)version);
}

struct judging {
	struct world *w;
	struct cdr_trustee_opinion opinion;
};

static inline cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	struct judging *judging = context;
	const struct exchange *x = judging->w->x;

	return cdr_trustee_judge(tx, x->newest, x->proposal, &judging->opinion);
}

/* The operator compared the fingerprint of ${e} as it is in the proposal. */
static inline void
approve(struct world *w, const struct enrolled *e)
{
	struct judging judging = { .w = w };

	assert_non_null(cdr_roster_member(w->x->proposal, e->id));
	assert_int_equal(cdr_store_read(w->x->node[1].home.store, judge_job, &judging), CDR_OK);
	const struct cdr_roster_diff *diff[] = { &judging.opinion.diff, &judging.opinion.back };
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < diff[k]->count; i++) {
			const struct cdr_roster_diff_entry *d = &diff[k]->entry[i];

			if (d->need != CDR_NEED_APPROVAL)
				assert_int_equal(cdr_trustee_approve(w->x->node[1].trustee, d), CDR_E_INTERNAL);
			else if (strcmp(d->member->id, e->id) == 0)
				assert_int_equal(cdr_trustee_approve(w->x->node[1].trustee, d), CDR_OK);
		}
	cdr_trustee_opinion_free(&judging.opinion);
}

static inline void
in_force(struct world *w)
{
	put_in_force(w->x);
	poll_trustee(w);
	memset(&w->polled, 0, sizeof(w->polled));
}

#endif
