#include <string.h>

#include "core/identity/country.h"
#include "core/identity/document.h"
#include "core/identity/number.h"

/*
 * Each country's rule is one row: the pattern that a number must have to be checked at all, and the arithmetic. In a
 * pattern '9' is a digit, 'A' a letter, 'X' either; other characters stand for themselves. Sources: the issuers'
 * published rules.
 */
#define DIGITS_MAX 20

typedef bool rule(const uint8_t *digit, const char *text, size_t len);

/* The sum of the first ${count} digits, each with its weight. */
static unsigned
weigh(const uint8_t *digit, const uint8_t *weight, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += digit[i] * weight[i];
	return sum;
}

/* ISO/IEC 7812-1 annex B: every second digit from the right is doubled, and its figures are added up. */
static bool
luhn(const uint8_t *digit, const char *text, size_t len)
{
	unsigned sum = 0;

	(void)text;
	for (size_t i = 0; i < len; i++) {
		unsigned value = digit[len - 1 - i] * (1 + i % 2);

		sum += value > 9 ? value - 9 : value;
	}
	return sum % 10 == 0;
}

/* Luhn over the last ten: the century before them does not count. */
static bool
luhn_last_ten(const uint8_t *digit, const char *text, size_t len)
{
	return luhn(digit + len - 10, text + len - 10, 10);
}

/* The dihedral group of order ten. */
static bool
verhoeff(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t permute[8][10] = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 },
		{ 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 }, { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 }, { 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 },
		{ 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 }, { 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 } };
	unsigned c = 0;

	(void)text;
	for (size_t i = 0; i < len; i++) {
		unsigned p = permute[i % 8][digit[len - 1 - i]];

		/* Rotations are 0 to 4, reflections 5 to 9. */
		if (c < 5)
			c = p < 5 ? (c + p) % 5 : 5 + (c + p) % 5;
		else
			c = p < 5 ? 5 + (c - p) % 5 : (c - p + 5) % 5;
	}
	return c == 0;
}

/* Spain: the letter is the number modulo 23. X, Y, Z before the number of a foreigner are 0, 1, 2. */
static bool
spain(const uint8_t *digit, const char *text, size_t len)
{
	unsigned number = text[0] >= 'X' ? (unsigned)(text[0] - 'X') : digit[0];

	for (size_t i = 1; i + 1 < len; i++)
		number = 10 * number + digit[i];
	return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == text[len - 1];
}

/* Chile: weights 2 to 7 from the right, modulo 11; ten is K. */
static bool
chile(const uint8_t *digit, const char *text, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i + 1 < len; i++)
		sum += digit[len - 2 - i] * (unsigned)(2 + i % 6);
	return "0K987654321"[sum % 11] == text[len - 1];
}

/* Brazil: two check digits modulo 11. */
static bool
brazil(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };

	(void)text;
	(void)len;
	return weigh(digit, weight + 1, 9) * 10 % 11 % 10 == digit[9] &&
	       weigh(digit, weight, 10) * 10 % 11 % 10 == digit[10];
}

static bool
turkey(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t odd_even[] = { 7, 9, 7, 9, 7, 9, 7, 9, 7 }; /* 9 is -1 modulo 10 */
	static const uint8_t ones[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	(void)text;
	(void)len;
	return digit[0] != 0 && weigh(digit, odd_even, 9) % 10 == digit[9] && weigh(digit, ones, 10) % 10 == digit[10];
}

static bool
iran(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned rest = weigh(digit, weight, 9) % 11;

	(void)text;
	(void)len;
	return digit[9] == (rest < 2 ? rest : 11 - rest);
}

/* China: ISO/IEC 7064, MOD 11-2; ten is X. */
static bool
china(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };

	(void)len;
	return "10X98765432"[weigh(digit, weight, 17) % 11] == text[17];
}

static bool
thailand(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };

	(void)text;
	(void)len;
	return (11 - weigh(digit, weight, 12) % 11) % 10 == digit[12];
}

static bool
poland(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3 };

	(void)text;
	(void)len;
	return (10 - weigh(digit, weight, 10) % 10) % 10 == digit[10];
}

static bool
romania(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 };
	unsigned rest = weigh(digit, weight, 12) % 11;

	(void)text;
	(void)len;
	return digit[12] == (rest == 10 ? 1 : rest);
}

static bool
bulgaria(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 4, 8, 5, 10, 9, 7, 3, 6 };

	(void)text;
	(void)len;
	return weigh(digit, weight, 9) % 11 % 10 == digit[9];
}

/* Estonia, Lithuania: weights from 1, and from 3 where that gives ten. */
static bool
baltic(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3 };
	unsigned rest = weigh(digit, weight, 10) % 11;

	(void)text;
	(void)len;
	if (rest == 10)
		rest = weigh(digit, weight + 2, 10) % 11 % 10;
	return digit[10] == rest;
}

