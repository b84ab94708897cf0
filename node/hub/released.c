#include <string.h>

#include "node/hub/log.h"
#include "node/hub/round.h"

/* /v1/round/release: what was published last, with the receipt of its leaf. */

struct reading {
	const char *period;               /* NULL: of any */
	struct cdr_buffer json;
	uint8_t round[CDR_ROUND_HASH_LEN];
	struct cdr_hub_logged logged;
};

/* A reading job: the newest release, of the period that is named. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reading *r = context;
	struct cdr_query *query = NULL;
	uint64_t place;

	CDR_TRY(r->period == NULL ?
	    cdr_query_start(tx, "SELECT json, round, logged FROM round_release WHERE logged IS NOT NULL ORDER BY logged DESC LIMIT 1",
		CDR_VALUES(), &query) :
	    cdr_query_start(tx, "SELECT json, round, logged FROM round_release WHERE logged IS NOT NULL AND period = $1"
		" ORDER BY logged DESC LIMIT 1", CDR_VALUES(cdr_value_text(r->period)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_ROUND_RELEASE_MAX, &r->json));
	CDR_TRY(cdr_query_blob(query, 1, r->round, sizeof(r->round)));
	CDR_TRY(cdr_query_count(query, 2, &place));
	CDR_TRY(cdr_hub_log_read(tx, place, &r->logged));
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_release_asked(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__RoundReleaseRequest *request = (const Cdr__Wire__RoundReleaseRequest *)call->message;
	struct reading r = { .period = request->period };
	Cdr__Wire__RoundRelease reply = CDR__WIRE__ROUND_RELEASE__INIT;
	struct cdr_hub_receipt receipt;

	err = cdr_store_read(hub->store, read_job, &r);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "nothing was published yet%s", request->period != NULL ? " of this period" : "");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_hub_receipt_make(hub, &r.logged, &receipt));
	reply.round = cdr_message_field(r.round, sizeof(r.round));
	reply.json = cdr_message_field(r.json.data, r.json.len);
	reply.receipt = &receipt.message;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_hub_logged_free(&r.logged);
	cdr_buffer_free(&r.json);
	return err;
}
