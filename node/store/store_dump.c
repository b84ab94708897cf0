#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/connection.h"
#include "node/store/store.h"

#define NAME_LEN 128 /* of a table, with its NUL */

/* Where a dump goes, and the first thing that went wrong. */
struct dump {
	FILE *file;
	struct cdr_fault *fault;
};

/* One value as JSON: numbers, text, bytes in hexadecimal, null. NULL if it cannot be made. */
static json_t *
value_as_json(sqlite3_stmt *row, int column)
{
	const void *data;
	size_t len;
	json_t *json;
	char *hex;

	switch (sqlite3_column_type(row, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(row, column));
	case SQLITE_TEXT:
		data = sqlite3_column_text(row, column);
		return json_stringn(data, (size_t)sqlite3_column_bytes(row, column));
	case SQLITE_BLOB:
		data = sqlite3_column_blob(row, column);
		len = (size_t)sqlite3_column_bytes(row, column);
		hex = malloc(2 * len + 1);
		if (hex == NULL)
			return NULL;
		cdr_hex_write(data, len, hex);
		json = json_string(hex);
		free(hex);
		return json;
	default:
		return json_null();
	}
}

static cdr_err
dump_row(struct dump *dump, sqlite3_stmt *row)
{
	json_t *object = json_object();
	cdr_err err = object == NULL ? CDR_E_MEMORY : CDR_OK;

	for (int i = 0; err == CDR_OK && i < sqlite3_column_count(row); i++) {
		if (json_object_set_new(object, sqlite3_column_name(row, i), value_as_json(row, i)) != 0)
			err = CDR_E_STORE;
	}
	if (err == CDR_OK && json_dumpf(object, dump->file, JSON_COMPACT) != 0)
		err = CDR_E_IO;
	json_decref(object);
	return err;
}

/* The statement that reads ${table} in a stable order. Names come from our own schema; the quotes are for form. */
static cdr_err
prepare_table(struct cdr_tx *tx, const char *table, sqlite3_stmt **rows)
{
	char sql[NAME_LEN + 64];

	if (strchr(table, '"') != NULL)
		return CDR_E_STORE;
	(void)snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
	if (sqlite3_prepare_v2(tx->db, sql, -1, rows, NULL) == SQLITE_OK)
		return CDR_OK;
	/* A table of one column. */
	(void)snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY 1", table);
	return cdr_connection_err(sqlite3_prepare_v2(tx->db, sql, -1, rows, NULL));
}

static cdr_err
dump_table(struct cdr_tx *tx, struct dump *dump, const char *table, bool is_first)
{
	sqlite3_stmt *rows = NULL;
	cdr_err err = CDR_E_INTERNAL;
	int code = SQLITE_ROW;

	CDR_TRY(prepare_table(tx, table, &rows));
	(void)fprintf(dump->file, "%s\n\"%s\": [", is_first ? "" : ",", table);
	for (size_t i = 0; (code = sqlite3_step(rows)) == SQLITE_ROW; i++) {
		(void)fputs(i == 0 ? "\n" : ",\n", dump->file);
		CDR_TRY(dump_row(dump, rows));
	}
	(void)fputs("]", dump->file);
	err = cdr_connection_err(code);
out:
	(void)sqlite3_finalize(rows);
	return err;
}

/* Job: every table by its name. */
static cdr_err
dump_all(struct cdr_tx *tx, void *context)
{
	struct dump *dump = context;
	struct cdr_query *tables = NULL;
	char table[NAME_LEN];
	cdr_err err = CDR_E_INTERNAL;
	bool is_first = true;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name", CDR_VALUES(),
	    &tables));
	(void)fputs("{", dump->file);
	while ((err = cdr_query_step(tables)) == CDR_OK) {
		CDR_TRY(cdr_query_text(tables, 0, table, sizeof(table)));
		CDR_TRY(dump_table(tx, dump, table, is_first));
		is_first = false;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	(void)fputs("\n}\n", dump->file);
out:
	cdr_query_end(tables);
	return err;
}

/* see node/store/store.h */
cdr_err
cdr_store_dump_json(struct cdr_store *store, FILE *file)
{
	struct dump dump = { .file = file };
	cdr_err err = cdr_store_read(store, dump_all, &dump);

	if (err == CDR_OK && (fflush(file) != 0 || ferror(file) != 0))
		err = CDR_E_IO;
	return err;
}

/* Job: SQLite's own examination. SQLCipher checks each page's HMAC as it is read. */
static cdr_err
check_all(struct cdr_tx *tx, void *context)
{
	struct dump *dump = context;
	struct cdr_query *query = NULL;
	char text[CDR_FAULT_LEN];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_start(tx, "PRAGMA integrity_check(1)", CDR_VALUES(), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, text, sizeof(text)));
	cdr_query_end(query);
	query = NULL;
	if (strcmp(text, "ok") != 0)
		return cdr_fault_set(dump->fault, CDR_E_STORE, "the database is damaged: %s", text);
	CDR_TRY(cdr_query_start(tx, "PRAGMA foreign_key_check", CDR_VALUES(), &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, text, sizeof(text)));
		err = cdr_fault_set(dump->fault, CDR_E_STORE, "a row of %s refers to one that is not there", text);
	} else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/store/store.h */
cdr_err
cdr_store_check(struct cdr_store *store, struct cdr_fault *fault)
{
	struct cdr_fault found = { CDR_OK, "" };
	struct dump dump = { .fault = &found };
	cdr_err err = cdr_store_read(store, check_all, &dump);

	if (err == CDR_OK)
		return CDR_OK;
	if (found.code != CDR_OK)
		return cdr_fault_set(fault, CDR_E_STORE, "%s", found.text);
	return cdr_fault_set(fault, CDR_E_STORE, "the database is damaged: a page does not open. Restore a backup");
}
