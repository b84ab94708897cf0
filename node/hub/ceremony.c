#include "node/hub/ceremony.h"

#include <stdlib.h>
#include <string.h>

#include "audit/key_leaf.h"
#include "core/crypto/hash.h"
#include "node/hub/change.h"
#include "node/hub/log.h"
#include "node/hub/proposal.h"

#define BAG_COUNT_MAX (3 * CDR_CEREMONY_PARTICIPANT_MAX) /* of one round: to all, to the caller, from the caller */
#define RESULT_LEN_MAX 2048
#define RESULT_HASH_LEN 32

/* ---- messages ----------------------------------------------------------------------------------------------- */

/* The number under which the caller takes part: a trustee its index; whoever is to become one its place in the change. */
struct newcomer_job {
	const struct cdr_call *call;
	ProtobufCBinaryData key;
	uint32_t number;           /* 0: it takes no part */
};

/* A reading job. */
static cdr_err
newcomer_job(struct cdr_tx *tx, void *context)
{
	struct newcomer_job *job = context;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;
	cdr_err err = cdr_hub_change_read(tx, &arena, &change);

	for (size_t i = 0; err == CDR_OK && change != NULL && i < change->n_participant; i++) {
		const Cdr__Wire__Party *party = change->participant[i]->party;

		if (party->signing_key.len == job->key.len && memcmp(party->signing_key.data, job->key.data, job->key.len) == 0 &&
		    memcmp(party->tls_pin.data, job->call->pin, CDR_PIN_LEN) == 0)
			job->number = (uint32_t)i + 1;
	}
	cdr_arena_free(&arena);
	return err;
}

static cdr_err
find_number(struct cdr_hub *hub, const struct cdr_call *call, ProtobufCBinaryData key, uint32_t *number,
    struct cdr_fault *fault)
{
	struct newcomer_job job = { .call = call, .key = key };
	cdr_err err;

	*number = call->trustee != NULL ? call->trustee->index : 0;
	if (call->trustee != NULL)
		return CDR_OK;
	err = cdr_store_read(hub->store, newcomer_job, &job);
	*number = job.number;
	if (err == CDR_OK && job.number == 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this is no trustee, and no change of trustees names it");
	return err;
}

struct cdr_bytes
cdr_hub_ceremony_post_key(const ProtobufCMessage *message)
{
	return cdr_message_bytes(((const Cdr__Wire__CeremonyMessage *)message)->key);
}

struct cdr_bytes
cdr_hub_ceremony_fetch_key(const ProtobufCMessage *message)
{
	return cdr_message_bytes(((const Cdr__Wire__CeremonyFetch *)message)->key);
}

static cdr_err
check_message(const struct cdr_call *call, const Cdr__Wire__CeremonyMessage *message, uint32_t number,
    struct cdr_fault *fault)
{
	if (message->ceremony.len != CDR_CEREMONY_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a ceremony has %d bytes", CDR_CEREMONY_ID_LEN);
	if (message->from != number)
		return cdr_fault_set(fault, CDR_E_REFUSED, "trustee %u posts in the name of trustee %u", number, message->from);
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
	/* What another posted who had that number before other trustees came is not the sender's. */
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM ceremony_message WHERE sender = $1 AND stored_at >="
	    " (SELECT COALESCE(max(in_force_at), 0) FROM roster WHERE version IN (SELECT version FROM trustees_changed))",
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
	uint32_t number = 0;

	(void)answer;
	CDR_TRY(find_number(hub, call, job.message->key, &number, fault));
	CDR_TRY(check_message(call, job.message, number, fault));
	CDR_TRY(cdr_store_write(hub->store, post_write, &job));
	err = CDR_OK;
out:
	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "trustee %u has %d messages here: wait until old ceremonies are deleted, %d days after they "
		    "were stored", number, CDR_HUB_CEREMONY_SENDER_MAX, CDR_HUB_CEREMONY_DAYS);
	if (err == CDR_E_EXISTS) {
		cdr_fault_set(fault, err, "trustee %u posted another message in round %u of this ceremony before",
		    number, job.message->round);
		cdr_hub_misuse_note(hub, call->envelope->signer, "ceremony", cdr_message_bytes(job.message->ceremony), call->now,
		    "two messages in round %u to %u", job.message->round, job.message->to);
	}
	return err;
}

/* Messages on their way out. */
struct ceremony_bag {
	uint32_t number;   /* of the caller */
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
bag_add(struct cdr_query *query, void *context)
{
	struct ceremony_bag *bag = context;
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
	const struct ceremony_bag *bag = context;
	struct cdr_values values = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(bag->request->ceremony)),
	    cdr_value_int(bag->request->round), cdr_value_int(bag->number), cdr_value_int(BAG_COUNT_MAX));

