#include "node/hub/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/crypto/sparse.h"
#include "node/hub/log.h"
#include "node/hub/tree_parts.h"

#define TAG_TYPE_LEN (CDR_TAG_LEN + 1)
#define NOTES_AT_ONCE 512    /* people whose tags are worked in at once: bounds memory, and what one transaction takes */
#define NOTES_LEFT_MAX 1024  /* that wait for the next answer */
#define NOTE_LEN_MAX (64 * TAG_TYPE_LEN)

/* ---- notes -------------------------------------------------------------------------------------------------- */

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_note(struct cdr_tx *tx, uint32_t epoch, const uint8_t *tags, size_t count)
{
	return cdr_query_run(tx,
	    "INSERT INTO index_change (number, epoch, tags)"
	    " VALUES ((SELECT COALESCE(max(number), 0) FROM index_change) + 1, $1, $2)",
	    CDR_VALUES(cdr_value_int(epoch), cdr_value_blob(tags, count * TAG_TYPE_LEN)));
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_batch_note(struct cdr_tx *tx, uint64_t place)
{
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)place));

	cdr_err err = cdr_query_run(tx, "UPDATE index_end SET place = $1", values);
	if (err == CDR_OK && cdr_query_changed_count(tx) == 0)
		err = cdr_query_run(tx, "INSERT INTO index_end (one, place) VALUES (1, $1)", values);
	return err;
}

/* Whether a change of the index stands in the log behind the root; where that is not known, one may. */
static cdr_err
is_overtaken(struct cdr_hub_tree *tree, bool *overtaken)
{
	int64_t place;
	cdr_err err = cdr_query_one_int(tree->tx, "SELECT place FROM index_end", CDR_VALUES(), &place);

	*overtaken = err == CDR_E_ABSENT || (err == CDR_OK && (uint64_t)place > tree->root.position);
	/* It is known from here on. */
	return err == CDR_E_ABSENT ? cdr_hub_tree_batch_note(tree->tx, 0) : err;
}

/* Everything that a member has in the tree's epoch changes: it became active, or ceased to be. */
static cdr_err
note_member(struct cdr_hub_tree *tree, const char *member)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes tags;

	CDR_TRY(cdr_query_start(tree->tx, "SELECT tags FROM person WHERE member = $1 AND epoch = $2",
	    CDR_VALUES(cdr_value_text(member), cdr_value_int(tree->epoch)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, NOTE_LEN_MAX, &tags));
		CDR_TRY(cdr_hub_tree_note(tree->tx, tree->epoch, tags.data, tags.len / TAG_TYPE_LEN));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* ---- members ------------------------------------------------------------------------------------------------ */

/* A member that has rows, whether it is active, and whether its rows are in the tree. */
struct presence {
	char member[CDR_SLUG_LEN_MAX + 1];
	bool active, in_tree, known;
};

static cdr_err
read_presence(struct cdr_hub_tree *tree, const struct cdr_roster *roster, struct cdr_query *query, struct presence *p)
{
	cdr_err err = CDR_E_INTERNAL;
	char status[CDR_HUB_STATUS_LEN];
	int64_t in_tree;

	CDR_TRY(cdr_query_text(query, 0, p->member, sizeof(p->member)));
	CDR_TRY(cdr_query_text(query, 1, status, sizeof(status)));
	CDR_TRY(cdr_query_int(query, 2, &in_tree));
	const Cdr__Wire__Member *entry = cdr_roster_member(roster, p->member);
	p->active = entry != NULL && cdr_roster_member_is_active(entry) && strcmp(status, "active") == 0;
	p->known = in_tree >= 0;
	p->in_tree = in_tree == 1;
	if (p->active && tree->member_count < CDR_MEMBER_COUNT_MAX)
		memcpy(tree->members[tree->member_count++], p->member, sizeof(p->member));
	err = CDR_OK;
out:
	return err;
}

/* Write down whether the rows of a member are in the tree from now on. */
static cdr_err
write_presence(struct cdr_hub_tree *tree, const struct presence *p)
{
	struct cdr_values values = CDR_VALUES(cdr_value_text(p->member), cdr_value_int(tree->epoch), cdr_value_int(p->active));

	cdr_err err = note_member(tree, p->member);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tree->tx, p->known ? "UPDATE index_member SET in_tree = $3 WHERE member = $1 AND epoch = $2" :
						  "INSERT INTO index_member (member, epoch, in_tree) VALUES ($1, $2, $3)",
	    values);
}

