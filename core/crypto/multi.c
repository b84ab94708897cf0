#include "core/crypto/multi.h"

#include <stdlib.h>
#include <string.h>

/* not secret: everything in this file is public */

#define SCALAR_BITS 256
#define WINDOW_MAX 13

struct cdr_multi {
	size_t count;
	struct cdr_affine *point;   /* CDR_MULTI_ROOM of them */
	uint8_t (*scalar)[CDR_SCALAR_LEN];
	struct cdr_projective sum;  /* of all that is not gathered any more */
};

/* One window of all scalars: points sorted by their digit, and room to add them up. */
struct window {
	unsigned bits;
	uint32_t *start;            /* where each bucket begins; bucket 0 is left out; one more than there are buckets */
	uint32_t *fill;
	struct cdr_affine *entry;   /* (0, 0) is the identity: it is not on the curve */
	struct cdr_field *product;  /* for the inversion of a layer */
	int32_t *digit;             /* of each term, -2^(bits-1) .. 2^(bits-1) */
};

/* see core/crypto/multi.h */
cdr_err
cdr_multi_new(struct cdr_multi **multi)
{
	struct cdr_multi *m = calloc(1, sizeof(*m));

	*multi = NULL;
	if (m == NULL)
		return CDR_E_MEMORY;
	m->point = malloc(CDR_MULTI_ROOM * sizeof(*m->point));
	m->scalar = malloc(CDR_MULTI_ROOM * sizeof(*m->scalar));
	m->sum = cdr_projective_identity;
	if (m->point == NULL || m->scalar == NULL) {
		cdr_multi_free(m);
		return CDR_E_MEMORY;
	}
	*multi = m;
	return CDR_OK;
}

/* see core/crypto/multi.h */
void
cdr_multi_free(struct cdr_multi *multi)
{
	if (multi == NULL)
		return;
	free(multi->point);
	free(multi->scalar);
	free(multi);
}

/* Width of a window for so many terms: a bucket costs six times what a term does, and is paid once a window. */
static unsigned
window_bits(size_t count)
{
	unsigned bits = 6;

	while (bits < WINDOW_MAX && ((size_t)24 << bits) < count)
		bits++;
	return bits;
}

static void
window_free(struct window *w)
{
	free(w->start);
	free(w->fill);
	free(w->entry);
	free(w->product);
	free(w->digit);
}

static cdr_err
window_new(size_t count, struct window *w)
{
	size_t buckets;

	memset(w, 0, sizeof(*w));
	w->bits = window_bits(count);
	buckets = ((size_t)1 << (w->bits - 1)) + 2;
	w->start = calloc(buckets, sizeof(*w->start));
	w->fill = calloc(buckets, sizeof(*w->fill));
	w->entry = malloc(count * sizeof(*w->entry));
	w->product = malloc((count / 2 + 1) * sizeof(*w->product));
	w->digit = malloc(count * sizeof(*w->digit));
	if (w->start == NULL || w->fill == NULL || w->entry == NULL || w->product == NULL || w->digit == NULL) {
		window_free(w);
		return CDR_E_MEMORY;
	}
	return CDR_OK;
}

/* ${bits} bits of a big-endian scalar from bit ${at} on; beyond its end they are 0. */
static uint32_t
scalar_bits(const uint8_t scalar[static CDR_SCALAR_LEN], unsigned at, unsigned bits)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned byte = at / 8 + i;
		if (byte < CDR_SCALAR_LEN)
			value |= (uint32_t)scalar[CDR_SCALAR_LEN - 1 - byte] << (8 * i);
	}
	return (value >> (at % 8)) & ((1U << bits) - 1);
}

