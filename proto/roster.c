#include "proto/roster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/record/rules.h"
#include "proto/sealing.h"

static const char hub_label[] = "candor/1 roster";
static const char countersign_label[] = "candor/1 countersign";
static const char fingerprint_label[] = "candor/1 party";

/* ---- form --------------------------------------------------------------------------------------------------- */

/* Set the fault and hand back CDR_E_ROSTER. */
#define BAD(...) cdr_fault_set(fault, CDR_E_ROSTER, __VA_ARGS__)

/* One party's name, address and keys. ${who} names it in a fault. */
static cdr_err
check_party(const Cdr__Wire__Party *party, const char *who, bool listens, struct cdr_fault *fault)
{
	size_t url_len = strlen(party->url);

	/* A name of several lines could show an operator a fingerprint that is not there. */
	if (strpbrk(party->name, "\n\t") != NULL || strpbrk(party->url, "\n\t") != NULL)
		return BAD("roster: %s: its name or address has more than one line", who);
	if (party->name[0] == '\0' || strlen(party->name) > CDR_PARTY_NAME_LEN_MAX)
		return BAD("roster: %s: its name is empty or longer than %d bytes", who, CDR_PARTY_NAME_LEN_MAX);
	if (url_len > CDR_URL_LEN_MAX || (listens && strncmp(party->url, "https://", 8) != 0) || (!listens && url_len > 0))
		return BAD("roster: %s: its address is not the https:// address that such a party needs", who);
	if (party->signing_key.len != CDR_SIGN_PUBLIC_LEN)
		return BAD("roster: %s: its signing key is not %d bytes long", who, CDR_SIGN_PUBLIC_LEN);
	if (party->sealing_key.len != CDR_HPKE_PUBLIC_LEN)
		return BAD("roster: %s: its sealing key is not %d bytes long", who, CDR_HPKE_PUBLIC_LEN);
	if (party->tls_pin.len != CDR_PIN_LEN)
		return BAD("roster: %s: its certificate pin is not %d bytes long", who, CDR_PIN_LEN);
	return CDR_OK;
}

