#include <inttypes.h>
#include <string.h>

#include "node/net/clock.h"
#include "node/trustee/command.h"
#include "node/trustee/countersign.h"

#define WAIT_STEP_MS 500

/* What waits at the hub, and what this trustee thinks of it. */
struct waiting {
	struct cdr_trustee_open open;
	const struct cdr_roster *before;   /* held */
	struct cdr_roster *proposal;       /* NULL: nothing waits */
	struct cdr_trustee_opinion opinion;
};

static void
waiting_free(struct waiting *w)
{
	cdr_trustee_opinion_free(&w->opinion);
	cdr_roster_free(w->proposal);
	w->proposal = NULL;
	if (w->open.trustee != NULL)
		cdr_current_release(w->open.trustee->current, w->before);
	w->before = NULL;
}

/* A reading job. */
static cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	struct waiting *w = context;

	return cdr_trustee_judge(tx, w->before, w->proposal, &w->opinion);
}

/* Look anew. */
static cdr_err
look(struct waiting *w, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = w->open.trustee;

	waiting_free(w);
	CDR_TRY(cdr_trustee_roster_update(trustee, NULL, fault));
	w->before = cdr_current_hold(trustee->current);
	CDR_TRY(cdr_trustee_proposal_fetch(trustee, w->before, &w->proposal, fault));
	if (w->proposal != NULL)
		CDR_TRY(cdr_store_read(w->open.home->store, judge_job, w));
out:
	return err;
}

static const char *
view_name(enum cdr_trustee_view view)
{
	return view == CDR_VIEW_AGREED ? "agreed" : view == CDR_VIEW_ASKS ? "asks" : "refused";
}

static json_t *
list_changes(struct waiting *w, struct cdr_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->opinion.diff.count; i++) {
		const struct cdr_roster_diff_entry *e = &w->opinion.diff.entry[i];
		char fingerprint[CDR_FINGERPRINT_TEXT_LEN] = "";

		if (e->member != NULL)
			cdr_fingerprint_write(e->fingerprint, fingerprint);
		cdr_report_text(report, "  %-8s %s\n", view_name(w->opinion.view[i]), e->text);
		if (w->opinion.view[i] == CDR_VIEW_ASKS)
			cdr_report_text(report, "           fingerprint %s\n", fingerprint);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind",
			    cdr_roster_diff_kind_name(e->kind), "view", view_name(w->opinion.view[i]), "member",
			    e->member != NULL ? e->member->id : "", "fingerprint", fingerprint, "text", e->text));
	}
	return list;
}

static cdr_err
print_waiting(struct waiting *w, struct cdr_report *report)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];

	if (w->proposal == NULL) {
		cdr_report_text(report, "Nothing waits.\n");
		return cdr_report_json(report, json_pack("{s:n, s:[]}", "version", "changes"));
	}
	cdr_fingerprint_write(w->proposal->hash, fingerprint);
	cdr_report_text(report, "Version %" PRIu64 " of the roster waits to be countersigned (proposal %s):\n", w->proposal->body->version,
	    fingerprint);
	json_t *changes = list_changes(w, report);
	if (!w->opinion.agrees)
		cdr_report_text(report, "Not countersigned yet: %s.\nAn organisation that asks is let in once it has read its fingerprint "
		    "out to you, by: candor-trustee approve FINGERPRINT\n", w->opinion.reason.text);
	if (w->opinion.has_forgotten)
		cdr_report_text(report, "This trustee was put back from a backup, and may have countersigned another proposal of this version. If the others cannot "
		    "do\nwithout it, ask each by telephone whether its `candor-trustee pending` shows the same proposal, and none countersigned another; then:\n"
		    "candor-trustee approve %s\n", fingerprint);
	return cdr_report_json(report, json_pack("{s:I, s:b, s:b, s:s, s:s, s:o}", "version", (json_int_t)w->proposal->body->version,
	    "agrees", w->opinion.agrees, "put_back", w->opinion.has_forgotten, "fingerprint", fingerprint, "reason",
	    w->opinion.agrees ? "" : w->opinion.reason.text, "changes", changes));
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_pending(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting w = { .before = NULL };

	CDR_TRY(cdr_trustee_open(arguments, &w.open, fault));
	CDR_TRY(cdr_trustee_confirmed(w.open.trustee, fault));
	CDR_TRY(look(&w, fault));
	CDR_TRY(print_waiting(&w, report));
out:
	waiting_free(&w);
	cdr_trustee_close(&w.open);
	return err;
}

