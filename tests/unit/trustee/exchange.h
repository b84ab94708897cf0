#ifndef CDR_TESTS_TRUSTEE_EXCHANGE_H
#define CDR_TESTS_TRUSTEE_EXCHANGE_H

/*
 * An exchange in memory for the tests of a trustee: three trustees of whom two must act, a hub whose key the test holds and
 * which says what the test wants, and members. Include after tests/unit/unit.h.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/sample.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/threshold.h"
#include "core/identity/token.h"
#include "keys/roster_build.h"
#include "node/net/log.h"
#include "node/trustee/peers.h"
#include "node/trustee/routes.h"
#include "node/trustee/schema.h"
#include "node/trustee/share.h"
#include "node/trustee/witness.h"
#include "node/trustee/witnessed.h"
#include "tests/unit/files.h"

#define TRUSTEE_COUNT 3
#define THRESHOLD 2
#define MEMBER_MAX 8

struct exchange;

/* How a trustee's questions reach the hub of the test. */
struct line {
	struct exchange *exchange;
	uint32_t index;
};

struct node {
	struct cdr_home home;
	struct line line;
	struct cdr_trustee *trustee;
};

/* A member as the rosters name it. Its keys are its number, repeated, through the signature scheme. */
struct enrolled {
	char id[CDR_SLUG_LEN_MAX + 1];
	char name[32];
	char country[4];
	char status[16];
	uint8_t seed[CDR_SIGN_SEED_LEN], key[CDR_SIGN_PUBLIC_LEN], pin[CDR_PIN_LEN];
	uint64_t check_points, import_points;
	Cdr__Wire__Party party;
	Cdr__Wire__Member member;
};

struct exchange {
	char folder[64];
	uint8_t hub_seed[CDR_SIGN_SEED_LEN], hub_key[CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing_key[CDR_HPKE_PUBLIC_LEN];
	struct node node[TRUSTEE_COUNT + 1];   /* from 1 */
	struct cdr_roster *genesis;
	struct cdr_roster *newest;             /* what the hub shows as the roster in force */
	struct cdr_roster *proposal;           /* what it wants countersigned; NULL: nothing */
	bool is_away;                          /* the hub does not answer */
	uint32_t away_after;                   /* nor once it was asked for so many rosters; 0: it does */
	bool withholds;                        /* it gives no newer roster */
	size_t late_count;                     /* nor when it is asked the next so many times: it has none yet */
	bool trustee_away[TRUSTEE_COUNT + 1];  /* one that does not answer the others */
	size_t show_count;                     /* how often the hub was asked to show the log */
	uint32_t roster_count;                 /* how often it was asked for a roster */
	uint8_t countersigned[TRUSTEE_COUNT + 1][CDR_ROSTER_HASH_LEN]; /* by whom, what */
	uint8_t secret[THRESHOLD][CDR_SCALAR_LEN]; /* of epoch 1: the polynomial that nobody has in an exchange */
	char verdict[16];                      /* what an auditor found last, and how often one told */
	size_t verdict_count, refused_count;
	uint64_t refused_position;             /* plus 1: of what is drawn there the hub takes no finding; 0: it takes all */
	struct enrolled member[MEMBER_MAX];
	size_t member_count;
};

static char test_url[] = "https://127.0.0.1:1", test_nowhere[] = "";

/* ---- the hub ---------------------------------------------------------------------------------------------------- */

static inline cdr_err
answer(struct cdr_ask *ask, const ProtobufCMessage *reply)
{
	struct cdr_buffer bytes;

	assert_int_equal(cdr_message_encode(reply, &bytes), CDR_OK);
	ask->err = cdr_message_decode(&ask->arena, ask->reply_type, cdr_buffer_bytes(&bytes), &ask->reply);
	assert_int_equal(ask->err, CDR_OK);
	cdr_buffer_free(&bytes);
	ask->answered = true;
	return CDR_OK;
}

static inline cdr_err
take_countersignature(struct exchange *x, uint32_t index, const ProtobufCMessage *message)
{
	const Cdr__Wire__CountersignRequest *request = (const Cdr__Wire__CountersignRequest *)message;

	assert_int_equal(request->roster_hash.len, CDR_ROSTER_HASH_LEN);
	assert_int_equal(cdr_roster_verify_countersignature(x->genesis, request->roster_hash.data, index,
	    cdr_message_bytes(request->signature)), CDR_OK);
	memcpy(x->countersigned[index], request->roster_hash.data, CDR_ROSTER_HASH_LEN);
	return CDR_OK;
}

/* Another trustee is asked for a roster, or what it saw of the log, and answers as it does. */
static inline cdr_err
trustee_send(struct exchange *x, struct cdr_ask *ask)
{
	size_t at = (size_t)(ask->party_signer[8] - '0');
	struct cdr_trustee *trustee = x->node[at].trustee;

	if (x->trustee_away[at])
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "played: away");
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	const struct cdr_call call = { .message = ask->message, .roster = held, .now = cdr_trustee_now() };
	struct cdr_answer given = { 0 };

