#ifndef CDR_PROTO_ENVELOPE_H
#define CDR_PROTO_ENVELOPE_H

/*
 * The signed envelope around every request and every reply.
 *
 * A signature covers the direction, the path, the exchange (by the hash of its genesis roster), the signer's name and
 * the body's bytes as they travel; a reply's also covers the hash of the request that it answers, so that a reply
 * cannot be replayed, exchanged or made up.
 */

#include "proto/limits.h"
#include "proto/message.h"

#include "core/crypto/sign.h"

#define CDR_GENESIS_HASH_LEN 32

/* Who signs. ${seed} lies in locked memory and is owned by the keystore. */
struct cdr_signer {
	const char *name;        /* "hub", "trustee/3", "member/blue-harbour", "new" */
	const uint8_t *seed;     /* CDR_SIGN_SEED_LEN bytes */
	const uint8_t *genesis;  /* CDR_GENESIS_HASH_LEN bytes: the exchange */
};

/* What an envelope said, once its signature held. Everything is borrowed from ${arena}. */
struct cdr_envelope {
	struct cdr_arena arena;
	const char *signer;
	struct cdr_bytes body;
	struct cdr_bytes signature;
	struct cdr_bytes attachment; /* not covered by the signature: the body holds its hash */
};

void cdr_envelope_free(struct cdr_envelope *envelope);

/**
 * cdr_envelope_request(signer, path, body, attachment, out):
 * Sign a request to ${path}.
 *
 * attachment  in    may be empty
 * out         out   the bytes of a Signed message
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL if signing failed.
 */
CDR_MUST_CHECK cdr_err cdr_envelope_request(const struct cdr_signer *signer, const char *path, struct cdr_bytes body,
    struct cdr_bytes attachment, struct cdr_buffer *out);

/**
 * cdr_envelope_reply(signer, path, request, body, attachment, out):
 * Sign a reply to the request whose bytes, as received, are ${request}.
 *
 * Returns  as cdr_envelope_request.
 */
CDR_MUST_CHECK cdr_err cdr_envelope_reply(const struct cdr_signer *signer, const char *path, struct cdr_bytes request,
    struct cdr_bytes body, struct cdr_bytes attachment, struct cdr_buffer *out);

/**
 * cdr_envelope_open(bytes, envelope):
 * Take an envelope apart, believing nothing: its signature is checked by one of the two calls below, once the
 * caller knows whose key to use.
 *
 * Returns  CDR_OK; CDR_E_INPUT; CDR_E_MEMORY. ${envelope} is freed by the caller also on error.
 */
CDR_MUST_CHECK cdr_err cdr_envelope_open(struct cdr_bytes bytes, struct cdr_envelope *envelope);

/**
 * cdr_envelope_verify_request(envelope, public_key, genesis, path) and
 * cdr_envelope_verify_reply(envelope, public_key, genesis, path, request):
 * Whether the signature holds under ${public_key} (CDR_SIGN_PUBLIC_LEN bytes).
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE.
 */
CDR_MUST_CHECK cdr_err cdr_envelope_verify_request(const struct cdr_envelope *envelope, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *path);
CDR_MUST_CHECK cdr_err cdr_envelope_verify_reply(const struct cdr_envelope *envelope, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *path, struct cdr_bytes request);

#endif
