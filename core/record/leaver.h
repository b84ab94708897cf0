#ifndef CDR_CORE_RECORD_LEAVER_H
#define CDR_CORE_RECORD_LEAVER_H

/*
 * Somebody who left a member: one engagement, one row of its leavers file.
 *
 * Columns, in any order: employee_number, given_names, family_names,
 * other_names, native_name, date_of_birth, gender, nationality,
 * document_type, document_country, document_number, email, phone, position,
 * country, from, to, engagement_type. Needed are date_of_birth and a name in
 * given_names or family_names; a date of birth that nobody knows is written
 * "unknown". other_names and nationality may hold several
 * values separated by ';', and so may the three document columns, side by side.
 *
 * A struct cdr_leaver is personal data: its owner wipes it with cdr_wipe.
 */

#include "core/bytes.h"
#include "core/record/report.h"
#include "core/record/rules.h"

#define CDR_EMPLOYEE_NUMBER_LEN 64
#define CDR_POSITION_LEN 128
#define CDR_LEAVER_KEY_LEN 32
#define CDR_LEAVER_DIGEST_LEN 32
#define CDR_LEAVER_PACK_MAX 4096          /* bytes of a packed leaver at most */
#define CDR_LEAVER_FILE_MAX (64U << 20)   /* bytes of a leavers file at most */

struct cdr_leaver {
	char employee_number[CDR_EMPLOYEE_NUMBER_LEN];
	struct cdr_person person;
	char position[CDR_POSITION_LEN];
	char country[CDR_COUNTRY_LEN];      /* of duty */
	struct cdr_date from, to;           /* to not known: the day of import stands in for it, see cdr_leaver_expiry */
	char engagement_type[CDR_CODE_LEN]; /* codebook list "engagement_type" */
};

struct cdr_leaver_file;

/**
 * cdr_leaver_file_new(file, rules, reader, fault):
 * Begin to read a leavers file.
 *
 * file    in, personal  at most CDR_LEAVER_FILE_MAX bytes; stays borrowed until cdr_leaver_file_free
 * rules   in            copied; its codebook stays borrowed
 * reader  out           NULL on error
 * fault   out           may be NULL
 *
 * Returns  as cdr_csv_new; CDR_E_REFUSED too for a file of candidates.
 */
CDR_MUST_CHECK cdr_err cdr_leaver_file_new(struct cdr_bytes file, const struct cdr_record_rules *rules,
    struct cdr_leaver_file **reader, struct cdr_fault *fault);
void cdr_leaver_file_free(struct cdr_leaver_file *reader);

/**
 * cdr_leaver_file_next(reader, leaver, fault):
 * The next good row. Bad rows are added to the report and passed over, as are rows that repeat an earlier one and those
 * that left before the look-back. Two rows with one key (cdr_leaver_key) and different content: the second is bad.
 *
 * leaver  out, personal  all zero unless CDR_OK; wiped by the caller
 * fault   out            may be NULL; set when CDR_E_REFUSED
 *
 * Returns  CDR_OK; CDR_E_ABSENT at the end of the file; CDR_E_REFUSED if the rest of the file cannot be read, and then
 *          none of it must be imported, because what is missing would look like rows that were taken out; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_leaver_file_next(struct cdr_leaver_file *reader, struct cdr_leaver *leaver,
    struct cdr_fault *fault);

/* The report so far (owned by ${reader}), the line of the row handed out last, and the bytes read so far. */
const struct cdr_row_report *cdr_leaver_file_report_peek(const struct cdr_leaver_file *reader);
size_t cdr_leaver_file_line(const struct cdr_leaver_file *reader);
size_t cdr_leaver_file_offset(const struct cdr_leaver_file *reader);

/**
 * cdr_leaver_key(leaver, key):
 * What makes a row the same row in the next version of the file: the employee number, or else the names without regard to
 * case and the date of birth; and in both cases the first day of the engagement, so that somebody hired twice has two rows.
 *
 * key   out, personal   SHA-256: whoever holds it can test guesses
 *
 * Returns  CDR_OK; CDR_E_INTERNAL or CDR_E_MEMORY from the hash function.
 */
CDR_MUST_CHECK cdr_err cdr_leaver_key(const struct cdr_leaver *leaver, uint8_t key[static CDR_LEAVER_KEY_LEN]);

/**
 * cdr_leaver_digest(leaver, digest):
 * SHA-256 over the packed leaver: two rows with one key and one digest are the same row, unchanged.
 *
 * digest  out, personal  as for the key
 */
CDR_MUST_CHECK cdr_err cdr_leaver_digest(const struct cdr_leaver *leaver, uint8_t digest[static CDR_LEAVER_DIGEST_LEN]);

/**
 * cdr_leaver_expiry(leaver, rules, expiry):
 * The month (month precision) after which ${leaver} must leave the index: that of `to`, look-back years later, where `to`
 * of a coarser precision counts as its last day. Where `to` is not known, or lies after rules->today, today stands in for
 * it: the caller keeps the month of the first import.
 */
void cdr_leaver_expiry(const struct cdr_leaver *leaver, const struct cdr_record_rules *rules, struct cdr_date *expiry);

/**
 * cdr_leaver_pack(leaver, out, len), cdr_leaver_unpack(in, leaver):
 * The one byte form of a leaver, to be sealed and stored (core/record/pack.h).
 *
 * out     out, personal
 * leaver  out, personal  all zero on error
 *
 * Returns  (pack) CDR_OK; CDR_E_RANGE if a count or a date of the struct is out of range; CDR_E_INPUT if a text is not UTF-8.
 *          (unpack) CDR_OK; CDR_E_INPUT for anything that cdr_leaver_pack would not write.
 */
CDR_MUST_CHECK cdr_err cdr_leaver_pack(const struct cdr_leaver *leaver, uint8_t out[static CDR_LEAVER_PACK_MAX], size_t *len);
CDR_MUST_CHECK cdr_err cdr_leaver_unpack(struct cdr_bytes in, struct cdr_leaver *leaver);

#endif
