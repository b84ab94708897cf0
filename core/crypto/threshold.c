#include "core/crypto/threshold.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

static cdr_err
size_check(size_t t)
{
	return t >= 1 && t <= CDR_TRUSTEES_MAX ? CDR_OK : CDR_E_RANGE;
}

static cdr_err
index_check(uint8_t index)
{
	return index >= 1 && index <= CDR_TRUSTEES_MAX ? CDR_OK : CDR_E_RANGE;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_deal(const uint8_t *coefficients, size_t t, uint8_t index, uint8_t share[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t x[CDR_SCALAR_LEN];

	memset(share, 0, CDR_SCALAR_LEN);
	CDR_TRY(size_check(t));
	CDR_TRY(index_check(index));
	cdr_scalar_set(index, x);
	/* Horner, from the highest coefficient down. */
	for (size_t k = t; k-- > 0;) {
		const uint8_t *coefficient = coefficients + k * CDR_SCALAR_LEN;
		if (!cdr_scalar_valid(coefficient)) {
			err = CDR_E_INPUT;
			goto out;
		}
		cdr_scalar_mul(share, x, share);
		cdr_scalar_add(share, coefficient, share);
	}
	err = cdr_scalar_valid(share) ? CDR_OK : CDR_E_INPUT;
out:
	if (err != CDR_OK)
		cdr_wipe(share, CDR_SCALAR_LEN);
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_commit(const uint8_t *coefficients, size_t t, uint8_t *commitments)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(size_check(t));
	for (size_t k = 0; k < t; k++)
		CDR_TRY(cdr_group_mul_base(coefficients + k * CDR_SCALAR_LEN, commitments + k * CDR_POINT_LEN));
out:
	if (err != CDR_OK && err != CDR_E_RANGE)
		memset(commitments, 0, t * CDR_POINT_LEN);
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_public_share(const uint8_t *commitments, size_t t, uint8_t index, uint8_t point[static CDR_POINT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t x[CDR_SCALAR_LEN], powers[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_term terms[CDR_TRUSTEES_MAX];
	struct cdr_points *points = NULL, *sum = NULL;

	memset(point, 0, CDR_POINT_LEN);
	CDR_TRY(size_check(t));
	CDR_TRY(index_check(index));
	CDR_TRY(cdr_points_decode(commitments, t, &points));
	CDR_TRY(cdr_points_new(1, &sum));

	/* The sum of x^k * (a_k * G). */
	cdr_scalar_set(index, x);
	cdr_scalar_set(1, powers[0]);
	for (size_t k = 0; k < t; k++) {
		if (k > 0)
			cdr_scalar_mul(powers[k - 1], x, powers[k]);
		terms[k] = (struct cdr_term){ powers[k], points, k };
	}
	CDR_TRY(cdr_points_set_sum(sum, 0, NULL, terms, t, false));
	CDR_TRY(cdr_points_encode(sum));
	memcpy(point, cdr_points_peek(sum, 0), CDR_POINT_LEN);
out:
	cdr_points_free(points);
	cdr_points_free(sum);
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_check(const uint8_t share[static CDR_SCALAR_LEN], uint8_t index, const uint8_t *commitments, size_t t)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t expected[CDR_POINT_LEN], actual[CDR_POINT_LEN];

	CDR_TRY(cdr_threshold_public_share(commitments, t, index, expected));
	err = cdr_group_mul_base(share, actual);
	if (err == CDR_E_INPUT || (err == CDR_OK && !cdr_equal(expected, actual, CDR_POINT_LEN)))
		err = CDR_E_SHARE;
out:
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_add_commitments(const uint8_t *commitments, size_t dealers, size_t t, uint8_t *sum)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t one[CDR_SCALAR_LEN];
	struct cdr_term terms[CDR_TRUSTEES_MAX];
	struct cdr_points *points = NULL, *sums = NULL;

	CDR_TRY(size_check(t));
	CDR_TRY(size_check(dealers));
	memset(sum, 0, t * CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(commitments, dealers * t, &points));
	CDR_TRY(cdr_points_new(t, &sums));
	cdr_scalar_set(1, one);
	for (size_t k = 0; k < t; k++) {
		for (size_t i = 0; i < dealers; i++)
			terms[i] = (struct cdr_term){ one, points, i * t + k };
		CDR_TRY(cdr_points_set_sum(sums, k, NULL, terms, dealers, false));
	}
	CDR_TRY(cdr_points_encode(sums));
	memcpy(sum, cdr_points_peek(sums, 0), t * CDR_POINT_LEN);
out:
	cdr_points_free(points);
	cdr_points_free(sums);
	return err;
}

/* t different indices */
static cdr_err
indices_check(const uint8_t *indices, size_t t)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(size_check(t));
	for (size_t i = 0; i < t; i++) {
		CDR_TRY(index_check(indices[i]));
		for (size_t j = 0; j < i; j++) {
			if (indices[j] == indices[i])
				return CDR_E_RANGE;
		}
	}
out:
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_lagrange(const uint8_t *indices, size_t t, size_t at, uint8_t coefficient[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t xi[CDR_SCALAR_LEN], xj[CDR_SCALAR_LEN], difference[CDR_SCALAR_LEN];
	uint8_t numerator[CDR_SCALAR_LEN], denominator[CDR_SCALAR_LEN];

	memset(coefficient, 0, CDR_SCALAR_LEN);
	CDR_TRY(indices_check(indices, t));
	if (at >= t)
		return CDR_E_RANGE;

	/* The product of x_j / (x_j - x_i) over all others. */
	cdr_scalar_set(indices[at], xi);
	cdr_scalar_set(1, numerator);
	cdr_scalar_set(1, denominator);
	for (size_t j = 0; j < t; j++) {
		if (j == at)
			continue;
		cdr_scalar_set(indices[j], xj);
		cdr_scalar_sub(xj, xi, difference);
		cdr_scalar_mul(numerator, xj, numerator);
		cdr_scalar_mul(denominator, difference, denominator);
	}
	cdr_scalar_invert(denominator, denominator);
	cdr_scalar_mul(numerator, denominator, coefficient);
out:
	return err;
}

/* All coefficients, and a check that every answer has as many points as the first. */
static cdr_err
combination_start(const uint8_t *indices, const struct cdr_points *const *partials, size_t t,
    uint8_t coefficients[static CDR_TRUSTEES_MAX][CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(size_check(t));
	for (size_t i = 0; i < t; i++) {
		CDR_TRY(cdr_threshold_lagrange(indices, t, i, coefficients[i]));
		if (cdr_points_count(partials[i]) != cdr_points_count(partials[0]))
			return CDR_E_RANGE;
	}
out:
	return err;
}

/* Put the sum of scalars[i] * partials[i][at] into place ${at}. */
static cdr_err
combine_at(struct cdr_points *sums, size_t at, uint8_t scalars[static CDR_TRUSTEES_MAX][CDR_SCALAR_LEN],
    const struct cdr_points *const *partials, size_t t, bool secret)
{
	struct cdr_term terms[CDR_TRUSTEES_MAX];

	for (size_t i = 0; i < t; i++)
		terms[i] = (struct cdr_term){ scalars[i], partials[i], at };
	return cdr_points_set_sum(sums, at, NULL, terms, t, secret);
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_combine(const uint8_t *indices, const struct cdr_points *const *partials, size_t t, uint8_t *evaluated)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t coefficients[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_points *sums = NULL;

	CDR_TRY(size_check(t));
	memset(evaluated, 0, cdr_points_count(partials[0]) * CDR_POINT_LEN);
	CDR_TRY(combination_start(indices, partials, t, coefficients));
	CDR_TRY(cdr_points_new(cdr_points_count(partials[0]), &sums));
	for (size_t at = 0; at < cdr_points_count(sums); at++)
		CDR_TRY(combine_at(sums, at, coefficients, partials, t, false));
	CDR_TRY(cdr_points_encode(sums));
	memcpy(evaluated, cdr_points_peek(sums, 0), cdr_points_count(sums) * CDR_POINT_LEN);
out:
	cdr_points_free(sums);
	return err;
}

/*
 * The same with the blinds taken away. That factor goes into the scalars and so costs no multiplication of its own;
 * blinds are inverted together, some at a time.
 */
static cdr_err
combine_unblinded(struct cdr_points *sums, const uint8_t *blinds,
    uint8_t coefficients[static CDR_TRUSTEES_MAX][CDR_SCALAR_LEN], const struct cdr_points *const *partials, size_t t)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t inverses[32][CDR_SCALAR_LEN], scalars[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	size_t count = cdr_points_count(sums);

	for (size_t at = 0; at < count; at++) {
		size_t left = count - at;
		if (at % 32 == 0)
			cdr_scalar_invert_all(blinds + at * CDR_SCALAR_LEN, left < 32 ? left : 32, inverses[0]);
		for (size_t i = 0; i < t; i++)
			cdr_scalar_mul(coefficients[i], inverses[at % 32], scalars[i]);
		CDR_TRY(combine_at(sums, at, scalars, partials, t, true));
	}
	CDR_TRY(cdr_points_encode(sums));
out:
	cdr_wipe(inverses, sizeof(inverses));
	cdr_wipe(scalars, sizeof(scalars));
	return err;
}

/* see core/crypto/threshold.h */
cdr_err
cdr_threshold_finalize(const struct cdr_bytes *inputs, const uint8_t *blinds, const uint8_t *indices,
    const struct cdr_points *const *partials, size_t t, uint8_t *outputs)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t coefficients[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_points *sums = NULL;
	size_t count = 0;

	CDR_TRY(size_check(t));
	count = cdr_points_count(partials[0]);
	CDR_TRY(combination_start(indices, partials, t, coefficients));
	for (size_t i = 0; i < count; i++) {
		if (!cdr_scalar_valid(blinds + i * CDR_SCALAR_LEN)) {
			err = CDR_E_INPUT;
			goto out;
		}
	}
	CDR_TRY(cdr_points_new(count, &sums));
	CDR_TRY(combine_unblinded(sums, blinds, coefficients, partials, t));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(cdr_oprf_output(inputs[i].data, inputs[i].len, cdr_points_peek(sums, i),
		    outputs + i * CDR_OPRF_OUTPUT_LEN));
out:
	cdr_points_free(sums);
	if (err != CDR_OK)
		cdr_wipe(outputs, count * CDR_OPRF_OUTPUT_LEN);
	return err;
}
