/* The group: libgcrypt computes the same, Wycheproof's points are judged right, sums and tables are what they say. */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"
#include "tests/unit/vectors.h"

#include "core/crypto/group.h"
#include "core/crypto/point.h"

#define G "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"

static const uint8_t zero[CDR_POINT_UNCOMPRESSED_LEN];

/* A curve, a number and a point of libgcrypt. */
struct theirs {
	gcry_ctx_t curve;
	gcry_mpi_point_t point;
	gcry_mpi_t number, x, y;
};

static void
theirs_init(struct theirs *t)
{
	assert_int_equal(gcry_mpi_ec_new(&t->curve, NULL, "NIST P-256"), 0);
	t->point = gcry_mpi_point_new(256);
	t->number = NULL;
	t->x = gcry_mpi_new(256);
	t->y = gcry_mpi_new(256);
}

static void
theirs_wipe(struct theirs *t)
{
	gcry_mpi_point_release(t->point);
	gcry_mpi_release(t->number);
	gcry_mpi_release(t->x);
	gcry_mpi_release(t->y);
	gcry_ctx_release(t->curve);
}

/* k * their point, compressed; it stays their point. */
static void
theirs_mul(struct theirs *t, const uint8_t k[32], uint8_t out[33])
{
	gcry_mpi_release(t->number);
	t->number = oracle_read(k, 32);
	gcry_mpi_ec_mul(t->point, t->number, t->point, t->curve);
	assert_int_equal(gcry_mpi_ec_get_affine(t->x, t->y, t->point, t->curve), 0);
	out[0] = gcry_mpi_test_bit(t->y, 0) ? 3 : 2;
	oracle_write(t->x, out + 1);
}

static void
theirs_set_base(struct theirs *t)
{
	gcry_mpi_point_release(t->point);
	t->point = gcry_mpi_ec_get_point("g", t->curve, 1);
}

static void
valid_scalar(unsigned *seed, uint8_t k[32])
{
	do
		oracle_bytes(seed, k, 32);
	while (!cdr_scalar_valid(k));
}

static void
multiples_agree_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t k[32], ours[33], want[33], again[33], uncompressed[65], x[32];
	unsigned seed = 1;
	struct theirs t;

	theirs_init(&t);
	for (size_t i = 0; i < 40; i++) {
		valid_scalar(&seed, k);
		theirs_set_base(&t);
		theirs_mul(&t, k, want);
		assert_int_equal(cdr_group_mul_base(k, ours), CDR_OK);
		assert_memory_equal(ours, want, 33);

		valid_scalar(&seed, k);
		assert_int_equal(cdr_group_public_uncompressed(k, uncompressed), CDR_OK);
		assert_int_equal(cdr_group_mul_base(k, again), CDR_OK);
		assert_int_equal(uncompressed[0], 4);
		assert_int_equal(again[0], 2 + uncompressed[64] % 2);
		assert_memory_equal(again + 1, uncompressed + 1, 32);

		valid_scalar(&seed, k);
		theirs_mul(&t, k, want);
		assert_int_equal(cdr_group_mul(k, ours, ours), CDR_OK);
		assert_memory_equal(ours, want, 33);
		assert_int_equal(cdr_group_ecdh(k, uncompressed, x), CDR_OK);
		assert_int_equal(cdr_group_mul(k, again, again), CDR_OK);
		assert_memory_equal(x, again + 1, 32);
	}
	theirs_wipe(&t);
}

/* Scalars at the ends of the range, and such as make a BIGNUM of fewer words or bytes. */
static void
short_and_extreme_scalars_multiply_right(void **state)
{
	(void)state;
	static const char *const scalars[] = {
		"0000000000000000000000000000000000000000000000000000000000000001",
		"0000000000000000000000000000000000000000000000000000000000000002",
		"00000000000000000000000000000000000000000000000000000000000000ff",
		"0000000000000000000000000000000000000000000000010000000000000000",
		"0000000000000000ffffffffffffffffffffffffffffffffffffffffffffffff",
		"00000000ffffffffffffffff00000000000000004319055258e8617b0c46353c",
		"00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaae",
		"00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaaf",
		"00000000ffffffff00000000000000004319055258e8617b0c46353d039cdab0",
		"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
	};
	uint8_t k[32], ours[33], want[33], base[33];
	struct theirs t;

	theirs_init(&t);
	oracle_hex(G, base, 33);
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
		oracle_hex(scalars[i], k, 32);
		theirs_set_base(&t);
		theirs_mul(&t, k, want);
		assert_int_equal(cdr_group_mul_base(k, ours), CDR_OK);
		assert_memory_equal(ours, want, 33);
		assert_int_equal(cdr_group_mul(k, base, ours), CDR_OK);
		assert_memory_equal(ours, want, 33);
	}
	theirs_wipe(&t);
}

