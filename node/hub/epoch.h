#ifndef CDR_NODE_HUB_EPOCH_H
#define CDR_NODE_HUB_EPOCH_H

/* The change from one epoch to the next, on the hub's side: who has moved, and the end of the old one. */

#include "node/hub/hub.h"

/**
 * cdr_hub_epoch_ask(hub, now, number, before, fault):
 * Let the trustees make the next epoch's key although the present one has time left. They do it when their operators begin: a hub
 * alone ends no epoch.
 *
 * number    out   of the epoch that is asked for
 * before    out   when it was asked for before, in s since 1970 UTC; 0: it was not
 *
 * Returns  CDR_OK, also if it was asked for before; CDR_E_EPOCH before there is a first epoch, or while there are two; CDR_E_STORE;
 *          CDR_E_MEMORY. ${number} and ${before} are 0 on error.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_ask(struct cdr_hub *hub, uint64_t now, uint32_t *number, uint64_t *before,
    struct cdr_fault *fault);

/**
 * cdr_hub_epoch_asked(tx, roster, number, asked_at):
 * The epoch that was asked for and that ${roster} does not have yet.
 *
 * Returns  CDR_OK, with ${number} 0 if there is none; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_asked(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t *number, uint64_t *asked_at);

/**
 * cdr_hub_epoch_log(tx, roster, now):
 * The leaves of what a roster does to keys, right behind its own leaf (audit/key_leaf.h).
 *
 * roster  in    comes into force in this transaction; the one before it is stored
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_log(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now);

/**
 * cdr_hub_epoch_forget(hub, now):
 * Delete, some at a time, the rows of epochs that the roster no longer names; and before that note by name who had people
 * there and has none in the newest. The log says that it is done once they are in no file any more.
 *
 * Returns  CDR_OK once nothing is left of them; CDR_E_BUSY where somebody reads for long; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL. Then
 *          calling again goes on.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_forget(struct cdr_hub *hub, uint64_t now);

/* How far one member is: people in the epoch before and in the newest. */
struct cdr_hub_epoch_member {
	char id[CDR_SLUG_LEN_MAX + 1];
	uint64_t before, newest;
};

/**
 * cdr_hub_epoch_members(tx, roster, list, count):
 * Every active member of ${roster}.
 *
 * list   out   new, owned by the caller (free); NULL on error, or if the roster has no member
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_members(struct cdr_tx *tx, const struct cdr_roster *roster,
    struct cdr_hub_epoch_member **list, size_t *count);

#endif
