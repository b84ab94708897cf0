#include "keys/roster_diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sealing.h"

/* Changes other than those of members: keys, scheme, parties. */
#define OTHER_COUNT_MAX (2 * CDR_KEY_COUNT_MAX * 2 + 3)
/* One member can have another party, another sealing key, both quotas changed, another status, and something else. */
#define MEMBER_CHANGE_MAX 6

/* Add an entry; the text follows. Room was made for the most that there can be. */
static struct cdr_roster_diff_entry *
add(struct cdr_roster_diff *diff, enum cdr_roster_diff_kind kind, enum cdr_roster_diff_need need)
{
	struct cdr_roster_diff_entry *e = &diff->entry[diff->count++];

	e->kind = kind;
	e->need = need;
	return e;
}

static cdr_err
add_member(struct cdr_roster_diff *diff, enum cdr_roster_diff_kind kind, enum cdr_roster_diff_need need,
    const Cdr__Wire__Member *member, struct cdr_roster_diff_entry **out)
{
	struct cdr_roster_diff_entry *e = add(diff, kind, need);
	char id[CDR_SIGNER_LEN_MAX + 1];

	*out = e;
	e->member = member;
	(void)snprintf(id, sizeof(id), "member/%s", member->id);
	return cdr_roster_party_fingerprint(id, member->party, e->fingerprint);
}

/* ---- members -------------------------------------------------------------------------------------------------- */

/* How much a status lets its member do; one that is not known lets it do everything. */
static int
freedom(const char *status)
{
	if (strcmp(status, "revoked") == 0)
		return 0;
	return strcmp(status, "suspended") == 0 ? 1 : 2;
}

static cdr_err
diff_status(struct cdr_roster_diff *diff, const Cdr__Wire__Member *before, const Cdr__Wire__Member *after)
{
	cdr_err err = CDR_E_INTERNAL;
	bool is_stricter = freedom(after->status) < freedom(before->status);
	struct cdr_roster_diff_entry *e;

	if (strcmp(before->status, after->status) == 0)
		return CDR_OK;
	bool is_revoked_key = cdr_roster_member_comes_back(before, after);
	CDR_TRY(add_member(diff, is_stricter ? CDR_DIFF_MEMBER_STRICTER : CDR_DIFF_MEMBER_RESTORED,
	    is_stricter ? CDR_NEED_NOTHING : is_revoked_key ? CDR_NEED_REFUSAL : CDR_NEED_APPROVAL, after, &e));
	(void)snprintf(e->text, sizeof(e->text), "%s (%s) becomes %s; it is %s now%s", after->id, after->party->name,
	    after->status, before->status, is_revoked_key ? ", and the key is the one that was revoked" : "");
out:
	return err;
}

static cdr_err
diff_quota(struct cdr_roster_diff *diff, const Cdr__Wire__Member *before, const Cdr__Wire__Member *after)
{
	cdr_err err = CDR_E_INTERNAL;
	bool is_up = after->check_points > before->check_points || after->import_points > before->import_points;
	struct cdr_roster_diff_entry *e;

	if (after->check_points == before->check_points && after->import_points == before->import_points)
		return CDR_OK;
	CDR_TRY(add_member(diff, is_up ? CDR_DIFF_MEMBER_QUOTA_UP : CDR_DIFF_MEMBER_QUOTA_DOWN,
	    is_up ? CDR_NEED_APPROVAL : CDR_NEED_NOTHING, after, &e));
	(void)snprintf(e->text, sizeof(e->text), "%s (%s) may check %" PRIu64 " points and import %" PRIu64
	    "; now %" PRIu64 " and %" PRIu64, after->id, after->party->name, after->check_points, after->import_points,
	    before->check_points, before->import_points);
out:
	return err;
}

/* The sealing key of somebody who keeps its signing key: the member's own word decides. */
static cdr_err
diff_sealing(struct cdr_roster_diff *diff, const uint8_t *hub_key, const Cdr__Wire__Member *before,
    const Cdr__Wire__Member *after)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster_diff_entry *e;

	if (cdr_sealing_same(before, after))
		return CDR_OK;
	bool is_own = cdr_sealing_member_follows(hub_key, before, after, NULL) == CDR_OK;
	CDR_TRY(add_member(diff, CDR_DIFF_MEMBER_SEALING, is_own ? CDR_NEED_NOTHING : CDR_NEED_REFUSAL, after, &e));
	(void)snprintf(e->text, sizeof(e->text), is_own ? "%s (%s) has a new sealing key, which it signed" :
	    "%s (%s) gets another sealing key, which it did not sign: somebody wants to read its letters", after->id,
	    after->party->name);
