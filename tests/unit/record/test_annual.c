#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/annual.h"

/* The annual return: what follows, what cannot be, what is odd. */

/* A year in which things went well. */
static void
good(struct cdr_annual *a)
{
	*a = (struct cdr_annual){ .year = 2025 };
	a->value[CDR_ANNUAL_RECRUITMENTS] = 12;
	a->value[CDR_ANNUAL_HIRED] = 8;
	a->value[CDR_ANNUAL_REJECTED_NEGATIVE] = 1;
	a->value[CDR_ANNUAL_REJECTED_ABSENT] = 2;
	a->value[CDR_ANNUAL_REQUESTS_MEMBERS] = 7;
	a->value[CDR_ANNUAL_REQUESTS_OTHERS] = 3;
	a->value[CDR_ANNUAL_RESPONSES_MEMBERS] = 6;
	a->value[CDR_ANNUAL_RESPONSES_OTHERS] = 1;
	a->value[CDR_ANNUAL_RESPONSES_LATE] = 1;
	a->value[CDR_ANNUAL_RECEIVED_NO_RECORD] = 7;
	a->value[CDR_ANNUAL_OUTSTANDING] = 3;
	a->days[0] = 3;
	a->days[2] = 1;
	a->days[5] = 2;
	a->days[CDR_ANNUAL_DAYS - 1] = 1;
	cdr_annual_complete(a);
}

static void
test_complete(void **state)
{
	struct cdr_annual a, sector = { 0 };
	char notes[CDR_ANNUAL_NOTE_MAX][CDR_ANNUAL_NOTE_LEN];

	(void)state;
	good(&a);
	assert_int_equal(a.value[CDR_ANNUAL_REQUESTS_MADE], 10);
	assert_int_equal(a.value[CDR_ANNUAL_RESPONSES_RECEIVED], 7);
	assert_int_equal(a.value[CDR_ANNUAL_DAYS_MEDIAN], 2);
	assert_int_equal(a.value[CDR_ANNUAL_DAYS_P90], 91);
	assert_int_equal(cdr_annual_check(&a, NULL), CDR_OK);
	assert_int_equal(cdr_annual_notes(&a, notes), 0);
	cdr_annual_add(&sector, &a);
	cdr_annual_add(&sector, &a);
	assert_int_equal(sector.value[CDR_ANNUAL_REQUESTS_MADE], 20);
	assert_int_equal(sector.value[CDR_ANNUAL_DAYS_MEDIAN], 2); /* not the sum of two medians */
	assert_int_equal(cdr_annual_check(&sector, NULL), CDR_OK);
	a = (struct cdr_annual){ .year = 2025 };
	cdr_annual_complete(&a);
	assert_int_equal(a.value[CDR_ANNUAL_DAYS_MEDIAN], 0);
	assert_int_equal(cdr_annual_check(&a, NULL), CDR_OK);
	assert_int_equal(cdr_annual_notes(&a, notes), 1);
}

static void
test_checks(void **state)
{
	static const struct {
		enum cdr_annual_field field;
		uint64_t value;
		cdr_err err;
		const char *word;
	} cases[] = {
		{ CDR_ANNUAL_REQUESTS_MADE, 11, CDR_E_INPUT, "requests_made" },
		{ CDR_ANNUAL_RESPONSES_RECEIVED, 8, CDR_E_INPUT, "responses_received" },
		{ CDR_ANNUAL_DAYS_MEDIAN, 3, CDR_E_INPUT, "days_median" },
		{ CDR_ANNUAL_DAYS_P90, 90, CDR_E_INPUT, "days_p90" },
		{ CDR_ANNUAL_REJECTED_NEGATIVE, 3, CDR_E_INPUT, "recruitments" },
		{ CDR_ANNUAL_RECRUITMENTS_UNCHECKED, 2, CDR_E_INPUT, "recruitments" },
		{ CDR_ANNUAL_RESPONSES_LATE, 8, CDR_E_INPUT, "responses_late" },
		{ CDR_ANNUAL_RECEIVED_DISCLOSURE, 1, CDR_E_INPUT, "by result" },
		{ CDR_ANNUAL_PROVIDED_DISCLOSURE, 1, CDR_E_INPUT, "responses_provided" },
		{ CDR_ANNUAL_OUTSTANDING, 11, CDR_E_INPUT, "outstanding" },
		{ CDR_ANNUAL_LAWSUITS, CDR_ANNUAL_VALUE_MAX + 1ULL, CDR_E_RANGE, "lawsuits" },
	};
	struct cdr_annual a;
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		good(&a);
		a.value[cases[i].field] = cases[i].value;
		fault = (struct cdr_fault){ 0 };
		assert_int_equal(cdr_annual_check(&a, &fault), cases[i].err);
		if (strstr(fault.text, cases[i].word) == NULL)
			fail_msg("case %zu: %s", i, fault.text);
	}
	/* More answers than requests only where some were outstanding when the year began. */
	good(&a);
	a.value[CDR_ANNUAL_REQUESTS_MEMBERS] = 0;
	cdr_annual_complete(&a);
	assert_int_equal(cdr_annual_check(&a, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "only 3 requests"));
	a.value[CDR_ANNUAL_OUTSTANDING_BEFORE] = 4;
	assert_int_equal(cdr_annual_check(&a, &fault), CDR_OK);
	good(&a);
	a.days[3] = 1;
	assert_int_equal(cdr_annual_check(&a, &fault), CDR_E_INPUT);
	good(&a);
	a.year = 1999;
	assert_int_equal(cdr_annual_check(&a, &fault), CDR_E_RANGE);
	good(&a);
	a.days[0] = UINT64_MAX;
	assert_int_equal(cdr_annual_check(&a, &fault), CDR_E_RANGE);
}

static void
test_names(void **state)
{
	struct cdr_codebook *codebook;
	char label[CDR_ANNUAL_LABEL_LEN], english[CDR_ANNUAL_LABEL_LEN];
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	(void)state;
	assert_int_equal(cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, NULL), CDR_OK);
	for (unsigned i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++) {
		const char *name = cdr_annual_name((enum cdr_annual_field)i);
		assert_true(strlen(name) > 3);
		assert_int_equal(cdr_annual_of(name), i);
		assert_in_range(cdr_annual_item((enum cdr_annual_field)i), 0, 6);
		cdr_annual_label((enum cdr_annual_field)i, codebook, "en", english);
		for (size_t l = 0; l < 4; l++) {
			cdr_annual_label((enum cdr_annual_field)i, codebook, languages[l], label);
			assert_true(label[0] != '\0' && label[strlen(label) - 2] != ':');
			if (l > 0)
				assert_string_not_equal(label, english);
		}
	}
	assert_int_equal(cdr_annual_of("no such figure"), CDR_ANNUAL_FIELD_COUNT);
	assert_string_equal(cdr_annual_name(CDR_ANNUAL_FIELD_COUNT), "");
	cdr_annual_label(CDR_ANNUAL_PROVIDED_NO_RECORD, codebook, "en", label);
	assert_string_equal(label, "Answers provided: no record held");
	cdr_annual_label(CDR_ANNUAL_FIELD_COUNT, codebook, "en", label);
	assert_string_equal(label, "");
	cdr_codebook_free(codebook);
	assert_int_equal(cdr_annual_share(1, 8), 125);
	assert_int_equal(cdr_annual_share(2, 3), 667);
	assert_int_equal(cdr_annual_share(0, 3), 0);
	assert_int_equal(cdr_annual_share(0, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_complete), cmocka_unit_test(test_checks), cmocka_unit_test(test_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
