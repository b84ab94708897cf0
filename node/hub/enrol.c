#include "node/hub/enrol.h"

#include <string.h>

#include "core/record/rules.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "node/hub/index.h"
#include "node/hub/proposal.h"

#define SECRET_HASH_LEN 32
#define PARTY_LEN_MAX 1024
#define CODE_GROUP 4

static const char invitation_label[] = "candor/1 invitation";

/* The secret is 128 random bits: a plain hash gives nothing away. */
static cdr_err
hash_secret(struct cdr_bytes secret, uint8_t hash[static SECRET_HASH_LEN])
{
	struct cdr_bytes parts[] = { { (const uint8_t *)invitation_label, sizeof(invitation_label) }, secret };

	return cdr_sha256(parts, 2, hash);
}

/* ---- inviting ----------------------------------------------------------------------------------------------- */

struct invite_job {
	const struct cdr_hub_invitation *invitation;
	uint8_t secret_hash[SECRET_HASH_LEN];
	uint64_t now;
	struct cdr_fault *fault;
};

static cdr_err
check_invitation(const struct cdr_hub_invitation *invitation, struct cdr_fault *fault)
{
	size_t name_len = strnlen(invitation->name, CDR_PARTY_NAME_LEN_MAX + 1);

	if (!cdr_member_id_valid(invitation->id))
		return cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is no id for a member: 2 to 32 of a-z, 0-9 and inner dashes, such as "
		    "blue-harbour", invitation->id);
	if (name_len == 0 || name_len > CDR_PARTY_NAME_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "a name has 1 to %d bytes", CDR_PARTY_NAME_LEN_MAX);
	if (!cdr_country_known(invitation->country))
		return cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is no country: three capital letters of ISO 3166, such as KEN",
		    invitation->country);
	if (invitation->check_points == 0 && invitation->import_points == 0)
		return cdr_fault_set(fault, CDR_E_RANGE, "a member without any points could do nothing");
	if (invitation->check_points > CDR_QUOTA_MAX || invitation->import_points > CDR_QUOTA_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a quota has at most %llu points", CDR_QUOTA_MAX);
	return CDR_OK;
}

/* What the roster in force says of member ${id} if the keys here are those that it has; else "": they were never in force. */
static cdr_err
status_in_force(struct cdr_tx *tx, const char *id, char status[static CDR_HUB_STATUS_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL;
	uint8_t key[CDR_SIGN_PUBLIC_LEN];

	status[0] = '\0';
	CDR_TRY(cdr_query_one_blob(tx, "SELECT signing_key FROM member WHERE id = $1", CDR_VALUES(cdr_value_text(id)), key,
	    sizeof(key)));
	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &roster, NULL));
	const Cdr__Wire__Member *member = cdr_roster_member(roster, id);
	if (member != NULL && memcmp(member->party->signing_key.data, key, sizeof(key)) == 0)
		(void)snprintf(status, CDR_HUB_STATUS_LEN, "%s", member->status);
	err = CDR_OK;
out:
	cdr_roster_free(roster);
	return err;
}

/* A writing job. */
static cdr_err
invite_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct invite_job *job = context;
	const struct cdr_hub_invitation *i = job->invitation;
	char status[CDR_HUB_STATUS_LEN], in_force[CDR_HUB_STATUS_LEN] = "";

	err = cdr_hub_status_read(tx, i->id, status);
	if (err == CDR_OK)
		CDR_TRY(status_in_force(tx, i->id, in_force));
	if (err == CDR_OK && strcmp(status, "revoked") != 0 && strcmp(in_force, "revoked") != 0)
		return cdr_fault_set(job->fault, CDR_E_EXISTS, "%s is %s; to give it new keys, revoke it first", i->id, status);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_query_run(tx, "DELETE FROM invitation WHERE member = $1 AND used_at IS NULL",
	    CDR_VALUES(cdr_value_text(i->id))));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO invitation (secret_hash, member, name, country, check_points, import_points, made_at, expires_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_blob(job->secret_hash, SECRET_HASH_LEN), cdr_value_text(i->id), cdr_value_text(i->name),
		cdr_value_text(i->country), cdr_value_int((int64_t)i->check_points),
		cdr_value_int((int64_t)i->import_points), cdr_value_int((int64_t)job->now), cdr_value_int((int64_t)i->expires_at))));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/enrol.h */
