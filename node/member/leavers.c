#include "node/member/leavers.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/period.h"
#include "node/member/epoch.h"
#include "node/member/hold.h"
#include "node/store/scrub.h"

#define SEAL_PURPOSE "leaver"
#define REMOVALS_FREE 20 /* so many may always go without a question */

/* One row of the file, packed. */
struct row {
	uint8_t key[CDR_LEAVER_KEY_LEN];
	uint8_t digest[CDR_LEAVER_DIGEST_LEN];
	uint16_t expiry;
	bool left;                /* by the file's own word; else expiry counts from today */
	struct cdr_buffer packed; /* personal */
};

/* One row of the table. */
struct known {
	uint8_t key[CDR_LEAVER_KEY_LEN];
	uint8_t digest[CDR_LEAVER_DIGEST_LEN];
	uint8_t id[CDR_ID_LEN];
	uint8_t handle[CDR_HANDLE_LEN];
	uint16_t expiry;
	bool held;                      /* stands under a legal hold */
};

/* Keys and digests are hashes of few possible people: both arrays are wiped like what they stand for. */
struct import {
	struct cdr_member *member;
	bool keep_missing;       /* whoever is not in the file stays */
	bool allow_removals;
	const uint8_t *replaces;
	struct cdr_leavers_outcome *outcome;
	struct cdr_fault *fault;
	struct row *rows;
	size_t row_count, row_room;
	struct known *known;
	size_t known_count, known_room;
};

static void
import_wipe(struct import *import)
{
	for (size_t i = 0; i < import->row_count; i++)
		cdr_buffer_free(&import->rows[i].packed);
	cdr_wipe(import->rows, import->row_count * sizeof(*import->rows));
	cdr_wipe(import->known, import->known_count * sizeof(*import->known));
	free(import->rows);
	free(import->known);
}

/* Room for one more entry of an array that doubles; the old one is wiped. */
static cdr_err
make_room(void **array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return CDR_OK;
	size_t wanted = *room == 0 ? 256 : 2 * *room;
	void *larger = calloc(wanted, size);
	if (larger == NULL)
		return CDR_E_MEMORY;
	if (count > 0)
		memcpy(larger, *array, count * size);
	cdr_wipe(*array, count * size);
	free(*array);
	*array = larger;
	*room = wanted;
	return CDR_OK;
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(((const struct row *)a)->key, ((const struct row *)b)->key, CDR_LEAVER_KEY_LEN);
}

/* see node/member/leavers.h */
uint16_t
cdr_leavers_month(const struct cdr_date *date)
{
	long months = ((long)date->year - 2000) * 12 + date->month - 1;

	return months < 0 ? 0 : months > UINT16_MAX ? UINT16_MAX : (uint16_t)months;
}

/* see node/member/leavers.h */
cdr_err
cdr_leavers_open(const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_bytes sealed,
    struct cdr_leaver *leaver)
{
	struct cdr_buffer plain = { 0 };

	memset(leaver, 0, sizeof(*leaver));
	cdr_err err = cdr_seal_open(member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ id, CDR_ID_LEN }, sealed,
	    &plain);
	if (err == CDR_OK)
		err = cdr_leaver_unpack(cdr_buffer_bytes(&plain), leaver);
	cdr_buffer_free(&plain);
	/* Whatever is wrong with the row is wrong here, not with the letter or file that made us look. */
	return err == CDR_OK || err == CDR_E_MEMORY ? err : CDR_E_STORE;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* What the columns hold of a row's key and digest. */
static cdr_err
hide(const struct import *import, struct row *row)
{
	cdr_err err = cdr_member_digest(import->member, "leaver.row_key", (struct cdr_bytes){ row->key, sizeof(row->key) },
	    row->key);

	if (err == CDR_OK)
		err = cdr_member_digest(import->member, "leaver.digest", (struct cdr_bytes){ row->digest, sizeof(row->digest) },
		    row->digest);
	return err;
}

