/*
 * Everything that anybody can send to a trustee, in a row. An input is a list of
 *
 *     sender 1, repair 1, points 1, length 2 (big-endian), body
 *
 * sender: a member, another member, one that is revoked, a trustee, the hub, a stranger, or bytes that are no envelope.
 * points: so many true points are attached; from 128 on the body's own bytes are. repair: if odd and the body is an
 * EvaluateRequest, number and hash of the points and the member's id are made to agree, so that inputs get far. From 128 on
 * of repair the hub does not log the request, and the proof of the one before stands behind the points.
 *
 * Properties: every request is answered by a signed reply; a fault of the trustee's own (500) never comes; an answer's
 * proof holds, and when the log counted it the quota reached; what is counted is what the log shows.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The exchange of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "core/crypto/oprf.h"

#define PATH "/v1/evaluate"
#define MESSAGES_MAX 16
#define POINT_COUNT 32

static struct exchange *x;
static struct cdr_service service;
static struct dealt dealt;
static uint8_t points[POINT_COUNT][CDR_POINT_LEN];
static struct enrolled *aa, *bb, *gone;
static struct played_log played;
static struct cdr_buffer proof;

static void
stop(void)
{
	cdr_buffer_free(&proof);
	exchange_free(x);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uint8_t scalar[CDR_SCALAR_LEN];

	(void)argc;
	(void)argv;
	assert(group_setup(NULL) == 0);
	cdr_log_set_level(CDR_LOG_ERROR + 1);
	x = exchange_new();
	deal(x, 1, 1, &dealt);
	give_share(x, 1, &dealt);
	aa = enrol(x, "aa", 21);
	bb = enrol(x, "bb", 22);
	gone = enrol(x, "gone", 23);
	(void)snprintf(gone->status, sizeof(gone->status), "revoked");
	const struct cdr_roster_change changes[] = { change_epoch(&dealt), change_member(aa), change_member(bb),
		change_member(gone) };
	propose(x, changes, 4);
	put_in_force(x);
	assert(cdr_trustee_roster_update(x->node[1].trustee, NULL, NULL) == CDR_OK);
	for (size_t i = 0; i < POINT_COUNT; i++) {
		cdr_scalar_set(100 + i, scalar);
		assert(cdr_group_mul_base(scalar, points[i]) == CDR_OK);
	}
	cdr_trustee_service(x->node[1].trustee, &service);
	played.x = x;
	(void)atexit(stop);
	return 0;
}

struct sender {
	const char *name;
	const char *id;
	const uint8_t *seed, *pin;
};

/* The sender of that number; one without a name sends raw bytes. */
static struct sender
find_sender(uint8_t which)
{
	const struct sender senders[] = {
		{ "member/aa", "aa", aa->seed, aa->pin },
		{ "member/bb", "bb", bb->seed, bb->pin },
		{ "member/gone", "gone", gone->seed, gone->pin },
		{ "trustee/2", "aa", x->node[2].home.keys->signing, x->node[2].home.pin },
		{ "hub", "aa", x->hub_seed, x->hub_key },
		{ "new", "aa", aa->seed, aa->pin },
		{ "member/aa", "aa", bb->seed, aa->pin },
		{ NULL, NULL, NULL, aa->pin },
	};

	return senders[which % (sizeof(senders) / sizeof(senders[0]))];
}

/* Make the body agree with what is attached; CDR_E_INPUT if it is no request. */
static cdr_err
repair(struct cdr_bytes body, const char *id, struct cdr_bytes attachment, struct cdr_buffer *out)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__EvaluateRequest *request;
	uint8_t hash[CDR_SHA256_LEN];
	char member[16];
	cdr_err err = cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request);

	if (err == CDR_OK) {
		assert(cdr_sha256(&attachment, 1, hash) == CDR_OK);
		(void)snprintf(member, sizeof(member), "%s", id);
		request->member = member;
		request->point_count = (uint32_t)(attachment.len / CDR_POINT_LEN);
		request->points_hash = cdr_message_field(hash, sizeof(hash));
		err = cdr_message_encode(&request->base, out);
	}
	cdr_arena_free(&arena);
	return err;
}

/* An answer holds for what was asked. */
static void
check_answer(const struct cdr_envelope *reply, struct cdr_bytes asked)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__EvaluateReply *message;
	struct cdr_points *in, *out;

	assert(cdr_message_decode(&arena, &cdr__wire__evaluate_reply__descriptor, reply->body, &message) == CDR_OK);
	assert(reply->attachment.len == asked.len);
	assert(cdr_points_decode(asked.data, asked.len / CDR_POINT_LEN, &in) == CDR_OK);
	assert(cdr_points_decode(reply->attachment.data, asked.len / CDR_POINT_LEN, &out) == CDR_OK);
	assert(cdr_oprf_verify(dealt.share[1], in, out, message->proof.data) == CDR_OK);
	cdr_points_free(in);
	cdr_points_free(out);
	cdr_arena_free(&arena);
}

