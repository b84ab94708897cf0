#ifndef CDR_NODE_TRUSTEE_EVALUATE_H
#define CDR_NODE_TRUSTEE_EVALUATE_H

/*
 * What a trustee is for: multiply blinded points by its share of the key, prove it, and count.
 *
 * It cannot tell what it evaluates; so it counts how much, for each member, epoch and purpose. A count is on the disk
 * before the answer leaves: who kills a trustee, or asks twice, gains nothing.
 */

#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

/*
 * /v1/evaluate: EvaluateRequest to EvaluateReply, the points in the attachments.
 *
 * CDR_E_REFUSED  the request names another member than its signer, or an unknown purpose
 * CDR_E_EPOCH    no epoch of that number is in force, or this trustee has no share of its key
 * CDR_E_BUSY     a newer roster came into force because of this request: ask again
 * CDR_E_RANGE    0, or more than CDR_EVALUATE_POINTS_MAX points
 * CDR_E_INPUT    the attachment is not what the request says
 * CDR_E_POINT    one of the points is none, or is the identity; nothing is counted
 * CDR_E_SEQUENCE the sequence number was used for something else; both requests are kept
 * CDR_E_QUOTA    the quota of that purpose does not reach; nothing is counted
 */
cdr_err cdr_trustee_evaluate(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

#endif
