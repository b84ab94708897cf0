#ifndef CDR_TESTS_TRUSTEE_ASKING_H
#define CDR_TESTS_TRUSTEE_ASKING_H

/*
 * A member's requests to trustee 1, without sockets: made as the member would make them, or as a test likes them, logged and witnessed
 * before, and the trustee's replies taken apart. Include after tests/unit/unit.h.
 */

#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "core/crypto/oprf.h"
#include "node/trustee/evaluate.h"

#define PATH "/v1/evaluate"

struct world {
	struct exchange *x;
	struct dealt dealt;
	struct enrolled *member;
	struct cdr_service service;      /* of trustee 1 */
	uint8_t points[CDR_EVALUATE_POINTS_MAX + 1][CDR_POINT_LEN];
	struct played_log log;
	struct cdr_buffer shown;         /* what stood behind the points of the last request */

	/* the last answer */
	int status;
	enum cdr_turn turn;
	char code[32];
	char text[CDR_FAULT_LEN];
	struct cdr_buffer evaluated;
	uint8_t proof[CDR_PROOF_LEN];
};

static inline int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t scalar[CDR_SCALAR_LEN];

	assert_non_null(w);
	w->x = exchange_new();
	deal(w->x, 1, 1, &w->dealt);
	w->member = enrol(w->x, "blue-harbour", 21);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		give_share(w->x, i, &w->dealt);
	const struct cdr_roster_change changes[] = { change_epoch(&w->dealt), change_member(w->member) };
	propose(w->x, changes, 2);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	for (size_t i = 0; i <= CDR_EVALUATE_POINTS_MAX; i++) {
		cdr_scalar_set(1000 + i % 20, scalar);
		if (i < 20)
			assert_int_equal(cdr_group_mul_base(scalar, w->points[i]), CDR_OK);
		else
			memcpy(w->points[i], w->points[i - 20], CDR_POINT_LEN);
	}
	cdr_trustee_service(w->x->node[1].trustee, &w->service);
	w->log.x = w->x;
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	cdr_buffer_free(&w->evaluated);
	cdr_buffer_free(&w->shown);
	exchange_free(w->x);
	free(w);
	return 0;
}

/* A request as the member would make it; a test changes what it likes. */
struct request {
	const char *signer;
	const uint8_t *seed, *pin;
	const char *member, *purpose;
	uint64_t sequence;
	uint32_t epoch, point_count;
	struct cdr_bytes attachment;
	bool has_wrong_hash;
	bool is_unlogged;                /* the proof is the one before, or none */
	bool shows_nothing;              /* it is logged, and the proof is left to the hub */
	bool is_logged_again;            /* in a further leaf */
	const char *logged_as;           /* the party that the leaf names; NULL: who signed it */
	const uint8_t *logged_seed;      /* with which the hub signed it itself; NULL: it has the member's signature */
	size_t says_again;               /* the body behind itself so often: a decoder takes what comes last */
};

static inline struct request
request_of(struct world *w, uint64_t sequence, uint32_t count)
{
	return (struct request){ .signer = "member/blue-harbour", .seed = w->member->seed, .pin = w->member->pin,
		.member = "blue-harbour", .purpose = "check", .sequence = sequence, .epoch = 1, .point_count = count,
		.attachment = { w->points[0], (size_t)count * CDR_POINT_LEN } };
}

/* The hub logs the request and the trustees witness it. */
static inline void
log_request(struct world *w, const struct request *r, struct cdr_bytes body)
{
	const char *name = r->logged_as != NULL ? r->logged_as : r->signer;
	const struct cdr_signer signer = { name, r->logged_seed != NULL ? r->logged_seed : r->seed, w->x->genesis->hash };
	const Cdr__Wire__EvaluateRequest *request;
	struct cdr_arena arena = { 0 };
	struct cdr_envelope envelope;
	struct cdr_buffer bytes;

	assert_int_equal(cdr_envelope_request(&signer, PATH, body, (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope), CDR_OK);
	cdr_buffer_free(&w->shown);
	if (r->is_logged_again) {
		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request), CDR_OK);
		played_prove(&w->log, played_log_request(&w->log, name, request, body, envelope.signature), &w->shown);
	} else {
		played_enter(&w->log, name, body, envelope.signature, &w->shown);
	}
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
}

static inline void
encode_request(struct world *w, const struct request *r, struct cdr_buffer *out)
{
	Cdr__Wire__EvaluateRequest message = CDR__WIRE__EVALUATE_REQUEST__INIT;
	const struct cdr_signer signer = { r->signer, r->seed, w->x->genesis->hash };
	char member[64], purpose[64];
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_buffer body;

	(void)snprintf(member, sizeof(member), "%s", r->member);
	(void)snprintf(purpose, sizeof(purpose), "%s", r->purpose);
	assert_int_equal(cdr_sha256(&r->attachment, 1, hash), CDR_OK);
	hash[0] ^= r->has_wrong_hash ? 1 : 0;
	message.member = member;
	message.sequence = r->sequence;
	message.epoch = r->epoch;
	message.purpose = purpose;
	message.point_count = r->point_count;
	message.points_hash = cdr_message_field(hash, sizeof(hash));
	assert_int_equal(cdr_message_encode(&message.base, &body), CDR_OK);
	size_t len = body.len;
	body.len = len * (r->says_again + 1);
	body.data = realloc(body.data, body.len);
	assert_non_null(body.data);
	for (size_t i = 1; i <= r->says_again; i++)
		memcpy(body.data + i * len, body.data, len);
	struct cdr_buffer attachment = { malloc(r->attachment.len + 8192), r->attachment.len };
	assert_non_null(attachment.data);
	memcpy(attachment.data, r->attachment.data, r->attachment.len);
	if (!r->is_unlogged)
		log_request(w, r, cdr_buffer_bytes(&body));
	if (r->shows_nothing)
		cdr_buffer_free(&w->shown);
	if (w->shown.len > 0)
		memcpy(attachment.data + attachment.len, w->shown.data, w->shown.len);
	attachment.len += w->shown.len;
	assert_int_equal(cdr_envelope_request(&signer, PATH, cdr_buffer_bytes(&body), cdr_buffer_bytes(&attachment), out),
	    CDR_OK);
	cdr_buffer_free(&attachment);
	cdr_buffer_free(&body);
}

