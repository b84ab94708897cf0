#include "node/net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "keys/certificate.h"
#include "node/net/address.h"
#include "node/net/clock.h"
#include "node/net/http.h"
#include "node/net/log.h"
#include "node/net/workers.h"

#define BACKLOG 128
#define FD_RESERVE 64            /* file descriptors left for the database and the rest of the program */
#define DRAIN_PART 20            /* of transfer_ms: for the peer to read a refusal and close */
#define BYTES_PER_SECOND_MIN 8192

_Static_assert(CDR_SERVER_HEAD_MAX == CDR_HTTP_HEAD_MAX, "one limit, told in both headers");
_Static_assert(CDR_SERVER_ADDRESS_LEN == CDR_ADDRESS_LEN, "and one length");

/* What a connection is doing. Its deadline belongs to that. */
enum state {
	STATE_HANDSHAKE,
	STATE_IDLE,     /* between requests: nothing has come */
	STATE_HEAD,
	STATE_BODY,
	STATE_WORK,     /* queued or with a worker: the network's thread keeps its hands off body, status and reply */
	STATE_REPLY,    /* until the last byte has gone to the kernel */
	STATE_DRAIN,    /* what still comes is thrown away until the peer closes */
};

struct peer {
	struct cdr_work work;           /* first */
	TAILQ_ENTRY(peer) links;
	struct peer *next_done;
	struct cdr_server *server;
	struct bufferevent *stream;
	struct event *deadline;
	enum state state;
	bool closes;                    /* after the reply */
	bool has_unread;                /* of a request that was refused */
	bool is_lost;                   /* failed while its request was at work */
	size_t scanned_len;             /* of the head, without its end */
	uint8_t pin[CDR_CERTIFICATE_PIN_LEN];
	struct cdr_http_head head;
	struct cdr_buffer body;
	int status;
	struct cdr_buffer reply;
	const char *fields;             /* of the reply */
};

struct cdr_server {
	struct cdr_server_config config; /* with its defaults filled in */
	char address[CDR_SERVER_ADDRESS_LEN];
	uint16_t port;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *wake;
	struct event *stop_deadline;
	int wake_fd;
	pthread_t thread;
	bool has_thread;
	struct cdr_workers *workers;
	uint8_t visitor_key[CDR_CERTIFICATE_PIN_LEN];

	/* The network's thread alone. */
	TAILQ_HEAD(peer_list, peer) peers;       /* the one that has been idle longest comes first */
	uint32_t peer_count;
	bool is_stopping;

	/* From other threads. */
	atomic_bool stop_asked;
	pthread_mutex_t done_lock;
	struct peer *done;
};

static void go_on(struct peer *peer);

/* ---- one connection ------------------------------------------------------------------------------------------ */

static void
set_deadline(struct peer *peer, uint64_t ms)
{
	const struct timeval delay = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	(void)evtimer_add(peer->deadline, &delay);
}

/* Time for ${len} bytes on a slow line. */
static uint64_t
transfer_ms(const struct peer *peer, size_t len)
{
	return peer->server->config.transfer_ms + (uint64_t)len * 1000 / BYTES_PER_SECOND_MIN;
}

static void
close_peer(struct peer *peer)
{
	struct cdr_server *server = peer->server;
	SSL *ssl = bufferevent_openssl_get_ssl(peer->stream);

	TAILQ_REMOVE(&server->peers, peer, links);
	server->peer_count--;
	/* Say goodbye without waiting for the answer. */
	if (ssl != NULL) {
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
		(void)SSL_shutdown(ssl);
		ERR_clear_error();
	}
	bufferevent_free(peer->stream);
	event_free(peer->deadline);
	cdr_buffer_free(&peer->body);
	cdr_buffer_free(&peer->reply);
	free(peer);
	if (server->is_stopping && server->peer_count == 0)
		(void)event_base_loopbreak(server->base);
}

static void
become_idle(struct peer *peer)
{
	struct cdr_server *server = peer->server;

	peer->state = STATE_IDLE;
	peer->scanned_len = 0;
	TAILQ_REMOVE(&server->peers, peer, links);
	TAILQ_INSERT_TAIL(&server->peers, peer, links);
	set_deadline(peer, server->config.idle_ms);
	bufferevent_setwatermark(peer->stream, EV_READ, 0, CDR_HTTP_HEAD_MAX);
	(void)bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
	go_on(peer);
}

static void
free_sent(const void *data, size_t len, void *context)
{
	struct cdr_buffer sent = { context, len };

	(void)data;
	cdr_buffer_free(&sent);
}

