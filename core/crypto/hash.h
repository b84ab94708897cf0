#ifndef CDR_CORE_CRYPTO_HASH_H
#define CDR_CORE_CRYPTO_HASH_H

/*
 * SHA-256 and what is built on it. Input comes in parts, so that nobody joins secrets in a buffer of his own;
 * parts are concatenated as they stand: a caller who needs to tell ("ab", "c") from ("a", "bc") hashes lengths too.
 *
 * All calls are thread-safe. Working states are wiped.
 */

#include "core/bytes.h"

#define CDR_SHA256_LEN 32
#define CDR_HKDF_OUT_MAX (255 * CDR_SHA256_LEN) /* RFC 5869 sec. 2.3 */
#define CDR_HKDF_INFO_MAX 1024                  /* OpenSSL's limit on all parts of info together */
#define CDR_HKDF_INFO_PARTS_MAX 8

/**
 * cdr_sha256(parts, count, out):
 * SHA-256 over the concatenation of ${count} parts.
 *
 * parts   in     may be NULL only if count is 0; may be secret
 * out     out    CDR_SHA256_LEN bytes; all zero on error; may be one of the parts
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only count and lengths leak.
 * Source   FIPS 180-4.
 */
CDR_MUST_CHECK cdr_err cdr_sha256(const struct cdr_bytes *parts, size_t count, uint8_t out[static CDR_SHA256_LEN]);

/**
 * cdr_hasher_new(), cdr_hasher_free(hasher), cdr_hasher_run(hasher, data, len, out):
 * SHA-256 of many short things that are not secret, twice as fast: the working state is used again and is not wiped between.
 * One thread at a time.
 *
 * out     out    CDR_SHA256_LEN bytes; may overlap data; all zero on error
 *
 * Returns  (new) NULL if there is no memory; (run) CDR_OK; CDR_E_INTERNAL if the library fails.
 */
struct cdr_hasher;
struct cdr_hasher *cdr_hasher_new(void);
void cdr_hasher_free(struct cdr_hasher *hasher);
CDR_MUST_CHECK cdr_err cdr_hasher_run(struct cdr_hasher *hasher, const uint8_t *data, size_t len,
    uint8_t out[static CDR_SHA256_LEN]);

/**
 * cdr_hmac_sha256(key, key_len, parts, count, out):
 * HMAC-SHA-256 over the concatenation of ${count} parts.
 *
 * key     in, secret   key_len bytes, 0 or more; NULL only if key_len is 0
 * out     out          CDR_SHA256_LEN bytes; all zero on error; may be the key or one of the parts
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only count and lengths leak.
 * Source   RFC 2104.
 */
CDR_MUST_CHECK cdr_err cdr_hmac_sha256(const uint8_t *key, size_t key_len, const struct cdr_bytes *parts, size_t count,
    uint8_t out[static CDR_SHA256_LEN]);

/**
 * cdr_hkdf_sha256(salt, salt_len, ikm, ikm_len, info, info_len, out, out_len):
 * Derive ${out_len} bytes from the keying material ${ikm}: extract, then expand.
 *
 * salt      in           salt_len bytes; NULL only if salt_len is 0
 * ikm       in, secret   ikm_len bytes; NULL only if ikm_len is 0
 * info      in           info_len bytes, 0 .. CDR_HKDF_INFO_MAX; NULL only if info_len is 0
 * out       out, secret  out_len bytes, 1 .. CDR_HKDF_OUT_MAX; all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE for info_len or out_len; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * CT       only lengths leak.
 * Source   RFC 5869 sec. 2.
 */
CDR_MUST_CHECK cdr_err cdr_hkdf_sha256(const uint8_t *salt, size_t salt_len, const uint8_t *ikm, size_t ikm_len,
    const uint8_t *info, size_t info_len, uint8_t *out, size_t out_len);

/**
 * cdr_hkdf_extract(salt, salt_len, parts, count, prk):
 * The first half of HKDF: one uniform key from keying material that comes in parts.
 *
 * prk     out, secret  CDR_SHA256_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * Source   RFC 5869 sec. 2.2.
 */
CDR_MUST_CHECK cdr_err cdr_hkdf_extract(const uint8_t *salt, size_t salt_len, const struct cdr_bytes *parts,
    size_t count, uint8_t prk[static CDR_SHA256_LEN]);

/**
 * cdr_hkdf_expand(prk, parts, count, out, out_len):
 * The second half of HKDF: ${out_len} bytes from ${prk} for the purpose that the parts of info name.
 *
 * prk     in, secret   CDR_SHA256_LEN bytes from cdr_hkdf_extract, or a uniform key
 * parts   in           0 .. CDR_HKDF_INFO_PARTS_MAX parts, together 0 .. CDR_HKDF_INFO_MAX bytes
 * out     out, secret  out_len bytes, 1 .. CDR_HKDF_OUT_MAX; all zero on error, untouched on CDR_E_RANGE
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY; CDR_E_INTERNAL if the library fails.
 * Source   RFC 5869 sec. 2.3.
 */
CDR_MUST_CHECK cdr_err cdr_hkdf_expand(const uint8_t prk[static CDR_SHA256_LEN], const struct cdr_bytes *parts,
    size_t count, uint8_t *out, size_t out_len);

#endif
