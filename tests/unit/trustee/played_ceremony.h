#ifndef CDR_TESTS_TRUSTEE_PLAYED_CEREMONY_H
#define CDR_TESTS_TRUSTEE_PLAYED_CEREMONY_H

/*
 * Ceremonies as trustees run them: through a hub (the real one, without sockets), over databases, with trustees that are killed and a hub that
 * lies. One for each test: setup, teardown. Include after tests/unit/unit.h.
 */

#include "tests/unit/trustee/exchange.h"

#include "node/hub/routes.h"
#include "node/hub/schema.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/countersign.h"

static const struct cdr_trustee_aim tags = { CDR_CEREMONY_MAKE, CDR_KEY_TAGS, 1 };

struct world {
	struct exchange *x;
	struct cdr_store *store;           /* of the hub */
	struct cdr_hub *hub;
	struct cdr_service service;
	struct cdr_trustee_ceremony *run[TRUSTEE_COUNT + 1];
	struct cdr_trustee_polled polled[TRUSTEE_COUNT + 1];
	uint32_t attempt;

	/* A message of this round and sender is not handed out. */
	uint32_t hidden_round, hidden_from, hidden_to;
	uint32_t altered_round, altered_from;
	uint32_t posted;                   /* messages of ceremonies that trustees have posted */
	bool is_away;
};

/* ---- the hub, without sockets ------------------------------------------------------------------------------------- */

/* What the lying hub does to the messages that it hands out. */
static inline void
lie(const struct world *w, uint32_t index, struct cdr_ask *ask)
{
	/* Decoded into the ask's own arena: it may be written to. */
	union {
		const void *in;
		Cdr__Wire__CeremonyMessages *out;
	} bag = { .in = ask->reply };
	size_t kept = 0;

	for (size_t i = 0; i < bag.out->n_message; i++) {
		Cdr__Wire__CeremonyMessage *m = bag.out->message[i];

		if (m->round == w->hidden_round && m->from == w->hidden_from && index == w->hidden_to)
			continue;
		if (m->round == w->altered_round && m->from == w->altered_from && index != m->from)
			m->content.data[0] ^= 1;
		bag.out->message[kept++] = m;
	}
	bag.out->n_message = kept;
}

static inline cdr_err
read_answer(struct world *w, struct cdr_ask *ask, int status, struct cdr_bytes reply)
{
	Cdr__Wire__Refusal *refusal;
	const ProtobufCMessageDescriptor *type = ask->reply_type != NULL ? ask->reply_type : &cdr__wire__empty__descriptor;

	assert_int_equal(cdr_envelope_open(reply, &ask->envelope), CDR_OK);
	assert_int_equal(cdr_envelope_verify_reply(&ask->envelope, w->x->hub_key, w->x->genesis->hash, ask->path,
	    cdr_buffer_bytes(&ask->request)), CDR_OK);
	ask->answered = true;
	if (status == 200)
		return cdr_message_decode(&ask->arena, type, ask->envelope.body, &ask->reply);
	assert_int_equal(cdr_message_decode(&ask->arena, &cdr__wire__refusal__descriptor, ask->envelope.body, &refusal),
	    CDR_OK);
	for (int err = CDR_E_INTERNAL; err < CDR_E_COUNT; err++) {
		if (strcmp(cdr_err_name((cdr_err)err), refusal->code) == 0)
			return cdr_fault_set(&ask->fault, (cdr_err)err, "%s", refusal->text);
	}
	return CDR_E_REFUSED;
}

struct wire {
	struct world *world;
	uint32_t index;
};

static struct wire wires[TRUSTEE_COUNT + 1];

static inline cdr_err
dispatch_send(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	const struct wire *wire = context;
	struct world *w = wire->world;
	struct cdr_buffer reply;

	if (w->is_away)
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "the hub is away");
	assert_int_equal(cdr_ask_sign(ask, signer), CDR_OK);
	const struct cdr_request request = { ask->path, cdr_buffer_bytes(&ask->request), w->x->node[wire->index].home.pin,
		cdr_trustee_now(), NULL };
	int status = cdr_dispatch(&w->service, &request, &reply);
	ask->err = read_answer(w, ask, status, cdr_buffer_bytes(&reply));
	cdr_buffer_free(&reply);
	if (ask->err == CDR_OK && strcmp(ask->path, "/v1/ceremony/fetch") == 0)
		lie(w, wire->index, ask);
	if (ask->err == CDR_OK && strcmp(ask->path, "/v1/ceremony/post") == 0)
		w->posted++;
	return ask->err;
}

static inline cdr_err
genesis_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_roster_store(tx, context, cdr_trustee_now());
}

static inline void
connect_trustee(struct world *w, uint32_t i)
{
	wires[i] = (struct wire){ w, i };
	w->x->node[i].trustee->hub = (struct cdr_trustee_hub){ dispatch_send, &wires[i] };
}

