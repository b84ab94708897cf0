#include "core/record/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/text.h"
#include "core/record/xlsx.h"

#define ABSENT SIZE_MAX

/* What can be wrong with the bytes of a row. From UNCLOSED on, where the next row begins cannot be known any more. */
enum problem {
	NONE = 0,
	NOT_UTF8,
	HAS_NUL,
	TOO_LONG,
	STRAY_QUOTE,
	AFTER_QUOTE,
	STRAY_RETURN,
	TOO_MANY_COLUMNS,
	ERROR_VALUE,
	NO_VALUE,
	ROUNDED,
	NO_DATE,
	UNCLOSED,
	TOO_MANY_ROWS,
	BROKEN_SHEET,
};

static const struct {
	const char *reason, *advice;
} problems[] = {
	[NOT_UTF8] = { "not UTF-8 text", "save the file as \"CSV UTF-8\"" },
	[HAS_NUL] = { "holds a NUL byte", "save the file as \"CSV UTF-8\"" },
	[TOO_LONG] = { "longer than 4096 bytes", "shorten it; if it should be short, look for a missing quote" },
	[STRAY_QUOTE] = { "a quote inside a field that has none around it", "put quotes around the whole field, and double the quotes inside" },
	[AFTER_QUOTE] = { "text after the closing quote", "double the quotes that belong to the field" },
	[STRAY_RETURN] = { "a carriage return with no line feed after it", "save the file with line ends LF or CRLF" },
	[TOO_MANY_COLUMNS] = { "more than 64 fields", "leave out the columns that are not needed" },
	[ERROR_VALUE] = { "a formula that failed, or a cell that is no number", "correct it in the spreadsheet" },
	[NO_VALUE] = { "a formula without its value", "open the file in the spreadsheet program and save it again" },
	[ROUNDED] = { "a number of more than 15 figures, which the spreadsheet has rounded", "format the column as text and type it again" },
	[NO_DATE] = { "shown as a date, and none", "correct it in the spreadsheet" },
	[UNCLOSED] = { "a quoted field begins here and does not end", "put its closing quote, and double every quote inside it" },
	[TOO_MANY_ROWS] = { "more than 200000 rows", "split the file" },
	[BROKEN_SHEET] = { "the rest of the spreadsheet is damaged or too large", "save it again, or as \"CSV UTF-8\"" },
};

struct cdr_csv {
	const uint8_t *begin, *at, *end;
	size_t line;      /* of `at` */
	uint8_t separator;
	struct cdr_xlsx *sheet; /* NULL: the file is CSV */
	cdr_err sheet_err;      /* of the row that was gone to */

	const struct cdr_csv_column *accepted;
	size_t accepted_count;
	size_t column_count;                       /* in the file */
	size_t column_of[CDR_CSV_COLUMN_MAX];      /* of an accepted column: its place in the file, or ABSENT */
	struct cdr_csv_unknown unknown[CDR_CSV_COLUMN_MAX];
	size_t unknown_count;

	bool standing, stopped;
	struct cdr_row_fault stop;
	size_t row_count, row_line;
	size_t field_count;
	size_t field_at[CDR_CSV_COLUMN_MAX];       /* where in text the field begins */
	size_t field_line[CDR_CSV_COLUMN_MAX];
	size_t text_len;
	char text[CDR_CSV_COLUMN_MAX * (CDR_CSV_FIELD_MAX + 1)]; /* the fields, each with a closing NUL; personal */
};

/* ---- one record ------------------------------------------------------------------------------------------------ */

/* The record being read: its first problem, and the field in which it is. */
struct record {
	enum problem problem;
	size_t problem_field, problem_line;
};

static void
problem_set(struct cdr_csv *csv, struct record *record, enum problem problem)
{
	if (record->problem != NONE && !(record->problem < UNCLOSED && problem >= UNCLOSED))
		return;
	record->problem = problem;
	record->problem_field = csv->field_count;
	record->problem_line = csv->field_count < CDR_CSV_COLUMN_MAX ? csv->field_line[csv->field_count] : csv->line;
}

