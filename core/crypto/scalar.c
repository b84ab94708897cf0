#include "core/crypto/scalar.h"

#include <string.h>

#include "core/crypto/limbs.h"
#include "core/crypto/secret.h"

struct number {
	uint64_t word[4];
};

/* n (SEC 2 sec. 2.4.2). */
static const struct cdr_modulus order = {
	.m = { 0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000 },
	.inverse = 0xccd1c8aaee00bc4f,
	.square = { 0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620 },
};

/* Read a number modulo n: below 2^256 it is below 2n. */
static void
read(const uint8_t k[static CDR_SCALAR_LEN], struct number *out)
{
	cdr_limbs_read(k, 4, out->word);
	cdr_limbs_reduce(0, out->word, &order, out->word);
}

static void
montgomery(const struct number *a, const struct number *b, struct number *out)
{
	cdr_limbs_montgomery(a->word, b->word, &order, out->word);
}

static void
to_montgomery(struct number *a)
{
	cdr_limbs_montgomery(a->word, order.square, &order, a->word);
}

static void
from_montgomery(struct number *a)
{
	static const uint64_t one[4] = { 1 };
	cdr_limbs_montgomery(a->word, one, &order, a->word);
}

/* see core/crypto/scalar.h */
bool
cdr_scalar_reduced(const uint8_t k[static CDR_SCALAR_LEN])
{
	struct number a, less;
	cdr_limbs_read(k, 4, a.word);
	uint64_t borrow = cdr_limbs_sub(a.word, order.m, less.word);
	cdr_wipe(&a, sizeof(a));
	cdr_wipe(&less, sizeof(less));
	return borrow == 1;
}

/* see core/crypto/scalar.h */
bool
cdr_scalar_valid(const uint8_t k[static CDR_SCALAR_LEN])
{
	struct number a, less;
	cdr_limbs_read(k, 4, a.word);
	uint64_t borrow = cdr_limbs_sub(a.word, order.m, less.word);
	uint64_t answer = cdr_limbs_mask_of_bit(borrow) & ~cdr_limbs_is_zero(a.word) & 1;
	cdr_wipe(&a, sizeof(a));
	cdr_wipe(&less, sizeof(less));
	return answer == 1;
}