/* Log the request as ${sender} signed it; the proof of that replaces the one before. */
static void
log_request(const struct cdr_signer *signer, struct cdr_bytes body)
{
	struct cdr_buffer bytes;
	struct cdr_envelope envelope;

	assert(cdr_envelope_request(signer, PATH, body, (struct cdr_bytes){ NULL, 0 }, &bytes) == CDR_OK);
	assert(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope) == CDR_OK);
	cdr_buffer_free(&proof);
	played_enter(&played, signer->name, body, envelope.signature, &proof);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
}

struct total {
	struct cdr_bytes body;
	int64_t over;
};

/* A reading job: what was answered is in the log, and the quota reached there. */
static cdr_err
total_job(struct cdr_tx *tx, void *context)
{
	struct total *t = context;

	return cdr_query_one_int(tx, "SELECT CASE WHEN total > 1000 THEN 1 ELSE 0 END FROM evaluation WHERE body = $1",
	    CDR_VALUES(cdr_value_bytes(t->body)), &t->over);
}

static void
send_one(const struct sender *sender, struct cdr_bytes body, struct cdr_bytes points_only, bool logs)
{
	struct cdr_buffer request = { 0 }, reply;
	struct cdr_envelope envelope;
	struct total total = { body, 0 };
	uint8_t all[POINT_COUNT * CDR_POINT_LEN + (64U << 10) + 8192];
	struct cdr_bytes attachment = { all, points_only.len };

	if (sender->name == NULL) {
		assert(cdr_buffer_copy(body, &request) == CDR_OK);
	} else {
		const struct cdr_signer signer = { sender->name, sender->seed, x->genesis->hash };
		if (logs)
			log_request(&signer, body);
		if (points_only.len > 0)
			memcpy(all, points_only.data, points_only.len);
		if (proof.len > 0)
			memcpy(all + attachment.len, proof.data, proof.len);
		attachment.len += proof.len;
		assert(cdr_envelope_request(&signer, PATH, body, attachment, &request) == CDR_OK);
	}
	const struct cdr_request call = { PATH, cdr_buffer_bytes(&request), sender->pin, cdr_trustee_now(), NULL };
	int status = cdr_dispatch(&service, &call, &reply);
	assert(status != 500);
	assert(cdr_envelope_open(cdr_buffer_bytes(&reply), &envelope) == CDR_OK);
	assert(cdr_envelope_verify_reply(&envelope, x->node[1].home.signing_public, x->genesis->hash, PATH,
	    cdr_buffer_bytes(&request)) == CDR_OK);
	if (status == 200 && sender->name != NULL) {
		check_answer(&envelope, points_only);
		assert(cdr_store_read(x->node[1].home.store, total_job, &total) == CDR_OK && total.over == 0);
	}
	assert(status != 200 || sender->name == NULL || sender->seed == aa->seed || sender->seed == bb->seed);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&reply);
	cdr_buffer_free(&request);
}

static void
send_element(const uint8_t *head, struct cdr_bytes body)
{
	const struct sender sender = find_sender(head[0]);
	struct cdr_bytes attachment = { points[0], (size_t)(head[2] % (POINT_COUNT + 1)) * CDR_POINT_LEN };
	struct cdr_buffer repaired = { 0 };

	if (head[2] >= 128)
		attachment = body;
	if (head[1] % 2 == 1 && sender.id != NULL && repair(body, sender.id, attachment, &repaired) == CDR_OK)
		body = cdr_buffer_bytes(&repaired);
	send_one(&sender, body, attachment, head[1] < 128);
	cdr_buffer_free(&repaired);
}

/* What was spent is what the requests that were counted ask for, and within the quotas. A writing job: it ends clean. */
static cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();
	int64_t spent, counted = 0, other;
	struct cdr_bytes body;

	(void)context;
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(sum(points), 0) FROM spent", CDR_VALUES(), &spent));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM spent WHERE purpose NOT IN ('check', 'import')", CDR_VALUES(), &other));
	assert(other == 0);
	CDR_TRY(cdr_query_start(tx, "SELECT body FROM evaluation", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_arena arena = { 0 };
		Cdr__Wire__EvaluateRequest *request;

		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_EVALUATE_MAX, &body));
		assert(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request) == CDR_OK);
		counted += request->point_count;
		cdr_arena_free(&arena);
	}
	cdr_query_end(query);
	query = NULL;
	assert(err == CDR_E_ABSENT && counted == spent);
	CDR_TRY(cdr_query_run(tx, "DELETE FROM evaluation", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM spent", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM misuse", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM seen", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM fork", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name LIKE 'log/%'", CDR_VALUES()));
out:
	cdr_query_end(query);
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (int i = 0; i < MESSAGES_MAX && len - at >= 5; i++) {
		size_t body_len = (size_t)data[at + 3] << 8 | data[at + 4];

		if (body_len > len - at - 5)
			body_len = len - at - 5;
		send_element(data + at, (struct cdr_bytes){ data + at + 5, body_len });
		at += 5 + body_len;
	}
	assert(cdr_store_write(x->node[1].home.store, judge_job, NULL) == CDR_OK);
	/* The log begins anew, for the other two witnesses too. */
	for (uint32_t i = 2; i <= TRUSTEE_COUNT; i++)
		assert(cdr_store_write(x->node[i].home.store, judge_job, NULL) == CDR_OK);
	memset(&played.edge, 0, sizeof(played.edge));
	memset(played.content, 0, sizeof(played.content));
	return 0;
}
