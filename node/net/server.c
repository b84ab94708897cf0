#include "node/net/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/net/address.h"
#include "node/net/peer.h"
#include "node/net/log.h"

#define BACKLOG 128
#define FD_RESERVE 64            /* file descriptors left for the database and the rest of the program */

_Static_assert(CDR_SERVER_HEAD_MAX == CDR_HTTP_HEAD_MAX, "one limit, told in both headers");
_Static_assert(CDR_SERVER_ADDRESS_LEN == CDR_ADDRESS_LEN, "and one length");

/* ---- all connections ----------------------------------------------------------------------------------------- */

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len,
    void *context)
{
	struct cdr_server *server = context;
	struct cdr_peer *oldest = NULL;

	(void)listener;
	(void)address_len;
	if (server->peer_count >= server->config.connection_max) {
		oldest = cdr_peer_weakest(server);
		if (oldest == NULL) {
			(void)evutil_closesocket(fd);
			return;
		}
		cdr_peer_close(oldest);
	}
	cdr_peer_open(server, fd, address);
}

static void
on_accept_error(struct evconnlistener *listener, void *context)
{
	struct cdr_peer *oldest = cdr_peer_weakest(context);

	(void)listener;
	cdr_log(CDR_LOG_WARNING, "server.accept", cdr_log_int("errno", EVUTIL_SOCKET_ERROR()));
	/* Most likely file descriptors have run out: one is given back. */
	if (oldest != NULL)
		cdr_peer_close(oldest);
}

/* No new connections; those without a request go. The loop ends with the last one. */
static void
begin_stop(struct cdr_server *server)
{
	const struct timeval delay = { server->config.stop_ms / 1000, server->config.stop_ms % 1000 * 1000 };
	struct cdr_peer *peer, *next;

	server->is_stopping = true;
	evconnlistener_free(server->listener);
	server->listener = NULL;
	if (server->peer_count == 0) {
		(void)event_base_loopbreak(server->base);
		return;
	}
	(void)evtimer_add(server->stop_deadline, &delay);
	for (peer = TAILQ_FIRST(&server->peers); peer != NULL; peer = next) {
		next = TAILQ_NEXT(peer, links);
		if (peer->state == CDR_PEER_HANDSHAKE) {
			cdr_peer_close(peer);
		} else if (peer->state == CDR_PEER_HELD) {
			cdr_peer_give_up(peer);
		} else {
			cdr_peer_go_on(peer);
		}
	}
}

static void
on_stop_deadline(evutil_socket_t fd, short what, void *context)
{
	struct cdr_server *server = context;

	(void)fd;
	(void)what;
	cdr_log(CDR_LOG_WARNING, "server.stop.late", cdr_log_int("connections", server->peer_count));
	(void)event_base_loopbreak(server->base);
}

/* A worker is done with something, or the end was asked for. */
static void
on_wake(evutil_socket_t fd, short what, void *context)
{
	struct cdr_server *server = context;
	struct cdr_peer *peer, *next;
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	(void)pthread_mutex_lock(&server->done_lock);
	peer = server->done;
	server->done = NULL;
	(void)pthread_mutex_unlock(&server->done_lock);
	for (; peer != NULL; peer = next) {
		next = peer->next_done;
		bool is_news = peer->is_news;
		if (peer->is_lost)
			cdr_peer_close(peer);
		else if (peer->is_early)
			cdr_peer_hold(peer);
		else
			cdr_peer_answer(peer);
		if (is_news)
			cdr_peer_news(server);
	}
	if (atomic_load(&server->stop_asked) && !server->is_stopping)
		begin_stop(server);
}

static void
wake(struct cdr_server *server)
{
	const uint64_t one = 1;

	/* It fails only when the counter is full, and then the loop is awake. */
	(void)!write(server->wake_fd, &one, sizeof(one));
}

