/*
 * Ceremonies as trustees run them: through a hub (the real one, without sockets), over databases, killed at every turn;
 * and hubs that lie, before the first message and later.
 */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"

#include "node/hub/routes.h"
#include "node/hub/schema.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/countersign.h"
#include "node/trustee/genesis.h"

static const struct cdr_trustee_aim tags = { CDR_CEREMONY_MAKE, CDR_KEY_TAGS, 1 },
	statistics = { CDR_CEREMONY_MAKE, CDR_KEY_STATISTICS, 1 };

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
static void
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

static cdr_err
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

static cdr_err
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

static cdr_err
genesis_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_roster_store(tx, context, cdr_trustee_now());
}

static void
connect_trustee(struct world *w, uint32_t i)
{
	wires[i] = (struct wire){ w, i };
	w->x->node[i].trustee->hub = (struct cdr_trustee_hub){ dispatch_send, &wires[i] };
}

static int
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

static int
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

static void
begin(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_trustee_ceremony_end(w->run[i]);
	if (cdr_trustee_ceremony_start(w->x->node[i].trustee, tags, w->attempt, NULL, &w->run[i], &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static void
kill_trustee(struct world *w, uint32_t i)
{
	cdr_trustee_ceremony_end(w->run[i]);
	w->run[i] = NULL;
	restart(w->x, i);
	connect_trustee(w, i);
	begin(w, i);
}

static void
turn(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_ceremony_turn(w->run[i], &fault) != CDR_OK)
		fail_msg("trustee %u: %s", i, fault.text);
}

static void
poll_trustee(struct world *w, uint32_t i)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_poll(w->x->node[i].trustee, &w->polled[i], &fault) != CDR_OK)
		fail_msg("trustee %u: %s", i, fault.text);
}

/* Enough turns of everybody for all that can be said to be said. */
static void
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

static enum cdr_ceremony_state
state_of(const struct world *w, uint32_t i)
{
	return cdr_ceremony_state(w->run[i]->ceremony);
}

static void
polls(struct world *w)
{
	for (int k = 0; k < 2; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
			poll_trustee(w, i);
	}
}

/* The key of the roster in force is the key of which the trustees have shares. */
static void
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

static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	struct count_query *q = context;

	return cdr_query_one_int(tx, q->sql, CDR_VALUES(), &q->number);
}

static int64_t
ask_store(struct cdr_store *store, const char *sql)
{
	struct count_query q = { sql, 0 };

	assert_int_equal(cdr_store_read(store, count_job, &q), CDR_OK);
	return q.number;
}

/* ---- honest ---------------------------------------------------------------------------------------------------------- */

static void
test_through_the_hub(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(state_of(w, i), CDR_CEREMONY_DONE);
	polls(w);
	assert_in_force(w);
	/* What the shares were made from is destroyed; the messages, which prove the ceremony, are kept. */
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(ask_store(w->x->node[i].home.store, "SELECT max(length(seed)) FROM key_ceremony"), 0);
		assert_true(ask_store(w->x->node[i].home.store, "SELECT length(messages) FROM key_ceremony") > 1000);
	}
	/* And after a restart everything is as before. */
	cdr_trustee_ceremony_end(w->run[2]);
	w->run[2] = NULL;
	restart(w->x, 2);
	connect_trustee(w, 2);
	assert_in_force(w);
}

struct judging {
	const struct cdr_roster *before, *proposal;
	struct cdr_trustee_opinion opinion;
};

static cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	struct judging *j = context;

	return cdr_trustee_judge(tx, j->before, j->proposal, &j->opinion);
}

static void
judge(struct world *w, const struct cdr_roster *before, const struct cdr_roster *proposal, bool agrees)
{
	struct judging j = { .before = before, .proposal = proposal };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, judge_job, &j), CDR_OK);
	assert_int_equal(j.opinion.agrees, agrees);
	if (!agrees)
		assert_int_equal(j.opinion.reason.code, CDR_E_REFUSED);
	cdr_trustee_opinion_free(&j.opinion);
}

/* A roster in which another has come in the place of trustee 3. */
static struct cdr_roster *
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

/*
 * A hub that keeps a key back which all trustees have made, until one of them has left: those who stayed know the key, and whoever left has a share of
 * it. It is a key of trustees that are none any more, and nobody countersigns it.
 */
