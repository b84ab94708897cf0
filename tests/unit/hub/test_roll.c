/* Members roll their sealing keys through the hub. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/roll.h"
#include "proto/sealing.h"

static const char path[] = "/v1/member/sealing";

struct roll {
	struct x_party *party;
	const char *member;
	uint64_t number, made_at;
	uint8_t secret[CDR_HPKE_SECRET_LEN], key[CDR_HPKE_PUBLIC_LEN];
};

static void
roll_make(struct exchange *x, struct roll *roll, struct x_party *party, const char *member, uint64_t number)
{
	*roll = (struct roll){ .party = party, .member = member, .number = number, .made_at = x->now };
	assert_int_equal(cdr_hpke_keypair(roll->secret, roll->key), CDR_OK);
}

/* "ok" or the code of the refusal; signed with ${seed}. */
static const char *
send_signed(struct exchange *x, const struct roll *roll, const uint8_t *seed)
{
	const struct cdr_sealing_claim claim = { .hub_key = x->hub_party.signing, .member = roll->member, .number = roll->number,
		.made_at = roll->made_at, .sealing_key = roll->key };
	uint8_t signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__SealingKey sealing = CDR__WIRE__SEALING_KEY__INIT;
	Cdr__Wire__SealingPut put = CDR__WIRE__SEALING_PUT__INIT;

	assert_int_equal(cdr_sealing_sign(seed, &claim, signature), CDR_OK);
	sealing.number = roll->number;
	sealing.made_at = roll->made_at;
	sealing.signature = cdr_message_field(signature, sizeof(signature));
	put.sealing_key = cdr_message_field(roll->key, sizeof(roll->key));
	put.sealing = &sealing;
	return x_try(x, roll->party, path, &put.base, &cdr__wire__empty__descriptor);
}

static const char *
send_roll(struct exchange *x, const struct roll *roll)
{
	return send_signed(x, roll, roll->party->seed);
}

/* The sealing key that the roster in force gives a member, and its number. */
static uint64_t
in_roster(struct exchange *x, const char *id, uint8_t key[static CDR_HPKE_PUBLIC_LEN])
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	const Cdr__Wire__Member *member = cdr_roster_member(roster, id);

	assert_non_null(member);
	memcpy(key, member->party->sealing_key.data, CDR_HPKE_PUBLIC_LEN);
	uint64_t number = member->sealing != NULL ? member->sealing->number : 0;
	cdr_hub_roster_release(x->hub, roster);
	return number;
}

static bool
is_active(struct exchange *x, const char *id)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	bool active = cdr_roster_member_is_active(cdr_roster_member(roster, id));

	cdr_hub_roster_release(x->hub, roster);
	return active;
}

static void
a_key_is_rolled(void **state)
{
	struct exchange *x = *state;
	struct x_party a;
	struct roll roll;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];

	x_enrol(x, "aa", &a);
	x->now += 30 * UINT64_C(86400);
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(in_roster(x, "aa", key), 0);
	assert_memory_equal(key, a.sealing, sizeof(key));
	/* A repeat is harmless, and does not make the countersignatures start over. */
	assert_true(x_countersign(x, 0));
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_true(x_countersign(x, 1));
	assert_int_equal(in_roster(x, "aa", key), 1);
	assert_memory_equal(key, roll.key, sizeof(key));
	assert_int_equal(x_count(x, "SELECT count(*) FROM sealing_roll"), 0);
	assert_false(x_countersign(x, 0));
	/* Also afterwards; and later another one. */
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(x_count(x, "SELECT count(*) FROM sealing_roll"), 0);
	x->now += CDR_HUB_ROLL_SECONDS - 1;
	roll_make(x, &roll, &a, "aa", 2);
	assert_string_equal(send_roll(x, &roll), "busy");
	x->now += 1;
	assert_string_equal(send_roll(x, &roll), "ok");
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 2);
}

static void
what_is_not_the_members_is_refused(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b;
	struct roll roll, other;

	x_enrol(x, "aa", &a);
	x_enrol(x, "bb", &b);
	x->now += 30 * UINT64_C(86400);
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_signed(x, &roll, b.seed), "signature");
	/* For another member; with a key that is none; no number; from the future. */
	other = roll;
	other.member = "bb";
	assert_string_equal(send_roll(x, &other), "signature");
	other = roll;
	other.key[64] ^= 1;
	assert_string_equal(send_roll(x, &other), "input");
	other = roll;
	other.number = 0;
	assert_string_equal(send_roll(x, &other), "input");
	other = roll;
	other.made_at = x->now + 2 * UINT64_C(86400);
	assert_string_equal(send_roll(x, &other), "input");
	assert_int_equal(x_count(x, "SELECT count(*) FROM sealing_roll"), 0);
	assert_false(x_countersign(x, 0));
	/* Who is suspended rolls nothing. */
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "suspended", x->now, NULL), CDR_OK);
	assert_string_equal(send_roll(x, &roll), "refused");
}

/* A node that was put back from a backup does not know which numbers it used. */
static void
a_number_is_used_once(void **state)
{
	struct exchange *x = *state;
	struct x_party a;
	struct roll first, again;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];

	x_enrol(x, "aa", &a);
	x->now += 30 * UINT64_C(86400);
	roll_make(x, &first, &a, "aa", 3);
	assert_string_equal(send_roll(x, &first), "ok");
	for (uint64_t number = 1; number <= 3; number++) {
		roll_make(x, &again, &a, "aa", number);
		assert_string_equal(send_roll(x, &again), "sequence");
	}
	/* A later one takes the place of what waits, once an hour. */
	assert_string_equal((roll_make(x, &again, &a, "aa", 4), send_roll(x, &again)), "busy");
	x->now += CDR_HUB_ROLL_SECONDS;
	roll_make(x, &again, &a, "aa", 4);
	assert_string_equal(send_roll(x, &again), "ok");
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 4);
	assert_memory_equal(key, again.key, sizeof(key));
	assert_string_equal(send_roll(x, &first), "sequence");
}