/* Pack one leaver into the next row. */
static cdr_err
add_row(struct import *import, const struct cdr_leaver *leaver, const struct cdr_record_rules *rules)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t packed[CDR_LEAVER_PACK_MAX];
	size_t len = 0;
	struct cdr_date expiry;
	void *rows = import->rows;

	CDR_TRY(make_room(&rows, import->row_count, &import->row_room, sizeof(*import->rows)));
	import->rows = rows;
	struct row *row = &import->rows[import->row_count];
	*row = (struct row){ 0 };
	CDR_TRY(cdr_leaver_key(leaver, row->key));
	CDR_TRY(cdr_leaver_digest(leaver, row->digest));
	CDR_TRY(hide(import, row));
	cdr_leaver_expiry(leaver, rules, &expiry);
	row->expiry = cdr_leavers_month(&expiry);
	row->left = leaver->to.precision != CDR_PRECISION_UNKNOWN &&
	    cdr_period_last(&leaver->to) <= cdr_period_first(&rules->today);
	CDR_TRY(cdr_leaver_pack(leaver, packed, &len));
	CDR_TRY(cdr_buffer_copy((struct cdr_bytes){ packed, len }, &row->packed));
	import->row_count++;
	err = CDR_OK;
out:
	cdr_wipe(packed, sizeof(packed));
	return err;
}

/* Every good row of the file, in the order of the keys. */
static cdr_err
read_rows(struct import *import, struct cdr_leaver_file *reader)
{
	struct cdr_record_rules rules;
	struct cdr_leaver leaver;
	cdr_err err;

	cdr_member_rules(import->member, &rules);
	while ((err = cdr_leaver_file_next(reader, &leaver, import->fault)) == CDR_OK) {
		err = add_row(import, &leaver, &rules);
		cdr_wipe(&leaver, sizeof(leaver));
		if (err != CDR_OK)
			return err;
	}
	if (err != CDR_E_ABSENT)
		return err;
	if (import->row_count > 0)
		qsort(import->rows, import->row_count, sizeof(*import->rows), compare_rows);
	return CDR_OK;
}

/* ---- the difference ----------------------------------------------------------------------------------------------- */

/* Every row of the table, in the order of the keys. */
static cdr_err
read_known(struct import *import, struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t expiry, holds;

	CDR_TRY(cdr_query_start(tx, "SELECT row_key, digest, id, handle, expiry,"
	    " (SELECT count(*) FROM legal_hold h WHERE h.id = leaver.id) FROM leaver ORDER BY row_key", CDR_VALUES(),
	    &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		void *known = import->known;
		CDR_TRY(make_room(&known, import->known_count, &import->known_room, sizeof(*import->known)));
		import->known = known;
		struct known *k = &import->known[import->known_count];
		CDR_TRY(cdr_query_blob(query, 0, k->key, sizeof(k->key)));
		CDR_TRY(cdr_query_blob(query, 1, k->digest, sizeof(k->digest)));
		CDR_TRY(cdr_query_blob(query, 2, k->id, sizeof(k->id)));
		CDR_TRY(cdr_query_blob(query, 3, k->handle, sizeof(k->handle)));
		CDR_TRY(cdr_query_int(query, 4, &expiry));
		CDR_TRY(cdr_query_int(query, 5, &holds));
		k->expiry = (uint16_t)expiry;
		k->held = holds > 0;
		import->known_count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* The hub must forget ${handle}. One that it never had is forgotten as easily. */
static cdr_err
remove_handle(struct cdr_tx *tx, const uint8_t *handle)
{
	return cdr_query_run(tx, "INSERT INTO removal (handle) VALUES ($1)",
	    CDR_VALUES(cdr_value_blob(handle, CDR_HANDLE_LEN)));
}

/* The row goes, and with it what the index has of it. */
static cdr_err
drop_row(struct cdr_tx *tx, const struct known *known)
{
	cdr_err err = remove_handle(tx, known->handle);
	if (err == CDR_OK)
		err = cdr_epoch_leave(tx, known->id);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx, "DELETE FROM leaver WHERE id = $1", CDR_VALUES(cdr_value_blob(known->id, CDR_ID_LEN)));
}

static cdr_err
take_out(struct cdr_tx *tx, const struct known *known)
{
	cdr_err err = drop_row(tx, known);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx, "DELETE FROM former_handle WHERE leaver = $1",
	    CDR_VALUES(cdr_value_blob(known->id, CDR_ID_LEN)));
}

/* Make room for what the row says now. Who was matched by its handle a moment ago is still found by it. */
static cdr_err
replace_row(struct cdr_tx *tx, const struct known *known)
{
	cdr_err err = drop_row(tx, known);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx, "INSERT INTO former_handle (handle, leaver) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_blob(known->handle, CDR_HANDLE_LEN), cdr_value_blob(known->id, CDR_ID_LEN)));
}

/*
 * Seal ${row} and write it, as a new row or over the known one. A leaver whose last day is not known is kept for the look-back
 * from the first import: a correction of the row does not begin it anew.
 */
static cdr_err
put_row(struct import *import, struct cdr_tx *tx, const struct row *row, const struct known *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 };
	uint8_t id[CDR_ID_LEN], handle[CDR_HANDLE_LEN];
	uint16_t expiry = known != NULL && !row->left && known->expiry < row->expiry ? known->expiry : row->expiry;

	CDR_TRY(cdr_random(handle, sizeof(handle)));
	if (known != NULL)
		memcpy(id, known->id, sizeof(id));
	else
		CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_seal(import->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ id, sizeof(id) },
	    cdr_buffer_bytes(&row->packed), &sealed));
	if (known != NULL)
		CDR_TRY(replace_row(tx, known));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO leaver (id, row_key, digest, sealed, handle, expiry, state)"
	    " VALUES ($1, $2, $3, $4, $5, $6, 'waiting')",
	    CDR_VALUES(cdr_value_blob(id, sizeof(id)), cdr_value_blob(row->key, sizeof(row->key)),
		cdr_value_blob(row->digest, sizeof(row->digest)), cdr_value_bytes(cdr_buffer_bytes(&sealed)),
		cdr_value_blob(handle, sizeof(handle)), cdr_value_int(expiry))));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* The row that a correction takes the place of: it goes also where the corrected one is another row by its key. */
