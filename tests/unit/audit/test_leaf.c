/* Leaves: one form each, what the log shows of them, and receipts that hold for one place in one log. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "audit/leaf.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

static const uint8_t seed[CDR_SIGN_SEED_LEN] = { 7 }, genesis[CDR_GENESIS_HASH_LEN] = { 9 };
static uint8_t hub_key[CDR_SIGN_PUBLIC_LEN];

static struct cdr_leaf
make_leaf(enum cdr_leaf_kind kind)
{
	struct cdr_leaf leaf = { .kind = kind, .at = 1772323200 };

	cdr_leaf_member_add(&leaf, "blue-harbour");
	cdr_leaf_number_add(&leaf, 1);
	cdr_leaf_number_add(&leaf, 1024);
	memset(leaf.content, 0x5a, sizeof(leaf.content));
	return leaf;
}

static void
a_leaf_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (int kind = 0; kind < CDR_LEAF_KIND_COUNT; kind++) {
		struct cdr_leaf leaf = make_leaf((enum cdr_leaf_kind)kind), again;
		struct cdr_buffer bytes = { 0 };

		assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_OK);
		assert_int_equal(cdr_leaf_decode(cdr_buffer_bytes(&bytes), &again), CDR_OK);
		assert_memory_equal(&leaf, &again, sizeof(leaf));
		assert_string_equal(again.party[0], "member/blue-harbour");
		cdr_buffer_free(&bytes);
	}
	assert_string_equal(cdr_leaf_kind_name(CDR_LEAF_KIND_COUNT), "");
	assert_false(cdr_leaf_kind_is_open(CDR_LEAF_KIND_COUNT));
}

static void
what_no_leaf_can_say_is_refused(void **state)
{
	(void)state;
	struct cdr_leaf leaf = make_leaf(CDR_LEAF_DELIVERY), out;
	struct cdr_buffer bytes = { 0 }, longer = { 0 };

	for (int i = 0; i < CDR_LEAF_PARTY_MAX; i++)
		cdr_leaf_party_add(&leaf, "hub");
	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_E_RANGE);
	leaf = make_leaf(CDR_LEAF_DELIVERY);
	for (int i = 0; i < CDR_LEAF_NUMBER_MAX; i++)
		cdr_leaf_number_add(&leaf, 1);
	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_E_RANGE);
	leaf = make_leaf(CDR_LEAF_DELIVERY);
	cdr_leaf_member_add(&leaf, "a-name-that-is-far-too-long-for-any-member-of-any-exchange");
	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_E_RANGE);
	leaf = make_leaf(CDR_LEAF_KIND_COUNT);
	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_E_RANGE);

	/* Another kind, trailing bytes, the same field twice. */
	leaf = make_leaf(CDR_LEAF_DELIVERY);
	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_OK);
	bytes.data[3] ^= 1;
	assert_int_equal(cdr_leaf_decode(cdr_buffer_bytes(&bytes), &out), CDR_E_INPUT);
	bytes.data[3] ^= 1;
	assert_int_equal(cdr_leaf_decode((struct cdr_bytes){ bytes.data, bytes.len - 1 }, &out), CDR_E_INPUT);
	longer.len = 2 * bytes.len;
	longer.data = malloc(longer.len);
	assert_non_null(longer.data);
	memcpy(longer.data, bytes.data, bytes.len);
	memcpy(longer.data + bytes.len, bytes.data, bytes.len);
	assert_int_equal(cdr_leaf_decode(cdr_buffer_bytes(&longer), &out), CDR_E_INPUT);
	assert_int_equal(out.party_count, 0);
	cdr_buffer_free(&longer);
	cdr_buffer_free(&bytes);
}

/* The commitment as the header states it, computed step by step. */
static void
a_commitment_shows_nothing_of_the_leaf(void **state)
{
	(void)state;
	struct cdr_leaf leaf = make_leaf(CDR_LEAF_CHECK_OPENED), shown;
	struct cdr_buffer bytes = { 0 }, entry = { 0 }, other = { 0 };
	uint8_t salt[CDR_LEAF_SALT_LEN] = { 3 }, all[14 + 32 + 32] = "candor/1 leaf", want[32];
	bool is_open;

	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&bytes), salt, &entry), CDR_OK);
	assert_int_equal(entry.len, 34);
	memcpy(all + 14, salt, 32);
	struct cdr_bytes inner = cdr_buffer_bytes(&bytes), outer = { all, sizeof(all) };
	assert_int_equal(cdr_sha256(&inner, 1, all + 46), CDR_OK);
	assert_int_equal(cdr_sha256(&outer, 1, want), CDR_OK);
	assert_memory_equal(entry.data + 2, want, 32);
	assert_int_equal(cdr_leaf_entry_read(cdr_buffer_bytes(&entry), &shown, &is_open), CDR_OK);
	assert_false(is_open);
	assert_int_equal(shown.party_count, 0);
	salt[31] = 1;
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&bytes), salt, &other), CDR_OK);
	assert_memory_not_equal(entry.data, other.data, 34);
	/* A leaf of this kind never stands in the open. */
	cdr_buffer_free(&other);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&bytes), NULL, &other), CDR_OK);
	assert_int_equal(cdr_leaf_entry_read(cdr_buffer_bytes(&other), &shown, &is_open), CDR_E_INPUT);
	entry.data[1]--;
	assert_int_equal(cdr_leaf_entry_read(cdr_buffer_bytes(&entry), &shown, &is_open), CDR_E_INPUT);
	assert_int_equal(cdr_leaf_entry_read((struct cdr_bytes){ NULL, 0 }, &shown, &is_open), CDR_E_INPUT);
	cdr_buffer_free(&other);
	cdr_buffer_free(&entry);
	cdr_buffer_free(&bytes);
}

