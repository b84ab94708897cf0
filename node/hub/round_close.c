#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "audit/checkpoint.h"
#include "node/hub/log.h"
#include "node/hub/round.h"
#include "node/hub/witness.h"
#include "node/net/log.h"

#define WAITING_MAX 16 /* closed rounds that are looked at */

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* A round while it is being closed. */
struct closing {
	struct cdr_hub *hub;
	const struct cdr_roster *roster;   /* held */
	struct cdr_hub_round r;
	struct cdr_elgamal *key;
	struct cdr_tally *tally;
	Cdr__Wire__ClosedContribution *entry;
	Cdr__Wire__ClosedContribution **entry_at;
	char (*member)[CDR_SLUG_LEN_MAX + 1];
	uint8_t (*hash)[CDR_SHA256_LEN];
	size_t count, minimum;
	struct cdr_buffer sums, head, close;   /* head: RoundClose, as it is signed inside */
	uint64_t now;
	struct cdr_fault *fault;
};

static void
closing_free(struct closing *c)
{
	cdr_tally_free(c->tally);
	cdr_elgamal_free(c->key);
	cdr_hub_round_free(&c->r);
	cdr_buffer_free(&c->sums);
	cdr_buffer_free(&c->head);
	cdr_buffer_free(&c->close);
	free(c->entry);
	free(c->entry_at);
	free(c->member);
	free(c->hash);
	cdr_hub_roster_release(c->hub, c->roster);
}

/* A writing job: from now on no contribution comes in. */
static cdr_err
stop_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "UPDATE round SET state = 'closing' WHERE hash = $1 AND state = 'open'",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(context))));
}

/* A reading job: the members whose contribution counts. Who has left the roster's active members since is left out. */
static cdr_err
members_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closing *c = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(c->r.round->hash)));
	size_t room = (size_t)c->r.contributions;
	bool active;

	c->entry = calloc(room + 1, sizeof(*c->entry));
	c->entry_at = calloc(room + 1, sizeof(*c->entry_at));
	c->member = calloc(room + 1, sizeof(*c->member));
	c->hash = calloc(room + 1, sizeof(*c->hash));
	if (c->entry == NULL || c->entry_at == NULL || c->member == NULL || c->hash == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_query_start(tx, "SELECT member, hash FROM round_contribution WHERE round = $1 ORDER BY member", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK && c->count < room) {
		CDR_TRY(cdr_query_text(query, 0, c->member[c->count], sizeof(c->member[0])));
		CDR_TRY(cdr_query_blob(query, 1, c->hash[c->count], sizeof(c->hash[0])));
		CDR_TRY(cdr_hub_active_read(tx, c->roster, c->member[c->count], &active));
		if (active)
			c->count++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

struct request_job {
	const uint8_t *round;
	const char *member;
	struct cdr_buffer request;
};

/* A reading job: one contribution. */
static cdr_err
request_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct request_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->round)), cdr_value_text(job->member));

	CDR_TRY(cdr_query_start(tx, "SELECT request FROM round_contribution WHERE round = $1 AND member = $2", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_ROUND_MAX, &job->request));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Add one. Who has left, or enrolled anew with another key since, has to submit again, or does not count. */
static cdr_err
add_one(struct closing *c, size_t from, size_t *kept)
{
	struct request_job job = { .round = c->r.round->hash, .member = c->member[from] };
	cdr_err err = cdr_store_read(c->hub->store, request_job, &job);

	if (err == CDR_OK)
		err = cdr_tally_add(c->tally, NULL, cdr_buffer_bytes(&job.request), c->fault);
	cdr_buffer_free(&job.request);
	if (err == CDR_E_SIGNATURE || err == CDR_E_ABSENT) {
		cdr_log(CDR_LOG_WARNING, "round.not_counted", cdr_log_text("member", c->member[from]), cdr_log_err(err));
		return CDR_OK;
	}
	if (err != CDR_OK)
		return err;
	if (*kept != from) {
		memcpy(c->member[*kept], c->member[from], sizeof(c->member[0]));
		memcpy(c->hash[*kept], c->hash[from], sizeof(c->hash[0]));
	}
	(*kept)++;
	return CDR_OK;
}

