#ifndef CDR_CORE_RECORD_INCIDENT_FILE_H
#define CDR_CORE_RECORD_INCIDENT_FILE_H

/*
 * Incidents in files: a row of CSV or of a spreadsheet for each, or JSON.
 *
 * CSV columns are the codebook's fields, in any order. Fields of survivors and of persons alleged hold one value for each of them,
 * separated by ';', side by side. The field that the codebook calls `key` (your own reference) must be there, so that a repeated
 * import is a difference. JSON has the same names; rows are arrays of objects, several codes an array:
 *
 *     { "country": "KEN", "incident_subtype": ["rape"], "survivor": [ { "gender": "female" } ] }
 */

#include "core/record/incident.h"
#include "core/record/report.h"

#define CDR_INCIDENT_FILE_MAX (64U << 20) /* bytes of an incidents file at most */

struct cdr_incident_file;

/**
 * cdr_incident_file_new(file, rules, reader, fault), cdr_incident_file_next(reader, incident, fault):
 * As cdr_leaver_file_new and cdr_leaver_file_next (core/record/leaver.h). A row that breaks an invariant is bad.
 *
 * Returns  also CDR_E_ABSENT (new) if the codebook says nothing about incidents.
 */
CDR_MUST_CHECK cdr_err cdr_incident_file_new(struct cdr_bytes file, const struct cdr_record_rules *rules,
    struct cdr_incident_file **reader, struct cdr_fault *fault);
void cdr_incident_file_free(struct cdr_incident_file *reader);
CDR_MUST_CHECK cdr_err cdr_incident_file_next(struct cdr_incident_file *reader, struct cdr_incident *incident,
    struct cdr_fault *fault);
const struct cdr_row_report *cdr_incident_file_report_peek(const struct cdr_incident_file *reader);

/* Write the values of ${text}, separated by ';' where the field has rows of its own, into the record; as cdr_incident_set. */
CDR_MUST_CHECK cdr_err cdr_incident_set_all(struct cdr_incident *incident, const struct cdr_field *field, const char *text,
    struct cdr_fault *fault);

/* The value of a field as one cell of a file: as in CSV. ${text} has CDR_INCIDENT_VALUE_MAX + 1 bytes. */
void cdr_incident_value_join(const struct cdr_incident *incident, const struct cdr_field *field, char *text, size_t text_size);

/**
 * cdr_incident_from_json(json, incident, fault), cdr_incident_to_json(incident, out):
 * Write what ${json} holds over ${incident}, which was started; null takes a value away, an array of rows replaces them all. And
 * a record as JSON, a new reference.
 *
 * fault   out   names the key, never its value
 *
 * Returns  CDR_OK; CDR_E_RANGE if it is too long; CDR_E_INPUT if it is not JSON, a key is unknown, or a value is not of its kind;
 *          CDR_E_MEMORY. On an error ${incident} may hold a part.
 */
CDR_MUST_CHECK cdr_err cdr_incident_from_json(struct cdr_bytes json, struct cdr_incident *incident, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_incident_to_json(const struct cdr_incident *incident, json_t **out);

#endif
