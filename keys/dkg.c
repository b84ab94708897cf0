#include "keys/dkg.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define FRAME_LEN 8 /* a ciphertext's length, big-endian */

static void
write_u64_be(uint64_t value, uint8_t out[static 8])
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void
write_le(uint64_t value, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* Setup: H("COCKTAIL-DKG-CONTEXT" || len(session) || session || len(suite) || suite || n || P_1 || ... || P_n) */
static cdr_err
derive_context(struct cdr_dkg_group *group, struct cdr_bytes session)
{
	static const char label[] = "COCKTAIL-DKG-CONTEXT";
	uint8_t session_len[8], suite_len[8], n[4];
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, sizeof(label) - 1 },
		{ session_len, sizeof(session_len) },
		session,
		{ suite_len, sizeof(suite_len) },
		{ (const uint8_t *)CDR_DKG_SUITE, sizeof(CDR_DKG_SUITE) - 1 },
		{ n, sizeof(n) },
		{ group->key[0], (size_t)group->n * CDR_POINT_LEN },
	};

	write_u64_be(session.len, session_len);
	write_u64_be(sizeof(CDR_DKG_SUITE) - 1, suite_len);
	write_le(group->n, n, sizeof(n));
	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), group->context);
}

static bool
has_duplicate(const struct cdr_dkg_group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		for (size_t j = i + 1; j < group->n; j++) {
			if (memcmp(group->key[i], group->key[j], CDR_POINT_LEN) == 0)
				return true;
		}
	}
	return false;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_group_init(uint8_t n, uint8_t t, const uint8_t *keys, struct cdr_bytes session, struct cdr_dkg_group *group)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *points = NULL;

	memset(group, 0, sizeof(*group));
	if (n < 1 || n > CDR_TRUSTEES_MAX || t < 1 || t > n)
		return CDR_E_RANGE;
	group->n = n;
	group->t = t;
	memcpy(group->key, keys, (size_t)n * CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(keys, n, &points));
	if (has_duplicate(group)) {
		err = CDR_E_EXISTS;
		goto out;
	}
	CDR_TRY(derive_context(group, session));
out:
	cdr_points_free(points);
	if (err != CDR_OK)
		memset(group, 0, sizeof(*group));
	return err;
}

/* What the proof of possession signs: context || C_i || E_i. */
#define POSSESSION_LEN_MAX (CDR_DKG_CONTEXT_LEN + (CDR_TRUSTEES_MAX + 1) * CDR_POINT_LEN)

static struct cdr_bytes
possession(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer, uint8_t out[static POSSESSION_LEN_MAX])
{
	size_t commitments_len = (size_t)group->t * CDR_POINT_LEN;
	uint8_t *at = out;

	memcpy(at, group->context, CDR_DKG_CONTEXT_LEN);
	at += CDR_DKG_CONTEXT_LEN;
	memcpy(at, offer->commitments, commitments_len);
	at += commitments_len;
	memcpy(at, offer->ephemeral, CDR_POINT_LEN);
	at += CDR_POINT_LEN;
	return (struct cdr_bytes){ out, (size_t)(at - out) };
}

