#ifndef CDR_TESTS_CEREMONY_CHANGE_H
#define CDR_TESTS_CEREMONY_CHANGE_H

/* Ceremonies that begin from a key: a refresh by all five, a change to other trustees. Include after tests/unit/unit.h. */

#include "tests/unit/keys/ceremony_cheats.h"

/* The key of a ceremony that is done, as a roster names it; what it borrows stays in ${m}. */
struct made {
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN];
	uint8_t share[N + 3][CDR_SCALAR_LEN]; /* by index */
	ProtobufCBinaryData public_share[CDR_TRUSTEES_MAX];
	struct cdr_roster_key named;
};

static inline void
take_made(struct world *w, struct made *m)
{
	memset(m, 0, sizeof(*m));
	for (uint32_t i = 1; i <= N; i++)
		assert_int_equal(cdr_ceremony_result(w->trustee[i].ceremony, &m->key, m->transcript, m->share[i]), CDR_OK);
	for (size_t i = 0; i < N; i++)
		m->public_share[i] = cdr_message_field(m->key.public_share[i], CDR_POINT_LEN);
	m->named = (struct cdr_roster_key){ .kind = CDR_KEY_TAGS, .number = 1,
		.public_key = { m->key.public_key, CDR_POINT_LEN }, .public_share = m->public_share, .share_count = N,
		.transcript = { m->transcript, sizeof(m->transcript) } };
}

/* Forget the ceremony that is over, and begin the one of w->draft among ${n}; NULL: all deal, all get a share. */
static inline void
begin_next(struct world *w, const struct made *m, uint32_t n, const uint8_t *deal, const uint8_t *get)
{
	for (size_t i = 0; i < w->box_count; i++)
		cdr_buffer_free(&w->box[i].bytes);
	w->box_count = 0;
	w->key = &m->named;
	w->n = n;
	for (uint32_t i = 1; i <= n; i++) {
		struct trustee *t = &w->trustee[i];

		cdr_ceremony_free(t->ceremony);
		t->ceremony = NULL;
		t->has_share = deal == NULL || deal[i] != 0;
		if (deal != NULL && deal[i] == 0 && get[i] == 0)
			continue;
		cdr_buffer_free(&t->saved);
		memset(t->has_posted, 0, sizeof(t->has_posted));
		memcpy(t->share, m->share[i], CDR_SCALAR_LEN);
		assert_int_equal(cdr_random(t->seed, sizeof(t->seed)), CDR_OK);
		t->ceremony = start(w, i);
	}
}

static inline struct world *
world_with_key(struct made *m)
{
	struct world *w = world_new();

	run(w, honest);
	take_made(w, m);
	return w;
}

static inline void
begin_refresh(struct world *w, const struct made *m)
{
	cdr_ceremony_plan_refresh(w->roster, w->roster->hash, &m->named, 1, &w->draft);
	begin_next(w, m, N, NULL, NULL);
}

/* A world in which a refresh has begun; ${m} must outlive it. */
static inline struct world *
world_in_refresh(struct made *m)
{
	struct world *w = world_with_key(m);

	begin_refresh(w, m);
	return w;
}

/*
 * Of five trustees 1, 3 and 4 deal; 2 and 5 leave, 5 without a word. Two newcomers, 6 and 7, take the indices 2 and 5; 1, 3 and 4
 * keep theirs. The new threshold is four.
 */
static const uint8_t deals[NEW_N + 1] = { 0, 1, 0, 3, 4, 0, 0, 0 }, gets[NEW_N + 1] = { 0, 1, 0, 3, 4, 0, 2, 5 };

struct change {
	struct world *w;
	struct made old;
	Cdr__Wire__Party party[NEW_N + 1];
	Cdr__Wire__CeremonyParticipant participant[NEW_N], *at[NEW_N];
	Cdr__Wire__TrusteeChange change;
};

static inline bool
takes_part(uint32_t i)
{
	return deals[i] != 0 || gets[i] != 0;
}

/* Newcomers have keys as trustees do. */
static inline void
make_newcomer(struct world *w, uint32_t i)
{
	struct trustee *t = &w->trustee[i];
	uint8_t sealing[CDR_SCALAR_LEN];

	memset(t->signing_seed, (int)i, sizeof(t->signing_seed));
	assert_int_equal(cdr_sign_public(t->signing_seed, t->signing_key), CDR_OK);
	assert_int_equal(cdr_scalar_random(sealing), CDR_OK);
	assert_int_equal(cdr_group_public_uncompressed(sealing, t->sealing_key), CDR_OK);
	assert_int_equal(cdr_random(t->seed, sizeof(t->seed)), CDR_OK);
}

static inline struct change *
change_new(void)
{
	struct change *x = calloc(1, sizeof(*x));
	static char names[NEW_N + 1][8];

	assert_non_null(x);
	struct world *w = x->w = world_with_key(&x->old);
	x->change = (Cdr__Wire__TrusteeChange)CDR__WIRE__TRUSTEE_CHANGE__INIT;
	for (uint32_t i = 1; i <= NEW_N; i++) {
		if (i > N)
			make_newcomer(w, i);
		(void)snprintf(names[i], sizeof(names[i]), "T-%u", i);
		fill_party(&x->party[i], names[i], w->trustee[i].signing_key, w->trustee[i].sealing_key);
		if (i <= N)
			x->party[i] = *w->roster->body->trustee[i - 1]->party;
		x->participant[i - 1] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		x->participant[i - 1].party = &x->party[i];
		x->participant[i - 1].before = deals[i];
		x->participant[i - 1].after = gets[i];
		x->at[i - 1] = &x->participant[i - 1];
	}
	x->change.genesis = cdr_message_field(w->roster->hash, CDR_ROSTER_HASH_LEN);
	x->change.attempt = 1;
	x->change.threshold = 4;
	x->change.n_participant = NEW_N;
	x->change.participant = x->at;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &w->draft), CDR_OK);
	begin_next(w, &x->old, NEW_N, deals, gets);
	return x;
}

static inline void
change_free(struct change *x)
{
	world_free(x->w);
	free(x);
}

#endif
