#include "audit/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/json.h"
#include "proto/exchange.pb-c.h"

#define CHECKPOINT_PATH "/v1/log/checkpoint"
#define CONTRADICTIONS_PATH "/v1/witness/contradictions"
#define HASH CDR_MERKLE_HASH_LEN
#define ARENAS 5 /* request, reply, refusal, two receipts */

/* The file, taken apart. What it lacks is empty. */
struct judging {
	struct cdr_roster *const *rosters;
	size_t roster_count;
	const uint8_t *genesis;
	json_t *json;
	struct cdr_arena arena[ARENAS];            /* one for each message */
	size_t arena_count;
	struct cdr_buffer request_bytes, reply_bytes;
	struct cdr_envelope request_envelope, reply_envelope;
	const Cdr__Wire__CheckpointRequest *request;
	const Cdr__Wire__CheckpointReply *reply;   /* NULL: the hub refused */
	char refusal[32];                          /* its code then */
	struct cdr_checkpoint asked;               /* what the request held up to the hub: the hub's own signature */
	struct cdr_checkpoint shown, newest, trustee;
	cdr_err shown_err;                         /* of reading what the hub showed */
	struct cdr_evidence *evidence;
	struct cdr_fault *fault;
};

static struct cdr_arena *
next_arena(struct judging *j)
{
	return &j->arena[j->arena_count++ % ARENAS]; /* no file makes it decode more */
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* A field in hexadecimal; left empty if it is not there. */
static cdr_err
read_hex(const json_t *from, const char *name, struct cdr_buffer *out, struct cdr_fault *fault)
{
	const char *text = json_string_value(json_object_get(from, name));
	size_t len = text != NULL ? strlen(text) / 2 : 0;

	*out = (struct cdr_buffer){ NULL, 0 };
	if (len == 0)
		return CDR_OK;
	out->data = malloc(len);
	if (out->data == NULL)
		return CDR_E_MEMORY;
	out->len = len;
	if (cdr_hex_read(text, out->data, len) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is not in hexadecimal", name);
}

/* A checkpoint as the newest roster that knows all its signers reads it: keys of trustees come and go. */
static cdr_err
read_checkpoint(const struct judging *j, struct cdr_bytes bytes, struct cdr_checkpoint *checkpoint)
{
	struct cdr_checkpoint read;
	cdr_err err = CDR_E_INPUT;

	memset(checkpoint, 0, sizeof(*checkpoint));
	for (size_t i = j->roster_count; i > 0; i--) {
		cdr_err this = cdr_checkpoint_read(bytes, j->genesis, j->rosters[i - 1], &read, NULL);
		if (this == CDR_OK && (err != CDR_OK || read.cosignature_count > checkpoint->cosignature_count))
			*checkpoint = read;
		if (this == CDR_OK || err != CDR_OK)
			err = this;
		if (this == CDR_E_MEMORY)
			break;
	}
	return err;
}

static cdr_err
read_note(const struct judging *j, const char *name, struct cdr_checkpoint *checkpoint)
{
	const char *text = json_string_value(json_object_get(j->json, name));

	memset(checkpoint, 0, sizeof(*checkpoint));
	if (text == NULL)
		return CDR_OK;
	cdr_err err = read_checkpoint(j, (struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, checkpoint);
	return err == CDR_OK || err == CDR_E_MEMORY ? err :
						      cdr_fault_set(j->fault, err, "\"%s\" is not signed by the hub of this exchange", name);
}

/* One message may read as another: what names an error is a refusal, whatever else it could be. */
static bool
take_refusal(struct judging *j)
{
	const Cdr__Wire__Refusal *refusal;

	if (cdr_message_decode(next_arena(j), &cdr__wire__refusal__descriptor, j->reply_envelope.body, &refusal) != CDR_OK)
		return false;
	for (int err = CDR_E_INTERNAL; err < CDR_E_COUNT; err++)
		if (strcmp(cdr_err_name((cdr_err)err), refusal->code) == 0) {
			(void)snprintf(j->refusal, sizeof(j->refusal), "%s", refusal->code);
			return true;
		}
	return false;
}

/* What the node asked and the hub answered. The answer's signature covers both. */
static cdr_err
read_exchange(struct judging *j)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(read_hex(j->json, "request", &j->request_bytes, j->fault));
	CDR_TRY(read_hex(j->json, "reply", &j->reply_bytes, j->fault));
	if (j->request_bytes.len == 0 || j->reply_bytes.len == 0)
		return CDR_OK;
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&j->request_bytes), &j->request_envelope));
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&j->reply_bytes), &j->reply_envelope));
	err = cdr_envelope_verify_reply(&j->reply_envelope, j->rosters[0]->body->hub->signing_key.data, j->genesis, CHECKPOINT_PATH,
	    cdr_buffer_bytes(&j->request_bytes));
	if (err != CDR_OK) {
		cdr_fault_set(j->fault, err, "\"reply\" is not the hub's signed answer to \"request\"");
		goto out;
	}
	CDR_TRY(cdr_message_decode(next_arena(j), &cdr__wire__checkpoint_request__descriptor, j->request_envelope.body, &j->request));
	if (j->request->has_seen) {
		err = read_checkpoint(j, cdr_message_bytes(j->request->seen), &j->asked);
		if (err != CDR_OK || j->asked.size != j->request->from)
			j->asked = (struct cdr_checkpoint){ 0 };
		CDR_TRY(err == CDR_E_MEMORY ? err : CDR_OK);
	}
	err = cdr_message_decode(next_arena(j), &cdr__wire__checkpoint_reply__descriptor, j->reply_envelope.body, &j->reply);
	j->shown_err = err != CDR_OK ? err : read_checkpoint(j, cdr_message_bytes(j->reply->checkpoint), &j->shown);
	if (j->shown_err == CDR_E_INPUT && take_refusal(j))
		j->reply = NULL;
	err = err == CDR_E_MEMORY || j->shown_err == CDR_E_MEMORY ? CDR_E_MEMORY : CDR_OK;
