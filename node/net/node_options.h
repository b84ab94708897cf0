#ifndef CDR_NODE_NET_NODE_OPTIONS_H
#define CDR_NODE_NET_NODE_OPTIONS_H

/* The options that every sub-command of every program takes: where the node's folder is, and where its passphrase. */

#include "keys/passphrase.h"
#include "node/net/arguments.h"
#include "node/store/home.h"

/* For struct cdr_program.options; the rows alone where a program has more. */
#define CDR_NODE_OPTION_ROWS                                                                                                          \
	{ .name = "home", .value = "DIR", .help = "the node's folder (else $CANDOR_HOME)" },                                               \
	{ .name = "passphrase-file", .value = "FILE", .help = "read the passphrase from a file that only you can read" },                  \
	{ .name = "passphrase-fd", .value = "N", .help = "read the passphrase from an open file descriptor", .min = 0, .max = 65535 }
extern const struct cdr_option cdr_node_options[];

/**
 * cdr_node_home(arguments, path, fault):
 * --home, else $CANDOR_HOME.
 *
 * path   out   borrowed; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT with what to do.
 */
CDR_MUST_CHECK cdr_err cdr_node_home(const struct cdr_arguments *arguments, const char **path,
    struct cdr_fault *fault);

/**
 * cdr_node_passphrase(arguments, create, passphrase, fault):
 * From --passphrase-fd, --passphrase-file, the systemd credential or the terminal; see keys/passphrase.h.
 *
 * create  in    whether it is a new one
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if it is missing or cannot be read; CDR_E_REFUSED, CDR_E_MEMORY as
 *          cdr_passphrase_read.
 */
CDR_MUST_CHECK cdr_err cdr_node_passphrase(const struct cdr_arguments *arguments, bool create,
    struct cdr_passphrase **passphrase, struct cdr_fault *fault);

/**
 * cdr_node_home_make(arguments, schema, home, fault):
 * Make the node's folder under a new passphrase; one that a killed `init` left is taken up again.
 *
 * home   out   cdr_home_close; NULL on error
 *
 * Returns  CDR_OK; as cdr_node_home, cdr_node_passphrase, cdr_home_create.
 */
CDR_MUST_CHECK cdr_err cdr_node_home_make(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    struct cdr_home **home, struct cdr_fault *fault);

#endif
