/*
 * Our vectors of encrypted figures and their proof, computed again here, and checked by libgcrypt: what is encrypted, and every
 * equation of core/crypto/RANGE.md. With WRITE_VECTORS=1 the file is written anew.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"
#include "tests/unit/vectors.h"

#include "core/crypto/range_internal.h"

#define FILE_NAME "range.json"
#define PACKED_MAX 16384
#define CELLS_MAX 16

struct vector {
	uint8_t key[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], seed[CDR_RANGE_SEED_LEN];
	char context[32];
	uint8_t bits[CELLS_MAX], packed[PACKED_MAX];
	uint32_t values[CELLS_MAX];
	size_t count, packed_len;
	/* What is proved about; without forms, the cells themselves. */
	struct cdr_range_form form[CELLS_MAX];
	uint8_t proved[CELLS_MAX];
	size_t form_count;
};

static struct cdr_range_layout
layout_of(const struct vector *v)
{
	if (v->form_count == 0)
		return (struct cdr_range_layout){ .count = v->count, .bits = v->bits };
	return (struct cdr_range_layout){ .count = v->form_count, .bits = v->proved, .form = v->form, .cipher_count = v->count,
		.cipher_bits = v->bits };
}

static gcry_ctx_t curve;
static gcry_mpi_t order;

/* ---- libgcrypt ---------------------------------------------------------------------------------------------------- */

static gcry_mpi_point_t
point_of(const struct cdr_affine *a)
{
	uint8_t bytes[CDR_FIELD_LEN];
	gcry_mpi_point_t point = gcry_mpi_point_new(256);
	cdr_field_write(&a->x, bytes);
	gcry_mpi_t x = oracle_read(bytes, sizeof(bytes));
	cdr_field_write(&a->y, bytes);
	gcry_mpi_t y = oracle_read(bytes, sizeof(bytes));

	gcry_mpi_point_set(point, x, y, GCRYMPI_CONST_ONE);
	assert_true(gcry_mpi_ec_curve_point(point, curve));
	gcry_mpi_release(x);
	gcry_mpi_release(y);
	return point;
}

/* A compressed point; decompressing is checked against OpenSSL elsewhere. */
static gcry_mpi_point_t
point_read(const uint8_t *bytes)
{
	struct cdr_affine a;

	assert_int_equal(cdr_affine_decompress(bytes, &a), CDR_OK);
	return point_of(&a);
}

/* sum += k * point */
static void
add(gcry_mpi_point_t sum, gcry_mpi_t k, gcry_mpi_point_t point)
{
	gcry_mpi_point_t product = gcry_mpi_point_new(256);

	gcry_mpi_ec_mul(product, k, point, curve);
	gcry_mpi_ec_add(sum, sum, product, curve);
	gcry_mpi_point_release(product);
}

static void
add_bytes(gcry_mpi_point_t sum, gcry_mpi_t k, const uint8_t *bytes)
{
	gcry_mpi_point_t point = point_read(bytes);

	add(sum, k, point);
	gcry_mpi_point_release(point);
}

static gcry_mpi_point_t
nothing(void)
{
	gcry_mpi_point_t point = gcry_mpi_point_new(256);

	gcry_mpi_point_set(point, GCRYMPI_CONST_ONE, GCRYMPI_CONST_ONE, NULL);
	return point;
}

static void
assert_nothing(gcry_mpi_point_t sum)
{
	gcry_mpi_t x = gcry_mpi_new(256), y = gcry_mpi_new(256);

	assert_int_not_equal(gcry_mpi_ec_get_affine(x, y, sum, curve), 0);
	gcry_mpi_release(x);
	gcry_mpi_release(y);
	gcry_mpi_point_release(sum);
}

/* base^exponent, also downwards. */
static gcry_mpi_t
power(gcry_mpi_t base, ptrdiff_t exponent)
{
	gcry_mpi_t result = gcry_mpi_new(256), e = gcry_mpi_set_ui(NULL, (unsigned long)(exponent < 0 ? -exponent : exponent));

	gcry_mpi_powm(result, base, e, order);
	if (exponent < 0)
		assert_true(gcry_mpi_invm(result, result, order));
	gcry_mpi_release(e);
	return result;
}

static gcry_mpi_t
product(gcry_mpi_t a, gcry_mpi_t b)
{
	gcry_mpi_t result = gcry_mpi_new(256);

	gcry_mpi_mulm(result, a, b, order);
	return result;
}

/* sum += a * b, both released */
static void
add_product(gcry_mpi_t sum, gcry_mpi_t a, gcry_mpi_t b)
{
	gcry_mpi_t p = product(a, b);

	gcry_mpi_addm(sum, sum, p, order);
	gcry_mpi_release(p);
	gcry_mpi_release(a);
	gcry_mpi_release(b);
}

