/* Evaluations at the hub: one leaf for one request, within the quota; a new one is answered at once, one asked again with the proof. */
#include "tests/unit/hub/exchange.h"

#include <stdatomic.h>

#include "audit/checkpoint.h"
#include "node/hub/evaluation.h"
#include "node/hub/log.h"
#include "node/hub/witness.h"
#include "proto/log.pb-c.h"

#define CHECK_POINTS 6400 /* what members are invited with: exchange.h */
#define IMPORT_POINTS 320

static struct play {
	struct exchange *x;
	struct x_party blue, green;
	struct cdr_hub_witness *witness;
	atomic_bool is_away;         /* no trustee can be reached */
} play;

/* Trustees who cosign what they are shown. */
static cdr_err
send_ask(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	size_t i = (size_t)(ask->party_signer[strlen("trustee/")] - '1');
	const Cdr__Wire__WitnessRequest *request = (const Cdr__Wire__WitnessRequest *)ask->message;
	Cdr__Wire__WitnessReply reply = CDR__WIRE__WITNESS_REPLY__INIT;
	struct cdr_checkpoint checkpoint;
	struct cdr_cosignature cosignature;
	struct cdr_buffer bytes;

	(void)context;
	(void)signer;
	if (atomic_load(&play.is_away))
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "played: away");
	const struct cdr_roster *roster = cdr_hub_roster_hold(play.x->hub);
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(request->checkpoint), play.x->hub->genesis, roster, &checkpoint, NULL), CDR_OK);
	cdr_hub_roster_release(play.x->hub, roster);
	assert_int_equal(cdr_checkpoint_cosign(play.x->trustee[i].seed, play.x->hub->genesis, &checkpoint, (uint32_t)i + 1, X_NOW, &cosignature),
	    CDR_OK);
	reply.size = checkpoint.size;
	reply.has_at = reply.has_signature = true;
	reply.at = cosignature.at;
	reply.signature = cdr_message_field(cosignature.signature, sizeof(cosignature.signature));
	assert_int_equal(cdr_message_encode(&reply.base, &bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&ask->arena, &cdr__wire__witness_reply__descriptor, cdr_buffer_bytes(&bytes), &ask->reply), CDR_OK);
	cdr_buffer_free(&bytes);
	return ask->err = CDR_OK;
}

static void
start(void)
{
	assert_int_equal(cdr_hub_witness_start(play.x->hub, &(struct cdr_hub_line){ send_ask, NULL }, &play.witness), CDR_OK);
}

static int
setup(void **state)
{
	(void)state;
	play.x = x_new();
	atomic_store(&play.is_away, false);
	x_enrol(play.x, "blue-harbour", &play.blue);
	x_enrol(play.x, "green-valley", &play.green);
	x_epoch(play.x);
	start();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cdr_hub_witness_stop(play.witness);
	x_free(play.x);
	return 0;
}

/* What is asked; changed by a test, then sent. */
struct asking {
	const struct x_party *party;
	const char *member, *purpose, *path;
	uint64_t sequence;
	uint32_t epoch, count;
	uint8_t points;                      /* stands for what is asked */
	size_t hash_len;
};

static struct asking
asking(uint64_t sequence)
{
	return (struct asking){ .party = &play.blue, .member = "blue-harbour", .purpose = "check", .path = "/v1/evaluate",
		.sequence = sequence, .epoch = X_EPOCH, .count = 16, .points = 1, .hash_len = 32 };
}

static int
ask(const struct asking *a, struct x_reply *reply)
{
	char member[32], purpose[32];
	uint8_t hash[CDR_SHA256_LEN] = { a->points };
	Cdr__Wire__EvaluateRequest request = CDR__WIRE__EVALUATE_REQUEST__INIT;
	Cdr__Wire__SignedEvaluation message = CDR__WIRE__SIGNED_EVALUATION__INIT;
	const struct cdr_signer by = { a->party->signer, a->party->seed, play.x->hub->genesis };
	struct cdr_buffer body, bytes;
	struct cdr_envelope envelope;

	(void)snprintf(member, sizeof(member), "%s", a->member);
	(void)snprintf(purpose, sizeof(purpose), "%s", a->purpose);
	request.member = member;
	request.sequence = a->sequence;
	request.epoch = a->epoch;
	request.purpose = purpose;
	request.point_count = a->count;
	request.points_hash = cdr_message_field(hash, a->hash_len);
	assert_int_equal(cdr_message_encode(&request.base, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&by, a->path, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope), CDR_OK);
	message.request = cdr_message_field(envelope.body.data, envelope.body.len);
	message.signature = cdr_message_field(envelope.signature.data, envelope.signature.len);
	int status = x_call(play.x, a->party, "/v1/log/evaluation", &message.base, &cdr__wire__evaluation_reply__descriptor, reply);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
	return status;
}

