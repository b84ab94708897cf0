#ifndef CDR_CORE_CRYPTO_SCALAR_H
#define CDR_CORE_CRYPTO_SCALAR_H

/*
 * Numbers modulo n, the order of P-256 (SEC 2, secp256r1), in constant time.
 * A scalar travels as 32 bytes, big-endian. Secrets, shares, blinds and the indices of trustees are all scalars.
 *
 * In every function of this header the operands may be any 32 bytes and are taken modulo n, the result is in
 * 0 .. n-1, and ${out} may be the same memory as an operand. Nothing depends on the values in time or in memory access.
 */

#include "core/error.h"

#define CDR_SCALAR_LEN 32
#define CDR_SCALAR_WIDE_LEN 48 /* uniform bytes that reduce to a scalar with a bias below 2^-128 */

/**
 * cdr_scalar_valid(k):
 * Whether ${k} is a key, a blind or a share: in 1 .. n-1.
 *
 * k   in, secret   only the answer leaks
 */
bool cdr_scalar_valid(const uint8_t k[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_reduced(k):
 * Whether ${k} is in 0 .. n-1, as a number that came over the wire must be (RFC 9497 sec. 4.3, DeserializeScalar).
 */
bool cdr_scalar_reduced(const uint8_t k[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_random(out):
 * A uniform scalar in 1 .. n-1.
 *
 * out   out, secret   all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_INTERNAL if there is no randomness.
 * Source   RFC 9497 sec. 4.7.2, by wide reduction.
 */
CDR_MUST_CHECK cdr_err cdr_scalar_random(uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_reduce_wide(wide, out):
 * ${wide}, a big-endian number, modulo n. Uniform bytes give a uniform scalar (which may be 0).
 *
 * Source   RFC 9380 sec. 5.2, hash_to_field, step 7, with L = 48.
 */
void cdr_scalar_reduce_wide(const uint8_t wide[static CDR_SCALAR_WIDE_LEN], uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_set(number, out):
 * The scalar of a small number, such as the index of a trustee.
 */
void cdr_scalar_set(uint64_t number, uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_add(a, b, out), _sub, _mul:
 * a + b, a - b and a * b modulo n.
 */
void cdr_scalar_add(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN]);
void cdr_scalar_sub(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN]);
void cdr_scalar_mul(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_invert(a, out):
 * 1 / a modulo n, as a^(n-2); 0 for 0, so the caller sees to it that ${a} is valid.
 */
void cdr_scalar_invert(const uint8_t a[static CDR_SCALAR_LEN], uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_scalar_invert_all(in, count, out):
 * 1 / in[i] for many scalars with one inversion (Montgomery's trick).
 *
 * in, out   ${count} scalars each, one after the other, not the same memory; none of them 0 modulo n
 */
void cdr_scalar_invert_all(const uint8_t *in, size_t count, uint8_t *out);

/**
 * cdr_scalar_lengthen(k, out):
 * k or k + n, such that the highest eight bytes are not all 0 and the number is below 2^256. It multiplies a point to
 * the same result, and a library that skips leading zero words takes the same time for all.
 *
 * k   in, secret   in 0 .. n-1
 */
void cdr_scalar_lengthen(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_SCALAR_LEN]);

#endif