	ask->answered = true;
	if (strcmp(ask->path, "/v1/witness/latest") == 0) {
		ask->err = cdr_trustee_witness_latest(trustee, &call, &given, &ask->fault);
	} else {
		assert_string_equal(ask->path, "/v1/roster");
		ask->err = cdr_trustee_roster_give(trustee, &call, &given, &ask->fault);
		assert_int_equal(ask->err, CDR_OK);
	}
	if (ask->err == CDR_OK)
		assert_int_equal(cdr_message_decode(&ask->arena, ask->reply_type, cdr_buffer_bytes(&given.body), &ask->reply), CDR_OK);
	cdr_buffer_free(&given.body);
	cdr_current_release(trustee->current, held);
	return ask->err;
}

static inline cdr_err
hub_send(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	struct line *line = context;
	struct exchange *x = line->exchange;

	(void)signer;
	if (strncmp(ask->party_signer, "trustee/", 8) == 0)
		return trustee_send(x, ask);
	assert_string_equal(ask->party_signer, "hub");
	if (x->is_away || (x->away_after > 0 && x->roster_count >= x->away_after))
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "the hub is away");
	if (strcmp(ask->path, "/v1/roster") == 0) {
		const Cdr__Wire__RosterRequest *request = (const Cdr__Wire__RosterRequest *)ask->message;
		Cdr__Wire__RosterReply reply = CDR__WIRE__ROSTER_REPLY__INIT;
		Cdr__Wire__SignedRoster frame = *x->newest->signatures;

		x->roster_count++;
		bool is_late = x->late_count > 0;
		x->late_count -= is_late;
		if (x->newest->body->version > request->have_version && !x->withholds && !is_late)
			reply.roster = &frame;
		return answer(ask, &reply.base);
	}
	if (strcmp(ask->path, "/v1/roster/proposal") == 0) {
		Cdr__Wire__ProposalReply reply = CDR__WIRE__PROPOSAL_REPLY__INIT;

		if (x->proposal != NULL) {
			reply.has_roster = reply.has_hub_signature = true;
			reply.roster = x->proposal->signatures->roster;
			reply.hub_signature = x->proposal->signatures->hub_signature;
		}
		return answer(ask, &reply.base);
	}
	if (strcmp(ask->path, "/v1/roster/countersign") == 0)
		return take_countersignature(x, line->index, ask->message);
	if (strcmp(ask->path, CDR_SAMPLE_VERDICT_PATH) == 0) {
		Cdr__Wire__Logged reply = CDR__WIRE__LOGGED__INIT;

		if (x->refused_position != 0 && ((const Cdr__Wire__Verdict *)ask->message)->position + 1 == x->refused_position) {
			x->refused_count++;
			ask->answered = true;
			return ask->err = cdr_fault_set(&ask->fault, CDR_E_REFUSED, "nothing of this member was drawn there for this auditor");
		}
		(void)snprintf(x->verdict, sizeof(x->verdict), "%s", ((const Cdr__Wire__Verdict *)ask->message)->outcome);
		x->verdict_count++;
		return answer(ask, &reply.base);
	}
	if (strcmp(ask->path, "/v1/log/show") == 0) {
		x->show_count++;
		return ask->err = CDR_OK;
	}
	fail_msg("unexpected: %s", ask->path);
	return CDR_E_INTERNAL;
}

/* ---- making it -------------------------------------------------------------------------------------------------- */

