#include "core/crypto/dkg.h"

#include <stddef.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define FRAME_LEN 8 /* a ciphertext's length, big-endian */

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

	cdr_number_write(session.len, session_len, 8);
	cdr_number_write(sizeof(CDR_DKG_SUITE) - 1, suite_len, 8);
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

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_group_init(uint8_t n, uint8_t t, const uint8_t *keys, struct cdr_bytes session, struct cdr_dkg_group *group)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *points = NULL;

	memset(group, 0, sizeof(*group));
	if (n < 1 || n > CDR_DKG_PARTICIPANTS_MAX || t < 1 || t > n || t > CDR_TRUSTEES_MAX)
		return CDR_E_RANGE;
	group->n = n;
	group->t = t;
	memcpy(group->key, keys, (size_t)n * CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(keys, n, &points));
	if (has_duplicate(group)) {
		err = CDR_E_EXISTS;
		goto out;
	}
	for (uint8_t i = 0; i < n; i++)
		group->dealer[i] = group->receiver[i] = (uint8_t)(i + 1);
	CDR_TRY(derive_context(group, session));
out:
	cdr_points_free(points);
	if (err != CDR_OK)
		memset(group, 0, sizeof(*group));
	return err;
}

/* see core/crypto/dkg.h */
size_t
cdr_dkg_commitment_count(const struct cdr_dkg_group *group)
{
	return (size_t)group->t - (group->dealt == CDR_DKG_ZEROS ? 1 : 0);
}

static size_t
count_set(const uint8_t *index, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += index[i] != 0;
	return count;
}

size_t
cdr_dkg_dealer_count(const struct cdr_dkg_group *group)
{
	return count_set(group->dealer, group->n);
}

/* Whether no index is above ${most} or there twice. */
static bool
are_indices(const uint8_t *index, size_t n, size_t most)
{
	uint32_t seen = 0; /* bit k: index k */

	for (size_t i = 0; i < n; i++) {
		if (index[i] == 0)
			continue;
		if (index[i] > most || (seen >> index[i] & 1) != 0)
			return false;
		seen |= UINT32_C(1) << index[i];
	}
	return true;
}

/* The dealers' indices, in the order of the participants; how many. */
static size_t
list_dealers(const struct cdr_dkg_group *group, uint8_t index[static CDR_TRUSTEES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < group->n && count < CDR_TRUSTEES_MAX; i++) {
		if (group->dealer[i] != 0)
			index[count++] = group->dealer[i];
	}
	return count;
}

/* Lagrange's factor of the dealer with ${index} among all dealers. */
static cdr_err
factor(const struct cdr_dkg_group *group, uint8_t index, uint8_t out[static CDR_SCALAR_LEN])
{
	uint8_t dealers[CDR_TRUSTEES_MAX];
	size_t count = list_dealers(group, dealers), at = 0;

	while (at < count && dealers[at] != index)
		at++;
	return cdr_threshold_lagrange(dealers, count, at, out);
}

/* The sum of factor * point over all dealers, for the point that each has at place ${which} of ${points}, ${width} a dealer. */
static cdr_err
add_with_factors(const struct cdr_dkg_group *group, const struct cdr_points *points, size_t width, size_t which,
    struct cdr_points *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t dealers[CDR_TRUSTEES_MAX], scalar[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_term term[CDR_TRUSTEES_MAX];
	size_t count = list_dealers(group, dealers);

	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_threshold_lagrange(dealers, count, i, scalar[i]));
		term[i] = (struct cdr_term){ scalar[i], points, i * width + which };
	}
	CDR_TRY(cdr_points_set_sum(out, which, NULL, term, count, false));
out:
	return err;
}