static void
bad_scalars_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		ORACLE_N,
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t k[32], base[33], out[65], peer[65];
	struct cdr_affine a;
	struct cdr_points *points, *products;

	oracle_hex(G, base, 33);
	cdr_scalar_set(1, k);
	assert_int_equal(cdr_group_public_uncompressed(k, peer), CDR_OK);
	assert_int_equal(cdr_affine_decompress(base, &a), CDR_OK);
	assert_int_equal(cdr_points_decode(base, 1, &points), CDR_OK);
	for (size_t i = 0; i < 3; i++) {
		oracle_hex(bad[i], k, 32);
		memset(out, 1, sizeof(out));
		assert_int_equal(cdr_group_mul_base(k, out), CDR_E_INPUT);
		assert_memory_equal(out, zero, 33);
		memset(out, 1, sizeof(out));
		assert_int_equal(cdr_group_mul(k, base, out), CDR_E_INPUT);
		assert_memory_equal(out, zero, 33);
		memset(out, 1, sizeof(out));
		assert_int_equal(cdr_group_mul_affine(k, &a, out), CDR_E_INPUT);
		assert_memory_equal(out, zero, 33);
		memset(out, 1, sizeof(out));
		assert_int_equal(cdr_group_public_uncompressed(k, out), CDR_E_INPUT);
		assert_memory_equal(out, zero, 65);
		memset(out, 1, sizeof(out));
		assert_int_equal(cdr_group_ecdh(k, peer, out), CDR_E_INPUT);
		assert_memory_equal(out, zero, 32);
		products = points;
		assert_int_equal(cdr_points_mul(k, points, &products), CDR_E_INPUT);
		assert_null(products);
	}
	cdr_points_free(points);
}

/* A point that was computed wrongly goes no further. */
static void
a_point_off_the_curve_is_not_multiplied(void **state)
{
	(void)state;
	uint8_t k[32], base[33], out[33];
	struct cdr_affine a;

	cdr_scalar_set(3, k);
	oracle_hex(G, base, 33);
	assert_int_equal(cdr_affine_decompress(base, &a), CDR_OK);
	assert_int_equal(cdr_group_mul_affine(k, &a, out), CDR_OK);
	cdr_field_add(&a.y, &cdr_field_one, &a.y);
	assert_int_equal(cdr_group_mul_affine(k, &a, out), CDR_E_POINT);
	assert_memory_equal(out, zero, 33);
}

static void
assert_refused(const uint8_t bytes[33])
{
	uint8_t k[32], out[33];
	struct cdr_points *points;
	struct cdr_fixed_point *fixed;

	cdr_scalar_set(7, k);
	memset(out, 1, sizeof(out));
	assert_int_equal(cdr_group_mul(k, bytes, out), CDR_E_POINT);
	assert_memory_equal(out, zero, 33);
	assert_int_equal(cdr_points_decode(bytes, 1, &points), CDR_E_POINT);
	assert_null(points);
	assert_int_equal(cdr_fixed_point_new(bytes, false, &fixed), CDR_E_POINT);
	assert_null(fixed);
}