/* Add bytes to the field being read, as far as it may be long. Did they fit? */
static bool
keep(struct cdr_csv *csv, struct record *record, const uint8_t *data, size_t len)
{
	if (csv->field_count == CDR_CSV_COLUMN_MAX)
		return true;
	size_t room = CDR_CSV_FIELD_MAX - (csv->text_len - csv->field_at[csv->field_count]);
	size_t kept = len < room ? len : room;
	memcpy(csv->text + csv->text_len, data, kept);
	csv->text_len += kept;
	if (kept < len)
		problem_set(csv, record, TOO_LONG);
	return kept == len;
}

static void
field_begin(struct cdr_csv *csv, struct record *record)
{
	if (csv->field_count == CDR_CSV_COLUMN_MAX) {
		problem_set(csv, record, TOO_MANY_COLUMNS);
		return;
	}
	csv->field_at[csv->field_count] = csv->text_len;
	csv->field_line[csv->field_count] = csv->line;
}

static void
field_end(struct cdr_csv *csv, struct record *record)
{
	if (csv->field_count == CDR_CSV_COLUMN_MAX)
		return;
	const uint8_t *field = (const uint8_t *)csv->text + csv->field_at[csv->field_count];
	size_t len = csv->text_len - csv->field_at[csv->field_count];
	if (memchr(field, '\0', len) != NULL)
		problem_set(csv, record, HAS_NUL);
	else if (!cdr_text_valid(field, len))
		problem_set(csv, record, NOT_UTF8);
	csv->text[csv->text_len++] = '\0';
	csv->field_count++;
}

/* Does a line end stand at ${at}? A carriage return counts with the line feed after it. */
static bool
at_line_end(const struct cdr_csv *csv, const uint8_t *at)
{
	return at == csv->end || *at == '\n' || (*at == '\r' && at + 1 < csv->end && at[1] == '\n');
}

/* Bytes up to the next separator or line end, which stays. */
static void
read_plain(struct cdr_csv *csv, struct record *record, bool after_quote)
{
	const uint8_t *begin = csv->at;

	while (!at_line_end(csv, csv->at) && *csv->at != csv->separator) {
		if (*csv->at == '"' && !after_quote)
			problem_set(csv, record, STRAY_QUOTE);
		if (*csv->at == '\r' && !after_quote)
			problem_set(csv, record, STRAY_RETURN);
		csv->at++;
	}
	if (!after_quote)
		(void)keep(csv, record, begin, (size_t)(csv->at - begin));
	else if (csv->at > begin)
		problem_set(csv, record, AFTER_QUOTE);
}

/*
 * A quoted field (RFC 4180, section 2, rules 5 to 7), from its opening quote.
 * Where a quote is missing, the field runs on over line ends until it meets
 * another one, and inside and outside are exchanged from there on; so a fault
 * in a field that spans lines ends the reading.
 */
static void
read_quoted(struct cdr_csv *csv, struct record *record)
{
	size_t first_line = csv->line;
	bool fits = true;

	csv->at++;
	for (;;) {
		const uint8_t *quote = memchr(csv->at, '"', (size_t)(csv->end - csv->at));
		const uint8_t *stop = quote == NULL ? csv->end : quote;
		for (const uint8_t *p = csv->at; (p = memchr(p, '\n', (size_t)(stop - p))) != NULL; p++)
			csv->line++;
		fits = keep(csv, record, csv->at, (size_t)(stop - csv->at)) && fits;
		csv->at = stop;
		if (quote == NULL) {
			problem_set(csv, record, UNCLOSED);
			return;
		}
		if (!fits && csv->line > first_line) {
			problem_set(csv, record, UNCLOSED);
			return;
		}
		csv->at++;
		if (csv->at == csv->end || *csv->at != '"')
			break;
		fits = keep(csv, record, csv->at, 1) && fits;
		csv->at++;
	}
	if (csv->line > first_line && !at_line_end(csv, csv->at) && *csv->at != csv->separator)
		problem_set(csv, record, UNCLOSED);
	else
		read_plain(csv, record, true);
}

