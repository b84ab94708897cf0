#ifndef CDR_KEYS_PAPER_H
#define CDR_KEYS_PAPER_H

/*
 * Secrets on paper: sealed under a passphrase of their own, as words that a person can copy by hand, or as one line for a QR
 * code. Nothing on the paper helps without the passphrase; the passphrase alone helps nobody either.
 *
 *     sealed   1 (version) || salt 16 || AES-256-GCM(key, nonce 0, secret)    key: Argon2id(passphrase, salt), which serves once
 *     words    2 bytes of length and the sealed bytes, in rows of eight words of ten bits and two check words; zeros fill the last
 *     line     "CANDOR:SHARE:" and the sealed bytes in base 32
 *
 * The 1,024 words are two syllables each, made by rule: no list to lose, none that a language owns. The two check words of a
 * row make the sums of x_i and of a^i x_i over GF(1024) the row's number and zero: so one wrong word of a row is found by its place,
 * a wrong order and a row in another's place are noticed.
 */

#include "keys/passphrase.h"
#include "proto/message.h"

#define CDR_PAPER_OVERHEAD (1 + 16 + 16)
#define CDR_PAPER_SECRET_MAX 512
#define CDR_PAPER_ROW_WORDS 10
#define CDR_PAPER_TEXT_MAX 16384

/**
 * cdr_paper_seal(passphrase, secret, sealed, fault):
 * As it stands on the paper.
 *
 * secret   in, secret   1 .. CDR_PAPER_SECRET_MAX bytes
 * sealed   out          owned by the caller; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for another length; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_paper_seal(const struct cdr_passphrase *passphrase, struct cdr_bytes secret,
    struct cdr_buffer *sealed, struct cdr_fault *fault);

/**
 * cdr_paper_open(passphrase, sealed, secret, len, fault):
 * What was sealed.
 *
 * secret   out, secret   CDR_PAPER_SECRET_MAX bytes of locked memory, of which ${len} are used; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if there are fewer or more bytes than such a paper has; CDR_E_INPUT for another version; CDR_E_PASSPHRASE if
 *          it does not open; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_paper_open(const struct cdr_passphrase *passphrase, struct cdr_bytes sealed,
    uint8_t secret[static CDR_PAPER_SECRET_MAX], size_t *len, struct cdr_fault *fault);

/**
 * cdr_paper_words(sealed, text):
 * One row a line: its number, a full stop, ten words.
 *
 * text   out   owned by the caller, with a closing NUL
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_paper_words(struct cdr_bytes sealed, struct cdr_buffer *text);

/* The line for a QR code, likewise. */
CDR_MUST_CHECK cdr_err cdr_paper_line(struct cdr_bytes sealed, struct cdr_buffer *text);

/**
 * cdr_paper_read(text, sealed, fault):
 * The sealed bytes from words or from the line. Case, punctuation and line ends do not matter to words. Where rows begin with their
 * number and a full stop, as they were written, they may stand in any order, and lines that are no part of a row are left out: what
 * `share backup` printed is read as it is. Where none does, every word counts.
 *
 * Returns  CDR_OK; CDR_E_INPUT: a word that is none is named with its place; so is a word that is another than was written, and
 *          the right one; where more than one word of a row is wrong, or the row is missing, the row is. CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_paper_read(struct cdr_bytes text, struct cdr_buffer *sealed, struct cdr_fault *fault);

#endif