static inline void
open_store(struct exchange *x, struct node *node, uint32_t index)
{
	char path[128];
	struct cdr_fault fault = { CDR_OK, "" };

	(void)snprintf(path, sizeof(path), "%s/%u.db", x->folder, index);
	const struct cdr_store_config config = { .path = path, .key = node->home.keys->database,
		.schema = &cdr_trustee_schema, .create = true };
	if (cdr_store_open(&config, &node->home.store, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static inline void
make_home(struct exchange *x, struct node *node, uint32_t index)
{
	node->home.keys = cdr_secret_alloc(sizeof(*node->home.keys));
	assert_non_null(node->home.keys);
	memset(node->home.keys, (int)index, sizeof(*node->home.keys));
	assert_int_equal(cdr_sign_public(node->home.keys->signing, node->home.signing_public), CDR_OK);
	assert_int_equal(cdr_group_public_uncompressed(node->home.keys->sealing, node->home.sealing_public), CDR_OK);
	memset(node->home.pin, 0x80 + (int)index, sizeof(node->home.pin));
	node->line = (struct line){ x, index };
	open_store(x, node, index);
}

static inline void
start_trustee(struct node *node)
{
	const struct cdr_trustee_hub hub = { hub_send, &node->line };

	assert_int_equal(cdr_trustee_start(&node->home, &hub, &node->trustee, NULL), CDR_OK);
}

static inline Cdr__Wire__Scheme
make_scheme(void)
{
	static char leavers[] = "leavers", version[] = "1";
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;

	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.codebook_version = version;
	scheme.has_sample_checks = scheme.has_sample_points = true; /* everything is drawn */
	scheme.sample_checks = scheme.sample_points = 1;
	return scheme;
}

static inline void
make_genesis(struct exchange *x)
{
	static char hub_name[] = "Hub", names[TRUSTEE_COUNT + 1][16];
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = make_scheme();
	Cdr__Wire__Party party[TRUSTEE_COUNT + 1];
	Cdr__Wire__Trustee trustee[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];
	struct cdr_fault fault = { CDR_OK, "" };

	party[0] = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party[0].name = hub_name;
	party[0].url = test_url;
	party[0].signing_key = cdr_message_field(x->hub_key, sizeof(x->hub_key));
	party[0].sealing_key = cdr_message_field(x->sealing_key, sizeof(x->sealing_key));
	party[0].tls_pin = cdr_message_field(x->hub_key, CDR_PIN_LEN);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "Trustee %u", i);
		cdr_home_party(&x->node[i].home, names[i], test_url, &party[i]);
		trustee[i - 1] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i - 1].index = i;
		trustee[i - 1].party = &party[i];
		at[i - 1] = &trustee[i - 1];
	}
	body.hub = &party[0];
	body.trustee = at;
	body.n_trustee = TRUSTEE_COUNT;
	body.threshold = THRESHOLD;
	body.scheme = &scheme;
	body.made_at = cdr_trustee_now() - 100;
	if (cdr_roster_build_genesis(&body, x->hub_seed, &x->genesis, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static inline struct cdr_roster *
copy_roster(const struct cdr_roster *roster)
{
	struct cdr_roster *copy;

	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&roster->bytes), &copy, NULL), CDR_OK);
	return copy;
}

static inline struct exchange *
exchange_new(void)
{
	struct exchange *x = calloc(1, sizeof(*x));
	uint8_t scalar[CDR_SCALAR_LEN];

	assert_non_null(x);
	(void)snprintf(x->folder, sizeof(x->folder), "/tmp/cdr-trustee-XXXXXX");
	assert_non_null(mkdtemp(x->folder));
	memset(x->hub_seed, 0x77, sizeof(x->hub_seed));
	assert_int_equal(cdr_sign_public(x->hub_seed, x->hub_key), CDR_OK);
	cdr_scalar_set(4711, scalar);
	assert_int_equal(cdr_group_public_uncompressed(scalar, x->sealing_key), CDR_OK);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		make_home(x, &x->node[i], i);
	make_genesis(x);
	x->newest = copy_roster(x->genesis);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		start_trustee(&x->node[i]);
		assert_int_equal(cdr_trustee_confirm(x->node[i].trustee, copy_roster(x->genesis), i, NULL), CDR_OK);
	}
	return x;
}