static void
what_is_no_point_is_refused(void **state)
{
	(void)state;
	uint8_t bytes[33], x[32];
	struct cdr_points *points;

	/* The identity, hybrid and uncompressed forms, and any other first byte before a good x. */
	assert_refused(zero);
	oracle_hex(G, bytes, 33);
	for (unsigned first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		if (first != 2 && first != 3)
			assert_refused(bytes);
	}
	/* x = p + 5, where 5 is the x of a point; p; all ones. */
	oracle_hex("020000000000000000000000000000000000000000000000000000000000000005", bytes, 33);
	assert_int_equal(cdr_points_decode(bytes, 1, &points), CDR_OK);
	cdr_points_free(points);
	oracle_hex("02ffffffff00000001000000000000000000000001000000000000000000000004", bytes, 33);
	assert_refused(bytes);
	oracle_hex("02" ORACLE_P, bytes, 33);
	assert_refused(bytes);
	memset(bytes + 1, 0xff, 32);
	assert_refused(bytes);
	/* One bad point among good ones spoils all. */
	uint8_t three[99];
	for (size_t i = 0; i < 3; i++)
		oracle_hex(G, three + 33 * i, 33);
	three[33] = 4;
	assert_int_equal(cdr_points_decode(three, 3, &points), CDR_E_POINT);
	assert_null(points);

	/* ECDH: first byte, coordinates not below p, off the curve. */
	uint8_t k[32], peer[65], wrong[65];
	cdr_scalar_set(1, k);
	assert_int_equal(cdr_group_public_uncompressed(k, peer), CDR_OK);
	for (size_t i = 0; i < 65; i++) {
		memcpy(wrong, peer, 65);
		wrong[i] ^= 0x10;
		memset(x, 1, 32);
		assert_int_equal(cdr_group_ecdh(k, wrong, x), CDR_E_POINT);
		assert_memory_equal(x, zero, 32);
	}
	memset(wrong + 1, 0xff, 32);
	assert_int_equal(cdr_group_ecdh(k, wrong, x), CDR_E_POINT);
	assert_int_equal(cdr_group_ecdh(k, zero, x), CDR_E_POINT);
}

/* Of random x about half belong to points: Euler's criterion, by libgcrypt, says which; then y is a root. */
static void
decoding_agrees_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t bytes[33];
	unsigned seed = 1, points_seen = 0;
	gcry_mpi_t p = oracle_number(ORACLE_P), b = oracle_number(ORACLE_B), half = gcry_mpi_new(256);
	gcry_mpi_t r = gcry_mpi_new(256), e = gcry_mpi_new(256);
	struct theirs t;
	struct cdr_affine a;

	theirs_init(&t);
	gcry_mpi_rshift(half, p, 1);
	for (size_t i = 0; i < 300; i++) {
		oracle_bytes(&seed, bytes, 33);
		bytes[0] = (uint8_t)(2 + i % 2);
		gcry_mpi_t x = oracle_read(bytes + 1, 32);
		gcry_mpi_mulm(r, x, x, p);
		gcry_mpi_sub_ui(r, r, 3);
		gcry_mpi_mulm(r, r, x, p);
		gcry_mpi_addm(r, r, b, p);
		gcry_mpi_powm(e, r, half, p);
		bool is_point = gcry_mpi_cmp(x, p) < 0 && gcry_mpi_cmp_ui(e, 1) == 0;

		assert_int_equal(cdr_affine_decompress(bytes, &a), is_point ? CDR_OK : CDR_E_POINT);
		if (is_point) {
			uint8_t y[32];
			cdr_field_write(&a.y, y);
			assert_int_equal(y[31] % 2, i % 2);
			gcry_mpi_release(t.number);
			t.number = oracle_read(y, 32);
			gcry_mpi_point_set(t.point, x, t.number, GCRYMPI_CONST_ONE);
			assert_true(gcry_mpi_ec_curve_point(t.point, t.curve));
			points_seen++;
		}
		gcry_mpi_release(x);
	}
	assert_in_range(points_seen, 60, 200);
	gcry_mpi_release(p);
	gcry_mpi_release(b);
	gcry_mpi_release(half);
	gcry_mpi_release(r);
	gcry_mpi_release(e);
	theirs_wipe(&t);
}

/* The secret of a Wycheproof test, a signed number of any length, as a scalar. */
static void
wycheproof_scalar(const json_t *test, uint8_t k[32])
{
	uint8_t bytes[64];
	size_t len = vectors_hex(test, "private", bytes, sizeof(bytes));

	memset(k, 0, 32);
	if (len > 32)
		memcpy(k, bytes + len - 32, 32);
	else
		memcpy(k + 32 - len, bytes, len);
}

