#include "core/crypto/dkg.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

/* c2sp.org/cocktail-dkg, Schnorr Prefix Strings. */
static const char challenge_prefix[] = "COCKTAIL-DKG-P256-SHA256-H7";
static const char nonce_prefix[] = "COCKTAIL-DKG-P256-SHA256-NONCE";

#define PARTS_MAX 4

/* HashToScalar for P-256: SHA256(1 || input) || SHA256(2 || input)[0:16], modulo n. */
static cdr_err
hash_to_scalar(const struct cdr_bytes *input, size_t count, uint8_t out[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t first = 1, second = 2;
	uint8_t wide[2 * CDR_SHA256_LEN];
	struct cdr_bytes parts[1 + PARTS_MAX] = { { &first, 1 } };

	if (count > PARTS_MAX)
		goto out;
	memcpy(parts + 1, input, count * sizeof(*input));
	CDR_TRY(cdr_sha256(parts, 1 + count, wide));
	parts[0].data = &second;
	CDR_TRY(cdr_sha256(parts, 1 + count, wide + CDR_SHA256_LEN));
	cdr_scalar_reduce_wide(wide, out);
	err = CDR_OK;
out:
	cdr_wipe(wide, sizeof(wide));
	return err;
}

/* c = HashToScalar(prefix_H7 || R || pk || m) */
static cdr_err
challenge(const uint8_t *r, const uint8_t *public, struct cdr_bytes message, uint8_t out[static CDR_SCALAR_LEN])
{
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)challenge_prefix, sizeof(challenge_prefix) - 1 },
		{ r, CDR_POINT_LEN },
		{ public, CDR_POINT_LEN },
		message,
	};

	return hash_to_scalar(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* see core/crypto/dkg.h; Schnorr Sign Algorithm, its steps numbered */
cdr_err
cdr_dkg_sign(const uint8_t secret[static CDR_SCALAR_LEN], struct cdr_bytes message,
    uint8_t signature[static CDR_DKG_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public[CDR_POINT_LEN], k[CDR_SCALAR_LEN], c[CDR_SCALAR_LEN];
	const struct cdr_bytes nonce[] = {
		{ (const uint8_t *)nonce_prefix, sizeof(nonce_prefix) - 1 },
		{ secret, CDR_SCALAR_LEN },
		message,
	};

	CDR_TRY(cdr_group_mul_base(secret, public));                              /* 1 */
	CDR_TRY(hash_to_scalar(nonce, sizeof(nonce) / sizeof(nonce[0]), k));      /* 2 */
	/* 3: k = 0 is refused by the multiplication. */
	CDR_TRY(cdr_group_mul_base(k, signature));                                /* 4 */
	CDR_TRY(challenge(signature, public, message, c));                        /* 5 */
	cdr_scalar_mul(c, secret, c);                                             /* 6 */
	cdr_scalar_add(k, c, signature + CDR_POINT_LEN);
	err = CDR_OK;
out:
	cdr_wipe(k, sizeof(k));
	cdr_wipe(c, sizeof(c));
	if (err != CDR_OK)
		memset(signature, 0, CDR_DKG_SIGNATURE_LEN);
	return err;
}

/* see core/crypto/dkg.h; Schnorr Verify Algorithm */
cdr_err
cdr_dkg_verify(const uint8_t public[static CDR_POINT_LEN], struct cdr_bytes message,
    const uint8_t signature[static CDR_DKG_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t c[CDR_SCALAR_LEN], minus_c[CDR_SCALAR_LEN];
	const uint8_t zero[CDR_SCALAR_LEN] = { 0 };
	const uint8_t *z = signature + CDR_POINT_LEN;
	struct cdr_points *key = NULL, *sum = NULL;

	CDR_TRY(cdr_points_decode(public, 1, &key));
	CDR_TRY(cdr_points_new(1, &sum));
	if (!cdr_scalar_reduced(z)) {
		err = CDR_E_PROOF;
		goto out;
	}
	CDR_TRY(challenge(signature, public, message, c));
	/* z * B = R + c * pk, turned round: z * B - c * pk has the bytes of R. R need not be decoded, and is no identity. */
	cdr_scalar_sub(zero, c, minus_c);
	const struct cdr_term term = { minus_c, key, 0 };
	CDR_TRY(cdr_points_set_sum(sum, 0, z, &term, 1, false));
	err = cdr_points_encode(sum);
	if (err == CDR_E_POINT || (err == CDR_OK && memcmp(cdr_points_peek(sum, 0), signature, CDR_POINT_LEN) != 0))
		err = CDR_E_PROOF;
out:
	cdr_points_free(sum);
	cdr_points_free(key);
	return err;
}
