/* A proof of ranges holds for what it was made for and for nothing else. This file has the prover inside, to make one that lies. */
#include "tests/unit/unit.h"

#include "core/crypto/range.c"

static const uint8_t seed[CDR_RANGE_SEED_LEN] = { 1 };
static const struct cdr_bytes context = { (const uint8_t *)"member", 6 };
static struct cdr_elgamal *key, *other_key;

static int
start(void **state)
{
	uint8_t k[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN];

	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	cdr_scalar_set(12345, k);
	if (cdr_group_mul_base(k, public_key) != CDR_OK || cdr_elgamal_new(public_key, &key) != CDR_OK)
		return -1;
	cdr_scalar_set(12346, k);
	return cdr_group_mul_base(k, public_key) == CDR_OK && cdr_elgamal_new(public_key, &other_key) == CDR_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	cdr_elgamal_free(key);
	cdr_elgamal_free(other_key);
	return 0;
}

/* A layout with its numbers and what was made of them. */
struct made {
	uint8_t bits[64];
	uint32_t values[64];
	struct cdr_range_layout layout;
	uint8_t *packed;
	size_t len;
};

/* ${count} numbers: counts of 8 bits, at both ends and between, then flags. */
static void
make(struct made *m, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		m->bits[i] = i < (count + 1) / 2 ? 8 : 1;
		m->values[i] = (uint32_t)(i * 85) & ((1U << m->bits[i]) - 1);
	}
	m->layout = (struct cdr_range_layout){ .count = count, .bits = m->bits };
	m->len = cdr_range_packed_len(&m->layout);
	m->packed = malloc(m->len);
	assert_non_null(m->packed);
	assert_int_equal(cdr_range_encrypt(key, context, &m->layout, m->values, seed, m->packed), CDR_OK);
}

static cdr_err
verify(const struct made *m)
{
	return cdr_range_verify(key, context, &m->layout, (struct cdr_bytes){ m->packed, m->len }, NULL);
}

static void
proofs_hold(void **state)
{
	(void)state;
	struct made m;
	struct cdr_ciphers *ciphers;

	for (size_t count = 1; count <= 64; count += count < 5 ? 1 : 17) {
		make(&m, count);
		assert_int_equal(verify(&m), CDR_OK);
		assert_int_equal(cdr_range_verify(key, context, &m.layout, (struct cdr_bytes){ m.packed, m.len }, &ciphers), CDR_OK);
		assert_int_equal(cdr_ciphers_count(ciphers), count);
		cdr_ciphers_free(ciphers);
		free(m.packed);
	}
	/* A number of 32 bits at its largest. */
	m.bits[0] = 32;
	m.values[0] = UINT32_MAX;
	m.layout = (struct cdr_range_layout){ .count = 1, .bits = m.bits };
	m.len = cdr_range_packed_len(&m.layout);
	m.packed = malloc(m.len);
	assert_int_equal(cdr_range_encrypt(key, context, &m.layout, m.values, seed, m.packed), CDR_OK);
	assert_int_equal(verify(&m), CDR_OK);
	free(m.packed);
}

/* Same seed, same bytes; another seed, context or value, and no random number is shared: no two first points are equal. */
static void
nothing_random_serves_twice(void **state)
{
	(void)state;
	struct made m, n;
	uint8_t other_seed[CDR_RANGE_SEED_LEN] = { 2 };

	make(&m, 6);
	make(&n, 6);
	assert_memory_equal(m.packed, n.packed, m.len);
	n.values[0] ^= 1;
	assert_int_equal(cdr_range_encrypt(key, context, &n.layout, n.values, seed, n.packed), CDR_OK);
	assert_memory_not_equal(m.packed, n.packed, CDR_POINT_LEN);
	n.values[0] ^= 1;
	assert_int_equal(cdr_range_encrypt(key, context, &n.layout, n.values, other_seed, n.packed), CDR_OK);
	assert_memory_not_equal(m.packed, n.packed, CDR_POINT_LEN);
	assert_int_equal(cdr_range_encrypt(key, (struct cdr_bytes){ NULL, 0 }, &n.layout, n.values, seed, n.packed), CDR_OK);
	assert_memory_not_equal(m.packed, n.packed, CDR_POINT_LEN);
	free(m.packed);
	free(n.packed);
}

