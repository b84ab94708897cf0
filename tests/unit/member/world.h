#ifndef CDR_TESTS_UNIT_MEMBER_WORLD_H
#define CDR_TESTS_UNIT_MEMBER_WORLD_H

/*
 * An exchange in one process for the tests of a member's node: three members over databases in a new folder, and in place
 * of the network a hub and three trustees that are played here. This file defines what node/net/client.h declares, so
 * that the linker takes it instead of libcurl: what a member asks is answered at once, signed as the real parties sign, and as
 * truly or falsely as the test says.
 */

#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint.h"
#include "proto/round.pb-c.h"
#include "proto/annual.pb-c.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/threshold.h"
#include "core/identity/date.h"
#include "node/member/check.h"
#include "node/member/enrol.h"
#include "node/member/evaluate.h"
#include "node/member/inbox.h"
#include "node/member/index.h"
#include "node/member/leavers.h"
#include "node/member/schema.h"
#include "node/member/wire.h"
#include "node/net/log.h"
#include "tests/unit/files.h"
#include "tests/unit/member/world_index.h"
#include "audit/sample.h"

#define W_MEMBERS 3
#define W_TRUSTEES 3
#define W_THRESHOLD 2
#define W_CHECK_POINTS (40 * CDR_CHECK_ROWS_MIN) /* of each member */
#define W_MAIL_MAX 256
#define W_PUT_MAX 64
#define W_MATCH_MAX 8

enum { BLUE, GREEN, RED };

#define W_LOG_MAX 512

/* What the hub does wrong with its log. */
enum w_log_lie {
	W_LOG_TRUE = 0,
	W_LOG_NO_RECEIPT,     /* its receipt is for something else */
	W_LOG_OTHER_PLACE,    /* it proves another place than the receipt's */
	W_LOG_FEW_WITNESSES,  /* a cosignature too few */
	W_LOG_BAD_PROOF,
	W_LOG_ALTERED,        /* one leaf is another one by now */
	W_LOG_ROLLED_BACK,    /* the log is shorter than it was */
	W_LOG_MISSING,        /* what it gave a receipt for never entered the log */
	W_LOG_STALE           /* the witnesses have not seen it for days */
};

/* What a trustee does when it is asked. */
enum w_trustee_mode {
	W_TRUE = 0,
	W_DOWN,
	W_REFUSES,      /* its quota is used up */
	W_FAILS,        /* it has no memory, it says */
	W_FORGED,       /* the reply is signed by somebody else */
	W_OTHER_SHARE,  /* it evaluates under another key, with a proof for that one */
	W_WRONG_PROOF,
	W_IDENTITY,     /* one point is none */
	W_FEWER,        /* one point is missing */
	W_OTHER_EPOCH,
	W_OTHER_INDEX,
	W_OTHER_HASH,   /* points that it did not sign */
	W_MODE_COUNT
};

struct w_keys {
	char signer[CDR_SIGNER_LEN_MAX + 1];
	char name[64], url[32];
	uint8_t seed[CDR_SIGN_SEED_LEN], signing[CDR_SIGN_PUBLIC_LEN];
	uint8_t secret[CDR_HPKE_SECRET_LEN], sealing[CDR_HPKE_PUBLIC_LEN];
	uint8_t pin[CDR_PIN_LEN];
	Cdr__Wire__Party party;
};

/* A reply on its way. */
struct w_reply {
	int status;
	struct cdr_buffer body, attachment;
};
static inline void w_say(struct w_reply *reply, const ProtobufCMessage *message);

#include "tests/unit/member/world_sample.h"

struct w_mail {
	char from[CDR_SLUG_LEN_MAX + 1], to[CDR_SLUG_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_buffer sealed;
};

struct w_put {
	uint8_t batch[CDR_ID_LEN];
	uint32_t epoch;
	struct cdr_buffer rows, expiries, removed;
};

/* The newest key that a member rolled to; in the roster once a test says so. */
struct w_roll {
	uint64_t number, made_at;
	uint8_t key[CDR_HPKE_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN];
	unsigned put_count;
	bool is_in_force;
	Cdr__Wire__SealingKey sealing;
};

struct world {
	char dir[64];
	struct w_keys hub, trustee[W_TRUSTEES], keys[W_MEMBERS];
	struct cdr_member *member[W_MEMBERS];

	/* The roster: changed by the test, then w_roster. */
	char status[W_MEMBERS][16];
	Cdr__Wire__Scheme scheme;
	uint8_t scheme_version[32];
	bool without_epoch, with_statistics; /* its key is the one of tags: nobody here tells them apart */
	uint64_t version;
	uint8_t hash[CDR_ROSTER_HASH_LEN], genesis[CDR_ROSTER_HASH_LEN];
	struct cdr_buffer genesis_bytes, newest_bytes;

	/* The trustees. */
	uint8_t share[W_TRUSTEES][CDR_SCALAR_LEN];
	uint8_t public_key[CDR_POINT_LEN], public_share[W_TRUSTEES][CDR_POINT_LEN];
	enum w_trustee_mode mode[W_TRUSTEES];
	size_t evaluation_count;            /* answered or not */
	size_t point_count;
	uint64_t sequence;                  /* of the last one */
	char purpose[16];
	void (*on_evaluate)(void);          /* called while a trustee computes */

	/* The log: of hub and trustees. */
	bool names_other_root;              /* the leaf of a check names another root than the answer */
	enum w_log_lie log_lie;
	bool log_is_down;
	struct cdr_merkle_edge log_edge;
	uint8_t log_hash[W_LOG_MAX][CDR_MERKLE_HASH_LEN], log_content[W_LOG_MAX][CDR_LEAF_CONTENT_LEN];
	uint64_t log_age_s;                 /* how long ago the witnesses cosigned */
	uint64_t latest_size[W_TRUSTEES];   /* what a trustee says that it saw last; 0: all of it */
	bool latest_differs[W_TRUSTEES];    /* it saw another log */

