/* Dates with a precision, their text, and four more calendars against ICU's. */
#include "tests/unit/identity/vectors.h"

#include "core/identity/date.h"

static void
assert_date(const struct cdr_date *date, int year, unsigned month, unsigned day, enum cdr_precision precision)
{
	assert_int_equal(date->year, year);
	assert_int_equal(date->month, month);
	assert_int_equal(date->day, day);
	assert_int_equal(date->precision, precision);
}

static void
dates_go_there_and_back(void **state)
{
	static const struct {
		const char *text;
		int year;
		unsigned month, day;
		enum cdr_precision precision;
	} cases[] = {
		{ "", 0, 0, 0, CDR_PRECISION_UNKNOWN },
		{ "1984", 1984, 1, 1, CDR_PRECISION_YEAR },
		{ "1984-H1", 1984, 1, 1, CDR_PRECISION_HALF },
		{ "1984-H2", 1984, 7, 1, CDR_PRECISION_HALF },
		{ "1984-Q1", 1984, 1, 1, CDR_PRECISION_QUARTER },
		{ "1984-Q4", 1984, 10, 1, CDR_PRECISION_QUARTER },
		{ "1984-05", 1984, 5, 1, CDR_PRECISION_MONTH },
		{ "1984-02-29", 1984, 2, 29, CDR_PRECISION_DAY },
		{ "2000-02-29", 2000, 2, 29, CDR_PRECISION_DAY },
		{ "1850-01-01", 1850, 1, 1, CDR_PRECISION_DAY },
		{ "2150-12-31", 2150, 12, 31, CDR_PRECISION_DAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_date date;
		char text[CDR_DATE_TEXT_LEN];

		assert_int_equal(cdr_date_read(cases[i].text, &date, NULL), CDR_OK);
		assert_date(&date, cases[i].year, cases[i].month, cases[i].day, cases[i].precision);
		assert_true(cdr_date_valid(&date));
		assert_int_equal(cdr_date_write(&date, text), CDR_OK);
		assert_string_equal(text, cases[i].text);
	}
}

static void
other_digits_and_dashes_are_read(void **state)
{
	struct cdr_date date;

	(void)state;
	assert_int_equal(cdr_date_read("١٩٨٤-٠٥-١٢", &date, NULL), CDR_OK);
	assert_date(&date, 1984, 5, 12, CDR_PRECISION_DAY);
	assert_int_equal(cdr_date_read("१९८४‑०५‑१२", &date, NULL), CDR_OK);
	assert_date(&date, 1984, 5, 12, CDR_PRECISION_DAY);
	assert_int_equal(cdr_date_read("1984-q2", &date, NULL), CDR_OK);
	assert_date(&date, 1984, 4, 1, CDR_PRECISION_QUARTER);
	assert_int_equal(cdr_date_read_in(CDR_CALENDAR_SOLAR_HIJRI, "۱۳۶۲-۰۲-۲۲", &date, NULL), CDR_OK);
	assert_date(&date, 1983, 5, 12, CDR_PRECISION_DAY);
}

static void
what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = { "1984-13", "1984-00", "1984-02-30", "1983-02-29", "1900-02-29", "1984-05-00",
		"1984-5-12", "12-05-1984", "1984/05/12", "84-05-12", "1984-05-12T", "1984-Q5", "1984-Q0", "1984-H3",
		"1984-", "1984-05-", "x", "-984", "1984 05 12", "19840512", "\xff",
		"1984-05-12-05-12-05-12-05-12-05-12-05-12-05-12-05-12-05-12-05-12" };
	struct cdr_date date;
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (cdr_date_read(bad[i], &date, &fault) != CDR_E_INPUT)
			fail_msg("%s", bad[i]);
		assert_date(&date, 0, 0, 0, CDR_PRECISION_UNKNOWN);
		assert_true(fault.text[0] != '\0');
	}
	assert_int_equal(cdr_date_read("1849-12-31", &date, NULL), CDR_E_RANGE);
	assert_int_equal(
	    cdr_date_read("2527-05-12", &date, &fault), CDR_E_RANGE); /* a Buddhist year, typed as it stands */
	assert_date(&date, 0, 0, 0, CDR_PRECISION_UNKNOWN);
}

