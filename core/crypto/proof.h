#ifndef CDR_CORE_CRYPTO_PROOF_H
#define CDR_CORE_CRYPTO_PROOF_H

/*
 * Proofs that many pairs of points have one and the same secret logarithm: D_i = k * C_i for every i, where
 * B = k * G is public. One proof for a whole batch, made non-interactive by hashing.
 * Source: RFC 9497 sec. 2.2, with A the generator.
 */

#include "core/bytes.h"
#include "core/crypto/group.h"

#define CDR_PROOF_LEN 64
#define CDR_PROOF_BATCH_MAX 1024
#define CDR_PROOF_CONTEXT_MAX 64

/**
 * cdr_proof_make(context, key, c, d, random, proof):
 * Prove that d[i] = key * c[i] for all i.
 *
 * context   in, public    1 .. CDR_PROOF_CONTEXT_MAX bytes: the protocol; a proof for one means nothing in another
 * key       in, secret    scalar in 1 .. n-1
 * c, d      in, public    as many points in both, 1 .. CDR_PROOF_BATCH_MAX, encoded
 * random    in, secret    uniform scalar in 1 .. n-1, for this proof alone: the same one in two different proofs
 *                         reveals the key
 * proof     out, public   c then s, two scalars; all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if key or random is 0 or not below n; CDR_E_RANGE for other counts, lengths or points
 *          that are not encoded; CDR_E_POINT if a weighted sum is the identity, which nobody can bring about;
 *          CDR_E_MEMORY. With points that do not match the key it makes a proof that fails.
 * CT       only the public values and the returned code leak.
 * Source   RFC 9497 sec. 2.2.1, GenerateProof and ComputeCompositesFast.
 */
CDR_MUST_CHECK cdr_err cdr_proof_make(struct cdr_bytes context, const uint8_t key[static CDR_SCALAR_LEN],
    const struct cdr_points *c, const struct cdr_points *d, const uint8_t random[static CDR_SCALAR_LEN],
    uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_proof_verify(context, key, c, d, proof):
 * Check a proof against the public key ${key}.
 *
 * context, c, d   in, public   as in cdr_proof_make
 * proof           in, public
 *
 * Returns  CDR_OK; CDR_E_PROOF if it does not hold or holds a scalar that is not below n; CDR_E_RANGE as in
 *          cdr_proof_make; CDR_E_MEMORY.
 * CT       not constant time: there is no secret.
 * Source   RFC 9497 sec. 2.2.2, VerifyProof and ComputeComposites.
 */
CDR_MUST_CHECK cdr_err cdr_proof_verify(struct cdr_bytes context, const struct cdr_fixed_point *key,
    const struct cdr_points *c, const struct cdr_points *d, const uint8_t proof[static CDR_PROOF_LEN]);

#endif
