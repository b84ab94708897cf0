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
 * /v1/ceremony/result: CeremonyResult to Empty. Once t trustees posted the same, the key is in the proposal; once all
 * did, the messages are deleted. CDR_E_EXISTS if the trustee said something else before; CDR_E_EPOCH for another number
 * than that of the newest key of its kind or the one after.
 */
cdr_err cdr_hub_ceremony_result(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* Keys that wait to be in a roster. Zeroed: none. */
#define CDR_HUB_NEW_KEYS_MAX 2
struct cdr_hub_new_keys {
	struct cdr_arena arena[CDR_HUB_NEW_KEYS_MAX];
	struct cdr_roster_key key[CDR_HUB_NEW_KEYS_MAX]; /* borrow from the arenas */
	size_t count;
};

void cdr_hub_new_keys_free(struct cdr_hub_new_keys *keys);

/**
 * cdr_hub_new_keys_read(tx, roster, now, keys):
 * Of each kind the key after the newest of ${roster} if t trustees posted the same result for it; it begins at ${now} and
 * ends CDR_HUB_EPOCH_DAYS or CDR_HUB_STATISTICS_KEY_DAYS later.
 *
 * keys   out   freed by the caller also on error
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_new_keys_read(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now,
    struct cdr_hub_new_keys *keys);

#endif
