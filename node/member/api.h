#ifndef CDR_NODE_MEMBER_API_H
#define CDR_NODE_MEMBER_API_H

/*
 * The JSON API of a node, on loopback (node/net/rest.h): an applicant tracking system opens checks and fetches results, a payroll
 * hands over leavers. Each call is a command of `candor` with its JSON, so both say the same and obey the same roles. One table
 * (api_routes.c) is what is served, and what /openapi.json describes.
 *
 * Who calls shows a key (`candor api-key add`) or a session (POST /v1/sessions), and is refused by the head of the request if that will not
 * do: no body is read from a stranger but that of a login. What changes something carries an Idempotency-Key: the same one again gets the same
 * answer, and with another request it is refused. Act and answer are one transaction, so no kill comes between them. Errors are
 * problem+json (RFC 9457).
 */

#include <jansson.h>

#include "node/member/member.h"
#include "node/net/arguments.h"
#include "node/net/rest.h"

#define CDR_API_JSON_MAX (256U << 10)       /* bytes of a JSON body */
#define CDR_API_PAGE_DEFAULT 100            /* items of a list at once */
#define CDR_API_PAGE_MAX 1000
#define CDR_API_REPLY_DAYS 7                /* how long an Idempotency-Key is remembered */

struct cdr_api;

/**
 * cdr_api_start(member, program, listen, api, fault):
 * Serve the API until cdr_api_stop. ${member} and ${program} stay borrowed.
 *
 * Returns  as cdr_rest_start.
 */
CDR_MUST_CHECK cdr_err cdr_api_start(struct cdr_member *member, const struct cdr_program *program, const char *listen,
    struct cdr_api **api, struct cdr_fault *fault);
uint16_t cdr_api_port(const struct cdr_api *api);
void cdr_api_stop(struct cdr_api *api);

/**
 * cdr_api_admit(member, port, head, body_max), cdr_api_answer(member, program, port, status, head, body, reply):
 * Judge a request by its head, and answer it, without a socket: as the functions of struct cdr_rest_app. Answers one at a time.
 */
int cdr_api_admit(struct cdr_member *member, uint16_t port, const struct cdr_rest_head *head, size_t *body_max);
void cdr_api_answer(struct cdr_member *member, const struct cdr_program *program, uint16_t port, int status,
    const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply);

/**
 * cdr_api_describe(program):
 * The API as OpenAPI 3.1, from its table and the commands that it stands for. A new object; NULL without memory.
 */
json_t *cdr_api_describe(const struct cdr_program *program);

/**
 * cdr_api_reply_forget(tx, member, id, reference):
 * In the transaction that erases what ${id} names: kept replies that mention it, or its ${reference} (NULL: it has none), are emptied. Their
 * Idempotency-Keys stay known, so that a repeat does not bring back who was erased: it is refused.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_api_reply_forget(struct cdr_tx *tx, const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    const char *reference);

#endif
