#include "audit/index.h"

#include <stdlib.h>
#include <string.h>

#define H CDR_INDEX_HASH_LEN
#define PART CDR_INDEX_PART_SALT_LEN

/* The first byte of what is hashed says what it is. */
enum {
	FORM_BUCKET = 0x00,
	FORM_SLOTS = 0x10,
	FORM_ROW = 0x11,
	FORM_DUMMY = 0x12,
	FORM_PERSON = 0x13,
	FORM_NAME = 0x14,
	FORM_EXPIRY = 0x15,
	FORM_SLOT_KEY = 0x17,
};

static cdr_err
hash_bytes(const uint8_t *bytes, size_t len, uint8_t out[static H])
{
	struct cdr_bytes part = { bytes, len };

	return cdr_sha256(&part, 1, out);
}

/* ---- places and salts --------------------------------------------------------------------------------------- */

/* see audit/index.h */
cdr_err
cdr_index_place(uint32_t epoch, const uint8_t tag[static CDR_TAG_LEN], uint64_t *place)
{
	static const char label[] = "candor/1 index place";
	uint8_t number[4], hash[H];
	struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { number, sizeof(number) }, { tag, CDR_TAG_LEN } };

	cdr_number_write(epoch, number, 4);
	cdr_err err = cdr_sha256(parts, 3, hash);
	*place = 0;
	for (size_t i = 0; i < 8; i++)
		*place = *place << 8 | hash[i];
	return err;
}

/* see audit/index.h */
cdr_err
cdr_index_person_salt(const uint8_t secret[static CDR_INDEX_SECRET_LEN], uint32_t epoch, const char *member,
    const uint8_t handle[static CDR_HANDLE_LEN], uint8_t salt[static CDR_INDEX_SALT_LEN])
{
	static const char label[] = "candor/1 index person";
	uint8_t number[4];
	struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { number, sizeof(number) },
		{ handle, CDR_HANDLE_LEN }, { (const uint8_t *)member, strlen(member) } };

	cdr_number_write(epoch, number, 4);
	return cdr_hmac_sha256(secret, CDR_INDEX_SECRET_LEN, parts, 4, salt);
}

/* see audit/index.h */
cdr_err
cdr_index_bucket_salt(const uint8_t secret[static CDR_INDEX_SECRET_LEN], uint32_t epoch,
    const uint8_t tag[static CDR_TAG_LEN], uint64_t mark, uint8_t salt[static CDR_INDEX_SALT_LEN])
{
	static const char label[] = "candor/1 index bucket";
	uint8_t number[12];
	struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { number, sizeof(number) }, { tag, CDR_TAG_LEN } };

	cdr_number_write(epoch, number, 4);
	cdr_number_write(mark, number + 4, 8);
	return cdr_hmac_sha256(secret, CDR_INDEX_SECRET_LEN, parts, 3, salt);
}

/* ---- people ------------------------------------------------------------------------------------------------- */

/* see audit/index.h */
cdr_err
cdr_index_person_name(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_person *person,
    uint8_t name[static H])
{
	uint8_t form = FORM_NAME;
	struct cdr_bytes parts[] = { { &form, 1 }, { salt, PART }, { person->handle, CDR_HANDLE_LEN },
		{ (const uint8_t *)person->member, strlen(person->member) } };

	return cdr_sha256(parts, 4, name);
}

/* see audit/index.h */
cdr_err
cdr_index_person_join(const uint8_t name[static H], const uint8_t salt[static PART], uint16_t expires,
    uint8_t commitment[static H])
{
	uint8_t expiry[1 + PART + 2] = { FORM_EXPIRY }, both[1 + 2 * H] = { FORM_PERSON };

	memcpy(expiry + 1, salt, PART);
	expiry[1 + PART] = (uint8_t)(expires >> 8);
	expiry[2 + PART] = (uint8_t)expires;
	memcpy(both + 1, name, H);
	cdr_err err = hash_bytes(expiry, sizeof(expiry), both + 1 + H);
	return err == CDR_OK ? hash_bytes(both, sizeof(both), commitment) : err;
}

