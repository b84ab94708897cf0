#include "node/hub/ceremony.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "keys/ceremony.h"
#include "node/hub/proposal.h"

#define BAG_COUNT_MAX (3 * CDR_TRUSTEE_COUNT_MAX) /* of one round: to all, to the caller, from the caller */
#define RESULT_LEN_MAX 2048
#define RESULT_HASH_LEN 32
#define ATTEMPT_MAX 64 /* ceremonies for one epoch whose messages are deleted once all trustees have the key */

/* ---- messages ----------------------------------------------------------------------------------------------- */

static cdr_err
check_message(const struct cdr_call *call, const Cdr__Wire__CeremonyMessage *message, struct cdr_fault *fault)
{
	if (message->ceremony.len != CDR_CEREMONY_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a ceremony has %d bytes", CDR_CEREMONY_ID_LEN);
	if (message->from != call->trustee->index)
		return cdr_fault_set(fault, CDR_E_REFUSED, "trustee %u posts in the name of trustee %u", call->trustee->index,
		    message->from);
	if (message->round == 0 || message->round > CDR_HUB_CEREMONY_ROUND_MAX ||
	    message->to > call->roster->body->n_trustee)
		return cdr_fault_set(fault, CDR_E_RANGE, "there is no such round or receiver");
	if (message->content.len == 0 || message->content.len > CDR_HUB_CEREMONY_CONTENT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a message has 1 to %u bytes", CDR_HUB_CEREMONY_CONTENT_MAX);
	return CDR_OK;
}

struct post_job {
	const struct cdr_call *call;
	const Cdr__Wire__CeremonyMessage *message;
};

/* Whether this message is here: CDR_E_EXISTS if another one is in its place. */
static cdr_err
find_message(struct cdr_tx *tx, const Cdr__Wire__CeremonyMessage *message, bool *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes content;
	struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(message->ceremony)),
	    cdr_value_int(message->round), cdr_value_int(message->from), cdr_value_int(message->to));

	*known = false;
	CDR_TRY(cdr_query_start(tx,
	    "SELECT content FROM ceremony_message WHERE ceremony = $1 AND round = $2 AND sender = $3 AND recipient = $4",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		*known = true;
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_HUB_CEREMONY_CONTENT_MAX, &content));
		if (content.len != message->content.len || memcmp(content.data, message->content.data, content.len) != 0)
			err = CDR_E_EXISTS;
	} else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job. */
static cdr_err
post_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct post_job *job = context;
	const Cdr__Wire__CeremonyMessage *m = job->message;
	int64_t count;
	bool known;

	CDR_TRY(find_message(tx, m, &known));
	if (known)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM ceremony_message WHERE sender = $1",
	    CDR_VALUES(cdr_value_int(m->from)), &count));
	if (count >= CDR_HUB_CEREMONY_SENDER_MAX)
		return CDR_E_QUOTA;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO ceremony_message (ceremony, round, sender, recipient, content, stored_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(m->ceremony)), cdr_value_int(m->round), cdr_value_int(m->from),
		cdr_value_int(m->to), cdr_value_bytes(cdr_message_bytes(m->content)),
		cdr_value_int((int64_t)job->call->now))));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_ceremony_post(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct post_job job = { call, (const Cdr__Wire__CeremonyMessage *)call->message };

	(void)answer;
	CDR_TRY(check_message(call, job.message, fault));
	CDR_TRY(cdr_store_write(hub->store, post_write, &job));
	err = CDR_OK;
out:
	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "trustee %u has %d messages here: wait until old ceremonies are deleted, %d days after they "
		    "were stored", call->trustee->index, CDR_HUB_CEREMONY_SENDER_MAX, CDR_HUB_CEREMONY_DAYS);
	if (err == CDR_E_EXISTS) {
		cdr_fault_set(fault, err, "trustee %u posted another message in round %u of this ceremony before",
		    call->trustee->index, job.message->round);
		cdr_hub_misuse_note(hub, call->envelope->signer, "ceremony", cdr_message_bytes(job.message->ceremony), call->now,
		    "two messages in round %u to %u", job.message->round, job.message->to);
	}
	return err;
}

/* Messages on their way out. */
struct ceremony_bag {
	const struct cdr_call *call;
	const Cdr__Wire__CeremonyFetch *request;
	Cdr__Wire__CeremonyMessage message[BAG_COUNT_MAX];
	Cdr__Wire__CeremonyMessage *at[BAG_COUNT_MAX];
	struct cdr_buffer content[BAG_COUNT_MAX];
	size_t count;
};

static void
bag_free(struct ceremony_bag *bag)
{
	for (size_t i = 0; i < BAG_COUNT_MAX; i++)
		cdr_buffer_free(&bag->content[i]);
	free(bag);
}