/* see core/crypto/scalar.h */
cdr_err
cdr_scalar_random(uint8_t out[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t wide[CDR_SCALAR_WIDE_LEN];

	do {
		CDR_TRY(cdr_random(wide, sizeof(wide)));
		cdr_scalar_reduce_wide(wide, out);
	} while (!cdr_scalar_valid(out));
	err = CDR_OK;
out:
	cdr_wipe(wide, sizeof(wide));
	if (err != CDR_OK)
		cdr_wipe(out, CDR_SCALAR_LEN);
	return err;
}

/* see core/crypto/scalar.h */
void
cdr_scalar_reduce_wide(const uint8_t wide[static CDR_SCALAR_WIDE_LEN], uint8_t out[static CDR_SCALAR_LEN])
{
	struct number high = { { 0 } }, low;

	/* high * 2^256 + low: the factor is what a step into Montgomery form multiplies by. */
	cdr_limbs_read(wide, 2, high.word);
	read(wide + 16, &low);
	to_montgomery(&high);
	cdr_limbs_add_mod(high.word, low.word, &order, low.word);
	cdr_limbs_write(low.word, out);
	cdr_wipe(&high, sizeof(high));
	cdr_wipe(&low, sizeof(low));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_set(uint64_t number, uint8_t out[static CDR_SCALAR_LEN])
{
	const uint64_t word[4] = { number };
	cdr_limbs_write(word, out);
}

/* see core/crypto/scalar.h */
void
cdr_scalar_add(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN])
{
	struct number x, y;
	read(a, &x);
	read(b, &y);
	cdr_limbs_add_mod(x.word, y.word, &order, x.word);
	cdr_limbs_write(x.word, out);
	cdr_wipe(&x, sizeof(x));
	cdr_wipe(&y, sizeof(y));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_sub(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN])
{
	struct number x, y;
	read(a, &x);
	read(b, &y);
	cdr_limbs_sub_mod(x.word, y.word, &order, x.word);
	cdr_limbs_write(x.word, out);
	cdr_wipe(&x, sizeof(x));
	cdr_wipe(&y, sizeof(y));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_mul(const uint8_t a[static CDR_SCALAR_LEN], const uint8_t b[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_SCALAR_LEN])
{
	struct number x, y;
	read(a, &x);
	read(b, &y);
	/* One factor in Montgomery form, and the product is in plain form. */
	to_montgomery(&x);
	montgomery(&x, &y, &x);
	cdr_limbs_write(x.word, out);
	cdr_wipe(&x, sizeof(x));
	cdr_wipe(&y, sizeof(y));
}

/* a^(n-2), which is 1/a (Fermat), in Montgomery form. Four bits at a time; the exponent is public. */
static void
invert(const struct number *a, struct number *out)
{
	const uint64_t exponent[4] = { order.m[0] - 2, order.m[1], order.m[2], order.m[3] };
	struct number power[16], result;

	power[1] = *a;
	for (size_t i = 2; i < 16; i++)
		montgomery(&power[i - 1], a, &power[i]);
	result = power[exponent[3] >> 60];
	for (size_t bit = 252; bit > 0; bit -= 4) {
		for (size_t i = 0; i < 4; i++)
			montgomery(&result, &result, &result);
		size_t digit = exponent[(bit - 4) / 64] >> ((bit - 4) % 64) & 15;
		if (digit != 0)
			montgomery(&result, &power[digit], &result);
	}
	*out = result;
	cdr_wipe(power, sizeof(power));
	cdr_wipe(&result, sizeof(result));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_invert(const uint8_t a[static CDR_SCALAR_LEN], uint8_t out[static CDR_SCALAR_LEN])
{
	struct number x;
	read(a, &x);
	to_montgomery(&x);
	invert(&x, &x);
	from_montgomery(&x);
	cdr_limbs_write(x.word, out);
	cdr_wipe(&x, sizeof(x));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_invert_all(const uint8_t *in, size_t count, uint8_t *out)
{
	uint8_t product[CDR_SCALAR_LEN], inverse[CDR_SCALAR_LEN];

	/* out[i] = in[0] ... in[i-1] */
	cdr_scalar_set(1, product);
	for (size_t i = 0; i < count; i++) {
		memcpy(out + i * CDR_SCALAR_LEN, product, CDR_SCALAR_LEN);
		cdr_scalar_mul(product, in + i * CDR_SCALAR_LEN, product);
	}
	/* Downwards, inverse = 1 / (in[0] ... in[i]). */
	cdr_scalar_invert(product, inverse);
	for (size_t i = count; i-- > 0;) {
		uint8_t *place = out + i * CDR_SCALAR_LEN;
		cdr_scalar_mul(place, inverse, place);
		cdr_scalar_mul(inverse, in + i * CDR_SCALAR_LEN, inverse);
	}
	cdr_wipe(product, sizeof(product));
	cdr_wipe(inverse, sizeof(inverse));
}

/* see core/crypto/scalar.h */
void
cdr_scalar_lengthen(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_SCALAR_LEN])
{
	struct number a, longer;

	/* 2^256 - n is about 2^224: where k + n does not fit, k itself is long enough. */
	cdr_limbs_read(k, 4, a.word);
	uint64_t carry = cdr_limbs_add(a.word, order.m, longer.word);
	cdr_limbs_select(cdr_limbs_mask_of_bit(carry), a.word, longer.word, a.word);
	cdr_limbs_write(a.word, out);
	cdr_wipe(&a, sizeof(a));
	cdr_wipe(&longer, sizeof(longer));
}
