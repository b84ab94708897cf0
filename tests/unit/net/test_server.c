#include "tests/unit/net/party.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/net/server.h"

/* What the server of a test serves: /echo, /pin, /slow, /big, /gate; /early, which is too early until it is time, and /news. */
static atomic_int handled_count, early_count;
static atomic_bool is_time;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static struct party ours, theirs, others;
static struct cdr_server *server;

static size_t
body_max(void *context, const char *path)
{
	(void)context;
	if (strcmp(path, "/echo") == 0)
		return 3000000;
	if (strcmp(path, "/pin") == 0 || strcmp(path, "/slow") == 0 || strcmp(path, "/big") == 0 ||
	    strcmp(path, "/gate") == 0 || strcmp(path, "/early") == 0 || strcmp(path, "/news") == 0)
		return 100;
	return 0;
}

static struct cdr_bytes
text_bytes(const char *text)
{
	return (struct cdr_bytes){ (const uint8_t *)text, strlen(text) };
}

static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	const struct timespec pause = { 0, 150000000 };

	(void)context;
	atomic_fetch_add(&handled_count, 1);
	if (strcmp(path, "/slow") == 0)
		(void)nanosleep(&pause, NULL);
	if (strcmp(path, "/gate") == 0) {
		(void)pthread_mutex_lock(&gate);
		(void)pthread_mutex_unlock(&gate);
	}
	if (strcmp(path, "/early") == 0)
		atomic_fetch_add(&early_count, 1);
	if (strcmp(path, "/early") == 0 && !atomic_load(&is_time))
		return cdr_buffer_copy(text_bytes("early"), reply) == CDR_OK ? 503 + CDR_SERVER_HOLD : 500;
	if (strcmp(path, "/news") == 0)
		return 200 + CDR_SERVER_NEWS;
	if (strcmp(path, "/pin") == 0)
		return cdr_buffer_copy((struct cdr_bytes){ pin, CDR_CERTIFICATE_PIN_LEN }, reply) == CDR_OK ? 200 : 500;
	if (strcmp(path, "/big") == 0) {
		reply->len = 3000000;
		reply->data = calloc(1, reply->len);
		return reply->data != NULL ? 200 : 500;
	}
	return cdr_buffer_copy(body, reply) == CDR_OK ? 200 : 500;
}

static struct cdr_server *
start_server(struct cdr_server_config config)
{
	struct cdr_server *started = NULL;
	struct cdr_fault fault = { CDR_OK, "" };
	SSL_CTX *tls = NULL;

	assert_int_equal(cdr_certificate_server_context(ours.certificate, ours.key, &tls), CDR_OK);
	config.tls = tls;
	if (config.listen == NULL)
		config.listen = "127.0.0.1:0";
	config.app = (struct cdr_server_app){ .body_max = body_max, .handle = handle };
	if (cdr_server_start(&config, &started, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	SSL_CTX_free(tls);
	return started;
}

/* ---- a peer by hand ------------------------------------------------------------------------------------------ */

struct peer {
	int fd;
	SSL_CTX *tls;
	SSL *ssl;
};

static bool
peer_connect(struct peer *peer, const struct party *who)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(cdr_server_port(server)) };
	const struct timeval limit = { 5, 0 };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	peer->tls = SSL_CTX_new(TLS_client_method());
	if (who != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(peer->tls, who->certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(peer->tls, who->key), 1);
	}
	peer->ssl = SSL_new(peer->tls);
	assert_int_equal(SSL_set_fd(peer->ssl, peer->fd), 1);
	return SSL_connect(peer->ssl) == 1;
}

static void
peer_close(struct peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->tls);
	(void)close(peer->fd);
	ERR_clear_error();
}

static void
peer_send(struct peer *peer, const void *data, size_t len)
{
	assert_int_equal(SSL_write(peer->ssl, data, (int)len), len);
}

