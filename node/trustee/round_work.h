#ifndef CDR_NODE_TRUSTEE_ROUND_WORK_H
#define CDR_NODE_TRUSTEE_ROUND_WORK_H

/* One round while a trustee takes a step in it. Internal to node/trustee/round*.c. */

#include "node/trustee/round_log.h"
#include "node/trustee/round_store.h"

struct cdr_round_work {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;     /* in force; held by the caller */
	const struct cdr_round_view *view;   /* of the log, when the hub was asked */
	const Cdr__Wire__RoundTask *task;
	struct cdr_round *round;
	struct cdr_shelf rosters;
	struct cdr_tally_world world;
	struct cdr_close close;
	struct cdr_round_closing closing;    /* its leaf */
	struct cdr_set set;
	struct cdr_elgamal *key;
	struct cdr_round_known known;
	uint8_t *share;                      /* locked */
	bool leaves;                         /* nothing is answered any more: see cdr_trustee_round_leave */
	struct cdr_fault *fault;
};

/* A failure on the way is told by the ask; what the hub answers with a signature is its own word. */
CDR_MUST_CHECK cdr_err cdr_round_ask(const struct cdr_round_work *w, struct cdr_ask *ask);

/* Give ${w} its shelf: rosters of this exchange by version, those that this trustee has, and what the hub shows of others. */
void cdr_round_shelf(struct cdr_round_work *w);

/**
 * cdr_round_admit(w):
 * Whether the closing of ${w} may be opened at all: it stands in the log that this trustee saw, enough others witnessed it, it
 * was made by the roster in force; and nothing that was closed before it in the log about some of the same months could be
 * subtracted from it: each such round has exactly the same contributors and no table in common, or every trustee has signed that
 * it never opens it.
 *
 * Returns  CDR_OK, with w->closing filled; CDR_E_BUSY where it may be later; CDR_E_REFUSED, CDR_E_PROOF with why not; as
 *          cdr_round_log_witnessed.
 */
CDR_MUST_CHECK cdr_err cdr_round_admit(struct cdr_round_work *w);

/* Whether the set of ${w} is the one that the log has, and, where there is noise, has been witnessed like the closing. */
CDR_MUST_CHECK cdr_err cdr_round_admit_set(struct cdr_round_work *w);

#endif