	/* The hub. */
	bool hub_is_down;                   /* for everything but the log: see log_is_down */
	bool forgets_reply;                 /* it does what it is asked, and its reply is lost */
	bool log_forgets_reply;             /* the same of the log */
	struct w_samples samples;
	bool stranger_answers;              /* somebody with another certificate */
	const char *refused_path;
	cdr_err refused_code;
	struct w_mail mail[W_MAIL_MAX];
	size_t mail_count;
	struct w_put put[W_PUT_MAX];
	size_t put_count;
	Cdr__Wire__Match match[W_MATCH_MAX], *matches[W_MATCH_MAX];
	uint64_t joined_at;
	bool hub_withholds, trustees_are_behind; /* the newest roster */
	struct w_roll roll[W_MEMBERS];      /* what members signed for their next sealing keys */
	struct w_index index;               /* what the proofs are about */
	bool gives_no_proof, gives_other_receipt;
	size_t match_count;
	uint8_t handles[W_MATCH_MAX][CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN];
	uint8_t check_rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	size_t check_row_count, open_count, close_count;
	uint8_t check_id[CDR_ID_LEN];
	uint8_t join_code[CDR_INVITATION_SECRET_LEN];
	const char *join_id, *join_country;
	const char *release_json;           /* what was published last; NULL: nothing */
	const char *release_logged;         /* what the log holds in its place */
};

static struct world *w_world;
static pthread_mutex_t w_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *const w_ids[W_MEMBERS] = { "blue-harbour", "green-valley", "red-ridge" };

/* ---- parties and rosters ------------------------------------------------------------------------------------------- */

static inline void
w_keys_make(struct w_keys *keys, const char *signer, bool listens)
{
	(void)snprintf(keys->signer, sizeof(keys->signer), "%s", signer);
	(void)snprintf(keys->name, sizeof(keys->name), "Party %s", signer);
	(void)snprintf(keys->url, sizeof(keys->url), "%s", listens ? "https://127.0.0.1:1" : "");
	assert_int_equal(cdr_random(keys->seed, sizeof(keys->seed)), CDR_OK);
	assert_int_equal(cdr_random(keys->pin, sizeof(keys->pin)), CDR_OK);
	assert_int_equal(cdr_sign_public(keys->seed, keys->signing), CDR_OK);
	assert_int_equal(cdr_hpke_keypair(keys->secret, keys->sealing), CDR_OK);
	keys->party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	keys->party.name = keys->name;
	keys->party.url = keys->url;
	keys->party.signing_key = cdr_message_field(keys->signing, sizeof(keys->signing));
	keys->party.sealing_key = cdr_message_field(keys->sealing, sizeof(keys->sealing));
	keys->party.tls_pin = cdr_message_field(keys->pin, sizeof(keys->pin));
}

/* Sign ${body} by the hub and by every trustee. */
static inline void
w_sign_roster(struct world *w, const Cdr__Wire__Roster *body, struct cdr_buffer *out)
{
	struct cdr_buffer bytes;
	uint8_t hub_signature[CDR_SIGNATURE_LEN], signature[W_TRUSTEES][CDR_SIGNATURE_LEN];
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;
	Cdr__Wire__Countersignature counter[W_TRUSTEES], *counters[W_TRUSTEES];

	assert_int_equal(cdr_message_encode(&body->base, &bytes), CDR_OK);
	struct cdr_bytes signed_bytes = cdr_buffer_bytes(&bytes);
	assert_int_equal(cdr_sha256(&signed_bytes, 1, w->hash), CDR_OK);
	assert_int_equal(cdr_roster_sign_hub(w->hub.seed, signed_bytes, hub_signature), CDR_OK);
	message.roster = cdr_message_field(bytes.data, bytes.len);
	message.hub_signature = cdr_message_field(hub_signature, sizeof(hub_signature));
	message.countersignature = counters;
	message.n_countersignature = body->version == 0 ? 0 : W_TRUSTEES;
	for (uint32_t i = 0; i < W_TRUSTEES; i++) {
		assert_int_equal(cdr_roster_countersign(w->trustee[i].seed, w->hash, i + 1, signature[i]), CDR_OK);
		counter[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		counter[i].trustee = i + 1;
		counter[i].signature = cdr_message_field(signature[i], sizeof(signature[i]));
		counters[i] = &counter[i];
	}
	cdr_buffer_free(out);
	assert_int_equal(cdr_message_encode(&message.base, out), CDR_OK);
	cdr_buffer_free(&bytes);
}

/* Make the next roster of what ${w} says; version 0 first. */
static inline void
w_roster(struct world *w)
{
	static char country[] = "KEN";
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Trustee trustee[W_TRUSTEES], *trustees[W_TRUSTEES];
	Cdr__Wire__Member member[W_MEMBERS], *members[W_MEMBERS];
	Cdr__Wire__Epoch epoch = CDR__WIRE__EPOCH__INIT, *epochs[] = { &epoch };
	Cdr__Wire__StatisticsKey statistics = CDR__WIRE__STATISTICS_KEY__INIT, *statistics_keys[] = { &statistics };
	ProtobufCBinaryData shares[W_TRUSTEES];
	uint8_t previous[CDR_ROSTER_HASH_LEN] = { 0 };
	char id[W_MEMBERS][CDR_SLUG_LEN_MAX + 1];
	bool is_genesis = w->genesis_bytes.data == NULL;

	if (!is_genesis)
		memcpy(previous, w->hash, sizeof(previous));
	for (uint32_t i = 0; i < W_TRUSTEES; i++) {
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &w->trustee[i].party;
		trustees[i] = &trustee[i];
		shares[i] = cdr_message_field(w->public_share[i], CDR_POINT_LEN);
	}
	for (size_t i = 0; i < W_MEMBERS; i++) {
		(void)snprintf(id[i], sizeof(id[i]), "%s", w_ids[i]);
		member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		member[i].id = id[i];
		member[i].party = &w->keys[i].party;
		member[i].country = country;
		member[i].status = w->status[i];
		member[i].check_points = W_CHECK_POINTS;
		member[i].import_points = UINT64_C(1) << 20;
		member[i].joined_at = w->joined_at;
		member[i].sealing = w->roll[i].is_in_force ? &w->roll[i].sealing : NULL;
		members[i] = &member[i];
	}
	epoch.number = 1;
	epoch.scheme_version = cdr_message_field(w->scheme_version, sizeof(w->scheme_version));
	epoch.public_key = cdr_message_field(w->public_key, sizeof(w->public_key));
	epoch.public_share = shares;
	epoch.n_public_share = W_TRUSTEES;
	epoch.transcript = cdr_message_field(w->scheme_version, 32);
	epoch.starts_at = 1;
	epoch.ends_at = UINT32_MAX;
	statistics.number = 1;
	statistics.public_key = epoch.public_key;
	statistics.public_share = epoch.public_share;
	statistics.n_public_share = epoch.n_public_share;
	statistics.transcript = epoch.transcript;
	statistics.starts_at = epoch.starts_at;
	statistics.ends_at = epoch.ends_at;
	body.statistics_key = statistics_keys;
	body.n_statistics_key = !is_genesis && w->with_statistics ? 1 : 0;
	body.format = 1;
	body.version = is_genesis ? 0 : ++w->version;
	body.previous = cdr_message_field(previous, sizeof(previous));
	body.hub = &w->hub.party;
	body.trustee = trustees;
	body.n_trustee = W_TRUSTEES;
	body.threshold = W_THRESHOLD;
	body.scheme = &w->scheme;
	body.epoch = epochs;
	body.n_epoch = is_genesis || w->without_epoch ? 0 : 1;
	body.member = members;
	body.n_member = is_genesis ? 0 : W_MEMBERS;
	w_sign_roster(w, &body, is_genesis ? &w->genesis_bytes : &w->newest_bytes);
	if (is_genesis)
		memcpy(w->genesis, w->hash, sizeof(w->genesis));
}

/* A key of the trustees in shares, as their ceremony would have made it. */
static inline void
w_deal(struct world *w)
{
	uint8_t coefficients[W_THRESHOLD][CDR_SCALAR_LEN], commitments[W_THRESHOLD][CDR_POINT_LEN];

	for (size_t i = 0; i < W_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(coefficients[i]), CDR_OK);
	assert_int_equal(cdr_threshold_commit(coefficients[0], W_THRESHOLD, commitments[0]), CDR_OK);
	memcpy(w->public_key, commitments[0], CDR_POINT_LEN);
	for (uint8_t i = 0; i < W_TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(coefficients[0], W_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_threshold_public_share(commitments[0], W_THRESHOLD, i + 1, w->public_share[i]), CDR_OK);
	}
}

/* ---- what the parties answer --------------------------------------------------------------------------------------- */

static inline void
w_say(struct w_reply *reply, const ProtobufCMessage *message)
{
	reply->status = 200;
	assert_int_equal(cdr_message_encode(message, &reply->body), CDR_OK);
}

static inline void
w_refuse(struct w_reply *reply, cdr_err err)
{
	Cdr__Wire__Refusal refusal = CDR__WIRE__REFUSAL__INIT;
	char code[32], text[] = "played";

	(void)snprintf(code, sizeof(code), "%s", cdr_err_name(err));
	refusal.code = code;
	refusal.text = text;
	w_say(reply, &refusal.base);
	reply->status = err == CDR_E_BUSY ? 503 : 400;
}

/* Whose key a signer's name stands for. */
static inline const struct w_keys *
w_find(const struct world *w, const char *signer)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		if (strcmp(w->keys[i].signer, signer) == 0)
			return &w->keys[i];
	return NULL;
}

#include "tests/unit/member/world_log.h"

static inline void
w_evaluate(struct world *w, size_t at, const struct cdr_envelope *envelope, struct w_reply *reply)
{
	enum w_trustee_mode mode = w->mode[at];
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;
	Cdr__Wire__EvaluateReply answer = CDR__WIRE__EVALUATE_REPLY__INIT;
	struct cdr_points *points;
	uint8_t random[CDR_SCALAR_LEN], key[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN], hash[CDR_SHA256_LEN];

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, envelope->body, &request), CDR_OK);
	size_t points_len = request->point_count * CDR_POINT_LEN;
	const struct cdr_bytes asked = { envelope->attachment.data, points_len };
	w_log_see(w, envelope->body, (struct cdr_bytes){ envelope->attachment.data + points_len,
	    envelope->attachment.len - points_len });
	assert_int_equal(cdr_sha256(&asked, 1, hash), CDR_OK);
	assert_memory_equal(hash, request->points_hash.data, sizeof(hash));
	w->sequence = request->sequence;
	w->point_count += request->point_count;
	(void)snprintf(w->purpose, sizeof(w->purpose), "%s", request->purpose);
	memcpy(key, w->share[at], sizeof(key));
	if (w->on_evaluate != NULL)
		w->on_evaluate();
	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	if (mode == W_OTHER_SHARE)
		assert_int_equal(cdr_scalar_random(key), CDR_OK);
	assert_int_equal(cdr_points_decode(envelope->attachment.data, request->point_count, &points), CDR_OK);
	struct cdr_buffer *out = &reply->attachment;
	*out = (struct cdr_buffer){ malloc(points_len), points_len };
	assert_int_equal(cdr_oprf_evaluate(key, points, random, out->data, proof), CDR_OK);
	cdr_points_free(points);
	if (mode == W_IDENTITY)
		memset(out->data, 0, CDR_POINT_LEN);
	if (mode == W_FEWER)
		out->len -= CDR_POINT_LEN;
	if (mode == W_WRONG_PROOF)
		proof[0] ^= 1;
	struct cdr_bytes evaluated = cdr_buffer_bytes(out);
	assert_int_equal(cdr_sha256(&evaluated, 1, hash), CDR_OK);
	if (mode == W_OTHER_HASH)
		hash[0] ^= 1;
	answer.trustee = mode == W_OTHER_INDEX ? W_TRUSTEES + 1 : (uint32_t)at + 1;
	answer.epoch = mode == W_OTHER_EPOCH ? 7 : request->epoch;
	answer.proof = cdr_message_field(proof, sizeof(proof));
	answer.points_hash = cdr_message_field(hash, sizeof(hash));
	w_say(reply, &answer.base);
	cdr_arena_free(&arena);
}

