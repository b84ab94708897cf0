#ifndef CDR_CORE_CRYPTO_THRESHOLD_H
#define CDR_CORE_CRYPTO_THRESHOLD_H

/*
 * One key in n shares, of which any t do the work of the key and t - 1 know nothing (Shamir 1979), with public
 * commitments against which each share can be checked (Feldman 1987).
 *
 * A dealer has a polynomial f of degree t - 1, by its coefficients a_0 .. a_(t-1), where a_0 is its secret. Share
 * number i is f(i). Without a dealer every trustee deals a secret of its own, and what belongs to one index is added
 * up: shares with cdr_scalar_add, commitments with cdr_threshold_add_commitments.
 */

#include "core/bytes.h"
#include "core/crypto/oprf.h"

#define CDR_TRUSTEES_MAX 16

/**
 * cdr_threshold_deal(coefficients, t, index, share):
 * The share f(index).
 *
 * coefficients   in, secret    t scalars in 1 .. n-1, the secret first
 * t              in, public    1 .. CDR_TRUSTEES_MAX
 * index          in, public    1 .. CDR_TRUSTEES_MAX
 * share          out, secret   scalar; all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t or index; CDR_E_INPUT if a coefficient is 0 or not below n, or the share
 *          would be 0 (deal with other coefficients).
 * CT       only the returned code leaks.
 * Source   RFC 9591 sec. C.1, polynomial_evaluate.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_deal(const uint8_t *coefficients, size_t t, uint8_t index,
    uint8_t share[static CDR_SCALAR_LEN]);

/**
 * cdr_threshold_commit(coefficients, t, commitments):
 * a_k * G for every coefficient.
 *
 * coefficients   in, secret    as in cdr_threshold_deal
 * commitments    out, public   t * CDR_POINT_LEN bytes; all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t; CDR_E_INPUT if a coefficient is 0 or not below n; CDR_E_MEMORY.
 * CT       only the returned code leaks.
 * Source   RFC 9591 sec. C.2, vss_commit.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_commit(const uint8_t *coefficients, size_t t, uint8_t *commitments);

/**
 * cdr_threshold_public_share(commitments, t, index, point):
 * f(index) * G, from the commitments alone: the key against which that trustee's proofs are checked.
 *
 * commitments   in, public    t * CDR_POINT_LEN bytes
 * index         in, public    1 .. CDR_TRUSTEES_MAX; the joint public key is the first commitment itself
 * point         out, public   all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t or index; CDR_E_POINT if a commitment is not a point or the result is the
 *          identity; CDR_E_MEMORY.
 * Source   RFC 9591 sec. C.2, derive_group_info.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_public_share(const uint8_t *commitments, size_t t, uint8_t index,
    uint8_t point[static CDR_POINT_LEN]);

/**
 * cdr_threshold_check(share, index, commitments, t):
 * Whether ${share} is f(index).
 *
 * share   in, secret   scalar
 *
 * Returns  CDR_OK; CDR_E_SHARE if it is not; CDR_E_RANGE for another t or index; CDR_E_POINT if a commitment is not a
 *          point; CDR_E_MEMORY.
 * CT       only the returned code leaks.
 * Source   RFC 9591 sec. C.2, vss_verify.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_check(const uint8_t share[static CDR_SCALAR_LEN], uint8_t index,
    const uint8_t *commitments, size_t t);

/**
 * cdr_threshold_add_commitments(commitments, dealers, t, sum):
 * The commitments to the sum of several dealers' polynomials.
 *
 * commitments   in, public    for each dealer in turn t * CDR_POINT_LEN bytes
 * dealers       in, public    1 .. CDR_TRUSTEES_MAX
 * sum           out, public   t * CDR_POINT_LEN bytes; all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t or number of dealers; CDR_E_POINT if a commitment is not a point or a sum
 *          is the identity; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_add_commitments(const uint8_t *commitments, size_t dealers, size_t t,
    uint8_t *sum);

/**
 * cdr_threshold_lagrange(indices, t, at, coefficient):
 * The number by which the share of indices[at] is multiplied so that the t of them add up to f(0).
 *
 * indices       in, public    t different ones, 1 .. CDR_TRUSTEES_MAX
 * at            in, public    below t
 * coefficient   out, public   scalar; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t, at or index, or an index that is there twice.
 * Source   RFC 9591 sec. 4.2, derive_interpolating_value.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_lagrange(const uint8_t *indices, size_t t, size_t at,
    uint8_t coefficient[static CDR_SCALAR_LEN]);

/**
 * cdr_threshold_combine(indices, partials, t, evaluated):
 * From t trustees' evaluations of the same blinded points, the evaluation under the key that nobody holds.
 *
 * indices     in, public    t different ones, 1 .. CDR_TRUSTEES_MAX
 * partials    in, public    the answer of each, verified, all with the same number of points
 * evaluated   out, public   that number * CDR_POINT_LEN bytes; all zero on error (untouched if t itself is wrong)
 *
 * Returns  CDR_OK; CDR_E_RANGE for another t or index, an index that is there twice, or different numbers of points;
 *          CDR_E_POINT if a result is the identity; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_combine(const uint8_t *indices, const struct cdr_points *const *partials, size_t t,
    uint8_t *evaluated);

/**
 * cdr_threshold_finalize(inputs, blinds, indices, partials, t, outputs):
 * Combine, unblind and hash for a whole batch: what cdr_threshold_combine and then cdr_oprf_finalize give, for a third
 * less work.
 *
 * inputs      in, secret    as many as each answer has points, each 0 .. CDR_OPRF_INPUT_MAX bytes
 * blinds      in, secret    as many * CDR_SCALAR_LEN bytes
 * indices     in, public    as in cdr_threshold_combine
 * partials    in, public    as in cdr_threshold_combine
 * outputs     out, secret   as many * CDR_OPRF_OUTPUT_LEN bytes; all zero on error (untouched if t itself is wrong);
 *                           the caller wipes them
 *
 * Returns  CDR_OK; CDR_E_RANGE as in cdr_threshold_combine, or for an input that is too long; CDR_E_INPUT if a blind
 *          is 0 or not below n; CDR_E_POINT if a result is the identity; CDR_E_MEMORY.
 * CT       only numbers, lengths, what is public and the returned code leak.
 */
CDR_MUST_CHECK cdr_err cdr_threshold_finalize(const struct cdr_bytes *inputs, const uint8_t *blinds,
    const uint8_t *indices, const struct cdr_points *const *partials, size_t t, uint8_t *outputs);

#endif
