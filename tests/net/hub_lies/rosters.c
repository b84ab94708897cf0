#include "tests/net/hub_lies/hub_lies.h"

#include <stdlib.h>
#include <string.h>

#include "keys/roster_build.h"
#include "proto/sealing.h"

/* see tests/net/hub_lies/hub_lies.h */

struct roster_read {
	int64_t version;
	struct cdr_roster *roster;
};

/* A reading job. */
static cdr_err
roster_job(struct cdr_tx *tx, void *context)
{
	struct roster_read *read = context;

	return cdr_hub_roster_read(tx, read->version, &read->roster, NULL);
}

static cdr_err
answer_roster(struct question *q, const struct cdr_roster *roster)
{
	Cdr__Wire__RosterReply reply = CDR__WIRE__ROSTER_REPLY__INIT;
	Cdr__Wire__SignedRoster signed_roster = *roster->signatures;

	reply.roster = &signed_roster;
	return lie_answer(q, &reply.base);
}

static cdr_err
answer_proposal(struct question *q, const struct cdr_roster *roster)
{
	Cdr__Wire__ProposalReply reply = CDR__WIRE__PROPOSAL_REPLY__INIT;

	reply.has_roster = reply.has_hub_signature = true;
	reply.roster = roster->signatures->roster;
	reply.hub_signature = roster->signatures->hub_signature;
	return lie_answer(q, &reply.base);
}

/* Show ${change} as the next roster: as in force to members, as a proposal to trustees. */
static cdr_err
show_next(struct question *q, const struct cdr_roster *before, const struct cdr_roster_change *change)
{
	struct cdr_roster *next = NULL;

	if (strcmp(q->path, "/v1/roster") == 0 && strncmp(lie_caller(q), "trustee/", 8) == 0)
		return CDR_OK;
	cdr_err err = cdr_roster_build_next(before, change, 1, before->body->made_at, q->liar->open.home->keys->signing, &next,
	    NULL);

	if (err == CDR_OK)
		err = strcmp(q->path, "/v1/roster") == 0 ? answer_roster(q, next) : answer_proposal(q, next);
	cdr_roster_free(next);
	return err;
}

/* The hub's word that this is the member's next sealing key. */
static cdr_err
roll_by_itself(struct question *q, Cdr__Wire__Member *member, Cdr__Wire__SealingKey *sealing,
    uint8_t signature[static CDR_SIGNATURE_LEN])
{
	const uint8_t *seed = q->liar->open.home->keys->signing;
	const struct cdr_sealing_claim claim = { .hub_key = q->liar->open.home->signing_public, .member = member->id, .number = 1000,
		.made_at = cdr_hub_now(), .sealing_key = member->party->sealing_key.data };

	*sealing = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	sealing->number = claim.number;
	sealing->made_at = claim.made_at;
	sealing->signature = cdr_message_field(signature, CDR_SIGNATURE_LEN);
	member->sealing = sealing;
	return cdr_sealing_sign(seed, &claim, signature);
}

cdr_err
lie_swap_key(struct question *q)
{
	Cdr__Wire__SealingKey sealing;
	uint8_t signature[CDR_SIGNATURE_LEN];
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);
	const Cdr__Wire__Member *member = err == CDR_OK ? cdr_roster_member(read.roster, q->liar->lie.word[1]) : NULL;

	if (member != NULL) {
		Cdr__Wire__Member other = *member;
		Cdr__Wire__Party party = *member->party;
		party.sealing_key =
		    cdr_message_field(q->liar->open.home->sealing_public, sizeof(q->liar->open.home->sealing_public));
		other.party = &party;
		if (lie_is(&q->liar->lie, "roll-key"))
			err = roll_by_itself(q, &other, &sealing, signature);
		struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &other };
		err = err == CDR_OK ? show_next(q, read.roster, &change) : err;
	}
	cdr_roster_free(read.roster);
	return err;
}

cdr_err
lie_withhold(struct question *q)
{
	Cdr__Wire__RosterReply *reply = NULL;
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	cdr_err err = lie_honest(q, &cdr__wire__roster_reply__descriptor, &reply);

	/* Members ask for rosters under no name. */
	if (err == CDR_OK)
		err = cdr_store_read(q->liar->open.home->store, roster_job, &read);
	const Cdr__Wire__Member *member = err == CDR_OK ? cdr_roster_member_by_pin(read.roster, q->pin) : NULL;
	if (err == CDR_OK && reply->roster != NULL && strcmp(member != NULL ? member->id : lie_caller(q), q->liar->lie.word[1]) == 0) {
		reply->roster = NULL;
		err = lie_answer(q, &reply->base);
	}
	cdr_roster_free(read.roster);
	return err;
}

