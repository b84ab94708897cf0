#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/serve.h"
#include "node/net/log.h"
#include "node/net/passphrase_command.h"

/* `candor`: the sub-commands and their options. */

#define LANGUAGE { .name = "language", .value = "CODE", .help = "en, fr, es or ar (else as the environment says)" }
#define END { .name = NULL }
#define WATCH \
	{ .name = "watch", .value = "DAYS", .help = "hear of later statements for so long; the notice must say so", .min = 1, \
	    .max = CDR_CHECK_WATCH_DAYS_MAX }
#define IDENTITY \
	{ .name = "given-names", .value = "TEXT", .help = "as on the identity document", .personal = true }, \
	    { .name = "family-names", .value = "TEXT", .help = "as on the identity document", .personal = true }, \
	    { .name = "other-names", .value = "TEXT", .help = "former, married, alias; separated by ;", .personal = true }, \
	    { .name = "native-name", .value = "TEXT", .help = "the full name in its own script", .personal = true }, \
	    { .name = "date-of-birth", .value = "DATE", .help = "1984-05-12, 1984-05 or 1984", .personal = true }, \
	    { .name = "gender", .value = "CODE", .help = "female, male, other", .personal = true }, \
	    { .name = "document-type", .value = "CODE", .help = "passport, national_id, ...", .personal = true }, \
	    { .name = "document-country", .value = "CODE", .help = "who issued it, ISO 3166-1 alpha-3", .personal = true }, \
	    { .name = "document-number", .value = "TEXT", .help = "of the identity document", .personal = true }, \
	    { .name = "email", .value = "TEXT", .help = "helps to compare", .personal = true }, \
	    { .name = "phone", .value = "TEXT", .help = "helps to compare", .personal = true }

static const struct cdr_option init_options[] = {
	{ .name = "name", .value = "NAME", .help = "the organisation's name, as others know it", .required = true },
	END,
};
static const struct cdr_option join_options[] = {
	{ .name = "hub", .value = "URL", .help = "the hub's address, https://HOST:PORT (the first time)" },
	{ .name = "code", .value = "CODE", .help = "the invitation (the first time)" },
	{ .name = "code-file", .value = "FILE", .help = "read the invitation from a file" },
	{ .name = "wait", .value = "SECONDS", .help = "wait so long to be let in", .min = 0, .max = 86400 },
	END,
};
static const struct cdr_option serve_options[] = {
	{ .name = "poll-ms", .value = "MS", .help = "ask the hub for letters so often (5000)", .min = CDR_SERVE_POLL_MS_MIN,
	    .max = 3600000 },
	{ .name = "guest-ca", .value = "FILE", .help = "PEM: who else may vouch for the guest page's server" },
	{ .name = "ready-fd", .value = "N", .help = "write a line to this descriptor when ready", .min = 0, .max = 65535 },
	{ .name = "api-listen", .value = "ADDRESS", .help = "serve the JSON API on this loopback address, such as 127.0.0.1:8321" },
	END,
};
static const struct cdr_option report_submit_options[] = {
	{ .name = "round", .value = "ID", .help = "which round (else the newest that is open)" },
	{ .name = "drop", .value = "TABLE", .help = "leave a table out: your reports count there as not known", .repeated = true },
	{ .name = "merge", .value = "TABLE:CODE", .help = "count this category as other, or as not known; CODE=INTO names which", .repeated = true },
	END,
};
static const struct cdr_option reports_options[] = {
	{ .name = "evidence", .help = "with --json: the signed question and answer too, in hexadecimal" },
	END,
};
static const struct cdr_option leavers_options[] = {
	{ .name = "skip-bad", .help = "leave out rows that cannot be taken, and list them" },
	{ .name = "partial", .help = "the file holds some leavers only: nobody is taken out" },
	{ .name = "allow-removals", .help = "more than half of the register may be taken out" },
	{ .name = "no-wait", .help = "do not wait for the index" },
	LANGUAGE,
	END,
};
#define CANDIDATE \
	{ .name = "given-names", .value = "TEXT", .help = "as on the identity document" }, \
	{ .name = "family-names", .value = "TEXT", .help = "as on the identity document" }, \
	{ .name = "other-names", .value = "TEXT", .help = "former, married, alias; separated by ;" }, \
	{ .name = "native-name", .value = "TEXT", .help = "the full name in its own script" }, \
	{ .name = "date-of-birth", .value = "DATE", .help = "1984-05-12, 1984-05 or 1984" }, \
	{ .name = "gender", .value = "CODE", .help = "female, male, other" }, \
	{ .name = "nationality", .value = "CODE", .help = "ISO 3166-1 alpha-3; several separated by ;" }, \
	{ .name = "document-type", .value = "CODE", .help = "passport, national_id, ..." }, \
	{ .name = "document-country", .value = "CODE", .help = "who issued it, ISO 3166-1 alpha-3" }, \
	{ .name = "document-number", .value = "TEXT", .help = "worth more than every other detail together" }, \
	{ .name = "email", .value = "TEXT", .help = "helps the former employer to compare" }, \
	{ .name = "phone", .value = "TEXT", .help = "helps the former employer to compare" }, \
	{ .name = "declared-employers", .value = "IDS", .help = "members that the candidate named; separated by ;" }, \
	{ .name = "position-category", .value = "CODE", .help = "programme, child_facing, support, ..." }, \
	{ .name = "legal-basis", .value = "CODE", .help = "legitimate_interest, consent, ... (needed)" }, \
	{ .name = "candidate-notified", .value = "CODE", .help = "job_advert, application_form, ... (needed)" }, \
	{ .name = "notified-on", .value = "DATE", .help = "when the candidate was told" }
