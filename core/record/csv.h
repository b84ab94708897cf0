#ifndef CDR_CORE_RECORD_CSV_H
#define CDR_CORE_RECORD_CSV_H

/*
 * Tables that people have as files: bytes in, rows out. Either comma-separated values (RFC 4180) or a workbook (XLSX, of
 * which the first visible sheet is read; see core/record/xlsx.h): the bytes tell which, not the file's name.
 *
 * The first line names the columns. The separator is ',' or ';', whichever
 * the first line has more of. Lines end in LF or CRLF; a UTF-8 byte order
 * mark may come first, and a line "sep=;" that spreadsheets write; a quoted field may hold separators, line ends and
 * doubled quotes. Rows in which every field is empty are passed over. The lines of a workbook are its rows.
 */

#include "core/bytes.h"
#include "core/record/report.h"

#define CDR_CSV_FIELD_MAX 4096      /* bytes of one field */
#define CDR_CSV_COLUMN_MAX 64       /* columns of one file */
#define CDR_CSV_ROW_MAX 200000      /* rows of one file */

/* A column that a file may have. Names are compared without regard to ASCII case and outer blanks. */
struct cdr_csv_column {
	const char *name;
	const char *also; /* other words that people use for it, separated by blanks: suggested, not accepted; NULL: none */
	uint8_t group;    /* 0: optional; of every other number at least one column must be in the file, and none under another word */
};

/* A column of the file that is not among those accepted. */
struct cdr_csv_unknown {
	size_t column;                    /* from 1 */
	char name[CDR_REPORT_COLUMN_LEN]; /* as in the file, printable, cut */
	const char *near;                 /* the accepted name that was probably meant, or NULL; borrowed from the accepted columns */
};

struct cdr_csv;

/**
 * cdr_csv_new(file, file_max, accepted, accepted_count, csv, fault):
 * Read the header of ${file} and stand before its first row.
 *
 * file            in, personal  stays borrowed until cdr_csv_free
 * file_max        in            the most bytes that are read
 * accepted        in            1 .. CDR_CSV_COLUMN_MAX columns; borrowed until cdr_csv_free
 * csv             out           NULL on error
 * fault           out           may be NULL
 *
 * Returns  CDR_OK; CDR_E_RANGE if the file or its header is too big; CDR_E_INPUT if it is empty, not UTF-8, or its header
 *          cannot be read; CDR_E_REFUSED if a column is missing, named twice or none is known; CDR_E_MEMORY; for a workbook
 *          also as cdr_xlsx_new.
 * Owns     the caller owns *csv and ends it with cdr_csv_free.
 */
CDR_MUST_CHECK cdr_err cdr_csv_new(struct cdr_bytes file, size_t file_max, const struct cdr_csv_column *accepted,
    size_t accepted_count, struct cdr_csv **csv, struct cdr_fault *fault);

/**
 * cdr_csv_free(csv):
 * Wipe the current row and free ${csv}; NULL does nothing.
 */
void cdr_csv_free(struct cdr_csv *csv);

/**
 * cdr_csv_next(csv, fault):
 * Go to the next row. The row before it is wiped.
 *
 * fault   out   filled when CDR_E_INPUT or CDR_E_REFUSED is returned
 *
 * Returns  CDR_OK: a row stands.
 *          CDR_E_ABSENT: the end of the file.
 *          CDR_E_INPUT: this row is bad (not UTF-8, NUL, a stray quote, a field too long, too few or too many fields; in a
 *          workbook an error value, a formula without a value, a rounded number);
 *          the next one can be read.
 *          CDR_E_REFUSED: what follows cannot be told apart any more (a quote that is not closed, too many rows, a damaged
 *          workbook); every
 *          later call says the same.
 */
CDR_MUST_CHECK cdr_err cdr_csv_next(struct cdr_csv *csv, struct cdr_row_fault *fault);

/**
 * cdr_csv_field_peek(csv, accepted_at):
 * The field of the current row in accepted column number ${accepted_at} (from 0), as it stands in the file.
 *
 * Returns  text with a closing NUL; "" if the file has no such column or no row stands.
 * Owns     csv; gone at the next call of cdr_csv_next.
 */
const char *cdr_csv_field_peek(const struct cdr_csv *csv, size_t accepted_at);

/**
 * cdr_csv_place(csv, accepted_at, fault):
 * Write into ${fault} where that field stands: line, column number and name; reason and advice become empty.
 * With ${accepted_at} = SIZE_MAX: the row as a whole.
 */
void cdr_csv_place(const struct cdr_csv *csv, size_t accepted_at, struct cdr_row_fault *fault);

/* Line on which the current row begins, from 1; bytes read so far, for a progress bar. */
size_t cdr_csv_line(const struct cdr_csv *csv);
size_t cdr_csv_offset(const struct cdr_csv *csv);

/* Is accepted column ${accepted_at} in the file? */
bool cdr_csv_has(const struct cdr_csv *csv, size_t accepted_at);

/* The columns of the file that are not accepted, and so are not read. Owned by ${csv}. */
const struct cdr_csv_unknown *cdr_csv_unknown_peek(const struct cdr_csv *csv, size_t *count);

#endif
