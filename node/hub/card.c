#include "node/hub/card.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define CARD_LEN_MAX 8192

/* The whole file as text; a card is small. */
static cdr_err
read_file(const char *path, char text[static CARD_LEN_MAX], size_t *len, struct cdr_fault *fault)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return cdr_fault_set(fault, errno == ENOENT ? CDR_E_ABSENT : CDR_E_IO, "%s: %s", path, strerror(errno));
	*len = fread(text, 1, CARD_LEN_MAX, file);
	bool failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed)
		return cdr_fault_set(fault, CDR_E_IO, "%s: cannot be read", path);
	if (*len == CARD_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: longer than a card", path);
	return CDR_OK;
}

/* The text ${name} of ${json}, of 1 to ${size} - 1 bytes. */
static cdr_err
read_text(const json_t *json, const char *name, char *out, size_t size, const char *path, struct cdr_fault *fault)
{
	const char *text = json_string_value(json_object_get(json, name));

	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: \"%s\" is missing, empty or too long: is this the card.json of a "
		    "trustee?", path, name);
	memcpy(out, text, strlen(text) + 1);
	return CDR_OK;
}

static cdr_err
read_key(const json_t *json, const char *name, uint8_t *out, size_t len, const char *path, struct cdr_fault *fault)
{
	const char *text = json_string_value(json_object_get(json, name));

	if (text == NULL || strlen(text) != 2 * len || cdr_hex_read(text, out, len) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: \"%s\" is not a key of %zu bytes in hexadecimal", path, name, len);
	return CDR_OK;
}

/* see node/hub/card.h */
cdr_err
cdr_hub_card_read(const char *path, struct cdr_hub_card *card, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char text[CARD_LEN_MAX];
	size_t len = 0;
	json_t *json = NULL;
	json_error_t where;

	memset(card, 0, sizeof(*card));
	CDR_TRY(read_file(path, text, &len, fault));
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(json)) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "%s is no trustee's card: `candor-trustee init` writes it, as card.json", path);
		goto out;
	}
	CDR_TRY(read_text(json, "name", card->name, sizeof(card->name), path, fault));
	CDR_TRY(read_text(json, "url", card->url, sizeof(card->url), path, fault));
	CDR_TRY(read_key(json, "signing_key", card->signing_key, sizeof(card->signing_key), path, fault));
	CDR_TRY(read_key(json, "sealing_key", card->sealing_key, sizeof(card->sealing_key), path, fault));
	CDR_TRY(read_key(json, "tls_pin", card->tls_pin, sizeof(card->tls_pin), path, fault));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		memset(card, 0, sizeof(*card));
	json_decref(json);
	return err;
}

/* see node/hub/card.h */
void
cdr_hub_card_party(struct cdr_hub_card *card, Cdr__Wire__Party *party)
{
	*party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party->name = card->name;
	party->url = card->url;
	party->signing_key = cdr_message_field(card->signing_key, sizeof(card->signing_key));
	party->sealing_key = cdr_message_field(card->sealing_key, sizeof(card->sealing_key));
	party->tls_pin = cdr_message_field(card->tls_pin, sizeof(card->tls_pin));
}