out:
	return err;
}

/* The receipt in a field. */
static cdr_err
read_receipt(struct judging *j, const char *name, uint64_t *place, struct cdr_leaf *leaf, uint8_t hash[static HASH])
{
	struct cdr_buffer bytes;
	const Cdr__Wire__Receipt *receipt;

	cdr_err err = read_hex(j->json, name, &bytes, j->fault);
	if (err == CDR_OK)
		err = cdr_message_decode(next_arena(j), &cdr__wire__receipt__descriptor, cdr_buffer_bytes(&bytes), &receipt);
	if (err == CDR_OK)
		err = cdr_receipt_read(receipt, j->genesis, j->rosters[0]->body->hub->signing_key.data, leaf, hash);
	if (err == CDR_OK)
		*place = receipt->position;
	else if (err != CDR_E_MEMORY)
		cdr_fault_set(j->fault, err, "\"%s\" is no receipt of the hub of this exchange", name);
	cdr_buffer_free(&bytes);
	return err;
}

/* ---- judging ------------------------------------------------------------------------------------------------- */

static cdr_err
not_shown(const struct judging *j, const char *why)
{
	return cdr_fault_set(j->fault, CDR_E_PROOF, "%s", why);
}

/* How many cosignatures are enough: as few as any roster asks for. */
static bool
is_witnessed(const struct judging *j)
{
	for (size_t i = 0; i < j->roster_count; i++)
		if (cdr_checkpoint_is_witnessed(&j->shown, j->rosters[i]))
			return true;
	return false;
}

static cdr_err
judge_unreadable(struct judging *j)
{
	return j->reply != NULL && j->shown_err != CDR_OK ? CDR_OK : not_shown(j, "the hub showed a checkpoint, or refused to");
}

/*
 * Who a trustee is, rosters say. A folder from before the one that the node went by does not know them all, and would make an honest hub a liar.
 * Of the file's own roster nothing counts but its version: who makes that up only keeps his file from being judged.
 */
static cdr_err
check_rosters_known(const struct judging *j)
{
	struct cdr_buffer bytes;
	struct cdr_roster *roster = NULL;
	const uint64_t last = j->rosters[j->roster_count - 1]->body->version;

	cdr_err err = read_hex(j->json, "roster", &bytes, j->fault);
	if (err == CDR_OK)
		err = cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, NULL);
	if (err == CDR_OK && roster->body->version > last)
		err = cdr_fault_set(j->fault, CDR_E_ABSENT, "the file was written under roster version %" PRIu64 ", and the folder knows those up to %" PRIu64
		    ": take a newer export", roster->body->version, last);
	else if (err != CDR_OK && err != CDR_E_MEMORY)
		err = cdr_fault_set(j->fault, CDR_E_INPUT, "it does not say under which roster it was written");
	cdr_roster_free(roster);
	cdr_buffer_free(&bytes);
	return err;
}

