#ifndef CDR_NODE_HUB_SWEEP_H
#define CDR_NODE_HUB_SWEEP_H

/* What has outlived its purpose goes: the hub keeps nothing longer than the exchange needs it. */

#include "node/hub/hub.h"

/**
 * cdr_hub_sweep(hub, now, fault):
 * Delete people whose month of expiry is past, checks and letters older than the scheme's expiry_days, ids of taken mail
 * and of batches, closed checks and unused invitations after CDR_HUB_TAKEN_DAYS, ceremony messages after
 * CDR_HUB_CEREMONY_DAYS; leaves of the log as cdr_hub_log_expire says. In small transactions, so that requests are served
 * meanwhile; any number of processes may do it at once. Then the database's log is cut, so that no file has any of it; where somebody reads
 * just then, by the next call.
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_BUSY, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_sweep(struct cdr_hub *hub, uint64_t now, struct cdr_fault *fault);

#endif
