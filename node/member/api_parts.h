#ifndef CDR_NODE_MEMBER_API_PARTS_H
#define CDR_NODE_MEMBER_API_PARTS_H

/* What the parts of node/member/api share. */

#include <jansson.h>

#include "node/member/access.h"
#include "node/member/api.h"

#define CDR_API_SEGMENT_MAX 6
#define CDR_API_SEGMENT_LEN 256

#define CDR_API_LOGIN_MAX 4096  /* bytes of the one body that is read before anybody has shown a key */
#define CDR_API_PDF "application/pdf"
#define CDR_API_BYTES "application/octet-stream"
#define CDR_API_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* A body: none; JSON whose members are options; JSON, a table (CSV or XLSX) or a file of any kind that the command reads as a file. */
enum cdr_api_body { CDR_API_NOTHING, CDR_API_FIELDS, CDR_API_DOCUMENT, CDR_API_TABLE, CDR_API_FILE };

/* What the answer is: the command's JSON, or the file that it writes. */
struct cdr_api_route {
	enum cdr_rest_method method;
	const char *path;          /* "/v1/checks/{}": a segment {} becomes an operand */
	const char *command;       /* NULL: answered here */
	const char *name;          /* of the call, where it is not the command's */
	enum cdr_api_body body;
	const char *operand;       /* the member of a body that becomes an operand behind those of the path; it is needed */
	const char *fields;        /* names that a query or a body may have, between blanks; they are options with - for _ */
	const char *list;          /* the member of the answer that comes in pages; NULL: none */
	const char *file_option;   /* the option that gets "-" as the file to read or to write; "": an operand; NULL: none */
	const char *fixed, *fixed_value; /* an option that the path stands for; NULL: none */
	const char *file_type;     /* the content type of the file that is the answer; NULL: JSON is */
	const char *file_member;   /* the member of the JSON that the file, a text, becomes; NULL: none */
	bool reads;                /* a POST that changes nothing, so that what is asked is in no address */
	bool alone;                /* it asks the hub, so act and answer are two transactions */
	int status;                /* when it went well */
	size_t body_max;
};

/* A request on its way. */
struct cdr_api_call {
	struct cdr_member *member;
	const struct cdr_program *program;
	const struct cdr_api_route *route;
	const struct cdr_rest_head *head;
	struct cdr_bytes body;
	struct cdr_actor actor;
	char segment[CDR_API_SEGMENT_MAX][CDR_API_SEGMENT_LEN];
	size_t segment_count;
	json_t *result;            /* of a command, also when it failed */
	struct cdr_buffer file;
	struct cdr_fault *fault;
};

/* The route of a path; NULL: none. ${*known}: the path is known, with other methods. Segments are filled in. */
const struct cdr_api_route *cdr_api_route_find(const struct cdr_rest_head *head, struct cdr_api_call *call, bool *known);

/* The routes by number, from 0; NULL beyond the last. */
const struct cdr_api_route *cdr_api_route_at(size_t index);

/* Does the route change anything? Then a request takes an Idempotency-Key. */
bool cdr_api_writes(const struct cdr_api_route *route);

/* Run the route's command. Returns what the command returns; CDR_E_INPUT for a body or a query that does not fit. */
CDR_MUST_CHECK cdr_err cdr_api_run(struct cdr_api_call *call);

/* Sessions: POST /v1/sessions, DELETE /v1/sessions/current, GET /v1/me. */
CDR_MUST_CHECK cdr_err cdr_api_login(struct cdr_api_call *call);
CDR_MUST_CHECK cdr_err cdr_api_logout(struct cdr_api_call *call);
CDR_MUST_CHECK cdr_err cdr_api_me(struct cdr_api_call *call);

/*
 * Replies that were given: ${status} 0 if this actor's key is new. CDR_E_EXISTS if it was used with another request.
 */
CDR_MUST_CHECK cdr_err cdr_api_reply_find(struct cdr_api_call *call, int *status, struct cdr_buffer *body);
CDR_MUST_CHECK cdr_err cdr_api_reply_keep(struct cdr_api_call *call, int status, struct cdr_bytes body);

#endif