	return cdr_query_each(tx,
	    "SELECT sender, recipient, content FROM ceremony_message WHERE ceremony = $1 AND round = $2"
	    " AND (recipient = 0 OR recipient = $3 OR sender = $3) ORDER BY sender, recipient LIMIT $4",
	    values, bag_add, context);
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_ceremony_fetch(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	Cdr__Wire__CeremonyMessages reply = CDR__WIRE__CEREMONY_MESSAGES__INIT;

	uint32_t number;

	struct ceremony_bag *bag = calloc(1, sizeof(*bag));
	if (bag == NULL)
		return CDR_E_MEMORY;
	bag->call = call;
	bag->request = (const Cdr__Wire__CeremonyFetch *)call->message;
	if (bag->request->ceremony.len != CDR_CEREMONY_ID_LEN) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the id of a ceremony has %d bytes", CDR_CEREMONY_ID_LEN);
		goto out;
	}
	CDR_TRY(find_number(hub, call, bag->request->key, &number, fault));
	bag->number = number;
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
	struct cdr_bytes encoded;              /* the result */
	uint8_t hash[RESULT_HASH_LEN];         /* of that */
	struct cdr_hub_logged logged;
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
	const Cdr__Wire__CeremonyKey *key = result->key;
	bool is_tags = key->kind == CDR_KEY_TAGS;
	uint32_t newest = newest_number(call->roster, (enum cdr_key_kind)key->kind);
	struct cdr_roster_key present;
	bool sound = (is_tags || key->kind == CDR_KEY_STATISTICS) && result->ceremony.len == CDR_CEREMONY_ID_LEN &&
	    result->basis.len == (result->act == CDR_CEREMONY_MAKE ? 0 : CDR_ROSTER_HASH_LEN) &&
	    key->scheme_version.len == (is_tags ? 32 : 0) && key->transcript.len == CDR_ROSTER_HASH_LEN &&
	    key->public_key.len == CDR_POINT_LEN && key->n_public_share <= CDR_TRUSTEE_COUNT_MAX &&
	    (result->act == CDR_CEREMONY_RESHARE || key->n_public_share == call->roster->body->n_trustee);

	for (size_t i = 0; sound && i < key->n_public_share; i++)
		sound = key->public_share[i].len == CDR_POINT_LEN;
	if (!sound)
		return cdr_fault_set(fault, CDR_E_INPUT, "the result lacks a key, a share, a scheme version or a transcript");
	if (result->act == CDR_CEREMONY_MAKE && (key->number == 0 || (key->number != newest && key->number != newest + 1)))
		return cdr_fault_set(fault, CDR_E_EPOCH, "the next number is %u, not %u", newest + 1, key->number);
	if (result->act != CDR_CEREMONY_MAKE &&
	    !cdr_roster_key_find(call->roster->body, (enum cdr_key_kind)key->kind, key->number, &present))
		return cdr_fault_set(fault, CDR_E_EPOCH, "there is no key %u whose shares could change", key->number);
	return CDR_OK;
}

/* The leaf of what the trustee says; a repeat finds the one that there is. */
static cdr_err
log_result(struct cdr_tx *tx, struct result_job *job, int64_t place)
{
	struct cdr_leaf leaf;

	cdr_err err = cdr_key_said_leaf(job->call->trustee->index, job->result->act, job->result->key, &leaf);
	leaf.at = job->call->now;
	return err == CDR_OK ? cdr_hub_log_act(tx, place, &leaf, &job->logged) : err;
}