/* ---- approving -------------------------------------------------------------------------------------------------- */

/* Read all fingerprints before anything is approved. */
static cdr_err
read_fingerprints(const struct cdr_arguments *arguments, uint8_t out[][CDR_ROSTER_HASH_LEN], struct cdr_fault *fault)
{
	for (size_t i = 0; i < cdr_arguments_operand_count(arguments); i++) {
		if (cdr_fingerprint_read(cdr_arguments_operand(arguments, i), out[i]) != CDR_OK)
			return cdr_fault_set(fault, CDR_E_INPUT, "\"%s\" is no fingerprint: 52 letters and digits, in groups of four",
			    cdr_arguments_operand(arguments, i));
	}
	return CDR_OK;
}

/* Whether it is the fingerprint of the proposal itself, which waits because this trustee was put back. */
static bool
is_proposal(const struct waiting *w, const uint8_t *fingerprint)
{
	return w->proposal != NULL && w->opinion.has_forgotten && memcmp(w->proposal->hash, fingerprint, CDR_ROSTER_HASH_LEN) == 0;
}

/* The member that asks for approval with this fingerprint, or has it; NULL if there is none. */
static const Cdr__Wire__Member *
find_asking(const struct waiting *w, const uint8_t *fingerprint)
{
	const struct cdr_roster_diff *diff[] = { &w->opinion.diff, &w->opinion.back };

	for (size_t k = 0; w->proposal != NULL && k < 2; k++)
		for (size_t i = 0; i < diff[k]->count; i++) {
			const struct cdr_roster_diff_entry *e = &diff[k]->entry[i];

			if (e->need == CDR_NEED_APPROVAL && memcmp(e->fingerprint, fingerprint, CDR_ROSTER_HASH_LEN) == 0)
				return e->member;
		}
	return NULL;
}

/* Say yes to everything in ${diff} that asks for it with this fingerprint. */
static cdr_err
approve_all(const struct waiting *w, const struct cdr_roster_diff *diff, const uint8_t *fingerprint)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; err == CDR_OK && i < diff->count; i++) {
		const struct cdr_roster_diff_entry *e = &diff->entry[i];

		if (e->need == CDR_NEED_APPROVAL && memcmp(e->fingerprint, fingerprint, CDR_ROSTER_HASH_LEN) == 0)
			err = cdr_trustee_approve(w->open.trustee, e);
	}
	return err;
}

/* Whether an active member of the roster in force has this fingerprint: then there is nothing left to approve. */
static bool
is_in_force(const struct waiting *w, const uint8_t *fingerprint)
{
	const Cdr__Wire__Roster *body = w->before->body;
	uint8_t hash[CDR_ROSTER_HASH_LEN];
	char id[CDR_SIGNER_LEN_MAX + 1];

	for (size_t i = 0; i < body->n_member; i++) {
		(void)snprintf(id, sizeof(id), "member/%s", body->member[i]->id);
		if (cdr_roster_member_is_active(body->member[i]) &&
		    cdr_roster_party_fingerprint(id, body->member[i]->party, hash) == CDR_OK &&
		    memcmp(hash, fingerprint, sizeof(hash)) == 0)
			return true;
	}
	return false;
}

