#include "tests/unit/played_index.h"

#include <stdlib.h>
#include <string.h>

#include "tests/must.h"
#include "tests/unit/pages.h"

/* see tests/unit/played_index.h */

/* The salt of a person, and the salt of every bucket. */
static const uint8_t w_salt[CDR_INDEX_SALT_LEN] = { 7 };
static const struct cdr_index_closed w_crowd = { .height = CDR_INDEX_CROWD_HEIGHT, .slots = { 6 } };

static cdr_err
w_index_row(const struct w_indexed *person, const uint8_t *asked, struct cdr_index_row *row)
{
	struct cdr_index_person identity = { person->member, person->handle, 400 };

	*row = (struct cdr_index_row){ .type = asked[CDR_TAG_LEN], .rarity = asked[CDR_TAG_LEN + 1], .pair = asked[CDR_TAG_LEN + 2] };
	return cdr_index_person_commit(w_salt, &identity, row->person);
}

static int
w_compare_rows(const void *a, const void *b)
{
	return cdr_index_row_compare(a, b);
}

void
w_index_judge(const Cdr__Wire__CheckOpen *open, const Cdr__Wire__Scheme *scheme, struct cdr_match *match)
{
	struct cdr_agreement agreement[CDR_CHECK_ROWS_MAX];
	struct cdr_match_rule rule = cdr_index_rule(scheme);
	size_t count = open->rows.len / CDR_CHECK_ROW_LEN;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = open->rows.data + i * CDR_CHECK_ROW_LEN;
		agreement[i] = (struct cdr_agreement){ row[CDR_TAG_LEN], cdr_match_rarity(row[CDR_TAG_LEN + 1], row[CDR_TAG_LEN + 1]),
			row[CDR_TAG_LEN + 2], row[CDR_TAG_LEN + 2] };
	}
	MUST(cdr_match_judge(agreement, count, W_PEOPLE, &rule, match) == CDR_OK);
}

void
w_index_prove(const struct w_index *index, const Cdr__Wire__CheckOpen *open, Cdr__Wire__IndexProof *proof,
    struct cdr_leaf *leaf)
{
	static struct pages pages;
	static struct cdr_sparse_proof path;
	static uint8_t rows[CDR_CHECK_ROWS_MAX][W_INDEXED_MAX * CDR_INDEX_OPENED_ROW_LEN], root_hash[CDR_SPARSE_HASH_LEN];
	static Cdr__Wire__IndexBucket bucket[CDR_CHECK_ROWS_MAX], *bucket_at[CDR_CHECK_ROWS_MAX];
	static Cdr__Wire__IndexPerson person[W_INDEXED_MAX], *person_at[W_INDEXED_MAX];
	static struct cdr_buffer root;
	size_t count = open->rows.len / CDR_CHECK_ROW_LEN, order[CDR_CHECK_ROWS_MAX];
	struct cdr_sparse_leaf leaves[CDR_CHECK_ROWS_MAX];
	struct cdr_sparse_pages store = pages_of(&pages);
	Cdr__Wire__IndexRoot body = CDR__WIRE__INDEX_ROOT__INIT;

