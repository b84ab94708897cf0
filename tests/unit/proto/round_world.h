#ifndef CDR_TESTS_UNIT_PROTO_ROUND_WORLD_H
#define CDR_TESTS_UNIT_PROTO_ROUND_WORLD_H

/*
 * A round with hub, five trustees that hold a statistics key three of which suffice for, and members, all in memory: the
 * steps of proto/tally.h one after the other, with whatever a test twists between them.
 */

#include "tests/unit/proto/parties.h"

#include "core/crypto/threshold.h"
#include "proto/tally.h"

#define WORLD_MEMBERS_MAX 100
#define WORLD_THRESHOLD 3

struct round_world {
	struct draft draft;
	struct cdr_roster *roster;
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	/* the statistics key */
	uint8_t coefficients[WORLD_THRESHOLD * CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], transcript[32];
	uint8_t share[TRUSTEES][CDR_SCALAR_LEN], public_share[TRUSTEES][CDR_POINT_LEN];
	ProtobufCBinaryData public_share_field[TRUSTEES];
	Cdr__Wire__StatisticsKey statistics, *statistics_at[1];
	struct cdr_elgamal *key;
	/* members */
	size_t member_count;
	struct party_keys *member_keys;
	Cdr__Wire__Member *member, **member_at;
	char (*member_id)[CDR_SLUG_LEN_MAX + 1];
	uint32_t **counts;
	/* the round */
	struct cdr_round *round;
	struct cdr_tally_world world;
	struct cdr_shelf shelf;            /* holds the roster too */
	struct cdr_buffer *contribution;   /* requests */
	struct cdr_buffer sums, close_bytes, set_bytes;
	struct cdr_arena close_arena, set_arena;
	Cdr__Wire__SignedClose *signed_close;
	Cdr__Wire__SignedSet *signed_set;
	struct cdr_close close;
	struct cdr_set set;
	struct cdr_buffer first_request[TRUSTEES], second_request[TRUSTEES];
	struct cdr_answer_read first[TRUSTEES], second[TRUSTEES];
	struct cdr_opening opening;
	int32_t *totals;
	uint64_t answered_by;              /* version of the roster by which trustees answer; 0: as the world's */
	struct cdr_buffer totals_bytes;
};

static void
world_key(struct round_world *w)
{
	for (size_t i = 0; i < WORLD_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(w->coefficients + i * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_group_mul_base(w->coefficients, w->public_key), CDR_OK);
	for (uint8_t i = 0; i < TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(w->coefficients, WORLD_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(w->share[i], w->public_share[i]), CDR_OK);
		w->public_share_field[i] = cdr_message_field(w->public_share[i], CDR_POINT_LEN);
	}
	w->statistics = (Cdr__Wire__StatisticsKey)CDR__WIRE__STATISTICS_KEY__INIT;
	w->statistics.number = 1;
	w->statistics.public_key = cdr_message_field(w->public_key, CDR_POINT_LEN);
	w->statistics.public_share = w->public_share_field;
	w->statistics.n_public_share = TRUSTEES;
	w->statistics.transcript = cdr_message_field(w->transcript, sizeof(w->transcript));
	w->statistics.starts_at = 1;
	w->statistics.ends_at = UINT32_MAX;
	w->statistics_at[0] = &w->statistics;
	assert_int_equal(cdr_elgamal_new(w->public_key, &w->key), CDR_OK);
}

static void
world_members(struct round_world *w, size_t count)
{
	static char kenya[] = "KEN", active[] = "active";

	w->member_count = count;
	w->member_keys = calloc(count, sizeof(*w->member_keys));
	w->member = calloc(count, sizeof(*w->member));
	w->member_at = calloc(count, sizeof(*w->member_at));
	w->member_id = calloc(count, sizeof(*w->member_id));
	w->counts = calloc(count, sizeof(*w->counts));
	w->contribution = calloc(count, sizeof(*w->contribution));
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(w->member_id[i], sizeof(w->member_id[i]), "member-%03zu", i);
		make_party(&w->member_keys[i], w->member_id[i], false);
		w->member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		w->member[i].id = w->member_id[i];
		w->member[i].party = &w->member_keys[i].party;
		w->member[i].country = kenya;
		w->member[i].status = active;
		w->member_at[i] = &w->member[i];
	}
	w->draft.body.member = w->member_at;
	w->draft.body.n_member = count;
}

