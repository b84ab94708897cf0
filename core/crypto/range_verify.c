#include "core/crypto/range_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/multi.h"
#include "core/crypto/secret.h"

/* not secret: everything here but the seed of the weights is public */

#define AT(scalars, i) ((scalars) + (i) * (size_t)CDR_SCALAR_LEN)

/* The equations of one proof, each with a weight of its own. */
enum { EQUATION_L, EQUATION_R, EQUATION_PRODUCT, EQUATION_A, EQUATION_B, EQUATIONS };

struct cdr_range_batch {
	const struct cdr_elgamal *key;
	struct cdr_multi *multi;
	uint8_t seed[CDR_RANGE_SEED_LEN];
	uint64_t number;              /* of proofs so far */
	/* Factors of the points that all proofs share, added up. */
	size_t columns;
	uint8_t column[CDR_RANGE_COLUMNS_MAX * CDR_SCALAR_LEN];
	uint8_t g[CDR_SCALAR_LEN], k[CDR_SCALAR_LEN];
};

/* One proof while it is added. */
struct proof {
	struct cdr_range_shape shape;
	struct cdr_ciphers *ciphers;
	struct cdr_affine *point;
	const uint8_t *scalar;        /* inside the packed bytes */
	uint8_t weight[EQUATIONS * CDR_SCALAR_LEN];
	struct cdr_range_weights w;
	struct cdr_range_exponents e;
	uint8_t *row;                 /* x^-(k+1) y^(k w), for each row */
};

/* see core/crypto/range.h */
cdr_err
cdr_range_batch_new(const struct cdr_elgamal *key, const uint8_t seed[static CDR_RANGE_SEED_LEN],
    struct cdr_range_batch **batch)
{
	struct cdr_range_batch *b = cdr_wiping_alloc(sizeof(*b));

	*batch = NULL;
	if (b == NULL)
		return CDR_E_MEMORY;
	memset(b, 0, sizeof(*b));
	b->key = key;
	memcpy(b->seed, seed, sizeof(b->seed));
	cdr_err err = cdr_multi_new(&b->multi);
	if (err != CDR_OK) {
		cdr_range_batch_free(b);
		return err;
	}
	*batch = b;
	return CDR_OK;
}

/* see core/crypto/range.h */
void
cdr_range_batch_free(struct cdr_range_batch *batch)
{
	if (batch == NULL)
		return;
	cdr_multi_free(batch->multi);
	cdr_wiping_free(batch);
}

/* out += a * b */
static void
add_product(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	uint8_t product[CDR_SCALAR_LEN];

	cdr_scalar_mul(a, b, product);
	cdr_scalar_add(out, product, out);
}

static void
negate(uint8_t *a)
{
	static const uint8_t zero[CDR_SCALAR_LEN];

	cdr_scalar_sub(zero, a, a);
}

/* 128 bits for each equation of this proof. */
static cdr_err
make_weights(const struct cdr_range_batch *b, uint8_t *weight)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t digest[CDR_SHA256_LEN], number[9];

	cdr_number_write(b->number, number, 8);
	memset(weight, 0, EQUATIONS * CDR_SCALAR_LEN);
	for (size_t i = 0; i < EQUATIONS; i++) {
		number[8] = (uint8_t)i;
		const struct cdr_bytes part = { number, sizeof(number) };
		CDR_TRY(cdr_hmac_sha256(b->seed, sizeof(b->seed), &part, 1, digest));
		memcpy(AT(weight, i) + CDR_SCALAR_LEN / 2, digest, CDR_SCALAR_LEN / 2);
	}
	err = CDR_OK;
out:
	return err;
}

static void
proof_free(struct proof *p)
{
	cdr_ciphers_free(p->ciphers);
	free(p->point);
	free(p->w.power);
	free(p->e.up);
	free(p->row);
}

/* Decode everything; nothing is believed yet. */
static cdr_err
proof_read(const struct cdr_range_layout *layout, struct cdr_bytes packed, struct proof *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *points;

	CDR_TRY(cdr_range_shape(layout, &p->shape));
	if (packed.len != p->shape.packed_len)
		return CDR_E_INPUT;
	points = packed.data + p->shape.ciphers * CDR_CIPHER_LEN;
	p->scalar = points + p->shape.points * CDR_POINT_LEN;
	for (size_t i = 0; i < p->shape.scalars; i++) {
		if (!cdr_scalar_reduced(AT(p->scalar, i)))
			return CDR_E_PROOF;
	}
	p->point = malloc(p->shape.points * sizeof(*p->point));
	if (p->point == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < p->shape.points; i++)
		CDR_TRY(cdr_affine_decompress(points + i * CDR_POINT_LEN, &p->point[i]));
	CDR_TRY(cdr_ciphers_decode(packed.data, p->shape.ciphers, &p->ciphers));
out:
	return err;
}

