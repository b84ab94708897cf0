#include "node/member/check_letters.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/compare.h"
#include "node/member/count.h"
#include "node/member/hook.h"
#include "node/member/deadline.h"
#include "node/member/wire.h"
#include "node/net/log.h"

/* ---- out ------------------------------------------------------------------------------------------------------------ */

/* see node/member/check_letters.h */
uint64_t
cdr_check_due(const struct cdr_roster *roster)
{
	return cdr_member_now() + (uint64_t)roster->body->scheme->answer_days * 86400;
}

/* Part (a) of the data dictionary. */
static cdr_err
queue_request(struct cdr_tx *tx, const struct cdr_check_asked *asked, struct cdr_fault *fault)
{
	int64_t watch_until = 0, objections = 0;
	struct cdr_wire_identity identity;
	struct cdr_wire_date notified_on;
	struct cdr_candidate *candidate = asked->candidate;
	char codebook[CDR_CODEBOOK_VERSION_LEN], jurisdiction[CDR_COUNTRY_LEN];
	static char request_type[] = "statement_of_conduct", role[] = "hr";

	cdr_err err = cdr_wire_text(cdr_codebook_version_peek(asked->member->codebook), codebook, sizeof(codebook));
	if (err == CDR_OK)
		err = cdr_wire_text(asked->member->country, jurisdiction, sizeof(jurisdiction));
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT watch_until FROM hiring_check WHERE id = $1",
		    CDR_VALUES(cdr_value_blob(asked->check_id, CDR_ID_LEN)), &watch_until);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM word WHERE check_id = $1 AND kind = 'objection'",
		    CDR_VALUES(cdr_value_blob(asked->check_id, CDR_ID_LEN)), &objections);
	if (err != CDR_OK)
		return err;
	cdr_wire_identity(&candidate->person, false, &identity);
	Cdr__Wire__DisclosureRequest request = CDR__WIRE__DISCLOSURE_REQUEST__INIT;
	request.codebook_version = codebook;
	request.request_type = request_type;
	request.requester_contact_role = role;
	request.declared = asked->declared;
	request.handles = cdr_message_field(asked->handles.data, asked->handles.len);
	request.candidate = &identity.message;
	request.position_category = cdr_wire_optional(candidate->position_category);
	request.lookback_years = asked->roster->body->scheme->lookback_years;
	request.legal_basis = candidate->legal_basis;
	request.candidate_notified = candidate->candidate_notified;
	request.notified_on = cdr_wire_date(&candidate->notified_on, &notified_on);
	request.candidate_objection = objections > 0;
	request.jurisdiction = jurisdiction;
	request.due_at = cdr_check_due(asked->roster);
	request.has_people = asked->people > 0;
	request.people = asked->people;
	request.has_watch_until = watch_until > 0;
	request.watch_until = (uint64_t)watch_until;
	struct cdr_outgoing outgoing = {
		.receiver = asked->employer,
		.request_id = asked->request_id,
		.kind = "request",
		.content = CDR__WIRE__LETTER__CONTENT_REQUEST,
		.message = &request,
	};
	return cdr_mail_queue(tx, asked->member, asked->roster, &outgoing, fault);
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_ask(struct cdr_tx *tx, const struct cdr_check_asked *asked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Member *entry = cdr_roster_member(asked->roster, asked->employer);
	bool now_possible = entry != NULL && cdr_roster_member_is_active(entry);
	struct cdr_deadline deadline = { 0 };

	if (now_possible) {
		deadline.asked_at = cdr_member_now();
		deadline.due_at = cdr_check_due(asked->roster);
		deadline.expires_at = cdr_deadline_expiry(asked->roster, deadline.asked_at);
		CDR_TRY(queue_request(tx, asked, fault));
	}
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE employer SET stage = 'request', status = 'queued', asked_at = $1, due_at = $2, stage_done = 0, next_at = $3"
	    " WHERE request_id = $4",
	    CDR_VALUES(cdr_value_int((int64_t)deadline.asked_at), cdr_value_int((int64_t)deadline.due_at),
		cdr_value_int(now_possible ? (int64_t)cdr_deadline_next(&deadline, CDR_DEADLINE_NONE) : 0),
		cdr_value_blob(asked->request_id, CDR_ID_LEN))));
	if (now_possible)
		CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, CDR_COUNT_MEMBERS, cdr_count_year(deadline.asked_at), 1));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_end_request(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const uint8_t request_id[static CDR_ID_LEN], const char *why, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char employer[CDR_SLUG_LEN_MAX + 1], reason[CDR_CODE_LEN], stage[16];
	int64_t asked_at, answered_at;
	struct cdr_value id = cdr_value_blob(request_id, CDR_ID_LEN);
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;

	CDR_TRY(cdr_query_start(tx, "SELECT member, stage, asked_at, answered_at FROM employer WHERE request_id = $1", CDR_VALUES(id),
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, employer, sizeof(employer)));
	CDR_TRY(cdr_query_text(query, 1, stage, sizeof(stage)));
	CDR_TRY(cdr_query_int(query, 2, &asked_at));
	CDR_TRY(cdr_query_int(query, 3, &answered_at));
	if (strcmp(stage, "request") == 0 && asked_at > 0 && answered_at == 0)
		CDR_TRY(cdr_count_add(tx, strcmp(why, "expired") == 0 ? CDR_COUNT_REQUEST_EXPIRED : CDR_COUNT_REQUEST_WITHDRAWN,
		    cdr_count_year(cdr_member_now()), 1));
	CDR_TRY(cdr_wire_text(why, reason, sizeof(reason)));
	bool expired = strcmp(why, "expired") == 0;
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET status = $1, next_at = 0, expired_at = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_text(expired ? why : "withdrawn"), cdr_value_int(expired ? (int64_t)cdr_member_now() : 0), id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM letter_out WHERE request_id = $1 AND state = 'waiting' AND kind <> 'received'",
	    CDR_VALUES(id)));
	const Cdr__Wire__Member *entry = cdr_roster_member(roster, employer);
	withdrawal.reason = reason;
	struct cdr_outgoing outgoing = {
		.receiver = employer,
		.request_id = request_id,
		.kind = "withdrawal",
		.content = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL,
		.message = &withdrawal,
	};
	err = entry != NULL && cdr_roster_member_is_active(entry) ? cdr_mail_queue(tx, member, roster, &outgoing, fault) : CDR_OK;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* ---- who could not be asked before ------------------------------------------------------------------------------------ */

