/* Calls that OpenSSL 3 marks as deprecated: only here, checked at the start, and each with another way round. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/crypto/group_openssl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/obj_mac.h>

#include "core/crypto/secret.h"

/* Made once, then only read. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
EC_GROUP *cdr_openssl_curve;
static cdr_err started = CDR_E_INTERNAL;
bool cdr_openssl_shortcuts;

/* ---- into OpenSSL and out of it ---- */

/*
 * A BIGNUM from 32 bytes without a trace of their value in time. BN_bin2bn skips leading zero bytes one by one, so a
 * 1 goes before them, and is cut off again; then only whole zero words at the top would show.
 */
static cdr_err
number_set(BIGNUM *number, const uint8_t bytes[static 32])
{
	uint8_t padded[33] = { 1 };

	memcpy(padded + 1, bytes, 32);
	bool done = BN_bin2bn(padded, sizeof(padded), number) != NULL && BN_mask_bits(number, 256) == 1;
	cdr_wipe(padded, sizeof(padded));
	return done ? CDR_OK : CDR_E_MEMORY;
}

/* A scalar for a multiplication; no top word is zero. */
static cdr_err
number_set_scalar(BIGNUM *number, const uint8_t k[static CDR_SCALAR_LEN])
{
	uint8_t longer[CDR_SCALAR_LEN];

	cdr_scalar_lengthen(k, longer);
	cdr_err err = number_set(number, longer);
	cdr_wipe(longer, sizeof(longer));
	return err;
}

/* see core/crypto/group_openssl.h */
cdr_err
cdr_openssl_number(BN_CTX *ctx, const uint8_t k[static CDR_SCALAR_LEN], const BIGNUM **out)
{
	BIGNUM *number = BN_CTX_get(ctx);

	if (number == NULL)
		return CDR_E_MEMORY;
	*out = number;
	return number_set_scalar(number, k);
}

/* see core/crypto/group_openssl.h */
BN_CTX *
cdr_openssl_begin(bool secret)
{
	BN_CTX *ctx = secret ? BN_CTX_secure_new() : BN_CTX_new();

	if (ctx != NULL)
		BN_CTX_start(ctx);
	return ctx;
}

/* see core/crypto/group_openssl.h */
void
cdr_openssl_end(BN_CTX *ctx)
{
	if (ctx == NULL)
		return;
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
}

