#ifndef CDR_NODE_MEMBER_RECEIPT_H
#define CDR_NODE_MEMBER_RECEIPT_H

/*
 * The hub's receipts for what this node did. They are kept until the log was seen to hold them, and after that as long as
 * the database: node/member/audit.h checks them.
 */

#include "audit/leaf.h"
#include "node/member/member.h"

#define CDR_RECEIPT_LEN_MAX (CDR_LEAF_LEN_MAX + 256)

/* A receipt that holds. Zeroed: empty. */
struct cdr_receipt {
	uint64_t place;
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	struct cdr_buffer bytes;           /* the Receipt, encoded */
};

void cdr_receipt_free(struct cdr_receipt *receipt);

/**
 * cdr_receipt_take(member, roster, message, kind, content, receipt, fault):
 * Whether the hub's reply brought its receipt for just what was asked: of this kind, with this content, naming this member (or the hub, of
 * its page for guests).
 *
 * message  in    may be NULL: then it is missing
 * receipt  out   emptied first; freed by the caller
 *
 * Returns  CDR_OK; CDR_E_PROOF with who failed; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_receipt_take(const struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Receipt *message, enum cdr_leaf_kind kind, const uint8_t content[static CDR_LEAF_CONTENT_LEN],
    struct cdr_receipt *receipt, struct cdr_fault *fault);

/**
 * cdr_receipt_keep(tx, receipt):
 * Store it, in the transaction of what it is for. One that is there already stays as it is; two for one place are both
 * kept: they show that the hub lied.
 */
CDR_MUST_CHECK cdr_err cdr_receipt_keep(struct cdr_tx *tx, const struct cdr_receipt *receipt);

#endif
