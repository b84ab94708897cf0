#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "node/member/command.h"
#include "node/member/sample.h"

/* audit list | show | open | refuse: what was drawn of this organisation's evaluations. */

struct listing {
	struct cdr_report *report;
	json_t *list;
};

static json_t *
drawn_json(const struct cdr_drawn *d)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:s, s:s, s:s, s:I}", "number", (json_int_t)d->number, "sample",
	    (json_int_t)d->sample, "position", (json_int_t)d->position, "point", (json_int_t)d->point, "auditor", (int)d->auditor,
	    "purpose", d->purpose, "state", d->state, "reason", d->reason, "due_at", (json_int_t)d->due_at);
}

static void
list_one(void *context, const struct cdr_drawn *d)
{
	struct listing *l = context;
	struct cdr_date day = cdr_member_day((int64_t)d->due_at);
	char due[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(&day, due) != CDR_OK)
		due[0] = '\0';
	cdr_report_text(l->report, "  %" PRIu64 "  %s, for trustee %" PRIu32 ", until %s: %s%s%s\n", d->number,
	    strcmp(d->purpose, "import") == 0 ? "a leaver" : "a check", d->auditor, due, d->state, d->reason[0] != '\0' ? ", " : "",
	    d->reason);
	(void)json_array_append_new(l->list, drawn_json(d));
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct listing l = { report, json_array() };

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_drawn_list(member, list_one, &l));
	if (json_array_size(l.list) == 0)
		cdr_report_text(report, "Nothing of this organisation was drawn yet.\n");
	err = cdr_report_json(report, json_pack("{s:O}", "drawn", l.list));
out:
	json_decref(l.list);
	cdr_member_close(member);
	return err;
}

static cdr_err
number_of(const struct cdr_arguments *arguments, uint64_t *number, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_operand(arguments, 0);
	char *end;

	*number = strtoull(text, &end, 10);
	return *end == '\0' && text[0] >= '0' && text[0] <= '9' ? CDR_OK :
								 cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is no number of `audit list`", text);
}

static json_t *
text_json(const char *text)
{
	return json_string(text != NULL ? text : "");
}

/* What the auditor would see, and no more. */
static cdr_err
show(struct cdr_report *report, const struct cdr_drawn *d, const struct cdr_query_opening_made *made)
{
	const struct cdr_person *who = &made->who;
	const Cdr__Wire__Opening *o = &made->message;
	bool is_import = strcmp(d->purpose, "import") == 0;
	char birth[CDR_DATE_TEXT_LEN], record[CDR_ID_TEXT_LEN];
	json_t *json = drawn_json(d), *documents = json_array();

	if (cdr_date_write(&who->birth, birth) != CDR_OK)
		birth[0] = '\0';
	cdr_id_write(o->record.data, record);
	cdr_report_text(report, "Trustee %" PRIu32 " would see:\n  %s %s, born %s\n", d->auditor, who->given_names, who->family_names, birth);
	if (who->other_names[0] != '\0' || who->native_name[0] != '\0')
		cdr_report_text(report, "  other names: %s %s\n", who->other_names, who->native_name);
	for (size_t i = 0; i < who->document_count; i++) {
		cdr_report_text(report, "  %s %s %s\n", who->document[i].type, who->document[i].country, who->document[i].number);
		(void)json_array_append_new(documents, json_pack("{s:s, s:s, s:s}", "type", who->document[i].type, "country",
		    who->document[i].country, "number", who->document[i].number));
	}
	if (is_import)
		cdr_report_text(report, "  employee %s, %s, %s to %s\n", o->employee_number, o->engagement_type, o->employed_from, o->employed_to);
	else
		cdr_report_text(report, "  legal basis %s; notice %s %s\n", o->legal_basis, o->notified, o->notified_on);
	cdr_report_text(report, "  record %s\nNothing else. `candor audit open %" PRIu64 "` shows it, `candor audit refuse %" PRIu64 "` declines.\n", record,
	    d->number, d->number);
	(void)json_object_set_new(json, "given_names", text_json(who->given_names));
	(void)json_object_set_new(json, "family_names", text_json(who->family_names));
	(void)json_object_set_new(json, "date_of_birth", text_json(birth));
	(void)json_object_set_new(json, "documents", documents);
	(void)json_object_set_new(json, "record", text_json(record));
	(void)json_object_set_new(json, "legal_basis", text_json(o->legal_basis));
	(void)json_object_set_new(json, "candidate_notified", text_json(o->notified));
	(void)json_object_set_new(json, "notified_on", text_json(o->notified_on));
	(void)json_object_set_new(json, "employee_number", text_json(o->employee_number));
	(void)json_object_set_new(json, "employed_from", text_json(o->employed_from));
	(void)json_object_set_new(json, "employed_to", text_json(o->employed_to));
	(void)json_object_set_new(json, "engagement_type", text_json(o->engagement_type));
	return cdr_report_json(report, json);
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_drawn drawn = { 0 };
	struct cdr_query_opening_made *made = calloc(1, sizeof(*made));
	uint64_t number;

	if (made == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(number_of(arguments, &number, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_drawn_show(member, number, &drawn, made, fault));
	CDR_TRY(show(report, &drawn, made));
out:
	cdr_query_opening_made_wipe(made);
	free(made);
	cdr_member_close(member);
	return err;
}

static cdr_err
decide(const struct cdr_arguments *arguments, bool agrees, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	uint64_t number;

	CDR_TRY(number_of(arguments, &number, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_drawn_decide(member, number, agrees, fault));
	cdr_report_text(report, agrees ? "The daemon shows it to the auditor.\n" : "The daemon tells the auditor; the log will say that it was declined.\n");
	err = cdr_report_json(report, json_pack("{s:I, s:b}", "number", (json_int_t)number, "agreed", agrees));
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_open(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return decide(arguments, true, report, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_refuse(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return decide(arguments, false, report, fault);
}
