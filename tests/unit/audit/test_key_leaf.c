/* The life of a key in the log: what trustees say before it, what each roster does to it, and what no roster says. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "audit/key_leaf.h"
#include "audit/verify.h"

#define LEAF_MAX 32

/* Rosters of three trustees of whom two must act, as far as keys go, and a log of them. */
struct world {
	Cdr__Wire__Roster body[5];
	Cdr__Wire__Epoch epoch[5][2];
	Cdr__Wire__Epoch *at[5][2];
	struct cdr_roster roster[5];
	struct cdr_roster *list[5];
	struct cdr_verify_leaf leaf[LEAF_MAX];
	struct cdr_verify v;
};

static uint8_t bytes[8][33];
static ProtobufCBinaryData shares[3];

static void
set_epoch(struct world *w, size_t version, uint32_t number, uint8_t transcript, uint64_t ends_at)
{
	Cdr__Wire__Roster *body = &w->body[version];
	Cdr__Wire__Epoch *e = &w->epoch[version][body->n_epoch];

	cdr__wire__epoch__init(e);
	e->number = number;
	e->starts_at = 100 * number;
	e->ends_at = ends_at;
	e->scheme_version = cdr_message_field(bytes[0], 32);
	e->public_key = cdr_message_field(bytes[number], 33);
	e->transcript = cdr_message_field(bytes[transcript], 32);
	e->n_public_share = 3;
	e->public_share = shares;
	w->at[version][body->n_epoch++] = e;
	body->epoch = w->at[version];
}

static void
put(struct world *w, const struct cdr_leaf *leaf)
{
	assert_true(w->v.open_count < LEAF_MAX);
	w->leaf[w->v.open_count] = (struct cdr_verify_leaf){ w->v.open_count, *leaf };
	w->v.open_count++;
}

/* Trustee ${k} says of the newest key of ${version} what the roster says. */
static void
say(struct world *w, size_t version, uint32_t k)
{
	const struct cdr_roster_key key = cdr_roster_key_at(&w->body[version], w->body[version].n_epoch - 1);
	Cdr__Wire__CeremonyKey message = CDR__WIRE__CEREMONY_KEY__INIT;
	struct cdr_leaf leaf;
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	message.kind = CDR_KEY_TAGS;
	message.number = key.number;
	message.threshold = 2;
	message.scheme_version = cdr_message_field(key.scheme_version.data, 32);
	message.public_key = cdr_message_field(key.public_key.data, 33);
	message.n_public_share = 3;
	message.public_share = shares;
	message.transcript = cdr_message_field(key.transcript.data, 32);
	assert_int_equal(cdr_key_said_leaf(k, 1, &message, &leaf), CDR_OK);
	assert_int_equal(cdr_key_said_content(&key, 2, content), CDR_OK);
	assert_memory_equal(leaf.content, content, sizeof(content));
	put(w, &leaf);
}

static void
put_roster(struct world *w, size_t version)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER }, events[CDR_KEY_EVENT_MAX];
	size_t count;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, version);
	put(w, &leaf);
	assert_int_equal(cdr_key_events(version > 0 ? &w->roster[version - 1] : NULL, &w->roster[version], events, &count), CDR_OK);
	for (size_t i = 0; i < count; i++)
		put(w, &events[i]);
}

/* 0: nothing; 1: epoch 1; 2: other shares; 3: epoch 2, and an end for epoch 1; 4: epoch 1 is over. */
static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (uint8_t i = 0; i < 8; i++)
		memset(bytes[i], i + 1, sizeof(bytes[i]));
	for (size_t i = 0; i < 3; i++)
		shares[i] = cdr_message_field(bytes[5 + i], 33);
	for (size_t i = 0; i < 5; i++) {
		cdr__wire__roster__init(&w->body[i]);
		w->body[i].version = i;
		w->body[i].n_trustee = 3;
		w->body[i].threshold = 2;
		w->roster[i].body = &w->body[i];
		memset(w->roster[i].hash, (int)i + 1, CDR_ROSTER_HASH_LEN);
		w->list[i] = &w->roster[i];
	}
	set_epoch(w, 1, 1, 1, 1000);
	set_epoch(w, 2, 1, 2, 1000);
	set_epoch(w, 3, 1, 2, 260);
	set_epoch(w, 3, 2, 3, 2000);
	set_epoch(w, 4, 2, 3, 2000);
	w->v.roster = w->list;
	w->v.roster_count = 5;
	w->v.open = w->leaf;
	put_roster(w, 0);
	for (size_t version = 1; version < 5; version++) {
		if (version < 4) {
			say(w, version, 1);
			say(w, version, 3);
		}
		put_roster(w, version);
	}
	*state = w;
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

	w->epoch[2][0].transcript = cdr_message_field(bytes[4], 32);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