static void
a_proof_serves_nobody_else(void **state)
{
	(void)state;
	struct made m;
	const struct cdr_bytes thief = { (const uint8_t *)"thiefs", 6 };

	make(&m, 6);
	const struct cdr_bytes packed = { m.packed, m.len };
	assert_int_equal(cdr_range_verify(key, thief, &m.layout, packed, NULL), CDR_E_PROOF);
	assert_int_equal(cdr_range_verify(other_key, context, &m.layout, packed, NULL), CDR_E_PROOF);
	/* The same number of bits, laid out otherwise. */
	m.bits[0] = 7;
	m.bits[5] = 2;
	assert_int_equal(verify(&m), CDR_E_PROOF);
	free(m.packed);
}

/* Whichever byte is changed: what is no point or no number is told, and the rest does not hold. */
static void
no_byte_can_be_changed(void **state)
{
	(void)state;
	struct made m;
	size_t refused = 0;

	make(&m, 3);
	for (size_t at = 0; at < m.len; at += 7) {
		m.packed[at] ^= 1;
		cdr_err err = verify(&m);
		assert_true(err == CDR_E_PROOF || err == CDR_E_POINT);
		refused++;
		m.packed[at] ^= 1;
	}
	assert_true(refused > 100);
	/* Two numbers, or two ciphertexts, that change places. */
	uint8_t held[CDR_CIPHER_LEN];
	memcpy(held, m.packed, sizeof(held));
	memmove(m.packed, m.packed + CDR_CIPHER_LEN, CDR_CIPHER_LEN);
	memcpy(m.packed + CDR_CIPHER_LEN, held, sizeof(held));
	assert_int_equal(verify(&m), CDR_E_PROOF);
	free(m.packed);
}

/* A number that is raised or lowered behind the proof's back: B plus some G, as anybody can. */
static void
ciphertexts_cannot_be_shifted(void **state)
{
	(void)state;
	struct made m;
	uint8_t k[CDR_SCALAR_LEN], zero[CDR_SCALAR_LEN] = { 0 };
	struct cdr_projective sum, shift;
	struct cdr_affine b;

	for (int sign = 0; sign < 2; sign++) {
		make(&m, 3);
		cdr_scalar_set(1000, k);
		if (sign == 1)
			cdr_scalar_sub(zero, k, k);
		assert_int_equal(cdr_fixed_point_multiples(NULL, k, 1, &shift), CDR_OK);
		assert_int_equal(cdr_affine_decompress(m.packed + CDR_POINT_LEN, &b), CDR_OK);
		sum = (struct cdr_projective){ b.x, b.y, cdr_field_one };
		cdr_projective_add(&sum, &shift, &sum);
		assert_true(cdr_projective_normalise(&sum, &b) != 0);
		cdr_affine_compress(&b, m.packed + CDR_POINT_LEN);
		assert_int_equal(verify(&m), CDR_E_PROOF);
		free(m.packed);
	}
}

enum lie { HONEST, OTHER_BITS, TOO_LARGE, NEGATIVE, OTHER_RANDOM };

