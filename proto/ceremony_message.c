#include "proto/ceremony_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/sign.h"

static const char message_label[] = "candor/1 ceremony";
static const char key_label[] = "candor/1 ceremony key";
static const char keys_label[] = "candor/1 ceremony keys";
static const char knows_label[] = "candor/1 ceremony offer";
static const char offers_label[] = "candor/1 ceremony offers";
static const char complaint_label[] = "candor/1 ceremony complaint";

/* A label's bytes with its closing NUL, so that none is the beginning of another. */
#define LABEL(text) { (const uint8_t *)(text), sizeof(text) }

struct cdr_ceremony_slot *
cdr_ceremony_slot(struct cdr_ceremony *c, uint32_t round, uint32_t from)
{
	assert(round >= 1 && round <= CDR_CEREMONY_ROUND_COUNT && from >= 1 && from <= c->n);
	return &c->slot[round - 1][from - 1];
}

const struct cdr_ceremony_slot *
cdr_ceremony_slot_peek(const struct cdr_ceremony *c, uint32_t round, uint32_t from)
{
	assert(round >= 1 && round <= CDR_CEREMONY_ROUND_COUNT && from >= 1 && from <= c->n);
	return &c->slot[round - 1][from - 1];
}

struct cdr_bytes
cdr_ceremony_body(const struct cdr_ceremony_version *version)
{
	assert(version->content.len >= CDR_SIGNATURE_LEN);
	return (struct cdr_bytes){ version->content.data, version->content.len - CDR_SIGNATURE_LEN };
}

/* What a signature covers: label, ceremony, round, sender, receiver (0: all), body. */
static cdr_err
digest(const struct cdr_ceremony *c, uint32_t round, uint32_t from, struct cdr_bytes body,
    uint8_t out[static CDR_CEREMONY_DIGEST_LEN])
{
	uint8_t place[12] = { 0 };
	const struct cdr_bytes parts[] = {
		LABEL(message_label),
		{ c->id, sizeof(c->id) },
		{ place, sizeof(place) },
		body,
	};

	cdr_ceremony_number(round, place);
	cdr_ceremony_number(from, place + 4);
	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* Put ${content}, whose signature holds, among the versions; a third one would prove no more than the second. */
static cdr_err
keep(struct cdr_ceremony_slot *slot, struct cdr_bytes content, const uint8_t *hash)
{
	cdr_err err = CDR_E_INTERNAL;

	for (size_t i = 0; i < slot->count; i++) {
		/* Another signature over the same body says nothing new. */
		if (memcmp(slot->version[i].digest, hash, CDR_CEREMONY_DIGEST_LEN) == 0)
			return CDR_OK;
	}
	if (slot->count == 2)
		return CDR_OK;
	CDR_TRY(cdr_buffer_copy(content, &slot->version[slot->count].content));
	memcpy(slot->version[slot->count].digest, hash, CDR_CEREMONY_DIGEST_LEN);
	slot->count++;
out:
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_say(struct cdr_ceremony *c, uint32_t round, struct cdr_bytes body)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];
	uint8_t *content = malloc(body.len + CDR_SIGNATURE_LEN);

	if (content == NULL)
		return CDR_E_MEMORY;
	memcpy(content, body.data, body.len);
	CDR_TRY(digest(c, round, c->index, body, hash));
	CDR_TRY(cdr_sign(c->secret->signing_seed, hash, sizeof(hash), content + body.len));
	CDR_TRY(keep(cdr_ceremony_slot(c, round, c->index),
	    (struct cdr_bytes){ content, body.len + CDR_SIGNATURE_LEN }, hash));
out:
	free(content);
	return err;
}

/* Evidence holds messages of others; each of them stands for itself. Evidence inside evidence is passed over. */
static cdr_err
take_evidence(struct cdr_ceremony *c, struct cdr_bytes body)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *bag;

	err = cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, body, &bag);
	if (err != CDR_OK) {
		err = err == CDR_E_MEMORY ? err : CDR_OK;
		goto out;
	}
	for (size_t i = 0; i < bag->n_message; i++) {
		if (bag->message[i]->round != CDR_CEREMONY_EVIDENCE)
			CDR_TRY(cdr_ceremony_take(c, bag->message[i]));
	}
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	return err;
}

