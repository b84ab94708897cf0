#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check.h"
#include "node/member/check_life.h"
#include "node/member/command.h"
#include "node/member/hold.h"
#include "node/member/retention.h"
#include "node/member/texts.h"
#include "node/store/scrub.h"

/* notice; check hear, object, dispute, outcome, withdraw; hold set, lift, list; retention status, report. */

/* ---- notice --------------------------------------------------------------------------------------------------------------- */

/* see node/member/command.h */
cdr_err
cdr_command_notice(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	const char *language = cdr_command_language(arguments);

	cdr_err err = cdr_command_language_check(arguments, fault);
	if (err != CDR_OK)
		return err;
	const char *text = cdr_texts_peek("notice", language);
	const char *watch = cdr_arguments_has(arguments, "watch") ? cdr_texts_peek("notice_watch", language) : "";
	cdr_report_text(report, "%s\n%s%s", text, watch, watch[0] != '\0' ? "\n" : "");
	return cdr_report_json(report, json_pack("{s:s, s:s, s:s}", "language", language, "notice", text, "watch", watch));
}

/* ---- what the candidate says, and what is decided --------------------------------------------------------------------------- */

/* The text of ${option}, which the API gives, or in the file that --file names: at most ${max} bytes, with a closing NUL. */
static cdr_err
read_words(const struct cdr_arguments *arguments, const char *option, size_t max, struct cdr_buffer *words, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, option), *path = cdr_arguments_text(arguments, "file");
	struct cdr_buffer file;

	*words = (struct cdr_buffer){ 0 };
	if ((text == NULL) == (path == NULL))
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: needed, in the file that --file names (- reads standard input)", option);
	if (text != NULL && strlen(text) > max)
		return cdr_fault_set(fault, CDR_E_RANGE, "%s: longer than %zu bytes", option, max);
	if (text != NULL)
		return cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)text, strlen(text) + 1 }, words);
	cdr_err err = cdr_command_read_file(path, max, &file, fault);
	if (err == CDR_OK && (file.len == 0 || memchr(file.data, '\0', file.len) != NULL))
		err = cdr_fault_set(fault, CDR_E_INPUT, "%s: it is empty, or no text", path);
	while (err == CDR_OK && file.len > 0 && (file.data[file.len - 1] == '\n' || file.data[file.len - 1] == '\r'))
		file.len--;
	if (err == CDR_OK) {
		words->data = calloc(1, file.len + 1);
		words->len = file.len + 1;
		if (words->data != NULL)
			memcpy(words->data, file.data, file.len);
		else
			err = CDR_E_MEMORY;
	}
	cdr_buffer_free(&file);
	return err;
}

/* One of the three things that a candidate says about a check. */
static cdr_err
note_words(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault,
    cdr_err (*note)(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault), const char *done)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_buffer words = { 0 };

	CDR_TRY(read_words(arguments, "words", CDR_WORD_LEN_MAX, &words, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	struct cdr_check_word word = {
		.reference = cdr_arguments_operand(arguments, 0), .employer = cdr_arguments_operand(arguments, 1), .text = (const char *)words.data
	};
	CDR_TRY(note(member, &word, fault));
	cdr_report_text(report, "%s\n", done);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s}", "reference", word.reference)));
	err = CDR_OK;
out:
	cdr_buffer_free(&words);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_hear(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return note_words(arguments, report, fault, cdr_check_hear, "Noted. A decision can be recorded once the candidate was heard on every "
	    "employer that the CV leaves out.");
}

/* see node/member/command.h */
cdr_err
cdr_command_subject_object(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return note_words(arguments, report, fault, cdr_check_object, "Noted. Employers that are asked from now on are told that the candidate "
	    "objects; `candor check withdraw` ends the check.");
}

/* see node/member/command.h */
cdr_err
cdr_command_subject_dispute(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return note_words(arguments, report, fault, cdr_check_dispute, "Noted. The check shows the answer as disputed; the employer is told that "
	    "it is, not why, and may answer anew.");
}

/* see node/member/command.h */
cdr_err
cdr_command_check_outcome(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *reference = cdr_arguments_operand(arguments, 0), *outcome = cdr_arguments_operand(arguments, 1);

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_check_decide(member, reference, outcome, fault));
	cdr_report_text(report, "Recorded: %s.\n",
	    cdr_codebook_label_peek(member->codebook, "outcome_for_hire", outcome, cdr_command_language(arguments)));
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s}", "reference", reference, "outcome", outcome)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_tell_scrub(struct cdr_member *member, struct cdr_report *report, bool *done)
{
	cdr_err err = cdr_scrub(member->home->store, cdr_store_scrub, done);

	if (err == CDR_OK && !*done)
		cdr_report_text(report, "Somebody is reading the database: the last traces go from its files as soon as `candor serve` can.\n");
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_withdraw(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *reference = cdr_arguments_operand(arguments, 0);
	bool scrubbed;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_check_withdraw(member, reference, fault));
	cdr_report_text(report, "Withdrawn. Employers that have not answered are told to forget it; nothing about the candidate is held here "
				"any more.\n");
	CDR_TRY(cdr_command_tell_scrub(member, report, &scrubbed));
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:b}", "reference", reference, "scrubbed", scrubbed)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* ---- holds ------------------------------------------------------------------------------------------------------------------ */

