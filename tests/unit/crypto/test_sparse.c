/* The sparse Merkle tree against a slow one that follows the definition, and proofs that must not hold. */
#include "tests/unit/unit.h"

#include "tests/unit/pages.h"

#define H CDR_SPARSE_HASH_LEN
#define MANY 300

static const uint8_t zero[H];
static uint64_t random_state;

/* xorshift: the same places in every run. */
static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void
fill(struct cdr_sparse_leaf *leaf, uint64_t place, uint8_t content)
{
	*leaf = (struct cdr_sparse_leaf){ .place = place, .mark = content, .present = true };
	memset(leaf->content, content, H);
}

static int
compare(const void *a, const void *b)
{
	uint64_t left = ((const struct cdr_sparse_leaf *)a)->place, right = ((const struct cdr_sparse_leaf *)b)->place;

	return left < right ? -1 : left > right;
}

/* The definition, node by node, over a list in any order. */
static void
slow(const struct cdr_sparse_leaf *leaf, size_t count, unsigned depth, uint64_t prefix, uint8_t out[static H])
{
	uint8_t side[2][H], bytes[1 + 2 * H];
	size_t below = 0;
	const struct cdr_sparse_leaf *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (leaf[i].present && (depth == 0 || leaf[i].place >> (64 - depth) == prefix)) {
			below++;
			found = &leaf[i];
		}
	memset(out, 0, H);
	if (below == 0)
		return;
	if (depth == 64) {
		memcpy(out, found->content, H);
		return;
	}
	slow(leaf, count, depth + 1, prefix << 1, side[0]);
	slow(leaf, count, depth + 1, prefix << 1 | 1, side[1]);
	bool no_left = memcmp(side[0], zero, H) == 0, no_right = memcmp(side[1], zero, H) == 0;
	struct cdr_bytes part = { bytes, 1 + 2 * H };
	if (no_left || no_right) {
		bytes[0] = 2;
		bytes[1] = no_left;
		memcpy(bytes + 2, side[no_left], H);
		part.len = 2 + H;
	} else {
		bytes[0] = 1;
		memcpy(bytes + 1, side, sizeof(side));
	}
	assert_int_equal(cdr_sha256(&part, 1, out), CDR_OK);
}

static void
an_empty_tree_is_zeros(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_pages store = pages_of(&pages);
	struct cdr_sparse_leaf leaf = { .place = 5 };
	struct cdr_sparse_proof proof;
	uint8_t root[H];

	(void)state;
	assert_int_equal(cdr_sparse_update(&store, NULL, 0, root), CDR_OK);
	assert_memory_equal(root, zero, H);
	assert_int_equal(cdr_sparse_prove(&store, &leaf, 1, &proof), CDR_OK);
	assert_false(leaf.present);
	assert_int_equal(proof.bit_count, 64);
	assert_int_equal(proof.hash_count, 0);
	assert_int_equal(cdr_sparse_verify(&leaf, 1, &proof, root), CDR_OK);
	fill(&leaf, 5, 1);
	assert_int_equal(cdr_sparse_verify(&leaf, 1, &proof, root), CDR_E_PROOF);
	cdr_sparse_proof_free(&proof);
}

/* Two leaves at the far ends: 63 nodes with one child each way, and the root. Worked out apart from this code. */
static void
the_format_is_fixed(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_pages store = pages_of(&pages);
	struct cdr_sparse_leaf leaf[2];
	uint8_t root[H], expected[H];

	(void)state;
	fill(&leaf[0], 0, 0xaa);
	fill(&leaf[1], UINT64_MAX, 0xbb);
	assert_int_equal(cdr_sparse_update(&store, leaf, 2, root), CDR_OK);
	assert_int_equal(cdr_hex_read("a5a452e677ee42f474e0b2f7e175441be4462a8e9789daa038b97c7ea4d53545", expected, H), CDR_OK);
	assert_memory_equal(root, expected, H);
	pages_free(&pages);
}

/* However it came to be, the tree is the slow one. Some places are close together, so that pages split deep down. */
static void
updates_agree_with_the_definition(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_pages store = pages_of(&pages);
	static struct cdr_sparse_leaf all[MANY], change[MANY];
	uint8_t root[H], expected[H];

	(void)state;
	random_state = 88172645463325252u;
	for (size_t i = 0; i < MANY; i++)
		fill(&all[i], i % 3 == 0 ? 0x1234567890000000u + (next_random() & 0xffff) : next_random(), (uint8_t)(i % 250 + 1));
	for (size_t round = 0; round < 12; round++) {
		size_t count = 0;
		for (size_t i = 0; i < MANY; i++) {
			if (next_random() % 4 != 0 && round > 0)
				continue;
			all[i].present = next_random() % 3 != 0;
			all[i].content[0] = (uint8_t)(round + 1);
			change[count++] = all[i];
		}
		qsort(change, count, sizeof(change[0]), compare);
		assert_int_equal(cdr_sparse_update(&store, change, count, root), CDR_OK);
		slow(all, MANY, 0, 0, expected);
		assert_memory_equal(root, expected, H);
	}
	/* Empty again: nothing stays behind. */
	qsort(all, MANY, sizeof(all[0]), compare);
	for (size_t i = 0; i < MANY; i++)
		all[i].present = false;
	assert_int_equal(cdr_sparse_update(&store, all, MANY, root), CDR_OK);
	assert_memory_equal(root, zero, H);
	assert_int_equal(pages.count, 0);
	pages_free(&pages);
}

