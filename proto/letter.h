#ifndef CDR_PROTO_LETTER_H
#define CDR_PROTO_LETTER_H

/*
 * Letters between members: signed by the sender for one receiver, sealed to the receiver's key, all of one size.
 */

#include "proto/roster.h"
#include "proto/exchange.pb-c.h"
#include "proto/letter.pb-c.h"

/* A letter that was opened and whose sender was verified. Everything is borrowed from it; it holds personal data. */
struct cdr_letter {
	struct cdr_arena arena;
	struct cdr_arena signed_arena;
	struct cdr_buffer plain;
	const Cdr__Wire__Letter *body;
	struct cdr_bytes letter;    /* the bytes that were signed */
	struct cdr_bytes signature;
};

/* Wipe and free; NULL is ignored. */
void cdr_letter_free(struct cdr_letter *letter);

/**
 * cdr_letter_seal(letter, sender_seed, receiver_key, genesis, sealed):
 * Sign ${letter}, pad it, seal it to ${receiver_key} (CDR_HPKE_PUBLIC_LEN bytes, from the roster).
 * The HPKE info names the exchange; the associated data are letter_id, from and to, which the hub sees too.
 *
 * sealed   out   new buffer of CDR_MAIL_SEALED_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_RANGE if the letter does not fit; CDR_E_POINT for a bad key; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_letter_seal(const Cdr__Wire__Letter *letter, const uint8_t *sender_seed,
    const uint8_t *receiver_key, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_buffer *sealed);

/**
 * cdr_letter_open(mail, receiver_secret, receiver_key, roster, genesis, letter, fault):
 * Open the mail's sealed bytes and verify that the member that `from` names in ${roster} signed them for this receiver.
 *
 * mail    in    id, from, to and sealed as the hub delivered them
 * letter  out   new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another size; CDR_E_SEALED if it does not open (altered, or for another key);
 *          CDR_E_SIGNATURE if the sender did not sign it for this receiver; CDR_E_ABSENT if the roster has no such
 *          sender; CDR_E_REFUSED if the letter's own id, from or to differ from the mail's; CDR_E_INPUT; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_letter_open(const Cdr__Wire__Mail *mail, const uint8_t *receiver_secret,
    const uint8_t *receiver_key, const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    struct cdr_letter **letter, struct cdr_fault *fault);

/**
 * cdr_letter_verify(letter, signature, signer_key, receiver_key, genesis):
 * Whether ${signature} over the letter's bytes for that receiver holds: for statements that were exported.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_letter_verify(struct cdr_bytes letter, struct cdr_bytes signature, const uint8_t *signer_key,
    const uint8_t *receiver_key, const uint8_t genesis[static CDR_GENESIS_HASH_LEN]);

#endif
