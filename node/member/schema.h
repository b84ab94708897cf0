#ifndef CDR_NODE_MEMBER_SCHEMA_H
#define CDR_NODE_MEMBER_SCHEMA_H

/* The tables of a member's database; each column is explained in schema.c. */

#include "node/store/store.h"

extern const struct cdr_store_schema cdr_member_schema;

#endif