/* The signed digit of window ${index}: the bits there and the carry from below, brought down to half a window. */
static int32_t
scalar_digit(const uint8_t scalar[static CDR_SCALAR_LEN], unsigned index, unsigned bits)
{
	/* A carry comes from below exactly if the highest bit there is set: d in 0 .. 2^bits stays, minus 2^bits if so. */
	uint32_t value = scalar_bits(scalar, index * bits, bits);
	uint32_t carry = index == 0 ? 0 : scalar_bits(scalar, index * bits - 1, 1);
	uint32_t top = value >> (bits - 1);

	return (int32_t)(value + carry) - (int32_t)(top << bits);
}

/* Sort the points into buckets by the size of their digits, turned over where a digit is negative. */
static void
window_fill(struct window *w, const struct cdr_multi *m, unsigned index)
{
	size_t buckets = (size_t)1 << (w->bits - 1);

	memset(w->fill, 0, (buckets + 2) * sizeof(*w->fill));
	for (size_t i = 0; i < m->count; i++) {
		w->digit[i] = scalar_digit(m->scalar[i], index, w->bits);
		w->fill[abs(w->digit[i])]++;
	}
	w->start[1] = 0;
	for (size_t b = 1; b <= buckets; b++)
		w->start[b + 1] = w->start[b] + w->fill[b];
	memset(w->fill, 0, (buckets + 2) * sizeof(*w->fill));
	for (size_t i = 0; i < m->count; i++) {
		int32_t d = w->digit[i];
		if (d == 0)
			continue;
		size_t b = (size_t)abs(d);
		struct cdr_affine *entry = &w->entry[w->start[b] + w->fill[b]++];
		*entry = m->point[i];
		if (d < 0)
			cdr_field_sub(&cdr_field_zero, &entry->y, &entry->y);
	}
}

static bool
is_identity(const struct cdr_affine *a)
{
	return (cdr_field_is_zero(&a->x) & cdr_field_is_zero(&a->y)) != 0;
}

/* The denominator of the slope through a and b: x_b - x_a; 2 y where both are one point; 1 where there is no slope. */
static void
denominator(const struct cdr_affine *a, const struct cdr_affine *b, struct cdr_field *out)
{
	cdr_field_sub(&b->x, &a->x, out);
	if (is_identity(a) || is_identity(b))
		*out = cdr_field_one;
	else if (cdr_field_is_zero(out) != 0) {
		cdr_field_add(&a->y, &b->y, out);
		if (cdr_field_is_zero(out) != 0)
			*out = cdr_field_one;
	}
}

/* The numerator of the slope where both are one point: 3 x^2 - 3. */
static void
tangent(const struct cdr_affine *a, struct cdr_field *out)
{
	struct cdr_field t;

	cdr_field_square(&a->x, &t);
	cdr_field_sub(&t, &cdr_field_one, &t);
	cdr_field_add(&t, &t, out);
	cdr_field_add(out, &t, out);
}

/* a = a + b, with the inverse of their denominator. */
static void
add_pair(struct cdr_affine *a, const struct cdr_affine *b, const struct cdr_field *inverse)
{
	struct cdr_field slope, x;

	if (is_identity(b))
		return;
	if (is_identity(a)) {
		*a = *b;
		return;
	}
	cdr_field_sub(&b->y, &a->y, &slope);
	if (cdr_field_equal(&a->x, &b->x) != 0) {
		if (cdr_field_is_zero(&slope) == 0) {
			memset(a, 0, sizeof(*a));
			return;
		}
		tangent(a, &slope);
	}
	cdr_field_mul(&slope, inverse, &slope);
	cdr_field_square(&slope, &x);
	cdr_field_sub(&x, &a->x, &x);
	cdr_field_sub(&x, &b->x, &x);
	cdr_field_sub(&a->x, &x, &a->x);
	cdr_field_mul(&slope, &a->x, &slope);
	cdr_field_sub(&slope, &a->y, &a->y);
	a->x = x;
}

