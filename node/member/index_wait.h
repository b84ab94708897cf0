#ifndef CDR_NODE_MEMBER_INDEX_WAIT_H
#define CDR_NODE_MEMBER_INDEX_WAIT_H

/* Why nothing reaches the index, as the daemon met it last: for whoever looks how far it is. */

#include "node/member/member.h"

struct cdr_index_wait {
	uint64_t since;              /* seconds since 1970; 0: nothing stands in the way */
	char code[24];               /* as cdr_err_name */
	char why[CDR_FAULT_LEN];     /* in the words of this node or of whoever refused */
};

/* A step of the index ended with ${result}, because of ${why}: written down where that is news. ${why} is read where result is an error alone. */
CDR_MUST_CHECK cdr_err cdr_index_wait_note(struct cdr_member *member, cdr_err result, const char *why);

/* A part of a job. */
CDR_MUST_CHECK cdr_err cdr_index_wait_read(struct cdr_tx *tx, struct cdr_index_wait *wait);

/* What it means for people, and what to do: "en", "fr", "es", "ar" (others: English). */
const char *cdr_index_wait_text(const struct cdr_index_wait *wait, const char *language);

#endif