/* What the trustee said before, of the same ceremony: CDR_E_EXISTS if that was something else. */
static cdr_err
find_result(struct cdr_tx *tx, struct result_job *job, bool *known)
{
	struct cdr_values key = CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->result->ceremony)),
	    cdr_value_int(job->call->trustee->index));
	uint8_t hash[RESULT_HASH_LEN];
	int64_t place;

	*known = false;
	cdr_err err = cdr_query_one_blob(tx, "SELECT hash FROM key_outcome WHERE ceremony = $1 AND trustee = $2", key, hash,
	    sizeof(hash));
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	*known = true;
	if (memcmp(hash, job->hash, sizeof(hash)) != 0)
		return CDR_E_EXISTS;
	err = cdr_query_one_int(tx, "SELECT COALESCE(logged, -1) FROM key_outcome WHERE ceremony = $1 AND trustee = $2", key, &place);
	return err == CDR_OK && place >= 0 ? log_result(tx, job, place) : err;
}

/* No trustee fills the log. */
static cdr_err
check_count(struct cdr_tx *tx, const struct result_job *job)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM key_outcome WHERE trustee = $1 AND posted_at > $2",
	    CDR_VALUES(cdr_value_int(job->call->trustee->index), cdr_value_int((int64_t)job->call->now - CDR_HUB_DAY_S)), &count);

	if (err == CDR_OK && count >= CDR_HUB_RESULTS_A_DAY)
		err = cdr_fault_set(job->fault, CDR_E_QUOTA, "trustee %u has said what came of %d ceremonies within a day: say the next one tomorrow",
		    (unsigned)job->call->trustee->index, CDR_HUB_RESULTS_A_DAY);
	return err;
}

/* Keep what the trustee says; ${known} if it said so before. */
static cdr_err
keep_result(struct cdr_tx *tx, struct result_job *job, bool *known)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__CeremonyResult *r = job->result;

	CDR_TRY(find_result(tx, job, known));
	if (*known)
		return CDR_OK;
	CDR_TRY(check_count(tx, job));
	CDR_TRY(log_result(tx, job, -1));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO key_outcome (ceremony, trustee, act, kind, number, basis, hash, result, posted_at, logged)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(r->ceremony)), cdr_value_int(job->call->trustee->index),
		cdr_value_int(r->act), cdr_value_int(r->key->kind), cdr_value_int(r->key->number),
		cdr_value_bytes(cdr_message_bytes(r->basis)), cdr_value_blob(job->hash, sizeof(job->hash)),
		cdr_value_bytes(job->encoded), cdr_value_int((int64_t)job->call->now),
		cdr_value_int((int64_t)job->logged.position))));
	err = CDR_OK;
out:
	return err;
}

/* A writing job. Once all trustees have what came of it, nobody needs the messages any more. */
static cdr_err
result_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct result_job *job = context;
	const Cdr__Wire__Roster *roster = job->call->roster->body;
	struct cdr_value ceremony = cdr_value_bytes(cdr_message_bytes(job->result->ceremony));
	int64_t count;
	bool known;

	CDR_TRY(keep_result(tx, job, &known));
	if (known)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM key_outcome WHERE ceremony = $1 AND hash = $2",
	    CDR_VALUES(ceremony, cdr_value_blob(job->hash, sizeof(job->hash))), &count));
	if (count >= (int64_t)roster->threshold)
		CDR_TRY(cdr_hub_proposal_make(tx, job->seed, job->call->now, job->fault));
	if (count == (int64_t)roster->n_trustee && job->result->act != CDR_CEREMONY_RESHARE)
		CDR_TRY(cdr_query_run(tx, "DELETE FROM ceremony_message WHERE ceremony = $1", CDR_VALUES(ceremony)));
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
	struct result_job job = { .call = call, .seed = hub->seed, .fault = fault };
	struct cdr_buffer encoded = { 0 };

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
	CDR_TRY(cdr_hub_log_reply(hub, &job.logged, &answer->body));
out:
	cdr_hub_logged_free(&job.logged);
	if (err == CDR_E_EXISTS) {
		const char *kind = cdr_key_kind_name((enum cdr_key_kind)job.result->key->kind);

		cdr_fault_set(fault, err, "trustee %u posted another result for %s key %u before", call->trustee->index, kind,
		    job.result->key->number);
		cdr_hub_misuse_note(hub, call->envelope->signer, "result", (struct cdr_bytes){ job.hash, RESULT_HASH_LEN },
		    call->now, "two results for %s key %u", kind, job.result->key->number);
	}
	cdr_buffer_free(&encoded);
	return err;
}

/* ---- what is to be made ---------------------------------------------------------------------------------------- */

