#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/file.h"
#include "audit/query_opening_json.h"
#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/pack.h"
#include "node/trustee/command.h"
#include "node/trustee/query_opening.h"

/* audit list | show | judge: what was drawn for this trustee to look at. And whether lots come at all. */

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_samples(struct cdr_tx *tx, struct cdr_report *report, json_t **json)
{
	struct cdr_trustee_sample_due due;
	char since[32] = "";

	*json = NULL;
	cdr_err err = cdr_trustee_sample_due(tx, cdr_trustee_now(), &due);
	if (err != CDR_OK)
		return err;
	time_t at = (time_t)due.since;
	struct tm day;
	if (gmtime_r(&at, &day) != NULL)
		(void)strftime(since, sizeof(since), "%Y-%m-%d", &day);
	if (due.is_overdue)
		cdr_report_text(report, "NO LOT HAS COME for what was evaluated since %s (%" PRIu64 " evaluations), though one is due every week: who looks up people for no\n"
		    "reason is not found out. %s Ask the secretariat why, and the other trustees whether they see the same.\n", since, due.waiting_count,
		    due.was_asked ? "This trustee gave its part of it, and the lot was never logged." : "This trustee was not asked for its part of it.");
	else
		cdr_report_text(report, "Samples: lot %" PRIu64 " is the next, for %" PRIu64 " evaluations so far.\n", due.number, due.waiting_count);
	*json = json_pack("{s:b, s:I, s:I, s:I, s:b}", "overdue", due.is_overdue, "next", (json_int_t)due.number, "evaluations",
	    (json_int_t)due.waiting_count, "since", (json_int_t)due.since, "asked", due.was_asked);
	return *json != NULL ? CDR_OK : CDR_E_MEMORY;
}

struct listing {
	struct cdr_report *report;
	json_t *list;
};

static json_t *
drawn_json(const struct cdr_trustee_drawn *d)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:b}", "number", (json_int_t)d->number, "sample",
	    (json_int_t)d->sample, "position", (json_int_t)d->position, "point", (json_int_t)d->point, "member", d->member, "purpose",
	    d->purpose, "state", d->state, "logged", d->posted, "reason", d->reason, "due_at", (json_int_t)d->due_at, "shown",
	    d->has_opening);
}

static void
list_one(void *context, const struct cdr_trustee_drawn *d)
{
	struct listing *l = context;

	cdr_report_text(l->report, "  %" PRIu64 "  sample %" PRIu64 ", leaf %" PRIu64 "  %s of %s: %s%s%s%s\n", d->number, d->sample, d->position,
	    strcmp(d->purpose, "import") == 0 ? "a leaver" : "a check", d->member, d->state, d->reason[0] != '\0' ? " (" : "", d->reason,
	    d->reason[0] != '\0' ? ")" : "");
	(void)json_array_append_new(l->list, drawn_json(d));
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_audit_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open opened = { 0 };
	struct listing l = { report, json_array() };

	CDR_TRY(cdr_trustee_open(arguments, &opened, fault));
	CDR_TRY(cdr_trustee_drawn_list(opened.trustee, list_one, &l));
	if (json_array_size(l.list) == 0)
		cdr_report_text(report, "Nothing was drawn for this trustee yet.\n");
	err = cdr_report_json(report, json_pack("{s:O}", "drawn", l.list));
out:
	json_decref(l.list);
	cdr_trustee_close(&opened);
	return err;
}

/* What was shown, for the person who asks the member for the evidence. */
static cdr_err
show(struct cdr_report *report, const struct cdr_trustee_drawn *d, const Cdr__Wire__Opening *o)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_person *person = calloc(1, sizeof(*person));
	char birth[CDR_DATE_TEXT_LEN], record[CDR_ID_TEXT_LEN] = "";
	json_t *json = drawn_json(d);

	if (person == NULL || json == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_person_unpack(cdr_message_bytes(o->person), person));
	CDR_TRY(cdr_query_opening_json(o, person, json));
	if (cdr_date_write(&person->birth, birth) != CDR_OK)
		birth[0] = '\0';
	if (o->record.len == CDR_ID_LEN)
		cdr_id_write(o->record.data, record);
	cdr_report_text(report, "%s of %s: %s %s, born %s.\n", o->legal_basis != NULL ? "A check" : "A leaver", d->member,
	    person->given_names, person->family_names, birth);
	if (o->legal_basis != NULL)
		cdr_report_text(report, "Legal basis: %s. Notice: %s%s%s. Record %s.\nAsk %s for the notice that this candidate was given.\n", o->legal_basis,
		    o->notified, o->notified_on != NULL ? ", " : "", o->notified_on != NULL ? o->notified_on : "", record, d->member);
	else
		cdr_report_text(report, "Employee %s, %s, from %s to %s. Handle %s.\nAsk %s for the employment record.\n", o->employee_number,
		    o->engagement_type, o->employed_from, o->employed_to, record, d->member);
	cdr_report_text(report, "Then: candor-trustee audit judge %" PRIu64 " --evidence seen, or --evidence none. What is shown here is destroyed with that.\n",
	    d->number);
	err = cdr_report_json(report, json_incref(json));
out:
	json_decref(json);
	if (person != NULL)
		cdr_wipe(person, sizeof(*person));
	free(person);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_audit_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open opened = { 0 };
	struct cdr_trustee_drawn drawn = { 0 };
	struct cdr_arena arena = { 0 };
	struct cdr_buffer bytes = { 0 };
	const Cdr__Wire__Opening *opening;
	const char *path = cdr_arguments_text(arguments, "export");
	uint64_t number;

	CDR_TRY(cdr_arguments_operand_number(arguments, 0, "audit list", &number, fault));
	CDR_TRY(cdr_trustee_open(arguments, &opened, fault));
	CDR_TRY(cdr_trustee_drawn_open(opened.trustee, number, &drawn, &arena, &opening, fault));
	if (path != NULL) {
		CDR_TRY(cdr_message_encode(&opening->base, &bytes));
		CDR_TRY(cdr_file_write_new(path, cdr_buffer_bytes(&bytes), fault));
	}
	CDR_TRY(show(report, &drawn, opening));
out:
	cdr_buffer_free(&bytes);
	cdr_arena_free(&arena);
	cdr_trustee_close(&opened);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_audit_judge(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open opened = { 0 };
	const char *evidence = cdr_arguments_text(arguments, "evidence");
	uint64_t number;

	CDR_TRY(cdr_arguments_operand_number(arguments, 0, "audit list", &number, fault));
	if (strcmp(evidence, "seen") != 0 && strcmp(evidence, "none") != 0) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--evidence is \"seen\" or \"none\"");
		goto out;
	}
	CDR_TRY(cdr_trustee_open(arguments, &opened, fault));
	CDR_TRY(cdr_trustee_drawn_judge(opened.trustee, number, strcmp(evidence, "seen") == 0, fault));
	cdr_report_text(report, "Noted. It goes into the log while this trustee serves.\n");
	err = cdr_report_json(report, json_pack("{s:I, s:s}", "number", (json_int_t)number, "evidence", evidence));
out:
	cdr_trustee_close(&opened);
	return err;
}
