#include "node/member/check_letters.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/mail.h"
#include "node/member/wire.h"

/* Asking anew, under other numbers: see node/member/check_letters.h. */

#define ANEW_MAX 64 /* in one query: rows change while they are walked through */

struct open_request {
	uint8_t id[CDR_ID_LEN];
	char employer[CDR_SLUG_LEN_MAX + 1];
};

/* The next that were asked and have not answered, and were not asked anew since ${before}. */
static cdr_err
read_open(struct cdr_tx *tx, const char *employer, struct open_request open[static ANEW_MAX], size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*count = 0;
	CDR_TRY(cdr_query_start(tx,
	    "SELECT request_id, member FROM employer JOIN hiring_check ON hiring_check.id = check_id"
	    " WHERE closed_at = 0 AND answered_at = 0 AND asked_at > 0 AND stage IN ('request', 'probe')"
	    " AND status NOT IN ('withdrawn', 'expired') AND (member = $1 OR $1 = '') ORDER BY request_id",
	    CDR_VALUES(cdr_value_text(employer != NULL ? employer : "")), &query));
	while (*count < ANEW_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, open[*count].id, CDR_ID_LEN));
		CDR_TRY(cdr_query_text(query, 1, open[*count].employer, sizeof(open[*count].employer)));
		(*count)++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Its node need not answer the old number any more. */
static cdr_err
withdraw(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster, const struct open_request *open,
    struct cdr_fault *fault)
{
	char reason[] = "withdrawn";
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	const Cdr__Wire__Member *entry = cdr_roster_member(roster, open->employer);

	withdrawal.reason = reason;
	struct cdr_outgoing outgoing = { .receiver = open->employer, .request_id = open->id, .kind = "withdrawal",
		.content = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL, .message = &withdrawal };
	return entry != NULL && cdr_roster_member_is_active(entry) ? cdr_mail_queue(tx, member, roster, &outgoing, fault) : CDR_OK;
}

static cdr_err
renumber(struct cdr_tx *tx, const struct open_request *open)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	const struct cdr_value before = cdr_value_blob(open->id, CDR_ID_LEN), after = cdr_value_blob(id, CDR_ID_LEN);

	CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_query_run(tx, "UPDATE employer SET request_id = $1, asked_at = 0, status = 'queued', stage_done = 0, next_at = 0"
	    " WHERE request_id = $2", CDR_VALUES(after, before)));
	/* What was tried is part of the same story. */
	CDR_TRY(cdr_query_run(tx, "UPDATE attempt SET request_id = $1 WHERE request_id = $2", CDR_VALUES(after, before)));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_ask_anew(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster, const char *employer,
    size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct open_request open[ANEW_MAX];
	size_t found;

	*count = 0;
	do {
		CDR_TRY(read_open(tx, employer, open, &found));
		for (size_t i = 0; i < found; i++) {
			CDR_TRY(cdr_query_run(tx, "DELETE FROM letter_out WHERE request_id = $1 AND state IN ('waiting', 'posted')",
			    CDR_VALUES(cdr_value_blob(open[i].id, CDR_ID_LEN))));
			if (employer == NULL)
				CDR_TRY(withdraw(tx, member, roster, &open[i], fault));
			CDR_TRY(renumber(tx, &open[i]));
		}
		*count += found;
	} while (found == ANEW_MAX);
	err = CDR_OK;
out:
	return err;
}
