#ifndef CDR_NODE_HUB_PROPOSAL_H
#define CDR_NODE_HUB_PROPOSAL_H

/*
 * The next roster: everything that is to change, in one version, until t trustees have countersigned it.
 *
 * There is at most one proposal. It follows from the database alone: members whose entry here differs from the roster in
 * force, and a key on which t trustees agree. When one of those changes the proposal is made anew with everything in it,
 * and its countersignatures start over; a member's next sealing key waits until those that there are have come to something.
 *
 * One thing does not wait for another: a suspension, a revocation or a member's next sealing key is countersigned by machines,
 * letting somebody in by people. So while there is something of the first kind, whoever joins or is restored comes in the
 * version after it.
 */

#include "node/hub/hub.h"

#define CDR_HUB_PROPOSAL_SECONDS 3600 /* a countersigned proposal is not replaced for what can wait */

/**
 * cdr_hub_proposal_make(tx, seed, now, fault):
 * Make the proposal that the database asks for, or remove the one that nothing asks for any more. One that is right
 * stays, with its countersignatures.
 *
 * seed   in, secret   the hub's
 *
 * Returns  CDR_OK; CDR_E_ROSTER if the roster would not be valid; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_proposal_make(struct cdr_tx *tx, const uint8_t *seed, uint64_t now,
    struct cdr_fault *fault);

/**
 * cdr_hub_proposal_add(tx, seed, now, fault):
 * As cdr_hub_proposal_make, for what can wait and what anybody may want as often as they like: a proposal that somebody has countersigned stays
 * until it is in force, or CDR_HUB_PROPOSAL_SECONDS old. The next one has what is new.
 *
 * Returns  as cdr_hub_proposal_make.
 */
CDR_MUST_CHECK cdr_err cdr_hub_proposal_add(struct cdr_tx *tx, const uint8_t *seed, uint64_t now, struct cdr_fault *fault);

/* /v1/roster/proposal: Empty to ProposalReply, empty where nothing waits. */
cdr_err cdr_hub_proposal(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/*
 * /v1/roster/countersign: CountersignRequest to Empty. With the t-th countersignature the version is in force, in the
 * same transaction. A repeat is harmless, also later. CDR_E_SIGNATURE; CDR_E_ABSENT if that proposal is no more.
 */
cdr_err cdr_hub_countersign(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
