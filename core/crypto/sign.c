#include "core/crypto/sign.h"

#include <openssl/evp.h>

#include "core/crypto/secret.h"

/* see core/crypto/sign.h */
cdr_err
cdr_sign_public(const uint8_t seed[static CDR_SIGN_SEED_LEN], uint8_t public[static CDR_SIGN_PUBLIC_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = CDR_SIGN_PUBLIC_LEN;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, CDR_SIGN_SEED_LEN);

	if (key == NULL)
		err = CDR_E_MEMORY;
	else if (EVP_PKEY_get_raw_public_key(key, public, &len) == 1 && len == CDR_SIGN_PUBLIC_LEN)
		err = CDR_OK;
	EVP_PKEY_free(key);
	if (err != CDR_OK)
		cdr_wipe(public, CDR_SIGN_PUBLIC_LEN);
	return err;
}

/* see core/crypto/sign.h */
cdr_err
cdr_sign(const uint8_t seed[static CDR_SIGN_SEED_LEN], const uint8_t *msg, size_t len,
    uint8_t sig[static CDR_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	size_t sig_len = CDR_SIGNATURE_LEN;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, CDR_SIGN_SEED_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (key == NULL || ctx == NULL)
		err = CDR_E_MEMORY;
	else if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_len, msg, len) == 1 && sig_len == CDR_SIGNATURE_LEN)
		err = CDR_OK;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	if (err != CDR_OK)
		cdr_wipe(sig, CDR_SIGNATURE_LEN);
	return err;
}

/* The y-coordinates of the points of small order, little-endian; the top bit of the last byte is the sign of x. */
static const uint8_t small_order_y[5][CDR_SIGN_PUBLIC_LEN] = {
	/* y = 0: order 4 */
	{ 0 },
	/* y = 1: the identity */
	{ 1 },
	/* y = -1: order 2 */
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	/* order 8, where doubling gives y = 0: d y^4 + 2 y^2 = 1 */
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
	    0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	/* order 8: minus that y */
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
	    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* Whether y < p = 2^255 - 19. The values from p on are ed ff .. ff 7f to ff ff .. ff 7f. */
static bool
y_is_canonical(const uint8_t y[static CDR_SIGN_PUBLIC_LEN])
{
	if (y[0] < 0xed || y[31] != 0x7f)
		return true;
	for (size_t i = 1; i < 31; i++)
		if (y[i] != 0xff)
			return true;
	return false;
}

/* Whether a key is one that binds its owner: see the rule in core/crypto/sign.h. */
static bool
key_is_acceptable(const uint8_t public[static CDR_SIGN_PUBLIC_LEN])
{
	uint8_t y[CDR_SIGN_PUBLIC_LEN]; /* not secret */

	for (size_t i = 0; i < sizeof(y); i++)
		y[i] = public[i];
	y[31] &= 0x7f;
	if (!y_is_canonical(y))
		return false;
	for (size_t i = 0; i < sizeof(small_order_y) / sizeof(small_order_y[0]); i++)
		if (cdr_equal(y, small_order_y[i], sizeof(y)))
			return false;
	return true;
}

/* see core/crypto/sign.h */
cdr_err
cdr_verify(const uint8_t public[static CDR_SIGN_PUBLIC_LEN], const uint8_t *msg, size_t len,
    const uint8_t sig[static CDR_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = NULL;

	if (!key_is_acceptable(public))
		return CDR_E_SIGNATURE;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, CDR_SIGN_PUBLIC_LEN);
	ctx = EVP_MD_CTX_new();
	/* OpenSSL refuses S >= L, compares the bytes of R, and finds out here whether the key is a point. */
	if (key == NULL || ctx == NULL)
		err = CDR_E_MEMORY;
	else if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		err = EVP_DigestVerify(ctx, sig, CDR_SIGNATURE_LEN, msg, len) == 1 ? CDR_OK : CDR_E_SIGNATURE;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return err;
}
