#include "core/crypto/xaes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/crypto/secret.h"

#define BLOCK_LEN 16
#define PREFIX_LEN 12 /* of the nonce: goes into the key; the rest is AES-GCM's nonce */

/* One block of the derived key: CMAC-AES256(key, counter || "X" || 0 || nonce[:12]). */
static cdr_err
derive_block(EVP_MAC_CTX *mac, const uint8_t *key, uint8_t counter, const uint8_t *nonce, uint8_t out[static BLOCK_LEN])
{
	uint8_t block[BLOCK_LEN] = { 0, counter, 'X', 0 };
	char cipher[] = "AES-256-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t len = 0;

	memcpy(block + 4, nonce, PREFIX_LEN);
	if (EVP_MAC_init(mac, key, CDR_XAES_KEY_LEN, params) != 1 || EVP_MAC_update(mac, block, sizeof(block)) != 1 ||
	    EVP_MAC_final(mac, out, &len, BLOCK_LEN) != 1 || len != BLOCK_LEN)
		return CDR_E_INTERNAL;
	return CDR_OK;
}

/* NIST SP 800-108r1, KDF in counter mode with CMAC: two blocks make the key of one message. */
static cdr_err
derive_key(const uint8_t *key, const uint8_t *nonce, uint8_t derived[static CDR_AEAD_KEY_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	EVP_MAC *type = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *mac = type == NULL ? NULL : EVP_MAC_CTX_new(type);

	if (mac == NULL)
		goto out;
	CDR_TRY(derive_block(mac, key, 1, nonce, derived));
	CDR_TRY(derive_block(mac, key, 2, nonce, derived + BLOCK_LEN));
out:
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(type);
	if (err != CDR_OK)
		cdr_wipe(derived, CDR_AEAD_KEY_LEN);
	return err;
}

/* see core/crypto/xaes.h */
cdr_err
cdr_xaes_seal(const uint8_t key[static CDR_XAES_KEY_LEN], const uint8_t nonce[static CDR_XAES_NONCE_LEN],
    const uint8_t *in, size_t in_len, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t derived[CDR_AEAD_KEY_LEN];

	CDR_TRY(derive_key(key, nonce, derived));
	err = cdr_aead_seal(derived, nonce + PREFIX_LEN, NULL, 0, in, in_len, out);
out:
	cdr_wipe(derived, sizeof(derived));
	return err;
}

/* see core/crypto/xaes.h */
cdr_err
cdr_xaes_open(const uint8_t key[static CDR_XAES_KEY_LEN], const uint8_t nonce[static CDR_XAES_NONCE_LEN],
    const uint8_t *in, size_t in_len, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t derived[CDR_AEAD_KEY_LEN];

	CDR_TRY(derive_key(key, nonce, derived));
	err = cdr_aead_open(derived, nonce + PREFIX_LEN, NULL, 0, in, in_len, out);
out:
	cdr_wipe(derived, sizeof(derived));
	return err;
}
