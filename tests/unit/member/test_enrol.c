#include "tests/unit/member/world.h"

/* Joining an exchange and keeping up with its roster, against a hub that is who it should be, and one that is not. */

#define URL "https://127.0.0.1:1"

static cdr_err
forget(struct cdr_tx *tx, void *context)
{
	(void)context;
	assert_int_equal(cdr_query_run(tx, "DELETE FROM setting WHERE name <> 'name'", CDR_VALUES()), CDR_OK);
	return cdr_query_run(tx, "DELETE FROM roster", CDR_VALUES());
}

/* Blue as it was before it joined, and the invitation that it was given. */
static void
uninvite(struct world *w, char *code, size_t size)
{
	struct cdr_member *m = w->member[BLUE];
	uint8_t invitation[CDR_INVITATION_LEN];

	assert_int_equal(cdr_store_write(m->home->store, forget, NULL), CDR_OK);
	cdr_current_free(m->current);
	assert_int_equal(cdr_current_new(&m->current), CDR_OK);
	memset(m->id, 0, sizeof(m->id));
	memset(m->country, 0, sizeof(m->country));
	memset(m->genesis, 0, sizeof(m->genesis));
	memset(m->signer_name, 0, sizeof(m->signer_name));
	memset(w->join_code, 0x5a, sizeof(w->join_code));
	w->join_id = "blue-harbour";
	w->join_country = "KEN";
	memcpy(invitation, w->join_code, CDR_INVITATION_SECRET_LEN);
	memcpy(invitation + CDR_INVITATION_SECRET_LEN, w->genesis, CDR_GENESIS_HASH_LEN);
	assert_int_equal(cdr_base32_write(invitation, sizeof(invitation), 5, code, size), CDR_OK);
}

static cdr_err
join(struct world *w, const char *code)
{
	struct cdr_fault fault = { 0 };
	cdr_err err = cdr_enrol_join(w->member[BLUE], URL, code, &fault);

	assert_int_equal(fault.code, err);
	if (err != CDR_OK && err != CDR_E_EXISTS) {
		assert_string_equal(w->member[BLUE]->id, "");
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM roster"), 0);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM setting WHERE name = 'id'"), 0);
	}
	return err;
}

static void
test_join(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	char code[128], fingerprint[CDR_FINGERPRINT_TEXT_LEN], expected[CDR_FINGERPRINT_TEXT_LEN];
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	uninvite(w, code, sizeof(code));
	assert_int_equal(cdr_member_joined(m, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_enrol_fingerprint(m, fingerprint), CDR_E_ABSENT);
	assert_string_equal(fingerprint, "");
	assert_false(cdr_enrol_is_active(m));
	assert_int_equal(join(w, code), CDR_OK);
	assert_string_equal(m->id, "blue-harbour");
	assert_string_equal(m->signer_name, "member/blue-harbour");
	assert_memory_equal(m->genesis, w->genesis, sizeof(w->genesis));
	assert_false(cdr_enrol_is_active(m));
	assert_int_equal(cdr_enrol_standing(m), CDR_ENROL_WAITS);
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_true(cdr_enrol_is_active(m));
	/* What is read out by telephone is what the roster says of this party. */
	assert_int_equal(cdr_enrol_fingerprint(m, fingerprint), CDR_OK);
	assert_int_equal(cdr_roster_party_fingerprint("member/blue-harbour", &w->keys[BLUE].party, hash), CDR_OK);
	cdr_fingerprint_write(hash, expected);
	assert_string_equal(fingerprint, expected);
	assert_int_equal(join(w, code), CDR_E_EXISTS);
}

static void
test_bad_codes(void **state)
{
	struct world *w = *state;
	char code[128];

	uninvite(w, code, sizeof(code));
	code[strlen(code) - 1] = '\0';
	assert_int_equal(join(w, code), CDR_E_INPUT);
	assert_int_equal(join(w, ""), CDR_E_INPUT);
	uninvite(w, code, sizeof(code));
	w->join_code[0] ^= 1; /* used already, or never given */
	assert_int_equal(join(w, code), CDR_E_REFUSED);
	/* Once that is put right, the same call does it. */
	w->join_code[0] ^= 1;
	assert_int_equal(join(w, code), CDR_OK);
}

/* Another genesis roster than the invitation's; the right one behind somebody else's certificate. */
static void
test_other_hub(void **state)
{
	struct world *w = *state, *other;
	char code[128];

	uninvite(w, code, sizeof(code));
	other = w_new();
	w_world = w;
	struct cdr_buffer genesis = w->genesis_bytes;
	w->genesis_bytes = other->genesis_bytes;
	assert_int_equal(join(w, code), CDR_E_ROSTER);
	w->genesis_bytes = w->newest_bytes;
	assert_int_equal(join(w, code), CDR_E_ROSTER);
	uint8_t junk[] = { 1, 2, 3 };
	w->genesis_bytes = (struct cdr_buffer){ junk, sizeof(junk) };
	assert_int_equal(join(w, code), CDR_E_ROSTER);
	w->genesis_bytes = genesis;
	w->stranger_answers = true;
	assert_int_equal(join(w, code), CDR_E_SIGNATURE);
	w->stranger_answers = false;
	w->hub_is_down = true;
	assert_int_equal(join(w, code), CDR_E_NETWORK);
	w->hub_is_down = false;
	assert_int_equal(join(w, code), CDR_OK);
	w_free(other);
	w_world = w;
}

/* A hub that gives an id or a country that is none. */
static void
test_odd_names(void **state)
{
	static const char *const ids[] = { "", "x", "Blue", "blue--harbour", "a-slug-that-is-longer-than-a-slug-may-be" };
	struct world *w = *state;
	char code[128];

	uninvite(w, code, sizeof(code));
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		w->join_id = ids[i];
		assert_int_equal(join(w, code), CDR_E_INPUT);
	}
	w->join_id = "blue-harbour";
	w->join_country = "KENY";
	assert_int_equal(join(w, code), CDR_E_INPUT);
	w->join_country = "";
	assert_int_equal(join(w, code), CDR_E_INPUT);
}

