#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

static int
no_body(void *context, uint16_t port, const struct cdr_rest_head *head, size_t *body_max)
{
	(void)context;
	(void)port;
	(void)head;
	*body_max = 0;
	return 0;
}

static void
no_answer(void *context, uint16_t port, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	(void)context;
	(void)port;
	(void)status;
	(void)head;
	(void)body;
	reply->status = 204;
}

static void
test_start(void **state)
{
	const struct cdr_rest_app app = { .admit = no_body, .handle = no_answer };
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

/* ---- by the head alone -------------------------------------------------------------------------------------------------- */

struct seen {
	int status;
	size_t body_len;
};

static int
only_with_a_key(void *context, uint16_t port, const struct cdr_rest_head *head, size_t *body_max)
{
	(void)context;
	(void)port;
	*body_max = 8;
	return strcmp(head->authorization, "Bearer right") == 0 ? 0 : 401;
}

static void
note_answer(void *context, uint16_t port, int status, const struct cdr_rest_head *head, struct cdr_bytes body, struct cdr_rest_reply *reply)
{
	struct seen *seen = context;

	assert_int_not_equal(port, 0);
	(void)head;
	*seen = (struct seen){ status, body.len };
	reply->status = status != 0 ? status : 200;
}

/* A connection on which ${text} was said. */
static int
say(uint16_t port, const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* Read the status, while the other side may still wait for a body that never comes. */
static int
hear(int fd)
{
	char answer[512] = "";
	size_t len = 0;
	ssize_t n = 1;

	while (len < 12 && n > 0) {
		n = read(fd, answer + len, sizeof(answer) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	assert_int_equal(strncmp(answer, "HTTP/1.1 ", 9), 0);
	return (int)strtol(answer + 9, NULL, 10);
}

static int
ask(uint16_t port, const char *text)
{
	return hear(say(port, text));
}

/* Who is not let in is told so before a byte of a body was read, however much was announced; 64 such do not fill the server. */
static void
test_head_first(void **state)
{
	struct seen seen = { 0 };
	const struct cdr_rest_app app = { .context = &seen, .admit = only_with_a_key, .handle = note_answer };
	struct cdr_rest *rest;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_rest_start("127.0.0.1:0", &app, &rest, &fault), CDR_OK);
	uint16_t port = cdr_rest_port(rest);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ask(port, "POST /v1/a HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\nthe beginning"), 401);
		assert_true(seen.status == 401 && seen.body_len == 0);
	}
	assert_int_equal(ask(port, "POST /v1/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer right\r\nContent-Length: 9\r\n\r\n"), 413);
	assert_int_equal(ask(port, "POST /v1/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer right\r\nContent-Length: 8\r\n\r\n12345678"), 200);
	assert_true(seen.status == 0 && seen.body_len == 8);
	assert_int_equal(ask(port, "POST /v1/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer right\r\nContent-Length: 8\r\n\r\n123456789"), 400);
	assert_int_equal(ask(port, "GET\r\n\r\n"), 400);
	cdr_rest_stop(rest);
}

/* ---- those who keep it waiting -------------------------------------------------------------------------------------------- */

#define GOOD "GET /v1/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer right\r\n\r\n"

static atomic_int descriptors_missing; /* so many calls of accept4 fail for want of them */
static atomic_int accept_count;
static int64_t failed_at_ms[2];        /* when the last two did */

static int64_t
clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the C library's place. */
int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	atomic_fetch_add(&accept_count, 1);
	if (atomic_load(&descriptors_missing) == 0)
		return (int)syscall(SYS_accept4, fd, address, len, flags);
	failed_at_ms[0] = failed_at_ms[1];
	failed_at_ms[1] = clock_ms();
	atomic_fetch_sub(&descriptors_missing, 1);
	errno = EMFILE;
	return -1;
}

/* Clients that say nothing, or half of it, keep nobody else from being heard; too many of them end the oldest. */
static void
test_idle(void **state)
{
	struct seen seen = { 0 };
	const struct cdr_rest_app app = { .context = &seen, .admit = only_with_a_key, .handle = note_answer };
	struct cdr_rest *rest;
	struct cdr_fault fault;
	int idle[CDR_REST_WAITING_MAX + 1];
	char byte;

	(void)state;
	assert_int_equal(cdr_rest_start("127.0.0.1:0", &app, &rest, &fault), CDR_OK);
	uint16_t port = cdr_rest_port(rest);
	for (size_t i = 0; i < 2 * CDR_REST_WORKER_COUNT; i++)
		idle[i] = say(port, i % 2 == 0 ? "" : "GET /v1/a HTTP/1.1\r\nHo");
	assert_int_equal(ask(port, GOOD), 200);
	for (size_t i = 2 * CDR_REST_WORKER_COUNT; i < CDR_REST_WAITING_MAX + 1; i++)
		idle[i] = say(port, "");
	assert_int_equal(read(idle[0], &byte, 1), 0);
	assert_int_equal(ask(port, GOOD), 200);
	/* Who says the other half is answered. */
	int last = idle[CDR_REST_WAITING_MAX];
	assert_int_equal(write(last, GOOD, 20), 20);
	assert_int_equal(ask(port, GOOD), 200);
	assert_int_equal(write(last, GOOD + 20, strlen(GOOD) - 20), strlen(GOOD) - 20);
	assert_int_equal(hear(last), 200);
	for (size_t i = 0; i < CDR_REST_WAITING_MAX; i++)
		(void)close(idle[i]);
	assert_int_equal(ask(port, GOOD), 200);
	cdr_rest_stop(rest);
}

/* Without descriptors it waits between one try and the next, and goes on; whoever keeps it waiting makes room. */
static void
test_no_descriptors(void **state)
{
	struct seen seen = { 0 };
	const struct cdr_rest_app app = { .context = &seen, .admit = only_with_a_key, .handle = note_answer };
	struct cdr_rest *rest;
	struct cdr_fault fault;
	char byte;

	(void)state;
	assert_int_equal(cdr_rest_start("127.0.0.1:0", &app, &rest, &fault), CDR_OK);
	uint16_t port = cdr_rest_port(rest);
	atomic_store(&accept_count, 0);
	atomic_store(&descriptors_missing, 2);
	assert_int_equal(ask(port, GOOD), 200);
	assert_int_equal(atomic_load(&accept_count), 3);
	assert_true(failed_at_ms[1] - failed_at_ms[0] >= CDR_REST_SHORT_MS / 2); /* at least: a busy machine takes longer */
	int idle = say(port, "GET");
	while (atomic_load(&accept_count) < 4) /* it is in */
		(void)usleep(1000);
	atomic_store(&descriptors_missing, 1);
	assert_int_equal(ask(port, GOOD), 200);
	(void)!read(idle, &byte, 1); /* ended, or reset for what it had said */
	(void)close(idle);
	cdr_rest_stop(rest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_head_first),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
