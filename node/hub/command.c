#include "node/hub/command.h"
#include "node/hub/witness.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/place.h"
#include "node/hub/schema.h"
#include "node/net/clock.h"
#include "node/net/node_options.h"
#include "node/net/passphrase_command.h"

#define DAYS_A_YEAR 366
#define POINTS_MAX INT64_C(1000000000000)
#define WAIT_MAX_S 86400

static const struct cdr_option init_options[] = {
	{ .name = "name", .value = "NAME", .help = "name of the hub, as people know it", .required = true },
	{ .name = "listen", .value = "ADDRESS:PORT", .help = "where the hub listens", .required = true },
	{ .name = "url", .value = "URL", .help = "how members and trustees reach it: https://host:port", .required = true },
	{ .name = "trustee", .value = "FILE", .help = "card.json of a trustee; once for each, in their order",
	    .required = true, .repeated = true },
	{ .name = "threshold", .value = "T", .help = "how many trustees must act together: more than half of them",
	    .required = true, .min = 1, .max = CDR_TRUSTEE_COUNT_MAX },
	{ .name = "reply-delay-min", .value = "SECONDS", .help = "automatic replies wait at least so long (default 3600)",
	    .min = 0, .max = 90 * CDR_HUB_DAY_S },
	{ .name = "reply-delay-max", .value = "SECONDS", .help = "and at most so long (default 259200)", .min = 0,
	    .max = 90 * CDR_HUB_DAY_S },
	{ .name = "answer-days", .value = "N", .help = "within so many days a member answers requests and auditors (default 14)", .min = 1,
	    .max = CDR_HUB_EXPIRY_DAYS },
	{ .name = "statistics-minimum", .value = "N", .help = "fewest members whose sums are opened (default and least: 5)",
	    .min = CDR_ROUND_MINIMUM, .max = CDR_MEMBER_COUNT_MAX },
	{ .name = "sample-checks", .value = "N", .help = "one check in N is drawn and shown to an auditor (default 16)", .min = 1,
	    .max = CDR_SAMPLE_ONE_IN_MAX },
	{ .name = "sample-points", .value = "N", .help = "and one point of imports in N; somebody has about 20 (default 2048)",
	    .min = 1, .max = CDR_SAMPLE_ONE_IN_MAX },
	{ .name = NULL },
};

static const struct cdr_option serve_options[] = {
	{ .name = "listen", .value = "ADDRESS:PORT", .help = "listen here instead of where `init` said" },
	{ .name = "guest-listen", .value = "ADDRESS:PORT", .help = "also serve guests' browsers here" },
	{ .name = "guest-url", .value = "URL", .help = "how they reach it: https://guests.example.org (kept)" },
	{ .name = "guest-certificate", .value = "FILE", .help = "PEM: a certificate that browsers trust, and its chain" },
	{ .name = "guest-key", .value = "FILE", .help = "PEM: its key" },
	{ .name = "guest-behind-proxy", .help = "plain HTTP on loopback: a proxy here has the certificate" },
	{ .name = "workers", .value = "N", .help = "worker threads (default: one for each core)", .min = 1, .max = 64 },
	{ .name = "publish", .value = "FOLDER", .help = "keep the public log there, as files for a web server" },
	{ .name = "ready-fd", .value = "N", .help = "file descriptor that is told when requests are served", .min = 0,
	    .max = 65535 },
	{ .name = NULL },
};

static const struct cdr_option invite_options[] = {
	{ .name = "id", .value = "ID", .help = "the member's id for ever: a-z, 0-9 and inner dashes", .required = true },
	{ .name = "name", .value = "NAME", .help = "name of the organisation", .required = true },
	{ .name = "country", .value = "ISO3", .help = "its country, three letters", .required = true },
	{ .name = "head-count", .value = "N", .help = "people who work there: quotas follow from it", .required = true,
	    .min = 1, .max = 10000000 },
	{ .name = "check-points", .value = "N", .help = "points an epoch for checks (default: 64 a head, at least 6400)",
	    .min = 0, .max = POINTS_MAX },
	{ .name = "import-points", .value = "N", .help = "points an epoch for imports (default: 128 a head, at least 6400)",
	    .min = 0, .max = POINTS_MAX },
	{ .name = "days", .value = "N", .help = "how long the code works (default 14)", .min = 1, .max = DAYS_A_YEAR },
	{ .name = NULL },
};

static const struct cdr_option member_options[] = {
	{ .name = "wait", .value = "SECONDS", .help = "wait so long for the trustees to countersign (default 20)", .min = 0,
	    .max = WAIT_MAX_S },
	{ .name = NULL },
};

