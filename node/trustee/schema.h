#ifndef CDR_NODE_TRUSTEE_SCHEMA_H
#define CDR_NODE_TRUSTEE_SCHEMA_H

/* What a trustee keeps. */

#include "node/store/store.h"

extern const struct cdr_store_schema cdr_trustee_schema;

#endif