/* Take the reply apart; its signature holds whatever it says. */
static inline void
read_reply(struct world *w, const char *path, struct cdr_bytes request, struct cdr_bytes reply)
{
	struct cdr_envelope envelope;
	struct cdr_arena arena = { 0 };

	assert_int_equal(cdr_envelope_open(reply, &envelope), CDR_OK);
	assert_string_equal(envelope.signer, "trustee/1");
	assert_int_equal(cdr_envelope_verify_reply(&envelope, w->x->node[1].home.signing_public, w->x->genesis->hash, path,
	    request), CDR_OK);
	w->code[0] = w->text[0] = '\0';
	cdr_buffer_free(&w->evaluated);
	if (w->status == 200) {
		Cdr__Wire__EvaluateReply *message;

		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__evaluate_reply__descriptor, envelope.body, &message),
		    CDR_OK);
		assert_int_equal(message->trustee, 1);
		assert_int_equal(message->proof.len, CDR_PROOF_LEN);
		memcpy(w->proof, message->proof.data, CDR_PROOF_LEN);
		assert_int_equal(cdr_buffer_copy(envelope.attachment, &w->evaluated), CDR_OK);
	} else {
		Cdr__Wire__Refusal *message;

		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__refusal__descriptor, envelope.body, &message), CDR_OK);
		(void)snprintf(w->code, sizeof(w->code), "%s", message->code);
		(void)snprintf(w->text, sizeof(w->text), "%s", message->text);
	}
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
}

static inline void
send_bytes(struct world *w, const char *path, struct cdr_bytes bytes, const uint8_t *pin)
{
	const struct cdr_request request = { path, bytes, pin, cdr_trustee_now(), &w->turn };
	struct cdr_buffer reply;

	w->status = cdr_dispatch(&w->service, &request, &reply);
	read_reply(w, path, bytes, cdr_buffer_bytes(&reply));
	cdr_buffer_free(&reply);
}

static inline void
send_request(struct world *w, struct request r)
{
	struct cdr_buffer bytes;

	encode_request(w, &r, &bytes);
	send_bytes(w, PATH, cdr_buffer_bytes(&bytes), r.pin);
	cdr_buffer_free(&bytes);
}

static inline void
assert_refused(struct world *w, int status, const char *code)
{
	if (w->status != status || strcmp(w->code, code) != 0)
		fail_msg("status %d, %s: %s", w->status, w->code, w->text);
}

/* The proof holds against the public share that the roster names. */
static inline void
assert_proved(struct world *w, uint32_t count)
{
	struct cdr_points *in, *out;

	if (w->status != 200)
		fail_msg("%s: %s", w->code, w->text);
	assert_int_equal(w->evaluated.len, (size_t)count * CDR_POINT_LEN);
	assert_int_equal(cdr_points_decode(w->points[0], count, &in), CDR_OK);
	assert_int_equal(cdr_points_decode(w->evaluated.data, count, &out), CDR_OK);
	assert_int_equal(cdr_oprf_verify(w->dealt.share[1], in, out, w->proof), CDR_OK);
	cdr_points_free(in);
	cdr_points_free(out);
}

struct count_query {
	const char *sql;
	int64_t number;
};

static inline cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	struct count_query *q = context;
	cdr_err err = cdr_query_one_int(tx, q->sql, CDR_VALUES(), &q->number);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static inline int64_t
ask_store(struct world *w, const char *sql)
{
	struct count_query q = { sql, 0 };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, count_job, &q), CDR_OK);
	return q.number;
}

/* The log as it is, signed by the hub and by nobody else. */
static inline struct cdr_checkpoint
uncosigned(struct world *w)
{
	struct cdr_checkpoint checkpoint = { .size = w->log.edge.size };

	assert_int_equal(cdr_merkle_root(&w->log.edge, checkpoint.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &checkpoint), CDR_OK);
	return checkpoint;
}

/* The hub logs what it may not, and nobody takes that in. After that it goes on as if it had not. */
static inline void
send_lie(struct world *w, struct request r)
{
	struct played_log *before = malloc(sizeof(*before));

	assert_non_null(before);
	*before = w->log;
	send_request(w, r);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_string_equal(w->log.code[i], "proof");
	assert_int_equal(w->log.checkpoint.cosignature_count, 0);
	w->log = *before;
	free(before);
}

#define SPENT "SELECT points FROM spent WHERE member = 'blue-harbour' AND epoch = 1 AND purpose = 'check'"
#define SPENT_IMPORT "SELECT points FROM spent WHERE member = 'blue-harbour' AND epoch = 1 AND purpose = 'import'"

#endif
