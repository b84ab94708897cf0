#include "node/hub/round.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "audit/checkpoint.h"
#include "node/hub/log.h"

#define SEALED_LEN_MAX (64U << 10)
#define CLOSE_LEN_MAX (1U << 20)
#define SET_LEN_MAX (8U << 10)
#define SUMS_LEN_MAX (2U * CDR_ROUND_CELLS_MAX * CDR_CIPHER_LEN)
#define TOTALS_LEN_MAX (1U << 20)

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* see node/hub/round.h */
void
cdr_hub_round_free(struct cdr_hub_round *r)
{
	cdr_round_free(r->round);
	cdr_buffer_free(&r->close);
	cdr_buffer_free(&r->sums);
	cdr_buffer_free(&r->set);
	cdr_buffer_free(&r->totals);
	cdr_buffer_free(&r->close_note);
	cdr_buffer_free(&r->set_note);
	*r = (struct cdr_hub_round){ 0 };
}

struct load_job {
	const uint8_t *hash;
	struct cdr_hub_round *r;
};

/* A column that may be NULL. */
static cdr_err
read_optional(struct cdr_query *query, int column, size_t len_max, struct cdr_buffer *out)
{
	return cdr_query_is_null(query, column) ? CDR_OK : cdr_query_blob_copy(query, column, len_max, out);
}

