#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/token.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/command.h"
#include "node/trustee/countersign.h"
#include "node/trustee/genesis.h"

#define TIMEOUT_S 3600
#define POLL_MS 500
#define RUN_MAX (CDR_TRUSTEE_ATTEMPT_MAX + 1)
#define GOAL_MAX 2

/* The keys of an exchange: two, made apart. One key for both would make of every evaluation a decryption. */
static const struct cdr_trustee_aim aims[GOAL_MAX] = { { CDR_KEY_TAGS, 1 }, { CDR_KEY_STATISTICS, 1 } };

/* ---- the exchange, confirmed ------------------------------------------------------------------------------------ */

static const char why[] =
    "Compare this fingerprint with the other trustees, each of them, by telephone or face to face, not by a message\n"
    "that comes through the hub. If all have the same one, all have the same list of trustees and keys; if not, somebody\n"
    "is trying to put keys of his own in your place, and would then hold the key of the whole exchange.\n";

static cdr_err
show_unconfirmed(struct cdr_report *report, const struct cdr_roster *genesis, struct cdr_fault *fault)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	cdr_err err;

	cdr_fingerprint_write(genesis->hash, fingerprint);
	cdr_report_text(report, "The hub shows a genesis roster of %zu trustees, of whom %" PRIu32 " must act together:\n\n",
	    genesis->body->n_trustee, genesis->body->threshold);
	for (size_t i = 0; i < genesis->body->n_trustee; i++)
		cdr_report_text(report, "    %" PRIu32 "  %s  %s\n", genesis->body->trustee[i]->index,
		    genesis->body->trustee[i]->party->name, genesis->body->trustee[i]->party->url);
	cdr_report_text(report, "\nIts fingerprint:\n\n    %s\n\n%s", fingerprint, why);
	err = cdr_report_json(report, json_pack("{s:b, s:s}", "confirmed", 0, "fingerprint", fingerprint));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_REFUSED, "not confirmed: nothing was made. When the fingerprints agree, run this again "
	    "with --fingerprint");
}

/* The first time: fetch the genesis roster, check it, belong to it. */
static cdr_err
confirm(const struct cdr_arguments *arguments, struct cdr_trustee_open *open, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *url = cdr_arguments_text(arguments, "hub"), *text = cdr_arguments_text(arguments, "fingerprint");
	struct cdr_roster *genesis = NULL;
	Cdr__Wire__Party own;
	uint8_t pin[CDR_PIN_LEN], fingerprint[CDR_ROSTER_HASH_LEN];
	uint32_t index;

	if (url == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "--hub is needed the first time");
	CDR_TRY(cdr_genesis_fetch(open->client, url, &genesis, pin, fault));
	if (text == NULL) {
		err = show_unconfirmed(report, genesis, fault);
		goto out;
	}
	if (cdr_fingerprint_read(text, fingerprint) != CDR_OK) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--fingerprint has 52 letters and digits, in groups of four");
		goto out;
	}
	cdr_home_party(open->home, open->name, open->url, &own);
	CDR_TRY(cdr_genesis_check(genesis, fingerprint, &own, pin, &index, fault));
	CDR_TRY(cdr_trustee_confirm(open->trustee, genesis, index, fault));
	genesis = NULL;
	cdr_report_text(report, "The genesis roster is the one that the trustees compared; this is trustee %" PRIu32 " in it.\n",
	    index);
out:
	cdr_roster_free(genesis);
	return err;
}