/* see core/crypto/group_openssl.h */
cdr_err
cdr_openssl_place_set(EC_POINT *place, const struct cdr_affine *a, BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t bytes[CDR_FIELD_LEN];

	BN_CTX_start(ctx);
	BIGNUM *x = BN_CTX_get(ctx), *y = BN_CTX_get(ctx);
	if (y == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	cdr_field_write(&a->x, bytes);
	CDR_TRY(number_set(x, bytes));
	cdr_field_write(&a->y, bytes);
	CDR_TRY(number_set(y, bytes));
	err = EC_POINT_set_affine_coordinates(cdr_openssl_curve, place, x, y, ctx) == 1 ? CDR_OK : CDR_E_POINT;
out:
	BN_CTX_end(ctx);
	cdr_wipe(bytes, sizeof(bytes));
	return err;
}

static cdr_err
field_from_number(const BIGNUM *number, struct cdr_field *out)
{
	uint8_t bytes[CDR_FIELD_LEN];
	bool fits = BN_bn2binpad(number, bytes, sizeof(bytes)) == sizeof(bytes) && cdr_field_read(bytes, out) != 0;

	cdr_wipe(bytes, sizeof(bytes));
	return fits ? CDR_OK : CDR_E_INTERNAL;
}

/* The coordinates in which OpenSSL computed, still to be divided. */
static cdr_err
place_jacobian(const EC_POINT *place, BN_CTX *ctx, struct cdr_jacobian *out)
{
	cdr_err err = CDR_E_INTERNAL;

	BN_CTX_start(ctx);
	BIGNUM *x = BN_CTX_get(ctx), *y = BN_CTX_get(ctx), *z = BN_CTX_get(ctx);
	if (z == NULL || EC_POINT_get_Jprojective_coordinates_GFp(cdr_openssl_curve, place, x, y, z, ctx) != 1) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(field_from_number(x, &out->x));
	CDR_TRY(field_from_number(y, &out->y));
	CDR_TRY(field_from_number(z, &out->z));
out:
	BN_CTX_end(ctx);
	return err;
}

/* The coordinates divided by OpenSSL, at an inversion for each point. */
static cdr_err
place_affine(const EC_POINT *place, BN_CTX *ctx, struct cdr_affine *out)
{
	cdr_err err = CDR_E_INTERNAL;

	BN_CTX_start(ctx);
	BIGNUM *x = BN_CTX_get(ctx), *y = BN_CTX_get(ctx);
	if (y == NULL || EC_POINT_get_affine_coordinates(cdr_openssl_curve, place, x, y, ctx) != 1) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(field_from_number(x, &out->x));
	CDR_TRY(field_from_number(y, &out->y));
out:
	BN_CTX_end(ctx);
	return err;
}

/* see core/crypto/group_openssl.h */
cdr_err
cdr_openssl_affine(EC_POINT *const *places, size_t count, BN_CTX *ctx, struct cdr_affine *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_jacobian *work = NULL;

	for (size_t i = 0; i < count; i++) {
		if (EC_POINT_is_at_infinity(cdr_openssl_curve, places[i]))
			return CDR_E_POINT;
	}
	if (!cdr_openssl_shortcuts) {
		for (size_t i = 0; i < count; i++)
			CDR_TRY(place_affine(places[i], ctx, &out[i]));
		return CDR_OK;
	}

	work = calloc(count, sizeof(*work));
	if (work == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++)
		CDR_TRY(place_jacobian(places[i], ctx, &work[i]));
	cdr_jacobian_normalise(work, count, out);
out:
	if (work != NULL)
		cdr_wipe(work, count * sizeof(*work));
	free(work);
	return err;
}

/* ---- multiplying ---- */

/* see core/crypto/group_openssl.h */
cdr_err
cdr_openssl_multiply(EC_POINT *place, const BIGNUM *base, const EC_POINT *point, const BIGNUM *scalar, BN_CTX *ctx)
{
	return EC_POINT_mul(cdr_openssl_curve, place, base, point, scalar, ctx) == 1 ? CDR_OK : CDR_E_MEMORY;
}

/* sum += base * G + scalar * point, by the complete formulas. */
static cdr_err
accumulate(struct cdr_projective *sum, const BIGNUM *base, const EC_POINT *point, const BIGNUM *scalar, BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine affine = { 0 };
	struct cdr_projective term = { .z = cdr_field_one };
	EC_POINT *product = EC_POINT_new(cdr_openssl_curve);

	if (product == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_openssl_multiply(product, base, point, scalar, ctx));
	if (!EC_POINT_is_at_infinity(cdr_openssl_curve, product)) {
		CDR_TRY(place_affine(product, ctx, &affine));
		term.x = affine.x;
		term.y = affine.y;
		cdr_projective_add(sum, &term, sum);
	}
out:
	EC_POINT_clear_free(product);
	cdr_wipe(&affine, sizeof(affine));
	cdr_wipe(&term, sizeof(term));
	return err;
}

/* The sum of products, one after the other. */
static cdr_err
sum_plainly(EC_POINT *place, const BIGNUM *base, size_t count, const EC_POINT **points, const BIGNUM **scalars,
    BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_projective sum = cdr_projective_identity;
	struct cdr_affine affine;

	if (base != NULL)
		CDR_TRY(accumulate(&sum, base, NULL, NULL, ctx));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(accumulate(&sum, NULL, points[i], scalars[i], ctx));
	if (cdr_projective_normalise(&sum, &affine) == 0)
		err = EC_POINT_set_to_infinity(cdr_openssl_curve, place) == 1 ? CDR_OK : CDR_E_MEMORY;
	else
		err = cdr_openssl_place_set(place, &affine, ctx);
out:
	cdr_wipe(&sum, sizeof(sum));
	cdr_wipe(&affine, sizeof(affine));
	return err;
}

/* place = base * G + the sum of scalars[i] * points[i] */
static cdr_err
sum(EC_POINT *place, const BIGNUM *base, size_t count, const EC_POINT **points, const BIGNUM **scalars, BN_CTX *ctx)
{
	if (count == 0)
		return cdr_openssl_multiply(place, base, NULL, NULL, ctx);
	if (count == 1)
		return cdr_openssl_multiply(place, base, points[0], scalars[0], ctx);
	if (!cdr_openssl_shortcuts)
		return sum_plainly(place, base, count, points, scalars, ctx);
	/* All doublings are shared. ecp_nistz256 does this in constant time too. */
	return EC_POINTs_mul(cdr_openssl_curve, place, base, count, points, scalars, ctx) == 1 ? CDR_OK : CDR_E_MEMORY;
}

/* ---- starting ---- */

/* A key and its public key: RFC 9497 sec. A.3.2. */
const uint8_t cdr_openssl_known[CDR_SCALAR_LEN] = {
	0xca, 0x5d, 0x94, 0xc8, 0x80, 0x78, 0x17, 0x66, 0x9a, 0x51, 0xb1, 0x96, 0xc3, 0x4c, 0x1b, 0x7f,
	0x84, 0x42, 0xfd, 0xe4, 0x33, 0x4a, 0x71, 0x21, 0xae, 0x47, 0x36, 0x36, 0x43, 0x12, 0xfc, 0xa6
};
static const uint8_t known_point[CDR_POINT_LEN] = {
	0x03, 0xe1, 0x7e, 0x70, 0x60, 0x4b, 0xca, 0xbe, 0x19, 0x88, 0x82, 0xc0, 0xa1, 0xf2, 0x7a, 0x92,
	0x44, 0x1e, 0x77, 0x42, 0x24, 0xed, 0x9c, 0x70, 0x2e, 0x51, 0xdd, 0x17, 0x03, 0x8b, 0x10, 0x24, 0x62
};

/* see core/crypto/group_openssl.h */
bool
cdr_openssl_agree(EC_POINT *plain, EC_POINT *used, BN_CTX *ctx)
{
	struct cdr_affine a, b;

	if (place_affine(plain, ctx, &a) != CDR_OK || cdr_openssl_affine(&used, 1, ctx, &b) != CDR_OK)
		return false;
	return (cdr_field_equal(&a.x, &b.x) & cdr_field_equal(&a.y, &b.y)) != 0;
}

/* A known multiple must come out right. */
static cdr_err
check_known(EC_POINT *place, const BIGNUM *k, BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine a;
	uint8_t bytes[CDR_POINT_LEN];

	CDR_TRY(cdr_openssl_multiply(place, k, NULL, NULL, ctx));
	CDR_TRY(place_affine(place, ctx, &a));
	cdr_affine_compress(&a, bytes);
	err = memcmp(bytes, known_point, sizeof(bytes)) == 0 ? CDR_OK : CDR_E_INTERNAL;
out:
	return err;
}

/* k * G + k * G + k * G must come out the same by the deprecated calls as without them, or they are not used. */
static cdr_err
check_shortcuts(EC_POINT *plain, EC_POINT *used, const BIGNUM *k, BN_CTX *ctx)
{
	cdr_err err = CDR_E_INTERNAL;
	const EC_POINT *points[2] = { EC_GROUP_get0_generator(cdr_openssl_curve), EC_GROUP_get0_generator(cdr_openssl_curve) };
	const BIGNUM *scalars[2] = { k, k };

	CDR_TRY(sum_plainly(plain, k, 2, points, scalars, ctx));
	cdr_openssl_shortcuts = true;
	cdr_openssl_shortcuts = sum(used, k, 2, points, scalars, ctx) == CDR_OK && cdr_openssl_agree(plain, used, ctx);
out:
	return err;
}

static void
start(void)
{
	cdr_err err = CDR_E_MEMORY;
	EC_POINT *plain = NULL, *used = NULL;
	BN_CTX *ctx = NULL;
	const BIGNUM *k;

	cdr_openssl_curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	ctx = cdr_openssl_begin(false);
	if (cdr_openssl_curve == NULL || ctx == NULL)
		goto out;
	plain = EC_POINT_new(cdr_openssl_curve);
	used = EC_POINT_new(cdr_openssl_curve);
	if (plain == NULL || used == NULL)
		goto out;
	CDR_TRY(cdr_openssl_number(ctx, cdr_openssl_known, &k));
	CDR_TRY(check_known(plain, k, ctx));
	CDR_TRY(check_shortcuts(plain, used, k, ctx));
out:
	EC_POINT_free(plain);
	EC_POINT_free(used);
	cdr_openssl_end(ctx);
	started = err;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_start(void)
{
	return pthread_once(&once, start) == 0 ? started : CDR_E_INTERNAL;
}

/* ---- one point, in bytes ---- */

/* k * point, or k * G where ${point} is NULL, in affine form. */
static cdr_err
multiply_one(const uint8_t k[static CDR_SCALAR_LEN], const struct cdr_affine *point, struct cdr_affine *out)
{
	cdr_err err = CDR_E_INTERNAL;
	EC_POINT *place = NULL;
	BN_CTX *ctx = NULL;
	const BIGNUM *number;

	if (!cdr_scalar_valid(k))
		return CDR_E_INPUT;
	CDR_TRY(cdr_group_start());
	err = CDR_E_MEMORY;
	ctx = cdr_openssl_begin(true);
	place = EC_POINT_new(cdr_openssl_curve);
	if (ctx == NULL || place == NULL)
		goto out;
	CDR_TRY(cdr_openssl_number(ctx, k, &number));
	if (point == NULL) {
		CDR_TRY(cdr_openssl_multiply(place, number, NULL, NULL, ctx));
	} else {
		CDR_TRY(cdr_openssl_place_set(place, point, ctx));
		CDR_TRY(cdr_openssl_multiply(place, NULL, place, number, ctx));
	}
	CDR_TRY(cdr_openssl_affine(&place, 1, ctx, out));
out:
	EC_POINT_clear_free(place);
	cdr_openssl_end(ctx);
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_mul_base(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_POINT_LEN])
{
	struct cdr_affine a = { 0 };
	cdr_err err = multiply_one(k, NULL, &a);

	memset(out, 0, CDR_POINT_LEN);
	if (err == CDR_OK)
		cdr_affine_compress(&a, out);
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_mul_affine(const uint8_t k[static CDR_SCALAR_LEN], const struct cdr_affine *point,
    uint8_t out[static CDR_POINT_LEN])
{
	struct cdr_affine a = { 0 };
	cdr_err err = multiply_one(k, point, &a);

	memset(out, 0, CDR_POINT_LEN);
	if (err == CDR_OK)
		cdr_affine_compress(&a, out);
	cdr_wipe(&a, sizeof(a));
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_mul(const uint8_t k[static CDR_SCALAR_LEN], const uint8_t point[static CDR_POINT_LEN],
    uint8_t out[static CDR_POINT_LEN])
{
	struct cdr_affine a;
	cdr_err err = cdr_affine_decompress(point, &a);

	if (err == CDR_OK)
		return cdr_group_mul_affine(k, &a, out);
	memset(out, 0, CDR_POINT_LEN);
	return err;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_public_uncompressed(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_POINT_UNCOMPRESSED_LEN])
{
	struct cdr_affine a = { 0 };
	cdr_err err = multiply_one(k, NULL, &a);

	memset(out, 0, CDR_POINT_UNCOMPRESSED_LEN);
	if (err != CDR_OK)
		return err;
	out[0] = 4;
	cdr_field_write(&a.x, out + 1);
	cdr_field_write(&a.y, out + 1 + CDR_FIELD_LEN);
	return CDR_OK;
}

/* see core/crypto/group.h */
cdr_err
cdr_group_ecdh(const uint8_t k[static CDR_SCALAR_LEN], const uint8_t peer[static CDR_POINT_UNCOMPRESSED_LEN],
    uint8_t x[static 32])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine a = { 0 };

	memset(x, 0, 32);
	CDR_TRY(cdr_affine_read_uncompressed(peer, &a));
	CDR_TRY(multiply_one(k, &a, &a));
	cdr_field_write(&a.x, x);
out:
	cdr_wipe(&a, sizeof(a));
	return err;
}

/* ---- many points, decoded ---- */

/* see core/crypto/group.h */
cdr_err
cdr_points_new(size_t count, struct cdr_points **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *points = NULL;

	*out = NULL;
	if (count < 1 || count > CDR_POINTS_MAX)
		return CDR_E_RANGE;
	CDR_TRY(cdr_group_start());

	err = CDR_E_MEMORY;
	points = calloc(1, sizeof(*points));
	if (points == NULL)
		goto out;
	points->count = count;
	points->place = calloc(count, sizeof(EC_POINT *));
	points->bytes = calloc(count, CDR_POINT_LEN);
	if (points->place == NULL || points->bytes == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		points->place[i] = EC_POINT_new(cdr_openssl_curve);
		if (points->place[i] == NULL)
			goto out;
	}
	*out = points;
	points = NULL;
	err = CDR_OK;
out:
	cdr_points_free(points);
	return err;
}

/* see core/crypto/group.h */
void
cdr_points_free(struct cdr_points *points)
{
	if (points == NULL)
		return;
	for (size_t i = 0; points->place != NULL && i < points->count; i++)
		EC_POINT_clear_free(points->place[i]);
	free(points->place);
	if (points->bytes != NULL)
		cdr_wipe(points->bytes, points->count * CDR_POINT_LEN);
	free(points->bytes);
	free(points);
}

/* see core/crypto/group.h */
cdr_err
cdr_points_decode(const uint8_t *in, size_t count, struct cdr_points **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *points = NULL;
	struct cdr_affine a;
	BN_CTX *ctx = NULL;

	*out = NULL;
	CDR_TRY(cdr_points_new(count, &points));
	ctx = cdr_openssl_begin(false);
	if (ctx == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_affine_decompress(in + i * CDR_POINT_LEN, &a));
		CDR_TRY(cdr_openssl_place_set(points->place[i], &a, ctx));
	}
	memcpy(points->bytes, in, count * CDR_POINT_LEN);
	points->encoded = true;
	*out = points;
	points = NULL;
out:
	cdr_points_free(points);
	cdr_openssl_end(ctx);
	return err;
}

/* see core/crypto/group.h */
size_t
cdr_points_count(const struct cdr_points *points)
{
	return points->count;
}

/* see core/crypto/group.h */
cdr_err
cdr_points_encode(struct cdr_points *points)
{
	cdr_err err = CDR_E_MEMORY;
	struct cdr_affine *affine = NULL;
	BN_CTX *ctx = NULL;

	if (points->encoded)
		return CDR_OK;
	ctx = cdr_openssl_begin(false);
	affine = calloc(points->count, sizeof(*affine));
	if (ctx == NULL || affine == NULL)
		goto out;
	CDR_TRY(cdr_openssl_affine(points->place, points->count, ctx, affine));
	for (size_t i = 0; i < points->count; i++)
		cdr_affine_compress(&affine[i], points->bytes + i * CDR_POINT_LEN);
	points->encoded = true;
out:
	if (affine != NULL)
		cdr_wipe(affine, points->count * sizeof(*affine));
	free(affine);
	cdr_openssl_end(ctx);
	return err;
}

/* see core/crypto/group.h */
const uint8_t *
cdr_points_peek(const struct cdr_points *points, size_t at)
{
	return points->encoded && at < points->count ? points->bytes + at * CDR_POINT_LEN : NULL;
}

/* see core/crypto/group.h */
cdr_err
cdr_points_mul(const uint8_t k[static CDR_SCALAR_LEN], const struct cdr_points *points, struct cdr_points **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *products = NULL;
	BN_CTX *ctx = NULL;
	const BIGNUM *number;

	*out = NULL;
	if (!cdr_scalar_valid(k))
		return CDR_E_INPUT;
	CDR_TRY(cdr_points_new(points->count, &products));
	ctx = cdr_openssl_begin(true);
	if (ctx == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_openssl_number(ctx, k, &number));
	for (size_t i = 0; i < points->count; i++)
		CDR_TRY(cdr_openssl_multiply(products->place[i], NULL, points->place[i], number, ctx));
	*out = products;
	products = NULL;
out:
	cdr_points_free(products);
	cdr_openssl_end(ctx);
	return err;
}

/* Whether a sum has the numbers that cdr_points_set_sum allows. */
static cdr_err
sum_check(const struct cdr_points *points, size_t at, const uint8_t *base, const struct cdr_term *terms, size_t count)
{
	if (at >= points->count || count > 2 * CDR_POINTS_MAX || (count == 0 && base == NULL))
		return CDR_E_RANGE;
	if (base != NULL && !cdr_scalar_reduced(base))
		return CDR_E_INPUT;
	for (size_t i = 0; i < count; i++) {
		if (terms[i].at >= terms[i].points->count)
			return CDR_E_RANGE;
		if (!cdr_scalar_reduced(terms[i].scalar))
			return CDR_E_INPUT;
	}
	return CDR_OK;
}

/* see core/crypto/group.h */
cdr_err
cdr_points_set_sum(struct cdr_points *points, size_t at, const uint8_t *base, const struct cdr_term *terms,
    size_t count, bool secret)
{
	cdr_err err = CDR_E_INTERNAL;
	const EC_POINT **term_points = NULL;
	const BIGNUM **term_scalars = NULL, *base_number = NULL;
	BN_CTX *ctx = NULL;

	points->encoded = false;
	CDR_TRY(sum_check(points, at, base, terms, count));
	err = CDR_E_MEMORY;
	ctx = cdr_openssl_begin(secret);
	term_points = calloc(count + 1, sizeof(*term_points));
	term_scalars = calloc(count + 1, sizeof(*term_scalars));
	if (ctx == NULL || term_points == NULL || term_scalars == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		term_points[i] = terms[i].points->place[terms[i].at];
		CDR_TRY(cdr_openssl_number(ctx, terms[i].scalar, &term_scalars[i]));
	}
	if (base != NULL)
		CDR_TRY(cdr_openssl_number(ctx, base, &base_number));
	CDR_TRY(sum(points->place[at], base_number, count, term_points, term_scalars, ctx));
out:
	if (err != CDR_OK && at < points->count)
		(void)EC_POINT_set_to_infinity(cdr_openssl_curve, points->place[at]);
	free(term_points);
	free(term_scalars);
	cdr_openssl_end(ctx);
	return err;
}
