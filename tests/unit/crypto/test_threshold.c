/* Shares of a key do together what the key does alone, and fewer than t do not. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include "core/crypto/threshold.h"

#define N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define BATCH 3

static const uint8_t zero[CDR_TRUSTEES_MAX * CDR_POINT_LEN];

/* A key dealt to n trustees, some blinded inputs, and what each trustee makes of them. */
struct exchange {
	size_t t, n;
	uint8_t coefficients[CDR_TRUSTEES_MAX * CDR_SCALAR_LEN], commitments[CDR_TRUSTEES_MAX * CDR_POINT_LEN];
	uint8_t shares[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_bytes inputs[BATCH];
	uint8_t blinds[BATCH * CDR_SCALAR_LEN], outputs[BATCH * CDR_OPRF_OUTPUT_LEN];
	uint8_t evaluated[BATCH * CDR_POINT_LEN]; /* under the whole key */
	struct cdr_points *blinded, *partials[CDR_TRUSTEES_MAX];
};

/* Evaluate with a key, and check the proof against its public key. */
static struct cdr_points *
evaluate(const uint8_t *key, const uint8_t *public_key, const struct cdr_points *blinded, uint8_t *evaluated)
{
	uint8_t random[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN];
	struct cdr_points *points;

	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(key, blinded, random, evaluated, proof), CDR_OK);
	assert_int_equal(cdr_points_decode(evaluated, cdr_points_count(blinded), &points), CDR_OK);
	assert_int_equal(cdr_oprf_verify(public_key, blinded, points, proof), CDR_OK);
	return points;
}

static void
exchange_init(struct exchange *x, size_t t, size_t n)
{
	static const uint8_t text[] = "given names, family names, a date of birth";
	uint8_t bytes[BATCH * CDR_POINT_LEN], public_share[CDR_POINT_LEN];

	x->t = t;
	x->n = n;
	for (size_t k = 0; k < t; k++)
		assert_int_equal(cdr_scalar_random(x->coefficients + k * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_threshold_commit(x->coefficients, t, x->commitments), CDR_OK);
	for (size_t i = 0; i < BATCH; i++) {
		uint8_t *blind = x->blinds + i * CDR_SCALAR_LEN;
		x->inputs[i] = (struct cdr_bytes){ text, 10 + i };
		assert_int_equal(cdr_scalar_random(blind), CDR_OK);
		assert_int_equal(cdr_oprf_blind(text, 10 + i, blind, bytes + i * CDR_POINT_LEN), CDR_OK);
	}
	assert_int_equal(cdr_points_decode(bytes, BATCH, &x->blinded), CDR_OK);
	for (size_t i = 0; i < n; i++) {
		uint8_t index = (uint8_t)(i + 1);
		assert_int_equal(cdr_threshold_deal(x->coefficients, t, index, x->shares[i]), CDR_OK);
		assert_int_equal(cdr_threshold_check(x->shares[i], index, x->commitments, t), CDR_OK);
		assert_int_equal(cdr_threshold_public_share(x->commitments, t, index, public_share), CDR_OK);
		x->partials[i] = evaluate(x->shares[i], public_share, x->blinded, bytes);
	}
	cdr_points_free(evaluate(x->coefficients, x->commitments, x->blinded, x->evaluated));
	for (size_t i = 0; i < BATCH; i++)
		assert_int_equal(cdr_oprf_finalize(x->inputs[i].data, x->inputs[i].len, x->blinds + i * CDR_SCALAR_LEN,
		    x->evaluated + i * CDR_POINT_LEN, x->outputs + i * CDR_OPRF_OUTPUT_LEN), CDR_OK);
}

static void
exchange_wipe(struct exchange *x)
{
	cdr_points_free(x->blinded);
	for (size_t i = 0; i < x->n; i++)
		cdr_points_free(x->partials[i]);
}

/* Combine the trustees with these indices; whether it is what the whole key gives, by both ways. */
static bool
combination_is_right(const struct exchange *x, const uint8_t *indices, size_t count)
{
	const struct cdr_points *chosen[CDR_TRUSTEES_MAX];
	uint8_t evaluated[BATCH * CDR_POINT_LEN], outputs[BATCH * CDR_OPRF_OUTPUT_LEN];

	for (size_t i = 0; i < count; i++)
		chosen[i] = x->partials[indices[i] - 1];
	assert_int_equal(cdr_threshold_combine(indices, chosen, count, evaluated), CDR_OK);
	assert_int_equal(cdr_threshold_finalize(x->inputs, x->blinds, indices, chosen, count, outputs), CDR_OK);
	bool right = memcmp(evaluated, x->evaluated, sizeof(evaluated)) == 0;
	assert_true(right == (memcmp(outputs, x->outputs, sizeof(outputs)) == 0));
	return right;
}

/* Every subset of trustees, in one order and in the other: right exactly from t on. */
static void
any_t_of_n_are_the_key_and_fewer_are_not(void **state)
{
	(void)state;
	static const struct { size_t t, n; } sizes[] = { { 1, 1 }, { 1, 3 }, { 2, 3 }, { 3, 5 }, { 4, 5 }, { 5, 5 } };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct exchange x;
		exchange_init(&x, sizes[s].t, sizes[s].n);
		for (unsigned subset = 1; subset < 1U << x.n; subset++) {
			uint8_t indices[CDR_TRUSTEES_MAX], reversed[CDR_TRUSTEES_MAX];
			size_t count = 0;
			for (uint8_t i = 0; i < x.n; i++) {
				if (subset >> i & 1)
					indices[count++] = (uint8_t)(i + 1);
			}
			for (size_t i = 0; i < count; i++)
				reversed[i] = indices[count - 1 - i];
			assert_true(combination_is_right(&x, indices, count) == (count >= x.t));
			assert_true(combination_is_right(&x, reversed, count) == (count >= x.t));
		}
		exchange_wipe(&x);
	}
}

