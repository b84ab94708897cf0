/* What a valid roster is, and when one follows another. */
#include "tests/unit/proto/parties.h"

/* A sound genesis roster and a sound version 1. */
static void
make_pair(struct cdr_roster **genesis, struct cdr_roster **next, unsigned trustees)
{
	struct draft d;

	make_draft(&d, 0, NULL);
	assert_int_equal(make_roster(&d, 0, genesis), CDR_OK);
	make_draft(&d, 1, (*genesis)->hash);
	assert_int_equal(make_roster(&d, trustees, next), CDR_OK);
}

static void
genesis_is_believed_by_its_fingerprint_alone(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *next;
	struct cdr_fault fault;
	uint8_t other[CDR_ROSTER_HASH_LEN] = { 1 };

	make_pair(&genesis, &next, 7);
	assert_int_equal(cdr_roster_verify_genesis(genesis, genesis->hash, &fault), CDR_OK);
	assert_int_equal(cdr_roster_verify_genesis(genesis, other, &fault), CDR_E_ROSTER);
	assert_int_equal(cdr_roster_verify_genesis(next, next->hash, &fault), CDR_E_ROSTER);
	cdr_roster_free(genesis);
	cdr_roster_free(next);
}

/* A hub that puts its own keys in a trustee's place makes another fingerprint. */
static void
another_key_is_another_fingerprint(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *forged;
	struct draft d;
	struct party_keys impostor;

	make_draft(&d, 0, NULL);
	assert_int_equal(make_roster(&d, 0, &genesis), CDR_OK);
	make_party(&impostor, "Trustee 3", true);
	d.trustee[2].party = &impostor.party;
	assert_int_equal(make_roster(&d, 0, &forged), CDR_OK);
	assert_int_equal(cdr_roster_verify_genesis(forged, genesis->hash, NULL), CDR_E_ROSTER);
	cdr_roster_free(genesis);
	cdr_roster_free(forged);
}

static void
t_trustees_make_a_version_valid(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *next;
	static const struct {
		unsigned trustees;
		cdr_err expected;
	} cases[] = { { 0, CDR_E_ROSTER }, { 3, CDR_E_ROSTER }, { 7, CDR_OK }, { 0x15, CDR_OK }, { 0x1f, CDR_OK } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_pair(&genesis, &next, cases[i].trustees);
		assert_int_equal(cdr_roster_verify_next(next, genesis, NULL), cases[i].expected);
		cdr_roster_free(genesis);
		cdr_roster_free(next);
	}
}

/* The same trustee counted twice is one trustee. */
static void
a_countersignature_counts_once(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *next, *doubled;
	struct cdr_buffer bytes;

	make_pair(&genesis, &next, 3);
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;
	Cdr__Wire__Countersignature *three[3] = { next->signatures->countersignature[0],
		next->signatures->countersignature[1], next->signatures->countersignature[1] };
	message.roster = next->signatures->roster;
	message.hub_signature = next->signatures->hub_signature;
	message.countersignature = three;
	message.n_countersignature = 3;
	assert_int_equal(cdr_message_encode(&message.base, &bytes), CDR_OK);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&bytes), &doubled, NULL), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(doubled, genesis, NULL), CDR_E_ROSTER);
	cdr_buffer_free(&bytes);
	cdr_roster_free(doubled);
	cdr_roster_free(genesis);
	cdr_roster_free(next);
}

static void
versions_are_chained(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *next, *third;
	struct draft d;

	make_pair(&genesis, &next, 7);
	assert_int_equal(cdr_roster_verify_next(genesis, next, NULL), CDR_E_ROSTER);
	assert_int_equal(cdr_roster_verify_next(next, next, NULL), CDR_E_ROSTER);
	/* Version 2 that claims another version 1. */
	make_draft(&d, 2, genesis->hash);
	assert_int_equal(make_roster(&d, 7, &third), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(third, next, NULL), CDR_E_ROSTER);
	cdr_roster_free(third);
	/* A node that missed version 1 takes version 2 by its countersignatures. */
	make_draft(&d, 2, next->hash);
	assert_int_equal(make_roster(&d, 7, &third), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(third, next, NULL), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(third, genesis, NULL), CDR_OK);
	cdr_roster_free(third);
	cdr_roster_free(genesis);
	cdr_roster_free(next);
}

