#ifndef CDR_NODE_STORE_SEAL_H
#define CDR_NODE_STORE_SEAL_H

/*
 * Columns that are sealed once more inside the encrypted file: names, dates, numbers, statements.
 *
 * AES-256-GCM under a key of the program's (not the file's), a random nonce in front, and as associated data the
 * purpose and the record's id: a sealed value that is moved to another row or column does not open. One key seals at
 * most 2^32 values (NIST SP 800-38D, section 8.3).
 */

#include "proto/message.h"

#define CDR_SEAL_KEY_LEN 32
#define CDR_SEAL_OVERHEAD 28           /* nonce 12, tag 16 */
#define CDR_SEAL_PLAIN_MAX (16U << 20)

/**
 * cdr_seal(key, purpose, id, plain, out):
 * Seal ${plain}.
 *
 * key      in, secret   CDR_SEAL_KEY_LEN bytes
 * purpose  in, public   a constant such as "leaver.identity", 1 .. 255 bytes
 * id       in, public   of the record, 0 .. 255 bytes
 * out      out          owns plain.len + CDR_SEAL_OVERHEAD bytes; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   NIST SP 800-38D.
 */
CDR_MUST_CHECK cdr_err cdr_seal(const uint8_t key[static CDR_SEAL_KEY_LEN], const char *purpose, struct cdr_bytes id,
    struct cdr_bytes plain, struct cdr_buffer *out);

/**
 * cdr_seal_open(key, purpose, id, sealed, out):
 * Undo cdr_seal with the same key, purpose and id.
 *
 * out      out, secret  owns sealed.len - CDR_SEAL_OVERHEAD bytes, wiped when freed; empty on error
 *
 * Returns  CDR_OK; CDR_E_SEALED if it was sealed under anything else, or changed; CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_seal_open(const uint8_t key[static CDR_SEAL_KEY_LEN], const char *purpose,
    struct cdr_bytes id, struct cdr_bytes sealed, struct cdr_buffer *out);

#endif
