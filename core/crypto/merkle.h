#ifndef CDR_CORE_CRYPTO_MERKLE_H
#define CDR_CORE_CRYPTO_MERKLE_H

/*
 * The Merkle tree of RFC 6962 (the same as RFC 9162): hashing, growing, proofs that a leaf is in a tree and that a tree
 * grew out of another one.
 *
 * A *node* is the root of a perfect subtree: node (level, index) covers the leaves index * 2^level .. (index + 1) *
 * 2^level - 1, level 0 being the leaves' hashes. Whoever can give nodes can make proofs: where they are stored is the
 * caller's business. Nothing here is secret.
 */

#include "core/bytes.h"

#define CDR_MERKLE_HASH_LEN 32
#define CDR_MERKLE_SIZE_MAX (1ULL << 62) /* leaves; exact in a signed database column */
#define CDR_MERKLE_LEVEL_MAX 62
#define CDR_MERKLE_PROOF_MAX 63          /* hashes of a proof in a tree of that size */

struct cdr_merkle_proof {
	size_t count;
	uint8_t hash[CDR_MERKLE_PROOF_MAX][CDR_MERKLE_HASH_LEN];
};

/**
 * cdr_merkle_leaf(entry, hash):
 * The hash of a leaf: SHA-256(0x00 || entry).
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 6962 sec. 2.1.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_leaf(struct cdr_bytes entry, uint8_t hash[static CDR_MERKLE_HASH_LEN]);

/**
 * cdr_merkle_parent(left, right, hash):
 * SHA-256(0x01 || left || right). ${hash} may be one of the two.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 6962 sec. 2.1.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_parent(const uint8_t left[static CDR_MERKLE_HASH_LEN],
    const uint8_t right[static CDR_MERKLE_HASH_LEN], uint8_t hash[static CDR_MERKLE_HASH_LEN]);

/* ---- growing ------------------------------------------------------------------------------------------------ */

/* The right edge of a tree: one node for each bit of its size, the largest first. All that appending needs. */
struct cdr_merkle_edge {
	uint64_t size;
	size_t count;
	uint8_t hash[CDR_MERKLE_LEVEL_MAX + 1][CDR_MERKLE_HASH_LEN];
};

/* The nodes that one leaf made complete: levels 0 (the leaf itself) .. count - 1. */
struct cdr_merkle_grown {
	size_t count;
	uint8_t hash[CDR_MERKLE_LEVEL_MAX + 1][CDR_MERKLE_HASH_LEN];
};

/**
 * cdr_merkle_append(edge, leaf, grown):
 * Add the hash of one leaf. Node (level, edge->size >> level) of the size before is grown->hash[level].
 *
 * edge    in/out   a zeroed one is the empty tree
 * grown   out      may be NULL
 *
 * Returns  CDR_OK; CDR_E_RANGE if the tree is full; CDR_E_MEMORY; CDR_E_INTERNAL. ${edge} is then as it was.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_append(struct cdr_merkle_edge *edge, const uint8_t leaf[static CDR_MERKLE_HASH_LEN],
    struct cdr_merkle_grown *grown);

/**
 * cdr_merkle_root(edge, root):
 * The tree's root; of the empty tree SHA-256 of nothing.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 6962 sec. 2.1.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_root(const struct cdr_merkle_edge *edge, uint8_t root[static CDR_MERKLE_HASH_LEN]);

/* An edge as bytes: its size in 8 bytes, big-endian, and its hashes. */
#define CDR_MERKLE_EDGE_LEN_MAX (8 + (CDR_MERKLE_LEVEL_MAX + 1) * CDR_MERKLE_HASH_LEN)

/**
 * cdr_merkle_edge_write(edge, out, len) and cdr_merkle_edge_read(bytes, edge):
 * Returns  (read) CDR_OK; CDR_E_INPUT if the number of hashes is not that of the size; ${edge} is then zero.
 */
void cdr_merkle_edge_write(const struct cdr_merkle_edge *edge, uint8_t out[static CDR_MERKLE_EDGE_LEN_MAX], size_t *len);
CDR_MUST_CHECK cdr_err cdr_merkle_edge_read(struct cdr_bytes bytes, struct cdr_merkle_edge *edge);

