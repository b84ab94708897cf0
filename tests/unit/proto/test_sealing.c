/* Whose sealing key that is: only a member's own signature gives it another one, and none goes back. */
#include "proto/sealing.h"
#include "tests/unit/proto/parties.h"

static struct draft d;
static struct cdr_roster *before, *after;
static Cdr__Wire__SealingKey sealing[2];
static uint8_t signature[2][CDR_SIGNATURE_LEN];
static struct party_keys rolled;

/* The first member's entry with the sealing key of ${rolled}, number ${number}, signed by ${seed}. */
static void
roll(int at, uint64_t number, const uint8_t *seed)
{
	const struct cdr_sealing_claim claim = { .hub_key = hub_keys.signing, .member = "blue-harbour", .number = number,
		.made_at = 1700000000, .sealing_key = rolled.sealing };

	assert_int_equal(cdr_sealing_sign(seed, &claim, signature[at]), CDR_OK);
	sealing[at] = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	sealing[at].number = number;
	sealing[at].made_at = 1700000000;
	sealing[at].signature = cdr_message_field(signature[at], CDR_SIGNATURE_LEN);
	d.member[0].party = &rolled.party;
	d.member[0].sealing = &sealing[at];
}

static int
setup(void **state)
{
	(void)state;
	make_draft(&d, 1, NULL);
	rolled = member_keys[0];
	assert_int_equal(cdr_hpke_keypair(rolled.secret, rolled.sealing), CDR_OK);
	rolled.party.sealing_key = cdr_message_field(rolled.sealing, sizeof(rolled.sealing));
	rolled.party.signing_key = cdr_message_field(rolled.signing, sizeof(rolled.signing));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cdr_roster_free(before);
	cdr_roster_free(after);
	before = after = NULL;
	return 0;
}

/* ${before} is the draft as it is now. */
static void
hold(void)
{
	cdr_roster_free(before);
	assert_int_equal(make_roster(&d, 0x1f, &before), CDR_OK);
}

/* Whether the draft may follow ${before}, countersigned by all: what it is told if not. */
static const char *
follow(void)
{
	static struct cdr_fault fault;

	fault = (struct cdr_fault){ CDR_OK, "" };
	d.body.version = before->body->version + 1;
	memcpy(d.previous, before->hash, sizeof(d.previous));
	cdr_roster_free(after);
	assert_int_equal(make_roster(&d, 0x1f, &after), CDR_OK);
	cdr_err err = cdr_roster_verify_next(after, before, &fault);
	assert_int_equal(cdr_roster_verify_proposal(after, before, NULL), err);
	assert_true(err == CDR_OK || err == CDR_E_ROSTER);
	return err == CDR_OK ? "ok" : fault.text;
}

static void
the_member_signs_its_next_key(void **state)
{
	(void)state;
	hold();
	roll(0, 1, member_keys[0].seed);
	assert_string_equal(follow(), "ok");
	/* Again a later one; numbers may be left out. */
	hold();
	assert_int_equal(cdr_hpke_keypair(rolled.secret, rolled.sealing), CDR_OK);
	roll(1, 7, member_keys[0].seed);
	assert_string_equal(follow(), "ok");
	/* It stays as it is. */
	hold();
	assert_string_equal(follow(), "ok");
}

static void
nobody_else_gives_it_one(void **state)
{
	(void)state;
	hold();
	/* No signature at all; the hub's; a trustee's; another member's. */
	d.member[0].party = &rolled.party;
	assert_non_null(strstr(follow(), "blue-harbour gets another sealing key without a word from"));
	const uint8_t *seeds[] = { hub_keys.seed, trustee_keys[0].seed, member_keys[1].seed };
	for (size_t i = 0; i < 3; i++) {
		roll(0, 1, seeds[i]);
		assert_non_null(strstr(follow(), "a sealing key that blue-harbour did not sign"));
	}
}

