#ifndef CDR_NODE_HUB_EVALUATION_H
#define CDR_NODE_HUB_EVALUATION_H

/*
 * Evaluations before they are asked: the hub logs them, and has the log witnessed while the member turns to the trustees. And checkpoints with
 * proofs, for nodes that check the log.
 */

#include "node/net/dispatch.h"

#define CDR_HUB_WITNESS_MS 10000 /* how long a request waits for the witnesses */

/*
 * /v1/log/evaluation: SignedEvaluation to EvaluationReply, without waiting for the witnesses. A repeat gets the same leaf, free of
 * quota, and waits for the proof: as long as CDR_HUB_WITNESS_MS.
 *
 * CDR_E_INPUT     it is not an EvaluateRequest
 * CDR_E_REFUSED   it names another member, or an unknown purpose
 * CDR_E_SIGNATURE it is not signed for /v1/evaluate by the caller
 * CDR_E_EPOCH, CDR_E_RANGE, CDR_E_QUOTA
 * CDR_E_SEQUENCE  the number was used for another request
 * CDR_E_BUSY      logged, and too few trustees can be had to witness it: ask again
 */
cdr_err cdr_hub_log_evaluation(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/log/checkpoint: CheckpointRequest to CheckpointReply.
 *
 * CDR_E_RANGE     more positions than a reply holds
 * CDR_E_ABSENT    the log has never been as long as `from`
 * CDR_E_BUSY      nothing is witnessed yet, or not yet as much as `from`; or the trustees have just changed
 */
cdr_err cdr_hub_log_checkpoint(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/log/show: Empty to Empty. The trustee who asks is shown the log anew, from where it says that it stands: it was put back from a
 * backup, and has not all that it had seen.
 */
cdr_err cdr_hub_log_show(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
