#include "node/trustee/recover.h"
#include "node/net/clock.h"
#include "node/trustee/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/trustee/change.h"
#include "node/trustee/command.h"
#include "node/trustee/countersign.h"

#define RUN_MAX (CDR_TRUSTEE_ATTEMPT_MAX + 1)
#define RECENT_S 86400 /* shares that changed since then are not changed again for the asking */

/* One key: all attempts at it that may still end well; the last is the one that is run now. */
struct goal {
	struct cdr_trustee_aim aim;
	uint8_t basis[CDR_ROSTER_HASH_LEN]; /* of the key when we began; zero where it is made */
	bool is_recent;                     /* its shares were changed today */
	bool is_over;                       /* nothing was to be done */
	uint32_t attempt;                   /* the one that is run now */
	struct cdr_trustee_ceremony *run[RUN_MAX];
	size_t count;
};

/* All keys that are made at the same time. */
struct session {
	const struct cdr_trustee_session_config *config;
	struct cdr_trustee *trustee;
	struct cdr_report *report;
	struct goal goal[CDR_SESSION_AIM_MAX];
	size_t count;
	bool is_done_before;             /* nothing was to be done when this began */
	bool is_new;                     /* this trustee comes with the change */
	struct cdr_trustee_polled polled;
	uint64_t until_ms, poll_ms;
	char told[CDR_FAULT_LEN];        /* what was said last, so that it is said once */
};

static struct cdr_trustee_ceremony *
latest(const struct goal *goal)
{
	return goal->run[goal->count - 1];
}

static const char *
key_name(enum cdr_key_kind kind)
{
	return kind == CDR_KEY_TAGS ? "epoch" : "statistics key";
}

/* Whether what was to be done is in force, and this trustee has its share of it. */
static bool
is_in_force(const struct session *s, const struct cdr_roster *roster, const struct goal *goal)
{
	struct cdr_trustee_aim aim = goal->aim;
	struct cdr_roster_key key;
	bool has_share = cdr_trustee_share_have(s->trustee, aim.kind, aim.number);

	if (!cdr_roster_key_find(roster->body, aim.kind, aim.number, &key))
		return false;
	if (aim.act == CDR_CEREMONY_RESHARE)
		return cdr_ceremony_change_gives(s->config->change, roster) && (has_share || cdr_trustee_index_in(s->trustee, roster) == 0);
	if (aim.act == CDR_CEREMONY_REFRESH)
		return has_share && (goal->is_recent || memcmp(key.transcript.data, goal->basis, sizeof(goal->basis)) != 0);
	return has_share;
}

struct recent_job {
	struct goal *goal;
	uint64_t since;
};

/* A reading job: whether the shares at hand came from a change since then. */
static cdr_err
recent_job(struct cdr_tx *tx, void *context)
{
	struct recent_job *job = context;
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM key_share WHERE kind = $1 AND number = $2 AND transcript = $3"
	    " AND length(basis) > 0 AND made_at >= $4",
	    CDR_VALUES(cdr_value_int(job->goal->aim.kind), cdr_value_int(job->goal->aim.number),
		cdr_value_blob(job->goal->basis, CDR_ROSTER_HASH_LEN), cdr_value_int((int64_t)job->since)), &count);

	job->goal->is_recent = err == CDR_OK && count > 0;
	return err;
}

/* Note how the key stands before anything is done. */
static cdr_err
look_at(struct session *s, const struct cdr_roster *roster, struct goal *goal)
{
	struct recent_job job = { goal, cdr_trustee_now() - RECENT_S };
	struct cdr_roster_key key;

	if (goal->aim.act == CDR_CEREMONY_MAKE || !cdr_roster_key_find(roster->body, goal->aim.kind, goal->aim.number, &key))
		return CDR_OK;
	memcpy(goal->basis, key.transcript.data, sizeof(goal->basis));
	return goal->aim.act == CDR_CEREMONY_REFRESH ? cdr_store_read(s->trustee->home->store, recent_job, &job) : CDR_OK;
}

/*
 * Which attempts are run. Where one key failed, the session ended, and left the others where they were, at one trustee further on than
 * at another: so all go on at the number of the furthest, but for those that are done.
 */
static cdr_err
number_attempts(struct session *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint32_t furthest = 0;
	bool is_done[CDR_SESSION_AIM_MAX] = { false };

	for (size_t i = 0; i < s->count; i++) {
		struct goal *goal = &s->goal[i];

		goal->attempt = s->config->change != NULL ? s->config->change->attempt : s->config->attempt;
		if (goal->attempt == 0 && !goal->is_over)
			CDR_TRY(cdr_trustee_attempt(s->trustee, goal->aim, &goal->attempt, &is_done[i], fault));
		if (!goal->is_over && goal->attempt > furthest)
			furthest = goal->attempt;
	}
	for (size_t i = 0; i < s->count; i++)
		if (!is_done[i])
			s->goal[i].attempt = furthest;
	err = CDR_OK;
out:
	return err;
}

