#include "node/member/guest.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/email.h"
#include "node/member/hook.h"
#include "node/member/guest_parts.h"
#include "node/member/wire.h"

/* Answers of guests on their way in: see node/member/guest.h. */

#define DAY_S 86400
#define VALID_DAYS 180

/* One answer, from whatever way it came. */
struct taking {
	struct cdr_member *member;
	const struct cdr_guest_parcel *parcel;  /* NULL: on paper */
	const char *channel;
	struct cdr_bytes scan;                  /* on paper */
	enum cdr_guest_outcome *outcome;
	struct cdr_fault *fault;

	const uint8_t *id;
	uint8_t response[CDR_ID_LEN];
	uint64_t asked_at, due_at, answered_at;
	bool is_ended;
	uint8_t request_hash[CDR_SHA256_LEN];
	struct cdr_buffer keys;                 /* secret */
	struct cdr_statement *statement;        /* personal */
	char organisation[CDR_NAME_LEN], contact[CDR_NAME_LEN];
};

/* ---- opening and judging ---------------------------------------------------------------------------------------------------- */

/* The request that it answers. CDR_E_ABSENT if there is none. */
static cdr_err
read_request(struct cdr_tx *tx, struct taking *taking)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;

	CDR_TRY(cdr_query_start(tx, "SELECT keys, request_hash, asked_at, due_at, answered_at FROM guest WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_GUEST_KEYS_LEN + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_query_blob(query, 1, taking->request_hash, sizeof(taking->request_hash)));
	CDR_TRY(cdr_query_count(query, 2, &taking->asked_at));
	CDR_TRY(cdr_query_count(query, 3, &taking->due_at));
	CDR_TRY(cdr_query_count(query, 4, &taking->answered_at));
	taking->is_ended = sealed.len == 0;
	err = CDR_OK;
	if (!taking->is_ended)
		err = cdr_seal_open(taking->member->home->keys->column, CDR_GUEST_KEYS_PURPOSE,
		    (struct cdr_bytes){ taking->id, CDR_ID_LEN }, sealed, &taking->keys);
	if (err == CDR_E_SEALED || (err == CDR_OK && !taking->is_ended && taking->keys.len != CDR_GUEST_KEYS_LEN))
		err = CDR_E_STORE;
out:
	cdr_query_end(query);
	return err;
}

/* A line that the guest wrote about itself. */
static cdr_err
read_line(json_t *object, const char *key, char out[static CDR_NAME_LEN], struct cdr_fault *fault)
{
	json_t *value = json_object_get(object, key);

	if (json_is_string(value) &&
	    cdr_text_clean(json_string_value(value), json_string_length(value), false, out, CDR_NAME_LEN) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "%s: missing, too long or no text", key);
}

/* The JSON inside an answer, with the statement in it. */
static cdr_err
read_answer(struct taking *taking, const struct cdr_buffer *answer)
{
	cdr_err err = CDR_E_INPUT;
	int line = 0, column = 0;
	char *text = NULL;
	json_t *object = cdr_json_read(cdr_buffer_bytes(answer), &line, &column);

	if (!json_is_object(object) || json_integer_value(json_object_get(object, "format")) != 1) {
		err = cdr_fault_set(taking->fault, err, "the answer is of a form that this program does not know: update the program");
		goto out;
	}
	CDR_TRY(read_line(object, "organisation", taking->organisation, taking->fault));
	CDR_TRY(read_line(object, "contact", taking->contact, taking->fault));
	text = json_dumps(json_object_get(object, "statement"), JSON_COMPACT);
	if (text == NULL) {
		err = cdr_fault_set(taking->fault, CDR_E_INPUT, "statement: missing");
		goto out;
	}
	CDR_TRY(cdr_statement_from_json((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, taking->statement, taking->fault));
	if (memcmp(taking->statement->request_id, taking->id, CDR_ID_LEN) != 0 ||
	    memcmp(taking->statement->response_id, taking->response, CDR_ID_LEN) != 0) {
		err = cdr_fault_set(taking->fault, CDR_E_INPUT, "request_id: the answer names another request than the one that it came for");
		goto out;
	}
	err = CDR_OK;
out:
	cdr_json_free(text);
	json_decref(object);
	return err;
}

/* A guest's clock may be wrong; what counts is when the answer came. A statement is a snapshot, and so is its validity. */
static void
settle_times(struct taking *taking)
{
	struct cdr_statement *s = taking->statement;
	int64_t now = (int64_t)cdr_member_now();

	if (s->signed_at > now + DAY_S || s->signed_at < (int64_t)taking->asked_at - DAY_S) {
		s->signed_at = now;
		s->valid_until = cdr_member_day(now + VALID_DAYS * DAY_S);
	}
}

/* The rules of every statement; whoever answers is no member. */
static cdr_err
judge(struct taking *taking)
{
	struct cdr_record_rules rules;
	struct cdr_statement *s = taking->statement;

	memset(s->responder, 0, sizeof(s->responder));
	memcpy(s->responder, CDR_GUEST_RESPONDER, sizeof(CDR_GUEST_RESPONDER));
	memset(s->supersedes, 0, sizeof(s->supersedes));
	cdr_member_rules(taking->member, &rules);
	rules.today = cdr_member_day(s->signed_at);
	return cdr_statement_validate(s, &rules, taking->fault);
}

/* CDR_OK; CDR_E_MEMORY or CDR_E_INTERNAL for a fault of ours; anything else is the answer's. */
static cdr_err
open_answer(struct taking *taking)
{
	const struct cdr_guest_binding binding = { taking->id, taking->keys.data, taking->request_hash };
	struct cdr_buffer answer;

	cdr_err err = cdr_guest_answer_open(&binding, taking->keys.data + CDR_GUEST_SECRET_LEN, taking->response,
	    (struct cdr_bytes){ taking->parcel->sealed, sizeof(taking->parcel->sealed) }, &answer);
	if (err == CDR_E_SEALED)
		return cdr_fault_set(taking->fault, err, "it was not sealed to this request, or was changed on its way");
	if (err == CDR_OK)
		err = read_answer(taking, &answer);
	cdr_buffer_free(&answer);
	if (err != CDR_OK)
		return err;
	settle_times(taking);
	return judge(taking);
}

/* ---- keeping ------------------------------------------------------------------------------------------------------------------- */

static cdr_err
insert_statement(struct cdr_tx *tx, const struct taking *taking, uint64_t number)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 };
	char *text = NULL;

	CDR_TRY(cdr_statement_to_json(taking->statement, &text));
	CDR_TRY(cdr_guest_seal_json(taking->member, CDR_GUEST_STATEMENT_PURPOSE, taking->response,
	    json_pack("{s:s, s:s, s:o}", "organisation", taking->organisation, "contact", taking->contact, "statement",
		json_loads(text, 0, NULL)), &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO guest_statement (request_id, response, number, at, channel, state, sealed)"
	    " VALUES ($1, $2, $3, $4, $5, 'current', $6)",
	    CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN), cdr_value_blob(taking->response, CDR_ID_LEN),
		cdr_value_int((int64_t)number), cdr_value_int((int64_t)cdr_member_now()), cdr_value_text(taking->channel),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)))));
	err = CDR_OK;
