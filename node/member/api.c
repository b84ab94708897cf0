#include "node/member/api_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/api_key.h"

struct cdr_api {
	struct cdr_member *member;
	const struct cdr_program *program;
	struct cdr_rest *rest;
	pthread_mutex_t one; /* commands were written for one at a time */
};

/* ---- answers ------------------------------------------------------------------------------------------------------------- */

static void
put_json(struct cdr_rest_reply *reply, const json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	size_t len = text != NULL ? strlen(text) : 0;

	cdr_buffer_free(&reply->body);
	reply->body = (struct cdr_buffer){ malloc(len + 1), len };
	if (reply->body.data == NULL)
		reply->body.len = 0;
	else if (len > 0)
		memcpy(reply->body.data, text, len);
	cdr_json_free(text);
}

/* RFC 9457. ${more}: what a command printed about the rows of a file; taken over. */
static void
put_problem(struct cdr_rest_reply *reply, int status, const char *code, const char *detail, json_t *more)
{
	json_t *problem = json_pack("{s:s, s:i, s:s, s:s}", "type", "about:blank", "status", status, "code", code, "detail", detail);

	if (more != NULL)
		(void)json_object_set_new(problem, "report", more);
	reply->status = status;
	reply->content_type = "application/problem+json";
	put_json(reply, problem);
	if (status == 401)
		(void)snprintf(reply->header, sizeof(reply->header), "WWW-Authenticate: Bearer\r\n");
	if (status == 429 || status == 503)
		(void)snprintf(reply->header, sizeof(reply->header), "Retry-After: 30\r\n");
	json_decref(problem);
}

/* The status that stands for an error. */
static int
status_of(cdr_err err)
{
	switch (err) {
	case CDR_E_INPUT:
	case CDR_E_RANGE:
		return 400;
	case CDR_E_PASSPHRASE:
		return 401;
	case CDR_E_ABSENT:
		return 404;
	case CDR_E_EXISTS:
		return 409;
	case CDR_E_REFUSED:
		return 422;
	case CDR_E_QUOTA:
		return 429;
	case CDR_E_BUSY:
	case CDR_E_NETWORK:
	case CDR_E_TIME:
		return 503;
	default:
		return 500;
	}
}

/* Numbers of the query that say which page; false if they are none. */
static bool
page_number(const struct cdr_rest_head *head, const char *name, size_t otherwise, size_t max, size_t *number)
{
	char text[16];
	char *end;

	*number = otherwise;
	cdr_err err = cdr_rest_query(head, name, text, sizeof(text));
	if (err == CDR_E_ABSENT)
		return true;
	unsigned long n = strtoul(text, &end, 10);
	if (err != CDR_OK || text[0] < '0' || text[0] > '9' || *end != '\0' || n > max)
		return false;
	*number = n;
	return true;
}

/* One page of the list, and where the next one begins. The order is that of the command: the oldest first. */
static cdr_err
cut_page(struct cdr_api_call *call)
{
	if (json_is_array(call->result))
		call->result = json_pack("{s:o}", call->route->list, call->result);
	json_t *list = json_object_get(call->result, call->route->list), *page = json_array();
	size_t limit, cursor;

	if (!page_number(call->head, "limit", CDR_API_PAGE_DEFAULT, CDR_API_PAGE_MAX, &limit) || limit == 0 ||
	    !page_number(call->head, "cursor", 0, UINT32_MAX, &cursor)) {
		json_decref(page);
		return cdr_fault_set(call->fault, CDR_E_INPUT, "limit: 1 to %d; cursor: the next_cursor of the page before", CDR_API_PAGE_MAX);
	}
	for (size_t i = cursor; i < json_array_size(list) && i < cursor + limit; i++)
		(void)json_array_append(page, json_array_get(list, i));
	bool more = cursor + limit < json_array_size(list);
	char next[24];
	(void)snprintf(next, sizeof(next), "%zu", cursor + limit);
	(void)json_object_set_new(call->result, call->route->list, page);
	(void)json_object_set_new(call->result, "next_cursor", more ? json_string(next) : json_null());
	return CDR_OK;
}

/* ---- who asks -------------------------------------------------------------------------------------------------------------- */

static cdr_err
authenticate(struct cdr_api_call *call)
{
	const char *given = call->head->authorization, *token = strncmp(given, "Bearer ", 7) == 0 ? given + 7 : "";
	struct cdr_account account;

	if (strncmp(token, "ck_", 3) == 0)
		return cdr_api_key_actor(call->member, token, &call->actor, call->fault);
	if (strncmp(token, "cs_", 3) != 0)
		return cdr_fault_set(call->fault, CDR_E_PASSPHRASE, "Authorization: Bearer and a key (`candor api-key add`) or the token of a session is needed");
	cdr_err err = cdr_account_session(call->member, token, &account, call->fault);
	if (err != CDR_OK)
		return err;
	(void)snprintf(call->actor.who, sizeof(call->actor.who), "user/%s", account.name);
	memcpy(call->actor.name, account.name, sizeof(call->actor.name));
	call->actor.roles = account.roles;
	return CDR_OK;
}

