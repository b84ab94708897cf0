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
	bool is_never;               /* signed away */
};
void cdr_round_known_free(struct cdr_round_known *known);

/* CDR_OK, also for a round that is not known; CDR_E_STORE; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_round_known_read(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_round_known *known);

/**
 * cdr_round_known_put(trustee, round, close, sums, fault):
 * Remember that the sums of this round were verified, with whom, and that they are going to be opened: from now on nothing
 * about some of its months is, but other tables of exactly the same contributors. One transaction looks and remembers.
 *
 * Returns  CDR_OK; CDR_E_REFUSED with why it must not be opened; CDR_E_EXISTS if it is known; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_round_known_put(struct cdr_trustee *trustee, const struct cdr_round *round,
    const struct cdr_close *close, struct cdr_bytes sums, struct cdr_fault *fault);

/*
 * Keep an answer before it is sent. An answer that is there already stays, unless it was made with a share that was renewed since
 * (${renewed}): CDR_E_EXISTS. Nor is there room for one once it was signed that there is none.
 */
CDR_MUST_CHECK cdr_err cdr_round_first_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_bytes request, bool renewed);
CDR_MUST_CHECK cdr_err cdr_round_second_put(struct cdr_trustee *trustee, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const uint8_t set_hash[static CDR_ROUND_HASH_LEN], struct cdr_bytes request, bool renewed);

/*
 * Never answer in this round; ${why} is kept. CDR_OK, also if that is so already; CDR_E_REFUSED if an answer was given, or may have been in a time
 * that a backup has forgotten; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_round_never_put(struct cdr_trustee *trustee, const struct cdr_round *round, const char *why,
    struct cdr_fault *fault);

/* Rounds that were refused and that the operator wants to be looked at once more. */
#define CDR_ROUND_AGAIN_MAX 16
struct cdr_round_again {
	uint8_t hash[CDR_ROUND_AGAIN_MAX][CDR_ROUND_HASH_LEN];
	size_t count;
};
CDR_MUST_CHECK cdr_err cdr_round_again_read(struct cdr_trustee *trustee, struct cdr_round_again *again);
/* The hub has been told. */
CDR_MUST_CHECK cdr_err cdr_round_again_done(struct cdr_trustee *trustee);
/* Of a period; ${count}: how many there are. */
CDR_MUST_CHECK cdr_err cdr_round_again_put(struct cdr_store *store, const char *period, size_t *count);

/* Remember why this round is refused, the first time. */
CDR_MUST_CHECK cdr_err cdr_round_refusal_put(struct cdr_trustee *trustee, const struct cdr_round *round, const char *reason);

#endif