static void
the_largest_exchange_works(void **state)
{
	(void)state;
	uint8_t indices[CDR_TRUSTEES_MAX];
	struct exchange x;

	exchange_init(&x, CDR_TRUSTEES_MAX, CDR_TRUSTEES_MAX);
	for (size_t i = 0; i < CDR_TRUSTEES_MAX; i++)
		indices[i] = (uint8_t)(i + 1);
	assert_true(combination_is_right(&x, indices, CDR_TRUSTEES_MAX));
	assert_false(combination_is_right(&x, indices, CDR_TRUSTEES_MAX - 1));
	exchange_wipe(&x);
}

/* More points than are unblinded at once. */
static void
large_batches_are_finalized(void **state)
{
	(void)state;
	enum { COUNT = 70 };
	uint8_t key[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], blinds[COUNT * CDR_SCALAR_LEN];
	uint8_t bytes[COUNT * CDR_POINT_LEN], outputs[COUNT * CDR_OPRF_OUTPUT_LEN], want[CDR_OPRF_OUTPUT_LEN];
	uint8_t numbers[COUNT], seed[CDR_OPRF_SEED_LEN] = { 3 };
	const uint8_t index = 4;
	struct cdr_bytes inputs[COUNT];
	struct cdr_points *blinded, *evaluated;

	assert_int_equal(cdr_scalar_random(key), CDR_OK);
	assert_int_equal(cdr_group_mul_base(key, public_key), CDR_OK);
	for (size_t i = 0; i < COUNT; i++) {
		numbers[i] = (uint8_t)i;
		inputs[i] = (struct cdr_bytes){ &numbers[i], i % 2 };
		assert_int_equal(cdr_oprf_blind_derive(seed, i, blinds + i * CDR_SCALAR_LEN), CDR_OK);
		assert_int_equal(cdr_oprf_blind(inputs[i].data, inputs[i].len, blinds + i * CDR_SCALAR_LEN,
		    bytes + i * CDR_POINT_LEN), CDR_OK);
	}
	assert_int_equal(cdr_points_decode(bytes, COUNT, &blinded), CDR_OK);
	evaluated = evaluate(key, public_key, blinded, bytes);
	const struct cdr_points *const partials[] = { evaluated };
	assert_int_equal(cdr_threshold_finalize(inputs, blinds, &index, partials, 1, outputs), CDR_OK);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(cdr_oprf_finalize(inputs[i].data, inputs[i].len, blinds + i * CDR_SCALAR_LEN,
		    bytes + i * CDR_POINT_LEN, want), CDR_OK);
		assert_memory_equal(outputs + i * CDR_OPRF_OUTPUT_LEN, want, CDR_OPRF_OUTPUT_LEN);
	}
	cdr_points_free(blinded);
	cdr_points_free(evaluated);
}

