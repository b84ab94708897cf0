#include "core/record/xlsx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "core/crypto/secret.h"
#include "core/record/text.h"

/*
 * Tables as a workbook. The parts are written here and packed by libzip in memory: libxlsxwriter keeps every cell in files of
 * its own in the temporary folder, and these tables are about people.
 */

#define NAME_MAX 31      /* characters of a sheet's name */
#define NAME_LEN 160     /* bytes of it, escaped */
#define DAY 315532800    /* 1 January 1980, the first day that a zip can write: the same tables give the same bytes */

/* XML that grows in wiped memory. */
struct xml {
	char *text;
	size_t len, room;
	cdr_err err;
};

static void
put(struct xml *xml, const char *text, size_t len)
{
	size_t larger = xml->room == 0 ? 4096 : xml->room;

	if (xml->err != CDR_OK)
		return;
	while (larger < xml->len + len)
		larger *= 2;
	if (larger > xml->room) {
		char *p = cdr_wiping_resize(xml->text, larger);
		if (p == NULL) {
			xml->err = CDR_E_MEMORY;
			return;
		}
		xml->text = p;
		xml->room = larger;
	}
	memcpy(xml->text + xml->len, text, len);
	xml->len += len;
}

/* A short piece. */
static void CDR_PRINTF(2, 3)
say(struct xml *xml, const char *format, ...)
{
	char piece[1024];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(piece))
		xml->err = CDR_E_INTERNAL;
	else
		put(xml, piece, (size_t)len);
}

/* Text between tags or in an attribute. What XML cannot hold is left out; an underscore that would begin an escape is escaped. */
static void
put_text(struct xml *xml, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '&')
			put(xml, "&amp;", 5);
		else if (c == '<')
			put(xml, "&lt;", 4);
		else if (c == '>')
			put(xml, "&gt;", 4);
		else if (c == '"')
			put(xml, "&quot;", 6);
		else if (c == '_' && text[1] == 'x')
			put(xml, "_x005F_", 7);
		else if (c == 0xef && (unsigned char)text[1] == 0xbf && (unsigned char)text[2] >= 0xbe) /* U+FFFE, U+FFFF */
			text += 2;
		else if (c >= ' ' || c == '\t' || c == '\n')
			put(xml, text, 1);
	}
}

/* "A", "Z", "AA" */
static void
column_name(size_t column, char name[static 4])
{
	size_t len = 0;
	char reversed[3];

	for (column++; column > 0 && len < sizeof(reversed); column = (column - 1) / 26)
		reversed[len++] = (char)('A' + (column - 1) % 26);
	for (size_t i = 0; i < len; i++)
		name[i] = reversed[len - 1 - i];
	name[len] = '\0';
}

/* Whether ${text} is a number that a spreadsheet keeps as it is: at most 15 figures, no zeros in front. */
static bool
is_plain_number(const char *text)
{
	const char *p = text + (*text == '-');
	size_t whole = strspn(p, "0123456789"), part = 0;

	if (whole == 0 || (whole > 1 && *p == '0'))
		return false;
	p += whole;
	if (*p == '.') {
		part = strspn(++p, "0123456789");
		if (part == 0)
			return false;
		p += part;
	}
	return *p == '\0' && whole + part <= 15;
}

static void
put_cell(struct xml *xml, const struct cdr_xlsx_table *table, size_t row, size_t column)
{
	const char *text = table->cells[row * table->column_count + column];
	char name[4];

	if (text == NULL || *text == '\0')
		return;
	if (!cdr_text_valid((const uint8_t *)text, strlen(text))) {
		xml->err = CDR_E_RANGE;
		return;
	}
	column_name(column, name);
	bool header = row < table->header_count;
	if (!header && table->is_number != NULL && table->is_number[column] && is_plain_number(text)) {
		say(xml, "<c r=\"%s%zu\"><v>", name, row + 1);
		put(xml, text, strlen(text));
		say(xml, "</v></c>");
		return;
	}
	say(xml, "<c r=\"%s%zu\" s=\"%d\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", name, row + 1, header ? 1 : 2);
	put_text(xml, text);
	say(xml, "</t></is></c>");
}

