#ifndef CDR_NODE_STORE_SCRUB_H
#define CDR_NODE_STORE_SCRUB_H

/*
 * What is erased was written to the database's log before, and stands there until the log is cut (cdr_store_scrub): whoever steals folder and
 * passphrase later must find none of it. Whoever erases says so in the same transaction, and a daemon cuts soon, also where a process was
 * killed in between. For databases with a table setting (name, value).
 */

#include "node/store/store.h"

/* Inside a writing job: something was erased. The latter: if the statement before changed a row. Return as cdr_query_run. */
CDR_MUST_CHECK cdr_err cdr_scrub_want(struct cdr_tx *tx);
CDR_MUST_CHECK cdr_err cdr_scrub_want_changed(struct cdr_tx *tx);

/**
 * cdr_scrub(store, scrub, done):
 * Cut the log if something was erased since it was cut last.
 *
 * scrub        cdr_store_scrub; cdr_store_scrub_soon of a daemon
 * done    out  nothing that was erased is in the files; false: somebody was reading, and a later call does it
 *
 * Returns  CDR_OK, also where it is not done; CDR_E_STORE; CDR_E_BUSY if the database cannot be read or written.
 */
CDR_MUST_CHECK cdr_err cdr_scrub(struct cdr_store *store, cdr_err (*scrub)(struct cdr_store *), bool *done);

#endif
