/*
 * Somebody with the hub's folder and passphrase who rewrites its log while it stands still: alter PLACE changes one leaf, drop
 * PLACE takes one out; and the tree is made anew over what is left, so that the hub's own proofs agree with it.
 */

#include <stdlib.h>
#include <string.h>

#include "node/hub/command.h"
#include "node/hub/log.h"
#include "node/net/node_options.h"

#define LEAVES_MAX 100000

struct tampering {
	int64_t place;
	bool drops;
};

/* A writing job: the entries as they are, in a list. */
static cdr_err
read_entries(struct cdr_tx *tx, struct cdr_buffer *entry, size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT entry FROM log_leaf ORDER BY place", CDR_VALUES(), &query));
	while (*count < LEAVES_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob_copy(query, 0, CDR_LEAF_ENTRY_LEN_MAX, &entry[(*count)++]));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The tree over ${count} entries, as the hub stores it: node/hub/log.h has no other way than to append. */
static cdr_err
write_tree(struct cdr_tx *tx, const struct cdr_buffer *entry, size_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_merkle_edge edge = { 0 };
	struct cdr_merkle_grown grown;
	static uint8_t tile[16][16 * 32];
	uint8_t leaf[32], bytes[CDR_MERKLE_EDGE_LEN_MAX];
	size_t len;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM log_tile", CDR_VALUES()));
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_merkle_leaf(cdr_buffer_bytes(&entry[i]), leaf));
		CDR_TRY(cdr_merkle_append(&edge, leaf, &grown));
		for (unsigned level = 0; 4 * level < grown.count; level++) {
			size_t at = i >> (4 * level);
			memcpy(tile[level] + at % 16 * 32, grown.hash[4 * level], 32);
			if (level == 0 && at % 16 != 15)
				continue;
			struct cdr_values values = CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)(at / 16)),
			    cdr_value_blob(tile[level], (at % 16 + 1) * 32));
			CDR_TRY(cdr_query_run(tx, "DELETE FROM log_tile WHERE level = $1 AND place = $2",
			    CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)(at / 16)))));
			CDR_TRY(cdr_query_run(tx, "INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)", values));
		}
	}
	cdr_merkle_edge_write(&edge, bytes, &len);
	CDR_TRY(cdr_query_run(tx, "UPDATE log_end SET edge = $1, recent = $2",
	    CDR_VALUES(cdr_value_blob(bytes, len), cdr_value_blob(tile[0], count % 16 * 32))));
out:
	return err;
}

static cdr_err
tamper(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct tampering *t = context;
	static struct cdr_buffer entry[LEAVES_MAX];
	size_t count = 0;
	const struct cdr_value place = cdr_value_int(t->place);

	CDR_TRY(read_entries(tx, entry, &count));
	if (t->place < 0 || (size_t)t->place >= count)
		return CDR_E_ABSENT;
	if (t->drops) {
		CDR_TRY(cdr_query_run(tx, "DELETE FROM log_leaf WHERE place = $1", CDR_VALUES(place)));
		CDR_TRY(cdr_query_run(tx, "UPDATE log_leaf SET place = -place WHERE place > $1", CDR_VALUES(place)));
		CDR_TRY(cdr_query_run(tx, "UPDATE log_leaf SET place = -place - 1 WHERE place < 0", CDR_VALUES()));
		cdr_buffer_free(&entry[t->place]);
		memmove(&entry[t->place], &entry[t->place + 1], (count - (size_t)t->place - 1) * sizeof(entry[0]));
		entry[--count] = (struct cdr_buffer){ NULL, 0 };
	} else {
		entry[t->place].data[entry[t->place].len - 1] ^= 1;
		CDR_TRY(cdr_query_run(tx, "UPDATE log_leaf SET entry = $2 WHERE place = $1",
		    CDR_VALUES(place, cdr_value_bytes(cdr_buffer_bytes(&entry[t->place])))));
	}
	CDR_TRY(write_tree(tx, entry, count));
out:
	for (size_t i = 0; i < count; i++)
		cdr_buffer_free(&entry[i]);
	return err;
}

static cdr_err
run(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_hub_open open = { 0 };
	struct tampering t = { .place = strtoll(cdr_arguments_operand(arguments, 0), NULL, 10),
		.drops = strcmp(cdr_arguments_command(arguments), "drop") == 0 };

	(void)report;
	cdr_err err = cdr_hub_open(arguments, &open, fault);
	if (err == CDR_OK)
		err = cdr_store_write(open.home->store, tamper, &t);
	cdr_hub_close(&open);
	return err;
}

int
main(int argc, char **argv)
{
	static const struct cdr_command commands[] = {
		{ .name = "alter", .operands = "PLACE", .operand_min = 1, .operand_max = 1, .summary = "change a leaf", .handle = run },
		{ .name = "drop", .operands = "PLACE", .operand_min = 1, .operand_max = 1, .summary = "take a leaf out", .handle = run },
		{ .name = NULL },
	};
	const struct cdr_program program = { .name = "tamper_log", .version = "1", .summary = "Rewrites a hub's log",
		.commands = commands, .options = cdr_node_options };

	return cdr_arguments_main(&program, argc, argv);
}