/* Trustees carry the indices 1 .. n in order, and more than half of them are needed. */
static cdr_err
check_trustees(const Cdr__Wire__Roster *body, struct cdr_fault *fault)
{
	char who[32];

	if (body->n_trustee == 0 || body->n_trustee > CDR_TRUSTEE_COUNT_MAX)
		return BAD("roster: it names %zu trustees, not 1 to %d", body->n_trustee, CDR_TRUSTEE_COUNT_MAX);
	if (body->threshold > body->n_trustee || 2 * (size_t)body->threshold <= body->n_trustee)
		return BAD("roster: a threshold of %" PRIu32 " is not more than half of %zu trustees", body->threshold,
		    body->n_trustee);
	for (size_t i = 0; i < body->n_trustee; i++) {
		(void)snprintf(who, sizeof(who), "trustee/%zu", i + 1);
		if (body->trustee[i]->index != i + 1)
			return BAD("roster: %s has the index %" PRIu32, who, body->trustee[i]->index);
		cdr_err err = check_party(body->trustee[i]->party, who, true, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static bool
status_is_known(const char *status)
{
	return strcmp(status, "active") == 0 || strcmp(status, "suspended") == 0 || strcmp(status, "revoked") == 0;
}

/* Members stand in the order of their ids, so that none is there twice. */
static cdr_err
check_members(const Cdr__Wire__Roster *body, struct cdr_fault *fault)
{
	if (body->n_member > CDR_MEMBER_COUNT_MAX)
		return BAD("roster: it names %zu members, more than %d", body->n_member, CDR_MEMBER_COUNT_MAX);
	for (size_t i = 0; i < body->n_member; i++) {
		const Cdr__Wire__Member *member = body->member[i];
		if (!cdr_member_id_valid(member->id))
			return BAD("roster: member number %zu has an id that is none", i + 1);
		if (i > 0 && strcmp(body->member[i - 1]->id, member->id) >= 0)
			return BAD("roster: member %s stands twice or out of order", member->id);
		if (strlen(member->country) != 3 || strpbrk(member->country, "\n\t") != NULL || !status_is_known(member->status))
			return BAD("roster: member %s has no known country or status", member->id);
		if (member->check_points > CDR_QUOTA_MAX || member->import_points > CDR_QUOTA_MAX)
			return BAD("roster: member %s has a quota beyond all use", member->id);
		if (member->sealing != NULL && (member->sealing->signature.len != CDR_SIGNATURE_LEN ||
			member->sealing->number == 0 || member->sealing->number > CDR_SEALING_NUMBER_MAX))
			return BAD("roster: member %s has a sealing key without a number or a signature", member->id);
		cdr_err err = check_party(member->party, member->id, false, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Epochs follow each other, and each has a public share for each trustee. */
static bool
key_is_sound(const struct cdr_roster_key *key, size_t trustee_count)
{
	bool sound = key->transcript.len == CDR_ROSTER_HASH_LEN && key->public_key.len == CDR_POINT_LEN &&
	    key->scheme_version.len == (key->kind == CDR_KEY_TAGS ? 32 : 0) && key->share_count == trustee_count &&
	    key->starts_at < key->ends_at;

	for (size_t i = 0; sound && i < key->share_count; i++)
		sound = key->public_share[i].len == CDR_POINT_LEN;
	return sound;
}

/* Keys of one kind stand in the order of their numbers, so that none is there twice. */
static cdr_err
check_keys(const Cdr__Wire__Roster *body, struct cdr_fault *fault)
{
	struct cdr_roster_key before = { .number = 0 };

	if (body->n_epoch > CDR_EPOCH_COUNT_MAX)
		return BAD("roster: it names %zu epochs, more than %d", body->n_epoch, CDR_EPOCH_COUNT_MAX);
	if (body->n_statistics_key > CDR_STATISTICS_KEY_COUNT_MAX)
		return BAD("roster: it names %zu statistics keys, more than %d", body->n_statistics_key,
		    CDR_STATISTICS_KEY_COUNT_MAX);
	for (size_t i = 0; i < cdr_roster_key_count(body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(body, i);
		const char *what = key.kind == CDR_KEY_TAGS ? "epoch" : "statistics key";

		if (key.number == 0 || (before.kind == key.kind && key.number <= before.number))
			return BAD("roster: %s %" PRIu32 " stands twice or out of order", what, key.number);
		if (!key_is_sound(&key, body->n_trustee))
			return BAD("roster: %s %" PRIu32 " lacks a key, a share, or its dates", what, key.number);
		before = key;
	}
	return CDR_OK;
}

static cdr_err
check_scheme(const Cdr__Wire__Scheme *scheme, struct cdr_fault *fault)
{
	bool sound = strcmp(scheme->index, "leavers") == 0 && scheme->lookback_years >= 1 &&
	    scheme->lookback_years <= 20 && scheme->answer_days >= 1 && scheme->answer_days <= 90 &&
	    scheme->expiry_days >= scheme->answer_days && scheme->expiry_days <= 366 &&
	    scheme->strong_lambda_ppm <= scheme->possible_lambda_ppm && scheme->possible_lambda_ppm <= 1000000 &&
	    scheme->possible_max <= CDR_MATCHES_MAX && scheme->reply_delay_min_s <= scheme->reply_delay_max_s &&
	    scheme->reply_delay_max_s <= 90 * 86400 && strlen(scheme->codebook_version) <= CDR_CODE_LEN_MAX &&
	    (!scheme->has_statistics_minimum ||
		(scheme->statistics_minimum >= CDR_ROUND_MINIMUM && scheme->statistics_minimum <= CDR_MEMBER_COUNT_MAX)) &&
	    (!scheme->has_sample_checks || (scheme->sample_checks >= 1 && scheme->sample_checks <= CDR_SAMPLE_ONE_IN_MAX)) &&
	    (!scheme->has_sample_points || (scheme->sample_points >= 1 && scheme->sample_points <= CDR_SAMPLE_ONE_IN_MAX));

	return sound ? CDR_OK : BAD("roster: the scheme's parameters are outside their ranges");
}

static cdr_err
check_signatures(const Cdr__Wire__SignedRoster *signatures, struct cdr_fault *fault)
{
	if (signatures->hub_signature.len != CDR_SIGNATURE_LEN)
		return BAD("roster: the hub's signature is not %d bytes long", CDR_SIGNATURE_LEN);
	if (signatures->n_countersignature > CDR_TRUSTEE_COUNT_MAX)
		return BAD("roster: more countersignatures than there may be trustees");
	for (size_t i = 0; i < signatures->n_countersignature; i++)
		if (signatures->countersignature[i]->signature.len != CDR_SIGNATURE_LEN)
			return BAD("roster: countersignature %zu is not %d bytes long", i + 1, CDR_SIGNATURE_LEN);
	return CDR_OK;
}

/* Everything that can be said of a roster without looking at a signature. */
static cdr_err
check_form(const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Roster *body = roster->body;
	static const uint8_t zeros[CDR_ROSTER_HASH_LEN];

	if (body->format != 1)
		return BAD("roster: format %" PRIu32 " is newer than this program: install the current version of Candor",
		    body->format);
	if (body->previous.len != CDR_ROSTER_HASH_LEN)
		return BAD("roster: the hash of the version before is not %d bytes long", CDR_ROSTER_HASH_LEN);
	if (body->version == 0 &&
	    (body->n_member > 0 || cdr_roster_key_count(body) > 0 || memcmp(body->previous.data, zeros, sizeof(zeros)) != 0))
		return BAD("roster: a genesis roster names members, keys or a version before it");
	CDR_TRY(check_signatures(roster->signatures, fault));
	CDR_TRY(check_party(body->hub, "hub", true, fault));
	CDR_TRY(check_trustees(body, fault));
	CDR_TRY(check_scheme(body->scheme, fault));
	CDR_TRY(check_keys(body, fault));
	CDR_TRY(check_members(body, fault));
	err = CDR_OK;
out:
	return err;
}

/* see proto/roster.h */
cdr_err
cdr_roster_decode(struct cdr_bytes bytes, struct cdr_roster **out_roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__SignedRoster *signatures;
	Cdr__Wire__Roster *body;

	*out_roster = NULL;
	struct cdr_roster *roster = calloc(1, sizeof(*roster));
	if (roster == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_buffer_copy(bytes, &roster->bytes));
	err = cdr_message_decode(&roster->signed_arena, &cdr__wire__signed_roster__descriptor,
	    cdr_buffer_bytes(&roster->bytes), &signatures);
	if (err == CDR_OK)
		err = cdr_message_decode(&roster->arena, &cdr__wire__roster__descriptor,
		    cdr_message_bytes(signatures->roster), &body);
	if (err != CDR_OK) {
		err = err == CDR_E_INPUT ? BAD("roster: these bytes are not a roster") : err;
		goto out;
	}
	roster->signatures = signatures;
	roster->body = body;
	roster->signed_bytes = cdr_message_bytes(signatures->roster);
	CDR_TRY(cdr_sha256(&roster->signed_bytes, 1, roster->hash));
	CDR_TRY(check_form(roster, fault));
	*out_roster = roster;
	roster = NULL;
	err = CDR_OK;
out:
	cdr_roster_free(roster);
	return err;
}

/* see proto/roster.h */
void
cdr_roster_free(struct cdr_roster *roster)
{
	if (roster == NULL)
		return;
	cdr_arena_free(&roster->arena);
	cdr_arena_free(&roster->signed_arena);
	cdr_buffer_free(&roster->bytes);
	free(roster);
}

/* ---- signatures --------------------------------------------------------------------------------------------- */

/* What the hub signs: a label and the roster's hash. What a trustee signs: the same with its index. */
static cdr_err
signed_hash(const char *label, const uint8_t *roster_hash, uint32_t index, uint8_t out[static CDR_ROSTER_HASH_LEN])
{
	uint8_t number[4] = { (uint8_t)(index >> 24), (uint8_t)(index >> 16), (uint8_t)(index >> 8), (uint8_t)index };
	struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, strlen(label) + 1 },
		{ number, sizeof(number) },
		{ roster_hash, CDR_ROSTER_HASH_LEN },
	};

	return cdr_sha256(parts, 3, out);
}

/* see proto/roster.h */
cdr_err
cdr_roster_sign_hub(const uint8_t *seed, struct cdr_bytes body, uint8_t out[static CDR_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	CDR_TRY(cdr_sha256(&body, 1, hash));
	CDR_TRY(signed_hash(hub_label, hash, 0, hash));
	CDR_TRY(cdr_sign(seed, hash, sizeof(hash), out));
	err = CDR_OK;
out:
	return err;
}

/* see proto/roster.h */
cdr_err
cdr_roster_countersign(const uint8_t *seed, const uint8_t roster_hash[static CDR_ROSTER_HASH_LEN], uint32_t index,
    uint8_t out[static CDR_SIGNATURE_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	CDR_TRY(signed_hash(countersign_label, roster_hash, index, hash));
	CDR_TRY(cdr_sign(seed, hash, sizeof(hash), out));
	err = CDR_OK;
out:
	return err;
}

/* see proto/roster.h */
cdr_err
cdr_roster_verify_countersignature(const struct cdr_roster *before,
    const uint8_t roster_hash[static CDR_ROSTER_HASH_LEN], uint32_t index, struct cdr_bytes signature)
{
	uint8_t hash[CDR_ROSTER_HASH_LEN];
	const Cdr__Wire__Trustee *trustee = cdr_roster_trustee(before, index);

	if (trustee == NULL)
		return CDR_E_ABSENT;
	if (signature.len != CDR_SIGNATURE_LEN ||
	    signed_hash(countersign_label, roster_hash, index, hash) != CDR_OK ||
	    cdr_verify(trustee->party->signing_key.data, hash, sizeof(hash), signature.data) != CDR_OK)
		return CDR_E_SIGNATURE;
	return CDR_OK;
}

/* Whether the hub that ${before} names signed ${roster}. */
static bool
hub_signed(const struct cdr_roster *roster, const struct cdr_roster *before)
{
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	return signed_hash(hub_label, roster->hash, 0, hash) == CDR_OK &&
	    cdr_verify(before->body->hub->signing_key.data, hash, sizeof(hash),
		roster->signatures->hub_signature.data) == CDR_OK;
}

/* How many distinct trustees of ${before} countersigned ${roster}. */
static size_t
countersigner_count(const struct cdr_roster *roster, const struct cdr_roster *before)
{
	uint32_t seen = 0; /* bit k: trustee k, 1 .. CDR_TRUSTEE_COUNT_MAX */
	size_t count = 0;

	for (size_t i = 0; i < roster->signatures->n_countersignature; i++) {
		const Cdr__Wire__Countersignature *c = roster->signatures->countersignature[i];
		if (c->trustee > CDR_TRUSTEE_COUNT_MAX || (seen >> c->trustee & 1) != 0)
			continue;
		if (cdr_roster_verify_countersignature(before, roster->hash, c->trustee,
			cdr_message_bytes(c->signature)) != CDR_OK)
			continue;
		seen |= UINT32_C(1) << c->trustee;
		count++;
	}
	return count;
}

/* see proto/roster.h */
cdr_err
cdr_roster_verify_genesis(const struct cdr_roster *roster, const uint8_t fingerprint[static CDR_ROSTER_HASH_LEN],
    struct cdr_fault *fault)
{
	if (roster->body->version != 0)
		return BAD("roster: version %" PRIu64 " is not a genesis roster", roster->body->version);
	if (memcmp(roster->hash, fingerprint, CDR_ROSTER_HASH_LEN) != 0)
		return BAD("roster: the genesis roster has another fingerprint than the one that you were given. Somebody "
			   "between you and the exchange may be lying: compare the fingerprint by telephone");
	if (!hub_signed(roster, roster))
		return BAD("roster: the genesis roster is not signed by the hub that it names");
	return CDR_OK;
}

/* see proto/roster.h */
bool
cdr_roster_same_party(const Cdr__Wire__Party *a, const Cdr__Wire__Party *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->url, b->url) == 0 && cdr_message_same(a->signing_key, b->signing_key) &&
	    cdr_message_same(a->sealing_key, b->sealing_key) && cdr_message_same(a->tls_pin, b->tls_pin);
}

/* see proto/roster.h */
bool
cdr_roster_member_comes_back(const Cdr__Wire__Member *before, const Cdr__Wire__Member *after)
{
	return strcmp(before->status, "revoked") == 0 && strcmp(after->status, "revoked") != 0 &&
	    cdr_message_same(before->party->signing_key, after->party->signing_key);
}

static cdr_err
revoked_stay(const struct cdr_roster *roster, const struct cdr_roster *before, struct cdr_fault *fault)
{
	for (size_t i = 0; i < before->body->n_member; i++) {
		const Cdr__Wire__Member *was = before->body->member[i], *is = cdr_roster_member(roster, was->id);

		if (is != NULL && cdr_roster_member_comes_back(was, is))
			return BAD("roster: version %" PRIu64 " lets %s in again with the key that was revoked. Somebody may have stolen it: tell "
				   "the secretariat and the trustees", roster->body->version, is->id);
	}
	return CDR_OK;
}

/* Whether ${roster} may come after ${before} in all but its countersignatures. */
static cdr_err
follows(const struct cdr_roster *roster, const struct cdr_roster *before, struct cdr_fault *fault)
{
	uint64_t version = roster->body->version;

	if (version <= before->body->version)
		return BAD("roster: version %" PRIu64 " does not come after version %" PRIu64 ", which is held", version,
		    before->body->version);
	if (version == before->body->version + 1 &&
	    memcmp(roster->body->previous.data, before->hash, CDR_ROSTER_HASH_LEN) != 0)
		return BAD("roster: version %" PRIu64 " is not chained to the version before it", version);
	if (!cdr_roster_same_party(roster->body->hub, before->body->hub))
		return BAD("roster: version %" PRIu64 " names another hub", version);
	if (!hub_signed(roster, before))
		return BAD("roster: version %" PRIu64 " is not signed by the hub", version);
	cdr_err err = revoked_stay(roster, before, fault);
	return err != CDR_OK ? err : cdr_sealing_follows(roster, before, fault);
}

/* see proto/roster.h */
bool
cdr_roster_same_trustees(const Cdr__Wire__Roster *a, const Cdr__Wire__Roster *b)
{
	if (a->n_trustee != b->n_trustee || a->threshold != b->threshold)
		return false;
	for (size_t i = 0; i < a->n_trustee; i++)
		if (!cdr_roster_same_party(a->trustee[i]->party, b->trustee[i]->party))
			return false;
	return true;
}

/* see proto/roster.h */
cdr_err
cdr_roster_verify_proposal(const struct cdr_roster *roster, const struct cdr_roster *before, struct cdr_fault *fault)
{
	if (roster->body->version != before->body->version + 1)
		return BAD("roster: version %" PRIu64 " is not the one after version %" PRIu64 ", which is held",
		    roster->body->version, before->body->version);
	return follows(roster, before, fault);
}

/* see proto/roster.h */
cdr_err
cdr_roster_verify_next(const struct cdr_roster *roster, const struct cdr_roster *before, struct cdr_fault *fault)
{
	cdr_err err = follows(roster, before, fault);
	size_t count = countersigner_count(roster, before);

	if (err != CDR_OK)
		return err;
	if (count < before->body->threshold)
		return BAD("roster: version %" PRIu64 " is countersigned by %zu trustees, and %" PRIu32 " are needed",
		    roster->body->version, count, before->body->threshold);
	return CDR_OK;
}

/* ---- keys ----------------------------------------------------------------------------------------------------- */

/* see proto/roster.h */
size_t
cdr_roster_key_count(const Cdr__Wire__Roster *body)
{
	return body->n_epoch + body->n_statistics_key;
}

/* see proto/roster.h */
struct cdr_roster_key
cdr_roster_key_of_epoch(const Cdr__Wire__Epoch *e)
{
	return (struct cdr_roster_key){ CDR_KEY_TAGS, e->number, cdr_message_bytes(e->scheme_version),
		cdr_message_bytes(e->public_key), e->public_share, e->n_public_share, cdr_message_bytes(e->transcript),
		e->starts_at, e->ends_at };
}

/* see proto/roster.h */
struct cdr_roster_key
cdr_roster_key_of_statistics(const Cdr__Wire__StatisticsKey *s)
{
	return (struct cdr_roster_key){ CDR_KEY_STATISTICS, s->number, { NULL, 0 }, cdr_message_bytes(s->public_key),
		s->public_share, s->n_public_share, cdr_message_bytes(s->transcript), s->starts_at, s->ends_at };
}

/* see proto/roster.h */
struct cdr_roster_key
cdr_roster_key_at(const Cdr__Wire__Roster *body, size_t at)
{
	return at < body->n_epoch ? cdr_roster_key_of_epoch(body->epoch[at]) :
	    cdr_roster_key_of_statistics(body->statistics_key[at - body->n_epoch]);
}

/* see proto/roster.h */
bool
cdr_roster_key_find(const Cdr__Wire__Roster *body, enum cdr_key_kind kind, uint32_t number, struct cdr_roster_key *key)
{
	for (size_t i = 0; i < cdr_roster_key_count(body); i++) {
		*key = cdr_roster_key_at(body, i);
		if (key->kind == kind && key->number == number)
			return true;
	}
	*key = (struct cdr_roster_key){ .number = 0 };
	return false;
}

/* see proto/roster.h */
bool
cdr_roster_key_newest(const Cdr__Wire__Roster *body, enum cdr_key_kind kind, struct cdr_roster_key *key)
{
	for (size_t i = cdr_roster_key_count(body); i > 0; i--) {
		*key = cdr_roster_key_at(body, i - 1);
		if (key->kind == kind)
			return true;
	}
	*key = (struct cdr_roster_key){ .number = 0 };
	return false;
}

const char *
cdr_key_kind_name(enum cdr_key_kind kind)
{
	return kind == CDR_KEY_TAGS ? "tags" : kind == CDR_KEY_STATISTICS ? "statistics" : "unknown";
}

/* see proto/roster.h */
const Cdr__Wire__StatisticsKey *
cdr_roster_statistics_key(const struct cdr_roster *roster, uint32_t number)
{
	for (size_t i = 0; i < roster->body->n_statistics_key; i++)
		if (roster->body->statistics_key[i]->number == number)
			return roster->body->statistics_key[i];
	return NULL;
}

/* see proto/roster.h */
const Cdr__Wire__StatisticsKey *
cdr_roster_statistics_key_at(const struct cdr_roster *roster, uint64_t now)
{
	const Cdr__Wire__StatisticsKey *found = NULL;

	for (size_t i = 0; i < roster->body->n_statistics_key; i++)
		if (roster->body->statistics_key[i]->starts_at <= now && now < roster->body->statistics_key[i]->ends_at)
			found = roster->body->statistics_key[i];
	return found;
}

/* ---- look-ups ----------------------------------------------------------------------------------------------- */

/* see proto/roster.h */
const Cdr__Wire__Member *
cdr_roster_member(const struct cdr_roster *roster, const char *id)
{
	size_t low = 0, high = roster->body->n_member;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(roster->body->member[middle]->id, id);
		if (order == 0)
			return roster->body->member[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* see proto/roster.h */
const Cdr__Wire__Member *
cdr_roster_member_by_pin(const struct cdr_roster *roster, const uint8_t pin[static CDR_PIN_LEN])
{
	for (size_t i = 0; i < roster->body->n_member; i++)
		if (memcmp(roster->body->member[i]->party->tls_pin.data, pin, CDR_PIN_LEN) == 0)
			return roster->body->member[i];
	return NULL;
}

/* see proto/roster.h */
const Cdr__Wire__Trustee *
cdr_roster_trustee(const struct cdr_roster *roster, uint32_t index)
{
	return index >= 1 && index <= roster->body->n_trustee ? roster->body->trustee[index - 1] : NULL;
}

/* see proto/roster.h */
const Cdr__Wire__Epoch *
cdr_roster_epoch(const struct cdr_roster *roster, uint32_t number)
{
	for (size_t i = 0; i < roster->body->n_epoch; i++)
		if (roster->body->epoch[i]->number == number)
			return roster->body->epoch[i];
	return NULL;
}

/* see proto/roster.h */
const Cdr__Wire__Epoch *
cdr_roster_epoch_at(const struct cdr_roster *roster, uint64_t now)
{
	const Cdr__Wire__Epoch *found = NULL;

	for (size_t i = 0; i < roster->body->n_epoch; i++)
		if (roster->body->epoch[i]->starts_at <= now)
			found = roster->body->epoch[i];
	return found;
}

/* see proto/roster.h */
const Cdr__Wire__Epoch *
cdr_roster_epoch_before(const struct cdr_roster *roster, uint64_t now)
{
	const Cdr__Wire__Epoch *newest = cdr_roster_epoch_at(roster, now), *found = NULL;

	for (size_t i = 0; i < roster->body->n_epoch; i++) {
		const Cdr__Wire__Epoch *e = roster->body->epoch[i];

		if (newest != NULL && e->number < newest->number && e->starts_at <= now && now < e->ends_at)
			found = e;
	}
	return found;
}

/* see proto/roster.h */
bool
cdr_roster_member_is_active(const Cdr__Wire__Member *member)
{
	return strcmp(member->status, "active") == 0;
}

/* see proto/roster.h */
const Cdr__Wire__Party *
cdr_roster_find(const struct cdr_roster *roster, const char *signer, const uint8_t pin[static CDR_PIN_LEN],
    const Cdr__Wire__Member **member, const Cdr__Wire__Trustee **trustee)
{
	const Cdr__Wire__Member *as_member = NULL;
	const Cdr__Wire__Trustee *as_trustee = NULL;
	const Cdr__Wire__Party *party = NULL;

	if (strcmp(signer, "hub") == 0)
		party = roster->body->hub;
	else if (strncmp(signer, "member/", 7) == 0)
		as_member = cdr_roster_member(roster, signer + 7);
	for (size_t i = 0; i < roster->body->n_trustee && party == NULL && as_member == NULL; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "trustee/%zu", i + 1);
		if (strcmp(signer, name) == 0)
			as_trustee = roster->body->trustee[i];
	}
	if (as_member != NULL)
		party = as_member->party;
	if (as_trustee != NULL)
		party = as_trustee->party;
	if (party == NULL || memcmp(party->tls_pin.data, pin, CDR_PIN_LEN) != 0)
		return NULL;
	if (member != NULL)
		*member = as_member;
	if (trustee != NULL)
		*trustee = as_trustee;
	return party;
}

/* ---- fingerprints --------------------------------------------------------------------------------------------- */

/* see proto/roster.h */
cdr_err
cdr_roster_party_fingerprint(const char *id, const Cdr__Wire__Party *party, uint8_t out[static CDR_ROSTER_HASH_LEN])
{
	struct cdr_bytes field[] = {
		{ (const uint8_t *)fingerprint_label, sizeof(fingerprint_label) },
		{ (const uint8_t *)id, strlen(id) },
		{ (const uint8_t *)party->name, strlen(party->name) },
		{ (const uint8_t *)party->url, strlen(party->url) },
		cdr_message_bytes(party->signing_key),
		cdr_message_bytes(party->sealing_key),
		cdr_message_bytes(party->tls_pin),
	};
	enum { FIELD_COUNT = sizeof(field) / sizeof(field[0]) };
	uint8_t len[FIELD_COUNT][2];
	struct cdr_bytes parts[2 * FIELD_COUNT];

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (field[i].len > UINT16_MAX)
			return CDR_E_RANGE;
		len[i][0] = (uint8_t)(field[i].len >> 8);
		len[i][1] = (uint8_t)field[i].len;
		parts[2 * i] = (struct cdr_bytes){ len[i], 2 };
		parts[2 * i + 1] = field[i];
	}
	return cdr_sha256(parts, 2 * FIELD_COUNT, out);
}

/* see proto/roster.h */
void
cdr_fingerprint_write(const uint8_t hash[static CDR_ROSTER_HASH_LEN], char text[static CDR_FINGERPRINT_TEXT_LEN])
{
	/* 52 digits, 12 dashes and the NUL are CDR_FINGERPRINT_TEXT_LEN: this cannot fail. */
	(void)!cdr_base32_write(hash, CDR_ROSTER_HASH_LEN, 4, text, CDR_FINGERPRINT_TEXT_LEN);
}

/* see proto/roster.h */
cdr_err
cdr_fingerprint_read(const char *text, uint8_t hash[static CDR_ROSTER_HASH_LEN])
{
	return cdr_base32_read(text, hash, CDR_ROSTER_HASH_LEN);
}
