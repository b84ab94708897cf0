#ifndef CDR_AUDIT_INDEX_H
#define CDR_AUDIT_INDEX_H

/*
 * What the root of the index commits to: from rows to the leaves of a sparse Merkle tree (core/crypto/sparse.h), and back.
 *
 * A tag's place is a hash of it. What stands there is one bucket with every row of that tag. A row says its type, rarity and
 * pair in clear, and who it belongs to as a commitment, which is the same in all rows of one person: so a check is shown which
 * agreeing rows are one person's, and only of those whom the rule names who they are.
 *
 * Salts follow from a secret of the hub's. A bucket that is made anew gets a new salt, so nobody can tell from two proofs
 * whether others' rows came or went. In a bucket rows lie in 4, 32, 256 ... slots, filled up with dummies, in an order
 * that follows from the salt: the owner of a row is shown that it is there, and of the others only how many slots there are. Both
 * the owner and whoever checks see that number, so a hub cannot tell one that few share the tag and the other that many do.
 */

#include "core/crypto/hash.h"
#include "proto/limits.h"

#define CDR_INDEX_SECRET_LEN 32
#define CDR_INDEX_SALT_LEN 32
#define CDR_INDEX_PART_SALT_LEN 16
#define CDR_INDEX_HASH_LEN CDR_SHA256_LEN
/* Of one tag: as many as all members together may put there, so that no row is ever left out of the tree. */
#define CDR_INDEX_BUCKET_ROWS_MAX (CDR_MEMBER_COUNT_MAX * CDR_INDEX_MEMBER_TAG_ROWS_MAX)
#define CDR_INDEX_BUCKET_HEIGHT_MAX 17 /* 2^2, 2^5, 2^8 ... 2^17 slots */
#define CDR_INDEX_CROWD_HEIGHT 8       /* from here on: more than CDR_INDEX_TAG_ROWS_MAX rows */

/* A row as a bucket holds it. */
struct cdr_index_row {
	uint8_t type, rarity, pair;
	uint8_t person[CDR_INDEX_HASH_LEN]; /* cdr_index_person_commit */
};
#define CDR_INDEX_OPENED_ROW_LEN 35 /* type 1, rarity 1, pair 1, person 32: as it travels */

/* Who a row belongs to. */
struct cdr_index_person {
	const char *member;
	const uint8_t *handle;  /* CDR_HANDLE_LEN */
	uint16_t expires;       /* months since January 2000 */
};

/**
 * cdr_index_place(epoch, tag, place):
 * Where ${tag} stands: the first 8 bytes of SHA-256("candor/1 index place\0", epoch in 4 bytes, tag).
 * Two tags of 160 million share a place once in a thousand such indexes; only one of them is then in the tree.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_place(uint32_t epoch, const uint8_t tag[static CDR_TAG_LEN], uint64_t *place);

/**
 * cdr_index_person_salt(secret, epoch, member, handle, salt) and cdr_index_bucket_salt(secret, epoch, tag, mark, salt):
 * The salts of the hub: HMAC-SHA-256 under its secret, with a label each. ${mark} is the number of the root for which the bucket
 * was made.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. salt is all zero on error.
 */
CDR_MUST_CHECK cdr_err cdr_index_person_salt(const uint8_t secret[static CDR_INDEX_SECRET_LEN], uint32_t epoch,
    const char *member, const uint8_t handle[static CDR_HANDLE_LEN], uint8_t salt[static CDR_INDEX_SALT_LEN]);
CDR_MUST_CHECK cdr_err cdr_index_bucket_salt(const uint8_t secret[static CDR_INDEX_SECRET_LEN], uint32_t epoch,
    const uint8_t tag[static CDR_TAG_LEN], uint64_t mark, uint8_t salt[static CDR_INDEX_SALT_LEN]);