static void
wipe_row(struct cdr_csv *csv)
{
	cdr_wipe(csv->text, csv->text_len);
	csv->text_len = 0;
	csv->field_count = 0;
	csv->standing = false;
}

/* One row of a sheet. What the sheet says of a cell becomes a problem of its field. */
static struct record
read_sheet_row(struct cdr_csv *csv)
{
	static const enum problem problem_of[] = {
		[CDR_XLSX_FINE] = NONE, [CDR_XLSX_TOO_LONG] = TOO_LONG, [CDR_XLSX_ERROR_VALUE] = ERROR_VALUE,
		[CDR_XLSX_NO_VALUE] = NO_VALUE, [CDR_XLSX_ROUNDED] = ROUNDED, [CDR_XLSX_NO_DATE] = NO_DATE,
	};
	struct record record = { .problem = NONE };
	size_t count = cdr_xlsx_cell_count(csv->sheet);

	wipe_row(csv);
	csv->row_line = csv->line = cdr_xlsx_line(csv->sheet);
	if (csv->sheet_err != CDR_OK) {
		record = (struct record){ .problem = BROKEN_SHEET, .problem_line = csv->line, .problem_field = ABSENT };
		return record;
	}
	/* Cells that are not there at the end of a row are empty. */
	for (size_t i = 0; i < count || i < csv->column_count; i++) {
		enum cdr_xlsx_problem problem;
		size_t len;
		const char *text = cdr_xlsx_cell_peek(csv->sheet, i, &len, &problem);
		field_begin(csv, &record);
		(void)keep(csv, &record, (const uint8_t *)text, len);
		if (problem != CDR_XLSX_FINE)
			problem_set(csv, &record, problem_of[problem]);
		field_end(csv, &record);
	}
	return record;
}

/* Go to where the next record begins; false at the end of the file. */
static bool
begin_record(struct cdr_csv *csv)
{
	if (csv->sheet == NULL)
		return csv->at < csv->end;
	csv->sheet_err = cdr_xlsx_next(csv->sheet, NULL);
	return csv->sheet_err != CDR_E_ABSENT;
}

/* One record, from its first byte to behind its line end. */
static struct record
read_record(struct cdr_csv *csv)
{
	struct record record = { .problem = NONE };

	if (csv->sheet != NULL)
		return read_sheet_row(csv);
	wipe_row(csv);
	csv->row_line = csv->line;
	for (;;) {
		field_begin(csv, &record);
		if (csv->at < csv->end && *csv->at == '"')
			read_quoted(csv, &record);
		else
			read_plain(csv, &record, false);
		field_end(csv, &record);
		if (record.problem >= UNCLOSED)
			return record;
		if (at_line_end(csv, csv->at))
			break;
		csv->at++;
	}
	if (csv->at < csv->end) {
		csv->at += *csv->at == '\r' ? 2 : 1;
		csv->line++;
	}
	return record;
}

/* Spreadsheets write rows of nothing but separators below the last one. */
static bool
is_empty(const struct cdr_csv *csv)
{
	return csv->text_len == csv->field_count;
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

/* A name without its outer blanks, cut, with '?' for what cannot be printed. */
static void
name_write(const char *field, char name[static CDR_REPORT_COLUMN_LEN])
{
	size_t begin = strspn(field, " \t"), len = strlen(field + begin);

	while (len > 0 && strchr(" \t", field[begin + len - 1]) != NULL)
		len--;
	if (len > CDR_REPORT_COLUMN_LEN - 1) {
		len = CDR_REPORT_COLUMN_LEN - 1;
		while (len > 0 && ((unsigned char)field[begin + len] & 0xc0) == 0x80)
			len--;
	}
	memset(name, 0, CDR_REPORT_COLUMN_LEN);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)field[begin + i];
		name[i] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
}

