#include "node/trustee/round.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/net/log.h"
#include "node/trustee/recover.h"
#include "node/trustee/round_store.h"
#include "node/trustee/share.h"

/* One round while a step is taken in it. */
struct work {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;     /* held by the caller */
	const Cdr__Wire__RoundTask *task;
	struct cdr_round *round;
	struct cdr_tally_world world;
	struct cdr_close close;
	struct cdr_set set;
	struct cdr_elgamal *key;
	struct cdr_round_known known;
	uint8_t *share;                      /* locked */
	struct cdr_fault *fault;
};

static void
work_free(struct work *w)
{
	cdr_secret_free(w->share);
	cdr_round_known_free(&w->known);
	cdr_elgamal_free(w->key);
	cdr_set_free(&w->set);
	cdr_close_free(&w->close);
	cdr_round_free(w->round);
}

/* What passes by itself, or is this machine's own trouble: no reason to refuse a round for good. */
static bool
is_passing(cdr_err err)
{
	return err == CDR_E_NETWORK || err == CDR_E_TIME || err == CDR_E_BUSY || err == CDR_E_STORE || err == CDR_E_MEMORY ||
	    err == CDR_E_INTERNAL || err == CDR_E_IO;
}

/* A failure on the way is told by the ask; what the hub answers with a signature is its own word. */
static cdr_err
ask_hub(const struct work *w, struct cdr_ask *ask)
{
	cdr_err err = cdr_trustee_ask(w->trustee, w->roster, ask);

	if (err != CDR_OK && w->fault != NULL)
		*w->fault = ask->fault;
	return err == CDR_OK || is_passing(err) || ask->answered ? err : CDR_E_NETWORK;
}

/* ---- adding up -------------------------------------------------------------------------------------------------- */

/* One contribution that the hub shows; those that its list does not name are of nobody's concern. */
static cdr_err
add_shown(struct work *w, struct cdr_tally *tally, struct cdr_bytes request, size_t *next)
{
	const Cdr__Wire__CloseList *list = w->close.list;
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = cdr_sha256(&request, 1, hash);

	if (err != CDR_OK)
		return err;
	if (*next < list->n_contribution && memcmp(list->contribution[*next]->hash.data, hash, sizeof(hash)) == 0)
		return cdr_tally_add(tally, list->contribution[(*next)++], request, w->fault);
	return CDR_OK;
}

/* Fetch all contributions, some at a time. */
static cdr_err
add_all(struct work *w, struct cdr_tally *tally)
{
	cdr_err err = CDR_E_INTERNAL;
	char kind[] = "contribution";
	Cdr__Wire__RoundEvidenceRequest request = CDR__WIRE__ROUND_EVIDENCE_REQUEST__INIT;
	size_t next = 0;

	request.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	request.kind = kind;
	for (;;) {
		struct cdr_ask ask = { .path = "/v1/round/evidence", .message = &request.base,
			.reply_type = &cdr__wire__round_evidence__descriptor, .reply_max = CDR_BODY_ROUND_BAG_MAX };
		err = ask_hub(w, &ask);
		const Cdr__Wire__RoundEvidence *evidence = ask.reply;
		for (size_t i = 0; err == CDR_OK && i < evidence->n_request; i++)
			err = add_shown(w, tally, cdr_message_bytes(evidence->request[i]), &next);
		size_t got = err == CDR_OK ? evidence->n_request : 0;
		cdr_ask_free(&ask);
		if (err != CDR_OK || got == 0)
			break;
		request.from += (uint32_t)got;
	}
	if (err == CDR_OK && next < w->close.body->members)
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub's list names a contribution of %s, but the hub does not show it",
		    w->close.list->contribution[next]->member);
	return err;
}

