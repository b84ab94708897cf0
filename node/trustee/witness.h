#ifndef CDR_NODE_TRUSTEE_WITNESS_H
#define CDR_NODE_TRUSTEE_WITNESS_H

/*
 * A trustee as witness of the log: the hub shows it every leaf, in order; it hashes them behind those that it saw, and
 * cosigns a checkpoint only if that is its root. So what it cosigned once stays in the log, or it will not cosign again.
 * Evaluations that it sees are counted against their member's quota, whoever of the trustees will be asked for them.
 */

#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

/*
 * /v1/witness: WitnessRequest to WitnessReply, by the hub.
 *
 * CDR_E_INPUT      leaves or checkpoint are malformed
 * CDR_E_SIGNATURE  the checkpoint is not signed by the hub
 * CDR_E_PROOF      the log does not extend what this trustee saw, or a leaf is not the one that the tree holds; kept as
 *                  evidence, and never cosigned
 * CDR_E_BUSY       a member evaluates that is in no roster here, and a newer one cannot be had: again later
 */
cdr_err cdr_trustee_witness(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

#endif