/* Whether the dealers' public shares add up to the key: then they are enough, and the right ones. */
static cdr_err
check_before(const struct cdr_dkg_group *group)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t share[CDR_TRUSTEES_MAX * CDR_POINT_LEN], sum[CDR_POINT_LEN];
	struct cdr_points *shares = NULL, *out = NULL;
	size_t count = 0;

	for (size_t i = 0; i < group->n; i++) {
		if (group->dealer[i] != 0)
			memcpy(share + CDR_POINT_LEN * count++, group->before[group->dealer[i] - 1], CDR_POINT_LEN);
	}
	CDR_TRY(cdr_points_decode(share, count, &shares));
	CDR_TRY(cdr_points_new(1, &out));
	CDR_TRY(add_with_factors(group, shares, 1, 0, out));
	CDR_TRY(cdr_points_encode(out));
	memcpy(sum, cdr_points_peek(out, 0), CDR_POINT_LEN);
	err = memcmp(sum, group->public_key, sizeof(sum)) == 0 ? CDR_OK : CDR_E_SHARE;
out:
	cdr_points_free(out);
	cdr_points_free(shares);
	return err;
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_group_change(struct cdr_dkg_group *group, enum cdr_dkg_dealt dealt, const uint8_t *dealer,
    const uint8_t *receiver, const uint8_t *before, const uint8_t public_key[static CDR_POINT_LEN])
{
	size_t n = group->n, receivers = count_set(receiver, n), dealers = count_set(dealer, n);

	if ((dealt != CDR_DKG_ZEROS && dealt != CDR_DKG_AGAIN) || dealers == 0 || group->t > receivers ||
	    !are_indices(dealer, n, CDR_TRUSTEES_MAX) || receivers > CDR_TRUSTEES_MAX || !are_indices(receiver, n, receivers) ||
	    (dealt == CDR_DKG_ZEROS && (group->t < 2 || memcmp(dealer, receiver, n) != 0)))
		return CDR_E_RANGE;
	group->dealt = dealt;
	memcpy(group->dealer, dealer, n);
	memcpy(group->receiver, receiver, n);
	memcpy(group->before, before, sizeof(group->before));
	memcpy(group->public_key, public_key, CDR_POINT_LEN);
	return check_before(group);
}

/* What the proof of possession signs: context || C_i || E_i. */
#define POSSESSION_LEN_MAX (CDR_DKG_CONTEXT_LEN + (CDR_TRUSTEES_MAX + 1) * CDR_POINT_LEN)

static struct cdr_bytes
possession(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer, uint8_t out[static POSSESSION_LEN_MAX])
{
	size_t commitments_len = cdr_dkg_commitment_count(group) * CDR_POINT_LEN;
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

	CDR_TRY(cdr_threshold_deal(dealer->coefficients, cdr_dkg_commitment_count(group), group->receiver[to - 1], share));
	CDR_TRY(cdr_group_mul(dealer->ephemeral, group->key[to - 1], shared));
	CDR_TRY(cdr_group_mul(dealer->static_secret, group->key[to - 1], shared + CDR_POINT_LEN));
	CDR_TRY(cdr_dkg_seal(group, &pair, (struct cdr_bytes){ share, sizeof(share) }, offer->sealed[to - 1]));
out:
	cdr_wipe(share, sizeof(share));
	cdr_wipe(shared, sizeof(shared));
	return err;
}