/* Who is active; where that changed, the member's rows are noted. Members come in the order of their ids. */
static cdr_err
read_members(struct cdr_hub_tree *tree, const struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct presence *changed = calloc(CDR_MEMBER_COUNT_MAX, sizeof(*changed));
	size_t changed_count = 0;

	if (changed == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_query_start(tree->tx,
	    "SELECT h.member, COALESCE(m.status, ''), COALESCE(t.in_tree, -1) FROM holding h"
	    " LEFT JOIN member m ON m.id = h.member LEFT JOIN index_member t ON t.member = h.member AND t.epoch = h.epoch"
	    " WHERE h.epoch = $1 ORDER BY h.member LIMIT $2",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(CDR_MEMBER_COUNT_MAX)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(read_presence(tree, roster, query, &changed[changed_count]));
		changed_count += changed[changed_count].active != changed[changed_count].in_tree;
	}
	if (err != CDR_E_ABSENT)
		goto out;
	for (size_t i = 0; i < changed_count; i++)
		CDR_TRY(write_presence(tree, &changed[i]));
	err = CDR_OK;
out:
	cdr_query_end(query);
	free(changed);
	return err;
}

static int
compare_member(const void *key, const void *member)
{
	return strcmp(key, member);
}

static bool
is_in_tree(const struct cdr_hub_tree *tree, const char *member)
{
	return tree->member_count > 0 &&
	    bsearch(member, tree->members, tree->member_count, sizeof(tree->members[0]), compare_member) != NULL;
}

/* ---- buckets ------------------------------------------------------------------------------------------------ */

/* see node/hub/tree_parts.h */
void
cdr_hub_bucket_free(struct cdr_hub_bucket *bucket)
{
	if (bucket->item != NULL)
		cdr_wipe(bucket->item, bucket->room * sizeof(*bucket->item)); /* salts */
	free(bucket->item);
	free(bucket->row);
	*bucket = (struct cdr_hub_bucket){ 0 };
}

/* Room for one more row. */
static cdr_err
bucket_grow(struct cdr_hub_bucket *bucket)
{
	size_t room = bucket->room == 0 ? 16 : 4 * bucket->room;
	struct cdr_hub_bucket grown = { .count = bucket->count, .room = room };

	if (bucket->count < bucket->room)
		return CDR_OK;
	grown.item = calloc(room, sizeof(*grown.item));
	grown.row = calloc(room, sizeof(*grown.row));
	if (grown.item == NULL || grown.row == NULL) {
		cdr_hub_bucket_free(&grown);
		return CDR_E_MEMORY;
	}
	if (bucket->count > 0)
		memcpy(grown.item, bucket->item, bucket->count * sizeof(*grown.item));
	cdr_hub_bucket_free(bucket);
	*bucket = grown;
	return CDR_OK;
}

static int
compare_items(const void *a, const void *b)
{
	return cdr_index_row_compare(&((const struct cdr_hub_row *)a)->row, &((const struct cdr_hub_row *)b)->row);
}

/* One row of the query below: member, handle, type, rarity, pair, expires. */
static cdr_err
take_row(struct cdr_hub_tree *tree, struct cdr_query *query, struct cdr_hub_row *item)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_owner *owner = &item->owner;
	uint64_t type, rarity, pair, expires;

	CDR_TRY(cdr_query_blob(query, 1, owner->handle, sizeof(owner->handle)));
	CDR_TRY(cdr_query_count(query, 2, &type));
	CDR_TRY(cdr_query_count(query, 3, &rarity));
	CDR_TRY(cdr_query_count(query, 4, &pair));
	CDR_TRY(cdr_query_count(query, 5, &expires));
	owner->expires = (uint16_t)expires;
	item->row = (struct cdr_index_row){ .type = (uint8_t)type, .rarity = (uint8_t)rarity, .pair = (uint8_t)pair };
	struct cdr_index_person person = { owner->member, owner->handle, owner->expires };
	CDR_TRY(cdr_index_person_salt(tree->secret, tree->epoch, owner->member, owner->handle, owner->salt));
	CDR_TRY(cdr_index_person_commit(owner->salt, &person, item->row.person));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/tree_parts.h */
cdr_err
cdr_hub_tree_bucket_read(struct cdr_hub_tree *tree, const uint8_t *tag, struct cdr_hub_bucket *bucket)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	bucket->count = 0;
	CDR_TRY(cdr_query_start(tree->tx,
	    "SELECT member, handle, type, rarity, pair, expires FROM index_row WHERE epoch = $1 AND tag = $2"
	    " ORDER BY type, member, handle",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_blob(tag, CDR_TAG_LEN)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		/* Nobody can put so many. Without some of them the tree would prove that they are not there. */
		if (bucket->count == CDR_INDEX_BUCKET_ROWS_MAX)
			CDR_TRY(CDR_E_STORE);
		CDR_TRY(bucket_grow(bucket));
		struct cdr_hub_row *item = &bucket->item[bucket->count];
		CDR_TRY(cdr_query_text(query, 0, item->owner.member, sizeof(item->owner.member)));
		if (!is_in_tree(tree, item->owner.member))
			continue;
		CDR_TRY(take_row(tree, query, item));
		bucket->count++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	if (bucket->count > 1)
		qsort(bucket->item, bucket->count, sizeof(bucket->item[0]), compare_items);
	for (size_t i = 0; i < bucket->count; i++)
		bucket->row[i] = bucket->item[i].row;
out:
	cdr_query_end(query);
	return err;
}

/* ---- pages -------------------------------------------------------------------------------------------------- */

struct prefix {
	uint8_t bytes[8];
};

static struct prefix
prefix_bytes(uint64_t prefix)
{
	struct prefix out = { 0 };

	cdr_number_write(prefix, out.bytes, 8);
	return out;
}

static cdr_err
load_page(void *context, unsigned depth, uint64_t prefix, struct cdr_sparse_page *page)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_tree *tree = context;
	struct cdr_query *query = NULL;
	struct prefix key = prefix_bytes(prefix);
	struct cdr_bytes content;

	CDR_TRY(cdr_query_start(tree->tx, "SELECT content FROM index_page WHERE epoch = $1 AND depth = $2 AND prefix = $3",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(depth), cdr_value_blob(key.bytes, sizeof(key.bytes))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, sizeof(page->data), &content));
	memcpy(page->data, content.data, content.len);
	page->len = content.len;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
save_page(void *context, unsigned depth, uint64_t prefix, const struct cdr_sparse_page *page)
{
	struct cdr_hub_tree *tree = context;
	struct prefix key = prefix_bytes(prefix);
	struct cdr_values values = CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(depth),
	    cdr_value_blob(key.bytes, sizeof(key.bytes)), cdr_value_blob(page->data, page->len));

	cdr_err err = cdr_query_run(tree->tx,
	    "UPDATE index_page SET content = $4 WHERE epoch = $1 AND depth = $2 AND prefix = $3", values);
	if (err != CDR_OK || cdr_query_changed_count(tree->tx) > 0)
		return err;
	return cdr_query_run(tree->tx, "INSERT INTO index_page (epoch, depth, prefix, content) VALUES ($1, $2, $3, $4)", values);
}

static cdr_err
drop_page(void *context, unsigned depth, uint64_t prefix)
{
	struct cdr_hub_tree *tree = context;
	struct prefix key = prefix_bytes(prefix);

	return cdr_query_run(tree->tx, "DELETE FROM index_page WHERE epoch = $1 AND depth = $2 AND prefix = $3",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(depth), cdr_value_blob(key.bytes, sizeof(key.bytes))));
}

