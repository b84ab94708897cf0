/* A public listener: browsers come without a certificate, by TLS or from a proxy, and each visitor is held to a rate of its own. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/net/server.h"
#include "node/net/visit.h"
#include "node/net/visitor.h"

/* ---- rates ---------------------------------------------------------------------------------------------------------- */

static void
test_rate(void **state)
{
	struct cdr_visitors *v = malloc(sizeof(*v));
	uint8_t one[CDR_PIN_LEN] = { 1 }, two[CDR_PIN_LEN] = { 2 };

	(void)state;
	assert_non_null(v);
	cdr_visitors_init(v, 3, 100);
	for (int i = 0; i < 3; i++)
		assert_true(cdr_visitors_take(v, one, 1000));
	assert_false(cdr_visitors_take(v, one, 1000));
	assert_true(cdr_visitors_take(v, two, 1000));
	/* One more each 100 ms; what is left of a span counts on. */
	assert_false(cdr_visitors_take(v, one, 1099));
	assert_true(cdr_visitors_take(v, one, 1150));
	assert_false(cdr_visitors_take(v, one, 1199));
	assert_true(cdr_visitors_take(v, one, 1200));
	/* Never more than the burst, however long nobody came. */
	for (int i = 0; i < 3; i++)
		assert_true(cdr_visitors_take(v, one, UINT64_MAX / 2));
	assert_false(cdr_visitors_take(v, one, UINT64_MAX / 2));
	free(v);
}

/* ---- a listener ------------------------------------------------------------------------------------------------------- */

static uint8_t last_visitor[CDR_PIN_LEN];

static size_t
body_max(void *context, const char *path)
{
	(void)context;
	return path[1] == 'p' ? 100 : 0;
}

/* Says what it was asked. */
static int
visit(void *context, const struct cdr_server_visit *v, struct cdr_buffer *reply, const char **fields)
{
	char text[200];
	int len = snprintf(text, sizeof(text), "%s %s %zu%s", v->is_get ? "GET" : "POST", v->path, v->body.len, v->takes_gzip ? " gzip" : "");

	(void)context;
	memcpy(last_visitor, v->visitor, sizeof(last_visitor));
	*fields = "Content-Type: text/plain\r\nX-Own: field\r\n";
	return cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)text, (size_t)len }, reply) == CDR_OK ? 200 : 503;
}

static struct cdr_server *
start(bool is_proxied)
{
	struct cdr_server_config config = { .listen = "127.0.0.1:0", .is_public = true, .is_proxied = is_proxied, .worker_count = 1,
		.app = { .body_max = body_max, .visit = visit } };
	struct cdr_server *server;
	struct cdr_fault fault;

	if (cdr_server_start(&config, &server, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return server;
}

/* Send a request as it stands; what comes back until the server closes, or the reply is whole. */
static const char *
say(const struct cdr_server *server, const char *request)
{
	static char reply[4096];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(cdr_server_port(server)) };
	const struct timeval limit = { 5, 0 };
	size_t len = 0;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	for (ssize_t n; len + 1 < sizeof(reply) && (n = read(fd, reply + len, sizeof(reply) - 1 - len)) > 0;)
		len += (size_t)n;
	reply[len] = '\0';
	(void)close(fd);
	return reply;
}

#define CLOSE "Host: a\r\nConnection: close\r\n"

static void
test_listener(void **state)
{
	struct cdr_server *server = start(true);
	const char *reply = say(server, "GET /p?x=1 HTTP/1.1\r\n" CLOSE "Accept-Encoding: gzip\r\n\r\n");
	uint8_t first[CDR_PIN_LEN];

	(void)state;
	assert_memory_equal(reply, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(reply, "X-Own: field\r\n"));
	assert_non_null(strstr(reply, "\r\n\r\nGET /p 0 gzip"));
	assert_null(strstr(reply, "x-protobuf"));
	reply = say(server, "POST /p HTTP/1.1\r\n" CLOSE "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nabcd");
	assert_non_null(strstr(reply, "\r\n\r\nPOST /p 4"));
	assert_memory_equal(say(server, "GET /other HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 404", 12);
	assert_memory_equal(say(server, "PUT /p HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 405", 12);
	assert_memory_equal(say(server, "POST /p HTTP/1.1\r\n" CLOSE "Content-Type: application/octet-stream\r\nContent-Length: 101\r\n\r\n"),
	    "HTTP/1.1 413", 12);

	/* Visitors are who the proxy says, an IPv6 customer by the first half of the address; IPv4 stays what it is where a socket takes both. */
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 1.1.1.1, 203.0.113.1\r\n\r\n");
	memcpy(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: ::ffff:203.0.113.1\r\n\r\n");
	assert_memory_equal(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: ::ffff:203.0.113.2\r\n\r\n");
	assert_memory_not_equal(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 2.2.2.2, 203.0.113.1\r\n\r\n");
	assert_memory_equal(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 203.0.113.2\r\n\r\n");
	assert_memory_not_equal(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 2001:db8:1:2::1\r\n\r\n");
	memcpy(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 2001:db8:1:2:ffff::9\r\n\r\n");
	assert_memory_equal(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 2001:db8:1:3::1\r\n\r\n");
	assert_memory_not_equal(first, last_visitor, sizeof(first));
	cdr_server_stop(server);
}

/* Without a proxy the address of the connection counts, whatever a visitor says of himself. */
static void
test_no_proxy(void **state)
{
	struct cdr_server *server = start(false);
	uint8_t first[CDR_PIN_LEN];

	(void)state;
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 203.0.113.1\r\n\r\n");
	memcpy(first, last_visitor, sizeof(first));
	(void)say(server, "GET /p HTTP/1.1\r\n" CLOSE "X-Forwarded-For: 203.0.113.2\r\n\r\n");
	assert_memory_equal(first, last_visitor, sizeof(first));
	cdr_server_stop(server);
}

/* ---- fetching ------------------------------------------------------------------------------------------------------------ */

static void
test_visit(void **state)
{
	struct cdr_server *server = start(false);
	struct cdr_buffer page;
	struct cdr_fault fault;
	char url[100];

	(void)state;
	(void)snprintf(url, sizeof(url), "http://%s/p", cdr_server_address_peek(server));
	assert_int_equal(cdr_visit_get(url, NULL, 100, &page, &fault), CDR_OK);
	assert_memory_equal(page.data, "GET /p 0 gzip", 13);
	cdr_buffer_free(&page);
	assert_int_equal(cdr_visit_get(url, NULL, 5, &page, &fault), CDR_E_NETWORK);
	assert_null(page.data);
	(void)snprintf(url, sizeof(url), "http://%s/none", cdr_server_address_peek(server));
	assert_int_equal(cdr_visit_get(url, NULL, 100, &page, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "404"));
	cdr_server_stop(server);
	assert_int_equal(cdr_visit_get(url, NULL, 100, &page, &fault), CDR_E_NETWORK);
	assert_int_equal(cdr_visit_get("file:///etc/passwd", NULL, 100, &page, &fault), CDR_E_NETWORK);
}

static void
test_tls(void **state)
{
	SSL_CTX *context;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_visitor_tls("/nonexistent.pem", "/nonexistent.pem", &context, &fault), CDR_E_INPUT);
	assert_null(context);
	assert_non_null(strstr(fault.text, "--guest-certificate"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_no_proxy),
		cmocka_unit_test(test_visit),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests_name("visitors", tests, NULL, NULL);
}
