/* What changed between two rosters: every kind of change is found, named, and asks for what it must ask for. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/crypto/group.h"
#include "core/crypto/sign.h"
#include "keys/roster_diff.h"
#include "proto/sealing.h"

#define TRUSTEE_COUNT 3

/* Two rosters' worth of bodies that a test changes before they are encoded; the decoder checks form, not signatures. */
struct draft {
	uint8_t key[8][CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing[CDR_HPKE_PUBLIC_LEN];
	uint8_t point[2][CDR_POINT_LEN];
	uint8_t hash[2][32];
	char name[8][16], id[3][16], country[4], status[3][16], url[32], nowhere[1], index[8], version[4];
	Cdr__Wire__Party party[8]; /* hub, trustees, members */
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *trustee_at[TRUSTEE_COUNT];
	Cdr__Wire__Member member[3], *member_at[3];
	Cdr__Wire__Epoch epoch[2], *epoch_at[2];
	ProtobufCBinaryData share[2][TRUSTEE_COUNT];
	Cdr__Wire__Scheme scheme;
	Cdr__Wire__Roster body;
};

static void
fill_party(struct draft *d, size_t i, const char *name, char *url)
{
	Cdr__Wire__Party *p = &d->party[i];

	(void)snprintf(d->name[i], sizeof(d->name[i]), "%s", name);
	memset(d->key[i], (int)i + 1, sizeof(d->key[i]));
	*p = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	p->name = d->name[i];
	p->url = url;
	p->signing_key = cdr_message_field(d->key[i], sizeof(d->key[i]));
	p->sealing_key = cdr_message_field(d->sealing, sizeof(d->sealing));
	p->tls_pin = cdr_message_field(d->key[i], CDR_PIN_LEN);
}

static void
fill_members(struct draft *d)
{
	static const char *const ids[] = { "amber", "birch", "cedar" };

	for (size_t i = 0; i < 3; i++) {
		Cdr__Wire__Member *m = &d->member[i];

		(void)snprintf(d->id[i], sizeof(d->id[i]), "%s", ids[i]);
		(void)snprintf(d->status[i], sizeof(d->status[i]), "active");
		fill_party(d, 4 + i, ids[i], d->nowhere);
		*m = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		m->id = d->id[i];
		m->party = &d->party[4 + i];
		m->country = d->country;
		m->status = d->status[i];
		m->check_points = 10;
		m->import_points = 100;
		d->member_at[i] = m;
	}
	d->body.member = d->member_at;
	d->body.n_member = 2; /* the third comes in where a test says so */
}

static void
fill_epochs(struct draft *d)
{
	for (size_t i = 0; i < 2; i++) {
		Cdr__Wire__Epoch *e = &d->epoch[i];

		memset(d->hash[i], (int)i + 1, sizeof(d->hash[i]));
		*e = (Cdr__Wire__Epoch)CDR__WIRE__EPOCH__INIT;
		e->number = (uint32_t)i + 1;
		e->scheme_version = cdr_message_field(d->hash[0], 32);
		e->public_key = cdr_message_field(d->point[0], CDR_POINT_LEN);
		e->transcript = cdr_message_field(d->hash[i], 32);
		e->starts_at = 1000 * (i + 1);
		e->ends_at = e->starts_at + 5000;
		for (size_t k = 0; k < TRUSTEE_COUNT; k++)
			d->share[i][k] = cdr_message_field(d->point[0], CDR_POINT_LEN);
		e->public_share = d->share[i];
		e->n_public_share = TRUSTEE_COUNT;
		d->epoch_at[i] = e;
	}
	d->body.epoch = d->epoch_at;
	d->body.n_epoch = 1;
}

static void
fill(struct draft *d)
{
	uint8_t scalar[CDR_SCALAR_LEN];

	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < 2; i++) {
		cdr_scalar_set(i + 7, scalar);
		assert_int_equal(cdr_group_mul_base(scalar, d->point[i]), CDR_OK);
	}
	assert_int_equal(cdr_group_public_uncompressed(scalar, d->sealing), CDR_OK);
	(void)snprintf(d->country, sizeof(d->country), "KEN");
	(void)snprintf(d->url, sizeof(d->url), "https://127.0.0.1:1");
	(void)snprintf(d->index, sizeof(d->index), "leavers");
	(void)snprintf(d->version, sizeof(d->version), "1");
	d->body = (Cdr__Wire__Roster)CDR__WIRE__ROSTER__INIT;
	fill_party(d, 0, "hub", d->url);
	for (size_t i = 0; i < TRUSTEE_COUNT; i++) {
		fill_party(d, 1 + i, "trustee", d->url);
		d->trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		d->trustee[i].index = (uint32_t)i + 1;
		d->trustee[i].party = &d->party[1 + i];
		d->trustee_at[i] = &d->trustee[i];
	}
	d->scheme = (Cdr__Wire__Scheme)CDR__WIRE__SCHEME__INIT;
	d->scheme.index = d->index;
	d->scheme.lookback_years = 5;
	d->scheme.answer_days = 14;
	d->scheme.expiry_days = 60;
	d->scheme.strong_lambda_ppm = 1000;
	d->scheme.possible_lambda_ppm = 500000;
	d->scheme.possible_max = 5;
	d->scheme.codebook_version = d->version;
	d->body.format = 1;
	d->body.version = 3;
	d->body.previous = cdr_message_field(d->hash[0], 32);
	d->body.hub = &d->party[0];
	d->body.trustee = d->trustee_at;
	d->body.n_trustee = TRUSTEE_COUNT;
	d->body.threshold = 2;
	d->body.scheme = &d->scheme;
	fill_members(d);
	fill_epochs(d);
}

