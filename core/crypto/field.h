#ifndef CDR_CORE_CRYPTO_FIELD_H
#define CDR_CORE_CRYPTO_FIELD_H

/*
 * The field of P-256, modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, and the curve y^2 = x^3 - 3x + b over it,
 * in constant time. Internal to core/crypto: hashing to the curve, and the forms of points.
 *
 * Nothing in this header depends on a value in time or in memory access. Outputs may be the same memory as inputs.
 */

#include "core/error.h"

#define CDR_FIELD_LEN 32
#define CDR_FIELD_WIDE_LEN 48

/* An element in Montgomery form, a * 2^256 mod p, always reduced; the lowest word first. */
struct cdr_field {
	uint64_t word[4];
};

extern const struct cdr_field cdr_field_zero;
extern const struct cdr_field cdr_field_one;
extern const struct cdr_field cdr_field_b; /* of the curve */

/**
 * cdr_field_read(in, out):
 * Read a big-endian number.
 *
 * Returns  all ones if it was below p, else 0 (out is then the number modulo p).
 */
uint64_t cdr_field_read(const uint8_t in[static CDR_FIELD_LEN], struct cdr_field *out);

/**
 * cdr_field_read_wide(in, out):
 * Read a big-endian number of 48 bytes, modulo p.
 */
void cdr_field_read_wide(const uint8_t in[static CDR_FIELD_WIDE_LEN], struct cdr_field *out);

/**
 * cdr_field_write(a, out):
 * Write a big-endian number in 0 .. p-1.
 */
void cdr_field_write(const struct cdr_field *a, uint8_t out[static CDR_FIELD_LEN]);

void cdr_field_add(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out);
void cdr_field_sub(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out);
void cdr_field_mul(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out);
void cdr_field_square(const struct cdr_field *a, struct cdr_field *out);

/**
 * cdr_field_invert(a, out):
 * 1 / a; 0 for 0.
 */
void cdr_field_invert(const struct cdr_field *a, struct cdr_field *out);

/**
 * cdr_field_sqrt_ratio(u, v, out):
 * A square root of u / v if there is one, else of Z * u / v, where Z = -10 is the non-square of RFC 9380 sec. 8.2.
 *
 * v   in   not 0
 *
 * Returns  all ones if u / v is a square, else 0.
 * Source   RFC 9380 sec. F.2.1.2.
 */
uint64_t cdr_field_sqrt_ratio(const struct cdr_field *u, const struct cdr_field *v, struct cdr_field *out);

/**
 * cdr_field_equal(a, b), cdr_field_is_zero(a), cdr_field_is_odd(a):
 * Masks: all ones for yes, 0 for no. Odd is sgn0 of RFC 9380 sec. 4.1.
 */
uint64_t cdr_field_equal(const struct cdr_field *a, const struct cdr_field *b);
uint64_t cdr_field_is_zero(const struct cdr_field *a);
uint64_t cdr_field_is_odd(const struct cdr_field *a);

/**
 * cdr_field_select(mask, a, b, out):
 * ${a} where ${mask} is all ones, ${b} where it is 0.
 */
void cdr_field_select(uint64_t mask, const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out);

/* A point that is not the identity. */
struct cdr_affine {
	struct cdr_field x, y;
};

/* The point (x/z, y/z); the identity is (0, 1, 0). */
struct cdr_projective {
	struct cdr_field x, y, z;
};

/**
 * cdr_affine_decompress(in, out):
 * Read a compressed point.
 *
 * in   in, public   33 bytes (SEC 1 sec. 2.3.4)
 *
 * Returns  CDR_OK; CDR_E_POINT if the first byte is not 2 or 3, x is not below p, or no point has this x.
 */
CDR_MUST_CHECK cdr_err cdr_affine_decompress(const uint8_t in[static 33], struct cdr_affine *out);

/**
 * cdr_affine_compress(a, out):
 * Write a point in 33 bytes (SEC 1 sec. 2.3.3).
 */
void cdr_affine_compress(const struct cdr_affine *a, uint8_t out[static 33]);

/**
 * cdr_projective_add(a, b, out):
 * a + b for any two points, equal, opposite or the identity.
 *
 * Source   Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves" (2016), algorithm 4.
 */
void cdr_projective_add(const struct cdr_projective *a, const struct cdr_projective *b, struct cdr_projective *out);

/**
 * cdr_projective_normalise(a, out):
 * The affine form.
 *
 * Returns  all ones; 0 if ${a} is the identity (out is then 0, 0).
 */
uint64_t cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out);

#endif
