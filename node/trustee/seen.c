#include "node/trustee/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/net/log.h"
#include "node/trustee/recover.h"
#include "node/trustee/witnessed.h"

#define EDGE_NAME "log/edge"
#define LATEST_NAME "log/latest"

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_log_edge(struct cdr_tx *tx, struct cdr_merkle_edge *edge)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES();
	struct cdr_bytes bytes;

	memset(edge, 0, sizeof(*edge));
	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = '" EDGE_NAME "'", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_MERKLE_EDGE_LEN_MAX, &bytes));
		err = cdr_merkle_edge_read(bytes, edge) == CDR_OK ? CDR_OK : CDR_E_STORE;
	} else if (err == CDR_E_ABSENT) {
		err = CDR_OK;
	}
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_log_size(struct cdr_tx *tx, uint64_t *size)
{
	struct cdr_merkle_edge edge;
	cdr_err err = cdr_trustee_log_edge(tx, &edge);

	*size = edge.size;
	return err;
}

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_seen_read(struct cdr_tx *tx, uint64_t size, struct cdr_checkpoint *seen)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)size));

	*seen = (struct cdr_checkpoint){ .size = size };
	CDR_TRY(cdr_query_start(tx, "SELECT root, hub_signature FROM seen WHERE size = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, seen->root, sizeof(seen->root)));
	CDR_TRY(cdr_query_blob(query, 1, seen->hub_signature, sizeof(seen->hub_signature)));
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_log_compare(struct cdr_tx *tx, const struct cdr_checkpoint *checkpoint, bool *contradicts)
{
	struct cdr_checkpoint seen;
	cdr_err err = cdr_trustee_seen_read(tx, checkpoint->size, &seen);

	*contradicts = err == CDR_OK && memcmp(seen.root, checkpoint->root, sizeof(seen.root)) != 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* The root at that size. */
static cdr_err
write_root(struct cdr_tx *tx, const struct cdr_checkpoint *checkpoint, uint64_t now)
{
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM seen WHERE size = $1",
	    CDR_VALUES(cdr_value_int((int64_t)checkpoint->size)), &count);
	if (err != CDR_OK || count > 0)
		return err;
	return cdr_query_run(tx, "INSERT INTO seen (size, root, hub_signature, seen_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)checkpoint->size), cdr_value_blob(checkpoint->root, sizeof(checkpoint->root)),
		cdr_value_blob(checkpoint->hub_signature, sizeof(checkpoint->hub_signature)), cdr_value_int((int64_t)now)));
}

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_seen_write(struct cdr_tx *tx, const struct cdr_merkle_edge *edge, const struct cdr_checkpoint *checkpoint,
    struct cdr_bytes note, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t bytes[CDR_MERKLE_EDGE_LEN_MAX];
	size_t len;

	CDR_TRY(write_root(tx, checkpoint, now));
	cdr_merkle_edge_write(edge, bytes, &len);
	CDR_TRY(cdr_trustee_setting_put(tx, EDGE_NAME, bytes, len));
	CDR_TRY(cdr_trustee_setting_put(tx, LATEST_NAME, note.data, note.len));
out:
	return err;
}

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_seen_last(struct cdr_tx *tx, struct cdr_buffer *note)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = '" LATEST_NAME "'", none, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_CHECKPOINT_LEN_MAX, note));
out:
	cdr_query_end(query);
	return err;
}

/* ---- contradictions ------------------------------------------------------------------------------------------- */

#define NAMES_LEN (CDR_TRUSTEE_COUNT_MAX * (sizeof("trustee/") + 4))

struct keep_fork {
	const struct cdr_checkpoint *checkpoint;
	const struct cdr_roster *roster;
	const uint8_t *genesis;
	struct cdr_checkpoint witnessed;     /* what was shown last as cosigned; size 0: nothing */
	char both[NAMES_LEN];                /* who cosigned both logs, as both notes show it; empty: nobody is known to */
};

/*
 * Who cosigned the log that this trustee saw, too, so far that it holds the size at which the other one differs. A witness that signed ${k->checkpoint}
 * alone was shown one log, as this trustee was.
 */
static cdr_err
find_both(struct cdr_tx *tx, struct keep_fork *k)
{
	struct cdr_checkpoint seen;
	size_t len = 0;

	k->both[0] = '\0';
	if (k->witnessed.size < k->checkpoint->size)
		return CDR_OK;
	cdr_err err = cdr_trustee_seen_read(tx, k->witnessed.size, &seen);
	if (err != CDR_OK || memcmp(seen.root, k->witnessed.root, sizeof(seen.root)) != 0)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	for (size_t i = 0; i < k->checkpoint->cosignature_count; i++)
		for (size_t j = 0; j < k->witnessed.cosignature_count; j++)
			if (cdr_cosignature_same_witness(&k->witnessed.cosignature[j], &k->checkpoint->cosignature[i]))
				len += (size_t)snprintf(k->both + len, sizeof(k->both) - len, "%strustee/%" PRIu32, len > 0 ? "," : "",
				    k->checkpoint->cosignature[i].trustee);
	return CDR_OK;
}

