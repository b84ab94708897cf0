#include "node/store/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "/* WITHOUT ROWID */"
#define CLAUSE "   WITHOUT ROWID   "

_Static_assert(sizeof(MARK) == sizeof(CLAUSE), "the clause takes the place of the mark");

/* see node/store/schema.h */
cdr_err
cdr_schema_prepare(struct cdr_tx *tx, struct cdr_fault *fault, const char *path)
{
	sqlite3_stmt *statement = NULL;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_connection_err(sqlite3_prepare_v2(tx->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL)));
	int code = sqlite3_step(statement);
	err = cdr_connection_err(code);
	if (err == CDR_OK) {
		const unsigned char *mode = code == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
		err = mode != NULL && strcmp((const char *)mode, "wal") == 0 ? CDR_OK : CDR_E_STORE;
	}
out:
	(void)sqlite3_finalize(statement);
	if (err != CDR_OK)
		cdr_fault_set(fault, err, "%s: this file system or another program keeps the database from its "
		    "write-ahead log; put it on a local disk", path);
	return err;
}

/* Run one migration, with the mark for SQLite's clause put in force. */
static cdr_err
run_migration(struct cdr_tx *tx, const char *sql)
{
	char *text = strdup(sql);
	cdr_err err = CDR_E_MEMORY;

	if (text == NULL)
		return err;
	for (char *mark = strstr(text, MARK); mark != NULL; mark = strstr(mark, MARK))
		memcpy(mark, CLAUSE, sizeof(CLAUSE) - 1);
	err = cdr_connection_script(tx, text);
	free(text);
	return err;
}

/* Set a number in the file's header, which is part of the transaction. */
static cdr_err
set_pragma(struct cdr_tx *tx, const char *name, uint32_t number)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA %s = %" PRId32, name, (int32_t)number);
	return cdr_connection_script(tx, sql);
}

/* Inside the transaction: whose file, which version, and what is missing. */
static cdr_err
bring_forward(struct cdr_tx *tx, const struct cdr_store_schema *schema, struct cdr_fault *fault, const char *path)
{
	int64_t application = 0, version = 0;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_connection_pragma(tx, "PRAGMA application_id", &application));
	CDR_TRY(cdr_connection_pragma(tx, "PRAGMA user_version", &version));
	if ((uint32_t)application != schema->application_id && (application != 0 || version != 0))
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s belongs to another program: is it the right folder?", path);
	if (version > (int64_t)schema->migration_count)
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "%s was written by a newer version (its schema is %" PRId64 ", this program knows %u): "
		    "install that version or a later one", path, version, schema->migration_count);
	for (uint32_t i = (uint32_t)version; i < schema->migration_count; i++) {
		err = run_migration(tx, schema->migrations[i]);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "%s: the step to schema %u failed: %s", path, i + 1, tx->error);
	}
	if (version < (int64_t)schema->migration_count) {
		CDR_TRY(set_pragma(tx, "application_id", schema->application_id));
		CDR_TRY(set_pragma(tx, "user_version", schema->migration_count));
	}
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_fault_set(fault, err, "%s: the schema's version cannot be read or set", path);
	return err;
}

/* see node/store/schema.h */
cdr_err
cdr_schema_migrate(struct cdr_tx *tx, const struct cdr_store_schema *schema, struct cdr_fault *fault, const char *path)
{
	cdr_err err = cdr_connection_script(tx, "BEGIN IMMEDIATE");

	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "%s is in use by another program: try again later", path);
	err = bring_forward(tx, schema, fault, path);
	if (err == CDR_OK) {
		err = cdr_connection_script(tx, "COMMIT");
		if (err != CDR_OK)
			cdr_fault_set(fault, err, "%s: the new schema could not be written: %s", path, tx->error);
	}
	if (cdr_connection_is_in_transaction(tx))
		(void)!cdr_connection_script(tx, "ROLLBACK");
	return err;
}