static bool
is_known(const struct cdr_ceremony_slot *slot, struct cdr_bytes content)
{
	for (size_t i = 0; i < slot->count; i++) {
		const struct cdr_buffer *have = &slot->version[i].content;

		if (have->len == content.len && memcmp(have->data, content.data, content.len) == 0)
			return true;
	}
	return false;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_take(struct cdr_ceremony *c, const Cdr__Wire__CeremonyMessage *message)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes content = cdr_message_bytes(message->content);
		struct cdr_ceremony_slot *slot;
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];

	if (message->ceremony.len != sizeof(c->id) || memcmp(message->ceremony.data, c->id, sizeof(c->id)) != 0 ||
	    message->round < 1 || message->round > CDR_CEREMONY_ROUND_COUNT || message->to != 0 || message->from < 1 || message->from > c->n ||
	    !cdr_ceremony_takes_part(c, message->round, message->from) ||
	    content.len < CDR_SIGNATURE_LEN || content.len > CDR_CEREMONY_CONTENT_LEN_MAX)
		return CDR_OK;
	slot = cdr_ceremony_slot(c, message->round, message->from);
	if (is_known(slot, content))
		return CDR_OK;
	content.len -= CDR_SIGNATURE_LEN;
	CDR_TRY(digest(c, message->round, message->from, content, hash));
	err = cdr_verify(c->plan->participant[message->from - 1]->party->signing_key.data, hash, sizeof(hash), content.data + content.len);
	if (err == CDR_E_SIGNATURE) {
		slot->is_forged = true;
		return CDR_OK;
	}
	if (err != CDR_OK)
		return err;
	if (message->round == CDR_CEREMONY_EVIDENCE)
		CDR_TRY(take_evidence(c, content));
	content.len += CDR_SIGNATURE_LEN;
	CDR_TRY(keep(slot, content, hash));
out:
	return err;
}

/* ---- round 1 ---- */

/* What the proof of a key signs: label, ceremony, sender, key. */
static cdr_err
possesses(const struct cdr_ceremony *c, uint8_t from, const uint8_t *key, uint8_t hash[static CDR_CEREMONY_DIGEST_LEN])
{
	const struct cdr_bytes parts[] = {
		LABEL(key_label),
		{ c->id, sizeof(c->id) },
		{ &from, 1 },
		{ key, CDR_POINT_LEN },
	};

	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), hash);
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_key_make(const struct cdr_ceremony *c, uint8_t body[static CDR_CEREMONY_KEY_BODY_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];

	CDR_TRY(cdr_group_mul_base(c->secret->static_secret, body));
	CDR_TRY(possesses(c, c->index, body, hash));
	CDR_TRY(cdr_dkg_sign(c->secret->static_secret, (struct cdr_bytes){ hash, sizeof(hash) }, body + CDR_POINT_LEN));
out:
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_key_check(const struct cdr_ceremony *c, uint8_t from, struct cdr_bytes body)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];

	if (body.len != CDR_CEREMONY_KEY_BODY_LEN)
		return CDR_E_INPUT;
	CDR_TRY(possesses(c, from, body.data, hash));
	CDR_TRY(cdr_dkg_verify(body.data, (struct cdr_bytes){ hash, sizeof(hash) }, body.data + CDR_POINT_LEN));
out:
	return err;
}

/* A digest of what was signed with one message of ${round} of each who had to send one. */
static cdr_err
digest_all(const struct cdr_ceremony *c, uint32_t round, const char *label, size_t label_size,
    uint8_t out[static CDR_CEREMONY_DIGEST_LEN])
{
	struct cdr_bytes parts[1 + CDR_CEREMONY_PARTICIPANT_MAX] = { { (const uint8_t *)label, label_size } };
	size_t count = 1;

	for (uint8_t i = 1; i <= c->n; i++) {
		if (cdr_ceremony_takes_part(c, round, i))
			parts[count++] = (struct cdr_bytes){ cdr_ceremony_slot_peek(c, round, i)->version[0].digest,
				CDR_CEREMONY_DIGEST_LEN };
	}
	return cdr_sha256(parts, count, out);
}

/* ---- round 2 ---- */

