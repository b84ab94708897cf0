#ifndef CDR_NODE_MEMBER_ROUNDS_H
#define CDR_NODE_MEMBER_ROUNDS_H

/*
 * Rounds of statistics at a member: which are open, what this node would contribute, submitting it, and checking afterwards
 * that the hub counted exactly that.
 *
 * Plain figures exist in this process alone and only while they are counted and encrypted. What is kept is the signed
 * request with the ciphertexts, written before it is sent, so that a node that is killed sends the very same again.
 */

#include "core/record/table.h"
#include "node/member/member.h"
#include "proto/tally.h"

#define CDR_ROUNDS_MAX 8 /* as many as the hub tells of */
#define CDR_ROUNDS_COARSENED_LEN 2048

/* What the hub says of a round, and what this node has to do with it. */
struct cdr_rounds_entry {
	struct cdr_round *round;
	char state[12];                  /* open, closing, closed, opened, published, void */
	bool is_unknown;                 /* the hub counts a contribution of this organisation that this node has not made */
	bool has_close, is_counted;      /* whether the hub has closed it, and counts our contribution as it was submitted last */
	uint64_t members;                /* that count, once it is closed */
	uint32_t submission;             /* how often this node has submitted; 0: never */
	char coarsened[CDR_ROUNDS_COARSENED_LEN]; /* how the last of them says less: what was given to --drop and --merge; known here alone */
	bool is_acknowledged;            /* the hub has said that it has the last of them */
	struct cdr_buffer totals;        /* RoundTotals, once it is opened */
};

struct cdr_rounds {
	struct cdr_rounds_entry entry[CDR_ROUNDS_MAX];
	size_t count;
};
void cdr_rounds_free(struct cdr_rounds *rounds);

/**
 * cdr_rounds_fetch(member, rounds, fault):
 * Ask the hub for its newest rounds, and verify all that it says. A round that is closed without the contribution that the
 * hub acknowledged is remembered as misconduct, with the signed evidence (`candor reports`).
 *
 * rounds   out   oldest first; freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE, CDR_E_REFUSED, CDR_E_INPUT for a round that does not hold; as cdr_member_ask_hub; CDR_E_STORE;
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_rounds_fetch(struct cdr_member *member, struct cdr_rounds *rounds, struct cdr_fault *fault);

/* The round with the printed id ${id}; NULL: the newest that is open. NULL with ${fault} where there is none. */
const struct cdr_rounds_entry *cdr_rounds_find(const struct cdr_rounds *rounds, const char *id, struct cdr_fault *fault);

/**
 * cdr_rounds_count(member, round, drops, drop_count, counts, fault):
 * This node's figures for ${round}: everything that would leave, encrypted; what `candor report preview` shows.
 *
 * drops    in            ids of tables that a person left out: all reports count there as not known
 * counts   out, secret   round->cell_count numbers, freed by cdr_wiping_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the codebook here has not a table of the round, or another one of that name; CDR_E_RANGE if a
 *          figure is larger than the round can hold; as cdr_preview_make.
 */
CDR_MUST_CHECK cdr_err cdr_rounds_count(struct cdr_member *member, const struct cdr_round *round,
    const char *const *drops, size_t drop_count, uint32_t **counts, struct cdr_fault *fault);

/**
 * cdr_rounds_submit(member, round, counts, coarsened, number, fault):
 * Encrypt, prove, sign, keep, send.
 *
 * counts      in, secret   as cdr_rounds_count gives them
 * coarsened   in           how they say less, kept beside them; "": they do not
 * number      out          of this submission; 0 on error
 *
 * Returns  CDR_OK once the hub has acknowledged it; CDR_E_TIME if the deadline is over; as cdr_member_ask_hub: then it is
 *          kept, and sent again by cdr_rounds_step; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_rounds_submit(struct cdr_member *member, const struct cdr_round *round, const uint32_t *counts,
    const char *coarsened, uint64_t *number, struct cdr_fault *fault);

/* For the daemon: send what was kept and not acknowledged; look whether closed rounds count what was submitted. */
CDR_MUST_CHECK cdr_err cdr_rounds_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
