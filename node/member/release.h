#ifndef CDR_NODE_MEMBER_RELEASE_H
#define CDR_NODE_MEMBER_RELEASE_H

/*
 * The newest release, from the hub: taken only with the hub's receipt for exactly these bytes, which the daily check of the log proves from
 * then on like any other; and looked for in the witnessed log at once.
 */

#include "node/member/member.h"

struct cdr_member_release {
	struct cdr_buffer json;      /* as published */
	uint64_t place;              /* of its leaf in the log */
	bool is_witnessed;           /* the log that the trustees cosigned holds it; else they have not seen it yet */
};
void cdr_member_release_free(struct cdr_member_release *release);

/**
 * cdr_member_release_fetch(member, period, release, fault):
 * period    in    "2025-H1"; NULL: the newest of all
 * release   out   freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if nothing was published; CDR_E_PROOF if the receipt is of something else, or what the hub shows of its log
 *          does not hold (`candor audit check` says what); as cdr_member_ask_hub; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_member_release_fetch(struct cdr_member *member, const char *period,
    struct cdr_member_release *release, struct cdr_fault *fault);

#endif