/* A prover that does everything right but for one thing: what it encrypts is not what it proves. */
static cdr_err
prove_a_lie(enum lie lie)
{
	static const uint8_t bits[] = { 4, 4, 1, 1 };
	static const struct cdr_range_layout layout = { .count = 4, .bits = bits };
	uint32_t values[] = { 3, 15, 0, 1 };
	uint8_t wide[] = { 8, 8, 8, 8 }, zero[CDR_SCALAR_LEN] = { 0 };
	size_t len = cdr_range_packed_len(&layout);
	struct prover p = { .key = key, .layout = &layout, .packed = calloc(1, len) };

	assert_int_equal(cdr_range_shape(&layout, &p.shape), CDR_OK);
	p.points = p.packed + p.shape.count * CDR_CIPHER_LEN;
	p.scalars = p.points + p.shape.points * CDR_POINT_LEN;
	assert_int_equal(make_random(&p, context, values, seed), CDR_OK);
	uint32_t encrypted[] = { 3, lie == TOO_LARGE ? 31 : 15, 0, 1 };
	assert_int_equal(cdr_elgamal_encrypt(key, encrypted, wide, p.r, 4, p.packed), CDR_OK);
	assert_int_equal(make_numbers(&p, values), CDR_OK);
	assert_int_equal(make_matrix(&p), CDR_OK);
	if (lie == OTHER_BITS)
		p.bit[0] ^= 1;
	if (lie == OTHER_RANDOM)
		cdr_scalar_add(AT(p.r, 1), AT(p.r, 0), AT(p.r, 1));
	if (lie == TOO_LARGE)
		values[1] = 31;
	if (lie == NEGATIVE) {
		/* -1 is encrypted, and proved to be 15 - 16 */
		struct cdr_projective b, one;
		struct cdr_affine affine;
		uint8_t minus[CDR_SCALAR_LEN];
		cdr_scalar_set(16, minus);
		cdr_scalar_sub(zero, minus, minus);
		assert_int_equal(cdr_affine_decompress(p.packed + CDR_CIPHER_LEN + CDR_POINT_LEN, &affine), CDR_OK);
		b = (struct cdr_projective){ affine.x, affine.y, cdr_field_one };
		assert_int_equal(cdr_fixed_point_multiples(NULL, minus, 1, &one), CDR_OK);
		cdr_projective_add(&b, &one, &b);
		assert_true(cdr_projective_normalise(&b, &affine) != 0);
		cdr_affine_compress(&affine, p.packed + CDR_CIPHER_LEN + CDR_POINT_LEN);
	}
	assert_int_equal(prove(&p, context, values), CDR_OK);
	cdr_err err = cdr_range_verify(key, context, &layout, (struct cdr_bytes){ p.packed, len }, NULL);
	prover_free(&p);
	free(p.packed);
	return err;
}

static void
no_lie_can_be_proved(void **state)
{
	(void)state;
	assert_int_equal(prove_a_lie(HONEST), CDR_OK);
	for (enum lie lie = OTHER_BITS; lie <= OTHER_RANDOM; lie++)
		assert_int_equal(prove_a_lie(lie), CDR_E_PROOF);
}

/* ---- forms ---- */

/* Two counts of 4 bits and their flags: a flag is a bit, count - flag and 15 flag - count are in range, so it is 1 where the count is not 0. */
static const uint8_t pair_bits[] = { 1, 1, 4, 4, 4, 4 }, pair_cipher_bits[] = { 4, 4, 1, 1 };
static const struct cdr_range_form pair_forms[] = {
	{ { 2, 0 }, { 1, 0 } }, { { 3, 0 }, { 1, 0 } }, { { 0, 2 }, { 1, -1 } }, { { 1, 3 }, { 1, -1 } }, { { 2, 0 }, { 15, -1 } },
	{ { 3, 1 }, { 15, -1 } },
};
static const struct cdr_range_layout pairs = { .count = 6, .bits = pair_bits, .form = pair_forms, .cipher_count = 4,
	.cipher_bits = pair_cipher_bits };

