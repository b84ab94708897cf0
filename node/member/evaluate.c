#include "node/member/evaluate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "audit/checkpoint.h"
#include "core/crypto/threshold.h"
#include "node/member/misconduct.h"
#include "node/member/query_opening.h"
#include "node/member/receipt.h"
#include "node/member/sample.h"
#include "node/net/log.h"

#define EVALUATE_PATH "/v1/evaluate"
#define LOG_PATH "/v1/log/evaluation"
#define ASKED_MAX 64        /* unfinished evaluations that are remembered */
#define ASKED_NAME "asked/"
#define ASKED_NAME_LEN (sizeof(ASKED_NAME) - 1 + 2 * CDR_SHA256_LEN)
#define ASKED_LEN (8 + CDR_OPRF_SEED_LEN) /* sequence number, seed */
#define ASKED_PURPOSE "evaluation"

/* One batch on its way through t trustees. Secrets lie in locked memory. */
struct batch {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const Cdr__Wire__Epoch *epoch;
	size_t count;
	const struct cdr_bytes *inputs; /* secret */
	const struct cdr_evaluate_about *about;
	char name[ASKED_NAME_LEN + 1]; /* of the setting that remembers it until it is done */
	uint64_t sequence;
	bool is_spoilt;             /* the hub, or so many trustees that the others are too few, know the sequence number for another request */
	uint32_t spent_count;       /* trustees that say so */
	uint8_t *seed;              /* secret: CDR_OPRF_SEED_LEN */
	uint8_t *blinds;            /* secret: count * CDR_SCALAR_LEN */
	uint8_t *blinded;           /* count * CDR_POINT_LEN */
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_points *points;  /* the same, decoded */
	Cdr__Wire__EvaluateRequest request;
	struct cdr_buffer attachment; /* the points, and behind them the proof that the log holds the request, where the hub gave it */
	bool is_proved;             /* the hub was asked for it */

	uint8_t order[2 * CDR_TRUSTEE_COUNT_MAX]; /* trustees in the order in which they are asked */
	size_t order_count;
	size_t next;                          /* the first that was not asked yet */
	size_t early_count;                   /* of those that were asked before they knew enough of the log: they come again, at the end */

	struct cdr_points *partial[CDR_TRUSTEE_COUNT_MAX]; /* verified answers */
	uint8_t index[CDR_TRUSTEE_COUNT_MAX];              /* whose */
	size_t partial_count;

	cdr_err failure;            /* of the trustee that failed last */
	char story[CDR_FAULT_LEN];  /* which trustees failed, and how */
};

static void
batch_wipe(struct batch *batch)
{
	cdr_secret_free(batch->seed);
	cdr_secret_free(batch->blinds);
	free(batch->blinded);
	cdr_buffer_free(&batch->attachment);
	cdr_points_free(batch->points);
	for (size_t i = 0; i < batch->partial_count; i++)
		cdr_points_free(batch->partial[i]);
}

/* ---- what is asked again ------------------------------------------------------------------------------------------ */

/*
 * An evaluation that found too few trustees is asked again with the same sequence number and the same points: those that
 * answered have counted it, and a repeat is free. So the number and the seed are kept until it is done, under a name that
 * follows from what is evaluated.
 */
static cdr_err
name_batch(struct batch *batch, const char *purpose, const struct cdr_bytes *inputs)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_SHA256_LEN];
	uint32_t epoch = batch->epoch->number;
	uint8_t number[4] = { (uint8_t)(epoch >> 24), (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 8), (uint8_t)epoch };
	struct cdr_bytes *parts = calloc(2 * batch->count + 2, sizeof(*parts));
	uint8_t (*len)[2] = calloc(batch->count, sizeof(*len));

	if (parts == NULL || len == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	parts[0] = (struct cdr_bytes){ (const uint8_t *)purpose, strlen(purpose) + 1 };
	parts[1] = (struct cdr_bytes){ number, sizeof(number) };
	for (size_t i = 0; i < batch->count; i++) {
		len[i][0] = (uint8_t)(inputs[i].len >> 8);
		len[i][1] = (uint8_t)inputs[i].len;
		parts[2 * i + 2] = (struct cdr_bytes){ len[i], sizeof(len[i]) };
		parts[2 * i + 3] = inputs[i];
	}
	CDR_TRY(cdr_hmac_sha256(batch->member->home->keys->digest, CDR_HOME_DIGEST_KEY_LEN, parts, 2 * batch->count + 2, hash));
	memcpy(batch->name, ASKED_NAME, sizeof(ASKED_NAME));
	cdr_hex_write(hash, sizeof(hash), batch->name + sizeof(ASKED_NAME) - 1);
	err = CDR_OK;
out:
	free(len);
	free(parts);
	return err;
}