/* Send ${peer}->status and ${peer}->reply. */
static void
send_reply(struct peer *peer)
{
	char date[CDR_HTTP_DATE_LEN];
	struct evbuffer *output = bufferevent_get_output(peer->stream);
	struct cdr_buffer *reply = &peer->reply;

	peer->closes |= peer->head.wants_close || peer->server->is_stopping;
	peer->state = STATE_REPLY;
	set_deadline(peer, transfer_ms(peer, reply->len));
	cdr_http_date(date);
	bool is_sent = evbuffer_add_printf(output, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s"
	    "Content-Length: %zu\r\nCache-Control: no-store\r\n%s%s\r\n",
	    peer->status, cdr_http_reason(peer->status), date,
	    peer->fields != NULL ? peer->fields : peer->server->config.is_public ? "" : "Content-Type: " CDR_HTTP_CONTENT_TYPE "\r\n",
	    reply->len, peer->status != 405 ? "" : peer->server->config.is_public ? "Allow: GET, POST\r\n" : "Allow: POST\r\n",
	    peer->closes ? "Connection: close\r\n" : "") >= 0;
	peer->fields = NULL;
	if (reply->len > 0 && is_sent) {
		is_sent = evbuffer_add_reference(output, reply->data, reply->len, free_sent, reply->data) == 0;
		if (is_sent)
			*reply = (struct cdr_buffer){ NULL, 0 };
	}
	if (!is_sent)
		close_peer(peer);
}

/* Refuse what was not read to its end: after this nobody knows where the next request begins. */
static void
refuse(struct peer *peer, int status)
{
	peer->status = status;
	peer->closes = true;
	peer->has_unread = true;
	send_reply(peer);
}

/* Hand the request to the workers. */
static void
start_work(struct peer *peer)
{
	(void)evtimer_del(peer->deadline);
	(void)bufferevent_disable(peer->stream, EV_READ);
	peer->state = STATE_WORK;
	if (cdr_workers_put(peer->server->workers, &peer->work))
		return;
	cdr_buffer_free(&peer->body);
	peer->status = 503;
	send_reply(peer);
}

static void
read_body(struct peer *peer)
{
	struct evbuffer *input = bufferevent_get_input(peer->stream);
	size_t len = peer->head.body_len;

	if (evbuffer_get_length(input) < len)
		return;
	peer->body.data = malloc(len > 0 ? len : 1);
	if (peer->body.data == NULL) {
		refuse(peer, 503);
		return;
	}
	peer->body.len = len;
	if (evbuffer_remove(input, peer->body.data, len) != (int)len) {
		refuse(peer, 500);
		return;
	}
	start_work(peer);
}

/* The head is here: is it a request that we take? */
static void
use_head(struct peer *peer, size_t len)
{
	const struct cdr_server_app *app = &peer->server->config.app;
	struct evbuffer *input = bufferevent_get_input(peer->stream);
	const uint8_t *data = evbuffer_pullup(input, (ev_ssize_t)len);
	int status = data == NULL ? 503 : (peer->server->config.is_public ? cdr_http_parse_public : cdr_http_parse)(
	    (struct cdr_bytes){ data, len }, &peer->head);

	(void)evbuffer_drain(input, len);
	if (status == 0) {
		size_t max = app->body_max(app->context, peer->head.path);
		status = max == 0 ? 404 : peer->head.body_len > max ? 413 : 0;
	}
	if (status != 0) {
		refuse(peer, status);
		return;
	}
	if (peer->head.wants_continue && evbuffer_get_length(input) == 0)
		(void)evbuffer_add_printf(bufferevent_get_output(peer->stream), "HTTP/1.1 100 Continue\r\n\r\n");
	peer->state = STATE_BODY;
	set_deadline(peer, transfer_ms(peer, peer->head.body_len));
	bufferevent_setwatermark(peer->stream, EV_READ, peer->head.body_len, peer->head.body_len + CDR_HTTP_HEAD_MAX);
	read_body(peer);
}

static void
read_head(struct peer *peer)
{
	struct evbuffer *input = bufferevent_get_input(peer->stream);
	size_t len = evbuffer_get_length(input);
	struct evbuffer_ptr from, end;

	/* The end may begin in the last three bytes that were looked at before. */
	if (evbuffer_ptr_set(input, &from, peer->scanned_len < 3 ? 0 : peer->scanned_len - 3, EVBUFFER_PTR_SET) != 0) {
		refuse(peer, 500);
		return;
	}
	end = evbuffer_search(input, "\r\n\r\n", 4, &from);
	if (end.pos >= 0 && (size_t)end.pos + 4 <= CDR_HTTP_HEAD_MAX)
		use_head(peer, (size_t)end.pos + 4);
	else if (end.pos >= 0 || len >= CDR_HTTP_HEAD_MAX)
		refuse(peer, 431);
	else
		peer->scanned_len = len;
}