static cdr_err
bag_add(struct ceremony_bag *bag, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t i = bag->count;
	uint64_t from, to;

	CDR_TRY(cdr_query_count(query, 0, &from));
	CDR_TRY(cdr_query_count(query, 1, &to));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_HUB_CEREMONY_CONTENT_MAX, &bag->content[i]));
	bag->message[i] = (Cdr__Wire__CeremonyMessage)CDR__WIRE__CEREMONY_MESSAGE__INIT;
	bag->message[i].ceremony = bag->request->ceremony;
	bag->message[i].round = bag->request->round;
	bag->message[i].from = (uint32_t)from;
	bag->message[i].to = (uint32_t)to;
	bag->message[i].content = cdr_message_field(bag->content[i].data, bag->content[i].len);
	bag->at[i] = &bag->message[i];
	bag->count++;
	err = CDR_OK;
out:
	return err;
}

/* A reading job. */
static cdr_err
fetch_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct ceremony_bag *bag = context;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(bag->request->ceremony)),
	    cdr_value_int(bag->request->round), cdr_value_int(bag->call->trustee->index), cdr_value_int(BAG_COUNT_MAX));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT sender, recipient, content FROM ceremony_message WHERE ceremony = $1 AND round = $2"
	    " AND (recipient = 0 OR recipient = $3 OR sender = $3) ORDER BY sender, recipient LIMIT $4",
	    values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(bag_add(bag, query));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_ceremony_fetch(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	Cdr__Wire__CeremonyMessages reply = CDR__WIRE__CEREMONY_MESSAGES__INIT;

	struct ceremony_bag *bag = calloc(1, sizeof(*bag));
	if (bag == NULL)
		return CDR_E_MEMORY;
	bag->call = call;
	bag->request = (const Cdr__Wire__CeremonyFetch *)call->message;
	if (bag->request->ceremony.len != CDR_CEREMONY_ID_LEN) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the id of a ceremony has %d bytes", CDR_CEREMONY_ID_LEN);
		goto out;
	}
	CDR_TRY(cdr_store_read(hub->store, fetch_job, bag));
	reply.message = bag->at;
	reply.n_message = bag->count;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	bag_free(bag);
	return err;
}

/* ---- results ------------------------------------------------------------------------------------------------ */

struct result_job {
	const struct cdr_call *call;
	const Cdr__Wire__CeremonyResult *result;
	const uint8_t *seed;
	const uint8_t *genesis;
	struct cdr_bytes encoded;              /* the result */
	uint8_t hash[RESULT_HASH_LEN];         /* of that */
	struct cdr_fault *fault;
};

static uint32_t
newest_number(const struct cdr_roster *roster, enum cdr_key_kind kind)
{
	struct cdr_roster_key key;

	(void)cdr_roster_key_newest(roster->body, kind, &key);
	return key.number;
}

static cdr_err
check_result(const struct cdr_call *call, const Cdr__Wire__CeremonyResult *result, struct cdr_fault *fault)
{
	bool is_tags = result->kind == CDR_KEY_TAGS;
	uint32_t newest = newest_number(call->roster, (enum cdr_key_kind)result->kind);
	bool sound = (is_tags || result->kind == CDR_KEY_STATISTICS) && result->scheme_version.len == (is_tags ? 32 : 0) &&
	    result->transcript.len == 32 && result->public_key.len == CDR_POINT_LEN &&
	    result->n_public_share == call->roster->body->n_trustee;

	for (size_t i = 0; sound && i < result->n_public_share; i++)
		sound = result->public_share[i].len == CDR_POINT_LEN;
	if (!sound)
		return cdr_fault_set(fault, CDR_E_INPUT, "the result lacks a key, a share, a scheme version or a transcript");
	if (result->number == 0 || (result->number != newest && result->number != newest + 1))
		return cdr_fault_set(fault, CDR_E_EPOCH, "the next number is %u, not %u", newest + 1, result->number);
	return CDR_OK;
}

/* Keep what the trustee says; ${known} if it said so before, CDR_E_EXISTS if it said something else. */
static cdr_err
keep_result(struct cdr_tx *tx, const struct result_job *job, bool *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value kind = cdr_value_int(job->result->kind), number = cdr_value_int(job->result->number);
	struct cdr_value index = cdr_value_int(job->call->trustee->index);
	uint8_t hash[RESULT_HASH_LEN];

	*known = false;
	err = cdr_query_one_blob(tx, "SELECT hash FROM key_result WHERE kind = $1 AND number = $2 AND trustee = $3",
	    CDR_VALUES(kind, number, index), hash, sizeof(hash));
	if (err == CDR_OK) {
		*known = true;
		return memcmp(hash, job->hash, sizeof(hash)) == 0 ? CDR_OK : CDR_E_EXISTS;
	}
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO key_result (kind, number, trustee, hash, result, posted_at) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(kind, number, index, cdr_value_blob(job->hash, sizeof(job->hash)), cdr_value_bytes(job->encoded),
		cdr_value_int((int64_t)job->call->now))));
	err = CDR_OK;
out:
	return err;
}