static bool
is_replaced(const struct import *import, const struct known *known)
{
	return import->replaces != NULL && memcmp(import->replaces, known->id, CDR_ID_LEN) == 0;
}

/*
 * Walk through the file and the table side by side, both in the order of the keys. Without a transaction to write to
 * it only counts.
 */
static cdr_err
walk(struct import *import, struct cdr_tx *tx, struct cdr_leavers_outcome *outcome)
{
	size_t r = 0, k = 0;
	cdr_err err = CDR_OK;

	*outcome = (struct cdr_leavers_outcome){ 0 };
	while (err == CDR_OK && (r < import->row_count || k < import->known_count)) {
		const struct row *row = r < import->row_count ? &import->rows[r] : NULL;
		const struct known *known = k < import->known_count ? &import->known[k] : NULL;
		int order = row == NULL ? 1 :
		    known == NULL       ? -1 :
					  memcmp(row->key, known->key, CDR_LEAVER_KEY_LEN);
		r += order <= 0;
		k += order >= 0;
		if (order < 0) {
			outcome->added++;
			err = tx == NULL ? CDR_OK : put_row(import, tx, row, NULL);
		} else if (order > 0 && !is_replaced(import, known) && (import->keep_missing || known->held)) {
			outcome->unchanged++;
		} else if (order > 0) {
			outcome->removed++;
			err = tx == NULL ? CDR_OK : take_out(tx, known);
		} else if (memcmp(row->digest, known->digest, CDR_LEAVER_DIGEST_LEN) == 0) {
			outcome->unchanged++;
		} else if (known->held) {
			outcome->kept++;
		} else {
			outcome->changed++;
			err = tx == NULL ? CDR_OK : put_row(import, tx, row, known);
		}
	}
	outcome->register_count = import->known_count + outcome->added - outcome->removed;
	return err;
}

/* A file that would empty the register is more often the wrong file than the truth. */
static cdr_err
check_removals(const struct import *import, const struct cdr_leavers_outcome *outcome)
{
	if (import->allow_removals || outcome->removed <= REMOVALS_FREE ||
	    outcome->removed <= import->known_count / 2)
		return CDR_OK;
	return cdr_fault_set(import->fault, CDR_E_REFUSED,
	    "%zu of %zu leavers in the register are not in this file and would be taken out. If the file holds only a part, "
	    "repeat with --partial; if they shall go, with --allow-removals. Nothing was changed",
	    outcome->removed, import->known_count);
}

static cdr_err
apply(struct cdr_tx *tx, void *context)
{
	struct import *import = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leavers_outcome expected;

	if (import->replaces != NULL)
		CDR_TRY(cdr_hold_check(tx, import->replaces, import->fault));
	CDR_TRY(read_known(import, tx));
	CDR_TRY(walk(import, NULL, &expected));
	CDR_TRY(check_removals(import, &expected));
	CDR_TRY(walk(import, tx, import->outcome));
	if (import->outcome->changed + import->outcome->removed > 0)
		CDR_TRY(cdr_scrub_want(tx));
	if (!import->keep_missing && import->replaces == NULL)
		CDR_TRY(cdr_index_again_settle(tx));
	CDR_TRY(cdr_trail_add(tx, import->member->who, import->replaces != NULL ? "subject.rectify" : "leavers.import", import->replaces));
	err = CDR_OK;
out:
	return err;
}