static gcry_mpi_t
minus(gcry_mpi_t a)
{
	gcry_mpi_subm(a, GCRYMPI_CONST_ONE, a, order);
	gcry_mpi_subm(a, a, GCRYMPI_CONST_ONE, order);
	return a;
}

/* ---- the vector ----------------------------------------------------------------------------------------------------- */

static void
read_vector(const json_t *json, struct vector *v)
{
	const json_t *cells = json_object_get(json, "cells");

	vectors_hex(json, "key", v->key, sizeof(v->key));
	vectors_hex(json, "public_key", v->public_key, sizeof(v->public_key));
	vectors_hex(json, "seed", v->seed, sizeof(v->seed));
	(void)snprintf(v->context, sizeof(v->context), "%s", json_string_value(json_object_get(json, "context")));
	v->count = json_array_size(cells);
	assert_in_range(v->count, 1, CELLS_MAX);
	for (size_t i = 0; i < v->count; i++) {
		v->bits[i] = (uint8_t)json_integer_value(json_array_get(json_array_get(cells, i), 0));
		v->values[i] = (uint32_t)json_integer_value(json_array_get(json_array_get(cells, i), 1));
	}
	const json_t *forms = json_object_get(json, "forms");
	v->form_count = json_array_size(forms);
	assert_true(v->form_count <= CELLS_MAX);
	for (size_t i = 0; i < v->form_count; i++) {
		const json_t *form = json_array_get(forms, i);
		v->proved[i] = (uint8_t)json_integer_value(json_array_get(form, 0));
		for (size_t k = 0; k < 2; k++) {
			v->form[i].factor[k] = (int32_t)json_integer_value(json_array_get(form, 1 + 2 * k));
			v->form[i].at[k] = (uint32_t)json_integer_value(json_array_get(form, 2 + 2 * k));
		}
	}
	v->packed_len = vectors_hex(json, "packed", v->packed, sizeof(v->packed));
}

/* B - k A = m G */
static void
check_ciphers(const struct vector *v)
{
	gcry_mpi_t k = oracle_read(v->key, sizeof(v->key));
	gcry_mpi_point_t g = gcry_mpi_ec_get_point("g", curve, 1);

	for (size_t i = 0; i < v->count; i++) {
		gcry_mpi_point_t sum = point_read(v->packed + i * CDR_CIPHER_LEN + CDR_POINT_LEN);
		gcry_mpi_t m = gcry_mpi_set_ui(NULL, v->values[i]), minus_k = minus(gcry_mpi_copy(k));
		add_bytes(sum, minus_k, v->packed + i * CDR_CIPHER_LEN);
		add(sum, minus(m), g);
		assert_nothing(sum);
		gcry_mpi_release(m);
		gcry_mpi_release(minus_k);
	}
	gcry_mpi_point_release(g);
	gcry_mpi_release(k);
}

/* Everything that the equations are made of. */
struct equations {
	const struct vector *v;
	struct cdr_range_shape f;
	const uint8_t *point, *scalar;
	gcry_mpi_t x, y;
	gcry_mpi_point_t g, k;
};

static gcry_mpi_t
scalar_at(const struct equations *e, size_t at)
{
	return oracle_read(e->scalar + at * CDR_SCALAR_LEN, CDR_SCALAR_LEN);
}

static gcry_mpi_t
zeta(const struct equations *e, size_t i)
{
	return power(e->y, (ptrdiff_t)(e->f.rows * e->f.columns + 1 + i));
}

/* What ciphertext ${c} is multiplied with: zeta of each number that it is part of, times its factor there. */
static gcry_mpi_t
omega(const struct equations *e, size_t c)
{
	gcry_mpi_t sum;

	if (e->v->form_count == 0)
		return zeta(e, c);
	sum = gcry_mpi_set_ui(NULL, 0);
	for (size_t i = 0; i < e->v->form_count; i++) {
		for (size_t k = 0; k < 2; k++) {
			int32_t factor = e->v->form[i].factor[k];
			if (e->v->form[i].at[k] != c)
				continue;
			gcry_mpi_t weight = gcry_mpi_set_ui(NULL, (unsigned long)(factor < 0 ? -factor : factor));
			add_product(sum, factor < 0 ? minus(weight) : weight, zeta(e, i));
		}
	}
	return sum;
}

