#ifndef CDR_NODE_TRUSTEE_ROUND_STORE_H
#define CDR_NODE_TRUSTEE_ROUND_STORE_H

/* What a trustee remembers of rounds. Internal to node/trustee/round.c. */

#include "node/trustee/trustee.h"
#include "proto/tally.h"

/* A round as it is known here. Zeroed: not at all. Buffers are empty where there is nothing. */
struct cdr_round_known {
	bool is_known;
	uint8_t close_hash[CDR_ROUND_HASH_LEN];
	struct cdr_buffer sums;
	struct cdr_buffer first;     /* our answers, as they were signed */
	struct cdr_buffer second;
	bool has_set;
	uint8_t set_hash[CDR_ROUND_HASH_LEN];
	bool is_refused;
};
void cdr_round_known_free(struct cdr_round_known *known);

/* CDR_OK, also for a round that is not known; CDR_E_STORE; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_round_known_read(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_round_known *known);

/**
 * cdr_round_known_put(trustee, round, close, sums, minimum, fault):
 * Remember that the sums of this round were verified, with whom, and that they are going to be opened: from now on nothing
 * that is too close to it is. One transaction looks and remembers.
 *
 * Returns  CDR_OK; CDR_E_REFUSED with why it must not be opened; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_round_known_put(struct cdr_trustee *trustee, const struct cdr_round *round,
    const struct cdr_close *close, struct cdr_bytes sums, uint32_t minimum, struct cdr_fault *fault);

/* Keep an answer before it is sent. An answer that is there already stays, and is read instead: CDR_E_EXISTS. */
CDR_MUST_CHECK cdr_err cdr_round_first_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_bytes request);
CDR_MUST_CHECK cdr_err cdr_round_second_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const uint8_t set_hash[static CDR_ROUND_HASH_LEN], struct cdr_bytes request);

/* Remember why this round is refused, the first time. */
CDR_MUST_CHECK cdr_err cdr_round_refusal_put(struct cdr_trustee *trustee, const struct cdr_round *round, const char *reason);

#endif
