#ifndef CDR_NODE_TRUSTEE_FORK_H
#define CDR_NODE_TRUSTEE_FORK_H

/*
 * What the hub signed and cannot all be true, as this trustee kept it (seen.h), is told to every member that asks. The notes prove
 * themselves, so members need not believe this trustee. Which of its checks were answered from an old index (index_watch.h) each member is told besides: of that
 * it believes enough trustees together. And the hub's receipts for what this trustee said (said.h) and did not see there: the hub can prove that the log holds that, or
 * cannot.
 */

#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

/* /v1/witness/contradictions: ContradictionsRequest to ContradictionsReply, by a member. */
cdr_err cdr_trustee_fork_give(void *trustee, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
