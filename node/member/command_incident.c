#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "core/record/out.h"
#include "node/member/command.h"
#include "node/member/incidents.h"
#include "node/store/codebook_file.h"

/* incident add, edit, list, show, import, export; codebook load, show. */

/* ---- entering ---------------------------------------------------------------------------------------------------- */

/* --set FIELD=VALUE, one after the other. */
static cdr_err
take_options(const struct cdr_arguments *arguments, struct cdr_incident *incident, struct cdr_fault *fault)
{
	const char *option;
	char name[CDR_FIELD_NAME_LEN];

	for (size_t i = 0; (option = cdr_arguments_nth(arguments, "set", i)) != NULL; i++) {
		size_t len = strcspn(option, "=");
		if (option[len] != '=' || len >= sizeof(name))
			return cdr_fault_set(fault, CDR_E_INPUT, "--set takes FIELD=VALUE; `candor codebook show` lists the fields");
		memcpy(name, option, len);
		name[len] = '\0';
		const struct cdr_field *field = cdr_book_field_find(incident->book, name);
		if (field == NULL)
			return cdr_fault_set(fault, CDR_E_INPUT, "%s: there is no such field; `candor codebook show` lists them", name);
		/* What is given replaces all rows of that field. */
		for (size_t row = 0; field->group != 0 && row < incident->row_count[field->group]; row++) {
			cdr_err err = cdr_incident_set(incident, field, row, "", fault);
			if (err != CDR_OK)
				return err;
		}
		cdr_err err = cdr_incident_set_all(incident, field, option + len + 1, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
take_file(const struct cdr_arguments *arguments, struct cdr_incident *incident, struct cdr_fault *fault)
{
	const char *path = cdr_arguments_text(arguments, "file");
	struct cdr_buffer bytes = { 0 };

	if (path == NULL)
		return CDR_OK;
	cdr_err err = cdr_command_read_file(path, CDR_INCIDENT_JSON_MAX, &bytes, fault);
	if (err == CDR_OK)
		err = cdr_command_name_file(path, cdr_incident_from_json(cdr_buffer_bytes(&bytes), incident, fault), fault);
	cdr_buffer_free(&bytes);
	return err;
}

/* What a record lacks, told to a person; and with --json as a list. */
struct telling {
	struct cdr_report *report;
	json_t *list;
	size_t count;
};

static void
tell(void *context, const struct cdr_field *field, size_t row, const char *reason)
{
	struct telling *telling = context;

	telling->count++;
	if (field->group == 0)
		cdr_report_note(telling->report, "  %s: %s\n", field->name, reason);
	else
		cdr_report_note(telling->report, "  %s, row %zu: %s\n", field->name, row + 1, reason);
}

static cdr_err
validate(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_member *member,
    const struct cdr_incident *incident, struct cdr_fault *fault)
{
	struct telling telling = { .report = report };
	struct cdr_record_rules rules;

	cdr_member_rules(member, &rules);
	if (cdr_incident_validate(incident, &rules, cdr_command_language(arguments), tell, &telling) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_REFUSED, "%zu things about this incident do not hold, listed above; nothing was written",
	    telling.count);
}

static cdr_err
show_written(struct cdr_report *report, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	cdr_report_text(report, "Incident %llu is written.%s\n", (unsigned long long)head->number,
	    cdr_incident_is_shared(incident) ? "" : " The survivor does not agree to sharing: it is counted once, as one that stays here, "
						    "and nothing else of it leaves.");
	return cdr_report_json(report, json_pack("{s:I, s:o, s:b}", "number", (json_int_t)head->number, "incident_id",
	    cdr_command_json_id(head->id), "shared", cdr_incident_is_shared(incident)));
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_add(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_book *book;
	struct cdr_incident *incident = calloc(1, sizeof(*incident));
	struct cdr_incident_head head;

	if (incident == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_book(member, &book, fault));
	cdr_incident_start(book, incident);
	CDR_TRY(take_file(arguments, incident, fault));
	CDR_TRY(take_options(arguments, incident, fault));
	CDR_TRY(validate(arguments, report, member, incident, fault));
	CDR_TRY(cdr_incidents_put(member, 0, incident, &head, fault));
	CDR_TRY(show_written(report, &head, incident));
	err = CDR_OK;
out:
	cdr_wipe(incident, sizeof(*incident));
	free(incident);
	cdr_member_close(member);
	return err;
}

/* The number that a command names. */
static cdr_err
read_number(const char *text, uint64_t *number, struct cdr_fault *fault)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 1)
		return cdr_fault_set(fault, CDR_E_INPUT, "'%.40s' is no number of an incident: `candor incident list` shows them", text);
	*number = (uint64_t)value;
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_edit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_incident *incident = calloc(1, sizeof(*incident));
	struct cdr_incident_head head;
	uint64_t number;

	if (incident == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_number(cdr_arguments_operand(arguments, 0), &number, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_get(member, number, incident, &head, fault));
	CDR_TRY(take_file(arguments, incident, fault));
	CDR_TRY(take_options(arguments, incident, fault));
	CDR_TRY(validate(arguments, report, member, incident, fault));
	CDR_TRY(cdr_incidents_put(member, number, incident, &head, fault));
	CDR_TRY(show_written(report, &head, incident));
	err = CDR_OK;
out:
	cdr_wipe(incident, sizeof(*incident));
	free(incident);
	cdr_member_close(member);
	return err;
}

/* ---- showing ----------------------------------------------------------------------------------------------------- */

struct listing {
	struct cdr_report *report;
	struct cdr_table *table;
	const char *language, *period;
	json_t *list;
	size_t count, kept_count;
};

/* What is shown for a coded value. */
static const char *
label_of(const struct cdr_book *book, const char *name, const char *value, const char *language)
{
	const struct cdr_field *field = cdr_book_field_find(book, name);

	if (field == NULL || field->list == NULL || value[0] == '\0')
		return value;
	return cdr_codebook_label_peek(book->codebook, field->list, value, language);
}

static const char *
value_of(const struct cdr_incident *incident, const char *name)
{
	const struct cdr_field *field = cdr_book_field_find(incident->book, name);

	return field == NULL ? "" : cdr_incident_value_peek(incident, field, 0);
}

static cdr_err
list_one(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	struct listing *listing = context;
	const struct cdr_book *book = incident->book;
	char period[CDR_CODE_LEN];
	bool shared = cdr_incident_is_shared(incident);

	cdr_incident_derive(incident, book->period, period);
	if (listing->period != NULL && strcmp(period, listing->period) != 0)
		return CDR_OK;
	listing->count++;
	listing->kept_count += !shared;
	cdr_table_cell(listing->table, "%llu", (unsigned long long)head->number);
	cdr_table_cell(listing->table, "%s", period);
	cdr_table_cell(listing->table, "%s", value_of(incident, "country"));
	cdr_table_cell(listing->table, "%s", label_of(book, "incident_type", value_of(incident, "incident_type"), listing->language));
	cdr_table_cell(listing->table, "%s", label_of(book, "status", value_of(incident, "status"), listing->language));
	cdr_table_cell(listing->table, "%s", shared ? "yes" : "no");
	(void)json_array_append_new(listing->list, json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:b, s:s}", "number",
	    (json_int_t)head->number, "incident_id", cdr_command_json_id(head->id), "period", period, "country",
	    value_of(incident, "country"), "incident_type", value_of(incident, "incident_type"), "status", value_of(incident, "status"),
	    "shared", shared, "codebook", head->version));
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "No.", "Period", "Country", "Kind", "Status", "Counted" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct listing listing = { .report = report, .language = cdr_command_language(arguments),
		.period = cdr_arguments_text(arguments, "period") };

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	listing.table = cdr_table_new(titles, 6);
	listing.list = json_array();
	err = cdr_incidents_each(member, list_one, &listing, fault);
	cdr_table_print(listing.table, report);
	CDR_TRY(err);
	cdr_report_text(report, "Incidents: %zu; of these %zu stay here, because the survivor does not agree to sharing.\n", listing.count,
	    listing.kept_count);
	json_t *list = listing.list;
	listing.list = NULL;
	CDR_TRY(cdr_report_json(report, list));
	err = CDR_OK;
out:
	json_decref(listing.list);
	cdr_member_close(member);
	return err;
}

/* One field of one row, as a line. */
static void
show_field(struct cdr_report *report, const struct cdr_incident *incident, const struct cdr_field *field, size_t row,
    const char *language)
{
	const struct cdr_book *book = incident->book;
	const char *value = cdr_incident_value_peek(incident, field, row);
	char code[CDR_CODE_LEN] = "";

	if (field->kind == CDR_FIELD_DERIVED)
		cdr_incident_derive(incident, field, code);
	if (field->kind == CDR_FIELD_DERIVED ? code[0] == '\0' : value[0] == '\0')
		return;
	cdr_report_text(report, "  %s: ", cdr_book_field_label(book, field, language));
	if (field->kind == CDR_FIELD_DERIVED)
		cdr_report_text(report, "%s", field->list == NULL ? code : cdr_codebook_label_peek(book->codebook, field->list, code, language));
	else if (field->list == NULL)
		cdr_report_text(report, "%s", value);
	else
		for (size_t i = 0; cdr_incident_code_at(value, i, code); i++)
			cdr_report_text(report, "%s%s", i > 0 ? "; " : "", cdr_codebook_label_peek(book->codebook, field->list, code, language));
	cdr_report_text(report, "\n");
}

static void
show_incident(struct cdr_report *report, const struct cdr_incident *incident, const char *language)
{
	const struct cdr_book *book = incident->book;

	for (size_t g = 0; g < book->group_count; g++)
		for (size_t r = 0; r < incident->row_count[g]; r++) {
			if (g > 0)
				cdr_report_text(report, "%s %zu\n", cdr_book_text(book->groups[g].labels, language), r + 1);
			for (size_t f = 0; f < book->field_count; f++)
				if (book->fields[f].group == g)
					show_field(report, incident, &book->fields[f], r, language);
		}
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_incident *incident = calloc(1, sizeof(*incident));
	struct cdr_incident_head head;
	json_t *json = NULL;
	uint64_t number;

	if (incident == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_number(cdr_arguments_operand(arguments, 0), &number, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_get(member, number, incident, &head, fault));
	cdr_report_text(report, "Incident %llu, written under codebook %s\n", (unsigned long long)head.number, head.version);
	show_incident(report, incident, cdr_command_language(arguments));
	CDR_TRY(cdr_incident_to_json(incident, &json));
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:o, s:s, s:o, s:o, s:o}", "number", (json_int_t)head.number, "incident_id",
	    cdr_command_json_id(head.id), "codebook", head.version, "made_at", cdr_command_json_time(head.made_at), "changed_at",
	    cdr_command_json_time(head.changed_at), "incident", json)));
	err = CDR_OK;
