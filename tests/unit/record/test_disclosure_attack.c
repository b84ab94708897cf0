/*
 * Every release is attacked with a solver that is not ours (GLPK): what somebody who knows all published tables, and how they hang
 * together, can work out about a hidden cell must leave an interval as wide as the threshold. The equations are written down here
 * anew, pair by pair of tables.
 */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include <glpk.h>

#include "tests/unit/record/release_world.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;
static struct cdr_fault fault;

static int
open_book(void **state)
{
	(void)state;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		return -1;
	book = cdr_codebook_book_peek(codebook);
	return glp_term_out(GLP_OFF) < 0;
}

static int
close_book(void **state)
{
	(void)state;
	cdr_codebook_free(codebook);
	return 0;
}

/* ---- the attacker's equations ------------------------------------------------------------------------------------ */

struct attack {
	const struct cdr_release *release;
	glp_prob *lp;
	int first[CDR_TABLE_MAX];  /* column of a table's first cell */
	int columns;
	int *at;                   /* terms of the row being written, from 1 */
	double *factor;
	int terms;
};

static void
term(struct attack *attack, size_t table, size_t cell, double factor)
{
	attack->terms++;
	attack->at[attack->terms] = attack->first[table] + (int)cell;
	attack->factor[attack->terms] = factor;
}

/* The sum of the terms is 0, or at least 0. */
static void
row(struct attack *attack, bool at_least)
{
	int r = glp_add_rows(attack->lp, 1);

	glp_set_row_bnds(attack->lp, r, at_least ? GLP_LO : GLP_FX, 0, 0);
	glp_set_mat_row(attack->lp, r, attack->terms, attack->at, attack->factor);
	attack->terms = 0;
}

static const struct cdr_table_definition *
shape(const struct attack *attack, size_t table)
{
	return attack->release->tables[table].definition;
}

/* What cell ${cell} of ${fine} says about each dimension of ${coarse}; false if it says nothing about one of them. */
static bool
project(const struct cdr_table_definition *fine, const struct cdr_table_definition *coarse, size_t cell, size_t *out)
{
	size_t from[CDR_DIMENSION_MAX] = { 0 }, to[CDR_DIMENSION_MAX] = { 0 };

	cdr_table_cell_split(fine, cell, from);
	for (size_t c = 0; c < coarse->dimension_count; c++) {
		size_t f = 0;
		char room[CDR_COUNTRY_LEN];
		while (f < fine->dimension_count && fine->dimensions[f].field != coarse->dimensions[c].field)
			f++;
		if (f == fine->dimension_count)
			return false;
		if (fine->dimensions[f].grouping != NULL && fine->dimensions[f].grouping != coarse->dimensions[c].grouping)
			return false;
		to[c] = fine->dimensions[f].grouping == coarse->dimensions[c].grouping ? from[f] :
		    cdr_dimension_category(book, &coarse->dimensions[c], cdr_dimension_code(book, &fine->dimensions[f], from[f], room));
	}
	*out = cdr_table_cell_join(coarse, to);
	return true;
}

/* Can a report be in only one of the categories that disappear on the way from ${fine} to ${coarse}? */
static bool
adds_up(const struct cdr_table_definition *fine, const struct cdr_table_definition *coarse)
{
	for (size_t f = 0; f < fine->dimension_count; f++) {
		bool kept = false;
		for (size_t c = 0; c < coarse->dimension_count; c++)
			kept = kept || (coarse->dimensions[c].field == fine->dimensions[f].field &&
			    coarse->dimensions[c].grouping == fine->dimensions[f].grouping);
		const struct cdr_field *field = fine->dimensions[f].field;
		if (!kept && (field->group != 0 || field->kind == CDR_FIELD_CODES))
			return false;
	}
	return true;
}

static void
relate(struct attack *attack, size_t fine, size_t coarse)
{
	const struct cdr_table_definition *f = shape(attack, fine), *c = shape(attack, coarse);
	bool sum = adds_up(f, c);
	size_t into;

	if (fine == coarse || f->records != c->records || !project(f, c, 0, &into))
		return;
	for (size_t m = 0; m < c->cell_count; m++) {
		for (size_t i = 0; i < f->cell_count; i++)
			if (project(f, c, i, &into) && into == m)
				term(attack, fine, i, 1);
		term(attack, coarse, m, -1);
		row(attack, !sum);
	}
	for (size_t i = 0; !sum && i < f->cell_count; i++) {
		(void)project(f, c, i, &into);
		term(attack, coarse, into, 1);
		term(attack, fine, i, -1);
		row(attack, true);
	}
}

