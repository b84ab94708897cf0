#ifndef CDR_NODE_TRUSTEE_SAMPLE_LATE_H
#define CDR_NODE_TRUSTEE_SAMPLE_LATE_H

/*
 * When an auditor calls a member late: nobody is accused of what it could not know, or not do.
 *
 * The period begins when the log says that the auditor asks (its `asked`), since by then the lot is there for everybody and the auditor can be
 * shown something. It begins anew when the member, which was suspended, is active again, and when this trustee was away for more than
 * CDR_TRUSTEE_AWAY_S, or may have missed that somebody was suspended. It never ends for what was evaluated under keys that the member has lost
 * since; of what was drawn before this trustee was put back from a backup it does not know. `candor-audit verify` holds each `late` against the same
 * rule, as far as the log tells (audit/verify_late.c): this trustee is never sooner than that.
 */

#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_AWAY_S 86400           /* who was away for so long could not be shown anything: the period begins anew */
#define CDR_TRUSTEE_LATE_GRACE_S (6 * 3600) /* beside the period: clocks differ, and what is noted is noted each hour */

/**
 * cdr_trustee_sample_late(tx, roster, now):
 * A writing job's part, often: whoever has not answered in time is late.
 *
 * now   in   seconds since 1970
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_late(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now);

/* A writing job's part: the log has the `asked` of what is drawn under ${number}: its period begins. */
CDR_MUST_CHECK cdr_err cdr_trustee_sample_asked(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t number, uint64_t now);

#endif
