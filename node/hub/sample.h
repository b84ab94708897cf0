#ifndef CDR_NODE_HUB_SAMPLE_H
#define CDR_NODE_HUB_SAMPLE_H

/*
 * The hub's part in samples (audit/sample.h): once a week it has the trustees make a lot for what the log holds since the last one, and logs
 * it; it hands lots to members, and logs what auditors find. It can choose when, and what it cannot choose is what is drawn.
 */

#include "node/hub/witness.h"
#include "node/net/dispatch.h"

#define CDR_HUB_SAMPLE_RETRY_S 5

/**
 * cdr_hub_sample_step(hub, line, now, fault):
 * If a week is over and somebody evaluated since: ask the trustees for their parts, and log the lot. What was begun is gone on with: the basis is
 * written down before anybody is asked, since nobody gives a part for another.
 *
 * line  in   how trustees are asked
 *
 * Returns  CDR_OK, also if nothing is due; CDR_E_BUSY if too few trustees gave their part: again later; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_sample_step(struct cdr_hub *hub, const struct cdr_hub_line *line, uint64_t now,
    struct cdr_fault *fault);

/* /v1/sample/list: SampleListRequest to SampleList. */
cdr_err cdr_hub_sample_list(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/*
 * /v1/sample/verdict: Verdict to Logged, by the auditor. A repeat gets the same leaf.
 *
 * CDR_E_INPUT    an unknown outcome or purpose
 * CDR_E_ABSENT   no such sample
 * CDR_E_REFUSED  that was not drawn there, or for another auditor
 */
cdr_err cdr_hub_sample_verdict(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