/* As wide as its longest line, within reason. */
static void
put_widths(struct xml *xml, const struct cdr_xlsx_table *table)
{
	say(xml, "<cols>");
	for (size_t c = 0; c < table->column_count; c++) {
		size_t width = 8;
		for (size_t r = 0; r < table->row_count && r < 1000; r++) {
			const char *text = table->cells[r * table->column_count + c];
			size_t len = text != NULL ? cdr_text_count(text) : 0;
			width = len > width ? len : width;
		}
		say(xml, "<col min=\"%zu\" max=\"%zu\" width=\"%zu\" customWidth=\"1\"/>", c + 1, c + 1, (width < 60 ? width : 60) + 2);
	}
	say(xml, "</cols>");
}

static void
put_sheet(struct xml *xml, const struct cdr_xlsx_table *table)
{
	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews><sheetView workbookViewId=\"0\"%s>",
	    table->right_to_left ? " rightToLeft=\"1\"" : "");
	if (table->header_count > 0)
		say(xml, "<pane ySplit=\"%zu\" topLeftCell=\"A%zu\" activePane=\"bottomLeft\" state=\"frozen\"/>", table->header_count,
		    table->header_count + 1);
	say(xml, "</sheetView></sheetViews>");
	put_widths(xml, table);
	say(xml, "<sheetData>");
	for (size_t r = 0; r < table->row_count && xml->err == CDR_OK; r++) {
		say(xml, "<row r=\"%zu\">", r + 1);
		for (size_t c = 0; c < table->column_count; c++)
			put_cell(xml, table, r, c);
		say(xml, "</row>");
	}
	say(xml, "</sheetData></worksheet>");
}

/* ---- the parts around the sheets ------------------------------------------------------------------------------------ */

static void
put_types(struct xml *xml, size_t count)
{
	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
		 "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
		 "<Default Extension=\"xml\" ContentType=\"application/xml\"/>");
	say(xml, "<Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>"
		 "<Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/>");
	for (size_t i = 1; i <= count; i++)
		say(xml, "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>", i);
	say(xml, "</Types>");
}

static void
put_root(struct xml *xml)
{
	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" "
		 "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
}

static void
put_workbook(struct xml *xml, const struct cdr_xlsx_table *tables, size_t count)
{
	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
		 "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>");
	for (size_t i = 0; i < count; i++) {
		say(xml, "<sheet name=\"");
		put_text(xml, tables[i].name);
		say(xml, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i + 1, i + 1);
	}
	say(xml, "</sheets></workbook>");
}

static void
put_relations(struct xml *xml, size_t count)
{
	static const char type[] = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
	for (size_t i = 1; i <= count; i++)
		say(xml, "<Relationship Id=\"rId%zu\" Type=\"%s/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>", i, type, i);
	say(xml, "<Relationship Id=\"rId%zu\" Type=\"%s/styles\" Target=\"styles.xml\"/></Relationships>", count + 1, type);
}

/* Format 0: as it is; 1: bold text; 2: text (number format 49), which stays text when somebody edits it. */
static void
put_styles(struct xml *xml)
{
	say(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
		 "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">"
		 "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
		 "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>"
		 "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>");
	say(xml, "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"3\">"
		 "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
		 "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>"
		 "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>");
}

/* ---- packing --------------------------------------------------------------------------------------------------------- */

/* The parts of a workbook: five, and the sheets. They stay until the archive is closed. */
struct parts {
	struct xml xml[5 + CDR_XLSX_TABLE_MAX];
	char name[5 + CDR_XLSX_TABLE_MAX][64];
	size_t count;
};

static struct xml *
part(struct parts *parts, const char *name)
{
	(void)snprintf(parts->name[parts->count], sizeof(parts->name[0]), "%s", name);
	return &parts->xml[parts->count++];
}

