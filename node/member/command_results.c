#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "core/record/sheet.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/guest.h"

/* check list --output: what came of the checks, for other systems. */

static const char *const titles[] = { "reference", "check_id", "opened_on", "state", "employer", "declared", "match", "status", "result",
	"result_text", "asked_on", "due_on", "answered_on", "late", "signer_verified" };

#define COLUMN_COUNT (sizeof(titles) / sizeof(titles[0]))

struct results {
	struct cdr_member *member;
	const char *language;
	struct cdr_sheet sheet;
	json_t *list;
};

/* The cells of a row, by the names of the columns; an employer that is NULL leaves its columns empty. */
static json_t *
row_of(const struct results *results, const struct cdr_check *check, const struct cdr_check_employer *e)
{
	json_t *made = cdr_command_json_time(check->made_at), *asked = cdr_command_json_time(e != NULL ? e->asked_at : 0);
	json_t *due = cdr_command_json_time(e != NULL ? e->due_at : 0), *answered = cdr_command_json_time(e != NULL ? e->answered_at : 0);
	bool has_result = e != NULL && e->result[0] != '\0';

	return json_pack("{s:s, s:o, s:o, s:s, s:s?, s:o, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o}", "reference", check->candidate.reference,
	    "check_id", cdr_command_json_id(check->id), "opened_on", made, "state", strcmp(check->state, "matched") == 0 ? "open" : check->state,
	    "employer", e != NULL ? e->member : NULL, "declared", e != NULL ? json_boolean(e->declared) : json_null(), "match",
	    e != NULL && e->tier[0] != '\0' ? e->tier : NULL, "status", e != NULL ? e->status : NULL, "result", has_result ? e->result : NULL,
	    "result_text", has_result ? cdr_codebook_label_peek(results->member->codebook, "result", e->result, results->language) : NULL,
	    "asked_on", asked, "due_on", due, "answered_on", answered, "late",
	    e != NULL && e->answered_at > 0 ? json_boolean(e->answered_at > e->due_at) : json_null(), "signer_verified",
	    e != NULL && e->answered_at > 0 ? json_true() : json_null());
}

/* A day is enough for a table. */
static void
add_cells(struct cdr_sheet *sheet, const json_t *row)
{
	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		const json_t *value = json_object_get(row, titles[c]);
		char text[CDR_REFERENCE_LEN + 256];
		bool is_day = strstr(titles[c], "_on") != NULL;
		const char *string = json_is_string(value) ? json_string_value(value) : json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "";
		(void)snprintf(text, sizeof(text), "%.*s", is_day ? 10 : (int)sizeof(text) - 1, string);
		cdr_sheet_cell(sheet, text);
	}
}

static void
add_row(struct results *results, const struct cdr_check *check, const struct cdr_check_employer *e)
{
	json_t *row = row_of(results, check, e);

	add_cells(&results->sheet, row);
	(void)json_array_append_new(results->list, row);
}

static cdr_err
add_check(const struct cdr_check *check, void *context)
{
	struct results *results = context;

	for (size_t i = 0; i < check->employer_count; i++)
		add_row(results, check, &check->employer[i]);
	if (check->employer_count == 0)
		add_row(results, check, NULL);
	return results->sheet.err;
}

/* What stands in the list of a check already, for a further row. */
static const json_t *
row_of_check(const struct results *results, const uint8_t *check_id)
{
	char id[CDR_ID_TEXT_LEN];
	size_t at;
	const json_t *row;

	cdr_id_write(check_id, id);
	json_array_foreach(results->list, at, row) {
		const char *text = json_string_value(json_object_get(row, "check_id"));
		if (text != NULL && strcmp(text, id) == 0)
			return row;
	}
	return NULL;
}

