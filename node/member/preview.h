#ifndef CDR_NODE_MEMBER_PREVIEW_H
#define CDR_NODE_MEMBER_PREVIEW_H

/*
 * What this member would send to a round: the very vectors that are encrypted, shown to the person who decides. And, once a release is
 * there, its own figures beside everybody's.
 */

#include "core/record/merge.h"
#include "node/member/incidents.h"

struct cdr_preview {
	const struct cdr_book *book;             /* borrowed from the member's codebook */
	char period[CDR_PERIOD_LEN];
	size_t table_count;
	const struct cdr_table_definition *tables[CDR_TABLE_MAX];
	bool dropped[CDR_TABLE_MAX];             /* left out: all of its reports count as not known */
	struct cdr_merge *merged[CDR_TABLE_MAX]; /* NULL, or the table as this member counts it: categories taken together */
	struct cdr_counts *counts[CDR_TABLE_MAX]; /* secret: what leaves, encrypted */
};

/* What a round would count of names: none where it does not ask. */
struct cdr_preview_names {
	size_t tables, cells, people;
};

/**
 * cdr_preview_make(member, period, ids, id_count, drops, drop_count, preview, fault):
 * Count the register into the tables of a round.
 *
 * ids      in    of the round's tables; id_count 0: all tables of the codebook
 * drops    in    how this member says less: "TABLE" leaves a table out, "TABLE:CODE" and "TABLE:CODE=INTO" count a category as another
 * preview  out   ended by cdr_preview_wipe, also after an error
 *
 * Returns  CDR_OK; CDR_E_INPUT for a period that is none, or for what cannot be left out; CDR_E_ABSENT for a table or category that the
 *          codebook does not have;
 *          CDR_E_RANGE for too many tables; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_preview_make(struct cdr_member *member, const char *period, const char *const *ids, size_t id_count,
    const char *const *drops, size_t drop_count, struct cdr_preview *preview, struct cdr_fault *fault);
void cdr_preview_wipe(struct cdr_preview *preview);

/* Own reports in category ${at} of dimension ${dimension} of table number ${table}, added up over the others. */
uint32_t cdr_preview_category_sum(const struct cdr_preview *preview, size_t table, size_t dimension, size_t at);

/* Is the count small for this member alone: above 0, and below the table's threshold? */
bool cdr_preview_is_small(const struct cdr_table_definition *table, uint32_t count);

#endif
