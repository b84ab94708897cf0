#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/command.h"
#include "node/member/rounds.h"

/* report submit, status. */

/* ---- submit ------------------------------------------------------------------------------------------------------ */

/* see node/member/command.h */
cdr_err
cdr_command_report_submit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_rounds rounds = { .count = 0 };
	uint32_t *counts = NULL;
	uint64_t number;
	char id[CDR_ID_TEXT_LEN];
	const char *drops[2 * CDR_ARGUMENTS_OPTION_MAX + 1];
	size_t drop_count = cdr_command_coarsenings(arguments, drops);
	char said_less[CDR_ROUNDS_COARSENED_LEN] = "";

	for (size_t i = 0, used = 0; i < drop_count && used < sizeof(said_less); i++)
		used += (size_t)snprintf(said_less + used, sizeof(said_less) - used, "%s%s", i > 0 ? " " : "", drops[i]);
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_rounds_fetch(member, &rounds, fault));
	const struct cdr_rounds_entry *e = cdr_rounds_find(&rounds, cdr_arguments_text(arguments, "round"), fault);
	if (e == NULL) {
		err = CDR_E_ABSENT;
		goto out;
	}
	if (strcmp(e->state, "open") != 0) {
		err = cdr_fault_set(fault, CDR_E_TIME, "this round is %s: it takes no contributions any more", e->state);
		goto out;
	}
	CDR_TRY(cdr_rounds_count(member, e->round, drops, drop_count, &counts, fault));
	CDR_TRY(cdr_rounds_submit(member, e->round, counts, said_less, &number, fault));
	cdr_id_write(e->round->body->id.data, id);
	cdr_report_text(report, "Submitted for %s, encrypted: %zu figures, zeros too. The hub has it. Until the deadline you may submit\n"
	    "again; the last one counts.\n", e->round->body->period, e->round->cell_count);
	err = cdr_report_json(report, json_pack("{s:s, s:s, s:I, s:I, s:b}", "round", id, "period", e->round->body->period,
	    "submission", (json_int_t)number, "figures", (json_int_t)e->round->cell_count, "acknowledged", true));
out:
	cdr_wiping_free(counts);
	cdr_rounds_free(&rounds);
	cdr_member_close(member);
	return err;
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

/* What this node has to do with a round, in a word. */
static const char *
own_state(const struct cdr_rounds_entry *e)
{
	if (e->has_close)
		return e->is_counted ? "counted" : e->is_unknown ? "counted, but not made by this node" : e->submission == 0 ? "not submitted" : e->is_acknowledged ? "LEFT OUT BY THE HUB" :
		    "came too late";
	return e->submission == 0 ? "not submitted" : e->is_acknowledged ? "submitted" : "waits to be sent";
}

/* see node/member/command.h */
cdr_err
cdr_command_report_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "ROUND", "PERIOD", "STATE", "OURS", "DEADLINE" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_rounds rounds = { .count = 0 };
	json_t *list = json_array(), *deadline;
	char id[CDR_ID_TEXT_LEN];

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_rounds_fetch(member, &rounds, fault));
	struct cdr_table *table = cdr_table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = rounds.count; i-- > 0;) {
		const struct cdr_rounds_entry *e = &rounds.entry[i];
		cdr_id_write(e->round->body->id.data, id);
		deadline = cdr_command_json_time(e->round->body->deadline);
		cdr_table_cell(table, "%s", id);
		cdr_table_cell(table, "%s", e->round->body->period);
		cdr_table_cell(table, "%s", e->state);
		cdr_table_cell(table, "%s", own_state(e));
		cdr_table_cell(table, "%s", json_string_value(deadline));
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:b, s:o}", "round", id, "period",
		    e->round->body->period, "state", e->state, "ours", own_state(e), "submission", (json_int_t)e->submission, "coarsened", e->coarsened, "members",
		    (json_int_t)e->members, "counted", e->is_counted, "deadline", deadline));
	}
	cdr_table_print(table, report);
	if (rounds.count == 0)
		cdr_report_text(report, "There is no round.\n");
	err = cdr_report_json(report, json_pack("{s:O}", "rounds", list));
out:
	json_decref(list);
	cdr_rounds_free(&rounds);
	cdr_member_close(member);
	return err;
}