static cdr_err
judge_unwitnessed(struct judging *j)
{
	cdr_err err = check_rosters_known(j);

	if (err != CDR_OK)
		return err;
	return j->reply != NULL && j->shown_err == CDR_OK && !is_witnessed(j) ?
	    CDR_OK : not_shown(j, "what the hub showed has enough cosignatures, or it showed nothing");
}

static cdr_err
judge_stale(struct judging *j)
{
	return not_shown(j, "whether trustees could be asked, and what time it was, is the node's word alone");
}

/* The request held the hub's signature on a longer log up to it: no honest hub has lost that. */
static cdr_err
judge_shorter(struct judging *j)
{
	if (j->asked.size == 0)
		return not_shown(j, "the request does not hold a checkpoint up to the hub");
	if (strcmp(j->refusal, cdr_err_name(CDR_E_ABSENT)) == 0)
		return CDR_OK;
	return j->reply != NULL && j->shown_err == CDR_OK && j->shown.size < j->asked.size ?
	    CDR_OK : not_shown(j, "the hub did not show a shorter log than it had signed");
}

/* Whether what the hub showed continues what it had signed, by its own proof. */
static bool
is_continued(const struct judging *j)
{
	const ProtobufCBinaryData *hashes = &j->reply->extension;

	return j->shown.size >= j->asked.size && hashes->len % HASH == 0 &&
	    cdr_merkle_verify_extend(j->asked.size, j->asked.root, j->shown.size, j->shown.root, hashes->data, hashes->len / HASH) ==
	    CDR_OK;
}

static cdr_err
judge_rewritten(struct judging *j)
{
	if (j->asked.size == 0 || j->reply == NULL || j->shown_err != CDR_OK || j->shown.size < j->asked.size || is_continued(j))
		return not_shown(j, "what the hub showed continues what it had signed, or it showed nothing");
	(void)cdr_checkpoint_fork(&j->asked, &j->shown, j->evidence->parties, sizeof(j->evidence->parties));
	return CDR_OK;
}

/* Whether the hub was asked to prove a leaf. */
static bool
is_asked_for(const struct judging *j, uint64_t place)
{
	for (size_t i = 0; j->request != NULL && i < j->request->n_position; i++)
		if (j->request->position[i] == place)
			return true;
	return false;
}

static cdr_err
judge_missing(struct judging *j)
{
	uint8_t hash[HASH];
	struct cdr_leaf leaf;
	uint64_t place;

	cdr_err err = read_receipt(j, "receipt", &place, &leaf, hash);
	if (err != CDR_OK)
		return err;
	if (!is_asked_for(j, place) || j->reply == NULL || j->shown_err != CDR_OK || j->shown.size <= place)
		return not_shown(j, "the hub was not asked for the leaf of the receipt, or showed no log that should hold it");
	struct cdr_bytes proof = cdr_checkpoint_proof(j->reply, place);
	if (proof.len % HASH != 0 ||
	    cdr_merkle_verify_include(hash, place, j->shown.size, proof.data, proof.len / HASH, j->shown.root) != CDR_OK)
		return CDR_OK;
	return not_shown(j, "the hub proved that its log holds the leaf of the receipt");
}

/* The trustees' clocks say how much later than the act they saw a log without it. */
static cdr_err
judge_late(struct judging *j)
{
	uint8_t hash[HASH];
	struct cdr_leaf leaf;
	uint64_t place, at = 0;

	cdr_err err = read_receipt(j, "receipt", &place, &leaf, hash);
	if (err != CDR_OK)
		return err;
	for (size_t i = 0; i < j->roster_count && at == 0; i++)
		at = cdr_checkpoint_time(&j->shown, j->rosters[i]);
	if (j->reply == NULL || j->shown_err != CDR_OK || j->shown.size > place || at <= leaf.at + CDR_EVIDENCE_LATE_S)
		return not_shown(j, "the trustees did not cosign a log without the leaf so long after the act");
	return CDR_OK;
}

