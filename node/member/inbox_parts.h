#ifndef CDR_NODE_MEMBER_INBOX_PARTS_H
#define CDR_NODE_MEMBER_INBOX_PARTS_H

/* What the parts of node/member/inbox.h share. */

#include "node/member/inbox.h"

/* What a request, and the leavers that it found, are sealed for (node/store/seal.h), and how long that may be. */
#define CDR_INBOX_PURPOSE "inbox"
#define CDR_INBOX_SEALED_MAX (CDR_MAIL_PLAIN_LEN + 1024)

/* What a request says, checked for its lengths and dates. Returns CDR_OK; CDR_E_INPUT, CDR_E_RANGE. */
CDR_MUST_CHECK cdr_err cdr_inbox_request_parse(const Cdr__Wire__DisclosureRequest *from, struct cdr_inbox_request *to);

#endif
