#include "node/trustee/routes.h"

#include "node/net/log.h"
#include "node/trustee/countersign.h"
#include "node/trustee/evaluate.h"
#include "node/trustee/fork.h"
#include "node/trustee/query_opening.h"
#include "node/trustee/sample.h"
#include "node/trustee/peers.h"
#include "node/trustee/witness.h"
#include "node/trustee/witnessed.h"
#include "proto/log.pb-c.h"

const struct cdr_route cdr_trustee_routes[] = {
	{ "/v1/evaluate", CDR_CALLER_MEMBER, CDR_BODY_EVALUATE_MAX, &cdr__wire__evaluate_request__descriptor,
	    cdr_trustee_evaluate, NULL },
	{ "/v1/roster", CDR_CALLER_ANYONE, CDR_BODY_SMALL_MAX, &cdr__wire__roster_request__descriptor,
	    cdr_trustee_roster_give, NULL },
	{ "/v1/witness", CDR_CALLER_HUB, CDR_BODY_WITNESS_MAX, &cdr__wire__witness_request__descriptor, cdr_trustee_witness,
	    NULL },
	{ "/v1/witness/latest", CDR_CALLER_MEMBER | CDR_CALLER_TRUSTEE, CDR_BODY_SMALL_MAX, &cdr__wire__empty__descriptor,
	    cdr_trustee_witness_latest, NULL },
	{ "/v1/witness/contradictions", CDR_CALLER_MEMBER, CDR_BODY_SMALL_MAX, &cdr__wire__contradictions_request__descriptor,
	    cdr_trustee_fork_give, NULL },
	{ "/v1/sample/share", CDR_CALLER_HUB, CDR_BODY_SMALL_MAX, &cdr__wire__sample_share_request__descriptor,
	    cdr_trustee_sample_share, NULL },
	{ "/v1/sample/open", CDR_CALLER_MEMBER, CDR_BODY_OPENING_MAX, &cdr__wire__opening_put__descriptor, cdr_trustee_sample_open,
	    NULL },
};

const size_t cdr_trustee_route_count = sizeof(cdr_trustee_routes) / sizeof(cdr_trustee_routes[0]);

static const struct cdr_roster *
hold(void *context)
{
	struct cdr_trustee *trustee = context;

	return cdr_current_hold(trustee->current);
}

static void
release(void *context, const struct cdr_roster *roster)
{
	struct cdr_trustee *trustee = context;

	cdr_current_release(trustee->current, roster);
}

static bool
refresh(void *context)
{
	return cdr_trustee_refresh(context);
}

struct admission {
	const char *member;
	uint64_t version;
	bool stopped;
};

/* A reading job. */
static cdr_err
admit_job(struct cdr_tx *tx, void *context)
{
	struct admission *admission = context;

	return cdr_trustee_is_stopped(tx, admission->member, admission->version, &admission->stopped);
}

/* Whom this trustee has agreed to stop is stopped here, also while the hub keeps the roster back that says so. */
static cdr_err
admit(void *context, const struct cdr_call *call, struct cdr_fault *fault)
{
	struct cdr_trustee *trustee = context;

	if (call->member == NULL)
		return CDR_OK;
	struct admission admission = { .member = call->member->id, .version = call->roster->body->version };
	cdr_err err = cdr_store_read(trustee->home->store, admit_job, &admission);
	if (err == CDR_OK && admission.stopped)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "%s is being suspended or revoked: this trustee has countersigned it",
		    call->member->id);
	return err;
}

static void
failed(void *context, const char *path, const char *signer, const struct cdr_fault *fault)
{
	bool is_ours = cdr_dispatch_status(fault->code) == 500;

	(void)context;
	cdr_log(is_ours ? CDR_LOG_ERROR : CDR_LOG_INFO, "request.refused", cdr_log_text("path", path),
	    cdr_log_text("signer", signer), cdr_log_err(fault->code));
}

/* see node/trustee/routes.h */
void
cdr_trustee_service(struct cdr_trustee *trustee, struct cdr_service *service)
{
	*service = (struct cdr_service){
		.context = trustee,
		.routes = cdr_trustee_routes,
		.route_count = cdr_trustee_route_count,
		.signer = cdr_trustee_signer(trustee),
		.hold = hold,
		.release = release,
		.refresh = refresh,
		.admit = admit,
		.failed = failed,
	};
}
