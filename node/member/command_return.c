#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/identity/date.h"
#include "node/member/annual.h"
#include "node/member/command.h"

/* return preview, record, sign, send, status. */

/* The year that is asked for; else the last one that has ended. */
static unsigned
year_of(const struct cdr_arguments *arguments)
{
	return (unsigned)cdr_arguments_number(arguments, "year", (int64_t)cdr_count_year(cdr_member_now()) - 1);
}

/* Say that a year still runs: what is counted from now on is not in its figures yet. */
static void
tell_unfinished(unsigned year, struct cdr_report *report)
{
	if (year >= cdr_count_year(cdr_member_now()))
		cdr_report_text(report, "The year %u has not ended: these are its figures until now. Sign and send again once it has.\n", year);
}

static json_t *
figures_json(const struct cdr_annual *annual)
{
	json_t *figures = json_object(), *days = json_array();

	for (unsigned i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++)
		(void)json_object_set_new(figures, cdr_annual_name((enum cdr_annual_field)i), json_integer((json_int_t)annual->value[i]));
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		(void)json_array_append_new(days, json_integer((json_int_t)annual->days[i]));
	(void)json_object_set_new(figures, "days", days);
	return figures;
}

/* The figures in words, those that are 0 too: an empty line is a statement. */
static json_t *
show_figures(const struct cdr_member *member, const struct cdr_annual *annual, const char *language, struct cdr_report *report)
{
	char label[CDR_ANNUAL_LABEL_LEN], notes[CDR_ANNUAL_NOTE_MAX][CDR_ANNUAL_NOTE_LEN];
	json_t *list = json_array();
	size_t count = cdr_annual_notes(annual, notes);

	for (unsigned i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++) {
		cdr_annual_label((enum cdr_annual_field)i, member->codebook, language, label);
		cdr_report_text(report, "%10llu  %s\n", (unsigned long long)annual->value[i], label);
	}
	if (count > 0)
		cdr_report_text(report, "Worth a second look:\n");
	for (size_t i = 0; i < count; i++) {
		cdr_report_text(report, "  %s\n", notes[i]);
		(void)json_array_append_new(list, json_string(notes[i]));
	}
	return list;
}

/* see node/member/command.h */
cdr_err
cdr_command_return_preview(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_annual annual;
	struct cdr_fault why = { .text = "" };
	unsigned year = year_of(arguments);

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_annual_collect(member, year, &annual));
	cdr_report_text(report, "Annual return of %s for %u, as counted until now. Exactly this leaves the node once it is signed and sent, and it is published with the "
				"organisation's name.\n", member->name, year);
	tell_unfinished(year, report);
	json_t *notes = show_figures(member, &annual, cdr_command_language(arguments), report);
	bool holds = cdr_annual_check(&annual, &why) == CDR_OK;
	if (!holds)
		cdr_report_text(report, "It cannot be signed: %s\n", why.text);
	CDR_TRY(cdr_report_json(report, json_pack("{s:i, s:o, s:o, s:b, s:s}", "year", (int)year, "figures", figures_json(&annual), "notes", notes,
	    "consistent", holds, "why", why.text)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_return_record(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *what = cdr_arguments_operand(arguments, 0);
	int64_t n = cdr_arguments_number(arguments, "count", 1);

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_annual_record(member, what, (uint64_t)n, fault));
	cdr_report_text(report, "Counted: %lld of %s.\n", (long long)n, what);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I}", "what", what, "count", (json_int_t)n)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

static json_t *
state_json(const struct cdr_annual_state *state)
{
	bool is = state->state[0] != '\0';

	return json_pack("{s:i, s:s, s:i, s:s?, s:o, s:o, s:o}", "year", (int)state->year, "state", is ? state->state : "none", "revision",
	    (int)state->annual.revision, "signed_by", is ? state->annual.signed_by : NULL, "signed_at", cdr_command_json_time(state->annual.signed_at), "sent_at",
	    cdr_command_json_time(state->sent_at), "figures", is ? figures_json(&state->annual.figures) : json_null());
}

/* see node/member/command.h */
cdr_err
cdr_command_return_sign(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_annual_state state;
	int64_t unchecked = cdr_arguments_number(arguments, "recruitments-unchecked", -1);
	unsigned year = year_of(arguments);

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_annual_make(member, year, cdr_arguments_text(arguments, "signer-name"), unchecked < 0 ? SIZE_MAX : (size_t)unchecked, &state, fault));
	cdr_report_text(report, "Signed: the return of %u, revision %u, by %s. Next: candor return send --year %u\n", year, state.annual.revision,
	    state.annual.signed_by, year);
	tell_unfinished(year, report);
	CDR_TRY(cdr_report_json(report, state_json(&state)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_return_send(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_annual_state state;
	unsigned year = year_of(arguments);

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_annual_send(member, year, &state, fault));
	cdr_report_text(report, "The hub has the return of %u, revision %u. If something changes, sign and send again: the later one counts.\n", year,
	    state.annual.revision);
	CDR_TRY(cdr_report_json(report, state_json(&state)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_return_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_annual_state state;
	unsigned year = year_of(arguments);

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_annual_read(member, year, &state, fault));
	if (state.state[0] == '\0')
		cdr_report_text(report, "The return of %u is not signed. It is due on 31 January %u.\n", year, year + 1);
	else
		cdr_report_text(report, "The return of %u, revision %u, signed by %s: %s.\n", year, state.annual.revision, state.annual.signed_by, state.state);
	CDR_TRY(cdr_report_json(report, state_json(&state)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
