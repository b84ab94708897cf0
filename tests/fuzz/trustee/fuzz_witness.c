/*
 * What a hub can show a trustee of its log (/v1/witness), in a row. An input is a list of
 *
 *     act 1, choice 1, length 1, bytes
 *
 * act 0: one leaf more, honestly. 1: one leaf more in another log, with a checkpoint that is right for it. 2: nothing new, and beside it a
 * checkpoint that some trustees cosigned: the bits of the first byte say which, the second one makes its root another one. 3: the bytes are
 * the request. 4: as 0, and some bytes of the request are changed. 5: leaves that were shown before, from another place.
 *
 * Properties: every request is answered by a signed reply; a fault of the trustee's own (500) never comes; of one size it cosigns one root, and
 * only the checkpoint that it was shown; evaluations may be asked only up to where t trustees cosigned the root that it cosigned itself.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The exchange of the unit tests, with plain assertions in place of cmocka's. */
#define CDR_TESTS_UNIT_H
#define assert_int_equal(a, b) assert((a) == (b))
#define assert_true(a) assert(a)
#define assert_non_null(a) assert((a) != NULL)
#define assert_string_equal(a, b) assert(strcmp(a, b) == 0)
#define fail_msg(...) abort()
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#define PATH "/v1/witness"
#define ACTS_MAX 32
#define HASH CDR_MERKLE_HASH_LEN
#define T 2 /* of the exchange's trustees */

static struct exchange *x;
static struct cdr_service service;

/* What this input has done so far. */
static struct play {
	struct cdr_merkle_edge edge[ACTS_MAX + 1]; /* of the log as the trustee saw it, by size */
	bool is_cosigned[ACTS_MAX + 1];
	uint8_t root[ACTS_MAX + 1][HASH];          /* that it cosigned */
	uint64_t size;                             /* of what it saw */
	uint64_t witnessed;                        /* so far t have cosigned what it cosigned, and it was shown that */
} play;

static void
stop(void)
{
	exchange_free(x);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert(group_setup(NULL) == 0);
	cdr_log_set_level(CDR_LOG_ERROR + 1);
	x = exchange_new();
	assert(cdr_trustee_roster_update(x->node[1].trustee, NULL, NULL) == CDR_OK);
	assert(x->newest->body->threshold == T);
	cdr_trustee_service(x->node[1].trustee, &service);
	(void)atexit(stop);
	return 0;
}

static void
sign(const struct cdr_merkle_edge *edge, struct cdr_checkpoint *checkpoint)
{
	*checkpoint = (struct cdr_checkpoint){ .size = edge->size };
	assert(cdr_merkle_root(edge, checkpoint->root) == CDR_OK);
	assert(cdr_checkpoint_sign(x->hub_seed, x->genesis->hash, checkpoint) == CDR_OK);
}

/* A cosignature is for what was shown, and for what was cosigned of that size before. */
static void
check_reply(struct cdr_bytes bytes, struct cdr_bytes asked, const struct cdr_merkle_edge *after)
{
	struct cdr_arena arena = { 0 }, request_arena = { 0 };
	const Cdr__Wire__WitnessReply *reply;
	const Cdr__Wire__WitnessRequest *request;
	struct cdr_checkpoint shown;
	struct cdr_cosignature cosignature = { .trustee = 1 };

	assert(cdr_message_decode(&arena, &cdr__wire__witness_reply__descriptor, bytes, &reply) == CDR_OK);
	assert(cdr_message_decode(&request_arena, &cdr__wire__witness_request__descriptor, asked, &request) == CDR_OK);
	assert(reply->size <= ACTS_MAX);
	if (reply->has_signature) {
		assert(cdr_checkpoint_read(cdr_message_bytes(request->checkpoint), x->genesis->hash, x->newest, &shown, NULL) == CDR_OK);
		assert(shown.size == reply->size && reply->signature.len == CDR_SIGNATURE_LEN && reply->has_at);
		cosignature.at = reply->at;
		memcpy(cosignature.signature, reply->signature.data, CDR_SIGNATURE_LEN);
		assert(cdr_checkpoint_add(&shown, x->genesis->hash, x->newest, &cosignature) == CDR_OK);
		assert(!play.is_cosigned[shown.size] || memcmp(play.root[shown.size], shown.root, HASH) == 0);
		assert(shown.size >= play.size);
		play.is_cosigned[shown.size] = true;
		memcpy(play.root[shown.size], shown.root, HASH);
		if (shown.size > play.size) {
			assert(after != NULL && after->size == shown.size);
			play.edge[shown.size] = *after;
			play.size = shown.size;
		}
	}
	cdr_arena_free(&request_arena);
	cdr_arena_free(&arena);
}