static inline int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[128];
	uint8_t key[CDR_STORE_KEY_LEN] = { 9 };

	assert_non_null(w);
	w->x = exchange_new();
	w->attempt = 1;
	(void)snprintf(path, sizeof(path), "%s/hub.db", w->x->folder);
	const struct cdr_store_config config = { .path = path, .key = key, .schema = &cdr_hub_schema, .create = true };
	assert_int_equal(cdr_store_open(&config, &w->store, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(w->store, genesis_job, w->x->genesis), CDR_OK);
	assert_int_equal(cdr_hub_start(w->store, w->x->hub_seed, &w->hub, NULL), CDR_OK);
	cdr_hub_service(w->hub, &w->service);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		connect_trustee(w, i);
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;
	static const char *const ends[] = { "", "-key", "-wal", "-shm" };
	char path[128];

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		cdr_trustee_ceremony_end(w->run[i]);
	cdr_hub_stop(w->hub);
	cdr_store_close(w->store);
	for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		(void)snprintf(path, sizeof(path), "%s/hub.db%s", w->x->folder, ends[k]);
		(void)unlink(path);
	}
	exchange_free(w->x);
	free(w);
	return 0;
}

/* ---- trustees ------------------------------------------------------------------------------------------------------ */

static inline void
begin(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_trustee_ceremony_end(w->run[i]);
	if (cdr_trustee_ceremony_start(w->x->node[i].trustee, tags, w->attempt, NULL, &w->run[i], &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static inline void
kill_trustee(struct world *w, uint32_t i)
{
	cdr_trustee_ceremony_end(w->run[i]);
	w->run[i] = NULL;
	restart(w->x, i);
	connect_trustee(w, i);
	begin(w, i);
}

static inline void
turn(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_ceremony_turn(w->run[i], &fault) != CDR_OK)
		fail_msg("trustee %u: %s", i, fault.text);
}

static inline void
poll_trustee(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_poll(w->x->node[i].trustee, &w->polled[i], &fault) != CDR_OK)
		fail_msg("trustee %u: %s", i, fault.text);
}

/* Enough turns of everybody for all that can be said to be said. */
static inline void
turns(struct world *w, bool kills)
{
	for (int k = 0; k < 7; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
			if (kills)
				kill_trustee(w, i);
			turn(w, i);
		}
	}
}

static inline enum cdr_ceremony_state
state_of(const struct world *w, uint32_t i)
{
	return cdr_ceremony_state(w->run[i]->ceremony);
}

static inline void
polls(struct world *w)
{
	for (int k = 0; k < 2; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
			poll_trustee(w, i);
	}
}

/* The key of the roster in force is the key of which the trustees have shares. */
static inline void
assert_in_force(struct world *w)
{
	static const uint8_t pairs[][THRESHOLD] = { { 1, 2 }, { 2, 3 }, { 1, 3 } };
	const struct cdr_roster *roster = cdr_current_hold(w->x->node[1].trustee->current);
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(roster, 1);
	uint8_t share[CDR_SCALAR_LEN], lambda[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	assert_non_null(epoch);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(cdr_trustee_share_copy(w->x->node[i].trustee, roster, CDR_KEY_TAGS, 1, share), CDR_OK);
		assert_int_equal(cdr_group_mul_base(share, point), CDR_OK);
		assert_memory_equal(point, epoch->public_share[i - 1].data, sizeof(point));
	}
	for (size_t k = 0; k < 3; k++) {
		uint8_t secret[CDR_SCALAR_LEN] = { 0 };

		for (size_t i = 0; i < THRESHOLD; i++) {
			assert_int_equal(cdr_trustee_share_copy(w->x->node[pairs[k][i]].trustee, roster, CDR_KEY_TAGS, 1, share), CDR_OK);
			assert_int_equal(cdr_threshold_lagrange(pairs[k], THRESHOLD, i, lambda), CDR_OK);
			cdr_scalar_mul(share, lambda, share);
			cdr_scalar_add(secret, share, secret);
		}
		assert_int_equal(cdr_group_mul_base(secret, point), CDR_OK);
		assert_memory_equal(point, epoch->public_key.data, sizeof(point));
	}
	cdr_current_release(w->x->node[1].trustee->current, roster);
}

struct count_query {
	const char *sql;
	int64_t number;
};

static inline cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	struct count_query *q = context;

	return cdr_query_one_int(tx, q->sql, CDR_VALUES(), &q->number);
}

static inline int64_t
ask_store(struct cdr_store *store, const char *sql)
{
	struct count_query q = { sql, 0 };

	assert_int_equal(cdr_store_read(store, count_job, &q), CDR_OK);
	return q.number;
}

/* A roster in which another has come in the place of trustee 3. */
static inline struct cdr_roster *
others_of(struct world *w)
{
	struct cdr_roster *others;
	struct cdr_fault fault = { CDR_OK, "" };
	Cdr__Wire__Roster body = *w->x->genesis->body;
	Cdr__Wire__Trustee third = *body.trustee[2], *at[TRUSTEE_COUNT];
	Cdr__Wire__Party party = *third.party;
	uint8_t key[CDR_SIGN_PUBLIC_LEN] = { 42 };

	party.signing_key = cdr_message_field(key, sizeof(key));
	third.party = &party;
	memcpy(at, body.trustee, sizeof(at));
	at[2] = &third;
	body.trustee = at;
	if (cdr_roster_build_genesis(&body, w->x->hub_seed, &others, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return others;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
