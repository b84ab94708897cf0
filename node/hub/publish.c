#include "node/hub/publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/file.h"
#include "audit/tile.h"
#include "node/hub/log.h"
#include "node/net/publish.h"

#define PATH_LEN 4096
#define HASH CDR_MERKLE_HASH_LEN

struct publishing {
	const char *folder;
	uint64_t size;
	int level;                   /* of the tile that is read now, or CDR_TILE_ENTRIES */
	uint64_t index;
	unsigned width;
	uint8_t *bytes;              /* CDR_TILE_BUNDLE_LEN_MAX */
	size_t len;
	int64_t version;             /* of the next roster; number of another file */
	struct cdr_buffer roster;    /* or another file */
	struct cdr_fault *fault;
};

static bool
is_there(const struct publishing *p, const char *name)
{
	char path[PATH_LEN];
	struct stat found;

	return (size_t)snprintf(path, sizeof(path), "%s/%s", p->folder, name) < sizeof(path) && stat(path, &found) == 0;
}

/* Make the folders that ${name} leads through. What fails is told when the file is written. */
static void
make_folders(const struct publishing *p, const char *name)
{
	char path[PATH_LEN];

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		if ((size_t)snprintf(path, sizeof(path), "%s/%.*s", p->folder, (int)(slash - name), name) < sizeof(path))
			(void)mkdir(path, 0755);
}

static cdr_err
write_file(const struct publishing *p, const char *name, const void *bytes, size_t len)
{
	make_folders(p, name);
	return cdr_publish_put(p->folder, name, bytes, len, p->fault);
}

/* A reading job: the hashes of one tile. */
static cdr_err
tile_job(struct cdr_tx *tx, void *context)
{
	struct publishing *p = context;

	for (unsigned i = 0; i < p->width; i++) {
		cdr_err err = cdr_hub_log_node(tx, (unsigned)p->level * CDR_TILE_BITS, p->index * CDR_TILE_WIDTH + i, p->bytes + i * HASH);
		if (err != CDR_OK)
			return err;
	}
	p->len = p->width * HASH;
	return CDR_OK;
}

/* A reading job: the entries of one bundle. CDR_E_ABSENT if there are fewer than it has. */
static cdr_err
bundle_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing *p = context;
	struct cdr_query *query = NULL;
	int64_t first = (int64_t)(p->index * CDR_TILE_WIDTH);
	const struct cdr_values values = CDR_VALUES(cdr_value_int(first), cdr_value_int(first + p->width));
	struct cdr_bytes entry;
	unsigned count = 0;

	p->len = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT entry FROM log_leaf WHERE place >= $1 AND place < $2 ORDER BY place", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_LEAF_ENTRY_LEN_MAX, &entry));
		p->bytes[p->len++] = (uint8_t)(entry.len >> 8);
		p->bytes[p->len++] = (uint8_t)entry.len;
		memcpy(p->bytes + p->len, entry.data, entry.len);
		p->len += entry.len;
		count++;
	}
	if (err == CDR_E_ABSENT && count == p->width)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Tiles of one level that are not there; below a full one no partial one is needed any more, but it does no harm. */
static cdr_err
write_level(struct cdr_hub *hub, struct publishing *p, int level)
{
	char name[CDR_TILE_PATH_LEN];

	for (p->level = level, p->index = 0; (p->width = cdr_tile_width(level, p->index, p->size)) > 0; p->index++) {
		cdr_err err = cdr_tile_path(level, p->index, p->width, name);
		if (err == CDR_OK && is_there(p, name))
			continue;
		if (err == CDR_OK)
			err = cdr_store_read(hub->store, level == CDR_TILE_ENTRIES ? bundle_job : tile_job, p);
		if (err == CDR_E_ABSENT)
			err = cdr_fault_set(p->fault, CDR_E_STORE, "leaves are gone from the log that the trustees have witnessed: this database was "
			    "changed, or is damaged. Restore a backup");
		if (err == CDR_OK)
			err = write_file(p, name, p->bytes, p->len);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A reading job: one roster. */
static cdr_err
roster_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing *p = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(p->version));

	CDR_TRY(cdr_query_start(tx, "SELECT signed FROM roster WHERE version = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_ROSTER_MAX, &p->roster));
out:
	cdr_query_end(query);
	return err;
}

/* Up to the one under which the checkpoint is witnessed: who read it by the keys of later trustees would find too few cosignatures. */
static cdr_err
write_rosters(struct cdr_hub *hub, struct publishing *p, uint64_t last)
{
	char name[64];
	cdr_err err = CDR_OK;

	for (p->version = 0; err == CDR_OK && (uint64_t)p->version <= last; p->version++) {
		(void)snprintf(name, sizeof(name), "rosters/%" PRId64, p->version);
		if (is_there(p, name))
			continue;
		err = cdr_store_read(hub->store, roster_job, p);
		if (err == CDR_OK)
			err = write_file(p, name, p->roster.data, p->roster.len);
		cdr_buffer_free(&p->roster);
	}
	return err == CDR_E_ABSENT ? CDR_E_STORE : err;
}

/* The first row of ${sql} behind p->version: its number, which becomes p->version, and its bytes. */
static cdr_err
read_numbered(struct cdr_tx *tx, struct publishing *p, const char *sql)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(p->version), cdr_value_int((int64_t)p->size));

	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_int(query, 0, &p->version));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_BODY_SMALL_MAX, &p->roster));
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: the next lot, or the next verdict, behind the one at ${version}, as far as the checkpoint reaches. */
static cdr_err
next_lot_job(struct cdr_tx *tx, void *context)
{
	return read_numbered(tx, context,
	    "SELECT number, lot FROM sample WHERE number > $1 AND logged < $2 ORDER BY number LIMIT 1");
}

