#include "node/trustee/countersign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/log.h"
#include "node/store/scrub.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/change.h"
#include "node/trustee/peers.h"
#include "node/trustee/recover.h"
#include "node/trustee/share.h"

#define DAY_S UINT64_C(86400)
#define CLOCKS_DIFFER_S DAY_S       /* how wrong the hub's clock may be */
#define EPOCH_AHEAD_S (90 * DAY_S)  /* how long before its beginning an epoch is announced */
#define EPOCH_MAX_S (400 * DAY_S)
#define STATISTICS_KEY_MAX_S (500 * DAY_S)
#define KEY_MIN_S (300 * DAY_S)     /* what is shorter would have the next one made, and this one followed, sooner than anybody asked for */
#define KEY_EARLY_S (7 * DAY_S)     /* how long before it was made a key may be said to have begun, or one that is over to be there */
#define APPROVED_NAME "recover/approved" /* hash of a proposal */
#define LOWERED_NAME "lowered/"        /* and a member: the last version for which a lower quota was countersigned, under the key in force */
#define LOWERED_NAME_LEN (sizeof(LOWERED_NAME) + CDR_SLUG_LEN_MAX)

void
cdr_trustee_opinion_free(struct cdr_trustee_opinion *opinion)
{
	cdr_roster_diff_free(&opinion->diff);
	cdr_roster_diff_free(&opinion->back);
	cdr_roster_free(opinion->earlier);
	free(opinion->view);
	*opinion = (struct cdr_trustee_opinion){ .agrees = false };
}

/* ---- judging one change ----------------------------------------------------------------------------------------- */

/* Whether the operator approved such a change to this fingerprint, with at least these quotas, not long ago, and that was not used up. */
static cdr_err
is_approved(struct cdr_tx *tx, const struct cdr_roster_diff_entry *e, bool *approved)
{
	const uint64_t now = cdr_trustee_now();
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM approval WHERE member = $1 AND fingerprint = $2"
	    " AND check_points >= $3 AND import_points >= $4 AND kind = $5 AND country = $6 AND approved_at > $7 AND used_in IS NULL",
	    CDR_VALUES(cdr_value_text(e->member->id), cdr_value_blob(e->fingerprint, sizeof(e->fingerprint)),
		cdr_value_int((int64_t)e->member->check_points), cdr_value_int((int64_t)e->member->import_points),
		cdr_value_text(cdr_roster_diff_kind_name(e->kind)), cdr_value_text(e->member->country),
		cdr_value_int(now > CDR_TRUSTEE_APPROVAL_S ? (int64_t)(now - CDR_TRUSTEE_APPROVAL_S) : 0)), &count);

	*approved = err == CDR_OK && count > 0;
	return err;
}

/*
 * Whether the hub gives a new key sensible times. Had it begun long before it was made, or did it end soon, then the one before would be over sooner than in
 * the days in which nodes move, and people would be missing from the index.
 */
static cdr_err
are_sensible_times(struct cdr_tx *tx, const struct cdr_roster_key *key, bool *are)
{
	const uint64_t now = cdr_trustee_now(), most = key->kind == CDR_KEY_TAGS ? EPOCH_MAX_S : STATISTICS_KEY_MAX_S;
	int64_t began; /* the first attempt at it here */
	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(min(started_at), 0) FROM key_ceremony WHERE act = 1 AND kind = $1 AND number = $2",
	    CDR_VALUES(cdr_value_int(key->kind), cdr_value_int(key->number)), &began);

	/* A clock that was put back since says nothing. */
	const bool is_early = began > 0 && (uint64_t)began <= now && key->starts_at + KEY_EARLY_S < (uint64_t)began;
	*are = key->starts_at <= now + EPOCH_AHEAD_S && !is_early && key->ends_at > key->starts_at && key->ends_at - key->starts_at >= KEY_MIN_S &&
	    key->ends_at - key->starts_at <= most;
	return err;
}

