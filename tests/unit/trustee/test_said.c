/* What a trustee says of ceremonies is in the log, where the hub said so, and nothing else is in its name. */

#include "tests/unit/unit.h"

#include "tests/unit/trustee/exchange.h"

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
	uint64_t place, size;
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

	return cdr_trustee_said_seen(tx, job->leaf, job->place, job->w->hash);
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

static void
see(struct world *w, const struct cdr_leaf *leaf, uint64_t place)
{
	struct job job = { .w = w, .leaf = leaf, .place = place };

	assert_int_equal(cdr_store_write(w->trustee->home->store, see_job, &job), CDR_OK);
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

static void
words_in_ones_mouth_are_kept(void **state)
{
	struct world *w = *state;
	struct cdr_leaf other = w->leaf;

	note(w);
	other.content[0] ^= 1;
	other.at = 0; /* before this trustee was there: another had its index */
	see(w, &other, PLACE);
	assert_int_equal(strangers(w), 0);
	other.at = cdr_trustee_now() + 10;
	see(w, &other, PLACE);
	assert_int_equal(strangers(w), 1);
	assert_false(is_missing(w, PLACE + 1));
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
		cmocka_unit_test_setup_teardown(what_the_log_lacks_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(words_in_ones_mouth_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_receipt_is_for_just_this, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
