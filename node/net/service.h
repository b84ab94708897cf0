#ifndef CDR_NODE_NET_SERVICE_H
#define CDR_NODE_NET_SERVICE_H

/* The one joint between the HTTP server and the table of routes: see node/net/server.h and node/net/dispatch.h. */

#include "node/net/dispatch.h"
#include "node/net/server.h"

/* ${service} as something that a server serves; borrowed until that server has stopped. */
struct cdr_server_app cdr_service_app(const struct cdr_service *service);

#endif