/* Send a request; ${after}: the log behind it, where it is known. */
static void
send_body(struct cdr_bytes body, const struct cdr_merkle_edge *after)
{
	const struct cdr_signer hub = { "hub", x->hub_seed, x->genesis->hash };
	struct cdr_buffer request, reply;
	struct cdr_envelope envelope;

	assert(cdr_envelope_request(&hub, PATH, body, (struct cdr_bytes){ NULL, 0 }, &request) == CDR_OK);
	const struct cdr_request call = { PATH, cdr_buffer_bytes(&request), x->hub_key, cdr_trustee_now(), NULL };
	int status = cdr_dispatch(&service, &call, &reply);
	assert(status != 500);
	assert(cdr_envelope_open(cdr_buffer_bytes(&reply), &envelope) == CDR_OK);
	assert(cdr_envelope_verify_reply(&envelope, x->node[1].home.signing_public, x->genesis->hash, PATH, cdr_buffer_bytes(&request)) == CDR_OK);
	if (status == 200)
		check_reply(envelope.body, body, after);
	assert(cdr_trustee_witnessed_size(x->node[1].trustee, x->newest) <= play.witnessed);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&reply);
	cdr_buffer_free(&request);
}

static void
send_message(const Cdr__Wire__WitnessRequest *message, const struct cdr_merkle_edge *after, struct cdr_bytes changes)
{
	struct cdr_buffer body;

	assert(cdr_message_encode(&message->base, &body) == CDR_OK);
	for (size_t i = 0; i + 2 < changes.len; i += 3)
		body.data[((size_t)changes.data[i] << 8 | changes.data[i + 1]) % body.len] ^= changes.data[i + 2];
	send_body(cdr_buffer_bytes(&body), after);
	cdr_buffer_free(&body);
}

/* One leaf behind the log of ${from} leaves: a letter, or an evaluation whose evidence is ${evidence}. */
static void
show_leaf(uint64_t from, uint8_t choice, struct cdr_bytes evidence, struct cdr_bytes changes)
{
	struct cdr_leaf leaf = { .kind = choice % 2 == 0 ? CDR_LEAF_DELIVERY : CDR_LEAF_EVALUATION, .at = 1772323200 + choice };
	struct played_leaf made;
	struct cdr_merkle_edge edge = play.edge[from];
	struct cdr_checkpoint checkpoint;
	struct cdr_buffer note;
	uint8_t hash[HASH];
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;

	if (from >= ACTS_MAX)
		return;
	cdr_leaf_member_add(&leaf, "aa");
	for (uint64_t i = 0; leaf.kind == CDR_LEAF_EVALUATION && i < 4; i++)
		cdr_leaf_number_add(&leaf, i + 1);
	played_leaf_make(&made, &leaf, NULL);
	made.record.has_evidence = evidence.len > 0;
	made.record.evidence = cdr_message_field(evidence.data, evidence.len);
	assert(cdr_merkle_leaf(cdr_buffer_bytes(&made.entry), hash) == CDR_OK);
	assert(cdr_merkle_append(&edge, hash, NULL) == CDR_OK);
	sign(&edge, &checkpoint);
	assert(cdr_checkpoint_write(&checkpoint, x->genesis->hash, x->newest, &note) == CDR_OK);
	Cdr__Wire__LogRecord *record[] = { &made.record };
	message.from = from;
	message.n_record = 1;
	message.record = record;
	message.checkpoint = cdr_message_field(note.data, note.len);
	send_message(&message, &edge, changes);
	cdr_buffer_free(&note);
	played_leaf_free(&made);
}

