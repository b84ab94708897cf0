#ifndef CDR_NODE_MEMBER_DEADLINE_H
#define CDR_NODE_MEMBER_DEADLINE_H

/*
 * What is due when: reminders, escalation, expiry. Both sides of a request keep the same calendar. The requester's node sends a
 * letter that reminds, and tells its own people when an answer is due and has not come; the former employer's node tells its people
 * by e-mail. A node that was away for a while does the last thing that is past, not all of them.
 */

#include "node/member/mail.h"

/* Stages of a request that is not answered; the database has these numbers. */
enum cdr_deadline_stage {
	CDR_DEADLINE_NONE = 0,
	CDR_DEADLINE_DAY_3,
	CDR_DEADLINE_DAY_7,
	CDR_DEADLINE_DAY_12,
	CDR_DEADLINE_DUE,
	CDR_DEADLINE_EXPIRED,
};

/* The calendar of one request, in seconds since 1970. Reminders that would come when the answer is due, or later, are left out. */
struct cdr_deadline {
	uint64_t asked_at, due_at, expires_at;
};

/* The last stage after ${done} that is past at ${now}; CDR_DEADLINE_NONE if there is none. */
enum cdr_deadline_stage cdr_deadline_past(const struct cdr_deadline *deadline, enum cdr_deadline_stage done, uint64_t now);

/* When the next stage after ${done} is; 0 after the last. */
uint64_t cdr_deadline_next(const struct cdr_deadline *deadline, enum cdr_deadline_stage done);

/* When a request that was asked at ${asked_at} expires. */
uint64_t cdr_deadline_expiry(const struct cdr_roster *roster, uint64_t asked_at);

/**
 * cdr_deadline_step(member, worked, fault):
 * Do what is past now: some requests of ours and some of others, in one transaction.
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY. What was not done is done by calling again.
 */
CDR_MUST_CHECK cdr_err cdr_deadline_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
