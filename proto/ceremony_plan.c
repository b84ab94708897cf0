#include "proto/ceremony.h"

#include <string.h>

#include "core/crypto/hash.h"

static const char id_label[] = "candor/1 ceremony id";
static const char change_label[] = "candor/1 trustees";

/* ---- plans ------------------------------------------------------------------------------------------------------ */

static void
draft_start(struct cdr_ceremony_draft *d, enum cdr_ceremony_act act, enum cdr_key_kind kind, uint32_t number,
    uint32_t attempt)
{
	d->plan = (Cdr__Wire__CeremonyPlan)CDR__WIRE__CEREMONY_PLAN__INIT;
	d->plan.act = (uint32_t)act;
	d->plan.kind = (uint32_t)kind;
	d->plan.number = number;
	d->plan.attempt = attempt;
	d->plan.participant = d->at;
}

static void
draft_add(struct cdr_ceremony_draft *d, Cdr__Wire__Party *party, uint32_t before, uint32_t after)
{
	size_t i = d->plan.n_participant++;

	d->participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
	d->participant[i].party = party;
	d->participant[i].before = before;
	d->participant[i].after = after;
	d->at[i] = &d->participant[i];
}

/* All trustees of ${roster}, each under its own index. */
static void
draft_trustees(struct cdr_ceremony_draft *d, const struct cdr_roster *roster, const uint8_t *genesis)
{
	const Cdr__Wire__Roster *body = roster->body;

	d->plan.genesis = cdr_message_field(genesis, CDR_ROSTER_HASH_LEN);
	d->plan.threshold = body->threshold;
	for (size_t i = 0; i < body->n_trustee && i < CDR_CEREMONY_PARTICIPANT_MAX; i++)
		draft_add(d, body->trustee[i]->party, body->trustee[i]->index, body->trustee[i]->index);
}

/* see proto/ceremony.h */
void
cdr_ceremony_plan_make(const struct cdr_roster *roster, const uint8_t *genesis, enum cdr_key_kind kind, uint32_t number,
    uint32_t attempt, struct cdr_ceremony_draft *draft)
{
	draft_start(draft, CDR_CEREMONY_MAKE, kind, number, attempt);
	draft_trustees(draft, roster, genesis);
}

/* see proto/ceremony.h */
void
cdr_ceremony_plan_refresh(const struct cdr_roster *roster, const uint8_t *genesis, const struct cdr_roster_key *key,
    uint32_t attempt, struct cdr_ceremony_draft *draft)
{
	draft_start(draft, CDR_CEREMONY_REFRESH, key->kind, key->number, attempt);
	draft_trustees(draft, roster, genesis);
	draft->plan.basis = cdr_message_field(key->transcript.data, key->transcript.len);
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_plan_reshare(const Cdr__Wire__TrusteeChange *change, const struct cdr_roster_key *key,
    struct cdr_ceremony_draft *draft)
{
	draft_start(draft, CDR_CEREMONY_RESHARE, key->kind, key->number, change->attempt);
	if (change->n_participant > CDR_CEREMONY_PARTICIPANT_MAX)
		return CDR_E_RANGE;
	draft->plan.genesis = change->genesis;
	draft->plan.threshold = change->threshold;
	draft->plan.basis = cdr_message_field(key->transcript.data, key->transcript.len);
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		draft_add(draft, p->party, p->before, p->after);
	}
	return CDR_OK;
}

/* SHA-256 over a label with its NUL, and a message. */
static cdr_err
hash_message(const char *label, size_t label_size, const ProtobufCMessage *message, uint8_t out[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer encoded = { 0 };

	CDR_TRY(cdr_message_encode(message, &encoded));
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, label_size }, cdr_buffer_bytes(&encoded) };
	CDR_TRY(cdr_sha256(parts, 2, out));