/* Verify everything, compare the sums with the hub's, and remember what is going to be opened. */
static cdr_err
examine(struct work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_tally *tally = NULL;
	struct cdr_buffer sums = { 0 };
	uint8_t hash[CDR_SHA256_LEN];
	uint32_t minimum = cdr_round_minimum(w->roster);

	if (minimum < w->round->body->minimum)
		minimum = w->round->body->minimum;
	CDR_TRY(cdr_tally_new(&w->world, w->key, true, &tally));
	CDR_TRY(add_all(w, tally));
	CDR_TRY(cdr_tally_finish(tally, &sums, w->fault));
	const struct cdr_bytes part = cdr_buffer_bytes(&sums);
	CDR_TRY(cdr_sha256(&part, 1, hash));
	if (memcmp(w->close.body->sums_hash.data, hash, sizeof(hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub's sums are not those of the contributions in its list");
		goto out;
	}
	CDR_TRY(cdr_round_known_put(w->trustee, w->round, &w->close, part, minimum, w->fault));
	cdr_round_known_free(&w->known);
	CDR_TRY(cdr_round_known_read(w->trustee, w->round->hash, &w->known));
out:
	cdr_tally_free(tally);
	cdr_buffer_free(&sums);
	return err;
}

/* ---- answering -------------------------------------------------------------------------------------------------- */

/* Send what is on the disk. */
static cdr_err
send_kept(struct work *w, const char *path, const struct cdr_buffer *kept)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ask ask = { .path = path };

	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(kept), &ask.request));
	CDR_TRY(ask_hub(w, &ask));
out:
	cdr_ask_free(&ask);
	return err;
}

/* Sign an answer to ${path}. */
static cdr_err
sign_answer(struct work *w, const char *path, const ProtobufCMessage *message, const struct cdr_buffer *attachment,
    struct cdr_buffer *request)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer body = { 0 };
	const struct cdr_signer signer = cdr_trustee_signer(w->trustee);

	CDR_TRY(cdr_message_encode(message, &body));
	CDR_TRY(cdr_envelope_request(&signer, path, cdr_buffer_bytes(&body), cdr_buffer_bytes(attachment), request));
out:
	cdr_buffer_free(&body);
	return err;
}

/* Our part in opening the flags, and our noise. */
static cdr_err
answer_first(struct work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer attachment = { 0 }, request = { 0 };
	Cdr__Wire__RoundFirst message = CDR__WIRE__ROUND_FIRST__INIT;
	const struct cdr_opener opener = { w->trustee->index, w->share };
	uint8_t hash[CDR_SHA256_LEN];

	if (w->known.first.len == 0) {
		CDR_TRY(cdr_first_make(&w->world, &w->close, cdr_buffer_bytes(&w->known.sums), w->key, &opener, &attachment));
		const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
		CDR_TRY(cdr_sha256(&part, 1, hash));
		message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
		message.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
		message.attachment_hash = cdr_message_field(hash, sizeof(hash));
		CDR_TRY(sign_answer(w, CDR_TALLY_FIRST_PATH, &message.base, &attachment, &request));
		CDR_TRY(cdr_round_first_put(w->trustee, w->round->hash, cdr_buffer_bytes(&request)));
		cdr_round_known_free(&w->known);
		CDR_TRY(cdr_round_known_read(w->trustee, w->round->hash, &w->known));
	}
	CDR_TRY(send_kept(w, CDR_TALLY_FIRST_PATH, &w->known.first));
	cdr_log(CDR_LOG_INFO, "round.first_answer", cdr_log_text("period", w->round->body->period),
	    cdr_log_int("members", (int64_t)w->close.body->members));
out:
	cdr_buffer_free(&attachment);
	cdr_buffer_free(&request);
	return err;
}

