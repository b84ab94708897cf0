#include "node/net/dispatch.h"

#include <stdio.h>
#include <string.h>

/* The state of one request on its way through. */
struct pass {
	const struct cdr_service *service;
	const struct cdr_request *request;
	const struct cdr_route *route;
	const struct cdr_roster *roster;
	struct cdr_envelope envelope;
	struct cdr_arena arena;
	struct cdr_call call;
	struct cdr_answer answer;
};

static const struct cdr_route *
find_route(const struct cdr_service *service, const char *path)
{
	for (size_t i = 0; i < service->route_count; i++) {
		if (strcmp(service->routes[i].path, path) == 0)
			return &service->routes[i];
	}
	return NULL;
}

size_t
cdr_dispatch_path_max(const struct cdr_service *service, const char *path)
{
	const struct cdr_route *route = find_route(service, path);

	return route == NULL ? 0 : route->request_max;
}

size_t
cdr_dispatch_request_max(const struct cdr_service *service)
{
	size_t max = 0;

	for (size_t i = 0; i < service->route_count; i++) {
		if (service->routes[i].request_max > max)
			max = service->routes[i].request_max;
	}
	return max;
}

/* see node/net/dispatch.h */
int
cdr_dispatch_status(cdr_err err)
{
	switch (err) {
	case CDR_OK:
		return 200;
	case CDR_E_INPUT:
	case CDR_E_RANGE:
	case CDR_E_POINT:
	case CDR_E_PROOF:
	case CDR_E_SHARE:
	case CDR_E_SEALED:
		return 400;
	case CDR_E_REFUSED:
	case CDR_E_SIGNATURE:
	case CDR_E_ROSTER:
		return 403;
	case CDR_E_ABSENT:
		return 404;
	case CDR_E_EXISTS:
	case CDR_E_SEQUENCE:
	case CDR_E_EPOCH:
		return 409;
	case CDR_E_QUOTA:
		return 429;
	case CDR_E_BUSY:
		return 503;
	default:
		return 500;
	}
}

/* Faults of our own are for our log; the peer learns only that there is one. */
static bool
is_ours(cdr_err err)
{
	return cdr_dispatch_status(err) == 500;
}

/* The party that the envelope's signer names, if it is of a kind that the route takes. */
static bool
find_caller(struct pass *p)
{
	struct cdr_call *c = &p->call;
	unsigned kind;

	if (p->roster == NULL)
		return false;
	c->party = cdr_roster_find(p->roster, p->envelope.signer, p->request->pin, &c->member, &c->trustee);
	if (c->party == NULL)
		return false;
	kind = c->member != NULL ? CDR_CALLER_MEMBER : c->trustee != NULL ? CDR_CALLER_TRUSTEE : CDR_CALLER_HUB;
	return (p->route->callers & kind) != 0;
}

static void
hold_roster(struct pass *p)
{
	p->service->release(p->service->context, p->roster);
	p->roster = p->service->hold(p->service->context);
}

/* A party of the roster calls: find it, check its signature and that it may act. */
static cdr_err
verify_party(struct pass *p, struct cdr_fault *fault)
{
	const struct cdr_service *s = p->service;
	cdr_err err = CDR_E_INTERNAL;

	/* A caller that we do not know may be in a roster that we have not seen. */
	if (!find_caller(p) && s->refresh != NULL && s->refresh(s->context))
		hold_roster(p);
	if (p->roster == NULL)
		return cdr_fault_set(fault, CDR_E_BUSY, "no roster can be read here now: try again later");
	if (!find_caller(p))
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s may not call %s here: the roster in force has no such caller "
		    "with this certificate", p->envelope.signer, p->route->path);
	p->call.roster = p->roster;
	err = cdr_envelope_verify_request(&p->envelope, p->call.party->signing_key.data, s->signer.genesis, p->route->path);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the signature of %s does not hold; it may be for another exchange",
		    p->envelope.signer);
	if (p->call.member != NULL && !cdr_roster_member_is_active(p->call.member))
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s is %s: ask the secretariat", p->envelope.signer,
		    p->call.member->status);
	return CDR_OK;
}

/* "new": the key comes with the message. */
static cdr_err
verify_new(struct pass *p, struct cdr_fault *fault)
{
	struct cdr_bytes key;
	cdr_err err = CDR_E_INTERNAL;

	if ((p->route->callers & CDR_CALLER_NEW) == 0 || p->route->new_key == NULL)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s is not for parties outside the roster", p->route->path);
	key = p->route->new_key(p->call.message);
	if (key.len != CDR_SIGN_PUBLIC_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "a signing key has %d bytes", CDR_SIGN_PUBLIC_LEN);
	err = cdr_envelope_verify_request(&p->envelope, key.data, p->service->signer.genesis, p->route->path);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the request is not signed with the key that it brings");
	return CDR_OK;
}