/* Read one reply. Returns its status, 0 if the server closed; ${body} and ${len} say what came with it. */
static int
peer_receive(struct peer *peer, char *body, size_t size, size_t *len)
{
	char head[2048] = "";
	size_t head_len = 0;
	const char *length;
	int status = 0;

	while (head_len < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL) {
		if (SSL_read(peer->ssl, head + head_len, 1) != 1)
			return 0;
		head[++head_len] = '\0';
	}
	assert_int_equal(sscanf(head, "HTTP/1.1 %3d", &status), 1);
	if (status == 100)
		return status;
	length = strstr(head, "Content-Length: ");
	assert_non_null(length);
	*len = strtoul(length + strlen("Content-Length: "), NULL, 10);
	assert_true(*len <= size);
	for (size_t at = 0; at < *len;) {
		int got = SSL_read(peer->ssl, body + at, (int)(*len - at));
		assert_true(got > 0);
		at += (size_t)got;
	}
	return status;
}

/* Whether the server closes, within the five seconds that a read may take. */
static bool
peer_is_closed(struct peer *peer)
{
	char byte;

	return SSL_read(peer->ssl, &byte, 1) <= 0 && SSL_get_error(peer->ssl, 0) != SSL_ERROR_WANT_READ;
}

#define HEAD(path, length)                                                                                    \
	"POST " path " HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-protobuf\r\nContent-Length: " length "\r\n\r\n"

/* Send ${text}, get ${status}; then, where ${closes}, the end of the connection. */
static void
check_exchange(const char *text, int status, bool closes)
{
	struct peer peer;
	char body[256];
	size_t len = 0;

	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, text, strlen(text));
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), status);
	if (closes)
		assert_true(peer_is_closed(&peer));
	peer_close(&peer);
}

/* ---- tests --------------------------------------------------------------------------------------------------- */

static void
test_one_connection(void **state)
{
	struct peer peer;
	char body[256];
	size_t len = 0;

	(void)state;
	server = start_server((struct cdr_server_config){ 0 });
	assert_true(peer_connect(&peer, &theirs));
	/* Kept alive; in pieces; two at once; without a body. */
	for (int i = 0; i < 3; i++) {
		peer_send(&peer, HEAD("/echo", "5") "hello", strlen(HEAD("/echo", "5")) + 5);
		assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
		assert_memory_equal(body, "hello", 5);
	}
	const char *text = HEAD("/echo", "3") "abc";
	for (size_t i = 0; i < strlen(text); i++)
		peer_send(&peer, text + i, 1);
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_memory_equal(body, "abc", 3);
	text = HEAD("/echo", "2") "ab" HEAD("/pin", "0") HEAD("/echo", "1") "c";
	peer_send(&peer, text, strlen(text));
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_memory_equal(body, "ab", 2);
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_int_equal(len, sizeof(theirs.pin));
	assert_memory_equal(body, theirs.pin, sizeof(theirs.pin));
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_memory_equal(body, "c", 1);
	/* Connection: close. */
	text = "POST /echo HTTP/1.1\r\nhost: x\r\nConnection: keep-alive, Close\r\nContent-Length: 1\r\n"
	       "content-TYPE: application/x-protobuf\r\n\r\nz";
	peer_send(&peer, text, strlen(text));
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_true(peer_is_closed(&peer));
	peer_close(&peer);
	cdr_server_stop(server);
}

static void
test_refusals(void **state)
{
	static char long_field[CDR_SERVER_HEAD_MAX + 100];
	const char *text;

	(void)state;
	server = start_server((struct cdr_server_config){ .transfer_ms = 2000 });
	check_exchange("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", 405, true);
	check_exchange("nonsense\r\n\r\n", 400, true);
	check_exchange(HEAD("/nothing", "1") "x", 404, true);
	check_exchange(HEAD("/pin", "101"), 413, true); /* before its body is sent */
	text = "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Type: application/x-protobuf\r\n\r\n";
	check_exchange(text, 400, true);
	text = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n"
	       "Content-Type: application/x-protobuf\r\n\r\nx";
	check_exchange(text, 400, true);
	(void)snprintf(long_field, sizeof(long_field), "POST /echo HTTP/1.1\r\nHost: x\r\nX: ");
	memset(long_field + strlen(long_field), 'a', sizeof(long_field) - strlen(long_field) - 1);
	check_exchange(long_field, 431, true);
	cdr_server_stop(server);
}

