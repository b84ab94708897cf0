#include "core/identity/generate/generate.h"

#include <unicode/uchar.h>
#include <unicode/ucal.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "core/identity/script.h"
#include "core/identity/tables.h"

/* see core/identity/generate/generate.h */
unsigned
gen_script(uint32_t cp)
{
	static const struct {
		UScriptCode icu;
		enum cdr_script script;
	} map[] = {
		{ USCRIPT_COMMON, CDR_SCRIPT_NONE },
		{ USCRIPT_INHERITED, CDR_SCRIPT_NONE },
		{ USCRIPT_LATIN, CDR_SCRIPT_LATIN },
		{ USCRIPT_CYRILLIC, CDR_SCRIPT_CYRILLIC },
		{ USCRIPT_GREEK, CDR_SCRIPT_GREEK },
		{ USCRIPT_ARMENIAN, CDR_SCRIPT_ARMENIAN },
		{ USCRIPT_GEORGIAN, CDR_SCRIPT_GEORGIAN },
		{ USCRIPT_ARABIC, CDR_SCRIPT_ARABIC },
		{ USCRIPT_HEBREW, CDR_SCRIPT_HEBREW },
		{ USCRIPT_SYRIAC, CDR_SCRIPT_SYRIAC },
		{ USCRIPT_THAANA, CDR_SCRIPT_THAANA },
		{ USCRIPT_NKO, CDR_SCRIPT_NKO },
		{ USCRIPT_ADLAM, CDR_SCRIPT_ADLAM },
		{ USCRIPT_ETHIOPIC, CDR_SCRIPT_ETHIOPIC },
		{ USCRIPT_TIFINAGH, CDR_SCRIPT_TIFINAGH },
		{ USCRIPT_DEVANAGARI, CDR_SCRIPT_DEVANAGARI },
		{ USCRIPT_BENGALI, CDR_SCRIPT_BENGALI },
		{ USCRIPT_GURMUKHI, CDR_SCRIPT_GURMUKHI },
		{ USCRIPT_GUJARATI, CDR_SCRIPT_GUJARATI },
		{ USCRIPT_ORIYA, CDR_SCRIPT_ORIYA },
		{ USCRIPT_TAMIL, CDR_SCRIPT_TAMIL },
		{ USCRIPT_TELUGU, CDR_SCRIPT_TELUGU },
		{ USCRIPT_KANNADA, CDR_SCRIPT_KANNADA },
		{ USCRIPT_MALAYALAM, CDR_SCRIPT_MALAYALAM },
		{ USCRIPT_SINHALA, CDR_SCRIPT_SINHALA },
		{ USCRIPT_THAI, CDR_SCRIPT_THAI },
		{ USCRIPT_MYANMAR, CDR_SCRIPT_MYANMAR },
		{ USCRIPT_HANGUL, CDR_SCRIPT_HANGUL },
		{ USCRIPT_HIRAGANA, CDR_SCRIPT_KANA },
		{ USCRIPT_KATAKANA, CDR_SCRIPT_KANA },
		{ USCRIPT_HAN, CDR_SCRIPT_HAN },
		{ USCRIPT_MONGOLIAN, CDR_SCRIPT_MONGOLIAN },
		{ USCRIPT_KHMER, CDR_SCRIPT_KHMER },
		{ USCRIPT_LAO, CDR_SCRIPT_LAO },
		{ USCRIPT_TIBETAN, CDR_SCRIPT_TIBETAN },
	};
	UErrorCode status = U_ZERO_ERROR;
	UScriptCode code = uscript_getScript((UChar32)cp, &status);

	if (cp == 0x30fc) /* the mark of a long vowel: common to both kana */
		return CDR_SCRIPT_KANA;
	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		if (map[i].icu == code)
			return map[i].script;
	return CDR_SCRIPT_OTHER;
}

/* Marks that people write as an apostrophe or as a decoration within a word. */
static bool
is_dropped(uint32_t cp)
{
	static const uint32_t dropped[] = {
		'\'',
		'`',
		0xb4,
		0x2b9,
		0x2ba,
		0x2bb,
		0x2bc,
		0x2bd,
		0x2be,
		0x2bf,
		0x2c0,
		0x2c1,
		0x2c8,
		0x2ca,
		0x2cb,
		0x2ee,
		0x374,
		0x37a,
		0x384,
		0x55a,
		0x559,
		0x5f3,
		0x5f4,
		0x640,
		0x7f4,
		0x7f5,
		0x7fa,
		0x1fbd,
		0x1fbf,
		0x1fef,
		0x1ffd,
		0x1ffe,
		0x2018,
		0x2019,
		0x201a,
		0x201b,
		0x2032,
		0x2035,
		0xa78b,
		0xa78c,
		0xff07,
		0xff40,
		0xe46,
		0x1e94b,
	};

	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
		if (dropped[i] == cp)
			return true;
	return false;
}

