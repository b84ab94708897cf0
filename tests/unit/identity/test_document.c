/* Numbers of documents as they are compared, the check digits of national ones, and country codes. */
#include "tests/unit/unit.h"

#include "core/identity/country.h"
#include "core/identity/document.h"

static struct cdr_document
make(const char *type, const char *country, const char *number)
{
	struct cdr_document document = { 0 };

	memcpy(document.type, type, strlen(type));
	memcpy(document.country, country, strlen(country));
	memcpy(document.number, number, strlen(number));
	return document;
}

static void
numbers_are_folded(void **state)
{
	static const char *const cases[][2] = {
		{ "AB 123-456/7", "A81234567" },
		{ "ab1234567", "A81234567" },
		{ "OISBZ", "01582" },
		{ "0012", "0012" },
		{ "١٢٣٤٥", "12345" },
		{ "१२३", "123" },
		{ "ＡＢ１２", "A812" },
		{ "АВ 123456", "A8123456" } /* Cyrillic */,
		{ "ΑΒ 123456", "A8123456" } /* Greek */,
		{ "СН123", "CH123" },
		{ "ش123", "5H123" },
		{ "N° 12", "N12" },
		{ "--", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_document document = make("passport", "KEN", cases[i][0]);
		struct cdr_document_key key;

		assert_int_equal(cdr_document_normalise(&document, &key, NULL), CDR_OK);
		assert_string_equal(key.number, cases[i][1]);
		assert_int_equal(key.number_len, strlen(cases[i][1]));
		if (cases[i][0][0] != '\0') {
			assert_string_equal(key.type, "passport");
			assert_string_equal(key.country, "KEN");
		}
	}
}

static void
bad_documents_are_refused(void **state)
{
	struct cdr_document document = make("Passport", "KEN", "A1");
	struct cdr_document_key key;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	document = make("passport", "QQQ", "A1");
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	document = make("passport", "KEN", "A\xff");
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	assert_int_equal(key.type[0] | key.country[0] | key.number[0], 0);
	document = make("passport", "KEN", "\xee\x80\x80");
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	document = make("passport", "KEN", "ខ123");
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	document = make("passport", "KEN", "щщщщщщщщщщщщ"); /* becomes longer than its room */
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_INPUT);
	memset(document.number, '1', sizeof document.number);
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_E_RANGE);
	document = make("", "", "A1");
	assert_int_equal(cdr_document_normalise(&document, &key, &fault), CDR_OK);
	assert_string_equal(key.country, "");
}

/* Samples that the issuers or standards publish, or that python-stdnum calls valid; then the same with one digit
 * changed. */
