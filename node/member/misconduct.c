#include "node/member/misconduct.h"

#include <string.h>

#include "node/net/log.h"

#define MISCONDUCT_MAX 1000 /* kept at most; the first ones tell the most */
#define DAY_S 86400

/* A writing job. CDR_E_EXISTS if it was told already. */
static cdr_err
write_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_misconduct *m = context;
	int64_t told = 0, now = (int64_t)cdr_member_now();
	uint64_t number;

	if (m->once_a_day)
		CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM misconduct WHERE party = $1 AND what = $2 AND at > $3",
		    CDR_VALUES(cdr_value_text(m->party), cdr_value_text(m->what), cdr_value_int(now - DAY_S)), &told));
	if (told > 0)
		return CDR_E_EXISTS;
	CDR_TRY(cdr_setting_next(tx, "misconduct", &number));
	if (number > MISCONDUCT_MAX)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO misconduct (number, at, party, what, request, reply) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_int(now), cdr_value_text(m->party), cdr_value_text(m->what),
		cdr_value_bytes(m->request), cdr_value_bytes(m->reply))));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/misconduct.h */
void
cdr_misconduct_note(const struct cdr_member *member, const struct cdr_misconduct *misconduct)
{
	struct cdr_misconduct m = *misconduct;

	cdr_err err = cdr_store_write(member->home->store, write_job, &m);
	if (err == CDR_E_EXISTS)
		return;
	cdr_log(CDR_LOG_ERROR, strncmp(m.party, "trustee", 7) == 0 ? "trustee.misconduct" : "hub.misconduct",
	    cdr_log_text("party", m.party), cdr_log_text("what", m.what));
	if (err != CDR_OK)
		cdr_log(CDR_LOG_ERROR, "misconduct.not_kept", cdr_log_err(err));
}