#define WORLD_TABLES_MAX 40

/* ${tables} tables of ${cells} cells, the counts of ${bits} bits. */
static void
world_round(struct round_world *w, size_t tables, uint32_t cells, uint32_t bits, uint32_t epsilon_milli)
{
	static char id[WORLD_TABLES_MAX][24] = { "one", "two" }, period[] = "2026-H1", version[] = "2";
	Cdr__Wire__RoundTable table[WORLD_TABLES_MAX], *at[WORLD_TABLES_MAX];
	Cdr__Wire__Round body = CDR__WIRE__ROUND__INIT;
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	struct cdr_buffer inner, outer;
	uint8_t random_id[CDR_ID_LEN] = { 7 }, signature[CDR_SIGNATURE_LEN];

	for (size_t i = 0; i < tables; i++) {
		if (i > 1)
			(void)snprintf(id[i], sizeof(id[i]), "t%zu", i);
		table[i] = (Cdr__Wire__RoundTable)CDR__WIRE__ROUND_TABLE__INIT;
		table[i].id = id[i];
		table[i].cells = cells;
		table[i].bits = bits;
		at[i] = &table[i];
	}
	body.exchange = cdr_message_field(w->genesis, sizeof(w->genesis));
	body.id = cdr_message_field(random_id, sizeof(random_id));
	body.period = period;
	assert_int_equal(cdr_round_period(period, &body.first_month, &body.last_month), CDR_OK);
	body.codebook_version = version;
	body.table = at;
	body.n_table = tables;
	body.minimum = 5;
	body.opened_at = 1000;
	body.deadline = 2000;
	body.has_epsilon_milli = epsilon_milli != 0;
	body.epsilon_milli = epsilon_milli;
	body.statistics_key = 1;
	body.public_key = cdr_message_field(w->public_key, CDR_POINT_LEN);
	assert_int_equal(cdr_message_encode(&body.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(hub_keys.seed, CDR_ROUND_WORD_ROUND, w->genesis, cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.round = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&sealed.base, &outer), CDR_OK);
	assert_int_equal(cdr_round_decode(cdr_buffer_bytes(&outer), &w->round, NULL), CDR_OK);
	cdr_buffer_free(&inner);
	cdr_buffer_free(&outer);
	w->world = (struct cdr_tally_world){ .round = w->round, .roster = w->roster, .genesis = w->genesis, .rosters = &w->shelf };
}

/* Everything up to an open round. */
static void
world_start_tables(struct round_world *w, size_t members, size_t tables, uint32_t cells, uint32_t bits, uint32_t epsilon_milli)
{
	memset(w, 0, sizeof(*w));
	memset(w->genesis, 9, sizeof(w->genesis));
	make_draft(&w->draft, 1, NULL);
	world_key(w);
	world_members(w, members);
	w->draft.body.statistics_key = w->statistics_at;
	w->draft.body.n_statistics_key = 1;
	assert_int_equal(make_roster(&w->draft, 7, &w->roster), CDR_OK);
	w->shelf = (struct cdr_shelf){ .roster = { w->roster }, .count = 1 };
	world_round(w, tables, cells, bits, epsilon_milli);
	assert_int_equal(cdr_round_verify(w->round, w->roster, w->genesis, NULL), CDR_OK);
}

static void
world_start(struct round_world *w, size_t members, uint32_t cells, uint32_t bits, uint32_t epsilon_milli)
{
	world_start_tables(w, members, 2, cells, bits, epsilon_milli);
}

/* The request that member ${i} signs over ${packed}. */
static void
world_sign(struct round_world *w, size_t i, const struct cdr_buffer *packed, struct cdr_buffer *request)
{
	Cdr__Wire__RoundSubmit message = CDR__WIRE__ROUND_SUBMIT__INIT;
	uint8_t hash[CDR_SHA256_LEN];
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_buffer body;
	const struct cdr_bytes part = cdr_buffer_bytes(packed);

	(void)snprintf(name, sizeof(name), "member/%s", w->member_id[i]);
	const struct cdr_signer signer = { name, w->member_keys[i].seed, w->genesis };
	assert_int_equal(cdr_sha256(&part, 1, hash), CDR_OK);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.submission = 1;
	message.packed_hash = cdr_message_field(hash, sizeof(hash));
	assert_int_equal(cdr_message_encode(&message.base, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&signer, CDR_TALLY_SUBMIT_PATH, cdr_buffer_bytes(&body), part, request), CDR_OK);
	cdr_buffer_free(&body);
}

/* Every member contributes its figures. */
static void
world_submit(struct round_world *w)
{
	struct cdr_buffer packed;

	for (size_t i = 0; i < w->member_count; i++) {
		assert_int_equal(cdr_contribution_make(w->round, w->key, w->member_id[i], w->counts[i], &packed), CDR_OK);
		world_sign(w, i, &packed, &w->contribution[i]);
		cdr_buffer_free(&packed);
	}
}

/* Figures: member i has (i * 7 + cell * 3) % modulus in each cell, and none in cells after it. */
static void
world_contribute(struct round_world *w, uint32_t modulus)
{
	for (size_t i = 0; i < w->member_count; i++) {
		w->counts[i] = calloc(w->round->cell_count, sizeof(**w->counts));
		for (size_t c = 0; c < w->round->cell_count; c++)
			w->counts[i][c] = c % (w->member_count + 1) <= i ? (uint32_t)(i * 7 + c * 3) % modulus : 0;
	}
	world_submit(w);
}

/* The hub adds up the contributions and signs its list. */
static void
world_close(struct round_world *w)
{
	struct cdr_tally *tally;
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__CloseList list = CDR__WIRE__CLOSE_LIST__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	Cdr__Wire__ClosedContribution *entry = calloc(w->member_count, sizeof(*entry));
	Cdr__Wire__ClosedContribution **at = calloc(w->member_count, sizeof(*at));
	uint8_t (*hash)[CDR_SHA256_LEN] = calloc(w->member_count, sizeof(*hash)), sums_hash[CDR_SHA256_LEN];
	uint8_t list_hash[CDR_SHA256_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer entries, inner;

	assert_int_equal(cdr_tally_new(&w->world, w->key, false, &tally), CDR_OK);
	for (size_t i = 0; i < w->member_count; i++) {
		const struct cdr_bytes request = cdr_buffer_bytes(&w->contribution[i]);
		assert_int_equal(cdr_tally_add(tally, NULL, request, NULL), CDR_OK);
		assert_int_equal(cdr_sha256(&request, 1, hash[i]), CDR_OK);
		entry[i] = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		entry[i].member = w->member_id[i];
		entry[i].hash = cdr_message_field(hash[i], CDR_SHA256_LEN);
		at[i] = &entry[i];
	}
	assert_int_equal(cdr_tally_finish(tally, &w->sums, NULL), CDR_OK);
	cdr_tally_free(tally);
	const struct cdr_bytes sums = cdr_buffer_bytes(&w->sums);
	assert_int_equal(cdr_sha256(&sums, 1, sums_hash), CDR_OK);
	list.contribution = at;
	list.n_contribution = w->member_count;
	assert_int_equal(cdr_message_encode(&list.base, &entries), CDR_OK);
	const struct cdr_bytes listed = cdr_buffer_bytes(&entries);
	assert_int_equal(cdr_sha256(&listed, 1, list_hash), CDR_OK);
	head.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	head.closed_at = 2001;
	head.members = (uint32_t)w->member_count;
	head.list_hash = cdr_message_field(list_hash, sizeof(list_hash));
	head.sums_hash = cdr_message_field(sums_hash, sizeof(sums_hash));
	head.roster_version = w->roster->body->version;
	assert_int_equal(cdr_message_encode(&head.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(hub_keys.seed, CDR_ROUND_WORD_CLOSE, w->genesis, cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.close = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(listed.data, listed.len);
	assert_int_equal(cdr_message_encode(&sealed.base, &w->close_bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&w->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&w->close_bytes),
	    &w->signed_close), CDR_OK);
	assert_int_equal(cdr_close_read(w->signed_close, w->round, w->roster, w->genesis, &w->close, NULL), CDR_OK);
	cdr_buffer_free(&inner);
	cdr_buffer_free(&entries);
	free(entry);
	free(at);
	free(hash);
}

/* A trustee signs an answer. */
static void
world_answer(const struct round_world *w, uint32_t trustee, const char *path, const ProtobufCMessage *message,
    const struct cdr_buffer *attachment, struct cdr_buffer *request)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_buffer body;

	(void)snprintf(name, sizeof(name), "trustee/%u", trustee);
	const struct cdr_signer signer = { name, trustee_keys[trustee - 1].seed, w->genesis };
	assert_int_equal(cdr_message_encode(message, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&signer, path, cdr_buffer_bytes(&body), cdr_buffer_bytes(attachment), request), CDR_OK);
	cdr_buffer_free(&body);
}

/* The first answer of trustee ${trustee}, made with ${share}. */
static void
world_first(struct round_world *w, uint32_t trustee, const uint8_t *share, struct cdr_buffer *request)
{
	Cdr__Wire__RoundFirst message = CDR__WIRE__ROUND_FIRST__INIT;
	const struct cdr_opener opener = { trustee, share };
	struct cdr_buffer attachment;
	uint8_t hash[CDR_SHA256_LEN];

	assert_int_equal(cdr_first_make(&w->world, &w->close, cdr_buffer_bytes(&w->sums), w->key, &opener, &attachment), CDR_OK);
	const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
	assert_int_equal(cdr_sha256(&part, 1, hash), CDR_OK);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
	message.attachment_hash = cdr_message_field(hash, sizeof(hash));
	message.roster_version = w->answered_by != 0 ? w->answered_by : w->roster->body->version;
	world_answer(w, trustee, CDR_TALLY_FIRST_PATH, &message.base, &attachment, request);
	cdr_buffer_free(&attachment);
}

/* The second answer. */
static void
world_second(struct round_world *w, uint32_t trustee, const uint8_t *share, struct cdr_buffer *request)
{
	Cdr__Wire__RoundSecond message = CDR__WIRE__ROUND_SECOND__INIT;
	const struct cdr_opener opener = { trustee, share };
	struct cdr_buffer attachment;
	uint8_t hash[CDR_SHA256_LEN];

	assert_int_equal(cdr_second_make(&w->world, &w->set, &w->opening, &opener, &attachment), CDR_OK);
	const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
	assert_int_equal(cdr_sha256(&part, 1, hash), CDR_OK);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
	message.set = cdr_message_field(w->set.hash, CDR_ROUND_HASH_LEN);
	message.attachment_hash = cdr_message_field(hash, sizeof(hash));
	message.roster_version = w->answered_by != 0 ? w->answered_by : w->roster->body->version;
	world_answer(w, trustee, CDR_TALLY_SECOND_PATH, &message.base, &attachment, request);
	cdr_buffer_free(&attachment);
}

/* The trustees ${trustee} (three, in order) answer first; the hub signs that these count; what they open. */
static void
world_set(struct round_world *w, const uint32_t trustee[WORLD_THRESHOLD])
{
	Cdr__Wire__OpeningSet set = CDR__WIRE__OPENING_SET__INIT;
	Cdr__Wire__SignedSet sealed = CDR__WIRE__SIGNED_SET__INIT;
	Cdr__Wire__OpeningAnswer answer[WORLD_THRESHOLD], *at[WORLD_THRESHOLD];
	uint8_t signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer inner;

	for (size_t i = 0; i < WORLD_THRESHOLD; i++) {
		world_first(w, trustee[i], w->share[trustee[i] - 1], &w->first_request[i]);
		assert_int_equal(cdr_first_read(&w->world, &w->close, cdr_buffer_bytes(&w->sums), w->key,
		    cdr_buffer_bytes(&w->first_request[i]), &w->first[i], NULL), CDR_OK);
		answer[i] = (Cdr__Wire__OpeningAnswer)CDR__WIRE__OPENING_ANSWER__INIT;
		answer[i].trustee = trustee[i];
		answer[i].hash = cdr_message_field(w->first[i].hash, CDR_SHA256_LEN);
		at[i] = &answer[i];
	}
	set.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
	set.answer = at;
	set.n_answer = WORLD_THRESHOLD;
	set.roster_version = w->answered_by != 0 ? w->answered_by : w->roster->body->version;
	assert_int_equal(cdr_message_encode(&set.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(hub_keys.seed, CDR_ROUND_WORD_SET, w->genesis, cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.set = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&sealed.base, &w->set_bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&w->set_arena, &cdr__wire__signed_set__descriptor, cdr_buffer_bytes(&w->set_bytes),
	    &w->signed_set), CDR_OK);
	assert_int_equal(cdr_set_read(&w->world, w->signed_set, &w->close, &w->set, NULL), CDR_OK);
	cdr_buffer_free(&inner);
	assert_int_equal(cdr_opening_make(&w->world, &w->close, &w->set, cdr_buffer_bytes(&w->sums), w->first, WORLD_THRESHOLD,
	    &w->opening, NULL), CDR_OK);
}

/* Three trustees answer a second time, and there are totals. */
static void
world_totals(struct round_world *w, const uint32_t trustee[WORLD_THRESHOLD])
{
	for (size_t i = 0; i < WORLD_THRESHOLD; i++) {
		world_second(w, trustee[i], w->share[trustee[i] - 1], &w->second_request[i]);
		assert_int_equal(cdr_second_read(&w->world, &w->close, &w->set, &w->opening, cdr_buffer_bytes(&w->second_request[i]),
		    &w->second[i], NULL), CDR_OK);
	}
	w->totals = calloc(w->round->cell_count, sizeof(*w->totals));
	assert_int_equal(cdr_totals_make(&w->world, &w->close, &w->opening, w->second, WORLD_THRESHOLD, w->totals, NULL), CDR_OK);
	assert_int_equal(cdr_totals_encode(w->round, &w->close, &w->opening, w->totals, &w->totals_bytes), CDR_OK);
}

static void
world_end(struct round_world *w)
{
	for (size_t i = 0; i < w->member_count; i++) {
		free(w->counts[i]);
		cdr_buffer_free(&w->contribution[i]);
	}
	for (size_t i = 0; i < TRUSTEES; i++) {
		cdr_buffer_free(&w->first_request[i]);
		cdr_buffer_free(&w->second_request[i]);
		cdr_answer_free(&w->first[i]);
		cdr_answer_free(&w->second[i]);
	}
	cdr_opening_free(&w->opening);
	cdr_close_free(&w->close);
	cdr_set_free(&w->set);
	cdr_arena_free(&w->close_arena);
	cdr_arena_free(&w->set_arena);
	cdr_buffer_free(&w->sums);
	cdr_buffer_free(&w->close_bytes);
	cdr_buffer_free(&w->set_bytes);
	cdr_buffer_free(&w->totals_bytes);
	cdr_round_free(w->round);
	cdr_shelf_free(&w->shelf);
	cdr_elgamal_free(w->key);
	free(w->totals);
	free(w->member_keys);
	free(w->member);
	free(w->member_at);
	free(w->member_id);
	free(w->counts);
	free(w->contribution);
}

#endif
