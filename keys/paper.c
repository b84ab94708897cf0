#include "keys/paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "keys/password.h"

#define VERSION 1
#define SALT_LEN 16
#define DATA_WORDS 8
#define WORD_BITS 10
#define WORD_LEN 4
#define ROW_BYTES (DATA_WORDS * WORD_BITS / 8)
#define LENGTH_LEN 2
#define SEALED_MAX (CDR_PAPER_SECRET_MAX + CDR_PAPER_OVERHEAD)
#define ROWS_MAX ((LENGTH_LEN + SEALED_MAX + ROW_BYTES - 1) / ROW_BYTES)
#define DIGITS_MAX ((8 * SEALED_MAX + 4) / 5) /* in base 32 */

static const char prefix[] = "CANDOR:SHARE:";
static const char consonants[] = "bdflmnrs", vowels[] = "aeio";

/* ---- sealing ------------------------------------------------------------------------------------------------------ */

static cdr_err
stretch(const struct cdr_passphrase *passphrase, const uint8_t *salt, uint8_t key[static CDR_AEAD_KEY_LEN],
    struct cdr_fault *fault)
{
	struct cdr_argon2id parameters = { .memory_kib = CDR_ARGON2ID_MEMORY_KIB, .passes = CDR_ARGON2ID_PASSES,
		.lanes = CDR_ARGON2ID_LANES };
	cdr_err err;

	memcpy(parameters.salt, salt, SALT_LEN);
	err = cdr_argon2id(&parameters, passphrase, key);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "cannot derive a key from the passphrase: it takes %d MiB of memory",
		    CDR_ARGON2ID_MEMORY_KIB / 1024);
	return CDR_OK;
}

/* see keys/paper.h */
cdr_err
cdr_paper_seal(const struct cdr_passphrase *passphrase, struct cdr_bytes secret, struct cdr_buffer *sealed,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	static const uint8_t nonce[CDR_AEAD_NONCE_LEN];
	uint8_t key[CDR_AEAD_KEY_LEN], *out;

	*sealed = (struct cdr_buffer){ NULL, 0 };
	if (secret.len < 1 || secret.len > CDR_PAPER_SECRET_MAX)
		return CDR_E_RANGE;
	out = malloc(secret.len + CDR_PAPER_OVERHEAD);
	if (out == NULL)
		return CDR_E_MEMORY;
	out[0] = VERSION;
	CDR_TRY(cdr_random(out + 1, SALT_LEN));
	CDR_TRY(stretch(passphrase, out + 1, key, fault));
	/* The salt is new, and with it the key: one nonce for its one message. */
	CDR_TRY(cdr_aead_seal(key, nonce, out, 1, secret.data, secret.len, out + 1 + SALT_LEN));
	*sealed = (struct cdr_buffer){ out, secret.len + CDR_PAPER_OVERHEAD };
	out = NULL;
out:
	cdr_wipe(key, sizeof(key));
	free(out);
	return err;
}