/* A new key: exactly the one that we made, with those who are trustees by then, at sensible times. */
static cdr_err
is_our_key(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal, const struct cdr_roster_key *key,
    bool *is_ours)
{
	struct cdr_roster_key there;
	const bool is_new = !cdr_roster_key_find(before->body, key->kind, key->number, &there);
	cdr_err err = cdr_trustee_result_known(tx, key, proposal->body->threshold, is_ours);

	if (err == CDR_OK && *is_ours)
		err = cdr_trustee_key_is_theirs(tx, before, proposal, key, is_ours);
	/* With other shares a key keeps its times, whatever else they are. */
	if (err == CDR_OK && *is_ours && is_new)
		err = are_sensible_times(tx, key, is_ours);
	return err;
}

/* Whether these trustees are those of the change that the operator approved. */
static cdr_err
is_approved_change(struct cdr_tx *tx, const struct cdr_roster *proposal, bool *approved)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;

	*approved = false;
	err = cdr_trustee_change_read(tx, &arena, &change);
	if (err == CDR_OK && change != NULL)
		*approved = cdr_ceremony_change_gives(change, proposal);
	cdr_arena_free(&arena);
	return err;
}

/* Whether somebody would be let in, or do more, with a key that was revoked before. */
static cdr_err
was_revoked(struct cdr_tx *tx, const struct cdr_roster_diff_entry *e, bool *was)
{
	int64_t count;

	*was = false;
	if (e->need != CDR_NEED_APPROVAL || strcmp(e->member->status, "revoked") == 0)
		return CDR_OK;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM revoked_key WHERE signing_key = $1",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(e->member->party->signing_key))), &count);
	*was = err == CDR_OK && count > 0;
	return err;
}

static cdr_err
judge_entry(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal,
    const struct cdr_roster_diff_entry *e, enum cdr_trustee_view *view)
{
	cdr_err err = CDR_OK;
	bool yes = false;

	*view = CDR_VIEW_REFUSED;
	switch (e->need) {
	case CDR_NEED_NOTHING:
		*view = CDR_VIEW_AGREED;
		break;
	case CDR_NEED_APPROVAL:
		err = is_approved(tx, e, &yes);
		*view = yes ? CDR_VIEW_AGREED : CDR_VIEW_ASKS;
		break;
	case CDR_NEED_CEREMONY:
		err = is_our_key(tx, before, proposal, &e->key, &yes);
		*view = yes ? CDR_VIEW_AGREED : CDR_VIEW_REFUSED;
		break;
	case CDR_NEED_CHANGE:
		err = is_approved_change(tx, proposal, &yes);
		*view = yes ? CDR_VIEW_AGREED : CDR_VIEW_REFUSED;
		break;
	case CDR_NEED_REFUSAL:
		break;
	}
	return err;
}

/* ---- judging a proposal ----------------------------------------------------------------------------------------- */

static void
object(struct cdr_trustee_opinion *opinion, cdr_err code, const char *why, const char *text)
{
	if (opinion->agrees)
		cdr_fault_set(&opinion->reason, code, "%s: %s", why, text);
	opinion->agrees = false;
}

/* Every difference from the roster in force. */
static cdr_err
judge_changes(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal,
    struct cdr_trustee_opinion *opinion)
{
	for (size_t i = 0; i < opinion->diff.count; i++) {
		const struct cdr_roster_diff_entry *e = &opinion->diff.entry[i];
		bool is_revoked_key;
		cdr_err err = judge_entry(tx, before, proposal, e, &opinion->view[i]);

		if (err == CDR_OK)
			err = was_revoked(tx, e, &is_revoked_key);
		if (err != CDR_OK)
			return err;
		if (is_revoked_key)
			opinion->view[i] = CDR_VIEW_REFUSED;
		if (opinion->view[i] == CDR_VIEW_REFUSED)
			object(opinion, CDR_E_REFUSED, is_revoked_key ? "the key was revoked once, and may be in other hands" : e->need == CDR_NEED_CEREMONY ?
			    "not a key that this trustee has made with the others" : "a trustee does not countersign that", e->text);
	}
	/* Asking comes second: there is no use in it where something is refused. */
	for (size_t i = 0; i < opinion->diff.count; i++) {
		if (opinion->view[i] == CDR_VIEW_ASKS)
			object(opinion, CDR_E_ABSENT, "waits for the operator's approval", opinion->diff.entry[i].text);
	}
	return CDR_OK;
}

