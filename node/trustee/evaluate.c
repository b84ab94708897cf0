#include "node/trustee/evaluate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "node/net/log.h"
#include "node/trustee/recover.h"
#include "node/trustee/seen.h"
#include "node/trustee/witnessed.h"
#include "proto/log.pb-c.h"
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

/* Whether the request is for the epoch before the newest. */
static bool
is_before(const struct cdr_call *call)
{
	const Cdr__Wire__Epoch *before = cdr_roster_epoch_before(call->roster, call->now);

	return before != NULL && before->number == request_of(call)->epoch;
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
	/* A check that was asked under the newest epoch is asked again under the one before, and costs once: bound by what was checked (look_job). */
	else if (strcmp(purpose, "again") == 0 && is_before(call))
		*quota = call->member->check_points;
	else
		return false;
	return true;
}

/* Whether the points are there and are those that the member signed. */
static cdr_err
check_points(const struct cdr_call *call, struct cdr_fault *fault)
{
	const Cdr__Wire__EvaluateRequest *request = request_of(call);
	struct cdr_bytes points = { call->envelope->attachment.data, (size_t)request->point_count * CDR_POINT_LEN };
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err;

	if (request->point_count < 1 || request->point_count > CDR_EVALUATE_POINTS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "1 to %d points at a time", CDR_EVALUATE_POINTS_MAX);
	if (call->envelope->attachment.len < points.len)
		return cdr_fault_set(fault, CDR_E_INPUT, "%" PRIu32 " points have %zu bytes, not %zu", request->point_count,
		    points.len, call->envelope->attachment.len);
	err = cdr_sha256(&points, 1, hash);
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
		return cdr_fault_set(fault, CDR_E_REFUSED, "a purpose is \"check\" or \"import\", or \"again\" under the epoch before");
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

/* ---- the precondition -------------------------------------------------------------------------------------------- */

/* What the log says of the evaluation that is asked, and what the member shows of the log. */
struct logged {
	const struct cdr_call *call;
	const Cdr__Wire__Inclusion *inclusion; /* NULL: nothing, the hub is to have shown it */
	struct cdr_checkpoint checkpoint;
	bool is_there;       /* this trustee has seen a leaf with that number */
	bool is_same;        /* and for this request */
	uint64_t place;
	uint64_t total;      /* what the member had spent with it */
	bool is_bound;       /* it is a check that is asked again: */
	uint64_t bound;      /* so many points had its checks under the newest epoch */
	uint64_t size;       /* of the log that this trustee has seen */
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	bool contradicts;    /* the checkpoint contradicts what this trustee saw */
};

/* A reading job. The body says all that counts, and the member signed it. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct logged *l = context;
	struct cdr_query *query = NULL;
	const struct cdr_bytes *body = &l->call->envelope->body;
	struct cdr_bytes counted;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(l->call->party->signing_key)),
	    cdr_value_int((int64_t)request_of(l->call)->sequence));

	CDR_TRY(cdr_trustee_log_size(tx, &l->size));
	if (l->inclusion != NULL)
		CDR_TRY(cdr_trustee_log_compare(tx, &l->checkpoint, &l->contradicts));
	CDR_TRY(cdr_query_start(tx, "SELECT body, place, hash, total, bound FROM evaluation WHERE signing_key = $1 AND sequence = $2",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	l->is_there = true;
	CDR_TRY(cdr_query_blob_peek(query, 0, BODY_LEN_MAX, &counted));
	l->is_same = counted.len == body->len && memcmp(counted.data, body->data, body->len) == 0;
	CDR_TRY(cdr_query_count(query, 1, &l->place));
	CDR_TRY(cdr_query_blob(query, 2, l->hash, sizeof(l->hash)));
	CDR_TRY(cdr_query_count(query, 3, &l->total));
	l->is_bound = !cdr_query_is_null(query, 4);
	if (l->is_bound)
		CDR_TRY(cdr_query_count(query, 4, &l->bound));
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/evaluate.h */
cdr_err
cdr_trustee_misuse_keep(struct cdr_tx *tx, struct cdr_bytes signing_key, uint64_t sequence, struct cdr_bytes body, struct cdr_bytes signature,
    uint64_t now)
{
	const struct cdr_value key = cdr_value_bytes(signing_key), number = cdr_value_int((int64_t)sequence);
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM misuse WHERE signing_key = $1 AND sequence = $2",
	    CDR_VALUES(key, number), &count);
	if (err != CDR_OK || count > 0)
		return err;
	return cdr_query_run(tx,
	    "INSERT INTO misuse (signing_key, sequence, member, first_body, first_signature, second_body, second_signature,"
	    " noticed_at) SELECT signing_key, sequence, member, body, signature, $3, $4, $5 FROM evaluation"
	    " WHERE signing_key = $1 AND sequence = $2",
	    CDR_VALUES(key, number, cdr_value_bytes(body), cdr_value_bytes(signature), cdr_value_int((int64_t)now)));
}