/* What was signed is signed for one hub, one member, one number, one time, one key. */
static void
a_signature_serves_once(void **state)
{
	(void)state;
	hold();
	roll(0, 1, member_keys[0].seed);
	sealing[0].number = 2;
	assert_non_null(strstr(follow(), "did not sign"));
	sealing[0].number = 1;
	sealing[0].made_at++;
	assert_non_null(strstr(follow(), "did not sign"));
	sealing[0].made_at--;
	rolled.sealing[64] ^= 1;
	assert_non_null(strstr(follow(), "did not sign"));
	rolled.sealing[64] ^= 1;
	assert_string_equal(follow(), "ok");

	struct cdr_sealing_claim claim = { .hub_key = trustee_keys[0].signing, .member = "blue-harbour", .number = 1,
		.made_at = 1700000000, .sealing_key = rolled.sealing };
	const struct cdr_bytes bytes = { signature[0], CDR_SIGNATURE_LEN };
	assert_int_equal(cdr_sealing_verify(member_keys[0].signing, &claim, bytes), CDR_E_SIGNATURE);
	claim.hub_key = hub_keys.signing;
	assert_int_equal(cdr_sealing_verify(member_keys[0].signing, &claim, bytes), CDR_OK);
	claim.member = "blue-harbou";
	assert_int_equal(cdr_sealing_verify(member_keys[0].signing, &claim, bytes), CDR_E_SIGNATURE);
	claim.member = "blue-harbour";
	assert_int_equal(cdr_sealing_verify(member_keys[0].signing, &claim, (struct cdr_bytes){ signature[0], 63 }), CDR_E_SIGNATURE);
}

/* A key that was replaced, perhaps because it was stolen, does not come back; nor does the first one. */
static void
none_goes_back(void **state)
{
	(void)state;
	roll(0, 2, member_keys[0].seed);
	hold();
	struct party_keys second = rolled;
	assert_int_equal(cdr_hpke_keypair(rolled.secret, rolled.sealing), CDR_OK);
	for (uint64_t number = 1; number <= 2; number++) {
		roll(1, number, member_keys[0].seed);
		assert_non_null(strstr(follow(), "goes back to an earlier sealing key"));
	}
	d.member[0].party = &member_keys[0].party;
	d.member[0].sealing = NULL;
	assert_non_null(strstr(follow(), "without a word from"));
	/* The same key without its signature. */
	memcpy(rolled.sealing, second.sealing, sizeof(rolled.sealing));
	d.member[0].party = &rolled.party;
	assert_non_null(strstr(follow(), "without a word from"));
	d.member[0].sealing = &sealing[0];
	assert_string_equal(follow(), "ok");
}

/* Who joins anew has another signing key, which people at the trustees compared. */
static void
who_joins_anew_begins_anew(void **state)
{
	(void)state;
	roll(0, 5, member_keys[0].seed);
	hold();
	struct party_keys anew;
	make_party(&anew, "Blue Harbour", false);
	d.member[0].party = &anew.party;
	d.member[0].sealing = NULL;
	assert_string_equal(follow(), "ok");
	/* The old key's owner has no say about the new entry. */
	memcpy(rolled.sealing, anew.sealing, sizeof(rolled.sealing));
	roll(1, 6, member_keys[0].seed);
	d.member[0].party = &anew.party;
	assert_non_null(strstr(follow(), "did not sign"));
}

/* Who holds a roster from before the member joined verifies the signature all the same. */
static void
a_first_sight_is_verified(void **state)
{
	(void)state;
	d.body.n_member = 0;
	hold();
	d.body.n_member = MEMBERS;
	roll(0, 3, hub_keys.seed);
	assert_non_null(strstr(follow(), "did not sign"));
	roll(0, 3, member_keys[0].seed);
	assert_string_equal(follow(), "ok");
}

static void
form_is_checked(void **state)
{
	(void)state;
	roll(0, 1, member_keys[0].seed);
	sealing[0].number = 0;
	assert_int_equal(make_roster(&d, 0, &after), CDR_E_ROSTER);
	sealing[0].number = (uint64_t)CDR_SEALING_NUMBER_MAX + 1;
	assert_int_equal(make_roster(&d, 0, &after), CDR_E_ROSTER);
	sealing[0].number = CDR_SEALING_NUMBER_MAX;
	sealing[0].signature.len--;
	assert_int_equal(make_roster(&d, 0, &after), CDR_E_ROSTER);
	sealing[0].signature.len++;
	assert_int_equal(make_roster(&d, 0, &after), CDR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_member_signs_its_next_key, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_else_gives_it_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signature_serves_once, setup, teardown),
		cmocka_unit_test_setup_teardown(none_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(who_joins_anew_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_first_sight_is_verified, setup, teardown),
		cmocka_unit_test_setup_teardown(form_is_checked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_parties, NULL);
}
