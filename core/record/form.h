#ifndef CDR_CORE_RECORD_FORM_H
#define CDR_CORE_RECORD_FORM_H

/*
 * What donors want to be told about an incident, and by when: the codebook's section "forms".
 *
 * A form's columns are fields of the record, things that the node knows (its name, the day), and lines to be filled in by hand: a
 * narrative is never one of them. Where a donor's own form is not public, `layout` says that this one is a proposal.
 */

#include "core/record/incident.h"

#define CDR_FORM_MAX 16
#define CDR_FORM_COLUMN_MAX 40

enum cdr_form_deadline { CDR_DEADLINE_HOURS = 0, CDR_DEADLINE_WORKING_DAYS, CDR_DEADLINE_YEARLY };
enum cdr_form_own { CDR_FORM_OWN_NONE = 0, CDR_FORM_OWN_NAME, CDR_FORM_OWN_TODAY };

struct cdr_form_column {
	const char *number;             /* of the donor's question; NULL: none */
	const struct cdr_field *field;  /* NULL: one of the two below */
	enum cdr_form_own own;
	const json_t *labels;           /* of what is no field; NULL: the field's */
};

struct cdr_form {
	const char *id;
	const char *donor;              /* code of the list "donor" */
	bool per_year;                  /* a table of a year's incidents; else a form for each incident */
	bool proposal;                  /* the layout is ours */
	enum cdr_form_deadline deadline;
	uint32_t amount;                /* hours, working days; yearly: month * 100 + day in the year after */
	const struct cdr_field *from;   /* the date from which it runs */
	const json_t *labels;
	struct cdr_form_column columns[CDR_FORM_COLUMN_MAX];
	size_t column_count;
};

/**
 * cdr_form_read(book, at, form, fault):
 * Form number ${at} of the codebook.
 *
 * Returns  CDR_OK; CDR_E_ABSENT past the last; CDR_E_INPUT with what is wrong. Checked for every form when a codebook is read.
 */
CDR_MUST_CHECK cdr_err cdr_form_read(const struct cdr_book *book, size_t at, struct cdr_form *form, struct cdr_fault *fault);

/* The form of that id. CDR_E_ABSENT, with those that there are. */
CDR_MUST_CHECK cdr_err cdr_form_find(const struct cdr_book *book, const char *id, struct cdr_form *form, struct cdr_fault *fault);

/**
 * cdr_form_due(form, incident):
 * The last day on which the donor is told in time; unknown if the day from which it runs is not known. Of a date that is less precise
 * than a day the first day counts; hours count as whole days from the day after; Saturday and Sunday are no working days.
 */
struct cdr_date cdr_form_due(const struct cdr_form *form, const struct cdr_incident *incident);

/* Does the incident concern the form's donor (a donor row says so), and was the donor told? */
bool cdr_form_concerns(const struct cdr_form *form, const struct cdr_incident *incident, bool *told);

/* The words above a column, and what stands in it for people: labels of codes, several rows separated by "; ". */
void cdr_form_column_title(const struct cdr_book *book, const struct cdr_form_column *column, const char *language, char *text,
    size_t text_size);
void cdr_form_column_value(const struct cdr_form_column *column, const struct cdr_incident *incident, const char *own_name,
    const struct cdr_date *today, const char *language, char *text, size_t text_size);

#endif