/* Equal without regard to ASCII case. */
static bool
name_equal(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
		if (x != *b)
			return false;
	}
	return *a == *b;
}

/* The accepted column that ${name} was probably meant for, by spelling or by another word for it. */
static const char *
name_near(const struct cdr_csv *csv, const char *name)
{
	const char *near = NULL;
	size_t best = SIZE_MAX;
	char word[CDR_TEXT_WORD_MAX + 1];

	for (size_t i = 0; i < csv->accepted_count; i++) {
		if (cdr_text_nearer(name, csv->accepted[i].name, &best))
			near = csv->accepted[i].name;
		for (const char *also = csv->accepted[i].also; also != NULL && *also != '\0';) {
			size_t len = strcspn(also, " ");
			size_t kept = len < sizeof(word) ? len : sizeof(word) - 1;
			memcpy(word, also, kept);
			word[kept] = '\0';
			if (cdr_text_nearer(name, word, &best))
				near = csv->accepted[i].name;
			also += len + (also[len] == ' ');
		}
	}
	return near;
}

/* Add to a sentence of at most CDR_FAULT_LEN bytes. */
static void CDR_PRINTF(2, 3)
say(char text[static CDR_FAULT_LEN], const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + len, CDR_FAULT_LEN - len, format, args);
	va_end(args);
}

/* "given_names, family_names, ..." */
static void
say_accepted(const struct cdr_csv *csv, char text[static CDR_FAULT_LEN])
{
	say(text, "; columns are ");
	for (size_t i = 0; i < csv->accepted_count; i++)
		say(text, "%s%s", i > 0 ? ", " : "", csv->accepted[i].name);
}

/* The columns of one group: at least one must be there. Otherwise they are named in ${text}. */
static void
check_group(const struct cdr_csv *csv, uint8_t group, char text[static CDR_FAULT_LEN])
{
	bool any = false;

	for (size_t i = 0; i < csv->accepted_count; i++)
		if (csv->accepted[i].group == group) {
			any = true;
			if (csv->column_of[i] != ABSENT)
				return;
		}
	if (!any)
		return;
	say(text, "%s", text[0] == '\0' ? "missing: " : "; ");
	any = false;
	for (size_t i = 0; i < csv->accepted_count; i++)
		if (csv->accepted[i].group == group) {
			say(text, "%s%s", any ? " or " : "", csv->accepted[i].name);
			any = true;
		}
	for (size_t u = 0; u < csv->unknown_count; u++)
		for (size_t i = 0; i < csv->accepted_count; i++)
			if (csv->accepted[i].group == group && csv->unknown[u].near == csv->accepted[i].name)
				say(text, " (column %zu is named \"%s\": did you mean %s?)", csv->unknown[u].column,
				    csv->unknown[u].name, csv->accepted[i].name);
}

/* A needed column is not there, and another seems to be it: read without it, the file would say less than it does. */
static void
check_renamed(const struct cdr_csv *csv, char text[static CDR_FAULT_LEN])
{
	for (size_t u = 0; text[0] == '\0' && u < csv->unknown_count; u++)
		for (size_t i = 0; i < csv->accepted_count; i++)
			if (csv->accepted[i].group != 0 && csv->column_of[i] == ABSENT && csv->unknown[u].near == csv->accepted[i].name)
				say(text, "column %zu is named \"%s\": did you mean %s? Rename it, or take it out", csv->unknown[u].column,
				    csv->unknown[u].name, csv->accepted[i].name);
}