/* A writing job. */
static cdr_err
misuse_job(struct cdr_tx *tx, void *context)
{
	const struct cdr_call *call = context;

	return cdr_trustee_misuse_keep(tx, cdr_message_bytes(call->party->signing_key), request_of(call)->sequence, call->envelope->body,
	    call->envelope->signature, call->now);
}

/* A checkpoint that enough witnesses cosigned, and that does not contradict what this trustee saw. */
static cdr_err
check_checkpoint(struct cdr_trustee *trustee, struct logged *l, struct cdr_fault *fault)
{
	struct cdr_bytes note = cdr_message_bytes(l->inclusion->checkpoint);
	cdr_err err = cdr_checkpoint_read(note, trustee->genesis, l->call->roster, &l->checkpoint, fault);

	if (err != CDR_OK)
		return err;
	if (!cdr_checkpoint_is_witnessed(&l->checkpoint, l->call->roster))
		return cdr_fault_set(fault, CDR_E_PROOF, "the checkpoint has %zu cosignatures, and %" PRIu32 " are needed",
		    l->checkpoint.cosignature_count, l->call->roster->body->threshold);
	err = cdr_store_read(trustee->home->store, look_job, l);
	if (err != CDR_OK)
		return err;
	if (l->contradicts) {
		cdr_trustee_fork_keep(trustee, l->call->roster, &l->checkpoint);
		return cdr_fault_set(fault, CDR_E_PROOF, "the checkpoint contradicts the log that this trustee saw: the hub showed "
		    "two logs");
	}
	return CDR_OK;
}

/* The member's proof that a witnessed checkpoint holds the leaf. */
static cdr_err
check_inclusion(const struct logged *l, struct cdr_fault *fault)
{
	const ProtobufCBinaryData *hashes = &l->inclusion->hashes;

	if (l->inclusion->position != l->place || hashes->len % CDR_MERKLE_HASH_LEN != 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "the proof is for another place in the log");
	cdr_err err = cdr_merkle_verify_include(l->hash, l->place, l->checkpoint.size, hashes->data,
	    hashes->len / CDR_MERKLE_HASH_LEN, l->checkpoint.root);
	if (err == CDR_E_PROOF)
		cdr_fault_set(fault, err, "the proof that the evaluation stands in the log does not hold");
	return err;
}

/* Whether the evaluation stands in the log at its place, for this very request. */
static cdr_err
check_place(const struct logged *l, struct cdr_fault *fault)
{
	const Cdr__Wire__EvaluateRequest *request = request_of(l->call);

	if (!l->is_there && (l->inclusion == NULL || l->checkpoint.size > l->size))
		return cdr_fault_set(fault, CDR_E_BUSY, "this trustee has seen %" PRIu64 " leaves of the log, and not yet this one: "
		    "ask another, or again", l->size);
	if (!l->is_there)
		return cdr_fault_set(fault, CDR_E_PROOF, "no evaluation with sequence number %" PRIu64 " stands in the log",
		    request->sequence);
	if (!l->is_same)
		return cdr_fault_set(fault, CDR_E_SEQUENCE, "sequence number %" PRIu64 " stands in the log for another request; both "
		    "are kept. After a restore from a backup, go on with higher numbers", request->sequence);
	return l->inclusion != NULL ? check_inclusion(l, fault) : CDR_OK;
}

/*
 * What must hold before a point is multiplied: the request stands in a log that enough witnesses have seen (the member proves it, or
 * the hub has shown it to this trustee, which hashed each leaf itself), and there its
 * member's quota reached. Everybody counts the same leaves, so asking another trustee gains nothing; and a repeat is the same
 * leaf, so it is free.
 */
