#include "node/member/api_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/embed.h"
#include "core/record/candidate.h"
#include "core/record/json.h"
#include "core/record/leaver.h"
#include "node/member/api_key.h"

CDR_EMBED(cdr_openapi, "node/member/data/openapi.json");

#define CANDIDATE_FIELDS "reference given_names family_names other_names native_name date_of_birth gender nationality document_type " \
	"document_country document_number email phone declared_employers position_category legal_basis candidate_notified notified_on"
#define PDF "application/pdf"
#define BYTES "application/octet-stream"
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static const struct cdr_api_route routes[] = {
	{ .method = CDR_REST_GET, .path = "/openapi.json", .status = 200 },
	{ .method = CDR_REST_POST, .path = "/v1/sessions", .body = CDR_API_DOCUMENT, .status = 201, .body_max = CDR_API_JSON_MAX },
	{ .method = CDR_REST_DELETE, .path = "/v1/sessions/current", .status = 204 },
	{ .method = CDR_REST_GET, .path = "/v1/me", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/members", .command = "members", .list = "members", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/checks", .command = "check list", .fields = "language", .list = "checks", .status = 200 },
	{ .method = CDR_REST_POST, .path = "/v1/checks", .command = "check new", .body = CDR_API_FIELDS, .fields = CANDIDATE_FIELDS, .status = 201,
	    .body_max = CDR_API_JSON_MAX },
	{ .method = CDR_REST_POST, .path = "/v1/checks/imports", .command = "check import", .body = CDR_API_TABLE, .fields = "skip_bad", .file_option = "",
	    .status = 201, .body_max = CDR_CANDIDATE_FILE_MAX },
	{ .method = CDR_REST_GET, .path = "/v1/checks/{}", .command = "check show", .fields = "language", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/checks/{}/pdf", .command = "check show", .fields = "language", .file_option = "pdf", .file_type = PDF,
	    .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/checks/{}/statements/{}", .command = "statement export", .file_option = "", .file_type = BYTES, .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/results.xlsx", .command = "check list", .fields = "language", .file_option = "output", .fixed = "format",
	    .fixed_value = "xlsx", .file_type = XLSX,
	    .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/results.csv", .command = "check list", .fields = "language", .file_option = "output", .fixed = "format",
	    .fixed_value = "csv", .file_type = "text/csv; charset=utf-8", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/inbox", .command = "inbox list", .fields = "all", .list = "requests", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/inbox/{}", .command = "inbox show", .fields = "language", .status = 200 },
	{ .method = CDR_REST_POST, .path = "/v1/inbox/{}/answer", .command = "inbox answer", .body = CDR_API_DOCUMENT, .fields = "leaver valid_days",
	    .file_option = "file", .status = 201, .body_max = CDR_API_JSON_MAX },
	{ .method = CDR_REST_GET, .path = "/v1/leavers", .command = "leavers status", .status = 200 },
	{ .method = CDR_REST_POST, .path = "/v1/leavers/imports", .command = "leavers import", .body = CDR_API_TABLE,
	    .fields = "skip_bad partial allow_removals", .file_option = "", .fixed = "no-wait", .status = 201, .body_max = CDR_LEAVER_FILE_MAX },
	{ .method = CDR_REST_GET, .path = "/v1/return", .command = "return preview", .fields = "language year", .status = 200 },
	{ .method = CDR_REST_GET, .path = "/v1/trail", .command = "trail list", .list = "entries", .status = 200 },
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

struct cdr_api {
	struct cdr_member *member;
	const struct cdr_program *program;
	struct cdr_rest *rest;
	pthread_mutex_t one; /* commands were written for one at a time */
	uint16_t port;
};

/* ---- routes -------------------------------------------------------------------------------------------------------------- */

/* Does a path fit? A {} takes one segment that is not empty. */
static bool
fits(const char *pattern, const char *path, struct cdr_api_call *call)
{
	size_t count = 0;

	while (*pattern != '\0' && *path != '\0') {
		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");
		if (len == 0 || len >= CDR_API_SEGMENT_LEN || count == CDR_API_SEGMENT_MAX)
			return false;
		memcpy(call->segment[count], path, len);
		call->segment[count++][len] = '\0';
		pattern += 2;
		path += len;
	}
	call->segment_count = count;
	return *pattern == '\0' && *path == '\0';
}

/* see node/member/api_parts.h */
const struct cdr_api_route *
cdr_api_route_find(const struct cdr_rest_head *head, struct cdr_api_call *call, bool *known)
{
	*known = false;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!fits(routes[i].path, head->path, call))
			continue;
		*known = true;
		if (routes[i].method == head->method)
			return &routes[i];
	}
	return NULL;
}

/* see node/member/api.h */
size_t
cdr_api_body_max(const struct cdr_rest_head *head)
{
	struct cdr_api_call call;
	bool known;
	const struct cdr_api_route *route = cdr_api_route_find(head, &call, &known);

	return route != NULL ? route->body_max : 0;
}

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

/* May this actor give the route's command? 0, or the status of the refusal. */
static int
refusal_of(const struct cdr_api_call *call)
{
	if (call->route->command == NULL || (cdr_access_roles(call->route->command) & call->actor.roles) != 0)
		return 0;
	return 403;
}

