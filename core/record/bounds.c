#include "core/record/bounds.h"

#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX
#define STEPS_MAX 20000 /* pivots for one question: the last rule cannot cycle, so this is patience, not safety */

/*
 * The tableau: rows of unknown_count coefficients and a right-hand side, over one common denominator ${over} > 0, so that
 *     over * x[basis[r]] + sum of the other columns = right-hand side,   every right-hand side >= 0.
 * The last row is what is being made greater.
 */
struct tableau {
	size_t unknowns;               /* columns that may move; the others are only followed */
	size_t columns, rows, width;   /* width = columns + 1 */
	int64_t *cells;                /* (rows + 1) * width */
	size_t *basis;                 /* of each row; NONE: a helper that was never an unknown */
	size_t *row_of;                /* of each column; NONE: it is 0 */
	int64_t over;
};

static int64_t *
row_at(const struct tableau *t, size_t row)
{
	return t->cells + row * t->width;
}

static void
tableau_free(struct tableau *t)
{
	free(t->cells);
	free(t->basis);
	free(t->row_of);
}

/* Make column ${s} the one that row ${r} speaks of. The entry there is not 0; if it is negative, the right-hand side is 0. */
static cdr_err
pivot(struct tableau *t, size_t r, size_t s)
{
	int64_t *pr = row_at(t, r);

	if (pr[s] < 0)
		for (size_t j = 0; j < t->width; j++)
			pr[j] = -pr[j];
	int64_t p = pr[s];
	for (size_t i = 0; i <= t->rows; i++) {
		int64_t *row = row_at(t, i), f = row[s];
		if (i == r || (f == 0 && p == t->over))
			continue;
		for (size_t j = 0; j < t->width; j++) {
			/* Both products fit into 126 bits; the division leaves no remainder. */
			__int128 value = ((__int128)row[j] * p - (__int128)f * pr[j]) / t->over;
			if (value > INT64_MAX / 2 || value < -(INT64_MAX / 2))
				return CDR_E_RANGE;
			row[j] = (int64_t)value;
		}
	}
	if (t->basis[r] != NONE)
		t->row_of[t->basis[r]] = NONE;
	t->basis[r] = s;
	t->row_of[s] = r;
	t->over = p;
	return CDR_OK;
}

/* Which row gives way first when column ${s} grows: the least ratio, ties to the least unknown. NONE: no row ever does. */
static size_t
leaving(const struct tableau *t, size_t s)
{
	size_t best = NONE;

	for (size_t i = 0; i < t->rows; i++) {
		const int64_t *row = row_at(t, i);
		if (row[s] <= 0)
			continue;
		if (best == NONE) {
			best = i;
			continue;
		}
		const int64_t *b = row_at(t, best);
		__int128 mine = (__int128)row[t->columns] * b[s], theirs = (__int128)b[t->columns] * row[s];
		if (mine < theirs || (mine == theirs && t->basis[i] < t->basis[best]))
			best = i;
	}
	return best;
}

/* Which column makes the last row's value grow: the steepest, and after a while the first, which never goes in circles (Bland). */
static size_t
entering(const struct tableau *t, bool first)
{
	const int64_t *z = row_at(t, t->rows);
	size_t best = NONE;

	for (size_t j = 0; j < t->unknowns; j++)
		if (z[j] < 0 && t->row_of[j] == NONE && (best == NONE || z[j] < z[best])) {
			best = j;
			if (first)
				break;
		}
	return best;
}

/* What to do with each corner on the way. */
typedef void corner_seen(void *context, const struct tableau *t);

/* Climb until the last row's value can grow no more (CDR_OK), or grows without end (CDR_E_ABSENT). */
static cdr_err
climb(struct tableau *t, corner_seen *seen, void *context)
{
	for (size_t step = 0; step < STEPS_MAX; step++) {
		size_t s = entering(t, step > 2 * t->rows + 20);
		if (s == NONE)
			return CDR_OK;
		size_t r = leaving(t, s);
		if (r == NONE)
			return CDR_E_ABSENT;
		cdr_err err = pivot(t, r, s);
		if (err != CDR_OK)
			return err;
		if (seen != NULL)
			seen(context, t);
	}
	return CDR_E_RANGE;
}