out:
	cdr_buffer_free(&encoded);
	return err;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_id(const Cdr__Wire__CeremonyPlan *plan, uint8_t id[static CDR_CEREMONY_ID_LEN])
{
	return hash_message(id_label, sizeof(id_label), &plan->base, id);
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_change_fingerprint(const Cdr__Wire__TrusteeChange *change, uint8_t out[static CDR_ROSTER_HASH_LEN])
{
	return hash_message(change_label, sizeof(change_label), &change->base, out);
}

/* ---- a change of trustees ----------------------------------------------------------------------------------------- */

#define BAD(...) cdr_fault_set(fault, CDR_E_ROSTER, __VA_ARGS__)

/* see proto/ceremony.h */
bool
cdr_ceremony_common_key(const Cdr__Wire__Party *a, const Cdr__Wire__Party *b)
{
	return cdr_message_same(a->signing_key, b->signing_key) || cdr_message_same(a->sealing_key, b->sealing_key) ||
	    cdr_message_same(a->tls_pin, b->tls_pin);
}

/* The participants that the roster names already: as they are, and dealing under their own index or not at all. */
static cdr_err
check_present(const Cdr__Wire__TrusteeChange *change, const Cdr__Wire__Roster *body, struct cdr_fault *fault)
{
	size_t dealers = 0;

	if (change->n_participant < body->n_trustee)
		return BAD("the change of trustees leaves out somebody who is a trustee now");
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];
		bool is_present = i < body->n_trustee;

		if (is_present && !cdr_roster_same_party(p->party, body->trustee[i]->party))
			return BAD("the change of trustees was made for another roster: participant %zu is not trustee %zu", i + 1, i + 1);
		if (p->before != 0 && (!is_present || p->before != i + 1))
			return BAD("the change of trustees lets participant %zu deal the share of trustee %u", i + 1, p->before);
		if (!is_present && p->after == 0)
			return BAD("the change of trustees names %s, who is no trustee and becomes none", p->party->name);
		dealers += p->before != 0;
	}
	if (dealers < body->threshold)
		return BAD("only %zu of the present trustees take part in the change, and %u are needed", dealers, body->threshold);
	return CDR_OK;
}

/* The new indices are 1 .. their number, and the threshold is above half of it. */
static cdr_err
check_after(const Cdr__Wire__TrusteeChange *change, struct cdr_fault *fault)
{
	uint32_t seen = 0;
	size_t count = 0;

	for (size_t i = 0; i < change->n_participant; i++) {
		uint32_t after = change->participant[i]->after;

		if (after > CDR_TRUSTEE_COUNT_MAX || (after != 0 && (seen >> after & 1) != 0))
			return BAD("the change of trustees gives the index %u twice, or it is too high", after);
		if (after != 0) {
			seen |= UINT32_C(1) << after;
			count++;
		}
	}
	if (count == 0 || seen != ((UINT32_C(1) << (count + 1)) - 2))
		return BAD("the change of trustees does not give the indices 1 to %zu", count);
	if (change->threshold > count || 2 * (size_t)change->threshold <= count)
		return BAD("a threshold of %u among %zu trustees: it must be more than half of them, %zu to %zu", change->threshold, count,
		    count / 2 + 1, count);
	return CDR_OK;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_change_check(const Cdr__Wire__TrusteeChange *change, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_ROSTER_HASH_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	if (change->genesis.len != CDR_ROSTER_HASH_LEN || memcmp(change->genesis.data, genesis, CDR_ROSTER_HASH_LEN) != 0)
		return BAD("the change of trustees is for another exchange");
	if (change->n_participant > CDR_CEREMONY_PARTICIPANT_MAX || change->attempt == 0)
		return BAD("the change of trustees has too many participants, or no number");
	CDR_TRY(check_present(change, roster->body, fault));
	CDR_TRY(check_after(change, fault));
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__Party *party = change->participant[i]->party;

		if (party->signing_key.len != CDR_SIGN_PUBLIC_LEN || party->sealing_key.len != CDR_HPKE_PUBLIC_LEN ||
		    party->tls_pin.len != CDR_PIN_LEN || strncmp(party->url, "https://", 8) != 0)
			return BAD("the change of trustees: participant %zu lacks a key or an address", i + 1);
		for (size_t k = 0; k < i; k++) {
			if (cdr_ceremony_common_key(party, change->participant[k]->party))
				return BAD("the change of trustees: participants %zu and %zu have a key in common", k + 1, i + 1);
		}
	}
	err = CDR_OK;
out:
	return err;
}