static void
an_open_leaf_is_read_from_the_tree(void **state)
{
	(void)state;
	struct cdr_leaf leaf = make_leaf(CDR_LEAF_ROSTER), shown;
	struct cdr_buffer bytes = { 0 }, entry = { 0 };
	bool is_open;

	assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&bytes), NULL, &entry), CDR_OK);
	assert_int_equal(cdr_leaf_entry_read(cdr_buffer_bytes(&entry), &shown, &is_open), CDR_OK);
	assert_true(is_open);
	assert_memory_equal(&leaf, &shown, sizeof(leaf));
	cdr_buffer_free(&entry);
	cdr_buffer_free(&bytes);
}

static void
content_tells_parts_and_kinds_apart(void **state)
{
	(void)state;
	const struct cdr_bytes one[] = { { (const uint8_t *)"ab", 2 }, { (const uint8_t *)"c", 1 } };
	const struct cdr_bytes two[] = { { (const uint8_t *)"a", 1 }, { (const uint8_t *)"bc", 2 } };
	struct cdr_bytes many[CDR_LEAF_CONTENT_PARTS_MAX + 1] = { { NULL, 0 } };
	uint8_t a[32], b[32];

	assert_int_equal(cdr_leaf_content(CDR_LEAF_DELIVERY, one, 2, a), CDR_OK);
	assert_int_equal(cdr_leaf_content(CDR_LEAF_DELIVERY, two, 2, b), CDR_OK);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROSTER, one, 2, b), CDR_OK);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROSTER, many, CDR_LEAF_CONTENT_PARTS_MAX + 1, b), CDR_E_RANGE);
}

/* A receipt for ${kind} at ${position}; ${bytes} is freed by the caller. */
static Cdr__Wire__Receipt
make_receipt(enum cdr_leaf_kind kind, uint64_t position, struct cdr_buffer *bytes, uint8_t *salt, uint8_t *signature)
{
	Cdr__Wire__Receipt receipt = CDR__WIRE__RECEIPT__INIT;
	struct cdr_leaf leaf = make_leaf(kind);
	struct cdr_buffer entry = { 0 };
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	assert_int_equal(cdr_leaf_encode(&leaf, bytes), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(bytes), salt, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash), CDR_OK);
	assert_int_equal(cdr_receipt_sign(seed, genesis, position, hash, signature), CDR_OK);
	receipt.position = position;
	receipt.leaf = cdr_message_field(bytes->data, bytes->len);
	receipt.has_salt = salt != NULL;
	receipt.salt = cdr_message_field(salt, salt != NULL ? CDR_LEAF_SALT_LEN : 0);
	receipt.signature = cdr_message_field(signature, CDR_SIGNATURE_LEN);
	cdr_buffer_free(&entry);
	return receipt;
}

static void
a_receipt_holds_for_one_place_in_one_log(void **state)
{
	(void)state;
	struct cdr_buffer bytes = { 0 };
	uint8_t salt[CDR_LEAF_SALT_LEN] = { 3 }, signature[CDR_SIGNATURE_LEN], hash[CDR_MERKLE_HASH_LEN], elsewhere[32] = { 8 };
	struct cdr_leaf leaf;

	Cdr__Wire__Receipt receipt = make_receipt(CDR_LEAF_DELIVERY, 12, &bytes, salt, signature);
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_DELIVERY);
	assert_int_equal(cdr_receipt_read(&receipt, elsewhere, hub_key, &leaf, hash), CDR_E_SIGNATURE);
	receipt.position = 13;
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_E_SIGNATURE);
	receipt.position = 12;
	salt[0]++;
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_E_SIGNATURE);
	salt[0]--;
	receipt.salt.len--;
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_E_INPUT);
	receipt.has_salt = false;
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_E_INPUT);
	cdr_buffer_free(&bytes);

	receipt = make_receipt(CDR_LEAF_ROSTER, 0, &bytes, NULL, signature);
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_OK);
	receipt.position = CDR_MERKLE_SIZE_MAX;
	assert_int_equal(cdr_receipt_read(&receipt, genesis, hub_key, &leaf, hash), CDR_E_INPUT);
	cdr_buffer_free(&bytes);
}

static int
setup(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK && cdr_sign_public(seed, hub_key) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_is_read_as_it_was_written),
		cmocka_unit_test(what_no_leaf_can_say_is_refused),
		cmocka_unit_test(a_commitment_shows_nothing_of_the_leaf),
		cmocka_unit_test(an_open_leaf_is_read_from_the_tree),
		cmocka_unit_test(content_tells_parts_and_kinds_apart),
		cmocka_unit_test(a_receipt_holds_for_one_place_in_one_log),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
