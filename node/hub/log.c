#include "node/hub/log.h"

#include <string.h>

#include "audit/checkpoint.h"
#include "core/crypto/secret.h"

#define HASH CDR_MERKLE_HASH_LEN
#define TILE_BITS 4                    /* levels in a tile */
#define TILE_WIDTH (1U << TILE_BITS)   /* hashes in a tile */
#define TILE_LEN (TILE_WIDTH * HASH)
_Static_assert(TILE_LEN == CDR_HUB_LOG_TILE_LEN, "a reader holds one tile");
#define TILE_LEVEL_MAX (CDR_MERKLE_LEVEL_MAX / TILE_BITS)

/* see node/hub/log.h */
void
cdr_hub_logged_free(struct cdr_hub_logged *logged)
{
	if (logged == NULL)
		return;
	cdr_buffer_free(&logged->leaf);
	cdr_wipe(logged, sizeof(*logged));
}

/* ---- the edge ----------------------------------------------------------------------------------------------- */

/* Where the log ends. */
struct end {
	struct cdr_merkle_edge edge;
	uint8_t recent[TILE_LEN];          /* hashes of the leaves of the last tile of level 0, while it is not full */
};

static cdr_err
end_read(struct cdr_tx *tx, struct end *end)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES();
	struct cdr_bytes bytes;

	memset(end, 0, sizeof(*end));
	CDR_TRY(cdr_query_start(tx, "SELECT edge, recent FROM log_end", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	else if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_MERKLE_EDGE_LEN_MAX, &bytes));
		err = cdr_merkle_edge_read(bytes, &end->edge) == CDR_OK ? CDR_OK : CDR_E_STORE;
		if (err == CDR_OK)
			err = cdr_query_blob(query, 1, end->recent, (end->edge.size % TILE_WIDTH) * HASH);
	}
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
end_write(struct cdr_tx *tx, const struct end *end)
{
	uint8_t edge[CDR_MERKLE_EDGE_LEN_MAX];
	size_t len;

	cdr_merkle_edge_write(&end->edge, edge, &len);
	struct cdr_values values = CDR_VALUES(cdr_value_blob(edge, len),
	    cdr_value_blob(end->recent, (end->edge.size % TILE_WIDTH) * HASH));
	cdr_err err = cdr_query_run(tx, "UPDATE log_end SET edge = $1, recent = $2", values);
	if (err == CDR_OK && cdr_query_changed_count(tx) == 0)
		err = cdr_query_run(tx, "INSERT INTO log_end (one, edge, recent) VALUES (1, $1, $2)", values);
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_edge_read(struct cdr_tx *tx, struct cdr_merkle_edge *edge)
{
	struct end end;
	cdr_err err = end_read(tx, &end);

	*edge = end.edge;
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_size_read(struct cdr_tx *tx, uint64_t *size)
{
	struct cdr_merkle_edge edge;
	cdr_err err = cdr_hub_log_edge_read(tx, &edge);

	*size = edge.size;
	return err;
}

/* ---- tiles -------------------------------------------------------------------------------------------------- */

/* The hashes that tile ${index} of level TILE_BITS * ${level} has so far. */
static cdr_err
tile_read(struct cdr_tx *tx, unsigned level, uint64_t index, uint8_t hashes[static TILE_LEN], size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)index));
	struct cdr_bytes bytes;

	*count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT hashes FROM log_tile WHERE level = $1 AND place = $2", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	else if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, TILE_LEN, &bytes));
		if (bytes.len % HASH != 0) {
			err = CDR_E_STORE;
			goto out;
		}
		memcpy(hashes, bytes.data, bytes.len);
		*count = bytes.len / HASH;
	}
out:
	cdr_query_end(query);
	return err;
}

/* Write hash number ${index} of its level behind those that its tile has. */
static cdr_err
tile_add(struct cdr_tx *tx, unsigned level, uint64_t index, const uint8_t *hash)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hashes[TILE_LEN];
	size_t count, at = index % TILE_WIDTH;

	CDR_TRY(tile_read(tx, level, index / TILE_WIDTH, hashes, &count));
	if (count != at) {
		err = CDR_E_STORE; /* the tiles are not those of this log */
		goto out;
	}
	memcpy(hashes + at * HASH, hash, HASH);
	CDR_TRY(cdr_query_run(tx, at > 0 ? "UPDATE log_tile SET hashes = $3 WHERE level = $1 AND place = $2" :
					   "INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)(index / TILE_WIDTH)),
		cdr_value_blob(hashes, (at + 1) * HASH))));