static struct cdr_roster *
decode(const struct draft *d)
{
	Cdr__Wire__SignedRoster frame = CDR__WIRE__SIGNED_ROSTER__INIT;
	uint8_t signature[CDR_SIGNATURE_LEN] = { 0 };
	struct cdr_buffer body, bytes;
	struct cdr_roster *roster;
	struct cdr_fault fault = { CDR_OK, "" };

	assert_int_equal(cdr_message_encode(&d->body.base, &body), CDR_OK);
	frame.roster = cdr_message_field(body.data, body.len);
	frame.hub_signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&frame.base, &bytes), CDR_OK);
	if (cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
	return roster;
}

static struct draft from, to;
static struct cdr_roster *before, *after;
static struct cdr_roster_diff diff;

static int
setup(void **state)
{
	(void)state;
	fill(&from);
	fill(&to);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cdr_roster_diff_free(&diff);
	cdr_roster_free(before);
	cdr_roster_free(after);
	before = after = NULL;
	return 0;
}

static void
compare(void)
{
	cdr_roster_diff_free(&diff);
	cdr_roster_free(before);
	cdr_roster_free(after);
	before = decode(&from);
	after = decode(&to);
	assert_int_equal(cdr_roster_diff_new(before, after, &diff), CDR_OK);
}

/* Exactly one change, of this kind and need, and its words hold ${word}. */
static void
assert_one(enum cdr_roster_diff_kind kind, enum cdr_roster_diff_need need, const char *word)
{
	compare();
	assert_int_equal(diff.count, 1);
	assert_string_equal(cdr_roster_diff_kind_name(diff.entry[0].kind), cdr_roster_diff_kind_name(kind));
	assert_int_equal(diff.entry[0].need, need);
	if (strstr(diff.entry[0].text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, diff.entry[0].text);
}

static void
test_same(void **state)
{
	(void)state;
	compare();
	assert_int_equal(diff.count, 0);
	/* What only counts versions is no change. */
	to.body.version++;
	to.body.made_at = 5;
	compare();
	assert_int_equal(diff.count, 0);
}

static void
test_members_come_and_go(void **state)
{
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];

	(void)state;
	to.body.n_member = 3;
	assert_one(CDR_DIFF_MEMBER_ADDED, CDR_NEED_APPROVAL, "cedar");
	assert_int_equal(cdr_roster_party_fingerprint("member/cedar", to.member[2].party, fingerprint), CDR_OK);
	assert_memory_equal(diff.entry[0].fingerprint, fingerprint, sizeof(fingerprint));
	to.body.n_member = 1;
	assert_one(CDR_DIFF_MEMBER_REMOVED, CDR_NEED_REFUSAL, "birch");
	/* One in front, so that the two lists are out of step. */
	to.member_at[0] = &to.member[1];
	assert_one(CDR_DIFF_MEMBER_REMOVED, CDR_NEED_REFUSAL, "amber");
	to.body.n_member = 0;
	compare();
	assert_int_equal(diff.count, 2);
}

