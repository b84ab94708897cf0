#ifndef CDR_NODE_NET_HTTP_H
#define CDR_NODE_NET_HTTP_H

/*
 * The head of an HTTP/1.1 request, as far as Candor speaks it: POST with one Content-Length, and GET of browsers. No socket in
 * here.
 *
 * What two readers could understand differently is refused, not repaired: bare line feeds, folded lines, a second
 * Content-Length, Transfer-Encoding.
 */

#include "core/bytes.h"

#define CDR_HTTP_HEAD_MAX 16384      /* bytes of request line and header fields, with the empty line */
#define CDR_HTTP_PATH_LEN_MAX 127
#define CDR_HTTP_FIELD_COUNT_MAX 64
#define CDR_HTTP_CONTENT_TYPE "application/x-protobuf"
#define CDR_HTTP_PUBLIC_TYPE "application/octet-stream"
#define CDR_HTTP_FORWARDED_LEN 64    /* an address in text with its NUL */
#define CDR_HTTP_DATE_LEN 32

struct cdr_http_head {
	char path[CDR_HTTP_PATH_LEN_MAX + 1]; /* as sent: nothing is unescaped */
	size_t body_len;
	bool wants_close;
	bool wants_continue;          /* the peer waits for "100 Continue" before it sends the body */

	/* Of browsers alone. */
	bool is_get;
	bool takes_gzip;
	char forwarded[CDR_HTTP_FORWARDED_LEN]; /* the last address of X-Forwarded-For: whom the nearest proxy serves */
};

/**
 * cdr_http_parse(bytes, head):
 * Read a head that ends with its empty line, all of ${bytes}.
 *
 * head    out    all zero unless 0 is returned
 *
 * Returns  0, or the status with which it is refused: 400 malformed, no Host or two, two lengths; 405 not POST;
 *          411 no length; 413 a length of more than nine digits; 414 path too long; 415 another content type;
 *          417 an expectation other than 100-continue; 431 too long, too many fields; 501 Transfer-Encoding;
 *          505 not HTTP/1.1.
 * Source   RFC 9112 sec. 2.2, 3, 5, 6; RFC 9110 sec. 10.1.1.
 */
int cdr_http_parse(struct cdr_bytes bytes, struct cdr_http_head *head);

/**
 * cdr_http_parse_public(bytes, head):
 * The same for a request of a browser: GET too, which has no body and whose query is left out; bodies are CDR_HTTP_PUBLIC_TYPE.
 */
int cdr_http_parse_public(struct cdr_bytes bytes, struct cdr_http_head *head);

/* Now, as a Date field has it (RFC 9110 sec. 5.6.7 and 6.6.1). The program's locale is C. */
void cdr_http_date(char text[static CDR_HTTP_DATE_LEN]);

/* The reason phrase of a status that Candor sends; "Error" for others. */
const char *cdr_http_reason(int status);

#endif
