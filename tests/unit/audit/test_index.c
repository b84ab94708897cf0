/* Buckets of the index: one hash whichever way they are opened, and nothing else opens them. */
#include "tests/unit/unit.h"

#include "audit/index.h"

#define H CDR_INDEX_HASH_LEN

static const uint8_t secret[CDR_INDEX_SECRET_LEN] = { 1, 2, 3 };

static void
make_rows(struct cdr_index_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		rows[i] = (struct cdr_index_row){ .type = 1, .rarity = (uint8_t)(i >> 8), .pair = (uint8_t)i };
		memset(rows[i].person, (int)(i * 7 + 1), H);
	}
}

static void
every_opening_leads_to_one_hash(void **state)
{
	static const size_t sizes[] = { 1, 2, 4, 5, 32, 33, 257 };
	struct cdr_index_row rows[257];
	uint8_t salt[CDR_INDEX_SALT_LEN], whole[H], other[H];
	struct cdr_index_closed closed;
	struct cdr_index_slot slot;
	const uint8_t tag[CDR_TAG_LEN] = { 9 };

	(void)state;
	make_rows(rows, 257);
	assert_int_equal(cdr_index_bucket_salt(secret, 1, tag, 5, salt), CDR_OK);
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		size_t count = sizes[n], height = count <= 4 ? 2 : count <= 32 ? 5 : count <= 256 ? 8 : 11;
		assert_int_equal(cdr_index_height(count), height);
		assert_int_equal(cdr_index_bucket_hash(salt, rows, count, whole), CDR_OK);
		assert_int_equal(cdr_index_closed_make(salt, rows, count, &closed), CDR_OK);
		assert_int_equal(closed.height, height);
		assert_int_equal(cdr_index_closed_hash(&closed, other), CDR_OK);
		assert_memory_equal(whole, other, H);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(cdr_index_slot_make(salt, rows, count, i, &slot), CDR_OK);
			assert_int_equal(slot.height, height);
			assert_int_equal(cdr_index_slot_hash(&slot, &rows[i], other), CDR_OK);
			assert_memory_equal(whole, other, H);
			struct cdr_index_row wrong = rows[i];
			wrong.pair ^= 1;
			assert_int_equal(cdr_index_slot_hash(&slot, &wrong, other), CDR_OK);
			assert_memory_not_equal(whole, other, H);
		}
		/* Nobody is told another height than somebody else. */
		closed.height = height == 2 ? 5 : 2;
		assert_int_equal(cdr_index_closed_hash(&closed, other), CDR_OK);
		assert_memory_not_equal(whole, other, H);
	}
}

/* With another mark everything that can be seen of a bucket is another: two proofs cannot be compared. */
static void
marks_change_everything(void **state)
{
	struct cdr_index_row rows[3];
	uint8_t salt[2][CDR_INDEX_SALT_LEN];
	struct cdr_index_slot slot[2];
	const uint8_t tag[CDR_TAG_LEN] = { 9 };
	size_t seen[4] = { 0 };

	(void)state;
	make_rows(rows, 3);
	for (uint64_t mark = 0; mark < 200; mark++) {
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(cdr_index_bucket_salt(secret, 1, tag, mark + i, salt[i]), CDR_OK);
			assert_int_equal(cdr_index_slot_make(salt[i], rows, 3, 2, &slot[i]), CDR_OK);
		}
		seen[slot[0].slot]++;
		assert_memory_not_equal(slot[0].salt, slot[1].salt, sizeof(slot[0].salt));
		assert_memory_not_equal(slot[0].beside[0], slot[1].beside[0], H);
		assert_memory_not_equal(slot[0].beside[1], slot[1].beside[1], H);
	}
	/* The last of three rows lies in every slot about as often: the slot does not tell how many there are. */
	for (size_t i = 0; i < 4; i++)
		assert_in_range(seen[i], 25, 80);
}