#define PENDING_MAX 64 /* in one step */

struct pending {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct pending_employer {
		uint8_t check_id[CDR_ID_LEN], request_id[CDR_ID_LEN];
		char member[CDR_SLUG_LEN_MAX + 1];
		int64_t declared;
		uint64_t people;
		struct cdr_buffer handles;
		char stage[16];
	} employer[PENDING_MAX];
	size_t count;
	struct cdr_fault *fault;
	char stage[16];
};

/* Those that are active members now. */
static cdr_err
read_pending(struct cdr_tx *tx, void *context)
{
	struct pending *pending = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT check_id, request_id, member, declared, handles, CASE WHEN tier = '' THEN 0 ELSE people END, stage"
	    " FROM employer JOIN hiring_check ON hiring_check.id = check_id"
	    " WHERE next_at = 0 AND stage IN ('request', 'probe') AND status = 'queued' AND asked_at = 0 ORDER BY request_id",
	    CDR_VALUES(), &query));
	while (pending->count < PENDING_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct pending_employer *e = &pending->employer[pending->count];
		CDR_TRY(cdr_query_blob(query, 0, e->check_id, sizeof(e->check_id)));
		CDR_TRY(cdr_query_blob(query, 1, e->request_id, sizeof(e->request_id)));
		CDR_TRY(cdr_query_text(query, 2, e->member, sizeof(e->member)));
		CDR_TRY(cdr_query_int(query, 3, &e->declared));
		CDR_TRY(cdr_query_count(query, 5, &e->people));
		CDR_TRY(cdr_query_text(query, 6, e->stage, sizeof(e->stage)));
		const Cdr__Wire__Member *entry = cdr_roster_member(pending->roster, e->member);
		if (entry == NULL || !cdr_roster_member_is_active(entry))
			continue;
		CDR_TRY(cdr_query_blob_copy(query, 4, CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN, &e->handles));
		pending->count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
probe_again(struct cdr_tx *tx, const struct cdr_check_asked *asked, struct cdr_fault *fault)
{
	cdr_err err = cdr_check_queue_probe(tx, asked, fault);

	return err != CDR_OK ? err : cdr_query_run(tx, "UPDATE employer SET asked_at = $1, due_at = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()), cdr_value_int((int64_t)cdr_check_due(asked->roster)),
		cdr_value_blob(asked->request_id, CDR_ID_LEN)));
}

