#include "core/identity/date.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "core/identity/calendar.h"
#include "core/identity/tables.h"

static const char *const precision_names[] = { "unknown", "year", "half", "quarter", "month", "day",
	"declared_1_january" };
static const char *const calendar_names[CDR_CALENDAR_COUNT] = { "gregorian", "hijri", "solar_hijri", "ethiopian",
	"buddhist" };

/* see core/identity/date.h */
const char *
cdr_precision_name(enum cdr_precision precision)
{
	return (unsigned)precision < sizeof precision_names / sizeof *precision_names ? precision_names[precision]
										      : "unknown";
}

/* see core/identity/date.h */
cdr_err
cdr_precision_read(const char *text, enum cdr_precision *precision)
{
	for (unsigned i = 0; i < sizeof precision_names / sizeof *precision_names; i++)
		if (strcmp(text, precision_names[i]) == 0) {
			*precision = (enum cdr_precision)i;
			return CDR_OK;
		}
	return CDR_E_INPUT;
}

/* see core/identity/date.h */
const char *
cdr_calendar_name(enum cdr_calendar calendar)
{
	return (unsigned)calendar < CDR_CALENDAR_COUNT ? calendar_names[calendar] : "unknown";
}

/* see core/identity/date.h */
cdr_err
cdr_calendar_read(const char *text, enum cdr_calendar *calendar)
{
	for (unsigned i = 0; i < CDR_CALENDAR_COUNT; i++)
		if (strcmp(text, calendar_names[i]) == 0) {
			*calendar = (enum cdr_calendar)i;
			return CDR_OK;
		}
	return CDR_E_INPUT;
}

/* see core/identity/date.h */
bool
cdr_date_valid(const struct cdr_date *date)
{
	unsigned month = date->month, day = date->day;

	if (date->precision == CDR_PRECISION_UNKNOWN)
		return date->year == 0 && month == 0 && day == 0;
	if (date->year < CDR_DATE_YEAR_MIN || date->year > CDR_DATE_YEAR_MAX || month < 1 || month > 12 || day < 1 ||
	    day > cdr_gregorian_month_days(date->year, month))
		return false;
	switch (date->precision) {
	case CDR_PRECISION_YEAR:
	case CDR_PRECISION_DECLARED_1_JANUARY:
		return month == 1 && day == 1;
	case CDR_PRECISION_HALF:
		return (month == 1 || month == 7) && day == 1;
	case CDR_PRECISION_QUARTER:
		return month % 3 == 1 && day == 1;
	case CDR_PRECISION_MONTH:
		return day == 1;
	case CDR_PRECISION_DAY:
		return true;
	default:
		return false;
	}
}

/* The text of a date with ASCII digits. The dashes are those that people type. */
static cdr_err
ascii_text(const char *text, char out[static CDR_DATE_TEXT_LEN])
{
	size_t used = 0, len = strnlen(text, 4 * CDR_DATE_TEXT_LEN);

	for (size_t at = 0; at < len;) {
		utf8proc_int32_t cp;
		utf8proc_ssize_t n = utf8proc_iterate((const uint8_t *)text + at, (utf8proc_ssize_t)(len - at), &cp);
		struct cdr_char c;

		if (n <= 0 || used == CDR_DATE_TEXT_LEN - 1)
			return CDR_E_INPUT;
		c = cdr_char_lookup((uint32_t)cp);
		if (c.kind == CDR_CHAR_DIGIT)
			out[used++] = (char)('0' + c.digit);
		else if (cp >= 0x2010 && cp <= 0x2013)
			out[used++] = '-';
		else if (cp < 0x80 && cp > ' ')
			out[used++] = (char)cp;
		else if (c.kind != CDR_CHAR_DROPPED)
			return CDR_E_INPUT;
		at += (size_t)n;
	}
	out[used] = '\0';
	return CDR_OK;
}

/* Exactly ${count} digits; -1 if there is something else. */
static int
digits(const char *text, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = 10 * value + (text[i] - '0');
	}
	return value;
}

/* The numbers in "YYYY", "YYYY-MM" or "YYYY-MM-DD"; 0 for what is left out. */
static bool
read_numbers(const char *text, int number[static 3])
{
	size_t len = strlen(text);

	number[1] = number[2] = 0;
	if ((len != 4 && len != 7 && len != 10) || (len > 4 && text[4] != '-') || (len > 7 && text[7] != '-'))
		return false;
	number[0] = digits(text, 4);
	if (len > 4)
		number[1] = digits(text + 5, 2);
	if (len > 7)
		number[2] = digits(text + 8, 2);
	return number[0] > 0 && (len <= 4 || number[1] > 0) && (len <= 7 || number[2] > 0);
}

