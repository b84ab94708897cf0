#include "node/store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* see node/store/query.h */
struct cdr_value
cdr_value_null(void)
{
	return (struct cdr_value){ .kind = CDR_VALUE_NULL };
}

/* see node/store/query.h */
struct cdr_value
cdr_value_int(int64_t number)
{
	return (struct cdr_value){ .kind = CDR_VALUE_INT, .number = number };
}

/* see node/store/query.h */
struct cdr_value
cdr_value_blob(const void *data, size_t len)
{
	return (struct cdr_value){ .kind = CDR_VALUE_BLOB, .data = data, .len = len };
}

/* see node/store/query.h */
struct cdr_value
cdr_value_bytes(struct cdr_bytes bytes)
{
	return cdr_value_blob(bytes.data, bytes.len);
}

/* see node/store/query.h */
struct cdr_value
cdr_value_text(const char *text)
{
	if (text == NULL)
		return cdr_value_null();
	return (struct cdr_value){ .kind = CDR_VALUE_TEXT, .data = text, .len = strlen(text) };
}

/* Remember that a statement of this transaction failed: it takes no more. */
static cdr_err
fail(struct cdr_tx *tx, cdr_err err, const char *sql)
{
	const char *why = sqlite3_errcode(tx->db) != SQLITE_OK ? sqlite3_errmsg(tx->db) : cdr_err_name(err);

	tx->failed = err;
	(void)snprintf(tx->error, sizeof(tx->error), "%s, in: %s", why, sql);
	return err;
}

/* FNV-1a, to find a statement in the cache; equal hashes are compared in full. */
static uint64_t
hash_sql(const char *sql)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *sql != '\0'; sql++)
		hash = (hash ^ (uint8_t)*sql) * 0x100000001b3;
	return hash;
}

/* Which $n each of SQLite's parameters is. SQLite numbers them by appearance, and reads "$1::bigint" as one name. */
static cdr_err
number_parameters(struct cdr_query *query)
{
	uint64_t used = 0;

	query->parameter_count = sqlite3_bind_parameter_count(query->statement);
	if (query->parameter_count > CDR_QUERY_PARAMETER_MAX)
		return CDR_E_RANGE;
	for (int i = 1; i <= query->parameter_count; i++) {
		const char *name = sqlite3_bind_parameter_name(query->statement, i);
		long number = name != NULL && name[0] == '$' ? strtol(name + 1, NULL, 10) : 0;
		if (number < 1 || number > CDR_QUERY_PARAMETER_MAX)
			return CDR_E_RANGE;
		query->number[i] = (uint8_t)number;
		used |= (uint64_t)1 << (number - 1);
		if ((size_t)number > query->value_count)
			query->value_count = (size_t)number;
	}
	/* No number up to the highest is left out. */
	return used == ((uint64_t)1 << query->value_count) - 1 ? CDR_OK : CDR_E_RANGE;
}

/* A statement that stands alone: what follows it is only white space and at most one semicolon. */
static bool
is_single(const char *tail)
{
	tail += strspn(tail, " \t\n");
	if (*tail == ';')
		tail++;
	return tail[strspn(tail, " \t\n")] == '\0';
}

/* Prepare ${sql} as a new entry of the connection's list. */
static cdr_err
prepare(struct cdr_tx *tx, const char *sql, uint64_t sql_hash, struct cdr_query **out)
{
	struct cdr_query *query = calloc(1, sizeof(*query));
	const char *tail = "";
	cdr_err err = CDR_E_INTERNAL;

	if (query == NULL)
		return CDR_E_MEMORY;
	query->tx = tx;
	query->sql_hash = sql_hash;
	CDR_TRY(cdr_connection_err(sqlite3_prepare_v2(tx->db, sql, -1, &query->statement, &tail)));
	if (query->statement == NULL || !is_single(tail)) {
		err = CDR_E_INTERNAL;
		goto out;
	}
	CDR_TRY(number_parameters(query));
	query->next = tx->queries;
	tx->queries = query;
	tx->query_count++;
	*out = query;
	query = NULL;
out:
	if (query != NULL) {
		(void)sqlite3_finalize(query->statement);
		free(query);
	}
	return err;
}