static cdr_err
ask_pending(struct cdr_tx *tx, void *context)
{
	struct pending *pending = context;
	cdr_err err = CDR_OK;
	struct cdr_candidate *candidate = malloc(sizeof(*candidate));

	if (candidate == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < pending->count && err == CDR_OK; i++) {
		struct pending_employer *e = &pending->employer[i];
		struct cdr_check_asked asked = {
			.member = pending->member,
			.roster = pending->roster,
			.candidate = candidate,
			.check_id = e->check_id,
			.employer = e->member,
			.request_id = e->request_id,
			.handles = cdr_buffer_bytes(&e->handles),
			.declared = e->declared != 0,
			.people = e->people,
		};
		int64_t waits = 0;
		err = cdr_query_one_int(tx, "SELECT count(*) FROM employer WHERE request_id = $1 AND status = 'queued' AND asked_at = 0",
		    CDR_VALUES(cdr_value_blob(e->request_id, CDR_ID_LEN)), &waits);
		if (err == CDR_OK && waits > 0)
			err = cdr_check_open_candidate(tx, pending->member, e->check_id, candidate);
		if (err == CDR_OK && waits > 0)
			err = strcmp(e->stage, "probe") == 0 ? probe_again(tx, &asked, pending->fault) :
							       cdr_check_ask(tx, &asked, pending->fault);
	}
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_ask_pending(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return CDR_E_MEMORY;
	pending->member = member;
	pending->roster = roster;
	pending->fault = fault;
	cdr_err err = cdr_store_read(member->home->store, read_pending, pending);
	if (err == CDR_OK && pending->count > 0) {
		err = cdr_store_write(member->home->store, ask_pending, pending);
		*worked = *worked || err == CDR_OK;
	}
	for (size_t i = 0; i < PENDING_MAX; i++)
		cdr_buffer_free(&pending->employer[i].handles);
	free(pending);
	return err;
}

/* ---- the probe --------------------------------------------------------------------------------------------------------- */

/* Salted hashes of the documents that have a number. */
static cdr_err
hash_documents(const struct cdr_person *person, const uint8_t *salt,
    uint8_t hash[static CDR_DOCUMENT_COUNT_MAX][CDR_COMPARE_HASH_LEN], size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < person->document_count; i++) {
		cdr_err err = cdr_compare_document_hash(salt, &person->document[i], hash[*count]);
		if (err == CDR_OK)
			*count += 1;
		else if (err != CDR_E_INPUT)
			return err;
	}
	return CDR_OK;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_queue_probe(struct cdr_tx *tx, const struct cdr_check_asked *asked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_wire_identity identity;
	uint8_t salt[CDR_COMPARE_SALT_LEN], hash[CDR_DOCUMENT_COUNT_MAX][CDR_COMPARE_HASH_LEN];
	ProtobufCBinaryData hashes[CDR_DOCUMENT_COUNT_MAX];
	size_t count = 0;

	CDR_TRY(cdr_random(salt, sizeof(salt)));
	CDR_TRY(hash_documents(&asked->candidate->person, salt, hash, &count));
	for (size_t i = 0; i < count; i++)
		hashes[i] = cdr_message_field(hash[i], sizeof(hash[i]));
	cdr_wire_identity(&asked->candidate->person, true, &identity);
	Cdr__Wire__Probe probe = CDR__WIRE__PROBE__INIT;
	probe.handles = cdr_message_field(asked->handles.data, asked->handles.len);
	probe.candidate = &identity.message;
	probe.document_salt = cdr_message_field(salt, sizeof(salt));
	probe.document_hash = hashes;
	probe.n_document_hash = count;
	probe.has_people = asked->people > 0;
	probe.people = asked->people;
	struct cdr_outgoing outgoing = {
		.receiver = asked->employer,
		.request_id = asked->request_id,
		.kind = "probe",
		.content = CDR__WIRE__LETTER__CONTENT_PROBE,
		.message = &probe,
	};
	CDR_TRY(cdr_mail_queue(tx, asked->member, asked->roster, &outgoing, fault));
	err = CDR_OK;
out:
	cdr_wipe(salt, sizeof(salt));
	cdr_wipe(hash, sizeof(hash));
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_open_candidate(struct cdr_tx *tx, const struct cdr_member *member, const uint8_t check_id[static CDR_ID_LEN],
    struct cdr_candidate *candidate)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_buffer plain = { 0 };
	struct cdr_bytes sealed;

	memset(candidate, 0, sizeof(*candidate));
	CDR_TRY(cdr_query_start(tx, "SELECT sealed FROM hiring_check WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_CANDIDATE_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
	err = cdr_seal_open(member->home->keys->column, CDR_CHECK_CANDIDATE_PURPOSE, (struct cdr_bytes){ check_id, CDR_ID_LEN },
	    sealed, &plain);
	if (err == CDR_OK)
		err = cdr_candidate_unpack(cdr_buffer_bytes(&plain), candidate);
	/* Whatever is wrong with the row is wrong here, not with the letter that made us look. */
	if (err != CDR_OK && err != CDR_E_MEMORY)
		err = CDR_E_STORE;
out:
	cdr_query_end(query);
	cdr_buffer_free(&plain);
	return err;
}

/* ---- in --------------------------------------------------------------------------------------------------------------- */

/* see node/member/check_letters.h */
cdr_err
cdr_check_party_read(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_check_party *employer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t declared, answered_at;
	char tier[16];

	*employer = (struct cdr_check_party){ 0 };
	CDR_TRY(cdr_query_start(tx,
	    "SELECT check_id, stage, declared, answered_at, handles, tier, asked_at, employer.due_at, people, expired_at FROM employer"
	    " JOIN hiring_check ON id = check_id WHERE request_id = $1 AND member = $2",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(letter->request_id)), cdr_value_text(letter->from)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, employer->check_id, sizeof(employer->check_id)));
	CDR_TRY(cdr_query_text(query, 1, employer->stage, sizeof(employer->stage)));
	CDR_TRY(cdr_query_int(query, 2, &declared));
	CDR_TRY(cdr_query_int(query, 3, &answered_at));
	CDR_TRY(cdr_query_blob_copy(query, 4, CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN, &employer->handles));
	CDR_TRY(cdr_query_text(query, 5, tier, sizeof(tier)));
	CDR_TRY(cdr_query_count(query, 6, &employer->asked_at));
	CDR_TRY(cdr_query_count(query, 7, &employer->due_at));
	employer->matched = tier[0] != '\0';
	CDR_TRY(cdr_query_count(query, 8, &employer->people));
	CDR_TRY(cdr_query_count(query, 9, &employer->expired_at));
	employer->declared = declared != 0;
	employer->answered = answered_at != 0;
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_take_delivery(struct cdr_tx *tx, const Cdr__Wire__Letter *letter)
{
	return cdr_query_run(tx,
	    "UPDATE employer SET status = 'delivered'"
	    " WHERE request_id = $1 AND member = $2 AND stage = 'request' AND status = 'queued'",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(letter->request_id)), cdr_value_text(letter->from)));
}

/* see node/member/check.h */
cdr_err
cdr_check_take_opened(struct cdr_tx *tx, const Cdr__Wire__Letter *letter)
{
	return cdr_query_run(tx,
	    "UPDATE employer SET status = 'opened' WHERE request_id = $1 AND member = $2 AND stage = 'request' AND answered_at = 0"
	    " AND status IN ('queued', 'delivered')",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(letter->request_id)), cdr_value_text(letter->from)));
}