static bool
kazakhstan(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2 };
	unsigned rest = weigh(digit, weight, 11) % 11;

	(void)text;
	(void)len;
	if (rest == 10)
		rest = weigh(digit, weight + 2, 11) % 11;
	return digit[11] == rest;
}

/* Finland: the nine digits modulo 31; between them stands a mark or letter of the century. */
static bool
finland(const uint8_t *digit, const char *text, size_t len)
{
	size_t mark = len == 11;
	unsigned long number = 0;

	for (size_t i = 0; i + 1 < len; i++)
		if (mark == 0 || i != 6)
			number = 10 * number + digit[i];
	return "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] == text[len - 1];
}

static bool
netherlands(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 9, 8, 7, 6, 5, 4, 3, 2, 10 }; /* the last is -1 modulo 11 */

	(void)text;
	(void)len;
	return weigh(digit, weight, 9) % 11 == 0;
}

/* Belgium: 97 less the rest modulo 97; who was born from 2000 on has a 2 before the number. */
static bool
belgium(const uint8_t *digit, const char *text, size_t len)
{
	unsigned long number = 0, check = 10ul * digit[9] + digit[10];

	(void)text;
	(void)len;
	for (size_t i = 0; i < 9; i++)
		number = 10 * number + digit[i];
	return 97 - number % 97 == check || 97 - (2000000000ul + number) % 97 == check;
}

/* Croatia: ISO/IEC 7064, MOD 11,10. */
static bool
croatia(const uint8_t *digit, const char *text, size_t len)
{
	unsigned carry = 10;

	(void)text;
	for (size_t i = 0; i + 1 < len; i++) {
		carry = (carry + digit[i]) % 10;
		carry = (carry == 0 ? 10 : carry) * 2 % 11;
	}
	return (carry + digit[len - 1]) % 10 == 1;
}

/* The countries that came from Yugoslavia. */
static bool
yugoslavia(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
	unsigned check = 11 - weigh(digit, weight, 12) % 11;

	(void)text;
	(void)len;
	return digit[12] == (check > 9 ? 0 : check);
}

/* Czechia and Slovakia: a multiple of 11; until 1985 ten was written as 0. */
static bool
czechia(const uint8_t *digit, const char *text, size_t len)
{
	unsigned long number = 0;

	(void)text;
	(void)len;
	for (size_t i = 0; i < 9; i++)
		number = 10 * number + digit[i];
	return number % 11 % 10 == digit[9];
}

static bool
kuwait(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };

	(void)text;
	(void)len;
	return 11 - weigh(digit, weight, 11) % 11 == digit[11];
}

static bool
uruguay(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 9, 8, 7, 6, 3, 4 };

	(void)text;
	(void)len;
	return (10 - weigh(digit, weight, 7) % 10) % 10 == digit[7];
}

static bool
el_salvador(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 9, 8, 7, 6, 5, 4, 3, 2 };

	(void)text;
	(void)len;
	return (10 - weigh(digit, weight, 8) % 10) % 10 == digit[8];
}

static bool
guatemala(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 3, 4, 5, 6, 7, 8, 9 };

	(void)text;
	(void)len;
	return weigh(digit, weight, 8) % 11 == digit[8];
}

/* Mexico: each character counts its place in the alphabet (with a letter N-tilde after N), weights from 18 down. */
static bool
mexico(const uint8_t *digit, const char *text, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		unsigned value = text[i] <= '9' ? digit[i] : (unsigned)(text[i] - 'A') + 10 + (text[i] > 'N');

		sum += value * (unsigned)(18 - i);
	}
	return (10 - sum % 10) % 10 == digit[len - 1];
}

/* Singapore: two alphabets of check letters, for citizens (S, T) and for foreigners (F, G). */
static bool
singapore(const uint8_t *digit, const char *text, size_t len)
{
	static const uint8_t weight[] = { 2, 7, 6, 5, 4, 3, 2 };
	unsigned sum = weigh(digit + 1, weight, 7) + (text[0] == 'T' || text[0] == 'G' ? 4 : 0);

	if (text[0] == 'S' || text[0] == 'T')
		return "JZIHGFEDCBA"[sum % 11] == text[len - 1];
	return (text[0] == 'F' || text[0] == 'G') && "XWUTRQPNMLK"[sum % 11] == text[len - 1];
}

/* Hong Kong: letters count from 10 on, a missing second letter is a space and counts 36; ten is A. */
static bool
hong_kong(const uint8_t *digit, const char *text, size_t len)
{
	unsigned sum = len == 8 ? 9 * 36 : 9 * ((unsigned)(text[0] - 'A') + 10);
	const char *letter = text + len - 8;

	sum += 8 * ((unsigned)(*letter - 'A') + 10);
	for (size_t i = 0; i < 6; i++)
		sum += digit[len - 7 + i] * (unsigned)(7 - i);
	sum += text[len - 1] == 'A' ? 10 : digit[len - 1];
	return sum % 11 == 0;
}

