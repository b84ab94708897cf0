#ifndef CDR_NODE_MEMBER_HOOK_H
#define CDR_NODE_MEMBER_HOOK_H

/*
 * Webhooks: other systems are told that there is something to fetch. What is told has no content: a random id of the event, its kind,
 * the random id of what it is about. It is written in the transaction of the event, and sent until it was taken or is three days old.
 *
 * A POST of JSON with two headers. Candor-Signature: t=SECONDS,v1=HEX, where HEX is HMAC-SHA-256 under the hook's secret over
 * "SECONDS.BODY"; a receiver refuses an old time, and knows a repeat by Candor-Event.
 */

#include "node/member/member.h"

#define CDR_HOOK_URL_LEN 512
#define CDR_HOOK_MAX 16
#define CDR_HOOK_SECRET_LEN 32
#define CDR_HOOK_WAIT_MIN 10           /* seconds after a first failure, doubled with each further one, */
#define CDR_HOOK_WAIT_MAX 21600        /* up to this */
#define CDR_HOOK_DAYS_MAX 3            /* what was not taken by then is given up */

/* The kinds of events. */
#define CDR_HOOK_REQUEST "inbox.request"        /* a request of another organisation waits; subject: its id */
#define CDR_HOOK_ANSWER "check.answered"        /* an employer has answered; subject: the request's id */
#define CDR_HOOK_DRAWN "audit.drawn"            /* an evaluation was drawn by lot, and somebody here decides; subject: its id in `audit list` */
#define CDR_HOOK_FINDING "audit.finding"        /* the hub's log does not hold; subject: an id of the event alone, `audit check` shows it */
#define CDR_HOOK_EMPLOYER "check.employer"      /* an employer that was left out found the match plausible; subject: the request's id */

struct cdr_hook {
	uint64_t number;
	char url[CDR_HOOK_URL_LEN];
	uint64_t made_at, waiting_count;
	uint64_t failed_count;   /* events that were given up */
};

/**
 * cdr_hook_valid(url, fault):
 * May events be sent there? https, or http to this machine; no name or password in it, no fragment.
 *
 * Returns  CDR_OK; CDR_E_INPUT; CDR_E_REFUSED for http elsewhere.
 */
CDR_MUST_CHECK cdr_err cdr_hook_valid(const char *url, struct cdr_fault *fault);

/**
 * cdr_hook_add(member, url, number, secret, fault):
 * From now on events are sent to ${url}. The secret is shown once.
 *
 * secret  out, secret   CDR_HOOK_SECRET_LEN bytes
 *
 * Returns  CDR_OK; as cdr_hook_valid; CDR_E_RANGE beyond CDR_HOOK_MAX; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hook_add(struct cdr_member *member, const char *url, uint64_t *number, uint8_t *secret, struct cdr_fault *fault);

/* No more events, and none that wait. CDR_E_ABSENT if there is none of that number. */
CDR_MUST_CHECK cdr_err cdr_hook_remove(struct cdr_member *member, uint64_t number, struct cdr_fault *fault);

typedef cdr_err cdr_hook_callback(const struct cdr_hook *hook, void *context);
CDR_MUST_CHECK cdr_err cdr_hook_each(struct cdr_member *member, cdr_hook_callback *callback, void *context);

/* Write an event down for every hook, in the transaction of what happened. Returns CDR_OK; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_hook_event(struct cdr_tx *tx, const char *kind, const uint8_t subject[static CDR_ID_LEN]);

/**
 * cdr_hook_sign(secret, at, body, signature):
 * What stands in Candor-Signature.
 *
 * signature  out   at least 96 bytes
 */
CDR_MUST_CHECK cdr_err cdr_hook_sign(const uint8_t secret[static CDR_HOOK_SECRET_LEN], uint64_t at, const char *body, char signature[static 96]);

/* What is on its way to the receivers. Ends what is not done; it is sent again. NULL does nothing. */
struct cdr_hook_sender;
CDR_MUST_CHECK cdr_err cdr_hook_sender_new(struct cdr_member *member, struct cdr_hook_sender **sender);
void cdr_hook_sender_free(struct cdr_hook_sender *sender);

/**
 * cdr_hook_step(sender, wait_ms, worked, fault):
 * Send what is due, one event of each hook at a time, wait so long for an answer to any, and write down what became of those that have
 * one. A failure is noted, and tried again later; what is given up goes, and is counted.
 *
 * worked  out   whether there is more to wait for
 *
 * Returns  CDR_OK, also if receivers are away; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hook_step(struct cdr_hook_sender *sender, unsigned wait_ms, bool *worked, struct cdr_fault *fault);

#endif
