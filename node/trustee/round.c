#include "node/trustee/round.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/net/log.h"
#include "node/trustee/recover.h"
#include "node/trustee/round_work.h"
#include "node/trustee/share.h"

#define LEAVE_PASSES_MAX 16

static void
work_free(struct cdr_round_work *w)
{
	cdr_secret_free(w->share);
	cdr_round_known_free(&w->known);
	cdr_elgamal_free(w->key);
	cdr_set_free(&w->set);
	cdr_close_free(&w->close);
	cdr_shelf_free(&w->rosters);
	cdr_round_free(w->round);
}

/* What passes by itself, or is this machine's own trouble: no reason to refuse a round for good. */
static bool
is_passing(cdr_err err)
{
	return err == CDR_E_NETWORK || err == CDR_E_TIME || err == CDR_E_BUSY || err == CDR_E_STORE || err == CDR_E_MEMORY ||
	    err == CDR_E_INTERNAL || err == CDR_E_IO;
}

/* see node/trustee/round_work.h */
cdr_err
cdr_round_ask(const struct cdr_round_work *w, struct cdr_ask *ask)
{
	cdr_err err = cdr_trustee_ask(w->trustee, w->roster, ask);

	if (err != CDR_OK && w->fault != NULL)
		*w->fault = ask->fault;
	return err == CDR_OK || is_passing(err) || ask->answered ? err : CDR_E_NETWORK;
}

/* ---- adding up -------------------------------------------------------------------------------------------------- */

/* One contribution that the hub shows; those that its list does not name are of nobody's concern. */
static cdr_err
add_shown(struct cdr_round_work *w, struct cdr_tally *tally, struct cdr_bytes request, size_t *next)
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
add_all(struct cdr_round_work *w, struct cdr_tally *tally)
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
		err = cdr_round_ask(w, &ask);
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
examine(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_tally *tally = NULL;
	struct cdr_buffer sums = { 0 };
	uint8_t hash[CDR_SHA256_LEN];

	CDR_TRY(cdr_tally_new(&w->world, w->key, true, &tally));
	CDR_TRY(add_all(w, tally));
	CDR_TRY(cdr_tally_finish(tally, &sums, w->fault));
	const struct cdr_bytes part = cdr_buffer_bytes(&sums);
	CDR_TRY(cdr_sha256(&part, 1, hash));
	if (memcmp(w->close.body->sums_hash.data, hash, sizeof(hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub's sums are not those of the contributions in its list");
		goto out;
	}
	CDR_TRY(cdr_round_known_put(w->trustee, w->round, &w->close, part, w->fault));
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
send_kept(struct cdr_round_work *w, const char *path, const struct cdr_buffer *kept)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ask ask = { .path = path };

	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(kept), &ask.request));
	CDR_TRY(cdr_round_ask(w, &ask));
out:
	cdr_ask_free(&ask);
	return err;
}

/* Sign an answer to ${path}. */
static cdr_err
sign_answer(struct cdr_round_work *w, const char *path, const ProtobufCMessage *message, const struct cdr_buffer *attachment,
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

/* Whether an answer that was kept was made with the share that we have now: after a refresh it goes with no other. */
static cdr_err
is_current(struct cdr_round_work *w, const struct cdr_buffer *kept, const ProtobufCMessageDescriptor *type, bool *current)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	const ProtobufCMessage *body;
	const struct cdr_roster *roster;

	*current = false;
	if (kept->len == 0)
		return CDR_OK;
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(kept), &envelope));
	CDR_TRY(cdr_message_decode(&arena, type, envelope.body, &body));
	CDR_TRY(cdr_round_roster(&w->world, type == &cdr__wire__round_first__descriptor ?
	    ((const Cdr__Wire__RoundFirst *)body)->roster_version : ((const Cdr__Wire__RoundSecond *)body)->roster_version, &roster,
	    w->fault));
	*current = cdr_round_same_sharing(w->round, roster, w->roster);
out:
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	return err;
}

