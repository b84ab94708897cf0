#include "node/trustee/command.h"

#include <errno.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/net/node_options.h"
#include "node/net/passphrase_command.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/schema.h"

#define WAIT_MAX_S 86400
#define TIMEOUT_MAX_S (30 * 86400)

static const struct cdr_option init_options[] = {
	{ .name = "name", .value = "NAME", .help = "name of the institution, as people know it", .required = true },
	{ .name = "listen", .value = "ADDRESS:PORT", .help = "where this trustee listens", .required = true },
	{ .name = "url", .value = "URL", .help = "how members reach it: https://host:port", .required = true },
	{ .name = NULL },
};

static const struct cdr_option ceremony_options[] = {
	{ .name = "hub", .value = "URL", .help = "where the hub is; needed the first time" },
	{ .name = "fingerprint", .value = "F",
	    .help = "fingerprint of the genesis roster, compared with the other trustees by telephone" },
	{ .name = "timeout", .value = "SECONDS", .help = "how long to wait for the others (default 3600)", .min = 1,
	    .max = TIMEOUT_MAX_S },
	{ .name = "attempt", .value = "N", .help = "which attempt to run, if all have agreed on another one", .min = 1,
	    .max = CDR_TRUSTEE_ATTEMPT_MAX },
	{ .name = "poll-ms", .value = "N", .help = "how often to look for messages (default 500)", .min = 10, .max = 60000 },
	{ .name = NULL },
};

static const struct cdr_option refresh_options[] = {
	{ .name = "timeout", .value = "SECONDS", .help = "how long to wait for the others (default 3600)", .min = 1,
	    .max = TIMEOUT_MAX_S },
	{ .name = "attempt", .value = "N", .help = "which attempt to run, if all have agreed on another one", .min = 1,
	    .max = CDR_TRUSTEE_ATTEMPT_MAX },
	{ .name = "poll-ms", .value = "N", .help = "how often to look for messages (default 500)", .min = 10, .max = 60000 },
	{ .name = NULL },
};

static const struct cdr_option reshare_options[] = {
	{ .name = "hub", .value = "URL", .help = "where the hub is; needed by whoever is no trustee yet" },
	{ .name = "fingerprint", .value = "F", .help = "fingerprint of the change, compared with all others by telephone" },
	{ .name = "timeout", .value = "SECONDS", .help = "how long to wait for the others (default 3600)", .min = 1,
	    .max = TIMEOUT_MAX_S },
	{ .name = "poll-ms", .value = "N", .help = "how often to look for messages (default 500)", .min = 10, .max = 60000 },
	{ .name = NULL },
};

static const struct cdr_option go_without_options[] = {
	{ .name = "at-risk", .help = "also where fewer than the threshold are left to tell" },
	{ .name = NULL },
};

static const struct cdr_option share_backup_options[] = {
	{ .name = "paper-passphrase-file", .value = "FILE", .help = "read the passphrase of the paper from a file that only you can read" },
	{ .name = "svg", .value = "FILE", .help = "draw the QR code into this file instead of the terminal" },
	{ .name = NULL },
};

static const struct cdr_option share_restore_options[] = {
	{ .name = "paper-passphrase-file", .value = "FILE", .help = "read the passphrase of the paper from a file that only you can read" },
	{ .name = NULL },
};

static const struct cdr_option status_options[] = {
	{ .name = "export", .value = "FOLDER", .help = "write the transcript of each ceremony that is over into this folder, which is made" },
	{ .name = NULL },
};

static const struct cdr_option serve_options[] = {
	{ .name = "listen", .value = "ADDRESS:PORT", .help = "listen here instead of where `init` said" },
	{ .name = "workers", .value = "N", .help = "worker threads (default: one for each core)", .min = 1, .max = 64 },
	{ .name = "poll-ms", .value = "N", .help = "how often to ask the hub for rosters and proposals (default 5000)",
	    .min = 10, .max = 3600000 },
	{ .name = "ready-fd", .value = "N", .help = "file descriptor that is told when requests are served", .min = 0,
	    .max = 65535 },
	{ .name = NULL },
};

static const struct cdr_option approve_options[] = {
	{ .name = "wait", .value = "SECONDS", .help = "wait so long for a proposal that has this fingerprint (default 0)",
	    .min = 0, .max = WAIT_MAX_S },
	{ .name = NULL },
};

static const struct cdr_option audit_show_options[] = {
	{ .name = "export", .value = "FILE", .help = "write it into a new file, for `candor-audit open`" },
	{ .name = NULL },
};

