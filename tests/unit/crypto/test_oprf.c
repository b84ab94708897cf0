/* The OPRF gives the figures of RFC 9497, and refuses what it says it refuses. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include "core/crypto/hash_to_curve.h"
#include "core/crypto/oprf.h"

#define N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

static const uint8_t zero[CDR_PROOF_LEN];

static void
hex(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(cdr_hex_read(text, out, len), CDR_OK);
}

/* The strings of ${key}: a list, or one string with commas between them. Item ${at} in bytes. */
static size_t
item(const json_t *vector, const char *key, size_t at, uint8_t *out, size_t size)
{
	const json_t *value = json_object_get(vector, key);
	const char *text = json_string_value(value != NULL && json_is_array(value) ? json_array_get(value, at) : value);
	char copy[2 * CDR_OPRF_INPUT_MAX + 1];

	assert_non_null(text);
	if (!json_is_array(value)) {
		for (; at > 0; at--)
			text = strchr(text, ',') + 1;
	}
	size_t len = strcspn(text, ",");
	assert_in_range(len, 0, 2 * size);
	memcpy(copy, text, len);
	copy[len] = '\0';
	hex(copy, out, len / 2);
	return len / 2;
}

/* Blind, evaluate, prove, verify, finalize: each with the figures that the vector gives. */
static void
check_vector(const json_t *vector, const uint8_t key[32], const uint8_t public_key[33])
{
	size_t batch = (size_t)vectors_number(vector, "Batch");
	uint8_t input[64], blind[32], bytes[2 * 33], want[2 * 33], random[32], output[32];
	uint8_t evaluated[2 * 33], proof[64], want_proof[64];
	const json_t *proof_object = json_object_get(vector, "Proof");
	struct cdr_points *c, *d;

	assert_in_range(batch, 1, 2);
	for (size_t i = 0; i < batch; i++) {
		size_t len = item(vector, "Input", i, input, sizeof(input));
		assert_int_equal(item(vector, "Blind", i, blind, 32), 32);
		assert_int_equal(item(vector, "BlindedElement", i, want + 33 * i, 33), 33);
		assert_int_equal(cdr_oprf_blind(input, len, blind, bytes + 33 * i), CDR_OK);
		assert_memory_equal(bytes + 33 * i, want + 33 * i, 33);
	}
	if (proof_object == NULL)
		proof_object = vector;
	vectors_hex(proof_object, "r", random, 32);
	vectors_hex(proof_object, "proof", want_proof, 64);
	assert_int_equal(cdr_points_decode(bytes, batch, &c), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(key, c, random, evaluated, proof), CDR_OK);
	assert_memory_equal(proof, want_proof, 64);
	assert_int_equal(cdr_points_decode(evaluated, batch, &d), CDR_OK);
	assert_int_equal(cdr_oprf_verify(public_key, c, d, proof), CDR_OK);
	for (size_t i = 0; i < batch; i++) {
		size_t len = item(vector, "Input", i, input, sizeof(input));
		item(vector, "EvaluationElement", i, want, 33);
		assert_memory_equal(evaluated + 33 * i, want, 33);
		item(vector, "Blind", i, blind, 32);
		assert_int_equal(cdr_oprf_finalize(input, len, blind, evaluated + 33 * i, output), CDR_OK);
		item(vector, "Output", i, want, 32);
		assert_memory_equal(output, want, 32);
	}
	cdr_points_free(c);
	cdr_points_free(d);
}

static void
check_suite(const json_t *suite)
{
	uint8_t key[32], public_key[33], computed[33];
	size_t i;
	json_t *vector;

	vectors_hex(suite, "skSm", key, 32);
	vectors_hex(suite, "pkSm", public_key, 33);
	assert_int_equal(cdr_group_mul_base(key, computed), CDR_OK);
	assert_memory_equal(computed, public_key, 33);
	assert_int_equal(json_array_size(json_object_get(suite, "vectors")), 3);
	json_array_foreach(json_object_get(suite, "vectors"), i, vector)
		check_vector(vector, key, public_key);
}

static void
the_figures_of_the_rfc_come_out(void **state)
{
	(void)state;
	json_t *root = vectors_own("rfc9497-a.3.2.json"), *suite;
	size_t i, seen = 0;

	check_suite(root);
	json_decref(root);
	root = vectors_shared("rfc9497-p256-sha256.json");
	if (root == NULL)
		return;
	json_array_foreach(root, i, suite) {
		if (vectors_number(suite, "mode") == 1) {
			check_suite(suite);
			seen++;
		}
	}
	assert_int_equal(seen, 1);
	json_decref(root);
}