static void
test_status(void **state)
{
	static const char *const order[] = { "revoked", "suspended", "active" };

	(void)state;
	for (size_t a = 0; a < 3; a++) {
		for (size_t b = 0; b < 3; b++) {
			(void)snprintf(from.status[1], 16, "%s", order[a]);
			(void)snprintf(to.status[1], 16, "%s", order[b]);
			if (b < a)
				assert_one(CDR_DIFF_MEMBER_STRICTER, CDR_NEED_NOTHING, order[b]);
			else if (b > a)
				assert_one(CDR_DIFF_MEMBER_RESTORED, a == 0 ? CDR_NEED_REFUSAL : CDR_NEED_APPROVAL, order[b]);
		}
	}
	/* Who was revoked and has other keys now is somebody new: its fingerprint is compared. */
	(void)snprintf(from.status[1], 16, "revoked");
	(void)snprintf(to.status[1], 16, "active");
	to.key[5][0] ^= 1;
	compare();
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.entry[0].kind, CDR_DIFF_MEMBER_PARTY);
	assert_int_equal(diff.entry[1].kind, CDR_DIFF_MEMBER_RESTORED);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(diff.entry[i].need, CDR_NEED_APPROVAL);
}

static void
test_quotas(void **state)
{
	(void)state;
	to.member[0].check_points = 9;
	assert_one(CDR_DIFF_MEMBER_QUOTA_DOWN, CDR_NEED_NOTHING, "9");
	to.member[0].check_points = 11;
	assert_one(CDR_DIFF_MEMBER_QUOTA_UP, CDR_NEED_APPROVAL, "11");
	/* One up and one down is up. */
	to.member[0].import_points = 1;
	assert_one(CDR_DIFF_MEMBER_QUOTA_UP, CDR_NEED_APPROVAL, "11");
}

static void
test_keys_and_names(void **state)
{
	(void)state;
	to.key[5][0] ^= 1;
	assert_one(CDR_DIFF_MEMBER_PARTY, CDR_NEED_APPROVAL, "birch");
	to.key[5][0] ^= 1;
	(void)snprintf(to.name[5], sizeof(to.name[5]), "Beech");
	assert_one(CDR_DIFF_MEMBER_PARTY, CDR_NEED_APPROVAL, "Beech");
	fill(&to);
	to.member[1].joined_at = 7;
	assert_one(CDR_DIFF_MEMBER_OTHER, CDR_NEED_APPROVAL, "birch");
	/* Everything about one member at once. */
	to.key[5][0] ^= 1;
	to.member[1].check_points = 99;
	(void)snprintf(to.status[1], 16, "revoked");
	compare();
	assert_int_equal(diff.count, 4);
}

static void
test_epochs(void **state)
{
	(void)state;
	to.body.n_epoch = 2;
	assert_one(CDR_DIFF_KEY_ADDED, CDR_NEED_CEREMONY, "epoch 2");
	to.body.n_epoch = 1;
	to.epoch[0].ends_at++;
	assert_one(CDR_DIFF_KEY_TIMES, CDR_NEED_REFUSAL, "times");
	fill(&to);
	memcpy(to.point[0], to.point[1], CDR_POINT_LEN);
	assert_one(CDR_DIFF_KEY_OTHER, CDR_NEED_REFUSAL, "another key");
	fill(&to);
	to.share[0][1] = cdr_message_field(to.point[1], CDR_POINT_LEN);
	assert_one(CDR_DIFF_KEY_SHARES, CDR_NEED_CEREMONY, "other shares");
	/* Other shares and other times at once are two things. */
	to.epoch[0].ends_at++;
	compare();
	assert_int_equal(diff.count, 2);
	fill(&to);
	to.body.n_epoch = 0;
	assert_one(CDR_DIFF_KEY_OTHER, CDR_NEED_REFUSAL, "gone");
}

/* The statistics keys are judged as epochs are, and neither kind passes for the other. */
static void
test_statistics_key(void **state)
{
	(void)state;
	Cdr__Wire__StatisticsKey key = CDR__WIRE__STATISTICS_KEY__INIT, *at = &key;

	key.number = 1;
	key.public_key = to.epoch[0].public_key;
	key.transcript = to.epoch[0].transcript;
	key.public_share = to.epoch[0].public_share;
	key.n_public_share = to.epoch[0].n_public_share;
	key.starts_at = 1;
	key.ends_at = 2;
	to.body.statistics_key = &at;
	to.body.n_statistics_key = 1;
	assert_one(CDR_DIFF_KEY_ADDED, CDR_NEED_CEREMONY, "statistics key 1");
	assert_int_equal(diff.entry[0].key.kind, CDR_KEY_STATISTICS);
	from.body.statistics_key = &at;
	from.body.n_statistics_key = 1;
	to.body.n_statistics_key = 0;
	assert_one(CDR_DIFF_KEY_OTHER, CDR_NEED_REFUSAL, "statistics key 1 is gone");
}

