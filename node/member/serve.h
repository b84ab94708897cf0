#ifndef CDR_NODE_MEMBER_SERVE_H
#define CDR_NODE_MEMBER_SERVE_H

/* The daemon: it keeps up with the roster, carries letters, advances checks, brings the register to the index, purges. */

#include "node/member/member.h"
#include "node/net/daemon.h"

#define CDR_SERVE_POLL_MS_MIN 50
#define CDR_SERVE_POLL_MS_DEFAULT 5000

/**
 * cdr_serve_run(member, daemon, poll_ms):
 * Work until a signal ends it. What fails is logged and tried again, later each time, at most after a minute.
 */
void cdr_serve_run(struct cdr_member *member, const struct cdr_daemon *daemon, unsigned poll_ms);

#endif