/* see proto/ceremony.h */
bool
cdr_ceremony_change_gives(const Cdr__Wire__TrusteeChange *change, const struct cdr_roster *roster)
{
	size_t count = 0;

	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];
		const Cdr__Wire__Trustee *now = p->after != 0 ? cdr_roster_trustee(roster, p->after) : NULL;

		if (p->after == 0)
			continue;
		if (now == NULL || !cdr_roster_same_party(now->party, p->party))
			return false;
		count++;
	}
	return count == roster->body->n_trustee && change->threshold == roster->body->threshold;
}

/* Who takes part in a plan, as in a change. */
static Cdr__Wire__TrusteeChange
change_of(const Cdr__Wire__CeremonyPlan *plan)
{
	Cdr__Wire__TrusteeChange change = CDR__WIRE__TRUSTEE_CHANGE__INIT;

	change.genesis = plan->genesis;
	change.attempt = plan->attempt;
	change.threshold = plan->threshold;
	change.n_participant = plan->n_participant;
	change.participant = plan->participant;
	return change;
}

/* see proto/ceremony.h */
bool
cdr_ceremony_plan_gives(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster *roster)
{
	const Cdr__Wire__TrusteeChange change = change_of(plan);

	return cdr_ceremony_change_gives(&change, roster);
}

/* Whether it is just the ceremony by which ${change} reshares that key. */
static bool
is_of_change(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster_key *key, const Cdr__Wire__TrusteeChange *change)
{
	struct cdr_ceremony_draft draft;
	uint8_t asked[CDR_CEREMONY_ID_LEN], present[CDR_CEREMONY_ID_LEN];

	return cdr_ceremony_plan_reshare(change, key, &draft) == CDR_OK && cdr_ceremony_id(plan, asked) == CDR_OK &&
	    cdr_ceremony_id(&draft.plan, present) == CDR_OK && memcmp(asked, present, sizeof(asked)) == 0;
}

/* see proto/ceremony.h */
bool
cdr_ceremony_plan_is_replaced(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster *roster,
    const Cdr__Wire__TrusteeChange *change)
{
	struct cdr_roster_key key;
	const bool is_there = cdr_roster_key_find(roster->body, (enum cdr_key_kind)plan->kind, plan->number, &key);

	if (plan->act == CDR_CEREMONY_MAKE)
		return is_there || !cdr_ceremony_plan_gives(plan, roster);
	/* Where shares change, the key has others once trustees changed. */
	if (!is_there || key.transcript.len != plan->basis.len || memcmp(key.transcript.data, plan->basis.data, plan->basis.len) != 0)
		return true;
	return plan->act == CDR_CEREMONY_RESHARE && change != NULL && !is_of_change(plan, &key, change);
}

/* ---- verifying what is over --------------------------------------------------------------------------------------- */

#define WRONG(...) cdr_fault_set(fault, CDR_E_REFUSED, __VA_ARGS__)

/* Whether the plan is one of the trustees of ${before}; ${basis} is its key as it was, if it was. */
static cdr_err
check_plan(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster *before, const uint8_t *genesis, struct cdr_roster_key *basis,
    struct cdr_fault *fault)
{
	const Cdr__Wire__TrusteeChange change = change_of(plan);
	bool has_basis = cdr_roster_key_find(before->body, (enum cdr_key_kind)plan->kind, plan->number, basis);

	if ((plan->act == CDR_CEREMONY_MAKE) == has_basis)
		return WRONG("the roster before %s that key already", has_basis ? "names" : "does not name");
	if (has_basis && (plan->basis.len != basis->transcript.len ||
	    memcmp(plan->basis.data, basis->transcript.data, plan->basis.len) != 0))
		return WRONG("this ceremony began with other shares than those of the roster before");
	return cdr_ceremony_change_check(&change, before, genesis, fault) == CDR_OK ? CDR_OK : CDR_E_REFUSED;
}