/* see audit/index.h */
cdr_err
cdr_index_person_commit(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_person *person,
    uint8_t commitment[static H])
{
	uint8_t name[H];

	cdr_err err = cdr_index_person_name(salt, person, name);
	return err == CDR_OK ? cdr_index_person_join(name, salt + PART, person->expires, commitment) : err;
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

/* see audit/index.h */
void
cdr_index_row_write(const struct cdr_index_row *row, uint8_t out[static CDR_INDEX_OPENED_ROW_LEN])
{
	out[0] = row->type;
	out[1] = row->rarity;
	out[2] = row->pair;
	memcpy(out + 3, row->person, H);
}

/* see audit/index.h */
void
cdr_index_row_read(const uint8_t in[static CDR_INDEX_OPENED_ROW_LEN], struct cdr_index_row *row)
{
	row->type = in[0];
	row->rarity = in[1];
	row->pair = in[2];
	memcpy(row->person, in + 3, H);
}

/* see audit/index.h */
int
cdr_index_row_compare(const struct cdr_index_row *a, const struct cdr_index_row *b)
{
	uint8_t left[CDR_INDEX_OPENED_ROW_LEN], right[CDR_INDEX_OPENED_ROW_LEN];

	cdr_index_row_write(a, left);
	cdr_index_row_write(b, right);
	return memcmp(left, right, sizeof(left));
}

/* ---- buckets ------------------------------------------------------------------------------------------------ */

/* A slot: its key, of which one half salts what lies in it and the other decides who does; then its hash. */
struct slot {
	uint8_t key[H];
	uint8_t hash[H];
};

/* The slots of a bucket. */
struct bucket {
	struct slot *slot;
	size_t slot_count;
	size_t height;
	size_t *order;       /* order[k]: the slot that row k lies in */
};

static void
bucket_free(struct bucket *bucket)
{
	free(bucket->slot);
	free(bucket->order);
}

static cdr_err
slot_key(const uint8_t salt[static CDR_INDEX_SALT_LEN], uint32_t number, uint8_t key[static H])
{
	uint8_t bytes[1 + CDR_INDEX_SALT_LEN + 4] = { FORM_SLOT_KEY };

	memcpy(bytes + 1, salt, CDR_INDEX_SALT_LEN);
	cdr_number_write(number, bytes + 1 + CDR_INDEX_SALT_LEN, 4);
	return hash_bytes(bytes, sizeof(bytes), key);
}

static cdr_err
hash_row(const uint8_t salt[static PART], const struct cdr_index_row *row, uint8_t out[static H])
{
	uint8_t bytes[1 + PART + CDR_INDEX_OPENED_ROW_LEN] = { FORM_ROW };

	memcpy(bytes + 1, salt, PART);
	cdr_index_row_write(row, bytes + 1 + PART);
	return hash_bytes(bytes, sizeof(bytes), out);
}

static cdr_err
hash_dummy(const uint8_t salt[static PART], uint8_t out[static H])
{
	uint8_t bytes[1 + PART] = { FORM_DUMMY };

	memcpy(bytes + 1, salt, PART);
	return hash_bytes(bytes, sizeof(bytes), out);
}

static cdr_err
hash_pair(const uint8_t left[static H], const uint8_t right[static H], uint8_t out[static H])
{
	uint8_t bytes[1 + 2 * H] = { FORM_SLOTS };

	memcpy(bytes + 1, left, H);
	memcpy(bytes + 1 + H, right, H);
	return hash_bytes(bytes, sizeof(bytes), out);
}

/* qsort has no context: what is sorted carries the half of the key that decides. */
struct drawn {
	uint8_t rank[H - PART];
	size_t slot;
};

static int
compare_drawn(const void *a, const void *b)
{
	return memcmp(((const struct drawn *)a)->rank, ((const struct drawn *)b)->rank, H - PART);
}

/* Row k lies in the slot whose rank is the k-th: without the salt every order is as likely. */
static cdr_err
draw_order(struct bucket *bucket)
{
	struct drawn *drawn = calloc(bucket->slot_count, sizeof(*drawn));

	if (drawn == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < bucket->slot_count; i++) {
		memcpy(drawn[i].rank, bucket->slot[i].key + PART, sizeof(drawn[i].rank));
		drawn[i].slot = i;
	}
	qsort(drawn, bucket->slot_count, sizeof(*drawn), compare_drawn);
	for (size_t i = 0; i < bucket->slot_count; i++)
		bucket->order[i] = drawn[i].slot;
	free(drawn);
	return CDR_OK;
}

/* see audit/index.h */
size_t
cdr_index_height(size_t count)
{
	size_t height = 2;

	while ((size_t)1 << height < count)
		height += 3;
	return height;
}

/* see audit/index.h */
bool
cdr_index_is_height(size_t height)
{
	return height >= 2 && height <= CDR_INDEX_BUCKET_HEIGHT_MAX && height % 3 == 2;
}

/* Lay rows and dummies into slots. */
static cdr_err
bucket_fill(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    struct bucket *bucket)
{
	cdr_err err = CDR_E_INTERNAL;

	if (count < 1 || count > CDR_INDEX_BUCKET_ROWS_MAX)
		return CDR_E_RANGE;
	for (size_t i = 1; i < count; i++)
		if (cdr_index_row_compare(&rows[i - 1], &rows[i]) > 0)
			return CDR_E_INPUT;
	bucket->height = cdr_index_height(count);
	bucket->slot_count = (size_t)1 << bucket->height;
	bucket->slot = calloc(bucket->slot_count, sizeof(*bucket->slot));
	bucket->order = calloc(bucket->slot_count, sizeof(*bucket->order));
	if (bucket->slot == NULL || bucket->order == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < bucket->slot_count; i++)
		CDR_TRY(slot_key(salt, (uint32_t)i, bucket->slot[i].key));
	CDR_TRY(draw_order(bucket));
	for (size_t i = 0; i < bucket->slot_count; i++) {
		struct slot *slot = &bucket->slot[bucket->order[i]];
		CDR_TRY(i < count ? hash_row(slot->key, &rows[i], slot->hash) : hash_dummy(slot->key, slot->hash));
	}
	err = CDR_OK;
out:
	return err;
}

/* Fold the slots into their root, noting what lies beside ${which} (may be NULL). The slots' hashes are used up. */
static cdr_err
bucket_fold(struct bucket *bucket, size_t at, uint8_t (*beside)[H], uint8_t root[static H])
{
	size_t level = 0;

	for (size_t count = bucket->slot_count; count > 1; count /= 2, level++) {
		if (beside != NULL)
			memcpy(beside[level], bucket->slot[at ^ 1].hash, H);
		for (size_t i = 0; i < count / 2; i++) {
			cdr_err err = hash_pair(bucket->slot[2 * i].hash, bucket->slot[2 * i + 1].hash, bucket->slot[i].hash);
			if (err != CDR_OK)
				return err;
		}
		at /= 2;
	}
	memcpy(root, bucket->slot[0].hash, H);
	return CDR_OK;
}

static cdr_err
hash_bucket(size_t height, const uint8_t slots[static H], uint8_t out[static H])
{
	uint8_t bytes[2 + H] = { FORM_BUCKET, (uint8_t)height };

	memcpy(bytes + 2, slots, H);
	return hash_bytes(bytes, sizeof(bytes), out);
}

/* see audit/index.h */
cdr_err
cdr_index_closed_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    struct cdr_index_closed *closed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct bucket bucket = { 0 };

	memset(closed, 0, sizeof(*closed));
	CDR_TRY(bucket_fill(salt, rows, count, &bucket));
	CDR_TRY(bucket_fold(&bucket, 0, NULL, closed->slots));
	closed->height = bucket.height;
	err = CDR_OK;
out:
	bucket_free(&bucket);
	return err;
}

