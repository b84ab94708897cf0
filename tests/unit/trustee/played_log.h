#ifndef CDR_TESTS_TRUSTEE_PLAYED_LOG_H
#define CDR_TESTS_TRUSTEE_PLAYED_LOG_H

/*
 * The hub's log, played: evaluations enter it, the trustees of the exchange witness it through their own /v1/witness, and
 * what a member shows a trustee is made of what they cosigned. Include after tests/unit/trustee/exchange.h.
 */

#include "audit/checkpoint.h"
#include "node/trustee/witness.h"
#include "proto/log.pb-c.h"

#define PLAYED_LOG_MAX 4096

struct played_log {
	struct exchange *x;
	struct cdr_merkle_edge edge;
	uint8_t hash[PLAYED_LOG_MAX][CDR_MERKLE_HASH_LEN];
	uint8_t content[PLAYED_LOG_MAX][CDR_LEAF_CONTENT_LEN];
	struct cdr_checkpoint checkpoint;   /* of the last push, with the cosignatures that it got */
	int status[TRUSTEE_COUNT + 1];      /* of each trustee's reply to it */
	enum cdr_turn turn[TRUSTEE_COUNT + 1];
	char code[TRUSTEE_COUNT + 1][32];
	char text[TRUSTEE_COUNT + 1][CDR_FAULT_LEN];
	uint64_t seen[TRUSTEE_COUNT + 1];   /* how much each says that it has seen */
	bool skip[TRUSTEE_COUNT + 1];       /* is not shown anything */
};

/* One leaf on its way into the log. Zeroed, then filled. */
struct played_leaf {
	struct cdr_buffer entry, leaf, evidence;
	uint8_t salt[CDR_LEAF_SALT_LEN];
	Cdr__Wire__LogRecord record;
};

static inline void
played_leaf_free(struct played_leaf *l)
{
	cdr_buffer_free(&l->entry);
	cdr_buffer_free(&l->leaf);
	cdr_buffer_free(&l->evidence);
}

/* A leaf of any kind; evaluations bring their evidence. */
static inline void
played_leaf_make(struct played_leaf *l, const struct cdr_leaf *leaf, const Cdr__Wire__SignedEvaluation *evidence)
{
	*l = (struct played_leaf){ .salt = { 7 } };
	l->record = (Cdr__Wire__LogRecord)CDR__WIRE__LOG_RECORD__INIT;
	bool is_open = cdr_leaf_kind_is_open(leaf->kind);
	assert_int_equal(cdr_leaf_encode(leaf, &l->leaf), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&l->leaf), is_open ? NULL : l->salt, &l->entry), CDR_OK);
	if (evidence != NULL)
		assert_int_equal(cdr_message_encode(&evidence->base, &l->evidence), CDR_OK);
	l->record.entry = cdr_message_field(l->entry.data, l->entry.len);
	l->record.has_leaf = l->record.has_salt = !is_open;
	l->record.leaf = cdr_message_field(l->leaf.data, l->leaf.len);
	l->record.salt = cdr_message_field(l->salt, sizeof(l->salt));
	l->record.has_evidence = evidence != NULL;
	l->record.evidence = cdr_message_field(l->evidence.data, l->evidence.len);
}

static inline cdr_err
played_node(void *context, unsigned level, uint64_t index, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	const struct played_log *log = context;
	uint8_t left[CDR_MERKLE_HASH_LEN], right[CDR_MERKLE_HASH_LEN];

	if (level == 0) {
		memcpy(hash, log->hash[index], CDR_MERKLE_HASH_LEN);
		return CDR_OK;
	}
	assert_int_equal(played_node(context, level - 1, 2 * index, left), CDR_OK);
	assert_int_equal(played_node(context, level - 1, 2 * index + 1, right), CDR_OK);
	return cdr_merkle_parent(left, right, hash);
}