/* Whether what came of a ceremony is ${key}. */
static cdr_err
compare_result(const struct cdr_dkg_key *made, const uint8_t hash[static CDR_ROSTER_HASH_LEN], const struct cdr_roster_key *key,
    struct cdr_fault *fault)
{
	if (key->transcript.len != CDR_ROSTER_HASH_LEN || memcmp(key->transcript.data, hash, CDR_ROSTER_HASH_LEN) != 0)
		return WRONG("the roster names the transcript of another ceremony");
	if (key->public_key.len != CDR_POINT_LEN || memcmp(key->public_key.data, made->public_key, CDR_POINT_LEN) != 0)
		return WRONG("the roster names another key than the one that came of this ceremony");
	for (size_t i = 0; i < key->share_count; i++) {
		if (key->public_share[i].len != CDR_POINT_LEN ||
		    memcmp(key->public_share[i].data, made->public_share[i], CDR_POINT_LEN) != 0)
			return WRONG("the roster names another share of trustee %zu than the one that came of this ceremony", i + 1);
	}
	return CDR_OK;
}

static cdr_err
explain(const struct cdr_ceremony *ceremony, struct cdr_fault *fault)
{
	struct cdr_ceremony_finding waiting[CDR_CEREMONY_FINDING_COUNT_MAX];
	char text[CDR_FAULT_LEN];
	size_t count;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(ceremony, &count);

	if (count == 0) {
		count = cdr_ceremony_waiting(ceremony, waiting);
		finding = waiting;
	}
	if (count == 0)
		return WRONG("the ceremony did not come to an end");
	cdr_ceremony_finding_write(ceremony, &finding[0], text, sizeof(text));
	return WRONG("the ceremony did not come to an end: %s", text);
}

/* Play the messages of a transcript whose plan was checked, without any secret. ${basis} is the key as it was, number 0 if it was not. */
static cdr_err
play(const Cdr__Wire__CeremonyTranscript *transcript, const struct cdr_roster_key *basis, struct cdr_dkg_key *made,
    uint8_t hash[static CDR_ROSTER_HASH_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ceremony_config config = { .plan = transcript->plan, .key = basis->number != 0 ? basis : NULL };
	struct cdr_ceremony *ceremony = NULL;

	err = cdr_ceremony_new(&config, &ceremony, fault);
	if (err != CDR_OK) {
		err = err == CDR_E_MEMORY ? err : WRONG("this plan cannot be carried out");
		goto out;
	}
	for (size_t i = 0; i < transcript->n_message; i++)
		CDR_TRY(cdr_ceremony_take(ceremony, transcript->message[i]));
	CDR_TRY(cdr_ceremony_step(ceremony));
	err = cdr_ceremony_state(ceremony) == CDR_CEREMONY_DONE ? cdr_ceremony_result(ceremony, made, hash, NULL) : explain(ceremony, fault);
out:
	cdr_ceremony_free(ceremony);
	return err;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_verify(const Cdr__Wire__CeremonyTranscript *transcript, const struct cdr_roster *before,
    const uint8_t genesis[static CDR_ROSTER_HASH_LEN], const struct cdr_roster_key *key, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster_key basis;
	struct cdr_dkg_key made;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	if (transcript->plan->kind != (uint32_t)key->kind || transcript->plan->number != key->number)
		return WRONG("this ceremony was for another key");
	CDR_TRY(check_plan(transcript->plan, before, genesis, &basis, fault));
	CDR_TRY(play(transcript, &basis, &made, hash, fault));
	err = compare_result(&made, hash, key, fault);
out:
	return err;
}

/* see proto/ceremony.h */
cdr_err
cdr_ceremony_verify_unnamed(const Cdr__Wire__CeremonyTranscript *transcript, const struct cdr_roster *before,
    const uint8_t genesis[static CDR_ROSTER_HASH_LEN], uint8_t hash[static CDR_ROSTER_HASH_LEN])
{
	struct cdr_roster_key basis;
	struct cdr_dkg_key made;

	memset(hash, 0, CDR_ROSTER_HASH_LEN);
	if (check_plan(transcript->plan, before, genesis, &basis, NULL) != CDR_OK)
		return CDR_E_ABSENT;
	return play(transcript, &basis, &made, hash, NULL);
}
