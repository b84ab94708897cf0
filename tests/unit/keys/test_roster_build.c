/* The next roster: what changes, what stays, and that only enough countersignatures put it in force. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "keys/roster_build.h"

#define TRUSTEE_COUNT 3
#define THRESHOLD 2
#define MADE_AT 1000

/* A hub, three trustees and their keys. Seeds are the party's number repeated; other keys are filler of the right length. */
struct exchange {
	uint8_t hub_seed[CDR_SIGN_SEED_LEN];
	uint8_t trustee_seed[TRUSTEE_COUNT][CDR_SIGN_SEED_LEN];
	uint8_t key[TRUSTEE_COUNT + 1][CDR_SIGN_PUBLIC_LEN];
	uint8_t filler[CDR_HPKE_PUBLIC_LEN];
	struct cdr_roster *genesis;
};

static char url[] = "https://127.0.0.1:1";
static char leavers[] = "leavers", version[] = "1", country[] = "KEN", active[] = "active";

static void
fill_party(const struct exchange *x, Cdr__Wire__Party *party, char *name, const uint8_t *key, char *at)
{
	*party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party->name = name;
	party->url = at;
	party->signing_key = cdr_message_field(key, CDR_SIGN_PUBLIC_LEN);
	party->sealing_key = cdr_message_field(x->filler, CDR_HPKE_PUBLIC_LEN);
	party->tls_pin = cdr_message_field(key, CDR_PIN_LEN);
}

static Cdr__Wire__Scheme
make_scheme(void)
{
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;

	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.codebook_version = version;
	return scheme;
}

/* Build the genesis roster with ${seed}; the caller judges what came of it. */
static cdr_err
build_genesis(struct exchange *x, const uint8_t *seed, uint32_t threshold, struct cdr_fault *fault)
{
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = make_scheme();
	Cdr__Wire__Party party[TRUSTEE_COUNT + 1];
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];
	static char name[] = "Somebody";

	fill_party(x, &party[0], name, x->key[0], url);
	for (uint32_t i = 0; i < TRUSTEE_COUNT; i++) {
		fill_party(x, &party[i + 1], name, x->key[i + 1], url);
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &party[i + 1];
		at[i] = &trustee[i];
	}
	body.hub = &party[0];
	body.trustee = at;
	body.n_trustee = TRUSTEE_COUNT;
	body.threshold = threshold;
	body.scheme = &scheme;
	body.made_at = MADE_AT;
	return cdr_roster_build_genesis(&body, seed, &x->genesis, fault);
}

static int
setup(void **state)
{
	static struct exchange x;

	memset(&x, 0, sizeof(x));
	memset(x.hub_seed, 1, sizeof(x.hub_seed));
	memset(x.filler, 4, sizeof(x.filler));
	assert_int_equal(cdr_sign_public(x.hub_seed, x.key[0]), CDR_OK);
	for (int i = 0; i < TRUSTEE_COUNT; i++) {
		memset(x.trustee_seed[i], i + 2, CDR_SIGN_SEED_LEN);
		assert_int_equal(cdr_sign_public(x.trustee_seed[i], x.key[i + 1]), CDR_OK);
	}
	assert_int_equal(build_genesis(&x, x.hub_seed, THRESHOLD, NULL), CDR_OK);
	*state = &x;
	return 0;
}

static int
teardown(void **state)
{
	struct exchange *x = *state;

	cdr_roster_free(x->genesis);
	return 0;
}

static Cdr__Wire__Member
make_member(const struct exchange *x, Cdr__Wire__Party *party, char *id)
{
	Cdr__Wire__Member member = CDR__WIRE__MEMBER__INIT;
	static char nowhere[] = "";

	fill_party(x, party, id, x->filler, nowhere);
	member.id = id;
	member.party = party;
	member.country = country;
	member.status = active;
	member.check_points = 640;
	member.import_points = 6400;
	member.joined_at = MADE_AT;
	return member;
}

/* Countersign ${proposed} as the first ${count} trustees and complete it. */
static cdr_err
complete(const struct exchange *x, const struct cdr_roster *proposed, const struct cdr_roster *before, size_t count,
    struct cdr_roster **roster)
{
	Cdr__Wire__Countersignature signature[TRUSTEE_COUNT];
	uint8_t bytes[TRUSTEE_COUNT][CDR_SIGNATURE_LEN];

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(cdr_roster_countersign(x->trustee_seed[i], proposed->hash, i + 1, bytes[i]), CDR_OK);
		signature[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		signature[i].trustee = i + 1;
		signature[i].signature = cdr_message_field(bytes[i], CDR_SIGNATURE_LEN);
	}
	return cdr_roster_build_complete(proposed, before, signature, count, roster, NULL);
}