/* <l, g> + rho_l K - sum x^k A_k - x^(R+1) S; and the same of r' and T. */
static void
check_rows(const struct equations *e, bool second)
{
	const struct cdr_range_shape *f = &e->f;
	size_t last = 2 * f->columns;
	gcry_mpi_point_t sum = nothing();
	gcry_mpi_t rho = scalar_at(e, last + (second ? CDR_RANGE_RHO_R : CDR_RANGE_RHO_L));

	add(sum, rho, e->k);
	gcry_mpi_release(rho);
	for (size_t c = 0; c < f->columns; c++) {
		struct cdr_affine base;
		assert_int_equal(cdr_range_base(c, &base), CDR_OK);
		gcry_mpi_point_t point = point_of(&base);
		gcry_mpi_t l = scalar_at(e, (second ? f->columns : 0) + c);
		add(sum, l, point);
		gcry_mpi_release(l);
		gcry_mpi_point_release(point);
	}
	for (size_t k = 1; k <= f->rows; k++) {
		gcry_mpi_t factor = power(e->x, second ? -(ptrdiff_t)k : (ptrdiff_t)k);
		if (second) {
			gcry_mpi_t weight = power(e->y, (ptrdiff_t)((k - 1) * f->columns));
			gcry_mpi_mulm(factor, factor, weight, order);
			gcry_mpi_release(weight);
		}
		add_bytes(sum, minus(factor), e->point + (k - 1) * CDR_POINT_LEN);
		gcry_mpi_release(factor);
	}
	gcry_mpi_t mask = power(e->x, second ? -(ptrdiff_t)f->rows - 2 : (ptrdiff_t)f->rows + 1);
	add_bytes(sum, minus(mask), e->point + (f->rows + (second ? CDR_RANGE_MASK_T : CDR_RANGE_MASK_S)) * CDR_POINT_LEN);
	gcry_mpi_release(mask);
	assert_nothing(sum);
}

/* r(x): what the prover sent, less 1 for each place, weighted; and the weights of the bits. */
static gcry_mpi_t
right_side(const struct equations *e, size_t c)
{
	const struct cdr_range_shape *f = &e->f;
	gcry_mpi_t r = scalar_at(e, f->columns + c), sum = gcry_mpi_set_ui(NULL, 0), weight = power(e->y, (ptrdiff_t)c + 1);
	size_t place = 0;

	for (size_t k = 1; k <= f->rows; k++)
		add_product(sum, power(e->x, -(ptrdiff_t)k), power(e->y, (ptrdiff_t)((k - 1) * f->columns)));
	gcry_mpi_subm(r, r, sum, order);
	gcry_mpi_mulm(r, r, weight, order);
	for (size_t i = 0; i < f->count; i++) {
		for (unsigned j = 0; j < (e->v->form_count == 0 ? e->v->bits[i] : e->v->proved[i]); j++, place++) {
			if (place % f->columns != c)
				continue;
			gcry_mpi_t d = zeta(e, i);
			gcry_mpi_mul_2exp(d, d, j);
			add_product(r, d, power(e->x, -(ptrdiff_t)(place / f->columns) - 1));
		}
	}
	gcry_mpi_release(sum);
	gcry_mpi_release(weight);
	return r;
}

/* <l, r> G + rho_c K - sum zeta_i B_i - sum x^e C_e */
static void
check_product(const struct equations *e)
{
	const struct cdr_range_shape *f = &e->f;
	gcry_mpi_point_t sum = nothing();
	gcry_mpi_t inner = gcry_mpi_set_ui(NULL, 0), rho = scalar_at(e, 2 * f->columns + CDR_RANGE_RHO_C);
	const uint8_t *product_points = e->point + (f->rows + CDR_RANGE_MASKS) * CDR_POINT_LEN;

	for (size_t c = 0; c < f->columns; c++)
		add_product(inner, scalar_at(e, c), right_side(e, c));
	add(sum, inner, e->g);
	add(sum, rho, e->k);
	for (size_t i = 0; i < f->ciphers; i++) {
		gcry_mpi_t weight = minus(omega(e, i));
		add_bytes(sum, weight, e->v->packed + i * CDR_CIPHER_LEN + CDR_POINT_LEN);
		gcry_mpi_release(weight);
	}
	for (ptrdiff_t n = -(ptrdiff_t)f->rows - 1; n <= (ptrdiff_t)f->rows; n++) {
		if (n == 0)
			continue;
		gcry_mpi_t factor = minus(power(e->x, n));
		add_bytes(sum, factor, product_points + cdr_range_product_at(f, n) * CDR_POINT_LEN);
		gcry_mpi_release(factor);
	}
	gcry_mpi_release(inner);
	gcry_mpi_release(rho);
	assert_nothing(sum);
}

