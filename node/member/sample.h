#ifndef CDR_NODE_MEMBER_SAMPLE_H
#define CDR_NODE_MEMBER_SAMPLE_H

/*
 * Samples at a member: this node fetches each lot, verifies it, and sees by itself what of its own evaluations is drawn and for which
 * auditor. It shows nothing by itself: a person here is told, agrees, or declines; both go to the auditor alone.
 */

#include "node/member/query_opening.h"

#define CDR_SAMPLE_ASK_S 300               /* the hub is asked for lots at most so often */
#define CDR_SAMPLE_GIVE_UP_S (30 * 86400)  /* after it was due, nothing is sent any more */

/* The daemon's task: fetch lots, note what is drawn, tell and remind people here, send what was agreed or declined, destroy what can be drawn no more. */
CDR_MUST_CHECK cdr_err cdr_sample_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/**
 * cdr_sample_catch_up(tx, receipt):
 * An evaluation's receipt is kept: if its lot was taken in before, because the hub's first reply was lost, hold it against that lot now. In the transaction
 * that keeps the receipt. A repeat draws nothing twice.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_sample_catch_up(struct cdr_tx *tx, const struct cdr_receipt *receipt);

/* What is drawn of ours. */
struct cdr_drawn {
	uint8_t id[CDR_ID_LEN];            /* zero: drawn before there were ids */
	uint64_t number, sample, position, point, due_at, changed_at;
	uint32_t auditor;                  /* trustee */
	char purpose[16];
	char state[16];                    /* waiting, agreed, declined, opened, false, refused, late */
	char reason[16];
};

/**
 * cdr_drawn_list(member, each, context, overdue_since):
 * Every one, the oldest first.
 *
 * overdue_since   out   seconds since 1970: of the first evaluation that should have been in a lot long ago, and that no lot came for; 0: there is none
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_drawn_list(struct cdr_member *member, void (*each)(void *context, const struct cdr_drawn *drawn), void *context,
    uint64_t *overdue_since);

/**
 * cdr_drawn_show(member, number, drawn, made, fault):
 * Just what the auditor would see.
 *
 * made   out, personal   wiped by the caller with cdr_query_opening_made_wipe, also on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is nothing of that number, or nothing is left to show; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_drawn_show(struct cdr_member *member, uint64_t number, struct cdr_drawn *drawn,
    struct cdr_query_opening_made *made, struct cdr_fault *fault);

/**
 * cdr_drawn_decide(member, number, agrees, fault):
 * A person decides: noted in the trail, and sent by the daemon.
 *
 * Returns  CDR_OK once durable; CDR_E_ABSENT; CDR_E_REFUSED if it was decided and the auditor has it; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_drawn_decide(struct cdr_member *member, uint64_t number, bool agrees, struct cdr_fault *fault);

#endif
