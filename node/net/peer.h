#ifndef CDR_NODE_NET_PEER_H
#define CDR_NODE_NET_PEER_H

/*
 * One connection of a server, from its handshake to its end: it reads requests, hands them to the workers, holds the answers that came too
 * early, and sends replies. Internal to node/net/server. Everything is called on the network's thread, unless it says otherwise.
 */

#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "keys/certificate.h"
#include "node/net/http.h"
#include "node/net/server.h"
#include "node/net/workers.h"

/* What a connection is doing. Its deadline belongs to that. */
enum cdr_peer_state {
	CDR_PEER_HANDSHAKE,
	CDR_PEER_IDLE,     /* between requests: nothing has come */
	CDR_PEER_HEAD,
	CDR_PEER_BODY,
	CDR_PEER_WORK,     /* queued or with a worker: the network's thread keeps its hands off body, status and reply */
	CDR_PEER_HELD,     /* answered too early: until news comes, or the deadline */
	CDR_PEER_REPLY,    /* until the last byte has gone to the kernel */
	CDR_PEER_DRAIN,    /* what still comes is thrown away until the peer closes */
};

struct cdr_peer {
	struct cdr_work work;           /* first */
	TAILQ_ENTRY(cdr_peer) links;
	struct cdr_peer *next_done;
	struct cdr_server *server;
	struct bufferevent *stream;
	struct event *deadline;
	enum cdr_peer_state state;
	bool closes;                    /* after the reply */
	bool has_unread;                /* of a request that was refused */
	bool is_lost;                   /* failed while its request was at work */
	bool is_early, is_news;         /* what the handler said of its reply */
	unsigned turns;                 /* how often the handler was asked */
	uint64_t news_first, news_last; /* server->news when it was asked first, and last */
	uint64_t held_until_ms;         /* 0: was not held yet */
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
	TAILQ_HEAD(cdr_peer_list, cdr_peer) peers;       /* the one that has been idle longest comes first */
	uint32_t peer_count;
	bool is_stopping;
	uint64_t news;                           /* how often news came */
	uint32_t held_count;
	bool is_quiet;                           /* somebody was held in vain, and no news came since */

	/* From other threads. */
	atomic_bool stop_asked;
	pthread_mutex_t done_lock;
	struct cdr_peer *done;
};

/* A connection around ${fd}, which it owns from now on, also on failure. */
void cdr_peer_open(struct cdr_server *server, evutil_socket_t fd, const struct sockaddr *address);

/* End it, whatever it is doing; not while its request is with a worker. */
void cdr_peer_close(struct cdr_peer *peer);

/* Make what can be made of the bytes that are here. */
void cdr_peer_go_on(struct cdr_peer *peer);

/* Send ${peer}->status and ${peer}->reply. */
void cdr_peer_answer(struct cdr_peer *peer);

/* The handler answered too early: hold the reply back, ask again, or send it. */
void cdr_peer_hold(struct cdr_peer *peer);

/* Send the reply that is held. */
void cdr_peer_give_up(struct cdr_peer *peer);

/* What those who are held wait for may have come: the handler is asked again. */
void cdr_peer_news(struct cdr_server *server);

/*
 * Whose place a new connection takes where there is no room: an idle one's; else that of the oldest which is not with a
 * worker. Certificates cost nothing, so what is begun slowly must not be able to keep all others out. NULL: nobody's.
 */
struct cdr_peer *cdr_peer_weakest(struct cdr_server *server);

/*
 * What stands for a visitor: a keyed hash of the address, of an IPv6 address its first half, which is one customer's. Who comes by IPv4 to a
 * socket for both is known by the four bytes at the end: the first half is the same for all of them. Any thread.
 */
void cdr_peer_name(const struct cdr_server *server, const char *text, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN]);

#endif
