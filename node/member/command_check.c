#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/check_draft.h"
#include "node/member/command.h"
#include "node/member/command_fields.h"

/* check new, check import. */

#define CANDIDATES_MAX 10000 /* in one file */

/* The columns of a candidates file, as options of `check new` with dashes for underscores. */
static const struct {
	const char *option, *column;
} fields[] = {
	{ "reference", "reference" },
	{ "given-names", "given_names" },
	{ "family-names", "family_names" },
	{ "other-names", "other_names" },
	{ "native-name", "native_name" },
	{ "date-of-birth", "date_of_birth" },
	{ "gender", "gender" },
	{ "nationality", "nationality" },
	{ "document-type", "document_type" },
	{ "document-country", "document_country" },
	{ "document-number", "document_number" },
	{ "email", "email" },
	{ "phone", "phone" },
	{ "declared-employers", "declared_employers" },
	{ "position-category", "position_category" },
	{ "legal-basis", "legal_basis" },
	{ "candidate-notified", "candidate_notified" },
	{ "notified-on", "notified_on" },
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* Append text to a buffer that has room; quotes are doubled inside quotes (RFC 4180 sec. 2). */
static void
append_field(struct cdr_buffer *line, const char *text, bool quoted, char end)
{
	if (quoted)
		line->data[line->len++] = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"')
			line->data[line->len++] = '"';
		line->data[line->len++] = (uint8_t)*text;
	}
	if (quoted)
		line->data[line->len++] = '"';
	line->data[line->len++] = (uint8_t)end;
}

/* What was given as options, as a candidates file of one row: there is one reader of candidates, with one set of rules. */
static cdr_err
options_as_file(const struct cdr_arguments *arguments, struct cdr_buffer *file)
{
	size_t room = 0;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const char *value = cdr_arguments_text(arguments, fields[i].option);
		room += strlen(fields[i].column) + 8 + (value != NULL ? 2 * strlen(value) : 0);
	}
	*file = (struct cdr_buffer){ malloc(room), 0 };
	if (file->data == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		append_field(file, fields[i].column, false, i + 1 < FIELD_COUNT ? ',' : '\n');
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const char *value = cdr_arguments_text(arguments, fields[i].option);
		append_field(file, value != NULL ? value : "", true, i + 1 < FIELD_COUNT ? ',' : '\n');
	}
	return CDR_OK;
}

/* Candidates of a file, all in memory, wiped with it. */
struct candidates {
	struct cdr_candidate *list;
	size_t count;
};

static void
candidates_wipe(struct candidates *candidates)
{
	if (candidates->list != NULL)
		cdr_wipe(candidates->list, candidates->count * sizeof(*candidates->list));
	free(candidates->list);
	*candidates = (struct candidates){ 0 };
}

/* Read until the end of the file; without a list only count. */
static cdr_err
read_pass(struct cdr_bytes file, const struct cdr_record_rules *rules, struct candidates *candidates, size_t *count,
    struct cdr_candidate_file **reader, struct cdr_fault *fault)
{
	struct cdr_candidate scratch = { 0 };

