#ifndef CDR_CORE_CRYPTO_LIMBS_H
#define CDR_CORE_CRYPTO_LIMBS_H

/*
 * Numbers of 256 bits in four words, the lowest first, in constant time: what the field (modulo p) and the scalars
 * (modulo n) have in common. Internal to core/crypto. Inline, so that the compiler sees which modulus it is.
 *
 * A mask is all ones for yes and 0 for no. Outputs may be the same memory as inputs.
 */

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 cdr_uint128;

struct cdr_modulus {
	uint64_t m[4];      /* odd, above 2^255 */
	uint64_t inverse;   /* -1 / m modulo 2^64 */
	uint64_t square[4]; /* 2^512 modulo m: takes a number into Montgomery form */
};

/* The same mask, of which the compiler no longer knows that it is one, and so makes no branch of it. */
static inline uint64_t
cdr_limbs_mask(uint64_t mask)
{
	__asm__("" : "+r"(mask));
	return mask;
}

/* The mask of bit = 1. */
static inline uint64_t
cdr_limbs_mask_of_bit(uint64_t bit)
{
	return cdr_limbs_mask(0 - bit);
}

/* Whether a = 0. */
static inline uint64_t
cdr_limbs_is_zero(const uint64_t a[4])
{
	uint64_t any = a[0] | a[1] | a[2] | a[3];
	return cdr_limbs_mask_of_bit(1 ^ ((any | (0 - any)) >> 63));
}

/* a where mask, else b. */
static inline void
cdr_limbs_select(uint64_t mask, const uint64_t a[4], const uint64_t b[4], uint64_t out[4])
{
	for (size_t i = 0; i < 4; i++)
		out[i] = b[i] ^ (mask & (a[i] ^ b[i]));
}

/* out = a + b; returns the carry. */
static inline uint64_t
cdr_limbs_add(const uint64_t a[4], const uint64_t b[4], uint64_t out[4])
{
	cdr_uint128 sum = 0;
	for (size_t i = 0; i < 4; i++) {
		sum = (cdr_uint128)a[i] + b[i] + (uint64_t)(sum >> 64);
		out[i] = (uint64_t)sum;
	}
	return (uint64_t)(sum >> 64);
}

/* out = a - b; returns the borrow. */
static inline uint64_t
cdr_limbs_sub(const uint64_t a[4], const uint64_t b[4], uint64_t out[4])
{
	uint64_t borrow = 0;
	for (size_t i = 0; i < 4; i++) {
		cdr_uint128 difference = (cdr_uint128)a[i] - b[i] - borrow;
		out[i] = (uint64_t)difference;
		borrow = (uint64_t)(difference >> 64) & 1;
	}
	return borrow;
}

/* out = high * 2^256 + a modulo m, for a number below 2m. */
static inline void
cdr_limbs_reduce(uint64_t high, const uint64_t a[4], const struct cdr_modulus *mod, uint64_t out[4])
{
	uint64_t less[4];
	uint64_t borrow = cdr_limbs_sub(a, mod->m, less);
	cdr_limbs_select(cdr_limbs_mask_of_bit(borrow & ~high & 1), a, less, out);
}

/* out = a + b modulo m, both below m. */
static inline void
cdr_limbs_add_mod(const uint64_t a[4], const uint64_t b[4], const struct cdr_modulus *mod, uint64_t out[4])
{
	uint64_t sum[4];
	uint64_t carry = cdr_limbs_add(a, b, sum);
	cdr_limbs_reduce(carry, sum, mod, out);
}

/* out = a - b modulo m, both below m. */
static inline void
cdr_limbs_sub_mod(const uint64_t a[4], const uint64_t b[4], const struct cdr_modulus *mod, uint64_t out[4])
{
	uint64_t difference[4], back[4];
	uint64_t borrow = cdr_limbs_sub(a, b, difference);
	cdr_limbs_add(difference, mod->m, back);
	cdr_limbs_select(cdr_limbs_mask_of_bit(borrow), back, difference, out);
}

/* acc + a * b + carry, which is below 2^128; the high word becomes the carry. */
static inline uint64_t
cdr_limbs_mul_add(uint64_t acc, uint64_t a, uint64_t b, uint64_t *carry)
{
	cdr_uint128 t = (cdr_uint128)a * b + acc + *carry;
	*carry = (uint64_t)(t >> 64);
	return (uint64_t)t;
}

/* t = (t + a * b) / 2^64 modulo m, for one word b; t stays below 2m in five words, so it never overflows. */
static inline void
cdr_limbs_montgomery_step(uint64_t t[5], const uint64_t a[4], uint64_t b, const struct cdr_modulus *mod)
{
	uint64_t carry = 0;
	t[0] = cdr_limbs_mul_add(t[0], a[0], b, &carry);
	t[1] = cdr_limbs_mul_add(t[1], a[1], b, &carry);
	t[2] = cdr_limbs_mul_add(t[2], a[2], b, &carry);
	t[3] = cdr_limbs_mul_add(t[3], a[3], b, &carry);
	cdr_uint128 top = (cdr_uint128)t[4] + carry;

	/* A multiple of m that makes the lowest word 0, which is then dropped. */
	uint64_t q = t[0] * mod->inverse;
	carry = 0;
	(void)cdr_limbs_mul_add(t[0], q, mod->m[0], &carry);
	t[0] = cdr_limbs_mul_add(t[1], q, mod->m[1], &carry);
	t[1] = cdr_limbs_mul_add(t[2], q, mod->m[2], &carry);
	t[2] = cdr_limbs_mul_add(t[3], q, mod->m[3], &carry);
	top += carry;
	t[3] = (uint64_t)top;
	t[4] = (uint64_t)(top >> 64);
}

/* out = a * b / 2^256 modulo m (Montgomery 1985), for a of any size and b below m. */
static inline void
cdr_limbs_montgomery(const uint64_t a[4], const uint64_t b[4], const struct cdr_modulus *mod, uint64_t out[4])
{
	uint64_t t[5] = { 0 };
	cdr_limbs_montgomery_step(t, b, a[0], mod);
	cdr_limbs_montgomery_step(t, b, a[1], mod);
	cdr_limbs_montgomery_step(t, b, a[2], mod);
	cdr_limbs_montgomery_step(t, b, a[3], mod);
	cdr_limbs_reduce(t[4], t, mod, out);
}

/* Read 8 * words bytes, big-endian. */
static inline void
cdr_limbs_read(const uint8_t *in, size_t words, uint64_t *out)
{
	for (size_t i = 0; i < words; i++) {
		uint64_t word = 0;
		for (size_t j = 0; j < 8; j++)
			word = word << 8 | in[8 * (words - 1 - i) + j];
		out[i] = word;
	}
}

/* Write 32 bytes, big-endian. */
static inline void
cdr_limbs_write(const uint64_t a[4], uint8_t *out)
{
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)(a[3 - i / 8] >> (56 - 8 * (i % 8)));
}

#endif
