#ifndef CDR_KEYS_KEYSTORE_FORMAT_H
#define CDR_KEYS_KEYSTORE_FORMAT_H

/*
 * The bytes of a keystore, without files and without cryptography but the checksum: keys/keystore.h has the table.
 * Used by keystore.c alone; apart from it so that tests and a fuzzer can drive it.
 */

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "keys/keystore.h"

#define CDR_KEYSTORE_VERSION 1
#define CDR_KEYSTORE_SALT_LEN 16
#define CDR_KEYSTORE_HEADER_LEN 96

#define CDR_KEYSTORE_MEMORY_KIB_MIN 65536U
#define CDR_KEYSTORE_MEMORY_KIB_MAX 1048576U
#define CDR_KEYSTORE_PASSES_MIN 3U
#define CDR_KEYSTORE_PASSES_MAX 16U
#define CDR_KEYSTORE_LANES_MAX 16U

#define CDR_KEYSTORE_BODY_LEN_MIN (CDR_KEYSTORE_KEY_LEN + 2)
#define CDR_KEYSTORE_BODY_LEN_MAX                                                                             \
	(CDR_KEYSTORE_BODY_LEN_MIN +                                                                          \
	    CDR_KEYSTORE_COUNT_MAX * (1 + CDR_KEYSTORE_NAME_LEN_MAX + 2 + CDR_KEYSTORE_SECRET_LEN_MAX))
#define CDR_KEYSTORE_FILE_LEN_MAX                                                                             \
	(CDR_KEYSTORE_HEADER_LEN + CDR_KEYSTORE_BODY_LEN_MAX + CDR_AEAD_TAG_LEN + CDR_SHA256_LEN)

struct cdr_keystore_header {
	uint32_t memory_kib;
	uint32_t passes;
	uint32_t lanes;
	uint8_t salt[CDR_KEYSTORE_SALT_LEN];
	uint8_t check[CDR_SHA256_LEN];
	uint8_t nonce[CDR_AEAD_NONCE_LEN];
	uint32_t sealed_len;
};

struct cdr_keystore_secret {
	char name[CDR_KEYSTORE_NAME_LEN_MAX + 1];
	size_t len;
	uint8_t bytes[CDR_KEYSTORE_SECRET_LEN_MAX];
};

/* What is sealed. Lives in locked memory. */
struct cdr_keystore_body {
	uint8_t data_key[CDR_KEYSTORE_KEY_LEN];
	size_t count;
	struct cdr_keystore_secret secrets[CDR_KEYSTORE_COUNT_MAX]; /* ascending by name */
};

/**
 * cdr_keystore_name_is_valid(name, len):
 * Whether ${name} may name a secret: 1 .. CDR_KEYSTORE_NAME_LEN_MAX of a-z 0-9 - . /
 */
bool cdr_keystore_name_is_valid(const char *name, size_t len);

/**
 * cdr_keystore_header_encode(header, out):
 * The first CDR_KEYSTORE_HEADER_LEN bytes of the file.
 */
void cdr_keystore_header_encode(const struct cdr_keystore_header *header, uint8_t out[static CDR_KEYSTORE_HEADER_LEN]);

/**
 * cdr_keystore_file_decode(file, header, sealed, fault):
 * Take a whole file apart: header, sealed body, checksum.
 *
 * header  out   undefined on error
 * sealed  out   the sealed body, borrowed from ${file}
 * fault   out   may be NULL
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no keystore, of another version, with a number outside its range, of another
 *          length than it says, or its checksum is another; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_file_decode(struct cdr_bytes file, struct cdr_keystore_header *header,
    struct cdr_bytes *sealed, struct cdr_fault *fault);

/**
 * cdr_keystore_body_encode(body, out):
 * Write the body to be sealed.
 *
 * out     out, secret   CDR_KEYSTORE_BODY_LEN_MAX bytes of locked memory
 *
 * Returns  the number of bytes written.
 */
size_t cdr_keystore_body_encode(const struct cdr_keystore_body *body, uint8_t *out);

/**
 * cdr_keystore_body_decode(bytes, body):
 * Read a body. A body has one form only: what this accepts, cdr_keystore_body_encode writes again, byte by byte.
 *
 * body    out, secret   all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT for a length or count outside its range, another character in a name, names that do
 *          not ascend, an end too early, or bytes after it.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_body_decode(struct cdr_bytes bytes, struct cdr_keystore_body *body);

#endif
