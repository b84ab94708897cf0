#ifndef CDR_NODE_HUB_INDEX_H
#define CDR_NODE_HUB_INDEX_H

/* The index: what members put in and take out, under their own handles only. */

#include "node/hub/hub.h"

/*
 * /v1/index/put: IndexPut to IndexPutReply, all of it or nothing. What a handle had before in this epoch goes; a
 * removed handle goes from every epoch. CDR_E_INPUT for what is no batch, or a person who has not 16, 32 or 64 possible rows; CDR_E_RANGE for
 * one that is too large, an expiry beyond the look-back, or more rows under a tag than a member may have; CDR_E_EPOCH; CDR_E_EXISTS if the batch
 * stands for other content; CDR_E_QUOTA beyond import_points rows.
 */
cdr_err cdr_hub_index_put(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/index/handles: IndexHandles to IndexHandlesReply. The asker's own, and nobody else's. CDR_E_INPUT for a handle that is none. */
cdr_err cdr_hub_index_handles(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/**
 * cdr_hub_index_forget(tx, member):
 * Remove everything that ${member} has in the index.
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_index_forget(struct cdr_tx *tx, const char *member);

/**
 * cdr_hub_index_expire(tx, month, max, removed_count):
 * Remove at most ${max} people whose month of expiry is before ${month}.
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_index_expire(struct cdr_tx *tx, uint32_t month, size_t max, size_t *removed_count);

#endif
