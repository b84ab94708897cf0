#ifndef CDR_NODE_TRUSTEE_SEEN_H
#define CDR_NODE_TRUSTEE_SEEN_H

/*
 * What a trustee saw of the log: the right edge of its tree, the root of every checkpoint that it took in, with the hub's signature, and checkpoints
 * that contradict them. All of it is on the disk before anything is signed that rests on it.
 */

#include "audit/checkpoint.h"
#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_FORK_MAX 100 /* contradictions that are kept; the first tell the most */

/* The right edge of the log that this trustee has seen. */
CDR_MUST_CHECK cdr_err cdr_trustee_log_edge(struct cdr_tx *tx, struct cdr_merkle_edge *edge);

/* How long the log is that this trustee has seen. */
CDR_MUST_CHECK cdr_err cdr_trustee_log_size(struct cdr_tx *tx, uint64_t *size);

/**
 * cdr_trustee_log_compare(tx, checkpoint, contradicts):
 * Whether a checkpoint that the hub signed contradicts what this trustee saw: another root at a size that it knows.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_log_compare(struct cdr_tx *tx, const struct cdr_checkpoint *checkpoint,
    bool *contradicts);

/**
 * cdr_trustee_seen_read(tx, size, seen):
 * What the hub signed at ${size}, as far as this trustee saw it; without cosignatures.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if it saw no checkpoint of that size; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_seen_read(struct cdr_tx *tx, uint64_t size, struct cdr_checkpoint *seen);

/**
 * cdr_trustee_seen_write(tx, edge, checkpoint, note, now):
 * A writing job's part: this trustee has seen the log up to ${edge}, whose root is the checkpoint's.
 *
 * note  in   the checkpoint as the hub sent it
 *
 * Returns  CDR_OK, also where it saw that before; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_seen_write(struct cdr_tx *tx, const struct cdr_merkle_edge *edge,
    const struct cdr_checkpoint *checkpoint, struct cdr_bytes note, uint64_t now);

/**
 * cdr_trustee_seen_last(tx, note):
 * The checkpoint that this trustee took in last, as the hub sent it.
 *
 * note  out  at most CDR_CHECKPOINT_LEN_MAX bytes; the caller frees it
 *
 * Returns  CDR_OK; CDR_E_ABSENT if it has seen none; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_seen_last(struct cdr_tx *tx, struct cdr_buffer *note);

/**
 * cdr_trustee_fork_keep(trustee, roster, checkpoint):
 * Keep two checkpoints that contradict each other, each once, with what of their signatures was verified; and tell the operator. The hub showed two logs; a witness that signed the other one was shown
 * that: it is named only if it cosigned what this trustee saw as well.
 */
void cdr_trustee_fork_keep(struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const struct cdr_checkpoint *checkpoint);

#define CDR_TRUSTEE_WITHHELD_MAX 1000 /* leaves of which that is kept */
#define CDR_TRUSTEE_WITHHELD_SEALED "a commitment alone"
#define CDR_TRUSTEE_WITHHELD_UNSIGNED "an evaluation without its member's signature"

/* A leaf of which the hub shows a trustee less than it must. */
struct cdr_trustee_withheld {
	const char *what;                    /* of these; NULL: none */
	uint64_t place;
	struct cdr_bytes entry, note;        /* as the hub sent it, and the checkpoint with it; borrowed */
};

/* Keep it, and tell the operator: whoever was shown more of that leaf can say so. ${away_since} as cdr_trustee_away. */
void cdr_trustee_withheld_keep(struct cdr_trustee *trustee, const struct cdr_trustee_withheld *withheld, uint64_t now, uint64_t *away_since);

/**
 * cdr_trustee_away(tx, now, since):
 * Whether this trustee stands still because it was away for so long that an honest hub may have erased what it has to be shown: a leaf behind what it saw
 * is kept from it, and what it saw last it took in CDR_LEAF_OPEN_DAYS ago. Then it has to be put back from a backup (node/trustee/recover.h).
 *
 * since  out   when it took in what it saw last, seconds since 1970; 0: it is not away, or was put back and is catching up
 */
CDR_MUST_CHECK cdr_err cdr_trustee_away(struct cdr_tx *tx, uint64_t now, uint64_t *since);

#define CDR_TRUSTEE_AWAY_DO \
	"if this trustee was stopped since then, put it back as it is: `candor-trustee backup FILE`, stop it, `candor-trustee restore FILE --home NEW`, and " \
	"`candor-trustee serve --home NEW` asks the other trustees what they saw. If it ran all the time, the hub keeps entries from it: tell the other trustees"

#endif
