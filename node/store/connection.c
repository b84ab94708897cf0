#include "node/store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/store/sqlite_memory.h"

#define RAW_KEY_LEN 67 /* x'<64 hexadecimal digits>' */

/* see node/store/connection.h */
cdr_err
cdr_connection_err(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return CDR_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CDR_E_BUSY;
	case SQLITE_NOMEM:
		return CDR_E_MEMORY;
	case SQLITE_TOOBIG:
		return CDR_E_RANGE;
	case SQLITE_NOTADB:
		return CDR_E_PASSPHRASE;
	case SQLITE_CONSTRAINT:
		return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
			       code == SQLITE_CONSTRAINT_ROWID ?
			   CDR_E_EXISTS :
			   CDR_E_REFUSED;
	default:
		return CDR_E_STORE;
	}
}

/* see node/store/connection.h */
uint64_t
cdr_connection_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * SQLite asks whether to try a lock again. Short waits of uneven length: a program on the command line has to find
 * its turn between the commits of a busy daemon.
 */
static int
wait_for_lock(void *context, int tried_count)
{
	struct cdr_tx *tx = context;
	struct timespec now;

	if (tried_count == 0)
		tx->busy_since_ms = cdr_connection_now_ms();
	if (cdr_connection_now_ms() - tx->busy_since_ms >= tx->busy_ms)
		return 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	struct timespec pause = { 0, 500000 + now.tv_nsec % 2500000 };
	(void)nanosleep(&pause, NULL);
	return 1;
}

/* Hand over the key as SQLCipher's raw form, which skips its key derivation. */
static cdr_err
give_key(sqlite3 *db, const uint8_t *key)
{
	char *text = cdr_secret_alloc(RAW_KEY_LEN + 1);

	if (text == NULL)
		return CDR_E_MEMORY;
	text[0] = 'x';
	text[1] = '\'';
	cdr_hex_write(key, CDR_CONNECTION_KEY_LEN, text + 2);
	text[RAW_KEY_LEN - 1] = '\'';
	text[RAW_KEY_LEN] = '\0';
	int code = sqlite3_key(db, text, RAW_KEY_LEN);
	cdr_secret_free(text);
	return cdr_connection_err(code);
}

/* A PRAGMA that is unknown answers nothing, without an error: so does cipher_version where nothing encrypts. */
static cdr_err
require_cipher(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA cipher_version", -1, &statement, NULL);
	bool has_cipher = code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;

	(void)sqlite3_finalize(statement);
	return has_cipher ? CDR_OK : CDR_E_INTERNAL;
}

/* see node/store/connection.h */
cdr_err
cdr_connection_script(struct cdr_tx *tx, const char *sql)
{
	int code = sqlite3_exec(tx->db, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		(void)snprintf(tx->error, sizeof(tx->error), "%s", sqlite3_errmsg(tx->db));
	return cdr_connection_err(code);
}

/* see node/store/connection.h */
cdr_err
cdr_connection_pragma(struct cdr_tx *tx, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(tx->db, sql, -1, &statement, NULL);

	*out = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? CDR_OK : code == SQLITE_DONE ? CDR_E_STORE : cdr_connection_err(code);
}

/* see node/store/connection.h */
cdr_err
cdr_connection_head(struct cdr_tx *tx, void *out, size_t len)
{
	sqlite3_file *file = NULL;
	int code = sqlite3_file_control(tx->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

	if (code != SQLITE_OK || file == NULL || file->pMethods == NULL)
		return CDR_E_INTERNAL;
	return cdr_connection_err(file->pMethods->xRead(file, out, (int)len, 0));
}

/* The settings that a connection needs each time, after its key; and the first read, which shows a wrong key. */
static cdr_err
configure(struct cdr_tx *tx, const struct cdr_connection_config *config)
{
	char cache[64];
	int64_t number = 0;
	cdr_err err = CDR_E_INTERNAL;

	(void)snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%u", config->cache_kib);
	/* The format that SQLCipher 3.4.1 and 4 both read and write. */
	CDR_TRY(cdr_connection_script(tx, "PRAGMA cipher_compatibility = 3; PRAGMA cipher_page_size = 4096"));
	CDR_TRY(cdr_connection_pragma(tx, "SELECT count(*) FROM sqlite_master", &number));
	CDR_TRY(cdr_connection_script(tx, cache));
	/* Nothing decrypted goes to a temporary file, and what is deleted is gone from its page. */
	CDR_TRY(cdr_connection_script(tx, "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"
					  "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL"));
	if (config->read_only)
		CDR_TRY(cdr_connection_script(tx, "PRAGMA query_only = ON"));
	CDR_TRY(cdr_connection_pragma(tx, "PRAGMA foreign_keys", &number));
	err = number == 1 ? CDR_OK : CDR_E_INTERNAL;
out:
	return err;
}

/* see node/store/connection.h */
cdr_err
cdr_connection_open(const struct cdr_connection_config *config, struct cdr_tx **out)
{
	struct cdr_tx *tx = NULL;
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	CDR_TRY(cdr_sqlite_memory_start());
	tx = calloc(1, sizeof(*tx));
	if (tx == NULL)
		return CDR_E_MEMORY;
	tx->busy_ms = config->busy_ms;
	/* No mutex inside SQLite: store.c lets one thread at a time use a connection. */
	CDR_TRY(cdr_connection_err(
	    sqlite3_open_v2(config->path, &tx->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)));
	(void)sqlite3_extended_result_codes(tx->db, 1);
	(void)sqlite3_busy_handler(tx->db, wait_for_lock, tx);
	CDR_TRY(give_key(tx->db, config->key));
	CDR_TRY(require_cipher(tx->db));
	CDR_TRY(configure(tx, config));
	*out = tx;
	tx = NULL;
out:
	cdr_connection_close(tx);
	return err;
}

/* see node/store/connection.h */
void
cdr_connection_close(struct cdr_tx *tx)
{
	if (tx == NULL)
		return;
	while (tx->queries != NULL) {
		struct cdr_query *query = tx->queries;
		tx->queries = query->next;
		(void)sqlite3_finalize(query->statement);
		free(query);
	}
	(void)sqlite3_close(tx->db);
	free(tx);
}

/* see node/store/connection.h */
void
cdr_connection_clear(struct cdr_tx *tx)
{
	tx->failed = CDR_OK;
	tx->error[0] = '\0';
	tx->changed_count = 0;
}

/* see node/store/connection.h */
bool
cdr_connection_end_all(struct cdr_tx *tx)
{
	bool found = tx->running_count > 0;

	while (tx->running_count > 0) {
		struct cdr_query *query = tx->queries;
		while (!query->is_running)
			query = query->next;
		cdr_query_end(query);
	}
	return found;
}

/* see node/store/connection.h */
bool
cdr_connection_is_in_transaction(const struct cdr_tx *tx)
{
	return sqlite3_get_autocommit(tx->db) == 0;
}
