#ifndef CDR_NODE_HUB_GUEST_VISIT_H
#define CDR_NODE_HUB_GUEST_VISIT_H

/*
 * The listener for guests' browsers: one page, one sealed request for whoever knows its random id, one way to leave a sealed
 * answer. It tells unknown, answered, withdrawn and expired requests apart to nobody, lists nothing, and logs no visit.
 */

#include "node/hub/hub.h"
#include "node/net/server.h"
#include "node/net/visitor.h"

/* What it works with; zeroed but for hub. */
struct cdr_hub_guests {
	struct cdr_hub *hub;
	struct cdr_visitors visitors;
	char page_fields[1024];      /* header fields of the page */
	char page_gzip_fields[1024];
};

/**
 * cdr_hub_guests_init(guests, hub, is_tls):
 * is_tls  in   browsers come by TLS, here or at a proxy: they are told to keep to it
 */
void cdr_hub_guests_init(struct cdr_hub_guests *guests, struct cdr_hub *hub, bool is_tls);

/* ${guests} as something that a public listener serves; borrowed until that listener has stopped. */
struct cdr_server_app cdr_hub_guests_app(struct cdr_hub_guests *guests);

/**
 * cdr_hub_guest_visit(guests, visit, now, now_ms, reply, fields):
 * Answer one visit; the app with its clocks as arguments.
 *
 * now, now_ms  in   seconds since 1970; milliseconds of a clock that only goes forward
 *
 * Returns  the HTTP status: 200; 404 for what is not there; 405; 413 or 400 for a body of another size; 429; 503.
 */
int cdr_hub_guest_visit(struct cdr_hub_guests *guests, const struct cdr_server_visit *visit, uint64_t now, uint64_t now_ms,
    struct cdr_buffer *reply, const char **fields);

#endif
