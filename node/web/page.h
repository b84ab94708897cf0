#ifndef CDR_NODE_WEB_PAGE_H
#define CDR_NODE_WEB_PAGE_H

/*
 * The page on which a former employer that is no member answers: the same bytes for everybody, in the hub that serves it, in the
 * node that compares it, and, with a sealed request put in, as a file for e-mail. Made by bundle/ from the sources beside this.
 */

#include "core/crypto/hash.h"
#include "proto/message.h"

#define CDR_WEB_GUEST_PATH "/guest" /* where a hub serves it */
#define CDR_WEB_PAGE_MAX (512U << 10) /* bytes of any page that is fetched to compare it */

/**
 * cdr_web_guest_url_is_valid(url):
 * Whether guests may be sent there, and nodes may fetch it: https, or http of this machine; a host, perhaps a port; CDR_WEB_GUEST_PATH and
 * nothing after it. A hub that could name any address could have a node ask the machines in its office.
 */
bool cdr_web_guest_url_is_valid(const char *url);

/* The page; the same compressed with gzip; the Content-Security-Policy that names its script and its style. */
struct cdr_bytes cdr_web_page(void);
struct cdr_bytes cdr_web_page_gzip(void);
const char *cdr_web_page_policy(void);

/**
 * cdr_web_page_hash(page, out):
 * What stands for a page in the log and in the hub's word about it: SHA-256 of its bytes.
 *
 * page  in    data NULL: this program's own
 *
 * Returns  CDR_OK; as cdr_sha256.
 */
CDR_MUST_CHECK cdr_err cdr_web_page_hash(struct cdr_bytes page, uint8_t out[static CDR_SHA256_LEN]);

/**
 * cdr_web_page_file(embedded, out):
 * The page with ${embedded} in it, in base 64, so that it works by itself.
 *
 * embedded  in    what the page opens with the code that its reader types: PROTOCOL.md, "Guests"
 * out       out   new; empty on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if embedded is longer than CDR_WEB_PAGE_MAX; CDR_E_MEMORY; CDR_E_INTERNAL if the page has no place for it.
 */
CDR_MUST_CHECK cdr_err cdr_web_page_file(struct cdr_bytes embedded, struct cdr_buffer *out);

#endif
