/* Leavers: a file becomes rows, faults and notes; a row has an identity. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/record/codebook.h"
#include "core/record/leaver.h"

#define HEADER                                                                                                         \
	"employee_number,given_names,family_names,other_names,native_name,date_of_birth,gender,nationality,"              \
	"document_type,document_country,document_number,email,phone,position,country,from,to,engagement_type\n"

static struct cdr_codebook *book;
static struct cdr_record_rules rules;
static struct cdr_fault fault;
static struct cdr_leaver leaver;

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

static struct cdr_leaver_file *
open_text(const char *text)
{
	struct cdr_leaver_file *reader = NULL;

	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, &rules, &reader, &fault), CDR_OK);
	return reader;
}

/* The lines of a report as "line.column_name:reason;". */
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
	struct cdr_leaver_file *reader = open_text(HEADER
	    "E-17, Amina ,Diallo,\"Traore; ;A. Diallo\",\xd8\xa3\xd9\x85\xd9\x8a\xd9\x86\xd8\xa9,1984-05-12,female,\"MLI;fr\","
	    "\"passport;national_id\",\"MLI;FRA\",\"B0667890;123\",amina@example.org,+223 20 22 00 00,Field  officer,ml,2019-03-01,2022-Q2,"
	    "consultant\n");

	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	assert_string_equal(leaver.employee_number, "E-17");
	assert_string_equal(leaver.person.given_names, "Amina");
	assert_string_equal(leaver.person.family_names, "Diallo");
	assert_string_equal(leaver.person.other_names, "Traore;A. Diallo");
	assert_string_equal(leaver.person.native_name, "\xd8\xa3\xd9\x85\xd9\x8a\xd9\x86\xd8\xa9");
	assert_int_equal(leaver.person.birth.year, 1984);
	assert_int_equal(leaver.person.birth.precision, CDR_PRECISION_DAY);
	assert_string_equal(leaver.person.gender, "female");
	assert_string_equal(leaver.person.nationality[0], "MLI");
	assert_string_equal(leaver.person.nationality[1], "FRA");
	assert_string_equal(leaver.person.nationality[2], "");
	assert_int_equal(leaver.person.document_count, 2);
	assert_string_equal(leaver.person.document[0].type, "passport");
	assert_string_equal(leaver.person.document[0].country, "MLI");
	assert_string_equal(leaver.person.document[0].number, "B0667890");
	assert_string_equal(leaver.person.document[1].type, "national_id");
	assert_string_equal(leaver.person.document[1].country, "FRA");
	assert_string_equal(leaver.person.email, "amina@example.org");
	assert_string_equal(leaver.position, "Field officer");
	assert_string_equal(leaver.country, "MLI");
	assert_int_equal(leaver.from.year, 2019);
	assert_int_equal(leaver.to.precision, CDR_PRECISION_QUARTER);
	assert_string_equal(leaver.engagement_type, "consultant");
	assert_int_equal(cdr_leaver_file_line(reader), 2);

	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
	assert_string_equal(leaver.person.given_names, "");
	assert_int_equal(cdr_leaver_file_report_peek(reader)->good_count, 1);
	assert_int_equal(cdr_leaver_file_report_peek(reader)->faults.count, 0);
	cdr_leaver_file_free(reader);
	cdr_leaver_file_free(NULL);
}

/* Only a name and a date of birth are asked for, and one name is enough. */
static void
little_is_enough(void **state)
{
	(void)state;
	char lines[512];
	struct cdr_leaver_file *reader = open_text("date_of_birth;given_names;shoe_size\r\n1984;Suharto;44\r\n1985-H2;\xd8\xa3\xd9\x85;\r\n");

	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	assert_string_equal(leaver.person.given_names, "Suharto");
	assert_int_equal(leaver.to.precision, CDR_PRECISION_UNKNOWN);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	assert_int_equal(leaver.person.birth.precision, CDR_PRECISION_HALF);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
	write_lines(&cdr_leaver_file_report_peek(reader)->notes, lines, sizeof(lines));
	/* A column that is not there is told once. */
	assert_string_equal(lines, "1.shoe_size:unknown column, not read;"
	    "2.to:not known when this person left: kept for the whole look-back from the first import on;");
	cdr_leaver_file_free(reader);
}

