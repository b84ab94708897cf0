#include "core/crypto/elgamal_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/limbs.h"
#include "core/crypto/proof.h"
#include "core/crypto/secret.h"

#define BITS_MAX 32

struct cdr_cipher_sums {
	size_t count;
	struct cdr_projective point[];
};

/* ---- the key ---- */

/* The multiples of one digit: 1, 2, ... 255 times ${base}; ${next} becomes 256 times. */
static cdr_err
digit_table(const struct cdr_affine *base, struct cdr_affine table[static CDR_ELGAMAL_DIGIT], struct cdr_affine *next)
{
	struct cdr_projective work[CDR_ELGAMAL_DIGIT], first = { base->x, base->y, cdr_field_one };
	struct cdr_affine all[CDR_ELGAMAL_DIGIT];

	work[0] = first;
	for (size_t i = 1; i < CDR_ELGAMAL_DIGIT; i++)
		cdr_projective_add(&work[i - 1], &first, &work[i]);
	if (cdr_projective_normalise_all(work, CDR_ELGAMAL_DIGIT, all) == 0)
		return CDR_E_INTERNAL;
	memset(&table[0], 0, sizeof(table[0]));
	memcpy(&table[1], all, (CDR_ELGAMAL_DIGIT - 1) * sizeof(*all));
	*next = all[CDR_ELGAMAL_DIGIT - 1];
	return CDR_OK;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_elgamal_new(const uint8_t public_key[static CDR_POINT_LEN], struct cdr_elgamal **key)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_elgamal *k = calloc(1, sizeof(*k));
	struct cdr_affine base;
	uint8_t one[CDR_SCALAR_LEN], generator[CDR_POINT_LEN];

	*key = NULL;
	if (k == NULL)
		return CDR_E_MEMORY;
	k->multiple = calloc(CDR_ELGAMAL_DIGITS, sizeof(*k->multiple));
	if (k->multiple == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_fixed_point_new(public_key, true, &k->point));
	CDR_TRY(cdr_affine_decompress(public_key, &k->affine));
	cdr_scalar_set(1, one);
	CDR_TRY(cdr_group_mul_base(one, generator));
	CDR_TRY(cdr_affine_decompress(generator, &base));
	for (size_t d = 0; d < CDR_ELGAMAL_DIGITS; d++)
		CDR_TRY(digit_table(&base, k->multiple[d], &base));
	*key = k;
	k = NULL;
out:
	cdr_elgamal_free(k);
	return err;
}

/* see core/crypto/elgamal.h */
void
cdr_elgamal_free(struct cdr_elgamal *key)
{
	if (key == NULL)
		return;
	cdr_fixed_point_free(key->point);
	free(key->multiple);
	free(key);
}

/* see core/crypto/elgamal.h */
const uint8_t *
cdr_elgamal_public_peek(const struct cdr_elgamal *key)
{
	return cdr_fixed_point_peek(key->point);
}

/* ---- encrypting ---- */

/* see core/crypto/elgamal_internal.h */
void
cdr_elgamal_choose(uint64_t mask, const struct cdr_affine *a, struct cdr_projective *out)
{
	cdr_field_select(mask, &a->x, &cdr_field_zero, &out->x);
	cdr_field_select(mask, &a->y, &cdr_field_one, &out->y);
	cdr_field_select(mask, &cdr_field_one, &cdr_field_zero, &out->z);
}

/* out = value * G for a value of ${bits}: one point from each digit's table, all of which is read. */
static void
small_multiple(const struct cdr_elgamal *key, uint32_t value, unsigned bits, struct cdr_projective *out)
{
	struct cdr_affine chosen;
	struct cdr_projective term;

	*out = cdr_projective_identity;
	for (size_t d = 0; 8 * d < bits; d++) {
		uint64_t digit = value >> (8 * d) & 255;
		size_t entries = bits - 8 * d < 8 ? (size_t)1 << (bits - 8 * d) : CDR_ELGAMAL_DIGIT;
		memset(&chosen, 0, sizeof(chosen));
		for (size_t j = 1; j < entries; j++) {
			/* 1 only where the two are equal: their difference is below 256. */
			uint64_t mask = cdr_limbs_mask_of_bit((((digit ^ j) - 1) >> 63) & 1);
			for (size_t w = 0; w < 4; w++) {
				chosen.x.word[w] |= mask & key->multiple[d][j].x.word[w];
				chosen.y.word[w] |= mask & key->multiple[d][j].y.word[w];
			}
		}
		cdr_elgamal_choose(cdr_limbs_mask_of_bit(((0 - digit) >> 63) & 1), &chosen, &term);
		cdr_projective_add(out, &term, out);
	}
	cdr_wipe(&chosen, sizeof(chosen));
	cdr_wipe(&term, sizeof(term));
}

