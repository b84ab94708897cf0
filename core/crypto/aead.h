#ifndef CDR_CORE_CRYPTO_AEAD_H
#define CDR_CORE_CRYPTO_AEAD_H

/*
 * AES-256-GCM. A nonce must never repeat under one key: the caller draws it at random and bounds the number of
 * messages (2^32 for random nonces, SP 800-38D sec. 8.3), or uses a fresh key for each message, as HPKE does.
 */

#include "core/error.h"

#define CDR_AEAD_KEY_LEN 32
#define CDR_AEAD_NONCE_LEN 12
#define CDR_AEAD_TAG_LEN 16
#define CDR_AEAD_LEN_MAX (1U << 30) /* of a message with its tag, and of associated data: OpenSSL counts in int */

/**
 * cdr_aead_seal(key, nonce, ad, ad_len, in, in_len, out):
 * Encrypt ${in} and authenticate it together with ${ad}.
 *
 * key      in, secret   CDR_AEAD_KEY_LEN bytes
 * nonce    in, public   CDR_AEAD_NONCE_LEN bytes, never used before with this key
 * ad       in           ad_len bytes, 0 .. CDR_AEAD_LEN_MAX; NULL only if ad_len is 0
 * in       in, secret   in_len bytes, 0 .. CDR_AEAD_LEN_MAX - CDR_AEAD_TAG_LEN; NULL only if in_len is 0
 * out      out, public  in_len + CDR_AEAD_TAG_LEN bytes: ciphertext, then tag; may be ${in}, must not overlap it
 *                       otherwise; all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only lengths leak.
 * Source   NIST SP 800-38D, RFC 5116 sec. 5.2.
 */
CDR_MUST_CHECK cdr_err cdr_aead_seal(const uint8_t key[static CDR_AEAD_KEY_LEN],
    const uint8_t nonce[static CDR_AEAD_NONCE_LEN], const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len,
    uint8_t *out);

/**
 * cdr_aead_open(key, nonce, ad, ad_len, in, in_len, out):
 * Check and decrypt what cdr_aead_seal made.
 *
 * in       in, public   in_len bytes, CDR_AEAD_TAG_LEN .. CDR_AEAD_LEN_MAX
 * out      out, secret  in_len - CDR_AEAD_TAG_LEN bytes; may be ${in}, must not overlap it otherwise;
 *                       all zero on error, untouched on CDR_E_RANGE; NULL only if in_len is CDR_AEAD_TAG_LEN
 *
 * Returns  CDR_OK; CDR_E_SEALED if key, nonce, ad or in is not what was sealed, also if in is shorter than a tag;
 *          CDR_E_RANGE; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only lengths and the returned code leak.
 * Source   NIST SP 800-38D, RFC 5116 sec. 5.2.
 */
CDR_MUST_CHECK cdr_err cdr_aead_open(const uint8_t key[static CDR_AEAD_KEY_LEN],
    const uint8_t nonce[static CDR_AEAD_NONCE_LEN], const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len,
    uint8_t *out);

#endif