/* What the two further proofs of an offer sign, with the secrets of the ephemeral and of the static key. */
static cdr_err
knows(const struct cdr_ceremony *c, struct cdr_bytes offer, uint8_t hash[static CDR_CEREMONY_DIGEST_LEN])
{
	const struct cdr_bytes parts[] = {
		LABEL(knows_label),
		{ c->group.context, CDR_DKG_CONTEXT_LEN },
		offer,
	};

	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), hash);
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_offer_make(struct cdr_ceremony *c, struct cdr_buffer *body)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_dkg_offer offer;
	const struct cdr_dkg_dealer dealer = { c->secret->static_secret, c->secret->ephemeral,
		c->secret->coefficients[0] };
	size_t len = cdr_dkg_offer_len(&c->group);
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];

	CDR_TRY(cdr_dkg_offer_make(&c->group, c->index, &dealer, &offer));
	body->data = malloc(CDR_CEREMONY_DIGEST_LEN + len + CDR_CEREMONY_OFFER_PROOFS_LEN);
	if (body->data == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	body->len = CDR_CEREMONY_DIGEST_LEN + len + CDR_CEREMONY_OFFER_PROOFS_LEN;
	CDR_TRY(digest_all(c, CDR_CEREMONY_KEY, keys_label, sizeof(keys_label), body->data));
	uint8_t *at = body->data + CDR_CEREMONY_DIGEST_LEN;
	cdr_dkg_offer_write(&c->group, &offer, at);
	CDR_TRY(knows(c, (struct cdr_bytes){ at, len }, hash));
	const struct cdr_bytes message = { hash, sizeof(hash) };
	CDR_TRY(cdr_dkg_sign(c->secret->ephemeral, message, at + len));
	CDR_TRY(cdr_dkg_sign(c->secret->static_secret, message, at + len + CDR_DKG_SIGNATURE_LEN));
out:
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_offer_check(const struct cdr_ceremony *c, uint8_t from, struct cdr_bytes body, struct cdr_dkg_offer *offer)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = cdr_dkg_offer_len(&c->group);
	uint8_t hash[CDR_CEREMONY_DIGEST_LEN];

	if (body.len != CDR_CEREMONY_DIGEST_LEN + len + CDR_CEREMONY_OFFER_PROOFS_LEN)
		return CDR_E_INPUT;
	CDR_TRY(digest_all(c, CDR_CEREMONY_KEY, keys_label, sizeof(keys_label), hash));
	if (memcmp(body.data, hash, sizeof(hash)) != 0)
		return CDR_E_EXISTS;
	const uint8_t *at = body.data + CDR_CEREMONY_DIGEST_LEN;
	const struct cdr_bytes bytes = { at, len }, message = { hash, sizeof(hash) };
	CDR_TRY(cdr_dkg_offer_read(&c->group, bytes, offer));
	CDR_TRY(cdr_dkg_offer_check(&c->group, from, offer));
	CDR_TRY(knows(c, bytes, hash));
	CDR_TRY(cdr_dkg_verify(offer->ephemeral, message, at + len));
	CDR_TRY(cdr_dkg_verify(c->group.key[from - 1], message, at + len + CDR_DKG_SIGNATURE_LEN));
out:
	return err;
}

/* ---- round 3 ---- */

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_echo_read(const struct cdr_ceremony *c, struct cdr_bytes body, struct cdr_ceremony_echo *echo)
{
	size_t digests_len = (size_t)c->n * CDR_CEREMONY_DIGEST_LEN;

	if (body.len < digests_len || (body.len - digests_len) % CDR_CEREMONY_COMPLAINT_LEN != 0)
		return CDR_E_INPUT;
	echo->digests = body.data;
	echo->complaints = body.data + digests_len;
	echo->complaint_count = (body.len - digests_len) / CDR_CEREMONY_COMPLAINT_LEN;
	if (echo->complaint_count > c->n)
		return CDR_E_INPUT;
	/* Each complaint is about somebody, and about somebody else than the one before. */
	for (size_t i = 0, before = 0; i < echo->complaint_count; i++) {
		uint8_t accused = echo->complaints[i * CDR_CEREMONY_COMPLAINT_LEN];

		if (accused <= before || accused > c->n || !cdr_ceremony_deals(c, accused))
			return CDR_E_INPUT;
		before = accused;
	}
	return CDR_OK;
}