/* Round 1, step 5, for one receiver. */
static cdr_err
deal(const struct cdr_dkg_group *group, uint8_t from, uint8_t to, const struct cdr_dkg_dealer *dealer,
    struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t share[CDR_SCALAR_LEN], shared[CDR_DKG_SHARED_LEN];
	const struct cdr_dkg_pair pair = { from, to, offer->ephemeral, shared };

	CDR_TRY(cdr_threshold_deal(dealer->coefficients, group->t, to, share));
	CDR_TRY(cdr_group_mul(dealer->ephemeral, group->key[to - 1], shared));
	CDR_TRY(cdr_group_mul(dealer->static_secret, group->key[to - 1], shared + CDR_POINT_LEN));
	CDR_TRY(cdr_dkg_seal(group, &pair, (struct cdr_bytes){ share, sizeof(share) }, offer->sealed[to - 1]));
out:
	cdr_wipe(share, sizeof(share));
	cdr_wipe(shared, sizeof(shared));
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_offer_make(const struct cdr_dkg_group *group, uint8_t index, const struct cdr_dkg_dealer *dealer,
    struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public[CDR_POINT_LEN], message[POSSESSION_LEN_MAX];

	memset(offer, 0, sizeof(*offer));
	if (index < 1 || index > group->n)
		return CDR_E_RANGE;
	CDR_TRY(cdr_group_mul_base(dealer->static_secret, public));
	if (memcmp(public, group->key[index - 1], sizeof(public)) != 0) {
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(cdr_threshold_commit(dealer->coefficients, group->t, offer->commitments));
	CDR_TRY(cdr_group_mul_base(dealer->ephemeral, offer->ephemeral));
	CDR_TRY(cdr_dkg_sign(dealer->coefficients, possession(group, offer, message), offer->proof));
	for (uint8_t to = 1; to <= group->n; to++)
		CDR_TRY(deal(group, index, to, dealer, offer));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		memset(offer, 0, sizeof(*offer));
	return err;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_offer_check(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *commitments = NULL, *ephemeral = NULL;
	uint8_t message[POSSESSION_LEN_MAX];

	CDR_TRY(cdr_points_decode(offer->commitments, group->t, &commitments));
	CDR_TRY(cdr_points_decode(offer->ephemeral, 1, &ephemeral));
	CDR_TRY(cdr_dkg_verify(offer->commitments, possession(group, offer, message), offer->proof));
out:
	cdr_points_free(ephemeral);
	cdr_points_free(commitments);
	return err;
}

/* see keys/dkg.h */
size_t
cdr_dkg_offer_len(const struct cdr_dkg_group *group)
{
	return (size_t)group->t * CDR_POINT_LEN + CDR_DKG_SIGNATURE_LEN + CDR_POINT_LEN +
	    (size_t)group->n * (FRAME_LEN + CDR_DKG_SEALED_LEN);
}

/* see keys/dkg.h; msg_1 of Message Formats */
void
cdr_dkg_offer_write(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer, uint8_t *out)
{
	size_t commitments_len = (size_t)group->t * CDR_POINT_LEN;

	memcpy(out, offer->commitments, commitments_len);
	out += commitments_len;
	memcpy(out, offer->proof, CDR_DKG_SIGNATURE_LEN);
	out += CDR_DKG_SIGNATURE_LEN;
	memcpy(out, offer->ephemeral, CDR_POINT_LEN);
	out += CDR_POINT_LEN;
	for (size_t i = 0; i < group->n; i++) {
		write_u64_be(CDR_DKG_SEALED_LEN, out);
		memcpy(out + FRAME_LEN, offer->sealed[i], CDR_DKG_SEALED_LEN);
		out += FRAME_LEN + CDR_DKG_SEALED_LEN;
	}
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_offer_read(const struct cdr_dkg_group *group, struct cdr_bytes in, struct cdr_dkg_offer *offer)
{
	size_t commitments_len = (size_t)group->t * CDR_POINT_LEN;
	const uint8_t *at = in.data;
	uint8_t frame[FRAME_LEN];

	memset(offer, 0, sizeof(*offer));
	if (in.len != cdr_dkg_offer_len(group))
		return CDR_E_INPUT;
	memcpy(offer->commitments, at, commitments_len);
	at += commitments_len;
	memcpy(offer->proof, at, CDR_DKG_SIGNATURE_LEN);
	at += CDR_DKG_SIGNATURE_LEN;
	memcpy(offer->ephemeral, at, CDR_POINT_LEN);
	at += CDR_POINT_LEN;
	/* Every share has one size here, so every frame has one content. */
	write_u64_be(CDR_DKG_SEALED_LEN, frame);
	for (size_t i = 0; i < group->n; i++) {
		if (memcmp(at, frame, FRAME_LEN) != 0) {
			memset(offer, 0, sizeof(*offer));
			return CDR_E_INPUT;
		}
		memcpy(offer->sealed[i], at + FRAME_LEN, CDR_DKG_SEALED_LEN);
		at += FRAME_LEN + CDR_DKG_SEALED_LEN;
	}
	return CDR_OK;
}

/* see keys/dkg.h */
cdr_err
cdr_dkg_key(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, struct cdr_dkg_key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = (size_t)group->t * CDR_POINT_LEN;
	uint8_t all[CDR_TRUSTEES_MAX * CDR_TRUSTEES_MAX * CDR_POINT_LEN], sum[CDR_TRUSTEES_MAX * CDR_POINT_LEN];

	for (size_t i = 0; i < group->n; i++)
		memcpy(all + i * len, offers[i].commitments, len);
	CDR_TRY(cdr_threshold_add_commitments(all, group->n, group->t, sum));
	memcpy(key->public_key, sum, CDR_POINT_LEN);
	for (uint8_t i = 1; i <= group->n; i++)
		CDR_TRY(cdr_threshold_public_share(sum, group->t, i, key->public_share[i - 1]));
out:
	if (err != CDR_OK)
		memset(key, 0, sizeof(*key));
	return err;
}

static uint8_t *
put(uint8_t *at, const void *data, size_t len)
{
	if (len > 0)
		memcpy(at, data, len);
	return at + len;
}

/* see keys/dkg.h; the parts numbered as in Round 3, step 1 */
cdr_err
cdr_dkg_transcript(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, struct cdr_bytes extension,
    struct cdr_buffer *out)
{
	size_t n = group->n, commitments_len = (size_t)group->t * CDR_POINT_LEN;
	size_t len = 8 + sizeof(CDR_DKG_SUITE) - 1 + 8 + CDR_DKG_CONTEXT_LEN + 4 + 4 +
	    n * (2 * CDR_POINT_LEN + commitments_len + CDR_DKG_SIGNATURE_LEN) + 8 + extension.len;
	uint8_t number[8];
	uint8_t *at = malloc(len);

	*out = (struct cdr_buffer){ at, len };
	if (at == NULL) {
		out->len = 0;
		return CDR_E_MEMORY;
	}
	write_le(sizeof(CDR_DKG_SUITE) - 1, number, 8);
	at = put(at, number, 8);                                                  /* 1 */
	at = put(at, CDR_DKG_SUITE, sizeof(CDR_DKG_SUITE) - 1);                   /* 2 */
	write_le(CDR_DKG_CONTEXT_LEN, number, 8);
	at = put(at, number, 8);                                                  /* 3 */
	at = put(at, group->context, CDR_DKG_CONTEXT_LEN);                        /* 4 */
	write_le(group->n, number, 4);
	write_le(group->t, number + 4, 4);
	at = put(at, number, 8);                                                  /* 5, 6 */
	at = put(at, group->key, n * CDR_POINT_LEN);                              /* 7 */
	for (size_t i = 0; i < n; i++)                                            /* 8 */
		at = put(at, offers[i].commitments, commitments_len);
	for (size_t i = 0; i < n; i++)                                            /* 9 */
		at = put(at, offers[i].proof, CDR_DKG_SIGNATURE_LEN);
	for (size_t i = 0; i < n; i++)                                            /* 10 */
		at = put(at, offers[i].ephemeral, CDR_POINT_LEN);
	write_le(extension.len, number, 8);
	at = put(at, number, 8);                                                  /* 11 */
	put(at, extension.data, extension.len);                                   /* 12 */
	return CDR_OK;
}