/* ---- proofs ------------------------------------------------------------------------------------------------- */

/* Gives node (level, index). CDR_OK, or what the proof then fails with. */
typedef cdr_err cdr_merkle_node(void *context, unsigned level, uint64_t index, uint8_t hash[static CDR_MERKLE_HASH_LEN]);

/**
 * cdr_merkle_range(node, context, size, edge):
 * The edge of the tree of the first ${size} leaves.
 *
 * Returns  CDR_OK; CDR_E_RANGE; what ${node} returned.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_range(cdr_merkle_node *node, void *context, uint64_t size,
    struct cdr_merkle_edge *edge);

/**
 * cdr_merkle_include(node, context, index, size, proof):
 * Prove that leaf ${index} is in the tree of the first ${size} leaves.
 *
 * Returns  CDR_OK; CDR_E_RANGE unless index < size <= CDR_MERKLE_SIZE_MAX; what ${node} returned. On error the proof is
 *          empty.
 * Source   RFC 6962 sec. 2.1.1, PATH.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_include(cdr_merkle_node *node, void *context, uint64_t index, uint64_t size,
    struct cdr_merkle_proof *proof);

/**
 * cdr_merkle_extend(node, context, from, size, proof):
 * Prove that the tree of ${size} leaves begins with that of ${from} leaves. Empty for from 0 and from = size.
 *
 * Returns  CDR_OK; CDR_E_RANGE unless from <= size <= CDR_MERKLE_SIZE_MAX; what ${node} returned. On error the proof is
 *          empty.
 * Source   RFC 6962 sec. 2.1.2, PROOF.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_extend(cdr_merkle_node *node, void *context, uint64_t from, uint64_t size,
    struct cdr_merkle_proof *proof);

/**
 * cdr_merkle_verify_include(leaf, index, size, hashes, count, root):
 * Whether the leaf with hash ${leaf} is number ${index} of the tree of ${size} leaves with that root.
 *
 * hashes  in   count * CDR_MERKLE_HASH_LEN bytes; may be NULL if count is 0
 *
 * Returns  CDR_OK; CDR_E_PROOF if it does not follow, also for index >= size; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9162 sec. 2.1.3.2.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_verify_include(const uint8_t leaf[static CDR_MERKLE_HASH_LEN], uint64_t index,
    uint64_t size, const uint8_t *hashes, size_t count, const uint8_t root[static CDR_MERKLE_HASH_LEN]);

/**
 * cdr_merkle_verify_extend(from, from_root, size, root, hashes, count):
 * Whether the tree of ${size} leaves with ${root} begins with the tree of ${from} leaves with ${from_root}.
 *
 * Returns  CDR_OK; CDR_E_PROOF if it does not follow, also for from > size, and for 0 < size after an empty tree: nothing
 *          follows from that; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9162 sec. 2.1.4.2.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_verify_extend(uint64_t from, const uint8_t from_root[static CDR_MERKLE_HASH_LEN],
    uint64_t size, const uint8_t root[static CDR_MERKLE_HASH_LEN], const uint8_t *hashes, size_t count);

/**
 * cdr_merkle_verify_begin(from, size, root, last, beside, from_root):
 * What the tree of  leaves with  begins with, by two proofs of inclusion: the hashes to the left of leaf from - 1 are the
 * right edge of the tree before it, and the proof of the leaf beside it begins with its own hash.
 *
 * last       in    the proof of leaf from - 1
 * beside     in    the proof of leaf (from - 1) ^ 1
 * from_root  out   the root of the first  leaves; all zero on error
 *
 * Returns  CDR_OK; CDR_E_PROOF if it does not follow, also unless 0 < from < size; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 9162 sec. 2.1.3.2; sec. 2.1.1 for the order of the hashes.
 */
CDR_MUST_CHECK cdr_err cdr_merkle_verify_begin(uint64_t from, uint64_t size, const uint8_t root[static CDR_MERKLE_HASH_LEN],
    struct cdr_bytes last, struct cdr_bytes beside, uint8_t from_root[static CDR_MERKLE_HASH_LEN]);

#endif
