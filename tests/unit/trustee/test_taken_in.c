/* What a trustee takes in of the log, and what no trustee does: leaves that are kept from some, that cannot be, or that come after a long time. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/asking.h"

#include "node/trustee/peers.h"
#include "node/trustee/recover.h"
#include "node/trustee/seen.h"

/* The log tells of a roster of that version. */
static void
log_version(struct world *w, uint64_t version)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, version);
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&w->log, &l);
	played_leaf_free(&l);
}

/* What everybody may read is not hidden in a commitment: trustees would go by it, and whoever reads the log would not know. */
static void
test_nothing_open_is_sealed(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, 0);
	played_leaf_make(&l, &leaf, NULL);
	cdr_buffer_free(&l.entry);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&l.leaf), l.salt, &l.entry), CDR_OK);
	l.record.entry = cdr_message_field(l.entry.data, l.entry.len);
	l.record.has_leaf = l.record.has_salt = true;
	(void)played_append(&w->log, &l);
	assert_int_equal(w->log.status[1], 400);
	played_leaf_free(&l);
}

/* The log tells of the roster in force, where it can. */
static void
log_roster(struct world *w)
{
	while (w->log.edge.size < w->x->newest->body->version)
		log_version(w, 0);
	log_version(w, w->x->newest->body->version);
}

/* A reading job. */
static cdr_err
logged_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_roster_logged_read(tx, context);
}

/* A version that no roster can have had by then is none: what this trustee forgot is counted from it when it is put back, and would wrap. */
static void
test_impossible_versions(void **state)
{
	struct world *w = *state;
	static const uint64_t lies[] = { UINT64_MAX, INT64_MAX, 1000 };
	struct cdr_store *store = w->x->node[1].home.store;
	uint64_t before, after;

	assert_int_equal(cdr_store_read(store, logged_job, &before), CDR_OK);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		log_version(w, lies[i]);
		assert_int_equal(w->log.status[1], 200);
		assert_int_equal(cdr_store_read(store, logged_job, &after), CDR_OK);
		assert_int_equal(before, after);
	}
	log_roster(w);
	assert_int_equal(cdr_store_read(store, logged_job, &after), CDR_OK);
	assert_int_equal(after, w->x->newest->body->version);
}

/*
 * A member enrols anew: what it spent before is counted also by a trustee that takes in those leaves when it has the new key already; what a thief of the
 * old key, with the hub, logs behind the roster that took it away is counted by nobody.
 */
static void
test_spent_under_the_old_key(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 60), late = request_of(w, 2, 30);
	uint8_t old[CDR_SIGN_SEED_LEN];

	r.shows_nothing = late.shows_nothing = true;
	log_roster(w);
	memcpy(old, w->member->seed, sizeof(old));
	memset(w->member->seed, 99, sizeof(w->member->seed));
	assert_int_equal(cdr_sign_public(w->member->seed, w->member->key), CDR_OK);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	r.logged_seed = old;
	send_request(w, r);
	assert_refused(w, 503, "busy"); /* for the new key there is nothing in the log */
	assert_int_equal(ask_store(w, SPENT), 60);
	log_roster(w);
	late.logged_seed = old;
	send_lie(w, late);
	assert_refused(w, 503, "busy");
	assert_int_equal(ask_store(w, SPENT), 60);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 1);
	/* The new key goes on from there. */
	send_request(w, request_of(w, 1, 40));
	assert_proved(w, 40);
	send_request(w, request_of(w, 2, 1));
	assert_refused(w, 429, "quota");
}

/* Logs what was asked, opened to those in ${sees} alone; how many cosign. */
static size_t
append_half_shown(struct world *w, struct played_leaf *l, const bool *sees)
{
	struct played_log *log = &w->log;
	Cdr__Wire__LogRecord erased = CDR__WIRE__LOG_RECORD__INIT, *record[] = { &l->record };
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	uint64_t place = log->edge.size;
	struct cdr_buffer note;

	erased.entry = l->record.entry;
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l->entry), log->hash[place]), CDR_OK);
	assert_int_equal(cdr_merkle_append(&log->edge, log->hash[place], NULL), CDR_OK);
	log->checkpoint.size = log->edge.size;
	assert_int_equal(cdr_merkle_root(&log->edge, log->checkpoint.root), CDR_OK);
	log->checkpoint.cosignature_count = 0;
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &log->checkpoint), CDR_OK);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
	message.from = place;
	message.n_record = 1;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		record[0] = sees[i] ? &l->record : &erased;
		played_ask(log, i, &message);
	}
	cdr_buffer_free(&note);
	return log->checkpoint.cosignature_count;
}

/* Old index, behind a leaf that nobody may read: no trustee cosigns it, each keeps it; and once it is opened the log goes on. */
static void
test_a_leaf_is_opened_to_all(void **state)
{
	struct world *w = *state;
	static const char kept[] = "SELECT count(*) FROM withheld WHERE place = 0 AND what = '" CDR_TRUSTEE_WITHHELD_SEALED "'";
	const bool nobody[TRUSTEE_COUNT + 1] = { false }, two[] = { false, false, true, true }, all[] = { false, true, true, true };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CHECK_OPENED, .at = 1772323200 };
	struct cdr_merkle_edge edge = w->log.edge;
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	for (uint64_t i = 0; i < 3; i++)
		cdr_leaf_number_add(&leaf, i);
	played_leaf_make(&l, &leaf, NULL);
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_string_equal(w->log.code[1], "proof");
	assert_int_equal(ask_store(w, kept), 1);
	/* Those to whom it is opened cosign it; who was not shown it does not, whatever the others did. */
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, two), 2);
	assert_string_equal(w->log.code[1], "proof");
	assert_int_equal(ask_store(w, kept), 1);
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, all), 1); /* the third, too */
	assert_string_equal(w->log.code[1], "");
	played_leaf_free(&l);
}

