#ifndef CDR_NODE_NET_BACKUP_COMMAND_H
#define CDR_NODE_NET_BACKUP_COMMAND_H

/* `backup` and `restore`, the same for every program; what a restored node must do first is the program's. */

#include "node/net/arguments.h"
#include "node/net/report.h"
#include "node/store/backup.h"

/**
 * cdr_backup_command_write(arguments, schema, note, report, fault):
 * Back up the node's folder into the file that is the one operand. The daemon may run.
 *
 * note   in   a writing job, before the copy is made, so that no copy is without it; NULL: none
 *
 * Returns  as cdr_home_open, ${note} and cdr_backup_write.
 */
CDR_MUST_CHECK cdr_err cdr_backup_command_write(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *note, struct cdr_report *report, struct cdr_fault *fault);

/**
 * cdr_backup_command_restore(arguments, schema, mark, context, report, fault):
 * Make the node's folder of the file that is the one operand, and run ${mark} in it, a writing job that notes that this node may have
 * forgotten something.
 *
 * Returns  as cdr_backup_restore and ${mark}. If ${mark} fails the folder is removed: nothing is half restored.
 */
CDR_MUST_CHECK cdr_err cdr_backup_command_restore(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema,
    cdr_store_job *mark, void *context, struct cdr_report *report, struct cdr_fault *fault);

#endif
