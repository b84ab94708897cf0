#ifndef CDR_TESTS_RELEASE_WORLD_H
#define CDR_TESTS_RELEASE_WORLD_H

/* Sums of many members over drawn incidents, as the trustees would open them. */

#include <stdlib.h>

#include "core/record/disclosure_control.h"
#include "tests/incidents.h"

static inline struct cdr_release_facts
world_facts(uint32_t version, uint32_t contributors)
{
	struct cdr_release_facts facts = { .exchange = "Fictional Exchange", .round = "R-1", .period = "2025-H1", .published = "2025-09-01",
		.version = version, .contributors = contributors, .members = contributors + 7 };

	return facts;
}

/* Add the records of one member to the cells of every table. */
static inline void
world_add_member(const struct cdr_book *book, const struct cdr_incident *incidents, size_t count, struct cdr_release_cell **cells)
{
	for (size_t t = 0; t < book->table_count; t++) {
		struct cdr_counts *counts;
		if (cdr_counts_new(&book->tables[t], &counts) != CDR_OK)
			abort();
		for (size_t i = 0; i < count; i++)
			if (cdr_counts_add(book, &book->tables[t], &incidents[i], "2025-H1", counts) != CDR_OK)
				abort();
		for (size_t c = 0; c < counts->cell_count; c++) {
			cells[t][c].count += counts->counts[c];
			cells[t][c].contributors += counts->counts[c] > 0;
		}
		cdr_counts_free(counts);
	}
}

/**
 * world_release(book, seed, members, incident_count, version, release):
 * incident_count drawn incidents, member i having about one in members of them, some none. What fewer than three have is not opened.
 */
static inline struct cdr_release *
world_release(const struct cdr_book *book, uint64_t seed, size_t members, size_t incident_count, uint32_t version)
{
	struct incidents_draw draw = { seed, book, { book->codebook, { 2025, 12, 31, CDR_PRECISION_DAY }, 5 } };
	struct cdr_release_cell *cells[CDR_TABLE_MAX];
	struct cdr_incident *incidents = calloc(incident_count + 1, sizeof(*incidents));
	struct cdr_release_facts facts = world_facts(version, (uint32_t)members);
	struct cdr_release *release;
	size_t from = 0;

	for (size_t t = 0; t < book->table_count; t++)
		cells[t] = calloc(book->tables[t].cell_count, sizeof(struct cdr_release_cell));
	if (incidents == NULL || cdr_release_new(book, &facts, &release) != CDR_OK)
		abort();
	for (size_t i = 0; i < incident_count; i++)
		incidents_draw(&draw, (unsigned)i, 2025, 1, &incidents[i]);
	for (size_t m = 0; m < members; m++) {
		size_t to = m + 1 == members ? incident_count : incident_count * (m + 1) * (m + 2) / (members * (members + 1));
		world_add_member(book, incidents + from, to - from, cells);
		from = to;
	}
	for (size_t t = 0; t < book->table_count; t++) {
		for (size_t c = 0; c < book->tables[t].cell_count; c++) {
			cells[t][c].opened = cells[t][c].contributors >= 3;
			if (!cells[t][c].opened)
				cells[t][c].count = 0;
		}
		if (cdr_release_put(release, book->tables[t].id, cells[t], book->tables[t].cell_count) != CDR_OK)
			abort();
		free(cells[t]);
	}
	free(incidents);
	return release;
}

#endif