static void
relations_hold(void **state)
{
	(void)state;
	size_t len = cdr_range_packed_len(&pairs);
	uint8_t *packed = malloc(len);
	struct cdr_range_form forms[6];
	struct cdr_range_layout other = pairs;
	struct cdr_ciphers *ciphers;

	for (uint32_t count = 0; count < 16; count++) {
		for (uint32_t flag = 0; flag < 2; flag++) {
			uint32_t values[] = { count, 15 - count, flag, 15 - count > 0 };
			assert_int_equal(cdr_range_encrypt(key, context, &pairs, values, seed, packed), flag == (count > 0) ? CDR_OK : CDR_E_RANGE);
			if (flag == (count > 0))
				assert_int_equal(cdr_range_verify(key, context, &pairs, (struct cdr_bytes){ packed, len }, &ciphers), CDR_OK);
			else
				continue;
			assert_int_equal(cdr_ciphers_count(ciphers), 4);
			cdr_ciphers_free(ciphers);
		}
	}
	/* Read as another relation. */
	memcpy(forms, pair_forms, sizeof(forms));
	other.form = forms;
	assert_int_equal(cdr_range_verify(key, context, &other, (struct cdr_bytes){ packed, len }, NULL), CDR_OK);
	forms[5].factor[0] = 16;
	assert_int_equal(cdr_range_verify(key, context, &other, (struct cdr_bytes){ packed, len }, NULL), CDR_E_PROOF);
	forms[5] = pair_forms[4];
	assert_int_equal(cdr_range_verify(key, context, &other, (struct cdr_bytes){ packed, len }, NULL), CDR_E_PROOF);
	/* About a ciphertext that there is not; with too large a factor. */
	forms[5].at[1] = 4;
	assert_int_equal(cdr_range_packed_len(&other), 0);
	forms[5] = pair_forms[5];
	forms[5].factor[1] = CDR_RANGE_FACTOR_MAX + 1;
	assert_int_equal(cdr_range_packed_len(&other), 0);
	free(packed);
}

/* A prover that proves {count, flag} and encrypts other ones. */
static cdr_err
prove_another_pair(uint32_t count, uint32_t flag, uint32_t encrypted_count, uint32_t encrypted_flag)
{
	uint32_t values[] = { count, 3, flag, 1 }, encrypted[] = { encrypted_count, 3, encrypted_flag, 1 };
	size_t len = cdr_range_packed_len(&pairs);
	struct prover p = { .key = key, .layout = &pairs, .packed = calloc(1, len) };

	assert_int_equal(cdr_range_shape(&pairs, &p.shape), CDR_OK);
	p.points = p.packed + p.shape.ciphers * CDR_CIPHER_LEN;
	p.scalars = p.points + p.shape.points * CDR_POINT_LEN;
	assert_int_equal(make_numbers(&p, values), CDR_OK);
	assert_int_equal(make_random(&p, context, values, seed), CDR_OK);
	assert_int_equal(cdr_elgamal_encrypt(key, encrypted, pair_cipher_bits, p.r, 4, p.packed), CDR_OK);
	assert_int_equal(make_matrix(&p), CDR_OK);
	assert_int_equal(prove(&p, context, encrypted), CDR_OK);
	cdr_err err = cdr_range_verify(key, context, &pairs, (struct cdr_bytes){ p.packed, len }, NULL);
	prover_free(&p);
	free(p.packed);
	return err;
}

static void
a_flag_is_a_count(void **state)
{
	(void)state;
	assert_int_equal(prove_another_pair(1, 1, 1, 1), CDR_OK);
	/* A flag for nothing, which could bring others' figures to be opened; a count without a flag. */
	assert_int_equal(prove_another_pair(1, 1, 0, 1), CDR_E_PROOF);
	assert_int_equal(prove_another_pair(0, 0, 0, 1), CDR_E_PROOF);
	assert_int_equal(prove_another_pair(0, 0, 1, 0), CDR_E_PROOF);
	assert_int_equal(prove_another_pair(5, 1, 5, 0), CDR_E_PROOF);
}