static inline void
w_push_mail(struct world *w, const Cdr__Wire__Mail *mail)
{
	struct w_mail *kept = &w->mail[w->mail_count];

	for (size_t i = 0; i < w->mail_count; i++)
		if (memcmp(w->mail[i].id, mail->id.data, CDR_MAIL_ID_LEN) == 0)
			return;
	assert_true(w->mail_count < W_MAIL_MAX);
	assert_int_equal(mail->sealed.len, CDR_MAIL_SEALED_LEN);
	*kept = (struct w_mail){ 0 };
	(void)snprintf(kept->from, sizeof(kept->from), "%s", mail->from);
	(void)snprintf(kept->to, sizeof(kept->to), "%s", mail->to);
	memcpy(kept->id, mail->id.data, CDR_MAIL_ID_LEN);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(mail->sealed), &kept->sealed), CDR_OK);
	w->mail_count++;
}

static inline void
w_drop_mail(struct world *w, const uint8_t *id)
{
	for (size_t i = 0; i < w->mail_count; i++) {
		if (memcmp(w->mail[i].id, id, CDR_MAIL_ID_LEN) != 0)
			continue;
		cdr_buffer_free(&w->mail[i].sealed);
		memmove(&w->mail[i], &w->mail[i + 1], (w->mail_count - i - 1) * sizeof(w->mail[0]));
		w->mail_count--;
		return;
	}
}

static inline void
w_fetch(struct world *w, const char *member, struct w_reply *reply)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;
	Cdr__Wire__Mail mail[CDR_MAIL_BAG_COUNT_MAX], *mails[CDR_MAIL_BAG_COUNT_MAX];

	bag.mail = mails;
	for (size_t i = 0; i < w->mail_count && bag.n_mail < CDR_MAIL_BAG_COUNT_MAX; i++) {
		if (strcmp(w->mail[i].to, member) != 0)
			continue;
		Cdr__Wire__Mail *m = &mail[bag.n_mail];
		*m = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
		m->id = cdr_message_field(w->mail[i].id, CDR_MAIL_ID_LEN);
		m->from = w->mail[i].from;
		m->to = w->mail[i].to;
		m->sealed = cdr_message_field(w->mail[i].sealed.data, w->mail[i].sealed.len);
		mails[bag.n_mail++] = m;
	}
	w_say(reply, &bag.base);
}

static inline void
w_keep_put(struct world *w, const Cdr__Wire__IndexPut *put)
{
	struct w_put *kept = &w->put[w->put_count++];

	assert_true(w->put_count <= W_PUT_MAX);
	*kept = (struct w_put){ .epoch = put->epoch };
	memcpy(kept->batch, put->batch.data, sizeof(kept->batch));
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->rows), &kept->rows), CDR_OK);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->expiries), &kept->expiries), CDR_OK);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->removed), &kept->removed), CDR_OK);
}

