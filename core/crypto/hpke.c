#include "core/crypto/hpke.h"

#include "core/crypto/group.h"
#include "core/crypto/secret.h"

#define TEXT(s) { (const uint8_t *)(s), sizeof(s) - 1 }
#define KEM_ID_P256_HKDF_SHA256 0x0010
#define KDF_ID_HKDF_SHA256 0x0001
#define MODE_BASE 0

/* RFC 9180 sec. 4.1: "KEM" || I2OSP(kem_id, 2). */
static const struct cdr_bytes kem_suite = TEXT("KEM\x00\x10");

static const struct cdr_bytes version = TEXT("HPKE-v1");

/* RFC 9180 sec. 4: LabeledExtract(salt, label, ikm) = Extract(salt, "HPKE-v1" || suite_id || label || ikm). */
static cdr_err
labeled_extract(struct cdr_bytes suite, struct cdr_bytes salt, struct cdr_bytes label, struct cdr_bytes ikm,
    uint8_t prk[static CDR_SHA256_LEN])
{
	const struct cdr_bytes parts[4] = { version, suite, label, ikm };

	return cdr_hkdf_extract(salt.data, salt.len, parts, 4, prk);
}

/* RFC 9180 sec. 4: LabeledExpand(prk, label, info, L) =
 * Expand(prk, I2OSP(L, 2) || "HPKE-v1" || suite_id || label || info, L). */
