#include "node/member/inbox_parts.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/count.h"
#include "node/member/wire.h"

/* The answer that a person signs: see node/member/inbox.h. */

struct answer {
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
	else if (strcmp(state, "waiting") != 0)
		err = CDR_E_ABSENT;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ?
	    cdr_fault_set(fault, err, "no such request waits for an answer: `candor inbox list` shows those that do") :
	    err;
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
	CDR_TRY(read_waiting(tx, request_id, sender, sizeof(sender), answer->fault));
	struct cdr_outgoing outgoing = {
		.receiver = sender,
		.request_id = request_id,
		.kind = "statement",
		.content = CDR__WIRE__LETTER__CONTENT_STATEMENT,
		.message = &wire.message,
	};
	CDR_TRY(cdr_mail_queue(tx, answer->member, answer->roster, &outgoing, answer->fault));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = 'answered', answered_at = $1, answer = $2, next_at = 0 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_blob(answer->statement->response_id, CDR_ID_LEN), cdr_value_blob(request_id, CDR_ID_LEN))));
	unsigned year = cdr_count_year(cdr_member_now());
	CDR_TRY(cdr_count_add(tx, CDR_COUNT_RESPONSE_PROVIDED, year, 1));
	CDR_TRY(cdr_count_statement(tx, answer->member->codebook, answer->statement, true, year));
	CDR_TRY(cdr_trail_add(tx, answer->member->who, "inbox.answer", request_id));
	err = CDR_OK;
out:
	cdr_wipe(&wire, sizeof(wire));
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_answer(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct answer answer = { .member = member, .statement = statement, .fault = fault };

	CDR_TRY(cdr_member_joined(member, fault));
	CDR_TRY(complete(&answer, request_id));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_statement_validate(statement, &rules, fault));
	answer.roster = cdr_current_hold(member->current);
	CDR_TRY(cdr_store_write(member->home->store, write_answer, &answer));
	err = CDR_OK;
out:
	cdr_current_release(member->current, answer.roster);
	return err;
}