/* What was begun earlier and may still end well; then, unless its end is what we wait for, what is to be run now. */
static cdr_err
start_goal(struct session *s, struct goal *goal, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_ceremony_id open[CDR_TRUSTEE_ATTEMPT_MAX];
	struct cdr_trustee_aim aim = goal->aim;
	size_t open_count;
	bool is_behind = aim.act != CDR_CEREMONY_MAKE && s->trustee->index != 0 &&
	    !cdr_trustee_share_have(s->trustee, aim.kind, aim.number);

	CDR_TRY(cdr_trustee_attempt_open(s->trustee, aim, is_behind ? 0 : goal->attempt, open, &open_count));
	for (size_t i = 0; i < open_count; i++) {
		CDR_TRY(cdr_trustee_ceremony_resume(s->trustee, &open[i], &goal->run[goal->count], fault));
		goal->count++;
	}
	if (!is_behind || open_count == 0) {
		CDR_TRY(cdr_trustee_ceremony_start(s->trustee, aim, goal->attempt, s->config->change, &goal->run[goal->count], fault));
		goal->count++;
	}
	cdr_report_text(s->report, "Attempt %" PRIu32 " of the ceremony for %s %" PRIu32 ".\n", latest(goal)->attempt,
	    key_name(aim.kind), aim.number);
	err = CDR_OK;
out:
	return err;
}

/* Every key with which something is to happen that is not in force. */
static cdr_err
start_goals(struct session *s, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(s->trustee->current);
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < s->config->aim_count && err == CDR_OK; i++) {
		struct goal *goal = &s->goal[s->count++];

		goal->aim = s->config->aim[i];
		err = look_at(s, roster, goal);
		goal->is_over = err == CDR_OK && is_in_force(s, roster, goal);
	}
	if (err == CDR_OK)
		err = number_attempts(s, fault);
	s->is_done_before = true;
	for (size_t i = 0; i < s->count && err == CDR_OK; i++) {
		s->is_done_before &= s->goal[i].is_over;
		if (!s->goal[i].is_over)
			err = start_goal(s, &s->goal[i], fault);
	}
	cdr_current_release(s->trustee->current, roster);
	return err;
}

/* Whether keys are made; else shares of keys that there are are changed. */
static bool
makes(const struct session *s)
{
	return s->config->aim[0].act == CDR_CEREMONY_MAKE;
}

/* Say something on stderr, unless it was the last thing said. */
static void
tell(struct session *s, const char *text)
{
	if (strcmp(s->told, text) == 0)
		return;
	(void)snprintf(s->told, sizeof(s->told), "%s", text);
	cdr_report_note(s->report, "%s\n", text);
}

static bool
all_done(const struct session *s)
{
	bool done = true;

	for (size_t i = 0; i < s->count; i++)
		done &= s->goal[i].is_over || cdr_ceremony_state(latest(&s->goal[i])->ceremony) == CDR_CEREMONY_DONE;
	return done;
}

/* Whom a ceremony counts as ${trustee}: where the trustees change, numbers of before and afterwards differ, so the name stands beside it. */
static const char *
trustee_name(const struct session *s, uint32_t trustee)
{
	const Cdr__Wire__TrusteeChange *change = s->config->change;

	return change != NULL && trustee > 0 && trustee <= change->n_participant ? change->participant[trustee - 1]->party->name : NULL;
}

static void
tell_waiting(struct session *s)
{
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	char text[CDR_FAULT_LEN] = "Waiting for the trustees:";

	if (all_done(s)) {
		tell(s, makes(s) ? "The keys are made. Waiting until enough trustees have countersigned the roster that has them." :
		    "The new shares are made. Waiting until enough trustees have countersigned the roster that has them.");
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (s->goal[i].is_over)
			continue;
		const struct cdr_ceremony *ceremony = latest(&s->goal[i])->ceremony;
		size_t count = cdr_ceremony_state(ceremony) == CDR_CEREMONY_DONE ? 0 : cdr_ceremony_waiting(ceremony, finding);

		for (size_t k = 0; k < count; k++) {
			size_t len = strlen(text);
			const char *name = trustee_name(s, finding[k].trustee);

			(void)snprintf(text + len, sizeof(text) - len, " %u (%s%s%s %u, round %u)", finding[k].trustee,
			    name != NULL ? name : "", name != NULL ? ", " : "", key_name(s->goal[i].aim.kind), s->goal[i].aim.number, finding[k].round);
		}
	}
	tell(s, text);
}