/* A reading job. */
static cdr_err
load_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct load_job *job = context;
	struct cdr_hub_round *r = job->r;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->hash)));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT sealed, state, close_list, sums, opening_set, totals,"
	    " (SELECT count(*) FROM round_contribution WHERE round_contribution.round = round.hash),"
	    " close_place, close_note, set_place, set_note, transcript FROM round WHERE hash = $1",
	    values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, SEALED_LEN_MAX, &sealed));
	CDR_TRY(cdr_round_decode(sealed, &r->round, NULL));
	CDR_TRY(cdr_query_text(query, 1, r->state, sizeof(r->state)));
	CDR_TRY(read_optional(query, 2, CLOSE_LEN_MAX, &r->close));
	CDR_TRY(read_optional(query, 3, SUMS_LEN_MAX, &r->sums));
	CDR_TRY(read_optional(query, 4, SET_LEN_MAX, &r->set));
	CDR_TRY(read_optional(query, 5, TOTALS_LEN_MAX, &r->totals));
	CDR_TRY(cdr_query_count(query, 6, &r->contributions));
	if (!cdr_query_is_null(query, 7))
		CDR_TRY(cdr_query_count(query, 7, &r->close_place));
	CDR_TRY(read_optional(query, 8, CDR_CHECKPOINT_LEN_MAX, &r->close_note));
	if (!cdr_query_is_null(query, 9))
		CDR_TRY(cdr_query_count(query, 9, &r->set_place));
	CDR_TRY(read_optional(query, 10, CDR_CHECKPOINT_LEN_MAX, &r->set_note));
	r->has_transcript = !cdr_query_is_null(query, 11);
	if (r->has_transcript)
		CDR_TRY(cdr_query_blob(query, 11, r->transcript, sizeof(r->transcript)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_load(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_hub_round *r)
{
	struct load_job job = { hash, r };

	*r = (struct cdr_hub_round){ 0 };
	return cdr_store_read(hub->store, load_job, &job);
}

struct fetch_job {
	uint64_t version;
	struct cdr_roster **roster;
	struct cdr_fault *fault;
};

/* A reading job. */
static cdr_err
fetch_job(struct cdr_tx *tx, void *context)
{
	const struct fetch_job *job = context;

	return cdr_hub_roster_read(tx, (int64_t)job->version, job->roster, job->fault);
}

static cdr_err
fetch_roster(void *context, uint64_t version, struct cdr_roster **roster, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct fetch_job job = { version, roster, fault };

	if (version > INT64_MAX)
		return CDR_E_ABSENT;
	cdr_err err = cdr_store_read(hub->store, fetch_job, &job);
	return err == CDR_E_ABSENT ? cdr_fault_set(fault, err, "there has been no roster with this version") : err;
}

/* see node/hub/round.h */
void
cdr_hub_shelf(struct cdr_hub *hub, struct cdr_shelf *shelf)
{
	*shelf = (struct cdr_shelf){ .fetch = fetch_roster, .context = hub };
}

struct list_job {
	uint8_t (*hash)[CDR_ROUND_HASH_LEN];
	size_t count, room;
};

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct list_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT hash FROM round ORDER BY opened_at, hash", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		if (job->count == job->room) {
			size_t room = job->room == 0 ? 16 : 2 * job->room;
			void *grown = realloc(job->hash, room * sizeof(*job->hash));
			if (grown == NULL) {
				err = CDR_E_MEMORY;
				goto out;
			}
			job->hash = grown;
			job->room = room;
		}
		CDR_TRY(cdr_query_blob(query, 0, job->hash[job->count++], CDR_ROUND_HASH_LEN));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_list(struct cdr_hub *hub, uint8_t (**out)[CDR_ROUND_HASH_LEN], size_t *count)
{
	struct list_job job = { 0 };
	cdr_err err = cdr_store_read(hub->store, list_job, &job);

	*out = NULL;
	*count = 0;
	if (err != CDR_OK) {
		free(job.hash);
		return err;
	}
	*out = job.hash;
	*count = job.count;
	return CDR_OK;
}

struct find_job {
	uint8_t id[CDR_ID_LEN];
	bool newest;
	uint8_t *hash;
};

/* A reading job. */
static cdr_err
find_job(struct cdr_tx *tx, void *context)
{
	struct find_job *job = context;
	struct cdr_values none = CDR_VALUES();

	if (job->newest)
		return cdr_query_one_blob(tx, "SELECT hash FROM round ORDER BY opened_at DESC, hash LIMIT 1", none, job->hash,
		    CDR_ROUND_HASH_LEN);
	return cdr_query_one_blob(tx, "SELECT hash FROM round WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(job->id, sizeof(job->id))), job->hash, CDR_ROUND_HASH_LEN);
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_find(struct cdr_hub *hub, const char *id, uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_fault *fault)
{
	struct find_job job = { .newest = id == NULL || id[0] == '\0', .hash = hash };

	if (!job.newest && cdr_id_read(id, job.id) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is no id of a round: `candor-hub round status` lists them", id);
	cdr_err err = cdr_store_read(hub->store, find_job, &job);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, err, job.newest ? "there is no round yet: `candor-hub round open` opens one" :
		    "there is no round with this id: `candor-hub round status` lists them");
	return err;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct open_job {
	struct cdr_round *round;
	uint64_t now;
};

/* A writing job: the round and its leaf. */
static cdr_err
open_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct open_job *job = context;
	const struct cdr_round *r = job->round;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROUND_OPENED, .at = job->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes part = hash_bytes(r->hash);

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, r->body->first_month);
	cdr_leaf_number_add(&leaf, r->body->last_month);
	CDR_TRY(cdr_leaf_content(leaf.kind, &part, 1, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round (hash, id, sealed, state, opened_at, deadline, logged) VALUES ($1, $2, $3, 'open', $4, $5, $6)",
	    CDR_VALUES(cdr_value_bytes(part), cdr_value_bytes(cdr_message_bytes(r->body->id)),
		cdr_value_bytes(cdr_buffer_bytes(&r->bytes)), cdr_value_int((int64_t)r->body->opened_at),
		cdr_value_int((int64_t)r->body->deadline), cdr_value_int((int64_t)logged.position))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

static bool
has_names(const struct cdr_hub_round_plan *plan)
{
	char country[CDR_COUNTRY_LEN];

	for (size_t i = 0; i < plan->table_count; i++)
		if (cdr_round_names(plan->table[i].id, country))
			return true;
	return false;
}

/* The message that a plan makes, signed and read back, so that nothing is opened that others would refuse. */
static cdr_err
define(struct cdr_hub *hub, const struct cdr_hub_round_plan *plan, const Cdr__Wire__StatisticsKey *key,
    const struct cdr_roster *roster, uint64_t now, struct cdr_round **round, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__Round body = CDR__WIRE__ROUND__INIT;
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	Cdr__Wire__RoundTable table[CDR_ROUND_TABLES_MAX], *at[CDR_ROUND_TABLES_MAX];
	struct cdr_buffer inner = { 0 }, outer = { 0 };
	char period[CDR_CODE_LEN_MAX + 1] = "", version[CDR_CODE_LEN_MAX + 1] = "";
	uint8_t id[CDR_ID_LEN], signature[CDR_SIGNATURE_LEN];

	(void)strncpy(period, plan->period, sizeof(period) - 1);
	(void)strncpy(version, plan->codebook_version, sizeof(version) - 1);
	if (plan->table_count > CDR_ROUND_TABLES_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "a round has at most %d tables", CDR_ROUND_TABLES_MAX);
	for (size_t i = 0; i < plan->table_count; i++) {
		table[i] = plan->table[i];
		at[i] = &table[i];
	}
	if (has_names(plan)) {
		const Cdr__Wire__Epoch *epoch = cdr_roster_epoch_at(roster, now);
		if (epoch == NULL)
			return cdr_fault_set(fault, CDR_E_ABSENT, "names are counted under the scheme of an epoch: the trustees have not made one yet");
		body.has_scheme = true;
		body.scheme = epoch->scheme_version;
	}
	CDR_TRY(cdr_random(id, sizeof(id)));
	body.exchange = cdr_message_field(hub->genesis, CDR_GENESIS_HASH_LEN);
	body.id = cdr_message_field(id, sizeof(id));
	body.period = period;
	if (cdr_round_period(period, &body.first_month, &body.last_month) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "a period is a half-year such as 2026-H1");
	body.codebook_version = version;
	body.table = at;
	body.n_table = plan->table_count;
	body.minimum = plan->minimum != 0 ? plan->minimum : cdr_round_minimum(roster);
	body.opened_at = now;
	body.deadline = plan->deadline;
	body.has_epsilon_milli = plan->epsilon_milli != 0;
	body.epsilon_milli = plan->epsilon_milli;
	body.statistics_key = key->number;
	body.public_key = key->public_key;
	CDR_TRY(cdr_message_encode(&body.base, &inner));
	CDR_TRY(cdr_round_sign(hub->seed, CDR_ROUND_WORD_ROUND, hub->genesis, cdr_buffer_bytes(&inner), signature));
	sealed.round = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	CDR_TRY(cdr_message_encode(&sealed.base, &outer));
	CDR_TRY(cdr_round_decode(cdr_buffer_bytes(&outer), round, fault));
	CDR_TRY(cdr_round_verify(*round, roster, hub->genesis, fault));
out:
	cdr_buffer_free(&inner);
	cdr_buffer_free(&outer);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_open(struct cdr_hub *hub, const struct cdr_hub_round_plan *plan, uint64_t now, struct cdr_round **round,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_STORE;
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);

	*round = NULL;
	if (roster == NULL)
		return err;
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key_at(roster, now);
	if (key == NULL) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "the trustees have no statistics key in force: `candor-trustee ceremony` makes one");
		goto out;
	}
	if (plan->deadline >= key->ends_at) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the statistics key ends before the round's deadline: choose an earlier one");
		goto out;
	}
	CDR_TRY(define(hub, plan, key, roster, now, round, fault));
	struct open_job job = { *round, now };
	CDR_TRY(cdr_store_write(hub->store, open_job, &job));
out:
	cdr_hub_roster_release(hub, roster);
	if (err != CDR_OK) {
		cdr_round_free(*round);
		*round = NULL;
	}
	return err;
}

/* ---- members ---------------------------------------------------------------------------------------------------- */

/* Everything that a RoundState is made of. */
struct state {
	struct cdr_hub_round r;
	struct cdr_arena close_arena;
	Cdr__Wire__RoundState message;
	Cdr__Wire__SignedRound sealed;
};

static void
state_free(struct state *s)
{
	cdr_arena_free(&s->close_arena);
	cdr_hub_round_free(&s->r);
}

static cdr_err
state_fill(struct cdr_hub *hub, const uint8_t *hash, struct state *s)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_hub_round_load(hub, hash, &s->r));
	s->message = (Cdr__Wire__RoundState)CDR__WIRE__ROUND_STATE__INIT;
	s->sealed = *s->r.round->sealed;
	s->message.round = &s->sealed;
	s->message.state = s->r.state;
	if (s->r.close.len > 0)
		CDR_TRY(cdr_message_decode(&s->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&s->r.close),
		    &s->message.close));
	s->message.has_totals = s->r.totals.len > 0;
	s->message.totals = cdr_message_field(s->r.totals.data, s->r.totals.len);
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_list_asked(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	uint8_t (*hash)[CDR_ROUND_HASH_LEN] = NULL;
	size_t count = 0, first, listed = 0;
	struct state *state = NULL;
	Cdr__Wire__RoundState *message[CDR_HUB_ROUND_LISTED_MAX];
	Cdr__Wire__RoundList list = CDR__WIRE__ROUND_LIST__INIT;

	(void)call;
	(void)fault;
	CDR_TRY(cdr_hub_round_list(hub, &hash, &count));
	first = count > CDR_HUB_ROUND_LISTED_MAX ? count - CDR_HUB_ROUND_LISTED_MAX : 0;
	state = calloc(CDR_HUB_ROUND_LISTED_MAX, sizeof(*state));
	if (state == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (; listed < count - first; listed++) {
		CDR_TRY(state_fill(hub, hash[first + listed], &state[listed]));
		message[listed] = &state[listed].message;
	}
	list.state = message;
	list.n_state = listed;
	CDR_TRY(cdr_message_encode(&list.base, &answer->body));
out:
	for (size_t i = 0; state != NULL && i < CDR_HUB_ROUND_LISTED_MAX; i++)
		state_free(&state[i]);
	free(state);
	free(hash);
	return err;
}

struct submit_job {
	const struct cdr_call *call;
	const struct cdr_hub_round *r;
	const struct cdr_contribution *c;
	struct cdr_hub_logged *logged;
	const uint8_t *genesis;
	struct cdr_fault *fault;
};

/* What is here of this member: whether the same, or a later one. ${have} is the number of its submission, 0 for none. */
static cdr_err
read_earlier(struct cdr_tx *tx, const struct submit_job *job, uint64_t *have, bool *same, uint64_t *logged)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t hash[CDR_SHA256_LEN];
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(hash_bytes(job->r->round->hash)),
	    cdr_value_text(job->c->member));

	*have = 0;
	*same = false;
	CDR_TRY(cdr_query_start(tx, "SELECT submission, hash, logged FROM round_contribution WHERE round = $1 AND member = $2",
	    values, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_count(query, 0, have));
	CDR_TRY(cdr_query_blob(query, 1, hash, sizeof(hash)));
	CDR_TRY(cdr_query_count(query, 2, logged));
	*same = memcmp(hash, job->c->hash, sizeof(hash)) == 0;
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether the contribution that is here was signed with a key that the roster no longer names: who re-enrols counts anew. */
static cdr_err
is_superseded(struct cdr_tx *tx, const struct submit_job *job, bool *superseded)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes request;
	struct cdr_contribution c = { 0 };
	const struct cdr_tally_world world = { .round = job->r->round, .roster = job->call->roster, .genesis = job->genesis };

	*superseded = false;
	CDR_TRY(cdr_query_start(tx, "SELECT request FROM round_contribution WHERE round = $1 AND member = $2",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(job->r->round->hash)), cdr_value_text(job->c->member)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROUND_MAX, &request));
	err = cdr_contribution_read(&world, request, &c, NULL);
	*superseded = err == CDR_E_SIGNATURE;
	if (*superseded)
		err = CDR_OK;
