/* The machine-readable zone: the specimens of ICAO Doc 9303, and lines that are damaged. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/identity/mrz.h"
#include "core/identity/name.h"

#define THIS_YEAR 2026

/* 9303-4 appendix B, 9303-5 appendix B, 9303-6 appendix B, 9303-7 appendices. */
#define TD3 "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n"
#define TD1 "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<\n"
#define TD2 "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6\n"
#define MRV_A "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<\n"
#define MRV_B "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<\n"
#define TD1_LONG "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<\n"

static struct cdr_mrz mrz;
static uint32_t wrong;
static struct cdr_fault fault;

static cdr_err
read_mrz(const char *text)
{
	return cdr_mrz_read(text, THIS_YEAR, &mrz, &wrong, &fault);
}

static void
assert_day(const struct cdr_date *date, int year, int month, int day)
{
	assert_int_equal(date->precision, CDR_PRECISION_DAY);
	assert_int_equal(date->year, year);
	assert_int_equal(date->month, month);
	assert_int_equal(date->day, day);
}

static void
specimens_are_read(void **state)
{
	static const struct {
		const char *text, *code, *nationality, *number, *optional;
		int birth_year, expiry_year;
	} cases[] = {
		{ TD3, "P", "UTO", "L898902C3", "ZE184226B", 1974, 2012 },
		{ TD1, "I", "UTO", "D23145890", "", 1974, 2012 },
		{ TD2, "I", "UTO", "D23145890", "", 1974, 2012 },
		{ MRV_A, "V", "XXX", "L8988901C", "6ZE184226B", 1940, 1996 },
		{ MRV_B, "V", "XXX", "L8988901C", "", 1940, 1996 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (read_mrz(cases[i].text) != CDR_OK)
			fail_msg("%s: %s", cases[i].text, fault.text);
		assert_int_equal(wrong, 0);
		assert_string_equal(mrz.document_code, cases[i].code);
		assert_string_equal(mrz.issuer, "UTO");
		assert_string_equal(mrz.nationality, cases[i].nationality);
		assert_string_equal(mrz.name, "ERIKSSON<<ANNA<MARIA");
		assert_false(mrz.name_cut);
		assert_string_equal(mrz.number, cases[i].number);
		assert_string_equal(mrz.optional, cases[i].optional);
		assert_int_equal(mrz.birth.year, cases[i].birth_year);
		assert_int_equal(mrz.expiry.year, cases[i].expiry_year);
		assert_int_equal(mrz.sex, 'F');
	}
	assert_day(&mrz.birth, 1940, 9, 7);
}

static void
a_long_number_goes_on_in_the_optional_field(void **state)
{
	(void)state;
	assert_int_equal(read_mrz(TD1_LONG), CDR_OK);
	assert_int_equal(wrong, 0);
	assert_string_equal(mrz.number, "D23145890734");
	assert_string_equal(mrz.optional, "");
	assert_int_equal(mrz.sex, 'M');
}

static void
check_digits_are_as_in_the_standard(void **state)
{
	(void)state;
	assert_int_equal(cdr_mrz_check_digit("520727", 6), '3');
	assert_int_equal(cdr_mrz_check_digit("AB2134<<<", 9), '5');
	assert_int_equal(cdr_mrz_check_digit("", 0), '0');
	assert_int_equal(cdr_mrz_check_digit("a", 1), 0);
}

/* Change one character of the passport, and see which checks notice. */
static void
assert_wrong(size_t at, char c, uint32_t expected)
{
	char text[] = TD3;

	text[at] = c;
	if (read_mrz(text) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(wrong, expected);
}

static void
each_damage_is_named(void **state)
{
	const size_t line = 45;

	(void)state;
	assert_wrong(line + 0, 'M', CDR_MRZ_NUMBER_WRONG | CDR_MRZ_COMPOSITE_WRONG);
	assert_wrong(line + 9, '7', CDR_MRZ_NUMBER_WRONG | CDR_MRZ_COMPOSITE_WRONG);
	assert_wrong(line + 14, '5', CDR_MRZ_BIRTH_WRONG | CDR_MRZ_COMPOSITE_WRONG);
	assert_wrong(line + 15, '9', CDR_MRZ_BIRTH_WRONG | CDR_MRZ_COMPOSITE_WRONG); /* month 98 too */
	assert_int_equal(mrz.birth.precision, CDR_PRECISION_UNKNOWN);
	assert_wrong(line + 22, '3', CDR_MRZ_EXPIRY_WRONG | CDR_MRZ_COMPOSITE_WRONG);
	assert_wrong(line + 28, 'Y', CDR_MRZ_OPTIONAL_WRONG | CDR_MRZ_COMPOSITE_WRONG);
	assert_wrong(line + 43, '1', CDR_MRZ_COMPOSITE_WRONG);
}

static void
what_looks_alike_is_mended(void **state)
{
	(void)state;
	/* 0 in a name, S and I in a date, lower case, spaces, carriage returns. */
	assert_int_equal(read_mrz("p<ut0er1ks50n<<anna<mar1a<<<<<<<<<<<<<<<<<<<\r\n"
				  "L898902C36 UT0 74O8l22 F I2O4IS9 ZE184226B<<<<<IO\r\n"),
	    CDR_OK);                                  /* a small L is no 1 */
	assert_int_equal(wrong, CDR_MRZ_BIRTH_WRONG); /* L is 21, so the check digits hold */
	assert_int_equal(read_mrz("p<ut0er1ks50n<<anna<mar1a<<<<<<<<<<<<<<<<<<<\r\n"
				  "L898902C36 UT0 74O8I22 F I2O4IS9 ZE184226B<<<<<IO\r\n"),
	    CDR_OK);
	assert_int_equal(wrong, 0);
	assert_string_equal(mrz.name, "ERIKSSON<<ANNA<MARIA");
	assert_day(&mrz.birth, 1974, 8, 12);
}

static void
unknown_days_have_less_precision(void **state)
{
	char text[] = TD2;

	(void)state;
	memcpy(text + 37 + 13, "7408<<6", 7);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_int_equal(mrz.birth.precision, CDR_PRECISION_MONTH);
	assert_int_equal(
	    wrong & CDR_MRZ_BIRTH_WRONG, cdr_mrz_check_digit("7408<<", 6) == '6' ? 0 : CDR_MRZ_BIRTH_WRONG);
	memcpy(text + 37 + 13, "74<<<<", 6);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_int_equal(mrz.birth.precision, CDR_PRECISION_YEAR);
	memcpy(text + 37 + 13, "<<<<<<0", 7);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_int_equal(mrz.birth.precision, CDR_PRECISION_UNKNOWN);
	assert_int_equal(wrong & CDR_MRZ_BIRTH_WRONG, 0);
}

static void
the_century_follows_the_year(void **state)
{
	char text[] = TD2;

	(void)state;
	memcpy(text + 37 + 13, "260101", 6);
	memcpy(text + 37 + 21, "750101", 6);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_int_equal(mrz.birth.year, 2026);
	assert_int_equal(mrz.expiry.year, 2075);
	memcpy(text + 37 + 13, "270101", 6);
	memcpy(text + 37 + 21, "760101", 6);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_int_equal(mrz.birth.year, 1927);
	assert_int_equal(mrz.expiry.year, 1976);
}

static void
a_name_that_fills_its_field_is_cut(void **state)
{
	char text[] = TD3;

	(void)state;
	memset(text + 5, 'A', 39);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_true(mrz.name_cut);
	assert_int_equal(strlen(mrz.name), 39);
}

static void
countries_are_checked(void **state)
{
	char text[] = TD3;

	(void)state;
	memcpy(text + 2, "D<<", 3);
	assert_int_equal(read_mrz(text), CDR_OK);
	assert_string_equal(mrz.issuer, "DEU");
	memcpy(text + 2, "KEN", 3);
	assert_int_equal(read_mrz(text), CDR_OK);
	memcpy(text + 2, "QQQ", 3);
	assert_int_equal(read_mrz(text), CDR_E_INPUT);
	memcpy(text + 2, "KE<", 3);
	assert_int_equal(read_mrz(text), CDR_E_INPUT);
	memcpy(text + 2, "K<N", 3);
	assert_int_equal(read_mrz(text), CDR_E_INPUT);
}

static void
what_is_no_zone_is_refused(void **state)
{
	static const char *const bad[] = { "", "P<UTO", TD3 "<", "X" TD3, TD1 TD2, "\xc2\xab", "P<UTO-" };
	char text[] = TD3, *longer;
	char long_text[CDR_MRZ_TEXT_LEN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memset(&fault, 0, sizeof fault);
		assert_int_equal(read_mrz(bad[i]), CDR_E_INPUT);
		assert_true(fault.text[0] != '\0');
		assert_int_equal(mrz.number[0] | mrz.name[0], 0);
	}
	text[0] = 'X';
	assert_int_equal(read_mrz(text), CDR_E_INPUT);
	text[0] = 'P';
	longer = memset(text + 5, '<', 39);
	assert_int_equal(read_mrz(text), CDR_E_INPUT); /* no name */
	assert_ptr_equal(longer, text + 5);
	memset(long_text, ' ', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	assert_int_equal(read_mrz(long_text), CDR_E_RANGE);
}

static void
a_person_gains_what_the_zone_says(void **state)
{
	struct cdr_person person = { 0 };
	struct cdr_name_forms forms;

	(void)state;
	assert_int_equal(
	    read_mrz("P<KENSAMPLE<DE<EXAMPLE<<AMINA<ROSE<<<<<<<<<<\nA12345678<KEN8405129F3001012<<<<<<<<<<<<<<00\n"),
	    CDR_OK);
	assert_int_equal(cdr_mrz_apply(&mrz, &person, &fault), CDR_OK);
	assert_string_equal(person.family_names, "SAMPLE DE EXAMPLE");
	assert_string_equal(person.given_names, "AMINA ROSE");
	assert_string_equal(person.other_names, "SAMPLE<DE<EXAMPLE<<AMINA<ROSE");
	assert_string_equal(person.document[0].type, "passport");
	assert_string_equal(person.document[0].country, "KEN");
	assert_string_equal(person.document[0].number, "A12345678");
	assert_string_equal(person.nationality[0], "KEN");
	assert_string_equal(person.gender, "female");
	assert_day(&person.birth, 1984, 5, 12);
	assert_int_equal(person.document_count, 1);
	/* Once more changes nothing; and the forms of the name fall into one. */
	assert_int_equal(cdr_mrz_apply(&mrz, &person, &fault), CDR_OK);
	assert_int_equal(person.document_count, 1);
	assert_string_equal(person.other_names, "SAMPLE<DE<EXAMPLE<<AMINA<ROSE");
	assert_int_equal(cdr_name_forms(&person, &forms, NULL), CDR_OK);
	assert_int_equal(forms.form_count, 1);
	assert_int_equal(forms.form[0].part_count, 4);
}

static void
what_is_known_is_kept(void **state)
{
	struct cdr_person person = { .given_names = "Amina",
		.birth = { 1985, 1, 1, CDR_PRECISION_YEAR },
		.gender = "other",
		.nationality = { "UGA" },
		.other_names = "Muster" };

	(void)state;
	assert_int_equal(read_mrz(TD1), CDR_OK);
	assert_int_equal(cdr_mrz_apply(&mrz, &person, &fault), CDR_OK);
	assert_string_equal(person.given_names, "Amina");
	assert_string_equal(person.family_names, "");
	assert_int_equal(person.birth.year, 1985);
	assert_string_equal(person.gender, "other");
	assert_string_equal(person.nationality[0], "UGA");
	assert_string_equal(person.other_names, "Muster;ERIKSSON<<ANNA<MARIA");
	assert_string_equal(person.document[0].type, "national_id");
	assert_string_equal(person.document[0].country, ""); /* Utopia is none */
}

static void
a_full_person_is_left_alone(void **state)
{
	struct cdr_person person = { 0 }, before;

	(void)state;
	assert_int_equal(read_mrz(TD1), CDR_OK);
	person.document_count = CDR_DOCUMENT_COUNT_MAX;
	before = person;
	assert_int_equal(cdr_mrz_apply(&mrz, &person, &fault), CDR_E_RANGE);
	assert_memory_equal(&person, &before, sizeof person);
	person.document_count = 0;
	memset(person.other_names, 'a', sizeof person.other_names - 1);
	before = person;
	assert_int_equal(cdr_mrz_apply(&mrz, &person, &fault), CDR_E_RANGE);
	assert_memory_equal(&person, &before, sizeof person);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specimens_are_read),
		cmocka_unit_test(a_long_number_goes_on_in_the_optional_field),
		cmocka_unit_test(check_digits_are_as_in_the_standard),
		cmocka_unit_test(each_damage_is_named),
		cmocka_unit_test(what_looks_alike_is_mended),
		cmocka_unit_test(unknown_days_have_less_precision),
		cmocka_unit_test(the_century_follows_the_year),
		cmocka_unit_test(a_name_that_fills_its_field_is_cut),
		cmocka_unit_test(countries_are_checked),
		cmocka_unit_test(what_is_no_zone_is_refused),
		cmocka_unit_test(a_person_gains_what_the_zone_says),
		cmocka_unit_test(what_is_known_is_kept),
		cmocka_unit_test(a_full_person_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
