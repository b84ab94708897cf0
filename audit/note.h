#ifndef CDR_AUDIT_NOTE_H
#define CDR_AUDIT_NOTE_H

/*
 * Signed notes: text of whole lines, an empty line, and signature lines
 *
 *     — NAME BASE64(key id 4, signature)
 *
 * Source: c2sp.org/signed-note. This file knows nothing of what a note says.
 */

#include "proto/message.h"

#define CDR_NOTE_LEN_MAX (16U << 10)
#define CDR_NOTE_TEXT_LEN_MAX 1024
#define CDR_NOTE_NAME_LEN_MAX 120
#define CDR_NOTE_LINE_MAX 64           /* signatures of one note */
#define CDR_NOTE_SIGNATURE_LEN_MAX 256 /* bytes of one, decoded, without the key's id */
#define CDR_NOTE_KEY_ID_LEN 4

/* Types of signature: c2sp.org/signed-note, "Signatures". */
#define CDR_NOTE_ED25519 0x01
#define CDR_NOTE_COSIGNATURE 0x04      /* c2sp.org/tlog-cosignature, Ed25519 with a time */

struct cdr_note_line {
	char name[CDR_NOTE_NAME_LEN_MAX + 1];
	uint8_t key_id[CDR_NOTE_KEY_ID_LEN];
	uint8_t signature[CDR_NOTE_SIGNATURE_LEN_MAX];
	size_t signature_len;
};

struct cdr_note {
	char text[CDR_NOTE_TEXT_LEN_MAX + 1]; /* with its last line feed; what is signed */
	size_t line_count;
	struct cdr_note_line line[CDR_NOTE_LINE_MAX];
};

/**
 * cdr_note_key_id(name, type, public, id):
 * The first four bytes of SHA-256(name, line feed, type, public key).
 *
 * public  in   CDR_SIGN_PUBLIC_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_note_key_id(const char *name, uint8_t type, const uint8_t *public,
    uint8_t id[static CDR_NOTE_KEY_ID_LEN]);

/**
 * cdr_note_read(bytes, note):
 * Take a note apart, believing nothing.
 *
 * note   out   zero on error; large: not for the stack of a deep call
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no note: not UTF-8, a control character, no signature, base 64 that is not
 *          canonical, or more than the maxima above.
 */
CDR_MUST_CHECK cdr_err cdr_note_read(struct cdr_bytes bytes, struct cdr_note *note);

/**
 * cdr_note_write(note, out):
 * Returns  CDR_OK; CDR_E_RANGE for more lines than a note has; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_note_write(const struct cdr_note *note, struct cdr_buffer *out);

/* Base 64 (RFC 4648 sec. 4) with its padding. ${text} has room for 4 * ((len + 2) / 3) + 1 bytes. */
void cdr_base64_write(const uint8_t *data, size_t len, char *text);

/**
 * cdr_base64_read(text, text_len, out, out_max, len):
 * Returns  CDR_OK; CDR_E_INPUT unless it is exactly what cdr_base64_write gives for at most ${out_max} bytes.
 */
CDR_MUST_CHECK cdr_err cdr_base64_read(const char *text, size_t text_len, uint8_t *out, size_t out_max, size_t *len);

#endif