out:
	return err;
}

/* Keep what leaf ${position} made complete. ${end} has its hash already. */
static cdr_err
tiles_write(struct cdr_tx *tx, const struct end *end, uint64_t position, const struct cdr_merkle_grown *grown)
{
	cdr_err err = CDR_OK;

	if (position % TILE_WIDTH == TILE_WIDTH - 1)
		CDR_TRY(cdr_query_run(tx, "INSERT INTO log_tile (level, place, hashes) VALUES (0, $1, $2)",
		    CDR_VALUES(cdr_value_int((int64_t)(position / TILE_WIDTH)), cdr_value_blob(end->recent, TILE_LEN))));
	for (unsigned level = 1; level * TILE_BITS < grown->count; level++)
		CDR_TRY(tile_add(tx, level, position >> (level * TILE_BITS), grown->hash[level * TILE_BITS]));
out:
	return err;
}

/* Read a tile, also the last of level 0, unless it is the one that was read last. */
static cdr_err
reader_fill(struct cdr_hub_log_reader *r, unsigned level, uint64_t index)
{
	cdr_err err = CDR_E_INTERNAL;
	struct end end;

	if (r->has_tile && r->level == level && r->index == index)
		return CDR_OK;
	r->has_tile = false;
	r->level = level;
	r->index = index;
	CDR_TRY(tile_read(r->tx, level, index, r->hashes, &r->count));
	if (r->count == 0 && level == 0) {
		CDR_TRY(end_read(r->tx, &end));
		if (end.edge.size / TILE_WIDTH == index)
			r->count = end.edge.size % TILE_WIDTH;
		memcpy(r->hashes, end.recent, r->count * HASH);
	}
	r->has_tile = true;
out:
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_reader_node(void *context, unsigned level, uint64_t index, uint8_t hash[static HASH])
{
	struct cdr_hub_log_reader *r = context;
	size_t width = (size_t)1 << (level % TILE_BITS);
	uint64_t first = index * width;
	uint8_t hashes[TILE_LEN], *at = hashes + first % TILE_WIDTH * HASH;

	cdr_err err = reader_fill(r, level / TILE_BITS, first / TILE_WIDTH);
	if (err != CDR_OK)
		return err;
	if (first % TILE_WIDTH + width > r->count)
		return CDR_E_ABSENT;
	memcpy(hashes, r->hashes, r->count * HASH);
	for (; width > 1; width /= 2)
		for (size_t i = 0; i < width / 2; i++)
			CDR_TRY(cdr_merkle_parent(at + 2 * i * HASH, at + (2 * i + 1) * HASH, at + i * HASH));
	memcpy(hash, at, HASH);
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_node(void *context, unsigned level, uint64_t index, uint8_t hash[static HASH])
{
	struct cdr_hub_log_reader reader = { .tx = context };

	return cdr_hub_log_reader_node(&reader, level, index, hash);
}

/* ---- leaves ------------------------------------------------------------------------------------------------- */

/* The row of one leaf. */
static cdr_err
leaf_write(struct cdr_tx *tx, const struct cdr_hub_logged *logged, struct cdr_bytes entry, struct cdr_bytes evidence)
{
	return cdr_query_run(tx,
	    "INSERT INTO log_leaf (place, entry, leaf, salt, evidence) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_int((int64_t)logged->position), cdr_value_bytes(entry),
		logged->has_salt ? cdr_value_bytes(cdr_buffer_bytes(&logged->leaf)) : cdr_value_null(),
		logged->has_salt ? cdr_value_blob(logged->salt, sizeof(logged->salt)) : cdr_value_null(),
		evidence.len > 0 ? cdr_value_bytes(evidence) : cdr_value_null()));
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_append(struct cdr_tx *tx, const struct cdr_leaf *leaf, struct cdr_bytes evidence,
    struct cdr_hub_logged *logged)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer entry = { 0 };
	struct cdr_merkle_grown grown;
	struct end end;

	*logged = (struct cdr_hub_logged){ .has_salt = !cdr_leaf_kind_is_open(leaf->kind) };
	if (evidence.len > CDR_HUB_LOG_EVIDENCE_MAX)
		return CDR_E_RANGE;
	CDR_TRY(end_read(tx, &end));
	logged->position = end.edge.size;
	if (logged->has_salt)
		CDR_TRY(cdr_random(logged->salt, sizeof(logged->salt)));
	CDR_TRY(cdr_leaf_encode(leaf, &logged->leaf));
	CDR_TRY(cdr_leaf_entry(cdr_buffer_bytes(&logged->leaf), logged->has_salt ? logged->salt : NULL, &entry));
	CDR_TRY(cdr_merkle_leaf(cdr_buffer_bytes(&entry), logged->hash));
	CDR_TRY(cdr_merkle_append(&end.edge, logged->hash, &grown));
	memcpy(end.recent + logged->position % TILE_WIDTH * HASH, logged->hash, HASH);
	CDR_TRY(leaf_write(tx, logged, cdr_buffer_bytes(&entry), evidence));
	CDR_TRY(tiles_write(tx, &end, logged->position, &grown));
	CDR_TRY(end_write(tx, &end));
out:
	cdr_buffer_free(&entry);
	return err;
}

/* The leaf of a row, from its own column or from the entry that shows it. */
static cdr_err
take_leaf(struct cdr_bytes entry, struct cdr_hub_logged *logged)
{
	struct cdr_leaf leaf;
	bool is_open;

	cdr_err err = cdr_leaf_entry_read(entry, &leaf, &is_open);
	if (err != CDR_OK)
		return err == CDR_E_INPUT ? CDR_E_STORE : err;
	return is_open ? cdr_leaf_encode(&leaf, &logged->leaf) : CDR_OK;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_read(struct cdr_tx *tx, uint64_t position, struct cdr_hub_logged *logged)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)position));
	struct cdr_bytes entry;

	*logged = (struct cdr_hub_logged){ .position = position };
	CDR_TRY(cdr_query_start(tx, "SELECT entry, leaf, salt FROM log_leaf WHERE place = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_LEAF_ENTRY_LEN_MAX, &entry));
	CDR_TRY(cdr_merkle_leaf(entry, logged->hash));
	if (cdr_query_is_null(query, 2)) {
		CDR_TRY(take_leaf(entry, logged));
		goto out;
	}
	logged->has_salt = true;
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_LEAF_LEN_MAX, &logged->leaf));
	CDR_TRY(cdr_query_blob(query, 2, logged->salt, sizeof(logged->salt)));
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_act(struct cdr_tx *tx, int64_t known, const struct cdr_leaf *leaf, struct cdr_hub_logged *logged)
{
	return known >= 0 ? cdr_hub_log_read(tx, (uint64_t)known, logged) :
			    cdr_hub_log_append(tx, leaf, (struct cdr_bytes){ NULL, 0 }, logged);
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_reply(const struct cdr_hub *hub, const struct cdr_hub_logged *logged, struct cdr_buffer *body)
{
	Cdr__Wire__Logged reply = CDR__WIRE__LOGGED__INIT;
	struct cdr_hub_receipt receipt;

	if (logged->leaf.len > 0) {
		cdr_err err = cdr_hub_receipt_make(hub, logged, &receipt);
		if (err != CDR_OK)
			return err;
		reply.receipt = &receipt.message;
	}
	return cdr_message_encode(&reply.base, body);
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_erase(struct cdr_tx *tx, uint64_t position)
{
	return cdr_query_run(tx,
	    "UPDATE log_leaf SET leaf = NULL, salt = NULL, evidence = NULL WHERE place = $1 AND salt IS NOT NULL",
	    CDR_VALUES(cdr_value_int((int64_t)position)));
}

/* ---- erasing ------------------------------------------------------------------------------------------------ */

/* Leaves that are kept for equally long. */
struct life {
	uint64_t days;
	bool (*has)(enum cdr_leaf_kind kind);
};

static bool
is_short(enum cdr_leaf_kind kind)
{
	return kind == CDR_LEAF_CHECK_OPENED || kind == CDR_LEAF_CHECK_CLOSED || kind == CDR_LEAF_DELIVERY;
}

static bool
is_long(enum cdr_leaf_kind kind)
{
	return !is_short(kind);
}

static const struct life lives[] = { { CDR_HUB_LEAF_DAYS, is_short }, { CDR_HUB_LEAF_LONG_DAYS, is_long } };

/* see node/hub/log.h */
cdr_err
cdr_hub_log_aged(struct cdr_tx *tx, uint64_t now, uint64_t *size, struct cdr_buffer *note)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const int64_t day = (int64_t)(now / CDR_HUB_DAY_S) - CDR_LEAF_OPEN_DAYS;

	CDR_TRY(cdr_query_start(tx, "SELECT size, note FROM checkpoint WHERE day < $1 ORDER BY day DESC LIMIT 1", CDR_VALUES(cdr_value_int(day)),
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, size));
	if (note != NULL)
		CDR_TRY(cdr_query_blob_copy(query, 1, CDR_CHECKPOINT_LEN_MAX, note));
out:
	cdr_query_end(query);
	return err;
}

/* Whether the next leaf is old enough to be looked at, and whether it goes. CDR_E_ABSENT: the log ends, or it is too young. */
static cdr_err
judge_age(struct cdr_tx *tx, const struct life *life, uint64_t place, uint64_t now, bool *goes)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_logged logged = { 0 };
	struct cdr_leaf leaf;

	*goes = false;
	CDR_TRY(cdr_hub_log_read(tx, place, &logged));
	if (logged.leaf.len == 0)
		goto out; /* erased before */
	err = cdr_leaf_decode(cdr_buffer_bytes(&logged.leaf), &leaf);
	if (err != CDR_OK) {
		err = err == CDR_E_INPUT ? CDR_E_STORE : err;
		goto out;
	}
	if (leaf.at + life->days * CDR_HUB_DAY_S > now)
		err = CDR_E_ABSENT;
	*goes = err == CDR_OK && logged.has_salt && life->has(leaf.kind);
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* Go on where it was left off; leaves stand in the order of their time. */
static cdr_err
expire_life(struct cdr_tx *tx, int class, uint64_t now, size_t max, size_t *looked)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value key = cdr_value_int(class);
	int64_t from, place;
	uint64_t aged = 0;
	bool goes;

	err = cdr_hub_log_aged(tx, now, &aged, NULL);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	err = cdr_query_one_int(tx, "SELECT place FROM log_erased WHERE class = $1", CDR_VALUES(key), &from);
	bool is_new = err == CDR_E_ABSENT;
	if (err != CDR_OK && !is_new)
		return err;
	place = is_new ? 0 : from;
	for (size_t i = 0; i < max && (uint64_t)place < aged; i++, place++) {
		err = judge_age(tx, &lives[class], (uint64_t)place, now, &goes);
		if (err == CDR_E_ABSENT)
			break;
		if (err == CDR_OK && goes)
			err = cdr_hub_log_erase(tx, (uint64_t)place);
		if (err != CDR_OK)
			return err;
		++*looked;
	}
	return cdr_query_run(tx, is_new ? "INSERT INTO log_erased (class, place) VALUES ($1, $2)" :
					  "UPDATE log_erased SET place = $2 WHERE class = $1", CDR_VALUES(key, cdr_value_int(place)));
}

