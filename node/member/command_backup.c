#include "node/member/command.h"
#include "node/member/put_back.h"
#include "node/member/schema.h"
#include "node/member/trail.h"
#include "node/net/backup_command.h"
#include "node/net/passphrase_command.h"

/* backup, restore, passphrase. By the node's owner, who has folder and passphrase, accounts or not: so a machine can do it each night. */

/* A writing job. */
static cdr_err
note_backup(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trail_add(tx, CDR_TRAIL_OPERATOR, "backup.write", NULL);
}

/* A writing job. */
static cdr_err
note_restore(struct cdr_tx *tx, void *context)
{
	cdr_err err = cdr_put_back_mark(tx, context);

	return err == CDR_OK ? cdr_trail_add(tx, CDR_TRAIL_OPERATOR, "backup.restore", NULL) : err;
}

/* see node/member/command.h */
cdr_err
cdr_command_backup(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_backup_command_write(arguments, &cdr_member_schema, note_backup, report, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_restore(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = cdr_backup_command_restore(arguments, &cdr_member_schema, note_restore, NULL, report, fault);

	if (err == CDR_OK)
		cdr_put_back_settle();
	if (err == CDR_OK)
		cdr_report_text(report,
		    "Start `candor serve`. Employers that had not answered are asked again under new numbers, since their answers may have come\n"
		    "after the backup. What else happened after it is gone, and this node cannot know of it: checks that were begun, answers\n"
		    "that were signed, leavers, cases and incidents that were entered, and ERASURES: who was erased since is here again. Do all\n"
		    "that again, and import the whole file of leavers as it is today; `candor leavers status` then names nobody any more who had been\n"
		    "taken out of the index after the backup. Only one copy of a node may run.\n");
	return err;
}

/* A writing job. */
static cdr_err
note_passphrase(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trail_add(tx, CDR_TRAIL_OPERATOR, "passphrase.change", NULL);
}

/* see node/member/command.h */
cdr_err
cdr_command_passphrase(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_passphrase_command_change(arguments, &cdr_member_schema, note_passphrase, report, fault);
}
