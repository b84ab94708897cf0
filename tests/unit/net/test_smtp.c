#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>

#include "node/net/smtp.h"
#include "tests/net/sink.h"

/* One message to one address: taken, refused, put off, and servers that are not to be used. */

static const char message[] = "Subject: there is\r\n\r\n.something\r\n";

struct server {
	int listener;
	uint16_t port;
	const char *refuse;
	char said[SINK_SAID_MAX];
	int taken;
	char url[64];
	pthread_t thread;
};

static struct server server;

static void *
serve(void *context)
{
	struct server *s = context;
	int fd = accept(s->listener, NULL, NULL);

	s->taken = sink_session(fd, s->refuse, s->said);
	(void)close(fd);
	return NULL;
}

static void
start(const char *refuse)
{
	server = (struct server){ .refuse = refuse };
	server.listener = sink_listen(&server.port);
	assert_true(server.listener >= 0);
	(void)snprintf(server.url, sizeof(server.url), "smtp://127.0.0.1:%u", server.port);
	assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
}

static void
stop(void)
{
	(void)pthread_join(server.thread, NULL);
	(void)close(server.listener);
}

static cdr_err
send_with(const char *refuse, bool plain, struct cdr_fault *fault)
{
	start(refuse);
	struct cdr_smtp smtp = {
		.server = server.url, .plain = plain, .sender = "node@first.example", .recipient = "who@second.example", .total_ms = 5000
	};
	cdr_err err = cdr_smtp_send(&smtp, (struct cdr_bytes){ (const uint8_t *)message, sizeof(message) - 1 }, fault);
	stop();
	return err;
}

static void
test_taken(void **state)
{
	struct cdr_fault fault = { 0 };

	(void)state;
	assert_int_equal(send_with("", true, &fault), CDR_OK);
	assert_true(server.taken);
	/* The machine does not say what it is called; a line that begins with a dot arrives whole (RFC 5321 sec. 4.5.2). */
	assert_non_null(strstr(server.said, "EHLO localhost\r\n"));
	assert_non_null(strstr(server.said, "MAIL FROM:<node@first.example>"));
	assert_non_null(strstr(server.said, "RCPT TO:<who@second.example>"));
	assert_non_null(strstr(server.said, "Subject: there is\r\n\r\n..something\r\n"));
}

static void
test_refused(void **state)
{
	static const struct {
		const char *refuse;
		cdr_err err;
	} cases[] = {
		{ "RCPT 550", CDR_E_REFUSED }, { "MAIL 553", CDR_E_REFUSED }, { "END 554", CDR_E_REFUSED },
		{ "RCPT 450", CDR_E_BUSY }, { "END 451", CDR_E_BUSY }, { "DATA 0", CDR_E_NETWORK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_fault fault = { 0 };
		cdr_err err = send_with(cases[i].refuse, true, &fault);
		/* A connection that ends looks like a reply that was put off, or like none. */
		assert_true(err == cases[i].err || (cases[i].err == CDR_E_NETWORK && err == CDR_E_BUSY));
		assert_false(server.taken);
		assert_true(fault.text[0] != '\0');
		assert_null(strstr(fault.text, "second.example"));
	}
}

/* A server that offers no TLS gets nothing, not even the addresses. */
static void
test_no_tls(void **state)
{
	struct cdr_fault fault = { 0 };

	(void)state;
	assert_int_equal(send_with("", false, &fault), CDR_E_SIGNATURE);
	assert_false(server.taken);
	assert_null(strstr(server.said, "second.example"));
}

static void
test_nobody_there(void **state)
{
	struct cdr_fault fault = { 0 };
	char url[64];
	uint16_t port = 0;
	int listener = sink_listen(&port);

	(void)state;
	(void)close(listener);
	(void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", port);
	struct cdr_smtp smtp = { .server = url, .plain = true, .sender = "a@b.example", .recipient = "c@d.example" };
	assert_int_equal(cdr_smtp_send(&smtp, (struct cdr_bytes){ (const uint8_t *)message, 4 }, &fault), CDR_E_NETWORK);
	smtp.recipient = "not an address";
	assert_int_equal(cdr_smtp_send(&smtp, (struct cdr_bytes){ (const uint8_t *)message, 4 }, &fault), CDR_E_INPUT);
	assert_null(strstr(fault.text, "not an address"));
}

static void
test_servers(void **state)
{
	(void)state;
	assert_int_equal(cdr_smtp_server_valid("smtps://mail.example:465", false, NULL), CDR_OK);
	assert_int_equal(cdr_smtp_server_valid("smtp://mail.example:587", false, NULL), CDR_OK);
	assert_int_equal(cdr_smtp_server_valid("smtp://127.0.0.1:25", true, NULL), CDR_OK);
	assert_int_equal(cdr_smtp_server_valid("smtp://localhost", true, NULL), CDR_OK);
	assert_int_equal(cdr_smtp_server_valid("smtp://mail.example:25", true, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_smtp_server_valid("smtp://127.0.0.1.example:25", true, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_smtp_server_valid("smtps://127.0.0.1:465", true, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_smtp_server_valid("http://mail.example", false, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_smtp_server_valid("smtp://", false, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_smtp_server_valid("smtp://user:secret@mail.example", false, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_smtp_server_valid("smtp://mail.example/path", false, NULL), CDR_E_INPUT);
}

static void
test_addresses(void **state)
{
	static const char *const bad[] = { "", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b>", "a@b\r\nRCPT TO:<x@y>", "\"a\"@b", "a,b@c" };

	(void)state;
	assert_true(cdr_smtp_address_valid("focal.point+candor@organisation.example"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cdr_smtp_address_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_addresses),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
