#include "core/record/xlsx_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/text.h"

#define CHUNK_LEN 16384
#define VALUE_LEN (8 * (CDR_XLSX_CELL_MAX + 1))  /* of one cell as it stands in the file: an escape of seven bytes may become one */
#define FIGURES_MAX 1e15                         /* from here on a spreadsheet has rounded an integer */

enum kind { A_NUMBER = 0, A_SHARED, A_TEXT, A_FORMULA_TEXT, A_TRUTH, AN_ERROR, AN_ISO_DATE };

struct cell {
	size_t at, len;
	enum cdr_xlsx_problem problem;
};

struct cdr_xlsx {
	struct cdr_xlsx_book book;
	struct cdr_xlsx_part part;
	XML_Parser parser;
	cdr_err stopped;              /* what every later call returns; CDR_OK while there is more */
	struct cdr_fault fault;
	cdr_err err;                  /* found by a handler */
	unsigned depth;
	bool suspended, row_done;

	uint64_t line;                /* of the row that stands, or was last read */
	struct cell cell[CDR_XLSX_COLUMN_MAX];
	size_t cell_count;
	size_t text_len;

	/* The cell that is being read. */
	bool in_row, in_cell, in_value, has_formula, has_value;
	unsigned in_phonetic;
	uint64_t column;              /* from 0 */
	uint64_t next_column;         /* where a cell without a place of its own stands */
	uint64_t style;
	enum kind kind;
	size_t value_len;
	char value[VALUE_LEN];
	char text[CDR_XLSX_COLUMN_MAX * (CDR_XLSX_CELL_MAX + 1)];
};

/* ---- from values to text ----------------------------------------------------------------------------------------- */

