/* Decoding within a cap; text that is clean; ids that are slugs; no message that contains itself. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "proto/ceremony.pb-c.h"
#include "proto/exchange.pb-c.h"
#include "proto/letter.pb-c.h"
#include "proto/limits.h"
#include "proto/message.h"

static cdr_err
decode_refusal(const char *bytes, size_t len)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Refusal *refusal;

	cdr_err err = cdr_message_decode(&arena, &cdr__wire__refusal__descriptor,
	    (struct cdr_bytes){ (const uint8_t *)bytes, len }, &refusal);
	cdr_arena_free(&arena);
	return err;
}
#define REFUSAL(text) decode_refusal("\x0a\x01x\x12" text, sizeof("\x0a\x01x\x12" text) - 1)

static void
text_from_a_peer_is_clean(void **state)
{
	(void)state;
	assert_int_equal(REFUSAL("\x02ok"), CDR_OK);
	assert_int_equal(REFUSAL("\x03" "a\nb"), CDR_OK);
	assert_int_equal(REFUSAL("\x04\xf0\x9f\x92\xa7"), CDR_OK);
	assert_int_equal(REFUSAL("\x01\x1b"), CDR_E_INPUT);         /* an escape sequence for a terminal */
	assert_int_equal(REFUSAL("\x01\x7f"), CDR_E_INPUT);
	assert_int_equal(REFUSAL("\x02\xc2\x9b"), CDR_E_INPUT);     /* the same in one character, U+009B */
	assert_int_equal(REFUSAL("\x02\xc2\xa0"), CDR_OK);
	assert_int_equal(REFUSAL("\x03\xe2\x80\xa8"), CDR_E_INPUT); /* a line end */
	assert_int_equal(REFUSAL("\x03\xe2\x80\xae"), CDR_E_INPUT); /* what follows would read from right to left */
	assert_int_equal(REFUSAL("\x03\xe2\x80\xaf"), CDR_OK);
	assert_int_equal(REFUSAL("\x03\xe2\x81\xa6"), CDR_E_INPUT);
	assert_int_equal(REFUSAL("\x03\xe2\x81\xaa"), CDR_OK);
	assert_int_equal(REFUSAL("\x02\xc0\x80"), CDR_E_INPUT);     /* overlong */
	assert_int_equal(REFUSAL("\x03\xed\xa0\x80"), CDR_E_INPUT); /* a surrogate */
	assert_int_equal(REFUSAL("\x04\xf4\x90\x80\x80"), CDR_E_INPUT);
	assert_int_equal(REFUSAL("\x02\xe2\x82"), CDR_E_INPUT);     /* cut short */
	assert_int_equal(REFUSAL("\x01\xff"), CDR_E_INPUT);
}

static void
fields_are_all_there_and_all_known(void **state)
{
	(void)state;
	assert_int_equal(decode_refusal("\x0a\x01x", 3), CDR_E_INPUT);
	assert_int_equal(decode_refusal("\x0a\x01x\x12\x01y\x1a\x01z", 9), CDR_E_INPUT);
	assert_int_equal(decode_refusal("\x0a\x7fx", 3), CDR_E_INPUT);
}

/* Text inside a repeated message inside a oneof is looked at too, and only the member that is alive. */
static void
inner_text_is_looked_at(void **state)
{
	(void)state;
	struct cdr_arena arena = { 0 };
	struct cdr_buffer bytes;
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT, *back;
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	static char id[] = "aa", bad[] = "a\x01";

	withdrawal.reason = bad;
	letter.letter_id = letter.request_id = cdr_message_field("x", 1);
	letter.from = letter.to = id;
	letter.content_case = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL;
	letter.withdrawal = &withdrawal;
	assert_int_equal(cdr_message_encode(&letter.base, &bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__letter__descriptor, cdr_buffer_bytes(&bytes), &back), CDR_E_INPUT);
	assert_null(back);
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);
}

/* Many small messages take far more memory than bytes: past the cap they are refused. */
static void
memory_is_bounded(void **state)
{
	(void)state;
	size_t count = 100000;
	uint8_t *bytes = malloc(2 * count);
	struct cdr_arena arena = { 0 };
	Cdr__Wire__MailBag *bag;

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++) {
		bytes[2 * i] = 0x0a; /* an empty Mail */
		bytes[2 * i + 1] = 0;
	}
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__mail_bag__descriptor, (struct cdr_bytes){ bytes, 2 * count }, &bag),
	    CDR_E_INPUT);
	assert_true(arena.cap <= CDR_ARENA_BASE + CDR_ARENA_FACTOR * 2 * count);
	cdr_arena_free(&arena);
	assert_null(arena.memory);
	free(bytes);
}

static void
one_message_in_one_arena(void **state)
{
	(void)state;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Empty *empty;

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__empty__descriptor, (struct cdr_bytes){ NULL, 0 }, &empty), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__empty__descriptor, (struct cdr_bytes){ NULL, 0 }, &empty),
	    CDR_E_INTERNAL);
	cdr_arena_free(&arena);
}

/* Depth-first through every type that a field can hold: coming back to a type on the way is recursion. */
static void
visit(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **path, size_t depth)
{
	assert_true(depth < 8);
	for (size_t i = 0; i < depth; i++)
		assert_ptr_not_equal(path[i], type);
	path[depth] = type;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			visit(type->fields[i].descriptor, path, depth + 1);
}

static void
no_message_contains_itself(void **state)
{
	(void)state;
	const ProtobufCMessageDescriptor *path[9];

	visit(&cdr__wire__signed_roster__descriptor, path, 0);
	visit(&cdr__wire__roster__descriptor, path, 0);
	visit(&cdr__wire__letter__descriptor, path, 0);
	visit(&cdr__wire__statement_file__descriptor, path, 0);
	visit(&cdr__wire__signed__descriptor, path, 0);
	visit(&cdr__wire__ceremony_messages__descriptor, path, 0);
	visit(&cdr__wire__ceremony_result__descriptor, path, 0);
	visit(&cdr__wire__join_request__descriptor, path, 0);
	visit(&cdr__wire__check_open_reply__descriptor, path, 0);
	visit(&cdr__wire__mail_bag__descriptor, path, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_from_a_peer_is_clean),
		cmocka_unit_test(fields_are_all_there_and_all_known),
		cmocka_unit_test(inner_text_is_looked_at),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(one_message_in_one_arena),
		cmocka_unit_test(no_message_contains_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
