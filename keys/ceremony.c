#include "keys/ceremony_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/sign.h"

static const char id_label[] = "candor/1 ceremony id";
static const char secret_label[] = "candor/1 ceremony secret";
#define EPHEMERAL_NUMBER 255

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_id(const uint8_t genesis[static CDR_ROSTER_HASH_LEN], enum cdr_key_kind kind, uint32_t number,
    uint32_t attempt, uint8_t id[static CDR_CEREMONY_ID_LEN])
{
	uint8_t numbers[12];
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)id_label, sizeof(id_label) },
		{ genesis, CDR_ROSTER_HASH_LEN },
		{ numbers, sizeof(numbers) },
	};

	cdr_ceremony_number((uint32_t)kind, numbers);
	cdr_ceremony_number(number, numbers + 4);
	cdr_ceremony_number(attempt, numbers + 8);
	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), id);
}

/* ---- setting up ---- */

/* One secret scalar of this ceremony, from the stored seed: the same after every start. */
static cdr_err
derive_scalar(const struct cdr_ceremony *c, uint8_t number, uint8_t out[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t wide[CDR_SCALAR_WIDE_LEN];
	const struct cdr_bytes info[] = {
		{ (const uint8_t *)secret_label, sizeof(secret_label) },
		{ c->id, sizeof(c->id) },
		{ &number, 1 },
	};

	CDR_TRY(cdr_hkdf_expand(c->secret->seed, info, sizeof(info) / sizeof(info[0]), wide, sizeof(wide)));
	cdr_scalar_reduce_wide(wide, out);
	if (!cdr_scalar_valid(out))
		err = CDR_E_INTERNAL; /* 0: once in 2^256 */
out:
	cdr_wipe(wide, sizeof(wide));
	return err;
}

/* Our static public keys as they are in the roster, and the participants' context. */
static cdr_err
init_group(struct cdr_ceremony *c, struct cdr_fault *fault)
{
	const Cdr__Wire__Roster *body = c->roster->body;
	uint8_t keys[CDR_TRUSTEES_MAX][CDR_POINT_LEN];
	cdr_err err = CDR_E_INTERNAL;

	if (body->n_trustee > CDR_TRUSTEES_MAX || body->threshold > body->n_trustee ||
	    2 * body->threshold <= body->n_trustee)
		return cdr_fault_set(fault, CDR_E_ROSTER, "a threshold of %u among %zu trustees: it must be more than half",
		    body->threshold, body->n_trustee);
	for (uint32_t i = 1; i <= body->n_trustee; i++) {
		const Cdr__Wire__Trustee *trustee = cdr_roster_trustee(c->roster, i);

		if (trustee == NULL || trustee->party->sealing_key.len != CDR_POINT_UNCOMPRESSED_LEN)
			return cdr_fault_set(fault, CDR_E_ROSTER, "the roster has no trustee %u with a sealing key", i);
		/* SEC 1 sec. 2.3.3: x behind the parity of y. */
		const uint8_t *key = trustee->party->sealing_key.data;
		keys[i - 1][0] = 2 | (key[CDR_POINT_UNCOMPRESSED_LEN - 1] & 1);
		memcpy(keys[i - 1] + 1, key + 1, CDR_POINT_LEN - 1);
	}
	err = cdr_dkg_group_init((uint8_t)body->n_trustee, (uint8_t)body->threshold, keys[0],
	    (struct cdr_bytes){ c->id, sizeof(c->id) }, &c->group);
	if (err == CDR_E_POINT || err == CDR_E_EXISTS)
		return cdr_fault_set(fault, CDR_E_ROSTER, "the roster's trustees do not have different, valid sealing keys");
	return err;
}

/* The roster must name us with our own keys, or we would run somebody else's ceremony. */
static cdr_err
check_own(const struct cdr_ceremony *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Trustee *own = cdr_roster_trustee(c->roster, c->index);
	uint8_t public[CDR_SIGN_PUBLIC_LEN], point[CDR_POINT_LEN];

	CDR_TRY(cdr_sign_public(c->secret->signing_seed, public));
	CDR_TRY(cdr_group_mul_base(c->secret->static_secret, point));
	if (own->party->signing_key.len != sizeof(public) ||
	    memcmp(own->party->signing_key.data, public, sizeof(public)) != 0 ||
	    memcmp(c->group.key[c->index - 1], point, sizeof(point)) != 0)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the roster's keys for trustee %u are not this trustee's", c->index);
out:
	return err;
}

static cdr_err
derive_secrets(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(derive_scalar(c, EPHEMERAL_NUMBER, c->secret->ephemeral));
	for (uint8_t i = 0; i < c->group.t; i++)
		CDR_TRY(derive_scalar(c, i, c->secret->coefficients[i]));
out:
	return err;
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_new(const struct cdr_ceremony_config *config, struct cdr_ceremony **ceremony, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ceremony *c = calloc(1, sizeof(*c));

	*ceremony = NULL;
	if (c == NULL)
		return CDR_E_MEMORY;
	c->roster = config->roster;
	if (config->index < 1 || config->index > CDR_TRUSTEES_MAX ||
	    cdr_roster_trustee(config->roster, config->index) == NULL) {
		err = cdr_fault_set(fault, CDR_E_ROSTER, "the roster has no trustee %u", config->index);
		goto out;
	}
	c->index = (uint8_t)config->index;
	c->secret = cdr_secret_alloc(sizeof(*c->secret));
	if (c->secret == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	memcpy(c->secret->signing_seed, config->signing_seed, sizeof(c->secret->signing_seed));
	memcpy(c->secret->static_secret, config->static_secret, sizeof(c->secret->static_secret));
	memcpy(c->secret->seed, config->seed, sizeof(c->secret->seed));
	CDR_TRY(cdr_ceremony_id(config->genesis, config->kind, config->number, config->attempt, c->id));
	CDR_TRY(init_group(c, fault));
	CDR_TRY(check_own(c, fault));
	CDR_TRY(derive_secrets(c));
	*ceremony = c;
	c = NULL;
out:
	cdr_ceremony_free(c);
	return err;
}

void
cdr_ceremony_free(struct cdr_ceremony *c)
{
	if (c == NULL)
		return;
	for (size_t round = 0; round < CDR_CEREMONY_ROUND_COUNT; round++) {
		for (size_t i = 0; i < CDR_TRUSTEES_MAX; i++) {
			cdr_buffer_free(&c->slot[round][i].version[0].content);
			cdr_buffer_free(&c->slot[round][i].version[1].content);
		}
	}
	cdr_secret_free(c->secret);
	free(c);
}

/* ---- what is ours to say ---- */

static bool
has_said(const struct cdr_ceremony *c, uint32_t round)
{
	return cdr_ceremony_slot_peek(c, round, c->index)->count > 0;
}

static cdr_err
say_offer(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer body = { 0 };

	CDR_TRY(cdr_ceremony_offer_make(c, &body));
	CDR_TRY(cdr_ceremony_say(c, CDR_CEREMONY_OFFER, cdr_buffer_bytes(&body)));
out:
	cdr_buffer_free(&body);
	return err;
}

/* Open the share that ${from} dealt us. CDR_E_SHARE if there is a reason to complain. */
static cdr_err
open_share(const struct cdr_ceremony *c, uint8_t from, uint8_t share[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_dkg_offer *offer = &c->offer[from - 1];
	uint8_t shared[CDR_DKG_SHARED_LEN];

	CDR_TRY(cdr_dkg_shared_receiver(&c->group, from, c->secret->static_secret, offer->ephemeral, shared));
	err = cdr_dkg_share_open(&c->group, from, c->index, offer, shared, share);
	if (err == CDR_E_SEALED)
		err = CDR_E_SHARE;
out:
	cdr_wipe(shared, sizeof(shared));
	return err;
}

static cdr_err
say_echo(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t body[CDR_TRUSTEES_MAX * (CDR_CEREMONY_DIGEST_LEN + CDR_CEREMONY_COMPLAINT_LEN)];
	uint8_t share[CDR_SCALAR_LEN];
	size_t len = 0;

	for (uint8_t i = 1; i <= c->group.n; i++) {
		memcpy(body + len, cdr_ceremony_slot(c, CDR_CEREMONY_OFFER, i)->version[0].digest, CDR_CEREMONY_DIGEST_LEN);
		len += CDR_CEREMONY_DIGEST_LEN;
	}
	for (uint8_t i = 1; i <= c->group.n; i++) {
		err = open_share(c, i, share);
		if (err == CDR_OK)
			continue;
		if (err != CDR_E_SHARE)
			goto out;
		CDR_TRY(cdr_ceremony_complaint_make(c, i, body + len));
		len += CDR_CEREMONY_COMPLAINT_LEN;
	}
	CDR_TRY(cdr_ceremony_say(c, CDR_CEREMONY_ECHO, (struct cdr_bytes){ body, len }));
out:
	cdr_wipe(share, sizeof(share));
	return err;
}

static cdr_err
say_certificate(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer transcript = { 0 };
	uint8_t signature[CDR_DKG_SIGNATURE_LEN];

	CDR_TRY(cdr_ceremony_transcript(c, &transcript));
	CDR_TRY(cdr_dkg_sign(c->secret->static_secret, cdr_buffer_bytes(&transcript), signature));
	CDR_TRY(cdr_ceremony_say(c, CDR_CEREMONY_CERTIFICATE, (struct cdr_bytes){ signature, sizeof(signature) }));
out:
	cdr_buffer_free(&transcript);
	return err;
}

/* ---- bags of messages: what is saved, and evidence ---- */

#define BAG_COUNT_MAX (2 * CDR_CEREMONY_ROUND_COUNT * CDR_TRUSTEES_MAX)

struct bag {
	Cdr__Wire__CeremonyMessage message[BAG_COUNT_MAX];
	Cdr__Wire__CeremonyMessage *pointer[BAG_COUNT_MAX];
	size_t count;
};

static void
fill_message(const struct cdr_ceremony *c, uint32_t round, uint32_t from, const struct cdr_ceremony_version *version,
    Cdr__Wire__CeremonyMessage *message)
{
	cdr__wire__ceremony_message__init(message);
	message->ceremony = cdr_message_field(c->id, sizeof(c->id));
	message->round = round;
	message->from = from;
	message->to = 0;
	message->content = cdr_message_field(version->content.data, version->content.len);
}

static void
bag_add(struct bag *bag, const struct cdr_ceremony *c, uint32_t round, uint32_t from)
{
	const struct cdr_ceremony_slot *slot = cdr_ceremony_slot_peek(c, round, from);

	for (size_t i = 0; i < slot->count && bag->count < BAG_COUNT_MAX; i++) {
		fill_message(c, round, from, &slot->version[i], &bag->message[bag->count]);
		bag->pointer[bag->count] = &bag->message[bag->count];
		bag->count++;
	}
}

static cdr_err
bag_encode(struct bag *bag, struct cdr_buffer *out)
{
	Cdr__Wire__CeremonyMessages messages = CDR__WIRE__CEREMONY_MESSAGES__INIT;

	messages.n_message = bag->count;
	messages.message = bag->pointer;
	return cdr_message_encode(&messages.base, out);
}

/*
 * Show the others what ended the ceremony for us: everything that the two who are concerned signed. Where echoes
 * disagree, that is the strange echo, and the offer as we have it: whoever has another can then show the two.
 */
static cdr_err
say_evidence(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer body = { 0 };
	struct bag *bag = calloc(1, sizeof(*bag));
	bool is_fault = c->finding_count > 0;
	uint8_t first = is_fault ? c->finding[0].trustee : c->view.odd_offer;
	uint8_t second = is_fault ? c->finding[0].other : c->view.odd_echo;

	if (bag == NULL)
		return CDR_E_MEMORY;
	for (uint32_t round = CDR_CEREMONY_OFFER; round < CDR_CEREMONY_EVIDENCE; round++) {
		bag_add(bag, c, round, first);
		if (second != 0 && second != first)
			bag_add(bag, c, round, second);
	}
	CDR_TRY(bag_encode(bag, &body));
	CDR_TRY(cdr_ceremony_say(c, CDR_CEREMONY_EVIDENCE, cdr_buffer_bytes(&body)));
out:
	cdr_buffer_free(&body);
	free(bag);
	return err;
}

/* ---- the step ---- */

/* All certified: work out the key and our share of it (c2sp.org/cocktail-dkg, Round 2, step 4). */
static cdr_err
finish(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer transcript = { 0 };
	uint8_t share[CDR_SCALAR_LEN], point[CDR_POINT_LEN];
	uint8_t *sum = c->secret->share;

	CDR_TRY(cdr_dkg_key(&c->group, c->offer, &c->key));
	memset(sum, 0, CDR_SCALAR_LEN);
	for (uint8_t i = 1; i <= c->group.n; i++) {
		CDR_TRY(open_share(c, i, share));
		cdr_scalar_add(sum, share, sum);
	}
	/* 4.4: x_i * B = Y_i */
	CDR_TRY(cdr_group_mul_base(sum, point));
	if (memcmp(point, c->key.public_share[c->index - 1], sizeof(point)) != 0) {
		err = CDR_E_INTERNAL;
		goto out;
	}
	CDR_TRY(cdr_ceremony_transcript(c, &transcript));
	struct cdr_bytes bytes = cdr_buffer_bytes(&transcript);
	CDR_TRY(cdr_sha256(&bytes, 1, c->transcript));
	c->state = CDR_CEREMONY_DONE;
out:
	cdr_wipe(share, sizeof(share));
	cdr_buffer_free(&transcript);
	return err;
}

/* One thing that is ours to say now, if there is one. */
static cdr_err
say_next(struct cdr_ceremony *c, bool *said)
{
	const struct cdr_ceremony_view *view = &c->view;

	*said = true;
	if (c->finding_count > 0) {
		c->state = CDR_CEREMONY_FAILED;
		if (!has_said(c, CDR_CEREMONY_EVIDENCE))
			return say_evidence(c);
	} else if (!has_said(c, CDR_CEREMONY_OFFER)) {
		return say_offer(c);
	} else if (view->has_offers && !has_said(c, CDR_CEREMONY_ECHO)) {
		return say_echo(c);
	} else if (!view->agrees && !has_said(c, CDR_CEREMONY_EVIDENCE)) {
		return say_evidence(c);
	} else if (view->has_offers && view->has_echoes && view->agrees && !has_said(c, CDR_CEREMONY_CERTIFICATE)) {
		return say_certificate(c);
	}
	*said = false;
	return CDR_OK;
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_step(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	for (bool said = true; said;) {
		c->state = CDR_CEREMONY_RUNNING;
		CDR_TRY(cdr_ceremony_judge(c));
		/* Certificates of all count more than anything else: nobody gives one and a reason to stop. */
		if (c->view.is_certified) {
			c->finding_count = 0;
			return finish(c);
		}
		CDR_TRY(say_next(c, &said));
	}
	err = CDR_OK;
out:
	return err;
}

/* ---- what is known ---- */

enum cdr_ceremony_state
cdr_ceremony_state(const struct cdr_ceremony *c)
{
	return c->state;
}

bool
cdr_ceremony_has_certified(const struct cdr_ceremony *c)
{
	return has_said(c, CDR_CEREMONY_CERTIFICATE);
}

const uint8_t *
cdr_ceremony_id_peek(const struct cdr_ceremony *c)
{
	return c->id;
}

const struct cdr_ceremony_finding *
cdr_ceremony_findings(const struct cdr_ceremony *c, size_t *count)
{
	*count = c->finding_count;
	return c->finding;
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_own(const struct cdr_ceremony *c, uint32_t round, struct cdr_buffer *message)
{
	const struct cdr_ceremony_slot *slot;
	Cdr__Wire__CeremonyMessage wire;

	*message = (struct cdr_buffer){ 0 };
	if (round < 1 || round > CDR_CEREMONY_ROUND_COUNT)
		return CDR_E_ABSENT;
	slot = cdr_ceremony_slot_peek(c, round, c->index);
	if (slot->count == 0)
		return CDR_E_ABSENT;
	fill_message(c, round, c->index, &slot->version[0], &wire);
	return cdr_message_encode(&wire.base, message);
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_save(const struct cdr_ceremony *c, struct cdr_buffer *saved)
{
	struct bag *bag = calloc(1, sizeof(*bag));
	cdr_err err;

	*saved = (struct cdr_buffer){ 0 };
	if (bag == NULL)
		return CDR_E_MEMORY;
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++) {
		for (uint32_t i = 1; i <= c->group.n; i++)
			bag_add(bag, c, round, i);
	}
	err = bag_encode(bag, saved);
	free(bag);
	return err;
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_load(struct cdr_ceremony *c, struct cdr_bytes saved)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *messages;

	if (saved.len > CDR_CEREMONY_SAVED_LEN_MAX)
		return CDR_E_INPUT;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, saved, &messages));
	for (size_t i = 0; i < messages->n_message; i++)
		CDR_TRY(cdr_ceremony_take(c, messages->message[i]));
out:
	cdr_arena_free(&arena);
	return err;
}

/* see keys/ceremony.h */
cdr_err
cdr_ceremony_result(const struct cdr_ceremony *c, struct cdr_dkg_key *key,
    uint8_t transcript[static CDR_ROSTER_HASH_LEN], uint8_t share[static CDR_SCALAR_LEN])
{
	if (c->state != CDR_CEREMONY_DONE)
		return CDR_E_ABSENT;
	*key = c->key;
	memcpy(transcript, c->transcript, CDR_ROSTER_HASH_LEN);
	memcpy(share, c->secret->share, CDR_SCALAR_LEN);
	return CDR_OK;
}