/* Which column of the file is which. */
static cdr_err
match_columns(struct cdr_csv *csv, struct cdr_fault *fault)
{
	for (size_t i = 0; i < csv->accepted_count; i++)
		csv->column_of[i] = ABSENT;
	csv->column_count = csv->field_count;
	for (size_t c = 0; c < csv->column_count; c++) {
		struct cdr_csv_unknown *unknown = &csv->unknown[csv->unknown_count];
		size_t i = 0;
		name_write(csv->text + csv->field_at[c], unknown->name);
		while (i < csv->accepted_count && !name_equal(unknown->name, csv->accepted[i].name))
			i++;
		if (i == csv->accepted_count) {
			unknown->column = c + 1;
			unknown->near = name_near(csv, unknown->name);
			csv->unknown_count++;
		} else if (csv->column_of[i] != ABSENT) {
			return cdr_fault_set(fault, CDR_E_REFUSED, "line %zu: column %zu and column %zu are both named %s; take one out",
			    csv->row_line, csv->column_of[i] + 1, c + 1, csv->accepted[i].name);
		} else {
			csv->column_of[i] = c;
		}
	}
	return CDR_OK;
}

/* Are the columns there that must be? */
static cdr_err
check_columns(const struct cdr_csv *csv, struct cdr_fault *fault)
{
	char text[CDR_FAULT_LEN] = "";

	/* The first line of a file without a header is somebody's data: its fields are not quoted. */
	if (csv->unknown_count == csv->column_count) {
		bool tabs = csv->column_count == 1 && strchr(csv->text, '\t') != NULL;
		say(text, "%s", tabs ? "fields are separated by tabs: save the file with commas or semicolons" :
		    "the first line must name the columns, and no name in it is known");
		say_accepted(csv, text);
		return cdr_fault_set(fault, CDR_E_REFUSED, "line %zu: %s", csv->row_line, text);
	}
	for (unsigned group = 1; group <= UINT8_MAX; group++)
		check_group(csv, (uint8_t)group, text);
	check_renamed(csv, text);
	if (text[0] == '\0')
		return CDR_OK;
	say_accepted(csv, text);
	return cdr_fault_set(fault, CDR_E_REFUSED, "line %zu: %s", csv->row_line, text);
}

/* The more frequent of ',' and ';' in the first line, outside quotes. */
static uint8_t
find_separator(const struct cdr_csv *csv)
{
	size_t commas = 0, semicolons = 0;
	bool quoted = false;

	for (const uint8_t *p = csv->at; p < csv->end && (quoted || *p != '\n'); p++) {
		if (*p == '"')
			quoted = !quoted;
		commas += !quoted && *p == ',';
		semicolons += !quoted && *p == ';';
	}
	return semicolons > commas ? ';' : ',';
}

/* What people send that is no CSV. */
static cdr_err
check_kind(const struct cdr_csv *csv, struct cdr_fault *fault)
{
	size_t len = (size_t)(csv->end - csv->at);

	if (len >= 2 && ((csv->at[0] == 0xff && csv->at[1] == 0xfe) || (csv->at[0] == 0xfe && csv->at[1] == 0xff)))
		return cdr_fault_set(fault, CDR_E_INPUT, "this file is UTF-16; save it as \"CSV UTF-8\"");
	if (len >= 4 && memcmp(csv->at, "\xd0\xcf\x11\xe0", 4) == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "this is a spreadsheet of an old kind, or one with a password; save it as .xlsx "
		    "without a password, or as \"CSV UTF-8\"");
	return CDR_OK;
}

/* A line "sep=;" before the header: a spreadsheet's note to itself. */
static void
pass_separator_line(struct cdr_csv *csv)
{
	size_t len = (size_t)(csv->end - csv->at);
	size_t line_end = len > 5 && csv->at[5] == '\r' ? 6 : 5;

	if (len > line_end && memcmp(csv->at, "sep=", 4) == 0 && csv->at[line_end] == '\n') {
		csv->at += line_end + 1;
		csv->line++;
	}
}