/* The trustee's process ends and starts again. */
static inline void
restart(struct exchange *x, uint32_t index)
{
	struct node *node = &x->node[index];

	cdr_trustee_stop(node->trustee);
	cdr_store_close(node->home.store);
	open_store(x, node, index);
	start_trustee(node);
}

static inline void
exchange_free(struct exchange *x)
{
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		cdr_trustee_stop(x->node[i].trustee);
		cdr_store_close(x->node[i].home.store);
		cdr_secret_free(x->node[i].home.keys);
	}
	files_remove(x->folder);
	cdr_roster_free(x->genesis);
	cdr_roster_free(x->newest);
	cdr_roster_free(x->proposal);
	free(x);
}

/* ---- members and rosters ---------------------------------------------------------------------------------------- */

/* A member with keys from ${number}; it comes into a roster by a change that names it. */
static inline struct enrolled *
enrol(struct exchange *x, const char *id, uint8_t number)
{
	struct enrolled *e = &x->member[x->member_count++];

	assert_true(x->member_count <= MEMBER_MAX);
	(void)snprintf(e->id, sizeof(e->id), "%s", id);
	(void)snprintf(e->name, sizeof(e->name), "Member %s", id);
	(void)snprintf(e->country, sizeof(e->country), "KEN");
	(void)snprintf(e->status, sizeof(e->status), "active");
	memset(e->seed, number, sizeof(e->seed));
	memset(e->pin, number, sizeof(e->pin));
	assert_int_equal(cdr_sign_public(e->seed, e->key), CDR_OK);
	e->check_points = 100;
	e->import_points = 1000;
	e->party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	e->party.name = e->name;
	e->party.url = test_nowhere;
	e->party.signing_key = cdr_message_field(e->key, sizeof(e->key));
	e->party.sealing_key = cdr_message_field(x->sealing_key, sizeof(x->sealing_key));
	e->party.tls_pin = cdr_message_field(e->pin, sizeof(e->pin));
	return e;
}

/* The change that puts ${e}, as it is now, into the roster. */
static inline struct cdr_roster_change
change_member(struct enrolled *e)
{
	e->member = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
	e->member.id = e->id;
	e->member.party = &e->party;
	e->member.country = e->country;
	e->member.status = e->status;
	e->member.check_points = e->check_points;
	e->member.import_points = e->import_points;
	e->member.joined_at = 1000;
	return (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &e->member };
}

static inline struct cdr_roster_change
change_status(const struct enrolled *e, const char *status)
{
	return (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_STATUS, .id = e->id, .status = status };
}