/* Whatever the blind, one key and one input give one output; the direct way without blinding gives it too. */
static void
the_output_does_not_depend_on_the_blind(void **state)
{
	(void)state;
	static const uint8_t dst[] = "HashToGroup-OPRFV1-\x01-P256-SHA256";
	uint8_t key[32], blind[32], random[32], blinded[33], evaluated[33], proof[64], direct[33], out[2][32];
	uint8_t input[CDR_OPRF_INPUT_MAX] = { 7 };
	struct cdr_points *points;
	struct cdr_affine a;
	const size_t lengths[] = { 0, 1, 55, 64, CDR_OPRF_INPUT_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const uint8_t *data = lengths[i] == 0 ? NULL : input;
		assert_int_equal(cdr_scalar_random(key), CDR_OK);
		assert_int_equal(cdr_scalar_random(blind), CDR_OK);
		assert_int_equal(cdr_scalar_random(random), CDR_OK);
		assert_int_equal(cdr_oprf_blind(data, lengths[i], blind, blinded), CDR_OK);
		assert_int_equal(cdr_points_decode(blinded, 1, &points), CDR_OK);
		assert_int_equal(cdr_oprf_evaluate(key, points, random, evaluated, proof), CDR_OK);
		assert_int_equal(cdr_oprf_finalize(data, lengths[i], blind, evaluated, out[0]), CDR_OK);
		cdr_points_free(points);

		assert_int_equal(cdr_hash_to_curve((struct cdr_bytes){ data, lengths[i] },
		    (struct cdr_bytes){ dst, sizeof(dst) - 1 }, &a), CDR_OK);
		assert_int_equal(cdr_group_mul_affine(key, &a, direct), CDR_OK);
		assert_int_equal(cdr_oprf_output(data, lengths[i], direct, out[1]), CDR_OK);
		assert_memory_equal(out[0], out[1], 32);
	}
}