/* Later: a fingerprint that is given all the same must be that of the exchange. */
static cdr_err
confirm_again(const struct cdr_arguments *arguments, const struct cdr_trustee_open *open, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, "fingerprint");
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];

	if (text == NULL)
		return CDR_OK;
	if (cdr_fingerprint_read(text, fingerprint) != CDR_OK ||
	    memcmp(fingerprint, open->trustee->genesis, sizeof(fingerprint)) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this trustee belongs to an exchange with another fingerprint");
	return CDR_OK;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* One key: all attempts at it that may still end well; the last is the one that is run now. */
struct goal {
	struct cdr_trustee_aim aim;
	struct cdr_trustee_ceremony *run[RUN_MAX];
	size_t count;
};

/* All keys that are made at the same time. */
struct session {
	struct cdr_trustee *trustee;
	struct cdr_report *report;
	struct goal goal[GOAL_MAX];
	size_t count;
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

/* Whether the key is in force and this trustee has its share of it. */
static bool
is_in_force(const struct session *s, const struct cdr_roster *roster, struct cdr_trustee_aim aim)
{
	struct cdr_roster_key key;

	return cdr_roster_key_find(roster->body, aim.kind, aim.number, &key) &&
	    cdr_trustee_share_have(s->trustee, aim.kind, aim.number);
}

static cdr_err
start_goal(const struct cdr_arguments *arguments, struct session *s, struct cdr_trustee_aim aim, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct goal *goal = &s->goal[s->count];
	uint32_t open[CDR_TRUSTEE_ATTEMPT_MAX], attempt;
	size_t open_count;

	goal->aim = aim;
	CDR_TRY(cdr_trustee_attempt(s->trustee, aim, &attempt, fault));
	attempt = (uint32_t)cdr_arguments_number(arguments, "attempt", attempt);
	CDR_TRY(cdr_trustee_attempt_open(s->trustee, aim, attempt, open, &open_count));
	for (size_t i = 0; i < open_count; i++) {
		CDR_TRY(cdr_trustee_ceremony_start(s->trustee, aim, open[i], &goal->run[goal->count], fault));
		s->count += goal->count++ == 0;
	}
	CDR_TRY(cdr_trustee_ceremony_start(s->trustee, aim, attempt, &goal->run[goal->count], fault));
	s->count += goal->count++ == 0;
	cdr_report_text(s->report, "Attempt %" PRIu32 " of the ceremony for %s %" PRIu32 ".\n", attempt, key_name(aim.kind),
	    aim.number);
out:
	return err;
}

/* Every key that is to be made and is not in force. */
static cdr_err
start_goals(const struct cdr_arguments *arguments, struct session *s, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(s->trustee->current);
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < GOAL_MAX && err == CDR_OK; i++) {
		if (!is_in_force(s, roster, aims[i]))
			err = start_goal(arguments, s, aims[i], fault);
	}
	cdr_current_release(s->trustee->current, roster);
	return err;
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
		done &= cdr_ceremony_state(latest(&s->goal[i])->ceremony) == CDR_CEREMONY_DONE;
	return done;
}

static void
tell_waiting(struct session *s)
{
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	char text[CDR_FAULT_LEN] = "Waiting for the trustees:";

	if (all_done(s)) {
		tell(s, "The keys are made. Waiting until enough trustees have countersigned the roster that has them.");
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct cdr_ceremony *ceremony = latest(&s->goal[i])->ceremony;
		size_t count = cdr_ceremony_state(ceremony) == CDR_CEREMONY_DONE ? 0 : cdr_ceremony_waiting(ceremony, finding);

		for (size_t k = 0; k < count; k++) {
			size_t len = strlen(text);
			(void)snprintf(text + len, sizeof(text) - len, " %u (%s %u, round %u)", finding[k].trustee,
			    key_name(s->goal[i].aim.kind), s->goal[i].aim.number, finding[k].round);
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

	cdr_report_text(s->report, "The ceremony ended without a key. At fault, as every trustee can verify:\n");
	list_findings(s, goal, finding, count, list);
	err = cdr_report_json(s->report, json_pack("{s:s, s:i, s:o}", "state", "failed", "attempt", (int)attempt, "at_fault",
	    list));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_REFUSED, "attempt %" PRIu32 " at %s %" PRIu32 " failed, and what was made in it is "
	    "worthless. Find out together whether that was malice or a fault; then all run `candor-trustee ceremony` again, for "
	    "attempt %" PRIu32, attempt, key_name(goal->aim.kind), goal->aim.number, attempt + 1);
}

static cdr_err
end_late(struct session *s, struct cdr_fault *fault)
{
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	bool is_done = all_done(s);
	json_t *list = json_array();
	cdr_err err;

	if (is_done)
		cdr_report_text(s->report, "The keys are made, but are not in force: too few trustees have countersigned yet.\n");
	else
		cdr_report_text(s->report, "Not finished in time:\n");
	for (size_t i = 0; i < s->count; i++) {
		const struct cdr_ceremony *ceremony = latest(&s->goal[i])->ceremony;

		if (cdr_ceremony_state(ceremony) != CDR_CEREMONY_DONE)
			list_findings(s, &s->goal[i], finding, cdr_ceremony_waiting(ceremony, finding), list);
	}
	err = cdr_report_json(s->report, json_pack("{s:s, s:o}", "state", is_done ? "made" : "waiting", "waiting_for", list));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_TIME, "the time is up. Nothing is lost: ask those who are missing, and run `candor-trustee "
	    "ceremony` again to go on");
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

/* The end: the keys are in force, and this trustee has its share of each. */
static bool
end_in_force(struct session *s, cdr_err *err)
{
	const struct cdr_roster *roster = cdr_current_hold(s->trustee->current);
	bool is_end = true;

	for (size_t i = 0; i < GOAL_MAX; i++)
		is_end &= is_in_force(s, roster, aims[i]);
	if (is_end) {
		json_t *keys = json_array();
		for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
			const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

			cdr_report_text(s->report, "The key of %s %" PRIu32 " is in force, in version %" PRIu64 " of the roster.\n",
			    key.kind == CDR_KEY_TAGS ? "epoch" : "the statistics,", key.number, roster->body->version);
			if (keys != NULL)
				(void)json_array_append_new(keys, key_json(&key));
		}
		cdr_report_text(s->report, "Next: `candor-trustee serve`.\n");
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

/* Everything that can be done now. */
static cdr_err
advance(struct session *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_trustee_poll(s->trustee, &s->polled, fault));
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->goal[i].count; k++)
			CDR_TRY(cdr_trustee_ceremony_turn(s->goal[i].run[k], fault));
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
		if (cdr_ceremony_state(latest(&s->goal[i])->ceremony) == CDR_CEREMONY_FAILED)
			return &s->goal[i];
	}
	return NULL;
}

