#include "node/net/rest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/net/address.h"
#include "node/net/clock.h"
#include "node/net/workers.h"

/*
 * The sockets of node/net/rest.h: a thread that accepts and waits for heads, of all connections at once, so that whoever says nothing
 * keeps nobody from being heard; workers that read a body, have the request handled, and write.
 */

/* What was read of a request so far. */
struct request {
	uint8_t data[CDR_REST_HEAD_MAX + 1];
	size_t len, head_len;
	struct cdr_rest_head head;
	struct cdr_buffer body;
};

struct connection {
	struct cdr_work work; /* first */
	int fd;
	int status;           /* of the head, once it is whole */
	int64_t end_ms;       /* until when the head must be whole */
	struct request request;
};

struct cdr_rest {
	struct cdr_rest_app app;
	int listening, wake;
	uint16_t port;
	pthread_t thread;
	struct cdr_workers *workers;

	/* Of the thread alone: whose heads are not whole, in order of arrival, so of their end too. */
	struct connection *waiting[CDR_REST_WAITING_MAX];
	size_t waiting_count;
	int64_t rest_until_ms; /* nothing is accepted before: there was no descriptor or no memory for it */
};

static int64_t
clock_ms(void)
{
	return (int64_t)cdr_clock_ms();
}

/* Read what there is, until ${end}. Returns the number of bytes, 0 at the peer's end, -1 on an error or too late. */
static ssize_t
read_some(int fd, void *data, size_t room, int64_t end)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = end - clock_ms();
		int ready = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
		if (ready == 0 || (ready < 0 && errno != EINTR))
			return -1;
		ssize_t n = ready > 0 ? recv(fd, data, room, MSG_DONTWAIT) : -1;
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
	}
}

static void
write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	int64_t end = clock_ms() + CDR_REST_SECONDS_MAX * 1000;
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	while (len > 0 && clock_ms() < end) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		if (n < 0)
			(void)poll(&poll_fd, 1, 1000);
	}
}