static cdr_err
size_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_log_size_read(tx, context);
}

static uint64_t
log_size(void)
{
	uint64_t size;

	assert_int_equal(cdr_store_read(play.x->store, size_job, &size), CDR_OK);
	return size;
}

/* It is refused with that code, and leaves no leaf. */
static void
assert_refused(const struct asking *a, const char *code)
{
	struct x_reply reply;
	uint64_t size = log_size();

	assert_int_not_equal(ask(a, &reply), 200);
	assert_string_equal(reply.code, code);
	assert_int_equal(log_size(), size);
	x_reply_free(&reply);
}

/* The proof holds for the leaf of the receipt, in a checkpoint that enough cosigned. */
static void
assert_proved(const Cdr__Wire__EvaluationReply *reply)
{
	struct cdr_checkpoint checkpoint;
	struct cdr_leaf leaf;
	struct cdr_buffer entry;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	const Cdr__Wire__Inclusion *i = reply->inclusion;
	const struct cdr_roster *roster = cdr_hub_roster_hold(play.x->hub);

	assert_non_null(i);
	assert_int_equal(i->position, reply->receipt->position);
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(i->checkpoint), play.x->hub->genesis, roster, &checkpoint, NULL), CDR_OK);
	assert_true(cdr_checkpoint_is_witnessed(&checkpoint, roster));
	assert_int_equal(cdr_leaf_decode(cdr_message_bytes(reply->receipt->leaf), &leaf), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_EVALUATION);
	assert_int_equal(cdr_leaf_entry(cdr_message_bytes(reply->receipt->leaf), reply->receipt->salt.data, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash), CDR_OK);
	assert_int_equal(cdr_merkle_verify_include(hash, i->position, checkpoint.size, i->hashes.data, i->hashes.len / CDR_MERKLE_HASH_LEN,
	    checkpoint.root), CDR_OK);
	cdr_buffer_free(&entry);
	cdr_hub_roster_release(play.x->hub, roster);
}

static void
test_one_leaf_for_one_request(void **state)
{
	struct x_reply first, again;
	struct asking a = asking(1);
	uint64_t size = log_size();

	(void)state;
	assert_int_equal(ask(&a, &first), 200);
	const Cdr__Wire__EvaluationReply *one = first.message;
	assert_int_equal(one->receipt->position, size);
	assert_int_equal(log_size(), size + 1);
	/* Asked again it is the same leaf, and proved. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&a, &again), 200);
		const Cdr__Wire__EvaluationReply *two = again.message;
		assert_int_equal(two->receipt->position, size);
		assert_int_equal(two->receipt->leaf.len, one->receipt->leaf.len);
		assert_memory_equal(two->receipt->leaf.data, one->receipt->leaf.data, one->receipt->leaf.len);
		assert_proved(two);
		assert_int_equal(log_size(), size + 1);
		x_reply_free(&again);
	}
	x_reply_free(&first);
	/* The same number for something else: refused, by whomever it is asked; another member's number is its own. */
	a.points = 2;
	assert_refused(&a, "sequence");
	a.count = 17;
	assert_refused(&a, "sequence");
	a = asking(1);
	a.party = &play.green;
	a.member = "green-valley";
	assert_int_equal(ask(&a, &first), 200);
	x_reply_free(&first);
}

