#include "core/crypto/aead.h"

#include <pthread.h>

#include <openssl/evp.h>

#include "core/crypto/secret.h"

/* Fetched once; NULL if the library has none. */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *aes_256_gcm;

static void
fetch(void)
{
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

/* A new context for one message, with key, nonce and associated data in it. Freeing it wipes the key. */
static cdr_err
begin(bool seal, const uint8_t *key, const uint8_t *nonce, const uint8_t *ad, size_t ad_len, EVP_CIPHER_CTX **ctx)
{
	int done = 0;

	pthread_once(&fetch_once, fetch);
	if (aes_256_gcm == NULL)
		return CDR_E_INTERNAL;
	if ((*ctx = EVP_CIPHER_CTX_new()) == NULL)
		return CDR_E_MEMORY;
	/* The nonce has the 12 bytes that are this cipher's default. */
	if (EVP_CipherInit_ex2(*ctx, aes_256_gcm, key, nonce, seal, NULL) != 1)
		return CDR_E_INTERNAL;
	/* Without an output, an update is associated data. */
	if (ad_len > 0 && EVP_CipherUpdate(*ctx, NULL, &done, ad, (int)ad_len) != 1)
		return CDR_E_INTERNAL;
	return CDR_OK;
}

/* see core/crypto/aead.h */
cdr_err
cdr_aead_seal(const uint8_t key[static CDR_AEAD_KEY_LEN], const uint8_t nonce[static CDR_AEAD_NONCE_LEN],
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	EVP_CIPHER_CTX *ctx = NULL;
	int done = 0;

	if (ad_len > CDR_AEAD_LEN_MAX || in_len > CDR_AEAD_LEN_MAX - CDR_AEAD_TAG_LEN)
		return CDR_E_RANGE;

	CDR_TRY(begin(true, key, nonce, ad, ad_len, &ctx));
	err = CDR_E_INTERNAL;
	if (in_len > 0 && EVP_CipherUpdate(ctx, out, &done, in, (int)in_len) != 1)
		goto out;
	if (EVP_CipherFinal_ex(ctx, out + in_len, &done) != 1)
		goto out;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CDR_AEAD_TAG_LEN, out + in_len) != 1)
		goto out;
	err = CDR_OK;
out:
	EVP_CIPHER_CTX_free(ctx);
	if (err != CDR_OK)
		cdr_wipe(out, in_len + CDR_AEAD_TAG_LEN);
	return err;
}

/* see core/crypto/aead.h */
cdr_err
cdr_aead_open(const uint8_t key[static CDR_AEAD_KEY_LEN], const uint8_t nonce[static CDR_AEAD_NONCE_LEN],
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	EVP_CIPHER_CTX *ctx = NULL;
	uint8_t tag[CDR_AEAD_TAG_LEN], none[1]; /* not secret */
	int done = 0;

	if (ad_len > CDR_AEAD_LEN_MAX || in_len > CDR_AEAD_LEN_MAX)
		return CDR_E_RANGE;
	if (in_len < CDR_AEAD_TAG_LEN)
		return CDR_E_SEALED;

	size_t out_len = in_len - CDR_AEAD_TAG_LEN;
	for (size_t i = 0; i < CDR_AEAD_TAG_LEN; i++)
		tag[i] = in[out_len + i];

	CDR_TRY(begin(false, key, nonce, ad, ad_len, &ctx));
	err = CDR_E_INTERNAL;
	if (out_len > 0 && EVP_CipherUpdate(ctx, out, &done, in, (int)out_len) != 1)
		goto out;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CDR_AEAD_TAG_LEN, tag) != 1)
		goto out;
	/* The tag is compared here. What the update wrote is wiped below if it is another. */
	err = EVP_CipherFinal_ex(ctx, none, &done) == 1 ? CDR_OK : CDR_E_SEALED;
out:
	EVP_CIPHER_CTX_free(ctx);
	if (err != CDR_OK)
		cdr_wipe(out, out_len);
	return err;
}
