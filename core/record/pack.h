#ifndef CDR_CORE_RECORD_PACK_H
#define CDR_CORE_RECORD_PACK_H

/*
 * One byte form for each record, to be hashed, sealed and stored.
 *
 * A record is a kind byte, a version byte and its fields in a fixed order.
 * A text is its length in two bytes, high byte first, and its bytes; a date is
 * five bytes (year in two, month, day, precision); a count is one byte.
 * Every value has exactly one form, so equal bytes mean equal records, and
 * the reader refuses whatever the writer would not have written.
 */

#include "core/bytes.h"
#include "core/identity/person.h"

#define CDR_PERSON_PACK_MAX 3072 /* bytes of a packed person at most */

/* Writes into ${data}; once something did not fit or was out of range, ${err} says so and nothing more is written. */
struct cdr_pack {
	uint8_t *data;
	size_t size, len;
	cdr_err err;
};

/* Reads from ${left}; once something was wrong, ${err} says so and everything read after it is empty. */
struct cdr_unpack {
	struct cdr_bytes left;
	cdr_err err;
};

void cdr_pack_byte(struct cdr_pack *pack, uint8_t value);
void cdr_pack_text(struct cdr_pack *pack, const char *text);
void cdr_pack_date(struct cdr_pack *pack, const struct cdr_date *date);
void cdr_pack_person(struct cdr_pack *pack, const struct cdr_person *person);

uint8_t cdr_unpack_byte(struct cdr_unpack *unpack);
/* A count of 0 .. ${max}. */
size_t cdr_unpack_count(struct cdr_unpack *unpack, size_t max);
/* A text of at most ${text_size} - 1 bytes, valid UTF-8 without a NUL; the rest of ${text} becomes zero. */
void cdr_unpack_text(struct cdr_unpack *unpack, char *text, size_t text_size);
void cdr_unpack_date(struct cdr_unpack *unpack, struct cdr_date *date);
void cdr_unpack_person(struct cdr_unpack *unpack, struct cdr_person *person);
/* Was everything well, and is nothing left? Returns CDR_OK or CDR_E_INPUT. */
CDR_MUST_CHECK cdr_err cdr_unpack_end(const struct cdr_unpack *unpack);

/**
 * cdr_person_pack(person, out, len), cdr_person_unpack(in, person):
 * The byte form of a person alone.
 *
 * out     out, personal
 * person  out, personal  all zero on error
 *
 * Returns  (pack) CDR_OK; CDR_E_RANGE if a count or a date of the struct is out of range; CDR_E_INPUT if a text is not UTF-8.
 *          (unpack) CDR_OK; CDR_E_INPUT for anything that cdr_person_pack would not write.
 */
CDR_MUST_CHECK cdr_err cdr_person_pack(const struct cdr_person *person, uint8_t out[static CDR_PERSON_PACK_MAX], size_t *len);
CDR_MUST_CHECK cdr_err cdr_person_unpack(struct cdr_bytes in, struct cdr_person *person);

#endif
