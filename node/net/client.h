#ifndef CDR_NODE_NET_CLIENT_H
#define CDR_NODE_NET_CLIENT_H

/*
 * HTTP/1.1 POST over TLS 1.3 to peers that are known by the pin of their certificate.
 *
 * No certificate authority, no host names: a peer is who the roster says holds the key behind the pin, checked within
 * the handshake, before a byte of the request or our own certificate leaves. Connections are kept alive.
 * One client serves any number of threads.
 */

#include <openssl/ssl.h>

#include "proto/roster.h"
#include "proto/roster.h"

#define CDR_CLIENT_PARALLEL_MAX 16

struct cdr_client;

/* Zero stands for the value in brackets. */
struct cdr_client_config {
	X509 *certificate;           /* ours; kept by reference count */
	EVP_PKEY *key;               /* its key; kept by reference count */
	const char *proxy;           /* "http://host:port" [none; the environment is not asked] */
	uint32_t connect_ms;         /* [10,000] */
	uint32_t total_ms;           /* for one request [60,000], and 1 s more for each 8 KiB that moves */
};

/**
 * cdr_client_new(config, client, fault):
 * Returns  CDR_OK; CDR_E_INTERNAL if libcurl was built on another TLS library; CDR_E_MEMORY.
 *          From then on the process ignores SIGPIPE.
 *          ${client} is freed by cdr_client_free, when no thread uses it; NULL is ignored there.
 */
CDR_MUST_CHECK cdr_err cdr_client_new(const struct cdr_client_config *config, struct cdr_client **client,
    struct cdr_fault *fault);
void cdr_client_free(struct cdr_client *client);

/* One POST: what is asked, and what came of it. */
struct cdr_client_post {
	/* in */
	const char *url;             /* "https://host:port", as in the roster */
	const char *path;            /* "/v1/..." */
	const uint8_t *pin;          /* CDR_PIN_LEN bytes of the peer's certificate; NULL: take any, and tell which */
	struct cdr_bytes body;
	size_t reply_max;            /* bytes, at most CDR_BODY_ROSTER_MAX; a longer reply is an error */
	uint32_t total_ms;           /* 0: the client's */

	/* out */
	cdr_err err;                 /* as below */
	int status;                  /* HTTP status; 0 if there was no answer */
	struct cdr_buffer reply;     /* whatever the status; freed, and so wiped, by cdr_client_post_free */
	bool has_pin_seen;           /* a peer proved to hold the key behind pin_seen */
	uint8_t pin_seen[CDR_PIN_LEN];
	struct cdr_fault fault;      /* if err is not CDR_OK: what happened at which URL, and what to do */
};

/**
 * cdr_client_send(client, posts, count):
 * Send all of ${posts} at the same time and wait until each has an answer or has failed. Outputs are overwritten.
 *
 * posts   in/out   1 .. CDR_CLIENT_PARALLEL_MAX
 *
 * Returns  the first post's err that is not CDR_OK, else CDR_OK. Each post's err is
 *          CDR_OK           answered with status 200
 *          CDR_E_NETWORK    no connection; or an answer that is not HTTP, or too long
 *          CDR_E_SIGNATURE  connected, but the peer proved another key than the pin's: nothing was sent
 *          CDR_E_TIME       no answer in time; whether the peer did what was asked is not known
 *          CDR_E_BUSY       status 503: try again later
 *          CDR_E_REFUSED    any other status; the reply says why
 *          CDR_E_INPUT      url is not of the form above
 *          CDR_E_RANGE, CDR_E_MEMORY, CDR_E_INTERNAL
 */
CDR_MUST_CHECK cdr_err cdr_client_send(struct cdr_client *client, struct cdr_client_post *posts, size_t count);

/* Wipe and free the reply of ${post}. */
void cdr_client_post_free(struct cdr_client_post *post);

#endif
