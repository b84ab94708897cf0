#include "node/trustee/card.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE (CDR_HOME_PATH_LEN_MAX + 64)

/* see node/trustee/card.h */
cdr_err
cdr_card_fingerprint(const Cdr__Wire__Party *party, char text[static CDR_FINGERPRINT_TEXT_LEN])
{
	uint8_t hash[CDR_ROSTER_HASH_LEN];
	cdr_err err = cdr_roster_party_fingerprint("trustee", party, hash);

	if (err == CDR_OK)
		cdr_fingerprint_write(hash, text);
	return err;
}

static json_t *
make_json(const Cdr__Wire__Party *party, const char *fingerprint)
{
	char signing[2 * CDR_SIGN_PUBLIC_LEN + 1], sealing[2 * CDR_HPKE_PUBLIC_LEN + 1], pin[2 * CDR_PIN_LEN + 1];

	cdr_hex_write(party->signing_key.data, CDR_SIGN_PUBLIC_LEN, signing);
	cdr_hex_write(party->sealing_key.data, CDR_HPKE_PUBLIC_LEN, sealing);
	cdr_hex_write(party->tls_pin.data, CDR_PIN_LEN, pin);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", party->name, "url", party->url, "signing_key", signing,
	    "sealing_key", sealing, "tls_pin", pin, "fingerprint", fingerprint);
}

/* see node/trustee/card.h */
cdr_err
cdr_card_write(const struct cdr_home *home, const Cdr__Wire__Party *party, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char path[PATH_SIZE], temporary[PATH_SIZE], fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	json_t *json = NULL;

	CDR_TRY(cdr_home_file(home->path, CDR_CARD_NAME, path, sizeof(path)));
	CDR_TRY(cdr_home_file(home->path, CDR_CARD_NAME ".new", temporary, sizeof(temporary)));
	CDR_TRY(cdr_card_fingerprint(party, fingerprint));
	json = make_json(party, fingerprint);
	if (json == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	if (json_dump_file(json, temporary, JSON_INDENT(2)) != 0 || rename(temporary, path) != 0)
		err = cdr_fault_set(fault, CDR_E_IO, "%s: cannot be written: %s", path, strerror(errno));
out:
	json_decref(json);
	return err;
}
