#ifndef CDR_AUDIT_SAMPLE_H
#define CDR_AUDIT_SAMPLE_H

/*
 * Samples: which evaluations of a stretch of the log are to be shown, and to whom.
 *
 * A sample begins with a checkpoint that t trustees cosigned, so what it draws from is settled. Its lot is the function under the
 * statistics key, which no machine has, of that checkpoint: one value, which t trustees can make, fewer cannot foretell, and
 * nobody can choose; each part carries a proof. (Not the key of tags: that one trustees use for whatever a member has blinded, also a
 * checkpoint of its choice.) From the lot follows for each leaf whether it is drawn. audit/SAMPLE.md says why.
 *
 * Of evaluations for checks one in so many is drawn, and shown whole. Of those for imports single points are drawn; the
 * person that a drawn point belongs to is shown.
 */

#include "audit/leaf.h"
#include "proto/roster.h"
#include "proto/sample.pb-c.h"

#define CDR_SAMPLE_SEED_LEN 32
#define CDR_SAMPLE_LEN_MAX 2560
#define CDR_SAMPLE_CHECKS 16      /* one check in so many, where the scheme does not say */
#define CDR_SAMPLE_POINTS 2048    /* one point of imports in so many */
#define CDR_SAMPLE_DRAWN_MAX 4    /* of one leaf */
#define CDR_SAMPLE_EVERY_S (7 * 86400)    /* a lot is due that long after the one before, if anything was evaluated since */
#define CDR_SAMPLE_OVERDUE_S (14 * 86400) /* an evaluation that stands in the log for so long should have been in one */

struct cdr_sample_basis {
	uint64_t number, from, size;
	uint8_t root[CDR_MERKLE_HASH_LEN];
	uint32_t key;                       /* number of the statistics key */
	uint32_t trustee_count;             /* among them auditors are drawn */
};

/* A lot that holds. */
struct cdr_sample {
	struct cdr_sample_basis basis;
	uint32_t checks, points;             /* one in so many */
	uint8_t seed[CDR_SAMPLE_SEED_LEN];
};

/* ${basis} as a message, which borrows from it; and back. Returns (read) CDR_OK; CDR_E_INPUT if no hub would ask for it. */
Cdr__Wire__SampleBasis cdr_sample_basis_message(const struct cdr_sample_basis *basis);
CDR_MUST_CHECK cdr_err cdr_sample_basis_read(const Cdr__Wire__SampleBasis *message, struct cdr_sample_basis *basis);

/**
 * cdr_sample_input(basis, genesis, input):
 * What goes into the function: a label and the basis.
 */
#define CDR_SAMPLE_INPUT_LEN (sizeof("candor/1 sample") + CDR_GENESIS_HASH_LEN + 3 * 8 + CDR_MERKLE_HASH_LEN + 4 + 4)
void cdr_sample_input(const struct cdr_sample_basis *basis, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint8_t input[static CDR_SAMPLE_INPUT_LEN]);

/**
 * cdr_sample_point(basis, genesis, points):
 * The one point that every trustee multiplies.
 *
 * points  out   new, freed with cdr_points_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_sample_point(const struct cdr_sample_basis *basis,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_points **points);

/**
 * cdr_sample_share_verify(basis, genesis, roster, share):
 * Whether a trustee's part was made with its share of the key as ${roster} names it now.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the roster has no such trustee or key; CDR_E_INPUT; CDR_E_POINT; CDR_E_PROOF; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_sample_share_verify(const struct cdr_sample_basis *basis,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const struct cdr_roster *roster, const Cdr__Wire__SampleShare *share);

/* What a Sample says that it is of, before anything is believed of it. Returns CDR_OK; CDR_E_INPUT; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_sample_basis_peek(struct cdr_bytes bytes, struct cdr_sample_basis *basis);

/**
 * cdr_sample_read(bytes, genesis, roster, sample, fault):
 * Decode a Sample, verify every part, join them. Whose shares they are need not be known, nor which roster names them: each part is a proof that its
 * maker knows what its public share stands for, and these join to the public key, which never changes.
 *
 * roster  in    any that names the key
 * sample  out   zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT, also for parts out of order or an encoding that is not its own; CDR_E_EPOCH if the roster does not name the key;
 *          CDR_E_PROOF; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_sample_read(struct cdr_bytes bytes, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, struct cdr_sample *sample, struct cdr_fault *fault);

/* The content of the leaf `sample`, whose party is the hub and whose numbers are number, from and size. */
CDR_MUST_CHECK cdr_err cdr_sample_content(struct cdr_bytes bytes, uint8_t content[static CDR_LEAF_CONTENT_LEN]);

/**
 * cdr_sample_draw(sample, position, purpose, point_count, drawn, count):
 * What is drawn of one evaluation: nothing; for a check (CDR_LEAF_PURPOSE_CHECK and others) the 0 that stands for all of it; for an import
 * (CDR_LEAF_PURPOSE_IMPORT) points, those with the smallest lots if there were more than CDR_SAMPLE_DRAWN_MAX.
 *
 * Returns  CDR_OK; CDR_E_RANGE for more than CDR_EVALUATE_POINTS_MAX points; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_sample_draw(const struct cdr_sample *sample, uint64_t position, uint32_t purpose,
    uint32_t point_count, uint32_t drawn[static CDR_SAMPLE_DRAWN_MAX], size_t *count);

/**
 * cdr_sample_auditor(sample, position, point, auditor):
 * The trustee to whom it is shown: 1 .. sample->basis.trustee_count, by lot too. Where a later roster has no such trustee, its first.
 */
CDR_MUST_CHECK cdr_err cdr_sample_auditor(const struct cdr_sample *sample, uint64_t position, uint32_t point,
    uint32_t *auditor);

/* ---- what came of it ------------------------------------------------------------------------------------------- */

/* Appended to, never changed: the numbers stand in published logs. */
enum cdr_sample_outcome {
	CDR_SAMPLE_ASKED = 0,
	CDR_SAMPLE_OPENED,   /* shown, and it is what was evaluated */
	CDR_SAMPLE_FALSE,    /* what was shown is not what was evaluated */
	CDR_SAMPLE_REFUSED,
	CDR_SAMPLE_LATE,     /* nothing came in time */
	CDR_SAMPLE_BACKED,   /* and the auditor saw the evidence for it: the notice, the employment record */
	CDR_SAMPLE_UNBACKED, /* there is none */
	CDR_SAMPLE_OUTCOME_COUNT
};

/* The name of an outcome ("" outside the enumeration), and back: CDR_SAMPLE_OUTCOME_COUNT for another text. */
const char *cdr_sample_outcome_name(enum cdr_sample_outcome outcome);
enum cdr_sample_outcome cdr_sample_outcome_find(const char *name);

/* How long a member has to answer; what an auditor shows as late is later than this after the sample's leaf. */
uint64_t cdr_sample_answer_s(const struct cdr_roster *roster);

/**
 * cdr_sample_verdict_leaf(verdict, body, trustee, leaf):
 * The leaf for what an auditor found: parties member and trustee; numbers sample, position, point, outcome.
 *
 * body   in   the Verdict as it was signed
 *
 * Returns  CDR_OK; CDR_E_INPUT for an unknown purpose or outcome; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
#define CDR_SAMPLE_VERDICT_PATH "/v1/sample/verdict"
CDR_MUST_CHECK cdr_err cdr_sample_verdict_leaf(const Cdr__Wire__Verdict *verdict, struct cdr_bytes body, uint32_t trustee,
    struct cdr_leaf *leaf);

#endif
