/*
 * A slow line: delay MS LISTEN:TO ... takes connections on each port LISTEN of loopback and carries their bytes to port TO and back, each
 * way MS / 2 milliseconds late. Says "ready" once it listens; ends when its input is closed. MS is read anew from the file $DELAY_FILE,
 * if that is set, at every byte that comes.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <netinet/tcp.h>

#define LINES_MAX 32
#define PIPES_MAX 1024
#define CHUNK 16384

/* Bytes on their way. */
struct chunk {
	struct chunk *next;
	uint64_t due_ms;
	size_t len, sent;
	unsigned char data[CHUNK];
};

/* One direction of a connection. */
struct pipe_ {
	int from, to;
	int is_open;
	struct chunk *first, **last;
};

static struct pipe_ pipes[PIPES_MAX];
static int listeners[LINES_MAX], targets[LINES_MAX], line_count;
static unsigned delay_ms;

static uint64_t
now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void
read_delay(void)
{
	const char *path = getenv("DELAY_FILE");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;

	if (file == NULL)
		return;
	if (fscanf(file, "%u", &delay_ms) != 1)
		delay_ms = 0;
	(void)fclose(file);
}

static int
socket_on(int port, int listens)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (listens ? bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0 :
		      connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
add_pipe(int from, int to)
{
	for (int i = 0; i < PIPES_MAX; i++)
		if (!pipes[i].is_open) {
			pipes[i] = (struct pipe_){ .from = from, .to = to, .is_open = 1 };
			pipes[i].last = &pipes[i].first;
			return;
		}
	exit(1);
}

static void
accept_on(int line)
{
	int one = 1, near = accept4(listeners[line], NULL, NULL, SOCK_CLOEXEC), far = near < 0 ? -1 : socket_on(targets[line], 0);

	if (far < 0) {
		if (near >= 0)
			(void)close(near);
		return;
	}
	(void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	add_pipe(near, far);
	add_pipe(far, near);
}

/* Take what has come; 0 at the end. */
static int
take(struct pipe_ *p)
{
	struct chunk *c = calloc(1, sizeof(*c));
	ssize_t len = c != NULL ? read(p->from, c->data, sizeof(c->data)) : 0;

	read_delay();
	if (len <= 0) {
		free(c);
		return 0;
	}
	c->len = (size_t)len;
	c->due_ms = now_ms() + delay_ms / 2;
	*p->last = c;
	p->last = &c->next;
	return 1;
}

/* Send on what is due. */
static void
send_due(struct pipe_ *p)
{
	while (p->first != NULL && p->first->due_ms <= now_ms()) {
		struct chunk *c = p->first;
		ssize_t len = write(p->to, c->data + c->sent, c->len - c->sent);
		if (len <= 0)
			return;
		c->sent += (size_t)len;
		if (c->sent < c->len)
			continue;
		p->first = c->next;
		if (p->first == NULL)
			p->last = &p->first;
		free(c);
	}
}

/* Both directions of the connection end. */
static void
end(struct pipe_ *p)
{
	int from = p->from, to = p->to;

	for (int i = 0; i < PIPES_MAX; i++) {
		struct pipe_ *q = &pipes[i];
		if (!q->is_open || (q->from != from && q->from != to))
			continue;
		for (struct chunk *c = q->first, *next; c != NULL; c = next) {
			next = c->next;
			free(c);
		}
		q->is_open = 0;
	}
	(void)close(from);
	(void)close(to);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	delay_ms = (unsigned)strtoul(argv[1], NULL, 10);
	for (; line_count < argc - 2 && line_count < LINES_MAX; line_count++) {
		int port;
		if (sscanf(argv[line_count + 2], "%d:%d", &port, &targets[line_count]) != 2 || (listeners[line_count] = socket_on(port, 1)) < 0)
			return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		static struct pollfd polled[PIPES_MAX + LINES_MAX + 1];
		static struct pipe_ *of[PIPES_MAX + LINES_MAX + 1];
		nfds_t count = 0;
		polled[count++] = (struct pollfd){ .fd = 0, .events = POLLIN };
		for (int i = 0; i < line_count; i++)
			polled[count++] = (struct pollfd){ .fd = listeners[i], .events = POLLIN };
		for (int i = 0; i < PIPES_MAX; i++)
			if (pipes[i].is_open) {
				of[count] = &pipes[i];
				polled[count++] = (struct pollfd){ .fd = pipes[i].from, .events = POLLIN };
			}
		if (poll(polled, count, 1) < 0 || (polled[0].revents & (POLLIN | POLLHUP)) != 0)
			return 0;
		for (int i = 0; i < line_count; i++)
			if (polled[i + 1].revents != 0)
				accept_on(i);
		for (nfds_t i = (nfds_t)line_count + 1; i < count; i++)
			if (of[i]->is_open && polled[i].revents != 0 && !take(of[i]))
				end(of[i]);
		for (int i = 0; i < PIPES_MAX; i++)
			if (pipes[i].is_open)
				send_due(&pipes[i]);
	}
}