static cdr_err
open_request(struct pass *p, struct cdr_fault *fault)
{
	const struct cdr_request *r = p->request;
	cdr_err err = CDR_E_INTERNAL;

	p->route = find_route(p->service, r->path);
	if (p->route == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "there is no such path here");
	if (r->bytes.len > p->route->request_max)
		return cdr_fault_set(fault, CDR_E_RANGE, "a request to %s has at most %zu bytes", p->route->path,
		    p->route->request_max);
	err = cdr_envelope_open(r->bytes, &p->envelope);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "not a signed message");
	return CDR_OK;
}

/* The message is decoded only once it is known who sent it, except where it brings the key. */
static cdr_err
verify(struct pass *p, struct cdr_fault *fault)
{
	bool is_public = (p->route->callers & CDR_CALLER_ANYONE) != 0;
	bool is_new = strcmp(p->envelope.signer, "new") == 0;
	cdr_err err = CDR_E_INTERNAL;

	hold_roster(p);
	p->call.roster = p->roster;
	if (!is_public && !is_new)
		CDR_TRY(verify_party(p, fault));
	err = cdr_message_decode(&p->arena, p->route->type, p->envelope.body, &p->call.message);
	if (err != CDR_OK) {
		cdr_fault_set(fault, err, "the body is not a %s", p->route->type->short_name);
		goto out;
	}
	if (!is_public && is_new)
		CDR_TRY(verify_new(p, fault));
	if (p->service->admit != NULL)
		CDR_TRY(p->service->admit(p->service->context, &p->call, fault));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
handle(struct pass *p, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(open_request(p, fault));
	p->call.request = p->request->bytes;
	p->call.envelope = &p->envelope;
	p->call.pin = p->request->pin;
	p->call.now = p->request->now;
	CDR_TRY(verify(p, fault));
	err = p->route->handle(p->service->context, &p->call, &p->answer, fault);
out:
	return err;
}

/* Nothing of an answer that failed leaves; a Refusal says why. */
static cdr_err
make_refusal(cdr_err code, const struct cdr_fault *fault, struct cdr_answer *answer)
{
	Cdr__Wire__Refusal refusal = CDR__WIRE__REFUSAL__INIT;
	char name[32], text[CDR_FAULT_LEN];

	cdr_buffer_free(&answer->body);
	cdr_buffer_free(&answer->attachment);
	(void)snprintf(name, sizeof(name), "%s", cdr_err_name(code));
	(void)snprintf(text, sizeof(text), "%s", fault->text);
	refusal.code = name;
	refusal.text = text;
	return cdr_message_encode(&refusal.base, &answer->body);
}

static void
report(struct pass *p, cdr_err err, struct cdr_fault *fault)
{
	const struct cdr_service *s = p->service;

	fault->code = err;
	if (fault->text[0] == '\0')
		cdr_fault_set(fault, err, "%s", cdr_err_name(err));
	if (s->failed != NULL)
		s->failed(s->context, p->route != NULL ? p->route->path : "(unknown path)",
		    p->envelope.signer != NULL ? p->envelope.signer : "(nobody)", fault);
	if (is_ours(err))
		cdr_fault_set(fault, err, "a fault on this side; try again, and tell the operator if it stays: the log "
		    "says more");
}

static int
status_of(const struct pass *p, cdr_err err)
{
	if (err == CDR_E_RANGE && p->route != NULL && p->request->bytes.len > p->route->request_max)
		return 413;
	return cdr_dispatch_status(err);
}

/* see node/net/dispatch.h */
int
cdr_dispatch(const struct cdr_service *service, const struct cdr_request *request, struct cdr_buffer *reply)
{
	struct pass p = { .service = service, .request = request };
	struct cdr_fault fault = { CDR_OK, "" };
	const char *path;
	int status;
	cdr_err err;

	*reply = (struct cdr_buffer){ NULL, 0 };
	err = handle(&p, &fault);
	bool is_held = request->turn != NULL && p.answer.turn == CDR_TURN_EARLY;
	if (request->turn != NULL)
		*request->turn = p.answer.turn;
	if (err != CDR_OK) {
		if (!is_held) /* that is nothing to tell anybody: it is every other evaluation's first answer */
			report(&p, err, &fault);
		if (make_refusal(err, &fault, &p.answer) != CDR_OK)
			err = CDR_E_MEMORY;
	}
	status = status_of(&p, err);
	/* The path that was asked for, not what it was taken for: the asker verifies the reply under its own. */
	path = request->path;
	err = cdr_envelope_reply(&service->signer, path, request->bytes, cdr_buffer_bytes(&p.answer.body),
	    cdr_buffer_bytes(&p.answer.attachment), reply);
	if (err != CDR_OK) {
		cdr_buffer_free(reply);
		status = 500;
	}
	service->release(service->context, p.roster);
	cdr_buffer_free(&p.answer.body);
	cdr_buffer_free(&p.answer.attachment);
	cdr_arena_free(&p.arena);
	cdr_envelope_free(&p.envelope);
	return status;
}