static cdr_err
judge_twice(struct judging *j)
{
	uint8_t one[HASH], other[HASH];
	struct cdr_leaf leaf;
	uint64_t place, place_other;

	cdr_err err = read_receipt(j, "receipt", &place, &leaf, one);
	if (err == CDR_OK)
		err = read_receipt(j, "other_receipt", &place_other, &leaf, other);
	if (err == CDR_OK && (place != place_other || memcmp(one, other, HASH) == 0))
		err = not_shown(j, "the two receipts are not for two acts at one place");
	return err;
}

static bool
is_same(const struct cdr_checkpoint *a, const struct cdr_checkpoint *b)
{
	return a->size == b->size && memcmp(a->root, b->root, HASH) == 0;
}

/*
 * Two logs of one length. Or the hub was asked to continue the longer one, which it had signed, and to prove that it begins with the
 * shorter one: with the cosignatures of those who signed for another beginning, if it proves that.
 */
static cdr_err
judge_split(struct judging *j)
{
	const struct cdr_checkpoint *longer = j->newest.size > j->trustee.size ? &j->newest : &j->trustee;
	const struct cdr_checkpoint *part = longer == &j->newest ? &j->trustee : &j->newest;
	struct cdr_checkpoint other = *longer;
	uint64_t place[CDR_CHECKPOINT_BEGIN_PLACES];

	if (j->trustee.size == 0)
		return not_shown(j, "what the trustee saw is not in the file");
	bool differs = part->size == longer->size && !is_same(part, longer);
	if (part->size < longer->size && is_same(&j->asked, longer)) {
		bool is_shown = j->reply != NULL && j->shown_err == CDR_OK;
		differs = strcmp(j->refusal, cdr_err_name(CDR_E_ABSENT)) == 0 || (is_shown && !is_continued(j));
		cdr_checkpoint_ask_begin(part, place);
		if (!differs && is_shown && part->size > 0 && is_asked_for(j, place[0]) && is_asked_for(j, place[1])) {
			cdr_err err = cdr_checkpoint_begin(&j->shown, j->reply, part, &other);
			if (err == CDR_E_MEMORY)
				return err;
			differs = err != CDR_OK;
		}
	}
	if (!differs)
		return not_shown(j, "what the trustee saw does not contradict what the hub showed");
	(void)cdr_checkpoint_fork(&other, part, j->evidence->parties, sizeof(j->evidence->parties));
	return CDR_OK;
}

/* ---- what trustees say ----------------------------------------------------------------------------------------- */

/* Whether trustee ${trustee} signed that the check at ${place} was answered from an old index, in one of the file's words. */
static cdr_err
is_said(const struct judging *j, const Cdr__Wire__Trustee *trustee, const json_t *word, uint64_t place, bool *said)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_buffer request = { NULL, 0 }, reply = { NULL, 0 };
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__ContradictionsReply *told;

	CDR_TRY(read_hex(word, "request", &request, NULL));
	CDR_TRY(read_hex(word, "reply", &reply, NULL));
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&reply), &envelope));
	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	if (strcmp(envelope.signer, name) != 0)
		goto out;
	err = cdr_envelope_verify_reply(&envelope, trustee->party->signing_key.data, j->genesis, CONTRADICTIONS_PATH, cdr_buffer_bytes(&request));
	if (err == CDR_OK)
		err = cdr_message_decode(&arena, &cdr__wire__contradictions_reply__descriptor, envelope.body, &told);
	for (size_t i = 0; err == CDR_OK && i < told->n_old_index; i++)
		*said |= told->old_index[i] == place;
out:
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&request);
	cdr_buffer_free(&reply);
	return err == CDR_E_MEMORY ? err : CDR_OK; /* what is not signed so is nobody's word */
}

/* How many trustees of ${roster} said so; who, is named. */
static cdr_err
count_words(const struct judging *j, const struct cdr_roster *roster, uint64_t place, size_t *count)
{
	cdr_err err = CDR_OK;
	const json_t *words = json_object_get(j->json, "words");
	char *names = j->evidence->parties;
	size_t len = 0;

	*count = 0;
	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *trustee = roster->body->trustee[i];
		bool said = false;
		for (size_t k = 0; err == CDR_OK && !said && k < json_array_size(words) && k < CDR_TRUSTEE_COUNT_MAX; k++)
			err = is_said(j, trustee, json_array_get(words, k), place, &said);
		if (said && len < sizeof(j->evidence->parties))
			len += (size_t)snprintf(names + len, sizeof(j->evidence->parties) - len, "%strustee/%" PRIu32, len > 0 ? ", " : "", trustee->index);
		*count += said;
	}
	return err;
}