/* Year, month and day of day number ${days} since 1970 (proleptic Gregorian). Source: Hinnant, "chrono-compatible low-level date algorithms". */
static void
civil(int64_t days, int *year, unsigned *month, unsigned *day)
{
	days += 719468; /* from 1 March of the year 0 */
	int64_t era = days / 146097;
	unsigned doe = (unsigned)(days - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(yoe + era * 400) + (*month <= 2);
}

/* A serial number as the date that it is shown as. False if it is none. */
static bool
write_date(const struct cdr_xlsx *x, double serial, uint8_t show, char *out, size_t size)
{
	unsigned month, day;
	int year;

	if (!(serial >= 0 && serial < 2958466)) /* the year 10000 */
		return false;
	int64_t days = (int64_t)serial, seconds = (int64_t)((serial - (double)days) * 86400 + 0.5);
	if (seconds == 86400) {
		days++;
		seconds = 0;
	}
	/* Day 60 stands for a 29 February 1900 that never was: what lies before it is a day later than its number says. */
	if (!x->book.from_1904 && days < 60)
		days++;
	civil(days - (x->book.from_1904 ? 24107 : 25569), &year, &month, &day);
	if (show == CDR_XLSX_AS_YEAR)
		(void)snprintf(out, size, "%04d", year);
	else if (show == CDR_XLSX_AS_MONTH)
		(void)snprintf(out, size, "%04d-%02u", year, month);
	else if (seconds == 0)
		(void)snprintf(out, size, "%04d-%02u-%02u", year, month, day);
	else
		(void)snprintf(out, size, "%04d-%02u-%02uT%02d:%02d:%02d", year, month, day, (int)(seconds / 3600),
		    (int)(seconds / 60 % 60), (int)(seconds % 60));
	return true;
}

/* A number as it would be typed, or as the date that its format makes of it. */
static enum cdr_xlsx_problem
write_number(const struct cdr_xlsx *x, char *out, size_t size)
{
	uint8_t show = x->style < x->book.show_count ? x->book.show[x->style] : CDR_XLSX_AS_NUMBER;
	char *end;

	if (strspn(x->value, "0123456789+-.eE") != x->value_len || x->value_len > 64) {
		out[0] = '\0';
		return CDR_XLSX_ERROR_VALUE;
	}
	double number = strtod(x->value, &end);
	if (*end != '\0' || !isfinite(number)) {
		out[0] = '\0';
		return CDR_XLSX_ERROR_VALUE;
	}
	if (show >= CDR_XLSX_AS_DATE && show <= CDR_XLSX_AS_YEAR) {
		if (write_date(x, number, show, out, size))
			return CDR_XLSX_FINE;
		(void)snprintf(out, size, "%.15g", number);
		return CDR_XLSX_NO_DATE;
	}
	if (fabs(number) >= FIGURES_MAX) {
		out[0] = '\0';
		return CDR_XLSX_ROUNDED;
	}
	bool whole = number == floor(number);
	if (whole && show > CDR_XLSX_AS_ZEROS && number >= 0)
		(void)snprintf(out, size, "%0*.0f", show - CDR_XLSX_AS_ZEROS, number);
	else
		(void)snprintf(out, size, whole ? "%.0f" : "%.15g", number);
	return CDR_XLSX_FINE;
}

/* "_x000D_" stands for a character that XML cannot hold (section 22.9.2.19). Its length, and the character; 0: it is none. */
static size_t
read_escape(const char *in, size_t len, unsigned *c)
{
	*c = 0;
	if (len < 7 || in[0] != '_' || in[1] != 'x' || in[6] != '_')
		return 0;
	for (size_t i = 2; i < 6; i++) {
		const char *figure = strchr("0123456789abcdef", in[i] | (in[i] >= 'A' ? 0x20 : 0));
		if (figure == NULL || *figure == '\0')
			return 0;
		*c = *c << 4 | (unsigned)(figure - "0123456789abcdef");
	}
	return *c != 0 && (*c < 0xd800 || *c > 0xdfff) ? 7 : 0;
}

/* One character of the basic plane as UTF-8; its length. */
static size_t
write_character(unsigned c, char out[static 3])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* Text of a cell: escapes undone, line ends as blanks, cut at a whole character. */
static enum cdr_xlsx_problem
write_text(const char *in, size_t in_len, char out[static CDR_XLSX_CELL_MAX + 1], size_t *len)
{
	char piece[3];
	size_t at = 0;

	*len = 0;
	while (at < in_len) {
		unsigned c;
		size_t escape = read_escape(in + at, in_len - at, &c);
		size_t piece_len = escape > 0 ? write_character(c, piece) : 1;
		if (escape == 0)
			piece[0] = in[at];
		if (piece_len == 1 && (piece[0] == '\n' || piece[0] == '\r'))
			piece[0] = ' ';
		if (*len + piece_len > CDR_XLSX_CELL_MAX) {
			while (*len > 0 && ((unsigned char)out[*len - 1] & 0xc0) == 0x80)
				(*len)--;
			*len -= *len > 0 && (unsigned char)out[*len - 1] >= 0xc0;
			out[*len] = '\0';
			return CDR_XLSX_TOO_LONG;
		}
		memcpy(out + *len, piece, piece_len);
		*len += piece_len;
		at += escape > 0 ? escape : 1;
	}
	out[*len] = '\0';
	return CDR_XLSX_FINE;
}

/* The text of the cell that was read, by its kind. */
static enum cdr_xlsx_problem
write_value(struct cdr_xlsx *x, char out[static CDR_XLSX_CELL_MAX + 1], size_t *len)
{
	uint64_t at;
	enum cdr_xlsx_problem problem = CDR_XLSX_FINE;

	out[0] = '\0';
	*len = 0;
	if (!x->has_value || x->value_len == 0)
		return x->has_formula && x->kind != A_FORMULA_TEXT ? CDR_XLSX_NO_VALUE : CDR_XLSX_FINE;
	switch (x->kind) {
	case A_NUMBER:
		problem = write_number(x, out, CDR_XLSX_CELL_MAX + 1);
		*len = strlen(out);
		return problem;
	case A_SHARED:
		if (!cdr_xlsx_number(x->value, UINT32_MAX, &at) || at >= x->book.string_count) {
			x->err = CDR_E_INPUT;
			return CDR_XLSX_ERROR_VALUE;
		}
		return write_text(x->book.strings + x->book.string_at[at], strlen(x->book.strings + x->book.string_at[at]), out, len);
	case A_TRUTH:
		*len = (size_t)snprintf(out, CDR_XLSX_CELL_MAX + 1, "%s", strcmp(x->value, "1") == 0 || strcmp(x->value, "true") == 0 ? "TRUE" : "FALSE");
		return CDR_XLSX_FINE;
	case AN_ERROR:
		return CDR_XLSX_ERROR_VALUE;
	default:
		return write_text(x->value, x->value_len, out, len);
	}
}

/* ---- the sheet ----------------------------------------------------------------------------------------------------- */

/* "BC12" is column 54 (from 0). The row's number is not needed: a row says its own. */
static bool
read_place(const char *place, uint64_t *column)
{
	uint64_t letters = 0, row;

	for (; *place >= 'A' && *place <= 'Z' && letters < 100000; place++)
		letters = letters * 26 + (uint64_t)(*place - 'A') + 1;
	*column = letters - 1;
	return letters > 0 && letters <= 16384 && cdr_xlsx_number(place, CDR_XLSX_ROW_MAX, &row);
}

static enum kind
kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum kind kind;
	} kinds[] = { { "s", A_SHARED }, { "inlineStr", A_TEXT }, { "str", A_FORMULA_TEXT }, { "b", A_TRUTH }, { "e", AN_ERROR },
		{ "d", AN_ISO_DATE } };

	for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return A_NUMBER;
}

