/* The Merkle tree against published proofs, good and bad, and against a tree hashed by the definition itself. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include <openssl/evp.h>

#include "core/crypto/hash.h"
#include "core/crypto/merkle.h"

#define SIZE_MAX_TRIED 70
#define HASH CDR_MERKLE_HASH_LEN

static uint8_t leaves[SIZE_MAX_TRIED][HASH];

/* MTH of RFC 6962 sec. 2.1, as it is written. */
static void
define_root(size_t begin, size_t end, uint8_t *out)
{
	uint8_t left[HASH], right[HASH];
	size_t k = 1;

	if (end == begin) {
		assert_int_equal(cdr_sha256(NULL, 0, out), CDR_OK);
		return;
	}
	if (end - begin == 1) {
		memcpy(out, leaves[begin], HASH);
		return;
	}
	while (2 * k < end - begin)
		k *= 2;
	define_root(begin, begin + k, left);
	define_root(begin + k, end, right);
	assert_int_equal(cdr_merkle_parent(left, right, out), CDR_OK);
}

static cdr_err
give_node(void *context, unsigned level, uint64_t index, uint8_t hash[static HASH])
{
	(void)context;
	assert_true((index + 1) << level <= SIZE_MAX_TRIED);
	define_root(index << level, (index + 1) << level, hash);
	return CDR_OK;
}

static cdr_err
give_no_node(void *context, unsigned level, uint64_t index, uint8_t hash[static HASH])
{
	(void)context, (void)level, (void)index, (void)hash;
	return CDR_E_STORE;
}

static int
setup(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < SIZE_MAX_TRIED; i++)
		assert_int_equal(cdr_merkle_leaf((struct cdr_bytes){ &i, 1 }, leaves[i]), CDR_OK);
	return 0;
}

/* Bytes of a base 64 text; its length as a number of bytes. */
static size_t
base64(const char *text, uint8_t *out, size_t size)
{
	size_t len = strlen(text);
	uint8_t block[256];

	assert_in_range(len, 0, sizeof(block));
	int got = EVP_DecodeBlock(block, (const unsigned char *)text, (int)len);
	assert_true(got >= 0);
	for (; len > 0 && text[len - 1] == '='; len--)
		got--;
	assert_true((size_t)got <= size);
	memcpy(out, block, (size_t)got);
	return (size_t)got;
}

/* Some are 2^64 - 1, which the reader of JSON gives as a real number. */
static uint64_t
number(const json_t *v, const char *key)
{
	const json_t *item = json_object_get(v, key);

	double real = json_real_value(item);

	if (json_is_real(item))
		return real < 0x1p63 ? (uint64_t)real : UINT64_MAX;
	return (uint64_t)json_integer_value(item);
}

struct published {
	uint8_t hash[2][128];
	uint8_t proof[80 * HASH];
	size_t count;
	bool is_whole; /* every hash can be said here: those of the proof have 32 bytes */
};

static void
read_published(const json_t *v, const char *first, const char *second, struct published *p)
{
	size_t i;
	json_t *item;
	uint8_t hash[128];

	memset(p, 0, sizeof(*p));
	/* Some hashes are shorter: they are compared with zeros behind them. None at all cannot be said here. */
	p->is_whole = base64(vectors_text(v, first), p->hash[0], 128) > 0;
	p->is_whole &= base64(vectors_text(v, second), p->hash[1], 128) > 0;
	json_array_foreach(json_object_get(v, "proof"), i, item) {
		p->is_whole &= base64(json_string_value(item), hash, sizeof(hash)) == HASH;
		memcpy(p->proof + p->count++ * HASH, hash, HASH);
	}
}

static void
published_inclusion_proofs(void **state)
{
	(void)state;
	json_t *root = vectors_shared("rfc6962-inclusion.json"), *v;
	size_t i, good = 0, bad = 0;

	json_array_foreach(root, i, v) {
		struct published p;
		read_published(v, "leafHash", "root", &p);
		cdr_err err = !p.is_whole ? CDR_E_PROOF :
					    cdr_merkle_verify_include(p.hash[0], number(v, "leafIdx"),
						number(v, "treeSize"), p.proof, p.count, p.hash[1]);
		bool is_bad = json_is_true(json_object_get(v, "wantErr"));
		if (err != (is_bad ? CDR_E_PROOF : CDR_OK))
			fail_msg("%s: %d", vectors_text(v, "name"), err);
		*(is_bad ? &bad : &good) += 1;
	}
	if (root != NULL)
		assert_true(good > 5 && bad > 50);
	json_decref(root);
}

static void
published_consistency_proofs(void **state)
{
	(void)state;
	json_t *root = vectors_shared("rfc6962-consistency.json"), *v;
	size_t i, good = 0, bad = 0;

	json_array_foreach(root, i, v) {
		struct published p;
		read_published(v, "root1", "root2", &p);
		cdr_err err = !p.is_whole ? CDR_E_PROOF :
					    cdr_merkle_verify_extend(number(v, "size1"), p.hash[0],
						number(v, "size2"), p.hash[1], p.proof, p.count);
		bool is_bad = json_is_true(json_object_get(v, "wantErr"));
		if (err != (is_bad ? CDR_E_PROOF : CDR_OK))
			fail_msg("%s: %d", vectors_text(v, "name"), err);
		*(is_bad ? &bad : &good) += 1;
	}
	if (root != NULL)
		assert_true(good >= 5 && bad > 50);
	json_decref(root);
}

