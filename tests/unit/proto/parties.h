#ifndef CDR_TESTS_UNIT_PROTO_PARTIES_H
#define CDR_TESTS_UNIT_PROTO_PARTIES_H

/* A hub, five trustees and two members with real keys, and the rosters that name them. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "proto/letter.h"

#define TRUSTEES 5
#define MEMBERS 2

struct party_keys {
	uint8_t seed[CDR_SIGN_SEED_LEN], signing[CDR_SIGN_PUBLIC_LEN];
	uint8_t secret[CDR_HPKE_SECRET_LEN], sealing[CDR_HPKE_PUBLIC_LEN];
	uint8_t pin[CDR_PIN_LEN];
	char name[32], url[32];
	Cdr__Wire__Party party;
};

static struct party_keys hub_keys, trustee_keys[TRUSTEES], member_keys[MEMBERS];

static void
make_party(struct party_keys *keys, const char *name, bool listens)
{
	assert_int_equal(cdr_random(keys->seed, sizeof(keys->seed)), CDR_OK);
	assert_int_equal(cdr_sign_public(keys->seed, keys->signing), CDR_OK);
	assert_int_equal(cdr_hpke_keypair(keys->secret, keys->sealing), CDR_OK);
	assert_int_equal(cdr_random(keys->pin, sizeof(keys->pin)), CDR_OK);
	(void)snprintf(keys->name, sizeof(keys->name), "%s", name);
	(void)snprintf(keys->url, sizeof(keys->url), "%s", listens ? "https://127.0.0.1:1" : "");
	keys->party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	keys->party.name = keys->name;
	keys->party.url = keys->url;
	keys->party.signing_key = cdr_message_field(keys->signing, sizeof(keys->signing));
	keys->party.sealing_key = cdr_message_field(keys->sealing, sizeof(keys->sealing));
	keys->party.tls_pin = cdr_message_field(keys->pin, sizeof(keys->pin));
}

/* A group set-up: fresh keys for everybody. */
static inline int
make_parties(void **state)
{
	char name[32];

	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	make_party(&hub_keys, "Hub", true);
	for (int i = 0; i < TRUSTEES; i++) {
		(void)snprintf(name, sizeof(name), "Trustee %d", i + 1);
		make_party(&trustee_keys[i], name, true);
	}
	make_party(&member_keys[0], "Blue Harbour", false);
	make_party(&member_keys[1], "Green Valley", false);
	return 0;
}

/* The parts of a roster that a test may change before it is encoded. */
struct draft {
	Cdr__Wire__Roster body;
	Cdr__Wire__Scheme scheme;
	Cdr__Wire__Trustee trustee[TRUSTEES];
	Cdr__Wire__Trustee *trustees[TRUSTEES];
	Cdr__Wire__Member member[MEMBERS];
	Cdr__Wire__Member *members[MEMBERS];
	char status[MEMBERS][16];
	uint8_t previous[CDR_ROSTER_HASH_LEN];
};

/* A sound draft of ${version}; version 0 names no members. */
static void
make_draft(struct draft *d, uint64_t version, const uint8_t *previous)
{
	static char leavers[] = "leavers", codebook[] = "2026-1", blue[] = "blue-harbour", green[] = "green-valley",
		    kenya[] = "KEN";

	memset(d, 0, sizeof(*d));
	d->body = (Cdr__Wire__Roster)CDR__WIRE__ROSTER__INIT;
	d->scheme = (Cdr__Wire__Scheme)CDR__WIRE__SCHEME__INIT;
	d->scheme.index = leavers;
	d->scheme.lookback_years = 5;
	d->scheme.answer_days = 14;
	d->scheme.expiry_days = 90;
	d->scheme.strong_lambda_ppm = 1000;
	d->scheme.possible_lambda_ppm = 500000;
	d->scheme.possible_max = 5;
	d->scheme.reply_delay_max_s = 60;
	d->scheme.codebook_version = codebook;
	d->body.format = 1;
	d->body.version = version;
	if (previous != NULL)
		memcpy(d->previous, previous, sizeof(d->previous));
	d->body.previous = cdr_message_field(d->previous, sizeof(d->previous));
	d->body.made_at = 1700000000 + version;
	d->body.hub = &hub_keys.party;
	d->body.threshold = 3;
	d->body.scheme = &d->scheme;
	for (uint32_t i = 0; i < TRUSTEES; i++) {
		d->trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		d->trustee[i].index = i + 1;
		d->trustee[i].party = &trustee_keys[i].party;
		d->trustees[i] = &d->trustee[i];
	}
	d->body.trustee = d->trustees;
	d->body.n_trustee = TRUSTEES;
	for (int i = 0; i < MEMBERS; i++) {
		d->member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		d->member[i].id = i == 0 ? blue : green;
		d->member[i].party = &member_keys[i].party;
		d->member[i].country = kenya;
		(void)snprintf(d->status[i], sizeof(d->status[i]), "active");
		d->member[i].status = d->status[i];
		d->members[i] = &d->member[i];
	}
	d->body.member = d->members;
	d->body.n_member = version == 0 ? 0 : MEMBERS;
}

/* Encode and sign: by the hub, and by the trustees whose bits are set (bit 0: trustee 1). */
static void
sign_draft(const struct draft *d, unsigned trustees, const uint8_t *hub_seed, struct cdr_buffer *out)
{
	struct cdr_buffer body;
	uint8_t hash[CDR_ROSTER_HASH_LEN], hub_signature[CDR_SIGNATURE_LEN], signature[TRUSTEES][CDR_SIGNATURE_LEN];
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;
	Cdr__Wire__Countersignature counter[TRUSTEES], *counters[TRUSTEES];

	assert_int_equal(cdr_message_encode(&d->body.base, &body), CDR_OK);
	struct cdr_bytes bytes = cdr_buffer_bytes(&body);
	assert_int_equal(cdr_sha256(&bytes, 1, hash), CDR_OK);
	assert_int_equal(cdr_roster_sign_hub(hub_seed, bytes, hub_signature), CDR_OK);
	message.roster = cdr_message_field(body.data, body.len);
	message.hub_signature = cdr_message_field(hub_signature, sizeof(hub_signature));
	message.countersignature = counters;
	for (uint32_t i = 0; i < TRUSTEES; i++) {
		if ((trustees >> i & 1) == 0)
			continue;
		assert_int_equal(cdr_roster_countersign(trustee_keys[i].seed, hash, i + 1, signature[i]), CDR_OK);
		counter[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		counter[i].trustee = i + 1;
		counter[i].signature = cdr_message_field(signature[i], sizeof(signature[i]));
		counters[message.n_countersignature++] = &counter[i];
	}
	assert_int_equal(cdr_message_encode(&message.base, out), CDR_OK);
	cdr_buffer_free(&body);
}

/* A roster from a draft. */
static cdr_err
make_roster(const struct draft *d, unsigned trustees, struct cdr_roster **roster)
{
	struct cdr_buffer bytes;

	sign_draft(d, trustees, hub_keys.seed, &bytes);
	cdr_err err = cdr_roster_decode(cdr_buffer_bytes(&bytes), roster, NULL);
	cdr_buffer_free(&bytes);
	return err;
}

#endif
