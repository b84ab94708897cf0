#ifndef CDR_CORE_CRYPTO_GROUP_H
#define CDR_CORE_CRYPTO_GROUP_H

/*
 * The group P-256 (SEC 2, secp256r1): prime order n, so every point but the identity generates it.
 * Every call of OpenSSL's elliptic curves is in group.c and group_fixed.c, and nowhere else.
 *
 * A point travels as 33 bytes, compressed (SEC 1 sec. 2.3.3). A multiplication costs far more than all else here, but
 * decoding a point costs a square root and encoding it an inversion; so points that are used more than once are
 * kept decoded in a struct cdr_points, and encoded all together.
 */

#include "core/crypto/scalar.h"
#include "core/error.h"

#define CDR_POINT_LEN 33
#define CDR_POINT_UNCOMPRESSED_LEN 65
#define CDR_POINTS_MAX 65536

struct cdr_affine;     /* core/crypto/point.h */
struct cdr_projective; /* likewise */

/**
 * cdr_group_start():
 * Make the curve ready, and check that OpenSSL computes on it what it should. Every function of this header calls
 * it by itself; a daemon calls it at its start, so that it fails there. Any thread, any number of times.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if OpenSSL's P-256 is absent or computes wrongly.
 */
CDR_MUST_CHECK cdr_err cdr_group_start(void);

/* ---- one point, in bytes ---- */

/**
 * cdr_group_mul_base(k, out):
 * k * G: the public key of ${k}.
 *
 * k     in, secret    scalar in 1 .. n-1
 * out   out, public   compressed; all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if k is 0 or not below n; CDR_E_MEMORY.
 * CT       only the returned code leaks.
 */
CDR_MUST_CHECK cdr_err cdr_group_mul_base(const uint8_t k[static CDR_SCALAR_LEN], uint8_t out[static CDR_POINT_LEN]);

/**
 * cdr_group_mul(k, point, out):
 * k * point.
 *
 * k       in, secret   scalar in 1 .. n-1
 * point   in, public   compressed
 * out     out          compressed; all zero on error; may be the same memory as ${point}
 *
 * Returns  CDR_OK; CDR_E_INPUT if k is 0 or not below n; CDR_E_POINT if point is not one; CDR_E_MEMORY.
 * CT       point and the returned code leak, k and out do not.
 */
CDR_MUST_CHECK cdr_err cdr_group_mul(const uint8_t k[static CDR_SCALAR_LEN], const uint8_t point[static CDR_POINT_LEN],
    uint8_t out[static CDR_POINT_LEN]);

/**
 * cdr_group_mul_affine(k, point, out):
 * k * point for a point that was computed here and is itself secret, such as the hash of a person's token.
 *
 * k       in, secret    scalar in 1 .. n-1
 * point   in, secret    on the curve
 * out     out, public   compressed; all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if k is 0 or not below n; CDR_E_POINT if point is not on the curve; CDR_E_MEMORY.
 * CT       only the returned code leaks.
 */
CDR_MUST_CHECK cdr_err cdr_group_mul_affine(const uint8_t k[static CDR_SCALAR_LEN], const struct cdr_affine *point,
    uint8_t out[static CDR_POINT_LEN]);

/**
 * cdr_group_public_uncompressed(k, out):
 * k * G in the form that HPKE and TLS use: 4, x, y.
 *
 * k     in, secret    scalar in 1 .. n-1
 * out   out, public   uncompressed (SEC 1 sec. 2.3.3); all zero on error
 *
 * Returns  as cdr_group_mul_base.
 */
CDR_MUST_CHECK cdr_err cdr_group_public_uncompressed(const uint8_t k[static CDR_SCALAR_LEN],
    uint8_t out[static CDR_POINT_UNCOMPRESSED_LEN]);

/**
 * cdr_group_ecdh(k, peer, x):
 * The x-coordinate of k * peer.
 *
 * k      in, secret    scalar in 1 .. n-1
 * peer   in, public    uncompressed
 * x      out, secret   big-endian; all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_INPUT if k is 0 or not below n; CDR_E_POINT if peer is not a point in exactly this form;
 *          CDR_E_MEMORY.
 * CT       peer and the returned code leak, k and x do not.
 * Source   RFC 9180 sec. 4.1, DH for DHKEM(P-256), with the check of sec. 7.1.4; SP 800-56A sec. 5.7.1.2.
 */
CDR_MUST_CHECK cdr_err cdr_group_ecdh(const uint8_t k[static CDR_SCALAR_LEN],
    const uint8_t peer[static CDR_POINT_UNCOMPRESSED_LEN], uint8_t x[static 32]);

/* ---- many points, decoded ---- */

/*
 * Some points in order, numbered from 0. Each is a place that holds a point, or the identity while it is empty. One
 * thread at a time may change them; once they are decoded or encoded, any number may read.
 */
struct cdr_points;

/**
 * cdr_points_decode(in, count, out):
 * Read ${count} points, one after the other.
 *
 * in      in, public   count * CDR_POINT_LEN bytes
 * count   in, public   1 .. CDR_POINTS_MAX
 * out     out          NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another count; CDR_E_POINT if one of them is not a point: another first byte than
 *          2 or 3 (so the identity and uncompressed forms are refused), x not below p, or no such point; CDR_E_MEMORY.
 * Owns     the caller, until cdr_points_free.
 * Source   SEC 1 sec. 2.3.4; RFC 9497 sec. 4.3, DeserializeElement.
 */
CDR_MUST_CHECK cdr_err cdr_points_decode(const uint8_t *in, size_t count, struct cdr_points **out);

