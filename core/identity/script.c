#include "core/identity/script.h"

#include "core/identity/tables.h"

#define CP_MASK 0xffffffu

/* see core/identity/tables.h */
struct cdr_char
cdr_char_lookup(uint32_t cp)
{
	const uint8_t *table = cdr_table_bytes(CDR_TABLE_CHARACTERS).data;
	size_t low = 0, high = cdr_read32(table, 0);

	/* The last range that starts at or before cp. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((cdr_read32(table, 4 + 8 * middle) & CP_MASK) <= cp)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0) {
		uint32_t start = cdr_read32(table, 4 + 8 * (low - 1)), end = cdr_read32(table, 8 + 8 * (low - 1));
		uint8_t kind = (uint8_t)(start >> 24);

		if (cp <= (end & CP_MASK))
			return (struct cdr_char){ kind, (uint8_t)(end >> 24),
				kind == CDR_CHAR_DIGIT ? (uint8_t)((cp - (start & CP_MASK)) % 10) : 0 };
	}
	return (struct cdr_char){ 0 };
}

/* see core/identity/script.h */
enum cdr_script
cdr_script_of(uint32_t cp)
{
	struct cdr_char c = cdr_char_lookup(cp);

	return c.kind == CDR_CHAR_LETTER || c.kind == CDR_CHAR_MARK ? (enum cdr_script)c.script : CDR_SCRIPT_NONE;
}

/* see core/identity/script.h */
bool
cdr_code_point_assigned(uint32_t cp)
{
	return cdr_char_lookup(cp).kind != CDR_CHAR_UNASSIGNED;
}

/* see core/identity/script.h */
const char *
cdr_script_name(enum cdr_script script)
{
	/* clang-format off */
	static const char *const names[CDR_SCRIPT_COUNT] = {
		"none", "Latin", "Cyrillic", "Greek", "Armenian", "Georgian", "Arabic", "Hebrew", "Syriac", "Thaana", "N'Ko",
		"Adlam", "Ethiopic", "Tifinagh", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil",
		"Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Burmese", "Hangul", "Kana", "Han", "Mongolian",
		"Khmer", "Lao", "Tibetan", "another script",
	};
	/* clang-format on */

	return (unsigned)script < CDR_SCRIPT_COUNT ? names[script] : "unknown";
}

/* see core/identity/script.h */
bool
cdr_script_has_table(enum cdr_script script)
{
	return script > CDR_SCRIPT_NONE && script < CDR_SCRIPT_KHMER;
}

/* see core/identity/script.h */
bool
cdr_script_writes_vowels(enum cdr_script script)
{
	return script != CDR_SCRIPT_ARABIC && script != CDR_SCRIPT_HEBREW && script != CDR_SCRIPT_SYRIAC;
}
