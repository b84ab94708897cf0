/*
 * Workbooks of any bytes: cells are within their limits, lines only go up, reading ends and says why. A first byte of 'Z'
 * means that the rest is a whole archive; else the rest is packed here as the part that the byte names (so that the
 * archive's checksums do not stand in the way): 'S' a sheet, 'T' shared strings, 'F' formats, 'B' the workbook, 'R' its
 * relationships.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "core/record/csv.h"
#include "core/record/text.h"
#include "core/record/xlsx.h"

#define FILE_MAX (1U << 20)
#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static struct {
	char letter;
	const char *name, *text;
} parts[] = {
	{ 'r', "_rels/.rels", "<Relationships><Relationship Id=\"r\" Type=\"" TYPE "/officeDocument\" Target=\"b.xml\"/></Relationships>" },
	{ 'B', "b.xml", "<workbook><sheets><sheet name=\"a\" id=\"s\"/></sheets></workbook>" },
	{ 'R', "_rels/b.xml.rels", "<Relationships><Relationship Id=\"s\" Type=\"" TYPE "/worksheet\" Target=\"s.xml\"/><Relationship Id=\"t\" Type=\"" TYPE
		"/sharedStrings\" Target=\"t.xml\"/><Relationship Id=\"f\" Type=\"" TYPE "/styles\" Target=\"f.xml\"/></Relationships>" },
	{ 'F', "f.xml", "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"17\"/></cellXfs></styleSheet>" },
	{ 'T', "t.xml", "<sst><si><t>a</t></si><si><t>date_of_birth</t></si></sst>" },
	{ 'S', "s.xml", "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c><v>1</v></c><c s=\"1\"><v>32915</v></c></row>"
		"</sheetData></worksheet>" },
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static const struct cdr_csv_column columns[] = { { "a", NULL, 0 }, { "date_of_birth", "dob", 0 } };

/* Read rows as cells. */
static void
read_cells(struct cdr_bytes file)
{
	struct cdr_xlsx *x;
	struct cdr_fault fault = { 0 };
	size_t line = 0, offset = 0;

	cdr_err err = cdr_xlsx_new(file, &x, &fault);
	assert((x != NULL) == (err == CDR_OK));
	while (err == CDR_OK && (err = cdr_xlsx_next(x, &fault)) == CDR_OK) {
		assert(cdr_xlsx_line(x) > line && cdr_xlsx_line(x) <= CDR_XLSX_ROW_MAX);
		assert(cdr_xlsx_offset(x) >= offset && cdr_xlsx_offset(x) <= file.len);
		assert(cdr_xlsx_cell_count(x) <= CDR_XLSX_COLUMN_MAX);
		line = cdr_xlsx_line(x);
		offset = cdr_xlsx_offset(x);
		for (size_t i = 0; i <= cdr_xlsx_cell_count(x); i++) {
			size_t len;
			enum cdr_xlsx_problem problem;
			const char *text = cdr_xlsx_cell_peek(x, i, &len, &problem);
			assert(len <= CDR_XLSX_CELL_MAX && text[len] == '\0');
			assert(problem == CDR_XLSX_TOO_LONG || memchr(text, '\n', len) == NULL);
		}
	}
	assert(err == CDR_E_ABSENT || fault.code == err);
	assert(x == NULL || cdr_xlsx_next(x, NULL) == err);
	cdr_xlsx_free(x);
}

/* The same through the reader of tables. */
static void
read_table(struct cdr_bytes file)
{
	struct cdr_csv *csv;
	struct cdr_row_fault fault;

	if (cdr_csv_new(file, FILE_MAX, columns, 2, &csv, NULL) != CDR_OK)
		return;
	for (cdr_err err = CDR_OK; err == CDR_OK || err == CDR_E_INPUT;) {
		err = cdr_csv_next(csv, &fault);
		for (size_t i = 0; err == CDR_OK && i < 2; i++) {
			const char *field = cdr_csv_field_peek(csv, i);
			assert(cdr_text_valid((const uint8_t *)field, strlen(field)));
		}
	}
	cdr_csv_free(csv);
}

/* Pack the parts, one of them replaced. */
static uint8_t *
pack(char letter, const uint8_t *data, size_t len, size_t *packed_len)
{
	zip_stat_t stat;
	zip_source_t *buffer = zip_source_buffer_create(NULL, 0, 0, NULL);

	zip_source_keep(buffer);
	zip_t *zip = zip_open_from_source(buffer, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	for (size_t i = 0; i < PART_COUNT; i++) {
		bool replaced = parts[i].letter == letter;
		zip_source_t *source = zip_source_buffer(zip, replaced ? (const void *)data : parts[i].text, replaced ? len : strlen(parts[i].text), 0);
		zip_int64_t at = zip_file_add(zip, parts[i].name, source, 0);
		assert(at >= 0);
		(void)zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
	}
	assert(zip_close(zip) == 0);
	assert(zip_source_stat(buffer, &stat) == 0 && zip_source_open(buffer) == 0);
	uint8_t *file = malloc((size_t)stat.size);
	assert(file != NULL && zip_source_read(buffer, file, stat.size) == (zip_int64_t)stat.size);
	(void)zip_source_close(buffer);
	zip_source_free(buffer);
	*packed_len = (size_t)stat.size;
	return file;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > FILE_MAX / 2)
		return 0;
	uint8_t *packed = NULL;
	struct cdr_bytes file = { data + 1, len - 1 };
	if (data[0] != 'Z') {
		packed = pack((char)data[0], data + 1, len - 1, &file.len);
		file.data = packed;
	}
	read_cells(file);
	read_table(file);
	free(packed);
	return 0;
}
