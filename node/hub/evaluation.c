#include "node/hub/evaluation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/witness.h"

#define EVALUATE_PATH "/v1/evaluate" /* at a trustee: what the member signed it for */
#define REQUEST_LEN_MAX 256          /* of an EvaluateRequest */

/* One evaluation on its way into the log. */
struct entering {
	const struct cdr_call *call;
	const Cdr__Wire__SignedEvaluation *signed_request;
	const Cdr__Wire__EvaluateRequest *request;
	struct cdr_arena arena;
	uint8_t body_hash[CDR_SHA256_LEN];
	uint64_t quota;
	uint32_t purpose;
	struct cdr_hub_logged logged;
	bool is_known;               /* this very request was logged before */
	bool is_misuse, exceeds, is_unchecked;
};

/* ---- form --------------------------------------------------------------------------------------------------- */

/* Whether ${number} is the epoch before the newest, which is asked too. */
static bool
is_before(const struct cdr_call *call, uint32_t number)
{
	const Cdr__Wire__Epoch *before = cdr_roster_epoch_before(call->roster, call->now);

	return before != NULL && before->number == number;
}

static bool
find_purpose(struct entering *e)
{
	const Cdr__Wire__Member *member = e->call->member;

	if (strcmp(e->request->purpose, "check") == 0) {
		e->purpose = CDR_LEAF_PURPOSE_CHECK;
		e->quota = member->check_points;
	} else if (strcmp(e->request->purpose, "import") == 0) {
		e->purpose = CDR_LEAF_PURPOSE_IMPORT;
		e->quota = member->import_points;
	} else if (strcmp(e->request->purpose, "again") == 0 && is_before(e->call, e->request->epoch)) {
		e->purpose = CDR_LEAF_PURPOSE_AGAIN;
		e->quota = member->check_points;
	} else {
		return false;
	}
	return true;
}