/* see audit/index.h */
cdr_err
cdr_index_closed_hash(const struct cdr_index_closed *closed, uint8_t out[static H])
{
	if (cdr_index_is_height(closed->height))
		return hash_bucket(closed->height, closed->slots, out);
	memset(out, 0, H);
	return CDR_E_RANGE;
}

/* see audit/index.h */
cdr_err
cdr_index_bucket_hash(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    uint8_t out[static H])
{
	struct cdr_index_closed closed;

	memset(out, 0, H);
	cdr_err err = cdr_index_closed_make(salt, rows, count, &closed);
	return err == CDR_OK ? cdr_index_closed_hash(&closed, out) : err;
}

/* see audit/index.h */
cdr_err
cdr_index_slot_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    size_t which, struct cdr_index_slot *slot)
{
	cdr_err err = CDR_E_INTERNAL;
	struct bucket bucket = { 0 };
	uint8_t root[H];

	memset(slot, 0, sizeof(*slot));
	if (which >= count)
		return CDR_E_RANGE;
	CDR_TRY(bucket_fill(salt, rows, count, &bucket));
	slot->slot = (uint32_t)bucket.order[which];
	slot->height = bucket.height;
	memcpy(slot->salt, bucket.slot[slot->slot].key, PART);
	CDR_TRY(bucket_fold(&bucket, slot->slot, slot->beside, root));
	err = CDR_OK;
out:
	bucket_free(&bucket);
	return err;
}

/* see audit/index.h */
cdr_err
cdr_index_slot_hash(const struct cdr_index_slot *slot, const struct cdr_index_row *row, uint8_t out[static H])
{
	cdr_err err = CDR_E_INTERNAL;

	memset(out, 0, H);
	if (!cdr_index_is_height(slot->height) || slot->slot >> slot->height != 0)
		return CDR_E_RANGE;
	CDR_TRY(hash_row(slot->salt, row, out));
	for (size_t level = 0; level < slot->height; level++) {
		bool right = (slot->slot >> level & 1) == 1;
		CDR_TRY(right ? hash_pair(slot->beside[level], out, out) : hash_pair(out, slot->beside[level], out));
	}
	CDR_TRY(hash_bucket(slot->height, out, out));
out:
	if (err != CDR_OK)
		memset(out, 0, H);
	return err;
}
