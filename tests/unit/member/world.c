#include "tests/unit/member/world_play.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/secret.h"
#include "core/crypto/threshold.h"
#include "node/member/enrol.h"
#include "node/member/schema.h"
#include "node/net/log.h"
#include "tests/unit/files.h"

/* see tests/unit/member/world.h */

struct world *w_world;
const char *const w_ids[W_MEMBERS] = { "blue-harbour", "green-valley", "red-ridge" };

/* ---- parties and rosters ------------------------------------------------------------------------------------------- */

static void
keys_make(struct w_keys *keys, const char *signer, bool listens)
{
	(void)snprintf(keys->signer, sizeof(keys->signer), "%s", signer);
	(void)snprintf(keys->name, sizeof(keys->name), "Party %s", signer);
	(void)snprintf(keys->url, sizeof(keys->url), "%s", listens ? "https://127.0.0.1:1" : "");
	assert_int_equal(cdr_random(keys->seed, sizeof(keys->seed)), CDR_OK);
	assert_int_equal(cdr_random(keys->pin, sizeof(keys->pin)), CDR_OK);
	assert_int_equal(cdr_sign_public(keys->seed, keys->signing), CDR_OK);
	assert_int_equal(cdr_hpke_keypair(keys->secret, keys->sealing), CDR_OK);
	keys->party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	keys->party.name = keys->name;
	keys->party.url = keys->url;
	keys->party.signing_key = cdr_message_field(keys->signing, sizeof(keys->signing));
	keys->party.sealing_key = cdr_message_field(keys->sealing, sizeof(keys->sealing));
	keys->party.tls_pin = cdr_message_field(keys->pin, sizeof(keys->pin));
}

/* Sign ${body} by the hub and by every trustee. */
static void
sign_roster(struct world *w, const Cdr__Wire__Roster *body, struct cdr_buffer *out)
{
	struct cdr_buffer bytes;
	uint8_t hub_signature[CDR_SIGNATURE_LEN], signature[W_TRUSTEES][CDR_SIGNATURE_LEN];
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;
	Cdr__Wire__Countersignature counter[W_TRUSTEES], *counters[W_TRUSTEES];

	assert_int_equal(cdr_message_encode(&body->base, &bytes), CDR_OK);
	struct cdr_bytes signed_bytes = cdr_buffer_bytes(&bytes);
	assert_int_equal(cdr_sha256(&signed_bytes, 1, w->hash), CDR_OK);
	assert_int_equal(cdr_roster_sign_hub(w->hub.seed, signed_bytes, hub_signature), CDR_OK);
	message.roster = cdr_message_field(bytes.data, bytes.len);
	message.hub_signature = cdr_message_field(hub_signature, sizeof(hub_signature));
	message.countersignature = counters;
	message.n_countersignature = body->version == 0 ? 0 : W_TRUSTEES;
	for (uint32_t i = 0; i < W_TRUSTEES; i++) {
		assert_int_equal(cdr_roster_countersign(w->trustee[i].seed, w->hash, i + 1, signature[i]), CDR_OK);
		counter[i] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		counter[i].trustee = i + 1;
		counter[i].signature = cdr_message_field(signature[i], sizeof(signature[i]));
		counters[i] = &counter[i];
	}
	cdr_buffer_free(out);
	assert_int_equal(cdr_message_encode(&message.base, out), CDR_OK);
	cdr_buffer_free(&bytes);
}