/* see node/hub/log.h */
cdr_err
cdr_hub_log_expire(struct cdr_tx *tx, uint64_t now, size_t max, size_t *looked)
{
	cdr_err err = CDR_OK;
	size_t count = sizeof(lives) / sizeof(lives[0]);

	*looked = 0;
	for (size_t class = 0; class < count && err == CDR_OK; class++)
		err = expire_life(tx, (int)class, now, max / count, looked);
	return err;
}

/* see node/hub/log.h */
cdr_err
cdr_hub_receipt_make(const struct cdr_hub *hub, const struct cdr_hub_logged *logged, struct cdr_hub_receipt *receipt)
{
	receipt->message = (Cdr__Wire__Receipt)CDR__WIRE__RECEIPT__INIT;
	if (logged->leaf.len == 0)
		return CDR_E_ABSENT;
	cdr_err err = cdr_receipt_sign(hub->seed, hub->genesis, logged->position, logged->hash, receipt->signature);
	receipt->message.position = logged->position;
	receipt->message.leaf = cdr_message_field(logged->leaf.data, logged->leaf.len);
	receipt->message.has_salt = logged->has_salt;
	receipt->message.salt = cdr_message_field(logged->salt, logged->has_salt ? sizeof(logged->salt) : 0);
	receipt->message.signature = cdr_message_field(receipt->signature, sizeof(receipt->signature));
	return err;
}
