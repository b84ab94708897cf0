#ifndef CDR_AUDIT_QUERY_OPENING_H
#define CDR_AUDIT_QUERY_OPENING_H

/*
 * Opening an evaluation that was drawn: which person it was about, shown to one auditor and verified against what the log holds.
 *
 * A blinded point hides its input from everybody, and binds its maker to it: to show another input he would need the logarithm
 * between two points of which nobody knows one. So what is shown is either what was evaluated, or is seen to be something else.
 */

#include "audit/sample.h"
#include "core/identity/person.h"

/* Why a member does not show what was drawn. */
#define CDR_QUERY_OPENING_REFUSED "refused" /* a person there said no */
#define CDR_QUERY_OPENING_LOST "lost"       /* the node does not have it: it was restored, or enrolled anew */
#define CDR_QUERY_OPENING_ERASED "erased"   /* the person that it is about had it erased */
/* Whether ${text} is one of them. */
bool cdr_query_opening_refusal_valid(const char *text);

/* What an opening showed. Personal: wiped by whoever owns it. */
struct cdr_query_opening_shown {
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];   /* what must stand in the tree at the position */
	uint32_t point_count;                /* of the evaluation */
	uint32_t shown_count;                /* points that were shown to be this person's */
	uint32_t filler_count;               /* points that belong to nobody */
	struct cdr_person person;
};

/**
 * cdr_query_opening_verify(opening, member, sample, shown, fault):
 * Whether this is what ${member} evaluated there: the leaf is for this request; the request for these points; the leaf is drawn; each point that
 * is shown is its blind times the hash of its input; and these inputs are the tokens of the one person named, all of them, behind which come, in a
 * check, only strings that are nobody's. Whether the tree holds shown->hash at opening->position is for the caller to see.
 *
 * shown  out   zero on error
 * fault  out   what does not hold, without anything personal
 *
 * Returns  CDR_OK; CDR_E_PROOF if it is not what was evaluated, or does not say what it must; CDR_E_REFUSED if this program's name tables are not
 *          those of the epoch, so that it cannot tell; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_verify(const Cdr__Wire__Opening *opening, const char *member,
    const struct cdr_sample *sample, const struct cdr_roster *roster, struct cdr_query_opening_shown *shown, struct cdr_fault *fault);

/**
 * cdr_query_opening_seal(opening, receiver_key, genesis, member, sealed) and cdr_query_opening_open(put, secret, genesis, member, arena, opening):
 * HPKE to the auditor's sealing key; info is "candor/1 opening\0" and the genesis hash, the associated data are member with a NUL,
 * sample, position and point.
 *
 * arena    out   owns ${opening}; freed by the caller also on error
 *
 * Returns  (seal) CDR_OK; CDR_E_RANGE if it is too large; CDR_E_POINT; CDR_E_MEMORY.
 *          (open) CDR_OK; CDR_E_SEALED; CDR_E_INPUT if what is inside is no Opening, or of another place; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_seal(const Cdr__Wire__Opening *opening, const uint8_t *receiver_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *member, struct cdr_buffer *sealed);
CDR_MUST_CHECK cdr_err cdr_query_opening_open(const Cdr__Wire__OpeningPut *put, const uint8_t *secret,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *member, struct cdr_arena *arena,
    const Cdr__Wire__Opening **opening);

/**
 * cdr_query_opening_person(person, kept):
 * What an opening says of a person: what tokens are made of, and no more. Contact details and gender are left out.
 */
void cdr_query_opening_person(const struct cdr_person *person, struct cdr_person *kept);

#endif