/* Who was revoked comes back with other keys or not at all, whoever countersigns; who was suspended comes back as it is. */
static void
nobody_comes_back_with_the_keys_that_were_revoked(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
		bool other_keys;
		cdr_err expected;
	} cases[] = {
		{ "active", "revoked", false, CDR_OK }, { "suspended", "revoked", false, CDR_OK }, { "revoked", "revoked", false, CDR_OK },
		{ "suspended", "active", false, CDR_OK }, { "active", "suspended", false, CDR_OK },
		{ "revoked", "active", false, CDR_E_ROSTER }, { "revoked", "suspended", false, CDR_E_ROSTER },
		{ "revoked", "active", true, CDR_OK },
	};
	struct cdr_roster *before, *after;
	struct party_keys other;
	struct cdr_fault fault;
	struct draft d;

	make_party(&other, "Blue Harbour", false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_draft(&d, 1, NULL);
		(void)snprintf(d.status[0], sizeof(d.status[0]), "%s", cases[i].before);
		assert_int_equal(make_roster(&d, 0x1f, &before), CDR_OK);
		/* The very next version, and a later one. */
		for (uint64_t version = 2; version < 4; version++) {
			make_draft(&d, version, before->hash);
			(void)snprintf(d.status[0], sizeof(d.status[0]), "%s", cases[i].after);
			if (cases[i].other_keys)
				d.member[0].party = &other.party;
			assert_int_equal(make_roster(&d, 0x1f, &after), CDR_OK);
			fault = (struct cdr_fault){ CDR_OK, "" };
			assert_int_equal(cdr_roster_verify_next(after, before, &fault), cases[i].expected);
			assert_true(cases[i].expected == CDR_OK || strstr(fault.text, "blue-harbour") != NULL);
			if (version == 2)
				assert_int_equal(cdr_roster_verify_proposal(after, before, NULL), cases[i].expected);
			cdr_roster_free(after);
		}
		cdr_roster_free(before);
	}
}

/* The hub stays, and nobody else signs for it; other trustees, or another threshold, come in through t of those before. */
static void
holders_hand_over(void **state)
{
	(void)state;
	struct cdr_roster *genesis, *next;
	struct draft d;
	struct party_keys impostor;
	struct cdr_buffer bytes;

	make_draft(&d, 0, NULL);
	assert_int_equal(make_roster(&d, 0, &genesis), CDR_OK);
	make_party(&impostor, "Trustee 5", true);
	for (int i = 0; i < 3; i++) {
		make_draft(&d, 1, genesis->hash);
		if (i == 0)
			d.trustee[4].party = &impostor.party;
		else if (i == 1)
			d.body.threshold = 4;
		else
			d.body.hub = &impostor.party;
		assert_int_equal(make_roster(&d, 0x1f, &next), CDR_OK);
		assert_int_equal(cdr_roster_verify_next(next, genesis, NULL), i == 2 ? CDR_E_ROSTER : CDR_OK);
		assert_int_equal(cdr_roster_same_trustees(next->body, genesis->body), i == 2);
		cdr_roster_free(next);
		assert_int_equal(make_roster(&d, 0x03, &next), CDR_OK);
		assert_int_equal(cdr_roster_verify_next(next, genesis, NULL), CDR_E_ROSTER);
		cdr_roster_free(next);
	}
	make_draft(&d, 1, genesis->hash);
	sign_draft(&d, 0x1f, impostor.seed, &bytes);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&bytes), &next, NULL), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(next, genesis, NULL), CDR_E_ROSTER);
	cdr_buffer_free(&bytes);
	cdr_roster_free(next);
	cdr_roster_free(genesis);
}

/* Each fault of form is refused, and the fault says where. */
static void
form_is_checked(void **state)
{
	(void)state;
	struct draft d;
	struct cdr_roster *roster;
	static char bad_status[] = "maybe", bad_id[] = "Blue_Harbour", plain_url[] = "http://x", no_url[] = "";
	static char two_lines[] = "Hub\nok";
	struct party_keys short_key = hub_keys;

	for (int i = 0; i < 19; i++) {
		make_draft(&d, i == 13 ? 0 : 1, NULL);
		switch (i) {
		case 0: d.body.format = 2; break;
		case 1: d.body.threshold = 2; break; /* not more than half */
		case 2: d.body.threshold = 6; break;
		case 3: d.trustee[1].index = 3; break;
		case 4: d.body.n_trustee = 0; break;
		case 5: d.member[0].status = bad_status; break;
		case 6: d.member[0].id = bad_id; break;
		case 7: d.member[1].id = d.member[0].id; break;
		case 8: d.member[0].country = bad_status; break;
		case 9: short_key.party.signing_key.len = 31; d.body.hub = &short_key.party; break;
		case 10: d.body.previous.len = 31; break;
		case 11: d.scheme.possible_lambda_ppm = 1000001; break;
		case 12: d.scheme.reply_delay_min_s = 61; break;
		case 13: d.body.n_member = 1; break; /* members in a genesis roster */
		case 14: d.member[0].check_points = CDR_QUOTA_MAX + 1; break;
		case 15: d.member[1].import_points = UINT64_MAX; break; /* -1 in a database */
		case 16: short_key = hub_keys; short_key.party.name = two_lines; d.body.hub = &short_key.party; break;
		case 17: d.member[0].country = two_lines + 3; break;
		default: short_key = hub_keys; short_key.party.url = plain_url; d.body.hub = &short_key.party; break;
		}
		assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
		assert_null(roster);
	}
	make_draft(&d, 1, NULL);
	short_key = hub_keys;
	short_key.party.url = no_url;
	d.body.hub = &short_key.party;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	assert_int_equal(cdr_roster_decode((struct cdr_bytes){ (const uint8_t *)"\xff\xff", 2 }, &roster, NULL), CDR_E_ROSTER);
	assert_int_equal(cdr_roster_decode((struct cdr_bytes){ NULL, 0 }, &roster, NULL), CDR_E_ROSTER);
}

