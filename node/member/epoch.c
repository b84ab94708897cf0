#include "node/member/epoch.h"

#include "core/crypto/secret.h"
#include "node/net/log.h"

#define SETTING "index_epoch"
#define PEOPLE_PER_JOB 256 /* the database keeps what a transaction changes in memory, statement by statement */

struct shift {
	uint32_t number;
	size_t moved;
	bool is_shifted; /* there was an epoch before */
	bool has_more;
};

/* The epoch under which the index was made; 0 if that is not known yet. */
static cdr_err
read_epoch(struct cdr_tx *tx, uint32_t *number)
{
	uint8_t bytes[4];
	cdr_err err = cdr_setting_get(tx, SETTING, bytes, sizeof(bytes));

	*number = err == CDR_OK ? (uint32_t)cdr_number_read(bytes, sizeof(bytes)) : 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Give the first leaver who is in the index of the epoch ${before} a new handle. ${found}: whether there was one. */
static cdr_err
move_one(struct cdr_tx *tx, uint32_t before, bool *found)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN], handle[CDR_HANDLE_LEN];

	err = cdr_query_one_blob(tx, "SELECT id FROM leaver WHERE state IN ('sent', 'indexed') LIMIT 1", CDR_VALUES(), id,
	    sizeof(id));
	*found = err == CDR_OK;
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	CDR_TRY(cdr_random(handle, sizeof(handle)));
	/* What was sent and not acknowledged may stand there or not. */
	CDR_TRY(cdr_query_run(tx, "INSERT INTO former_handle (handle, leaver, epoch) SELECT handle, id,"
	    " CASE WHEN state = 'indexed' THEN $2 END FROM leaver WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(id, sizeof(id)), cdr_value_int(before))));
	CDR_TRY(cdr_query_run(tx, "UPDATE leaver SET handle = $1, state = 'waiting', batch = NULL WHERE id = $2",
	    CDR_VALUES(cdr_value_blob(handle, sizeof(handle)), cdr_value_blob(id, sizeof(id)))));
out:
	return err;
}

/*
 * A writing job: some people at a time. The new number is noted last: a shift that was interrupted goes on, and nothing is sent to
 * the index before that.
 */
static cdr_err
shift_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct shift *shift = context;
	uint8_t bytes[4];
	uint32_t before;
	bool found = true;

	shift->has_more = false;
	CDR_TRY(read_epoch(tx, &before));
	if (before == shift->number)
		return CDR_OK;
	if (before != 0) {
		/* What was on its way is made anew: rows for the new epoch, removals for all. */
		CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch", CDR_VALUES()));
		CDR_TRY(cdr_query_run(tx, "UPDATE removal SET batch = NULL", CDR_VALUES()));
		for (size_t i = 0; i < PEOPLE_PER_JOB && found; i++) {
			CDR_TRY(move_one(tx, before, &found));
			shift->moved += found;
		}
		shift->is_shifted = true;
		shift->has_more = found;
		if (shift->has_more)
			return CDR_OK;
	}
	cdr_number_write(shift->number, bytes, sizeof(bytes));
	CDR_TRY(cdr_setting_put(tx, SETTING, bytes, sizeof(bytes)));
out:
	return err;
}

/* A reading job: most of the time nothing is to do. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	return read_epoch(tx, context);
}

/* see node/member/epoch.h */
cdr_err
cdr_epoch_shift(struct cdr_member *member, uint32_t number)
{
	struct shift shift = { .number = number };
	uint32_t present;
	cdr_err err = cdr_store_read(member->home->store, look_job, &present);

	if (err != CDR_OK || present == number)
		return err;
	do
		err = cdr_store_write(member->home->store, shift_job, &shift);
	while (err == CDR_OK && shift.has_more);
	if (err == CDR_OK && shift.is_shifted)
		cdr_log(CDR_LOG_INFO, "index.new_epoch", cdr_log_int("epoch", number), cdr_log_int("people", (int64_t)shift.moved));
	return err;
}

/* see node/member/epoch.h */
cdr_err
cdr_epoch_leave(struct cdr_tx *tx, const uint8_t leaver[static CDR_ID_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_values values = CDR_VALUES(cdr_value_blob(leaver, CDR_ID_LEN));

	CDR_TRY(cdr_query_run(tx, "INSERT INTO removal (handle) SELECT handle FROM former_handle WHERE leaver = $1 AND"
	    " NOT EXISTS (SELECT 1 FROM removal r WHERE r.handle = former_handle.handle)", values));
	CDR_TRY(cdr_query_run(tx, "UPDATE former_handle SET epoch = NULL WHERE leaver = $1", values));
out:
	return err;
}

/* see node/member/epoch.h */
cdr_err
cdr_epoch_has(struct cdr_tx *tx, int64_t epoch, const uint8_t handle[static CDR_HANDLE_LEN], bool *has)
{
	struct cdr_value own = cdr_value_blob(handle, CDR_HANDLE_LEN);
	uint32_t newest = 0;
	int64_t former = 0, present = 0;

	cdr_err err = read_epoch(tx, &newest);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM former_handle WHERE handle = $1 AND epoch = $2",
		    CDR_VALUES(own, cdr_value_int(epoch)), &former);
	/* Also while people move away from the one that is noted: some of them stand among the former. */
	if (err == CDR_OK && (newest == 0 || epoch == newest))
		err = cdr_query_one_int(tx, "SELECT count(*) FROM leaver WHERE handle = $1 AND state = 'indexed'", CDR_VALUES(own), &present);
	*has = former + present == 1;
	return err;
}
