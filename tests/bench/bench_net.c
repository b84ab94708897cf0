/*
 * What a request and a durable change cost, each beside the bare operation that bounds it. Prints "name count unit",
 * wall-clock microseconds on an otherwise idle machine, the median of 400.
 *
 *     fsync          append 4 KiB to a file and fsync it          bounds  commit
 *     commit.N       one cdr_store_write by each of N threads, for one of them
 *     handshake      TLS 1.3 with certificates on both sides      bounds  connect
 *     connect        a request on a new connection
 *     request        a request on a kept connection
 *     request.8      the same for one of eight that are sent at once
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "keys/certificate.h"
#include "node/net/client.h"
#include "node/net/server.h"
#include "node/store/store.h"
#include "tests/bench/measure.h"


enum { SAMPLES = 400, WARM_UP = 20, CALLS_MAX = 4, THREADS_MAX = 16, BODY_LEN = 600 };

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct call {
	void (*call)(void *);
	void *argument;
	double median_us;
};

/*
 * Measure ${count} calls in turns, so that a change in the machine's pace (a virtual disk's allowance that is used up)
 * meets all of them.
 */
static void
measure(struct call *calls, size_t count)
{
	static double samples[CALLS_MAX][SAMPLES];

	for (size_t i = 0; i < WARM_UP + SAMPLES; i++) {
		for (size_t j = 0; j < count; j++) {
			double start = measure_us(CLOCK_MONOTONIC);
			calls[j].call(calls[j].argument);
			if (i >= WARM_UP)
				samples[j][i - WARM_UP] = measure_us(CLOCK_MONOTONIC) - start;
		}
	}
	for (size_t j = 0; j < count; j++) {
		qsort(samples[j], SAMPLES, sizeof(samples[j][0]), compare);
		calls[j].median_us = samples[j][SAMPLES / 2];
	}
}

static void
print(const char *name, double us, const char *bound, double bound_us)
{
	printf("%-16s %9.1f us", name, us);
	if (bound != NULL)
		printf("   %6.2f x %s", us / bound_us, bound);
	putchar('\n');
	(void)fflush(stdout);
}

/* ---- store --------------------------------------------------------------------------------------------------- */

static void
append_and_sync(void *context)
{
	static const uint8_t page[4096];
	int fd = *(int *)context;

	MUST(write(fd, page, sizeof(page)) == (ssize_t)sizeof(page));
	MUST(fsync(fd) == 0);
}

static cdr_err
put_row(struct cdr_tx *tx, void *context)
{
	uint8_t id[CDR_ID_LEN];
	cdr_err err = CDR_E_INTERNAL;

	(void)context;
	CDR_TRY(cdr_random(id, sizeof(id)));
	err = cdr_query_run(tx, "INSERT INTO row (id, body) VALUES ($1, $1)", CDR_VALUES(cdr_value_blob(id, sizeof(id))));
out:
	return err;
}

static void
commit(void *context)
{
	MUST(cdr_store_write(context, put_row, NULL) == CDR_OK);
}

static void *
commit_many(void *context)
{
	for (int i = 0; i < SAMPLES; i++)
		commit(context);
	return NULL;
}

/* The cost of one of ${count} threads' commits, when all commit at once. */
static double
commit_at_once(struct cdr_store *store, size_t count)
{
	pthread_t threads[THREADS_MAX];
	double start = measure_us(CLOCK_MONOTONIC);

	for (size_t i = 0; i < count; i++)
		MUST(pthread_create(&threads[i], NULL, commit_many, store) == 0);
	for (size_t i = 0; i < count; i++)
		MUST(pthread_join(threads[i], NULL) == 0);
	return (measure_us(CLOCK_MONOTONIC) - start) / (double)(count * SAMPLES);
}