static const struct cdr_option audit_judge_options[] = {
	{ .name = "evidence", .value = "seen|none", .help = "the notice that the candidate was given, the employment record", .required = true },
	{ .name = NULL },
};

static const struct cdr_option rounds_options[] = {
	{ .name = "retry", .value = "PERIOD", .help = "look once more at what was refused of this half-year, such as 2026-H1" },
	{ .name = NULL },
};

const struct cdr_command cdr_trustee_commands[] = {
	{ .name = "init", .summary = "make a trustee: its keys and its card", .options = init_options,
	    .help = "Give card.json, in the folder, to whoever founds the exchange, and read its fingerprint out to him by\n"
		    "telephone.",
	    .handle = cdr_trustee_command_init },
	{ .name = "ceremony", .summary = "make the exchange's keys together with the other trustees", .options = ceremony_options,
	    .help = "All trustees run this at the same time. First each compares the fingerprint of the genesis roster with the\n"
		    "others by telephone: whoever founds an exchange could put keys of his own in the trustees' place, and then\n"
		    "have the whole key. Without --fingerprint it is shown, and nothing else happens.\n\n"
		    "Ends when the keys are in force. May be interrupted and started again at any moment. If somebody cheats or\n"
		    "stalls, he is named, and no key is made.",
	    .handle = cdr_trustee_command_ceremony },
	{ .name = "refresh", .summary = "change the shares of all keys, together with the other trustees", .options = refresh_options,
	    .help = "All trustees run this at the same time, once a year or when a share may have been seen by somebody. The keys stay,\n"
		    "and with them all tags; an old share is worth nothing beside new ones, and is destroyed. May be interrupted and\n"
		    "started again at any moment. Shares that were changed within a day are not changed again.",
	    .handle = cdr_trustee_command_refresh },
	{ .name = "reshare", .summary = "hand the keys on to other trustees, or with another threshold", .options = reshare_options,
	    .help = "The secretariat proposes the change (`candor-hub trustees change`). Everybody in it compares its fingerprint by\n"
		    "telephone, and then runs this at the same time: those who stay, leave or come. The keys stay. Without\n"
		    "--fingerprint the change is shown, and nothing else happens. May be interrupted and started again at any moment.\n"
		    "Whoever leaves signs of rounds of statistics in which it has not answered that it never does. Whoever comes asks\n"
		    "those before it, under `candor-trustee serve`, what they witnessed, before it evaluates, signs or opens anything.",
	    .handle = cdr_trustee_command_reshare },
	{ .name = "go-without", .operands = "TRUSTEE...", .operand_min = 1, .operand_max = CDR_TRUSTEE_COUNT_MAX,
	    .summary = "say that former trustees are gone for good, for whom this new one waits", .options = go_without_options,
	    .help = "TRUSTEE is a number in the roster before the change. Do this only if you know, by telephone, that it cannot come back, not even from a\n"
		    "backup: this trustee then believes those who are left what was witnessed before it came. Rounds of statistics that had begun\n"
		    "by then it leaves to the others, so where they are too few these stay closed.",
	    .handle = cdr_trustee_command_go_without },
	{ .name = "share backup", .summary = "write this trustee's shares onto paper: words and a QR code", .options = share_backup_options,
	    .help = "They are sealed under a passphrase of the paper's own. Write a new paper after each refresh.",
	    .handle = cdr_trustee_command_share_backup },
	{ .name = "share restore", .operands = "FILE", .operand_min = 1, .operand_max = 1, .options = share_restore_options,
	    .summary = "take shares back from the words of a paper, or from the line of its QR code",
	    .help = "FILE holds what was typed or scanned, or what `share backup` printed; - reads it from the input. A wrong word is named by its row and\n"
		    "place, a missing row by its number.",
	    .handle = cdr_trustee_command_share_restore },
	{ .name = "status", .summary = "show keys, shares and ceremonies", .options = status_options,
	    .help = "A ceremony that failed names who is at fault, one that runs whom it waits for, as far as its messages came here.\n"
		    "With --export what was said in each ceremony that is over goes into a file: whoever has the rosters can verify it.",
	    .handle = cdr_trustee_command_status },
	{ .name = "serve", .summary = "answer members until it is told to stop", .options = serve_options,
	    .help = "Also asks the hub for new rosters, and countersigns what a trustee may countersign by itself.",
	    .handle = cdr_trustee_command_serve },
	{ .name = "backup", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "write everything that this node holds into one encrypted file; the daemon may run",
	    .help = "It opens with the passphrase of today. Keep it elsewhere.", .handle = cdr_trustee_command_backup },
	{ .name = "restore", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "make the node's folder of a backup, into --home, which is empty or new",
	    .help = "Every byte is checked. Whatever happened since the backup is asked of the others before the trustee acts again.", .handle = cdr_trustee_command_restore },
	{ .name = "passphrase", .summary = CDR_PASSPHRASE_COMMAND_SUMMARY, .options = cdr_passphrase_command_options,
	    .help = CDR_PASSPHRASE_COMMAND_HELP, .handle = cdr_trustee_command_passphrase },
	{ .name = "pending", .summary = "show what the hub wants countersigned", .handle = cdr_trustee_command_pending },
	{ .name = "approve", .operands = "FINGERPRINT...", .operand_min = 1, .operand_max = CDR_ARGUMENTS_OPERAND_MAX,
	    .summary = "approve a member whose fingerprint was read out to you", .options = approve_options,
	    .help = "Call the organisation on a number that you have from elsewhere, and have it read its fingerprint out.\n"
		    "The approval is for these keys and for quotas as high as the proposal's, once, within 60 days.\n"
		    "The fingerprint of the proposal itself is for a trustee that was put back from a backup: `pending` says when.",
	    .handle = cdr_trustee_command_approve },
	{ .name = "reports", .summary = "show what members have used, who contradicted himself, what the log shows against the hub, and whether lots come",
	    .handle = cdr_trustee_command_reports },
	{ .name = "audit list", .summary = "show which evaluations were drawn for this trustee to look at, and what came of it",
	    .handle = cdr_trustee_command_audit_list },
	{ .name = "audit show", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .options = audit_show_options,
	    .summary = "show what a member disclosed of one: a person, and the notice or the employment",
	    .help = "Personal: it is sealed to this trustee alone, and destroyed once it is judged, or after 60 days.",
	    .handle = cdr_trustee_command_audit_show },
	{ .name = "audit judge", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .options = audit_judge_options,
	    .summary = "say whether the member had evidence for it: it stands in the log for everybody",
	    .handle = cdr_trustee_command_audit_judge },
	{ .name = "rounds", .summary = "show rounds of statistics: opened, refused and why", .options = rounds_options,
	    .handle = cdr_trustee_command_rounds },
	{ .name = "inspect", .summary = "show everything that this trustee has stored, as JSON",
	    .handle = cdr_trustee_command_inspect },
	{ .name = NULL },
};