/* see node/member/command.h */
cdr_err
cdr_command_operand_id(const struct cdr_arguments *arguments, size_t at, uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	if (cdr_id_read(cdr_arguments_operand(arguments, at), id) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "that is no id: it has 26 letters and figures in groups of five, as `candor subject access`, "
	    "`candor check list --json` and `candor inbox list` print it");
}

static cdr_err
keep_check_id(const struct cdr_check *check, void *context)
{
	memcpy(context, check->id, CDR_ID_LEN);
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_operand_record(const struct cdr_arguments *arguments, size_t at, struct cdr_member *member, uint8_t id[static CDR_ID_LEN],
    struct cdr_fault *fault)
{
	const char *text = cdr_arguments_operand(arguments, at);

	if (cdr_id_read(text, id) == CDR_OK)
		return CDR_OK;
	cdr_err err = cdr_check_each(member, text, keep_check_id, id);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "%.64s: there is no check with that reference, and it is no id, which has 26 letters and figures in groups of five. "
		    "`candor check list` prints references; `candor subject access` and `candor inbox list` print ids", text);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_hold_set(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_hold hold = { 0 };
	struct cdr_buffer reason = { 0 };
	const char *who = cdr_arguments_text(arguments, "who");

		if (strlen(who) >= sizeof(hold.who)) {
		err = cdr_fault_set(fault, CDR_E_RANGE, "--who has at most %zu bytes", sizeof(hold.who) - 1);
		goto out;
	}
	CDR_TRY(read_words(arguments, "reason", sizeof(hold.reason) - 1, &reason, fault));
	memcpy(hold.who, who, strlen(who));
	memcpy(hold.reason, reason.data, reason.len);
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_command_operand_record(arguments, 0, member, hold.id, fault));
	CDR_TRY(cdr_hold_set(member, &hold, fault));
	cdr_report_text(report, "Held (%s): nobody and no timer erases it until `candor hold lift`.\n", hold.kind);
	CDR_TRY(cdr_report_json(report, json_pack("{s:o, s:s}", "id", cdr_command_json_id(hold.id), "kind", hold.kind)));
	err = CDR_OK;
out:
	cdr_buffer_free(&reason);
	cdr_wipe(&hold, sizeof(hold));
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_hold_lift(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	uint8_t id[CDR_ID_LEN];

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_command_operand_record(arguments, 0, member, id, fault));
	CDR_TRY(cdr_hold_lift(member, id, fault));
	cdr_report_text(report, "Lifted: the timers run again.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:o}", "id", cdr_command_json_id(id))));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

struct table {
	struct cdr_table *table;
	json_t *list;
};

static cdr_err
list_hold(const struct cdr_hold *hold, void *context)
{
	struct table *t = context;
	char id[CDR_ID_TEXT_LEN];
	json_t *at = cdr_command_json_time(hold->set_at);

	cdr_id_write(hold->id, id);
	cdr_table_cell(t->table, "%s", id);
	cdr_table_cell(t->table, "%s", hold->kind);
	cdr_table_cell(t->table, "%.10s", json_string_value(at));
	cdr_table_cell(t->table, "%s", hold->who);
	cdr_table_cell(t->table, "%s", hold->reason);
	return json_array_append_new(t->list, json_pack("{s:s, s:s, s:o, s:s, s:s}", "id", id, "kind", hold->kind, "set_at", at, "who",
	    hold->who, "reason", hold->reason)) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* see node/member/command.h */
cdr_err
cdr_command_hold_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "ID", "KIND", "SINCE", "SET BY", "WHY" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	struct table t = { cdr_table_new(titles, 5), json_array() };
	err = cdr_hold_each(member, list_hold, &t);
	cdr_table_print(t.table, report);
	if (err == CDR_OK)
		err = cdr_report_json(report, json_pack("{s:o}", "holds", t.list));
	else
		json_decref(t.list);
out:
	cdr_member_close(member);
	return err;
}