/* A guest: an employer by its free name, that no match found and nobody verified. */
static cdr_err
add_guest(const struct cdr_guest *guest, void *context)
{
	struct results *results = context;
	const json_t *check = row_of_check(results, guest->check_id);
	bool has_result = guest->result[0] != '\0', has_answer = guest->answered_at > 0;

	if (check == NULL)
		return CDR_OK;
	json_t *row = json_pack("{s:O, s:O, s:O, s:O, s:s, s:b, s:n, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o}", "reference",
	    json_object_get(check, "reference"), "check_id", json_object_get(check, "check_id"), "opened_on",
	    json_object_get(check, "opened_on"), "state", json_object_get(check, "state"), "employer", guest->details.employer, "declared", 1,
	    "match", "status", guest->status, "result", has_result ? guest->result : NULL, "result_text",
	    has_result ? cdr_codebook_label_peek(results->member->codebook, "result", guest->result, results->language) : NULL, "asked_on",
	    cdr_command_json_time(guest->asked_at), "due_on", cdr_command_json_time(guest->due_at), "answered_on",
	    cdr_command_json_time(guest->answered_at), "late", has_answer ? json_boolean(guest->answered_at > guest->due_at) : json_null(),
	    "signer_verified", has_answer ? json_false() : json_null());
	add_cells(&results->sheet, row);
	(void)json_array_append_new(results->list, row);
	return results->sheet.err;
}

/* "csv", "xlsx" or "json": as said, or as the file's name ends. */
static const char *
format_of(const struct cdr_arguments *arguments, const char *path)
{
	static const char *const formats[] = { "csv", "xlsx", "json" };
	const char *said = cdr_arguments_text(arguments, "format"), *dot = strrchr(path, '.');

	if (said == NULL && dot != NULL)
		said = dot + 1;
	for (size_t i = 0; said != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(said, formats[i]) == 0)
			return formats[i];
	return NULL;
}

static cdr_err
write_results(const struct results *results, const char *format, const char *path, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_out csv = { 0 };
	const struct cdr_sheet *sheet = &results->sheet;
	uint8_t *workbook = NULL;
	char *text = NULL;
	size_t len = 0;

	if (strcmp(format, "csv") == 0) {
		cdr_sheet_csv(sheet, &csv);
		CDR_TRY(csv.err);
		err = cdr_command_write_file(path, csv.data, csv.len, fault);
	} else if (strcmp(format, "xlsx") == 0) {
		CDR_TRY(cdr_sheet_xlsx(&sheet, 1, &workbook, &len));
		err = cdr_command_write_file(path, (const char *)workbook, len, fault);
	} else {
		text = json_dumps(results->list, JSON_INDENT(2));
		err = text == NULL ? CDR_E_MEMORY : cdr_command_write_file(path, text, strlen(text), fault);
	}
out:
	cdr_out_free(&csv);
	if (workbook != NULL)
		cdr_wipe(workbook, len);
	free(workbook);
	cdr_json_free(text);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_results(const struct cdr_arguments *arguments, struct cdr_member *member, bool *written, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path = cdr_arguments_text(arguments, "output"), *format;
	struct results results = { .member = member, .language = cdr_command_language(arguments), .list = json_array() };

	*written = false;
	cdr_sheet_start(&results.sheet, "results", COLUMN_COUNT, 1);
	if (path == NULL && !cdr_arguments_has(arguments, "format")) {
		err = CDR_OK;
		goto out;
	}
	format = path != NULL ? format_of(arguments, path) : NULL;
	if (format == NULL) {
		err = cdr_fault_set(fault, CDR_E_INPUT, path == NULL ? "--format is for --output FILE" : "--format: csv, xlsx or json");
		goto out;
	}
	cdr_sheet_row(&results.sheet, titles);
	CDR_TRY(cdr_check_each(member, NULL, add_check, &results));
	CDR_TRY(cdr_guest_each(member, NULL, add_guest, &results));
	CDR_TRY(write_results(&results, format, path, fault));
	*written = true;
	cdr_report_note(report, "Written to %s: %zu rows.\n", path, json_array_size(results.list));
	CDR_TRY(strcmp(path, "-") == 0 ? CDR_OK : cdr_report_json(report, json_pack("{s:s, s:s, s:I}", "file", path, "format", format, "rows",
	    (json_int_t)json_array_size(results.list))));
	err = CDR_OK;
out:
	cdr_sheet_free(&results.sheet);
	json_decref(results.list);
	return err;
}