/* Everything that follows from the challenges. */
static cdr_err
proof_challenge(const struct cdr_elgamal *key, struct cdr_bytes context, const struct cdr_range_layout *layout,
    struct cdr_bytes packed, struct proof *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	uint8_t digest[CDR_SHA256_LEN], y[CDR_SCALAR_LEN], x[CDR_SCALAR_LEN];

	CDR_TRY(cdr_range_challenge_y(key, context, layout, f, packed.data, digest, y));
	CDR_TRY(cdr_range_challenge_x(f, packed.data, digest, x));
	CDR_TRY(cdr_range_weights(layout, f, y, &p->w));
	CDR_TRY(cdr_range_exponents(f, x, &p->e));
	p->row = malloc(f->rows * CDR_SCALAR_LEN);
	if (p->row == NULL)
		return CDR_E_MEMORY;
	memcpy(p->row, cdr_range_exponent(&p->e, -1), CDR_SCALAR_LEN);
	for (size_t k = 1; k < f->rows; k++)
		cdr_scalar_mul(cdr_range_exponent(&p->e, -(ptrdiff_t)k - 1), AT(p->w.power, k * f->columns - 1), AT(p->row, k));
out:
	return err;
}

/* <l, r>, where r is put together from what the prover sent and what is public. */
static void
inner_product(const struct proof *p, uint8_t out[static CDR_SCALAR_LEN])
{
	const struct cdr_range_shape *f = &p->shape;
	uint8_t sum[CDR_SCALAR_LEN] = { 0 }, r[CDR_SCALAR_LEN], right[CDR_SCALAR_LEN];

	for (size_t k = 0; k < f->rows; k++)
		cdr_scalar_add(sum, AT(p->row, k), sum);
	memset(out, 0, CDR_SCALAR_LEN);
	for (size_t c = 0; c < f->columns; c++) {
		/* y^(c+1) (r_c - the sum of x^-(k+1) y^(k w)) + the sum of x^-(k+1) d_(k, c) */
		cdr_scalar_sub(AT(p->scalar, f->columns + c), sum, r);
		cdr_scalar_mul(r, AT(p->w.power, c), right);
		for (size_t k = 0; k < f->rows; k++)
			add_product(cdr_range_exponent(&p->e, -(ptrdiff_t)k - 1), AT(p->w.d, k * f->columns + c), right);
		add_product(AT(p->scalar, c), right, out);
	}
}

/* The factors of the points that all proofs share. */
static void
add_shared(struct cdr_range_batch *b, const struct proof *p)
{
	const struct cdr_range_shape *f = &p->shape;
	const uint8_t *last = AT(p->scalar, 2 * f->columns), *w = p->weight;
	uint8_t product[CDR_SCALAR_LEN];

	for (size_t c = 0; c < f->columns; c++) {
		add_product(AT(w, EQUATION_L), AT(p->scalar, c), AT(b->column, c));
		add_product(AT(w, EQUATION_R), AT(p->scalar, f->columns + c), AT(b->column, c));
	}
	if (b->columns < f->columns)
		b->columns = f->columns;
	add_product(AT(w, EQUATION_L), AT(last, CDR_RANGE_RHO_L), b->k);
	add_product(AT(w, EQUATION_R), AT(last, CDR_RANGE_RHO_R), b->k);
	add_product(AT(w, EQUATION_PRODUCT), AT(last, CDR_RANGE_RHO_C), b->k);
	add_product(AT(w, EQUATION_B), AT(last, CDR_RANGE_Z_R), b->k);
	inner_product(p, product);
	add_product(AT(w, EQUATION_PRODUCT), product, b->g);
	add_product(AT(w, EQUATION_A), AT(last, CDR_RANGE_Z_R), b->g);
	add_product(AT(w, EQUATION_B), AT(last, CDR_RANGE_Z_M), b->g);
}

/* - (a b + c d) times a point */
static cdr_err
add_term(struct cdr_range_batch *b, const uint8_t *a1, const uint8_t *b1, const uint8_t *a2, const uint8_t *b2,
    const struct cdr_affine *point)
{
	uint8_t factor[CDR_SCALAR_LEN];

	cdr_scalar_mul(a1, b1, factor);
	if (a2 != NULL)
		add_product(a2, b2, factor);
	negate(factor);
	return cdr_multi_add(b->multi, factor, point);
}

/* The terms of the points that came with the proof. */
static cdr_err
add_points(struct cdr_range_batch *b, const struct proof *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_range_shape *f = &p->shape;
	const struct cdr_range_exponents *e = &p->e;
	const struct cdr_affine *point = p->point, *product = p->point + f->rows + CDR_RANGE_MASKS;
	const uint8_t *one = cdr_range_exponent(e, 0), *w = p->weight;

	for (size_t k = 0; k < f->rows; k++)
		CDR_TRY(add_term(b, AT(w, EQUATION_L), cdr_range_exponent(e, (ptrdiff_t)k + 1), AT(w, EQUATION_R), AT(p->row, k),
		    &point[k]));
	CDR_TRY(add_term(b, AT(w, EQUATION_L), cdr_range_exponent(e, (ptrdiff_t)f->rows + 1), NULL, NULL,
	    &point[f->rows + CDR_RANGE_MASK_S]));
	CDR_TRY(add_term(b, AT(w, EQUATION_R), cdr_range_exponent(e, -(ptrdiff_t)f->rows - 2), NULL, NULL,
	    &point[f->rows + CDR_RANGE_MASK_T]));
	for (ptrdiff_t n = -(ptrdiff_t)f->rows - 1; n <= (ptrdiff_t)f->rows; n++) {
		if (n != 0)
			CDR_TRY(add_term(b, AT(w, EQUATION_PRODUCT), cdr_range_exponent(e, n), NULL, NULL,
			    &product[cdr_range_product_at(f, n)]));
	}
	CDR_TRY(add_term(b, AT(w, EQUATION_A), one, NULL, NULL, &product[f->products]));
	CDR_TRY(add_term(b, AT(w, EQUATION_B), one, NULL, NULL, &product[f->products + 1]));
out:
	return err;
}