cdr_err
lie_invent_member(struct question *q)
{
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	char name[] = "Somebody", url[] = "", country[] = "KEN", active[] = "active";
	uint8_t keys[CDR_SIGN_PUBLIC_LEN + CDR_PIN_LEN];
	Cdr__Wire__Party party = CDR__WIRE__PARTY__INIT;
	Cdr__Wire__Member member = CDR__WIRE__MEMBER__INIT;
	struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);

	memset(keys, 7, sizeof(keys));
	party.name = name;
	party.url = url;
	party.signing_key = cdr_message_field(keys, CDR_SIGN_PUBLIC_LEN);
	party.sealing_key =
	    cdr_message_field(q->liar->open.home->sealing_public, sizeof(q->liar->open.home->sealing_public));
	party.tls_pin = cdr_message_field(keys + CDR_SIGN_PUBLIC_LEN, CDR_PIN_LEN);
	member.id = q->liar->lie.word[1];
	member.party = &party;
	member.country = country;
	member.status = active;
	member.check_points = member.import_points = 1000000;
	if (err == CDR_OK)
		err = show_next(q, read.roster, &change);
	cdr_roster_free(read.roster);
	return err;
}

cdr_err
lie_old_roster(struct question *q)
{
	struct roster_read read = { .version = strtol(q->liar->lie.word[1], NULL, 10) };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);

	if (err == CDR_OK)
		err = answer_roster(q, read.roster);
	cdr_roster_free(read.roster);
	return err;
}

/* Keys of the hub's own making in a trustee's place, the same every time. */
static cdr_err
replace_keys(const struct liar *liar, uint8_t index, Cdr__Wire__Party *party, uint8_t *room)
{
	uint8_t seed[CDR_SIGN_SEED_LEN];

	memset(seed, index, sizeof(seed));
	memset(room + CDR_SIGN_PUBLIC_LEN, index, CDR_PIN_LEN);
	party->signing_key = cdr_message_field(room, CDR_SIGN_PUBLIC_LEN);
	party->sealing_key = cdr_message_field(liar->open.home->sealing_public, sizeof(liar->open.home->sealing_public));
	party->tls_pin = cdr_message_field(room + CDR_SIGN_PUBLIC_LEN, CDR_PIN_LEN);
	return cdr_sign_public(seed, room);
}

#define KEYS_LEN (CDR_SIGN_PUBLIC_LEN + CDR_PIN_LEN)

/* The genesis roster with other trustees' keys; with ${spare_caller} the caller finds its own entry as it should be. */
static cdr_err
forge_genesis(struct question *q, bool spare_caller)
{
	struct roster_read read = { .version = 0 };
	struct cdr_roster *forged = NULL;
	Cdr__Wire__Trustee trustee[CDR_TRUSTEE_COUNT_MAX], *at[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Party party[CDR_TRUSTEE_COUNT_MAX];
	uint8_t keys[CDR_TRUSTEE_COUNT_MAX][KEYS_LEN];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_store_read(q->liar->open.home->store, roster_job, &read));
	Cdr__Wire__Roster body = *read.roster->body;
	for (size_t i = 0; i < body.n_trustee; i++) {
		trustee[i] = *body.trustee[i];
		party[i] = *trustee[i].party;
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
		if (!spare_caller || memcmp(party[i].tls_pin.data, q->pin, CDR_PIN_LEN) != 0)
			CDR_TRY(replace_keys(q->liar, (uint8_t)(i + 1), &party[i], keys[i]));
	}
	body.trustee = at;
	CDR_TRY(cdr_roster_build_genesis(&body, q->liar->open.home->keys->signing, &forged, NULL));
	CDR_TRY(lie_answer_body(q, cdr_buffer_bytes(&forged->bytes)));
out:
	cdr_roster_free(forged);
	cdr_roster_free(read.roster);
	return err;
}

cdr_err
lie_genesis_all(struct question *q)
{
	return forge_genesis(q, false);
}

cdr_err
lie_genesis_others(struct question *q)
{
	return forge_genesis(q, true);
}
