/* CSV: bytes in, rows out, and what is said about bytes that are no rows. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/record/csv.h"

static const struct cdr_csv_column columns[] = {
	{ "id", "number", 0 },
	{ "given_names", "first_name", 1 },
	{ "family_names", "surname last_name", 1 },
	{ "date_of_birth", "dob", 2 },
	{ "note", NULL, 0 },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static struct cdr_fault fault;

static struct cdr_bytes
bytes_of(const char *text)
{
	return (struct cdr_bytes) { (const uint8_t *)text, strlen(text) };
}

static cdr_err
open_text(const char *text, struct cdr_csv **csv)
{
	memset(&fault, 0, sizeof(fault));
	return cdr_csv_new(bytes_of(text), 1 << 20, columns, COLUMN_COUNT, csv, &fault);
}

/* Every row as "line:field|field|...", every fault as "!line.column:reason", "$" for the end and "#" for a stop. */
static void
dump(struct cdr_bytes file, char *out, size_t out_size)
{
	struct cdr_csv *csv;
	struct cdr_row_fault line;
	size_t at = 0;
	cdr_err err = cdr_csv_new(file, 1 << 20, columns, COLUMN_COUNT, &csv, &fault);

	assert_int_equal(err, CDR_OK);
	while ((err = cdr_csv_next(csv, &line)) == CDR_OK || err == CDR_E_INPUT) {
		if (err == CDR_E_INPUT) {
			at += (size_t)snprintf(out + at, out_size - at, "!%zu.%zu:%s;", line.line, line.column, line.reason);
			assert_true(line.advice[0] != '\0');
			continue;
		}
		at += (size_t)snprintf(out + at, out_size - at, "%zu:", cdr_csv_line(csv));
		for (size_t i = 0; i < COLUMN_COUNT; i++)
			if (cdr_csv_has(csv, i))
				at += (size_t)snprintf(out + at, out_size - at, "%s|", cdr_csv_field_peek(csv, i));
	}
	if (err == CDR_E_REFUSED)
		at += (size_t)snprintf(out + at, out_size - at, "#%zu.%zu:%s", line.line, line.column, line.reason);
	else
		at += (size_t)snprintf(out + at, out_size - at, "$");
	/* The end stays the end. */
	assert_int_equal(cdr_csv_next(csv, &line), err);
	assert_string_equal(cdr_csv_field_peek(csv, 1), "");
	cdr_csv_free(csv);
}

#define HEADER "id,given_names,date_of_birth\n"

static void
rows_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *file, *rows;
	} cases[] = {
		{ HEADER, "$" },
		{ HEADER "1,Amina,1990-01-02\n", "2:1|Amina|1990-01-02|$" },
		{ HEADER "1,Amina,1990", "2:1|Amina|1990|$" },                                  /* no line end at the end */
		{ "\xef\xbb\xbf" HEADER "1,A,2\n", "2:1|A|2|$" },                               /* byte order mark */
		{ "id;given_names;date_of_birth\r\n1;A,B;2\r\n", "2:1|A,B|2|$" },               /* semicolons, CRLF */
		{ "\n\r\n" HEADER "1,A,2\n", "4:1|A|2|$" },                                     /* blank lines first */
		{ HEADER "\n1,A,2\n\n,,\n2,B,3\n,,", "3:1|A|2|6:2|B|3|$" },                     /* and between */
		{ HEADER "\"1\",\"A \"\"B\"\", C\",\"2\"\n", "2:1|A \"B\", C|2|$" },            /* RFC 4180, rule 7 */
		{ HEADER "1,\"A\nB\r\nC\",2\n3,D,4\n", "2:1|A\nB\r\nC|2|5:3|D|4|$" },           /* rule 6 */
		{ HEADER "\"\",A,\n", "2:|A||$" },
		{ " Date_Of_Birth ,FAMILY_NAMES\n2,\"x\"\n", "2:x|2|$" },                       /* any order, any case */
		{ "\"given_names\",\"date_of_birth\"\nA,2\n", "2:A|2|$" },
		{ "given_names,date_of_birth,\"x,;;;\"\nA,2,\n", "2:A|2|$" },                   /* separators in quotes do not count */
	};
	char out[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dump(bytes_of(cases[i].file), out, sizeof(out));
		assert_string_equal(out, cases[i].rows);
	}
}

