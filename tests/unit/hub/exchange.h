#ifndef CDR_TESTS_UNIT_HUB_EXCHANGE_H
#define CDR_TESTS_UNIT_HUB_EXCHANGE_H

/*
 * An exchange for the tests of the hub: a hub over a database in a new folder, three trustees with threshold two, and
 * members who join as real ones do. Requests go through cdr_dispatch, as the HTTP server hands them in; no socket.
 */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "keys/roster_build.h"
#include "node/hub/enrol.h"
#include "node/hub/routes.h"
#include "proto/ceremony.h"
#include "node/hub/schema.h"
#include "node/net/log.h"
#include "tests/unit/files.h"

#define X_TRUSTEES 3
#define X_THRESHOLD 2
#define X_NOW UINT64_C(1772323200) /* 1 March 2026 */
#define X_MONTH 314                /* March 2026 in months since January 2000 */
#define X_EPOCH 1

/* A party's keys. */
struct x_party {
	char signer[CDR_SIGNER_LEN_MAX + 1];
	uint8_t seed[CDR_SIGN_SEED_LEN];
	uint8_t signing[CDR_SIGN_PUBLIC_LEN];
	uint8_t secret[CDR_HPKE_SECRET_LEN];
	uint8_t sealing[CDR_HPKE_PUBLIC_LEN];
	uint8_t pin[CDR_PIN_LEN];
};

struct exchange {
	char dir[64];
	struct cdr_store *store;
	struct cdr_hub *hub;
	struct cdr_service service;
	struct x_party hub_party;
	struct x_party trustee[X_TRUSTEES];
	uint64_t now;
	uint64_t import_points;        /* of who is invited next */
};

/* What came back. The message is borrowed from the arena. */
struct x_reply {
	int status;
	struct cdr_buffer bytes;
	struct cdr_envelope envelope;
	struct cdr_arena arena;
	void *message;                 /* of the type asked for, with status 200 */
	char code[32];                 /* of a Refusal */
	char text[CDR_FAULT_LEN];
};

static inline void
x_party_make(struct x_party *party, const char *signer)
{
	static uint8_t next;

	memset(party, 0, sizeof(*party));
	(void)snprintf(party->signer, sizeof(party->signer), "%s", signer);
	memset(party->seed, ++next, sizeof(party->seed));
	memset(party->pin, next, sizeof(party->pin));
	assert_int_equal(cdr_sign_public(party->seed, party->signing), CDR_OK);
	assert_int_equal(cdr_hpke_keypair(party->secret, party->sealing), CDR_OK);
}

static inline void
x_card(const struct x_party *party, char *name, char *url, Cdr__Wire__Party *card)
{
	*card = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	card->name = name;
	card->url = url;
	card->signing_key = cdr_message_field(party->signing, sizeof(party->signing));
	card->sealing_key = cdr_message_field(party->sealing, sizeof(party->sealing));
	card->tls_pin = cdr_message_field(party->pin, sizeof(party->pin));
}

static inline void
x_reply_free(struct x_reply *reply)
{
	cdr_arena_free(&reply->arena);
	cdr_envelope_free(&reply->envelope);
	cdr_buffer_free(&reply->bytes);
	*reply = (struct x_reply){ 0 };
}

/* Send ready bytes from a peer with ${pin}; the reply must be the hub's, for these bytes. */
static inline int
x_send(struct exchange *x, const char *path, struct cdr_bytes bytes, const uint8_t *pin,
    const ProtobufCMessageDescriptor *type, struct x_reply *reply)
{
	struct cdr_request request = { .path = path, .bytes = bytes, .pin = pin, .now = x->now };

	*reply = (struct x_reply){ 0 };
	reply->status = cdr_dispatch(&x->service, &request, &reply->bytes);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&reply->bytes), &reply->envelope), CDR_OK);
	assert_string_equal(reply->envelope.signer, "hub");
	assert_int_equal(cdr_envelope_verify_reply(&reply->envelope, x->hub_party.signing, x->hub->genesis, path, bytes),
	    CDR_OK);
	bool ok = reply->status == 200;
	assert_int_equal(cdr_message_decode(&reply->arena, ok ? type : &cdr__wire__refusal__descriptor,
	    reply->envelope.body, &reply->message), CDR_OK);
	if (!ok) {
		const Cdr__Wire__Refusal *refusal = reply->message;
		(void)snprintf(reply->code, sizeof(reply->code), "%s", refusal->code);
		(void)snprintf(reply->text, sizeof(reply->text), "%s", refusal->text);
		reply->message = NULL;
	}
	return reply->status;
}

