#include "node/member/preview.h"

#include <stdio.h>
#include <string.h>

/* see node/member/preview.h */
void
cdr_preview_wipe(struct cdr_preview *preview)
{
	for (size_t i = 0; i < preview->table_count; i++)
	{
		cdr_counts_free(preview->counts[i]);
		cdr_merge_free(preview->merged[i]);
	}
	*preview = (struct cdr_preview){ .table_count = 0 };
}

/* see node/member/preview.h */
bool
cdr_preview_is_small(const struct cdr_table_definition *table, uint32_t count)
{
	return count > 0 && count < table->threshold->incidents;
}

static bool
is_period(const char *text)
{
	return strlen(text) == CDR_PERIOD_LEN - 1 && strspn(text, "0123456789") == 4 &&
	    (strcmp(text + 4, "-H1") == 0 || strcmp(text + 4, "-H2") == 0);
}

static cdr_err
find_table(const struct cdr_book *book, const char *id, const struct cdr_table_definition **table, struct cdr_fault *fault)
{
	*table = cdr_book_table_find(book, id);
	return *table != NULL ? CDR_OK : cdr_fault_set(fault, CDR_E_ABSENT, "codebook %s has no table '%.40s'",
	    cdr_codebook_version_peek(book->codebook), id);
}

static cdr_err
choose_tables(struct cdr_preview *preview, const char *const *ids, size_t id_count, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;

	if (id_count > CDR_TABLE_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "at most %d tables", CDR_TABLE_MAX);
	if (id_count == 0)
		for (; preview->table_count < preview->book->table_count; preview->table_count++)
			preview->tables[preview->table_count] = &preview->book->tables[preview->table_count];
	for (size_t i = 0; err == CDR_OK && i < id_count; i++)
		err = find_table(preview->book, ids[i], &preview->tables[preview->table_count++], fault);
	return err;
}

/* "TABLE" or "TABLE:CODE=INTO", for table number ${at} if it is the one. */
static cdr_err
mark_table(struct cdr_preview *preview, size_t at, const struct cdr_table_definition *table, const char *merge, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;

	if (preview->tables[at] != table && (preview->merged[at] == NULL || strcmp(preview->tables[at]->id, table->id) != 0))
		return CDR_OK;
	preview->dropped[at] = preview->dropped[at] || merge == NULL;
	if (merge == NULL)
		return CDR_OK;
	if (preview->merged[at] == NULL)
		err = cdr_merge_new(table, &preview->merged[at]);
	if (err == CDR_OK)
		err = cdr_merge_add(preview->book, preview->merged[at], merge, fault);
	if (err == CDR_OK)
		preview->tables[at] = &preview->merged[at]->definition;
	return err;
}

static cdr_err
mark_dropped(struct cdr_preview *preview, const char *const *drops, size_t drop_count, struct cdr_fault *fault)
{
	const struct cdr_table_definition *table;
	char id[CDR_CODE_LEN];
	cdr_err err = CDR_OK;

	for (size_t d = 0; err == CDR_OK && d < drop_count; d++) {
		const char *colon = strchr(drops[d], ':');
		(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(drops[d], ":"), drops[d]);
		err = find_table(preview->book, id, &table, fault);
		if (err == CDR_OK && table->dimension_count == 0)
			err = cdr_fault_set(fault, CDR_E_INPUT, "%s is the number of reports alone: it has nothing that could be left out", id);
		for (size_t i = 0; err == CDR_OK && i < preview->table_count; i++)
			err = mark_table(preview, i, table, colon == NULL ? NULL : colon + 1, fault);
	}
	return err;
}

/* see node/member/preview.h */
uint32_t
cdr_preview_category_sum(const struct cdr_preview *preview, size_t table, size_t dimension, size_t at)
{
	const struct cdr_table_definition *definition = preview->tables[table];
	size_t place[CDR_DIMENSION_MAX] = { 0 };
	uint32_t sum = 0;

	for (size_t c = 0; c < definition->cell_count; c++) {
		cdr_table_cell_split(definition, c, place);
		sum += place[dimension] == at ? preview->counts[table]->counts[c] : 0;
	}
	return sum;
}

/* Reports of the period that a table of what is shared counts. */
static cdr_err
count_reports(struct cdr_member *member, struct cdr_preview *preview, uint32_t *count, struct cdr_fault *fault)
{
	static const struct cdr_table_definition all = { .id = "", .cell_count = 1, .records = CDR_RECORDS_SHARED };
	const struct cdr_table_definition *tables[] = { &all };
	struct cdr_counts *counts[1];
	cdr_err err = cdr_incidents_count(member, preview->period, tables, 1, counts, fault);

	*count = err == CDR_OK ? counts[0]->counts[0] : 0;
	if (err == CDR_OK)
		cdr_counts_free(counts[0]);
	return err;
}

/* see node/member/preview.h */
cdr_err
cdr_preview_make(struct cdr_member *member, const char *period, const char *const *ids, size_t id_count, const char *const *drops,
    size_t drop_count, struct cdr_preview *preview, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint32_t reports;

	*preview = (struct cdr_preview){ .table_count = 0 };
	if (!is_period(period))
		return cdr_fault_set(fault, CDR_E_INPUT, "a period is a half-year such as 2025-H1");
	(void)snprintf(preview->period, sizeof(preview->period), "%s", period);
	CDR_TRY(cdr_incidents_book(member, &preview->book, fault));
	CDR_TRY(choose_tables(preview, ids, id_count, fault));
	CDR_TRY(mark_dropped(preview, drops, drop_count, fault));
	CDR_TRY(cdr_incidents_count(member, period, preview->tables, preview->table_count, preview->counts, fault));
	CDR_TRY(count_reports(member, preview, &reports, fault));
	for (size_t i = 0; i < preview->table_count; i++)
		if (preview->dropped[i])
			cdr_counts_drop(preview->tables[i], preview->counts[i], reports);
	err = CDR_OK;
out:
	return err;
}