/* The changes of the index are shown to trustees alone: of those as many must say it as any roster asks for. */
static cdr_err
judge_old_index(struct judging *j)
{
	uint8_t hash[HASH];
	struct cdr_leaf leaf;
	uint64_t place;
	size_t count = 0;

	cdr_err err = read_receipt(j, "receipt", &place, &leaf, hash);
	if (err == CDR_OK && leaf.kind != CDR_LEAF_CHECK_OPENED)
		return not_shown(j, "the receipt is not of a check");
	if (err == CDR_OK)
		err = check_rosters_known(j);
	for (size_t i = j->roster_count; err == CDR_OK && i > 0; i--) {
		err = count_words(j, j->rosters[i - 1], place, &count);
		if (err == CDR_OK && count >= j->rosters[i - 1]->body->threshold)
			return CDR_OK;
	}
	return err != CDR_OK ? err : not_shown(j, "too few trustees have signed that the check was answered from an old index");
}

/* Nothing that a hub signs says when it gave no newer roster, or that it had one by then. */
static cdr_err
judge_withheld(struct judging *j)
{
	return not_shown(j, "that the hub kept a roster back rests on the node's word; the roster itself is in the file");
}

static const struct {
	const char *finding;
	cdr_err (*judge)(struct judging *j);
} judges[] = {
	{ "unreadable", judge_unreadable },
	{ "unwitnessed", judge_unwitnessed },
	{ "stale", judge_stale },
	{ "shorter", judge_shorter },
	{ "rewritten", judge_rewritten },
	{ "missing", judge_missing },
	{ "late", judge_late },
	{ "twice", judge_twice },
	{ "split", judge_split },
	{ "withheld", judge_withheld },
	{ "missing_of_trustee", judge_missing },
	{ "old_index", judge_old_index },
	{ "two_histories", judge_split }, /* between what the trustee keeps and another word of the hub's */
};

static cdr_err
judge(struct judging *j)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *finding = json_string_value(json_object_get(j->json, "finding"));
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	const char *text = json_string_value(json_object_get(j->json, "genesis"));

	if (finding == NULL || text == NULL || cdr_hex_read(text, genesis, sizeof(genesis)) != CDR_OK)
		return cdr_fault_set(j->fault, CDR_E_INPUT, "it does not say what was found, or in which exchange");
	(void)snprintf(j->evidence->finding, sizeof(j->evidence->finding), "%s", finding);
	if (memcmp(genesis, j->genesis, sizeof(genesis)) != 0)
		return cdr_fault_set(j->fault, CDR_E_ROSTER, "it is of another exchange than the rosters");
	CDR_TRY(read_exchange(j));
	CDR_TRY(read_note(j, "checkpoint", &j->newest));
	CDR_TRY(read_note(j, "checkpoint_of_trustee", &j->trustee));
	j->evidence->size = j->shown.size;
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++)
		if (strcmp(judges[i].finding, finding) == 0)
			return judges[i].judge(j);
	err = cdr_fault_set(j->fault, CDR_E_INPUT, "\"finding\" names nothing that can be judged");
out:
	return err;
}

/* see audit/evidence.h */
cdr_err
cdr_evidence_judge(struct cdr_bytes json, struct cdr_roster *const *rosters, size_t count, struct cdr_evidence *evidence,
    struct cdr_fault *fault)
{
	struct judging j = { .rosters = rosters, .roster_count = count, .evidence = evidence, .fault = fault };
	int line, column;

	*evidence = (struct cdr_evidence){ .parties = "hub" };
	if (json.len > CDR_EVIDENCE_LEN_MAX || count == 0)
		return CDR_E_INPUT;
	j.genesis = rosters[0]->hash;
	j.json = cdr_json_read(json, &line, &column);
	cdr_err err = j.json != NULL ? judge(&j) : cdr_fault_set(fault, CDR_E_INPUT, "it is not JSON");
	json_decref(j.json);
	cdr_envelope_free(&j.request_envelope);
	cdr_envelope_free(&j.reply_envelope);
	cdr_buffer_free(&j.request_bytes);
	cdr_buffer_free(&j.reply_bytes);
	for (size_t i = 0; i < ARENAS; i++)
		cdr_arena_free(&j.arena[i]);
	return err;
}
