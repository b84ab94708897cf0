#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "core/crypto/secret.h"
#include "core/record/csv.h"
#include "core/record/xlsx.h"

/* Workbooks: what spreadsheet programs write is read as rows, what is hostile or damaged is refused, tables come back as they went. */

#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

struct part {
	const char *name, *text;
	size_t len; /* 0: of the text */
};

struct file {
	uint8_t *data;
	size_t len;
};

/* Pack parts as they are. */
static struct file
pack(const struct part *parts, size_t count)
{
	struct file file = { 0 };
	zip_stat_t stat;
	zip_source_t *buffer = zip_source_buffer_create(NULL, 0, 0, NULL);

	zip_source_keep(buffer);
	zip_t *zip = zip_open_from_source(buffer, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	assert_non_null(zip);
	for (size_t i = 0; i < count; i++) {
		size_t len = parts[i].len != 0 ? parts[i].len : strlen(parts[i].text);
		zip_source_t *source = zip_source_buffer(zip, parts[i].text, len, 0);
		assert_true(zip_file_add(zip, parts[i].name, source, 0) >= 0);
	}
	assert_int_equal(zip_close(zip), 0);
	assert_int_equal(zip_source_stat(buffer, &stat), 0);
	assert_int_equal(zip_source_open(buffer), 0);
	file.len = (size_t)stat.size;
	file.data = malloc(file.len);
	assert_non_null(file.data);
	assert_int_equal(zip_source_read(buffer, file.data, file.len), file.len);
	(void)zip_source_close(buffer);
	zip_source_free(buffer);
	return file;
}

static const char root[] = "<Relationships><Relationship Id=\"r1\" Type=\"" TYPE "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char book[] = "<workbook " MAIN " xmlns:r=\"" TYPE "\"><workbookPr/><sheets><sheet name=\"Notes\" sheetId=\"1\" state=\"hidden\" r:id=\"rId7\"/>"
	"<sheet name=\"People\" sheetId=\"2\" r:id=\"rId1\"/></sheets></workbook>";
static const char relations[] = "<Relationships><Relationship Id=\"rId7\" Type=\"" TYPE "/worksheet\" Target=\"worksheets/sheet7.xml\"/>"
	"<Relationship Id=\"rId1\" Type=\"" TYPE "/worksheet\" Target=\"/xl/worksheets/sheet1.xml\"/>"
	"<Relationship Id=\"rId2\" Type=\"" TYPE "/styles\" Target=\"styles.xml\"/>"
	"<Relationship Id=\"rId3\" Type=\"" TYPE "/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
static const char styles[] = "<styleSheet " MAIN "><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd\\.mm\\.yyyy;@\"/><numFmt numFmtId=\"165\" formatCode=\"[Red]mmm\\ yyyy\"/>"
	"<numFmt numFmtId=\"166\" formatCode=\"000000\"/><numFmt numFmtId=\"167\" formatCode=\"yyyy&quot;y&quot;\"/><numFmt numFmtId=\"168\" formatCode=\"0.00\\ &quot;days&quot;\"/></numFmts>"
	"<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/>"
	"<xf numFmtId=\"166\"/><xf numFmtId=\"167\"/><xf numFmtId=\"168\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>";
static const char strings[] = "<sst " MAIN "><si><t>name</t></si><si><t>born</t></si><si><r><t>Fict</t></r><r><rPr/><t xml:space=\"preserve\">iona </t></r>"
	"<rPh sb=\"0\" eb=\"1\"><t>never</t></rPh></si><si><t>line_x000A_end &amp; _x00e9__xd800_</t></si></sst>";

#define SHEET_BEGIN "<worksheet " MAIN "><dimension ref=\"A1\"/><sheetData>"
#define SHEET_END "</sheetData></worksheet>"
#define HEADER "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"

static struct file
workbook(const char *sheet)
{
	const struct part parts[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 }, { "xl/_rels/workbook.xml.rels", relations, 0 },
		{ "xl/styles.xml", styles, 0 }, { "xl/sharedStrings.xml", strings, 0 }, { "xl/worksheets/sheet1.xml", sheet, 0 } };

	return pack(parts, 6);
}

static struct cdr_bytes
bytes(const struct file *file)
{
	return (struct cdr_bytes){ file->data, file->len };
}

/* A cell of the row that stands. */
static void
is_cell(const struct cdr_xlsx *x, size_t column, const char *text, enum cdr_xlsx_problem expected)
{
	size_t len;
	enum cdr_xlsx_problem problem;
	const char *got = cdr_xlsx_cell_peek(x, column, &len, &problem);

	assert_string_equal(got, text);
	assert_int_equal(len, strlen(text));
	assert_int_equal(problem, expected);
}