static void
check_digits_hold(void **state)
{
	static const char *const cases[][2] = {
		{ "BEL", "85.07.30-033 28" },
		{ "BGR", "7523169263" },
		{ "BRA", "111.444.777-35" },
		{ "CHL", "12.531.909-2" },
		{ "CHL", "12.345.678-5" },
		{ "CHN", "11010519491231002X" },
		{ "CZE", "710319/2745" },
		{ "DOM", "22400022111" },
		{ "ECU", "171430710-3" },
		{ "ESP", "12345678Z" },
		{ "ESP", "X-1234567-L" },
		{ "EST", "37605030299" },
		{ "FIN", "131052-308T" },
		{ "FIN", "131052A308T" },
		{ "HKG", "G123456(A)" },
		{ "HRV", "33392005961" },
		{ "IND", "2341 2341 2346" },
		{ "IRN", "0499370899" },
		{ "ISR", "3933742-3" },
		{ "LTU", "33309240064" },
		{ "MEX", "BOXW310820HNERXN09" },
		{ "NLD", "111222333" },
		{ "POL", "44051401359" },
		{ "ROU", "1800101221144" },
		{ "SGP", "S1234567D" },
		{ "SRB", "0101006500006" },
		{ "SLV", "00016297-5" },
		{ "SWE", "640823-3234" },
		{ "SWE", "19640823-3234" },
		{ "TUR", "10000000146" },
		{ "TWN", "A123456789" },
		{ "URY", "1.234.567-2" },
		{ "ZAF", "8001015009087" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_document document = make("national_id", cases[i][0], cases[i][1]);
		char *digit = strpbrk(document.number + 3, "0123456789");

		if (cdr_document_check(&document) != CDR_DOCUMENT_CHECKED)
			fail_msg("%s %s", cases[i][0], cases[i][1]);
		*digit = *digit == '9' ? '0' : (char)(*digit + 1);
		if (cdr_document_check(&document) != CDR_DOCUMENT_WRONG)
			fail_msg("%s %s", cases[i][0], document.number);
	}
}

/* Rules for which no sample is published: of ten check digits (eleven values) at most one holds. */
static void
other_check_digits_are_unique(void **state)
{
	static const char *const cases[][2] = {
		{ "GTM", "1234567#90101" },
		{ "KAZ", "91010130001#" },
		{ "KWT", "28001010001#" },
		{ "SAU", "100000000#" },
		{ "THA", "110050000001#" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_document document = make("national_id", cases[i][0], cases[i][1]);
		char *digit = strchr(document.number, '#');
		unsigned held = 0;

		for (*digit = '0'; *digit <= '9'; ++*digit)
			held += cdr_document_check(&document) == CDR_DOCUMENT_CHECKED;
		assert_true(held <= 1);
	}
}

/* Letters that look like digits are read as such in a number of digits. */
static void
look_alikes_do_not_fail_a_check(void **state)
{
	struct cdr_document document = make("national_id", "TUR", "IOOOOOOOI46");

	(void)state;
	assert_int_equal(cdr_document_check(&document), CDR_DOCUMENT_CHECKED);
}

static void
what_has_no_rule_is_unchecked(void **state)
{
	static const char *const cases[][3] = { { "passport", "TUR", "10000000146" },
		{ "national_id", "KEN", "12345678" }, { "national_id", "", "10000000146" },
		{ "national_id", "TUR", "1000000014" }, { "national_id", "TUR", "A0000000146" },
		{ "national_id", "ESP", "ABC" }, { "national_id", "TUR", "" }, { "national_id", "QQQ", "1" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_document document = make(cases[i][0], cases[i][1], cases[i][2]);

		assert_int_equal(cdr_document_check(&document), CDR_DOCUMENT_UNCHECKED);
	}
}

static void
countries_are_known(void **state)
{
	static const char *const good[][2] = { { "KEN", "KEN" }, { "ken", "KEN" }, { "KE", "KEN" }, { "D", "DEU" },
		{ "d", "DEU" }, { "GBN", "GBR" }, { "RKS", "XKX" }, { "uk", "GBR" }, { "ZW", "ZWE" }, { "AF", "AFG" } };
	static const char *const bad[] = { "", "K", "QQ", "QQQ", "KENY", "K\tE", "12", "\xff" };
	char code[CDR_COUNTRY_LEN], before[CDR_COUNTRY_LEN] = "";
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(cdr_country_read(good[i][0], code), CDR_OK);
		assert_string_equal(code, good[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(cdr_country_read(bad[i], code), CDR_E_INPUT);
		assert_string_equal(code, "");
	}
	while (cdr_country_at(count, code)) {
		assert_true(strcmp(before, code) < 0);
		assert_true(cdr_country_known(code));
		memcpy(before, code, sizeof before);
		count++;
	}
	assert_int_equal(count, 250);
	assert_string_equal(code, "");
	assert_false(cdr_country_known("ken"));
	assert_false(cdr_country_known("KE"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_folded),
		cmocka_unit_test(bad_documents_are_refused),
		cmocka_unit_test(check_digits_hold),
		cmocka_unit_test(other_check_digits_are_unique),
		cmocka_unit_test(look_alikes_do_not_fail_a_check),
		cmocka_unit_test(what_has_no_rule_is_unchecked),
		cmocka_unit_test(countries_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
