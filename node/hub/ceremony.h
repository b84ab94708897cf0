#ifndef CDR_NODE_HUB_CEREMONY_H
#define CDR_NODE_HUB_CEREMONY_H

/* What the trustees write to each other while they make a key, change its shares or give it to others. The hub keeps it and hands it out; it judges nothing. */

#include "node/hub/hub.h"
#include "proto/ceremony.h"

/*
 * /v1/ceremony/post: CeremonyMessage to Empty. One message for a round, a sender and a receiver: a repeat is harmless,
 * another one is CDR_E_EXISTS and noted. CDR_E_INPUT for an id that is none; CDR_E_REFUSED in another trustee's name, or from who is no trustee and in
 * no change; CDR_E_RANGE for a round, a receiver or a length that there is not; CDR_E_QUOTA.
 */
cdr_err cdr_hub_ceremony_post(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* The keys that messages of callers bring whom no roster names yet; then a change of trustees must name them. */
struct cdr_bytes cdr_hub_ceremony_post_key(const ProtobufCMessage *message);
struct cdr_bytes cdr_hub_ceremony_fetch_key(const ProtobufCMessage *message);

/* /v1/ceremony/fetch: CeremonyFetch to CeremonyMessages: of that round, from or for the caller, or for all. CDR_E_INPUT, CDR_E_REFUSED as above. */
cdr_err cdr_hub_ceremony_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/ceremony/result: CeremonyResult to Empty. Once t trustees posted the same, the key is in the proposal; once all
 * did, the messages are deleted. CDR_E_INPUT if it lacks something; CDR_E_EXISTS if the trustee said something else of that ceremony before; CDR_E_EPOCH
 * for a key that is neither there nor the next; CDR_E_QUOTA beyond CDR_HUB_RESULTS_A_DAY.
 */
cdr_err cdr_hub_ceremony_result(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* /v1/ceremony/due: Empty to CeremonyDue: the keys that follow those whose time is nearly up, or that the secretariat asked for. */
cdr_err cdr_hub_ceremony_due(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* Keys that wait to be in a roster, as they are to stand there. Zeroed: none. */
#define CDR_HUB_NEW_KEYS_MAX (CDR_KEY_COUNT_MAX + 2)
struct cdr_hub_new_keys {
	struct cdr_arena arena[CDR_HUB_NEW_KEYS_MAX];
	struct cdr_roster_key key[CDR_HUB_NEW_KEYS_MAX]; /* borrow from the arenas */
	struct cdr_arena change_arena;
	Cdr__Wire__TrusteeChange *change;                /* the trustees whose these keys are to be; NULL: the same as now */
	size_t count;
};

void cdr_hub_new_keys_free(struct cdr_hub_new_keys *keys);

/**
 * cdr_hub_new_keys_read(tx, roster, now, keys):
 * What t trustees agree upon: other shares of the keys of ${roster}, and of each kind the next key, which begins at ${now} and
 * ends CDR_HUB_EPOCH_DAYS or CDR_HUB_STATISTICS_KEY_DAYS later. Where they agree upon all keys in the hands of other
 * trustees, these alone.
 *
 * keys   out   freed by the caller also on error
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_new_keys_read(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now,
    struct cdr_hub_new_keys *keys);

#endif
