/* Arithmetic modulo p and the forms of points agree with libgcrypt's. */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"

#include "core/crypto/point.h"

#define ROUNDS 400

static const char *const edges[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000001",
	"000000000000000000000000ffffffffffffffffffffffffffffffffffffffff",
	"7fffffff80000000800000000000000000000000800000000000000000000000",
	"ffffffff00000001000000000000000000000000fffffffffffffffffffffffe",
	"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	"ffffffff00000001000000000000000000000001000000000000000000000000",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
#define EDGE_COUNT (sizeof(edges) / sizeof(edges[0]))

static void
assert_field(const struct cdr_field *a, gcry_mpi_t want)
{
	uint8_t ours[32], theirs[32];

	cdr_field_write(a, ours);
	oracle_write(want, theirs);
	assert_memory_equal(ours, theirs, 32);
}

/* u/v is a square exactly if (u/v)^((p-1)/2) is 1; the root is then one of it, else of -10 u/v. */
static void
check_sqrt_ratio(const struct cdr_field *a, const struct cdr_field *b, gcry_mpi_t u, gcry_mpi_t v, gcry_mpi_t p)
{
	struct cdr_field root;
	gcry_mpi_t ratio = gcry_mpi_new(256), r = gcry_mpi_new(256), half = gcry_mpi_new(256);

	assert_true(gcry_mpi_invm(ratio, v, p));
	gcry_mpi_mulm(ratio, ratio, u, p);
	gcry_mpi_rshift(half, p, 1);
	gcry_mpi_powm(r, ratio, half, p);
	bool square = gcry_mpi_cmp_ui(r, 1) <= 0;

	uint64_t mask = cdr_field_sqrt_ratio(a, b, &root);
	assert_true(mask == (square ? UINT64_MAX : 0));
	if (!square) {
		gcry_mpi_mul_ui(ratio, ratio, 10);
		gcry_mpi_neg(ratio, ratio);
		gcry_mpi_mod(ratio, ratio, p);
	}
	cdr_field_square(&root, &root);
	assert_field(&root, ratio);
	gcry_mpi_release(ratio);
	gcry_mpi_release(r);
	gcry_mpi_release(half);
}

static void
check_pair(const uint8_t a[32], const uint8_t b[32])
{
	struct cdr_field x, y, z;
	gcry_mpi_t u = oracle_read(a, 32), v = oracle_read(b, 32), p = oracle_number(ORACLE_P), r = gcry_mpi_new(256);

	bool below = gcry_mpi_cmp(u, p) < 0;
	assert_true(cdr_field_read(a, &x) == (below ? UINT64_MAX : 0));
	(void)cdr_field_read(b, &y);
	gcry_mpi_mod(u, u, p);
	gcry_mpi_mod(v, v, p);
	assert_field(&x, u);
	assert_true(cdr_field_is_odd(&x) == (gcry_mpi_test_bit(u, 0) ? UINT64_MAX : 0));
	assert_true(cdr_field_is_zero(&x) == (gcry_mpi_cmp_ui(u, 0) == 0 ? UINT64_MAX : 0));
	assert_true(cdr_field_equal(&x, &y) == (gcry_mpi_cmp(u, v) == 0 ? UINT64_MAX : 0));

	gcry_mpi_addm(r, u, v, p);
	cdr_field_add(&x, &y, &z);
	assert_field(&z, r);
	gcry_mpi_subm(r, u, v, p);
	cdr_field_sub(&x, &y, &z);
	assert_field(&z, r);
	gcry_mpi_mulm(r, u, v, p);
	cdr_field_mul(&x, &y, &z);
	assert_field(&z, r);
	gcry_mpi_mulm(r, u, u, p);
	cdr_field_square(&x, &z);
	assert_field(&z, r);

	cdr_field_invert(&y, &z);
	if (gcry_mpi_cmp_ui(v, 0) == 0) {
		assert_true(cdr_field_is_zero(&z) != 0);
	} else {
		assert_true(gcry_mpi_invm(r, v, p));
		assert_field(&z, r);
		check_sqrt_ratio(&x, &y, u, v, p);
	}
	gcry_mpi_release(u);
	gcry_mpi_release(v);
	gcry_mpi_release(p);
	gcry_mpi_release(r);
}

static void
edges_agree_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t a[32], b[32];

	for (size_t i = 0; i < EDGE_COUNT; i++) {
		for (size_t j = 0; j < EDGE_COUNT; j++) {
			oracle_hex(edges[i], a, 32);
			oracle_hex(edges[j], b, 32);
			check_pair(a, b);
		}
	}
}