static void
start_row(struct cdr_xlsx *x, const char **attributes)
{
	const char *number = cdr_xlsx_attribute(attributes, "r");
	uint64_t line = x->line + 1;

	if (x->in_row || (number != NULL && !cdr_xlsx_number(number, CDR_XLSX_ROW_MAX, &line)) || line <= x->line) {
		x->err = CDR_E_INPUT; /* rows go down */
		return;
	}
	x->err = line > CDR_XLSX_ROW_MAX ? CDR_E_RANGE : CDR_OK;
	x->line = line;
	x->in_row = true;
	x->next_column = 0;
}

static void
start_cell(struct cdr_xlsx *x, const char **attributes)
{
	const char *place = cdr_xlsx_attribute(attributes, "r");

	x->column = x->next_column;
	if (x->in_cell || (place != NULL && !read_place(place, &x->column)) || x->column < x->next_column) {
		x->err = CDR_E_INPUT;
		return;
	}
	x->in_cell = true;
	x->in_value = x->has_value = x->has_formula = false;
	x->in_phonetic = 0;
	cdr_wipe(x->value, x->value_len);
	x->value_len = 0;
	x->kind = kind_of(cdr_xlsx_attribute(attributes, "t"));
	x->style = 0; /* also what a style that cannot be is taken for */
	(void)cdr_xlsx_number(cdr_xlsx_attribute(attributes, "s"), UINT32_MAX, &x->style);
}

static void
on_start(void *context, const XML_Char *full, const XML_Char **attributes)
{
	struct cdr_xlsx *x = XML_GetUserData((XML_Parser)context);
	const char *name = cdr_xlsx_local(full);

	if (++x->depth > CDR_XLSX_DEPTH_MAX)
		x->err = CDR_E_INPUT;
	else if (strcmp(name, "row") == 0)
		start_row(x, attributes);
	else if (strcmp(name, "c") == 0 && x->in_row)
		start_cell(x, attributes);
	else if (x->in_cell && strcmp(name, "f") == 0)
		x->has_formula = true;
	else if (x->in_cell && strcmp(name, "rPh") == 0)
		x->in_phonetic++;
	else if (x->in_cell && strcmp(name, x->kind == A_TEXT ? "t" : "v") == 0)
		x->in_value = x->has_value = true;
	if (x->err != CDR_OK)
		(void)XML_StopParser(context, XML_FALSE);
}

/* Put the cell into its row. */
static void
end_cell(struct cdr_xlsx *x)
{
	char *out = x->text + x->text_len;
	size_t len;

	x->in_cell = false;
	x->next_column = x->column + 1;
	if (x->column >= CDR_XLSX_COLUMN_MAX) {
		if (x->value_len > 0)
			x->err = CDR_E_RANGE;
		return;
	}
	x->value[x->value_len < VALUE_LEN ? x->value_len : VALUE_LEN - 1] = '\0';
	struct cell *cell = &x->cell[x->column];
	*cell = (struct cell){ .at = x->text_len, .problem = write_value(x, out, &len) };
	cell->len = len;
	if (len == 0 && cell->problem == CDR_XLSX_FINE)
		return;
	x->text_len += len + 1;
	x->cell_count = (size_t)x->column + 1;
}

static void
on_end(void *context, const XML_Char *full)
{
	struct cdr_xlsx *x = XML_GetUserData((XML_Parser)context);
	const char *name = cdr_xlsx_local(full);

	x->depth--;
	if (strcmp(name, "rPh") == 0 && x->in_phonetic > 0)
		x->in_phonetic--;
	else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
		x->in_value = false;
	else if (strcmp(name, "c") == 0 && x->in_cell)
		end_cell(x);
	else if (strcmp(name, "row") == 0) {
		x->in_row = false;
		x->row_done = true;
	}
	if (x->err != CDR_OK)
		(void)XML_StopParser(context, XML_FALSE);
	else if (x->row_done)
		(void)XML_StopParser(context, XML_TRUE);
}

