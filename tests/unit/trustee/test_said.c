/* What a trustee says of ceremonies is in the log, where the hub said so, and nothing else is in its name. */

#include "tests/unit/unit.h"

#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/fork.h"
#include "node/trustee/recover.h"
#include "node/trustee/said.h"

#define PLACE 7

struct world {
	struct exchange *x;
	struct cdr_trustee *trustee;
	uint8_t bytes[33];
	ProtobufCBinaryData share;
	Cdr__Wire__CeremonyKey key;
	struct cdr_leaf leaf;            /* of trustee 1, about the key */
	struct cdr_buffer encoded;
	uint8_t hash[CDR_MERKLE_HASH_LEN], signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__Receipt receipt;
};

/* The hub's receipt for ${leaf} at PLACE. */
static void
make_receipt(struct world *w, const struct cdr_leaf *leaf)
{
	struct cdr_buffer entry = { 0 };

	cdr_buffer_free(&w->encoded);
	assert_int_equal(cdr_leaf_encode(leaf, &w->encoded), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&w->encoded), NULL, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), w->hash), CDR_OK);
	assert_int_equal(cdr_receipt_sign(w->x->hub_seed, w->x->genesis->hash, PLACE, w->hash, w->signature), CDR_OK);
	cdr__wire__receipt__init(&w->receipt);
	w->receipt.position = PLACE;
	w->receipt.leaf = cdr_message_field(w->encoded.data, w->encoded.len);
	w->receipt.signature = cdr_message_field(w->signature, sizeof(w->signature));
	cdr_buffer_free(&entry);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = exchange_new();
	w->trustee = w->x->node[1].trustee;
	memset(w->bytes, 5, sizeof(w->bytes));
	w->share = cdr_message_field(w->bytes, 33);
	cdr__wire__ceremony_key__init(&w->key);
	w->key.kind = CDR_KEY_TAGS;
	w->key.number = 1;
	w->key.threshold = THRESHOLD;
	w->key.scheme_version = cdr_message_field(w->bytes, 32);
	w->key.public_key = cdr_message_field(w->bytes, 33);
	w->key.transcript = cdr_message_field(w->bytes, 32);
	w->key.public_share = &w->share;
	w->key.n_public_share = 1;
	assert_int_equal(cdr_key_said_leaf(1, 1, &w->key, &w->leaf), CDR_OK);
	w->leaf.at = cdr_trustee_now() + 1;
	make_receipt(w, &w->leaf);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	cdr_buffer_free(&w->encoded);
	exchange_free(w->x);
	free(w);
	return 0;
}

struct job {
	struct world *w;
	const struct cdr_leaf *leaf;     /* NULL: this trustee says it */
	uint64_t version, place, size;
	bool missing;
};

static cdr_err
note_job(struct cdr_tx *tx, void *context)
{
	const struct job *job = context;

	return cdr_trustee_said_note(tx, 1, &job->w->key, cdr_trustee_now());
}

static cdr_err
see_job(struct cdr_tx *tx, void *context)
{
	const struct job *job = context;

	return cdr_trustee_said_seen(tx, job->w->trustee, job->leaf, job->version, job->place, job->w->hash);
}

static cdr_err
check_job(struct cdr_tx *tx, void *context)
{
	struct job *job = context;

	return cdr_trustee_said_check(tx, job->size, &job->missing);
}

static void
note(struct world *w)
{
	struct job job = { .w = w };

	assert_int_equal(cdr_store_write(w->trustee->home->store, note_job, &job), CDR_OK);
}

/* The leaf is taken in behind the one of roster ${version}; 0: behind none. */
static void
see_behind(struct world *w, uint64_t version, const struct cdr_leaf *leaf, uint64_t place)
{
	struct job job = { .w = w, .leaf = leaf, .version = version, .place = place };

	assert_int_equal(cdr_store_write(w->trustee->home->store, see_job, &job), CDR_OK);
}

static void
see(struct world *w, const struct cdr_leaf *leaf, uint64_t place)
{
	see_behind(w, 0, leaf, place);
}

static bool
is_missing(struct world *w, uint64_t size)
{
	struct job job = { .w = w, .size = size };

	assert_int_equal(cdr_store_read(w->trustee->home->store, check_job, &job), CDR_OK);
	return job.missing;
}

static cdr_err
take(struct world *w, const Cdr__Wire__Receipt *receipt)
{
	return cdr_trustee_said_receipt(w->trustee, w->x->genesis, &w->key, 1, receipt, NULL);
}

static cdr_err
strangers_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM said WHERE is_ours = 0", CDR_VALUES(), context);
}

static int64_t
strangers(struct world *w)
{
	int64_t count;

	assert_int_equal(cdr_store_read(w->trustee->home->store, strangers_job, &count), CDR_OK);
	return count;
}