/* One row of cells, read; the caller frees both. */
static struct cdr_xlsx *
one_row(const char *cells, struct file *file)
{
	char *sheet = malloc(strlen(cells) + 512);
	struct cdr_xlsx *x;
	struct cdr_fault fault = { 0 };

	assert_non_null(sheet);
	(void)snprintf(sheet, strlen(cells) + 512, SHEET_BEGIN "<row>%s</row>" SHEET_END, cells);
	*file = workbook(sheet);
	free(sheet);
	cdr_err err = cdr_xlsx_new(bytes(file), &x, &fault);
	assert_string_equal(fault.text, "");
	assert_int_equal(err, CDR_OK);
	return x;
}

static void
test_values(void **state)
{
	static const struct {
		const char *cell, *text;
		enum cdr_xlsx_problem problem;
	} cases[] = {
		{ "<c t=\"s\"><v>2</v></c>", "Fictiona ", CDR_XLSX_FINE },
		{ "<c t=\"s\"><v>3</v></c>", "line end & \xc3\xa9_xd800_", CDR_XLSX_FINE },
		{ "<c t=\"inlineStr\"><is><t>=1+1</t></is></c>", "=1+1", CDR_XLSX_FINE },
		{ "<c t=\"str\"><f>A1</f><v>text</v></c>", "text", CDR_XLSX_FINE },
		{ "<c t=\"str\"><f>A1</f><v></v></c>", "", CDR_XLSX_FINE },
		{ "<c><f>A1</f></c>", "", CDR_XLSX_NO_VALUE },
		{ "<c t=\"e\"><f>A1</f><v>#REF!</v></c>", "", CDR_XLSX_ERROR_VALUE },
		{ "<c t=\"b\"><v>1</v></c>", "TRUE", CDR_XLSX_FINE },
		{ "<c t=\"b\"><v>0</v></c>", "FALSE", CDR_XLSX_FINE },
		{ "<c t=\"d\"><v>2024-03-31</v></c>", "2024-03-31", CDR_XLSX_FINE },
		{ "<c><v>12</v></c>", "12", CDR_XLSX_FINE },
		{ "<c><v>1.2E3</v></c>", "1200", CDR_XLSX_FINE },
		{ "<c><v>0.30000000000000004</v></c>", "0.3", CDR_XLSX_FINE },
		{ "<c><v>-7</v></c>", "-7", CDR_XLSX_FINE },
		{ "<c><v>999999999999999</v></c>", "999999999999999", CDR_XLSX_FINE },
		{ "<c><v>1234567890123456</v></c>", "", CDR_XLSX_ROUNDED },
		{ "<c><v>0x10</v></c>", "", CDR_XLSX_ERROR_VALUE },
		{ "<c><v>1e999</v></c>", "", CDR_XLSX_ERROR_VALUE },
		{ "<c s=\"1\"><v>32915</v></c>", "1990-02-11", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>1</v></c>", "1900-01-01", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>59</v></c>", "1900-02-28", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>61</v></c>", "1900-03-01", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>45382.34375</v></c>", "2024-03-31T08:15:00", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>45381.9999999</v></c>", "2024-03-31", CDR_XLSX_FINE },
		{ "<c s=\"2\"><v>-1</v></c>", "-1", CDR_XLSX_NO_DATE },
		{ "<c s=\"2\"><v>2958466</v></c>", "2958466", CDR_XLSX_NO_DATE },
		{ "<c s=\"3\"><v>45352</v></c>", "2024-03", CDR_XLSX_FINE },
		{ "<c s=\"4\"><v>77</v></c>", "000077", CDR_XLSX_FINE },
		{ "<c s=\"5\"><v>45352</v></c>", "2024", CDR_XLSX_FINE },
		{ "<c s=\"6\"><v>1.5</v></c>", "1.5", CDR_XLSX_FINE },
		{ "<c s=\"7\"><v>0.5</v></c>", "0.5", CDR_XLSX_FINE },
		{ "<c s=\"99\"><v>3</v></c>", "3", CDR_XLSX_FINE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file;
		char cells[512];
		(void)snprintf(cells, sizeof(cells), "%s<c t=\"inlineStr\"><is><t>end</t></is></c>", cases[i].cell);
		struct cdr_xlsx *x = one_row(cells, &file);
		assert_int_equal(cdr_xlsx_next(x, NULL), CDR_OK);
		is_cell(x, 0, cases[i].text, cases[i].problem);
		is_cell(x, 1, "end", CDR_XLSX_FINE);
		is_cell(x, 2, "", CDR_XLSX_FINE);
		assert_int_equal(cdr_xlsx_next(x, NULL), CDR_E_ABSENT);
		assert_int_equal(cdr_xlsx_next(x, NULL), CDR_E_ABSENT);
		assert_int_equal(cdr_xlsx_offset(x), file.len);
		cdr_xlsx_free(x);
		free(file.data);
	}
	cdr_xlsx_free(NULL);
}

/* Dates that a workbook counts from 1904; prefixes; cells and rows that are left out; the numbers of rows. */
static void
test_forms(void **state)
{
	static const char other_book[] = "<x:workbook xmlns:x=\"urn:x\" xmlns:r=\"urn:r\"><x:workbookPr date1904=\"1\"/><x:sheets>"
		"<x:sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></x:sheets></x:workbook>";
	static const char sheet[] = "<x:worksheet xmlns:x=\"urn:x\"><x:sheetData><x:row r=\"2\"><x:c r=\"C2\" s=\"1\"><x:v>0</x:v></x:c></x:row>"
		"<x:row r=\"9\"/><x:row><x:c/><x:c><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>";
	const struct part parts[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", other_book, 0 },
		{ "xl/_rels/workbook.xml.rels", relations, 0 }, { "xl/styles.xml", styles, 0 }, { "xl/worksheets/sheet1.xml", sheet, 0 } };
	struct file file = pack(parts, 5);
	struct cdr_xlsx *x;
	size_t last = 0;

	(void)state;
	assert_int_equal(cdr_xlsx_new(bytes(&file), &x, NULL), CDR_OK);
	assert_int_equal(cdr_xlsx_next(x, NULL), CDR_OK);
	assert_int_equal(cdr_xlsx_line(x), 2);
	assert_int_equal(cdr_xlsx_cell_count(x), 3);
	is_cell(x, 0, "", CDR_XLSX_FINE);
	is_cell(x, 2, "1904-01-01", CDR_XLSX_FINE);
	assert_int_equal(cdr_xlsx_next(x, NULL), CDR_OK);
	assert_int_equal(cdr_xlsx_line(x), 9);
	assert_int_equal(cdr_xlsx_cell_count(x), 0);
	assert_int_equal(cdr_xlsx_next(x, NULL), CDR_OK);
	assert_int_equal(cdr_xlsx_line(x), 10);
	is_cell(x, 1, "5", CDR_XLSX_FINE);
	assert_true(cdr_xlsx_offset(x) >= last);
	assert_int_equal(cdr_xlsx_next(x, NULL), CDR_E_ABSENT);
	cdr_xlsx_free(x);
	free(file.data);
}

/* What a cell may hold at most. */
static void
test_long_cells(void **state)
{
	char *cells;
	struct file file;
	size_t len;
	enum cdr_xlsx_problem problem;

	(void)state;
	FILE *out = open_memstream(&cells, &len);
	assert_non_null(out);
	/* 4096 bytes of letters; two-byte letters and one byte before them, so that the cut falls inside one. */
	(void)fputs("<c t=\"inlineStr\"><is><t>", out);
	for (size_t i = 0; i < CDR_XLSX_CELL_MAX; i++)
		(void)fputc('a', out);
	(void)fputs("</t></is></c><c t=\"inlineStr\"><is><t>a", out);
	for (size_t i = 0; i < 5000; i++)
		(void)fputs("\xc3\xa9", out);
	(void)fputs("</t></is></c><c t=\"inlineStr\"><is><t>", out);
	for (size_t i = 0; i < CDR_XLSX_CELL_MAX; i++)
		(void)fputs("_x0041_", out);
	(void)fputs("</t></is></c>", out);
	assert_int_equal(fclose(out), 0);
	struct cdr_xlsx *x = one_row(cells, &file);
	assert_int_equal(cdr_xlsx_next(x, NULL), CDR_OK);
	(void)cdr_xlsx_cell_peek(x, 0, &len, &problem);
	assert_int_equal(len, CDR_XLSX_CELL_MAX);
	assert_int_equal(problem, CDR_XLSX_FINE);
	const char *text = cdr_xlsx_cell_peek(x, 1, &len, &problem);
	assert_int_equal(problem, CDR_XLSX_TOO_LONG);
	assert_int_equal(len, CDR_XLSX_CELL_MAX - 1);
	assert_int_equal((unsigned char)text[len - 1], 0xa9);
	(void)cdr_xlsx_cell_peek(x, 2, &len, &problem);
	assert_int_equal(len, CDR_XLSX_CELL_MAX);
	assert_int_equal(problem, CDR_XLSX_FINE);
	cdr_xlsx_free(x);
	free(file.data);
	free(cells);
}

/* ---- hostile and damaged ---------------------------------------------------------------------------------------------- */

static cdr_err
try_parts(const struct part *parts, size_t count, struct cdr_fault *fault)
{
	struct file file = pack(parts, count);
	struct cdr_xlsx *x = NULL;

	*fault = (struct cdr_fault){ 0 };
	cdr_err err = cdr_xlsx_new(bytes(&file), &x, fault);
	while (err == CDR_OK)
		err = cdr_xlsx_next(x, fault);
	if (err != CDR_E_ABSENT) {
		assert_int_equal(fault->code, err);
		assert_true(strlen(fault->text) > 20);
	}
	if (x != NULL)
		assert_int_equal(cdr_xlsx_next(x, NULL), err);
	cdr_xlsx_free(x);
	free(file.data);
	return err;
}

static cdr_err
try_sheet(const char *sheet, struct cdr_fault *fault)
{
	const struct part parts[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 }, { "xl/_rels/workbook.xml.rels", relations, 0 },
		{ "xl/styles.xml", styles, 0 }, { "xl/sharedStrings.xml", strings, 0 }, { "xl/worksheets/sheet1.xml", sheet, 0 } };

	return try_parts(parts, 6, fault);
}

static void
test_bad_sheets(void **state)
{
	static const struct {
		const char *sheet, *word;
		cdr_err err;
	} cases[] = {
		/* Entities: expanded, from a file, and not declared at all. */
		{ "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;\">]>" SHEET_BEGIN "<row><c><v>&y;</v></c></row>" SHEET_END, "document type", CDR_E_INPUT },
		{ "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" SHEET_BEGIN "<row><c><v>&x;</v></c></row>" SHEET_END, "document type", CDR_E_INPUT },
		{ "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\">" SHEET_BEGIN SHEET_END, "document type", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c><v>&x;</v></c></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c><v>1</v></c></row>", "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row r=\"2\"/><row r=\"2\"/>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row r=\"0\"/>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row r=\"1048577\"/>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><row/></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c r=\"B1\"/><c r=\"A1\"/></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c r=\"1\"/></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c r=\"ZZZZ1\"/></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c><c/></c></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c t=\"s\"><v>4</v></c></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c t=\"s\"><v>-1</v></c></row>" SHEET_END, "damaged", CDR_E_INPUT },
		{ SHEET_BEGIN "<row><c r=\"BM1\"><v>1</v></c></row>" SHEET_END, "larger", CDR_E_RANGE },
		{ SHEET_BEGIN "<row><c r=\"BM1\"><v></v></c></row>" SHEET_END, "", CDR_E_ABSENT },
		{ "no xml", "damaged", CDR_E_INPUT },
	};
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(try_sheet(cases[i].sheet, &fault), cases[i].err);
		assert_non_null(strstr(fault.text, cases[i].word));
		assert_null(strstr(fault.text, "passwd"));
	}
}

