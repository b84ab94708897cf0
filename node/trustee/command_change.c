#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/trustee/change.h"
#include "node/trustee/command.h"
#include "node/trustee/genesis.h"
#include "node/trustee/recover.h"
#include "node/trustee/round.h"
#include "node/trustee/session.h"

#define TIMEOUT_S 3600
#define POLL_MS 500

/* Something is to happen with every key of the roster in force. */
static cdr_err
run_all(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_trustee *trustee,
    enum cdr_ceremony_act act, const Cdr__Wire__TrusteeChange *change, struct cdr_fault *fault)
{
	struct cdr_trustee_aim aim[CDR_KEY_COUNT_MAX];
	struct cdr_trustee_session_config config = { .trustee = trustee, .report = report, .aim = aim, .change = change,
		.command = act == CDR_CEREMONY_REFRESH ? "refresh" : "reshare" };
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);

	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);

		aim[config.aim_count++] = (struct cdr_trustee_aim){ act, key.kind, key.number };
	}
	cdr_current_release(trustee->current, roster);
	if (config.aim_count == 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the trustees have not made a key yet: run `candor-trustee ceremony`");
	config.attempt = cdr_arguments_has(arguments, "attempt") ? (uint32_t)cdr_arguments_number(arguments, "attempt", 0) : 0;
	config.poll_ms = (uint64_t)cdr_arguments_number(arguments, "poll-ms", POLL_MS);
	config.timeout_s = (uint64_t)cdr_arguments_number(arguments, "timeout", TIMEOUT_S);
	return cdr_trustee_session_run(&config, fault);
}

/* The newest roster, as far as the hub can be reached now: a session waits for it by itself. */
static void
look_for_roster(struct cdr_trustee *trustee)
{
	struct cdr_fault ignored;

	(void)!cdr_trustee_roster_update(trustee, NULL, &ignored);
}

/* ---- the same trustees ------------------------------------------------------------------------------------------ */

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_refresh(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_trustee_confirmed(open.trustee, fault));
	look_for_roster(open.trustee);
	err = run_all(arguments, report, open.trustee, CDR_CEREMONY_REFRESH, NULL, fault);
out:
	cdr_trustee_close(&open);
	return err;
}

/* ---- other trustees --------------------------------------------------------------------------------------------- */

static cdr_err
show_change(struct cdr_report *report, const struct cdr_trustee_change *c, struct cdr_fault *fault)
{
	const Cdr__Wire__TrusteeChange *change = c->change;
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	size_t count = 0;
	cdr_err err;

	for (size_t i = 0; i < change->n_participant; i++)
		count += change->participant[i]->after != 0;
	cdr_fingerprint_write(c->fingerprint, fingerprint);
	cdr_report_text(report, "The hub shows a change of trustees. Afterwards %" PRIu32 " of %zu must act together:\n\n",
	    change->threshold, count);
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		if (p->after != 0)
			cdr_report_text(report, "    %2" PRIu32 "  %s  %s\n", p->after, p->party->name, p->party->url);
		else
			cdr_report_text(report, "  leaves  %s%s\n", p->party->name, p->before == 0 ? " (takes no part)" : "");
	}
	cdr_report_text(report, "\nIts fingerprint:\n\n    %s\n\nCompare it with every one of those who are to be trustees, and those who leave, by "
	    "telephone\nor face to face: whoever puts a key of his own into that list will have a share.\n", fingerprint);
	err = cdr_report_json(report, json_pack("{s:b, s:s}", "confirmed", 0, "fingerprint", fingerprint));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_REFUSED, "not confirmed: nothing was done. When the fingerprints agree, run this again "
	    "with --fingerprint");
}

/* Whether the operator has compared what the hub shows. */
static cdr_err
check_fingerprint(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_trustee_change *change,
    struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, "fingerprint");
	uint8_t given[CDR_ROSTER_HASH_LEN];

	if (text == NULL)
		return show_change(report, change, fault);
	if (cdr_fingerprint_read(text, given) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "--fingerprint has 52 letters and digits, in groups of four");
	if (memcmp(given, change->fingerprint, sizeof(given)) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the hub shows another change of trustees than the one with this fingerprint: "
		    "nothing was done. Either the secretariat has proposed anew, or somebody lies: ask the others");
	return CDR_OK;
}

static cdr_err
check_own(const struct cdr_trustee_open *open, const Cdr__Wire__TrusteeChange *change, struct cdr_fault *fault)
{
	Cdr__Wire__Party own;
	bool is_meant = false;

	cdr_home_party(open->home, open->name, open->url, &own);
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		if (cdr_roster_same_party(p->party, &own) && p->before == 0 && p->after == 0)
			return cdr_fault_set(fault, CDR_E_REFUSED, "you are away in this change, and leave: nothing to do. If you are not away, let the "
			    "secretariat propose it anew");
		is_meant |= strcmp(p->party->name, own.name) == 0 || strcmp(p->party->url, own.url) == 0 ||
		    cdr_message_same(p->party->signing_key, own.signing_key);
	}
	if (cdr_trustee_change_names(change, &own))
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_REFUSED, is_meant ? "this trustee is not in the change as it is: its name, address or a key differs "
	    "from card.json. Do not go on: tell the others" : "this trustee is not in that change: nothing was done, and there is nothing to do here. "
	    "If it should be in it, tell the secretariat");
}

