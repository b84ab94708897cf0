/* The log in the hub's database: every tree size is provable, what fails leaves nothing, what is erased stays provable. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/log.h"
#include "node/hub/sweep.h"

#define SIZES 700

struct world {
	struct exchange *x;
	uint64_t first;                     /* leaves that were there before */
	uint64_t count;                     /* to append */
	cdr_err after;                      /* what the job returns once it has appended */
	uint8_t hash[SIZES + 8][CDR_MERKLE_HASH_LEN];
};

static cdr_err
append_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;

	for (uint64_t i = 0; i < w->count; i++) {
		struct cdr_leaf leaf = { .kind = i % 5 == 4 ? CDR_LEAF_RELEASE : CDR_LEAF_DELIVERY, .at = X_NOW + i };
		struct cdr_hub_logged logged;
		cdr_leaf_member_add(&leaf, "blue-harbour");
		cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
		if (err != CDR_OK)
			return err;
		assert_int_equal(logged.has_salt, i % 5 != 4);
		if (w->after == CDR_OK)
			memcpy(w->hash[logged.position], logged.hash, sizeof(logged.hash));
		cdr_hub_logged_free(&logged);
	}
	return w->after;
}

static cdr_err
size_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_log_size_read(tx, context);
}

static uint64_t
log_size(struct world *w)
{
	uint64_t size = 0;

	assert_int_equal(cdr_store_read(w->x->store, size_job, &size), CDR_OK);
	return size;
}

static void
append(struct world *w, uint64_t count)
{
	w->count = count;
	assert_int_equal(cdr_store_write(w->x->store, append_job, w), w->after);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	w->first = log_size(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	x_free(w->x);
	free(w);
	return 0;
}

/* Every proof of the tree of ${size} leaves for some leaves and some older sizes, from the database. */
static cdr_err
prove_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	uint64_t size = log_size(w);
	struct cdr_merkle_edge all, edge;
	struct cdr_merkle_proof proof;
	struct cdr_hub_log_reader reader = { .tx = tx };
	uint8_t root[CDR_MERKLE_HASH_LEN], old_root[CDR_MERKLE_HASH_LEN];

	assert_int_equal(cdr_hub_log_edge_read(tx, &all), CDR_OK);
	assert_int_equal(all.size, size);
	for (uint64_t part = 1; part <= size; part += part < 40 ? 1 : 37) {
		assert_int_equal(cdr_merkle_range(cdr_hub_log_node, tx, part, &edge), CDR_OK);
		assert_int_equal(cdr_merkle_root(&edge, root), CDR_OK);
		for (uint64_t i = w->first; i < part; i += 1 + part / 7) {
			assert_int_equal(cdr_merkle_include(cdr_hub_log_reader_node, &reader, i, part, &proof), CDR_OK);
			assert_int_equal(cdr_merkle_verify_include(w->hash[i], i, part, proof.hash[0], proof.count, root), CDR_OK);
		}
		for (uint64_t from = 1; from <= part; from += 1 + part / 5) {
			assert_int_equal(cdr_merkle_range(cdr_hub_log_node, tx, from, &edge), CDR_OK);
			assert_int_equal(cdr_merkle_root(&edge, old_root), CDR_OK);
			assert_int_equal(cdr_merkle_extend(cdr_hub_log_reader_node, &reader, from, part, &proof), CDR_OK);
			assert_int_equal(cdr_merkle_verify_extend(from, old_root, part, root, proof.hash[0], proof.count), CDR_OK);
		}
	}
	assert_int_equal(cdr_merkle_range(cdr_hub_log_node, tx, size, &edge), CDR_OK);
	assert_memory_equal(edge.hash, all.hash, all.count * CDR_MERKLE_HASH_LEN);
	assert_int_equal(cdr_hub_log_node(tx, 0, size, root), CDR_E_ABSENT);
	assert_int_equal(cdr_hub_log_node(tx, 5, size >> 5, root), CDR_E_ABSENT);
	return CDR_OK;
}

static void
every_size_is_provable(void **state)
{
	struct world *w = *state;
	static const uint64_t steps[] = { 1, 14, 1, 1, 240, 1, 253, 60 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		append(w, steps[i]);
		assert_int_equal(cdr_store_read(w->x->store, prove_job, w), CDR_OK);
	}
}