/* Whether the body is what the route takes. Browsers cannot send these types across origins without asking first. */
static bool
body_fits(const struct cdr_api_call *call)
{
	const char *type = call->head->content_type;

	switch (call->route->body) {
	case CDR_API_NOTHING:
		return call->body.len == 0;
	case CDR_API_TABLE:
		return strcmp(type, "text/csv") == 0 || strcmp(type, XLSX) == 0 || strcmp(type, BYTES) == 0;
	default:
		return strcmp(type, "application/json") == 0;
	}
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
	if (strcmp(path, "/v1/me") == 0)
		return cdr_api_me(call);
	return strcmp(path, "/v1/sessions") == 0 ? cdr_api_login(call) : cdr_api_logout(call);
}

/* Put what came of it into the reply; keep it where a repeat would ask for it. */
static void
conclude(struct cdr_api_call *call, cdr_err err, struct cdr_rest_reply *reply)
{
	bool keeps = call->route->method == CDR_REST_POST && call->route->command != NULL;

	if (err != CDR_OK) {
		int status = err == CDR_E_BUSY && call->route->command == NULL ? 429 : status_of(err);
		put_problem(reply, status, cdr_err_name(err), call->fault->text[0] != '\0' ? call->fault->text : cdr_err_name(err), json_incref(call->result));
		return;
	}
	reply->status = call->route->status;
	reply->content_type = call->route->file_type;
	if (call->route->file_type != NULL) {
		reply->body = call->file;
		call->file = (struct cdr_buffer){ 0 };
	} else if (reply->status != 204) {
		put_json(reply, call->result);
	}
	if (keeps && cdr_api_reply_keep(call, reply->status, cdr_buffer_bytes(&reply->body)) != CDR_OK)
		(void)snprintf(reply->header, sizeof(reply->header), "Candor-Reply-Kept: no\r\n");
}

/* The request is known, and so is who asks: repeat what was said, or do it. */
static void
do_it(struct cdr_api_call *call, struct cdr_rest_reply *reply)
{
	bool keyed = call->route->method == CDR_REST_POST && call->route->command != NULL;
	size_t key_len = strlen(call->head->idempotency_key);
	int status = 0;

	if (keyed && (key_len == 0 || key_len > 128)) {
		put_problem(reply, 400, "input", "an Idempotency-Key of 1 to 128 characters is needed: the same one for the same request", NULL);
		return;
	}
	cdr_err err = keyed ? cdr_api_reply_find(call, &status, &reply->body) : CDR_OK;
	if (err == CDR_OK && status != 0) {
		reply->status = status;
		(void)snprintf(reply->header, sizeof(reply->header), "Idempotent-Replayed: true\r\n");
		return;
	}
	conclude(call, err == CDR_OK ? act(call) : err, reply);
}

/* see node/member/api.h */
void
cdr_api_answer(struct cdr_member *member, const struct cdr_program *program, uint16_t port, int status, const struct cdr_rest_head *head,
    struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	struct cdr_fault fault = { 0 };
	struct cdr_api_call *call = calloc(1, sizeof(*call));
	bool known = false;

	if (call == NULL) {
		put_problem(reply, 503, "memory", "no memory", NULL);
		return;
	}
	*call = (struct cdr_api_call){ .member = member, .program = program, .head = head, .body = body, .fault = &fault };
	if (status == 0 && !cdr_rest_is_local(head, port))
		put_problem(reply, 403, "refused", "the Host, or the Origin, is not this API's: use 127.0.0.1 with its port", NULL);
	else if (status != 0 && status != 413)
		put_problem(reply, status, "input", "the request cannot be understood", NULL);
	else if ((call->route = cdr_api_route_find(head, call, &known)) == NULL)
		put_problem(reply, known ? 405 : 404, known ? "refused" : "absent", known ? "this path takes another method" : "there is no such path: see /openapi.json",
		    NULL);
	else if (status == 413)
		put_problem(reply, 413, "range", "the body is longer than this path takes", NULL);
	else if (strcmp(call->route->path, "/openapi.json") == 0) {
		size_t len = (size_t)(cdr_openapi_end - cdr_openapi);
		reply->status = 200;
		reply->body = (struct cdr_buffer){ malloc(len + 1), len };
		if (reply->body.data != NULL)
			memcpy(reply->body.data, cdr_openapi, len);
		else
			reply->body.len = 0;
	} else if (!body_fits(call))
		put_problem(reply, 415, "input", "the body's Content-Type is not what this path takes", NULL);
	else if (strcmp(call->route->path, "/v1/sessions") != 0 && authenticate(call) != CDR_OK)
		put_problem(reply, fault.code == CDR_E_PASSPHRASE ? 401 : 500, cdr_err_name(fault.code), fault.text, NULL);
	else if (refusal_of(call) != 0)
		put_problem(reply, 403, "refused", "the roles of this key or session do not allow this", NULL);
	else
		do_it(call, reply);
	json_decref(call->result);
	cdr_buffer_free(&call->file);
	cdr_wipe(call, sizeof(*call));
	free(call);
}

/* ---- serving ------------------------------------------------------------------------------------------------------------------ */

static size_t
body_max(void *context, const struct cdr_rest_head *head)
{
	(void)context;
	return cdr_api_body_max(head);
}

static void
handle(void *context, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	struct cdr_api *api = context;

	(void)pthread_mutex_lock(&api->one);
	cdr_api_answer(api->member, api->program, api->port, status, head, body, reply);
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
	(void)pthread_mutex_lock(&api->one); /* nobody is answered before the port is known */
	const struct cdr_rest_app app = { .context = api, .body_max = body_max, .handle = handle };
	cdr_err err = cdr_rest_start(listen, &app, &api->rest, fault);
	if (err == CDR_OK)
		api->port = cdr_rest_port(api->rest);
	(void)pthread_mutex_unlock(&api->one);
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
	return api->port;
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
