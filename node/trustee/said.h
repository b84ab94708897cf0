#ifndef CDR_NODE_TRUSTEE_SAID_H
#define CDR_NODE_TRUSTEE_SAID_H

/*
 * What this trustee says of ceremonies must stand in the log, where the hub says it stands, and nothing else may stand there in its
 * name. Both are held against the leaves as this trustee sees them as a witness (audit/key_leaf.h).
 */

#include "audit/key_leaf.h"
#include "node/trustee/trustee.h"

/**
 * cdr_trustee_said_note(tx, act, key, now):
 * This trustee is about to say this. In the transaction that stores the share, before anything is sent.
 *
 * Returns  CDR_OK, also if it was noted before; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_said_note(struct cdr_tx *tx, uint32_t act, const Cdr__Wire__CeremonyKey *key, uint64_t now);

/**
 * cdr_trustee_said_receipt(trustee, roster, key, act, receipt, fault):
 * Keep where the hub says that it stands.
 *
 * receipt  in   NULL: the hub gave none
 *
 * Returns  CDR_OK; CDR_E_PROOF if the hub gave no receipt for just this; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_said_receipt(struct cdr_trustee *trustee, const struct cdr_roster *roster,
    const Cdr__Wire__CeremonyKey *key, uint32_t act, const Cdr__Wire__Receipt *receipt, struct cdr_fault *fault);

/**
 * cdr_trustee_said_seen(tx, trustee, leaf, version, place, hash):
 * A `ceremony` leaf was taken in, in whosever name. What stands in this trustee's, and it does not remember to have said, is kept as a stranger.
 * An index is this trustee's from the `roster` leaf on that says so: what stands before it another said. Of one that was put back, and has not
 * caught up, what it does not remember counts as said.
 *
 * version  in   of the newest `roster` leaf before it in what is taken in with it; 0: there is none
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_said_seen(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_leaf *leaf,
    uint64_t version, uint64_t place, const uint8_t hash[static CDR_MERKLE_HASH_LEN]);

/**
 * cdr_trustee_said_check(tx, size, missing):
 * Whether a log of ${size} leaves, all of which were taken in, lacks what the hub gave a receipt for.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_said_check(struct cdr_tx *tx, uint64_t size, bool *missing);

#endif