cdr_err
cdr_hub_invite(struct cdr_hub *hub, const struct cdr_hub_invitation *invitation, uint64_t now,
    char code[static CDR_HUB_INVITATION_TEXT_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t secret[CDR_HUB_INVITATION_LEN];
	struct invite_job job = { .invitation = invitation, .now = now, .fault = fault };

	code[0] = '\0';
	CDR_TRY(check_invitation(invitation, fault));
	CDR_TRY(cdr_random(secret, CDR_HUB_INVITATION_SECRET_LEN));
	memcpy(secret + CDR_HUB_INVITATION_SECRET_LEN, hub->genesis, CDR_GENESIS_HASH_LEN);
	CDR_TRY(hash_secret((struct cdr_bytes){ secret, CDR_HUB_INVITATION_SECRET_LEN }, job.secret_hash));
	CDR_TRY(cdr_store_write(hub->store, invite_write, &job));
	CDR_TRY(cdr_base32_write(secret, sizeof(secret), CODE_GROUP, code, CDR_HUB_INVITATION_TEXT_LEN));
	err = CDR_OK;
out:
	cdr_wipe(secret, sizeof(secret));
	return err;
}

/* ---- joining ------------------------------------------------------------------------------------------------ */

/* An invitation as it stands in the database. */
struct invited {
	char member[CDR_SLUG_LEN_MAX + 1];
	char country[8];
	int64_t check_points;
	int64_t import_points;
	int64_t expires_at;
	bool used;
	uint8_t used_by[CDR_ROSTER_HASH_LEN];
};

struct join_job {
	const struct cdr_call *call;
	const Cdr__Wire__Party *party;
	const uint8_t *seed;
	struct cdr_buffer encoded;             /* the party */
	uint8_t secret_hash[SECRET_HASH_LEN];
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
	struct invited invited;
	char status[CDR_HUB_STATUS_LEN];
	bool is_misuse;
	struct cdr_fault *fault;
};

/* see node/hub/enrol.h */
struct cdr_bytes
cdr_hub_join_key(const ProtobufCMessage *message)
{
	return cdr_message_bytes(((const Cdr__Wire__JoinRequest *)message)->party->signing_key);
}

/* see node/hub/enrol.h */
cdr_err
cdr_hub_check_sealing_key(const uint8_t *key, struct cdr_fault *fault)
{
	static const uint8_t plain[1];
	uint8_t sealed[sizeof(plain) + CDR_HPKE_OVERHEAD];

	if (cdr_hpke_seal(key, plain, 0, plain, 0, plain, sizeof(plain), sealed) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "the sealing key is not a point of P-256");
	return CDR_OK;
}

/* The card that a new member shows: the form of an entry in a roster, and the certificate that it called with. */
static cdr_err
check_card(const struct cdr_call *call, const Cdr__Wire__Party *party, struct cdr_fault *fault)
{
	size_t name_len = strlen(party->name);

	if (name_len == 0 || name_len > CDR_PARTY_NAME_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "a name has 1 to %d bytes", CDR_PARTY_NAME_LEN_MAX);
	if (strpbrk(party->name, "\n\t") != NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "a name has one line");
	if (party->url[0] != '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "a member listens nowhere: its card has no address");
	if (party->signing_key.len != CDR_SIGN_PUBLIC_LEN || party->sealing_key.len != CDR_HPKE_PUBLIC_LEN ||
	    party->tls_pin.len != CDR_PIN_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "a key of the card has another length than such keys have");
	if (memcmp(party->tls_pin.data, call->pin, CDR_PIN_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the card names another certificate than the one that was shown");
	return cdr_hub_check_sealing_key(party->sealing_key.data, fault);
}

static cdr_err
read_invitation(struct cdr_tx *tx, const uint8_t *secret_hash, struct invited *invited)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_blob(secret_hash, SECRET_HASH_LEN));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT member, country, check_points, import_points, expires_at, used_by FROM invitation"
	    " WHERE secret_hash = $1",
	    values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, invited->member, sizeof(invited->member)));
	CDR_TRY(cdr_query_text(query, 1, invited->country, sizeof(invited->country)));
	CDR_TRY(cdr_query_int(query, 2, &invited->check_points));
	CDR_TRY(cdr_query_int(query, 3, &invited->import_points));
	CDR_TRY(cdr_query_int(query, 4, &invited->expires_at));
	invited->used = !cdr_query_is_null(query, 5);
	if (invited->used)
		CDR_TRY(cdr_query_blob(query, 5, invited->used_by, sizeof(invited->used_by)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether a party of ${roster} other than member ${id} has one of the keys. */
static bool
roster_has_key(const struct cdr_roster *roster, const char *id, const Cdr__Wire__Party *party)
{
	const Cdr__Wire__Roster *body = roster->body;

	if (memcmp(body->hub->signing_key.data, party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0 ||
	    memcmp(body->hub->tls_pin.data, party->tls_pin.data, CDR_PIN_LEN) == 0)
		return true;
	for (size_t i = 0; i < body->n_trustee; i++)
		if (memcmp(body->trustee[i]->party->signing_key.data, party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0 ||
		    memcmp(body->trustee[i]->party->tls_pin.data, party->tls_pin.data, CDR_PIN_LEN) == 0)
			return true;
	for (size_t i = 0; i < body->n_member; i++)
		if (strcmp(body->member[i]->id, id) != 0 &&
		    (memcmp(body->member[i]->party->signing_key.data, party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0 ||
			memcmp(body->member[i]->party->tls_pin.data, party->tls_pin.data, CDR_PIN_LEN) == 0))
			return true;
	return false;
}

/* A key stands for one party, and for none once it was revoked. */
static cdr_err
check_keys_are_new(struct cdr_tx *tx, const struct join_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM member WHERE id <> $1 AND (signing_key = $2 OR tls_pin = $3)",
	    CDR_VALUES(cdr_value_text(job->invited.member), cdr_value_bytes(cdr_message_bytes(job->party->signing_key)),
		cdr_value_bytes(cdr_message_bytes(job->party->tls_pin))),
	    &count));
	if (count > 0 || roster_has_key(job->call->roster, job->invited.member, job->party))
		return cdr_fault_set(job->fault, CDR_E_EXISTS, "another party has one of these keys: run `candor init` in a "
		    "new folder");
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM revoked_key WHERE signing_key = $1",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->party->signing_key))), &count));
	const Cdr__Wire__Member *own = cdr_roster_member(job->call->roster, job->invited.member);
	if (count > 0 || (own != NULL && (memcmp(own->party->signing_key.data, job->party->signing_key.data, CDR_SIGN_PUBLIC_LEN) == 0 ||
	    memcmp(own->party->tls_pin.data, job->party->tls_pin.data, CDR_PIN_LEN) == 0)))
		return cdr_fault_set(job->fault, CDR_E_EXISTS, "these are the keys that were revoked, and somebody may have stolen them: run "
		    "`candor init` in a new folder");
	err = CDR_OK;
out:
	return err;
}

/* A member that enrols anew begins with nothing: what is here was made with keys that are gone. */
static cdr_err
forget_member(struct cdr_tx *tx, const char *id)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(id));

	CDR_TRY(cdr_hub_index_forget(tx, id));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM open_check WHERE member = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM mail WHERE recipient = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM sealing_roll WHERE member = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM member WHERE id = $1", values));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
store_member(struct cdr_tx *tx, const struct join_job *job)
{
	const struct invited *i = &job->invited;

	return cdr_query_run(tx,
	    "INSERT INTO member (id, status, party, signing_key, tls_pin, country, check_points, import_points, joined_at)"
	    " VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_text(i->member), cdr_value_bytes(cdr_buffer_bytes(&job->encoded)),
		cdr_value_bytes(cdr_message_bytes(job->party->signing_key)),
		cdr_value_bytes(cdr_message_bytes(job->party->tls_pin)), cdr_value_text(i->country),
		cdr_value_int(i->check_points), cdr_value_int(i->import_points), cdr_value_int((int64_t)job->call->now)));
}

/* The code was used: a repeat by the same keys is harmless, anybody else is refused. */
static cdr_err
join_again(struct cdr_tx *tx, struct join_job *job)
{
	if (memcmp(job->invited.used_by, job->fingerprint, sizeof(job->fingerprint)) != 0) {
		job->is_misuse = true;
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "this code was used with other keys. If that was not you, tell the "
		    "secretariat at once; else ask for a new code");
	}
	return cdr_hub_status_read(tx, job->invited.member, job->status);
}

/* A writing job. */
static cdr_err
join_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct join_job *job = context;

	err = read_invitation(tx, job->secret_hash, &job->invited);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "there is no such invitation: compare the code with what you were "
		    "given, or ask for a new one");
	if (err != CDR_OK)
		return err;
	char id[CDR_SIGNER_LEN_MAX + 1] = "member/";
	memcpy(id + strlen(id), job->invited.member, strlen(job->invited.member) + 1);
	CDR_TRY(cdr_roster_party_fingerprint(id, job->party, job->fingerprint));
	if (job->invited.used)
		return join_again(tx, job);
	if (job->call->now > (uint64_t)job->invited.expires_at)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "this code is too old: ask for a new one");
	CDR_TRY(check_keys_are_new(tx, job));
	CDR_TRY(forget_member(tx, job->invited.member));
	CDR_TRY(store_member(tx, job));
	CDR_TRY(cdr_query_run(tx, "UPDATE invitation SET used_by = $2, used_at = $3 WHERE secret_hash = $1",
	    CDR_VALUES(cdr_value_blob(job->secret_hash, SECRET_HASH_LEN),
		cdr_value_blob(job->fingerprint, sizeof(job->fingerprint)), cdr_value_int((int64_t)job->call->now))));
	CDR_TRY(cdr_hub_proposal_make(tx, job->seed, job->call->now, job->fault));
	CDR_TRY(cdr_hub_status_read(tx, job->invited.member, job->status));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
