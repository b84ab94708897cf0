#include "node/hub/index.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/tree.h"

#define CONTENT_HASH_LEN 32
#define HANDLE_AT (CDR_TAG_LEN + 3)     /* in a row: after tag, type, rarity, pair */
#define TAG_TYPE_LEN (CDR_TAG_LEN + 1)  /* what person.tags holds of each row */
#define PERSON_ROWS_MAX 64

/* A put on its way. */
struct put {
	const struct cdr_call *call;
	const Cdr__Wire__IndexPut *request;
	const uint8_t **row;       /* the rows, sorted by handle and tag */
	size_t row_count;
	const uint8_t **expiry;    /* the handles' expiries, sorted by handle */
	size_t expiry_count;
	uint8_t content_hash[CONTENT_HASH_LEN];
	int64_t people;            /* of this member in this epoch, afterwards */
	int64_t rows;
	int64_t place;             /* of the batch's leaf, where it is known already; -1: none */
	struct cdr_hub_logged logged;
	size_t crowded_rows;       /* of one tag, where the batch would make it too many */
};

/* ---- form --------------------------------------------------------------------------------------------------- */

static int
compare_rows(const void *a, const void *b)
{
	const uint8_t *left = *(const uint8_t *const *)a, *right = *(const uint8_t *const *)b;
	int order = memcmp(left + HANDLE_AT, right + HANDLE_AT, CDR_HANDLE_LEN);

	return order != 0 ? order : memcmp(left, right, CDR_TAG_LEN);
}

static int
compare_expiries(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, CDR_HANDLE_LEN);
}

