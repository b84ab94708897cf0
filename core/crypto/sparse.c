#include "core/crypto/sparse.h"

#include <stdlib.h>
#include <string.h>

#define H CDR_SPARSE_HASH_LEN
#define STEP CDR_SPARSE_PAGE_STEP
#define CHILDREN (1 << STEP)
#define PAGE_ENTRIES 0  /* first byte of a page: entries follow */
#define PAGE_CHILDREN 1 /* the hashes of 16 children follow */
#define NODE_TWO 1
#define NODE_ONE 2

static const uint8_t empty[H];

/* ---- hashing ------------------------------------------------------------------------------------------------ */

static bool
is_empty(const uint8_t hash[static H])
{
	return memcmp(hash, empty, H) == 0;
}

/* The hash of a node from those of its children; ${out} may be one of them. */
static cdr_err
join(struct cdr_hasher *hasher, const uint8_t left[static H], const uint8_t right[static H], uint8_t out[static H])
{
	uint8_t bytes[1 + 2 * H] = { NODE_TWO };
	size_t len = sizeof(bytes);
	bool no_left = is_empty(left), no_right = is_empty(right);

	if (no_left && no_right) {
		memset(out, 0, H);
		return CDR_OK;
	}
	if (no_left || no_right) {
		bytes[0] = NODE_ONE;
		bytes[1] = no_left;
		memcpy(bytes + 2, no_left ? right : left, H);
		len = 2 + H;
	} else {
		memcpy(bytes + 1, left, H);
		memcpy(bytes + 1 + H, right, H);
	}
	return cdr_hasher_run(hasher, bytes, len, out);
}

static unsigned
bit_of(uint64_t place, unsigned depth)
{
	return (unsigned)(place >> (CDR_SPARSE_DEPTH - 1 - depth)) & 1;
}

/* How many of ${count} leaves, which agree in their first ${depth} bits, have a 0 as their next. */
static size_t
split(const struct cdr_sparse_leaf *leaves, size_t count, unsigned depth)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bit_of(leaves[middle].place, depth) == 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The hash of the subtree at ${depth} that holds these leaves and no others. */
static cdr_err
hash_leaves(struct cdr_hasher *hasher, const struct cdr_sparse_leaf *leaves, size_t count, unsigned depth,
    uint8_t out[static H])
{
	uint8_t side[2][H];

	if (count == 0) {
		memset(out, 0, H);
		return CDR_OK;
	}
	if (count == 1) { /* alone all the way down */
		memcpy(out, leaves->content, H);
		for (unsigned d = CDR_SPARSE_DEPTH; d > depth; d--) {
			bool right = bit_of(leaves->place, d - 1) == 1;
			cdr_err err = join(hasher, right ? empty : out, right ? out : empty, out);
			if (err != CDR_OK)
				return err;
		}
		return CDR_OK;
	}
	size_t low = split(leaves, count, depth);
	cdr_err err = hash_leaves(hasher, leaves, low, depth + 1, side[0]);
	if (err == CDR_OK)
		err = hash_leaves(hasher, leaves + low, count - low, depth + 1, side[1]);
	return err == CDR_OK ? join(hasher, side[0], side[1], out) : err;
}

/* The hash of the subtree over ${count} (a power of two) children of a page. */
static cdr_err
hash_children(struct cdr_hasher *hasher, uint8_t (*child)[H], size_t count, uint8_t out[static H])
{
	uint8_t side[2][H];

	if (count == 1) {
		memcpy(out, child[0], H);
		return CDR_OK;
	}
	cdr_err err = hash_children(hasher, child, count / 2, side[0]);
	if (err == CDR_OK)
		err = hash_children(hasher, child + count / 2, count / 2, side[1]);
	return err == CDR_OK ? join(hasher, side[0], side[1], out) : err;
}

/* ---- pages -------------------------------------------------------------------------------------------------- */

/* Where the pages lie, and what hashes them. */
struct tree {
	const struct cdr_sparse_pages *pages;
	struct cdr_hasher *hasher;
};

/* A page, taken apart: entries, or the hashes of children. */
struct page {
	bool found;
	bool has_children;
	size_t count;
	struct cdr_sparse_leaf entry[CDR_SPARSE_PAGE_ENTRIES_MAX];
	uint8_t child[CHILDREN][H];
};

