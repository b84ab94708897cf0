#ifndef CDR_NODE_TRUSTEE_GENESIS_H
#define CDR_NODE_TRUSTEE_GENESIS_H

/*
 * The beginning: is this the exchange whose trustees spoke to each other, and is this trustee in it as itself?
 *
 * Whoever founds an exchange could put keys of his own in the trustees' place, and would then hold the whole key. So
 * nothing is made before the fingerprint of the genesis roster, compared by telephone with the other trustees, is given
 * here by the operator, and before every byte of this trustee's own entry is its own.
 */

#include "node/trustee/trustee.h"

/**
 * cdr_genesis_ask(client, url, path, reply, pin, fault):
 * Ask the hub at ${url} without a signature: whoever asks is nobody yet. Nothing of the answer is believed, nor whose it is.
 *
 * reply   out   freed by the caller with cdr_envelope_free, also on error
 * pin     out   CDR_PIN_LEN bytes: of the certificate that was shown; may be NULL
 *
 * Returns  CDR_OK; CDR_E_INPUT for what is no signed message; as cdr_client_send.
 */
CDR_MUST_CHECK cdr_err cdr_genesis_ask(struct cdr_client *client, const char *url, const char *path, struct cdr_envelope *reply,
    uint8_t *pin, struct cdr_fault *fault);

/**
 * cdr_genesis_fetch(client, url, genesis, pin, fault):
 * The genesis roster that the hub at ${url} shows. Nothing about it is believed yet: neither its sender nor its content.
 *
 * genesis   out   new, owned by the caller; NULL on error
 * pin       out   CDR_PIN_LEN bytes: of the certificate that was shown
 *
 * Returns  CDR_OK; CDR_E_ROSTER, CDR_E_INPUT for what is no roster; as cdr_client_send.
 */
CDR_MUST_CHECK cdr_err cdr_genesis_fetch(struct cdr_client *client, const char *url, struct cdr_roster **genesis,
    uint8_t pin[static CDR_PIN_LEN], struct cdr_fault *fault);

/**
 * cdr_genesis_check(genesis, fingerprint, own, pin, index, fault):
 * Whether this trustee may make a key in the exchange of ${genesis}.
 *
 * fingerprint  in    from the operator
 * own          in    this trustee as it shows itself
 * pin          in    of the hub that was asked; NULL: do not compare
 * index        out   under which this trustee stands in it; 0 on error
 *
 * Returns  CDR_OK; CDR_E_ROSTER if it is another roster, or is not signed by the hub that it names; CDR_E_REFUSED if this
 *          trustee is not in it exactly as it is, or the hub that was asked is not the one that it names.
 */
CDR_MUST_CHECK cdr_err cdr_genesis_check(const struct cdr_roster *genesis,
    const uint8_t fingerprint[static CDR_ROSTER_HASH_LEN], const Cdr__Wire__Party *own, const uint8_t *pin,
    uint32_t *index, struct cdr_fault *fault);

#endif