/* see node/hub/tree_parts.h */
struct cdr_sparse_pages
cdr_hub_tree_pages(struct cdr_hub_tree *tree)
{
	return (struct cdr_sparse_pages){ tree, load_page, save_page, drop_page };
}

/* ---- bringing it up to date ----------------------------------------------------------------------------------- */

/* A tag whose rows changed, and its place. */
struct change {
	uint64_t place;
	uint8_t tag[CDR_TAG_LEN];
};

struct changes {
	struct change *change;
	size_t count, room;
	int64_t last;              /* note that was read last */
};

static int
compare_changes(const void *a, const void *b)
{
	uint64_t left = ((const struct change *)a)->place, right = ((const struct change *)b)->place;

	return left < right ? -1 : left > right;
}

static cdr_err
take_note(struct cdr_hub_tree *tree, struct changes *changes, struct cdr_bytes tags)
{
	size_t count = tags.len / TAG_TYPE_LEN;

	if (changes->count + count > changes->room) {
		size_t room = 2 * (changes->room + count);
		struct change *grown = realloc(changes->change, room * sizeof(*grown));
		if (grown == NULL)
			return CDR_E_MEMORY;
		changes->change = grown;
		changes->room = room;
	}
	for (size_t i = 0; i < count; i++) {
		struct change *change = &changes->change[changes->count++];
		memcpy(change->tag, tags.data + i * TAG_TYPE_LEN, CDR_TAG_LEN);
		cdr_err err = cdr_index_place(tree->epoch, change->tag, &change->place);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Some of the notes, oldest first, each tag once, by place. */
static cdr_err
take_notes(struct cdr_hub_tree *tree, struct changes *changes)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes tags;
	size_t kept = 0;

	changes->count = 0;
	changes->last = 0;
	CDR_TRY(cdr_query_start(tree->tx, "SELECT number, tags FROM index_change WHERE epoch = $1 ORDER BY number LIMIT $2",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(NOTES_AT_ONCE)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_int(query, 0, &changes->last));
		CDR_TRY(cdr_query_blob_peek(query, 1, NOTE_LEN_MAX, &tags));
		CDR_TRY(take_note(tree, changes, tags));
	}
	if (err != CDR_E_ABSENT)
		goto out;
	err = CDR_OK;
	if (changes->count > 1)
		qsort(changes->change, changes->count, sizeof(changes->change[0]), compare_changes);
	for (size_t i = 0; i < changes->count; i++)
		if (kept == 0 || changes->change[i].place != changes->change[kept - 1].place)
			changes->change[kept++] = changes->change[i];
	changes->count = kept;
out:
	cdr_query_end(query);
	return err;
}

/* What stands at each changed place from now on. */
static cdr_err
make_leaves(struct cdr_hub_tree *tree, const struct changes *changes, uint64_t mark, struct cdr_sparse_leaf *leaves)
{
	cdr_err err = CDR_OK;
	struct cdr_hub_bucket bucket = { 0 };
	uint8_t salt[CDR_INDEX_SALT_LEN];

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->change[i];
		leaves[i] = (struct cdr_sparse_leaf){ .place = change->place, .mark = mark };
		CDR_TRY(cdr_hub_tree_bucket_read(tree, change->tag, &bucket));
		leaves[i].present = bucket.count > 0;
		if (bucket.count == 0)
			continue;
		CDR_TRY(cdr_index_bucket_salt(tree->secret, tree->epoch, change->tag, mark, salt));
		CDR_TRY(cdr_index_bucket_hash(salt, bucket.row, bucket.count, leaves[i].content));
	}
out:
	cdr_hub_bucket_free(&bucket);
	return err;
}

