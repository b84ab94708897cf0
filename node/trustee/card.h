#ifndef CDR_NODE_TRUSTEE_CARD_H
#define CDR_NODE_TRUSTEE_CARD_H

/* The card that a trustee gives to whoever founds an exchange: what it shows of itself, as a JSON file. */

#include "node/store/home.h"

#define CDR_CARD_NAME "card.json"

/* The fingerprint of a card, for the telephone: that of the party "trustee", whose number is not known yet. */
CDR_MUST_CHECK cdr_err cdr_card_fingerprint(const Cdr__Wire__Party *party, char text[static CDR_FINGERPRINT_TEXT_LEN]);

/**
 * cdr_card_write(home, party, fault):
 * Write HOME/card.json, in one step.
 *
 * Returns  CDR_OK; CDR_E_IO; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_card_write(const struct cdr_home *home, const Cdr__Wire__Party *party,
    struct cdr_fault *fault);

#endif
