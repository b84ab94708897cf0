#ifndef CDR_NODE_STORE_STORE_H
#define CDR_NODE_STORE_STORE_H

/*
 * The encrypted database of a node: SQLCipher, one file, shared by the threads of a daemon and by the command line
 * beside it.
 *
 * Writing is by jobs. Jobs of several threads that wait at the same time are committed together, so a busy daemon
 * pays for one fsync many times over; each has a savepoint of its own, so one that fails takes nothing with it.
 * CDR_OK from cdr_store_write means that the change is on the disk.
 */

#include "node/store/query.h"

#include <stdio.h>

#define CDR_STORE_KEY_LEN 32
#define CDR_STORE_READER_MAX 16

struct cdr_store;

/* What a program keeps in its file. */
struct cdr_store_schema {
	uint32_t application_id;        /* tells a hub's file from a member's; not 0 */
	const char *const *migrations;  /* SQL; migrations[i] leads from version i to i + 1; never edited once released */
	uint32_t migration_count;       /* = the version that this program works with */
};

struct cdr_store_config {
	const char *path;               /* the folder must exist; beside the file stand PATH-check, -wal and -shm */
	const uint8_t *key;             /* CDR_STORE_KEY_LEN bytes, secret; not kept by reference */
	const struct cdr_store_schema *schema;
	bool create;                    /* make the file where there is none */
	uint32_t cache_kib;             /* of pages, for each connection; 0: 16 MiB */
	uint32_t busy_ms;               /* how long to wait for another process; 0: 20 seconds */
};

/**
 * cdr_store_open(config, store, fault):
 * Open the file, create it if told so, bring its schema up to date in one transaction.
 *
 * config  in    borrowed only during the call, except schema, which stays
 * store   out   NULL on error; freed by cdr_store_close
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no file; CDR_E_PASSPHRASE if the key is another one; CDR_E_REFUSED if
 *          the file is not encrypted, belongs to another program, or was written by a newer version; CDR_E_BUSY if
 *          another process held it too long; CDR_E_STORE if it is damaged; CDR_E_IO; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_store_open(const struct cdr_store_config *config, struct cdr_store **store,
    struct cdr_fault *fault);

/* Close. No job may be running. NULL is ignored. */
void cdr_store_close(struct cdr_store *store);

/* A job: reads and writes through ${tx}, which is good until it returns. Other than CDR_OK undoes what it did. */
typedef cdr_err cdr_store_job(struct cdr_tx *tx, void *context);

/**
 * cdr_store_write(store, job, context):
 * Run ${job} in a transaction and return once that is durable. Any thread; the job may run on another thread that
 * writes at the same time. It runs once, sees every earlier write, and must not call cdr_store_write or wait for
 * anybody who does.
 *
 * Returns  CDR_OK once committed; the job's own error (nothing of it is kept); CDR_E_BUSY if another process held
 *          the file too long; CDR_E_STORE if the commit failed; CDR_E_INTERNAL from inside a job.
 */
CDR_MUST_CHECK cdr_err cdr_store_write(struct cdr_store *store, cdr_store_job *job, void *context);

/**
 * cdr_store_read(store, job, context):
 * Run ${job} on a snapshot, beside any writer. A statement that writes fails with CDR_E_STORE. At most
 * CDR_STORE_READER_MAX run at once, more wait: a reading job must not start another one.
 *
 * Returns  the job's own error; CDR_E_BUSY; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_store_read(struct cdr_store *store, cdr_store_job *job, void *context);

/**
 * cdr_store_hold(store), cdr_store_settle(store, keep):
 * Make one transaction of all that this thread writes until it settles: either all of it is durable, or none. Its cdr_store_write then
 * returns CDR_OK when the job is part of that transaction, and cdr_store_read sees what it wrote. Every other writer waits meanwhile: no
 * network, nobody to wait for. A hold is settled by the thread that began it.
 *
 * Returns  (hold) CDR_OK; CDR_E_INTERNAL from inside a job or another hold; CDR_E_BUSY; CDR_E_STORE. (settle) CDR_OK once committed, or undone
 *          where ${keep} is false; CDR_E_BUSY, CDR_E_STORE: nothing of it is kept.
 */
CDR_MUST_CHECK cdr_err cdr_store_hold(struct cdr_store *store);
CDR_MUST_CHECK cdr_err cdr_store_settle(struct cdr_store *store, bool keep);

/**
 * cdr_store_scrub(store):
 * Make sure that what was deleted is in no file any more: bring the write-ahead log into the database and cut it to nothing. Pages
 * that are free were overwritten when they became so.
 *
 * Returns  CDR_OK; CDR_E_BUSY if somebody was reading or writing all the time, or this thread holds a transaction: call again later;
 *          CDR_E_STORE; CDR_E_INTERNAL from inside a job.
 */
CDR_MUST_CHECK cdr_err cdr_store_scrub(struct cdr_store *store);
/* The same, of a daemon that can call again: it waits for readers half a second at most, for everybody who writes waits with it. */
CDR_MUST_CHECK cdr_err cdr_store_scrub_soon(struct cdr_store *store);

/**
 * cdr_store_dump_json(store, file):
 * Write every row of every table, decrypted, as one JSON object {"table": [{"column": value, ...}, ...], ...} with
 * bytes in lower-case hexadecimal; rows in the order of their first columns. For "inspect" and for tests.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_IO.
 */
CDR_MUST_CHECK cdr_err cdr_store_dump_json(struct cdr_store *store, FILE *file);

/**
 * cdr_store_check(store, fault):
 * Read the whole file: every page authentic, every index in agreement with its table, every reference held.
 *
 * Returns  CDR_OK; CDR_E_STORE with the first finding.
 */
CDR_MUST_CHECK cdr_err cdr_store_check(struct cdr_store *store, struct cdr_fault *fault);

#endif
