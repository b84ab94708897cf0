#ifndef CDR_NODE_NET_VISIT_H
#define CDR_NODE_NET_VISIT_H

/* Fetching a public page as a stranger's browser would: no certificate of ours, no cookie, nothing that says who asks. */

#include "proto/message.h"

/**
 * cdr_visit_get(url, ca_file, max, page, fault):
 * GET one page, with any compression undone. Redirects are not followed.
 *
 * url      in    https://…, or http://… of this machine
 * ca_file  in    PEM file of authorities that may vouch for the server; NULL: the system's
 * max      in    bytes of the page at most
 * page     out   new; empty on error
 *
 * Returns  CDR_OK with status 200; CDR_E_REFUSED with another; CDR_E_NETWORK if there is no connection, no trusted certificate,
 *          or too long a page; CDR_E_TIME; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_visit_get(const char *url, const char *ca_file, size_t max, struct cdr_buffer *page,
    struct cdr_fault *fault);

#endif