/* A tree of MANY leaves, and a proof for what is there, what is not, and close neighbours. */
static size_t
prove_some(struct pages *pages, struct cdr_sparse_leaf *asked, struct cdr_sparse_proof *proof, uint8_t *root)
{
	struct cdr_sparse_pages store = pages_of(pages);
	static struct cdr_sparse_leaf all[MANY];
	size_t count = 0;

	random_state = 362436069362436069u;
	for (size_t i = 0; i < MANY; i++)
		fill(&all[i], i < 2 ? i : next_random(), (uint8_t)(i % 250 + 1));
	qsort(all, MANY, sizeof(all[0]), compare);
	assert_int_equal(cdr_sparse_update(&store, all, MANY, root), CDR_OK);
	for (size_t i = 0; i < 20; i++) {
		asked[count++].place = all[i * 7].place;
		asked[count++].place = all[i * 7].place + 2; /* beside it: nothing */
	}
	asked[count++].place = UINT64_MAX;
	assert_int_equal(cdr_sparse_prove(&store, asked, count, proof), CDR_OK);
	for (size_t i = 0; i < 20; i++) {
		assert_true(asked[2 * i].present);
		assert_memory_equal(asked[2 * i].content, all[i * 7].content, H);
		assert_int_equal(asked[2 * i].mark, all[i * 7].mark);
		assert_false(asked[2 * i + 1].present);
	}
	return count;
}

static void
proofs_hold_and_no_other_does(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_leaf asked[64], other[64];
	struct cdr_sparse_proof proof;
	uint8_t root[H];

	(void)state;
	size_t count = prove_some(&pages, asked, &proof, root);
	assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_OK);
	for (size_t i = 0; i < count; i++) { /* present as absent, absent as present, another content */
		memcpy(other, asked, sizeof(other));
		other[i].present = !other[i].present;
		other[i].content[0] ^= 1;
		assert_int_equal(cdr_sparse_verify(other, count, &proof, root), CDR_E_PROOF);
	}
	for (size_t i = 0; i < proof.bit_count; i++) {
		proof.bits[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
		proof.bits[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	}
	for (size_t i = 0; i < proof.hash_count; i++) {
		proof.hashes[i * H + i % H] ^= 1;
		assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
		proof.hashes[i * H + i % H] ^= 1;
	}
	proof.hash_count--;
	assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
	proof.hash_count++;
	proof.bit_count--;
	assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
	proof.bit_count++;
	root[0] ^= 1;
	assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
	root[0] ^= 1;
	/* A node with one child cannot pass for one with a child of zeros. */
	memset(proof.hashes, 0, H);
	assert_int_equal(cdr_sparse_verify(asked, count, &proof, root), CDR_E_PROOF);
	cdr_sparse_proof_free(&proof);
	pages_free(&pages);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_pages store = pages_of(&pages);
	struct cdr_sparse_leaf leaf[3];
	struct cdr_sparse_proof proof;
	uint8_t root[H];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		fill(&leaf[i], i, 1);
	leaf[2].place = 1;
	assert_int_equal(cdr_sparse_update(&store, leaf, 3, root), CDR_E_INPUT);
	assert_memory_equal(root, zero, H);
	assert_int_equal(cdr_sparse_prove(&store, leaf, 3, &proof), CDR_E_INPUT);
	assert_int_equal(cdr_sparse_verify(leaf, 3, &proof, root), CDR_E_INPUT);
	assert_int_equal(cdr_sparse_prove(&store, leaf, 0, &proof), CDR_E_RANGE);
	assert_int_equal(cdr_sparse_prove(&store, leaf, CDR_SPARSE_PLACES_MAX + 1, &proof), CDR_E_RANGE);
	assert_int_equal(cdr_sparse_verify(leaf, 0, &proof, root), CDR_E_RANGE);
	assert_int_equal(cdr_sparse_verify(leaf, CDR_SPARSE_PLACES_MAX + 1, &proof, root), CDR_E_RANGE);
	pages.fails = CDR_E_BUSY;
	assert_int_equal(cdr_sparse_update(&store, leaf, 2, root), CDR_E_BUSY);
	assert_int_equal(cdr_sparse_prove(&store, leaf, 2, &proof), CDR_E_BUSY);
	cdr_sparse_proof_free(&proof);
}

/* Pages that were damaged, moved, or never were pages. */
static void
damaged_pages_are_found(void **state)
{
	struct pages pages = { 0 };
	struct cdr_sparse_pages store = pages_of(&pages);
	struct cdr_sparse_leaf leaf[40];
	uint8_t root[H];

	(void)state;
	for (size_t i = 0; i < 40; i++)
		fill(&leaf[i], (uint64_t)(i + 1) << 56, 1);
	assert_int_equal(cdr_sparse_update(&store, leaf, 40, root), CDR_OK);
	struct pages_item *top = pages_find(&pages, 0, 0), *below = pages_find(&pages, 4, 0);
	assert_non_null(top);
	assert_non_null(below);
	struct cdr_sparse_page good = below->page;
	below->page.len = 0;
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page.len = good.len - 1;
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page.len = 1;
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page = good;
	below->page.data[0] = 7;
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page = good;
	below->page.data[1] ^= 0x80; /* an entry that belongs elsewhere */
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page = good;
	memcpy(below->page.data + 1, good.data + 1 + CDR_SPARSE_ENTRY_LEN, CDR_SPARSE_ENTRY_LEN); /* twice */
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page = good;
	memset(below->page.data + 1 + 16, 0, H);
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_E_STORE);
	below->page = good;
	assert_int_equal(cdr_sparse_update(&store, leaf, 1, root), CDR_OK);
	pages_free(&pages);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_tree_is_zeros),
		cmocka_unit_test(the_format_is_fixed),
		cmocka_unit_test(updates_agree_with_the_definition),
		cmocka_unit_test(proofs_hold_and_no_other_does),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(damaged_pages_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
