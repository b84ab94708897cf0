#include "core/crypto/point.h"

#include "core/crypto/secret.h"

const struct cdr_projective cdr_projective_identity = {
	.y = { { 0x0000000000000001, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe } }
};

/* b (SEC 2 sec. 2.4.2). */
const struct cdr_field cdr_curve_b = {
	{ 0xd89cdf6229c4bddf, 0xacf005cd78843090, 0xe5a220abf7212ed6, 0xdc30061d04874834 }
};

/* out = 3a */
static void
triple(const struct cdr_field *a, struct cdr_field *out)
{
	struct cdr_field twice;
	cdr_field_add(a, a, &twice);
	cdr_field_add(&twice, a, out);
	cdr_wipe(&twice, sizeof(twice));
}

/* y of opposite parity where the mask is set */
static void
negate_if(uint64_t mask, struct cdr_field *y)
{
	struct cdr_field opposite;
	cdr_field_sub(&cdr_field_zero, y, &opposite);
	cdr_field_select(mask, &opposite, y, y);
	cdr_wipe(&opposite, sizeof(opposite));
}

/* out = x^3 - 3x + b, which is y^2; x is public */
static void
right_side(const struct cdr_field *x, struct cdr_field *out)
{
	struct cdr_field linear;
	triple(x, &linear);
	cdr_field_square(x, out);
	cdr_field_mul(out, x, out);
	cdr_field_sub(out, &linear, out);
	cdr_field_add(out, &cdr_curve_b, out);
}

/* see core/crypto/point.h */
cdr_err
cdr_affine_read_uncompressed(const uint8_t in[static CDR_AFFINE_UNCOMPRESSED_LEN], struct cdr_affine *out)
{
	struct cdr_field left, right;

	if (in[0] != 4 || cdr_field_read(in + 1, &out->x) == 0 || cdr_field_read(in + 1 + CDR_FIELD_LEN, &out->y) == 0)
		return CDR_E_POINT;
	cdr_field_square(&out->y, &left);
	right_side(&out->x, &right);
	return cdr_field_equal(&left, &right) != 0 ? CDR_OK : CDR_E_POINT;
}

/* see core/crypto/point.h */
cdr_err
cdr_affine_decompress(const uint8_t in[static CDR_AFFINE_LEN], struct cdr_affine *out)
{
	struct cdr_field right;

	if (in[0] != 2 && in[0] != 3)
		return CDR_E_POINT;
	if (cdr_field_read(in + 1, &out->x) == 0)
		return CDR_E_POINT;

	right_side(&out->x, &right);
	if (cdr_field_sqrt_ratio(&right, &cdr_field_one, &out->y) == 0)
		return CDR_E_POINT;

	/* The order is odd, so no point has y = 0 and exactly one root has the parity that is asked for. */
	uint64_t want_odd = 0 - (uint64_t)(in[0] & 1);
	negate_if(want_odd ^ cdr_field_is_odd(&out->y), &out->y);
	return CDR_OK;
}

/* see core/crypto/point.h */
void
cdr_affine_compress(const struct cdr_affine *a, uint8_t out[static CDR_AFFINE_LEN])
{
	out[0] = (uint8_t)(2 | (cdr_field_is_odd(&a->y) & 1));
	cdr_field_write(&a->x, out + 1);
}

/* out = a1 b2 + b1 a2, from (a1 + b1)(a2 + b2) and the two products that are known */
static void
cross(const struct cdr_field *a1, const struct cdr_field *b1, const struct cdr_field *a2, const struct cdr_field *b2,
    const struct cdr_field *aa, const struct cdr_field *bb, struct cdr_field *out)
{
	struct cdr_field left, right;
	cdr_field_add(a1, b1, &left);
	cdr_field_add(a2, b2, &right);
	cdr_field_mul(&left, &right, &left);
	cdr_field_sub(&left, aa, &left);
	cdr_field_sub(&left, bb, out);
	cdr_wipe(&left, sizeof(left));
	cdr_wipe(&right, sizeof(right));
}

