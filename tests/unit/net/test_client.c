#include "tests/unit/net/party.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/net/client.h"
#include "node/net/server.h"

#define SERVER_COUNT 3
#define BIG_LEN 2000000

static struct party parties[SERVER_COUNT], member;
static struct cdr_server *servers[SERVER_COUNT];
static char urls[SERVER_COUNT][64];
static struct cdr_client *client;
static atomic_int running_count, most_running_count;

static size_t
body_max(void *context, const char *path)
{
	(void)context;
	return strcmp(path, "/nothing") == 0 ? 0 : BIG_LEN;
}

/* Remember how many requests ran at the same time. */
static void
enter(void)
{
	int now = atomic_fetch_add(&running_count, 1) + 1;
	int most = atomic_load(&most_running_count);

	while (now > most && !atomic_compare_exchange_weak(&most_running_count, &most, now))
		continue;
}

/* /echo, /pin, /slow, /status/NNN */
static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	const struct timespec pause = { 0, 200000000 };
	int status = 200;

	(void)context;
	enter();
	if (strcmp(path, "/slow") == 0)
		(void)nanosleep(&pause, NULL);
	if (strncmp(path, "/status/", 8) == 0)
		status = (int)strtol(path + 8, NULL, 10);
	if (strcmp(path, "/pin") == 0)
		body = (struct cdr_bytes){ pin, CDR_PIN_LEN };
	if (cdr_buffer_copy(body, reply) != CDR_OK)
		status = 500;
	(void)atomic_fetch_sub(&running_count, 1);
	return status;
}

static struct cdr_server *
start_server(const struct party *party, const char *listen_at, char *url, size_t url_size)
{
	struct cdr_server_config config = { .listen = listen_at, .app = { NULL, body_max, handle }, .worker_count = 4 };
	struct cdr_server *server = NULL;

	assert_int_equal(cdr_certificate_server_context(party->certificate, party->key, &config.tls), CDR_OK);
	assert_int_equal(cdr_server_start(&config, &server, NULL), CDR_OK);
	SSL_CTX_free(config.tls);
	(void)snprintf(url, url_size, "https://%s", cdr_server_address_peek(server));
	return server;
}

/* A post of "hello" to the first server, as it should be. */
static struct cdr_client_post
example(const char *path)
{
	return (struct cdr_client_post){ .url = urls[0], .path = path, .pin = parties[0].pin,
		.body = { (const uint8_t *)"hello", 5 }, .reply_max = 100 };
}

static void
test_posts(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct cdr_client_post post = example("/echo");
		assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
		assert_int_equal(post.err, CDR_OK);
		assert_int_equal(post.status, 200);
		assert_int_equal(post.reply.len, 5);
		assert_memory_equal(post.reply.data, "hello", 5);
		assert_true(post.has_pin_seen);
		assert_memory_equal(post.pin_seen, parties[0].pin, CDR_PIN_LEN);
		cdr_client_post_free(&post);
		assert_null(post.reply.data);
	}
	/* The server sees our own certificate. */
	struct cdr_client_post post = example("/pin");
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	assert_memory_equal(post.reply.data, member.pin, CDR_PIN_LEN);
	cdr_client_post_free(&post);
}

static void
test_big(void **state)
{
	uint8_t *data = malloc(BIG_LEN);
	struct cdr_client_post post = example("/echo");

	(void)state;
	for (size_t i = 0; i < BIG_LEN; i++)
		data[i] = (uint8_t)(i * 31 + i / 253);
	post.body = (struct cdr_bytes){ data, BIG_LEN };
	post.reply_max = BIG_LEN;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	assert_int_equal(post.reply.len, BIG_LEN);
	assert_memory_equal(post.reply.data, data, BIG_LEN);
	cdr_client_post_free(&post);
	/* One byte more than may be. */
	post.reply_max = BIG_LEN - 1;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_NETWORK);
	assert_non_null(strstr(post.fault.text, "more than 1999999 bytes"));
	assert_null(post.reply.data);
	free(data);
}

