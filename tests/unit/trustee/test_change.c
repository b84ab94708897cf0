/* A change of trustees: who takes part is in it with its own card and no other; what it leads to; what was approved. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"

#include "node/trustee/change.h"

#define COUNT 4

static struct exchange *x;

/* The three trustees and one who comes, with new indices. Points into itself. */
static struct {
	Cdr__Wire__Party party[COUNT];
	Cdr__Wire__CeremonyParticipant participant[COUNT], *at[COUNT];
	Cdr__Wire__TrusteeChange change;
	uint8_t key[CDR_SIGN_PUBLIC_LEN];
} w;

static void
make_change(const uint32_t after[COUNT])
{
	static char newcomer[] = "A newcomer";

	memset(w.key, 0x5a, sizeof(w.key));
	w.change = (Cdr__Wire__TrusteeChange)CDR__WIRE__TRUSTEE_CHANGE__INIT;
	for (uint32_t i = 0; i < COUNT; i++) {
		if (i < TRUSTEE_COUNT) {
			w.party[i] = *x->genesis->body->trustee[i]->party;
		} else {
			w.party[i].name = newcomer;
			w.party[i].url = test_url;
			w.party[i].signing_key = w.party[i].tls_pin = cdr_message_field(w.key, sizeof(w.key));
			w.party[i].sealing_key = cdr_message_field(x->sealing_key, sizeof(x->sealing_key));
		}
		w.participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		w.participant[i].party = &w.party[i];
		w.participant[i].before = i < TRUSTEE_COUNT ? i + 1 : 0;
		w.participant[i].after = after[i];
		w.at[i] = &w.participant[i];
	}
	w.change.genesis = cdr_message_field(x->genesis->hash, CDR_GENESIS_HASH_LEN);
	w.change.participant = w.at;
	w.change.n_participant = COUNT;
	w.change.threshold = THRESHOLD;
	w.change.attempt = 1;
}

/* What of a card can be another's. */
enum part { NAME, URL, SIGNING, SEALING, PIN, PART_COUNT };

/* ${party} with one thing put in the place of its own. */
static Cdr__Wire__Party
forged(const Cdr__Wire__Party *party, enum part part)
{
	static uint8_t other[CDR_HPKE_PUBLIC_LEN] = { 4, 1 };
	static char text[] = "somebody else's";
	Cdr__Wire__Party copy = *party;

	if (part == NAME)
		copy.name = text;
	else if (part == URL)
		copy.url = text;
	else if (part == SIGNING)
		copy.signing_key = cdr_message_field(other, CDR_SIGN_PUBLIC_LEN);
	else if (part == SEALING)
		copy.sealing_key = cdr_message_field(other, sizeof(other));
	else
		copy.tls_pin = cdr_message_field(other, CDR_PIN_LEN);
	return copy;
}

/* With any other key in its place somebody else would read what is sealed to it, or answer in its name. */
static void
one_is_in_it_with_its_own_card(void **state)
{
	(void)state;
	make_change((const uint32_t[]){ 1, 2, 0, 3 });
	for (size_t i = 0; i < COUNT; i++) {
		const Cdr__Wire__Party own = w.party[i];
		assert_true(cdr_trustee_change_names(&w.change, &own));
		for (enum part part = NAME; part < PART_COUNT; part++) {
			w.party[i] = forged(&own, part);
			assert_false(cdr_trustee_change_names(&w.change, &own));
			w.party[i] = own;
		}
	}
	const Cdr__Wire__Party left_out = w.party[0];
	w.at[0] = w.at[1];
	assert_false(cdr_trustee_change_names(&w.change, &left_out));
}

static void
what_it_leads_to(void **state)
{
	(void)state;
	make_change((const uint32_t[]){ 1, 2, 3, 0 });
	assert_true(cdr_ceremony_change_gives(&w.change, x->genesis));
	w.change.threshold = THRESHOLD + 1;
	assert_false(cdr_ceremony_change_gives(&w.change, x->genesis));
	w.change.threshold = THRESHOLD;
	for (enum part part = NAME; part < PART_COUNT; part++) {
		const Cdr__Wire__Party own = w.party[1];
		w.party[1] = forged(&own, part);
		assert_false(cdr_ceremony_change_gives(&w.change, x->genesis));
		w.party[1] = own;
	}
	static const uint32_t others[][COUNT] = { { 2, 1, 3, 0 }, { 1, 2, 0, 0 }, { 1, 2, 0, 3 }, { 1, 2, 3, 4 } };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		make_change(others[i]);
		assert_false(cdr_ceremony_change_gives(&w.change, x->genesis));
	}
}

/* A reading job: the attempt of the change that was approved last; 0: none was. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;
	uint32_t *attempt = context;

	cdr_err err = cdr_trustee_change_read(tx, &arena, &change);
	*attempt = change != NULL ? change->attempt : 0;
	if (change != NULL)
		assert_true(cdr_trustee_change_names(change, &w.party[COUNT - 1]));
	cdr_arena_free(&arena);
	return err;
}

static void
what_was_approved_last_counts(void **state)
{
	(void)state;
	const struct cdr_trustee_change change = { .change = &w.change };
	uint32_t attempt;

	make_change((const uint32_t[]){ 1, 2, 0, 3 });
	assert_int_equal(cdr_store_read(x->node[1].home.store, read_job, &attempt), CDR_OK);
	assert_int_equal(attempt, 0);
	for (w.change.attempt = 1; w.change.attempt < 3; w.change.attempt++) {
		assert_int_equal(cdr_trustee_change_approve(x->node[1].trustee, &change), CDR_OK);
		assert_int_equal(cdr_store_read(x->node[1].home.store, read_job, &attempt), CDR_OK);
		assert_int_equal(attempt, w.change.attempt);
	}
}

static int
start(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	for (size_t i = 0; i < COUNT; i++)
		w.party[i] = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	x = exchange_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	exchange_free(x);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_in_it_with_its_own_card, start, end),
		cmocka_unit_test_setup_teardown(what_it_leads_to, start, end),
		cmocka_unit_test_setup_teardown(what_was_approved_last_counts, start, end),
	};

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	cdr_log_set_level(CDR_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
