/* Numbers are added while they are encrypted, and t trustees open the sum. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/crypto/elgamal.h"
#include "core/crypto/proof.h"
#include "core/crypto/secret.h"

#define T 3
#define N 5
#define COUNT 70

static const struct cdr_bytes context = { (const uint8_t *)"test", 4 };

struct world {
	uint8_t coefficients[T * CDR_SCALAR_LEN], public_key[CDR_POINT_LEN];
	uint8_t share[N][CDR_SCALAR_LEN], public_share[N][CDR_POINT_LEN];
	struct cdr_elgamal *key;
};

static struct world w;

static int
start(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	for (size_t i = 0; i < T; i++)
		if (cdr_scalar_random(w.coefficients + i * CDR_SCALAR_LEN) != CDR_OK)
			return -1;
	if (cdr_group_mul_base(w.coefficients, w.public_key) != CDR_OK)
		return -1;
	for (uint8_t i = 0; i < N; i++)
		if (cdr_threshold_deal(w.coefficients, T, i + 1, w.share[i]) != CDR_OK ||
		    cdr_group_mul_base(w.share[i], w.public_share[i]) != CDR_OK)
			return -1;
	return cdr_elgamal_new(w.public_key, &w.key) == CDR_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	cdr_elgamal_free(w.key);
	return 0;
}

/* ${count} numbers with fresh randomness. */
static void
encrypt(const uint32_t *values, uint8_t bits, size_t count, uint8_t *out)
{
	uint8_t *randoms = malloc(count * CDR_SCALAR_LEN), *widths = malloc(count);

	memset(widths, bits, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(cdr_scalar_random(randoms + i * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_elgamal_encrypt(w.key, values, widths, randoms, count, out), CDR_OK);
	free(randoms);
	free(widths);
}

/* What T of the trustees make of ${count} ciphertexts, between ${min} and ${max}. */
static cdr_err
open_with(const uint8_t indices[T], const uint8_t *ciphers, size_t count, int64_t min, int64_t max, int64_t *values)
{
	uint8_t *partials[T], proof[CDR_PROOF_LEN], random[CDR_SCALAR_LEN];

	for (size_t i = 0; i < T; i++) {
		partials[i] = malloc(count * CDR_POINT_LEN);
		assert_int_equal(cdr_scalar_random(random), CDR_OK);
		assert_int_equal(cdr_elgamal_partial(context, w.share[indices[i] - 1], ciphers, count, random, partials[i], proof), CDR_OK);
		assert_int_equal(cdr_elgamal_partial_verify(context, w.public_share[indices[i] - 1], ciphers, count, partials[i], proof),
		    CDR_OK);
	}
	const uint8_t *const lent[T] = { partials[0], partials[1], partials[2] };
	cdr_err err = cdr_elgamal_recover(indices, lent, T, ciphers, count, min, max, values);
	for (size_t i = 0; i < T; i++)
		free(partials[i]);
	return err;
}

static void
any_three_trustees_open_a_sum(void **state)
{
	(void)state;
	static const uint8_t choices[][T] = { { 1, 2, 3 }, { 1, 3, 5 }, { 5, 2, 4 } };
	uint32_t values[COUNT];
	uint8_t ciphers[COUNT * CDR_CIPHER_LEN], sums[COUNT * CDR_CIPHER_LEN];
	struct cdr_cipher_sums *sum;
	struct cdr_ciphers *decoded;
	int64_t opened[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		values[i] = (uint32_t)(i * i % 256);
	assert_int_equal(cdr_cipher_sums_new(COUNT, &sum), CDR_OK);
	assert_int_equal(cdr_cipher_sums_encode(sum, sums), CDR_E_POINT);
	for (size_t m = 0; m < 4; m++) {
		encrypt(values, 8, COUNT, ciphers);
		assert_int_equal(cdr_ciphers_decode(ciphers, COUNT, &decoded), CDR_OK);
		assert_int_equal(cdr_ciphers_count(decoded), COUNT);
		assert_int_equal(cdr_cipher_sums_add(sum, 1, decoded), CDR_E_RANGE);
		assert_int_equal(cdr_cipher_sums_add(sum, 0, decoded), CDR_OK);
		cdr_ciphers_free(decoded);
	}
	assert_int_equal(cdr_cipher_sums_encode(sum, sums), CDR_OK);
	for (size_t c = 0; c < 3; c++) {
		assert_int_equal(open_with(choices[c], sums, COUNT, 0, 4 * 255, opened), CDR_OK);
		for (size_t i = 0; i < COUNT; i++)
			assert_int_equal(opened[i], 4 * (int64_t)values[i]);
	}
	/* Two of them and one twice are not three. */
	assert_int_equal(open_with((const uint8_t[]){ 1, 2, 2 }, sums, COUNT, 0, 4 * 255, opened), CDR_E_RANGE);
	cdr_cipher_sums_free(sum);
}

/* Numbers of every width, at both ends, and where they must not be found. */
static void
what_is_searched_is_found(void **state)
{
	(void)state;
	static const uint32_t values[] = { 0, 1, 2, 127, 128, 129, 255, 256, 257, 1000, 65535, 65536, 1000000, 20000000 };
	enum { VALUES = sizeof(values) / sizeof(values[0]) };
	static const uint8_t indices[T] = { 1, 2, 3 };
	uint8_t ciphers[VALUES * CDR_CIPHER_LEN];
	int64_t opened[VALUES];

	encrypt(values, 32, VALUES, ciphers);
	assert_int_equal(open_with(indices, ciphers, VALUES, 0, 20000000, opened), CDR_OK);
	for (size_t i = 0; i < VALUES; i++)
		assert_int_equal(opened[i], values[i]);
	assert_int_equal(open_with(indices, ciphers, VALUES, 0, 19999999, opened), CDR_E_ABSENT);
	assert_int_equal(open_with(indices, ciphers, VALUES, 1, 20000000, opened), CDR_E_ABSENT);
	assert_int_equal(open_with(indices, ciphers, VALUES, -5000, 20000000, opened), CDR_OK);
	assert_int_equal(opened[0], 0);
	assert_int_equal(open_with(indices, ciphers, 3, -3, 3, opened), CDR_OK);
	assert_int_equal(opened[2], 2);
	assert_int_equal(open_with(indices, ciphers, 1, 0, CDR_RECOVER_SPAN_MAX, opened), CDR_E_RANGE);
	assert_int_equal(open_with(indices, ciphers, 1, 1, 0, opened), CDR_E_RANGE);
}

static void
a_wrong_part_is_noticed(void **state)
{
	(void)state;
	static const uint32_t values[] = { 5, 9 };
	uint8_t ciphers[2 * CDR_CIPHER_LEN], partials[2 * CDR_POINT_LEN], proof[CDR_PROOF_LEN], random[CDR_SCALAR_LEN];
	const struct cdr_bytes other = { (const uint8_t *)"tesu", 4 };

	encrypt(values, 8, 2, ciphers);
	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_elgamal_partial(context, w.share[0], ciphers, 2, random, partials, proof), CDR_OK);
	assert_int_equal(cdr_elgamal_partial_verify(context, w.public_share[1], ciphers, 2, partials, proof), CDR_E_PROOF);
	assert_int_equal(cdr_elgamal_partial_verify(other, w.public_share[0], ciphers, 2, partials, proof), CDR_E_PROOF);
	partials[0] ^= 1;
	assert_int_equal(cdr_elgamal_partial_verify(context, w.public_share[0], ciphers, 2, partials, proof), CDR_E_PROOF);
	partials[0] = 7;
	assert_int_equal(cdr_elgamal_partial_verify(context, w.public_share[0], ciphers, 2, partials, proof), CDR_E_POINT);
	assert_int_equal(cdr_elgamal_partial(context, w.share[0], ciphers, 0, random, partials, proof), CDR_E_RANGE);
	memset(random, 0, sizeof(random));
	assert_int_equal(cdr_elgamal_partial(context, w.share[0], ciphers, 2, random, partials, proof), CDR_E_INPUT);
	ciphers[0] = 9;
	random[31] = 1;
	assert_int_equal(cdr_elgamal_partial(context, w.share[0], ciphers, 2, random, partials, proof), CDR_E_POINT);
}

static void
what_is_no_number_or_point_is_refused(void **state)
{
	(void)state;
	uint32_t value = 256;
	uint8_t bits = 8, random[CDR_SCALAR_LEN], out[CDR_CIPHER_LEN], zero[CDR_CIPHER_LEN] = { 0 }, bad[CDR_POINT_LEN] = { 5 };
	struct cdr_ciphers *ciphers;
	struct cdr_cipher_sums *sums;
	struct cdr_elgamal *key;

	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_elgamal_encrypt(w.key, &value, &bits, random, 1, out), CDR_E_RANGE);
	assert_memory_equal(out, zero, sizeof(out));
	value = 1;
	for (bits = 0; bits <= 33; bits += 33)
		assert_int_equal(cdr_elgamal_encrypt(w.key, &value, &bits, random, 1, out), CDR_E_RANGE);
	bits = 1;
	assert_int_equal(cdr_elgamal_encrypt(w.key, &value, &bits, random, 0, out), CDR_E_RANGE);
	memset(random, 0, sizeof(random));
	assert_int_equal(cdr_elgamal_encrypt(w.key, &value, &bits, random, 1, out), CDR_E_INPUT);
	assert_int_equal(cdr_elgamal_new(bad, &key), CDR_E_POINT);
	assert_null(key);
	assert_int_equal(cdr_ciphers_decode(zero, 1, &ciphers), CDR_E_POINT);
	assert_int_equal(cdr_ciphers_decode(zero, 0, &ciphers), CDR_E_RANGE);
	assert_int_equal(cdr_ciphers_decode(zero, CDR_CIPHERS_MAX + 1, &ciphers), CDR_E_RANGE);
	assert_null(ciphers);
	assert_int_equal(cdr_cipher_sums_new(0, &sums), CDR_E_RANGE);
	cdr_ciphers_free(NULL);
	cdr_cipher_sums_free(NULL);
	cdr_elgamal_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_three_trustees_open_a_sum),
		cmocka_unit_test(what_is_searched_is_found),
		cmocka_unit_test(a_wrong_part_is_noticed),
		cmocka_unit_test(what_is_no_number_or_point_is_refused),
	};

	return cmocka_run_group_tests(tests, start, end);
}
