#include "node/hub/proposal.h"

#include <stdlib.h>
#include <string.h>

#include "keys/roster_build.h"
#include "node/hub/ceremony.h"
#include "node/hub/roll.h"
#include "node/net/log.h"

#define PARTY_LEN_MAX 1024

/* ---- making ------------------------------------------------------------------------------------------------- */

/* A member of the database whose entry the next roster has to change. Strings and decoded parties belong to it. */
struct wanted {
	char id[CDR_SLUG_LEN_MAX + 1];
	char status[CDR_HUB_STATUS_LEN];
	char country[8];
	struct cdr_arena arena;
	Cdr__Wire__Member member;
};

struct changes {
	const struct cdr_roster *before;
	struct wanted *wanted;
	struct cdr_roster_change *change; /* as many as wanted, and more for keys */
	size_t count;                     /* of wanted */
	size_t room;
	struct cdr_hub_new_keys keys;
	struct cdr_hub_rolls rolls;
};

static void
changes_free(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		cdr_arena_free(&changes->wanted[i].arena);
	cdr_hub_new_keys_free(&changes->keys);
	cdr_hub_rolls_free(&changes->rolls);
	free(changes->wanted);
	free(changes->change);
}

/* The entry of a member that joins, from columns 2 .. 6: party, country, check_points, import_points, joined_at. */
static cdr_err
read_joining(struct cdr_query *query, struct wanted *wanted)
{
	cdr_err err = CDR_E_INTERNAL;
	static char active[] = "active";
	struct cdr_bytes party;
	uint64_t check_points, import_points, joined_at;

	wanted->member = (Cdr__Wire__Member)CDR__WIRE__MEMBER__INIT;
	CDR_TRY(cdr_query_blob_peek(query, 2, PARTY_LEN_MAX, &party));
	CDR_TRY(cdr_message_decode(&wanted->arena, &cdr__wire__party__descriptor, party, &wanted->member.party));
	CDR_TRY(cdr_query_text(query, 3, wanted->country, sizeof(wanted->country)));
	CDR_TRY(cdr_query_count(query, 4, &check_points));
	CDR_TRY(cdr_query_count(query, 5, &import_points));
	CDR_TRY(cdr_query_count(query, 6, &joined_at));
	wanted->member.status = active;
	wanted->member.check_points = check_points;
	wanted->member.import_points = import_points;
	wanted->member.joined_at = joined_at;
	err = CDR_OK;
out:
	return err;
}

/* Room for one more change. */
static cdr_err
changes_grow(struct changes *changes)
{
	if (changes->count < changes->room)
		return CDR_OK;
	size_t room = changes->room == 0 ? 16 : 2 * changes->room;
	struct wanted *wanted = calloc(room, sizeof(*wanted));
	if (wanted == NULL)
		return CDR_E_MEMORY;
	/* Entries point into themselves only once all are there: see changes_list. */
	if (changes->count > 0)
		memcpy(wanted, changes->wanted, changes->count * sizeof(*wanted));
	free(changes->wanted);
	changes->wanted = wanted;
	changes->room = room;
	return CDR_OK;
}

/* One row of the member table: is it what the roster says already? */
static cdr_err
changes_row(struct changes *changes, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(changes_grow(changes));
	struct wanted *wanted = &changes->wanted[changes->count];
	memset(wanted, 0, sizeof(*wanted));
	CDR_TRY(cdr_query_text(query, 0, wanted->id, sizeof(wanted->id)));
	CDR_TRY(cdr_query_text(query, 1, wanted->status, sizeof(wanted->status)));
	const Cdr__Wire__Member *present = cdr_roster_member(changes->before, wanted->id);
	bool waits = strcmp(wanted->status, "pending") == 0;
	if (waits && present != NULL && strcmp(present->status, "revoked") != 0) {
		/* It asked to come back before the keys that it lost were out of the roster: these go first, for which nobody is asked. */
		(void)snprintf(wanted->status, sizeof(wanted->status), "revoked");
		changes->count++;
	} else if (waits) {
		/* Counted first, so that what it owns is freed also if it cannot be read. */
		changes->count++;
		CDR_TRY(read_joining(query, wanted));
	} else if (present != NULL && strcmp(present->status, wanted->status) != 0)
		changes->count++;
	err = CDR_OK;
out:
	return err;
}