static void
one_wrong_proof_among_many(void **state)
{
	(void)state;
	struct made m, n;
	struct cdr_range_batch *batch;

	make(&m, 5);
	make(&n, 9);
	for (int wrong = 0; wrong < 2; wrong++) {
		assert_int_equal(cdr_range_batch_new(key, seed, &batch), CDR_OK);
		for (int i = 0; i < 6; i++) {
			struct made *one = i % 2 == 0 ? &m : &n;
			if (wrong && i == 3)
				one->packed[one->len - 1] ^= 1;
			assert_int_equal(cdr_range_batch_add(batch, context, &one->layout, (struct cdr_bytes){ one->packed, one->len }, NULL),
			    CDR_OK);
			if (wrong && i == 3)
				one->packed[one->len - 1] ^= 1;
		}
		/* What has the wrong form is left out, and the others are not touched. */
		assert_int_equal(cdr_range_batch_add(batch, context, &m.layout, (struct cdr_bytes){ m.packed, m.len - 1 }, NULL),
		    CDR_E_INPUT);
		assert_int_equal(cdr_range_batch_check(batch), wrong ? CDR_E_PROOF : CDR_OK);
		cdr_range_batch_free(batch);
	}
	/* The same wrong proof twice does not cancel out either. */
	assert_int_equal(cdr_range_batch_new(key, seed, &batch), CDR_OK);
	m.packed[m.len - 1] ^= 1;
	for (int i = 0; i < 2; i++)
		assert_int_equal(cdr_range_batch_add(batch, context, &m.layout, (struct cdr_bytes){ m.packed, m.len }, NULL), CDR_OK);
	assert_int_equal(cdr_range_batch_check(batch), CDR_E_PROOF);
	cdr_range_batch_free(batch);
	cdr_range_batch_free(NULL);
	free(m.packed);
	free(n.packed);
}

static void
limits_are_kept(void **state)
{
	(void)state;
	struct made m;
	uint8_t none[1] = { 0 }, many[4200];
	static uint8_t long_context[CDR_RANGE_CONTEXT_MAX + 1];
	struct cdr_range_layout bad = { .count = 1, .bits = none };

	make(&m, 2);
	assert_int_equal(cdr_range_packed_len(&bad), 0);
	none[0] = 33;
	assert_int_equal(cdr_range_packed_len(&bad), 0);
	bad.count = 0;
	assert_int_equal(cdr_range_packed_len(&bad), 0);
	memset(many, 32, sizeof(many));
	bad = (struct cdr_range_layout){ .count = 4200, .bits = many };
	assert_int_equal(cdr_range_packed_len(&bad), 0);
	assert_int_equal(cdr_range_encrypt(key, context, &bad, m.values, seed, m.packed), CDR_E_RANGE);
	m.values[0] = 256;
	assert_int_equal(cdr_range_encrypt(key, context, &m.layout, m.values, seed, m.packed), CDR_E_RANGE);
	for (size_t i = 0; i < m.len; i++)
		assert_int_equal(m.packed[i], 0);
	m.values[0] = 0;
	const struct cdr_bytes too_long = { long_context, sizeof(long_context) };
	assert_int_equal(cdr_range_encrypt(key, too_long, &m.layout, m.values, seed, m.packed), CDR_E_RANGE);
	assert_int_equal(cdr_range_verify(key, too_long, &m.layout, (struct cdr_bytes){ m.packed, m.len }, NULL), CDR_E_RANGE);
	/* A scalar that is not below n. */
	assert_int_equal(cdr_range_encrypt(key, context, &m.layout, m.values, seed, m.packed), CDR_OK);
	memset(m.packed + m.len - CDR_SCALAR_LEN, 0xff, CDR_SCALAR_LEN);
	assert_int_equal(verify(&m), CDR_E_PROOF);
	free(m.packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_hold),
		cmocka_unit_test(nothing_random_serves_twice),
		cmocka_unit_test(a_proof_serves_nobody_else),
		cmocka_unit_test(no_byte_can_be_changed),
		cmocka_unit_test(ciphertexts_cannot_be_shifted),
		cmocka_unit_test(no_lie_can_be_proved),
		cmocka_unit_test(relations_hold),
		cmocka_unit_test(a_flag_is_a_count),
		cmocka_unit_test(one_wrong_proof_among_many),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, start, end);
}
