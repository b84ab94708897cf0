#ifndef CDR_NODE_MEMBER_QUERY_OPENING_H
#define CDR_NODE_MEMBER_QUERY_OPENING_H

/*
 * What this node evaluated, kept sealed for as long as a sample may draw it (audit/sample.h): the seed of the blinds, and whose tokens they
 * were. What no lot drew is destroyed with the lot that could have; what was drawn, once its auditor has seen it.
 */

#include "audit/query_opening.h"
#include "core/record/pack.h"
#include "node/member/evaluate.h"
#include "node/member/receipt.h"

#define CDR_QUERY_OPENING_KEEP_S (120 * 86400) /* without any sample */

#define CDR_QUERY_OPENING_ASK_S 600            /* after so long an evaluation that nobody answered is asked after */

/* An evaluation that stands in the log. Everything is borrowed. */
struct cdr_query_opening_kept {
	const struct cdr_receipt *receipt;       /* NULL: none came */
	const char *purpose;
	struct cdr_bytes request;                /* as it was signed */
	struct cdr_bytes points;                 /* blinded */
	const uint8_t *seed;                     /* secret: CDR_OPRF_SEED_LEN */
	const struct cdr_bytes *inputs;          /* secret */
	size_t count;
	const struct cdr_evaluate_about *about;  /* NULL: it is about nobody */
};

/**
 * cdr_query_opening_keep(tx, member, kept):
 * Keep it, with the receipt that names its place. A repeat changes nothing.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_keep(struct cdr_tx *tx, const struct cdr_member *member,
    const struct cdr_query_opening_kept *kept);

/*
 * An evaluation that the hub may have logged, though its answer was lost: it may be drawn, so what it was is kept without a receipt, and asked after.
 * Of one whose receipt comes later this is destroyed, or moved to its place.
 */

/* Keep it under its sequence number; a repeat changes nothing. */
CDR_MUST_CHECK cdr_err cdr_query_opening_keep_unanswered(struct cdr_tx *tx, const struct cdr_member *member,
    const struct cdr_query_opening_kept *kept, uint64_t sequence);
/* The oldest of those kept before ${before}, with the request as it was signed, freed by the caller. CDR_E_ABSENT: none. */
CDR_MUST_CHECK cdr_err cdr_query_opening_unanswered(struct cdr_tx *tx, uint64_t before, uint64_t *sequence, struct cdr_buffer *request);
/* The receipt came after all: keep it, and what can be shown, at its place. */
CDR_MUST_CHECK cdr_err cdr_query_opening_answered(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_receipt *receipt);
/* The log does not have it, and will not. */
CDR_MUST_CHECK cdr_err cdr_query_opening_unlogged(struct cdr_tx *tx, uint64_t sequence);

/* Forget whom a record was about: what is drawn of it later cannot be shown any more, and the auditor is told why. */
CDR_MUST_CHECK cdr_err cdr_query_opening_forget(struct cdr_tx *tx, const uint8_t record[static CDR_ID_LEN]);

/**
 * cdr_query_opening_settle(tx, size, now):
 * Destroy what can be drawn no more: below ${size} and not drawn, or too old; and what is kept of whoever was shown. The files are scrubbed soon.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_settle(struct cdr_tx *tx, uint64_t size, uint64_t now);

/* An opening being made. Personal. Zeroed: empty; wiped by cdr_query_opening_made_wipe. */
struct cdr_query_opening_made {
	Cdr__Wire__Opening message;
	struct cdr_buffer request, points, receipt, subject, blinds;
	struct cdr_arena receipt_arena;
	uint8_t person[CDR_PERSON_PACK_MAX];
	struct cdr_person who;
	ProtobufCBinaryData filler[CDR_CHECK_ROWS_MAX];
	char text[5][64];
};
void cdr_query_opening_made_wipe(struct cdr_query_opening_made *made);

/**
 * cdr_query_opening_make(tx, member, sample, position, point, made, reason):
 * What the auditor is to see of one evaluation.
 *
 * reason  out   where there is nothing to show: why, CDR_QUERY_OPENING_LOST or CDR_QUERY_OPENING_ERASED; NULL otherwise
 *
 * Returns  CDR_OK; CDR_E_ABSENT with ${reason}; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_make(struct cdr_tx *tx, const struct cdr_member *member, uint64_t sample,
    uint64_t position, uint32_t point, struct cdr_query_opening_made *made, const char **reason);

#endif
