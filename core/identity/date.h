#ifndef CDR_CORE_IDENTITY_DATE_H
#define CDR_CORE_IDENTITY_DATE_H

/* Dates with a precision, their text form, and the calendars in which identity documents give them. */

#include "core/identity/person.h"

#define CDR_DATE_TEXT_LEN 12 /* "1984-05-12" or "1984-Q2" with its NUL */
#define CDR_DATE_YEAR_MIN 1850
#define CDR_DATE_YEAR_MAX 2150

enum cdr_calendar {
	CDR_CALENDAR_GREGORIAN = 0,
	CDR_CALENDAR_HIJRI,       /* Umm al-Qura 1300 to 1600 */
	CDR_CALENDAR_SOLAR_HIJRI, /* Iran, Afghanistan */
	CDR_CALENDAR_ETHIOPIAN,   /* Amete Mihret; the 13th month is Pagume */
	CDR_CALENDAR_BUDDHIST,    /* Thailand */
	CDR_CALENDAR_COUNT
};

/**
 * cdr_date_read(text, date, fault):
 * Read "1984", "1984-H1", "1984-Q2", "1984-05" or "1984-05-12"; an empty text is an unknown date. Digits of other
 * scripts read as ASCII ones.
 *
 * Returns  CDR_OK; CDR_E_INPUT for any other text or a day that does not exist; CDR_E_RANGE for a year outside
 *          CDR_DATE_YEAR_MIN .. CDR_DATE_YEAR_MAX. date is then unknown.
 */
CDR_MUST_CHECK cdr_err cdr_date_read(const char *text, struct cdr_date *date, struct cdr_fault *fault);

/**
 * cdr_date_write(date, text):
 * The text that cdr_date_read reads; empty for an unknown date. CDR_PRECISION_DECLARED_1_JANUARY is written as a day.
 *
 * Returns  CDR_OK; CDR_E_RANGE if date does not hold what its precision promises (text is then empty).
 */
CDR_MUST_CHECK cdr_err cdr_date_write(const struct cdr_date *date, char text[static CDR_DATE_TEXT_LEN]);

/**
 * cdr_date_valid(date):
 * Whether ${date} is a day of the Gregorian calendar within the limits, with the parts finer than its precision 1.
 */
bool cdr_date_valid(const struct cdr_date *date);

/**
 * cdr_date_reduce(date, precision):
 * Forget what is finer than ${precision}: 12 May 1984 at CDR_PRECISION_QUARTER is the second quarter of 1984.
 *
 * Returns  CDR_OK; CDR_E_RANGE for an unknown precision, for one finer than the date has, or for
 *          CDR_PRECISION_DECLARED_1_JANUARY on another day. date is then unchanged.
 */
CDR_MUST_CHECK cdr_err cdr_date_reduce(struct cdr_date *date, enum cdr_precision precision);

/**
 * cdr_date_compare(a, b):
 * Order of two dates by their first days; negative, zero or positive. Unknown dates come first.
 */
int cdr_date_compare(const struct cdr_date *a, const struct cdr_date *b);

/**
 * cdr_date_known_to_day(date):
 * Whether day and month say something about the person. 1 January, 1 July and 31 December are what a clerk writes who
 * knows only the year, so they do not; nor does any precision but CDR_PRECISION_DAY.
 */
bool cdr_date_known_to_day(const struct cdr_date *date);

/**
 * cdr_date_convert(calendar, year, month, day, date, fault):
 * A date of another calendar. With an unknown day (0) the result is the Gregorian month, with an unknown month (0) the
 * Gregorian year, in which the middle of the stated month or year lies: the best of two guesses.
 *
 * Returns  CDR_OK; CDR_E_INPUT for a day or month that the calendar does not have; CDR_E_RANGE for a date outside
 *          CDR_DATE_YEAR_MIN .. CDR_DATE_YEAR_MAX, or an unknown calendar. date is then unknown.
 */
CDR_MUST_CHECK cdr_err cdr_date_convert(
    enum cdr_calendar calendar, int year, unsigned month, unsigned day, struct cdr_date *date, struct cdr_fault *fault);

/**
 * cdr_date_read_in(calendar, text, date, fault):
 * Read "1362", "1362-02" or "1362-02-22" as a date of ${calendar}, and convert it.
 *
 * Returns  as for cdr_date_read and cdr_date_convert.
 */
CDR_MUST_CHECK cdr_err cdr_date_read_in(
    enum cdr_calendar calendar, const char *text, struct cdr_date *date, struct cdr_fault *fault);

/**
 * cdr_calendar_name(calendar) and cdr_calendar_read(text, calendar):
 * The stable code of a calendar: "gregorian", "hijri", "solar_hijri", "ethiopian", "buddhist".
 *
 * Returns  (name) a constant string, "unknown" outside the enumeration; (read) CDR_OK, or CDR_E_INPUT.
 */
const char *cdr_calendar_name(enum cdr_calendar calendar);
CDR_MUST_CHECK cdr_err cdr_calendar_read(const char *text, enum cdr_calendar *calendar);

/**
 * cdr_precision_name(precision) and cdr_precision_read(text, precision):
 * The codes of the data dictionary: "day", "month", "quarter", "half", "year", "unknown", "declared_1_january".
 *
 * Returns  (name) a constant string, "unknown" outside the enumeration; (read) CDR_OK, or CDR_E_INPUT.
 */
const char *cdr_precision_name(enum cdr_precision precision);
CDR_MUST_CHECK cdr_err cdr_precision_read(const char *text, enum cdr_precision *precision);

#endif