static void
genesis_is_its_own_proof(void **state)
{
	struct exchange *x = *state, other = *x;
	struct cdr_fault fault = { CDR_OK, "" };

	assert_int_equal(x->genesis->body->version, 0);
	assert_int_equal(cdr_roster_verify_genesis(x->genesis, x->genesis->hash, NULL), CDR_OK);
	/* Signed by somebody who is not the hub that it names. */
	assert_int_equal(build_genesis(&other, x->trustee_seed[0], THRESHOLD, &fault), CDR_E_ROSTER);
	assert_null(other.genesis);
	/* Half of the trustees are not more than half. */
	assert_int_equal(build_genesis(&other, x->hub_seed, 1, &fault), CDR_E_ROSTER);
	assert_non_null(strstr(fault.text, "threshold"));
}

static void
members_come_in_order_and_change(void **state)
{
	struct exchange *x = *state;
	struct cdr_roster *first = NULL, *second = NULL, *third = NULL;
	Cdr__Wire__Party party[2];
	static char zebra[] = "zebra", ant[] = "ant";
	Cdr__Wire__Member member[] = { make_member(x, &party[0], zebra), make_member(x, &party[1], ant) };
	struct cdr_roster_change join[] = {
		{ .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member[0] },
		{ .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member[1] },
	};
	struct cdr_roster_change suspend = { .kind = CDR_ROSTER_CHANGE_STATUS, .id = "zebra", .status = "suspended" };
	struct cdr_roster_change replace = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member[0] };

	assert_int_equal(cdr_roster_build_next(x->genesis, join, 2, MADE_AT, x->hub_seed, &first, NULL), CDR_OK);
	assert_int_equal(first->body->version, 1);
	assert_memory_equal(first->body->previous.data, x->genesis->hash, CDR_ROSTER_HASH_LEN);
	assert_string_equal(first->body->member[0]->id, "ant");
	assert_string_equal(first->body->member[1]->id, "zebra");

	assert_int_equal(cdr_roster_build_next(first, &suspend, 1, MADE_AT, x->hub_seed, &second, NULL), CDR_OK);
	assert_string_equal(cdr_roster_member(second, "zebra")->status, "suspended");
	assert_string_equal(cdr_roster_member(second, "ant")->status, "active");
	assert_string_equal(cdr_roster_member(first, "zebra")->status, "active");

	member[0].check_points = 7;
	assert_int_equal(cdr_roster_build_next(second, &replace, 1, MADE_AT, x->hub_seed, &third, NULL), CDR_OK);
	assert_int_equal(third->body->n_member, 2);
	assert_int_equal(cdr_roster_member(third, "zebra")->check_points, 7);
	assert_string_equal(cdr_roster_member(third, "zebra")->status, "active");
	cdr_roster_free(first);
	cdr_roster_free(second);
	cdr_roster_free(third);
}

