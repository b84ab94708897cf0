#ifndef CDR_NODE_MEMBER_RETENTION_H
#define CDR_NODE_MEMBER_RETENTION_H

/*
 * What is held, for how long, and what goes by itself when that is over. The timers run once an hour of the calendar, write down
 * what they did, and stop for what stands under a legal hold.
 */

#include "node/member/member.h"

#define CDR_RETENTION_CHECK_DAYS 365      /* a check with its statements, from when it was opened; not before a watch ends */
#define CDR_RETENTION_REQUEST_DAYS 180    /* a request of others, from the answer on; not before a watch ends */
#define CDR_RETENTION_LETTER_DAYS 30      /* a letter that needs nothing more */
#define CDR_RETENTION_EMAIL_DAYS 90
#define CDR_RETENTION_DAYS_MIN 30
#define CDR_RETENTION_DAYS_MAX 3660

/* How many days the organisation keeps what the scheme leaves to it. */
struct cdr_retention_settings {
	unsigned check_days, request_days;
};

/**
 * cdr_retention_settings_read(member, settings), cdr_retention_settings_write(member, settings, fault):
 * Returns  CDR_OK; CDR_E_RANGE for days out of CDR_RETENTION_DAYS_MIN .. MAX; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_retention_settings_read(struct cdr_member *member, struct cdr_retention_settings *settings);
CDR_MUST_CHECK cdr_err cdr_retention_settings_write(struct cdr_member *member, const struct cdr_retention_settings *settings,
    struct cdr_fault *fault);

/**
 * cdr_retention_step(member, worked, fault):
 * The timers, if an hour has begun since they ran last; and the scrub, if one is wanted.
 */
CDR_MUST_CHECK cdr_err cdr_retention_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/* How much is held, and how much of it the timers would take in the next 30 days; how much of it a hold keeps. */
struct cdr_retention_line {
	const char *what;                 /* leaver, check, request, draft, case, letter, letter_number, attempt, email, reply */
	uint64_t held_count, due_count, hold_count;
};
#define CDR_RETENTION_LINES 10
CDR_MUST_CHECK cdr_err cdr_retention_status(struct cdr_member *member, struct cdr_retention_line line[static CDR_RETENTION_LINES]);

/* Call ${callback} for what the timers did, newest first, at most ${max} entries. */
typedef cdr_err cdr_retention_callback(uint64_t at, const char *what, uint64_t count, void *context);
CDR_MUST_CHECK cdr_err cdr_retention_each(struct cdr_member *member, size_t max, cdr_retention_callback *callback, void *context);

#endif