void
w_roster(struct world *w)
{
	static char country[] = "KEN";
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Trustee trustee[W_TRUSTEES], *trustees[W_TRUSTEES];
	Cdr__Wire__Member member[W_MEMBERS], *members[W_MEMBERS];
	Cdr__Wire__Epoch epoch = CDR__WIRE__EPOCH__INIT, next, *epochs[] = { &epoch, &next };
	Cdr__Wire__StatisticsKey statistics = CDR__WIRE__STATISTICS_KEY__INIT, *statistics_keys[] = { &statistics };
	ProtobufCBinaryData shares[W_TRUSTEES];
	uint8_t previous[CDR_ROSTER_HASH_LEN] = { 0 };
	char id[W_MEMBERS][CDR_SLUG_LEN_MAX + 1];
	bool is_genesis = w->genesis_bytes.data == NULL;

	if (!is_genesis)
		memcpy(previous, w->hash, sizeof(previous));
	for (uint32_t i = 0; i < W_TRUSTEES; i++) {
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &w->trustee[i].party;
		trustees[i] = &trustee[i];
		shares[i] = cdr_message_field(w->public_share[i], CDR_POINT_LEN);
	}
	for (size_t i = 0; i < W_MEMBERS; i++) {
		(void)snprintf(id[i], sizeof(id[i]), "%s", w_ids[i]);
		member[i] = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
		member[i].id = id[i];
		member[i].party = &w->keys[i].party;
		member[i].country = country;
		member[i].status = w->status[i];
		member[i].check_points = W_CHECK_POINTS;
		member[i].import_points = UINT64_C(1) << 20;
		member[i].joined_at = w->joined_at;
		member[i].sealing = w->roll[i].is_in_force ? &w->roll[i].sealing : NULL;
		members[i] = &member[i];
	}
	epoch.number = 1;
	epoch.scheme_version = cdr_message_field(w->scheme_version, sizeof(w->scheme_version));
	epoch.public_key = cdr_message_field(w->public_key, sizeof(w->public_key));
	epoch.public_share = shares;
	epoch.n_public_share = W_TRUSTEES;
	epoch.transcript = cdr_message_field(w->scheme_version, 32);
	epoch.starts_at = 1;
	epoch.ends_at = UINT32_MAX;
	statistics.number = 1;
	statistics.public_key = epoch.public_key;
	statistics.public_share = epoch.public_share;
	statistics.n_public_share = epoch.n_public_share;
	statistics.transcript = epoch.transcript;
	statistics.starts_at = epoch.starts_at;
	statistics.ends_at = epoch.ends_at;
	body.statistics_key = statistics_keys;
	body.n_statistics_key = !is_genesis && w->with_statistics ? 1 : 0;
	body.format = 1;
	body.version = is_genesis ? 0 : ++w->version;
	body.made_at = cdr_member_now();
	body.previous = cdr_message_field(previous, sizeof(previous));
	body.hub = &w->hub.party;
	body.trustee = trustees;
	body.n_trustee = W_TRUSTEES;
	body.threshold = W_THRESHOLD;
	body.scheme = &w->scheme;
	body.epoch = epochs;
	next = epoch; /* under the same key: nobody here tells them apart */
	next.number = 2;
	next.starts_at = 2;
	body.n_epoch = is_genesis || w->without_epoch ? 0 : w->with_second_epoch ? 2 : 1;
	body.member = members;
	body.n_member = is_genesis ? 0 : W_MEMBERS;
	sign_roster(w, &body, is_genesis ? &w->genesis_bytes : &w->newest_bytes);
	if (is_genesis)
		memcpy(w->genesis, w->hash, sizeof(w->genesis));
}

struct cdr_roster *
w_roster_read(struct world *w)
{
	struct cdr_roster *roster;

	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->newest_bytes), &roster, NULL), CDR_OK);
	return roster;
}

void
w_roll_in_force(struct world *w, size_t at)
{
	struct w_roll *roll = &w->roll[at];

	roll->sealing = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	roll->sealing.number = roll->number;
	roll->sealing.made_at = roll->made_at;
	roll->sealing.signature = cdr_message_field(roll->signature, sizeof(roll->signature));
	memcpy(w->keys[at].sealing, roll->key, sizeof(roll->key));
	roll->is_in_force = true;
	w_roster(w);
}

void
w_set_status(struct world *w, size_t at, const char *status)
{
	(void)snprintf(w->status[at], sizeof(w->status[at]), "%s", status);
}

/* A key of the trustees in shares, as their ceremony would have made it. */
static void
deal(struct world *w)
{
	uint8_t coefficients[W_THRESHOLD][CDR_SCALAR_LEN], commitments[W_THRESHOLD][CDR_POINT_LEN];

	for (size_t i = 0; i < W_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(coefficients[i]), CDR_OK);
	assert_int_equal(cdr_threshold_commit(coefficients[0], W_THRESHOLD, commitments[0]), CDR_OK);
	memcpy(w->public_key, commitments[0], CDR_POINT_LEN);
	for (uint8_t i = 0; i < W_TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(coefficients[0], W_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_threshold_public_share(commitments[0], W_THRESHOLD, i + 1, w->public_share[i]), CDR_OK);
	}
}

/* ---- members ------------------------------------------------------------------------------------------------------- */

