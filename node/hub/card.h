#ifndef CDR_NODE_HUB_CARD_H
#define CDR_NODE_HUB_CARD_H

/*
 * A party's card as a JSON file: what a trustee gives to whoever founds an exchange.
 *
 *     { "name": "...", "url": "https://...", "signing_key": "<hex>", "sealing_key": "<hex>", "tls_pin": "<hex>" }
 *
 * Further members are left alone: a card may carry more for people.
 */

#include "proto/roster.h"

struct cdr_hub_card {
	char name[CDR_PARTY_NAME_LEN_MAX + 1];
	char url[CDR_URL_LEN_MAX + 1];
	uint8_t signing_key[CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing_key[CDR_HPKE_PUBLIC_LEN];
	uint8_t tls_pin[CDR_PIN_LEN];
};

/**
 * cdr_hub_card_read(path, card, fault):
 * Returns  CDR_OK; CDR_E_ABSENT, CDR_E_IO if the file cannot be read; CDR_E_INPUT with what is missing or wrong.
 *          ${card} is all zero on error.
 */
CDR_MUST_CHECK cdr_err cdr_hub_card_read(const char *path, struct cdr_hub_card *card, struct cdr_fault *fault);

/* ${card} as a party of a roster, which borrows from it. */
void cdr_hub_card_party(struct cdr_hub_card *card, Cdr__Wire__Party *party);

#endif