static cdr_err
refuse_text(struct cdr_fault *fault)
{
	return cdr_fault_set(fault, CDR_E_INPUT,
	    "Not a date. Write year, month and day as 1984-05-12, or 1984-05, or 1984 where no more is known.");
}

/* "1984-H2" and "1984-Q3". */
static bool
read_fraction(const char *text, struct cdr_date *date)
{
	int year = strlen(text) == 7 && text[4] == '-' ? digits(text, 4) : -1;

	if (year < 0)
		return false;
	if ((text[5] == 'H' || text[5] == 'h') && (text[6] == '1' || text[6] == '2'))
		*date = (struct cdr_date){ (int16_t)year, text[6] == '1' ? 1 : 7, 1, CDR_PRECISION_HALF };
	else if ((text[5] == 'Q' || text[5] == 'q') && text[6] >= '1' && text[6] <= '4')
		*date =
		    (struct cdr_date){ (int16_t)year, (uint8_t)(3 * (text[6] - '1') + 1), 1, CDR_PRECISION_QUARTER };
	else
		return false;
	return true;
}

static cdr_err
check_read(struct cdr_date *date, struct cdr_fault *fault)
{
	int year = date->year;

	if (cdr_date_valid(date))
		return CDR_OK;
	*date = (struct cdr_date){ 0 };
	if (year < CDR_DATE_YEAR_MIN || year > CDR_DATE_YEAR_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE,
		    "The year is not between %d and %d. Is the date of another calendar?", CDR_DATE_YEAR_MIN,
		    CDR_DATE_YEAR_MAX);
	return cdr_fault_set(fault, CDR_E_INPUT, "The calendar has no such day.");
}

/* see core/identity/date.h */
cdr_err
cdr_date_read(const char *text, struct cdr_date *date, struct cdr_fault *fault)
{
	char ascii[CDR_DATE_TEXT_LEN];
	int number[3];

	*date = (struct cdr_date){ 0 };
	if (ascii_text(text, ascii) != CDR_OK)
		return refuse_text(fault);
	if (ascii[0] == '\0')
		return CDR_OK;
	if (read_numbers(ascii, number))
		*date = (struct cdr_date){ (int16_t)number[0], (uint8_t)(number[1] == 0 ? 1 : number[1]),
			(uint8_t)(number[2] == 0 ? 1 : number[2]),
			number[2] != 0   ? CDR_PRECISION_DAY
			: number[1] != 0 ? CDR_PRECISION_MONTH
					 : CDR_PRECISION_YEAR };
	else if (!read_fraction(ascii, date))
		return refuse_text(fault);
	return check_read(date, fault);
}

/* see core/identity/date.h */
cdr_err
cdr_date_write(const struct cdr_date *date, char text[static CDR_DATE_TEXT_LEN])
{
	/* Bounded, so that the compiler sees that the text has room. */
	unsigned year = (unsigned)date->year % 10000, month = date->month % 100u, day = date->day % 100u;

	memset(text, 0, CDR_DATE_TEXT_LEN);
	if (!cdr_date_valid(date))
		return CDR_E_RANGE;
	switch (date->precision) {
	case CDR_PRECISION_UNKNOWN:
		break;
	case CDR_PRECISION_YEAR:
		snprintf(text, CDR_DATE_TEXT_LEN, "%04u", year);
		break;
	case CDR_PRECISION_HALF:
		snprintf(text, CDR_DATE_TEXT_LEN, "%04u-H%c", year, month == 1 ? '1' : '2');
		break;
	case CDR_PRECISION_QUARTER:
		snprintf(text, CDR_DATE_TEXT_LEN, "%04u-Q%c", year, (char)('1' + month / 3));
		break;
	case CDR_PRECISION_MONTH:
		snprintf(text, CDR_DATE_TEXT_LEN, "%04u-%02u", year, month);
		break;
	default:
		snprintf(text, CDR_DATE_TEXT_LEN, "%04u-%02u-%02u", year, month, day);
	}
	return CDR_OK;
}

