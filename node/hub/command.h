#ifndef CDR_NODE_HUB_COMMAND_H
#define CDR_NODE_HUB_COMMAND_H

/* The sub-commands of candor-hub, and what they share. */

#include "node/hub/hub.h"
#include "node/net/arguments.h"
#include "node/store/home.h"

extern const struct cdr_command cdr_hub_commands[];

/* A hub's folder, opened, and the hub over its database. Zeroed: nothing. */
struct cdr_hub_open {
	struct cdr_home *home;
	struct cdr_hub *hub;
};

/**
 * cdr_hub_open(arguments, open, fault):
 * Open the folder that the command line names. A daemon may serve it at the same time.
 *
 * open   out   closed by cdr_hub_close also on error
 */
CDR_MUST_CHECK cdr_err cdr_hub_open(const struct cdr_arguments *arguments, struct cdr_hub_open *open,
    struct cdr_fault *fault);
void cdr_hub_close(struct cdr_hub_open *open);

/*
 * As cdr_hub_open, for a command that changes something or shows the log to others: CDR_E_REFUSED where a trustee has shown the daemon that
 * this database is an old copy.
 */
CDR_MUST_CHECK cdr_err cdr_hub_open_to_change(const struct cdr_arguments *arguments, struct cdr_hub_open *open,
    struct cdr_fault *fault);

/**
 * cdr_hub_setting_read(store, name, value, size):
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_setting_read(struct cdr_store *store, const char *name, char *value, size_t size);

/* What shows the log to the trustees while a hub serves. Zeroed: nothing. */
struct cdr_hub_showing {
	struct cdr_client *client;
	struct cdr_hub_witness *witness;
};

/**
 * cdr_hub_showing_start(open, showing, fault):
 * Show the log of an open hub to its trustees, with a client of the hub's own; cdr_hub_witness_tick is for the caller to
 * call. Ended by cdr_hub_showing_stop, also after an error.
 */
CDR_MUST_CHECK cdr_err cdr_hub_showing_start(const struct cdr_hub_open *open, struct cdr_hub_showing *showing,
    struct cdr_fault *fault);
void cdr_hub_showing_stop(struct cdr_hub_showing *showing);

/* Seconds since 1970, now. */
uint64_t cdr_hub_now(void);

/**
 * cdr_hub_guest_listener_start(arguments, open, listener, fault):
 * Begin to serve guests' browsers, if the command line of `serve` says where.
 *
 * open      in    borrowed until cdr_hub_guest_listener_stop
 * listener  out   NULL on error, and where nothing is asked for
 */
struct cdr_hub_guest_listener;
CDR_MUST_CHECK cdr_err cdr_hub_guest_listener_start(const struct cdr_arguments *arguments, const struct cdr_hub_open *open,
    struct cdr_hub_guest_listener **listener, struct cdr_fault *fault);
const char *cdr_hub_guest_listener_address_peek(const struct cdr_hub_guest_listener *listener);
/* NULL is ignored. */
void cdr_hub_guest_listener_stop(struct cdr_hub_guest_listener *listener);

cdr_command_handler cdr_hub_command_backup;
cdr_command_handler cdr_hub_command_restore;
cdr_command_handler cdr_hub_command_passphrase;
cdr_command_handler cdr_hub_command_init;
cdr_command_handler cdr_hub_command_serve;
cdr_command_handler cdr_hub_command_invite;
cdr_command_handler cdr_hub_command_member_list;
cdr_command_handler cdr_hub_command_member_show;
cdr_command_handler cdr_hub_command_member_suspend;
cdr_command_handler cdr_hub_command_member_revoke;
cdr_command_handler cdr_hub_command_member_restore;
cdr_command_handler cdr_hub_command_trustees_change;
cdr_command_handler cdr_hub_command_epoch_new;
cdr_command_handler cdr_hub_command_epoch_status;
cdr_command_handler cdr_hub_command_inspect;
cdr_command_handler cdr_hub_command_return_list;
cdr_command_handler cdr_hub_command_return_publish;
cdr_command_handler cdr_hub_command_log_export;

cdr_command_handler cdr_hub_command_codebook_load;
cdr_command_handler cdr_hub_command_round_open;
cdr_command_handler cdr_hub_command_round_status;
cdr_command_handler cdr_hub_command_round_close;
cdr_command_handler cdr_hub_command_round_record;
cdr_command_handler cdr_hub_command_round_verify;
cdr_command_handler cdr_hub_command_round_give_up;
cdr_command_handler cdr_hub_command_round_publish;
cdr_command_handler cdr_hub_command_names_publish;
cdr_command_handler cdr_hub_command_names_table;

#endif
