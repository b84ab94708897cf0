#ifndef CDR_CORE_IDENTITY_CALENDAR_H
#define CDR_CORE_IDENTITY_CALENDAR_H

/* Days of five calendars as Julian day numbers (1 January 1970 is 2440588). For date.c; see date.h. */

#include "core/identity/date.h"

/* The days of a Gregorian month, 1 to 12. */
unsigned cdr_gregorian_month_days(int year, unsigned month);

/* Year, month and day of a Julian day number; the precision is left alone. */
void cdr_gregorian_from_day(int32_t julian_day, struct cdr_date *date);

/**
 * cdr_calendar_days(calendar, year, month, day, first, last):
 * The first and the last Julian day of a day, of a month (day 0) or of a year (month 0).
 *
 * Returns  CDR_OK; CDR_E_INPUT if the calendar has no such month or day.
 */
CDR_MUST_CHECK cdr_err cdr_calendar_days(
    enum cdr_calendar calendar, int year, unsigned month, unsigned day, int32_t *first, int32_t *last);

#endif