/* f(0) from t shares. Only here: in the product nobody ever has t shares. */
static void
recover(const uint8_t *indices, uint8_t shares[][CDR_SCALAR_LEN], size_t t, uint8_t secret[CDR_SCALAR_LEN])
{
	uint8_t term[CDR_SCALAR_LEN];

	memset(secret, 0, CDR_SCALAR_LEN);
	for (size_t i = 0; i < t; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, t, i, term), CDR_OK);
		cdr_scalar_mul(term, shares[i], term);
		cdr_scalar_add(secret, term, secret);
	}
}

static void
the_figures_of_rfc_9591_come_out(void **state)
{
	(void)state;
	json_t *root = vectors_own("rfc9591-e.4.json"), *shared = vectors_shared("rfc9591-frost-p256-sha256.json");
	uint8_t coefficients[2 * CDR_SCALAR_LEN], commitments[2 * CDR_POINT_LEN], want[CDR_POINT_LEN];
	uint8_t shares[3][CDR_SCALAR_LEN], chosen[2][CDR_SCALAR_LEN], secret[CDR_SCALAR_LEN];

	for (size_t k = 0; k < 2; k++) {
		const char *text = json_string_value(json_array_get(json_object_get(root, "coefficients"), k));
		assert_int_equal(cdr_hex_read(text, coefficients + k * CDR_SCALAR_LEN, CDR_SCALAR_LEN), CDR_OK);
	}
	assert_int_equal(cdr_threshold_commit(coefficients, 2, commitments), CDR_OK);
	vectors_hex(root, "group_public_key", want, CDR_POINT_LEN);
	assert_memory_equal(commitments, want, CDR_POINT_LEN);
	for (uint8_t i = 0; i < 3; i++) {
		const char *text = json_string_value(json_array_get(json_object_get(root, "shares"), i));
		assert_int_equal(cdr_hex_read(text, want, CDR_SCALAR_LEN), CDR_OK);
		assert_int_equal(cdr_threshold_deal(coefficients, 2, (uint8_t)(i + 1), shares[i]), CDR_OK);
		assert_memory_equal(shares[i], want, CDR_SCALAR_LEN);
		assert_int_equal(cdr_threshold_check(shares[i], (uint8_t)(i + 1), commitments, 2), CDR_OK);
		if (shared != NULL) {
			char key[2] = { (char)('1' + i), '\0' };
			const json_t *inputs = json_object_get(shared, "inputs");
			vectors_hex(json_object_get(json_object_get(inputs, "signers"), key), "signer_share", want, 32);
			assert_memory_equal(shares[i], want, CDR_SCALAR_LEN);
		}
	}
	for (uint8_t left_out = 0; left_out < 3; left_out++) {
		uint8_t indices[2];
		for (uint8_t i = 0, j = 0; i < 3; i++) {
			if (i == left_out)
				continue;
			indices[j] = (uint8_t)(i + 1);
			memcpy(chosen[j++], shares[i], CDR_SCALAR_LEN);
		}
		recover(indices, chosen, 2, secret);
		assert_memory_equal(secret, coefficients, CDR_SCALAR_LEN);
	}
	json_decref(root);
	json_decref(shared);
}

