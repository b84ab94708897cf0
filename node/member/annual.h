#ifndef CDR_NODE_MEMBER_ANNUAL_H
#define CDR_NODE_MEMBER_ANNUAL_H

/* The annual return of this organisation: from what was counted (node/member/count.h) to a signed return at the hub. */

#include "node/member/count.h"
#include "node/member/member.h"
#include "proto/annual.h"

/* What is known of a year's return. state: "" (none), signed, sent, refused. */
struct cdr_annual_state {
	unsigned year;
	char state[16];
	struct cdr_annual_signed annual; /* the newest that was signed */
	uint64_t sent_at;
};

/* The figures of ${year} as they are now. Returns CDR_OK; CDR_E_RANGE; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_annual_collect(struct cdr_member *member, unsigned year, struct cdr_annual *annual);

/**
 * cdr_annual_record(member, what, n, fault):
 * Count what no other act counts: "complaint_received", "complaint_upheld", "lawsuit".
 *
 * Returns  CDR_OK once durable; CDR_E_INPUT for another word; CDR_E_RANGE; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_annual_record(struct cdr_member *member, const char *what, uint64_t n, struct cdr_fault *fault);

/**
 * cdr_annual_make(member, year, signed_by, unchecked, state, fault):
 * Sign the figures of ${year} as they are now, as the next revision, to be sent.
 *
 * unchecked  in   recruitments in which Candor had no part; SIZE_MAX: as said before
 *
 * Returns  CDR_OK once durable; CDR_E_RANGE for the name or after too many revisions; CDR_E_TIME for a year that has not begun; as
 *          cdr_annual_check; CDR_E_ABSENT before joining; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_annual_make(struct cdr_member *member, unsigned year, const char *signed_by, size_t unchecked,
    struct cdr_annual_state *state, struct cdr_fault *fault);

/**
 * cdr_annual_send(member, year, state, fault):
 * Send the signed return to the hub. Again is the same.
 *
 * Returns  CDR_OK once the hub has it; CDR_E_ABSENT if nothing was signed; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_annual_send(struct cdr_member *member, unsigned year, struct cdr_annual_state *state, struct cdr_fault *fault);

/* What is known of ${year}; state "" if nothing was signed. */
CDR_MUST_CHECK cdr_err cdr_annual_read(struct cdr_member *member, unsigned year, struct cdr_annual_state *state, struct cdr_fault *fault);

#endif
