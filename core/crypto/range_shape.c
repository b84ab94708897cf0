#include "core/crypto/range_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash_to_curve.h"

#define LABEL "candor/1 range"
#define FORMS_LABEL "candor/1 range forms"

static const struct cdr_bytes dst = { (const uint8_t *)LABEL, sizeof(LABEL) - 1 };

/* see core/crypto/range_internal.h */
size_t
cdr_range_ciphers(const struct cdr_range_layout *layout)
{
	return layout->form != NULL ? layout->cipher_count : layout->count;
}

/* see core/crypto/range_internal.h */
void
cdr_range_factor(int32_t factor, uint8_t out[static CDR_SCALAR_LEN])
{
	static const uint8_t zero[CDR_SCALAR_LEN];

	cdr_scalar_set((uint64_t)(factor < 0 ? -(int64_t)factor : factor), out);
	if (factor < 0)
		cdr_scalar_sub(zero, out, out);
}

/* Whether all forms are about ciphertexts that there are. */
static bool
forms_are_sound(const struct cdr_range_layout *layout)
{
	for (size_t i = 0; layout->form != NULL && i < layout->count; i++) {
		const struct cdr_range_form *f = &layout->form[i];
		for (size_t k = 0; k < 2; k++)
			if (f->at[k] >= layout->cipher_count || f->factor[k] > CDR_RANGE_FACTOR_MAX || f->factor[k] < -CDR_RANGE_FACTOR_MAX)
				return false;
	}
	return true;
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_shape(const struct cdr_range_layout *layout, struct cdr_range_shape *shape)
{
	memset(shape, 0, sizeof(*shape));
	shape->ciphers = cdr_range_ciphers(layout);
	if (layout->count < 1 || layout->count > UINT16_MAX || shape->ciphers < 1 || shape->ciphers > CDR_CIPHERS_MAX ||
	    !forms_are_sound(layout))
		return CDR_E_RANGE;
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->bits[i] < 1 || layout->bits[i] > CDR_RANGE_BITS_MAX)
			return CDR_E_RANGE;
		shape->bits += layout->bits[i];
	}
	if (shape->bits > CDR_RANGE_TOTAL_BITS_MAX)
		return CDR_E_RANGE;
	/* A row costs three points, a column two scalars: about 3 to 2. */
	shape->count = layout->count;
	shape->columns = 1;
	while (2 * shape->columns * shape->columns < 3 * shape->bits)
		shape->columns++;
	shape->rows = (shape->bits + shape->columns - 1) / shape->columns;
	shape->products = 2 * shape->rows + 1;
	shape->points = shape->rows + CDR_RANGE_MASKS + shape->products + 2;
	shape->scalars = 2 * shape->columns + CDR_RANGE_LAST;
	shape->packed_len = shape->ciphers * CDR_CIPHER_LEN + shape->points * CDR_POINT_LEN + shape->scalars * CDR_SCALAR_LEN;
	return CDR_OK;
}

/* see core/crypto/range.h */
size_t
cdr_range_packed_len(const struct cdr_range_layout *layout)
{
	struct cdr_range_shape shape;

	return cdr_range_shape(layout, &shape) == CDR_OK ? shape.packed_len : 0;
}

/* see core/crypto/range_internal.h */
size_t
cdr_range_product_at(const struct cdr_range_shape *shape, ptrdiff_t exponent)
{
	ptrdiff_t at = exponent + (ptrdiff_t)shape->rows + 1;

	return (size_t)(exponent > 0 ? at - 1 : at);
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_base(size_t at, struct cdr_affine *out)
{
	const uint8_t number[4] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at };
	static const char label[] = LABEL " base";

	return cdr_hash_to_curve((struct cdr_bytes){ number, sizeof(number) },
	    (struct cdr_bytes){ (const uint8_t *)label, sizeof(label) - 1 }, out);
}

