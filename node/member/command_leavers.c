#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/identity/date.h"
#include "node/member/command.h"
#include "node/member/leavers.h"
#include "node/member/texts.h"

/* leavers import, leavers status. */

#define WAIT_STEP_US 200000
#define STALL_STEPS 75          /* a quarter of a minute without progress: the daemon does not run, or cannot reach anybody */

/* Show how the index fills, as long as it does. */
static cdr_err
watch_index(struct cdr_member *member, struct cdr_report *report, struct cdr_leavers_progress *progress)
{
	struct cdr_progress bar;
	uint64_t first, last;
	unsigned stalled = 0;

	cdr_err err = cdr_leavers_progress(member, progress);
	first = last = progress->waiting_count + progress->removal_count;
	cdr_progress_start(&bar, report, "Indexing", first);
	while (err == CDR_OK && last > 0 && stalled < STALL_STEPS) {
		(void)usleep(WAIT_STEP_US);
		err = cdr_leavers_progress(member, progress);
		uint64_t left = progress->waiting_count + progress->removal_count;
		stalled = left < last ? 0 : stalled + 1;
		last = left;
		cdr_progress_step(&bar, first > left ? first - left : 0);
	}
	cdr_progress_end(&bar);
	return err;
}

/* Why nothing reaches the index, where something is to go there: text, and JSON. */
static json_t *
show_wait(struct cdr_report *report, const struct cdr_index_wait *wait, const char *language)
{
	char day[CDR_DATE_TEXT_LEN] = "";

	if (wait->since == 0)
		return json_null();
	const struct cdr_date since = cdr_member_day((int64_t)wait->since);
	const char *text = cdr_index_wait_text(wait, language);
	if (cdr_date_write(&since, day) != CDR_OK)
		day[0] = '\0';
	cdr_report_text(report, "%s %s. %s\n  (%s)\n", cdr_texts_peek("index_waits", language), day, text, wait->why);
	return json_pack("{s:o, s:s, s:s, s:s}", "since", cdr_command_json_time(wait->since), "code", wait->code, "why", wait->why, "text", text);
}

/* What became of the file. */
static json_t *
outcome_json(const struct cdr_leavers_outcome *outcome, const struct cdr_leavers_progress *progress,
    const struct cdr_row_report *rows, json_t *wait)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "added", (json_int_t)outcome->added,
	    "changed", (json_int_t)outcome->changed, "unchanged", (json_int_t)outcome->unchanged, "removed",
	    (json_int_t)outcome->removed, "kept", (json_int_t)outcome->kept, "left_out", (json_int_t)rows->bad_count, "before_look_back",
	    (json_int_t)rows->old_count, "repeated", (json_int_t)rows->same_count, "register",
	    (json_int_t)outcome->register_count, "waiting_for_index",
	    (json_int_t)(progress->waiting_count + progress->removal_count), "index_waits", wait, "faults", cdr_command_json_rows(&rows->faults), "notes",
	    cdr_command_json_rows(&rows->notes));
}

static void
show_outcome(struct cdr_report *report, const struct cdr_leavers_outcome *outcome,
    const struct cdr_leavers_progress *progress, const struct cdr_row_report *rows)
{
	uint64_t waiting = progress->waiting_count + progress->removal_count;

	cdr_report_text(report, "%zu added, %zu changed, %zu unchanged, %zu taken out; leavers in the register now: %zu.\n",
	    outcome->added, outcome->changed, outcome->unchanged, outcome->removed, outcome->register_count);
	if (outcome->kept > 0)
		cdr_report_text(report, "Rows that the file changes and a legal hold keeps as they are: %zu. See `candor hold list`.\n", outcome->kept);
	if (rows->bad_count > 0)
		cdr_report_text(report,
		    "Rows left out: %zu, because of the faults above. Until they are corrected nobody is taken out of the "
		    "register: who stands in them is not known.\n",
		    rows->bad_count);
	if (rows->old_count > 0)
		cdr_report_text(report, "Rows of people who left before the look-back, and are not in the index: %zu.\n", rows->old_count);
	if (waiting > 0)
		cdr_report_text(report,
		    "Changes that wait for the index: %llu. The node brings them there while `candor serve` runs; `candor leavers "
		    "status` tells how far it is.\n",
		    (unsigned long long)waiting);
	else
		cdr_report_text(report, "The index is up to date.\n");
}