/* Whether what was read may be imported at all. */
static cdr_err
check_rows(const struct import *import, const struct cdr_row_report *report, bool skip_bad)
{
	if (report->faults.count > 0 && !skip_bad)
		return cdr_fault_set(import->fault, CDR_E_INPUT,
		    "%zu of %zu rows cannot be taken, so nothing of the file was. Correct them, or repeat with --skip-bad to "
		    "leave them out",
		    report->bad_count, report->row_count);
	if (import->row_count == 0)
		return cdr_fault_set(import->fault, CDR_E_INPUT,
		    "the file has nobody in it who can be taken, so nothing was changed. Is it the right file?");
	return CDR_OK;
}

/* see node/member/leavers.h */
cdr_err
cdr_leavers_import(struct cdr_member *member, struct cdr_leaver_file *reader, const struct cdr_leavers_options *options,
    struct cdr_leavers_outcome *outcome, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct import import = {
		.member = member, .allow_removals = options->allow_removals, .replaces = options->replaces, .outcome = outcome, .fault = fault
	};

	*outcome = (struct cdr_leavers_outcome){ 0 };
	CDR_TRY(read_rows(&import, reader));
	const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
	CDR_TRY(check_rows(&import, report, options->skip_bad));
	/* Whoever stands in a row that cannot be read is not known, and must not be taken for somebody who is gone. */
	import.keep_missing = options->partial || report->faults.count > 0;
	CDR_TRY(cdr_store_write(member->home->store, apply, &import));
	err = CDR_OK;
out:
	import_wipe(&import);
	return err;
}

/* ---- the purge, and how far the index is --------------------------------------------------------------------------- */

struct expiry {
	int64_t month;
	uint64_t count;
};

#define EXPIRED "expiry < $1 AND id NOT IN (SELECT id FROM legal_hold)"

static cdr_err
expire(struct cdr_tx *tx, void *context)
{
	struct expiry *expiry = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "INSERT INTO removal (handle) SELECT handle FROM leaver WHERE " EXPIRED,
	    CDR_VALUES(cdr_value_int(expiry->month))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO removal (handle) SELECT handle FROM former_handle WHERE leaver IN"
	    " (SELECT id FROM leaver WHERE " EXPIRED ") AND NOT EXISTS (SELECT 1 FROM removal r WHERE r.handle ="
	    " former_handle.handle)", CDR_VALUES(cdr_value_int(expiry->month))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM former_handle WHERE leaver IN (SELECT id FROM leaver WHERE " EXPIRED ")",
	    CDR_VALUES(cdr_value_int(expiry->month))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM leaver WHERE " EXPIRED, CDR_VALUES(cdr_value_int(expiry->month))));
	expiry->count = cdr_query_changed_count(tx);
	err = CDR_OK;
out:
	return err;
}

/* see node/member/leavers.h */
cdr_err
cdr_leavers_expire(struct cdr_member *member, size_t *count)
{
	struct cdr_record_rules rules;

	cdr_member_rules(member, &rules);
	struct expiry expiry = { .month = cdr_leavers_month(&rules.today) };
	cdr_err err = cdr_store_write(member->home->store, expire, &expiry);
	*count = err == CDR_OK ? (size_t)expiry.count : 0;
	return err;
}

static cdr_err
count_progress(struct cdr_tx *tx, void *context)
{
	struct cdr_leavers_progress *progress = context;
	cdr_err err = CDR_E_INTERNAL;
	int64_t registered, waiting, removals;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM leaver", CDR_VALUES(), &registered));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM leaver WHERE state IN ('waiting', 'sent')", CDR_VALUES(),
	    &waiting));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM removal", CDR_VALUES(), &removals));
	*progress = (struct cdr_leavers_progress){ .register_count = (uint64_t)registered, .waiting_count = (uint64_t)waiting,
		.removal_count = (uint64_t)removals };
	CDR_TRY(cdr_index_again_is_due(tx, &progress->is_unsettled));
	CDR_TRY(cdr_index_again_read(tx, &progress->again));
	if (waiting + removals > 0 || progress->is_unsettled)
		CDR_TRY(cdr_index_wait_read(tx, &progress->wait));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/leavers.h */
cdr_err
cdr_leavers_progress(struct cdr_member *member, struct cdr_leavers_progress *progress)
{
	*progress = (struct cdr_leavers_progress){ 0 };
	return cdr_store_read(member->home->store, count_progress, progress);
}