/* Pointers to the items of ${len} bytes in ${field}, sorted; NULL if there is no memory. */
static const uint8_t **
sorted_items(ProtobufCBinaryData field, size_t len, int (*compare)(const void *, const void *))
{
	size_t count = field.len / len;
	const uint8_t **item = calloc(count + 1, sizeof(*item));

	if (item == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		item[i] = field.data + i * len;
	if (count > 1)
		qsort(item, count, sizeof(item[0]), compare);
	return item;
}

static uint32_t
expiry_month(const uint8_t *expiry)
{
	return (uint32_t)expiry[CDR_HANDLE_LEN] << 8 | expiry[CDR_HANDLE_LEN + 1];
}

/* How many of ${put}'s rows from ${at} on are of one handle. */
static size_t
rows_of_handle(const struct put *put, size_t at)
{
	size_t count = 1;

	while (at + count < put->row_count &&
	    memcmp(put->row[at] + HANDLE_AT, put->row[at + count] + HANDLE_AT, CDR_HANDLE_LEN) == 0)
		count++;
	return count;
}

static cdr_err
check_lengths(const Cdr__Wire__IndexPut *request, struct cdr_fault *fault)
{
	if (request->batch.len != CDR_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a batch has %d bytes", CDR_ID_LEN);
	if (request->rows.len % CDR_INDEX_ROW_LEN != 0 || request->expiries.len % CDR_INDEX_EXPIRY_LEN != 0 ||
	    request->removed.len % CDR_HANDLE_LEN != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "rows, expiries or removed handles are not whole");
	if (request->rows.len / CDR_INDEX_ROW_LEN > CDR_INDEX_ROWS_MAX ||
	    request->removed.len / CDR_HANDLE_LEN > CDR_INDEX_REMOVED_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a batch has at most %d rows and %d removed handles",
		    CDR_INDEX_ROWS_MAX, CDR_INDEX_REMOVED_MAX);
	return CDR_OK;
}

/* A person has exactly 16, 32 or 64 rows, every one possible, no tag twice. */
static cdr_err
check_person(const struct put *put, size_t at, size_t count, struct cdr_fault *fault)
{
	if (count != 16 && count != 32 && count != 64)
		return cdr_fault_set(fault, CDR_E_INPUT, "a handle has %zu rows; it must have 16, 32 or 64", count);
	for (size_t i = at; i < at + count; i++) {
		if (!cdr_hub_token_is_valid(put->row[i] + CDR_TAG_LEN))
			return cdr_fault_set(fault, CDR_E_INPUT, "a row has a type, rarity or pair that no token has");
		if (i > at && memcmp(put->row[i - 1], put->row[i], CDR_TAG_LEN) == 0)
			return cdr_fault_set(fault, CDR_E_INPUT, "a handle has the same tag twice");
	}
	return CDR_OK;
}

/* Each handle of the rows has one expiry, within the look-back, and the other way round. */
static cdr_err
check_people(const struct put *put, struct cdr_fault *fault)
{
	uint32_t latest = cdr_index_month(put->call->now) + put->call->roster->body->scheme->lookback_years * 12;
	size_t handle = 0, count;

	for (size_t at = 0; at < put->row_count; at += count, handle++) {
		count = rows_of_handle(put, at);
		cdr_err err = check_person(put, at, count, fault);
		if (err != CDR_OK)
			return err;
		if (handle >= put->expiry_count ||
		    memcmp(put->expiry[handle], put->row[at] + HANDLE_AT, CDR_HANDLE_LEN) != 0)
			return cdr_fault_set(fault, CDR_E_INPUT, "the handles of rows and expiries differ");
		if (expiry_month(put->expiry[handle]) > latest)
			return cdr_fault_set(fault, CDR_E_RANGE, "an expiry lies beyond the look-back of %u years",
			    put->call->roster->body->scheme->lookback_years);
	}
	if (handle != put->expiry_count)
		return cdr_fault_set(fault, CDR_E_INPUT, "the handles of rows and expiries differ");
	return CDR_OK;
}

/* What makes a repeat: epoch, rows, expiries and removed handles, each length before its bytes. */
static cdr_err
hash_content(struct put *put)
{
	const Cdr__Wire__IndexPut *r = put->request;
	uint32_t number[] = { r->epoch, (uint32_t)r->rows.len, (uint32_t)r->expiries.len };
	uint8_t head[sizeof(number)];

	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = (uint8_t)(number[i / 4] >> (24 - 8 * (i % 4)));
	struct cdr_bytes parts[] = { { head, sizeof(head) }, cdr_message_bytes(r->rows), cdr_message_bytes(r->expiries),
		cdr_message_bytes(r->removed) };
	return cdr_sha256(parts, 4, put->content_hash);
}

static cdr_err
put_prepare(struct put *put, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_lengths(put->request, fault));
	CDR_TRY(cdr_hub_epoch_check(put->call->roster, put->request->epoch, put->call->now, fault));
	put->row_count = put->request->rows.len / CDR_INDEX_ROW_LEN;
	put->expiry_count = put->request->expiries.len / CDR_INDEX_EXPIRY_LEN;
	put->row = sorted_items(put->request->rows, CDR_INDEX_ROW_LEN, compare_rows);
	put->expiry = sorted_items(put->request->expiries, CDR_INDEX_EXPIRY_LEN, compare_expiries);
	if (put->row == NULL || put->expiry == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(check_people(put, fault));
	CDR_TRY(hash_content(put));
	err = CDR_OK;
out:
	return err;
}

/* ---- removing ----------------------------------------------------------------------------------------------- */

/* The key of one person's entry and what it holds. */
struct person {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t handle[CDR_HANDLE_LEN];
	int64_t epoch;
	uint8_t tags[PERSON_ROWS_MAX * TAG_TYPE_LEN];
	size_t row_count;
};

/* Read member, handle, epoch, tags from the columns of ${query} in this order. */
static cdr_err
person_read(struct cdr_query *query, struct person *person)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes tags;

	CDR_TRY(cdr_query_text(query, 0, person->member, sizeof(person->member)));
	CDR_TRY(cdr_query_blob(query, 1, person->handle, sizeof(person->handle)));
	CDR_TRY(cdr_query_int(query, 2, &person->epoch));
	CDR_TRY(cdr_query_blob_peek(query, 3, sizeof(person->tags), &tags));
	memcpy(person->tags, tags.data, tags.len);
	person->row_count = tags.len / TAG_TYPE_LEN;
	err = CDR_OK;
out:
	return err;
}

/* Take a person and its rows out of the index. */
static cdr_err
person_remove(struct cdr_tx *tx, const struct person *person)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value epoch = cdr_value_int(person->epoch), member = cdr_value_text(person->member);
	struct cdr_value handle = cdr_value_blob(person->handle, sizeof(person->handle));

	for (size_t i = 0; i < person->row_count; i++) {
		const uint8_t *tag = person->tags + i * TAG_TYPE_LEN;
		CDR_TRY(cdr_query_run(tx,
		    "DELETE FROM index_row WHERE epoch = $1 AND tag = $2 AND type = $3 AND member = $4 AND handle = $5",
		    CDR_VALUES(epoch, cdr_value_blob(tag, CDR_TAG_LEN), cdr_value_int(tag[CDR_TAG_LEN]), member, handle)));
	}
	CDR_TRY(cdr_query_run(tx, "DELETE FROM person WHERE member = $1 AND handle = $2 AND epoch = $3",
	    CDR_VALUES(member, handle, epoch)));
	CDR_TRY(cdr_hub_tree_note(tx, (uint32_t)person->epoch, person->tags, person->row_count));
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE holding SET people = people - 1, index_rows = index_rows - $3 WHERE member = $1 AND epoch = $2",
	    CDR_VALUES(member, epoch, cdr_value_int((int64_t)person->row_count))));
	err = CDR_OK;
