/* What came of a ceremony is verified by anybody; what cannot be begun is refused. */
#include "tests/unit/unit.h"
#include "tests/unit/keys/ceremony_change.h"

static void
test_verify(void **state)
{
	struct made m, refreshed;
	struct world *w = world_new();
	struct cdr_buffer saved;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *bag;
	Cdr__Wire__CeremonyTranscript t = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;
	struct cdr_fault fault;
	const uint8_t *genesis = w->roster->hash;

	(void)state;
	run(w, honest);
	take_made(w, &m);
	assert_int_equal(cdr_ceremony_save(w->trustee[3].ceremony, &saved), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&saved), &bag),
	    CDR_OK);
	t.plan = &w->draft.plan;
	t.n_message = bag->n_message;
	t.message = bag->message;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_OK);
	/* A message less, a byte changed, another key, another share, another ceremony. */
	t.n_message--;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "T-"));
	t.n_message++;
	for (size_t i = 0; i < t.n_message; i++) {
		/* Echoes serve while it runs; at the end the certificates say more. */
		if (t.message[i]->round == CDR_CEREMONY_ECHO)
			continue;
		t.message[i]->content.data[10] ^= 1;
		if (cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault) != CDR_E_REFUSED)
			fail_msg("message %zu, round %u, from %u, %zu bytes", i, t.message[i]->round, t.message[i]->from, t.message[i]->content.len);
		t.message[i]->content.data[10] ^= 1;
	}
	take_made(w, &refreshed);
	refreshed.key.public_key[5] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	take_made(w, &refreshed);
	refreshed.key.public_share[2][5] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	take_made(w, &refreshed);
	refreshed.transcript[0] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	m.named.kind = CDR_KEY_STATISTICS;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	w->draft.plan.attempt = 2;
	m.named.kind = CDR_KEY_TAGS;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	cdr_arena_free(&arena);
	cdr_buffer_free(&saved);
	world_free(w);
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

static void
test_refusals(void **state)
{
	struct world *w = world_new();
	struct cdr_ceremony_config config = config_of(w, 1);
	struct cdr_ceremony *c = NULL;
	struct cdr_fault fault;
	struct cdr_buffer none;
	uint8_t id[CDR_CEREMONY_ID_LEN], again[CDR_CEREMONY_ID_LEN];

	(void)state;
	config.index = 0;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	config.index = N + 1;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	config.index = 2; /* with the keys of 1 */
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	config = config_of(w, 1);
	config.signing_seed = w->trustee[2].signing_seed;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	assert_null(c);
	assert_int_equal(cdr_ceremony_own(w->trustee[1].ceremony, CDR_CEREMONY_OFFER, &none), CDR_E_ABSENT);
	assert_int_equal(cdr_ceremony_own(w->trustee[1].ceremony, 9, &none), CDR_E_ABSENT);
	assert_int_equal(cdr_ceremony_load(w->trustee[1].ceremony, (struct cdr_bytes){ (const uint8_t *)"\xff", 1 }),
	    CDR_E_INPUT);
	assert_int_equal(cdr_ceremony_id(&w->draft.plan, id), CDR_OK);
	assert_memory_equal(id, cdr_ceremony_id_peek(w->trustee[1].ceremony), sizeof(id));
	struct cdr_ceremony_draft other;
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 1, 2, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 2, 1, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_STATISTICS, 1, 1, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));

	/* Two trustees with one sealing key. */
	cdr_roster_free(w->roster);
	w->roster = NULL;
	uint8_t kept[CDR_POINT_UNCOMPRESSED_LEN];
	memcpy(kept, w->trustee[2].sealing_key, sizeof(kept));
	memcpy(w->trustee[2].sealing_key, w->trustee[1].sealing_key, sizeof(kept));
	make_roster(w, T);
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 1, 1, &w->draft);
	config = config_of(w, 3);
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	world_free(w);
}

static int
group_setup(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
