#ifndef CDR_CORE_CRYPTO_HPKE_H
#define CDR_CORE_CRYPTO_HPKE_H

/*
 * Sealing to a public key: HPKE (RFC 9180) in base mode, one message for each encapsulation.
 * The suite is DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; points are uncompressed, as in WebCrypto.
 *
 * Base mode does not say who sealed. Where that matters, a signature stands inside.
 */

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"

#define CDR_HPKE_SECRET_LEN 32
#define CDR_HPKE_PUBLIC_LEN 65
#define CDR_HPKE_OVERHEAD (CDR_HPKE_PUBLIC_LEN + CDR_AEAD_TAG_LEN)

/**
 * cdr_hpke_keypair(secret, public):
 * A new recipient's key pair.
 *
 * secret   out, secret  scalar in 1 .. n-1, big-endian; all zero on error
 * public   out, public  uncompressed point; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9180 sec. 4, GenerateKeyPair: DeriveKeyPair of random bytes.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_keypair(uint8_t secret[static CDR_HPKE_SECRET_LEN],
    uint8_t public[static CDR_HPKE_PUBLIC_LEN]);

/**
 * cdr_hpke_public(secret, public):
 * The public key that belongs to ${secret}.
 *
 * Returns  CDR_OK; CDR_E_INPUT if secret is not in 1 .. n-1 (public is then all zero); CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_public(const uint8_t secret[static CDR_HPKE_SECRET_LEN],
    uint8_t public[static CDR_HPKE_PUBLIC_LEN]);

/**
 * cdr_hpke_seal(public, info, info_len, ad, ad_len, in, in_len, out):
 * Seal ${in} so that only the holder of the secret of ${public} can open it, and only with the same info and ad.
 *
 * public   in, public   the recipient's key
 * info     in, public   info_len bytes; NULL only if info_len is 0: what the message is for
 * ad       in, public   ad_len bytes, 0 .. CDR_AEAD_LEN_MAX; NULL only if ad_len is 0
 * in       in, secret   in_len bytes, 0 .. CDR_AEAD_LEN_MAX - CDR_AEAD_TAG_LEN; NULL only if in_len is 0
 * out      out, public  in_len + CDR_HPKE_OVERHEAD bytes: encapsulated key, ciphertext, tag; must not overlap in;
 *                       all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_POINT if public is not a point; CDR_E_MEMORY; CDR_E_INTERNAL.
 * CT       only lengths and whether public is a point leak.
 * Source   RFC 9180 sec. 6.1, SealBase.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_seal(const uint8_t public[static CDR_HPKE_PUBLIC_LEN], const uint8_t *info,
    size_t info_len, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out);

/**
 * cdr_hpke_open(secret, info, info_len, ad, ad_len, in, in_len, out):
 * Open what cdr_hpke_seal made.
 *
 * in       in, public   in_len bytes, any length
 * out      out, secret  in_len - CDR_HPKE_OVERHEAD bytes; all zero on error; must not overlap in
 *
 * Returns  CDR_OK; CDR_E_SEALED if it was not sealed to this key with this info and ad, also if it is too short or
 *          its first bytes are no point (out is untouched if there is no room for a message); CDR_E_INPUT if secret is
 *          not in 1 .. n-1; CDR_E_RANGE if in_len is above CDR_AEAD_LEN_MAX; CDR_E_MEMORY; CDR_E_INTERNAL.
 * CT       only lengths and the returned code leak.
 * Source   RFC 9180 sec. 6.1, OpenBase.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_open(const uint8_t secret[static CDR_HPKE_SECRET_LEN], const uint8_t *info,
    size_t info_len, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out);

/*
 * The steps of the suite, each with its randomness as an argument: what the published vectors check.
 */

/* RFC 9180 sec. 7.3. The last is Candor's; the others differ in the key's length and in what is hashed. */
enum cdr_hpke_aead {
	CDR_HPKE_AES_128_GCM = 1,
	CDR_HPKE_AES_256_GCM = 2,
	CDR_HPKE_CHACHA20_POLY1305 = 3,
};

/**
 * cdr_hpke_derive_keypair(ikm, ikm_len, secret, public):
 * The key pair that ${ikm} stands for.
 *
 * ikm      in, secret   ikm_len bytes, at least CDR_HPKE_SECRET_LEN
 *
 * Returns  CDR_OK; CDR_E_RANGE if ikm is too short; CDR_E_MEMORY; CDR_E_INTERNAL.
 * CT       leaks the number of rejected candidates, which says nothing of the one that is kept.
 * Source   RFC 9180 sec. 7.1.3, DeriveKeyPair for P-256.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_derive_keypair(const uint8_t *ikm, size_t ikm_len,
    uint8_t secret[static CDR_HPKE_SECRET_LEN], uint8_t public[static CDR_HPKE_PUBLIC_LEN]);

/**
 * cdr_hpke_encap(public, ephemeral, enc, shared):
 * Agree on ${shared} with the holder of ${public}, using an ephemeral secret that is used once.
 *
 * ephemeral in, secret   scalar in 1 .. n-1
 * enc       out, public  CDR_HPKE_PUBLIC_LEN bytes; all zero on error
 * shared    out, secret  CDR_SHA256_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_POINT; CDR_E_INPUT if ephemeral is not in 1 .. n-1; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9180 sec. 4.1, Encap.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_encap(const uint8_t public[static CDR_HPKE_PUBLIC_LEN],
    const uint8_t ephemeral[static CDR_HPKE_SECRET_LEN], uint8_t enc[static CDR_HPKE_PUBLIC_LEN],
    uint8_t shared[static CDR_SHA256_LEN]);

/**
 * cdr_hpke_decap(secret, enc, shared):
 * The recipient's side of cdr_hpke_encap.
 *
 * Returns  CDR_OK; CDR_E_POINT if enc is not a point; CDR_E_INPUT if secret is not in 1 .. n-1; CDR_E_MEMORY;
 *          CDR_E_INTERNAL.
 * Source   RFC 9180 sec. 4.1, Decap.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_decap(const uint8_t secret[static CDR_HPKE_SECRET_LEN],
    const uint8_t enc[static CDR_HPKE_PUBLIC_LEN], uint8_t shared[static CDR_SHA256_LEN]);

/**
 * cdr_hpke_key_schedule(aead, shared, info, info_len, key, key_len, nonce):
 * Key and base nonce of the one message.
 *
 * key      out, secret  key_len bytes: 16 for CDR_HPKE_AES_128_GCM, else 32; all zero on error
 * nonce    out, secret  CDR_AEAD_NONCE_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9180 sec. 5.1, KeySchedule with mode_base.
 */
CDR_MUST_CHECK cdr_err cdr_hpke_key_schedule(enum cdr_hpke_aead aead, const uint8_t shared[static CDR_SHA256_LEN],
    const uint8_t *info, size_t info_len, uint8_t *key, size_t key_len, uint8_t nonce[static CDR_AEAD_NONCE_LEN]);

#endif