static void
what_was_said_is_found(void **state)
{
	struct world *w = *state;

	note(w);
	note(w);
	assert_int_equal(take(w, &w->receipt), CDR_OK);
	assert_false(is_missing(w, PLACE)); /* the log is not so long yet */
	see(w, &w->leaf, PLACE);
	assert_false(is_missing(w, PLACE + 1));
	see(w, &w->leaf, PLACE + 3); /* said again, logged again: the first counts */
	assert_false(is_missing(w, PLACE + 4));
	assert_int_equal(strangers(w), 0);
}

/* The log may show it before the reply is here. */
static void
the_receipt_may_come_later(void **state)
{
	struct world *w = *state;

	note(w);
	see(w, &w->leaf, PLACE);
	assert_false(is_missing(w, PLACE + 1));
	assert_int_equal(take(w, &w->receipt), CDR_OK);
	assert_false(is_missing(w, PLACE + 1));
}

static void
what_the_log_lacks_is_missed(void **state)
{
	struct world *w = *state;

	note(w);
	assert_int_equal(take(w, &w->receipt), CDR_OK);
	assert_true(is_missing(w, PLACE + 1));
	see(w, &w->leaf, PLACE + 1); /* elsewhere than the hub signed */
	assert_true(is_missing(w, PLACE + 2));
}

/* What members are told of it: the hub's receipt, as long as it was not seen there. */
static size_t
told(struct world *w, struct cdr_arena *arena, const Cdr__Wire__ContradictionsReply **reply)
{
	const Cdr__Wire__Member member = { .id = (char[]){ "aa" } };
	const Cdr__Wire__ContradictionsRequest request = CDR__WIRE__CONTRADICTIONS_REQUEST__INIT;
	const struct cdr_call call = { .message = &request.base, .roster = w->x->genesis, .member = &member, .now = cdr_trustee_now() };
	struct cdr_answer answer = { 0 };

	assert_int_equal(cdr_trustee_fork_give(w->trustee, &call, &answer, NULL), CDR_OK);
	assert_int_equal(cdr_message_decode(arena, &cdr__wire__contradictions_reply__descriptor, cdr_buffer_bytes(&answer.body), reply), CDR_OK);
	cdr_buffer_free(&answer.body);
	return (*reply)->n_missing;
}

static void
members_are_shown_the_receipt(void **state)
{
	struct world *w = *state;
	struct cdr_arena arena[4] = { 0 };
	const Cdr__Wire__ContradictionsReply *reply;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	struct cdr_leaf leaf;

	note(w);
	assert_int_equal(told(w, &arena[0], &reply), 0); /* there is none yet */
	assert_int_equal(take(w, &w->receipt), CDR_OK);
	assert_int_equal(told(w, &arena[1], &reply), 1);
	assert_int_equal(reply->missing[0]->position, PLACE);
	assert_int_equal(cdr_receipt_read(reply->missing[0], w->x->genesis->hash, w->x->genesis->body->hub->signing_key.data, &leaf, hash), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_CEREMONY);
	see(w, &w->leaf, PLACE);
	assert_int_equal(told(w, &arena[2], &reply), 0);
	for (size_t i = 0; i < 4; i++)
		cdr_arena_free(&arena[i]);
}

static void
words_in_ones_mouth_are_kept(void **state)
{
	struct world *w = *state;
	struct cdr_leaf other = w->leaf;

	note(w);
	other.content[0] ^= 1;
	other.party[0][8] = '2'; /* another's mouth */
	see(w, &other, PLACE);
	assert_int_equal(strangers(w), 0);
	other.party[0][8] = '1';
	other.at = 0; /* whatever time the hub writes on it */
	see(w, &other, PLACE);
	assert_int_equal(strangers(w), 1);
	assert_false(is_missing(w, PLACE + 1));
}

/* A leaf in the name of trustee ${index} about a key that nobody made. */
static struct cdr_leaf
invented(const struct world *w, uint32_t index, uint8_t content)
{
	struct cdr_leaf leaf;

	assert_int_equal(cdr_key_said_leaf(index, 1, &w->key, &leaf), CDR_OK);
	memset(leaf.content, content, sizeof(leaf.content));
	return leaf;
}

static void
adopt(struct world *w, uint32_t node, uint32_t index)
{
	assert_int_equal(cdr_trustee_roster_update(w->x->node[node].trustee, NULL, NULL), CDR_OK);
	assert_int_equal(w->x->node[node].trustee->index, index);
}

static const uint32_t turned[TRUSTEE_COUNT] = { 2, 3, 1 };

/* Whoever has another index now sees what another said under it, and what it said itself under its own of then. */
static void
an_index_has_its_time(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf;

	note(w);
	assert_int_equal(take(w, &w->receipt), CDR_OK);
	change_trustees(w->x, turned);
	adopt(w, 1, 2);
	assert_int_equal(cdr_key_said_leaf(2, 1, &w->key, &leaf), CDR_OK); /* who was the second then says the same */
	see(w, &leaf, PLACE - 1);
	see(w, &w->leaf, PLACE);
	assert_false(is_missing(w, PLACE + 1));
	leaf = invented(w, 2, 7);
	see(w, &leaf, PLACE + 1);
	assert_int_equal(strangers(w), 0);
	leaf = invented(w, 1, 8);
	see_behind(w, 1, &leaf, PLACE + 2);
	assert_int_equal(strangers(w), 0);
	leaf = invented(w, 1, 9);
	see(w, &leaf, PLACE + 3);
	assert_int_equal(strangers(w), 1);
	leaf = invented(w, 2, 10);
	see_behind(w, 1, &leaf, PLACE + 4);
	assert_int_equal(strangers(w), 2);
}

