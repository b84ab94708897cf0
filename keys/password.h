#ifndef CDR_KEYS_PASSWORD_H
#define CDR_KEYS_PASSWORD_H

/* Passwords of people: kept as Argon2id with a salt of their own. The password itself is a struct cdr_passphrase. */

#include "keys/passphrase.h"

/* version 1, memory in KiB 4, passes 4, lanes 4 (big-endian), salt 16, tag 32. */
#define CDR_PASSWORD_RECORD_LEN 61

/* The parameters of Argon2id (RFC 9106); a tag has 32 bytes. */
struct cdr_argon2id {
	uint32_t memory_kib, passes, lanes;
	uint8_t salt[16];
};

/* RFC 9106 sec. 4, the second recommended option. */
#define CDR_ARGON2ID_MEMORY_KIB 65536
#define CDR_ARGON2ID_PASSES 3
#define CDR_ARGON2ID_LANES 4

/**
 * cdr_argon2id(parameters, passphrase, out):
 * Stretch a passphrase.
 *
 * out     out, secret   32 bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL for parameters that Argon2 has none of.
 * Source   RFC 9106.
 */
CDR_MUST_CHECK cdr_err cdr_argon2id(const struct cdr_argon2id *parameters, const struct cdr_passphrase *passphrase,
    uint8_t out[static 32]);

/**
 * cdr_password_record(password, record):
 * What is kept of a password. About 0.3 s and 64 MiB.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. record is all zero on error.
 */
CDR_MUST_CHECK cdr_err cdr_password_record(const struct cdr_passphrase *password, uint8_t record[static CDR_PASSWORD_RECORD_LEN]);

/**
 * cdr_password_verify(password, record):
 * Is it the password of ${record}? As long as making one.
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if not; CDR_E_INPUT if the record is none, or asks for more memory or time than this
 *          program would ever have used; CDR_E_MEMORY; CDR_E_INTERNAL.
 * CT       the tag is compared in constant time.
 */
CDR_MUST_CHECK cdr_err cdr_password_verify(const struct cdr_passphrase *password, const uint8_t record[static CDR_PASSWORD_RECORD_LEN]);

#endif
