/* Calls that OpenSSL 3 marks as deprecated: compared with the plain way, and left alone where they differ. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/crypto/group_openssl.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/limbs.h"
#include "core/crypto/secret.h"

/* OpenSSL's table for ${point}, if it can make one and it is right. */
static EC_GROUP *
table_new(EC_POINT *point, BN_CTX *ctx)
{
	EC_POINT *plain = EC_POINT_new(cdr_openssl_curve), *used = EC_POINT_new(cdr_openssl_curve);
	EC_GROUP *table = EC_GROUP_dup(cdr_openssl_curve);
	const BIGNUM *k;

	bool right = plain != NULL && used != NULL && table != NULL &&
	    EC_GROUP_set_generator(table, point, EC_GROUP_get0_order(cdr_openssl_curve), EC_GROUP_get0_cofactor(cdr_openssl_curve)) == 1 &&
	    EC_GROUP_precompute_mult(table, ctx) == 1 && cdr_openssl_number(ctx, cdr_openssl_known, &k) == CDR_OK &&
	    cdr_openssl_multiply(plain, NULL, point, k, ctx) == CDR_OK && EC_POINT_mul(table, used, k, NULL, NULL, ctx) == 1 &&
	    cdr_openssl_agree(plain, used, ctx);
	EC_POINT_free(plain);
	EC_POINT_free(used);
	if (right)
		return table;
	EC_GROUP_free(table);
	return NULL;
}

/* see core/crypto/group.h */
cdr_err
cdr_fixed_point_new(const uint8_t point[static CDR_POINT_LEN], bool table, struct cdr_fixed_point **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_fixed_point *fixed = NULL;
	struct cdr_affine a;
	BN_CTX *ctx = NULL;

	*out = NULL;
	CDR_TRY(cdr_group_start());
	CDR_TRY(cdr_affine_decompress(point, &a));
	err = CDR_E_MEMORY;
	ctx = cdr_openssl_begin(false);
	fixed = calloc(1, sizeof(*fixed));
	if (ctx == NULL || fixed == NULL)
		goto out;
	memcpy(fixed->bytes, point, CDR_POINT_LEN);
	fixed->point = EC_POINT_new(cdr_openssl_curve);
	if (fixed->point == NULL)
		goto out;
	CDR_TRY(cdr_openssl_place_set(fixed->point, &a, ctx));
	if (table && cdr_openssl_shortcuts)
		fixed->table = table_new(fixed->point, ctx);
	*out = fixed;
	fixed = NULL;
out:
	cdr_fixed_point_free(fixed);
	cdr_openssl_end(ctx);
	return err;
}

/* see core/crypto/group.h */
void
cdr_fixed_point_free(struct cdr_fixed_point *fixed)
{
	if (fixed == NULL)
		return;
	EC_POINT_free(fixed->point);
	EC_GROUP_free(fixed->table);
	free(fixed);
}

/* see core/crypto/group.h */
const uint8_t *
cdr_fixed_point_peek(const struct cdr_fixed_point *fixed)
{
	return fixed->bytes;
}

/* base * G + scalar * fixed, with both tables. */
static cdr_err
multiply_by_tables(EC_POINT *place, const BIGNUM *base, const struct cdr_fixed_point *fixed, const BIGNUM *scalar,
    BN_CTX *ctx)
{
	cdr_err err = CDR_E_MEMORY;
	EC_POINT *product = EC_POINT_new(cdr_openssl_curve);

	if (product == NULL || EC_POINT_mul(fixed->table, product, scalar, NULL, NULL, ctx) != 1)
		goto out;
	CDR_TRY(cdr_openssl_multiply(place, base, NULL, NULL, ctx));
	err = EC_POINT_add(cdr_openssl_curve, place, place, product, ctx) == 1 ? CDR_OK : CDR_E_MEMORY;
out:
	EC_POINT_free(product);
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_points_set_fixed(struct cdr_points *points, size_t at, const uint8_t base[static CDR_SCALAR_LEN],
    const uint8_t scalar[static CDR_SCALAR_LEN], const struct cdr_fixed_point *fixed)
{
	cdr_err err = CDR_E_INTERNAL;
	const BIGNUM *base_number, *number;
	BN_CTX *ctx = NULL;

	points->encoded = false;
	if (at >= points->count)
		return CDR_E_RANGE;
	if (!cdr_scalar_reduced(base) || !cdr_scalar_reduced(scalar)) {
		err = CDR_E_INPUT;
		goto out;
	}
	ctx = cdr_openssl_begin(false);
	if (ctx == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_openssl_number(ctx, base, &base_number));
	CDR_TRY(cdr_openssl_number(ctx, scalar, &number));
	if (fixed->table != NULL)
		CDR_TRY(multiply_by_tables(points->place[at], base_number, fixed, number, ctx));
	else
		CDR_TRY(cdr_openssl_multiply(points->place[at], base_number, fixed->point, number, ctx));
out:
	if (err != CDR_OK)
		(void)EC_POINT_set_to_infinity(cdr_openssl_curve, points->place[at]);
	cdr_openssl_end(ctx);
	return err;
}

/* ---- many secret multiples ---- */

#define MULTIPLES_AT_ONCE 64

/* k, or 1 where k is 0, so that no multiplication gives the identity. Returns the mask of: it was 0. */
static uint64_t
replace_zero(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_SCALAR_LEN])
{
	static const uint64_t one[4] = { 1 };
	uint64_t word[4];

	cdr_limbs_read(k, 4, word);
	uint64_t is_zero = cdr_limbs_is_zero(word);
	cdr_limbs_select(is_zero, one, word, word);
	cdr_limbs_write(word, out);
	cdr_wipe(word, sizeof(word));
	return is_zero;
}

