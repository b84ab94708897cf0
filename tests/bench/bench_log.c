/*
 * The hub's log: leaves a second with durable group commit, beside bare SHA-256, bare fdatasync and bare commits of the same store; and the
 * time of a proof from the database, in a log of ten million leaves too (a minute, 400 MB in /tmp). Threads append one leaf each at a time, as the hub's workers do.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/hub/log.h"
#include "node/hub/schema.h"
#include "tests/bench/measure.h"

#define THREADS 64
#define LEAVES 20000
#define PROOFS 2000
#define LARGE 10000000
#define TILE_LEVELS 8
#define TILE_LEN (16 * 32)

static struct cdr_store *store;
static bool bare;

static cdr_err
append_job(struct cdr_tx *tx, void *context)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct cdr_hub_logged logged = { 0 };

	if (bare)
		return cdr_query_run(tx, "UPDATE setting SET value = 'x' WHERE name = 'listen'", CDR_VALUES());
	cdr_leaf_member_add(&leaf, "blue-harbour");
	cdr_leaf_member_add(&leaf, "green-valley");
	cdr_leaf_number_add(&leaf, 24657);
	cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ context, 0 }, &logged);
	cdr_hub_logged_free(&logged);
	return err;
}

static void *
work(void *context)
{
	for (size_t i = 0; i < LEAVES / THREADS; i++)
		if (cdr_store_write(store, append_job, context) != CDR_OK)
			exit(1);
	return NULL;
}

static double
run(void)
{
	pthread_t thread[THREADS];
	double begin = measure_s(CLOCK_MONOTONIC);

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, NULL) != 0)
			exit(1);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(thread[i], NULL);
	return (double)(LEAVES / THREADS * THREADS) / (measure_s(CLOCK_MONOTONIC) - begin);
}

/*
 * A log of ${LARGE} leaves as the hub stores it (node/hub/log.h): the same tiles and edge, from hashes of leaves that are numbers, since
 * appending so many would take an hour; the nodes above are those of a real tree.
 */
struct growing {
	struct cdr_merkle_edge edge;
	uint8_t tile[TILE_LEVELS][TILE_LEN];
	uint64_t target;
};

static cdr_err
grow_one(struct cdr_tx *tx, struct growing *g)
{
	uint64_t i = g->edge.size;
	uint8_t leaf[32] = { 0 };
	struct cdr_merkle_grown grown;

	memcpy(leaf, &i, sizeof(i));
	cdr_err err = cdr_merkle_append(&g->edge, leaf, &grown);
	for (unsigned level = 0; 4 * level < grown.count && err == CDR_OK; level++) {
		uint64_t at = i >> (4 * level);
		memcpy(g->tile[level] + at % 16 * 32, grown.hash[4 * level], 32);
		if (at % 16 == 15)
			err = cdr_query_run(tx, "INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)",
			    CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)(at / 16)), cdr_value_blob(g->tile[level], TILE_LEN)));
	}
	return err;
}

static cdr_err
grow_job(struct cdr_tx *tx, void *context)
{
	struct growing *g = context;
	cdr_err err = CDR_OK;

	while (g->edge.size < g->target && err == CDR_OK)
		err = grow_one(tx, g);
	return err;
}

/* What is not full yet. */
static cdr_err
end_job(struct cdr_tx *tx, void *context)
{
	struct growing *g = context;
	uint8_t bytes[CDR_MERKLE_EDGE_LEN_MAX];
	size_t len;
	cdr_err err = CDR_OK;

	for (unsigned level = 1; level < TILE_LEVELS && err == CDR_OK; level++) {
		uint64_t count = g->edge.size >> (4 * level);
		if (count % 16 != 0)
			err = cdr_query_run(tx, "INSERT INTO log_tile (level, place, hashes) VALUES ($1, $2, $3)",
			    CDR_VALUES(cdr_value_int(level), cdr_value_int((int64_t)(count / 16)), cdr_value_blob(g->tile[level], count % 16 * 32)));
	}
	cdr_merkle_edge_write(&g->edge, bytes, &len);
	return err != CDR_OK ? err : cdr_query_run(tx, "INSERT INTO log_end (one, edge, recent) VALUES (1, $1, $2)",
	    CDR_VALUES(cdr_value_blob(bytes, len), cdr_value_blob(g->tile[0], g->edge.size % 16 * 32)));
}

static cdr_err
build(uint64_t leaves)
{
	struct growing *g = calloc(1, sizeof(*g));
	cdr_err err = g == NULL ? CDR_E_MEMORY : CDR_OK;

	while (err == CDR_OK && g->edge.size < leaves) {
		g->target = g->edge.size + 500000 < leaves ? g->edge.size + 500000 : leaves;
		err = cdr_store_write(store, grow_job, g);
	}
	if (err == CDR_OK)
		err = cdr_store_write(store, end_job, g);
	free(g);
	return err;
}