	*count = 0;
	cdr_err err = cdr_candidate_file_new(file, rules, reader, fault);
	while (err == CDR_OK) {
		struct cdr_candidate *into = candidates->list != NULL ? &candidates->list[*count] : &scratch;
		err = cdr_candidate_file_next(*reader, into, fault);
		if (err == CDR_OK && ++*count > CANDIDATES_MAX)
			err = cdr_fault_set(fault, CDR_E_RANGE, "the file has more than %d candidates: split it", CANDIDATES_MAX);
	}
	cdr_wipe(&scratch, sizeof(scratch));
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Two passes: to count, and to keep. */
static cdr_err
read_candidates(struct cdr_bytes file, const struct cdr_record_rules *rules, struct candidates *candidates,
    struct cdr_candidate_file **reader, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t count;

	CDR_TRY(read_pass(file, rules, candidates, &count, reader, fault));
	cdr_candidate_file_free(*reader);
	*reader = NULL;
	candidates->list = calloc(count + 1, sizeof(*candidates->list)); /* one more: the last read finds the end */
	if (candidates->list == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	candidates->count = count + 1;
	CDR_TRY(read_pass(file, rules, candidates, &count, reader, fault));
	candidates->count = count;
	err = CDR_OK;
out:
	return err;
}

/* Read a file of candidates and open a check for each. */
static cdr_err
add_candidates(const struct cdr_arguments *arguments, struct cdr_bytes file, bool is_file, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_candidate_file *reader = NULL;
	struct candidates candidates = { 0 };
	struct cdr_record_rules rules;
	struct cdr_check_outcome outcome;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	cdr_member_rules(member, &rules);
	const char *path = is_file ? cdr_arguments_operand(arguments, 0) : NULL;
	err = read_candidates(file, &rules, &candidates, &reader, fault);
	CDR_TRY(is_file ? cdr_command_name_file(path, err, fault) : err);
	const struct cdr_row_report *rows = cdr_candidate_file_report_peek(reader);
	bool refused = rows->faults.count > 0 && !cdr_arguments_has(arguments, "skip-bad");
	CDR_TRY(cdr_command_show_rows(report, path, rows, refused));
	if (refused) {
		err = cdr_fault_set(fault, CDR_E_INPUT, is_file ?
			"rows that cannot be taken: %zu, so no check was opened. Correct them, or repeat with --skip-bad to leave them out" :
			"options that are missing or wrong: %zu, so no check was opened", is_file ? rows->bad_count : rows->faults.count);
		goto out;
	}
	if (rows->row_count == 0) {
		err = cdr_fault_set(fault, CDR_E_INPUT, is_file ? "the file has nobody in it: is it the right file?" :
			"who is to be checked? Give names, --date-of-birth, --legal-basis and --candidate-notified at least");
		goto out;
	}
	unsigned watch_days = (unsigned)cdr_arguments_number(arguments, "watch", 0);
	bool draft = cdr_arguments_has(arguments, "draft");
	err = draft ? cdr_check_draft(member, candidates.list, watch_days, &outcome, fault) :
		      cdr_check_add_watched(member, candidates.list, candidates.count, watch_days, &outcome, fault);
	CDR_TRY(is_file ? cdr_command_name_file(path, err, fault) : err);
	cdr_report_text(report, draft ? "Drafts written: %zu; there already: %zu.\n" : "Checks opened: %zu; there already: %zu.\n", outcome.added,
	    outcome.unchanged);
	json_t *references = json_array();
	for (size_t i = 0; i < candidates.count; i++) {
		cdr_report_text(report, "  %s\n", candidates.list[i].reference);
		(void)json_array_append_new(references, json_string(candidates.list[i].reference));
	}
	cdr_report_text(report, draft ? "Nobody is asked before `candor check submit`.\n" :
					"The node sees to them while `candor serve` runs; `candor check list` tells how far they are.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "added", (json_int_t)outcome.added,
	    "unchanged", (json_int_t)outcome.unchanged, "left_out", (json_int_t)rows->bad_count, "references", references,
	    "faults", cdr_command_json_rows(&rows->faults), "notes", cdr_command_json_rows(&rows->notes))));
	err = CDR_OK;
out:
	candidates_wipe(&candidates);
	cdr_candidate_file_free(reader);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_new(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_buffer file;

	if (cdr_arguments_has(arguments, "file"))
		return cdr_command_with_file(arguments, report, fault);
	cdr_err err = options_as_file(arguments, &file);
	if (err == CDR_OK)
		err = add_candidates(arguments, cdr_buffer_bytes(&file), false, report, fault);
	cdr_buffer_free(&file);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_import(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_buffer file;

	cdr_err err = cdr_command_read_file(cdr_arguments_operand(arguments, 0), CDR_CANDIDATE_FILE_MAX, &file, fault);
	if (err == CDR_OK)
		err = add_candidates(arguments, cdr_buffer_bytes(&file), true, report, fault);
	cdr_buffer_free(&file);
	return err;
}

/* ---- drafts ------------------------------------------------------------------------------------------------------------------ */

/* The draft as it is, with what the options say instead. */
static cdr_err
read_edited(const struct cdr_arguments *arguments, struct cdr_member *member, struct cdr_candidate *candidate, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct cdr_candidate_file *reader = NULL;
	struct cdr_buffer file = { 0 };

	CDR_TRY(cdr_check_draft_read(member, cdr_arguments_operand(arguments, 0), candidate, fault));
	CDR_TRY(cdr_command_candidate_row(candidate, arguments, &file));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_candidate_file_new(cdr_buffer_bytes(&file), &rules, &reader, fault));
	err = cdr_candidate_file_next(reader, candidate, fault);
	if (err == CDR_E_ABSENT) {
		CDR_TRY(cdr_command_show_rows(report, NULL, cdr_candidate_file_report_peek(reader), true));
		err = cdr_fault_set(fault, CDR_E_INPUT, "what was given cannot be taken, so nothing was changed");
	}
out:
	cdr_candidate_file_free(reader);
	cdr_buffer_free(&file);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_edit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;

	if (cdr_arguments_has(arguments, "file"))
		return cdr_command_with_file(arguments, report, fault);
	struct cdr_candidate *candidate = calloc(1, sizeof(*candidate));
	if (candidate == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(read_edited(arguments, member, candidate, report, fault));
	CDR_TRY(cdr_check_draft_edit(member, cdr_arguments_operand(arguments, 0), candidate,
	    (unsigned)cdr_arguments_number(arguments, "watch", 0), fault));
	cdr_report_text(report, "Changed. Nobody is asked before `candor check submit`.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s}", "reference", candidate->reference, "state", "draft")));
	err = CDR_OK;
out:
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_submit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *reference = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_check_submit(member, reference, fault));
	cdr_report_text(report, "Open. The node sees to it while `candor serve` runs; `candor check list` tells how far it is.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s}", "reference", reference, "state", "open")));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_delete(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	bool scrubbed;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_check_draft_delete(member, cdr_arguments_operand(arguments, 0), fault));
	cdr_report_text(report, "Deleted.\n");
	CDR_TRY(cdr_command_tell_scrub(member, report, &scrubbed));
	CDR_TRY(cdr_report_json(report, json_pack("{s:b}", "scrubbed", scrubbed)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