/* An unknown pin is told; a wrong one ends it before anything is sent. */
static void
test_pins(void **state)
{
	struct cdr_client_post post = example("/echo");

	(void)state;
	post.pin = NULL;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	assert_true(post.has_pin_seen);
	assert_memory_equal(post.pin_seen, parties[0].pin, CDR_PIN_LEN);
	cdr_client_post_free(&post);
	/* Also where a connection with the right pin is kept. */
	post = example("/echo");
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	atomic_store(&most_running_count, 0);
	post.pin = parties[1].pin;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_SIGNATURE);
	assert_non_null(strstr(post.fault.text, "another key"));
	assert_int_equal(post.status, 0);
	assert_int_equal(atomic_load(&most_running_count), 0);
	/* And one without a pin is not kept for one with. */
	post.pin = NULL;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	post.pin = parties[1].pin;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_SIGNATURE);
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *path;
		int status;
		cdr_err err;
	} cases[] = {
		{ "/status/403", 403, CDR_E_REFUSED },
		{ "/status/503", 503, CDR_E_BUSY },
		{ "/status/500", 500, CDR_E_REFUSED },
		{ "/status/302", 302, CDR_E_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_client_post post = example(cases[i].path);
		assert_int_equal(cdr_client_send(client, &post, 1), cases[i].err);
		assert_int_equal(post.status, cases[i].status);
		assert_int_equal(post.reply.len, 5); /* what the peer said about it */
		assert_int_equal(post.fault.code, cases[i].err);
		cdr_client_post_free(&post);
	}
	/* The server's own refusal, before the body. */
	struct cdr_client_post post = example("/nothing");
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_REFUSED);
	assert_int_equal(post.status, 404);
	cdr_client_post_free(&post);
}

static void
test_nobody_there(void **state)
{
	struct cdr_client_post post = example("/echo");
	char url[64];

	(void)state;
	/* A port that was free a moment ago. */
	struct cdr_server *server = start_server(&parties[0], "127.0.0.1:0", url, sizeof(url));
	cdr_server_stop(server);
	post.url = url;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_NETWORK);
	assert_non_null(strstr(post.fault.text, "does not answer"));
	assert_non_null(strstr(post.fault.text, url));
	assert_false(post.has_pin_seen);
	post.url = "https://no-such-name.invalid:1";
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_NETWORK);
}

static void
test_no_answer_in_time(void **state)
{
	struct cdr_client_post post = example("/slow");

	(void)state;
	/* On a new connection or a kept one. */
	for (int i = 0; i < 2; i++) {
		post.total_ms = 100;
		assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_TIME);
		assert_non_null(strstr(post.fault.text, "did not answer"));
		struct cdr_client_post other = example("/echo");
		assert_int_equal(cdr_client_send(client, &other, 1), CDR_OK);
		cdr_client_post_free(&other);
	}
}

/* A listener that never says a word: no connection, so nothing was sent. */
static void
test_silent_peer(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	struct cdr_client_post post = example("/echo");
	char url[64];

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", ntohs(address.sin_port));
	post.url = url;
	post.total_ms = 60;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_NETWORK);
	assert_non_null(strstr(post.fault.text, "no connection"));
	(void)close(fd);
}

static void
test_wrong_addresses(void **state)
{
	static const char *const wrong[] = { "", "http://127.0.0.1:1", "https://", "https://a/b", "https://a b", "https://u@a",
		"file:///etc/passwd" };
	static char long_path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct cdr_client_post post = example("/echo");
		post.url = wrong[i];
		assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_INPUT);
	}
	struct cdr_client_post post = example("echo");
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_INPUT);
	memset(long_path, '/', sizeof(long_path) - 1);
	post = example(long_path);
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_RANGE);
	post = example("/echo");
	post.reply_max = CDR_BODY_ROSTER_MAX + 1;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_RANGE);
	post = example("/echo");
	assert_int_equal(cdr_client_send(client, &post, 0), CDR_E_RANGE);
}