/* A trustee that comes late is shown what was erased, and a checkpoint behind it: cosigned by enough, and as long ago as that takes. */
static void
test_what_was_erased_is_taken_in(void **state)
{
	struct world *w = *state;
	struct played_log *log = &w->log;
	const uint64_t now = cdr_trustee_now(), long_ago = now - CDR_LEAF_OPEN_DAYS * UINT64_C(86400);
	const struct {
		uint64_t at;
		uint32_t signers;
		int root;
		const char *code;
	} cases[] = { { long_ago + 3 * UINT64_C(86400), 2, 0, "proof" }, { long_ago, 1, 0, "proof" }, { long_ago, 2, 1, "proof" },
		{ long_ago, 2, 0, "" } };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	Cdr__Wire__LogRecord erased = CDR__WIRE__LOG_RECORD__INIT, *record[] = { &erased };
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	struct played_leaf l;
	struct cdr_buffer note, aged_note;

	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	played_leaf_make(&l, &leaf, NULL);
	erased.entry = l.record.entry;
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l.entry), log->hash[0]), CDR_OK);
	assert_int_equal(cdr_merkle_append(&log->edge, log->hash[0], NULL), CDR_OK);
	log->checkpoint = uncosigned(w);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
	message.n_record = 1;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	message.has_aged = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_checkpoint aged = uncosigned(w);
		aged.root[0] ^= (uint8_t)cases[i].root;
		assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &aged), CDR_OK);
		for (uint32_t k = 2; k < 2 + cases[i].signers; k++) {
			struct cdr_cosignature cosignature;
			assert_int_equal(cdr_checkpoint_cosign(w->x->node[k].home.keys->signing, w->x->genesis->hash, &aged, k, cases[i].at,
			    &cosignature), CDR_OK);
			assert_int_equal(cdr_checkpoint_add(&aged, w->x->genesis->hash, w->x->newest, &cosignature), CDR_OK);
		}
		assert_int_equal(cdr_checkpoint_write(&aged, w->x->genesis->hash, w->x->newest, &aged_note), CDR_OK);
		message.aged = cdr_message_field(aged_note.data, aged_note.len);
		played_ask(log, 1, &message);
		assert_string_equal(log->code[1], cases[i].code);
		cdr_buffer_free(&aged_note);
	}
	assert_int_equal(log->checkpoint.cosignature_count, 1);
	cdr_buffer_free(&note);
	played_leaf_free(&l);
}

/* How a trustee knows that it was away, as the command does. */
struct away_query {
	uint64_t now, since;
};

static cdr_err
away_job(struct cdr_tx *tx, void *context)
{
	struct away_query *q = context;

	return cdr_trustee_away(tx, q->now, &q->since);
}

static uint64_t
away_since(struct world *w)
{
	struct away_query q = { .now = cdr_trustee_now(), .since = 0 };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, away_job, &q), CDR_OK);
	return q.since;
}

/* A writing job: what was seen is as old as ${context} seconds. */
static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "UPDATE seen SET seen_at = $1", CDR_VALUES(cdr_value_int(*(const int64_t *)context)));
}

static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

/* One that was away for longer than leaves are kept open is told so, and what to do; one that was not is told who keeps what from it. */
static void
test_away_for_too_long(void **state)
{
	struct world *w = *state;
	const int64_t now = (int64_t)cdr_trustee_now(), day = 86400;
	int64_t then = now - (CDR_LEAF_OPEN_DAYS - 2) * day;
	const bool nobody[TRUSTEE_COUNT + 1] = { false };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct cdr_merkle_edge edge;
	struct played_leaf l;

	send_request(w, request_of(w, 1, 4));
	assert_proved(w, 4);
	assert_int_equal(away_since(w), 0);
	edge = w->log.edge;
	cdr_leaf_party_add(&leaf, "member/blue-harbour");
	played_leaf_make(&l, &leaf, NULL);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, age_job, &then), CDR_OK);
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_non_null(strstr(w->log.text[1], "the hub has to show"));
	assert_int_equal(away_since(w), 0);
	then = now - CDR_LEAF_OPEN_DAYS * day;
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, age_job, &then), CDR_OK);
	assert_int_equal(away_since(w), then);
	w->log.edge = edge;
	assert_int_equal(append_half_shown(w, &l, nobody), 0);
	assert_string_equal(w->log.code[1], "proof");
	assert_non_null(strstr(w->log.text[1], "taken in nothing for 120 days"));
	assert_non_null(strstr(w->log.text[1], "candor-trustee restore FILE"));
	assert_non_null(strstr(w->log.text[1], "tell the other trustees"));
	assert_non_null(strstr(w->log.text[2], "the hub has to show")); /* who saw the leaf before yesterday was not away */
	/* Once it is put back it is told to wait, and no more to be put back. */
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, put_back_job, NULL), CDR_OK);
	assert_int_equal(away_since(w), 0);
	played_leaf_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_impossible_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_open_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spent_under_the_old_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_leaf_is_opened_to_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_erased_is_taken_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_away_for_too_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