out:
	cdr_json_free(text);
	cdr_buffer_free(&sealed);
	return err;
}

/* Figures of the annual return: the first answer counts as one, a later one as a correction. */
static cdr_err
count(struct cdr_tx *tx, const struct taking *taking)
{
	uint64_t now = cdr_member_now();

	if (taking->answered_at != 0)
		return cdr_count_add(tx, CDR_COUNT_STATEMENT_SUPERSEDED, cdr_count_year(now), 1);
	cdr_err err = cdr_count_response(tx, CDR_COUNT_OTHERS, taking->asked_at, taking->due_at, now);
	return err != CDR_OK ? err : cdr_count_statement(tx, taking->member->codebook, taking->statement, false, cdr_count_year(now));
}

/* What came by another way than the link closes the link; what came by the link has closed it at the hub. */
static cdr_err
close_link(struct cdr_tx *tx, const struct taking *taking)
{
	struct cdr_values values = CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN));

	if (strcmp(taking->channel, "guest_link") == 0)
		return cdr_query_run(tx, "UPDATE guest SET link = 'answered' WHERE id = $1 AND link IN ('waiting', 'open')", values);
	cdr_err err = cdr_query_run(tx, "UPDATE guest SET link = 'ended' WHERE id = $1 AND link IN ('none', 'waiting')", values);
	return err != CDR_OK ? err : cdr_query_run(tx, "UPDATE guest SET link = 'ending' WHERE id = $1 AND link IN ('open', 'answered')",
	    values);
}

