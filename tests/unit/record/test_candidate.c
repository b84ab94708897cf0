/* Candidates: what a check needs before it may be opened. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/record/candidate.h"
#include "core/record/codebook.h"

#define HEADER                                                                                                         \
	"reference,given_names,family_names,date_of_birth,declared_employers,position_category,legal_basis,candidate_notified,notified_on\n"

static struct cdr_codebook *book;
static struct cdr_record_rules rules;
static struct cdr_fault fault;
static struct cdr_candidate candidate;

static int
set_up(void **state)
{
	(void)state;
	if (cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, &fault) != CDR_OK)
		return -1;
	rules = (struct cdr_record_rules) { .codebook = book, .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	cdr_codebook_free(book);
	return 0;
}

static struct cdr_candidate_file *
open_text(const char *text)
{
	struct cdr_candidate_file *reader = NULL;

	assert_int_equal(cdr_candidate_file_new((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, &rules, &reader, &fault), CDR_OK);
	return reader;
}

static void
write_lines(const struct cdr_row_report_list *list, char *out, size_t out_size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list->listed_count && at < out_size; i++)
		at += (size_t)snprintf(out + at, out_size - at, "%zu.%s:%s;", list->lines[i].line, list->lines[i].column_name,
		    list->lines[i].reason);
}

static void
a_whole_row_is_read(void **state)
{
	(void)state;
	struct cdr_candidate_file *reader = open_text(HEADER
	    "REC-1,Amina,Diallo,1984-05-12,\"member-a; member-b;\",child_facing,legitimate_interest,job_advert,2025-06-15\n"
	    ",Suharto,,1970,,,consent,signed_declaration,\n");

	assert_int_equal(cdr_candidate_file_next(reader, &candidate, &fault), CDR_OK);
	assert_string_equal(candidate.reference, "REC-1");
	assert_string_equal(candidate.person.family_names, "Diallo");
	assert_int_equal(candidate.declared_count, 2);
	assert_string_equal(candidate.declared_employers[0], "member-a");
	assert_string_equal(candidate.declared_employers[1], "member-b");
	assert_string_equal(candidate.position_category, "child_facing");
	assert_string_equal(candidate.legal_basis, "legitimate_interest");
	assert_string_equal(candidate.candidate_notified, "job_advert");
	assert_int_equal(candidate.notified_on.day, 15);
	assert_int_equal(cdr_candidate_file_next(reader, &candidate, &fault), CDR_OK);
	assert_string_equal(candidate.reference, "");
	assert_int_equal(candidate.declared_count, 0);
	assert_int_equal(cdr_candidate_file_line(reader), 3);
	assert_int_equal(cdr_candidate_file_next(reader, &candidate, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_candidate_file_report_peek(reader)->good_count, 2);
	assert_int_equal(cdr_candidate_file_report_peek(reader)->notes.count, 1); /* notified_on is not known */
	assert_true(cdr_candidate_file_offset(reader) > 100);
	cdr_candidate_file_free(reader);
	cdr_candidate_file_free(NULL);
}

