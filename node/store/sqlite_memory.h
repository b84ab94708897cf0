#ifndef CDR_NODE_STORE_SQLITE_MEMORY_H
#define CDR_NODE_STORE_SQLITE_MEMORY_H

/*
 * Memory for SQLite that is wiped before it is freed. Internal to node/store.
 *
 * SQLite keeps decrypted pages, sorted rows and bound values on the heap, and SQLCipher its keys; SQLCipher 3.4.1
 * frees some of that as it is. (SQLCipher 4 can wipe by itself, where a PRAGMA asks for it.)
 */

#include "core/error.h"

/**
 * cdr_sqlite_memory_start():
 * Give SQLite this memory. Before anything else of SQLite is called; later calls repeat the first one's answer.
 *
 * Returns  CDR_OK; CDR_E_INTERNAL if SQLite was in use before.
 */
CDR_MUST_CHECK cdr_err cdr_sqlite_memory_start(void);

#endif