static void
others_agree_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t a[32], b[32];
	unsigned seed = 1;

	for (size_t i = 0; i < ROUNDS; i++) {
		oracle_bytes(&seed, a, 32);
		oracle_bytes(&seed, b, 32);
		check_pair(a, b);
	}
}

static void
wide_numbers_are_reduced(void **state)
{
	(void)state;
	uint8_t wide[48];
	struct cdr_field a;
	unsigned seed = 1;
	gcry_mpi_t p = oracle_number(ORACLE_P);

	for (size_t i = 0; i < ROUNDS; i++) {
		oracle_bytes(&seed, wide, 48);
		if (i == 0)
			memset(wide, 0xff, 48);
		gcry_mpi_t x = oracle_read(wide, 48);
		gcry_mpi_mod(x, x, p);
		cdr_field_read_wide(wide, &a);
		assert_field(&a, x);
		gcry_mpi_release(x);
	}
	gcry_mpi_release(p);
}

/* k * G as libgcrypt has it. */
static void
multiple_of_g(gcry_ctx_t curve, unsigned k, struct cdr_affine *out)
{
	uint8_t bytes[32];
	gcry_mpi_t number = gcry_mpi_set_ui(NULL, k), x = gcry_mpi_new(256), y = gcry_mpi_new(256);
	gcry_mpi_point_t g = gcry_mpi_ec_get_point("g", curve, 1), product = gcry_mpi_point_new(256);

	gcry_mpi_ec_mul(product, number, g, curve);
	assert_int_equal(gcry_mpi_ec_get_affine(x, y, product, curve), 0);
	oracle_write(x, bytes);
	assert_true(cdr_field_read(bytes, &out->x) != 0);
	oracle_write(y, bytes);
	assert_true(cdr_field_read(bytes, &out->y) != 0);
	gcry_mpi_release(number);
	gcry_mpi_release(x);
	gcry_mpi_release(y);
	gcry_mpi_point_release(g);
	gcry_mpi_point_release(product);
}

/* The point a in projective form with some z, negated on demand; the identity for NULL. */
static void
project(const struct cdr_affine *a, bool negate, unsigned z, struct cdr_projective *out)
{
	struct cdr_field factor = cdr_field_zero;

	*out = cdr_projective_identity;
	if (a == NULL)
		return;
	for (unsigned i = 0; i < z; i++)
		cdr_field_add(&factor, &cdr_field_one, &factor);
	cdr_field_mul(&a->x, &factor, &out->x);
	cdr_field_mul(&a->y, &factor, &out->y);
	if (negate)
		cdr_field_sub(&cdr_field_zero, &out->y, &out->y);
	out->z = factor;
}

static void
assert_affine(const struct cdr_projective *a, const struct cdr_affine *want)
{
	struct cdr_affine affine;

	assert_true(cdr_projective_normalise(a, &affine) != 0);
	assert_true(cdr_field_equal(&affine.x, &want->x) != 0);
	assert_true(cdr_field_equal(&affine.y, &want->y) != 0);
}

