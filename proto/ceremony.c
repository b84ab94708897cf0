#include "proto/ceremony_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/sign.h"

static const char secret_label[] = "candor/1 ceremony secret";
#define EPHEMERAL_NUMBER 255
#define STATIC_NUMBER 254

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

/* SEC 1 sec. 2.3.3: x behind the parity of y. */
static void
compress(const uint8_t *uncompressed, uint8_t out[static CDR_POINT_LEN])
{
	out[0] = 2 | (uncompressed[CDR_POINT_UNCOMPRESSED_LEN - 1] & 1);
	memcpy(out + 1, uncompressed + 1, CDR_POINT_LEN - 1);
}

/* The keys to which shares are sealed. Who takes no part has none: its sealing key holds its place, and nothing is sealed to it. */
static cdr_err
init_group(const struct cdr_ceremony *c, bool has_keys, struct cdr_dkg_group *group)
{
	uint8_t keys[CDR_CEREMONY_PARTICIPANT_MAX][CDR_POINT_LEN];
	cdr_err err = CDR_E_INTERNAL;

	for (uint8_t i = 1; i <= c->n; i++) {
		const ProtobufCBinaryData sealing = c->plan->participant[i - 1]->party->sealing_key;

		if (has_keys && cdr_ceremony_takes_part(c, CDR_CEREMONY_KEY, i))
			memcpy(keys[i - 1], cdr_ceremony_body(&cdr_ceremony_slot_peek(c, CDR_CEREMONY_KEY, i)->version[0]).data,
			    CDR_POINT_LEN);
		else
			compress(sealing.data, keys[i - 1]);
	}
	CDR_TRY(cdr_dkg_group_init(c->n, (uint8_t)c->plan->threshold, keys[0], (struct cdr_bytes){ c->id, sizeof(c->id) },
	    group));
	if (c->plan->act != CDR_CEREMONY_MAKE)
		CDR_TRY(cdr_dkg_group_change(group, c->plan->act == CDR_CEREMONY_REFRESH ? CDR_DKG_ZEROS : CDR_DKG_AGAIN, c->dealer,
		    c->receiver, c->before, c->public_key));
out:
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_group_set(struct cdr_ceremony *c)
{
	return c->group.n == 0 ? init_group(c, true, &c->group) : CDR_OK;
}

/* Whether an act, and the indices before and after, belong together. */
static bool
plan_is_sound(const Cdr__Wire__CeremonyPlan *plan)
{
	if (plan->act < CDR_CEREMONY_MAKE || plan->act > CDR_CEREMONY_RESHARE || plan->n_participant < 1 ||
	    plan->n_participant > CDR_CEREMONY_PARTICIPANT_MAX || plan->threshold < 1 || plan->threshold > CDR_TRUSTEES_MAX)
		return false;
	for (size_t i = 0; i < plan->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = plan->participant[i];

		if (p->before > CDR_TRUSTEES_MAX || p->after > CDR_TRUSTEES_MAX ||
		    p->party->sealing_key.len != CDR_POINT_UNCOMPRESSED_LEN || p->party->signing_key.len != CDR_SIGN_PUBLIC_LEN)
			return false;
		if (plan->act != CDR_CEREMONY_RESHARE && (p->before != i + 1 || p->after != i + 1))
			return false;
	}
	return true;
}

/* Who deals what to whom. Whether it can be carried out is found by setting up the group with other keys. */
static cdr_err
read_plan(struct cdr_ceremony *c, const struct cdr_roster_key *key, struct cdr_fault *fault)
{
	const Cdr__Wire__CeremonyPlan *plan = c->plan;
	struct cdr_dkg_group trial;

	if (!plan_is_sound(plan) || (plan->act == CDR_CEREMONY_MAKE) != (key == NULL))
		return cdr_fault_set(fault, CDR_E_ROSTER, "the plan of the ceremony is none that can be carried out");
	c->n = (uint8_t)plan->n_participant;
	for (size_t i = 0; i < c->n; i++) {
		c->dealer[i] = (uint8_t)plan->participant[i]->before;
		c->receiver[i] = (uint8_t)plan->participant[i]->after;
	}
	if (2 * plan->threshold <= plan->n_participant && plan->act != CDR_CEREMONY_RESHARE)
		return cdr_fault_set(fault, CDR_E_ROSTER, "a threshold of %u among %zu trustees: it must be more than half",
		    plan->threshold, plan->n_participant);
	for (size_t i = 0; key != NULL && i < key->share_count && i < CDR_TRUSTEES_MAX; i++)
		memcpy(c->before + i * CDR_POINT_LEN, key->public_share[i].data, CDR_POINT_LEN);
	if (key != NULL)
		memcpy(c->public_key, key->public_key.data, CDR_POINT_LEN);
	cdr_err err = init_group(c, false, &trial);
	if (err == CDR_E_POINT || err == CDR_E_EXISTS)
		return cdr_fault_set(fault, CDR_E_ROSTER, "the trustees do not have different, valid sealing keys");
	if (err == CDR_E_RANGE)
		return cdr_fault_set(fault, CDR_E_ROSTER, plan->act == CDR_CEREMONY_REFRESH && plan->threshold < 2 ?
		    "a key that one trustee uses alone has no shares that could be changed" :
		    "the plan of the ceremony is none that can be carried out");
	if (err == CDR_E_SHARE)
		return cdr_fault_set(fault, err, "those who would deal do not have the key together");
	return err;
}

/* The plan must name us with our own key, and our share must be the one that everybody knows. */
static cdr_err
check_own(const struct cdr_ceremony *c, const uint8_t *share, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public[CDR_SIGN_PUBLIC_LEN], point[CDR_POINT_LEN];
	uint8_t index = c->dealer[c->index - 1];

	CDR_TRY(cdr_sign_public(c->secret->signing_seed, public));
	if (memcmp(c->plan->participant[c->index - 1]->party->signing_key.data, public, sizeof(public)) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the roster's keys for trustee %u are not this trustee's", c->index);
	if (c->plan->act == CDR_CEREMONY_MAKE || index == 0)
		return CDR_OK;
	err = share != NULL ? cdr_group_mul_base(share, point) : CDR_E_INPUT;
	if (err == CDR_E_INPUT || (err == CDR_OK && memcmp(point, c->before + (size_t)(index - 1) * CDR_POINT_LEN,
	    sizeof(point)) != 0))
		return cdr_fault_set(fault, CDR_E_REFUSED, "this trustee does not have the share of the key that the roster names");
out:
	return err;
}

static cdr_err
derive_secrets(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(derive_scalar(c, EPHEMERAL_NUMBER, c->secret->ephemeral));
	CDR_TRY(derive_scalar(c, STATIC_NUMBER, c->secret->static_secret));
	for (uint8_t i = 0; i < c->plan->threshold; i++)
		CDR_TRY(derive_scalar(c, i, c->secret->coefficients[i]));
	/* What is dealt again is the share itself. */
	if (c->plan->act == CDR_CEREMONY_RESHARE && c->dealer[c->index - 1] != 0)
		memcpy(c->secret->coefficients[0], c->secret->before, CDR_SCALAR_LEN);
out:
	return err;
}

static cdr_err
take_secrets(struct cdr_ceremony *c, const struct cdr_ceremony_config *config, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	c->secret = cdr_secret_alloc(sizeof(*c->secret));
	if (c->secret == NULL)
		return CDR_E_MEMORY;
	memcpy(c->secret->signing_seed, config->signing_seed, sizeof(c->secret->signing_seed));
	memcpy(c->secret->seed, config->seed, sizeof(c->secret->seed));
	if (config->share != NULL)
		memcpy(c->secret->before, config->share, sizeof(c->secret->before));
	CDR_TRY(check_own(c, config->share, fault));
	CDR_TRY(derive_secrets(c));
out:
	return err;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_new(const struct cdr_ceremony_config *config, struct cdr_ceremony **ceremony, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ceremony *c = calloc(1, sizeof(*c));
	bool watches = config->signing_seed == NULL;

	*ceremony = NULL;
	if (c == NULL)
		return CDR_E_MEMORY;
	c->plan = config->plan;
	CDR_TRY(cdr_ceremony_id(c->plan, c->id));
	CDR_TRY(read_plan(c, config->key, fault));
	if (config->index > c->n || (config->index == 0) != watches ||
	    (!watches && !cdr_ceremony_takes_part(c, CDR_CEREMONY_KEY, config->index))) {
		err = cdr_fault_set(fault, CDR_E_ROSTER, "the plan of the ceremony has no trustee %u", config->index);
		goto out;
	}
	c->index = (uint8_t)config->index;
	if (!watches)
		CDR_TRY(take_secrets(c, config, fault));
	*ceremony = c;
	c = NULL;
	err = CDR_OK;
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
		for (size_t i = 0; i < CDR_CEREMONY_PARTICIPANT_MAX; i++) {
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
say_key(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t body[CDR_CEREMONY_KEY_BODY_LEN];

	CDR_TRY(cdr_ceremony_key_make(c, body));
	CDR_TRY(cdr_ceremony_say(c, CDR_CEREMONY_KEY, (struct cdr_bytes){ body, sizeof(body) }));
out:
	return err;
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
	uint8_t body[CDR_CEREMONY_PARTICIPANT_MAX * (CDR_CEREMONY_DIGEST_LEN + CDR_CEREMONY_COMPLAINT_LEN)] = { 0 };
	uint8_t share[CDR_SCALAR_LEN];
	size_t len = 0;

	for (uint8_t i = 1; i <= c->n; i++) {
		if (cdr_ceremony_deals(c, i))
			memcpy(body + len, cdr_ceremony_slot(c, CDR_CEREMONY_OFFER, i)->version[0].digest, CDR_CEREMONY_DIGEST_LEN);
		len += CDR_CEREMONY_DIGEST_LEN;
	}
	for (uint8_t i = 1; i <= c->n; i++) {
		if (!cdr_ceremony_deals(c, i) || c->receiver[c->index - 1] == 0)
			continue;
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

#define BAG_COUNT_MAX (2 * CDR_CEREMONY_ROUND_COUNT * CDR_CEREMONY_PARTICIPANT_MAX)

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
	uint8_t second = is_fault ? c->finding[0].other : c->view.odd_from;

	if (bag == NULL)
		return CDR_E_MEMORY;
	/* Where keys are in doubt, nobody knows yet whose. */
	for (uint32_t i = 1; first == 0 && i <= c->n; i++)
		bag_add(bag, c, CDR_CEREMONY_KEY, i);
	for (uint32_t round = CDR_CEREMONY_KEY; round < CDR_CEREMONY_EVIDENCE; round++) {
		if (first != 0)
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

/* Our share from what everybody dealt us (c2sp.org/cocktail-dkg, Round 2, step 4). */
static cdr_err
add_shares(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t share[CDR_SCALAR_LEN], point[CDR_POINT_LEN];
	uint8_t *sum = c->secret->share, index = c->receiver[c->index - 1];

	memset(sum, 0, CDR_SCALAR_LEN);
	if (index == 0)
		return CDR_OK;
	if (c->plan->act == CDR_CEREMONY_REFRESH)
		memcpy(sum, c->secret->before, CDR_SCALAR_LEN);
	for (uint8_t i = 1; i <= c->n; i++) {
		if (!cdr_ceremony_deals(c, i))
			continue;
		CDR_TRY(open_share(c, i, share));
		CDR_TRY(cdr_dkg_share_add(&c->group, i, c->index, share, sum));
	}
	/* 4.4: x_i * B = Y_i */
	CDR_TRY(cdr_group_mul_base(sum, point));
	err = memcmp(point, c->key.public_share[index - 1], sizeof(point)) == 0 ? CDR_OK : CDR_E_INTERNAL;
out:
	cdr_wipe(share, sizeof(share));
	return err;
}

/* All certified: work out the key and our share of it. */
static cdr_err
finish(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer transcript = { 0 };

	CDR_TRY(cdr_dkg_key(&c->group, c->offer, &c->key));
	if (c->index != 0)
		CDR_TRY(add_shares(c));
	CDR_TRY(cdr_ceremony_transcript(c, &transcript));
	struct cdr_bytes bytes = cdr_buffer_bytes(&transcript);
	CDR_TRY(cdr_sha256(&bytes, 1, c->transcript));
	c->state = CDR_CEREMONY_DONE;
out:
	cdr_buffer_free(&transcript);
	return err;
}

/* Whether ${round} is one in which we speak, and have not yet. */
static bool
must_say(const struct cdr_ceremony *c, uint32_t round)
{
	return cdr_ceremony_takes_part(c, round, c->index) && !has_said(c, round);
}

/* One thing that is ours to say now, if there is one. */
static cdr_err
say_next(struct cdr_ceremony *c, bool *said)
{
	const struct cdr_ceremony_view *view = &c->view;
	bool has_shown;

	*said = false;
	if (c->finding_count > 0)
		c->state = CDR_CEREMONY_FAILED;
	if (c->index == 0)
		return CDR_OK;
	*said = true;
	has_shown = has_said(c, CDR_CEREMONY_EVIDENCE);
	if (c->finding_count > 0 && !has_shown)
		return say_evidence(c);
	if (c->finding_count == 0) {
		if (must_say(c, CDR_CEREMONY_KEY))
			return say_key(c);
		if (view->has_keys && must_say(c, CDR_CEREMONY_OFFER))
			return say_offer(c);
		if (!view->agrees && !has_shown)
			return say_evidence(c);
		if (view->has_offers && must_say(c, CDR_CEREMONY_ECHO))
			return say_echo(c);
		if (view->has_offers && view->has_echoes && view->agrees && must_say(c, CDR_CEREMONY_CERTIFICATE))
			return say_certificate(c);
	}
	*said = false;
	return CDR_OK;
}

/* What we said in the first round must follow from our seed, or we could not open what is sealed to us. */
static cdr_err
check_seed(const struct cdr_ceremony *c)
{
	const struct cdr_ceremony_slot *slot;
	uint8_t key[CDR_POINT_LEN];
	cdr_err err;

	if (c->index == 0)
		return CDR_OK;
	slot = cdr_ceremony_slot_peek(c, CDR_CEREMONY_KEY, c->index);
	if (slot->count == 0)
		return CDR_OK;
	err = cdr_group_mul_base(c->secret->static_secret, key);
	if (err != CDR_OK)
		return err;
	struct cdr_bytes body = cdr_ceremony_body(&slot->version[0]);
	return body.len >= sizeof(key) && memcmp(body.data, key, sizeof(key)) == 0 ? CDR_OK : CDR_E_EXISTS;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_step(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_seed(c));
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
	return c->index != 0 && has_said(c, CDR_CEREMONY_CERTIFICATE);
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

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_own(const struct cdr_ceremony *c, uint32_t round, struct cdr_buffer *message)
{
	const struct cdr_ceremony_slot *slot;
	Cdr__Wire__CeremonyMessage wire;

	*message = (struct cdr_buffer){ 0 };
	if (round < 1 || round > CDR_CEREMONY_ROUND_COUNT || c->index == 0)
		return CDR_E_ABSENT;
	slot = cdr_ceremony_slot_peek(c, round, c->index);
	if (slot->count == 0)
		return CDR_E_ABSENT;
	fill_message(c, round, c->index, &slot->version[0], &wire);
	return cdr_message_encode(&wire.base, message);
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_save(const struct cdr_ceremony *c, struct cdr_buffer *saved)
{
	struct bag *bag = calloc(1, sizeof(*bag));
	cdr_err err;

	*saved = (struct cdr_buffer){ 0 };
	if (bag == NULL)
		return CDR_E_MEMORY;
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++) {
		for (uint32_t i = 1; i <= c->n; i++)
			bag_add(bag, c, round, i);
	}
	err = bag_encode(bag, saved);
	free(bag);
	return err;
}

/* see proto/ceremony.h */
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

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_result(const struct cdr_ceremony *c, struct cdr_dkg_key *key,
    uint8_t transcript[static CDR_ROSTER_HASH_LEN], uint8_t *share)
{
	if (c->state != CDR_CEREMONY_DONE)
		return CDR_E_ABSENT;
	*key = c->key;
	memcpy(transcript, c->transcript, CDR_ROSTER_HASH_LEN);
	if (share != NULL && c->index != 0)
		memcpy(share, c->secret->share, CDR_SCALAR_LEN);
	return CDR_OK;
}