static void
test_continue(void **state)
{
	struct peer peer;
	char body[256];
	size_t len = 0;
	const char *text = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
			   "Content-Type: application/x-protobuf\r\n\r\n";

	(void)state;
	server = start_server((struct cdr_server_config){ 0 });
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, text, strlen(text));
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 100);
	peer_send(&peer, "body", 4);
	assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 200);
	assert_memory_equal(body, "body", 4);
	peer_close(&peer);
	cdr_server_stop(server);
}

/* Megabytes in and out, past every buffer. */
static void
test_big(void **state)
{
	const size_t size = 3000000;
	char *out = malloc(size), *in = malloc(size);
	struct peer peer;
	size_t len = 0;

	(void)state;
	server = start_server((struct cdr_server_config){ 0 });
	for (size_t i = 0; i < size; i++)
		out[i] = (char)(i * 7 + i / 251);
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, HEAD("/echo", "3000000"), strlen(HEAD("/echo", "3000000")));
	peer_send(&peer, out, size);
	assert_int_equal(peer_receive(&peer, in, size, &len), 200);
	assert_int_equal(len, size);
	assert_memory_equal(in, out, size);
	peer_send(&peer, HEAD("/big", "0"), strlen(HEAD("/big", "0")));
	assert_int_equal(peer_receive(&peer, in, size, &len), 200);
	assert_int_equal(len, size);
	peer_close(&peer);
	cdr_server_stop(server);
	free(out);
	free(in);
}

static void
test_needs_certificate(void **state)
{
	struct peer peer;
	char body[16];
	size_t len = 0;
	int before = atomic_load(&handled_count);

	(void)state;
	server = start_server((struct cdr_server_config){ 0 });
	/* In TLS 1.3 the client's side of the handshake is over before the server has seen that nothing came. */
	if (peer_connect(&peer, NULL)) {
		(void)SSL_write(peer.ssl, HEAD("/pin", "0"), (int)strlen(HEAD("/pin", "0")));
		assert_int_equal(peer_receive(&peer, body, sizeof(body), &len), 0);
	}
	peer_close(&peer);
	cdr_server_stop(server);
	assert_int_equal(atomic_load(&handled_count), before);
}

/* A peer that is slow with its handshake, its head or its body, or idle, is let go. */
static void
test_deadlines(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct peer peer;
	char byte;

	(void)state;
	server = start_server((struct cdr_server_config){ .transfer_ms = 300, .idle_ms = 400 });
	address.sin_port = htons(cdr_server_port(server));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(read(fd, &byte, 1), 0);
	(void)close(fd);
	assert_true(peer_connect(&peer, &theirs));
	assert_true(peer_is_closed(&peer));
	peer_close(&peer);
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, "POST", 4);
	assert_true(peer_is_closed(&peer));
	peer_close(&peer);
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, HEAD("/echo", "5") "he", strlen(HEAD("/echo", "5")) + 2);
	assert_true(peer_is_closed(&peer));
	peer_close(&peer);
	cdr_server_stop(server);
}

/* More connections than may be, of one party or of all: the one that has been idle longest goes. */
static void
test_connection_limits(void **state)
{
	struct peer first, second, third, other;
	char body[64];
	size_t len = 0;

	(void)state;
	server = start_server((struct cdr_server_config){ .peer_connection_max = 2, .connection_max = 3 });
	assert_true(peer_connect(&first, &theirs));
	assert_true(peer_connect(&second, &theirs));
	/* A request makes the first one the younger. */
	peer_send(&first, HEAD("/pin", "0"), strlen(HEAD("/pin", "0")));
	assert_int_equal(peer_receive(&first, body, sizeof(body), &len), 200);
	assert_true(peer_connect(&third, &theirs));
	assert_true(peer_is_closed(&second));
	assert_true(peer_connect(&other, &others));
	peer_send(&first, HEAD("/pin", "0"), strlen(HEAD("/pin", "0")));
	assert_int_equal(peer_receive(&first, body, sizeof(body), &len), 200);
	peer_close(&second);
	/* Three are open; a fourth takes the place of the third. */
	assert_true(peer_connect(&second, &others));
	assert_true(peer_is_closed(&third));
	peer_close(&first);
	peer_close(&second);
	peer_close(&third);
	peer_close(&other);
	cdr_server_stop(server);
}

