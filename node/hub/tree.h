#ifndef CDR_NODE_HUB_TREE_H
#define CDR_NODE_HUB_TREE_H

/*
 * The tree over the index (audit/index.h), kept beside it: whoever puts or removes notes which tags changed, and the tree is
 * brought up to date, its root logged, in the transaction of the next answer that needs it. So every answer is about the index
 * as it is at that moment, and a thousand changes cost little more than one.
 *
 * In the tree are the rows of members that are active. Rows whose time is over stay until the sweep takes them.
 */

#include "audit/index_answer.h"
#include "node/hub/match.h"

/**
 * cdr_hub_tree_note(tx, epoch, tags, count):
 * Note that the rows of ${count} tags changed.
 *
 * tags  in   17 bytes each: tag and type, as person.tags holds them
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_BUSY, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_tree_note(struct cdr_tx *tx, uint32_t epoch, const uint8_t *tags, size_t count);

/*
 * A change of the index stands at ${place} in the log: no answer is proved by a root before it, whether it changed that epoch's tree
 * or not. Who sees the log sees no more than that (node/trustee/index_watch.h). In the transaction of the leaf.
 */
CDR_MUST_CHECK cdr_err cdr_hub_tree_batch_note(struct cdr_tx *tx, uint64_t place);

/* The newest root of an epoch. */
struct cdr_hub_root {
	uint64_t number;
	uint8_t hash[CDR_INDEX_HASH_LEN];
	uint64_t people;
	uint64_t made_at;
	uint64_t position;    /* of its leaf in the log */
};

/* The tree of an epoch, open within one transaction. Secret: wiped by cdr_hub_tree_close. */
struct cdr_hub_tree;

/**
 * cdr_hub_tree_open(tx, roster, epoch, now, tree):
 * Bring the tree up to date and log its root if that changed.
 *
 * tx    in   of a writing job
 * tree  out  closed by cdr_hub_tree_close before the job returns; NULL on error
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_BUSY, CDR_E_MEMORY, CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_tree_open(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t epoch, uint64_t now,
    struct cdr_hub_tree **tree);
void cdr_hub_tree_close(struct cdr_hub_tree *tree);

/**
 * cdr_hub_tree_catch_up(tx, roster, epoch):
 * Where many changes have been noted, work some of them in, so that not all of a large import is left to the next answer.
 *
 * tx   in   of the writing job that noted changes
 *
 * Returns  as cdr_hub_tree_open.
 */
CDR_MUST_CHECK cdr_err cdr_hub_tree_catch_up(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t epoch);

const struct cdr_hub_root *cdr_hub_tree_root_peek(const struct cdr_hub_tree *tree);

/**
 * cdr_hub_tree_answer_prove(tree, search, matches, count, out):
 * The proof of an answer to a check, as bytes of an IndexProof.
 *
 * Returns  CDR_OK; CDR_E_STORE if index and tree do not agree; CDR_E_INPUT if two tags have one place; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_tree_answer_prove(struct cdr_hub_tree *tree, const struct cdr_hub_search *search,
    const struct cdr_hub_match *matches, size_t count, struct cdr_buffer *out);

/*
 * /v1/index/prove: IndexProve to IndexProveReply. CDR_E_RANGE for no rows, or more than CDR_INDEX_PROVE_ROWS_MAX; CDR_E_EPOCH; CDR_E_ABSENT if a row is not
 * the asker's; CDR_E_QUOTA (CDR_HUB_PROOFS_A_DAY).
 */
cdr_err cdr_hub_index_prove(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* Remove the tree of an epoch that is over, its secret included. Returns as cdr_hub_tree_note. */
CDR_MUST_CHECK cdr_err cdr_hub_tree_forget(struct cdr_tx *tx, uint32_t epoch);

#endif