static void
test_a_key_of_former_trustees(void **state)
{
	struct world *w = *state;
	struct cdr_roster *proposal, *others = others_of(w), *next;
	struct cdr_fault fault = { CDR_OK, "" };

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(cdr_trustee_proposal_fetch(w->x->node[1].trustee, w->x->genesis, &proposal, &fault), CDR_OK);
	assert_non_null(proposal);
	judge(w, w->x->genesis, proposal, true);
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY,
		.key = cdr_roster_key_of_epoch(proposal->body->epoch[0]) };
	if (cdr_roster_build_next(others, &change, 1, cdr_trustee_now(), w->x->hub_seed, &next, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	judge(w, others, next, false);
	cdr_roster_free(next);
	cdr_roster_free(others);
	cdr_roster_free(proposal);
}

static void
test_killed_at_every_turn(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, true);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(state_of(w, i), CDR_CEREMONY_DONE);
	polls(w);
	assert_in_force(w);
	/* Key, offer, echo, certificate: nobody said a fifth thing, or two different ones, which the hub would have refused. */
	assert_int_equal(ask_store(w->store, "SELECT count(*) FROM misuse"), 0);
}

/* Both keys of an exchange, at the same time: they have nothing in common, and each trustee finds its share of each. */
static void
test_two_keys(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony *other[TRUSTEE_COUNT + 1];
	uint8_t share[CDR_SCALAR_LEN], tags_share[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		begin(w, i);
		assert_int_equal(cdr_trustee_ceremony_start(w->x->node[i].trustee, statistics, 1, NULL, &other[i], NULL), CDR_OK);
		assert_memory_not_equal(cdr_ceremony_id_peek(other[i]->ceremony), cdr_ceremony_id_peek(w->run[i]->ceremony),
		    CDR_CEREMONY_ID_LEN);
	}
	for (int k = 0; k < 7; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
			turn(w, i);
			assert_int_equal(cdr_trustee_ceremony_turn(other[i], NULL), CDR_OK);
		}
	}
	polls(w);
	assert_in_force(w);
	const struct cdr_roster *roster = cdr_current_hold(w->x->node[1].trustee->current);
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key_at(roster, cdr_trustee_now());
	assert_non_null(key);
	assert_memory_not_equal(key->public_key.data, roster->body->epoch[0]->public_key.data, CDR_POINT_LEN);
	assert_memory_not_equal(key->transcript.data, roster->body->epoch[0]->transcript.data, CDR_ROSTER_HASH_LEN);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct cdr_trustee *t = w->x->node[i].trustee;

		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_STATISTICS, 1, share), CDR_OK);
		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_TAGS, 1, tags_share), CDR_OK);
		assert_memory_not_equal(share, tags_share, sizeof(share));
		assert_int_equal(cdr_group_mul_base(share, point), CDR_OK);
		assert_memory_equal(point, key->public_share[i - 1].data, sizeof(point));
		assert_int_equal(cdr_trustee_share_copy(t, roster, CDR_KEY_STATISTICS, 2, share), CDR_E_ABSENT);
		cdr_trustee_ceremony_end(other[i]);
	}
	assert_int_equal(key->ends_at - key->starts_at, 485 * UINT64_C(86400));
	cdr_current_release(w->x->node[1].trustee->current, roster);
}

/* Killed after saving, before posting: the hub goes away in between. */
static void
test_hub_away(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	for (int k = 0; k < 8; k++) {
		for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
			w->is_away = (k + (int)i) % 2 == 0;
			if (cdr_trustee_ceremony_turn(w->run[i], NULL) != CDR_OK)
				kill_trustee(w, i);
		}
	}
	w->is_away = false;
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

/* Two of three suffice to put the key in force; the third gets its share when the hub lets it. */
static void
test_late_share(void **state)
{
	struct world *w = *state;

	w->hidden_round = CDR_CEREMONY_CERTIFICATE;
	w->hidden_from = 1;
	w->hidden_to = 3;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_DONE);
	assert_int_equal(state_of(w, 3), CDR_CEREMONY_RUNNING);
	polls(w);
	assert_true(cdr_trustee_share_have(w->x->node[1].trustee, CDR_KEY_TAGS, 1));
	assert_false(cdr_trustee_share_have(w->x->node[3].trustee, CDR_KEY_TAGS, 1));
	/* Its seed is still there. */
	kill_trustee(w, 3);
	w->hidden_to = 0;
	turn(w, 3);
	assert_int_equal(state_of(w, 3), CDR_CEREMONY_DONE);
	assert_in_force(w);
}