/* A bad row is told with line, column and reason, and the next one is read. */
static void
bad_rows_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *file, *rows;
	} cases[] = {
		{ HEADER "1,A\n2,B,3\n", "!2.0:2 fields, but the first line names 3 columns;3:2|B|3|$" },
		{ HEADER "1,A,2,3\n2,B,3\n", "!2.0:4 fields, but the first line names 3 columns;3:2|B|3|$" },
		{ HEADER "1,\xff,2\n2,B,3\n", "!2.2:not UTF-8 text;3:2|B|3|$" },
		{ HEADER "1,\xed\xa0\x80,2\n2,B,3\n", "!2.2:not UTF-8 text;3:2|B|3|$" },        /* a lone surrogate */
		{ HEADER "1,\xc0\xaf,2\n2,B,3\n", "!2.2:not UTF-8 text;3:2|B|3|$" },            /* overlong */
		{ HEADER "1,A\"B,2\n2,B,3\n", "!2.2:a quote inside a field that has none around it;3:2|B|3|$" },
		{ HEADER "1,\"A\"B,2\n2,B,3\n", "!2.2:text after the closing quote;3:2|B|3|$" },
		{ HEADER "1,\"A\" ,2\n2,B,3\n", "!2.2:text after the closing quote;3:2|B|3|$" },
		{ HEADER "1,A\r,2\n2,B,3\n", "!2.2:a carriage return with no line feed after it;3:2|B|3|$" },
		{ HEADER "1,\"A\nB\",\xff\n2,B,3\n", "!3.3:not UTF-8 text;4:2|B|3|$" },         /* the line of the field, not of the row */
	};
	char out[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dump(bytes_of(cases[i].file), out, sizeof(out));
		assert_string_equal(out, cases[i].rows);
	}

	static const char with_nul[] = HEADER "1,A\0B,2\n2,B,3\n";
	dump((struct cdr_bytes) { (const uint8_t *)with_nul, sizeof(with_nul) - 1 }, out, sizeof(out));
	assert_string_equal(out, "!2.2:holds a NUL byte;3:2|B|3|$");
}

/* With a quote missing, inside and outside are exchanged: what follows must not be taken for rows. */
static void
a_missing_quote_stops(void **state)
{
	(void)state;
	static const struct {
		const char *file, *rows;
	} cases[] = {
		{ HEADER "1,A,2\n2,\"B,3\n3,C,4\n", "2:1|A|2|#3.2:a quoted field begins here and does not end" },
		{ HEADER "1,\"A,2\n2,\"B\",3\n", "#2.2:a quoted field begins here and does not end" },
		{ HEADER "1,\"", "#2.2:a quoted field begins here and does not end" },
	};
	char out[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dump(bytes_of(cases[i].file), out, sizeof(out));
		assert_string_equal(out, cases[i].rows);
	}
}

/* Build HEADER, then 1,FIELD,2 and one more row. */
static char *
with_field(const char *quote, const char *before, size_t len)
{
	size_t size = len + 256;
	char *file = calloc(1, size);

	assert_non_null(file);
	size_t at = (size_t)snprintf(file, size, "%s1,%s%s", HEADER, quote, before);
	memset(file + at, 'x', len);
	(void)snprintf(file + at + len, size - at - len, "%s,2\n2,B,3\n", quote);
	return file;
}