static cdr_err
changes_read(struct cdr_tx *tx, struct changes *changes)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, status, party, country, check_points, import_points, joined_at FROM member ORDER BY id", none,
	    &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(changes_row(changes, query));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether the change takes rights away, which trustees countersign without asking anybody. */
static bool
takes_away(const struct wanted *wanted)
{
	return strcmp(wanted->status, "suspended") == 0 || strcmp(wanted->status, "revoked") == 0;
}

/* Keys whose time is up and that have a newer one go; where a newer one comes in, the one before has as long as nodes need to move. */
static void
list_ends(struct changes *changes, uint64_t made_at, size_t *count)
{
	const Cdr__Wire__Roster *body = changes->before->body;

	for (size_t i = 0; i < cdr_roster_key_count(body); i++) {
		struct cdr_roster_key key = cdr_roster_key_at(body, i), newest;

		(void)cdr_roster_key_newest(body, key.kind, &newest);
		if (key.number < newest.number && key.ends_at <= made_at) {
			changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_KEY_END, .key = key };
			continue;
		}
		for (size_t k = 0; k < changes->keys.count; k++) {
			const struct cdr_roster_key *next = &changes->keys.key[k];

			if (next->kind != key.kind || next->number <= key.number ||
			    key.ends_at <= next->starts_at + CDR_EPOCH_OVERLAP_S || key.kind != CDR_KEY_TAGS)
				continue;
			key.ends_at = next->starts_at + CDR_EPOCH_OVERLAP_S;
			changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_KEY, .key = key };
		}
	}
}

/*
 * The changes as keys/roster_build.h takes them. Joining and restoring wait for people at the trustees: while there is something
 * that machines countersign, a right to take away, a sealing key to roll, or a key that begins, ends or has other shares, they stay out of the version, so that
 * they cannot hold it up.
 */
static cdr_err
changes_list(struct changes *changes, uint64_t made_at, size_t *count)
{
	bool only_machines = changes->rolls.count > 0 || changes->keys.count > 0;

	*count = 0;
	changes->change = calloc(changes->count + changes->rolls.count + CDR_ROSTER_CHANGE_OTHER_MAX, sizeof(*changes->change));
	if (changes->change == NULL)
		return CDR_E_MEMORY;
	list_ends(changes, made_at, count);
	only_machines = only_machines || *count > 0;
	for (size_t i = 0; i < changes->count; i++)
		only_machines = only_machines || takes_away(&changes->wanted[i]);
	for (size_t i = 0; i < changes->count; i++) {
		struct wanted *wanted = &changes->wanted[i];
		if (only_machines && !takes_away(wanted))
			continue;
		wanted->member.id = wanted->id;
		wanted->member.country = wanted->country;
		if (strcmp(wanted->status, "pending") == 0)
			changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_MEMBER,
				.member = &wanted->member };
		else
			changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_STATUS,
				.id = wanted->id, .status = wanted->status };
	}
	for (size_t i = 0; i < changes->rolls.count; i++)
		changes->change[(*count)++] = cdr_hub_rolls_change(&changes->rolls, i);
	if (changes->keys.change != NULL)
		changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_TRUSTEES,
			.trustees = changes->keys.change };
	for (size_t i = 0; i < changes->keys.count; i++)
		changes->change[(*count)++] = (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_KEY,
			.key = changes->keys.key[i] };
	return CDR_OK;
}

