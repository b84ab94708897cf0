#include "audit/verify.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/file.h"
#include "proto/ceremony.h"

#define HASH CDR_MERKLE_HASH_LEN

const struct cdr_verify_part cdr_verify_parts[] = {
	{ "rosters", cdr_verify_rosters },
	{ "samples", cdr_verify_sample_files },
	{ "log", cdr_verify_tree },
	{ "rosters in the log", cdr_verify_roster_leaves },
	{ "keys in the log", cdr_verify_key_leaves },
	{ "key ceremonies", cdr_verify_ceremonies },
	{ "samples in the log", cdr_verify_samples },
	{ "rounds and releases", cdr_verify_rounds },
};
const size_t cdr_verify_part_count = sizeof(cdr_verify_parts) / sizeof(cdr_verify_parts[0]);

/* see audit/verify.h */
cdr_err
cdr_verify_run(struct cdr_verify *v, struct cdr_fault *fault)
{
	for (size_t i = 0; i < cdr_verify_part_count; i++) {
		cdr_err err = cdr_verify_parts[i].verify(v, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see audit/verify.h */
void
cdr_verify_free(struct cdr_verify *v)
{
	for (size_t i = 0; i < v->roster_count; i++)
		cdr_roster_free(v->roster[i]);
	free(v->roster);
	free(v->open);
	for (size_t i = 0; i < v->sample_count; i++)
		cdr_buffer_free(&v->sample[i].bytes);
	free(v->sample);
	*v = (struct cdr_verify){ 0 };
}

/* see audit/verify.h */
cdr_err
cdr_verify_file_read(const struct cdr_verify *v, const char *name, struct cdr_buffer *bytes, struct cdr_fault *fault)
{
	char path[CDR_VERIFY_PATH_LEN];

	*bytes = (struct cdr_buffer){ NULL, 0 };
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", v->folder, name) >= sizeof(path))
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of the folder is too long");
	return cdr_file_read(path, CDR_VERIFY_FILE_LEN_MAX, bytes, fault);
}

/* see audit/verify.h */
cdr_err
cdr_verify_blame(const struct cdr_verify *v, const char *name, cdr_err err, struct cdr_fault *fault)
{
	char text[CDR_FAULT_LEN];

	if (fault == NULL || err == CDR_OK || err == CDR_E_MEMORY)
		return err;
	const bool says = fault->code == err && fault->text[0] != '\0';
	const char *named = says ? strstr(fault->text, name) : NULL;
	if (named != NULL && named > fault->text && named[-1] == '/')
		return err;
	(void)snprintf(text, sizeof(text), "%s", says ? fault->text : cdr_err_name(err));
	return cdr_fault_set(fault, err, "%.200s/%s: %s", v->folder, name, text);
}

/* see audit/verify.h */
cdr_err
cdr_verify_files_each(const struct cdr_verify *v, const char *name, cdr_verify_file_callback *take, void *context, struct cdr_fault *fault)
{
	char path[CDR_VERIFY_PATH_LEN];
	const struct dirent *entry;
	cdr_err err = CDR_OK;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", v->folder, name) >= sizeof(path))
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of the folder is too long");
	DIR *folder = opendir(path);
	if (folder == NULL)
		return errno == ENOENT ? CDR_OK : cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	while (err == CDR_OK && (errno = 0, entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			err = take(context, entry->d_name, fault);
	if (err == CDR_OK && errno != 0)
		err = cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	(void)closedir(folder);
	return err;
}

/* ---- rosters ------------------------------------------------------------------------------------------------- */

/* There is room for one more. Whoever publishes a folder decides how many there are and how large, so both end somewhere. */
static cdr_err
check_room(struct cdr_verify *v, const struct cdr_roster *roster, const char *name, struct cdr_fault *fault)
{
	const uint64_t max = v->memory_max > 0 ? v->memory_max : CDR_VERIFY_MEMORY_MAX;

	v->memory += roster->bytes.len + roster->arena.used + roster->signed_arena.used;
	if (v->roster_count == CDR_VERIFY_ROSTER_MAX)
		return cdr_fault_set(fault, CDR_E_MEMORY, "%.200s/%s is one too many: this program verifies at most %d rosters", v->folder, name,
		    CDR_VERIFY_ROSTER_MAX);
	if (v->memory > max)
		return cdr_fault_set(fault, CDR_E_MEMORY, "the rosters up to %.200s/%s take more than %" PRIu64 " MiB: on a machine that has more, let them "
		    "take more with --memory", v->folder, name, max >> 20);
	return CDR_OK;
}

/* The next one of the chain; CDR_E_ABSENT behind the last. */
static cdr_err
add_roster(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster = NULL, **more;
	char name[64];

	(void)snprintf(name, sizeof(name), "rosters/%zu", v->roster_count);
	CDR_TRY(cdr_verify_file_read(v, name, &bytes, fault));
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, fault));
	CDR_TRY(check_room(v, roster, name, fault));
	if (roster->body->version != v->roster_count) {
		err = cdr_fault_set(fault, CDR_E_ROSTER, "%s holds another version", name);
		goto out;
	}
	if (v->roster_count == 0)
		CDR_TRY(cdr_roster_verify_genesis(roster, v->fingerprint != NULL ? v->fingerprint : roster->hash, fault));
	else
		CDR_TRY(cdr_roster_verify_next(roster, v->roster[v->roster_count - 1], fault));
	more = realloc(v->roster, (v->roster_count + 1) * sizeof(*more));
	if (more == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	v->roster = more;
	v->roster[v->roster_count++] = roster;
	roster = NULL;
out:
	cdr_roster_free(roster);
	cdr_buffer_free(&bytes);
	return cdr_verify_blame(v, name, err, fault);
}

/* Behind the last roster of the chain none may stand: then one between them is missing. */
static cdr_err
check_behind(void *context, const char *file_name, struct cdr_fault *fault)
{
	const struct cdr_verify *v = context;
	char *end;

	if (strtoul(file_name, &end, 10) <= v->roster_count || *end != '\0')
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_ABSENT, "%.200s/rosters/%zu is missing, and rosters/%.20s is there", v->folder, v->roster_count, file_name);
}

static bool
is_revoked(const Cdr__Wire__Member *member)
{
	return strcmp(member->status, "revoked") == 0;
}

/* Signing keys that were revoked, each once: no more than the rosters hold. What a key points to belongs to its roster. */
struct revoked_keys {
	struct revoked_key {
		const ProtobufCBinaryData *key;
		size_t version; /* that revoked it first */
	} *item;
	size_t count, room;
};

static const struct revoked_key *
revoked_find(const struct revoked_keys *keys, const ProtobufCBinaryData *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (cdr_message_same(*keys->item[i].key, *key))
			return &keys->item[i];
	return NULL;
}

static cdr_err
revoked_add(struct revoked_keys *keys, const ProtobufCBinaryData *key, size_t version)
{
	if (revoked_find(keys, key) != NULL)
		return CDR_OK;
	if (keys->count == keys->room) {
		size_t room = keys->room > 0 ? 2 * keys->room : 64;
		struct revoked_key *more = realloc(keys->item, room * sizeof(*more));
		if (more == NULL)
			return CDR_E_MEMORY;
		keys->item = more;
		keys->room = room;
	}
	keys->item[keys->count++] = (struct revoked_key){ key, version };
	return CDR_OK;
}

/* Who is new, or has another key, has none that an earlier version revoked; of neighbours cdr_roster_verify_next has judged it. */
static cdr_err
check_revoked_keys(const struct cdr_verify *v, const struct revoked_keys *keys, size_t version, struct cdr_fault *fault)
{
	const Cdr__Wire__Roster *body = v->roster[version]->body;

	for (size_t i = 0; i < body->n_member; i++) {
		const Cdr__Wire__Member *is = body->member[i], *was = cdr_roster_member(v->roster[version - 1], is->id);
		if (is_revoked(is) || (was != NULL && cdr_message_same(was->party->signing_key, is->party->signing_key)))
			continue;
		const struct revoked_key *revoked = revoked_find(keys, &is->party->signing_key);
		if (revoked != NULL)
			return cdr_fault_set(fault, CDR_E_ROSTER, "rosters/%zu lets %s in with the key that was revoked in rosters/%zu: somebody "
			    "may have stolen it", version, is->id, revoked->version);
	}
	return CDR_OK;
}

/* Whom ${version} revokes, and the one before did not. */
static cdr_err
note_revoked_keys(const struct cdr_verify *v, struct revoked_keys *keys, size_t version)
{
	const Cdr__Wire__Roster *body = v->roster[version]->body;

	for (size_t i = 0; i < body->n_member; i++) {
		const Cdr__Wire__Member *is = body->member[i], *was = version > 0 ? cdr_roster_member(v->roster[version - 1], is->id) : NULL;
		if (!is_revoked(is) || (was != NULL && is_revoked(was) && cdr_message_same(was->party->signing_key, is->party->signing_key)))
			continue;
		cdr_err err = revoked_add(keys, &is->party->signing_key, version);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see audit/verify.h */
cdr_err
cdr_verify_revoked_keys(const struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	struct revoked_keys keys = { .item = NULL };

	for (size_t version = 0; version < v->roster_count; version++) {
		if (version > 0)
			CDR_TRY(check_revoked_keys(v, &keys, version, fault));
		CDR_TRY(note_revoked_keys(v, &keys, version));
	}
out:
	free(keys.item);
	return err;
}

/* see audit/verify.h */
cdr_err
cdr_verify_rosters(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err;

	do
		err = add_roster(v, fault);
	while (err == CDR_OK);
	if (err != CDR_E_ABSENT)
		return err;
	if (v->roster_count == 0)
		return access(v->folder, F_OK) != 0 ? cdr_fault_set(fault, err, "there is no folder %.200s: is the name right?", v->folder) :
		    cdr_fault_set(fault, err, "%.200s/rosters/0 is missing: %.200s is no exported log, or not all of one", v->folder, v->folder);
	if (fault != NULL)
		*fault = (struct cdr_fault){ CDR_OK, "" };
	memcpy(v->genesis, v->roster[0]->hash, sizeof(v->genesis));
	err = cdr_verify_revoked_keys(v, fault);
	return err != CDR_OK ? err : cdr_verify_files_each(v, "rosters", check_behind, v, fault);
}

/* ---- the tree ------------------------------------------------------------------------------------------------ */

/* What one entry says. */
static cdr_err
take_entry(struct cdr_verify *v, uint64_t position, struct cdr_bytes entry, struct cdr_fault *fault)
{
	struct cdr_leaf leaf;
	bool is_open;

	cdr_err err = cdr_leaf_entry_read(entry, &leaf, &is_open);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "leaf %" PRIu64 " is neither a leaf nor a commitment", position);
	if (!is_open) {
		v->sealed_count++;
		return CDR_OK;
	}
	v->kind_count[leaf.kind]++;
	/* Each check and each proof of an own row makes a root: they are most of an old log, and no part looks at them again. */
	if (leaf.kind == CDR_LEAF_INDEX_ROOT || leaf.kind == CDR_LEAF_GUEST_PAGE)
		return CDR_OK;
	if (v->open_count == v->open_room) {
		size_t room = v->open_room > 0 ? 2 * v->open_room : 1024;
		if (room > CDR_VERIFY_OPEN_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "the log has more open leaves than this program takes in (%u)", CDR_VERIFY_OPEN_MAX);
		struct cdr_verify_leaf *more = realloc(v->open, room * sizeof(*more));
		if (more == NULL)
			return CDR_E_MEMORY;
		v->open = more;
		v->open_room = room;
	}
	v->open[v->open_count++] = (struct cdr_verify_leaf){ position, leaf };
	return CDR_OK;
}

/* A tile of hashes must be those of the tree. ${edge} is the tree up to its end, ${hash} the nodes that it should hold. */
static cdr_err
check_tile(struct cdr_verify *v, int level, uint64_t index, const uint8_t *hash, unsigned width, struct cdr_fault *fault)
{
	char path[CDR_TILE_PATH_LEN];
	struct cdr_buffer bytes;

	cdr_err err = cdr_tile_path(level, index, width, path);
	if (err == CDR_OK)
		err = cdr_verify_file_read(v, path, &bytes, fault);
	if (err != CDR_OK)
		return err;
	if (bytes.len != width * HASH || memcmp(bytes.data, hash, bytes.len) != 0)
		err = cdr_fault_set(fault, CDR_E_PROOF, "%s/%s does not hold the hashes of the tree", v->folder, path);
	cdr_buffer_free(&bytes);
	return err;
}

/* The tree while it grows, with the hashes of the tile of each level that is not complete. */
struct growing {
	struct cdr_merkle_edge edge;
	uint8_t hash[CDR_TILE_LEVEL_MAX + 1][CDR_TILE_WIDTH * HASH];
	unsigned width[CDR_TILE_LEVEL_MAX + 1];
	uint64_t index[CDR_TILE_LEVEL_MAX + 1];
};

/* One more leaf; each tile above it that it completes is compared. */
static cdr_err
grow(struct cdr_verify *v, struct growing *g, const uint8_t leaf[static HASH], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_merkle_grown grown;

	CDR_TRY(cdr_merkle_append(&g->edge, leaf, &grown));
	CDR_TRY(cdr_verify_sample_root(v, &g->edge, fault));
	for (int level = 1; level <= CDR_TILE_LEVEL_MAX && (size_t)(level * CDR_TILE_BITS) < grown.count; level++) {
		memcpy(g->hash[level] + g->width[level]++ * HASH, grown.hash[level * CDR_TILE_BITS], HASH);
		if (g->width[level] < CDR_TILE_WIDTH)
			continue;
		CDR_TRY(check_tile(v, level, g->index[level]++, g->hash[level], CDR_TILE_WIDTH, fault));
		g->width[level] = 0;
	}
out:
	return err;
}

/* The hashes of the leaves of one bundle, as the folder has them. */
static cdr_err
read_leaf_tile(const struct cdr_verify *v, uint64_t index, unsigned width, char path[static CDR_TILE_PATH_LEN], struct cdr_buffer *tile,
    struct cdr_fault *fault)
{
	cdr_err err = cdr_tile_path(0, index, width, path);

	if (err == CDR_OK)
		err = cdr_verify_file_read(v, path, tile, fault);
	if (err == CDR_OK && tile->len != width * HASH)
		err = cdr_fault_set(fault, CDR_E_INPUT, "%.200s/%s does not hold %u hashes", v->folder, path, width);
	return err;
}

/* Each leaf is held against its hash one by one: so the file that was altered is named, and where. */
static cdr_err
read_bundle(struct cdr_verify *v, struct growing *g, uint64_t index, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	unsigned width = cdr_tile_width(0, index, v->checkpoint.size), count = 0;
	char path[CDR_TILE_PATH_LEN], tile_path[CDR_TILE_PATH_LEN];
	struct cdr_buffer bytes = { 0 }, tile = { 0 };
	struct cdr_bytes entry;
	uint8_t leaf[HASH];
	size_t at = 0;

	CDR_TRY(cdr_tile_path(CDR_TILE_ENTRIES, index, width, path));
	CDR_TRY(cdr_verify_file_read(v, path, &bytes, fault));
	CDR_TRY(read_leaf_tile(v, index, width, tile_path, &tile, fault));
	for (; (err = cdr_tile_entry_next(cdr_buffer_bytes(&bytes), &at, &entry)) == CDR_OK && count < width; count++) {
		CDR_TRY(cdr_merkle_leaf(entry, leaf));
		if (memcmp(leaf, tile.data + (size_t)count * HASH, HASH) != 0) {
			err = cdr_fault_set(fault, CDR_E_PROOF, "leaf %" PRIu64 " in %.100s/%s does not have the hash that %.100s/%s says: one of the two files was altered",
			    g->edge.size, v->folder, path, v->folder, tile_path);
			goto out;
		}
		CDR_TRY(cdr_verify_blame(v, path, take_entry(v, g->edge.size, entry, fault), fault));
		CDR_TRY(grow(v, g, leaf, fault));
	}
	if (err == CDR_E_INPUT)
		cdr_fault_set(fault, err, "%.200s/%s ends in the middle of leaf %" PRIu64, v->folder, path, g->edge.size);
	else
		err = err == CDR_E_ABSENT && count == width ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "%.200s/%s does not hold %u leaves", v->folder, path, width);
out:
	cdr_buffer_free(&tile);
	cdr_buffer_free(&bytes);
	return err;
}

/* Every leaf, hashed again; every tile; and the root that hub and witnesses signed. */
static cdr_err
rebuild(struct cdr_verify *v, struct growing *g, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	uint8_t root[HASH];

	for (uint64_t index = 0; err == CDR_OK && index * CDR_TILE_WIDTH < v->checkpoint.size; index++)
		err = read_bundle(v, g, index, fault);
	for (int level = 1; err == CDR_OK && level <= CDR_TILE_LEVEL_MAX; level++)
		if (g->width[level] > 0)
			err = check_tile(v, level, g->index[level], g->hash[level], g->width[level], fault);
	if (err == CDR_OK)
		err = cdr_merkle_root(&g->edge, root);
	if (err == CDR_OK && memcmp(root, v->checkpoint.root, sizeof(root)) != 0)
		err = cdr_fault_set(fault, CDR_E_PROOF, "the leaves in %.100s/tile do not give the root of %.100s/checkpoint: one was altered, added or left out",
		    v->folder, v->folder);
	return err;
}

/* see audit/verify.h */
cdr_err
cdr_verify_tree(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *newest = v->roster[v->roster_count - 1];
	struct cdr_buffer note = { 0 };
	struct growing *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_verify_file_read(v, "checkpoint", &note, fault));
	err = cdr_verify_blame(v, "checkpoint", cdr_checkpoint_read(cdr_buffer_bytes(&note), v->genesis, newest, &v->checkpoint, fault), fault);
	if (err != CDR_OK)
		goto out;
	if (!cdr_checkpoint_is_witnessed(&v->checkpoint, newest)) {
		err = cdr_fault_set(fault, CDR_E_PROOF, "%.200s/checkpoint has %zu cosignatures of trustees in rosters/%zu, the newest here, and %" PRIu32
		    " are needed", v->folder, v->checkpoint.cosignature_count, v->roster_count - 1, newest->body->threshold);
		goto out;
	}
	v->witnessed_at = cdr_checkpoint_time(&v->checkpoint, newest);
	CDR_TRY(rebuild(v, g, fault));
out:
	cdr_buffer_free(&note);
	free(g);
	return err;
}

/* see audit/verify.h */
cdr_err
cdr_verify_entry_hash(struct cdr_verify *v, uint64_t position, uint8_t hash[static HASH], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t index = position / CDR_TILE_WIDTH;
	char path[CDR_TILE_PATH_LEN];
	struct cdr_buffer bytes = { 0 };
	struct cdr_bytes entry = { NULL, 0 };
	size_t at = 0;

	if (position >= v->checkpoint.size)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the log has no leaf %" PRIu64, position);
	CDR_TRY(cdr_tile_path(CDR_TILE_ENTRIES, index, cdr_tile_width(0, index, v->checkpoint.size), path));
	CDR_TRY(cdr_verify_file_read(v, path, &bytes, fault));
	for (uint64_t i = 0; i <= position % CDR_TILE_WIDTH; i++)
		CDR_TRY(cdr_tile_entry_next(cdr_buffer_bytes(&bytes), &at, &entry));
	CDR_TRY(cdr_merkle_leaf(entry, hash));
out:
	cdr_buffer_free(&bytes);
	return err;
}

/* ---- rosters in the log ---------------------------------------------------------------------------------------- */

/*
 * What came into force behind the checkpoint is not in it yet. But a roster was in force when the next one was made, so one whose successor was made
 * long before the witnesses signed has to be recorded.
 */
static cdr_err
check_unrecorded(const struct cdr_verify *v, size_t recorded, struct cdr_fault *fault)
{
	for (size_t version = recorded; version + 1 < v->roster_count; version++)
		if (v->roster[version + 1]->body->made_at + CDR_VERIFY_ROSTER_LATE_S < v->witnessed_at)
			return cdr_fault_set(fault, CDR_E_ROSTER, "the log does not record roster %zu, which was in force long before its witnesses signed", version);
	return CDR_OK;
}

/* see audit/verify.h: each roster is logged, once and in its order, and no other is. */
cdr_err
cdr_verify_roster_leaves(struct cdr_verify *v, struct cdr_fault *fault)
{
	size_t version = 0;
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	for (size_t i = 0; i < v->open_count; i++) {
		const struct cdr_leaf *leaf = &v->open[i].leaf;
		if (leaf->kind != CDR_LEAF_ROSTER)
			continue;
		if (version == v->roster_count && leaf->number_count > 0 && leaf->number[0] == version)
			return cdr_fault_set(fault, CDR_E_ABSENT, "%.200s/rosters/%zu is missing: leaf %" PRIu64 " records that roster", v->folder, version,
			    v->open[i].position);
		if (version >= v->roster_count || leaf->number_count < 1 || leaf->number[0] != version)
			return cdr_fault_set(fault, CDR_E_ROSTER, "leaf %" PRIu64 " names a roster that is not the next of the chain",
			    v->open[i].position);
		const struct cdr_bytes hash = { v->roster[version]->hash, CDR_ROSTER_HASH_LEN };
		cdr_err err = cdr_leaf_content(leaf->kind, &hash, 1, content);
		if (err != CDR_OK)
			return err;
		if (memcmp(content, leaf->content, sizeof(content)) != 0)
			return cdr_fault_set(fault, CDR_E_ROSTER, "roster %zu is not the one that leaf %" PRIu64 " recorded", version,
			    v->open[i].position);
		version++;
	}
	if (version == 0)
		return cdr_fault_set(fault, CDR_E_ROSTER, "the log does not record the genesis roster");
	return check_unrecorded(v, version, fault);
}

/* ---- key ceremonies ---------------------------------------------------------------------------------------------- */

/* Whether the transcript is that of a key which came into a roster. */
static cdr_err
match_ceremony(struct cdr_verify *v, const Cdr__Wire__CeremonyTranscript *transcript, bool *proved)
{
	cdr_err err = CDR_E_REFUSED;
	size_t at = 0;

	for (size_t version = 1; version < v->roster_count; version++) {
		const Cdr__Wire__Roster *body = v->roster[version]->body;
		for (size_t i = 0; i < cdr_roster_key_count(body); i++, at++) {
			struct cdr_roster_key key = cdr_roster_key_at(body, i);
			if (proved[at])
				continue;
			err = cdr_ceremony_verify(transcript, v->roster[version - 1], v->genesis, &key, NULL);
			if (err == CDR_E_MEMORY)
				return err;
			/* Shares that were made for others are not this roster's, whatever its trustees are called. */
			proved[at] = err == CDR_OK && cdr_ceremony_plan_gives(transcript->plan, v->roster[version]);
			if (proved[at])
				return CDR_OK;
			err = err == CDR_OK ? CDR_E_REFUSED : err;
		}
	}
	return err;
}

/* Whether a roster names a key of the ceremony with this transcript. */
static bool
is_named(const struct cdr_verify *v, const uint8_t hash[static CDR_ROSTER_HASH_LEN])
{
	for (size_t version = 1; version < v->roster_count; version++) {
		const Cdr__Wire__Roster *body = v->roster[version]->body;
		for (size_t i = 0; i < cdr_roster_key_count(body); i++) {
			const struct cdr_roster_key key = cdr_roster_key_at(body, i);
			if (key.transcript.len == CDR_ROSTER_HASH_LEN && memcmp(key.transcript.data, hash, CDR_ROSTER_HASH_LEN) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Whether the transcript is that of a key which came into no roster: honest trustees made it, and other trustees came before it was used, or it is to
 * come into the next. What a roster names has to be as the roster says. The roster from which it begins decides nothing but who took part: one is enough.
 */
static cdr_err
match_unnamed(const struct cdr_verify *v, const Cdr__Wire__CeremonyTranscript *transcript)
{
	cdr_err err = CDR_E_ABSENT;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	for (size_t version = 0; err == CDR_E_ABSENT && version < v->roster_count; version++)
		err = cdr_ceremony_verify_unnamed(transcript, v->roster[version], v->genesis, hash);
	return err == CDR_E_ABSENT || (err == CDR_OK && is_named(v, hash)) ? CDR_E_REFUSED : err;
}

struct proving {
	struct cdr_verify *v;
	bool *proved;                        /* of each roster's keys, which stand one after the other */
};

static cdr_err
take_ceremony(void *context, const char *file_name, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct proving *proving = context;
	struct cdr_verify *v = proving->v;
	char name[CDR_VERIFY_PATH_LEN];
	struct cdr_buffer bytes = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__CeremonyTranscript *transcript;
	bool unnamed = false;

	(void)snprintf(name, sizeof(name), "ceremonies/%.255s", file_name);
	CDR_TRY(cdr_verify_file_read(v, name, &bytes, fault));
	err = cdr_message_decode(&arena, &cdr__wire__ceremony_transcript__descriptor, cdr_buffer_bytes(&bytes), &transcript);
	if (err == CDR_E_INPUT)
		cdr_fault_set(fault, err, "%s/%s is no transcript of a ceremony", v->folder, name);
	if (err != CDR_OK)
		goto out;
	err = match_ceremony(v, transcript, proving->proved);
	if (err != CDR_OK && err != CDR_E_MEMORY) {
		err = match_unnamed(v, transcript);
		unnamed = err == CDR_OK;
	}
	if (err != CDR_OK) {
		err = err == CDR_E_MEMORY ? err : cdr_fault_set(fault, err, "%.200s/%.255s is not how any key in the rosters was made: it was altered, or is of another exchange",
							v->folder, name);
		goto out;
	}
	v->unnamed_count += unnamed;
	v->ceremony_count += !unnamed;
out:
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);
	return err;
}

/* Keys that stand in several rosters are one: those with a transcript that was verified, and the others. */
static void
count_keys(struct cdr_verify *v, const bool *proved)
{
	size_t at = 0;

	for (size_t version = 1; version < v->roster_count; version++) {
		const Cdr__Wire__Roster *body = v->roster[version]->body, *before = v->roster[version - 1]->body;
		for (size_t i = 0; i < cdr_roster_key_count(body); i++, at++) {
			struct cdr_roster_key key = cdr_roster_key_at(body, i), old;
			bool is_old = cdr_roster_key_find(before, key.kind, key.number, &old) && old.transcript.len == key.transcript.len &&
			    memcmp(old.transcript.data, key.transcript.data, key.transcript.len) == 0;
			v->key_count += !is_old;
			v->unproved_count += !is_old && !proved[at];
		}
	}
}

/* see audit/verify.h: the folder ceremonies/ may hold what trustees export (`candor-trustee status --export`). */
cdr_err
cdr_verify_ceremonies(struct cdr_verify *v, struct cdr_fault *fault)
{
	struct proving proving = { v, calloc(v->roster_count * CDR_KEY_COUNT_MAX + 1, sizeof(*proving.proved)) };

	if (proving.proved == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_verify_files_each(v, "ceremonies", take_ceremony, &proving, fault);
	if (err == CDR_OK)
		count_keys(v, proving.proved);
	free(proving.proved);
	return err;
}