/* ---- attempts ---------------------------------------------------------------------------------------------------------- */

static uint32_t
attempt_of(struct world *w, uint32_t i)
{
	uint32_t attempt;
	bool is_done;

	assert_int_equal(cdr_trustee_attempt(w->x->node[i].trustee, tags, &attempt, &is_done, NULL), CDR_OK);
	assert_int_equal(is_done, w->run[i] != NULL && state_of(w, i) == CDR_CEREMONY_DONE);
	return attempt;
}

/* Trustee 1 loses its database. A hub that shows it what it said keeps it honest; one that hides that is told. */
static void
test_database_lost(void **state)
{
	struct world *w = *state;
	struct node *node = &w->x->node[1];
	struct cdr_fault fault;
	char path[128];

	begin(w, 1);
	turn(w, 1);
	cdr_trustee_ceremony_end(w->run[1]);
	w->run[1] = NULL;
	cdr_trustee_stop(node->trustee);
	cdr_store_close(node->home.store);
	(void)snprintf(path, sizeof(path), "%s/1.db", w->x->folder);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/1.db-key", w->x->folder);
	(void)unlink(path);
	open_store(w->x, node, 1);
	start_trustee(node);
	connect_trustee(w, 1);
	assert_int_equal(cdr_trustee_confirm(node->trustee, copy_roster(w->x->genesis), 1, NULL), CDR_OK);
	w->hidden_round = CDR_CEREMONY_KEY;
	w->hidden_from = 1;
	w->hidden_to = 1;
	begin(w, 1);
	assert_int_equal(cdr_trustee_ceremony_turn(w->run[1], &fault), CDR_E_EXISTS);
	assert_non_null(strstr(fault.text, "--attempt 2"));
}

static void
test_failed_attempt_is_over(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	size_t count;
	const struct cdr_trustee *t = w->x->node[1].trustee;

	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turn(w, 1);
	turn(w, 2);
	/* Trustee 3 breaks its own offer before it is posted, and signs it. */
	struct cdr_ceremony_draft draft;
	cdr_ceremony_plan_make(w->x->genesis, w->x->genesis->hash, CDR_KEY_TAGS, 1, 1, &draft);
	struct cdr_ceremony_config config = { .plan = &draft.plan, .index = 3,
		.signing_seed = w->x->node[3].home.keys->signing };
	uint8_t one[CDR_CEREMONY_SEED_LEN] = { 1 }, two[CDR_CEREMONY_SEED_LEN] = { 2 };
	struct cdr_ceremony *first, *second;
	struct cdr_buffer message;
	struct cdr_arena arena[2] = { { 0 }, { 0 } };
	Cdr__Wire__CeremonyMessage *offer[2];

	config.seed = one;
	assert_int_equal(cdr_ceremony_new(&config, &first, NULL), CDR_OK);
	config.seed = two;
	assert_int_equal(cdr_ceremony_new(&config, &second, NULL), CDR_OK);
	struct cdr_ceremony *const both[2] = { first, second };
	for (size_t k = 0; k < 2; k++) {
		assert_int_equal(cdr_ceremony_step(both[k]), CDR_OK);
		assert_int_equal(cdr_ceremony_own(both[k], CDR_CEREMONY_KEY, &message), CDR_OK);
		assert_int_equal(cdr_message_decode(&arena[k], &cdr__wire__ceremony_message__descriptor,
		    cdr_buffer_bytes(&message), &offer[k]), CDR_OK);
		assert_int_equal(cdr_ceremony_take(w->run[1]->ceremony, offer[k]), CDR_OK);
		cdr_buffer_free(&message);
	}
	turn(w, 1);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_FAILED);
	assert_int_equal(attempt_of(w, 1), 2);
	/* Trustee 2 learns of it from trustee 1's evidence. */
	turn(w, 2);
	assert_int_equal(state_of(w, 2), CDR_CEREMONY_FAILED);
	assert_int_equal(attempt_of(w, 2), 2);
	size_t named;
	const struct cdr_ceremony_finding *f = cdr_ceremony_findings(w->run[2]->ceremony, &named);
	assert_int_equal(named, 1);
	assert_int_equal(f[0].trustee, 3);
	assert_int_equal(f[0].kind, CDR_CEREMONY_EQUIVOCATED);
	/* No certificate was given: nothing of attempt 1 can count on these shares. */
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 0);
	for (size_t k = 0; k < 2; k++) {
		cdr_arena_free(&arena[k]);
		cdr_ceremony_free(both[k]);
	}
	/* The second attempt goes through. */
	w->attempt = 2;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

