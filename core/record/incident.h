#ifndef CDR_CORE_RECORD_INCIDENT_H
#define CDR_CORE_RECORD_INCIDENT_H

/*
 * One report of sexual exploitation, abuse or harassment, as the codebook's section "incident" lays it out.
 *
 * A record is rows of values: one row of the incident itself, one for each survivor, each person alleged to have done
 * it, each donor. Which fields a row has, and which codes they take, the codebook says (core/record/book.h); a value is
 * text in one form: codes joined by ';' in the order of the list, dates as 2024-05-12, 2024-05, 2024-Q2, 2024-H1, 2024 or "unknown".
 *
 * A struct cdr_incident is personal data of the worst kind: its owner wipes it with cdr_wipe. It has no pointers but the one to
 * the book. No value is ever repeated in an error.
 */

#include "core/record/book.h"
#include "core/record/rules.h"

#define CDR_INCIDENT_TEXT_MAX 16384      /* bytes of all values with their NULs */
#define CDR_INCIDENT_VALUE_MAX 4095      /* bytes of one value */
#define CDR_INCIDENT_PACK_MAX 32768      /* bytes of a packed incident at most */
#define CDR_INCIDENT_JSON_MAX (256U << 10)
#define CDR_PERIOD_LEN 8                 /* "2025-H1" with its NUL */

struct cdr_incident {
	const struct cdr_book *book;
	uint8_t row_count[CDR_GROUP_MAX];
	uint16_t at[CDR_FIELD_MAX][CDR_GROUP_ROW_MAX]; /* where in text a value begins; 0: there is none */
	uint16_t used;                                 /* bytes of text; the first is a NUL */
	char text[CDR_INCIDENT_TEXT_MAX];
};

/* An empty record: one row of the incident, none of anything else. */
void cdr_incident_start(const struct cdr_book *book, struct cdr_incident *incident);

/* The value of ${field} in row ${row} (from 0) of its kind; "" if nothing was written. Until the next set. */
const char *cdr_incident_value_peek(const struct cdr_incident *incident, const struct cdr_field *field, size_t row);

/* Part number ${at} (from 0) of a value of codes; false past the last. */
bool cdr_incident_code_at(const char *value, size_t at, char code[static CDR_CODE_LEN]);

/**
 * cdr_incident_set(incident, field, row, value, fault):
 * Write a value as a person gives it; "" takes it away. It is cleaned, checked against the codebook and brought into its form.
 * Rows up to ${row} come into being.
 *
 * value   in, personal
 * fault   out            may be NULL; names the field, says what is accepted, never repeats the value
 *
 * Returns  CDR_OK; CDR_E_INPUT for no such code, date, country or text, or a derived field; CDR_E_RANGE for a row or a
 *          length beyond the most. On an error nothing was changed.
 */
CDR_MUST_CHECK cdr_err cdr_incident_set(struct cdr_incident *incident, const struct cdr_field *field, size_t row,
    const char *value, struct cdr_fault *fault);

/* Take row ${row} of kind ${group} out; those after it move up. */
void cdr_incident_row_remove(struct cdr_incident *incident, size_t group, size_t row);

/**
 * cdr_incident_derive(incident, field, code):
 * What a derived field says: a half-year as "2025-H1", a band of days.
 *
 * code   out   "" if it does not follow from what is known
 */
void cdr_incident_derive(const struct cdr_incident *incident, const struct cdr_field *field, char code[static CDR_CODE_LEN]);

/* Does the survivor agree that this record is counted in tables that leave? */
bool cdr_incident_is_shared(const struct cdr_incident *incident);

/* What cdr_incident_validate found: the field that is at fault, its row, and why. Called once for each. */
typedef void cdr_incident_tell(void *context, const struct cdr_field *field, size_t row, const char *reason);

/**
 * cdr_incident_validate(incident, rules, language, tell, context):
 * Hold the record against the codebook: what is needed is there, rows are as many as they must be, no date lies in the future,
 * every invariant holds.
 *
 * rules     in   the day
 * language  in   of the reasons
 * tell      in   may be NULL
 *
 * Returns  CDR_OK; CDR_E_REFUSED if something was told.
 */
CDR_MUST_CHECK cdr_err cdr_incident_validate(const struct cdr_incident *incident, const struct cdr_record_rules *rules,
    const char *language, cdr_incident_tell *tell, void *context);

/**
 * cdr_incident_pack(incident, out, len), cdr_incident_unpack(book, in, incident, version):
 * The byte form: the codebook's version, rows, and every value under the name of its field. Read under another version, a record
 * is carried forward as the codebook says: fields renamed, codes replaced; what has no place any more is left out.
 *
 * out       out, personal
 * incident  out, personal   all zero on error
 * version   out             under which it was written, CDR_CODEBOOK_VERSION_LEN bytes; may be NULL
 *
 * Returns  (pack) CDR_OK; CDR_E_RANGE. (unpack) CDR_OK; CDR_E_INPUT for anything that pack would not write.
 */
CDR_MUST_CHECK cdr_err cdr_incident_pack(const struct cdr_incident *incident, uint8_t out[static CDR_INCIDENT_PACK_MAX],
    size_t *len);
CDR_MUST_CHECK cdr_err cdr_incident_unpack(const struct cdr_book *book, struct cdr_bytes in, struct cdr_incident *incident,
    char *version);

#endif
