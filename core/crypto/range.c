#include "core/crypto/range_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/limbs.h"
#include "core/crypto/secret.h"

#define AT(scalars, i) ((scalars) + (i) * (size_t)CDR_SCALAR_LEN)
#define DERIVED_AT_ONCE 170 /* scalars from one expansion: 48 bytes each, HKDF gives 8,160 */

/* A number in words, the lowest first; sums of a row stay below 2^320. */
struct words {
	uint64_t word[4];
};
struct sum {
	uint64_t word[6];
};

/* What one call works with; everything that is secret lies in memory that is wiped when it is given back. */
struct prover {
	const struct cdr_elgamal *key;
	const struct cdr_range_layout *layout;
	struct cdr_range_shape shape;
	uint8_t *packed;
	uint8_t *points;            /* of the proof, inside packed */
	uint8_t *scalars;
	struct cdr_affine *base;    /* of each column */
	struct cdr_points *bases;   /* the same and K behind them, for the masks */

	uint32_t *number;           /* secret: what is proved about */
	uint8_t *bit;               /* secret: 0 or 1 for each place */
	struct words *b;            /* secret: y_p (a_p - 1) + d_p */
	uint8_t *product;           /* secret: coefficients of the inner product */

	/* secret, random */
	uint8_t *random;
	uint8_t *r;                 /* of each ciphertext */
	uint8_t *alpha;             /* of each row */
	uint8_t *rho;               /* of each mask */
	uint8_t *s, *t;             /* the masks, a scalar for each column */
	uint8_t *gamma;             /* of each product */
	uint8_t *equal;             /* two: for G and for both */
};

/* ---- sums of words ---- */

/* acc += a where mask */
static void
sum_add(struct sum *acc, uint64_t mask, const uint64_t a[4])
{
	uint64_t carry = 0;

	for (size_t i = 0; i < 4; i++) {
		cdr_uint128 t = (cdr_uint128)acc->word[i] + (a[i] & mask) + carry;
		acc->word[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
	acc->word[4] += carry;
}

/* modulo n */
static void
sum_reduce(const struct sum *acc, uint8_t out[static CDR_SCALAR_LEN])
{
	uint8_t wide[CDR_SCALAR_WIDE_LEN];

	for (size_t i = 0; i < sizeof(wide); i++)
		wide[i] = (uint8_t)(acc->word[5 - i / 8] >> (56 - 8 * (i % 8)));
	cdr_scalar_reduce_wide(wide, out);
	cdr_wipe(wide, sizeof(wide));
}

/* out += a * b */
static void
add_product(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	uint8_t product[CDR_SCALAR_LEN];

	cdr_scalar_mul(a, b, product);
	cdr_scalar_add(out, product, out);
	cdr_wipe(product, sizeof(product));
}

/* ---- beginning ---- */

/* Everything random, from the seed and all that makes this call differ from any other. */
static cdr_err
derive(struct prover *p, struct cdr_bytes context, const uint32_t *values, const uint8_t *seed, size_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t prk[CDR_SHA256_LEN], forms[CDR_SHA256_LEN], *wide = cdr_wiping_alloc(DERIVED_AT_ONCE * CDR_SCALAR_WIDE_LEN);
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)"candor/1 range random", 22 }, { cdr_elgamal_public_peek(p->key), CDR_POINT_LEN },
		{ p->layout->bits, p->layout->count }, { (const uint8_t *)values, p->shape.ciphers * sizeof(*values) }, context,
		{ forms, p->layout->form != NULL ? sizeof(forms) : 0 }
	};

	if (wide == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_range_forms_hash(p->layout, forms));
	CDR_TRY(cdr_hkdf_extract(seed, CDR_RANGE_SEED_LEN, parts, 6, prk));
	for (size_t at = 0; at < count; at += DERIVED_AT_ONCE) {
		const uint8_t number[4] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at };
		const struct cdr_bytes info = { number, sizeof(number) };
		CDR_TRY(cdr_hkdf_expand(prk, &info, 1, wide, DERIVED_AT_ONCE * CDR_SCALAR_WIDE_LEN));
		for (size_t i = 0; i < DERIVED_AT_ONCE && at + i < count; i++)
			cdr_scalar_reduce_wide(wide + i * CDR_SCALAR_WIDE_LEN, AT(p->random, at + i));
	}
	err = CDR_OK;