/* The first ${depth} bits of ${place}, the rest 0. */
static uint64_t
prefix_of(uint64_t place, unsigned depth)
{
	return depth == 0 ? 0 : place & ~(uint64_t)0 << (CDR_SPARSE_DEPTH - depth);
}

/* Entries must lie below the page's node and ascend: a page that was moved or damaged is found here. */
static cdr_err
parse_entries(const struct cdr_sparse_page *bytes, unsigned depth, uint64_t prefix, struct page *page)
{
	size_t len = bytes->len - 1;

	if (len == 0 || len % CDR_SPARSE_ENTRY_LEN != 0 || len / CDR_SPARSE_ENTRY_LEN > CDR_SPARSE_PAGE_ENTRIES_MAX)
		return CDR_E_STORE;
	page->count = len / CDR_SPARSE_ENTRY_LEN;
	for (size_t i = 0; i < page->count; i++) {
		const uint8_t *at = bytes->data + 1 + i * CDR_SPARSE_ENTRY_LEN;
		struct cdr_sparse_leaf *entry = &page->entry[i];
		*entry = (struct cdr_sparse_leaf){ .place = cdr_number_read(at, 8), .mark = cdr_number_read(at + 8, 8), .present = true };
		memcpy(entry->content, at + 16, H);
		if (prefix_of(entry->place, depth) != prefix || (i > 0 && entry->place <= entry[-1].place) ||
		    is_empty(entry->content))
			return CDR_E_STORE;
	}
	return CDR_OK;
}

static cdr_err
load_page(const struct cdr_sparse_pages *pages, unsigned depth, uint64_t prefix, struct page *page)
{
	struct cdr_sparse_page bytes = { 0 };

	page->found = page->has_children = false;
	page->count = 0;
	cdr_err err = pages->load(pages->context, depth, prefix, &bytes);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err != CDR_OK)
		return err;
	page->found = true;
	if (bytes.len < 1 || bytes.len > sizeof(bytes.data))
		return CDR_E_STORE;
	if (bytes.data[0] == PAGE_ENTRIES)
		return parse_entries(&bytes, depth, prefix, page);
	if (bytes.data[0] != PAGE_CHILDREN || bytes.len != 1 + sizeof(page->child) || depth >= CDR_SPARSE_DEPTH)
		return CDR_E_STORE;
	page->has_children = true;
	memcpy(page->child, bytes.data + 1, sizeof(page->child));
	return CDR_OK;
}

/* Store the page, or delete it if nothing is left of it. */
static cdr_err
save_page(const struct cdr_sparse_pages *pages, unsigned depth, uint64_t prefix, const struct page *page)
{
	struct cdr_sparse_page bytes = { .len = 1 };
	bool any = page->count > 0;

	if (page->has_children) {
		any = false;
		for (size_t i = 0; i < CHILDREN; i++)
			any |= !is_empty(page->child[i]);
		bytes.data[0] = PAGE_CHILDREN;
		memcpy(bytes.data + 1, page->child, sizeof(page->child));
		bytes.len += sizeof(page->child);
	}
	for (size_t i = 0; i < page->count; i++) {
		uint8_t *at = bytes.data + bytes.len;
		cdr_number_write(page->entry[i].place, at, 8);
		cdr_number_write(page->entry[i].mark, at + 8, 8);
		memcpy(at + 16, page->entry[i].content, H);
		bytes.len += CDR_SPARSE_ENTRY_LEN;
	}
	if (any)
		return pages->save(pages->context, depth, prefix, &bytes);
	return page->found ? pages->drop(pages->context, depth, prefix) : CDR_OK;
}

/* ---- updating ----------------------------------------------------------------------------------------------- */

/* Entries and changes in one list, in order; at most ${count} of each in ${out}. What is no longer present is left out. */
static size_t
merge(const struct page *page, const struct cdr_sparse_leaf *change, size_t count, struct cdr_sparse_leaf *out)
{
	size_t e = 0, c = 0, n = 0;

	while (e < page->count || c < count) {
		bool keep = c == count || (e < page->count && page->entry[e].place < change[c].place);
		if (keep) {
			out[n++] = page->entry[e++];
			continue;
		}
		if (e < page->count && page->entry[e].place == change[c].place)
			e++;
		if (change[c].present)
			out[n++] = change[c];
		c++;
	}
	return n;
}