/* see core/crypto/range_internal.h. Places and factors in 4 bytes each, the highest first; then how many ciphertexts there are. */
cdr_err
cdr_range_forms_hash(const struct cdr_range_layout *layout, uint8_t out[static CDR_SHA256_LEN])
{
	size_t len = layout->form != NULL ? layout->count * 16 + 4 : 0, at = 0;
	uint8_t *bytes = malloc(len + 1);
	const struct cdr_bytes parts[] = { { (const uint8_t *)FORMS_LABEL, sizeof(FORMS_LABEL) }, { bytes, len } };

	if (bytes == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; len > 0 && i < layout->count; i++) {
		const struct cdr_range_form *f = &layout->form[i];
		const uint32_t words[] = { f->at[0], f->at[1], (uint32_t)f->factor[0], (uint32_t)f->factor[1] };
		for (size_t k = 0; k < 4; k++)
			for (int shift = 24; shift >= 0; shift -= 8)
				bytes[at++] = (uint8_t)(words[k] >> shift);
	}
	for (int shift = 24; len > 0 && shift >= 0; shift -= 8)
		bytes[at++] = (uint8_t)(layout->cipher_count >> shift);
	cdr_err err = cdr_sha256(parts, 2, out);
	free(bytes);
	return err;
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_challenge_y(const struct cdr_elgamal *key, struct cdr_bytes context, const struct cdr_range_layout *layout,
    const struct cdr_range_shape *shape, const uint8_t *packed, uint8_t digest[static CDR_SHA256_LEN],
    uint8_t y[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	size_t fixed = shape->ciphers * CDR_CIPHER_LEN + (shape->rows + CDR_RANGE_MASKS) * CDR_POINT_LEN;
	const uint8_t lengths[] = { (uint8_t)(context.len >> 8), (uint8_t)context.len, (uint8_t)(layout->count >> 8),
		(uint8_t)layout->count };
	uint8_t forms[CDR_SHA256_LEN];

	/* Layouts with forms begin with another label, and hold them. */
	CDR_TRY(cdr_range_forms_hash(layout, forms));
	const struct cdr_bytes parts[] = {
		dst, { forms, layout->form != NULL ? sizeof(forms) : 0 }, { lengths, sizeof(lengths) }, context,
		{ cdr_elgamal_public_peek(key), CDR_POINT_LEN }, { layout->bits, layout->count }, { packed, fixed }
	};

	CDR_TRY(cdr_sha256(parts, 7, digest));
	const struct cdr_bytes hashed[] = { { digest, CDR_SHA256_LEN }, { (const uint8_t *)"y", 1 } };
	CDR_TRY(cdr_hash_to_scalar(hashed, 2, dst, y));
	err = cdr_scalar_valid(y) ? CDR_OK : CDR_E_PROOF;
out:
	return err;
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_challenge_x(const struct cdr_range_shape *shape, const uint8_t *packed,
    const uint8_t digest[static CDR_SHA256_LEN], uint8_t x[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	size_t before = shape->ciphers * CDR_CIPHER_LEN + (shape->rows + CDR_RANGE_MASKS) * CDR_POINT_LEN;
	uint8_t next[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = {
		{ digest, CDR_SHA256_LEN }, { packed + before, (shape->products + 2) * CDR_POINT_LEN }
	};

	CDR_TRY(cdr_sha256(parts, 2, next));
	const struct cdr_bytes hashed[] = { { next, sizeof(next) }, { (const uint8_t *)"x", 1 } };
	CDR_TRY(cdr_hash_to_scalar(hashed, 2, dst, x));
	err = cdr_scalar_valid(x) ? CDR_OK : CDR_E_PROOF;
out:
	return err;
}

/* see core/crypto/range_internal.h */
void
cdr_range_powers(const uint8_t base[static CDR_SCALAR_LEN], size_t first, size_t count, uint8_t *out)
{
	uint8_t power[CDR_SCALAR_LEN]; /* not secret */

	cdr_scalar_set(1, power);
	if (first == 1)
		memcpy(power, base, CDR_SCALAR_LEN);
	for (size_t i = 0; i < count; i++) {
		memcpy(out + i * CDR_SCALAR_LEN, power, CDR_SCALAR_LEN);
		cdr_scalar_mul(power, base, power);
	}
}

/* The weights of all bits: twice that of the bit below, zeta for the lowest of each number. */
static void
fill_places(const struct cdr_range_layout *layout, const uint8_t *zeta, uint8_t *d)
{
	for (size_t i = 0; i < layout->count; i++) {
		memcpy(d, zeta + i * CDR_SCALAR_LEN, CDR_SCALAR_LEN);
		for (size_t j = 1; j < layout->bits[i]; j++)
			cdr_scalar_add(d + (j - 1) * CDR_SCALAR_LEN, d + (j - 1) * CDR_SCALAR_LEN, d + j * CDR_SCALAR_LEN);
		d += layout->bits[i] * (size_t)CDR_SCALAR_LEN;
	}
}

/* What each ciphertext is multiplied with: zeta of every number that it is part of, times its factor there. */
static void
fill_omega(const struct cdr_range_layout *layout, const uint8_t *zeta, uint8_t *omega)
{
	uint8_t factor[CDR_SCALAR_LEN];

	for (size_t i = 0; i < layout->count; i++) {
		for (size_t k = 0; k < 2; k++) {
			uint8_t *at = omega + layout->form[i].at[k] * (size_t)CDR_SCALAR_LEN;
			if (layout->form[i].factor[k] == 0)
				continue;
			cdr_range_factor(layout->form[i].factor[k], factor);
			cdr_scalar_mul(factor, zeta + i * CDR_SCALAR_LEN, factor);
			cdr_scalar_add(at, factor, at);
		}
	}
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_weights(const struct cdr_range_layout *layout, const struct cdr_range_shape *shape,
    const uint8_t y[static CDR_SCALAR_LEN], struct cdr_range_weights *weights)
{
	size_t places = shape->rows * shape->columns, own = layout->form != NULL ? shape->ciphers : 0;
	uint8_t *d;

	weights->power = calloc(2 * places + shape->count + own, CDR_SCALAR_LEN);
	if (weights->power == NULL)
		return CDR_E_MEMORY;
	weights->zeta = weights->power + places * CDR_SCALAR_LEN;
	weights->omega = layout->form != NULL ? weights->power + (2 * places + shape->count) * CDR_SCALAR_LEN : weights->zeta;
	weights->d = d = weights->power + (places + shape->count) * CDR_SCALAR_LEN;
	cdr_range_powers(y, 1, places + shape->count, weights->power);
	fill_places(layout, weights->zeta, d);
	if (layout->form != NULL)
		fill_omega(layout, weights->zeta, weights->power + (2 * places + shape->count) * CDR_SCALAR_LEN);
	return CDR_OK;
}

/* see core/crypto/range_internal.h */
cdr_err
cdr_range_exponents(const struct cdr_range_shape *shape, const uint8_t x[static CDR_SCALAR_LEN],
    struct cdr_range_exponents *exponents)
{
	size_t count = shape->rows + 3;
	uint8_t inverse[CDR_SCALAR_LEN];

	exponents->up = calloc(2 * count, CDR_SCALAR_LEN);
	if (exponents->up == NULL)
		return CDR_E_MEMORY;
	cdr_range_powers(x, 0, count, exponents->up);
	cdr_scalar_invert(x, inverse);
	cdr_range_powers(inverse, 0, count, exponents->up + count * CDR_SCALAR_LEN);
	exponents->down = exponents->up + count * CDR_SCALAR_LEN;
	return CDR_OK;
}

/* see core/crypto/range_internal.h */
const uint8_t *
cdr_range_exponent(const struct cdr_range_exponents *exponents, ptrdiff_t exponent)
{
	return exponent >= 0 ? exponents->up + (size_t)exponent * CDR_SCALAR_LEN :
	    exponents->down + (size_t)-exponent * CDR_SCALAR_LEN;
}