static inline void
w_open_check(struct world *w, const char *signer, const Cdr__Wire__CheckOpen *open, struct w_reply *reply)
{
	Cdr__Wire__CheckOpenReply answer = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__IndexProof proof;
	Cdr__Wire__Receipt receipt;
	struct cdr_leaf leaf;
	struct cdr_match judged;
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	assert_in_range(open->rows.len, 1, sizeof(w->check_rows));
	w->check_row_count = open->rows.len / CDR_CHECK_ROW_LEN;
	memcpy(w->check_rows, open->rows.data, open->rows.len);
	memcpy(w->check_id, open->check.data, sizeof(w->check_id));
	w->open_count++;
	answer.check = open->check;
	answer.people = W_PEOPLE;
	w_index_judge(open, &w->scheme, &judged);
	for (size_t i = 0; i < w->index.count; i++)
		memcpy(w->index.person[i].handle, w->handles[i], CDR_HANDLE_LEN);
	for (size_t i = 0; i < w->match_count; i++) {
		w->matches[i] = &w->match[i];
		/* What the test has not twisted is as the rule says. */
		if (w->match[i].types == 0)
			w->match[i].types = judged.types;
		if (w->match[i].lambda_ppb == 0)
			w->match[i].lambda_ppb = cdr_index_lambda_ppb(judged.lambda);
	}
	answer.match = w->matches;
	answer.n_match = w->match_count;
	answer.has_at = true;
	answer.at = cdr_member_now();
	w_index_prove(&w->index, open, &proof, &leaf);
	uint64_t place = w->index.position > 0 ? w->index.position : w->log_edge.size;
	w_index_receipt(w->gives_other_receipt ? w->keys[GREEN].seed : w->hub.seed, w->genesis, &leaf, place, &receipt, hash);
	if (w->index.position == 0) {
		assert_true(place < W_LOG_MAX);
		memcpy(w->log_content[place], leaf.content, CDR_LEAF_CONTENT_LEN);
		memcpy(w->log_hash[place], hash, sizeof(hash));
		assert_int_equal(cdr_merkle_append(&w->log_edge, hash, NULL), CDR_OK);
	}
	answer.proof = w->gives_no_proof ? NULL : &proof;
	answer.root_receipt = &receipt;
	const struct cdr_bytes parts[] = { cdr_message_bytes(open->check), cdr_message_bytes(open->rows) };
	struct w_receipt opened;
	struct cdr_leaf check = { .kind = CDR_LEAF_CHECK_OPENED };
	cdr_leaf_party_add(&check, signer);
	cdr_leaf_number_add(&check, open->epoch);
	cdr_leaf_number_add(&check, open->rows.len / CDR_CHECK_ROW_LEN);
	cdr_leaf_number_add(&check, w->names_other_root ? place + 1 : place);
	assert_int_equal(cdr_leaf_content(check.kind, parts, 2, check.content), CDR_OK);
	w_log_append(w, &check, &opened);
	answer.receipt = &opened.message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&opened.leaf);
}

/* The newest roster, unless the asker has it, or it is not given. */
static inline void
w_roster_reply(struct world *w, const struct cdr_envelope *envelope, bool gives, struct w_reply *reply)
{
	struct cdr_arena arena = { 0 }, roster_arena = { 0 };
	const Cdr__Wire__RosterRequest *request;
	Cdr__Wire__RosterReply answer = CDR__WIRE__ROSTER_REPLY__INIT;

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__roster_request__descriptor, envelope->body, &request), CDR_OK);
	if (gives && request->have_version < w->version)
		assert_int_equal(cdr_message_decode(&roster_arena, &cdr__wire__signed_roster__descriptor,
		    cdr_buffer_bytes(&w->newest_bytes), &answer.roster), CDR_OK);
	w_say(reply, &answer.base);
	cdr_arena_free(&roster_arena);
	cdr_arena_free(&arena);
}

static inline void
w_keep_roll(struct w_roll *roll, const Cdr__Wire__SealingPut *put)
{
	assert_int_equal(put->sealing_key.len, sizeof(roll->key));
	assert_int_equal(put->sealing->signature.len, sizeof(roll->signature));
	memcpy(roll->key, put->sealing_key.data, sizeof(roll->key));
	memcpy(roll->signature, put->sealing->signature.data, sizeof(roll->signature));
	roll->number = put->sealing->number;
	roll->made_at = put->sealing->made_at;
	roll->put_count++;
}

/* The next roster has the key that member ${at} sent. */
static inline void
w_roll_in_force(struct world *w, size_t at)
{
	struct w_roll *roll = &w->roll[at];

	roll->sealing = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	roll->sealing.number = roll->number;
	roll->sealing.made_at = roll->made_at;
	roll->sealing.signature = cdr_message_field(roll->signature, sizeof(roll->signature));
	memcpy(w->keys[at].sealing, roll->key, sizeof(roll->key));
	roll->is_in_force = true;
	w_roster(w);
}

/* The hub decodes the body as ${type}, and acts. */
/* /v1/round/release */
static inline void
w_release(struct world *w, struct w_reply *reply)
{
	Cdr__Wire__RoundRelease answer = CDR__WIRE__ROUND_RELEASE__INIT;
	uint8_t round[32] = { 9 }, hash[CDR_SHA256_LEN];
	struct w_receipt receipt;

	if (w->release_json == NULL) {
		w_refuse(reply, CDR_E_ABSENT);
		return;
	}
	const struct cdr_bytes logged = { (const uint8_t *)w->release_logged, strlen(w->release_logged) };
	assert_int_equal(cdr_sha256(&logged, 1, hash), CDR_OK);
	w_log_act(w, CDR_LEAF_RELEASE, "hub", (const struct cdr_bytes[]){ { round, sizeof(round) }, { hash, sizeof(hash) } }, 2, &receipt);
	answer.round = cdr_message_field(round, sizeof(round));
	answer.json = cdr_message_field((const uint8_t *)w->release_json, strlen(w->release_json));
	answer.receipt = &receipt.message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&receipt.leaf);
}