static cdr_err
read_header(struct cdr_csv *csv, struct cdr_fault *fault)
{
	struct record record;
	cdr_err err = csv->sheet == NULL ? check_kind(csv, fault) : CDR_OK;

	if (err != CDR_OK)
		return err;
	if (csv->sheet == NULL && csv->end - csv->at >= 3 && memcmp(csv->at, "\xef\xbb\xbf", 3) == 0)
		csv->at += 3;
	if (csv->sheet == NULL)
		pass_separator_line(csv);
	do {
		if (!begin_record(csv))
			return cdr_fault_set(fault, CDR_E_INPUT, csv->sheet != NULL ?
				"the first sheet is empty; its first row must name the columns" :
				"the file is empty; its first line must name the columns");
		if (csv->sheet == NULL)
			csv->separator = find_separator(csv);
		record = read_record(csv);
	} while (record.problem == NONE && is_empty(csv));
	if (record.problem == BROKEN_SHEET)
		return cdr_xlsx_next(csv->sheet, fault);
	if (record.problem != NONE)
		return cdr_fault_set(fault, record.problem == TOO_MANY_COLUMNS || record.problem == TOO_LONG ? CDR_E_RANGE : CDR_E_INPUT,
		    "line %zu, column %zu: %s; %s", record.problem_line, record.problem_field + 1,
		    problems[record.problem].reason, problems[record.problem].advice);
	err = match_columns(csv, fault);
	if (err == CDR_OK)
		err = check_columns(csv, fault);
	wipe_row(csv);
	return err;
}