/* The version that the database asks for, made at ${made_at}; NULL if it asks for none. */
static cdr_err
propose(struct cdr_tx *tx, const struct cdr_roster *before, const uint8_t *seed, uint64_t made_at,
    struct cdr_roster **next, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct changes changes = { .before = before };
	size_t count;

	*next = NULL;
	CDR_TRY(changes_read(tx, &changes));
	CDR_TRY(cdr_hub_rolls_read(tx, before, &changes.rolls));
	CDR_TRY(cdr_hub_new_keys_read(tx, before, made_at, &changes.keys));
	CDR_TRY(changes_list(&changes, made_at, &count));
	if (count > 0)
		CDR_TRY(cdr_roster_build_next(before, changes.change, count, made_at, seed, next, fault));
	err = CDR_OK;
out:
	changes_free(&changes);
	return err;
}

static cdr_err
proposal_remove(struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM countersignature", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM proposal", CDR_VALUES()));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
proposal_store(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now)
{
	return cdr_query_run(tx, "INSERT INTO proposal (version, hash, signed, made_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)roster->body->version), cdr_value_blob(roster->hash, CDR_ROSTER_HASH_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&roster->bytes)), cdr_value_int((int64_t)now)));
}

/* The proposal, decoded; NULL if there is none. */
static cdr_err
proposal_read(struct cdr_tx *tx, struct cdr_roster **proposal, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	struct cdr_values none = CDR_VALUES();

	*proposal = NULL;
	CDR_TRY(cdr_query_start(tx, "SELECT signed FROM proposal ORDER BY version DESC LIMIT 1", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
		CDR_TRY(cdr_roster_decode(bytes, proposal, fault));
	} else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether the time of a key that has a newer one was up since then: a proposal of then does not say so. */
static bool
has_ended_since(const struct cdr_roster *before, uint64_t then, uint64_t now)
{
	for (size_t i = 0; i < cdr_roster_key_count(before->body); i++) {
		struct cdr_roster_key key = cdr_roster_key_at(before->body, i), newest;

		(void)cdr_roster_key_newest(before->body, key.kind, &newest);
		if (key.number < newest.number && key.ends_at > then && key.ends_at <= now)
			return true;
	}
	return false;
}

/* Whether ${present} is what would be proposed now: then its countersignatures stay. */
static cdr_err
is_up_to_date(struct cdr_tx *tx, const struct cdr_roster *present, const struct cdr_roster *before,
    const uint8_t *seed, uint64_t now, bool *same, struct cdr_fault *fault)
{
	struct cdr_roster *again = NULL;

	*same = false;
	if (has_ended_since(before, present->body->made_at, now))
		return CDR_OK;
	cdr_err err = propose(tx, before, seed, present->body->made_at, &again, fault);
	if (err == CDR_OK && again != NULL)
		*same = memcmp(again->hash, present->hash, CDR_ROSTER_HASH_LEN) == 0;
	cdr_roster_free(again);
	return err;
}

/* see node/hub/proposal.h */
cdr_err
cdr_hub_proposal_make(struct cdr_tx *tx, const uint8_t *seed, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *before = NULL, *present = NULL, *next = NULL;
	bool same = false;

	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &before, fault));
	CDR_TRY(proposal_read(tx, &present, fault));
	if (present != NULL)
		CDR_TRY(is_up_to_date(tx, present, before, seed, now, &same, fault));
	if (same)
		goto out;
	/* A clock that was put back holds up nobody's suspension: trustees take no roster that is older than the one in force. */
	CDR_TRY(propose(tx, before, seed, now < before->body->made_at ? before->body->made_at : now, &next, fault));
	CDR_TRY(proposal_remove(tx));
	if (next != NULL)
		CDR_TRY(proposal_store(tx, next, now));
	err = CDR_OK;
out:
	cdr_roster_free(before);
	cdr_roster_free(present);
	cdr_roster_free(next);
	return err;
}

/* see node/hub/proposal.h */
cdr_err
cdr_hub_proposal_add(struct cdr_tx *tx, const uint8_t *seed, uint64_t now, struct cdr_fault *fault)
{
	int64_t count, stale = now > CDR_HUB_PROPOSAL_SECONDS ? (int64_t)(now - CDR_HUB_PROPOSAL_SECONDS) : 0;

	cdr_err err = cdr_query_one_int(tx,
	    "SELECT count(*) FROM proposal, countersignature WHERE roster_hash = hash AND made_at > $1", CDR_VALUES(cdr_value_int(stale)), &count);
	return err != CDR_OK || count > 0 ? err : cdr_hub_proposal_make(tx, seed, now, fault);
}

/* ---- showing ------------------------------------------------------------------------------------------------ */

/* A reading job. */
static cdr_err
show_job(struct cdr_tx *tx, void *context)
{
	return proposal_read(tx, context, NULL);
}

/* see node/hub/proposal.h */
cdr_err
cdr_hub_proposal(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct cdr_roster *proposal = NULL;
	Cdr__Wire__ProposalReply reply = CDR__WIRE__PROPOSAL_REPLY__INIT;

	(void)call;
	(void)fault;
	CDR_TRY(cdr_store_read(hub->store, show_job, &proposal));
	if (proposal != NULL) {
		reply.has_roster = true;
		reply.roster = proposal->signatures->roster;
		reply.has_hub_signature = true;
		reply.hub_signature = proposal->signatures->hub_signature;
	}
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	cdr_roster_free(proposal);
	return err;
}

/* ---- countersigning ----------------------------------------------------------------------------------------- */

struct countersign_job {
	const struct cdr_call *call;
	const Cdr__Wire__CountersignRequest *request;
	const uint8_t *seed;
	uint64_t in_force;         /* the version that this countersignature put in force, or 0 */
	struct cdr_fault *fault;
};

/* The countersignatures under ${hash}, as many as there are trustees at most; ${bytes} holds what they point to. */
static cdr_err
read_countersignatures(struct cdr_tx *tx, const uint8_t *hash,
    Cdr__Wire__Countersignature signature[static CDR_TRUSTEE_COUNT_MAX],
    uint8_t bytes[static CDR_TRUSTEE_COUNT_MAX * CDR_SIGNATURE_LEN], size_t *count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t trustee;
	struct cdr_values values = CDR_VALUES(cdr_value_blob(hash, CDR_ROSTER_HASH_LEN));

	*count = 0;
	CDR_TRY(cdr_query_start(tx,
	    "SELECT trustee, signature FROM countersignature WHERE roster_hash = $1 ORDER BY trustee", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK && *count < CDR_TRUSTEE_COUNT_MAX) {
		uint8_t *at = bytes + *count * CDR_SIGNATURE_LEN;
		CDR_TRY(cdr_query_count(query, 0, &trustee));
		CDR_TRY(cdr_query_blob(query, 1, at, CDR_SIGNATURE_LEN));
		signature[*count] = (Cdr__Wire__Countersignature)CDR__WIRE__COUNTERSIGNATURE__INIT;
		signature[*count].trustee = (uint32_t)trustee;
		signature[*count].signature = cdr_message_field(at, CDR_SIGNATURE_LEN);
		(*count)++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Who was waiting for ${roster} is a member now. */
static cdr_err
admit_members(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_member; i++) {
		const Cdr__Wire__Member *member = roster->body->member[i];
		if (!cdr_roster_member_is_active(member))
			continue;
		cdr_err err = cdr_query_run(tx,
		    "UPDATE member SET status = 'active' WHERE id = $1 AND status = 'pending' AND signing_key = $2",
		    CDR_VALUES(cdr_value_text(member->id), cdr_value_bytes(cdr_message_bytes(member->party->signing_key))));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Enough have countersigned: the proposal becomes the roster, and what had to wait for it is proposed. */
static cdr_err
put_in_force(struct cdr_tx *tx, struct countersign_job *job, const struct cdr_roster *proposal,
    const struct cdr_roster *before, const Cdr__Wire__Countersignature *signatures, size_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL;

	CDR_TRY(cdr_roster_build_complete(proposal, before, signatures, count, &roster, job->fault));
	CDR_TRY(cdr_hub_roster_store(tx, roster, job->call->now));
	CDR_TRY(admit_members(tx, roster));
	CDR_TRY(cdr_hub_rolls_settle(tx, before, roster));
	CDR_TRY(cdr_hub_proposal_make(tx, job->seed, job->call->now, job->fault));
	job->in_force = roster->body->version;
	err = CDR_OK;
out:
	cdr_roster_free(roster);
	return err;
}

/* A countersignature for a roster that is in force came late: that is no error. */
static cdr_err
check_late(struct cdr_tx *tx, const struct countersign_job *job)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM roster WHERE hash = $1",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(job->request->roster_hash))), &count);

	if (err == CDR_OK && count == 0)
		return cdr_fault_set(job->fault, CDR_E_ABSENT, "that proposal was replaced: fetch the present one");
	return err;
}

static cdr_err
keep_countersignature(struct cdr_tx *tx, const struct countersign_job *job)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value hash = cdr_value_bytes(cdr_message_bytes(job->request->roster_hash));
	struct cdr_value index = cdr_value_int(job->call->trustee->index);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM countersignature WHERE roster_hash = $1 AND trustee = $2",
	    CDR_VALUES(hash, index), &count));
	if (count > 0)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO countersignature (roster_hash, trustee, signature, received_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(hash, index, cdr_value_bytes(cdr_message_bytes(job->request->signature)),
		cdr_value_int((int64_t)job->call->now))));
	err = CDR_OK;
out:
	return err;
}

