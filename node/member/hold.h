#ifndef CDR_NODE_MEMBER_HOLD_H
#define CDR_NODE_MEMBER_HOLD_H

/* Legal holds: what stands under one is erased by no timer and by nobody, until it is lifted. It says who set it, and why. */

#include "node/member/member.h"

#define CDR_HOLD_WHO_LEN 120
#define CDR_HOLD_REASON_LEN 1000

struct cdr_hold {
	uint8_t id[CDR_ID_LEN];
	char kind[16];                    /* check, request, leaver, case */
	char who[CDR_HOLD_WHO_LEN];
	uint64_t set_at;
	char reason[CDR_HOLD_REASON_LEN]; /* may be personal: wiped by whoever read it */
};

/**
 * cdr_hold_set(member, hold, fault), cdr_hold_lift(member, id, fault):
 * Set one on a check (with every request of it), a request of others, a leaver or a case, which ${hold}->id names; kind and set_at are filled
 * in here. Setting it again changes who and why.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such thing, or no hold on it; CDR_E_INPUT if it does not say who and why; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hold_set(struct cdr_member *member, struct cdr_hold *hold, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_hold_lift(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault);

/* Whether a hold is set on what ${id} names; if so, a fault that says who set it. Returns CDR_OK; CDR_E_REFUSED; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_hold_check(struct cdr_tx *tx, const uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault);

/* For SQL: the checks and requests (of ours and of others) that a hold keeps, a check with every request of it, sent or asked of a guest. */
#define CDR_HOLD_IDS \
	"SELECT id FROM legal_hold UNION SELECT e.request_id FROM employer e, legal_hold h WHERE h.id = e.check_id" \
	" UNION SELECT g.id FROM guest g, legal_hold h WHERE h.id = g.check_id"

/* Call ${callback} for each. Returns CDR_OK; the callback's error; CDR_E_STORE. */
typedef cdr_err cdr_hold_callback(const struct cdr_hold *hold, void *context);
CDR_MUST_CHECK cdr_err cdr_hold_each(struct cdr_member *member, cdr_hold_callback *callback, void *context);

#endif
