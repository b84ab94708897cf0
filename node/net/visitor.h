#ifndef CDR_NODE_NET_VISITOR_H
#define CDR_NODE_NET_VISITOR_H

/* Public listeners: their TLS, and how often one visitor may ask. */

#include <openssl/ssl.h>
#include <pthread.h>

#include "proto/roster.h"

#define CDR_VISITOR_SLOTS 4096

/*
 * A bucket of requests for each visitor, filled as time passes. The table has a fixed size: visitors whose names fall into one slot
 * share it, so nobody can fill memory, and whoever asks from many addresses gains no more than slots.
 */
struct cdr_visitors {
	pthread_mutex_t lock;
	uint32_t burst;              /* requests at once */
	uint32_t refill_ms;          /* for one more */
	struct {
		uint64_t at_ms;
		uint32_t left;
		bool is_used;
	} slot[CDR_VISITOR_SLOTS];
};

/* Zero stands for 60 requests at once and one more each second. */
void cdr_visitors_init(struct cdr_visitors *visitors, uint32_t burst, uint32_t refill_ms);

/**
 * cdr_visitors_take(visitors, visitor, now_ms):
 * One request of ${visitor} (CDR_PIN_LEN bytes, random to whoever has not this process's key).
 *
 * now_ms  in   milliseconds of a clock that only goes forward
 *
 * Returns  false if it is one too many.
 */
CDR_MUST_CHECK bool cdr_visitors_take(struct cdr_visitors *visitors, const uint8_t *visitor, uint64_t now_ms);

/**
 * cdr_visitor_tls(certificate, key, context, fault):
 * TLS for browsers, 1.2 and later, that asks for no certificate.
 *
 * certificate  in   PEM file: the server's certificate, then those between it and its authority
 * key          in   PEM file with its key, without a passphrase
 * context      out  new, owned by the caller: SSL_CTX_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if a file cannot be used, with which; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_visitor_tls(const char *certificate, const char *key, SSL_CTX **context, struct cdr_fault *fault);

#endif