join_reply(struct join_job *job, struct cdr_answer *answer)
{
	Cdr__Wire__JoinReply reply = CDR__WIRE__JOIN_REPLY__INIT;

	reply.member_id = job->invited.member;
	reply.country = job->invited.country;
	reply.status = job->status;
	return cdr_message_encode(&reply.base, &answer->body);
}

/* see node/hub/enrol.h */
cdr_err
cdr_hub_join(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__JoinRequest *request = (const Cdr__Wire__JoinRequest *)call->message;
	struct join_job job = { .call = call, .party = request->party, .seed = hub->seed, .fault = fault };

	if (request->code.len != CDR_HUB_INVITATION_SECRET_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the secret part of a code has %d bytes", CDR_HUB_INVITATION_SECRET_LEN);
	CDR_TRY(check_card(call, request->party, fault));
	CDR_TRY(cdr_message_encode(&request->party->base, &job.encoded));
	if (job.encoded.len > PARTY_LEN_MAX) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "a card has at most %d bytes", PARTY_LEN_MAX);
		goto out;
	}
	CDR_TRY(hash_secret(cdr_message_bytes(request->code), job.secret_hash));
	CDR_TRY(cdr_store_write(hub->store, join_write, &job));
	CDR_TRY(join_reply(&job, answer));
	err = CDR_OK;