void
cdr_trustee_sleep_ms(uint64_t ms)
{
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static cdr_err
send_by_client(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	return cdr_ask_send(context, signer, ask, 1);
}

/* A reading job. */
static cdr_err
settings_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open *open = context;

	CDR_TRY(cdr_trustee_setting_text(tx, "name", open->name, sizeof(open->name)));
	CDR_TRY(cdr_trustee_setting_text(tx, "url", open->url, sizeof(open->url)));
	CDR_TRY(cdr_trustee_setting_text(tx, "listen", open->listen, sizeof(open->listen)));
out:
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_open_anew(struct cdr_trustee_open *open, struct cdr_fault *fault)
{
	const struct cdr_trustee_hub hub = { send_by_client, open->client };

	cdr_trustee_stop(open->trustee);
	open->trustee = NULL;
	return cdr_trustee_start(open->home, &hub, &open->trustee, fault);
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_open(const struct cdr_arguments *arguments, struct cdr_trustee_open *open, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_client_config config = { 0 };
	const char *path;

	*open = (struct cdr_trustee_open){ 0 };
	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &passphrase, fault));
	CDR_TRY(cdr_home_open(path, &cdr_trustee_schema, passphrase, &open->home, fault));
	err = cdr_store_read(open->home->store, settings_job, open);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "%s: `candor-trustee init` was interrupted here: run it again", path);
	if (err != CDR_OK)
		goto out;
	config.certificate = open->home->certificate;
	config.key = open->home->certificate_key;
	CDR_TRY(cdr_client_new(&config, &open->client, fault));
	CDR_TRY(cdr_trustee_open_anew(open, fault));
out:
	cdr_passphrase_free(passphrase);
	return err;
}

void
cdr_trustee_close(struct cdr_trustee_open *open)
{
	cdr_trustee_stop(open->trustee);
	cdr_client_free(open->client);
	cdr_home_close(open->home);
	*open = (struct cdr_trustee_open){ 0 };
}
