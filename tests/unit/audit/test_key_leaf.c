/* The life of a key in the log: what trustees say before it, what each roster does to it, and what no roster says. */

#include "tests/unit/unit.h"
#include "tests/unit/audit/key_world.h"

static int
setup(void **state)
{
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
every_change_of_a_key_is_a_leaf(void **state)
{
	struct world *w = *state;
	static const struct {
		size_t version, count;
		enum cdr_key_event event[2];
		uint32_t number[2];
	} wanted[] = {
		{ 1, 1, { CDR_KEY_BEGINS }, { 1 } },
		{ 2, 1, { CDR_KEY_SHARED }, { 1 } },
		{ 3, 2, { CDR_KEY_LASTS, CDR_KEY_BEGINS }, { 1, 2 } },
		{ 4, 1, { CDR_KEY_OVER }, { 1 } },
	};
	struct cdr_leaf leaves[CDR_KEY_EVENT_MAX];
	size_t count;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_int_equal(cdr_key_events(&w->roster[wanted[i].version - 1], &w->roster[wanted[i].version], leaves, &count),
		    CDR_OK);
		assert_int_equal(count, wanted[i].count);
		for (size_t k = 0; k < count; k++) {
			assert_int_equal(leaves[k].kind, CDR_LEAF_EPOCH);
			assert_string_equal(leaves[k].party[0], "hub");
			assert_int_equal(leaves[k].number[0], wanted[i].event[k]);
			assert_int_equal(leaves[k].number[1], CDR_KEY_TAGS);
			assert_int_equal(leaves[k].number[2], wanted[i].number[k]);
		}
	}
	assert_int_equal(cdr_key_events(NULL, &w->roster[0], leaves, &count), CDR_OK);
	assert_int_equal(count, 0);
	assert_string_equal(cdr_key_event_name(CDR_KEY_OVER), "over");
	assert_string_equal(cdr_key_event_name((enum cdr_key_event)9), "unknown");
}

static void
a_log_that_says_so_is_right(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf;

	assert_int_equal(cdr_key_deleted_leaf(&w->roster[4], CDR_KEY_TAGS, 1, 3, &leaf), CDR_OK);
	put(w, &leaf);
	assert_int_equal(cdr_verify_key_leaves(&w->v, NULL), CDR_OK);
}

static void
too_few_trustees_are_no_key(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault = { CDR_OK, "" };

	/* One trustee twice is one. */
	for (size_t i = 0; i < w->v.open_count; i++)
		if (w->leaf[i].leaf.kind == CDR_LEAF_CEREMONY && strcmp(w->leaf[i].leaf.party[0], "trustee/3") == 0)
			memcpy(w->leaf[i].leaf.party[0], "trustee/1", sizeof("trustee/1"));
	assert_int_equal(cdr_verify_key_leaves(&w->v, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "the word of 1 trustees, and 2 are needed"));
}

static void
another_key_than_they_said_is_none(void **state)
{
	struct world *w = *state;

	w->epoch[2][0].transcript = cdr_message_field(key_bytes[4], 32);
	assert_int_equal(cdr_verify_key_leaves(&w->v, NULL), CDR_E_PROOF);
}

/* Each epoch leaf that is altered, or says another number, is found. */
static void
an_altered_event_is_found(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault;
	size_t tried = 0;

	for (size_t i = 0; i < w->v.open_count; i++) {
		struct cdr_leaf *leaf = &w->leaf[i].leaf;
		if (leaf->kind != CDR_LEAF_EPOCH)
			continue;
		for (size_t k = 0; k < leaf->number_count; k++) {
			leaf->number[k]++;
			assert_int_equal(cdr_verify_key_leaves(&w->v, &fault), CDR_E_PROOF);
			leaf->number[k]--;
		}
		leaf->content[0] ^= 1;
		assert_int_equal(cdr_verify_key_leaves(&w->v, &fault), CDR_E_PROOF);
		leaf->content[0] ^= 1;
		w->leaf[i].position++;
		assert_int_equal(cdr_verify_key_leaves(&w->v, &fault), CDR_E_PROOF);
		w->leaf[i].position--;
		tried++;
	}
	assert_int_equal(tried, 5);
	w->v.open_count--; /* the last is missing */
	assert_int_equal(cdr_verify_key_leaves(&w->v, &fault), CDR_E_PROOF);
}