/* Whether the proposal changes this thing about this member, compared with the roster in force. */
static bool
changes_too(const struct cdr_trustee_opinion *opinion, const struct cdr_roster_diff_entry *e)
{
	for (size_t i = 0; i < opinion->diff.count; i++) {
		const struct cdr_roster_diff_entry *d = &opinion->diff.entry[i];

		if (d->kind == e->kind && d->member != NULL && strcmp(d->member->id, e->member->id) == 0)
			return true;
	}
	return false;
}

/* Under which name it is noted that ${member} gets a lower quota. */
static void
lowered_name(const char *member, char name[static LOWERED_NAME_LEN])
{
	(void)snprintf(name, LOWERED_NAME_LEN, LOWERED_NAME "%s", member);
}

/* Whether a quota was lower only because it came with other keys, and goes with them: no cut under the key in force is taken back. */
static cdr_err
quota_goes_with_keys(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal,
    const struct cdr_trustee_opinion *opinion, const Cdr__Wire__Member *is, bool *goes)
{
	const Cdr__Wire__Member *was = cdr_roster_member(before, is->id), *given = cdr_roster_member(opinion->earlier, is->id);
	char name[LOWERED_NAME_LEN], version[24], lowered[24];

	*goes = false;
	if (was == NULL || given == NULL || cdr_message_same(was->party->signing_key, given->party->signing_key) ||
	    !cdr_message_same(was->party->signing_key, is->party->signing_key) || is->check_points > was->check_points ||
	    is->import_points > was->import_points)
		return CDR_OK;
	/* An earlier proposal still may have lowered it under that key, before the one that brought others. */
	lowered_name(is->id, name);
	(void)snprintf(version, sizeof(version), "%" PRIu64, proposal->body->version);
	cdr_err err = cdr_trustee_setting_text(tx, name, lowered, sizeof(lowered));
	*goes = err == CDR_E_ABSENT || (err == CDR_OK && strcmp(lowered, version) != 0);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* What of an earlier proposal of this version may be taken back: what it added to the roster in force, or gave. */
static bool
is_withdrawn(const struct cdr_roster *before, const struct cdr_trustee_opinion *opinion,
    const struct cdr_roster_diff_entry *e)
{
	struct cdr_roster_key key;

	switch (e->kind) {
	case CDR_DIFF_MEMBER_REMOVED:
		return cdr_roster_member(before, e->member->id) == NULL;
	case CDR_DIFF_KEY_TIMES:
		return !cdr_roster_key_find(before->body, e->key.kind, e->key.number, &key);
	case CDR_DIFF_MEMBER_PARTY:
	case CDR_DIFF_MEMBER_SEALING:
	case CDR_DIFF_MEMBER_OTHER:
		return cdr_roster_member(before, e->member->id) != NULL && !changes_too(opinion, e);
	default:
		return false;
	}
}

/* The last proposal of ${version} that we countersigned; NULL if there is none. */
static cdr_err
read_countersigned(struct cdr_tx *tx, uint64_t version, struct cdr_roster **roster)
{
	cdr_err err = cdr_trustee_roster_query(tx, "SELECT signed FROM countersigned WHERE version = $1",
	    CDR_VALUES(cdr_value_int((int64_t)version)), roster);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Every difference from what we countersigned before as this very version. */
static cdr_err
judge_replacement(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal,
    struct cdr_trustee_opinion *opinion)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster_diff *back = &opinion->back;
	enum cdr_trustee_view view;
	bool goes;

	CDR_TRY(read_countersigned(tx, proposal->body->version, &opinion->earlier));
	if (opinion->earlier == NULL || memcmp(opinion->earlier->hash, proposal->hash, CDR_ROSTER_HASH_LEN) == 0)
		goto out;
	CDR_TRY(cdr_roster_diff_new(opinion->earlier, proposal, back));
	for (size_t i = 0; i < back->count; i++) {
		goes = is_withdrawn(before, opinion, &back->entry[i]);
		if (back->entry[i].kind == CDR_DIFF_MEMBER_QUOTA_UP)
			CDR_TRY(quota_goes_with_keys(tx, before, proposal, opinion, back->entry[i].member, &goes));
		if (goes)
			continue;
		CDR_TRY(judge_entry(tx, before, proposal, &back->entry[i], &view));
		if (view != CDR_VIEW_AGREED)
			object(opinion, view == CDR_VIEW_ASKS ? CDR_E_ABSENT : CDR_E_REFUSED,
			    "takes back what this trustee has countersigned for the same version", back->entry[i].text);
	}
out:
	return err;
}

/* What was countersigned as this version may be forgotten: then only what the operator compared, or what stands here, is signed. */
static cdr_err
judge_memory(struct cdr_tx *tx, const struct cdr_roster *proposal, struct cdr_trustee_opinion *opinion)
{
	uint8_t approved[CDR_ROSTER_HASH_LEN];
	const struct cdr_roster *earlier = opinion->earlier;
	bool may_have;

	cdr_err err = cdr_trustee_recover_may_have_signed(tx, proposal->body->version, &may_have);
	if (err != CDR_OK || !may_have || (earlier != NULL && memcmp(earlier->hash, proposal->hash, CDR_ROSTER_HASH_LEN) == 0))
		return err;
	err = cdr_query_one_blob(tx, "SELECT value FROM setting WHERE name = '" APPROVED_NAME "'", CDR_VALUES(), approved, sizeof(approved));
	if (err == CDR_OK && memcmp(approved, proposal->hash, sizeof(approved)) == 0)
		return CDR_OK;
	opinion->has_forgotten = err == CDR_OK || err == CDR_E_ABSENT;
	if (opinion->has_forgotten)
		object(opinion, CDR_E_ABSENT, "waits for the operator's approval",
		    "this trustee was put back from a backup, and may have countersigned another proposal of this version");
	return opinion->has_forgotten ? CDR_OK : err;
}

/* Whether it stops members, and does nothing else that machines do not countersign: that waits for nothing. */
static bool
only_stops(const struct cdr_roster_diff *diff)
{
	bool stops = false;

	for (size_t i = 0; i < diff->count; i++) {
		if (diff->entry[i].need != CDR_NEED_NOTHING)
			return false;
		stops |= diff->entry[i].kind == CDR_DIFF_MEMBER_STRICTER;
	}
	return stops;
}

/* Who follows rosters that the log lacks helps the hub to keep them from whoever reads the log: the next one waits until the log has them. */
static cdr_err
judge_log(struct cdr_tx *tx, struct cdr_trustee_opinion *opinion)
{
	uint64_t version;
	char text[64];
	cdr_err err = cdr_trustee_roster_unlogged(tx, cdr_trustee_now(), &version);

	if (err != CDR_OK || version == 0 || only_stops(&opinion->diff))
		return err;
	(void)snprintf(text, sizeof(text), "roster %" PRIu64 " has been in force for over a day", version);
	object(opinion, CDR_E_PROOF, "the log that this trustee was shown lacks a roster, and the hub has to put it there first", text);
	return CDR_OK;
}

/* When the time of key ${at} of the roster is up, which another one of its kind follows; UINT64_MAX: none does. */
static uint64_t
end_of(const Cdr__Wire__Roster *body, size_t at)
{
	const struct cdr_roster_key key = cdr_roster_key_at(body, at);

	if (at + 1 == cdr_roster_key_count(body))
		return UINT64_MAX;
	const struct cdr_roster_key next = cdr_roster_key_at(body, at + 1);
	if (next.kind != key.kind)
		return UINT64_MAX;
	const uint64_t moved = key.kind == CDR_KEY_TAGS ? next.starts_at + CDR_EPOCH_OVERLAP_S : key.ends_at;
	return key.ends_at < moved ? key.ends_at : moved;
}

/* A hub that leaves a key in the roster whose time is up has its shares kept, and its tags: the next roster is to end it. */
static void
judge_ends(const struct cdr_roster *proposal, struct cdr_trustee_opinion *opinion)
{
	char text[64];

	for (size_t i = 0; i < cdr_roster_key_count(proposal->body) && !only_stops(&opinion->diff); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(proposal->body, i);
		const uint64_t end = end_of(proposal->body, i), now = cdr_trustee_now();

		if (end >= now || now - end < KEY_EARLY_S)
			continue;
		(void)snprintf(text, sizeof(text), "the %s key %" PRIu32, cdr_key_kind_name(key.kind), key.number);
		object(opinion, CDR_E_REFUSED, "a key has to end with it whose time was up a week ago", text);
	}
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_judge(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *proposal,
    struct cdr_trustee_opinion *opinion)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t made_at = proposal->body->made_at;

	*opinion = (struct cdr_trustee_opinion){ .agrees = true };
	CDR_TRY(cdr_roster_diff_new(before, proposal, &opinion->diff));
	opinion->view = calloc(opinion->diff.count + 1, sizeof(*opinion->view));
	if (opinion->view == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	if (cdr_roster_verify_proposal(proposal, before, &opinion->reason) != CDR_OK)
		opinion->agrees = false;
	if (made_at < before->body->made_at || made_at > cdr_trustee_now() + CLOCKS_DIFFER_S)
		object(opinion, CDR_E_REFUSED, "the time at which it was made cannot be", "before the roster in force, or days from now");
	CDR_TRY(judge_changes(tx, before, proposal, opinion));
	CDR_TRY(judge_replacement(tx, before, proposal, opinion));
	judge_ends(proposal, opinion);
	CDR_TRY(judge_memory(tx, proposal, opinion));
	CDR_TRY(judge_log(tx, opinion));
out:
	return err;
}

/* ---- approving -------------------------------------------------------------------------------------------------- */

/* A writing job. */
static cdr_err
approve_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster_diff_entry *e = context;
	const struct cdr_value id = cdr_value_text(e->member->id), kind = cdr_value_text(cdr_roster_diff_kind_name(e->kind));
	const struct cdr_value fingerprint = cdr_value_blob(e->fingerprint, CDR_ROSTER_HASH_LEN);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM approval WHERE member = $1 AND fingerprint = $2 AND kind = $3",
	    CDR_VALUES(id, fingerprint, kind)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO approval (member, fingerprint, kind, country, check_points, import_points, approved_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(id, fingerprint, kind, cdr_value_text(e->member->country), cdr_value_int((int64_t)e->member->check_points),
		cdr_value_int((int64_t)e->member->import_points), cdr_value_int((int64_t)cdr_trustee_now()))));
out:
	return err;
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_approve(const struct cdr_trustee *trustee, const struct cdr_roster_diff_entry *change)
{
	struct cdr_roster_diff_entry copy = *change;

	if (change->member == NULL || change->need != CDR_NEED_APPROVAL)
		return CDR_E_INTERNAL;
	if (change->member->check_points > INT64_MAX || change->member->import_points > INT64_MAX)
		return CDR_E_RANGE;
	return cdr_store_write(trustee->home->store, approve_job, &copy);
}

/* A writing job. */
static cdr_err
approve_proposal_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_setting_put(tx, APPROVED_NAME, context, CDR_ROSTER_HASH_LEN);
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_approve_proposal(const struct cdr_trustee *trustee, const struct cdr_roster *proposal)
{
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	memcpy(hash, proposal->hash, sizeof(hash));
	return cdr_store_write(trustee->home->store, approve_proposal_job, hash);
}

/* ---- countersigning --------------------------------------------------------------------------------------------- */

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_proposal_fetch(const struct cdr_trustee *trustee, const struct cdr_roster *before,
    struct cdr_roster **proposal, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_ask ask = { .path = "/v1/roster/proposal", .reply_type = &cdr__wire__proposal_reply__descriptor,
		.reply_max = CDR_BODY_ROSTER_MAX };
	Cdr__Wire__SignedRoster frame = CDR__WIRE__SIGNED_ROSTER__INIT;
	struct cdr_buffer bytes = { 0 };

	*proposal = NULL;
	err = cdr_trustee_ask(trustee, before, &ask);
	if (err != CDR_OK) {
		if (fault != NULL)
			*fault = ask.fault;
		goto out;
	}
	const Cdr__Wire__ProposalReply *reply = ask.reply;
	if (!reply->has_roster || !reply->has_hub_signature)
		goto out;
	frame.roster = reply->roster;
	frame.hub_signature = reply->hub_signature;
	CDR_TRY(cdr_message_encode(&frame.base, &bytes));
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&bytes), proposal, fault));
out:
	cdr_buffer_free(&bytes);
	cdr_ask_free(&ask);
	return err;
}