out:
	cdr_wipe(incident, sizeof(*incident));
	free(incident);
	cdr_member_close(member);
	return err;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static json_t *
outcome_json(const struct cdr_incidents_outcome *outcome, const struct cdr_row_report *rows)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "added", (json_int_t)outcome->added, "changed",
	    (json_int_t)outcome->changed, "unchanged", (json_int_t)outcome->unchanged, "removed", (json_int_t)outcome->removed,
	    "left_out", (json_int_t)rows->bad_count, "repeated", (json_int_t)rows->same_count, "register",
	    (json_int_t)outcome->register_count, "faults", cdr_command_json_rows(&rows->faults), "notes",
	    cdr_command_json_rows(&rows->notes));
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_import(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_buffer file = { 0 };
	struct cdr_incident_file *reader = NULL;
	struct cdr_record_rules rules;
	struct cdr_incidents_outcome outcome;
	const char *path = cdr_arguments_operand(arguments, 0);
	struct cdr_incidents_options options = {
		.skip_bad = cdr_arguments_has(arguments, "skip-bad"),
		.partial = cdr_arguments_has(arguments, "partial"),
		.allow_removals = cdr_arguments_has(arguments, "allow-removals"),
	};

	CDR_TRY(cdr_command_read_file(path, CDR_INCIDENT_FILE_MAX, &file, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_command_name_file(path, cdr_incident_file_new(cdr_buffer_bytes(&file), &rules, &reader, fault), fault));
	err = cdr_incidents_import(member, reader, &options, &outcome, fault);
	const struct cdr_row_report *rows = cdr_incident_file_report_peek(reader);
	cdr_err shown = cdr_command_show_rows(report, path, rows, err != CDR_OK);
	CDR_TRY(cdr_command_name_file(path, err, fault));
	CDR_TRY(shown);
	cdr_report_text(report, "%zu added, %zu changed, %zu unchanged, %zu taken out; incidents in the register now: %zu.\n",
	    outcome.added, outcome.changed, outcome.unchanged, outcome.removed, outcome.register_count);
	CDR_TRY(cdr_report_json(report, outcome_json(&outcome, rows)));
	err = CDR_OK;
out:
	cdr_incident_file_free(reader);
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}

struct exporting {
	struct cdr_out out; /* personal */
	json_t *list;       /* personal; NULL: CSV */
	size_t count;
};

static cdr_err
export_one(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	struct exporting *exporting = context;
	char value[CDR_INCIDENT_VALUE_MAX * 2];
	json_t *json;
	bool first = true;

	(void)head;
	exporting->count++;
	if (exporting->list != NULL) {
		cdr_err err = cdr_incident_to_json(incident, &json);
		return err != CDR_OK ? err : json_array_append_new(exporting->list, json) == 0 ? CDR_OK : CDR_E_MEMORY;
	}
	for (size_t f = 0; f < incident->book->field_count; f++)
		if (incident->book->fields[f].kind != CDR_FIELD_DERIVED) {
			cdr_incident_value_join(incident, &incident->book->fields[f], value, sizeof(value));
			cdr_out_csv_text(&exporting->out, value, first);
			first = false;
		}
	cdr_out_text(&exporting->out, "\r\n");
	cdr_wipe(value, sizeof(value));
	return exporting->out.err;
}

static void
export_header(const struct cdr_book *book, struct cdr_out *out)
{
	bool first = true;

	for (size_t f = 0; f < book->field_count; f++)
		if (book->fields[f].kind != CDR_FIELD_DERIVED) {
			cdr_out_csv(out, book->fields[f].name, first);
			first = false;
		}
	cdr_out_text(out, "\r\n");
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_export(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_book *book;
	const char *format = cdr_arguments_text(arguments, "format");
	const char *path = cdr_arguments_operand(arguments, 0);
	struct exporting exporting = { .count = 0 };
	char *text = NULL;

	if (format != NULL && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "--format is csv or json");
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_book(member, &book, fault));
	if (format != NULL && strcmp(format, "json") == 0)
		exporting.list = json_array();
	else
		export_header(book, &exporting.out);
	CDR_TRY(cdr_incidents_each(member, export_one, &exporting, fault));
	CDR_TRY(exporting.out.err);
	CDR_TRY(cdr_command_note(member, "incident.export", NULL));
	if (exporting.list != NULL) {
		text = json_dumps(exporting.list, JSON_INDENT(2));
		err = text == NULL ? CDR_E_MEMORY : cdr_command_write_file(path, text, strlen(text), fault);
	} else {
		err = cdr_command_write_file(path, exporting.out.data, exporting.out.len, fault);
	}
	CDR_TRY(err);
	cdr_report_note(report, "%zu incidents, with everything that identifies people: keep the file where nobody else can read it, and "
			       "delete it when it has served.\n", exporting.count);
	CDR_TRY(strcmp(path, "-") == 0 ? CDR_OK : cdr_report_json(report, json_pack("{s:I}", "incidents", (json_int_t)exporting.count)));
	err = CDR_OK;
out:
	cdr_json_free(text);
	cdr_out_free(&exporting.out);
	json_decref(exporting.list);
	cdr_member_close(member);
	return err;
}

/* ---- the codebook ------------------------------------------------------------------------------------------------ */

/* see node/member/command.h */
cdr_err
cdr_command_codebook_load(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	char version[CDR_CODEBOOK_VERSION_LEN];
	const char *path = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_codebook_file_take(member->home->path, path, version, fault));
	CDR_TRY(cdr_command_note(member, "codebook.load", NULL));
	cdr_report_text(report, "Codebook %s is in force here. Restart `candor serve`, so that it works with it too.\n", version);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s}", "codebook", version)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

