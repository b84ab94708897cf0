#include <string.h>

#include "core/crypto/secret.h"
#include "node/net/address.h"
#include "node/net/backup_command.h"
#include "node/net/node_options.h"
#include "node/net/passphrase_command.h"
#include "node/trustee/card.h"
#include "node/trustee/command.h"
#include "node/trustee/recover.h"
#include "node/trustee/schema.h"

/* What no roster could hold is refused before anything is made. */
static cdr_err
check_texts(const char *name, const char *url, const char *listen, struct cdr_fault *fault)
{
	struct sockaddr_storage address;

	if (name[0] == '\0' || strlen(name) > CDR_PARTY_NAME_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "--name has 1 to %d bytes", CDR_PARTY_NAME_LEN_MAX);
	if (strncmp(url, "https://", strlen("https://")) != 0 || strlen(url) > CDR_URL_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "--url is https://host:port, at most %d bytes", CDR_URL_LEN_MAX);
	if (strlen(listen) >= CDR_LISTEN_LEN_MAX || cdr_address_read(listen, &address) == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "--listen is ADDRESS:PORT in figures, such as 0.0.0.0:8443, at most %d bytes", CDR_LISTEN_LEN_MAX - 1);
	return CDR_OK;
}

struct found_job {
	const char *name, *url, *listen;
};

/* A reading job. */
static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT count(*) FROM setting", CDR_VALUES(), context);
}

/* A writing job. */
static cdr_err
found_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct found_job *job = context;

	CDR_TRY(cdr_trustee_setting_put(tx, "name", job->name, strlen(job->name)));
	CDR_TRY(cdr_trustee_setting_put(tx, "url", job->url, strlen(job->url)));
	CDR_TRY(cdr_trustee_setting_put(tx, "listen", job->listen, strlen(job->listen)));
out:
	return err;
}

static cdr_err
print_card(struct cdr_report *report, const struct cdr_home *home, const Cdr__Wire__Party *party)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	cdr_err err = cdr_card_fingerprint(party, fingerprint);

	if (err != CDR_OK)
		return err;
	cdr_report_text(report, "The trustee is made. Its card is %s/%s.\n", home->path, CDR_CARD_NAME);
	cdr_report_text(report, "Fingerprint of the card, to be read out to whoever founds the exchange:\n\n    %s\n\n",
	    fingerprint);
	cdr_report_text(report, "Next: `candor-trustee ceremony --hub URL --fingerprint ...` once the exchange is founded;\n"
	    "to come to an exchange that there is already: `candor-trustee reshare --hub URL` once the secretariat has proposed the change.\n");
	return cdr_report_json(report, json_pack("{s:s, s:s}", "card", CDR_CARD_NAME, "fingerprint", fingerprint));
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_init(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_home *home = NULL;
	struct found_job job = { cdr_arguments_text(arguments, "name"), cdr_arguments_text(arguments, "url"),
		cdr_arguments_text(arguments, "listen") };
	Cdr__Wire__Party party;
	int64_t setting_count = 0;

	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(check_texts(job.name, job.url, job.listen, fault));
	CDR_TRY(cdr_node_home_make(arguments, &cdr_trustee_schema, &home, fault));
	cdr_home_party(home, job.name, job.url, &party);
	CDR_TRY(cdr_store_read(home->store, count_job, &setting_count));
	if (setting_count > 0) {
		err = cdr_fault_set(fault, CDR_E_EXISTS, "there is a trustee in this folder already");
		goto out;
	}
	/* The settings come last: with them the trustee is made. */
	CDR_TRY(cdr_card_write(home, &party, fault));
	CDR_TRY(cdr_store_write(home->store, found_job, &job));
	CDR_TRY(print_card(report, home, &party));
out:
	cdr_home_close(home);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_backup(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_backup_command_write(arguments, &cdr_trustee_schema, NULL, report, fault);
}

/* A writing job. */
static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_restore(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = cdr_backup_command_restore(arguments, &cdr_trustee_schema, put_back_job, NULL, report, fault);

	if (err == CDR_OK)
		cdr_report_text(report, "Start `candor-trustee serve`: it asks the other trustees what they saw, takes in the log, and only then signs, counts\n"
		    "and opens again. Shares that were changed since are worth nothing; `status` shows whether the present ones are here.\n"
		    "Rounds of statistics whose period is over already it leaves to the others.\n");
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_passphrase(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_passphrase_command_change(arguments, &cdr_trustee_schema, NULL, report, fault);
}
