#include "node/trustee/index_watch.h"

/* Rows of index_seen: the newest root by its epoch, and two others. */
#define NEWEST_BATCH 0
#define BEGINNING (-1)

static cdr_err
read_place(struct cdr_tx *tx, int64_t what, bool *known, uint64_t *place)
{
	int64_t value;
	cdr_err err = cdr_query_one_int(tx, "SELECT place FROM index_seen WHERE epoch = $1", CDR_VALUES(cdr_value_int(what)), &value);

	*known = err == CDR_OK;
	*place = err == CDR_OK ? (uint64_t)value : 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
write_place(struct cdr_tx *tx, int64_t what, uint64_t place)
{
	const struct cdr_values values = CDR_VALUES(cdr_value_int(what), cdr_value_int((int64_t)place));

	cdr_err err = cdr_query_run(tx, "UPDATE index_seen SET place = $2 WHERE epoch = $1", values);
	if (err == CDR_OK && cdr_query_changed_count(tx) == 0)
		err = cdr_query_run(tx, "INSERT INTO index_seen (epoch, place) VALUES ($1, $2)", values);
	return err;
}

/* see node/trustee/index_watch.h */
cdr_err
cdr_trustee_index_begin(struct cdr_tx *tx, uint64_t place)
{
	bool known;
	uint64_t before;

	cdr_err err = read_place(tx, BEGINNING, &known, &before);
	return err != CDR_OK || known ? err : write_place(tx, BEGINNING, place);
}

/* Whether the root that the check names is the newest, and as new as the index. What stood there before we looked, we cannot say. */
static cdr_err
judge_check(struct cdr_tx *tx, const struct cdr_leaf *leaf, bool *is_lie)
{
	cdr_err err = CDR_E_INTERNAL;
	bool has_root, has_batch, has_beginning;
	uint64_t root, batch, beginning;

	CDR_TRY(read_place(tx, NEWEST_BATCH, &has_batch, &batch));
	CDR_TRY(read_place(tx, BEGINNING, &has_beginning, &beginning));
	if (leaf->number_count < 3 || leaf->number[0] < 1 || leaf->number[0] > INT64_MAX) {
		*is_lie = true;
		goto out;
	}
	CDR_TRY(read_place(tx, (int64_t)leaf->number[0], &has_root, &root));
	if (has_root)
		*is_lie = leaf->number[2] != root || (has_batch && batch > root);
	else
		*is_lie = !has_beginning || leaf->number[2] >= beginning || has_batch;
out:
	return err;
}

static cdr_err
keep_lie(struct cdr_tx *tx, const struct cdr_trustee_shown *shown, uint64_t now)
{
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM log_lie", CDR_VALUES(), &count);
	if (err != CDR_OK || count >= CDR_TRUSTEE_LIE_MAX)
		return err;
	return cdr_query_run(tx, "INSERT INTO log_lie (place, what, leaf, salt, noticed_at) VALUES ($1, 'old_index', $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)shown->place), cdr_value_bytes(shown->bytes), cdr_value_bytes(shown->salt),
		cdr_value_int((int64_t)now)));
}

/* see node/trustee/index_watch.h */
cdr_err
cdr_trustee_index_see(struct cdr_tx *tx, const struct cdr_trustee_shown *shown, uint64_t now, bool *is_lie)
{
	const struct cdr_leaf *leaf = shown->leaf;

	*is_lie = false;
	if (leaf->kind == CDR_LEAF_INDEX_BATCH)
		return write_place(tx, NEWEST_BATCH, shown->place);
	if (leaf->kind == CDR_LEAF_INDEX_ROOT && leaf->number_count > 0 && leaf->number[0] >= 1 && leaf->number[0] <= INT64_MAX)
		return write_place(tx, (int64_t)leaf->number[0], shown->place);
	if (leaf->kind != CDR_LEAF_CHECK_OPENED)
		return CDR_OK;
	cdr_err err = judge_check(tx, leaf, is_lie);
	return err == CDR_OK && *is_lie ? keep_lie(tx, shown, now) : err;
}