/* Every proof is verified against the root: what is timed is a real one. */
static cdr_err
verify_job(struct cdr_tx *tx, void *context)
{
	struct cdr_merkle_edge edge;
	struct cdr_merkle_proof proof;
	uint8_t root[32];
	cdr_err err = cdr_hub_log_edge_read(tx, &edge);

	(void)context;
	if (err == CDR_OK)
		err = cdr_merkle_root(&edge, root);
	for (uint64_t i = 0; i < 100 && err == CDR_OK; i++) {
		uint64_t place = i * 104729 * 7919 % edge.size;
		uint8_t leaf[32] = { 0 };
		memcpy(leaf, &place, sizeof(place));
		err = cdr_merkle_include(cdr_hub_log_reader_node, &(struct cdr_hub_log_reader){ .tx = tx }, place, edge.size, &proof);
		if (err == CDR_OK)
			err = cdr_merkle_verify_include(leaf, place, edge.size, proof.hash[0], proof.count, root);
		if (err == CDR_OK)
			err = cdr_merkle_extend(cdr_hub_log_reader_node, &(struct cdr_hub_log_reader){ .tx = tx }, place + 1, edge.size, &proof);
	}
	return err;
}

static cdr_err
extend_job(struct cdr_tx *tx, void *context)
{
	struct cdr_merkle_proof proof;
	uint64_t size = 0;
	cdr_err err = cdr_hub_log_size_read(tx, &size);

	(void)context;
	for (uint64_t i = 0; i < PROOFS && err == CDR_OK; i++)
		err = cdr_merkle_extend(cdr_hub_log_reader_node, &(struct cdr_hub_log_reader){ .tx = tx }, i * 104729 * 7919 % size + 1, size, &proof);
	return err;
}

static cdr_err
prove_job(struct cdr_tx *tx, void *context)
{
	struct cdr_merkle_proof proof;
	uint64_t size = 0;
	cdr_err err = cdr_hub_log_size_read(tx, &size);

	for (uint64_t i = 0; i < PROOFS && err == CDR_OK; i++)
		err = cdr_merkle_include(cdr_hub_log_reader_node, &(struct cdr_hub_log_reader){ .tx = tx }, i * 104729 * 7919 % size, size, &proof);
	*(uint64_t *)context = size;
	return err;
}

static char folder[] = "/tmp/cdr-bench-log-XXXXXX";

static void
open_store(const char *name)
{
	char path[64];
	uint8_t key[CDR_STORE_KEY_LEN] = { 1 };

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	const struct cdr_store_config config = { .path = path, .key = key, .schema = &cdr_hub_schema, .create = true };
	if (cdr_store_open(&config, &store, NULL) != CDR_OK)
		exit(1);
}

static void
close_store(const char *name)
{
	static const char *const ends[] = { "", "-check", "-wal", "-shm" };
	char path[64];

	cdr_store_close(store);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, ends[i]);
		(void)unlink(path);
	}
}

/* Microseconds of one proof out of PROOFS. */
static double
time_proofs(cdr_store_job *job, uint64_t *size)
{
	double begin = measure_s(CLOCK_MONOTONIC);

	if (cdr_store_read(store, job, size) != CDR_OK)
		exit(1);
	return (measure_s(CLOCK_MONOTONIC) - begin) / PROOFS * 1e6;
}

/* How many syncs of a file a second this disk takes: what a commit by itself costs at least. */
static double
time_fsync(void)
{
	char path[64], page[4096] = { 0 };

	(void)snprintf(path, sizeof(path), "%s/bare", folder);
	FILE *file = fopen(path, "w");
	double begin = measure_s(CLOCK_MONOTONIC);
	if (file == NULL)
		exit(1);
	for (int i = 0; i < 200; i++)
		if (fwrite(page, sizeof(page), 1, file) != 1 || fflush(file) != 0 || fdatasync(fileno(file)) != 0)
			exit(1);
	double rate = 200 / (measure_s(CLOCK_MONOTONIC) - begin);
	(void)fclose(file);
	(void)unlink(path);
	return rate;
}

/* What all threads together used of the processor, in seconds. */
static double
cpu(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int
main(void)
{
	uint8_t hash[32] = { 0 };
	uint64_t size = 0;

	if (cdr_secret_start(NULL) != CDR_OK || mkdtemp(folder) == NULL)
		return 1;
	double begin = measure_s(CLOCK_MONOTONIC);
	for (int i = 0; i < 100000; i++)
		if (cdr_merkle_parent(hash, hash, hash) != CDR_OK)
			return 1;
	printf("node_hash %.0f per_s\n", 100000 / (measure_s(CLOCK_MONOTONIC) - begin));
	printf("bare_fdatasync %.0f per_s\n", time_fsync());
	open_store("hub.db");
	double used = cpu();
	printf("leaves_durable %.0f per_s\n", run());
	printf("leaves_by_one_core %.0f per_s\n", LEAVES / THREADS * THREADS / (cpu() - used));
	bare = true;
	printf("bare_commit_jobs %.0f per_s\n", run());
	double proof = time_proofs(prove_job, &size);
	printf("inclusion_proof_of_%llu_leaves %.1f us\n", (unsigned long long)size, proof);
	close_store("hub.db");
	open_store("large.db");
	begin = measure_s(CLOCK_MONOTONIC);
	if (build(LARGE) != CDR_OK || cdr_store_read(store, verify_job, NULL) != CDR_OK)
		return 1;
	printf("tree_of_%d_leaves_built_in %.0f s\n", LARGE, measure_s(CLOCK_MONOTONIC) - begin);
	proof = time_proofs(prove_job, &size);
	printf("inclusion_proof_of_%llu_leaves %.1f us\n", (unsigned long long)size, proof);
	proof = time_proofs(extend_job, &size);
	printf("consistency_proof_of_%llu_leaves %.1f us\n", (unsigned long long)size, proof);
	close_store("large.db");
	(void)rmdir(folder);
	return 0;
}