static void
what_is_rolled_back_was_never_there(void **state)
{
	struct world *w = *state;

	append(w, 20);
	w->after = CDR_E_REFUSED;
	append(w, 300);
	w->after = CDR_OK;
	assert_int_equal(log_size(w), w->first + 20);
	append(w, 5);
	assert_int_equal(cdr_store_read(w->x->store, prove_job, w), CDR_OK);
}

static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	struct cdr_hub_logged logged;
	struct cdr_hub_receipt receipt;
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	for (uint64_t i = w->first; i < w->first + 5; i++) {
		assert_int_equal(cdr_hub_log_read(tx, i, &logged), CDR_OK);
		assert_memory_equal(logged.hash, w->hash[i], sizeof(logged.hash));
		assert_int_equal(cdr_hub_receipt_make(w->x->hub, &logged, &receipt), CDR_OK);
		assert_int_equal(cdr_receipt_read(&receipt.message, w->x->hub->genesis, w->x->hub_party.signing, &leaf, hash),
		    CDR_OK);
		assert_memory_equal(hash, w->hash[i], sizeof(hash));
		assert_string_equal(leaf.party[0], "member/blue-harbour");
		cdr_hub_logged_free(&logged);
	}
	assert_int_equal(cdr_hub_log_read(tx, w->first + 5, &logged), CDR_E_ABSENT);
	cdr_hub_logged_free(&logged);
	return CDR_OK;
}

static void
a_receipt_can_be_had_again(void **state)
{
	struct world *w = *state;

	append(w, 5);
	assert_int_equal(cdr_store_read(w->x->store, read_job, w), CDR_OK);
}

static cdr_err
erase_job(struct cdr_tx *tx, void *context)
{
	const struct world *w = context;
	cdr_err err = CDR_OK;

	for (uint64_t i = w->first; i < w->first + 5 && err == CDR_OK; i++)
		err = cdr_hub_log_erase(tx, i);
	return err;
}

static cdr_err
read_erased_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	struct cdr_hub_logged logged;
	struct cdr_hub_receipt receipt;

	for (uint64_t i = w->first; i < w->first + 5; i++) {
		bool is_open = i == w->first + 4;
		assert_int_equal(cdr_hub_log_read(tx, i, &logged), CDR_OK);
		assert_memory_equal(logged.hash, w->hash[i], sizeof(logged.hash));
		assert_int_equal(logged.leaf.len > 0, is_open);
		assert_int_equal(cdr_hub_receipt_make(w->x->hub, &logged, &receipt), is_open ? CDR_OK : CDR_E_ABSENT);
		cdr_hub_logged_free(&logged);
	}
	return CDR_OK;
}

static void
what_is_erased_stays_provable(void **state)
{
	struct world *w = *state;

	append(w, 40);
	assert_int_equal(cdr_store_write(w->x->store, erase_job, w), CDR_OK);
	assert_int_equal(cdr_store_read(w->x->store, read_erased_job, w), CDR_OK);
	assert_int_equal(cdr_store_read(w->x->store, prove_job, w), CDR_OK);
}

static cdr_err
roster_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	struct cdr_hub_logged logged;
	struct cdr_leaf leaf;
	int64_t place;

	assert_int_equal(cdr_query_one_int(tx, "SELECT logged FROM roster WHERE version = 0", CDR_VALUES(), &place), CDR_OK);
	assert_int_equal(place, 0);
	assert_int_equal(cdr_hub_log_read(tx, 0, &logged), CDR_OK);
	assert_int_equal(cdr_leaf_decode(cdr_buffer_bytes(&logged.leaf), &leaf), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_ROSTER);
	assert_int_equal(leaf.number[0], 0);
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	const struct cdr_bytes hash = { w->x->hub->genesis, CDR_GENESIS_HASH_LEN };
	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROSTER, &hash, 1, content), CDR_OK);
	assert_memory_equal(leaf.content, content, sizeof(content));
	cdr_hub_logged_free(&logged);
	return CDR_OK;
}

static void
the_log_begins_with_the_genesis_roster(void **state)
{
	struct world *w = *state;

	assert_int_equal(cdr_store_read(w->x->store, roster_job, w), CDR_OK);
}

static cdr_err
too_much_evidence_job(struct cdr_tx *tx, void *context)
{
	static const uint8_t evidence[CDR_HUB_LOG_EVIDENCE_MAX + 1];
	const struct cdr_leaf leaf = { .kind = CDR_LEAF_EVALUATION };
	struct cdr_hub_logged logged;

	(void)context;
	cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ evidence, sizeof(evidence) }, &logged);
	cdr_hub_logged_free(&logged);
	return err;
}

