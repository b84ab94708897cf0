#include "node/trustee/evaluate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "node/net/log.h"
#include "node/trustee/share.h"

#define BODY_LEN_MAX 256 /* of a request; one that says everything once has 128 at most. It is kept */

static const Cdr__Wire__EvaluateRequest *
request_of(const struct cdr_call *call)
{
	return (const Cdr__Wire__EvaluateRequest *)call->message;
}

/* The epoch, if one of that number is in force now. */
static const Cdr__Wire__Epoch *
find_epoch(const struct cdr_call *call)
{
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(call->roster, request_of(call)->epoch);

	return epoch != NULL && epoch->starts_at <= call->now && call->now < epoch->ends_at ? epoch : NULL;
}

/* The member's quota for a purpose, in points an epoch; false for another purpose. */
static bool
find_quota(const struct cdr_call *call, uint64_t *quota)
{
	const char *purpose = request_of(call)->purpose;

	if (strcmp(purpose, "check") == 0)
		*quota = call->member->check_points;
	else if (strcmp(purpose, "import") == 0)
		*quota = call->member->import_points;
	else
		return false;
	return true;
}

/* Whether the points are there and are those that the member signed. */
static cdr_err
check_points(const struct cdr_call *call, struct cdr_fault *fault)
{
	const Cdr__Wire__EvaluateRequest *request = request_of(call);
	const struct cdr_bytes *points = &call->envelope->attachment;
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err;

	if (request->point_count < 1 || request->point_count > CDR_EVALUATE_POINTS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "1 to %d points at a time", CDR_EVALUATE_POINTS_MAX);
	if (points->len != (size_t)request->point_count * CDR_POINT_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "%" PRIu32 " points have %zu bytes, not %zu", request->point_count,
		    (size_t)request->point_count * CDR_POINT_LEN, points->len);
	err = cdr_sha256(points, 1, hash);
	if (err != CDR_OK)
		return err;
	if (request->points_hash.len != sizeof(hash) || memcmp(request->points_hash.data, hash, sizeof(hash)) != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the points are not those whose hash the request holds");
	return CDR_OK;
}

static cdr_err
check_request(struct cdr_trustee *trustee, const struct cdr_call *call, uint64_t *quota, struct cdr_fault *fault)
{
	const Cdr__Wire__EvaluateRequest *request = request_of(call);

	if (strcmp(request->member, call->member->id) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s asks in the name of another member", call->envelope->signer);
	if (call->envelope->body.len > BODY_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a request has at most %d bytes beside its points", BODY_LEN_MAX);
	if (!find_quota(call, quota))
		return cdr_fault_set(fault, CDR_E_REFUSED, "a purpose is \"check\" or \"import\"");
	if (request->sequence > INT64_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the sequence number is too large");
	if (find_epoch(call) == NULL) {
		/* The asker may have seen a roster that we have not. */
		if (cdr_trustee_refresh(trustee))
			return cdr_fault_set(fault, CDR_E_BUSY, "a newer roster has just come into force here: ask again");
		return cdr_fault_set(fault, CDR_E_EPOCH, "epoch %" PRIu32 " is not in force at this trustee", request->epoch);
	}
	return check_points(call, fault);
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

struct count_job {
	const struct cdr_call *call;
	uint64_t quota;
	uint64_t spent;      /* before this request */
	bool is_repeat;      /* the same was counted before */
	bool is_misuse;      /* something else was */
	bool exceeds;
};

/* What a sequence number was used for, compared with what it is to be used for now. The body says all that counts. */
static cdr_err
compare_earlier(struct cdr_tx *tx, struct count_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const Cdr__Wire__EvaluateRequest *request = request_of(job->call);
	const struct cdr_bytes *body = &job->call->envelope->body;
	struct cdr_bytes earlier;
	const struct cdr_values values = CDR_VALUES(
	    cdr_value_bytes(cdr_message_bytes(job->call->party->signing_key)), cdr_value_int((int64_t)request->sequence));

	CDR_TRY(cdr_query_start(tx, "SELECT body FROM evaluation WHERE signing_key = $1 AND sequence = $2", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, BODY_LEN_MAX, &earlier));
	job->is_repeat = earlier.len == body->len && memcmp(earlier.data, body->data, body->len) == 0;
	job->is_misuse = !job->is_repeat;
out:
	cdr_query_end(query);
	return err;
}

/* Keep both requests: each is signed by the member. The first contradiction of a number is enough. */
static cdr_err
keep_evidence(struct cdr_tx *tx, const struct count_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_call *call = job->call;
	const struct cdr_value key = cdr_value_bytes(cdr_message_bytes(call->party->signing_key));
	const struct cdr_value sequence = cdr_value_int((int64_t)request_of(call)->sequence);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM misuse WHERE signing_key = $1 AND sequence = $2",
	    CDR_VALUES(key, sequence), &count));
	if (count > 0)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO misuse (signing_key, sequence, member, first_body, first_signature, second_body, second_signature,"
	    " noticed_at) SELECT signing_key, sequence, member, body, signature, $3, $4, $5 FROM evaluation"
	    " WHERE signing_key = $1 AND sequence = $2",
	    CDR_VALUES(key, sequence, cdr_value_bytes(call->envelope->body), cdr_value_bytes(call->envelope->signature),
		cdr_value_int((int64_t)call->now))));
out:
	return err;
}

/* Add to what the member spent, if its quota reaches. */
static cdr_err
spend(struct cdr_tx *tx, struct count_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__EvaluateRequest *request = request_of(job->call);
	const struct cdr_value member = cdr_value_text(request->member), epoch = cdr_value_int(request->epoch);
	const struct cdr_value purpose = cdr_value_text(request->purpose);
	int64_t spent;
	const char *sql;

	err = cdr_query_one_int(tx, "SELECT points FROM spent WHERE member = $1 AND epoch = $2 AND purpose = $3",
	    CDR_VALUES(member, epoch, purpose), &spent);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	sql = err == CDR_OK ? "UPDATE spent SET points = $4 WHERE member = $1 AND epoch = $2 AND purpose = $3" :
	    "INSERT INTO spent (member, epoch, purpose, points) VALUES ($1, $2, $3, $4)";
	job->spent = (uint64_t)spent;
	if (job->spent > job->quota || request->point_count > job->quota - job->spent) {
		job->exceeds = true;
		return CDR_OK;
	}
	CDR_TRY(cdr_query_run(tx, sql, CDR_VALUES(member, epoch, purpose,
	    cdr_value_int(spent + (int64_t)request->point_count))));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO evaluation (signing_key, sequence, member, epoch, body, signature, counted_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->call->party->signing_key)),
		cdr_value_int((int64_t)request->sequence), member, epoch, cdr_value_bytes(job->call->envelope->body),
		cdr_value_bytes(job->call->envelope->signature), cdr_value_int((int64_t)job->call->now))));
