/* A proof holds for what it was made for, and for nothing else. Its bytes stand in test_oprf, beside the RFC's. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/crypto/proof.h"

#define COUNT 5

static const uint8_t zero[CDR_PROOF_LEN];
static const struct cdr_bytes context = { (const uint8_t *)"test", 4 };

struct made {
	uint8_t key[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], random[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN];
	struct cdr_points *c, *d;
	struct cdr_fixed_point *fixed;
};

/* c[i] = (first + i) * G */
static struct cdr_points *
some_points(unsigned first, size_t count)
{
	uint8_t k[CDR_SCALAR_LEN], *bytes = calloc(count, CDR_POINT_LEN);
	struct cdr_points *points;

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++) {
		cdr_scalar_set(first + i, k);
		assert_int_equal(cdr_group_mul_base(k, bytes + i * CDR_POINT_LEN), CDR_OK);
	}
	assert_int_equal(cdr_points_decode(bytes, count, &points), CDR_OK);
	free(bytes);
	return points;
}

static void
make(struct made *m, size_t count)
{
	assert_int_equal(cdr_scalar_random(m->key), CDR_OK);
	assert_int_equal(cdr_scalar_random(m->random), CDR_OK);
	assert_int_equal(cdr_group_mul_base(m->key, m->public_key), CDR_OK);
	assert_int_equal(cdr_fixed_point_new(m->public_key, false, &m->fixed), CDR_OK);
	m->c = some_points(3, count);
	assert_int_equal(cdr_points_mul(m->key, m->c, &m->d), CDR_OK);
	assert_int_equal(cdr_points_encode(m->d), CDR_OK);
	assert_int_equal(cdr_proof_make(context, m->key, m->c, m->d, m->random, m->proof), CDR_OK);
}

static void
wipe(struct made *m)
{
	cdr_points_free(m->c);
	cdr_points_free(m->d);
	cdr_fixed_point_free(m->fixed);
}

static void
proofs_hold(void **state)
{
	(void)state;
	struct made m;
	struct cdr_fixed_point *table;

	for (size_t count = 1; count <= COUNT; count++) {
		make(&m, count);
		assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.d, m.proof), CDR_OK);
		if (count == COUNT) {
			assert_int_equal(cdr_fixed_point_new(m.public_key, true, &table), CDR_OK);
			assert_int_equal(cdr_proof_verify(context, table, m.c, m.d, m.proof), CDR_OK);
			m.proof[9] ^= 1;
			assert_int_equal(cdr_proof_verify(context, table, m.c, m.d, m.proof), CDR_E_PROOF);
			cdr_fixed_point_free(table);
		}
		wipe(&m);
	}
}

static void
the_largest_batch_holds(void **state)
{
	(void)state;
	struct made m;

	make(&m, CDR_PROOF_BATCH_MAX);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.d, m.proof), CDR_OK);
	wipe(&m);
}

static void
any_changed_byte_of_a_proof_shows(void **state)
{
	(void)state;
	struct made m;

	make(&m, 2);
	for (size_t i = 0; i < CDR_PROOF_LEN; i++) {
		m.proof[i] ^= 1;
		assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.d, m.proof), CDR_E_PROOF);
		m.proof[i] ^= 1;
	}
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.d, zero), CDR_E_PROOF);
	wipe(&m);
}

/* c and s have one form each: the same numbers plus n are refused, as is whatever is not below n. */
static void
scalars_not_below_n_are_refused(void **state)
{
	(void)state;
	uint8_t proof[CDR_PROOF_LEN];
	struct made m;

	make(&m, 2);
	for (size_t half = 0; half < 2; half++) {
		memcpy(proof, m.proof, sizeof(proof));
		memset(proof + half * CDR_SCALAR_LEN, 0xff, CDR_SCALAR_LEN);
		assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.d, proof), CDR_E_PROOF);
	}
	wipe(&m);
}

