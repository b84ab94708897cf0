#ifndef CDR_NODE_TRUSTEE_COMMAND_H
#define CDR_NODE_TRUSTEE_COMMAND_H

/* The sub-commands of candor-trustee, and what they share. */

#include "node/net/arguments.h"
#include "node/trustee/trustee.h"

#define CDR_LISTEN_LEN_MAX 64

extern const struct cdr_command cdr_trustee_commands[];

/* A trustee's folder, opened, with everything to work in it. Zeroed: nothing. */
struct cdr_trustee_open {
	struct cdr_home *home;
	struct cdr_client *client;
	struct cdr_trustee *trustee;
	char name[CDR_PARTY_NAME_LEN_MAX + 1];
	char url[CDR_URL_LEN_MAX + 1];
	char listen[CDR_LISTEN_LEN_MAX];
};

/**
 * cdr_trustee_open(arguments, open, fault):
 * Open the folder that the command line names. A daemon may serve it at the same time.
 *
 * open   out   closed by cdr_trustee_close also on error
 */
CDR_MUST_CHECK cdr_err cdr_trustee_open(const struct cdr_arguments *arguments, struct cdr_trustee_open *open,
    struct cdr_fault *fault);
void cdr_trustee_close(struct cdr_trustee_open *open);

/* The trustee of an open folder, stopped and begun anew by what is stored; nobody may use it meanwhile. As cdr_trustee_start. */
CDR_MUST_CHECK cdr_err cdr_trustee_open_anew(struct cdr_trustee_open *open, struct cdr_fault *fault);

/**
 * cdr_trustee_command_samples(tx, report, json):
 * Say whether lots come, in words and as JSON: for `status` and `reports`.
 *
 * json   out   new; NULL on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_command_samples(struct cdr_tx *tx, struct cdr_report *report, json_t **json);

/**
 * cdr_trustee_command_list(tx, title, sql, list_one, report, json):
 * Under ${title} what ${sql} finds, each row as ${list_one} puts it into text and list; "none" where there is none.
 *
 * json   out   new; NULL on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
typedef cdr_err cdr_trustee_command_row(struct cdr_query *query, struct cdr_report *report, json_t *list);
CDR_MUST_CHECK cdr_err cdr_trustee_command_list(struct cdr_tx *tx, const char *title, const char *sql, cdr_trustee_command_row *list_one,
    struct cdr_report *report, json_t **json);

/* Say where the hub signed two logs, in words and as JSON, the same way. */
CDR_MUST_CHECK cdr_err cdr_trustee_command_forks(struct cdr_tx *tx, struct cdr_report *report, json_t **json);
/* The same of leaves that it kept from this trustee. */
CDR_MUST_CHECK cdr_err cdr_trustee_command_withheld(struct cdr_tx *tx, struct cdr_report *report, json_t **json);
/* Say which roster the log lacks that was in force long before (node/trustee/peers.h): its version, or null. Nothing in words where there is none. */
CDR_MUST_CHECK cdr_err cdr_trustee_command_unlogged(struct cdr_tx *tx, struct cdr_report *report, json_t **json);

/* Wait. */
void cdr_trustee_sleep_ms(uint64_t ms);

cdr_command_handler cdr_trustee_command_backup;
cdr_command_handler cdr_trustee_command_restore;
cdr_command_handler cdr_trustee_command_passphrase;
cdr_command_handler cdr_trustee_command_init;
cdr_command_handler cdr_trustee_command_ceremony;
cdr_command_handler cdr_trustee_command_refresh;
cdr_command_handler cdr_trustee_command_reshare;
cdr_command_handler cdr_trustee_command_go_without;
cdr_command_handler cdr_trustee_command_status;
cdr_command_handler cdr_trustee_command_share_backup;
cdr_command_handler cdr_trustee_command_share_restore;
cdr_command_handler cdr_trustee_command_serve;
cdr_command_handler cdr_trustee_command_pending;
cdr_command_handler cdr_trustee_command_approve;
cdr_command_handler cdr_trustee_command_reports;
cdr_command_handler cdr_trustee_command_rounds;
cdr_command_handler cdr_trustee_command_audit_list;
cdr_command_handler cdr_trustee_command_audit_show;
cdr_command_handler cdr_trustee_command_audit_judge;
cdr_command_handler cdr_trustee_command_inspect;

#endif