/* The terms of the ciphertexts: the same weights make up their numbers and show that both halves have one randomness. */
static cdr_err
add_ciphers(struct cdr_range_batch *b, const struct proof *p)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *x = cdr_range_exponent(&p->e, 1), *w = p->weight;
	uint8_t factor_a[CDR_SCALAR_LEN], factor_b[CDR_SCALAR_LEN];

	/* A: x for its own equation; B: 1 for the inner product and x for its own. */
	cdr_scalar_mul(AT(w, EQUATION_A), x, factor_a);
	cdr_scalar_mul(AT(w, EQUATION_B), x, factor_b);
	cdr_scalar_add(factor_b, AT(w, EQUATION_PRODUCT), factor_b);
	for (size_t i = 0; i < p->shape.ciphers; i++) {
		CDR_TRY(add_term(b, factor_a, AT(p->w.omega, i), NULL, NULL, &p->ciphers->point[2 * i]));
		CDR_TRY(add_term(b, factor_b, AT(p->w.omega, i), NULL, NULL, &p->ciphers->point[2 * i + 1]));
	}
	err = CDR_OK;
out:
	return err;
}

/* see core/crypto/range.h */
cdr_err
cdr_range_batch_add(struct cdr_range_batch *batch, struct cdr_bytes context, const struct cdr_range_layout *layout,
    struct cdr_bytes packed, struct cdr_ciphers **ciphers)
{
	cdr_err err = CDR_E_INTERNAL;
	struct proof p = { 0 };

	if (ciphers != NULL)
		*ciphers = NULL;
	if (context.len > CDR_RANGE_CONTEXT_MAX)
		return CDR_E_RANGE;
	CDR_TRY(proof_read(layout, packed, &p));
	CDR_TRY(proof_challenge(batch->key, context, layout, packed, &p));
	CDR_TRY(make_weights(batch, p.weight));
	CDR_TRY(add_points(batch, &p));
	CDR_TRY(add_ciphers(batch, &p));
	add_shared(batch, &p);
	batch->number++;
	if (ciphers != NULL) {
		*ciphers = p.ciphers;
		p.ciphers = NULL;
	}
out:
	proof_free(&p);
	return err;
}

/* see core/crypto/range.h */
cdr_err
cdr_range_batch_check(struct cdr_range_batch *batch)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine point;
	struct cdr_projective sum, shared;

	for (size_t c = 0; c < batch->columns; c++) {
		CDR_TRY(cdr_range_base(c, &point));
		CDR_TRY(cdr_multi_add(batch->multi, AT(batch->column, c), &point));
	}
	memset(batch->column, 0, sizeof(batch->column));
	CDR_TRY(cdr_multi_add(batch->multi, batch->k, &batch->key->affine));
	memset(batch->k, 0, sizeof(batch->k));
	CDR_TRY(cdr_multi_sum(batch->multi, &sum));
	CDR_TRY(cdr_fixed_point_multiples(NULL, batch->g, 1, &shared));
	cdr_projective_add(&sum, &shared, &sum);
	/* What is left must be nothing. */
	err = cdr_field_is_zero(&sum.z) != 0 ? CDR_OK : CDR_E_PROOF;
out:
	return err;
}

/* see core/crypto/range.h */
cdr_err
cdr_range_verify(const struct cdr_elgamal *key, struct cdr_bytes context, const struct cdr_range_layout *layout,
    struct cdr_bytes packed, struct cdr_ciphers **ciphers)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t seed[CDR_RANGE_SEED_LEN];
	struct cdr_range_batch *batch = NULL;

	if (ciphers != NULL)
		*ciphers = NULL;
	CDR_TRY(cdr_random(seed, sizeof(seed)));
	CDR_TRY(cdr_range_batch_new(key, seed, &batch));
	CDR_TRY(cdr_range_batch_add(batch, context, layout, packed, ciphers));
	CDR_TRY(cdr_range_batch_check(batch));
out:
	cdr_range_batch_free(batch);
	cdr_wipe(seed, sizeof(seed));
	if (err != CDR_OK && ciphers != NULL) {
		cdr_ciphers_free(*ciphers);
		*ciphers = NULL;
	}
	return err;
}