static cdr_err
tableau_new(const struct cdr_bounds_problem *problem, struct tableau *t)
{
	size_t rows = problem->equation_count, columns = problem->unknown_count + problem->followed_count;

	*t = (struct tableau){ .unknowns = problem->unknown_count, .columns = columns, .rows = rows, .width = columns + 1, .over = 1 };
	if (columns > CDR_BOUNDS_UNKNOWN_MAX || rows > CDR_BOUNDS_EQUATION_MAX)
		return CDR_E_RANGE;
	t->cells = calloc((rows + 1) * t->width, sizeof(*t->cells));
	t->basis = calloc(rows + 1, sizeof(*t->basis));
	t->row_of = calloc(columns + 1, sizeof(*t->row_of));
	if (t->cells == NULL || t->basis == NULL || t->row_of == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i <= rows; i++)
		t->basis[i] = NONE;
	for (size_t j = 0; j <= columns; j++)
		t->row_of[j] = NONE;
	for (size_t i = 0; i < problem->term_count; i++) {
		const struct cdr_bounds_term *term = &problem->terms[i];
		if (term->equation >= rows || term->unknown >= columns)
			return CDR_E_RANGE;
		row_at(t, term->equation)[term->unknown] = term->factor;
	}
	for (size_t i = 0; i < rows; i++) {
		int64_t *row = row_at(t, i);
		row[columns] = problem->sums[i];
		for (size_t j = 0; row[columns] < 0 && j < columns; j++)
			row[j] = -row[j];
		if (row[columns] < 0)
			row[columns] = -row[columns];
	}
	return CDR_OK;
}

/* Take row ${r}, which says nothing any more, out. */
static void
drop_row(struct tableau *t, size_t r)
{
	size_t last = t->rows - 1;

	if (r != last) {
		memcpy(row_at(t, r), row_at(t, last), t->width * sizeof(*t->cells));
		t->basis[r] = t->basis[last];
		if (t->basis[r] != NONE)
			t->row_of[t->basis[r]] = r;
	}
	memcpy(row_at(t, last), row_at(t, t->rows), t->width * sizeof(*t->cells));
	t->rows--;
}

/* A first solution: make the sum of one helper for each row 0, then turn the helpers that are left out. */
static cdr_err
find_corner(struct tableau *t)
{
	int64_t *z = row_at(t, t->rows);

	for (size_t i = 0; i < t->rows; i++)
		for (size_t j = 0; j < t->width; j++)
			z[j] -= row_at(t, i)[j];
	cdr_err err = climb(t, NULL, NULL);
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_E_INTERNAL : err;
	if (row_at(t, t->rows)[t->columns] != 0)
		return CDR_E_REFUSED;
	for (size_t r = t->rows; r-- > 0;) {
		size_t s = 0;
		if (t->basis[r] != NONE)
			continue;
		while (s < t->unknowns && (row_at(t, r)[s] == 0 || t->row_of[s] != NONE))
			s++;
		if (s == t->unknowns)
			drop_row(t, r);
		else if ((err = pivot(t, r, s)) != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && a < 0);
}

static int64_t
ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b != 0 && a > 0);
}

/* Every corner on the way is a solution: each unknown can have the value that it has there. */
static void
see_corner(void *context, const struct tableau *t)
{
	struct cdr_bounds *bounds = context;

	for (size_t j = 0; j < t->unknowns; j++) {
		int64_t value = t->row_of[j] == NONE ? 0 : row_at(t, t->row_of[j])[t->columns];
		int64_t low = ceil_div(value, t->over), high = floor_div(value, t->over);
		if (low < bounds[j].least)
			bounds[j].least = low;
		if (high > bounds[j].greatest)
			bounds[j].greatest = high;
	}
}

static bool
is_wide(const struct cdr_bounds *bounds, uint32_t wanted)
{
	return bounds->greatest == CDR_BOUNDS_INFINITE || bounds->greatest - bounds->least >= (int64_t)wanted;
}