/* Another key, another context, points in another order, one point exchanged, one pair left out. */
static void
a_proof_is_for_one_statement(void **state)
{
	(void)state;
	uint8_t bytes[COUNT * CDR_POINT_LEN], first[CDR_POINT_LEN];
	struct made m, other;
	struct cdr_points *changed;
	const struct cdr_bytes another = { (const uint8_t *)"tesu", 4 };

	make(&m, COUNT);
	make(&other, COUNT);
	assert_int_equal(cdr_proof_verify(context, other.fixed, m.c, m.d, m.proof), CDR_E_PROOF);
	assert_int_equal(cdr_proof_verify(another, m.fixed, m.c, m.d, m.proof), CDR_E_PROOF);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, other.d, m.proof), CDR_E_PROOF);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, m.c, m.proof), CDR_E_PROOF);

	memcpy(bytes, cdr_points_peek(m.d, 0), sizeof(bytes));
	memcpy(first, bytes, CDR_POINT_LEN);
	memmove(bytes, bytes + CDR_POINT_LEN, CDR_POINT_LEN);
	memcpy(bytes + CDR_POINT_LEN, first, CDR_POINT_LEN);
	assert_int_equal(cdr_points_decode(bytes, COUNT, &changed), CDR_OK);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, changed, m.proof), CDR_E_PROOF);
	cdr_points_free(changed);

	/* The opposite of one point. */
	memcpy(bytes, cdr_points_peek(m.d, 0), sizeof(bytes));
	bytes[0] ^= 1;
	assert_int_equal(cdr_points_decode(bytes, COUNT, &changed), CDR_OK);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, changed, m.proof), CDR_E_PROOF);
	cdr_points_free(changed);

	assert_int_equal(cdr_points_decode(cdr_points_peek(m.d, 0), COUNT - 1, &changed), CDR_OK);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, changed, m.proof), CDR_E_RANGE);
	cdr_points_free(changed);
	wipe(&m);
	wipe(&other);
}

/* A prover who lies about one of many, with a proof made over the lie. */
static void
a_proof_of_something_false_does_not_hold(void **state)
{
	(void)state;
	uint8_t bytes[COUNT * CDR_POINT_LEN], two[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN];
	struct made m;
	struct cdr_points *lie;

	make(&m, COUNT);
	cdr_scalar_set(2, two);
	memcpy(bytes, cdr_points_peek(m.d, 0), sizeof(bytes));
	assert_int_equal(cdr_group_mul(two, bytes, bytes), CDR_OK);
	assert_int_equal(cdr_points_decode(bytes, COUNT, &lie), CDR_OK);
	assert_int_equal(cdr_proof_make(context, m.key, m.c, lie, m.random, proof), CDR_OK);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, lie, proof), CDR_E_PROOF);
	cdr_points_free(lie);
	wipe(&m);
}

static void
what_is_out_of_range_is_refused(void **state)
{
	(void)state;
	uint8_t proof[CDR_PROOF_LEN], text[CDR_PROOF_CONTEXT_MAX + 1] = { 0 };
	const struct cdr_bytes none = { text, 0 }, longer = { text, sizeof(text) };
	struct made m;
	struct cdr_points *bare, *many = some_points(1, CDR_PROOF_BATCH_MAX + 1);

	make(&m, COUNT);
	assert_int_equal(cdr_points_mul(m.key, m.c, &bare), CDR_OK);
	assert_int_equal(cdr_proof_make(none, m.key, m.c, m.d, m.random, proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_make(longer, m.key, m.c, m.d, m.random, proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_make(context, m.key, m.c, bare, m.random, proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_make(context, m.key, many, many, m.random, proof), CDR_E_RANGE);
	assert_memory_equal(proof, zero, CDR_PROOF_LEN);
	assert_int_equal(cdr_proof_verify(none, m.fixed, m.c, m.d, m.proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_verify(longer, m.fixed, m.c, m.d, m.proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_verify(context, m.fixed, m.c, bare, m.proof), CDR_E_RANGE);
	assert_int_equal(cdr_proof_verify(context, m.fixed, many, many, m.proof), CDR_E_RANGE);
	cdr_points_free(bare);
	cdr_points_free(many);
	wipe(&m);
}

static void
bad_scalars_are_refused(void **state)
{
	(void)state;
	uint8_t proof[CDR_PROOF_LEN], big[CDR_SCALAR_LEN];
	struct made m;

	make(&m, COUNT);
	memset(big, 0xff, sizeof(big));
	const uint8_t *const bad[] = { zero, big };
	for (size_t i = 0; i < 2; i++) {
		memset(proof, 1, sizeof(proof));
		assert_int_equal(cdr_proof_make(context, bad[i], m.c, m.d, m.random, proof), CDR_E_INPUT);
		assert_memory_equal(proof, zero, CDR_PROOF_LEN);
		memset(proof, 1, sizeof(proof));
		assert_int_equal(cdr_proof_make(context, m.key, m.c, m.d, bad[i], proof), CDR_E_INPUT);
		assert_memory_equal(proof, zero, CDR_PROOF_LEN);
	}
	wipe(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_hold),
		cmocka_unit_test(the_largest_batch_holds),
		cmocka_unit_test(any_changed_byte_of_a_proof_shows),
		cmocka_unit_test(scalars_not_below_n_are_refused),
		cmocka_unit_test(a_proof_is_for_one_statement),
		cmocka_unit_test(a_proof_of_something_false_does_not_hold),
		cmocka_unit_test(what_is_out_of_range_is_refused),
		cmocka_unit_test(bad_scalars_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