/**
 * cdr_index_person_name(salt, person, name) and cdr_index_person_join(name, salt, expires, commitment):
 * A person's commitment is made of two halves, so that the month of expiry can be shown alone: the name,
 * SHA-256(0x14, first half of the salt, handle, member), and SHA-256(0x13, name, SHA-256(0x15, second half of the salt, month)).
 *
 * salt  in   CDR_INDEX_SALT_LEN for the name, the CDR_INDEX_PART_SALT_LEN of its second half for joining
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_person_name(const uint8_t salt[static CDR_INDEX_SALT_LEN],
    const struct cdr_index_person *person, uint8_t name[static CDR_INDEX_HASH_LEN]);
CDR_MUST_CHECK cdr_err cdr_index_person_join(const uint8_t name[static CDR_INDEX_HASH_LEN],
    const uint8_t salt[static CDR_INDEX_PART_SALT_LEN], uint16_t expires, uint8_t commitment[static CDR_INDEX_HASH_LEN]);

/* Both: the commitment that stands in each row of the person. */
CDR_MUST_CHECK cdr_err cdr_index_person_commit(const uint8_t salt[static CDR_INDEX_SALT_LEN],
    const struct cdr_index_person *person, uint8_t commitment[static CDR_INDEX_HASH_LEN]);

/* Rows as they travel, CDR_INDEX_OPENED_ROW_LEN bytes each. */
void cdr_index_row_write(const struct cdr_index_row *row, uint8_t out[static CDR_INDEX_OPENED_ROW_LEN]);
void cdr_index_row_read(const uint8_t in[static CDR_INDEX_OPENED_ROW_LEN], struct cdr_index_row *row);

/* The order in which a bucket holds its rows: that of their bytes. As for qsort. */
int cdr_index_row_compare(const struct cdr_index_row *a, const struct cdr_index_row *b);

/**
 * cdr_index_bucket_hash(salt, rows, count, out):
 * What stands in the tree for a bucket.
 *
 * rows   in   1 .. CDR_INDEX_BUCKET_ROWS_MAX, sorted
 *
 * Returns  CDR_OK; CDR_E_RANGE for count; CDR_E_INPUT if the rows are not sorted; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_bucket_hash(const uint8_t salt[static CDR_INDEX_SALT_LEN],
    const struct cdr_index_row *rows, size_t count, uint8_t out[static CDR_INDEX_HASH_LEN]);

/* The height of the tree of slots for ${count} rows, 1 .. CDR_INDEX_BUCKET_ROWS_MAX; and whether a number is such a height. */
size_t cdr_index_height(size_t count);
bool cdr_index_is_height(size_t height);

/* What shows how large a bucket is, and not what lies in it. */
struct cdr_index_closed {
	size_t height;
	uint8_t slots[CDR_INDEX_HASH_LEN];
};

/* Make it, and get the bucket's hash from it. Returns as cdr_index_bucket_hash; CDR_E_RANGE for a height that is none. */
CDR_MUST_CHECK cdr_err cdr_index_closed_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows,
    size_t count, struct cdr_index_closed *closed);
CDR_MUST_CHECK cdr_err cdr_index_closed_hash(const struct cdr_index_closed *closed, uint8_t out[static CDR_INDEX_HASH_LEN]);

/* What shows that a bucket has one row, and nothing of the others. */
struct cdr_index_slot {
	uint8_t salt[CDR_INDEX_PART_SALT_LEN];
	uint32_t slot;
	size_t height;
	uint8_t beside[CDR_INDEX_BUCKET_HEIGHT_MAX][CDR_INDEX_HASH_LEN];
};

/* Make it for rows[which], and get the bucket's hash from it and the row. Returns as cdr_index_bucket_hash. */
CDR_MUST_CHECK cdr_err cdr_index_slot_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows,
    size_t count, size_t which, struct cdr_index_slot *slot);
CDR_MUST_CHECK cdr_err cdr_index_slot_hash(const struct cdr_index_slot *slot, const struct cdr_index_row *row,
    uint8_t out[static CDR_INDEX_HASH_LEN]);

#endif
