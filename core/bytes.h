#ifndef CDR_CORE_BYTES_H
#define CDR_CORE_BYTES_H

/* Borrowed bytes, and the text forms that people and files use for them. */

#include "core/error.h"

/* ${len} bytes that somebody else owns; ${data} may be NULL only if ${len} is 0. */
struct cdr_bytes {
	const uint8_t *data;
	size_t len;
};

#define CDR_ID_LEN 16       /* a random identifier */
#define CDR_ID_TEXT_LEN 32  /* its printed form with the closing NUL: six groups of five, "7QX4M-..." */

/**
 * cdr_number_write(number, data, len) and cdr_number_read(data, len):
 * A number as ${len} bytes, the highest first.
 *
 * number  in, public   below 256^len
 * len     in           bytes, 1 .. 8
 */
void cdr_number_write(uint64_t number, uint8_t *data, size_t len);
uint64_t cdr_number_read(const uint8_t *data, size_t len);

/**
 * cdr_hex_write(data, len, text):
 * Write ${len} bytes as lower-case hexadecimal with a closing NUL.
 *
 * text   out      2 * len + 1 bytes
 */
void cdr_hex_write(const uint8_t *data, size_t len, char *text);

/**
 * cdr_hex_read(text, data, len):
 * Read exactly 2 * ${len} hexadecimal digits, of either case, and nothing after them.
 *
 * Returns  CDR_OK; CDR_E_INPUT for another length or another character (data is then all zero).
 */
CDR_MUST_CHECK cdr_err cdr_hex_read(const char *text, uint8_t *data, size_t len);

/**
 * cdr_base32_write(data, len, group, text, text_size):
 * Write bytes in Crockford's base 32 (no I, L, O, U), for reading aloud, with a dash after every
 * ${group} characters (0: no dashes) and a closing NUL. The last character holds the remaining bits, zero-filled.
 *
 * text_size  in     at least 8 * len / 5 + 2, plus the dashes
 *
 * Returns  CDR_OK; CDR_E_RANGE if text is too small (text is then empty).
 */
CDR_MUST_CHECK cdr_err cdr_base32_write(const uint8_t *data, size_t len, size_t group, char *text, size_t text_size);

/**
 * cdr_base32_read(text, data, len):
 * Read ${len} bytes from Crockford's base 32. Case, dashes and spaces do not matter; O reads as 0, I and L as 1.
 *
 * Returns  CDR_OK; CDR_E_INPUT for another length, another character, or filling bits that are not zero (data is then all zero).
 */
CDR_MUST_CHECK cdr_err cdr_base32_read(const char *text, uint8_t *data, size_t len);

/**
 * cdr_id_write(id, text) and cdr_id_read(text, id):
 * The printed form of a random identifier: 26 base-32 digits in groups of five.
 *
 * Returns  (read) CDR_OK; CDR_E_INPUT as for cdr_base32_read.
 */
void cdr_id_write(const uint8_t id[static CDR_ID_LEN], char text[static CDR_ID_TEXT_LEN]);
CDR_MUST_CHECK cdr_err cdr_id_read(const char *text, uint8_t id[static CDR_ID_LEN]);

#endif
