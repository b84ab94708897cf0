#ifndef CDR_CORE_RECORD_MERGE_H
#define CDR_CORE_RECORD_MERGE_H

/*
 * A table in which a member counts one category as another, because it would rather not say so much: "status:received" counts what was
 * received as other, or as not known where the table has no such category; "status:received=investigation_open" names the category. A report that
 * falls into both counts once, as ever.
 */

#include "core/record/book.h"

struct cdr_merge {
	struct cdr_table_definition definition; /* as the codebook's, with the categories below */
	size_t *into[CDR_DIMENSION_MAX];        /* of each dimension: what each category counts as */
};

/**
 * cdr_merge_new(table, merge), cdr_merge_free(merge):
 * ${table} as the codebook has it; NULL does nothing in cdr_merge_free.
 *
 * Returns  CDR_OK; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_merge_new(const struct cdr_table_definition *table, struct cdr_merge **merge);
void cdr_merge_free(struct cdr_merge *merge);

/**
 * cdr_merge_add(book, merge, text, fault):
 * Count a category as another: ${text} is "CODE" or "CODE=INTO".
 *
 * Returns  CDR_OK; CDR_E_ABSENT if no dimension has such a category; CDR_E_INPUT if several have, or the two are one, or it is the
 *          one for not known.
 */
CDR_MUST_CHECK cdr_err cdr_merge_add(const struct cdr_book *book, struct cdr_merge *merge, const char *text,
    struct cdr_fault *fault);

/* What category ${from} is counted as if nothing else is asked for: the one with the code "other", else not known. */
size_t cdr_merge_default(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t from);

#endif