static void
what_is_in_force_is_not_deleted(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf;

	assert_int_equal(cdr_key_deleted_leaf(&w->roster[4], CDR_KEY_TAGS, 2, 0, &leaf), CDR_OK);
	put(w, &leaf);
	assert_int_equal(cdr_verify_key_leaves(&w->v, NULL), CDR_E_PROOF);
	w->v.open_count--;
	assert_int_equal(cdr_key_deleted_leaf(&w->roster[3], CDR_KEY_TAGS, 1, 0, &leaf), CDR_OK);
	put(w, &leaf); /* it speaks of another roster than the one in force */
	assert_int_equal(cdr_verify_key_leaves(&w->v, NULL), CDR_E_PROOF);
}

/* The liar: a hub that records the genesis roster and no other. What came into force just now may be missing, and nothing else. */
static void
rosters_are_recorded(void **state)
{
	struct world *w = *state;
	size_t kept = 0;

	assert_true(w->v.roster_count > 2);
	for (size_t i = 0; i < w->v.open_count; i++)
		if (w->leaf[i].leaf.kind == CDR_LEAF_ROSTER && w->leaf[i].leaf.number[0] == 0)
			w->leaf[kept++] = w->leaf[i];
	assert_int_equal(kept, 1);
	for (size_t i = 1; i < w->v.roster_count; i++)
		w->body[i].made_at = 1000 + i;
	const struct cdr_bytes hash = { w->roster[0].hash, CDR_ROSTER_HASH_LEN };
	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROSTER, &hash, 1, w->leaf[0].leaf.content), CDR_OK);
	w->v.open_count = kept;
	w->v.witnessed_at = 1002 + CDR_VERIFY_ROSTER_LATE_S;
	assert_int_equal(cdr_verify_roster_leaves(&w->v, NULL), CDR_OK);
	w->v.witnessed_at++;
	assert_int_equal(cdr_verify_roster_leaves(&w->v, NULL), CDR_E_ROSTER);
}

/* A member is revoked, comes back with another key, and then somebody with the one that was revoked. */
static void
revoked_keys_stay_revoked(void **state)
{
	struct world *w = *state;
	static char active[] = "active", revoked[] = "revoked", suspended[] = "suspended", id[] = "blue-harbour";
	char *const status[] = { NULL, active, revoked, active, suspended };
	Cdr__Wire__Member member[5], *at[5];
	Cdr__Wire__Party party[5];
	struct cdr_fault fault = { CDR_OK, "" };

	for (size_t i = 1; i < 5; i++) {
		party[i] = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
		party[i].signing_key = cdr_message_field(key_bytes[i < 3 ? 1 : 2], CDR_SIGN_PUBLIC_LEN);
		member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		member[i].id = id;
		member[i].status = status[i];
		member[i].party = &party[i];
		at[i] = &member[i];
		w->body[i].n_member = 1;
		w->body[i].member = &at[i];
	}
	assert_int_equal(cdr_verify_revoked_keys(&w->v, NULL), CDR_OK);
	party[4].signing_key = party[1].signing_key;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, &fault), CDR_E_ROSTER);
	assert_non_null(strstr(fault.text, "rosters/4 lets blue-harbour in with the key that was revoked in rosters/2"));
	member[4].status = revoked;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, NULL), CDR_OK);
	member[4].status = active;
	member[2].status = suspended;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, NULL), CDR_OK);
	member[2].status = revoked;
	/* The key, not the id: under another one, beside the member or in its place, it is the same key. */
	static char other[] = "green-valley";
	member[4].id = other;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, &fault), CDR_E_ROSTER);
	assert_non_null(strstr(fault.text, "rosters/4 lets green-valley in with the key that was revoked in rosters/2"));
	member[4].status = revoked;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, NULL), CDR_OK);
	member[4].status = active;
	party[4].signing_key = cdr_message_field(key_bytes[3], CDR_SIGN_PUBLIC_LEN);
	assert_int_equal(cdr_verify_revoked_keys(&w->v, NULL), CDR_OK);
	/* Somebody who was there before, with another key. */
	member[3].id = other;
	party[4].signing_key = party[1].signing_key;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, &fault), CDR_E_ROSTER);
	assert_non_null(strstr(fault.text, "rosters/4 lets green-valley in"));
	/* A key that was revoked twice is told with the first time. */
	member[3].id = id;
	party[3].signing_key = party[1].signing_key;
	member[3].status = revoked;
	assert_int_equal(cdr_verify_revoked_keys(&w->v, &fault), CDR_E_ROSTER);
	assert_non_null(strstr(fault.text, "revoked in rosters/2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_change_of_a_key_is_a_leaf, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_that_says_so_is_right, setup, teardown),
		cmocka_unit_test_setup_teardown(too_few_trustees_are_no_key, setup, teardown),
		cmocka_unit_test_setup_teardown(another_key_than_they_said_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(an_altered_event_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_in_force_is_not_deleted, setup, teardown),
		cmocka_unit_test_setup_teardown(rosters_are_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(revoked_keys_stay_revoked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