static void
evidence_is_bounded(void **state)
{
	struct world *w = *state;

	assert_int_equal(cdr_store_write(w->x->store, too_much_evidence_job, w), CDR_E_RANGE);
}

/* ---- leaves that have outlived their purpose ---- */

struct expiring {
	uint64_t now;
	size_t looked;
	int64_t opened;   /* leaves that can still be opened */
};

static cdr_err
kinds_job(struct cdr_tx *tx, void *context)
{
	static const enum cdr_leaf_kind kinds[] = { CDR_LEAF_DELIVERY, CDR_LEAF_EVALUATION, CDR_LEAF_CHECK_OPENED, CDR_LEAF_CHECK_CLOSED,
		CDR_LEAF_INDEX_BATCH, CDR_LEAF_RELEASE };

	(void)context;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct cdr_leaf leaf = { .kind = kinds[i], .at = X_NOW };
		struct cdr_hub_logged logged;
		cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ (const uint8_t *)"proof", 5 }, &logged);
		cdr_hub_logged_free(&logged);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
expire_job(struct cdr_tx *tx, void *context)
{
	struct expiring *e = context;
	cdr_err err = cdr_hub_log_expire(tx, e->now, 64, &e->looked);

	return err != CDR_OK ? err : cdr_query_one_int(tx, "SELECT count(*) FROM log_leaf WHERE salt IS NOT NULL", CDR_VALUES(), &e->opened);
}

/* What trustees cosigned on that day, as the hub keeps it. */
static cdr_err
witnessed_job(struct cdr_tx *tx, void *context)
{
	const struct expiring *e = context;
	uint64_t size;

	cdr_err err = cdr_hub_log_size_read(tx, &size);
	return err != CDR_OK ? err : cdr_query_run(tx, "INSERT INTO checkpoint (day, size, note) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_int((int64_t)(e->now / CDR_HUB_DAY_S)), cdr_value_int((int64_t)size), cdr_value_blob("note", 4)));
}

static void
leaves_expire_by_their_kind(void **state)
{
	struct world *w = *state;
	const uint64_t day = CDR_HUB_DAY_S;
	const struct {
		uint64_t days;
		int64_t opened;
	} cases[] = { { 0, 5 }, { CDR_HUB_LEAF_DAYS, 5 }, { CDR_HUB_LEAF_DAYS + 1, 2 }, { CDR_HUB_LEAF_LONG_DAYS - 1, 2 },
		{ CDR_HUB_LEAF_LONG_DAYS, 0 }, { CDR_HUB_LEAF_LONG_DAYS, 0 } };
	struct expiring e;
	int64_t before = 0;

	assert_int_equal(cdr_store_write(w->x->store, kinds_job, w), CDR_OK);
	/* What no trustee has cosigned goes never: who comes late could not tell that it was erased. */
	e = (struct expiring){ .now = X_NOW + 2 * CDR_HUB_LEAF_LONG_DAYS * day };
	assert_int_equal(cdr_store_write(w->x->store, expire_job, &e), CDR_OK);
	assert_int_equal(e.opened, 5);
	e.now = X_NOW;
	assert_int_equal(cdr_store_write(w->x->store, witnessed_job, &e), CDR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = (struct expiring){ .now = X_NOW + cases[i].days * day };
		assert_int_equal(cdr_store_write(w->x->store, expire_job, &e), CDR_OK);
		assert_int_equal(e.opened, cases[i].opened);
	}
	assert_int_equal(e.looked, 0); /* nobody looks at them again */
	/* The sweep does so too, and what was appended later is untouched until its time. */
	assert_int_equal(cdr_store_write(w->x->store, kinds_job, w), CDR_OK);
	e = (struct expiring){ .now = X_NOW };
	assert_int_equal(cdr_store_write(w->x->store, expire_job, &e), CDR_OK);
	before = e.opened;
	e.now = X_NOW + 2 * day;
	assert_int_equal(cdr_store_write(w->x->store, witnessed_job, &e), CDR_OK);
	assert_int_equal(before, 5);
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + CDR_HUB_LEAF_LONG_DAYS * day, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(w->x->store, expire_job, &e), CDR_OK);
	assert_int_equal(e.opened, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_size_is_provable, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_rolled_back_was_never_there, setup, teardown),
		cmocka_unit_test_setup_teardown(a_receipt_can_be_had_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_erased_stays_provable, setup, teardown),
		cmocka_unit_test_setup_teardown(the_log_begins_with_the_genesis_roster, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_expire_by_their_kind, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