static inline void
w_hub(struct world *w, const char *path, const struct cdr_envelope *envelope, struct w_reply *reply)
{
	static const struct {
		const char *path;
		const ProtobufCMessageDescriptor *type;
	} routes[] = {
		{ "/v1/genesis", &cdr__wire__empty__descriptor },
		{ "/v1/roster", &cdr__wire__roster_request__descriptor },
		{ "/v1/join", &cdr__wire__join_request__descriptor },
		{ "/v1/index/put", &cdr__wire__index_put__descriptor },
		{ "/v1/check/open", &cdr__wire__check_open__descriptor },
		{ "/v1/check/close", &cdr__wire__check_close__descriptor },
		{ "/v1/mail/post", &cdr__wire__mail__descriptor },
		{ "/v1/mail/fetch", &cdr__wire__mail_fetch__descriptor },
		{ "/v1/mail/taken", &cdr__wire__mail_taken__descriptor },
		{ "/v1/log/evaluation", &cdr__wire__signed_evaluation__descriptor },
		{ "/v1/log/checkpoint", &cdr__wire__checkpoint_request__descriptor },
		{ "/v1/member/sealing", &cdr__wire__sealing_put__descriptor },
		{ "/v1/return", &cdr__wire__annual_put__descriptor },
		{ "/v1/round/release", &cdr__wire__round_release_request__descriptor },
		{ "/v1/sample/list", &cdr__wire__sample_list_request__descriptor },
	};
	static const Cdr__Wire__Empty nothing = CDR__WIRE__EMPTY__INIT;
	struct cdr_arena arena = { 0 };
	const void *message = NULL;
	const char *member = strncmp(envelope->signer, "member/", 7) == 0 ? envelope->signer + 7 : "";
	size_t route = 0;

	while (strcmp(routes[route].path, path) != 0)
		assert_true(++route < sizeof(routes) / sizeof(routes[0]));
	assert_int_equal(cdr_message_decode(&arena, routes[route].type, envelope->body, &message), CDR_OK);
	if (route == 0) {
		reply->status = 200;
		assert_int_equal(cdr_buffer_copy(cdr_buffer_bytes(&w->genesis_bytes), &reply->body), CDR_OK);
	} else if (route == 1) {
		w_roster_reply(w, envelope, !w->hub_withholds, reply);
	} else if (route == 2) {
		const Cdr__Wire__JoinRequest *request = message;
		Cdr__Wire__JoinReply answer = CDR__WIRE__JOIN_REPLY__INIT;
		char id[64], country[8], status[] = "pending";
		(void)snprintf(id, sizeof(id), "%s", w->join_id);
		(void)snprintf(country, sizeof(country), "%s", w->join_country);
		answer.member_id = id;
		answer.country = country;
		answer.status = status;
		if (memcmp(request->code.data, w->join_code, sizeof(w->join_code)) == 0)
			w_say(reply, &answer.base);
		else
			w_refuse(reply, CDR_E_REFUSED);
	} else if (route == 3) {
		Cdr__Wire__IndexPutReply answer = CDR__WIRE__INDEX_PUT_REPLY__INIT;
		const Cdr__Wire__IndexPut *put = message;
		const struct cdr_bytes parts[] = { cdr_message_bytes(put->batch), cdr_message_bytes(put->rows),
			cdr_message_bytes(put->expiries), cdr_message_bytes(put->removed) };
		struct w_receipt receipt;
		w_keep_put(w, message);
		w_log_act(w, CDR_LEAF_INDEX_BATCH, envelope->signer, parts, 4, &receipt);
		answer.receipt = &receipt.message;
		w_say(reply, &answer.base);
		cdr_buffer_free(&receipt.leaf);
	} else if (route == 4) {
		w_open_check(w, envelope->signer, message, reply);
	} else if (route == 7) {
		w_fetch(w, member, reply);
	} else if (route == 5 || route == 6) {
		Cdr__Wire__Logged answer = CDR__WIRE__LOGGED__INIT;
		const Cdr__Wire__Mail *mail = message;
		const struct cdr_bytes check = cdr_message_bytes(((const Cdr__Wire__CheckClose *)message)->check);
		struct w_receipt receipt;
		if (route == 5) {
			w->close_count++;
			w_log_act(w, CDR_LEAF_CHECK_CLOSED, envelope->signer, &check, 1, &receipt);
		} else {
			const struct cdr_bytes parts[] = { cdr_message_bytes(mail->id), { (const uint8_t *)mail->from, strlen(mail->from) },
				{ (const uint8_t *)mail->to, strlen(mail->to) }, cdr_message_bytes(mail->sealed) };
			w_push_mail(w, mail);
			w_log_act(w, CDR_LEAF_DELIVERY, envelope->signer, parts, 4, &receipt);
		}
		answer.receipt = &receipt.message;
		w_say(reply, &answer.base);
		cdr_buffer_free(&receipt.leaf);
	} else if (route == 9) {
		w_log_evaluation(w, envelope->signer, message, reply);
	} else if (route == 10) {
		w_log_checkpoint(w, message, reply);
	} else if (route == 11) {
		for (size_t i = 0; i < W_MEMBERS; i++)
			if (strcmp(member, w_ids[i]) == 0)
				w_keep_roll(&w->roll[i], message);
		w_say(reply, &nothing.base);
	} else if (route == 13) {
		w_release(w, reply);
	} else if (route == 14) {
		w_sample_list(&w->samples, message, reply);
	} else {
		const Cdr__Wire__MailTaken *taken = route == 8 ? message : NULL;
		for (size_t i = 0; taken != NULL && i < taken->ids.len; i += CDR_MAIL_ID_LEN)
			w_drop_mail(w, taken->ids.data + i);
		w_say(reply, &nothing.base);
	}
	cdr_arena_free(&arena);
}

/* ---- in place of the network ------------------------------------------------------------------------------------------- */

struct cdr_client {
	int nothing;
};

cdr_err
cdr_client_new(const struct cdr_client_config *config, struct cdr_client **client, struct cdr_fault *fault)
{
	(void)config;
	(void)fault;
	*client = calloc(1, sizeof(**client));
	return *client != NULL ? CDR_OK : CDR_E_MEMORY;
}

void
cdr_client_free(struct cdr_client *client)
{
	free(client);
}

void
cdr_client_post_free(struct cdr_client_post *post)
{
	cdr_buffer_free(&post->reply);
}

