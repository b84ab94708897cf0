#ifndef CDR_NODE_NET_PASSPHRASE_COMMAND_H
#define CDR_NODE_NET_PASSPHRASE_COMMAND_H

/* `passphrase`, the same for every program: another one in the place of the node's. */

#include "node/net/arguments.h"
#include "node/net/report.h"
#include "node/store/store.h"

extern const struct cdr_option cdr_passphrase_command_options[];

#define CDR_PASSPHRASE_COMMAND_SUMMARY "open this node's folder with another passphrase from now on"
#define CDR_PASSPHRASE_COMMAND_HELP \
	"The daemon must be stopped, and be given the new one when it starts. Keys stay what they are: whoever has an older\n" \
	"backup or a copy of the folder, and its passphrase, still has them."

/**
 * cdr_passphrase_command_change(arguments, schema, note, report, fault):
 * Read the present passphrase, then the new one (--new-passphrase-file, else the terminal, twice), and save the keystore under it.
 *
 * note   in   a writing job, once it is saved; NULL: none
 *
 * Returns  as cdr_home_open; CDR_E_BUSY while the daemon runs; CDR_E_PASSPHRASE if either cannot be read; CDR_E_REFUSED if the new
 *          one is too short; as cdr_keystore_change_passphrase and ${note}. Before the last of these the old one holds.
 */
CDR_MUST_CHECK cdr_err cdr_passphrase_command_change(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *note, struct cdr_report *report, struct cdr_fault *fault);

#endif