/* see core/identity/generate/generate.h */
bool
gen_is_dropped(uint32_t cp)
{
	return is_dropped(cp) || u_charType((UChar32)cp) == U_FORMAT_CHAR;
}

/* enum cdr_char_kind of a code point. */
static unsigned
kind_of(uint32_t cp)
{
	if (gen_is_dropped(cp))
		return CDR_CHAR_DROPPED;
	switch (u_charType((UChar32)cp)) {
	case U_UNASSIGNED:
	case U_SURROGATE:
	case U_PRIVATE_USE_CHAR:
		return CDR_CHAR_UNASSIGNED;
	case U_UPPERCASE_LETTER:
	case U_LOWERCASE_LETTER:
	case U_TITLECASE_LETTER:
	case U_MODIFIER_LETTER:
	case U_OTHER_LETTER:
	case U_LETTER_NUMBER:
		return CDR_CHAR_LETTER;
	case U_NON_SPACING_MARK:
	case U_ENCLOSING_MARK:
	case U_COMBINING_SPACING_MARK:
		return CDR_CHAR_MARK;
	case U_DECIMAL_DIGIT_NUMBER:
		return CDR_CHAR_DIGIT;
	default:
		return CDR_CHAR_SEPARATOR;
	}
}

/* see core/identity/generate/generate.h */
void
gen_characters(const char *data)
{
	struct gen_out out = { 0 };
	uint32_t start = 0, count = 0;

	gen_put32(&out, 0);
	for (uint32_t cp = 1; cp <= 0x110000; cp++) {
		unsigned kind = kind_of(start), script = gen_script(start);
		bool same =
		    cp < 0x110000 && kind_of(cp) == kind && (kind == CDR_CHAR_UNASSIGNED || gen_script(cp) == script);

		if (same && kind == CDR_CHAR_DIGIT && u_charDigitValue((UChar32)cp) == 0)
			same = false; /* a range of digits starts with its zero */
		if (same)
			continue;
		if (kind != CDR_CHAR_UNASSIGNED) {
			gen_put32(&out, start | (uint32_t)kind << 24);
			gen_put32(&out, (cp - 1) | (uint32_t)script << 24);
			count++;
		}
		start = cp;
	}
	gen_patch32(&out, 0, count);
	gen_write(&out, data, "characters.bin");
}

/* see core/identity/generate/generate.h */
void
gen_calendar(const char *data)
{
	struct gen_out out = { 0 };
	UErrorCode status = U_ZERO_ERROR;
	UCalendar *calendar = ucal_open(u"UTC", 3, "en@calendar=islamic-umalqura", UCAL_TRADITIONAL, &status);
	int32_t day;

	/* The Julian day number of 1 Muharram 1300, then for each year a bit for each month of 30 days. */
	ucal_setDateTime(calendar, 1300, 0, 1, 12, 0, 0, &status);
	day = ucal_get(calendar, UCAL_JULIAN_DAY, &status);
	if (U_FAILURE(status))
		gen_die("no calendar of Umm al-Qura: %s", u_errorName(status));
	gen_put32(&out, (uint32_t)day);
	for (int32_t year = 1300; year <= 1600; year++) {
		unsigned long_months = 0;

		for (int32_t month = 0; month < 12; month++) {
			int32_t days;

			ucal_setDateTime(calendar, year, month, 1, 12, 0, 0, &status);
			days = ucal_getLimit(calendar, UCAL_DAY_OF_MONTH, UCAL_ACTUAL_MAXIMUM, &status);
			if (U_FAILURE(status) || (days != 29 && days != 30))
				gen_die("a month of %d days in %d", (int)days, (int)year);
			if (days == 30)
				long_months |= 1u << month;
		}
		gen_put16(&out, long_months);
	}
	ucal_close(calendar);
	gen_write(&out, data, "umalqura.bin");
}