/* What trustee ${i} answers to a request of the hub; the signature of its reply holds. */
static inline void
played_ask(struct played_log *log, uint32_t i, const Cdr__Wire__WitnessRequest *message)
{
	struct exchange *x = log->x;
	const struct cdr_signer hub = { "hub", x->hub_seed, x->genesis->hash };
	struct cdr_service service;
	struct cdr_buffer body, bytes, answer;
	struct cdr_envelope envelope;
	struct cdr_arena arena = { 0 };

	cdr_trustee_service(x->node[i].trustee, &service);
	assert_int_equal(cdr_message_encode(&message->base, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&hub, "/v1/witness", cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 },
	    &bytes), CDR_OK);
	const struct cdr_request request = { "/v1/witness", cdr_buffer_bytes(&bytes), x->hub_key, cdr_trustee_now(), &log->turn[i] };
	log->status[i] = cdr_dispatch(&service, &request, &answer);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&answer), &envelope), CDR_OK);
	log->code[i][0] = log->text[i][0] = '\0';
	if (log->status[i] == 200) {
		const Cdr__Wire__WitnessReply *reply;
		struct cdr_cosignature cosignature = { .trustee = i };
		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__witness_reply__descriptor, envelope.body, &reply), CDR_OK);
		log->seen[i] = reply->size;
		if (reply->has_signature) {
			assert_int_equal(reply->signature.len, CDR_SIGNATURE_LEN);
			cosignature.at = reply->at;
			memcpy(cosignature.signature, reply->signature.data, CDR_SIGNATURE_LEN);
			assert_int_equal(cdr_checkpoint_add(&log->checkpoint, x->genesis->hash, x->newest, &cosignature), CDR_OK);
		}
	} else {
		const Cdr__Wire__Refusal *refusal;
		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__refusal__descriptor, envelope.body, &refusal), CDR_OK);
		(void)snprintf(log->code[i], sizeof(log->code[i]), "%s", refusal->code);
		(void)snprintf(log->text[i], sizeof(log->text[i]), "%s", refusal->text);
	}
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&answer);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
}

/* Show ${count} leaves from ${from} on, and log->checkpoint behind them, signed by the hub, to everybody. */
static inline void
played_show(struct played_log *log, uint64_t from, Cdr__Wire__LogRecord **record, size_t count)
{
	struct exchange *x = log->x;
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	struct cdr_buffer note;

	log->checkpoint.cosignature_count = 0;
	assert_int_equal(cdr_checkpoint_sign(x->hub_seed, x->genesis->hash, &log->checkpoint), CDR_OK);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, x->genesis->hash, x->newest, &note), CDR_OK);
	message.from = from;
	message.n_record = count;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		if (!log->skip[i])
			played_ask(log, i, &message);
	cdr_buffer_free(&note);
}

/* Append one leaf and show it; its place. */
static inline uint64_t
played_append(struct played_log *log, struct played_leaf *l)
{
	Cdr__Wire__LogRecord *record[] = { &l->record };
	uint64_t place = log->edge.size;

	assert_true(place < PLAYED_LOG_MAX);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l->entry), log->hash[place]), CDR_OK);
	assert_int_equal(cdr_merkle_append(&log->edge, log->hash[place], NULL), CDR_OK);
	log->checkpoint.size = log->edge.size;
	assert_int_equal(cdr_merkle_root(&log->edge, log->checkpoint.root), CDR_OK);
	played_show(log, place, record, 1);
	return place;
}

/* Show everybody ${witnessed} as what enough have cosigned. */
static inline void
played_tell_note(struct played_log *log, struct cdr_bytes witnessed)
{
	struct exchange *x = log->x;
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	struct cdr_checkpoint plain = { .size = log->edge.size };
	struct cdr_buffer note;

	assert_int_equal(cdr_merkle_root(&log->edge, plain.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(x->hub_seed, x->genesis->hash, &plain), CDR_OK);
	assert_int_equal(cdr_checkpoint_write(&plain, x->genesis->hash, x->newest, &note), CDR_OK);
	log->checkpoint = plain;
	message.from = log->edge.size;
	message.checkpoint = cdr_message_field(note.data, note.len);
	message.has_witnessed = true;
	message.witnessed = cdr_message_field(witnessed.data, witnessed.len);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		if (!log->skip[i])
			played_ask(log, i, &message);
	cdr_buffer_free(&note);
}

/* Show everybody how many cosigned log->checkpoint: from now on what stands in it may be asked. */
static inline void
played_tell(struct played_log *log)
{
	struct cdr_buffer witnessed;

	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, log->x->genesis->hash, log->x->newest, &witnessed), CDR_OK);
	played_tell_note(log, cdr_buffer_bytes(&witnessed));
	cdr_buffer_free(&witnessed);
}