/* ---- keeping up --------------------------------------------------------------------------------------------------------- */

static uint64_t
version_of(struct cdr_member *m)
{
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	uint64_t version = roster->body->version;

	cdr_current_release(m->current, roster);
	return version;
}

static void
test_refresh(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_int_equal(version_of(m), 1);
	w_set_status(w, BLUE, "suspended");
	w_roster(w);
	w_roster(w); /* one was missed */
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_int_equal(version_of(m), 3);
	assert_false(cdr_enrol_is_active(m));
	assert_int_equal(cdr_enrol_standing(m), CDR_ENROL_SUSPENDED);
	assert_int_equal(w_count(m, "SELECT count(*) FROM roster"), 2);
	assert_int_equal(w_count(m, "SELECT max(version) FROM roster"), 3);
	assert_int_equal(w_count(m, "SELECT min(version) FROM roster"), 0);
	w_set_status(w, BLUE, "active");
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_true(cdr_enrol_is_active(m));
	assert_int_equal(cdr_enrol_standing(m), CDR_ENROL_ACTIVE);
	w_set_status(w, BLUE, "revoked");
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_int_equal(cdr_enrol_standing(m), CDR_ENROL_REVOKED);
	w->hub_is_down = true;
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_E_NETWORK);
}

/* A roster that the trustees did not sign, or that is not chained to the one that is held, changes nothing. */
static void
test_false_roster(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t seeds[W_TRUSTEES][CDR_SIGN_SEED_LEN];
	struct cdr_fault fault = { 0 };

	for (size_t i = 0; i < W_TRUSTEES; i++)
		memcpy(seeds[i], w->trustee[i].seed, CDR_SIGN_SEED_LEN);
	for (size_t i = 1; i < W_TRUSTEES; i++)
		memset(w->trustee[i].seed, 7, CDR_SIGN_SEED_LEN);
	w_set_status(w, GREEN, "revoked");
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(m, &fault), CDR_E_ROSTER);
	assert_int_equal(fault.code, CDR_E_ROSTER);
	assert_int_equal(version_of(m), 1);
	assert_int_equal(w_count(m, "SELECT max(version) FROM roster"), 1);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		memcpy(w->trustee[i].seed, seeds[i], CDR_SIGN_SEED_LEN);
	w->version = 1;
	w->hash[0] ^= 1;
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_E_ROSTER);
	assert_int_equal(version_of(m), 1);
}

/* Another process of this node was quicker: what it wrote is newer, and stays. */
static void
test_newer_in_database(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	w_roster(w);
	w_run(m, "UPDATE roster SET version = 9 WHERE version = 1");
	assert_int_equal(cdr_enrol_refresh(m, NULL), CDR_OK);
	assert_int_equal(version_of(m), 2);
	assert_int_equal(w_count(m, "SELECT max(version) FROM roster"), 9);
}

static void
test_load(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault = { 0 };

	/* Of several the newest is in force. */
	w_run(m, "INSERT INTO roster (version, bytes) SELECT 5, bytes FROM roster WHERE version = 0");
	assert_int_equal(cdr_enrol_load_roster(m, &fault), CDR_OK);
	assert_int_equal(version_of(m), 0);
	w_run(m, "UPDATE roster SET bytes = x'010203' WHERE version = 5");
	assert_int_equal(cdr_enrol_load_roster(m, &fault), CDR_E_ROSTER);
	w_run(m, "DELETE FROM roster");
	assert_int_equal(cdr_enrol_load_roster(m, &fault), CDR_E_STORE);
	/* Before joining there is none, and that is no error. */
	m->id[0] = '\0';
	assert_int_equal(cdr_enrol_load_roster(m, &fault), CDR_OK);
}

/* Active is who stands in the roster with this very certificate. */
static void
test_other_certificate(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	assert_true(cdr_enrol_is_active(m));
	m->home->pin[0] ^= 1;
	assert_false(cdr_enrol_is_active(m));
	memcpy(m->home->pin, w->keys[GREEN].pin, CDR_PIN_LEN);
	assert_false(cdr_enrol_is_active(m));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_join),
		TEST(test_bad_codes),
		TEST(test_other_hub),
		TEST(test_odd_names),
		TEST(test_refresh),
		TEST(test_false_roster),
		TEST(test_newer_in_database),
		TEST(test_load),
		TEST(test_other_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