/* Whether the dealer commits to the share that everybody knows it to have, where it has to deal that. */
static bool
deals_its_share(const struct cdr_dkg_group *group, uint8_t from, const struct cdr_dkg_offer *offer)
{
	return group->dealt != CDR_DKG_AGAIN ||
	    memcmp(offer->commitments, group->before[group->dealer[from - 1] - 1], CDR_POINT_LEN) == 0;
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_offer_make(const struct cdr_dkg_group *group, uint8_t index, const struct cdr_dkg_dealer *dealer,
    struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public[CDR_POINT_LEN], message[POSSESSION_LEN_MAX];

	memset(offer, 0, sizeof(*offer));
	if (index < 1 || index > group->n || group->dealer[index - 1] == 0)
		return CDR_E_RANGE;
	CDR_TRY(cdr_group_mul_base(dealer->static_secret, public));
	if (memcmp(public, group->key[index - 1], sizeof(public)) != 0) {
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(cdr_threshold_commit(dealer->coefficients, cdr_dkg_commitment_count(group), offer->commitments));
	if (!deals_its_share(group, index, offer)) {
		err = CDR_E_SHARE;
		goto out;
	}
	CDR_TRY(cdr_group_mul_base(dealer->ephemeral, offer->ephemeral));
	CDR_TRY(cdr_dkg_sign(dealer->coefficients, possession(group, offer, message), offer->proof));
	for (uint8_t to = 1; to <= group->n; to++) {
		if (group->receiver[to - 1] != 0)
			CDR_TRY(deal(group, index, to, dealer, offer));
	}
	err = CDR_OK;
out:
	if (err != CDR_OK)
		memset(offer, 0, sizeof(*offer));
	return err;
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_offer_check(const struct cdr_dkg_group *group, uint8_t from, const struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *commitments = NULL, *ephemeral = NULL;
	uint8_t message[POSSESSION_LEN_MAX];

	if (from < 1 || from > group->n || group->dealer[from - 1] == 0)
		return CDR_E_RANGE;
	if (!deals_its_share(group, from, offer))
		return CDR_E_PROOF;
	CDR_TRY(cdr_points_decode(offer->commitments, cdr_dkg_commitment_count(group), &commitments));
	CDR_TRY(cdr_points_decode(offer->ephemeral, 1, &ephemeral));
	CDR_TRY(cdr_dkg_verify(offer->commitments, possession(group, offer, message), offer->proof));
out:
	cdr_points_free(ephemeral);
	cdr_points_free(commitments);
	return err;
}

/* see core/crypto/dkg.h */
size_t
cdr_dkg_offer_len(const struct cdr_dkg_group *group)
{
	return cdr_dkg_commitment_count(group) * CDR_POINT_LEN + CDR_DKG_SIGNATURE_LEN + CDR_POINT_LEN +
	    count_set(group->receiver, group->n) * (FRAME_LEN + CDR_DKG_SEALED_LEN);
}

/* see core/crypto/dkg.h; msg_1 of Message Formats */
void
cdr_dkg_offer_write(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer, uint8_t *out)
{
	size_t commitments_len = cdr_dkg_commitment_count(group) * CDR_POINT_LEN;

	memcpy(out, offer->commitments, commitments_len);
	out += commitments_len;
	memcpy(out, offer->proof, CDR_DKG_SIGNATURE_LEN);
	out += CDR_DKG_SIGNATURE_LEN;
	memcpy(out, offer->ephemeral, CDR_POINT_LEN);
	out += CDR_POINT_LEN;
	for (size_t i = 0; i < group->n; i++) {
		if (group->receiver[i] == 0)
			continue;
		cdr_number_write(CDR_DKG_SEALED_LEN, out, 8);
		memcpy(out + FRAME_LEN, offer->sealed[i], CDR_DKG_SEALED_LEN);
		out += FRAME_LEN + CDR_DKG_SEALED_LEN;
	}
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_offer_read(const struct cdr_dkg_group *group, struct cdr_bytes in, struct cdr_dkg_offer *offer)
{
	size_t commitments_len = cdr_dkg_commitment_count(group) * CDR_POINT_LEN;
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
	cdr_number_write(CDR_DKG_SEALED_LEN, frame, 8);
	for (size_t i = 0; i < group->n; i++) {
		if (group->receiver[i] == 0)
			continue;
		if (memcmp(at, frame, FRAME_LEN) != 0) {
			memset(offer, 0, sizeof(*offer));
			return CDR_E_INPUT;
		}
		memcpy(offer->sealed[i], at + FRAME_LEN, CDR_DKG_SEALED_LEN);
		at += FRAME_LEN + CDR_DKG_SEALED_LEN;
	}
	return CDR_OK;
}

/* The dealers' commitments, one row each; the number of rows. */
static size_t
list_commitments(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, uint8_t *all)
{
	size_t len = cdr_dkg_commitment_count(group) * CDR_POINT_LEN, rows = 0;

	for (size_t i = 0; i < group->n && rows < CDR_TRUSTEES_MAX; i++) {
		if (group->dealer[i] != 0)
			memcpy(all + len * rows++, offers[i].commitments, len);
	}
	return rows;
}

/* The commitments of the polynomial that shares are dealt from again: the dealers', with their factors. */
static cdr_err
commit_again(const struct cdr_dkg_group *group, const uint8_t *all, size_t rows, uint8_t *sum)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t count = cdr_dkg_commitment_count(group);
	struct cdr_points *points = NULL, *out = NULL;

	CDR_TRY(cdr_points_decode(all, rows * count, &points));
	CDR_TRY(cdr_points_new(count, &out));
	for (size_t k = 0; k < count; k++)
		CDR_TRY(add_with_factors(group, points, count, k, out));
	CDR_TRY(cdr_points_encode(out));
	for (size_t k = 0; k < count; k++)
		memcpy(sum + k * CDR_POINT_LEN, cdr_points_peek(out, k), CDR_POINT_LEN);
out:
	cdr_points_free(out);
	cdr_points_free(points);
	return err;
}

/* Y + x * Z: the public share with ${index} after zeros were added, where Z belongs to the polynomial that x multiplies. */
static cdr_err
add_zero(const struct cdr_dkg_group *group, uint8_t index, const uint8_t *z, uint8_t out[static CDR_POINT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t both[2 * CDR_POINT_LEN], one[CDR_SCALAR_LEN], x[CDR_SCALAR_LEN];
	struct cdr_points *in = NULL, *sum = NULL;

	memcpy(both, group->before[index - 1], CDR_POINT_LEN);
	memcpy(both + CDR_POINT_LEN, z, CDR_POINT_LEN);
	cdr_scalar_set(1, one);
	cdr_scalar_set(index, x);
	CDR_TRY(cdr_points_decode(both, 2, &in));
	CDR_TRY(cdr_points_new(1, &sum));
	const struct cdr_term term[2] = { { one, in, 0 }, { x, in, 1 } };
	CDR_TRY(cdr_points_set_sum(sum, 0, NULL, term, 2, false));
	CDR_TRY(cdr_points_encode(sum));
	memcpy(out, cdr_points_peek(sum, 0), CDR_POINT_LEN);
	err = CDR_OK;
out:
	cdr_points_free(sum);
	cdr_points_free(in);
	return err;
}

/* The public share with ${index}, from the commitments of all. */
static cdr_err
public_share(const struct cdr_dkg_group *group, const uint8_t *sum, uint8_t index, uint8_t out[static CDR_POINT_LEN])
{
	uint8_t z[CDR_POINT_LEN];
	size_t count = cdr_dkg_commitment_count(group);
	cdr_err err = cdr_threshold_public_share(sum, count, index, group->dealt == CDR_DKG_ZEROS ? z : out);

	return err == CDR_OK && group->dealt == CDR_DKG_ZEROS ? add_zero(group, index, z, out) : err;
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_key(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, struct cdr_dkg_key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t all[CDR_TRUSTEES_MAX * CDR_TRUSTEES_MAX * CDR_POINT_LEN], sum[CDR_TRUSTEES_MAX * CDR_POINT_LEN];
	size_t rows = list_commitments(group, offers, all), count = cdr_dkg_commitment_count(group);

	memset(key, 0, sizeof(*key));
	if (group->dealt == CDR_DKG_AGAIN)
		CDR_TRY(commit_again(group, all, rows, sum));
	else
		CDR_TRY(cdr_threshold_add_commitments(all, rows, count, sum));
	memcpy(key->public_key, group->dealt == CDR_DKG_ZEROS ? group->public_key : sum, CDR_POINT_LEN);
	if (group->dealt == CDR_DKG_AGAIN && memcmp(key->public_key, group->public_key, CDR_POINT_LEN) != 0) {
		err = CDR_E_SHARE;
		goto out;
	}
	for (uint8_t i = 0; i < group->n; i++) {
		uint8_t index = group->receiver[i];

		if (index != 0)
			CDR_TRY(public_share(group, sum, index, key->public_share[index - 1]));
	}
	err = CDR_OK;
out:
	if (err != CDR_OK)
		memset(key, 0, sizeof(*key));
	return err;
}

/* see core/crypto/dkg.h */
cdr_err
cdr_dkg_share_add(const struct cdr_dkg_group *group, uint8_t from, uint8_t to,
    const uint8_t share[static CDR_SCALAR_LEN], uint8_t sum[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_OK;
	uint8_t weight[CDR_SCALAR_LEN], part[CDR_SCALAR_LEN];

	if (from < 1 || from > group->n || to < 1 || to > group->n || group->dealer[from - 1] == 0 ||
	    group->receiver[to - 1] == 0)
		return CDR_E_RANGE;
	cdr_scalar_set(1, weight);
	if (group->dealt == CDR_DKG_ZEROS)
		cdr_scalar_set(group->receiver[to - 1], weight);
	else if (group->dealt == CDR_DKG_AGAIN)
		CDR_TRY(factor(group, group->dealer[from - 1], weight));
	cdr_scalar_mul(share, weight, part);
	cdr_scalar_add(sum, part, sum);
out:
	cdr_wipe(part, sizeof(part));
	return err;
}

static uint8_t *
put(uint8_t *at, const void *data, size_t len)
{
	if (len > 0)
		memcpy(at, data, len);
	return at + len;
}

/* see core/crypto/dkg.h */
size_t
cdr_dkg_transcript_len(const struct cdr_dkg_group *group, size_t extension_len)
{
	return 8 + sizeof(CDR_DKG_SUITE) - 1 + 8 + CDR_DKG_CONTEXT_LEN + 4 + 4 + (size_t)group->n * CDR_POINT_LEN +
	    cdr_dkg_dealer_count(group) * (cdr_dkg_commitment_count(group) * CDR_POINT_LEN + CDR_DKG_SIGNATURE_LEN +
	    CDR_POINT_LEN) + 8 + extension_len;
}

/* One field of the dealers' offers after the other. */
static uint8_t *
put_all(uint8_t *at, const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, size_t offset, size_t len)
{
	for (size_t i = 0; i < group->n; i++) {
		if (group->dealer[i] != 0)
			at = put(at, (const uint8_t *)&offers[i] + offset, len);
	}
	return at;
}

/* see core/crypto/dkg.h; the parts numbered as in Round 3, step 1 */
void
cdr_dkg_transcript(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, struct cdr_bytes extension,
    uint8_t *at)
{
	uint8_t number[8];

	write_le(sizeof(CDR_DKG_SUITE) - 1, number, 8);
	at = put(at, number, 8);                                                  /* 1 */
	at = put(at, CDR_DKG_SUITE, sizeof(CDR_DKG_SUITE) - 1);                   /* 2 */
	write_le(CDR_DKG_CONTEXT_LEN, number, 8);
	at = put(at, number, 8);                                                  /* 3 */
	at = put(at, group->context, CDR_DKG_CONTEXT_LEN);                        /* 4 */
	write_le(group->n, number, 4);
	write_le(group->t, number + 4, 4);
	at = put(at, number, 8);                                                  /* 5, 6 */
	at = put(at, group->key, (size_t)group->n * CDR_POINT_LEN);               /* 7 */
	at = put_all(at, group, offers, offsetof(struct cdr_dkg_offer, commitments),
	    cdr_dkg_commitment_count(group) * CDR_POINT_LEN);                     /* 8 */
	at = put_all(at, group, offers, offsetof(struct cdr_dkg_offer, proof), CDR_DKG_SIGNATURE_LEN); /* 9 */
	at = put_all(at, group, offers, offsetof(struct cdr_dkg_offer, ephemeral), CDR_POINT_LEN);     /* 10 */
	write_le(extension.len, number, 8);
	at = put(at, number, 8);                                                  /* 11 */
	put(at, extension.data, extension.len);                                   /* 12 */
}