static void
people_open_whole_or_in_part(void **state)
{
	const uint8_t handle[CDR_HANDLE_LEN] = { 4 };
	struct cdr_index_person person = { "blue-harbour", handle, 321 }, other = { "blue-harbours", handle, 321 };
	uint8_t salt[CDR_INDEX_SALT_LEN], name[H], whole[H], joined[H];

	(void)state;
	assert_int_equal(cdr_index_person_salt(secret, 1, person.member, handle, salt), CDR_OK);
	assert_int_equal(cdr_index_person_commit(salt, &person, whole), CDR_OK);
	assert_int_equal(cdr_index_person_name(salt, &person, name), CDR_OK);
	assert_int_equal(cdr_index_person_join(name, salt + CDR_INDEX_PART_SALT_LEN, 321, joined), CDR_OK);
	assert_memory_equal(whole, joined, H);
	assert_int_equal(cdr_index_person_join(name, salt + CDR_INDEX_PART_SALT_LEN, 322, joined), CDR_OK);
	assert_memory_not_equal(whole, joined, H);
	assert_int_equal(cdr_index_person_commit(salt, &other, joined), CDR_OK);
	assert_memory_not_equal(whole, joined, H);
}

/* Worked out apart from this code: what stands in a log must not change. */
static void
the_format_is_fixed(void **state)
{
	const uint8_t tag[CDR_TAG_LEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, handle[CDR_HANDLE_LEN] = { 0xee };
	const uint8_t key[CDR_INDEX_SECRET_LEN] = { 0 };
	struct cdr_index_person person = { "blue-harbour", handle, 376 };
	struct cdr_index_row row = { .type = 2, .rarity = 9, .pair = 3 };
	uint8_t person_salt[CDR_INDEX_SALT_LEN], salt[CDR_INDEX_SALT_LEN], hash[H], expected[H];
	uint64_t place;

	(void)state;
	assert_int_equal(cdr_index_place(7, tag, &place), CDR_OK);
	assert_true(place == UINT64_C(0x1DE175CD416BB309));
	assert_int_equal(cdr_index_person_salt(key, 7, person.member, handle, person_salt), CDR_OK);
	assert_int_equal(cdr_index_person_commit(person_salt, &person, row.person), CDR_OK);
	assert_int_equal(cdr_index_bucket_salt(key, 7, tag, 11, salt), CDR_OK);
	assert_int_equal(cdr_index_bucket_hash(salt, &row, 1, hash), CDR_OK);
	assert_int_equal(cdr_hex_read("848190b94c6d9db87579fdea1b7b77e80ed77a568141d0a02c52636cf2781927", expected, H), CDR_OK);
	assert_memory_equal(hash, expected, H);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct cdr_index_row rows[2];
	uint8_t salt[CDR_INDEX_SALT_LEN] = { 0 }, hash[H];
	struct cdr_index_slot slot;

	(void)state;
	make_rows(rows, 2);
	assert_int_equal(cdr_index_bucket_hash(salt, rows, 0, hash), CDR_E_RANGE);
	assert_int_equal(cdr_index_bucket_hash(salt, rows, CDR_INDEX_BUCKET_ROWS_MAX + 1, hash), CDR_E_RANGE);
	assert_int_equal(cdr_index_slot_make(salt, rows, 2, 2, &slot), CDR_E_RANGE);
	assert_int_equal(cdr_index_slot_make(salt, rows, 2, 0, &slot), CDR_OK);
	slot.height = 3;
	assert_int_equal(cdr_index_slot_hash(&slot, rows, hash), CDR_E_RANGE);
	slot.height = CDR_INDEX_BUCKET_HEIGHT_MAX + 2;
	assert_false(cdr_index_is_height(slot.height));
	assert_int_equal(cdr_index_slot_hash(&slot, rows, hash), CDR_E_RANGE);
	slot.height = 2;
	slot.slot = 4;
	assert_int_equal(cdr_index_slot_hash(&slot, rows, hash), CDR_E_RANGE);
	struct cdr_index_row first = rows[0];
	rows[0] = rows[1];
	rows[1] = first;
	assert_int_equal(cdr_index_bucket_hash(salt, rows, 2, hash), CDR_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_opening_leads_to_one_hash),
		cmocka_unit_test(marks_change_everything),
		cmocka_unit_test(people_open_whole_or_in_part),
		cmocka_unit_test(the_format_is_fixed),
		cmocka_unit_test(what_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
