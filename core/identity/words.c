#include "core/identity/words.h"

#include <string.h>

#include "core/identity/tables.h"

#define ENTRY_LEN (CDR_WORD_LEN + CDR_WORD_TARGET_LEN + 2)

/* see core/identity/words.h */
struct cdr_word
cdr_word_find(const char *text)
{
	const uint8_t *table = cdr_table_bytes(CDR_TABLE_WORDS).data;
	size_t low = 0, high = cdr_read32(table, 0);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const uint8_t *entry = table + 4 + middle * ENTRY_LEN;
		int order = strcmp(text, (const char *)entry);

		if (order == 0)
			return (struct cdr_word){ cdr_read16(entry, CDR_WORD_LEN + CDR_WORD_TARGET_LEN),
				(const char *)entry + CDR_WORD_LEN };
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (struct cdr_word){ 0, "" };
}
