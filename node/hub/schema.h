#ifndef CDR_NODE_HUB_SCHEMA_H
#define CDR_NODE_HUB_SCHEMA_H

/* The hub's tables, and what each of them tells whoever reads it. */

#include "node/store/store.h"

extern const struct cdr_store_schema cdr_hub_schema;

/* One table or, with a column, one column of it. */
struct cdr_hub_legend {
	const char *table;
	const char *column;    /* NULL: the table as a whole */
	const char *what;      /* what stands there */
	const char *concludes; /* what the hub, or a thief of its database, can conclude from it */
	const char *count_sql; /* of a table: how many rows it has */
};

extern const struct cdr_hub_legend cdr_hub_legends[];
extern const size_t cdr_hub_legend_count;

#endif