/* Two dealers: the sums of their shares are shares of the sum of their secrets. */
static void
dealers_add_up(void **state)
{
	(void)state;
	enum { T = 3, DEALERS = 4 };
	uint8_t coefficients[DEALERS][T * CDR_SCALAR_LEN], commitments[DEALERS * T * CDR_POINT_LEN];
	uint8_t sum[T * CDR_POINT_LEN], share[CDR_SCALAR_LEN], part[CDR_SCALAR_LEN], secret[CDR_SCALAR_LEN];
	uint8_t public_key[CDR_POINT_LEN];

	memset(secret, 0, sizeof(secret));
	for (size_t i = 0; i < DEALERS; i++) {
		for (size_t k = 0; k < T; k++)
			assert_int_equal(cdr_scalar_random(coefficients[i] + k * CDR_SCALAR_LEN), CDR_OK);
		assert_int_equal(cdr_threshold_commit(coefficients[i], T, commitments + i * T * CDR_POINT_LEN), CDR_OK);
		cdr_scalar_add(secret, coefficients[i], secret);
	}
	assert_int_equal(cdr_threshold_add_commitments(commitments, DEALERS, T, sum), CDR_OK);
	assert_int_equal(cdr_group_mul_base(secret, public_key), CDR_OK);
	assert_memory_equal(sum, public_key, CDR_POINT_LEN);
	for (uint8_t index = 1; index <= 5; index++) {
		memset(share, 0, sizeof(share));
		for (size_t i = 0; i < DEALERS; i++) {
			assert_int_equal(cdr_threshold_deal(coefficients[i], T, index, part), CDR_OK);
			cdr_scalar_add(share, part, share);
		}
		assert_int_equal(cdr_threshold_check(share, index, sum, T), CDR_OK);
		share[31] ^= 1;
		assert_int_equal(cdr_threshold_check(share, index, sum, T), CDR_E_SHARE);
	}
	/* One dealer alone; the opposite of a commitment cancels it. */
	assert_int_equal(cdr_threshold_add_commitments(commitments, 1, T, sum), CDR_OK);
	assert_memory_equal(sum, commitments, sizeof(sum));
	memcpy(commitments + T * CDR_POINT_LEN, commitments, T * CDR_POINT_LEN);
	commitments[T * CDR_POINT_LEN] ^= 1;
	assert_int_equal(cdr_threshold_add_commitments(commitments, 2, T, sum), CDR_E_POINT);
	assert_memory_equal(sum, zero, sizeof(sum));
	commitments[0] = 0;
	assert_int_equal(cdr_threshold_add_commitments(commitments, 2, T, sum), CDR_E_POINT);
	assert_int_equal(cdr_threshold_add_commitments(commitments, 0, T, sum), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_add_commitments(commitments, CDR_TRUSTEES_MAX + 1, T, sum), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_add_commitments(commitments, 1, 0, sum), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_add_commitments(commitments, 1, CDR_TRUSTEES_MAX + 1, sum), CDR_E_RANGE);
}

static void
dealing_refuses(void **state)
{
	(void)state;
	uint8_t coefficients[(CDR_TRUSTEES_MAX + 1) * CDR_SCALAR_LEN], share[CDR_SCALAR_LEN];
	uint8_t commitments[(CDR_TRUSTEES_MAX + 1) * CDR_POINT_LEN];

	for (size_t k = 0; k <= CDR_TRUSTEES_MAX; k++)
		cdr_scalar_set(k + 1, coefficients + k * CDR_SCALAR_LEN);
	assert_int_equal(cdr_threshold_deal(coefficients, 0, 1, share), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_deal(coefficients, CDR_TRUSTEES_MAX + 1, 1, share), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_deal(coefficients, 3, 0, share), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_deal(coefficients, 3, CDR_TRUSTEES_MAX + 1, share), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_commit(coefficients, 0, commitments), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_commit(coefficients, CDR_TRUSTEES_MAX + 1, commitments), CDR_E_RANGE);

	/* f(x) = -4 + 2x has a share that is 0. */
	cdr_scalar_set(4, share);
	cdr_scalar_sub(zero, share, coefficients);
	assert_int_equal(cdr_threshold_deal(coefficients, 2, 1, share), CDR_OK);
	assert_int_equal(cdr_threshold_deal(coefficients, 2, 2, share), CDR_E_INPUT);

	/* A coefficient that is 0 or not below n. */
	for (size_t bad = 0; bad < 2; bad++) {
		if (bad == 0)
			memset(coefficients + CDR_SCALAR_LEN, 0, CDR_SCALAR_LEN);
		else
			assert_int_equal(cdr_hex_read(N, coefficients + CDR_SCALAR_LEN, CDR_SCALAR_LEN), CDR_OK);
		memset(share, 1, sizeof(share));
		assert_int_equal(cdr_threshold_deal(coefficients, 3, 1, share), CDR_E_INPUT);
		assert_memory_equal(share, zero, sizeof(share));
		memset(commitments, 1, sizeof(commitments));
		assert_int_equal(cdr_threshold_commit(coefficients, 3, commitments), CDR_E_INPUT);
		assert_memory_equal(commitments, zero, 3 * CDR_POINT_LEN);
	}
}