/* Nothing new, and beside it the checkpoint of ${size} leaves, cosigned by the trustees whose bits are set. */
static void
show_witnessed(uint64_t size, uint8_t who, bool is_other)
{
	struct cdr_checkpoint plain, cosigned;
	struct cdr_cosignature cosignature;
	struct cdr_buffer note, witnessed;
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;

	sign(&play.edge[play.size], &plain);
	sign(&play.edge[size], &cosigned);
	if (is_other) {
		cosigned.root[0] ^= 1;
		assert(cdr_checkpoint_sign(x->hub_seed, x->genesis->hash, &cosigned) == CDR_OK);
	}
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		if ((who >> i & 1) == 0)
			continue;
		assert(cdr_checkpoint_cosign(x->node[i].home.keys->signing, x->genesis->hash, &cosigned, i, 1772323200, &cosignature) == CDR_OK);
		assert(cdr_checkpoint_add(&cosigned, x->genesis->hash, x->newest, &cosignature) == CDR_OK);
	}
	assert(cdr_checkpoint_write(&plain, x->genesis->hash, x->newest, &note) == CDR_OK);
	assert(cdr_checkpoint_write(&cosigned, x->genesis->hash, x->newest, &witnessed) == CDR_OK);
	message.from = play.size;
	message.checkpoint = cdr_message_field(note.data, note.len);
	message.has_witnessed = true;
	message.witnessed = cdr_message_field(witnessed.data, witnessed.len);
	bool may = cosigned.cosignature_count >= T && play.is_cosigned[size] && memcmp(play.root[size], cosigned.root, HASH) == 0;
	if (may && size > play.witnessed)
		play.witnessed = size;
	send_message(&message, &play.edge[play.size], (struct cdr_bytes){ NULL, 0 });
	/* Where everything is right, it is taken. */
	assert(!may || cdr_trustee_witnessed_size(x->node[1].trustee, x->newest) >= size);
	cdr_buffer_free(&witnessed);
	cdr_buffer_free(&note);
}

static void
act(const uint8_t *head, struct cdr_bytes bytes)
{
	static const struct cdr_bytes none = { NULL, 0 };
	uint8_t first = bytes.len > 0 ? bytes.data[0] : 0;

	switch (head[0] % 6) {
	case 0:
		show_leaf(play.size, head[1], bytes, none);
		break;
	case 1:
		show_leaf(head[1] % (play.size + 1), (uint8_t)(first | 2), none, none);
		break;
	case 2:
		show_witnessed(head[1] % (play.size + 1), first, bytes.len > 1 && bytes.data[1] % 2 == 1);
		break;
	case 3:
		send_body(bytes, NULL);
		break;
	case 4:
		show_leaf(play.size, head[1], none, bytes);
		break;
	default:
		show_leaf(head[1] % (play.size + 1), first, none, none);
	}
}

/* A writing job: it ends clean. */
static cdr_err
clean_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;

	(void)context;
	CDR_TRY(cdr_query_run(tx, "DELETE FROM evaluation", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM seen", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM fork", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name LIKE 'log/%'", CDR_VALUES()));
out:
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0;

	memset(&play, 0, sizeof(play));
	free(x->node[1].trustee->matched);
	x->node[1].trustee->matched = NULL;
	for (int i = 0; i < ACTS_MAX && len - at >= 3; i++) {
		size_t bytes_len = data[at + 2] < len - at - 3 ? data[at + 2] : len - at - 3;
		act(data + at, (struct cdr_bytes){ data + at + 3, bytes_len });
		at += 3 + bytes_len;
	}
	assert(cdr_store_write(x->node[1].home.store, clean_job, NULL) == CDR_OK);
	return 0;
}
