#ifndef CDR_NODE_TRUSTEE_SAMPLE_GIVEN_H
#define CDR_NODE_TRUSTEE_SAMPLE_GIVEN_H

/*
 * For which basis of a sample a part of its lot was given: one number has one basis, since whoever could have two would choose between two lots.
 * So it is written down before the part is given; a trustee that comes anew hears of it from those who were there before it, and gives none
 * for another. Only where the key of that basis is out of the roster, so that its lot can be made no more, may the number be begun anew.
 */

#include "audit/sample.h"
#include "node/trustee/trustee.h"

/* A basis for which a part was given. */
struct cdr_sample_given {
	uint64_t number;
	uint32_t key;
	uint8_t input[CDR_SAMPLE_INPUT_LEN];
};

enum cdr_sample_give {
	CDR_SAMPLE_GIVE,           /* it is written down */
	CDR_SAMPLE_GIVE_OTHER,     /* it was given for another */
	CDR_SAMPLE_GIVE_FORGOTTEN, /* it may have been, before this trustee was put back from a backup */
	CDR_SAMPLE_GIVE_TOLD,      /* others gave theirs for another, before this trustee came */
};

/**
 * cdr_trustee_sample_give(tx, roster, given, whether):
 * A writing job's part: whether the part for ${given} may be given; if so it is written down, and will be given again.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_give(struct cdr_tx *tx, const struct cdr_roster *roster, const struct cdr_sample_given *given,
    enum cdr_sample_give *whether);

/*
 * This trustee was put back from a backup, and has taken in the log since: it may have given its part of the lot that comes next, for a
 * basis that it has forgotten. So it gives none, as long as the newest statistics key of ${roster} is there; the others make that lot.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_forget(struct cdr_tx *tx, const struct cdr_roster *roster);

/* What this trustee gave of the sample that comes next, for those who come anew. CDR_E_ABSENT if nothing, as far as it knows. */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_given_next(struct cdr_tx *tx, struct cdr_sample_given *given);

/* A writing job's part: ${trustee}, who was there before this one came, told that. */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_told(struct cdr_tx *tx, uint32_t trustee, const struct cdr_sample_given *given);

#endif