/* Work some notes in. ${found}: whether there were any. */
static cdr_err
work_some(struct cdr_hub_tree *tree, uint64_t mark, bool *found)
{
	cdr_err err = CDR_E_INTERNAL;
	struct changes changes = { 0 };
	struct cdr_sparse_leaf *leaves = NULL;
	struct cdr_sparse_pages pages = cdr_hub_tree_pages(tree);

	CDR_TRY(take_notes(tree, &changes));
	*found = changes.count > 0;
	if (!*found)
		goto out;
	leaves = calloc(changes.count, sizeof(*leaves));
	if (leaves == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(make_leaves(tree, &changes, mark, leaves));
	CDR_TRY(cdr_sparse_update(&pages, leaves, changes.count, tree->root.hash));
	CDR_TRY(cdr_query_run(tree->tx, "DELETE FROM index_change WHERE epoch = $1 AND number <= $2",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int(changes.last))));
out:
	free(leaves);
	free(changes.change);
	return err;
}

/* Work them all in. */
static cdr_err
work_in(struct cdr_hub_tree *tree, uint64_t mark, bool *changed)
{
	cdr_err err;
	bool found;

	*changed = false;
	do {
		err = work_some(tree, mark, &found);
		*changed |= found;
	} while (err == CDR_OK && found);
	return err;
}

