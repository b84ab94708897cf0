#include "core/record/sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

/* see core/record/sheet.h */
void
cdr_sheet_start(struct cdr_sheet *sheet, const char *name, size_t column_count, size_t header_count)
{
	*sheet = (struct cdr_sheet){ .name = name, .column_count = column_count, .header_count = header_count };
	if (column_count == 0 || column_count > CDR_XLSX_COLUMN_MAX)
		sheet->err = CDR_E_RANGE;
}

/* see core/record/sheet.h */
void
cdr_sheet_free(struct cdr_sheet *sheet)
{
	for (size_t i = 0; i < sheet->count; i++)
		cdr_wiping_free(sheet->cells[i]);
	free(sheet->cells);
	*sheet = (struct cdr_sheet){ .err = CDR_E_RANGE };
}

/* see core/record/sheet.h */
void
cdr_sheet_cell(struct cdr_sheet *sheet, const char *text)
{
	size_t len = strlen(text) + 1;

	if (sheet->err != CDR_OK)
		return;
	if (sheet->count == CDR_XLSX_WRITE_CELLS_MAX) {
		sheet->err = CDR_E_RANGE;
		return;
	}
	if (sheet->count == sheet->room) {
		size_t room = sheet->room == 0 ? 256 : 2 * sheet->room;
		char **cells = realloc(sheet->cells, room * sizeof(*cells));
		if (cells == NULL) {
			sheet->err = CDR_E_MEMORY;
			return;
		}
		sheet->cells = cells;
		sheet->room = room;
	}
	char *copy = cdr_wiping_alloc(len);
	if (copy == NULL) {
		sheet->err = CDR_E_MEMORY;
		return;
	}
	memcpy(copy, text, len);
	sheet->cells[sheet->count++] = copy;
}

/* see core/record/sheet.h */
void
cdr_sheet_number(struct cdr_sheet *sheet, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	cdr_sheet_cell(sheet, text);
}

/* see core/record/sheet.h */
void
cdr_sheet_row(struct cdr_sheet *sheet, const char *const *cells)
{
	for (size_t i = 0; i < sheet->column_count; i++)
		cdr_sheet_cell(sheet, cells[i]);
}

/* see core/record/sheet.h */
void
cdr_sheet_csv(const struct cdr_sheet *sheet, struct cdr_out *out)
{
	if (sheet->err != CDR_OK)
		out->err = sheet->err;
	for (size_t i = 0; i < sheet->count && out->err == CDR_OK; i++) {
		const char *cell = sheet->cells[i];
		size_t column = i % sheet->column_count;
		if (i / sheet->column_count >= sheet->header_count)
			cdr_out_csv_text(out, cell, column == 0);
		else
			cdr_out_csv(out, cell, column == 0);
		if (column + 1 == sheet->column_count)
			cdr_out_text(out, "\r\n");
	}
}

/* see core/record/sheet.h */
cdr_err
cdr_sheet_xlsx(const struct cdr_sheet *const *sheets, size_t count, uint8_t **data, size_t *len)
{
	struct cdr_xlsx_table tables[CDR_XLSX_TABLE_MAX] = { 0 };

	*data = NULL;
	*len = 0;
	if (count > CDR_XLSX_TABLE_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		const struct cdr_sheet *sheet = sheets[i];
		if (sheet->err != CDR_OK || sheet->count % sheet->column_count != 0)
			return sheet->err != CDR_OK ? sheet->err : CDR_E_RANGE;
		tables[i] = (struct cdr_xlsx_table){
			.name = sheet->name,
			.cells = (const char *const *)sheet->cells,
			.row_count = sheet->count / sheet->column_count,
			.column_count = sheet->column_count,
			.header_count = sheet->header_count,
			.is_number = sheet->is_number,
			.right_to_left = sheet->right_to_left,
		};
	}
	return cdr_xlsx_write(tables, count, data, len);
}