struct sign_job {
	const struct cdr_roster *before, *proposal;
	struct cdr_trustee_opinion *opinion;
};

/* Who is to be stopped is not served any more, whether or not the hub ever puts that version in force. */
static cdr_err
stop_members(struct cdr_tx *tx, const struct cdr_trustee_opinion *opinion, uint64_t version)
{
	for (size_t i = 0; i < opinion->diff.count; i++) {
		const struct cdr_roster_diff_entry *e = &opinion->diff.entry[i];
		cdr_err err = CDR_OK;

		if (e->kind != CDR_DIFF_MEMBER_STRICTER)
			continue;
		const struct cdr_value id = cdr_value_text(e->member->id);
		err = cdr_query_run(tx, "DELETE FROM stopped WHERE member = $1", CDR_VALUES(id));
		if (err == CDR_OK)
			err = cdr_query_run(tx, "INSERT INTO stopped (member, version) VALUES ($1, $2)",
			    CDR_VALUES(id, cdr_value_int((int64_t)version)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A lower quota under the key that is in force binds every later proposal of this version, whatever keys one of them brings. */
static cdr_err
note_lowered(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_trustee_opinion *opinion, uint64_t version)
{
	char name[LOWERED_NAME_LEN], text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, version);

	for (size_t i = 0; i < opinion->diff.count; i++) {
		const struct cdr_roster_diff_entry *e = &opinion->diff.entry[i];

		if (e->kind != CDR_DIFF_MEMBER_QUOTA_DOWN ||
		    !cdr_message_same(cdr_roster_member(before, e->member->id)->party->signing_key, e->member->party->signing_key))
			continue;
		lowered_name(e->member->id, name);
		cdr_err err = cdr_trustee_setting_put(tx, name, text, (size_t)len);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_is_stopped(struct cdr_tx *tx, const char *member, uint64_t version, bool *stopped)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM stopped WHERE member = $1 AND version > $2",
	    CDR_VALUES(cdr_value_text(member), cdr_value_int((int64_t)version)), &count);

	*stopped = err == CDR_OK && count > 0;
	return err;
}

/* A writing job: agree, and note it. */
static cdr_err
sign_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct sign_job *job = context;
	const struct cdr_roster *p = job->proposal;

	cdr_trustee_opinion_free(job->opinion);
	CDR_TRY(cdr_trustee_judge(tx, job->before, p, job->opinion));
	if (!job->opinion->agrees)
		goto out;
	CDR_TRY(stop_members(tx, job->opinion, p->body->version));
	CDR_TRY(note_lowered(tx, job->before, job->opinion, p->body->version));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM countersigned WHERE version <= $1",
	    CDR_VALUES(cdr_value_int((int64_t)p->body->version))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO countersigned (version, hash, signed, signed_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)p->body->version), cdr_value_blob(p->hash, CDR_ROSTER_HASH_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&p->bytes)), cdr_value_int((int64_t)cdr_trustee_now()))));
