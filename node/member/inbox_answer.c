#include "node/member/inbox_parts.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "node/member/count.h"
#include "node/member/wire.h"
#include "node/store/seal.h"

/* The answer that a person signs: see node/member/inbox.h. */

struct answer {
	bool supersedes;  /* an answer that was given before */
	const uint8_t *draft; /* what a second person approves (cdr_inbox_read_draft); NULL: nobody does */
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_statement *statement;
	struct cdr_fault *fault;
};

/* What the person need not write. */
static cdr_err
complete(struct answer *answer, const uint8_t *request_id)
{
	struct cdr_statement *statement = answer->statement;

	memcpy(statement->request_id, request_id, CDR_ID_LEN);
	statement->signed_at = (int64_t)cdr_member_now();
	if (!answer->supersedes)
		memset(statement->supersedes, 0, sizeof(statement->supersedes));
	cdr_err err = cdr_wire_text(cdr_codebook_version_peek(answer->member->codebook), statement->codebook_version,
	    sizeof(statement->codebook_version));
	if (err == CDR_OK)
		err = cdr_wire_text(answer->member->id, statement->responder, sizeof(statement->responder));
	return err == CDR_OK ? cdr_random(statement->response_id, sizeof(statement->response_id)) : err;
}

/* The request must wait for an answer; whose it is tells where the answer goes. */
static cdr_err
read_waiting(struct cdr_tx *tx, const uint8_t *request_id, char *sender, size_t size, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char state[16];

	CDR_TRY(cdr_query_start(tx, "SELECT sender, state FROM inbox WHERE request_id = $1 AND stage = 'request'",
	    CDR_VALUES(cdr_value_blob(request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, sender, size));
	CDR_TRY(cdr_query_text(query, 1, state, sizeof(state)));
	if (strcmp(state, "answered") == 0)
		err = cdr_fault_set(fault, CDR_E_EXISTS, "this request was answered already: an answer is signed once");
	else if (strcmp(state, "waiting") != 0 && strcmp(state, "drafted") != 0)
		err = CDR_E_ABSENT;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ?
	    cdr_fault_set(fault, err, "no such request waits for an answer: `candor inbox list` shows those that do") :
	    err;
}

/* An answer that was given and may be superseded: the requester wants to hear of it, or the candidate disputes it. */
static cdr_err
read_superseded(struct cdr_tx *tx, const struct answer *answer, char *sender, size_t size)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t watch_until, disputed_at;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT sender, watch_until, disputed_at FROM inbox WHERE request_id = $1 AND state = 'answered' AND answer = $2",
	    CDR_VALUES(cdr_value_blob(answer->statement->request_id, CDR_ID_LEN),
		cdr_value_blob(answer->statement->supersedes, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, sender, size));
	CDR_TRY(cdr_query_count(query, 1, &watch_until));
	CDR_TRY(cdr_query_count(query, 2, &disputed_at));
	if (disputed_at == 0 && watch_until < cdr_member_now())
		err = cdr_fault_set(answer->fault, CDR_E_REFUSED, "the requester does not want to hear of a later statement: the check was "
		    "not opened to be watched, or that time is over");
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ?
	    cdr_fault_set(answer->fault, err, "no statement was given on such a request: `candor inbox list --all` shows them") : err;
}

/* ---- two persons -------------------------------------------------------------------------------------------------------- */

#define APPROVAL_SETTING "approval"
#define DRAFT_PURPOSE "answer_draft"

/* How many persons it takes: 1 or 2. */
static cdr_err
read_approval(struct cdr_tx *tx, uint8_t *persons)
{
	cdr_err err = cdr_setting_get(tx, APPROVAL_SETTING, persons, 1);

	if (err == CDR_E_ABSENT)
		*persons = 1;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
check_approval(struct cdr_tx *tx, const struct answer *answer)
{
	uint8_t persons;

	cdr_err err = read_approval(tx, &persons);
	if (err == CDR_OK && persons > 1 && answer->draft == NULL)
		err = cdr_fault_set(answer->fault, CDR_E_REFUSED,
		    "here two persons answer: one writes it with `candor inbox answer`, another signs it with `candor inbox approve`");
	return err;
}

/* What tells a draft from every other: its bytes, which are sealed anew for each. */
static cdr_err
number_draft(struct cdr_bytes sealed, uint8_t draft[static CDR_ID_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];

	cdr_err err = cdr_sha256(&sealed, 1, hash);
	memcpy(draft, hash, CDR_ID_LEN);
	return err;
}

/* What is signed is the draft that the second person read, and no later one. */
static cdr_err
check_draft(struct cdr_tx *tx, const struct answer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	uint8_t draft[CDR_ID_LEN] = { 0 };

	if (answer->draft == NULL)
		return CDR_OK;
	CDR_TRY(cdr_query_start(tx, "SELECT sealed FROM answer_draft WHERE request_id = $1",
	    CDR_VALUES(cdr_value_blob(answer->statement->request_id, CDR_ID_LEN)), &query));
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_blob_peek(query, 0, CDR_STATEMENT_JSON_MAX + CDR_SEAL_OVERHEAD, &sealed);
	if (err == CDR_OK)
		err = number_draft(sealed, draft);
	if (err == CDR_E_ABSENT || (err == CDR_OK && memcmp(draft, answer->draft, sizeof(draft)) != 0))
		err = cdr_fault_set(answer->fault, CDR_E_REFUSED,
		    "that is not the draft as it is now: read it with `candor inbox draft`, and approve the one that you read");
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
write_answer(struct cdr_tx *tx, void *context)
{
	struct answer *answer = context;
	cdr_err err = CDR_E_INTERNAL;
	char sender[CDR_SLUG_LEN_MAX + 1];
	struct cdr_wire_statement wire;
	const uint8_t *request_id = answer->statement->request_id;

	cdr_wire_statement(answer->statement, &wire);
	if (answer->supersedes)
		CDR_TRY(read_superseded(tx, answer, sender, sizeof(sender)));
	else
		CDR_TRY(read_waiting(tx, request_id, sender, sizeof(sender), answer->fault));
	CDR_TRY(check_approval(tx, answer));
	CDR_TRY(check_draft(tx, answer));
	struct cdr_outgoing outgoing = {
		.receiver = sender,
		.request_id = request_id,
		.kind = "statement",
		.content = CDR__WIRE__LETTER__CONTENT_STATEMENT,
		.message = &wire.message,
	};
	CDR_TRY(cdr_mail_queue(tx, answer->member, answer->roster, &outgoing, answer->fault));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = 'answered', answered_at = $1, answer = $2, next_at = 0, disputed_at = 0 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_blob(answer->statement->response_id, CDR_ID_LEN), cdr_value_blob(request_id, CDR_ID_LEN))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM answer_draft WHERE request_id = $1", CDR_VALUES(cdr_value_blob(request_id, CDR_ID_LEN))));
	unsigned year = cdr_count_year(cdr_member_now());
	if (!answer->supersedes) {
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_RESPONSE_PROVIDED, year, 1));
		CDR_TRY(cdr_count_statement(tx, answer->member->codebook, answer->statement, true, year));
	}
	CDR_TRY(cdr_trail_add(tx, answer->member->who, answer->supersedes ? "statement.supersede" : "inbox.answer", request_id));
	err = CDR_OK;
out:
	cdr_wipe(&wire, sizeof(wire));
	return err;
}

