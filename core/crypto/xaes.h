#ifndef CDR_CORE_CRYPTO_XAES_H
#define CDR_CORE_CRYPTO_XAES_H

/*
 * XAES-256-GCM: AES-256-GCM with nonces of 24 bytes, which may be drawn or derived without fear that two are equal.
 * Key generation (core/crypto/dkg.h) asks for it; everything else here uses core/crypto/aead.h.
 */

#include "core/crypto/aead.h"

#define CDR_XAES_KEY_LEN 32
#define CDR_XAES_NONCE_LEN 24

/**
 * cdr_xaes_seal(key, nonce, in, in_len, out) and cdr_xaes_open(key, nonce, in, in_len, out):
 * As cdr_aead_seal and cdr_aead_open, with the longer nonce and no associated data.
 *
 * Returns  as those.
 * Source   C2SP XAES-256-GCM.
 */
CDR_MUST_CHECK cdr_err cdr_xaes_seal(const uint8_t key[static CDR_XAES_KEY_LEN],
    const uint8_t nonce[static CDR_XAES_NONCE_LEN], const uint8_t *in, size_t in_len, uint8_t *out);
CDR_MUST_CHECK cdr_err cdr_xaes_open(const uint8_t key[static CDR_XAES_KEY_LEN],
    const uint8_t nonce[static CDR_XAES_NONCE_LEN], const uint8_t *in, size_t in_len, uint8_t *out);

#endif
