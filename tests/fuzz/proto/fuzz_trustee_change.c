/*
 * Who are to be the trustees, as anybody may say it: the input is an encoded TrusteeChange.
 *
 * Properties: what is accepted names the present trustees first, as they are; of them at least t deal, under their own indices;
 * the indices afterwards are 1 .. n', each once, and the threshold is above n' / 2; nobody has another's key. From it follows a plan
 * for each key, the same every time, which another attempt does not share. What is refused says why.
 */
#include <stdbool.h>

#include "proto/ceremony.h"
#include "tests/fuzz/proto/parties.h"

static struct cdr_roster *roster;
static const uint8_t genesis[CDR_ROSTER_HASH_LEN] = { 7 }; /* as in seeds_proto.py */
static const uint8_t transcript[CDR_ROSTER_HASH_LEN] = { 9 };

static void
stop(void)
{
	cdr_roster_free(roster);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	f_make_parties();
	roster = f_make_roster(1);
	return atexit(stop);
}

static void
check_indices(const Cdr__Wire__TrusteeChange *change)
{
	bool taken[CDR_TRUSTEE_COUNT_MAX + 1] = { false };
	size_t after = 0, deal = 0;

	assert(change->n_participant <= CDR_CEREMONY_PARTICIPANT_MAX && change->n_participant >= roster->body->n_trustee);
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		assert(p->before == 0 || (p->before == i + 1 && i < roster->body->n_trustee));
		deal += p->before != 0;
		if (p->after == 0)
			continue;
		assert(p->after <= CDR_TRUSTEE_COUNT_MAX && !taken[p->after]);
		taken[p->after] = true;
		after++;
	}
	for (size_t i = 1; i <= after; i++)
		assert(taken[i]);
	assert(deal >= roster->body->threshold && 2 * (size_t)change->threshold > after && change->threshold <= after);
}

static void
check_parties(const Cdr__Wire__TrusteeChange *change)
{
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__Party *p = change->participant[i]->party;

		assert(p->signing_key.len == CDR_SIGN_PUBLIC_LEN && p->sealing_key.len == CDR_HPKE_PUBLIC_LEN && p->tls_pin.len == CDR_PIN_LEN);
		if (i < roster->body->n_trustee)
			assert(memcmp(p->signing_key.data, roster->body->trustee[i]->party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0);
		for (size_t k = 0; k < i; k++)
			assert(memcmp(change->participant[k]->party->signing_key.data, p->signing_key.data, CDR_SIGN_PUBLIC_LEN) != 0);
	}
}

/* The plan for each key has an id of its own, and follows from change and key alone. */
static void
check_plans(Cdr__Wire__TrusteeChange *change)
{
	struct cdr_ceremony_draft draft;
	uint8_t id[CDR_CEREMONY_ID_LEN], again[CDR_CEREMONY_ID_LEN];
	const struct cdr_roster_key key = { .kind = CDR_KEY_TAGS, .number = 1, .transcript = { transcript, sizeof(transcript) } };

	assert(cdr_ceremony_plan_reshare(change, &key, &draft) == CDR_OK && cdr_ceremony_id(&draft.plan, id) == CDR_OK);
	assert(cdr_ceremony_plan_reshare(change, &key, &draft) == CDR_OK && cdr_ceremony_id(&draft.plan, again) == CDR_OK);
	assert(memcmp(id, again, sizeof(id)) == 0);
	change->attempt++;
	assert(cdr_ceremony_plan_reshare(change, &key, &draft) == CDR_OK && cdr_ceremony_id(&draft.plan, again) == CDR_OK);
	assert(memcmp(id, again, sizeof(id)) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_message_decode(&arena, &cdr__wire__trustee_change__descriptor, (struct cdr_bytes){ data, len }, &change) == CDR_OK) {
		cdr_err err = cdr_ceremony_change_check(change, roster, genesis, &fault);
		if (err == CDR_OK) {
			check_indices(change);
			check_parties(change);
			check_plans(change);
		} else {
			assert(err == CDR_E_MEMORY || fault.text[0] != '\0');
		}
	}
	cdr_arena_free(&arena);
	return 0;
}
