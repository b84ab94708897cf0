#ifndef CDR_CORE_CRYPTO_SIGN_H
#define CDR_CORE_CRYPTO_SIGN_H

/*
 * Ed25519 signatures, with one strict rule of what verifies. RFC 8032 leaves some choices open; here a signature
 * (R, S) by A holds exactly if
 *
 *   - A is a canonical encoding (y < p) of a point whose order is not 1, 2, 4 or 8: a key of small order would sign
 *     every message with one signature, and its owner could deny any of them;
 *   - S < L: otherwise every signature would have a twin;
 *   - the bytes of R are those of [S]B - [k]A, with k = SHA-512(R || A || message), without a factor of 8: so a
 *     non-canonical R never holds.
 *
 * This is the rule of the strictest common libraries, so other implementations agree on every signature that an
 * honest signer makes. tests/unit/crypto/test_sign.c lists what it says to each published ambiguous case.
 */

#include "core/error.h"

#define CDR_SIGN_SEED_LEN 32
#define CDR_SIGN_PUBLIC_LEN 32
#define CDR_SIGNATURE_LEN 64

/**
 * cdr_sign_public(seed, public):
 * The public key that belongs to a private seed. Any 32 random bytes are a seed.
 *
 * seed     in, secret   CDR_SIGN_SEED_LEN bytes
 * public   out, public  CDR_SIGN_PUBLIC_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * Source   RFC 8032 sec. 5.1.5.
 */
CDR_MUST_CHECK cdr_err cdr_sign_public(const uint8_t seed[static CDR_SIGN_SEED_LEN],
    uint8_t public[static CDR_SIGN_PUBLIC_LEN]);

/**
 * cdr_sign(seed, msg, len, sig):
 * Sign ${msg}. The same seed and message give the same signature.
 *
 * msg      in           len bytes; NULL only if len is 0. What it is for must stand in its first bytes: one key
 *                       signs several kinds of message, and none may be read as another
 * sig      out, public  CDR_SIGNATURE_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only len leaks.
 * Source   RFC 8032 sec. 5.1.6.
 */
CDR_MUST_CHECK cdr_err cdr_sign(const uint8_t seed[static CDR_SIGN_SEED_LEN], const uint8_t *msg, size_t len,
    uint8_t sig[static CDR_SIGNATURE_LEN]);

/**
 * cdr_verify(public, msg, len, sig):
 * Whether ${sig} is a signature of ${msg} by ${public}, by the rule above. All of it is public.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE if it is not, or public is no acceptable key; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 8032 sec. 5.1.7; the checks on A: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020).
 */
CDR_MUST_CHECK cdr_err cdr_verify(const uint8_t public[static CDR_SIGN_PUBLIC_LEN], const uint8_t *msg, size_t len,
    const uint8_t sig[static CDR_SIGNATURE_LEN]);

#endif