out:
	return err;
}

/* Remove the first person that ${sql} finds, if there is one. */
static cdr_err
remove_first(struct cdr_tx *tx, const char *sql, struct cdr_values values, bool *removed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct person person;

	*removed = false;
	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = person_read(query, &person);
	else if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	/* The entry is removed once nothing reads the table any more. */
	cdr_query_end(query);
	query = NULL;
	CDR_TRY(person_remove(tx, &person));
	*removed = true;
out:
	cdr_query_end(query);
	return err;
}

/* Remove a handle of ${member} from every epoch. */
static cdr_err
handle_remove(struct cdr_tx *tx, const char *member, const uint8_t *handle)
{
	bool removed;
	struct cdr_values values = CDR_VALUES(cdr_value_text(member), cdr_value_blob(handle, CDR_HANDLE_LEN));

	do {
		cdr_err err = remove_first(tx,
		    "SELECT member, handle, epoch, tags FROM person WHERE member = $1 AND handle = $2 LIMIT 1", values,
		    &removed);
		if (err != CDR_OK)
			return err;
	} while (removed);
	return CDR_OK;
}

/* see node/hub/index.h */
cdr_err
cdr_hub_index_forget(struct cdr_tx *tx, const char *member)
{
	cdr_err err = CDR_E_INTERNAL;
	bool removed;
	struct cdr_values values = CDR_VALUES(cdr_value_text(member));

	do
		CDR_TRY(remove_first(tx, "SELECT member, handle, epoch, tags FROM person WHERE member = $1 LIMIT 1", values,
		    &removed));
	while (removed);
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch WHERE member = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM holding WHERE member = $1", values));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/index.h */
cdr_err
cdr_hub_index_expire(struct cdr_tx *tx, uint32_t month, size_t max, size_t *removed_count)
{
	struct cdr_values values = CDR_VALUES(cdr_value_int(month));
	bool removed = true;

	*removed_count = 0;
	while (removed && *removed_count < max) {
		cdr_err err = remove_first(tx,
		    "SELECT member, handle, epoch, tags FROM person WHERE expires < $1 LIMIT 1", values, &removed);
		if (err != CDR_OK)
			return err;
		*removed_count += removed;
	}
	return CDR_OK;
}

/* ---- putting ------------------------------------------------------------------------------------------------ */

/* Whether this batch was put before: CDR_E_EXISTS if it was another one. */
static cdr_err
find_batch(struct cdr_tx *tx, struct put *put, bool *known)
{
	uint8_t hash[CONTENT_HASH_LEN];
	struct cdr_values key = CDR_VALUES(cdr_value_text(put->call->member->id),
	    cdr_value_bytes(cdr_message_bytes(put->request->batch)));
	cdr_err err = cdr_query_one_blob(tx, "SELECT content_hash FROM index_batch WHERE member = $1 AND batch = $2", key,
	    hash, sizeof(hash));

	*known = err == CDR_OK;
	put->place = -1;
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err != CDR_OK)
		return err;
	if (memcmp(hash, put->content_hash, sizeof(hash)) != 0)
		return CDR_E_EXISTS;
	return cdr_query_one_int(tx, "SELECT COALESCE(logged, -1) FROM index_batch WHERE member = $1 AND batch = $2", key,
	    &put->place);
}

/* The leaf of a batch: whose, and how large; a repeat gives the one that there is. */
static cdr_err
log_batch(struct cdr_tx *tx, struct put *put)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_INDEX_BATCH, .at = put->call->now };
	const Cdr__Wire__IndexPut *r = put->request;
	const struct cdr_bytes parts[] = { cdr_message_bytes(r->batch), cdr_message_bytes(r->rows),
		cdr_message_bytes(r->expiries), cdr_message_bytes(r->removed) };

	cdr_leaf_member_add(&leaf, put->call->member->id);
	cdr_leaf_number_add(&leaf, r->epoch);
	cdr_leaf_number_add(&leaf, r->rows.len + r->expiries.len + r->removed.len);
	cdr_err err = cdr_leaf_content(leaf.kind, parts, 4, leaf.content);
	if (err == CDR_OK)
		err = cdr_hub_log_act(tx, put->place, &leaf, &put->logged);
	return err == CDR_OK && put->place < 0 ? cdr_hub_tree_batch_note(tx, put->logged.position) : err;
}