/* Add up. Every contribution was verified when it came in, and every trustee verifies it again. */
static cdr_err
add_up(struct closing *c)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_tally_world world = { .round = c->r.round, .roster = c->roster, .genesis = c->hub->genesis };
	size_t kept = 0;

	CDR_TRY(cdr_elgamal_new(c->r.round->body->public_key.data, &c->key));
	CDR_TRY(cdr_tally_new(&world, c->key, false, &c->tally));
	for (size_t i = 0; i < c->count; i++)
		CDR_TRY(add_one(c, i, &kept));
	c->count = kept;
	if (c->count >= c->minimum)
		CDR_TRY(cdr_tally_finish(c->tally, &c->sums, c->fault));
out:
	return err;
}

/* The signed list of what counts. */
static cdr_err
sign_list(struct closing *c)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__CloseList list = CDR__WIRE__CLOSE_LIST__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	struct cdr_buffer entries = { 0 };
	uint8_t sums_hash[CDR_SHA256_LEN], list_hash[CDR_SHA256_LEN], signature[CDR_SIGNATURE_LEN];
	const struct cdr_bytes sums = cdr_buffer_bytes(&c->sums);

	CDR_TRY(cdr_sha256(&sums, 1, sums_hash));
	for (size_t i = 0; i < c->count; i++) {
		c->entry[i] = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		c->entry[i].member = c->member[i];
		c->entry[i].hash = cdr_message_field(c->hash[i], CDR_SHA256_LEN);
		c->entry_at[i] = &c->entry[i];
	}
	list.contribution = c->entry_at;
	list.n_contribution = c->count;
	CDR_TRY(cdr_message_encode(&list.base, &entries));
	const struct cdr_bytes listed = cdr_buffer_bytes(&entries);
	CDR_TRY(cdr_sha256(&listed, 1, list_hash));
	head.round = cdr_message_field(c->r.round->hash, CDR_ROUND_HASH_LEN);
	head.closed_at = c->now;
	head.members = (uint32_t)c->count;
	head.list_hash = cdr_message_field(list_hash, sizeof(list_hash));
	head.sums_hash = cdr_message_field(sums_hash, sizeof(sums_hash));
	head.roster_version = c->roster->body->version;
	CDR_TRY(cdr_message_encode(&head.base, &c->head));
	CDR_TRY(cdr_round_sign(c->hub->seed, CDR_ROUND_WORD_CLOSE, c->hub->genesis, cdr_buffer_bytes(&c->head), signature));
	sealed.close = cdr_message_field(c->head.data, c->head.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(listed.data, listed.len);
	CDR_TRY(cdr_message_encode(&sealed.base, &c->close));
out:
	cdr_buffer_free(&entries);
	return err;
}

/*
 * The leaf of a closing says by itself for which months something may be opened: trustees hold later closings against it. Nothing
 * is opened of no members.
 */
static cdr_err
log_closing(struct cdr_tx *tx, const struct closing *c, struct cdr_hub_logged *logged)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROUND_CLOSED, .at = c->now };
	const struct cdr_bytes parts[] = { hash_bytes(c->r.round->hash), cdr_buffer_bytes(&c->head) };

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, c->close.len == 0 ? 0 : c->count);
	cdr_leaf_number_add(&leaf, c->r.round->body->first_month);
	cdr_leaf_number_add(&leaf, c->r.round->body->last_month);
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, logged));
out:
	return err;
}

