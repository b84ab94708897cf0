#ifndef CDR_NODE_MEMBER_INBOX_PARTS_H
#define CDR_NODE_MEMBER_INBOX_PARTS_H

/* What the parts of node/member/inbox.h share. */

#include "node/member/inbox.h"

/* What a request, and the leavers that it found, are sealed for (node/store/seal.h), and how long that may be. */
#define CDR_INBOX_PURPOSE "inbox"
#define CDR_INBOX_SEALED_MAX (CDR_MAIL_PLAIN_LEN + 1024)

/* What is known of a request id. */
struct cdr_inbox_known {
	char sender[CDR_SLUG_LEN_MAX + 1], stage[16], state[16];
};
/* Returns CDR_OK; CDR_E_ABSENT if it is new; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_inbox_known(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_inbox_known *known);

/* Make the row of a request what is given; a row that a probe made is replaced. */
CDR_MUST_CHECK cdr_err cdr_inbox_put(struct cdr_tx *tx, const Cdr__Wire__Letter *body, const char *stage, const char *state,
    uint64_t due_at, const struct cdr_buffer *sealed);

/* A request was laid before a person: tell our people, and begin its calendar. */
CDR_MUST_CHECK cdr_err cdr_inbox_begin(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__Letter *body);

/**
 * cdr_inbox_open_sealed(member, request_id, sealed, request, leavers, leaver_count):
 * Unseal what was laid before a person: the request, and whom stage 2 found (both outputs NULL: not wanted).
 *
 * Returns  CDR_OK; CDR_E_STORE if it is not what was written; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_open_sealed(const struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_bytes sealed, struct cdr_inbox_request *request, uint8_t (*leavers)[CDR_ID_LEN], size_t *leaver_count);

/* What a request says, checked for its lengths and dates. Returns CDR_OK; CDR_E_INPUT, CDR_E_RANGE. */
CDR_MUST_CHECK cdr_err cdr_inbox_request_parse(const Cdr__Wire__DisclosureRequest *from, struct cdr_inbox_request *to);

#endif
