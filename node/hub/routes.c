#include "node/hub/routes.h"

#include <string.h>

#include "node/hub/annual.h"
#include "node/hub/ceremony.h"
#include "node/hub/change.h"
#include "node/hub/check.h"
#include "node/hub/enrol.h"
#include "node/hub/evaluation.h"
#include "node/hub/guest.h"
#include "node/hub/index.h"
#include "node/hub/mail.h"
#include "node/hub/proposal.h"
#include "node/hub/roll.h"
#include "node/hub/round.h"
#include "node/hub/sample.h"
#include "node/hub/tree.h"
#include "node/hub/witness.h"
#include "audit/sample.h"
#include "node/net/ask.h"
#include "node/net/log.h"
#include "proto/log.pb-c.h"

#define ANYONE CDR_CALLER_ANYONE
#define NEW CDR_CALLER_NEW
#define MEMBER CDR_CALLER_MEMBER
#define TRUSTEE CDR_CALLER_TRUSTEE
#define TYPE(name) &cdr__wire__##name##__descriptor

const struct cdr_route cdr_hub_routes[] = {
	{ "/v1/genesis", ANYONE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_genesis, NULL },
	{ "/v1/roster", ANYONE, CDR_BODY_SMALL_MAX, TYPE(roster_request), cdr_hub_roster, NULL },
	{ "/v1/member/sealing", MEMBER, CDR_BODY_SMALL_MAX, TYPE(sealing_put), cdr_hub_roll, NULL },
	{ "/v1/join", NEW, CDR_BODY_SMALL_MAX, TYPE(join_request), cdr_hub_join, cdr_hub_join_key },
	{ "/v1/roster/proposal", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_proposal, NULL },
	{ "/v1/roster/countersign", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(countersign_request), cdr_hub_countersign, NULL },
	{ "/v1/ceremony/post", TRUSTEE | NEW, CDR_BODY_CEREMONY_MAX, TYPE(ceremony_message), cdr_hub_ceremony_post,
	    cdr_hub_ceremony_post_key },
	{ "/v1/ceremony/fetch", TRUSTEE | NEW, CDR_BODY_SMALL_MAX, TYPE(ceremony_fetch), cdr_hub_ceremony_fetch,
	    cdr_hub_ceremony_fetch_key },
	{ "/v1/ceremony/due", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_ceremony_due, NULL },
	{ "/v1/trustees/change", ANYONE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_trustees_change, NULL },
	{ "/v1/ceremony/result", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(ceremony_result), cdr_hub_ceremony_result, NULL },
	{ "/v1/index/put", MEMBER, CDR_BODY_INDEX_MAX, TYPE(index_put), cdr_hub_index_put, NULL },
	{ "/v1/index/prove", MEMBER, CDR_BODY_SMALL_MAX, TYPE(index_prove), cdr_hub_index_prove, NULL },
	{ "/v1/index/handles", MEMBER, CDR_BODY_SMALL_MAX, TYPE(index_handles), cdr_hub_index_handles, NULL },
	{ "/v1/check/open", MEMBER, CDR_BODY_SMALL_MAX, TYPE(check_open), cdr_hub_check_open, NULL },
	{ "/v1/check/close", MEMBER, CDR_BODY_SMALL_MAX, TYPE(check_close), cdr_hub_check_close, NULL },
	{ "/v1/log/evaluation", MEMBER, CDR_BODY_SMALL_MAX, TYPE(signed_evaluation), cdr_hub_log_evaluation, NULL },
	{ "/v1/log/checkpoint", MEMBER, CDR_BODY_SMALL_MAX, TYPE(checkpoint_request), cdr_hub_log_checkpoint, NULL },
	{ "/v1/log/show", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_log_show, NULL },
	{ "/v1/mail/post", MEMBER, CDR_BODY_MAIL_MAX, TYPE(mail), cdr_hub_mail_post, NULL },
	{ "/v1/mail/fetch", MEMBER, CDR_BODY_SMALL_MAX, TYPE(mail_fetch), cdr_hub_mail_fetch, NULL },
	{ "/v1/mail/taken", MEMBER, 2 * CDR_BODY_SMALL_MAX, TYPE(mail_taken), cdr_hub_mail_taken, NULL },
	{ "/v1/guest/put", MEMBER, CDR_BODY_GUEST_MAX, TYPE(guest_put), cdr_hub_guest_put, NULL },
	{ "/v1/guest/withdraw", MEMBER, CDR_BODY_SMALL_MAX, TYPE(guest_withdraw), cdr_hub_guest_withdraw, NULL },
	{ "/v1/guest/fetch", MEMBER, CDR_BODY_SMALL_MAX, TYPE(guest_fetch), cdr_hub_guest_fetch, NULL },
	{ "/v1/guest/taken", MEMBER, CDR_BODY_SMALL_MAX, TYPE(guest_taken), cdr_hub_guest_taken, NULL },
	{ "/v1/guest/page", MEMBER, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_guest_page, NULL },
	{ "/v1/round/list", MEMBER | TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(empty), cdr_hub_round_list_asked, NULL },
	{ "/v1/round/release", MEMBER, CDR_BODY_SMALL_MAX, TYPE(round_release_request), cdr_hub_round_release_asked, NULL },
	{ CDR_TALLY_SUBMIT_PATH, MEMBER, CDR_BODY_ROUND_MAX, TYPE(round_submit), cdr_hub_round_submit, NULL },
	{ "/v1/round/work", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(round_work_request), cdr_hub_round_work, NULL },
	{ "/v1/round/evidence", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(round_evidence_request), cdr_hub_round_evidence, NULL },
	{ CDR_TALLY_FIRST_PATH, TRUSTEE, CDR_BODY_ROUND_MAX, TYPE(round_first), cdr_hub_round_first, NULL },
	{ CDR_TALLY_SECOND_PATH, TRUSTEE, CDR_BODY_ROUND_MAX, TYPE(round_second), cdr_hub_round_second, NULL },
	{ "/v1/round/refuse", TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(round_refuse), cdr_hub_round_refuse, NULL },
	{ "/v1/sample/list", MEMBER, CDR_BODY_SMALL_MAX, TYPE(sample_list_request), cdr_hub_sample_list, NULL },
	{ CDR_SAMPLE_VERDICT_PATH, TRUSTEE, CDR_BODY_SMALL_MAX, TYPE(verdict), cdr_hub_sample_verdict, NULL },
	{ "/v1/return", MEMBER, CDR_BODY_SMALL_MAX, TYPE(annual_put), cdr_hub_return_put, NULL },
};

