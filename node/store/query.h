#ifndef CDR_NODE_STORE_QUERY_H
#define CDR_NODE_STORE_QUERY_H

/*
 * SQL inside a transaction, written once for SQLite and PostgreSQL.
 *
 * Statements are string literals: parameters are $1, $2 ... (each number up to the highest is used at least once),
 * types are bigint, bytea and text. No UPSERT, no window functions, no RETURNING, no TRUE: ask with SELECT first, in
 * the same transaction. A table without a hidden row number says so with the words WITHOUT ROWID as a comment after
 * its closing bracket (slash, star, space, the words, space, star, slash): a clause on SQLite, a comment on PostgreSQL.
 *
 * After a statement has failed, its transaction takes no further statement: the job must return an error, and is
 * rolled back even if it does not. (PostgreSQL is so; so that code written on one runs on the other, both are.)
 *
 * A transaction belongs to the thread that runs the job. Nothing here may be kept after the job has returned.
 */

#include "core/bytes.h"
#include "proto/message.h"

#define CDR_QUERY_PARAMETER_MAX 32
#define CDR_QUERY_VALUE_LEN_MAX (64U << 20)  /* bytes of one value */

/* A transaction, lent to a job by node/store/store.h. */
struct cdr_tx;

/* A running statement. */
struct cdr_query;

enum cdr_value_kind { CDR_VALUE_NULL = 0, CDR_VALUE_INT, CDR_VALUE_BLOB, CDR_VALUE_TEXT };

/* A parameter, made by the functions below. What it points to is borrowed until the statement ends. */
struct cdr_value {
	enum cdr_value_kind kind;
	int64_t number;
	const void *data;
	size_t len;
};

/* NULL; a number; bytes (data may be NULL if len is 0: an empty value, not NULL); text (NULL stands for NULL). */
struct cdr_value cdr_value_null(void);
struct cdr_value cdr_value_int(int64_t number);
struct cdr_value cdr_value_blob(const void *data, size_t len);
struct cdr_value cdr_value_bytes(struct cdr_bytes bytes);
struct cdr_value cdr_value_text(const char *text);

/*
 * The parameters of a call as an array; the element in front lets the list be empty.
 *     CDR_TRY(cdr_query_run(tx, "DELETE FROM mail WHERE id = $1", CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN))));
 */
struct cdr_values {
	const struct cdr_value *value;  /* value[0] is not used: value[n] is $n */
	size_t count;                   /* of parameters */
};
#define CDR_VALUE_ARRAY(...) ((const struct cdr_value[]){ { CDR_VALUE_NULL, 0, NULL, 0 }, __VA_ARGS__ })
#define CDR_VALUES(...)                                                                                       \
	((struct cdr_values){ CDR_VALUE_ARRAY(__VA_ARGS__), sizeof(CDR_VALUE_ARRAY(__VA_ARGS__)) /              \
		sizeof(struct cdr_value) - 1 })

/**
 * cdr_query_run(tx, sql, values):
 * Run one statement that gives no rows.
 *
 * Returns  CDR_OK; CDR_E_EXISTS if a row with the same primary or unique key is there; CDR_E_REFUSED if a CHECK,
 *          NOT NULL or REFERENCES does not hold; CDR_E_RANGE if a value is too long or their number is not the
 *          statement's; CDR_E_BUSY, CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_query_run(struct cdr_tx *tx, const char *sql, struct cdr_values values);

/* Rows that the last cdr_query_run inserted, changed or deleted. */
uint64_t cdr_query_changed_count(const struct cdr_tx *tx);

/* Why a statement of this transaction failed, in the database's words and without any value. Empty if none did. */
const char *cdr_query_error_peek(const struct cdr_tx *tx);

/**
 * cdr_query_start(tx, sql, values, query):
 * Begin a statement that gives rows. The same statement may run several times at once, one inside the other.
 *
 * values  in    the bytes and texts that they point to are borrowed until cdr_query_end
 * query   out   NULL on error; ended by cdr_query_end
 *
 * Returns  CDR_OK; as cdr_query_run.
 */
CDR_MUST_CHECK cdr_err cdr_query_start(struct cdr_tx *tx, const char *sql, struct cdr_values values,
    struct cdr_query **query);

/**
 * cdr_query_step(query):
 * Go to the next row.
 *
 * Returns  CDR_OK at a row; CDR_E_ABSENT after the last one; as cdr_query_run. Any other call on this query is for
 *          a row: before the first step and after the last it fails with CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_query_step(struct cdr_query *query);

/* End ${query}; what was borrowed from it is gone. NULL is ignored. */
void cdr_query_end(struct cdr_query *query);

/**
 * cdr_query_each(tx, sql, values, callback, context):
 * Run a statement and call ${callback} at each row that it gives.
 *
 * Returns  CDR_OK after the last row; the callback's error; as cdr_query_run.
 */
typedef cdr_err cdr_query_callback(struct cdr_query *query, void *context);
CDR_MUST_CHECK cdr_err cdr_query_each(struct cdr_tx *tx, const char *sql, struct cdr_values values, cdr_query_callback *callback,
    void *context);

/*
 * Reading column ${column} (from 0) of the present row. Each returns CDR_OK, or CDR_E_STORE if the value has another
 * type (NULL too) or another length than documented: then the file does not hold what the program wrote, and the
 * output is zero.
 */

/* A number. */
CDR_MUST_CHECK cdr_err cdr_query_int(struct cdr_query *query, int column, int64_t *out);
/* A number of 0 or more. */
CDR_MUST_CHECK cdr_err cdr_query_count(struct cdr_query *query, int column, uint64_t *out);
/* Bytes, exactly ${len} of them, copied. */
CDR_MUST_CHECK cdr_err cdr_query_blob(struct cdr_query *query, int column, void *out, size_t len);
/* Bytes, at most ${len_max}, borrowed until the next step or the end. */
CDR_MUST_CHECK cdr_err cdr_query_blob_peek(struct cdr_query *query, int column, size_t len_max, struct cdr_bytes *out);
/* Bytes, at most ${len_max}, copied; ${out} owns them. Or CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_query_blob_copy(struct cdr_query *query, int column, size_t len_max, struct cdr_buffer *out);
/* Text without NUL, at most ${size} - 1 bytes, copied with a closing NUL. NULL reads as an empty string. */
CDR_MUST_CHECK cdr_err cdr_query_text(struct cdr_query *query, int column, char *out, size_t size);
/* Whether the value is NULL. */
bool cdr_query_is_null(struct cdr_query *query, int column);

/**
 * cdr_query_one_int(tx, sql, values, out):
 * Run a statement for its first column of its first row, a number.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no row (out is then 0); as cdr_query_run.
 */
CDR_MUST_CHECK cdr_err cdr_query_one_int(struct cdr_tx *tx, const char *sql, struct cdr_values values, int64_t *out);

/**
 * cdr_query_one_blob(tx, sql, values, out, len):
 * Run a statement for its first column of its first row, exactly ${len} bytes.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no row (out is then zero); as cdr_query_run.
 */
CDR_MUST_CHECK cdr_err cdr_query_one_blob(struct cdr_tx *tx, const char *sql, struct cdr_values values, void *out,
    size_t len);

#endif
