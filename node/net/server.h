#ifndef CDR_NODE_NET_SERVER_H
#define CDR_NODE_NET_SERVER_H

/*
 * The HTTP server of hub and trustee: HTTP/1.1 POST over TLS 1.3, a certificate on both sides, kept-alive.
 *
 * One thread runs the network; handlers run on worker threads behind a queue of bounded length. A peer is known by
 * the pin of its certificate, nothing else; whether it may do what it asks is the handler's to decide, each time.
 * What is not a plain POST with one Content-Length, one Host and a known path is refused before its body is read.
 *
 * A public listener, for browsers, takes GET too and asks for no certificate. Its visitors are told apart by network address.
 */

#include <openssl/ssl.h>

#include "core/bytes.h"
#include "proto/message.h"

#define CDR_SERVER_HEAD_MAX 16384        /* bytes of request line and header fields */
#define CDR_SERVER_WORKER_MAX 64
#define CDR_SERVER_HOLD 1000             /* added to a status: see cdr_server_app.handle */
#define CDR_SERVER_NEWS 2000
#define CDR_SERVER_TURN_MAX 8            /* how often a held request is asked again */
#define CDR_SERVER_ADDRESS_LEN 64        /* "[...]:65535" with its NUL */

struct cdr_server;

/* A request of a browser. */
struct cdr_server_visit {
	const char *path;                /* without a query */
	bool is_get;                     /* else POST */
	bool takes_gzip;
	struct cdr_bytes body;
	const uint8_t *visitor;          /* CDR_PIN_LEN bytes that stand for the network address until the server stops */
};

/* What is served. Both are called from several threads at once. */
struct cdr_server_app {
	void *context;
	/* The most bytes that a body sent to ${path} may have; 0: there is no such path. Called on the network's thread. */
	size_t (*body_max)(void *context, const char *path);
	/*
	 * Answer one request; called on a worker. ${pin} has CDR_PIN_LEN bytes: of the certificate whose key the peer
	 * proved to hold. ${reply} is empty, and is wiped and freed when it has been sent. Returns the HTTP status.
	 */
	int (*handle)(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin,
	    struct cdr_buffer *reply);
	/*
	 * ${handle} may return a status plus CDR_SERVER_HOLD: this reply is too early, because something is still to come. The reply is held
	 * back, no worker waits, and ${handle} is asked again when another request is answered with a status plus CDR_SERVER_NEWS.
	 * When hold_ms are over, or the server stops, or it has been asked often enough, what it answered last is sent. It is sent at once
	 * where too many are held, or where others were held in vain and no news has come since.
	 */
	/*
	 * The same for a public listener. ${fields}: header fields of the reply, each line with its CRLF; a text that stays,
	 * Content-Type among them if there is a body.
	 */
	int (*visit)(void *context, const struct cdr_server_visit *visit, struct cdr_buffer *reply, const char **fields);
};

/* Zero stands for the value in brackets. */
struct cdr_server_config {
	const char *listen;              /* "127.0.0.1:8443", "[::1]:0"; port 0: one that is free */
	SSL_CTX *tls;                    /* asks for a certificate; see keys/certificate.h. Kept by reference count */
	struct cdr_server_app app;
	bool is_public;                  /* for browsers: app.visit is called, and ${tls} asks for no certificate */
	bool is_proxied;                 /* public, ${tls} NULL: plain HTTP from a proxy that ends X-Forwarded-For with the visitor */
	uint32_t worker_count;           /* [one for each core] */
	uint32_t queue_max;              /* requests that wait for a worker [256]; more are told 503 */
	uint32_t connection_max;         /* [512]; beyond, the one idle longest goes, else the slowest */
	uint32_t peer_connection_max;    /* for one pin [32]; beyond, its own longest idle one goes */
	uint32_t held_max;               /* requests that are held [128] */
	uint32_t peer_held_max;          /* for one pin [8] */
	uint32_t hold_ms;                /* [2,000] */
	uint32_t idle_ms;                /* a kept connection without a request [120,000] */
	uint32_t transfer_ms;            /* handshake, or head of a request [20,000]; bodies get 1 s more for each 8 KiB */
	uint32_t stop_ms;                /* how long cdr_server_stop waits for what was accepted [10,000] */
};

/**
 * cdr_server_start(config, server, fault):
 * Bind, then serve on threads of its own.
 *
 * config  in    borrowed during the call; app.context until cdr_server_stop has returned
 * server  out   NULL on error; ended by cdr_server_stop
 *
 * Returns  CDR_OK; CDR_E_INPUT if listen is not address:port; CDR_E_IO if the address cannot be had; CDR_E_RANGE;
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_server_start(const struct cdr_server_config *config, struct cdr_server **server,
    struct cdr_fault *fault);

/* Where it listens, as address:port with the port that was chosen. Borrowed. */
const char *cdr_server_address_peek(const struct cdr_server *server);
uint16_t cdr_server_port(const struct cdr_server *server);

/**
 * cdr_server_stop(server):
 * Take no more connections, finish the requests that were received, send their replies, close, free. NULL is ignored.
 */
void cdr_server_stop(struct cdr_server *server);

#endif
