#ifndef CDR_CORE_RECORD_PERIOD_H
#define CDR_CORE_RECORD_PERIOD_H

/*
 * The first and the last day that a date of any precision may stand for, as
 * numbers that compare like days: year * 10000 + month * 100 + day. Month
 * ends are day 31 in every month, which no comparison can tell.
 */

#include "core/record/rules.h"

/* Of a known date. */
int32_t cdr_period_first(const struct cdr_date *date);
int32_t cdr_period_last(const struct cdr_date *date);

/* The first day of the look-back: rules->today, that many years earlier. */
int32_t cdr_period_lookback(const struct cdr_record_rules *rules);

/* Is the whole of a known date after today? */
bool cdr_period_future(const struct cdr_date *date, const struct cdr_record_rules *rules);

/* Are both dates known, and ${end} entirely before ${begin}? */
bool cdr_period_reversed(const struct cdr_date *begin, const struct cdr_date *end);

#endif