static cdr_err
labeled_expand(struct cdr_bytes suite, const uint8_t prk[static CDR_SHA256_LEN], struct cdr_bytes label,
    struct cdr_bytes info, uint8_t *out, size_t len)
{
	const uint8_t length[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	const struct cdr_bytes parts[5] = { { length, 2 }, version, suite, label, info };

	return cdr_hkdf_expand(prk, parts, 5, out, len);
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_public(const uint8_t secret[static CDR_HPKE_SECRET_LEN], uint8_t public[static CDR_HPKE_PUBLIC_LEN])
{
	return cdr_group_public_uncompressed(secret, public);
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_derive_keypair(const uint8_t *ikm, size_t ikm_len, uint8_t secret[static CDR_HPKE_SECRET_LEN],
    uint8_t public[static CDR_HPKE_PUBLIC_LEN])
{
	uint8_t prk[CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	if (ikm_len < CDR_HPKE_SECRET_LEN) {
		err = CDR_E_RANGE;
		goto out;
	}
	CDR_TRY(labeled_extract(kem_suite, (struct cdr_bytes) { NULL, 0 }, (struct cdr_bytes) TEXT("dkp_prk"),
	    (struct cdr_bytes) { ikm, ikm_len }, prk));
	/* RFC 9180 sec. 7.1.3: candidates, until one is in 1 .. n-1. Each misses with probability 2^-32. */
	err = CDR_E_INPUT;
	for (unsigned counter = 0; counter < 256 && err == CDR_E_INPUT; counter++) {
		const uint8_t count = (uint8_t)counter;
		CDR_TRY(labeled_expand(kem_suite, prk, (struct cdr_bytes) TEXT("candidate"),
		    (struct cdr_bytes) { &count, 1 }, secret, CDR_HPKE_SECRET_LEN));
		/* For P-256 the mask of the first byte is 0xff: nothing is cut off. */
		err = cdr_hpke_public(secret, public);
	}
	/* The RFC's DeriveKeyPairError. */
	if (err == CDR_E_INPUT)
		err = CDR_E_INTERNAL;
out:
	cdr_wipe(prk, sizeof(prk));
	if (err != CDR_OK) {
		cdr_wipe(secret, CDR_HPKE_SECRET_LEN);
		cdr_wipe(public, CDR_HPKE_PUBLIC_LEN);
	}
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_keypair(uint8_t secret[static CDR_HPKE_SECRET_LEN], uint8_t public[static CDR_HPKE_PUBLIC_LEN])
{
	uint8_t ikm[CDR_HPKE_SECRET_LEN];
	cdr_err err = cdr_random(ikm, sizeof(ikm));

	if (err == CDR_OK)
		err = cdr_hpke_derive_keypair(ikm, sizeof(ikm), secret, public);
	else {
		cdr_wipe(secret, CDR_HPKE_SECRET_LEN);
		cdr_wipe(public, CDR_HPKE_PUBLIC_LEN);
	}
	cdr_wipe(ikm, sizeof(ikm));
	return err;
}

/* RFC 9180 sec. 4.1: ExtractAndExpand(DH(secret, peer), enc || recipient's public key). */
static cdr_err
extract_and_expand(const uint8_t secret[static CDR_HPKE_SECRET_LEN], const uint8_t peer[static CDR_HPKE_PUBLIC_LEN],
    const uint8_t enc[static CDR_HPKE_PUBLIC_LEN], const uint8_t recipient[static CDR_HPKE_PUBLIC_LEN],
    uint8_t shared[static CDR_SHA256_LEN])
{
	const struct cdr_bytes none = { NULL, 0 };
	uint8_t dh[32], prk[CDR_SHA256_LEN], context[2 * CDR_HPKE_PUBLIC_LEN]; /* context is not secret */
	cdr_err err = CDR_E_INTERNAL;

	for (size_t i = 0; i < CDR_HPKE_PUBLIC_LEN; i++) {
		context[i] = enc[i];
		context[CDR_HPKE_PUBLIC_LEN + i] = recipient[i];
	}
	CDR_TRY(cdr_group_ecdh(secret, peer, dh));
	CDR_TRY(labeled_extract(kem_suite, none, (struct cdr_bytes) TEXT("eae_prk"),
	    (struct cdr_bytes) { dh, sizeof(dh) }, prk));
	CDR_TRY(labeled_expand(kem_suite, prk, (struct cdr_bytes) TEXT("shared_secret"),
	    (struct cdr_bytes) { context, sizeof(context) }, shared, CDR_SHA256_LEN));
out:
	cdr_wipe(dh, sizeof(dh));
	cdr_wipe(prk, sizeof(prk));
	if (err != CDR_OK)
		cdr_wipe(shared, CDR_SHA256_LEN);
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_encap(const uint8_t public[static CDR_HPKE_PUBLIC_LEN], const uint8_t ephemeral[static CDR_HPKE_SECRET_LEN],
    uint8_t enc[static CDR_HPKE_PUBLIC_LEN], uint8_t shared[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_hpke_public(ephemeral, enc));
	CDR_TRY(extract_and_expand(ephemeral, public, enc, public, shared));
out:
	if (err != CDR_OK) {
		cdr_wipe(enc, CDR_HPKE_PUBLIC_LEN);
		cdr_wipe(shared, CDR_SHA256_LEN);
	}
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_decap(const uint8_t secret[static CDR_HPKE_SECRET_LEN], const uint8_t enc[static CDR_HPKE_PUBLIC_LEN],
    uint8_t shared[static CDR_SHA256_LEN])
{
	uint8_t public[CDR_HPKE_PUBLIC_LEN]; /* not secret */
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_hpke_public(secret, public));
	CDR_TRY(extract_and_expand(secret, enc, enc, public, shared));
out:
	if (err != CDR_OK)
		cdr_wipe(shared, CDR_SHA256_LEN);
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_key_schedule(enum cdr_hpke_aead aead, const uint8_t shared[static CDR_SHA256_LEN], const uint8_t *info,
    size_t info_len, uint8_t *key, size_t key_len, uint8_t nonce[static CDR_AEAD_NONCE_LEN])
{
	/* RFC 9180 sec. 5.1: "HPKE" || kem_id || kdf_id || aead_id. */
	const uint8_t suite_id[10] = { 'H', 'P', 'K', 'E', 0, KEM_ID_P256_HKDF_SHA256, 0, KDF_ID_HKDF_SHA256, 0,
		(uint8_t)aead };
	const struct cdr_bytes suite = { suite_id, sizeof(suite_id) }, none = { NULL, 0 };
	uint8_t context[1 + 2 * CDR_SHA256_LEN] = { MODE_BASE }, secret[CDR_SHA256_LEN]; /* context is not secret */
	cdr_err err = CDR_E_INTERNAL;

	/* key_schedule_context = mode || psk_id_hash || info_hash; in base mode psk and psk_id are empty. */
	CDR_TRY(labeled_extract(suite, none, (struct cdr_bytes) TEXT("psk_id_hash"), none, context + 1));
	CDR_TRY(labeled_extract(suite, none, (struct cdr_bytes) TEXT("info_hash"), (struct cdr_bytes) { info, info_len },
	    context + 1 + CDR_SHA256_LEN));
	CDR_TRY(labeled_extract(suite, (struct cdr_bytes) { shared, CDR_SHA256_LEN }, (struct cdr_bytes) TEXT("secret"),
	    none, secret));
	CDR_TRY(labeled_expand(suite, secret, (struct cdr_bytes) TEXT("key"),
	    (struct cdr_bytes) { context, sizeof(context) }, key, key_len));
	CDR_TRY(labeled_expand(suite, secret, (struct cdr_bytes) TEXT("base_nonce"),
	    (struct cdr_bytes) { context, sizeof(context) }, nonce, CDR_AEAD_NONCE_LEN));
out:
	cdr_wipe(secret, sizeof(secret));
	if (err != CDR_OK) {
		cdr_wipe(key, key_len);
		cdr_wipe(nonce, CDR_AEAD_NONCE_LEN);
	}
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_seal(const uint8_t public[static CDR_HPKE_PUBLIC_LEN], const uint8_t *info, size_t info_len, const uint8_t *ad,
    size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out)
{
	uint8_t ephemeral[CDR_HPKE_SECRET_LEN], shared[CDR_SHA256_LEN];
	uint8_t key[CDR_AEAD_KEY_LEN], nonce[CDR_AEAD_NONCE_LEN];
	cdr_err err = CDR_E_INTERNAL;

	if (ad_len > CDR_AEAD_LEN_MAX || in_len > CDR_AEAD_LEN_MAX - CDR_AEAD_TAG_LEN)
		return CDR_E_RANGE;

	/* The ephemeral public key, which keypair puts there too, is the first part of the output. */
	CDR_TRY(cdr_hpke_keypair(ephemeral, out));
	CDR_TRY(extract_and_expand(ephemeral, public, out, public, shared));
	CDR_TRY(cdr_hpke_key_schedule(CDR_HPKE_AES_256_GCM, shared, info, info_len, key, sizeof(key), nonce));
	/* The key serves one message, with sequence number 0, whose nonce is the base nonce. */
	CDR_TRY(cdr_aead_seal(key, nonce, ad, ad_len, in, in_len, out + CDR_HPKE_PUBLIC_LEN));
out:
	cdr_wipe(ephemeral, sizeof(ephemeral));
	cdr_wipe(shared, sizeof(shared));
	cdr_wipe(key, sizeof(key));
	cdr_wipe(nonce, sizeof(nonce));
	if (err != CDR_OK)
		cdr_wipe(out, in_len + CDR_HPKE_OVERHEAD);
	return err;
}

/* see core/crypto/hpke.h */
cdr_err
cdr_hpke_open(const uint8_t secret[static CDR_HPKE_SECRET_LEN], const uint8_t *info, size_t info_len, const uint8_t *ad,
    size_t ad_len, const uint8_t *in, size_t in_len, uint8_t *out)
{
	uint8_t shared[CDR_SHA256_LEN], key[CDR_AEAD_KEY_LEN], nonce[CDR_AEAD_NONCE_LEN];
	cdr_err err = CDR_E_INTERNAL;

	if (ad_len > CDR_AEAD_LEN_MAX || in_len > CDR_AEAD_LEN_MAX)
		return CDR_E_RANGE;
	if (in_len < CDR_HPKE_OVERHEAD)
		return CDR_E_SEALED;

	CDR_TRY(cdr_hpke_decap(secret, in, shared));
	CDR_TRY(cdr_hpke_key_schedule(CDR_HPKE_AES_256_GCM, shared, info, info_len, key, sizeof(key), nonce));
	CDR_TRY(cdr_aead_open(key, nonce, ad, ad_len, in + CDR_HPKE_PUBLIC_LEN, in_len - CDR_HPKE_PUBLIC_LEN, out));
out:
	cdr_wipe(shared, sizeof(shared));
	cdr_wipe(key, sizeof(key));
	cdr_wipe(nonce, sizeof(nonce));
	if (err != CDR_OK)
		cdr_wipe(out, in_len - CDR_HPKE_OVERHEAD);
	/* A sender's key that is no point is one way among others in which a message does not open. */
	return err == CDR_E_POINT ? CDR_E_SEALED : err;
}