/* All trustees have the key: nobody needs the messages any more. */
static cdr_err
delete_messages(struct cdr_tx *tx, const struct result_job *job)
{
	uint8_t id[CDR_CEREMONY_ID_LEN];

	for (uint32_t attempt = 1; attempt <= ATTEMPT_MAX; attempt++) {
		cdr_err err = cdr_ceremony_id(job->genesis, (enum cdr_key_kind)job->result->kind, job->result->number, attempt,
		    id);
		if (err == CDR_OK)
			err = cdr_query_run(tx, "DELETE FROM ceremony_message WHERE ceremony = $1",
			    CDR_VALUES(cdr_value_blob(id, sizeof(id))));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A writing job. */
static cdr_err
result_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct result_job *job = context;
	const Cdr__Wire__Roster *roster = job->call->roster->body;
	int64_t count;
	bool known;

	CDR_TRY(keep_result(tx, job, &known));
	if (known)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM key_result WHERE kind = $1 AND number = $2 AND hash = $3",
	    CDR_VALUES(cdr_value_int(job->result->kind), cdr_value_int(job->result->number),
		cdr_value_blob(job->hash, sizeof(job->hash))), &count));
	if (count >= (int64_t)roster->threshold)
		CDR_TRY(cdr_hub_proposal_make(tx, job->seed, job->call->now, job->fault));
	if (count == (int64_t)roster->n_trustee)
		CDR_TRY(delete_messages(tx, job));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_ceremony_result(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct result_job job = { .call = call, .seed = hub->seed, .genesis = hub->genesis, .fault = fault };
	struct cdr_buffer encoded = { 0 };

	(void)answer;
	job.result = (const Cdr__Wire__CeremonyResult *)call->message;
	CDR_TRY(check_result(call, job.result, fault));
	/* Encoded anew, so that two trustees who say the same have one hash. */
	CDR_TRY(cdr_message_encode(&job.result->base, &encoded));
	job.encoded = cdr_buffer_bytes(&encoded);
	if (job.encoded.len > RESULT_LEN_MAX) {
		err = CDR_E_RANGE;
		goto out;
	}
	CDR_TRY(cdr_sha256(&job.encoded, 1, job.hash));
	CDR_TRY(cdr_store_write(hub->store, result_write, &job));
	err = CDR_OK;
out:
	if (err == CDR_E_EXISTS) {
		cdr_fault_set(fault, err, "trustee %u posted another result for %s key %u before", call->trustee->index,
		    cdr_key_kind_name((enum cdr_key_kind)job.result->kind), job.result->number);
		cdr_hub_misuse_note(hub, call->envelope->signer, "result", (struct cdr_bytes){ job.hash, RESULT_HASH_LEN },
		    call->now, "two results for %s key %u", cdr_key_kind_name((enum cdr_key_kind)job.result->kind),
		    job.result->number);
	}
	cdr_buffer_free(&encoded);
	return err;
}

/* see node/hub/ceremony.h */
void
cdr_hub_new_keys_free(struct cdr_hub_new_keys *keys)
{
	for (size_t i = 0; i < CDR_HUB_NEW_KEYS_MAX; i++)
		cdr_arena_free(&keys->arena[i]);
	*keys = (struct cdr_hub_new_keys){ .count = 0 };
}

/* What t trustees say about the next key of a kind, if they do. */
static cdr_err
new_key_read(struct cdr_tx *tx, const struct cdr_roster *roster, enum cdr_key_kind kind, uint64_t now,
    struct cdr_hub_new_keys *keys)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	Cdr__Wire__CeremonyResult *r;
	uint64_t days = kind == CDR_KEY_TAGS ? CDR_HUB_EPOCH_DAYS : CDR_HUB_STATISTICS_KEY_DAYS;
	struct cdr_values values = CDR_VALUES(cdr_value_int(kind), cdr_value_int(newest_number(roster, kind) + 1),
	    cdr_value_int(roster->body->threshold));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT result FROM key_result WHERE kind = $1 AND number = $2 AND hash IN"
	    " (SELECT hash FROM key_result WHERE kind = $1 AND number = $2 GROUP BY hash HAVING count(*) >= $3) LIMIT 1",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, RESULT_LEN_MAX, &bytes));
	CDR_TRY(cdr_message_decode(&keys->arena[keys->count], &cdr__wire__ceremony_result__descriptor, bytes, &r));
	keys->key[keys->count++] = (struct cdr_roster_key){ kind, r->number, cdr_message_bytes(r->scheme_version),
		cdr_message_bytes(r->public_key), r->public_share, r->n_public_share, cdr_message_bytes(r->transcript), now,
		now + days * CDR_HUB_DAY_S };
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_new_keys_read(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now, struct cdr_hub_new_keys *keys)
{
	cdr_err err = CDR_E_INTERNAL;

	*keys = (struct cdr_hub_new_keys){ .count = 0 };
	CDR_TRY(new_key_read(tx, roster, CDR_KEY_TAGS, now, keys));
	CDR_TRY(new_key_read(tx, roster, CDR_KEY_STATISTICS, now, keys));
out:
	return err;
}