/* A writing job: closed, or void, and its leaf. Who was quicker has done the same. */
static cdr_err
close_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct closing *c = context;
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { hash_bytes(c->r.round->hash), cdr_buffer_bytes(&c->close) };
	bool is_void = c->close.len == 0;
	int64_t version;

	/* Trustees see in the log which roster was in force: the list must be made by that one. */
	CDR_TRY(cdr_query_one_int(tx, "SELECT version FROM roster ORDER BY version DESC LIMIT 1", CDR_VALUES(), &version));
	if ((uint64_t)version != c->roster->body->version)
		return cdr_fault_set(c->fault, CDR_E_BUSY, "another roster came into force just now: try again");
	CDR_TRY(cdr_query_run(tx,
	    "UPDATE round SET state = $2, close_list = $3, sums = $4, closed_at = $5 WHERE hash = $1 AND state = 'closing'",
	    CDR_VALUES(cdr_value_bytes(parts[0]), cdr_value_text(is_void ? "void" : "closed"),
		is_void ? cdr_value_null() : cdr_value_bytes(parts[1]),
		is_void ? cdr_value_null() : cdr_value_bytes(cdr_buffer_bytes(&c->sums)), cdr_value_int((int64_t)c->now))));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_OK;
	CDR_TRY(log_closing(tx, c, &logged));
	CDR_TRY(cdr_query_run(tx, "UPDATE round SET close_place = $2 WHERE hash = $1",
	    CDR_VALUES(cdr_value_bytes(parts[0]), cdr_value_int((int64_t)logged.position))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* Contributions are in, and no more come: which count, what they add up to. */
static cdr_err
finish(struct closing *c)
{
	cdr_err err = CDR_E_INTERNAL;

	c->minimum = c->r.round->body->minimum;
	if (c->minimum < cdr_round_minimum(c->roster))
		c->minimum = cdr_round_minimum(c->roster);
	CDR_TRY(cdr_store_read(c->hub->store, members_job, c));
	if (c->count >= c->minimum)
		CDR_TRY(add_up(c));
	if (c->count >= c->minimum)
		CDR_TRY(sign_list(c));
	CDR_TRY(cdr_store_write(c->hub->store, close_job, c));
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_close(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], bool early, uint64_t now,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closing c = { .hub = hub, .now = now, .fault = fault };
	uint8_t copy[CDR_ROUND_HASH_LEN];

	memcpy(copy, hash, sizeof(copy));
	c.roster = cdr_hub_roster_hold(hub);
	if (c.roster == NULL)
		return CDR_E_STORE;
	CDR_TRY(cdr_hub_round_load(hub, hash, &c.r));
	if (strcmp(c.r.state, "open") != 0 && strcmp(c.r.state, "closing") != 0)
		goto out;
	if (strcmp(c.r.state, "open") == 0 && !early && now <= c.r.round->body->deadline) {
		err = cdr_fault_set(fault, CDR_E_TIME, "the deadline is not over: members may still contribute (--early closes all the same)");
		goto out;
	}
	CDR_TRY(cdr_store_write(hub->store, stop_job, copy));
	cdr_hub_round_free(&c.r);
	CDR_TRY(cdr_hub_round_load(hub, hash, &c.r));
	CDR_TRY(finish(&c));
out:
	closing_free(&c);
	return err;
}

struct due_job {
	uint64_t now;
	uint8_t hash[CDR_ROUND_HASH_LEN];
};

/* A reading job: a round that is to be closed. */
static cdr_err
due_job(struct cdr_tx *tx, void *context)
{
	struct due_job *job = context;

	return cdr_query_one_blob(tx,
	    "SELECT hash FROM round WHERE (state = 'open' AND deadline < $1) OR state = 'closing' ORDER BY deadline LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)job->now)), job->hash, sizeof(job->hash));
}

/* ---- witnessed -------------------------------------------------------------------------------------------------- */

/* A closed round as far as it waits for witnesses. */
struct waiting {
	uint8_t hash[CDR_ROUND_HASH_LEN];
	uint64_t place[2];              /* of the closing; of the set */
	bool has_set;
	struct cdr_buffer note[2];
};

struct waiting_job {
	struct waiting round[WAITING_MAX];
	size_t count;
};

/* A reading job. */
static cdr_err
waiting_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT hash, close_place, set_place, close_note, set_note FROM round WHERE state = 'closed'"
	    " AND close_place IS NOT NULL ORDER BY closed_at, hash", none, &query));
	while (job->count < WAITING_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct waiting *w = &job->round[job->count++];
		CDR_TRY(cdr_query_blob(query, 0, w->hash, sizeof(w->hash)));
		CDR_TRY(cdr_query_count(query, 1, &w->place[0]));
		w->has_set = !cdr_query_is_null(query, 2);
		if (w->has_set)
			CDR_TRY(cdr_query_count(query, 2, &w->place[1]));
		for (int i = 0; i < 2; i++)
			if (!cdr_query_is_null(query, 3 + i))
				CDR_TRY(cdr_query_blob_copy(query, 3 + i, CDR_CHECKPOINT_LEN_MAX, &w->note[i]));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

struct note_job {
	const uint8_t *hash;
	int which;
	struct cdr_bytes note;
};

/* A writing job. */
static cdr_err
note_job(struct cdr_tx *tx, void *context)
{
	const struct note_job *job = context;

	return cdr_query_run(tx, job->which == 0 ? "UPDATE round SET close_note = $2 WHERE hash = $1" :
	    "UPDATE round SET set_note = $2 WHERE hash = $1", CDR_VALUES(cdr_value_bytes(hash_bytes(job->hash)), cdr_value_bytes(job->note)));
}

/* Whether as many of the trustees of now have cosigned the note as must. */
static bool
is_enough(const struct cdr_hub *hub, const struct cdr_roster *roster, const struct cdr_buffer *note)
{
	struct cdr_checkpoint checkpoint;

	return note->len > 0 && cdr_checkpoint_read(cdr_buffer_bytes(note), hub->genesis, roster, &checkpoint, NULL) == CDR_OK &&
	    checkpoint.cosignature_count >= cdr_round_quorum(roster);
}

/* Put ${checkpoint} behind what has none yet, or one that the trustees of now did not make. */
static cdr_err
keep_note(struct cdr_hub *hub, const struct cdr_roster *roster, const struct waiting *w, int which,
    const struct cdr_checkpoint *checkpoint)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer note = { 0 };
	struct note_job job = { .hash = w->hash, .which = which };

	if (checkpoint->size <= w->place[which] || is_enough(hub, roster, &w->note[which]))
		return CDR_OK;
	CDR_TRY(cdr_checkpoint_write(checkpoint, hub->genesis, roster, &note));
	job.note = cdr_buffer_bytes(&note);
	CDR_TRY(cdr_store_write(hub->store, note_job, &job));
out:
	cdr_buffer_free(&note);
	return err;
}

/* Keep what the trustees have witnessed behind closings and sets. */
static cdr_err
keep_notes(struct cdr_hub *hub)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_checkpoint checkpoint;
	struct waiting_job job = { .count = 0 };
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);

	if (roster == NULL)
		return CDR_E_STORE;
	CDR_TRY(cdr_store_read(hub->store, waiting_job, &job));
	if (job.count == 0 || hub->witness == NULL || !cdr_hub_witness_quorate(hub->witness, cdr_round_quorum(roster), &checkpoint))
		goto out;
	for (size_t i = 0; i < job.count; i++) {
		CDR_TRY(keep_note(hub, roster, &job.round[i], 0, &checkpoint));
		if (job.round[i].has_set)
			CDR_TRY(keep_note(hub, roster, &job.round[i], 1, &checkpoint));
	}