/* Until the keys are in force, somebody is at fault, or the time is up. */
static cdr_err
run_session(struct session *s, struct cdr_fault *fault)
{
	const struct goal *failed;
	cdr_err err;

	for (;;) {
		err = advance(s, fault);
		if (err != CDR_OK && !may_pass(err))
			return err;
		if (end_in_force(s, &err))
			return err;
		failed = find_failed(s);
		if (failed != NULL)
			return end_failed(s, failed, fault);
		if (err != CDR_OK)
			tell(s, fault->text);
		else
			tell_waiting(s);
		if (cdr_trustee_clock_ms() >= s->until_ms)
			return end_late(s, fault);
		cdr_trustee_sleep_ms(s->poll_ms);
	}
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_ceremony(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct session *s = calloc(1, sizeof(*s));
	struct cdr_scheme scheme;

	if (s == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	/* Found out now rather than after the ceremony: what it is for goes into its result. */
	CDR_TRY(cdr_scheme_current(aims[0].number, &scheme));
	if (open.trustee->index == 0)
		CDR_TRY(confirm(arguments, &open, report, fault));
	CDR_TRY(confirm_again(arguments, &open, fault));
	s->trustee = open.trustee;
	s->report = report;
	s->poll_ms = (uint64_t)cdr_arguments_number(arguments, "poll-ms", POLL_MS);
	s->until_ms = cdr_trustee_clock_ms() + 1000 * (uint64_t)cdr_arguments_number(arguments, "timeout", TIMEOUT_S);
	if (end_in_force(s, &err))
		goto out;
	CDR_TRY(start_goals(arguments, s, fault));
	err = run_session(s, fault);
out:
	for (size_t i = 0; i < GOAL_MAX; i++) {
		for (size_t k = 0; k < s->goal[i].count; k++)
			cdr_trustee_ceremony_end(s->goal[i].run[k]);
	}
	free(s);
	cdr_trustee_close(&open);
	return err;
}
