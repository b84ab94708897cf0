#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/query_opening_json.h"
#include "core/identity/date.h"
#include "node/member/command.h"
#include "node/member/sample.h"
#include "node/member/texts.h"

/* audit list | show | open | refuse: what was drawn of this organisation's evaluations. */

struct listing {
	struct cdr_report *report;
	const char *language;
	json_t *list;
	size_t waiting_count;
};

static json_t *
drawn_json(const struct cdr_drawn *d)
{
	return json_pack("{s:I, s:o, s:I, s:I, s:I, s:i, s:s, s:s, s:s, s:I}", "number", (json_int_t)d->number, "id", cdr_command_json_id(d->id),
	    "sample", (json_int_t)d->sample, "position", (json_int_t)d->position, "point", (json_int_t)d->point, "auditor", (int)d->auditor,
	    "purpose", d->purpose, "state", d->state, "reason", d->reason, "due_at", (json_int_t)d->due_at);
}

/* A state in the reader's language. */
static const char *
state_text(const char *state, const char *language)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "drawn_%.15s", state);
	return cdr_texts_peek(name, language);
}

static void
list_one(void *context, const struct cdr_drawn *d)
{
	struct listing *l = context;
	struct cdr_date day = cdr_member_day((int64_t)d->due_at);
	char due[CDR_DATE_TEXT_LEN] = "";
	bool waits = strcmp(d->state, "waiting") == 0;

	if (cdr_date_write(&day, due) != CDR_OK)
		due[0] = '\0';
	cdr_report_text(l->report, "  %" PRIu64 "  %s  %s %" PRIu32 "  %s %s  %s%s%s\n", d->number,
	    cdr_texts_peek(strcmp(d->purpose, "import") == 0 ? "drawn_leaver" : "drawn_check", l->language),
	    cdr_texts_peek("drawn_auditor", l->language), d->auditor, cdr_texts_peek("drawn_by", l->language), due,
	    state_text(d->state, l->language), d->reason[0] != '\0' ? ": " : "", d->reason);
	l->waiting_count += waits;
	(void)json_array_append_new(l->list, drawn_json(d));
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct listing l = { .report = report, .language = cdr_command_language(arguments), .list = json_array() };
	uint64_t overdue_since = 0;

	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_drawn_list(member, list_one, &l, &overdue_since));
	if (json_array_size(l.list) == 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("drawn_nothing", l.language));
	if (l.waiting_count > 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("drawn_what", l.language));
	if (overdue_since > 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("drawn_overdue", l.language));
	err = cdr_report_json(report, json_pack("{s:O, s:I, s:o}", "drawn", l.list, "waiting", (json_int_t)l.waiting_count, "overdue_since",
	    cdr_command_json_time(overdue_since)));
out:
	json_decref(l.list);
	cdr_member_close(member);
	return err;
}

/* What the auditor would see, and no more. */
static cdr_err
show(struct cdr_report *report, const struct cdr_drawn *d, const struct cdr_query_opening_made *made)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_person *who = &made->who;
	const Cdr__Wire__Opening *o = &made->message;
	char birth[CDR_DATE_TEXT_LEN], record[CDR_ID_TEXT_LEN];
	json_t *json = drawn_json(d);

	CDR_TRY(json == NULL ? CDR_E_MEMORY : cdr_query_opening_json(o, who, json));
	if (cdr_date_write(&who->birth, birth) != CDR_OK)
		birth[0] = '\0';
	cdr_id_write(o->record.data, record);
	cdr_report_text(report, "Trustee %" PRIu32 " would see:\n  %s %s, born %s\n", d->auditor, who->given_names, who->family_names, birth);
	if (who->other_names[0] != '\0' || who->native_name[0] != '\0')
		cdr_report_text(report, "  other names: %s %s\n", who->other_names, who->native_name);
	for (size_t i = 0; i < who->document_count; i++)
		cdr_report_text(report, "  %s %s %s\n", who->document[i].type, who->document[i].country, who->document[i].number);
	if (strcmp(d->purpose, "import") == 0)
		cdr_report_text(report, "  employee %s, %s, %s to %s\n", o->employee_number, o->engagement_type, o->employed_from, o->employed_to);
	else
		cdr_report_text(report, "  legal basis %s; notice %s %s\n", o->legal_basis, o->notified, o->notified_on);
	cdr_report_text(report, "  record %s\nNothing else. `candor audit open %" PRIu64 "` shows it, `candor audit refuse %" PRIu64 "` declines.\n", record,
	    d->number, d->number);
	err = cdr_report_json(report, json_incref(json));
out:
	json_decref(json);
	return err;
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
	CDR_TRY(cdr_arguments_operand_number(arguments, 0, "audit list", &number, fault));
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

	CDR_TRY(cdr_arguments_operand_number(arguments, 0, "audit list", &number, fault));
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