/* A writing job. */
static cdr_err
countersign_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct countersign_job *job = context;
	struct cdr_roster *proposal = NULL, *before = NULL;
	Cdr__Wire__Countersignature signature[CDR_TRUSTEE_COUNT_MAX];
	uint8_t bytes[CDR_TRUSTEE_COUNT_MAX * CDR_SIGNATURE_LEN];
	size_t count;

	CDR_TRY(proposal_read(tx, &proposal, job->fault));
	if (proposal == NULL || memcmp(proposal->hash, job->request->roster_hash.data, CDR_ROSTER_HASH_LEN) != 0) {
		err = check_late(tx, job);
		goto out;
	}
	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &before, job->fault));
	CDR_TRY(keep_countersignature(tx, job));
	CDR_TRY(read_countersignatures(tx, proposal->hash, signature, bytes, &count));
	if (count >= before->body->threshold)
		CDR_TRY(put_in_force(tx, job, proposal, before, signature, count));
	err = CDR_OK;
out:
	cdr_roster_free(proposal);
	cdr_roster_free(before);
	return err;
}

/* see node/hub/proposal.h */
cdr_err
cdr_hub_countersign(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct countersign_job job = { .call = call, .seed = hub->seed, .fault = fault };

	(void)answer;
	job.request = (const Cdr__Wire__CountersignRequest *)call->message;
	if (job.request->roster_hash.len != CDR_ROSTER_HASH_LEN || job.request->signature.len != CDR_SIGNATURE_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "a hash or a signature has another length than such have");
	/* Hub and trustees stay the same from version to version, so the roster of this request will do. */
	err = cdr_roster_verify_countersignature(call->roster, job.request->roster_hash.data, call->trustee->index,
	    cdr_message_bytes(job.request->signature));
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the countersignature of trustee %u does not hold", call->trustee->index);
	CDR_TRY(cdr_store_write(hub->store, countersign_write, &job));
	if (job.in_force > 0)
		cdr_log(CDR_LOG_INFO, "hub.roster_in_force", cdr_log_int("version", (int64_t)job.in_force));
	err = CDR_OK;
out:
	return err;
}
