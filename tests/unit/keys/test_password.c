#include "tests/unit/unit.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "keys/password.h"

static void
test_password(void **state)
{
	struct cdr_passphrase right = { .len = 20 }, wrong = { .len = 20 };
	uint8_t first[CDR_PASSWORD_RECORD_LEN], second[CDR_PASSWORD_RECORD_LEN], changed[CDR_PASSWORD_RECORD_LEN];

	(void)state;
	memcpy(right.bytes, "a password of one hr", 20);
	memcpy(wrong.bytes, "a password of one hR", 20);
	assert_int_equal(cdr_password_record(&right, first), CDR_OK);
	assert_int_equal(cdr_password_record(&right, second), CDR_OK);
	assert_memory_not_equal(first + 13, second + 13, 16);
	assert_memory_not_equal(first + 29, second + 29, 32);
	assert_int_equal(cdr_password_verify(&right, first), CDR_OK);
	assert_int_equal(cdr_password_verify(&wrong, first), CDR_E_PASSPHRASE);
	memcpy(changed, first, sizeof(changed));
	changed[60] ^= 1;
	assert_int_equal(cdr_password_verify(&right, changed), CDR_E_PASSPHRASE);
	/* What this program would not have written is not worked out: it might ask for all memory there is. */
	static const struct { size_t at; uint8_t byte; } odd[] = { { 0, 2 }, { 1, 0xff }, { 2, 0 }, { 5, 1 }, { 8, 0 }, { 9, 1 }, { 12, 0 } };
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		memcpy(changed, first, sizeof(changed));
		changed[odd[i].at] = odd[i].byte;
		assert_int_equal(cdr_password_verify(&right, changed), CDR_E_INPUT);
	}
}

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_password) };

	return cmocka_run_group_tests(tests, start, NULL);
}
