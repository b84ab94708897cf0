#ifndef CDR_CORE_CRYPTO_OPRF_H
#define CDR_CORE_CRYPTO_OPRF_H

/*
 * The verifiable oblivious pseudo-random function VOPRF(P-256, SHA-256), RFC 9497 mode 1. A node blinds a person's
 * token, a trustee multiplies what it cannot read by its key and proves it, the node unblinds and hashes.
 *
 * Candor's key is shared among trustees: each evaluates with its share as the key and proves it against its public
 * share; core/crypto/threshold.h joins the answers of t of them. With one holder of the whole key this is the RFC.
 */

#include "core/crypto/group.h"
#include "core/crypto/proof.h"

#define CDR_OPRF_BATCH_MAX CDR_PROOF_BATCH_MAX
#define CDR_OPRF_INPUT_MAX 1024
#define CDR_OPRF_SEED_LEN 32
#define CDR_OPRF_OUTPUT_LEN 32

/**
 * cdr_oprf_blind(input, input_len, blind, blinded):
 * Client step: hide ${input} from the trustees as blind * HashToGroup(input).
 *
 * input      in, secret   input_len bytes; NULL only if input_len is 0
 * input_len  in, public   bytes, 0 .. CDR_OPRF_INPUT_MAX
 * blind      in, secret   scalar in 1 .. n-1, uniform, used once
 * blinded    out, public  compressed point; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if input_len is too big; CDR_E_INPUT if blind is 0 or not below n, or input hashes to
 *          the identity; CDR_E_MEMORY.
 * Owns     nothing; the caller keeps blind until unblinding, then wipes it.
 * CT       only input_len and the returned code leak.
 * Source   RFC 9497 sec. 3.3.1, Blind.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_blind(const uint8_t *input, size_t input_len,
    const uint8_t blind[static CDR_SCALAR_LEN], uint8_t blinded[static CDR_POINT_LEN]);

/**
 * cdr_oprf_blind_derive(seed, index, blind):
 * The blind number ${index} of a request, so that a node that kept one seed can repeat the request byte for byte.
 *
 * seed    in, secret    uniform, one for each request: two inputs under one seed and index would be linked
 * blind   out, secret   scalar in 1 .. n-1; all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_MEMORY or CDR_E_INTERNAL from the hash function.
 * CT       seed and blind do not leak.
 * Source   HKDF-SHA256 (RFC 5869) to 48 bytes, reduced as in RFC 9380 sec. 5.2.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_blind_derive(const uint8_t seed[static CDR_OPRF_SEED_LEN], uint64_t index,
    uint8_t blind[static CDR_SCALAR_LEN]);

/**
 * cdr_oprf_evaluate(key, blinded, random, evaluated, proof):
 * Trustee step: key * every blinded point, and one proof for all of them.
 *
 * key         in, secret    scalar in 1 .. n-1; a share
 * blinded     in, public    1 .. CDR_OPRF_BATCH_MAX points
 * random      in, secret    uniform scalar in 1 .. n-1, used for this batch alone: with the same one for two batches
 *                           the two proofs reveal the key
 * evaluated   out, public   as many * CDR_POINT_LEN bytes; all zero on error
 * proof       out, public   all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for too many points; CDR_E_INPUT if key or random is 0 or not below n; CDR_E_MEMORY.
 * CT       only the number of points and the returned code leak.
 * Source   RFC 9497 sec. 3.3.2, BlindEvaluate, for a batch.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_evaluate(const uint8_t key[static CDR_SCALAR_LEN], const struct cdr_points *blinded,
    const uint8_t random[static CDR_SCALAR_LEN], uint8_t *evaluated, uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_oprf_verify(public_key, blinded, evaluated, proof):
 * Client step: whether one trustee's answer was made with the key of ${public_key}.
 *
 * public_key   in, public   compressed; the trustee's public share
 * blinded      in, public   what was sent, 1 .. CDR_OPRF_BATCH_MAX points
 * evaluated    in, public   what came back, as many
 *
 * Returns  CDR_OK; CDR_E_PROOF if it does not hold; CDR_E_RANGE for other numbers of points; CDR_E_POINT if public_key
 *          is not one; CDR_E_MEMORY.
 * CT       not constant time: there is no secret.
 * Source   RFC 9497 sec. 3.3.2, Finalize, step 1.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_verify(const uint8_t public_key[static CDR_POINT_LEN],
    const struct cdr_points *blinded, const struct cdr_points *evaluated, const uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_oprf_verify_fixed(public_key, blinded, evaluated, proof):
 * The same for a key that comes back often, decoded once and perhaps with a table.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_verify_fixed(const struct cdr_fixed_point *public_key,
    const struct cdr_points *blinded, const struct cdr_points *evaluated, const uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_oprf_finalize(input, input_len, blind, evaluated, output):
 * Client step: take the blind away, and hash with the input.
 *
 * input, input_len, blind   in, secret   as in cdr_oprf_blind
 * evaluated                 in, public   compressed, and verified or combined from verified ones
 * output                    out, secret  all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_RANGE if input_len is too big; CDR_E_INPUT if blind is 0 or not below n; CDR_E_POINT if
 *          evaluated is not a point; CDR_E_MEMORY.
 * CT       only input_len, evaluated and the returned code leak.
 * Source   RFC 9497 sec. 3.3.1, Finalize.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_finalize(const uint8_t *input, size_t input_len,
    const uint8_t blind[static CDR_SCALAR_LEN], const uint8_t evaluated[static CDR_POINT_LEN],
    uint8_t output[static CDR_OPRF_OUTPUT_LEN]);

/**
 * cdr_oprf_output(input, input_len, unblinded, output):
 * The last hash of Finalize, for the unblinded point.
 *
 * unblinded   in, secret   compressed: key * HashToGroup(input)
 *
 * Returns  CDR_OK; CDR_E_RANGE if input_len is too big; CDR_E_MEMORY or CDR_E_INTERNAL from the hash function.
 */
CDR_MUST_CHECK cdr_err cdr_oprf_output(const uint8_t *input, size_t input_len,
    const uint8_t unblinded[static CDR_POINT_LEN], uint8_t output[static CDR_OPRF_OUTPUT_LEN]);

#endif