/* Whether this trustee is none after it. */
static bool
leaves(const struct cdr_trustee_open *open, const Cdr__Wire__TrusteeChange *change)
{
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		if (p->after != 0 && p->party->signing_key.len == CDR_SIGN_PUBLIC_LEN &&
		    memcmp(p->party->signing_key.data, open->home->signing_public, CDR_SIGN_PUBLIC_LEN) == 0)
			return false;
	}
	return true;
}

/* Somebody who is no trustee yet belongs to the exchange that the compared change names. */
static cdr_err
join_exchange(const struct cdr_trustee_open *open, const char *url, const struct cdr_trustee_change *change,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *genesis = NULL;
	uint8_t pin[CDR_PIN_LEN];

	CDR_TRY(cdr_genesis_fetch(open->client, url, &genesis, pin, fault));
	if (change->change->genesis.len != CDR_ROSTER_HASH_LEN) {
		err = cdr_fault_set(fault, CDR_E_ROSTER, "the change of trustees names no exchange");
		goto out;
	}
	CDR_TRY(cdr_roster_verify_genesis(genesis, change->change->genesis.data, fault));
	CDR_TRY(cdr_trustee_confirm(open->trustee, genesis, 0, fault));
	genesis = NULL;
out:
	cdr_roster_free(genesis);
	return err;
}

/* Whether the others brought the change to its end in the moment in which something was refused us: whoever leaves is no caller any more. */
static bool
was_decided(const struct cdr_trustee_open *open, const struct cdr_trustee_change *change)
{
	if (cdr_trustee_roster_update(open->trustee, NULL, NULL) != CDR_OK)
		return false;
	const struct cdr_roster *roster = cdr_current_hold(open->trustee->current);
	const bool is_in_force = cdr_ceremony_change_gives(change->change, roster);

	cdr_current_release(open->trustee->current, roster);
	return is_in_force;
}

static cdr_err
take_part(const struct cdr_arguments *arguments, const struct cdr_trustee_open *open, const struct cdr_trustee_change *change,
    const char *url, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = NULL;

	CDR_TRY(check_own(open, change->change, fault));
	if (!open->trustee->is_confirmed)
		CDR_TRY(join_exchange(open, url, change, fault));
	CDR_TRY(cdr_trustee_roster_update(open->trustee, NULL, fault));
	roster = cdr_current_hold(open->trustee->current);
	/* Once it is in force it follows the roster before, and not this one. */
	if (!cdr_ceremony_change_gives(change->change, roster))
		CDR_TRY(cdr_ceremony_change_check(change->change, roster, open->trustee->genesis, fault));
	CDR_TRY(cdr_trustee_change_approve(open->trustee, change));
	if (open->trustee->index != 0 && leaves(open, change->change)) {
		err = cdr_trustee_round_leave(open->trustee, fault);
		if (err != CDR_OK && !was_decided(open, change))
			goto out;
	}
	err = run_all(arguments, report, open->trustee, CDR_CEREMONY_RESHARE, change->change, fault);
out:
	cdr_current_release(open->trustee->current, roster);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_reshare(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct cdr_trustee_change change = { .change = NULL };
	const struct cdr_roster *roster = NULL;
	const char *url = cdr_arguments_text(arguments, "hub");

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	roster = cdr_current_hold(open.trustee->current);
	if (roster != NULL)
		url = roster->body->hub->url;
	if (url == NULL) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--hub is needed the first time");
		goto out;
	}
	CDR_TRY(cdr_trustee_change_fetch(open.client, url, &change, fault));
	CDR_TRY(check_fingerprint(arguments, report, &change, fault));
	err = take_part(arguments, &open, &change, url, report, fault);
out:
	if (open.trustee != NULL)
		cdr_current_release(open.trustee->current, roster);
	cdr_trustee_change_free(&change);
	cdr_trustee_close(&open);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_go_without(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	uint32_t gone[CDR_TRUSTEE_COUNT_MAX];
	const size_t count = cdr_arguments_operand_count(arguments);

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	for (size_t i = 0; i < count && i < CDR_TRUSTEE_COUNT_MAX; i++) {
		uint64_t number;
		CDR_TRY(cdr_arguments_operand_number(arguments, i, "candor-trustee status", &number, fault));
		gone[i] = number > CDR_TRUSTEE_COUNT_MAX ? 0 : (uint32_t)number;
	}
	CDR_TRY(cdr_trustee_recover_without(open.trustee, gone, count, cdr_arguments_has(arguments, "at-risk"), fault));
	cdr_report_text(report,
	    "This trustee waits no more for those. It believes the others what was witnessed before it came, and leaves rounds of statistics that had\n"
	    "begun by now to them. `candor-trustee serve` goes on by itself.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:I}", "without", (json_int_t)count)));
	err = CDR_OK;
out:
	cdr_trustee_close(&open);
	return err;
}