out:
	return err;
}

/* A writing job. What it finds against the request is not an error of the transaction: evidence must stay. */
static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct count_job *job = context;

	job->is_repeat = job->is_misuse = job->exceeds = false;
	CDR_TRY(compare_earlier(tx, job));
	if (job->is_misuse)
		return keep_evidence(tx, job);
	if (!job->is_repeat)
		return spend(tx, job);
out:
	return err;
}

/* Count durably, or say why not. */
static cdr_err
count(struct cdr_trustee *trustee, const struct cdr_call *call, uint64_t quota, struct cdr_fault *fault)
{
	struct count_job job = { .call = call, .quota = quota };
	const Cdr__Wire__EvaluateRequest *request = request_of(call);
	cdr_err err = cdr_store_write(trustee->home->store, count_job, &job);

	if (err != CDR_OK)
		return err;
	if (job.is_misuse) {
		cdr_log(CDR_LOG_WARNING, "evaluate.misuse", cdr_log_text("member", request->member),
		    cdr_log_int("sequence", (int64_t)request->sequence));
		return cdr_fault_set(fault, CDR_E_SEQUENCE, "sequence number %" PRIu64 " was used for another request; both are "
		    "kept. After a restore from a backup, go on with higher numbers", request->sequence);
	}
	if (job.exceeds)
		return cdr_fault_set(fault, CDR_E_QUOTA, "%" PRIu64 " of %" PRIu64 " points for %s are used in this epoch; %" PRIu32
		    " more do not fit. The secretariat can raise the quota", job.spent, quota, request->purpose,
		    request->point_count);
	return CDR_OK;
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

/* RFC 9497 sec. 3.3.2, BlindEvaluate, with the share as the key. ${evaluated} has room for all points. */
static cdr_err
multiply(struct cdr_trustee *trustee, uint32_t epoch, const struct cdr_points *blinded, uint8_t *evaluated,
    uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct { uint8_t share[CDR_SCALAR_LEN], random[CDR_SCALAR_LEN]; } *secret = cdr_secret_alloc(sizeof(*secret));

	if (secret == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_trustee_share_copy(trustee, CDR_KEY_TAGS, epoch, secret->share));
	CDR_TRY(cdr_scalar_random(secret->random));
	CDR_TRY(cdr_oprf_evaluate(secret->share, blinded, secret->random, evaluated, proof));
out:
	cdr_secret_free(secret);
	return err;
}

static cdr_err
answer_points(struct cdr_trustee *trustee, const struct cdr_call *call, const struct cdr_points *blinded,
    struct cdr_answer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__EvaluateReply reply = CDR__WIRE__EVALUATE_REPLY__INIT;
	size_t len = call->envelope->attachment.len;
	uint8_t proof[CDR_PROOF_LEN], hash[CDR_SHA256_LEN];

	answer->attachment.data = malloc(len);
	if (answer->attachment.data == NULL)
		return CDR_E_MEMORY;
	answer->attachment.len = len;
	CDR_TRY(multiply(trustee, request_of(call)->epoch, blinded, answer->attachment.data, proof));
	struct cdr_bytes points = cdr_buffer_bytes(&answer->attachment);
	CDR_TRY(cdr_sha256(&points, 1, hash));
	reply.trustee = trustee->index;
	reply.epoch = request_of(call)->epoch;
	reply.proof = cdr_message_field(proof, sizeof(proof));
	reply.points_hash = cdr_message_field(hash, sizeof(hash));
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	return err;
}

/* see node/trustee/evaluate.h */
cdr_err
cdr_trustee_evaluate(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	struct cdr_points *blinded = NULL;
	uint64_t quota = 0;

	CDR_TRY(check_request(trustee, call, &quota, fault));
	/* Before anything is counted. */
	if (!cdr_trustee_share_have(trustee, CDR_KEY_TAGS, request_of(call)->epoch)) {
		err = cdr_fault_set(fault, CDR_E_EPOCH, "this trustee has no share of the key of epoch %" PRIu32 ": ask another",
		    request_of(call)->epoch);
		goto out;
	}
	err = cdr_points_decode(call->envelope->attachment.data, request_of(call)->point_count, &blinded);
	if (err == CDR_E_POINT)
		cdr_fault_set(fault, err, "one of the points is not a point of the group, or is the identity");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(count(trustee, call, quota, fault));
	CDR_TRY(answer_points(trustee, call, blinded, answer));
out:
	cdr_points_free(blinded);
	return err;
}