	pages_free(&pages);
	cdr_sparse_proof_free(&path);
	cdr_buffer_free(&root);
	*proof = (Cdr__Wire__IndexProof)CDR__WIRE__INDEX_PROOF__INIT;
	MUST(cdr_index_places_sort(open->epoch, open->rows.data, CDR_CHECK_ROW_LEN, leaves, count, order) == CDR_OK);
	for (size_t i = 0; i < count && index->count > 0; i++) {
		struct cdr_index_row made[W_INDEXED_MAX];
		for (size_t k = 0; k < index->count; k++)
			MUST(w_index_row(&index->person[k], open->rows.data + order[i] * CDR_CHECK_ROW_LEN, &made[k]) == CDR_OK);
		qsort(made, index->count, sizeof(made[0]), w_compare_rows);
		for (size_t k = 0; k < index->count; k++)
			cdr_index_row_write(&made[k], rows[order[i]] + k * CDR_INDEX_OPENED_ROW_LEN);
		leaves[i].present = true;
		if (index->is_crowd && order[i] == 0)
			MUST(cdr_index_closed_hash(&w_crowd, leaves[i].content) == CDR_OK);
		else
			MUST(cdr_index_bucket_hash(w_salt, made, index->count, leaves[i].content) == CDR_OK);
	}
	MUST(cdr_sparse_update(&store, leaves, count, root_hash) == CDR_OK);
	MUST(cdr_sparse_prove(&store, leaves, count, &path) == CDR_OK);
	for (size_t i = 0; i < count && index->count > 0; i++) {
		bucket[i] = (Cdr__Wire__IndexBucket)CDR__WIRE__INDEX_BUCKET__INIT;
		bucket[i].row = (uint32_t)i;
		bucket[i].has_salt = true;
		bucket[i].salt = cdr_message_field(w_salt, sizeof(w_salt));
		bucket[i].has_rows = true;
		bucket[i].rows = cdr_message_field(rows[i], index->count * CDR_INDEX_OPENED_ROW_LEN);
		if (index->is_crowd && i == 0) {
			bucket[i].has_salt = bucket[i].has_rows = false;
			bucket[i].has_height = bucket[i].has_slots = true;
			bucket[i].height = CDR_INDEX_CROWD_HEIGHT;
			bucket[i].slots = cdr_message_field(w_crowd.slots, sizeof(w_crowd.slots));
		}
		bucket_at[i] = &bucket[i];
		proof->n_bucket = count;
	}
	for (size_t k = 0; k < index->count; k++) {
		person[k] = (Cdr__Wire__IndexPerson)CDR__WIRE__INDEX_PERSON__INIT;
		person[k].expires = 400;
		person[k].salt = cdr_message_field(w_salt, sizeof(w_salt));
		person[k].member = (char *)(uintptr_t)index->person[k].member;
		person[k].has_handle = true;
		person[k].handle = cdr_message_field(index->person[k].handle, CDR_HANDLE_LEN);
		person_at[k] = &person[k];
	}
	body.epoch = open->epoch;
	body.number = 1;
	body.root = cdr_message_field(root_hash, sizeof(root_hash));
	body.people = W_PEOPLE;
	MUST(cdr_message_encode(&body.base, &root) == CDR_OK);
	*leaf = (struct cdr_leaf){ .kind = CDR_LEAF_INDEX_ROOT, .at = 1 };
	cdr_leaf_party_add(leaf, "hub");
	cdr_leaf_number_add(leaf, open->epoch);
	MUST(cdr_index_root_content(cdr_buffer_bytes(&root), leaf->content) == CDR_OK);
	proof->root = cdr_message_field(root.data, root.len);
	proof->known = cdr_message_field(path.bits, (path.bit_count + 7) / 8);
	proof->known_count = (uint32_t)path.bit_count;
	proof->beside = cdr_message_field(path.hashes, path.hash_count * CDR_SPARSE_HASH_LEN);
	proof->bucket = bucket_at;
	proof->person = person_at;
	proof->n_person = index->count;
}

void
w_index_receipt(const uint8_t *seed, const uint8_t *genesis, const struct cdr_leaf *leaf, uint64_t position,
    Cdr__Wire__Receipt *receipt, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	static struct cdr_buffer bytes;
	static uint8_t signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer entry = { 0 };

	cdr_buffer_free(&bytes);
	MUST(cdr_leaf_encode(leaf, &bytes) == CDR_OK);
	MUST(cdr_leaf_entry(cdr_buffer_bytes(&bytes), NULL, &entry) == CDR_OK);
	MUST(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash) == CDR_OK);
	MUST(cdr_receipt_sign(seed, genesis, position, hash, signature) == CDR_OK);
	*receipt = (Cdr__Wire__Receipt)CDR__WIRE__RECEIPT__INIT;
	receipt->position = position;
	receipt->leaf = cdr_message_field(bytes.data, bytes.len);
	receipt->signature = cdr_message_field(signature, sizeof(signature));
	cdr_buffer_free(&entry);
}