static void
long_fields_are_refused(void **state)
{
	(void)state;
	char out[2 * CDR_CSV_FIELD_MAX];
	static const struct {
		const char *quote, *before;
		size_t len;
		const char *rows; /* NULL: the field is read whole */
	} cases[] = {
		{ "", "", CDR_CSV_FIELD_MAX, NULL },
		{ "\"", "", CDR_CSV_FIELD_MAX, NULL },
		{ "", "", CDR_CSV_FIELD_MAX + 1, "!2.2:longer than 4096 bytes;3:2|B|3|$" },
		{ "\"", "", CDR_CSV_FIELD_MAX + 1, "!2.2:longer than 4096 bytes;3:2|B|3|$" },
		{ "\"", "\"\"", CDR_CSV_FIELD_MAX, "!2.2:longer than 4096 bytes;3:2|B|3|$" },
		{ "\"", "\n", CDR_CSV_FIELD_MAX, "#2.2:a quoted field begins here and does not end" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *file = with_field(cases[i].quote, cases[i].before, cases[i].len);
		dump(bytes_of(file), out, sizeof(out));
		if (cases[i].rows != NULL)
			assert_string_equal(out, cases[i].rows);
		else
			assert_int_equal(strlen(out), strlen("2:1||2|3:2|B|3|$") + cases[i].len);
		free(file);
	}
}

/* The header says what is missing, what is accepted, and what was probably meant. */
static void
headers_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		cdr_err err;
		const char *says, *also;
	} cases[] = {
		{ "", CDR_E_INPUT, "empty", "" },
		{ "\xef\xbb\xbf", CDR_E_INPUT, "empty", "" },
		{ "\n\n", CDR_E_INPUT, "empty", "" },
		{ "given_names\n", CDR_E_REFUSED, "missing: date_of_birth", "columns are id, given_names" },
		{ "date_of_birth\n", CDR_E_REFUSED, "missing: given_names or family_names", "" },
		{ "id\n", CDR_E_REFUSED, "given_names or family_names; date_of_birth", "" },
		{ "date_of_birth,familynames\n", CDR_E_REFUSED, "did you mean family_names?", "column 2 is named \"familynames\"" },
		{ "date_of_birth,Last Name\n", CDR_E_REFUSED, "did you mean family_names?", "" },
		{ "dob,family_names\n", CDR_E_REFUSED, "missing: date_of_birth", "did you mean date_of_birth?" },
		{ "given_names,id,Given_Names,date_of_birth\n", CDR_E_REFUSED, "column 1 and column 3 are both named given_names", "" },
		{ "Amina,Diallo,1990-01-02\n", CDR_E_REFUSED, "no name in it is known", "columns are id" },
		{ "given_names\tdate_of_birth\n", CDR_E_REFUSED, "tabs", "" },
		{ "\xff\xfeg\0i\0", CDR_E_INPUT, "UTF-16", "" },
		{ "PK\003\004xx", CDR_E_INPUT, "spreadsheet", "" },
		{ "\xd0\xcf\x11\xe0xx", CDR_E_INPUT, "spreadsheet", "" },
		{ "given_names,surname,date_of_birth\n", CDR_E_REFUSED, "column 2 is named \"surname\"", "did you mean family_names?" },
		{ "sep=;\r\nid;family_names\r\n", CDR_E_REFUSED, "line 2: missing: date_of_birth", "" },
		{ "sep=;\n", CDR_E_INPUT, "empty", "" },
		{ "sep=;", CDR_E_REFUSED, "no name in it is known", "" },
		{ "given_names,\"date_of_birth\n", CDR_E_INPUT, "line 1, column 2: a quoted field begins here", "" },
		{ "given_names,\xff\n", CDR_E_INPUT, "not UTF-8", "" },
		{ "given_names\rdate_of_birth\r", CDR_E_INPUT, "carriage return", "" },
	};
	struct cdr_csv *csv = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(open_text(cases[i].file, &csv), cases[i].err);
		assert_null(csv);
		assert_int_equal(fault.code, cases[i].err);
		assert_non_null(strstr(fault.text, cases[i].says));
		assert_non_null(strstr(fault.text, cases[i].also));
	}
	/* A first line that is data is not repeated. */
	assert_int_equal(open_text("Amina,Diallo,1990-01-02\n", &csv), CDR_E_REFUSED);
	assert_null(strstr(fault.text, "Diallo"));
}

static void
unknown_columns_are_listed(void **state)
{
	(void)state;
	struct cdr_csv *csv;
	size_t count;

	assert_int_equal(open_text("given_names,shoe_size,date_of_birth,family_names,family_nmes,\x01z\n", &csv), CDR_OK);
	const struct cdr_csv_unknown *unknown = cdr_csv_unknown_peek(csv, &count);
	assert_int_equal(count, 3);
	assert_int_equal(unknown[0].column, 2);
	assert_string_equal(unknown[0].name, "shoe_size");
	assert_null(unknown[0].near);
	assert_int_equal(unknown[1].column, 5);
	assert_string_equal(unknown[1].near, "family_names");
	assert_string_equal(unknown[2].name, "?z");
	assert_false(cdr_csv_has(csv, 0));
	assert_true(cdr_csv_has(csv, 1));
	assert_false(cdr_csv_has(csv, COLUMN_COUNT));
	cdr_csv_free(csv);
}