/* see node/member/command.h */
cdr_err
cdr_command_leavers_import(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_buffer file = { 0 };
	struct cdr_leaver_file *reader = NULL;
	struct cdr_record_rules rules;
	struct cdr_leavers_outcome outcome;
	struct cdr_leavers_progress progress = { 0 };
	struct cdr_leavers_options options = {
		.skip_bad = cdr_arguments_has(arguments, "skip-bad"),
		.partial = cdr_arguments_has(arguments, "partial"),
		.allow_removals = cdr_arguments_has(arguments, "allow-removals"),
	};

	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_read_file(cdr_arguments_operand(arguments, 0), CDR_LEAVER_FILE_MAX, &file, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	cdr_member_rules(member, &rules);
	const char *path = cdr_arguments_operand(arguments, 0);
	CDR_TRY(cdr_command_name_file(path, cdr_leaver_file_new(cdr_buffer_bytes(&file), &rules, &reader, fault), fault));
	err = cdr_leavers_import(member, reader, &options, &outcome, fault);
	const struct cdr_row_report *rows = cdr_leaver_file_report_peek(reader);
	cdr_err shown = cdr_command_show_rows(report, path, rows, err != CDR_OK);
	CDR_TRY(cdr_command_name_file(path, err, fault));
	CDR_TRY(shown);
	if (!cdr_arguments_has(arguments, "no-wait"))
		CDR_TRY(watch_index(member, report, &progress));
	else
		CDR_TRY(cdr_leavers_progress(member, &progress));
	show_outcome(report, &outcome, &progress, rows);
	json_t *wait = show_wait(report, &progress.wait, cdr_command_language(arguments));
	CDR_TRY(cdr_report_json(report, outcome_json(&outcome, &progress, rows, wait)));
	err = CDR_OK;
out:
	cdr_leaver_file_free(reader);
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}

/* Somebody of the register who had been taken out of the index after the backup. */
struct shown {
	struct cdr_report *report;
	json_t *people;
};

static cdr_err
show_gone(const struct cdr_leaver *leaver, void *context)
{
	const struct shown *shown = context;

	cdr_report_text(shown->report, "  %s %s%s%s\n", leaver->person.given_names, leaver->person.family_names,
	    leaver->employee_number[0] == '\0' ? "" : ", ", leaver->employee_number);
	return json_array_append_new(shown->people, json_pack("{s:s, s:s, s:s}", "given_names", leaver->person.given_names, "family_names",
	    leaver->person.family_names, "employee_number", leaver->employee_number)) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* What has to be done again since the node was put back from a backup. */
static cdr_err
show_again(struct cdr_member *member, const struct cdr_leavers_progress *progress, struct cdr_report *report, json_t *people)
{
	if (people == NULL)
		return CDR_E_MEMORY;
	if (progress->is_unsettled)
		cdr_report_text(report, "This node was put back from a backup. While `candor serve` runs it asks the hub whom this organisation has in the\n"
		    "index, and brings the people of the register there again.\n");
	if (progress->again.came > 0)
		cdr_report_text(report, "People who were entered, or whose row was changed, after the backup: %llu. This node does not know them any more, and\n"
		    "their rows leave the index: import the whole file of leavers as it is today.\n", (unsigned long long)progress->again.came);
	if (progress->again.went > 0)
		cdr_report_text(report, "People of the register who were no longer in the index, since they were taken out, erased or changed after the backup:\n"
		    "%llu. They are in the register and in the index AGAIN. Import the whole file of leavers as it is today, and erase again\n"
		    "whoever had been erased (`candor subject access` finds them, `candor subject erase`):\n", (unsigned long long)progress->again.went);
	struct shown shown = { report, people };
	return progress->again.went > 0 ? cdr_index_again_each(member, show_gone, &shown) : CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_leavers_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_leavers_progress progress;
	json_t *people = NULL, *wait = NULL;

	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_leavers_progress(member, &progress));
	cdr_command_tell_standing(arguments, member, report);
	cdr_report_text(report, "Leavers in the register: %llu; not in the index yet: %llu; to be taken out of it: %llu.\n",
	    (unsigned long long)progress.register_count, (unsigned long long)progress.waiting_count,
	    (unsigned long long)progress.removal_count);
	if (progress.waiting_count + progress.removal_count > 0)
		cdr_report_text(report, "The node brings the rest there while `candor serve` runs.\n");
	wait = show_wait(report, &progress.wait, cdr_command_language(arguments));
	people = json_array();
	CDR_TRY(show_again(member, &progress, report, people));
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:I, s:I, s:O, s:{s:b, s:I, s:I, s:O}}", "register", (json_int_t)progress.register_count,
	    "waiting", (json_int_t)progress.waiting_count, "removals", (json_int_t)progress.removal_count, "index_waits", wait, "put_back", "asks",
	    progress.is_unsettled, "came", (json_int_t)progress.again.came, "went", (json_int_t)progress.again.went, "people", people)));
	err = CDR_OK;
out:
	json_decref(wait);
	json_decref(people);
	cdr_member_close(member);
	return err;
}
