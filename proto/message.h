#ifndef CDR_PROTO_MESSAGE_H
#define CDR_PROTO_MESSAGE_H

/*
 * Protobuf messages, bounded: memory for decoding comes from an arena with a cap and is wiped with it,
 * and a buffer owns encoded bytes and wipes them.
 */

#include <protobuf-c/protobuf-c.h>

#include "core/bytes.h"

/* Owned bytes. Zeroed: empty. */
struct cdr_buffer {
	uint8_t *data;
	size_t len;
};

/* Wipe and free what ${buffer} owns; it is empty afterwards. NULL is ignored. */
void cdr_buffer_free(struct cdr_buffer *buffer);

/* The bytes of ${buffer}, borrowed. */
struct cdr_bytes cdr_buffer_bytes(const struct cdr_buffer *buffer);

/**
 * cdr_buffer_copy(bytes, out):
 * Returns  CDR_OK; CDR_E_MEMORY. ${out} owns a copy.
 */
CDR_MUST_CHECK cdr_err cdr_buffer_copy(struct cdr_bytes bytes, struct cdr_buffer *out);

/* Whether two fields hold the same bytes. Not for secrets. */
bool cdr_message_same(ProtobufCBinaryData a, ProtobufCBinaryData b);

/* Memory that decoded messages live in. Zeroed: empty. */
struct cdr_arena {
	uint8_t *memory;
	size_t cap;
	size_t used;
	ProtobufCAllocator allocator;
};

/* Wipe and free everything that was decoded into ${arena}. NULL and an empty arena are ignored. */
void cdr_arena_free(struct cdr_arena *arena);

/**
 * cdr_message_decode(arena, type, bytes, message):
 * Decode ${bytes} as one message of ${type} (a generated descriptor). At most one message is decoded into an arena.
 * Memory is bounded by CDR_ARENA_BASE + CDR_ARENA_FACTOR * bytes.len. Refused are missing required fields, unknown
 * fields, and text that is not UTF-8 or holds a control character other than line feed and tab.
 *
 * arena    in/out   empty; owns the message; freed by the caller also on error
 * message  out      borrowed from the arena; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT, also for more than CDR_BODY_ROSTER_MAX bytes, and where it would take more memory than bounded above; CDR_E_MEMORY;
 *          CDR_E_INTERNAL if ${arena} is not empty.
 */
CDR_MUST_CHECK cdr_err cdr_message_decode(struct cdr_arena *arena, const ProtobufCMessageDescriptor *type,
    struct cdr_bytes bytes, void *message);

/* The same for what stands in a file that somebody names, not what a peer sent: at most CDR_FILE_LEN_MAX bytes. */
CDR_MUST_CHECK cdr_err cdr_message_decode_file(struct cdr_arena *arena, const ProtobufCMessageDescriptor *type,
    struct cdr_bytes bytes, void *message);

/**
 * cdr_message_encode(message, out):
 * Encode a generated message (pass &msg->base).
 *
 * Returns  CDR_OK; CDR_E_MEMORY. ${out} owns the bytes.
 */
CDR_MUST_CHECK cdr_err cdr_message_encode(const ProtobufCMessage *message, struct cdr_buffer *out);

/* Bytes of a decoded field, and a field that borrows bytes. */
struct cdr_bytes cdr_message_bytes(ProtobufCBinaryData field);
ProtobufCBinaryData cdr_message_field(const void *data, size_t len);

#endif