static cdr_err
next_verdict_job(struct cdr_tx *tx, void *context)
{
	return read_numbered(tx, context,
	    "SELECT logged, request FROM verdict WHERE logged > $1 AND logged < $2 ORDER BY logged LIMIT 1");
}

/* What stands beside leaves of one kind: a file for each, under its number. */
static cdr_err
write_numbered(struct cdr_hub *hub, struct publishing *p, const char *folder, cdr_err (*next)(struct cdr_tx *, void *))
{
	char name[64];
	cdr_err err = CDR_OK;

	for (p->version = -1; err == CDR_OK;) {
		err = cdr_store_read(hub->store, next, p);
		(void)snprintf(name, sizeof(name), "%s/%" PRId64, folder, p->version);
		if (err == CDR_OK && !is_there(p, name))
			err = write_file(p, name, p->roster.data, p->roster.len);
		cdr_buffer_free(&p->roster);
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A folder with the log of another exchange would have some files of each: nothing that is there is replaced. */
static cdr_err
check_folder(const struct cdr_hub *hub, const struct publishing *p)
{
	char path[PATH_LEN];
	struct cdr_buffer bytes;
	struct cdr_roster *roster = NULL;

	if ((size_t)snprintf(path, sizeof(path), "%s/rosters/0", p->folder) >= sizeof(path))
		return cdr_fault_set(p->fault, CDR_E_RANGE, "the name of the folder is too long");
	cdr_err err = cdr_file_read(path, CDR_BODY_ROSTER_MAX, &bytes, p->fault);
	if (err == CDR_E_ABSENT) {
		if (p->fault != NULL)
			*p->fault = (struct cdr_fault){ CDR_OK, "" };
		return CDR_OK;
	}
	if (err == CDR_OK)
		err = cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, NULL);
	if (err == CDR_OK ? memcmp(roster->hash, hub->genesis, sizeof(roster->hash)) != 0 : err == CDR_E_ROSTER)
		err = cdr_fault_set(p->fault, CDR_E_REFUSED, "%.300s is not the genesis roster of this exchange: name a folder of its own for its log", path);
	cdr_roster_free(roster);
	cdr_buffer_free(&bytes);
	return err;
}

/* see node/hub/publish.h */
cdr_err
cdr_hub_publish(struct cdr_hub *hub, const struct cdr_roster *roster, const char *folder,
    const struct cdr_checkpoint *checkpoint, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer note = { 0 };
	struct publishing p = { .folder = folder, .size = checkpoint->size, .fault = fault };

	p.bytes = malloc(CDR_TILE_BUNDLE_LEN_MAX);
	if (p.bytes == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_publish_folder_make(folder, fault));
	CDR_TRY(check_folder(hub, &p));
	CDR_TRY(write_rosters(hub, &p, 0)); /* whose log it is, says the first thing that is there */
	CDR_TRY(write_level(hub, &p, CDR_TILE_ENTRIES));
	for (int level = 0; level <= CDR_TILE_LEVEL_MAX && checkpoint->size >> (CDR_TILE_BITS * level) > 0; level++)
		CDR_TRY(write_level(hub, &p, level));
	CDR_TRY(write_rosters(hub, &p, roster->body->version));
	CDR_TRY(write_numbered(hub, &p, "samples", next_lot_job));
	CDR_TRY(write_numbered(hub, &p, "verdicts", next_verdict_job));
	CDR_TRY(cdr_checkpoint_write(checkpoint, hub->genesis, roster, &note));
	CDR_TRY(write_file(&p, "checkpoint", note.data, note.len));
out:
	cdr_buffer_free(&note);
	free(p.bytes);
	return err;
}
