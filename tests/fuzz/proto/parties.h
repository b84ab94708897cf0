#ifndef CDR_TESTS_FUZZ_PROTO_PARTIES_H
#define CDR_TESTS_FUZZ_PROTO_PARTIES_H

/* Parties whose keys follow from one byte, so that seeds_proto.py knows them too, and the rosters that name them. */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/sign.h"
#include "proto/letter.h"

#define F_TRUSTEES 3
#define F_THRESHOLD 2
#define F_HUB 1
#define F_TRUSTEE 2 /* and the two after it */
#define F_BLUE 10
#define F_GREEN 11

struct f_party {
	uint8_t seed[CDR_SIGN_SEED_LEN], signing[CDR_SIGN_PUBLIC_LEN], sealing[CDR_HPKE_PUBLIC_LEN], pin[CDR_PIN_LEN];
	char name[8], url[24];
	Cdr__Wire__Party party;
};

static inline void
f_make_party(struct f_party *p, uint8_t mark, bool listens)
{
	memset(p, 0, sizeof(*p));
	memset(p->seed, mark, sizeof(p->seed));
	memset(p->sealing, mark, sizeof(p->sealing));
	memset(p->pin, mark, sizeof(p->pin));
	p->sealing[0] = 4;
	if (cdr_sign_public(p->seed, p->signing) != CDR_OK)
		abort();
	memcpy(p->name, "Party", 6);
	if (listens)
		memcpy(p->url, "https://127.0.0.1:1", 20);
	p->party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	p->party.name = p->name;
	p->party.url = p->url;
	p->party.signing_key = cdr_message_field(p->signing, sizeof(p->signing));
	p->party.sealing_key = cdr_message_field(p->sealing, sizeof(p->sealing));
	p->party.tls_pin = cdr_message_field(p->pin, sizeof(p->pin));
}

static struct f_party f_hub, f_trustee[F_TRUSTEES], f_member[2];

/* Everybody above. */
static inline void
f_make_parties(void)
{
	f_make_party(&f_hub, F_HUB, true);
	for (uint8_t i = 0; i < F_TRUSTEES; i++)
		f_make_party(&f_trustee[i], F_TRUSTEE + i, true);
	f_make_party(&f_member[0], F_BLUE, false);
	f_make_party(&f_member[1], F_GREEN, false);
}

/* Sign the bytes of a roster by the hub and every trustee. */
static inline void
f_sign_roster(struct cdr_bytes roster, bool countersign, struct cdr_buffer *out)
{
	uint8_t hash[CDR_SHA256_LEN], hub[CDR_SIGNATURE_LEN], trustee[F_TRUSTEES][CDR_SIGNATURE_LEN];
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;
	Cdr__Wire__Countersignature counter[F_TRUSTEES], *counters[F_TRUSTEES];

	if (cdr_sha256(&roster, 1, hash) != CDR_OK || cdr_roster_sign_hub(f_hub.seed, roster, hub) != CDR_OK)
		abort();
	for (uint32_t i = 0; i < F_TRUSTEES; i++) {
		if (cdr_roster_countersign(f_trustee[i].seed, hash, i + 1, trustee[i]) != CDR_OK)
			abort();
		counter[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		counter[i].trustee = i + 1;
		counter[i].signature = cdr_message_field(trustee[i], CDR_SIGNATURE_LEN);
		counters[i] = &counter[i];
	}
	message.roster = cdr_message_field(roster.data, roster.len);
	message.hub_signature = cdr_message_field(hub, sizeof(hub));
	message.countersignature = counters;
	message.n_countersignature = countersign ? F_TRUSTEES : 0;
	if (cdr_message_encode(&message.base, out) != CDR_OK)
		abort();
}

/* The genesis roster (version 0), or one that names the two members. */
static inline struct cdr_roster *
f_make_roster(uint64_t version)
{
	static char leavers[] = "leavers", codebook[] = "1", blue[] = "blue", green[] = "green", country[] = "KEN",
		    active[] = "active";
	static uint8_t previous[CDR_ROSTER_HASH_LEN];
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;
	Cdr__Wire__Trustee trustee[F_TRUSTEES], *trustees[F_TRUSTEES];
	Cdr__Wire__Member member[2], *members[2];
	struct cdr_buffer bytes, roster_bytes;
	struct cdr_roster *roster;

	for (uint32_t i = 0; i < F_TRUSTEES; i++) {
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &f_trustee[i].party;
		trustees[i] = &trustee[i];
	}
	for (size_t i = 0; i < 2; i++) {
		member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		member[i].id = i == 0 ? blue : green;
		member[i].party = &f_member[i].party;
		member[i].country = country;
		member[i].status = active;
		members[i] = &member[i];
	}
	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.reply_delay_max_s = 60;
	scheme.codebook_version = codebook;
	body.format = 1;
	body.version = version;
	body.made_at = 1700000000;
	body.previous = cdr_message_field(previous, sizeof(previous));
	body.hub = &f_hub.party;
	body.trustee = trustees;
	body.n_trustee = F_TRUSTEES;
	body.threshold = F_THRESHOLD;
	body.scheme = &scheme;
	body.member = members;
	body.n_member = version == 0 ? 0 : 2;
	if (cdr_message_encode(&body.base, &bytes) != CDR_OK)
		abort();
	f_sign_roster(cdr_buffer_bytes(&bytes), version > 0, &roster_bytes);
	if (cdr_roster_decode(cdr_buffer_bytes(&roster_bytes), &roster, NULL) != CDR_OK)
		abort();
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&roster_bytes);
	return roster;
}

#endif