/* A writing job: the note that contradicts, beside what this trustee saw at that size or last. */
static cdr_err
fork_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keep_fork *k = context;
	struct cdr_checkpoint seen;
	struct cdr_buffer note = { 0 }, own = { 0 }, witnessed = { 0 };
	uint64_t size;
	int64_t count, known;

	CDR_TRY(cdr_checkpoint_write(k->checkpoint, k->genesis, k->roster, &note));
	const struct cdr_value bytes = cdr_value_bytes(cdr_buffer_bytes(&note));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM fork WHERE note = $1", CDR_VALUES(bytes), &known));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM fork", CDR_VALUES(), &count));
	if (count >= CDR_TRUSTEE_FORK_MAX || known > 0)
		goto out;
	err = cdr_trustee_seen_read(tx, k->checkpoint->size, &seen);
	if (err == CDR_OK && memcmp(seen.root, k->checkpoint->root, sizeof(seen.root)) != 0)
		CDR_TRY(find_both(tx, k));
	if (err == CDR_E_ABSENT) {
		CDR_TRY(cdr_trustee_log_size(tx, &size));
		err = cdr_trustee_seen_read(tx, size, &seen);
	}
	if (err == CDR_OK)
		CDR_TRY(cdr_checkpoint_write(&seen, k->genesis, k->roster, &own));
	else if (err != CDR_E_ABSENT)
		goto out;
	if (k->both[0] != '\0')
		CDR_TRY(cdr_checkpoint_write(&k->witnessed, k->genesis, k->roster, &witnessed));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO fork (number, note, own, noticed_at, size, signed_both, witnessed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(cdr_value_int(count), bytes, cdr_value_bytes(cdr_buffer_bytes(&own)),
		cdr_value_int((int64_t)cdr_trustee_now()), cdr_value_int((int64_t)k->checkpoint->size), cdr_value_text(k->both),
		cdr_value_bytes(cdr_buffer_bytes(&witnessed)))));
out:
	cdr_buffer_free(&witnessed);
	cdr_buffer_free(&own);
	cdr_buffer_free(&note);
	return err;
}

/* see node/trustee/seen.h */
void
cdr_trustee_fork_keep(struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_checkpoint *checkpoint)
{
	struct keep_fork k = { .checkpoint = checkpoint, .roster = roster, .genesis = trustee->genesis };

	cdr_trustee_witnessed_last(trustee, roster, &k.witnessed);
	cdr_err err = cdr_store_write(trustee->home->store, fork_job, &k);
	cdr_log(CDR_LOG_ERROR, "log.fork", cdr_log_int("size", (int64_t)checkpoint->size), cdr_log_text("shown_by", "hub"),
	    cdr_log_text("signed_both", k.both));
	if (err != CDR_OK)
		cdr_log(CDR_LOG_ERROR, "log.fork_not_kept", cdr_log_err(err));
}

/* ---- what is kept from this trustee ---------------------------------------------------------------------------- */

/* see node/trustee/seen.h */
cdr_err
cdr_trustee_away(struct cdr_tx *tx, uint64_t now, uint64_t *since)
{
	cdr_err err = CDR_E_INTERNAL;
	bool recovering;
	uint64_t size;
	int64_t withheld, seen_at;

	*since = 0;
	CDR_TRY(cdr_trustee_recovering(tx, &recovering));
	CDR_TRY(cdr_trustee_log_size(tx, &size));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM withheld WHERE place >= $1", CDR_VALUES(cdr_value_int((int64_t)size)), &withheld));
	err = cdr_query_one_int(tx, "SELECT seen_at FROM seen ORDER BY size DESC LIMIT 1", CDR_VALUES(), &seen_at);
	/* Clocks differ by a day. */
	if (err == CDR_OK && !recovering && withheld > 0 && (uint64_t)seen_at + (CDR_LEAF_OPEN_DAYS - 1) * UINT64_C(86400) <= now)
		*since = (uint64_t)seen_at;
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	return err;
}

struct keep_withheld {
	const struct cdr_trustee_withheld *withheld;
	uint64_t now, away_since;
	bool is_new;
};

/* A writing job. Of each leaf once: the hub shows it again and again. */
static cdr_err
withheld_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keep_withheld *k = context;
	const struct cdr_value place = cdr_value_int((int64_t)k->withheld->place);
	int64_t known, count;

	k->is_new = false;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM withheld WHERE place = $1", CDR_VALUES(place), &known));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM withheld", CDR_VALUES(), &count));
	if (known > 0 || count >= CDR_TRUSTEE_WITHHELD_MAX)
		return cdr_trustee_away(tx, k->now, &k->away_since);
	CDR_TRY(cdr_query_run(tx, "INSERT INTO withheld (place, what, entry, note, noticed_at) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(place, cdr_value_text(k->withheld->what), cdr_value_bytes(k->withheld->entry), cdr_value_bytes(k->withheld->note),
		cdr_value_int((int64_t)k->now))));
	k->is_new = true;
	CDR_TRY(cdr_trustee_away(tx, k->now, &k->away_since));
out:
	return err;
}

/* see node/trustee/seen.h */
void
cdr_trustee_withheld_keep(struct cdr_trustee *trustee, const struct cdr_trustee_withheld *withheld, uint64_t now, uint64_t *away_since)
{
	struct keep_withheld k = { .withheld = withheld, .now = now };
	cdr_err err = cdr_store_write(trustee->home->store, withheld_job, &k);

	if (err != CDR_OK)
		cdr_log(CDR_LOG_ERROR, "log.withheld_not_kept", cdr_log_err(err));
	if (err != CDR_OK || k.is_new)
		cdr_log(CDR_LOG_ERROR, "log.withheld", cdr_log_text("what", withheld->what), cdr_log_int("place", (int64_t)withheld->place));
	*away_since = err == CDR_OK ? k.away_since : 0;
	if (*away_since > 0 && !atomic_exchange(&trustee->is_away_told, true))
		cdr_log(CDR_LOG_ERROR, "trustee.away_too_long", cdr_log_int("days", (int64_t)((now - *away_since) / UINT64_C(86400))),
		    cdr_log_text("do", CDR_TRUSTEE_AWAY_DO));
}