/* place = k * fixed */
static cdr_err
multiply_fixed(EC_POINT *place, const struct cdr_fixed_point *fixed, const uint8_t k[static CDR_SCALAR_LEN], BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	const BIGNUM *number;

	BN_CTX_start(ctx);
	CDR_TRY(cdr_openssl_number(ctx, k, &number));
	if (fixed == NULL)
		err = cdr_openssl_multiply(place, number, NULL, NULL, ctx);
	else if (fixed->table == NULL)
		err = cdr_openssl_multiply(place, NULL, fixed->point, number, ctx);
	else
		err = EC_POINT_mul(fixed->table, place, number, NULL, NULL, ctx) == 1 ? CDR_OK : CDR_E_MEMORY;
out:
	BN_CTX_end(ctx);
	return err;
}

/* At most MULTIPLES_AT_ONCE of them. */
static cdr_err
multiply_some(const struct cdr_fixed_point *fixed, const uint8_t *scalars, size_t count, EC_POINT *const *places,
    BN_CTX *ctx, struct cdr_projective *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine affine[MULTIPLES_AT_ONCE];
	uint64_t is_zero[MULTIPLES_AT_ONCE];
	uint8_t k[CDR_SCALAR_LEN];

	for (size_t i = 0; i < count; i++) {
		is_zero[i] = replace_zero(scalars + i * CDR_SCALAR_LEN, k);
		CDR_TRY(multiply_fixed(places[i], fixed, k, ctx));
	}
	CDR_TRY(cdr_openssl_affine(places, count, ctx, affine));
	for (size_t i = 0; i < count; i++) {
		cdr_field_select(is_zero[i], &cdr_projective_identity.x, &affine[i].x, &out[i].x);
		cdr_field_select(is_zero[i], &cdr_projective_identity.y, &affine[i].y, &out[i].y);
		cdr_field_select(is_zero[i], &cdr_field_zero, &cdr_field_one, &out[i].z);
	}
out:
	cdr_wipe(affine, sizeof(affine));
	cdr_wipe(is_zero, sizeof(is_zero));
	cdr_wipe(k, sizeof(k));
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_fixed_point_multiples(const struct cdr_fixed_point *fixed, const uint8_t *scalars, size_t count,
    struct cdr_projective *out)
{
	cdr_err err = CDR_E_INTERNAL;
	EC_POINT *places[MULTIPLES_AT_ONCE] = { NULL };
	BN_CTX *ctx = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!cdr_scalar_reduced(scalars + i * CDR_SCALAR_LEN))
			return CDR_E_INPUT;
	}
	CDR_TRY(cdr_group_start());
	err = CDR_E_MEMORY;
	ctx = cdr_openssl_begin(true);
	if (ctx == NULL)
		goto out;
	for (size_t i = 0; i < MULTIPLES_AT_ONCE && i < count; i++) {
		places[i] = EC_POINT_new(cdr_openssl_curve);
		if (places[i] == NULL)
			goto out;
	}
	err = CDR_OK;
	for (size_t at = 0; at < count; at += MULTIPLES_AT_ONCE) {
		size_t some = count - at < MULTIPLES_AT_ONCE ? count - at : MULTIPLES_AT_ONCE;
		CDR_TRY(multiply_some(fixed, scalars + at * CDR_SCALAR_LEN, some, places, ctx, out + at));
	}
out:
	for (size_t i = 0; i < MULTIPLES_AT_ONCE; i++)
		EC_POINT_clear_free(places[i]);
	cdr_openssl_end(ctx);
	return err;
}