/* Two tables that share dimensions, and add up to the same margin. */
static void
relate_margins(struct attack *attack, size_t a, size_t b)
{
	const struct cdr_table_definition *ta = shape(attack, a), *tb = shape(attack, b);
	struct cdr_table_definition margin = { .cell_count = 1 };
	size_t into;

	if (ta->records != tb->records)
		return;
	for (size_t i = 0; i < ta->dimension_count; i++)
		for (size_t j = 0; j < tb->dimension_count; j++)
			if (ta->dimensions[i].field == tb->dimensions[j].field && ta->dimensions[i].grouping == tb->dimensions[j].grouping) {
				margin.dimensions[margin.dimension_count++] = ta->dimensions[i];
				margin.cell_count *= ta->dimensions[i].category_count;
			}
	if (!adds_up(ta, &margin) || !adds_up(tb, &margin))
		return;
	for (size_t m = 0; m < margin.cell_count; m++) {
		for (size_t i = 0; i < ta->cell_count; i++)
			if (project(ta, &margin, i, &into) && into == m)
				term(attack, a, i, 1);
		for (size_t i = 0; i < tb->cell_count; i++)
			if (project(tb, &margin, i, &into) && into == m)
				term(attack, b, i, -1);
		row(attack, false);
	}
}

static void
attack_begin(const struct cdr_release *release, struct attack *attack)
{
	size_t cells = 0;

	*attack = (struct attack){ .release = release, .lp = glp_create_prob() };
	for (size_t t = 0; t < release->table_count; t++) {
		attack->first[t] = 1 + (int)cells;
		cells += shape(attack, t)->cell_count;
	}
	attack->at = calloc(2 * cells + 2, sizeof(int));
	attack->factor = calloc(2 * cells + 2, sizeof(double));
	glp_add_cols(attack->lp, (int)cells);
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; c < shape(attack, t)->cell_count; c++) {
			const struct cdr_release_cell *cell = &release->tables[t].cells[c];
			glp_set_col_bnds(attack->lp, attack->first[t] + (int)c, cell->shown ? GLP_FX : GLP_LO, cell->shown ? cell->count : 0,
			    cell->shown ? cell->count : 0);
		}
	for (size_t a = 0; a < release->table_count; a++)
		for (size_t b = 0; b < release->table_count; b++) {
			relate(attack, a, b);
			if (a < b)
				relate_margins(attack, a, b);
		}
}

static void
attack_end(struct attack *attack)
{
	glp_delete_prob(attack->lp);
	free(attack->at);
	free(attack->factor);
}

/* The furthest that a column can go. */
static double
extreme(struct attack *attack, int column, int direction)
{
	glp_smcp options;

	glp_init_smcp(&options);
	options.msg_lev = GLP_MSG_OFF;
	glp_set_obj_coef(attack->lp, column, 1);
	glp_set_obj_dir(attack->lp, direction);
	int failed = glp_simplex(attack->lp, &options);
	int status = glp_get_status(attack->lp);
	glp_set_obj_coef(attack->lp, column, 0);
	assert_int_equal(failed, 0);
	if (status == GLP_UNBND)
		return INFINITY;
	assert_int_equal(status, GLP_OPT);
	return glp_get_obj_val(attack->lp);
}

/* How far apart the bounds of a hidden cell are; the interval holds the truth. */
static double
width(struct attack *attack, size_t table, size_t cell)
{
	int column = attack->first[table] + (int)cell;
	double high = extreme(attack, column, GLP_MAX);
	double low = isinf(high) ? 0 : extreme(attack, column, GLP_MIN);

	return high - low;
}

/* ---- releases ---------------------------------------------------------------------------------------------------- */

/* Nothing unsafe is shown, and no hidden cell can be worked out. ${every}: ask for each nth hidden cell. */
static void
must_withstand(const struct cdr_release *release, size_t every)
{
	struct attack attack;
	size_t shown = 0, hidden = 0, at = 0;

	attack_begin(release, &attack);
	for (size_t t = 0; t < release->table_count; t++) {
		const struct cdr_table_definition *definition = shape(&attack, t);
		for (size_t c = 0; c < definition->cell_count; c++) {
			const struct cdr_release_cell *cell = &release->tables[t].cells[c];
			if (cell->shown) {
				assert_true((cell->count >= definition->threshold->incidents &&
				    cell->contributors >= definition->threshold->contributors) ||
				    (cell->count == 0 && cell->contributors == 0 && !definition->threshold->zeros_hidden));
				shown++;
				continue;
			}
			hidden++;
			if (at++ % every != 0)
				continue;
			if (width(&attack, t, c) < definition->threshold->incidents - 1e-6)
				fail_msg("%s, cell %zu: between bounds that are too close", definition->id, c);
		}
	}
	attack_end(&attack);
	print_message("%zu cells shown, %zu hidden\n", shown, hidden);
}

