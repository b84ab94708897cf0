#ifndef CDR_NODE_STORE_CONNECTION_H
#define CDR_NODE_STORE_CONNECTION_H

/*
 * One connection to the SQLCipher file, and the transaction that runs on it. Internal to node/store: everybody else
 * sees only struct cdr_tx through node/store/query.h.
 */

#define SQLITE_HAS_CODEC 1 /* so that the header declares sqlite3_key */
#include <sqlite3.h>

#include "node/store/query.h"

#define CDR_CONNECTION_KEY_LEN 32
#define CDR_CONNECTION_STATEMENT_MAX 256 /* kept prepared */

struct cdr_connection_config {
	const char *path;
	const uint8_t *key;      /* CDR_CONNECTION_KEY_LEN bytes, secret */
	uint32_t cache_kib;
	uint32_t busy_ms;
	bool read_only;
};

/* A prepared statement, idle or running. */
struct cdr_query {
	struct cdr_query *next;
	struct cdr_tx *tx;
	sqlite3_stmt *statement;
	uint64_t sql_hash;
	uint8_t number[CDR_QUERY_PARAMETER_MAX + 1]; /* number[i]: which $n SQLite's parameter i is */
	int parameter_count;     /* SQLite's; the same $n may count twice */
	size_t value_count;      /* the highest $n */
	bool is_running;
	bool is_at_row;
};

/* A connection with its transaction: used by one thread at a time. */
struct cdr_tx {
	sqlite3 *db;
	struct cdr_query *queries;
	size_t query_count;
	size_t running_count;
	uint32_t busy_ms;
	uint64_t busy_since_ms;
	uint64_t changed_count;
	cdr_err failed;          /* of the first statement of this transaction that failed */
	char error[CDR_FAULT_LEN];
};

/**
 * cdr_connection_open(config, tx):
 * Open an existing file (an empty one is a new database) with its key and its settings.
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if the first page does not open under this key; CDR_E_INTERNAL if the library
 *          is a SQLite that does not encrypt; CDR_E_BUSY; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_connection_open(const struct cdr_connection_config *config, struct cdr_tx **tx);
/* NULL is ignored. */
void cdr_connection_close(struct cdr_tx *tx);

/* Run SQL text, one statement or several, that gives no rows. Does not look at or change tx->failed. */
CDR_MUST_CHECK cdr_err cdr_connection_script(struct cdr_tx *tx, const char *sql);

/* The number that a PRAGMA answers. */
CDR_MUST_CHECK cdr_err cdr_connection_pragma(struct cdr_tx *tx, const char *sql, int64_t *out);

/*
 * The first ${len} bytes of the file as they stand on the disk, read through SQLite's own descriptor: a descriptor of ours
 * would, when closed, give up every lock that this process has on the file.
 */
CDR_MUST_CHECK cdr_err cdr_connection_head(struct cdr_tx *tx, void *out, size_t len);

/* Forget the failure of the last transaction, before the next one. */
void cdr_connection_clear(struct cdr_tx *tx);

/* End statements that a job left running. Returns whether there was one. */
bool cdr_connection_end_all(struct cdr_tx *tx);

/* Whether a transaction is open: after a full disk SQLite has already rolled it back. */
bool cdr_connection_is_in_transaction(const struct cdr_tx *tx);

/* The error that stands for SQLite's result ${code}. */
cdr_err cdr_connection_err(int code);

/* Milliseconds of a clock that only goes forward. */
uint64_t cdr_connection_now_ms(void);

#endif
