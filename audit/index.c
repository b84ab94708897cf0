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
	FORM_COUNT = 0x16,
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
	bucket->slot_count = 4;
	for (bucket->height = 2; bucket->slot_count < count; bucket->height += 2)
		bucket->slot_count *= 4;
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

/* The number of rows, hidden: whoever is shown one row shall not learn it. */
static cdr_err
hash_count(const uint8_t salt[static PART], uint32_t count, uint8_t out[static H])
{
	uint8_t bytes[1 + PART + 4] = { FORM_COUNT };

	memcpy(bytes + 1, salt, PART);
	cdr_number_write(count, bytes + 1 + PART, 4);
	return hash_bytes(bytes, sizeof(bytes), out);
}

static cdr_err
hash_bucket(const uint8_t count[static H], const uint8_t slots[static H], uint8_t out[static H])
{
	uint8_t bytes[1 + 2 * H] = { FORM_BUCKET };

	memcpy(bytes + 1, count, H);
	memcpy(bytes + 1 + H, slots, H);
	return hash_bytes(bytes, sizeof(bytes), out);
}

/* see audit/index.h */
cdr_err
cdr_index_crowd_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    struct cdr_index_crowd *crowd)
{
	cdr_err err = CDR_E_INTERNAL;
	struct bucket bucket = { 0 };
	uint8_t key[H];

	memset(crowd, 0, sizeof(*crowd));
	CDR_TRY(bucket_fill(salt, rows, count, &bucket));
	CDR_TRY(bucket_fold(&bucket, 0, NULL, crowd->slots));
	CDR_TRY(slot_key(salt, UINT32_MAX, key));
	memcpy(crowd->salt, key, PART);
	crowd->count = (uint32_t)count;
	err = CDR_OK;
out:
	bucket_free(&bucket);
	return err;
}

/* see audit/index.h */
cdr_err
cdr_index_crowd_hash(const struct cdr_index_crowd *crowd, uint8_t out[static H])
{
	uint8_t count[H];

	cdr_err err = hash_count(crowd->salt, crowd->count, count);
	return err == CDR_OK ? hash_bucket(count, crowd->slots, out) : err;
}

/* see audit/index.h */
cdr_err
cdr_index_bucket_hash(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    uint8_t out[static H])
{
	struct cdr_index_crowd crowd;

	memset(out, 0, H);
	cdr_err err = cdr_index_crowd_make(salt, rows, count, &crowd);
	return err == CDR_OK ? cdr_index_crowd_hash(&crowd, out) : err;
}

/* see audit/index.h */
cdr_err
cdr_index_slot_make(const uint8_t salt[static CDR_INDEX_SALT_LEN], const struct cdr_index_row *rows, size_t count,
    size_t which, struct cdr_index_slot *slot)
{
	cdr_err err = CDR_E_INTERNAL;
	struct bucket bucket = { 0 };
	uint8_t key[H], root[H];

	memset(slot, 0, sizeof(*slot));
	if (which >= count)
		return CDR_E_RANGE;
	CDR_TRY(bucket_fill(salt, rows, count, &bucket));
	slot->slot = (uint32_t)bucket.order[which];
	slot->height = bucket.height;
	memcpy(slot->salt, bucket.slot[slot->slot].key, PART);
	CDR_TRY(bucket_fold(&bucket, slot->slot, slot->beside, root));
	CDR_TRY(slot_key(salt, UINT32_MAX, key));
	CDR_TRY(hash_count(key, (uint32_t)count, slot->count));
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
	if (slot->height < 2 || slot->height > CDR_INDEX_BUCKET_HEIGHT_MAX || slot->height % 2 != 0 ||
	    slot->slot >> slot->height != 0)
		return CDR_E_RANGE;
	CDR_TRY(hash_row(slot->salt, row, out));
	for (size_t level = 0; level < slot->height; level++) {
		bool right = (slot->slot >> level & 1) == 1;
		CDR_TRY(right ? hash_pair(slot->beside[level], out, out) : hash_pair(out, slot->beside[level], out));
	}
	CDR_TRY(hash_bucket(slot->count, out, out));
out:
	if (err != CDR_OK)
		memset(out, 0, H);
	return err;
}
