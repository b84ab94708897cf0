#include "node/member/audit_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/member/enrol.h"
#include "node/member/receipt.h"
#include "node/net/log.h"

#define CHECKPOINT_PATH "/v1/log/checkpoint"
#define SEEN_NAME "log/seen"
#define HASH CDR_MERKLE_HASH_LEN

static void
drop_held(struct cdr_audit_work *c)
{
	for (size_t i = 0; i < c->held_count; i++)
		cdr_buffer_free(&c->held[i].bytes);
	c->held_count = 0;
	memset(c->proved, 0, sizeof(c->proved));
}

/* ---- the database -------------------------------------------------------------------------------------------- */

/* A reading job: the checkpoint that was verified last. */
static cdr_err
read_before(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_audit_work *c = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = '" SEEN_NAME "'", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_blob_copy(query, 0, CDR_CHECKPOINT_LEN_MAX, &c->before_note);
	else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: the next receipts to prove. */
static cdr_err
read_receipts(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_audit_work *c = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(c->from), cdr_value_text(c->again || c->is_sampling ? "proved" : "waiting"));

	drop_held(c);
	CDR_TRY(cdr_query_start(tx,
	    "SELECT place, hash, kept_at, bytes FROM receipt WHERE place >= $1 AND state IN ('waiting', 'missing', $2)"
	    " ORDER BY place, hash", values, &query));
	while (c->held_count < CDR_LOG_POSITIONS_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_audit_held *h = &c->held[c->held_count];
		*h = (struct cdr_audit_held){ 0 };
		c->held_count++;
		CDR_TRY(cdr_query_count(query, 0, &h->place));
		CDR_TRY(cdr_query_blob(query, 1, h->hash, sizeof(h->hash)));
		CDR_TRY(cdr_query_count(query, 2, &h->kept_at));
		CDR_TRY(cdr_query_blob_copy(query, 3, CDR_RECEIPT_LEN_MAX, &h->bytes));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: which of them the log holds. */
static cdr_err
write_receipts(struct cdr_tx *tx, void *context)
{
	const struct cdr_audit_work *c = context;

	for (size_t i = 0; i < c->held_count; i++) {
		const struct cdr_audit_held *h = &c->held[i];
		if (h->place >= c->newest.size)
			continue;
		cdr_err err = cdr_query_run(tx, "UPDATE receipt SET state = $3 WHERE place = $1 AND hash = $2",
		    CDR_VALUES(cdr_value_int((int64_t)h->place), cdr_value_blob(h->hash, sizeof(h->hash)),
			cdr_value_text(c->proved[i] ? "proved" : "missing")));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A writing job: what today's log is compared with tomorrow. */
static cdr_err
write_seen(struct cdr_tx *tx, void *context)
{
	const struct cdr_audit_work *c = context;

	return cdr_setting_put(tx, SEEN_NAME, c->newest_note.data, c->newest_note.len);
}

/* ---- the hub ------------------------------------------------------------------------------------------------- */

/* see node/member/audit_work.h */
bool
cdr_audit_extends(uint64_t from, const uint8_t *from_root, const struct cdr_checkpoint *to, struct cdr_bytes hashes)
{
	return hashes.len % HASH == 0 &&
	    cdr_merkle_verify_extend(from, from_root, to->size, to->root, hashes.data, hashes.len / HASH) == CDR_OK;
}

/* What the hub was asked and answered, for the file should it show a lie. */
static cdr_err
keep_exchange(struct cdr_audit_work *c, const struct cdr_ask *ask)
{
	cdr_buffer_free(&c->request);
	cdr_buffer_free(&c->reply);
	cdr_err err = cdr_buffer_copy(cdr_buffer_bytes(&ask->request), &c->request);
	return err != CDR_OK ? err : cdr_buffer_copy(cdr_buffer_bytes(&ask->post.reply), &c->reply);
}

/* see node/member/audit_work.h */
cdr_err
cdr_audit_ask(struct cdr_audit_work *c, const struct cdr_checkpoint *known, uint64_t *position, size_t count, struct cdr_ask *ask,
    struct cdr_fault *fault)
{
	Cdr__Wire__CheckpointRequest request = CDR__WIRE__CHECKPOINT_REQUEST__INIT;
	struct cdr_checkpoint signed_only = *known;
	struct cdr_buffer note = { 0 };

	*ask = (struct cdr_ask){ .path = CHECKPOINT_PATH, .message = &request.base,
		.reply_type = &cdr__wire__checkpoint_reply__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	if (known->size > 0) {
		signed_only.cosignature_count = 0;
		cdr_err err = cdr_checkpoint_write(&signed_only, c->member->genesis, c->roster, &note);
		if (err != CDR_OK)
			return err;
		request.has_seen = true;
		request.seen = cdr_message_field(note.data, note.len);
	}

	request.from = known->size;
	request.position = position;
	request.n_position = count;
	cdr_err err = cdr_member_ask_hub(c->member, c->roster, ask, fault);
	ask->message = NULL;
	cdr_buffer_free(&note);
	cdr_err kept = keep_exchange(c, ask);
	return err != CDR_OK ? err : kept;
}

/* Trustees whom we do not know may be in a roster that we have not seen: look once. True if there is a newer one. */
static bool
look_for_roster(struct cdr_audit_work *c)
{
	const struct cdr_roster *before = c->roster;

	if (c->has_looked || cdr_enrol_refresh(c->member, NULL) != CDR_OK)
		return false;
	c->has_looked = true;
	c->roster = cdr_current_hold(c->member->current);
	bool is_newer = c->roster->body->version > before->body->version;
	cdr_current_release(c->member->current, before);
	return is_newer;
}

/* see node/member/audit_work.h */
cdr_err
cdr_audit_read_shown(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply, struct cdr_checkpoint *shown)
{
	cdr_err err;

	do
		err = cdr_checkpoint_read(cdr_message_bytes(reply->checkpoint), c->member->genesis, c->roster, shown, NULL);
	while ((err == CDR_E_SIGNATURE || (err == CDR_OK && !cdr_checkpoint_is_witnessed(shown, c->roster))) && look_for_roster(c));
	return err;
}

/* see node/member/audit_work.h */
cdr_err
cdr_audit_take_newest(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply, const struct cdr_checkpoint *shown)
{
	cdr_buffer_free(&c->newest_note);
	c->newest = *shown;
	c->audit->size = shown->size;
	c->audit->witness_count = shown->cosignature_count;
	c->audit->witnessed_at = cdr_checkpoint_time(shown, c->roster);
	return cdr_buffer_copy(cdr_message_bytes(reply->checkpoint), &c->newest_note);
}

/* The newest checkpoint by itself: signed, witnessed, not shorter, and a continuation of the last: then the next must continue it. */
static cdr_err
judge_checkpoint(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply)
{
	struct cdr_checkpoint shown;
	char names[CDR_FAULT_LEN / 2];
	size_t found = c->audit->finding_count;

	cdr_err read = cdr_audit_read_shown(c, reply, &shown);
	cdr_err err = read == CDR_E_MEMORY ? read : cdr_audit_take_newest(c, reply, &shown);
	if (err != CDR_OK)
		return err;
	if (read != CDR_OK) {
		cdr_audit_find(c, CDR_AUDIT_UNREADABLE, 0, "hub", NULL, NULL);
		return CDR_OK;
	}
	if (!cdr_checkpoint_is_witnessed(&shown, c->roster))
		cdr_audit_find(c, CDR_AUDIT_UNWITNESSED, 0, "hub", NULL, NULL);
	if (shown.size < c->before.size)
		cdr_audit_find(c, CDR_AUDIT_SHORTER, 0, "hub", NULL, NULL);
	else if (c->before.size > 0 && !cdr_audit_extends(c->before.size, c->before.root, &shown, cdr_message_bytes(reply->extension))) {
		(void)cdr_checkpoint_fork(&c->before, &shown, names, sizeof(names));
		cdr_audit_find(c, CDR_AUDIT_REWRITTEN, 0, names, NULL, NULL);
	}
	if (c->audit->finding_count > found)
		return CDR_OK;
	c->before = shown;
	cdr_buffer_free(&c->before_note);
	return cdr_buffer_copy(cdr_buffer_bytes(&c->newest_note), &c->before_note);
}

/* Each receipt that is held: does the log hold it? */
static void
judge_receipts(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply)
{
	for (size_t i = 0; i < c->held_count; i++) {
		const struct cdr_audit_held *h = &c->held[i];
		if (i > 0 && c->held[i - 1].place == h->place)
			cdr_audit_find(c, CDR_AUDIT_TWICE, h->place, "hub", &h->bytes, &c->held[i - 1].bytes);
		if (h->place >= c->newest.size) {
			c->audit->waiting_count += !c->is_sampling;
			continue;
		}
		struct cdr_bytes p = cdr_checkpoint_proof(reply, h->place);
		c->proved[i] = p.len % HASH == 0 &&
		    cdr_merkle_verify_include(h->hash, h->place, c->newest.size, p.data, p.len / HASH, c->newest.root) == CDR_OK;
		c->audit->proved_count += c->proved[i] && !c->is_sampling;
		if (!c->proved[i])
			cdr_audit_find(c, CDR_AUDIT_MISSING, h->place, "hub", &h->bytes, NULL);
	}
}

/* see node/member/audit_work.h */
bool
cdr_audit_is_unable(const struct cdr_ask *ask, cdr_err err)
{
	return err == CDR_E_ABSENT && ask->answered;
}

/* The next portion of receipts; each reply must extend the one before it, and the first what was verified last. ${count} is how many there were. */
static cdr_err
check_portion(struct cdr_audit_work *c, size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t place[CDR_LOG_POSITIONS_MAX];
	struct cdr_ask ask = { 0 };

	CDR_TRY(cdr_store_read(c->member->home->store, read_receipts, c));
	*count = c->held_count;
	for (size_t i = 0; i < c->held_count; i++)
		place[i] = c->held[i].place;
	err = cdr_audit_ask(c, &c->before, place, c->held_count, &ask, fault);
	/* A hub that cannot show what it showed before has lost it. */
	if (cdr_audit_is_unable(&ask, err) && c->before.size > 0)
		cdr_audit_find(c, CDR_AUDIT_SHORTER, 0, "hub", NULL, NULL);
	if (err == CDR_OK)
		err = judge_checkpoint(c, ask.reply);
	if (err == CDR_OK && c->newest.size > 0) {
		judge_receipts(c, ask.reply);
		err = cdr_store_write(c->member->home->store, write_receipts, c);
	}
out:
	cdr_ask_free(&ask);
	return err;
}

/*
 * All receipts that were not proved yet, a portion at a time; the log may grow meanwhile. Then some of the others: what was altered
 * long after it was proved is found out too.
 */
static cdr_err
check_hub(struct cdr_audit_work *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t draw;
	size_t count;

	do {
		CDR_TRY(check_portion(c, &count, fault));
		if (c->held_count > 0) /* two receipts for one place do not stand in two portions */
			c->from = (int64_t)c->held[c->held_count - 1].place + 1;
	} while (count == CDR_LOG_POSITIONS_MAX && c->newest.size > 0);
	if (c->again || c->newest.size == 0)
		return CDR_OK;
	CDR_TRY(cdr_random((uint8_t *)&draw, sizeof(draw)));
	c->is_sampling = true;
	c->from = (int64_t)(draw % c->newest.size); /* a small bias does no harm here */
	CDR_TRY(check_portion(c, &count, fault));
	c->is_sampling = false;
out:
	return err;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

/*
 * An honest hub has whatever it logged cosigned before it answers (node/hub/witness.h), however quiet it was and however long this
 * node slept. So who is late is told by who answers now, and no clock is believed against anybody: with t trustees that told
 * what they saw last the log is as new as can be, and then it must hold what the hub gave receipts for.
 */
static cdr_err
judge_time(struct cdr_audit_work *c)
{
	cdr_err err = CDR_OK;
	bool is_confirmed = c->audit->compared_count >= c->roster->body->threshold;

	if (!is_confirmed && c->audit->witnessed_at != 0 && c->audit->witnessed_at + CDR_AUDIT_STALE_S < c->now)
		cdr_audit_find(c, CDR_AUDIT_STALE, 0, c->absent, NULL, NULL);
	if (!is_confirmed || c->audit->waiting_count == 0)
		return CDR_OK;
	c->from = (int64_t)c->newest.size;
	do {
		err = cdr_store_read(c->member->home->store, read_receipts, c);
		for (size_t i = 0; err == CDR_OK && i < c->held_count; i++)
			if (c->held[i].kept_at + CDR_AUDIT_LATE_S < c->now)
				cdr_audit_find(c, CDR_AUDIT_LATE, c->held[i].place, "hub", &c->held[i].bytes, NULL);
		if (c->held_count > 0)
			c->from = (int64_t)c->held[c->held_count - 1].place + 1;
	} while (err == CDR_OK && c->held_count == CDR_LOG_POSITIONS_MAX);
	return err;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

/* A reading job. */
static cdr_err
count_kept(struct cdr_tx *tx, void *context)
{
	struct cdr_audit *audit = context;
	int64_t count = 0;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM receipt WHERE state = 'proved'", CDR_VALUES(), &count);

	audit->kept_count = (uint64_t)count;
	return err;
}

static cdr_err
check(struct cdr_audit_work *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, asked;

	CDR_TRY(cdr_store_read(c->member->home->store, read_before, c));
	if (c->before_note.len > 0)
		CDR_TRY(cdr_checkpoint_read(cdr_buffer_bytes(&c->before_note), c->member->genesis, c->roster, &c->before, fault));
	asked = check_hub(c, fault);
	if (asked == CDR_OK && c->newest.size > 0) {
		CDR_TRY(cdr_audit_compare(c));
		CDR_TRY(judge_time(c));
	}
	/* What trustees keep is heard also of a hub that does not answer. */
	if (asked == CDR_OK || asked == CDR_E_NETWORK || asked == CDR_E_BUSY)
		CDR_TRY(cdr_audit_hear(c));
	CDR_TRY(asked);
	CDR_TRY(cdr_store_read(c->member->home->store, count_kept, c->audit));
	/* What does not hold is not what tomorrow's log is compared with. */
	if (c->newest.size > 0 && c->audit->finding_count == 0)
		CDR_TRY(cdr_store_write(c->member->home->store, write_seen, c));
out:
	return err;
}

/* see node/member/audit.h */
cdr_err
cdr_audit_check(struct cdr_member *member, bool again, struct cdr_audit *audit, struct cdr_fault *fault)
{
	struct cdr_audit_work *c = calloc(1, sizeof(*c));

	memset(audit, 0, sizeof(*audit));
	if (c == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_member_joined(member, fault);
	if (err == CDR_OK) {
		c->member = member;
		c->audit = audit;
		c->again = again;
		c->now = cdr_member_now();
		c->roster = cdr_current_hold(member->current);
		err = check(c, fault);
		cdr_current_release(member->current, c->roster);
	}
	drop_held(c);
	cdr_buffer_free(&c->before_note);
	cdr_buffer_free(&c->newest_note);
	cdr_buffer_free(&c->request);
	cdr_buffer_free(&c->reply);
	for (size_t i = 0; i < c->word_count; i++) {
		cdr_buffer_free(&c->word[i].request);
		cdr_buffer_free(&c->word[i].reply);
	}
	free(c);
	if (audit->finding_count > 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "%s The evidence is in %s", cdr_audit_text(audit->finding[0].kind, "en"),
		    audit->finding[0].path);
	return err;
}