/* ---- roots -------------------------------------------------------------------------------------------------- */

static cdr_err
read_root(struct cdr_hub_tree *tree)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_hub_root *root = &tree->root;

	CDR_TRY(cdr_query_start(tree->tx, "SELECT number, root, people, made_at, place FROM index_root WHERE epoch = $1",
	    CDR_VALUES(cdr_value_int(tree->epoch)), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) { /* the first is made now */
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_count(query, 0, &root->number));
	CDR_TRY(cdr_query_blob(query, 1, root->hash, sizeof(root->hash)));
	CDR_TRY(cdr_query_count(query, 2, &root->people));
	CDR_TRY(cdr_query_count(query, 3, &root->made_at));
	CDR_TRY(cdr_query_count(query, 4, &root->position));
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/tree_parts.h */
cdr_err
cdr_hub_root_encode(const struct cdr_hub_tree *tree, struct cdr_buffer *out)
{
	Cdr__Wire__IndexRoot body = CDR__WIRE__INDEX_ROOT__INIT;

	body.epoch = tree->epoch;
	body.number = tree->root.number;
	body.root = cdr_message_field(tree->root.hash, sizeof(tree->root.hash));
	body.people = tree->root.people;
	body.made_at = tree->root.made_at;
	return cdr_message_encode(&body.base, out);
}

/* The leaf of a new root: it says the epoch, and commits to the rest. */
static cdr_err
log_root(struct cdr_hub_tree *tree)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer body = { 0 };
	struct cdr_hub_logged logged = { 0 };
	struct cdr_leaf leaf = { .kind = CDR_LEAF_INDEX_ROOT, .at = tree->root.made_at };

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, tree->epoch);
	CDR_TRY(cdr_hub_root_encode(tree, &body));
	CDR_TRY(cdr_index_root_content(cdr_buffer_bytes(&body), leaf.content));
	CDR_TRY(cdr_hub_log_append(tree->tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	tree->root.position = logged.position;
out:
	cdr_hub_logged_free(&logged);
	cdr_buffer_free(&body);
	return err;
}

static cdr_err
write_root(struct cdr_hub_tree *tree, bool is_first)
{
	const struct cdr_hub_root *root = &tree->root;

	return cdr_query_run(tree->tx,
	    is_first ? "INSERT INTO index_root (epoch, number, root, people, made_at, place) VALUES ($1, $2, $3, $4, $5, $6)" :
		       "UPDATE index_root SET number = $2, root = $3, people = $4, made_at = $5, place = $6 WHERE epoch = $1",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_int((int64_t)root->number),
		cdr_value_blob(root->hash, sizeof(root->hash)), cdr_value_int((int64_t)root->people),
		cdr_value_int((int64_t)root->made_at), cdr_value_int((int64_t)root->position)));
}