/* The next key of a kind, if it is time for it, or the secretariat asked for it. Before there is a first, the trustees begin. */
static bool
is_due(const struct cdr_roster *roster, enum cdr_key_kind kind, int64_t asked, uint64_t now, uint32_t *number)
{
	uint64_t grace = kind == CDR_KEY_TAGS ? 0 : (CDR_HUB_STATISTICS_KEY_DAYS - CDR_HUB_EPOCH_DAYS) * (uint64_t)CDR_HUB_DAY_S;
	struct cdr_roster_key newest;

	if (!cdr_roster_key_newest(roster->body, kind, &newest))
		return false;
	*number = newest.number + 1;
	return asked == (int64_t)*number || now + CDR_EPOCH_OVERLAP_S + grace >= newest.ends_at;
}

struct due_job {
	const struct cdr_call *call;
	int64_t asked;
};

/* A reading job. */
static cdr_err
due_job(struct cdr_tx *tx, void *context)
{
	struct due_job *job = context;
	cdr_err err = cdr_query_one_int(tx, "SELECT number FROM epoch_asked ORDER BY number DESC LIMIT 1", CDR_VALUES(),
	    &job->asked);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_ceremony_due(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct due_job job = { .call = call };
	Cdr__Wire__CeremonyDue due = CDR__WIRE__CEREMONY_DUE__INIT;
	Cdr__Wire__CeremonyDueKey key[2] = { CDR__WIRE__CEREMONY_DUE_KEY__INIT, CDR__WIRE__CEREMONY_DUE_KEY__INIT };
	Cdr__Wire__CeremonyDueKey *at[2];

	(void)fault;
	CDR_TRY(cdr_store_read(hub->store, due_job, &job));
	due.key = at;
	for (uint32_t kind = CDR_KEY_TAGS; kind <= CDR_KEY_STATISTICS; kind++) {
		Cdr__Wire__CeremonyDueKey *k = &key[due.n_key];

		k->kind = kind;
		if (is_due(call->roster, (enum cdr_key_kind)kind, kind == CDR_KEY_TAGS ? job.asked : 0, call->now, &k->number))
			at[due.n_key++] = k;
	}
	CDR_TRY(cdr_message_encode(&due.base, &answer->body));
out:
	return err;
}

/* ---- what came of it ------------------------------------------------------------------------------------------ */

/* see node/hub/ceremony.h */
void
cdr_hub_new_keys_free(struct cdr_hub_new_keys *keys)
{
	for (size_t i = 0; i < CDR_HUB_NEW_KEYS_MAX; i++)
		cdr_arena_free(&keys->arena[i]);
	cdr_arena_free(&keys->change_arena);
	*keys = (struct cdr_hub_new_keys){ .count = 0 };
}

/* The first row of ${sql}, a result, among the keys with these times. ${found}: whether there is one. */
static cdr_err
outcome_read(struct cdr_tx *tx, const char *sql, struct cdr_values values, uint64_t starts_at, uint64_t ends_at,
    struct cdr_hub_new_keys *keys, bool *found)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	Cdr__Wire__CeremonyResult *r;

	*found = false;
	CDR_TRY(cdr_query_start(tx, sql, values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob_peek(query, 0, RESULT_LEN_MAX, &bytes));
	CDR_TRY(cdr_message_decode(&keys->arena[keys->count], &cdr__wire__ceremony_result__descriptor, bytes, &r));
	keys->key[keys->count++] = (struct cdr_roster_key){ (enum cdr_key_kind)r->key->kind, r->key->number,
		cdr_message_bytes(r->key->scheme_version), cdr_message_bytes(r->key->public_key), r->key->public_share,
		r->key->n_public_share, cdr_message_bytes(r->key->transcript), starts_at, ends_at };
	*found = true;
out:
	cdr_query_end(query);
	return err;
}

/* What t trustees say came of the ceremony with this plan, if they do. */
static cdr_err
agreed_read(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__CeremonyPlan *plan, uint64_t starts_at, uint64_t ends_at,
    struct cdr_hub_new_keys *keys, bool *found)
{
	uint8_t id[CDR_CEREMONY_ID_LEN];
	cdr_err err = cdr_ceremony_id(plan, id);

	if (err != CDR_OK)
		return err;
	return outcome_read(tx,
	    "SELECT result FROM key_outcome WHERE ceremony = $1 AND hash IN"
	    " (SELECT hash FROM key_outcome WHERE ceremony = $1 GROUP BY hash HAVING count(*) >= $2) LIMIT 1",
	    CDR_VALUES(cdr_value_blob(id, sizeof(id)), cdr_value_int(roster->body->threshold)), starts_at, ends_at, keys, found);
}

/*
 * What t trustees say about the next key of a kind, if they do. It is asked for by the plans of those who are trustees now: a key of former ones has
 * shares with whoever left, whenever those who stayed say what it is.
 */
static cdr_err
new_key_read(struct cdr_tx *tx, const struct cdr_roster *roster, enum cdr_key_kind kind, uint64_t now,
    struct cdr_hub_new_keys *keys)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint64_t days = kind == CDR_KEY_TAGS ? CDR_HUB_EPOCH_DAYS : CDR_HUB_STATISTICS_KEY_DAYS;
	const uint32_t number = newest_number(roster, kind) + 1;
	struct cdr_roster *genesis = NULL;
	struct cdr_ceremony_draft draft;
	bool found = false;
	int64_t said;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM key_outcome WHERE act = 1 AND kind = $1 AND number = $2",
	    CDR_VALUES(cdr_value_int(kind), cdr_value_int(number)), &said));
	if (said < (int64_t)roster->body->threshold)
		goto out;
	CDR_TRY(cdr_hub_roster_read(tx, 0, &genesis, NULL));
	for (uint32_t attempt = 1; !found && attempt <= CDR_CEREMONY_ATTEMPT_MAX; attempt++) {
		cdr_ceremony_plan_make(roster, genesis->hash, kind, number, attempt, &draft);
		CDR_TRY(agreed_read(tx, roster, &draft.plan, now, now + days * CDR_HUB_DAY_S, keys, &found));
	}
