#include "core/crypto/hash.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/crypto/secret.h"

/* Fetched once: a fetch by name costs more than hashing 32 bytes. NULL if the library has none. */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_MAC *hmac;
static EVP_KDF *hkdf;

static char sha256_name[] = "SHA256";

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, sha256_name, NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
}

/* see core/crypto/hash.h */
cdr_err
cdr_sha256(const struct cdr_bytes *parts, size_t count, uint8_t out[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	EVP_MD_CTX *ctx = NULL;

	pthread_once(&fetch_once, fetch);
	if ((ctx = EVP_MD_CTX_new()) == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	if (sha256 == NULL || EVP_DigestInit_ex(ctx, sha256, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		goto out;
	err = CDR_OK;
out:
	EVP_MD_CTX_free(ctx);
	if (err != CDR_OK)
		cdr_wipe(out, CDR_SHA256_LEN);
	return err;
}

/* A struct cdr_hasher is OpenSSL's context under another name. */
static EVP_MD_CTX *
hasher_ctx(struct cdr_hasher *hasher)
{
	return (EVP_MD_CTX *)(void *)hasher;
}

/* see core/crypto/hash.h */
struct cdr_hasher *
cdr_hasher_new(void)
{
	pthread_once(&fetch_once, fetch);
	return sha256 == NULL ? NULL : (struct cdr_hasher *)(void *)EVP_MD_CTX_new();
}

/* see core/crypto/hash.h */
void
cdr_hasher_free(struct cdr_hasher *hasher)
{
	EVP_MD_CTX_free(hasher_ctx(hasher));
}

/* see core/crypto/hash.h */
cdr_err
cdr_hasher_run(struct cdr_hasher *hasher, const uint8_t *data, size_t len, uint8_t out[static CDR_SHA256_LEN])
{
	EVP_MD_CTX *ctx = hasher_ctx(hasher);

	if (EVP_DigestInit_ex(ctx, sha256, NULL) == 1 && EVP_DigestUpdate(ctx, data, len) == 1 &&
	    EVP_DigestFinal_ex(ctx, out, NULL) == 1)
		return CDR_OK;
	cdr_wipe(out, CDR_SHA256_LEN);
	return CDR_E_INTERNAL;
}

/* see core/crypto/hash.h */
cdr_err
cdr_hmac_sha256(const uint8_t *key, size_t key_len, const struct cdr_bytes *parts, size_t count,
    uint8_t out[static CDR_SHA256_LEN])
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256_name, 0),
		OSSL_PARAM_construct_end(),
	};
	cdr_err err = CDR_E_INTERNAL;
	EVP_MAC_CTX *ctx = NULL;
	size_t out_len = 0;

	pthread_once(&fetch_once, fetch);
	if (hmac == NULL)
		goto out;
	if ((ctx = EVP_MAC_CTX_new(hmac)) == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	/* OpenSSL takes a NULL key for "the key of before": an empty key needs an address. */
	if (EVP_MAC_init(ctx, key_len > 0 ? key : (const uint8_t *)"", key_len, params) != 1)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	if (EVP_MAC_final(ctx, out, &out_len, CDR_SHA256_LEN) != 1 || out_len != CDR_SHA256_LEN)
		goto out;
	err = CDR_OK;
out:
	EVP_MAC_CTX_free(ctx);
	if (err != CDR_OK)
		cdr_wipe(out, CDR_SHA256_LEN);
	return err;
}

/* see core/crypto/hash.h */
cdr_err
cdr_hkdf_extract(const uint8_t *salt, size_t salt_len, const struct cdr_bytes *parts, size_t count,
    uint8_t prk[static CDR_SHA256_LEN])
{
	/* RFC 5869 sec. 2.2: PRK = HMAC-Hash(salt, IKM). HMAC pads the key with zeros, so no salt is a salt of zeros. */
	return cdr_hmac_sha256(salt, salt_len, parts, count, prk);
}

/* see core/crypto/hash.h */
cdr_err
cdr_hkdf_expand(const uint8_t prk[static CDR_SHA256_LEN], const struct cdr_bytes *parts, size_t count, uint8_t *out,
    size_t out_len)
{
	OSSL_PARAM params[4 + CDR_HKDF_INFO_PARTS_MAX];
	OSSL_PARAM *param = params;
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	size_t info_len = 0;

	if (count > CDR_HKDF_INFO_PARTS_MAX || out_len == 0 || out_len > CDR_HKDF_OUT_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > CDR_HKDF_INFO_MAX - info_len)
			return CDR_E_RANGE;
		info_len += parts[i].len;
	}

	cdr_err err = CDR_E_INTERNAL;
	EVP_KDF_CTX *ctx = NULL;

	*param++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256_name, 0);
	*param++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	/* The parameters are read only; their type is that of the ones which are written. */
	*param++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)prk, CDR_SHA256_LEN);
	/* The library concatenates the parts of info. */
	for (size_t i = 0; i < count; i++)
		*param++ = OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)parts[i].data, parts[i].len);
	*param = OSSL_PARAM_construct_end();

	pthread_once(&fetch_once, fetch);
	if (hkdf == NULL)
		goto out;
	if ((ctx = EVP_KDF_CTX_new(hkdf)) == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	if (EVP_KDF_derive(ctx, out, out_len, params) != 1)
		goto out;
	err = CDR_OK;
out:
	EVP_KDF_CTX_free(ctx);
	if (err != CDR_OK)
		cdr_wipe(out, out_len);
	return err;
}

/* see core/crypto/hash.h */
cdr_err
cdr_hkdf_sha256(const uint8_t *salt, size_t salt_len, const uint8_t *ikm, size_t ikm_len, const uint8_t *info,
    size_t info_len, uint8_t *out, size_t out_len)
{
	const struct cdr_bytes ikm_part = { ikm, ikm_len }, info_part = { info, info_len };
	uint8_t prk[CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_hkdf_extract(salt, salt_len, &ikm_part, 1, prk));
	CDR_TRY(cdr_hkdf_expand(prk, &info_part, 1, out, out_len));
out:
	if (err != CDR_OK && err != CDR_E_RANGE)
		cdr_wipe(out, out_len);
	cdr_wipe(prk, sizeof(prk));
	return err;
}
