#include "core/record/disclosure_links.h"

#include <stdlib.h>
#include <string.h>

/* see core/record/disclosure_links.h */
void
cdr_links_wipe(struct cdr_links *links)
{
	free(links->parts);
	free(links->part_of);
	free(links->equations);
	free(links->terms);
	*links = (struct cdr_links){ 0 };
}

/* see core/record/disclosure_links.h */
struct cdr_release_cell *
cdr_links_cell(const struct cdr_links *links, size_t cell)
{
	const struct cdr_links_part *part = &links->parts[links->part_of[cell]];

	return part->table == NULL ? NULL : &part->table->cells[cell - part->first];
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* The dimension of ${shape} that is of ${field}; SIZE_MAX: none. */
static size_t
dimension_of(const struct cdr_table_definition *shape, const struct cdr_field *field)
{
	for (size_t d = 0; d < shape->dimension_count; d++)
		if (shape->dimensions[d].field == field)
			return d;
	return SIZE_MAX;
}

/* Is ${coarse} what ${fine} becomes when dimensions are summed away or their categories put together? Also if they are alike. */
static bool
is_coarser(const struct cdr_table_definition *fine, const struct cdr_table_definition *coarse)
{
	if (fine->records != coarse->records)
		return false;
	for (size_t d = 0; d < coarse->dimension_count; d++) {
		size_t f = dimension_of(fine, coarse->dimensions[d].field);
		if (f == SIZE_MAX)
			return false;
		const struct cdr_grouping *grouping = fine->dimensions[f].grouping;
		if (grouping != NULL && grouping != coarse->dimensions[d].grouping)
			return false;
	}
	return true;
}

static bool
is_alike(const struct cdr_table_definition *a, const struct cdr_table_definition *b)
{
	return a->dimension_count == b->dimension_count && is_coarser(a, b) && is_coarser(b, a);
}

static cdr_err
add_part(struct cdr_links *links, const struct cdr_table_definition *shape, struct cdr_release_table *table)
{
	if (links->part_count == CDR_LINKS_PART_MAX || links->cell_count + shape->cell_count > CDR_LINKS_CELL_MAX)
		return CDR_E_RANGE;
	links->parts[links->part_count++] = (struct cdr_links_part){ *shape, table, links->cell_count };
	links->cell_count += shape->cell_count;
	return CDR_OK;
}

/* The margin of ${shape} over the dimensions whose bits are set, unless it is there already. */
static cdr_err
add_margin(struct cdr_links *links, const struct cdr_table_definition *shape, unsigned kept)
{
	struct cdr_table_definition margin = { .id = "", .cell_count = 1, .threshold = shape->threshold, .records = shape->records };

	for (size_t d = 0; d < shape->dimension_count; d++)
		if ((kept >> d & 1) != 0) {
			margin.dimensions[margin.dimension_count++] = shape->dimensions[d];
			margin.cell_count *= shape->dimensions[d].category_count;
		}
	for (size_t i = 0; i < links->part_count; i++)
		if (is_alike(&links->parts[i].shape, &margin))
			return CDR_OK;
	return add_part(links, &margin, NULL);
}

static cdr_err
add_parts(struct cdr_release *release, struct cdr_links *links)
{
	for (size_t i = 0; i < release->table_count; i++) {
		cdr_err err = add_part(links, release->tables[i].definition, &release->tables[i]);
		if (err != CDR_OK)
			return err;
	}
	for (size_t i = 0; i < release->table_count; i++)
		for (unsigned kept = 0; kept < 1U << release->tables[i].definition->dimension_count; kept++) {
			cdr_err err = add_margin(links, release->tables[i].definition, kept);
			if (err != CDR_OK)
				return err;
		}
	links->part_of = calloc(links->cell_count + 1, sizeof(*links->part_of));
	if (links->part_of == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < links->part_count; i++)
		for (size_t c = 0; c < links->parts[i].shape.cell_count; c++)
			links->part_of[links->parts[i].first + c] = (uint32_t)i;
	return CDR_OK;
}

/* ---- equations --------------------------------------------------------------------------------------------------- */

static cdr_err
add_term(struct cdr_links *links, size_t cell, int8_t factor)
{
	if (links->term_count == links->term_room) {
		size_t room = links->term_room == 0 ? 4096 : 2 * links->term_room;
		struct cdr_links_term *larger = room > CDR_LINKS_TERM_MAX ? NULL : realloc(links->terms, room * sizeof(*larger));
		if (larger == NULL)
			return room > CDR_LINKS_TERM_MAX ? CDR_E_RANGE : CDR_E_MEMORY;
		links->terms = larger;
		links->term_room = room;
	}
	links->terms[links->term_count++] = (struct cdr_links_term){ (uint32_t)cell, factor };
	links->equations[links->equation_count - 1].term_count++;
	return CDR_OK;
}

static cdr_err
add_equation(struct cdr_links *links, bool at_least)
{
	if (links->equation_count == links->equation_room) {
		size_t room = links->equation_room == 0 ? 1024 : 2 * links->equation_room;
		struct cdr_links_equation *larger = realloc(links->equations, room * sizeof(*larger));
		if (larger == NULL)
			return CDR_E_MEMORY;
		links->equations = larger;
		links->equation_room = room;
	}
	links->equations[links->equation_count++] = (struct cdr_links_equation){ links->term_count, 0, at_least };
	return CDR_OK;
}

/* Category ${at} of dimension ${fine} is in which category of ${coarse}? */
static size_t
category_in(const struct cdr_book *book, const struct cdr_dimension *fine, const struct cdr_dimension *coarse, size_t at)
{
	char room[CDR_COUNTRY_LEN];

	if (fine->grouping == coarse->grouping)
		return at;
	return cdr_dimension_category(book, coarse, cdr_dimension_code(book, fine, at, room));
}

/* Into which cell of ${coarse} does cell ${cell} of ${fine} go? */
static size_t
cell_in(const struct cdr_book *book, const struct cdr_table_definition *fine, const struct cdr_table_definition *coarse, size_t cell)
{
	size_t from[CDR_DIMENSION_MAX] = { 0 }, to[CDR_DIMENSION_MAX] = { 0 };

	cdr_table_cell_split(fine, cell, from);
	for (size_t d = 0; d < coarse->dimension_count; d++) {
		size_t f = dimension_of(fine, coarse->dimensions[d].field);
		to[d] = category_in(book, &fine->dimensions[f], &coarse->dimensions[d], from[f]);
	}
	return cdr_table_cell_join(coarse, to);
}

/* Does each report count once only in what is put together? Then a coarse cell is the sum of its fine ones. */
static bool
is_sum(const struct cdr_table_definition *fine, const struct cdr_table_definition *coarse)
{
	for (size_t f = 0; f < fine->dimension_count; f++) {
		size_t d = dimension_of(coarse, fine->dimensions[f].field);
		bool kept = d != SIZE_MAX && coarse->dimensions[d].grouping == fine->dimensions[f].grouping;
		if (!kept && !cdr_dimension_is_exclusive(&fine->dimensions[f]))
			return false;
	}
	return true;
}

/* The equations between two parts, given where each fine cell goes. */
static cdr_err
link_cells(struct cdr_links *links, const struct cdr_links_part *fine, const struct cdr_links_part *coarse, const size_t *into)
{
	cdr_err err = CDR_E_INTERNAL;
	bool sum = is_sum(&fine->shape, &coarse->shape);

	for (size_t m = 0; m < coarse->shape.cell_count; m++) {
		/* The fine cells together are what the coarse one is, or at least that. */
		CDR_TRY(add_equation(links, !sum));
		for (size_t c = 0; c < fine->shape.cell_count; c++)
			if (into[c] == m)
				CDR_TRY(add_term(links, fine->first + c, 1));
		CDR_TRY(add_term(links, coarse->first + m, -1));
	}
	for (size_t c = 0; !sum && c < fine->shape.cell_count; c++) {
		/* And none of them is more than it. */
		CDR_TRY(add_equation(links, true));
		CDR_TRY(add_term(links, coarse->first + into[c], 1));
		CDR_TRY(add_term(links, fine->first + c, -1));
	}
	err = CDR_OK;
out:
	return err;
}

/* What lies between two parts ties them already. */
static bool
has_between(const struct cdr_links *links, size_t fine, size_t coarse)
{
	for (size_t k = 0; k < links->part_count; k++) {
		const struct cdr_table_definition *shape = &links->parts[k].shape;
		if (k != fine && k != coarse && is_coarser(&links->parts[fine].shape, shape) &&
		    is_coarser(shape, &links->parts[coarse].shape) && !is_alike(shape, &links->parts[fine].shape) &&
		    !is_alike(shape, &links->parts[coarse].shape))
			return true;
	}
	return false;
}

static cdr_err
link_parts(struct cdr_links *links, size_t f, size_t m)
{
	const struct cdr_links_part *fine = &links->parts[f], *coarse = &links->parts[m];
	size_t *into;

	if (f == m || !is_coarser(&fine->shape, &coarse->shape) || has_between(links, f, m))
		return CDR_OK;
	/* Two tables that say the same: one way is enough. */
	if (is_alike(&fine->shape, &coarse->shape) && f > m)
		return CDR_OK;
	into = calloc(fine->shape.cell_count, sizeof(*into));
	if (into == NULL)
		return CDR_E_MEMORY;
	for (size_t c = 0; c < fine->shape.cell_count; c++)
		into[c] = cell_in(links->book, &fine->shape, &coarse->shape, c);
	cdr_err err = link_cells(links, fine, coarse, into);
	free(into);
	return err;
}

/* see core/record/disclosure_links.h */
cdr_err
cdr_links_make(struct cdr_release *release, struct cdr_links *links)
{
	cdr_err err = CDR_E_INTERNAL;

	*links = (struct cdr_links){ .book = release->book };
	links->parts = calloc(CDR_LINKS_PART_MAX, sizeof(*links->parts));
	if (links->parts == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(add_parts(release, links));
	for (size_t f = 0; f < links->part_count; f++)
		for (size_t m = 0; m < links->part_count; m++)
			CDR_TRY(link_parts(links, f, m));
	err = CDR_OK;
out:
	return err;
}