static cdr_err
put_roster(struct cdr_tx *tx, int64_t version, const struct cdr_buffer *bytes)
{
	return cdr_query_run(tx, "INSERT INTO roster (version, bytes) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_int(version), cdr_value_bytes(cdr_buffer_bytes(bytes))));
}

static cdr_err
settle(struct cdr_tx *tx, void *context)
{
	struct cdr_member *member = context;

	assert_int_equal(cdr_setting_put(tx, "name", member->name, strlen(member->name)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "id", member->id, strlen(member->id)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "country", member->country, strlen(member->country)), CDR_OK);
	assert_int_equal(cdr_setting_put(tx, "genesis", member->genesis, sizeof(member->genesis)), CDR_OK);
	assert_int_equal(put_roster(tx, 0, &w_world->genesis_bytes), CDR_OK);
	assert_int_equal(put_roster(tx, (int64_t)w_world->version, &w_world->newest_bytes), CDR_OK);
	return CDR_OK;
}

/* A node with the keys that ${w} has for it; no keystore, which costs seconds of Argon2id. */
static struct cdr_member *
member_new(struct world *w, size_t at)
{
	char path[128];
	struct cdr_member *member = calloc(1, sizeof(*member));
	struct cdr_home *home = calloc(1, sizeof(*home));
	struct cdr_fault fault = { 0 };

	assert_non_null(member);
	assert_non_null(home);
	member->home = home;
	(void)snprintf(path, sizeof(path), "%s/%s.db", w->dir, w_ids[at]);
	home->keys = cdr_secret_alloc(sizeof(*home->keys));
	assert_non_null(home->keys);
	assert_int_equal(cdr_random(home->keys, sizeof(*home->keys)), CDR_OK);
	memcpy(home->keys->signing, w->keys[at].seed, CDR_SIGN_SEED_LEN);
	memcpy(home->keys->sealing, w->keys[at].secret, CDR_HPKE_SECRET_LEN);
	memcpy(home->signing_public, w->keys[at].signing, CDR_SIGN_PUBLIC_LEN);
	memcpy(home->sealing_public, w->keys[at].sealing, CDR_HPKE_PUBLIC_LEN);
	memcpy(home->pin, w->keys[at].pin, CDR_PIN_LEN);
	struct cdr_store_config config = {
		.path = path, .key = home->keys->database, .schema = &cdr_member_schema, .create = true, .busy_ms = 200
	};
	assert_int_equal(cdr_store_open(&config, &home->store, &fault), CDR_OK);
	assert_int_equal(cdr_keyring_new(home, &member->keyring), CDR_OK);
	assert_int_equal(cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &member->codebook, NULL), CDR_OK);
	assert_int_equal(cdr_client_new(NULL, &member->client, NULL), CDR_OK);
	assert_int_equal(cdr_current_new(&member->current), CDR_OK);
	(void)snprintf(member->name, sizeof(member->name), "%s", w->keys[at].name);
	(void)snprintf(member->who, sizeof(member->who), "%s", CDR_TRAIL_OPERATOR);
	(void)snprintf(member->id, sizeof(member->id), "%s", w_ids[at]);
	(void)snprintf(member->country, sizeof(member->country), "KEN");
	(void)snprintf(member->signer_name, sizeof(member->signer_name), "member/%s", w_ids[at]);
	memcpy(member->genesis, w->genesis, sizeof(member->genesis));
	assert_int_equal(cdr_store_write(home->store, settle, member), CDR_OK);
	assert_int_equal(cdr_enrol_load_roster(member, &fault), CDR_OK);
	return member;
}

void
w_refresh(struct world *w)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		assert_int_equal(cdr_enrol_refresh(w->member[i], NULL), CDR_OK);
}

struct world *
w_new(void)
{
	static char leavers[] = "leavers", codebook[] = "2025-1";
	struct world *w = calloc(1, sizeof(*w));
	struct cdr_scheme scheme;
	char signer[CDR_SIGNER_LEN_MAX + 1];

	assert_non_null(w);
	w_world = w;
	assert_int_equal(cdr_secret_start(NULL), CDR_OK);
	cdr_log_set_level(CDR_LOG_ERROR);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/cdr-member-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->scheme = (Cdr__Wire__Scheme)CDR__WIRE__SCHEME__INIT;
	w->scheme.index = leavers;
	w->scheme.lookback_years = 5;
	w->scheme.answer_days = 14;
	w->scheme.expiry_days = 60;
	w->scheme.strong_lambda_ppm = 1000;
	w->scheme.possible_lambda_ppm = 500000;
	w->scheme.possible_max = 5;
	w->scheme.codebook_version = codebook;
	assert_int_equal(cdr_scheme_current(1, &scheme), CDR_OK);
	memcpy(w->scheme_version, scheme.version, sizeof(w->scheme_version));
	keys_make(&w->hub, "hub", true);
	for (size_t i = 0; i < W_TRUSTEES; i++) {
		(void)snprintf(signer, sizeof(signer), "trustee/%zu", i + 1);
		keys_make(&w->trustee[i], signer, true);
	}
	for (size_t i = 0; i < W_MEMBERS; i++) {
		(void)snprintf(signer, sizeof(signer), "member/%s", w_ids[i]);
		keys_make(&w->keys[i], signer, false);
		w_set_status(w, i, "active");
	}
	deal(w);
	w_roster(w);
	w_roster(w);
	for (size_t i = 0; i < W_MEMBERS; i++)
		w->member[i] = member_new(w, i);
	return w;
}

void
w_free(struct world *w)
{
	for (size_t i = 0; i < W_MEMBERS; i++)
		cdr_member_close(w->member[i]);
	files_remove(w->dir);
	for (size_t i = 0; i < w->mail_count; i++)
		cdr_buffer_free(&w->mail[i].sealed);
	for (size_t i = 0; i < w->put_count; i++) {
		cdr_buffer_free(&w->put[i].rows);
		cdr_buffer_free(&w->put[i].expiries);
		cdr_buffer_free(&w->put[i].removed);
	}
	cdr_buffer_free(&w->genesis_bytes);
	cdr_buffer_free(&w->newest_bytes);
	w_samples_free(&w->samples);
	free(w);
	w_world = NULL;
}

int
w_setup(void **state)
{
	*state = w_new();
	return 0;
}

int
w_teardown(void **state)
{
	w_free(*state);
	return 0;
}