/* Who certified an attempt that nobody finished keeps it open while the next one runs. */
static void
test_certified_attempt_stays_open(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	size_t count;

	w->hidden_round = CDR_CEREMONY_CERTIFICATE;
	w->hidden_from = 1;
	w->hidden_to = 3;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(cdr_trustee_attempt_open(w->x->node[3].trustee, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_memory_equal(open[0].bytes, cdr_ceremony_id_peek(w->run[3]->ceremony), CDR_CEREMONY_ID_LEN);
	assert_int_equal(cdr_trustee_attempt_open(w->x->node[1].trustee, tags, 2, open, &count), CDR_OK);
	assert_int_equal(count, 0);
}

/* A writing job: what trustee 1 has begun was certified; or failed. */
static cdr_err
end_job(struct cdr_tx *tx, void *state)
{
	return cdr_query_run(tx, "UPDATE key_ceremony SET certified = 1, state = $1", CDR_VALUES(cdr_value_text(state)));
}

/* Whoever comes in another's place knows no attempt of those before: all begin at the first, and nothing of theirs is gone on with. */
static void
test_attempts_of_former_trustees(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	struct cdr_trustee *t = w->x->node[1].trustee;
	static char failed[] = "failed", running[] = "running";
	size_t count;

	w->attempt = 2;
	begin(w, 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 3);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, running), CDR_OK);
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 3, open, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(cdr_current_set(t->current, others_of(w)), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, running), CDR_OK);
	assert_int_equal(cdr_trustee_attempt_open(t, tags, 3, open, &count), CDR_OK);
	assert_int_equal(count, 0);
	/* Theirs count for them, though one of those before was further. */
	w->attempt = 1;
	begin(w, 1);
	assert_int_equal(attempt_of(w, 1), 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, end_job, failed), CDR_OK);
	assert_int_equal(attempt_of(w, 1), 2);
}

static void
test_start_refusals(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_ceremony *run;
	struct cdr_trustee *t = w->x->node[1].trustee;

	assert_int_equal(cdr_trustee_ceremony_start(t, tags, 0, NULL, &run, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trustee_ceremony_start(t, tags, CDR_TRUSTEE_ATTEMPT_MAX + 1, NULL, &run, NULL), CDR_E_RANGE);
	t->is_confirmed = false;
	assert_int_equal(cdr_trustee_ceremony_start(t, tags, 1, NULL, &run, NULL), CDR_E_ABSENT);
	t->is_confirmed = true;
	assert_null(run);
}

/* ---- hubs that lie -------------------------------------------------------------------------------------------------- */

/* It alters a message: no signature, so it counts as missing, and its sender is not blamed for what it did not say. */
static void
test_hub_alters(void **state)
{
	struct world *w = *state;
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];

	w->altered_round = CDR_CEREMONY_KEY;
	w->altered_from = 2;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		begin(w, i);
	turns(w, false);
	assert_int_equal(state_of(w, 1), CDR_CEREMONY_RUNNING);
	assert_int_equal(cdr_ceremony_waiting(w->run[1]->ceremony, finding), 1);
	assert_int_equal(finding[0].kind, CDR_CEREMONY_FORGED);
	assert_int_equal(finding[0].trustee, 2);
	/* When it stops lying, the ceremony goes on. */
	w->altered_from = 0;
	turns(w, false);
	polls(w);
	assert_in_force(w);
}

/*
 * The hub founds the exchange with keys of its own in the place of trustees 2 and 3, and shows trustee 1 that roster.
 * Whatever its operator types, no key is made: with the true fingerprint the roster is another; with the hub's, a
 * trustee in whose place it put a key is not in it. (Trustee 1, whose entry is right, is kept by comparing alone.)
 */