/* A date of birth that nobody knows is written so: asked, and not known. */
static void
an_unknown_birth_is_said(void **state)
{
	(void)state;
	char lines[512];
	struct cdr_leaver_file *reader = open_text("date_of_birth,given_names,to\nunknown,Suharto,2024-01-01\n,Suharta,2024-01-01\n");

	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	assert_int_equal(leaver.person.birth.precision, CDR_PRECISION_UNKNOWN);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_leaver_file_report_peek(reader)->bad_count, 1);
	write_lines(&cdr_leaver_file_report_peek(reader)->notes, lines, sizeof(lines));
	assert_string_equal(lines, "2.date_of_birth:without it only a document number finds this person at other organisations;");
	cdr_leaver_file_free(reader);
}

/* Every fault of a row is told at once, with its column; the row is left out and the next one read. */
static void
faults_are_listed(void **state)
{
	(void)state;
	static const struct {
		const char *row, *faults;
	} cases[] = {
		{ ",,,,,1984,,,,,,,,,,,2024,", "2.:no name;" },
		{ ",...,,,,1984,,,,,,,,,,,2024,", "2.:the name has no letter;" },
		{ ",,Diallo,,,,,,,,,,,,,,2024,", "2.date_of_birth:empty;" },
		{ ",,Diallo,,,  ,,,,,,,,,,,2024,", "2.date_of_birth:empty;" },
		{ ",,Diallo,,,1984-02-30,,,,,,,,,,,2024,", "2.date_of_birth:not a date, or a day that does not exist;" },
		{ ",,Diallo,,,12/05/1984,,,,,,,,,,,2024,", "2.date_of_birth:not a date, or a day that does not exist;" },
		{ ",,Diallo,,,1700,,,,,,,,,,,2024,", "2.date_of_birth:a year before 1850 or after 2150;" },
		{ ",,Diallo,,,2025-06-16,,,,,,,,,,,2024,", "2.date_of_birth:lies in the future;" },
		{ ",,Diallo,,,1984,femal,,,,,,,,,,2024,", "2.gender:not one of the codes;" },
		{ ",,Diallo,,,1984,,Mali,,,,,,,,,2024,", "2.nationality:not a country code;" },
		{ ",,Diallo,,,1984,,KEN;KEN;KEN;KEN;KEN,,,,,,,,,2024,", "2.nationality:more than 4 countries;" },
		{ ",,Diallo,,,1984,,,pasport,KEN,A123456,,,,,,2024,", "2.document_type:not one of the codes;" },
		{ ",,Diallo,,,1984,,,passport,Kenya,A123456,,,,,,2024,", "2.document_country:not a country code;" },
		{ ",,Diallo,,,1984,,,passport,KEN,---,,,,,,2024,",
		    "2.document_number:no document number: no letters and digits that can be compared;" },
		{ ",,Diallo,,,1984,,,,,1111;2222;3333;4444;5555,,,,,,2024,", "2.document_number:more than 4 documents;" },
		{ ",,Diallo,,,1984,,,,,,,,,Kenya,,2024,", "2.country:not a country code;" },
		{ ",,Diallo,,,1984,,,,,,,,,,2024-05,2024-04-30,", "2.to:before from;" },
		{ ",,Diallo,,,1984,,,,,,,,,,1983,2024,", "2.from:before date_of_birth;" },
		{ ",,Diallo,,,1984,,,,,,,,,,,2025-07,", "2.to:lies in the future;" },
		{ ",,Diallo,,,1984,,,,,,,,,,,2024,boss", "2.engagement_type:not one of the codes;" },
		{ ",A\x1b[1m,,,,1984,,,,,,,,,,,2024,", "2.given_names:holds a control character, or one that Unicode does not know;" },
		{ ",A,B,,,x,y,z,,,,,,,q,w,e,r",
		    "2.date_of_birth:not a date, or a day that does not exist;2.gender:not one of the codes;2.nationality:not a country code;"
		    "2.country:not a country code;2.from:not a date, or a day that does not exist;2.to:not a date, or a day that does not exist;"
		    "2.engagement_type:not one of the codes;" },
		{ ",A,B", "2.:3 fields, but the first line names 18 columns;" },
	};
	char file[2048], lines[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s%s\n,Amina,,,,1990,,,,,,,,,,,2024,\n", HEADER, cases[i].row);
		struct cdr_leaver_file *reader = open_text(file);
		assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
		assert_string_equal(leaver.person.given_names, "Amina");
		assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
		const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
		write_lines(&report->faults, lines, sizeof(lines));
		assert_string_equal(lines, cases[i].faults);
		for (size_t line = 0; line < report->faults.listed_count; line++)
			assert_true(report->faults.lines[line].advice[0] != '\0');
		assert_int_equal(report->row_count, 2);
		assert_int_equal(report->bad_count, 1);
		assert_int_equal(report->good_count, 1);
		cdr_leaver_file_free(reader);
	}
}

