#ifndef CDR_NODE_STORE_KEYCHECK_H
#define CDR_NODE_STORE_KEYCHECK_H

/*
 * The small file PATH-check beside a database. Internal to node/store.
 *
 * It holds HMAC-SHA-256 of a constant under the database's key, so that a wrong key can be told from a damaged file
 * (SQLCipher reports both in the same way); the 256-bit key cannot be guessed from it. Locking it keeps two processes
 * from creating or migrating at once.
 */

#include "core/bytes.h"

struct cdr_keycheck {
	int fd;
	bool is_set;              /* a value was there */
	uint8_t value[32];        /* as read */
	uint8_t expected[32];     /* under the key in hand */
};

/**
 * cdr_keycheck_open(path, key, busy_ms, check):
 * Open or create the file at ${path}, wait for its lock, read it.
 *
 * key     in, secret   32 bytes
 *
 * Returns  CDR_OK; CDR_E_BUSY if another process kept the lock; CDR_E_IO; CDR_E_INTERNAL.
 *          cdr_keycheck_close releases the lock, also after an error.
 */
CDR_MUST_CHECK cdr_err cdr_keycheck_open(const char *path, const uint8_t *key, uint32_t busy_ms,
    struct cdr_keycheck *check);
void cdr_keycheck_close(struct cdr_keycheck *check);

/* Whether the file holds the value of another key. */
bool cdr_keycheck_differs(const struct cdr_keycheck *check);

/* Write the value of the key in hand, durably. */
CDR_MUST_CHECK cdr_err cdr_keycheck_write(struct cdr_keycheck *check);

#endif
