/* The genesis roster, before a trustee says its first word: a hub that found the exchange with keys of its own is found out. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_ceremony.h"

#include "node/trustee/genesis.h"

/*
 * The hub founds the exchange with keys of its own in the place of trustees 2 and 3, and shows trustee 1 that roster.
 * Whatever its operator types, no key is made: with the true fingerprint the roster is another; with the hub's, a
 * trustee in whose place it put a key is not in it. (Trustee 1, whose entry is right, is kept by comparing alone.)
 */
static struct cdr_roster *
found_with_keys_of_the_hub(struct world *w, bool replaces_all)
{
	Cdr__Wire__Roster body = *w->x->genesis->body;
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];
	Cdr__Wire__Party party[TRUSTEE_COUNT];
	uint8_t keys[TRUSTEE_COUNT][CDR_SIGN_PUBLIC_LEN];
	struct cdr_roster *roster;

	for (size_t i = 0; i < TRUSTEE_COUNT; i++) {
		memset(keys[i], (int)(0xb0 + i), sizeof(keys[i]));
		trustee[i] = *body.trustee[i];
		party[i] = *body.trustee[i]->party;
		if (i > 0 || replaces_all) {
			party[i].signing_key = cdr_message_field(keys[i], sizeof(keys[i]));
			party[i].tls_pin = cdr_message_field(keys[i], sizeof(keys[i]));
		}
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
	}
	body.trustee = at;
	assert_int_equal(cdr_roster_build_genesis(&body, w->x->hub_seed, &roster, NULL), CDR_OK);
	return roster;
}

static void
test_hub_in_the_trustees_place(void **state)
{
	struct world *w = *state;
	struct cdr_roster *some = found_with_keys_of_the_hub(w, false), *all = found_with_keys_of_the_hub(w, true);
	Cdr__Wire__Party own;
	const uint8_t *pin = w->x->hub_key;
	struct cdr_fault fault;
	uint32_t index;

	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	/* The true one. */
	assert_int_equal(cdr_genesis_check(w->x->genesis, w->x->genesis->hash, &own, pin, &index, &fault), CDR_OK);
	assert_int_equal(index, 1);
	/* The fingerprint that the trustees compared is that of the true one. */
	assert_int_equal(cdr_genesis_check(some, w->x->genesis->hash, &own, pin, &index, &fault), CDR_E_ROSTER);
	assert_int_equal(index, 0);
	assert_int_equal(cdr_genesis_check(all, w->x->genesis->hash, &own, pin, &index, &fault), CDR_E_ROSTER);
	/* Somebody typed what the hub printed, without comparing: a trustee that was replaced finds out all the same. */
	assert_int_equal(cdr_genesis_check(all, all->hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "Do not go on"));
	cdr_home_party(&w->x->node[2].home, "Trustee 2", test_url, &own);
	assert_int_equal(cdr_genesis_check(some, some->hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_int_equal(w->posted, 0);
	cdr_roster_free(some);
	cdr_roster_free(all);
}

static void
test_genesis_refusals(void **state)
{
	struct world *w = *state;
	Cdr__Wire__Party own;
	struct cdr_fault fault;
	uint8_t pin[CDR_PIN_LEN] = { 1 }, key[CDR_SIGN_PUBLIC_LEN] = { 1 };
	uint32_t index;
	const uint8_t *hash = w->x->genesis->hash;

	/* The right roster from a server that is not its hub. */
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_OK);
	/* Anything of its own entry that differs. */
	cdr_home_party(&w->x->node[1].home, "Trustee One", test_url, &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", "https://127.0.0.1:2", &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.signing_key = cdr_message_field(key, sizeof(key));
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.sealing_key = cdr_message_field(w->x->node[2].home.sealing_public, CDR_HPKE_PUBLIC_LEN);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.tls_pin = cdr_message_field(pin, sizeof(pin));
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
}

/* A trustee belongs to one exchange. */
static void
test_second_exchange(void **state)
{
	struct world *w = *state;
	struct cdr_roster *other = found_with_keys_of_the_hub(w, false);

	assert_int_equal(cdr_trustee_confirm(w->x->node[1].trustee, other, 1, NULL), CDR_E_EXISTS);
	cdr_roster_free(other);
	assert_int_equal(cdr_trustee_confirm(w->x->node[1].trustee, copy_roster(w->x->genesis), 1, NULL), CDR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_hub_in_the_trustees_place),
		CASE(test_genesis_refusals),
		CASE(test_second_exchange),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