static json_t *
field_json(const struct cdr_book *book, const struct cdr_field *field)
{
	static const char *const kinds[] = { "code", "codes", "date", "country", "text", "note", "derived" };
	json_t *codes = json_array();
	const char *code;

	for (size_t i = 0; field->list != NULL && (code = cdr_codebook_code_peek(book->codebook, field->list, i)) != NULL; i++)
		(void)json_array_append_new(codes, json_string(code));
	return json_pack("{s:s, s:s, s:b, s:b, s:o}", "name", field->name, "kind", kinds[field->kind], "leaves", field->leaves, "needed",
	    field->needed || field == book->key, "codes", codes);
}

/* see node/member/command.h */
cdr_err
cdr_command_codebook_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "Field", "What", "Leaves", "Codes" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_book *book;
	const char *language = cdr_command_language(arguments), *code;

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_book(member, &book, fault));
	json_t *fields = json_array();
	struct cdr_table *table = cdr_table_new(titles, 4);
	for (size_t f = 0; f < book->field_count; f++) {
		const struct cdr_field *field = &book->fields[f];
		char title[512], codes[4096] = "";
		size_t len = 0;
		cdr_book_field_title(book, field, language, title, sizeof(title));
		for (size_t i = 0; field->list != NULL && (code = cdr_codebook_code_peek(book->codebook, field->list, i)) != NULL; i++)
			if (len < sizeof(codes))
				len += (size_t)snprintf(codes + len, sizeof(codes) - len, "%s%s", i > 0 ? " " : "", code);
		cdr_table_cell(table, "%s", field->name);
		cdr_table_cell(table, "%s", title);
		cdr_table_cell(table, "%s", field->leaves ? "counted" : "no");
		cdr_table_cell(table, "%s", codes);
		(void)json_array_append_new(fields, field_json(book, field));
	}
	cdr_report_text(report, "Codebook %s\n", cdr_codebook_version_peek(member->codebook));
	cdr_table_print(table, report);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:o}", "codebook", cdr_codebook_version_peek(member->codebook), "fields", fields)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
