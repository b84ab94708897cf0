/*
 * The hub's log: leaves a second with durable group commit, beside bare SHA-256 and bare commits of the same store; and the time
 * of a proof from the database. Threads append one leaf each at a time, as the hub's workers do.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/hub/log.h"
#include "node/hub/schema.h"

#define THREADS 64
#define LEAVES 20000
#define PROOFS 2000

static struct cdr_store *store;
static bool bare;

static double
now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

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
	double begin = now();

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, NULL) != 0)
			exit(1);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(thread[i], NULL);
	return (double)(LEAVES / THREADS * THREADS) / (now() - begin);
}

static cdr_err
prove_job(struct cdr_tx *tx, void *context)
{
	struct cdr_merkle_proof proof;
	uint64_t size = 0;
	cdr_err err = cdr_hub_log_size_read(tx, &size);

	for (uint64_t i = 0; i < PROOFS && err == CDR_OK; i++)
		err = cdr_merkle_include(cdr_hub_log_node, tx, i * 7919 % size, size, &proof);
	*(uint64_t *)context = size;
	return err;
}

int
main(void)
{
	char folder[] = "/tmp/cdr-bench-log-XXXXXX", path[64];
	uint8_t key[CDR_STORE_KEY_LEN] = { 1 }, hash[32] = { 0 };
	uint64_t size = 0;

	if (cdr_secret_start(NULL) != CDR_OK || mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/hub.db", folder);
	const struct cdr_store_config config = { .path = path, .key = key, .schema = &cdr_hub_schema, .create = true };
	if (cdr_store_open(&config, &store, NULL) != CDR_OK)
		return 1;
	double begin = now();
	for (int i = 0; i < 100000; i++)
		if (cdr_merkle_parent(hash, hash, hash) != CDR_OK)
			return 1;
	printf("node_hash %.0f per_s\n", 100000 / (now() - begin));
	printf("leaves %.0f per_s\n", run());
	bare = true;
	printf("bare_commit_jobs %.0f per_s\n", run());
	begin = now();
	if (cdr_store_read(store, prove_job, &size) != CDR_OK)
		return 1;
	printf("inclusion_proof_of_%llu_leaves %.1f us\n", (unsigned long long)size, (now() - begin) / PROOFS * 1e6);
	cdr_store_close(store);
	static const char *const names[] = { "hub.db", "hub.db-check", "hub.db-wal", "hub.db-shm" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
	return 0;
}