static inline cdr_err
w_deliver(struct world *w, struct cdr_client_post *post)
{
	struct cdr_envelope envelope = { 0 };
	struct w_reply reply = { 0 };
	size_t at = 0;

	while (at < W_TRUSTEES && (post->pin == NULL || memcmp(post->pin, w->trustee[at].pin, CDR_PIN_LEN) != 0))
		at++;
	bool is_hub = at == W_TRUSTEES, is_latest = strcmp(post->path, "/v1/witness/latest") == 0;
	bool is_roster = !is_hub && strcmp(post->path, "/v1/roster") == 0;
	bool is_opening = strcmp(post->path, "/v1/sample/open") == 0;
	if (!is_hub && !is_latest && !is_roster && !is_opening)
		w->evaluation_count++;
	bool is_log = strncmp(post->path, "/v1/log/", 8) == 0;
	if (is_hub ? is_log ? w->log_is_down : w->hub_is_down : is_opening ? w->samples.outcome == NULL : w->mode[at] == W_DOWN)
		return cdr_fault_set(&post->fault, CDR_E_NETWORK, "played: no connection");
	const struct w_keys *party = is_hub ? &w->hub : &w->trustee[at];
	assert_true(post->pin == NULL || memcmp(post->pin, party->pin, CDR_PIN_LEN) == 0);
	assert_int_equal(cdr_envelope_open(post->body, &envelope), CDR_OK);
	const struct w_keys *asker = w_find(w, envelope.signer);
	if (asker != NULL)
		assert_int_equal(cdr_envelope_verify_request(&envelope, asker->signing, w->genesis, post->path), CDR_OK);
	else
		assert_string_equal(envelope.signer, "new");
	if (is_hub && w->refused_path != NULL && strcmp(w->refused_path, post->path) == 0)
		w_refuse(&reply, w->refused_code);
	else if (is_hub)
		w_hub(w, post->path, &envelope, &reply);
	else if (is_roster)
		w_roster_reply(w, &envelope, !w->trustees_are_behind, &reply);
	else if (is_opening)
		w_sample_open(&w->samples, at + 1, envelope.body, &reply);
	else if (is_latest)
		w_log_latest(w, at, &reply);
	else if (w->mode[at] == W_REFUSES || w->mode[at] == W_FAILS)
		w_refuse(&reply, w->mode[at] == W_FAILS ? CDR_E_MEMORY : CDR_E_QUOTA);
	else
		w_evaluate(w, at, &envelope, &reply);
	bool forged = !is_hub && w->mode[at] == W_FORGED;
	struct cdr_signer signer = { party->signer, forged ? w->hub.seed : party->seed, w->genesis };
	assert_int_equal(cdr_envelope_reply(&signer, post->path, post->body, cdr_buffer_bytes(&reply.body),
	    cdr_buffer_bytes(&reply.attachment), &post->reply), CDR_OK);
	post->status = reply.status;
	post->has_pin_seen = true;
	memcpy(post->pin_seen, w->stranger_answers ? w->keys[RED].pin : party->pin, CDR_PIN_LEN);
	cdr_buffer_free(&reply.body);
	cdr_buffer_free(&reply.attachment);
	cdr_envelope_free(&envelope);
	if (is_hub && (is_log ? w->log_forgets_reply : w->forgets_reply)) {
		cdr_buffer_free(&post->reply);
		post->status = 0;
		return cdr_fault_set(&post->fault, CDR_E_TIME, "played: no answer");
	}
	return reply.status == 200 ? CDR_OK : reply.status == 503 ? CDR_E_BUSY : CDR_E_REFUSED;
}

cdr_err
cdr_client_send(struct cdr_client *client, struct cdr_client_post *posts, size_t count)
{
	cdr_err first = CDR_OK;

	(void)client;
	for (size_t i = 0; i < count; i++) {
		posts[i].reply = (struct cdr_buffer){ 0 };
		(void)pthread_mutex_lock(&w_lock);
		posts[i].err = w_deliver(w_world, &posts[i]);
		(void)pthread_mutex_unlock(&w_lock);
		if (first == CDR_OK)
			first = posts[i].err;
	}
	return first;
}

/* ---- members ------------------------------------------------------------------------------------------------------------- */

static inline cdr_err
w_put_roster(struct cdr_tx *tx, int64_t version, const struct cdr_buffer *bytes)
{
	return cdr_query_run(tx, "INSERT INTO roster (version, bytes) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_int(version), cdr_value_bytes(cdr_buffer_bytes(bytes))));
}

static inline cdr_err
w_settle(struct cdr_tx *tx, void *context)
{
	struct cdr_member *member = context;

	assert_int_equal(cdr_setting_put(tx, "name", member->name, strlen(member->name)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "id", member->id, strlen(member->id)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "country", member->country, strlen(member->country)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "genesis", member->genesis, sizeof(member->genesis)), CDR_OK);
	assert_int_equal(w_put_roster(tx, 0, &w_world->genesis_bytes), CDR_OK);
	assert_int_equal(w_put_roster(tx, (int64_t)w_world->version, &w_world->newest_bytes), CDR_OK);
	return CDR_OK;
}

/* A node with the keys that ${w} has for it; no keystore, which costs seconds of Argon2id. */
static inline struct cdr_member *
w_member_new(struct world *w, size_t at)
{
	char path[128];
	struct cdr_member *member = calloc(1, sizeof(*member));
	struct cdr_home *home = calloc(1, sizeof(*home));
	struct cdr_fault fault = { 0 };

	assert_non_null(member);
	assert_non_null(home);
	member->home = home;
	(void)snprintf(path, sizeof(path), "%s/%s.db", w->dir, w_ids[at]);
	home->keys = cdr_secret_alloc(sizeof(*home->keys));
	assert_non_null(home->keys);
	assert_int_equal(cdr_random(home->keys, sizeof(*home->keys)), CDR_OK);
	memcpy(home->keys->signing, w->keys[at].seed, CDR_SIGN_SEED_LEN);
	memcpy(home->keys->sealing, w->keys[at].secret, CDR_HPKE_SECRET_LEN);
	memcpy(home->signing_public, w->keys[at].signing, CDR_SIGN_PUBLIC_LEN);
	memcpy(home->sealing_public, w->keys[at].sealing, CDR_HPKE_PUBLIC_LEN);
	memcpy(home->pin, w->keys[at].pin, CDR_PIN_LEN);
	struct cdr_store_config config = {
		.path = path, .key = home->keys->database, .schema = &cdr_member_schema, .create = true, .busy_ms = 200
	};
	assert_int_equal(cdr_store_open(&config, &home->store, &fault), CDR_OK);
	assert_int_equal(cdr_keyring_new(home, &member->keyring), CDR_OK);
	assert_int_equal(cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &member->codebook, NULL), CDR_OK);
	assert_int_equal(cdr_client_new(NULL, &member->client, NULL), CDR_OK);
	assert_int_equal(cdr_current_new(&member->current), CDR_OK);
	(void)snprintf(member->name, sizeof(member->name), "%s", w->keys[at].name);
	(void)snprintf(member->who, sizeof(member->who), "%s", CDR_TRAIL_OPERATOR);
	(void)snprintf(member->id, sizeof(member->id), "%s", w_ids[at]);
	(void)snprintf(member->country, sizeof(member->country), "KEN");
	(void)snprintf(member->signer_name, sizeof(member->signer_name), "member/%s", w_ids[at]);
	memcpy(member->genesis, w->genesis, sizeof(member->genesis));
	assert_int_equal(cdr_store_write(home->store, w_settle, member), CDR_OK);
	assert_int_equal(cdr_enrol_load_roster(member, &fault), CDR_OK);
	return member;
}

/* Every member learns of the newest roster. */
static inline void
w_refresh(struct world *w)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		assert_int_equal(cdr_enrol_refresh(w->member[i], NULL), CDR_OK);
}

static inline void
w_set_status(struct world *w, size_t at, const char *status)
{
	(void)snprintf(w->status[at], sizeof(w->status[at]), "%s", status);
}

