/* The group without OpenSSL's deprecated calls gives the same as with them. This file has group.c inside. */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"

#include "core/crypto/group.c"

#define COUNT 6

static void
the_start_finds_the_shortcuts_sound(void **state)
{
	(void)state;
	assert_int_equal(cdr_group_start(), CDR_OK);
	assert_true(cdr_openssl_shortcuts);
	assert_int_equal(cdr_group_start(), CDR_OK);
}

/* A known answer that does not come out is an error; a wrong point does not agree. */
static void
the_check_notices_a_wrong_result(void **state)
{
	(void)state;
	BN_CTX *ctx = cdr_openssl_begin(false);
	EC_POINT *place = EC_POINT_new(cdr_openssl_curve), *other = EC_POINT_new(cdr_openssl_curve);
	uint8_t wrong[CDR_SCALAR_LEN];
	const BIGNUM *k = NULL;

	memcpy(wrong, cdr_openssl_known, sizeof(wrong));
	wrong[31] ^= 1;
	assert_int_equal(cdr_openssl_number(ctx, wrong, &k), CDR_OK);
	assert_int_equal(check_known(place, k, ctx), CDR_E_INTERNAL);
	assert_int_equal(cdr_openssl_number(ctx, cdr_openssl_known, &k), CDR_OK);
	assert_int_equal(check_known(other, k, ctx), CDR_OK);
	assert_true(cdr_openssl_agree(other, other, ctx));
	assert_false(cdr_openssl_agree(other, place, ctx));
	EC_POINT_free(place);
	EC_POINT_free(other);
	cdr_openssl_end(ctx);
}

/* All that has two ways, into ${out}: products, sums with and without base, a fixed point; and a sum that is 0. */
static void
compute(uint8_t out[(COUNT + 3) * CDR_POINT_LEN])
{
	uint8_t scalars[COUNT][CDR_SCALAR_LEN], minus[CDR_SCALAR_LEN], zero[CDR_SCALAR_LEN] = { 0 };
	uint8_t bytes[COUNT * CDR_POINT_LEN];
	struct cdr_term terms[COUNT + 1];
	struct cdr_points *points, *products, *sums;
	struct cdr_fixed_point *fixed;
	unsigned seed = 1;

	for (size_t i = 0; i < COUNT; i++) {
		do
			oracle_bytes(&seed, scalars[i], 32);
		while (!cdr_scalar_valid(scalars[i]));
		assert_int_equal(cdr_group_mul_base(scalars[i], bytes + i * CDR_POINT_LEN), CDR_OK);
	}
	assert_int_equal(cdr_points_decode(bytes, COUNT, &points), CDR_OK);
	assert_int_equal(cdr_points_mul(scalars[1], points, &products), CDR_OK);
	assert_int_equal(cdr_points_encode(products), CDR_OK);
	memcpy(out, cdr_points_peek(products, 0), COUNT * CDR_POINT_LEN);

	for (size_t i = 0; i < COUNT; i++)
		terms[i] = (struct cdr_term){ scalars[COUNT - 1 - i], points, i };
	assert_int_equal(cdr_points_new(3, &sums), CDR_OK);
	assert_int_equal(cdr_points_set_sum(sums, 0, scalars[2], terms, COUNT, true), CDR_OK);
	assert_int_equal(cdr_points_set_sum(sums, 1, NULL, terms, COUNT, false), CDR_OK);
	assert_int_equal(cdr_fixed_point_new(bytes, true, &fixed), CDR_OK);
	assert_true((fixed->table != NULL) == cdr_openssl_shortcuts);
	assert_int_equal(cdr_points_set_fixed(sums, 2, scalars[3], scalars[4], fixed), CDR_OK);
	assert_int_equal(cdr_points_encode(sums), CDR_OK);
	memcpy(out + COUNT * CDR_POINT_LEN, cdr_points_peek(sums, 0), 3 * CDR_POINT_LEN);

	cdr_scalar_sub(zero, scalars[0], minus);
	terms[0] = (struct cdr_term){ scalars[0], points, 0 };
	terms[1] = (struct cdr_term){ minus, points, 0 };
	terms[2] = (struct cdr_term){ zero, points, 1 };
	assert_int_equal(cdr_points_set_sum(sums, 0, NULL, terms, 3, false), CDR_OK);
	assert_int_equal(cdr_points_encode(sums), CDR_E_POINT);

	cdr_fixed_point_free(fixed);
	cdr_points_free(points);
	cdr_points_free(products);
	cdr_points_free(sums);
}

static void
both_ways_give_the_same(void **state)
{
	(void)state;
	uint8_t with[(COUNT + 3) * CDR_POINT_LEN], without[(COUNT + 3) * CDR_POINT_LEN];

	cdr_openssl_shortcuts = true;
	compute(with);
	cdr_openssl_shortcuts = false;
	compute(without);
	cdr_openssl_shortcuts = true;
	assert_memory_equal(with, without, sizeof(with));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_finds_the_shortcuts_sound),
		cmocka_unit_test(the_check_notices_a_wrong_result),
		cmocka_unit_test(both_ways_give_the_same),
	};
	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
