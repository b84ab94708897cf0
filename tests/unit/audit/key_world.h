#ifndef CDR_TESTS_KEY_WORLD_H
#define CDR_TESTS_KEY_WORLD_H

/* Rosters in which keys come, change and go, and the log that says so. Include after tests/unit/unit.h. */

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

static uint8_t key_bytes[8][33];
static ProtobufCBinaryData key_shares[3];

static inline void
set_epoch(struct world *w, size_t version, uint32_t number, uint8_t transcript, uint64_t ends_at)
{
	Cdr__Wire__Roster *body = &w->body[version];
	Cdr__Wire__Epoch *e = &w->epoch[version][body->n_epoch];

	cdr__wire__epoch__init(e);
	e->number = number;
	e->starts_at = 100 * number;
	e->ends_at = ends_at;
	e->scheme_version = cdr_message_field(key_bytes[0], 32);
	e->public_key = cdr_message_field(key_bytes[number], 33);
	e->transcript = cdr_message_field(key_bytes[transcript], 32);
	e->n_public_share = 3;
	e->public_share = key_shares;
	w->at[version][body->n_epoch++] = e;
	body->epoch = w->at[version];
}

static inline void
put(struct world *w, const struct cdr_leaf *leaf)
{
	assert_true(w->v.open_count < LEAF_MAX);
	w->leaf[w->v.open_count] = (struct cdr_verify_leaf){ w->v.open_count, *leaf };
	w->v.open_count++;
}

/* Trustee ${k} says of the newest key of ${version} what the roster says. */
static inline void
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
	message.public_share = key_shares;
	message.transcript = cdr_message_field(key.transcript.data, 32);
	assert_int_equal(cdr_key_said_leaf(k, 1, &message, &leaf), CDR_OK);
	assert_int_equal(cdr_key_said_content(&key, 2, content), CDR_OK);
	assert_memory_equal(leaf.content, content, sizeof(content));
	put(w, &leaf);
}

static inline void
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

/* 0: nothing; 1: epoch 1; 2: other key_shares; 3: epoch 2, and an end for epoch 1; 4: epoch 1 is over. */
static inline struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (uint8_t i = 0; i < 8; i++)
		memset(key_bytes[i], i + 1, sizeof(key_bytes[i]));
	for (size_t i = 0; i < 3; i++)
		key_shares[i] = cdr_message_field(key_bytes[5 + i], 33);
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
	return w;
}

#endif
