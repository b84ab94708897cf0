#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/record/rules.h"
#include "node/net/publish.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/change.h"
#include "node/trustee/command.h"
#include "node/trustee/keep.h"
#include "node/trustee/recover.h"
#include "node/trustee/seen.h"

#define NAME_LEN 128

struct status_job {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;         /* in force */
	const Cdr__Wire__TrusteeChange *change;  /* that the operator approved last; NULL: none */
	struct cdr_report *report;
	const char *folder;      /* where transcripts go; NULL: nowhere */
	json_t *ceremonies;
	json_t *standing;
	json_t *samples;
	json_t *forks, *withheld, *unlogged;
	struct cdr_fault *fault;
};

static const char *
act_name(uint64_t act)
{
	return act == CDR_CEREMONY_MAKE ? "make" : act == CDR_CEREMONY_REFRESH ? "refresh" : "reshare";
}

/* The plan and the messages of a ceremony that is over, as a file that anybody can verify. */
static cdr_err
export_transcript(const struct status_job *job, struct cdr_bytes plan, struct cdr_bytes messages, const char *name)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__CeremonyTranscript transcript = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;
	Cdr__Wire__CeremonyMessages *bag;
	struct cdr_arena plan_arena = { 0 }, bag_arena = { 0 };
	struct cdr_buffer bytes = { 0 };

	CDR_TRY(cdr_message_decode(&plan_arena, &cdr__wire__ceremony_plan__descriptor, plan, &transcript.plan));
	CDR_TRY(cdr_message_decode(&bag_arena, &cdr__wire__ceremony_messages__descriptor, messages, &bag));
	transcript.n_message = bag->n_message;
	transcript.message = bag->message;
	CDR_TRY(cdr_message_encode(&transcript.base, &bytes));
	CDR_TRY(cdr_publish_put(job->folder, name, bytes.data, bytes.len, job->fault));
out:
	cdr_buffer_free(&bytes);
	cdr_arena_free(&plan_arena);
	cdr_arena_free(&bag_arena);
	return err;
}

/* Who is at fault in a ceremony that is not done, or whom it waits for: text, and JSON. One that nobody can judge any more names nobody. */
static json_t *
name_findings(struct status_job *job, struct cdr_tx *tx, struct cdr_bytes plan_bytes, struct cdr_bytes messages)
{
	struct cdr_ceremony_finding waiting[CDR_CEREMONY_FINDING_COUNT_MAX];
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyPlan *plan;
	struct cdr_ceremony *ceremony = NULL;
	json_t *list = json_array();
	size_t count = 0;

	if (list == NULL || cdr_message_decode(&arena, &cdr__wire__ceremony_plan__descriptor, plan_bytes, &plan) != CDR_OK ||
	    cdr_trustee_ceremony_look(tx, plan, messages, &ceremony) != CDR_OK)
		goto out;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(ceremony, &count);
	if (count == 0) {
		count = cdr_ceremony_waiting(ceremony, waiting);
		finding = waiting;
	}
	for (size_t i = 0; i < count; i++) {
		char text[CDR_FAULT_LEN];

		cdr_ceremony_finding_write(ceremony, &finding[i], text, sizeof(text));
		cdr_report_text(job->report, "          %s\n", text);
		(void)json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "trustee", (int)finding[i].trustee, "round",
		    (int)finding[i].round, "text", text));
	}
out:
	cdr_ceremony_free(ceremony);
	cdr_arena_free(&arena);
	return list;
}

/* Whether it can come to nothing any more. */
static bool
is_replaced(const struct status_job *job, struct cdr_bytes bytes)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyPlan *plan;
	const bool replaced = cdr_message_decode(&arena, &cdr__wire__ceremony_plan__descriptor, bytes, &plan) == CDR_OK &&
	    cdr_ceremony_plan_is_replaced(plan, job->roster, job->change);

	cdr_arena_free(&arena);
	return replaced;
}