static void
epochs_push_out_the_oldest(void **state)
{
	struct exchange *x = *state;
	uint8_t point[CDR_POINT_LEN] = { 2 }, hash[32] = { 0 };
	ProtobufCBinaryData share[TRUSTEE_COUNT];
	struct cdr_roster *before = x->genesis, *next = NULL;

	for (int i = 0; i < TRUSTEE_COUNT; i++)
		share[i] = cdr_message_field(point, sizeof(point));
	for (uint32_t number = 1; number <= 3; number++) {
		Cdr__Wire__Epoch epoch = CDR__WIRE__EPOCH__INIT;
		epoch.number = number;
		epoch.scheme_version = cdr_message_field(hash, sizeof(hash));
		epoch.public_key = cdr_message_field(point, sizeof(point));
		epoch.public_share = share;
		epoch.n_public_share = TRUSTEE_COUNT;
		epoch.transcript = cdr_message_field(hash, sizeof(hash));
		epoch.starts_at = number;
		epoch.ends_at = number + 10;
		struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY,
			.key = cdr_roster_key_of_epoch(&epoch) };
		assert_int_equal(cdr_roster_build_next(before, &change, 1, MADE_AT, x->hub_seed, &next, NULL), CDR_OK);
		if (before != x->genesis)
			cdr_roster_free(before);
		before = next;
	}
	assert_int_equal(next->body->n_epoch, CDR_EPOCH_COUNT_MAX);
	assert_int_equal(next->body->epoch[0]->number, 2);
	assert_int_equal(next->body->epoch[1]->number, 3);
	/* One that is there gets other shares, and one that is over goes. */
	struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_at(next->body, 0) };
	struct cdr_roster *later;
	point[0] = 3;
	change.key.public_share = share;
	assert_int_equal(cdr_roster_build_next(next, &change, 1, MADE_AT, x->hub_seed, &later, NULL), CDR_OK);
	assert_int_equal(later->body->n_epoch, 2);
	assert_int_equal(later->body->epoch[0]->public_share[0].data[0], 3);
	assert_int_equal(later->body->epoch[1]->public_share[0].data[0], 2);
	cdr_roster_free(later);
	change.kind = CDR_ROSTER_CHANGE_KEY_END;
	assert_int_equal(cdr_roster_build_next(next, &change, 1, MADE_AT, x->hub_seed, &later, NULL), CDR_OK);
	assert_int_equal(later->body->n_epoch, 1);
	assert_int_equal(later->body->epoch[0]->number, 3);
	cdr_roster_free(later);
	change.key.kind = CDR_KEY_STATISTICS;
	assert_int_equal(cdr_roster_build_next(next, &change, 1, MADE_AT, x->hub_seed, &later, NULL), CDR_E_ABSENT);
	/* A key of the other kind with the same number stands beside it. */
	change.kind = CDR_ROSTER_CHANGE_KEY;
	change.key.scheme_version.len = 0;
	assert_int_equal(cdr_roster_build_next(next, &change, 1, MADE_AT, x->hub_seed, &later, NULL), CDR_OK);
	assert_int_equal(later->body->n_epoch, 2);
	assert_int_equal(later->body->n_statistics_key, 1);
	assert_int_equal(later->body->statistics_key[0]->number, 2);
	cdr_roster_free(later);
	cdr_roster_free(next);
}

/* Other trustees take the place of all: in the order of their new indices, each index once, none left out. */
static void
trustees_change(void **state)
{
	enum { MANY = CDR_TRUSTEE_COUNT_MAX + 1 };
	struct exchange *x = *state;
	const struct {
		uint32_t after[MANY];
		size_t count;
		cdr_err err;
	} cases[] = {
		{ { 2, 0, 1, 3 }, 4, CDR_OK },                    /* the second leaves, the first and the third change places */
		{ { 1, 3, 0 }, 3, CDR_E_ROSTER },                 /* nobody is the second */
		{ { 1, 2, 2 }, 3, CDR_E_ROSTER },
		{ { 1, 2, CDR_TRUSTEE_COUNT_MAX + 1 }, 3, CDR_E_ROSTER },
		{ { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16 }, MANY, CDR_E_ROSTER },
	};
	Cdr__Wire__Party party[MANY];
	Cdr__Wire__CeremonyParticipant participant[MANY], *at[MANY];
	Cdr__Wire__TrusteeChange trustees = CDR__WIRE__TRUSTEE_CHANGE__INIT;
	uint8_t key[MANY][CDR_SIGN_PUBLIC_LEN];
	static char name[] = "Somebody";
	struct cdr_roster *next;

	for (size_t i = 0; i < MANY; i++) {
		memset(key[i], (int)i + 0x40, sizeof(key[i]));
		fill_party(x, &party[i], name, key[i], url);
		participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		participant[i].party = &party[i];
		at[i] = &participant[i];
	}
	trustees.participant = at;
	trustees.threshold = THRESHOLD;
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_TRUSTEES, .trustees = &trustees };
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		trustees.n_participant = cases[c].count;
		for (size_t i = 0; i < cases[c].count; i++)
			participant[i].after = cases[c].after[i];
		assert_int_equal(cdr_roster_build_next(x->genesis, &change, 1, MADE_AT, x->hub_seed, &next, NULL), cases[c].err);
		if (cases[c].err != CDR_OK) {
			assert_null(next);
			continue;
		}
		assert_int_equal(next->body->n_trustee, 3);
		assert_memory_equal(next->body->trustee[0]->party->signing_key.data, key[2], sizeof(key[2]));
		assert_memory_equal(next->body->trustee[1]->party->signing_key.data, key[0], sizeof(key[0]));
		assert_memory_equal(next->body->trustee[2]->party->signing_key.data, key[3], sizeof(key[3]));
		cdr_roster_free(next);
	}
}

