#ifndef CDR_CORE_RECORD_FILE_H
#define CDR_CORE_RECORD_FILE_H

/* What reading a file of leavers and reading one of candidates have in common: rows to records, and the report. */

#include "core/crypto/hash.h"
#include "core/record/row.h"

/* One kind of record. */
struct cdr_record_file_kind {
	const struct cdr_csv_column *columns;
	size_t column_count;
	size_t file_max;
	size_t record_len;
	const char *same_key; /* the reason that is given when two rows have one key and differ */
	const char *same_key_advice;

	/* Read the row that stands; ${record} was zeroed. */
	void (*read)(struct cdr_row *row, void *record);
	/* What the row is (all zero: nothing, it is like no other) and what it says. */
	cdr_err (*identify)(const void *record, uint8_t key[static CDR_SHA256_LEN], uint8_t digest[static CDR_SHA256_LEN]);
	/* Notes about a good row; true: it is older than the look-back. */
	bool (*is_old)(struct cdr_row *row, const void *record);
};

struct cdr_record_file;

/* As cdr_leaver_file_new and the functions after it. */
CDR_MUST_CHECK cdr_err cdr_record_file_new(struct cdr_bytes bytes, const struct cdr_record_file_kind *kind,
    const struct cdr_record_rules *rules, struct cdr_record_file **file, struct cdr_fault *fault);
void cdr_record_file_free(struct cdr_record_file *file);
CDR_MUST_CHECK cdr_err cdr_record_file_next(struct cdr_record_file *file, void *record, struct cdr_fault *fault);
const struct cdr_row_report *cdr_record_file_report_peek(const struct cdr_record_file *file);
size_t cdr_record_file_line(const struct cdr_record_file *file);
size_t cdr_record_file_offset(const struct cdr_record_file *file);

#endif
