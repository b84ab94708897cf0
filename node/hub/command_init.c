#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/codebook.h"
#include "keys/roster_build.h"
#include "node/net/backup_command.h"
#include "node/hub/card.h"
#include "node/hub/command.h"
#include "node/hub/schema.h"
#include "node/net/address.h"
#include "node/net/node_options.h"
#include "node/net/passphrase_command.h"

/* The rules of a new exchange; README.md of this folder says why these. */
#define LOOKBACK_YEARS 5
#define ANSWER_DAYS 14
#define EXPIRY_DAYS CDR_HUB_EXPIRY_DAYS
#define STRONG_LAMBDA_PPM 1000
#define POSSIBLE_LAMBDA_PPM 500000
#define POSSIBLE_MAX 5
#define REPLY_DELAY_MIN_S 3600
#define REPLY_DELAY_MAX_S (3 * CDR_HUB_DAY_S)

/* Everything that the genesis roster is made of. */
struct founding {
	struct cdr_hub_card card[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Party party[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Trustee trustee[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Trustee *at[CDR_TRUSTEE_COUNT_MAX];
	size_t count;
	char leavers[8];
	char codebook[CDR_CODEBOOK_VERSION_LEN];
	Cdr__Wire__Scheme scheme;
	Cdr__Wire__Roster body;
};

static cdr_err
read_cards(const struct cdr_arguments *arguments, struct founding *f, struct cdr_fault *fault)
{
	const char *path;

	for (f->count = 0; (path = cdr_arguments_nth(arguments, "trustee", f->count)) != NULL; f->count++) {
		size_t i = f->count;
		if (i == CDR_TRUSTEE_COUNT_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "an exchange has at most %d trustees", CDR_TRUSTEE_COUNT_MAX);
		cdr_err err = cdr_hub_card_read(path, &f->card[i], fault);
		if (err != CDR_OK)
			return err;
		for (size_t k = 0; k < i; k++)
			if (memcmp(f->card[k].signing_key, f->card[i].signing_key, CDR_SIGN_PUBLIC_LEN) == 0 ||
			    memcmp(f->card[k].tls_pin, f->card[i].tls_pin, CDR_PIN_LEN) == 0)
				return cdr_fault_set(fault, CDR_E_REFUSED, "trustees %zu and %zu have the same key: the card was given twice",
				    k + 1, i + 1);
		cdr_hub_card_party(&f->card[i], &f->party[i]);
		f->trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		f->trustee[i].index = (uint32_t)i + 1;
		f->trustee[i].party = &f->party[i];
		f->at[i] = &f->trustee[i];
	}
	return CDR_OK;
}

static cdr_err
fill_scheme(const struct cdr_arguments *arguments, struct founding *f, struct cdr_fault *fault)
{
	struct cdr_codebook *codebook = NULL;

	cdr_err err = cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, fault);
	if (err != CDR_OK)
		return err;
	(void)memccpy(f->codebook, cdr_codebook_version_peek(codebook), '\0', sizeof(f->codebook));
	cdr_codebook_free(codebook);
	memcpy(f->leavers, "leavers", sizeof("leavers"));
	f->scheme = (Cdr__Wire__Scheme)CDR__WIRE__SCHEME__INIT;
	f->scheme.index = f->leavers;
	f->scheme.codebook_version = f->codebook;
	f->scheme.lookback_years = LOOKBACK_YEARS;
	f->scheme.answer_days = (uint32_t)cdr_arguments_number(arguments, "answer-days", ANSWER_DAYS);
	f->scheme.expiry_days = EXPIRY_DAYS;
	f->scheme.strong_lambda_ppm = STRONG_LAMBDA_PPM;
	f->scheme.possible_lambda_ppm = POSSIBLE_LAMBDA_PPM;
	f->scheme.possible_max = POSSIBLE_MAX;
	f->scheme.reply_delay_min_s = (uint32_t)cdr_arguments_number(arguments, "reply-delay-min", REPLY_DELAY_MIN_S);
	f->scheme.reply_delay_max_s = (uint32_t)cdr_arguments_number(arguments, "reply-delay-max", REPLY_DELAY_MAX_S);
	if (f->scheme.reply_delay_min_s > f->scheme.reply_delay_max_s)
		return cdr_fault_set(fault, CDR_E_RANGE, "--reply-delay-min is longer than --reply-delay-max (%u)",
		    f->scheme.reply_delay_max_s);
	f->scheme.has_statistics_minimum = cdr_arguments_has(arguments, "statistics-minimum");
	f->scheme.statistics_minimum = (uint32_t)cdr_arguments_number(arguments, "statistics-minimum", 0);
	f->scheme.has_sample_checks = cdr_arguments_has(arguments, "sample-checks");
	f->scheme.sample_checks = (uint32_t)cdr_arguments_number(arguments, "sample-checks", 0);
	f->scheme.has_sample_points = cdr_arguments_has(arguments, "sample-points");
	f->scheme.sample_points = (uint32_t)cdr_arguments_number(arguments, "sample-points", 0);
	return CDR_OK;
}

/* Refuse what no roster can be made of before a folder is made. */
static cdr_err
check_numbers(const struct cdr_arguments *arguments, const struct founding *f, struct cdr_fault *fault)
{
	const char *url = cdr_arguments_text(arguments, "url");
	struct sockaddr_storage address;
	size_t threshold = (size_t)cdr_arguments_number(arguments, "threshold", 0);

	if (threshold > f->count || 2 * threshold <= f->count)
		return cdr_fault_set(fault, CDR_E_REFUSED, "--threshold %zu among %zu trustees: it must be more than half of them, %zu to %zu", threshold,
		    f->count, f->count / 2 + 1, f->count);
	if (strncmp(url, "https://", strlen("https://")) != 0 || strlen(url) > CDR_URL_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "--url must be https://host:port, at most %d bytes", CDR_URL_LEN_MAX);
	if (cdr_address_read(cdr_arguments_text(arguments, "listen"), &address) == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "--listen must be ADDRESS:PORT in figures, such as 0.0.0.0:8443");
	return CDR_OK;
}

struct founding_job {
	const struct cdr_roster *genesis;
	const char *listen;
};

/* A writing job: the genesis roster and where to listen, once. */
static cdr_err
found_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct founding_job *job = context;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM roster", CDR_VALUES(), &count));
	if (count > 0)
		return CDR_E_EXISTS;
	CDR_TRY(cdr_hub_roster_store(tx, job->genesis, job->genesis->body->made_at));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ('listen', $1)",
	    CDR_VALUES(cdr_value_text(job->listen))));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