static void
what_is_no_roster_is_not_made(void **state)
{
	struct exchange *x = *state;
	struct cdr_roster *next = NULL;
	Cdr__Wire__Party party;
	static char bad[] = "Not-A-Slug", good[] = "good";
	Cdr__Wire__Member member = make_member(x, &party, bad);
	struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member };
	struct cdr_roster_change nobody = { .kind = CDR_ROSTER_CHANGE_STATUS, .id = "nobody", .status = "revoked" };
	struct cdr_roster_change twice[] = { change, { .kind = CDR_ROSTER_CHANGE_STATUS, .id = "good", .status = "gone" } };
	struct cdr_roster_change unknown = { .kind = (enum cdr_roster_change_kind)0 };

	assert_int_equal(cdr_roster_build_next(x->genesis, &change, 1, MADE_AT, x->hub_seed, &next, NULL), CDR_E_ROSTER);
	assert_null(next);
	assert_int_equal(cdr_roster_build_next(x->genesis, &change, 0, MADE_AT, x->hub_seed, &next, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_roster_build_next(x->genesis, &change, CDR_MEMBER_COUNT_MAX + CDR_ROSTER_CHANGE_OTHER_MAX + 1, MADE_AT, x->hub_seed, &next,
	    NULL), CDR_E_RANGE);
	assert_int_equal(cdr_roster_build_next(x->genesis, &nobody, 1, MADE_AT, x->hub_seed, &next, NULL), CDR_E_ABSENT);
	nobody.kind = CDR_ROSTER_CHANGE_SEALING;
	assert_int_equal(cdr_roster_build_next(x->genesis, &nobody, 1, MADE_AT, x->hub_seed, &next, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_roster_build_next(x->genesis, &unknown, 1, MADE_AT, x->hub_seed, &next, NULL),
	    CDR_E_INTERNAL);
	member.id = good;
	assert_int_equal(cdr_roster_build_next(x->genesis, twice, 2, MADE_AT, x->hub_seed, &next, NULL), CDR_E_ROSTER);
	twice[1].status = "a status that is far too long";
	assert_int_equal(cdr_roster_build_next(x->genesis, twice, 2, MADE_AT, x->hub_seed, &next, NULL), CDR_E_ROSTER);
}

static void
only_enough_trustees_complete_it(void **state)
{
	struct exchange *x = *state;
	struct cdr_roster *next = NULL, *roster = NULL;
	Cdr__Wire__Party party;
	static char id[] = "blue-harbour";
	Cdr__Wire__Member member = make_member(x, &party, id);
	struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member };

	assert_int_equal(cdr_roster_build_next(x->genesis, &change, 1, MADE_AT, x->hub_seed, &next, NULL), CDR_OK);
	assert_int_equal(complete(x, next, x->genesis, THRESHOLD - 1, &roster), CDR_E_ROSTER);
	assert_null(roster);
	assert_int_equal(cdr_roster_build_complete(next, x->genesis, NULL, CDR_TRUSTEE_COUNT_MAX + 1, &roster, NULL),
	    CDR_E_RANGE);
	assert_int_equal(complete(x, next, x->genesis, THRESHOLD, &roster), CDR_OK);
	assert_memory_equal(roster->hash, next->hash, CDR_ROSTER_HASH_LEN);
	assert_int_equal(cdr_roster_verify_next(roster, x->genesis, NULL), CDR_OK);
	/* It does not follow from itself. */
	struct cdr_roster *again = NULL;
	assert_int_equal(complete(x, next, roster, THRESHOLD, &again), CDR_E_ROSTER);
	cdr_roster_free(next);
	cdr_roster_free(roster);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genesis_is_its_own_proof),
		cmocka_unit_test(members_come_in_order_and_change),
		cmocka_unit_test(epochs_push_out_the_oldest),
		cmocka_unit_test(trustees_change),
		cmocka_unit_test(what_is_no_roster_is_not_made),
		cmocka_unit_test(only_enough_trustees_complete_it),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