/* see core/crypto/point.h */
void
cdr_projective_add(const struct cdr_projective *a, const struct cdr_projective *b, struct cdr_projective *out)
{
	struct {
		struct cdr_field xx, yy, zz, xy, yz, xz;
		struct cdr_field minus, plus, xx_zz, mixed, left, right;
	} t;

	cdr_field_mul(&a->x, &b->x, &t.xx);
	cdr_field_mul(&a->y, &b->y, &t.yy);
	cdr_field_mul(&a->z, &b->z, &t.zz);
	cross(&a->x, &a->y, &b->x, &b->y, &t.xx, &t.yy, &t.xy);
	cross(&a->y, &a->z, &b->y, &b->z, &t.yy, &t.zz, &t.yz);
	cross(&a->x, &a->z, &b->x, &b->z, &t.xx, &t.zz, &t.xz);

	/* minus, plus = yy -+ 3 (xz - b zz) */
	cdr_field_mul(&cdr_curve_b, &t.zz, &t.left);
	cdr_field_sub(&t.xz, &t.left, &t.left);
	triple(&t.left, &t.left);
	cdr_field_add(&t.yy, &t.left, &t.plus);
	cdr_field_sub(&t.yy, &t.left, &t.minus);

	/* xx_zz = 3 (xx - zz); mixed = 3 (b xz - 3 zz - xx) */
	triple(&t.zz, &t.zz);
	cdr_field_mul(&cdr_curve_b, &t.xz, &t.mixed);
	cdr_field_sub(&t.mixed, &t.zz, &t.mixed);
	cdr_field_sub(&t.mixed, &t.xx, &t.mixed);
	triple(&t.mixed, &t.mixed);
	triple(&t.xx, &t.xx_zz);
	cdr_field_sub(&t.xx_zz, &t.zz, &t.xx_zz);

	/* x = plus xy - mixed yz; y = minus plus + xx_zz mixed; z = minus yz + xx_zz xy */
	cdr_field_mul(&t.plus, &t.xy, &t.left);
	cdr_field_mul(&t.mixed, &t.yz, &t.right);
	cdr_field_sub(&t.left, &t.right, &out->x);
	cdr_field_mul(&t.plus, &t.minus, &t.left);
	cdr_field_mul(&t.xx_zz, &t.mixed, &t.right);
	cdr_field_add(&t.left, &t.right, &out->y);
	cdr_field_mul(&t.minus, &t.yz, &t.left);
	cdr_field_mul(&t.xx_zz, &t.xy, &t.right);
	cdr_field_add(&t.left, &t.right, &out->z);
	cdr_wipe(&t, sizeof(t));
}

/* see core/crypto/point.h */
uint64_t
cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out)
{
	struct cdr_field inverse;
	uint64_t is_identity = cdr_field_is_zero(&a->z);

	cdr_field_invert(&a->z, &inverse);
	cdr_field_mul(&a->x, &inverse, &out->x);
	cdr_field_mul(&a->y, &inverse, &out->y);
	cdr_wipe(&inverse, sizeof(inverse));
	return ~is_identity;
}

/* see core/crypto/point.h */
void
cdr_jacobian_normalise(const struct cdr_jacobian *points, size_t count, struct cdr_affine *out)
{
	struct cdr_field product = cdr_field_one, inverse, square_of_inverse;

	/* out[i].x = z[0] ... z[i-1] for now */
	for (size_t i = 0; i < count; i++) {
		out[i].x = product;
		cdr_field_mul(&product, &points[i].z, &product);
	}
	/* Downwards, product = 1 / (z[0] ... z[i]). */
	cdr_field_invert(&product, &product);
	for (size_t i = count; i-- > 0;) {
		cdr_field_mul(&product, &out[i].x, &inverse);
		cdr_field_mul(&product, &points[i].z, &product);
		cdr_field_square(&inverse, &square_of_inverse);
		cdr_field_mul(&points[i].x, &square_of_inverse, &out[i].x);
		cdr_field_mul(&inverse, &square_of_inverse, &inverse);
		cdr_field_mul(&points[i].y, &inverse, &out[i].y);
	}
	cdr_wipe(&product, sizeof(product));
	cdr_wipe(&inverse, sizeof(inverse));
	cdr_wipe(&square_of_inverse, sizeof(square_of_inverse));
}

/* see core/crypto/point.h */
uint64_t
cdr_projective_normalise_all(const struct cdr_projective *points, size_t count, struct cdr_affine *out)
{
	struct cdr_field product = cdr_field_one, inverse;

	for (size_t i = 0; i < count; i++) {
		out[i].x = product;
		cdr_field_mul(&product, &points[i].z, &product);
	}
	/* If one z is 0, so is the product, its inverse, and everything below. */
	uint64_t all_points = ~cdr_field_is_zero(&product);
	cdr_field_invert(&product, &product);
	for (size_t i = count; i-- > 0;) {
		cdr_field_mul(&product, &out[i].x, &inverse);
		cdr_field_mul(&product, &points[i].z, &product);
		cdr_field_mul(&points[i].x, &inverse, &out[i].x);
		cdr_field_mul(&points[i].y, &inverse, &out[i].y);
	}
	cdr_wipe(&product, sizeof(product));
	cdr_wipe(&inverse, sizeof(inverse));
	return all_points;
}