static cdr_err update_node(const struct tree *tree, unsigned depth, uint64_t prefix,
    const struct cdr_sparse_leaf *change, size_t count, bool is_new, uint8_t out[static H]);

/* Hand each child of ${page} the changes below it. */
static cdr_err
update_children(const struct tree *tree, unsigned depth, uint64_t prefix, struct page *page,
    const struct cdr_sparse_leaf *change, size_t count, bool is_new, uint8_t out[static H])
{
	cdr_err err = CDR_E_INTERNAL;
	unsigned shift = CDR_SPARSE_DEPTH - STEP - depth;

	for (size_t at = 0, n; at < count; at += n) {
		unsigned which = (unsigned)(change[at].place >> shift) % CHILDREN;
		for (n = 1; at + n < count && (unsigned)(change[at + n].place >> shift) % CHILDREN == which;)
			n++;
		CDR_TRY(update_node(tree, depth + STEP, prefix | (uint64_t)which << shift, change + at, n,
		    is_new || is_empty(page->child[which]), page->child[which]));
	}
	CDR_TRY(save_page(tree->pages, depth, prefix, page));
	CDR_TRY(hash_children(tree->hasher, page->child, CHILDREN, out));
out:
	return err;
}

/* A page of entries takes in the changes; one that overflows gets children. */
static cdr_err
update_entries(const struct tree *tree, unsigned depth, uint64_t prefix, struct page *page,
    const struct cdr_sparse_leaf *change, size_t count, uint8_t out[static H])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_sparse_leaf *merged = malloc((page->count + count + 1) * sizeof(*merged));

	if (merged == NULL)
		return CDR_E_MEMORY;
	size_t n = merge(page, change, count, merged);
	if (n <= CDR_SPARSE_PAGE_ENTRIES_MAX) {
		page->count = n;
		memcpy(page->entry, merged, n * sizeof(*merged));
		CDR_TRY(save_page(tree->pages, depth, prefix, page));
		CDR_TRY(hash_leaves(tree->hasher, merged, n, depth, out));
	} else {
		page->count = 0;
		page->has_children = true;
		memset(page->child, 0, sizeof(page->child));
		CDR_TRY(update_children(tree, depth, prefix, page, merged, n, true, out));
	}
out:
	free(merged);
	return err;
}

/* ${is_new}: no page can be there yet. At full depth there is one place, so no page overflows there. */
static cdr_err
update_node(const struct tree *tree, unsigned depth, uint64_t prefix, const struct cdr_sparse_leaf *change,
    size_t count, bool is_new, uint8_t out[static H])
{
	cdr_err err = CDR_OK;
	struct page *page = malloc(sizeof(*page));

	if (page == NULL)
		return CDR_E_MEMORY;
	page->found = page->has_children = false;
	page->count = 0;
	if (!is_new)
		err = load_page(tree->pages, depth, prefix, page);
	if (err == CDR_OK)
		err = page->has_children ? update_children(tree, depth, prefix, page, change, count, false, out) :
					   update_entries(tree, depth, prefix, page, change, count, out);
	free(page);
	return err;
}

static bool
ascending(const struct cdr_sparse_leaf *leaves, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (leaves[i].place <= leaves[i - 1].place)
			return false;
	return true;
}

/* see core/crypto/sparse.h */
cdr_err
cdr_sparse_update(const struct cdr_sparse_pages *pages, const struct cdr_sparse_leaf *leaves, size_t count,
    uint8_t root[static H])
{
	memset(root, 0, H);
	if (!ascending(leaves, count))
		return CDR_E_INPUT;
	struct tree tree = { pages, cdr_hasher_new() };
	if (tree.hasher == NULL)
		return CDR_E_MEMORY;
	cdr_err err = update_node(&tree, 0, 0, leaves, count, false, root);
	cdr_hasher_free(tree.hasher);
	if (err != CDR_OK)
		memset(root, 0, H);
	return err;
}

/* ---- proving ------------------------------------------------------------------------------------------------ */

/* see core/crypto/sparse.h */
void
cdr_sparse_proof_free(struct cdr_sparse_proof *proof)
{
	free(proof->bits);
	free(proof->hashes);
	*proof = (struct cdr_sparse_proof){ 0 };
}

