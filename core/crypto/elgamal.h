#ifndef CDR_CORE_CRYPTO_ELGAMAL_H
#define CDR_CORE_CRYPTO_ELGAMAL_H

/*
 * Numbers that can be added while they are encrypted: exponential ElGamal on P-256.
 *
 * The public key K is that of the trustees' statistics key k, which is shared t of n. A number m becomes the two points
 * A = r G and B = m G + r K. Sums of ciphertexts are ciphertexts of sums. Each of t trustees multiplies A by its share and
 * proves it (core/crypto/proof.h); B - k A = m G is put together from their answers, and m is found by searching.
 *
 * A ciphertext by itself proves nothing about m: core/crypto/range.h makes ciphertexts with a proof of their range.
 */

#include "core/bytes.h"
#include "core/crypto/group.h"
#include "core/crypto/threshold.h"

#define CDR_CIPHER_LEN (2 * CDR_POINT_LEN) /* A, then B, compressed */
#define CDR_CIPHERS_MAX 16384              /* in one object */
#define CDR_RECOVER_SPAN_MAX (1U << 26)    /* numbers among which a sum is searched */

/* A public key, made ready for much work: 30 ms, 220 KB. Any number of threads may use it at once. */
struct cdr_elgamal;

/**
 * cdr_elgamal_new(public_key, key):
 * Make ${public_key} ready.
 *
 * key   out   NULL on error
 *
 * Returns  CDR_OK; CDR_E_POINT if public_key is not a point; CDR_E_MEMORY.
 * Owns     the caller, until cdr_elgamal_free; NULL does nothing there.
 */
CDR_MUST_CHECK cdr_err cdr_elgamal_new(const uint8_t public_key[static CDR_POINT_LEN], struct cdr_elgamal **key);
void cdr_elgamal_free(struct cdr_elgamal *key);

/* The public key's bytes, lent as long as ${key} lives. */
const uint8_t *cdr_elgamal_public_peek(const struct cdr_elgamal *key);

/**
 * cdr_elgamal_encrypt(key, values, bits, randoms, count, out):
 * Encrypt ${count} numbers.
 *
 * values    in, secret   each below 2^bits[i]
 * bits      in, public   1 .. 32 for each
 * randoms   in, secret   count scalars in 1 .. n-1, uniform, each used once
 * count     in, public   1 .. CDR_CIPHERS_MAX
 * out       out, public  count * CDR_CIPHER_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another count or number of bits, or a value that does not fit; CDR_E_INPUT if a random
 *          scalar is 0 or not below n; CDR_E_MEMORY.
 * CT       only what is public and the returned code leak.
 */
CDR_MUST_CHECK cdr_err cdr_elgamal_encrypt(const struct cdr_elgamal *key, const uint32_t *values, const uint8_t *bits,
    const uint8_t *randoms, size_t count, uint8_t *out);

/* ---- many ciphertexts, decoded ---- */

/* Some ciphertexts in order. Public. */
struct cdr_ciphers;

/**
 * cdr_ciphers_decode(in, count, out):
 * Read ${count} ciphertexts, one after the other.
 *
 * in      in, public   count * CDR_CIPHER_LEN bytes
 * count   in, public   1 .. CDR_CIPHERS_MAX
 * out     out          NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another count; CDR_E_POINT if a point is not one; CDR_E_MEMORY.
 * Owns     the caller, until cdr_ciphers_free; NULL does nothing there.
 */
CDR_MUST_CHECK cdr_err cdr_ciphers_decode(const uint8_t *in, size_t count, struct cdr_ciphers **out);
void cdr_ciphers_free(struct cdr_ciphers *ciphers);
size_t cdr_ciphers_count(const struct cdr_ciphers *ciphers);

/* Sums of ciphertexts, cell by cell. */
struct cdr_cipher_sums;