/* Grow the reference tree leaf by leaf: roots, the nodes that each leaf completes. */
static void
check_reference(const json_t *root)
{
	struct cdr_merkle_edge edge = { 0 };
	struct cdr_merkle_grown grown;
	uint8_t entry[64], hash[HASH], want[HASH];
	size_t i;
	json_t *input;

	json_array_foreach(json_object_get(root, "leaf_inputs"), i, input) {
		const char *text = json_string_value(input);
		assert_int_equal(cdr_hex_read(text, entry, strlen(text) / 2), CDR_OK);
		assert_int_equal(cdr_merkle_leaf((struct cdr_bytes){ entry, strlen(text) / 2 }, hash), CDR_OK);
		assert_int_equal(cdr_merkle_append(&edge, hash, &grown), CDR_OK);
		for (size_t level = 0; level < grown.count; level++) {
			const json_t *row = json_array_get(json_object_get(root, "node_hashes"), level);
			const char *node = json_string_value(json_array_get(row, i >> level));
			assert_int_equal(cdr_hex_read(node, want, HASH), CDR_OK);
			assert_memory_equal(grown.hash[level], want, HASH);
		}
		assert_int_equal(cdr_merkle_root(&edge, hash), CDR_OK);
		const char *known = json_string_value(json_array_get(json_object_get(root, "root_hashes"), i));
		assert_int_equal(cdr_hex_read(known, want, HASH), CDR_OK);
		assert_memory_equal(hash, want, HASH);
	}
	assert_int_equal(edge.size, 8);
}

static void
the_reference_tree(void **state)
{
	(void)state;
	json_t *own = vectors_own("rfc6962-tree.json"), *root = vectors_shared("rfc6962-rfc6962_reference_tree.json");

	check_reference(own);
	if (root != NULL)
		check_reference(root);
	json_decref(own);
	json_decref(root);
}

static void
growing_and_reading_give_the_defined_root(void **state)
{
	(void)state;
	struct cdr_merkle_edge edge = { 0 }, again;
	uint8_t root[HASH], want[HASH], bytes[CDR_MERKLE_EDGE_LEN_MAX];
	size_t len;

	for (size_t size = 0; size <= SIZE_MAX_TRIED; size++) {
		define_root(0, size, want);
		assert_int_equal(cdr_merkle_root(&edge, root), CDR_OK);
		assert_memory_equal(root, want, HASH);
		assert_int_equal(cdr_merkle_range(give_node, NULL, size, &again), CDR_OK);
		assert_memory_equal(&again, &edge, sizeof(edge.size) + sizeof(edge.count) + edge.count * HASH);
		cdr_merkle_edge_write(&edge, bytes, &len);
		assert_int_equal(cdr_merkle_edge_read((struct cdr_bytes){ bytes, len }, &again), CDR_OK);
		assert_int_equal(cdr_merkle_root(&again, root), CDR_OK);
		assert_memory_equal(root, want, HASH);
		if (size < SIZE_MAX_TRIED)
			assert_int_equal(cdr_merkle_append(&edge, leaves[size], NULL), CDR_OK);
	}
}

static void
every_proof_of_small_trees_holds_and_no_neighbour_does(void **state)
{
	(void)state;
	struct cdr_merkle_proof proof;
	uint8_t root[HASH], old_root[HASH];

	for (size_t size = 1; size <= SIZE_MAX_TRIED; size++) {
		define_root(0, size, root);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(cdr_merkle_include(give_node, NULL, i, size, &proof), CDR_OK);
			const uint8_t *p = proof.hash[0];
			assert_int_equal(cdr_merkle_verify_include(leaves[i], i, size, p, proof.count, root), CDR_OK);
			size_t other = (i + 1) % SIZE_MAX_TRIED;
			assert_int_equal(cdr_merkle_verify_include(leaves[other], i, size, p, proof.count, root), CDR_E_PROOF);
			assert_int_equal(cdr_merkle_verify_include(leaves[i], i + 1, size, p, proof.count, root), CDR_E_PROOF);
			if (proof.count > 0)
				assert_int_equal(cdr_merkle_verify_include(leaves[i], i, size, p, proof.count - 1, root), CDR_E_PROOF);
		}
		for (size_t from = 1; from <= size; from++) {
			define_root(0, from, old_root);
			assert_int_equal(cdr_merkle_extend(give_node, NULL, from, size, &proof), CDR_OK);
			const uint8_t *p = proof.hash[0];
			assert_int_equal(cdr_merkle_verify_extend(from, old_root, size, root, p, proof.count), CDR_OK);
			old_root[3] ^= 1;
			assert_int_equal(cdr_merkle_verify_extend(from, old_root, size, root, p, proof.count), CDR_E_PROOF);
		}
	}
}

