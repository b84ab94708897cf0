#include "keys/dkg.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "keys/xaes.h"

/* c2sp.org/cocktail-dkg, Ciphersuite Definitions and Round 1, step 5.2. */
static const char h6_prefix[] = "COCKTAIL-DKG-P256-SHA256-H6";
static const char key_prefix[] = "COCKTAIL-derive-key";
static const char nonce_prefix[] = "COCKTAIL-derive-nonce";

#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }

/* H6(S_e || S_d, E, P_s, P_r, context) = SHA256(prefix || S_e || S_d || E || P_s || P_r || len(context) || context) */
static cdr_err
h6(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, uint8_t ikm[static CDR_SHA256_LEN])
{
	const uint8_t context_len[8] = { CDR_DKG_CONTEXT_LEN }; /* little-endian */
	const struct cdr_bytes parts[] = {
		BYTES(h6_prefix),
		{ pair->shared, CDR_DKG_SHARED_LEN },
		{ pair->ephemeral, CDR_POINT_LEN },
		{ group->key[pair->from - 1], CDR_POINT_LEN },
		{ group->key[pair->to - 1], CDR_POINT_LEN },
		{ context_len, sizeof(context_len) },
		{ group->context, CDR_DKG_CONTEXT_LEN },
	};

	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), ikm);
}

/* The key and the nonce of one share: nonce is the first 24 bytes of its hash. */
static cdr_err
derive(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, uint8_t key[static CDR_SHA256_LEN],
    uint8_t nonce[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t ikm[CDR_SHA256_LEN];

	if (pair->from < 1 || pair->from > group->n || pair->to < 1 || pair->to > group->n)
		return CDR_E_RANGE;
	CDR_TRY(h6(group, pair, ikm));
	CDR_TRY(cdr_sha256((const struct cdr_bytes[]){ BYTES(key_prefix), { ikm, sizeof(ikm) } }, 2, key));
	CDR_TRY(cdr_sha256((const struct cdr_bytes[]){ BYTES(nonce_prefix), { ikm, sizeof(ikm) } }, 2, nonce));
out:
	cdr_wipe(ikm, sizeof(ikm));
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_seal(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, struct cdr_bytes plain, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t key[CDR_SHA256_LEN], nonce[CDR_SHA256_LEN];

	if (plain.len > CDR_DKG_PLAIN_MAX)
		return CDR_E_RANGE;
	CDR_TRY(derive(group, pair, key, nonce));
	CDR_TRY(cdr_xaes_seal(key, nonce, plain.data, plain.len, out));
out:
	cdr_wipe(key, sizeof(key));
	if (err != CDR_OK)
		memset(out, 0, plain.len + CDR_DKG_TAG_LEN);
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_open(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, struct cdr_bytes sealed, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t key[CDR_SHA256_LEN], nonce[CDR_SHA256_LEN];

	if (sealed.len < CDR_DKG_TAG_LEN || sealed.len > CDR_DKG_PLAIN_MAX + CDR_DKG_TAG_LEN)
		return CDR_E_RANGE;
	CDR_TRY(derive(group, pair, key, nonce));
	CDR_TRY(cdr_xaes_open(key, nonce, sealed.data, sealed.len, out));
out:
	cdr_wipe(key, sizeof(key));
	if (err != CDR_OK)
		memset(out, 0, sealed.len - CDR_DKG_TAG_LEN);
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_shared_receiver(const struct cdr_dkg_group *group, uint8_t from,
    const uint8_t static_secret[static CDR_SCALAR_LEN], const uint8_t ephemeral[static CDR_POINT_LEN],
    uint8_t shared[static CDR_DKG_SHARED_LEN])
{
	cdr_err err = CDR_E_INTERNAL;

	memset(shared, 0, CDR_DKG_SHARED_LEN);
	if (from < 1 || from > group->n)
		return CDR_E_RANGE;
	CDR_TRY(cdr_group_mul(static_secret, ephemeral, shared));
	CDR_TRY(cdr_group_mul(static_secret, group->key[from - 1], shared + CDR_POINT_LEN));
out:
	if (err != CDR_OK)
		cdr_wipe(shared, CDR_DKG_SHARED_LEN);
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_share_open(const struct cdr_dkg_group *group, uint8_t from, uint8_t to, const struct cdr_dkg_offer *offer,
    const uint8_t shared[static CDR_DKG_SHARED_LEN], uint8_t share[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_dkg_pair pair = { from, to, offer->ephemeral, shared };

	memset(share, 0, CDR_SCALAR_LEN);
	if (to < 1 || to > group->n)
		return CDR_E_RANGE;
	CDR_TRY(cdr_dkg_open(group, &pair, (struct cdr_bytes){ offer->sealed[to - 1], CDR_DKG_SEALED_LEN }, share));
	if (!cdr_scalar_reduced(share)) {
		err = CDR_E_SHARE;
		goto out;
	}
	err = cdr_threshold_check(share, to, offer->commitments, group->t);
out:
	if (err != CDR_OK)
		cdr_wipe(share, CDR_SCALAR_LEN);
	return err;
}