/* The employer found the match plausible: from now on HR sees it, and it is asked in full. */
static cdr_err
ask_in_full(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Letter *letter, const struct cdr_check_party *employer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_candidate *candidate = malloc(sizeof(*candidate));

	if (candidate == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_check_open_candidate(tx, member, employer->check_id, candidate));
	struct cdr_check_asked asked = {
		.member = member,
		.roster = roster,
		.candidate = candidate,
		.check_id = employer->check_id,
		.employer = letter->from,
		.request_id = letter->request_id.data,
		.handles = cdr_buffer_bytes(&employer->handles),
		.declared = false,
		.people = employer->people,
	};
	CDR_TRY(cdr_check_ask(tx, &asked, fault));
	CDR_TRY(cdr_hook_event(tx, CDR_HOOK_EMPLOYER, letter->request_id.data));
	err = CDR_OK;
out:
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	return err;
}

/* Stage 2 there found nobody: HR never hears of it, the figures do, once. */
static cdr_err
dismiss(struct cdr_tx *tx, const Cdr__Wire__Letter *letter)
{
	cdr_err err = cdr_query_run(tx,
	    "UPDATE employer SET stage = 'dismissed' WHERE request_id = $1 AND answered_at = 0",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(letter->request_id))));

	if (err != CDR_OK || cdr_query_changed_count(tx) == 0)
		return err;
	return cdr_count_add_code(tx, CDR_COUNT_MATCH_FALSE, "node", cdr_count_year(cdr_member_now()), 1);
}

/* see node/member/check.h */
cdr_err
cdr_check_take_probe_reply(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Letter *letter, struct cdr_fault *fault)
{
	struct cdr_check_party employer;

	cdr_err err = cdr_check_party_read(tx, letter, &employer);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "probe reply: nothing of the kind was asked of %s", letter->from);
	else if (err == CDR_OK && !employer.declared && strcmp(employer.stage, "dismissed") != 0) {
		if (!letter->probe_reply->plausible)
			err = dismiss(tx, letter);
		else if (strcmp(employer.stage, "probe") == 0)
			err = ask_in_full(tx, member, roster, letter, &employer, fault);
	}
	cdr_buffer_free(&employer.handles);
	return err;
}
