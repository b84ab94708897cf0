#include "core/record/disclosure_control.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/bounds.h"
#include "core/record/disclosure_links.h"

/* What a reader knows: the release itself, or how it differs from a former one. */
struct view {
	bool *known;
	int64_t *values;
	const struct cdr_release *former; /* NULL: the release itself */
	bool usable;                      /* differences: only if no figure went down */
};

struct control {
	const struct cdr_release *release;
	struct cdr_links links;
	struct view view;       /* the one that is worked on */
	uint32_t *component;    /* of each cell that is not known */
	bool *settled;          /* this cell was found wide, and nothing about it has changed since */
	size_t hidden_count;    /* cells hidden by the last turn */
};

/* ---- thresholds -------------------------------------------------------------------------------------------------- */

static uint32_t
difference(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static bool
reaches(const struct cdr_release_cell *cell, const struct cdr_threshold *threshold)
{
	if (cell->contributors == 0 && cell->count == 0)
		return !threshold->zeros_hidden;
	return cell->opened && cell->count >= threshold->incidents && cell->contributors >= threshold->contributors;
}

/* May a cell be shown beside what former releases of the period say of it? */
static bool
agrees(const struct cdr_release *release, const struct cdr_release *former, const struct cdr_release_table *table, size_t cell)
{
	const struct cdr_release_table *then = cdr_release_table_find(former, table->definition->id);

	if (strcmp(former->facts.period, release->facts.period) != 0 || then == NULL)
		return true;
	uint32_t change = difference(then->cells[cell].count, table->cells[cell].count);
	return then->cells[cell].shown && (change == 0 || change >= table->definition->threshold->incidents);
}

static void
apply_thresholds(struct cdr_release *release, const struct cdr_release *const *former, size_t former_count)
{
	for (size_t t = 0; t < release->table_count; t++) {
		struct cdr_release_table *table = &release->tables[t];
		for (size_t c = 0; c < table->definition->cell_count; c++) {
			bool shown = reaches(&table->cells[c], table->definition->threshold);
			for (size_t f = 0; shown && f < former_count; f++)
				shown = agrees(release, former[f], table, c);
			table->cells[c].shown = shown;
		}
	}
}

static void
hide_all(struct cdr_release *release, enum cdr_table_records records)
{
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; release->tables[t].definition->records == records && c < release->tables[t].definition->cell_count; c++)
			release->tables[t].cells[c].shown = false;
}

/* Where not even the number of reports can be shown, nothing about them can. */
static bool
total_is_hidden(const struct cdr_release *release)
{
	for (size_t t = 0; t < release->table_count; t++) {
		const struct cdr_table_definition *definition = release->tables[t].definition;
		if (definition->dimension_count == 0 && definition->records == CDR_RECORDS_SHARED)
			return !release->tables[t].cells[0].shown;
	}
	return false;
}

/* ---- what a reader knows ----------------------------------------------------------------------------------------- */

static void
look(struct control *control)
{
	struct view *view = &control->view;

	view->usable = true;
	for (size_t i = 0; i < control->links.cell_count; i++) {
		const struct cdr_links_part *part = &control->links.parts[control->links.part_of[i]];
		const struct cdr_release_cell *cell = cdr_links_cell(&control->links, i);
		view->known[i] = cell != NULL && cell->shown;
		view->values[i] = view->known[i] ? cell->count : 0;
		if (view->former == NULL || !view->known[i])
			continue;
		const struct cdr_release_table *then = cdr_release_table_find(view->former, part->shape.id);
		view->known[i] = then != NULL && then->cells[i - part->first].shown;
		view->values[i] = view->known[i] ? (int64_t)cell->count - then->cells[i - part->first].count : 0;
		view->usable = view->usable && view->values[i] >= 0;
	}
}

/* How wide an unknown cell must stay; 0 for margins, which nobody shows. */
static uint32_t
width_of(const struct control *control, size_t cell)
{
	const struct cdr_links_part *part = &control->links.parts[control->links.part_of[cell]];

	return part->table == NULL ? 0 : part->shape.threshold->incidents;
}

/* ---- components: unknown cells that equations tie together ------------------------------------------------------- */

static uint32_t
root_of(uint32_t *component, uint32_t cell)
{
	while (component[cell] != cell) {
		component[cell] = component[component[cell]];
		cell = component[cell];
	}
	return cell;
}