/* Our part in opening the flags, and our noise. */
static cdr_err
answer_first(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer attachment = { 0 }, request = { 0 };
	Cdr__Wire__RoundFirst message = CDR__WIRE__ROUND_FIRST__INIT;
	const struct cdr_opener opener = { w->trustee->index, w->share };
	uint8_t hash[CDR_SHA256_LEN];
	bool current;

	CDR_TRY(is_current(w, &w->known.first, &cdr__wire__round_first__descriptor, &current));
	if (!current) {
		CDR_TRY(cdr_first_make(&w->world, &w->close, cdr_buffer_bytes(&w->known.sums), w->key, &opener, &attachment));
		const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
		CDR_TRY(cdr_sha256(&part, 1, hash));
		message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
		message.close = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
		message.attachment_hash = cdr_message_field(hash, sizeof(hash));
		message.roster_version = w->roster->body->version;
		CDR_TRY(sign_answer(w, CDR_TALLY_FIRST_PATH, &message.base, &attachment, &request));
		CDR_TRY(cdr_round_first_put(w->trustee, w->round->hash, cdr_buffer_bytes(&request), w->known.first.len > 0));
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
read_firsts(struct cdr_round_work *w, struct cdr_answer_read *first)
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
		err = cdr_round_ask(w, &ask);
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
make_second(struct cdr_round_work *w)
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
	message.roster_version = w->roster->body->version;
	CDR_TRY(sign_answer(w, CDR_TALLY_SECOND_PATH, &message.base, &attachment, &request));
	CDR_TRY(cdr_round_second_put(w->trustee, w->round->hash, w->set.hash, cdr_buffer_bytes(&request), w->known.second.len > 0));
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
answer_second(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	bool current;

	CDR_TRY(cdr_set_read(&w->world, w->task->set, &w->close, &w->set, w->fault));
	CDR_TRY(cdr_round_admit_set(w));
	if (w->known.has_set && memcmp(w->known.set_hash, w->set.hash, sizeof(w->set.hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub gave another list of first answers before: counts are opened once");
		goto out;
	}
	CDR_TRY(is_current(w, &w->known.second, &cdr__wire__round_second__descriptor, &current));
	if (!current) {
		CDR_TRY(make_second(w));
		cdr_round_known_free(&w->known);
		CDR_TRY(cdr_round_known_read(w->trustee, w->round->hash, &w->known));
	}
	CDR_TRY(send_kept(w, CDR_TALLY_SECOND_PATH, &w->known.second));
out:
	return err;
}

/* ---- one round -------------------------------------------------------------------------------------------------- */

/*
 * Our share of the round's key, as the roster in force has it. Having none is no reason to refuse for good: it may be made later,
 * or a refresh is just coming into force.
 */
static cdr_err
take_share(struct cdr_round_work *w)
{
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(w->roster, w->round->body->statistics_key);
	uint32_t index = w->trustee->index;
	uint8_t point[CDR_POINT_LEN];

	w->share = cdr_secret_alloc(CDR_SCALAR_LEN);
	if (w->share == NULL)
		return CDR_E_MEMORY;
	if (key == NULL || index < 1 || index > key->n_public_share ||
	    cdr_trustee_share_copy(w->trustee, w->roster, CDR_KEY_STATISTICS, w->round->body->statistics_key, w->share) != CDR_OK)
		return cdr_fault_set(w->fault, CDR_E_BUSY, "this trustee has no share of statistics key %" PRIu32,
		    w->round->body->statistics_key);
	cdr_err err = cdr_group_mul_base(w->share, point);
	if (err == CDR_OK && memcmp(point, key->public_share[index - 1].data, sizeof(point)) != 0)
		err = cdr_fault_set(w->fault, CDR_E_BUSY, "the share of statistics key %" PRIu32 " is being renewed", key->number);
	return err;
}

/* The roster by which the round was closed: everything in it is judged by that one. */
static cdr_err
take_roster(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t version;

	w->world = (struct cdr_tally_world){ .round = w->round, .roster = w->roster, .genesis = w->trustee->genesis,
		.rosters = &w->rosters };
	CDR_TRY(cdr_close_roster_version(w->task->close, &version));
	if (version != w->roster->body->version)
		CDR_TRY(cdr_shelf_at(&w->rosters, version, &w->world.roster, w->fault));
	err = CDR_OK;
out:
	return err;
}

/* What this trustee may have opened before it was put back from a backup it does not open: only what it has written down is sent. */
static cdr_err
check_memory(struct cdr_round_work *w)
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
take_step(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(take_roster(w));
	CDR_TRY(cdr_round_verify(w->round, w->world.roster, w->trustee->genesis, w->fault));
	CDR_TRY(cdr_close_read(w->task->close, w->round, w->world.roster, w->trustee->genesis, &w->close, w->fault));
	if (w->known.is_known && memcmp(w->known.close_hash, w->close.hash, sizeof(w->close.hash)) != 0) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the hub gave another list of contributions before: a round is opened once");
		goto out;
	}
	CDR_TRY(check_memory(w));
	CDR_TRY(cdr_round_admit(w));
	CDR_TRY(take_share(w));
	CDR_TRY(cdr_elgamal_new(w->round->body->public_key.data, &w->key));
	if (!w->known.is_known)
		CDR_TRY(examine(w));
	err = w->task->set == NULL ? answer_first(w) : answer_second(w);
out:
	return err;
}

/* ---- refusing --------------------------------------------------------------------------------------------------- */

/* Tell the hub, for the secretariat to see, and remember. */
static cdr_err
refuse(struct cdr_round_work *w, cdr_err why)
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
	CDR_TRY(cdr_round_ask(w, &ask));
out:
	cdr_ask_free(&ask);
	return err;
}

/*
 * The secretariat gave the round up, or this trustee leaves: sign that it is never opened here, so that another one of the same months
 * may be. Who has answered in it cannot: what was answered stays opened.
 */
static cdr_err
promise_never(struct cdr_round_work *w, char *text)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundRefuse message = CDR__WIRE__ROUND_REFUSE__INIT;
	struct cdr_ask ask = { .path = "/v1/round/refuse", .message = &message.base };

	CDR_TRY(take_roster(w));
	CDR_TRY(cdr_close_read_head(w->task->close, w->round, w->world.roster, w->trustee->genesis, &w->close, w->fault));
	err = cdr_round_never_put(w->trustee, w->round, text, w->fault);
	if (err == CDR_E_REFUSED && w->leaves)
		return CDR_E_EXISTS; /* and nothing to sign */
	CDR_TRY(err);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.text = text;
	message.has_never = 1;
	message.never = cdr_message_field(w->close.hash, CDR_ROUND_HASH_LEN);
	CDR_TRY(cdr_round_ask(w, &ask));
	cdr_log(CDR_LOG_INFO, "round.never", cdr_log_text("period", w->round->body->period));
out:
	cdr_ask_free(&ask);
	return err;
}

static cdr_err
take_task(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	static char given_up[] = "given up by the secretariat", leaving[] = "this trustee leaves";
	struct cdr_buffer bytes = { 0 };

	cdr_round_shelf(w);
	CDR_TRY(cdr_message_encode(&w->task->round->base, &bytes));
	CDR_TRY(cdr_round_decode(cdr_buffer_bytes(&bytes), &w->round, w->fault));
	CDR_TRY(cdr_round_known_read(w->trustee, w->round->hash, &w->known));
	if (w->leaves || (w->task->has_given_up && w->task->given_up)) {
		err = promise_never(w, w->leaves ? leaving : given_up);
		goto out;
	}
	if (w->known.is_refused) {
		err = cdr_fault_set(w->fault, CDR_E_REFUSED, "this round was refused before");
		err = refuse(w, err);
		goto out;
	}
	err = take_step(w);
	if (err != CDR_OK && !is_passing(err))
		err = refuse(w, err);
out:
	cdr_buffer_free(&bytes);
	return err;
}

/* One task, with the newest roster that it needs. */
static cdr_err
take_fresh(struct cdr_trustee *trustee, const struct cdr_round_view *view, const Cdr__Wire__RoundTask *task, bool leaves,
    struct cdr_fault *fault)
{
	struct cdr_round_work w = { .trustee = trustee, .view = view, .task = task, .leaves = leaves, .fault = fault };
	uint64_t version;
	cdr_err err = cdr_close_roster_version(task->close, &version);

	if (err != CDR_OK)
		return err;
	w.roster = cdr_current_hold(trustee->current);
	if (version > w.roster->body->version) {
		cdr_current_release(trustee->current, w.roster);
		err = cdr_trustee_roster_update(trustee, NULL, fault);
		w.roster = cdr_current_hold(trustee->current);
	}
	if (err == CDR_OK)
		err = take_task(&w);
	work_free(&w);
	cdr_current_release(trustee->current, w.roster);
	return err;
}

/*
 * Ask the hub what waits, and take each task; ${done} is how many went well. What is returned is the first failure; one in which this
 * trustee has answered (CDR_E_EXISTS, if it leaves) hides no other.
 */
static cdr_err
take_all(struct cdr_trustee *trustee, bool leaves, size_t *done, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, first = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	struct cdr_round_view view = { 0 };
	struct cdr_round_again again = { .count = 0 };
	ProtobufCBinaryData field[CDR_ROUND_AGAIN_MAX];
	Cdr__Wire__RoundWorkRequest request = CDR__WIRE__ROUND_WORK_REQUEST__INIT;
	struct cdr_ask ask = { .path = "/v1/round/work", .message = &request.base, .reply_type = &cdr__wire__round_work__descriptor,
		.reply_max = CDR_BODY_ROUND_BAG_MAX };

	*done = 0;
	CDR_TRY(cdr_round_log_view(trustee, &view));
	CDR_TRY(cdr_round_again_read(trustee, &again));
	for (size_t i = 0; i < again.count; i++)
		field[i] = cdr_message_field(again.hash[i], CDR_ROUND_HASH_LEN);
	request.log_size = view.size;
	request.again = field;
	request.n_again = again.count;
	err = cdr_trustee_ask(trustee, roster, &ask);
	if (err != CDR_OK) {
		*fault = ask.fault;
		goto out;
	}
	if (again.count > 0)
		CDR_TRY(cdr_round_again_done(trustee));
	const Cdr__Wire__RoundWork *work = ask.reply;
	for (size_t i = 0; i < work->n_task; i++) {
		err = take_fresh(trustee, &view, work->task[i], leaves, fault);
		*done += err == CDR_OK;
		if (first == CDR_OK || (first == CDR_E_EXISTS && err != CDR_OK))
			first = err;
	}
	err = first;
out:
	cdr_ask_free(&ask);
	cdr_current_release(trustee->current, roster);
	return err;
}

/* see node/trustee/round.h */
cdr_err
cdr_trustee_round_step(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	struct cdr_fault local = { CDR_OK, "" };
	size_t done;
	cdr_err err = cdr_trustee_recovered(trustee, fault);

	return err == CDR_OK ? take_all(trustee, false, &done, fault != NULL ? fault : &local) : err;
}

/* see node/trustee/round.h */
cdr_err
cdr_trustee_round_leave(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	struct cdr_fault local = { CDR_OK, "" };
	size_t done = 1;
	cdr_err err = CDR_OK;

	if (fault == NULL)
		fault = &local;
	/* The hub shows some at a time; those in which this trustee answered it shows again, and there is nothing to sign. */
	for (size_t i = 0; i < LEAVE_PASSES_MAX && done > 0 && (err == CDR_OK || err == CDR_E_EXISTS); i++)
		err = take_all(trustee, true, &done, fault);
	if (err != CDR_OK && err != CDR_E_EXISTS)
		return err;
	return done == 0 ? CDR_OK : cdr_fault_set(fault, CDR_E_BUSY, "the hub shows more rounds to be signed away than there can be at once: do the "
	    "same again, and if it goes on so, ask the hub's operator");
}
