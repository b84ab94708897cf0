#include "node/net/passphrase_command.h"

#include "core/crypto/secret.h"
#include "node/net/daemon.h"
#include "node/net/node_options.h"
#include "node/store/home.h"

const struct cdr_option cdr_passphrase_command_options[] = {
	{ .name = "new-passphrase-file", .value = "FILE", .help = "read the new passphrase from a file that only you can read" },
	{ .name = NULL },
};

static cdr_err
read_new(const struct cdr_arguments *arguments, struct cdr_passphrase **passphrase, struct cdr_fault *fault)
{
	/* Not the node's own yet: what systemd gives the node is the one that it has. */
	const struct cdr_passphrase_source source = {
		.fd = -1, .file = cdr_arguments_text(arguments, "new-passphrase-file"), .prompt = "New passphrase", .option = "new-passphrase-file",
		.create = true,
	};
	cdr_err err = cdr_passphrase_read(&source, passphrase, fault);

	if (err != CDR_E_ABSENT && err != CDR_E_IO && err != CDR_E_INPUT)
		return err;
	const struct cdr_fault why = *fault;
	return cdr_fault_set(fault, CDR_E_PASSPHRASE, "the new passphrase: %s", why.text);
}

/* see node/net/passphrase_command.h */
cdr_err
cdr_passphrase_command_change(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *note, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];
	const char *path;
	struct cdr_daemon daemon = { 0 };
	struct cdr_passphrase *present = NULL, *next = NULL;
	struct cdr_home *home = NULL;

	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &present, fault));
	CDR_TRY(cdr_home_open(path, schema, present, &home, fault));
	/* A daemon saves the keystore under the passphrase that it was started with: none may run, or start meanwhile. */
	CDR_TRY(cdr_home_file(path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	err = cdr_daemon_start(&daemon, pid_path, -1, fault);
	if (err == CDR_E_BUSY) {
		const struct cdr_fault why = *fault;
		err = cdr_fault_set(fault, err, "stop the daemon first: %s", why.text);
	}
	CDR_TRY(err);
	CDR_TRY(read_new(arguments, &next, fault));
	CDR_TRY(cdr_keystore_change_passphrase(home->keystore, next, fault));
	if (note != NULL)
		CDR_TRY(cdr_store_write(home->store, note, NULL));
	cdr_report_text(report, "%s opens with the new passphrase. Start the daemon with it, and make a new backup: older ones, and copies of the\n"
	    "folder, open with the one before.\n", path);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s}", "home", path)));
	err = CDR_OK;
out:
	cdr_daemon_end(&daemon);
	cdr_home_close(home);
	cdr_passphrase_free(next);
	cdr_passphrase_free(present);
	return err;
}
