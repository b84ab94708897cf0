#ifndef CDR_AUDIT_KEY_LEAF_H
#define CDR_AUDIT_KEY_LEAF_H

/*
 * The life of the exchange's keys in the log.
 *
 * `ceremony`: a trustee says what came of a ceremony; its leaf stands in the log before the roster that follows from t equal ones.
 * `epoch`: what a roster does to a key stands right behind the leaf of that roster, in the order of cdr_key_events; and the hub
 * says so when it has deleted what belonged to a key that no roster names any more.
 */

#include "audit/leaf.h"
#include "proto/ceremony.pb-c.h"
#include "proto/roster.h"

/* What happens to a key: the first number of an `epoch` leaf. */
enum cdr_key_event {
	CDR_KEY_BEGINS = 1,   /* it comes into the roster */
	CDR_KEY_LASTS,        /* it gets another end */
	CDR_KEY_SHARED,       /* it gets other shares */
	CDR_KEY_OVER,         /* it leaves the roster */
	CDR_KEY_DELETED,      /* the hub has deleted its rows; the last number is of members who had not moved */
};
#define CDR_KEY_EVENT_MAX (4 * CDR_KEY_COUNT_MAX)

/* "begins", "lasts", "shared", "over", "deleted"; "unknown" for another value. */
const char *cdr_key_event_name(enum cdr_key_event event);

/**
 * cdr_key_said_leaf(trustee, act, key, leaf):
 * The `ceremony` leaf of what a trustee says. Its content is over the encoded CeremonyKey; its time is the caller's to set.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_key_said_leaf(uint32_t trustee, uint32_t act, const Cdr__Wire__CeremonyKey *key,
    struct cdr_leaf *leaf);

/* The content of such a leaf about the key as a roster with ${threshold} names it. CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. */
CDR_MUST_CHECK cdr_err cdr_key_said_content(const struct cdr_roster_key *key, uint32_t threshold,
    uint8_t content[static CDR_LEAF_CONTENT_LEN]);

/**
 * cdr_key_events(before, after, leaves, count):
 * The `epoch` leaves of a roster that comes into force.
 *
 * before  in    the roster before it; NULL for the genesis roster
 * leaves  out   CDR_KEY_EVENT_MAX places; their content is over the hash of ${after}, their time the caller's to set
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_key_events(const struct cdr_roster *before, const struct cdr_roster *after,
    struct cdr_leaf leaves[static CDR_KEY_EVENT_MAX], size_t *count);

/* The leaf of a deletion, while ${roster} is in force. Returns as cdr_key_events. */
CDR_MUST_CHECK cdr_err cdr_key_deleted_leaf(const struct cdr_roster *roster, enum cdr_key_kind kind, uint32_t number,
    uint64_t unmoved, struct cdr_leaf *leaf);

#endif