/* What a trustee will look at too; refused here, it costs no leaf. */
static cdr_err
check_form(struct entering *e, struct cdr_fault *fault)
{
	const Cdr__Wire__EvaluateRequest *r = e->request;

	if (strcmp(r->member, e->call->member->id) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s asks in the name of another member", e->call->envelope->signer);
	if (!find_purpose(e))
		return cdr_fault_set(fault, CDR_E_REFUSED, "a purpose is \"check\" or \"import\"");
	if (r->sequence > INT64_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the sequence number is too large");
	if (r->point_count < 1 || r->point_count > CDR_EVALUATE_POINTS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "1 to %d points at a time", CDR_EVALUATE_POINTS_MAX);
	if (r->points_hash.len != CDR_SHA256_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the hash of the points has %d bytes", CDR_SHA256_LEN);
	return cdr_hub_epoch_check(e->call->roster, r->epoch, e->call->now, fault);
}

static cdr_err
open_request(struct entering *e, const uint8_t *genesis, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes body = cdr_message_bytes(e->signed_request->request);
	const struct cdr_envelope inner = { .signer = e->call->envelope->signer, .body = body,
		.signature = cdr_message_bytes(e->signed_request->signature) };

	if (body.len > REQUEST_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "an evaluation's request has at most %d bytes", REQUEST_LEN_MAX);
	err = cdr_message_decode(&e->arena, &cdr__wire__evaluate_request__descriptor, body, &e->request);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the request is not an EvaluateRequest");
	CDR_TRY(check_form(e, fault));
	err = cdr_envelope_verify_request(&inner, e->call->party->signing_key.data, genesis, EVALUATE_PATH);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the request inside is not signed for %s", EVALUATE_PATH);
	CDR_TRY(cdr_sha256(&body, 1, e->body_hash));
out:
	return err;
}

/* ---- logging ------------------------------------------------------------------------------------------------ */

/* The leaf that this number has already, if it is for the same request. */
static cdr_err
find_known(struct cdr_tx *tx, struct entering *e, bool *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(e->call->party->signing_key)),
	    cdr_value_int((int64_t)e->request->sequence));
	uint8_t hash[CDR_SHA256_LEN];
	uint64_t place;

	*known = false;
	CDR_TRY(cdr_query_start(tx, "SELECT body_hash, logged FROM evaluation WHERE signing_key = $1 AND sequence = $2",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	*known = true;
	CDR_TRY(cdr_query_blob(query, 0, hash, sizeof(hash)));
	CDR_TRY(cdr_query_count(query, 1, &place));
	e->is_misuse = memcmp(hash, e->body_hash, sizeof(hash)) != 0;
	if (!e->is_misuse)
		CDR_TRY(cdr_hub_log_read(tx, place, &e->logged));
out:
	cdr_query_end(query);
	return err;
}

/* What is asked again was checked under the newest epoch, before; with ${spent} no more points than were. As trustees count: node/trustee/witness.c. */
static cdr_err
check_again(struct cdr_tx *tx, struct entering *e, uint64_t spent)
{
	int64_t checked;

	e->is_unchecked = false;
	if (e->purpose != CDR_LEAF_PURPOSE_AGAIN)
		return CDR_OK;
	cdr_err err = cdr_query_one_int(tx,
	    "SELECT points FROM spent WHERE member = $1 AND purpose = 'check' AND epoch > $2 ORDER BY epoch DESC LIMIT 1",
	    CDR_VALUES(cdr_value_text(e->request->member), cdr_value_int(e->request->epoch)), &checked);
	e->is_unchecked = err == CDR_E_ABSENT || (err == CDR_OK && spent + e->request->point_count > (uint64_t)checked);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Add to what the member spent, if its quota reaches. */
static cdr_err
spend(struct cdr_tx *tx, struct entering *e)
{
	const struct cdr_value member = cdr_value_text(e->request->member), epoch = cdr_value_int(e->request->epoch);
	const struct cdr_value purpose = cdr_value_text(e->request->purpose);
	int64_t spent;

	cdr_err err = cdr_query_one_int(tx, "SELECT points FROM spent WHERE member = $1 AND epoch = $2 AND purpose = $3",
	    CDR_VALUES(member, epoch, purpose), &spent);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	bool is_first = err == CDR_E_ABSENT;
	e->exceeds = (uint64_t)spent > e->quota || e->request->point_count > e->quota - (uint64_t)spent;
	err = check_again(tx, e, (uint64_t)spent);
	if (err != CDR_OK || e->exceeds || e->is_unchecked)
		return err;
	return cdr_query_run(tx, is_first ? "INSERT INTO spent (member, epoch, purpose, points) VALUES ($1, $2, $3, $4)" :
		"UPDATE spent SET points = $4 WHERE member = $1 AND epoch = $2 AND purpose = $3",
	    CDR_VALUES(member, epoch, purpose, cdr_value_int(spent + (int64_t)e->request->point_count)));
}

/* The leaf: who, number, epoch, purpose, how many points; and the signed request for the trustees. */
static cdr_err
append(struct cdr_tx *tx, struct entering *e)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_EVALUATION, .at = e->call->now };
	struct cdr_bytes body = cdr_message_bytes(e->signed_request->request);
	struct cdr_buffer evidence = { 0 };

	cdr_leaf_member_add(&leaf, e->request->member);
	cdr_leaf_number_add(&leaf, e->request->sequence);
	cdr_leaf_number_add(&leaf, e->request->epoch);
	cdr_leaf_number_add(&leaf, e->purpose);
	cdr_leaf_number_add(&leaf, e->request->point_count);
	CDR_TRY(cdr_leaf_content(leaf.kind, &body, 1, leaf.content));
	CDR_TRY(cdr_message_encode(&e->signed_request->base, &evidence));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, cdr_buffer_bytes(&evidence), &e->logged));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO evaluation (signing_key, sequence, body_hash, logged) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(e->call->party->signing_key)),
		cdr_value_int((int64_t)e->request->sequence), cdr_value_blob(e->body_hash, sizeof(e->body_hash)),
		cdr_value_int((int64_t)e->logged.position))));
out:
	cdr_buffer_free(&evidence);
	return err;
}

/* A writing job. */
static cdr_err
enter_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct entering *e = context;

	CDR_TRY(find_known(tx, e, &e->is_known));
	if (e->is_known)
		return CDR_OK;
	CDR_TRY(spend(tx, e));
	if (!e->exceeds && !e->is_unchecked)
		CDR_TRY(append(tx, e));