/* The hub proposes these changes to the newest roster, in place of what it proposed before. */
static inline void
propose(struct exchange *x, const struct cdr_roster_change *changes, size_t count)
{
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_roster_free(x->proposal);
	if (cdr_roster_build_next(x->newest, changes, count, cdr_trustee_now(), x->hub_seed, &x->proposal, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

/* The proposal comes into force: the test holds the keys of the trustees, too. */
static inline void
put_in_force(struct exchange *x)
{
	Cdr__Wire__Countersignature signature[THRESHOLD];
	uint8_t bytes[THRESHOLD][CDR_SIGNATURE_LEN];
	struct cdr_roster *complete;
	struct cdr_fault fault = { CDR_OK, "" };

	for (uint32_t i = 0; i < THRESHOLD; i++) {
		assert_int_equal(cdr_roster_countersign(x->node[i + 1].home.keys->signing, x->proposal->hash, i + 1, bytes[i]),
		    CDR_OK);
		signature[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		signature[i].trustee = i + 1;
		signature[i].signature = cdr_message_field(bytes[i], CDR_SIGNATURE_LEN);
	}
	if (cdr_roster_build_complete(x->proposal, x->newest, signature, THRESHOLD, &complete, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	cdr_roster_free(x->newest);
	cdr_roster_free(x->proposal);
	x->newest = complete;
	x->proposal = NULL;
}

/* A roster comes into force in which node i has the index after[i - 1]; 0: none. */
static inline void
change_trustees(struct exchange *x, const uint32_t after[TRUSTEE_COUNT])
{
	static char name[] = "Trustee";
	Cdr__Wire__TrusteeChange change = CDR__WIRE__TRUSTEE_CHANGE__INIT;
	Cdr__Wire__CeremonyParticipant participant[TRUSTEE_COUNT], *at[TRUSTEE_COUNT];
	Cdr__Wire__Party party[TRUSTEE_COUNT];

	for (uint32_t i = 0; i < TRUSTEE_COUNT; i++) {
		cdr_home_party(&x->node[i + 1].home, name, test_url, &party[i]);
		participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		participant[i].party = &party[i];
		participant[i].after = after[i];
		at[i] = &participant[i];
	}
	change.threshold = THRESHOLD;
	change.participant = at;
	change.n_participant = TRUSTEE_COUNT;
	const struct cdr_roster_change changes[] = { { .kind = CDR_ROSTER_CHANGE_TRUSTEES, .trustees = &change } };
	propose(x, changes, 1);
	put_in_force(x);
}

/* ---- a key ------------------------------------------------------------------------------------------------------ */

/* An epoch with a key that the test dealt. Points into itself. */
struct dealt {
	uint8_t scheme_version[CDR_SCHEME_VERSION_LEN];
	uint8_t commitments[THRESHOLD * CDR_POINT_LEN];
	uint8_t share[TRUSTEE_COUNT + 1][CDR_POINT_LEN];
	uint8_t transcript[CDR_ROSTER_HASH_LEN];
	ProtobufCBinaryData public_share[TRUSTEE_COUNT];
	Cdr__Wire__Epoch epoch;
};

static inline void
deal(struct exchange *x, uint32_t number, uint64_t factor, struct dealt *d)
{
	for (size_t i = 0; i < THRESHOLD; i++)
		cdr_scalar_set(factor * (i + 3), x->secret[i]);
	assert_int_equal(cdr_threshold_commit(x->secret[0], THRESHOLD, d->commitments), CDR_OK);
	memset(d->scheme_version, 1, sizeof(d->scheme_version));
	memset(d->transcript, (int)number, sizeof(d->transcript));
	d->transcript[0] = (uint8_t)factor;
	d->epoch = (Cdr__Wire__Epoch)CDR__WIRE__EPOCH__INIT;
	d->epoch.number = number;
	d->epoch.scheme_version = cdr_message_field(d->scheme_version, sizeof(d->scheme_version));
	d->epoch.public_key = cdr_message_field(d->commitments, CDR_POINT_LEN);
	d->epoch.transcript = cdr_message_field(d->transcript, sizeof(d->transcript));
	d->epoch.starts_at = cdr_trustee_now() - 10;
	d->epoch.ends_at = d->epoch.starts_at + 365 * 86400;
	d->epoch.n_public_share = TRUSTEE_COUNT;
	d->epoch.public_share = d->public_share;
	for (uint8_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(cdr_threshold_public_share(d->commitments, THRESHOLD, i, d->share[i]), CDR_OK);
		d->public_share[i - 1] = cdr_message_field(d->share[i], CDR_POINT_LEN);
	}
}

static inline struct cdr_roster_change
change_epoch(const struct dealt *d)
{
	return (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_KEY,
		.key = cdr_roster_key_of_epoch(&d->epoch) };
}

struct give_share {
	struct cdr_trustee *trustee;
	uint8_t share[CDR_SCALAR_LEN];
	const struct dealt *dealt;
};

static inline cdr_err
give_share_job(struct cdr_tx *tx, void *context)
{
	const struct give_share *job = context;

	const struct cdr_roster_key key = cdr_roster_key_of_epoch(&job->dealt->epoch);

	return cdr_trustee_share_put(tx, job->trustee, job->share, &key, THRESHOLD, (struct cdr_bytes){ NULL, 0 });
}

/* What a ceremony would have stored at this trustee. */
static inline void
give_share(struct exchange *x, uint32_t index, const struct dealt *d)
{
	struct give_share job = { .trustee = x->node[index].trustee, .dealt = d };

	assert_int_equal(cdr_threshold_deal(x->secret[0], THRESHOLD, (uint8_t)index, job.share), CDR_OK);
	assert_int_equal(cdr_store_write(x->node[index].home.store, give_share_job, &job), CDR_OK);
}

static inline int
group_setup(void **state)
{
	(void)state;
	cdr_log_set_level(CDR_LOG_ERROR);
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

#endif