out:
	cdr_wiping_free(wide);
	cdr_wipe(prk, sizeof(prk));
	return err;
}

/* Room for all random scalars, and who gets which. */
static cdr_err
make_random(struct prover *p, struct cdr_bytes context, const uint32_t *values, const uint8_t *seed)
{
	const struct cdr_range_shape *f = &p->shape;
	size_t count = f->ciphers + f->rows + CDR_RANGE_MASKS + 2 * f->columns + f->products + 2;

	p->random = cdr_wiping_alloc(count * CDR_SCALAR_LEN);
	if (p->random == NULL)
		return CDR_E_MEMORY;
	p->r = p->random;
	p->alpha = AT(p->r, f->ciphers);
	p->rho = AT(p->alpha, f->rows);
	p->s = AT(p->rho, CDR_RANGE_MASKS);
	p->t = AT(p->s, f->columns);
	p->gamma = AT(p->t, f->columns);
	p->equal = AT(p->gamma, f->products);
	return derive(p, context, values, seed, count);
}

/* The numbers that are proved about, from the values. CDR_E_RANGE if one does not fit: which one, does not show. */
static cdr_err
make_numbers(struct prover *p, const uint32_t *values)
{
	const struct cdr_range_layout *l = p->layout;
	uint64_t bad = 0;
	static const uint64_t none = 0;

	p->number = cdr_wiping_alloc(l->count * sizeof(*p->number));
	if (p->number == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < l->count; i++) {
		/* Below 2^58, positive or negative. */
		uint64_t number = l->form == NULL ? values[i] :
		    (uint64_t)((int64_t)l->form[i].factor[0] * values[l->form[i].at[0]] + (int64_t)l->form[i].factor[1] * values[l->form[i].at[1]]);
		bad |= number >> l->bits[i];
		p->number[i] = (uint32_t)number;
		cdr_wipe(&number, sizeof(number));
	}
	/* Whether all fit shows in the returned code. */
	return cdr_equal(&bad, &none, sizeof(none)) ? CDR_OK : CDR_E_RANGE;
}

