#include "core/record/period.h"

static int32_t
day_number(int year, int month, int day)
{
	return year * 10000 + month * 100 + day;
}

/* see core/record/period.h */
int32_t
cdr_period_first(const struct cdr_date *date)
{
	return day_number(date->year, date->month, date->day);
}

/* see core/record/period.h */
int32_t
cdr_period_last(const struct cdr_date *date)
{
	switch (date->precision) {
	case CDR_PRECISION_YEAR:
	case CDR_PRECISION_DECLARED_1_JANUARY:
		return day_number(date->year, 12, 31);
	case CDR_PRECISION_HALF:
		return day_number(date->year, date->month + 5, 31);
	case CDR_PRECISION_QUARTER:
		return day_number(date->year, date->month + 2, 31);
	case CDR_PRECISION_MONTH:
		return day_number(date->year, date->month, 31);
	default:
		return day_number(date->year, date->month, date->day);
	}
}

/* see core/record/period.h */
int32_t
cdr_period_lookback(const struct cdr_record_rules *rules)
{
	return day_number(rules->today.year - (int)rules->lookback_years, rules->today.month, rules->today.day);
}

/* see core/record/period.h */
bool
cdr_period_future(const struct cdr_date *date, const struct cdr_record_rules *rules)
{
	return date->precision != CDR_PRECISION_UNKNOWN && cdr_period_first(date) > cdr_period_first(&rules->today);
}

/* see core/record/period.h */
bool
cdr_period_reversed(const struct cdr_date *begin, const struct cdr_date *end)
{
	if (begin->precision == CDR_PRECISION_UNKNOWN || end->precision == CDR_PRECISION_UNKNOWN)
		return false;
	return cdr_period_last(end) < cdr_period_first(begin);
}
