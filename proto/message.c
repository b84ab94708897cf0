#include "proto/message.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "proto/limits.h"

#define ARENA_ALIGN 16

/* see proto/message.h */
void
cdr_buffer_free(struct cdr_buffer *buffer)
{
	if (buffer == NULL)
		return;
	if (buffer->data != NULL)
		cdr_wipe(buffer->data, buffer->len);
	free(buffer->data);
	*buffer = (struct cdr_buffer){ 0 };
}

/* see proto/message.h */
bool
cdr_message_same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* see proto/message.h */
struct cdr_bytes
cdr_buffer_bytes(const struct cdr_buffer *buffer)
{
	return (struct cdr_bytes){ buffer->data, buffer->len };
}

/* see proto/message.h */
cdr_err
cdr_buffer_copy(struct cdr_bytes bytes, struct cdr_buffer *out)
{
	*out = (struct cdr_buffer){ 0 };
	out->data = malloc(bytes.len > 0 ? bytes.len : 1);
	if (out->data == NULL)
		return CDR_E_MEMORY;
	if (bytes.len > 0)
		memcpy(out->data, bytes.data, bytes.len);
	out->len = bytes.len;
	return CDR_OK;
}

/* ProtobufCAllocator: the next ${size} bytes of the arena, or NULL when its cap is reached. */
static void *
arena_take(void *data, size_t size)
{
	struct cdr_arena *arena = data;

	if (size > arena->cap - arena->used)
		return NULL;
	size_t rounded = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	uint8_t *start = arena->memory + arena->used;
	arena->used = rounded > arena->cap - arena->used ? arena->cap : arena->used + rounded;
	return start;
}

/* ProtobufCAllocator: everything goes at once, in cdr_arena_free. */
static void
arena_keep(void *data, void *pointer)
{
	(void)data;
	(void)pointer;
}

/* see proto/message.h */
void
cdr_arena_free(struct cdr_arena *arena)
{
	if (arena == NULL || arena->memory == NULL)
		return;
	cdr_wipe(arena->memory, arena->used);
	free(arena->memory);
	*arena = (struct cdr_arena){ 0 };
}

/* The bytes that follow a UTF-8 lead byte, or -1 if it cannot lead. */
static int
utf8_follow_count(uint8_t lead)
{
	if (lead < 0x80)
		return 0;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 3;
	return -1;
}

/* Whether the sequence at ${at} is well-formed (Unicode 15, table 3-7): no overlong form, no surrogate, at most U+10FFFF. */
static bool
utf8_sequence_is_valid(const uint8_t *at, int follow_count)
{
	for (int i = 1; i <= follow_count; i++)
		if ((at[i] & 0xc0) != 0x80) /* stops at the closing NUL too */
			return false;
	return !(at[0] == 0xe0 && at[1] < 0xa0) && !(at[0] == 0xed && at[1] > 0x9f) &&
	    !(at[0] == 0xf0 && at[1] < 0x90) && !(at[0] == 0xf4 && at[1] > 0x8f);
}

/*
 * Whether a well-formed sequence is a character that no text needs and that deceives who reads it: the control characters
 * U+0080 to U+009F, of which one begins a terminal's commands as ESC [ does; the line ends U+2028 and U+2029; and what turns
 * text around, U+202A to U+202E and U+2066 to U+2069.
 */
static bool
utf8_deceives(const uint8_t *at)
{
	if (at[0] == 0xc2)
		return at[1] < 0xa0;
	if (at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) || (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

/* Text from a peer: UTF-8 and no control character but line feed and tab. */
static bool
text_is_clean(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at != '\0') {
		int follow_count = utf8_follow_count(*at);
		if (follow_count < 0 || !utf8_sequence_is_valid(at, follow_count) || utf8_deceives(at))
			return false;
		if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f)
			return false;
		at += follow_count + 1;
	}
	return true;
}

static bool message_is_clean(const ProtobufCMessage *message);

