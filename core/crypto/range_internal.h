#ifndef CDR_CORE_CRYPTO_RANGE_INTERNAL_H
#define CDR_CORE_CRYPTO_RANGE_INTERNAL_H

/* What prover (range.c) and verifier (range_verify.c) both do: the matrix, the bases, the challenges. See RANGE.md. */

#include "core/crypto/elgamal_internal.h"
#include "core/crypto/hash.h"
#include "core/crypto/range.h"

#define CDR_RANGE_COLUMNS_MAX 448

/* The matrix of bits, and where everything stands in the packed bytes. */
struct cdr_range_shape {
	size_t count;          /* numbers */
	size_t ciphers;
	size_t bits;           /* of all of them */
	size_t columns;        /* w: the smallest with 2 w^2 >= 3 bits */
	size_t rows;           /* R */
	size_t products;       /* 2 R + 1: coefficients -(R+1) .. R of the inner product, without 0 */
	size_t points;         /* of the proof */
	size_t scalars;
	size_t packed_len;
};

/* How many ciphertexts there are. */
size_t cdr_range_ciphers(const struct cdr_range_layout *layout);

/* SHA-256 of all forms of a layout that has some. CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. */
CDR_MUST_CHECK cdr_err cdr_range_forms_hash(const struct cdr_range_layout *layout, uint8_t out[static CDR_SHA256_LEN]);

/* ${factor} as a scalar. */
void cdr_range_factor(int32_t factor, uint8_t out[static CDR_SCALAR_LEN]);

/* Order of the points in a proof: R rows, the masks S and T, the products, then the two of the equality proof. */
enum { CDR_RANGE_MASK_S, CDR_RANGE_MASK_T, CDR_RANGE_MASKS };

/* Order of the scalars: l (w), r (w), then these. */
enum { CDR_RANGE_RHO_L, CDR_RANGE_RHO_R, CDR_RANGE_RHO_C, CDR_RANGE_Z_M, CDR_RANGE_Z_R, CDR_RANGE_LAST };

/* Returns CDR_OK; CDR_E_RANGE. */
CDR_MUST_CHECK cdr_err cdr_range_shape(const struct cdr_range_layout *layout, struct cdr_range_shape *shape);

/* Where the coefficient of x^exponent (not 0) stands among the products: -(R+1) first. */
size_t cdr_range_product_at(const struct cdr_range_shape *shape, ptrdiff_t exponent);

/* Column number ${at}'s base: a point of which nobody knows the logarithm. */
CDR_MUST_CHECK cdr_err cdr_range_base(size_t at, struct cdr_affine *out);

/*
 * The challenges. First y, from everything that was fixed before it (key, context, layout, ciphertexts, rows, masks); then
 * x, from that and the products. ${digest} carries on from one to the other.
 */
CDR_MUST_CHECK cdr_err cdr_range_challenge_y(const struct cdr_elgamal *key, struct cdr_bytes context,
    const struct cdr_range_layout *layout, const struct cdr_range_shape *shape, const uint8_t *packed,
    uint8_t digest[static CDR_SHA256_LEN], uint8_t y[static CDR_SCALAR_LEN]);
CDR_MUST_CHECK cdr_err cdr_range_challenge_x(const struct cdr_range_shape *shape, const uint8_t *packed,
    const uint8_t digest[static CDR_SHA256_LEN], uint8_t x[static CDR_SCALAR_LEN]);

/* out[i] = base^(first + i),  of them;  is 0 or 1. */
void cdr_range_powers(const uint8_t base[static CDR_SCALAR_LEN], size_t first, size_t count, uint8_t *out);

/*
 * Everything that follows from y, in one piece of memory (free it): the powers y^1, y^2, ... one for each place of the matrix, then
 * zeta, one for each number; omega, one for each ciphertext: what its value is multiplied with in the sum of all numbers times their
 * zeta; and d, for each place 2^j * zeta_i, where bit j of number i stands there (0 behind the last).
 */
struct cdr_range_weights {
	uint8_t *power;
	const uint8_t *zeta;
	const uint8_t *omega;
	const uint8_t *d;
};
CDR_MUST_CHECK cdr_err cdr_range_weights(const struct cdr_range_layout *layout, const struct cdr_range_shape *shape,
    const uint8_t y[static CDR_SCALAR_LEN], struct cdr_range_weights *weights);

/* The powers of x and of 1/x from 0 on, rows + 3 of each: x_up[e] = x^e, x_down[e] = x^-e. One piece of memory (free up). */
struct cdr_range_exponents {
	uint8_t *up;
	const uint8_t *down;
};
CDR_MUST_CHECK cdr_err cdr_range_exponents(const struct cdr_range_shape *shape, const uint8_t x[static CDR_SCALAR_LEN],
    struct cdr_range_exponents *exponents);
const uint8_t *cdr_range_exponent(const struct cdr_range_exponents *exponents, ptrdiff_t exponent);

#endif
