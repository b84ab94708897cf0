#ifndef CDR_CORE_RECORD_STATEMENT_H
#define CDR_CORE_RECORD_STATEMENT_H

/*
 * A statement of conduct: what a former employer tells a requester about
 * one person (data dictionary, part b), what must not be in it, and the one
 * result that follows from it.
 *
 * Coded fields are codes of the codebook list named beside them; an empty
 * string means that the field is not there, as does an identifier of zeros
 * and a date of unknown precision. A struct cdr_statement is personal data:
 * its owner wipes it with cdr_wipe.
 */

#include "core/bytes.h"
#include "core/record/codebook.h"
#include "core/record/leaver.h"
#include "core/record/rules.h"

#define CDR_STATEMENT_POSITION_MAX 8
#define CDR_STATEMENT_COUNTRY_MAX 8
#define CDR_STATEMENT_DISCLOSURE_MAX 4
#define CDR_DISCLOSURE_TYPE_MAX 4
#define CDR_DISCLOSURE_SANCTION_MAX 12
#define CDR_SUMMARY_MAX 1000                        /* characters (code points) of a factual summary */
#define CDR_SUMMARY_LEN (4 * CDR_SUMMARY_MAX + 1)   /* its bytes with the NUL */
#define CDR_STATEMENT_JSON_MAX (128U << 10)         /* bytes of a statement as JSON at most */

/* One thing that is disclosed. */
struct cdr_disclosure {
	char misconduct_type[CDR_DISCLOSURE_TYPE_MAX][CDR_CODE_LEN]; /* "misconduct_type", at least one */
	size_t misconduct_type_count;
	char involved_child[CDR_CODE_LEN];          /* "involved_child" */
	struct cdr_date committed, concluded;
	char process_status[CDR_CODE_LEN];          /* "process_status" */
	char sanction[CDR_DISCLOSURE_SANCTION_MAX][CDR_CODE_LEN];    /* "sanction", at least one */
	size_t sanction_count;
	char referred_to_authorities[CDR_CODE_LEN]; /* "referred_to_authorities" */
	char referred_country[CDR_COUNTRY_LEN];     /* if they were */
	char factual_summary[CDR_SUMMARY_LEN];      /* may be empty; may hold line ends */
};

struct cdr_statement {
	char codebook_version[CDR_CODEBOOK_VERSION_LEN]; /* the codebook under which it is written */
	uint8_t response_id[CDR_ID_LEN];
	uint8_t request_id[CDR_ID_LEN];
	char responder[CDR_MEMBER_ID_LEN];
	char signer_name[CDR_NAME_LEN];
	char signer_role[CDR_CODE_LEN];       /* "signer_role": HR or safeguarding, never the line manager */
	int64_t signed_at;                    /* seconds since 1970-01-01T00:00:00Z; 0: not signed */

	char identity_match[CDR_CODE_LEN];    /* "identity_match" */

	/* All of this only if identity_match means "answers". */
	struct {
		struct cdr_date from, to;
		char positions[CDR_STATEMENT_POSITION_MAX][CDR_POSITION_LEN];
		size_t position_count;
		char duty_countries[CDR_STATEMENT_COUNTRY_MAX][CDR_COUNTRY_LEN];
		size_t duty_country_count;
	} employment;
	struct {
		struct cdr_date from, to;
		char quality[CDR_CODE_LEN];   /* "coverage_quality" */
	} coverage;
	char finding[CDR_CODE_LEN];           /* question 1, "answer" */
	char ongoing_now[CDR_CODE_LEN];       /* question 2, "answer" */
	char left_during[CDR_CODE_LEN];       /* question 3, "answer" */
	struct cdr_disclosure disclosures[CDR_STATEMENT_DISCLOSURE_MAX];
	size_t disclosure_count;
	char legal_limit_reason[CDR_CODE_LEN]; /* "legal_limit_reason", if a question cannot be answered */
	char legal_limit_country[CDR_COUNTRY_LEN];
	char right_of_reply[CDR_CODE_LEN];    /* "right_of_reply", may be empty */

	struct cdr_date valid_until;          /* day precision */
	uint8_t supersedes[CDR_ID_LEN];       /* an earlier response_id */
};

/**
 * cdr_statement_validate(statement, rules, fault):
 * May ${statement} be signed, or believed after it was received? Judged at its first violation.
 *
 * - identifiers, responder, signer, role, time of signing, identity_match and valid_until are there; codes are in the codebook
 *   (of whatever version: a code never changes its meaning); texts are in the form that cdr_text_clean gives
 * - unless identity_match means "answers" nothing else is said
 * - else coverage.quality and the three questions are answered; complete coverage has its dates, and the employment's first
 *   day, a position and a country
 * - a question answered yes has a disclosure of that kind, and a disclosure has its question answered yes; a status that means
 *   "undisclosable" (reversed, no finding) is refused, whatever else is said
 * - a disclosure other than of a running process lies within the look-back by the later of its two dates
 * - a question that cannot be answered has a legal_limit_reason, and a reason has such a question; a reason that is a law's
 *   names the country
 * - periods do not end before they begin, and nothing that happened lies after rules->today
 *
 * fault   out   may be NULL; begins with the field's name, e.g. "disclosures[1].process_status: ..."
 *
 * Returns  CDR_OK; CDR_E_RANGE for a count or length out of range; CDR_E_INPUT for a field that is missing or no such code, date
 *          or country; CDR_E_REFUSED for what is against a rule.
 */
CDR_MUST_CHECK cdr_err cdr_statement_validate(const struct cdr_statement *statement, const struct cdr_record_rules *rules,
    struct cdr_fault *fault);

/**
 * cdr_statement_result(statement, codebook):
 * The one result that HR sees: any question answered yes: "disclosure"; else any that cannot be answered, or an identity that
 * is ambiguous: "unable_to_answer"; else "no_record_held"; or "not_known_here"; NULL instead of a statement: "no_response".
 * What the codebook does not know never counts as "no_record_held".
 *
 * Returns  a code of the codebook list "result", whose labels are the words to show (never "clear", never "passed").
 */
const char *cdr_statement_result(const struct cdr_statement *statement, const struct cdr_codebook *codebook);

/**
 * cdr_statement_from_json(json, statement, fault):
 * Read a statement, or as much of one as a person writes into an answer file: a field that is not there stays empty, and
 * cdr_statement_validate finds what is missing. Keys are the names of the struct's fields; employment, coverage and each of
 * disclosures are objects; identifiers, dates and times are texts ("7QX4M-...", "2019-03-01", "2024-05-06T07:08:09Z").
 *
 * json       in, personal   at most CDR_STATEMENT_JSON_MAX bytes
 * statement  out, personal  all zero on error
 * fault      out            may be NULL; names the key, never its value
 *
 * Returns  CDR_OK; CDR_E_RANGE if it, a list or a text is too long; CDR_E_INPUT if it is not JSON (or too much for memory), a key
 *          is unknown or twice there, or a value is not of its kind.
 */
CDR_MUST_CHECK cdr_err cdr_statement_from_json(struct cdr_bytes json, struct cdr_statement *statement,
    struct cdr_fault *fault);

/**
 * cdr_statement_to_json(statement, json):
 * Write every field that is there; cdr_statement_from_json reads back the same statement.
 *
 * json    out, personal   text with a closing NUL; the caller frees it with cdr_json_free (core/record/json.h); NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if a count or a time is out of range; CDR_E_INPUT if a text is not UTF-8; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_statement_to_json(const struct cdr_statement *statement, char **json);

#endif
