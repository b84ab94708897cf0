#ifndef CDR_NODE_MEMBER_WIRE_H
#define CDR_NODE_MEMBER_WIRE_H

/*
 * Records as letters carry them, and back. Written messages borrow from the record; what is read is checked for its
 * lengths and counts here, and for its codes and rules by core/record.
 */

#include "core/record/candidate.h"
#include "core/record/statement.h"
#include "proto/letter.h"

/* A date and the message for it. */
struct cdr_wire_date {
	Cdr__Wire__Date message;
	char precision[CDR_CODE_LEN];
};

/* NULL for a date that is not known, so that an optional field is left out. */
Cdr__Wire__Date *cdr_wire_date(const struct cdr_date *date, struct cdr_wire_date *out);
/* NULL reads as not known. Returns CDR_OK; CDR_E_INPUT for what is no date. */
CDR_MUST_CHECK cdr_err cdr_wire_read_date(const Cdr__Wire__Date *message, struct cdr_date *date);

/* A person's message and what it needs beside the person. */
struct cdr_wire_identity {
	Cdr__Wire__Identity message;
	struct cdr_wire_date birth;
	Cdr__Wire__Document document[CDR_DOCUMENT_COUNT_MAX];
	Cdr__Wire__Document *documents[CDR_DOCUMENT_COUNT_MAX];
	char *nationality[CDR_NATIONALITY_COUNT_MAX];
};

/* Everything about ${person}, or with ${names_only} names and date alone. Borrows from ${person}, which is not changed. */
void cdr_wire_identity(struct cdr_person *person, bool names_only, struct cdr_wire_identity *out);
/* Returns  CDR_OK; CDR_E_RANGE for text that is too long or too many of something; CDR_E_INPUT for a date that is none, or text
 *          of several lines. person is all zero on error. */
CDR_MUST_CHECK cdr_err cdr_wire_read_identity(const Cdr__Wire__Identity *message, struct cdr_person *person);

/* A statement's message and what it needs beside the statement. */
struct cdr_wire_statement {
	Cdr__Wire__Statement message;
	struct cdr_wire_date employed_from, employed_to, coverage_from, coverage_to, valid_until;
	char *positions[CDR_STATEMENT_POSITION_MAX];
	char *countries[CDR_STATEMENT_COUNTRY_MAX];
	struct cdr_wire_disclosure {
		Cdr__Wire__Disclosure message;
		struct cdr_wire_date committed, concluded;
		char *types[CDR_DISCLOSURE_TYPE_MAX];
		char *sanctions[CDR_DISCLOSURE_SANCTION_MAX];
	} disclosure[CDR_STATEMENT_DISCLOSURE_MAX];
	Cdr__Wire__Disclosure *disclosures[CDR_STATEMENT_DISCLOSURE_MAX];
};

/* Borrows from ${statement}, which is not changed. */
void cdr_wire_statement(struct cdr_statement *statement, struct cdr_wire_statement *out);
/* request_id comes from the letter around it. Returns as cdr_wire_read_identity; what it says is for cdr_statement_validate. */
CDR_MUST_CHECK cdr_err cdr_wire_read_statement(const Cdr__Wire__Statement *message, const uint8_t *request_id,
    struct cdr_statement *statement);

/* Copy a line of text from a message (NULL reads as empty). Returns CDR_OK; CDR_E_RANGE if it does not fit; CDR_E_INPUT if it
 * has a line end or a tab. to is empty on error. */
CDR_MUST_CHECK cdr_err cdr_wire_text(const char *from, char *to, size_t size);

/* For an optional field: NULL where ${text} is empty. */
char *cdr_wire_optional(char *text);

#endif
