#ifndef CDR_NODE_HUB_WITNESS_PUSH_H
#define CDR_NODE_HUB_WITNESS_PUSH_H

/* Bringing one trustee up to a checkpoint. Internal to node/hub/witness. */

#include "node/hub/log.h"
#include "node/hub/witness.h"

/**
 * cdr_hub_witness_push(hub, line, roster, trustee, shown, witnessed, size, cosignature, fault):
 * Send leaves from where the trustee stands, in portions each with a checkpoint of its own, until it cosigns ${shown}.
 *
 * witnessed    in       the newest that enough cosigned, shown beside; size 0: none
 * size         in/out   of the log that the trustee has, as far as is known; CDR_HUB_SIZE_UNKNOWN
 * cosignature  out      as the trustee sent it; not verified
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the roster has no such trustee; CDR_E_EXISTS if the trustee has seen more than ${shown}
 *          and the database holds that too; CDR_E_STORE, with *size above shown->size, if it does not; CDR_E_PROOF
 *          if the trustee finds that the log does not extend what it saw; CDR_E_INPUT for an answer without sense;
 *          CDR_E_STORE; CDR_E_MEMORY; as cdr_ask_send.
 */
#define CDR_HUB_SIZE_UNKNOWN UINT64_MAX
CDR_MUST_CHECK cdr_err cdr_hub_witness_push(struct cdr_hub *hub, const struct cdr_hub_line *line,
    const struct cdr_roster *roster, uint32_t trustee, const struct cdr_checkpoint *shown,
    const struct cdr_checkpoint *witnessed, uint64_t *size,
    struct cdr_cosignature *cosignature, struct cdr_fault *fault);

#endif
