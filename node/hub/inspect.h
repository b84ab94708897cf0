#ifndef CDR_NODE_HUB_INSPECT_H
#define CDR_NODE_HUB_INSPECT_H

/* What the hub has stored, in clear, beside what it can conclude from it: so that anybody can judge what a hub knows. */

#include "node/hub/schema.h"
#include "node/net/report.h"

/**
 * cdr_hub_inspect_json(store, file):
 * Write { "legend": { TABLE: { "what", "concludes", "columns": { COLUMN: { "what", "concludes" } } } },
 *         "tables": every row of every table, as cdr_store_dump_json }.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_IO.
 */
CDR_MUST_CHECK cdr_err cdr_hub_inspect_json(struct cdr_store *store, FILE *file);

/* The same for a person, with the number of rows in place of the rows. */
CDR_MUST_CHECK cdr_err cdr_hub_inspect_text(struct cdr_store *store, struct cdr_report *report);

#endif