static void
what_does_not_hold_its_promise_is_invalid(void **state)
{
	const struct cdr_date bad[] = {
		{ 1984, 2, 1, CDR_PRECISION_YEAR },
		{ 1984, 2, 1, CDR_PRECISION_HALF },
		{ 1984, 5, 1, CDR_PRECISION_QUARTER },
		{ 1984, 5, 2, CDR_PRECISION_MONTH },
		{ 1984, 1, 2, CDR_PRECISION_DECLARED_1_JANUARY },
		{ 1984, 0, 1, CDR_PRECISION_DAY },
		{ 1984, 1, 0, CDR_PRECISION_DAY },
		{ 1984, 1, 1, 77 },
		{ 1984, 1, 1, CDR_PRECISION_UNKNOWN },
		{ 0, 1, 1, CDR_PRECISION_DAY },
		{ 1984, 255, 255, CDR_PRECISION_DAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[CDR_DATE_TEXT_LEN] = "x";

		assert_false(cdr_date_valid(&bad[i]));
		assert_int_equal(cdr_date_write(&bad[i], text), CDR_E_RANGE);
		assert_string_equal(text, "");
	}
}

static void
dates_are_reduced(void **state)
{
	struct cdr_date date = { 1984, 8, 12, CDR_PRECISION_DAY };

	(void)state;
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_DECLARED_1_JANUARY), CDR_E_RANGE);
	assert_int_equal(cdr_date_reduce(&date, (enum cdr_precision)9), CDR_E_RANGE);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_MONTH), CDR_OK);
	assert_date(&date, 1984, 8, 1, CDR_PRECISION_MONTH);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_DAY), CDR_E_RANGE);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_QUARTER), CDR_OK);
	assert_date(&date, 1984, 7, 1, CDR_PRECISION_QUARTER);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_HALF), CDR_OK);
	assert_date(&date, 1984, 7, 1, CDR_PRECISION_HALF);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_YEAR), CDR_OK);
	assert_date(&date, 1984, 1, 1, CDR_PRECISION_YEAR);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_UNKNOWN), CDR_OK);
	assert_date(&date, 0, 0, 0, CDR_PRECISION_UNKNOWN);
	date = (struct cdr_date){ 1984, 1, 1, CDR_PRECISION_DAY };
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_DECLARED_1_JANUARY), CDR_OK);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_DAY), CDR_E_RANGE);
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_YEAR), CDR_OK);
	date.month = 13;
	assert_int_equal(cdr_date_reduce(&date, CDR_PRECISION_YEAR), CDR_E_RANGE);
}

static void
dates_are_ordered(void **state)
{
	const struct cdr_date a = { 1984, 5, 12, CDR_PRECISION_DAY }, b = { 1984, 6, 1, CDR_PRECISION_MONTH },
			      unknown = { 0 };

	(void)state;
	assert_true(cdr_date_compare(&a, &b) < 0);
	assert_true(cdr_date_compare(&b, &a) > 0);
	assert_int_equal(cdr_date_compare(&a, &a), 0);
	assert_true(cdr_date_compare(&unknown, &a) < 0);
}

static void
default_days_say_nothing(void **state)
{
	const struct cdr_date real = { 1984, 5, 12, CDR_PRECISION_DAY }, month = { 1984, 5, 1, CDR_PRECISION_MONTH };
	const struct cdr_date vague[] = { { 1984, 1, 1, CDR_PRECISION_DAY }, { 1984, 7, 1, CDR_PRECISION_DAY },
		{ 1984, 12, 31, CDR_PRECISION_DAY }, { 1984, 1, 1, CDR_PRECISION_DECLARED_1_JANUARY }, { 0 } };

	(void)state;
	assert_true(cdr_date_known_to_day(&real));
	assert_false(cdr_date_known_to_day(&month));
	for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
		assert_false(cdr_date_known_to_day(&vague[i]));
}

/* field: calendar, date, Gregorian date. */
static void
check_conversion(char *const field[VECTOR_FIELDS])
{
	enum cdr_calendar calendar;
	struct cdr_date date;
	char text[CDR_DATE_TEXT_LEN];

	assert_int_equal(cdr_calendar_read(field[0], &calendar), CDR_OK);
	assert_int_equal(cdr_date_read_in(calendar, field[1], &date, NULL), CDR_OK);
	assert_int_equal(cdr_date_write(&date, text), CDR_OK);
	if (strcmp(text, field[2]) != 0)
		fail_msg("%s %s is %s, not %s", field[0], field[1], text, field[2]);
}

static void
other_calendars_agree_with_icu(void **state)
{
	(void)state;
	assert_true(each_vector("dates.tsv", check_conversion) > 150);
}

