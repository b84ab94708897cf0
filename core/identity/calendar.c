#include "core/identity/calendar.h"

#include "core/identity/tables.h"

/* Julian days before the first day of year 1 of each calendar. */
#define GREGORIAN_EPOCH 1721425
#define HIJRI_EPOCH 1948439 /* civil: 16 July 622 (Julian) is 1 Muharram 1 */
#define SOLAR_HIJRI_EPOCH 1948319
#define ETHIOPIAN_EPOCH 1724220 /* 29 August 8 (Julian) is 1 Meskerem 1 */

#define UMALQURA_FIRST 1300
#define UMALQURA_LAST 1600

#define BUDDHIST_ERA 543
/* Before it a year began in April, so that January to March belong to the Gregorian year after. */
#define BUDDHIST_REFORM 2484

/* Division that rounds down, for positive ${by}. */
static int32_t
floor_div(int32_t value, int32_t by)
{
	return value >= 0 ? value / by : -((by - 1 - value) / by);
}

static bool
is_gregorian_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* see core/identity/calendar.h */
unsigned
cdr_gregorian_month_days(int year, unsigned month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (unsigned)(month == 2 && is_gregorian_leap(year));
}

/* The Julian day before the first of a Gregorian year. */
static int32_t
gregorian_year(int32_t year)
{
	return GREGORIAN_EPOCH + 365 * (year - 1) + floor_div(year - 1, 4) - floor_div(year - 1, 100) +
	       floor_div(year - 1, 400);
}

/* see core/identity/calendar.h */
void
cdr_gregorian_from_day(int32_t julian_day, struct cdr_date *date)
{
	/* A first guess with the mean length of a year, never too late; then the year that holds the day. */
	int32_t year = floor_div(julian_day - GREGORIAN_EPOCH, 366) + 1, left;

	while (gregorian_year(year + 1) < julian_day)
		year++;
	left = julian_day - gregorian_year(year);
	date->year = (int16_t)year;
	for (date->month = 1; left > (int32_t)cdr_gregorian_month_days(year, date->month); date->month++)
		left -= (int32_t)cdr_gregorian_month_days(year, date->month);
	date->day = (uint8_t)left;
}

/* A calendar is the Julian day before each year, the number of months, and the days of each. */
struct calendar {
	int32_t (*before_year)(int32_t year);
	unsigned months;
	unsigned (*month_days)(int year, unsigned month);
};

/* 30 years of 354 days with 11 leap days: the year's leap days come where 11 y + 14 mod 30 is under 11. */
static int32_t
hijri_civil_year(int32_t year)
{
	return HIJRI_EPOCH + 354 * (year - 1) + floor_div(11 * year + 3, 30);
}

static unsigned
umalqura_long_months(int year)
{
	return cdr_read16(cdr_table_bytes(CDR_TABLE_UMALQURA).data, 4 + 2 * (size_t)(year - UMALQURA_FIRST));
}

static unsigned
hijri_month_days(int year, unsigned month)
{
	if (year >= UMALQURA_FIRST && year <= UMALQURA_LAST)
		return 29 + (umalqura_long_months(year) >> (month - 1) & 1);
	return month == 12 ? 29 + (unsigned)((11 * year + 14) % 30 < 11) : 29 + month % 2;
}

static int32_t
hijri_year(int32_t year)
{
	int32_t day = (int32_t)cdr_read32(cdr_table_bytes(CDR_TABLE_UMALQURA).data, 0) - 1;

	if (year < UMALQURA_FIRST || year > UMALQURA_LAST + 1)
		return hijri_civil_year(year);
	for (int32_t y = UMALQURA_FIRST; y < year; y++)
		day += 12 * 29 + __builtin_popcount(umalqura_long_months(y));
	return day;
}

/* 33 years with 8 leap years: right for 1178 to 1501, which is beyond what identity documents hold. */
static bool
is_solar_leap(int32_t year)
{
	return (25 * year + 11) % 33 < 8;
}

static int32_t
solar_year(int32_t year)
{
	return SOLAR_HIJRI_EPOCH + 365 * (year - 1) + floor_div(8 * year + 21, 33);
}

static unsigned
solar_month_days(int year, unsigned month)
{
	return month <= 6 ? 31 : month <= 11 || is_solar_leap(year) ? 30 : 29;
}

/* Twelve months of 30 days and Pagume of 5, or 6 before a leap year of the Julian calendar. */
static int32_t
ethiopian_year(int32_t year)
{
	return ETHIOPIAN_EPOCH + 365 * (year - 1) + floor_div(year, 4);
}

static unsigned
ethiopian_month_days(int year, unsigned month)
{
	return month <= 12 ? 30 : 5 + (unsigned)(year % 4 == 3);
}

static const struct calendar calendars[CDR_CALENDAR_COUNT] = {
	[CDR_CALENDAR_GREGORIAN] = { gregorian_year, 12, cdr_gregorian_month_days },
	[CDR_CALENDAR_HIJRI] = { hijri_year, 12, hijri_month_days },
	[CDR_CALENDAR_SOLAR_HIJRI] = { solar_year, 12, solar_month_days },
	[CDR_CALENDAR_ETHIOPIAN] = { ethiopian_year, 13, ethiopian_month_days },
};

/* see core/identity/calendar.h */
cdr_err
cdr_calendar_days(enum cdr_calendar calendar, int year, unsigned month, unsigned day, int32_t *first, int32_t *last)
{
	const struct calendar *c = &calendars[calendar];

	if (calendar == CDR_CALENDAR_BUDDHIST) {
		c = &calendars[CDR_CALENDAR_GREGORIAN];
		year -= BUDDHIST_ERA - (year < BUDDHIST_REFORM && month >= 1 && month <= 3);
	}
	if (month > c->months || (month == 0 && day != 0) || (month != 0 && day > c->month_days(year, month)))
		return CDR_E_INPUT;
	*first = c->before_year(year) + 1;
	*last = c->before_year(year + 1);
	if (month == 0)
		return CDR_OK;
	for (unsigned m = 1; m < month; m++)
		*first += (int32_t)c->month_days(year, m);
	*last = *first + (int32_t)c->month_days(year, month) - 1;
	if (day != 0)
		*first = *last = *first + (int32_t)day - 1;
	return CDR_OK;
}
