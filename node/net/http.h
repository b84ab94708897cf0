#ifndef CDR_NODE_NET_HTTP_H
#define CDR_NODE_NET_HTTP_H

/*
 * The head of an HTTP/1.1 request, as far as Candor speaks it: POST with one Content-Length. No socket in here.
 *
 * What two readers could understand differently is refused, not repaired: bare line feeds, folded lines, a second
 * Content-Length, Transfer-Encoding.
 */

#include "core/bytes.h"

#define CDR_HTTP_HEAD_MAX 16384      /* bytes of request line and header fields, with the empty line */
#define CDR_HTTP_PATH_LEN_MAX 127
#define CDR_HTTP_FIELD_COUNT_MAX 64
#define CDR_HTTP_CONTENT_TYPE "application/x-protobuf"

struct cdr_http_head {
	char path[CDR_HTTP_PATH_LEN_MAX + 1]; /* as sent: nothing is unescaped */
	size_t body_len;
	bool wants_close;
	bool wants_continue;          /* the peer waits for "100 Continue" before it sends the body */
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

/* The reason phrase of a status that Candor sends; "Error" for others. */
const char *cdr_http_reason(int status);

#endif
