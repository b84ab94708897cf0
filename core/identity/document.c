#include "core/identity/document.h"

#include <string.h>
#include <utf8proc.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/number.h"
#include "core/identity/tables.h"
#include "core/identity/translit.h"

/* see core/identity/number.h */
char
cdr_number_fold(char c)
{
	switch (c) {
	case 'O':
		return '0';
	case 'I':
		return '1';
	case 'Z':
		return '2';
	case 'S':
		return '5';
	case 'B':
		return '8';
	default:
		return c;
	}
}

/*
 * Series letters on documents of Cyrillic and Greek countries are those that look Latin, and clerks type either: here
 * the look counts, not the sound. Small letters, since case is folded before.
 */
static char
look_alike(uint32_t cp)
{
	static const struct {
		uint16_t cp;
		char latin;
	} alike[] = {
		{ 0x430, 'A' },
		{ 0x432, 'B' },
		{ 0x435, 'E' },
		{ 0x43a, 'K' },
		{ 0x43c, 'M' },
		{ 0x43d, 'H' },
		{ 0x43e, 'O' },
		{ 0x440, 'P' },
		{ 0x441, 'C' },
		{ 0x442, 'T' },
		{ 0x443, 'Y' },
		{ 0x445, 'X' },
		{ 0x456, 'I' },
		{ 0x3b1, 'A' },
		{ 0x3b2, 'B' },
		{ 0x3b5, 'E' },
		{ 0x3b6, 'Z' },
		{ 0x3b7, 'H' },
		{ 0x3b9, 'I' },
		{ 0x3ba, 'K' },
		{ 0x3bc, 'M' },
		{ 0x3bd, 'N' },
		{ 0x3bf, 'O' },
		{ 0x3c1, 'P' },
		{ 0x3c4, 'T' },
		{ 0x3c5, 'Y' },
		{ 0x3c7, 'X' },
	};

	for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
		if (alike[i].cp == cp)
			return alike[i].latin;
	return '\0';
}

/* Append what one code point reads as. False where its script has no table or the room is used up. */
static bool
put_code_point(uint32_t cp, char *out, size_t out_size, size_t *used)
{
	char text[CDR_TRANSLIT_OUT_MAX + 1] = { 0 };
	struct cdr_char c = cdr_char_lookup(cp);
	struct cdr_translit table;

	if (c.kind == CDR_CHAR_DIGIT) {
		text[0] = (char)('0' + c.digit);
	} else if (cp < 0x80) {
		text[0] = (char)(c.kind == CDR_CHAR_LETTER ? cp : 0);
	} else if (look_alike(cp) != '\0') {
		text[0] = look_alike(cp);
	} else if (c.kind == CDR_CHAR_LETTER) {
		if (!cdr_translit_choose((enum cdr_script)c.script, &cp, 1, &table))
			return false;
		if (cdr_translit_fold(&table, &cp, 1) == 1)
			(void)cdr_translit_word(&table, &cp, 1, text, sizeof text);
	}
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (*used + 1 >= out_size)
			return false;
		out[(*used)++] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
	}
	return true;
}

/* see core/identity/number.h */
cdr_err
cdr_number_clean(const char *text, char out[static CDR_DOCUMENT_NUMBER_LEN], size_t *len)
{
	const utf8proc_option_t options = UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STABLE | UTF8PROC_CASEFOLD;
	utf8proc_int32_t cps[8 * CDR_DOCUMENT_NUMBER_LEN];
	const size_t room = sizeof cps / sizeof *cps;
	size_t text_len = strnlen(text, CDR_DOCUMENT_NUMBER_LEN);
	utf8proc_ssize_t count;
	cdr_err err = CDR_E_INPUT;

	memset(out, 0, CDR_DOCUMENT_NUMBER_LEN);
	*len = 0;
	for (size_t at = 0; at < text_len;) {
		utf8proc_ssize_t n =
		    utf8proc_iterate((const uint8_t *)text + at, (utf8proc_ssize_t)(text_len - at), cps);

		if (n <= 0 || !cdr_code_point_assigned((uint32_t)cps[0]))
			return CDR_E_INPUT;
		at += (size_t)n;
	}
	count =
	    utf8proc_decompose((const uint8_t *)text, (utf8proc_ssize_t)text_len, cps, (utf8proc_ssize_t)room, options);
	if (count < 0 || (size_t)count > room)
		goto out;
	count = utf8proc_normalize_utf32(cps, count, options);
	for (utf8proc_ssize_t i = 0; i < count; i++)
		if (!put_code_point((uint32_t)cps[i], out, CDR_DOCUMENT_NUMBER_LEN, len))
			goto out;
	err = CDR_OK;
out:
	cdr_wipe(cps, sizeof cps);
	if (err != CDR_OK) {
		memset(out, 0, CDR_DOCUMENT_NUMBER_LEN);
		*len = 0;
	}
	return err;
}

static bool
has_ends(const struct cdr_document *document)
{
	return memchr(document->type, '\0', sizeof document->type) != NULL &&
	       memchr(document->country, '\0', sizeof document->country) != NULL &&
	       memchr(document->number, '\0', sizeof document->number) != NULL;
}

/* see core/identity/document.h */
cdr_err
cdr_document_normalise(const struct cdr_document *document, struct cdr_document_key *key, struct cdr_fault *fault)
{
	memset(key, 0, sizeof *key);
	if (!has_ends(document))
		return cdr_fault_set(fault, CDR_E_RANGE, "A field of the document is longer than its room.");
	if (document->number[0] == '\0')
		return CDR_OK;
	if (document->type[strspn(document->type, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		return cdr_fault_set(
		    fault, CDR_E_INPUT, "The type of the document is not one of the codes of the codebook.");
	if (document->country[0] != '\0' && cdr_country_read(document->country, key->country) != CDR_OK)
		return cdr_fault_set(
		    fault, CDR_E_INPUT, "The country of the document is not a code of ISO 3166-1, such as KEN.");
	if (cdr_number_clean(document->number, key->number, &key->number_len) != CDR_OK) {
		memset(key, 0, sizeof *key);
		return cdr_fault_set(fault, CDR_E_INPUT,
		    "The number of the document holds what cannot be read. Use letters and digits.");
	}
	memcpy(key->type, document->type, sizeof key->type);
	for (size_t i = 0; i < key->number_len; i++)
		key->number[i] = cdr_number_fold(key->number[i]);
	return CDR_OK;
}
