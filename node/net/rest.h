#ifndef CDR_NODE_NET_REST_H
#define CDR_NODE_NET_REST_H

/*
 * HTTP/1.1 on loopback, for programs on this machine that use a node's JSON API. One request a connection. No TLS: what listens on
 * loopback is reached by this machine alone, and every request carries a key.
 *
 * A web page in a browser on the same machine can send requests to loopback too, under a name of its own choice (DNS rebinding): so
 * the Host must be a loopback address with our port, and an Origin, which only browsers send, must be the same.
 */

#include "core/bytes.h"
#include "proto/message.h"

#define CDR_REST_HEAD_MAX 16384
#define CDR_REST_FIELD_COUNT_MAX 64
#define CDR_REST_PATH_LEN 512         /* with the closing NUL, as are those below */
#define CDR_REST_QUERY_LEN 512
#define CDR_REST_VALUE_LEN 160
#define CDR_REST_WORKER_COUNT 4
#define CDR_REST_QUEUE_MAX 64
#define CDR_REST_WAITING_MAX 64       /* connections whose head is not whole; of more, the oldest is ended */
#define CDR_REST_SHORT_MS 200         /* nothing is accepted for so long where descriptors or memory have run out */
#define CDR_REST_SECONDS_MAX 30       /* for a head, and for each 1 MiB of a body */

enum cdr_rest_method { CDR_REST_GET = 1, CDR_REST_POST = 2, CDR_REST_DELETE = 4 };

/* The head of a request. Secret: it holds a key. */
struct cdr_rest_head {
	enum cdr_rest_method method;
	char path[CDR_REST_PATH_LEN];            /* begins with '/'; percent signs are decoded; no control character */
	char query[CDR_REST_QUERY_LEN];          /* behind '?', as sent */
	char host[CDR_REST_VALUE_LEN];
	char origin[CDR_REST_VALUE_LEN];         /* "": none */
	char authorization[CDR_REST_VALUE_LEN];
	char content_type[CDR_REST_VALUE_LEN];   /* lower case, without parameters */
	char accept[CDR_REST_VALUE_LEN];
	char idempotency_key[CDR_REST_VALUE_LEN];
	size_t body_len;
};

/**
 * cdr_rest_parse(bytes, head):
 * Read a head that ends with its empty line, all of ${bytes}.
 *
 * head    out    all zero unless 0 is returned
 *
 * Returns  0, or the status with which it is refused: 400 malformed, no Host or two, two lengths; 405 another method; 411 POST
 *          without a length; 413 a length of more than nine digits; 414 the path or query is too long; 431 too long, too many
 *          fields, a field that is needed too long; 501 Transfer-Encoding; 505 not HTTP/1.1.
 * Source   RFC 9112 sec. 2.2, 3, 5, 6.
 */
int cdr_rest_parse(struct cdr_bytes bytes, struct cdr_rest_head *head);

/**
 * cdr_rest_query(head, name, value, size):
 * The value of a parameter of the query, decoded.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_INPUT if it is too long or badly encoded. value is "" then.
 */
CDR_MUST_CHECK cdr_err cdr_rest_query(const struct cdr_rest_head *head, const char *name, char *value, size_t size);

/* May a request with this Host and Origin be for the server at ${port}? */
bool cdr_rest_is_local(const struct cdr_rest_head *head, uint16_t port);

/* An answer on its way. */
struct cdr_rest_reply {
	int status;
	const char *content_type;     /* a constant; NULL: application/json */
	char header[512];             /* further fields, each "Name: value\r\n" */
	struct cdr_buffer body;       /* wiped and freed once it has been sent */
};

/* Both are called on several threads at once. */
struct cdr_rest_app {
	void *context;
	/*
	 * By its head alone, before a byte of the body is read: 0, with the most bytes that the body may have, or the status with which
	 * the request is refused.
	 */
	int (*admit)(void *context, uint16_t port, const struct cdr_rest_head *head, size_t *body_max);
	/* Answer. ${status} is 0, or why there is no body: what admit returned, or what is wrong with the request as HTTP. */
	void (*handle)(void *context, uint16_t port, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply);
};

struct cdr_rest;

/**
 * cdr_rest_start(listen, app, rest, fault):
 * Bind to a loopback address ("127.0.0.1:8321", "[::1]:0") and serve on threads of its own.
 *
 * app     in    copied; its context stays borrowed until cdr_rest_stop has returned
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no address; CDR_E_REFUSED if it is none of loopback; CDR_E_IO; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_rest_start(const char *listen, const struct cdr_rest_app *app, struct cdr_rest **rest, struct cdr_fault *fault);
uint16_t cdr_rest_port(const struct cdr_rest *rest);
/* Take no more, answer what was taken, free. NULL does nothing. */
void cdr_rest_stop(struct cdr_rest *rest);

#endif
