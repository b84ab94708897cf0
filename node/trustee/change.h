#ifndef CDR_NODE_TRUSTEE_CHANGE_H
#define CDR_NODE_TRUSTEE_CHANGE_H

/*
 * A change of trustees, as the secretariat proposes it through the hub: approved by this trustee's operator by its
 * fingerprint, and only then taken part in and countersigned.
 */

#include "node/trustee/trustee.h"
#include "proto/ceremony.h"

/* What is proposed. Zeroed: nothing. */
struct cdr_trustee_change {
	struct cdr_arena arena;
	Cdr__Wire__TrusteeChange *change; /* in the arena */
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
};

/**
 * cdr_trustee_change_fetch(client, url, out, fault):
 * What the hub at ${url} shows, believing nothing.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if nothing is proposed; as cdr_client_send. ${out} is freed by the caller also on error.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_change_fetch(struct cdr_client *client, const char *url,
    struct cdr_trustee_change *out, struct cdr_fault *fault);
void cdr_trustee_change_free(struct cdr_trustee_change *change);

/**
 * cdr_trustee_change_approve(trustee, change):
 * Note that the operator has compared the fingerprint. It takes the place of what was approved before.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_change_approve(const struct cdr_trustee *trustee,
    const struct cdr_trustee_change *change);

/* What was approved last; NULL if nothing was. ${arena} is freed by the caller, also on error. CDR_OK; CDR_E_STORE; as cdr_message_decode. */
CDR_MUST_CHECK cdr_err cdr_trustee_change_read(struct cdr_tx *tx, struct cdr_arena *arena,
    Cdr__Wire__TrusteeChange **change);

/* Whether ${change} names ${own}, to be a trustee or to deal its share, with exactly this card: name, address and every key. */
bool cdr_trustee_change_names(const Cdr__Wire__TrusteeChange *change, const Cdr__Wire__Party *own);

/* Whether the change that the operator approved last can still follow the roster in force and names this trustee in the new one; also if unknown. */
bool cdr_trustee_change_awaited(const struct cdr_trustee *trustee);

#endif