static void
checking_refuses(void **state)
{
	(void)state;
	uint8_t coefficients[2 * CDR_SCALAR_LEN], share[CDR_SCALAR_LEN], point[CDR_POINT_LEN];
	uint8_t commitments[(CDR_TRUSTEES_MAX + 1) * CDR_POINT_LEN];

	cdr_scalar_set(4, share);
	cdr_scalar_sub(zero, share, coefficients);
	cdr_scalar_set(2, coefficients + CDR_SCALAR_LEN);
	assert_int_equal(cdr_threshold_commit(coefficients, 2, commitments), CDR_OK);
	assert_int_equal(cdr_threshold_deal(coefficients, 2, 3, share), CDR_OK);
	assert_int_equal(cdr_threshold_check(share, 3, commitments, 2), CDR_OK);
	assert_int_equal(cdr_threshold_check(share, 4, commitments, 2), CDR_E_SHARE);
	assert_int_equal(cdr_threshold_check(zero, 3, commitments, 2), CDR_E_SHARE);
	assert_int_equal(cdr_threshold_check(share, 0, commitments, 2), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_check(share, 3, commitments, 0), CDR_E_RANGE);
	/* f(2) = 0: the public share would be the identity. */
	memset(point, 1, sizeof(point));
	assert_int_equal(cdr_threshold_public_share(commitments, 2, 2, point), CDR_E_POINT);
	assert_memory_equal(point, zero, sizeof(point));
	assert_int_equal(cdr_threshold_public_share(commitments, 2, 0, point), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_public_share(commitments, 2, CDR_TRUSTEES_MAX + 1, point), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_public_share(commitments, 0, 1, point), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_public_share(commitments, CDR_TRUSTEES_MAX + 1, 1, point), CDR_E_RANGE);
	commitments[CDR_POINT_LEN] = 4;
	assert_int_equal(cdr_threshold_public_share(commitments, 2, 1, point), CDR_E_POINT);
	assert_int_equal(cdr_threshold_check(share, 3, commitments, 2), CDR_E_POINT);
}

static void
interpolating_refuses(void **state)
{
	(void)state;
	uint8_t coefficient[CDR_SCALAR_LEN], many[CDR_TRUSTEES_MAX + 1];
	static const uint8_t twice[] = { 1, 3, 1 }, with_zero[] = { 1, 0, 3 }, too_large[] = { 1, CDR_TRUSTEES_MAX + 1, 3 };
	const uint8_t *const bad[] = { twice, with_zero, too_large };

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (uint8_t)(i + 1);
	assert_int_equal(cdr_threshold_lagrange(many, 3, 2, coefficient), CDR_OK);
	for (size_t i = 0; i < 3; i++) {
		memset(coefficient, 1, sizeof(coefficient));
		assert_int_equal(cdr_threshold_lagrange(bad[i], 3, 0, coefficient), CDR_E_RANGE);
		assert_memory_equal(coefficient, zero, sizeof(coefficient));
	}
	assert_int_equal(cdr_threshold_lagrange(many, 0, 0, coefficient), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_lagrange(many, 3, 3, coefficient), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_lagrange(many, CDR_TRUSTEES_MAX + 1, 0, coefficient), CDR_E_RANGE);
}

