#ifndef CDR_NODE_TRUSTEE_ROUND_H
#define CDR_NODE_TRUSTEE_ROUND_H

/*
 * A trustee's part in rounds of statistics. It believes nothing of what the hub says about a round: it verifies every
 * contribution, adds up by itself, and opens sums and nothing else.
 *
 * It refuses, for good, and tells the hub why:
 *   - what is not signed, not the round's, not from a member of the roster, or does not hold (who is at fault is named);
 *   - fewer contributors than the roster's minimum, never fewer than 5;
 *   - another list of contributions for a round in which it has answered: a second opening;
 *   - a round with a table and a period that it has opened before, of contributors who overlap with those and differ from
 *     them by fewer than the minimum: the difference of the two sums would be about those few.
 *
 * What it answers is on the disk before it is sent, and only that is ever sent again: it answers every question of a round
 * once, also if it is killed in between.
 */

#include "node/trustee/trustee.h"

/**
 * cdr_trustee_round_step(trustee, fault):
 * Ask the hub for rounds that wait for this trustee, and take the next step in each.
 *
 * Returns  CDR_OK, also where it refuses a round; as cdr_trustee_ask; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_round_step(struct cdr_trustee *trustee, struct cdr_fault *fault);

/**
 * cdr_trustee_round_leave(trustee, fault):
 * This trustee is about to hand its share on: of every round that waits for it, and in which it has not answered, sign that it never opens
 * it. After that nobody could say so for it, and of such a round no other one of the same months could take the place.
 *
 * fault   out   may be NULL
 *
 * Returns  CDR_OK once the hub has all of them, also where this trustee has answered in some; CDR_E_BUSY if there are more than it signs in
 *          one go; as cdr_trustee_ask, also if only one of them did not reach the hub: then it is called again; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_round_leave(struct cdr_trustee *trustee, struct cdr_fault *fault);

#endif