static const struct cdr_option trustees_options[] = {
	{ .name = "trustee", .value = "FILE", .help = "card.json of a new trustee; once for each", .repeated = true },
	{ .name = "leaves", .value = "INDEX", .help = "a trustee that hands its share on and leaves; once for each", .repeated = true },
	{ .name = "away", .value = "INDEX", .help = "a trustee that cannot take part, and leaves; once for each", .repeated = true },
	{ .name = "threshold", .value = "T", .help = "how many must act together afterwards (default: as many as now)", .min = 1,
	    .max = CDR_TRUSTEE_COUNT_MAX },
	{ .name = NULL },
};

static const struct cdr_option round_open_options[] = {
	{ .name = "period", .value = "HALF-YEAR", .help = "what it is about: 2026-H1", .required = true },
	{ .name = "days", .value = "N", .help = "until the deadline (default 30)", .min = 1, .max = DAYS_A_YEAR },
	{ .name = "seconds", .value = "N", .help = "until the deadline, instead of days", .min = 1, .max = DAYS_A_YEAR * CDR_HUB_DAY_S },
	{ .name = "table", .value = "ID", .help = "a table of the codebook; once for each (default: all)", .repeated = true },
	{ .name = "bits", .value = "N", .help = "of a count: 8, the default, means 0 to 255", .min = 1, .max = CDR_ROUND_BITS_MAX },
	{ .name = "minimum", .value = "N", .help = "fewest contributors (default and least: what the roster says)",
	    .min = CDR_ROUND_MINIMUM, .max = CDR_MEMBER_COUNT_MAX },
	{ .name = "epsilon", .value = "X", .help = "add noise to every count, for differential privacy (default: exact sums)" },
	{ .name = "names", .help = "also count how common names are in the registers; with --epsilon, of the last half-year" },
	{ .name = "names-of", .value = "COUNTRY", .help = "and among the people of this country; once for each", .repeated = true },
	{ .name = "names-only", .help = "names and no reports" },
	{ .name = "names-width", .value = "N", .help = "cells of a row of names (default 256)", .min = CDR_SKETCH_WIDTH_MIN,
	    .max = CDR_SKETCH_WIDTH_MAX },
	{ .name = "names-bits", .value = "N", .help = "of a count of people: 14, the default, means up to 16382", .min = 1,
	    .max = CDR_ROUND_BITS_MAX },
	{ .name = NULL },
};

static const struct cdr_option round_close_options[] = {
	{ .name = "early", .help = "before the deadline" },
	{ .name = NULL },
};

static const struct cdr_option round_publish_options[] = {
	{ .name = "out", .value = "FOLDER", .help = "where the files go", .required = true },
	{ .name = "name", .value = "TEXT", .help = "name of the exchange, for readers (default: the hub's name)" },
	{ .name = NULL },
};

static const struct cdr_option names_options[] = {
	{ .name = "out", .value = "FOLDER", .help = "where the files go", .required = true },
	{ .name = NULL },
};

static const struct cdr_option round_record_options[] = {
	{ .name = "out", .value = "FILE", .help = "where to write it; must not be there yet", .required = true },
	{ .name = NULL },
};

static const struct cdr_option round_verify_options[] = {
	{ .name = "fingerprint", .value = "TEXT", .help = "of the genesis roster, as it was compared by telephone" },
	{ .name = NULL },
};

static const struct cdr_option return_list_options[] = {
	{ .name = "year", .value = "YEAR", .help = "the calendar year (else the last one that has ended)", .min = 2000, .max = 9999 },
	{ .name = NULL },
};

static const struct cdr_option return_options[] = {
	{ .name = "year", .value = "YEAR", .help = "the calendar year", .required = true, .min = 2000, .max = 9999 },
	{ .name = NULL },
};

