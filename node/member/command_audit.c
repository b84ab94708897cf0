#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/member/audit.h"
#include "node/member/command.h"
#include "node/member/texts.h"

/* audit check: does the hub's log hold what it should? */

static json_t *
finding_json(const struct cdr_audit_finding *f, const char *language)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "finding", cdr_audit_kind_name(f->kind), "text",
	    cdr_audit_text(f->kind, language), "parties", f->parties, "size", (json_int_t)f->size, "place", (json_int_t)f->place,
	    "evidence", f->path);

	if (f->told_by != 0)
		(void)json_object_set_new(json, "told_by", json_sprintf("trustee/%" PRIu32, f->told_by));
	return json;
}

/* What was found before this check. */
struct former {
	json_t *list;
	const char *language;
};

static void
add_former(void *context, const struct cdr_audit_kept *kept)
{
	const struct former *former = context;
	json_t *json = finding_json(&kept->finding, former->language);

	(void)json_object_set_new(json, "at", cdr_command_json_time(kept->at));
	(void)json_array_append_new(former->list, json);
}

static void
print_finding(struct cdr_report *report, const json_t *json, const char *language)
{
	const char *at = json_string_value(json_object_get(json, "at")), *told_by = json_string_value(json_object_get(json, "told_by"));

	if (at != NULL)
		cdr_report_text(report, "%s  ", at);
	cdr_report_text(report, "%s\n  %s; %s: %s", json_string_value(json_object_get(json, "text")),
	    json_string_value(json_object_get(json, "finding")), cdr_texts_peek("log_signed_by", language),
	    json_string_value(json_object_get(json, "parties")));
	if (told_by != NULL)
		cdr_report_text(report, "; %s: %s", cdr_texts_peek("log_told_by", language), told_by);
	cdr_report_text(report, "\n  %s\n", json_string_value(json_object_get(json, "evidence")));
}

/* In sentences of the form "what: how many": no language has to bend a number. */
static void
print_holds(struct cdr_report *report, const struct cdr_audit *a, const char *language)
{
	cdr_report_text(report, "%s: %" PRIu64 "; %s: %zu.\n", cdr_texts_peek("log_entries", language), a->size,
	    cdr_texts_peek("log_confirmed", language), a->witness_count);
	cdr_report_text(report, "%s: %" PRIu64 "; %s: %" PRIu64 "; %s: %" PRIu64 ".\n", cdr_texts_peek("log_proved", language), a->kept_count,
	    cdr_texts_peek("log_proved_now", language), a->proved_count, cdr_texts_peek("log_waiting", language), a->waiting_count);
	cdr_report_text(report, "%s: %zu/%zu.\n", cdr_texts_peek("log_compared", language), a->compared_count, a->trustee_count);
}

static void
print(struct cdr_report *report, const struct cdr_audit *a, const json_t *found, const json_t *former, const char *language)
{
	for (size_t i = 0; i < json_array_size(found); i++)
		print_finding(report, json_array_get(found, i), language);
	if (a->finding_count > 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("log_give", language));
	else
		print_holds(report, a, language);
	if (json_array_size(former) > 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("log_found_before", language));
	for (size_t i = 0; i < json_array_size(former); i++)
		print_finding(report, json_array_get(former, i), language);
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_check(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, outcome;
	struct cdr_member *member = NULL;
	const char *language = cdr_command_language(arguments);
	struct cdr_audit *audit = calloc(1, sizeof(*audit));
	json_t *list = json_array();
	struct former former = { json_array(), language };

	if (audit == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_audit_kept_list(member, add_former, &former));
	outcome = cdr_audit_check(member, cdr_arguments_has(arguments, "all"), audit, fault);
	if (outcome != CDR_OK && outcome != CDR_E_PROOF) {
		err = outcome;
		goto out;
	}
	for (size_t i = 0; i < audit->finding_count; i++)
		(void)json_array_append_new(list, finding_json(&audit->finding[i], language));
	print(report, audit, list, former.list, language);
	if (outcome == CDR_E_PROOF) /* each finding was told just now */
		cdr_fault_set(fault, outcome, "%s", cdr_texts_peek("log_does_not_hold", language));
	CDR_TRY(cdr_report_json(report, json_pack("{s:b, s:I, s:I, s:i, s:I, s:I, s:I, s:i, s:i, s:O, s:O}", "holds", outcome == CDR_OK, "size",
	    (json_int_t)audit->size, "witnessed_at", (json_int_t)audit->witnessed_at, "witnesses", (int)audit->witness_count,
	    "proved", (json_int_t)audit->proved_count, "proved_ever", (json_int_t)audit->kept_count, "waiting", (json_int_t)audit->waiting_count, "trustees",
	    (int)audit->trustee_count, "compared", (int)audit->compared_count, "findings", list, "found_before",
	    former.list)));
	err = outcome;
out:
	json_decref(former.list);
	json_decref(list);
	cdr_member_close(member);
	free(audit);
	return err;
}