/* One public key of Wycheproof, in our two forms: accepted with the right result, or refused. */
static void
wycheproof_point(const json_t *test, const uint8_t *point, size_t len)
{
	uint8_t k[32], want[32], x[32] = { 0 }, compressed[33], product[33] = { 0 };
	bool valid = strcmp(vectors_text(test, "result"), "invalid") != 0;
	cdr_err err = CDR_E_POINT;

	wycheproof_scalar(test, k);
	if (len == 33) {
		err = cdr_group_mul(k, point, product);
		memcpy(x, product + 1, 32);
	} else if (len == 65) {
		err = cdr_group_ecdh(k, point, x);
	}
	if (err != (valid ? CDR_OK : CDR_E_POINT))
		fail_msg("test %d: %s", (int)vectors_number(test, "tcId"), cdr_err_name(err));
	if (!valid)
		return;
	assert_int_equal(vectors_hex(test, "shared", want, 32), 32);
	assert_memory_equal(x, want, 32);
	if (len != 65)
		return;
	/* A good uncompressed point is good compressed as well. */
	compressed[0] = (uint8_t)(2 + point[64] % 2);
	memcpy(compressed + 1, point + 1, 32);
	assert_int_equal(cdr_group_mul(k, compressed, product), CDR_OK);
	assert_memory_equal(product + 1, want, 32);
}

/* The points of ${file} behind exactly one of the prefixes; returns how many there were. What tests DER tests none. */
static size_t
wycheproof_file(const char *file, const char *const *prefixes, size_t prefix_count)
{
	json_t *root = vectors_shared(file), *group, *test;
	size_t i, j, judged = 0;

	if (root == NULL)
		return SIZE_MAX;
	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			if (vectors_flag(test, "flags", "InvalidAsn"))
				continue;
			const char *text = vectors_text(test, "public");
			for (size_t k = 0; k < prefix_count; k++) {
				uint8_t point[65];
				size_t skip = strlen(prefixes[k]), len = (strlen(text) - skip) / 2;
				if (strncmp(text, prefixes[k], skip) != 0 || len > sizeof(point))
					continue;
				oracle_hex(text + skip, point, len);
				wycheproof_point(test, point, len);
				judged++;
			}
		}
	}
	json_decref(root);
	return judged;
}

static void
wycheproof_points_are_judged_right(void **state)
{
	(void)state;
	/* The point alone; and in the DER of a public key with the named curve, for both forms of a point. */
	static const char *const bare[] = { "" };
	static const char *const der[] = {
		"3059301306072a8648ce3d020106082a8648ce3d030107034200",
		"3039301306072a8648ce3d020106082a8648ce3d030107032200",
	};
	size_t points = wycheproof_file("wycheproof-ecdh_secp256r1_ecpoint_test.json", bare, 1);
	size_t keys = wycheproof_file("wycheproof-ecdh_secp256r1_test.json", der, 2);

	assert_true(points == SIZE_MAX || points == 355);
	assert_true(keys == SIZE_MAX || keys == 356);
}

/* Some points, k * G for k = first, first + 1, ... */
static struct cdr_points *
some_points(unsigned first, size_t count)
{
	uint8_t k[32], bytes[64 * 33];
	struct cdr_points *points;

	for (size_t i = 0; i < count; i++) {
		cdr_scalar_set(first + i, k);
		assert_int_equal(cdr_group_mul_base(k, bytes + 33 * i), CDR_OK);
	}
	assert_int_equal(cdr_points_decode(bytes, count, &points), CDR_OK);
	return points;
}

static void
points_keep_what_was_decoded(void **state)
{
	(void)state;
	uint8_t base[33], k[32], product[33];
	struct cdr_points *points = some_points(1, 40), *products;

	oracle_hex(G, base, 33);
	assert_int_equal(cdr_points_count(points), 40);
	assert_memory_equal(cdr_points_peek(points, 0), base, 33);
	assert_ptr_equal(cdr_points_peek(points, 5), cdr_points_peek(points, 0) + 5 * 33);
	assert_null(cdr_points_peek(points, 40));
	assert_int_equal(cdr_points_encode(points), CDR_OK);

	/* Every one multiplied, encoded together, is each by itself. */
	cdr_scalar_set(1234567, k);
	assert_int_equal(cdr_points_mul(k, points, &products), CDR_OK);
	assert_null(cdr_points_peek(products, 0));
	assert_int_equal(cdr_points_encode(products), CDR_OK);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(cdr_group_mul(k, cdr_points_peek(points, i), product), CDR_OK);
		assert_memory_equal(cdr_points_peek(products, i), product, 33);
	}
	cdr_points_free(points);
	cdr_points_free(products);
	cdr_points_free(NULL);
}

