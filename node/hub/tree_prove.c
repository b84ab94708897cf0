#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/hub/log.h"
#include "node/hub/tree_parts.h"

/* The part of node/hub/tree.h that shows what stands in the tree. */

#define PLACES_MAX CDR_CHECK_ROWS_MAX
#define ROWS_MAX (CDR_INDEX_OPENED_ROWS_MAX + CDR_INDEX_SHOWN_ROWS_MAX)
#define H CDR_INDEX_HASH_LEN
#define TAG_TYPE_LEN (CDR_TAG_LEN + 1)

/* ---- looking up --------------------------------------------------------------------------------------------- */

/* The tags that are asked, what stands at their places, and the path there. */
struct looked_up {
	size_t count;
	struct cdr_hub_bucket bucket[PLACES_MAX];           /* by row */
	uint8_t salt[PLACES_MAX][CDR_INDEX_SALT_LEN];       /* of the bucket */
	struct cdr_sparse_proof proof;
};

static void
looked_up_free(struct looked_up *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->count; i++)
		cdr_hub_bucket_free(&l->bucket[i]);
	cdr_sparse_proof_free(&l->proof);
	cdr_wipe(l->salt, sizeof(l->salt));
	free(l);
}

/* Read the bucket of a tag, and see that it is the one that the tree holds: a proof that does not hold is never given out. */
static cdr_err
look_at(struct cdr_hub_tree *tree, const uint8_t *tag, const struct cdr_sparse_leaf *leaf, struct cdr_hub_bucket *bucket,
    uint8_t salt[static CDR_INDEX_SALT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[H];

	CDR_TRY(cdr_hub_tree_bucket_read(tree, tag, bucket));
	if (bucket->count == 0)
		return leaf->present ? CDR_E_STORE : CDR_OK;
	CDR_TRY(cdr_index_bucket_salt(tree->secret, tree->epoch, tag, leaf->mark, salt));
	CDR_TRY(cdr_index_bucket_hash(salt, bucket->row, bucket->count, hash));
	if (!leaf->present || memcmp(hash, leaf->content, H) != 0)
		err = CDR_E_STORE;
out:
	return err;
}

static cdr_err
look_up(struct cdr_hub_tree *tree, const uint8_t *rows, size_t row_len, size_t count, struct looked_up **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_sparse_leaf leaves[PLACES_MAX];
	size_t order[PLACES_MAX];
	struct cdr_sparse_pages pages = cdr_hub_tree_pages(tree);
	struct looked_up *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (l == NULL)
		return CDR_E_MEMORY;
	l->count = count;
	CDR_TRY(cdr_index_places_sort(tree->epoch, rows, row_len, leaves, count, order));
	CDR_TRY(cdr_sparse_prove(&pages, leaves, count, &l->proof));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(look_at(tree, rows + order[i] * row_len, &leaves[i], &l->bucket[order[i]], l->salt[order[i]]));
	*out = l;
	l = NULL;
out:
	looked_up_free(l);
	return err;
}

static void
borrow_path(const struct looked_up *l, ProtobufCBinaryData *known, uint32_t *known_count, ProtobufCBinaryData *beside)
{
	*known = cdr_message_field(l->proof.bits, (l->proof.bit_count + 7) / 8);
	*known_count = (uint32_t)l->proof.bit_count;
	*beside = cdr_message_field(l->proof.hashes, l->proof.hash_count * H);
}

/* ---- the answer to a check ------------------------------------------------------------------------------------- */

/* An answer's proof on its way. Everything that the message points to lies in here. */
struct answer {
	const struct cdr_hub_search *search;
	const struct cdr_hub_match *matches;
	size_t match_count;
	struct cdr_match_rule rule;
	struct looked_up *looked;

	Cdr__Wire__IndexProof message;
	Cdr__Wire__IndexBucket bucket[PLACES_MAX], *bucket_at[PLACES_MAX];
	struct cdr_index_closed closed[PLACES_MAX];
	uint8_t rows[ROWS_MAX][CDR_INDEX_OPENED_ROW_LEN];
	size_t row_count;
	Cdr__Wire__IndexShown shown[CDR_INDEX_SHOWN_ROWS_MAX], *shown_at[CDR_INDEX_SHOWN_ROWS_MAX];
	struct cdr_index_slot slot[CDR_INDEX_SHOWN_ROWS_MAX];
	size_t shown_count;
	Cdr__Wire__IndexPerson person[ROWS_MAX], *person_at[ROWS_MAX];
	const struct cdr_hub_row *opened[ROWS_MAX]; /* whom they are of */
	uint8_t name[ROWS_MAX][H];
};

/* Whom an answer names, and how. */
static const struct cdr_hub_match *
find_match(const struct answer *a, const struct cdr_hub_owner *owner, bool *named)
{
	*named = false;
	for (size_t m = 0; m < a->match_count; m++) {
		const struct cdr_hub_match *match = &a->matches[m];
		if (strcmp(match->member, owner->member) != 0)
			continue;
		for (size_t h = 0; h < match->handle_count; h++)
			*named |= memcmp(match->handles[h], owner->handle, CDR_HANDLE_LEN) == 0;
		return match;
	}
	return NULL;
}

static bool
is_opened(const struct answer *a, const struct cdr_hub_row *item)
{
	for (size_t i = 0; i < a->message.n_person; i++)
		if (memcmp(a->opened[i]->row.person, item->row.person, H) == 0)
			return true;
	return false;
}

/*
 * Say who a row's person is, where the other side must know: whoever is named, the asker's own, further handles of a member that
 * is named with as many as fit. Of somebody whose time is over only that. Of everybody else nothing.
 */
static cdr_err
open_person(struct answer *a, struct cdr_hub_row *item)
{
	struct cdr_hub_owner *owner = &item->owner;
	size_t n = a->message.n_person;
	bool named;

	if (is_opened(a, item))
		return CDR_OK;
	const struct cdr_hub_match *match = find_match(a, owner, &named);
	bool own = strcmp(owner->member, a->search->asker) == 0;
	bool over = !own && owner->expires < a->search->month;
	bool further = !own && !over && !named && match != NULL && match->handle_count == CDR_MATCH_HANDLES_MAX;
	if (!own && !over && !named && !further)
		return CDR_OK;
	a->opened[n] = item;
	a->person_at[n] = &a->person[n];
	a->message.n_person++;
	Cdr__Wire__IndexPerson *p = &a->person[n];
	*p = (Cdr__Wire__IndexPerson)CDR__WIRE__INDEX_PERSON__INIT;
	p->expires = owner->expires;
	if (over) {
		struct cdr_index_person person = { owner->member, owner->handle, owner->expires };
		p->salt = cdr_message_field(owner->salt + CDR_INDEX_PART_SALT_LEN, CDR_INDEX_PART_SALT_LEN);
		p->has_name = true;
		p->name = cdr_message_field(a->name[n], H);
		return cdr_index_person_name(owner->salt, &person, a->name[n]);
	}
	p->salt = cdr_message_field(owner->salt, sizeof(owner->salt));
	p->has_handle = true;
	p->handle = cdr_message_field(owner->handle, sizeof(owner->handle));
	p->member = owner->member;
	return CDR_OK;
}

/* All rows of a tag, and who they are of where that must be known. */
static cdr_err
open_rows(struct answer *a, size_t row, Cdr__Wire__IndexBucket *out)
{
	const struct cdr_hub_bucket *bucket = &a->looked->bucket[row];

	out->has_salt = true;
	out->salt = cdr_message_field(a->looked->salt[row], CDR_INDEX_SALT_LEN);
	out->has_rows = true;
	out->rows = cdr_message_field(a->rows[a->row_count], bucket->count * CDR_INDEX_OPENED_ROW_LEN);
	for (size_t i = 0; i < bucket->count; i++) {
		cdr_index_row_write(&bucket->row[i], a->rows[a->row_count++]);
		cdr_err err = open_person(a, &bucket->item[i]);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Only how large the bucket of a tag is. */
static cdr_err
keep_closed(struct answer *a, size_t row, Cdr__Wire__IndexBucket *out)
{
	const struct cdr_hub_bucket *bucket = &a->looked->bucket[row];
	struct cdr_index_closed *closed = &a->closed[row];

	cdr_err err = cdr_index_closed_make(a->looked->salt[row], bucket->row, bucket->count, closed);
	out->has_height = out->has_slots = true;
	out->height = (uint32_t)closed->height;
	out->slots = cdr_message_field(closed->slots, sizeof(closed->slots));
	return err;
}

static void
show_row(struct answer *a, const struct cdr_hub_row *item)
{
	size_t n = a->shown_count++;
	const struct cdr_index_slot *slot = &a->slot[n];
	Cdr__Wire__IndexShown *shown = &a->shown[n];

	cdr_index_row_write(&item->row, a->rows[a->row_count]);
	*shown = (Cdr__Wire__IndexShown)CDR__WIRE__INDEX_SHOWN__INIT;
	shown->row = cdr_message_field(a->rows[a->row_count++], CDR_INDEX_OPENED_ROW_LEN);
	shown->salt = cdr_message_field((uint8_t *)(uintptr_t)slot->salt, sizeof(slot->salt));
	shown->slot = slot->slot;
	shown->beside = cdr_message_field((uint8_t *)(uintptr_t)slot->beside, slot->height * H);
	a->shown_at[n] = shown;
}

static int
compare_shown(const void *a, const void *b)
{
	uint32_t left = (*(Cdr__Wire__IndexShown *const *)a)->slot, right = (*(Cdr__Wire__IndexShown *const *)b)->slot;

	return (left > right) - (left < right);
}

/* Whether a row of the tag at ${row} is enough for a match. Whoever the rule finds has one (cdr_index_is_heavy). */
static bool
is_enough(const struct answer *a, size_t row, const struct cdr_index_row *found)
{
	const uint8_t *asked = a->search->rows.data + row * CDR_CHECK_ROW_LEN + CDR_TAG_LEN;

	return found->type == asked[0] && cdr_index_is_heavy(asked[0], cdr_match_rarity(asked[1], found->rarity), a->search->people, &a->rule);
}

/* Whether a row of this person that is enough is shown already. */
static bool
is_proved(const struct answer *a, const uint8_t *person)
{
	for (size_t i = 0; i < a->message.n_bucket; i++) {
		const struct cdr_hub_bucket *bucket = &a->looked->bucket[a->bucket[i].row];
		for (size_t k = 0; a->bucket[i].has_rows && k < bucket->count; k++)
			if (memcmp(bucket->row[k].person, person, H) == 0 && is_enough(a, a->bucket[i].row, &bucket->row[k]))
				return true;
	}
	for (size_t i = 0; i < a->shown_count; i++)
		if (memcmp(a->shown[i].row.data + CDR_INDEX_OPENED_ROW_LEN - H, person, H) == 0)
			return true;
	return false;
}

/* The rows of a closed bucket whose people the answer names, where that is not proved yet. */
static cdr_err
show_named(struct answer *a, Cdr__Wire__IndexBucket *out)
{
	const struct cdr_hub_bucket *bucket = &a->looked->bucket[out->row];
	size_t first = a->shown_count;
	bool named;

	for (size_t i = 0; i < bucket->count && a->shown_count < CDR_INDEX_SHOWN_ROWS_MAX; i++) {
		struct cdr_hub_row *item = &bucket->item[i];
		(void)find_match(a, &item->owner, &named);
		if (!named || !is_enough(a, out->row, &item->row) || is_proved(a, item->row.person))
			continue;
		cdr_err err = cdr_index_slot_make(a->looked->salt[out->row], bucket->row, bucket->count, i, &a->slot[a->shown_count]);
		if (err == CDR_OK)
			err = open_person(a, item);
		if (err != CDR_OK)
			return err;
		show_row(a, item);
	}
	out->n_shown = a->shown_count - first;
	out->shown = &a->shown_at[first];
	if (out->n_shown > 1)
		qsort(out->shown, out->n_shown, sizeof(out->shown[0]), compare_shown);
	return CDR_OK;
}

/* Which buckets are opened. */
static void
choose_opened(const struct answer *a, bool *opened)
{
	size_t heights[PLACES_MAX] = { 0 };
	bool heavy[PLACES_MAX];

	for (size_t i = 0; i < a->looked->count; i++) {
		const uint8_t *asked = a->search->rows.data + i * CDR_CHECK_ROW_LEN;
		heavy[i] = cdr_index_is_heavy(asked[CDR_TAG_LEN], asked[CDR_TAG_LEN + 1], a->search->people, &a->rule);
		if (a->looked->bucket[i].count > 0)
			heights[i] = cdr_index_height(a->looked->bucket[i].count);
	}
	cdr_index_opened_choose(heights, heavy, a->looked->count, opened);
}

static cdr_err
open_buckets(struct answer *a)
{
	cdr_err err = CDR_OK;
	bool opened[PLACES_MAX];

	choose_opened(a, opened);
	for (size_t i = 0; i < a->looked->count && err == CDR_OK; i++) {
		if (a->looked->bucket[i].count == 0)
			continue;
		Cdr__Wire__IndexBucket *bucket = &a->bucket[a->message.n_bucket];
		*bucket = (Cdr__Wire__IndexBucket)CDR__WIRE__INDEX_BUCKET__INIT;
		bucket->row = (uint32_t)i;
		a->bucket_at[a->message.n_bucket++] = bucket;
		err = opened[i] ? open_rows(a, i, bucket) : keep_closed(a, i, bucket);
	}
	for (size_t i = 0; i < a->message.n_bucket && err == CDR_OK; i++)
		if (!a->bucket[i].has_rows)
			err = show_named(a, &a->bucket[i]);
	return err;
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_answer_prove(struct cdr_hub_tree *tree, const struct cdr_hub_search *search,
    const struct cdr_hub_match *matches, size_t count, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer root = { 0 };
	struct answer *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return CDR_E_MEMORY;
	a->search = search;
	a->matches = matches;
	a->match_count = count;
	a->rule = cdr_index_rule(search->roster->body->scheme);
	a->message = (Cdr__Wire__IndexProof)CDR__WIRE__INDEX_PROOF__INIT;
	a->message.bucket = a->bucket_at;
	a->message.person = a->person_at;
	CDR_TRY(look_up(tree, search->rows.data, CDR_CHECK_ROW_LEN, search->rows.len / CDR_CHECK_ROW_LEN, &a->looked));
	CDR_TRY(open_buckets(a));
	CDR_TRY(cdr_hub_root_encode(tree, &root));
	a->message.root = cdr_message_field(root.data, root.len);
	borrow_path(a->looked, &a->message.known, &a->message.known_count, &a->message.beside);
	CDR_TRY(cdr_message_encode(&a->message.base, out));
	err = CDR_OK;
out:
	cdr_buffer_free(&root);
	looked_up_free(a->looked);
	cdr_wipe(a, sizeof(*a));
	free(a);
	return err;
}

/* ---- own rows --------------------------------------------------------------------------------------------------- */

/* A question about own rows on its way. */
struct own {
	const struct cdr_call *call;
	const Cdr__Wire__IndexProve *request;
	size_t count;
	struct cdr_index_slot slot[CDR_INDEX_PROVE_ROWS_MAX];
	uint8_t salt[CDR_INDEX_PROVE_ROWS_MAX][CDR_INDEX_SALT_LEN];
	struct cdr_buffer reply;        /* all but the receipt */
	struct cdr_hub_logged logged;
};

/* Which row of the bucket is the asker's: same handle, type, rarity, pair. */
static size_t
find_own(const struct cdr_hub_bucket *bucket, const char *member, const uint8_t *row)
{
	for (size_t i = 0; i < bucket->count; i++) {
		const struct cdr_hub_row *item = &bucket->item[i];
		if (strcmp(item->owner.member, member) == 0 && item->row.type == row[CDR_TAG_LEN] &&
		    item->row.rarity == row[CDR_TAG_LEN + 1] && item->row.pair == row[CDR_TAG_LEN + 2] &&
		    memcmp(item->owner.handle, row + CDR_TAG_LEN + 3, CDR_HANDLE_LEN) == 0)
			return i;
	}
	return bucket->count;
}

/*
 * The slot of each row. Its bucket gets new salts with the next root, so that the hashes of two proofs cannot be compared: the
 * owner would see whether somebody else put or removed the same tag. (The buckets that a check is shown whole keep theirs: new
 * ones would leave a trace of what was asked.)
 */
static cdr_err
make_slots(struct cdr_hub_tree *tree, struct own *own, const struct looked_up *l, Cdr__Wire__IndexSlot *slots)
{
	for (size_t i = 0; i < own->count; i++) {
		const struct cdr_hub_bucket *bucket = &l->bucket[i];
		const uint8_t *row = own->request->rows.data + i * CDR_INDEX_ROW_LEN;
		struct cdr_index_slot *slot = &own->slot[i];
		size_t which = find_own(bucket, own->call->member->id, row);
		if (which == bucket->count)
			return CDR_E_ABSENT;
		cdr_err err = cdr_index_slot_make(l->salt[i], bucket->row, bucket->count, which, slot);
		if (err == CDR_OK)
			err = cdr_hub_tree_note(tree->tx, tree->epoch, row, 1);
		if (err != CDR_OK)
			return err;
		memcpy(own->salt[i], bucket->item[which].owner.salt, CDR_INDEX_SALT_LEN);
		slots[i] = (Cdr__Wire__IndexSlot)CDR__WIRE__INDEX_SLOT__INIT;
		slots[i].row = (uint32_t)i;
		slots[i].person_salt = cdr_message_field(own->salt[i], CDR_INDEX_SALT_LEN);
		slots[i].salt = cdr_message_field(slot->salt, sizeof(slot->salt));
		slots[i].slot = slot->slot;
		slots[i].beside = cdr_message_field(slot->beside, slot->height * H);
	}
	return CDR_OK;
}

/* Each proof makes a root, and with it a leaf for ever: a member has as many a day as its people are worth. */
static cdr_err
count_proof(struct cdr_tx *tx, const struct own *own)
{
	const struct cdr_value member = cdr_value_text(own->call->member->id);
	const int64_t day = (int64_t)(own->call->now / CDR_HUB_DAY_S);
	int64_t people, count = 0;

	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(sum(people), 0) FROM holding WHERE member = $1", CDR_VALUES(member), &people);
	if (err != CDR_OK)
		return err;
	err = cdr_query_one_int(tx, "SELECT count FROM index_proof WHERE member = $1 AND day = $2", CDR_VALUES(member, cdr_value_int(day)), &count);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	if (count >= CDR_HUB_PROOFS_A_DAY + people / CDR_HUB_PEOPLE_A_PROOF)
		return CDR_E_QUOTA;
	if (err == CDR_OK)
		return cdr_query_run(tx, "UPDATE index_proof SET count = count + 1 WHERE member = $1", CDR_VALUES(member));
	err = cdr_query_run(tx, "DELETE FROM index_proof WHERE member = $1", CDR_VALUES(member));
	return err != CDR_OK ? err : cdr_query_run(tx, "INSERT INTO index_proof (member, day, count) VALUES ($1, $2, 1)",
	    CDR_VALUES(member, cdr_value_int(day)));
}

/* A writing job: it may make a root. */
static cdr_err
own_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct own *own = context;
	struct cdr_hub_tree *tree = NULL;
	struct looked_up *l = NULL;
	struct cdr_buffer root = { 0 };
	Cdr__Wire__IndexProveReply reply = CDR__WIRE__INDEX_PROVE_REPLY__INIT;
	Cdr__Wire__IndexSlot slots[CDR_INDEX_PROVE_ROWS_MAX], *slot_at[CDR_INDEX_PROVE_ROWS_MAX];

	CDR_TRY(count_proof(tx, own));
	CDR_TRY(cdr_hub_tree_open(tx, own->call->roster, own->request->epoch, own->call->now, &tree));
	CDR_TRY(look_up(tree, own->request->rows.data, CDR_INDEX_ROW_LEN, own->count, &l));
	CDR_TRY(make_slots(tree, own, l, slots));
	for (size_t i = 0; i < own->count; i++)
		slot_at[i] = &slots[i];
	CDR_TRY(cdr_hub_root_encode(tree, &root));
	reply.root = cdr_message_field(root.data, root.len);
	borrow_path(l, &reply.known, &reply.known_count, &reply.beside);
	reply.slot = slot_at;
	reply.n_slot = own->count;
	CDR_TRY(cdr_message_encode(&reply.base, &own->reply));
	CDR_TRY(cdr_hub_log_read(tx, cdr_hub_tree_root_peek(tree)->position, &own->logged));
	err = CDR_OK;
out:
	looked_up_free(l);
	cdr_hub_tree_close(tree);
	cdr_buffer_free(&root);
	return err;
}

/* A writing job: what ended without a proof counts as well, since the tree was worked out for it. */
static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	return count_proof(tx, context);
}

/* The reply with the receipt, which is signed once the root is durable. */
static cdr_err
add_receipt(const struct cdr_hub *hub, const struct own *own, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_receipt receipt;
	struct cdr_arena arena = { 0 };
	void *message;

	CDR_TRY(cdr_hub_receipt_make(hub, &own->logged, &receipt));
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__index_prove_reply__descriptor, cdr_buffer_bytes(&own->reply), &message));
	((Cdr__Wire__IndexProveReply *)message)->root_receipt = &receipt.message;
	CDR_TRY(cdr_message_encode(message, out));
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	return err;
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_index_prove(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct own *own = calloc(1, sizeof(*own));

	if (own == NULL)
		return CDR_E_MEMORY;
	own->call = call;
	own->request = (const Cdr__Wire__IndexProve *)call->message;
	own->count = own->request->rows.len / CDR_INDEX_ROW_LEN;
	if (own->request->rows.len % CDR_INDEX_ROW_LEN != 0 || own->count < 1 || own->count > CDR_INDEX_PROVE_ROWS_MAX) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "1 to %d rows of %d bytes are proved at once", CDR_INDEX_PROVE_ROWS_MAX,
		    CDR_INDEX_ROW_LEN);
		goto out;
	}
	CDR_TRY(cdr_hub_epoch_check(call->roster, own->request->epoch, call->now, fault));
	err = cdr_store_write(hub->store, own_job, own);
	if (err == CDR_E_ABSENT || err == CDR_E_INPUT) {
		cdr_err counted = cdr_store_write(hub->store, count_job, own);
		err = counted == CDR_OK ? err : counted;
	}
	if (err == CDR_OK)
		err = add_receipt(hub, own, &answer->body);
out:
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "a row is not in the index under this member and handle");
	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "this member has had its rows proved as often as its people are worth a day: ask again tomorrow");
	if (err == CDR_E_INPUT)
		cdr_fault_set(fault, err, "two rows have one tag: ask about each tag once");
	cdr_hub_logged_free(&own->logged);
	cdr_buffer_free(&own->reply);
	cdr_wipe(own, sizeof(*own));
	free(own);
	return err;
}
