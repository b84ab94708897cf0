#ifndef CDR_TESTS_UNIT_PLAYED_INDEX_H
#define CDR_TESTS_UNIT_PLAYED_INDEX_H

/*
 * The index of the tests' hub: a real tree, made for each check, in which every row of the check stands for everybody that the hub
 * shall name. So its proofs hold, unless a test lies about the answer afterwards. For unit tests and fuzz drivers.
 */

#include "audit/index_answer.h"

#define W_PEOPLE 4711
#define W_INDEXED_MAX 8

/* Somebody in the index. */
struct w_indexed {
	const char *member;
	uint8_t handle[CDR_HANDLE_LEN];
};

struct w_index {
	struct w_indexed person[W_INDEXED_MAX];
	size_t count;
	uint64_t position;            /* of the root in the log, if a test says so */
	bool is_crowd;                /* of the check's first row it says only that a crowd shares it */
};

/* What the rule makes of somebody who agrees in every row. */
void w_index_judge(const Cdr__Wire__CheckOpen *open, const Cdr__Wire__Scheme *scheme, struct cdr_match *match);

/* The proof of an answer, and the leaf of its root. What it points to lies in the arrays until the next call. */
void w_index_prove(const struct w_index *index, const Cdr__Wire__CheckOpen *open, Cdr__Wire__IndexProof *proof,
    struct cdr_leaf *leaf);

/* The hub's receipt for a leaf in the open, and its hash in the log. */
void w_index_receipt(const uint8_t *seed, const uint8_t *genesis, const struct cdr_leaf *leaf, uint64_t position,
    Cdr__Wire__Receipt *receipt, uint8_t hash[static CDR_MERKLE_HASH_LEN]);

#endif