static const struct cdr_option check_new_options[] = {
	{ .name = "file", .value = "FILE", .help = "these options as a JSON object (- reads standard input)" },
	{ .name = "reference", .value = "TEXT", .help = "your own reference (else one is given)" },
	CANDIDATE,
	{ .name = "draft", .help = "write it down only; nobody is asked before `candor check submit`" },
	WATCH,
	END,
};
static const struct cdr_option check_edit_options[] = {
	{ .name = "file", .value = "FILE", .help = "these options as a JSON object (- reads standard input)" },
	CANDIDATE,
	WATCH,
	END,
};
static const struct cdr_option check_import_options[] = {
	{ .name = "skip-bad", .help = "leave out rows that cannot be taken, and list them" },
	WATCH,
	END,
};
static const struct cdr_option audit_options[] = {
	{ .name = "all", .help = "prove every receipt anew, also those that were proved before" },
	LANGUAGE,
	END,
};
static const struct cdr_option language_options[] = { LANGUAGE, END };
static const struct cdr_option stats_options[] = {
	{ .name = "period", .value = "HALF-YEAR", .help = "the newest release of this half-year" },
	LANGUAGE,
	END
};
static const struct cdr_option inbox_list_options[] = {
	{ .name = "all", .help = "answered and withdrawn ones too" },
	END,
};
static const struct cdr_option answer_options[] = {
	{ .name = "file", .value = "FILE", .help = "the answer as JSON; options stand above it" },
	{ .name = "identity", .value = "CODE", .help = "confirmed, probable, not_known_here, ambiguous" },
	{ .name = "finding", .value = "CODE", .help = "found to have committed it? no_record, yes, unable_..." },
	{ .name = "ongoing-now", .value = "CODE", .help = "is an investigation open now?" },
	{ .name = "left-during", .value = "CODE", .help = "left while one was pending?" },
	{ .name = "coverage", .value = "CODE", .help = "complete, partial, records_lost, pre_dates_scheme" },
	{ .name = "legal-limit-reason", .value = "CODE", .help = "why a question cannot be answered" },
	{ .name = "legal-limit-country", .value = "CODE", .help = "whose law it is" },
	{ .name = "signer-name", .value = "NAME", .help = "who signs" },
	{ .name = "signer-role", .value = "CODE", .help = "hr or safeguarding_focal_point" },
	{ .name = "leaver", .value = "N", .help = "which of the leavers shown it is (1)", .min = 1, .max = 8 },
	{ .name = "valid-days", .value = "N", .help = "how long it may be relied on (180)", .min = 1, .max = 3660 },
	{ .name = "draft", .help = "show what the registers say, as a file for --file; nothing is sent" },
	{ .name = "from-register", .help = "answer the three questions from the register of cases" },
	LANGUAGE,
	END,
};
static const struct cdr_option check_list_options[] = {
	{ .name = "output", .value = "FILE", .help = "write the results to a new file (\"-\": standard output)" },
	{ .name = "format", .value = "FORMAT", .help = "of that file: csv, xlsx or json (else as its name ends)" },
	LANGUAGE,
	END,
};
static const struct cdr_option check_show_options[] = {
	{ .name = "pdf", .value = "FILE", .help = "print the check with its statements to a new file" },
	LANGUAGE,
	END,
};
static const struct cdr_option export_options[] = {
	{ .name = "pdf", .value = "FILE", .help = "print the statement too, with a code that `statement verify` compares" },
	LANGUAGE,
	END,
};
static const struct cdr_option ask_guest_options[] = {
	{ .name = "file", .value = "FILE", .help = "further options as a JSON object (- reads standard input)" },
	{ .name = "employer", .value = "NAME", .help = "the former employer", .required = true },
	{ .name = "email", .value = "ADDRESS", .help = "its e-mail address", .required = true },
	{ .name = "found", .value = "CODE", .help = "how you found it: official_website, public_register, ...", .required = true },
	{ .name = "found-note", .value = "TEXT", .help = "where exactly" },
	{ .name = "contact-name", .value = "NAME", .help = "whom the guest can ask here", .required = true },
	{ .name = "contact-email", .value = "ADDRESS", .help = "and how (this or --contact-phone)" },
	{ .name = "contact-phone", .value = "NUMBER", .help = "and how" },
	{ .name = "guest-language", .value = "LANG", .help = "en, fr, es or ar: in which the page begins (en)" },
	{ .name = "position", .value = "TEXT", .help = "as the candidate states it, as are those that follow" },
	{ .name = "country", .value = "CODE", .help = "of duty, ISO 3166-1 alpha-3" },
	{ .name = "from", .value = "DATE", .help = "2019-03-25, 2019-03 or 2019" },
	{ .name = "to", .value = "DATE", .help = "2019-03-25, 2019-03 or 2019" },
	{ .name = "engagement-type", .value = "CODE", .help = "employee, volunteer, consultant, ..." },
	{ .name = "employee-number", .value = "TEXT", .help = "at that employer", .personal = true },
	{ .name = "days", .value = "N", .help = "how long file and link work (60)", .min = 1, .max = CDR_GUEST_DAYS_MAX },
	{ .name = "out", .value = "FILE", .help = "the file for e-mail (candor-request-XXXXX.html)" },
	{ .name = "no-link", .help = "the file alone" },
	LANGUAGE,
	END,
};
static const struct cdr_option paper_options[] = {
	{ .name = "scan", .value = "FILE", .help = "PDF, JPEG, PNG or TIFF of the signed paper", .required = true },
	{ .name = "file", .value = "FILE", .help = "the answer as JSON; options stand above it" },
	{ .name = "identity", .value = "CODE", .help = "confirmed, probable, not_known_here, ambiguous" },
	{ .name = "finding", .value = "CODE", .help = "found to have committed it? no_record, yes, unable_..." },
	{ .name = "ongoing-now", .value = "CODE", .help = "is an investigation open now?" },
	{ .name = "left-during", .value = "CODE", .help = "left while one was pending?" },
	{ .name = "coverage", .value = "CODE", .help = "complete, partial, records_lost, pre_dates_scheme" },
	{ .name = "legal-limit-reason", .value = "CODE", .help = "why a question cannot be answered" },
	{ .name = "legal-limit-country", .value = "CODE", .help = "whose law it is" },
	{ .name = "signer-name", .value = "NAME", .help = "who signed" },
	{ .name = "signer-role", .value = "CODE", .help = "hr or safeguarding_focal_point" },
	LANGUAGE,
	END,
};
static const struct cdr_option scan_options[] = {
	{ .name = "number", .value = "N", .help = "which scan, where there are several (1)", .min = 1, .max = 1000 },
	END,
};
static const struct cdr_option verify_options[] = {
	{ .name = "exchange", .value = "FINGERPRINT", .help = "the exchange that it must belong to" },
	{ .name = "code", .value = "CODE", .help = "the code on a paper, which must be this statement's" },
	{ .name = "with-node", .help = "ask the node in --home whether the signer still has its key: it needs the node's passphrase" },
	LANGUAGE,
	END,
};
static const struct cdr_option mail_options[] = {
	{ .name = "server", .value = "URL", .help = "smtps://HOST:465, or smtp://HOST:587 (which must offer TLS)" },
	{ .name = "sender", .value = "ADDRESS", .help = "whom it comes from" },
	{ .name = "first", .value = "ADDRESS", .help = "who is told that there is something to do" },
	{ .name = "second", .value = "ADDRESS", .help = "who is told too when an answer is due" },
	{ .name = "user", .value = "NAME", .help = "for a server that asks for one" },
	{ .name = "password-file", .value = "FILE", .help = "its password: the first line of a file" },
	{ .name = "ca-file", .value = "FILE", .help = "whom to believe that it is the server (else the system's list)" },
	{ .name = "no-tls", .help = "for a server on this machine: smtp://127.0.0.1:25" },
	{ .name = "test", .help = "send a message to both contacts, like any other" },
	{ .name = "off", .help = "send no e-mail any more" },
	LANGUAGE,
	END,
};

