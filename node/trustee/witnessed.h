#ifndef CDR_NODE_TRUSTEE_WITNESSED_H
#define CDR_NODE_TRUSTEE_WITNESSED_H

/*
 * What enough witnesses cosigned, as a trustee was shown it by the hub or by members; and what it tells others of the log. In memory alone: after a start the
 * hub shows it again, and until then members bring proofs.
 */

#include "audit/checkpoint.h"
#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

/* Remember the newest checkpoint with enough cosignatures that a member or the hub showed, and that agrees with what this trustee saw. */
void cdr_trustee_witnessed_keep(struct cdr_trustee *trustee, const struct cdr_checkpoint *checkpoint);

/**
 * cdr_trustee_witnessed_match(trustee, roster, checkpoint):
 * The same of one whose root this trustee hashed itself, while it had nothing to catch up with: the evaluations in it may be asked now.
 *
 * roster  in   by which it is witnessed
 *
 * Returns  whether there are more of them than before.
 */
bool cdr_trustee_witnessed_match(struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_checkpoint *checkpoint);

/*
 * How long the log is, as this trustee saw it, of which the hub has shown that enough witnesses of ${roster} cosigned it. What stands there
 * needs no proof to this trustee: it hashed every leaf itself. Under another roster than before those count who stand in it with the same key.
 */
uint64_t cdr_trustee_witnessed_size(struct cdr_trustee *trustee, const struct cdr_roster *roster);

/* What was shown last, with the cosignatures of those who are trustees in ${roster}; size 0: nothing. */
void cdr_trustee_witnessed_last(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_checkpoint *shown);

/*
 * /v1/witness/latest: Empty to WitnessLatest, by a member or a trustee: so that members can compare what they are shown, and see who
 * cosigned what was shown to others; and whoever has to catch up learns how far the log had come.
 *
 * CDR_E_ABSENT     this trustee has witnessed nothing yet
 * CDR_E_BUSY       it has to catch up itself, and knows nothing that the hub did not tell it just now
 */
cdr_err cdr_trustee_witness_latest(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

#endif