/* Those who are named, one line each, added to ${list}. */
static void
list_findings(struct session *s, const struct goal *goal, const struct cdr_ceremony_finding *finding, size_t count,
    json_t *list)
{
	char text[CDR_FAULT_LEN];

	for (size_t i = 0; i < count; i++) {
		cdr_ceremony_finding_write(latest(goal)->ceremony, &finding[i], text, sizeof(text));
		cdr_report_text(s->report, "  %s %" PRIu32 ": %s\n", key_name(goal->aim.kind), goal->aim.number, text);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:s}", "kind",
			    cdr_key_kind_name(goal->aim.kind), "number", (int)goal->aim.number, "trustee", finding[i].trustee, "round",
			    finding[i].round, "text", text));
	}
}

static cdr_err
end_failed(struct session *s, const struct goal *goal, struct cdr_fault *fault)
{
	size_t count;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(latest(goal)->ceremony, &count);
	uint32_t attempt = latest(goal)->attempt;
	json_t *list = json_array();
	cdr_err err;

	cdr_report_text(s->report, "The ceremony ended without a result. At fault, as every trustee can verify:\n");
	list_findings(s, goal, finding, count, list);
	err = cdr_report_json(s->report, json_pack("{s:s, s:i, s:o}", "state", "failed", "attempt", (int)attempt, "at_fault",
	    list));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_REFUSED, "attempt %" PRIu32 " at %s %" PRIu32 " failed, and what was made in it is "
	    "worthless. Find out together whether that was malice or a fault; then %s", attempt, key_name(goal->aim.kind),
	    goal->aim.number, s->config->change != NULL ? "let the secretariat propose the trustees anew" :
	    "all run the command again, for the next attempt");
}

static cdr_err
end_late(struct session *s, struct cdr_fault *fault)
{
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	bool is_done = all_done(s);
	json_t *list = json_array();
	cdr_err err;

	if (is_done)
		cdr_report_text(s->report, "The %s are made, but are not in force: too few trustees have countersigned yet.\n",
		    makes(s) ? "keys" : "new shares");
	else
		cdr_report_text(s->report, "Not finished in time:\n");
	for (size_t i = 0; i < s->count; i++) {
		if (s->goal[i].is_over)
			continue;
		const struct cdr_ceremony *ceremony = latest(&s->goal[i])->ceremony;

		if (cdr_ceremony_state(ceremony) != CDR_CEREMONY_DONE)
			list_findings(s, &s->goal[i], finding, cdr_ceremony_waiting(ceremony, finding), list);
	}
	err = cdr_report_json(s->report, json_pack("{s:s, s:o}", "state", is_done ? "made" : "waiting", "waiting_for", list));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_TIME, "the time is up. Nothing is lost: ask those who are missing, and run `candor-trustee "
	    "%s` again to go on", s->config->command);
}

static json_t *
key_json(const struct cdr_roster_key *key)
{
	char public[2 * CDR_POINT_LEN + 1], transcript[2 * CDR_ROSTER_HASH_LEN + 1];

	cdr_hex_write(key->public_key.data, CDR_POINT_LEN, public);
	cdr_hex_write(key->transcript.data, CDR_ROSTER_HASH_LEN, transcript);
	return json_pack("{s:s, s:i, s:s, s:s}", "kind", cdr_key_kind_name(key->kind), "number", (int)key->number, "public_key",
	    public, "transcript", transcript);
}

/* What is to be done now that it is over. */
static const char *
end_text(const struct session *s, bool is_trustee)
{
	if (!is_trustee)
		return "This is no trustee any more; its shares are destroyed. Let `candor-trustee serve` run until those who come have\n"
		       "asked it what it witnessed: a minute is enough.\n";
	if (makes(s))
		return "Next: `candor-trustee serve`, and a paper with the shares: `candor-trustee share backup`.\n";
	if (s->is_new)
		return "This trustee has its shares. Next: `candor-trustee serve`, which first asks those before it what they witnessed; and a\n"
		       "paper with the shares: `candor-trustee share backup`.\n";
	if (s->is_done_before && s->config->change == NULL)
		return "Nothing was done now: the shares were changed within a day, and are not changed again so soon. A paper of before that\n"
		       "change is worth nothing; one that was written since is good.\n";
	return "The shares were changed; the old ones are destroyed, and a paper that has them is worth nothing. Write a new one:\n"
	       "`candor-trustee share backup`. If `candor-trustee serve` does not run, start it.\n";
}

