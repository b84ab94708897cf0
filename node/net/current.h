#ifndef CDR_NODE_NET_CURRENT_H
#define CDR_NODE_NET_CURRENT_H

/* The roster in force, shared by threads: a request keeps the one that it began with while a newer one takes over. */

#include "proto/roster.h"

struct cdr_current;

/**
 * cdr_current_new(current):
 * Returns  CDR_OK; CDR_E_MEMORY. Holds no roster yet. cdr_current_free(NULL) does nothing; nothing may still be held.
 */
CDR_MUST_CHECK cdr_err cdr_current_new(struct cdr_current **current);
void cdr_current_free(struct cdr_current *current);

/**
 * cdr_current_set(current, roster):
 * Put ${roster} in force and take ownership of it. The one before is freed once nobody holds it.
 *
 * Returns  CDR_OK; CDR_E_MEMORY (the roster then still belongs to the caller).
 */
CDR_MUST_CHECK cdr_err cdr_current_set(struct cdr_current *current, struct cdr_roster *roster);

/* The roster in force (NULL if there is none), good until it is released. */
const struct cdr_roster *cdr_current_hold(struct cdr_current *current);
/* NULL is ignored. */
void cdr_current_release(struct cdr_current *current, const struct cdr_roster *roster);

#endif
