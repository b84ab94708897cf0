#ifndef CDR_CORE_CRYPTO_MULTI_H
#define CDR_CORE_CRYPTO_MULTI_H

/*
 * Long sums of public multiples of public points, for verifying many proofs at once. Internal to core/crypto.
 * NOT constant time: no secret may come here.
 *
 * Source: Pippenger's method of buckets; the points of a bucket are added in pairs, in affine coordinates, with one
 * inversion for a whole layer of pairs.
 */

#include "core/crypto/point.h"
#include "core/crypto/scalar.h"

#define CDR_MULTI_ROOM 32768 /* terms that are gathered before they are added up */

/* A sum that grows. */
struct cdr_multi;

/**
 * cdr_multi_new(multi):
 * An empty sum.
 *
 * Returns  CDR_OK; CDR_E_MEMORY. Freed by cdr_multi_free; NULL does nothing there.
 */
CDR_MUST_CHECK cdr_err cdr_multi_new(struct cdr_multi **multi);
void cdr_multi_free(struct cdr_multi *multi);

/**
 * cdr_multi_add(multi, scalar, point):
 * Add scalar * point to the sum.
 *
 * scalar   in, public   in 0 .. n-1
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_multi_add(struct cdr_multi *multi, const uint8_t scalar[static CDR_SCALAR_LEN],
    const struct cdr_affine *point);

/**
 * cdr_multi_sum(multi, sum):
 * The sum so far, perhaps the identity. More may be added afterwards.
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_multi_sum(struct cdr_multi *multi, struct cdr_projective *sum);

#endif