static void
find_components(struct control *control)
{
	const struct cdr_links *links = &control->links;

	for (size_t i = 0; i < links->cell_count; i++)
		control->component[i] = (uint32_t)i;
	for (size_t e = 0; e < links->equation_count; e++) {
		const struct cdr_links_equation *equation = &links->equations[e];
		uint32_t first = UINT32_MAX;
		for (size_t t = 0; t < equation->term_count; t++) {
			uint32_t cell = links->terms[equation->first_term + t].cell;
			if (control->view.known[cell])
				continue;
			if (first == UINT32_MAX)
				first = root_of(control->component, cell);
			else
				control->component[root_of(control->component, cell)] = first;
		}
	}
	for (size_t i = 0; i < links->cell_count; i++)
		control->component[i] = root_of(control->component, (uint32_t)i);
}

/* ---- asking how far the equations pin a component down ----------------------------------------------------------- */

/* Equations of a component as a problem for core/record/bounds.h. Followed: the shown cells that stand in them. */
struct question {
	struct cdr_bounds_problem problem;
	struct cdr_bounds_term *terms;
	int64_t *sums;
	uint32_t *wanted;
	uint32_t *cells;        /* of each unknown; UINT32_MAX: what an inequality leaves over */
	uint32_t *followed;     /* the cell of each number that is followed */
	struct cdr_bounds *bounds;
	struct cdr_bounds_narrow narrow;
	size_t *number_of;      /* of each cell of all: its unknown or its followed number, and 1 */
};

static void
question_free(struct question *question)
{
	free(question->terms);
	free(question->sums);
	free(question->wanted);
	free(question->cells);
	free(question->followed);
	free(question->bounds);
	free(question->narrow.greatest);
	free(question->narrow.least);
	free(question->number_of);
}

/* The component to which an equation belongs; UINT32_MAX: nothing in it is unknown. */
static uint32_t
component_of(const struct control *control, const struct cdr_links_equation *equation)
{
	for (size_t t = 0; t < equation->term_count; t++) {
		uint32_t cell = control->links.terms[equation->first_term + t].cell;
		if (!control->view.known[cell])
			return control->component[cell];
	}
	return UINT32_MAX;
}

/* Equation ${e} alone, or (SIZE_MAX) all of ${component}. */
static bool
is_asked(const struct control *control, uint32_t component, size_t only, size_t e)
{
	return only == SIZE_MAX ? component_of(control, &control->links.equations[e]) == component : only == e;
}

static cdr_err
question_room(const struct control *control, uint32_t component, size_t only, struct question *question)
{
	const struct cdr_links *links = &control->links;
	size_t equations = 0, terms = 0;

	for (size_t e = 0; e < links->equation_count; e++)
		if (is_asked(control, component, only, e)) {
			equations++;
			terms += links->equations[e].term_count + 1;
		}
	question->terms = calloc(terms + 1, sizeof(*question->terms));
	question->sums = calloc(equations + 1, sizeof(*question->sums));
	question->wanted = calloc(terms + 1, sizeof(*question->wanted));
	question->cells = calloc(terms + 1, sizeof(*question->cells));
	question->followed = calloc(terms + 1, sizeof(*question->followed));
	question->bounds = calloc(terms + 1, sizeof(*question->bounds));
	question->narrow.greatest = calloc(terms + 1, sizeof(int64_t));
	question->narrow.least = calloc(terms + 1, sizeof(int64_t));
	question->number_of = calloc(links->cell_count + 1, sizeof(*question->number_of));
	return question->terms == NULL || question->sums == NULL || question->wanted == NULL || question->cells == NULL ||
	    question->followed == NULL || question->bounds == NULL || question->narrow.greatest == NULL || question->narrow.least == NULL ||
	    question->number_of == NULL ? CDR_E_MEMORY : CDR_OK;
}

/* The unknowns get their numbers first, then what is followed. */
static void
number_cells(const struct control *control, const struct cdr_links_equation *equation, struct question *question, bool known)
{
	struct cdr_bounds_problem *problem = &question->problem;

	for (size_t t = 0; t < equation->term_count; t++) {
		uint32_t cell = control->links.terms[equation->first_term + t].cell;
		if (control->view.known[cell] != known || question->number_of[cell] != 0)
			continue;
		if (known) {
			question->followed[problem->followed_count++] = cell;
			question->number_of[cell] = problem->unknown_count + problem->followed_count;
		} else {
			question->cells[problem->unknown_count] = cell;
			question->wanted[problem->unknown_count++] = width_of(control, cell);
			question->number_of[cell] = problem->unknown_count;
		}
	}
	if (!known && equation->at_least)
		question->cells[problem->unknown_count++] = UINT32_MAX;
}