/**
 * cdr_cipher_sums_new(count, out):
 * ${count} sums of nothing.
 *
 * Returns  CDR_OK; CDR_E_RANGE unless 1 .. CDR_CIPHERS_MAX; CDR_E_MEMORY.
 * Owns     the caller, until cdr_cipher_sums_free; NULL does nothing there.
 */
CDR_MUST_CHECK cdr_err cdr_cipher_sums_new(size_t count, struct cdr_cipher_sums **out);
void cdr_cipher_sums_free(struct cdr_cipher_sums *sums);

/**
 * cdr_cipher_sums_add(sums, at, ciphers):
 * Add ${ciphers} to the sums from number ${at} on.
 *
 * Returns  CDR_OK; CDR_E_RANGE if there are not so many sums.
 */
CDR_MUST_CHECK cdr_err cdr_cipher_sums_add(struct cdr_cipher_sums *sums, size_t at, const struct cdr_ciphers *ciphers);

/**
 * cdr_cipher_sums_encode(sums, out):
 * The bytes of all sums: count * CDR_CIPHER_LEN.
 *
 * Returns  CDR_OK; CDR_E_POINT if a point is the identity: nothing was added there, or somebody who knows all randomness
 *          arranged it; CDR_E_MEMORY. On error ${out} is untouched.
 */
CDR_MUST_CHECK cdr_err cdr_cipher_sums_encode(const struct cdr_cipher_sums *sums, uint8_t *out);

/* ---- opening ---- */

/**
 * cdr_elgamal_partial(context, share, ciphers, count, random, partials, proof):
 * A trustee's part in opening ${count} ciphertexts: share * A of each, and one proof for all.
 *
 * context    in, public    1 .. CDR_PROOF_CONTEXT_MAX bytes: what is opened, so that a proof for one means nothing in another
 * share      in, secret    scalar in 1 .. n-1
 * ciphers    in, public    count * CDR_CIPHER_LEN bytes
 * count      in, public    1 .. CDR_PROOF_BATCH_MAX
 * random     in, secret    uniform scalar in 1 .. n-1 for this proof alone
 * partials   out, public   count * CDR_POINT_LEN bytes; all zero on error
 * proof      out, public   CDR_PROOF_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_INPUT if share or random is 0 or not below n; CDR_E_POINT if an A is not a point;
 *          CDR_E_MEMORY.
 * CT       only what is public and the returned code leak.
 */
CDR_MUST_CHECK cdr_err cdr_elgamal_partial(struct cdr_bytes context, const uint8_t share[static CDR_SCALAR_LEN],
    const uint8_t *ciphers, size_t count, const uint8_t random[static CDR_SCALAR_LEN], uint8_t *partials,
    uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_elgamal_partial_verify(context, public_share, ciphers, count, partials, proof):
 * Whether ${partials} are what the trustee with ${public_share} must answer.
 *
 * Returns  CDR_OK; CDR_E_PROOF; CDR_E_POINT if something is not a point; CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_elgamal_partial_verify(struct cdr_bytes context,
    const uint8_t public_share[static CDR_POINT_LEN], const uint8_t *ciphers, size_t count, const uint8_t *partials,
    const uint8_t proof[static CDR_PROOF_LEN]);

/**
 * cdr_elgamal_recover(indices, partials, t, ciphers, count, min, max, values):
 * The numbers that ${count} ciphertexts hold, from the verified answers of t trustees.
 *
 * indices    in, public    t different ones, 1 .. CDR_TRUSTEES_MAX
 * partials   in, public    for each of them count * CDR_POINT_LEN bytes
 * min, max   in, public    where to search: max - min below CDR_RECOVER_SPAN_MAX
 * values     out, public   ${count} numbers; untouched on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if a number lies outside min .. max; CDR_E_RANGE for another t, index, count or span;
 *          CDR_E_POINT if something is not a point; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_elgamal_recover(const uint8_t *indices, const uint8_t *const *partials, size_t t,
    const uint8_t *ciphers, size_t count, int64_t min, int64_t max, int64_t *values);

#endif
