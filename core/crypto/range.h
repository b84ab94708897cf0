#ifndef CDR_CORE_CRYPTO_RANGE_H
#define CDR_CORE_CRYPTO_RANGE_H

/*
 * Encrypted numbers with one proof that every one of them lies in its range, bound to who made them and for what. RANGE.md
 * has the argument in full, why it convinces, what was measured and what it was chosen over.
 *
 * In short: the bits of all numbers stand in a matrix of R rows and w columns. Each row is committed to; all rows are
 * then shown to consist of 0 and 1, and to make up the encrypted numbers, by one inner product of two
 * random combinations of them. The proof grows with the square root of the number of bits.
 *
 * Packed bytes: the ciphertexts (CDR_CIPHER_LEN each), then the proof.
 *
 * Source: the combination of rows is that of Groth 2009 ("Linear algebra with sub-linear zero-knowledge arguments") and
 * Bootle et al. 2016 (sec. 3); the bits and their weights are those of Buenz et al. 2018 (Bulletproofs, sec. 4.2).
 */

#include "core/crypto/elgamal.h"

#define CDR_RANGE_BITS_MAX 32         /* of one number */
#define CDR_RANGE_TOTAL_BITS_MAX 131072
#define CDR_RANGE_CONTEXT_MAX 256
#define CDR_RANGE_SEED_LEN 32

/* A number that is proved about, from what two ciphertexts hold: factor[0] * value[at[0]] + factor[1] * value[at[1]]. */
struct cdr_range_form {
	uint32_t at[2];
	int32_t factor[2];            /* -CDR_RANGE_FACTOR_MAX .. CDR_RANGE_FACTOR_MAX */
};
#define CDR_RANGE_FACTOR_MAX (1 << 24)

/*
 * How many numbers, and how many bits each may have. Without forms each is what one ciphertext holds, in their order. With them
 * it is a sum of two: so that relations between ciphertexts are proved, and only those.
 */
struct cdr_range_layout {
	size_t count;                 /* 1 .. CDR_CIPHERS_MAX; with forms 1 .. UINT16_MAX */
	const uint8_t *bits;          /* 1 .. CDR_RANGE_BITS_MAX each, CDR_RANGE_TOTAL_BITS_MAX together */
	const struct cdr_range_form *form; /* count of them; NULL: none */
	size_t cipher_count;          /* with forms: 1 .. CDR_CIPHERS_MAX */
	const uint8_t *cipher_bits;   /* with forms: no value has more */
};

/**
 * cdr_range_packed_len(layout):
 * The length of ciphertexts and proof.
 *
 * Returns  bytes; 0 if the layout is outside its limits.
 */
size_t cdr_range_packed_len(const struct cdr_range_layout *layout);

/**
 * cdr_range_encrypt(key, context, layout, values, seed, packed):
 * Encrypt numbers and prove their ranges.
 *
 * context   in, public   0 .. CDR_RANGE_CONTEXT_MAX bytes: who makes this, for what. The proof holds with no other
 * values    in, secret   a number for each ciphertext, such that every one that is proved about is at least 0 and below 2^bits
 * seed      in, secret   CDR_RANGE_SEED_LEN uniform bytes. Everything random is derived from them together with key,
 *                        context, layout and values, so that no two different calls share any
 * packed    out, public  cdr_range_packed_len(layout) bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for a layout or context outside its limits, or a value that does not fit; CDR_E_MEMORY;
 *          CDR_E_INTERNAL.
 * CT       only what is public and the returned code leak.
 */
CDR_MUST_CHECK cdr_err cdr_range_encrypt(const struct cdr_elgamal *key, struct cdr_bytes context,
    const struct cdr_range_layout *layout, const uint32_t *values, const uint8_t seed[static CDR_RANGE_SEED_LEN],
    uint8_t *packed);

/* ---- verifying ---- */

/* Many proofs that are verified together. */
struct cdr_range_batch;

/**
 * cdr_range_batch_new(key, seed, batch):
 * Begin to verify proofs made for ${key}.
 *
 * key    in           borrowed until the batch is freed
 * seed   in, secret   CDR_RANGE_SEED_LEN uniform bytes that no prover could know: of the weights under which proofs are
 *                     added up, so that no two wrong ones can make up for each other
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. Freed by cdr_range_batch_free; NULL does nothing there.
 */
CDR_MUST_CHECK cdr_err cdr_range_batch_new(const struct cdr_elgamal *key, const uint8_t seed[static CDR_RANGE_SEED_LEN],
    struct cdr_range_batch **batch);
void cdr_range_batch_free(struct cdr_range_batch *batch);

/**
 * cdr_range_batch_add(batch, context, layout, packed, ciphers):
 * Put one more among those that are verified.
 *
 * packed    in, public   any bytes
 * ciphers   out          the ciphertexts, decoded; freed by the caller; NULL on error. May be NULL
 *
 * Returns  CDR_OK: its form is right, and what it says is decided by cdr_range_batch_check; CDR_E_INPUT for another length;
 *          CDR_E_POINT, CDR_E_PROOF if a point or a scalar is not one; CDR_E_RANGE for layout or context; CDR_E_MEMORY.
 *          After an error the batch is as it was before, except after CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_range_batch_add(struct cdr_range_batch *batch, struct cdr_bytes context,
    const struct cdr_range_layout *layout, struct cdr_bytes packed, struct cdr_ciphers **ciphers);

/**
 * cdr_range_batch_check(batch):
 * Whether every proof that was added holds.
 *
 * Returns  CDR_OK; CDR_E_PROOF if one of them does not (which one, is found by verifying each by itself); CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_range_batch_check(struct cdr_range_batch *batch);

/**
 * cdr_range_verify(key, context, layout, packed, ciphers):
 * Verify one proof by itself.
 *
 * Returns  as cdr_range_batch_add and cdr_range_batch_check; CDR_E_INTERNAL if there is no randomness.
 */
CDR_MUST_CHECK cdr_err cdr_range_verify(const struct cdr_elgamal *key, struct cdr_bytes context,
    const struct cdr_range_layout *layout, struct cdr_bytes packed, struct cdr_ciphers **ciphers);

#endif
