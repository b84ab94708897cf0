#ifndef CDR_CORE_RECORD_DISCLOSURE_LINKS_H
#define CDR_CORE_RECORD_DISCLOSURE_LINKS_H

/*
 * How the tables of a release hang together: every equation that a reader can write down between their cells.
 * For disclosure_control.c.
 *
 * Beside the tables themselves stand margins that nobody publishes, one for each choice of a table's dimensions: two tables that
 * share a dimension are tied by the margin that both have.
 */

#include "core/record/release.h"

#define CDR_LINKS_PART_MAX 400
#define CDR_LINKS_CELL_MAX 60000
#define CDR_LINKS_TERM_MAX 2000000

/* A table of the release, or a margin (table NULL). */
struct cdr_links_part {
	struct cdr_table_definition shape;
	struct cdr_release_table *table;
	size_t first;              /* number of its first cell among all cells */
};

/* An equation: the sum of factor * cell over its terms is 0; or, if ${at_least}, 0 or more. */
struct cdr_links_equation {
	size_t first_term, term_count;
	bool at_least;
};

struct cdr_links_term {
	uint32_t cell;
	int8_t factor;             /* 1 or -1 */
};

struct cdr_links {
	const struct cdr_book *book;
	struct cdr_links_part *parts;
	size_t part_count, cell_count;
	uint32_t *part_of;         /* of each cell */
	struct cdr_links_equation *equations;
	size_t equation_count, equation_room;
	struct cdr_links_term *terms;
	size_t term_count, term_room;
};

/* Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY. ${links} borrows from ${release}; ended by cdr_links_wipe, also after an error. */
CDR_MUST_CHECK cdr_err cdr_links_make(struct cdr_release *release, struct cdr_links *links);
void cdr_links_wipe(struct cdr_links *links);

/* The cell itself; NULL: of a margin. */
struct cdr_release_cell *cdr_links_cell(const struct cdr_links *links, size_t cell);

#endif
