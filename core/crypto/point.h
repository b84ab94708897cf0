#ifndef CDR_CORE_CRYPTO_POINT_H
#define CDR_CORE_CRYPTO_POINT_H

/*
 * The curve y^2 = x^3 - 3x + b over the field of P-256: the forms in which a point stands, and adding. Internal to
 * core/crypto. Multiplying is in group.h.
 *
 * Nothing in this header depends on a value in time or in memory access, but for which bytes are refused as a point.
 * Outputs may be the same memory as inputs.
 */

#include "core/crypto/field.h"

#define CDR_AFFINE_LEN 33 /* compressed */
#define CDR_AFFINE_UNCOMPRESSED_LEN 65

/* A point that is not the identity. */
struct cdr_affine {
	struct cdr_field x, y;
};

/* The point (x/z, y/z); the identity is (0, 1, 0). */
struct cdr_projective {
	struct cdr_field x, y, z;
};

/* The point (x/z^2, y/z^3), as OpenSSL computes; the identity has z = 0. */
struct cdr_jacobian {
	struct cdr_field x, y, z;
};

extern const struct cdr_projective cdr_projective_identity;
extern const struct cdr_field cdr_curve_b;

/**
 * cdr_affine_decompress(in, out):
 * Read a compressed point (SEC 1 sec. 2.3.4), which is public.
 *
 * Returns  CDR_OK; CDR_E_POINT if the first byte is not 2 or 3, x is not below p, or no point has this x.
 */
CDR_MUST_CHECK cdr_err cdr_affine_decompress(const uint8_t in[static CDR_AFFINE_LEN], struct cdr_affine *out);

/**
 * cdr_affine_read_uncompressed(in, out):
 * Read an uncompressed point, which is public: 4, x, y.
 *
 * Returns  CDR_OK; CDR_E_POINT if the first byte is not 4, x or y is not below p, or the point is not on the curve.
 */
CDR_MUST_CHECK cdr_err cdr_affine_read_uncompressed(const uint8_t in[static CDR_AFFINE_UNCOMPRESSED_LEN],
    struct cdr_affine *out);

/**
 * cdr_affine_compress(a, out):
 * Write a point compressed (SEC 1 sec. 2.3.3).
 */
void cdr_affine_compress(const struct cdr_affine *a, uint8_t out[static CDR_AFFINE_LEN]);

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
 * Returns  the mask of: it has one. 0 if ${a} is the identity (out is then 0, 0).
 */
uint64_t cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out);

/**
 * cdr_jacobian_normalise(points, count, out):
 * The affine forms of many points with one inversion (Montgomery's trick).
 *
 * points   in    ${count} points, none of them the identity
 * out      out   as many
 */
void cdr_jacobian_normalise(const struct cdr_jacobian *points, size_t count, struct cdr_affine *out);

/**
 * cdr_projective_normalise_all(points, count, out):
 * The affine forms of many points with one inversion.
 *
 * out   out    points; those of all are 0, 0 if one of  is the identity
 *
 * Returns  the mask of: none of them is the identity.
 */
uint64_t cdr_projective_normalise_all(const struct cdr_projective *points, size_t count, struct cdr_affine *out);

#endif