static inline struct world *
w_new(void)
{
	static char leavers[] = "leavers", codebook[] = "2025-1";
	struct world *w = calloc(1, sizeof(*w));
	struct cdr_scheme scheme;
	char signer[CDR_SIGNER_LEN_MAX + 1];

	assert_non_null(w);
	w_world = w;
	assert_int_equal(cdr_secret_start(NULL), CDR_OK);
	cdr_log_set_level(CDR_LOG_ERROR);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/cdr-member-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->scheme = (Cdr__Wire__Scheme)CDR__WIRE__SCHEME__INIT;
	w->scheme.index = leavers;
	w->scheme.lookback_years = 5;
	w->scheme.answer_days = 14;
	w->scheme.expiry_days = 60;
	w->scheme.strong_lambda_ppm = 1000;
	w->scheme.possible_lambda_ppm = 500000;
	w->scheme.possible_max = 5;
	w->scheme.codebook_version = codebook;
	assert_int_equal(cdr_scheme_current(1, &scheme), CDR_OK);
	memcpy(w->scheme_version, scheme.version, sizeof(w->scheme_version));
	w_keys_make(&w->hub, "hub", true);
	for (size_t i = 0; i < W_TRUSTEES; i++) {
		(void)snprintf(signer, sizeof(signer), "trustee/%zu", i + 1);
		w_keys_make(&w->trustee[i], signer, true);
	}
	for (size_t i = 0; i < W_MEMBERS; i++) {
		(void)snprintf(signer, sizeof(signer), "member/%s", w_ids[i]);
		w_keys_make(&w->keys[i], signer, false);
		w_set_status(w, i, "active");
	}
	w_deal(w);
	w_roster(w);
	w_roster(w);
	for (size_t i = 0; i < W_MEMBERS; i++)
		w->member[i] = w_member_new(w, i);
	return w;
}

static inline void
w_free(struct world *w)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		cdr_member_close(w->member[i]);
	files_remove(w->dir);
	for (size_t i = 0; i < w->mail_count; i++)
		cdr_buffer_free(&w->mail[i].sealed);
	for (size_t i = 0; i < w->put_count; i++) {
		cdr_buffer_free(&w->put[i].rows);
		cdr_buffer_free(&w->put[i].expiries);
		cdr_buffer_free(&w->put[i].removed);
	}
	cdr_buffer_free(&w->genesis_bytes);
	cdr_buffer_free(&w->newest_bytes);
	w_samples_free(&w->samples);
	free(w);
	w_world = NULL;
}

static inline int
w_setup(void **state)
{
	*state = w_new();
	return 0;
}

static inline int
w_teardown(void **state)
{
	w_free(*state);
	return 0;
}

/* ---- looking into a database --------------------------------------------------------------------------------------------- */

static int64_t w_number;
static char w_found[256];

static inline cdr_err
w_number_job(struct cdr_tx *tx, void *sql)
{
	return cdr_query_one_int(tx, sql, CDR_VALUES(), &w_number);
}

static inline cdr_err
w_text_job(struct cdr_tx *tx, void *sql)
{
	struct cdr_query *query = NULL;

	w_found[0] = '\0';
	cdr_err err = cdr_query_start(tx, sql, CDR_VALUES(), &query);
	if (err == CDR_OK)
		err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_text(query, 0, w_found, sizeof(w_found));
	cdr_query_end(query);
	return err;
}

static inline cdr_err
w_run_job(struct cdr_tx *tx, void *sql)
{
	return cdr_query_run(tx, sql, CDR_VALUES());
}

/* The number, or the text, that ${sql} gives; a change that it makes. */
static inline int64_t
w_count(struct cdr_member *member, const char *sql)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", sql);
	assert_int_equal(cdr_store_read(member->home->store, w_number_job, copy), CDR_OK);
	return w_number;
}

static inline const char *
w_text(struct cdr_member *member, const char *sql)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", sql);
	assert_int_equal(cdr_store_read(member->home->store, w_text_job, copy), CDR_OK);
	return w_found;
}

static inline void
w_run(struct cdr_member *member, const char *sql)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", sql);
	assert_int_equal(cdr_store_write(member->home->store, w_run_job, copy), CDR_OK);
}

/* Another process of a member's node that holds its database, from w_hold to w_let_go. */
static struct cdr_store *w_other;
static pthread_t w_holder;
static sem_t w_ready, w_end;

static inline cdr_err
w_hold_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	assert_int_equal(cdr_setting_put(tx, "held", "", 0), CDR_OK);
	(void)sem_post(&w_ready);
	(void)sem_wait(&w_end);
	return CDR_E_IO;
}

static inline void *
w_hold_thread(void *context)
{
	(void)context;
	(void)!cdr_store_write(w_other, w_hold_job, NULL);
	return NULL;
}

static inline void
w_hold(struct world *w, size_t at)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s.db", w->dir, w_ids[at]);
	struct cdr_store_config config = {
		.path = path, .key = w->member[at]->home->keys->database, .schema = &cdr_member_schema
	};
	assert_int_equal(cdr_store_open(&config, &w_other, NULL), CDR_OK);
	assert_int_equal(sem_init(&w_ready, 0, 0), 0);
	assert_int_equal(sem_init(&w_end, 0, 0), 0);
	assert_int_equal(pthread_create(&w_holder, NULL, w_hold_thread, NULL), 0);
	(void)sem_wait(&w_ready);
}

static inline void
w_let_go(void)
{
	(void)sem_post(&w_end);
	(void)pthread_join(w_holder, NULL);
	cdr_store_close(w_other);
}

/* ---- leavers, candidates, letters ------------------------------------------------------------------------------------------ */

#define W_COLUMNS "employee_number,given_names,family_names,date_of_birth,document_type,document_country,document_number,position,country,from,to\n"

/* Import rows under W_COLUMNS. */
static inline cdr_err
w_import(struct cdr_member *member, const char *rows, const struct cdr_leavers_options *options,
    struct cdr_leavers_outcome *outcome)
{
	static const struct cdr_leavers_options none;
	struct cdr_record_rules rules;
	struct cdr_leaver_file *reader;
	struct cdr_leavers_outcome scratch;
	struct cdr_fault fault = { 0 };
	size_t room = strlen(rows) + sizeof(W_COLUMNS);
	char *file = malloc(room);

	assert_non_null(file);
	int len = snprintf(file, room, "%s%s", W_COLUMNS, rows);
	cdr_member_rules(member, &rules);
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes){ (const uint8_t *)file, (size_t)len }, &rules, &reader, NULL),
	    CDR_OK);
	cdr_err err = cdr_leavers_import(member, reader, options != NULL ? options : &none,
	    outcome != NULL ? outcome : &scratch, &fault);
	assert_true(fault.code == err || err == CDR_E_BUSY);
	cdr_leaver_file_free(reader);
	free(file);
	return err;
}

/* A day of this month ${years} ago, as a text for a file. */
static inline const char *
w_ago(int years)
{
	static char text[4][CDR_DATE_TEXT_LEN];
	static size_t next;
	struct cdr_date day = cdr_member_day((int64_t)cdr_member_now());
	char *out = text[next++ % 4];

	day.year = (int16_t)(day.year - years);
	day.day = day.day > 28 ? 28 : day.day;
	assert_int_equal(cdr_date_write(&day, out), CDR_OK);
	return out;
}

/* One leaver, Amina Wanjiru Otieno, who left ${years} ago. */
static inline void
w_import_amina(struct cdr_member *member, int years)
{
	char row[256];

	(void)snprintf(row, sizeof(row), "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s\n",
	    w_ago(years));
	assert_int_equal(w_import(member, row, NULL, NULL), CDR_OK);
}

