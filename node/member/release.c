#include "node/member/release.h"

#include <string.h>

#include "node/member/audit.h"
#include "node/member/receipt.h"
#include "proto/round.h"

#define REPLY_MAX (CDR_ROUND_RELEASE_MAX + (64U << 10))

/* see node/member/release.h */
void
cdr_member_release_free(struct cdr_member_release *release)
{
	cdr_buffer_free(&release->json);
	*release = (struct cdr_member_release){ .place = 0 };
}

/* A writing job: the receipt is proved again every day, as those of our own acts. */
static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	return cdr_receipt_keep(tx, context);
}

struct proved_job {
	const struct cdr_receipt *receipt;
	bool proved;
};

/* A reading job: was it seen in the witnessed log? */
static cdr_err
proved_job(struct cdr_tx *tx, void *context)
{
	struct proved_job *job = context;
	int64_t count = 0;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM receipt WHERE place = $1 AND hash = $2 AND state = 'proved'",
	    CDR_VALUES(cdr_value_int((int64_t)job->receipt->place),
		cdr_value_blob(job->receipt->hash, sizeof(job->receipt->hash))), &count);

	job->proved = count > 0;
	return err;
}

/* The receipt must be for these bytes and this round, and stand in the log if that has been witnessed so far. */
static cdr_err
take(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__RoundRelease *reply,
    struct cdr_member_release *release, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_receipt receipt = { .place = 0 };
	struct cdr_audit audit;
	uint8_t hash[CDR_SHA256_LEN], content[CDR_LEAF_CONTENT_LEN];
	const struct cdr_bytes json = cdr_message_bytes(reply->json), parts[] = { cdr_message_bytes(reply->round), { hash, sizeof(hash) } };

	CDR_TRY(cdr_sha256(&json, 1, hash));
	CDR_TRY(cdr_leaf_content(CDR_LEAF_RELEASE, parts, 2, content));
	CDR_TRY(cdr_receipt_take(member, roster, reply->receipt, CDR_LEAF_RELEASE, content, &receipt, fault));
	CDR_TRY(cdr_store_write(member->home->store, keep_job, &receipt));
	err = cdr_audit_check(member, false, &audit, fault);
	if (err == CDR_E_PROOF)
		err = cdr_fault_set(fault, err, "what the hub shows of its log does not hold: `candor audit check` says what");
	if (err != CDR_OK)
		goto out;
	struct proved_job job = { &receipt, false };
	CDR_TRY(cdr_store_read(member->home->store, proved_job, &job));
	release->is_witnessed = job.proved;
	release->place = receipt.place;
	CDR_TRY(cdr_buffer_copy(json, &release->json));
out:
	cdr_receipt_free(&receipt);
	return err;
}

/* see node/member/release.h */
cdr_err
cdr_member_release_fetch(struct cdr_member *member, const char *period, struct cdr_member_release *release,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	Cdr__Wire__RoundReleaseRequest request = CDR__WIRE__ROUND_RELEASE_REQUEST__INIT;
	struct cdr_ask ask = { .path = "/v1/round/release", .message = &request.base,
		.reply_type = &cdr__wire__round_release__descriptor, .reply_max = REPLY_MAX };
	char text[CDR_CODE_LEN_MAX + 1] = "";

	*release = (struct cdr_member_release){ .place = 0 };
	if (period != NULL) {
		(void)strncpy(text, period, sizeof(text) - 1);
		request.period = text;
	}
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	CDR_TRY(take(member, roster, ask.reply, release, fault));
out:
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}
