#include "node/member/command.h"
#include "node/member/put_back.h"
#include "node/member/schema.h"
#include "node/net/backup_command.h"

/* backup, restore. */

/* see node/member/command.h */
cdr_err
cdr_command_backup(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_backup_command_write(arguments, &cdr_member_schema, report, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_restore(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = cdr_backup_command_restore(arguments, &cdr_member_schema, cdr_put_back_mark, NULL, report, fault);

	if (err == CDR_OK)
		cdr_report_text(report,
		    "Start `candor serve`. Employers that had not answered are asked again under new numbers, since their answers may have come\n"
		    "after the backup. What else happened after it is gone, and this node cannot know of it: checks that were begun, answers\n"
		    "that were signed, leavers, cases and incidents that were entered, and ERASURES: who was erased since is here again. Do all\n"
		    "that again, and import the file of leavers. Only one copy of a node may run.\n");
	return err;
}
