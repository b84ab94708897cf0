#ifndef CDR_CORE_RECORD_SHEET_H
#define CDR_CORE_RECORD_SHEET_H

/* A table that is filled cell by cell, and written as CSV or, with others, as a workbook. */

#include "core/record/out.h"
#include "core/record/xlsx.h"

struct cdr_sheet {
	const char *name;          /* of the sheet in a workbook; borrowed */
	size_t column_count;
	size_t header_count;       /* rows at the top that are names and tags, not data */
	bool is_number[CDR_XLSX_COLUMN_MAX];
	bool right_to_left;

	char **cells;              /* personal */
	size_t count, room;
	cdr_err err;               /* the first thing that went wrong; every later call does nothing */
};

/* Begin: ${column_count} is 1 .. CDR_XLSX_COLUMN_MAX; the first ${header_count} rows are the header. */
void cdr_sheet_start(struct cdr_sheet *sheet, const char *name, size_t column_count, size_t header_count);
void cdr_sheet_free(struct cdr_sheet *sheet);

/* The next cell, from left to right and from top to bottom. */
void cdr_sheet_cell(struct cdr_sheet *sheet, const char *text);
void cdr_sheet_number(struct cdr_sheet *sheet, uint64_t number);

/* A whole row. */
void cdr_sheet_row(struct cdr_sheet *sheet, const char *const *cells);

/**
 * cdr_sheet_csv(sheet, out):
 * As CSV with CRLF (RFC 4180). A text that a spreadsheet would take for a formula (it begins with = + - @ and is no number)
 * gets an apostrophe in front, in the rows below the header.
 */
void cdr_sheet_csv(const struct cdr_sheet *sheet, struct cdr_out *out);

/* As a workbook of ${count} sheets. Returns as cdr_xlsx_write; the first sheet's own error; CDR_E_RANGE for a row that is not full. */
CDR_MUST_CHECK cdr_err cdr_sheet_xlsx(const struct cdr_sheet *const *sheets, size_t count, uint8_t **data, size_t *len);

#endif