out:
	return err;
}

static cdr_err
post_signature(const struct cdr_trustee *trustee, const struct cdr_roster *before, const struct cdr_roster *proposal,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__CountersignRequest request = CDR__WIRE__COUNTERSIGN_REQUEST__INIT;
	struct cdr_ask ask = { .path = "/v1/roster/countersign", .message = &request.base };
	uint8_t signature[CDR_SIGNATURE_LEN];

	CDR_TRY(cdr_roster_countersign(trustee->home->keys->signing, proposal->hash, trustee->index, signature));
	request.roster_hash = cdr_message_field(proposal->hash, CDR_ROSTER_HASH_LEN);
	request.signature = cdr_message_field(signature, sizeof(signature));
	err = cdr_trustee_ask(trustee, before, &ask);
	if (err != CDR_OK && fault != NULL)
		*fault = ask.fault;
out:
	cdr_ask_free(&ask);
	return err;
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_countersign(const struct cdr_trustee *trustee, const struct cdr_roster *before,
    const struct cdr_roster *proposal, struct cdr_trustee_opinion *opinion, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct sign_job job = { before, proposal, opinion };

	*opinion = (struct cdr_trustee_opinion){ .agrees = false };
	CDR_TRY(cdr_trustee_recovered(trustee, fault));
	CDR_TRY(cdr_store_write(trustee->home->store, sign_job, &job));
	if (opinion->agrees)
		CDR_TRY(post_signature(trustee, before, proposal, fault));
out:
	return err;
}

/* Note what came of it, and tell the log if that is new. */
static void
note(struct cdr_trustee_polled *polled, const struct cdr_roster *proposal, const struct cdr_trustee_opinion *opinion)
{
	bool asks = opinion->reason.code == CDR_E_ABSENT;
	bool is_new = memcmp(polled->hash, proposal->hash, CDR_ROSTER_HASH_LEN) != 0 ||
	    polled->agreed != opinion->agrees || polled->reason != opinion->reason.code;

	memcpy(polled->hash, proposal->hash, CDR_ROSTER_HASH_LEN);
	polled->agreed = opinion->agrees;
	polled->reason = opinion->reason.code;
	if (is_new)
		cdr_log(opinion->agrees || asks ? CDR_LOG_INFO : CDR_LOG_WARNING, opinion->agrees ? "proposal.countersigned" :
		    asks ? "proposal.waits_for_approval" : "proposal.not_countersigned",
		    cdr_log_int("version", (int64_t)proposal->body->version),
		    cdr_log_int("changes", (int64_t)opinion->diff.count));
}

/* A reading job. */
static cdr_err
unlogged_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_roster_unlogged(tx, cdr_trustee_now(), context);
}

