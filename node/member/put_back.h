#ifndef CDR_NODE_MEMBER_PUT_BACK_H
#define CDR_NODE_MEMBER_PUT_BACK_H

/*
 * A node that was put back from a backup has forgotten what it said since. It must not say something else under a number that it
 * used: evaluations go on with numbers that lie far ahead, since trustees keep two requests of one number as evidence against
 * their member. So do submissions for rounds and revisions of annual returns, which are signed under a number too. And what it was told
 * and forgot it has to ask for again.
 */

#include "node/member/member.h"

/* A writing job in the restored database. */
cdr_err cdr_put_back_mark(struct cdr_tx *tx, void *context);

/**
 * cdr_put_back_next(tx, last, since, next):
 * The number under which something is signed anew, behind ${last}: the next one; on a node that was ever put back at least the number of
 * seconds since ${since}, beyond all that it can have used before, as long as it signs less than one in each. However often it is put back:
 * a restore ends in a later second than all that was signed before it (cdr_put_back_settle).
 *
 * since   in   seconds since 1970
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_put_back_next(struct cdr_tx *tx, uint64_t last, uint64_t since, uint64_t *next);

/* Wait for the next second: after the mark, before anything is signed. */
void cdr_put_back_settle(void);

/**
 * cdr_put_back_step(member, worked, fault):
 * The daemon's task, once after a restore: ask anew whoever had not answered.
 *
 * Returns  CDR_OK; as cdr_check_ask_anew.
 */
CDR_MUST_CHECK cdr_err cdr_put_back_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