/* Sign ${message} as ${party} under the name ${signer} and send it. */
static inline int
x_call_as(struct exchange *x, const struct x_party *party, const char *signer, const char *path,
    const ProtobufCMessage *message, const ProtobufCMessageDescriptor *type, struct x_reply *reply)
{
	struct cdr_signer by = { signer, party->seed, x->hub->genesis };
	struct cdr_buffer body = { 0 }, request = { 0 };

	assert_int_equal(cdr_message_encode(message, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&by, path, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &request),
	    CDR_OK);
	int status = x_send(x, path, cdr_buffer_bytes(&request), party->pin, type, reply);
	cdr_buffer_free(&body);
	cdr_buffer_free(&request);
	return status;
}

static inline int
x_call(struct exchange *x, const struct x_party *party, const char *path, const ProtobufCMessage *message,
    const ProtobufCMessageDescriptor *type, struct x_reply *reply)
{
	return x_call_as(x, party, party->signer, path, message, type, reply);
}

/* The same where only success or the code of the refusal counts: "ok" or the code. */
static inline const char *
x_try(struct exchange *x, const struct x_party *party, const char *path, const ProtobufCMessage *message,
    const ProtobufCMessageDescriptor *type)
{
	static char code[32];
	struct x_reply reply;

	int status = x_call(x, party, path, message, type, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	x_reply_free(&reply);
	return code;
}

/* ---- the roster --------------------------------------------------------------------------------------------- */

static inline cdr_err
x_genesis_job(struct cdr_tx *tx, void *roster)
{
	return cdr_hub_roster_store(tx, roster, X_NOW);
}

static inline void
x_genesis(struct exchange *x)
{
	static char url[] = "https://127.0.0.1:1", name[] = "Somebody", leavers[] = "leavers", codebook[] = "1";
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;
	Cdr__Wire__Party hub, card[X_TRUSTEES];
	Cdr__Wire__Trustee trustee[X_TRUSTEES], *at[X_TRUSTEES];
	struct cdr_roster *roster = NULL;

	x_party_make(&x->hub_party, "hub");
	x_card(&x->hub_party, name, url, &hub);
	for (uint32_t i = 0; i < X_TRUSTEES; i++) {
		char signer[16];
		(void)snprintf(signer, sizeof(signer), "trustee/%u", i + 1);
		x_party_make(&x->trustee[i], signer);
		x_card(&x->trustee[i], name, url, &card[i]);
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &card[i];
		at[i] = &trustee[i];
	}
	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.codebook_version = codebook;
	body.made_at = X_NOW;
	body.hub = &hub;
	body.trustee = at;
	body.n_trustee = X_TRUSTEES;
	body.threshold = X_THRESHOLD;
	body.scheme = &scheme;
	assert_int_equal(cdr_roster_build_genesis(&body, x->hub_party.seed, &roster, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(x->store, x_genesis_job, roster), CDR_OK);
	cdr_roster_free(roster);
}

/* Fetch the proposal as trustee ${index} (from 0) and countersign it. Whether there was one. */
static inline bool
x_countersign(struct exchange *x, size_t index)
{
	struct x_reply reply, done;
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;
	Cdr__Wire__CountersignRequest request = CDR__WIRE__COUNTERSIGN_REQUEST__INIT;
	uint8_t hash[CDR_ROSTER_HASH_LEN], signature[CDR_SIGNATURE_LEN];

	assert_int_equal(x_call(x, &x->trustee[index], "/v1/roster/proposal", &empty.base,
	    &cdr__wire__proposal_reply__descriptor, &reply), 200);
	const Cdr__Wire__ProposalReply *proposal = reply.message;
	bool found = proposal->has_roster;
	if (found) {
		struct cdr_bytes bytes = cdr_message_bytes(proposal->roster);
		assert_int_equal(cdr_sha256(&bytes, 1, hash), CDR_OK);
		assert_int_equal(cdr_roster_countersign(x->trustee[index].seed, hash, (uint32_t)index + 1, signature), CDR_OK);
		request.roster_hash = cdr_message_field(hash, sizeof(hash));
		request.signature = cdr_message_field(signature, sizeof(signature));
		assert_int_equal(x_call(x, &x->trustee[index], "/v1/roster/countersign", &request.base,
		    &cdr__wire__empty__descriptor, &done), 200);
		x_reply_free(&done);
	}
	x_reply_free(&reply);
	return found;
}

/* Threshold trustees countersign what waits. */
static inline void
x_approve(struct exchange *x)
{
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_true(x_countersign(x, i));
}

static inline uint64_t
x_version(struct exchange *x)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);

	assert_non_null(roster);
	uint64_t version = roster->body->version;
	cdr_hub_roster_release(x->hub, roster);
	return version;
}

