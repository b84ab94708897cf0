#include "core/crypto/field.h"

#include "core/crypto/limbs.h"
#include "core/crypto/secret.h"

/* p (SEC 2 sec. 2.4.2). */
static const struct cdr_modulus prime = {
	.m = { 0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001 },
	.inverse = 1,
	.square = { 0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe, 0x00000004fffffffd },
};

const struct cdr_field cdr_field_zero = { { 0 } };
const struct cdr_field cdr_field_one = {
	{ 0x0000000000000001, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe }
};

/* A square root of 10, which is -Z. */
static const struct cdr_field sqrt_of_minus_z = {
	{ 0xa1fd38ee98a195fd, 0x78400ad7423dcf70, 0x6913c88f9ea8dfee, 0x9051d26e12a8f304 }
};

/* see core/crypto/field.h */
uint64_t
cdr_field_read(const uint8_t in[static CDR_FIELD_LEN], struct cdr_field *out)
{
	uint64_t number[4], less[4];

	cdr_limbs_read(in, 4, number);
	uint64_t below = cdr_limbs_mask_of_bit(cdr_limbs_sub(number, prime.m, less));
	cdr_limbs_montgomery(number, prime.square, &prime, out->word);
	cdr_wipe(number, sizeof(number));
	cdr_wipe(less, sizeof(less));
	return below;
}

/* see core/crypto/field.h */
void
cdr_field_read_wide(const uint8_t in[static CDR_FIELD_WIDE_LEN], struct cdr_field *out)
{
	uint64_t high[4] = { 0 }, low[4];

	/* high * 2^256 + low: twice into Montgomery form multiplies by the factor too. */
	cdr_limbs_read(in, 2, high);
	cdr_limbs_read(in + 16, 4, low);
	cdr_limbs_montgomery(high, prime.square, &prime, high);
	cdr_limbs_montgomery(high, prime.square, &prime, high);
	cdr_limbs_montgomery(low, prime.square, &prime, low);
	cdr_limbs_add_mod(high, low, &prime, out->word);
	cdr_wipe(high, sizeof(high));
	cdr_wipe(low, sizeof(low));
}

/* see core/crypto/field.h */
void
cdr_field_write(const struct cdr_field *a, uint8_t out[static CDR_FIELD_LEN])
{
	static const uint64_t one[4] = { 1 };
	uint64_t number[4];

	cdr_limbs_montgomery(a->word, one, &prime, number);
	cdr_limbs_write(number, out);
	cdr_wipe(number, sizeof(number));
}

/* see core/crypto/field.h */
void
cdr_field_add(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out)
{
	cdr_limbs_add_mod(a->word, b->word, &prime, out->word);
}

/* see core/crypto/field.h */
void
cdr_field_sub(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out)
{
	cdr_limbs_sub_mod(a->word, b->word, &prime, out->word);
}

/* see core/crypto/field.h */
void
cdr_field_mul(const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out)
{
	cdr_limbs_montgomery(a->word, b->word, &prime, out->word);
}

/* see core/crypto/field.h */
void
cdr_field_square(const struct cdr_field *a, struct cdr_field *out)
{
	cdr_limbs_montgomery(a->word, a->word, &prime, out->word);
}

/* out = a^(2^count) */
static void
square_often(const struct cdr_field *a, unsigned count, struct cdr_field *out)
{
	cdr_field_square(a, out);
	for (unsigned i = 1; i < count; i++)
		cdr_field_square(out, out);
}

/* out = a^(2^shift) * b: the exponent of a moves up by ${shift} bits, and that of b fills them. */
static void
append(const struct cdr_field *a, unsigned shift, const struct cdr_field *b, struct cdr_field *out)
{
	struct cdr_field moved;
	square_often(a, shift, &moved);
	cdr_field_mul(&moved, b, out);
	cdr_wipe(&moved, sizeof(moved));
}