out:
	cdr_query_end(query);
	cdr_contribution_free(&c);
	return err;
}

/* Log the contribution and put it in the place of an earlier one. */
static cdr_err
put_contribution(struct cdr_tx *tx, const struct submit_job *job, bool replaces)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CONTRIBUTION, .at = job->call->now };
	const struct cdr_bytes parts[] = { hash_bytes(job->r->round->hash), { job->c->hash, sizeof(job->c->hash) } };

	cdr_leaf_member_add(&leaf, job->c->member);
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, job->logged));
	const struct cdr_values values = CDR_VALUES(cdr_value_bytes(parts[0]), cdr_value_text(job->c->member),
	    cdr_value_int(job->c->body->submission), cdr_value_bytes(parts[1]), cdr_value_bytes(job->call->request),
	    cdr_value_int((int64_t)job->call->now), cdr_value_int((int64_t)job->logged->position));
	CDR_TRY(cdr_query_run(tx, replaces ?
	    "UPDATE round_contribution SET submission = $3, hash = $4, request = $5, stored_at = $6, logged = $7"
	    " WHERE round = $1 AND member = $2" :
	    "INSERT INTO round_contribution (round, member, submission, hash, request, stored_at, logged)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)", values));
out:
	return err;
}

/* A writing job. */
static cdr_err
submit_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct submit_job *job = context;
	uint64_t have, position = 0;
	bool same, superseded = false;
	int64_t open;

	CDR_TRY(read_earlier(tx, job, &have, &same, &position));
	if (same)
		return cdr_hub_log_read(tx, position, job->logged);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM round WHERE hash = $1 AND state = 'open' AND deadline >= $2",
	    CDR_VALUES(cdr_value_bytes(hash_bytes(job->r->round->hash)), cdr_value_int((int64_t)job->call->now)), &open));
	if (open == 0)
		return cdr_fault_set(job->fault, CDR_E_TIME, "this round takes no contributions any more");
	if (have >= job->c->body->submission)
		CDR_TRY(is_superseded(tx, job, &superseded));
	if (have >= job->c->body->submission && !superseded)
		return cdr_fault_set(job->fault, CDR_E_SEQUENCE, "submission %" PRIu64 " of %s is here already: count on", have,
		    job->c->member);
	CDR_TRY(put_contribution(tx, job, have > 0));
