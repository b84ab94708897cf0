/*
 * Five trustees make a key with threshold three, in memory. Then each of them cheats, in every way, and the hub does:
 * no key comes of it, and whoever cheated is named by all the others.
 */
#include "tests/unit/unit.h"
#include "tests/unit/keys/ceremony_cheats.h"

/* f(0) from the shares of ${indices}: nobody does that in an exchange. */
static void
recover(struct world *w, const uint8_t indices[T], uint8_t secret[CDR_SCALAR_LEN])
{
	uint8_t lambda[CDR_SCALAR_LEN], share[CDR_SCALAR_LEN], transcript[CDR_ROSTER_HASH_LEN];
	struct cdr_dkg_key key;

	memset(secret, 0, CDR_SCALAR_LEN);
	for (size_t i = 0; i < T; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, T, i, lambda), CDR_OK);
		assert_int_equal(cdr_ceremony_result(w->trustee[indices[i]].ceremony, &key, transcript, share), CDR_OK);
		cdr_scalar_mul(share, lambda, share);
		cdr_scalar_add(secret, share, secret);
	}
}

static void
evaluate(const uint8_t *key, const struct cdr_points *blinded, uint8_t evaluated[CDR_POINT_LEN])
{
	uint8_t random[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN];

	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(key, blinded, random, evaluated, proof), CDR_OK);
}

/* Partial evaluations of these three, combined, are the evaluation under the whole key. */
static void
assert_evaluates(struct world *w, const uint8_t indices[T], const uint8_t *secret)
{
	uint8_t blind[CDR_SCALAR_LEN], blinded[CDR_POINT_LEN], whole[CDR_POINT_LEN], joined[CDR_POINT_LEN];
	uint8_t partial[CDR_POINT_LEN], share[CDR_SCALAR_LEN], transcript[CDR_ROSTER_HASH_LEN];
	struct cdr_points *in, *part[T];
	struct cdr_dkg_key key;

	assert_int_equal(cdr_scalar_random(blind), CDR_OK);
	assert_int_equal(cdr_oprf_blind((const uint8_t *)"input", 5, blind, blinded), CDR_OK);
	assert_int_equal(cdr_points_decode(blinded, 1, &in), CDR_OK);
	for (size_t i = 0; i < T; i++) {
		assert_int_equal(cdr_ceremony_result(w->trustee[indices[i]].ceremony, &key, transcript, share), CDR_OK);
		evaluate(share, in, partial);
		assert_int_equal(cdr_points_decode(partial, 1, &part[i]), CDR_OK);
	}
	assert_int_equal(cdr_threshold_combine(indices, (const struct cdr_points *const *)part, T, joined), CDR_OK);
	evaluate(secret, in, whole);
	assert_memory_equal(joined, whole, sizeof(whole));
	for (size_t i = 0; i < T; i++)
		cdr_points_free(part[i]);
	cdr_points_free(in);
}

/* All are done with the same key, which is the sum of the constant terms; any three have it. */
static void
assert_key(struct world *w)
{
	static const uint8_t sets[][T] = { { 1, 2, 3 }, { 3, 4, 5 }, { 1, 3, 5 }, { 2, 4, 5 } };
	struct cdr_dkg_key key, first;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], transcript_first[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];
	uint8_t sum[CDR_SCALAR_LEN] = { 0 }, secret[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	for (uint32_t i = 1; i <= N; i++) {
		struct cdr_ceremony *c = w->trustee[i].ceremony;

		assert_int_equal(cdr_ceremony_state(c), CDR_CEREMONY_DONE);
		assert_int_equal(cdr_ceremony_result(c, i == 1 ? &first : &key, i == 1 ? transcript_first : transcript, share),
		    CDR_OK);
		if (i > 1) {
			assert_memory_equal(&key, &first, sizeof(key));
			assert_memory_equal(transcript, transcript_first, sizeof(transcript));
		}
		assert_int_equal(cdr_group_mul_base(share, point), CDR_OK);
		assert_memory_equal(point, first.public_share[i - 1], sizeof(point));
		cdr_scalar_add(sum, c->secret->coefficients[0], sum);
	}
	assert_int_equal(cdr_group_mul_base(sum, point), CDR_OK);
	assert_memory_equal(point, first.public_key, sizeof(point));
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		recover(w, sets[i], secret);
		assert_memory_equal(secret, sum, sizeof(sum));
		assert_evaluates(w, sets[i], secret);
	}
}

