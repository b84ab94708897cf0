#ifndef CDR_NODE_TRUSTEE_ROUND_LOG_H
#define CDR_NODE_TRUSTEE_ROUND_LOG_H

/*
 * What the log says of rounds, as this trustee witnessed it. Two trustees that compare only what each was asked can be shown
 * different lists of contributors; the log is one for all of them: a closing counts where the log has it first, and only once
 * so many trustees have witnessed it that no other log can have as many.
 */

#include "audit/leaf.h"
#include "node/trustee/trustee.h"
#include "proto/tally.h"

/* A closing in the log. */
struct cdr_round_closing {
	uint64_t place;
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	uint64_t members, first_month, last_month;
	uint64_t roster_version;             /* the newest that the log told of before it */
};

/* The log of this trustee when it asked the hub what there is to do. */
struct cdr_round_view {
	uint64_t size;
	uint8_t root[CDR_MERKLE_HASH_LEN];
};

/* In the transaction that takes leaf ${place} in, one after the other: remember what matters here, and which roster came; other leaves are passed over. */
CDR_MUST_CHECK cdr_err cdr_round_log_take(struct cdr_tx *tx, uint64_t place, const struct cdr_leaf *leaf);

/* CDR_OK; CDR_E_STORE; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_round_log_view(struct cdr_trustee *trustee, struct cdr_round_view *view);

struct cdr_round_earlier {
	struct cdr_round_closing closing[CDR_ROUND_BEFORE_MAX];
	size_t count;
};

/**
 * cdr_round_log_closing(trustee, content, near, closing, earlier):
 * The first closing with that content, and those before it of which something may have been opened and that are about some of
 * the same months, or months no more than ${near} apart.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if this trustee has seen none; CDR_E_RANGE if there are more than CDR_ROUND_BEFORE_MAX; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_round_log_closing(struct cdr_trustee *trustee, const uint8_t *content, uint32_t near,
    struct cdr_round_closing *closing, struct cdr_round_earlier *earlier);

/* The first set of the closing at that place. CDR_OK; CDR_E_ABSENT; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_round_log_set(struct cdr_trustee *trustee, uint64_t closing, uint64_t *place,
    uint8_t content[static CDR_LEAF_CONTENT_LEN]);

/**
 * cdr_round_log_witnessed(trustee, roster, view, shown, place, fault):
 * Whether leaf ${place} of this trustee's log stands in a log that cdr_round_quorum trustees witnessed, and that is the same
 * log.
 *
 * shown   in   what the hub shows of it; NULL: nothing
 *
 * Returns  CDR_OK; CDR_E_BUSY if it does not yet; CDR_E_INPUT, CDR_E_SIGNATURE for what is no checkpoint; CDR_E_PROOF if it is another
 *          log.
 */
CDR_MUST_CHECK cdr_err cdr_round_log_witnessed(const struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_round_view *view, const Cdr__Wire__LogView *shown, uint64_t place, struct cdr_fault *fault);

#endif