/* Add the entries of every bucket in pairs, one layer: bucket b keeps half of its entries. Returns whether any is left to add. */
static bool
add_layer(struct window *w)
{
	size_t buckets = (size_t)1 << (w->bits - 1), pairs = 0;
	struct cdr_field product = cdr_field_one, inverse, d;
	bool more = false;

	for (size_t b = 1; b <= buckets; b++) {
		for (uint32_t i = 0; i + 1 < w->fill[b]; i += 2) {
			const struct cdr_affine *pair = &w->entry[w->start[b] + i];
			denominator(&pair[0], &pair[1], &d);
			w->product[pairs++] = product;
			cdr_field_mul(&product, &d, &product);
		}
	}
	if (pairs == 0)
		return false;
	cdr_field_invert(&product, &product);
	/* Upwards in memory the pairs were multiplied, downwards they are divided out again. */
	for (size_t b = buckets; b >= 1; b--) {
		for (uint32_t i = w->fill[b] & ~1U; i >= 2; i -= 2) {
			struct cdr_affine *pair = &w->entry[w->start[b] + i - 2];
			denominator(&pair[0], &pair[1], &d);
			cdr_field_mul(&product, &w->product[--pairs], &inverse);
			cdr_field_mul(&product, &d, &product);
			add_pair(&pair[0], &pair[1], &inverse);
		}
		for (uint32_t i = 2; i < w->fill[b]; i += 2)
			w->entry[w->start[b] + i / 2] = w->entry[w->start[b] + i];
		w->fill[b] = (w->fill[b] + 1) / 2;
		more = more || w->fill[b] > 1;
	}
	return more;
}

/* sum += 1 * bucket 1 + 2 * bucket 2 + ... */
static void
add_buckets(const struct window *w, struct cdr_projective *sum)
{
	struct cdr_projective running = cdr_projective_identity, p = { .z = cdr_field_one };
	size_t b = (size_t)1 << (w->bits - 1);

	while (b >= 1 && w->fill[b] == 0)
		b--;
	for (; b >= 1; b--) {
		if (w->fill[b] > 0 && !is_identity(&w->entry[w->start[b]])) {
			p.x = w->entry[w->start[b]].x;
			p.y = w->entry[w->start[b]].y;
			cdr_projective_add(&running, &p, &running);
		}
		cdr_projective_add(sum, &running, sum);
	}
}

/* Add up what is gathered. */
static cdr_err
flush(struct cdr_multi *m)
{
	struct cdr_projective sum = cdr_projective_identity;
	struct window w;

	if (m->count == 0)
		return CDR_OK;
	if (window_new(m->count, &w) != CDR_OK)
		return CDR_E_MEMORY;
	/* One bit more than a scalar has, for the last carry. */
	for (unsigned index = (SCALAR_BITS + w.bits) / w.bits; index-- > 0;) {
		for (unsigned i = 0; i < w.bits; i++)
			cdr_projective_add(&sum, &sum, &sum);
		window_fill(&w, m, index);
		while (add_layer(&w))
			;
		add_buckets(&w, &sum);
	}
	cdr_projective_add(&m->sum, &sum, &m->sum);
	window_free(&w);
	m->count = 0;
	return CDR_OK;
}

/* see core/crypto/multi.h */
cdr_err
cdr_multi_add(struct cdr_multi *multi, const uint8_t scalar[static CDR_SCALAR_LEN], const struct cdr_affine *point)
{
	if (multi->count == CDR_MULTI_ROOM) {
		cdr_err err = flush(multi);
		if (err != CDR_OK)
			return err;
	}
	memcpy(multi->scalar[multi->count], scalar, CDR_SCALAR_LEN);
	multi->point[multi->count++] = *point;
	return CDR_OK;
}

/* see core/crypto/multi.h */
cdr_err
cdr_multi_sum(struct cdr_multi *multi, struct cdr_projective *sum)
{
	cdr_err err = flush(multi);

	if (err == CDR_OK)
		*sum = multi->sum;
	return err;
}
