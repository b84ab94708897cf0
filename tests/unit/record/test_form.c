/* Donors' forms: what is in them, by when. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/record/form.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;
static struct cdr_incident incident;
static struct cdr_fault fault;

static int
open_book(void **state)
{
	(void)state;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		return -1;
	book = cdr_codebook_book_peek(codebook);
	return 0;
}

static int
close_book(void **state)
{
	(void)state;
	cdr_codebook_free(codebook);
	return 0;
}

static void
set(const char *name, size_t row, const char *value)
{
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, name), row, value, &fault), CDR_OK);
}

static void
must_be_due(const char *form_id, const char *aware, int year, unsigned month, unsigned day)
{
	struct cdr_form form;

	cdr_incident_start(book, &incident);
	set("date_org_aware", 0, aware);
	assert_int_equal(cdr_form_find(book, form_id, &form, &fault), CDR_OK);
	struct cdr_date due = cdr_form_due(&form, &incident);
	if (year == 0) {
		assert_int_equal(due.precision, CDR_PRECISION_UNKNOWN);
		return;
	}
	assert_int_equal(due.precision, CDR_PRECISION_DAY);
	assert_int_equal(due.year, year);
	assert_int_equal(due.month, month);
	assert_int_equal(due.day, day);
}

static void
deadlines(void **state)
{
	(void)state;
	/* 7 March 2025 is a Friday. */
	must_be_due("scottish_government", "2025-03-07", 2025, 3, 9);
	must_be_due("fcdo", "2025-12-31", 2026, 1, 1);
	must_be_due("dfat", "2025-03-07", 2025, 3, 11);
	must_be_due("dfat", "2025-03-05", 2025, 3, 7);
	must_be_due("dfat", "2025-03-08", 2025, 3, 11);
	must_be_due("echo", "2025-03-07", 2026, 1, 31);
	/* Of a month the first day counts. */
	must_be_due("scottish_government", "2025-02", 2025, 2, 3);
	must_be_due("dfat", "unknown", 0, 0, 0);
}

static void
who_is_to_be_told(void **state)
{
	(void)state;
	struct cdr_form form;
	bool told;

	cdr_incident_start(book, &incident);
	assert_int_equal(cdr_form_find(book, "dfat", &form, &fault), CDR_OK);
	assert_false(cdr_form_concerns(&form, &incident, &told));
	set("donor.code", 0, "echo");
	assert_false(cdr_form_concerns(&form, &incident, &told));
	set("donor.code", 1, "dfat");
	assert_true(cdr_form_concerns(&form, &incident, &told));
	assert_false(told);
	set("donor.notified_on", 1, "unknown");
	assert_true(cdr_form_concerns(&form, &incident, &told));
	assert_false(told);
	set("donor.notified_on", 1, "2025-03-09");
	assert_true(cdr_form_concerns(&form, &incident, &told));
	assert_true(told);
	assert_int_equal(cdr_form_find(book, "nobody", &form, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "scottish_government"));
	assert_int_equal(cdr_form_read(book, 99, &form, &fault), CDR_E_ABSENT);
}

/* No form ever has what identifies a person or leads back to the organisation's files. */
static void
nothing_secret_is_in_a_form(void **state)
{
	(void)state;
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	struct cdr_date today = { 2025, 7, 1, CDR_PRECISION_DAY };
	struct cdr_form form;
	char text[4096];

	cdr_incident_start(book, &incident);
	for (size_t f = 0; f < book->field_count; f++)
		if (book->fields[f].kind == CDR_FIELD_TEXT || book->fields[f].kind == CDR_FIELD_NOTE)
			set(book->fields[f].name, 0, "SECRETWORD");
	set("survivor.gender", 0, "female");
	set("survivor.affiliation", 0, "aid_recipient");
	set("survivor.affiliation", 1, "staff_same_org");
	for (size_t at = 0; cdr_form_read(book, at, &form, &fault) == CDR_OK; at++)
		for (size_t c = 0; c < form.column_count; c++)
			for (size_t l = 0; l < 4; l++) {
				cdr_form_column_title(book, &form.columns[c], languages[l], text, sizeof(text));
				assert_true(text[0] != '\0');
				cdr_form_column_value(&form.columns[c], &incident, "Fictional Aid", &today, languages[l], text, sizeof(text));
				assert_null(strstr(text, "SECRETWORD"));
				if (l == 0 && form.columns[c].field != NULL && strcmp(form.columns[c].field->name, "survivor.affiliation") == 0)
					assert_string_equal(text, "Recipient of aid; Staff of the same organisation");
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines),
		cmocka_unit_test(who_is_to_be_told),
		cmocka_unit_test(nothing_secret_is_in_a_form),
	};

	return cmocka_run_group_tests(tests, open_book, close_book);
}
