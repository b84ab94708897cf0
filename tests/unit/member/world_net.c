#include "tests/unit/member/world_play.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "node/net/client.h"

/* In place of the network: every request is answered at once by the party that it is for. see tests/unit/member/world_play.h */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
w_say(struct w_reply *reply, const ProtobufCMessage *message)
{
	reply->status = 200;
	assert_int_equal(cdr_message_encode(message, &reply->body), CDR_OK);
}

void
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

const struct w_keys *
w_find(const struct world *w, const char *signer)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		if (strcmp(w->keys[i].signer, signer) == 0)
			return &w->keys[i];
	return NULL;
}

/* What trustee ${at} answers to an evaluation. */
static void
evaluate(struct world *w, size_t at, const struct cdr_envelope *envelope, struct w_reply *reply)
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

/* Whether something stands behind the points. */
static bool
shows_proof(const struct cdr_envelope *envelope)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, envelope->body, &request), CDR_OK);
	bool shows = envelope->attachment.len > request->point_count * CDR_POINT_LEN;
	cdr_arena_free(&arena);
	return shows;
}

static cdr_err
deliver(struct world *w, struct cdr_client_post *post)
{
	struct cdr_envelope envelope = { 0 };
	struct w_reply reply = { 0 };
	size_t at = 0;

	while (at < W_TRUSTEES && (post->pin == NULL || memcmp(post->pin, w->trustee[at].pin, CDR_PIN_LEN) != 0))
		at++;
	bool is_hub = at == W_TRUSTEES, is_latest = strcmp(post->path, "/v1/witness/latest") == 0;
	bool is_roster = !is_hub && strcmp(post->path, "/v1/roster") == 0;
	bool is_opening = strcmp(post->path, "/v1/sample/open") == 0;
	bool is_told = !is_hub && strcmp(post->path, "/v1/witness/contradictions") == 0;
	if (!is_hub && !is_latest && !is_roster && !is_opening && !is_told)
		w->evaluation_count++;
	bool is_log = strncmp(post->path, "/v1/log/", 8) == 0;
	if (is_hub ? is_log ? w->log_is_down : w->hub_is_down : is_opening ? w->samples.outcome == NULL : w->mode[at] == W_DOWN)
		return cdr_fault_set(&post->fault, CDR_E_NETWORK, "played: no connection");
	const struct w_keys *party = is_hub ? &w->hub : &w->trustee[at];
	assert_true(post->pin == NULL || memcmp(post->pin, party->pin, CDR_PIN_LEN) == 0);
	w->request = post->body;
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
	else if (is_told)
		w_log_contradictions(w, at, &envelope, &reply);
	else if (w->mode[at] == W_REFUSES)
		w_refuse(&reply, w->refusal[at] != CDR_OK ? w->refusal[at] : CDR_E_QUOTA);
	else if (w->mode[at] == W_FAILS || w->mode[at] == W_SPENT)
		w_refuse(&reply, w->mode[at] == W_FAILS ? CDR_E_MEMORY : CDR_E_SEQUENCE);
	else if (w->mode[at] == W_BUSY || (w->mode[at] == W_EARLY && !shows_proof(&envelope)))
		w_refuse(&reply, CDR_E_BUSY);
	else
		evaluate(w, at, &envelope, &reply);
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
		(void)pthread_mutex_lock(&lock);
		posts[i].err = deliver(w_world, &posts[i]);
		(void)pthread_mutex_unlock(&lock);
		if (first == CDR_OK)
			first = posts[i].err;
	}
	return first;
}