/* The oldest of two makes room for a third. */
static void
test_epoch_ends(void **state)
{
	(void)state;
	from.body.n_epoch = to.body.n_epoch = 2;
	to.epoch[0] = from.epoch[1];
	to.epoch[1].number = 3;
	to.epoch[1].starts_at = 9000;
	to.epoch[1].ends_at = 12000;
	compare();
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.entry[0].kind, CDR_DIFF_KEY_ADDED);
	assert_int_equal(diff.entry[1].kind, CDR_DIFF_KEY_ENDED);
	assert_int_equal(diff.entry[1].need, CDR_NEED_NOTHING);
	/* But not the newer one. */
	fill(&to);
	to.body.n_epoch = 2;
	to.epoch[1].number = 3;
	to.epoch[1].starts_at = 9000;
	to.epoch[1].ends_at = 12000;
	compare();
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.entry[1].kind, CDR_DIFF_KEY_OTHER);
}

static void
test_rules_and_parties(void **state)
{
	(void)state;
	to.scheme.reply_delay_max_s = 7;
	assert_one(CDR_DIFF_SCHEME, CDR_NEED_REFUSAL, "rules");
	fill(&to);
	to.key[0][0] ^= 1;
	assert_one(CDR_DIFF_PARTIES, CDR_NEED_REFUSAL, "hub");
	fill(&to);
	to.key[2][0] ^= 1;
	assert_one(CDR_DIFF_TRUSTEES, CDR_NEED_CHANGE, "trustees");
	fill(&to);
	to.body.threshold = 3;
	assert_one(CDR_DIFF_TRUSTEES, CDR_NEED_CHANGE, "threshold");
}

static void
test_names_of_kinds(void **state)
{
	(void)state;
	for (int kind = CDR_DIFF_MEMBER_ADDED; kind <= CDR_DIFF_PARTIES; kind++)
		assert_string_not_equal(cdr_roster_diff_kind_name((enum cdr_roster_diff_kind)kind), "unknown");
	assert_string_equal(cdr_roster_diff_kind_name((enum cdr_roster_diff_kind)99), "unknown");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A sealing key: the member's own signature needs nobody, anything else is refused; with new signing keys people decide. */
static void
test_sealing_keys(void **state)
{
	static const uint8_t seed[CDR_SIGN_SEED_LEN] = { 7 };
	uint8_t scalar[CDR_SCALAR_LEN], key[CDR_HPKE_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN], own[CDR_SIGN_PUBLIC_LEN];
	Cdr__Wire__SealingKey sealing = CDR__WIRE__SEALING_KEY__INIT;

	(void)state;
	assert_int_equal(cdr_sign_public(seed, own), CDR_OK);
	memcpy(from.key[4], own, sizeof(own));
	memcpy(to.key[4], own, sizeof(own));
	cdr_scalar_set(77, scalar);
	assert_int_equal(cdr_group_public_uncompressed(scalar, key), CDR_OK);
	const struct cdr_sealing_claim claim = { .hub_key = from.key[0], .member = "amber", .number = 1, .made_at = 9,
		.sealing_key = key };
	assert_int_equal(cdr_sealing_sign(seed, &claim, signature), CDR_OK);
	sealing.number = 1;
	sealing.made_at = 9;
	sealing.signature = cdr_message_field(signature, sizeof(signature));

	to.party[4].sealing_key = cdr_message_field(key, sizeof(key));
	assert_one(CDR_DIFF_MEMBER_SEALING, CDR_NEED_REFUSAL, "amber");
	to.member[0].sealing = &sealing;
	assert_one(CDR_DIFF_MEMBER_SEALING, CDR_NEED_NOTHING, "amber");
	signature[0] ^= 1;
	assert_one(CDR_DIFF_MEMBER_SEALING, CDR_NEED_REFUSAL, "did not sign");
	signature[0] ^= 1;
	/* Another name beside it is another matter. */
	(void)snprintf(to.name[4], sizeof(to.name[4]), "Ambar");
	compare();
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.entry[0].need, CDR_NEED_NOTHING);
	assert_int_equal(diff.entry[1].need, CDR_NEED_APPROVAL);
	/* Other keys altogether: the fingerprint covers the sealing key. */
	(void)snprintf(to.name[4], sizeof(to.name[4]), "amber");
	to.key[4][0] ^= 1;
	to.member[0].sealing = NULL;
	assert_one(CDR_DIFF_MEMBER_PARTY, CDR_NEED_APPROVAL, "amber");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_same),
		CASE(test_members_come_and_go),
		CASE(test_status),
		CASE(test_quotas),
		CASE(test_keys_and_names),
		CASE(test_epochs),
		CASE(test_statistics_key),
		CASE(test_epoch_ends),
		CASE(test_rules_and_parties),
		CASE(test_names_of_kinds),
		cmocka_unit_test_setup_teardown(test_sealing_keys, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
