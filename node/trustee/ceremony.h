#ifndef CDR_NODE_TRUSTEE_CEREMONY_H
#define CDR_NODE_TRUSTEE_CEREMONY_H

/*
 * Running keys/ceremony.h: its state in the database, its messages through the hub, its result into a share.
 *
 * Each turn fetches, steps, saves, posts, in this order; so a trustee may be killed at any moment and says after its
 * start what it said before.
 */

#include "keys/ceremony.h"
#include "node/trustee/share.h"

#define CDR_TRUSTEE_ATTEMPT_MAX 64

/* What a ceremony is to give: a key of this kind with this number. */
struct cdr_trustee_aim {
	enum cdr_key_kind kind;
	uint32_t number;
};

struct cdr_trustee_ceremony {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;  /* held */
	struct cdr_trustee_aim aim;
	uint32_t attempt;
	struct cdr_ceremony *ceremony;
	struct cdr_buffer saved;          /* the messages as they are stored */
	bool has_posted[CDR_CEREMONY_ROUND_COUNT + 1];
	bool has_result;                  /* the share is stored */
};

/**
 * cdr_trustee_attempt(trustee, aim, attempt, fault):
 * Which attempt is to be run: the newest, or the one after it if that ended with somebody at fault.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_attempt(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim,
    uint32_t *attempt, struct cdr_fault *fault);

/**
 * cdr_trustee_attempt_open(trustee, aim, attempt, open, count):
 * Earlier attempts in which this trustee gave its certificate and saw no end: the others may have a key that counts on
 * its share.
 *
 * open   out   CDR_TRUSTEE_ATTEMPT_MAX places
 *
 * Returns  how many, through ${count}.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_attempt_open(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    uint32_t open[static CDR_TRUSTEE_ATTEMPT_MAX], size_t *count);

/**
 * cdr_trustee_ceremony_start(trustee, aim, attempt, run, fault):
 * Take up an attempt, or begin it: then its seed is drawn and stored before anything else happens.
 *
 * run    out   ended by cdr_trustee_ceremony_end, which ignores NULL; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for the attempt; CDR_E_ABSENT before the genesis roster is confirmed; CDR_E_STORE if
 *          its seed was destroyed; as cdr_ceremony_new.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_start(struct cdr_trustee *trustee, struct cdr_trustee_aim aim, uint32_t attempt,
    struct cdr_trustee_ceremony **run, struct cdr_fault *fault);
void cdr_trustee_ceremony_end(struct cdr_trustee_ceremony *run);

/**
 * cdr_trustee_ceremony_turn(run, fault):
 * One turn. Once the ceremony is done, the share is stored and the result posted.
 *
 * Returns  CDR_OK, whatever the state of run->ceremony is then; CDR_E_EXISTS if the hub has another message of this
 *          trustee; CDR_E_STORE; as cdr_ask_send (try again).
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_turn(struct cdr_trustee_ceremony *run, struct cdr_fault *fault);

#endif
