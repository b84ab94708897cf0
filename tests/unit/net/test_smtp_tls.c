#include "tests/unit/unit.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "node/net/smtp.h"
#include "tests/net/sink.h"

/* A message over TLS, from the first byte (smtps) or after STARTTLS: only to a server whose certificate is vouched for and bears its name. */

static const char message[] = "Subject: there is\r\n\r\nsomething\r\n";

/* A certificate that vouches for itself: for 127.0.0.1, or for another machine, or of a time that is over. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
	char path[64];    /* it stands there as PEM */
};

static void
make_identity(struct identity *id, const char *name, long ends)
{
	X509 *x = id->certificate = X509_new();
	X509V3_CTX context;

	id->key = EVP_EC_gen("P-256");
	assert_true(x != NULL && id->key != NULL);
	(void)X509_set_version(x, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -7200);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), ends);
	(void)X509_set_pubkey(x, id->key);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	(void)X509_set_issuer_name(x, X509_get_subject_name(x));
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, name);
	assert_true(extension != NULL && X509_add_ext(x, extension, -1) == 1 && X509_sign(x, id->key, EVP_sha256()) > 0);
	X509_EXTENSION_free(extension);
	(void)snprintf(id->path, sizeof(id->path), "/tmp/candor-smtp-XXXXXX");
	int fd = mkstemp(id->path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	assert_true(file != NULL && PEM_write_X509(file, x) == 1);
	(void)fclose(file);
}

static void
free_identity(struct identity *id)
{
	(void)unlink(id->path);
	X509_free(id->certificate);
	EVP_PKEY_free(id->key);
}

static struct server {
	int listener;
	const struct identity *identity;
	bool starttls;
	char said[SINK_SAID_MAX], in_clear[1024];
	int taken, inner; /* the end of a pair of sockets on which the sink speaks */
	bool is_secured;
} server;

static void *
speak(void *context)
{
	(void)context;
	server.taken = sink_session(server.inner, "", server.said);
	(void)close(server.inner);
	return NULL;
}

/* Before STARTTLS: what the client says in clear. */
static bool
begin_in_clear(int fd)
{
	char line[256];
	size_t used = 0;

	if (write(fd, "220 sink\r\n", 10) != 10)
		return false;
	for (;;) {
		size_t len = 0;
		while (len + 1 < sizeof(line) && read(fd, line + len, 1) == 1 && line[len++] != '\n')
			;
		if (len == 0)
			return false;
		line[len] = '\0';
		used += (size_t)snprintf(server.in_clear + used, sizeof(server.in_clear) - used, "%s", line);
		bool is_start = strncmp(line, "STARTTLS", 8) == 0;
		const char *answer = is_start ? "220 go on\r\n" : strncmp(line, "EHLO", 4) == 0 ? "250-sink\r\n250 STARTTLS\r\n" : "500 no\r\n";
		if (write(fd, answer, strlen(answer)) < 0)
			return false;
		if (is_start)
			return true;
	}
}

/* Carry bytes between the client's TLS and the sink; after STARTTLS nobody is greeted again. */
static void
carry(SSL *ssl, int fd, int outer)
{
	char data[4096];
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = outer, .events = POLLIN } };

	/* One greeting was given in clear. */
	for (char c = 0; server.starttls && c != '\n';)
		if (read(outer, &c, 1) != 1)
			return;
	for (;;) {
		if (SSL_pending(ssl) == 0 && poll(fds, 2, 5000) <= 0)
			return;
		if (SSL_pending(ssl) > 0 || fds[0].revents != 0) {
			int n = SSL_read(ssl, data, sizeof(data));
			if (n <= 0 || write(outer, data, (size_t)n) != n)
				return;
		}
		if (fds[1].revents != 0) {
			ssize_t n = read(outer, data, sizeof(data));
			if (n <= 0 || SSL_write(ssl, data, (int)n) <= 0)
				return;
		}
	}
}

static void *
serve(void *context)
{
	int pair[2], fd = accept(server.listener, NULL, NULL);
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	SSL *ssl = SSL_new(tls);
	pthread_t sink;

	(void)context;
	assert_true(fd >= 0 && ssl != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	assert_true(SSL_use_certificate(ssl, server.identity->certificate) == 1 && SSL_use_PrivateKey(ssl, server.identity->key) == 1);
	server.inner = pair[1];
	(void)SSL_set_fd(ssl, fd);
	assert_int_equal(pthread_create(&sink, NULL, speak, NULL), 0);
	if ((!server.starttls || begin_in_clear(fd)) && SSL_accept(ssl) == 1) {
		server.is_secured = true;
		carry(ssl, fd, pair[0]);
	}
	(void)close(pair[0]);
	(void)pthread_join(sink, NULL);
	SSL_free(ssl);
	SSL_CTX_free(tls);
	(void)close(fd);
	return NULL;
}

/* Send a message to a server that shows ${identity}, believing ${believed}. */
static cdr_err
send_to(const struct identity *identity, const struct identity *believed, bool starttls, const char *host)
{
	struct cdr_fault fault = { 0 };
	pthread_t thread;
	uint16_t port = 0;
	char url[64];

	server = (struct server){ .identity = identity, .starttls = starttls };
	server.listener = sink_listen(&port);
	assert_true(server.listener >= 0);
	(void)snprintf(url, sizeof(url), "%s://%s:%u", starttls ? "smtp" : "smtps", host, port);
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	struct cdr_smtp smtp = { .server = url, .sender = "node@first.example", .recipient = "who@second.example", .ca_file = believed->path,
		.total_ms = 5000 };
	cdr_err err = cdr_smtp_send(&smtp, (struct cdr_bytes){ (const uint8_t *)message, sizeof(message) - 1 }, &fault);
	(void)pthread_join(thread, NULL);
	(void)close(server.listener);
	assert_int_equal(err != CDR_OK, fault.text[0] != '\0');
	return err;
}

static void
test_believed(void **state)
{
	struct identity good;

	(void)state;
	make_identity(&good, "IP:127.0.0.1", 7200);
	for (int starttls = 0; starttls < 2; starttls++) {
		assert_int_equal(send_to(&good, &good, starttls != 0, "127.0.0.1"), CDR_OK);
		assert_true(server.taken && server.is_secured);
		assert_non_null(strstr(server.said, "RCPT TO:<who@second.example>"));
		assert_non_null(strstr(server.said, "Subject: there is\r\n\r\nsomething\r\n"));
		assert_null(strstr(server.in_clear, "second.example"));
	}
	free_identity(&good);
}

/* Another's certificate, one for another machine, one that is over: nothing is said, not even the addresses. */
static void
test_not_believed(void **state)
{
	struct identity good, other, elsewhere, over;

	(void)state;
	make_identity(&good, "IP:127.0.0.1", 7200);
	make_identity(&other, "IP:127.0.0.1", 7200);
	make_identity(&elsewhere, "DNS:mail.example", 7200);
	make_identity(&over, "IP:127.0.0.1", -3600);
	const struct identity *const shown[] = { &other, &elsewhere, &over }, *const believed[] = { &good, &elsewhere, &over };
	for (int starttls = 0; starttls < 2; starttls++)
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(send_to(shown[i], believed[i], starttls != 0, "127.0.0.1"), CDR_E_SIGNATURE);
			assert_false(server.taken);
			assert_null(strstr(server.said, "second.example"));
			assert_null(strstr(server.in_clear, "second.example"));
		}
	free_identity(&good);
	free_identity(&other);
	free_identity(&elsewhere);
	free_identity(&over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_believed), cmocka_unit_test(test_not_believed) };

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
