#include "core/crypto/merkle.h"

#include <string.h>

#include "core/crypto/hash.h"

/* What is hashed begins with a byte that tells a leaf from a node: RFC 6962 sec. 2.1. */
static const uint8_t leaf_label = 0x00, node_label = 0x01;

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_leaf(struct cdr_bytes entry, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	const struct cdr_bytes parts[] = { { &leaf_label, 1 }, entry };

	return cdr_sha256(parts, 2, hash);
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_parent(const uint8_t left[static CDR_MERKLE_HASH_LEN], const uint8_t right[static CDR_MERKLE_HASH_LEN],
    uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	const struct cdr_bytes parts[] = { { &node_label, 1 }, { left, CDR_MERKLE_HASH_LEN },
		{ right, CDR_MERKLE_HASH_LEN } };

	return cdr_sha256(parts, 3, hash);
}

static cdr_err
empty_root(uint8_t root[static CDR_MERKLE_HASH_LEN])
{
	return cdr_sha256(NULL, 0, root);
}

/* ---- growing ------------------------------------------------------------------------------------------------ */

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_append(struct cdr_merkle_edge *edge, const uint8_t leaf[static CDR_MERKLE_HASH_LEN],
    struct cdr_merkle_grown *grown)
{
	struct cdr_merkle_grown local = { 0 };
	struct cdr_merkle_grown *g = grown != NULL ? grown : &local;
	size_t merged = 0;

	if (edge->size >= CDR_MERKLE_SIZE_MAX)
		return CDR_E_RANGE;
	memcpy(g->hash[0], leaf, CDR_MERKLE_HASH_LEN);
	/* Every low bit of the size that is set is a node that the new one completes. */
	for (uint64_t bits = edge->size; (bits & 1) != 0; bits >>= 1, merged++) {
		cdr_err err = cdr_merkle_parent(edge->hash[edge->count - 1 - merged], g->hash[merged], g->hash[merged + 1]);
		if (err != CDR_OK)
			return err;
	}
	g->count = merged + 1;
	edge->count -= merged;
	memcpy(edge->hash[edge->count++], g->hash[merged], CDR_MERKLE_HASH_LEN);
	edge->size++;
	return CDR_OK;
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_root(const struct cdr_merkle_edge *edge, uint8_t root[static CDR_MERKLE_HASH_LEN])
{
	if (edge->count == 0)
		return empty_root(root);
	memcpy(root, edge->hash[edge->count - 1], CDR_MERKLE_HASH_LEN);
	for (size_t i = edge->count - 1; i-- > 0;) {
		cdr_err err = cdr_merkle_parent(edge->hash[i], root, root);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see core/crypto/merkle.h */
void
cdr_merkle_edge_write(const struct cdr_merkle_edge *edge, uint8_t out[static CDR_MERKLE_EDGE_LEN_MAX], size_t *len)
{
	cdr_number_write(edge->size, out, 8);
	memcpy(out + 8, edge->hash, edge->count * CDR_MERKLE_HASH_LEN);
	*len = 8 + edge->count * CDR_MERKLE_HASH_LEN;
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_edge_read(struct cdr_bytes bytes, struct cdr_merkle_edge *edge)
{
	uint64_t size = 0;

	memset(edge, 0, sizeof(*edge));
	if (bytes.len < 8)
		return CDR_E_INPUT;
	for (size_t i = 0; i < 8; i++)
		size = size << 8 | bytes.data[i];
	size_t count = (size_t)__builtin_popcountll(size);
	if (size > CDR_MERKLE_SIZE_MAX || bytes.len != 8 + count * CDR_MERKLE_HASH_LEN)
		return CDR_E_INPUT;
	edge->size = size;
	edge->count = count;
	memcpy(edge->hash, bytes.data + 8, count * CDR_MERKLE_HASH_LEN);
	return CDR_OK;
}

/* ---- making proofs ------------------------------------------------------------------------------------------ */

/* The largest power of two below ${count}, as an exponent; ${count} is at least 2. RFC 6962 sec. 2.1: k. */
static unsigned
split_level(uint64_t count)
{
	return 63U - (unsigned)__builtin_clzll(count - 1);
}

/*
 * The root of the leaves begin .. end - 1, where ${begin} is a multiple of the power of two that covers their number: the
 * nodes of its edge, folded from the right.
 */
static cdr_err
subtree(cdr_merkle_node *node, void *context, uint64_t begin, uint64_t end, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	struct cdr_merkle_edge edge = { 0 };
	uint64_t at = begin;

	for (int level = CDR_MERKLE_LEVEL_MAX; level >= 0; level--) {
		if (((end - begin) >> level & 1) == 0)
			continue;
		cdr_err err = node(context, (unsigned)level, at >> level, edge.hash[edge.count++]);
		if (err != CDR_OK)
			return err;
		at += 1ULL << level;
	}
	return cdr_merkle_root(&edge, hash);
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_range(cdr_merkle_node *node, void *context, uint64_t size, struct cdr_merkle_edge *edge)
{
	uint64_t at = 0;

	memset(edge, 0, sizeof(*edge));
	if (size > CDR_MERKLE_SIZE_MAX)
		return CDR_E_RANGE;
	for (int level = CDR_MERKLE_LEVEL_MAX; level >= 0; level--) {
		if ((size >> level & 1) == 0)
			continue;
		cdr_err err = node(context, (unsigned)level, at >> level, edge->hash[edge->count++]);
		if (err != CDR_OK)
			return err;
		at += 1ULL << level;
	}
	edge->size = size;
	return CDR_OK;
}

/* The hashes were found from the root down; a proof lists them from the leaf up. */
static void
turn_round(struct cdr_merkle_proof *proof)
{
	uint8_t held[CDR_MERKLE_HASH_LEN];

	for (size_t i = 0, k = proof->count; i + 1 < k; i++) {
		k--;
		memcpy(held, proof->hash[i], sizeof(held));
		memcpy(proof->hash[i], proof->hash[k], sizeof(held));
		memcpy(proof->hash[k], held, sizeof(held));
	}
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_include(cdr_merkle_node *node, void *context, uint64_t index, uint64_t size, struct cdr_merkle_proof *proof)
{
	cdr_err err = CDR_OK;
	uint64_t begin = 0, end = size;

	proof->count = 0;
	if (size > CDR_MERKLE_SIZE_MAX || index >= size)
		return CDR_E_RANGE;
	/* PATH(m, D[n]): go down to the leaf and take, at each step, the half that it is not in. */
	while (err == CDR_OK && end - begin > 1) {
		uint64_t middle = begin + (1ULL << split_level(end - begin));
		bool is_left = index < middle;
		err = subtree(node, context, is_left ? middle : begin, is_left ? end : middle, proof->hash[proof->count++]);
		if (is_left)
			end = middle;
		else
			begin = middle;
	}
	if (err != CDR_OK)
		proof->count = 0;
	turn_round(proof);
	return err;
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_extend(cdr_merkle_node *node, void *context, uint64_t from, uint64_t size, struct cdr_merkle_proof *proof)
{
	cdr_err err = CDR_OK;
	uint64_t begin = 0, end = size;

	proof->count = 0;
	if (size > CDR_MERKLE_SIZE_MAX || from > size)
		return CDR_E_RANGE;
	if (from == 0 || from == size)
		return CDR_OK;
	/* SUBPROOF(m, D[n], b): go down to where the old tree ends. */
	while (err == CDR_OK && end > from) {
		uint64_t middle = begin + (1ULL << split_level(end - begin));
		bool is_left = from <= middle;
		err = subtree(node, context, is_left ? middle : begin, is_left ? end : middle, proof->hash[proof->count++]);
		if (is_left)
			end = middle;
		else
			begin = middle;
	}
	/* b is false unless the old tree is a node on the left edge of the new one: then its root is known. */
	if (err == CDR_OK && begin > 0)
		err = subtree(node, context, begin, end, proof->hash[proof->count++]);
	if (err != CDR_OK)
		proof->count = 0;
	turn_round(proof);
	return err;
}

/* ---- verifying ---------------------------------------------------------------------------------------------- */

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_verify_include(const uint8_t leaf[static CDR_MERKLE_HASH_LEN], uint64_t index, uint64_t size,
    const uint8_t *hashes, size_t count, const uint8_t root[static CDR_MERKLE_HASH_LEN])
{
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	uint64_t at = index, last = size - 1;
	cdr_err err;

	if (size > CDR_MERKLE_SIZE_MAX || index >= size)
		return CDR_E_PROOF;
	memcpy(hash, leaf, sizeof(hash));
	/* RFC 9162 sec. 2.1.3.2, step 4: fn = at, sn = last. */
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = hashes + i * CDR_MERKLE_HASH_LEN;
		if (last == 0)
			return CDR_E_PROOF;
		if ((at & 1) != 0 || at == last) {
			err = cdr_merkle_parent(p, hash, hash);
			for (; (at & 1) == 0 && at != 0; at >>= 1)
				last >>= 1;
		} else {
			err = cdr_merkle_parent(hash, p, hash);
		}
		if (err != CDR_OK)
			return err;
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(hash, root, sizeof(hash)) == 0 ? CDR_OK : CDR_E_PROOF;
}

/* RFC 9162 sec. 2.1.4.2, steps 3 to 7, for 0 < from < size: both roots from one list of hashes. */
static cdr_err
fold_extension(uint64_t from, const uint8_t *from_root, uint64_t size, const uint8_t *hashes, size_t count,
    uint8_t (*old_hash)[CDR_MERKLE_HASH_LEN], uint8_t (*new_hash)[CDR_MERKLE_HASH_LEN])
{
	uint64_t at = from - 1, last = size - 1;
	bool is_node = (from & (from - 1)) == 0; /* a power of two: its root begins the list unwritten */
	cdr_err err = CDR_OK;

	if (count == 0)
		return CDR_E_PROOF;
	for (; (at & 1) != 0; at >>= 1)
		last >>= 1;
	memcpy(*old_hash, is_node ? from_root : hashes, CDR_MERKLE_HASH_LEN);
	memcpy(*new_hash, *old_hash, CDR_MERKLE_HASH_LEN);
	for (size_t i = is_node ? 0 : 1; i < count && err == CDR_OK; i++) {
		const uint8_t *c = hashes + i * CDR_MERKLE_HASH_LEN;
		if (last == 0)
			return CDR_E_PROOF;
		if ((at & 1) != 0 || at == last) {
			err = cdr_merkle_parent(c, *old_hash, *old_hash);
			if (err == CDR_OK)
				err = cdr_merkle_parent(c, *new_hash, *new_hash);
			for (; (at & 1) == 0 && at != 0; at >>= 1)
				last >>= 1;
		} else {
			err = cdr_merkle_parent(*new_hash, c, *new_hash);
		}
		at >>= 1;
		last >>= 1;
	}
	return err != CDR_OK ? err : last == 0 ? CDR_OK : CDR_E_PROOF;
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_verify_extend(uint64_t from, const uint8_t from_root[static CDR_MERKLE_HASH_LEN], uint64_t size,
    const uint8_t root[static CDR_MERKLE_HASH_LEN], const uint8_t *hashes, size_t count)
{
	uint8_t old_hash[CDR_MERKLE_HASH_LEN], new_hash[CDR_MERKLE_HASH_LEN];
	cdr_err err;

	if (size > CDR_MERKLE_SIZE_MAX || from > size)
		return CDR_E_PROOF;
	if (from == 0) {
		err = empty_root(old_hash);
		if (err != CDR_OK)
			return err;
		return size == 0 && count == 0 && memcmp(old_hash, from_root, sizeof(old_hash)) == 0 &&
			memcmp(old_hash, root, sizeof(old_hash)) == 0 ? CDR_OK : CDR_E_PROOF;
	}
	if (from == size)
		return count == 0 && memcmp(from_root, root, CDR_MERKLE_HASH_LEN) == 0 ? CDR_OK : CDR_E_PROOF;
	err = fold_extension(from, from_root, size, hashes, count, &old_hash, &new_hash);
	if (err != CDR_OK)
		return err;
	return memcmp(old_hash, from_root, sizeof(old_hash)) == 0 && memcmp(new_hash, root, sizeof(new_hash)) == 0 ?
	    CDR_OK :
	    CDR_E_PROOF;
}

/* Of the hashes of a proof those that stand to the left of leaf edge->size: the nodes of its edge, the smallest first. */
static cdr_err
take_left(struct cdr_merkle_edge *edge, uint64_t size, struct cdr_bytes proof)
{
	uint64_t at = edge->size, last = size - 1;
	size_t left = 0;

	for (uint64_t bits = at; bits != 0; bits &= bits - 1)
		edge->count++;
	for (size_t i = 0; i < proof.len / CDR_MERKLE_HASH_LEN; i++, at >>= 1, last >>= 1) {
		if ((at & 1) == 0 && at != last)
			continue;
		if (left == edge->count)
			return CDR_E_PROOF;
		left++;
		memcpy(edge->hash[edge->count - left], proof.data + i * CDR_MERKLE_HASH_LEN, CDR_MERKLE_HASH_LEN);
		for (; (at & 1) == 0 && at != 0; at >>= 1)
			last >>= 1;
	}
	return left == edge->count ? CDR_OK : CDR_E_PROOF;
}

/* see core/crypto/merkle.h */
cdr_err
cdr_merkle_verify_begin(uint64_t from, uint64_t size, const uint8_t root[static CDR_MERKLE_HASH_LEN], struct cdr_bytes last,
    struct cdr_bytes beside, uint8_t from_root[static CDR_MERKLE_HASH_LEN])
{
	struct cdr_merkle_edge edge = { .size = from - 1 };

	memset(from_root, 0, CDR_MERKLE_HASH_LEN);
	if (from == 0 || from >= size || last.len % CDR_MERKLE_HASH_LEN != 0 || beside.len < CDR_MERKLE_HASH_LEN)
		return CDR_E_PROOF;
	cdr_err err = cdr_merkle_verify_include(beside.data, from - 1, size, last.data, last.len / CDR_MERKLE_HASH_LEN, root);
	if (err == CDR_OK)
		err = take_left(&edge, size, last);
	if (err == CDR_OK)
		err = cdr_merkle_append(&edge, beside.data, NULL);
	if (err == CDR_OK)
		err = cdr_merkle_root(&edge, from_root);
	if (err != CDR_OK)
		memset(from_root, 0, CDR_MERKLE_HASH_LEN);
	return err;
}