/* What the member has in this epoch; a first put makes the entry. */
static cdr_err
read_holding(struct cdr_tx *tx, struct put *put, bool create)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(put->call->member->id), cdr_value_int(put->request->epoch));

	put->people = 0;
	put->rows = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT people, index_rows FROM holding WHERE member = $1 AND epoch = $2", values,
	    &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_int(query, 0, &put->people));
		CDR_TRY(cdr_query_int(query, 1, &put->rows));
	} else if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		if (create)
			err = cdr_query_run(tx, "INSERT INTO holding (member, epoch, people, index_rows) VALUES ($1, $2, 0, 0)",
			    values);
	}
out:
	cdr_query_end(query);
	return err;
}

/* Put one person whose ${count} rows begin at ${at}. */
static cdr_err
person_put(struct cdr_tx *tx, const struct put *put, const uint8_t *expiry, size_t at, size_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t tags[PERSON_ROWS_MAX * TAG_TYPE_LEN];
	struct cdr_value epoch = cdr_value_int(put->request->epoch), member = cdr_value_text(put->call->member->id);
	struct cdr_value handle = cdr_value_blob(expiry, CDR_HANDLE_LEN), month = cdr_value_int(expiry_month(expiry));

	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = put->row[at + i];
		memcpy(tags + i * TAG_TYPE_LEN, row, TAG_TYPE_LEN);
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO index_row (epoch, tag, type, member, handle, rarity, pair, expires)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		    CDR_VALUES(epoch, cdr_value_blob(row, CDR_TAG_LEN), cdr_value_int(row[CDR_TAG_LEN]), member, handle,
			cdr_value_int(row[CDR_TAG_LEN + 1]), cdr_value_int(row[CDR_TAG_LEN + 2]), month)));
	}
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO person (member, handle, epoch, expires, tags) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(member, handle, epoch, month, cdr_value_blob(tags, count * TAG_TYPE_LEN))));
	CDR_TRY(cdr_hub_tree_note(tx, put->request->epoch, tags, count));
	err = CDR_OK;
out:
	return err;
}

/* First out, then in: what is removed makes room, and a handle that comes again replaces what it had. */
static cdr_err
put_people(struct cdr_tx *tx, struct put *put)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *member = put->call->member->id;
	ProtobufCBinaryData removed = put->request->removed;
	size_t handle = 0, count;
	bool replaced;

	for (size_t at = 0; at < removed.len; at += CDR_HANDLE_LEN)
		CDR_TRY(handle_remove(tx, member, removed.data + at));
	for (size_t at = 0; at < put->row_count; at += count, handle++) {
		count = rows_of_handle(put, at);
		struct cdr_values key = CDR_VALUES(cdr_value_text(member),
		    cdr_value_blob(put->expiry[handle], CDR_HANDLE_LEN), cdr_value_int(put->request->epoch));
		CDR_TRY(remove_first(tx,
		    "SELECT member, handle, epoch, tags FROM person WHERE member = $1 AND handle = $2 AND epoch = $3", key,
		    &replaced));
		CDR_TRY(person_put(tx, put, put->expiry[handle], at, count));
	}
	err = CDR_OK;
out:
	return err;
}

/*
 * No member has more than so many rows under one tag: who put thousands there would make every answer about that tag as large, and close
 * what stands there of others.
 */
static cdr_err
check_crowds(struct cdr_tx *tx, struct put *put)
{
	for (size_t i = 0; i < put->row_count; i++) {
		int64_t count;
		cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM index_row WHERE epoch = $1 AND tag = $2 AND member = $3",
		    CDR_VALUES(cdr_value_int(put->request->epoch), cdr_value_blob(put->row[i], CDR_TAG_LEN),
			cdr_value_text(put->call->member->id)), &count);
		if (err != CDR_OK)
			return err;
		if (count > CDR_INDEX_MEMBER_TAG_ROWS_MAX) {
			put->crowded_rows = (size_t)count;
			return CDR_E_RANGE;
		}
	}
	return CDR_OK;
}