/* Complete, judge, sign, send. */
static cdr_err
sign_answer(struct answer *answer, const uint8_t *request_id)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;

	CDR_TRY(cdr_member_joined(answer->member, answer->fault));
	CDR_TRY(complete(answer, request_id));
	cdr_member_rules(answer->member, &rules);
	CDR_TRY(cdr_statement_validate(answer->statement, &rules, answer->fault));
	answer->roster = cdr_current_hold(answer->member->current);
	CDR_TRY(cdr_store_write(answer->member->home->store, write_answer, answer));
	err = CDR_OK;
out:
	cdr_current_release(answer->member->current, answer->roster);
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_answer(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault)
{
	struct answer answer = { .member = member, .statement = statement, .fault = fault };

	return sign_answer(&answer, request_id);
}

/* ---- superseding ---------------------------------------------------------------------------------------------------------- */

struct given {
	const uint8_t *request_id;
	uint8_t *response_id;
};

static cdr_err
read_given_job(struct cdr_tx *tx, void *context)
{
	const struct given *given = context;

	return cdr_query_one_blob(tx, "SELECT answer FROM inbox WHERE request_id = $1 AND state = 'answered' AND answer IS NOT NULL",
	    CDR_VALUES(cdr_value_blob(given->request_id, CDR_ID_LEN)), given->response_id, CDR_ID_LEN);
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_supersede(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault)
{
	struct answer answer = { .supersedes = true, .member = member, .statement = statement, .fault = fault };
	struct given given = { request_id, statement->supersedes };

	cdr_err err = cdr_store_read(member->home->store, read_given_job, &given);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, err, "no statement was given on such a request: `candor inbox list --all` shows them");
	return err == CDR_OK ? sign_answer(&answer, request_id) : err;
}

