#ifndef CDR_NODE_MEMBER_PUT_BACK_H
#define CDR_NODE_MEMBER_PUT_BACK_H

/*
 * A node that was put back from a backup has forgotten what it said since. It must not say something else under a number that it
 * used: evaluations go on with numbers that lie far ahead, since trustees keep two requests of one number as evidence against
 * their member. And what it was told and forgot it has to ask for again.
 */

#include "node/member/member.h"

/* A writing job in the restored database. */
cdr_err cdr_put_back_mark(struct cdr_tx *tx, void *context);

/**
 * cdr_put_back_step(member, worked, fault):
 * The daemon's task, once after a restore: ask anew whoever had not answered.
 *
 * Returns  CDR_OK; as cdr_check_ask_anew.
 */
CDR_MUST_CHECK cdr_err cdr_put_back_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