/* The body, of which the beginning may have come with the head. */
static int
read_body(struct cdr_rest *rest, int fd, struct request *r)
{
	size_t have = r->len - r->head_len, len = r->head.body_len, max = 0;
	int64_t end = clock_ms() + CDR_REST_SECONDS_MAX * 1000 * (1 + (int64_t)(len >> 20));

	int status = rest->app.admit(rest->app.context, rest->port, &r->head, &max);
	if (status != 0)
		return status;
	if (len > max)
		return 413;
	if (have > len)
		return 400;
	r->body.data = malloc(len + 1);
	if (r->body.data == NULL)
		return 503;
	memcpy(r->body.data, r->data + r->head_len, have);
	r->body.len = have;
	while (r->body.len < len) {
		ssize_t n = read_some(fd, r->body.data + r->body.len, len - r->body.len, end);
		if (n <= 0)
			return -1;
		r->body.len += (size_t)n;
	}
	return 0;
}

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" }, { 411, "Length Required" }, { 413, "Content Too Large" },
		{ 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static void
answer(int fd, const struct cdr_rest_reply *reply)
{
	char head[1024];
	const char *type = reply->content_type != NULL ? reply->content_type : "application/json";

	int len = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n%s\r\n", reply->status, reason_of(reply->status), type, reply->body.len, reply->header);
	if (len < 0 || (size_t)len >= sizeof(head))
		return;
	write_all(fd, head, (size_t)len);
	write_all(fd, reply->body.data, reply->body.len);
}

/* A peer that is refused in the middle of its body would lose the answer to a reset: what it still sends is passed over, for a while. */
static void
pass_over(int fd)
{
	uint8_t rest[4096];
	int64_t end = clock_ms() + 1000;

	(void)shutdown(fd, SHUT_WR);
	while (read_some(fd, rest, sizeof(rest), end) > 0)
		;
	cdr_wipe(rest, sizeof(rest));
}

static void
end_connection(struct connection *connection)
{
	(void)close(connection->fd);
	cdr_buffer_free(&connection->request.body);
	cdr_wipe(connection, sizeof(*connection));
	free(connection);
}

static void
serve(void *context, struct cdr_work *work)
{
	struct cdr_rest *rest = context;
	struct connection *connection = (struct connection *)work;
	struct request *r = &connection->request;
	struct cdr_rest_reply reply = { .status = 500 };

	int status = connection->status;
	if (status == 0)
		status = read_body(rest, connection->fd, r);
	if (status >= 0) {
		rest->app.handle(rest->app.context, rest->port, status, &r->head, cdr_buffer_bytes(&r->body), &reply);
		answer(connection->fd, &reply);
	}
	if (status > 0)
		pass_over(connection->fd);
	cdr_buffer_free(&reply.body);
	cdr_wipe(&reply, sizeof(reply));
	end_connection(connection);
}

/* ---- heads --------------------------------------------------------------------------------------------------------------- */

/* Take out of those whose heads are waited for. */
static struct connection *
take_waiting(struct cdr_rest *rest, size_t at)
{
	struct connection *connection = rest->waiting[at];

	rest->waiting_count--;
	memmove(&rest->waiting[at], &rest->waiting[at + 1], (rest->waiting_count - at) * sizeof(rest->waiting[0]));
	return connection;
}

enum progress { GOES_ON, IS_WHOLE, IS_GONE };

/* Read what came of a head. */
static enum progress
read_head(struct connection *connection)
{
	struct request *r = &connection->request;

	ssize_t n = recv(connection->fd, r->data + r->len, CDR_REST_HEAD_MAX - r->len, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GOES_ON : IS_GONE;
	if (n == 0 && r->len == 0)
		return IS_GONE;
	r->len += (size_t)n;
	uint8_t *empty = memmem(r->data, r->len, "\r\n\r\n", 4);
	if (empty != NULL) {
		r->head_len = (size_t)(empty - r->data) + 4;
		connection->status = cdr_rest_parse((struct cdr_bytes){ r->data, r->head_len }, &r->head);
	} else if (n > 0 && r->len < CDR_REST_HEAD_MAX) {
		return GOES_ON;
	} else {
		connection->status = n == 0 ? 400 : 431;
	}
	return IS_WHOLE;
}

/* Each of those that may have sent something, as ${fds} says: on to the workers, or to its end. */
static void
hear_waiting(struct cdr_rest *rest, const struct pollfd *fds)
{
	int64_t now = clock_ms();

	/* From the last to the first, so that places stay what they are in fds. */
	for (size_t i = rest->waiting_count; i-- > 0;) {
		struct connection *connection = rest->waiting[i];
		enum progress progress = fds[i].revents != 0 ? read_head(connection) : GOES_ON;
		if (progress == GOES_ON && now < connection->end_ms)
			continue;
		(void)take_waiting(rest, i);
		if (progress != IS_WHOLE || !cdr_workers_put(rest->workers, &connection->work))
			end_connection(connection);
	}
}

/* One more. Where there is no room for it, whoever has kept us waiting longest makes room; where nobody does, nothing is accepted for a while. */
static void
accept_one(struct cdr_rest *rest)
{
	if (rest->waiting_count == CDR_REST_WAITING_MAX)
		end_connection(take_waiting(rest, 0));
	int fd = accept4(rest->listening, NULL, NULL, SOCK_CLOEXEC);
	bool is_short = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
	struct connection *connection = fd >= 0 ? calloc(1, sizeof(*connection)) : NULL;
	if (connection != NULL) {
		connection->fd = fd;
		connection->end_ms = clock_ms() + CDR_REST_SECONDS_MAX * 1000;
		rest->waiting[rest->waiting_count++] = connection;
		return;
	}
	if (fd >= 0)
		(void)close(fd);
	else if (!is_short)
		return;
	if (rest->waiting_count > 0)
		end_connection(take_waiting(rest, 0));
	else
		rest->rest_until_ms = clock_ms() + CDR_REST_SHORT_MS;
}

/* Until when there is nothing to do but what happens at a socket: milliseconds from now, for poll. */
static int
idle_ms(const struct cdr_rest *rest)
{
	int64_t now = clock_ms(), end = rest->waiting_count > 0 ? rest->waiting[0]->end_ms : INT64_MAX;

	if (rest->rest_until_ms > now && rest->rest_until_ms < end)
		end = rest->rest_until_ms;
	return end == INT64_MAX ? -1 : end > now ? (int)(end - now) : 0;
}

static void *
accept_all(void *context)
{
	struct cdr_rest *rest = context;
	struct pollfd fds[2 + CDR_REST_WAITING_MAX];

	for (;;) {
		size_t count = rest->waiting_count;
		fds[0] = (struct pollfd){ .fd = rest->wake, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = rest->rest_until_ms > clock_ms() ? -1 : rest->listening, .events = POLLIN };
		for (size_t i = 0; i < count; i++)
			fds[2 + i] = (struct pollfd){ .fd = rest->waiting[i]->fd, .events = POLLIN };
		if (poll(fds, 2 + count, idle_ms(rest)) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (fds[0].revents != 0)
			break;
		hear_waiting(rest, fds + 2);
		if (fds[1].revents != 0)
			accept_one(rest);
	}
	while (rest->waiting_count > 0)
		end_connection(take_waiting(rest, 0));
	return NULL;
}

/* ---- starting ------------------------------------------------------------------------------------------------------------ */

static bool
is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == 127;
	return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static cdr_err
bind_to(struct cdr_rest *rest, const char *listen_at, struct cdr_fault *fault)
{
	struct sockaddr_storage address;
	socklen_t len;
	int on = 1;

	len = cdr_address_read(listen_at, &address);
	if (len == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: write an address such as 127.0.0.1:8321", listen_at);
	if (!is_loopback(&address))
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s: the API has no TLS and listens on loopback only (127.0.0.1, [::1])", listen_at);
	rest->listening = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (rest->listening < 0 || setsockopt(rest->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(rest->listening, (struct sockaddr *)&address, len) != 0 || listen(rest->listening, 64) != 0 ||
	    getsockname(rest->listening, (struct sockaddr *)&address, &len) != 0)
		return cdr_fault_set(fault, CDR_E_IO, "%s: %s", listen_at, strerror(errno));
	rest->port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port : ((struct sockaddr_in6 *)&address)->sin6_port);
	return CDR_OK;
}

/* see node/net/rest.h */
cdr_err
cdr_rest_start(const char *listen_at, const struct cdr_rest_app *app, struct cdr_rest **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_rest *rest = calloc(1, sizeof(*rest));

	*out = NULL;
	if (rest == NULL)
		return CDR_E_MEMORY;
	rest->app = *app;
	rest->listening = -1;
	rest->wake = eventfd(0, EFD_CLOEXEC);
	CDR_TRY(bind_to(rest, listen_at, fault));
	CDR_TRY(cdr_workers_start(CDR_REST_WORKER_COUNT, CDR_REST_QUEUE_MAX, serve, rest, &rest->workers));
	if (rest->wake < 0 || pthread_create(&rest->thread, NULL, accept_all, rest) != 0) {
		err = cdr_fault_set(fault, CDR_E_MEMORY, "no thread for the API");
		goto out;
	}
	*out = rest;
	rest = NULL;
	err = CDR_OK;
out:
	if (rest != NULL) {
		cdr_workers_stop(rest->workers);
		if (rest->listening >= 0)
			(void)close(rest->listening);
		if (rest->wake >= 0)
			(void)close(rest->wake);
	}
	free(rest);
	return err;
}

/* see node/net/rest.h */
uint16_t
cdr_rest_port(const struct cdr_rest *rest)
{
	return rest->port;
}

/* see node/net/rest.h */
void
cdr_rest_stop(struct cdr_rest *rest)
{
	if (rest == NULL)
		return;
	(void)eventfd_write(rest->wake, 1);
	(void)pthread_join(rest->thread, NULL);
	(void)close(rest->listening);
	cdr_workers_stop(rest->workers);
	(void)close(rest->wake);
	free(rest);
}