out:
	for (size_t i = 0; i < job.count; i++)
		for (int k = 0; k < 2; k++)
			cdr_buffer_free(&job.round[i].note[k]);
	cdr_hub_roster_release(hub, roster);
	return err;
}

/* ---- waiting, giving up ----------------------------------------------------------------------------------------- */

/* The trustees that ${checkpoint} lacks, for a person; it may be zero. */
static void
tell_missing(const struct cdr_roster *roster, const struct cdr_checkpoint *checkpoint, char *text, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < roster->body->n_trustee && len < size; i++) {
		uint32_t index = roster->body->trustee[i]->index;
		bool has = false;
		for (size_t k = 0; k < checkpoint->cosignature_count; k++)
			has = has || checkpoint->cosignature[k].trustee == index;
		if (!has)
			len += (size_t)snprintf(text + len, size - len, "%s%" PRIu32, len > 0 ? ", " : "", index);
	}
}

struct newest_job {
	const struct cdr_hub *hub;
	const struct cdr_roster *roster;
	struct cdr_checkpoint checkpoint;
};

/* A reading job: what the daemon kept last. */
static cdr_err
newest_job(struct cdr_tx *tx, void *context)
{
	struct newest_job *job = context;
	cdr_err err = cdr_hub_checkpoint_read(tx, CDR_HUB_CHECKPOINT_NEWEST, job->hub->genesis, job->roster, &job->checkpoint);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_waits(struct cdr_hub *hub, const struct cdr_hub_round *r, const struct cdr_roster *roster, char *text, size_t size)
{
	struct newest_job job = { .hub = hub, .roster = roster };
	char missing[CDR_FAULT_LEN / 2] = "";
	bool set_waits = r->set.len > 0 && r->round->body->has_epsilon_milli;

	text[0] = '\0';
	if (strcmp(r->state, "closed") != 0 || (is_enough(hub, roster, &r->close_note) && (!set_waits || is_enough(hub, roster, &r->set_note))))
		return CDR_OK;
	set_waits = set_waits && is_enough(hub, roster, &r->close_note);
	cdr_err err = cdr_store_read(hub->store, newest_job, &job);
	if (err != CDR_OK)
		return err;
	if (job.checkpoint.size <= (set_waits ? r->set_place : r->close_place))
		job.checkpoint.cosignature_count = 0;
	tell_missing(roster, &job.checkpoint, missing, sizeof(missing));
	(void)snprintf(text, size, "%" PRIu32 " of %zu trustees must have seen in the log %s before anything %s opened; it waits for these: "
	    "trustee %s", cdr_round_quorum(roster), roster->body->n_trustee, set_waits ? "whose noise counts" : "how the round was closed",
	    set_waits ? "more is" : "is", missing);
	return CDR_OK;
}

struct give_up_job {
	const uint8_t *hash;
	bool done;
};

/* A writing job. */
static cdr_err
give_up_job(struct cdr_tx *tx, void *context)
{
	struct give_up_job *job = context;
	const struct cdr_value hash = cdr_value_bytes(hash_bytes(job->hash));
	int64_t count;

	cdr_err err = cdr_query_run(tx, "UPDATE round SET state = 'given_up' WHERE hash = $1 AND state = 'closed'", CDR_VALUES(hash));
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM round WHERE hash = $1 AND state = 'given_up'", CDR_VALUES(hash), &count);
	job->done = err == CDR_OK && count > 0;
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_give_up(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_fault *fault)
{
	struct give_up_job job = { .hash = hash };
	cdr_err err = cdr_store_write(hub->store, give_up_job, &job);

	if (err == CDR_OK && !job.done)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "only a round that was closed, and not opened, can be given up");
	return err;
}

/* ---- by itself -------------------------------------------------------------------------------------------------- */

/* see node/hub/round.h */
cdr_err
cdr_hub_round_step(struct cdr_hub *hub, uint64_t now, struct cdr_fault *fault)
{
	struct due_job due = { .now = now };
	cdr_err err;

	while ((err = cdr_store_read(hub->store, due_job, &due)) == CDR_OK) {
		err = cdr_hub_round_close(hub, due.hash, false, now, fault);
		if (err != CDR_OK)
			return err;
	}
	return err == CDR_E_ABSENT ? keep_notes(hub) : err;
}
