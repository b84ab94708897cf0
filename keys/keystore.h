#ifndef CDR_KEYS_KEYSTORE_H
#define CDR_KEYS_KEYSTORE_H

/*
 * The one file that holds a party's secrets, sealed under a passphrase: a data key, from which the keys of database,
 * columns and backup are derived, and small named secrets (signing seed, sealing secret, shares).
 *
 * A program opens it at its start and keeps it open: the passphrase is asked for once. Reading (get, len, derive) may
 * happen in several threads at a time as long as none writes (put, remove, save, change_passphrase, free).
 *
 * The file, all numbers big-endian:
 *
 *     at   len  what
 *      0    16  "candor-keystore" and a NUL
 *     16     4  version: 1
 *     20     4  Argon2id memory in KiB: 65536 .. 1048576
 *     24     4  Argon2id passes: 3 .. 16
 *     28     4  Argon2id lanes: 1 .. 16
 *     32    16  Argon2id salt, random, new with each passphrase
 *     48    32  check of the passphrase: HKDF-Expand(K, "candor-keystore 1 check"), K the 32 bytes from Argon2id
 *     80    12  nonce, random, new with each save
 *     92     4  N, the length of the sealed body: 50 .. CDR_KEYSTORE_BODY_LEN_MAX + 16
 *     96     N  the body, AES-256-GCM under HKDF-Expand(K, "candor-keystore 1 body") with bytes 0 .. 95 as
 *               associated data
 *   96+N    32  SHA-256 of all bytes before
 *
 * The last 32 bytes tell a damaged file from a wrong passphrase, before Argon2id is paid for; who changes the file on
 * purpose can make them anew, and fails at the check or at the tag.
 *
 * The body:
 *
 *      0    32  data key
 *     32     2  number of secrets: 0 .. 64
 *     34        each secret, in ascending order of names (as bytes):
 *               1 byte length of the name (1 .. 32), the name (a-z 0-9 - . /),
 *               2 bytes length of the secret (1 .. 512), the secret
 */

#include "core/bytes.h"
#include "keys/passphrase.h"

#define CDR_KEYSTORE_NAME_LEN_MAX 32
#define CDR_KEYSTORE_SECRET_LEN_MAX 512
#define CDR_KEYSTORE_COUNT_MAX 64
#define CDR_KEYSTORE_KEY_LEN 32

struct cdr_keystore;

/**
 * cdr_keystore_create(path, passphrase, store, fault):
 * Make a new keystore with a random data key and no secrets, and save it.
 *
 * path        in           in a folder that exists
 * passphrase  in, secret   see cdr_passphrase_check
 * store       out          new, owned by the caller, in locked memory; NULL on error
 * fault       out          may be NULL
 *
 * Returns  CDR_OK; CDR_E_EXISTS if there is such a file (it is left alone); CDR_E_REFUSED if the passphrase is too
 *          short; CDR_E_IO; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_create(const char *path, const struct cdr_passphrase *passphrase,
    struct cdr_keystore **store, struct cdr_fault *fault);

/**
 * cdr_keystore_open(path, passphrase, store, fault):
 * Read a keystore. Takes about 0.3 s and 64 MiB, which is the purpose of Argon2id.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such file; CDR_E_REFUSED if others than its owner may read or write
 *          it; CDR_E_PASSPHRASE if the passphrase is not this file's; CDR_E_INPUT if the file is no keystore, is
 *          damaged, or of a later version; CDR_E_IO; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_open(const char *path, const struct cdr_passphrase *passphrase,
    struct cdr_keystore **store, struct cdr_fault *fault);

/**
 * cdr_keystore_free(store):
 * Wipe and release, without saving. NULL does nothing.
 */
void cdr_keystore_free(struct cdr_keystore *store);

/**
 * cdr_keystore_derive(store, purpose, out):
 * The key for one purpose ("database", "columns", "digests", "backup"), the same as long as the file lives, whatever becomes of
 * its passphrase.
 *
 * purpose  in           1 .. CDR_KEYSTORE_NAME_LEN_MAX bytes
 * out      out, secret  CDR_KEYSTORE_KEY_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for the purpose's length; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   HKDF-Expand(data key, "candor-keystore 1 derive " || purpose), RFC 5869 sec. 2.3.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_derive(const struct cdr_keystore *store, const char *purpose,
    uint8_t out[static CDR_KEYSTORE_KEY_LEN]);

/**
 * cdr_keystore_len(store, name):
 * The length of a named secret; 0 if there is none of that name.
 */
size_t cdr_keystore_len(const struct cdr_keystore *store, const char *name);

/**
 * cdr_keystore_get(store, name, out, len):
 * Copy a named secret of exactly ${len} bytes.
 *
 * out      out, secret  len bytes of locked memory; all zero on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none of that name; CDR_E_RANGE if it has another length.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_get(const struct cdr_keystore *store, const char *name, uint8_t *out, size_t len);

/**
 * cdr_keystore_put(store, name, secret, len):
 * Add a named secret, or put it in the place of the one of that name. It is in the file after cdr_keystore_save.
 *
 * name     in           1 .. CDR_KEYSTORE_NAME_LEN_MAX of a-z 0-9 - . /
 * secret   in, secret   1 .. CDR_KEYSTORE_SECRET_LEN_MAX bytes
 *
 * Returns  CDR_OK; CDR_E_INPUT for another name; CDR_E_RANGE for another length, or CDR_KEYSTORE_COUNT_MAX secrets
 *          are there already.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_put(struct cdr_keystore *store, const char *name, const uint8_t *secret,
    size_t len);

/**
 * cdr_keystore_remove(store, name):
 * Wipe a named secret. It is gone from the file after cdr_keystore_save, which overwrites the file that it replaces. (A file
 * system that copies, a solid-state disk or a backup may still hold the older bytes.)
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none of that name.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_remove(struct cdr_keystore *store, const char *name);

/**
 * cdr_keystore_save(store, fault):
 * Write the file anew, durably, in one step: at every moment the path names the old file or the new one.
 *
 * Returns  CDR_OK once it is on the disk; CDR_E_BUSY if another process has saved the file since this one read it
 *          (free the store, open it again, repeat the change); CDR_E_IO; CDR_E_MEMORY; CDR_E_INTERNAL. On an error the
 *          store in memory is as before and the file is one of the two.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_save(struct cdr_keystore *store, struct cdr_fault *fault);

/**
 * cdr_keystore_change_passphrase(store, passphrase, fault):
 * Save under another passphrase. The data key stays, so nothing else needs to be encrypted anew.
 *
 * Returns  as cdr_keystore_save; CDR_E_REFUSED if the passphrase is too short. On an error the store in memory is under the old one, and so
 *          is the file, unless the disk failed after it was put in its place (CDR_E_IO): then one of the two opens it.
 */
CDR_MUST_CHECK cdr_err cdr_keystore_change_passphrase(struct cdr_keystore *store,
    const struct cdr_passphrase *passphrase, struct cdr_fault *fault);

#endif
