#ifndef CDR_NODE_MEMBER_CASES_H
#define CDR_NODE_MEMBER_CASES_H

/* The register of cases at the former employer: who may have to be disclosed, sealed; and the answers that are drafted from it. */

#include "core/record/case.h"
#include "node/member/inbox.h"

/**
 * cdr_cases_limits(member, limits, fault), cdr_cases_load_limits(member, json, fault):
 * The table of legal limits that this node goes by: the one that was loaded last, else the built-in one. Loading checks it first;
 * json.data NULL: back to the built-in one. When cases are erased follows from the new table at once.
 *
 * Returns  as cdr_legal_limits_new; CDR_E_INPUT for a reason that the codebook does not have; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_cases_limits(struct cdr_member *member, struct cdr_legal_limits **limits, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_cases_load_limits(struct cdr_member *member, struct cdr_bytes json, struct cdr_fault *fault);

/**
 * cdr_cases_put(member, id, the_case, fault):
 * Write a case. Names and date of birth are taken from the register where the case has none and the employee number finds somebody.
 *
 * id      in/out   all zero: a new case, whose id is filled in; else the case that is replaced
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no case with that id, or nobody with that employee number and no name is given;
 *          CDR_E_REFUSED for one under a legal hold;
 *          as cdr_case_validate; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_cases_put(struct cdr_member *member, uint8_t id[static CDR_ID_LEN], struct cdr_case *the_case,
    struct cdr_fault *fault);

/* Unseal one case. Returns CDR_OK; CDR_E_STORE; CDR_E_MEMORY. the_case is all zero on error. */
CDR_MUST_CHECK cdr_err cdr_cases_open(const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_bytes sealed,
    struct cdr_case *the_case);

/* Call ${callback} for every case, oldest first, or with ${id} (not NULL) for that one. Returns CDR_OK; CDR_E_ABSENT; its error. */
typedef cdr_err cdr_cases_callback(const uint8_t id[static CDR_ID_LEN], const struct cdr_case *the_case, uint64_t erase_at, void *context);
CDR_MUST_CHECK cdr_err cdr_cases_each(struct cdr_member *member, const uint8_t *id, cdr_cases_callback *callback, void *context);

/**
 * cdr_cases_draft(member, request, at, statement, count, fault):
 * Answer the three questions about leaver number ${at} of a request from the cases of that leaver.
 *
 * statement  in/out   as cdr_case_draft
 * count      out      cases that were looked at
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_cases_draft(struct cdr_member *member, const struct cdr_inbox_request *request, size_t at,
    struct cdr_statement *statement, size_t *count, struct cdr_fault *fault);

/**
 * cdr_cases_contradict(member, request, at, statement, fault):
 * Whether an answer leaves out what the register of cases says: then it is not signed by mistake.
 *
 * Returns  CDR_OK; CDR_E_REFUSED, naming the question; as cdr_cases_draft.
 */
CDR_MUST_CHECK cdr_err cdr_cases_contradict(struct cdr_member *member, const struct cdr_inbox_request *request, size_t at,
    const struct cdr_statement *statement, struct cdr_fault *fault);

#endif