static const struct cdr_option incident_add_options[] = {
	{ .name = "set", .value = "FIELD=VALUE", .help = "one field; stands above the file", .repeated = true },
	{ .name = "file", .value = "FILE", .help = "the record as JSON (- reads standard input)" },
	LANGUAGE,
	END,
};
static const struct cdr_option incident_list_options[] = {
	{ .name = "period", .value = "PERIOD", .help = "only this half-year, such as 2025-H1" },
	LANGUAGE,
	END,
};
static const struct cdr_option incident_import_options[] = {
	{ .name = "skip-bad", .help = "leave out rows that cannot be taken, and list them" },
	{ .name = "partial", .help = "the file holds some incidents only: none is taken out" },
	{ .name = "allow-removals", .help = "more than half of the register may be taken out" },
	END,
};
static const struct cdr_option incident_form_options[] = {
	{ .name = "format", .value = "FORMAT", .help = "pdf (the default) or csv" },
	LANGUAGE,
	END,
};
static const struct cdr_option preview_options[] = {
	{ .name = "table", .value = "TABLE", .help = "only this table; may be given several times", .repeated = true },
	{ .name = "drop", .value = "TABLE", .help = "leave this table out; may be given several times", .repeated = true },
	{ .name = "merge", .value = "TABLE:CODE", .help = "count this category as other, or as not known; CODE=INTO names which", .repeated = true },
	LANGUAGE,
	END,
};
static const struct cdr_option incident_export_options[] = {
	{ .name = "format", .value = "FORMAT", .help = "csv (the default) or json" },
	END,
};

#define PASSWORD_OPTIONS                                                                                                       \
	{ .name = "password-file", .value = "FILE", .help = "read the password from a file that only you can read" },          \
	{ .name = "password-fd", .value = "N", .help = "read the password from an open file descriptor", .min = 0, .max = 65535 }
static const struct cdr_option program_options[] = {
	CDR_NODE_OPTION_ROWS,
	{ .name = "session-file", .value = "FILE", .help = "who you are: what `user login` wrote (else $CANDOR_SESSION_FILE)" },
	END,
};
static const struct cdr_option user_add_options[] = {
	{ .name = "role", .value = "ROLES", .help = "hr, safeguarding, analyst, administrator, auditor; separated by commas", .required = true },
	PASSWORD_OPTIONS,
	END,
};
static const struct cdr_option password_options[] = { PASSWORD_OPTIONS, END };
static const struct cdr_option own_password_options[] = {
	PASSWORD_OPTIONS,
	{ .name = "old-password-file", .value = "FILE", .help = "for one's own: read the present password from a file" },
	{ .name = "old-password-fd", .value = "N", .help = "for one's own: read it from an open file descriptor", .min = 0, .max = 65535 },
	END,
};
static const struct cdr_option login_options[] = {
	PASSWORD_OPTIONS,
	{ .name = "code", .value = "CODE", .help = "of your authenticator, or a recovery code" },
	END,
};
static const struct cdr_option totp_options[] = {
	{ .name = "confirm", .value = "CODE", .help = "the authenticator's code: from now on it is asked for" },
	{ .name = "off", .help = "ask for no code any more" },
	END,
};
#define YEAR { .name = "year", .value = "YEAR", .help = "the calendar year (else the last one that has ended)", .min = 2000, .max = 9999 }
static const struct cdr_option return_options[] = { YEAR, LANGUAGE, END };
static const struct cdr_option return_record_options[] = {
	{ .name = "count", .value = "N", .help = "how many (1)", .min = 1, .max = 1000000 },
	END,
};
static const struct cdr_option return_sign_options[] = {
	YEAR,
	{ .name = "signer-name", .value = "NAME", .help = "the head of the organisation, or who signs in that place", .required = true },
	{ .name = "recruitments-unchecked", .value = "N", .help = "recruitments in which Candor had no part", .min = 0, .max = 1000000000 },
	END,
};
static const struct cdr_option api_key_options[] = {
	{ .name = "role", .value = "ROLES", .help = "hr, safeguarding, analyst, administrator, auditor; separated by commas", .required = true },
	{ .name = "days", .value = "N", .help = "how long it opens anything (365)", .min = 1, .max = 3660 },
	END,
};
static const struct cdr_option trail_options[] = {
	{ .name = "after", .value = "N", .help = "only entries after this number", .min = 0, .max = INT64_MAX },
	{ .name = "max", .value = "N", .help = "so many at most", .min = 1, .max = INT64_MAX },
	END,
};