static void
other_calendars_have_their_edges(void **state)
{
	static const struct {
		enum cdr_calendar calendar;
		int year;
		unsigned month, day;
		cdr_err err;
		const char *text;
	} cases[] = {
		{ CDR_CALENDAR_SOLAR_HIJRI, 1403, 12, 30, CDR_OK, "2025-03-20" },
		{ CDR_CALENDAR_SOLAR_HIJRI, 1402, 12, 30, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_SOLAR_HIJRI, 1403, 7, 31, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_ETHIOPIAN, 2015, 13, 6, CDR_OK, "2023-09-11" },
		{ CDR_CALENDAR_ETHIOPIAN, 2016, 13, 6, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_ETHIOPIAN, 2016, 14, 1, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_HIJRI, 1445, 13, 1, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_HIJRI, 1445, 1, 31, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_HIJRI, 1299, 1, 1, CDR_OK, "1881-11-23" },
		{ CDR_CALENDAR_HIJRI, 1700, 1, 1, CDR_E_RANGE, "" },
		{ CDR_CALENDAR_BUDDHIST, 2527, 5, 12, CDR_OK, "1984-05-12" },
		{ CDR_CALENDAR_BUDDHIST, 2483, 12, 31, CDR_OK, "1940-12-31" },
		{ CDR_CALENDAR_BUDDHIST, 2482, 3, 1, CDR_OK, "1940-03-01" }, /* the year still began in April */
		{ CDR_CALENDAR_BUDDHIST, 2484, 1, 1, CDR_OK, "1941-01-01" },
		{ CDR_CALENDAR_BUDDHIST, 2527, 2, 30, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_GREGORIAN, 1984, 5, 12, CDR_OK, "1984-05-12" },
		{ CDR_CALENDAR_GREGORIAN, 1984, 0, 12, CDR_E_INPUT, "" },
		{ CDR_CALENDAR_GREGORIAN, 0, 1, 1, CDR_E_RANGE, "" },
		{ CDR_CALENDAR_GREGORIAN, 100000, 1, 1, CDR_E_RANGE, "" },
		{ CDR_CALENDAR_COUNT, 1984, 1, 1, CDR_E_RANGE, "" },
		/* What is not known is the best of two guesses. */
		{ CDR_CALENDAR_SOLAR_HIJRI, 1362, 0, 0, CDR_OK, "1983" },
		{ CDR_CALENDAR_SOLAR_HIJRI, 1362, 2, 0, CDR_OK, "1983-05" },
		{ CDR_CALENDAR_ETHIOPIAN, 1976, 0, 0, CDR_OK, "1984" },
		{ CDR_CALENDAR_HIJRI, 1404, 0, 0, CDR_OK, "1984" },
		{ CDR_CALENDAR_BUDDHIST, 2527, 0, 0, CDR_OK, "1984" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_date date;
		struct cdr_fault fault = { 0 };
		char text[CDR_DATE_TEXT_LEN];
		cdr_err err =
		    cdr_date_convert(cases[i].calendar, cases[i].year, cases[i].month, cases[i].day, &date, &fault);

		assert_int_equal(cdr_date_write(&date, text), CDR_OK);
		if (err != cases[i].err || strcmp(text, cases[i].text) != 0)
			fail_msg("%s %d-%u-%u: %s, %s", cdr_calendar_name(cases[i].calendar), cases[i].year,
			    cases[i].month, cases[i].day, cdr_err_name(err), text);
		assert_true(err == CDR_OK || fault.text[0] != '\0');
	}
}

static void
text_in_other_calendars_is_checked(void **state)
{
	struct cdr_date date;

	(void)state;
	assert_int_equal(cdr_date_read_in(CDR_CALENDAR_HIJRI, "", &date, NULL), CDR_OK);
	assert_date(&date, 0, 0, 0, CDR_PRECISION_UNKNOWN);
	assert_int_equal(cdr_date_read_in(CDR_CALENDAR_HIJRI, "1404-Q1", &date, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_date_read_in(CDR_CALENDAR_HIJRI, "\xff", &date, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_date_read_in(CDR_CALENDAR_GREGORIAN, "1984-Q1", &date, NULL), CDR_OK);
}

static void
codes_have_names(void **state)
{
	enum cdr_calendar calendar;
	enum cdr_precision precision;

	(void)state;
	for (unsigned i = 0; i < CDR_CALENDAR_COUNT; i++) {
		assert_int_equal(cdr_calendar_read(cdr_calendar_name((enum cdr_calendar)i), &calendar), CDR_OK);
		assert_int_equal(calendar, i);
	}
	for (unsigned i = 0; i <= CDR_PRECISION_DECLARED_1_JANUARY; i++) {
		assert_int_equal(cdr_precision_read(cdr_precision_name((enum cdr_precision)i), &precision), CDR_OK);
		assert_int_equal(precision, i);
	}
	assert_int_equal(cdr_calendar_read("julian", &calendar), CDR_E_INPUT);
	assert_int_equal(cdr_precision_read("hour", &precision), CDR_E_INPUT);
	assert_string_equal(cdr_calendar_name(CDR_CALENDAR_COUNT), "unknown");
	assert_string_equal(cdr_precision_name((enum cdr_precision)7), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_go_there_and_back),
		cmocka_unit_test(other_digits_and_dashes_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(what_does_not_hold_its_promise_is_invalid),
		cmocka_unit_test(dates_are_reduced),
		cmocka_unit_test(dates_are_ordered),
		cmocka_unit_test(default_days_say_nothing),
		cmocka_unit_test(other_calendars_agree_with_icu),
		cmocka_unit_test(other_calendars_have_their_edges),
		cmocka_unit_test(text_in_other_calendars_is_checked),
		cmocka_unit_test(codes_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
