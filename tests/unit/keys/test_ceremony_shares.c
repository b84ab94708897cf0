/*
 * A key whose shares change, and that goes to other trustees: the public key stays, old shares are worth nothing. Each participant
 * cheats, stalls, or is killed, at each step: it is named by all the others, or nothing comes of it.
 */
#include "tests/unit/unit.h"
#include "tests/unit/keys/ceremony_change.h"

/* The secret behind shares, of which ${indices} names ${t}. */
static void
interpolate(uint8_t share[][CDR_SCALAR_LEN], const uint8_t *indices, size_t t, uint8_t secret[CDR_SCALAR_LEN])
{
	uint8_t lambda[CDR_SCALAR_LEN], part[CDR_SCALAR_LEN];

	memset(secret, 0, CDR_SCALAR_LEN);
	for (size_t i = 0; i < t; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, t, i, lambda), CDR_OK);
		cdr_scalar_mul(share[indices[i]], lambda, part);
		cdr_scalar_add(secret, part, secret);
	}
}

static void
assert_secret_of(uint8_t share[][CDR_SCALAR_LEN], const uint8_t *indices, size_t t, const uint8_t *public_key, bool is)
{
	uint8_t secret[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	interpolate(share, indices, t, secret);
	assert_int_equal(cdr_group_mul_base(secret, point), CDR_OK);
	assert_int_equal(memcmp(point, public_key, sizeof(point)) == 0, is);
}

static void
test_refresh(bool kills)
{
	static const uint8_t sets[][T] = { { 1, 2, 3 }, { 3, 4, 5 }, { 2, 3, 5 } };
	struct made old, new;
	struct world *w = world_with_key(&old);
	uint8_t mixed[N + 3][CDR_SCALAR_LEN];

	begin_refresh(w, &old);
	w->kills = kills;
	run(w, honest);
	take_made(w, &new);
	assert_memory_equal(new.key.public_key, old.key.public_key, CDR_POINT_LEN);
	assert_memory_not_equal(new.transcript, old.transcript, sizeof(old.transcript));
	for (uint32_t i = 1; i <= N; i++) {
		uint8_t point[CDR_POINT_LEN];

		assert_memory_not_equal(new.share[i], old.share[i], CDR_SCALAR_LEN);
		assert_int_equal(cdr_group_mul_base(new.share[i], point), CDR_OK);
		assert_memory_equal(point, new.key.public_share[i - 1], sizeof(point));
	}
	for (size_t k = 0; k < 3; k++)
		assert_secret_of(new.share, sets[k], T, old.key.public_key, true);
	/* Old shares with new ones give nothing, however few are old. */
	memcpy(mixed, new.share, sizeof(mixed));
	memcpy(mixed[2], old.share[2], CDR_SCALAR_LEN);
	assert_secret_of(mixed, sets[0], T, old.key.public_key, false);
	assert_secret_of(mixed, sets[1], T, old.key.public_key, true);
	world_free(w);
}

static void
test_refresh_plain(void **state)
{
	(void)state;
	test_refresh(false);
}

static void
test_refresh_killed(void **state)
{
	(void)state;
	test_refresh(true);
}

static void
test_liars_in_refresh(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < sizeof(wrongs) / sizeof(wrongs[0]); k++) {
		struct made old;

		play_wrong(world_in_refresh(&old), &wrongs[k], k % N + 1, (k + 1) % N + 1);
	}
}

static void
test_two_faces_in_refresh(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_ECHO; round++) {
		struct made old;

		play_two_faces(world_in_refresh(&old), round, round, round + 1);
	}
}

static void
test_absent_in_refresh(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		struct made old;

		play_absent(world_in_refresh(&old), round, round);
	}
}

/* ---- other trustees ------------------------------------------------------------------------------------------- */

static void
test_reshare(bool kills)
{
	static const uint8_t sets[][4] = { { 1, 2, 3, 4 }, { 2, 3, 4, 5 }, { 1, 2, 3, 5 } };
	struct change *x = change_new();
	struct world *w = x->w;
	struct cdr_dkg_key key = { .public_key = { 0 } };
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[N + 3][CDR_SCALAR_LEN] = { { 0 } }, point[CDR_POINT_LEN];
	struct cdr_fault fault;

	assert_int_equal(cdr_ceremony_change_check(&x->change, w->roster, w->roster->hash, &fault), CDR_OK);
	w->kills = kills;
	run(w, honest);
	for (uint32_t i = 1; i <= NEW_N; i++) {
		if (!is_in(w, i))
			continue;
		assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_DONE);
		assert_int_equal(cdr_ceremony_result(w->trustee[i].ceremony, &key, transcript, share[gets[i]]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(share[gets[i]], point), CDR_OK);
		assert_memory_equal(point, key.public_share[gets[i] - 1], sizeof(point));
	}
	assert_memory_equal(key.public_key, x->old.key.public_key, CDR_POINT_LEN);
	for (size_t k = 0; k < 3; k++)
		assert_secret_of(share, sets[k], 4, key.public_key, true);
	/* Three of them, which was enough before, are too few. */
	assert_secret_of(share, sets[0], 3, key.public_key, false);
	change_free(x);
}