/* The number and the seed from before; CDR_E_ABSENT if there are none. */
static cdr_err
read_asked(struct cdr_tx *tx, struct batch *batch)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t sealed[ASKED_LEN + CDR_SEAL_OVERHEAD];
	struct cdr_buffer plain = { 0 };

	CDR_TRY(cdr_setting_get(tx, batch->name, sealed, sizeof(sealed)));
	err = cdr_seal_open(batch->member->home->keys->column, ASKED_PURPOSE,
	    (struct cdr_bytes){ (const uint8_t *)batch->name, ASKED_NAME_LEN }, (struct cdr_bytes){ sealed, sizeof(sealed) },
	    &plain);
	CDR_TRY(err == CDR_E_SEALED ? CDR_E_STORE : err);
	batch->sequence = cdr_number_read(plain.data, 8);
	memcpy(batch->seed, plain.data + 8, CDR_OPRF_SEED_LEN);
out:
	cdr_buffer_free(&plain);
	return err;
}

static cdr_err
write_asked(struct cdr_tx *tx, const struct batch *batch)
{
	cdr_err err = CDR_E_MEMORY;
	uint8_t *plain = cdr_secret_alloc(ASKED_LEN);
	struct cdr_buffer sealed = { 0 };
	int64_t count;

	if (plain == NULL)
		return err;
	cdr_number_write(batch->sequence, plain, 8);
	memcpy(plain + 8, batch->seed, CDR_OPRF_SEED_LEN);
	CDR_TRY(cdr_seal(batch->member->home->keys->column, ASKED_PURPOSE,
	    (struct cdr_bytes){ (const uint8_t *)batch->name, ASKED_NAME_LEN }, (struct cdr_bytes){ plain, ASKED_LEN }, &sealed));
	/* What was never asked again, such as a register that was changed, is not remembered for ever. */
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name LIKE 'asked/%'", CDR_VALUES(), &count));
	if (count >= ASKED_MAX)
		CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name LIKE 'asked/%'", CDR_VALUES()));
	CDR_TRY(cdr_setting_put(tx, batch->name, sealed.data, sealed.len));
out:
	cdr_buffer_free(&sealed);
	cdr_secret_free(plain);
	return err;
}

/* A writing job: both are durable before anything is sent under them. */
static cdr_err
begin_batch(struct cdr_tx *tx, void *context)
{
	struct batch *batch = context;

	cdr_err err = read_asked(tx, batch);
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_setting_next(tx, "sequence", &batch->sequence));
	CDR_TRY(cdr_random(batch->seed, CDR_OPRF_SEED_LEN));
	CDR_TRY(write_asked(tx, batch));
out:
	return err;
}

/* A writing job. */
static cdr_err
end_batch(struct cdr_tx *tx, void *context)
{
	const struct batch *batch = context;

	return cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(batch->name)));
}

/* ---- blinding ------------------------------------------------------------------------------------------------- */

/* RFC 9497 sec. 3.3.1, Blind, for every input; the blinds follow from the batch's seed. */
static cdr_err
blind_all(struct batch *batch, const struct cdr_bytes *inputs)
{
	cdr_err err = CDR_E_INTERNAL;

	batch->blinds = cdr_secret_alloc(batch->count * CDR_SCALAR_LEN);
	batch->blinded = malloc(batch->count * CDR_POINT_LEN); /* not secret */
	if (batch->blinds == NULL || batch->blinded == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < batch->count; i++) {
		uint8_t *blind = batch->blinds + i * CDR_SCALAR_LEN;
		CDR_TRY(cdr_oprf_blind_derive(batch->seed, i, blind));
		CDR_TRY(cdr_oprf_blind(inputs[i].data, inputs[i].len, blind, batch->blinded + i * CDR_POINT_LEN));
	}
	struct cdr_bytes blinded = { batch->blinded, batch->count * CDR_POINT_LEN };
	CDR_TRY(cdr_sha256(&blinded, 1, batch->hash));
	CDR_TRY(cdr_points_decode(batch->blinded, batch->count, &batch->points));
	err = CDR_OK;
out:
	return err;
}