out:
	return err;
}

/* The same id in both. */
static cdr_err
diff_member(struct cdr_roster_diff *diff, const uint8_t *hub_key, const Cdr__Wire__Member *before,
    const Cdr__Wire__Member *after)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster_diff_entry *e;
	Cdr__Wire__Party rolled = *before->party;

	/* Who keeps its signing key vouches for its sealing key; of anybody else the fingerprint covers it. */
	if (cdr_message_same(before->party->signing_key, after->party->signing_key)) {
		rolled.sealing_key = after->party->sealing_key;
		CDR_TRY(diff_sealing(diff, hub_key, before, after));
	}
	if (!cdr_roster_same_party(&rolled, after->party)) {
		CDR_TRY(add_member(diff, CDR_DIFF_MEMBER_PARTY, CDR_NEED_APPROVAL, after, &e));
		(void)snprintf(e->text, sizeof(e->text), "%s gets new keys or another name: \"%s\", now \"%s\"", after->id,
		    after->party->name, before->party->name);
	}
	CDR_TRY(diff_quota(diff, before, after));
	CDR_TRY(diff_status(diff, before, after));
	if (strcmp(before->country, after->country) != 0 || before->joined_at != after->joined_at) {
		CDR_TRY(add_member(diff, CDR_DIFF_MEMBER_OTHER, CDR_NEED_APPROVAL, after, &e));
		(void)snprintf(e->text, sizeof(e->text), "%s (%s) gets another country (%s, now %s) or date of joining",
		    after->id, after->party->name, after->country, before->country);
	}
	err = CDR_OK;
out:
	return err;
}

static cdr_err
diff_added(struct cdr_roster_diff *diff, const Cdr__Wire__Member *member)
{
	struct cdr_roster_diff_entry *e;
	cdr_err err = add_member(diff, CDR_DIFF_MEMBER_ADDED, CDR_NEED_APPROVAL, member, &e);

	(void)snprintf(e->text, sizeof(e->text), "%s (%s, %s) comes in as %s; may check %" PRIu64 " points and import %"
	    PRIu64, member->id, member->party->name, member->country, member->status, member->check_points,
	    member->import_points);
	return err;
}

static cdr_err
diff_removed(struct cdr_roster_diff *diff, const Cdr__Wire__Member *member)
{
	struct cdr_roster_diff_entry *e;
	cdr_err err = add_member(diff, CDR_DIFF_MEMBER_REMOVED, CDR_NEED_REFUSAL, member, &e);

	(void)snprintf(e->text, sizeof(e->text), "%s (%s) is gone; a member who leaves is revoked instead", member->id,
	    member->party->name);
	return err;
}