/* Whether the body is what the route takes. Browsers cannot send these types across origins without asking first. */
static bool
body_fits(const struct cdr_api_route *route, const char *type)
{
	switch (route->body) {
	case CDR_API_NOTHING:
		return true;
	case CDR_API_TABLE:
		return strcmp(type, "text/csv") == 0 || strcmp(type, CDR_API_XLSX) == 0 || strcmp(type, CDR_API_BYTES) == 0;
	case CDR_API_FILE:
		return strcmp(type, CDR_API_BYTES) == 0;
	default:
		return strcmp(type, "application/json") == 0;
	}
}

/* Why a request is refused; status 0: it is not. */
struct refusal {
	int status;
	const char *code, *detail;
};

/*
 * What the head alone decides, in this order: whether it is for us, whether there is such a path, who asks, whether the roles allow it, and
 * only then whether the body may come. Fills in the route and the actor.
 */
static struct refusal
judge(struct cdr_api_call *call, uint16_t port)
{
	bool known = false;
	size_t key_len = strlen(call->head->idempotency_key);

	if (!cdr_rest_is_local(call->head, port))
		return (struct refusal){ 403, "refused", "the Host, or the Origin, is not this API's: use 127.0.0.1 with its port" };
	call->route = cdr_api_route_find(call->head, call, &known);
	if (call->route == NULL && known)
		return (struct refusal){ 405, "refused", "this path takes another method" };
	if (call->route == NULL)
		return (struct refusal){ 404, "absent", "there is no such path: see /openapi.json" };
	const char *command = call->route->command;
	if (command != NULL || strncmp(call->route->path, "/v1/sessions/", 13) == 0 || strcmp(call->route->path, "/v1/me") == 0) {
		cdr_err err = authenticate(call);
		if (err != CDR_OK)
			return (struct refusal){ err == CDR_E_PASSPHRASE ? 401 : 500, cdr_err_name(err), call->fault->text };
	}
	if (command != NULL && (cdr_access_roles(command) & call->actor.roles) == 0)
		return (struct refusal){ 403, "refused", "the roles of this key or session do not allow this" };
	if (!body_fits(call->route, call->head->content_type))
		return (struct refusal){ 415, "input", "the body's Content-Type is not what this path takes" };
	if (call->head->body_len > call->route->body_max)
		return (struct refusal){ 413, "range", "the body is longer than this path takes" };
	if (cdr_api_writes(call->route) && (key_len == 0 || key_len > 128))
		return (struct refusal){ 400, "input", "an Idempotency-Key of 1 to 128 characters is needed: the same one for the same request" };
	return (struct refusal){ 0, NULL, NULL };
}

/* ---- one request ------------------------------------------------------------------------------------------------------------ */

/* What is answered here, and what a command answers. */
static cdr_err
act(struct cdr_api_call *call)
{
	const char *path = call->route->path;

	if (call->route->command != NULL) {
		cdr_err err = cdr_api_run(call);
		return err == CDR_OK && call->route->list != NULL ? cut_page(call) : err;
	}
	if (strcmp(path, "/openapi.json") == 0) {
		call->result = cdr_api_describe(call->program);
		return call->result != NULL ? CDR_OK : CDR_E_MEMORY;
	}
	if (strcmp(path, "/v1/me") == 0)
		return cdr_api_me(call);
	return strcmp(path, "/v1/sessions") == 0 ? cdr_api_login(call) : cdr_api_logout(call);
}

/* What went well, as a reply. */
static void
put_result(struct cdr_api_call *call, struct cdr_rest_reply *reply)
{
	reply->status = call->route->status;
	reply->content_type = call->route->file_type;
	if (call->route->file_type != NULL) {
		reply->body = call->file;
		call->file = (struct cdr_buffer){ 0 };
		return;
	}
	if (call->route->file_member != NULL)
		(void)json_object_set_new(call->result, call->route->file_member, json_stringn((const char *)call->file.data, call->file.len));
	if (reply->status != 204)
		put_json(reply, call->result);
}

static void
put_error(const struct cdr_api_call *call, cdr_err err, struct cdr_rest_reply *reply)
{
	put_problem(reply, status_of(err), cdr_err_name(err), call->fault->text[0] != '\0' ? call->fault->text : cdr_err_name(err),
	    json_incref(call->result));
}

/*
 * An act with its answer: one transaction, but where the hub is asked in the middle. There the answer is kept after the act, and a node that
 * is killed between them does an act again that the hub takes once.
 */
