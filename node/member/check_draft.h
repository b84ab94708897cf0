#ifndef CDR_NODE_MEMBER_CHECK_DRAFT_H
#define CDR_NODE_MEMBER_CHECK_DRAFT_H

/*
 * Checks that are written down and not opened yet: nobody is asked, nothing is matched, nothing is counted. A draft is edited, submitted
 * or deleted by its reference; retention takes it like any check, and a legal hold keeps it.
 */

#include "node/member/check.h"

/**
 * cdr_check_draft(member, candidate, watch_days, outcome, fault):
 * Write a draft down, as cdr_check_add_watched writes a check.
 *
 * Returns  as cdr_check_add.
 */
CDR_MUST_CHECK cdr_err cdr_check_draft(struct cdr_member *member, struct cdr_candidate *candidate, unsigned watch_days,
    struct cdr_check_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_check_draft_read(member, reference, candidate, fault), cdr_check_draft_edit(member, reference, candidate,
 * watch_days, fault):
 * What a draft says; and what it shall say instead, under its own reference.
 *
 * candidate  (read) out, personal: wiped by the caller; (edit) in/out: the reference is filled in
 * watch_days how long later statements are waited for from the day that it is submitted; 0: as it was
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no draft of that reference; CDR_E_REFUSED under a legal hold (edit); as cdr_check_add.
 */
CDR_MUST_CHECK cdr_err cdr_check_draft_read(struct cdr_member *member, const char *reference, struct cdr_candidate *candidate,
    struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_check_draft_edit(struct cdr_member *member, const char *reference, struct cdr_candidate *candidate,
    unsigned watch_days, struct cdr_fault *fault);

/**
 * cdr_check_submit(member, reference, fault):
 * Open the check: what was due and watched for counts from now. One that is open already stays as it is.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no check of that reference; as cdr_check_add.
 */
CDR_MUST_CHECK cdr_err cdr_check_submit(struct cdr_member *member, const char *reference, struct cdr_fault *fault);

/* Delete a draft, row and all. Returns CDR_OK; CDR_E_ABSENT; CDR_E_REFUSED under a legal hold; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_check_draft_delete(struct cdr_member *member, const char *reference, struct cdr_fault *fault);

#endif
