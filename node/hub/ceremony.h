#ifndef CDR_NODE_HUB_CEREMONY_H
#define CDR_NODE_HUB_CEREMONY_H

/* What the trustees write to each other while they make a key. The hub keeps it and hands it out; it judges nothing. */

#include "node/hub/hub.h"

/*
 * /v1/ceremony/post: CeremonyMessage to Empty. One message for a round, a sender and a receiver: a repeat is harmless,
 * another one is CDR_E_EXISTS and noted. CDR_E_REFUSED in another trustee's name; CDR_E_RANGE; CDR_E_QUOTA.
 */
cdr_err cdr_hub_ceremony_post(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* /v1/ceremony/fetch: CeremonyFetch to CeremonyMessages: of that round, from or for the caller, or for all. */
cdr_err cdr_hub_ceremony_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/ceremony/result: CeremonyResult to Empty. Once t trustees posted the same, the epoch is in the proposal; once all
 * did, the messages are deleted. CDR_E_EXISTS if the trustee said something else before; CDR_E_EPOCH for another number
 * than the newest epoch's or the one after.
 */
cdr_err cdr_hub_ceremony_result(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* An epoch that waits to be in a roster. Zeroed: none. */
struct cdr_hub_new_epoch {
	struct cdr_arena arena;
	Cdr__Wire__Epoch *epoch; /* in the arena */
};

void cdr_hub_new_epoch_free(struct cdr_hub_new_epoch *epoch);

/**
 * cdr_hub_new_epoch_read(tx, roster, now, epoch):
 * The epoch after the newest of ${roster} if t trustees posted the same result for it; it begins at ${now} and ends
 * CDR_HUB_EPOCH_DAYS later.
 *
 * epoch   out   epoch->epoch is NULL if there is none; freed by the caller also on error
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_new_epoch_read(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now,
    struct cdr_hub_new_epoch *epoch);

#endif