make_genesis(const struct cdr_arguments *arguments, struct founding *f, const struct cdr_home *home,
    struct cdr_roster **genesis, struct cdr_fault *fault)
{
	Cdr__Wire__Party hub;

	cdr_home_party(home, cdr_arguments_text(arguments, "name"), cdr_arguments_text(arguments, "url"), &hub);
	f->body = (Cdr__Wire__Roster)CDR__WIRE__ROSTER__INIT;
	f->body.made_at = cdr_hub_now();
	f->body.hub = &hub;
	f->body.trustee = f->at;
	f->body.n_trustee = f->count;
	f->body.threshold = (uint32_t)cdr_arguments_number(arguments, "threshold", 0);
	f->body.scheme = &f->scheme;
	return cdr_roster_build_genesis(&f->body, home->keys->signing, genesis, fault);
}

static cdr_err
print_genesis(struct cdr_report *report, const struct cdr_roster *genesis)
{
	cdr_err err = CDR_E_INTERNAL;
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN], fingerprint_of_card[CDR_FINGERPRINT_TEXT_LEN] = "";
	uint8_t hash[CDR_ROSTER_HASH_LEN];
	json_t *cards = json_array();

	cdr_fingerprint_write(genesis->hash, fingerprint);
	cdr_report_text(report, "The exchange is founded, with %zu trustees of whom %u must act together.\n",
	    genesis->body->n_trustee, genesis->body->threshold);
	cdr_report_text(report,
	    "Fingerprint of the genesis roster, to be compared with every trustee by telephone:\n\n    %s\n\n", fingerprint);
	cdr_report_text(report, "Fingerprints of the cards, each to be compared with what that trustee reads out of its own:\n\n");
	for (size_t i = 0; i < genesis->body->n_trustee; i++) {
		const Cdr__Wire__Party *party = genesis->body->trustee[i]->party;

		err = cdr_roster_party_fingerprint("trustee", party, hash);
		if (err != CDR_OK)
			goto out;
		cdr_fingerprint_write(hash, fingerprint_of_card);
		cdr_report_text(report, "    %zu  %s\n       %s\n", i + 1, party->name, fingerprint_of_card);
		if (json_array_append_new(cards, json_pack("{s:s, s:s}", "name", party->name, "fingerprint", fingerprint_of_card)) != 0) {
			err = CDR_E_MEMORY;
			goto out;
		}
	}
	cdr_report_text(report, "\nIf one differs, tell nobody the fingerprint of the roster: begin again in another folder, with the right card.\n");
	cdr_report_text(report, "Next: `candor-hub serve` here, `candor-trustee ceremony --hub URL --fingerprint ...` at each trustee.\n");
	err = cdr_report_json(report, json_pack("{s:s, s:i, s:i, s:O}", "fingerprint", fingerprint, "trustees",
	    (int)genesis->body->n_trustee, "threshold", (int)genesis->body->threshold, "cards", cards));
out:
	json_decref(cards);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_init(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_home *home = NULL;
	struct cdr_roster *genesis = NULL;
	struct founding *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(read_cards(arguments, f, fault));
	CDR_TRY(fill_scheme(arguments, f, fault));
	CDR_TRY(check_numbers(arguments, f, fault));
	CDR_TRY(cdr_node_home_make(arguments, &cdr_hub_schema, &home, fault));
	CDR_TRY(make_genesis(arguments, f, home, &genesis, fault));
	struct founding_job job = { genesis, cdr_arguments_text(arguments, "listen") };
	err = cdr_store_write(home->store, found_job, &job);
	if (err == CDR_E_EXISTS)
		cdr_fault_set(fault, err, "there is a hub in this folder already");
	if (err == CDR_OK)
		err = print_genesis(report, genesis);
out:
	cdr_roster_free(genesis);
	cdr_home_close(home);
	free(f);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_backup(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_backup_command_write(arguments, &cdr_hub_schema, NULL, report, fault);
}

/* A writing job: the trustees know how far the log was; there is nothing to note here. */
static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)tx;
	(void)context;
	return CDR_OK;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_restore(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = cdr_backup_command_restore(arguments, &cdr_hub_schema, put_back_job, NULL, report, fault);

	if (err == CDR_OK)
		cdr_report_text(report, "Start `candor-hub serve`. If anything was witnessed since the backup was made, the trustees refuse this database, and the\n"
		    "hub says so and records nothing: members would be told that it lies, and rightly.\n");
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_passphrase(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_passphrase_command_change(arguments, &cdr_hub_schema, NULL, report, fault);
}