/* see core/identity/date.h */
cdr_err
cdr_date_reduce(struct cdr_date *date, enum cdr_precision precision)
{
	struct cdr_date reduced = *date;

	if (!cdr_date_valid(date) || (unsigned)precision > CDR_PRECISION_DECLARED_1_JANUARY)
		return CDR_E_RANGE;
	if (precision == CDR_PRECISION_DECLARED_1_JANUARY) {
		if (date->month != 1 || date->day != 1 ||
		    (date->precision != CDR_PRECISION_DAY && date->precision != CDR_PRECISION_DECLARED_1_JANUARY))
			return CDR_E_RANGE;
	} else if (date->precision == CDR_PRECISION_DECLARED_1_JANUARY ? precision > CDR_PRECISION_YEAR
								       : precision > date->precision) {
		return CDR_E_RANGE;
	}
	reduced.precision = (uint8_t)precision;
	if (precision == CDR_PRECISION_UNKNOWN)
		reduced = (struct cdr_date){ 0 };
	else if (precision != CDR_PRECISION_DAY)
		reduced.day = 1;
	if (precision == CDR_PRECISION_YEAR)
		reduced.month = 1;
	else if (precision == CDR_PRECISION_HALF)
		reduced.month = reduced.month < 7 ? 1 : 7;
	else if (precision == CDR_PRECISION_QUARTER)
		reduced.month = (uint8_t)(reduced.month - (reduced.month - 1) % 3);
	*date = reduced;
	return CDR_OK;
}

/* see core/identity/date.h */
int
cdr_date_compare(const struct cdr_date *a, const struct cdr_date *b)
{
	int32_t x = (a->year * 12 + a->month) * 31 + a->day, y = (b->year * 12 + b->month) * 31 + b->day;

	return x < y ? -1 : x > y;
}

/* see core/identity/date.h */
bool
cdr_date_known_to_day(const struct cdr_date *date)
{
	return date->precision == CDR_PRECISION_DAY && !(date->month == 1 && date->day == 1) &&
	       !(date->month == 7 && date->day == 1) && !(date->month == 12 && date->day == 31);
}

/* The Gregorian date of a Julian day number, no finer than ${precision}. */
static cdr_err
from_julian_day(int32_t julian_day, enum cdr_precision precision, struct cdr_date *date, struct cdr_fault *fault)
{
	cdr_gregorian_from_day(julian_day, date);
	date->precision = CDR_PRECISION_DAY;
	if (date->year < CDR_DATE_YEAR_MIN || date->year > CDR_DATE_YEAR_MAX)
		return check_read(date, fault);
	return cdr_date_reduce(date, precision);
}

/* see core/identity/date.h */
cdr_err
cdr_date_convert(
    enum cdr_calendar calendar, int year, unsigned month, unsigned day, struct cdr_date *date, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	int32_t first = 0, last = 0;
	enum cdr_precision precision = day != 0     ? CDR_PRECISION_DAY
				       : month != 0 ? CDR_PRECISION_MONTH
						    : CDR_PRECISION_YEAR;

	*date = (struct cdr_date){ 0 };
	if ((unsigned)calendar >= CDR_CALENDAR_COUNT)
		return cdr_fault_set(fault, CDR_E_RANGE, "No such calendar.");
	if (year < 1 || year > 9999)
		return cdr_fault_set(fault, CDR_E_RANGE, "The year is not between 1 and 9999.");
	err = cdr_calendar_days(calendar, year, month, day, &first, &last);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "The %s calendar has no such day.", cdr_calendar_name(calendar));
	return from_julian_day(first + (last - first) / 2, precision, date, fault);
}

/* see core/identity/date.h */
cdr_err
cdr_date_read_in(enum cdr_calendar calendar, const char *text, struct cdr_date *date, struct cdr_fault *fault)
{
	char ascii[CDR_DATE_TEXT_LEN];
	int number[3];

	if (calendar == CDR_CALENDAR_GREGORIAN)
		return cdr_date_read(text, date, fault);
	*date = (struct cdr_date){ 0 };
	if (ascii_text(text, ascii) != CDR_OK)
		return refuse_text(fault);
	if (ascii[0] == '\0')
		return CDR_OK;
	if (!read_numbers(ascii, number))
		return refuse_text(fault);
	return cdr_date_convert(calendar, number[0], (unsigned)number[1], (unsigned)number[2], date, fault);
}