/* ---- retention ---------------------------------------------------------------------------------------------------------------- */

/* What a timer calls what it erases, in words. */
static const char *
words_of(const char *what)
{
	static const char *const words[][2] = {
		{ "leaver", "people in the register of leavers" }, { "check", "checks of candidates" }, { "request", "requests of others" },
		{ "draft", "answers that wait for a second person" }, { "case", "cases" }, { "letter", "letters that were sent" },
		{ "letter_number", "numbers of letters that came, so that none counts twice" },
		{ "attempt", "attempts to reach employers" }, { "email", "reminders by e-mail" },
		{ "reply", "replies of the API, kept for repeated requests" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], what) == 0)
			return words[i][1];
	return what;
}

/* see node/member/command.h */
cdr_err
cdr_command_retention_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "WHAT", "HELD", "GOES WITHIN 30 DAYS", "ON HOLD" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_retention_settings settings;
	struct cdr_retention_line line[CDR_RETENTION_LINES];

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_retention_settings_read(member, &settings));
	CDR_TRY(cdr_retention_status(member, line));
	struct table t = { cdr_table_new(titles, 4), json_array() };
	for (size_t i = 0; i < CDR_RETENTION_LINES; i++) {
		cdr_table_cell(t.table, "%s", words_of(line[i].what));
		cdr_table_cell(t.table, "%llu", (unsigned long long)line[i].held_count);
		cdr_table_cell(t.table, "%llu", (unsigned long long)line[i].due_count);
		cdr_table_cell(t.table, "%llu", (unsigned long long)line[i].hold_count);
		(void)json_array_append_new(t.list, json_pack("{s:s, s:I, s:I, s:I}", "what", line[i].what, "held", (json_int_t)line[i].held_count,
		    "due", (json_int_t)line[i].due_count, "on_hold", (json_int_t)line[i].hold_count));
	}
	cdr_table_print(t.table, report);
	cdr_report_text(report, "Checks are kept for %u days from their opening, requests of others for %u from the answer; leavers for the "
				"look-back; cases as the table of legal limits says.\n", settings.check_days, settings.request_days);
	CDR_TRY(cdr_report_json(report, json_pack("{s:i, s:i, s:o}", "check_days", (int)settings.check_days, "request_days",
	    (int)settings.request_days, "lines", t.list)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

static cdr_err
list_done(uint64_t at, const char *what, uint64_t count, void *context)
{
	struct table *t = context;
	json_t *time = cdr_command_json_time(at);

	cdr_table_cell(t->table, "%.16s", json_string_value(time));
	cdr_table_cell(t->table, "%s", words_of(what));
	cdr_table_cell(t->table, "%llu", (unsigned long long)count);
	return json_array_append_new(t->list, json_pack("{s:o, s:s, s:I}", "at", time, "what", what, "count", (json_int_t)count)) == 0 ?
	    CDR_OK : CDR_E_MEMORY;
}

/* see node/member/command.h */
cdr_err
cdr_command_retention_report(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "WHEN", "WHAT", "ERASED" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	struct table t = { cdr_table_new(titles, 3), json_array() };
	err = cdr_retention_each(member, (size_t)cdr_arguments_number(arguments, "last", 100), list_done, &t);
	cdr_table_print(t.table, report);
	if (err == CDR_OK)
		err = cdr_report_json(report, json_pack("{s:o}", "done", t.list));
	else
		json_decref(t.list);
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_settings_retention(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_retention_settings settings;

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_retention_settings_read(member, &settings));
	settings.check_days = (unsigned)cdr_arguments_number(arguments, "checks", settings.check_days);
	settings.request_days = (unsigned)cdr_arguments_number(arguments, "requests", settings.request_days);
	if (cdr_arguments_has(arguments, "checks") || cdr_arguments_has(arguments, "requests"))
		CDR_TRY(cdr_retention_settings_write(member, &settings, fault));
	cdr_report_text(report, "Checks are kept for %u days from their opening, requests of others for %u from the answer.\n",
	    settings.check_days, settings.request_days);
	CDR_TRY(cdr_report_json(report, json_pack("{s:i, s:i}", "check_days", (int)settings.check_days, "request_days",
	    (int)settings.request_days)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
