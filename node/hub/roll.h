#ifndef CDR_NODE_HUB_ROLL_H
#define CDR_NODE_HUB_ROLL_H

/*
 * Members roll their sealing keys: what a member signed for its next key waits here until a roster has it. The hub only carries
 * it: trustees and nodes verify the member's own signature (proto/sealing.h).
 */

#include "keys/roster_build.h"
#include "node/hub/hub.h"

#define CDR_HUB_ROLL_SECONDS 3600 /* a member rolls its key at most so often, in force or waiting */

/*
 * /v1/member/sealing: SealingPut to Empty. A repeat changes nothing. CDR_E_INPUT for a key that is no point; CDR_E_SIGNATURE if the
 * member did not sign it; CDR_E_SEQUENCE if that number was used for another key, or is behind; CDR_E_BUSY so soon after
 * the last, whether that is in force or waits.
 */
cdr_err cdr_hub_roll(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* The keys that the next roster shall have. */
struct cdr_hub_rolls {
	struct cdr_hub_rolling *rolling;
	size_t count, room;
};

/**
 * cdr_hub_rolls_read(tx, before, rolls):
 * What active members of ${before} signed and it does not have yet.
 *
 * rolls   out   freed by cdr_hub_rolls_free, also on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_rolls_read(struct cdr_tx *tx, const struct cdr_roster *before, struct cdr_hub_rolls *rolls);
void cdr_hub_rolls_free(struct cdr_hub_rolls *rolls);
/* The change of the one at ${at}, below count. It borrows from ${rolls}. */
struct cdr_roster_change cdr_hub_rolls_change(struct cdr_hub_rolls *rolls, size_t at);

/**
 * cdr_hub_rolls_settle(tx, before, roster):
 * ${roster} takes the place of ${before}: forget what it has, and show members with the keys that they have now.
 */
CDR_MUST_CHECK cdr_err cdr_hub_rolls_settle(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *roster);

#endif
