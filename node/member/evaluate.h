#ifndef CDR_NODE_MEMBER_EVALUATE_H
#define CDR_NODE_MEMBER_EVALUATE_H

/*
 * From token strings to tags: blind, ask t trustees at once, verify each answer, combine, unblind.
 *
 * A trustee that is down, refuses or lies is replaced by another as long as t are left; one whose proof does not hold is
 * remembered by name with its signed reply. Nothing but the tags leaves this file: who holds a group element and
 * something hashed from it could test guesses with no key at all.
 */

#include "node/member/member.h"

/* What the evaluation is for; each purpose has a quota of its own at the trustees. */
#define CDR_PURPOSE_CHECK "check"
#define CDR_PURPOSE_IMPORT "import"
#define CDR_PURPOSE_AGAIN "again" /* a check, under the epoch before the newest */

/**
 * cdr_evaluate(member, roster, epoch, purpose, inputs, count, tags, fault):
 * The tags of ${count} token strings, in order. One that failed and is called again for the same strings, purpose and epoch
 * asks for exactly the same points under the same sequence number, so that no trustee counts it twice.
 *
 * roster  in           in force, held by the caller
 * epoch   in           one of its epochs
 * inputs  in, secret   token strings, 1 .. CDR_OPRF_INPUT_MAX bytes each
 * count   in           1 .. CDR_EVALUATE_POINTS_MAX
 * tags    out          count * CDR_TAG_LEN bytes; all zero on error
 * fault   out          names each trustee that failed, and how
 *
 * Returns  CDR_OK; CDR_E_NETWORK if fewer than t trustees can be reached; CDR_E_QUOTA, CDR_E_EPOCH, CDR_E_REFUSED if so
 *          many refuse that t are not left, CDR_E_EPOCH only if all those say so; CDR_E_PROOF if so many lie; CDR_E_BUSY while
 *          this node and the others hold different rosters; CDR_E_RANGE, CDR_E_MEMORY, CDR_E_STORE.
 *          Any number of threads may call it.
 */
CDR_MUST_CHECK cdr_err cdr_evaluate(struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Epoch *epoch, const char *purpose, const struct cdr_bytes *inputs, size_t count, uint8_t *tags,
    struct cdr_fault *fault);

/* Whose tokens some of the strings are. Everything is borrowed. */
struct cdr_evaluate_subject {
	const uint8_t *record;    /* CDR_ID_LEN: of the check, or the leaver: with it this is forgotten */
	const uint8_t *shown;     /* CDR_ID_LEN: what an auditor is told as its record: the check, or the handle */
	size_t first, count;      /* of the strings; what stands behind those of a check belongs to nobody */
	struct cdr_bytes packed;  /* personal: core/record/candidate.h, core/record/leaver.h */
};
struct cdr_evaluate_about {
	const struct cdr_evaluate_subject *subject;
	size_t count;
};

/**
 * cdr_evaluate_about(member, roster, epoch, purpose, inputs, count, about, tags, fault):
 * cdr_evaluate, of which it is kept whom it was about until no sample can draw it any more: node/member/query_opening.h. Everything that is evaluated for
 * somebody goes this way.
 */
CDR_MUST_CHECK cdr_err cdr_evaluate_about(struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Epoch *epoch, const char *purpose, const struct cdr_bytes *inputs, size_t count,
    const struct cdr_evaluate_about *about, uint8_t *tags, struct cdr_fault *fault);

#endif