/* The bits of all numbers, one after the other, and the bases. */
static cdr_err
make_matrix(struct prover *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	size_t at = 0, places = f->rows * f->columns;
	uint8_t *bytes = NULL;

	p->bit = cdr_wiping_alloc(places);
	p->b = cdr_wiping_alloc(places * sizeof(*p->b));
	p->product = cdr_wiping_alloc(f->products * CDR_SCALAR_LEN);
	p->base = malloc(f->columns * sizeof(*p->base));
	bytes = malloc((f->columns + 1) * CDR_POINT_LEN);
	if (p->bit == NULL || p->b == NULL || p->product == NULL || p->base == NULL || bytes == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	memset(p->bit, 0, places);
	for (size_t i = 0; i < f->count; i++) {
		for (size_t j = 0; j < p->layout->bits[i]; j++)
			p->bit[at++] = (uint8_t)(p->number[i] >> j & 1);
	}
	for (size_t c = 0; c < f->columns; c++) {
		CDR_TRY(cdr_range_base(c, &p->base[c]));
		cdr_affine_compress(&p->base[c], bytes + c * CDR_POINT_LEN);
	}
	memcpy(bytes + f->columns * CDR_POINT_LEN, cdr_elgamal_public_peek(p->key), CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(bytes, f->columns + 1, &p->bases));
out:
	free(bytes);
	return err;
}

static void
prover_free(struct prover *p)
{
	cdr_wiping_free(p->number);
	cdr_wiping_free(p->bit);
	cdr_wiping_free(p->b);
	cdr_wiping_free(p->product);
	cdr_wiping_free(p->random);
	cdr_points_free(p->bases);
	free(p->base);
}

/* ---- committing ---- */

/* Write points, none of them the identity but by a chance of 2^-256. */
static cdr_err
write_points(const struct cdr_projective *points, size_t count, uint8_t *out)
{
	struct cdr_affine *affine = cdr_wiping_alloc(count * sizeof(*affine));
	cdr_err err = CDR_E_INTERNAL;

	if (affine == NULL)
		return CDR_E_MEMORY;
	if (cdr_projective_normalise_all(points, count, affine) != 0) {
		for (size_t i = 0; i < count; i++)
			cdr_affine_compress(&affine[i], out + i * CDR_POINT_LEN);
		err = CDR_OK;
	}
	cdr_wiping_free(affine);
	return err;
}

/* A_k = alpha_k K + the bases of the columns in which row k has a 1 */
static cdr_err
commit_rows(struct prover *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	struct cdr_projective *row = cdr_wiping_alloc(f->rows * sizeof(*row)), chosen;

	if (row == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_fixed_point_multiples(p->key->point, p->alpha, f->rows, row));
	for (size_t k = 0; k < f->rows; k++) {
		for (size_t c = 0; c < f->columns; c++) {
			cdr_elgamal_choose(cdr_limbs_mask_of_bit(p->bit[k * f->columns + c]), &p->base[c], &chosen);
			cdr_projective_add(&row[k], &chosen, &row[k]);
		}
	}
	CDR_TRY(write_points(row, f->rows, p->points));
out:
	cdr_wiping_free(row);
	cdr_wipe(&chosen, sizeof(chosen));
	return err;
}

/* S = sigma K + sum s_c g_c, and T likewise */
static cdr_err
commit_masks(struct prover *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	const uint8_t *const mask[CDR_RANGE_MASKS] = { p->s, p->t };
	struct cdr_term terms[CDR_RANGE_COLUMNS_MAX + 1];
	struct cdr_points *sums = NULL;

	CDR_TRY(cdr_points_new(CDR_RANGE_MASKS, &sums));
	for (size_t m = 0; m < CDR_RANGE_MASKS; m++) {
		for (size_t c = 0; c < f->columns; c++)
			terms[c] = (struct cdr_term){ AT(mask[m], c), p->bases, c };
		terms[f->columns] = (struct cdr_term){ AT(p->rho, m), p->bases, f->columns };
		CDR_TRY(cdr_points_set_sum(sums, m, NULL, terms, f->columns + 1, true));
	}
	CDR_TRY(cdr_points_encode(sums));
	memcpy(p->points + f->rows * CDR_POINT_LEN, cdr_points_peek(sums, 0), CDR_RANGE_MASKS * CDR_POINT_LEN);
out:
	cdr_points_free(sums);
	return err;
}

/* C_e = c_e G + gamma_e K for every product; then T_A = a G and T_B = b G + a K, where equal = (b, a) */
static cdr_err
commit_products(struct prover *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	size_t count = f->products + 2;
	struct cdr_projective *c = cdr_wiping_alloc(count * sizeof(*c)), *blind = cdr_wiping_alloc(count * sizeof(*blind));

	if (c == NULL || blind == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	const uint8_t *b = p->equal, *a = AT(p->equal, 1);
	CDR_TRY(cdr_fixed_point_multiples(NULL, p->product, f->products, c));
	CDR_TRY(cdr_fixed_point_multiples(NULL, a, 1, &c[f->products]));
	CDR_TRY(cdr_fixed_point_multiples(NULL, b, 1, &c[f->products + 1]));
	CDR_TRY(cdr_fixed_point_multiples(p->key->point, p->gamma, f->products, blind));
	CDR_TRY(cdr_fixed_point_multiples(p->key->point, a, 1, &blind[f->products + 1]));
	blind[f->products] = cdr_projective_identity;
	for (size_t i = 0; i < count; i++)
		cdr_projective_add(&c[i], &blind[i], &c[i]);
	CDR_TRY(write_points(c, count, p->points + (f->rows + CDR_RANGE_MASKS) * CDR_POINT_LEN));
out:
	cdr_wiping_free(c);
	cdr_wiping_free(blind);
	return err;
}

/* ---- multiplying ---- */

/* b_p = d_p where the bit is 1, d_p - y_p where it is 0 */
static void
make_b(struct prover *p, const struct cdr_range_weights *w)
{
	uint8_t less[CDR_SCALAR_LEN];
	uint64_t one[4], zero[4];

	for (size_t i = 0; i < p->shape.rows * p->shape.columns; i++) {
		cdr_scalar_sub(AT(w->d, i), AT(w->power, i), less);
		cdr_limbs_read(AT(w->d, i), 4, one);
		cdr_limbs_read(less, 4, zero);
		cdr_limbs_select(cdr_limbs_mask_of_bit(p->bit[i]), one, zero, p->b[i].word);
	}
	cdr_wipe(less, sizeof(less));
	cdr_wipe(one, sizeof(one));
	cdr_wipe(zero, sizeof(zero));
}

/* The coefficient of x^exponent gets ${value} more. */
static void
add_to_product(struct prover *p, ptrdiff_t exponent, const uint8_t *value)
{
	uint8_t *at = AT(p->product, cdr_range_product_at(&p->shape, exponent));

	cdr_scalar_add(at, value, at);
}

/* Of row a_k and row b_j, for every two of them that differ: what belongs to x^(k - j). */
static void
multiply_rows(struct prover *p)
{
	const struct cdr_range_shape *f = &p->shape;
	struct sum sum;
	uint8_t value[CDR_SCALAR_LEN];

	for (size_t k = 0; k < f->rows; k++) {
		for (size_t j = 0; j < f->rows; j++) {
			if (j == k)
				continue;
			memset(&sum, 0, sizeof(sum));
			for (size_t c = 0; c < f->columns; c++)
				sum_add(&sum, cdr_limbs_mask_of_bit(p->bit[k * f->columns + c]), p->b[j * f->columns + c].word);
			sum_reduce(&sum, value);
			add_to_product(p, (ptrdiff_t)k - (ptrdiff_t)j, value);
		}
	}
	cdr_wipe(&sum, sizeof(sum));
	cdr_wipe(value, sizeof(value));
}

/* Of the masks with the rows and with each other: s stands at x^(R+1), t at x^-(R+2), row k at x^(k+1) and x^-(k+1). */
static void
multiply_masks(struct prover *p, const struct cdr_range_weights *w)
{
	const struct cdr_range_shape *f = &p->shape;
	uint8_t value[CDR_SCALAR_LEN], b[CDR_SCALAR_LEN], t[CDR_SCALAR_LEN];
	struct sum sum;

	for (size_t k = 0; k < f->rows; k++) {
		memset(value, 0, sizeof(value));
		for (size_t c = 0; c < f->columns; c++) {
			cdr_limbs_write(p->b[k * f->columns + c].word, b);
			add_product(AT(p->s, c), b, value);
		}
		add_to_product(p, (ptrdiff_t)(f->rows - k), value);
	}
	/* t is weighted as the first row is: with y^(c+1). */
	memset(value, 0, sizeof(value));
	for (size_t c = 0; c < f->columns; c++) {
		cdr_scalar_mul(AT(p->t, c), AT(w->power, c), t);
		add_product(AT(p->s, c), t, value);
	}
	add_to_product(p, -1, value);
	for (size_t k = 0; k < f->rows; k++) {
		memset(&sum, 0, sizeof(sum));
		for (size_t c = 0; c < f->columns; c++) {
			uint64_t words[4];
			cdr_scalar_mul(AT(p->t, c), AT(w->power, c), t);
			cdr_limbs_read(t, 4, words);
			sum_add(&sum, cdr_limbs_mask_of_bit(p->bit[k * f->columns + c]), words);
		}
		sum_reduce(&sum, value);
		add_to_product(p, (ptrdiff_t)k - (ptrdiff_t)f->rows - 1, value);
	}
	cdr_wipe(value, sizeof(value));
	cdr_wipe(b, sizeof(b));
	cdr_wipe(t, sizeof(t));
	cdr_wipe(&sum, sizeof(sum));
}

/* ---- answering ---- */

/* out_c = the sum over all rows of factor_k * bit_(k, c), then + last * mask_c, for every column; factors are public */
static void
combine_rows(const struct prover *p, const uint8_t *factor, const uint8_t *last, const uint8_t *mask, uint8_t *out)
{
	const struct cdr_range_shape *f = &p->shape;
	struct sum sum;
	uint64_t words[4];

	for (size_t c = 0; c < f->columns; c++) {
		memset(&sum, 0, sizeof(sum));
		for (size_t k = 0; k < f->rows; k++) {
			cdr_limbs_read(AT(factor, k), 4, words);
			sum_add(&sum, cdr_limbs_mask_of_bit(p->bit[k * f->columns + c]), words);
		}
		sum_reduce(&sum, AT(out, c));
		add_product(last, AT(mask, c), AT(out, c));
	}
	cdr_wipe(&sum, sizeof(sum));
}

/* out = the sum of factor_k * alpha_k, + last * rho */
static void
combine_blinds(const struct prover *p, const uint8_t *factor, const uint8_t *last, const uint8_t *rho, uint8_t *out)
{
	memset(out, 0, CDR_SCALAR_LEN);
	for (size_t k = 0; k < p->shape.rows; k++)
		add_product(AT(factor, k), AT(p->alpha, k), out);
	add_product(last, rho, out);
}

/* l and r with what hides them: both are uniform, since the masks are. */
static cdr_err
answer_rows(struct prover *p, const struct cdr_range_weights *w, const struct cdr_range_exponents *e)
{
	const struct cdr_range_shape *f = &p->shape;
	uint8_t *factor = malloc(f->rows * CDR_SCALAR_LEN);
	uint8_t *last = AT(p->scalars, 2 * f->columns);

	if (factor == NULL)
		return CDR_E_MEMORY;
	for (size_t k = 0; k < f->rows; k++)
		memcpy(AT(factor, k), cdr_range_exponent(e, (ptrdiff_t)k + 1), CDR_SCALAR_LEN);
	combine_rows(p, factor, cdr_range_exponent(e, (ptrdiff_t)f->rows + 1), p->s, p->scalars);
	combine_blinds(p, factor, cdr_range_exponent(e, (ptrdiff_t)f->rows + 1), AT(p->rho, CDR_RANGE_MASK_S),
	    AT(last, CDR_RANGE_RHO_L));
	/* x^-(k+1) y^(k w) */
	for (size_t k = 0; k < f->rows; k++) {
		const uint8_t *down = cdr_range_exponent(e, -(ptrdiff_t)k - 1);
		if (k == 0)
			memcpy(factor, down, CDR_SCALAR_LEN);
		else
			cdr_scalar_mul(down, AT(w->power, k * f->columns - 1), AT(factor, k));
	}
	combine_rows(p, factor, cdr_range_exponent(e, -(ptrdiff_t)f->rows - 2), p->t, AT(p->scalars, f->columns));
	combine_blinds(p, factor, cdr_range_exponent(e, -(ptrdiff_t)f->rows - 2), AT(p->rho, CDR_RANGE_MASK_T),
	    AT(last, CDR_RANGE_RHO_R));
	free(factor);
	return CDR_OK;
}

/* The blind of the inner product, and both answers of the equality proof. */
static void
answer_sums(struct prover *p, const uint32_t *values, const struct cdr_range_weights *w,
    const struct cdr_range_exponents *e)
{
	const struct cdr_range_shape *f = &p->shape;
	uint8_t *last = AT(p->scalars, 2 * f->columns), m[CDR_SCALAR_LEN];
	uint8_t sum_m[CDR_SCALAR_LEN] = { 0 }, sum_r[CDR_SCALAR_LEN] = { 0 };
	const uint8_t *x = cdr_range_exponent(e, 1);

	for (size_t i = 0; i < f->ciphers; i++) {
		cdr_scalar_set(values[i], m);
		add_product(AT(w->omega, i), m, sum_m);
		add_product(AT(w->omega, i), AT(p->r, i), sum_r);
	}
	memcpy(AT(last, CDR_RANGE_RHO_C), sum_r, CDR_SCALAR_LEN);
	for (ptrdiff_t n = -(ptrdiff_t)f->rows - 1; n <= (ptrdiff_t)f->rows; n++) {
		if (n != 0)
			add_product(cdr_range_exponent(e, n), AT(p->gamma, cdr_range_product_at(f, n)), AT(last, CDR_RANGE_RHO_C));
	}
	memcpy(AT(last, CDR_RANGE_Z_M), p->equal, CDR_SCALAR_LEN);
	add_product(x, sum_m, AT(last, CDR_RANGE_Z_M));
	memcpy(AT(last, CDR_RANGE_Z_R), AT(p->equal, 1), CDR_SCALAR_LEN);
	add_product(x, sum_r, AT(last, CDR_RANGE_Z_R));
	cdr_wipe(m, sizeof(m));
	cdr_wipe(sum_m, sizeof(sum_m));
	cdr_wipe(sum_r, sizeof(sum_r));
}

/* The proof for the ciphertexts that stand in front of it. */
static cdr_err
prove(struct prover *p, struct cdr_bytes context, const uint32_t *values)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_range_weights w = { 0 };
	struct cdr_range_exponents e = { 0 };
	uint8_t digest[CDR_SHA256_LEN], y[CDR_SCALAR_LEN], x[CDR_SCALAR_LEN];

	CDR_TRY(commit_rows(p));
	CDR_TRY(commit_masks(p));
	CDR_TRY(cdr_range_challenge_y(p->key, context, p->layout, &p->shape, p->packed, digest, y));
	CDR_TRY(cdr_range_weights(p->layout, &p->shape, y, &w));
	make_b(p, &w);
	memset(p->product, 0, p->shape.products * CDR_SCALAR_LEN);
	multiply_rows(p);
	multiply_masks(p, &w);
	CDR_TRY(commit_products(p));
	CDR_TRY(cdr_range_challenge_x(&p->shape, p->packed, digest, x));
	CDR_TRY(cdr_range_exponents(&p->shape, x, &e));
	CDR_TRY(answer_rows(p, &w, &e));
	answer_sums(p, values, &w, &e);
out:
	free(w.power);
	free(e.up);
	return err;
}

/* see core/crypto/range.h */
cdr_err
cdr_range_encrypt(const struct cdr_elgamal *key, struct cdr_bytes context, const struct cdr_range_layout *layout,
    const uint32_t *values, const uint8_t seed[static CDR_RANGE_SEED_LEN], uint8_t *packed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct prover p = { .key = key, .layout = layout, .packed = packed };

	if (context.len > CDR_RANGE_CONTEXT_MAX)
		return CDR_E_RANGE;
	err = cdr_range_shape(layout, &p.shape);
	if (err != CDR_OK)
		return err;
	memset(packed, 0, p.shape.packed_len);
	p.points = packed + p.shape.ciphers * CDR_CIPHER_LEN;
	p.scalars = p.points + p.shape.points * CDR_POINT_LEN;
	CDR_TRY(make_numbers(&p, values));
	CDR_TRY(make_random(&p, context, values, seed));
	CDR_TRY(cdr_elgamal_encrypt(key, values, layout->form != NULL ? layout->cipher_bits : layout->bits, p.r, p.shape.ciphers, packed));
	CDR_TRY(make_matrix(&p));
	CDR_TRY(prove(&p, context, values));
out:
	prover_free(&p);
	if (err != CDR_OK)
		memset(packed, 0, p.shape.packed_len);
	return err;
}