static void
places_are_named(void **state)
{
	(void)state;
	struct cdr_csv *csv;
	struct cdr_row_fault line;

	assert_int_equal(open_text("given_names,date_of_birth\n\"A\nB\",2\n", &csv), CDR_OK);
	assert_int_equal(cdr_csv_next(csv, &line), CDR_OK);
	cdr_csv_place(csv, 3, &line);
	assert_int_equal(line.line, 3);
	assert_int_equal(line.column, 2);
	assert_string_equal(line.column_name, "date_of_birth");
	cdr_csv_place(csv, SIZE_MAX, &line);
	assert_int_equal(line.line, 2);
	assert_int_equal(line.column, 0);
	assert_string_equal(line.column_name, "");
	cdr_csv_place(csv, 0, &line); /* not in this file */
	assert_int_equal(line.column, 0);
	assert_string_equal(line.column_name, "id");
	assert_string_equal(cdr_csv_field_peek(csv, 0), "");
	assert_int_equal(cdr_csv_offset(csv), strlen("given_names,date_of_birth\n\"A\nB\",2\n"));
	cdr_csv_free(csv);
	cdr_csv_free(NULL);
}

static void
limits_hold(void **state)
{
	(void)state;
	struct cdr_csv *csv = NULL;
	struct cdr_row_fault line;
	char header[1024] = "given_names,date_of_birth";
	cdr_err err;

	assert_int_equal(cdr_csv_new(bytes_of(HEADER), strlen(HEADER) - 1, columns, COLUMN_COUNT, &csv, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_csv_new(bytes_of(HEADER), 100, columns, 0, &csv, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_csv_new(bytes_of(HEADER), 100, columns, CDR_CSV_COLUMN_MAX + 1, &csv, NULL), CDR_E_RANGE);

	/* 64 columns, and one more. */
	size_t at = strlen(header);
	for (size_t i = 2; i < CDR_CSV_COLUMN_MAX; i++, at += 2)
		memcpy(header + at, ",x", 3);
	assert_int_equal(open_text(header, &csv), CDR_OK);
	cdr_csv_free(csv);
	memcpy(header + at, ",x", 3);
	assert_int_equal(open_text(header, &csv), CDR_E_RANGE);
	assert_non_null(strstr(fault.text, "column 65"));

	/* 200,000 rows, and one more. */
	size_t len = strlen("id,given_names,date_of_birth\n"), count = 0;
	char *file = malloc(len + 4 * (CDR_CSV_ROW_MAX + 1));
	assert_non_null(file);
	memcpy(file, HEADER, len);
	for (size_t i = 0; i <= CDR_CSV_ROW_MAX; i++)
		memcpy(file + len + 4 * i, ",A,\n", 4);
	struct cdr_bytes bytes = { (const uint8_t *)file, len + 4 * (CDR_CSV_ROW_MAX + 1) };
	assert_int_equal(cdr_csv_new(bytes, bytes.len, columns, COLUMN_COUNT, &csv, &fault), CDR_OK);
	while ((err = cdr_csv_next(csv, &line)) == CDR_OK)
		count++;
	assert_int_equal(err, CDR_E_REFUSED);
	assert_int_equal(count, CDR_CSV_ROW_MAX);
	assert_int_equal(line.line, CDR_CSV_ROW_MAX + 2);
	assert_int_equal(line.column, 0);
	assert_string_equal(line.reason, "more than 200000 rows");
	cdr_csv_free(csv);
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(bad_rows_are_told),
		cmocka_unit_test(a_missing_quote_stops),
		cmocka_unit_test(long_fields_are_refused),
		cmocka_unit_test(headers_are_checked),
		cmocka_unit_test(unknown_columns_are_listed),
		cmocka_unit_test(places_are_named),
		cmocka_unit_test(limits_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