/* What stands in the name of a trustee from before it was one, another said. */
static void
a_newcomer_answers_for_none_before_it(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf;

	w->trustee = w->x->node[3].trustee;
	change_trustees(w->x, (const uint32_t[]){ 1, 2, 0 });
	adopt(w, 3, 0);
	change_trustees(w->x, (const uint32_t[]){ 1, 2, 3 });
	adopt(w, 3, 3);
	leaf = invented(w, 3, 7);
	see_behind(w, 1, &leaf, PLACE);
	assert_int_equal(strangers(w), 0);
	see_behind(w, 2, &leaf, PLACE + 2);
	assert_int_equal(strangers(w), 1);
}

/* A writing job. */
static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

static void
what_was_forgotten_counts_as_said(void **state)
{
	struct world *w = *state;

	assert_int_equal(cdr_store_write(w->trustee->home->store, put_back_job, NULL), CDR_OK);
	see(w, &w->leaf, PLACE);
	assert_int_equal(strangers(w), 0);
	assert_int_equal(take(w, &w->receipt), CDR_OK); /* it says it again, and the hub shows where it stands */
	assert_false(is_missing(w, PLACE + 1));
}

/* All in one portion of the log, and before anybody has seen the roster. */
static void
the_order_of_the_log_counts(void **state)
{
	struct world *w = *state;
	struct cdr_leaf leaf[] = { invented(w, 2, 7), { .kind = CDR_LEAF_ROSTER, .at = 1 }, invented(w, 2, 8) };
	struct played_log *log = calloc(1, sizeof(*log));
	struct played_leaf l[3];
	Cdr__Wire__LogRecord *record[3];

	assert_non_null(log);
	log->x = w->x;
	cdr_leaf_party_add(&leaf[1], "hub");
	cdr_leaf_number_add(&leaf[1], 1);
	for (size_t i = 0; i < 3; i++) {
		played_leaf_make(&l[i], &leaf[i], NULL);
		record[i] = &l[i].record;
		assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l[i].entry), log->hash[i]), CDR_OK);
		assert_int_equal(cdr_merkle_append(&log->edge, log->hash[i], NULL), CDR_OK);
	}
	log->checkpoint.size = log->edge.size;
	assert_int_equal(cdr_merkle_root(&log->edge, log->checkpoint.root), CDR_OK);
	change_trustees(w->x, turned);
	/* It alone is shown them, and as the second it will answer. */
	log->skip[1] = log->skip[3] = true;
	w->x->node[1].trustee = w->x->node[2].trustee;
	w->x->node[2].trustee = w->trustee;
	played_show(log, 0, record, 3);
	w->x->node[2].trustee = w->x->node[1].trustee;
	w->x->node[1].trustee = w->trustee;
	assert_int_equal(w->trustee->index, 2); /* it has looked */
	assert_int_equal(log->seen[2], 3);
	assert_int_equal(strangers(w), 1);
	for (size_t i = 0; i < 3; i++)
		played_leaf_free(&l[i]);
	free(log);
}

static void
a_receipt_is_for_just_this(void **state)
{
	struct world *w = *state;
	struct cdr_leaf other;

	note(w);
	assert_int_equal(take(w, NULL), CDR_E_PROOF);
	w->signature[0] ^= 1;
	assert_int_equal(take(w, &w->receipt), CDR_E_PROOF);
	assert_int_equal(cdr_key_said_leaf(2, 1, &w->key, &other), CDR_OK); /* of another trustee */
	make_receipt(w, &other);
	assert_int_equal(take(w, &w->receipt), CDR_E_PROOF);
	assert_int_equal(cdr_key_said_leaf(1, 2, &w->key, &other), CDR_OK); /* of another act */
	make_receipt(w, &other);
	assert_int_equal(take(w, &w->receipt), CDR_E_PROOF);
	other = w->leaf;
	other.content[5] ^= 1; /* of another key */
	make_receipt(w, &other);
	assert_int_equal(take(w, &w->receipt), CDR_E_PROOF);
	make_receipt(w, &w->leaf);
	assert_int_equal(take(w, &w->receipt), CDR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_said_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(the_receipt_may_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(members_are_shown_the_receipt, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_log_lacks_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(words_in_ones_mouth_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(an_index_has_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newcomer_answers_for_none_before_it, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_forgotten_counts_as_said, setup, teardown),
		cmocka_unit_test_setup_teardown(the_order_of_the_log_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_receipt_is_for_just_this, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
