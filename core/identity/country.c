#include "core/identity/country.h"

#include <string.h>

#include "core/identity/tables.h"

#define LINE_LEN 7 /* "AFG\tAF\n": alpha-3, alpha-2; in alphabetical order of the first */

/* The line of an alpha-3 code in capitals; NULL if it is none. */
static const char *
find_line(const char *alpha3)
{
	struct cdr_bytes table = cdr_table_bytes(CDR_TABLE_COUNTRIES);
	size_t low = 0, high = table.len / LINE_LEN;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *line = (const char *)table.data + middle * LINE_LEN;
		int order = memcmp(alpha3, line, 3);

		if (order == 0)
			return line;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* see core/identity/country.h */
bool
cdr_country_known(const char *alpha3)
{
	return strnlen(alpha3, CDR_COUNTRY_LEN) == 3 && find_line(alpha3) != NULL;
}

/* see core/identity/country.h */
bool
cdr_country_at(size_t index, char alpha3[static CDR_COUNTRY_LEN])
{
	struct cdr_bytes table = cdr_table_bytes(CDR_TABLE_COUNTRIES);

	memset(alpha3, 0, CDR_COUNTRY_LEN);
	if (index >= table.len / LINE_LEN)
		return false;
	memcpy(alpha3, table.data + index * LINE_LEN, 3);
	return true;
}

/* Codes of a machine-readable zone that stand for a country (ICAO 9303-3 section 5), and others in common use. */
static const char *
zone_code(const char *text)
{
	static const char *const codes[][2] = { { "D", "DEU" }, { "GBD", "GBR" }, { "GBN", "GBR" }, { "GBO", "GBR" },
		{ "GBP", "GBR" }, { "GBS", "GBR" }, { "UK", "GBR" }, { "RKS", "XKX" }, { "KS", "XKX" },
		{ "ROM", "ROU" }, { "ZAR", "COD" }, { "TMP", "TLS" } };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(text, codes[i][0]) == 0)
			return codes[i][1];
	return NULL;
}

/* The alpha-3 code of an alpha-2 code in capitals; NULL if it is none. */
static const char *
from_alpha2(const char *alpha2)
{
	struct cdr_bytes table = cdr_table_bytes(CDR_TABLE_COUNTRIES);

	for (size_t at = 0; at < table.len; at += LINE_LEN)
		if (memcmp(table.data + at + 4, alpha2, 2) == 0)
			return (const char *)table.data + at;
	return NULL;
}

/* see core/identity/country.h */
cdr_err
cdr_country_read(const char *text, char alpha3[static CDR_COUNTRY_LEN])
{
	char code[CDR_COUNTRY_LEN] = { 0 };
	const char *found = NULL;
	size_t len = strnlen(text, CDR_COUNTRY_LEN);

	memset(alpha3, 0, CDR_COUNTRY_LEN);
	if (len == 0 || len > 3)
		return CDR_E_INPUT;
	for (size_t i = 0; i < len; i++)
		code[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
	found = zone_code(code);
	if (found == NULL)
		found = len == 3 ? find_line(code) : len == 2 ? from_alpha2(code) : NULL;
	if (found == NULL)
		return CDR_E_INPUT;
	memcpy(alpha3, found, 3);
	return CDR_OK;
}