/* Fields as long as they may be, and longer by one byte. */
static void
long_fields_are_faults(void **state)
{
	(void)state;
	static const struct {
		const char *column, *others, *other_values;
		size_t max;
	} cases[] = {
		{ "employee_number", "family_names,", "Diallo,", CDR_EMPLOYEE_NUMBER_LEN - 1 },
		{ "given_names", "", "", CDR_NAME_LEN - 1 },
		{ "family_names", "", "", CDR_NAME_LEN - 1 },
		{ "other_names", "family_names,", "Diallo,", CDR_NAME_LEN - 1 },
		{ "native_name", "family_names,", "Diallo,", CDR_NAME_LEN - 1 },
		{ "document_number", "family_names,", "Diallo,", CDR_DOCUMENT_NUMBER_LEN - 1 },
		{ "email", "family_names,", "Diallo,", CDR_CONTACT_LEN - 1 },
		{ "phone", "family_names,", "Diallo,", CDR_CONTACT_LEN - 1 },
		{ "position", "family_names,", "Diallo,", CDR_POSITION_LEN - 1 },
	};
	char file[1024], value[512], lines[256], expected[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t extra = 0; extra < 2; extra++) {
			memset(value, 'x', cases[i].max + extra);
			value[cases[i].max + extra] = '\0';
			(void)snprintf(file, sizeof(file), "date_of_birth,to,%s%s\n1984,2024,%s%s\n", cases[i].others, cases[i].column,
			    cases[i].other_values, value);
			struct cdr_leaver_file *reader = open_text(file);
			assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), extra == 0 ? CDR_OK : CDR_E_ABSENT);
			write_lines(&cdr_leaver_file_report_peek(reader)->faults, lines, sizeof(lines));
			(void)snprintf(expected, sizeof(expected), "2.%s:longer than %zu bytes;", cases[i].column, cases[i].max);
			assert_string_equal(lines, extra == 0 ? "" : expected);
			cdr_leaver_file_free(reader);
		}
}

/* Other names have room for several, up to a point. */
static void
other_names_have_an_end(void **state)
{
	(void)state;
	char file[2048] = "date_of_birth,family_names,other_names\n1984,A,", lines[256];
	size_t len = strlen(file);

	for (size_t i = 0; i < 5; i++) {
		memset(file + len, 'x', 250);
		file[len + 250] = i < 4 ? ';' : '\n';
		len += 251;
	}
	file[len] = '\0';
	struct cdr_leaver_file *reader = open_text(file);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
	write_lines(&cdr_leaver_file_report_peek(reader)->faults, lines, sizeof(lines));
	assert_string_equal(lines, "2.other_names:longer than 1023 bytes;");
	cdr_leaver_file_free(reader);
}

/* What only weakens a row is a note, and the row is good. */
static void
notes_are_listed(void **state)
{
	(void)state;
	static const struct {
		const char *row, *notes;
	} cases[] = {
		{ ",,Diallo,,,1984,,,passport,,A123456,,,,,,2024,",
		    "2.document_country:a number without the country that issued it is compared by the number alone;" },
		{ ",,Diallo,,,1984,,,,KEN,A123456,,,,,,2024,",
		    "2.document_type:a number without the type of the document is compared by the number alone;" },
		{ ",,Diallo,,,1984,,,passport,KEN,,,,,,,2024,", "2.document_number:a document without a number says nothing and is left out;" },
		{ ",,Diallo,,,1984,,,,,,n/a,none,,,,2024,", "2.email:no e-mail address: left out;2.phone:no telephone number: left out;" },
		{ ",,Diallo,,,1984,,,,,,,,,,,,", "2.to:not known when this person left: kept for the whole look-back from the first import on;" },
		{ ",\xe1\x9e\x9f\xe1\x9e\xbb,,,,1984,,,,,,,,,,,2024,", "2.:the name is in a script that cannot be compared with others;" },
		{ ",\xe1\x9e\x9f\xe1\x9e\xbb,,Sok,,1984,,,,,,,,,,,2024,", "" },
	};
	char file[2048], lines[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s%s\n", HEADER, cases[i].row);
		struct cdr_leaver_file *reader = open_text(file);
		assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
		assert_string_equal(leaver.person.email, "");
		const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
		write_lines(&report->notes, lines, sizeof(lines));
		assert_string_equal(lines, cases[i].notes);
		assert_int_equal(report->faults.count, 0);
		cdr_leaver_file_free(reader);
	}
}