static void
keys_for_statistics_stand_apart(void **state)
{
	(void)state;
	struct draft d;
	struct cdr_roster *roster;
	uint8_t point[CDR_POINT_LEN] = { 2 }, hash[32] = { 5 };
	ProtobufCBinaryData shares[TRUSTEES];
	Cdr__Wire__StatisticsKey key[3], *keys[3];
	struct cdr_roster_key found;

	make_draft(&d, 1, NULL);
	for (size_t i = 0; i < TRUSTEES; i++)
		shares[i] = cdr_message_field(point, sizeof(point));
	for (uint32_t i = 0; i < 3; i++) {
		key[i] = (Cdr__Wire__StatisticsKey)CDR__WIRE__STATISTICS_KEY__INIT;
		key[i].number = i + 1;
		key[i].public_key = cdr_message_field(point, sizeof(point));
		key[i].transcript = cdr_message_field(hash, sizeof(hash));
		key[i].public_share = shares;
		key[i].n_public_share = TRUSTEES;
		key[i].starts_at = 100 * (i + 1);
		key[i].ends_at = 100 * (i + 2) + 50;
		keys[i] = &key[i];
	}
	d.body.statistics_key = keys;
	d.body.n_statistics_key = 2;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_OK);
	assert_int_equal(cdr_roster_statistics_key(roster, 2)->number, 2);
	assert_null(cdr_roster_statistics_key(roster, 3));
	assert_null(cdr_roster_statistics_key_at(roster, 99));
	assert_int_equal(cdr_roster_statistics_key_at(roster, 100)->number, 1);
	assert_int_equal(cdr_roster_statistics_key_at(roster, 240)->number, 2);
	assert_null(cdr_roster_statistics_key_at(roster, 350));
	assert_int_equal(cdr_roster_key_count(roster->body), 2);
	assert_true(cdr_roster_key_find(roster->body, CDR_KEY_STATISTICS, 1, &found));
	assert_int_equal(found.starts_at, 100);
	assert_false(cdr_roster_key_find(roster->body, CDR_KEY_TAGS, 1, &found));
	assert_int_equal(found.number, 0);
	assert_true(cdr_roster_key_newest(roster->body, CDR_KEY_STATISTICS, &found));
	assert_int_equal(found.number, 2);
	assert_false(cdr_roster_key_newest(roster->body, CDR_KEY_TAGS, &found));
	cdr_roster_free(roster);
	d.body.n_statistics_key = 3;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	d.body.n_statistics_key = 2;
	key[1].number = 1;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	key[1].number = 2;
	key[1].n_public_share--;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	key[1].n_public_share++;
	key[1].ends_at = key[1].starts_at;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
}

static void
epochs_need_every_share(void **state)
{
	(void)state;
	struct draft d;
	struct cdr_roster *roster;
	uint8_t point[CDR_POINT_LEN] = { 2 }, hash[32] = { 0 };
	ProtobufCBinaryData shares[TRUSTEES];
	Cdr__Wire__Epoch epoch = CDR__WIRE__EPOCH__INIT, *epochs[] = { &epoch };

	make_draft(&d, 1, NULL);
	epoch.number = 1;
	epoch.scheme_version = cdr_message_field(hash, sizeof(hash));
	epoch.transcript = cdr_message_field(hash, sizeof(hash));
	epoch.public_key = cdr_message_field(point, sizeof(point));
	for (int i = 0; i < TRUSTEES; i++)
		shares[i] = cdr_message_field(point, sizeof(point));
	epoch.public_share = shares;
	epoch.n_public_share = TRUSTEES;
	epoch.starts_at = 100;
	epoch.ends_at = 200;
	d.body.epoch = epochs;
	d.body.n_epoch = 1;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_OK);
	assert_non_null(cdr_roster_epoch(roster, 1));
	assert_null(cdr_roster_epoch(roster, 2));
	assert_null(cdr_roster_epoch_at(roster, 99));
	assert_non_null(cdr_roster_epoch_at(roster, 100));
	cdr_roster_free(roster);
	epoch.n_public_share = TRUSTEES - 1;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	epoch.n_public_share = TRUSTEES;
	epoch.ends_at = 100;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
	epoch.ends_at = 200;
	shares[2].len = 32;
	assert_int_equal(make_roster(&d, 0, &roster), CDR_E_ROSTER);
}

