#ifndef CDR_NODE_MEMBER_PAPER_H
#define CDR_NODE_MEMBER_PAPER_H

/* A check, or one statement of it, as a PDF. What a statement says is printed from its verified file, never from a table. */

#include "node/member/check.h"

/**
 * cdr_paper_check(member, check, employer, language, pdf, fault):
 * Print a check with every statement that came, or the one statement of ${employer}.
 *
 * check     in, personal
 * employer  in             member id; NULL: the whole check
 * pdf       out, personal  owned by the caller; empty on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if that employer has not answered, or candor-print is missing; as cdr_check_statement and
 *          cdr_statement_file_verify, if a stored statement does not hold any more; as cdr_guest_each; as cdr_print_run.
 */
CDR_MUST_CHECK cdr_err cdr_paper_check(struct cdr_member *member, const struct cdr_check *check, const char *employer,
    const char *language, struct cdr_buffer *pdf, struct cdr_fault *fault);

#endif
