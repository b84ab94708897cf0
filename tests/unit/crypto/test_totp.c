#include "tests/unit/unit.h"

#include <string.h>

#include "core/crypto/totp.h"

static const uint8_t secret[CDR_TOTP_SECRET_LEN + 1] = "12345678901234567890";

/* RFC 6238, appendix B, the rows of SHA-1. */
static void
test_vectors(void **state)
{
	static const struct {
		uint64_t time;
		const char *code;
	} rows[] = {
		{ 59, "94287082" }, { 1111111109, "07081804" }, { 1111111111, "14050471" }, { 1234567890, "89005924" },
		{ 2000000000, "69279037" }, { 20000000000, "65353130" },
	};
	char code[9];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, rows[i].time / 30, 8, code), CDR_OK);
		assert_string_equal(code, rows[i].code);
		assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, rows[i].time / 30, 6, code), CDR_OK);
		assert_string_equal(code, rows[i].code + 2);
	}
}

/* RFC 4226, appendix D: the counter itself. */
static void
test_hotp(void **state)
{
	static const char *const codes[] = { "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489" };
	char code[9];

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, i, 6, code), CDR_OK);
		assert_string_equal(code, codes[i]);
	}
	assert_int_equal(cdr_totp(secret, 65, 0, 6, code), CDR_E_RANGE);
	assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, 0, 5, code), CDR_E_RANGE);
	assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, 0, 9, code), CDR_E_RANGE);
	assert_string_equal(code, "");
}

/* A step before and after; once; blanks. */
static void
test_accept(void **state)
{
	uint64_t step;

	(void)state;
	/* Steps 4, 5, 6 have 338314, 254676, 287922. */
	assert_int_equal(cdr_totp_accept(secret, 5 * 30 + 29, 0, "254676", &step), CDR_OK);
	assert_int_equal(step, 5);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 0, "338 314", &step), CDR_OK);
	assert_int_equal(step, 4);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 0, "287922", &step), CDR_OK);
	assert_int_equal(step, 6);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 5, "254676", &step), CDR_E_PASSPHRASE);
	assert_int_equal(step, 0);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 5, "287922", &step), CDR_OK);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 0, "969429", &step), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_totp_accept(secret, 5 * 30, 0, "162583", &step), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_totp_accept(secret, 0, 0, "287082", &step), CDR_OK);
	static const char *const none[] = { "", "25467", "2546761", "25467a", "-25467", "254676\n" };
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(cdr_totp_accept(secret, 5 * 30, 0, none[i], &step), CDR_E_INPUT);
}

static void
test_secret_text(void **state)
{
	char text[CDR_TOTP_SECRET_TEXT_LEN];

	(void)state;
	cdr_totp_secret_write(secret, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_hotp),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_secret_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
