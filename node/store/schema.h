#ifndef CDR_NODE_STORE_SCHEMA_H
#define CDR_NODE_STORE_SCHEMA_H

/* Bringing a database to the version that the program works with. Internal to node/store. */

#include "node/store/connection.h"
#include "node/store/store.h"

/**
 * cdr_schema_prepare(tx, fault, path):
 * Put the file into WAL mode, where writers and readers do not wait for each other.
 *
 * Returns  CDR_OK; CDR_E_STORE if the file system cannot do it; CDR_E_BUSY.
 */
CDR_MUST_CHECK cdr_err cdr_schema_prepare(struct cdr_tx *tx, struct cdr_fault *fault, const char *path);

/**
 * cdr_schema_migrate(tx, schema, fault, path):
 * Check whose file it is, and run the migrations that it lacks, all in one transaction.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if another program or a newer version wrote it; CDR_E_BUSY; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_schema_migrate(struct cdr_tx *tx, const struct cdr_store_schema *schema,
    struct cdr_fault *fault, const char *path);

#endif
