#ifndef CDR_NODE_MEMBER_MAIL_H
#define CDR_NODE_MEMBER_MAIL_H

/*
 * Letters out and in. A letter is sealed and written in the same transaction as whatever made it necessary, and posted until
 * the hub acknowledges it. A letter that comes in is acted on, noted as taken and confirmed to its sender in one transaction;
 * only then does the hub hear that it may forget it. So each letter counts once, whatever is killed in between.
 */

#include "node/member/member.h"
#include "proto/letter.h"

/* What is queued: everything of the letter but its id, sender and date. */
struct cdr_outgoing {
	const char *receiver;              /* member id */
	const uint8_t *request_id;         /* CDR_ID_LEN bytes: what it is about */
	const char *kind;                  /* for people and the table: "probe", "request", "statement", … */
	uint64_t not_before;               /* seconds since 1970; 0: at once */
	Cdr__Wire__Letter__ContentCase content;
	void *message;                     /* the generated message of that content, borrowed */
};

/**
 * cdr_mail_queue(tx, member, roster, outgoing, fault):
 * Sign and seal a letter for a member of ${roster} and write it down to be posted.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the roster has no such active member; CDR_E_RANGE if it is too long; CDR_E_POINT if
 *          the roster's key is none; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_mail_queue(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const struct cdr_outgoing *outgoing, struct cdr_fault *fault);

/**
 * cdr_mail_step(member, worked, fault):
 * Post what is due, fetch what has come, act on it.
 *
 * worked  out   whether anything was posted or fetched
 *
 * Returns  CDR_OK; as cdr_ask_send; CDR_E_STORE. A letter that is forged, altered or against the rules is noted, logged and
 *          dropped, and is no error.
 */
CDR_MUST_CHECK cdr_err cdr_mail_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/* Note one attempt to reach somebody about a request: "node", "posted". */
CDR_MUST_CHECK cdr_err cdr_mail_note_attempt(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN],
    const char *result);

#endif