/* Room for one more bit and one more hash. */
static cdr_err
proof_grow(struct cdr_sparse_proof *proof)
{
	if (proof->bit_count == 8 * proof->bit_room) {
		size_t room = proof->bit_room == 0 ? 64 : 2 * proof->bit_room;
		uint8_t *grown = realloc(proof->bits, room);
		if (grown == NULL)
			return CDR_E_MEMORY;
		memset(grown + proof->bit_room, 0, room - proof->bit_room);
		proof->bits = grown;
		proof->bit_room = room;
	}
	if (proof->hash_count == proof->hash_room) {
		size_t room = proof->hash_room == 0 ? 64 : 2 * proof->hash_room;
		uint8_t *grown = realloc(proof->hashes, room * H);
		if (grown == NULL)
			return CDR_E_MEMORY;
		proof->hashes = grown;
		proof->hash_room = room;
	}
	return CDR_OK;
}

/* A hash beside a path. */
static cdr_err
proof_add(struct cdr_sparse_proof *proof, const uint8_t hash[static H])
{
	cdr_err err = proof_grow(proof);

	if (err != CDR_OK)
		return err;
	if (!is_empty(hash)) {
		proof->bits[proof->bit_count / 8] |= (uint8_t)(0x80 >> proof->bit_count % 8);
		memcpy(proof->hashes + proof->hash_count * H, hash, H);
		proof->hash_count++;
	}
	proof->bit_count++;
	return CDR_OK;
}

/*
 * The order in which a proof is written and read: at a node with places on both sides the left side comes first; at a node
 * with places on one side the hash of the other side, then that side.
 */
static cdr_err
prove_entries(const struct tree *tree, struct cdr_sparse_proof *proof, const struct cdr_sparse_leaf *entry, size_t count, unsigned depth,
    struct cdr_sparse_leaf *asked, size_t asked_count)
{
	cdr_err err = CDR_OK;
	uint8_t beside[H];

	if (asked_count == 0)
		return CDR_OK;
	if (depth == CDR_SPARSE_DEPTH) {
		if (count > 0)
			*asked = *entry;
		return CDR_OK;
	}
	size_t low = split(entry, count, depth), asked_low = split(asked, asked_count, depth);
	if (asked_low == 0)
		err = hash_leaves(tree->hasher, entry, low, depth + 1, beside);
	else if (asked_low == asked_count)
		err = hash_leaves(tree->hasher, entry + low, count - low, depth + 1, beside);
	if (err == CDR_OK && (asked_low == 0 || asked_low == asked_count))
		err = proof_add(proof, beside);
	if (err == CDR_OK)
		err = prove_entries(tree, proof, entry, low, depth + 1, asked, asked_low);
	return err == CDR_OK ? prove_entries(tree, proof, entry + low, count - low, depth + 1, asked + asked_low,
	    asked_count - asked_low) : err;
}

static cdr_err prove_page(const struct tree *tree, struct cdr_sparse_proof *proof, unsigned depth,
    struct cdr_sparse_leaf *asked, size_t asked_count);

/* The same within a page of children: ${count} of them, a power of two, begin at ${child}. */
static cdr_err
prove_children(const struct tree *tree, struct cdr_sparse_proof *proof, uint8_t (*child)[H], size_t count,
    unsigned depth, struct cdr_sparse_leaf *asked, size_t asked_count)
{
	cdr_err err = CDR_OK;
	uint8_t beside[H];
	size_t half = count / 2;

	if (asked_count == 0)
		return CDR_OK;
	if (count == 1)
		return is_empty(child[0]) ? prove_entries(tree, proof, NULL, 0, depth, asked, asked_count) :
					    prove_page(tree, proof, depth, asked, asked_count);
	size_t low = split(asked, asked_count, depth);
	if (low == 0)
		err = hash_children(tree->hasher, child, half, beside);
	else if (low == asked_count)
		err = hash_children(tree->hasher, child + half, half, beside);
	if (err == CDR_OK && (low == 0 || low == asked_count))
		err = proof_add(proof, beside);
	if (err == CDR_OK)
		err = prove_children(tree, proof, child, half, depth + 1, asked, low);
	return err == CDR_OK ? prove_children(tree, proof, child + half, half, depth + 1, asked + low, asked_count - low) :
			       err;
}

static cdr_err
prove_page(const struct tree *tree, struct cdr_sparse_proof *proof, unsigned depth,
    struct cdr_sparse_leaf *asked, size_t asked_count)
{
	struct page *page = malloc(sizeof(*page));