static void
bench_store(const char *folder)
{
	static const char *const migrations[] = { "CREATE TABLE row (id bytea NOT NULL PRIMARY KEY, body bytea NOT NULL)" };
	static const struct cdr_store_schema schema = { 0x63640100, migrations, 1 };
	static const uint8_t key[CDR_STORE_KEY_LEN] = { 1 };
	static const char *const files[] = { "plain", "db", "db-check", "db-wal", "db-shm" };
	char path[128], name[32];
	struct cdr_store *store = NULL;

	(void)snprintf(path, sizeof(path), "%s/plain", folder);
	int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	MUST(fd >= 0);
	(void)snprintf(path, sizeof(path), "%s/db", folder);
	const struct cdr_store_config config = { .path = path, .key = key, .schema = &schema, .create = true };
	MUST(cdr_store_open(&config, &store, NULL) == CDR_OK);
	struct call calls[] = { { append_and_sync, &fd, 0 }, { commit, store, 0 } };
	measure(calls, 2);
	print("fsync", calls[0].median_us, NULL, 0);
	print("commit.1", calls[1].median_us, "fsync", calls[0].median_us);
	for (size_t count = 4; count <= THREADS_MAX; count *= 4) {
		(void)snprintf(name, sizeof(name), "commit.%zu", count);
		print(name, commit_at_once(store, count), "fsync", calls[0].median_us);
	}
	(void)close(fd);
	cdr_store_close(store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
}

/* ---- network ------------------------------------------------------------------------------------------------- */

/* Both sides of the bench, in one process. */
struct line {
	X509 *certificates[2];
	EVP_PKEY *keys[2];
	uint8_t pin[CDR_CERTIFICATE_PIN_LEN];
	SSL_CTX *server_tls, *client_tls;
	struct cdr_server *server;
	struct cdr_client *client;
	char url[80];
	size_t count;
	bool is_fresh;
};

static size_t
body_max(void *context, const char *path)
{
	(void)context;
	(void)path;
	return BODY_LEN;
}

static int
echo(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	(void)context;
	(void)path;
	(void)pin;
	return cdr_buffer_copy(body, reply) == CDR_OK ? 200 : 500;
}

/* One handshake in memory: the cryptography of both sides, no socket. */
static void
shake_hands(void *context)
{
	struct line *line = context;
	SSL *server = SSL_new(line->server_tls), *client = SSL_new(line->client_tls);
	BIO *one = NULL, *two = NULL;

	MUST(server != NULL && client != NULL && BIO_new_bio_pair(&one, 0, &two, 0) == 1);
	SSL_set_bio(server, one, one);
	SSL_set_bio(client, two, two);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	while (!SSL_is_init_finished(server) || !SSL_is_init_finished(client)) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	SSL_free(server);
	SSL_free(client);
}

static void
request(void *context)
{
	static const uint8_t body[BODY_LEN];
	struct line *line = context;
	struct cdr_client_post posts[CDR_CLIENT_PARALLEL_MAX];

	for (size_t i = 0; i < line->count; i++)
		posts[i] = (struct cdr_client_post){ .url = line->url, .path = "/echo", .body = { body, sizeof(body) },
			.pin = line->is_fresh ? NULL : line->pin, .reply_max = BODY_LEN };
	MUST(cdr_client_send(line->client, posts, line->count) == CDR_OK);
	for (size_t i = 0; i < line->count; i++)
		cdr_client_post_free(&posts[i]);
}

static void
line_init(struct line *line)
{
	uint8_t secret[CDR_CERTIFICATE_SECRET_LEN] = { 0 };
	struct cdr_server_config server = { .listen = "127.0.0.1:0", .app = { NULL, body_max, echo } };
	struct cdr_client_config client;

	for (uint8_t i = 0; i < 2; i++) {
		secret[0] = (uint8_t)(i + 1);
		MUST(cdr_certificate_make(secret, "bench", &line->certificates[i], &line->keys[i]) == CDR_OK);
	}
	MUST(cdr_certificate_pin(line->certificates[0], line->pin) == CDR_OK);
	MUST(cdr_certificate_server_context(line->certificates[0], line->keys[0], &line->server_tls) == CDR_OK);
	MUST(cdr_certificate_client_context(line->certificates[1], line->keys[1], line->pin, &line->client_tls) == CDR_OK);
	server.tls = line->server_tls;
	MUST(cdr_server_start(&server, &line->server, NULL) == CDR_OK);
	client = (struct cdr_client_config){ .certificate = line->certificates[1], .key = line->keys[1] };
	MUST(cdr_client_new(&client, &line->client, NULL) == CDR_OK);
	(void)snprintf(line->url, sizeof(line->url), "https://%s", cdr_server_address_peek(line->server));
}

static void
line_wipe(struct line *line)
{
	cdr_client_free(line->client);
	cdr_server_stop(line->server);
	SSL_CTX_free(line->server_tls);
	SSL_CTX_free(line->client_tls);
	for (size_t i = 0; i < 2; i++) {
		X509_free(line->certificates[i]);
		EVP_PKEY_free(line->keys[i]);
	}
}

static void
bench_net(void)
{
	struct line line = { .count = 1 };
	struct line fresh, eight;

	line_init(&line);
	fresh = line;
	fresh.is_fresh = true;
	eight = line;
	eight.count = 8;
	struct call calls[] = { { shake_hands, &line, 0 }, { request, &fresh, 0 }, { request, &line, 0 },
		{ request, &eight, 0 } };
	measure(calls, 4);
	print("handshake", calls[0].median_us, NULL, 0);
	print("connect", calls[1].median_us, "handshake", calls[0].median_us);
	print("request", calls[2].median_us, "handshake", calls[0].median_us);
	print("request.8", calls[3].median_us / 8, "request", calls[2].median_us);
	line_wipe(&line);
}

int
main(void)
{
	char folder[] = "/tmp/candor-bench-XXXXXX";

	MUST(cdr_secret_start(NULL) == CDR_OK);
	MUST(mkdtemp(folder) != NULL);
	bench_store(folder);
	MUST(rmdir(folder) == 0);
	bench_net();
	return 0;
}
