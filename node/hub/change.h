#ifndef CDR_NODE_HUB_CHANGE_H
#define CDR_NODE_HUB_CHANGE_H

/* The next set of trustees, as the secretariat proposes it. What makes it so is a ceremony, and t of the present ones. */

#include "node/hub/hub.h"
#include "proto/ceremony.h"

/* /v1/trustees/change: Empty to TrusteeChangeReply, empty where nothing is proposed. */
cdr_err cdr_hub_trustees_change(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/**
 * cdr_hub_change_read(tx, arena, change):
 * The newest proposal; NULL if there is none.
 *
 * arena    out   freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_change_read(struct cdr_tx *tx, struct cdr_arena *arena, Cdr__Wire__TrusteeChange **change);

/**
 * cdr_hub_change_put(hub, change, now, fault):
 * Propose. genesis and attempt are filled in: one more than that of the proposal before, so that what was begun for that one
 * is left where it is.
 *
 * Returns  CDR_OK; CDR_E_ROSTER if it cannot follow the roster in force; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_change_put(struct cdr_hub *hub, Cdr__Wire__TrusteeChange *change, uint64_t now,
    struct cdr_fault *fault);

#endif