	if (page == NULL)
		return CDR_E_MEMORY;
	cdr_err err = load_page(tree->pages, depth, prefix_of(asked->place, depth), page);
	if (err == CDR_OK)
		err = page->has_children ? prove_children(tree, proof, page->child, CHILDREN, depth, asked, asked_count) :
					   prove_entries(tree, proof, page->entry, page->count, depth, asked, asked_count);
	free(page);
	return err;
}

/* see core/crypto/sparse.h */
cdr_err
cdr_sparse_prove(const struct cdr_sparse_pages *pages, struct cdr_sparse_leaf *leaves, size_t count,
    struct cdr_sparse_proof *proof)
{
	*proof = (struct cdr_sparse_proof){ 0 };
	if (count < 1 || count > CDR_SPARSE_PLACES_MAX)
		return CDR_E_RANGE;
	if (!ascending(leaves, count))
		return CDR_E_INPUT;
	for (size_t i = 0; i < count; i++)
		leaves[i] = (struct cdr_sparse_leaf){ .place = leaves[i].place };
	struct tree tree = { pages, cdr_hasher_new() };
	if (tree.hasher == NULL)
		return CDR_E_MEMORY;
	cdr_err err = prove_page(&tree, proof, 0, leaves, count);
	cdr_hasher_free(tree.hasher);
	return err;
}

/* ---- verifying ---------------------------------------------------------------------------------------------- */

/* A proof that is being read. */
struct reader {
	const struct cdr_sparse_proof *proof;
	struct cdr_hasher *hasher;
	size_t bit, hash;
};

static cdr_err
read_beside(struct reader *reader, uint8_t out[static H])
{
	const struct cdr_sparse_proof *proof = reader->proof;

	memset(out, 0, H);
	if (reader->bit >= proof->bit_count)
		return CDR_E_PROOF;
	bool full = (proof->bits[reader->bit / 8] & 0x80 >> reader->bit % 8) != 0;
	reader->bit++;
	if (!full)
		return CDR_OK;
	if (reader->hash >= proof->hash_count)
		return CDR_E_PROOF;
	memcpy(out, proof->hashes + reader->hash++ * H, H);
	return is_empty(out) ? CDR_E_PROOF : CDR_OK;
}

/* The hash of the subtree at ${depth} that holds these leaves, absent ones included, and what the proof says. */
static cdr_err
verify_node(struct reader *reader, const struct cdr_sparse_leaf *leaves, size_t count, unsigned depth, uint8_t out[static H])
{
	cdr_err err = CDR_OK;
	uint8_t side[2][H];

	if (depth == CDR_SPARSE_DEPTH) {
		memcpy(out, leaves->present ? leaves->content : empty, H);
		return leaves->present && is_empty(leaves->content) ? CDR_E_PROOF : CDR_OK;
	}
	size_t low = split(leaves, count, depth);
	if (low == 0 || low == count)
		err = read_beside(reader, side[low > 0]);
	if (err == CDR_OK && low > 0)
		err = verify_node(reader, leaves, low, depth + 1, side[0]);
	if (err == CDR_OK && low < count)
		err = verify_node(reader, leaves + low, count - low, depth + 1, side[1]);
	return err == CDR_OK ? join(reader->hasher, side[0], side[1], out) : err;
}

/* see core/crypto/sparse.h */
cdr_err
cdr_sparse_verify(const struct cdr_sparse_leaf *leaves, size_t count, const struct cdr_sparse_proof *proof,
    const uint8_t root[static H])
{
	struct reader reader = { .proof = proof };
	uint8_t hash[H];

	if (count < 1 || count > CDR_SPARSE_PLACES_MAX)
		return CDR_E_RANGE;
	if (!ascending(leaves, count))
		return CDR_E_INPUT;
	reader.hasher = cdr_hasher_new();
	if (reader.hasher == NULL)
		return CDR_E_MEMORY;
	cdr_err err = verify_node(&reader, leaves, count, 0, hash);
	cdr_hasher_free(reader.hasher);
	if (err != CDR_OK)
		return err;
	/* A proof has nothing left over, and its root is the one that is known. */
	if (reader.bit != proof->bit_count || reader.hash != proof->hash_count)
		return CDR_E_PROOF;
	return memcmp(hash, root, H) == 0 ? CDR_OK : CDR_E_PROOF;
}