out:
	return err;
}

static cdr_err
enter(struct cdr_hub *hub, struct entering *e, struct cdr_fault *fault)
{
	cdr_err err = cdr_store_write(hub->store, enter_job, e);

	if (err != CDR_OK)
		return err;
	if (e->is_misuse) {
		uint8_t number[8];
		cdr_number_write(e->request->sequence, number, sizeof(number));
		cdr_hub_misuse_note(hub, e->call->envelope->signer, "evaluation", (struct cdr_bytes){ number, sizeof(number) },
		    e->call->now, "one sequence number used for two evaluations");
		return cdr_fault_set(fault, CDR_E_SEQUENCE, "sequence number %" PRIu64 " was used for another request. After a "
		    "restore from a backup, go on with higher numbers", e->request->sequence);
	}
	if (e->exceeds)
		return cdr_fault_set(fault, CDR_E_QUOTA, "%" PRIu32 " more points for %s do not fit into the %" PRIu64
		    " of this epoch. The secretariat can raise the quota", e->request->point_count, e->request->purpose, e->quota);
	if (e->is_unchecked)
		return cdr_fault_set(fault, CDR_E_QUOTA, "under the epoch before so much is asked again as was checked under the newest, which comes "
		    "first: %" PRIu32 " more points are too many", e->request->point_count);
	return CDR_OK;
}

/* ---- proofs ------------------------------------------------------------------------------------------------- */

/* Inclusion of one leaf. */
struct proving {
	uint64_t position, size;
	struct cdr_merkle_proof proof;
};

/* A reading job. */
static cdr_err
include_job(struct cdr_tx *tx, void *context)
{
	struct proving *p = context;
	struct cdr_hub_log_reader reader = { .tx = tx };

	return cdr_merkle_include(cdr_hub_log_reader_node, &reader, p->position, p->size, &p->proof);
}

static cdr_err
need_witness(const struct cdr_hub *hub, struct cdr_fault *fault)
{
	if (hub->witness == NULL)
		return cdr_fault_set(fault, CDR_E_BUSY, "the log is not being witnessed now: try again later");
	return CDR_OK;
}

/* A caller is answered by the roster by which it was let in, and there may be a newer one by now. */
static cdr_err
put_under(const struct cdr_hub *hub, const struct cdr_roster *roster, struct cdr_checkpoint *checkpoint, struct cdr_fault *fault)
{
	if (!cdr_checkpoint_carry(checkpoint, hub->genesis, roster))
		return cdr_fault_set(fault, CDR_E_BUSY, "the trustees have just changed: ask again");
	return CDR_OK;
}

/* see node/hub/evaluation.h */
cdr_err
cdr_hub_log_evaluation(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct entering e = { .call = call, .signed_request = (const Cdr__Wire__SignedEvaluation *)call->message };
	Cdr__Wire__EvaluationReply reply = CDR__WIRE__EVALUATION_REPLY__INIT;
	Cdr__Wire__Inclusion inclusion = CDR__WIRE__INCLUSION__INIT;
	struct cdr_hub_receipt receipt;
	struct cdr_checkpoint checkpoint;
	struct cdr_buffer note = { 0 };
	struct proving p;

	CDR_TRY(open_request(&e, hub->genesis, fault));
	CDR_TRY(need_witness(hub, fault));
	CDR_TRY(enter(hub, &e, fault));
	CDR_TRY(cdr_hub_receipt_make(hub, &e.logged, &receipt));
	reply.receipt = &receipt.message;
	/* The trustees are shown a new leaf while this reply travels; who asks again found that they had not been, and waits for the proof. */
	err = cdr_hub_witness_wait(hub->witness, e.logged.position + 1, e.is_known ? CDR_HUB_WITNESS_MS : 0, &checkpoint, fault);
	if (err == CDR_OK)
		err = put_under(hub, call->roster, &checkpoint, fault);
	if (err == CDR_OK) {
		p = (struct proving){ .position = e.logged.position, .size = checkpoint.size };
		CDR_TRY(cdr_store_read(hub->store, include_job, &p));
		CDR_TRY(cdr_checkpoint_write(&checkpoint, hub->genesis, call->roster, &note));
		inclusion.position = p.position;
		inclusion.checkpoint = cdr_message_field(note.data, note.len);
		inclusion.hashes = cdr_message_field(p.proof.hash, p.proof.count * CDR_MERKLE_HASH_LEN);
		reply.inclusion = &inclusion;
	} else if (err != CDR_E_ABSENT) {
		goto out;
	}
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&note);
	cdr_hub_logged_free(&e.logged);
	cdr_arena_free(&e.arena);
	return err;
}

