#include "node/net/peer.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/hash.h"
#include "node/net/clock.h"

#define DRAIN_PART 20            /* of transfer_ms: for the peer to read a refusal and close */
#define BYTES_PER_SECOND_MIN 8192

/* ---- one connection ------------------------------------------------------------------------------------------ */

static void
set_deadline(struct cdr_peer *peer, uint64_t ms)
{
	const struct timeval delay = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	(void)evtimer_add(peer->deadline, &delay);
}

/* Time for ${len} bytes on a slow line. */
static uint64_t
transfer_ms(const struct cdr_peer *peer, size_t len)
{
	return peer->server->config.transfer_ms + (uint64_t)len * 1000 / BYTES_PER_SECOND_MIN;
}

/* see node/net/peer.h */
void
cdr_peer_close(struct cdr_peer *peer)
{
	struct cdr_server *server = peer->server;
	SSL *ssl = bufferevent_openssl_get_ssl(peer->stream);

	TAILQ_REMOVE(&server->peers, peer, links);
	server->peer_count--;
	server->held_count -= peer->state == CDR_PEER_HELD;
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
become_idle(struct cdr_peer *peer)
{
	struct cdr_server *server = peer->server;

	peer->state = CDR_PEER_IDLE;
	peer->scanned_len = 0;
	TAILQ_REMOVE(&server->peers, peer, links);
	TAILQ_INSERT_TAIL(&server->peers, peer, links);
	set_deadline(peer, server->config.idle_ms);
	bufferevent_setwatermark(peer->stream, EV_READ, 0, CDR_HTTP_HEAD_MAX);
	(void)bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
	cdr_peer_go_on(peer);
}

static void
free_sent(const void *data, size_t len, void *context)
{
	struct cdr_buffer sent = { context, len };

	(void)data;
	cdr_buffer_free(&sent);
}

/* see node/net/peer.h */
void
cdr_peer_answer(struct cdr_peer *peer)
{
	char date[CDR_HTTP_DATE_LEN];
	struct evbuffer *output = bufferevent_get_output(peer->stream);
	struct cdr_buffer *reply = &peer->reply;

	cdr_buffer_free(&peer->body);
	peer->closes |= peer->head.wants_close || peer->server->is_stopping;
	peer->state = CDR_PEER_REPLY;
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
		cdr_peer_close(peer);
}

/* Refuse what was not read to its end: after this nobody knows where the next request begins. */
static void
refuse(struct cdr_peer *peer, int status)
{
	peer->status = status;
	peer->closes = true;
	peer->has_unread = true;
	cdr_peer_answer(peer);
}

/* Hand the request to the workers. */
static void
start_work(struct cdr_peer *peer)
{
	(void)evtimer_del(peer->deadline);
	(void)bufferevent_disable(peer->stream, EV_READ);
	peer->state = CDR_PEER_WORK;
	peer->turns++;
	peer->news_last = peer->server->news;
	if (cdr_workers_put(peer->server->workers, &peer->work))
		return;
	if (peer->turns == 1) /* else what was answered before is still there */
		peer->status = 503;
	cdr_peer_answer(peer);
}

/* ---- requests that are held ---------------------------------------------------------------------------------- */

/* It is held no more: it is answered, or asked again. */
static void
let_go(struct cdr_peer *peer)
{
	peer->server->held_count--;
	peer->state = CDR_PEER_WORK;
	(void)evtimer_del(peer->deadline);
}

/* see node/net/peer.h */
void
cdr_peer_give_up(struct cdr_peer *peer)
{
	let_go(peer);
	cdr_peer_answer(peer);
}

/* Whether one more may be held. */
static bool
may_hold(const struct cdr_peer *peer)
{
	const struct cdr_server *server = peer->server;
	const struct cdr_peer *other;
	uint32_t own = 0;

	if (server->is_quiet || server->is_stopping || server->held_count >= server->config.held_max)
		return false;
	TAILQ_FOREACH(other, &server->peers, links)
		own += other->state == CDR_PEER_HELD && memcmp(other->pin, peer->pin, sizeof(peer->pin)) == 0;
	return own < server->config.peer_held_max;
}

/* see node/net/peer.h */
void
cdr_peer_hold(struct cdr_peer *peer)
{
	uint64_t now = cdr_clock_ms();

	if (peer->held_until_ms == 0)
		peer->held_until_ms = now + peer->server->config.hold_ms;
	if (peer->turns > CDR_SERVER_TURN_MAX || now >= peer->held_until_ms || !may_hold(peer)) {
		cdr_peer_answer(peer);
	} else if (peer->news_last != peer->server->news) {
		start_work(peer); /* it has come while the handler looked */
	} else {
		peer->state = CDR_PEER_HELD;
		peer->server->held_count++;
		set_deadline(peer, peer->held_until_ms - now);
	}
}

/* see node/net/peer.h */
void
cdr_peer_news(struct cdr_server *server)
{
	struct cdr_peer *peer, *next;

	server->news++;
	server->is_quiet = false;
	for (peer = TAILQ_FIRST(&server->peers); peer != NULL; peer = next) {
		next = TAILQ_NEXT(peer, links);
		if (peer->state != CDR_PEER_HELD)
			continue;
		let_go(peer);
		start_work(peer);
	}
}

/* ---- one connection, its requests ---------------------------------------------------------------------------- */

static void
read_body(struct cdr_peer *peer)
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
	peer->turns = 0;
	peer->held_until_ms = 0;
	peer->news_first = peer->server->news;
	start_work(peer);
}