/* The leaf that an honest hub makes of a request, and of the member's signature under it. */
static inline void
played_evaluation(const char *signer, const Cdr__Wire__EvaluateRequest *r, struct cdr_bytes body, struct cdr_leaf *leaf)
{
	*leaf = (struct cdr_leaf){ .kind = CDR_LEAF_EVALUATION, .at = 1772323200 };
	cdr_leaf_party_add(leaf, signer);
	cdr_leaf_number_add(leaf, r->sequence);
	cdr_leaf_number_add(leaf, r->epoch);
	cdr_leaf_number_add(leaf, strcmp(r->purpose, "import") == 0 ? CDR_LEAF_PURPOSE_IMPORT :
	    strcmp(r->purpose, "again") == 0 ? CDR_LEAF_PURPOSE_AGAIN : CDR_LEAF_PURPOSE_CHECK);
	cdr_leaf_number_add(leaf, r->point_count);
	assert_int_equal(cdr_leaf_content(leaf->kind, &body, 1, leaf->content), CDR_OK);
}

/* What a member shows: that leaf ${place} is in the log as ${note} has it. */
static inline void
played_prove_note(struct played_log *log, uint64_t place, struct cdr_bytes note, struct cdr_buffer *proof)
{
	Cdr__Wire__Inclusion inclusion = CDR__WIRE__INCLUSION__INIT;
	struct cdr_merkle_proof hashes;

	assert_int_equal(cdr_merkle_include(played_node, log, place, log->edge.size, &hashes), CDR_OK);
	inclusion.position = place;
	inclusion.checkpoint = cdr_message_field(note.data, note.len);
	inclusion.hashes = cdr_message_field(hashes.hash, hashes.count * CDR_MERKLE_HASH_LEN);
	assert_int_equal(cdr_message_encode(&inclusion.base, proof), CDR_OK);
}

/* The same of log->checkpoint. */
static inline void
played_prove(struct played_log *log, uint64_t place, struct cdr_buffer *proof)
{
	struct cdr_buffer note;

	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, log->x->genesis->hash, log->x->newest, &note), CDR_OK);
	played_prove_note(log, place, cdr_buffer_bytes(&note), proof);
	cdr_buffer_free(&note);
}

/* Log a request as ${signer}'s, with that signature beside it; its place. */
static inline uint64_t
played_log_request(struct played_log *log, const char *signer, const Cdr__Wire__EvaluateRequest *request, struct cdr_bytes body,
    struct cdr_bytes signature)
{
	Cdr__Wire__SignedEvaluation evidence = CDR__WIRE__SIGNED_EVALUATION__INIT;
	struct played_leaf l;
	struct cdr_leaf leaf;

	played_evaluation(signer, request, body, &leaf);
	memcpy(log->content[log->edge.size], leaf.content, sizeof(leaf.content));
	evidence.request = cdr_message_field(body.data, body.len);
	evidence.signature = cdr_message_field(signature.data, signature.len);
	played_leaf_make(&l, &leaf, &evidence);
	uint64_t place = played_append(log, &l);
	played_leaf_free(&l);
	return place;
}

/* Log a signed request, unless it is there, and prove it. Nothing happens with what is no EvaluateRequest. */
static inline void
played_enter(struct played_log *log, const char *signer, struct cdr_bytes body, struct cdr_bytes signature,
    struct cdr_buffer *proof)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;
	struct cdr_leaf leaf;
	uint64_t place = 0;

	*proof = (struct cdr_buffer){ NULL, 0 };
	if (cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request) == CDR_OK &&
	    strlen(signer) <= CDR_SIGNER_LEN_MAX) {
		played_evaluation(signer, request, body, &leaf);
		while (place < log->edge.size && memcmp(log->content[place], leaf.content, sizeof(leaf.content)) != 0)
			place++;
		if (place == log->edge.size)
			(void)played_log_request(log, signer, request, body, signature);
		played_prove(log, place, proof);
	}
	cdr_arena_free(&arena);
}

#endif