static void
faults_are_listed(void **state)
{
	(void)state;
	static const struct {
		const char *row, *faults;
	} cases[] = {
		{ "R,A,B,1984,,,,,", "2.legal_basis:empty, and no check may be opened without it;"
		    "2.candidate_notified:empty, and no check may be opened without it;" },
		{ "R,A,B,1984,,,because,phone,", "2.legal_basis:not one of the codes;2.candidate_notified:not one of the codes;" },
		{ "R,A,B,1984,,,unknown,withheld,", "2.legal_basis:not one of the codes;2.candidate_notified:not one of the codes;" },
		{ "R,A,B,1984,Member A,,consent,job_advert,", "2.declared_employers:not a member id;" },
		{ "R,A,B,1984,a,,consent,job_advert,", "2.declared_employers:not a member id;" },
		{ "R,A,B,1984,-ab,,consent,job_advert,", "2.declared_employers:not a member id;" },
		{ "R,A,B,1984,abcdefghijklmnopqrstuvwxyz0123456,,consent,job_advert,", "2.declared_employers:not a member id;" },
		{ "R,A,B,1984,aa;bb;aa,,consent,job_advert,", "2.declared_employers:one employer is named twice;" },
		{ "R,A,B,1984,a1;a2;a3;a4;a5;a6;a7;a8;a9;b1;b2;b3;b4;b5;b6;b7;b8,,consent,job_advert,",
		    "2.declared_employers:more than 16 employers;" },
		{ "R,A,B,1984,,boss,consent,job_advert,", "2.position_category:not one of the codes;" },
		{ "R,A,B,1984,,,consent,job_advert,2025-06-16", "2.notified_on:lies in the future;" },
		{ "R,,,1984,,,consent,job_advert,2025", "2.:no name;" },
	};
	char file[1024], lines[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s%s\n", HEADER, cases[i].row);
		struct cdr_candidate_file *reader = open_text(file);
		assert_int_equal(cdr_candidate_file_next(reader, &candidate, &fault), CDR_E_ABSENT);
		write_lines(&cdr_candidate_file_report_peek(reader)->faults, lines, sizeof(lines));
		assert_string_equal(lines, cases[i].faults);
		assert_true(cdr_candidate_file_report_peek(reader)->faults.lines[0].advice[0] != '\0');
		cdr_candidate_file_free(reader);
	}
}

static void
one_reference_is_one_candidate(void **state)
{
	(void)state;
	char lines[256];
	struct cdr_candidate_file *reader = open_text(HEADER
	    "R,A,B,1984,,,consent,job_advert,2025\nR,A,B,1984,,,consent,job_advert,2025\nR,C,D,1984,,,consent,job_advert,2025\n"
	    ",A,B,1984,,,consent,job_advert,2025\n,A,B,1984,,,consent,job_advert,2025\n");
	size_t good = 0;

	while (cdr_candidate_file_next(reader, &candidate, &fault) == CDR_OK)
		good++;
	assert_int_equal(good, 3);
	assert_int_equal(cdr_candidate_file_report_peek(reader)->same_count, 1);
	write_lines(&cdr_candidate_file_report_peek(reader)->faults, lines, sizeof(lines));
	assert_string_equal(lines, "4.:the same reference as line 2, and the rest differs;");
	cdr_candidate_file_free(reader);
}

static void
the_header_is_checked(void **state)
{
	(void)state;
	struct cdr_candidate_file *reader = NULL;
	static const char text[] = "reference,name\n";

	assert_int_equal(cdr_candidate_file_new((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, &rules, &reader, &fault),
	    CDR_E_REFUSED);
	assert_null(reader);
	assert_non_null(strstr(fault.text, "missing: given_names or family_names"));
	assert_non_null(strstr(fault.text, "legal_basis"));
}

static void
member_ids_are_slugs(void **state)
{
	(void)state;
	assert_true(cdr_member_id_valid("ab"));
	assert_true(cdr_member_id_valid("relief-2-go"));
	assert_true(cdr_member_id_valid("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(cdr_member_id_valid("abcdefghijklmnopqrstuvwxyz0123456"));
	assert_false(cdr_member_id_valid("a"));
	assert_false(cdr_member_id_valid(""));
	assert_false(cdr_member_id_valid("ab-"));
	assert_false(cdr_member_id_valid("aB"));
	assert_false(cdr_member_id_valid("a_b"));
	assert_false(cdr_member_id_valid("a--b"));
	assert_false(cdr_member_id_valid("-ab"));
	assert_false(cdr_member_id_valid(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_row_is_read),
		cmocka_unit_test(faults_are_listed),
		cmocka_unit_test(one_reference_is_one_candidate),
		cmocka_unit_test(the_header_is_checked),
		cmocka_unit_test(member_ids_are_slugs),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
