#ifndef CDR_CORE_IDENTITY_MRZ_H
#define CDR_CORE_IDENTITY_MRZ_H

/* The machine-readable zone of passports, identity cards and visas: ICAO Doc 9303, parts 3 to 7. */

#include "core/identity/date.h"

#define CDR_MRZ_TEXT_LEN_MAX 200 /* two or three lines with line ends */
#define CDR_MRZ_NAME_LEN 44

/* Which checks failed; 0: all hold. */
enum cdr_mrz_fault {
	CDR_MRZ_NUMBER_WRONG = 1 << 0,
	CDR_MRZ_BIRTH_WRONG = 1 << 1,
	CDR_MRZ_EXPIRY_WRONG = 1 << 2,
	CDR_MRZ_OPTIONAL_WRONG = 1 << 3,
	CDR_MRZ_COMPOSITE_WRONG = 1 << 4,
};

struct cdr_mrz {
	char document_code[3];        /* "P", "PM", "I", "AC", "V" */
	char issuer[CDR_COUNTRY_LEN]; /* ISO 3166-1 alpha-3 ("DEU" for the printed "D"), or a code of 9303-3 section 5 */
	char nationality[CDR_COUNTRY_LEN];
	char name[CDR_MRZ_NAME_LEN]; /* as printed without the filling: "ERIKSSON<<ANNA<MARIA" */
	bool name_cut;               /* the name fills its field: it may go on */
	char number[CDR_DOCUMENT_NUMBER_LEN];
	struct cdr_date birth;  /* year or month precision where the day is "<<" */
	struct cdr_date expiry; /* unknown where it is filled with "<" */
	char sex;               /* 'F', 'M', 'X' */
	char optional[32];      /* personal number or other data of the issuer, without the filling */
};

/**
 * cdr_mrz_read(text, this_year, mrz, wrong, fault):
 * Read a machine-readable zone of format TD1 (3 x 30), TD2 (2 x 36), TD3 (2 x 44), MRV-A (2 x 44) or MRV-B (2 x 36).
 * Lower case, spaces and line ends in any place are forgiven; letters in a place for digits are read as the digits that
 * they look like (O I B S Z) and the other way round.
 *
 * this_year  in     for the century: a birth is never after it, an expiry within 50 years of it
 * mrz        out    all zero on error
 * wrong      out    enum cdr_mrz_fault bits; 0 on error
 *
 * Returns  CDR_OK, also with wrong check digits, which the caller shows; CDR_E_INPUT for another number of characters,
 *          another character, or a document code or country that does not exist; CDR_E_RANGE for a text over
 *          CDR_MRZ_TEXT_LEN_MAX.
 */
CDR_MUST_CHECK cdr_err cdr_mrz_read(
    const char *text, int this_year, struct cdr_mrz *mrz, uint32_t *wrong, struct cdr_fault *fault);

/**
 * cdr_mrz_apply(mrz, person, fault):
 * Add what a machine-readable zone says to a person: the document, the name as another name, and, where they are not
 * known yet, birth, nationality, gender, given and family names. What is known is never changed.
 *
 * Returns  CDR_OK; CDR_E_RANGE if there is no room for another name or document (person is then unchanged).
 */
CDR_MUST_CHECK cdr_err cdr_mrz_apply(const struct cdr_mrz *mrz, struct cdr_person *person, struct cdr_fault *fault);

/**
 * cdr_mrz_check_digit(text, len):
 * The check digit over ${text}, weights 7 3 1 (9303-3, section 4.9).
 *
 * Returns  '0' .. '9'; 0 if a character is not A-Z, 0-9 or '<'.
 */
char cdr_mrz_check_digit(const char *text, size_t len);

#endif