/* Machines countersign it: it does not wait for those who wait for people. Who is suspended meanwhile is rolled when restored. */
static void
it_waits_for_nobody(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b, c;
	struct roll roll;
	struct x_reply reply;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN], key[CDR_HPKE_PUBLIC_LEN];

	x_enrol(x, "aa", &a);
	x_enrol(x, "bb", &b);
	x->now += 30 * UINT64_C(86400);
	x_party_make(&c, "member/cc");
	x_invite(x, "cc", secret);
	assert_int_equal(x_join(x, &c, secret, &reply), 200);
	x_reply_free(&reply);
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "bb", "suspended", x->now, NULL), CDR_OK);
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 1);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_null(cdr_roster_member(roster, "cc"));
	assert_string_equal(cdr_roster_member(roster, "bb")->status, "suspended");
	cdr_hub_roster_release(x->hub, roster);
	x_approve(x);
	assert_int_equal(in_roster(x, "cc", key), 0);

	x->now += 30 * UINT64_C(86400);
	roll_make(x, &roll, &a, "aa", 2);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "suspended", x->now, NULL), CDR_OK);
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 1);
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "active", x->now, NULL), CDR_OK);
	x_approve(x);
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 2);
}

/* What waited goes with the keys that signed it. */
static void
who_joins_anew_has_nothing_waiting(void **state)
{
	struct exchange *x = *state;
	struct x_party a, anew;
	struct roll roll;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];

	x_enrol(x, "aa", &a);
	x->now += 30 * UINT64_C(86400);
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "revoked", x->now, NULL), CDR_OK);
	x_approve(x);
	x_enrol(x, "aa", &anew);
	assert_int_equal(x_count(x, "SELECT count(*) FROM sealing_roll"), 0);
	assert_int_equal(in_roster(x, "aa", key), 0);
	assert_memory_equal(key, anew.sealing, sizeof(key));
	assert_string_equal(send_roll(x, &roll), "refused");
}

/* The liar: a member that rolls again and again, so that countersignatures start over before there are enough; here of another's suspension. */
static void
rolls_hold_up_no_roster(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b;
	struct roll roll;
	size_t rolled = 0;

	x_enrol(x, "aa", &a);
	x_enrol(x, "bb", &b);
	x->now += 30 * UINT64_C(86400);
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "bb", "suspended", x->now, NULL), CDR_OK);
	for (uint64_t number = 2; number < 12; number++) {
		x->now++;
		roll_make(x, &roll, &a, "aa", number);
		const char *said = send_roll(x, &roll);
		rolled += strcmp(said, "ok") == 0;
		assert_string_equal(said, "busy");
		if (number < 2 + X_THRESHOLD)
			assert_true(x_countersign(x, number - 2));
	}
	assert_int_equal(rolled, 0);
	assert_false(is_active(x, "bb"));
}

/* The liars: so many members that there is always one whose key may be rolled. What somebody has countersigned stays until it is in force, */
static void
nor_do_those_of_many(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b, many[4];
	struct roll roll;
	char id[8];
	uint8_t key[CDR_HPKE_PUBLIC_LEN];

	x_enrol(x, "aa", &a);
	x_enrol(x, "bb", &b);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof(id), "m%zu", i);
		x_enrol(x, id, &many[i]);
	}
	x->now += 30 * UINT64_C(86400);
	assert_int_equal(cdr_hub_member_set(x->hub, "bb", "suspended", x->now, NULL), CDR_OK);
	for (size_t i = 0; i < 4; i++) {
		if (i < X_THRESHOLD)
			assert_true(x_countersign(x, i));
		x->now++;
		(void)snprintf(id, sizeof(id), "m%zu", i);
		roll_make(x, &roll, &many[i], id, 1);
		assert_string_equal(send_roll(x, &roll), "ok");
	}
	assert_false(is_active(x, "bb"));
	/* and what was sent meanwhile is in the next; */
	x_approve(x);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof(id), "m%zu", i);
		assert_int_equal(in_roster(x, id, key), 1);
	}
	/* but what nobody completes is stale after an hour, and holds up nobody either; */
	x->now += 30 * UINT64_C(86400);
	assert_int_equal(cdr_hub_member_set(x->hub, "bb", "active", x->now, NULL), CDR_OK);
	assert_true(x_countersign(x, 0));
	roll_make(x, &roll, &a, "aa", 1);
	assert_string_equal(send_roll(x, &roll), "ok");
	assert_true(x_countersign(x, 0));
	x->now += CDR_HUB_ROLL_SECONDS;
	roll_make(x, &roll, &many[0], "m0", 2);
	assert_string_equal(send_roll(x, &roll), "ok");
	x_approve(x);
	assert_int_equal(in_roster(x, "aa", key), 1);
	assert_int_equal(in_roster(x, "m0", key), 2);
	assert_false(is_active(x, "bb"));
	/* and a suspension waits for no hour. */
	assert_true(x_countersign(x, 0));
	assert_int_equal(cdr_hub_member_set(x->hub, "m1", "suspended", x->now, NULL), CDR_OK);
	x_approve(x);
	assert_false(is_active(x, "m1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_key_is_rolled, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_the_members_is_refused, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_number_is_used_once, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(it_waits_for_nobody, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(who_joins_anew_has_nothing_waiting, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(rolls_hold_up_no_roster, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(nor_do_those_of_many, x_setup, x_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