static void
counts_have_limits(void **state)
{
	(void)state;
	struct cdr_points *points;

	assert_int_equal(cdr_points_new(0, &points), CDR_E_RANGE);
	assert_null(points);
	assert_int_equal(cdr_points_new(CDR_POINTS_MAX + 1, &points), CDR_E_RANGE);
	assert_null(points);
	assert_int_equal(cdr_points_decode(zero, 0, &points), CDR_E_RANGE);
	assert_null(points);
	assert_int_equal(cdr_points_decode(zero, CDR_POINTS_MAX + 1, &points), CDR_E_RANGE);
	assert_null(points);
}

/* base + the sum of i * (10 + i), all times G, is as many times G; also in place. */
static void
sums_are_sums(void **state)
{
	(void)state;
	uint8_t scalars[30][32], base[32], total_scalar[32], want[33];
	struct cdr_term terms[30];
	struct cdr_points *points = some_points(10, 30), *sum;
	unsigned total = 77;

	cdr_scalar_set(77, base);
	assert_int_equal(cdr_points_new(2, &sum), CDR_OK);
	for (unsigned i = 0; i < 30; i++) {
		cdr_scalar_set(i, scalars[i]);
		terms[i] = (struct cdr_term){ scalars[i], points, i };
		total += i * (10 + i);
		for (int secret = 0; secret < 2; secret++) {
			assert_int_equal(cdr_points_set_sum(sum, 1, base, terms, i + 1, secret != 0), CDR_OK);
			cdr_scalar_set(total, total_scalar);
			assert_int_equal(cdr_group_mul_base(total_scalar, want), CDR_OK);
			/* The other place is still empty. */
			assert_int_equal(cdr_points_encode(sum), CDR_E_POINT);
			assert_null(cdr_points_peek(sum, 1));
			assert_int_equal(cdr_points_set_sum(sum, 0, total_scalar, NULL, 0, false), CDR_OK);
			assert_int_equal(cdr_points_encode(sum), CDR_OK);
			assert_memory_equal(cdr_points_peek(sum, 0), want, 33);
			assert_memory_equal(cdr_points_peek(sum, 1), want, 33);
			cdr_points_free(sum);
			assert_int_equal(cdr_points_new(2, &sum), CDR_OK);
		}
	}
	/* In place: points[0] = 2 * points[0] + 3 * points[1] = (20 + 33) * G. */
	cdr_scalar_set(2, scalars[0]);
	cdr_scalar_set(3, scalars[1]);
	assert_int_equal(cdr_points_set_sum(points, 0, NULL, terms, 2, false), CDR_OK);
	assert_null(cdr_points_peek(points, 0));
	assert_int_equal(cdr_points_encode(points), CDR_OK);
	cdr_scalar_set(53, base);
	assert_int_equal(cdr_group_mul_base(base, want), CDR_OK);
	assert_memory_equal(cdr_points_peek(points, 0), want, 33);
	cdr_points_free(points);
	cdr_points_free(sum);
}

static void
a_sum_can_be_the_identity(void **state)
{
	(void)state;
	uint8_t plus[32], minus[32], none[32] = { 0 };
	struct cdr_points *points = some_points(5, 1), *sum;
	const struct cdr_term terms[] = { { plus, points, 0 }, { minus, points, 0 } };
	const struct cdr_term nothing = { none, points, 0 };

	cdr_scalar_set(9, plus);
	cdr_scalar_sub(none, plus, minus);
	assert_int_equal(cdr_points_new(1, &sum), CDR_OK);
	assert_int_equal(cdr_points_set_sum(sum, 0, NULL, terms, 2, false), CDR_OK);
	assert_int_equal(cdr_points_encode(sum), CDR_E_POINT);
	assert_int_equal(cdr_points_set_sum(sum, 0, NULL, &nothing, 1, true), CDR_OK);
	assert_int_equal(cdr_points_encode(sum), CDR_E_POINT);
	assert_int_equal(cdr_points_set_sum(sum, 0, none, &nothing, 1, true), CDR_OK);
	assert_int_equal(cdr_points_encode(sum), CDR_E_POINT);
	cdr_points_free(points);
	cdr_points_free(sum);
}

