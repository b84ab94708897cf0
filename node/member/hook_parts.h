#ifndef CDR_NODE_MEMBER_HOOK_PARTS_H
#define CDR_NODE_MEMBER_HOOK_PARTS_H

/* What the parts of node/member/hook share. */

#include "node/member/hook.h"

#define CDR_HOOK_PURPOSE "hook"

/* The id under which a hook's secret is sealed, and which the trail names. */
void cdr_hook_id(uint64_t number, uint8_t id[static CDR_ID_LEN]);

#endif