static inline void
w_candidate(struct cdr_candidate *c, const char *reference, const char *given, const char *family, const char *birth)
{
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->reference, sizeof(c->reference), "%s", reference);
	(void)snprintf(c->person.given_names, sizeof(c->person.given_names), "%s", given);
	(void)snprintf(c->person.family_names, sizeof(c->person.family_names), "%s", family);
	assert_int_equal(cdr_date_read(birth, &c->person.birth, NULL), CDR_OK);
	(void)snprintf(c->legal_basis, sizeof(c->legal_basis), "legitimate_interest");
	(void)snprintf(c->candidate_notified, sizeof(c->candidate_notified), "application_form");
}

static inline void
w_amina(struct cdr_candidate *c, const char *reference)
{
	w_candidate(c, reference, "Amina Wanjiru", "Otieno", "1984-05-12");
}

static inline void
w_declare(struct cdr_candidate *c, const char *employer)
{
	(void)snprintf(c->declared_employers[c->declared_count++], CDR_MEMBER_ID_LEN, "%s", employer);
}

/* Open one check; the outcome must be ${expected}. */
static inline void
w_check(struct cdr_member *member, struct cdr_candidate *c, cdr_err expected)
{
	struct cdr_check_outcome outcome;
	struct cdr_fault fault = { 0 };

	assert_int_equal(cdr_check_add(member, c, 1, &outcome, &fault), expected);
	assert_int_equal(fault.code, expected);
}

/* One step of a member's mail, which must succeed. */
static inline bool
w_mail(struct cdr_member *member)
{
	bool worked;
	struct cdr_fault fault = { 0 };

	cdr_err err = cdr_mail_step(member, &worked, &fault);
	if (err != CDR_OK)
		fail_msg("mail: %s: %s", cdr_err_name(err), fault.text);
	return worked;
}

/* Carry letters until nobody has any that is due. */
static inline void
w_carry(struct world *w)
{
	bool worked = true;

	for (int round = 0; worked && round < 20; round++) {
		worked = false;
		for (size_t i = 0; i < W_MEMBERS; i++)
			worked = w_mail(w->member[i]) || worked;
	}
	assert_false(worked);
}

/* A letter that is not written by the code under test. Its id stands in ${id}. */
static inline void
w_write(struct world *w, size_t from, size_t to, const uint8_t *request_id, Cdr__Wire__Letter__ContentCase content,
    void *message, uint8_t id[static CDR_MAIL_ID_LEN])
{
	char from_id[CDR_SLUG_LEN_MAX + 1], to_id[CDR_SLUG_LEN_MAX + 1];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	struct cdr_buffer sealed;

	(void)snprintf(from_id, sizeof(from_id), "%s", w_ids[from]);
	(void)snprintf(to_id, sizeof(to_id), "%s", w_ids[to]);
	assert_int_equal(cdr_random(id, CDR_MAIL_ID_LEN), CDR_OK);
	letter.letter_id = mail.id = cdr_message_field(id, CDR_MAIL_ID_LEN);
	letter.request_id = cdr_message_field(request_id, CDR_ID_LEN);
	letter.from = mail.from = from_id;
	letter.to = mail.to = to_id;
	letter.written_at = cdr_member_now();
	letter.content_case = content;
	letter.probe = message;
	assert_int_equal(cdr_letter_seal(&letter, w->keys[from].seed, w->keys[to].sealing, w->genesis, &sealed), CDR_OK);
	mail.sealed = cdr_message_field(sealed.data, sealed.len);
	w_push_mail(w, &mail);
	cdr_buffer_free(&sealed);
}

/* The hub names ${member} with the first leaver that it has. */
static inline void
w_match(struct world *w, size_t member)
{
	static char strong[] = "strong";
	static char id[W_MATCH_MAX][CDR_SLUG_LEN_MAX + 1];
	size_t at = w->match_count++;
	Cdr__Wire__Match *match = &w->match[at];

	*match = (Cdr__Wire__Match)CDR__WIRE__MATCH__INIT;
	(void)snprintf(id[at], sizeof(id[at]), "%s", w_ids[member]);
	match->member = id[at];
	match->tier = strong;
	match->handles = cdr_message_field(w->handles[at], CDR_HANDLE_LEN);
	w->index.person[w->index.count++].member = w_ids[member];
}

static inline cdr_err
w_handle_job(struct cdr_tx *tx, void *out)
{
	return cdr_query_one_blob(tx, "SELECT handle FROM leaver ORDER BY id LIMIT 1", CDR_VALUES(), out, CDR_HANDLE_LEN);
}

/* The handle of the only leaver of ${member}. */
static inline void
w_handle(struct cdr_member *member, uint8_t out[static CDR_HANDLE_LEN])
{
	assert_int_equal(cdr_store_read(member->home->store, w_handle_job, out), CDR_OK);
}

static inline cdr_err
w_id_job(struct cdr_tx *tx, void *out)
{
	return cdr_query_one_blob(tx, "SELECT request_id FROM inbox ORDER BY number DESC LIMIT 1", CDR_VALUES(), out,
	    CDR_ID_LEN);
}

/* The id of the request that came last. */
static inline void
w_request_id(struct cdr_member *member, uint8_t out[static CDR_ID_LEN])
{
	assert_int_equal(cdr_store_read(member->home->store, w_id_job, out), CDR_OK);
}

/* An answer with nothing to disclose, as a person would give it. */
static inline void
w_no_record(struct cdr_statement *s)
{
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->signer_name, sizeof(s->signer_name), "Grace Mwangi");
	(void)snprintf(s->signer_role, sizeof(s->signer_role), "hr");
	(void)snprintf(s->identity_match, sizeof(s->identity_match), "confirmed");
	(void)snprintf(s->coverage.quality, sizeof(s->coverage.quality), "partial");
	(void)snprintf(s->finding, sizeof(s->finding), "no_record");
	(void)snprintf(s->ongoing_now, sizeof(s->ongoing_now), "no_record");
	(void)snprintf(s->left_during, sizeof(s->left_during), "no_record");
	s->valid_until = cdr_member_day((int64_t)cdr_member_now() + 180 * 86400);
}

/* ---- the log ------------------------------------------------------------------------------------------------------------- */

static FILE *w_log_file;
static int w_log_kept;

static inline void
w_log_start(void)
{
	(void)fflush(stderr);
	w_log_file = tmpfile();
	assert_non_null(w_log_file);
	w_log_kept = dup(STDERR_FILENO);
	assert_true(dup2(fileno(w_log_file), STDERR_FILENO) >= 0);
	cdr_log_set_level(CDR_LOG_DEBUG);
}

/* What was logged since w_log_start. */
static inline const char *
w_log_end(void)
{
	static char text[1U << 16];

	cdr_log_set_level(CDR_LOG_ERROR);
	(void)fflush(stderr);
	assert_true(dup2(w_log_kept, STDERR_FILENO) >= 0);
	(void)close(w_log_kept);
	rewind(w_log_file);
	size_t len = fread(text, 1, sizeof(text) - 1, w_log_file);
	text[len] = '\0';
	(void)fclose(w_log_file);
	return text;
}

#endif