out:
	return err;
}

/* Whether everything in a contribution holds. */
static cdr_err
check_contribution(struct cdr_hub *hub, const struct cdr_call *call, const struct cdr_hub_round *r,
    struct cdr_contribution *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_elgamal *key = NULL;
	const struct cdr_tally_world world = { .round = r->round, .roster = call->roster, .genesis = hub->genesis };
	struct cdr_contribution_context context;

	CDR_TRY(cdr_contribution_read(&world, call->request, c, fault));
	CDR_TRY(cdr_elgamal_new(r->round->body->public_key.data, &key));
	cdr_contribution_context(r->round, c->member, &context);
	err = cdr_range_verify(key, (struct cdr_bytes){ context.bytes, context.len }, &r->round->layout, c->packed, NULL);
	if (err == CDR_E_PROOF || err == CDR_E_POINT || err == CDR_E_INPUT)
		(void)cdr_fault_set(fault, err, "the proof of %s does not hold: a number lies outside its range, a flag does not go with its "
		    "count, or its ciphertexts are not its own", c->member);
out:
	cdr_elgamal_free(key);
	return err;
}

static cdr_err
answer_submit(struct cdr_hub *hub, const struct cdr_contribution *c, const struct cdr_hub_logged *logged,
    struct cdr_answer *answer)
{
	Cdr__Wire__RoundSubmitReply reply = CDR__WIRE__ROUND_SUBMIT_REPLY__INIT;
	struct cdr_hub_receipt receipt;
	cdr_err err = cdr_hub_receipt_make(hub, logged, &receipt);

	if (err != CDR_OK)
		return err;
	reply.contribution = cdr_message_field(c->hash, sizeof(c->hash));
	reply.receipt = &receipt.message;
	return cdr_message_encode(&reply.base, &answer->body);
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_submit(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__RoundSubmit *request = (const Cdr__Wire__RoundSubmit *)call->message;
	struct cdr_hub_round r = { 0 };
	struct cdr_contribution c = { 0 };
	struct cdr_hub_logged logged = { 0 };

	if (request->round.len != CDR_ROUND_HASH_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the hash of a round has %d bytes", CDR_ROUND_HASH_LEN);
	err = cdr_hub_round_load(hub, request->round.data, &r);
	if (err == CDR_E_ABSENT)
		(void)cdr_fault_set(fault, err, "there is no such round here");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(check_contribution(hub, call, &r, &c, fault));
	struct submit_job job = { call, &r, &c, &logged, hub->genesis, fault };
	CDR_TRY(cdr_store_write(hub->store, submit_job, &job));
	CDR_TRY(answer_submit(hub, &c, &logged, answer));
out:
	cdr_hub_logged_free(&logged);
	cdr_contribution_free(&c);
	cdr_hub_round_free(&r);
	return err;
}