/* One formula for different points, equal ones, opposite ones, and the identity on either side. */
static void
addition_is_complete(void **state)
{
	(void)state;
	struct cdr_affine multiple[8], affine;
	struct cdr_projective a, b, c;
	gcry_ctx_t curve;

	assert_int_equal(gcry_mpi_ec_new(&curve, NULL, "NIST P-256"), 0);
	for (unsigned k = 1; k < 8; k++)
		multiple_of_g(curve, k, &multiple[k]);
	for (unsigned i = 1; i < 4; i++) {
		for (unsigned j = 1; j < 4; j++) {
			project(&multiple[i], false, 3, &a);
			project(&multiple[j], false, 5, &b);
			cdr_projective_add(&a, &b, &c);
			assert_affine(&c, &multiple[i + j]);
			cdr_projective_add(&a, &b, &a);
			assert_affine(&a, &multiple[i + j]);
		}
		project(&multiple[i], false, 3, &a);
		project(&multiple[i], true, 7, &b);
		cdr_projective_add(&a, &b, &c);
		assert_true(cdr_projective_normalise(&c, &affine) == 0);
		project(NULL, false, 1, &b);
		cdr_projective_add(&a, &b, &c);
		assert_affine(&c, &multiple[i]);
		cdr_projective_add(&b, &a, &c);
		assert_affine(&c, &multiple[i]);
	}
	cdr_projective_add(&b, &b, &c);
	assert_true(cdr_projective_normalise(&c, &affine) == 0);
	gcry_ctx_release(curve);
}

static void
many_points_are_normalised_at_once(void **state)
{
	(void)state;
	struct cdr_affine multiple[8], out[8];
	struct cdr_jacobian in[8];
	struct cdr_field z = cdr_field_one, z2, z3;
	gcry_ctx_t curve;

	assert_int_equal(gcry_mpi_ec_new(&curve, NULL, "NIST P-256"), 0);
	for (unsigned k = 0; k < 8; k++) {
		multiple_of_g(curve, k + 1, &multiple[k]);
		cdr_field_add(&z, &cdr_curve_b, &z);
		cdr_field_square(&z, &z2);
		cdr_field_mul(&z2, &z, &z3);
		cdr_field_mul(&multiple[k].x, &z2, &in[k].x);
		cdr_field_mul(&multiple[k].y, &z3, &in[k].y);
		in[k].z = z;
	}
	for (size_t count = 1; count <= 8; count++) {
		cdr_jacobian_normalise(in, count, out);
		for (size_t k = 0; k < count; k++) {
			assert_true(cdr_field_equal(&out[k].x, &multiple[k].x) != 0);
			assert_true(cdr_field_equal(&out[k].y, &multiple[k].y) != 0);
		}
	}
	gcry_ctx_release(curve);
}

static void
points_are_read_as_they_are_written(void **state)
{
	(void)state;
	struct cdr_affine a, back;
	uint8_t bytes[CDR_AFFINE_LEN], uncompressed[CDR_AFFINE_UNCOMPRESSED_LEN] = { 4 };
	gcry_ctx_t curve;

	assert_int_equal(gcry_mpi_ec_new(&curve, NULL, "NIST P-256"), 0);
	for (unsigned k = 1; k < 20; k++) {
		multiple_of_g(curve, k, &a);
		cdr_affine_compress(&a, bytes);
		assert_int_equal(cdr_affine_decompress(bytes, &back), CDR_OK);
		assert_true(cdr_field_equal(&a.x, &back.x) != 0);
		assert_true(cdr_field_equal(&a.y, &back.y) != 0);

		cdr_field_write(&a.x, uncompressed + 1);
		cdr_field_write(&a.y, uncompressed + 33);
		assert_int_equal(cdr_affine_read_uncompressed(uncompressed, &back), CDR_OK);
		uncompressed[64] ^= 1;
		assert_int_equal(cdr_affine_read_uncompressed(uncompressed, &back), CDR_E_POINT);
		uncompressed[64] ^= 1;
		uncompressed[0] = 6;
		assert_int_equal(cdr_affine_read_uncompressed(uncompressed, &back), CDR_E_POINT);
		uncompressed[0] = 4;
	}
	gcry_ctx_release(curve);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_agree_with_libgcrypt),
		cmocka_unit_test(others_agree_with_libgcrypt),
		cmocka_unit_test(wide_numbers_are_reduced),
		cmocka_unit_test(addition_is_complete),
		cmocka_unit_test(many_points_are_normalised_at_once),
		cmocka_unit_test(points_are_read_as_they_are_written),
	};
	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
