/* What came of a ceremony is verified by anybody; what cannot be begun is refused. */
#include "tests/unit/unit.h"
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "tests/unit/files.h"
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

/* ---- without a roster ------------------------------------------------------------------------------------------- */

/* Whether a folder with this transcript and these rosters holds: "named", "unnamed", or refused. */
static const char *
judge(const Cdr__Wire__CeremonyTranscript *t, struct cdr_roster **roster, size_t count, const uint8_t *genesis)
{
	char folder[] = "/tmp/cdr-verify-XXXXXX", path[64];
	struct cdr_verify v = { .roster = roster, .roster_count = count };
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_buffer bytes;

	assert_non_null(mkdtemp(folder));
	v.folder = folder;
	memcpy(v.genesis, genesis, sizeof(v.genesis));
	(void)snprintf(path, sizeof(path), "%s/ceremonies", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/ceremonies/one", folder);
	assert_int_equal(cdr_message_encode(&t->base, &bytes), CDR_OK);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
	cdr_buffer_free(&bytes);
	cdr_err err = cdr_verify_ceremonies(&v, &fault);
	files_remove(folder);
	if (err != CDR_OK) {
		assert_int_equal(err, CDR_E_REFUSED);
		assert_non_null(strstr(fault.text, "/ceremonies/one is not how"));
		return "refused";
	}
	assert_int_equal(v.ceremony_count + v.unnamed_count, 1);
	return v.unnamed_count == 1 ? "unnamed" : "named";
}

/* The genesis roster with the key, as the hub builds the next one. */
static struct cdr_roster *
with_key(const struct world *w, const struct cdr_roster_key *key)
{
	struct cdr_roster_key whole = *key;
	struct cdr_roster *next;
	struct cdr_fault fault = { CDR_OK, "" };
	static const uint8_t scheme[32];

	whole.scheme_version = (struct cdr_bytes){ scheme, sizeof(scheme) };
	whole.starts_at = 2000;
	whole.ends_at = 3000;
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY, .key = whole };
	if (cdr_roster_build_next(w->roster, &change, 1, 2000, w->hub_seed, &next, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return next;
}

/* Honest trustees made a key, and it came into no roster: that holds by itself. What was altered, or a roster names otherwise, does not. */
static void
test_of_no_roster(void **state)
{
	struct made m, other;
	struct world *w = world_new(), *strangers = world_new();
	struct cdr_buffer saved;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *bag;
	Cdr__Wire__CeremonyTranscript t = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	(void)state;
	run(w, honest);
	take_made(w, &m);
	take_made(w, &other);
	other.key.public_share[1][5] ^= 1;
	struct cdr_roster *genesis[2] = { w->roster, with_key(w, &m.named) }, *altered[2] = { w->roster, with_key(w, &other.named) };
	assert_int_equal(cdr_ceremony_save(w->trustee[3].ceremony, &saved), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&saved), &bag), CDR_OK);
	t.plan = &w->draft.plan;
	t.n_message = bag->n_message;
	t.message = bag->message;
	assert_int_equal(cdr_ceremony_verify_unnamed(&t, w->roster, w->roster->hash, hash), CDR_OK);
	assert_memory_equal(hash, m.transcript, sizeof(hash));
	assert_int_equal(cdr_ceremony_verify_unnamed(&t, genesis[1], w->roster->hash, hash), CDR_E_ABSENT); /* which names that key */
	assert_int_equal(cdr_ceremony_verify_unnamed(&t, strangers->roster, w->roster->hash, hash), CDR_E_ABSENT);
	assert_string_equal(judge(&t, genesis, 2, w->roster->hash), "named");
	assert_string_equal(judge(&t, genesis, 1, w->roster->hash), "unnamed");
	assert_string_equal(judge(&t, altered, 2, w->roster->hash), "refused");
	assert_string_equal(judge(&t, &strangers->roster, 1, w->roster->hash), "refused");
	assert_string_equal(judge(&t, genesis, 1, strangers->roster->hash), "refused");
	for (size_t i = 0; i < t.n_message; i++) {
		if (t.message[i]->round == CDR_CEREMONY_ECHO)
			continue;
		t.message[i]->content.data[10] ^= 1;
		assert_int_equal(cdr_ceremony_verify_unnamed(&t, w->roster, w->roster->hash, hash), CDR_E_REFUSED);
		t.message[i]->content.data[10] ^= 1;
	}
	t.n_message--;
	assert_string_equal(judge(&t, genesis, 1, w->roster->hash), "refused");
	t.n_message++;
	w->draft.plan.number = 2;
	assert_string_equal(judge(&t, genesis, 2, w->roster->hash), "refused");
	cdr_arena_free(&arena);
	cdr_buffer_free(&saved);
	cdr_roster_free(genesis[1]);
	cdr_roster_free(altered[1]);
	world_free(strangers);
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
		cmocka_unit_test(test_of_no_roster),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
