#ifndef CDR_NODE_NET_ASK_H
#define CDR_NODE_NET_ASK_H

/*
 * Asking a party of the roster: sign, send, verify what comes back, decode it. The other half of node/net/dispatch.h.
 *
 * Nothing of a reply is believed, not even a refusal, unless the party that was asked signed it for this very request.
 */

#include "node/net/client.h"
#include "proto/exchange.pb-c.h"
#include "proto/roster.h"

/* In a hub's refusal where its database is an old copy (proto/PROTOCOL.md), so that people can be told in their own language. */
#define CDR_OLD_COPY_WORDS "this hub's database is an old copy"

/* One question and its answer. Zeroed, then "in" is filled. */
struct cdr_ask {
	/* in; borrowed */
	const Cdr__Wire__Party *party;            /* whom: address, pin and signing key */
	const char *party_signer;                 /* the name under which it signs: "hub", "trustee/2" */
	const char *path;                         /* "/v1/..." */
	const ProtobufCMessage *message;          /* NULL: Empty */
	struct cdr_bytes attachment;
	const ProtobufCMessageDescriptor *reply_type; /* NULL: Empty */
	size_t reply_max;                         /* bytes of the whole reply; 0: CDR_BODY_SMALL_MAX */

	/* out */
	cdr_err err;
	struct cdr_fault fault;                   /* if err is not CDR_OK: who, what, and what to do */
	bool answered;                            /* err is the party's own signed word, not a failure on the way */
	const void *reply;                        /* the decoded message, borrowed until cdr_ask_free */
	struct cdr_bytes reply_attachment;        /* borrowed likewise */

	/* its own */
	struct cdr_buffer request;
	struct cdr_envelope envelope;
	struct cdr_arena arena;
	struct cdr_client_post post;
};

/**
 * cdr_ask_sign(ask, signer):
 * Make the request's bytes. They stay the same however often it is sent.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_ask_sign(struct cdr_ask *ask, const struct cdr_signer *signer);

/**
 * cdr_ask_send(client, signer, asks, count):
 * Send all of ${asks} at the same time, signing those that are not signed yet, and wait for every answer.
 *
 * count   in   1 .. CDR_CLIENT_PARALLEL_MAX
 *
 * Returns  the first ask's err that is not CDR_OK, else CDR_OK. Each ask's err is
 *          CDR_OK           answered; reply is set
 *          a code of core/error.h with answered set: the party refused, and fault has its words
 *          CDR_E_SIGNATURE  the reply, or the connection, is not the party's
 *          CDR_E_INPUT      the party signed what is not a reply of that type
 *          CDR_E_NETWORK, CDR_E_TIME, CDR_E_BUSY, CDR_E_MEMORY, CDR_E_INTERNAL as cdr_client_send
 */
CDR_MUST_CHECK cdr_err cdr_ask_send(struct cdr_client *client, const struct cdr_signer *signer, struct cdr_ask *asks,
    size_t count);

/* Wipe and free what ${ask} holds; "in" stays, so that it can be asked again. */
void cdr_ask_free(struct cdr_ask *ask);

#endif
