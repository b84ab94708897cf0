#ifndef CDR_NODE_MEMBER_INDEX_H
#define CDR_NODE_MEMBER_INDEX_H

/*
 * Bringing the register to the hub's index: tokens, tags, rows padded and shuffled, batches that the hub acknowledges.
 *
 * A batch is written before it is sent and deleted when the hub has it; a repeat changes nothing there. So the node may be
 * killed at any moment, and goes on where it was.
 */

#include "node/member/member.h"

/**
 * cdr_index_step(member, worked, fault):
 * Send the batches that wait, removals first; then make batches of leavers that wait, and send them.
 *
 * worked  out   whether there was anything to do
 *
 * Returns  CDR_OK; as cdr_member_scheme, cdr_evaluate and cdr_ask_send. What was not done is done by calling again.
 */
CDR_MUST_CHECK cdr_err cdr_index_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