static struct cdr_roster *
found_with_keys_of_the_hub(struct world *w, bool replaces_all)
{
	Cdr__Wire__Roster body = *w->x->genesis->body;
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];
	Cdr__Wire__Party party[TRUSTEE_COUNT];
	uint8_t keys[TRUSTEE_COUNT][CDR_SIGN_PUBLIC_LEN];
	struct cdr_roster *roster;

	for (size_t i = 0; i < TRUSTEE_COUNT; i++) {
		memset(keys[i], (int)(0xb0 + i), sizeof(keys[i]));
		trustee[i] = *body.trustee[i];
		party[i] = *body.trustee[i]->party;
		if (i > 0 || replaces_all) {
			party[i].signing_key = cdr_message_field(keys[i], sizeof(keys[i]));
			party[i].tls_pin = cdr_message_field(keys[i], sizeof(keys[i]));
		}
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
	}
	body.trustee = at;
	assert_int_equal(cdr_roster_build_genesis(&body, w->x->hub_seed, &roster, NULL), CDR_OK);
	return roster;
}

static void
test_hub_in_the_trustees_place(void **state)
{
	struct world *w = *state;
	struct cdr_roster *some = found_with_keys_of_the_hub(w, false), *all = found_with_keys_of_the_hub(w, true);
	Cdr__Wire__Party own;
	const uint8_t *pin = w->x->hub_key;
	struct cdr_fault fault;
	uint32_t index;

	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	/* The true one. */
	assert_int_equal(cdr_genesis_check(w->x->genesis, w->x->genesis->hash, &own, pin, &index, &fault), CDR_OK);
	assert_int_equal(index, 1);
	/* The fingerprint that the trustees compared is that of the true one. */
	assert_int_equal(cdr_genesis_check(some, w->x->genesis->hash, &own, pin, &index, &fault), CDR_E_ROSTER);
	assert_int_equal(index, 0);
	assert_int_equal(cdr_genesis_check(all, w->x->genesis->hash, &own, pin, &index, &fault), CDR_E_ROSTER);
	/* Somebody typed what the hub printed, without comparing: a trustee that was replaced finds out all the same. */
	assert_int_equal(cdr_genesis_check(all, all->hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "Do not go on"));
	cdr_home_party(&w->x->node[2].home, "Trustee 2", test_url, &own);
	assert_int_equal(cdr_genesis_check(some, some->hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_int_equal(w->posted, 0);
	cdr_roster_free(some);
	cdr_roster_free(all);
}

static void
test_genesis_refusals(void **state)
{
	struct world *w = *state;
	Cdr__Wire__Party own;
	struct cdr_fault fault;
	uint8_t pin[CDR_PIN_LEN] = { 1 }, key[CDR_SIGN_PUBLIC_LEN] = { 1 };
	uint32_t index;
	const uint8_t *hash = w->x->genesis->hash;

	/* The right roster from a server that is not its hub. */
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, pin, &index, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_OK);
	/* Anything of its own entry that differs. */
	cdr_home_party(&w->x->node[1].home, "Trustee One", test_url, &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", "https://127.0.0.1:2", &own);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.signing_key = cdr_message_field(key, sizeof(key));
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.sealing_key = cdr_message_field(w->x->node[2].home.sealing_public, CDR_HPKE_PUBLIC_LEN);
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
	cdr_home_party(&w->x->node[1].home, "Trustee 1", test_url, &own);
	own.tls_pin = cdr_message_field(pin, sizeof(pin));
	assert_int_equal(cdr_genesis_check(w->x->genesis, hash, &own, NULL, &index, &fault), CDR_E_REFUSED);
}

/* A trustee belongs to one exchange. */
static void
test_second_exchange(void **state)
{
	struct world *w = *state;
	struct cdr_roster *other = found_with_keys_of_the_hub(w, false);

	assert_int_equal(cdr_trustee_confirm(w->x->node[1].trustee, other, 1, NULL), CDR_E_EXISTS);
	cdr_roster_free(other);
	assert_int_equal(cdr_trustee_confirm(w->x->node[1].trustee, copy_roster(w->x->genesis), 1, NULL), CDR_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_through_the_hub),
		CASE(test_two_keys),
		CASE(test_a_key_of_former_trustees),
		CASE(test_killed_at_every_turn),
		CASE(test_hub_away),
		CASE(test_late_share),
		CASE(test_database_lost),
		CASE(test_failed_attempt_is_over),
		CASE(test_certified_attempt_stays_open),
		CASE(test_attempts_of_former_trustees),
		CASE(test_start_refusals),
		CASE(test_hub_alters),
		CASE(test_hub_in_the_trustees_place),
		CASE(test_genesis_refusals),
		CASE(test_second_exchange),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