/* Wait until every fingerprint is in the proposal, or in force. */
static cdr_err
find_all(const struct cdr_arguments *arguments, struct waiting *w, uint8_t fingerprint[][CDR_ROSTER_HASH_LEN],
    struct cdr_fault *fault)
{
	uint64_t until = cdr_clock_ms() + 1000 * (uint64_t)cdr_arguments_number(arguments, "wait", 0);
	size_t count = cdr_arguments_operand_count(arguments), missing;
	cdr_err err;

	for (;;) {
		err = look(w, fault);
		if (err != CDR_OK)
			return err;
		for (missing = 0; missing < count; missing++) {
			if (find_asking(w, fingerprint[missing]) == NULL && !is_proposal(w, fingerprint[missing]) && !is_in_force(w, fingerprint[missing]))
				break;
		}
		if (missing == count)
			return CDR_OK;
		if (cdr_clock_ms() >= until)
			return cdr_fault_set(fault, CDR_E_ABSENT, "nothing that waits has the fingerprint %s: see `candor-trustee pending`. "
			    "If the organisation read out this one, and the hub shows another, do not approve the other",
			    cdr_arguments_operand(arguments, missing));
		cdr_trustee_sleep_ms(WAIT_STEP_MS);
	}
}

static cdr_err
approve_one(const struct waiting *w, const uint8_t *fingerprint, struct cdr_report *report, json_t *members)
{
	const Cdr__Wire__Member *member = find_asking(w, fingerprint);
	cdr_err err;

	if (is_proposal(w, fingerprint)) {
		cdr_report_text(report, "This proposal is approved, whatever was countersigned before the backup.\n");
		return cdr_trustee_approve_proposal(w->open.trustee, w->proposal);
	}
	if (member == NULL) {
		cdr_report_text(report, "Enough trustees have let it in already.\n");
		return CDR_OK;
	}
	err = approve_all(w, &w->opinion.diff, fingerprint);
	if (err == CDR_OK)
		err = approve_all(w, &w->opinion.back, fingerprint);
	if (err != CDR_OK)
		return err;
	cdr_report_text(report, "%s (%s) is approved.\n", member->id, member->party->name);
	if (members != NULL)
		(void)json_array_append_new(members, json_string(member->id));
	return CDR_OK;
}

/* With what was approved just now. */
static cdr_err
sign_again(struct waiting *w, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err;

	cdr_trustee_opinion_free(&w->opinion);
	err = cdr_trustee_countersign(w->open.trustee, w->before, w->proposal, &w->opinion, fault);
	/* Replaced, or in force, since we looked: the daemon's next poll sees to it. */
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	if (err != CDR_OK)
		return err;
	if (w->opinion.agrees)
		cdr_report_text(report, "Version %" PRIu64 " of the roster is countersigned.\n", w->proposal->body->version);
	else
		cdr_report_text(report, "Version %" PRIu64 " of the roster is not countersigned yet: %s\n",
		    w->proposal->body->version, w->opinion.reason.text);
	return CDR_OK;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_approve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting w = { .before = NULL };
	uint8_t fingerprint[CDR_ARGUMENTS_OPERAND_MAX][CDR_ROSTER_HASH_LEN];
	json_t *members = NULL;

	CDR_TRY(read_fingerprints(arguments, fingerprint, fault));
	CDR_TRY(cdr_trustee_open(arguments, &w.open, fault));
	CDR_TRY(cdr_trustee_confirmed(w.open.trustee, fault));
	CDR_TRY(find_all(arguments, &w, fingerprint, fault));
	members = json_array();
	for (size_t i = 0; i < cdr_arguments_operand_count(arguments); i++)
		CDR_TRY(approve_one(&w, fingerprint[i], report, members));
	if (w.proposal != NULL)
		CDR_TRY(sign_again(&w, report, fault));
	err = cdr_report_json(report, json_pack("{s:O, s:b}", "approved", members, "countersigned", w.opinion.agrees));
out:
	json_decref(members);
	waiting_free(&w);
	cdr_trustee_close(&w.open);
	return err;
}