/* Connections that begin a request and do not end it keep nobody else out: the oldest of them goes. */
static void
test_unfinished_requests_make_room(void **state)
{
	struct peer slow[3], honest;
	char body[64];
	size_t len = 0;

	(void)state;
	server = start_server((struct cdr_server_config){ .connection_max = 3 });
	for (int i = 0; i < 3; i++) {
		assert_true(peer_connect(&slow[i], &theirs));
		peer_send(&slow[i], i == 1 ? HEAD("/pin", "5") : "POST /pin", strlen(i == 1 ? HEAD("/pin", "5") : "POST /pin"));
	}
	(void)nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
	assert_true(peer_connect(&honest, &others));
	peer_send(&honest, HEAD("/pin", "0"), strlen(HEAD("/pin", "0")));
	assert_int_equal(peer_receive(&honest, body, sizeof(body), &len), 200);
	assert_true(peer_is_closed(&slow[0]));
	peer_close(&honest);
	for (int i = 0; i < 3; i++)
		peer_close(&slow[i]);
	cdr_server_stop(server);
}

/* One worker, a queue of one: the third request is told to come again. */
static void
test_queue_is_full(void **state)
{
	struct peer peers[3];
	char body[64];
	size_t len = 0;
	int before = atomic_load(&handled_count);
	const struct timespec moment = { 0, 2000000 };

	(void)state;
	server = start_server((struct cdr_server_config){ .worker_count = 1, .queue_max = 1 });
	(void)pthread_mutex_lock(&gate);
	for (int i = 0; i < 3; i++)
		assert_true(peer_connect(&peers[i], &theirs));
	peer_send(&peers[0], HEAD("/gate", "1") "a", strlen(HEAD("/gate", "1")) + 1);
	while (atomic_load(&handled_count) == before)
		(void)nanosleep(&moment, NULL);
	/* The worker is at the gate. Of the two that follow one is queued, one refused. */
	peer_send(&peers[1], HEAD("/gate", "1") "b", strlen(HEAD("/gate", "1")) + 1);
	(void)nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
	peer_send(&peers[2], HEAD("/gate", "1") "c", strlen(HEAD("/gate", "1")) + 1);
	assert_int_equal(peer_receive(&peers[2], body, sizeof(body), &len), 503);
	(void)pthread_mutex_unlock(&gate);
	assert_int_equal(peer_receive(&peers[0], body, sizeof(body), &len), 200);
	assert_int_equal(peer_receive(&peers[1], body, sizeof(body), &len), 200);
	/* The refused one may come again on the same connection. */
	peer_send(&peers[2], HEAD("/gate", "1") "d", strlen(HEAD("/gate", "1")) + 1);
	assert_int_equal(peer_receive(&peers[2], body, sizeof(body), &len), 200);
	assert_memory_equal(body, "d", 1);
	for (int i = 0; i < 3; i++)
		peer_close(&peers[i]);
	cdr_server_stop(server);
}

static void *
stop(void *context)
{
	cdr_server_stop(context);
	return NULL;
}

/* What was accepted is answered, what is idle is closed, what comes later is not accepted. */
static void
test_stop_finishes(void **state)
{
	struct peer busy, idle;
	pthread_t stopper;
	char body[64];
	size_t len = 0;
	int before = atomic_load(&handled_count);
	const struct timespec moment = { 0, 2000000 };

	(void)state;
	server = start_server((struct cdr_server_config){ 0 });
	assert_true(peer_connect(&busy, &theirs));
	assert_true(peer_connect(&idle, &others));
	peer_send(&busy, HEAD("/slow", "4") "last", strlen(HEAD("/slow", "4")) + 4);
	while (atomic_load(&handled_count) == before)
		(void)nanosleep(&moment, NULL);
	assert_int_equal(pthread_create(&stopper, NULL, stop, server), 0);
	assert_true(peer_is_closed(&idle));
	assert_int_equal(peer_receive(&busy, body, sizeof(body), &len), 200);
	assert_memory_equal(body, "last", 4);
	assert_true(peer_is_closed(&busy));
	peer_close(&busy);
	peer_close(&idle);
	assert_int_equal(pthread_join(stopper, NULL), 0);
	cdr_server_stop(NULL);
}