/* The look-back ends on the day; a coarse date counts to its last day. */
static void
old_leavers_are_left_out(void **state)
{
	(void)state;
	char lines[512];
	struct cdr_leaver_file *reader = open_text("family_names,date_of_birth,to\n"
	    "A,1980,2020-06-14\nB,1980,2020-06-15\nC,1980,2019\nD,1980,2020\n"
	    "E,1980,2020-05\nF,1980,2020-06\nG,1980,2020-Q1\nH,1980,2020-H1\nI,1980,2020-Q2\n");
	char good[16] = "";

	for (size_t i = 0; i < sizeof(good) - 1 && cdr_leaver_file_next(reader, &leaver, &fault) == CDR_OK; i++)
		good[i] = leaver.person.family_names[0];
	assert_string_equal(good, "BDFHI");
	const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
	assert_int_equal(report->old_count, 4);
	assert_int_equal(report->notes.count, 4);
	write_lines(&report->notes, lines, sizeof(lines));
	assert_non_null(strstr(lines, "2.to:left before the look-back: not in the index;"));
	cdr_leaver_file_free(reader);

	/* No look-back: everybody. */
	struct cdr_record_rules all = rules;
	static const char text[] = "family_names,date_of_birth,to\nA,1950,1990\n";
	all.lookback_years = 0;
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, &all, &reader, &fault), CDR_OK);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	cdr_leaver_file_free(reader);
}

/* Word for word the same: once. The same person and day, and something else different: which of them is right? */
static void
repetitions_are_found(void **state)
{
	(void)state;
	char lines[1024];
	struct cdr_leaver_file *reader = open_text("employee_number,family_names,date_of_birth,from,to,position\n"
	    "1,A,1980,2019,2024,x\n"
	    "1,A,1980,2019,2024,x\n"
	    "1,A,1980,2019,2024,y\n"
	    "1,A,1980,2021,2024,x\n"
	    "2,A,1980,2019,2024,x\n"
	    ",\xc3\x89ric,1980,2019,2024,x\n"
	    ",\xc3\xa9RIC,1980,2019,2024,y\n"
	    ",\xc3\xa9RIC,1980,2020,2024,y\n");
	size_t good = 0;

	while (cdr_leaver_file_next(reader, &leaver, &fault) == CDR_OK)
		good++;
	const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
	assert_int_equal(good, 5);
	assert_int_equal(report->good_count, 5);
	assert_int_equal(report->same_count, 1);
	assert_int_equal(report->bad_count, 2);
	assert_int_equal(report->row_count, 8);
	write_lines(&report->faults, lines, sizeof(lines));
	assert_string_equal(lines,
	    "4.:the same person (employee_number, or else names and date_of_birth) with the same from as line 2, and the rest differs;"
	    "8.:the same person (employee_number, or else names and date_of_birth) with the same from as line 7, and the rest differs;");
	write_lines(&report->notes, lines, sizeof(lines));
	assert_string_equal(lines, "3.:says the same as line 2, left out;");
	cdr_leaver_file_free(reader);
}

static void
an_unreadable_rest_stops(void **state)
{
	(void)state;
	struct cdr_leaver_file *reader = open_text("family_names,date_of_birth,to\nA,1980,2024\n\"B,1980,2024\nC,1980,2024\n");

	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "line 3, column 1: a quoted field begins here and does not end"));
	assert_string_equal(leaver.person.family_names, "");
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, NULL), CDR_E_REFUSED);
	cdr_leaver_file_free(reader);
}

