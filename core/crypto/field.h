#ifndef CDR_CORE_CRYPTO_FIELD_H
#define CDR_CORE_CRYPTO_FIELD_H

/*
 * The field of P-256, modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1. Internal to core/crypto.
 *
 * Nothing in this header depends on a value in time or in memory access. A mask is all ones for yes and 0 for no.
 * Outputs may be the same memory as inputs.
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

/**
 * cdr_field_read(in, out):
 * Read a big-endian number.
 *
 * Returns  the mask of in < p (out is always in modulo p).
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
 * Returns  the mask of: u / v is a square.
 * Source   RFC 9380 sec. F.2.1.2.
 */
uint64_t cdr_field_sqrt_ratio(const struct cdr_field *u, const struct cdr_field *v, struct cdr_field *out);

/**
 * cdr_field_equal(a, b), cdr_field_is_zero(a), cdr_field_is_odd(a):
 * Masks. Odd is sgn0 of RFC 9380 sec. 4.1.
 */
uint64_t cdr_field_equal(const struct cdr_field *a, const struct cdr_field *b);
uint64_t cdr_field_is_zero(const struct cdr_field *a);
uint64_t cdr_field_is_odd(const struct cdr_field *a);

/**
 * cdr_field_select(mask, a, b, out):
 * ${a} where ${mask}, else ${b}.
 */
void cdr_field_select(uint64_t mask, const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out);

#endif