static void
test_bad_books(void **state)
{
	static const char deep[] = "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
		"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>";
	static const char hidden[] = "<workbook><sheets><sheet name=\"a\" state=\"veryHidden\" id=\"rId1\"/></sheets></workbook>";
	static const char dtd[] = "<!DOCTYPE a []><sst/>";
	const struct part odd[] = { { "mimetype", "application/vnd.oasis.opendocument.spreadsheet", 0 }, { "content.xml", "<a/>", 0 } };
	const struct part no_sheet[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", hidden, 0 } };
	const struct part lost[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 } };
	const struct part deep_one[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", deep, 0 } };
	const struct part entity[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 }, { "xl/_rels/workbook.xml.rels", relations, 0 },
		{ "xl/sharedStrings.xml", dtd, 0 }, { "xl/worksheets/sheet1.xml", SHEET_BEGIN SHEET_END, 0 } };
	struct cdr_fault fault;
	struct cdr_xlsx *x;

	(void)state;
	assert_int_equal(try_parts(odd, 2, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, ".xlsx"));
	assert_int_equal(try_parts(no_sheet, 2, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "no visible sheet"));
	assert_int_equal(try_parts(lost, 2, &fault), CDR_E_INPUT);
	assert_int_equal(try_parts(deep_one, 2, &fault), CDR_E_INPUT);
	assert_int_equal(try_parts(entity, 5, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "document type"));
	assert_int_equal(cdr_xlsx_new((struct cdr_bytes){ (const uint8_t *)"a,b\n", 4 }, &x, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_xlsx_new((struct cdr_bytes){ (const uint8_t *)"PK\003\004 and no more", 16 }, &x, &fault), CDR_E_INPUT);
	assert_null(x);
	assert_false(cdr_xlsx_begins((struct cdr_bytes){ (const uint8_t *)"PK", 2 }));
}

/* A bomb: much of nothing, in a few bytes. Both the strings and the sheet. */
static void
test_bombs(void **state)
{
	size_t len = 64U << 20;
	char *bomb = calloc(1, len);
	struct cdr_fault fault;

	(void)state;
	assert_non_null(bomb);
	memset(bomb, ' ', len);
	memcpy(bomb, SHEET_BEGIN, strlen(SHEET_BEGIN));
	memcpy(bomb + len - strlen(SHEET_END), SHEET_END, strlen(SHEET_END));
	const struct part sheet[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 }, { "xl/_rels/workbook.xml.rels", relations, 0 },
		{ "xl/worksheets/sheet1.xml", bomb, len } };
	assert_int_equal(try_parts(sheet, 4, &fault), CDR_E_RANGE);
	assert_non_null(strstr(fault.text, "inflates"));
	memset(bomb, ' ', 100);
	memcpy(bomb, "<sst>", 5);
	const struct part string[] = { { "_rels/.rels", root, 0 }, { "xl/workbook.xml", book, 0 }, { "xl/_rels/workbook.xml.rels", relations, 0 },
		{ "xl/sharedStrings.xml", bomb, len }, { "xl/worksheets/sheet1.xml", SHEET_BEGIN SHEET_END, 0 } };
	assert_int_equal(try_parts(string, 5, &fault), CDR_E_RANGE);
	free(bomb);
}

