#ifndef CDR_CORE_IDENTITY_TABLES_H
#define CDR_CORE_IDENTITY_TABLES_H

/*
 * The frozen tables of normalisation, as the generator wrote them into data/. Numbers in them are little-endian, and
 * offsets count from the first byte of their file. For the files of this folder alone.
 */

#include "core/bytes.h"

enum cdr_table {
	CDR_TABLE_CHARACTERS = 0, /* script.c */
	CDR_TABLE_TRANSLIT,       /* translit.c */
	CDR_TABLE_HAN,            /* han.c */
	CDR_TABLE_WORDS,          /* words.c */
	CDR_TABLE_UMALQURA,       /* calendar.c */
	CDR_TABLE_COUNTRIES,      /* country.c */
	CDR_TABLE_COUNT
};

/* What normalisation does with a character; the numbers stand in characters.bin. */
enum cdr_char_kind {
	CDR_CHAR_UNASSIGNED = 0, /* refused */
	CDR_CHAR_LETTER,
	CDR_CHAR_MARK,      /* combining: a vowel sign, an accent */
	CDR_CHAR_DIGIT,     /* decimal */
	CDR_CHAR_DROPPED,   /* apostrophes, tatweel, joiners, direction controls */
	CDR_CHAR_SEPARATOR, /* everything else splits words */
};

/* What is known of one code point. */
struct cdr_char {
	uint8_t kind;   /* enum cdr_char_kind */
	uint8_t script; /* enum cdr_script */
	uint8_t digit;  /* its value, where kind is CDR_CHAR_DIGIT */
};

/* The bytes of one table. */
struct cdr_bytes cdr_table_bytes(enum cdr_table table);

/* Kind, script and digit value of ${cp}; all zero if it is not assigned in Unicode 15.0. See script.c. */
struct cdr_char cdr_char_lookup(uint32_t cp);

/* A little-endian number at ${offset} of ${data}. */
static inline uint32_t
cdr_read16(const uint8_t *data, size_t offset)
{
	return (uint32_t)data[offset] | (uint32_t)data[offset + 1] << 8;
}

static inline uint32_t
cdr_read32(const uint8_t *data, size_t offset)
{
	return cdr_read16(data, offset) | cdr_read16(data, offset + 2) << 16;
}

#endif