/* ---- members ------------------------------------------------------------------------------------------------ */

static inline void
x_invite(struct exchange *x, const char *id, uint8_t secret[static CDR_HUB_INVITATION_SECRET_LEN])
{
	struct cdr_hub_invitation invitation = { .id = id, .name = id, .country = "KEN", .check_points = 6400,
		.import_points = x->import_points, .expires_at = x->now + 86400 };
	char code[CDR_HUB_INVITATION_TEXT_LEN];
	uint8_t bytes[CDR_HUB_INVITATION_LEN];

	assert_int_equal(cdr_hub_invite(x->hub, &invitation, x->now, code, NULL), CDR_OK);
	assert_int_equal(cdr_base32_read(code, bytes, sizeof(bytes)), CDR_OK);
	assert_memory_equal(bytes + CDR_HUB_INVITATION_SECRET_LEN, x->hub->genesis, CDR_GENESIS_HASH_LEN);
	memcpy(secret, bytes, CDR_HUB_INVITATION_SECRET_LEN);
}

static inline int
x_join(struct exchange *x, const struct x_party *party, const uint8_t *secret, struct x_reply *reply)
{
	static char name[] = "A member", nowhere[] = "";
	Cdr__Wire__JoinRequest request = CDR__WIRE__JOIN_REQUEST__INIT;
	Cdr__Wire__Party card;

	x_card(party, name, nowhere, &card);
	request.code = cdr_message_field(secret, CDR_HUB_INVITATION_SECRET_LEN);
	request.party = &card;
	return x_call_as(x, party, "new", "/v1/join", &request.base, &cdr__wire__join_reply__descriptor, reply);
}

/* Invite, join, countersign. */
static inline void
x_enrol(struct exchange *x, const char *id, struct x_party *party)
{
	char signer[CDR_SIGNER_LEN_MAX + 1];
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];
	struct x_reply reply;

	(void)snprintf(signer, sizeof(signer), "member/%s", id);
	x_party_make(party, signer);
	x_invite(x, id, secret);
	assert_int_equal(x_join(x, party, secret, &reply), 200);
	x_reply_free(&reply);
	x_approve(x);
}

/* ---- the epoch ---------------------------------------------------------------------------------------------- */

/* The ceremony in which those who are trustees now make this key, or those who were when one of them had ${url}. */
static inline void
x_ceremony(struct exchange *x, enum cdr_key_kind kind, uint32_t number, uint32_t attempt, char *url, uint8_t id[static CDR_CEREMONY_ID_LEN])
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	struct cdr_ceremony_draft draft;
	Cdr__Wire__Party party = *roster->body->trustee[X_TRUSTEES - 1]->party;

	cdr_ceremony_plan_make(roster, x->hub->genesis, kind, number, attempt, &draft);
	if (url != NULL) {
		party.url = url;
		draft.participant[X_TRUSTEES - 1].party = &party;
	}
	assert_int_equal(cdr_ceremony_id(&draft.plan, id), CDR_OK);
	cdr_hub_roster_release(x->hub, roster);
}

