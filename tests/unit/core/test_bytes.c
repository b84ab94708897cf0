/* The text forms of bytes: hexadecimal, base 32, identifiers. */
#include "tests/unit/unit.h"

#include "core/bytes.h"

static void
hex_goes_there_and_back(void **state)
{
	(void)state;
	const uint8_t data[] = { 0x00, 0x9a, 0xff };
	uint8_t back[3];
	char text[7];

	cdr_hex_write(data, sizeof(data), text);
	assert_string_equal(text, "009aff");
	assert_int_equal(cdr_hex_read("009AfF", back, 3), CDR_OK);
	assert_memory_equal(back, data, 3);
	assert_int_equal(cdr_hex_read("009af", back, 3), CDR_E_INPUT);
	assert_int_equal(cdr_hex_read("009aff0", back, 3), CDR_E_INPUT);
	assert_int_equal(cdr_hex_read("009ag0", back, 3), CDR_E_INPUT);
}

/* Every length has one form; confusable letters are read as the digit that was meant. */
static void
base32_goes_there_and_back(void **state)
{
	(void)state;
	uint8_t data[20], back[20];
	char text[64];

	for (size_t len = 0; len <= sizeof(data); len++) {
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(i * 37 + len);
		assert_int_equal(cdr_base32_write(data, len, 5, text, sizeof(text)), CDR_OK);
		assert_int_equal(cdr_base32_read(text, back, len), CDR_OK);
		assert_memory_equal(back, data, len);
	}
	assert_int_equal(cdr_base32_read("o1", back, 1), CDR_E_INPUT); /* filling bits not zero */
	assert_int_equal(cdr_base32_read("oL", back, 1), CDR_E_INPUT);
	assert_int_equal(cdr_base32_read("0-4", back, 1), CDR_OK);
	assert_int_equal(back[0], 1);
	assert_int_equal(cdr_base32_read("U0", back, 1), CDR_E_INPUT);
	assert_int_equal(cdr_base32_read("000", back, 1), CDR_E_INPUT);
	assert_int_equal(cdr_base32_write(data, 5, 0, text, 8), CDR_E_RANGE);
	assert_int_equal(cdr_base32_write(data, 5, 0, text, 9), CDR_OK);
}

static void
identifiers_are_groups_of_five(void **state)
{
	(void)state;
	uint8_t id[CDR_ID_LEN], back[CDR_ID_LEN];
	char text[CDR_ID_TEXT_LEN];

	memset(id, 0xa5, sizeof(id));
	cdr_id_write(id, text);
	assert_int_equal(strlen(text), CDR_ID_TEXT_LEN - 1);
	assert_int_equal(text[5], '-');
	assert_int_equal(cdr_id_read(text, back), CDR_OK);
	assert_memory_equal(back, id, CDR_ID_LEN);
	text[30] = '\0';
	assert_int_equal(cdr_id_read(text, back), CDR_E_INPUT);
}

static void
errors_have_names_and_text(void **state)
{
	(void)state;
	struct cdr_fault fault;

	for (int err = 0; err < CDR_E_COUNT; err++)
		assert_non_null(cdr_err_name((cdr_err)err));
	assert_string_equal(cdr_err_name(CDR_E_COUNT), "unknown");
	assert_int_equal(cdr_fault_set(&fault, CDR_E_INPUT, "line %d", 7), CDR_E_INPUT);
	assert_string_equal(fault.text, "line 7");
	assert_int_equal(cdr_fault_set(NULL, CDR_E_IO, "x"), CDR_E_IO);
}

static void
test_numbers(void **state)
{
	static const uint8_t bytes[8] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	uint8_t written[9];

	(void)state;
	for (size_t len = 1; len <= 8; len++) {
		uint64_t number = UINT64_C(0x0123456789abcdef) >> (64 - 8 * len);
		assert_int_equal(cdr_number_read(bytes, len), number);
		memset(written, 0x55, sizeof(written));
		cdr_number_write(number, written, len);
		assert_memory_equal(written, bytes, len);
		assert_int_equal(written[len], 0x55);
	}
	cdr_number_write(UINT32_MAX, written, 4);
	assert_int_equal(cdr_number_read(written, 4), UINT32_MAX);
	cdr_number_write(UINT64_MAX, written, 8);
	assert_int_equal(cdr_number_read(written, 8), UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(hex_goes_there_and_back),
		cmocka_unit_test(base32_goes_there_and_back),
		cmocka_unit_test(identifiers_are_groups_of_five),
		cmocka_unit_test(errors_have_names_and_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