/* An idle prepared statement for ${sql}, from the list or new. */
static cdr_err
find(struct cdr_tx *tx, const char *sql, struct cdr_query **out)
{
	uint64_t sql_hash = hash_sql(sql);

	for (struct cdr_query *query = tx->queries; query != NULL; query = query->next) {
		if (!query->is_running && query->sql_hash == sql_hash && strcmp(sqlite3_sql(query->statement), sql) == 0) {
			*out = query;
			return CDR_OK;
		}
	}
	return prepare(tx, sql, sql_hash, out);
}

/* Bind one value to SQLite's parameter ${index}. The bytes stay the caller's: no copy that nobody would wipe. */
static int
bind_value(sqlite3_stmt *statement, int index, const struct cdr_value *value)
{
	switch (value->kind) {
	case CDR_VALUE_INT:
		return sqlite3_bind_int64(statement, index, value->number);
	case CDR_VALUE_BLOB:
		return sqlite3_bind_blob(statement, index, value->len > 0 ? value->data : "", (int)value->len, SQLITE_STATIC);
	case CDR_VALUE_TEXT:
		return sqlite3_bind_text(statement, index, value->data, (int)value->len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(statement, index);
	}
}

static cdr_err
bind_all(struct cdr_query *query, struct cdr_values values)
{
	if (values.count != query->value_count)
		return CDR_E_RANGE;
	for (int i = 1; i <= query->parameter_count; i++) {
		const struct cdr_value *value = &values.value[query->number[i]];
		if (value->len > CDR_QUERY_VALUE_LEN_MAX)
			return CDR_E_RANGE;
		int code = bind_value(query->statement, i, value);
		if (code != SQLITE_OK)
			return cdr_connection_err(code);
	}
	return CDR_OK;
}

/* see node/store/query.h */
cdr_err
cdr_query_start(struct cdr_tx *tx, const char *sql, struct cdr_values values, struct cdr_query **out)
{
	struct cdr_query *query = NULL;
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	if (tx->failed != CDR_OK)
		return tx->failed;
	err = find(tx, sql, &query);
	if (err != CDR_OK)
		return fail(tx, err, sql);
	query->is_running = true;
	tx->running_count++;
	err = bind_all(query, values);
	if (err != CDR_OK) {
		cdr_query_end(query);
		return fail(tx, err, sql);
	}
	*out = query;
	return CDR_OK;
}

/* see node/store/query.h */
cdr_err
cdr_query_step(struct cdr_query *query)
{
	if (query->tx->failed != CDR_OK)
		return query->tx->failed;
	int code = sqlite3_step(query->statement);
	query->is_at_row = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return CDR_OK;
	if (code == SQLITE_DONE)
		return CDR_E_ABSENT;
	return fail(query->tx, cdr_connection_err(code), sqlite3_sql(query->statement));
}

/* Take ${query} out of its connection's list and free it. */
static void
drop(struct cdr_query *query)
{
	struct cdr_query **link = &query->tx->queries;

	while (*link != query)
		link = &(*link)->next;
	*link = query->next;
	query->tx->query_count--;
	(void)sqlite3_finalize(query->statement);
	free(query);
}

/* see node/store/query.h */
void
cdr_query_end(struct cdr_query *query)
{
	if (query == NULL || !query->is_running)
		return;
	(void)sqlite3_reset(query->statement);
	(void)sqlite3_clear_bindings(query->statement);
	query->is_running = false;
	query->is_at_row = false;
	query->tx->running_count--;
	if (query->tx->query_count > CDR_CONNECTION_STATEMENT_MAX)
		drop(query);
}

/* see node/store/query.h */
cdr_err
cdr_query_each(struct cdr_tx *tx, const char *sql, struct cdr_values values, cdr_query_callback *callback, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(callback(query, context));
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/store/query.h */
cdr_err
cdr_query_run(struct cdr_tx *tx, const char *sql, struct cdr_values values)
{
	struct cdr_query *query = NULL;
	cdr_err err = cdr_query_start(tx, sql, values, &query);

	if (err != CDR_OK)
		return err;
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = fail(tx, CDR_E_INTERNAL, sql); /* it gave a row */
	else if (err == CDR_E_ABSENT)
		err = CDR_OK;
	tx->changed_count = err == CDR_OK ? (uint64_t)sqlite3_changes(tx->db) : 0;
	cdr_query_end(query);
	return err;
}

/* see node/store/query.h */
uint64_t
cdr_query_changed_count(const struct cdr_tx *tx)
{
	return tx->changed_count;
}

/* see node/store/query.h */
const char *
cdr_query_error_peek(const struct cdr_tx *tx)
{
	return tx->error;
}

/* Whether column ${column} of the present row has SQLite's type ${type}. */
static cdr_err
expect(struct cdr_query *query, int column, int type)
{
	if (!query->is_at_row || column < 0 || column >= sqlite3_column_count(query->statement))
		return CDR_E_INTERNAL;
	return sqlite3_column_type(query->statement, column) == type ? CDR_OK : CDR_E_STORE;
}

/* see node/store/query.h */
cdr_err
cdr_query_int(struct cdr_query *query, int column, int64_t *out)
{
	cdr_err err = expect(query, column, SQLITE_INTEGER);

	*out = err == CDR_OK ? sqlite3_column_int64(query->statement, column) : 0;
	return err;
}

/* see node/store/query.h */
cdr_err
cdr_query_count(struct cdr_query *query, int column, uint64_t *out)
{
	int64_t number = 0;
	cdr_err err = cdr_query_int(query, column, &number);

	*out = number < 0 ? 0 : (uint64_t)number;
	return err == CDR_OK && number < 0 ? CDR_E_STORE : err;
}

/* see node/store/query.h */
cdr_err
cdr_query_blob_peek(struct cdr_query *query, int column, size_t len_max, struct cdr_bytes *out)
{
	cdr_err err = expect(query, column, SQLITE_BLOB);

	*out = (struct cdr_bytes){ NULL, 0 };
	if (err != CDR_OK)
		return err;
	const void *data = sqlite3_column_blob(query->statement, column);
	size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
	if (len > len_max || (len > 0 && data == NULL))
		return CDR_E_STORE;
	*out = (struct cdr_bytes){ data, len };
	return CDR_OK;
}

/* see node/store/query.h */
cdr_err
cdr_query_blob(struct cdr_query *query, int column, void *out, size_t len)
{
	struct cdr_bytes bytes;
	cdr_err err = cdr_query_blob_peek(query, column, len, &bytes);

	if (err == CDR_OK && bytes.len != len)
		err = CDR_E_STORE;
	if (err != CDR_OK)
		memset(out, 0, len);
	else if (len > 0)
		memcpy(out, bytes.data, len);
	return err;
}

/* see node/store/query.h */
cdr_err
cdr_query_blob_copy(struct cdr_query *query, int column, size_t len_max, struct cdr_buffer *out)
{
	struct cdr_bytes bytes;
	cdr_err err = cdr_query_blob_peek(query, column, len_max, &bytes);

	*out = (struct cdr_buffer){ NULL, 0 };
	return err == CDR_OK ? cdr_buffer_copy(bytes, out) : err;
}

/* see node/store/query.h */
cdr_err
cdr_query_text(struct cdr_query *query, int column, char *out, size_t size)
{
	cdr_err err = CDR_E_INTERNAL;

	memset(out, 0, size);
	if (cdr_query_is_null(query, column))
		return CDR_OK;
	err = expect(query, column, SQLITE_TEXT);
	if (err != CDR_OK)
		return err;
	const unsigned char *text = sqlite3_column_text(query->statement, column);
	size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
	if (text == NULL || len >= size || memchr(text, '\0', len) != NULL)
		return CDR_E_STORE;
	memcpy(out, text, len);
	return CDR_OK;
}

/* see node/store/query.h */
bool
cdr_query_is_null(struct cdr_query *query, int column)
{
	return expect(query, column, SQLITE_NULL) == CDR_OK;
}

/* see node/store/query.h */
cdr_err
cdr_query_one_int(struct cdr_tx *tx, const char *sql, struct cdr_values values, int64_t *out)
{
	struct cdr_query *query = NULL;
	cdr_err err = CDR_E_INTERNAL;

	*out = 0;
	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	CDR_TRY(cdr_query_step(query));
	err = cdr_query_int(query, 0, out);
out:
	cdr_query_end(query);
	return err;
}

/* see node/store/query.h */
cdr_err
cdr_query_one_blob(struct cdr_tx *tx, const char *sql, struct cdr_values values, void *out, size_t len)
{
	struct cdr_query *query = NULL;
	cdr_err err = CDR_E_INTERNAL;

	memset(out, 0, len);
	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	CDR_TRY(cdr_query_step(query));
	err = cdr_query_blob(query, 0, out, len);
out:
	cdr_query_end(query);
	return err;
}