static void
on_text(void *context, const XML_Char *text, int len)
{
	struct cdr_xlsx *x = XML_GetUserData((XML_Parser)context);

	if (!x->in_cell || !x->in_value || x->in_phonetic > 0)
		return;
	size_t room = VALUE_LEN - 1 - x->value_len;
	size_t kept = (size_t)len < room ? (size_t)len : room;
	memcpy(x->value + x->value_len, text, kept);
	x->value_len += kept;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

/* see core/record/xlsx.h */
cdr_err
cdr_xlsx_new(struct cdr_bytes file, struct cdr_xlsx **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_xlsx *x;

	*out = NULL;
	if (!cdr_xlsx_begins(file))
		return cdr_fault_set(fault, CDR_E_INPUT, "this is no spreadsheet");
	x = cdr_wiping_alloc(sizeof(*x));
	if (x == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet");
	memset(x, 0, sizeof(*x));
	x->book.file = file;
	CDR_TRY(cdr_xlsx_book_open(&x->book, fault));
	err = cdr_xlsx_part_open(&x->book, x->book.sheet, &x->part, fault);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: its first sheet is not there");
	CDR_TRY(err);
	x->parser = cdr_xlsx_parser_new();
	if (x->parser == NULL) {
		err = cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet");
		goto out;
	}
	XML_SetUserData(x->parser, x);
	XML_UseParserAsHandlerArg(x->parser);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetCharacterDataHandler(x->parser, on_text);
	*out = x;
	x = NULL;
	err = CDR_OK;
out:
	cdr_xlsx_free(x);
	return err;
}

/* see core/record/xlsx.h */
void
cdr_xlsx_free(struct cdr_xlsx *x)
{
	if (x == NULL)
		return;
	if (x->parser != NULL)
		XML_ParserFree(x->parser);
	cdr_xlsx_part_close(&x->part);
	cdr_xlsx_book_close(&x->book);
	cdr_wiping_free(x);
}

/* Feed the parser, or let it go on, until it has a row. CDR_E_ABSENT at the end of the sheet. */
static cdr_err
read_on(struct cdr_xlsx *x)
{
	enum XML_Status status;
	size_t got;

	while (!x->row_done) {
		if (x->suspended) {
			x->suspended = false;
			status = XML_ResumeParser(x->parser);
		} else {
			void *buffer = XML_GetBuffer(x->parser, CHUNK_LEN);
			if (buffer == NULL)
				return cdr_xlsx_parser_fault(x->parser, x->part.path, CDR_E_MEMORY, &x->fault);
			cdr_err err = cdr_xlsx_part_read(&x->part, buffer, CHUNK_LEN, &got, &x->fault);
			if (err != CDR_OK)
				return err;
			status = XML_ParseBuffer(x->parser, (int)got, got == 0);
		}
		if (status == XML_STATUS_ERROR)
			return cdr_xlsx_parser_fault(x->parser, x->part.path, x->err, &x->fault);
		XML_ParsingStatus state;
		XML_GetParsingStatus(x->parser, &state);
		x->suspended = state.parsing == XML_SUSPENDED;
		if (state.parsing == XML_FINISHED && !x->row_done)
			return CDR_E_ABSENT;
	}
	return CDR_OK;
}

/* see core/record/xlsx.h */
cdr_err
cdr_xlsx_next(struct cdr_xlsx *x, struct cdr_fault *fault)
{
	if (x->stopped == CDR_OK) {
		cdr_wipe(x->text, x->text_len);
		memset(x->cell, 0, sizeof(x->cell));
		x->text_len = x->cell_count = 0;
		x->row_done = false;
		x->stopped = read_on(x);
		if (x->stopped == CDR_OK)
			return CDR_OK;
		x->cell_count = 0;
	}
	if (fault != NULL && x->stopped != CDR_E_ABSENT)
		*fault = x->fault;
	return x->stopped;
}

/* see core/record/xlsx.h */
size_t
cdr_xlsx_line(const struct cdr_xlsx *x)
{
	return (size_t)x->line;
}

/* see core/record/xlsx.h */
size_t
cdr_xlsx_cell_count(const struct cdr_xlsx *x)
{
	return x->cell_count;
}

/* see core/record/xlsx.h */
size_t
cdr_xlsx_offset(const struct cdr_xlsx *x)
{
	if (x->stopped == CDR_E_ABSENT || x->part.whole <= x->part.read)
		return x->book.file.len;
	return (size_t)((double)x->book.file.len * ((double)x->part.read / (double)x->part.whole));
}

/* see core/record/xlsx.h */
const char *
cdr_xlsx_cell_peek(const struct cdr_xlsx *x, size_t column, size_t *len, enum cdr_xlsx_problem *problem)
{
	*len = 0;
	*problem = CDR_XLSX_FINE;
	if (column >= x->cell_count)
		return "";
	*len = x->cell[column].len;
	*problem = x->cell[column].problem;
	return *len > 0 ? x->text + x->cell[column].at : "";
}