/* The member of ${message} at ${offset}, whose type the field's descriptor tells. */
static const void *
member_at(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

/* One value of a string or message field. Other types need no check. */
static bool
value_is_clean(const ProtobufCFieldDescriptor *field, const void *value)
{
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(const char *const *)value;
		return text == NULL || text_is_clean(text);
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
		return inner == NULL || message_is_clean(inner);
	}
	return true;
}

/* Whether ${field} of ${message} holds only clean text, down to the innermost message. */
static bool
field_is_clean(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)member_at(message, field->quantifier_offset);
		const void *const *values = *(const void *const *const *)member_at(message, field->offset);
		for (size_t i = 0; i < count; i++)
			if (!value_is_clean(field, &values[i]))
				return false;
		return true;
	}
	/* Of a oneof only the member that its case names is alive. */
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
	    *(const uint32_t *)member_at(message, field->quantifier_offset) != field->id)
		return true;
	return value_is_clean(field, member_at(message, field->offset));
}

/* No unknown field and no unclean text. Message types do not recurse, so neither does this beyond their depth. */
static bool
message_is_clean(const ProtobufCMessage *message)
{
	if (message->n_unknown_fields != 0)
		return false;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		if (!field_is_clean(message, &message->descriptor->fields[i]))
			return false;
	return true;
}

static cdr_err
decode(struct cdr_arena *arena, const ProtobufCMessageDescriptor *type, struct cdr_bytes bytes, size_t len_max, void *message)
{
	ProtobufCMessage **out = message;
	static const uint8_t nothing[1];

	*out = NULL;
	if (arena->memory != NULL)
		return CDR_E_INTERNAL;
	if (bytes.len > len_max)
		return CDR_E_INPUT;
	arena->cap = CDR_ARENA_BASE + CDR_ARENA_FACTOR * bytes.len;
	arena->memory = malloc(arena->cap);
	if (arena->memory == NULL)
		return CDR_E_MEMORY;
	arena->allocator = (ProtobufCAllocator){ arena_take, arena_keep, arena };

	ProtobufCMessage *decoded =
	    protobuf_c_message_unpack(type, &arena->allocator, bytes.len, bytes.len > 0 ? bytes.data : nothing);
	if (decoded == NULL)
		return CDR_E_INPUT;
	if (!message_is_clean(decoded))
		return CDR_E_INPUT;
	*out = decoded;
	return CDR_OK;
}

/* see proto/message.h */
cdr_err
cdr_message_decode(struct cdr_arena *arena, const ProtobufCMessageDescriptor *type, struct cdr_bytes bytes,
    void *message)
{
	return decode(arena, type, bytes, CDR_BODY_ROSTER_MAX, message);
}

/* see proto/message.h */
cdr_err
cdr_message_decode_file(struct cdr_arena *arena, const ProtobufCMessageDescriptor *type, struct cdr_bytes bytes,
    void *message)
{
	return decode(arena, type, bytes, CDR_FILE_LEN_MAX, message);
}

/* see proto/message.h */
cdr_err
cdr_message_encode(const ProtobufCMessage *message, struct cdr_buffer *out)
{
	*out = (struct cdr_buffer){ 0 };
	size_t len = protobuf_c_message_get_packed_size(message);
	out->data = malloc(len > 0 ? len : 1);
	if (out->data == NULL)
		return CDR_E_MEMORY;
	out->len = protobuf_c_message_pack(message, out->data);
	return CDR_OK;
}

/* see proto/message.h */
struct cdr_bytes
cdr_message_bytes(ProtobufCBinaryData field)
{
	return (struct cdr_bytes){ field.data, field.len };
}

/* see proto/message.h */
ProtobufCBinaryData
cdr_message_field(const void *data, size_t len)
{
	union {
		const void *in;
		uint8_t *out; /* protobuf-c does not write through it when encoding */
	} pointer = { .in = data };

	return (ProtobufCBinaryData){ .len = len, .data = pointer.out };
}
