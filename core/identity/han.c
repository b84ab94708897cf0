#include "core/identity/han.h"

#include <string.h>

#include "core/identity/tables.h"

#define FAMILY_LEN 12 /* two code points and two readings */

/* Layout of han.bin: count and syllables, a place for each page, the pages, count and family names. */
static const uint8_t *
pages_at(const uint8_t *table)
{
	return table + 2 + cdr_read16(table, 0) * CDR_HAN_SYLLABLE_LEN;
}

/* The syllable of a number that counts from 1; NULL for 0. */
static const char *
syllable(uint32_t number)
{
	const uint8_t *table = cdr_table_bytes(CDR_TABLE_HAN).data;

	return number == 0 ? NULL : (const char *)table + 2 + (number - 1) * CDR_HAN_SYLLABLE_LEN;
}

/* see core/identity/han.h */
const char *
cdr_han_reading(uint32_t cp)
{
	const uint8_t *pages = pages_at(cdr_table_bytes(CDR_TABLE_HAN).data);
	uint32_t number = cp >> 8 < CDR_HAN_PAGES ? cdr_read16(pages, 2 * (cp >> 8)) : 0, i = cp & 0xff;
	const uint8_t *page;

	if (number == 0)
		return NULL;
	page = pages + 2 * CDR_HAN_PAGES + CDR_HAN_PAGE_LEN * (number - 1);
	return syllable(page[i] | (uint32_t)(page[256 + i / 8] >> i % 8 & 1) << 8);
}

/* Number of pages that are there, which tells where the family names begin. */
static const uint8_t *
families_at(const uint8_t *pages)
{
	uint32_t count = 0;

	for (size_t i = 0; i < CDR_HAN_PAGES; i++)
		if (cdr_read16(pages, 2 * i) != 0)
			count = cdr_read16(pages, 2 * i);
	return pages + 2 * CDR_HAN_PAGES + CDR_HAN_PAGE_LEN * count;
}

/* see core/identity/han.h */
size_t
cdr_han_family(const uint32_t *cps, size_t count, const char *reading[static 2])
{
	const uint8_t *family = families_at(pages_at(cdr_table_bytes(CDR_TABLE_HAN).data));
	size_t found = 0;

	for (size_t i = cdr_read16(family, 0), at = 2; i > 0; i--, at += FAMILY_LEN) {
		uint32_t second = cdr_read32(family, at + 4);
		size_t length = second == 0 ? 1 : 2;

		if (cdr_read32(family, at) != cps[0] || length <= found || count < length ||
		    (length == 2 && second != cps[1]))
			continue;
		reading[0] = syllable(cdr_read16(family, at + 8));
		reading[1] = syllable(cdr_read16(family, at + 10));
		found = length;
	}
	return found;
}

/* see core/identity/han.h */
bool
cdr_han_is_syllable(const char *text)
{
	const uint8_t *table = cdr_table_bytes(CDR_TABLE_HAN).data;
	uint32_t low = 1, high = cdr_read16(table, 0) + 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, syllable(middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
