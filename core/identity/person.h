#ifndef CDR_CORE_IDENTITY_PERSON_H
#define CDR_CORE_IDENTITY_PERSON_H

/*
 * A person as an identity document and a personnel file describe them.
 *
 * Everything here is personal data: a struct cdr_person has one owner, is
 * never logged, and is wiped with cdr_wipe when its owner is done with it.
 * Text is UTF-8 in NFC with a closing NUL; an empty string means not known.
 */

#include "core/error.h"

#define CDR_NAME_LEN 256          /* bytes of one name field with its NUL */
#define CDR_OTHER_NAMES_LEN 1024  /* bytes of all other names with the NUL, separated by ';' */
#define CDR_DOCUMENT_COUNT_MAX 4
#define CDR_NATIONALITY_COUNT_MAX 4
#define CDR_COUNTRY_LEN 4         /* ISO 3166-1 alpha-3 with its NUL */
#define CDR_DOCUMENT_NUMBER_LEN 40
#define CDR_CODE_LEN 40           /* one code of the codebook with its NUL */
#define CDR_CONTACT_LEN 256

/* How much of a date is known: data-dictionary.md, conventions. */
enum cdr_precision {
	CDR_PRECISION_UNKNOWN = 0,
	CDR_PRECISION_YEAR,
	CDR_PRECISION_HALF,
	CDR_PRECISION_QUARTER,
	CDR_PRECISION_MONTH,
	CDR_PRECISION_DAY,
	CDR_PRECISION_DECLARED_1_JANUARY,
};

/* A Gregorian date. Parts finer than the precision are 1 (half: month 1 or 7; quarter: month 1, 4, 7 or 10). */
struct cdr_date {
	int16_t year;     /* 1850 .. 2150 */
	uint8_t month;    /* 1 .. 12 */
	uint8_t day;      /* 1 .. 31 */
	uint8_t precision; /* enum cdr_precision; UNKNOWN: the other fields are 0 */
};

struct cdr_document {
	char type[CDR_CODE_LEN];  /* "passport", "national_id", or another code */
	char country[CDR_COUNTRY_LEN];
	char number[CDR_DOCUMENT_NUMBER_LEN]; /* as printed; empty: no document */
};

struct cdr_person {
	char given_names[CDR_NAME_LEN];
	char family_names[CDR_NAME_LEN];
	char other_names[CDR_OTHER_NAMES_LEN]; /* former, married, alias: full names or single ones, by ';' */
	char native_name[CDR_NAME_LEN];        /* the full name in its own script */
	struct cdr_date birth;
	char gender[CDR_CODE_LEN];
	char nationality[CDR_NATIONALITY_COUNT_MAX][CDR_COUNTRY_LEN];
	struct cdr_document document[CDR_DOCUMENT_COUNT_MAX];
	size_t document_count;
	char email[CDR_CONTACT_LEN];
	char phone[CDR_CONTACT_LEN];
};

#endif