/* Make what can be made of the bytes that are here. */
static void
go_on(struct peer *peer)
{
	struct evbuffer *input = bufferevent_get_input(peer->stream);

	if (peer->state == STATE_DRAIN)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
	if (peer->state == STATE_IDLE && evbuffer_get_length(input) > 0) {
		peer->state = STATE_HEAD;
		set_deadline(peer, transfer_ms(peer, 0));
	}
	if (peer->state == STATE_HEAD)
		read_head(peer);
	else if (peer->state == STATE_BODY)
		read_body(peer);
	else if (peer->state == STATE_IDLE && peer->server->is_stopping)
		close_peer(peer);
}

static void
on_read(struct bufferevent *stream, void *context)
{
	(void)stream;
	go_on(context);
}

/* Everything that there was to write is written. */
static void
on_written(struct bufferevent *stream, void *context)
{
	struct peer *peer = context;

	if (peer->state != STATE_REPLY)
		return;
	if (!peer->closes) {
		become_idle(peer);
		return;
	}
	if (!peer->has_unread) {
		close_peer(peer);
		return;
	}
	/* Closed on unread bytes, TCP would reset the connection, and the peer might not see why it was refused. */
	peer->state = STATE_DRAIN;
	set_deadline(peer, peer->server->config.transfer_ms / DRAIN_PART);
	bufferevent_setwatermark(stream, EV_READ, 0, 0);
	(void)bufferevent_enable(stream, EV_READ);
	go_on(peer);
}

/* The oldest idle connection that has ${pin} (NULL: any), other than ${except}. */
static struct peer *
find_idle(struct cdr_server *server, const uint8_t *pin, const struct peer *except)
{
	struct peer *peer;

	TAILQ_FOREACH(peer, &server->peers, links)
		if (peer != except && (peer->state == STATE_IDLE || (pin == NULL && peer->state == STATE_HANDSHAKE)) &&
		    (pin == NULL || memcmp(peer->pin, pin, sizeof(peer->pin)) == 0))
			return peer;
	return NULL;
}

/*
 * Whose place a new connection takes where there is no room: an idle one's; else that of the oldest which is not with a
 * worker. Certificates cost nothing, so what is begun slowly must not be able to keep all others out.
 */
static struct peer *
find_weakest(struct cdr_server *server)
{
	struct peer *peer = find_idle(server, NULL, NULL);

	if (peer != NULL)
		return peer;
	TAILQ_FOREACH(peer, &server->peers, links)
		if (peer->state != STATE_WORK)
			return peer;
	return NULL;
}

/* Whether ${peer} may stay beside the other connections of the same party. */
static bool
make_room_among_own(struct peer *peer)
{
	struct cdr_server *server = peer->server;
	struct peer *other;
	uint32_t count = 0;

	TAILQ_FOREACH(other, &server->peers, links)
		if (other->state != STATE_HANDSHAKE && memcmp(other->pin, peer->pin, sizeof(peer->pin)) == 0)
			count++;
	if (count < server->config.peer_connection_max)
		return true;
	other = find_idle(server, peer->pin, peer);
	if (other != NULL)
		close_peer(other);
	return other != NULL;
}

static void
on_event(struct bufferevent *stream, short what, void *context)
{
	struct peer *peer = context;

	if (what == BEV_EVENT_CONNECTED) {
		if ((peer->server->config.is_public ||
			cdr_certificate_peer_pin(bufferevent_openssl_get_ssl(stream), peer->pin) == CDR_OK) &&
		    make_room_among_own(peer))
			become_idle(peer);
		else
			close_peer(peer);
		return;
	}
	ERR_clear_error();
	if (peer->state == STATE_WORK)
		peer->is_lost = true;
	else
		close_peer(peer);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	close_peer(context);
}

/* ---- all connections ----------------------------------------------------------------------------------------- */

/*
 * What stands for a visitor: a keyed hash of the address, of an IPv6 address its first half, which is one customer's. Who comes by IPv4 to a
 * socket for both is known by the four bytes at the end: the first half is the same for all of them.
 */