/* On a worker: answer one request. */
static void
work(void *context, struct cdr_work *work)
{
	struct cdr_server *server = context;
	struct cdr_peer *peer = (struct cdr_peer *)work;

	cdr_buffer_free(&peer->reply);
	if (server->config.is_public) {
		uint8_t visitor[CDR_CERTIFICATE_PIN_LEN];
		memcpy(visitor, peer->pin, sizeof(visitor));
		if (server->config.is_proxied)
			cdr_peer_name(server, peer->head.forwarded, visitor);
		const struct cdr_server_visit visit = { peer->head.path, peer->head.is_get, peer->head.takes_gzip,
			cdr_buffer_bytes(&peer->body), visitor };
		peer->status = server->config.app.visit(server->config.app.context, &visit, &peer->reply, &peer->fields);
	} else {
		peer->status = server->config.app.handle(server->config.app.context, peer->head.path,
		    cdr_buffer_bytes(&peer->body), peer->pin, &peer->reply);
	}
	peer->is_news = peer->status >= CDR_SERVER_NEWS;
	peer->is_early = peer->status >= CDR_SERVER_HOLD && !peer->is_news;
	peer->status -= peer->is_news ? CDR_SERVER_NEWS : peer->is_early ? CDR_SERVER_HOLD : 0;
	if (!peer->is_early)
		cdr_buffer_free(&peer->body);
	(void)pthread_mutex_lock(&server->done_lock);
	peer->next_done = server->done;
	server->done = peer;
	(void)pthread_mutex_unlock(&server->done_lock);
	wake(server);
}

/* ---- start and stop ------------------------------------------------------------------------------------------ */

static uint32_t
or_default(uint32_t value, uint32_t otherwise)
{
	return value > 0 ? value : otherwise;
}

/* Fill in what is zero; keep within the process's file descriptors. */
static cdr_err
complete_config(struct cdr_server_config *config, struct cdr_fault *fault)
{
	long core_count = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit limit;

	config->worker_count = or_default(config->worker_count, core_count > 0 ? (uint32_t)core_count : 1);
	if (config->worker_count > CDR_SERVER_WORKER_MAX)
		config->worker_count = CDR_SERVER_WORKER_MAX;
	config->queue_max = or_default(config->queue_max, 256);
	config->connection_max = or_default(config->connection_max, 512);
	config->peer_connection_max = or_default(config->peer_connection_max, config->is_proxied ? config->connection_max : 32);
	config->held_max = or_default(config->held_max, 128);
	config->peer_held_max = or_default(config->peer_held_max, 8);
	config->hold_ms = or_default(config->hold_ms, 2000);
	config->idle_ms = or_default(config->idle_ms, 120000);
	config->transfer_ms = or_default(config->transfer_ms, 20000);
	config->stop_ms = or_default(config->stop_ms, 10000);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= FD_RESERVE)
		return cdr_fault_set(fault, CDR_E_RANGE, "this process may open too few files: raise 'ulimit -n'");
	if (config->connection_max > limit.rlim_cur - FD_RESERVE)
		config->connection_max = (uint32_t)(limit.rlim_cur - FD_RESERVE);
	return CDR_OK;
}

/* Where the listening socket is, with the port that the kernel chose. */
static cdr_err
read_address(struct cdr_server *server)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);

	if (getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&bound, &len) != 0)
		return CDR_E_IO;
	server->port = cdr_address_write(&bound, server->address);
	return CDR_OK;
}

