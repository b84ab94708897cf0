#ifndef CDR_NODE_HUB_ROUTES_H
#define CDR_NODE_HUB_ROUTES_H

/* The table of what may be asked of a hub, by whom and how long: the legal messages on one screen. */

#include "node/hub/hub.h"

extern const struct cdr_route cdr_hub_routes[];
extern const size_t cdr_hub_route_count;

/**
 * cdr_hub_service(hub, service):
 * ${hub} as something that cdr_dispatch serves; it borrows the hub.
 */
void cdr_hub_service(struct cdr_hub *hub, struct cdr_service *service);

/* /v1/genesis: Empty to SignedRoster. */
cdr_err cdr_hub_genesis(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/*
 * /v1/roster: RosterRequest to RosterReply: the first roster after the one that is held that brings other trustees, else the newest; none where that
 * is held.
 */
cdr_err cdr_hub_roster(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