/* One ceremony: id, act, kind, number, attempt, state, started_at, plan, messages. */
static cdr_err
list_ceremony(struct status_job *job, struct cdr_tx *tx, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_CEREMONY_ID_LEN];
	uint64_t act, kind, number, attempt, started_at;
	struct cdr_bytes plan, messages;
	char state[16], hex[2 * CDR_CEREMONY_ID_LEN + 1], name[NAME_LEN] = "";

	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	CDR_TRY(cdr_query_count(query, 1, &act));
	CDR_TRY(cdr_query_count(query, 2, &kind));
	CDR_TRY(cdr_query_count(query, 3, &number));
	CDR_TRY(cdr_query_count(query, 4, &attempt));
	CDR_TRY(cdr_query_text(query, 5, state, sizeof(state)));
	CDR_TRY(cdr_query_count(query, 6, &started_at));
	CDR_TRY(cdr_query_blob_peek(query, 7, CDR_TRUSTEE_PLAN_LEN_MAX, &plan));
	CDR_TRY(cdr_query_blob_peek(query, 8, CDR_CEREMONY_SAVED_LEN_MAX, &messages));
	cdr_hex_write(id, sizeof(id), hex);
	if (job->folder != NULL && strcmp(state, "done") == 0) {
		(void)snprintf(name, sizeof(name), "ceremony-%s-%" PRIu64 "-%s-%.16s.bin", cdr_key_kind_name((enum cdr_key_kind)kind),
		    number, act_name(act), hex);
		CDR_TRY(export_transcript(job, plan, messages, name));
	}
	if (strcmp(state, "running") == 0 && is_replaced(job, plan))
		(void)snprintf(state, sizeof(state), "over");
	const bool is_over = strcmp(state, "over") == 0;
	cdr_report_text(job->report, "  %-7s %s key %" PRIu64 ", attempt %" PRIu64 ": %s%s%s%s\n", act_name(act),
	    cdr_key_kind_name((enum cdr_key_kind)kind), number, attempt, state, is_over ? ": another change took its place" : "", name[0] != '\0' ? "; transcript in " : "", name);
	json_t *named = is_over || strcmp(state, "done") == 0 ? json_array() : name_findings(job, tx, plan, messages);
	if (json_array_append_new(job->ceremonies, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:s, s:o}", "id", hex, "act",
	    act_name(act), "kind", cdr_key_kind_name((enum cdr_key_kind)kind), "number", (json_int_t)number, "attempt",
	    (json_int_t)attempt, "state", state, "started_at", (json_int_t)started_at, "file", name,
	    strcmp(state, "failed") == 0 ? "at_fault" : "waiting_for", named)) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct status_job *job = context;
	struct cdr_query *query = NULL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_trustee_change_read(tx, &arena, &change));
	job->change = change;
	CDR_TRY(cdr_query_start(tx, "SELECT id, act, kind, number, attempt, state, started_at, plan, messages FROM key_ceremony"
	    " ORDER BY started_at, kind, number, attempt", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(list_ceremony(job, tx, query));
	if (err == CDR_E_ABSENT)
		err = cdr_trustee_command_samples(tx, job->report, &job->samples);
	if (err == CDR_OK)
		err = cdr_trustee_command_forks(tx, job->report, &job->forks);
	if (err == CDR_OK)
		err = cdr_trustee_command_withheld(tx, job->report, &job->withheld);
	if (err == CDR_OK)
		err = cdr_trustee_command_unlogged(tx, job->report, &job->unlogged);
out:
	cdr_query_end(query);
	cdr_arena_free(&arena);
	job->change = NULL;
	return err;
}

/* Trustees by their numbers, as a list in JSON and in words ("1, 2"). */
static json_t *
list_numbers(const uint32_t *numbers, size_t count, char *text, size_t size)
{
	json_t *list = json_array();
	size_t len = 0;

	for (size_t i = 0; i < count && len < size; i++) {
		len += (size_t)snprintf(text + len, size - len, "%s%" PRIu32, i > 0 ? ", " : "", numbers[i]);
		(void)json_array_append_new(list, json_integer((json_int_t)numbers[i]));
	}
	return list;
}

/* A reading job: what keeps this trustee from doing its part, and on whose word it does. */
static cdr_err
standing_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct status_job *job = context;
	struct cdr_trustee_standing standing;
	char text[NAME_LEN] = "";
	const uint64_t now = cdr_trustee_now();
	uint64_t away_since;

	CDR_TRY(cdr_trustee_recover_standing(tx, &standing));
	CDR_TRY(cdr_trustee_away(tx, now, &away_since));
	if (away_since > 0)
		cdr_report_text(job->report, "THIS TRUSTEE TAKES IN NOTHING. It has seen nothing new of the log for %" PRIu64 " days, and what it has to be shown an honest hub\n"
		    "may have erased since: " CDR_TRUSTEE_AWAY_DO ".\n", (now - away_since) / UINT64_C(86400));
	if (standing.is_put_back || standing.is_new)
		cdr_report_text(job->report, "This trustee %s and is catching up, under `candor-trustee serve`: until then it signs, counts and opens nothing.\n",
		    standing.is_put_back ? "was put back from a backup" : "is new");
	json_t *without = list_numbers(standing.without, standing.without_count, text, sizeof(text));
	if (standing.without_count > 0)
		cdr_report_text(job->report, "Its operator said that of the trustees before it %s %s gone for good: it goes by what the others told it was witnessed before it came.\n",
		    text, standing.without_count == 1 ? "is" : "are");
	json_t *at = away_since > 0 ? json_integer((json_int_t)away_since) : json_null();
	job->standing = json_pack("{s:o, s:s?, s:o}", "away_since", at, "catching_up",
	    standing.is_put_back ? "put_back" : standing.is_new ? "new" : NULL, "without", without);
	err = job->standing == NULL ? CDR_E_MEMORY : CDR_OK;
out:
	return err;
}