static cdr_err
listen_at(struct cdr_server *server, const char *address, struct cdr_fault *fault)
{
	struct sockaddr_storage where;
	socklen_t len = cdr_address_read(address, &where);
	int one = 1;

	if (len == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "'%s' is not an address with a port, such as 127.0.0.1:8443 or "
		    "[::1]:8443", address);
	server->listener = evconnlistener_new_bind(server->base, on_accept, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG, (struct sockaddr *)&where, (int)len);
	if (server->listener == NULL)
		return cdr_fault_set(fault, CDR_E_IO, "cannot listen at %s: %s", address, strerror(errno));
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	/* Accepted sockets inherit it: a reply leaves at once, not when the peer has acknowledged the one before. */
	(void)setsockopt(evconnlistener_get_fd(server->listener), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return read_address(server);
}

static void *
run_loop(void *context)
{
	struct cdr_server *server = context;

	(void)event_base_dispatch(server->base);
	return NULL;
}

/* Threads that take no signals: those are for the program's first thread, and SIGPIPE for nobody. */
static cdr_err
start_threads(struct cdr_server *server)
{
	sigset_t all, before;
	cdr_err err = CDR_E_INTERNAL;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	CDR_TRY(cdr_workers_start(server->config.worker_count, server->config.queue_max, work, server, &server->workers));
	server->has_thread = pthread_create(&server->thread, NULL, run_loop, server) == 0;
	err = server->has_thread ? CDR_OK : CDR_E_MEMORY;
out:
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static cdr_err
make_events(struct cdr_server *server)
{
	server->base = event_base_new();
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->base == NULL || server->wake_fd < 0)
		return CDR_E_MEMORY;
	server->wake = event_new(server->base, server->wake_fd, EV_READ | EV_PERSIST, on_wake, server);
	server->stop_deadline = evtimer_new(server->base, on_stop_deadline, server);
	if (server->wake == NULL || server->stop_deadline == NULL || event_add(server->wake, NULL) != 0)
		return CDR_E_MEMORY;
	return CDR_OK;
}

/* see node/net/server.h */
cdr_err
cdr_server_start(const struct cdr_server_config *config, struct cdr_server **out, struct cdr_fault *fault)
{
	struct cdr_server *server = calloc(1, sizeof(*server));
	cdr_err err = CDR_E_MEMORY;

	*out = NULL;
	if (server == NULL)
		return cdr_fault_set(fault, err, "no memory for the server");
	server->config = *config;
	server->wake_fd = -1;
	TAILQ_INIT(&server->peers);
	(void)pthread_mutex_init(&server->done_lock, NULL);
	atomic_init(&server->stop_asked, false);
	if (config->tls != NULL)
		(void)SSL_CTX_up_ref(config->tls);
	CDR_TRY(cdr_random(server->visitor_key, sizeof(server->visitor_key)));
	CDR_TRY(complete_config(&server->config, fault));
	err = make_events(server);
	if (err != CDR_OK) {
		cdr_fault_set(fault, err, "no memory or no file descriptors for the server");
		goto out;
	}
	CDR_TRY(listen_at(server, config->listen, fault));
	err = start_threads(server);
	if (err != CDR_OK) {
		cdr_fault_set(fault, err, "the server's threads cannot be made: raise 'ulimit -u' or lower the workers");
		goto out;
	}
	*out = server;
	server = NULL;
out:
	cdr_server_stop(server);
	return err;
}

/* see node/net/server.h */
const char *
cdr_server_address_peek(const struct cdr_server *server)
{
	return server->address;
}

/* see node/net/server.h */
uint16_t
cdr_server_port(const struct cdr_server *server)
{
	return server->port;
}

/* see node/net/server.h */
void
cdr_server_stop(struct cdr_server *server)
{
	if (server == NULL)
		return;
	atomic_store(&server->stop_asked, true);
	if (server->has_thread) {
		wake(server);
		(void)pthread_join(server->thread, NULL);
	}
	cdr_workers_stop(server->workers);
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	if (server->wake != NULL)
		event_free(server->wake);
	if (server->stop_deadline != NULL)
		event_free(server->stop_deadline);
	while (!TAILQ_EMPTY(&server->peers))
		cdr_peer_close(TAILQ_FIRST(&server->peers));
	/* libevent frees the last streams in a turn of its loop. */
	if (server->base != NULL) {
		(void)event_base_loop(server->base, EVLOOP_NONBLOCK);
		event_base_free(server->base);
	}
	if (server->wake_fd >= 0)
		(void)close(server->wake_fd);
	SSL_CTX_free(server->config.tls);
	(void)pthread_mutex_destroy(&server->done_lock);
	free(server);
}
