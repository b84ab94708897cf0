#include "node/net/backup_command.h"

#include <inttypes.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/net/clock.h"
#include "node/net/node_options.h"

/* see node/net/backup_command.h */
cdr_err
cdr_backup_command_write(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *note, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path, *file = cdr_arguments_operand(arguments, 0);
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_home *home = NULL;
	uint64_t bytes;

	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &passphrase, fault));
	CDR_TRY(cdr_home_open(path, schema, passphrase, &home, fault));
	if (note != NULL)
		CDR_TRY(cdr_store_write(home->store, note, NULL));
	CDR_TRY(cdr_backup_write(home, schema, file, cdr_clock_now(), &bytes, fault));
	cdr_report_text(report, "Written to %s, %" PRIu64 " bytes. It opens with the passphrase of today. Keep it on another machine, and an older one\n"
	    "no longer than you must: what was erased here is still in it.\n", file, bytes);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I}", "file", file, "bytes", (json_int_t)bytes)));
	err = CDR_OK;
out:
	cdr_home_close(home);
	cdr_passphrase_free(passphrase);
	return err;
}

/* see node/net/backup_command.h */
cdr_err
cdr_backup_command_restore(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *mark, void *context, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path;
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_home *home = NULL;
	uint64_t made_at;
	char text[32] = "";
	struct tm day;

	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &passphrase, fault));
	CDR_TRY(cdr_backup_restore(cdr_arguments_operand(arguments, 0), path, schema, passphrase, mark, context, &home, &made_at,
	    fault));
	const time_t when = (time_t)made_at;
	if (gmtime_r(&when, &day) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &day);
	cdr_report_text(report, "%s is whole and as it was on %s.\n", path, text);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I}", "home", path, "made_at", (json_int_t)made_at)));
	err = CDR_OK;
out:
	cdr_home_close(home);
	cdr_passphrase_free(passphrase);
	return err;
}