static void
drawn_releases_withstand(void **state)
{
	(void)state;
	static const struct {
		size_t members, incidents, every;
	} worlds[] = { { 12, 60, 1 }, { 30, 170, 1 }, { 100, 1000, 1 }, { 6, 9, 29 }, { 5, 0, 29 }, { 25, 100, 2 } };

	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		struct cdr_release *release = world_release(book, 20250101 + i, worlds[i].members, worlds[i].incidents, 1);
		clock_t begin = clock();
		assert_int_equal(cdr_disclosure_control(release, NULL, 0, &fault), CDR_OK);
		print_message("%zu members, %zu incidents: control took %.0f ms; ", worlds[i].members, worlds[i].incidents,
		    1000.0 * (double)(clock() - begin) / CLOCKS_PER_SEC);
		must_withstand(release, worlds[i].every);
		cdr_release_free(release);
	}
}

/* Thresholds alone do not withstand: the attack finds what they leave open. */
static void
the_attack_can_win(void **state)
{
	(void)state;
	struct cdr_release *release = world_release(book, 7, 30, 170, 1);
	struct attack attack;
	size_t won = 0;

	assert_int_equal(cdr_disclosure_control(release, NULL, 0, &fault), CDR_OK);
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; c < release->tables[t].definition->cell_count; c++) {
			struct cdr_release_cell *cell = &release->tables[t].cells[c];
			cell->shown = cell->shown || (cell->count >= release->tables[t].definition->threshold->incidents && cell->contributors >= 3);
		}
	attack_begin(release, &attack);
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; c < release->tables[t].definition->cell_count; c++)
			if (!release->tables[t].cells[c].shown)
				won += width(&attack, t, c) < release->tables[t].definition->threshold->incidents - 1e-6;
	attack_end(&attack);
	cdr_release_free(release);
	assert_true(won > 10);
}

/* What the difference to a former release shows: cells that both show. */
static struct cdr_release *
difference_of(const struct cdr_release *now, const struct cdr_release *then)
{
	struct cdr_release *out;

	assert_int_equal(cdr_release_new(book, &now->facts, &out), CDR_OK);
	for (size_t t = 0; t < now->table_count; t++) {
		const struct cdr_release_table *table = &now->tables[t];
		assert_int_equal(cdr_release_put(out, table->definition->id, table->cells, table->definition->cell_count), CDR_OK);
		for (size_t c = 0; c < table->definition->cell_count; c++) {
			struct cdr_release_cell *cell = &out->tables[t].cells[c];
			cell->shown = table->cells[c].shown && then->tables[t].cells[c].shown;
			assert_true(!cell->shown || table->cells[c].count >= then->tables[t].cells[c].count);
			cell->count = cell->shown ? table->cells[c].count - then->tables[t].cells[c].count : 0;
		}
	}
	return out;
}

/* A revision with a few late reports: neither it nor the difference to the first version gives anything away. */
static void
revisions_withstand(void **state)
{
	(void)state;
	static const size_t later[] = { 170, 173, 182, 260 };
	struct cdr_release *first = world_release(book, 99, 20, 170, 1);

	assert_int_equal(cdr_disclosure_control(first, NULL, 0, &fault), CDR_OK);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		struct cdr_release *second = world_release(book, 99, 20, later[i], 2);
		const struct cdr_release *former[] = { first };
		assert_int_equal(cdr_disclosure_control(second, former, 1, &fault), CDR_OK);
		must_withstand(second, 3);
		for (size_t t = 0; t < second->table_count; t++)
			for (size_t c = 0; c < second->tables[t].definition->cell_count; c++)
				assert_true(!second->tables[t].cells[c].shown || first->tables[t].cells[c].shown);
		struct cdr_release *difference = difference_of(second, first);
		struct attack attack;
		attack_begin(difference, &attack);
		for (size_t t = 0; t < difference->table_count; t++)
			for (size_t c = 0; c < difference->tables[t].definition->cell_count; c++) {
				const struct cdr_release_cell *cell = &difference->tables[t].cells[c];
				uint32_t threshold = difference->tables[t].definition->threshold->incidents;
				if (cell->shown) {
					assert_true(cell->count == 0 || cell->count >= threshold);
					continue;
				}
				double most = extreme(&attack, attack.first[t] + (int)c, GLP_MAX);
				assert_true(most < 1e-6 || isinf(most) ||
				    most - extreme(&attack, attack.first[t] + (int)c, GLP_MIN) >= threshold - 1e-6);
			}
		attack_end(&attack);
		cdr_release_free(difference);
		cdr_release_free(second);
	}
	cdr_release_free(first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawn_releases_withstand),
		cmocka_unit_test(the_attack_can_win),
		cmocka_unit_test(revisions_withstand),
	};

	return cmocka_run_group_tests(tests, open_book, close_book);
}