/* ---- honest ceremonies --------------------------------------------------------------------------------------- */

static void
test_three_of_five(void **state)
{
	struct world *w = world_new();

	(void)state;
	run(w, honest);
	assert_key(w);
	world_free(w);
}

static void
test_killed_at_every_step(void **state)
{
	struct world *w = world_new();

	(void)state;
	w->kills = true;
	run(w, honest);
	assert_key(w);
	world_free(w);
}

/*
 * A trustee that lost what it saved learns from the hub what it had said, and does not say something else. It cannot go on,
 * and the others name it.
 */
static void
test_lost_state(void **state)
{
	struct world *w = world_new();
	struct cdr_buffer own;

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		(void)turn(w, i, honest);
	w->trustee[2].is_silent = true;
	cdr_buffer_free(&w->trustee[2].saved);
	memset(w->trustee[2].seed, 7, CDR_CEREMONY_SEED_LEN);
	kill_and_start(w, 2);
	give(w, w->trustee[2].ceremony, 2);
	assert_int_equal(cdr_ceremony_step(w->trustee[2].ceremony), CDR_E_EXISTS);
	assert_int_equal(cdr_ceremony_own(w->trustee[2].ceremony, CDR_CEREMONY_OFFER, &own), CDR_E_ABSENT);
	for (int k = 0; k < 4; k++) {
		for (uint32_t i = 1; i <= N; i++) {
			if (i != 2)
				(void)turn(w, i, honest);
		}
	}
	for (uint32_t i = 1; i <= N; i++) {
		if (i != 2)
			assert_waits(w, i, CDR_CEREMONY_ABSENT, 2);
	}
	world_free(w);
}

/* ---- cheats -------------------------------------------------------------------------------------------------- */

static void
test_wrongs(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(wrongs) / sizeof(wrongs[0]); k++) {
		for (uint32_t by = 1; by <= N; by++)
			play_wrong(world_new(), &wrongs[k], by, by % N + 1);
	}
}

static void
test_two_faces(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_ECHO; round++) {
		for (uint32_t by = 1; by <= N; by++)
			play_two_faces(world_new(), round, by, by % N + 1);
	}
}

static void
test_missing_messages(void **state)
{
	(void)state;
	for (uint32_t round = CDR_CEREMONY_KEY; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		for (uint32_t by = 1; by <= N; by++)
			play_absent(world_new(), round, by);
	}
}

/* ---- what the hub does alone ---------------------------------------------------------------------------------- */

/* The hub changes a byte of a message on its way to the victim. */
static void
hub_that_alters(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	uint8_t copy[CDR_CEREMONY_CONTENT_LEN_MAX];

	if (from != cheater || round != cheat_round) {
		post(w, message, ALL);
		return;
	}
	post(w, message, ALL & ~ONLY(victim));
	memcpy(copy, message.data, message.len);
	copy[message.len - CDR_SIGNATURE_LEN - 5] ^= 1;
	post(w, (struct cdr_bytes){ copy, message.len }, ONLY(victim));
}

static void
test_altered_messages(void **state)
{
	(void)state;
	for (cheat_round = CDR_CEREMONY_KEY; cheat_round <= CDR_CEREMONY_CERTIFICATE; cheat_round++) {
		struct world *w = world_new();

		cheater = 2;
		victim = 4;
		run(w, hub_that_alters);
		assert_waits(w, victim, CDR_CEREMONY_FORGED, cheater);
		for (uint32_t i = 1; i <= N && cheat_round == CDR_CEREMONY_CERTIFICATE; i++) {
			/* All but one have all certificates: the key exists, and the victim gets its share once the hub lets it. */
			if (i != victim)
				assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_DONE);
		}
		world_free(w);
	}
}

/* The hub says that one trustee's message is another's, or of another round or ceremony, or for one receiver. */
static void
test_misplaced_messages(void **state)
{
	struct world *w = world_new();
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessage *message;
	uint8_t other[CDR_CEREMONY_ID_LEN] = { 1 };

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		(void)turn(w, i, honest);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor,
	    cdr_buffer_bytes(&w->box[1].bytes), &message), CDR_OK);
	struct cdr_ceremony *fresh = start(w, 1);
	const Cdr__Wire__CeremonyMessage true_one = *message;