/**
 * cdr_points_new(count, out):
 * ${count} empty places, for results.
 *
 * count   in    1 .. CDR_POINTS_MAX
 * out     out   NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another count; CDR_E_MEMORY.
 * Owns     the caller, until cdr_points_free.
 */
CDR_MUST_CHECK cdr_err cdr_points_new(size_t count, struct cdr_points **out);

/**
 * cdr_points_free(points):
 * Wipe and release. NULL does nothing.
 */
void cdr_points_free(struct cdr_points *points);

/**
 * cdr_points_count(points):
 * The number of places.
 */
size_t cdr_points_count(const struct cdr_points *points);

/**
 * cdr_points_encode(points):
 * Work out the bytes of all points, with one inversion for them all, so that cdr_points_peek can lend them.
 * Points that were decoded have them already.
 *
 * Returns  CDR_OK; CDR_E_POINT if a place holds the identity; CDR_E_MEMORY.
 * CT       only the returned code leaks.
 */
CDR_MUST_CHECK cdr_err cdr_points_encode(struct cdr_points *points);

/**
 * cdr_points_peek(points, at):
 * The compressed bytes of point ${at}.
 *
 * at   in   below cdr_points_count
 *
 * Returns  CDR_POINT_LEN bytes, lent until the points are changed or freed; with at = 0 the bytes of all points follow
 *          one another. NULL if cdr_points_encode did not succeed since the last change.
 */
const uint8_t *cdr_points_peek(const struct cdr_points *points, size_t at);

/**
 * cdr_points_mul(k, points, out):
 * k times every one of ${points}.
 *
 * k     in, secret   scalar in 1 .. n-1
 * out   out          as many places; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if k is 0 or not below n; CDR_E_MEMORY.
 * Owns     the caller, until cdr_points_free.
 * CT       only the returned code leaks.
 */
CDR_MUST_CHECK cdr_err cdr_points_mul(const uint8_t k[static CDR_SCALAR_LEN], const struct cdr_points *points,
    struct cdr_points **out);

/* scalar * points[at]. */
struct cdr_term {
	const uint8_t *scalar; /* CDR_SCALAR_LEN bytes, 0 .. n-1 */
	const struct cdr_points *points;
	size_t at;
};

/**
 * cdr_points_set_sum(points, at, base, terms, count, secret):
 * Put base * G + the sum of the terms into place ${at}. A further term costs a third of a multiplication.
 *
 * base     in           scalar in 0 .. n-1, or NULL for 0
 * terms    in           the points may be places of ${points} itself
 * count    in, public   0 .. 2 * CDR_POINTS_MAX
 * secret   in, public   whether any scalar is: then BIGNUMs stand in OpenSSL's locked heap, which is small
 *
 * Returns  CDR_OK (the sum may be the identity); CDR_E_RANGE for a place that is not there, too many terms, or none
 *          and no base; CDR_E_INPUT if a scalar is not below n; CDR_E_MEMORY. On error the place is empty.
 * CT       only the counts and the returned code leak, also with ${secret} false.
 */
CDR_MUST_CHECK cdr_err cdr_points_set_sum(struct cdr_points *points, size_t at, const uint8_t *base,
    const struct cdr_term *terms, size_t count, bool secret);

/* ---- a point that comes back often ---- */

/* One public point, such as a public key, and perhaps a table that makes its multiples five times cheaper. */
struct cdr_fixed_point;

/**
 * cdr_fixed_point_new(point, table, out):
 * Decode ${point} for many uses.
 *
 * point   in, public   compressed
 * table   in           whether to make the table: 29 ms and 150 KB, once. Where OpenSSL cannot, there is none, and
 *                      the results are the same
 * out     out          NULL on error
 *
 * Returns  CDR_OK; CDR_E_POINT if point is not one; CDR_E_MEMORY.
 * Owns     the caller, until cdr_fixed_point_free. May be used by several threads at once.
 */
CDR_MUST_CHECK cdr_err cdr_fixed_point_new(const uint8_t point[static CDR_POINT_LEN], bool table,
    struct cdr_fixed_point **out);

/**
 * cdr_fixed_point_free(fixed):
 * NULL does nothing.
 */
void cdr_fixed_point_free(struct cdr_fixed_point *fixed);

/**
 * cdr_fixed_point_peek(fixed):
 * The compressed bytes of the point, lent as long as ${fixed} lives.
 */
const uint8_t *cdr_fixed_point_peek(const struct cdr_fixed_point *fixed);

/**
 * cdr_points_set_fixed(points, at, base, scalar, fixed):
 * Put base * G + scalar * fixed into place ${at}.
 *
 * base, scalar   in, public   scalars in 0 .. n-1
 *
 * Returns  as cdr_points_set_sum.
 * CT       not constant time: for the verifier, who has no secret.
 */
CDR_MUST_CHECK cdr_err cdr_points_set_fixed(struct cdr_points *points, size_t at,
    const uint8_t base[static CDR_SCALAR_LEN], const uint8_t scalar[static CDR_SCALAR_LEN],
    const struct cdr_fixed_point *fixed);

/**
 * cdr_fixed_point_multiples(fixed, scalars, count, out):
 * scalars[i] * fixed, for many secret scalars, 0 among them.
 *
 * fixed     in, public    NULL: the generator
 * scalars   in, secret     scalars in 0 .. n-1, one after the other
 * out       out, secret    points, the identity for 0; the caller wipes them, also on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if a scalar is not below n; CDR_E_MEMORY.
 * CT       only count and the returned code leak.
 */
CDR_MUST_CHECK cdr_err cdr_fixed_point_multiples(const struct cdr_fixed_point *fixed, const uint8_t *scalars,
    size_t count, struct cdr_projective *out);

#endif
