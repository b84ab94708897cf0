#ifndef CDR_CORE_RECORD_TABLE_H
#define CDR_CORE_RECORD_TABLE_H

/*
 * Counting incidents into the tables that a codebook defines: what a member's node encrypts, cell by cell, and nothing
 * else ever leaves.
 *
 * A report counts once in a cell, however many survivors or persons alleged fall into it; with two of different
 * categories it counts once for each category. Where a table has two fields of the same kind of row, they are taken from the
 * same row. Whatever says nothing counts in the last category.
 */

#include "core/record/incident.h"

/* One member's figures of one table. Counts are secret to the member: wiped by cdr_counts_free. */
struct cdr_counts {
	char id[CDR_CODE_LEN];      /* of the table in the codebook */
	size_t cell_count;          /* 1 .. CDR_TABLE_CELL_MAX; zeros are cells like others */
	uint32_t counts[];          /* in the order of the dimensions, the last one fastest */
};

/**
 * cdr_counts_new(table, counts):
 * Figures of ${table}, all zero.
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 * Owns     the caller owns *counts and ends it with cdr_counts_free.
 */
CDR_MUST_CHECK cdr_err cdr_counts_new(const struct cdr_table_definition *table, struct cdr_counts **counts);
void cdr_counts_free(struct cdr_counts *counts);

/**
 * cdr_counts_add(book, table, incident, period, counts):
 * Count ${incident} if it belongs to ${period} ("2025-H1"; NULL: to any) and to the records that ${table} counts.
 *
 * Returns  CDR_OK; CDR_E_RANGE if a cell is full; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_counts_add(const struct cdr_book *book, const struct cdr_table_definition *table,
    const struct cdr_incident *incident, const char *period, struct cdr_counts *counts);

/* The second vector that is encrypted: 1 where the member has some, else 0. ${flags} has cell_count entries. */
void cdr_counts_flags(const struct cdr_counts *counts, uint32_t *flags);

/**
 * cdr_counts_drop(table, counts, report_count):
 * Leave a table out without anybody seeing that it was: all of this member's reports count as not known in every dimension.
 *
 * report_count  in    reports of the period that the table counts
 */
void cdr_counts_drop(const struct cdr_table_definition *table, struct cdr_counts *counts, uint32_t report_count);

/* Which category of each dimension cell ${cell} stands for, and the other way round. */
void cdr_table_cell_split(const struct cdr_table_definition *table, size_t cell, size_t at[static CDR_DIMENSION_MAX]);
size_t cdr_table_cell_join(const struct cdr_table_definition *table, const size_t at[static CDR_DIMENSION_MAX]);

/* "Sexual abuse, Substantiated": what a cell stands for; the table's title where it has one cell. */
void cdr_table_cell_label(const struct cdr_book *book, const struct cdr_table_definition *table, size_t cell,
    const char *language, char *text, size_t text_size);

#endif
