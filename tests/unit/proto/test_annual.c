#include "tests/unit/unit.h"

#include <string.h>

#include "core/crypto/sign.h"
#include "proto/annual.h"

/* The annual return on the wire: what goes out comes in, what was changed is found. */

static void
make(struct cdr_annual_signed *a)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->member, "blue-harbour", 12);
	memcpy(a->signed_by, "Jo Doe", 6);
	a->revision = 1;
	a->signed_at = 1769000000;
	a->figures.year = 2025;
	a->figures.value[CDR_ANNUAL_REQUESTS_MEMBERS] = 5;
	a->figures.value[CDR_ANNUAL_RESPONSES_MEMBERS] = 4;
	a->figures.value[CDR_ANNUAL_LAWSUITS] = 1;
	a->figures.value[CDR_ANNUAL_OUTSTANDING] = 1;
	a->figures.days[3] = 4;
	cdr_annual_complete(&a->figures);
}

static void
test_round(void **state)
{
	struct cdr_annual_signed a, b;
	struct cdr_buffer bytes;
	struct cdr_fault fault;

	(void)state;
	make(&a);
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_OK);
	assert_true(bytes.len < CDR_ANNUAL_LEN_MAX);
	assert_int_equal(cdr_annual_decode(cdr_buffer_bytes(&bytes), &b, &fault), CDR_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 0x10;
		cdr_err err = cdr_annual_decode(cdr_buffer_bytes(&bytes), &b, &fault);
		assert_true(err == CDR_OK || fault.code == err);
		bytes.data[i] ^= 0x10;
	}
	assert_int_equal(cdr_annual_decode((struct cdr_bytes){ bytes.data, bytes.len - 1 }, &b, &fault), CDR_E_INPUT);
	cdr_buffer_free(&bytes);
	a.revision = 0;
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_E_RANGE);
	make(&a);
	a.signed_by[0] = '\0';
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_E_RANGE);
	/* Figures that cannot be go out, but do not come in. */
	make(&a);
	a.figures.value[CDR_ANNUAL_REQUESTS_MADE] = 99;
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_OK);
	assert_int_equal(cdr_annual_decode(cdr_buffer_bytes(&bytes), &b, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "requests_made"));
	cdr_buffer_free(&bytes);
}

static void
test_bad(void **state)
{
	char name[] = "requests_made_members", unknown[] = "clear", member[] = "blue-harbour", who[] = "Jo", line[] = "Jo\nDoe";
	Cdr__Wire__AnnualFigure one = CDR__WIRE__ANNUAL_FIGURE__INIT, two = CDR__WIRE__ANNUAL_FIGURE__INIT, *list[] = { &one, &two };
	Cdr__Wire__Annual m = CDR__WIRE__ANNUAL__INIT;
	struct cdr_annual_signed a;
	struct cdr_buffer bytes;
	uint64_t days[CDR_ANNUAL_DAYS + 1] = { 0 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		m.member = member;
		m.year = 2025;
		m.revision = 1;
		m.signed_by = i == 0 ? line : who;
		m.n_figure = i == 1 ? 2 : i <= 3 ? 1 : 0;
		m.figure = list;
		one.name = two.name = i == 2 ? unknown : name;
		one.value = two.value = i == 3 ? 0 : 1;
		m.days = days;
		m.n_days = i == 4 ? CDR_ANNUAL_DAYS + 1 : i == 5 ? 1 : 0; /* too many; a trailing zero */
		assert_int_equal(cdr_message_encode(&m.base, &bytes), CDR_OK);
		assert_int_equal(cdr_annual_decode(cdr_buffer_bytes(&bytes), &a, NULL), CDR_E_INPUT);
		cdr_buffer_free(&bytes);
	}
}

static void
test_signature(void **state)
{
	static const uint8_t seed[CDR_SIGN_SEED_LEN] = { 1 }, genesis[CDR_GENESIS_HASH_LEN] = { 2 }, other[CDR_GENESIS_HASH_LEN] = { 3 };
	uint8_t key[CDR_SIGN_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_annual_signed a;
	struct cdr_buffer bytes;

	(void)state;
	make(&a);
	assert_int_equal(cdr_sign_public(seed, key), CDR_OK);
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_OK);
	assert_int_equal(cdr_annual_sign(cdr_buffer_bytes(&bytes), seed, genesis, signature), CDR_OK);
	struct cdr_bytes good = { signature, sizeof(signature) };
	assert_int_equal(cdr_annual_verify(cdr_buffer_bytes(&bytes), good, key, genesis), CDR_OK);
	assert_int_equal(cdr_annual_verify(cdr_buffer_bytes(&bytes), good, key, other), CDR_E_SIGNATURE);
	assert_int_equal(cdr_annual_verify(cdr_buffer_bytes(&bytes), (struct cdr_bytes){ signature, 63 }, key, genesis), CDR_E_SIGNATURE);
	bytes.data[3] ^= 1;
	assert_int_equal(cdr_annual_verify(cdr_buffer_bytes(&bytes), good, key, genesis), CDR_E_SIGNATURE);
	cdr_buffer_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round), cmocka_unit_test(test_bad), cmocka_unit_test(test_signature) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
