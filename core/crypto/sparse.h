#ifndef CDR_CORE_CRYPTO_SPARSE_H
#define CDR_CORE_CRYPTO_SPARSE_H

/*
 * A sparse Merkle tree: 2^64 places, most of them empty, and one hash over all of them. A short proof shows what stands at a
 * place, or that nothing stands there.
 *
 * A place is a number of 64 bits, its path from the root, highest bit first. What stands there is 32 bytes, whose meaning and
 * form are the caller's. The hash of an empty tree is 32 zeros, of which nobody knows a preimage; a node with two children is
 * SHA-256(1 || left || right), with one child SHA-256(2 || side || child). So each root has exactly one answer for each place.
 *
 * A proof shows hashes beside the paths and which of them are empty, nothing else: not what stands elsewhere, nor where, beyond
 * the bits that tell it from the places that were asked for.
 *
 * The tree lies in pages that the caller stores: no node is kept that a page's entries give again. Nothing here depends on how
 * the tree came to be: the same places with the same content have the same root.
 */

#include "core/crypto/hash.h"

#define CDR_SPARSE_HASH_LEN CDR_SHA256_LEN
#define CDR_SPARSE_DEPTH 64
#define CDR_SPARSE_PAGE_STEP 4         /* bits of the path that one page of children covers */
#define CDR_SPARSE_PAGE_ENTRIES_MAX 16 /* of a page without children */
#define CDR_SPARSE_ENTRY_LEN 48        /* place 8, mark 8, content 32 */
#define CDR_SPARSE_PAGE_LEN_MAX (1 + CDR_SPARSE_PAGE_ENTRIES_MAX * CDR_SPARSE_ENTRY_LEN)
#define CDR_SPARSE_PLACES_MAX 1024     /* in one proof */

/* A page as it is stored. */
struct cdr_sparse_page {
	size_t len;
	uint8_t data[CDR_SPARSE_PAGE_LEN_MAX];
};

/*
 * Where the pages lie. A page is named by the depth of its node, a multiple of CDR_SPARSE_PAGE_STEP, and the first ${depth} bits
 * of the places below it (the lower bits are 0). load: CDR_E_ABSENT if there is no such page. save: put or replace. drop: delete.
 */
struct cdr_sparse_pages {
	void *context;
	cdr_err (*load)(void *context, unsigned depth, uint64_t prefix, struct cdr_sparse_page *page);
	cdr_err (*save)(void *context, unsigned depth, uint64_t prefix, const struct cdr_sparse_page *page);
	cdr_err (*drop)(void *context, unsigned depth, uint64_t prefix);
};

/* What stands at a place, or shall stand there. */
struct cdr_sparse_leaf {
	uint64_t place;
	uint64_t mark;                         /* the caller's, kept beside the content, not part of the root */
	bool present;                          /* false: nothing */
	uint8_t content[CDR_SPARSE_HASH_LEN];  /* not all zero */
};

/**
 * cdr_sparse_update(pages, leaves, count, root):
 * Put ${leaves} in their places, or empty these, and work out the root. Pages are loaded and saved in the order of the places.
 *
 * leaves  in    by ascending place, none twice; with count 0 only the root is worked out
 * root    out   all zero on error, when some pages may have been saved: the caller undoes them
 *
 * Returns  CDR_OK; CDR_E_INPUT if the leaves are not in order; CDR_E_STORE if a page is not one; CDR_E_MEMORY; as the callbacks.
 */
CDR_MUST_CHECK cdr_err cdr_sparse_update(const struct cdr_sparse_pages *pages, const struct cdr_sparse_leaf *leaves,
    size_t count, uint8_t root[static CDR_SPARSE_HASH_LEN]);

/* A proof: one bit for each hash beside the paths that says whether it is not empty, and those that are not. */
struct cdr_sparse_proof {
	uint8_t *bits;       /* highest bit first, the rest of the last byte 0 */
	size_t bit_count;
	uint8_t *hashes;
	size_t hash_count;
	size_t bit_room, hash_room; /* what is allocated; 0 where the bytes are borrowed */
};

/* Free what cdr_sparse_prove allocated. */
void cdr_sparse_proof_free(struct cdr_sparse_proof *proof);

/**
 * cdr_sparse_prove(pages, leaves, count, proof):
 * Look up ${count} places and prove what stands there.
 *
 * leaves  in/out  in: ascending places, none twice; out: mark, present and content, which is all zero where nothing stands
 * count   in      1 .. CDR_SPARSE_PLACES_MAX
 * proof   out     freed by the caller with cdr_sparse_proof_free, also on error
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_INPUT if the places are not in order; CDR_E_STORE; CDR_E_MEMORY; as the callbacks.
 */
CDR_MUST_CHECK cdr_err cdr_sparse_prove(const struct cdr_sparse_pages *pages, struct cdr_sparse_leaf *leaves, size_t count,
    struct cdr_sparse_proof *proof);

/**
 * cdr_sparse_verify(leaves, count, proof, root):
 * Whether ${proof} shows that in the tree with ${root} the places hold what ${leaves} say, absence included.
 *
 * proof   in    bits and hashes as they came, of any length
 *
 * Returns  CDR_OK; CDR_E_PROOF; CDR_E_RANGE for count; CDR_E_INPUT if the places are not in order; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_sparse_verify(const struct cdr_sparse_leaf *leaves, size_t count,
    const struct cdr_sparse_proof *proof, const uint8_t root[static CDR_SPARSE_HASH_LEN]);

#endif