static cdr_err
keep_scan(struct cdr_tx *tx, const struct taking *taking, uint64_t number)
{
	struct cdr_buffer sealed = { 0 };

	if (taking->scan.len == 0)
		return CDR_OK;
	cdr_err err = cdr_seal(taking->member->home->keys->column, CDR_GUEST_SCAN_PURPOSE,
	    (struct cdr_bytes){ taking->id, CDR_ID_LEN }, taking->scan, &sealed);
	if (err == CDR_OK)
		err = cdr_query_run(tx, "INSERT INTO guest_scan (request_id, number, at, sealed) VALUES ($1, $2, $3, $4)",
		    CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN), cdr_value_int((int64_t)number),
			cdr_value_int((int64_t)cdr_member_now()), cdr_value_bytes(cdr_buffer_bytes(&sealed))));
	cdr_buffer_free(&sealed);
	return err;
}

static cdr_err
keep(struct cdr_tx *tx, struct taking *taking)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value id = cdr_value_blob(taking->id, CDR_ID_LEN), now = cdr_value_int((int64_t)cdr_member_now());
	const struct cdr_codebook *codebook = taking->member->codebook;
	int64_t before;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM guest_statement WHERE request_id = $1", CDR_VALUES(id), &before));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest_statement SET state = 'superseded' WHERE request_id = $1", CDR_VALUES(id)));
	CDR_TRY(insert_statement(tx, taking, (uint64_t)before + 1));
	CDR_TRY(keep_scan(tx, taking, (uint64_t)before + 1));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET status = $1, result = $2, channel = $3, changed_at = $4, next_at = 0 WHERE id = $5",
	    CDR_VALUES(cdr_value_text(cdr_check_status_of(taking->statement, codebook)),
		cdr_value_text(cdr_statement_result(taking->statement, codebook)), cdr_value_text(taking->channel), now, id)));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET answered_at = $1 WHERE id = $2 AND answered_at = 0", CDR_VALUES(now, id)));
	CDR_TRY(close_link(tx, taking));
	CDR_TRY(cdr_guest_note(tx, taking->id, taking->channel, before > 0 ? "superseded" : "answered"));
	if (before > 0) /* HR looks again: what was said before is not what counts */
		CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, taking->id));
	CDR_TRY(count(tx, taking));
	CDR_TRY(cdr_hook_event(tx, CDR_HOOK_ANSWER, taking->id));
	CDR_TRY(cdr_trail_add(tx, taking->member->who, "guest.answer", taking->id));
	*taking->outcome = before > 0 ? CDR_GUEST_SUPERSEDED : CDR_GUEST_TAKEN;
	err = CDR_OK;
out:
	return err;
}

static cdr_err
note_unread(struct cdr_tx *tx, const struct taking *taking)
{
	cdr_err err = cdr_query_run(tx, "UPDATE guest SET unread = unread + 1 WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN)));

	*taking->outcome = CDR_GUEST_UNREAD;
	return err != CDR_OK ? err : cdr_guest_note(tx, taking->id, taking->channel, "unreadable");
}

static cdr_err
is_known(struct cdr_tx *tx, const struct taking *taking, bool *known)
{
	int64_t count = 0;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM guest_statement WHERE request_id = $1 AND response = $2",
	    CDR_VALUES(cdr_value_blob(taking->id, CDR_ID_LEN), cdr_value_blob(taking->response, CDR_ID_LEN)), &count);

	*known = count > 0;
	return err;
}

/* ---- by link and by file ----------------------------------------------------------------------------------------------------------- */

/* A writing job. */
static cdr_err
take_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct taking *taking = context;
	bool known;

	err = read_request(tx, taking);
	if (err == CDR_E_ABSENT) {
		*taking->outcome = CDR_GUEST_NOT_OURS;
		return CDR_OK;
	}
	CDR_TRY(err);
	CDR_TRY(is_known(tx, taking, &known));
	if (known || taking->is_ended) {
		*taking->outcome = known ? CDR_GUEST_KNOWN : CDR_GUEST_OVER;
		return CDR_OK;
	}
	err = open_answer(taking);
	if (err == CDR_OK)
		err = keep(tx, taking);
	else if (err != CDR_E_MEMORY && err != CDR_E_INTERNAL && err != CDR_E_STORE)
		err = note_unread(tx, taking);
out:
	return err;
}

static void
taking_free(struct taking *taking)
{
	cdr_buffer_free(&taking->keys);
	cdr_wipe(taking->organisation, sizeof(taking->organisation));
	cdr_wipe(taking->contact, sizeof(taking->contact));
}

/* see node/member/guest.h */
cdr_err
cdr_guest_take(struct cdr_member *member, const struct cdr_guest_parcel *parcel, const char *channel,
    enum cdr_guest_outcome *outcome, struct cdr_fault *fault)
{
	struct taking taking = {
		.member = member,
		.parcel = parcel,
		.channel = channel,
		.outcome = outcome,
		.fault = fault,
		.id = parcel->id,
		.statement = calloc(1, sizeof(struct cdr_statement)),
	};

