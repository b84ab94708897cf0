#ifndef CDR_NODE_HUB_WITNESS_H
#define CDR_NODE_HUB_WITNESS_H

/*
 * Showing the log to the trustees: new leaves and the checkpoint behind them go to all at once, and who finds that they
 * extend what it saw cosigns. One thread for each trustee, so that none waits for another; a checkpoint is *witnessed*
 * once t of them have cosigned. While one is on its way, leaves gather for the next.
 */

#include "audit/checkpoint.h"
#include "node/hub/hub.h"
#include "node/net/ask.h"

struct cdr_hub_witness;

/* How a trustee is asked: cdr_ask_send over a client, or a test. */
struct cdr_hub_line {
	cdr_err (*send)(void *context, const struct cdr_signer *signer, struct cdr_ask *ask);
	void *context;
};

/**
 * cdr_hub_witness_start(hub, line, witness):
 * Begin to show the log. From then on hub->witness is set.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY. cdr_hub_witness_stop ends it and ignores NULL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_witness_start(struct cdr_hub *hub, const struct cdr_hub_line *line,
    struct cdr_hub_witness **witness);
void cdr_hub_witness_stop(struct cdr_hub_witness *witness);

/**
 * cdr_hub_witness_wait(witness, size, timeout_ms, checkpoint, fault):
 * A witnessed checkpoint of at least ${size} leaves, which are durable; made if there is none yet. Any thread.
 *
 * timeout_ms  in   0: only begin, and take what is there
 *
 * Returns  CDR_OK; CDR_E_BUSY if too few trustees cosigned in time, with the names of the others; CDR_E_ABSENT if the time is 0 and
 *          enough of them may be at it just now; CDR_E_REFUSED where the trustees have seen a longer log than this database
 *          holds; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_witness_wait(struct cdr_hub_witness *witness, uint64_t size, uint32_t timeout_ms,
    struct cdr_checkpoint *checkpoint, struct cdr_fault *fault);

/**
 * cdr_hub_witness_newest(witness, from, timeout_ms, checkpoint, fault):
 * The newest witnessed checkpoint, which trustees have cosigned within the last quarter of an hour: so nobody who asks after a
 * long quiet takes the log for an old one. Where too few of them can be had in time, the newest that there is. Any thread.
 *
 * from  in   leaves that the asker knows of
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the log was never as long as ${from}, or is the old copy of one that the trustees have seen;
 *          as cdr_hub_witness_wait.
 */
CDR_MUST_CHECK cdr_err cdr_hub_witness_newest(struct cdr_hub_witness *witness, uint64_t from, uint32_t timeout_ms,
    struct cdr_checkpoint *checkpoint, struct cdr_fault *fault);

/* Show the log to trustee ${trustee} anew, from where it says that it stands; at most once a second, whoever asks how often. Any thread. */
void cdr_hub_witness_show(struct cdr_hub_witness *witness, uint32_t trustee);

/* What the database keeps, as a setting, once it is known to be an old copy: how many leaves of the log a trustee has shown that the hub signed. */
#define CDR_HUB_SETTING_LONGER_LOG "longer_log"

/* Whether a trustee has shown that this database is an old copy: what it acknowledges would be lost with it. */
bool cdr_hub_witness_is_behind(struct cdr_hub_witness *witness);

/**
 * cdr_hub_witness_quorate(witness, quorum, checkpoint):
 * The newest checkpoint that at least ${quorum} trustees are known to have cosigned since this process began.
 *
 * Returns  whether there is one.
 */
bool cdr_hub_witness_quorate(struct cdr_hub_witness *witness, uint32_t quorum, struct cdr_checkpoint *checkpoint);

/**
 * cdr_hub_witness_tick(witness):
 * What is due, about once a second: leaves that nobody waits for are shown too, the newest checkpoint is kept in the
 * database, and now and then it is cosigned anew, so that everybody sees that it is the newest.
 */
void cdr_hub_witness_tick(struct cdr_hub_witness *witness);

/**
 * cdr_hub_checkpoint_read(tx, day, genesis, roster, checkpoint):
 * The last checkpoint that was kept; of a day (since 1970, UTC) or, with CDR_HUB_CHECKPOINT_NEWEST, of all.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_MEMORY.
 */
#define CDR_HUB_CHECKPOINT_NEWEST (-1)
CDR_MUST_CHECK cdr_err cdr_hub_checkpoint_read(struct cdr_tx *tx, int64_t day, const uint8_t *genesis,
    const struct cdr_roster *roster, struct cdr_checkpoint *checkpoint);

#endif