static cdr_err
encrypt_check(const uint32_t *values, const uint8_t *bits, const uint8_t *randoms, size_t count)
{
	uint64_t too_large = 0;
	static const uint64_t none = 0;

	if (count < 1 || count > CDR_CIPHERS_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		if (bits[i] < 1 || bits[i] > BITS_MAX)
			return CDR_E_RANGE;
		if (!cdr_scalar_valid(randoms + i * CDR_SCALAR_LEN))
			return CDR_E_INPUT;
		too_large |= (uint64_t)values[i] >> bits[i];
	}
	/* Whether all fit shows in the returned code. */
	return cdr_equal(&too_large, &none, sizeof(none)) ? CDR_OK : CDR_E_RANGE;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_elgamal_encrypt(const struct cdr_elgamal *key, const uint32_t *values, const uint8_t *bits, const uint8_t *randoms,
    size_t count, uint8_t *out)
{
	cdr_err err = encrypt_check(values, bits, randoms, count);
	struct cdr_projective *a = NULL, *b, small;
	struct cdr_affine *affine = NULL;

	memset(out, 0, count * CDR_CIPHER_LEN);
	if (err != CDR_OK)
		return err;
	a = cdr_wiping_alloc(2 * count * sizeof(*a));
	affine = cdr_wiping_alloc(2 * count * sizeof(*affine));
	if (a == NULL || affine == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	/* A = r G; B = m G + r K */
	b = a + count;
	CDR_TRY(cdr_fixed_point_multiples(NULL, randoms, count, a));
	CDR_TRY(cdr_fixed_point_multiples(key->point, randoms, count, b));
	for (size_t i = 0; i < count; i++) {
		small_multiple(key, values[i], bits[i], &small);
		cdr_projective_add(&b[i], &small, &b[i]);
	}
	if (cdr_projective_normalise_all(a, 2 * count, affine) == 0) {
		err = CDR_E_INPUT;
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		cdr_affine_compress(&affine[i], out + i * CDR_CIPHER_LEN);
		cdr_affine_compress(&affine[count + i], out + i * CDR_CIPHER_LEN + CDR_POINT_LEN);
	}
out:
	cdr_wiping_free(a);
	cdr_wiping_free(affine);
	cdr_wipe(&small, sizeof(small));
	return err;
}

/* ---- ciphertexts and sums ---- */

/* see core/crypto/elgamal.h */
cdr_err
cdr_ciphers_decode(const uint8_t *in, size_t count, struct cdr_ciphers **out)
{
	struct cdr_ciphers *ciphers;

	*out = NULL;
	if (count < 1 || count > CDR_CIPHERS_MAX)
		return CDR_E_RANGE;
	ciphers = malloc(sizeof(*ciphers) + 2 * count * sizeof(ciphers->point[0]));
	if (ciphers == NULL)
		return CDR_E_MEMORY;
	ciphers->count = count;
	for (size_t i = 0; i < 2 * count; i++) {
		cdr_err err = cdr_affine_decompress(in + i * CDR_POINT_LEN, &ciphers->point[i]);
		if (err != CDR_OK) {
			free(ciphers);
			return err;
		}
	}
	*out = ciphers;
	return CDR_OK;
}

/* see core/crypto/elgamal.h */
void
cdr_ciphers_free(struct cdr_ciphers *ciphers)
{
	free(ciphers);
}

/* see core/crypto/elgamal.h */
size_t
cdr_ciphers_count(const struct cdr_ciphers *ciphers)
{
	return ciphers->count;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_cipher_sums_new(size_t count, struct cdr_cipher_sums **out)
{
	struct cdr_cipher_sums *sums;

	*out = NULL;
	if (count < 1 || count > CDR_CIPHERS_MAX)
		return CDR_E_RANGE;
	sums = malloc(sizeof(*sums) + 2 * count * sizeof(sums->point[0]));
	if (sums == NULL)
		return CDR_E_MEMORY;
	sums->count = count;
	for (size_t i = 0; i < 2 * count; i++)
		sums->point[i] = cdr_projective_identity;
	*out = sums;
	return CDR_OK;
}

/* see core/crypto/elgamal.h */
void
cdr_cipher_sums_free(struct cdr_cipher_sums *sums)
{
	free(sums);
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_cipher_sums_add(struct cdr_cipher_sums *sums, size_t at, const struct cdr_ciphers *ciphers)
{
	struct cdr_projective p = { .z = cdr_field_one };

	if (at > sums->count || ciphers->count > sums->count - at)
		return CDR_E_RANGE;
	for (size_t i = 0; i < 2 * ciphers->count; i++) {
		p.x = ciphers->point[i].x;
		p.y = ciphers->point[i].y;
		cdr_projective_add(&sums->point[2 * at + i], &p, &sums->point[2 * at + i]);
	}
	return CDR_OK;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_cipher_sums_encode(const struct cdr_cipher_sums *sums, uint8_t *out)
{
	struct cdr_affine *affine = malloc(2 * sums->count * sizeof(*affine));

	if (affine == NULL)
		return CDR_E_MEMORY;
	if (cdr_projective_normalise_all(sums->point, 2 * sums->count, affine) == 0) {
		free(affine);
		return CDR_E_POINT;
	}
	for (size_t i = 0; i < 2 * sums->count; i++)
		cdr_affine_compress(&affine[i], out + i * CDR_POINT_LEN);
	free(affine);
	return CDR_OK;
}

/* ---- opening ---- */

/* The first points of ${count} ciphertexts. */
static cdr_err
first_points(const uint8_t *ciphers, size_t count, struct cdr_points **out)
{
	uint8_t *bytes;

	*out = NULL;
	if (count < 1 || count > CDR_PROOF_BATCH_MAX)
		return CDR_E_RANGE;
	bytes = malloc(count * CDR_POINT_LEN);
	if (bytes == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++)
		memcpy(bytes + i * CDR_POINT_LEN, ciphers + i * CDR_CIPHER_LEN, CDR_POINT_LEN);
	cdr_err err = cdr_points_decode(bytes, count, out);
	free(bytes);
	return err;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_elgamal_partial(struct cdr_bytes context, const uint8_t share[static CDR_SCALAR_LEN], const uint8_t *ciphers,
    size_t count, const uint8_t random[static CDR_SCALAR_LEN], uint8_t *partials, uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *a = NULL, *answers = NULL;

	memset(proof, 0, CDR_PROOF_LEN);
	CDR_TRY(first_points(ciphers, count, &a));
	memset(partials, 0, count * CDR_POINT_LEN);
	CDR_TRY(cdr_points_mul(share, a, &answers));
	CDR_TRY(cdr_points_encode(answers));
	CDR_TRY(cdr_proof_make(context, share, a, answers, random, proof));
	memcpy(partials, cdr_points_peek(answers, 0), count * CDR_POINT_LEN);
out:
	cdr_points_free(a);
	cdr_points_free(answers);
	return err;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_elgamal_partial_verify(struct cdr_bytes context, const uint8_t public_share[static CDR_POINT_LEN],
    const uint8_t *ciphers, size_t count, const uint8_t *partials, const uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *a = NULL, *answers = NULL;
	struct cdr_fixed_point *fixed = NULL;

	CDR_TRY(first_points(ciphers, count, &a));
	CDR_TRY(cdr_points_decode(partials, count, &answers));
	CDR_TRY(cdr_fixed_point_new(public_share, false, &fixed));
	CDR_TRY(cdr_proof_verify(context, fixed, a, answers, proof));
out:
	cdr_points_free(a);
	cdr_points_free(answers);
	cdr_fixed_point_free(fixed);
	return err;
}

/* ---- searching ---- */

/* Small steps: the x-coordinates of 1 G .. half G, in an open hash table. A span is 2 half + 1 numbers. */
struct steps {
	size_t half;
	size_t mask;
	uint64_t *x;               /* lowest word, 0: empty */
	uint32_t *number;
};

/* One number that is searched: the point still to be explained, and by how much it was shortened. */
struct search {
	struct cdr_projective point;
	size_t at;
};

static uint64_t
x_of(const struct cdr_affine *a)
{
	return a->x.word[0] | 1;
}

static void
steps_free(struct steps *s)
{
	free(s->x);
	free(s->number);
}

/* ${giant} becomes -(2 half + 1) G. */
static cdr_err
steps_new(size_t half, struct steps *s, struct cdr_projective *giant)
{
	cdr_err err = CDR_E_MEMORY;
	uint8_t one[CDR_SCALAR_LEN];
	struct cdr_projective g, *work = malloc(half * sizeof(*work));
	struct cdr_affine *affine = malloc(half * sizeof(*affine));

	*s = (struct steps){ .half = half, .mask = 1 };
	while (s->mask < 4 * half)
		s->mask *= 2;
	s->x = calloc(s->mask, sizeof(*s->x));
	s->number = calloc(s->mask, sizeof(*s->number));
	if (work == NULL || affine == NULL || s->x == NULL || s->number == NULL)
		goto out;
	s->mask--;
	cdr_scalar_set(1, one);
	CDR_TRY(cdr_fixed_point_multiples(NULL, one, 1, &g));
	work[0] = g;
	for (size_t i = 1; i < half; i++)
		cdr_projective_add(&work[i - 1], &g, &work[i]);
	(void)cdr_projective_normalise_all(work, half, affine);
	for (size_t i = 0; i < half; i++) {
		size_t place = x_of(&affine[i]) >> 8 & s->mask;
		while (s->x[place] != 0)
			place = (place + 1) & s->mask;
		s->x[place] = x_of(&affine[i]);
		s->number[place] = (uint32_t)i + 1;
	}
	cdr_projective_add(&work[half - 1], &work[half - 1], giant);
	cdr_projective_add(giant, &g, giant);
	cdr_field_sub(&cdr_field_zero, &giant->y, &giant->y);
out:
	free(work);
	free(affine);
	if (err != CDR_OK)
		steps_free(s);
	return err;
}

/* Whether ${a} is number * G for a number in -half .. half, not 0; tried out by computing, since x is only a part of it. */
static bool
steps_find(const struct steps *s, const struct cdr_affine *a, int64_t *number)
{
	uint8_t k[CDR_SCALAR_LEN], bytes[CDR_POINT_LEN], is[CDR_POINT_LEN];

	for (size_t place = x_of(a) >> 8 & s->mask; s->x[place] != 0; place = (place + 1) & s->mask) {
		if (s->x[place] != x_of(a))
			continue;
		cdr_scalar_set(s->number[place], k);
		cdr_affine_compress(a, is);
		if (cdr_group_mul_base(k, bytes) != CDR_OK || memcmp(bytes + 1, is + 1, CDR_POINT_LEN - 1) != 0)
			continue;
		*number = bytes[0] == is[0] ? s->number[place] : -(int64_t)s->number[place];
		return true;
	}
	return false;
}

/* One giant step for all that are still searched: those that are found now leave. */
static cdr_err
search_step(const struct steps *s, int64_t shortened, struct search *left, size_t *count, struct cdr_projective *work,
    struct cdr_affine *affine, int64_t *values)
{
	size_t stay = 0, points = 0;

	/* What has become the identity is the number by which it was shortened. */
	for (size_t i = 0; i < *count; i++) {
		if (cdr_field_is_zero(&left[i].point.z) != 0)
			values[left[i].at] = shortened;
		else {
			left[points] = left[i];
			work[points++] = left[i].point;
		}
	}
	if (points > 0 && cdr_projective_normalise_all(work, points, affine) == 0)
		return CDR_E_INTERNAL;
	for (size_t i = 0; i < points; i++) {
		int64_t number;
		if (steps_find(s, &affine[i], &number))
			values[left[i].at] = shortened + number;
		else
			left[stay++] = left[i];
	}
	*count = stay;
	return CDR_OK;
}

/* Numbers 0 .. span of the points in ${left}, by baby steps and giant steps (Shanks 1971). */
static cdr_err
search_all(struct search *left, size_t count, uint64_t span, int64_t *values)
{
	cdr_err err = CDR_E_MEMORY;
	struct steps s = { 0 };
	struct cdr_projective giant, *work = malloc(count * sizeof(*work));
	struct cdr_affine *affine = malloc(count * sizeof(*affine));
	size_t half = 64;

	/* Small steps are paid once, giant ones for each number that is large. */
	while ((uint64_t)half * half < span && half < 4096)
		half *= 2;
	if (work == NULL || affine == NULL)
		goto out;
	CDR_TRY(steps_new(half, &s, &giant));
	for (int64_t shortened = 0; count > 0; shortened += 2 * (int64_t)half + 1) {
		if (shortened > (int64_t)(span + half)) {
			err = CDR_E_ABSENT;
			goto out;
		}
		CDR_TRY(search_step(&s, shortened, left, &count, work, affine, values));
		for (size_t i = 0; i < count; i++)
			cdr_projective_add(&left[i].point, &giant, &left[i].point);
	}
	err = CDR_OK;
out:
	steps_free(&s);
	free(work);
	free(affine);
	return err;
}

/* point - min G of every ciphertext: B - the sum of lagrange * partial - min G */
static cdr_err
unmask(const uint8_t *const *partials, size_t t, const uint8_t *ciphers, size_t at,
    const uint8_t *minus_lagrange, const struct cdr_projective *minus_min, struct cdr_projective *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t bytes[(CDR_TRUSTEES_MAX + 1) * CDR_POINT_LEN], one[CDR_SCALAR_LEN];
	struct cdr_points *points = NULL, *sum = NULL;
	struct cdr_term terms[CDR_TRUSTEES_MAX + 1];
	struct cdr_affine a;

	cdr_scalar_set(1, one);
	memcpy(bytes, ciphers + at * CDR_CIPHER_LEN + CDR_POINT_LEN, CDR_POINT_LEN);
	for (size_t i = 0; i < t; i++)
		memcpy(bytes + (i + 1) * CDR_POINT_LEN, partials[i] + at * CDR_POINT_LEN, CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(bytes, t + 1, &points));
	CDR_TRY(cdr_points_new(1, &sum));
	for (size_t i = 0; i <= t; i++)
		terms[i] = (struct cdr_term){ i == 0 ? one : minus_lagrange + (i - 1) * CDR_SCALAR_LEN, points, i };
	/* One G more, so that nothing encrypted is the identity. */
	CDR_TRY(cdr_points_set_sum(sum, 0, one, terms, t + 1, false));
	*out = cdr_projective_identity;
	err = cdr_points_encode(sum);
	if (err == CDR_OK) {
		CDR_TRY(cdr_affine_decompress(cdr_points_peek(sum, 0), &a));
		*out = (struct cdr_projective){ a.x, a.y, cdr_field_one };
	} else if (err != CDR_E_POINT)
		goto out;
	cdr_projective_add(out, minus_min, out);
	err = CDR_OK;
out:
	cdr_points_free(points);
	cdr_points_free(sum);
	return err;
}

/* -lagrange of each trustee, and -(min + 1) G. */
static cdr_err
unmask_start(const uint8_t *indices, size_t t, int64_t min, uint8_t *minus_lagrange, struct cdr_projective *minus_min)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t zero[CDR_SCALAR_LEN] = { 0 }, k[CDR_SCALAR_LEN];
	int64_t shift = min + 1;

	for (size_t i = 0; i < t; i++) {
		CDR_TRY(cdr_threshold_lagrange(indices, t, i, minus_lagrange + i * CDR_SCALAR_LEN));
		cdr_scalar_sub(zero, minus_lagrange + i * CDR_SCALAR_LEN, minus_lagrange + i * CDR_SCALAR_LEN);
	}
	cdr_scalar_set(shift < 0 ? (uint64_t)-shift : (uint64_t)shift, k);
	if (shift > 0)
		cdr_scalar_sub(zero, k, k);
	CDR_TRY(cdr_fixed_point_multiples(NULL, k, 1, minus_min));
out:
	return err;
}

/* see core/crypto/elgamal.h */
cdr_err
cdr_elgamal_recover(const uint8_t *indices, const uint8_t *const *partials, size_t t, const uint8_t *ciphers,
    size_t count, int64_t min, int64_t max, int64_t *values)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t minus_lagrange[CDR_TRUSTEES_MAX * CDR_SCALAR_LEN];
	struct cdr_projective minus_min;
	struct search *left = NULL;
	int64_t *found = NULL;

	if (t < 1 || t > CDR_TRUSTEES_MAX || count < 1 || count > CDR_CIPHERS_MAX || max < min ||
	    max - min >= CDR_RECOVER_SPAN_MAX)
		return CDR_E_RANGE;
	left = calloc(count, sizeof(*left));
	found = calloc(count, sizeof(*found));
	if (left == NULL || found == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(unmask_start(indices, t, min, minus_lagrange, &minus_min));
	for (size_t i = 0; i < count; i++) {
		left[i].at = i;
		CDR_TRY(unmask(partials, t, ciphers, i, minus_lagrange, &minus_min, &left[i].point));
	}
	CDR_TRY(search_all(left, count, (uint64_t)(max - min), found));
	for (size_t i = 0; i < count; i++) {
		/* The last span reaches beyond both ends. */
		if (found[i] < 0 || found[i] > max - min) {
			err = CDR_E_ABSENT;
			goto out;
		}
	}
	for (size_t i = 0; i < count; i++)
		values[i] = min + found[i];
out:
	free(left);
	free(found);
	return err;
}
