#include "proto/envelope.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "proto/exchange.pb-c.h"

#define HASH_LEN 32

static const char request_label[] = "candor/1 request";
static const char reply_label[] = "candor/1 reply";

/* see proto/envelope.h */
void
cdr_envelope_free(struct cdr_envelope *envelope)
{
	if (envelope == NULL)
		return;
	cdr_arena_free(&envelope->arena);
	*envelope = (struct cdr_envelope){ 0 };
}

/* One part of what a signature covers: its length in 8 bytes, big-endian, stands before it. */
struct covered {
	uint8_t len[8];
	struct cdr_bytes bytes;
};

static struct covered
cover(const void *data, size_t len)
{
	struct covered part = { .bytes = { data, len } };

	cdr_number_write(len, part.len, 8);
	return part;
}

/*
 * What is signed: SHA-256 over label, path, genesis hash, signer, the answered request's hash (empty in a request)
 * and body, each with its length before it, so that no two different envelopes give the same bytes.
 */
static cdr_err
covered_hash(const char *label, const char *path, const uint8_t *genesis, const char *signer,
    struct cdr_bytes request_hash, struct cdr_bytes body, uint8_t out[static HASH_LEN])
{
	struct covered part[] = {
		cover(label, strlen(label)),
		cover(path, strlen(path)),
		cover(genesis, CDR_GENESIS_HASH_LEN),
		cover(signer, strlen(signer)),
		cover(request_hash.data, request_hash.len),
		cover(body.data, body.len),
	};
	struct cdr_bytes bytes[2 * sizeof(part) / sizeof(part[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		bytes[count++] = (struct cdr_bytes){ part[i].len, sizeof(part[i].len) };
		bytes[count++] = part[i].bytes;
	}
	return cdr_sha256(bytes, count, out);
}

/* Sign and encode; ${request_hash} is empty for a request. */
static cdr_err
envelope_make(const struct cdr_signer *signer, const char *label, const char *path, struct cdr_bytes request_hash,
    struct cdr_bytes body, struct cdr_bytes attachment, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[HASH_LEN], signature[CDR_SIGNATURE_LEN];
	char name[CDR_SIGNER_LEN_MAX + 1];

	*out = (struct cdr_buffer){ 0 };
	size_t name_len = strnlen(signer->name, sizeof(name));
	if (name_len == sizeof(name))
		return CDR_E_INTERNAL;
	memcpy(name, signer->name, name_len + 1);

	CDR_TRY(covered_hash(label, path, signer->genesis, name, request_hash, body, hash));
	CDR_TRY(cdr_sign(signer->seed, hash, sizeof(hash), signature));

	Cdr__Wire__Signed message = CDR__WIRE__SIGNED__INIT;
	message.signer = name;
	message.body = cdr_message_field(body.data, body.len);
	message.signature = cdr_message_field(signature, sizeof(signature));
	message.has_attachment = attachment.len > 0;
	message.attachment = cdr_message_field(attachment.data, attachment.len);
	CDR_TRY(cdr_message_encode(&message.base, out));
	err = CDR_OK;
out:
	return err;
}

/* see proto/envelope.h */
cdr_err
cdr_envelope_request(const struct cdr_signer *signer, const char *path, struct cdr_bytes body,
    struct cdr_bytes attachment, struct cdr_buffer *out)
{
	return envelope_make(signer, request_label, path, (struct cdr_bytes){ NULL, 0 }, body, attachment, out);
}

/* see proto/envelope.h */
cdr_err
cdr_envelope_reply(const struct cdr_signer *signer, const char *path, struct cdr_bytes request, struct cdr_bytes body,
    struct cdr_bytes attachment, struct cdr_buffer *out)
{
	uint8_t hash[HASH_LEN];

	cdr_err err = cdr_sha256(&request, 1, hash);
	if (err != CDR_OK)
		return err;
	return envelope_make(signer, reply_label, path, (struct cdr_bytes){ hash, sizeof(hash) }, body, attachment,
	    out);
}

/* see proto/envelope.h */
cdr_err
cdr_envelope_open(struct cdr_bytes bytes, struct cdr_envelope *envelope)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__Signed *message;

	*envelope = (struct cdr_envelope){ 0 };
	CDR_TRY(cdr_message_decode(&envelope->arena, &cdr__wire__signed__descriptor, bytes, &message));
	if (strlen(message->signer) > CDR_SIGNER_LEN_MAX || message->signature.len != CDR_SIGNATURE_LEN)
		return CDR_E_INPUT;
	envelope->signer = message->signer;
	envelope->body = cdr_message_bytes(message->body);
	envelope->signature = cdr_message_bytes(message->signature);
	if (message->has_attachment)
		envelope->attachment = cdr_message_bytes(message->attachment);
	err = CDR_OK;
out:
	return err;
}

/* Whether the signature holds over the envelope's parts. */
static cdr_err
envelope_verify(const struct cdr_envelope *envelope, const uint8_t *public_key, const uint8_t *genesis,
    const char *label, const char *path, struct cdr_bytes request_hash)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[HASH_LEN];

	CDR_TRY(covered_hash(label, path, genesis, envelope->signer, request_hash, envelope->body, hash));
	CDR_TRY(cdr_verify(public_key, hash, sizeof(hash), envelope->signature.data));
	err = CDR_OK;
out:
	return err == CDR_OK ? CDR_OK : CDR_E_SIGNATURE;
}

/* see proto/envelope.h */
cdr_err
cdr_envelope_verify_request(const struct cdr_envelope *envelope, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *path)
{
	return envelope_verify(envelope, public_key, genesis, request_label, path, (struct cdr_bytes){ NULL, 0 });
}

/* see proto/envelope.h */
cdr_err
cdr_envelope_verify_reply(const struct cdr_envelope *envelope, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *path, struct cdr_bytes request)
{
	uint8_t hash[HASH_LEN];

	if (cdr_sha256(&request, 1, hash) != CDR_OK)
		return CDR_E_SIGNATURE;
	return envelope_verify(envelope, public_key, genesis, reply_label, path,
	    (struct cdr_bytes){ hash, sizeof(hash) });
}
