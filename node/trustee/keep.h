#ifndef CDR_NODE_TRUSTEE_KEEP_H
#define CDR_NODE_TRUSTEE_KEEP_H

/*
 * What a trustee does with its keys by itself while it serves: sixty days before the newest key of a kind is to be followed,
 * by its own clock, it makes the next one together with the others. Earlier, or after somebody cheated, operators begin.
 */

#include "node/trustee/ceremony.h"

/* The ceremonies under way. Zeroed: none. */
struct cdr_trustee_keep {
	struct cdr_trustee_ceremony *run[2];
};

/**
 * cdr_trustee_keep_turn(keep, trustee, fault):
 * One turn of everything that is due.
 *
 * Returns  CDR_OK; as cdr_trustee_ceremony_turn (try again).
 */
CDR_MUST_CHECK cdr_err cdr_trustee_keep_turn(struct cdr_trustee_keep *keep, struct cdr_trustee *trustee,
    struct cdr_fault *fault);
void cdr_trustee_keep_end(struct cdr_trustee_keep *keep);

/* Whether, by our own clock, the newest key of this kind is to be followed soon. A hub that wants one earlier asks in vain. */
bool cdr_trustee_keep_is_time(const struct cdr_roster *roster, enum cdr_key_kind kind, uint64_t now);

#endif