/* A party is found by name and pin together. */
static void
parties_are_found_by_name_and_pin(void **state)
{
	(void)state;
	struct draft d;
	struct cdr_roster *roster;
	const Cdr__Wire__Member *member;
	const Cdr__Wire__Trustee *trustee;

	make_draft(&d, 1, NULL);
	(void)snprintf(d.status[1], sizeof(d.status[1]), "revoked");
	assert_int_equal(make_roster(&d, 0, &roster), CDR_OK);
	assert_ptr_equal(cdr_roster_find(roster, "hub", hub_keys.pin, NULL, NULL), roster->body->hub);
	assert_non_null(cdr_roster_find(roster, "trustee/5", trustee_keys[4].pin, NULL, &trustee));
	assert_int_equal(trustee->index, 5);
	assert_non_null(cdr_roster_find(roster, "member/green-valley", member_keys[1].pin, &member, &trustee));
	assert_null(trustee);
	assert_false(cdr_roster_member_is_active(member));
	assert_null(cdr_roster_find(roster, "member/green-valley", member_keys[0].pin, NULL, NULL));
	assert_null(cdr_roster_find(roster, "trustee/6", trustee_keys[0].pin, NULL, NULL));
	assert_null(cdr_roster_find(roster, "trustee/", trustee_keys[0].pin, NULL, NULL));
	assert_null(cdr_roster_find(roster, "member/", member_keys[0].pin, NULL, NULL));
	assert_null(cdr_roster_find(roster, "new", hub_keys.pin, NULL, NULL));
	assert_non_null(cdr_roster_member_by_pin(roster, member_keys[0].pin));
	assert_null(cdr_roster_member_by_pin(roster, hub_keys.pin));
	assert_null(cdr_roster_member(roster, "blue"));
	assert_null(cdr_roster_trustee(roster, 0));
	assert_null(cdr_roster_trustee(roster, 6));
	cdr_roster_free(roster);
}

static void
fingerprints_can_be_read_aloud(void **state)
{
	(void)state;
	uint8_t hash[CDR_ROSTER_HASH_LEN], other[CDR_ROSTER_HASH_LEN];
	char text[CDR_FINGERPRINT_TEXT_LEN];
	struct party_keys changed = member_keys[0];

	assert_int_equal(cdr_roster_party_fingerprint("member/blue-harbour", &member_keys[0].party, hash), CDR_OK);
	cdr_fingerprint_write(hash, text);
	assert_int_equal(strlen(text), CDR_FINGERPRINT_TEXT_LEN - 1);
	assert_int_equal(cdr_fingerprint_read(text, other), CDR_OK);
	assert_memory_equal(hash, other, sizeof(hash));
	text[3]++;
	assert_true(cdr_fingerprint_read(text, other) != CDR_OK || memcmp(hash, other, sizeof(hash)) != 0);
	changed.party.tls_pin = cdr_message_field(hub_keys.pin, CDR_PIN_LEN);
	assert_int_equal(cdr_roster_party_fingerprint("member/blue-harbour", &changed.party, other), CDR_OK);
	assert_memory_not_equal(hash, other, sizeof(hash));
	assert_int_equal(cdr_roster_party_fingerprint("member/blue-harbor", &member_keys[0].party, other), CDR_OK);
	assert_memory_not_equal(hash, other, sizeof(hash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genesis_is_believed_by_its_fingerprint_alone),
		cmocka_unit_test(another_key_is_another_fingerprint),
		cmocka_unit_test(t_trustees_make_a_version_valid),
		cmocka_unit_test(a_countersignature_counts_once),
		cmocka_unit_test(versions_are_chained),
		cmocka_unit_test(nobody_comes_back_with_the_keys_that_were_revoked),
		cmocka_unit_test(holders_hand_over),
		cmocka_unit_test(form_is_checked),
		cmocka_unit_test(epochs_need_every_share),
		cmocka_unit_test(keys_for_statistics_stand_apart),
		cmocka_unit_test(parties_are_found_by_name_and_pin),
		cmocka_unit_test(fingerprints_can_be_read_aloud),
	};
	return cmocka_run_group_tests(tests, make_parties, NULL);
}
