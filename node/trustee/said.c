#include "node/trustee/said.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/net/log.h"
#include "node/trustee/peers.h"
#include "node/trustee/recover.h"

#define HASH CDR_MERKLE_HASH_LEN

/* see node/trustee/said.h */
cdr_err
cdr_trustee_said_note(struct cdr_tx *tx, uint32_t act, const Cdr__Wire__CeremonyKey *key, uint64_t now)
{
	struct cdr_leaf leaf;
	int64_t count = 0;

	cdr_err err = cdr_key_said_leaf(0, act, key, &leaf); /* the content does not depend on who says it */
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM said WHERE content = $1",
		    CDR_VALUES(cdr_value_blob(leaf.content, sizeof(leaf.content))), &count);
	if (err != CDR_OK || count > 0)
		return err;
	return cdr_query_run(tx, "INSERT INTO said (content, act, kind, number, is_ours, noted_at) VALUES ($1, $2, $3, $4, 1, $5)",
	    CDR_VALUES(cdr_value_blob(leaf.content, sizeof(leaf.content)), cdr_value_int(act), cdr_value_int(key->kind),
		cdr_value_int(key->number), cdr_value_int((int64_t)now)));
}

/* ---- receipts ------------------------------------------------------------------------------------------------- */

struct receipt_job {
	struct cdr_leaf leaf;
	uint64_t position;
	uint8_t hash[HASH];
	struct cdr_buffer bytes;
};

/* A writing job. */
static cdr_err
receipt_job(struct cdr_tx *tx, void *context)
{
	const struct receipt_job *job = context;

	return cdr_query_run(tx, "UPDATE said SET receipt_place = $2, receipt_hash = $3, receipt = $4 WHERE content = $1",
	    CDR_VALUES(cdr_value_blob(job->leaf.content, sizeof(job->leaf.content)), cdr_value_int((int64_t)job->position),
		cdr_value_blob(job->hash, sizeof(job->hash)), cdr_value_bytes(cdr_buffer_bytes(&job->bytes))));
}

/* see node/trustee/said.h */
cdr_err
cdr_trustee_said_receipt(struct cdr_trustee *trustee, const struct cdr_roster *roster, const Cdr__Wire__CeremonyKey *key,
    uint32_t act, const Cdr__Wire__Receipt *receipt, struct cdr_fault *fault)
{
	struct receipt_job job = { .position = 0 };
	struct cdr_leaf own;
	cdr_err err = cdr_key_said_leaf(trustee->index, act, key, &own);

	if (err != CDR_OK)
		return err;
	err = receipt == NULL ? CDR_E_PROOF :
				cdr_receipt_read(receipt, trustee->genesis, roster->body->hub->signing_key.data, &job.leaf, job.hash);
	if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
		return err;
	bool is_ours = err == CDR_OK && job.leaf.kind == own.kind && job.leaf.party_count == 1 &&
	    strcmp(job.leaf.party[0], own.party[0]) == 0 && job.leaf.number_count == own.number_count &&
	    memcmp(job.leaf.number, own.number, own.number_count * sizeof(own.number[0])) == 0 &&
	    memcmp(job.leaf.content, own.content, sizeof(own.content)) == 0 && receipt->position <= INT64_MAX;
	if (!is_ours)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub does not confirm that its log holds what this trustee says");
	job.position = receipt->position;
	err = cdr_message_encode(&receipt->base, &job.bytes);
	if (err == CDR_OK)
		err = cdr_store_write(trustee->home->store, receipt_job, &job);
	cdr_buffer_free(&job.bytes);
	return err;
}

/* ---- the log ---------------------------------------------------------------------------------------------------- */

/* The index that this trustee had where the log has come so far that ${version} is the newest roster in it; 0: none. */
static cdr_err
find_index(struct cdr_tx *tx, const struct cdr_trustee *trustee, uint64_t version, uint32_t *index)
{
	struct cdr_roster *roster;
	cdr_err err = cdr_trustee_roster_then(tx, version, &roster);

	*index = err == CDR_OK ? cdr_trustee_index_in(trustee, roster) : 0;
	cdr_roster_free(roster);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static bool
is_by(const struct cdr_leaf *leaf, uint32_t index)
{
	char name[CDR_SIGNER_LEN_MAX + 1];

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, index);
	return leaf->party_count == 1 && strcmp(leaf->party[0], name) == 0 && leaf->number_count == 3;
}

/* It stands in this trustee's name, who does not remember it: a stranger, unless there is much that this trustee does not remember. */
static cdr_err
note_unknown(struct cdr_tx *tx, const struct cdr_leaf *leaf, uint64_t place, const uint8_t hash[static HASH])
{
	bool has_forgotten;

	cdr_err err = cdr_trustee_has_forgotten(tx, &has_forgotten);
	if (err != CDR_OK)
		return err;
	if (!has_forgotten)
		cdr_log(CDR_LOG_ERROR, "log.not_said", cdr_log_int("leaf", (int64_t)place));
	return cdr_query_run(tx, "INSERT INTO said (content, place, hash, noted_at, act, kind, number, is_ours)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_blob(leaf->content, sizeof(leaf->content)), cdr_value_int((int64_t)place), cdr_value_blob(hash, HASH),
		cdr_value_int((int64_t)leaf->at), cdr_value_int((int64_t)leaf->number[0]), cdr_value_int((int64_t)leaf->number[1]),
		cdr_value_int((int64_t)leaf->number[2]), cdr_value_int(has_forgotten)));
}

/* see node/trustee/said.h */
cdr_err
cdr_trustee_said_seen(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_leaf *leaf, uint64_t version, uint64_t place,
    const uint8_t hash[static HASH])
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value content = cdr_value_blob(leaf->content, sizeof(leaf->content));
	uint32_t index;
	int64_t count;

	CDR_TRY(find_index(tx, trustee, version, &index));
	/* What a newcomer made with the others was said by those who were trustees then, one of them under the index that it has now. */
	if (!is_by(leaf, index != 0 ? index : trustee->index))
		return CDR_OK;
	/* What is said again stands there once; where it stands twice, the first counts. */
	CDR_TRY(cdr_query_run(tx, "UPDATE said SET place = $2, hash = $3 WHERE content = $1 AND place IS NULL",
	    CDR_VALUES(content, cdr_value_int((int64_t)place), cdr_value_blob(hash, HASH))));
	if (cdr_query_changed_count(tx) > 0)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM said WHERE content = $1", CDR_VALUES(content), &count));
	if (count == 0 && index != 0)
		err = note_unknown(tx, leaf, place, hash);
out:
	return err;
}

/* see node/trustee/said.h */
cdr_err
cdr_trustee_said_check(struct cdr_tx *tx, uint64_t size, bool *missing)
{
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM said WHERE receipt_place < $1 AND"
	    " (place IS NULL OR place <> receipt_place OR hash <> receipt_hash)", CDR_VALUES(cdr_value_int((int64_t)size)), &count);
	*missing = err == CDR_OK && count > 0;
	return err;
}
