#include "node/trustee/scrub.h"

#define NAME "scrub" /* there while the log holds what was destroyed */

/* see node/trustee/scrub.h */
cdr_err
cdr_trustee_scrub_want(struct cdr_tx *tx)
{
	return cdr_query_changed_count(tx) > 0 ? cdr_trustee_setting_put(tx, NAME, "", 0) : CDR_OK;
}

/* A reading job. */
static cdr_err
is_wanted_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = '" NAME "'", CDR_VALUES(), context);
}

/* A writing job. */
static cdr_err
is_done_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM setting WHERE name = '" NAME "'", CDR_VALUES());
}

/* see node/trustee/scrub.h */
cdr_err
cdr_trustee_scrub(const struct cdr_trustee *trustee)
{
	int64_t wanted = 0;
	cdr_err err = cdr_store_read(trustee->home->store, is_wanted_job, &wanted);

	if (err != CDR_OK || wanted == 0)
		return err;
	err = cdr_store_scrub_soon(trustee->home->store);
	if (err == CDR_E_BUSY)
		return CDR_OK;
	return err == CDR_OK ? cdr_store_write(trustee->home->store, is_done_job, NULL) : err;
}
