#ifndef CDR_CORE_CRYPTO_HASH_TO_CURVE_H
#define CDR_CORE_CRYPTO_HASH_TO_CURVE_H

/*
 * Hashing to P-256 as RFC 9380 says for the suite P256_XMD:SHA-256_SSWU_RO_, in constant time: what is hashed may be
 * a person's name. Internal to core/crypto; everybody else wants oprf.h.
 */

#include "core/bytes.h"
#include "core/crypto/point.h"
#include "core/crypto/scalar.h"

#define CDR_DST_MAX 255        /* a domain separation tag, bytes */
#define CDR_EXPAND_MAX 8160    /* 255 blocks of SHA-256 */
#define CDR_EXPAND_PARTS_MAX 8 /* parts of one message */

/**
 * cdr_expand_message(parts, count, dst, out, out_len):
 * Uniform bytes from a message, apart for every tag ${dst}.
 *
 * parts     in, secret   the message, in parts
 * count     in, public   0 .. CDR_EXPAND_PARTS_MAX
 * dst       in, public   1 .. CDR_DST_MAX bytes
 * out       out          all zero on error, untouched on CDR_E_RANGE
 * out_len   in, public   1 .. CDR_EXPAND_MAX
 *
 * Returns  CDR_OK; CDR_E_RANGE for another count or length; CDR_E_MEMORY or CDR_E_INTERNAL from the hash function.
 * CT       only the lengths leak.
 * Source   RFC 9380 sec. 5.3.1, expand_message_xmd with SHA-256.
 */
CDR_MUST_CHECK cdr_err cdr_expand_message(const struct cdr_bytes *parts, size_t count, struct cdr_bytes dst,
    uint8_t *out, size_t out_len);

/**
 * cdr_hash_to_scalar(parts, count, dst, out):
 * A scalar from a message: hash_to_field modulo n, one element.
 *
 * out   out   in 0 .. n-1; all zero on error
 *
 * Returns  as cdr_expand_message.
 * Source   RFC 9380 sec. 5.2; RFC 9497 sec. 4.3, HashToScalar.
 */
CDR_MUST_CHECK cdr_err cdr_hash_to_scalar(const struct cdr_bytes *parts, size_t count, struct cdr_bytes dst,
    uint8_t out[static CDR_SCALAR_LEN]);

/**
 * cdr_map_to_curve(u, out):
 * The simplified SWU map, straight-line.
 *
 * u     in, secret    any element
 * out   out, secret   a point, never the identity
 *
 * Source   RFC 9380 sec. 6.6.2, as in sec. F.2, left projective.
 */
void cdr_map_to_curve(const struct cdr_field *u, struct cdr_projective *out);

/**
 * cdr_hash_to_curve(msg, dst, out):
 * A uniform point of which nobody knows the logarithm.
 *
 * msg   in, secret    any length
 * dst   in, public    1 .. CDR_DST_MAX bytes
 * out   out, secret   all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_RANGE for another length of dst; CDR_E_INPUT if msg hashes to the identity (which nobody can
 *          find); CDR_E_MEMORY or CDR_E_INTERNAL from the hash function.
 * CT       only the lengths and the returned code leak.
 * Source   RFC 9380 sec. 3, hash_to_curve.
 */
CDR_MUST_CHECK cdr_err cdr_hash_to_curve(struct cdr_bytes msg, struct cdr_bytes dst, struct cdr_affine *out);

#endif