static const struct cdr_option notice_options[] = {
	{ .name = "watch", .help = "with the sentence for checks that are opened with --watch" },
	LANGUAGE,
	END,
};
static const struct cdr_option words_options[] = {
	{ .name = "file", .value = "FILE", .help = "a text file with what the candidate said (- reads standard input)" },
	{ .name = "words", .value = "TEXT", .help = "what the candidate said", .personal = true },
	END,
};
static const struct cdr_option approve_options[] = {
	{ .name = "draft", .value = "NUMBER", .help = "of the draft that you read, as `candor inbox draft` prints it", .required = true },
	{ .name = "signer-name", .value = "NAME", .help = "who signs: somebody else than who wrote it", .required = true },
	{ .name = "signer-role", .value = "CODE", .help = "hr or safeguarding_focal_point", .required = true },
	LANGUAGE,
	END,
};
static const struct cdr_option case_options[] = {
	{ .name = "file", .value = "FILE", .help = "options as a JSON object (- reads standard input)" },
	{ .name = "employee-number", .value = "TEXT", .help = "whose case, as in the register of leavers", .personal = true },
	{ .name = "given-names", .value = "TEXT", .help = "if the register does not have the person yet", .personal = true },
	{ .name = "family-names", .value = "TEXT", .help = "if the register does not have the person yet", .personal = true },
	{ .name = "date-of-birth", .value = "DATE", .help = "if the register does not have the person yet", .personal = true },
	{ .name = "own-reference", .value = "TEXT", .help = "your own number of the case", .personal = true },
	{ .name = "misconduct-type", .value = "CODE", .help = "sexual_exploitation, sexual_abuse, ...", .repeated = true },
	{ .name = "involved-child", .value = "CODE", .help = "yes, no, unknown, withheld" },
	{ .name = "committed", .value = "DATE", .help = "when it happened; a month or a year is enough", .personal = true },
	{ .name = "concluded", .value = "DATE", .help = "when the process ended; empty text: it has not", .personal = true },
	{ .name = "process-status", .value = "CODE", .help = "substantiated_final, ongoing, ..." },
	{ .name = "sanction", .value = "CODE", .help = "none, dismissal, ...", .repeated = true },
	{ .name = "referred", .value = "CODE", .help = "to the authorities: yes, no_survivor_wish, ..." },
	{ .name = "referred-country", .value = "CODE", .help = "where" },
	{ .name = "summary", .value = "TEXT", .help = "facts; nothing that identifies a survivor", .personal = true },
	{ .name = "country", .value = "CODE", .help = "whose law decides what may be said (yours)" },
	{ .name = "limit-reason", .value = "CODE", .help = "why this case may not be told: settlement_confidentiality, ..." },
	{ .name = "right-of-reply", .value = "CODE", .help = "given, not_given, declined" },
	END,
};
static const struct cdr_option limits_options[] = {
	{ .name = "load", .value = "FILE", .help = "go by this table from now on" },
	{ .name = "built-in", .help = "go by the built-in table again" },
	LANGUAGE,
	END,
};
static const struct cdr_option identity_options[] = {
	{ .name = "file", .value = "FILE", .help = "options as a JSON object (- reads standard input)" },
	IDENTITY,
	LANGUAGE,
	END,
};
static const struct cdr_option hold_options[] = {
	{ .name = "who", .value = "NAME", .help = "who sets it", .required = true },
	{ .name = "file", .value = "FILE", .help = "a text file that says why (- reads standard input)" },
	{ .name = "reason", .value = "TEXT", .help = "why", .personal = true },
	END,
};
static const struct cdr_option retention_report_options[] = {
	{ .name = "last", .value = "N", .help = "so many entries (100)", .min = 1, .max = 10000 },
	END,
};
static const struct cdr_option retention_options[] = {
	{ .name = "checks", .value = "DAYS", .help = "keep a check with its statements, from its opening (365)", .min = 30, .max = 3660 },
	{ .name = "requests", .value = "DAYS", .help = "keep what others asked, from the answer (180)", .min = 30, .max = 3660 },
	END,
};