/* A peer that leaves while its request is being worked on, and one that keeps the server from ending. */
static void
test_peers_that_leave(void **state)
{
	struct peer peer;
	int before = atomic_load(&handled_count);
	const struct timespec moment = { 0, 2000000 };

	(void)state;
	server = start_server((struct cdr_server_config){ .stop_ms = 100 });
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, HEAD("/slow", "0"), strlen(HEAD("/slow", "0")));
	while (atomic_load(&handled_count) == before)
		(void)nanosleep(&moment, NULL);
	peer_close(&peer);
	assert_true(peer_connect(&peer, &theirs));
	peer_send(&peer, HEAD("/echo", "5"), strlen(HEAD("/echo", "5")));
	(void)nanosleep(&(struct timespec){ 0, 30000000 }, NULL);
	cdr_server_stop(server);
	peer_close(&peer);
}

/* ---- held requests ------------------------------------------------------------------------------------------- */

#define EARLY HEAD("/early", "4") "body"

/* A server on which nothing is held yet, and it is not time. */
static void
start_holding(struct cdr_server_config config)
{
	atomic_store(&early_count, 0);
	atomic_store(&is_time, false);
	if (config.hold_ms == 0)
		config.hold_ms = 600000;
	if (config.worker_count == 0)
		config.worker_count = 1; /* what came before /echo is decided when that is answered */
	server = start_server(config);
}

/* Connect and send what is too early. */
static void
send_early(struct peer *peer, const struct party *who)
{
	assert_true(peer_connect(peer, who));
	peer_send(peer, EARLY, strlen(EARLY));
}