static void
blinds_repeat_and_differ(void **state)
{
	(void)state;
	uint8_t seed[CDR_OPRF_SEED_LEN] = { 1 }, blinds[4][32];

	assert_int_equal(cdr_oprf_blind_derive(seed, 0, blinds[0]), CDR_OK);
	assert_int_equal(cdr_oprf_blind_derive(seed, 0, blinds[1]), CDR_OK);
	assert_memory_equal(blinds[0], blinds[1], 32);
	assert_int_equal(cdr_oprf_blind_derive(seed, 1, blinds[1]), CDR_OK);
	assert_int_equal(cdr_oprf_blind_derive(seed, (uint64_t)1 << 56, blinds[2]), CDR_OK);
	seed[31] = 1;
	assert_int_equal(cdr_oprf_blind_derive(seed, 0, blinds[3]), CDR_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_true(cdr_scalar_valid(blinds[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(blinds[i], blinds[j], 32);
	}
}

/* A node repeats a request after a crash, perhaps with a newer program: the bytes may never change. */
static void
derived_blinds_stay_what_they_are(void **state)
{
	(void)state;
	uint8_t seed[CDR_OPRF_SEED_LEN], blind[32], want[32];

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	hex("9e0539c77b16376b0a98c0e2b3785c9ff28f8539a2b7c83827f4642a71e7ec6a", want, 32);
	assert_int_equal(cdr_oprf_blind_derive(seed, 258, blind), CDR_OK);
	assert_memory_equal(blind, want, 32);
}

static void
blinding_refuses(void **state)
{
	(void)state;
	uint8_t input[CDR_OPRF_INPUT_MAX + 1] = { 0 }, blind[32], out[33];

	cdr_scalar_set(1, blind);
	memset(out, 1, 33);
	assert_int_equal(cdr_oprf_blind(input, sizeof(input), blind, out), CDR_E_RANGE);
	assert_memory_equal(out, zero, 33);
	memset(out, 1, 33);
	assert_int_equal(cdr_oprf_blind(input, 3, zero, out), CDR_E_INPUT);
	assert_memory_equal(out, zero, 33);
	hex(N, blind, 32);
	assert_int_equal(cdr_oprf_blind(input, 3, blind, out), CDR_E_INPUT);
}

static void
finalizing_refuses(void **state)
{
	(void)state;
	uint8_t input[CDR_OPRF_INPUT_MAX + 1] = { 0 }, blind[32], point[33], out[32];

	cdr_scalar_set(2, blind);
	assert_int_equal(cdr_group_mul_base(blind, point), CDR_OK);
	assert_int_equal(cdr_oprf_finalize(input, 3, blind, point, out), CDR_OK);
	assert_int_equal(cdr_oprf_finalize(input, sizeof(input), blind, point, out), CDR_E_RANGE);
	assert_memory_equal(out, zero, 32);
	memset(out, 1, 32);
	assert_int_equal(cdr_oprf_finalize(input, 3, zero, point, out), CDR_E_INPUT);
	assert_memory_equal(out, zero, 32);
	memset(out, 1, 32);
	assert_int_equal(cdr_oprf_finalize(input, 3, blind, zero, out), CDR_E_POINT);
	assert_memory_equal(out, zero, 32);
	assert_int_equal(cdr_oprf_output(input, sizeof(input), point, out), CDR_E_RANGE);
	/* n, and n + 1, which has an inverse but is not below n. */
	hex(N, blind, 32);
	assert_int_equal(cdr_oprf_finalize(input, 3, blind, point, out), CDR_E_INPUT);
	blind[31]++;
	assert_int_equal(cdr_oprf_finalize(input, 3, blind, point, out), CDR_E_INPUT);
}

static void
evaluating_refuses(void **state)
{
	(void)state;
	static uint8_t many[(CDR_OPRF_BATCH_MAX + 1) * 33], out[sizeof(many)], none[sizeof(many)];
	uint8_t one[32], big[32], proof[64];
	struct cdr_points *points;

	cdr_scalar_set(1, one);
	hex(N, big, 32);
	assert_int_equal(cdr_group_mul_base(one, many), CDR_OK);
	for (size_t i = 1; i <= CDR_OPRF_BATCH_MAX; i++)
		memcpy(many + 33 * i, many, 33);
	memset(out, 1, sizeof(out));
	assert_int_equal(cdr_points_decode(many, CDR_OPRF_BATCH_MAX + 1, &points), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(one, points, one, out, proof), CDR_E_RANGE);
	assert_memory_equal(out, none, sizeof(out));
	assert_memory_equal(proof, zero, 64);
	assert_int_equal(cdr_oprf_verify(many, points, points, proof), CDR_E_RANGE);
	cdr_points_free(points);

	assert_int_equal(cdr_points_decode(many, 2, &points), CDR_OK);
	const uint8_t *const bad[] = { zero, big };
	for (size_t i = 0; i < 2; i++) {
		memset(out, 1, 66);
		memset(proof, 1, 64);
		assert_int_equal(cdr_oprf_evaluate(bad[i], points, one, out, proof), CDR_E_INPUT);
		assert_memory_equal(out, none, 66);
		assert_memory_equal(proof, zero, 64);
		assert_int_equal(cdr_oprf_evaluate(one, points, bad[i], out, proof), CDR_E_INPUT);
		assert_memory_equal(out, none, 66);
	}
	cdr_points_free(points);
}

static void
verifying_refuses(void **state)
{
	(void)state;
	uint8_t key[32], random[32], public_key[33], two[66], out[66], proof[64];
	struct cdr_points *c, *d, *less;
	struct cdr_fixed_point *fixed;

	cdr_scalar_set(5, key);
	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_group_mul_base(key, public_key), CDR_OK);
	memcpy(two, public_key, 33);
	assert_int_equal(cdr_group_mul_base(random, two + 33), CDR_OK);
	assert_int_equal(cdr_points_decode(two, 2, &c), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(key, c, random, out, proof), CDR_OK);
	assert_int_equal(cdr_points_decode(out, 2, &d), CDR_OK);
	assert_int_equal(cdr_points_decode(out, 1, &less), CDR_OK);

	assert_int_equal(cdr_oprf_verify(public_key, c, d, proof), CDR_OK);
	assert_int_equal(cdr_fixed_point_new(public_key, true, &fixed), CDR_OK);
	assert_int_equal(cdr_oprf_verify_fixed(fixed, c, d, proof), CDR_OK);
	assert_int_equal(cdr_oprf_verify_fixed(fixed, d, c, proof), CDR_E_PROOF);
	assert_int_equal(cdr_oprf_verify(public_key, d, c, proof), CDR_E_PROOF);
	assert_int_equal(cdr_oprf_verify(two + 33, c, d, proof), CDR_E_PROOF);
	assert_int_equal(cdr_oprf_verify(public_key, c, less, proof), CDR_E_RANGE);
	assert_int_equal(cdr_oprf_verify(zero, c, d, proof), CDR_E_POINT);
	proof[63] ^= 1;
	assert_int_equal(cdr_oprf_verify(public_key, c, d, proof), CDR_E_PROOF);
	cdr_fixed_point_free(fixed);
	cdr_points_free(c);
	cdr_points_free(d);
	cdr_points_free(less);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_figures_of_the_rfc_come_out),
		cmocka_unit_test(the_output_does_not_depend_on_the_blind),
		cmocka_unit_test(blinds_repeat_and_differ),
		cmocka_unit_test(derived_blinds_stay_what_they_are),
		cmocka_unit_test(blinding_refuses),
		cmocka_unit_test(finalizing_refuses),
		cmocka_unit_test(evaluating_refuses),
		cmocka_unit_test(verifying_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