/*
 * out = a^((p-3)/4), from which inverses and square roots follow. In binary the exponent
 * 2^254 - 2^222 + 2^190 + 2^94 - 1 is: 32 ones, 31 zeros, 1, 96 zeros, 94 ones.
 */
static void
power(const struct cdr_field *a, struct cdr_field *out)
{
	struct cdr_field ones2, ones4, ones8, ones16, ones30, ones32, x;

	append(a, 1, a, &ones2);
	append(&ones2, 2, &ones2, &ones4);
	append(&ones4, 4, &ones4, &ones8);
	append(&ones8, 8, &ones8, &ones16);
	append(&ones8, 4, &ones4, &x); /* 12 ones */
	append(&x, 2, &ones2, &x);     /* 14 */
	append(&ones16, 14, &x, &ones30);
	append(&ones30, 2, &ones2, &ones32);

	append(&ones32, 32, a, &x);
	append(&x, 96 + 32, &ones32, &x);
	append(&x, 32, &ones32, &x);
	append(&x, 30, &ones30, out);

	cdr_wipe(&ones2, sizeof(ones2));
	cdr_wipe(&ones4, sizeof(ones4));
	cdr_wipe(&ones8, sizeof(ones8));
	cdr_wipe(&ones16, sizeof(ones16));
	cdr_wipe(&ones30, sizeof(ones30));
	cdr_wipe(&ones32, sizeof(ones32));
	cdr_wipe(&x, sizeof(x));
}

/* see core/crypto/field.h */
void
cdr_field_invert(const struct cdr_field *a, struct cdr_field *out)
{
	struct cdr_field x;

	/* p - 2 = 4 * (p-3)/4 + 1 (Fermat) */
	power(a, &x);
	append(&x, 2, a, out);
	cdr_wipe(&x, sizeof(x));
}

/* see core/crypto/field.h */
uint64_t
cdr_field_sqrt_ratio(const struct cdr_field *u, const struct cdr_field *v, struct cdr_field *out)
{
	struct cdr_field uv, y1, y2, check;

	/* p = 3 mod 4, so y1 = u v (u v^3)^((p-3)/4) is a root of u/v or of -u/v. */
	cdr_field_square(v, &y1);
	cdr_field_mul(u, v, &uv);
	cdr_field_mul(&y1, &uv, &y1);
	power(&y1, &y1);
	cdr_field_mul(&y1, &uv, &y1);
	cdr_field_mul(&y1, &sqrt_of_minus_z, &y2);

	cdr_field_square(&y1, &check);
	cdr_field_mul(&check, v, &check);
	uint64_t is_square = cdr_field_equal(&check, u);
	cdr_field_select(is_square, &y1, &y2, out);

	cdr_wipe(&uv, sizeof(uv));
	cdr_wipe(&y1, sizeof(y1));
	cdr_wipe(&y2, sizeof(y2));
	cdr_wipe(&check, sizeof(check));
	return is_square;
}

/* see core/crypto/field.h */
uint64_t
cdr_field_equal(const struct cdr_field *a, const struct cdr_field *b)
{
	struct cdr_field difference;
	cdr_field_sub(a, b, &difference);
	return cdr_field_is_zero(&difference);
}

/* see core/crypto/field.h */
uint64_t
cdr_field_is_zero(const struct cdr_field *a)
{
	return cdr_limbs_is_zero(a->word);
}

/* see core/crypto/field.h */
uint64_t
cdr_field_is_odd(const struct cdr_field *a)
{
	static const uint64_t one[4] = { 1 };
	uint64_t number[4];

	cdr_limbs_montgomery(a->word, one, &prime, number);
	uint64_t odd = cdr_limbs_mask_of_bit(number[0] & 1);
	cdr_wipe(number, sizeof(number));
	return odd;
}

/* see core/crypto/field.h */
void
cdr_field_select(uint64_t mask, const struct cdr_field *a, const struct cdr_field *b, struct cdr_field *out)
{
	cdr_limbs_select(mask, a->word, b->word, out->word);
}