/* Both lists are sorted by id: walk them side by side. */
static cdr_err
diff_members(struct cdr_roster_diff *diff, const Cdr__Wire__Roster *before, const Cdr__Wire__Roster *after)
{
	cdr_err err = CDR_OK;
	size_t i = 0, k = 0;

	while (err == CDR_OK && (i < before->n_member || k < after->n_member)) {
		int order = i == before->n_member ? 1 : k == after->n_member ? -1 :
		    strcmp(before->member[i]->id, after->member[k]->id);

		if (order < 0)
			err = diff_removed(diff, before->member[i++]);
		else if (order > 0)
			err = diff_added(diff, after->member[k++]);
		else
			err = diff_member(diff, before->hub->signing_key.data, before->member[i++], after->member[k++]);
	}
	return err;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static bool
equal(struct cdr_bytes a, struct cdr_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool
same_key(const struct cdr_roster_key *a, const struct cdr_roster_key *b)
{
	return equal(a->public_key, b->public_key) && equal(a->scheme_version, b->scheme_version);
}

static bool
same_shares(const struct cdr_roster_key *a, const struct cdr_roster_key *b)
{
	if (!equal(a->transcript, b->transcript) || a->share_count != b->share_count)
		return false;
	for (size_t i = 0; i < a->share_count; i++) {
		if (!cdr_message_same(a->public_share[i], b->public_share[i]))
			return false;
	}
	return true;
}

static void
add_key(struct cdr_roster_diff *diff, enum cdr_roster_diff_kind kind, enum cdr_roster_diff_need need,
    const struct cdr_roster_key *key, const char *what)
{
	struct cdr_roster_diff_entry *e = add(diff, kind, need);

	e->key = *key;
	(void)snprintf(e->text, sizeof(e->text), "%s %" PRIu32 " %s", key->kind == CDR_KEY_TAGS ? "epoch" :
	    "the statistics key", key->number, what);
}

static size_t
count_kind(const Cdr__Wire__Roster *body, enum cdr_key_kind kind)
{
	return kind == CDR_KEY_TAGS ? body->n_epoch : body->n_statistics_key;
}

/* A key that is no longer there: right only if it is the oldest of its kind and had to make room for a newer one. */
static bool
has_made_room(const Cdr__Wire__Roster *before, const Cdr__Wire__Roster *after, const struct cdr_roster_key *gone)
{
	size_t most = gone->kind == CDR_KEY_TAGS ? CDR_EPOCH_COUNT_MAX : CDR_STATISTICS_KEY_COUNT_MAX;

	for (size_t i = 0; i < cdr_roster_key_count(before); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(before, i);

		if (key.kind == gone->kind && key.number < gone->number)
			return false;
	}
	return count_kind(before, gone->kind) == most && count_kind(after, gone->kind) == most;
}

/* Whether a key only ends sooner, with a newer one beside it for as long as nodes need to move. */
static bool
hands_over(const Cdr__Wire__Roster *after, const struct cdr_roster_key *from, const struct cdr_roster_key *to)
{
	struct cdr_roster_key newest;

	return cdr_roster_key_newest(after, to->kind, &newest) && newest.number > to->number &&
	    from->starts_at == to->starts_at && to->ends_at < from->ends_at &&
	    to->ends_at >= newest.starts_at + CDR_EPOCH_OVERLAP_S;
}

/* Whether the time of a key is up, and a newer one there. */
static bool
is_over(const Cdr__Wire__Roster *after, const struct cdr_roster_key *gone)
{
	struct cdr_roster_key newest;

	return gone->ends_at <= after->made_at && cdr_roster_key_newest(after, gone->kind, &newest) &&
	    newest.number > gone->number;
}

static void
diff_keys(struct cdr_roster_diff *diff, const Cdr__Wire__Roster *before, const Cdr__Wire__Roster *after)
{
	struct cdr_roster_key from, to;

	for (size_t i = 0; i < cdr_roster_key_count(after); i++) {
		to = cdr_roster_key_at(after, i);
		if (!cdr_roster_key_find(before, to.kind, to.number, &from))
			add_key(diff, CDR_DIFF_KEY_ADDED, CDR_NEED_CEREMONY, &to, "begins: a new key");
		else if (!same_key(&from, &to))
			add_key(diff, CDR_DIFF_KEY_OTHER, CDR_NEED_REFUSAL, &to, "gets another key");
		else if (!same_shares(&from, &to))
			add_key(diff, CDR_DIFF_KEY_SHARES, CDR_NEED_CEREMONY, &to, "gets other shares; the key stays");
		if (from.number == to.number && same_key(&from, &to) && (from.starts_at != to.starts_at || from.ends_at != to.ends_at))
			add_key(diff, CDR_DIFF_KEY_TIMES, hands_over(after, &from, &to) ? CDR_NEED_NOTHING : CDR_NEED_REFUSAL, &to,
			    "gets other times");
	}
	for (size_t i = 0; i < cdr_roster_key_count(before); i++) {
		from = cdr_roster_key_at(before, i);
		if (cdr_roster_key_find(after, from.kind, from.number, &to))
			continue;
		if (has_made_room(before, after, &from) || is_over(after, &from))
			add_key(diff, CDR_DIFF_KEY_ENDED, CDR_NEED_NOTHING, &from, "ends");
		else
			add_key(diff, CDR_DIFF_KEY_OTHER, CDR_NEED_REFUSAL, &from, "is gone");
	}
}

/* ---- the rest ------------------------------------------------------------------------------------------------- */

static bool
same_scheme(const Cdr__Wire__Scheme *a, const Cdr__Wire__Scheme *b)
{
	return strcmp(a->index, b->index) == 0 && a->lookback_years == b->lookback_years &&
	    a->answer_days == b->answer_days && a->expiry_days == b->expiry_days &&
	    a->strong_lambda_ppm == b->strong_lambda_ppm && a->possible_lambda_ppm == b->possible_lambda_ppm &&
	    a->possible_max == b->possible_max && a->reply_delay_min_s == b->reply_delay_min_s &&
	    a->reply_delay_max_s == b->reply_delay_max_s && strcmp(a->codebook_version, b->codebook_version) == 0 &&
	    a->has_statistics_minimum == b->has_statistics_minimum && a->statistics_minimum == b->statistics_minimum &&
	    a->has_sample_checks == b->has_sample_checks && a->sample_checks == b->sample_checks &&
	    a->has_sample_points == b->has_sample_points && a->sample_points == b->sample_points;
}

/* see keys/roster_diff.h */
cdr_err
cdr_roster_diff_new(const struct cdr_roster *before, const struct cdr_roster *after, struct cdr_roster_diff *diff)
{
	const Cdr__Wire__Roster *from = before->body, *to = after->body;
	struct cdr_roster_diff_entry *e;

	*diff = (struct cdr_roster_diff){ NULL, 0 };
	diff->entry = calloc(MEMBER_CHANGE_MAX * (from->n_member + to->n_member) + OTHER_COUNT_MAX, sizeof(*diff->entry));
	if (diff->entry == NULL)
		return CDR_E_MEMORY;
	if (!cdr_roster_same_party(from->hub, to->hub)) {
		e = add(diff, CDR_DIFF_PARTIES, CDR_NEED_REFUSAL);
		(void)snprintf(e->text, sizeof(e->text), "the hub changes");
	}
	if (!cdr_roster_same_trustees(from, to)) {
		e = add(diff, CDR_DIFF_TRUSTEES, CDR_NEED_CHANGE);
		(void)snprintf(e->text, sizeof(e->text), "other trustees, or another threshold: %" PRIu32 " of %zu, now %" PRIu32
		    " of %zu", to->threshold, to->n_trustee, from->threshold, from->n_trustee);
	}
	if (!same_scheme(from->scheme, to->scheme)) {
		e = add(diff, CDR_DIFF_SCHEME, CDR_NEED_REFUSAL);
		(void)snprintf(e->text, sizeof(e->text), "the rules of the exchange change");
	}
	diff_keys(diff, from, to);
	return diff_members(diff, from, to);
}

void
cdr_roster_diff_free(struct cdr_roster_diff *diff)
{
	free(diff->entry);
	*diff = (struct cdr_roster_diff){ NULL, 0 };
}

const char *
cdr_roster_diff_kind_name(enum cdr_roster_diff_kind kind)
{
	static const char *const names[] = {
		[CDR_DIFF_MEMBER_ADDED] = "member-added",
		[CDR_DIFF_MEMBER_REMOVED] = "member-removed",
		[CDR_DIFF_MEMBER_PARTY] = "member-keys",
		[CDR_DIFF_MEMBER_SEALING] = "member-sealing",
		[CDR_DIFF_MEMBER_QUOTA_UP] = "quota-up",
		[CDR_DIFF_MEMBER_QUOTA_DOWN] = "quota-down",
		[CDR_DIFF_MEMBER_STRICTER] = "member-stricter",
		[CDR_DIFF_MEMBER_RESTORED] = "member-restored",
		[CDR_DIFF_MEMBER_OTHER] = "member-other",
		[CDR_DIFF_KEY_ADDED] = "key-added",
		[CDR_DIFF_KEY_ENDED] = "key-ended",
		[CDR_DIFF_KEY_TIMES] = "key-times",
		[CDR_DIFF_KEY_SHARES] = "key-shares",
		[CDR_DIFF_KEY_OTHER] = "key-other",
		[CDR_DIFF_SCHEME] = "scheme",
		[CDR_DIFF_TRUSTEES] = "trustees",
		[CDR_DIFF_PARTIES] = "parties",
	};

	if ((size_t)kind >= sizeof(names) / sizeof(names[0]) || names[kind] == NULL)
		return "unknown";
	return names[kind];
}