/* Make unknown ${k} as great (${up}) or as small as it can be. */
static cdr_err
push(struct tableau *t, size_t k, bool up, struct cdr_bounds *bounds)
{
	int64_t *z = row_at(t, t->rows), sign = up ? 1 : -1;

	for (size_t j = 0; j < t->width; j++)
		z[j] = t->row_of[k] == NONE ? (j == k ? -sign * t->over : 0) : sign * row_at(t, t->row_of[k])[j];
	if (t->row_of[k] != NONE)
		z[k] = 0;
	cdr_err err = climb(t, see_corner, bounds);
	if (err == CDR_E_ABSENT && up) {
		bounds[k].greatest = CDR_BOUNDS_INFINITE;
		return CDR_OK;
	}
	return err == CDR_E_ABSENT ? CDR_E_INTERNAL : err;
}

static bool
is_asked(const struct cdr_bounds_problem *problem, const struct cdr_bounds *bounds, size_t k)
{
	if (problem->wanted[k] == 0 || is_wide(&bounds[k], problem->wanted[k]))
		return false;
	return !problem->zero_is_wide || bounds[k].greatest > 0 || bounds[k].least > 0;
}

/* What the last row says of the followed columns, at a corner where unknown ${k} can go no further. */
static void
copy_prices(const struct tableau *t, int64_t sign, int64_t *prices, int64_t *over)
{
	for (size_t j = t->unknowns; j < t->columns; j++)
		prices[j - t->unknowns] = -sign * row_at(t, t->rows)[j];
	*over = t->over;
}

/* Push unknown ${k} both ways, as far as it is not wide before. */
static cdr_err
ask(struct tableau *t, const struct cdr_bounds_problem *problem, size_t k, struct cdr_bounds *bounds, struct cdr_bounds_narrow *narrow)
{
	cdr_err err = push(t, k, true, bounds);

	if (err == CDR_OK && narrow != NULL)
		copy_prices(t, 1, narrow->greatest, &narrow->greatest_over);
	if (err != CDR_OK || is_wide(&bounds[k], problem->wanted[k]))
		return err;
	err = push(t, k, false, bounds);
	if (err == CDR_OK && narrow != NULL)
		copy_prices(t, -1, narrow->least, &narrow->least_over);
	return err;
}

static cdr_err
find(const struct cdr_bounds_problem *problem, struct cdr_bounds *bounds, struct cdr_bounds_narrow *narrow)
{
	cdr_err err = CDR_E_INTERNAL;
	struct tableau t;

	for (size_t j = 0; j < problem->unknown_count; j++)
		bounds[j] = (struct cdr_bounds){ INT64_MAX, -1 };
	CDR_TRY(tableau_new(problem, &t));
	CDR_TRY(find_corner(&t));
	see_corner(bounds, &t);
	for (size_t k = 0; k < t.unknowns; k++) {
		/* A corner that was seen may have shown that it can be more than 0. */
		if (problem->wanted[k] == 0 || is_wide(&bounds[k], problem->wanted[k]))
			continue;
		CDR_TRY(ask(&t, problem, k, bounds, narrow));
		if (narrow != NULL && is_asked(problem, bounds, k)) {
			narrow->unknown = k;
			break;
		}
	}
	for (size_t k = 0; k < t.unknowns; k++)
		if (problem->wanted[k] == 0)
			bounds[k] = (struct cdr_bounds){ 0, CDR_BOUNDS_INFINITE };
	err = CDR_OK;
out:
	tableau_free(&t);
	return err;
}

/* see core/record/bounds.h */
cdr_err
cdr_bounds_narrow(const struct cdr_bounds_problem *problem, struct cdr_bounds *bounds, struct cdr_bounds_narrow *narrow)
{
	narrow->unknown = SIZE_MAX;
	return find(problem, bounds, narrow);
}

/* see core/record/bounds.h */
cdr_err
cdr_bounds_find(const struct cdr_bounds_problem *problem, struct cdr_bounds *bounds)
{
	return find(problem, bounds, NULL);
}
