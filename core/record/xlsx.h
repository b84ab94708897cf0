#ifndef CDR_CORE_RECORD_XLSX_H
#define CDR_CORE_RECORD_XLSX_H

/*
 * Spreadsheets (ECMA-376, Office Open XML): the first visible sheet of a workbook held in memory as rows of text, and
 * tables as a workbook. Who reads a file of people takes core/record/csv.h, which tells the two kinds of file apart.
 *
 * A workbook is a zip of XML files, so it is read with suspicion: what it may inflate to is capped by ratio and in all, a
 * document type (and with it every entity) is refused, and no name in it ever leads to a file or to the network.
 */

#include "core/bytes.h"

#define CDR_XLSX_COLUMN_MAX 64                  /* columns with something in them */
#define CDR_XLSX_CELL_MAX 4096                  /* bytes of one cell as UTF-8 */
#define CDR_XLSX_ROW_MAX 1048576                /* the format's own limit */
#define CDR_XLSX_INFLATED_MAX (512U << 20)      /* bytes of all parts that are read */
#define CDR_XLSX_RATIO_MAX 200                  /* inflated bytes of a part for each of its bytes in the file, */
#define CDR_XLSX_RATIO_FREE (4U << 20)          /* above this many */
#define CDR_XLSX_ENTRY_MAX 4096                 /* files in the zip */
#define CDR_XLSX_STRING_MAX 2000000             /* shared strings */
#define CDR_XLSX_STRINGS_LEN_MAX (128U << 20)   /* bytes of them */
#define CDR_XLSX_STYLE_MAX 65536                /* cell formats */

/* What can be wrong with one cell. */
enum cdr_xlsx_problem {
	CDR_XLSX_FINE = 0,
	CDR_XLSX_TOO_LONG,       /* more than CDR_XLSX_CELL_MAX bytes: cut */
	CDR_XLSX_ERROR_VALUE,    /* a formula that failed, such as #REF! */
	CDR_XLSX_NO_VALUE,       /* a formula whose value was never worked out */
	CDR_XLSX_ROUNDED,        /* a number of more than 15 figures: the spreadsheet has rounded it */
	CDR_XLSX_NO_DATE,        /* a number shown as a date that is none */
};

struct cdr_xlsx;

/* Does ${file} begin like a zip archive? */
bool cdr_xlsx_begins(struct cdr_bytes file);

/**
 * cdr_xlsx_new(file, xlsx, fault):
 * Open a workbook and stand before the first row of its first visible sheet.
 *
 * file    in, personal  borrowed until cdr_xlsx_free
 * xlsx    out           NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no workbook, is damaged, or has a document type; CDR_E_RANGE if it inflates to more
 *          than it may; CDR_E_REFUSED if a part is encrypted; CDR_E_MEMORY.
 * Source   ECMA-376 part 1 (sections 18.2 to 18.8), APPNOTE of the zip format.
 */
CDR_MUST_CHECK cdr_err cdr_xlsx_new(struct cdr_bytes file, struct cdr_xlsx **xlsx, struct cdr_fault *fault);

/* Wipe what is held, and free it; NULL does nothing. */
void cdr_xlsx_free(struct cdr_xlsx *xlsx);

/**
 * cdr_xlsx_next(xlsx, fault):
 * Go to the next row that the sheet writes down; what the row before it held is gone. A row may be empty.
 *
 * fault  out   may be NULL
 *
 * Returns  CDR_OK; CDR_E_ABSENT at the end; CDR_E_INPUT if the rest is damaged; CDR_E_RANGE if it inflates to more than it
 *          may, or has too many rows or columns; CDR_E_MEMORY. Every later call says the same.
 */
CDR_MUST_CHECK cdr_err cdr_xlsx_next(struct cdr_xlsx *xlsx, struct cdr_fault *fault);

/* The row's number in the sheet, from 1; how many cells it has, up to the last that is not empty; how far the reading is, in bytes of
 * the file, about. */
size_t cdr_xlsx_line(const struct cdr_xlsx *xlsx);
size_t cdr_xlsx_cell_count(const struct cdr_xlsx *xlsx);
size_t cdr_xlsx_offset(const struct cdr_xlsx *xlsx);

/**
 * cdr_xlsx_cell_peek(xlsx, column, len, problem):
 * The text of a cell of the current row. Line ends in it are spaces. A number with a format of year, month and day is
 * 2024-03-31 (with hours and minutes: 2024-03-31T08:15:00), with one of year and month 2024-03, of the year alone 2024; other
 * numbers are as they would be typed, with leading zeros where the format has nothing but zeros; a truth is TRUE or FALSE.
 *
 * column  in   from 0; beyond the last cell: ""
 *
 * Returns  text with a closing NUL. Owned by ${xlsx}; gone at the next call of cdr_xlsx_next.
 */
const char *cdr_xlsx_cell_peek(const struct cdr_xlsx *xlsx, size_t column, size_t *len, enum cdr_xlsx_problem *problem);

/* A table on its way into a workbook. */
struct cdr_xlsx_table {
	const char *name;            /* of the sheet: 1 .. 31 characters, none of []:*?/\ */
	const char *const *cells;    /* row by row, row_count * column_count of them; valid UTF-8; NULL is empty */
	size_t row_count, column_count;
	size_t header_count;         /* rows at the top that are bold and stay in sight */
	const bool *is_number;       /* column_count: whether what looks like a number below the header is one; NULL: none is */
	bool right_to_left;
};

#define CDR_XLSX_TABLE_MAX 32    /* sheets of one workbook */
#define CDR_XLSX_WRITE_CELLS_MAX 20000000

/**
 * cdr_xlsx_write(tables, count, data, len):
 * A workbook with a sheet for each table. The same tables give the same bytes. A text cell is text whatever it begins with:
 * it never becomes a formula. Control characters that XML has none of are left out.
 *
 * count   in             1 .. CDR_XLSX_TABLE_MAX
 * data    out, personal  malloc'ed, for the caller to wipe and free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for a number or a name; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_xlsx_write(const struct cdr_xlsx_table *tables, size_t count, uint8_t **data, size_t *len);

#endif