/* What trustee ${index} says that a ceremony gave; ${mark} makes one key differ from another. */
static inline const char *
x_ceremony_result(struct exchange *x, size_t index, enum cdr_key_kind kind, uint32_t number, uint8_t mark,
    const uint8_t ceremony[static CDR_CEREMONY_ID_LEN])
{
	Cdr__Wire__CeremonyResult result = CDR__WIRE__CEREMONY_RESULT__INIT;
	Cdr__Wire__CeremonyKey key = CDR__WIRE__CEREMONY_KEY__INIT;
	uint8_t point[CDR_POINT_LEN] = { 2, mark }, hash[32] = { mark };
	ProtobufCBinaryData share[X_TRUSTEES];

	for (size_t i = 0; i < X_TRUSTEES; i++)
		share[i] = cdr_message_field(point, sizeof(point));
	key.number = number;
	key.scheme_version = cdr_message_field(hash, kind == CDR_KEY_TAGS ? sizeof(hash) : 0);
	key.public_key = cdr_message_field(point, sizeof(point));
	key.public_share = share;
	key.n_public_share = X_TRUSTEES;
	key.transcript = cdr_message_field(hash, sizeof(hash));
	key.kind = kind;
	key.threshold = X_THRESHOLD;
	result.ceremony = cdr_message_field(ceremony, CDR_CEREMONY_ID_LEN);
	result.act = CDR_CEREMONY_MAKE;
	result.key = &key;
	return x_try(x, &x->trustee[index], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor);
}

static inline const char *
x_key_result(struct exchange *x, size_t index, enum cdr_key_kind kind, uint32_t number, uint8_t mark)
{
	uint8_t ceremony[CDR_CEREMONY_ID_LEN];

	x_ceremony(x, kind, number, 1, NULL, ceremony);
	return x_ceremony_result(x, index, kind, number, mark, ceremony);
}

static inline const char *
x_result(struct exchange *x, size_t index, uint32_t number, uint8_t mark)
{
	return x_key_result(x, index, CDR_KEY_TAGS, number, mark);
}

static inline void
x_epoch(struct exchange *x)
{
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_result(x, i, X_EPOCH, 7), "ok");
	x_approve(x);
}

/* ---- the index ---------------------------------------------------------------------------------------------- */

#define X_PUT_ROWS 512

/* A batch being filled. */
struct x_put {
	uint8_t batch[CDR_ID_LEN];
	uint8_t rows[X_PUT_ROWS * CDR_INDEX_ROW_LEN];
	size_t row_count;
	uint8_t expiries[32 * CDR_INDEX_EXPIRY_LEN];
	size_t person_count;
	uint8_t removed[32 * CDR_HANDLE_LEN];
	size_t removed_count;
	uint32_t epoch;
};

static inline void
x_put_start(struct x_put *put, uint8_t batch)
{
	memset(put, 0, sizeof(*put));
	put->batch[0] = batch;
	put->epoch = X_EPOCH;
}

/* The tag that stands for token ${token} of person ${person}. */
static inline void
x_tag(uint8_t person, uint8_t token, uint8_t tag[static CDR_TAG_LEN])
{
	memset(tag, 0, CDR_TAG_LEN);
	tag[0] = person;
	tag[1] = token;
}

