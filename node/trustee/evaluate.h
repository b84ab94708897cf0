#ifndef CDR_NODE_TRUSTEE_EVALUATE_H
#define CDR_NODE_TRUSTEE_EVALUATE_H

/*
 * What a trustee is for: multiply blinded points by its share of the key, prove it, and count.
 *
 * It cannot tell what it evaluates; so it looks how much, for each member, epoch and purpose: only what stands in a log that
 * enough witnesses cosigned is evaluated, and there it was counted (node/trustee/witness.h) before anybody was asked. Who
 * kills a trustee, asks twice or asks another one gains nothing.
 */

#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

/*
 * /v1/evaluate: EvaluateRequest to EvaluateReply, the points in the attachments; behind those of the request an Inclusion, where the member has
 * one. Without it the hub must have shown this trustee that enough have cosigned (node/trustee/witnessed.h).
 *
 * CDR_E_REFUSED  the request names another member than its signer, or an unknown purpose
 * CDR_E_EPOCH    no epoch of that number is in force, or this trustee has no share of its key
 * CDR_E_BUSY     a newer roster or other shares came into force meanwhile; or this trustee has not seen the log so far, or not that enough
 *                have cosigned it: then the answer's turn is CDR_TURN_EARLY. Ask again
 * CDR_E_RANGE    0, or more than CDR_EVALUATE_POINTS_MAX points
 * CDR_E_INPUT    the attachment is not what the request says
 * CDR_E_POINT    one of the points is none, or is the identity
 * CDR_E_PROOF    the log does not hold the request, or too few witnesses cosigned; a checkpoint that contradicts what this
 *                trustee saw is kept as evidence against the hub
 * CDR_E_SEQUENCE the sequence number stands in the log for something else
 * CDR_E_QUOTA    the quota of that purpose did not reach when the log counted it
 */
cdr_err cdr_trustee_evaluate(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/**
 * cdr_trustee_misuse_keep(tx, signing_key, sequence, body, signature, now):
 * Keep what shows that a member signed two requests under one number: the one that was evaluated, or counted, and this one. The first contradiction is enough.
 *
 * body, signature  in   of the second request, as the member signed it
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_misuse_keep(struct cdr_tx *tx, struct cdr_bytes signing_key, uint64_t sequence, struct cdr_bytes body,
    struct cdr_bytes signature, uint64_t now);

#endif