const struct cdr_command cdr_hub_commands[] = {
	{ .name = "init", .summary = "make a hub and the genesis roster of an exchange", .options = init_options,
	    .help = "Prints the fingerprint of the genesis roster. Every trustee compares it by telephone, and gives it to\n"
		    "`candor-trustee ceremony`, before any key is made.",
	    .handle = cdr_hub_command_init },
	{ .name = "serve", .summary = "serve members and trustees until it is told to stop", .options = serve_options,
	    .help = "Guests are former employers that are no members: they answer in a browser, on a page that this hub serves at\n"
		    "--guest-listen with a public certificate. A proxy in front speaks HTTP/1.1 to it and ends X-Forwarded-For with\n"
		    "the visitor's address. It must not change the page: members' nodes compare it.\n\n"
		    "  candor-hub serve --guest-listen 0.0.0.0:443 --guest-url https://guests.example.org \\\n"
		    "      --guest-certificate fullchain.pem --guest-key privkey.pem",
	    .handle = cdr_hub_command_serve },
	{ .name = "backup", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "write everything that this node holds into one encrypted file; the daemon may run",
	    .help = "It opens with the passphrase of today. Keep it elsewhere.", .handle = cdr_hub_command_backup },
	{ .name = "restore", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "make the node's folder of a backup, into --home, which is empty or new",
	    .help = "Every byte is checked. A hub with an older database does not go on: the trustees, who saw more of the log, say so. What\n"
		    "happened since the backup is gone with it: keep a replica of the database, and a backup of each hour.", .handle = cdr_hub_command_restore },
	{ .name = "passphrase", .summary = CDR_PASSPHRASE_COMMAND_SUMMARY, .options = cdr_passphrase_command_options,
	    .help = CDR_PASSPHRASE_COMMAND_HELP, .handle = cdr_hub_command_passphrase },
	{ .name = "invite", .summary = "invite an organisation and print its one-time code", .options = invite_options,
	    .help = "Give the code to the organisation over a channel that only it reads. It works once, for `candor join`.\n"
		    "A revoked member that is invited again gets new keys and begins with an empty index and mailbox.",
	    .handle = cdr_hub_command_invite },
	{ .name = "member list", .summary = "list the members and what they are", .handle = cdr_hub_command_member_list },
	{ .name = "member show", .operands = "ID", .operand_min = 1, .operand_max = 1,
	    .summary = "show a member and the fingerprint of its keys", .handle = cdr_hub_command_member_show },
	{ .name = "member suspend", .operands = "ID", .operand_min = 1, .operand_max = 1, .options = member_options,
	    .summary = "refuse a member from its next request on, until it is restored",
	    .handle = cdr_hub_command_member_suspend },
	{ .name = "member revoke", .operands = "ID", .operand_min = 1, .operand_max = 1, .options = member_options,
	    .summary = "refuse a member from its next request on, for good: it comes back with an invitation and new keys only", .handle = cdr_hub_command_member_revoke },
	{ .name = "member restore", .operands = "ID", .operand_min = 1, .operand_max = 1, .options = member_options,
	    .summary = "let a suspended member in again, once the trustees have approved it",
	    .handle = cdr_hub_command_member_restore },
	{ .name = "epoch new", .summary = "ask for the next epoch before the present one is nearly over",
	    .help = "Sixty days before an epoch ends the trustees make the key of the next by themselves, and members move to it by\n"
		    "themselves. This is for when that cannot wait, such as after a share was seen by somebody. Before its time no trustee\n"
		    "makes a key because a hub wants it: after this the trustees' operators run `candor-trustee ceremony`, all at the same time.",
	    .handle = cdr_hub_command_epoch_new },
	{ .name = "epoch status", .summary = "show the epochs, what was asked for, and who has moved to the newest", .handle = cdr_hub_command_epoch_status },
	{ .name = "trustees change", .summary = "propose other trustees, or another threshold", .options = trustees_options,
	    .help = "Who is not named stays. Everybody in the change compares the fingerprint that is printed, and runs\n"
		    "`candor-trustee reshare`; it comes into force when all who take part have their shares, and enough of those who\n"
		    "are trustees now have countersigned. A proposal takes the place of the one before.",
	    .handle = cdr_hub_command_trustees_change },
	{ .name = "codebook load", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "open rounds with another version of the codebook", .handle = cdr_hub_command_codebook_load },
	{ .name = "round open", .summary = "open a round of statistics", .options = round_open_options,
	    .help = "The trustees' statistics key must be in force. What is defined here is signed and logged, and never changes.",
	    .handle = cdr_hub_command_round_open },
	{ .name = "round status", .operands = "[ID]", .operand_max = 1,
	    .summary = "show rounds, who has answered, and totals once they are opened", .handle = cdr_hub_command_round_status },
	{ .name = "round close", .operands = "[ID]", .operand_max = 1, .options = round_close_options,
	    .summary = "take no more contributions and add them up; the daemon does it at the deadline",
	    .handle = cdr_hub_command_round_close },
	{ .name = "round give-up", .operands = "[ID]", .operand_max = 1,
	    .summary = "give up a round that was closed and that the trustees do not open",
	    .help = "Of the months of a round that was closed no other is opened, unless each trustee has signed that it never opens the first:\n"
		    "else sums of two lists of contributors could be subtracted.", .handle = cdr_hub_command_round_give_up },
	{ .name = "round publish", .operands = "[ID]", .operand_max = 1, .options = round_publish_options,
	    .summary = "publish what may be shown of an opened round: web page, PDF, XLSX, CSV, JSON",
	    .help = "Cells below their thresholds are held back, and as many more as it takes so that nobody works them out, also from former\n"
		    "releases. What is shown comes with what opens it, so that anybody can recompute it.",
	    .handle = cdr_hub_command_round_publish },
	{ .name = "names publish", .operands = "[ROUND]", .operand_max = 1, .options = names_options,
	    .summary = "publish how common names are among all members' people, and the next rarity table",
	    .help = "Of a round that was opened with --names. No cell is published below the lower quartile of its row: such cells say\n"
		    "nothing. From names.json anybody makes the same table (`candor-hub names table`). It takes effect with a version\n"
		    "of Candor that ships it as core/identity/data/rarity.bin, in a new epoch.",
	    .handle = cdr_hub_command_names_publish },
	{ .name = "names table", .operands = "FILE", .operand_min = 1, .operand_max = 1, .options = names_options,
	    .summary = "make the rarity table that follows from a published names.json; needs no folder of a hub",
	    .handle = cdr_hub_command_names_table },
	{ .name = "round record", .operands = "[ID]", .operand_max = 1, .options = round_record_options,
	    .summary = "write everything with which an opened round can be recomputed", .handle = cdr_hub_command_round_record },
	{ .name = "round verify", .operands = "FILE", .operand_min = 1, .operand_max = 1, .options = round_verify_options,
	    .summary = "recompute a round, or its published cells, from a file; needs no folder",
	    .handle = cdr_hub_command_round_verify },
	{ .name = "return list", .summary = "list which members sent their annual return", .options = return_list_options,
	    .handle = cdr_hub_command_return_list },
	{ .name = "return publish", .operands = "FOLDER", .operand_min = 1, .operand_max = 1,
	    .summary = "write the annual figures of members and sector: PDF, XLSX, JSON, CSV with HXL tags", .options = return_options,
	    .help = "Every return is verified again. Members that did not report are listed.", .handle = cdr_hub_command_return_publish },
	{ .name = "log export", .operands = "FOLDER", .operand_min = 1, .operand_max = 1,
	    .summary = "write the public log as files that anybody can verify and serve",
	    .help = "What the folder has already stays. It holds no name, no party of a sealed act, no content: `candor-audit verify`\n"
		    "needs nothing else. `serve --publish FOLDER` keeps such a folder up to date.",
	    .handle = cdr_hub_command_log_export },
	{ .name = "inspect", .summary = "show everything that this hub has stored, and what it says about anybody",
	    .help = "With --json every row of every table, decrypted, beside a legend that says of each column what it is and\n"
		    "what the hub, or a thief of its database and keys, can conclude from it.",
	    .handle = cdr_hub_command_inspect },
	{ .name = NULL },
};