static void
wait_for_early(int count)
{
	while (atomic_load(&early_count) < count)
		(void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
}

static void
check_early(struct peer *peer, int status, const char *text)
{
	char body[256];
	size_t len = 0;

	assert_int_equal(peer_receive(peer, body, sizeof(body), &len), status);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(body, text, len);
}

static void
test_held_until_news(void **state)
{
	struct peer first, second;

	(void)state;
	start_holding((struct cdr_server_config){ 0 });
	send_early(&first, &theirs);
	send_early(&second, &others);
	wait_for_early(2);
	/* Its time has not come: it is asked again, and goes on waiting. Others are served meanwhile. */
	check_exchange(HEAD("/news", "0"), 200, false);
	wait_for_early(4);
	check_exchange(HEAD("/echo", "2") "hi", 200, false);
	assert_int_equal(atomic_load(&early_count), 4);
	atomic_store(&is_time, true);
	check_exchange(HEAD("/news", "0"), 200, false);
	check_early(&first, 200, "body");
	check_early(&second, 200, "body");
	assert_int_equal(atomic_load(&early_count), 6);
	/* The connections go on. */
	peer_send(&first, EARLY, strlen(EARLY));
	check_early(&first, 200, "body");
	peer_close(&first);
	peer_close(&second);
	cdr_server_stop(server);
}

/* News may come while the handler looks: whoever looked before is asked again. */
static void
test_news_meanwhile(void **state)
{
	struct peer peer[8];
	char body[256];
	size_t len;

	(void)state;
	for (int round = 0; round < 20; round++) {
		start_holding((struct cdr_server_config){ .worker_count = 4 });
		for (int i = 0; i < 8; i++)
			assert_true(peer_connect(&peer[i], &theirs));
		for (int i = 0; i < 7; i++)
			peer_send(&peer[i], EARLY, strlen(EARLY));
		atomic_store(&is_time, true);
		peer_send(&peer[7], HEAD("/news", "0"), strlen(HEAD("/news", "0")));
		for (int i = 0; i < 8; i++)
			assert_int_equal(peer_receive(&peer[i], body, sizeof(body), &len), 200);
		for (int i = 0; i < 8; i++)
			peer_close(&peer[i]);
		cdr_server_stop(server);
	}
}

static void
test_held_in_vain(void **state)
{
	struct peer peer;

	(void)state;
	start_holding((struct cdr_server_config){ .hold_ms = 50 });
	send_early(&peer, &theirs);
	check_early(&peer, 503, "early");
	assert_int_equal(atomic_load(&early_count), 1);
	/* Nobody waits again until news comes. */
	for (int i = 0; i < 3; i++) {
		peer_send(&peer, EARLY, strlen(EARLY));
		check_early(&peer, 503, "early");
	}
	assert_int_equal(atomic_load(&early_count), 4);
	peer_close(&peer);
	cdr_server_stop(server);
	/* News that never is the right one ends it too. */
	start_holding((struct cdr_server_config){ 0 });
	send_early(&peer, &theirs);
	for (int i = 1; i <= CDR_SERVER_TURN_MAX; i++) {
		wait_for_early(i);
		check_exchange(HEAD("/news", "0"), 200, false);
	}
	check_early(&peer, 503, "early");
	assert_int_equal(atomic_load(&early_count), CDR_SERVER_TURN_MAX + 1);
	peer_close(&peer);
	cdr_server_stop(server);
}

static void
test_held_limits(void **state)
{
	struct peer first, second, third;

	(void)state;
	/* One for each party, two in all; who is one too many is answered at once. */
	start_holding((struct cdr_server_config){ .peer_held_max = 1, .held_max = 2 });
	send_early(&first, &theirs);
	wait_for_early(1);
	check_exchange(HEAD("/echo", "2") "hi", 200, false);
	send_early(&second, &theirs);
	check_early(&second, 503, "early");
	peer_close(&second);
	send_early(&second, &others);
	wait_for_early(3);
	check_exchange(HEAD("/echo", "2") "hi", 200, false);
	send_early(&third, &ours);
	check_early(&third, 503, "early");
	assert_int_equal(atomic_load(&early_count), 4);
	atomic_store(&is_time, true);
	check_exchange(HEAD("/news", "0"), 200, false);
	check_early(&first, 200, "body");
	check_early(&second, 200, "body");
	peer_close(&first);
	peer_close(&second);
	peer_close(&third);
	cdr_server_stop(server);
}

/* Who is held when the server stops is answered; who has left is forgotten. */
static void
test_held_at_the_end(void **state)
{
	struct peer stays, leaves;

	(void)state;
	start_holding((struct cdr_server_config){ 0 });
	send_early(&leaves, &others);
	send_early(&stays, &theirs);
	wait_for_early(2);
	peer_close(&leaves);
	check_exchange(HEAD("/echo", "2") "hi", 200, false);
	cdr_server_stop(server);
	check_early(&stays, 503, "early");
	assert_true(peer_is_closed(&stays));
	peer_close(&stays);
}

static void
test_addresses(void **state)
{
	static const char *const wrong[] = { "", "127.0.0.1", "localhost:1", "127.0.0.1:70000", "[::1]", "1.2.3:4", ":80" };
	struct cdr_server_config config = { .app = { NULL, body_max, handle } };
	struct cdr_server *started = NULL;
	struct cdr_fault fault;
	char text[CDR_SERVER_ADDRESS_LEN];

	(void)state;
	assert_int_equal(cdr_certificate_server_context(ours.certificate, ours.key, &config.tls), CDR_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		config.listen = wrong[i];
		assert_int_equal(cdr_server_start(&config, &started, &fault), CDR_E_INPUT);
		assert_null(started);
	}
	/* An address that is taken. */
	server = start_server((struct cdr_server_config){ 0 });
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u", cdr_server_port(server));
	assert_string_equal(cdr_server_address_peek(server), text);
	config.listen = text;
	assert_int_equal(cdr_server_start(&config, &started, &fault), CDR_E_IO);
	assert_non_null(strstr(fault.text, text));
	cdr_server_stop(server);
	SSL_CTX_free(config.tls);
}

static int
start(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	party_init(&ours, 1);
	party_init(&theirs, 2);
	party_init(&others, 3);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	party_wipe(&ours);
	party_wipe(&theirs);
	party_wipe(&others);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_connection),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_needs_certificate),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_connection_limits),
		cmocka_unit_test(test_unfinished_requests_make_room),
		cmocka_unit_test(test_queue_is_full),
		cmocka_unit_test(test_stop_finishes),
		cmocka_unit_test(test_peers_that_leave),
		cmocka_unit_test(test_held_until_news),
		cmocka_unit_test(test_news_meanwhile),
		cmocka_unit_test(test_held_in_vain),
		cmocka_unit_test(test_held_limits),
		cmocka_unit_test(test_held_at_the_end),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, start, end);
}
