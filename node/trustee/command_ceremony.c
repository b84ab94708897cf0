#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/token.h"
#include "node/trustee/command.h"
#include "node/trustee/genesis.h"
#include "node/trustee/session.h"

#define TIMEOUT_S 3600
#define POLL_MS 500

/* The keys of an exchange: two, made apart. One key for both would make of every evaluation a decryption. */
static const struct cdr_trustee_aim first[] = {
	{ CDR_CEREMONY_MAKE, CDR_KEY_TAGS, 1 },
	{ CDR_CEREMONY_MAKE, CDR_KEY_STATISTICS, 1 },
};

/* ---- the exchange, confirmed ------------------------------------------------------------------------------------ */

static const char why[] =
    "Compare this fingerprint with the other trustees, each of them, by telephone or face to face, not by a message\n"
    "that comes through the hub. If all have the same one, all have the same list of trustees and keys; if not, somebody\n"
    "is trying to put keys of his own in your place, and would then hold the key of the whole exchange.\n";

static cdr_err
show_unconfirmed(struct cdr_report *report, const struct cdr_roster *genesis, struct cdr_fault *fault)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	cdr_err err;

	cdr_fingerprint_write(genesis->hash, fingerprint);
	cdr_report_text(report, "The hub shows a genesis roster of %zu trustees, of whom %" PRIu32 " must act together:\n\n",
	    genesis->body->n_trustee, genesis->body->threshold);
	for (size_t i = 0; i < genesis->body->n_trustee; i++)
		cdr_report_text(report, "    %" PRIu32 "  %s  %s\n", genesis->body->trustee[i]->index,
		    genesis->body->trustee[i]->party->name, genesis->body->trustee[i]->party->url);
	cdr_report_text(report, "\nIts fingerprint:\n\n    %s\n\n%s", fingerprint, why);
	err = cdr_report_json(report, json_pack("{s:b, s:s}", "confirmed", 0, "fingerprint", fingerprint));
	if (err != CDR_OK)
		return err;
	return cdr_fault_set(fault, CDR_E_REFUSED, "not confirmed: nothing was made. When the fingerprints agree, run this again "
	    "with --fingerprint");
}

/* The first time: fetch the genesis roster, check it, belong to it. */
static cdr_err
confirm(const struct cdr_arguments *arguments, struct cdr_trustee_open *open, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *url = cdr_arguments_text(arguments, "hub"), *text = cdr_arguments_text(arguments, "fingerprint");
	struct cdr_roster *genesis = NULL;
	Cdr__Wire__Party own;
	uint8_t pin[CDR_PIN_LEN], fingerprint[CDR_ROSTER_HASH_LEN];
	uint32_t index;

	if (url == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "--hub is needed the first time");
	CDR_TRY(cdr_genesis_fetch(open->client, url, &genesis, pin, fault));
	if (text == NULL) {
		err = show_unconfirmed(report, genesis, fault);
		goto out;
	}
	if (cdr_fingerprint_read(text, fingerprint) != CDR_OK) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--fingerprint has 52 letters and digits, in groups of four");
		goto out;
	}
	cdr_home_party(open->home, open->name, open->url, &own);
	CDR_TRY(cdr_genesis_check(genesis, fingerprint, &own, pin, &index, fault));
	CDR_TRY(cdr_trustee_confirm(open->trustee, genesis, index, fault));
	genesis = NULL;
	cdr_report_text(report, "The genesis roster is the one that the trustees compared; this is trustee %" PRIu32 " in it.\n",
	    index);
out:
	cdr_roster_free(genesis);
	return err;
}

/* Later: a fingerprint that is given all the same must be that of the exchange. */
static cdr_err
confirm_again(const struct cdr_arguments *arguments, const struct cdr_trustee_open *open, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, "fingerprint");
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];

	if (text == NULL)
		return CDR_OK;
	if (cdr_fingerprint_read(text, fingerprint) != CDR_OK ||
	    memcmp(fingerprint, open->trustee->genesis, sizeof(fingerprint)) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this trustee belongs to an exchange with another fingerprint");
	return CDR_OK;
}

/* The first keys, until they are there; then the newest of each kind, so that a ceremony that was interrupted is gone on with,
   and what is due now. */
static cdr_err
list_aims(struct cdr_trustee *trustee, struct cdr_trustee_aim *aim, size_t *count, struct cdr_fault *fault)
{
	struct cdr_fault ignored;
	struct cdr_trustee_aim due[2];
	struct cdr_roster_key newest;
	const struct cdr_roster *roster;
	size_t due_count = 0;

	(void)!cdr_trustee_roster_update(trustee, NULL, &ignored);
	roster = cdr_current_hold(trustee->current);
	*count = 0;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		aim[*count] = first[i];
		if (cdr_roster_key_newest(roster->body, first[i].kind, &newest))
			aim[*count].number = newest.number;
		(*count)++;
	}
	/* Without the hub nothing can be made anyway, and the session says so. */
	if (trustee->index != 0 && cdr_trustee_due(trustee, roster, due, &due_count, fault) == CDR_OK) {
		for (size_t i = 0; i < due_count; i++)
			aim[(*count)++] = due[i];
	}
	cdr_current_release(trustee->current, roster);
	return CDR_OK;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_ceremony(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct cdr_trustee_aim aim[CDR_SESSION_AIM_MAX];
	struct cdr_trustee_session_config config = { .report = report, .aim = aim,
		.command = "ceremony" };
	struct cdr_scheme scheme;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	/* Found out now rather than after the ceremony: what it is for goes into its result. */
	CDR_TRY(cdr_scheme_current(first[0].number, &scheme));
	if (!open.trustee->is_confirmed)
		CDR_TRY(confirm(arguments, &open, report, fault));
	CDR_TRY(confirm_again(arguments, &open, fault));
	CDR_TRY(list_aims(open.trustee, aim, &config.aim_count, fault));
	config.trustee = open.trustee;
	config.attempt = (uint32_t)cdr_arguments_number(arguments, "attempt", 0);
	config.poll_ms = (uint64_t)cdr_arguments_number(arguments, "poll-ms", POLL_MS);
	config.timeout_s = (uint64_t)cdr_arguments_number(arguments, "timeout", TIMEOUT_S);
	err = cdr_trustee_session_run(&config, fault);
out:
	cdr_trustee_close(&open);
	return err;
}