/* The keys in force, and whether this trustee has its share of each. */
static json_t *
list_keys(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; roster != NULL && i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);
		char transcript[2 * CDR_ROSTER_HASH_LEN + 1];
		bool has = cdr_trustee_share_have(trustee, key.kind, key.number);

		cdr_hex_write(key.transcript.data, CDR_ROSTER_HASH_LEN, transcript);
		cdr_report_text(report, "  %s key %" PRIu32 ": %s\n", cdr_key_kind_name(key.kind), key.number,
		    has ? "this trustee has its share" :
		    cdr_trustee_index_in(trustee, roster) == 0 ? "no share, as is right for whoever is no trustee" : "this trustee has NO share");
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:i, s:b, s:s, s:I, s:I}", "kind",
			    cdr_key_kind_name(key.kind), "number", (int)key.number, "share", has, "transcript", transcript,
			    "starts_at", (json_int_t)key.starts_at, "ends_at", (json_int_t)key.ends_at));
	}
	return list;
}

/*
 * What the hub says is to be made next, and whose turn it is: a key before its time is made by operators. Null where the hub
 * cannot be asked: the rest is known without it.
 */
static json_t *
list_due(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_report *report)
{
	struct cdr_trustee_aim due[2];
	struct cdr_fault fault = { 0 };
	size_t count = 0;
	json_t *list;

	if (trustee->index == 0 || cdr_roster_key_count(roster->body) == 0)
		return json_array();
	if (cdr_trustee_due(trustee, roster, due, &count, &fault) != CDR_OK) {
		cdr_report_text(report, "Whether another key is asked for is not known: the hub does not answer (%s).\n", fault.text);
		return json_null();
	}
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		bool is_time = cdr_trustee_keep_is_time(roster, due[i].kind, cdr_trustee_now());

		cdr_report_text(report, is_time ? "  %s key %" PRIu32 ": is due, and is made while the trustees serve; if it is not: `candor-trustee ceremony`\n" :
		    "  %s key %" PRIu32 ": ASKED FOR before its time. Trustees make it only if all of them run `candor-trustee ceremony`, at the\n"
		    "    same time: ask the secretariat by telephone why\n", cdr_key_kind_name(due[i].kind), due[i].number);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:i, s:b}", "kind", cdr_key_kind_name(due[i].kind), "number",
			    (int)due[i].number, "before_its_time", !is_time));
	}
	return list;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct status_job job = { .report = report, .folder = cdr_arguments_text(arguments, "export"), .fault = fault };
	const struct cdr_roster *roster = NULL;
	json_t *keys, *due;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_trustee_confirmed(open.trustee, fault));
	if (job.folder != NULL && mkdir(job.folder, 0755) != 0 && errno != EEXIST) { /* transcripts are for everybody */
		err = cdr_fault_set(fault, CDR_E_IO, "%.300s cannot be made: %s", job.folder, strerror(errno));
		goto out;
	}
	job.trustee = open.trustee;
	job.roster = roster = cdr_current_hold(open.trustee->current);
	CDR_TRY(cdr_store_read(open.home->store, standing_job, &job));
	if (open.trustee->index != 0)
		cdr_report_text(report, "Trustee %" PRIu32 " in version %" PRIu64 " of the roster. Keys in force:\n", open.trustee->index,
		    roster->body->version);
	else
		cdr_report_text(report, "No trustee in version %" PRIu64 " of the roster, the newest that is held.\n", roster->body->version);
	keys = list_keys(open.trustee, roster, report);
	due = list_due(open.trustee, roster, report);
	cdr_report_text(report, "Ceremonies:\n");
	job.ceremonies = json_array();
	err = cdr_store_read(open.home->store, list_job, &job);
	if (err != CDR_OK) {
		json_decref(keys);
		json_decref(due);
		json_decref(job.ceremonies);
		json_decref(job.samples);
		json_decref(job.forks);
		json_decref(job.withheld);
		goto out;
	}
	err = cdr_report_json(report, json_pack("{s:i, s:I, s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "index", (int)open.trustee->index, "roster",
	    (json_int_t)roster->body->version, "standing", job.standing, "keys", keys, "due", due, "ceremonies", job.ceremonies, "samples", job.samples,
	    "forks", job.forks, "withheld", job.withheld, "roster_not_logged", job.unlogged));
out:
	json_decref(job.standing);
	if (open.trustee != NULL)
		cdr_current_release(open.trustee->current, roster);
	cdr_trustee_close(&open);
	return err;
}