/* The end: the keys are in force, and this trustee has its share of each. */
static bool
end_in_force(struct session *s, cdr_err *err)
{
	const struct cdr_roster *roster = cdr_current_hold(s->trustee->current);
	bool is_end = true;

	for (size_t i = 0; i < s->count; i++)
		is_end &= is_in_force(s, roster, &s->goal[i]);
	if (is_end) {
		json_t *keys = json_array();
		for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
			const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

			cdr_report_text(s->report, "The %s %" PRIu32 " is in force, in version %" PRIu64 " of the roster.\n",
			    key.kind == CDR_KEY_TAGS ? "key of epoch" : "statistics key", key.number, roster->body->version);
			if (keys != NULL)
				(void)json_array_append_new(keys, key_json(&key));
		}
		cdr_report_text(s->report, "%s", end_text(s, cdr_trustee_index_in(s->trustee, roster) != 0));
		*err = cdr_report_json(s->report, json_pack("{s:s, s:I, s:o}", "state", "in force", "roster",
		    (json_int_t)roster->body->version, "keys", keys));
	}
	cdr_current_release(s->trustee->current, roster);
	return is_end;
}

/* A failure that may pass: the hub is away, busy, or something is wrong there. */
static bool
may_pass(cdr_err err)
{
	return err == CDR_E_NETWORK || err == CDR_E_TIME || err == CDR_E_BUSY || err == CDR_E_SIGNATURE || err == CDR_E_ABSENT;
}

static void
drop_run(struct goal *goal, size_t at)
{
	cdr_trustee_ceremony_end(goal->run[at]);
	memmove(&goal->run[at], &goal->run[at + 1], (goal->count - at - 1) * sizeof(goal->run[0]));
	goal->count--;
}

/* Everything that can be done now. */
static cdr_err
advance(struct session *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_trustee_poll(s->trustee, &s->polled, fault));
	for (size_t i = 0; i < s->count; i++) {
		struct goal *goal = &s->goal[i];

		for (size_t k = 0; k < goal->count;) {
			err = cdr_trustee_ceremony_turn(goal->run[k], fault);
			/* An earlier attempt of which the hub has something else from us, said before a backup was put back, is lost; this one is not. */
			if (err == CDR_E_EXISTS && k + 1 < goal->count)
				drop_run(goal, k);
			else if (err != CDR_OK)
				goto out;
			else
				k++;
		}
	}
	err = CDR_OK;
out:
	return err;
}

/* The key that cannot be made because somebody is at fault, or NULL. */
static const struct goal *
find_failed(const struct session *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!s->goal[i].is_over && cdr_ceremony_state(latest(&s->goal[i])->ceremony) == CDR_CEREMONY_FAILED)
			return &s->goal[i];
	}
	return NULL;
}

/* Whether the others brought it to its end in the moment in which something was refused us: whoever leaves is no caller any more. */
static bool
was_decided(struct session *s, cdr_err *ended)
{
	struct cdr_fault ignored = { CDR_OK, "" };

	return cdr_trustee_poll(s->trustee, &s->polled, &ignored) == CDR_OK && end_in_force(s, ended);
}

static uint64_t
roster_version(const struct session *s)
{
	const struct cdr_roster *roster = cdr_current_hold(s->trustee->current);
	const uint64_t version = roster->body->version;

	cdr_current_release(s->trustee->current, roster);
	return version;
}

/* Until the keys are in force, somebody is at fault, or the time is up. */
static cdr_err
run_session(struct session *s, struct cdr_fault *fault)
{
	const struct goal *failed;
	cdr_err err, ended;

	for (;;) {
		const uint64_t version = roster_version(s);

		err = advance(s, fault);
		if (err != CDR_OK && !may_pass(err)) {
			if (was_decided(s, &ended))
				return ended;
			/* A roster came in between, in which this trustee may have another number: what was refused is asked again under that one. */
			if (roster_version(s) == version)
				return err;
			continue;
		}
		if (end_in_force(s, &ended))
			return ended;
		failed = find_failed(s);
		if (failed != NULL)
			return end_failed(s, failed, fault);
		if (err != CDR_OK)
			tell(s, fault->text);
		else
			tell_waiting(s);
		if (cdr_clock_ms() >= s->until_ms)
			return end_late(s, fault);
		cdr_trustee_sleep_ms(s->poll_ms);
	}
}

/* see node/trustee/session.h */
cdr_err
cdr_trustee_session_run(const struct cdr_trustee_session_config *config, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return CDR_E_MEMORY;
	s->config = config;
	s->trustee = config->trustee;
	s->report = config->report;
	s->is_new = config->change != NULL && config->trustee->index == 0;
	s->poll_ms = config->poll_ms;
	s->until_ms = cdr_clock_ms() + 1000 * config->timeout_s;
	CDR_TRY(cdr_trustee_remembers(s->trustee, fault));
	CDR_TRY(start_goals(s, fault));
	err = run_session(s, fault);
out:
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->goal[i].count; k++)
			cdr_trustee_ceremony_end(s->goal[i].run[k]);
	}
	free(s);
	return err;
}