/* One equation: what is known goes to the other side too. */
static void
write_equation(const struct control *control, const struct cdr_links_equation *equation, struct question *question, size_t *left_over)
{
	struct cdr_bounds_problem *problem = &question->problem;
	uint32_t row = (uint32_t)problem->equation_count++;

	for (size_t t = 0; t < equation->term_count; t++) {
		const struct cdr_links_term *term = &control->links.terms[equation->first_term + t];
		if (control->view.known[term->cell])
			question->sums[row] -= term->factor * control->view.values[term->cell];
		question->terms[problem->term_count++] =
		    (struct cdr_bounds_term){ row, (uint32_t)(question->number_of[term->cell] - 1), term->factor };
	}
	if (!equation->at_least)
		return;
	while (question->cells[*left_over] != UINT32_MAX)
		++*left_over;
	question->terms[problem->term_count++] = (struct cdr_bounds_term){ row, (uint32_t)(*left_over)++, -1 };
}

static cdr_err
ask(const struct control *control, uint32_t component, size_t only, struct question *question)
{
	const struct cdr_links *links = &control->links;
	size_t left_over = 0;
	cdr_err err = question_room(control, component, only, question);

	for (int known = 0; err == CDR_OK && known < 2; known++)
		for (size_t e = 0; e < links->equation_count; e++)
			if (is_asked(control, component, only, e))
				number_cells(control, &links->equations[e], question, known != 0);
	for (size_t e = 0; err == CDR_OK && e < links->equation_count; e++)
		if (is_asked(control, component, only, e))
			write_equation(control, &links->equations[e], question, &left_over);
	question->problem.terms = question->terms;
	question->problem.sums = question->sums;
	question->problem.wanted = question->wanted;
	/* Of differences: that nothing changed tells nothing; that a little did, tells. */
	question->problem.zero_is_wide = control->view.former != NULL;
	return err == CDR_OK ? cdr_bounds_narrow(&question->problem, question->bounds, &question->narrow) : err;
}

/* ---- hiding more ------------------------------------------------------------------------------------------------- */

#define GAIN_MAX 1e12

/* How much wider the narrow unknown becomes if the followed number is hidden: it may then be anything from 0 on. */
static double
gain_of(const struct control *control, const struct question *question, size_t followed)
{
	const struct cdr_bounds_narrow *narrow = &question->narrow;
	double value = (double)control->view.values[question->followed[followed]];
	double up = (double)narrow->greatest[followed] / (double)narrow->greatest_over;
	double down = -(double)narrow->least[followed] / (double)narrow->least_over;
	double room = (double)question->bounds[narrow->unknown].least;

	/* Were it greater, the bound would move away without end; were it 0, by its value. */
	double gain = up > 0 ? GAIN_MAX : -up * value, below = down > 0 ? room : -down * value;
	return gain + (below < room ? below : room);
}

/* The cheapest shown cell that helps; UINT32_MAX: none does. */
static uint32_t
choose(const struct control *control, const struct question *question)
{
	const struct cdr_bounds *bounds = &question->bounds[question->narrow.unknown];
	double missing = (double)question->wanted[question->narrow.unknown] - (double)(bounds->greatest - bounds->least);
	double best = 0;
	uint32_t found = UINT32_MAX;

	for (size_t f = 0; f < question->problem.followed_count; f++) {
		uint32_t cell = question->followed[f];
		const struct cdr_links_part *part = &control->links.parts[control->links.part_of[cell]];
		double gain = gain_of(control, question, f), value = (double)control->view.values[cell];
		if (part->table == NULL || !cdr_links_cell(&control->links, cell)->shown || gain <= 0)
			continue;
		/* Rather a small number than a great one; a zero last but for what is not enough, and for the number of reports. */
		double cost = value + (value == 0 ? 50 : 0) + (gain < missing ? 1e6 : 0) + (part->shape.dimension_count == 0 ? 1e9 : 0);
		if (found == UINT32_MAX || cost < best) {
			best = cost;
			found = cell;
		}
	}
	return found;
}

/* Hide one more cell if the question says that something is narrow. */
static cdr_err
widen(struct control *control, const struct question *question)
{
	if (question->narrow.unknown == SIZE_MAX)
		return CDR_OK;
	uint32_t cell = choose(control, question);
	if (cell == UINT32_MAX)
		return CDR_E_RANGE;
	cdr_links_cell(&control->links, cell)->shown = false;
	control->hidden_count++;
	return CDR_OK;
}

