#include "core/bytes.h"

#include <assert.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* see core/bytes.h */
void
cdr_number_write(uint64_t number, uint8_t *data, size_t len)
{
	assert(len >= 1 && len <= 8 && (len == 8 || number >> 8 * len == 0));
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(number >> 8 * (len - 1 - i));
}

/* see core/bytes.h */
uint64_t
cdr_number_read(const uint8_t *data, size_t len)
{
	uint64_t number = 0;

	assert(len >= 1 && len <= 8);
	for (size_t i = 0; i < len; i++)
		number = number << 8 | data[i];
	return number;
}

/* see core/bytes.h */
void
cdr_hex_write(const uint8_t *data, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = hex_digits[data[i] >> 4];
		text[2 * i + 1] = hex_digits[data[i] & 15];
	}
	text[2 * len] = '\0';
}

/* The value of one hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* see core/bytes.h */
cdr_err
cdr_hex_read(const char *text, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]);
		int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);
		if (low < 0) {
			memset(data, 0, len);
			return CDR_E_INPUT;
		}
		data[i] = (uint8_t)(high << 4 | low);
	}
	if (text[2 * len] == '\0')
		return CDR_OK;
	memset(data, 0, len);
	return CDR_E_INPUT;
}

/* see core/bytes.h */
cdr_err
cdr_base32_write(const uint8_t *data, size_t len, size_t group, char *text, size_t text_size)
{
	size_t digit_count = (len * 8 + 4) / 5;
	size_t dash_count = group > 0 && digit_count > 0 ? (digit_count - 1) / group : 0;
	size_t at = 0;

	if (text_size < digit_count + dash_count + 1) {
		if (text_size > 0)
			text[0] = '\0';
		return CDR_E_RANGE;
	}
	for (size_t i = 0; i < digit_count; i++) {
		size_t bit = i * 5;
		unsigned pair = (unsigned)data[bit / 8] << 8;
		if (bit / 8 + 1 < len)
			pair |= data[bit / 8 + 1];
		if (group > 0 && i > 0 && i % group == 0)
			text[at++] = '-';
		text[at++] = base32_digits[pair >> (11 - bit % 8) & 31];
	}
	text[at] = '\0';
	return CDR_OK;
}

/* The value of one base-32 digit as people write it, or -1. */
static int
base32_value(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	const char *found = c == '\0' ? NULL : strchr(base32_digits, c);
	return found == NULL ? -1 : (int)(found - base32_digits);
}

/* see core/bytes.h */
cdr_err
cdr_base32_read(const char *text, uint8_t *data, size_t len)
{
	size_t digit_count = (len * 8 + 4) / 5;
	size_t seen = 0, written = 0;
	unsigned window = 0, window_bits = 0;

	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		int value = base32_value(*text);
		if (value < 0 || seen == digit_count)
			goto bad;
		seen++;
		window = (window << 5 | (unsigned)value) & 0xffff;
		window_bits += 5;
		if (window_bits >= 8 && written < len) {
			window_bits -= 8;
			data[written++] = (uint8_t)(window >> window_bits);
		}
	}
	/* The bits that fill the last digit must be zero, so that every value has one form. */
	if (seen == digit_count && written == len && (window & ((1U << window_bits) - 1)) == 0)
		return CDR_OK;
bad:
	memset(data, 0, len);
	return CDR_E_INPUT;
}

/* see core/bytes.h */
void
cdr_id_write(const uint8_t id[static CDR_ID_LEN], char text[static CDR_ID_TEXT_LEN])
{
	/* 26 digits, 5 dashes and the NUL are CDR_ID_TEXT_LEN: this cannot fail. */
	(void)!cdr_base32_write(id, CDR_ID_LEN, 5, text, CDR_ID_TEXT_LEN);
}

/* see core/bytes.h */
cdr_err
cdr_id_read(const char *text, uint8_t id[static CDR_ID_LEN])
{
	return cdr_base32_read(text, id, CDR_ID_LEN);
}