/* z_r G - T_A - x sum zeta_i A_i; z_m G + z_r K - T_B - x sum zeta_i B_i */
static void
check_equality(const struct equations *e, bool second)
{
	const struct cdr_range_shape *f = &e->f;
	gcry_mpi_point_t sum = nothing();
	gcry_mpi_t z_r = scalar_at(e, 2 * f->columns + CDR_RANGE_Z_R), z_m = scalar_at(e, 2 * f->columns + CDR_RANGE_Z_M);
	gcry_mpi_t one = minus(gcry_mpi_set_ui(NULL, 1));

	add(sum, second ? z_m : z_r, e->g);
	if (second)
		add(sum, z_r, e->k);
	add_bytes(sum, one, e->point + (f->points - 2 + second) * CDR_POINT_LEN);
	for (size_t i = 0; i < f->ciphers; i++) {
		gcry_mpi_t weight = omega(e, i), factor = product(weight, e->x);
		add_bytes(sum, minus(factor), e->v->packed + i * CDR_CIPHER_LEN + second * CDR_POINT_LEN);
		gcry_mpi_release(weight);
		gcry_mpi_release(factor);
	}
	gcry_mpi_release(z_r);
	gcry_mpi_release(z_m);
	gcry_mpi_release(one);
	assert_nothing(sum);
}

/* The challenges as our code makes them (hashing has vectors of its own), and then every equation by libgcrypt. */
static void
check_proof(const struct vector *v, const struct cdr_elgamal *key)
{
	const struct cdr_range_layout layout = layout_of(v);
	const struct cdr_bytes context = { (const uint8_t *)v->context, strlen(v->context) };
	struct equations e = { .v = v };
	uint8_t digest[CDR_SHA256_LEN], y[CDR_SCALAR_LEN], x[CDR_SCALAR_LEN];

	assert_int_equal(cdr_range_shape(&layout, &e.f), CDR_OK);
	e.point = v->packed + v->count * CDR_CIPHER_LEN;
	e.scalar = e.point + e.f.points * CDR_POINT_LEN;
	assert_int_equal(cdr_range_challenge_y(key, context, &layout, &e.f, v->packed, digest, y), CDR_OK);
	assert_int_equal(cdr_range_challenge_x(&e.f, v->packed, digest, x), CDR_OK);
	e.x = oracle_read(x, sizeof(x));
	e.y = oracle_read(y, sizeof(y));
	e.g = gcry_mpi_ec_get_point("g", curve, 1);
	e.k = point_read(v->public_key);
	for (int second = 0; second < 2; second++) {
		check_rows(&e, second);
		check_equality(&e, second);
	}
	check_product(&e);
	gcry_mpi_release(e.x);
	gcry_mpi_release(e.y);
	gcry_mpi_point_release(e.g);
	gcry_mpi_point_release(e.k);
}

static void
check_vector(json_t *json, bool write)
{
	struct vector v = { .count = 0 };
	struct cdr_elgamal *key;
	uint8_t public_key[CDR_POINT_LEN], packed[PACKED_MAX];
	char text[2 * PACKED_MAX + 1];

	read_vector(json, &v);
	const struct cdr_range_layout layout = layout_of(&v);
	const struct cdr_bytes context = { (const uint8_t *)v.context, strlen(v.context) };
	size_t len = cdr_range_packed_len(&layout);
	assert_in_range(len, 1, PACKED_MAX);
	assert_int_equal(cdr_group_mul_base(v.key, public_key), CDR_OK);
	assert_int_equal(cdr_elgamal_new(public_key, &key), CDR_OK);
	assert_int_equal(cdr_range_encrypt(key, context, &layout, v.values, v.seed, packed), CDR_OK);
	if (write) {
		cdr_hex_write(public_key, sizeof(public_key), text);
		json_object_set_new(json, "public_key", json_string(text));
		cdr_hex_write(packed, len, text);
		json_object_set_new(json, "packed", json_string(text));
		read_vector(json, &v);
	}
	assert_memory_equal(v.public_key, public_key, sizeof(public_key));
	assert_int_equal(v.packed_len, len);
	assert_memory_equal(v.packed, packed, len);
	assert_int_equal(cdr_range_verify(key, context, &layout, (struct cdr_bytes){ v.packed, len }, NULL), CDR_OK);
	check_ciphers(&v);
	check_proof(&v, key);
	cdr_elgamal_free(key);
}

static void
our_vectors_hold(void **state)
{
	(void)state;
	json_t *root = vectors_own(FILE_NAME), *vector;
	bool write = getenv("WRITE_VECTORS") != NULL;
	size_t i;

	assert_int_equal(gcry_mpi_ec_new(&curve, NULL, "NIST P-256"), 0);
	order = oracle_number(ORACLE_N);
	json_array_foreach(json_object_get(root, "vectors"), i, vector)
		check_vector(vector, write);
	assert_true(i > 0);
	if (write)
		assert_int_equal(json_dump_file(root, "tests/vectors/" FILE_NAME, JSON_INDENT(1)), 0);
	gcry_mpi_release(order);
	gcry_ctx_release(curve);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(our_vectors_hold) };

	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