/* The sums contradict each other: hold each equation on its own. */
static cdr_err
ask_alone(struct control *control, uint32_t component)
{
	cdr_err err = CDR_OK;

	for (size_t e = 0; err == CDR_OK && control->hidden_count == 0 && e < control->links.equation_count; e++) {
		struct question one = { 0 };
		if (component_of(control, &control->links.equations[e]) != component)
			continue;
		err = ask(control, component, e, &one);
		err = err == CDR_OK ? widen(control, &one) : err == CDR_E_REFUSED ? CDR_OK : err;
		question_free(&one);
	}
	return err;
}

static cdr_err
check_component(struct control *control, uint32_t component)
{
	cdr_err err = CDR_E_INTERNAL;
	struct question question = { 0 };
	size_t before = control->hidden_count;

	err = ask(control, component, SIZE_MAX, &question);
	if (err == CDR_E_REFUSED)
		err = ask_alone(control, component);
	else if (err == CDR_OK)
		err = widen(control, &question);
	CDR_TRY(err);
	for (size_t u = 0; control->hidden_count == before && u < question.problem.unknown_count; u++)
		if (question.cells[u] != UINT32_MAX)
			control->settled[question.cells[u]] = true;
out:
	question_free(&question);
	return err;
}

/* One turn over every component in which something is not settled; each hides at most one cell. */
static cdr_err
turn(struct control *control)
{
	cdr_err err = CDR_OK;

	control->hidden_count = 0;
	look(control);
	if (!control->view.usable)
		return CDR_OK;
	find_components(control);
	for (size_t i = 0; err == CDR_OK && i < control->links.cell_count && !total_is_hidden(control->release); i++) {
		if (control->view.known[i] || control->settled[i] || control->component[i] == UINT32_MAX)
			continue;
		uint32_t component = control->component[i];
		size_t before = control->hidden_count;
		control->hidden_count = 0;
		err = check_component(control, component);
		control->hidden_count += before;
		/* What was hidden just now is not among the known any more: the next turn sees it. */
		for (size_t j = i; j < control->links.cell_count; j++)
			if (control->component[j] == component && !control->view.known[j])
				control->component[j] = UINT32_MAX;
	}
	return err;
}

/* Turn until nothing more needs to be hidden in this view. ${some}: something was. */
static cdr_err
settle(struct control *control, const struct cdr_release *former, bool *some)
{
	cdr_err err;

	control->view.former = former;
	memset(control->settled, 0, control->links.cell_count * sizeof(*control->settled));
	do {
		err = turn(control);
		*some = *some || control->hidden_count > 0;
	} while (err == CDR_OK && control->hidden_count > 0 && !total_is_hidden(control->release));
	return err;
}

static cdr_err
control_new(struct cdr_release *release, struct control *control)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_links_make(release, &control->links));
	control->view.known = calloc(control->links.cell_count + 1, sizeof(bool));
	control->view.values = calloc(control->links.cell_count + 1, sizeof(int64_t));
	control->component = calloc(control->links.cell_count + 1, sizeof(uint32_t));
	control->settled = calloc(control->links.cell_count + 1, sizeof(bool));
	if (control->view.known == NULL || control->view.values == NULL || control->component == NULL || control->settled == NULL)
		err = CDR_E_MEMORY;
out:
	return err;
}

static void
control_wipe(struct control *control)
{
	cdr_links_wipe(&control->links);
	free(control->view.known);
	free(control->view.values);
	free(control->component);
	free(control->settled);
}

/* see core/record/disclosure_control.h */
cdr_err
cdr_disclosure_control(struct cdr_release *release, const struct cdr_release *const *former, size_t former_count,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct control control = { .release = release };
	bool some = true;

	if (former_count > CDR_FORMER_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "at most %d former releases of one period are looked at", CDR_FORMER_MAX);
	apply_thresholds(release, former, former_count);
	CDR_TRY(control_new(release, &control));
	while (some && !total_is_hidden(release)) {
		some = false;
		CDR_TRY(settle(&control, NULL, &some));
		for (size_t f = 0; f < former_count; f++)
			if (strcmp(former[f]->facts.period, release->facts.period) == 0)
				CDR_TRY(settle(&control, former[f], &some));
	}
	if (total_is_hidden(release))
		hide_all(release, CDR_RECORDS_SHARED);
	release->controlled = true;
	err = CDR_OK;
out:
	control_wipe(&control);
	if (err != CDR_OK) {
		hide_all(release, CDR_RECORDS_SHARED);
		hide_all(release, CDR_RECORDS_NOT_SHARED);
	}
	if (err == CDR_E_RANGE)
		(void)cdr_fault_set(fault, err, "these tables hang together in a way that is too much to work out: publish fewer of them");
	return err;
}