/* The first answers that the set names, verified. */
static cdr_err
read_firsts(struct work *w, struct cdr_answer_read *first)
{
	cdr_err err = CDR_E_INTERNAL;
	char kind[] = "first";
	Cdr__Wire__RoundEvidenceRequest request = CDR__WIRE__ROUND_EVIDENCE_REQUEST__INIT;
	const Cdr__Wire__OpeningSet *set = w->set.body;
	size_t next = 0;

	request.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	request.kind = kind;
	for (;;) {
		struct cdr_ask ask = { .path = "/v1/round/evidence", .message = &request.base,
			.reply_type = &cdr__wire__round_evidence__descriptor, .reply_max = CDR_BODY_ROUND_BAG_MAX };
		err = ask_hub(w, &ask);
		const Cdr__Wire__RoundEvidence *evidence = ask.reply;
		size_t got = err == CDR_OK ? evidence->n_request : 0;
		for (size_t i = 0; err == CDR_OK && i < got && next < set->n_answer; i++) {
			const struct cdr_bytes bytes = cdr_message_bytes(evidence->request[i]);
			uint8_t hash[CDR_SHA256_LEN];
			err = cdr_sha256(&bytes, 1, hash);
			if (err == CDR_OK && memcmp(set->answer[next]->hash.data, hash, sizeof(hash)) == 0) {
				err = cdr_first_read(&w->world, &w->close, cdr_buffer_bytes(&w->known.sums), w->key, bytes, &first[next], w->fault);
				next++;
			}
		}
		cdr_ask_free(&ask);
		if (err != CDR_OK || got == 0 || next == set->n_answer)
			break;
		request.from += (uint32_t)got;
	}
	if (err == CDR_OK && next < set->n_answer)
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub's list names a first answer of trustee %" PRIu32
		    ", but the hub does not show it", set->answer[next]->trustee);
	return err;
}

/* Open what the first answers leave to be opened, sign it and keep it. */
static cdr_err
make_second(struct work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_answer_read first[CDR_TRUSTEE_COUNT_MAX] = { { .trustee = 0 } };
	struct cdr_opening opening = { 0 };
	struct cdr_buffer attachment = { 0 }, request = { 0 };
	Cdr__Wire__RoundSecond message = CDR__WIRE__ROUND_SECOND__INIT;
	const struct cdr_opener opener = { w->trustee->index, w->share };
	uint8_t hash[CDR_SHA256_LEN];

	CDR_TRY(read_firsts(w, first));
	CDR_TRY(cdr_opening_make(&w->world, &w->close, &w->set, cdr_buffer_bytes(&w->known.sums), first, w->set.body->n_answer,
	    &opening, w->fault));
	CDR_TRY(cdr_second_make(&w->world, &w->set, &opening, &opener, &attachment));
	const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
	CDR_TRY(cdr_sha256(&part, 1, hash));
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
	message.set = cdr_message_field(w->set.hash, CDR_ROUND_HASH_LEN);
	message.attachment_hash = cdr_message_field(hash, sizeof(hash));
	CDR_TRY(sign_answer(w, CDR_TALLY_SECOND_PATH, &message.base, &attachment, &request));
	CDR_TRY(cdr_round_second_put(w->trustee, w->round->hash, w->set.hash, cdr_buffer_bytes(&request)));
	cdr_log(CDR_LOG_INFO, "round.opened", cdr_log_text("period", w->round->body->period),
	    cdr_log_int("cells", (int64_t)opening.open_count));
out:
	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++)
		cdr_answer_free(&first[i]);
	cdr_opening_free(&opening);
	cdr_buffer_free(&attachment);
	cdr_buffer_free(&request);
	return err;
}

static cdr_err
answer_second(struct work *w)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_set_read(w->task->set, &w->close, w->roster, w->trustee->genesis, &w->set, w->fault));
	if (w->known.has_set && memcmp(w->known.set_hash, w->set.hash, sizeof(w->set.hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub gave another list of first answers before: counts are opened once");
		goto out;
	}
	if (w->known.second.len == 0) {
		CDR_TRY(make_second(w));
		cdr_round_known_free(&w->known);
		CDR_TRY(cdr_round_known_read(w->trustee, w->round->hash, &w->known));
	}
	CDR_TRY(send_kept(w, CDR_TALLY_SECOND_PATH, &w->known.second));
out:
	return err;
}

/* ---- one round -------------------------------------------------------------------------------------------------- */

/* Our share of the round's key. Having none is no reason to refuse for good: it may be made later. */
static cdr_err
take_share(struct work *w)
{
	w->share = cdr_secret_alloc(CDR_SCALAR_LEN);
	if (w->share == NULL)
		return CDR_E_MEMORY;
	if (cdr_trustee_share_copy(w->trustee, CDR_KEY_STATISTICS, w->round->body->statistics_key, w->share) != CDR_OK)
		return cdr_fault_set(w->fault, CDR_E_BUSY, "this trustee has no share of statistics key %" PRIu32,
		    w->round->body->statistics_key);
	return CDR_OK;
}

/* What this trustee may have opened before it was put back from a backup it does not open: only what it has written down is sent. */
static cdr_err
check_memory(struct work *w)
{
	bool is_written = w->known.is_known && (w->task->set == NULL ? w->known.first.len : w->known.second.len) > 0, forgotten;

	if (is_written)
		return CDR_OK;
	cdr_err err = cdr_trustee_round_is_forgotten(w->trustee, w->round->body->last_month, &forgotten);
	if (err == CDR_OK && forgotten)
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "this trustee was put back from a backup and has forgotten what it opened of that "
		    "period: the others open it");
	return err;
}

