#ifndef CDR_NODE_TRUSTEE_INDEX_WATCH_H
#define CDR_NODE_TRUSTEE_INDEX_WATCH_H

/*
 * Whether the hub answers checks from its newest index. The leaf of a check names the root that its answer was proved by: it must be
 * the newest root of that epoch in the log, and no change of the index may stand behind it. Members see a commitment in the place of
 * others' changes; the trustees see them all.
 *
 * A leaf that says otherwise is in the log for good, and so is cosigned like any other: it is kept as the hub's lie, and told.
 */

#include "audit/leaf.h"
#include "node/store/query.h"

#define CDR_TRUSTEE_LIE_MAX 1000

/* A leaf as it was shown. */
struct cdr_trustee_shown {
	uint64_t place;
	const struct cdr_leaf *leaf;
	struct cdr_bytes bytes, salt;   /* as they open the entry */
};

/* From ${place} on this trustee sees leaves; the first call counts. In the transaction in which leaves are taken in. */
CDR_MUST_CHECK cdr_err cdr_trustee_index_begin(struct cdr_tx *tx, uint64_t place);

/**
 * cdr_trustee_index_see(tx, shown, now, is_lie):
 * Take in the next leaf that was opened, of whatever kind.
 *
 * is_lie  out   a check was answered from an old index: kept in table log_lie
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_BUSY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_index_see(struct cdr_tx *tx, const struct cdr_trustee_shown *shown, uint64_t now, bool *is_lie);

#endif