static void
two_proofs_show_what_a_tree_begins_with(void **state)
{
	(void)state;
	struct cdr_merkle_proof last, beside;
	uint8_t root[HASH], part[HASH], found[HASH];

	for (size_t size = 2; size <= SIZE_MAX_TRIED; size++) {
		define_root(0, size, root);
		for (size_t from = 1; from < size; from++) {
			define_root(0, from, part);
			assert_int_equal(cdr_merkle_include(give_node, NULL, from - 1, size, &last), CDR_OK);
			assert_int_equal(cdr_merkle_include(give_node, NULL, (from - 1) ^ 1, size, &beside), CDR_OK);
			const struct cdr_bytes l = { last.hash[0], last.count * HASH }, b = { beside.hash[0], HASH };
			assert_int_equal(cdr_merkle_verify_begin(from, size, root, l, b, found), CDR_OK);
			assert_memory_equal(found, part, HASH);
			assert_int_equal(cdr_merkle_verify_begin(from + 1, size, root, l, b, found), CDR_E_PROOF);
			last.hash[last.count - 1][7] ^= 1;
			assert_int_equal(cdr_merkle_verify_begin(from, size, root, l, b, found), CDR_E_PROOF);
			assert_int_equal(found[0] | found[HASH - 1], 0);
			last.hash[last.count - 1][7] ^= 1;
			beside.hash[0][0] ^= 1;
			assert_int_equal(cdr_merkle_verify_begin(from, size, root, l, b, found), CDR_E_PROOF);
			beside.hash[0][0] ^= 1;
			assert_int_equal(cdr_merkle_verify_begin(from, size, root, l, (struct cdr_bytes){ NULL, 0 }, found), CDR_E_PROOF);
			assert_int_equal(cdr_merkle_verify_begin(from, size, root, (struct cdr_bytes){ l.data, l.len - 1 }, b, found), CDR_E_PROOF);
			assert_int_equal(cdr_merkle_verify_begin(from, from, root, l, b, found), CDR_E_PROOF);
			assert_int_equal(cdr_merkle_verify_begin(0, size, root, l, b, found), CDR_E_PROOF);
		}
	}
}

static void
what_cannot_be_is_refused(void **state)
{
	(void)state;
	struct cdr_merkle_proof proof = { .count = 7 };
	struct cdr_merkle_edge edge = { .size = CDR_MERKLE_SIZE_MAX };
	uint8_t bytes[CDR_MERKLE_EDGE_LEN_MAX] = { 0 };

	assert_int_equal(cdr_merkle_append(&edge, leaves[0], NULL), CDR_E_RANGE);
	assert_int_equal(cdr_merkle_range(give_node, NULL, CDR_MERKLE_SIZE_MAX + 1, &edge), CDR_E_RANGE);
	assert_int_equal(cdr_merkle_include(give_node, NULL, 5, 5, &proof), CDR_E_RANGE);
	assert_int_equal(proof.count, 0);
	assert_int_equal(cdr_merkle_extend(give_node, NULL, 6, 5, &proof), CDR_E_RANGE);
	assert_int_equal(cdr_merkle_include(give_no_node, NULL, 2, 5, &proof), CDR_E_STORE);
	assert_int_equal(proof.count, 0);
	assert_int_equal(cdr_merkle_extend(give_no_node, NULL, 2, 5, &proof), CDR_E_STORE);
	assert_int_equal(cdr_merkle_range(give_no_node, NULL, 5, &edge), CDR_E_STORE);
	assert_int_equal(cdr_merkle_verify_include(leaves[0], 0, 0, NULL, 0, leaves[0]), CDR_E_PROOF);
	assert_int_equal(cdr_merkle_verify_extend(3, leaves[0], 2, leaves[1], NULL, 0), CDR_E_PROOF);
	assert_int_equal(cdr_merkle_verify_extend(0, leaves[0], 2, leaves[1], NULL, 0), CDR_E_PROOF);
	bytes[7] = 3; /* two hashes belong to it */
	assert_int_equal(cdr_merkle_edge_read((struct cdr_bytes){ bytes, 8 + HASH }, &edge), CDR_E_INPUT);
	assert_int_equal(edge.size, 0);
	assert_int_equal(cdr_merkle_edge_read((struct cdr_bytes){ bytes, 5 }, &edge), CDR_E_INPUT);
	bytes[0] = 0xff;
	assert_int_equal(cdr_merkle_edge_read((struct cdr_bytes){ bytes, 8 + 10 * HASH }, &edge), CDR_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_inclusion_proofs),
		cmocka_unit_test(published_consistency_proofs),
		cmocka_unit_test(the_reference_tree),
		cmocka_unit_test(growing_and_reading_give_the_defined_root),
		cmocka_unit_test(every_proof_of_small_trees_holds_and_no_neighbour_does),
		cmocka_unit_test(two_proofs_show_what_a_tree_begins_with),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