static void
write_parts(struct parts *parts, const struct cdr_xlsx_table *tables, size_t count)
{
	char name[64];

	put_types(part(parts, "[Content_Types].xml"), count);
	put_root(part(parts, "_rels/.rels"));
	put_workbook(part(parts, "xl/workbook.xml"), tables, count);
	put_relations(part(parts, "xl/_rels/workbook.xml.rels"), count);
	put_styles(part(parts, "xl/styles.xml"));
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "xl/worksheets/sheet%zu.xml", i + 1);
		put_sheet(part(parts, name), &tables[i]);
	}
}

static cdr_err
add_part(zip_t *zip, const char *name, const struct xml *xml)
{
	zip_source_t *source = zip_source_buffer(zip, xml->text, xml->len, 0);

	if (source == NULL)
		return CDR_E_MEMORY;
	zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0) {
		zip_source_free(source);
		return CDR_E_MEMORY;
	}
	return zip_file_set_mtime(zip, (zip_uint64_t)at, DAY, 0) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* Read what libzip has written into its buffer. */
static cdr_err
take_out(zip_source_t *buffer, uint8_t **data, size_t *len)
{
	zip_stat_t stat;

	if (zip_source_stat(buffer, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0 || zip_source_open(buffer) != 0)
		return CDR_E_MEMORY;
	*data = malloc((size_t)stat.size + 1);
	zip_int64_t got = *data != NULL ? zip_source_read(buffer, *data, stat.size) : -1;
	(void)zip_source_close(buffer);
	if (got < 0 || (zip_uint64_t)got != stat.size)
		return CDR_E_MEMORY;
	*len = (size_t)stat.size;
	return CDR_OK;
}

static cdr_err
pack(const struct parts *parts, uint8_t **data, size_t *len)
{
	cdr_err err = CDR_E_MEMORY;
	zip_source_t *buffer = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = NULL;

	if (buffer == NULL)
		return CDR_E_MEMORY;
	zip_source_keep(buffer);
	zip = zip_open_from_source(buffer, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	if (zip == NULL) {
		zip_source_free(buffer);
		goto out;
	}
	for (size_t i = 0; i < parts->count; i++)
		CDR_TRY(add_part(zip, parts->name[i], &parts->xml[i]));
	err = zip_close(zip) == 0 ? CDR_OK : CDR_E_MEMORY;
	if (err == CDR_OK)
		zip = NULL;
	CDR_TRY(err);
	CDR_TRY(take_out(buffer, data, len));
	err = CDR_OK;
out:
	if (zip != NULL)
		zip_discard(zip);
	zip_source_free(buffer);
	return err;
}

static cdr_err
check_table(const struct cdr_xlsx_table *table)
{
	size_t name_len = strlen(table->name);

	if (name_len == 0 || name_len >= NAME_LEN / 6 * 5 || !cdr_text_valid((const uint8_t *)table->name, name_len) ||
	    cdr_text_count(table->name) > NAME_MAX || strpbrk(table->name, "[]:*?/\\") != NULL)
		return CDR_E_RANGE;
	if (table->column_count == 0 || table->column_count > 16384 || table->row_count > CDR_XLSX_ROW_MAX ||
	    table->row_count > CDR_XLSX_WRITE_CELLS_MAX / table->column_count || table->header_count > table->row_count)
		return CDR_E_RANGE;
	return CDR_OK;
}

/* see core/record/xlsx.h */
cdr_err
cdr_xlsx_write(const struct cdr_xlsx_table *tables, size_t count, uint8_t **data, size_t *len)
{
	cdr_err err = CDR_E_INTERNAL;
	struct parts *parts = NULL;

	*data = NULL;
	*len = 0;
	if (count == 0 || count > CDR_XLSX_TABLE_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++)
		CDR_TRY(check_table(&tables[i]));
	parts = calloc(1, sizeof(*parts));
	if (parts == NULL)
		return CDR_E_MEMORY;
	write_parts(parts, tables, count);
	for (size_t i = 0; i < parts->count; i++)
		CDR_TRY(parts->xml[i].err);
	CDR_TRY(pack(parts, data, len));
	err = CDR_OK;
out:
	if (err != CDR_OK) {
		free(*data);
		*data = NULL;
	}
	for (size_t i = 0; parts != NULL && i < parts->count; i++)
		cdr_wiping_free(parts->xml[i].text);
	free(parts);
	return err;
}