static void
name_visitor(const struct cdr_server *server, const char *text, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t address[16] = { 0 };
	size_t len = inet_pton(AF_INET, text, address) == 1 ? 4 : inet_pton(AF_INET6, text, address) == 1 ? 8 : 0;
	bool is_mapped = len == 8 && memcmp(address, mapped, sizeof(mapped)) == 0;
	struct cdr_bytes part = { is_mapped ? address + sizeof(mapped) : address, is_mapped ? 4 : len };

	if (cdr_hmac_sha256(server->visitor_key, sizeof(server->visitor_key), &part, 1, pin) != CDR_OK)
		memset(pin, 0, CDR_CERTIFICATE_PIN_LEN);
}

/* A connection around ${fd}, which it owns from now on, also on failure. */
static void
add_peer(struct cdr_server *server, evutil_socket_t fd, const struct sockaddr *address)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	SSL *ssl = server->config.tls != NULL ? SSL_new(server->config.tls) : NULL;
	char host[INET6_ADDRSTRLEN] = "";

	if (peer == NULL || (ssl == NULL && server->config.tls != NULL))
		goto fail;
	peer->server = server;
	peer->deadline = evtimer_new(server->base, on_deadline, peer);
	if (peer->deadline == NULL)
		goto fail;
	peer->stream = ssl == NULL ? bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS) :
	    bufferevent_openssl_socket_new(server->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
		BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (peer->stream == NULL)
		goto fail;
	if (ssl != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(peer->stream, 1);
	if (server->config.is_public && getnameinfo(address, address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
		sizeof(struct sockaddr_in), host, sizeof(host), NULL, 0, NI_NUMERICHOST) == 0)
		name_visitor(server, host, peer->pin);
	bufferevent_setcb(peer->stream, on_read, on_written, on_event, peer);
	TAILQ_INSERT_TAIL(&server->peers, peer, links);
	server->peer_count++;
	set_deadline(peer, server->config.transfer_ms);
	(void)bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
	if (ssl == NULL)
		become_idle(peer);
	return;
fail:
	if (peer != NULL && peer->deadline != NULL)
		event_free(peer->deadline);
	SSL_free(ssl);
	free(peer);
	(void)evutil_closesocket(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len,
    void *context)
{
	struct cdr_server *server = context;
	struct peer *oldest = NULL;

	(void)listener;
	(void)address_len;
	if (server->peer_count >= server->config.connection_max) {
		oldest = find_weakest(server);
		if (oldest == NULL) {
			(void)evutil_closesocket(fd);
			return;
		}
		close_peer(oldest);
	}
	add_peer(server, fd, address);
}

static void
on_accept_error(struct evconnlistener *listener, void *context)
{
	struct peer *oldest = find_weakest(context);

	(void)listener;
	cdr_log(CDR_LOG_WARNING, "server.accept", cdr_log_int("errno", EVUTIL_SOCKET_ERROR()));
	/* Most likely file descriptors have run out: one is given back. */
	if (oldest != NULL)
		close_peer(oldest);
}

/* No new connections; those without a request go. The loop ends with the last one. */
static void
begin_stop(struct cdr_server *server)
{
	const struct timeval delay = { server->config.stop_ms / 1000, server->config.stop_ms % 1000 * 1000 };
	struct peer *peer, *next;

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
		if (peer->state == STATE_HANDSHAKE)
			close_peer(peer);
		else
			go_on(peer);
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
	struct peer *peer, *next;
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	(void)pthread_mutex_lock(&server->done_lock);
	peer = server->done;
	server->done = NULL;
	(void)pthread_mutex_unlock(&server->done_lock);
	for (; peer != NULL; peer = next) {
		next = peer->next_done;
		if (peer->is_lost)
			close_peer(peer);
		else
			send_reply(peer);
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
	struct peer *peer = (struct peer *)work;

	peer->reply = (struct cdr_buffer){ NULL, 0 };
	if (server->config.is_public) {
		uint8_t visitor[CDR_CERTIFICATE_PIN_LEN];
		memcpy(visitor, peer->pin, sizeof(visitor));
		if (server->config.is_proxied)
			name_visitor(server, peer->head.forwarded, visitor);
		const struct cdr_server_visit visit = { peer->head.path, peer->head.is_get, peer->head.takes_gzip,
			cdr_buffer_bytes(&peer->body), visitor };
		peer->status = server->config.app.visit(server->config.app.context, &visit, &peer->reply, &peer->fields);
	} else {
		peer->status = server->config.app.handle(server->config.app.context, peer->head.path,
		    cdr_buffer_bytes(&peer->body), peer->pin, &peer->reply);
	}
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
		close_peer(TAILQ_FIRST(&server->peers));
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
