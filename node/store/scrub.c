#include "node/store/scrub.h"

#include "node/store/query.h"

/* There while the log holds what was erased: empty, or one byte once it is being cut, so that what is erased meanwhile is not missed. */
#define NAME "'scrub'"

/* see node/store/scrub.h */
cdr_err
cdr_scrub_want(struct cdr_tx *tx)
{
	cdr_err err = cdr_query_run(tx, "DELETE FROM setting WHERE name = " NAME, CDR_VALUES());

	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES (" NAME ", $1)", CDR_VALUES(cdr_value_blob(NULL, 0)));
}

/* see node/store/scrub.h */
cdr_err
cdr_scrub_want_changed(struct cdr_tx *tx)
{
	return cdr_query_changed_count(tx) > 0 ? cdr_scrub_want(tx) : CDR_OK;
}

static cdr_err
is_wanted_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = " NAME, CDR_VALUES(), context);
}

static cdr_err
begin_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE setting SET value = $1 WHERE name = " NAME, CDR_VALUES(cdr_value_blob("1", 1)));
}

static cdr_err
end_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM setting WHERE name = " NAME " AND length(value) > 0", CDR_VALUES());
}

/* see node/store/scrub.h */
cdr_err
cdr_scrub(struct cdr_store *store, cdr_err (*scrub)(struct cdr_store *), bool *done)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t wanted = 0;

	*done = false;
	CDR_TRY(cdr_store_read(store, is_wanted_job, &wanted));
	if (wanted > 0) {
		CDR_TRY(cdr_store_write(store, begin_job, NULL));
		err = scrub(store);
		if (err == CDR_E_BUSY)
			return CDR_OK;
		if (err != CDR_OK)
			return err;
		CDR_TRY(cdr_store_write(store, end_job, NULL));
	}
	*done = true;
	err = CDR_OK;
out:
	return err;
}