/* A checkpoint's reply being made. */
struct checking {
	const Cdr__Wire__CheckpointRequest *request;
	uint64_t size;
	struct cdr_merkle_proof extension;
	size_t count;
	Cdr__Wire__PositionProof proof[CDR_LOG_POSITIONS_MAX], *at[CDR_LOG_POSITIONS_MAX];
	struct cdr_merkle_proof hashes[CDR_LOG_POSITIONS_MAX];
};

/* A reading job. */
static cdr_err
checking_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct checking *c = context;
	struct cdr_hub_log_reader reader = { .tx = tx };

	CDR_TRY(cdr_merkle_extend(cdr_hub_log_reader_node, &reader, c->request->from, c->size, &c->extension));
	for (size_t i = 0; i < c->request->n_position; i++) {
		struct cdr_merkle_proof *hashes = &c->hashes[c->count];
		Cdr__Wire__PositionProof *proof = &c->proof[c->count];
		if (c->request->position[i] >= c->size)
			continue;
		CDR_TRY(cdr_merkle_include(cdr_hub_log_reader_node, &reader, c->request->position[i], c->size, hashes));
		*proof = (Cdr__Wire__PositionProof)CDR__WIRE__POSITION_PROOF__INIT;
		proof->position = c->request->position[i];
		proof->hashes = cdr_message_field(hashes->hash, hashes->count * CDR_MERKLE_HASH_LEN);
		c->at[c->count++] = proof;
	}
out:
	return err;
}

/* see node/hub/evaluation.h */
cdr_err
cdr_hub_log_checkpoint(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__CheckpointRequest *request = (const Cdr__Wire__CheckpointRequest *)call->message;
	Cdr__Wire__CheckpointReply reply = CDR__WIRE__CHECKPOINT_REPLY__INIT;
	struct cdr_checkpoint checkpoint;
	struct cdr_buffer note = { 0 };
	struct checking *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return CDR_E_MEMORY;
	if (request->n_position > CDR_LOG_POSITIONS_MAX) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "at most %d leaves at a time", CDR_LOG_POSITIONS_MAX);
		goto out;
	}
	CDR_TRY(need_witness(hub, fault));
	CDR_TRY(cdr_hub_witness_newest(hub->witness, request->from, CDR_HUB_WITNESS_MS, &checkpoint, fault));
	CDR_TRY(put_under(hub, call->roster, &checkpoint, fault));
	c->request = request;
	c->size = checkpoint.size;
	CDR_TRY(cdr_store_read(hub->store, checking_job, c));
	err = cdr_checkpoint_write(&checkpoint, hub->genesis, call->roster, &note);
	if (err == CDR_E_ABSENT) /* a trustee of a roster that has come since: that is not a log that was lost */
		err = cdr_fault_set(fault, CDR_E_BUSY, "a new roster has just come: try again");
	CDR_TRY(err);
	reply.checkpoint = cdr_message_field(note.data, note.len);
	reply.extension = cdr_message_field(c->extension.hash, c->extension.count * CDR_MERKLE_HASH_LEN);
	reply.n_proof = c->count;
	reply.proof = c->at;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&note);
	free(c);
	return err;
}

/* see node/hub/evaluation.h */
cdr_err
cdr_hub_log_show(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;

	(void)answer;
	cdr_err err = need_witness(hub, fault);
	if (err == CDR_OK)
		cdr_hub_witness_show(hub->witness, call->trustee->index);
	return err;
}