/* The points of which a complaint says that their logarithms are the complainer's secret, and their multiples. */
static cdr_err
complaint_points(const struct cdr_ceremony *c, uint8_t accused, const uint8_t *ephemeral, const uint8_t *shared,
    struct cdr_points **bases, struct cdr_points **values)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t both[2 * CDR_POINT_LEN];

	memcpy(both, ephemeral, CDR_POINT_LEN);
	memcpy(both + CDR_POINT_LEN, c->group.key[accused - 1], CDR_POINT_LEN);
	CDR_TRY(cdr_points_decode(both, 2, bases));
	CDR_TRY(cdr_points_decode(shared, 2, values));
out:
	return err;
}

static const struct cdr_bytes complaint_context = LABEL(complaint_label);

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_complaint_make(const struct cdr_ceremony *c, uint8_t accused,
    uint8_t out[static CDR_CEREMONY_COMPLAINT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *ephemeral = c->offer[accused - 1].ephemeral;
	uint8_t *shared = out + 1, random[CDR_SCALAR_LEN];
	struct cdr_points *bases = NULL, *values = NULL;

	out[0] = accused;
	CDR_TRY(cdr_dkg_shared_receiver(&c->group, accused, c->secret->static_secret, ephemeral, shared));
	CDR_TRY(complaint_points(c, accused, ephemeral, shared, &bases, &values));
	CDR_TRY(cdr_scalar_random(random));
	CDR_TRY(cdr_proof_make(complaint_context, c->secret->static_secret, bases, values, random,
	    shared + CDR_DKG_SHARED_LEN));
out:
	cdr_wipe(random, sizeof(random));
	cdr_points_free(values);
	cdr_points_free(bases);
	return err;
}

/* Whether the values in the complaint are the complainer's. */
static cdr_err
complaint_verify(const struct cdr_ceremony *c, uint8_t complainer, const struct cdr_dkg_offer *offer,
    const uint8_t *complaint)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *shared = complaint + 1, *proof = shared + CDR_DKG_SHARED_LEN;
	struct cdr_points *bases = NULL, *values = NULL;
	struct cdr_fixed_point *key = NULL;

	CDR_TRY(complaint_points(c, complaint[0], offer->ephemeral, shared, &bases, &values));
	CDR_TRY(cdr_fixed_point_new(c->group.key[complainer - 1], false, &key));
	CDR_TRY(cdr_proof_verify(complaint_context, key, bases, values, proof));
out:
	cdr_fixed_point_free(key);
	cdr_points_free(values);
	cdr_points_free(bases);
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_complaint_judge(const struct cdr_ceremony *c, uint8_t complainer, const struct cdr_dkg_offer *offer,
    const uint8_t complaint[static CDR_CEREMONY_COMPLAINT_LEN])
{
	uint8_t share[CDR_SCALAR_LEN];
	cdr_err err = complaint_verify(c, complainer, offer, complaint);

	if (err == CDR_E_POINT)
		return CDR_E_PROOF;
	if (err != CDR_OK)
		return err;
	err = cdr_dkg_share_open(&c->group, complaint[0], complainer, offer, complaint + 1, share);
	cdr_wipe(share, sizeof(share));
	if (err == CDR_E_SEALED || err == CDR_E_SHARE)
		return CDR_OK;
	return err == CDR_OK ? CDR_E_PROOF : err;
}

/* ---- round 4 ---- */

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_transcript(const struct cdr_ceremony *c, struct cdr_buffer *transcript)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t extension[2 * CDR_SHA256_LEN];
	const struct cdr_bytes bytes = { extension, sizeof(extension) };

	CDR_TRY(digest_all(c, CDR_CEREMONY_KEY, keys_label, sizeof(keys_label), extension));
	CDR_TRY(digest_all(c, CDR_CEREMONY_OFFER, offers_label, sizeof(offers_label), extension + CDR_SHA256_LEN));
	transcript->len = cdr_dkg_transcript_len(&c->group, bytes.len);
	transcript->data = malloc(transcript->len);
	if (transcript->data == NULL) {
		transcript->len = 0;
		return CDR_E_MEMORY;
	}
	cdr_dkg_transcript(&c->group, c->offer, bytes, transcript->data);
out:
	return err;
}