static cdr_err
check_log(struct cdr_trustee *trustee, const struct cdr_call *call, uint64_t quota, struct cdr_answer *answer,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__EvaluateRequest *request = request_of(call);
	size_t points_len = (size_t)request->point_count * CDR_POINT_LEN;
	const struct cdr_bytes proof = { call->envelope->attachment.data + points_len,
		call->envelope->attachment.len - points_len };
	struct cdr_arena arena = { 0 };
	struct logged l = { .call = call };

	if (proof.len > 0) {
		err = cdr_message_decode(&arena, &cdr__wire__inclusion__descriptor, proof, &l.inclusion);
		if (err != CDR_OK) {
			cdr_fault_set(fault, err, "what stands behind the points is no proof that the log holds this request");
			goto out;
		}
		CDR_TRY(check_checkpoint(trustee, &l, fault));
	} else {
		CDR_TRY(cdr_store_read(trustee->home->store, look_job, &l));
	}
	err = check_place(&l, fault);
	if (err == CDR_OK && l.inclusion == NULL && l.place >= cdr_trustee_witnessed_size(trustee, call->roster))
		err = cdr_fault_set(fault, CDR_E_BUSY, "the witnesses have not cosigned the log with this request yet: ask again");
	if (err == CDR_E_BUSY)
		answer->turn = CDR_TURN_EARLY; /* the hub may be showing it just now */
	if (err == CDR_E_SEQUENCE) {
		struct cdr_call misused = *call;
		cdr_log(CDR_LOG_WARNING, "evaluate.misuse", cdr_log_text("member", request->member),
		    cdr_log_int("sequence", (int64_t)request->sequence));
		if (cdr_store_write(trustee->home->store, misuse_job, &misused) != CDR_OK)
			cdr_log(CDR_LOG_ERROR, "evaluate.misuse_not_kept", cdr_log_text("member", request->member));
	}
	if (err != CDR_OK)
		goto out;
	if (l.inclusion != NULL)
		cdr_trustee_witnessed_keep(trustee, &l.checkpoint);
	if (l.total > quota)
		err = cdr_fault_set(fault, CDR_E_QUOTA, "with this request %" PRIu64 " of %" PRIu64 " points for %s are used in this "
		    "epoch. The secretariat can raise the quota", l.total, quota, request->purpose);
	else if (l.is_bound && l.total > l.bound)
		err = cdr_fault_set(fault, CDR_E_QUOTA, "with this request %" PRIu64 " points are asked again under the epoch before, and only %" PRIu64
		    " were checked under the newest, which comes first", l.total, l.bound);
out:
	cdr_arena_free(&arena);
	return err;
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

/* RFC 9497 sec. 3.3.2, BlindEvaluate, with our share of the key as ${roster} has it. ${evaluated} has room for all points. */
static cdr_err
multiply(struct cdr_trustee *trustee, const struct cdr_roster *roster, uint32_t epoch, const struct cdr_points *blinded,
    uint8_t *evaluated, uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct { uint8_t share[CDR_SCALAR_LEN], random[CDR_SCALAR_LEN]; } *secret = cdr_secret_alloc(sizeof(*secret));

	if (secret == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_trustee_share_copy(trustee, roster, CDR_KEY_TAGS, epoch, secret->share));
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
	size_t len = (size_t)request_of(call)->point_count * CDR_POINT_LEN;
	uint8_t proof[CDR_PROOF_LEN], hash[CDR_SHA256_LEN];

	answer->attachment.data = malloc(len);
	if (answer->attachment.data == NULL)
		return CDR_E_MEMORY;
	answer->attachment.len = len;
	CDR_TRY(multiply(trustee, call->roster, request_of(call)->epoch, blinded, answer->attachment.data, proof));
	struct cdr_bytes points = cdr_buffer_bytes(&answer->attachment);
	CDR_TRY(cdr_sha256(&points, 1, hash));
	/* As the roster has it by which we were asked: a newer one may have given us another index. */
	reply.trustee = cdr_trustee_index_in(trustee, call->roster);
	reply.epoch = request_of(call)->epoch;
	reply.proof = cdr_message_field(proof, sizeof(proof));
	reply.points_hash = cdr_message_field(hash, sizeof(hash));
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(call->roster, reply.epoch);
	reply.has_transcript = epoch != NULL;
	if (epoch != NULL)
		reply.transcript = epoch->transcript;
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
	CDR_TRY(cdr_trustee_recovered(trustee, fault));
	if (!cdr_trustee_share_have(trustee, CDR_KEY_TAGS, request_of(call)->epoch)) {
		err = cdr_fault_set(fault, CDR_E_EPOCH, "this trustee has no share of the key of epoch %" PRIu32 ": ask another",
		    request_of(call)->epoch);
		goto out;
	}
	CDR_TRY(check_log(trustee, call, quota, answer, fault)); /* before the points cost anything: a request that is held comes again */
	err = cdr_points_decode(call->envelope->attachment.data, request_of(call)->point_count, &blinded);
	if (err == CDR_E_POINT)
		cdr_fault_set(fault, err, "one of the points is not a point of the group, or is the identity");
	if (err != CDR_OK)
		goto out;
	err = answer_points(trustee, call, blinded, answer);
	if (err == CDR_E_BUSY)
		cdr_fault_set(fault, err, "the shares of epoch %" PRIu32 " have just been renewed here: ask again", request_of(call)->epoch);
out:
	cdr_points_free(blinded);
	return err;
}
