#ifndef CDR_PROTO_GUEST_H
#define CDR_PROTO_GUEST_H

/*
 * What travels between a member and a guest: a request that opens with a code, an answer that only the member opens.
 * node/web/seal.js is the guest's side; PROTOCOL.md, "Guests", has every byte.
 */

#include "core/crypto/hpke.h"
#include "proto/guest.pb-c.h"
#include "proto/limits.h"
#include "proto/message.h"

#define CDR_GUEST_CODE_TEXT_LEN 48  /* a code with its NUL: 29 base-32 digits in groups of five */
#define CDR_GUEST_LINK_LEN (CDR_URL_LEN_MAX + 64) /* url#ID.CODE with its NUL */

/**
 * cdr_guest_code_write(id, secret, text):
 * The code that stands for ${secret}, to be read aloud or carried by a link. Its last digits are a check over id and secret.
 *
 * secret  in, secret    CDR_GUEST_SECRET_LEN bytes
 * text    out, secret   CDR_GUEST_CODE_TEXT_LEN bytes; empty on error
 */
CDR_MUST_CHECK cdr_err cdr_guest_code_write(const uint8_t id[static CDR_ID_LEN],
    const uint8_t secret[static CDR_GUEST_SECRET_LEN], char text[static CDR_GUEST_CODE_TEXT_LEN]);

/**
 * cdr_guest_code_read(text, id, secret):
 * Returns  CDR_OK; CDR_E_INPUT if it is no code, or not that of request ${id} (secret is then all zero); as cdr_sha256.
 */
CDR_MUST_CHECK cdr_err cdr_guest_code_read(const char *text, const uint8_t id[static CDR_ID_LEN],
    uint8_t secret[static CDR_GUEST_SECRET_LEN]);

/**
 * cdr_guest_link(url, id, secret, link):
 * The link under which a hub serves the request: what is after '#' never leaves the browser.
 *
 * link    out, secret   CDR_GUEST_LINK_LEN bytes; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if url is longer than CDR_URL_LEN_MAX; as cdr_sha256.
 */
CDR_MUST_CHECK cdr_err cdr_guest_link(const char *url, const uint8_t id[static CDR_ID_LEN],
    const uint8_t secret[static CDR_GUEST_SECRET_LEN], char link[static CDR_GUEST_LINK_LEN]);

/**
 * cdr_guest_request_seal(id, secret, request, sealed):
 * Lock ${request}, JSON as PROTOCOL.md has it: AES-256-GCM under HKDF(secret), a random nonce in front, padded to one size.
 *
 * sealed  out    new, CDR_GUEST_REQUEST_SEALED_LEN bytes; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if the request does not fit; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_guest_request_seal(const uint8_t id[static CDR_ID_LEN],
    const uint8_t secret[static CDR_GUEST_SECRET_LEN], struct cdr_bytes request, struct cdr_buffer *sealed);

/**
 * cdr_guest_request_open(id, secret, sealed, request):
 * Undo cdr_guest_request_seal, as the guest's browser does.
 *
 * request  out, personal  new; empty on error
 *
 * Returns  CDR_OK; CDR_E_SEALED; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_guest_request_open(const uint8_t id[static CDR_ID_LEN],
    const uint8_t secret[static CDR_GUEST_SECRET_LEN], struct cdr_bytes sealed, struct cdr_buffer *request);

/* What an answer is bound to: the request, somebody who had its secret, and the very bytes that were opened. */
struct cdr_guest_binding {
	const uint8_t *id;            /* CDR_ID_LEN bytes */
	const uint8_t *secret;        /* CDR_GUEST_SECRET_LEN bytes */
	const uint8_t *request_hash;  /* CDR_SHA256_LEN bytes: SHA-256 of the sealed request */
};

/**
 * cdr_guest_answer_open(binding, key, response, sealed, answer):
 * Open an answer with the secret of the public key that stood in the request.
 *
 * key       in, secret     CDR_HPKE_SECRET_LEN bytes
 * response  in             CDR_ID_LEN bytes: the answer's id, as it came beside the sealed bytes
 * answer    out, personal  new: JSON; empty on error
 *
 * Returns  CDR_OK; CDR_E_SEALED if it was not sealed to this request with this secret under this id, or is not of the one size
 *          or form; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_guest_answer_open(const struct cdr_guest_binding *binding, const uint8_t *key,
    const uint8_t response[static CDR_ID_LEN], struct cdr_bytes sealed, struct cdr_buffer *answer);

/**
 * cdr_guest_answer_seal(binding, receiver, response, answer, sealed):
 * What the guest's browser does, for tests.
 *
 * receiver  in     CDR_HPKE_PUBLIC_LEN bytes
 * sealed    out    new, CDR_GUEST_ANSWER_SEALED_LEN bytes; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if the answer does not fit; CDR_E_POINT; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_guest_answer_seal(const struct cdr_guest_binding *binding, const uint8_t *receiver,
    const uint8_t response[static CDR_ID_LEN], struct cdr_bytes answer, struct cdr_buffer *sealed);

/* An answer on its way: what the browser posts, and what a file holds. */
struct cdr_guest_parcel {
	uint8_t id[CDR_ID_LEN];
	uint8_t response[CDR_ID_LEN];
	uint8_t sealed[CDR_GUEST_ANSWER_SEALED_LEN];
};

#define CDR_GUEST_PARCEL_LEN (2 * CDR_ID_LEN + CDR_GUEST_ANSWER_SEALED_LEN)

/**
 * cdr_guest_file_read(text, parcel, fault):
 * Find the answer in a file, or in an e-mail into which its text was pasted: what stands around it, quotation marks and line
 * ends of any kind do not matter.
 *
 * text    in    0 .. CDR_GUEST_FILE_MAX bytes, of any content
 * parcel  out   all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if text is too long; CDR_E_INPUT if there is no answer in it, or only a part of one.
 */
CDR_MUST_CHECK cdr_err cdr_guest_file_read(struct cdr_bytes text, struct cdr_guest_parcel *parcel, struct cdr_fault *fault);

#endif
