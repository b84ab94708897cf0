#ifndef CDR_TESTS_UNIT_NET_PARTY_H
#define CDR_TESTS_UNIT_NET_PARTY_H

/* A party with a certificate, for the tests of server and client. */

#include "tests/unit/unit.h"

#include "core/crypto/secret.h"
#include "keys/certificate.h"

struct party {
	X509 *certificate;
	EVP_PKEY *key;
	uint8_t pin[CDR_CERTIFICATE_PIN_LEN];
};

/* The same party for the same ${number}, 1 .. 255. */
static inline void
party_init(struct party *party, uint8_t number)
{
	uint8_t secret[CDR_CERTIFICATE_SECRET_LEN] = { 0 };

	secret[31] = number;
	assert_int_equal(cdr_certificate_make(secret, "test", &party->certificate, &party->key), CDR_OK);
	assert_int_equal(cdr_certificate_pin(party->certificate, party->pin), CDR_OK);
}

static inline void
party_wipe(struct party *party)
{
	X509_free(party->certificate);
	EVP_PKEY_free(party->key);
}

#endif
