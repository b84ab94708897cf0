#include "node/member/audit.h"

#include <stdlib.h>

#include "node/net/clock.h"
#include "node/net/log.h"

#define CHECKED_NAME "log/checked_at"

/* A reading job: when the log was checked last. */
static cdr_err
read_checked(struct cdr_tx *tx, void *context)
{
	cdr_err err = cdr_setting_get(tx, CHECKED_NAME, context, sizeof(uint64_t));

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A writing job. */
static cdr_err
write_checked(struct cdr_tx *tx, void *context)
{
	return cdr_setting_put(tx, CHECKED_NAME, context, sizeof(uint64_t));
}

/* To whoever watches over the daemon. */
static void
tell(const struct cdr_audit *audit)
{
	for (size_t i = 0; i < audit->finding_count; i++) {
		const struct cdr_audit_finding *f = &audit->finding[i];
		cdr_log(CDR_LOG_ERROR, "log.lie", cdr_log_text("finding", cdr_audit_kind_name(f->kind)), cdr_log_text("parties", f->parties),
		    cdr_log_int("size", (int64_t)f->size), cdr_log_int("place", (int64_t)f->place), cdr_log_text("evidence", f->path));
	}
}

/* see node/member/audit.h */
cdr_err
cdr_audit_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	uint64_t checked_at = 0, now = cdr_member_now();
	struct cdr_audit *audit = NULL;

	*worked = false;
	cdr_err err = cdr_store_read(member->home->store, read_checked, &checked_at);
	if (err != CDR_OK || !cdr_clock_is_due(now, checked_at, CDR_AUDIT_DAY_S))
		return err;
	audit = calloc(1, sizeof(*audit));
	if (audit == NULL)
		return CDR_E_MEMORY;
	err = cdr_audit_check(member, false, audit, fault);
	tell(audit);
	if (err == CDR_OK || err == CDR_E_PROOF) {
		cdr_err kept = cdr_store_write(member->home->store, write_checked, &now);
		err = kept != CDR_OK ? kept : CDR_OK; /* findings were told: the task itself did not fail */
	}
	free(audit);
	return err;
}