out:
	if (job.is_misuse)
		cdr_hub_misuse_note(hub, "new", "invitation", (struct cdr_bytes){ job.secret_hash, SECRET_HASH_LEN }, call->now,
		    "somebody else tried the used code of %s", job.invited.member);
	cdr_buffer_free(&job.encoded);
	return err;
}

/* ---- later -------------------------------------------------------------------------------------------------- */

struct status_job {
	const char *id;
	const char *status;
	const uint8_t *seed;
	uint64_t now;
	struct cdr_fault *fault;
};

/* Whether a member that is ${from} may become job->status. */
static cdr_err
check_transition(struct cdr_tx *tx, const struct status_job *job, const char *from)
{
	char in_force[CDR_HUB_STATUS_LEN];

	if (strcmp(from, "pending") == 0 && strcmp(job->status, "revoked") != 0)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "%s is pending: it can be revoked, or countersigned by the trustees",
		    job->id);
	if (strcmp(from, "revoked") == 0)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "%s is revoked, and its keys stay so, since somebody may have stolen them: `candor-hub "
		    "invite` lets it in again, with new keys", job->id);
	if (strcmp(job->status, "active") != 0)
		return CDR_OK;
	cdr_err err = status_in_force(tx, job->id, in_force);
	if (err == CDR_OK && in_force[0] == '\0')
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "the keys of %s were never in force: invite it again", job->id);
	return err;
}

/* From here on no code lets the keys of this member in, also where others replace them before any roster says that they were revoked. */
static cdr_err
note_revoked(struct cdr_tx *tx, const char *id)
{
	return cdr_query_run(tx, "INSERT INTO revoked_key (signing_key, member) SELECT signing_key, id FROM member"
	    " WHERE id = $1 AND signing_key NOT IN (SELECT signing_key FROM revoked_key)", CDR_VALUES(cdr_value_text(id)));
}

/* A writing job. */
static cdr_err
status_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct status_job *job = context;
	char from[CDR_HUB_STATUS_LEN];

	err = cdr_hub_status_read(tx, job->id, from);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(job->fault, err, "there is no member %s: `candor-hub member list` shows them", job->id);
	if (err != CDR_OK || strcmp(from, job->status) == 0)
		return err;
	CDR_TRY(check_transition(tx, job, from));
	if (strcmp(job->status, "revoked") == 0)
		CDR_TRY(note_revoked(tx, job->id));
	CDR_TRY(cdr_query_run(tx, "UPDATE member SET status = $2 WHERE id = $1",
	    CDR_VALUES(cdr_value_text(job->id), cdr_value_text(job->status))));
	CDR_TRY(cdr_hub_proposal_make(tx, job->seed, job->now, job->fault));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/enrol.h */
cdr_err
cdr_hub_member_set(struct cdr_hub *hub, const char *id, const char *status, uint64_t now, struct cdr_fault *fault)
{
	struct status_job job = { .id = id, .status = status, .seed = hub->seed, .now = now, .fault = fault };

	if (strcmp(status, "active") != 0 && strcmp(status, "suspended") != 0 && strcmp(status, "revoked") != 0)
		return CDR_E_INTERNAL;
	return cdr_store_write(hub->store, status_write, &job);
}