/* Tell once of a roster that the log lacks, also where nothing is to be countersigned. */
static cdr_err
note_unlogged(const struct cdr_trustee *trustee, struct cdr_trustee_polled *polled)
{
	uint64_t version = 0;
	cdr_err err = cdr_store_read(trustee->home->store, unlogged_job, &version);

	if (err == CDR_OK && version != polled->unlogged && version > 0)
		cdr_log(CDR_LOG_WARNING, "roster.not_in_the_log", cdr_log_int("version", (int64_t)version));
	if (err == CDR_OK)
		polled->unlogged = version;
	return err;
}

/* see node/trustee/countersign.h */
cdr_err
cdr_trustee_poll(struct cdr_trustee *trustee, struct cdr_trustee_polled *polled, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *before = NULL;
	struct cdr_roster *proposal = NULL;
	struct cdr_trustee_opinion opinion = { .agrees = false };
	bool is_scrubbed; /* else by the next poll */

	CDR_TRY(cdr_scrub(trustee->home->store, cdr_store_scrub_soon, &is_scrubbed));
	CDR_TRY(cdr_trustee_roster_update(trustee, NULL, fault));
	CDR_TRY(cdr_trustee_roster_from_peers(trustee, fault));
	CDR_TRY(cdr_trustee_recover_step(trustee, fault));
	CDR_TRY(cdr_trustee_share_refresh(trustee));
	before = cdr_current_hold(trustee->current);
	/* Whoever is no trustee, or not yet, is not asked. */
	if (trustee->index == 0 || cdr_trustee_recovered(trustee, NULL) != CDR_OK)
		goto out;
	CDR_TRY(note_unlogged(trustee, polled));
	CDR_TRY(cdr_trustee_proposal_fetch(trustee, before, &proposal, fault));
	if (proposal == NULL || (polled->agreed && memcmp(proposal->hash, polled->hash, CDR_ROSTER_HASH_LEN) == 0))
		goto out;
	CDR_TRY(cdr_trustee_countersign(trustee, before, proposal, &opinion, fault));
	note(polled, proposal, &opinion);
out:
	cdr_trustee_opinion_free(&opinion);
	cdr_roster_free(proposal);
	cdr_current_release(trustee->current, before);
	return err;
}
