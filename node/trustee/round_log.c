#include "node/trustee/round_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "node/trustee/peers.h"
#include "node/trustee/seen.h"

/* ---- taking in -------------------------------------------------------------------------------------------------- */

static cdr_err
take_closing(struct cdr_tx *tx, uint64_t place, const struct cdr_leaf *leaf)
{
	uint64_t version;
	cdr_err err = cdr_trustee_roster_logged_read(tx, &version);

	/* What is of no members is never opened; nor is what is not as it must be. */
	if (err != CDR_OK || leaf->number_count != 3 || leaf->number[0] == 0 || leaf->number[0] > CDR_MEMBER_COUNT_MAX ||
	    leaf->number[1] > leaf->number[2] || leaf->number[2] > UINT32_MAX)
		return err;
	return cdr_query_run(tx, "INSERT INTO round_closing (place, content, members, first_month, last_month, roster_version)"
	    " VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_int((int64_t)place), cdr_value_blob(leaf->content, sizeof(leaf->content)),
		cdr_value_int((int64_t)leaf->number[0]), cdr_value_int((int64_t)leaf->number[1]),
		cdr_value_int((int64_t)leaf->number[2]), cdr_value_int((int64_t)version)));
}

static cdr_err
take_set(struct cdr_tx *tx, uint64_t place, const struct cdr_leaf *leaf)
{
	if (leaf->number_count != 1 || leaf->number[0] >= place)
		return CDR_OK;
	return cdr_query_run(tx, "INSERT INTO round_set (place, closing, content) VALUES ($1, $2, $3)",
	    CDR_VALUES(cdr_value_int((int64_t)place), cdr_value_int((int64_t)leaf->number[0]),
		cdr_value_blob(leaf->content, sizeof(leaf->content))));
}

/* see node/trustee/round_log.h */
cdr_err
cdr_round_log_take(struct cdr_tx *tx, uint64_t place, const struct cdr_leaf *leaf)
{
	if (leaf->kind == CDR_LEAF_ROSTER)
		return cdr_trustee_roster_logged(tx, cdr_trustee_roster_of_leaf(leaf, place));
	if (leaf->kind == CDR_LEAF_ROUND_CLOSED)
		return take_closing(tx, place, leaf);
	return leaf->kind == CDR_LEAF_ROUND_SET ? take_set(tx, place, leaf) : CDR_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A reading job. */
static cdr_err
view_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round_view *view = context;
	struct cdr_merkle_edge edge;

	CDR_TRY(cdr_trustee_log_edge(tx, &edge));
	view->size = edge.size;
	CDR_TRY(cdr_merkle_root(&edge, view->root));
out:
	return err;
}

/* see node/trustee/round_log.h */
cdr_err
cdr_round_log_view(struct cdr_trustee *trustee, struct cdr_round_view *view)
{
	return cdr_store_read(trustee->home->store, view_job, view);
}

struct closing_job {
	const uint8_t *content;
	uint32_t near;
	struct cdr_round_closing *closing;
	struct cdr_round_earlier *earlier;
};

static cdr_err
closing_read(struct cdr_query *query, struct cdr_round_closing *c)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_count(query, 0, &c->place));
	CDR_TRY(cdr_query_blob(query, 1, c->content, sizeof(c->content)));
	CDR_TRY(cdr_query_count(query, 2, &c->members));
	CDR_TRY(cdr_query_count(query, 3, &c->first_month));
	CDR_TRY(cdr_query_count(query, 4, &c->last_month));
	CDR_TRY(cdr_query_count(query, 5, &c->roster_version));
out:
	return err;
}

#define COLUMNS "place, content, members, first_month, last_month, roster_version"

/* A reading job. */
static cdr_err
closing_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct closing_job *job = context;
	struct cdr_round_closing *c = job->closing;
	struct cdr_query *query = NULL;

	job->earlier->count = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT " COLUMNS " FROM round_closing WHERE content = $1 ORDER BY place LIMIT 1",
	    CDR_VALUES(cdr_value_blob(job->content, CDR_LEAF_CONTENT_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(closing_read(query, c));
	cdr_query_end(query);
	query = NULL;
	CDR_TRY(cdr_query_start(tx, "SELECT " COLUMNS " FROM round_closing WHERE place < $1 AND first_month <= $2 AND last_month >= $3"
	    " ORDER BY place",
	    CDR_VALUES(cdr_value_int((int64_t)c->place), cdr_value_int((int64_t)c->last_month + job->near),
		cdr_value_int((int64_t)c->first_month - job->near)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		if (job->earlier->count == CDR_ROUND_BEFORE_MAX) {
			err = CDR_E_RANGE;
			goto out;
		}
		CDR_TRY(closing_read(query, &job->earlier->closing[job->earlier->count++]));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/round_log.h */
cdr_err
cdr_round_log_closing(struct cdr_trustee *trustee, const uint8_t *content, uint32_t near, struct cdr_round_closing *closing,
    struct cdr_round_earlier *earlier)
{
	struct closing_job job = { content, near, closing, earlier };

	return cdr_store_read(trustee->home->store, closing_job, &job);
}

struct set_job {
	uint64_t closing, *place;
	uint8_t *content;
};

/* A reading job. */
static cdr_err
set_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct set_job *job = context;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT place, content FROM round_set WHERE closing = $1 ORDER BY place LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)job->closing)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, job->place));
	CDR_TRY(cdr_query_blob(query, 1, job->content, CDR_LEAF_CONTENT_LEN));
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/round_log.h */
cdr_err
cdr_round_log_set(struct cdr_trustee *trustee, uint64_t closing, uint64_t *place,
    uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	struct set_job job = { closing, place, content };

	return cdr_store_read(trustee->home->store, set_job, &job);
}

/* ---- witnessed -------------------------------------------------------------------------------------------------- */

/* see node/trustee/round_log.h */
cdr_err
cdr_round_log_witnessed(const struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_round_view *view, const Cdr__Wire__LogView *shown, uint64_t place, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_checkpoint checkpoint;

	if (shown == NULL || place >= view->size)
		return cdr_fault_set(fault, CDR_E_BUSY, "the hub has not shown yet that enough trustees witnessed the log up to here");
	CDR_TRY(cdr_checkpoint_read(cdr_message_bytes(shown->checkpoint), trustee->genesis, roster, &checkpoint, fault));
	if (checkpoint.size <= place || checkpoint.cosignature_count < cdr_round_quorum(roster))
		return cdr_fault_set(fault, CDR_E_BUSY, "%zu trustees have witnessed the log up to here, %" PRIu32 " must",
		    checkpoint.size <= place ? 0 : checkpoint.cosignature_count, cdr_round_quorum(roster));
	const uint8_t *hashes = shown->extension.data;
	size_t count = shown->extension.len / CDR_MERKLE_HASH_LEN;
	if (checkpoint.size <= view->size)
		err = cdr_merkle_verify_extend(checkpoint.size, checkpoint.root, view->size, view->root, hashes, count);
	else
		err = cdr_merkle_verify_extend(view->size, view->root, checkpoint.size, checkpoint.root, hashes, count);
	if (err == CDR_E_PROOF || shown->extension.len % CDR_MERKLE_HASH_LEN != 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "the log that the hub shows for this round is another one than this trustee witnessed");
out:
	return err;
}