static cdr_err
act_and_keep(struct cdr_api_call *call, struct cdr_rest_reply *reply)
{
	struct cdr_store *store = call->member->home->store;
	bool alone = call->route->alone;

	cdr_err err = alone ? CDR_OK : cdr_store_hold(store);
	if (err != CDR_OK)
		return err;
	err = act(call);
	if (err == CDR_OK) {
		put_result(call, reply);
		err = cdr_api_reply_keep(call, reply->status, cdr_buffer_bytes(&reply->body));
	}
	if (!alone) {
		cdr_err settled = cdr_store_settle(store, err == CDR_OK);
		err = err != CDR_OK ? err : settled;
	}
	if (err != CDR_OK)
		cdr_buffer_free(&reply->body);
	return err;
}

/* The request is known, and so is who asks: repeat what was said, or do it. */
static void
do_it(struct cdr_api_call *call, struct cdr_rest_reply *reply)
{
	int status = 0;
	cdr_err err = CDR_OK;

	if (!cdr_api_writes(call->route)) {
		err = act(call);
		if (err == CDR_OK)
			put_result(call, reply);
	} else {
		err = cdr_api_reply_find(call, &status, &reply->body);
		if (err == CDR_OK && status != 0) {
			reply->status = status;
			(void)snprintf(reply->header, sizeof(reply->header), "Idempotent-Replayed: true\r\n");
			return;
		}
		if (err == CDR_OK)
			err = act_and_keep(call, reply);
	}
	if (err != CDR_OK)
		put_error(call, err, reply);
}

/* see node/member/api.h */
int
cdr_api_admit(struct cdr_member *member, uint16_t port, const struct cdr_rest_head *head, size_t *body_max)
{
	struct cdr_fault fault = { 0 };
	struct cdr_api_call *call = calloc(1, sizeof(*call));
	int status = 503;

	*body_max = 0;
	if (call != NULL) {
		*call = (struct cdr_api_call){ .member = member, .head = head, .fault = &fault };
		status = judge(call, port).status;
		*body_max = status == 0 ? call->route->body_max : 0;
		cdr_wipe(call, sizeof(*call));
	}
	free(call);
	return status;
}

/* see node/member/api.h */
void
cdr_api_answer(struct cdr_member *member, const struct cdr_program *program, uint16_t port, int status, const struct cdr_rest_head *head,
    struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	struct cdr_fault fault = { 0 };
	struct cdr_api_call *call = calloc(1, sizeof(*call));
	struct refusal refusal = { status, "input", "the request cannot be understood" };

	if (call == NULL) {
		put_problem(reply, 503, "memory", "no memory", NULL);
		return;
	}
	*call = (struct cdr_api_call){ .member = member, .program = program, .head = head, .body = body, .fault = &fault };
	if (head->path[0] != '\0') {
		struct refusal found = judge(call, port);
		refusal = found.status != 0 ? found : status != 0 ? (struct refusal){ 503, "busy", "ask again" } : found;
	}
	if (refusal.status == 0 && body.len != head->body_len)
		refusal = (struct refusal){ 400, "input", "the body is not as long as the head says" };
	if (refusal.status != 0)
		put_problem(reply, refusal.status, refusal.code, refusal.detail, NULL);
	else
		do_it(call, reply);
	json_decref(call->result);
	cdr_buffer_free(&call->file);
	cdr_wipe(call, sizeof(*call));
	free(call);
}

/* ---- serving ------------------------------------------------------------------------------------------------------------------ */

static int
admit(void *context, uint16_t port, const struct cdr_rest_head *head, size_t *body_max)
{
	const struct cdr_api *api = context;

	return cdr_api_admit(api->member, port, head, body_max);
}

static void
handle(void *context, uint16_t port, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	struct cdr_api *api = context;

	(void)pthread_mutex_lock(&api->one);
	cdr_api_answer(api->member, api->program, port, status, head, body, reply);
	(void)pthread_mutex_unlock(&api->one);
}

/* see node/member/api.h */
cdr_err
cdr_api_start(struct cdr_member *member, const struct cdr_program *program, const char *listen, struct cdr_api **out, struct cdr_fault *fault)
{
	struct cdr_api *api = calloc(1, sizeof(*api));

	*out = NULL;
	if (api == NULL)
		return CDR_E_MEMORY;
	api->member = member;
	api->program = program;
	(void)pthread_mutex_init(&api->one, NULL);
	const struct cdr_rest_app app = { .context = api, .admit = admit, .handle = handle };
	cdr_err err = cdr_rest_start(listen, &app, &api->rest, fault);
	if (err != CDR_OK) {
		(void)pthread_mutex_destroy(&api->one);
		free(api);
		return err;
	}
	*out = api;
	return CDR_OK;
}

/* see node/member/api.h */
uint16_t
cdr_api_port(const struct cdr_api *api)
{
	return cdr_rest_port(api->rest);
}

/* see node/member/api.h */
void
cdr_api_stop(struct cdr_api *api)
{
	if (api == NULL)
		return;
	cdr_rest_stop(api->rest);
	(void)pthread_mutex_destroy(&api->one);
	free(api);
}
