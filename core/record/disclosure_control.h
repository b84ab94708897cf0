#ifndef CDR_CORE_RECORD_DISCLOSURE_CONTROL_H
#define CDR_CORE_RECORD_DISCLOSURE_CONTROL_H

/*
 * Which cells of a release may be shown, so that no other can be worked out.
 *
 * First, a cell is shown only if it reaches its table's threshold of incidents and of contributors (a zero where nobody has any is
 * shown, unless the table's zeros are hidden). Then further cells are hidden until, for every hidden cell, the equations that
 * tie the tables together leave an interval at least as wide as the threshold: rows and columns, tables that share dimensions,
 * coarser groupings of the same field, totals. That is checked exactly (core/record/bounds.h), as a reader with every published table
 * and a linear solver would.
 *
 * Against former releases of the same period: a cell that was hidden then stays hidden; one that has changed by less than the
 * threshold is hidden now; and where figures only grew, the differences are held against the same equations.
 *
 * Fields that can hold several categories for one report tie tables by inequalities: a margin is at most the sum of its
 * cells, and at least each of them. Where the sums contradict the equations (a member chose coarser categories, or noise
 * was added) each equation is held on its own.
 */

#include "core/record/release.h"

#define CDR_FORMER_MAX 32 /* releases of one period that are looked at */

/**
 * cdr_disclosure_control(release, former, former_count, fault):
 * Set `shown` of every cell.
 *
 * former   in    earlier releases, as published; those of other periods are passed over
 *
 * Returns  CDR_OK; CDR_E_RANGE if the tables hang together in a way that is too much to work out (publish fewer);
 *          CDR_E_MEMORY. On an error nothing is shown.
 */
CDR_MUST_CHECK cdr_err cdr_disclosure_control(struct cdr_release *release, const struct cdr_release *const *former,
    size_t former_count, struct cdr_fault *fault);

#endif