static void
test_reshare_plain(void **state)
{
	(void)state;
	test_reshare(false);
}

static void
test_reshare_killed(void **state)
{
	(void)state;
	test_reshare(true);
}

/* The world of a change, which goes on without it. */
static struct world *
take_world(struct change *x)
{
	struct world *w = x->w;

	w->keep = x;
	return w;
}

/* Somebody to whom ${by} does something: who holds a share before and afterwards, and is another. */
static uint32_t
victim_of(uint32_t by)
{
	return by == 3 ? 4 : 3;
}

/* Whose turn it is to lie: of those who deal, or of the newcomers, who can lie in the other rounds alone. */
static const uint8_t dealers[] = { 1, 3, 4 }, newcomers[] = { 6, 7 };

static void
test_liars_in_reshare(void **state)
{
	static const struct wrong other_share = { CDR_CEREMONY_OFFER, other_secret, CDR_CEREMONY_BAD_OFFER };

	(void)state;
	for (size_t k = 0; k < sizeof(wrongs) / sizeof(wrongs[0]); k++) {
		play_wrong(take_world(change_new()), &wrongs[k], dealers[k % 3], victim_of(dealers[k % 3]));
		if (wrongs[k].round != CDR_CEREMONY_OFFER)
			play_wrong(take_world(change_new()), &wrongs[k], newcomers[k % 2], 3);
	}
	for (size_t k = 0; k < 3; k++)
		play_wrong(take_world(change_new()), &other_share, dealers[k], victim_of(dealers[k]));
}

static void
test_two_faces_in_reshare(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_ECHO; round++) {
		play_two_faces(take_world(change_new()), round, dealers[round - 1], victim_of(dealers[round - 1]));
		if (round != CDR_CEREMONY_OFFER)
			play_two_faces(take_world(change_new()), round, newcomers[round % 2], 3);
	}
}

static void
test_absent_in_reshare(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		play_absent(take_world(change_new()), round, dealers[round % 3]);
		if (round != CDR_CEREMONY_OFFER)
			play_absent(take_world(change_new()), round, newcomers[round % 2]);
	}
}

/* What cannot be carried out is refused before anything is said. */
static void
test_change_refusals(void **state)
{
	struct change *x = change_new();
	struct cdr_fault fault;
	const uint8_t *genesis = x->w->roster->hash;
	uint8_t other[CDR_ROSTER_HASH_LEN] = { 1 };
	struct cdr_ceremony *c;
	struct cdr_ceremony_config config = { .plan = &x->w->draft.plan, .key = &x->old.named };

	(void)state;
#define REFUSED(change_it, undo)                                                                              \
	do {                                                                                                  \
		change_it;                                                                                    \
		assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, genesis, &fault), CDR_E_ROSTER); \
		undo;                                                                                         \
		assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, genesis, &fault), CDR_OK); \
	} while (0)
	assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, other, &fault), CDR_E_ROSTER);
	REFUSED(x->change.threshold = 2, x->change.threshold = 4);
	REFUSED(x->change.threshold = 6, x->change.threshold = 4);
	REFUSED(x->change.attempt = 0, x->change.attempt = 1);
	REFUSED(x->change.n_participant = 4, x->change.n_participant = NEW_N);
	REFUSED(x->participant[0].before = 0, x->participant[0].before = 1);
	REFUSED(x->participant[0].before = 2, x->participant[0].before = 1);
	REFUSED(x->participant[6].before = 7, x->participant[6].before = 0);
	REFUSED(x->participant[6].after = 2, x->participant[6].after = 5);
	REFUSED(x->participant[6].after = 6, x->participant[6].after = 5);
	REFUSED(x->participant[6].after = 0, x->participant[6].after = 5);
	REFUSED(x->party[7].signing_key.data = x->w->trustee[6].signing_key, x->party[7].signing_key.data = x->w->trustee[7].signing_key);
	REFUSED(x->party[2].signing_key.data = x->w->trustee[7].signing_key, x->party[2].signing_key.data = x->w->trustee[2].signing_key);
	/* Dealers who do not have the key together. */
	x->participant[3].before = 0;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &x->w->draft), CDR_OK);
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_SHARE);
	/* A trustee whose share is another than the roster says. */
	x->participant[3].before = 4;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &x->w->draft), CDR_OK);
	config.index = 1;
	config.signing_seed = x->w->trustee[1].signing_seed;
	config.seed = x->w->trustee[1].seed;
	config.share = x->old.share[2];
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	config.share = NULL;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	/* One who takes no part. */
	config.index = 2;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	change_free(x);
}

static int
group_setup(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh_plain),
		cmocka_unit_test(test_refresh_killed),
		cmocka_unit_test(test_liars_in_refresh),
		cmocka_unit_test(test_two_faces_in_refresh),
		cmocka_unit_test(test_absent_in_refresh),
		cmocka_unit_test(test_reshare_plain),
		cmocka_unit_test(test_reshare_killed),
		cmocka_unit_test(test_liars_in_reshare),
		cmocka_unit_test(test_two_faces_in_reshare),
		cmocka_unit_test(test_absent_in_reshare),
		cmocka_unit_test(test_change_refusals),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
