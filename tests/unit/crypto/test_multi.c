/* Long sums of public multiples are what the group gives term by term. */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"

#include <stdlib.h>

#include "core/crypto/group.h"
#include "core/crypto/multi.h"

/* ${count} points, with repetitions, opposites and neighbours among them; and scalars that break arithmetic. */
static void
some_terms(size_t count, struct cdr_affine *points, uint8_t *bytes, uint8_t *scalars)
{
	unsigned seed = (unsigned)count;
	uint8_t k[CDR_SCALAR_LEN];

	for (size_t i = 0; i < count; i++) {
		uint8_t *scalar = scalars + i * CDR_SCALAR_LEN;
		do
			oracle_bytes(&seed, scalar, CDR_SCALAR_LEN);
		while (!cdr_scalar_reduced(scalar));
		if (i % 11 == 3)
			memset(scalar, 0, CDR_SCALAR_LEN);
		cdr_scalar_set(i % 5 == 4 ? 7 : i + 1, k);
		assert_int_equal(cdr_group_mul_base(k, bytes + i * CDR_POINT_LEN), CDR_OK);
		if (i % 7 == 6)
			bytes[i * CDR_POINT_LEN] ^= 1; /* the opposite of a point that is there too */
		assert_int_equal(cdr_affine_decompress(bytes + i * CDR_POINT_LEN, &points[i]), CDR_OK);
	}
}

static void
compare(size_t count)
{
	struct cdr_affine *points = calloc(count, sizeof(*points)), affine;
	uint8_t *bytes = malloc(count * CDR_POINT_LEN), *scalars = malloc(count * CDR_SCALAR_LEN), is[CDR_POINT_LEN];
	struct cdr_term *terms = calloc(count, sizeof(*terms));
	struct cdr_points *decoded, *sum;
	struct cdr_multi *multi;
	struct cdr_projective result;

	some_terms(count, points, bytes, scalars);
	assert_int_equal(cdr_points_decode(bytes, count, &decoded), CDR_OK);
	assert_int_equal(cdr_points_new(1, &sum), CDR_OK);
	assert_int_equal(cdr_multi_new(&multi), CDR_OK);
	for (size_t i = 0; i < count; i++) {
		terms[i] = (struct cdr_term){ scalars + i * CDR_SCALAR_LEN, decoded, i };
		assert_int_equal(cdr_multi_add(multi, scalars + i * CDR_SCALAR_LEN, &points[i]), CDR_OK);
	}
	assert_int_equal(cdr_points_set_sum(sum, 0, NULL, terms, count, false), CDR_OK);
	assert_int_equal(cdr_points_encode(sum), CDR_OK);
	assert_int_equal(cdr_multi_sum(multi, &result), CDR_OK);
	assert_true(cdr_projective_normalise(&result, &affine) != 0);
	cdr_affine_compress(&affine, is);
	assert_memory_equal(is, cdr_points_peek(sum, 0), CDR_POINT_LEN);
	/* Nothing more came: the same again. */
	assert_int_equal(cdr_multi_sum(multi, &result), CDR_OK);
	assert_true(cdr_projective_normalise(&result, &affine) != 0);
	cdr_multi_free(multi);
	cdr_points_free(decoded);
	cdr_points_free(sum);
	free(points);
	free(bytes);
	free(scalars);
	free(terms);
}

static void
sums_of_any_length(void **state)
{
	(void)state;
	static const size_t counts[] = { 1, 2, 3, 4, 17, 64, 255, 1000, 3000 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		compare(counts[i]);
}

/* More terms than are gathered at once: k and -k times one point come to nothing. */
static void
a_long_sum_that_is_nothing(void **state)
{
	(void)state;
	struct cdr_multi *multi;
	struct cdr_projective sum;
	struct cdr_affine g;
	uint8_t k[CDR_SCALAR_LEN], minus[CDR_SCALAR_LEN], zero[CDR_SCALAR_LEN] = { 0 }, bytes[CDR_POINT_LEN];

	cdr_scalar_set(1, k);
	assert_int_equal(cdr_group_mul_base(k, bytes), CDR_OK);
	assert_int_equal(cdr_affine_decompress(bytes, &g), CDR_OK);
	assert_int_equal(cdr_multi_new(&multi), CDR_OK);
	assert_int_equal(cdr_multi_sum(multi, &sum), CDR_OK);
	assert_true(cdr_field_is_zero(&sum.z) != 0);
	for (size_t i = 0; i < CDR_MULTI_ROOM / 2 + 5; i++) {
		cdr_scalar_set(i * 0x123456789abcULL + 1, k);
		cdr_scalar_sub(zero, k, minus);
		assert_int_equal(cdr_multi_add(multi, k, &g), CDR_OK);
		assert_int_equal(cdr_multi_add(multi, minus, &g), CDR_OK);
	}
	assert_int_equal(cdr_multi_sum(multi, &sum), CDR_OK);
	assert_true(cdr_field_is_zero(&sum.z) != 0);
	cdr_multi_free(multi);
	cdr_multi_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_any_length),
		cmocka_unit_test(a_long_sum_that_is_nothing),
	};

	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