/* Three at once, one of which is not who it should be: the others have their answers, and nobody waits in line. */
static void
test_many(void **state)
{
	struct cdr_client_post posts[SERVER_COUNT + 1];
	struct cdr_client_post too_many[CDR_CLIENT_PARALLEL_MAX + 1];

	(void)state;
	/* A request that an earlier test gave up may still run. */
	while (atomic_load(&running_count) > 0)
		(void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
	atomic_store(&most_running_count, 0);
	for (int i = 0; i < SERVER_COUNT; i++) {
		posts[i] = example("/slow");
		posts[i].url = urls[i];
		posts[i].pin = parties[i].pin;
	}
	posts[SERVER_COUNT] = example("/slow");
	posts[SERVER_COUNT].pin = parties[1].pin;
	assert_int_equal(cdr_client_send(client, posts, SERVER_COUNT + 1), CDR_E_SIGNATURE);
	for (int i = 0; i < SERVER_COUNT; i++) {
		assert_int_equal(posts[i].err, CDR_OK);
		assert_memory_equal(posts[i].pin_seen, parties[i].pin, CDR_PIN_LEN);
		cdr_client_post_free(&posts[i]);
	}
	assert_int_equal(posts[SERVER_COUNT].err, CDR_E_SIGNATURE);
	assert_int_equal(atomic_load(&most_running_count), SERVER_COUNT);
	for (int i = 0; i <= CDR_CLIENT_PARALLEL_MAX; i++)
		too_many[i] = example("/echo");
	assert_int_equal(cdr_client_send(client, too_many, CDR_CLIENT_PARALLEL_MAX + 1), CDR_E_RANGE);
	assert_int_equal(too_many[CDR_CLIENT_PARALLEL_MAX].err, CDR_E_RANGE);
	assert_int_equal(cdr_client_send(client, too_many, CDR_CLIENT_PARALLEL_MAX), CDR_OK);
	for (int i = 0; i < CDR_CLIENT_PARALLEL_MAX; i++)
		cdr_client_post_free(&too_many[i]);
}

/* The peer is started anew, so the kept connection is dead: the next request finds its way. */
static void
test_restarted_peer(void **state)
{
	struct cdr_client_post post = example("/echo");
	char url[64], again[64];

	(void)state;
	struct cdr_server *server = start_server(&parties[0], "127.0.0.1:0", url, sizeof(url));
	post.url = url;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	cdr_server_stop(server);
	server = start_server(&parties[0], url + strlen("https://"), again, sizeof(again));
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	cdr_server_stop(server);
	/* With another key it is another party. */
	server = start_server(&parties[1], url + strlen("https://"), again, sizeof(again));
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_E_SIGNATURE);
	post.pin = parties[1].pin;
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	cdr_server_stop(server);
}

static void *
send_some(void *context)
{
	int *failed_count = context;

	for (int i = 0; i < 40; i++) {
		struct cdr_client_post post = example("/echo");
		post.url = urls[i % SERVER_COUNT];
		post.pin = parties[i % SERVER_COUNT].pin;
		if (cdr_client_send(client, &post, 1) != CDR_OK || post.reply.len != 5)
			++*failed_count;
		cdr_client_post_free(&post);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];
	int failed_counts[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_some, &failed_counts[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(failed_counts[i], 0);
	}
}

/* The environment does not decide where requests go; a proxy that is asked for does. */
static void
test_proxy(void **state)
{
	struct cdr_client_config config = { .certificate = member.certificate, .key = member.key,
		.proxy = "http://127.0.0.1:9" };
	struct cdr_client *other = NULL;
	struct cdr_client_post post = example("/echo");

	(void)state;
	assert_int_equal(setenv("https_proxy", "http://127.0.0.1:9", 1), 0);
	assert_int_equal(cdr_client_send(client, &post, 1), CDR_OK);
	cdr_client_post_free(&post);
	assert_int_equal(unsetenv("https_proxy"), 0);
	assert_int_equal(cdr_client_new(&config, &other, NULL), CDR_OK);
	assert_int_equal(cdr_client_send(other, &post, 1), CDR_E_NETWORK);
	cdr_client_free(other);
	cdr_client_free(NULL);
}

static int
start(void **state)
{
	struct cdr_client_config config;

	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	for (uint8_t i = 0; i < SERVER_COUNT; i++) {
		party_init(&parties[i], (uint8_t)(i + 1));
		servers[i] = start_server(&parties[i], "127.0.0.1:0", urls[i], sizeof(urls[i]));
	}
	party_init(&member, 100);
	config = (struct cdr_client_config){ .certificate = member.certificate, .key = member.key };
	return cdr_client_new(&config, &client, NULL) == CDR_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	cdr_client_free(client);
	for (int i = 0; i < SERVER_COUNT; i++) {
		cdr_server_stop(servers[i]);
		party_wipe(&parties[i]);
	}
	party_wipe(&member);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_no_answer_in_time),
		cmocka_unit_test(test_silent_peer),
		cmocka_unit_test(test_wrong_addresses),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_restarted_peer),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, start, end);
}
