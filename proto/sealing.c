#include "proto/sealing.h"

#include <inttypes.h>
#include <string.h>

#include "core/crypto/hash.h"

static const char label[] = "candor/1 sealing key";

static cdr_err
claim_hash(const struct cdr_sealing_claim *claim, uint8_t hash[static CDR_SHA256_LEN])
{
	uint8_t number[8], made_at[8];
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, sizeof(label) },
		{ claim->hub_key, CDR_SIGN_PUBLIC_LEN },
		{ (const uint8_t *)claim->member, strlen(claim->member) + 1 },
		{ number, sizeof(number) },
		{ made_at, sizeof(made_at) },
		{ claim->sealing_key, CDR_HPKE_PUBLIC_LEN },
	};

	cdr_number_write(claim->number, number, sizeof(number));
	cdr_number_write(claim->made_at, made_at, sizeof(made_at));
	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), hash);
}

/* see proto/sealing.h */
cdr_err
cdr_sealing_sign(const uint8_t *seed, const struct cdr_sealing_claim *claim, uint8_t signature[static CDR_SIGNATURE_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];

	cdr_err err = claim_hash(claim, hash);
	return err != CDR_OK ? err : cdr_sign(seed, hash, sizeof(hash), signature);
}

/* see proto/sealing.h */
cdr_err
cdr_sealing_verify(const uint8_t *signing_key, const struct cdr_sealing_claim *claim, struct cdr_bytes signature)
{
	uint8_t hash[CDR_SHA256_LEN];

	if (signature.len != CDR_SIGNATURE_LEN || claim_hash(claim, hash) != CDR_OK ||
	    cdr_verify(signing_key, hash, sizeof(hash), signature.data) != CDR_OK)
		return CDR_E_SIGNATURE;
	return CDR_OK;
}

/* see proto/sealing.h */
bool
cdr_sealing_same(const Cdr__Wire__Member *a, const Cdr__Wire__Member *b)
{
	if (!cdr_message_same(a->party->sealing_key, b->party->sealing_key) || (a->sealing == NULL) != (b->sealing == NULL))
		return false;
	return a->sealing == NULL || (a->sealing->number == b->sealing->number &&
	    a->sealing->made_at == b->sealing->made_at && cdr_message_same(a->sealing->signature, b->sealing->signature));
}

/* see proto/sealing.h */
cdr_err
cdr_sealing_member_follows(const uint8_t *hub_key, const Cdr__Wire__Member *before, const Cdr__Wire__Member *after,
    struct cdr_fault *fault)
{
	const bool stays = before != NULL && cdr_message_same(before->party->signing_key, after->party->signing_key);

	if (stays && cdr_sealing_same(before, after))
		return CDR_OK;
	if (after->sealing == NULL)
		return !stays ? CDR_OK : cdr_fault_set(fault, CDR_E_ROSTER, "roster: %s gets another sealing key without a word from "
		    "%s itself. Somebody wants to read its letters: tell the secretariat and the trustees", after->id, after->id);
	const struct cdr_sealing_claim claim = {
		.hub_key = hub_key, .member = after->id, .number = after->sealing->number, .made_at = after->sealing->made_at,
		.sealing_key = after->party->sealing_key.data,
	};
	if (cdr_sealing_verify(after->party->signing_key.data, &claim, cdr_message_bytes(after->sealing->signature)) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_ROSTER, "roster: %s gets a sealing key that %s did not sign. Somebody wants to read "
		    "its letters: tell the secretariat and the trustees", after->id, after->id);
	if (stays && before->sealing != NULL && after->sealing->number <= before->sealing->number)
		return cdr_fault_set(fault, CDR_E_ROSTER, "roster: %s goes back to an earlier sealing key, number %" PRIu64 " after %"
		    PRIu64, after->id, after->sealing->number, before->sealing->number);
	return CDR_OK;
}

/* see proto/sealing.h */
cdr_err
cdr_sealing_follows(const struct cdr_roster *roster, const struct cdr_roster *before, struct cdr_fault *fault)
{
	const Cdr__Wire__Roster *body = roster->body;

	for (size_t i = 0; i < body->n_member; i++) {
		cdr_err err = cdr_sealing_member_follows(body->hub->signing_key.data,
		    cdr_roster_member(before, body->member[i]->id), body->member[i], fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}
