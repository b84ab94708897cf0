#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "node/net/rest.h"

/* The head of a request on loopback: what is read, what is refused, whose it may be. */

static int
parse(const char *text, struct cdr_rest_head *head)
{
	return cdr_rest_parse((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, head);
}

static void
test_good(void **state)
{
	struct cdr_rest_head head;
	char value[32];

	(void)state;
	assert_int_equal(parse("GET /v1/checks/R%2D1%2F%C3%A9?limit=5&language=fr&note=a+b%26c HTTP/1.1\r\nHost: localhost:1\r\nAuthorization:  Bearer x \r\n"
		"Content-Type: Application/JSON; charset=utf-8\r\nX-Other: \xc3\xa9\r\n\r\n", &head), 0);
	assert_int_equal(head.method, CDR_REST_GET);
	assert_string_equal(head.path, "/v1/checks/R-1/\xc3\xa9");
	assert_string_equal(head.authorization, "Bearer x");
	assert_string_equal(head.content_type, "application/json");
	assert_int_equal(head.body_len, 0);
	assert_int_equal(cdr_rest_query(&head, "limit", value, sizeof(value)), CDR_OK);
	assert_string_equal(value, "5");
	assert_int_equal(cdr_rest_query(&head, "note", value, sizeof(value)), CDR_OK);
	assert_string_equal(value, "a b&c");
	assert_int_equal(cdr_rest_query(&head, "imit", value, sizeof(value)), CDR_E_ABSENT);
	assert_int_equal(cdr_rest_query(&head, "language", value, 2), CDR_E_INPUT);
	assert_int_equal(parse("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 12\r\nidempotency-key: k\r\n\r\n", &head), 0);
	assert_int_equal(head.body_len, 12);
	assert_string_equal(head.idempotency_key, "k");
	assert_int_equal(parse("DELETE /a HTTP/1.1\r\nHost: h\r\n\r\n", &head), 0);
	assert_int_equal(head.method, CDR_REST_DELETE);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "", 400 }, { "GET / HTTP/1.1\r\n", 400 }, { "GET / HTTP/1.1\r\n\r\n", 400 }, { "GET / HTTP/1.1\nHost: h\n\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nHost: h\r\n\r\n", 505 }, { "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505 }, { "GET /\r\nHost: h\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\n\r\n", 405 }, { "get / HTTP/1.1\r\nHost: h\r\n\r\n", 405 }, { "GET\r\n\r\n", 400 },
		{ "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400 }, { "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400 }, { "GET /%0a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400 }, { "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400 }, { "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nHost: h\r\n\r\n", 411 }, { "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", 400 }, { "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1234567890\r\n\r\n", 413 },
		{ "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 501 },
		{ "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost: h\r\nA: \x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost: h\r\n\r\nmore", 400 },
	};
	struct cdr_rest_head head, zero;
	char text[CDR_REST_HEAD_MAX + 64];

	(void)state;
	memset(&zero, 0, sizeof(zero));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = parse(cases[i].text, &head);
		if (status != cases[i].status)
			fail_msg("case %zu: %d", i, status);
		assert_memory_equal(&head, &zero, sizeof(zero));
	}
	(void)snprintf(text, sizeof(text), "GET /%600s HTTP/1.1\r\nHost: h\r\n\r\n", "");
	memset(text + 5, 'a', 600);
	assert_int_equal(parse(text, &head), 414);
	(void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: %200d\r\n\r\n", 1);
	assert_int_equal(parse(text, &head), 0); /* blanks are taken off */
	(void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a%0200d\r\n\r\n", 1);
	assert_int_equal(parse(text, &head), 431);
	(void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\nAccept: a%0200d\r\n\r\n", 1);
	assert_int_equal(parse(text, &head), 0);
	size_t at = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n");
	for (size_t i = 0; i < CDR_REST_FIELD_COUNT_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "A: b\r\n");
	(void)snprintf(text + at, sizeof(text) - at, "\r\n");
	assert_int_equal(parse(text, &head), 431);
}

/* A page in a browser may know the port, and have a name of its own lead to loopback. */
static void
test_local(void **state)
{
	static const struct {
		const char *host, *origin;
		bool local;
	} cases[] = {
		{ "127.0.0.1:8321", "", true }, { "LOCALHOST:8321", "", true }, { "[::1]:8321", "http://[::1]:8321", true }, { "127.0.0.1:8321", "http://127.0.0.1:8321", true },
		{ "127.0.0.1", "", false }, { "127.0.0.1:80", "", false }, { "evil.example:8321", "", false }, { "127.0.0.1:8321", "http://evil.example", false },
		{ "127.0.0.1:8321", "null", false }, { "localhost:8321", "http://127.0.0.1:8321", false }, { "localhost.evil.example:8321", "", false },
	};
	struct cdr_rest_head head;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&head, 0, sizeof(head));
		(void)snprintf(head.host, sizeof(head.host), "%s", cases[i].host);
		(void)snprintf(head.origin, sizeof(head.origin), "%s", cases[i].origin);
		assert_int_equal(cdr_rest_is_local(&head, 8321), cases[i].local);
	}
}

static size_t
no_body(void *context, const struct cdr_rest_head *head)
{
	(void)context;
	(void)head;
	return 0;
}

static void
no_answer(void *context, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	(void)context;
	(void)status;
	(void)head;
	(void)body;
	reply->status = 204;
}

static void
test_start(void **state)
{
	const struct cdr_rest_app app = { .body_max = no_body, .handle = no_answer };
	struct cdr_rest *rest;
	struct cdr_fault fault;
	char taken[32];

	(void)state;
	assert_int_equal(cdr_rest_start("nowhere", &app, &rest, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_rest_start("0.0.0.0:0", &app, &rest, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_rest_start("192.0.2.1:0", &app, &rest, &fault), CDR_E_REFUSED);
	assert_null(rest);
	assert_int_equal(cdr_rest_start("127.0.0.1:0", &app, &rest, &fault), CDR_OK);
	assert_int_not_equal(cdr_rest_port(rest), 0);
	struct cdr_rest *second;
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", cdr_rest_port(rest));
	assert_int_equal(cdr_rest_start(taken, &app, &second, &fault), CDR_E_IO);
	cdr_rest_stop(rest);
	cdr_rest_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
