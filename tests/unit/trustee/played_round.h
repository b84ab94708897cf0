#ifndef CDR_TESTS_TRUSTEE_PLAYED_ROUND_H
#define CDR_TESTS_TRUSTEE_PLAYED_ROUND_H

/* Rounds of statistics as the hub of an exchange signs them, without a contribution in them. */

#include "tests/unit/trustee/exchange.h"

#include "proto/tally.h"

#define PLAYED_NEVER_MAX 4

/* A round, how it was closed, and what the hub shows of it. */
struct played {
	struct cdr_round *round;
	struct cdr_arena arena;
	Cdr__Wire__SignedRound sealed;
	Cdr__Wire__SignedClose *close;
	struct cdr_buffer close_bytes, note;
	uint8_t close_hash[CDR_ROUND_HASH_LEN];
	struct cdr_buffer never[PLAYED_NEVER_MAX];
	ProtobufCBinaryData never_field[PLAYED_NEVER_MAX];
	Cdr__Wire__RoundBefore before;
	Cdr__Wire__LogView view;
	uint8_t extension[CDR_MERKLE_PROOF_MAX * CDR_MERKLE_HASH_LEN];
	uint64_t place;
};

/* Round ${number} of a half-year with one table. */
static inline void
make_round(struct exchange *x, struct played *p, uint8_t number, char *period, char *table, uint32_t epsilon_milli)
{
	static char version[] = "2";
	Cdr__Wire__RoundTable one = CDR__WIRE__ROUND_TABLE__INIT, *at[] = { &one };
	Cdr__Wire__Round body = CDR__WIRE__ROUND__INIT;
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	uint8_t id[CDR_ID_LEN] = { number }, key[CDR_POINT_LEN] = { 2 }, signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer inner, outer;

	memset(p, 0, sizeof(*p));
	one.id = table;
	one.cells = 2;
	one.bits = 8;
	body.exchange = cdr_message_field(x->genesis->hash, CDR_GENESIS_HASH_LEN);
	body.id = cdr_message_field(id, sizeof(id));
	body.period = period;
	assert_int_equal(cdr_round_period(period, &body.first_month, &body.last_month), CDR_OK);
	body.codebook_version = version;
	body.table = at;
	body.n_table = 1;
	body.minimum = 5;
	body.opened_at = 1;
	body.deadline = 2;
	body.has_epsilon_milli = epsilon_milli != 0;
	body.epsilon_milli = epsilon_milli;
	body.statistics_key = 1;
	body.public_key = cdr_message_field(key, sizeof(key));
	assert_int_equal(cdr_message_encode(&body.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(x->hub_seed, CDR_ROUND_WORD_ROUND, x->genesis->hash, cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.round = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&sealed.base, &outer), CDR_OK);
	assert_int_equal(cdr_round_decode(cdr_buffer_bytes(&outer), &p->round, NULL), CDR_OK);
	p->sealed = *p->round->sealed;
	cdr_buffer_free(&inner);
	cdr_buffer_free(&outer);
}

/* The hub closes it with the members ${from} .. ${to} - 1. */
static inline void
make_close(struct exchange *x, struct played *p, unsigned from, unsigned to, uint64_t roster_version)
{
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__CloseList list = CDR__WIRE__CLOSE_LIST__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	Cdr__Wire__ClosedContribution entry[32], *at[32];
	static char id[32][16];
	uint8_t hash[CDR_SHA256_LEN] = { 1 }, list_hash[CDR_SHA256_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer entries, inner;

	for (unsigned i = from; i < to; i++) {
		(void)snprintf(id[i - from], sizeof(id[0]), "member-%02u", i);
		entry[i - from] = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		entry[i - from].member = id[i - from];
		entry[i - from].hash = cdr_message_field(hash, sizeof(hash));
		at[i - from] = &entry[i - from];
	}
	list.contribution = at;
	list.n_contribution = to - from;
	assert_int_equal(cdr_message_encode(&list.base, &entries), CDR_OK);
	const struct cdr_bytes listed = cdr_buffer_bytes(&entries);
	assert_int_equal(cdr_sha256(&listed, 1, list_hash), CDR_OK);
	head.round = cdr_message_field(p->round->hash, CDR_ROUND_HASH_LEN);
	head.closed_at = 3;
	head.members = to - from;
	head.list_hash = cdr_message_field(list_hash, sizeof(list_hash));
	head.sums_hash = cdr_message_field(hash, sizeof(hash));
	head.roster_version = roster_version;
	assert_int_equal(cdr_message_encode(&head.base, &inner), CDR_OK);
	const struct cdr_bytes bytes = cdr_buffer_bytes(&inner);
	assert_int_equal(cdr_sha256(&bytes, 1, p->close_hash), CDR_OK);
	assert_int_equal(cdr_round_sign(x->hub_seed, CDR_ROUND_WORD_CLOSE, x->genesis->hash, bytes, signature), CDR_OK);
	sealed.close = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(entries.data, entries.len);
	assert_int_equal(cdr_message_encode(&sealed.base, &p->close_bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&p->arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&p->close_bytes), &p->close),
	    CDR_OK);
	p->before = (Cdr__Wire__RoundBefore)CDR__WIRE__ROUND_BEFORE__INIT;
	p->before.round = &p->sealed;
	p->before.close = p->close;
	p->before.never = p->never_field;
	cdr_buffer_free(&entries);
	cdr_buffer_free(&inner);
}

static inline void
played_round_free(struct played *p)
{
	for (size_t i = 0; i < PLAYED_NEVER_MAX; i++)
		cdr_buffer_free(&p->never[i]);
	cdr_buffer_free(&p->close_bytes);
	cdr_buffer_free(&p->note);
	cdr_arena_free(&p->arena);
	cdr_round_free(p->round);
}

#endif
