#ifndef CDR_NODE_NET_DISPATCH_H
#define CDR_NODE_NET_DISPATCH_H

/*
 * From the bytes of a request to the bytes of a signed reply, by one table of routes. Hub and trustee share it.
 *
 * No socket in here: the HTTP server hands in what it read and sends what comes out, and so does a test or a fuzzer.
 * A handler is called only with a message that has the right form and size, is signed by a party of the right kind
 * whose certificate is the one in the roster, and who may act now.
 */

#include "proto/exchange.pb-c.h"
#include "proto/roster.h"

/* Who may use a route: bits. */
enum cdr_caller {
	CDR_CALLER_MEMBER = 1,   /* an active member of the roster in force */
	CDR_CALLER_TRUSTEE = 2,
	CDR_CALLER_HUB = 4,
	CDR_CALLER_NEW = 8,      /* has no place in the roster: signs as "new" with the key that its message brings */
	CDR_CALLER_ANYONE = 16,  /* alone: name and signature are not looked at, for what is public and proves itself */
};

/* A request that holds. Everything is borrowed until the handler returns. */
struct cdr_call {
	struct cdr_bytes request;              /* as received: what the reply's signature covers, and the evidence */
	const struct cdr_envelope *envelope;   /* its body, signature and attachment */
	const ProtobufCMessage *message;       /* the body, decoded as the route says */
	const struct cdr_roster *roster;       /* in force for this request */
	const Cdr__Wire__Party *party;         /* NULL for "new" and anyone */
	const Cdr__Wire__Member *member;       /* NULL unless a member calls */
	const Cdr__Wire__Trustee *trustee;     /* NULL unless a trustee calls */
	const uint8_t *pin;                    /* CDR_PIN_LEN bytes: of the certificate that the peer proved to hold */
	uint64_t now;                          /* seconds since 1970 */
};

/* What an answer means for requests that are held: those that were refused because something is still to come. */
enum cdr_turn {
	CDR_TURN_PLAIN,                        /* nothing */
	CDR_TURN_EARLY,                        /* with CDR_E_BUSY: this is one of them. Asked again after news, it may get another answer */
	CDR_TURN_NEWS,                         /* what they wait for may have come */
};

/* What a handler fills; zeroed before it is called; freed after the reply is signed. */
struct cdr_answer {
	struct cdr_buffer body;                /* an encoded message; empty reads as Empty */
	struct cdr_buffer attachment;
	enum cdr_turn turn;
};

typedef cdr_err (*cdr_handler)(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

struct cdr_route {
	const char *path;
	unsigned callers;                      /* enum cdr_caller, or-ed */
	size_t request_max;                    /* bytes of the whole request */
	const ProtobufCMessageDescriptor *type;
	cdr_handler handle;
	/* The signing key in the message, for CDR_CALLER_NEW only. */
	struct cdr_bytes (*new_key)(const ProtobufCMessage *message);
};

struct cdr_service {
	void *context;                         /* for every callback below */
	const struct cdr_route *routes;
	size_t route_count;
	struct cdr_signer signer;              /* of the replies; its genesis hash is also that of the requests */

	/* The roster in force, until it is released; called from several threads. See node/net/current.h. */
	const struct cdr_roster *(*hold)(void *context);
	void (*release)(void *context, const struct cdr_roster *roster);

	/* May be NULL. The caller is not in the roster: look for a newer one. Returns whether one came into force. */
	bool (*refresh)(void *context);
	/* May be NULL. What this node knows against a caller beyond the roster, such as a revocation on its way. */
	cdr_err (*admit)(void *context, const struct cdr_call *call, struct cdr_fault *fault);
	/* May be NULL. Told once of every request that fails, for the log; ${signer} may be a claim that did not hold. */
	void (*failed)(void *context, const char *path, const char *signer, const struct cdr_fault *fault);
};

/* What the HTTP server read. ${path} and ${bytes} are whatever the peer sent. */
struct cdr_request {
	const char *path;
	struct cdr_bytes bytes;
	const uint8_t *pin;                    /* CDR_PIN_LEN bytes */
	uint64_t now;
	enum cdr_turn *turn;                   /* out; NULL: nobody asks, and nobody holds the request */
};

/**
 * cdr_dispatch(service, request, reply):
 * Find the route, open and verify the envelope, call the handler, sign its answer or a Refusal. Any number of
 * threads may call it with one service, as long as its callbacks allow that.
 *
 * reply   out   the bytes of a Signed message; empty only if there was no memory to make one
 *
 * Returns  the HTTP status that belongs to the reply.
 */
int cdr_dispatch(const struct cdr_service *service, const struct cdr_request *request, struct cdr_buffer *reply);

/* Largest request_max among the routes: what the HTTP server needs to read at most. */
size_t cdr_dispatch_request_max(const struct cdr_service *service);

/* The limit for ${path}, 0 where there is no such route. */
size_t cdr_dispatch_path_max(const struct cdr_service *service, const char *path);

/* The HTTP status that stands for ${err}; PROTOCOL.md has the table. */
int cdr_dispatch_status(cdr_err err);

#endif