out:
	cdr_roster_free(genesis);
	return err;
}

/* The same key with the shares that t trustees say it has now, if they do. */
static cdr_err
refreshed_read(struct cdr_tx *tx, const struct cdr_roster *roster, const struct cdr_roster_key *key,
    struct cdr_hub_new_keys *keys)
{
	bool found;

	return outcome_read(tx,
	    "SELECT result FROM key_outcome WHERE act = 2 AND kind = $1 AND number = $2 AND basis = $3 AND hash IN"
	    " (SELECT hash FROM key_outcome WHERE act = 2 AND kind = $1 AND number = $2 AND basis = $3 GROUP BY hash"
	    " HAVING count(*) >= $4) ORDER BY ceremony LIMIT 1",
	    CDR_VALUES(cdr_value_int(key->kind), cdr_value_int(key->number), cdr_value_bytes(key->transcript),
		cdr_value_int(roster->body->threshold)), key->starts_at, key->ends_at, keys, &found);
}

/* All keys with the shares of the new trustees, if t trustees say so of each of them; else nothing. */
static cdr_err
reshared_read(struct cdr_tx *tx, const struct cdr_roster *roster, struct cdr_hub_new_keys *keys)
{
	cdr_err err = CDR_E_INTERNAL;
	bool found = true;

	CDR_TRY(cdr_hub_change_read(tx, &keys->change_arena, &keys->change));
	/* One that was made for an earlier roster is over. */
	if (keys->change == NULL || cdr_ceremony_change_check(keys->change, roster, keys->change->genesis.data, NULL) != CDR_OK)
		found = false;
	for (size_t i = 0; found && i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);
		struct cdr_ceremony_draft draft;

		CDR_TRY(cdr_ceremony_plan_reshare(keys->change, &key, &draft));
		CDR_TRY(agreed_read(tx, roster, &draft.plan, key.starts_at, key.ends_at, keys, &found));
	}
	if (!found || keys->count == 0)
		cdr_hub_new_keys_free(keys);
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/ceremony.h */
cdr_err
cdr_hub_new_keys_read(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now, struct cdr_hub_new_keys *keys)
{
	cdr_err err = CDR_E_INTERNAL;

	*keys = (struct cdr_hub_new_keys){ .count = 0 };
	CDR_TRY(reshared_read(tx, roster, keys));
	if (keys->count > 0)
		return CDR_OK;
	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

		CDR_TRY(refreshed_read(tx, roster, &key, keys));
	}
	CDR_TRY(new_key_read(tx, roster, CDR_KEY_TAGS, now, keys));
	CDR_TRY(new_key_read(tx, roster, CDR_KEY_STATISTICS, now, keys));
	err = CDR_OK;
out:
	return err;
}
