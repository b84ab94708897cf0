#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/round.h"

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
	size_t count;
	struct cdr_buffer sums, close;
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

/* Add up. Every contribution was verified when it came in, and every trustee verifies it again. */
static cdr_err
add_up(struct closing *c)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_tally_world world = { c->r.round, c->roster, c->hub->genesis };

	CDR_TRY(cdr_elgamal_new(c->r.round->body->public_key.data, &c->key));
	CDR_TRY(cdr_tally_new(&world, c->key, false, &c->tally));
	for (size_t i = 0; i < c->count; i++) {
		struct request_job job = { .round = c->r.round->hash, .member = c->member[i] };
		err = cdr_store_read(c->hub->store, request_job, &job);
		if (err == CDR_OK)
			err = cdr_tally_add(c->tally, NULL, cdr_buffer_bytes(&job.request), c->fault);
		cdr_buffer_free(&job.request);
		if (err != CDR_OK)
			goto out;
	}
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
	struct cdr_buffer entries = { 0 }, inner = { 0 };
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
	CDR_TRY(cdr_message_encode(&head.base, &inner));
	CDR_TRY(cdr_round_sign(c->hub->seed, CDR_ROUND_WORD_CLOSE, c->hub->genesis, cdr_buffer_bytes(&inner), signature));
	sealed.close = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(listed.data, listed.len);
	CDR_TRY(cdr_message_encode(&sealed.base, &c->close));
out:
	cdr_buffer_free(&entries);
	cdr_buffer_free(&inner);
	return err;
}

/* A writing job: closed, or void, and its leaf. Who was quicker has done the same. */
static cdr_err
close_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct closing *c = context;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROUND_CLOSED, .at = c->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { hash_bytes(c->r.round->hash), cdr_buffer_bytes(&c->close) };
	bool is_void = c->close.len == 0;

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE round SET state = $2, close_list = $3, sums = $4, closed_at = $5 WHERE hash = $1 AND state = 'closing'",
	    CDR_VALUES(cdr_value_bytes(parts[0]), cdr_value_text(is_void ? "void" : "closed"),
		is_void ? cdr_value_null() : cdr_value_bytes(parts[1]),
		is_void ? cdr_value_null() : cdr_value_bytes(cdr_buffer_bytes(&c->sums)), cdr_value_int((int64_t)c->now))));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_OK;
	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, c->count);
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* Contributions are in, and no more come: which count, what they add up to. */
static cdr_err
finish(struct closing *c)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_store_read(c->hub->store, members_job, c));
	if (c->count >= c->r.round->body->minimum) {
		CDR_TRY(add_up(c));
		CDR_TRY(sign_list(c));
	}
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
	return err == CDR_E_ABSENT ? CDR_OK : err;
}