/* see keys/paper.h */
cdr_err
cdr_paper_open(const struct cdr_passphrase *passphrase, struct cdr_bytes sealed, uint8_t secret[static CDR_PAPER_SECRET_MAX], size_t *len,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	static const uint8_t nonce[CDR_AEAD_NONCE_LEN];
	uint8_t key[CDR_AEAD_KEY_LEN];

	*len = 0;
	cdr_wipe(secret, CDR_PAPER_SECRET_MAX);
	if (sealed.len <= CDR_PAPER_OVERHEAD || sealed.len > SEALED_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%s than what stands on such a paper",
		    sealed.len <= CDR_PAPER_OVERHEAD ? "there is less" : "there is more");
	if (sealed.data[0] != VERSION)
		return cdr_fault_set(fault, CDR_E_INPUT, "this paper was written by a newer program");
	CDR_TRY(stretch(passphrase, sealed.data + 1, key, fault));
	err = cdr_aead_open(key, nonce, sealed.data, 1, sealed.data + 1 + SALT_LEN, sealed.len - 1 - SALT_LEN, secret);
	if (err == CDR_E_SEALED)
		err = cdr_fault_set(fault, CDR_E_PASSPHRASE, "the paper does not open with this passphrase: it has one of its own, given when "
		    "it was written");
	if (err == CDR_OK)
		*len = sealed.len - CDR_PAPER_OVERHEAD;
out:
	cdr_wipe(key, sizeof(key));
	if (err != CDR_OK)
		cdr_wipe(secret, CDR_PAPER_SECRET_MAX);
	return err;
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

/* Two syllables of a consonant and a vowel, five bits each. */
static void
write_word(uint32_t word, char out[static WORD_LEN + 1])
{
	out[0] = consonants[word >> 7 & 7];
	out[1] = vowels[word >> 5 & 3];
	out[2] = consonants[word >> 2 & 7];
	out[3] = vowels[word & 3];
	out[4] = '\0';
}

/* The number of a word; -1 if it is none. */
static int
read_word(const char *text)
{
	const char *a = strchr(consonants, text[0]), *b = strchr(vowels, text[1]);
	const char *c = strchr(consonants, text[2]), *d = strchr(vowels, text[3]);

	if (strlen(text) != WORD_LEN || a == NULL || b == NULL || c == NULL || d == NULL)
		return -1;
	return (int)((a - consonants) << 7 | (b - vowels) << 5 | (c - consonants) << 2 | (d - vowels));
}

/* GF(1024): polynomials over GF(2) modulo x^10 + x^3 + 1. */
static uint32_t
gf_mul(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (int i = 0; i < WORD_BITS; i++) {
		if ((b >> i & 1) != 0)
			product ^= a;
		a = a << 1 ^ ((a >> (WORD_BITS - 1) & 1) != 0 ? 0x409 : 0);
	}
	return product;
}

/* a^k, where a is x. */
static uint32_t
gf_power(unsigned k)
{
	uint32_t value = 1;

	while (k-- > 0)
		value = gf_mul(value, 2);
	return value;
}

/* 1 / a = a^1022 */
static uint32_t
gf_inverse(uint32_t a)
{
	uint32_t value = 1;

	for (int i = 0; i < 1022; i++)
		value = gf_mul(value, a);
	return value;
}

/* The two sums of a row that has ${count} words. */
static void
row_sums(const uint32_t *word, size_t count, uint32_t row, uint32_t *plain, uint32_t *weighted)
{
	*plain = row;
	*weighted = 0;
	for (size_t i = 0; i < count; i++) {
		*plain ^= word[i];
		*weighted ^= gf_mul(gf_power((unsigned)i), word[i]);
	}
}

/* Add the two words that make both sums zero. */
static void
add_checks(uint32_t word[static CDR_PAPER_ROW_WORDS], uint32_t row)
{
	uint32_t plain, weighted, eight = gf_power(DATA_WORDS), nine = gf_power(DATA_WORDS + 1);

	row_sums(word, DATA_WORDS, row, &plain, &weighted);
	word[DATA_WORDS] = gf_mul(weighted ^ gf_mul(nine, plain), gf_inverse(eight ^ nine));
	word[DATA_WORDS + 1] = plain ^ word[DATA_WORDS];
}

/* Ten bits from bit ${at} on. */
static uint32_t
take_bits(const uint8_t *bytes, size_t at)
{
	uint32_t value = 0;

	for (size_t i = 0; i < WORD_BITS; i++)
		value = value << 1 | (bytes[(at + i) / 8] >> (7 - (at + i) % 8) & 1);
	return value;
}

static void
put_bits(uint8_t *bytes, size_t at, uint32_t value)
{
	for (size_t i = 0; i < WORD_BITS; i++)
		bytes[(at + i) / 8] |= (uint8_t)((value >> (WORD_BITS - 1 - i) & 1) << (7 - (at + i) % 8));
}

static size_t
row_count(size_t sealed_len)
{
	return (LENGTH_LEN + sealed_len + ROW_BYTES - 1) / ROW_BYTES;
}

/* see keys/paper.h */
cdr_err
cdr_paper_words(struct cdr_bytes sealed, struct cdr_buffer *text)
{
	uint8_t bytes[ROWS_MAX * ROW_BYTES] = { 0 };
	size_t rows = row_count(sealed.len), at = 0, size;

	*text = (struct cdr_buffer){ NULL, 0 };
	if (sealed.len == 0 || sealed.len > SEALED_MAX)
		return CDR_E_RANGE;
	bytes[0] = (uint8_t)(sealed.len >> 8);
	bytes[1] = (uint8_t)sealed.len;
	memcpy(bytes + LENGTH_LEN, sealed.data, sealed.len);
	size = rows * (CDR_PAPER_ROW_WORDS * (WORD_LEN + 1) + 8) + 1;
	text->data = calloc(1, size);
	if (text->data == NULL)
		return CDR_E_MEMORY;
	for (size_t r = 0; r < rows; r++) {
		uint32_t word[CDR_PAPER_ROW_WORDS];

		for (size_t i = 0; i < DATA_WORDS; i++)
			word[i] = take_bits(bytes, (r * DATA_WORDS + i) * WORD_BITS);
		add_checks(word, (uint32_t)r + 1);
		at += (size_t)snprintf((char *)text->data + at, size - at, "%3zu.", r + 1);
		for (size_t i = 0; i < CDR_PAPER_ROW_WORDS; i++) {
			char one[WORD_LEN + 1];

			write_word(word[i], one);
			at += (size_t)snprintf((char *)text->data + at, size - at, " %s", one);
		}
		at += (size_t)snprintf((char *)text->data + at, size - at, "\n");
	}
	text->len = at;
	return CDR_OK;
}

/* see keys/paper.h */
cdr_err
cdr_paper_line(struct cdr_bytes sealed, struct cdr_buffer *text)
{
	size_t size = sizeof(prefix) + 8 * sealed.len / 5 + 2;

	*text = (struct cdr_buffer){ NULL, 0 };
	if (sealed.len == 0 || sealed.len > SEALED_MAX)
		return CDR_E_RANGE;
	text->data = calloc(1, size);
	if (text->data == NULL)
		return CDR_E_MEMORY;
	memcpy(text->data, prefix, sizeof(prefix) - 1);
	cdr_err err = cdr_base32_write(sealed.data, sealed.len, 0, (char *)text->data + sizeof(prefix) - 1,
	    size - (sizeof(prefix) - 1));
	if (err != CDR_OK)
		cdr_buffer_free(text);
	else
		text->len = strlen((const char *)text->data);
	return err;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct reading {
	uint32_t word[ROWS_MAX * CDR_PAPER_ROW_WORDS];
	size_t filled[ROWS_MAX];   /* words of each row */
	size_t row;                /* that is being read */
	bool is_numbered;          /* rows say which they are */
	struct cdr_fault *fault;
};

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* One word more, for the row that is being read or, where rows have no numbers, the next. */
static cdr_err
take_word(const char *text, struct reading *r)
{
	int number = read_word(text);

	if (r->filled[r->row] == CDR_PAPER_ROW_WORDS) {
		if (r->is_numbered)
			return cdr_fault_set(r->fault, CDR_E_INPUT, "row %zu has more than %d words", r->row + 1, CDR_PAPER_ROW_WORDS);
		if (r->row == ROWS_MAX - 1)
			return cdr_fault_set(r->fault, CDR_E_RANGE, "there are more words than such a paper has");
		r->row++;
	}
	if (number < 0)
		return cdr_fault_set(r->fault, CDR_E_INPUT, "word %zu of row %zu is none of the words: \"%s\"", r->filled[r->row] + 1, r->row + 1,
		    text);
	r->word[r->row * CDR_PAPER_ROW_WORDS + r->filled[r->row]++] = (uint32_t)number;
	return CDR_OK;
}

/* Split into words; numbers and punctuation only part them. */
static cdr_err
take_words(struct cdr_bytes text, struct reading *r)
{
	for (size_t at = 0; at < text.len;) {
		char one[32] = "";
		size_t len = 0;

		if (!is_letter(text.data[at])) {
			at++;
			continue;
		}
		while (at < text.len && is_letter(text.data[at])) {
			if (len < sizeof(one) - 1)
				one[len++] = (char)(text.data[at] | 0x20);
			at++;
		}
		cdr_err err = take_word(one, r);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* The number with which ${line} begins as a row does: blanks, digits, a full stop; 0 if it does not. */
static size_t
row_number(struct cdr_bytes line)
{
	size_t at = 0, number = 0, digits = 0;

	while (at < line.len && (line.data[at] == ' ' || line.data[at] == '\t'))
		at++;
	for (; at < line.len && is_digit(line.data[at]) && digits < 4; at++, digits++)
		number = 10 * number + (line.data[at] - '0');
	return at < line.len && line.data[at] == '.' ? number : 0;
}

/* Take the first line of ${text} off it. */
static struct cdr_bytes
next_line(struct cdr_bytes *text)
{
	size_t len = 0;

	while (len < text->len && text->data[len] != '\n' && text->data[len] != '\r')
		len++;
	const struct cdr_bytes line = { text->data, len };
	len += len < text->len;
	*text = (struct cdr_bytes){ text->data + len, text->len - len };
	return line;
}

static bool
has_numbers(struct cdr_bytes text)
{
	while (text.len > 0) {
		if (row_number(next_line(&text)) > 0)
			return true;
	}
	return false;
}

/* Whether the row that is being read has all its words, or was not begun. */
static cdr_err
end_row(const struct reading *r)
{
	size_t filled = r->filled[r->row];

	if (filled == CDR_PAPER_ROW_WORDS || (r->is_numbered && filled == 0))
		return CDR_OK;
	return cdr_fault_set(r->fault, CDR_E_INPUT, "row %zu has %zu words, not %d: one is missing, or one too many", r->row + 1, filled,
	    CDR_PAPER_ROW_WORDS);
}

/* Rows that say which they are, among lines that are none: those say something to people, or are the QR code. */
static cdr_err
take_rows(struct cdr_bytes text, struct reading *r)
{
	cdr_err err = CDR_E_INTERNAL;

	while (text.len > 0) {
		const struct cdr_bytes line = next_line(&text);
		size_t number = row_number(line), filled = r->filled[r->row];

		if (number > 0) {
			CDR_TRY(end_row(r));
			if (number > ROWS_MAX)
				return cdr_fault_set(r->fault, CDR_E_RANGE, "row %zu: such a paper has at most %d rows", number, (int)ROWS_MAX);
			if (r->filled[number - 1] != 0)
				return cdr_fault_set(r->fault, CDR_E_INPUT, "row %zu stands here twice", number);
			r->row = number - 1;
			CDR_TRY(take_words(line, r));
		} else if (filled > 0 && filled < CDR_PAPER_ROW_WORDS)
			CDR_TRY(take_words(line, r)); /* a row that goes on in the next line */
	}
	err = CDR_OK;
out:
	return err;
}

/* Whether a row is as it was written; if one word of it is not, which, and what it was. */
static cdr_err
check_row(const struct reading *r, size_t row)
{
	const uint32_t *word = r->word + row * CDR_PAPER_ROW_WORDS;
	uint32_t plain, weighted;
	char is[WORD_LEN + 1], was[WORD_LEN + 1];

	row_sums(word, CDR_PAPER_ROW_WORDS, (uint32_t)row + 1, &plain, &weighted);
	if (plain == 0 && weighted == 0)
		return CDR_OK;
	for (size_t i = 0; plain != 0 && i < CDR_PAPER_ROW_WORDS; i++) {
		if (gf_mul(gf_power((unsigned)i), plain) != weighted)
			continue;
		write_word(word[i], is);
		write_word(word[i] ^ plain, was);
		return cdr_fault_set(r->fault, CDR_E_INPUT, "word %zu of row %zu is not what was written: \"%s\", where \"%s\" may have stood",
		    i + 1, row + 1, is, was);
	}
	return cdr_fault_set(r->fault, CDR_E_INPUT, "two or more words of row %zu are wrong, or it stands in another row's place",
	    row + 1);
}

/* Whether all rows are there that ${len} sealed bytes take, and no other. */
static cdr_err
check_rows(const struct reading *r, size_t len)
{
	size_t rows = row_count(len);

	if (r->filled[0] == 0)
		return cdr_fault_set(r->fault, CDR_E_INPUT, "row 1 is missing");
	if (len == 0 || len > SEALED_MAX)
		return cdr_fault_set(r->fault, CDR_E_INPUT, "row 1 is none of such a paper");
	for (size_t row = 0; row < ROWS_MAX; row++) {
		if (row < rows && r->filled[row] == 0)
			return cdr_fault_set(r->fault, CDR_E_INPUT, "row %zu is missing: the first says that there are %zu", row + 1, rows);
		if (row >= rows && r->filled[row] != 0)
			return cdr_fault_set(r->fault, CDR_E_INPUT, "row %zu is too many: the first says that there are %zu", row + 1, rows);
	}
	return CDR_OK;
}

static cdr_err
read_words(struct cdr_bytes text, struct cdr_buffer *sealed, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t bytes[ROWS_MAX * ROW_BYTES] = { 0 };
	struct reading *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return CDR_E_MEMORY;
	r->fault = fault;
	r->is_numbered = has_numbers(text);
	CDR_TRY(r->is_numbered ? take_rows(text, r) : take_words(text, r));
	CDR_TRY(end_row(r));
	for (size_t row = 0; row < ROWS_MAX; row++) {
		if (r->filled[row] == 0)
			continue;
		CDR_TRY(check_row(r, row));
		for (size_t i = 0; i < DATA_WORDS; i++)
			put_bits(bytes, (row * DATA_WORDS + i) * WORD_BITS, r->word[row * CDR_PAPER_ROW_WORDS + i]);
	}
	size_t len = (size_t)bytes[0] << 8 | bytes[1];
	CDR_TRY(check_rows(r, len));
	CDR_TRY(cdr_buffer_copy((struct cdr_bytes){ bytes + LENGTH_LEN, len }, sealed));
out:
	free(r);
	return err;
}

/* The line of a QR code: as many bytes as its digits hold. */
static cdr_err
read_line(struct cdr_bytes text, struct cdr_buffer *sealed, struct cdr_fault *fault)
{
	char digits[DIGITS_MAX + 1] = "";
	size_t count = 0;
	cdr_err err;

	for (size_t i = sizeof(prefix) - 1; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '\n' || c == '\r' || c == ' ')
			continue;
		if (count == sizeof(digits) - 1)
			return cdr_fault_set(fault, CDR_E_RANGE, "the line is longer than that of such a paper");
		digits[count++] = (char)c;
	}
	sealed->len = count * 5 / 8;
	sealed->data = malloc(sealed->len + 1);
	if (sealed->data == NULL)
		return CDR_E_MEMORY;
	err = sealed->len == 0 ? CDR_E_INPUT : cdr_base32_read(digits, sealed->data, sealed->len);
	if (err != CDR_OK) {
		cdr_buffer_free(sealed);
		cdr_fault_set(fault, err, "the line of the QR code is not complete, or has another character");
	}
	return err;
}

/* see keys/paper.h */
cdr_err
cdr_paper_read(struct cdr_bytes text, struct cdr_buffer *sealed, struct cdr_fault *fault)
{
	*sealed = (struct cdr_buffer){ NULL, 0 };
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\n' || text.data[0] == '\r'))
		text = (struct cdr_bytes){ text.data + 1, text.len - 1 };
	if (text.len > CDR_PAPER_TEXT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "there is more text than such a paper has");
	if (text.len > sizeof(prefix) && memcmp(text.data, prefix, sizeof(prefix) - 1) == 0)
		return read_line(text, sealed, fault);
	return read_words(text, sealed, fault);
}