#define PASSED_OVER(change)                                                                                   \
	do {                                                                                                  \
		*message = true_one;                                                                          \
		change;                                                                                       \
		assert_int_equal(cdr_ceremony_take(fresh, message), CDR_OK);                                  \
		for (uint32_t r = 1; r <= CDR_CEREMONY_ROUND_COUNT; r++) {                                    \
			for (uint32_t i = 1; i <= N; i++)                                                     \
				assert_int_equal(cdr_ceremony_slot(fresh, r, i)->count, 0);                   \
		}                                                                                             \
	} while (0)
	PASSED_OVER(message->from = 3);
	PASSED_OVER(message->from = 0);
	PASSED_OVER(message->from = N + 1);
	PASSED_OVER(message->round = 2);
	PASSED_OVER(message->round = 0);
	PASSED_OVER(message->round = CDR_CEREMONY_ROUND_COUNT + 1);
	PASSED_OVER(message->to = 1);
	PASSED_OVER(message->ceremony.data = other);
	PASSED_OVER(message->ceremony.len = 31);
	PASSED_OVER(message->content.len = 63);
	*message = true_one;
	assert_int_equal(cdr_ceremony_take(fresh, message), CDR_OK);
	assert_int_equal(cdr_ceremony_slot(fresh, 1, 2)->count, 1);
	cdr_ceremony_free(fresh);
	cdr_arena_free(&arena);
	world_free(w);
}

/* Evidence that shows nothing stops nobody. */
static void
hub_with_idle_evidence(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	static const uint8_t junk[] = { 0xff, 0x01 };

	post(w, message, ALL);
	if (from == cheater && round == CDR_CEREMONY_CERTIFICATE) {
		post_signed(w, from, CDR_CEREMONY_EVIDENCE, (struct cdr_bytes){ junk, 0 }, ALL);
		post_signed(w, from, CDR_CEREMONY_EVIDENCE, (struct cdr_bytes){ junk, sizeof(junk) }, ALL);
	}
}

static void
test_idle_evidence(void **state)
{
	struct world *w = world_new();

	(void)state;
	cheater = 3;
	run(w, hub_with_idle_evidence);
	assert_key(w);
	world_free(w);
}

/*
 * A cheater certifies, and then shows one trustee that it said two things. That one fails, but the others may have a
 * key that counts on its share: it takes the certificates when they come.
 */
static uint32_t hidden;

static void
hub_with_late_lie(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	static const uint8_t other[1] = { 0 };

	if (from == cheater && round == CDR_CEREMONY_CERTIFICATE) {
		hidden = (uint32_t)w->box_count;
		post(w, message, ALL & ~ONLY(victim));
		return;
	}
	post(w, message, ALL);
	if (from == victim && round == CDR_CEREMONY_CERTIFICATE)
		post_signed(w, cheater, CDR_CEREMONY_ECHO, (struct cdr_bytes){ other, 1 }, ONLY(victim));
}

static void
test_late_lie(void **state)
{
	struct world *w = world_new();

	(void)state;
	cheater = 5;
	victim = 1;
	run(w, hub_with_late_lie);
	assert_named(w, victim, CDR_CEREMONY_EQUIVOCATED, cheater);
	assert_true(cdr_ceremony_has_certified(w->trustee[victim].ceremony));
	assert_int_equal(cdr_ceremony_state(w->trustee[2].ceremony), CDR_CEREMONY_DONE);
	w->box[hidden].shown = ALL;
	kill_and_start(w, victim);
	(void)turn(w, victim, honest);
	assert_key(w);
	world_free(w);
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
		cmocka_unit_test(test_three_of_five),
		cmocka_unit_test(test_killed_at_every_step),
		cmocka_unit_test(test_lost_state),
		cmocka_unit_test(test_wrongs),
		cmocka_unit_test(test_two_faces),
		cmocka_unit_test(test_missing_messages),
		cmocka_unit_test(test_altered_messages),
		cmocka_unit_test(test_misplaced_messages),
		cmocka_unit_test(test_idle_evidence),
		cmocka_unit_test(test_late_lie),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