static cdr_err
update(struct cdr_hub_tree *tree, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;
	bool changed, is_first, overtaken;
	int64_t people;

	is_first = tree->root.number == 0;
	CDR_TRY(work_in(tree, tree->root.number + 1, &changed));
	CDR_TRY(is_overtaken(tree, &overtaken));
	if (!changed && !is_first && !overtaken)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tree->tx,
	    "SELECT COALESCE(CAST(sum(people) AS bigint), 0) FROM holding WHERE epoch = $1",
	    CDR_VALUES(cdr_value_int(tree->epoch)), &people));
	tree->root.number++;
	tree->root.people = people < 0 ? 0 : (uint64_t)people;
	tree->root.made_at = now;
	CDR_TRY(log_root(tree));
	CDR_TRY(write_root(tree, is_first));
	err = CDR_OK;
out:
	return err;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

/* The epoch's secret; the first who needs it draws it. */
static cdr_err
read_secret(struct cdr_hub_tree *tree)
{
	cdr_err err = cdr_query_one_blob(tree->tx, "SELECT secret FROM index_secret WHERE epoch = $1",
	    CDR_VALUES(cdr_value_int(tree->epoch)), tree->secret, CDR_INDEX_SECRET_LEN);

	if (err != CDR_E_ABSENT)
		return err;
	err = cdr_random(tree->secret, CDR_INDEX_SECRET_LEN);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tree->tx, "INSERT INTO index_secret (epoch, secret) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_int(tree->epoch), cdr_value_blob(tree->secret, CDR_INDEX_SECRET_LEN)));
}

/* The tree as far as it is, and whose rows are to be in it. */
static cdr_err
open_as_is(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t epoch, struct cdr_hub_tree **out)
{
	cdr_err err = CDR_E_MEMORY;
	struct cdr_hub_tree *tree = calloc(1, sizeof(*tree));

	*out = NULL;
	if (tree == NULL)
		return err;
	tree->tx = tx;
	tree->epoch = epoch;
	tree->secret = cdr_secret_alloc(CDR_INDEX_SECRET_LEN);
	tree->members = calloc(CDR_MEMBER_COUNT_MAX, sizeof(*tree->members));
	if (tree->secret == NULL || tree->members == NULL)
		goto out;
	CDR_TRY(read_secret(tree));
	CDR_TRY(read_members(tree, roster));
	CDR_TRY(read_root(tree));
	*out = tree;
	tree = NULL;
out:
	cdr_hub_tree_close(tree);
	return err;
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_open(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t epoch, uint64_t now,
    struct cdr_hub_tree **out)
{
	cdr_err err = open_as_is(tx, roster, epoch, out);

	if (err == CDR_OK)
		err = update(*out, now);
	if (err != CDR_OK) {
		cdr_hub_tree_close(*out);
		*out = NULL;
	}
	return err;
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_catch_up(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t epoch)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_tree *tree = NULL;
	bool found;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM index_change WHERE epoch = $1", CDR_VALUES(cdr_value_int(epoch)), &count));
	if (count <= NOTES_LEFT_MAX)
		return CDR_OK;
	CDR_TRY(open_as_is(tx, roster, epoch, &tree));
	/* Notes are left, so the next answer makes a root of what the pages say then; until that nothing is proved by them. */
	CDR_TRY(work_some(tree, tree->root.number + 1, &found));
out:
	cdr_hub_tree_close(tree);
	return err;
}

/* see node/hub/tree.h */
void
cdr_hub_tree_close(struct cdr_hub_tree *tree)
{
	if (tree == NULL)
		return;
	cdr_secret_free(tree->secret);
	free(tree->members);
	free(tree);
}

/* see node/hub/tree.h */
const struct cdr_hub_root *
cdr_hub_tree_root_peek(const struct cdr_hub_tree *tree)
{
	return &tree->root;
}

/* see node/hub/tree.h */
cdr_err
cdr_hub_tree_forget(struct cdr_tx *tx, uint32_t epoch)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_values values = CDR_VALUES(cdr_value_int(epoch));

	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_page WHERE epoch = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_change WHERE epoch = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_member WHERE epoch = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_root WHERE epoch = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_secret WHERE epoch = $1", values));
	err = CDR_OK;
out:
	return err;
}
