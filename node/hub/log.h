#ifndef CDR_NODE_HUB_LOG_H
#define CDR_NODE_HUB_LOG_H

/*
 * The log as the hub keeps it. A leaf is appended in the transaction of the act that it records, so both are durable or
 * neither is; where the store commits many jobs at once, many leaves share one commit.
 *
 * Stored are the entries; the right edge of the tree; and its nodes in tiles of 16 hashes, of levels 0, 4, 8 ... A proof
 * reads one tile for each of these levels, twice at most, whatever the size of the tree.
 */

#include "audit/leaf.h"
#include "node/hub/hub.h"

#define CDR_HUB_LOG_EVIDENCE_MAX 2560 /* what trustees get beside a leaf: an evaluation's signed request, the lot of a sample */

/* A leaf as it stands in the log. Zeroed: empty. */
struct cdr_hub_logged {
	uint64_t position;
	struct cdr_buffer leaf;              /* encoded; empty where it was erased */
	bool has_salt;
	uint8_t salt[CDR_LEAF_SALT_LEN];
	uint8_t hash[CDR_MERKLE_HASH_LEN];   /* of its entry */
};

/* Wipe and free what ${logged} owns. NULL is ignored. */
void cdr_hub_logged_free(struct cdr_hub_logged *logged);

/**
 * cdr_hub_log_append(tx, leaf, evidence, logged):
 * Append one leaf, in the transaction of its act. Whoever may be asked again keeps logged->position with the act, and
 * gives the receipt of cdr_hub_log_read next time.
 *
 * evidence  in    for the trustees alone, at most CDR_HUB_LOG_EVIDENCE_MAX bytes; usually empty
 * logged    out   freed by the caller, also on error; emptied first. Worth nothing before the transaction is committed
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_log_append(struct cdr_tx *tx, const struct cdr_leaf *leaf, struct cdr_bytes evidence,
    struct cdr_hub_logged *logged);

/**
 * cdr_hub_log_read(tx, position, logged):
 * A leaf that was appended before.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the log is not so long; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_log_read(struct cdr_tx *tx, uint64_t position, struct cdr_hub_logged *logged);

/* A receipt and what it points to; borrows from the struct cdr_hub_logged that it was made of. */
struct cdr_hub_receipt {
	Cdr__Wire__Receipt message;
	uint8_t signature[CDR_SIGNATURE_LEN];
};

/**
 * cdr_hub_receipt_make(hub, logged, receipt):
 * The hub's signed word for a leaf that is durable: call it once the transaction is committed. Goes into the reply as
 * reply.receipt = &receipt.message.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the leaf was erased; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_receipt_make(const struct cdr_hub *hub, const struct cdr_hub_logged *logged,
    struct cdr_hub_receipt *receipt);

/**
 * cdr_hub_log_act(tx, known, leaf, logged):
 * The leaf of an act that may be a repeat: the one at ${known} if it has been logged, else a new one.
 *
 * known   in   place of its leaf; negative: none
 *
 * Returns  as cdr_hub_log_append.
 */
CDR_MUST_CHECK cdr_err cdr_hub_log_act(struct cdr_tx *tx, int64_t known, const struct cdr_leaf *leaf,
    struct cdr_hub_logged *logged);

/* The reply Logged, with the receipt of ${logged}; without one if nothing was logged. */
CDR_MUST_CHECK cdr_err cdr_hub_log_reply(const struct cdr_hub *hub, const struct cdr_hub_logged *logged,
    struct cdr_buffer *body);

/**
 * cdr_hub_log_erase(tx, position):
 * Destroy leaf, salt and evidence of an entry that holds a commitment: what stays in the tree says nothing any more.
 *
 * Returns  CDR_OK, also where it was erased before, or is none; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_log_erase(struct cdr_tx *tx, uint64_t position);

/**
 * cdr_hub_log_expire(tx, now, max, looked):
 * Erase what has outlived its purpose, up to ${max} leaves a call: those of checks and letters after CDR_HUB_LEAF_DAYS, the other
 * commitments after CDR_HUB_LEAF_LONG_DAYS, when no quota and no epoch depends on them. And none that no checkpoint has behind it which trustees
 * cosigned more than CDR_LEAF_OPEN_DAYS ago: by that a witness that comes late sees that the leaf was erased, and is not kept from it.
 *
 * looked  out   leaves that were looked at; less than ${max}: there is no more for now
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
#define CDR_HUB_LEAF_DAYS CDR_LEAF_OPEN_DAYS /* longer than anybody may ask for a receipt again (CDR_HUB_TAKEN_DAYS) */
#define CDR_HUB_LEAF_LONG_DAYS 500 /* longer than an epoch and the 60 days in which the next is in force too */
CDR_MUST_CHECK cdr_err cdr_hub_log_expire(struct cdr_tx *tx, uint64_t now, size_t max, size_t *looked);

/**
 * cdr_hub_log_aged(tx, now, size, note):
 * The newest checkpoint that trustees cosigned more than CDR_LEAF_OPEN_DAYS before ${now}.
 *
 * size, note  out   the caller frees the note, which may be NULL: not wanted
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_log_aged(struct cdr_tx *tx, uint64_t now, uint64_t *size, struct cdr_buffer *note);

/* The right edge of the whole log; of the empty log zero. CDR_OK; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_hub_log_edge_read(struct cdr_tx *tx, struct cdr_merkle_edge *edge);

/* How many leaves there are. */
CDR_MUST_CHECK cdr_err cdr_hub_log_size_read(struct cdr_tx *tx, uint64_t *size);

/* A cdr_merkle_node over the database: ${context} is the struct cdr_tx. CDR_E_ABSENT for a node that is not complete. */
cdr_err cdr_hub_log_node(void *tx, unsigned level, uint64_t index, uint8_t hash[static CDR_MERKLE_HASH_LEN]);

/* The same for many nodes of one transaction that only reads: what was read last is not read again. Set tx, zero the rest. */
#define CDR_HUB_LOG_TILE_LEN (16 * CDR_MERKLE_HASH_LEN)
struct cdr_hub_log_reader {
	struct cdr_tx *tx;
	bool has_tile;
	unsigned level;
	uint64_t index;
	size_t count;
	uint8_t hashes[CDR_HUB_LOG_TILE_LEN];
};
cdr_err cdr_hub_log_reader_node(void *reader, unsigned level, uint64_t index, uint8_t hash[static CDR_MERKLE_HASH_LEN]);

#endif