/* see node/hub/command.h */
cdr_err
cdr_hub_open(const struct cdr_arguments *arguments, struct cdr_hub_open *open, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_passphrase *passphrase = NULL;
	const char *path;

	*open = (struct cdr_hub_open){ 0 };
	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &passphrase, fault));
	CDR_TRY(cdr_home_open(path, &cdr_hub_schema, passphrase, &open->home, fault));
	CDR_TRY(cdr_hub_start(open->home->store, open->home->keys->signing, &open->hub, fault));
	err = CDR_OK;
out:
	cdr_passphrase_free(passphrase);
	return err;
}

/* see node/hub/command.h */
void
cdr_hub_close(struct cdr_hub_open *open)
{
	cdr_hub_stop(open->hub);
	cdr_home_close(open->home);
	*open = (struct cdr_hub_open){ 0 };
}

struct setting {
	const char *name;
	char *value;
	size_t size;
};

/* A reading job. */
static cdr_err
setting_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct setting *setting = context;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(setting->name));

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, setting->value, setting->size));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_setting_read(struct cdr_store *store, const char *name, char *value, size_t size)
{
	struct setting setting = { name, value, size };

	return cdr_store_read(store, setting_job, &setting);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_open_to_change(const struct cdr_arguments *arguments, struct cdr_hub_open *open, struct cdr_fault *fault)
{
	char size[24];
	cdr_err err = cdr_hub_open(arguments, open, fault);

	if (err != CDR_OK)
		return err;
	err = cdr_hub_setting_read(open->home->store, CDR_HUB_SETTING_LONGER_LOG, size, sizeof(size));
	if (err == CDR_OK)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this hub's database is an old copy: a trustee has shown this hub's own signature on a log of %s "
		    "leaves. What is done here would be lost, and contradict it: put the newest database in its place first", size);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/hub/command.h */
uint64_t
cdr_hub_now(void)
{
	return cdr_clock_now();
}
