#ifndef CDR_NODE_MEMBER_EPOCH_H
#define CDR_NODE_MEMBER_EPOCH_H

/* The change from one epoch to the next, on a member's side. */

#include "node/member/member.h"

/**
 * cdr_epoch_shift(member, number):
 * If the index was made under an earlier epoch than ${number}: everybody in the register waits for the index again, under a
 * new random handle, in the order of which they are sent. So the hub cannot tell from handles or their order who in the old
 * epoch is who in the new one. The old handles are still known while letters name them. Some people in one
 * transaction: who was interrupted goes on before anything else is sent.
 *
 * Returns  CDR_OK, also if nothing was to do; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_epoch_shift(struct cdr_member *member, uint32_t number);

/**
 * cdr_epoch_leave(tx, leaver):
 * The leaver goes, or stands in the register with other particulars: the hub must forget it in the epoch before too, where it
 * stands under the handle that it had then.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_epoch_leave(struct cdr_tx *tx, const uint8_t leaver[static CDR_ID_LEN]);

/**
 * cdr_epoch_has(tx, epoch, handle, has):
 * Whether the index of ${epoch}, as far as the hub has acknowledged it, holds one of our people under ${handle}.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_epoch_has(struct cdr_tx *tx, int64_t epoch, const uint8_t handle[static CDR_HANDLE_LEN], bool *has);

#endif