/* Whatever byte of a file is changed or wherever it is cut: rows, or a clear refusal. */
static void
test_damage(void **state)
{
	struct file file = workbook(SHEET_BEGIN HEADER "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>2</v></c><c r=\"B3\" s=\"1\"><v>32915</v></c></row>" SHEET_END);
	uint8_t *copy = malloc(file.len);
	struct cdr_xlsx *x;

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i < 2 * file.len; i++) {
		struct cdr_fault fault = { 0 };
		size_t len = i < file.len ? file.len : i - file.len;
		memcpy(copy, file.data, file.len);
		if (i < file.len)
			copy[i] ^= 0x41;
		cdr_err err = cdr_xlsx_new((struct cdr_bytes){ copy, len }, &x, &fault);
		while (err == CDR_OK)
			err = cdr_xlsx_next(x, &fault);
		assert_true(err == CDR_E_ABSENT || fault.code == err);
		cdr_xlsx_free(x);
	}
	free(copy);
	free(file.data);
}

/* ---- through the reader of tables --------------------------------------------------------------------------------------- */

static const struct cdr_csv_column columns[] = { { "name", NULL, 1 }, { "born", "dob", 0 } };

static void
test_as_table(void **state)
{
	struct file file = workbook(SHEET_BEGIN HEADER "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>2</v></c><c r=\"B3\" s=\"1\"><v>32915</v></c></row>"
		"<row r=\"4\"><c r=\"A4\"/></row><row r=\"5\"><c r=\"A5\" t=\"s\"><v>3</v></c></row>"
		"<row r=\"6\"><c r=\"A6\" t=\"e\"><v>#N/A</v></c></row><row r=\"7\"><c r=\"D7\"><v>1</v></c></row><row r=\"7\"/>" SHEET_END);
	struct cdr_csv *csv;
	struct cdr_fault fault = { 0 };
	struct cdr_row_fault row;

	(void)state;
	assert_int_equal(cdr_csv_new(bytes(&file), file.len, columns, 2, &csv, &fault), CDR_OK);
	assert_int_equal(cdr_csv_next(csv, &row), CDR_OK);
	assert_int_equal(cdr_csv_line(csv), 3);
	assert_string_equal(cdr_csv_field_peek(csv, 0), "Fictiona ");
	assert_string_equal(cdr_csv_field_peek(csv, 1), "1990-02-11");
	cdr_csv_place(csv, 1, &row);
	assert_int_equal(row.line, 3);
	assert_int_equal(row.column, 2);
	assert_string_equal(row.column_name, "born");
	assert_int_equal(cdr_csv_next(csv, &row), CDR_OK);
	assert_int_equal(cdr_csv_line(csv), 5);
	assert_string_equal(cdr_csv_field_peek(csv, 1), "");
	assert_int_equal(cdr_csv_next(csv, &row), CDR_E_INPUT);
	assert_int_equal(row.line, 6);
	assert_string_equal(row.column_name, "name");
	assert_non_null(strstr(row.reason, "formula"));
	assert_int_equal(cdr_csv_next(csv, &row), CDR_E_INPUT);
	assert_non_null(strstr(row.advice, "right of the table"));
	assert_int_equal(cdr_csv_next(csv, &row), CDR_E_REFUSED);
	assert_non_null(strstr(row.reason, "damaged"));
	assert_int_equal(cdr_csv_next(csv, &row), CDR_E_REFUSED);
	cdr_csv_free(csv);
	free(file.data);

	file = workbook(SHEET_BEGIN SHEET_END);
	assert_int_equal(cdr_csv_new(bytes(&file), file.len, columns, 2, &csv, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "first sheet is empty"));
	assert_int_equal(cdr_csv_new(bytes(&file), file.len - 1, columns, 2, &csv, &fault), CDR_E_RANGE);
	free(file.data);
	file = workbook("<!DOCTYPE a>" SHEET_BEGIN SHEET_END);
	assert_int_equal(cdr_csv_new(bytes(&file), file.len, columns, 2, &csv, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "document type"));
	free(file.data);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

static void
test_write(void **state)
{
	static const char *const cells[] = { "name", "number", "=cmd", "12", "a<b>&\"c\" _x0041_", "007", "\xd9\x81\xd8\xa7", "1234567890123456",
		NULL, "-1.5", "\x01" "b", "", "+44 1" , "1." };
	static const bool is_number[] = { false, true };
	const struct cdr_xlsx_table tables[] = {
		{ .name = "People & <places>", .cells = cells, .row_count = 7, .column_count = 2, .header_count = 1, .is_number = is_number },
		{ .name = "ar", .cells = cells, .row_count = 1, .column_count = 2, .right_to_left = true },
	};
	uint8_t *data, *again;
	size_t len, again_len;
	struct cdr_xlsx *x;
	struct cdr_fault fault = { 0 };

	(void)state;
	assert_int_equal(cdr_xlsx_write(tables, 2, &data, &len), CDR_OK);
	assert_int_equal(cdr_xlsx_write(tables, 2, &again, &again_len), CDR_OK);
	assert_int_equal(len, again_len);
	assert_memory_equal(data, again, len);
	assert_int_equal(cdr_xlsx_new((struct cdr_bytes){ data, len }, &x, &fault), CDR_OK);
	for (size_t r = 0; r < 7; r++) {
		assert_int_equal(cdr_xlsx_next(x, &fault), CDR_OK);
		assert_int_equal(cdr_xlsx_line(x), r + 1);
		for (size_t c = 0; c < 2; c++) {
			const char *cell = cells[2 * r + c];
			is_cell(x, c, cell == NULL ? "" : cell[0] == '\x01' ? cell + 1 : cell, CDR_XLSX_FINE);
		}
	}
	assert_int_equal(cdr_xlsx_next(x, &fault), CDR_E_ABSENT);
	cdr_xlsx_free(x);
	free(data);
	free(again);
}

static void
test_write_refused(void **state)
{
	static const char *const cells[] = { "a", "\xff" };
	struct cdr_xlsx_table table = { .name = "a", .cells = cells, .row_count = 1, .column_count = 1 };
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(cdr_xlsx_write(&table, 0, &data, &len), CDR_E_RANGE);
	assert_int_equal(cdr_xlsx_write(&table, CDR_XLSX_TABLE_MAX + 1, &data, &len), CDR_E_RANGE);
	table.name = "a/b";
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE);
	table.name = "";
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE);
	table.name = "12345678901234567890123456789012";
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE);
	table.name = "a";
	table.column_count = 2;
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE); /* not UTF-8 */
	table.column_count = 0;
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE);
	table.column_count = 1;
	table.header_count = 2;
	assert_int_equal(cdr_xlsx_write(&table, 1, &data, &len), CDR_E_RANGE);
	assert_null(data);
}

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_long_cells),
		cmocka_unit_test(test_bad_sheets),
		cmocka_unit_test(test_bad_books),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_as_table),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_refused),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