/* The request that every trustee gets. */
static void
write_request(struct batch *batch, char *purpose)
{
	batch->request = (Cdr__Wire__EvaluateRequest)CDR__WIRE__EVALUATE_REQUEST__INIT;
	batch->request.member = batch->member->id;
	batch->request.sequence = batch->sequence;
	batch->request.epoch = batch->epoch->number;
	batch->request.purpose = purpose;
	batch->request.point_count = (uint32_t)batch->count;
	batch->request.points_hash = cdr_message_field(batch->hash, sizeof(batch->hash));
}

/* ---- the log ---------------------------------------------------------------------------------------------------- */

/* The request as it will be signed for every trustee: Ed25519 gives one signature for one message. */
static cdr_err
sign_request(const struct batch *batch, struct cdr_envelope *envelope)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_signer own = cdr_member_signer(batch->member);
	struct cdr_buffer body = { 0 }, bytes = { 0 };

	CDR_TRY(cdr_message_encode(&batch->request.base, &body));
	CDR_TRY(cdr_envelope_request(&own, EVALUATE_PATH, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &bytes));
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&bytes), envelope));
out:
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
	return err;
}

/* A writing job: the receipt, and what an auditor may want to see. */
struct keeping {
	const struct cdr_member *member;
	struct cdr_query_opening_kept kept;
	uint64_t sequence;
};

static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	const struct keeping *keeping = context;

	cdr_err err = cdr_query_opening_keep(tx, keeping->member, &keeping->kept);
	return err != CDR_OK ? err : cdr_sample_catch_up(tx, keeping->kept.receipt);
}

/* A writing job: no answer came, and the hub may have logged it all the same. */
static cdr_err
keep_unanswered_job(struct cdr_tx *tx, void *context)
{
	const struct keeping *keeping = context;

	return cdr_query_opening_keep_unanswered(tx, keeping->member, &keeping->kept, keeping->sequence);
}

/* Whether a lost answer may hide that the log has it: the hub said nothing at all, or not that it refuses. */
static bool
may_be_logged(const struct cdr_ask *ask)
{
	return ask->err != CDR_OK && (!ask->answered || ask->err == CDR_E_BUSY);
}

/* Whether the log holds the request, at the place of the receipt, as far as enough witnesses have seen it. */
static cdr_err
verify_inclusion(const struct batch *batch, const struct cdr_receipt *receipt, const Cdr__Wire__Inclusion *inclusion,
    struct cdr_fault *fault)
{
	struct cdr_checkpoint checkpoint;
	cdr_err err = cdr_checkpoint_read(cdr_message_bytes(inclusion->checkpoint), batch->member->genesis, batch->roster,
	    &checkpoint, fault);

	if (err == CDR_E_MEMORY)
		return err;
	if (err == CDR_OK && cdr_checkpoint_is_witnessed(&checkpoint, batch->roster) &&
	    inclusion->position == receipt->place && inclusion->hashes.len % CDR_MERKLE_HASH_LEN == 0 &&
	    cdr_merkle_verify_include(receipt->hash, receipt->place, checkpoint.size, inclusion->hashes.data,
		inclusion->hashes.len / CDR_MERKLE_HASH_LEN, checkpoint.root) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_PROOF, "the hub does not prove that its log holds the request to the trustees");
}

/* The points, and behind them the proof, if there is one already. */
static cdr_err
write_attachment(struct batch *batch, const Cdr__Wire__Inclusion *inclusion)
{
	struct cdr_buffer proof = { 0 };
	size_t points_len = batch->count * CDR_POINT_LEN;

	cdr_buffer_free(&batch->attachment);
	cdr_err err = inclusion != NULL ? cdr_message_encode(&inclusion->base, &proof) : CDR_OK;
	if (err == CDR_OK && (batch->attachment.data = malloc(points_len + proof.len)) == NULL)
		err = CDR_E_MEMORY;
	if (err == CDR_OK) {
		memcpy(batch->attachment.data, batch->blinded, points_len);
		if (proof.len > 0)
			memcpy(batch->attachment.data + points_len, proof.data, proof.len);
		batch->attachment.len = points_len + proof.len;
	}
	cdr_buffer_free(&proof);
	return err;
}

/*
 * Have the hub log the request; keep the receipt. The trustees witness it meanwhile, and each evaluates once it knows that enough have.
 * What was logged before is the same leaf; then the hub waits for them, and gives the proof.
 */
