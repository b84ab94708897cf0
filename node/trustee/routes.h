#ifndef CDR_NODE_TRUSTEE_ROUTES_H
#define CDR_NODE_TRUSTEE_ROUTES_H

/* What may be asked of a trustee, and by whom. */

#include "node/net/dispatch.h"
#include "node/trustee/trustee.h"

extern const struct cdr_route cdr_trustee_routes[];
extern const size_t cdr_trustee_route_count;

/**
 * cdr_trustee_service(trustee, service):
 * ${trustee} as something that cdr_dispatch serves; it borrows the trustee.
 */
void cdr_trustee_service(struct cdr_trustee *trustee, struct cdr_service *service);

#endif