static const struct cdr_command commands[] = {
	{ .name = "init", .summary = "make a new node", .options = init_options, .handle = cdr_command_init },
	{ .name = "join", .summary = "join an exchange, with an invitation", .options = join_options,
	    .help = "Once with --hub and the invitation; then again without, to see whether the node was let in.",
	    .handle = cdr_command_join },
	{ .name = "serve", .summary = "run the node: letters, checks, index", .options = serve_options,
	    .handle = cdr_command_serve },
	{ .name = "backup", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "write everything that this node holds into one encrypted file; the daemon may run",
	    .help = "It opens with the passphrase of today. Keep it elsewhere.", .handle = cdr_command_backup },
	{ .name = "restore", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "make the node's folder of a backup, into --home, which is empty or new",
	    .help = "Every byte is checked. Whoever had not answered is asked again, since the answer may have come after the backup. What else\n"
		    "happened since is gone: checks, answers, cases, erasures. Do them again.", .handle = cdr_command_restore },
	{ .name = "passphrase", .summary = CDR_PASSPHRASE_COMMAND_SUMMARY, .options = cdr_passphrase_command_options,
	    .help = CDR_PASSPHRASE_COMMAND_HELP, .handle = cdr_command_passphrase },
	{ .name = "members", .summary = "list the members of the exchange", .handle = cdr_command_members },
	{ .name = "report submit", .summary = "contribute this organisation's figures to a round, encrypted", .options = report_submit_options,
	    .help = "`candor report preview` shows what is encrypted. The hub, the trustees and the other members see sums over all\n"
		    "members, and never yours.",
	    .handle = cdr_command_report_submit },
	{ .name = "report status", .summary = "list rounds, and whether the hub counts what was submitted",
	    .handle = cdr_command_report_status },
	{ .name = "reports", .summary = "list who was caught lying, and at what", .options = reports_options,
	    .help = "A trustee that signs a wrong answer is replaced by another at once. What it signed is kept here: give it to\n"
		    "the secretariat, who can verify it.",
	    .handle = cdr_command_reports },
	{ .name = "audit check", .summary = "check that the hub's log holds what this organisation did, and is the same for everybody",
	    .help = "The hub records every act in a public log, which the trustees witness. This asks hub and trustees, proves that each\n"
		    "act for which there is a receipt stands in the log, that today's log continues yesterday's, and that all were shown\n"
		    "the same; and it hears what trustees keep of two histories that the hub showed them, and sees whether that is so. The\n"
		    "daemon does so by itself once a day. What does not hold is told, also by e-mail, and written with its evidence to a\n"
		    "file in the folder evidence/ of this node; the exit code is then 3. What is past is told once, and listed from then on.",
	    .options = audit_options, .handle = cdr_command_audit_check },
	{ .name = "audit list", .summary = "list evaluations that were drawn by lot to be shown to an auditor",
	    .help = "So that nobody looks up people who never applied, or says to have employed who was not, some of what is evaluated is drawn by lot\n"
		    "and shown to one of the trustees, as an auditor. Nothing is shown unless somebody here agrees. Who does not answer in time, or\n"
		    "declines, is recorded in the public log, without saying what it was about. Whoever gets e-mail from this node is told, and reminded.",
	    .options = language_options, .handle = cdr_command_audit_list },
	{ .name = "audit show", .operands = "NUMBER", .operand_min = 1, .operand_max = 1,
	    .summary = "show just what the auditor would see of one", .handle = cdr_command_audit_show },
	{ .name = "audit open", .operands = "NUMBER", .operand_min = 1, .operand_max = 1,
	    .summary = "show it to the auditor, sealed to that trustee alone",
	    .help = "It sees the names, the date of birth and the documents of this one person; of a check the legal basis and the notice that was given, of a\n"
		    "leaver the employee number and the dates. Keep the notice, or the employment record, at hand: it may ask for it.",
	    .handle = cdr_command_audit_open },
	{ .name = "audit refuse", .operands = "NUMBER", .operand_min = 1, .operand_max = 1,
	    .summary = "decline to show it: the log then says so", .handle = cdr_command_audit_refuse },
	{ .name = "leavers import", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "make the register what a file says: CSV or XLSX",
	    .help = "Columns, in any order: employee_number given_names family_names other_names native_name date_of_birth\n"
		    "gender nationality document_type document_country document_number email phone position country from to\n"
		    "engagement_type. Needed are a name and date_of_birth; without \"to\" an entry stays for the whole look-back.\n"
		    "CSV is UTF-8, separated by commas or semicolons; of an XLSX the first visible sheet is read. Dates are\n"
		    "1984-05-12, 1984-05 or 1984; countries have three letters, as KEN; several values in one field are separated by\n"
		    "semicolons. A wrong code is answered with the list of the\n"
		    "right ones. Nothing of a file is taken unless every row can be (but see --skip-bad).\n\n"
		    "  employee_number,given_names,family_names,date_of_birth,document_type,document_country,document_number,from,to\n"
		    "  A-001,Fictiona,Nobodyson,1990-02-11,passport,KEN,FA0000101,2021-02-01,2024-03-31\n\n"
		    "The same file again changes nothing; a changed file\n"
		    "is a difference: rows that are no longer in it are taken out of the register.",
	    .options = leavers_options, .handle = cdr_command_leavers_import },
	{ .name = "leavers status", .summary = "tell how far the index is, and why it waits", .options = language_options, .handle = cdr_command_leavers_status },
	{ .name = "check new", .summary = "check one candidate",
	    .help = "Needed are a name, --date-of-birth, --legal-basis and --candidate-notified. A wrong code is answered with the\n"
		    "list of the right ones. Employers that the candidate named are asked at once; those left out are found.\n"
		    "On a machine that others use too give a file, with --file or `candor check import`: they can read a command line.\n\n"
		    "  candor check new --given-names Fictiona --family-names Nobodyson --date-of-birth 1990-02-11 \\\n"
		    "      --legal-basis legitimate_interest --candidate-notified application_form --declared-employers member-b",
	    .options = check_new_options,
	    .handle = cdr_command_check_new },
	{ .name = "check edit", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1, .summary = "change a draft",
	    .help = "What is given replaces what was there; the rest stays.", .options = check_edit_options, .handle = cdr_command_check_edit },
	{ .name = "check submit", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1, .summary = "open the check that a draft describes",
	    .handle = cdr_command_check_submit },
	{ .name = "check delete", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1, .summary = "delete a draft",
	    .handle = cdr_command_check_delete },
	{ .name = "check import", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "check the candidates of a file: CSV or XLSX",
	    .help = "Columns, in any order: reference, the identity columns of a leavers file, declared_employers (member ids,\n"
		    "see `candor members`, separated by semicolons), position_category, legal_basis, candidate_notified, notified_on.\n"
		    "Needed are a name, date_of_birth, legal_basis and candidate_notified. The same reference again changes nothing.\n"
		    "More about such files: candor leavers import --help",
	    .options = check_import_options, .handle = cdr_command_check_import },
	{ .name = "check list", .summary = "list checks and what former employers said", .options = check_list_options,
	    .handle = cdr_command_check_list },
	{ .name = "check show", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "show one check with its statements", .options = check_show_options, .handle = cdr_command_check_show },
	{ .name = "check ask-guest", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "ask a former employer that is no member",
	    .help = "Makes one file for e-mail, opened with a code that you tell by another way, and a link to a page on the hub, if\n"
		    "it has one. Either can be answered, also on paper. Who answers is not verified: look for the address yourself,\n"
		    "and say with --found how. The same employer again gives the same file and link.\n\n"
		    "  candor check ask-guest C-000017 --employer \"Imaginary Aid Society\" --email hr@imaginary-aid.example \\\n"
		    "      --found official_website --contact-name \"Jo Doe\" --contact-phone \"+254 00 000 0000\" --guest-language fr",
	    .options = ask_guest_options, .handle = cdr_command_check_ask_guest },
	{ .name = "check guest-answer", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "take in a guest's answer that came as a file",
	    .help = "FILE is the file itself, or the e-mail into which its text was pasted; - reads standard input.",
	    .options = language_options, .handle = cdr_command_check_guest_answer },
	{ .name = "check paper-answer", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "take in a guest's answer on paper, with its scan",
	    .help = "The scan stays in this node, sealed. What the paper says is given as for `candor inbox answer`, options or --file.",
	    .options = paper_options, .handle = cdr_command_check_paper_answer },
	{ .name = "check guest-scan", .operands = "REQUEST FILE", .operand_min = 2, .operand_max = 2,
	    .summary = "write the scan of an answer on paper to a file", .options = scan_options,
	    .handle = cdr_command_check_guest_scan },
	{ .name = "check withdraw-guest", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "end a request to a guest: its link and its file stop working", .options = language_options,
	    .handle = cdr_command_check_withdraw_guest },
	{ .name = "inbox list", .summary = "list requests that wait for an answer", .options = inbox_list_options,
	    .handle = cdr_command_inbox_list },
	{ .name = "inbox show", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "show a request beside your own files", .options = language_options,
	    .handle = cdr_command_inbox_show },
	{ .name = "inbox answer", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "sign and send a statement of conduct",
	    .help = "Three questions are answered, each with no_record, yes or unable_...: a wrong code is answered with the list of\n"
		    "the right ones. Employment and coverage are taken from your register where the answer leaves them out.\n"
		    "Allegations that were not substantiated, or were reversed, must not be disclosed. Nothing is sent unless the\n"
		    "whole answer is in order. Nothing to disclose:\n\n"
		    "  candor inbox answer REQUEST --identity confirmed --coverage complete --finding no_record \\\n"
		    "      --ongoing-now no_record --left-during no_record --signer-name \"Jo Doe\" --signer-role hr\n\n"
		    "Nobody here knows the person: --identity not_known_here, --signer-name and --signer-role are enough.\n"
		    "Something to disclose is given with --file:\n\n"
		    "  { \"identity_match\": \"confirmed\", \"coverage\": { \"quality\": \"complete\" },\n"
		    "    \"finding\": \"yes\", \"ongoing_now\": \"no_record\", \"left_during\": \"no_record\",\n"
		    "    \"disclosures\": [ { \"misconduct_type\": [\"sexual_harassment\"], \"involved_child\": \"no\",\n"
		    "        \"committed\": \"2023-05\", \"concluded\": \"2023-09-20\", \"process_status\": \"substantiated_final\",\n"
		    "        \"sanction\": [\"dismissal\"], \"referred_to_authorities\": \"no_survivor_wish\",\n"
		    "        \"factual_summary\": \"Substantiated by an internal investigation.\" } ],\n"
		    "    \"right_of_reply\": \"given\", \"signer_name\": \"Jo Doe\", \"signer_role\": \"safeguarding_focal_point\" }",
	    .options = answer_options, .handle = cdr_command_inbox_answer },
	{ .name = "incident add", .summary = "enter an incident",
	    .help = "Fields and codes are the codebook's: candor codebook show. Nothing is written unless everything holds; each thing\n"
		    "that does not is named; of values that cannot be read only the first. Several survivors or persons alleged: one\n"
		    "value for each, separated by semicolons. On a machine that others use too, give a file: they can read a command line.\n\n"
		    "  candor incident add --set date_org_aware=2025-03-10 --set country=KEN --set incident_type=sexual_abuse \\\n"
		    "      --set status=investigation_open --set survivor_consent_to_share=yes --set 'survivor.gender=female;female'\n\n"
		    "  { \"date_org_aware\": \"2025-03-10\", \"country\": \"KEN\", \"incident_type\": \"sexual_abuse\",\n"
		    "    \"incident_subtype\": [\"rape\"], \"status\": \"investigation_open\", \"survivor_consent_to_share\": \"yes\",\n"
		    "    \"survivor\": [ { \"gender\": \"female\", \"age_band\": \"12-17\" } ], \"ap\": [ { \"affiliation\": \"staff\" } ] }\n\n"
		    "Without the survivor's consent the record stays here, and only the number of such records is ever counted.\n"
		    "Narrative, dates, places and your own reference never leave, whatever the consent.",
	    .options = incident_add_options, .handle = cdr_command_incident_add },
	{ .name = "incident edit", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .summary = "change an incident",
	    .help = "What is given replaces what was there; --set FIELD= takes a value away. Rows in a JSON file replace all of their kind.",
	    .options = incident_add_options, .handle = cdr_command_incident_edit },
	{ .name = "incident list", .summary = "list incidents, without what identifies anybody", .options = incident_list_options,
	    .handle = cdr_command_incident_list },
	{ .name = "incident show", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .summary = "show everything about an incident",
	    .options = language_options, .handle = cdr_command_incident_show },
	{ .name = "incident import", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "make the register what a file says: CSV or XLSX",
	    .help = "Columns are the fields of the codebook, in any order; own_reference must be there, so that a row is known again.\n"
		    "Fields of survivors and of persons alleged hold one value for each, separated by semicolons, side by side. The\n"
		    "same file again changes nothing; incidents that are no longer in it are taken out, unless they were entered by\n"
		    "hand. Nothing of a file is taken unless every row can be (but see --skip-bad).\n\n"
		    "  own_reference,date_org_aware,country,incident_type,status,survivor_consent_to_share,survivor.gender\n"
		    "  C-17,2025-03-10,KEN,sexual_abuse,investigation_open,yes,female;female",
	    .options = incident_import_options, .handle = cdr_command_incident_import },
	{ .name = "incident export", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "write every incident to a file that can be imported again", .options = incident_export_options,
	    .handle = cdr_command_incident_export },
	{ .name = "incident deadlines", .summary = "list donors who have to be told, and by when",
	    .help = "A donor row of an incident (--set donor.code=dfat) says that this donor has to be told; donor.notified_on, that it was.",
	    .options = language_options, .handle = cdr_command_incident_deadlines },
	{ .name = "incident form", .operands = "FORM NUMBER|YEAR FILE", .operand_min = 3, .operand_max = 3,
	    .summary = "fill in a donor's form from the register",
	    .help = "Forms: scottish_government, dfat, fcdo (one incident each), echo (a year). The narrative, your own reference and whatever\n"
		    "names a person are never in it; of a survivor who does not agree to sharing nothing is.",
	    .options = incident_form_options, .handle = cdr_command_incident_form },
	{ .name = "report preview", .operands = "[ROUND|PERIOD]", .operand_min = 0, .operand_max = 1,
	    .summary = "show exactly what would leave for a round, and what of it is small",
	    .help = "Of the newest open round, of the one that is named, or of a half-year such as 2025-H1 with no round. The figures are\n"
		    "the ones that are encrypted, zeros too. A table that is left out with --drop (here, and then in `report submit`) counts all\n"
		    "of your reports as not known, so that nobody sees that it was.",
	    .options = preview_options, .handle = cdr_command_report_preview },
	{ .name = "stats", .operands = "[FILE]", .operand_max = 1,
	    .summary = "show your own figures beside those of a release: the newest one, or a JSON file", .options = stats_options,
	    .help = "Without a file the newest release is fetched from the hub; it must come with the hub's receipt for exactly that, which is looked\n"
		    "for in the witnessed log now, and every day.",
	    .handle = cdr_command_stats },
	{ .name = "codebook load", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "work with another version of the codebook",
	    .help = "The file is checked first. Records that were written under an older version are carried forward as it says.",
	    .handle = cdr_command_codebook_load },
	{ .name = "codebook show", .summary = "list the fields of an incident and their codes", .options = language_options,
	    .handle = cdr_command_codebook_show },
	{ .name = "notice", .summary = "print the text that tells a candidate about the check", .options = notice_options,
	    .handle = cdr_command_notice },
	{ .name = "check hear", .operands = "REFERENCE EMPLOYER", .operand_min = 2, .operand_max = 2,
	    .summary = "note what the candidate says on an employer that the CV leaves out",
	    .help = "No decision is recorded before the candidate was heard on every such employer.", .options = words_options,
	    .handle = cdr_command_check_hear },
	{ .name = "check outcome", .operands = "REFERENCE OUTCOME", .operand_min = 2, .operand_max = 2,
	    .summary = "record what was decided: hired, not_hired_unrelated, ...",
	    .help = "A named person decides, never a result. Outcomes: hired, not_hired_unrelated, not_hired_negative, not_hired_absent,\n"
		    "candidate_withdrew.",
	    .options = language_options, .handle = cdr_command_check_outcome },
	{ .name = "check withdraw", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "end a check and erase the candidate; figures stay", .handle = cdr_command_check_withdraw },
	{ .name = "inbox draft", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "show an answer that waits for a second person", .handle = cdr_command_inbox_draft },
	{ .name = "inbox approve", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "sign and send what another person wrote", .options = approve_options, .handle = cdr_command_inbox_approve },
	{ .name = "inbox reject", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "send back what another person wrote", .handle = cdr_command_inbox_reject },
	{ .name = "case add", .summary = "enter a case that may have to be disclosed",
	    .help = "Every case belongs here, also one that was reversed or closed with no finding: those are never disclosed. What is\n"
		    "said of the others follows from the process status, the look-back and the table of legal limits (`candor case limits`).\n"
		    "Whose case it is stands in a file, since others can read a command line:\n\n"
		    "  candor case add --file case.json\n\n"
		    "  { \"employee_number\": \"B-001\", \"misconduct_type\": [\"sexual_harassment\"], \"process_status\": \"substantiated_final\",\n"
		    "    \"committed\": \"2023-05\", \"concluded\": \"2023-09-20\", \"sanction\": [\"dismissal\"] }",
	    .options = case_options, .handle = cdr_command_case_add },
	{ .name = "case edit", .operands = "CASE", .operand_min = 1, .operand_max = 1, .summary = "change a case", .options = case_options,
	    .handle = cdr_command_case_edit },
	{ .name = "case list", .summary = "list the cases", .options = language_options, .handle = cdr_command_case_list },
	{ .name = "case show", .operands = "CASE", .operand_min = 1, .operand_max = 1, .summary = "show one case",
	    .options = language_options, .handle = cdr_command_case_show },
	{ .name = "case limits", .summary = "show the table of what may not be said by country",
	    .help = "The built-in table is a starting point that was written without legal advice: let counsel review it, and load what they say\n"
		    "with `candor settings limits`.",
	    .options = language_options, .handle = cdr_command_case_limits },
	{ .name = "statement supersede", .operands = "REQUEST", .operand_min = 1, .operand_max = 1,
	    .summary = "sign a later statement in the place of one that was given",
	    .help = "Only where the requester wants to hear of it: the check is watched, or the candidate disputes what was said.\n"
		    "Options as for `candor inbox answer`.",
	    .options = answer_options, .handle = cdr_command_statement_supersede },
	{ .name = "subject access", .operands = "[REFERENCE]", .operand_max = 1,
	    .summary = "find everything that is held about somebody",
	    .help = "Of a candidate the REFERENCE of the check is enough. Else who it is stands in a file, since others can read a command line:\n\n"
		    "  candor subject access --file person.json\n\n"
		    "  { \"given_names\": \"Fictiona\", \"family_names\": \"Nobodyson\", \"date_of_birth\": \"1990-02-11\" }",
	    .options = identity_options,
	    .handle = cdr_command_subject_access },
	{ .name = "subject rectify", .operands = "ID|REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "correct what a record says about somebody",
	    .help = "The file says what is right, as for `candor subject access`; the rest stays.\n"
		    "A check is opened anew with what is right, and the old one withdrawn.",
	    .options = identity_options, .handle = cdr_command_subject_rectify },
	{ .name = "subject erase", .operands = "ID|REFERENCE...", .operand_min = 1, .operand_max = 64,
	    .summary = "erase records about somebody, here, in the index and where others hold a request", .handle = cdr_command_subject_erase },
	{ .name = "subject object", .operands = "REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "record that a candidate objects to the check", .options = words_options, .handle = cdr_command_subject_object },
	{ .name = "subject dispute", .operands = "REFERENCE EMPLOYER", .operand_min = 2, .operand_max = 2,
	    .summary = "record that a candidate disputes what an employer said", .options = words_options,
	    .handle = cdr_command_subject_dispute },
	{ .name = "hold set", .operands = "ID|REFERENCE", .operand_min = 1, .operand_max = 1,
	    .summary = "keep a check, request, leaver or case from being erased", .options = hold_options, .handle = cdr_command_hold_set },
	{ .name = "hold lift", .operands = "ID|REFERENCE", .operand_min = 1, .operand_max = 1, .summary = "lift a legal hold",
	    .handle = cdr_command_hold_lift },
	{ .name = "hold list", .summary = "list legal holds", .handle = cdr_command_hold_list },
	{ .name = "retention status", .summary = "what is held, and what goes soon", .handle = cdr_command_retention_status },
	{ .name = "retention report", .summary = "what the timers erased", .options = retention_report_options,
	    .handle = cdr_command_retention_report },
	{ .name = "settings retention", .summary = "how long checks and requests are kept", .options = retention_options,
	    .handle = cdr_command_settings_retention },
	{ .name = "settings limits", .summary = "load another table of what may not be said by country",
	    .help = "Without options: what is in force, as `candor case limits`.", .options = limits_options, .handle = cdr_command_case_limits },
	{ .name = "settings approval", .operands = "one|two", .operand_min = 0, .operand_max = 1,
	    .summary = "how many persons an answer takes", .handle = cdr_command_settings_approval },
	{ .name = "settings mail", .summary = "say who is told by e-mail that there is something to do",
	    .help = "Every message says the same: that there is something to do in Candor. No name, no employer, no link. The first contact\n"
		    "is told when a request comes and on days 3, 7 and 12, both when the answer is due; at most one message an hour each.\n"
		    "Without options: what is set, and what became of the messages.",
	    .options = mail_options, .handle = cdr_command_settings_mail },
	{ .name = "statement export", .operands = "REFERENCE EMPLOYER FILE", .operand_min = 3, .operand_max = 3,
	    .summary = "write a statement to a file that anybody can verify", .options = export_options, .handle = cdr_command_statement_export },
	{ .name = "statement verify", .operands = "FILE", .operand_min = 1, .operand_max = 1,
	    .summary = "verify an exported statement, with no network and no node", .options = verify_options,
	    .help = "The file tells what was so when it was written. Whether the signer was suspended or revoked since, or lost its keys and has others,\n"
		    "a node of the exchange knows: --with-node. Whoever has lost keys could write, and sign, what bears an earlier date.",
	    .handle = cdr_command_statement_verify },
	{ .name = "user add", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "add somebody who works with this node",
	    .help = "Without accounts the node's passphrase opens everything. The first account is an administrator's; from then on every\n"
		    "command is given by somebody who is logged in. An administrator keeps accounts and sees no case. Roles:\n\n"
		    "  hr             candidates, leavers, checks, requests, statements\n"
		    "  safeguarding   the same but leavers; incidents\n"
		    "  analyst        figures, tables, the annual return\n"
		    "  administrator  accounts, keys of the API, settings\n"
		    "  auditor        the trail of who did what",
	    .options = user_add_options, .handle = cdr_command_user_add },
	{ .name = "user list", .summary = "list who works with this node", .handle = cdr_command_user_list },
	{ .name = "user remove", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "remove an account", .handle = cdr_command_user_remove },
	{ .name = "user role", .operands = "NAME ROLES", .operand_min = 2, .operand_max = 2, .summary = "give an account other roles",
	    .handle = cdr_command_user_role },
	{ .name = "user password", .operands = "[NAME]", .operand_max = 1, .summary = "set a new password: your own, or as administrator another's",
	    .help = "One's own takes the present password too.", .options = own_password_options, .handle = cdr_command_user_password },
	{ .name = "user totp", .operands = "[NAME]", .operand_max = 1, .summary = "use an authenticator: make a secret, then --confirm a code of it",
	    .options = totp_options, .handle = cdr_command_user_totp },
	{ .name = "user recovery", .operands = "[NAME]", .operand_max = 1, .summary = "make new recovery codes", .handle = cdr_command_user_recovery },
	{ .name = "user rescue", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "let an administrator in again who forgot the password",
	    .help = "With the node's passphrase alone, for an administrator's account alone: a new password, no authenticator. The trail says so.",
	    .options = password_options, .handle = cdr_command_user_rescue },
	{ .name = "user unlock", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "end the wait after failed logins",
	    .handle = cdr_command_user_unlock },
	{ .name = "user login", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "begin a session",
	    .help = "After five failures in a row an account waits 30 seconds, then longer, at most 15 minutes; what is tried while it waits does\n"
		    "not lengthen the wait. A recovery code with the password goes through at once; it is used up then, whatever the password. What is\n"
		    "said does not tell whether there is such an account, or whether it waits.",
	    .options = login_options, .handle = cdr_command_user_login },
	{ .name = "user logout", .summary = "end the session", .handle = cdr_command_user_logout },
	{ .name = "trail list", .summary = "list who did what, and verify that nothing was changed or taken out", .options = trail_options,
	    .handle = cdr_command_trail_list },
	{ .name = "api-key add", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "make a key for a program that uses the API",
	    .help = "The API is served by `candor serve --api-listen 127.0.0.1:PORT`; GET /openapi.json describes it. The key is shown once.",
	    .options = api_key_options, .handle = cdr_command_api_key_add },
	{ .name = "api-key list", .summary = "list the keys of the API", .handle = cdr_command_api_key_list },
	{ .name = "api-key revoke", .operands = "NAME", .operand_min = 1, .operand_max = 1, .summary = "make a key open nothing from now on",
	    .handle = cdr_command_api_key_revoke },
	{ .name = "openapi", .summary = "print the description of the API, as GET /openapi.json gives it", .handle = cdr_command_openapi },
	{ .name = "return preview", .summary = "show the annual return, counted as the node worked",
	    .help = "Requests, answers, days, rejections, matches: counted in the same moment as the act, so they stay when a person's data are\n"
		    "erased. The return is due on 31 January, and is published with the organisation's name.",
	    .options = return_options, .handle = cdr_command_return_preview },
	{ .name = "return record", .operands = "WHAT", .operand_min = 1, .operand_max = 1,
	    .summary = "count complaint_received, complaint_upheld or lawsuit", .options = return_record_options,
	    .handle = cdr_command_return_record },
	{ .name = "return sign", .summary = "sign the annual return as it is now", .options = return_sign_options, .handle = cdr_command_return_sign },
	{ .name = "return send", .summary = "send the signed annual return to the secretariat", .options = return_options, .handle = cdr_command_return_send },
	{ .name = "return status", .summary = "tell whether the annual return was signed and sent", .options = return_options,
	    .handle = cdr_command_return_status },
	{ .name = "webhook add", .operands = "URL", .operand_min = 1, .operand_max = 1, .summary = "tell another system when there is something to fetch",
	    .help = "An event says its kind and the id of what it is about, and nothing else: inbox.request, check.answered, check.employer, audit.drawn, audit.finding.\n"
		    "Candor-Signature: t=SECONDS,v1=HEX, where HEX is HMAC-SHA-256 over SECONDS.BODY under the secret, which is shown once.\n"
		    "What is not taken (status 2xx) is sent again, later each time, for three days. https, or http to this machine.",
	    .handle = cdr_command_webhook_add },
	{ .name = "webhook list", .summary = "list webhooks and what waits for them", .handle = cdr_command_webhook_list },
	{ .name = "webhook remove", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .summary = "end a webhook, with what waits for it",
	    .handle = cdr_command_webhook_remove },
	{ .name = NULL },
};

int
main(int argc, char **argv)
{
	static const struct cdr_program program = {
		.name = "candor",
		.version = "1.0",
		.summary = "A member's node: check candidates with former employers, and answer such checks",
		.commands = commands,
		.options = program_options,
	};
	struct cdr_fault fault = { 0 };

	(void)umask(077);
	cdr_json_start();
	cdr_log_set_level(CDR_LOG_WARNING); /* the log is the daemon's: `serve` turns it on */
	if (cdr_secret_start(&fault) != CDR_OK) {
		(void)fprintf(stderr, "candor: %s\n", fault.text);
		return CDR_EXIT_FAILED;
	}
	return cdr_arguments_main(&program, argc, argv);
}