/* Taiwan: the letter is a number of two figures, in an order of its own. */
static bool
taiwan(const uint8_t *digit, const char *text, size_t len)
{
	static const char order[] = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
	static const uint8_t weight[] = { 8, 7, 6, 5, 4, 3, 2, 1, 1 };
	const char *place = strchr(order, text[0]);
	unsigned value = place == NULL ? 0 : (unsigned)(place - order) + 10;

	(void)len;
	return (value / 10 + value % 10 * 9 + weigh(digit + 1, weight, 9)) % 10 == 0;
}

static const struct {
	char country[CDR_COUNTRY_LEN];
	const char *pattern;
	rule *holds;
} rules[] = {
	{ "BEL", "99999999999", belgium },
	{ "BGR", "9999999999", bulgaria },
	{ "BIH", "9999999999999", yugoslavia },
	{ "BRA", "99999999999", brazil },
	{ "CHL", "9999999X", chile },
	{ "CHL", "99999999X", chile },
	{ "CHN", "99999999999999999X", china },
	{ "CZE", "9999999999", czechia },
	{ "DOM", "99999999999", luhn },
	{ "ECU", "9999999999", luhn },
	{ "ESP", "99999999A", spain },
	{ "ESP", "X9999999A", spain },
	{ "EST", "99999999999", baltic },
	{ "FIN", "999999999X", finland },
	{ "FIN", "999999A999X", finland },
	{ "GTM", "9999999999999", guatemala },
	{ "HKG", "A999999X", hong_kong },
	{ "HKG", "AA999999X", hong_kong },
	{ "HRV", "99999999999", croatia },
	{ "IND", "999999999999", verhoeff },
	{ "IRN", "9999999999", iran },
	{ "ISR", "99999999", luhn },
	{ "ISR", "999999999", luhn },
	{ "KAZ", "999999999999", kazakhstan },
	{ "KWT", "999999999999", kuwait },
	{ "LTU", "99999999999", baltic },
	{ "MEX", "AAAA999999AAAAAAX9", mexico },
	{ "MKD", "9999999999999", yugoslavia },
	{ "MNE", "9999999999999", yugoslavia },
	{ "NLD", "999999999", netherlands },
	{ "POL", "99999999999", poland },
	{ "ROU", "9999999999999", romania },
	{ "SAU", "9999999999", luhn },
	{ "SGP", "A9999999A", singapore },
	{ "SLV", "999999999", el_salvador },
	{ "SRB", "9999999999999", yugoslavia },
	{ "SVK", "9999999999", czechia },
	{ "SVN", "9999999999999", yugoslavia },
	{ "SWE", "9999999999", luhn },
	{ "SWE", "999999999999", luhn_last_ten },
	{ "THA", "9999999999999", thailand },
	{ "TUR", "99999999999", turkey },
	{ "TWN", "A999999999", taiwan },
	{ "URY", "99999999", uruguay },
	{ "ZAF", "9999999999999", luhn },
};

/* Whether a number has the pattern; its digits, with what looks like a digit read as one where a digit must stand. */
static bool
fits(const char *pattern, char *text, size_t len, uint8_t digit[static DIGITS_MAX])
{
	if (strlen(pattern) != len || len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = pattern[i] == '9' ? cdr_number_fold(text[i]) : text[i];
		bool is_digit = c >= '0' && c <= '9';

		if ((pattern[i] == '9' && !is_digit) || (pattern[i] == 'A' && is_digit))
			return false;
		digit[i] = is_digit ? (uint8_t)(c - '0') : 0;
	}
	for (size_t i = 0; i < len; i++)
		if (pattern[i] == '9')
			text[i] = (char)('0' + digit[i]);
	return true;
}

/* see core/identity/document.h */
enum cdr_document_check
cdr_document_check(const struct cdr_document *document)
{
	struct cdr_document_key key;
	char text[CDR_DOCUMENT_NUMBER_LEN];
	uint8_t digit[DIGITS_MAX];
	size_t len;

	if (cdr_document_normalise(document, &key, NULL) != CDR_OK || strcmp(key.type, "national_id") != 0 ||
	    cdr_number_clean(document->number, text, &len) != CDR_OK)
		return CDR_DOCUMENT_UNCHECKED;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].country, key.country) == 0 && fits(rules[i].pattern, text, len, digit))
			return rules[i].holds(digit, text, len) ? CDR_DOCUMENT_CHECKED : CDR_DOCUMENT_WRONG;
	return CDR_DOCUMENT_UNCHECKED;
}