static cdr_err
take_step(struct work *w)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_round_verify(w->round, w->roster, w->trustee->genesis, w->fault));
	CDR_TRY(cdr_close_read(w->task->close, w->round, w->roster, w->trustee->genesis, &w->close, w->fault));
	if (w->known.is_known && memcmp(w->known.close_hash, w->close.hash, sizeof(w->close.hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub gave another list of contributions before: a round is opened once");
		goto out;
	}
	CDR_TRY(check_memory(w));
	CDR_TRY(take_share(w));
	CDR_TRY(cdr_elgamal_new(w->round->body->public_key.data, &w->key));
	if (!w->known.is_known)
		CDR_TRY(examine(w));
	err = w->task->set == NULL ? answer_first(w) : answer_second(w);
out:
	return err;
}

/* Tell the hub, for the secretariat to see, and remember. */
static cdr_err
refuse(struct work *w, cdr_err why)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundRefuse message = CDR__WIRE__ROUND_REFUSE__INIT;
	char reason[CDR_FAULT_LEN];
	struct cdr_ask ask = { .path = "/v1/round/refuse", .message = &message.base };

	(void)memccpy(reason, w->fault->text[0] != '\0' ? w->fault->text : cdr_err_name(why), '\0', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	cdr_log(CDR_LOG_WARNING, "round.refused", cdr_log_text("period", w->round->body->period), cdr_log_err(why),
	    cdr_log_text("reason", reason));
	CDR_TRY(cdr_round_refusal_put(w->trustee, w->round, reason));
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.text = reason;
	CDR_TRY(ask_hub(w, &ask));
out:
	cdr_ask_free(&ask);
	return err;
}

static cdr_err
take_task(struct cdr_trustee *trustee, const struct cdr_roster *roster, const Cdr__Wire__RoundTask *task,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct work w = { .trustee = trustee, .roster = roster, .task = task, .fault = fault };
	struct cdr_buffer bytes = { 0 };

	CDR_TRY(cdr_message_encode(&task->round->base, &bytes));
	CDR_TRY(cdr_round_decode(cdr_buffer_bytes(&bytes), &w.round, fault));
	w.world = (struct cdr_tally_world){ w.round, roster, trustee->genesis };
	CDR_TRY(cdr_round_known_read(trustee, w.round->hash, &w.known));
	if (w.known.is_refused) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "this round was refused before");
		err = refuse(&w, err);
		goto out;
	}
	err = take_step(&w);
	if (err != CDR_OK && !is_passing(err))
		err = refuse(&w, err);
out:
	cdr_buffer_free(&bytes);
	work_free(&w);
	return err;
}

/* see node/trustee/round.h */
cdr_err
cdr_trustee_round_step(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, first = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	struct cdr_fault local = { CDR_OK, "" };
	struct cdr_ask ask = { .path = "/v1/round/work", .reply_type = &cdr__wire__round_work__descriptor,
		.reply_max = CDR_BODY_ROUND_BAG_MAX };

	if (fault == NULL)
		fault = &local;
	CDR_TRY(cdr_trustee_recovered(trustee, fault));
	err = cdr_trustee_ask(trustee, roster, &ask);
	if (err != CDR_OK) {
		*fault = ask.fault;
		goto out;
	}
	const Cdr__Wire__RoundWork *work = ask.reply;
	for (size_t i = 0; i < work->n_task; i++) {
		err = take_task(trustee, roster, work->task[i], fault);
		if (first == CDR_OK)
			first = err;
	}
	err = first;
out:
	cdr_ask_free(&ask);
	cdr_current_release(trustee->current, roster);
	return err;
}
