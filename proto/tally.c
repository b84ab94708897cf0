#include "proto/tally.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define CONTEXT_LABEL "candor/1 contribution"
#define PENDING_MAX 16 /* contributions whose proofs are verified together; kept until then, to find who lies */

struct pending {
	char member[CDR_SLUG_LEN_MAX + 1];
	struct cdr_buffer packed;
};

struct cdr_tally {
	struct cdr_tally_world world;
	const struct cdr_elgamal *key;
	bool verify;
	struct cdr_range_batch *batch;
	struct cdr_cipher_sums *sums;
	struct pending pending[PENDING_MAX];
	size_t pending_count;
	char last[CDR_SLUG_LEN_MAX + 1];
};

/* ---- one contribution ------------------------------------------------------------------------------------------- */

/* see proto/tally.h */
void
cdr_contribution_context(const struct cdr_round *round, const char *member, struct cdr_contribution_context *context)
{
	size_t member_len = strlen(member);

	memcpy(context->bytes, CONTEXT_LABEL, sizeof(CONTEXT_LABEL));
	memcpy(context->bytes + sizeof(CONTEXT_LABEL), round->hash, CDR_ROUND_HASH_LEN);
	context->len = sizeof(CONTEXT_LABEL) + CDR_ROUND_HASH_LEN;
	if (member_len > sizeof(context->bytes) - context->len)
		member_len = sizeof(context->bytes) - context->len;
	memcpy(context->bytes + context->len, member, member_len);
	context->len += member_len;
}

/* see proto/tally.h */
cdr_err
cdr_contribution_make(const struct cdr_round *round, const struct cdr_elgamal *key, const char *member,
    const uint32_t *counts, struct cdr_buffer *packed)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = cdr_range_packed_len(&round->layout);
	uint32_t *values = cdr_wiping_alloc(round->layout.cipher_count * sizeof(*values));
	uint8_t seed[CDR_RANGE_SEED_LEN];
	struct cdr_contribution_context context;

	*packed = (struct cdr_buffer){ 0 };
	packed->data = malloc(len);
	if (values == NULL || packed->data == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	packed->len = len;
	for (size_t i = 0; i < round->cell_count; i++) {
		values[i] = counts[i];
		values[round->cell_count + i] = (counts[i] | (0 - counts[i])) >> 31;
	}
	cdr_contribution_context(round, member, &context);
	CDR_TRY(cdr_random(seed, sizeof(seed)));
	CDR_TRY(cdr_range_encrypt(key, (struct cdr_bytes){ context.bytes, context.len }, &round->layout, values, seed,
	    packed->data));
out:
	cdr_wiping_free(values);
	cdr_wipe(seed, sizeof(seed));
	if (err != CDR_OK)
		cdr_buffer_free(packed);
	return err;
}

/* Who signed it, by the roster; NULL for nobody. */
static const Cdr__Wire__Member *
find_signer(const struct cdr_roster *roster, const char *signer)
{
	return strncmp(signer, "member/", 7) == 0 ? cdr_roster_member(roster, signer + 7) : NULL;
}