/* Everything that combining refuses, by both ways; outputs are zero then. */
static void
combining_refuses(void **state)
{
	(void)state;
	static uint8_t evaluated[BATCH * CDR_POINT_LEN], outputs[BATCH * CDR_OPRF_OUTPUT_LEN], nothing[sizeof(outputs)];
	static const uint8_t good[] = { 1, 2, 3 }, twice[] = { 1, 2, 1 }, none[] = { 0, 1, 2 };
	uint8_t blinds[BATCH * CDR_SCALAR_LEN];
	struct exchange x;
	struct cdr_points *fewer;

	exchange_init(&x, 3, 3);
	const struct cdr_points *partials[CDR_TRUSTEES_MAX + 1] = { x.partials[0], x.partials[1], x.partials[2] };
	const uint8_t *const bad[] = { twice, none };
	for (size_t i = 0; i < 2; i++) {
		memset(evaluated, 1, sizeof(evaluated));
		memset(outputs, 1, sizeof(outputs));
		assert_int_equal(cdr_threshold_combine(bad[i], partials, 3, evaluated), CDR_E_RANGE);
		assert_int_equal(cdr_threshold_finalize(x.inputs, x.blinds, bad[i], partials, 3, outputs), CDR_E_RANGE);
		assert_memory_equal(evaluated, zero, sizeof(evaluated));
		assert_memory_equal(outputs, nothing, sizeof(outputs));
	}
	assert_int_equal(cdr_threshold_combine(good, partials, 0, evaluated), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_combine(good, partials, CDR_TRUSTEES_MAX + 1, evaluated), CDR_E_RANGE);
	assert_int_equal(cdr_threshold_finalize(x.inputs, x.blinds, good, partials, 0, outputs), CDR_E_RANGE);

	memcpy(blinds, x.blinds, sizeof(blinds));
	memset(blinds + CDR_SCALAR_LEN, 0, CDR_SCALAR_LEN);
	memset(outputs, 1, sizeof(outputs));
	assert_int_equal(cdr_threshold_finalize(x.inputs, blinds, good, partials, 3, outputs), CDR_E_INPUT);
	assert_memory_equal(outputs, nothing, sizeof(outputs));
	assert_int_equal(cdr_hex_read(N, blinds + CDR_SCALAR_LEN, CDR_SCALAR_LEN), CDR_OK);
	blinds[2 * CDR_SCALAR_LEN - 1]++;
	assert_int_equal(cdr_threshold_finalize(x.inputs, blinds, good, partials, 3, outputs), CDR_E_INPUT);
	x.inputs[2].len = CDR_OPRF_INPUT_MAX + 1;
	memset(outputs, 1, sizeof(outputs));
	assert_int_equal(cdr_threshold_finalize(x.inputs, x.blinds, good, partials, 3, outputs), CDR_E_RANGE);
	assert_memory_equal(outputs, nothing, sizeof(outputs));

	assert_int_equal(cdr_points_decode(x.evaluated, BATCH - 1, &fewer), CDR_OK);
	partials[1] = fewer;
	assert_int_equal(cdr_threshold_combine(good, partials, 3, evaluated), CDR_E_RANGE);
	cdr_points_free(fewer);
	exchange_wipe(&x);
}

/* Answers that cancel each other: 2 * P and then the same for index 2, since the coefficients are 2 and -1. */
static void
a_combination_that_is_the_identity_is_refused(void **state)
{
	(void)state;
	static const uint8_t indices[] = { 1, 2 };
	uint8_t k[CDR_SCALAR_LEN], point[2][CDR_POINT_LEN], evaluated[CDR_POINT_LEN], output[CDR_OPRF_OUTPUT_LEN];
	struct cdr_points *points[2];
	const struct cdr_bytes input = { NULL, 0 };

	for (uint8_t i = 0; i < 2; i++) {
		cdr_scalar_set(3U + 3U * i, k);
		assert_int_equal(cdr_group_mul_base(k, point[i]), CDR_OK);
		assert_int_equal(cdr_points_decode(point[i], 1, &points[i]), CDR_OK);
	}
	const struct cdr_points *const partials[] = { points[0], points[1] };
	assert_int_equal(cdr_threshold_combine(indices, partials, 2, evaluated), CDR_E_POINT);
	assert_memory_equal(evaluated, zero, sizeof(evaluated));
	memset(output, 1, sizeof(output));
	assert_int_equal(cdr_threshold_finalize(&input, k, indices, partials, 2, output), CDR_E_POINT);
	assert_memory_equal(output, zero, sizeof(output));
	cdr_points_free(points[0]);
	cdr_points_free(points[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_t_of_n_are_the_key_and_fewer_are_not),
		cmocka_unit_test(the_largest_exchange_works),
		cmocka_unit_test(large_batches_are_finalized),
		cmocka_unit_test(the_figures_of_rfc_9591_come_out),
		cmocka_unit_test(dealers_add_up),
		cmocka_unit_test(dealing_refuses),
		cmocka_unit_test(checking_refuses),
		cmocka_unit_test(interpolating_refuses),
		cmocka_unit_test(combining_refuses),
		cmocka_unit_test(a_combination_that_is_the_identity_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