static void
bad_sums_are_refused_and_leave_the_place_empty(void **state)
{
	(void)state;
	uint8_t one[32], big[32];
	struct cdr_points *points = some_points(5, 2);
	const struct cdr_term good = { one, points, 0 }, beyond = { one, points, 2 }, large = { big, points, 0 };

	cdr_scalar_set(1, one);
	oracle_hex(ORACLE_N, big, 32);
	assert_int_equal(cdr_points_set_sum(points, 2, NULL, &good, 1, false), CDR_E_RANGE);
	assert_int_equal(cdr_points_set_sum(points, 0, NULL, NULL, 0, false), CDR_E_RANGE);
	assert_int_equal(cdr_points_set_sum(points, 0, NULL, &good, 2 * CDR_POINTS_MAX + 1, false), CDR_E_RANGE);
	assert_int_equal(cdr_points_encode(points), CDR_E_POINT);
	cdr_points_free(points);

	points = some_points(5, 2);
	const struct cdr_term *const bad[] = { &beyond, &large };
	const cdr_err errors[] = { CDR_E_RANGE, CDR_E_INPUT };
	for (size_t i = 0; i < 2; i++) {
		struct cdr_term term = *bad[i];
		term.points = points;
		assert_int_equal(cdr_points_set_sum(points, i, NULL, &term, 1, false), errors[i]);
		assert_int_equal(cdr_points_encode(points), CDR_E_POINT);
	}
	assert_int_equal(cdr_points_set_sum(points, 0, big, NULL, 0, false), CDR_E_INPUT);
	cdr_points_free(points);
}

/* base * G + k * (5 * G), with a table and without. */
static void
fixed_points_multiply(void **state)
{
	(void)state;
	uint8_t base[32], k[32], five[32], all[32], point[33], want[33], big[32];
	unsigned seed = 1;
	struct cdr_fixed_point *fixed[2];
	struct cdr_points *out;

	cdr_scalar_set(5, five);
	oracle_hex(ORACLE_N, big, 32);
	assert_int_equal(cdr_group_mul_base(five, point), CDR_OK);
	assert_int_equal(cdr_points_new(1, &out), CDR_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(cdr_fixed_point_new(point, i == 1, &fixed[i]), CDR_OK);
		assert_memory_equal(cdr_fixed_point_peek(fixed[i]), point, 33);
	}
	for (size_t i = 0; i < 40; i++) {
		do {
			valid_scalar(&seed, base);
			valid_scalar(&seed, k);
			cdr_scalar_mul(k, five, all);
			cdr_scalar_add(all, base, all);
		} while (!cdr_scalar_valid(all));
		assert_int_equal(cdr_group_mul_base(all, want), CDR_OK);
		assert_int_equal(cdr_points_set_fixed(out, 0, base, k, fixed[i % 2]), CDR_OK);
		assert_int_equal(cdr_points_encode(out), CDR_OK);
		assert_memory_equal(cdr_points_peek(out, 0), want, 33);
	}
	for (size_t i = 0; i < 2; i++) {
		/* 5 * G - 1 * (5 * G); numbers that are too large; a place that is not there */
		cdr_scalar_set(1, k);
		cdr_scalar_sub(zero, k, k);
		assert_int_equal(cdr_points_set_fixed(out, 0, five, k, fixed[i]), CDR_OK);
		assert_int_equal(cdr_points_encode(out), CDR_E_POINT);
		assert_int_equal(cdr_points_set_fixed(out, 0, five, big, fixed[i]), CDR_E_INPUT);
		assert_int_equal(cdr_points_set_fixed(out, 0, big, five, fixed[i]), CDR_E_INPUT);
		assert_int_equal(cdr_points_set_fixed(out, 1, five, k, fixed[i]), CDR_E_RANGE);
		cdr_fixed_point_free(fixed[i]);
	}
	cdr_fixed_point_free(NULL);
	cdr_points_free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiples_agree_with_libgcrypt),
		cmocka_unit_test(short_and_extreme_scalars_multiply_right),
		cmocka_unit_test(bad_scalars_are_refused),
		cmocka_unit_test(a_point_off_the_curve_is_not_multiplied),
		cmocka_unit_test(what_is_no_point_is_refused),
		cmocka_unit_test(decoding_agrees_with_libgcrypt),
		cmocka_unit_test(wycheproof_points_are_judged_right),
		cmocka_unit_test(points_keep_what_was_decoded),
		cmocka_unit_test(counts_have_limits),
		cmocka_unit_test(sums_are_sums),
		cmocka_unit_test(a_sum_can_be_the_identity),
		cmocka_unit_test(bad_sums_are_refused_and_leave_the_place_empty),
		cmocka_unit_test(fixed_points_multiply),
	};
	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
