#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/net/http.h"

#define LINE "POST /v1/x HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define TYPE "Content-Type: application/x-protobuf\r\n"
#define LENGTH "Content-Length: 12\r\n"
#define END "\r\n"

static int
parse(const char *text, struct cdr_http_head *head)
{
	return cdr_http_parse((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, head);
}

static void
test_good(void **state)
{
	struct cdr_http_head head;

	(void)state;
	assert_int_equal(parse(LINE HOST TYPE LENGTH END, &head), 0);
	assert_string_equal(head.path, "/v1/x");
	assert_int_equal(head.body_len, 12);
	assert_false(head.wants_close);
	assert_false(head.wants_continue);
	/* Case and white space where they do not matter; fields that we do not know. */
	assert_int_equal(parse(LINE "hOST:a\r\ncontent-type: \t Application/X-Protobuf  \r\nCONTENT-LENGTH:0\r\n"
				    "X-Other:\r\nconnection: a , close\r\nExpect: 100-Continue\r\n" END, &head), 0);
	assert_int_equal(head.body_len, 0);
	assert_true(head.wants_close);
	assert_true(head.wants_continue);
	assert_int_equal(parse(LINE HOST TYPE LENGTH "Connection: closed\r\n" END, &head), 0);
	assert_false(head.wants_close);
}

/* A browser's: GET too, other bodies, and whom the nearest proxy serves. */
static void
test_public(void **state)
{
	struct cdr_http_head head;
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET /guest HTTP/1.1\r\n" HOST END, 0 },
		{ "GET /guest HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, 0 },
		{ "GET /guest HTTP/1.1\r\n" HOST "Content-Length: 1\r\n" END, 400 },
		{ "GET /guest HTTP/1.1\r\n" END, 400 },
		{ "GET ?x HTTP/1.1\r\n" HOST END, 400 },
		{ "HEAD /guest HTTP/1.1\r\n" HOST END, 405 },
		{ "get /guest HTTP/1.1\r\n" HOST END, 405 },
		{ "POST /guest HTTP/1.1\r\n" HOST LENGTH "Content-Type: application/octet-stream\r\n" END, 0 },
		{ "POST /guest HTTP/1.1\r\n" HOST LENGTH "Content-Type: text/plain\r\n" END, 415 },
		{ "POST /guest HTTP/1.1\r\n" HOST LENGTH TYPE END, 415 },
		{ "POST /guest HTTP/1.1\r\n" HOST "Content-Type: application/octet-stream\r\n" END, 411 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cdr_http_parse_public((struct cdr_bytes){ (const uint8_t *)cases[i].text, strlen(cases[i].text) }, &head),
		    cases[i].status);
#define PUBLIC(text) cdr_http_parse_public((struct cdr_bytes){ (const uint8_t *)(text), strlen(text) }, &head)
	assert_int_equal(PUBLIC("GET /guest?from=mail HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip;q=1\r\n" END), 0);
	assert_true(head.is_get);
	assert_string_equal(head.path, "/guest");
	assert_false(head.takes_gzip);
	assert_int_equal(PUBLIC("GET /guest HTTP/1.1\r\n" HOST "Accept-Encoding: br, GZIP\r\n"
				"X-Forwarded-For: 6.6.6.6, 10.0.0.1 ,  203.0.113.9 \r\n" END), 0);
	assert_true(head.takes_gzip);
	assert_string_equal(head.forwarded, "203.0.113.9");
	assert_int_equal(PUBLIC("GET /g HTTP/1.1\r\n" HOST "X-Forwarded-For: 1.2.3.4,\r\n" END), 0);
	assert_string_equal(head.forwarded, "");
	/* The exchange's own listener takes none of it. */
	assert_int_equal(parse("GET /guest HTTP/1.1\r\n" HOST END, &head), 405);
	assert_int_equal(parse("POST /g HTTP/1.1\r\n" HOST TYPE LENGTH "X-Forwarded-For: 1.2.3.4\r\n" END, &head), 0);
	assert_string_equal(head.forwarded, "");
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "", 400 },
		{ END, 400 },
		{ END LINE HOST TYPE LENGTH END, 400 },
		{ LINE, 400 },
		{ LINE HOST TYPE LENGTH, 400 },
		{ LINE HOST TYPE LENGTH END "x", 400 },
		{ LINE HOST TYPE LENGTH END END, 400 },
		{ LINE HOST TYPE "Content-Length: 12\n" END, 400 },
		{ "POST /v1/x HTTP/1.1\n" HOST TYPE LENGTH END, 400 },
		{ LINE HOST TYPE LENGTH "X: a\rb\r\n" END, 400 },
		{ LINE HOST TYPE LENGTH "X: a\r\n folded\r\n" END, 400 },
		{ LINE " " HOST TYPE LENGTH END, 400 },
		{ LINE HOST TYPE LENGTH "no colon\r\n" END, 400 },
		{ LINE HOST TYPE LENGTH ": no name\r\n" END, 400 },
		{ LINE HOST TYPE LENGTH "space : x\r\n" END, 400 },
		{ LINE TYPE LENGTH END, 400 },
		{ LINE HOST HOST TYPE LENGTH END, 400 },
		{ LINE "Host: \r\n" TYPE LENGTH END, 400 },
		{ LINE HOST TYPE LENGTH LENGTH END, 400 },
		{ LINE HOST TYPE "Content-Length: +1\r\n" END, 400 },
		{ LINE HOST TYPE "Content-Length: -1\r\n" END, 400 },
		{ LINE HOST TYPE "Content-Length: 1,1\r\n" END, 400 },
		{ LINE HOST TYPE "Content-Length: 0x1\r\n" END, 400 },
		{ LINE HOST TYPE "Content-Length:\r\n" END, 400 },
		{ "POST /v1/x\r\n" HOST TYPE LENGTH END, 400 },
		{ "POST  /v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "POST /v1/x HTTP/1.1 \r\n" HOST TYPE LENGTH END, 400 },
		{ "POST /v1/x FTPP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "POST v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "POST http://a/v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "POST /v1/\xc3\xa9 HTTP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "PO(ST /v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 400 },
		{ "GET /v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 405 },
		{ "post /v1/x HTTP/1.1\r\n" HOST TYPE LENGTH END, 405 },
		{ LINE HOST TYPE END, 411 },
		{ LINE HOST TYPE "Content-Length: 1000000000\r\n" END, 413 },
		{ LINE HOST LENGTH END, 415 },
		{ LINE HOST LENGTH "Content-Type: text/plain\r\n" END, 415 },
		{ LINE HOST LENGTH TYPE TYPE END, 415 },
		{ LINE HOST TYPE LENGTH "Expect: nothing\r\n" END, 417 },
		{ LINE HOST TYPE LENGTH "Transfer-Encoding: chunked\r\n" END, 501 },
		{ LINE HOST TYPE "Transfer-Encoding: identity\r\n" END, 501 },
		{ "POST /v1/x HTTP/1.0\r\n" HOST TYPE LENGTH END, 505 },
		{ "POST /v1/x HTTP/2.0\r\n" HOST TYPE LENGTH END, 505 },
	};
	struct cdr_http_head head;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(cases[i].text, &head) != cases[i].status)
			fail_msg("%d instead of %d for: %s", parse(cases[i].text, &head), cases[i].status, cases[i].text);
		assert_string_equal(head.path, "");
		assert_int_equal(head.body_len, 0);
	}
	/* A NUL is a control character as any other. */
	const char nul[] = LINE HOST TYPE LENGTH "X: a\0b\r\n" END;
	assert_int_equal(cdr_http_parse((struct cdr_bytes){ (const uint8_t *)nul, sizeof(nul) - 1 }, &head), 400);
}

static void
test_limits(void **state)
{
	struct cdr_http_head head;
	char *text = calloc(1, 2 * CDR_HTTP_HEAD_MAX);
	char path[CDR_HTTP_PATH_LEN_MAX + 2];

	(void)state;
	memset(path, '/', sizeof(path));
	path[CDR_HTTP_PATH_LEN_MAX] = '\0';
	(void)snprintf(text, CDR_HTTP_HEAD_MAX, "POST %s HTTP/1.1\r\n" HOST TYPE LENGTH END, path);
	assert_int_equal(parse(text, &head), 0);
	assert_string_equal(head.path, path);
	path[CDR_HTTP_PATH_LEN_MAX] = '/';
	path[CDR_HTTP_PATH_LEN_MAX + 1] = '\0';
	(void)snprintf(text, CDR_HTTP_HEAD_MAX, "POST %s HTTP/1.1\r\n" HOST TYPE LENGTH END, path);
	assert_int_equal(parse(text, &head), 414);

	/* As many fields as may be, and one more. */
	for (int count = CDR_HTTP_FIELD_COUNT_MAX; count <= CDR_HTTP_FIELD_COUNT_MAX + 1; count++) {
		int len = snprintf(text, CDR_HTTP_HEAD_MAX, "%s", LINE HOST TYPE LENGTH);
		for (int i = 3; i < count; i++)
			len += snprintf(text + len, 16, "X: y\r\n");
		(void)snprintf(text + len, 16, END);
		assert_int_equal(parse(text, &head), count == CDR_HTTP_FIELD_COUNT_MAX ? 0 : 431);
	}

	/* As many bytes as may be, and one more. */
	for (int size = CDR_HTTP_HEAD_MAX; size <= CDR_HTTP_HEAD_MAX + 1; size++) {
		int len = snprintf(text, CDR_HTTP_HEAD_MAX, "%s", LINE HOST TYPE LENGTH "X: ");
		memset(text + len, 'a', (size_t)(size - len - 4));
		(void)snprintf(text + size - 4, 16, "\r\n" END);
		assert_int_equal(strlen(text), size);
		assert_int_equal(parse(text, &head), size == CDR_HTTP_HEAD_MAX ? 0 : 431);
	}
	free(text);
}

static void
test_reasons(void **state)
{
	(void)state;
	assert_string_equal(cdr_http_reason(200), "OK");
	assert_string_equal(cdr_http_reason(431), "Request Header Fields Too Large");
	assert_string_equal(cdr_http_reason(299), "Error");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