const size_t cdr_hub_route_count = sizeof(cdr_hub_routes) / sizeof(cdr_hub_routes[0]);

/* ---- the two that anybody may ask ---------------------------------------------------------------------------- */

/* A reading job. */
static cdr_err
genesis_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_roster_read(tx, 0, context, NULL);
}

/* see node/hub/routes.h */
cdr_err
cdr_hub_genesis(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct cdr_roster *genesis = NULL;

	(void)call;
	(void)fault;
	CDR_TRY(cdr_store_read(hub->store, genesis_job, &genesis));
	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(&genesis->bytes), &answer->body));
	err = CDR_OK;
out:
	cdr_roster_free(genesis);
	return err;
}

struct next_job {
	uint64_t have;
	struct cdr_roster *roster; /* NULL: the newest will do */
};

/* A reading job: the first roster after ${have} that brings other trustees. */
static cdr_err
next_job(struct cdr_tx *tx, void *context)
{
	struct next_job *job = context;
	int64_t version;
	cdr_err err;

	if (job->have > INT64_MAX)
		return CDR_OK;
	err = cdr_query_one_int(tx, "SELECT version FROM trustees_changed WHERE version > $1 ORDER BY version LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)job->have)), &version);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	return err == CDR_OK ? cdr_hub_roster_read(tx, version, &job->roster, NULL) : err;
}

/*
 * see node/hub/routes.h. A roster is countersigned by the trustees of the one before it: whoever holds an older one gets first
 * the one in which those that it knows hand over.
 */
cdr_err
cdr_hub_roster(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__RosterRequest *request = (const Cdr__Wire__RosterRequest *)call->message;
	struct next_job job = { .have = request->have_version };
	Cdr__Wire__RosterReply reply = CDR__WIRE__ROSTER_REPLY__INIT;
	Cdr__Wire__SignedRoster roster = *call->roster->signatures;

	(void)fault;
	if (call->roster->body->version > request->have_version) {
		CDR_TRY(cdr_store_read(hub->store, next_job, &job));
		if (job.roster != NULL)
			roster = *job.roster->signatures;
		reply.roster = &roster;
	}
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_roster_free(job.roster);
	return err;
}

/* ---- the service --------------------------------------------------------------------------------------------- */

static const struct cdr_roster *
hold(void *context)
{
	return cdr_hub_roster_hold(context);
}

static void
release(void *context, const struct cdr_roster *roster)
{
	cdr_hub_roster_release(context, roster);
}

struct admission {
	const char *id;
	char status[CDR_HUB_STATUS_LEN];
};

/* A reading job. */
static cdr_err
admit_job(struct cdr_tx *tx, void *context)
{
	struct admission *admission = context;
	cdr_err err = cdr_hub_status_read(tx, admission->id, admission->status);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A suspension holds from the next request on, long before the roster says so. */
static cdr_err
admit(void *context, const struct cdr_call *call, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;

	/* The database could not be read: nobody is let in on what was true once. */
	if (call->roster == NULL)
		return cdr_fault_set(fault, CDR_E_BUSY, "no roster can be read here now: try again later");
	if (call->message->descriptor != TYPE(checkpoint_request) && hub->witness != NULL && cdr_hub_witness_is_behind(hub->witness))
		return cdr_fault_set(fault, CDR_E_BUSY, CDR_OLD_COPY_WORDS ", and what it acknowledges would be lost: the "
		    "operator must put the newest one in its place");
	if (call->member == NULL)
		return CDR_OK;
	struct admission admission = { .id = call->member->id };
	cdr_err err = cdr_store_read(hub->store, admit_job, &admission);
	if (err != CDR_OK)
		return err;
	if (strcmp(admission.status, "active") != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s is %s at this hub: ask the secretariat", call->member->id,
		    admission.status[0] == '\0' ? "not known" : admission.status);
	return CDR_OK;
}

/* One line for each request that failed: who, where, why. The sentence names parties and limits, never contents. */
static void
failed(void *context, const char *path, const char *signer, const struct cdr_fault *fault)
{
	bool is_ours = cdr_dispatch_status(fault->code) == 500;

	(void)context;
	cdr_log(is_ours ? CDR_LOG_ERROR : CDR_LOG_WARNING, "hub.request_failed", cdr_log_text("path", path),
	    cdr_log_text("signer", signer), cdr_log_err(fault->code), cdr_log_text("reason", fault->text));
}

/* see node/hub/routes.h */
void
cdr_hub_service(struct cdr_hub *hub, struct cdr_service *service)
{
	*service = (struct cdr_service){
		.context = hub,
		.routes = cdr_hub_routes,
		.route_count = cdr_hub_route_count,
		.signer = { .name = "hub", .seed = hub->seed, .genesis = hub->genesis },
		.hold = hold,
		.release = release,
		.admit = admit,
		.failed = failed,
	};
}
