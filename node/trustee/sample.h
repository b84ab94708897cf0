#ifndef CDR_NODE_TRUSTEE_SAMPLE_H
#define CDR_NODE_TRUSTEE_SAMPLE_H

/*
 * A trustee's part in samples (audit/sample.h): its part of a lot, once for each number and only for what it has seen witnessed; the lots
 * that the log brings, verified; and from them which evaluations are to be shown to this trustee as their auditor.
 */

#include "audit/sample.h"
#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_SAMPLE_OLD_S (60 * 86400) /* of a lot that is older nothing is asked: this trustee has just come */

/*
 * /v1/sample/share: SampleShareRequest to SampleShare, by the hub.
 *
 * CDR_E_INPUT     it is no basis, or not that of the checkpoint
 * CDR_E_PROOF     the checkpoint is not witnessed, or contradicts what this trustee saw
 * CDR_E_SEQUENCE  it does not begin where the last sample in the log ended
 * CDR_E_EXISTS    a part was given for another basis of that number, or may have been (node/trustee/sample_given.h)
 * CDR_E_EPOCH     that key is not in the roster any more, or was not the newest when the checkpoint was cosigned; or there is no share of it here
 * CDR_E_BUSY      this trustee has not seen the log so far, holds another roster, or is catching up after it was put back
 */
cdr_err cdr_trustee_sample_share(void *trustee, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* A lot that a leaf brought, and what holds for it by the roster of the moment. */
struct cdr_trustee_lot {
	struct cdr_sample sample;
	uint64_t at;                  /* of the leaf */
	uint64_t answer_s;            /* how long a member has */
	uint32_t trustee_count;
};

/**
 * cdr_trustee_sample_read(trustee, roster, leaf, evidence, lot, holds):
 * Whether ${evidence} is the lot that the leaf `sample` says, by its own proofs.
 *
 * holds   out   false: the leaf counts for nothing
 *
 * Returns  CDR_OK; CDR_E_BUSY if its key is newer than those of the roster; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_read(const struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_leaf *leaf, struct cdr_bytes evidence, struct cdr_trustee_lot *lot, bool *holds);

/**
 * cdr_trustee_sample_take(tx, trustee, lot, now):
 * Take a lot in, in the transaction that takes its leaf in: if it is behind the one before, what it draws is noted, and asked of its member. That none is left
 * out between them t trustees saw to when they made it; this one may have come since.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_take(struct cdr_tx *tx, const struct cdr_trustee *trustee,
    const struct cdr_trustee_lot *lot, uint64_t now);

/* The last sample in the log: its number (0: none yet) and where it ends. */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_last(struct cdr_tx *tx, uint64_t *number, uint64_t *size);

/* Whether lots have stopped coming: the hub makes none, or withholds them. */
struct cdr_trustee_sample_due {
	uint64_t number;              /* of the next sample */
	uint64_t waiting_count;       /* evaluations that are in no sample yet */
	uint64_t since;               /* when the first of them was counted here */
	bool is_overdue;              /* longer ago than CDR_SAMPLE_OVERDUE_S */
	bool was_asked;               /* this trustee gave its part of the next lot: it was begun, and never came */
};

/* A reading job's part: as of ${now}. */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_due(struct cdr_tx *tx, uint64_t now, struct cdr_trustee_sample_due *due);

/**
 * cdr_trustee_sample_watch(trustee, now, told_at):
 * Say in the log that lots have stopped coming, once a day while they do; and once that they came again.
 *
 * told_at   in, out   when it was said last; 0: it was not
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_watch(struct cdr_trustee *trustee, uint64_t now, uint64_t *told_at);

/**
 * cdr_trustee_sample_find(tx, number, sample):
 * A sample that was taken in.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_find(struct cdr_tx *tx, uint64_t number, struct cdr_sample *sample);

#endif
