#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/member/audit.h"
#include "node/member/command.h"

/* audit check: does the hub's log hold what it should? */

static json_t *
finding_json(const struct cdr_audit_finding *f, const char *language)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "finding", cdr_audit_kind_name(f->kind), "text",
	    cdr_audit_text(f->kind, language), "parties", f->parties, "size", (json_int_t)f->size, "place", (json_int_t)f->place,
	    "evidence", f->path);
}

static void
print(struct cdr_report *report, const struct cdr_audit *a, const char *language)
{
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct cdr_audit_finding *f = &a->finding[i];
		cdr_report_text(report, "%s\n  %s; signed by: %s\n  %s\n", cdr_audit_text(f->kind, language), cdr_audit_kind_name(f->kind),
		    f->parties, f->path);
	}
	if (a->finding_count > 0)
		cdr_report_text(report, "Give these files to the secretariat and to the trustees. What the hub says is not to be relied on.\n");
	else
		cdr_report_text(report,
		    "The log has %" PRIu64 " entries, confirmed by %zu trustees. %" PRIu64 " acts of this organisation were proved to stand in it, %"
		    PRIu64 " are not old enough. %zu of %zu trustees saw the same log.\n",
		    a->size, a->witness_count, a->proved_count, a->waiting_count, a->compared_count, a->trustee_count);
}

/* see node/member/command.h */
cdr_err
cdr_command_audit_check(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, outcome;
	struct cdr_member *member = NULL;
	const char *language = cdr_command_language(arguments);
	struct cdr_audit *audit = calloc(1, sizeof(*audit));
	json_t *list = NULL;

	if (audit == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	outcome = cdr_audit_check(member, cdr_arguments_has(arguments, "all"), audit, fault);
	if (outcome != CDR_OK && outcome != CDR_E_PROOF) {
		err = outcome;
		goto out;
	}
	print(report, audit, language);
	list = json_array();
	for (size_t i = 0; i < audit->finding_count; i++)
		(void)json_array_append_new(list, finding_json(&audit->finding[i], language));
	CDR_TRY(cdr_report_json(report, json_pack("{s:b, s:I, s:I, s:i, s:I, s:I, s:i, s:i, s:O}", "holds", outcome == CDR_OK, "size",
	    (json_int_t)audit->size, "witnessed_at", (json_int_t)audit->witnessed_at, "witnesses", (int)audit->witness_count,
	    "proved", (json_int_t)audit->proved_count, "waiting", (json_int_t)audit->waiting_count, "trustees",
	    (int)audit->trustee_count, "compared", (int)audit->compared_count, "findings", list)));
	err = outcome;
out:
	json_decref(list);
	cdr_member_close(member);
	free(audit);
	return err;
}
