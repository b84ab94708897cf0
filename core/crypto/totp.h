#ifndef CDR_CORE_CRYPTO_TOTP_H
#define CDR_CORE_CRYPTO_TOTP_H

/* One-time codes of an authenticator: HMAC-SHA-1, 30 seconds, 6 figures, which is what every such program takes. */

#include "core/error.h"

#define CDR_TOTP_SECRET_LEN 20
#define CDR_TOTP_SECRET_TEXT_LEN 33   /* base 32 of RFC 4648 without padding, and the closing NUL */
#define CDR_TOTP_STEP_SECONDS 30
#define CDR_TOTP_DIGITS 6

/**
 * cdr_totp(secret, secret_len, step, digits, code):
 * The code of time step ${step}.
 *
 * secret  in, secret   0 .. 64 bytes
 * digits  in           6 .. 8
 * code    out, secret  digits + 1 bytes, with a closing NUL; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_INTERNAL.
 * Source   RFC 6238, sec. 4; RFC 4226, sec. 5.3.
 */
CDR_MUST_CHECK cdr_err cdr_totp(const uint8_t *secret, size_t secret_len, uint64_t step, unsigned digits, char *code);

/**
 * cdr_totp_accept(secret, now, last, code, step):
 * Is ${code} that of the step in which ${now} lies, or of the one before or after, and of a later step than ${last}? A code is
 * good once: the caller keeps ${step} as the next ${last}, in the transaction that lets somebody in.
 *
 * secret  in, secret   CDR_TOTP_SECRET_LEN bytes
 * now     in           seconds since 1970
 * code    in           blanks between the figures do not matter
 * step    out          0 on error
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if not; CDR_E_INPUT if it is no code of 6 figures; CDR_E_INTERNAL.
 * CT       every step is compared, each in constant time.
 */
CDR_MUST_CHECK cdr_err cdr_totp_accept(const uint8_t secret[static CDR_TOTP_SECRET_LEN], uint64_t now, uint64_t last,
    const char *code, uint64_t *step);

/* The secret as authenticators take it (RFC 4648, sec. 6). */
void cdr_totp_secret_write(const uint8_t secret[static CDR_TOTP_SECRET_LEN], char text[static CDR_TOTP_SECRET_TEXT_LEN]);

#endif
