#ifndef CDR_CORE_RECORD_ROW_H
#define CDR_CORE_RECORD_ROW_H

/*
 * Fields of one CSV row, each checked as it is read. What is wrong goes into
 * the report and makes the row bad; reading goes on, so that a row tells all
 * of its faults at once. A field that was bad is left empty.
 */

#include "core/record/csv.h"
#include "core/record/rules.h"

struct cdr_row {
	const struct cdr_csv *csv;
	const struct cdr_record_rules *rules;
	struct cdr_row_report *report;
	bool bad;
};

/* The columns of a person, one after the other wherever they stand in a table of accepted columns. */
enum cdr_person_column {
	CDR_COLUMN_GIVEN_NAMES = 0,
	CDR_COLUMN_FAMILY_NAMES,
	CDR_COLUMN_OTHER_NAMES,
	CDR_COLUMN_NATIVE_NAME,
	CDR_COLUMN_DATE_OF_BIRTH,
	CDR_COLUMN_GENDER,
	CDR_COLUMN_NATIONALITY,
	CDR_COLUMN_DOCUMENT_TYPE,
	CDR_COLUMN_DOCUMENT_COUNTRY,
	CDR_COLUMN_DOCUMENT_NUMBER,
	CDR_COLUMN_EMAIL,
	CDR_COLUMN_PHONE,
	CDR_PERSON_COLUMN_COUNT
};

#define CDR_PERSON_COLUMNS                                                                                             \
	{ "given_names", "first_name first_names given_name forename forenames firstname prenom prenoms nombre nombres name", 1 }, \
	{ "family_names", "last_name last_names surname surnames family_name lastname nom apellido apellidos", 1 },     \
	{ "other_names", "former_names former_name maiden_name alias aliases also_known_as", 0 },                       \
	{ "native_name", "native_script_name name_in_native_script local_name", 0 },                                    \
	{ "date_of_birth", "dob birth_date birthdate birthday born date_naissance fecha_nacimiento", 2 },               \
	{ "gender", "sex", 0 },                                                                                         \
	{ "nationality", "nationalities citizenship", 0 },                                                              \
	{ "document_type", "id_type", 0 },                                                                              \
	{ "document_country", "issuing_country document_issuer", 0 },                                                   \
	{ "document_number", "passport_number passport id_number national_id", 0 },                                     \
	{ "email", "e_mail mail email_address", 0 },                                                                    \
	{ "phone", "telephone phone_number mobile tel", 0 }

/* ${column} is a place in the table of accepted columns; SIZE_MAX: the row as a whole. ${advice} may be empty. */
void cdr_row_fault(struct cdr_row *row, size_t column, const char *reason, const char *advice);
void cdr_row_note(struct cdr_row *row, size_t column, const char *reason, const char *advice);

/* A line of text, cleaned. */
void cdr_row_text(struct cdr_row *row, size_t column, char *text, size_t text_size);

/* A code of ${list}; empty stays empty. */
void cdr_row_code(struct cdr_row *row, size_t column, const char *list, char code[static CDR_CODE_LEN]);

/* A country; empty stays empty. */
void cdr_row_country(struct cdr_row *row, size_t column, char country[static CDR_COUNTRY_LEN]);

/* A date that does not lie in the future; an empty field, or "unknown", is an unknown one. Returns whether it is not empty. */
bool cdr_row_date(struct cdr_row *row, size_t column, struct cdr_date *date);

/**
 * cdr_row_part(row, column, at, part, part_size):
 * Part number ${at} (from 0) of a field whose values are separated by ';', cleaned; empty if it is too long, which is
 * a fault.
 *
 * Returns  false past the last part.
 */
bool cdr_row_part(struct cdr_row *row, size_t column, size_t at, char *part, size_t part_size);

/**
 * cdr_row_person(row, first, person):
 * The columns of a person, the first of which is accepted column ${first}.
 *
 * person  out, personal  all zero where nothing is known
 */
void cdr_row_person(struct cdr_row *row, size_t first, struct cdr_person *person);

#endif