static void
test_nobody_waits_for_witnesses(void **state)
{
	struct x_reply reply;
	struct asking a = asking(1);
	uint64_t size = log_size();

	(void)state;
	atomic_store(&play.is_away, true);
	/* The first one is logged; who asks again waits until it is known that too few can be reached, and is told whom. */
	int status = ask(&a, &reply);
	assert_true(status == 200 || strcmp(reply.code, "busy") == 0);
	if (status == 200)
		assert_null(((const Cdr__Wire__EvaluationReply *)reply.message)->inclusion);
	x_reply_free(&reply);
	assert_int_equal(log_size(), size + 1);
	assert_int_equal(ask(&a, &reply), 503);
	assert_string_equal(reply.code, "busy");
	assert_non_null(strstr(reply.text, "2 of 3 trustees are needed"));
	assert_non_null(strstr(reply.text, "trustee/"));
	x_reply_free(&reply);
	assert_int_equal(log_size(), size + 1);
	/* They are back. */
	atomic_store(&play.is_away, false);
	while ((status = ask(&a, &reply)) == 503) {
		x_reply_free(&reply);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	assert_int_equal(status, 200);
	assert_proved(reply.message);
	x_reply_free(&reply);
	/* Without its threads the hub logs nothing. */
	cdr_hub_witness_stop(play.witness);
	play.witness = NULL;
	a.sequence = 2;
	assert_refused(&a, "busy");
	start();
	assert_int_equal(ask(&a, &reply), 200);
	x_reply_free(&reply);
}

/* Who was let in by a roster whose trustees are others than those who cosigned is shown nothing that would not hold for it. */
static void
test_another_roster(void **state)
{
	const struct cdr_roster *held = cdr_hub_roster_hold(play.x->hub);
	struct cdr_roster others = *held;
	Cdr__Wire__Roster body = *held->body;
	Cdr__Wire__Party party[X_TRUSTEES];
	Cdr__Wire__Trustee trustee[X_TRUSTEES], *at[X_TRUSTEES];
	Cdr__Wire__CheckpointRequest request = CDR__WIRE__CHECKPOINT_REQUEST__INIT;
	struct cdr_call call = { .message = &request.base, .roster = held };
	struct cdr_answer answer = { 0 };
	struct cdr_fault fault;

	(void)state;
	others.body = &body;
	body.trustee = at;
	for (size_t i = 0; i < X_TRUSTEES; i++) {
		party[i] = *held->body->trustee[i]->party;
		trustee[i] = *held->body->trustee[i];
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
	}
	assert_int_equal(cdr_hub_log_checkpoint(play.x->hub, &call, &answer, &fault), CDR_OK);
	cdr_buffer_free(&answer.body);
	call.roster = &others;
	assert_int_equal(cdr_hub_log_checkpoint(play.x->hub, &call, &answer, &fault), CDR_OK);
	cdr_buffer_free(&answer.body);
	for (size_t i = 0; i < X_TRUSTEES; i++) /* each by the next one's key */
		party[i].signing_key = held->body->trustee[(i + 1) % X_TRUSTEES]->party->signing_key;
	assert_int_equal(cdr_hub_log_checkpoint(play.x->hub, &call, &answer, &fault), CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "just changed"));
	assert_int_equal(answer.body.len, 0);
	cdr_hub_roster_release(play.x->hub, held);
}

static void
test_quotas(void **state)
{
	struct x_reply reply;
	struct asking a = asking(1);

	(void)state;
	a.purpose = "import";
	a.count = IMPORT_POINTS - 1;
	assert_int_equal(ask(&a, &reply), 200);
	x_reply_free(&reply);
	a.sequence = 2;
	a.count = 2;
	assert_refused(&a, "quota");
	/* What was refused has spent neither the points nor the number; a repeat is free. */
	a.count = 1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(&a, &reply), 200);
		x_reply_free(&reply);
	}
	a.sequence = 3;
	assert_refused(&a, "quota");
	/* Checks have a quota of their own. */
	a.purpose = "check";
	for (uint64_t left = CHECK_POINTS; left > 0; left -= a.count) {
		a.count = left < CDR_EVALUATE_POINTS_MAX ? (uint32_t)left : CDR_EVALUATE_POINTS_MAX;
		assert_int_equal(ask(&a, &reply), 200);
		x_reply_free(&reply);
		a.sequence++;
	}
	a.count = 1;
	assert_refused(&a, "quota");
}