static void
a_bad_file_is_not_opened(void **state)
{
	(void)state;
	struct cdr_leaver_file *reader = NULL;
	struct cdr_record_rules none = rules;
	static const char text[] = "family_name,date_of_birth\n";
	struct cdr_bytes bytes = { (const uint8_t *)text, strlen(text) };

	assert_int_equal(cdr_leaver_file_new(bytes, &rules, &reader, &fault), CDR_E_REFUSED);
	assert_null(reader);
	assert_non_null(strstr(fault.text, "did you mean family_names?"));
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes) { NULL, 0 }, &rules, &reader, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes) { bytes.data, CDR_LEAVER_FILE_MAX + 1 }, &rules, &reader, &fault), CDR_E_RANGE);
	static const char candidates[] = "family_names,date_of_birth,legal_basis\n";
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes) { (const uint8_t *)candidates, strlen(candidates) }, &rules, &reader, &fault),
	    CDR_E_REFUSED);
	assert_null(reader);
	assert_non_null(strstr(fault.text, "file of candidates"));
	none.today.precision = CDR_PRECISION_MONTH;
	assert_int_equal(cdr_leaver_file_new(bytes, &none, &reader, &fault), CDR_E_INTERNAL);
	none = rules;
	none.codebook = NULL;
	assert_int_equal(cdr_leaver_file_new(bytes, &none, &reader, NULL), CDR_E_INTERNAL);
}

/* A thousand faults are listed, all are counted. */
static void
the_report_has_an_end(void **state)
{
	(void)state;
	const size_t rows = CDR_REPORT_LISTED_MAX + 500;
	const size_t size = 64 + 16 * rows;
	char *file = malloc(size);
	size_t at;

	assert_non_null(file);
	at = (size_t)snprintf(file, size, "family_names,date_of_birth\n");
	for (size_t i = 0; i < rows; i++)
		at += (size_t)snprintf(file + at, size - at, "A,bad\n");
	struct cdr_leaver_file *reader = open_text(file);
	assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_E_ABSENT);
	const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
	assert_int_equal(report->faults.count, rows);
	assert_int_equal(report->faults.listed_count, CDR_REPORT_LISTED_MAX);
	assert_int_equal(report->faults.lines[CDR_REPORT_LISTED_MAX - 1].line, CDR_REPORT_LISTED_MAX + 1);
	assert_int_equal(report->bad_count, rows);
	cdr_leaver_file_free(reader);
	free(file);
}

/* The order of columns, blanks and unread columns change nothing; any field does. */
static void
digests_tell_changes(void **state)
{
	(void)state;
	static const char *const files[] = {
		"employee_number,family_names,date_of_birth,from,to\n7,Diallo,1980,2019,2024\n",
		"to;from;date_of_birth;family_names;employee_number;x\n2024;2019;1980; Diallo ;7;y\n",
		"employee_number,family_names,date_of_birth,from,to\n7,Diallo,1981,2019,2024\n",
		"employee_number,family_names,date_of_birth,from,to\n7,Diallo,1980,2019,2024-01\n",
		"employee_number,given_names,date_of_birth,from,to\n7,Diallo,1980,2019,2024\n",
	};
	uint8_t key[5][CDR_LEAVER_KEY_LEN], digest[5][CDR_LEAVER_DIGEST_LEN];

	for (size_t i = 0; i < 5; i++) {
		struct cdr_leaver_file *reader = open_text(files[i]);
		assert_int_equal(cdr_leaver_file_next(reader, &leaver, &fault), CDR_OK);
		assert_int_equal(cdr_leaver_key(&leaver, key[i]), CDR_OK);
		assert_int_equal(cdr_leaver_digest(&leaver, digest[i]), CDR_OK);
		cdr_leaver_file_free(reader);
		assert_memory_equal(key[i], key[0], CDR_LEAVER_KEY_LEN);
		for (size_t j = 0; j < i; j++)
			if (i != 1 || j != 0)
				assert_memory_not_equal(digest[i], digest[j], CDR_LEAVER_DIGEST_LEN);
	}
	assert_memory_equal(digest[0], digest[1], CDR_LEAVER_DIGEST_LEN);

	/* A number that looks like a name is not that name. */
	struct cdr_leaver a = { .employee_number = "7" }, b = { .person = { .given_names = "7" } };
	assert_int_equal(cdr_leaver_key(&a, key[0]), CDR_OK);
	assert_int_equal(cdr_leaver_key(&b, key[1]), CDR_OK);
	assert_memory_not_equal(key[0], key[1], CDR_LEAVER_KEY_LEN);
	/* What cannot be packed has neither. */
	static const uint8_t zero[CDR_LEAVER_KEY_LEN];
	a.from = (struct cdr_date) { 2020, 13, 1, CDR_PRECISION_DAY };
	assert_int_equal(cdr_leaver_key(&a, key[0]), CDR_E_RANGE);
	assert_memory_equal(key[0], zero, sizeof(zero));
	assert_int_equal(cdr_leaver_digest(&a, digest[0]), CDR_E_RANGE);
	assert_memory_equal(digest[0], zero, sizeof(zero));
	memcpy(b.person.given_names, "\xff", 2);
	assert_int_equal(cdr_leaver_key(&b, key[0]), CDR_E_INPUT);
}

