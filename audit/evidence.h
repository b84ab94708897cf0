#ifndef CDR_AUDIT_EVIDENCE_H
#define CDR_AUDIT_EVIDENCE_H

/*
 * What a node wrote down when the hub's log did not hold (node/member/audit.h), judged again by somebody who was not there and
 * believes neither of the two: only what hub and trustees signed counts, and only what an honest hub could never have signed.
 *
 * The file is a JSON object. Of its fields are looked at, bytes in hexadecimal and notes as they are: `finding`, `genesis`, `request`
 * and `reply` (a signed CheckpointRequest and what the hub answered), `checkpoint`, `checkpoint_of_trustee`, `receipt`, `other_receipt`, `roster`;
 * `words`: objects with `request` and `reply`, a signed ContradictionsRequest and what a trustee answered.
 */

#include "audit/checkpoint.h"

#define CDR_EVIDENCE_LEN_MAX (4U << 20)
#define CDR_EVIDENCE_LATE_S 3600 /* after which an honest hub has had a leaf witnessed */

struct cdr_evidence {
	char finding[24];                    /* as the file names it */
	char parties[CDR_FAULT_LEN / 2];     /* who signed what cannot both be true */
	uint64_t size;                       /* of the log that was shown; 0: none */
};

/**
 * cdr_evidence_judge(json, rosters, count, evidence, fault):
 * Whether the file shows what it says.
 *
 * rosters  in   the chain from the genesis roster on, verified (audit/verify.h)
 * fault    out  why not
 *
 * Returns  CDR_OK: it does; CDR_E_PROOF: what is signed in it does not show that, or rests on the node's word, as "stale" does;
 *          CDR_E_SIGNATURE: something in it is not signed by whom it should be; CDR_E_INPUT: it is no such file;
 *          CDR_E_ROSTER: it is of another exchange; CDR_E_ABSENT: it was written under a newer roster than ${rosters} has, and rests on who
 *          its trustees are; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_evidence_judge(struct cdr_bytes json, struct cdr_roster *const *rosters, size_t count,
    struct cdr_evidence *evidence, struct cdr_fault *fault);

#endif
