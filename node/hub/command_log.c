#include <inttypes.h>

#include "node/hub/command.h"
#include "node/hub/publish.h"
#include "node/hub/witness.h"

/* log export: the log as files. */

struct reading {
	struct cdr_hub *hub;
	const struct cdr_roster *roster;
	struct cdr_checkpoint checkpoint;
};

/* A reading job: the newest checkpoint that was kept. */
static cdr_err
newest_job(struct cdr_tx *tx, void *context)
{
	struct reading *r = context;

	return cdr_hub_checkpoint_read(tx, CDR_HUB_CHECKPOINT_NEWEST, r->hub->genesis, r->roster, &r->checkpoint);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_log_export(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	struct reading r = { 0 };
	const char *folder = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	r.hub = open.hub;
	r.roster = cdr_hub_roster_hold(open.hub);
	if (r.roster == NULL) {
		err = cdr_fault_set(fault, CDR_E_STORE, "the roster cannot be read");
		goto out;
	}
	err = cdr_store_read(open.hub->store, newest_job, &r);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "nothing is witnessed yet: let `candor-hub serve` run until the trustees have seen the log");
	/* Nobody could verify what other trustees witnessed than the newest roster names. */
	if (err == CDR_OK && r.checkpoint.cosignature_count < r.roster->body->threshold)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "the trustees of the newest roster have not witnessed the log yet: let `candor-hub serve` run, and try "
		    "again in a minute");
	if (err == CDR_OK)
		err = cdr_hub_publish(open.hub, r.roster, folder, &r.checkpoint, fault);
	if (err != CDR_OK)
		goto out;
	cdr_report_text(report, "%" PRIu64 " leaves are in %s. `candor-audit verify %s` verifies them.\n", r.checkpoint.size, folder,
	    folder);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I, s:I}", "folder", folder, "leaves", (json_int_t)r.checkpoint.size,
	    "witnesses", (json_int_t)r.checkpoint.cosignature_count)));
out:
	if (r.roster != NULL)
		cdr_hub_roster_release(open.hub, r.roster);
	cdr_hub_close(&open);
	return err;
}