/* A person with ${count} tokens: token i has type i + 1 as far as there are types, rarity 1, the only pair of names. */
static inline uint8_t *
x_put_person(struct x_put *put, uint8_t handle, uint8_t person, size_t count, uint16_t expires)
{
	uint8_t *first = put->rows + put->row_count * CDR_INDEX_ROW_LEN;
	uint8_t *expiry = put->expiries + put->person_count * CDR_INDEX_EXPIRY_LEN;

	for (size_t i = 0; i < count; i++) {
		uint8_t *row = put->rows + put->row_count * CDR_INDEX_ROW_LEN;
		assert_true(put->row_count < X_PUT_ROWS);
		memset(row, 0, CDR_INDEX_ROW_LEN);
		x_tag(person, (uint8_t)i, row);
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 1;
		row[CDR_TAG_LEN + 2] = 1;
		row[CDR_TAG_LEN + 3] = handle;
		put->row_count++;
	}
	memset(expiry, 0, CDR_INDEX_EXPIRY_LEN);
	expiry[0] = handle;
	expiry[CDR_HANDLE_LEN] = (uint8_t)(expires >> 8);
	expiry[CDR_HANDLE_LEN + 1] = (uint8_t)expires;
	put->person_count++;
	return first;
}

static inline void
x_put_removed(struct x_put *put, uint8_t handle)
{
	memset(put->removed + put->removed_count * CDR_HANDLE_LEN, 0, CDR_HANDLE_LEN);
	put->removed[put->removed_count * CDR_HANDLE_LEN] = handle;
	put->removed_count++;
}

/* Send the batch: "ok" or the code of the refusal. */
static inline const char *
x_put_send(struct exchange *x, const struct x_party *party, const struct x_put *put, uint64_t *people)
{
	static char code[32];
	struct x_reply reply;
	Cdr__Wire__IndexPut request = CDR__WIRE__INDEX_PUT__INIT;

	request.epoch = put->epoch;
	request.batch = cdr_message_field(put->batch, sizeof(put->batch));
	request.rows = cdr_message_field(put->rows, put->row_count * CDR_INDEX_ROW_LEN);
	request.expiries = cdr_message_field(put->expiries, put->person_count * CDR_INDEX_EXPIRY_LEN);
	request.removed = cdr_message_field(put->removed, put->removed_count * CDR_HANDLE_LEN);
	int status = x_call(x, party, "/v1/index/put", &request.base, &cdr__wire__index_put_reply__descriptor, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	if (status == 200 && people != NULL)
		*people = ((const Cdr__Wire__IndexPutReply *)reply.message)->people;
	x_reply_free(&reply);
	return code;
}

/* ---- the database ------------------------------------------------------------------------------------------- */

static int64_t x_number;

static inline cdr_err
x_count_job(struct cdr_tx *tx, void *sql)
{
	return cdr_query_one_int(tx, sql, CDR_VALUES(), &x_number);
}

/* The number that ${sql} gives. */
static inline int64_t
x_count(struct exchange *x, const char *sql)
{
	char copy[256];

	(void)snprintf(copy, sizeof(copy), "%s", sql);
	assert_int_equal(cdr_store_read(x->store, x_count_job, copy), CDR_OK);
	return x_number;
}

static inline struct exchange *
x_new(void)
{
	static const uint8_t key[CDR_STORE_KEY_LEN] = { 1 };
	struct exchange *x = calloc(1, sizeof(*x));
	char path[96];

	assert_non_null(x);
	assert_int_equal(cdr_secret_start(NULL), CDR_OK);
	cdr_log_set_level(CDR_LOG_ERROR);
	x->now = X_NOW;
	x->import_points = 320;
	(void)snprintf(x->dir, sizeof(x->dir), "/tmp/cdr-hub-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	(void)snprintf(path, sizeof(path), "%s/node.db", x->dir);
	struct cdr_store_config config = { .path = path, .key = key, .schema = &cdr_hub_schema, .create = true };
	struct cdr_fault fault = { CDR_OK, "" };
	assert_int_equal(cdr_store_open(&config, &x->store, &fault), CDR_OK);
	x_genesis(x);
	assert_int_equal(cdr_hub_start(x->store, x->hub_party.seed, &x->hub, &fault), CDR_OK);
	cdr_hub_service(x->hub, &x->service);
	return x;
}

static inline void
x_free(struct exchange *x)
{
	cdr_hub_stop(x->hub);
	cdr_store_close(x->store);
	files_remove(x->dir);
	free(x);
}

static inline int
x_setup(void **state)
{
	*state = x_new();
	return 0;
}

static inline int
x_teardown(void **state)
{
	x_free(*state);
	return 0;
}

#endif