/* ---- the draft of one person, and the signature of another ------------------------------------------------------------------ */

struct drafting {
	struct cdr_member *member;
	const uint8_t *request_id;
	const struct cdr_statement *statement;
	struct cdr_buffer sealed;
	char author[CDR_NAME_LEN], who[CDR_TRAIL_WHO_LEN];
	uint8_t persons;
	struct cdr_fault *fault;
};

static cdr_err
read_approval_job(struct cdr_tx *tx, void *context)
{
	return read_approval(tx, context);
}

static cdr_err
write_approval_job(struct cdr_tx *tx, void *context)
{
	struct drafting *drafting = context;

	cdr_err err = cdr_setting_put(tx, APPROVAL_SETTING, &drafting->persons, 1);
	return err == CDR_OK ? cdr_trail_add(tx, drafting->member->who, "settings.approval", NULL) : err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_approval(struct cdr_member *member, unsigned *persons)
{
	uint8_t number = 1;

	cdr_err err = cdr_store_read(member->home->store, read_approval_job, &number);
	*persons = number;
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_set_approval(struct cdr_member *member, unsigned persons)
{
	struct drafting drafting = { .member = member, .persons = (uint8_t)persons };

	return persons == 1 || persons == 2 ? cdr_store_write(member->home->store, write_approval_job, &drafting) : CDR_E_RANGE;
}

static cdr_err
write_draft_job(struct cdr_tx *tx, void *context)
{
	struct drafting *drafting = context;
	cdr_err err = CDR_E_INTERNAL;
	char sender[CDR_SLUG_LEN_MAX + 1];
	static const uint8_t none[CDR_ID_LEN];
	struct cdr_value id = cdr_value_blob(drafting->request_id, CDR_ID_LEN);

	if (memcmp(drafting->statement->supersedes, none, CDR_ID_LEN) == 0)
		CDR_TRY(read_waiting(tx, drafting->request_id, sender, sizeof(sender), drafting->fault));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM answer_draft WHERE request_id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO answer_draft (request_id, author, who, at, sealed) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(id, cdr_value_text(drafting->statement->signer_name), cdr_value_text(drafting->member->who),
		cdr_value_int((int64_t)cdr_member_now()), cdr_value_bytes(cdr_buffer_bytes(&drafting->sealed)))));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = 'drafted' WHERE request_id = $1 AND state = 'waiting'", CDR_VALUES(id)));
	CDR_TRY(cdr_trail_add(tx, drafting->member->who, "inbox.draft", drafting->request_id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_write_draft(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_statement *statement,
    bool supersedes, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct answer answer = { .supersedes = supersedes, .member = member, .statement = statement, .fault = fault };
	struct drafting drafting = { .member = member, .request_id = request_id, .statement = statement, .fault = fault };
	struct given given = { request_id, statement->supersedes };
	char *json = NULL;

	if (supersedes) {
		err = cdr_store_read(member->home->store, read_given_job, &given);
		if (err == CDR_E_ABSENT)
			err = cdr_fault_set(fault, err, "no statement was given on such a request: `candor inbox list --all` shows them");
		CDR_TRY(err);
	}
	/* What could not be signed is not drafted either. */
	CDR_TRY(complete(&answer, request_id));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_statement_validate(statement, &rules, fault));
	CDR_TRY(cdr_statement_to_json(statement, &json));
	CDR_TRY(cdr_seal(member->home->keys->column, DRAFT_PURPOSE, (struct cdr_bytes){ request_id, CDR_ID_LEN },
	    (struct cdr_bytes){ (const uint8_t *)json, strlen(json) }, &drafting.sealed));
	CDR_TRY(cdr_store_write(member->home->store, write_draft_job, &drafting));
	err = CDR_OK;
out:
	cdr_json_free(json);
	cdr_buffer_free(&drafting.sealed);
	return err;
}

static cdr_err
read_draft_job(struct cdr_tx *tx, void *context)
{
	struct drafting *drafting = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT author, who, sealed FROM answer_draft WHERE request_id = $1",
	    CDR_VALUES(cdr_value_blob(drafting->request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, drafting->author, sizeof(drafting->author)));
	CDR_TRY(cdr_query_text(query, 1, drafting->who, sizeof(drafting->who)));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_STATEMENT_JSON_MAX + CDR_SEAL_OVERHEAD, &drafting->sealed));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
read_draft(struct drafting *drafting, struct cdr_statement *statement, uint8_t draft[static CDR_ID_LEN])
{
	struct cdr_buffer plain = { 0 };

	memset(statement, 0, sizeof(*statement));
	cdr_err err = cdr_store_read(drafting->member->home->store, read_draft_job, drafting);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(drafting->fault, err, "nobody has written an answer to that request: `candor inbox answer` does");
	if (err == CDR_OK)
		err = cdr_seal_open(drafting->member->home->keys->column, DRAFT_PURPOSE,
		    (struct cdr_bytes){ drafting->request_id, CDR_ID_LEN }, cdr_buffer_bytes(&drafting->sealed), &plain);
	if (err == CDR_OK)
		err = cdr_statement_from_json(cdr_buffer_bytes(&plain), statement, drafting->fault);
	if (err == CDR_OK)
		err = number_draft(cdr_buffer_bytes(&drafting->sealed), draft);
	cdr_buffer_free(&plain);
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_read_draft(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_statement *statement,
    uint8_t draft[static CDR_ID_LEN], char author[static CDR_NAME_LEN], struct cdr_fault *fault)
{
	struct drafting drafting = { .member = member, .request_id = request_id, .fault = fault };

	cdr_err err = read_draft(&drafting, statement, draft);
	memcpy(author, drafting.author, CDR_NAME_LEN);
	cdr_buffer_free(&drafting.sealed);
	return err;
}

/* Another name, and another account where there are accounts. */
static cdr_err
check_other(const struct drafting *drafting, const char *signer)
{
	char clean[CDR_NAME_LEN], one[CDR_NAME_LEN * 2], other[CDR_NAME_LEN * 2];

	bool same = cdr_text_clean(signer, strlen(signer), false, clean, sizeof(clean)) != CDR_OK ||
	    cdr_text_fold(drafting->author, one, sizeof(one)) != CDR_OK || cdr_text_fold(clean, other, sizeof(other)) != CDR_OK ||
	    strcmp(one, other) == 0;
	bool account = strcmp(drafting->who, drafting->member->who) == 0 && strcmp(drafting->who, CDR_TRAIL_OPERATOR) != 0;
	if (!same && !account)
		return CDR_OK;
	return cdr_fault_set(drafting->fault, CDR_E_REFUSED, "who wrote an answer does not approve it: another person signs");
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_approve(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], const uint8_t draft[static CDR_ID_LEN],
    const char *signer_name, const char *signer_role, struct cdr_statement *statement, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t now[CDR_ID_LEN];
	static const uint8_t none[CDR_ID_LEN];
	struct drafting drafting = { .member = member, .request_id = request_id, .fault = fault };
	struct answer answer = { .draft = draft, .member = member, .statement = statement, .fault = fault };

	CDR_TRY(read_draft(&drafting, statement, now));
	CDR_TRY(check_other(&drafting, signer_name));
	memset(statement->signer_name, 0, sizeof(statement->signer_name));
	memset(statement->signer_role, 0, sizeof(statement->signer_role));
	CDR_TRY(cdr_wire_text(signer_name, statement->signer_name, sizeof(statement->signer_name)));
	CDR_TRY(cdr_wire_text(signer_role, statement->signer_role, sizeof(statement->signer_role)));
	answer.supersedes = memcmp(statement->supersedes, none, CDR_ID_LEN) != 0;
	CDR_TRY(sign_answer(&answer, request_id));
	err = CDR_OK;
out:
	cdr_buffer_free(&drafting.sealed);
	return err;
}

static cdr_err
reject_job(struct cdr_tx *tx, void *context)
{
	struct drafting *drafting = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value id = cdr_value_blob(drafting->request_id, CDR_ID_LEN);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM answer_draft WHERE request_id = $1", CDR_VALUES(id)));
	if (cdr_query_changed_count(tx) == 0)
		return cdr_fault_set(drafting->fault, CDR_E_ABSENT, "nobody has written an answer to that request");
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = 'waiting' WHERE request_id = $1 AND state = 'drafted'", CDR_VALUES(id)));
	CDR_TRY(cdr_trail_add(tx, drafting->member->who, "inbox.reject", drafting->request_id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_reject(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	struct drafting drafting = { .member = member, .request_id = request_id, .fault = fault };

	return cdr_store_write(member->home->store, reject_job, &drafting);
}