/* A writing job: the whole batch. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct put *put = context;
	struct cdr_value member = cdr_value_text(put->call->member->id);
	bool known;

	CDR_TRY(find_batch(tx, put, &known));
	CDR_TRY(read_holding(tx, put, !known));
	CDR_TRY(log_batch(tx, put));
	if (known)
		return CDR_OK;
	CDR_TRY(put_people(tx, put));
	CDR_TRY(read_holding(tx, put, false));
	put->people += (int64_t)put->expiry_count;
	put->rows += (int64_t)put->row_count;
	if (put->row_count > 0 && put->rows > (int64_t)put->call->member->import_points)
		return CDR_E_QUOTA;
	CDR_TRY(check_crowds(tx, put));
	CDR_TRY(cdr_query_run(tx, "UPDATE holding SET people = $3, index_rows = $4 WHERE member = $1 AND epoch = $2",
	    CDR_VALUES(member, cdr_value_int(put->request->epoch), cdr_value_int(put->people), cdr_value_int(put->rows))));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO index_batch (member, batch, content_hash, put_at, logged) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(member, cdr_value_bytes(cdr_message_bytes(put->request->batch)),
		cdr_value_blob(put->content_hash, sizeof(put->content_hash)), cdr_value_int((int64_t)put->call->now),
		cdr_value_int((int64_t)put->logged.position))));
	CDR_TRY(cdr_hub_tree_catch_up(tx, put->call->roster, put->request->epoch));
out:
	return err;
}

static void
explain(struct cdr_hub *hub, const struct put *put, cdr_err err, struct cdr_fault *fault)
{
	const struct cdr_call *call = put->call;

	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "the index would hold more than the %llu rows of your import quota: ask the "
		    "secretariat", (unsigned long long)call->member->import_points);
	if (err == CDR_E_RANGE && put->crowded_rows > 0)
		cdr_fault_set(fault, err, "under one tag a member has at most %d rows in the index, and with this batch you would have %zu: nothing of "
		    "the batch was taken. Put a random tag in the place of that one: who stands under it so often is found by the others",
		    CDR_INDEX_MEMBER_TAG_ROWS_MAX, put->crowded_rows);
	if (err != CDR_E_EXISTS)
		return;
	cdr_fault_set(fault, err, "a batch with this id was put with other content: use a new id");
	cdr_hub_misuse_note(hub, call->envelope->signer, "batch", cdr_message_bytes(put->request->batch), call->now,
	    "one batch id used for two contents");
}

/* see node/hub/index.h */
cdr_err
cdr_hub_index_put(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct put put = { .call = call, .request = (const Cdr__Wire__IndexPut *)call->message };
	Cdr__Wire__IndexPutReply reply = CDR__WIRE__INDEX_PUT_REPLY__INIT;
	struct cdr_hub_receipt receipt;

	CDR_TRY(put_prepare(&put, fault));
	CDR_TRY(cdr_store_write(hub->store, put_job, &put));
	CDR_TRY(cdr_hub_receipt_make(hub, &put.logged, &receipt));
	reply.people = (uint64_t)put.people;
	reply.receipt = &receipt.message;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	explain(hub, &put, err, fault);
	cdr_hub_logged_free(&put.logged);
	free(put.row);
	free(put.expiry);
	return err;
}

/* ---- whom a member has there -------------------------------------------------------------------------------- */

struct listing {
	const char *member;
	struct cdr_bytes after;
	uint8_t handles[CDR_INDEX_HANDLES_MAX * CDR_HANDLE_LEN];
	size_t count;
};

/* A reading job. A handle may stand in two epochs; that is one. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct listing *listing = context;
	struct cdr_query *query = NULL;

	listing->count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT DISTINCT handle FROM person WHERE member = $1 AND handle > $2 ORDER BY handle LIMIT $3",
	    CDR_VALUES(cdr_value_text(listing->member), cdr_value_bytes(listing->after), cdr_value_int(CDR_INDEX_HANDLES_MAX)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, listing->handles + listing->count++ * CDR_HANDLE_LEN, CDR_HANDLE_LEN));
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/index.h */
cdr_err
cdr_hub_index_handles(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__IndexHandles *request = (const Cdr__Wire__IndexHandles *)call->message;
	Cdr__Wire__IndexHandlesReply reply = CDR__WIRE__INDEX_HANDLES_REPLY__INIT;
	struct listing *listing = NULL;

	if (request->has_after && request->after.len != CDR_HANDLE_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "a handle has %d bytes", CDR_HANDLE_LEN);
	listing = calloc(1, sizeof(*listing));
	if (listing == NULL)
		return CDR_E_MEMORY;
	listing->member = call->member->id;
	listing->after = request->has_after ? cdr_message_bytes(request->after) : (struct cdr_bytes){ (const uint8_t *)"", 0 };
	CDR_TRY(cdr_store_read(hub->store, list_job, listing));
	reply.handles = cdr_message_field(listing->handles, listing->count * CDR_HANDLE_LEN);
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	free(listing);
	return err;
}