	*outcome = CDR_GUEST_NOT_OURS;
	if (taking.statement == NULL)
		return CDR_E_MEMORY;
	memcpy(taking.response, parcel->response, sizeof(taking.response));
	cdr_err err = cdr_store_write(member->home->store, take_job, &taking);
	taking_free(&taking);
	cdr_wipe(taking.statement, sizeof(*taking.statement));
	free(taking.statement);
	return err;
}

/* ---- on paper ------------------------------------------------------------------------------------------------------------------------ */

/* What a scanner or a telephone makes. */
static bool
is_scan(struct cdr_bytes scan)
{
	static const struct {
		const char *begins;
		size_t len;
	} kinds[] = { { "%PDF-", 5 }, { "\xff\xd8\xff", 3 }, { "\x89PNG\r\n\x1a\n", 8 }, { "II*\0", 4 }, { "MM\0*", 4 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (scan.len > kinds[i].len && memcmp(scan.data, kinds[i].begins, kinds[i].len) == 0)
			return true;
	return false;
}

/* The number of what a paper says: the same paper, read in the same way, is the same answer. */
static cdr_err
number_paper(struct taking *taking)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t digest[CDR_SHA256_LEN];
	char *text = NULL;
	struct cdr_buffer content = { 0 };

	CDR_TRY(cdr_statement_to_json(taking->statement, &text));
	size_t len = strlen(text);
	content = (struct cdr_buffer){ malloc(CDR_ID_LEN + CDR_SHA256_LEN + len), 0 };
	if (content.data == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	content.len = CDR_ID_LEN + CDR_SHA256_LEN + len;
	memcpy(content.data, taking->id, CDR_ID_LEN);
	CDR_TRY(cdr_sha256(&taking->scan, 1, content.data + CDR_ID_LEN));
	memcpy(content.data + CDR_ID_LEN + CDR_SHA256_LEN, text, len);
	CDR_TRY(cdr_member_digest(taking->member, "guest.paper", cdr_buffer_bytes(&content), digest));
	memcpy(taking->response, digest, sizeof(taking->response));
	err = CDR_OK;
out:
	cdr_json_free(text);
	cdr_buffer_free(&content);
	return err;
}

/* A writing job. */
static cdr_err
paper_job(struct cdr_tx *tx, void *context)
{
	struct taking *taking = context;
	struct cdr_statement *s = taking->statement;

	cdr_err err = read_request(tx, taking);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(taking->fault, err, "there is no request to a guest with that id: `candor check show` prints it");
	if (err != CDR_OK)
		return err;
	bool known = false;
	err = number_paper(taking);
	if (err == CDR_OK)
		err = is_known(tx, taking, &known);
	if (known)
		*taking->outcome = CDR_GUEST_KNOWN;
	if (err != CDR_OK || known)
		return err;
	if (taking->is_ended)
		return cdr_fault_set(taking->fault, CDR_E_REFUSED, "this request was withdrawn, or its time is over: make a new one");
	memcpy(s->request_id, taking->id, CDR_ID_LEN);
	memcpy(s->response_id, taking->response, CDR_ID_LEN);
	s->signed_at = (int64_t)cdr_member_now();
	if (s->valid_until.precision == CDR_PRECISION_UNKNOWN)
		s->valid_until = cdr_member_day(s->signed_at + VALID_DAYS * DAY_S);
	err = cdr_wire_text(cdr_codebook_version_peek(taking->member->codebook), s->codebook_version, sizeof(s->codebook_version));
	if (err == CDR_OK)
		err = judge(taking);
	return err != CDR_OK ? err : keep(tx, taking);
}

/* see node/member/guest.h */
cdr_err
cdr_guest_take_paper(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_statement *statement,
    struct cdr_bytes scan, enum cdr_guest_outcome *outcome, struct cdr_fault *fault)
{
	struct taking taking = {
		.member = member,
		.channel = "paper",
		.scan = scan,
		.outcome = outcome,
		.fault = fault,
		.id = id,
		.statement = statement,
	};

	*outcome = CDR_GUEST_NOT_OURS;
	if (scan.len > CDR_GUEST_SCAN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "scan: at most %u MiB are kept: scan it again with fewer points", CDR_GUEST_SCAN_MAX >> 20);
	if (!is_scan(scan))
		return cdr_fault_set(fault, CDR_E_INPUT, "scan: neither PDF nor JPEG, PNG or TIFF");
	cdr_err err = cdr_store_write(member->home->store, paper_job, &taking);
	taking_free(&taking);
	return err;
}