static void
entries_expire(void **state)
{
	(void)state;
	static const struct {
		struct cdr_date to;
		int year, month;
	} cases[] = {
		{ { 2022, 3, 9, CDR_PRECISION_DAY }, 2027, 3 },
		{ { 2022, 4, 1, CDR_PRECISION_QUARTER }, 2027, 6 },
		{ { 2022, 1, 1, CDR_PRECISION_HALF }, 2027, 6 },
		{ { 2022, 1, 1, CDR_PRECISION_YEAR }, 2027, 12 },
		{ { 2022, 2, 1, CDR_PRECISION_MONTH }, 2027, 2 },
		{ { 2025, 1, 1, CDR_PRECISION_YEAR }, 2030, 6 },   /* not later than today */
		{ { 0, 0, 0, CDR_PRECISION_UNKNOWN }, 2030, 6 },
	};
	struct cdr_date expiry;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&leaver, 0, sizeof(leaver));
		leaver.to = cases[i].to;
		cdr_leaver_expiry(&leaver, &rules, &expiry);
		assert_int_equal(expiry.year, cases[i].year);
		assert_int_equal(expiry.month, cases[i].month);
		assert_int_equal(expiry.precision, CDR_PRECISION_MONTH);
	}
}

/* The real thing is 20,000 rows; they are read in well under a second. */
static void
twenty_thousand_are_read(void **state)
{
	(void)state;
	const size_t rows = 20000;
	const size_t size = 512 + 320 * rows;
	char *file = malloc(size);
	struct timespec begin, end;
	size_t at, good = 0;

	assert_non_null(file);
	at = (size_t)snprintf(file, size, "%s", HEADER);
	for (size_t i = 0; i < rows; i++)
		at += (size_t)snprintf(file + at, size - at, "E-%zu,Amina Jos\xc3\xa9,Diallo %c%c%c,"
		    "\"Traor\xc3\xa9;A. Diallo\",\xd8\xa3\xd9\x85\xd9\x8a\xd9\x86\xd8\xa9,19%02zu-%02zu-%02zu,female,MLI,passport,MLI,B%07zu,"
		    "a%zu@example.org,+223 20 22 00 00,Field officer,MLI,2019-03-01,2024-12-31,employee\r\n",
		    i, (char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676 % 26), 50 + i % 50, 1 + i % 12, 1 + i % 28, i, i);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	struct cdr_leaver_file *reader = open_text(file);
	while (cdr_leaver_file_next(reader, &leaver, &fault) == CDR_OK)
		good++;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	print_message("%zu rows of %zu bytes in %.0f ms\n", good, at / rows,
	    (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	assert_int_equal(good, rows);
	assert_int_equal(cdr_leaver_file_offset(reader), at);
	assert_int_equal(cdr_leaver_file_report_peek(reader)->notes.count, 0);
	cdr_leaver_file_free(reader);
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_row_is_read),
		cmocka_unit_test(little_is_enough),
		cmocka_unit_test(an_unknown_birth_is_said),
		cmocka_unit_test(faults_are_listed),
		cmocka_unit_test(long_fields_are_faults),
		cmocka_unit_test(other_names_have_an_end),
		cmocka_unit_test(notes_are_listed),
		cmocka_unit_test(old_leavers_are_left_out),
		cmocka_unit_test(repetitions_are_found),
		cmocka_unit_test(an_unreadable_rest_stops),
		cmocka_unit_test(a_bad_file_is_not_opened),
		cmocka_unit_test(the_report_has_an_end),
		cmocka_unit_test(digests_tell_changes),
		cmocka_unit_test(entries_expire),
		cmocka_unit_test(twenty_thousand_are_read),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