/* see core/record/csv.h */
cdr_err
cdr_csv_new(struct cdr_bytes file, size_t file_max, const struct cdr_csv_column *accepted, size_t accepted_count,
    struct cdr_csv **out, struct cdr_fault *fault)
{
	struct cdr_csv *csv = NULL;
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	if (file.len > file_max)
		return cdr_fault_set(fault, CDR_E_RANGE, "the file has %zu bytes, at most %zu are read; split it", file.len, file_max);
	if (accepted_count == 0 || accepted_count > CDR_CSV_COLUMN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "1 to %d columns can be accepted", CDR_CSV_COLUMN_MAX);
	if (file.len == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the file is empty; its first line must name the columns");
	csv = calloc(1, sizeof(*csv));
	if (csv == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the file");
	csv->begin = csv->at = file.data;
	csv->end = file.data + file.len;
	csv->line = 1;
	csv->accepted = accepted;
	csv->accepted_count = accepted_count;
	if (cdr_xlsx_begins(file))
		CDR_TRY(cdr_xlsx_new(file, &csv->sheet, fault));
	CDR_TRY(read_header(csv, fault));
	*out = csv;
	csv = NULL;
out:
	cdr_csv_free(csv);
	return err;
}

/* see core/record/csv.h */
void
cdr_csv_free(struct cdr_csv *csv)
{
	if (csv == NULL)
		return;
	wipe_row(csv);
	cdr_xlsx_free(csv->sheet);
	free(csv);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* see core/record/csv.h */
void
cdr_csv_place(const struct cdr_csv *csv, size_t accepted_at, struct cdr_row_fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	fault->line = csv->row_line;
	if (accepted_at >= csv->accepted_count)
		return;
	(void)snprintf(fault->column_name, sizeof(fault->column_name), "%s", csv->accepted[accepted_at].name);
	if (csv->column_of[accepted_at] == ABSENT)
		return;
	fault->column = csv->column_of[accepted_at] + 1;
	if (csv->standing)
		fault->line = csv->field_line[csv->column_of[accepted_at]];
}

/* Tell a problem by the accepted column in which it is, where it is in one. */
static void
tell(const struct cdr_csv *csv, const struct record *record, struct cdr_row_fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	fault->line = record->problem_line;
	fault->column = record->problem_field + 1;
	for (size_t i = 0; i < csv->accepted_count; i++)
		if (record->problem_field != ABSENT && csv->column_of[i] == record->problem_field)
			(void)snprintf(fault->column_name, sizeof(fault->column_name), "%s", csv->accepted[i].name);
	(void)snprintf(fault->reason, sizeof(fault->reason), "%s", problems[record->problem].reason);
	(void)snprintf(fault->advice, sizeof(fault->advice), "%s", problems[record->problem].advice);
}

/* The file ends here for the reader: now, and at every later call. */
static cdr_err
stop(struct cdr_csv *csv, const struct record *record, struct cdr_row_fault *fault)
{
	struct cdr_fault why = { .text = "" };

	tell(csv, record, &csv->stop);
	if (record->problem == BROKEN_SHEET && cdr_xlsx_next(csv->sheet, &why) != CDR_OK)
		(void)snprintf(csv->stop.reason, sizeof(csv->stop.reason), "%.*s", CDR_REPORT_REASON_LEN - 1, why.text);
	csv->stopped = true;
	wipe_row(csv);
	*fault = csv->stop;
	return CDR_E_REFUSED;
}

/* see core/record/csv.h */
cdr_err
cdr_csv_next(struct cdr_csv *csv, struct cdr_row_fault *fault)
{
	struct record record;

	if (csv->stopped) {
		*fault = csv->stop;
		return CDR_E_REFUSED;
	}
	do {
		if (!begin_record(csv)) {
			wipe_row(csv);
			return CDR_E_ABSENT;
		}
		record = read_record(csv);
	} while (record.problem == NONE && is_empty(csv));

	if (++csv->row_count > CDR_CSV_ROW_MAX)
		record = (struct record) { .problem = TOO_MANY_ROWS, .problem_line = csv->row_line, .problem_field = ABSENT };
	if (record.problem >= UNCLOSED)
		return stop(csv, &record, fault);
	if (record.problem != NONE) {
		tell(csv, &record, fault);
		wipe_row(csv);
		return CDR_E_INPUT;
	}
	if (csv->field_count != csv->column_count) {
		cdr_csv_place(csv, ABSENT, fault);
		(void)snprintf(fault->reason, sizeof(fault->reason), "%zu fields, but the first line names %zu columns",
		    csv->field_count, csv->column_count);
		if (csv->sheet != NULL)
			(void)snprintf(fault->advice, sizeof(fault->advice), "take out what stands to the right of the table");
		else
			(void)snprintf(fault->advice, sizeof(fault->advice), "put quotes around a field that holds a '%c' or a line end",
			    csv->separator);
		wipe_row(csv);
		return CDR_E_INPUT;
	}
	csv->standing = true;
	return CDR_OK;
}

/* see core/record/csv.h */
const char *
cdr_csv_field_peek(const struct cdr_csv *csv, size_t accepted_at)
{
	if (!csv->standing || !cdr_csv_has(csv, accepted_at))
		return "";
	return csv->text + csv->field_at[csv->column_of[accepted_at]];
}

/* see core/record/csv.h */
bool
cdr_csv_has(const struct cdr_csv *csv, size_t accepted_at)
{
	return accepted_at < csv->accepted_count && csv->column_of[accepted_at] != ABSENT;
}

/* see core/record/csv.h */
size_t
cdr_csv_line(const struct cdr_csv *csv)
{
	return csv->row_line;
}

/* see core/record/csv.h */
size_t
cdr_csv_offset(const struct cdr_csv *csv)
{
	return csv->sheet != NULL ? cdr_xlsx_offset(csv->sheet) : (size_t)(csv->at - csv->begin);
}

/* see core/record/csv.h */
const struct cdr_csv_unknown *
cdr_csv_unknown_peek(const struct cdr_csv *csv, size_t *count)
{
	*count = csv->unknown_count;
	return csv->unknown;
}
