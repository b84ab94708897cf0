#ifndef CDR_NODE_TRUSTEE_SHARE_H
#define CDR_NODE_TRUSTEE_SHARE_H

/*
 * A trustee's shares: sealed in the database, opened into locked memory for the keys of the roster in force, destroyed
 * when their key is no longer there. A share is found by the kind and the number of its key.
 */

#include "node/trustee/trustee.h"

/* Our share of one key, in locked memory. */
struct cdr_trustee_share {
	enum cdr_key_kind kind;   /* 0: none */
	uint32_t number;
	uint8_t transcript[CDR_ROSTER_HASH_LEN]; /* shares of one key from different ceremonies do not go together */
	uint8_t share[CDR_SCALAR_LEN];
};

/**
 * cdr_trustee_share_copy(trustee, roster, kind, number, share):
 * Our share of a key as ${roster} has it. Whoever works by a roster that is held may be overtaken by a newer one, whose shares are others:
 * an answer that names the key of the one and uses the share of the other would be signed evidence against this trustee.
 *
 * share   out, secret   CDR_SCALAR_LEN bytes of locked memory
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none; CDR_E_BUSY if the share at hand is of another ceremony than ${roster} names.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_copy(struct cdr_trustee *trustee, const struct cdr_roster *roster, enum cdr_key_kind kind,
    uint32_t number, uint8_t share[static CDR_SCALAR_LEN]);

/* Whether there is one, of whatever ceremony. */
bool cdr_trustee_share_have(struct cdr_trustee *trustee, enum cdr_key_kind kind, uint32_t number);

/**
 * cdr_trustee_share_load(trustee, roster):
 * Put the shares of the keys of ${roster} in the place of those at hand.
 *
 * Returns  CDR_OK, also where there is none; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_load(struct cdr_trustee *trustee, const struct cdr_roster *roster);

/**
 * cdr_trustee_share_refresh(trustee):
 * Look in the database for shares of the roster's keys that are not at hand, because a ceremony ended after the roster
 * came into force or in another process; and destroy what they were made from.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_refresh(struct cdr_trustee *trustee);

/**
 * cdr_trustee_share_put(tx, trustee, share, key, threshold, basis):
 * Store, sealed, what a ceremony gave: our share, and the key as it has to stand in the roster, times aside. Of a ceremony that ends
 * here only after a roster without this trustee is in force nothing is stored.
 *
 * share   in, secret   zero where we get none, and only know what the others got
 * basis   in           transcript of the key from which this one came; empty where it was made
 *
 * Returns  CDR_OK, also if it is there already; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_put(struct cdr_tx *tx, const struct cdr_trustee *trustee,
    const uint8_t share[static CDR_SCALAR_LEN], const struct cdr_roster_key *key, uint32_t threshold,
    struct cdr_bytes basis);

/**
 * cdr_trustee_share_destroy(tx, trustee, roster):
 * Destroy what a ceremony left behind and no key of ${roster} needs: seeds, shares that the key no longer has, shares of keys
 * that are no longer there. What is not in force yet stays, as does a seed until there is the share that it is needed for.
 * A trustee that is not in ${roster} keeps nothing.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_destroy(struct cdr_tx *tx, const struct cdr_trustee *trustee,
    const struct cdr_roster *roster);

/**
 * cdr_trustee_result_known(tx, key, threshold, known):
 * Whether this trustee made exactly this key together with the others: kind, number, key, shares, transcript and scheme
 * version. The times are the hub's to give.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_result_known(struct cdr_tx *tx, const struct cdr_roster_key *key,
    uint32_t threshold, bool *known);

/* ${key} as a message, without its times. ${share} has room for CDR_TRUSTEE_COUNT_MAX, and both borrow from ${key}. */
Cdr__Wire__CeremonyKey cdr_trustee_key_message(const struct cdr_roster_key *key, uint32_t threshold,
    ProtobufCBinaryData *share);

/**
 * cdr_trustee_share_read(trustee, key, share):
 * Our share of a key with exactly these shares, whether it is in force or not.
 *
 * share   out, secret   CDR_SCALAR_LEN bytes of locked memory
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_share_read(const struct cdr_trustee *trustee, const struct cdr_roster_key *key,
    uint8_t share[static CDR_SCALAR_LEN]);

#endif