static cdr_err
enter_log(struct batch *batch, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__SignedEvaluation message = CDR__WIRE__SIGNED_EVALUATION__INIT;
	struct cdr_envelope envelope = { 0 };
	struct cdr_receipt receipt = { 0 };
	struct cdr_ask ask = { .path = LOG_PATH, .message = &message.base,
		.reply_type = &cdr__wire__evaluation_reply__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	const Cdr__Wire__EvaluationReply *reply;

	CDR_TRY(sign_request(batch, &envelope));
	message.request = cdr_message_field(envelope.body.data, envelope.body.len);
	message.signature = cdr_message_field(envelope.signature.data, envelope.signature.len);
	struct keeping keeping = { batch->member, { .receipt = NULL, .purpose = batch->request.purpose, .request = envelope.body,
	    .points = { batch->blinded, batch->count * CDR_POINT_LEN }, .seed = batch->seed, .inputs = batch->inputs, .count = batch->count,
	    .about = batch->about }, batch->sequence };
	err = cdr_member_ask_hub(batch->member, batch->roster, &ask, fault);
	if (may_be_logged(&ask) && cdr_store_write(batch->member->home->store, keep_unanswered_job, &keeping) != CDR_OK)
		cdr_log(CDR_LOG_WARNING, "evaluation.not_kept", cdr_log_int("sequence", (int64_t)batch->sequence));
	batch->is_spoilt |= err == CDR_E_SEQUENCE;
	if (err == CDR_E_EPOCH) {
		/* CDR_E_EPOCH is what the trustees say: a hub could hide an epoch by it. */
		err = cdr_fault_set(fault, CDR_E_BUSY, "the hub holds another roster than this node");
	}
	CDR_TRY(err);
	reply = ask.reply;
	CDR_TRY(cdr_leaf_content(CDR_LEAF_EVALUATION, &envelope.body, 1, content));
	CDR_TRY(cdr_receipt_take(batch->member, batch->roster, reply->receipt, CDR_LEAF_EVALUATION, content, &receipt, fault));
	keeping.kept.receipt = &receipt;
	CDR_TRY(cdr_store_write(batch->member->home->store, keep_job, &keeping));
	if (reply->inclusion != NULL)
		CDR_TRY(verify_inclusion(batch, &receipt, reply->inclusion, fault));
	CDR_TRY(write_attachment(batch, reply->inclusion));
	batch->is_proved = reply->inclusion != NULL;
out:
	cdr_ask_free(&ask);
	cdr_receipt_free(&receipt);
	cdr_envelope_free(&envelope);
	return err;
}

/* Ask in a random order, so that the work is shared and no trustee can count on seeing everything. */
static cdr_err
shuffle_trustees(struct batch *batch)
{
	size_t n = batch->roster->body->n_trustee;
	uint8_t draw[CDR_TRUSTEE_COUNT_MAX];

	cdr_err err = cdr_random(draw, sizeof(draw));
	for (size_t i = 0; i < n; i++)
		batch->order[i] = (uint8_t)(i + 1);
	for (size_t i = n; i > 1 && err == CDR_OK; i--) {
		size_t k = draw[i - 1] % i; /* a small bias does no harm here */
		uint8_t held = batch->order[i - 1];
		batch->order[i - 1] = batch->order[k];
		batch->order[k] = held;
	}
	batch->order_count = n;
	return err;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

/* Remember by name a trustee whose signed answer is wrong, and tell the log. */
static void
accuse(struct batch *batch, const struct cdr_ask *ask, const char *what)
{
	const struct cdr_misconduct m = {
		.party = ask->party_signer,
		.what = what,
		.request = cdr_buffer_bytes(&ask->request),
		.reply = cdr_buffer_bytes(&ask->post.reply),
	};

	cdr_misconduct_note(batch->member, &m);
}

/* Whether the form of an answer is right: for this trustee and epoch, as many points as were asked, with their hash. */
static const char *
find_form_fault(const struct batch *batch, const struct cdr_ask *ask, uint8_t index)
{
	const Cdr__Wire__EvaluateReply *reply = ask->reply;
	uint8_t hash[CDR_SHA256_LEN];

	if (reply->trustee != index)
		return "its answer names another trustee";
	if (reply->epoch != batch->epoch->number)
		return "its answer is for another epoch";
	if (ask->reply_attachment.len != batch->count * CDR_POINT_LEN || reply->proof.len != CDR_PROOF_LEN)
		return "its answer has another number of points than was asked, or no proof";
	if (reply->points_hash.len != sizeof(hash) || cdr_sha256(&ask->reply_attachment, 1, hash) != CDR_OK ||
	    memcmp(reply->points_hash.data, hash, sizeof(hash)) != 0)
		return "its points are not those that it signed";
	return NULL;
}

static bool
has_other_shares(const struct batch *batch, const Cdr__Wire__EvaluateReply *reply)
{
	const ProtobufCBinaryData own = batch->epoch->transcript;

	return reply->has_transcript &&
	    (reply->transcript.len != own.len || memcmp(reply->transcript.data, own.data, own.len) != 0);
}

/* RFC 9497 sec. 2.2.2, VerifyProof: were all points multiplied by the share whose public form the roster names? */
static cdr_err
verify_answer(struct batch *batch, const struct cdr_ask *ask, uint8_t index, const char **what)
{
	struct cdr_points *points = NULL;
	const Cdr__Wire__EvaluateReply *reply = ask->reply;

	*what = find_form_fault(batch, ask, index);
	if (*what != NULL)
		return CDR_E_INPUT;
	/* The trustees have changed their shares, and one of us has not seen the roster that says so: no fault, and no use yet. */
	if (has_other_shares(batch, reply))
		return CDR_E_BUSY;
	cdr_err err = cdr_points_decode(ask->reply_attachment.data, batch->count, &points);
	if (err == CDR_OK)
		err = cdr_oprf_verify(batch->epoch->public_share[index - 1].data, batch->points, points, reply->proof.data);
	if (err != CDR_OK) {
		*what = err == CDR_E_PROOF ? "the proof does not hold: it did not use its share" :
		    err == CDR_E_POINT     ? "a point of its answer is none, or the identity" :
					     NULL; /* ours: memory */
		cdr_points_free(points);
		return err;
	}
	batch->partial[batch->partial_count] = points;
	batch->index[batch->partial_count++] = index;
	return CDR_OK;
}

/* Add one trustee's failure to the story that the caller will be told. */
static void
tell(struct batch *batch, cdr_err err, const char *who, const char *what)
{
	size_t at = strlen(batch->story);

	/* That an epoch is over holds if all say so. */
	if (batch->failure == CDR_OK || err != CDR_E_EPOCH)
		batch->failure = err;
	(void)snprintf(batch->story + at, sizeof(batch->story) - at, "%s%s: %s", at > 0 ? "; " : "", who, what);
}

/* Take in what one trustee answered, or note why it is of no use. */
static cdr_err
take_answer(struct batch *batch, const struct cdr_ask *ask, uint8_t index)
{
	const char *what = NULL;

	if (ask->err != CDR_OK) {
		/* Ours, unless the trustee says it of itself: then it is replaced like any other that fails. */
		if (!ask->answered && (ask->err == CDR_E_MEMORY || ask->err == CDR_E_INTERNAL))
			return ask->err;
		/* The log has the request under its number: a few who say otherwise do not make this node pay for another one. */
		if (ask->err == CDR_E_SEQUENCE && ++batch->spent_count > batch->roster->body->n_trustee - batch->roster->body->threshold)
			batch->is_spoilt = true;
		if (ask->err == CDR_E_BUSY && ask->answered && !batch->is_proved) {
			batch->order[batch->order_count++] = index;
			batch->early_count++;
			return CDR_OK;
		}
		tell(batch, ask->err, ask->party_signer, ask->fault.text);
		cdr_log(CDR_LOG_WARNING, "trustee.failed", cdr_log_text("party", ask->party_signer),
		    cdr_log_err(ask->err));
		return CDR_OK;
	}
	cdr_err err = verify_answer(batch, ask, index, &what);
	if (err == CDR_E_BUSY) {
		tell(batch, err, ask->party_signer, "it holds another roster than this node, with other shares of the key");
		return CDR_OK;
	}
	if (err == CDR_OK || what == NULL)
		return err;
	accuse(batch, ask, what);
	tell(batch, err, ask->party_signer, what);
	return CDR_OK;
}

/* Ask as many further trustees at once as answers are missing. */
static cdr_err
ask_missing(struct batch *batch)
{
	struct cdr_ask asks[CDR_TRUSTEE_COUNT_MAX] = { 0 };
	char signer[CDR_TRUSTEE_COUNT_MAX][CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(batch->member);
	size_t count = batch->roster->body->threshold - batch->partial_count;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < count; i++) {
		uint8_t index = batch->order[batch->next + i];
		(void)snprintf(signer[i], sizeof(signer[i]), "trustee/%u", (unsigned)index);
		asks[i] = (struct cdr_ask){
			.party = cdr_roster_trustee(batch->roster, index)->party,
			.party_signer = signer[i],
			.path = EVALUATE_PATH,
			.message = &batch->request.base,
			.attachment = cdr_buffer_bytes(&batch->attachment),
			.reply_type = &cdr__wire__evaluate_reply__descriptor,
			.reply_max = CDR_BODY_EVALUATE_MAX,
		};
	}
	/* Each ask tells its own outcome. */
	(void)!cdr_ask_send(batch->member->client, &own, asks, count);
	for (size_t i = 0; i < count; i++) {
		if (err == CDR_OK)
			err = take_answer(batch, &asks[i], batch->order[batch->next + i]);
		cdr_ask_free(&asks[i]);
	}
	batch->next += count;
	return err;
}

/* Go on asking until t answers hold, or so few trustees are left that they cannot. */
static cdr_err
gather(struct batch *batch, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t n = batch->roster->body->n_trustee, t = batch->roster->body->threshold;

	while (batch->partial_count < t) {
		/* The hub has not shown them in time that enough have cosigned: it is asked for the proof, and they are asked with it. */
		if (batch->early_count > 0 && !batch->is_proved) {
			CDR_TRY(enter_log(batch, fault));
			batch->is_proved = true;
		}
		if (batch->order_count - batch->next < t - batch->partial_count)
			return cdr_fault_set(fault, batch->failure,
			    "%zu of %zu trustees are needed, and too few gave a right answer (%s)", t, n, batch->story);
		CDR_TRY(ask_missing(batch));
	}
	err = CDR_OK;
out:
	return err;
}

/* RFC 9497 sec. 3.3.1, Finalize, over the combined answers; the tag is the first CDR_TAG_LEN bytes of the output. */
static cdr_err
finish(struct batch *batch, const struct cdr_bytes *inputs, uint8_t *tags)
{
	const struct cdr_points *partial[CDR_TRUSTEE_COUNT_MAX];
	uint8_t *outputs = cdr_secret_alloc(batch->count * CDR_OPRF_OUTPUT_LEN);

	if (outputs == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < batch->partial_count; i++)
		partial[i] = batch->partial[i];
	cdr_err err = cdr_threshold_finalize(inputs, batch->blinds, batch->index, partial, batch->partial_count, outputs);
	for (size_t i = 0; i < batch->count && err == CDR_OK; i++)
		memcpy(tags + i * CDR_TAG_LEN, outputs + i * CDR_OPRF_OUTPUT_LEN, CDR_TAG_LEN);
	cdr_secret_free(outputs);
	return err;
}

/* see node/member/evaluate.h */
cdr_err
cdr_evaluate(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Epoch *epoch,
    const char *purpose, const struct cdr_bytes *inputs, size_t count, uint8_t *tags, struct cdr_fault *fault)
{
	return cdr_evaluate_about(member, roster, epoch, purpose, inputs, count, NULL, tags, fault);
}

/* see node/member/evaluate.h */
cdr_err
cdr_evaluate_about(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Epoch *epoch,
    const char *purpose, const struct cdr_bytes *inputs, size_t count, const struct cdr_evaluate_about *about, uint8_t *tags,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct batch batch = { .member = member, .roster = roster, .epoch = epoch, .count = count,
		.inputs = inputs, .about = about };
	char purpose_text[CDR_CODE_LEN_MAX + 1];

	if (count < 1 || count > CDR_EVALUATE_POINTS_MAX)
		return CDR_E_RANGE;
	memset(tags, 0, count * CDR_TAG_LEN);
	(void)snprintf(purpose_text, sizeof(purpose_text), "%s", purpose);
	batch.seed = cdr_secret_alloc(CDR_OPRF_SEED_LEN);
	if (batch.seed == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(name_batch(&batch, purpose, inputs));
	CDR_TRY(cdr_store_write(member->home->store, begin_batch, &batch));
	CDR_TRY(blind_all(&batch, inputs));
	write_request(&batch, purpose_text);
	CDR_TRY(enter_log(&batch, fault));
	CDR_TRY(shuffle_trustees(&batch));
	CDR_TRY(gather(&batch, fault));
	CDR_TRY(finish(&batch, inputs, tags));
	err = CDR_OK;
out:
	/* If it cannot be forgotten, the same question will be a repeat: that is no harm. */
	if (err == CDR_OK || batch.is_spoilt)
		(void)!cdr_store_write(member->home->store, end_batch, &batch);
	batch_wipe(&batch);
	return err;
}
