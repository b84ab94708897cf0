#ifndef CDR_NODE_TRUSTEE_QUERY_OPENING_H
#define CDR_NODE_TRUSTEE_QUERY_OPENING_H

/*
 * A trustee as auditor: what was drawn for it is shown by the member, verified at once (audit/query_opening.h), and found to be one thing or the other; what
 * it found goes into the log. Whether there is evidence for it, a notice, an employment record, a person here judges.
 *
 * An opening is kept as it was sealed until somebody has judged it, or for CDR_TRUSTEE_OPENING_KEEP_S, one that was false too; then it is destroyed. Whoever is no
 * trustee any more keeps none.
 */

#include "node/net/dispatch.h"
#include "node/trustee/sample.h"

#define CDR_TRUSTEE_OPENING_KEEP_S (60 * 86400)

/*
 * /v1/sample/open: OpeningPut to OpeningReply, by the member. A repeat of what holds changes nothing; what came too late, or was false, may be put
 * right, and both stand in the log.
 *
 * CDR_E_ABSENT    nothing of this member is drawn there for this trustee; or it has not seen the sample yet
 * CDR_E_SEALED    it is not sealed to this trustee
 * CDR_E_INPUT     it is neither an opening nor a refusal
 * CDR_E_REFUSED   this program has other name tables than the epoch, in force or over: it cannot tell, and the member's time begins anew
 */
cdr_err cdr_trustee_sample_open(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/**
 * cdr_trustee_sample_step(trustee, fault):
 * What is due: who has not answered in time is late; what was found is told to the hub, which logs it; openings that nobody judged go. A finding that the hub
 * answers it does not take is told again after an hour, and holds up no other.
 *
 * Returns  CDR_OK; as cdr_trustee_ask: again later.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_step(struct cdr_trustee *trustee, struct cdr_fault *fault);

/* Inside a writing job: destroy what was shown before ${before}, seconds. */
CDR_MUST_CHECK cdr_err cdr_trustee_openings_destroy(struct cdr_tx *tx, uint64_t before);

/* What is drawn for this trustee, as people see it. */
struct cdr_trustee_drawn {
	uint64_t number, sample, position, point, due_at, changed_at;
	char member[CDR_SLUG_LEN_MAX + 1];
	char purpose[16], state[16], posted[16];
	char reason[CDR_FAULT_LEN];
	bool has_opening;
};

/**
 * cdr_trustee_drawn_list(trustee, each, context):
 * Every one, oldest first.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_drawn_list(struct cdr_trustee *trustee,
    void (*each)(void *context, const struct cdr_trustee_drawn *drawn), void *context);

/**
 * cdr_trustee_drawn_open(trustee, number, drawn, arena, opening, fault):
 * Open what a member showed, for the person who judges it.
 *
 * opening  out, personal   borrowed from ${arena}, which the caller frees also on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is nothing of that number, or nothing was shown; CDR_E_SEALED; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_drawn_open(struct cdr_trustee *trustee, uint64_t number, struct cdr_trustee_drawn *drawn,
    struct cdr_arena *arena, const Cdr__Wire__Opening **opening, struct cdr_fault *fault);

/**
 * cdr_trustee_drawn_judge(trustee, number, backed, fault):
 * A person says whether the evidence is there. What was shown is destroyed, and the verdict goes into the log.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_REFUSED if nothing was shown that could be judged; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_drawn_judge(struct cdr_trustee *trustee, uint64_t number, bool backed,
    struct cdr_fault *fault);

#endif