/* The head is here: is it a request that we take? */
static void
use_head(struct cdr_peer *peer, size_t len)
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
	peer->state = CDR_PEER_BODY;
	set_deadline(peer, transfer_ms(peer, peer->head.body_len));
	bufferevent_setwatermark(peer->stream, EV_READ, peer->head.body_len, peer->head.body_len + CDR_HTTP_HEAD_MAX);
	read_body(peer);
}

static void
read_head(struct cdr_peer *peer)
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

/* see node/net/peer.h */
void
cdr_peer_go_on(struct cdr_peer *peer)
{
	struct evbuffer *input = bufferevent_get_input(peer->stream);

	if (peer->state == CDR_PEER_DRAIN)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
	if (peer->state == CDR_PEER_IDLE && evbuffer_get_length(input) > 0) {
		peer->state = CDR_PEER_HEAD;
		set_deadline(peer, transfer_ms(peer, 0));
	}
	if (peer->state == CDR_PEER_HEAD)
		read_head(peer);
	else if (peer->state == CDR_PEER_BODY)
		read_body(peer);
	else if (peer->state == CDR_PEER_IDLE && peer->server->is_stopping)
		cdr_peer_close(peer);
}

static void
on_read(struct bufferevent *stream, void *context)
{
	(void)stream;
	cdr_peer_go_on(context);
}

/* Everything that there was to write is written. */
static void
on_written(struct bufferevent *stream, void *context)
{
	struct cdr_peer *peer = context;

	if (peer->state != CDR_PEER_REPLY)
		return;
	if (!peer->closes) {
		become_idle(peer);
		return;
	}
	if (!peer->has_unread) {
		cdr_peer_close(peer);
		return;
	}
	/* Closed on unread bytes, TCP would reset the connection, and the peer might not see why it was refused. */
	peer->state = CDR_PEER_DRAIN;
	set_deadline(peer, peer->server->config.transfer_ms / DRAIN_PART);
	bufferevent_setwatermark(stream, EV_READ, 0, 0);
	(void)bufferevent_enable(stream, EV_READ);
	cdr_peer_go_on(peer);
}

/* The oldest idle connection that has ${pin} (NULL: any), other than ${except}. */
static struct cdr_peer *
find_idle(struct cdr_server *server, const uint8_t *pin, const struct cdr_peer *except)
{
	struct cdr_peer *peer;

	TAILQ_FOREACH(peer, &server->peers, links)
		if (peer != except && (peer->state == CDR_PEER_IDLE || (pin == NULL && peer->state == CDR_PEER_HANDSHAKE)) &&
		    (pin == NULL || memcmp(peer->pin, pin, sizeof(peer->pin)) == 0))
			return peer;
	return NULL;
}

/* see node/net/peer.h */
struct cdr_peer *
cdr_peer_weakest(struct cdr_server *server)
{
	struct cdr_peer *peer = find_idle(server, NULL, NULL);

	if (peer != NULL)
		return peer;
	TAILQ_FOREACH(peer, &server->peers, links)
		if (peer->state != CDR_PEER_WORK)
			return peer;
	return NULL;
}

/* Whether ${peer} may stay beside the other connections of the same party. */
static bool
make_room_among_own(struct cdr_peer *peer)
{
	struct cdr_server *server = peer->server;
	struct cdr_peer *other;
	uint32_t count = 0;

	TAILQ_FOREACH(other, &server->peers, links)
		if (other->state != CDR_PEER_HANDSHAKE && memcmp(other->pin, peer->pin, sizeof(peer->pin)) == 0)
			count++;
	if (count < server->config.peer_connection_max)
		return true;
	other = find_idle(server, peer->pin, peer);
	if (other != NULL)
		cdr_peer_close(other);
	return other != NULL;
}

static void
on_event(struct bufferevent *stream, short what, void *context)
{
	struct cdr_peer *peer = context;

	if (what == BEV_EVENT_CONNECTED) {
		if ((peer->server->config.is_public ||
			cdr_certificate_peer_pin(bufferevent_openssl_get_ssl(stream), peer->pin) == CDR_OK) &&
		    make_room_among_own(peer))
			become_idle(peer);
		else
			cdr_peer_close(peer);
		return;
	}
	ERR_clear_error();
	if (peer->state == CDR_PEER_WORK)
		peer->is_lost = true;
	else
		cdr_peer_close(peer);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct cdr_peer *peer = context;

	(void)fd;
	(void)what;
	if (peer->state != CDR_PEER_HELD) {
		cdr_peer_close(peer);
		return;
	}
	peer->server->is_quiet = peer->news_first == peer->server->news;
	cdr_peer_give_up(peer);
}

/* see node/net/peer.h */
void
cdr_peer_name(const struct cdr_server *server, const char *text, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t address[16] = { 0 };
	size_t len = inet_pton(AF_INET, text, address) == 1 ? 4 : inet_pton(AF_INET6, text, address) == 1 ? 8 : 0;
	bool is_mapped = len == 8 && memcmp(address, mapped, sizeof(mapped)) == 0;
	struct cdr_bytes part = { is_mapped ? address + sizeof(mapped) : address, is_mapped ? 4 : len };

	if (cdr_hmac_sha256(server->visitor_key, sizeof(server->visitor_key), &part, 1, pin) != CDR_OK)
		memset(pin, 0, CDR_CERTIFICATE_PIN_LEN);
}

/* see node/net/peer.h */
void
cdr_peer_open(struct cdr_server *server, evutil_socket_t fd, const struct sockaddr *address)
{
	struct cdr_peer *peer = calloc(1, sizeof(*peer));
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
		cdr_peer_name(server, host, peer->pin);
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

