/*
 * What members write to each other, from bytes to records: the first byte of the input says whether the rest is an Identity (even), a
 * Statement (odd), or a statement as its receiver keeps it (2). Properties: what is read is inside its struct, and is written and read again the same; what is refused leaves
 * nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "node/member/wire.h"

static struct cdr_person person, person_again;
static struct cdr_statement statement, statement_again;
static struct cdr_wire_identity wire_identity;
static struct cdr_wire_statement wire_statement;
static const uint8_t request_id[CDR_ID_LEN] = { 1 };

/* Encode ${message} and decode it as a peer would. */
static const void *
through_bytes(const ProtobufCMessage *message, struct cdr_buffer *bytes, struct cdr_arena *arena)
{
	void *out;

	assert(cdr_message_encode(message, bytes) == CDR_OK);
	assert(cdr_message_decode(arena, message->descriptor, cdr_buffer_bytes(bytes), &out) == CDR_OK);
	return out;
}

static void
fuzz_identity(struct cdr_bytes bytes, struct cdr_arena *arena)
{
	static const struct cdr_person zero;
	Cdr__Wire__Identity *message;
	struct cdr_buffer again = { 0 };
	struct cdr_arena again_arena = { 0 };

	if (cdr_message_decode(arena, &cdr__wire__identity__descriptor, bytes, &message) != CDR_OK)
		return;
	cdr_err err = cdr_wire_read_identity(message, &person);
	if (err != CDR_OK) {
		assert((err == CDR_E_RANGE || err == CDR_E_INPUT) && memcmp(&person, &zero, sizeof(zero)) == 0);
		return;
	}
	assert(person.document_count <= CDR_DOCUMENT_COUNT_MAX && strchr(person.given_names, '\n') == NULL);
	cdr_wire_identity(&person, false, &wire_identity);
	assert(cdr_wire_read_identity(through_bytes(&wire_identity.message.base, &again, &again_arena), &person_again) == CDR_OK);
	/* An empty nationality is left out, so those behind it move up. */
	bool has_gap = false;
	for (size_t i = 0; i + 1 < CDR_NATIONALITY_COUNT_MAX; i++)
		has_gap |= person.nationality[i][0] == '\0' && person.nationality[i + 1][0] != '\0';
	assert(has_gap || memcmp(&person, &person_again, sizeof(person)) == 0);
	cdr_arena_free(&again_arena);
	cdr_buffer_free(&again);
}

static void
fuzz_statement(struct cdr_bytes bytes, struct cdr_arena *arena)
{
	static const struct cdr_statement zero;
	Cdr__Wire__Statement *message;
	struct cdr_buffer again = { 0 };
	struct cdr_arena again_arena = { 0 };

	if (cdr_message_decode(arena, &cdr__wire__statement__descriptor, bytes, &message) != CDR_OK)
		return;
	cdr_err err = cdr_wire_read_statement(message, request_id, &statement);
	if (err != CDR_OK) {
		assert((err == CDR_E_RANGE || err == CDR_E_INPUT) && memcmp(&statement, &zero, sizeof(zero)) == 0);
		return;
	}
	assert(statement.disclosure_count <= CDR_STATEMENT_DISCLOSURE_MAX && statement.signed_at >= 0);
	assert(memcmp(statement.request_id, request_id, sizeof(request_id)) == 0);
	cdr_wire_statement(&statement, &wire_statement);
	assert(cdr_wire_read_statement(through_bytes(&wire_statement.message.base, &again, &again_arena), request_id,
	    &statement_again) == CDR_OK);
	assert(memcmp(&statement, &statement_again, sizeof(statement)) == 0);
	cdr_arena_free(&again_arena);
	cdr_buffer_free(&again);
}

/* As node/member/check_statement.c opens what it has unsealed: a kept statement, its letter, what that says. */
static void
fuzz_kept(struct cdr_bytes bytes, struct cdr_arena *arena)
{
	static const struct cdr_statement zero;
	const Cdr__Wire__KeptStatement *again;
	Cdr__Wire__KeptStatement *kept;
	Cdr__Wire__Letter *letter;
	struct cdr_buffer written = { 0 };
	struct cdr_arena again_arena = { 0 }, letter_arena = { 0 };

	if (cdr_message_decode(arena, &cdr__wire__kept_statement__descriptor, bytes, &kept) != CDR_OK)
		return;
	again = through_bytes(&kept->base, &written, &again_arena);
	assert(again->letter.len == kept->letter.len &&
	    (kept->letter.len == 0 || memcmp(again->letter.data, kept->letter.data, kept->letter.len) == 0));
	assert(again->signature.len == kept->signature.len && again->has_receiver_sealing_key == kept->has_receiver_sealing_key &&
	    again->receiver_sealing_key.len == kept->receiver_sealing_key.len);
	if (cdr_message_decode(&letter_arena, &cdr__wire__letter__descriptor, cdr_message_bytes(kept->letter), &letter) == CDR_OK &&
	    letter->content_case == CDR__WIRE__LETTER__CONTENT_STATEMENT) {
		cdr_err err = cdr_wire_read_statement(letter->statement, request_id, &statement);
		assert(err == CDR_OK || ((err == CDR_E_RANGE || err == CDR_E_INPUT) && memcmp(&statement, &zero, sizeof(zero)) == 0));
	}
	cdr_arena_free(&letter_arena);
	cdr_arena_free(&again_arena);
	cdr_buffer_free(&written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_arena arena = { 0 };

	if (len == 0)
		return 0;
	if (data[0] == 2)
		fuzz_kept((struct cdr_bytes){ data + 1, len - 1 }, &arena);
	else if (data[0] % 2 == 0)
		fuzz_identity((struct cdr_bytes){ data + 1, len - 1 }, &arena);
	else
		fuzz_statement((struct cdr_bytes){ data + 1, len - 1 }, &arena);
	cdr_arena_free(&arena);
	return 0;
}
