#ifndef CDR_CORE_RECORD_CASE_H
#define CDR_CORE_RECORD_CASE_H

/*
 * A case that a former employer may have to disclose, and the answer that follows from its cases. The register holds every case,
 * also those that must never be disclosed; what may be said of it is decided when somebody asks, by the codebook, the look-back
 * and the table of legal limits. A person signs; this is a draft.
 *
 * A struct cdr_case is personal data: its owner wipes it with cdr_wipe.
 */

#include "core/record/legal_limits.h"
#include "core/record/statement.h"

#define CDR_CASE_PACK_MAX 12288      /* bytes of a packed case at most */
#define CDR_CASE_REFERENCE_LEN 64

struct cdr_case {
	char own_reference[CDR_CASE_REFERENCE_LEN];    /* the organisation's; may be empty */
	char employee_number[CDR_EMPLOYEE_NUMBER_LEN]; /* whose case it is: this, or the row of the register that it was entered for */
	struct cdr_person person;                      /* names and date of birth, for people who look */
	struct cdr_disclosure conduct;                 /* every process_status may stand here */
	char country[CDR_COUNTRY_LEN];                 /* whose law decides what may be said */
	char limit_reason[CDR_CODE_LEN];               /* "legal_limit_reason" of this case alone, such as a settlement; empty: none */
	char right_of_reply[CDR_CODE_LEN];             /* "right_of_reply", may be empty */
};

/**
 * cdr_case_validate(the_case, rules, fault):
 * May it stand in the register? Codes are codes, dates are dates in their order and not in the future, texts are clean, at least
 * one type of misconduct, a process status, a country; a process that is concluded has the date of it.
 *
 * fault   out   may be NULL; begins with the field's name
 *
 * Returns  CDR_OK; CDR_E_RANGE, CDR_E_INPUT, CDR_E_REFUSED.
 */
CDR_MUST_CHECK cdr_err cdr_case_validate(const struct cdr_case *the_case, const struct cdr_record_rules *rules,
    struct cdr_fault *fault);

/**
 * cdr_case_pack(the_case, out, len), cdr_case_unpack(in, the_case):
 * As cdr_leaver_pack and cdr_leaver_unpack.
 */
CDR_MUST_CHECK cdr_err cdr_case_pack(const struct cdr_case *the_case, uint8_t out[static CDR_CASE_PACK_MAX], size_t *len);
CDR_MUST_CHECK cdr_err cdr_case_unpack(struct cdr_bytes in, struct cdr_case *the_case);

/**
 * cdr_case_draft(cases, count, limits, rules, statement, fault):
 * Answer the three questions from somebody's cases. What was reversed or closed with no finding, and what lies before the look-back,
 * is not said; what a law or the case's own limit forbids makes its question unable to be answered, with the reason and the country;
 * a field that may not be told is withheld.
 *
 * statement  in/out   finding, ongoing_now, left_during, disclosures, legal_limit_* and right_of_reply are overwritten
 *
 * Returns  CDR_OK; CDR_E_RANGE for more disclosures than a statement holds.
 */
CDR_MUST_CHECK cdr_err cdr_case_draft(const struct cdr_case *const *cases, size_t count, const struct cdr_legal_limits *limits,
    const struct cdr_record_rules *rules, struct cdr_statement *statement, struct cdr_fault *fault);

/**
 * cdr_case_erase_on(the_case, limits, codebook, day):
 * The day from which on the register no longer keeps a case: so many months after its conclusion as the table says for its
 * country. An open one is kept.
 *
 * Returns  true, with the first day of the month then; false if it is kept.
 */
bool cdr_case_erase_on(const struct cdr_case *the_case, const struct cdr_legal_limits *limits, const struct cdr_codebook *codebook,
    struct cdr_date *day);

#endif
