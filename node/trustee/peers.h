#ifndef CDR_NODE_TRUSTEE_PEERS_H
#define CDR_NODE_TRUSTEE_PEERS_H

/*
 * Rosters from others than the hub. A roster proves itself by its signatures, so whoever has it may give it: a hub that keeps a
 * newer one from somebody is found out by asking the trustees, and gains nothing.
 */

#include "audit/leaf.h"
#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_ROSTER_LATE_S UINT64_C(86400) /* so long after it came into force here the log may lack a roster */

/**
 * cdr_trustee_roster_note(tx):
 * Note of each roster here of which it is not noted yet whether it brings other trustees than the one before it: of one that was just stored, and
 * once of all in a database that is older than these notes.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; what cdr_roster_decode says of a roster that is damaged.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_note(struct cdr_tx *tx);

/*
 * /v1/roster at a trustee: RosterRequest to RosterReply, by anybody, as at the hub: the first roster after the one that is held
 * that brings other trustees, else the newest. Whoever asks, at most one roster is decoded for it.
 */
cdr_err cdr_trustee_roster_give(void *trustee, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* The version of the roster that a leaf records; 0: of none, or of the genesis roster. Each version has a leaf, so at no place stands one of a higher number than it. */
uint64_t cdr_trustee_roster_of_leaf(const struct cdr_leaf *leaf, uint64_t place);

/* Note that the log has a roster of that version; an older one than is noted changes nothing. In the transaction that takes in its leaf. */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_logged(struct cdr_tx *tx, uint64_t version);
/* The newest that was noted; 0: none. */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_logged_read(struct cdr_tx *tx, uint64_t *version);

/**
 * cdr_trustee_roster_unlogged(tx, now, version):
 * The oldest roster that came into force here over a day before ${now}, and is not in the log as far as this trustee took it in: the hub keeps it from
 * whoever reads the log alone.
 *
 * version  out  0: there is none
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_unlogged(struct cdr_tx *tx, uint64_t now, uint64_t *version);

/**
 * cdr_trustee_roster_then(tx, version, roster):
 * The roster of the time when the log had come so far: the newest that is here of those which it had then. A trustee may have passed over some, but over none
 * by which trustees changed.
 *
 * version  in   the newest in the leaves that are taken in just now and stand before that place; 0: none
 * roster   out  cdr_roster_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_then(struct cdr_tx *tx, uint64_t version, struct cdr_roster **roster);

/**
 * cdr_trustee_roster_from_peers(trustee, fault):
 * Where the log has a newer roster than the hub gives when it is asked now, say so, and ask the other trustees for it.
 *
 * Returns  CDR_OK, also if nobody has it; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_from_peers(struct cdr_trustee *trustee, struct cdr_fault *fault);

#endif