static cdr_err
check_body(const struct cdr_round *round, struct cdr_contribution *c, struct cdr_fault *fault)
{
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = cdr_sha256(&c->packed, 1, hash);

	if (err != CDR_OK)
		return err;
	if (c->body->round.len != CDR_ROUND_HASH_LEN || memcmp(c->body->round.data, round->hash, CDR_ROUND_HASH_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the contribution of %s is for another round", c->member);
	if (c->body->submission < 1)
		return cdr_fault_set(fault, CDR_E_INPUT, "the submissions of %s are counted from 1", c->member);
	if (c->body->packed_hash.len != sizeof(hash) || memcmp(c->body->packed_hash.data, hash, sizeof(hash)) != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the ciphertexts of %s are not those that it signed", c->member);
	return CDR_OK;
}

/* see proto/tally.h */
cdr_err
cdr_contribution_read(const struct cdr_tally_world *world, struct cdr_bytes request, struct cdr_contribution *c,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	*c = (struct cdr_contribution){ 0 };
	CDR_TRY(cdr_sha256(&request, 1, c->hash));
	if (cdr_envelope_open(request, &c->envelope) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "a contribution cannot be read");
	const Cdr__Wire__Member *member = find_signer(world->roster, c->envelope.signer);
	if (member == NULL || !cdr_roster_member_is_active(member))
		return cdr_fault_set(fault, CDR_E_ABSENT, "a contribution is signed by %s, whom the roster does not name as active",
		    c->envelope.signer);
	c->member = member->id;
	if (cdr_envelope_verify_request(&c->envelope, member->party->signing_key.data, world->genesis,
	    CDR_TALLY_SUBMIT_PATH) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "what is said to be the contribution of %s is not signed by it", c->member);
	err = cdr_message_decode(&c->arena, &cdr__wire__round_submit__descriptor, c->envelope.body, &c->body);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the contribution of %s cannot be read", c->member);
	c->packed = c->envelope.attachment;
	CDR_TRY(check_body(world->round, c, fault));
out:
	return err;
}

/* see proto/tally.h */
void
cdr_contribution_free(struct cdr_contribution *c)
{
	cdr_envelope_free(&c->envelope);
	cdr_arena_free(&c->arena);
	*c = (struct cdr_contribution){ 0 };
}

/* ---- adding up -------------------------------------------------------------------------------------------------- */

/* A batch with weights of its own. */
static cdr_err
batch_begin(struct cdr_tally *t)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t seed[CDR_RANGE_SEED_LEN];

	cdr_range_batch_free(t->batch);
	t->batch = NULL;
	CDR_TRY(cdr_random(seed, sizeof(seed)));
	CDR_TRY(cdr_range_batch_new(t->key, seed, &t->batch));
out:
	cdr_wipe(seed, sizeof(seed));
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_tally_new(const struct cdr_tally_world *world, const struct cdr_elgamal *key, bool verify, struct cdr_tally **tally)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_tally *t = calloc(1, sizeof(*t));

	*tally = NULL;
	if (t == NULL)
		return CDR_E_MEMORY;
	t->world = *world;
	t->key = key;
	t->verify = verify;
	CDR_TRY(cdr_cipher_sums_new(world->round->layout.cipher_count, &t->sums));
	CDR_TRY(batch_begin(t));
	*tally = t;
	t = NULL;
out:
	cdr_tally_free(t);
	return err;
}

static void
pending_clear(struct cdr_tally *t)
{
	for (size_t i = 0; i < t->pending_count; i++)
		cdr_buffer_free(&t->pending[i].packed);
	t->pending_count = 0;
}

/* see proto/tally.h */
void
cdr_tally_free(struct cdr_tally *tally)
{
	if (tally == NULL)
		return;
	pending_clear(tally);
	cdr_range_batch_free(tally->batch);
	cdr_cipher_sums_free(tally->sums);
	free(tally);
}

/* Which of those that are verified together does not hold. */
static cdr_err
find_liar(const struct cdr_tally *t, struct cdr_fault *fault)
{
	for (size_t i = 0; i < t->pending_count; i++) {
		const struct pending *p = &t->pending[i];
		struct cdr_contribution_context context;
		cdr_contribution_context(t->world.round, p->member, &context);
		cdr_err err = cdr_range_verify(t->key, (struct cdr_bytes){ context.bytes, context.len }, &t->world.round->layout,
		    cdr_buffer_bytes(&p->packed), NULL);
		if (err == CDR_E_PROOF)
			return cdr_fault_set(fault, CDR_E_PROOF, "the proof of %s does not hold: a number lies outside its range, a flag does not go "
			    "with its count, or its ciphertexts are not its own", p->member);
		if (err != CDR_OK)
			return err;
	}
	return cdr_fault_set(fault, CDR_E_PROOF, "a proof does not hold");
}

/* Verify the proofs that wait. */
static cdr_err
settle(struct cdr_tally *t, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;

	if (t->pending_count == 0)
		return CDR_OK;
	err = cdr_range_batch_check(t->batch);
	if (err == CDR_E_PROOF)
		return find_liar(t, fault);
	pending_clear(t);
	return err == CDR_OK ? batch_begin(t) : err;
}

/* Decode, add, and leave the proof among those that wait. */
static cdr_err
add_packed(struct cdr_tally *t, const char *member, struct cdr_bytes packed, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ciphers *ciphers = NULL;
	struct cdr_contribution_context context;
	struct pending *p = &t->pending[t->pending_count];

	cdr_contribution_context(t->world.round, member, &context);
	if (packed.len != cdr_range_packed_len(&t->world.round->layout))
		return cdr_fault_set(fault, CDR_E_INPUT, "the contribution of %s has not the length that the round's tables have", member);
	if (t->verify)
		err = cdr_range_batch_add(t->batch, (struct cdr_bytes){ context.bytes, context.len }, &t->world.round->layout, packed,
		    &ciphers);
	else
		err = cdr_ciphers_decode(packed.data, t->world.round->layout.cipher_count, &ciphers);
	if (err != CDR_OK) {
		(void)cdr_fault_set(fault, err, "the contribution of %s holds what is no point or no number", member);
		goto out;
	}
	CDR_TRY(cdr_cipher_sums_add(t->sums, 0, ciphers));
	if (t->verify) {
		CDR_TRY(cdr_buffer_copy(packed, &p->packed));
		memcpy(p->member, member, strlen(member) + 1);
		t->pending_count++;
	}
out:
	cdr_ciphers_free(ciphers);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_tally_add(struct cdr_tally *tally, const Cdr__Wire__ClosedContribution *expected, struct cdr_bytes request,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_contribution c = { 0 };

	if (tally->pending_count == PENDING_MAX)
		CDR_TRY(settle(tally, fault));
	CDR_TRY(cdr_contribution_read(&tally->world, request, &c, fault));
	if (expected != NULL && (strcmp(expected->member, c.member) != 0 ||
	    memcmp(expected->hash.data, c.hash, sizeof(c.hash)) != 0)) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the hub's list does not hold the contribution of %s that it shows", c.member);
		goto out;
	}
	if (tally->last[0] != '\0' && strcmp(tally->last, c.member) >= 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the contribution of %s comes twice", c.member);
		goto out;
	}
	memcpy(tally->last, c.member, strlen(c.member) + 1);
	CDR_TRY(add_packed(tally, c.member, c.packed, fault));
out:
	cdr_contribution_free(&c);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_tally_finish(struct cdr_tally *tally, struct cdr_buffer *sums, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = tally->world.round->layout.cipher_count * CDR_CIPHER_LEN;

	*sums = (struct cdr_buffer){ 0 };
	CDR_TRY(settle(tally, fault));
	sums->data = malloc(len);
	if (sums->data == NULL)
		return CDR_E_MEMORY;
	sums->len = len;
	CDR_TRY(cdr_cipher_sums_encode(tally->sums, sums->data));
out:
	if (err != CDR_OK)
		cdr_buffer_free(sums);
	return err;
}
