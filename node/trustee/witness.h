#ifndef CDR_NODE_TRUSTEE_WITNESS_H
#define CDR_NODE_TRUSTEE_WITNESS_H

/*
 * A trustee as witness of the log: the hub shows it every leaf, in order; it hashes them behind those that it saw, and
 * cosigns a checkpoint only if that is its root. So what it cosigned once stays in the log, or it will not cosign again.
 * Evaluations that it sees are counted against their member's quota, whoever of the trustees will be asked for them.
 */

#include "audit/checkpoint.h"
#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_FORK_MAX 100 /* contradictions that are kept; the first tell the most */

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

/*
 * /v1/witness/latest: Empty to WitnessLatest, by a member: so that members can compare what they are shown, and see who
 * cosigned what was shown to others.
 *
 * CDR_E_ABSENT     this trustee has witnessed nothing yet
 */
cdr_err cdr_trustee_witness_latest(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* The right edge of the log that this trustee has seen. */
CDR_MUST_CHECK cdr_err cdr_trustee_log_edge(struct cdr_tx *tx, struct cdr_merkle_edge *edge);

/*
 * How long the log is, as this trustee saw it, of which the hub has shown that enough witnesses cosigned it. What stands there needs no
 * proof to this trustee: it hashed every leaf itself.
 */
uint64_t cdr_trustee_witnessed_size(struct cdr_trustee *trustee);

/* How long the log is that this trustee has seen. */
CDR_MUST_CHECK cdr_err cdr_trustee_log_size(struct cdr_tx *tx, uint64_t *size);

/**
 * cdr_trustee_log_compare(tx, checkpoint, contradicts):
 * Whether a checkpoint that the hub signed contradicts what this trustee saw: another root at a size that it knows.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_log_compare(struct cdr_tx *tx, const struct cdr_checkpoint *checkpoint,
    bool *contradicts);

/**
 * cdr_trustee_fork_keep(trustee, roster, checkpoint, note):
 * Keep two checkpoints that contradict each other, and tell the log who signed both.
 */
void cdr_trustee_fork_keep(struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_checkpoint *checkpoint, struct cdr_bytes note);

/* Remember the newest checkpoint with enough cosignatures that a member or the hub showed, and that agrees with what this trustee saw. */
void cdr_trustee_witnessed_keep(struct cdr_trustee *trustee, const struct cdr_checkpoint *checkpoint);

#endif
