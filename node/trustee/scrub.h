#ifndef CDR_NODE_TRUSTEE_SCRUB_H
#define CDR_NODE_TRUSTEE_SCRUB_H

/*
 * What a trustee destroys, shares of keys, seeds of ceremonies and what it was shown as auditor, was written to the database's log before, and
 * stands there until the log is cut: whoever steals folder and passphrase later must find none of it.
 */

#include "node/trustee/trustee.h"

/* A job of its own inside ${tx}: if the statement before changed a row, the log is cut soon, also where the process is killed before. */
CDR_MUST_CHECK cdr_err cdr_trustee_scrub_want(struct cdr_tx *tx);

/**
 * cdr_trustee_scrub(trustee):
 * Cut the log if something was destroyed since it was cut last. Where somebody reads just then, the next call does it.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_BUSY if the database cannot be read.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_scrub(const struct cdr_trustee *trustee);

#endif
