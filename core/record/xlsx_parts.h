#ifndef CDR_CORE_RECORD_XLSX_PARTS_H
#define CDR_CORE_RECORD_XLSX_PARTS_H

/* Inside a workbook: the zip, its XML parts, and what a sheet refers to. Internal to core/record/xlsx. */

#include <expat.h>
#include <zip.h>

#include "core/record/xlsx.h"

#define CDR_XLSX_PATH_LEN 256     /* a part's name with its closing NUL */
#define CDR_XLSX_DEPTH_MAX 64     /* elements inside each other */

/* How a number is shown. */
enum cdr_xlsx_show {
	CDR_XLSX_AS_NUMBER = 0,
	CDR_XLSX_AS_DATE,
	CDR_XLSX_AS_MONTH,            /* year and month */
	CDR_XLSX_AS_YEAR,
	CDR_XLSX_AS_ZEROS,            /* + n: n figures, zeros in front */
};

struct cdr_xlsx_book {
	struct cdr_bytes file;
	zip_t *zip;
	uint64_t inflated;            /* bytes, of all parts so far */

	char folder[CDR_XLSX_PATH_LEN];      /* of the workbook part: "xl/" */
	char sheet[CDR_XLSX_PATH_LEN];       /* the part of the first visible sheet */
	bool from_1904;

	char *strings;                /* shared strings, each with a closing NUL; personal */
	size_t strings_len, strings_room;
	uint32_t *string_at;
	size_t string_count, string_room;

	uint8_t *show;                /* of cell format number i: enum cdr_xlsx_show */
	size_t show_count, show_room;
};

/**
 * Open the zip; find the workbook, its first sheet, its strings and formats.
 * Returns as cdr_xlsx_new.
 */
CDR_MUST_CHECK cdr_err cdr_xlsx_book_open(struct cdr_xlsx_book *book, struct cdr_fault *fault);
void cdr_xlsx_book_close(struct cdr_xlsx_book *book);

/* A part that is being inflated. */
struct cdr_xlsx_part {
	struct cdr_xlsx_book *book;
	const char *path;
	zip_file_t *file;
	uint64_t read, max;           /* bytes so far, and at most */
	uint64_t packed;              /* its bytes in the file */
	uint64_t whole;               /* what the archive says that it inflates to */
};

/* Returns CDR_OK; CDR_E_ABSENT if there is no such part; CDR_E_REFUSED; CDR_E_INPUT; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_xlsx_part_open(struct cdr_xlsx_book *book, const char *path, struct cdr_xlsx_part *part,
    struct cdr_fault *fault);
void cdr_xlsx_part_close(struct cdr_xlsx_part *part);

/* The next bytes; ${got} 0: the end. Returns CDR_OK; CDR_E_RANGE past the caps; CDR_E_INPUT if it is damaged. */
CDR_MUST_CHECK cdr_err cdr_xlsx_part_read(struct cdr_xlsx_part *part, void *data, size_t room, size_t *got,
    struct cdr_fault *fault);

/* A parser whose memory is wiped, that refuses a document type. NULL without memory. */
XML_Parser cdr_xlsx_parser_new(void);

/* Why a parser of a part stopped; ${err} is what a handler found, or CDR_OK. */
cdr_err cdr_xlsx_parser_fault(XML_Parser parser, const char *path, cdr_err err, struct cdr_fault *fault);

/* An element's or attribute's name without its prefix; an attribute's value or NULL. */
const char *cdr_xlsx_local(const char *name);
const char *cdr_xlsx_attribute(const char **attributes, const char *name);

/* Add to a block that grows in wiped memory. */
CDR_MUST_CHECK cdr_err cdr_xlsx_grow(void **block, size_t *room, size_t needed, size_t item_len);

/* A number of 0 .. max in text; false if it is none. */
bool cdr_xlsx_number(const char *text, uint64_t max, uint64_t *number);

#endif