/* The liar: a member that takes the epoch before for a second quota. What is asked again is bound by what was checked, and a repeat is free. */
static void
test_again_follows_a_check(void **state)
{
	struct x_reply reply;
	struct asking a = asking(1);

	(void)state;
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_result(play.x, i, X_EPOCH + 1, 9), "ok");
	x_approve(play.x);
	a.purpose = "again";
	assert_refused(&a, "quota");
	a = asking(2);
	a.epoch = X_EPOCH + 1;
	assert_int_equal(ask(&a, &reply), 200);
	x_reply_free(&reply);
	for (int i = 0; i < 2; i++) {
		a = asking(3);
		a.purpose = "again";
		assert_int_equal(ask(&a, &reply), 200);
		x_reply_free(&reply);
	}
	a = asking(4);
	a.purpose = "again";
	a.count = 1;
	assert_refused(&a, "quota");
}

static void
test_refusals(void **state)
{
	struct asking a = asking(1);
	Cdr__Wire__SignedEvaluation message = CDR__WIRE__SIGNED_EVALUATION__INIT;
	uint8_t bytes[300] = { 0 };

	(void)state;
	a.member = "green-valley";
	assert_refused(&a, "refused");
	a = asking(1);
	a.purpose = "curiosity";
	assert_refused(&a, "refused");
	a.purpose = "again"; /* there is no epoch before */
	assert_refused(&a, "refused");
	a = asking((uint64_t)INT64_MAX + 1);
	assert_refused(&a, "range");
	a = asking(1);
	a.count = 0;
	assert_refused(&a, "range");
	a.count = CDR_EVALUATE_POINTS_MAX + 1;
	assert_refused(&a, "range");
	a = asking(1);
	a.hash_len = 31;
	assert_refused(&a, "input");
	a = asking(1);
	a.epoch = 7;
	assert_refused(&a, "epoch");
	a = asking(1);
	a.path = "/v1/log/evaluation"; /* a signature for something else */
	assert_refused(&a, "signature");
	message.signature = cdr_message_field(bytes, CDR_SIGNATURE_LEN);
	message.request = cdr_message_field(bytes, 257);
	assert_string_equal(x_try(play.x, &play.blue, "/v1/log/evaluation", &message.base, &cdr__wire__evaluation_reply__descriptor), "range");
	message.request.len = 20;
	assert_string_equal(x_try(play.x, &play.blue, "/v1/log/evaluation", &message.base, &cdr__wire__evaluation_reply__descriptor), "input");
}

/* Checkpoints for members: proofs of what they hold receipts for, and that the log continues. */
static void
test_checkpoints(void **state)
{
	struct x_reply logged, reply;
	struct asking a = asking(1);
	uint64_t position[CDR_LOG_POSITIONS_MAX + 1] = { 0, UINT64_C(1) << 40 };
	Cdr__Wire__CheckpointRequest request = CDR__WIRE__CHECKPOINT_REQUEST__INIT;

	(void)state;
	assert_int_equal(ask(&a, &logged), 200);
	request.from = ((const Cdr__Wire__EvaluationReply *)logged.message)->receipt->position + 1;
	x_reply_free(&logged);
	position[0] = request.from - 1;
	request.position = position;
	request.n_position = 2;
	assert_int_equal(x_call(play.x, &play.blue, "/v1/log/checkpoint", &request.base, &cdr__wire__checkpoint_reply__descriptor, &reply), 200);
	const Cdr__Wire__CheckpointReply *message = reply.message;
	assert_int_equal(message->n_proof, 1); /* the log is not as long as the other one */
	assert_int_equal(message->proof[0]->position, position[0]);
	x_reply_free(&reply);
	request.n_position = CDR_LOG_POSITIONS_MAX + 1;
	assert_string_equal(x_try(play.x, &play.blue, "/v1/log/checkpoint", &request.base, &cdr__wire__checkpoint_reply__descriptor), "range");
	request.n_position = 0;
	request.from = log_size() + 1;
	assert_string_equal(x_try(play.x, &play.blue, "/v1/log/checkpoint", &request.base, &cdr__wire__checkpoint_reply__descriptor), "absent");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_leaf_for_one_request),
		TEST(test_nobody_waits_for_witnesses),
		TEST(test_another_roster),
		TEST(test_quotas),
		TEST(test_again_follows_a_check),
		TEST(test_refusals),
		TEST(test_checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
