#include "core/crypto/dkg.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/xaes.h"

/* c2sp.org/cocktail-dkg, Ciphersuite Definitions; key and nonce as in the published vectors. */
static const char h6_prefix[] = "COCKTAIL-DKG-P256-SHA256-H6";

/* Lengths in what is hashed: 8 bytes, little-endian; none is above 255. */
#define LENGTH(len) { (uint8_t)(len) }

/*
 * H6(S_e || S_d, E, P_s, P_r, extra) = SHA256(prefix || S_e || S_d || E || P_s || P_r || len(extra) || extra) with
 * extra = len(context) || context || len(label) || label. A label ("key", "nonce") stands for one of the two values
 * that one output of SHA-256 is too short for.
 */
static cdr_err
h6(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, const char *label,
    uint8_t out[static CDR_SHA256_LEN])
{
	size_t len = strlen(label);
	const uint8_t extra_len[8] = LENGTH(8 + CDR_DKG_CONTEXT_LEN + 8 + len);
	const uint8_t context_len[8] = LENGTH(CDR_DKG_CONTEXT_LEN), label_len[8] = LENGTH(len);
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)h6_prefix, sizeof(h6_prefix) - 1 },
		{ pair->shared, CDR_DKG_SHARED_LEN },
		{ pair->ephemeral, CDR_POINT_LEN },
		{ group->key[pair->from - 1], CDR_POINT_LEN },
		{ group->key[pair->to - 1], CDR_POINT_LEN },
		{ extra_len, sizeof(extra_len) },
		{ context_len, sizeof(context_len) },
		{ group->context, CDR_DKG_CONTEXT_LEN },
		{ label_len, sizeof(label_len) },
		{ (const uint8_t *)label, len },
	};

	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* The key and the nonce of one share: the nonce is the first 24 bytes of its hash. */
static cdr_err
derive(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair, uint8_t key[static CDR_SHA256_LEN],
    uint8_t nonce[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;

	if (pair->from < 1 || pair->from > group->n || pair->to < 1 || pair->to > group->n)
		return CDR_E_RANGE;
	CDR_TRY(h6(group, pair, "key", key));
	CDR_TRY(h6(group, pair, "nonce", nonce));
out:
	return err;
}

/* see core/crypto/dkg.h */
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

/* see core/crypto/dkg.h */
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

/* see core/crypto/dkg.h */
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

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_share_open(const struct cdr_dkg_group *group, uint8_t from, uint8_t to, const struct cdr_dkg_offer *offer,
    const uint8_t shared[static CDR_DKG_SHARED_LEN], uint8_t share[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_dkg_pair pair = { from, to, offer->ephemeral, shared };

	memset(share, 0, CDR_SCALAR_LEN);
	if (to < 1 || to > group->n || group->receiver[to - 1] == 0)
		return CDR_E_RANGE;
	CDR_TRY(cdr_dkg_open(group, &pair, (struct cdr_bytes){ offer->sealed[to - 1], CDR_DKG_SEALED_LEN }, share));
	if (!cdr_scalar_reduced(share)) {
		err = CDR_E_SHARE;
		goto out;
	}
	err = cdr_threshold_check(share, group->receiver[to - 1], offer->commitments, cdr_dkg_commitment_count(group));
out:
	if (err != CDR_OK)
		cdr_wipe(share, CDR_SCALAR_LEN);
	return err;
}
